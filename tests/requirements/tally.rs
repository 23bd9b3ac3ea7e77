//! RFC 8460 §1.1, §3, §4: counting sessions, and the reports of them.

use std::net::IpAddr;

use mta_sts::DomainName;
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::apply::{
    Checked, Context, Dane, Mail, MxRrset, Session as TlsSession, TlsOutcome, TlsVersion, Tlsa,
};
use mta_sts::sts::{Policy, PolicyDomain};
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::report::PolicyReport;
use mta_sts::tlsrpt::tally::{
    Days, Limits, MAX_INSTANCE_LEN, MAX_REFUSED_LEN, MAX_TEXT_LEN, MAX_TLSA_LEN, MergeError,
    OTHER_ROWS, ParseTlsaErrorKind, Session, Submitter, SubmitterErrorKind, Tally, TlsaRrset,
    UtcDay,
};

use crate::sender::{Attempt, DAY, Http, NO_CONNECTION, Sender, absent, body, id, ok, time};

const EXPIRED: Failure =
    Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
const VERSION: Failure = Failure::new(ResultType::ValidationFailure, ReasonCode::TlsVersion);
const ALERT: Failure = Failure::new(ResultType::ValidationFailure, ReasonCode::TlsAlert);

fn domain() -> DomainName {
    name("example.com")
}

fn name(name: &str) -> DomainName {
    DomainName::parse(name).unwrap()
}

fn us() -> Submitter {
    Submitter::new("Sender", "tlsrpt@sender.example").unwrap()
}

fn tally(limits: Limits) -> Tally {
    Tally::new(UtcDay::of(time(0)), limits)
}

/// What a tally of these sessions reports, all policies of the one domain in a line each.
#[track_caller]
fn told<'a>(sessions: impl IntoIterator<Item = Session<'a>>) -> Vec<String> {
    let mut tally = tally(Limits::default());
    for session in sessions {
        tally.record(&session, time(1)).unwrap();
    }
    shown(&tally)
}

fn shown(tally: &Tally) -> Vec<String> {
    let us = us();
    let reports: Vec<Report<'_>> = tally.reports(&us).collect();
    #[cfg(feature = "json")]
    for report in &reports {
        report.to_json().expect("a report that may be sent");
    }
    reports.iter().flat_map(|report| report.policies.iter().map(show)).collect()
}

/// Type, domain, lines, patterns, successes/failures, rows.
fn show(policy: &PolicyReport<'_>) -> String {
    let said = &policy.policy;
    let summary = &policy.summary;
    let rows = policy.failure_details.iter().map(|row| {
        let place = [
            &row.receiving_mx_hostname,
            &row.receiving_mx_helo,
            &row.sending_mta_ip,
            &row.receiving_ip,
        ];
        let place = place.map(|text| text.as_deref().unwrap_or("-")).join(" ");
        let result = row.known_type().unwrap();
        let reason = row.failure_reason_code.as_deref().unwrap();
        format!("; {} {result} ({reason}) {place}", row.failed_session_count)
    });
    format!(
        "{} {} {:?} {:?} {}/{}{}",
        said.known_type().unwrap().as_str(),
        said.policy_domain.as_deref().unwrap(),
        said.policy_string,
        said.mx_host,
        summary.total_successful_session_count,
        summary.total_failure_session_count,
        rows.collect::<String>(),
    )
}

fn policy(mode: &str) -> Policy {
    body(mode, DAY).parse().unwrap()
}

/// How `policy` is told of.
fn quoted(mode: &str) -> String {
    let lines = body(mode, DAY);
    let lines: Vec<&str> = lines.lines().collect();
    format!(r#"sts example.com {lines:?} ["mx.example.com"]"#)
}

/// A session that the crate has judged.
fn judged<'a>(
    attempt: &'a Attempt,
    domain: &'a PolicyDomain,
    context: Context<'_>,
    tls: TlsOutcome,
) -> Session<'a> {
    let policy = attempt.outcome.policy().map(|cached| cached.policy());
    let verdict = context.with_policy(policy).demand().judge(&tls);
    Session::judged(domain, &attempt.outcome, &verdict)
}

fn good() -> TlsOutcome {
    let session = TlsSession::new(TlsVersion::Tls12OrLater);
    TlsOutcome::Established(session.with_webpki(Checked::Valid).with_dane(Checked::Valid))
}

fn bad() -> TlsOutcome {
    let session = TlsSession::new(TlsVersion::Tls12OrLater);
    TlsOutcome::Established(session.with_webpki(Checked::Invalid(EXPIRED)))
}

#[test]
fn rpt_1_the_window_is_a_day_of_utc() {
    let day = UtcDay::of(time(DAY + 5));
    assert_eq!((day.start().as_secs(), day.end().as_secs()), (DAY, 2 * DAY - 1));
    assert_eq!(UtcDay::of(time(2 * DAY - 1)), day);
    assert!(UtcDay::of(time(2 * DAY)) > day);
    assert_eq!(UtcDay::of(time(u64::MAX)).end().as_secs(), u64::MAX);

    let mut tally = Tally::new(day, Limits::default());
    let domain = domain();
    let session = Session::by_hand(&domain, Mail::Ordinary).without_policy(None);
    for at in [DAY - 1, 2 * DAY] {
        let error = tally.record(&session, time(at)).unwrap_err();
        assert_eq!((error.expected(), error.found()), (day, UtcDay::of(time(at))));
    }
    let error = tally.record(&session, time(0)).unwrap_err().to_string();
    assert_eq!(error, "expected the day that begins at 86400 s since 1970, found that of 0 s");
    assert_eq!(tally.domains().count(), 0);
    for at in [DAY, 2 * DAY - 1] {
        tally.record(&session, time(at)).unwrap();
    }
    let us = us();
    let report = tally.report(&domain, &us).unwrap();
    assert_eq!(report.date_range.start_datetime, day.start());
    assert_eq!(report.date_range.end_datetime, day.end());
    assert_eq!(report.successes(), 2);
    assert_eq!(report.organization_name.as_deref(), Some("Sender"));
    assert_eq!(report.contact_info.as_deref(), Some("tlsrpt@sender.example"));
    assert_eq!(report.submitter().as_ref(), Some(us.domain()));
    assert_eq!(tally.report(&name("example.net"), &us), None);
}

