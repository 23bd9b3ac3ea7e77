//! Fetches of policies over real sockets (FET-1, FET-2, FET-4, FET-6, FET-7).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/raw_tls.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest")]
mod raw_tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mta_sts::client::https::{HttpsClient, Roots, StageLimits};
use mta_sts::client::{
    AddressLookup, BoxFuture, Connect, Dialer, FetchError, Fetched, Lookup, PolicyFetch as _,
    Response, TlsProtocol,
};
use mta_sts::guard::Guard;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::fetch::{FetchLimits, PolicyRequest, TransportFailure};
use mta_sts::txt::DnsFailure;
use mta_sts::verifier::Verification;
use raw_tls::{Ca, Event, Identity, Server, Step, self_signed};
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio::time::Instant;

const HOST: &str = "mta-sts.example.com";
const BODY: &str = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";

/// A response header of status 200 with this field.
fn header(field: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{field}\r\n")
}

fn ok() -> String {
    header(&format!("Content-Length: {}\r\n", BODY.len())) + BODY
}

async fn fetch_within(client: &HttpsClient, limits: FetchLimits) -> Fetched {
    let domain = PolicyDomain::from_next_hop("example.com").unwrap();
    client.fetch(PolicyRequest::new(&domain, limits)).await
}

async fn fetch(client: &HttpsClient) -> Fetched {
    fetch_within(client, FetchLimits::default()).await
}

/// Fetches from a server with a valid certificate that reads the request and does this.
async fn fetch_from(steps: impl IntoIterator<Item = Step>) -> Fetched {
    fetch_from_within(FetchLimits::default(), steps).await
}

async fn fetch_from_within(limits: FetchLimits, steps: impl IntoIterator<Item = Step>) -> Fetched {
    let ca = Ca::new("CA");
    let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
    let steps = [Step::ReadHeader].into_iter().chain(steps).collect();
    let server = Server::tls(config, steps).await;
    fetch_within(&server.client([ca.anchor()]), limits).await
}

fn a_second() -> FetchLimits {
    FetchLimits::default().with_time(Duration::from_secs(1)).unwrap()
}

/// The end may overtake what came before it, the header too.
#[track_caller]
fn broken(fetch: &Fetched) {
    let failure = fetch.result().unwrap_err();
    let ends = [TransportFailure::BodyIncomplete, TransportFailure::Connection];
    assert!(ends.iter().any(|end| failure == FetchError::Failed(*end)), "{failure:?}");
}

#[track_caller]
fn failed(fetched: &Fetched, expected: TransportFailure, report: &str) {
    match fetched.result() {
        Err(FetchError::Failed(failure)) => {
            assert_eq!(failure, expected);
            assert_eq!(failure.failure().to_string(), report);
        }
        other => panic!("expected {expected:?}, found {other:?}"),
    }
}

/// A failure of TLS, which has no name but in reports.
#[track_caller]
fn failed_tls(fetched: &Fetched, report: &str) {
    match fetched.result() {
        Err(FetchError::Failed(failure @ TransportFailure::Tls(_))) => {
            assert_eq!(failure.failure().to_string(), report);
        }
        other => panic!("expected a failure of TLS, {report}, found {other:?}"),
    }
}

#[track_caller]
fn fetched(fetched: &Fetched) -> &Response {
    fetched.result().unwrap_or_else(|error| panic!("not fetched: {error:?}"))
}

#[track_caller]
fn is_policy(fetch: &Fetched) {
    let domain = PolicyDomain::from_next_hop("example.com").unwrap();
    let request = PolicyRequest::new(&domain, FetchLimits::default());
    request.judge(&fetched(fetch).as_policy_response()).unwrap();
}

/// What the judgement of a response says for a report.
#[track_caller]
fn judged(fetch: &Fetched) -> String {
    let domain = PolicyDomain::from_next_hop("example.com").unwrap();
    let request = PolicyRequest::new(&domain, FetchLimits::default());
    let error = request.judge(&fetched(fetch).as_policy_response()).unwrap_err();
    error.failure().to_string()
}

