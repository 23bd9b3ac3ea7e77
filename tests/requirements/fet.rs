//! RFC 8461 §3.2, §3.3: fetching a policy.

use std::time::Duration;

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::FetchRate;
use mta_sts::sts::discovery::DiscoveryFailure;
use mta_sts::sts::fetch::{
    FetchFailure, FetchLimits, PolicyRequest, PolicyResponse, TransportFailure,
};
use mta_sts::txt::DnsFailure;

use crate::sender::{DAY, NO_CONNECTION, Sender, body, id, ok};

const BODY: &[u8] = b"version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n";

#[track_caller]
fn judge(response: &PolicyResponse<'_>) -> Result<(), FetchFailure> {
    judge_within(response, FetchLimits::default())
}

fn judge_within(response: &PolicyResponse<'_>, limits: FetchLimits) -> Result<(), FetchFailure> {
    let domain = PolicyDomain::from_next_hop("example.com").expect("a domain");
    PolicyRequest::new(&domain, limits).judge(response).map(|_| ())
}

#[track_caller]
fn refused(response: &PolicyResponse<'_>, shown: &str, failure: &str) {
    let error = judge(response).expect_err("no policy");
    assert_eq!(error.to_string(), shown);
    assert_eq!(error.failure().to_string(), failure);
}

fn plain(media_type: &str) -> PolicyResponse<'_> {
    PolicyResponse::new(200, BODY).with_field("Content-Type", media_type)
}

#[test]
fn fet_1_request_names_host_path_port_and_identity() {
    let domain = PolicyDomain::from_next_hop("Example.COM.").unwrap();
    let request = PolicyRequest::new(&domain, FetchLimits::default());
    assert_eq!(request.to_string(), "https://mta-sts.example.com/.well-known/mta-sts.txt");
    assert_eq!(request.host(), "mta-sts.example.com");
    assert_eq!(request.host_name().as_ref(), "mta-sts.example.com");
    assert_eq!(PolicyRequest::PORT, 443);
    assert_eq!(PolicyRequest::METHOD, "GET");
    assert_eq!(PolicyRequest::PATH, "/.well-known/mta-sts.txt");
    assert_eq!(request.domain(), &domain);
}

#[test]
fn fet_2_only_status_200_counts() {
    for status in [100, 201, 203, 204, 206, 400, 401, 403, 404, 410, 429, 500, 502, 503, 599, 0] {
        let response = PolicyResponse::new(status, BODY).with_field("Content-Type", "text/plain");
        refused(
            &response,
            &format!("expected status 200, found {status}"),
            "sts-policy-fetch-error (http-status)",
        );
    }
    for status in [300, 301, 302, 303, 304, 307, 308, 399] {
        let response = PolicyResponse::new(status, BODY).with_field("Content-Type", "text/plain");
        refused(
            &response,
            &format!("expected status 200, found {status}"),
            "sts-policy-fetch-error (http-redirect)",
        );
    }
    assert_eq!(judge(&plain("text/plain")), Ok(()));
}

#[test]
fn fet_2_content_encoding_is_identity_or_none() {
    let fields = PolicyRequest::FIELDS;
    assert_eq!(fields, [("Accept", "text/plain"), ("Accept-Encoding", "identity")]);
    for coding in ["", "identity", "Identity", " identity , IDENTITY", ","] {
        let response = plain("text/plain").with_field("content-ENCODING", coding);
        assert_eq!(judge(&response), Ok(()), "{coding}");
    }
    for coding in ["gzip", "identity, gzip", "br", "x\u{1b}[0m"] {
        let response = plain("text/plain").with_field("Content-Encoding", coding);
        let shown = coding.replace('\u{1b}', "\\u{1b}");
        refused(
            &response,
            &format!("expected no content coding, found `{shown}`"),
            "sts-policy-fetch-error (http-content-encoding)",
        );
        // A second field does not make up for the first.
        let response = response.with_field("Content-Encoding", "identity");
        assert!(judge(&response).is_err());
    }
}