#[test]
fn rpt_1_addresses_are_those_of_rfc_5952_and_reports_are_in_a_fixed_order() {
    let session = |domain, receiving: &str| {
        Session::by_hand(domain, Mail::Ordinary)
            .without_policy(Some(ALERT))
            .with_mx("mx.example.com.")
            .with_helo("helo")
            .with_sending_ip("2001:DB8:0:0:1::1".parse().unwrap())
            .with_receiving_ip(receiving.parse::<IpAddr>().unwrap())
    };
    let (a, b) = (name("a.example"), name("b.example"));
    let mut sessions = vec![
        session(&b, "::ffff:192.0.2.2"),
        session(&a, "2001:db8::2"),
        session(&a, "192.0.2.2"),
        session(&a, "192.0.2.2").without_policy(Some(VERSION)),
        session(&a, "192.0.2.2").with_mx("a").with_helo(""),
    ];
    let place = "mx.example.com helo 2001:db8::1:0:0:1";
    let expected = [
        format!(
            "no-policy-found a.example [] [] 0/4\
             ; 1 validation-failure (tls-alert) a - 2001:db8::1:0:0:1 192.0.2.2\
             ; 1 validation-failure (tls-alert) {place} 192.0.2.2\
             ; 1 validation-failure (tls-alert) {place} 2001:db8::2\
             ; 1 validation-failure (tls-version) {place} 192.0.2.2"
        ),
        format!(
            "no-policy-found b.example [] [] 0/1; 1 validation-failure (tls-alert) {place} 192.0.2.2"
        ),
    ];
    assert_eq!(told(sessions.clone()), expected);
    let mapped = session(&a, "::1").with_sending_ip("::ffff:192.0.2.3".parse().unwrap());
    assert!(told([mapped])[0].ends_with(" 192.0.2.3 ::1"));
    sessions.reverse();
    assert_eq!(told(sessions), expected);
}

#[test]
fn rpt_8_equal_rows_are_joined() {
    let domain = domain();
    let (enforce, again) = (policy("enforce"), policy("enforce"));
    let session = |policy, failure| {
        Session::by_hand(&domain, Mail::Ordinary)
            .with_sts(policy, failure)
            .with_mx("mx.example.com")
    };
    let sessions = [
        session(&enforce, Some(EXPIRED)),
        session(&again, Some(EXPIRED)),
        session(&again, None),
        session(&enforce, Some(VERSION)),
    ];
    assert_eq!(
        told(sessions),
        [format!(
            "{} 1/3; 2 certificate-expired (certificate-expired) mx.example.com - - -\
             ; 1 validation-failure (tls-version) mx.example.com - - -",
            quoted("enforce")
        )]
    );
}

#[test]
fn rpt_8_a_tally_of_another_day_or_other_limits_is_refused() {
    let mut one = tally(Limits::default());
    let tomorrow = Tally::new(UtcDay::of(time(DAY)), Limits::default());
    let error = one.merge(&tomorrow).unwrap_err();
    assert!(matches!(error, MergeError::Day(day) if day.found() == tomorrow.day()));
    let error = error.to_string();
    assert_eq!(error, "expected the day that begins at 0 s since 1970, found that of 86400 s");

    let error = one.merge(&tally(Limits::default().with_rows(9).with_policies(3))).unwrap_err();
    assert_eq!(error.to_string(), "expected limits of 1000 rows and 32 policies, found 9 and 3");
    assert_eq!(one.merge(&tally(Limits::default())), Ok(()));
    assert_eq!(one, tally(Limits::default()));
    let debug = format!("{one:?}");
    assert!(debug.ends_with("domains: 0 }"), "{debug}");
}

