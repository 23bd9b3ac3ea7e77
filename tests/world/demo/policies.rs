//! Faults of the policy, its host and its response.

use super::super::{Certificate, Domain, Https, Step, TEXT_PLAIN};
use super::{Spoil, body, https_certificate, policy};

pub(super) const DOMAINS: &[(&str, &str, Spoil)] = &[
    ("unknown-host.example", "The policy host does not know its own name.", |domain| {
        domain.https(Https::unrecognized_name());
    }),
    ("no-http.example", "The policy host does not speak HTTP.", |domain| {
        domain.https(Https::script([Step::Send(b"220 ftp.example FTP server\r\n\r\n".to_vec())]));
    }),
    ("compressed.example", "The policy is served with a Content-Encoding.", |domain| {
        let body = body(domain, "enforce", 604_800, "");
        let fields = [TEXT_PLAIN, ("Content-Encoding", "gzip")];
        domain.https(Https::response(200, &fields, body));
    }),
    ("not-yet-valid.example", "The policy host's certificate is not valid yet.", |domain| {
        https_certificate(domain, Certificate::NotYetValid);
    }),
    ("client-certificate.example", "The policy host's certificate is one for clients.", |domain| {
        https_certificate(domain, Certificate::ForClients);
    }),
    ("expires-soon.example", "The policy host's certificate is about to expire.", |domain| {
        https_certificate(domain, Certificate::ExpiresSoon);
    }),
    ("web-page.example", "The policy is a web page, served as text/plain.", |domain| {
        domain.https(Https::policy("<!DOCTYPE html>\n<html><body>Welcome!</body></html>\n"));
    }),
    ("utf-16.example", "The policy is in UTF-16.", |domain| {
        let body = body(domain, "enforce", 604_800, "");
        let octets = body.encode_utf16().flat_map(u16::to_le_bytes);
        domain.https(Https::policy([0xff, 0xfe].into_iter().chain(octets).collect::<Vec<u8>>()));
    }),
    ("comment.example", "The policy has a comment.", |domain| {
        policy(domain, "enforce", 604_800, "# the backup is gone\r\n");
    }),
    ("version-2.example", "The version of the policy is unknown.", |domain| {
        replaced(domain, "STSv1", "STSv2");
    }),
    ("max-age-in-words.example", "The max_age of the policy is no number.", |domain| {
        replaced(domain, "604800", "1 week");
    }),
    ("preference.example", "The policy has the preference of an MX before its name.", |domain| {
        replaced(domain, "mx: ", "mx: 10 ");
    }),
    ("last-dot.example", "The mx of the policy ends with a dot.", |domain| {
        replaced(domain, "mx.last-dot.example", "mx.last-dot.example.");
    }),
    ("too-many-mx.example", "The policy lists thousands of mx.", |domain| {
        policy(domain, "enforce", 604_800, &"mx: a.b\r\n".repeat(6_000));
    }),
    ("no-mode.example", "The policy has no mode.", |domain| {
        replaced(domain, "mode: enforce\r\n", "");
    }),
    ("ms.example", "One mx of the policy is spelt ms.", |domain| {
        policy(domain, "enforce", 604_800, "ms: backup.ms.example\r\n");
    }),
    ("note.example", "The policy has a field that counts for nothing.", |domain| {
        policy(domain, "enforce", 604_800, "note: of the postmaster\r\n");
    }),
    ("two-modes.example", "The policy has two modes.", |domain| {
        policy(domain, "enforce", 604_800, "mode: testing\r\n");
    }),
    ("long-testing.example", "The policy is in testing, and kept for a year.", |domain| {
        policy(domain, "testing", 31_536_000, "");
    }),
    ("for-ever.example", "The max_age of the policy is above the maximum.", |domain| {
        policy(domain, "enforce", 99_999_999, "");
    }),
    ("deep-wildcard.example", "The wildcard of the policy is a label too deep.", |domain| {
        replaced(domain, "mx: mx.", "mx: *.mx.");
    }),
    ("address.example", "The policy lists an address.", |domain| {
        policy(domain, "enforce", 604_800, "mx: 192.0.2.1\r\n");
    }),
    ("suffix.example", "The policy allows whoever has a name under co.uk.", |domain| {
        policy(domain, "enforce", 604_800, "mx: *.co.uk\r\n");
    }),
    ("own-wildcard.example", "The policy allows every host of the domain.", |domain| {
        replaced(domain, "mx: mx.", "mx: *.");
    }),
    ("twice.example", "The policy lists an MX host twice.", |domain| {
        policy(domain, "enforce", 604_800, "mx: mx.twice.example\r\n");
    }),
];

/// A policy in good order but for this.
fn replaced(domain: &Domain<'_>, from: &str, to: &str) {
    domain.https(Https::policy(body(domain, "enforce", 604_800, "").replace(from, to)));
}
