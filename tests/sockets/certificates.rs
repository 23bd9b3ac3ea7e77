//! FET-1, FET-6: the TLS of a policy host, and its certificate.

use crate::setup::Sender;
use crate::world::{Certificate, Domain, ENFORCE, Https, Step};

#[tokio::test]
async fn fet_1_names_of_the_request() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    let host = domain.policy_host();
    // The server goes by SNI: it has known the host.
    let asked = sender.world.https().asked(&host);
    assert_eq!((asked.handshakes, asked.requests), (1, 1));
    let request = asked.last_request.to_ascii_lowercase();
    assert!(request.starts_with("get /.well-known/mta-sts.txt http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nhost: {host}\r\n")), "{request}");
    assert!(request.contains("\r\naccept-encoding: identity\r\n"), "{request}");
    let ports: Vec<_> =
        sender.world.network().attempts_for(&host).iter().map(|a| a.port()).collect();
    assert_eq!(ports, [443]);
}

fn showing(certificate: Certificate) -> Https {
    Https::policy(ENFORCE).with_certificate(certificate)
}

#[tokio::test]
async fn fet_1_a_wildcard_stands_for_one_label() {
    let sender = Sender::new().await;
    sender.https_fetches(showing(Certificate::Wildcard)).await;
    sender.https_fetches(showing(Certificate::ExpiresSoon)).await;
    for name in ["*.example", "*.provider.example", "provider.example"] {
        let failure = "sts-webpki-invalid (certificate-host-mismatch)";
        sender.https_fails(showing(Certificate::For(name.to_owned())), failure).await;
    }
}

#[tokio::test]
async fn fet_6_certificates_that_are_not_valid() {
    let sender = Sender::new().await;
    for (certificate, reason) in [
        (Certificate::Expired, "certificate-expired"),
        (Certificate::NotYetValid, "certificate-not-yet-valid"),
        (Certificate::SelfSigned, "certificate-self-signed"),
        (Certificate::UnknownIssuer, "certificate-unknown-issuer"),
        // The first of expired, host mismatch, not trusted (SND-4).
        (Certificate::ExpiredAndUnknownIssuer, "certificate-expired"),
    ] {
        let failure = format!("sts-webpki-invalid ({reason})");
        sender.https_fails(showing(certificate), &failure).await;
    }
}

/// The domain's own name is not that of its policy host.
#[tokio::test]
async fn fet_1_the_identity_is_the_policy_host() {
    let sender = Sender::new().await;
    let failure = "sts-webpki-invalid (certificate-host-mismatch)";
    let spoil = |domain: &Domain<'_>| {
        domain.https(showing(Certificate::For(domain.name().to_owned())));
    };
    sender.fails(spoil, failure).await;
}

#[tokio::test]
async fn fet_1_tls_1_1_is_too_old() {
    let sender = Sender::new().await;
    let failure = "sts-policy-fetch-error (tls-version)";
    sender.https_fails(Https::tls_1_1(), failure).await;
    // A server can say so by an alert too: protocol_version.
    let alert = Https::instead_of_handshake([Step::Send(vec![21, 3, 2, 0, 2, 2, 70])]);
    sender.https_fails(alert, failure).await;
}

#[tokio::test]
async fn fet_6_handshakes_that_fail_are_told_apart() {
    let sender = Sender::new().await;
    let failure = "sts-policy-fetch-error (tls-unrecognized-name)";
    sender.https_fails(Https::unrecognized_name(), failure).await;
    let plain = Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let plain = Https::instead_of_handshake([plain]);
    let failure = "sts-policy-fetch-error (tls-handshake)";
    sender.https_fails(plain, failure).await;
}