#[test]
fn rpt_8_what_is_beyond_the_limits_is_with_the_others() {
    let domain = domain();
    let hosts: Vec<String> = (0..50).map(|n| format!("mx{n}.example.com")).collect();
    let session = |host, failure| {
        Session::by_hand(&domain, Mail::Ordinary).without_policy(Some(failure)).with_mx(host)
    };
    let mut bounded = tally(Limits::default().with_rows(10));
    for host in &hosts {
        for failure in [EXPIRED, ALERT, VERSION] {
            bounded.record(&session(host, failure), time(0)).unwrap();
        }
    }
    let us = us();
    let report = bounded.report(&domain, &us).unwrap();
    let rows = &report.policies[0].failure_details;
    assert_eq!((report.successes(), report.failures(), rows.len()), (0, 150, 12));
    let sum = |result_type| {
        let of_type = rows.iter().filter(|row| row.known_type() == Some(result_type));
        of_type.map(|row| row.failed_session_count).sum::<u64>()
    };
    assert_eq!(sum(ResultType::CertificateExpired), 50);
    assert_eq!(sum(ResultType::ValidationFailure), 100);
    for row in &rows[10..] {
        assert_eq!(row.failure_reason_code.as_deref(), Some(OTHER_ROWS));
        assert_eq!(row.receiving_mx_hostname, None);
    }

    // None is kept but "none", which always is.
    let mut bounded = tally(Limits::default().with_policies(0));
    let rrset = TlsaRrset::parse(&name("mx.example.com"), ["3 1 1 00"]).unwrap();
    let enforce = policy("enforce");
    let session = Session::by_hand(&domain, Mail::Ordinary)
        .with_tlsa(&rrset, None)
        .with_sts(&enforce, Some(EXPIRED))
        .with_mx("mx.example.com")
        .without_policy(Some(ALERT));
    bounded.record(&session, time(0)).unwrap();
    assert_eq!(
        shown(&bounded),
        [
            "tlsa example.com [] [] 1/0",
            "sts example.com [] [] 0/1; 1 certificate-expired (other-rows) - - - -",
            "no-policy-found example.com [] [] 0/1\
             ; 1 validation-failure (tls-alert) mx.example.com - - -",
        ]
    );
    assert_eq!((Limits::default().rows(), Limits::default().policies()), (1_000, 32));
}

/// Hosts of other releases must keep the same: these must never change.
#[test]
fn rpt_8_the_same_rows_and_policies_are_kept_everywhere() {
    let domain = domain();
    let base = Session::by_hand(&domain, Mail::Ordinary).without_policy(Some(ALERT));
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let ip = |number: usize| IpAddr::from([192, 0, 2, u8::try_from(number).unwrap()]);
    let kept = |sessions: &mut dyn Iterator<Item = Session<'_>>| {
        let mut bounded = tally(Limits::default().with_rows(1).with_policies(1));
        sessions.for_each(|session| bounded.record(&session, time(0)).unwrap());
        shown(&bounded)[0].clone()
    };
    let row = |told: String| told.split("; ").nth(1).unwrap().to_owned();
    let by_mx = kept(&mut numbers.iter().map(|number| base.with_mx(number)));
    assert_eq!(row(by_mx), "1 validation-failure (tls-alert) 94 - - -");
    let by_helo = kept(&mut numbers.iter().map(|number| base.with_helo(number)));
    assert_eq!(row(by_helo), "1 validation-failure (tls-alert) - 11 - -");
    let by_sender = kept(&mut (0..100).map(|number| base.with_sending_ip(ip(number))));
    assert_eq!(row(by_sender), "1 validation-failure (tls-alert) - - 192.0.2.91 -");
    let by_receiver = kept(&mut (0..100).map(|number| base.with_receiving_ip(ip(number))));
    assert_eq!(row(by_receiver), "1 validation-failure (tls-alert) - - - 192.0.2.18");
    let failures = [EXPIRED, VERSION, ALERT].into_iter();
    let by_reason = kept(&mut failures.map(|failure| base.without_policy(Some(failure))));
    assert_eq!(row(by_reason), "1 certificate-expired (certificate-expired) - - - -");
    let by_body = kept(&mut numbers.iter().map(|number| {
        Session::by_hand(&domain, Mail::Ordinary).with_failed_discovery(ALERT, Some(number))
    }));
    assert_eq!(
        by_body,
        "sts example.com [\"45\"] [] 0/1; 1 validation-failure (tls-alert) - - - -"
    );
}

#[test]
fn rpt_8_a_long_text_is_cut_and_a_strange_one_is_made_writable() {
    let domain = domain();
    let long = "a".repeat(MAX_TEXT_LEN - 1) + "\u{e9}";
    let longer = long.clone() + "b";
    let session = |helo| {
        Session::by_hand(&domain, Mail::Ordinary).without_policy(Some(ALERT)).with_helo(helo)
    };
    let a = "a".repeat(MAX_TEXT_LEN - 1);
    assert_eq!(
        told([session(&long), session(&longer), session(&longer).with_mx("h\u{e9}.example")]),
        [format!(
            "no-policy-found example.com [] [] 0/3; 3 validation-failure (tls-alert) - {a} - -"
        )]
    );
    assert_eq!(
        told([session("\u{fdd0}\u{1ffff}\0")]),
        [
            "no-policy-found example.com [] [] 0/1; 1 validation-failure (tls-alert) - \u{fffd}\u{fffd}\0 - -"
        ]
    );
    let body = "\u{fffe}".repeat(MAX_REFUSED_LEN / 3 + 1);
    let refused = session("x").with_failed_discovery(EXPIRED, Some(&body));
    let lines = told([refused]);
    assert_eq!(lines[0].matches('\u{fffd}').count(), MAX_REFUSED_LEN / 3);
}

