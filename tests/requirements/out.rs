//! OUT-4, RFC 8461 §8.1: what reports say of a domain that wants to enforce its policy.

#[path = "../support/insights.rs"]
mod insights;

use core::time::Duration;

use mta_sts::DomainName;
use mta_sts::failure::{PolicyType, ReasonCode, ResultType};
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::insight::{
    Actor, Added, Authentication, By, Criteria, Explanation, FlatRow, Impact, Insight, Label,
    Total, explain, flat_rows,
};
use mta_sts::tlsrpt::report::{
    DateRange, FailureDetails, PolicyDescription, PolicyReport, Reported, Summary,
};
use proptest::prelude::*;
use proptest::sample::select;
use rustls_pki_types::UnixTime;

use Authentication::{Authenticated, Unauthenticated};

const DAY: u64 = 86_400;
const FIRST_DAY: u64 = 20_000; // 2024-10-04

fn at(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

/// The report of this sender about one day, with the number of the day as its id.
fn report(sender: &str, day: u64, policies: Vec<PolicyReport<'static>>) -> Report<'static> {
    let start = (FIRST_DAY + day) * DAY;
    let mut report = Report::new(DateRange::new(at(start), at(start + DAY - 1)));
    report.organization_name = Some(format!("{sender} Inc.").into());
    report.contact_info = Some(format!("tls@{sender}").into());
    report.report_id = Some(day.to_string().into());
    report.policies = policies;
    report
}

fn policy(
    policy_type: PolicyType,
    counts: (u64, u64),
    rows: Vec<FailureDetails<'static>>,
) -> PolicyReport<'static> {
    let description = PolicyDescription::new(policy_type, "Example.COM.");
    let mut policy = PolicyReport::new(description, Summary::new(counts.0, counts.1));
    policy.failure_details = rows;
    policy
}

fn sts(successful: u64, rows: Vec<FailureDetails<'static>>) -> PolicyReport<'static> {
    let failed = rows.iter().map(|row| row.failed_session_count).sum();
    policy(PolicyType::Sts, (successful, failed), rows)
}

fn row(result: ResultType, mx: &str, reason: &str, sessions: u64) -> FailureDetails<'static> {
    let mut row = FailureDetails::new(result, sessions);
    row.receiving_mx_hostname = (!mx.is_empty()).then(|| mx.to_owned().into());
    row.failure_reason_code = (!reason.is_empty()).then(|| reason.to_owned().into());
    row
}

/// Three senders, two weeks, ten sessions a day each.
fn healthy() -> Vec<Report<'static>> {
    let senders = ["a.example", "b.example", "c.example"];
    let days = 0..14;
    days.flat_map(|day| senders.map(|sender| report(sender, day, vec![sts(10, vec![])]))).collect()
}

fn insight<'r>(reports: impl IntoIterator<Item = &'r Report<'static>>) -> Insight {
    let mut insight = Insight::new();
    for report in reports {
        insight.add(report, Authenticated);
    }
    insight
}

fn example() -> DomainName {
    DomainName::parse("example.com").unwrap()
}

/// The verdict, and the notes.
fn verdict(insight: &Insight) -> (String, Vec<String>) {
    let readiness = insight.readiness(&example(), &Criteria::default());
    (readiness.to_string(), readiness.notes.iter().map(ToString::to_string).collect())
}

fn lines(totals: &[Total<'_>]) -> Vec<String> {
    let line = |total: &Total<'_>| {
        let all = total.sums.all();
        format!(
            "{} {} ok, {} failed, {} rows, {} reports",
            total.label, all.successful, all.failed, all.rows, all.reports
        )
    };
    totals.iter().map(line).collect()
}

#[test]
fn out_4_ready_when_enough_is_known_and_nothing_would_be_refused() {
    let (verdict, notes) = verdict(&insight(&healthy()));
    assert_eq!(
        verdict,
        "example.com is ready for enforce: 420 sessions succeeded under its policy on 14 days, \
         by 3 senders"
    );
    assert!(notes.is_empty());
}

#[test]
fn out_4_not_ready_by_too_little() {
    let (found, _) = verdict(&Insight::new());
    assert_eq!(found, "example.com is not ready for enforce: no authenticated report is about it");
    let (found, _) = verdict(&insight(&healthy()[..1]));
    assert_eq!(
        found,
        "example.com is not ready for enforce: only 1 day of 14 covered by reports; \
         only 10 sessions of 100 succeeded under its policy; \
         only 1 sender of 2 with such sessions"
    );
    let less = Criteria::default().with_min_days(1).with_min_sessions(10).with_min_senders(1);
    assert!(insight(&healthy()[..1]).readiness(&example(), &less).is_ready());
    let idle = report("b.example", 5, vec![sts(0, vec![])]);
    let readiness = insight([&healthy()[0], &idle]).readiness(&example(), &less).to_string();
    assert!(readiness.ends_with("10 sessions succeeded under its policy on 1 day, by 1 sender"));
    let other = DomainName::parse("example.net").unwrap();
    let insight = insight(&healthy());
    let found = insight.readiness(&other, &less);
    assert_eq!(
        found.to_string(),
        "example.net is not ready for enforce: no authenticated report is about it"
    );
    assert!(found.notes.is_empty());
}

