//! The domains of `check --demo`: two in good order, and the others each with one fault.
//! Together they have nearly every fault that an audit can find in one look; the faults
//! here are those met most often, the others are in the modules below.

mod hosts;
mod policies;
mod records;

use core::net::IpAddr;

use super::{Certificate, Domain, Https, Route, SLOW, Smtp, World};

/// A domain of the demonstration.
#[derive(Debug, Clone)]
pub(crate) struct DemoDomain {
    pub(crate) name: &'static str,
    /// What is wrong with it, in one sentence.
    pub(crate) fault: &'static str,
}

/// What takes the good order of a domain away.
type Spoil = fn(&Domain<'_>);

const DOMAINS: &[(&str, &str, Spoil)] = &[
    ("healthy.example", "Nothing is wrong.", |_| {}),
    ("delegated.example", "Nothing is wrong: a provider serves record and policy.", delegate),
    ("testing.example", "The policy is in testing, so that nothing is enforced.", |domain| {
        policy(domain, "testing", 604_800, "");
    }),
    ("no-record.example", "There is a policy, but no TXT record.", |domain| {
        domain.strip_txt();
    }),
    ("two-records.example", "There are two TXT records.", |domain| {
        domain.txt(&["v=STSv1; id=1;", "v=STSv1; id=2;"]);
    }),
    ("bad-id.example", "The id of the TXT record has a hyphen.", |domain| {
        domain.txt(&["v=STSv1; id=2027-01-01;"]);
    }),
    ("no-address.example", "The policy host has no address.", |domain| {
        domain.addresses_to_nowhere(&[]);
    }),
    ("refused.example", "Nothing listens at the policy host.", |domain| {
        domain.block_https();
    }),
    ("private-address.example", "The policy host has a private address.", |domain| {
        domain.addresses_to_nowhere(&[IpAddr::from([10, 0, 0, 1])]);
    }),
    ("reset.example", "The policy host resets every connection.", |domain| {
        domain.route_https(Route::To(domain.world().https().resetting()));
    }),
    ("expired.example", "The policy host's certificate has expired.", |domain| {
        https_certificate(domain, Certificate::Expired);
    }),
    ("self-signed.example", "The policy host's certificate is self-signed.", |domain| {
        https_certificate(domain, Certificate::SelfSigned);
    }),
    ("unknown-issuer.example", "Nobody knows the CA of the policy host.", |domain| {
        https_certificate(domain, Certificate::UnknownIssuer);
    }),
    ("wrong-name.example", "The policy host's certificate is for the bare domain.", |domain| {
        https_certificate(domain, Certificate::For(domain.name().to_owned()));
    }),
    ("providers-name.example", "The policy host's certificate is its provider's.", |domain| {
        https_certificate(domain, Certificate::For("mta-sts.provider.example".to_owned()));
    }),
    ("old-tls.example", "The policy host knows no TLS after 1.1.", |domain| {
        domain.https(Https::tls_1_1());
    }),
    ("not-found.example", "The policy host answers with status 404.", |domain| {
        domain.https(Https::status(404));
    }),
    ("redirect.example", "The policy host redirects, which is not followed.", |domain| {
        domain.https(Https::redirect(301, "https://www.redirect.example/mta-sts.txt"));
    }),
    ("html.example", "The policy is served as text/html.", |domain| {
        let body = body(domain, "enforce", 604_800, "");
        domain.https(Https::media_type(&body, Some("text/html")));
    }),
    ("too-large.example", "The policy is longer than 64 KiB.", |domain| {
        policy(domain, "enforce", 604_800, &format!("note: {}\r\n", "x".repeat(70_000)));
    }),
    ("slow.example", "The policy comes octet by octet, and never whole.", |domain| {
        let body = body(domain, "enforce", 604_800, &"note: slow\r\n".repeat(1_000));
        domain.https(Https::slow_body(&body, SLOW));
    }),
    ("blank-lines.example", "The policy begins with a BOM and has blank lines.", |domain| {
        let body = body(domain, "enforce", 604_800, "").replace("mode", "\r\nmode");
        domain.https(Https::policy(format!("\u{feff}{body}")));
    }),
    ("enforced.example", "The mode of the policy is no mode.", |domain| {
        policy(domain, "enforced", 604_800, "");
    }),
    ("short.example", "The max_age of the policy is a minute.", |domain| {
        policy(domain, "enforce", 60, "");
    }),
    ("not-covered.example", "The policy does not list one of the MX hosts.", |domain| {
        domain.world().mx_host("backup.example.net", Smtp::valid());
        let mx = format!("mx.{}", domain.name());
        domain.mx_records(&[(10, &mx), (20, "backup.example.net")]);
    }),
    ("unused-pattern.example", "The policy lists a host that is no MX.", |domain| {
        policy(domain, "enforce", 604_800, "mx: old.unused-pattern.example\r\n");
    }),
    ("no-starttls.example", "The MX host offers no STARTTLS.", |domain| {
        mx(domain, Smtp::without_starttls());
    }),
    ("mx-expired.example", "The MX host's certificate has expired.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::Expired));
    }),
    ("mx-wrong-name.example", "The MX host's certificate is for another name.", |domain| {
        mx(domain, Smtp::with_certificate(Certificate::For("mail.example.net".to_owned())));
    }),
    ("no-tlsrpt.example", "There is no TLSRPT record.", |domain| {
        domain.world().dns().remove(&domain.tlsrpt_name());
    }),
    ("bad-rua.example", "The rua of the TLSRPT record is no URI of a mailbox.", |domain| {
        domain.tlsrpt(&["v=TLSRPTv1; rua=reports@bad-rua.example"]);
    }),
    ("null-mx.example", "It takes no mail, and has a policy for it.", |domain| {
        domain.mx_records(&[(0, "")]);
    }),
];