#[tokio::test]
async fn fet_1_what_is_asked_and_of_whom() {
    let ca = Ca::new("CA");
    let mut config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut server = Server::tls(config, vec![Step::ReadHeader, Step::write(&ok())]).await;
    let client = server.client([ca.anchor()]).with_user_agent("tester/1 (us@example.net)").unwrap();
    let fetch = fetch(&client).await;
    is_policy(&fetch);
    let alpn = Some(b"http/1.1".to_vec());
    assert_eq!(server.event().await, Event::Handshake(Some(HOST.into()), alpn));
    assert_eq!(
        server.event().await,
        Event::Read(
            "GET /.well-known/mta-sts.txt HTTP/1.1\r\n\
             host: mta-sts.example.com\r\n\
             accept: text/plain\r\n\
             accept-encoding: identity\r\n\
             user-agent: tester/1 (us@example.net)\r\n\
             connection: close\r\n\r\n"
                .into()
        )
    );
    assert_eq!(server.event().await, Event::ClosedByClient);

    let evidence = fetch.evidence();
    assert_eq!(evidence.address(), Some("192.0.2.1:443".parse().unwrap()));
    assert_eq!(evidence.version(), Some(TlsProtocol::Tls13));
    assert_eq!(evidence.chain().len(), 1);
    assert_eq!(evidence.certificate_failure(), None);
}

#[tokio::test]
async fn fet_1_tls_1_2_will_do() {
    for (version, expected) in [(&TLS12, TlsProtocol::Tls12), (&TLS13, TlsProtocol::Tls13)] {
        let ca = Ca::new("CA");
        let config = ca.issue("*.example.com", 2999).config(&[version]);
        let server = Server::tls(config, vec![Step::ReadHeader, Step::write(&ok())]).await;
        let fetch = fetch(&server.client([ca.anchor()])).await;
        is_policy(&fetch);
        assert_eq!(fetch.evidence().version(), Some(expected));
    }
}

#[tokio::test]
async fn fet_4_bodies_however_they_are_delimited() {
    let chunked = header("Transfer-Encoding: chunked\r\n");
    let close = header("");
    for steps in [
        vec![Step::write(&ok())],
        vec![
            Step::write(&chunked),
            Step::write(&format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len())),
        ],
        vec![
            Step::write(&chunked),
            Step::write(&format!("{:X};a=b\r\n{BODY}\r\n0\r\nTrailer: x\r\n\r\n", BODY.len())),
        ],
        vec![Step::write(&close), Step::write(BODY), Step::Close],
        vec![Step::write(&ok().replace("1.1", "1.0")), Step::Cut],
        vec![Step::write(&ok()), Step::Cut],
        // More than was announced is not looked at.
        vec![Step::write(&ok()), Step::write("mx: *.attacker.example\n"), Step::Close],
    ] {
        let fetch = fetch_from(steps.clone()).await;
        is_policy(&fetch);
        assert_eq!(fetched(&fetch).body(), BODY.as_bytes(), "{steps:?}");
    }
}

#[tokio::test]
async fn fet_4_a_body_that_ends_too_early() {
    let cut_short = |fetch: &Fetched, end: &Step| match end {
        Step::Reset => broken(fetch),
        _ => failed(
            fetch,
            TransportFailure::BodyIncomplete,
            "sts-policy-fetch-error (http-body-incomplete)",
        ),
    };
    let long = header(&format!("Content-Length: {}\r\n", BODY.len() + 1));
    let chunked = header("Transfer-Encoding: chunked\r\n");
    for end in [Step::Close, Step::Cut, Step::Reset] {
        for start in [
            format!("{long}{BODY}"),
            format!("{chunked}{:x}\r\n{BODY}\r\n", BODY.len()),
            format!("{chunked}ff\r\n{BODY}"),
            format!("{chunked}ff"),
        ] {
            let fetch = fetch_from([Step::write(&start), end.clone()]).await;
            cut_short(&fetch, &end);
        }
    }
    // Nobody but TLS can say that this is all.
    for end in [Step::Cut, Step::Reset] {
        let start = Step::write(&format!("{}{BODY}", header("")));
        let fetch = fetch_from([start, end.clone()]).await;
        cut_short(&fetch, &end);
    }
}

