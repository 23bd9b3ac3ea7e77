//! RFC 8460 §3, §4.1, §5.4, §5.5, §5.6: where and when reports are sent, and how
//! duplicates are known.

use core::time::Duration;
use std::collections::HashSet;

use mta_sts::tlsrpt::identity::{ReportIdentity, ReportKey, UnfitReportKind};
use mta_sts::tlsrpt::media::MediaType;
use mta_sts::tlsrpt::report::{DateRange, PolicyDescription, PolicyReport, Report, Summary};
use mta_sts::tlsrpt::submit::{
    Action, CertificateErrors, Config, Delivery, FIRST_WAIT, MAX_DELAY, NotAsked, Outcome, Plan,
    Ports, PostRequest, RETRY_TIME, Reach, SubmitFailure, sending_time,
};
use mta_sts::tlsrpt::{ReportUri, TlsRptRecord};
use mta_sts::{DomainName, Reading};
use rustls_pki_types::UnixTime;

use mta_sts::failure::PolicyType;

const MIDNIGHT: u64 = 1_707_004_800;
const MAIL: &str = "mailto:tls@example.com";
const POST: &str = "https://reports.example.com/a?b=c#d";

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn domain(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

fn record(uris: &[&str]) -> TlsRptRecord<'static> {
    let text = ["v=TLSRPTv1;rua=", &uris.join(",")].concat();
    TlsRptRecord::parse(&text, Reading::Strict).unwrap().0.into_owned()
}

fn delivery<'a>(plan: &'a Plan<'a>) -> Delivery<'a> {
    plan.delivery(&domain("example.com"), at(MIDNIGHT), 7)
}

/// When the first attempt is due.
fn first(uri: &str) -> u64 {
    let uri = ReportUri::parse(uri).unwrap();
    sending_time(at(MIDNIGHT), 7, &domain("example.com"), uri).as_secs()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Mail,
    Post,
    Wait(u64),
    Done,
}

fn ask(delivery: &mut Delivery<'_>, now: u64) -> Asked {
    match delivery.poll_action(at(now)) {
        Action::Mail(address) => {
            assert_eq!(address.as_str(), "tls@example.com");
            Asked::Mail
        }
        Action::Post(request) => {
            assert_eq!(request.host().as_str(), "reports.example.com");
            Asked::Post
        }
        Action::WaitUntil(time) => Asked::Wait(time.as_secs()),
        Action::Done => Asked::Done,
    }
}

/// Asked for what, and when, if each attempt fails at once.
fn failing(delivery: &mut Delivery<'_>) -> Vec<(u64, Asked)> {
    let (mut now, mut asked) = (MIDNIGHT, Vec::new());
    loop {
        match ask(delivery, now) {
            Asked::Wait(time) => {
                assert!(time > now);
                now = time;
            }
            Asked::Done => return asked,
            other => {
                asked.push((now, other));
                delivery.handle_result(Err(SubmitFailure::Transport), at(now)).unwrap();
            }
        }
    }
}

#[test]
fn mail_4_a_report_is_posted() {
    let record = record(&[POST]);
    let config = Config::default().with_media_type(MediaType::Json);
    let plan = Plan::new(&record, config);
    let mut delivery = delivery(&plan);
    let Action::Post(request) = delivery.poll_action(at(MIDNIGHT + MAX_DELAY)) else {
        panic!("a POST");
    };
    assert_eq!(PostRequest::METHOD, "POST");
    assert_eq!(request.host().as_str(), "reports.example.com");
    assert_eq!(request.port(), 443);
    assert_eq!(request.path_and_query(), "/a?b=c");
    assert_eq!(request.media_type(), MediaType::Json);
    assert_eq!(request.certificate_errors(), CertificateErrors::Fail);
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(request.judge(status), Ok(()));
    }
    for status in [300, 301, 302, 307, 308, 399] {
        assert_eq!(request.judge(status), Err(SubmitFailure::Redirect { status }));
    }
    for status in [0, 100, 199, 400, 404, 500, 599, u16::MAX] {
        assert_eq!(request.judge(status), Err(SubmitFailure::Status { status }));
    }
}