#[test]
fn out_4_only_sessions_under_the_sts_policy_are_evidence() {
    for policy_type in [PolicyType::Tlsa, PolicyType::NoPolicyFound] {
        let reports: Vec<_> = healthy()
            .into_iter()
            .map(|mut report| {
                report.policies = vec![policy(policy_type, (1_000, 0), vec![])];
                report
            })
            .collect();
        assert_eq!(
            verdict(&insight(&reports)).0,
            "example.com is not ready for enforce: only 0 days of 14 covered by reports; \
             only 0 sessions of 100 succeeded under its policy; \
             only 0 senders of 2 with such sessions"
        );
    }
}

#[track_caller]
fn with_failure(policy: PolicyReport<'static>, reason: Option<&str>, note: Option<&str>) {
    let mut reports = healthy();
    reports.push(report("d.example", 3, vec![policy]));
    let (found, notes) = verdict(&insight(&reports));
    match reason {
        Some(reason) => {
            assert_eq!(found, format!("example.com is not ready for enforce: {reason}"));
        }
        None => assert!(found.starts_with("example.com is ready"), "{found}"),
    }
    assert_eq!(notes, Vec::from_iter(note));
}

#[test]
fn out_4_what_would_be_refused_stands_against_it() {
    let mismatch = row(ResultType::CertificateHostMismatch, "MX1.example.com.", "", 2);
    with_failure(
        sts(0, vec![mismatch]),
        Some(
            "2 sessions with certificate-host-mismatch at mx1.example.com, by 1 sender, \
             last on 2024-10-07: refused where the policy is enforced",
        ),
        None,
    );
    let starttls = row(ResultType::StartTlsNotSupported, "", "", 1);
    with_failure(
        policy(PolicyType::NoPolicyFound, (0, 1), vec![starttls]),
        Some(
            "1 session with starttls-not-supported, by 1 sender, \
             last on 2024-10-07: refused where the policy is enforced",
        ),
        None,
    );
    with_failure(
        policy(PolicyType::Sts, (0, 3), vec![row(ResultType::CertificateExpired, "m", "", 1)]),
        Some(
            "1 session with certificate-expired at m, by 1 sender, last on 2024-10-07: \
             refused where the policy is enforced; 2 sessions failed without a row that says how",
        ),
        None,
    );
    let mut unknown = row(ResultType::CertificateExpired, "m", "", 1);
    unknown.result_type = Some(Reported::Other("\u{1b}[2J".into()));
    with_failure(
        sts(0, vec![unknown]),
        Some(
            "1 session with \\u{1b}[2J at m, by 1 sender, last on 2024-10-07: \
             not known what it does to mail",
        ),
        None,
    );
}

#[test]
fn out_4_what_loses_no_mail_is_a_note() {
    let fetch = row(ResultType::StsPolicyFetchError, "", "timeout", 3);
    let again = row(ResultType::StsPolicyFetchError, "", "http-status", 1);
    with_failure(
        sts(0, vec![fetch, again]),
        None,
        Some(
            "4 sessions with sts-policy-fetch-error, by 1 sender, \
             last on 2024-10-07: delivered, without protection by the policy",
        ),
    );
    let dane = row(ResultType::TlsaInvalid, "mx", "", 4);
    with_failure(
        policy(PolicyType::Tlsa, (0, 5), vec![dane]),
        None,
        Some(
            "4 sessions with tlsa-invalid at mx, by 1 sender, last on 2024-10-07: \
             a matter of DANE",
        ),
    );
}

#[test]
fn out_4_a_tolerated_share_is_a_note() {
    let mut reports = healthy();
    reports.push(report(
        "d.example",
        3,
        vec![sts(579, vec![row(ResultType::ValidationFailure, "mx", "", 1)])],
    ));
    let insight = insight(&reports);
    // 1 of 1,000.
    for (tolerated, ready) in [(0, false), (999, false), (1_000, true)] {
        let criteria = Criteria::default().with_tolerated_per_million(tolerated);
        let readiness = insight.readiness(&example(), &criteria);
        assert_eq!(readiness.is_ready(), ready, "{tolerated}");
        assert_eq!(readiness.notes.len(), usize::from(ready));
    }
}

#[test]
fn out_4_impacts_of_all_result_types() {
    use Impact::{Dane, NoPolicy, Refused};
    let impacts = |policy_type: Option<PolicyType>| {
        ResultType::ALL.iter().map(move |one| Impact::of(policy_type, Some(*one)))
    };
    let under_sts = [
        Refused, Refused, Refused, Refused, Refused, Dane, Dane, Dane, NoPolicy, NoPolicy, NoPolicy,
    ];
    let under_tlsa =
        [Refused, Refused, Refused, Dane, Dane, Dane, Dane, Dane, NoPolicy, NoPolicy, NoPolicy];
    for policy_type in [None, Some(PolicyType::Sts), Some(PolicyType::NoPolicyFound)] {
        assert!(impacts(policy_type).eq(under_sts));
        assert_eq!(Impact::of(policy_type, None), Impact::Unknown);
    }
    assert_eq!(Impact::of(Some(PolicyType::Tlsa), None), Dane);
    assert!(impacts(Some(PolicyType::Tlsa)).eq(under_tlsa));
}