#[tokio::test]
async fn fet_4_a_content_length_that_is_too_small_cuts_the_policy() {
    let body = &BODY[..BODY.len() - 10];
    let short = header(&format!("Content-Length: {}\r\n", body.len())) + BODY;
    let fetch = fetch_from([Step::write(&short), Step::Close]).await;
    assert_eq!(fetched(&fetch).body(), body.as_bytes());
}

#[tokio::test]
async fn fet_4_chunks_that_are_none() {
    let chunked = header("Transfer-Encoding: chunked\r\n");
    for chunk in ["version: STSv1\n", "5\r\nversion", "-1\r\n", "fffffffffffffffff\r\n"] {
        let fetch = fetch_from([Step::write(&chunked), Step::write(chunk)]).await;
        let report = "sts-policy-fetch-error (http-protocol)";
        failed(&fetch, TransportFailure::Protocol, report);
    }
}

#[tokio::test]
async fn fet_4_the_body_is_bounded_while_it_is_read() {
    let too_large = "sts-policy-fetch-error (policy-too-large)";
    let limits = FetchLimits::default().with_body(1_000).unwrap();
    for (octets, fits) in [(1_000, true), (1_001, false)] {
        let body = "x".repeat(octets);
        for response in [
            header(&format!("Content-Length: {octets}\r\n")) + &body,
            header("") + &body,
            format!(
                "{}{octets:x}\r\n{body}\r\n0\r\n\r\n",
                header("Transfer-Encoding: chunked\r\n")
            ),
        ] {
            let fetch = fetch_from_within(limits, [Step::write(&response), Step::Close]).await;
            match fits {
                true => assert_eq!(fetched(&fetch).body().len(), octets),
                false => failed(&fetch, TransportFailure::BodyTooLarge, too_large),
            }
        }
    }
}

#[tokio::test]
async fn fet_4_endless_bodies_end() {
    let too_large = "sts-policy-fetch-error (policy-too-large)";
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for (field, endless) in [
        ("", "x".repeat(10_000)),
        ("Transfer-Encoding: chunked\r\n", chunk),
        ("Content-Length: 18446744073709551613\r\n", "x".repeat(10_000)),
    ] {
        let steps = [Step::write(&header(field)), Step::Forever(endless.into())];
        failed(&fetch_from(steps).await, TransportFailure::BodyTooLarge, too_large);
    }
    // Announced and never sent.
    let fetch = fetch_from([Step::write(&header("Content-Length: 65537\r\n"))]).await;
    failed(&fetch, TransportFailure::BodyTooLarge, too_large);
}

#[tokio::test]
async fn fet_4_the_header_is_bounded_to_the_octet() {
    let limits = FetchLimits::default().with_header(10_000).unwrap();
    for (octets, fits) in [(10_000, true), (10_001, false)] {
        let header = header(&format!("Content-Length: {}\r\nX: \r\n", BODY.len()));
        let filling = format!("X: {}", "x".repeat(octets - header.len()));
        let response = header.replace("X: ", &filling) + BODY;
        for steps in [
            vec![Step::write(&response)],
            vec![Step::write(&response[..9_990]), Step::write(&response[9_990..])],
        ] {
            let fetch = fetch_from_within(limits, steps).await;
            match fits {
                true => is_policy(&fetch),
                false => {
                    let report = "sts-policy-fetch-error (http-header-too-large)";
                    failed(&fetch, TransportFailure::HeaderTooLarge, report);
                }
            }
        }
    }
}

#[tokio::test]
async fn fet_4_endless_headers_end() {
    let report = "sts-policy-fetch-error (http-header-too-large)";
    let start = Step::write("HTTP/1.1 200 OK\r\nX: ");
    for endless in ["x", "x\r\nX: x"] {
        let steps = [start.clone(), Step::Forever(endless.repeat(1_000).into())];
        failed(&fetch_from(steps).await, TransportFailure::HeaderTooLarge, report);
    }
    for (fields, fits) in [(98, true), (99, false), (200, false)] {
        let fields = "X: x\r\n".repeat(fields) + &format!("Content-Length: {}\r\n", BODY.len());
        let fetch = fetch_from([Step::write(&(header(&fields) + BODY))]).await;
        match fits {
            true => is_policy(&fetch),
            false => failed(&fetch, TransportFailure::HeaderTooLarge, report),
        }
    }
    let limits = FetchLimits::default().with_header(1 << 20).unwrap();
    let large =
        header(&format!("Content-Length: {}\r\nX: {}\r\n", BODY.len(), "x".repeat(900_000)));
    is_policy(&fetch_from_within(limits, [Step::write(&large), Step::write(BODY)]).await);
}