#[test]
fn rpt_8_report_ids_are_the_same_for_the_same_and_others_for_others() {
    let mut tally = tally(Limits::default());
    let (a, b) = (name("a.example"), name("b.example"));
    for domain in [&b, &a] {
        let session = Session::by_hand(domain, Mail::Ordinary).without_policy(None);
        tally.record(&session, time(0)).unwrap();
    }
    let ids = |us: &Submitter| -> Vec<String> {
        tally.reports(us).map(|report| report.report_id.unwrap().into()).collect()
    };
    assert_eq!(ids(&us()), ["0_a.example@sender.example", "0_b.example@sender.example"]);
    let first = us().with_instance("host1").unwrap();
    assert_eq!(ids(&first)[0], "0_a.example_host1@sender.example");
    assert_eq!((us().instance(), first.instance()), (None, Some("host1")));
    assert!(tally.domains().eq(["a.example", "b.example"]));

    for (name, contact, kind, text) in [
        (
            " ",
            "a@b.example",
            SubmitterErrorKind::OrganizationName,
            "expected the name of an organisation, found ` `",
        ),
        (
            "\u{fffe}",
            "a@b.example",
            SubmitterErrorKind::OrganizationName,
            "expected the name of an organisation, found `\\u{fffe}`",
        ),
        (
            "X",
            "b.example",
            SubmitterErrorKind::ContactInfo,
            "expected a mail address, found `b.example`",
        ),
        (
            "X",
            "a\r\n@b.example",
            SubmitterErrorKind::ContactInfo,
            "expected a mail address, found `a\\r\\n@b.example`",
        ),
        (
            "X",
            "a@[192.0.2.1]",
            SubmitterErrorKind::ContactInfo,
            "expected a mail address, found `a@[192.0.2.1]`",
        ),
    ] {
        let error = Submitter::new(name, contact).unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, text));
    }
    // What the mail of a report could not have, the report must not have either.
    let long = format!("{}@b.example", "a".repeat(300));
    for contact in ["a@b.example.", &long] {
        let error = Submitter::new("X", contact).unwrap_err();
        assert_eq!(error.kind(), SubmitterErrorKind::ContactInfo, "{contact}");
    }
    for tag in ["", "a_b", "a@b", &"x".repeat(MAX_INSTANCE_LEN + 1)] {
        let error = us().with_instance(tag).unwrap_err();
        assert_eq!((error.kind(), error.found()), (SubmitterErrorKind::Instance, tag));
    }
    let error = us().with_instance("").unwrap_err().to_string();
    assert_eq!(error, "expected 1 to 32 letters and digits, found ``");
}

#[test]
fn rpt_8_late_sessions_are_counted_in_their_day_until_it_is_closed() {
    let domain = domain();
    let session = Session::by_hand(&domain, Mail::Ordinary).without_policy(None);
    let grace = Days::GRACE.as_secs();
    let mut days = Days::new(Limits::default());
    assert_eq!(days.close(time(u64::MAX)), None);
    for at in [0, DAY - 1, DAY, 1, 3 * DAY] {
        days.record(&session, time(at)).unwrap();
    }
    let mut other = tally(Limits::default());
    other.record(&session, time(7)).unwrap();
    assert_eq!(days.merge(&other), Ok(()));
    assert_eq!(
        days.tallies().map(Tally::day).collect::<Vec<_>>(),
        [0, DAY, 3 * DAY].map(|at| UtcDay::of(time(at)))
    );

    assert_eq!(days.close(time(DAY - 1 + grace)), None);
    let us = us();
    let first = days.close(time(DAY + grace)).unwrap();
    assert_eq!(first.report(&domain, &us).unwrap().successes(), 4);
    assert_eq!(days.close(time(DAY + grace)), None);
    let error = days.record(&session, time(1)).unwrap_err();
    assert_eq!((error.expected(), error.found()), (first.day(), first.day()));
    assert!(matches!(days.merge(&first), Err(MergeError::Day(_))));

    let before = days.clone();
    let other = Tally::new(UtcDay::of(time(5 * DAY)), Limits::default().with_rows(1));
    assert!(matches!(days.merge(&other), Err(MergeError::Limits { .. })));
    assert_eq!(days, before, "nothing is added, not even a day");

    assert_eq!(days.close(time(9 * DAY)).unwrap().day(), UtcDay::of(time(DAY)));
    assert_eq!(days.close(time(9 * DAY)).unwrap().day(), UtcDay::of(time(3 * DAY)));
    assert!(days.record(&session, time(2 * DAY)).is_err(), "before a closed one");
    assert_eq!(days.tallies().count(), 0);

    let mut days =
        Days::new(Limits::default()).with_grace(core::time::Duration::from_secs(u64::MAX));
    days.record(&session, time(0)).unwrap();
    assert_eq!(days.close(time(u64::MAX)), None);
}