#[test]
fn out_4_only_authenticated_reports_weigh() {
    let mut insight = Insight::new();
    for report in &healthy() {
        insight.add(report, Unauthenticated);
    }
    let (found, notes) = verdict(&insight);
    assert_eq!(found, "example.com is not ready for enforce: no authenticated report is about it");
    assert_eq!(notes, ["no weight was given to 42 unauthenticated reports"]);
    assert_eq!(insight.sums().unauthenticated.successful, 420, "they are shown");

    for report in &healthy() {
        insight.add(report, Authenticated);
    }
    let forged = row(ResultType::CertificateExpired, "mx", "", 9);
    insight.add(&report("f.example", 1, vec![sts(0, vec![forged])]), Unauthenticated);
    let readiness = insight.readiness(&example(), &Criteria::default());
    assert!(readiness.is_ready());
    assert_eq!(readiness.notes.len(), 1);
    assert!(readiness.failures.is_empty() && readiness.result_types.is_empty());
    assert_eq!(lines(&readiness.senders)[0], "a.example 140 ok, 0 failed, 0 rows, 14 reports");
    assert_eq!(readiness.senders.len(), 3);
    assert_eq!(readiness.days.len(), 14);
    assert_eq!(insight.failures()[0].sums.unauthenticated.failed, 9);
}

#[test]
fn out_4_duplicates_count_once() {
    let mut insight = Insight::new();
    let one = report("a.example", 0, vec![sts(10, vec![])]);
    assert_eq!(insight.add(&one, Authenticated), Added::New);
    assert_eq!(insight.add(&one, Authenticated), Added::Duplicate);
    assert_eq!(insight.duplicates(), 1);
    assert_eq!(insight.sums().all().successful, 10);

    // Another submitter, id or window is another report.
    let other = report("b.example", 0, vec![sts(10, vec![])]);
    assert_eq!(insight.add(&other, Authenticated), Added::New);
    let mut other = one.clone();
    other.report_id = Some("another".into());
    assert_eq!(insight.add(&other, Authenticated), Added::New);
    let mut other = one.clone();
    other.date_range.end_datetime = at((FIRST_DAY + 1) * DAY);
    assert_eq!(insight.add(&other, Authenticated), Added::New);
    // Another organization is not.
    let mut same = one.clone();
    same.organization_name = None;
    assert_eq!(insight.add(&same, Authenticated), Added::Duplicate);
    assert_eq!(insight.sums().all().successful, 40);
}

#[test]
fn out_4_reports_without_id_or_submitter() {
    let mut insight = Insight::new();
    let mut one = report("a.example", 0, vec![sts(10, vec![])]);
    one.report_id = None;
    assert_eq!(insight.add(&one, Authenticated), Added::New);
    assert_eq!(insight.add(&one, Authenticated), Added::Duplicate, "it says the same");
    let mut other = one.clone();
    other.policies = vec![sts(11, vec![])];
    assert_eq!(insight.add(&other, Authenticated), Added::New, "it says something else");
    other.policies.push(sts(12, vec![]));
    assert_eq!(insight.add(&other, Unauthenticated), Added::New);
    other.policies.reverse();
    other.report_id = Some("".into());
    assert_eq!(insight.add(&other, Unauthenticated), Added::Duplicate, "in another order");

    one.contact_info = None;
    one.report_id = Some("1".into());
    assert_eq!(insight.add(&one, Authenticated), Added::New);
    let submitter = DomainName::parse("mail.example").unwrap();
    assert_eq!(insight.add_from(&one, &submitter, Authenticated), Added::New);
    one.organization_name = None;
    one.policies = Vec::new();
    assert_eq!(insight.add(&one, Authenticated), Added::New);
    one.policies = vec![sts(1, vec![])];
    assert_eq!(insight.add(&one, Authenticated), Added::Duplicate);
    assert_eq!(
        lines(&insight.totals(By::Sender)),
        [
            "a.example 44 ok, 0 failed, 0 rows, 3 reports",
            "a.example Inc. 10 ok, 0 failed, 0 rows, 1 reports",
            "mail.example 10 ok, 0 failed, 0 rows, 1 reports",
            "(not given) 1 ok, 0 failed, 0 rows, 1 reports",
        ]
    );
}

#[test]
fn out_4_the_authenticated_copy_counts() {
    let genuine = report("a.example", 0, vec![sts(10, vec![])]);
    let forged = report("a.example", 0, vec![sts(10_000, vec![])]);
    for order in [[&genuine, &forged], [&forged, &genuine]] {
        let mut insight = Insight::new();
        for report in order {
            let is_genuine = core::ptr::eq(report, &genuine);
            insight.add(report, if is_genuine { Authenticated } else { Unauthenticated });
        }
        assert_eq!(insight.sums().authenticated.successful, 10);
        assert_eq!(insight.sums().unauthenticated.reports, 0);
        assert_eq!(insight.duplicates(), 1);
    }
}