#[tokio::test]
async fn fet_4_slow_servers_are_left() {
    let timeout = "sts-policy-fetch-error (timeout)";
    let body = header("Content-Length: 60000\r\n");
    let chunks = header("Transfer-Encoding: chunked\r\n");
    for steps in [
        vec![Step::Drip(ok().into())],
        vec![Step::Drip("HTTP/1.1 103 Early Hints\r\n".repeat(100).into())],
        vec![Step::write(&body), Step::Drip("x".repeat(60_000).into())],
        vec![Step::write(&chunks), Step::Drip("1\r\nx\r\n".repeat(10_000).into())],
        vec![Step::write(&header("")), Step::Drip("x".repeat(60_000).into())],
        vec![],
    ] {
        let fetch = fetch_from_within(a_second(), steps).await;
        failed(&fetch, TransportFailure::Timeout, timeout);
        assert_eq!(fetch.evidence().chain().len(), 1, "what was seen is kept");
    }
    let server = Server::tcp(vec![]).await;
    let fetch = fetch_within(&server.client([]), a_second()).await;
    failed(&fetch, TransportFailure::Timeout, timeout);
    assert!(fetch.evidence().address().is_some());
}

#[tokio::test]
async fn fet_4_each_stage_has_its_time() {
    let second = Duration::from_secs(1);
    let timeout = "sts-policy-fetch-error (timeout)";

    let silent = Server::tcp(vec![]).await;
    let stages = StageLimits::default().with_handshake(second).unwrap();
    let fetch = fetch(&silent.client([]).with_stage_limits(stages)).await;
    failed(&fetch, TransportFailure::Timeout, timeout);

    let ca = Ca::new("CA");
    let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
    let silent = Server::tls(config, vec![]).await;
    let stages = StageLimits::default().with_header(second).unwrap();
    let client = silent.client([ca.anchor()]).with_stage_limits(stages);
    failed(
        &fetch_within(&client, FetchLimits::default()).await,
        TransportFailure::Timeout,
        timeout,
    );

    assert!(StageLimits::default().with_handshake(Duration::ZERO).is_err());
    let error = StageLimits::default().with_header(Duration::from_secs(601)).unwrap_err();
    assert_eq!(error.to_string(), "expected 1 to 600 seconds");
}

#[tokio::test]
async fn fet_2_no_redirect_is_followed() {
    for status in 300..=399 {
        let response = format!(
            "HTTP/1.1 {status} X\r\nLocation: https://mta-sts.example.com/other\r\n\
             Content-Length: 9999999\r\n\r\n"
        );
        let fetch = fetch_from([Step::write(&response)]).await;
        assert_eq!(fetched(&fetch).status(), status);
        assert_eq!(judged(&fetch), "sts-policy-fetch-error (http-redirect)");
    }
}

#[tokio::test]
async fn fet_2_other_statuses_do_not_count_and_their_bodies_are_not_read() {
    for status in [101, 201, 204, 206, 226, 400, 404, 410, 429, 500, 503, 599, 600, 999] {
        let response = format!("HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\n\r\n{BODY}");
        let fetch = fetch_from([Step::write(&response), Step::Forever(b"x".to_vec())]).await;
        assert_eq!(fetched(&fetch).status(), status);
        assert_eq!(fetched(&fetch).body(), b"");
        assert_eq!(judged(&fetch), "sts-policy-fetch-error (http-status)");
    }
}

#[tokio::test]
async fn fet_2_what_is_encoded_is_left_encoded() {
    for coding in ["gzip", "br", "deflate, identity", "nonsense"] {
        let header = header(&format!("Content-Encoding: {coding}\r\nContent-Length: 9\r\n"));
        let fetch = fetch_from([Step::write(&header), Step::write("\x1f")]).await;
        assert_eq!(judged(&fetch), "sts-policy-fetch-error (http-content-encoding)");
    }
}

