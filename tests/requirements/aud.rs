//! AUD: the audit of a domain. One domain for each code is in `tests/audit`.

use core::time::Duration;

use mta_sts::audit::{Auditor, Code, Corrected, Place, Severity, State, audit};
use mta_sts::observations::{Fetch, Lookup, Mx, MxHost, Observations, Probe, Response};
use mta_sts::sts::apply::{Context, Delivery, TlsOutcome};
use mta_sts::sts::{Policy, PolicyDomain};
use rustls_pki_types::UnixTime;

const BODY: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com.\nmax_age: 604800\n";

fn seen(body: &str) -> Observations {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
    let response = Response::new(200, body).with_field("Content-Type", "text/plain");
    let mx = Mx { preference: 10, exchange: "mail.example.com".into() };
    Observations::new(PolicyDomain::from_next_hop("example.com").unwrap(), now)
        .with_sts_record(Ok(Lookup::found([vec![b"v=STSv1; id=1;".to_vec()]])))
        .with_fetch(Fetch::new(Ok(response)))
        .with_mx(Ok(Lookup::found([mx])))
}

#[test]
fn aud_1_a_finding_says_what_where_and_what_to_do() {
    let audit = audit(&seen(BODY));
    let finding = &audit.findings()[0];
    assert_eq!(finding.code(), Code::PolicyTrailingDot);
    assert_eq!(finding.code().as_str(), "sts.policy.mx-trailing-dot");
    assert_eq!(finding.severity(), Severity::Error);
    assert_eq!(finding.section(), "RFC 8461 §3.2");
    assert_eq!(*finding.place(), Place::Policy { line: Some(3), column: Some(21) });
    assert_eq!(
        finding.what(),
        "expected a host name or `*.` and a domain (trailing dot), found `mail.example.com.`; \
         did you mean `mail.example.com`?",
    );
    assert_eq!(finding.remedy(), "write `mail.example.com` in place of `mail.example.com.`");
    let corrected = BODY.replace(".com.", ".com");
    assert_eq!(finding.corrected(), Some(&Corrected::Policy(corrected.clone())));
    assert!(mta_sts::audit::audit(&seen(&corrected)).findings().is_empty());
}

#[test]
fn aud_1_earlier_observations_are_compared() {
    let before = seen("version: STSv1\nmode: testing\nmx: mail.example.com\nmax_age: 86400\n");
    let now = seen(&BODY.replace(".com.", ".com"));
    let audit = Auditor::new().with_earlier(&before).audit(&now);
    let codes: Vec<_> = audit.findings().iter().map(|finding| finding.code()).collect();
    assert_eq!(codes, [Code::ChangeIdKept]);
}

#[test]
fn aud_2_what_nobody_has_looked_at_is_not_checked() {
    let audit = audit(&seen(&BODY.replace(".com.", ".com")));
    let states: Vec<_> = audit.checks().iter().map(|check| check.state()).collect();
    use State::{NotChecked, Pass};
    assert_eq!(states, [Pass, Pass, Pass, Pass, NotChecked, NotChecked]);
    assert!(audit.findings().is_empty());
}

#[test]
fn aud_3_the_score_has_its_parts_and_the_verdict_is_one_sentence() {
    let audit = audit(&seen(&BODY.replace(".com.", ".com").replace("enforce", "testing")));
    let parts: Vec<_> = audit.score().parts().iter().map(ToString::to_string).collect();
    assert_eq!(
        parts,
        [
            "mode 15 of 30: the mode is testing",
            "record 10 of 10: one valid record, of the id 1",
            "policy 20 of 20: the policy can be fetched, and is valid",
            "policy-host-certificate 10 of 10: the certificate of the policy host is valid",
            "mx-covered 10 of 10: the policy allows 1 of 1 MX hosts",
            "mx-tls 0 of 10: TLS of the MX hosts was not looked at, or could not be seen",
            "tlsrpt 0 of 10: nobody has looked",
        ],
    );
    assert_eq!(audit.score().total(), 65);
    assert_eq!(
        audit.verdict().to_string(),
        "the policy is in testing: failures are reported, nothing is protected",
    );
}

/// An error at an MX host is where a sender skips the host, and nowhere else.
#[test]
fn aud_4_the_audit_says_what_a_sender_does() {
    for mode in ["enforce", "testing", "none"] {
        for outcome in [TlsOutcome::NotOffered, TlsOutcome::Refused, TlsOutcome::StartTlsDeferred] {
            let body = BODY.replace(".com.", ".com").replace("enforce", mode);
            let policy: Policy = body.parse().unwrap();
            let context = Context::new("mail.example.com").with_policy(&policy);
            let is_skipped = context.demand().judge(&outcome).delivery() == Delivery::Skip;
            let host = MxHost::new("mail.example.com").with_probe(Probe::new(outcome));
            let audit = audit(&seen(&body).with_host(host));
            let place = Place::Mx { host: "mail.example.com".into() };
            let found = audit.findings().iter().find(|finding| *finding.place() == place).unwrap();
            let heaviest = found.code().severity();
            let expected = if is_skipped { heaviest } else { heaviest.min(Severity::Warning) };
            assert_eq!(found.severity(), expected, "{mode} {outcome:?}");
        }
    }
}