#[test]
fn fet_3_media_type_is_text_plain() {
    for media_type in [
        "text/plain",
        "TEXT/Plain",
        "text/plain; charset=utf-8",
        "text/plain;charset=us-ascii",
        "text/plain ; charset=\"x;y\"",
        " \ttext/plain\t",
        "text/plain;",
    ] {
        assert_eq!(judge(&plain(media_type)), Ok(()), "{media_type}");
    }
    for media_type in [
        "",
        "text/html",
        "application/octet-stream",
        "text/plainer",
        "text",
        "text/plain, text/html",
        "x; text/plain",
        "text /plain",
    ] {
        let error = "sts-policy-fetch-error (http-media-type)";
        refused(
            &plain(media_type),
            &format!("expected the media type text/plain, found `{media_type}`"),
            error,
        );
        // Of several, each must be right.
        assert!(judge(&plain(media_type).with_field("content-type", "text/plain")).is_err());
        assert!(judge(&plain("text/plain").with_field("content-type", media_type)).is_err());
    }
    refused(
        &PolicyResponse::new(200, BODY).with_field("Content-Length", "70"),
        "expected the media type text/plain, found none",
        "sts-policy-fetch-error (http-media-type)",
    );
    assert_eq!(judge(&plain("text/plain").with_field("content-type", "text/plain")), Ok(()));
}

#[test]
fn fet_4_limits_are_kept_and_cannot_be_switched_off() {
    let mut large = BODY.to_vec();
    large.resize(65_536, b'\n');
    fn response(body: &[u8]) -> PolicyResponse<'_> {
        PolicyResponse::new(200, body).with_field("Content-Type", "text/plain")
    }
    assert_eq!(judge(&response(&large)), Ok(()));
    large.push(b'\n');
    refused(
        &response(&large),
        "expected at most 65536 octets of body",
        "sts-policy-fetch-error (policy-too-large)",
    );
    // The body is read within the limit of the fetch (POL-11).
    let limits = FetchLimits::default();
    assert_eq!(judge_within(&response(&large), limits.with_body(65_537).unwrap()), Ok(()));
    let few = limits.with_body(BODY.len() - 1).unwrap();
    assert_eq!(
        judge_within(&response(BODY), few),
        Err(FetchFailure::BodyTooLarge { limit: BODY.len() - 1 })
    );

    assert_eq!(limits.body(), 65_536);
    assert_eq!(limits.header(), 65_536);
    assert_eq!(limits.time(), Duration::from_secs(60));
    let error = |refused: Result<FetchLimits, mta_sts::sts::fetch::LimitOutOfRange>| {
        refused.expect_err("no limit").to_string()
    };
    for octets in [0, FetchLimits::MAX_BODY + 1, usize::MAX] {
        assert_eq!(error(limits.with_body(octets)), "expected 1 to 1048576 octets of body");
    }
    for octets in [0, 8_191, (1 << 20) + 1, usize::MAX] {
        assert_eq!(error(limits.with_header(octets)), "expected 8192 to 1048576 octets of header");
    }
    for time in [
        Duration::ZERO,
        Duration::from_millis(999),
        FetchLimits::MAX_TIME + Duration::from_nanos(1),
        Duration::MAX,
    ] {
        assert_eq!(error(limits.with_time(time)), "expected 1 to 600 seconds");
    }
    let set = limits.with_body(1).unwrap().with_header(8_192).unwrap();
    let set = set.with_time(FetchLimits::MAX_TIME).unwrap();
    assert_eq!((set.body(), set.header(), set.time().as_secs()), (1, 8_192, 600));
    assert_eq!(limits.with_body(FetchLimits::MAX_BODY).unwrap().body(), 1_048_576);
    assert_eq!(limits.with_header(1 << 20).unwrap().header(), 1_048_576);
    assert_eq!(limits.with_time(Duration::from_secs(1)).unwrap().time().as_secs(), 1);
}