#[tokio::test]
async fn fet_3_media_types_are_told_before_the_size() {
    for media_type in ["text/html; charset=utf-8", "application/octet-stream", ""] {
        let header = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n\r\n");
        let fetch = fetch_from([Step::write(&header), Step::Forever(b"<p>".repeat(1_000))]).await;
        assert_eq!(judged(&fetch), "sts-policy-fetch-error (http-media-type)");
    }
}

#[tokio::test]
async fn fet_4_interim_responses_are_skipped_and_counted() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n";
    let protocol = "sts-policy-fetch-error (http-protocol)";
    is_policy(&fetch_from([Step::write(&(interim.repeat(10) + &ok()))]).await);
    is_policy(
        &fetch_from([Step::write("HTTP/1.1 100 Continue\r\n\r\n"), Step::write(&ok())]).await,
    );
    let fetch = fetch_from([Step::write(&(interim.repeat(11) + &ok()))]).await;
    failed(&fetch, TransportFailure::Protocol, protocol);
    let fetch = fetch_from([Step::write(&interim.repeat(11))]).await;
    failed(&fetch, TransportFailure::Protocol, protocol);
    let fetch = fetch_from([Step::Forever(interim.repeat(100).into())]).await;
    failed(&fetch, TransportFailure::Protocol, protocol);
}

#[tokio::test]
async fn fet_6_what_is_not_http() {
    for response in [
        "220 mail.example.com ESMTP\r\n",
        BODY,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ] {
        let fetch = fetch_from([Step::write(response)]).await;
        let report = "sts-policy-fetch-error (http-protocol)";
        failed(&fetch, TransportFailure::Protocol, report);
    }
}

#[tokio::test]
async fn fet_6_what_is_not_tls() {
    for banner in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.9\r\n"] {
        let server = Server::tcp(vec![Step::write(banner)]).await;
        let fetch = fetch(&server.client([])).await;
        failed_tls(&fetch, "sts-policy-fetch-error (tls-handshake)");
    }
}

#[tokio::test]
async fn fet_6_connections_that_break() {
    let report = "sts-policy-fetch-error (connection-failed)";
    for end in [Step::Cut, Step::Reset] {
        let mut hello = vec![Step::Read(5), end.clone()];
        for steps in [vec![end.clone()], core::mem::take(&mut hello)] {
            let server = Server::tcp(steps).await;
            failed(&fetch(&server.client([])).await, TransportFailure::Connection, report);
        }
    }
    for end in [Step::Close, Step::Cut, Step::Reset] {
        let ca = Ca::new("CA");
        let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
        let server = Server::tls(config, vec![end.clone()]).await;
        let after_handshake = fetch(&server.client([ca.anchor()])).await;
        failed(&after_handshake, TransportFailure::Connection, report);
        for header in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"] {
            let fetch = fetch_from([Step::write(header), end.clone()]).await;
            failed(&fetch, TransportFailure::Connection, report);
        }
    }
}

#[tokio::test]
async fn fet_6_records_that_are_none_of_the_servers() {
    let forged = [&[23, 3, 3, 0, 32][..], &[7; 32]].concat();
    let fetch = fetch_from([Step::PastTls(forged.clone())]).await;
    let report = "sts-policy-fetch-error (connection-failed)";
    failed(&fetch, TransportFailure::Connection, report);
    let start = Step::write(&format!("{}{BODY}", header("")));
    broken(&fetch_from([start, Step::PastTls(forged)]).await);
}

async fn fetch_with_certificate(identity: Identity, trusted: &Ca) -> Fetched {
    let config = identity.config(rustls::ALL_VERSIONS);
    let server = Server::tls(config, vec![Step::ReadHeader, Step::write(&ok())]).await;
    fetch(&server.client([trusted.anchor()])).await
}