#[test]
fn out_4_totals() {
    use ResultType::{CertificateExpired, StartTlsNotSupported};
    let rows = vec![
        row(CertificateExpired, "mx2.example.com", "", 2),
        row(StartTlsNotSupported, "MX1.example.com.", "", 3),
        row(CertificateExpired, "mx1.example.com", "x", 1),
        row(CertificateExpired, "", "", 1),
    ];
    let mut elsewhere = policy(PolicyType::Tlsa, (5, 0), vec![]);
    elsewhere.policy.policy_domain = None;
    let reports = [
        report("a.example", 1, vec![sts(10, rows), sts(1, vec![]), elsewhere]),
        report("b.example", 0, vec![sts(20, vec![row(CertificateExpired, "", "", u64::MAX)])]),
    ];
    let insight = insight(&reports);
    let most = u64::MAX;
    for (by, expected) in [
        (
            By::PolicyDomain,
            vec![
                format!("example.com 31 ok, {most} failed, 5 rows, 2 reports"),
                "(not given) 5 ok, 0 failed, 0 rows, 1 reports".to_owned(),
            ],
        ),
        (
            By::Sender,
            vec![
                "a.example 16 ok, 7 failed, 4 rows, 1 reports".to_owned(),
                format!("b.example 20 ok, {most} failed, 1 rows, 1 reports"),
            ],
        ),
        (
            By::Organization,
            vec![
                "a.example Inc. 16 ok, 7 failed, 4 rows, 1 reports".to_owned(),
                format!("b.example Inc. 20 ok, {most} failed, 1 rows, 1 reports"),
            ],
        ),
        (
            By::ResultType,
            vec![
                format!("certificate-expired 0 ok, {most} failed, 4 rows, 2 reports"),
                "starttls-not-supported 0 ok, 3 failed, 1 rows, 1 reports".to_owned(),
            ],
        ),
        (
            By::Mx,
            vec![
                "mx1.example.com 0 ok, 4 failed, 2 rows, 1 reports".to_owned(),
                "mx2.example.com 0 ok, 2 failed, 1 rows, 1 reports".to_owned(),
                format!("(not given) 0 ok, {most} failed, 2 rows, 2 reports"),
            ],
        ),
        (
            By::Day,
            vec![
                format!("2024-10-04 20 ok, {most} failed, 1 rows, 1 reports"),
                "2024-10-05 16 ok, 7 failed, 4 rows, 1 reports".to_owned(),
            ],
        ),
    ] {
        assert_eq!(lines(&insight.totals(by)), expected, "{by:?}");
    }
    assert_eq!(insight.sums().all().failed, u64::MAX);
    assert_eq!(insight.totals(By::Day)[0].label.as_str(), None);
    assert_eq!(insight.totals(By::Mx)[0].label.as_str(), Some("mx1.example.com"));
}

#[test]
fn out_4_domains_that_may_have_a_policy() {
    let named = |policy_type, name: &'static str| {
        let description = PolicyDescription::new(policy_type, name);
        PolicyReport::new(description, Summary::new(1, 0))
    };
    let policies = vec![
        named(PolicyType::Tlsa, "mx.example.com"),
        named(PolicyType::NoPolicyFound, "B.example"),
        named(PolicyType::Sts, "a.example."),
        named(PolicyType::Sts, "_x"),
        named(PolicyType::Sts, "b.example"),
    ];
    let other = report("b.example", 0, vec![named(PolicyType::Sts, "b.example..")]);
    let insight = insight([&report("a.example", 0, policies), &other]);
    let found = insight.readiness_of_all(&Criteria::default());
    let domains: Vec<_> = found.iter().map(|one| one.domain.as_str()).collect();
    assert_eq!(domains, ["a.example", "b.example"]);
    for one in &found {
        assert_eq!(*one, insight.readiness(&one.domain, &Criteria::default()));
        assert_eq!(one.sessions, 1);
    }
}

#[test]
fn out_4_failures_are_grouped_and_ordered() {
    use ResultType::{CertificateExpired, StsPolicyFetchError, ValidationFailure};
    let one = sts(
        1,
        vec![
            row(StsPolicyFetchError, "", "http-status", 100),
            row(CertificateExpired, "mx1", "", 2),
            row(ValidationFailure, "mx1", "MX_HOSTS_MISMATCH", 3),
        ],
    );
    let twice = vec![one.clone(), sts(1, vec![row(CertificateExpired, "mx1", "", 0)])];
    let reports = [report("a.example", 2, twice), report("b.example", 0, vec![one])];
    let insight = insight(&reports);
    let found: Vec<_> = insight.failures();
    let shown = found.iter().map(|one| {
        let sums = one.sums.authenticated;
        let days = format!("{} to {}", one.first_day, one.last_day);
        format!("{} {} {} {} {days}", one.result_type, sums.failed, sums.reports, one.senders)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "validation-failure 6 2 2 2024-10-04 to 2024-10-06",
            "certificate-expired 4 2 2 2024-10-04 to 2024-10-06",
            "sts-policy-fetch-error 200 2 2 2024-10-04 to 2024-10-06",
        ]
    );
    assert_eq!(
        found[0].explanation().to_string(),
        "The MX host `mx1` is in the MX records, but no `mx` of the policy of `example.com` allows \
         it (`MX_HOSTS_MISMATCH`). The owner of `example.com` must add it to the policy and then change the `id` of the \
         record, or take it out of the MX records."
    );
}

