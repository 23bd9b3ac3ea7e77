//! The example `check` as a user runs it: what it finds of the domains of the embedded
//! world, and its exit statuses. `cargo test` builds the examples.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::process::{Command, Output};

use mta_sts::observations::Observations;

/// What is found of each domain of the world: the first failure, with result type and
/// reason code.
const FOUND: [(&str, &str); 32] = [
    ("healthy.example", "none"),
    ("delegated.example", "none"),
    ("testing.example", "none"),
    ("no-record.example", "sts-policy-fetch-error (no-record)"),
    ("two-records.example", "sts-policy-fetch-error (multiple-records)"),
    ("bad-id.example", "sts-policy-fetch-error (invalid-record)"),
    ("no-address.example", "sts-policy-fetch-error (host-not-found)"),
    ("refused.example", "sts-policy-fetch-error (connection-failed)"),
    ("private-address.example", "sts-policy-fetch-error (address-not-permitted)"),
    ("reset.example", "sts-policy-fetch-error (connection-failed)"),
    ("expired.example", "sts-webpki-invalid (certificate-expired)"),
    ("self-signed.example", "sts-webpki-invalid (certificate-self-signed)"),
    ("unknown-issuer.example", "sts-webpki-invalid (certificate-unknown-issuer)"),
    ("wrong-name.example", "sts-webpki-invalid (certificate-host-mismatch)"),
    ("providers-name.example", "sts-webpki-invalid (certificate-host-mismatch)"),
    ("old-tls.example", "sts-policy-fetch-error (tls-version)"),
    ("not-found.example", "sts-policy-fetch-error (http-status)"),
    ("redirect.example", "sts-policy-fetch-error (http-redirect)"),
    ("html.example", "sts-policy-fetch-error (http-media-type)"),
    ("too-large.example", "sts-policy-fetch-error (policy-too-large)"),
    ("slow.example", "sts-policy-fetch-error (timeout)"),
    ("blank-lines.example", "none"),
    ("enforced.example", "sts-policy-invalid (policy-mode)"),
    ("short.example", "none"),
    ("not-covered.example", "validation-failure (mx-not-listed) at backup.example.net"),
    ("unused-pattern.example", "none"),
    (
        "no-starttls.example",
        "starttls-not-supported (starttls-not-offered) at mx.no-starttls.example",
    ),
    ("mx-expired.example", "certificate-expired (certificate-expired) at mx.mx-expired.example"),
    (
        "mx-wrong-name.example",
        "certificate-host-mismatch (certificate-host-mismatch) at mx.mx-wrong-name.example",
    ),
    ("no-tlsrpt.example", "none"),
    ("bad-rua.example", "none"),
    ("null-mx.example", "none"),
];

fn check(arguments: &[&str]) -> Output {
    let folder = env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(format!("check{}", env::consts::EXE_SUFFIX));
    Command::new(&program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo test` builds it", program.display()))
}

#[test]
fn the_demonstration_finds_the_fault_of_each_domain() {
    let output = check(&["--demo"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut domain = "";
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        if !line.starts_with(' ') && !line.is_empty() {
            domain = line;
        } else if let Some(failure) = line.strip_prefix("  first failure") {
            found.push((domain, failure.trim()));
        }
    }
    assert_eq!(found, FOUND, "{text}");
    for line in [
        "  record         id 20270101, from delegated.sts.provider.example",
        "  policy         certificate: expected a certificate of a trusted CA, found a self-signed one",
        "  forgiven       line 1, column 1: byte order mark; and 1 more",
        "  a sender       deliver as if there were no policy: it could not be known now",
        "  MX             the domain takes no mail",
        "  MX             mx.no-starttls.example: no STARTTLS",
        "  reports        mailto:tls-reports@healthy.example",
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
}

#[test]
fn json_lines_are_observations() {
    let output = check(&["--demo", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let seen: Vec<_> = text.lines().map(|line| Observations::from_json(line).unwrap()).collect();
    let domains: Vec<_> = seen.iter().map(|seen| seen.domain().as_str()).collect();
    assert_eq!(domains, FOUND.map(|(domain, _)| domain));
    let healthy = seen.first().unwrap();
    let facts = healthy.fetch().unwrap().server().certificate().unwrap().facts().unwrap();
    assert_eq!(facts.names(), ["mta-sts.healthy.example"]);
    let probe = healthy.hosts().first().unwrap().probe().unwrap();
    assert!(probe.extensions().iter().any(|extension| extension == "STARTTLS"));
}

#[test]
fn wrong_use_is_told() {
    for (arguments, error) in [
        (&[][..], "check: expected a domain; see --help\n"),
        (&["--demo", "example.com"], "check: --demo has domains of its own; see --help\n"),
        (&["--bogus"], "check: invalid option '--bogus'; see --help\n"),
    ] {
        let output = check(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), error);
    }
    for argument in ["[192.0.2.1]", "a b", "--ehlo=a b"] {
        assert_eq!(check(&[argument]).status.code(), Some(2), "{argument}");
    }
    assert_eq!(check(&["--help"]).status.code(), Some(0));
}