#[tokio::test]
async fn fet_6_certificates_that_are_not_valid() {
    let (ca, other) = (Ca::new("CA"), Ca::new("other CA"));
    for (identity, causes, report) in [
        (ca.issue(HOST, 2020), 1, "certificate-expired"),
        (ca.issue("www.example.com", 2999), 1, "certificate-host-mismatch"),
        (ca.issue("example.com", 2999), 1, "certificate-host-mismatch"),
        (ca.issue("*.mta-sts.example.com", 2999), 1, "certificate-host-mismatch"),
        (self_signed(HOST, 2999), 1, "certificate-self-signed"),
        (other.issue(HOST, 2999), 1, "certificate-unknown-issuer"),
        (other.issue(HOST, 2020), 2, "certificate-expired"),
        (ca.issue("www.example.com", 2020), 2, "certificate-expired"),
        (other.issue("www.example.com", 2999), 2, "certificate-host-mismatch"),
    ] {
        let fetch = fetch_with_certificate(identity, &ca).await;
        failed_tls(&fetch, &format!("sts-webpki-invalid ({report})"));
        let evidence = fetch.evidence();
        assert_eq!(evidence.chain().len(), 1);
        assert_eq!(evidence.version(), None);
        let found = evidence.certificate_failure().unwrap();
        assert_eq!(found.causes().len(), causes, "{found}");
    }
}

#[tokio::test]
async fn fet_1_versions_before_tls_1_2_are_refused() {
    // A ServerHello of TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA, and the alert by which a
    // server of TLS 1.1 may answer to a ClientHello of 1.2.
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let alert = vec![21, 3, 2, 0, 2, 2, 70];
    for answer in [hello, alert] {
        let server = Server::tcp(vec![Step::Write(answer)]).await;
        let fetch = fetch(&server.client([])).await;
        failed_tls(&fetch, "sts-policy-fetch-error (tls-version)");
    }
}

#[tokio::test]
async fn fet_6_alerts_of_the_server() {
    for (alert, report) in [
        (40, "tls-no-common-parameters"),
        (112, "tls-unrecognized-name"),
        (80, "tls-alert"),
        (120, "tls-alert"),
        // Of its own certificate a server knows nothing new.
        (45, "tls-alert"),
    ] {
        let server = Server::tcp(vec![Step::Write(vec![21, 3, 3, 0, 2, 2, alert])]).await;
        let fetch = fetch(&server.client([])).await;
        failed_tls(&fetch, &format!("sts-policy-fetch-error ({report})"));
    }
}

#[tokio::test]
async fn fet_6_a_server_that_demands_a_certificate_of_us() {
    let ca = Ca::new("CA");
    let config = ca.issue(HOST, 2999).config_for_clients_of(&ca);
    let server = Server::tls(config, vec![Step::ReadHeader, Step::write(&ok())]).await;
    let fetch = fetch(&server.client([ca.anchor()])).await;
    failed_tls(&fetch, "sts-policy-fetch-error (tls-alert)");
}

#[tokio::test]
async fn fet_4_who_drops_a_fetch_closes_its_connection() {
    let ca = Ca::new("CA");
    for steps in [vec![], vec![Step::write(&header("Content-Length: 10\r\n"))]] {
        let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
        let steps = [Step::ReadHeader].into_iter().chain(steps).collect();
        let mut server = Server::tls(config, steps).await;
        let client = server.client([ca.anchor()]);
        tokio::select! {
            fetch = fetch(&client) => panic!("fetched: {fetch:?}"),
            () = async {
                assert!(matches!(server.event().await, Event::Handshake(..)));
                assert!(matches!(server.event().await, Event::Read(_)));
            } => {}
        }
        assert_eq!(server.event().await, Event::ClosedByClient);
    }
}

/// DNS that answers this.
struct Dns(Result<Vec<IpAddr>, DnsFailure>);

impl AddressLookup for Dns {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        Box::pin(async { self.0.clone().map(Lookup::found) })
    }
}