#[test]
fn fet_5_back_off_doubles_up_to_a_cap() {
    for (protected, waits) in [
        (false, &[300, 600, 1_200, 2_400, 3_600, 3_600][..]),
        (true, &[300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 76_800, 86_400, 86_400]),
    ] {
        let mut sender =
            if protected { Sender::with_policy("testing", 30 * DAY, 0) } else { Sender::new() };
        let mut now = 1_000;
        for (n, wait) in (1..).zip(waits) {
            let failed = sender.deliver(now, &id("2"), &NO_CONNECTION);
            assert_eq!(failed.fetches, 1, "failure {n}");
            assert_eq!(sender.entry.failed_fetches().unwrap().in_a_row(), n);
            now += wait - 1;
            let early = sender.deliver(now, &id("2"), &ok(&body("enforce", DAY)));
            assert_eq!(early.fetches, 0, "failure {n}: {wait} s are not over");
            assert_eq!(early.report(), "sts-policy-fetch-error (connection-failed)");
            now += 1;
        }
        let success = sender.deliver(now, &id("2"), &ok(&body("enforce", DAY)));
        assert_eq!((success.mode(), success.fetches), ("enforce", 1));
        assert_eq!(sender.entry.failed_fetches(), None);
    }
}

#[test]
fn fet_5_the_failure_is_remembered_with_the_refused_body() {
    let mut sender = Sender::new();
    let failed = sender.deliver(0, &id("1"), &ok("version: STSv1\nmode: enforced\n"));
    let again = sender.deliver(299, &id("1"), &NO_CONNECTION);
    assert!(matches!(again.failure(), DiscoveryFailure::Remembered(_)));
    assert_eq!(
        again.failure().to_string(),
        "no fetch so soon after one that failed: sts-policy-invalid (policy-mode)"
    );
    for attempt in [&failed, &again] {
        assert_eq!(attempt.report(), "sts-policy-invalid (policy-mode)");
        let lines: Vec<_> = attempt.failure().refused_lines().collect();
        assert_eq!(lines, ["version: STSv1", "mode: enforced"]);
    }
    // Nothing new has happened: no further failure is counted.
    assert_eq!(sender.entry.failed_fetches().unwrap().in_a_row(), 1);
    assert_eq!(sender.entry.failed_fetches().unwrap().refused_lines().count(), 2);
}