#[test]
fn rpt_9_policies_are_quoted_as_received() {
    let domain = domain();
    let body = "version: STSv1\r\n mode :enforce\r\n\r\nmx: *.Example.com \nmx: b.example\nmax_age: 1\nx: \u{e9}";
    let (odd, _) = Policy::parse(body, mta_sts::Reading::Tolerant).unwrap();
    let base = name("mx.example.com");
    let rrset =
        TlsaRrset::parse(&base, ["3 1 1 ab CD", "  03\t01 01 ( ABcd\n01 )", "3 1 1 abCD"]).unwrap();
    assert_eq!(rrset.base_domain(), &base);
    let session =
        Session::by_hand(&domain, Mail::Ordinary).with_sts(&odd, None).with_tlsa(&rrset, None);
    assert_eq!(
        told([session]),
        [
            r#"tlsa mx.example.com ["3 1 1 ABcd01", "3 1 1 abCD"] [] 1/0"#,
            "sts example.com [\"version: STSv1\", \" mode :enforce\", \"\", \"mx: *.Example.com \", \
             \"mx: b.example\", \"max_age: 1\", \"x: \u{e9}\"] [\"*.Example.com\", \"b.example\"] 1/0",
        ]
    );
    // The order of an answer of DNS means nothing.
    let (one, other) = (["3 1 1 aa", "2 0 1 bb"], ["2 0 1 bb", "3 1 1 aa"]);
    assert_eq!(TlsaRrset::parse(&base, one), TlsaRrset::parse(&base, other));

    let long = format!("3 0 0 {}", "ab".repeat(MAX_TLSA_LEN / 2));
    for (record, kind, text) in [
        ("", ParseTlsaErrorKind::Fields, "expected the four fields of a TLSA record, found ``"),
        (
            "3 1 1",
            ParseTlsaErrorKind::Fields,
            "expected the four fields of a TLSA record, found `3 1 1`",
        ),
        (
            "3 1 256 ab",
            ParseTlsaErrorKind::Number,
            "expected usage, selector and matching type from 0 to 255, found `3 1 256 ab`",
        ),
        (
            "3 1 1 ab\u{1b}",
            ParseTlsaErrorKind::Data,
            "expected data of a TLSA record, two hexadecimal digits for each octet, found `3 1 1 ab\\u{1b}`",
        ),
        (
            "3 1 1 abc",
            ParseTlsaErrorKind::Data,
            "expected data of a TLSA record, two hexadecimal digits for each octet, found `3 1 1 abc`",
        ),
    ] {
        let error = TlsaRrset::parse(&base, ["3 1 1 ab", record]).unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, text));
    }
    let error = TlsaRrset::parse(&base, [&long]).unwrap_err();
    assert_eq!(error.kind(), ParseTlsaErrorKind::TooLong);
    assert!(
        error
            .to_string()
            .starts_with("expected TLSA records of at most 131072 octets, found `3 0 0 abab")
    );
    assert!(error.found().ends_with('…'));
}

#[test]
fn rpt_10_a_session_that_carries_a_report_is_never_counted() {
    // The verdict of such a mail has no results.
    let mut sender = Sender::with_policy("enforce", DAY, 0);
    let fails = sender.deliver(DAY, &id("2"), &NO_CONNECTION);
    let nothing = Sender::new().deliver(0, &id("1"), &NO_CONNECTION);
    let dane = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::LookupFailed };
    let context = Context::new("mx.example.net").with_dane(dane).with_mail(Mail::TlsReport);
    for attempt in [&fails, &nothing] {
        for tls in [good(), bad(), TlsOutcome::NotOffered, TlsOutcome::Unreachable] {
            assert!(told([judged(attempt, &sender.domain, context, tls)]).is_empty(), "{tls:?}");
        }
    }
    let (domain, enforce) = (domain(), policy("enforce"));
    let rrset = TlsaRrset::parse::<&str>(&domain, []).unwrap();
    // Nothing that is said of it afterwards brings it back.
    let silent = judged(&fails, &sender.domain, context, good())
        .with_failed_discovery(EXPIRED, None)
        .with_sts(&enforce, None)
        .with_tlsa(&rrset, None)
        .without_policy(None);
    assert!(told([silent]).is_empty());
    // And who judges by other means must say what mail it is.
    let session = |mail| {
        Session::by_hand(&domain, mail)
            .with_sts(&enforce, Some(EXPIRED))
            .with_tlsa(&rrset, None)
            .without_policy(None)
            .with_failed_discovery(EXPIRED, None)
            .with_mx("mx.example.com")
    };
    assert!(told([session(Mail::TlsReport)]).is_empty());
    assert_eq!(told([session(Mail::TlsOptional)]), told([session(Mail::Ordinary)]));
    assert_eq!(told([session(Mail::Ordinary)]).len(), 3);
}

#[test]
fn rpt_11_each_type_of_policy_names_its_domain() {
    let (domain, base) = (domain(), name("mx.provider.example"));
    let rrset = TlsaRrset::parse(&base, ["3 1 1 ab"]).unwrap();
    let (testing, none) = (policy("testing"), policy("none"));
    let session = |domain| Session::by_hand(domain, Mail::Ordinary);
    assert_eq!(
        told([
            session(&domain).with_tlsa(&rrset, None),
            session(&domain).with_sts(&testing, None),
            session(&domain).with_sts(&none, None),
        ]),
        [
            r#"tlsa mx.provider.example ["3 1 1 ab"] [] 1/0"#.to_owned(),
            format!("{} 1/0", quoted("testing")),
            "no-policy-found example.com [] [] 1/0".to_owned(),
        ]
    );
    let next_hop = PolicyDomain::from_next_hop("Example.com.").unwrap();
    let session = Session::by_hand(&next_hop, Mail::Ordinary);
    assert_eq!(session.next_hop(), (&domain).into());
    assert_eq!(session.next_hop().as_str(), "example.com");
}