#[tokio::test]
async fn fet_6_hosts_that_are_not_reached() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = vec![IpAddr::from([192, 0, 2, 1])];
    for (dns, expected, report) in [
        (Err(DnsFailure::ServFail), TransportFailure::Dns(DnsFailure::ServFail), "dns-servfail"),
        (Err(DnsFailure::Timeout), TransportFailure::Dns(DnsFailure::Timeout), "dns-timeout"),
        (Ok(vec![]), TransportFailure::HostNotFound, "host-not-found"),
        (Ok(address), TransportFailure::Connection, "connection-failed"),
    ] {
        let dialer = Dialer::new(Arc::new(Dns(dns)))
            .with_guard(Guard::default().permit("192.0.2.0/24".parse().unwrap()))
            .with_connector(Arc::new(raw_tls::To(free)));
        let verification = Verification::new(raw_tls::provider(), Roots::mozilla());
        let client = HttpsClient::new(dialer, verification).unwrap();
        let fetch = fetch(&client).await;
        failed(&fetch, expected, &format!("sts-policy-fetch-error ({report})"));
    }
}

/// DNS that never answers.
struct Silence;

impl AddressLookup for Silence {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        Box::pin(std::future::pending())
    }
}

impl Connect for Silence {
    fn connect<'a>(
        &'a self,
        _: &'a str,
        _: SocketAddr,
    ) -> BoxFuture<'a, std::io::Result<TcpStream>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn fet_4_the_time_begins_with_the_look_up() {
    let address = Arc::new(Dns(Ok(vec![IpAddr::from([192, 0, 2, 1])])));
    let slow_dns = Dialer::new(Arc::new(Silence));
    let slow_host = Dialer::new(address).with_connector(Arc::new(Silence));
    for (dialer, expected, report) in [
        (slow_dns, TransportFailure::Dns(DnsFailure::Timeout), "dns-timeout"),
        (slow_host, TransportFailure::Timeout, "timeout"),
    ] {
        let guard = Guard::default().permit("192.0.2.0/24".parse().unwrap());
        let verification = Verification::new(raw_tls::provider(), []);
        let client = HttpsClient::new(dialer.with_guard(guard), verification).unwrap();
        let begin = Instant::now();
        let fetch = fetch_within(&client, a_second()).await;
        failed(&fetch, expected, &format!("sts-policy-fetch-error ({report})"));
        assert_eq!(begin.elapsed().as_secs(), 1);
    }
}

#[tokio::test]
async fn fet_7_hosts_at_addresses_that_are_not_permitted_are_not_connected_to() {
    let ca = Ca::new("CA");
    let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
    let server = Server::tls(config, vec![Step::ReadHeader, Step::write(&ok())]).await;
    // Documentation (192.0.2.0/24) is no place to connect to, unless somebody says so.
    let fetched = fetch(&server.client_with(Guard::default(), [ca.anchor()])).await;
    let report = "sts-policy-fetch-error (address-not-permitted)";
    failed(&fetched, TransportFailure::AddressNotPermitted, report);
    assert_eq!(fetched.evidence().address(), None);

    let host = mta_sts::DomainName::parse(HOST).unwrap();
    let permitting = Guard::default().permit_host(&host);
    is_policy(&fetch(&server.client_with(permitting, [ca.anchor()])).await);
}

#[test]
fn roots_of_files_and_of_the_build() {
    let ca = Ca::new("CA");
    let unreadable = vec![1, 2, 3].into();
    let roots = Roots::certificates([ca.certificate(), unreadable]).unwrap();
    assert_eq!(roots.anchors().len(), 1);
    assert_eq!(roots.unusable().count(), 1);
    let error = Roots::certificates([vec![].into()]).unwrap_err();
    assert_eq!(error.to_string(), "expected trusted roots, found none (unusable: 1)");
    assert!(Roots::mozilla().anchors().len() > 100);
    // Not every machine has some; but there is no store of none.
    assert!(
        Roots::platform().is_ok_and(|roots| !roots.anchors().is_empty())
            || Roots::platform().is_err()
    );
}

#[test]
fn user_agents_that_are_none() {
    let dialer = Dialer::new(Arc::new(Dns(Ok(vec![]))));
    let verification = Verification::new(raw_tls::provider(), []);
    let client = HttpsClient::new(dialer, verification).unwrap();
    for text in ["", "  ", "a\r\nHost: b", "a\tb", "\u{e9}"] {
        assert!(client.clone().with_user_agent(text).is_err(), "{text:?}");
    }
    let error = client.with_user_agent("a\nb").unwrap_err();
    assert_eq!(error.to_string(), "expected printable ASCII characters, found `a\\nb`");
}