impl World {
    /// Furnishes the domains of the demonstration, and names them.
    pub(crate) fn demo_domains(&self) -> Vec<DemoDomain> {
        let furnish = |(name, fault, spoil): &(&'static str, &'static str, Spoil)| {
            let domain = self.domain(name);
            furnish(&domain);
            spoil(&domain);
            DemoDomain { name, fault }
        };
        let all = [DOMAINS, records::DOMAINS, policies::DOMAINS, hosts::DOMAINS];
        all.into_iter().flatten().map(furnish).collect()
    }
}

/// Puts a domain in good order.
fn furnish(domain: &Domain<'_>) {
    domain.txt(&["v=STSv1; id=20270101;"]);
    policy(domain, "enforce", 604_800, "");
    mx(domain, Smtp::valid());
    domain.tlsrpt(&[&format!("v=TLSRPTv1; rua=mailto:tls-reports@{}", domain.name())]);
    domain.world().dns().set_ttl(&domain.tlsrpt_name(), 86_400);
}

fn policy(domain: &Domain<'_>, mode: &str, max_age: u32, more: &str) {
    domain.https(Https::policy(body(domain, mode, max_age, more)));
}

fn body(domain: &Domain<'_>, mode: &str, max_age: u32, more: &str) -> String {
    let mx = domain.name();
    format!("version: STSv1\r\nmode: {mode}\r\nmx: mx.{mx}\r\n{more}max_age: {max_age}\r\n")
}

fn mx(domain: &Domain<'_>, smtp: Smtp) {
    domain.mx(&format!("mx.{}", domain.name()), smtp);
}

fn https_certificate(domain: &Domain<'_>, certificate: Certificate) {
    let body = body(domain, "enforce", 604_800, "");
    domain.https(Https::policy(body).with_certificate(certificate));
}

/// RFC 8461 §8.2: both names are aliases of a provider's.
fn delegate(domain: &Domain<'_>) {
    let dns = domain.world().dns();
    let addresses = dns.addresses(&domain.policy_host());
    dns.set_addresses("sts.provider.example", &addresses);
    dns.set_cname(&domain.policy_host(), "sts.provider.example");
    dns.set_txt("delegated.sts.provider.example", &[&["v=STSv1; id=20270101;"]]);
    dns.set_cname(&domain.record_name(), "delegated.sts.provider.example");
}