#[test]
fn out_4_days_covered_and_the_time_looked_at() {
    // A week, an end at midnight, an end before the start, and a century.
    let ends = [7 * DAY - 1, DAY, 0, 36_525 * DAY];
    let mut reports: Vec<_> = (0..)
        .zip(ends)
        .map(|(n, len)| {
            let mut report = report("a.example", n * 100, vec![sts(1, vec![])]);
            let start = report.date_range.start_datetime.as_secs();
            report.date_range.end_datetime = at(start + len);
            report
        })
        .collect();
    reports[2].date_range.end_datetime = at(0);
    let days = |criteria: Criteria| {
        let insight = insight(&reports);
        insight.readiness(&example(), &criteria).days.len()
    };
    assert_eq!(days(Criteria::default()), 7 + 1 + 1 + 31);
    let start = |day: u64| at((FIRST_DAY + day) * DAY);
    assert_eq!(days(Criteria::default().within(start(0), start(100))), 8);
    assert_eq!(days(Criteria::default().within(start(1), start(99))), 0);
}

#[test]
fn out_4_too_many_kinds_of_rows_are_others() {
    let rows = (0..1_200).map(|n| row(ResultType::ValidationFailure, &format!("mx{n}"), "", n));
    let one = report("a.example", 0, vec![sts(0, rows.collect())]);
    let insight = insight([&one]);
    let totals = insight.totals(By::Mx);
    assert_eq!(totals.len(), Insight::MAX_ROWS_PER_REPORT + 1);
    let others = totals.last().unwrap();
    assert_eq!(others.label, Label::Others);
    assert_eq!(
        others.sums.authenticated.failed,
        (0..200).sum::<u64>(),
        "those with the fewest sessions"
    );
    assert_eq!(others.sums.authenticated.rows, 200);
    let all = totals.iter().map(|total| total.sums.authenticated.failed).sum::<u64>();
    assert_eq!(all, one.failures());
    let failures = insight.failures();
    let others = failures.iter().find(|one| one.result_type == Label::Others).unwrap();
    assert_eq!(others.impact, Impact::Unknown);
    assert_eq!(
        others.explanation().to_string(),
        "Sessions failed in more ways than are kept apart here. \
         The owner of `example.com` must look into the reports themselves."
    );
}

/// Some minutes, if each row were held against all of the report.
#[test]
fn out_4_a_report_without_id_takes_no_more_time_than_another() {
    let rows = || (0..10).map(|n| row(ResultType::CertificateExpired, "", &n.to_string(), 1));
    let policies = (0..10_000).map(|_| sts(10, rows().collect())).collect();
    let mut long = report("a.example", 1, policies);
    long.report_id = None;
    let insight = insight([&long]);
    let failures = insight.failures();
    assert_eq!(failures.len(), 10);
    for one in failures {
        assert_eq!(one.sums.authenticated.reports, 1);
        assert_eq!(one.sums.authenticated.failed, 10_000);
    }
}

#[test]
fn out_4_the_impact_of_rows_over_the_limit_is_unknown_under_any_policy() {
    for policy_type in PolicyType::ALL {
        let rows = (0..=Insight::MAX_ROWS_PER_REPORT)
            .map(|n| row(ResultType::CertificateExpired, &n.to_string(), "", 1));
        let insight =
            insight([&report("a.example", 1, vec![policy(policy_type, (1, 1), rows.collect())])]);
        let failures = insight.failures();
        let others = failures.iter().find(|one| one.result_type == Label::Others).unwrap();
        assert_eq!(others.impact, Impact::Unknown);
        assert_eq!(others.explanation().impact(), others.impact);
    }
}