#[test]
fn mail_4_ports_and_certificates_are_options_with_names() {
    let text = ["https://a.example:8443/", "https://b.example:443/", MAIL, "https://c.example:/"];
    let record = record(&text);
    let plan = Plan::new(&record, Config::default());
    assert_eq!(plan.usable().map(|(uri, _)| uri.as_str()).collect::<Vec<_>>(), text[1..]);
    let plan = Plan::new(&record, Config::default().with_ports(Ports::Any));
    assert_eq!(plan.usable().map(|(uri, _)| uri.as_str()).collect::<Vec<_>>(), text);

    let record = self::record(&[POST]);
    let config = Config::default().with_certificate_errors(CertificateErrors::Ignore);
    let plan = Plan::new(&record, config);
    let mut delivery = delivery(&plan);
    let Action::Post(request) = delivery.poll_action(at(MIDNIGHT + MAX_DELAY)) else {
        panic!("a POST");
    };
    assert_eq!(request.certificate_errors(), CertificateErrors::Ignore);
    assert_eq!(request.media_type(), MediaType::Gzip);
}

#[test]
fn mail_4_unusable_destinations_are_told_apart() {
    let record = record(&[
        "ftp://example.com/",
        "https://192.0.2.1/",
        POST,
        "mailto:a",
        "https://example.com:8443/",
        POST,
        MAIL,
    ]);
    let plan = Plan::new(&record, Config::default());
    assert_eq!(plan.usable().map(|(uri, _)| uri.as_str()).collect::<Vec<_>>(), [POST, MAIL]);
    let unusable: Vec<_> =
        plan.unusable().map(|(uri, reason)| format!("{uri}: {reason}")).collect();
    assert_eq!(
        unusable,
        [
            "ftp://example.com/: scheme is neither mailto nor https",
            "https://192.0.2.1/: IP address instead of a host name",
            "mailto:a: not exactly one mail address",
            "https://example.com:8443/: port 8443 instead of 443",
        ]
    );
}

#[test]
fn mail_5_the_sending_time_is_spread_over_four_hours() {
    assert_eq!(MAX_DELAY, 14_400);
    let time = |seed, domain, uri| {
        sending_time(at(MIDNIGHT), seed, &self::domain(domain), ReportUri::parse(uri).unwrap())
            .as_secs()
    };
    // Computed elsewhere.
    assert_eq!(time(7, "example.com", MAIL), MIDNIGHT + 9_677);
    let others = [
        time(7, "example.com", MAIL),
        time(7, "example.com", POST),
        time(7, "example.net", MAIL),
        time(8, "example.com", MAIL),
    ];
    assert_eq!(HashSet::from(others).len(), 4, "each is of consequence");
    let mut hours = [0; 4];
    for seed in 0..4_000 {
        let delay = time(seed, "example.com", MAIL) - MIDNIGHT;
        assert!(delay <= MAX_DELAY);
        hours[usize::try_from(delay / 3_600).unwrap().min(3)] += 1;
    }
    assert!(hours.iter().all(|hour| (900..1_100).contains(hour)), "{hours:?}");
    let last =
        sending_time(at(u64::MAX), 7, &domain("example.com"), ReportUri::parse(MAIL).unwrap());
    assert_eq!(last, at(u64::MAX));
}