#[test]
fn fet_5_one_id_is_remembered() {
    let mut sender = Sender::new();
    assert_eq!(sender.deliver(0, &id("1"), &NO_CONNECTION).fetches, 1);
    assert_eq!(sender.deliver(0, &id("2"), &NO_CONNECTION).fetches, 1, "another id at once");
    assert_eq!(sender.deliver(1, &id("2"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.deliver(1, &id("1"), &NO_CONNECTION).fetches, 1, "the first is forgotten");
    let failed = sender.entry.failed_fetches().unwrap();
    assert_eq!((failed.id().as_str(), failed.in_a_row(), failed.total()), ("1", 1, 3));
    let success = sender.deliver(1, &id("3"), &ok(&body("testing", DAY)));
    assert_eq!(success.mode(), "testing");
    assert_eq!(sender.entry.failed_fetches(), None, "success clears it");
    assert_eq!(sender.deliver(1, &id("1"), &NO_CONNECTION).fetches, 1);
}

#[test]
fn fet_5_a_refresh_counts_for_the_stored_id() {
    let mut sender = Sender::with_policy("enforce", 30 * DAY, 0);
    assert_eq!(sender.refresh(DAY, &id("1"), &NO_CONNECTION).fetches, 1);
    assert_eq!(sender.refresh(DAY + 299, &id("1"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.refresh(DAY + 300, &crate::sender::absent(), &NO_CONNECTION).fetches, 1);
    let failed = sender.entry.failed_fetches().unwrap();
    assert_eq!((failed.id().as_str(), failed.in_a_row()), ("1", 2));
    assert_eq!(sender.deliver(DAY + 300, &id("2"), &NO_CONNECTION).fetches, 1);
}

#[test]
fn fet_6_each_failure_has_its_result_type_and_reason() {
    let certificate =
        Failure::new(ResultType::CertificateHostMismatch, ReasonCode::CertificateHostMismatch);
    let alert = Failure::new(ResultType::ValidationFailure, ReasonCode::TlsVersion);
    for (failure, shown) in [
        (TransportFailure::Dns(DnsFailure::ServFail), "sts-policy-fetch-error (dns-servfail)"),
        (TransportFailure::Dns(DnsFailure::Refused), "sts-policy-fetch-error (dns-refused)"),
        (TransportFailure::Dns(DnsFailure::Timeout), "sts-policy-fetch-error (dns-timeout)"),
        (TransportFailure::Dns(DnsFailure::Other), "sts-policy-fetch-error (dns-failure)"),
        (TransportFailure::HostNotFound, "sts-policy-fetch-error (host-not-found)"),
        (TransportFailure::AddressNotPermitted, "sts-policy-fetch-error (address-not-permitted)"),
        (TransportFailure::Connection, "sts-policy-fetch-error (connection-failed)"),
        (TransportFailure::Timeout, "sts-policy-fetch-error (timeout)"),
        (TransportFailure::Tls(certificate), "sts-webpki-invalid (certificate-host-mismatch)"),
        (TransportFailure::Tls(alert), "sts-policy-fetch-error (tls-version)"),
        (TransportFailure::Protocol, "sts-policy-fetch-error (http-protocol)"),
        (TransportFailure::HeaderTooLarge, "sts-policy-fetch-error (http-header-too-large)"),
        (TransportFailure::BodyTooLarge, "sts-policy-fetch-error (policy-too-large)"),
        (TransportFailure::BodyIncomplete, "sts-policy-fetch-error (http-body-incomplete)"),
    ] {
        let mut sender = Sender::new();
        let attempt = sender.deliver(0, &id("1"), &Err(failure));
        assert_eq!(attempt.report(), shown);
        assert_eq!(attempt.mode(), "-");
    }
    for (body, shown) in [
        ("", "sts-policy-invalid (policy-missing-field)"),
        ("<html>", "sts-policy-invalid (policy-syntax)"),
        ("version: STSv2\n", "sts-policy-invalid (policy-version)"),
        ("mode: on\n", "sts-policy-invalid (policy-mode)"),
        ("max_age: 1d\n", "sts-policy-invalid (policy-max-age)"),
        ("mx: a_b.example\n", "sts-policy-invalid (policy-mx)"),
    ] {
        assert_eq!(Sender::new().deliver(0, &id("1"), &ok(body)).report(), shown);
    }
}

#[test]
fn fet_8_an_id_that_changes_all_the_time_causes_few_fetches() {
    let mut sender = Sender::new();
    sender.config = sender.config.with_rate(FetchRate::new(3, 6));
    let mut fetched_at = Vec::new();
    for now in 0..7_200 {
        let attempt = sender.deliver(now, &id(&format!("churn{now}")), &NO_CONNECTION);
        if attempt.fetches > 0 {
            fetched_at.push(now);
        } else {
            assert_eq!(attempt.report(), "sts-policy-fetch-error (fetch-rate-limited)");
            let DiscoveryFailure::RateLimited { until } = attempt.failure() else {
                panic!("{:?}", attempt.failure());
            };
            assert_eq!(until.as_secs() % 600, 0);
            assert!((now + 1..=now + 600).contains(&until.as_secs()));
        }
    }
    assert_eq!(fetched_at[..6], [0, 1, 2, 600, 1_200, 1_800]);
    assert_eq!(fetched_at.len(), 3 + 11);
}

#[test]
fn fet_8_the_rate_is_bounded_whatever_is_asked_for() {
    for (rate, fetches) in [(FetchRate::new(0, 0), 1), (FetchRate::new(u32::MAX, 1), 3_600)] {
        let mut sender = Sender::new();
        sender.config = sender.config.with_rate(rate);
        let made: usize = (0..4_000_u32)
            .map(|n| sender.deliver(1_000, &id(&n.to_string()), &NO_CONNECTION).fetches)
            .sum();
        assert_eq!(made, fetches);
    }
}

#[test]
fn fet_8_a_clock_that_runs_backwards_neither_locks_nor_opens() {
    let mut sender = Sender::new();
    for n in 0..10 {
        assert_eq!(sender.deliver(10 * DAY, &id(&n.to_string()), &NO_CONNECTION).fetches, 1);
    }
    assert_eq!(sender.deliver(10 * DAY, &id("x"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.deliver(DAY, &id("y"), &NO_CONNECTION).fetches, 0, "still empty");
    assert_eq!(sender.deliver(DAY + 359, &id("y"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.deliver(DAY + 360, &id("y"), &NO_CONNECTION).fetches, 1);
    assert_eq!(sender.deliver(DAY + 360, &id("z"), &NO_CONNECTION).fetches, 0);
}