#[test]
fn out_4_too_many_reports_are_others() {
    // Each report takes the place of two rows.
    let mut insight = Insight::new().with_max_rows(4);
    for (n, report) in healthy().iter().enumerate() {
        let added = insight.add(report, Unauthenticated);
        assert_eq!(added, if n < 2 { Added::New } else { Added::LeftOut });
    }
    let wanted = report("z.example", 0, vec![sts(7, vec![])]);
    assert_eq!(insight.add(&wanted, Authenticated), Added::New, "strangers take no room of it");
    assert_eq!(insight.left_out().unauthenticated.reports, 40);
    assert_eq!(insight.sums().all().successful, 427);
    let senders = insight.totals(By::Sender);
    assert_eq!(lines(&senders[3..]), ["(others) 400 ok, 0 failed, 0 rows, 40 reports"]);
    // What is authenticated takes room from what is authenticated, and gives it back.
    assert_eq!(insight.add(&healthy()[0], Authenticated), Added::Duplicate);
    assert_eq!(insight.add(&healthy()[1], Authenticated), Added::LeftOut);
    assert_eq!(insight.add(&healthy()[2], Unauthenticated), Added::New);
    let readiness = insight.readiness(&example(), &Criteria::default());
    assert!(
        readiness.to_string().contains("enforce: there was no room for 1 report; "),
        "{readiness}"
    );
}

#[test]
fn out_4_long_texts_are_cut() {
    let long = "ä".repeat(1_000);
    let mut one = report(
        "a.example",
        0,
        vec![sts(0, vec![row(ResultType::ValidationFailure, &long, &long, 1)])],
    );
    one.organization_name = Some(long.clone().into());
    let insight = insight([&one]);
    let kept = insight.totals(By::Organization)[0].label.as_str().unwrap().to_owned();
    assert_eq!(kept, "ä".repeat(Insight::MAX_TEXT_LEN / 2));
    assert_eq!(insight.failures()[0].reason.unwrap().len(), Insight::MAX_TEXT_LEN - 1);
}

fn told(result: Option<ResultType>, mx: &str, reason: &str) -> Explanation {
    let mut one = row(ResultType::CertificateExpired, mx, reason, 1);
    one.result_type = result.map(Reported::Known);
    explain(&one, &PolicyDescription::new(PolicyType::Sts, "example.com"))
}

#[test]
fn out_4_each_result_type_has_its_sentence() {
    use Actor::{DnsOperator, DomainOwner, MxOperator, PolicyHostOperator};
    let expected = [
        (
            MxOperator,
            "The MX host `mx.example.com` did not offer STARTTLS. The operator of that host must \
             switch it on there, and see that no firewall on the way takes it out.",
        ),
        (
            MxOperator,
            "The certificate of the MX host `mx.example.com` is for other names than that of the \
             host. The operator of that host must use one with the name of the host.",
        ),
        (
            MxOperator,
            "The certificate of the MX host `mx.example.com` has expired. The operator of that \
             host must renew it and make the server load the new one.",
        ),
        (
            MxOperator,
            "The sender does not trust the certificate of the MX host `mx.example.com`, and gives \
             no reason. The operator of that host must use one of a public CA and send its \
             intermediate certificates along.",
        ),
        (
            MxOperator,
            "TLS with the MX host `mx.example.com` failed in a way that has no name of its own, \
             and the sender gives no reason. The operator of that host must test STARTTLS from \
             outside and look into its log; if other senders succeed, ask this one.",
        ),
        (
            DnsOperator,
            "No TLSA record of the MX host `mx.example.com` fits its certificate. Whoever runs \
             its DNS must publish the record of the present certificate, and of the next one \
             before it is used.",
        ),
        (
            DnsOperator,
            "DNSSEC of the MX host `mx.example.com` is broken, or its TLSA records could not be \
             looked up. Whoever runs its DNS must mend its signatures, and see that the name \
             servers answer questions for TLSA.",
        ),
        (
            DnsOperator,
            "The sender demands DANE, and the MX host `mx.example.com` has no TLSA records that \
             DNSSEC vouches for. Whoever runs its DNS must publish them, unless the sender can be \
             asked to drop its demand.",
        ),
        (
            PolicyHostOperator,
            "The sender could not fetch the policy of `example.com` from its policy host, and \
             gives no reason. The operator of the policy host must see that it serves the policy \
             by HTTPS to everybody, with a valid certificate.",
        ),
        (
            DomainOwner,
            "What is served as the policy of `example.com` is no valid policy, and the sender \
             gives no reason. The owner of `example.com` must correct the file, check it, and \
             then change the `id` of the record.",
        ),
        (
            PolicyHostOperator,
            "The sender cannot trust the policy of `example.com`, since the certificate of the \
             policy host is not valid, and gives no reason. The operator of the policy host must \
             use a certificate of a public CA with the name of that host.",
        ),
    ];
    assert_eq!(expected.len(), ResultType::ALL.len());
    for (result, (actor, text)) in ResultType::ALL.iter().zip(expected) {
        let told = told(Some(*result), "mx.example.com", "");
        assert_eq!(told.to_string(), text);
        assert_eq!(told.actor(), actor);
        assert_eq!(told.impact(), Impact::of(Some(PolicyType::Sts), Some(*result)));
    }
}

