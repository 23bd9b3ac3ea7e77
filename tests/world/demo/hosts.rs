//! Faults of the MX records and the MX hosts.

use super::super::{Answer, Certificate, Domain, Https, Smtp, Step};
use super::{Spoil, mx, policy};

pub(super) const DOMAINS: &[(&str, &str, Spoil)] = &[
    ("mx-servfail.example", "DNS gives no answer for the MX records.", |domain| {
        domain.world().dns().set_answer(domain.name(), Answer::ServFail);
    }),
    ("no-domain.example", "There is no such domain.", no_domain),
    ("no-mx.example", "There are no MX records; the domain takes mail itself.", no_mx),
    ("null-and-mx.example", "A null MX stands beside an MX record.", |domain| {
        domain.mx_records(&[(0, ""), (10, "mx.null-and-mx.example")]);
    }),
    ("bad-mx.example", "An MX record names no host.", |domain| {
        domain.mx_records(&[(10, "mx.bad-mx.example"), (20, "mail_backup.bad-mx.example")]);
    }),
    ("gone-mx.example", "An MX host has no address.", |domain| {
        second_mx(domain, None);
        domain.world().dns().remove("mx2.gone-mx.example");
    }),
    ("mx-host-servfail.example", "DNS gives no answer for an MX host.", |domain| {
        second_mx(domain, Some(Smtp::valid()));
        domain.world().dns().set_answer("mx2.mx-host-servfail.example", Answer::ServFail);
    }),
    ("unreachable.example", "Nothing listens at an MX host.", |domain| {
        second_mx(domain, Some(Smtp::valid()));
        for address in domain.world().dns().addresses("mx2.unreachable.example") {
            domain.world().network().cut((address, 25).into());
        }
    }),
    ("deferring.example", "The MX host defers all mail.", |domain| {
        mx(domain, Smtp::valid().greeting("421 4.3.2 not now"));
    }),
    ("plain-backup.example", "The backup MX offers no STARTTLS.", |domain| {
        second_mx(domain, Some(Smtp::without_starttls()));
    }),
    ("tls-later.example", "The MX host refuses STARTTLS for now.", |domain| {
        mx(domain, Smtp::valid().refusing("454 4.7.0 TLS is not available"));
    }),
    ("no-cipher.example", "The MX host ends every TLS handshake.", |domain| {
        mx(domain, Smtp::instead_of_handshake([Step::Send(HANDSHAKE_FAILURE.to_vec())]));
    }),
    ("mx-old-tls.example", "The MX host knows no TLS after 1.1.", |domain| {
        mx(domain, Smtp::tls_1_1());
    }),
    ("mx-not-yet-valid.example", "The MX host's certificate is not valid yet.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::NotYetValid));
    }),
    ("mx-self-signed.example", "The MX host's certificate is self-signed.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::SelfSigned));
    }),
    ("mx-unknown-issuer.example", "Nobody knows the CA of the MX host.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::UnknownIssuer));
    }),
    ("mx-client-certificate.example", "The MX host's certificate is one for clients.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::ForClients));
    }),
    ("mx-expires-soon.example", "The MX host's certificate is about to expire.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::ExpiresSoon));
    }),
];

/// A fatal alert of TLS (RFC 8446 §6): handshake_failure, 40.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// A second host in MX records and policy, which does this.
fn second_mx(domain: &Domain<'_>, smtp: Option<Smtp>) {
    let (first, second) = (format!("mx.{}", domain.name()), format!("mx2.{}", domain.name()));
    if let Some(smtp) = smtp {
        domain.world().mx_host(&second, smtp);
    }
    domain.mx_records(&[(10, &first), (20, &second)]);
    policy(domain, "enforce", 604_800, &format!("mx: {second}\r\n"));
}

fn no_domain(domain: &Domain<'_>) {
    let mx = format!("mx.{}", domain.name());
    let below = [domain.record_name(), domain.tlsrpt_name(), domain.policy_host(), mx];
    for name in below.iter().map(String::as_str).chain([domain.name()]) {
        domain.world().dns().remove(name);
    }
}

fn no_mx(domain: &Domain<'_>) {
    domain.mx_records(&[]);
    domain.world().mx_host(domain.name(), Smtp::valid());
    let body = "version: STSv1\r\nmode: enforce\r\nmx: no-mx.example\r\nmax_age: 604800\r\n";
    domain.https(Https::policy(body));
}
