//! Postfix as MX, and what the probe finds.

use mta_sts::client::{EhloName, MxProbe as _, Probed, Prober, TlsProtocol};
use mta_sts::failure::ReasonCode::{
    CertificateExpired, CertificateHostMismatch, CertificateSelfSigned, CertificateUnknownIssuer,
};
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};

use crate::certificates::{Authority, Shown};
use crate::network::{Hosts, verification};
use crate::postfix::{Host, Postfix};
use crate::unbound::Unbound;

const OFFERED: &[&str] = &["smtpd_tls_security_level=may"];

const fn host(name: &'static str, shown: Shown, options: &'static [&'static str]) -> Host {
    Host { name, shown, options }
}

/// Probes each host of a Postfix, in their order.
async fn probe<const N: usize>(hosts: [Host; N]) -> [Probed; N] {
    let authority = Authority::new();
    let postfix = Postfix::start(&authority, &hosts);
    let names = hosts.each_ref().map(|host| host.name);
    let unbound = Unbound::start(&names.map(|name| format!("{name}. A 127.0.0.1\n")).concat());
    let mapped = (0..N)
        .fold(Hosts::default(), |mapped, number| mapped.with(names[number], postfix.port(number)));
    let name = "client.example".parse::<EhloName>().unwrap();
    let prober = Prober::new(mapped.dialer(&unbound), verification(&authority), name);
    let mut probed = Vec::new();
    for name in names {
        probed.push(prober.probe(name).await);
    }
    probed.try_into().unwrap()
}

const fn established(certificate: Checked) -> TlsOutcome {
    TlsOutcome::Established(Session::new(TlsVersion::Tls12OrLater).with_webpki(certificate))
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn snd_4_certificates_of_postfix() {
    let [valid, wildcard, expired, other, own, unknown] = probe([
        host("mx.valid.example", Shown::Valid, OFFERED),
        host("mx.wildcard.example", Shown::Wildcard, OFFERED),
        host("mx.expired.example", Shown::Expired, OFFERED),
        host("mx.other.example", Shown::OtherName, OFFERED),
        host("mx.self.example", Shown::SelfSigned, OFFERED),
        host("mx.unknown.example", Shown::UnknownIssuer, OFFERED),
    ])
    .await;
    assert_eq!(valid.outcome(), established(Checked::Valid));
    assert_eq!(wildcard.outcome(), established(Checked::Valid));
    assert_eq!(valid.evidence().version(), Some(TlsProtocol::Tls13));
    assert_eq!(valid.evidence().chain().len(), 1);
    assert!(valid.greeting().unwrap().contains("mx.valid.example ESMTP Postfix"));
    assert!(valid.extensions().iter().any(|line| line == "STARTTLS"));
    for (probed, kind, reason) in [
        (expired, ResultType::CertificateExpired, CertificateExpired),
        (other, ResultType::CertificateHostMismatch, CertificateHostMismatch),
        (own, ResultType::CertificateNotTrusted, CertificateSelfSigned),
        (unknown, ResultType::CertificateNotTrusted, CertificateUnknownIssuer),
    ] {
        let invalid = Checked::Invalid(Failure::new(kind, reason));
        assert_eq!(probed.outcome(), established(invalid));
        assert_eq!(probed.evidence().chain().len(), 1);
    }
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn snd_5_and_snd_6_postfix_without_starttls() {
    let [off, broken, rejecting, deferring] = probe([
        host("mx.off.example", Shown::Valid, &["smtpd_tls_security_level=none"]),
        // Offered, and then `454 4.7.0 TLS not available due to local problem`.
        host(
            "mx.broken.example",
            Shown::Valid,
            &["smtpd_tls_security_level=may", "smtpd_tls_CAfile=/nonexistent"],
        ),
        host(
            "mx.rejecting.example",
            Shown::Valid,
            &["smtpd_delay_reject=no", "smtpd_client_restrictions=reject"],
        ),
        host(
            "mx.deferring.example",
            Shown::Valid,
            &["smtpd_delay_reject=no", "smtpd_client_restrictions=defer"],
        ),
    ])
    .await;
    assert_eq!(off.outcome(), TlsOutcome::NotOffered);
    assert_eq!(broken.outcome(), TlsOutcome::StartTlsDeferred);
    assert_eq!(rejecting.outcome(), TlsOutcome::Unreachable);
    assert_eq!(deferring.outcome(), TlsOutcome::Deferred);
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn snd_4_versions_of_tls_that_postfix_speaks() {
    const MODERN: &[&str] = &["smtpd_tls_security_level=may", "smtpd_tls_protocols=TLSv1.2"];
    const OLD: &[&str] = &[
        "smtpd_tls_security_level=may",
        "smtpd_tls_protocols=<=TLSv1.1",
        "smtpd_tls_ciphers=medium",
        "tls_medium_cipherlist=DEFAULT:@SECLEVEL=0",
    ];
    let [modern, old] = probe([
        host("mx.tls12.example", Shown::Valid, MODERN),
        host("mx.tls11.example", Shown::Valid, OLD),
    ])
    .await;
    assert_eq!(modern.outcome(), established(Checked::Valid));
    assert_eq!(modern.evidence().version(), Some(TlsProtocol::Tls12));
    let TlsOutcome::HandshakeFailed(failure) = old.outcome() else { panic!("{old:?}") };
    assert_eq!(failure.reason_code(), ReasonCode::TlsVersion);
}