#[test]
fn rpt_12_a_session_counts_once_under_each_policy() {
    let mut sender = Sender::with_policy("enforce", DAY, 0);
    let attempt = sender.deliver(1, &id("1"), &NO_CONNECTION);
    let context = |mx_rrset| {
        let dane = Dane::Tlsa { mx_rrset, tlsa: Tlsa::Usable };
        Context::new("mx.example.com").with_dane(dane)
    };
    let rrset = TlsaRrset::parse(&name("mx.example.com"), ["3 1 1 ab"]).unwrap();
    let secure = judged(&attempt, &sender.domain, context(MxRrset::Secure), good());
    let insecure =
        judged(&attempt, &sender.domain, context(MxRrset::Insecure), TlsOutcome::NotOffered);
    assert_eq!(
        told([secure.with_tlsa_records(&rrset), insecure.with_tlsa_records(&rrset)]),
        [
            "tlsa mx.example.com [\"3 1 1 ab\"] [] 1/1; 1 starttls-not-supported (starttls-not-offered) - - - -".to_owned(),
            format!("{} 1/1; 1 starttls-not-supported (starttls-not-offered) - - - -", quoted("enforce")),
        ]
    );
    // Whoever forgets the records has them counted all the same.
    let told = told([secure, insecure.with_mx("mx.example.com")]);
    assert_eq!(
        told[0],
        "tlsa example.com [] [] 1/1; 1 starttls-not-supported (starttls-not-offered) mx.example.com - - -"
    );
}

#[test]
fn rpt_12_success_is_what_the_policy_demands() {
    let context = Context::new("mx.example.com");
    let nothing = Sender::new().deliver(0, &absent(), &NO_CONNECTION);
    let sender = Sender::new();
    let sessions =
        [good(), bad(), TlsOutcome::NotOffered, TlsOutcome::Unreachable, TlsOutcome::Deferred]
            .map(|tls| judged(&nothing, &sender.domain, context, tls));
    assert_eq!(
        told(sessions),
        [
            "no-policy-found example.com [] [] 2/1; 1 starttls-not-supported (starttls-not-offered) - - - -"
        ]
    );
    // In testing the mail is delivered, and the failure counts.
    for mode in ["enforce", "testing"] {
        let mut sender = Sender::with_policy(mode, DAY, 0);
        let attempt = sender.deliver(1, &id("1"), &NO_CONNECTION);
        let sessions = [good(), bad()].map(|tls| judged(&attempt, &sender.domain, context, tls));
        assert_eq!(
            told(sessions),
            [format!("{} 1/1; 1 certificate-expired (certificate-expired) - - - -", quoted(mode))]
        );
    }
    // Mode none is no policy, and what fails behind it is silent.
    let mut sender = Sender::with_policy("none", DAY, 0);
    let attempt = sender.deliver(1, &id("2"), &NO_CONNECTION);
    let sessions = [good(), bad()].map(|tls| judged(&attempt, &sender.domain, context, tls));
    assert_eq!(told(sessions), ["no-policy-found example.com [] [] 2/0"]);
    let (domain, none) = (domain(), policy("none"));
    let by_hand = Session::by_hand(&domain, Mail::Ordinary)
        .with_sts(&none, Some(ALERT))
        .with_failed_discovery(EXPIRED, None);
    assert_eq!(
        told([by_hand, by_hand.without_policy(None)]),
        ["no-policy-found example.com [] [] 1/1; 1 validation-failure (tls-alert) - - - -"]
    );
    // With TLSA records there is a policy, however the session was judged.
    let dane = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
    let session = judged(&attempt, &sender.domain, context.with_dane(dane), good());
    let rrset = TlsaRrset::parse(&domain, ["3 1 1 ab"]).unwrap();
    assert_eq!(
        told([session.with_tlsa_records(&rrset), by_hand.with_tlsa(&rrset, None)]),
        [r#"tlsa example.com ["3 1 1 ab"] [] 2/0"#]
    );
}

#[test]
fn rpt_12_a_failed_discovery_is_a_failed_session_or_a_row() {
    const REFUSED: &str = "version: STSv1\nmode: enforced\nmx: mx.example.com\nmax_age: 1\n";
    let context = Context::new("mx.example.com");
    let row = "; 1 sts-policy-invalid (policy-mode) - - - -";
    let refused: Http<'_> = ok(REFUSED);
    let lines: Vec<&str> = REFUSED.lines().collect();
    let quote = format!("sts example.com {lines:?} []");

    // Nothing cached: a failed session, whether the body was refused now or before.
    let mut sender = Sender::new();
    let domain = sender.domain.clone();
    for at in [0, 1] {
        let attempt = sender.deliver(at, &id("1"), &refused);
        assert_eq!(attempt.fetches, usize::from(at == 0));
        assert_eq!(
            told([judged(&attempt, &domain, context, good())]),
            [format!("{quote} 0/1{row}")]
        );
        let without_tls = judged(&attempt, &domain, context, TlsOutcome::NotOffered);
        assert_eq!(
            told([without_tls]),
            [format!("{quote} 0/1; 1 starttls-not-supported (starttls-not-offered) - - - -{row}")]
        );
        // No session, no failed session.
        assert!(told([judged(&attempt, &domain, context, TlsOutcome::Unreachable)]).is_empty());
    }
    let attempt = Sender::new().deliver(0, &id("1"), &NO_CONNECTION);
    let fetch = "; 1 sts-policy-fetch-error (connection-failed) - - - -";
    assert_eq!(
        told([judged(&attempt, &domain, context, good())]),
        [format!("sts example.com [] [] 0/1{fetch}")]
    );
    let dane = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
    assert_eq!(
        told([judged(&attempt, &domain, context.with_dane(dane), good())]),
        ["tlsa example.com [] [] 1/0".to_owned(), format!("sts example.com [] [] 0/1{fetch}")]
    );

    // A cached policy: one more row under it.
    let mut sender = Sender::with_policy("enforce", 9 * DAY, 0);
    let attempt = sender.deliver(DAY, &id("2"), &refused);
    let cached = quoted("enforce").replace("86400", "777600");
    assert_eq!(told([judged(&attempt, &domain, context, good())]), [format!("{cached} 1/0{row}")]);
    assert_eq!(
        told([judged(&attempt, &domain, context, bad())]),
        [format!("{cached} 0/1; 1 certificate-expired (certificate-expired) - - - -{row}")]
    );
    let attempt = sender.deliver(2 * DAY, &absent(), &NO_CONNECTION);
    assert_eq!(
        told([judged(&attempt, &domain, context, good())]),
        [format!("{cached} 1/0; 1 sts-policy-fetch-error (no-record) - - - -")]
    );
    // Where DANE refuses the host, the session has no result under that policy, and so it
    // is not one without policy that has failed either.
    let bogus = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::LookupFailed };
    assert_eq!(
        told([judged(&attempt, &domain, context.with_dane(bogus), good())]),
        ["tlsa example.com [] [] 0/1; 1 dnssec-invalid (tlsa-lookup-failed) - - - -"]
    );

    // By hand: a failed discovery alone is a failed session, and the same failure twice is
    // one row.
    let by_hand = Session::by_hand(&domain, Mail::Ordinary).with_failed_discovery(ALERT, Some(""));
    let alert = "; 1 validation-failure (tls-alert) - - - -";
    assert_eq!(told([by_hand]), [format!("sts example.com [] [] 0/1{alert}")]);
    let enforce = policy("enforce");
    assert_eq!(
        told([by_hand.with_sts(&enforce, Some(ALERT))]),
        [format!("{} 0/1{alert}", quoted("enforce"))]
    );
}