#[test]
fn mail_5_nothing_is_sent_before_its_time() {
    let record = record(&[MAIL]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    let first = first(MAIL);
    for now in [0, MIDNIGHT, first - 1] {
        assert_eq!(ask(&mut delivery, now), Asked::Wait(first));
    }
    assert_eq!(ask(&mut delivery, first), Asked::Mail);
    assert_eq!(ask(&mut delivery, first), Asked::Mail, "until the result is told");
}

#[test]
fn mail_8_one_that_accepts_is_enough() {
    for uris in [[MAIL, POST], [POST, MAIL]] {
        let record = record(&uris);
        let plan = Plan::new(&record, Config::default());
        let mut delivery = delivery(&plan);
        assert_eq!(delivery.outcome(), None);
        let now = MIDNIGHT + MAX_DELAY;
        let asked = ask(&mut delivery, now);
        let earlier = if first(MAIL) < first(POST) { Asked::Mail } else { Asked::Post };
        assert_eq!(asked, earlier, "the one that is due longest");
        delivery.handle_result(Err(SubmitFailure::Mail), at(now)).unwrap();
        let other = ask(&mut delivery, now);
        assert_ne!(other, asked);
        delivery.handle_result(Ok(()), at(now)).unwrap();
        assert_eq!(ask(&mut delivery, now), Asked::Done);
        assert_eq!(ask(&mut delivery, now + RETRY_TIME), Asked::Done);
        assert_eq!(delivery.outcome(), Some(Outcome::Delivered));
        let failures: Vec<_> = delivery.failures().filter_map(|(_, failure)| failure).collect();
        assert_eq!(failures, [SubmitFailure::Mail]);
    }
}

#[test]
fn mail_8_all_may_be_tried() {
    let record = record(&[MAIL, POST]);
    let plan = Plan::new(&record, Config::default().with_reach(Reach::All));
    let mut delivery = delivery(&plan);
    let now = MIDNIGHT + MAX_DELAY;
    let mut asked = Vec::new();
    for _ in 0..2 {
        asked.push(ask(&mut delivery, now));
        assert_eq!(delivery.outcome(), None);
        delivery.handle_result(Ok(()), at(now)).unwrap();
    }
    asked.sort_by_key(|asked| *asked == Asked::Post);
    assert_eq!(asked, [Asked::Mail, Asked::Post]);
    assert_eq!(ask(&mut delivery, now), Asked::Done);
    assert_eq!(delivery.outcome(), Some(Outcome::Delivered));

    let mut delivery = self::delivery(&plan);
    let _ = ask(&mut delivery, now);
    delivery.handle_result(Ok(()), at(now)).unwrap();
    assert_eq!(failing(&mut delivery).len(), 9, "the other is tried until it is given up");
    assert_eq!(delivery.outcome(), Some(Outcome::Delivered));
}

#[test]
fn mail_8_retries_with_growing_waits_for_a_day() {
    let record = record(&[MAIL]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    let start = first(MAIL);
    let times: Vec<_> = failing(&mut delivery).iter().map(|(time, _)| time - start).collect();
    assert_eq!(times, [0, 300, 900, 2_100, 4_500, 9_300, 18_900, 38_100, 76_500]);
    assert!(times[8] < RETRY_TIME && times[8] + (FIRST_WAIT << 8) > RETRY_TIME);
    assert_eq!(delivery.outcome(), Some(Outcome::GivenUp));
    assert_eq!(ask(&mut delivery, u64::MAX), Asked::Done);
}

#[test]
fn mail_8_each_destination_has_its_own_retries() {
    let record = record(&[MAIL, POST]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    let asked = failing(&mut delivery);
    for (uri, kind) in [(MAIL, Asked::Mail), (POST, Asked::Post)] {
        let times: Vec<_> = asked
            .iter()
            .filter(|(_, one)| *one == kind)
            .map(|(time, _)| time - first(uri))
            .collect();
        assert_eq!(times, [0, 300, 900, 2_100, 4_500, 9_300, 18_900, 38_100, 76_500]);
    }
    assert!(asked.is_sorted_by_key(|(time, _)| *time));
    assert_eq!(delivery.outcome(), Some(Outcome::GivenUp));
}

#[test]
fn mail_8_too_late_is_given_up() {
    let record = record(&[MAIL]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    let late = MIDNIGHT + 10 * RETRY_TIME;
    assert_eq!(ask(&mut delivery, late), Asked::Mail, "the first attempt may be late");
    delivery.handle_result(Err(SubmitFailure::Mail), at(late)).unwrap();
    let mut slept = delivery.clone();
    assert_eq!(ask(&mut delivery, late + RETRY_TIME), Asked::Mail);
    assert_eq!(ask(&mut slept, late + RETRY_TIME + 1), Asked::Done);
    assert_eq!(slept.outcome(), Some(Outcome::GivenUp));
    // An attempt that takes a day is the last.
    delivery.handle_result(Err(SubmitFailure::Mail), at(late + RETRY_TIME)).unwrap();
    assert_eq!(ask(&mut delivery, late + RETRY_TIME), Asked::Done);
}

#[test]
fn mail_8_time_that_runs_backwards_does_no_harm() {
    let record = record(&[MAIL]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    let future = u64::MAX - 5;
    assert_eq!(ask(&mut delivery, future), Asked::Mail);
    delivery.handle_result(Err(SubmitFailure::Mail), at(future)).unwrap();
    assert_eq!(ask(&mut delivery, MIDNIGHT), Asked::Wait(MIDNIGHT + FIRST_WAIT));
    assert_eq!(ask(&mut delivery, MIDNIGHT + FIRST_WAIT), Asked::Mail);
    delivery.handle_result(Err(SubmitFailure::Mail), at(0)).unwrap();
    let mut attempts = 2;
    for _ in 0..1_000 {
        match ask(&mut delivery, u64::MAX) {
            Asked::Mail => {
                attempts += 1;
                delivery.handle_result(Err(SubmitFailure::Mail), at(u64::MAX)).unwrap();
            }
            Asked::Done => break,
            _ => assert_eq!(ask(&mut delivery, 0), Asked::Done),
        }
    }
    assert!(attempts <= 10 && delivery.outcome() == Some(Outcome::GivenUp));

    // A clock that is set back during each attempt: the last wait is shorter than a day.
    let mut delivery = self::delivery(&plan);
    let now = MIDNIGHT + MAX_DELAY;
    for _ in 0..10 {
        assert_eq!(ask(&mut delivery, now), Asked::Mail);
        delivery.handle_result(Err(SubmitFailure::Mail), at(0)).unwrap();
    }
    assert_eq!(ask(&mut delivery, now), Asked::Done);
}

#[track_caller]
fn not_asked(result: Result<(), NotAsked>) {
    assert_eq!(result.unwrap_err().to_string(), "result of what was not asked");
}

#[test]
fn mail_8_what_was_not_asked_changes_nothing() {
    let record = record(&[MAIL]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    not_asked(delivery.handle_result(Ok(()), at(MIDNIGHT)));
    assert_eq!(ask(&mut delivery, MIDNIGHT), Asked::Wait(first(MAIL)));
    not_asked(delivery.handle_result(Ok(()), at(MIDNIGHT)));
    assert_eq!(ask(&mut delivery, first(MAIL)), Asked::Mail);
    delivery.handle_result(Ok(()), at(MIDNIGHT)).unwrap();
    not_asked(delivery.handle_result(Err(SubmitFailure::Mail), at(MIDNIGHT)));
    assert_eq!(delivery.outcome(), Some(Outcome::Delivered));
}

#[test]
fn mail_8_without_a_destination_nothing_is_done() {
    let record = record(&["ftp://example.com/"]);
    let plan = Plan::new(&record, Config::default());
    let mut delivery = delivery(&plan);
    assert_eq!(ask(&mut delivery, MIDNIGHT + MAX_DELAY), Asked::Done);
    assert_eq!(delivery.outcome(), Some(Outcome::NoDestination));
}

#[test]
fn mail_8_failures_are_one_line() {
    for (failure, shown) in [
        (SubmitFailure::Redirect { status: 301 }, "redirect (status 301), not followed"),
        (SubmitFailure::Status { status: 404 }, "status 404"),
        (SubmitFailure::Transport, "no response"),
        (SubmitFailure::AddressNotPermitted, "no permitted address"),
        (SubmitFailure::Certificate, "certificate is not valid"),
        (SubmitFailure::Mail, "mail was not accepted"),
    ] {
        assert_eq!(failure.to_string(), shown);
    }
}

fn report(policies: &[(PolicyType, &str)]) -> Report<'static> {
    let mut report = Report::new(DateRange::new(at(MIDNIGHT - 86_400), at(MIDNIGHT - 1)));
    report.contact_info = Some("tls@Sndr.example.com".into());
    report.report_id = Some("id".into());
    for (policy_type, domain) in policies {
        let policy = PolicyDescription::new(*policy_type, (*domain).to_owned());
        report.policies.push(PolicyReport::new(policy, Summary::new(1, 0)));
    }
    report
}

#[test]
fn mail_9_a_report_has_a_key() {
    let key = ReportKey::of(&report(&[])).unwrap();
    assert_eq!(key, ReportKey::new(domain("sndr.example.com"), "id"));
    assert_eq!((key.submitter(), key.report_id()), (&domain("sndr.example.com"), "id"));
    assert_ne!(key, ReportKey::new(domain("sndr.example.com"), "ID"));
    assert_ne!(key, ReportKey::new(domain("example.com"), "id"));
    let mut seen = HashSet::from([key.clone()]);
    assert!(!seen.insert(key));
    for without in [
        |report: &mut Report<'_>| report.report_id = None,
        |report: &mut Report<'_>| report.report_id = Some("".into()),
        |report: &mut Report<'_>| report.contact_info = None,
        |report: &mut Report<'_>| report.contact_info = Some("no address".into()),
    ] {
        let mut report = report(&[]);
        without(&mut report);
        assert_eq!(ReportKey::of(&report), None);
    }
}

#[test]
fn mail_1_a_report_has_one_domain() {
    use PolicyType::{NoPolicyFound, Sts, Tlsa};

    for (policies, about) in [
        (&[(Sts, "Example.com")][..], "example.com"),
        (&[(Sts, "example.com"), (NoPolicyFound, "example.com.")], "example.com"),
        (&[(Tlsa, "mx.example.net"), (Sts, "example.com")], "example.com"),
        (&[(Tlsa, "mx.example.net")], "mx.example.net"),
    ] {
        let identity = ReportIdentity::of(&report(policies)).unwrap();
        assert_eq!(identity.policy_domain(), &domain(about));
        assert_eq!(identity.submitter(), &domain("sndr.example.com"));
        assert_eq!((identity.begin(), identity.end()), (at(MIDNIGHT - 86_400), at(MIDNIGHT - 1)));
        assert_eq!(
            identity.filename(MediaType::Gzip).to_string(),
            format!("sndr.example.com!{about}!1706918400!1707004799.json.gz"),
        );
        assert_eq!(Some(identity.key()), ReportKey::of(&report(policies)).as_ref());
    }
    for (policies, kind) in [
        (&[][..], UnfitReportKind::PolicyDomain),
        (&[(Sts, "example_com")], UnfitReportKind::PolicyDomain),
        (&[(Sts, "a.example"), (Sts, "b.example")], UnfitReportKind::SeveralDomains),
        (&[(Tlsa, "a.example"), (Tlsa, "b.example")], UnfitReportKind::SeveralDomains),
    ] {
        assert_eq!(ReportIdentity::of(&report(policies)).unwrap_err().kind(), kind);
    }
    let several = report(&[(Sts, "a.example"), (Sts, "b.example")]);
    let identity = ReportIdentity::about(domain("c.example"), &several).unwrap();
    assert_eq!(identity.policy_domain(), &domain("c.example"));
}

#[test]
fn mail_2_a_report_that_cannot_be_sent_says_why() {
    let shown = |spoil: fn(&mut Report<'_>)| {
        let mut report = report(&[(PolicyType::Sts, "example.com")]);
        spoil(&mut report);
        ReportIdentity::of(&report).unwrap_err().to_string()
    };
    let contact = "expected a mail address as contact-info";
    assert_eq!(shown(|report| report.contact_info = None), [contact, ", found ``"].concat());
    assert_eq!(
        shown(|report| report.contact_info = Some("a@b@\r\n".into())),
        [contact, ", found `a@b@\\r\\n`"].concat(),
    );
    let no_id = "expected a report-id, found ``";
    assert_eq!(shown(|report| report.report_id = None), no_id);
    assert_eq!(shown(|report| report.report_id = Some("".into())), no_id);
    let dates = "expected a date-range that does not end before its start, nor after the year 9999";
    assert_eq!(
        shown(|report| report.date_range = DateRange::new(at(2), at(1))),
        [dates, ", found `2 to 1`"].concat(),
    );
    let late = ReportIdentity::MAX_TIME + 1;
    assert_eq!(late, 253_402_300_800);
    assert_eq!(
        shown(|report| report.date_range.end_datetime = at(ReportIdentity::MAX_TIME + 1)),
        format!("{dates}, found `{} to {late}`", MIDNIGHT - 86_400),
    );
    assert_eq!(
        shown(|report| report.policies.clear()),
        "expected a domain name as policy-domain, found ``",
    );
    let mut instant = report(&[(PolicyType::Sts, "example.com")]);
    instant.date_range = DateRange::new(at(1), at(1));
    assert!(ReportIdentity::of(&instant).is_ok());
}