#[test]
fn out_4_unknown_result_types_get_an_honest_sentence() {
    let mut one = row(ResultType::CertificateExpired, "mx", "because\r\n", 1);
    one.result_type = Some(Reported::Other("\u{202e}Other".into()));
    let unnamed = PolicyDescription::new(PolicyType::Sts, "");
    assert_eq!(
        explain(&one, &unnamed).to_string(),
        "Sessions with the MX host `mx` failed with `\\u{202e}Other`, which RFC 8460 does not \
         know, and the sender says `because\\r\\n`. The sender must be asked what it means by that."
    );
    assert_eq!(
        told(None, "", "").what(),
        "Sessions with an MX host that the report does not name failed without a result type, and the sender \
         gives no reason."
    );
    let bare = explain(&row(ResultType::StsPolicyInvalid, "", "policy-mode", 1), &unnamed);
    assert_eq!(
        bare.to_string(),
        "What is served as the policy of the domain is no valid policy: its mode is not \
         `enforce`, `testing` or `none`. The owner of the domain must correct the file, check it, \
         and then change the `id` of the record."
    );
}

#[test]
fn out_4_reasons_make_sentences_more_precise() {
    use ResultType as R;
    for (result, reason, what) in [
        (
            R::StartTlsNotSupported,
            "starttls-refused",
            "The MX host `mx` offers STARTTLS and refuses it when asked.",
        ),
        (
            R::CertificateNotTrusted,
            "certificate-self-signed",
            "The certificate of the MX host `mx` is signed by nobody but itself.",
        ),
        (
            R::CertificateNotTrusted,
            "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "The certificate of the MX host `mx` leads to no root that the sender trusts (`X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY`).",
        ),
        (
            R::CertificateNotTrusted,
            "odd",
            "The sender does not trust the certificate of the MX host `mx`, and says `odd`.",
        ),
        (
            R::CertificateHostMismatch,
            "mx-not-listed",
            "The MX host `mx` is in the MX records, but no `mx` of the policy of `example.com` allows it.",
        ),
        (
            R::ValidationFailure,
            "tls-version",
            "The MX host `mx` and the sender have no version of TLS in common.",
        ),
        (
            R::ValidationFailure,
            "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED",
            "The certificate of the MX host `mx` comes from a CA that may not issue it (`X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED`).",
        ),
        (
            R::ValidationFailure,
            "VALIDATION_FAILURE",
            "TLS with the MX host `mx` failed in a way that has no name of its own, and the sender says `VALIDATION_FAILURE`.",
        ),
        (
            R::ValidationFailure,
            "certificate-not-checked",
            "The certificate of the MX host `mx` was not checked.",
        ),
        (
            R::TlsaInvalid,
            "tlsa-unusable",
            "The TLSA records of the MX host `mx` are all unusable for mail.",
        ),
        (
            R::StsPolicyFetchError,
            "bad https response code: 404",
            "The sender could not fetch the policy of `example.com`: the policy host answers with an error (`bad https response code: 404`).",
        ),
        (
            R::StsPolicyFetchError,
            "unable to do http request: context deadline exceeded",
            "The sender could not fetch the policy of `example.com`: the policy host did not answer in time (`unable to do http request: context deadline exceeded`).",
        ),
        (
            R::StsPolicyFetchError,
            "fetch-rate-limited",
            "The sender could not fetch the policy of `example.com` as often as it wanted.",
        ),
        (
            R::StsWebpkiInvalid,
            "certificate-expired",
            "The sender cannot trust the policy of `example.com`: the certificate of the policy host has expired.",
        ),
        (
            R::StsPolicyInvalid,
            "policy-too-large",
            "What is served as the policy of `example.com` is no valid policy: it is too large.",
        ),
    ] {
        assert_eq!(told(Some(result), "mx", reason).what(), what);
    }
}

#[test]
fn out_4_all_sentences_are_whole() {
    for result in ResultType::ALL {
        for reason in ReasonCode::ALL {
            let told = told(Some(*result), "mx", reason.as_str());
            for sentence in [told.what(), told.remedy()] {
                assert!(sentence.starts_with(|c: char| c.is_ascii_uppercase()), "{sentence}");
                assert!(sentence.ends_with('.') && !sentence.contains(['{', '}']), "{sentence}");
                assert!(!sentence.contains("  ") && !sentence.contains(" ,"), "{sentence}");
            }
            assert!(told.to_string().len() < 400, "{told}");
        }
    }
    // A stranger's braces are not ours.
    let braces = told(Some(ResultType::ValidationFailure), "{reason}", "{mx}{domain}");
    assert!(braces.what().contains("`{reason}`") && braces.what().contains("`{mx}{domain}`"));
}

#[test]
fn out_4_an_empty_type_is_none() {
    let mut odd = FailureDetails::new(ResultType::CertificateExpired, 1);
    odd.result_type = Some(Reported::Other("".into()));
    let mut policy = sts(10, vec![odd.clone()]);
    policy.policy.policy_type = Some(Reported::Other("".into()));
    assert!(explain(&odd, &policy.policy).what().contains("without a result type"));
    let insight = insight([&report("a.example", 1, vec![policy])]);
    let failures = insight.failures();
    assert_eq!(
        (failures[0].result_type, failures[0].policy_type),
        (Label::Missing, Label::Missing)
    );
    assert!(failures[0].explanation().what().contains("without a result type"));
}