#[cfg(feature = "json")]
mod restored {
    use mta_sts::Reading;
    use mta_sts::tlsrpt::report::MAX_COUNT;
    use mta_sts::tlsrpt::tally::RestoreErrorKind;

    use super::*;

    const HEAD: &str = r#"{"v":1,"day":86400,"rows":1000,"policies":32,"domains":1}"#;

    fn with(policy: &str) -> [String; 2] {
        [HEAD.to_owned(), format!(r#"{{"domain":"example.com","policies":[{policy}]}}"#)]
    }

    #[test]
    fn rpt_8_a_tally_is_written_as_lines_and_restored() {
        let (domain, enforce) = (domain(), policy("enforce"));
        let rrset = TlsaRrset::parse(&name("mx.example.com"), ["3 1 1 ab"]).unwrap();
        let session = Session::by_hand(&domain, Mail::Ordinary)
            .with_tlsa(&rrset, Some(ALERT))
            .with_sts(&enforce, None)
            .with_mx("mx.example.com")
            .with_receiving_ip([192, 0, 2, 1].into());
        let mut tally = Tally::new(UtcDay::of(time(DAY)), Limits::default());
        tally.record(&session, time(DAY)).unwrap();
        let lines: Vec<String> = tally.to_lines().collect();
        assert_eq!(lines[0], HEAD);
        assert!(lines[1].starts_with(r#"{"domain":"example.com","policies":[{"kind":""#));
        assert!(lines[1].contains(
            r#"{"kind":"tlsa","text":"mx.example.com","records":["3 1 1 ab"],"failed":1,"rows":[{"result":"validation-failure","reason":"tls-alert","mx":"mx.example.com","to":"192.0.2.1","count":1}]}"#
        ));
        assert_eq!(Tally::from_lines(&lines), Ok(tally.clone()));
        assert_eq!(Tally::from_lines([&lines[0], "", &lines[1], " "]), Ok(tally));
        let mut empty = Tally::new(UtcDay::of(time(0)), Limits::default().with_rows(2));
        assert_eq!(Tally::from_lines(empty.to_lines()).as_ref(), Ok(&empty));
        assert!(empty.merge(&Tally::from_lines(&lines).unwrap()).is_err());
    }

    #[test]
    fn rpt_8_the_others_are_restored_too() {
        let none = r#"{"v":1,"day":86400,"rows":0,"policies":0,"domains":1}"#;
        let all = r#"{"kind":"no-policy-found","ok":1},{"kind":"tlsa-unknown","ok":2},
            {"kind":"tlsa-others","ok":3},{"kind":"sts-others","failed":4},
            {"kind":"sts-refused","text":"x","failed":5}"#;
        let [_, line] = with(all);
        let tally = Tally::from_lines([none, &line]).unwrap();
        let us = us();
        let report = tally.reports(&us).next().unwrap();
        assert_eq!((report.successes(), report.failures()), (6, 9));
        assert_eq!(report.policies.len(), 4, "what was kept under other limits goes to the others");
        assert_eq!(Tally::from_lines(tally.to_lines()), Ok(tally));
    }

    /// A host or HELO that no session has must not make a report that is refused.
    #[test]
    fn rpt_8_restored_rows_can_be_reported() {
        let rows = ["", "h\u{e9}lo", "mx.example.com."].map(|text| {
            let failure = r#""result":"dnssec-invalid","reason":"dns-timeout""#;
            format!(r#"{{{failure},"mx":"{text}","helo":"{text}","count":1}}"#)
        });
        let policy =
            format!(r#"{{"kind":"no-policy-found","failed":3,"rows":[{}]}}"#, rows.join(","));
        let tally = Tally::from_lines(with(&policy)).unwrap();
        let row = "1 dnssec-invalid (dns-timeout)";
        assert_eq!(
            shown(&tally),
            [format!(
                "no-policy-found example.com [] [] 0/3; {row} - - - -; {row} - h\u{e9}lo - -; \
                 {row} mx.example.com. mx.example.com. - -"
            )]
        );
        assert_eq!(Tally::from_lines(tally.to_lines()), Ok(tally));
    }

    /// However much was allowed when it was fetched.
    #[test]
    fn rpt_8_a_long_policy_is_restored() {
        let text = format!("{}x: {}\n", body("enforce", DAY), "x".repeat(2 << 20));
        let (policy, _) = Policy::parse_within(&text, Reading::Tolerant, usize::MAX).unwrap();
        let domain = domain();
        let mut tally = tally(Limits::default());
        let session = Session::by_hand(&domain, Mail::Ordinary).with_sts(&policy, None);
        tally.record(&session, time(0)).unwrap();
        assert_eq!(Tally::from_lines(tally.to_lines()), Ok(tally));
    }

    #[test]
    fn rpt_8_counts_stay_at_the_greatest() {
        let [head, line] = with(&format!(
            r#"{{"kind":"no-policy-found","ok":{MAX_COUNT},"failed":{MAX_COUNT},"rows":[{{"result":"dnssec-invalid","reason":"dns-timeout","count":{MAX_COUNT}}}]}}"#
        ));
        let mut tally = Tally::from_lines([&head, &line]).unwrap();
        let before = tally.clone();
        tally.merge(&before).unwrap();
        assert_eq!(tally, before);
        assert_eq!(MAX_COUNT, 9_007_199_254_740_991);
        assert_eq!(shown(&tally).len(), 1);
    }

    #[test]
    fn rpt_8_damaged_lines_are_refused() {
        for (policy, kind, text) in [
            (
                "",
                RestoreErrorKind::Count,
                "line 2: expected a count from 1 to 9007199254740991, found 0",
            ),
            (
                r#"{"kind":"no-policy-found"}"#,
                RestoreErrorKind::Count,
                "line 2: expected a count from 1 to 9007199254740991, found 0",
            ),
            (
                r#"{"kind":"no-policy-found","ok":9007199254740992}"#,
                RestoreErrorKind::Count,
                "line 2: expected a count from 1 to 9007199254740991, found 9007199254740992",
            ),
            (
                r#"{"kind":"sts\u001b","ok":1}"#,
                RestoreErrorKind::Kind,
                "line 2: expected a kind of policy, found `sts\\u{1b}`",
            ),
            (
                r#"{"kind":"sts","text":"version: STSv2","ok":1}"#,
                RestoreErrorKind::Policy,
                "line 2: expected a policy: line 1, column 10: ",
            ),
            (
                r#"{"kind":"tlsa","text":"a","records":["3"],"ok":1}"#,
                RestoreErrorKind::Tlsa,
                "line 2: expected TLSA records: expected the four fields of a TLSA record, found `3`",
            ),
            (
                r#"{"kind":"tlsa","text":"-","ok":1}"#,
                RestoreErrorKind::Domain,
                "line 2: expected a domain, found `-`",
            ),
            (
                r#"{"kind":"no-policy-found","failed":1,"rows":[{"result":"x","reason":"timeout","count":1}]}"#,
                RestoreErrorKind::Failure,
                "line 2: expected a result type and a reason, found `x`",
            ),
            (
                r#"{"kind":"no-policy-found","failed":1,"rows":[{"result":"dane-required","reason":"x","count":1}]}"#,
                RestoreErrorKind::Failure,
                "line 2: expected a result type and a reason, found `x`",
            ),
            (
                r#"{"kind":"no-policy-found","failed":1,"rows":[{"result":"dane-required","reason":"timeout","count":0}]}"#,
                RestoreErrorKind::Count,
                "line 2: expected a count from 1 to 9007199254740991, found 0",
            ),
            (
                r#"{"kind":"no-policy-found","failed":1,"others":[{"result":"dane-required","count":0}]}"#,
                RestoreErrorKind::Count,
                "line 2: expected a count from 1 to 9007199254740991, found 0",
            ),
            ("[]", RestoreErrorKind::Json, "line 2: expected a JSON object of a tally: "),
        ] {
            let error = Tally::from_lines(with(policy)).unwrap_err();
            assert_eq!((error.kind(), error.line()), (kind, 2), "{policy}");
            let shown = error.to_string();
            assert!(shown.starts_with(text), "{shown}");
        }
        let line = &with(r#"{"kind":"no-policy-found","ok":1}"#)[1];
        let other_domain = line.replace("example.com", "a.example");
        for (lines, at, kind, found) in [
            (vec![], 1, RestoreErrorKind::Lines, "0"),
            (vec![HEAD], 1, RestoreErrorKind::Lines, "0"),
            (vec![HEAD, line, &other_domain], 3, RestoreErrorKind::Lines, "2"),
            (vec![HEAD, line, line], 3, RestoreErrorKind::Repeated, "`example.com`"),
            (vec![r#"{"v":2,"new":true}"#], 1, RestoreErrorKind::Version, "2"),
            (
                vec![r#"{"v":1,"day":1,"rows":1,"policies":1,"domains":0}"#],
                1,
                RestoreErrorKind::Day,
                "1",
            ),
        ] {
            let error = Tally::from_lines(&lines).unwrap_err();
            assert_eq!((error.line(), error.kind(), error.found()), (at, kind, found));
        }
        let error = Tally::from_lines([HEAD]).unwrap_err().to_string();
        assert_eq!(error, "line 1: expected as many domains as the first line says, found 0");
    }
}