#[test]
fn out_4_flat_rows() {
    let mut one = row(ResultType::CertificateExpired, "MX1.example.com.", "a\tb", 2);
    one.sending_mta_ip = Some("[192.0.2.1]".into());
    one.receiving_mx_helo = Some("helo".into());
    one.receiving_ip = Some("2001:db8::1".into());
    one.additional_information = Some("=1+1".into());
    let bare = report("a.example", 0, vec![sts(10, vec![one]), sts(1, vec![])]);
    let rows: Vec<FlatRow<'_>> = flat_rows(&bare).collect();
    assert_eq!(
        rows.iter().map(|row| row.fields().join("|")).collect::<Vec<_>>(),
        [
            "summary|a.example Inc.|tls@a.example|0|2024-10-04T00:00:00Z|2024-10-04T23:59:59Z|sts|Example.COM.|10|2|||||||",
            "failure|a.example Inc.|tls@a.example|0|2024-10-04T00:00:00Z|2024-10-04T23:59:59Z|sts|Example.COM.|0|2|certificate-expired|[192.0.2.1]|MX1.example.com.|helo|2001:db8::1|=1+1|a\tb",
            "summary|a.example Inc.|tls@a.example|0|2024-10-04T00:00:00Z|2024-10-04T23:59:59Z|sts|Example.COM.|1|0|||||||",
        ]
    );
    assert_eq!(FlatRow::COLUMNS.len(), rows[0].fields().len());
    let mut columns = FlatRow::COLUMNS.to_vec();
    columns.sort_unstable();
    columns.dedup();
    assert_eq!(columns.len(), FlatRow::COLUMNS.len());
}

fn any_row() -> impl Strategy<Value = FailureDetails<'static>> {
    let result = select(ResultType::ALL);
    let mx = select(vec!["", "mx1.example.com", "mx2.example.com"]);
    (result, mx, select(vec!["", "timeout"]), 0..5_u64)
        .prop_map(|(result, mx, reason, sessions)| row(result, mx, reason, sessions))
}

fn any_report() -> impl Strategy<Value = (Report<'static>, Authentication)> {
    let one = (select(PolicyType::ALL.to_vec()), 0..9_u64, prop::collection::vec(any_row(), 0..4));
    let policies = prop::collection::vec(one, 0..3).prop_map(|all| {
        let one = |(policy_type, n, rows)| policy(policy_type, (n, n / 2), rows);
        all.into_iter().map(one).collect()
    });
    let sender = select(vec!["a.example", "b.example"]);
    let authentication = select(vec![Authenticated, Unauthenticated]);
    (sender, 0..3_u64, policies, any::<bool>(), authentication).prop_map(
        |(sender, day, policies, has_id, authentication)| {
            let mut report = report(sender, day, policies);
            report.report_id = report.report_id.filter(|_| has_id);
            (report, authentication)
        },
    )
}

/// All that can be asked.
fn answers(insight: &Insight) -> String {
    let by = [By::PolicyDomain, By::Sender, By::Organization, By::ResultType, By::Mx, By::Day];
    let totals = by.map(|by| insight.totals(by));
    let readiness = insight.readiness(&example(), &Criteria::default());
    format!("{:?} {totals:?} {:?} {readiness:?}", insight.sums(), insight.failures())
}

proptest! {
    #[test]
    fn out_4_laws_of_one_report((report, _) in any_report(), text in ".*") {
        let mut report = report;
        insights::insight(&report);
        report.organization_name = Some(text.clone().into());
        for policy in &mut report.policies {
            policy.policy.policy_domain = Some(text.clone().into());
            for row in &mut policy.failure_details {
                row.failed_session_count = u64::MAX;
                row.failure_reason_code = Some(text.clone().into());
                row.receiving_mx_hostname = Some(text.clone().into());
                row.result_type = Some(Reported::Other(text.clone().into()));
            }
        }
        insights::insight(&report);
    }

    #[test]
    fn out_4_order_and_repetition_change_nothing(
        reports in prop::collection::vec(any_report(), 0..8),
        shuffled in Just(()).prop_perturb(|(), rng| rng),
    ) {
        let mut shuffled = shuffled;
        let mut again: Vec<_> = reports.iter().chain(&reports).collect();
        for at in (1..again.len()).rev() {
            again.swap(at, shuffled.random_range(0..=at));
        }
        let add = |reports: &[&(Report<'static>, Authentication)]| {
            let mut insight = Insight::new();
            for (report, authentication) in reports {
                insight.add(report, *authentication);
            }
            insight
        };
        let (once, twice) = (add(&reports.iter().collect::<Vec<_>>()), add(&again));
        prop_assert_eq!(answers(&once), answers(&twice));
        // Whatever they are by, totals of the summaries are those of all.
        for by in [By::PolicyDomain, By::Sender, By::Organization, By::Day] {
            let totals = twice.totals(by);
            let failed = totals.iter().map(|one| one.sums.all().failed).sum::<u64>();
            let policies = twice.sums().all();
            prop_assert_eq!(failed, policies.failed);
        }
    }
}
