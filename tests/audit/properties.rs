//! What holds of the audit of anything.

use core::net::IpAddr;
use core::time::Duration;

use mta_sts::audit::{Audit, Auditor, MAX_FINDINGS_PER_CODE, Phase, Severity, State, Verdict};
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::observations::{
    Certificate, CertificateFacts, Fault, Fetch, IssuedBy, Lookup, Mx, MxHost, Observations, Probe,
    Response, Server, TxtRecord,
};
use mta_sts::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};
use mta_sts::txt::DnsFailure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::{option, sample};

use crate::domain::{BODY, assert_corrected_texts_are_strict, time, unseen_at};

fn failure() -> impl Strategy<Value = Failure> {
    (sample::select(ResultType::ALL), sample::select(ReasonCode::ALL))
        .prop_map(|(result, reason)| Failure::new(result, reason))
}

fn fault() -> impl Strategy<Value = Fault> {
    (failure(), ".{0,20}").prop_map(|(failure, text)| Fault::new(failure, text))
}

fn answer<T: core::fmt::Debug + Clone>(
    record: impl Strategy<Value = T>,
) -> impl Strategy<Value = Result<Lookup<T>, DnsFailure>> {
    let found = (vec(record, 0..5), option::of(0_u64..200_000), vec(name(), 0..2), any::<bool>());
    let found = found.prop_map(|(records, ttl, aliases, exists)| {
        let lookup = if exists { Lookup::found(records) } else { Lookup::nxdomain() };
        let lookup = lookup.with_aliases(aliases);
        ttl.into_iter().map(Duration::from_secs).fold(lookup, Lookup::with_ttl)
    });
    prop_oneof![9 => found.prop_map(Ok), 1 => Just(Err(DnsFailure::ServFail))]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => sample::select(vec![
            "mail.example.com", "mx2.example.com", "a.b.example.com", "example.com", "",
            "192.0.2.1", "a_b.example.com", "mail.example.com.", "x.co.uk", "com", "[::1]",
        ])
        .prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

/// A text with a piece of it replaced by another, some times.
fn mutated(texts: Vec<&'static str>) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => sample::select(vec![
            "\n", "\r", " ", ";", ",", ":", "\u{feff}", "mx: *.com\n", "ms: mail.example.com\n",
            "*.", "none", "testing", "0", "mode", ".", "\t", "rua=", "id=", "v=STSv1;", "!",
            "mx: 192.0.2.1\n", "version: STSv1\n", "99999", "mailto:", "<html>",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    let edit = (any::<sample::Index>(), 0_usize..8, piece);
    (sample::select(texts), vec(edit, 0..4)).prop_map(|(text, edits)| {
        let mut text = text.as_bytes().to_vec();
        for (at, len, piece) in edits {
            let at = at.index(text.len() + 1);
            text.splice(at..(at + len).min(text.len()), piece);
        }
        text
    })
}

fn record() -> impl Strategy<Value = TxtRecord> {
    let texts = vec![
        "v=STSv1; id=1;",
        "v=STSv1; id=2027-01-01;",
        "v=spf1 -all",
        "v=TLSRPTv1; rua=mailto:tls@example.com",
        "v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/x,http://example.com",
        "v=TLSRPTv1; rua=tls@example.com",
    ];
    vec(mutated(texts), 0..3)
}

fn server() -> impl Strategy<Value = Server> {
    let facts = (0_u64..3_000, 0_u64..3_000, vec(name(), 0..3), any::<bool>());
    let facts = facts.prop_map(|(from, to, names, own)| {
        let by = if own { IssuedBy::Itself } else { IssuedBy::Another };
        CertificateFacts::new(time(from * 1_000_000), time(to * 1_000_000))
            .with_issuer("CN=\u{1b}", by)
            .with_names(names)
    });
    (option::of(facts), vec(fault(), 0..3)).prop_map(|(facts, faults)| {
        let certificate = Certificate::new(vec![1].into());
        let chain = facts.map(|facts| certificate.with_facts(facts));
        Server::default().with_chain(chain).with_faults(faults)
    })
}

fn fetch() -> impl Strategy<Value = Fetch> {
    let media = sample::select(vec!["text/plain", "text/html", "text/plain; charset=utf-8"]);
    let status = sample::select(vec![200, 200, 200, 200, 301, 404, 0, 999]);
    let body = prop_oneof![
        5 => mutated(vec![BODY, "version: STSv1\r\nmode: testing\r\nmx: *.example.com\r\nmax_age: 1"]),
        1 => vec(any::<u8>(), 0..40),
    ];
    let response = (status, media, body).prop_map(|(status, media, body)| {
        Response::new(status, body).with_field("Content-Type", media)
    });
    let result = prop_oneof![8 => response.prop_map(Ok), 2 => fault().prop_map(Err)];
    (result, server(), 0_u64..100).prop_map(|(result, server, took)| {
        Fetch::new(result).with_server(server).with_took(Duration::from_secs(took))
    })
}

fn outcome() -> impl Strategy<Value = TlsOutcome> {
    let checked =
        prop_oneof![Just(Checked::No), Just(Checked::Valid), failure().prop_map(Checked::Invalid)];
    let version = sample::select(vec![TlsVersion::Older, TlsVersion::Tls12OrLater]);
    prop_oneof![
        4 => (version, checked).prop_map(|(version, checked)| {
            TlsOutcome::Established(Session::new(version).with_webpki(checked))
        }),
        1 => failure().prop_map(TlsOutcome::HandshakeFailed),
        2 => sample::select(vec![
            TlsOutcome::Unreachable, TlsOutcome::Deferred, TlsOutcome::NotOffered,
            TlsOutcome::Refused, TlsOutcome::StartTlsDeferred,
        ]),
    ]
}

fn host() -> impl Strategy<Value = MxHost> {
    let probe = (outcome(), server()).prop_map(|(outcome, server)| {
        Probe::new(outcome).with_server(server).with_refusal("\u{1b}")
    });
    let addresses = option::of(answer(any::<[u8; 4]>().prop_map(IpAddr::from)));
    (name(), addresses, option::of(probe)).prop_map(|(name, addresses, probe)| {
        let host = addresses.into_iter().fold(MxHost::new(name), MxHost::with_addresses);
        probe.into_iter().fold(host, MxHost::with_probe)
    })
}

fn observations() -> impl Strategy<Value = Observations> {
    let mx = (0_u16..3, name()).prop_map(|(preference, exchange)| Mx { preference, exchange });
    let address = any::<[u8; 4]>().prop_map(IpAddr::from);
    (
        0_u64..4_000_000_000,
        option::weighted(0.9, answer(record())),
        option::weighted(0.9, answer(record())),
        option::weighted(0.9, answer(address)),
        option::weighted(0.9, fetch()),
        option::weighted(0.9, answer(mx)),
        vec(host(), 0..4),
    )
        .prop_map(|(at, sts, tlsrpt, addresses, fetch, mx, hosts)| {
            let seen = unseen_at(at);
            let seen = sts.into_iter().fold(seen, Observations::with_sts_record);
            let seen = tlsrpt.into_iter().fold(seen, Observations::with_tlsrpt_record);
            let seen = addresses.into_iter().fold(seen, Observations::with_policy_host);
            let seen = fetch.into_iter().fold(seen, Observations::with_fetch);
            let seen = mx.into_iter().fold(seen, Observations::with_mx);
            hosts.into_iter().fold(seen, Observations::with_host)
        })
}

fn assert_sound(audit: &Audit) {
    assert_corrected_texts_are_strict(audit);
    let parts = audit.score().parts();
    assert_eq!(parts.iter().map(|part| u32::from(part.of())).sum::<u32>(), 100);
    assert!(parts.iter().all(|part| part.got() <= part.of() && !part.why().is_empty()));
    assert_eq!(audit.score().total(), parts.iter().map(|part| part.got()).sum::<u8>());
    let severities = audit.findings().iter().map(|one| one.severity());
    assert!(severities.is_sorted_by(|a, b| a >= b));
    if audit.worst() > Some(Severity::Notice) {
        assert_ne!(audit.verdict(), Verdict::Healthy);
    }
    for check in audit.checks() {
        let mut own = audit.findings().iter().filter(|one| one.code().subject() == check.subject());
        if own.any(|finding| finding.severity() == Severity::Error) {
            assert_eq!(check.state(), State::Fail, "{check}");
        }
        assert!(!check.reason().is_empty(), "{check:?}");
    }
    for finding in audit.findings() {
        assert!(finding.severity() <= finding.code().severity(), "{finding}");
        let shown = [finding.to_string(), finding.remedy().into(), finding.evidence().concat()];
        assert!(!shown.concat().chars().any(char::is_control), "{finding}");
        let same = audit.findings().iter().filter(|one| one.code() == finding.code());
        assert!(same.count() <= MAX_FINDINGS_PER_CODE);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_2_no_observations_panic_and_every_audit_is_sound(
        earlier in option::of(observations()),
        seen in observations(),
        phase in sample::select(vec![Phase::Settled, Phase::Introducing, Phase::Withdrawing]),
    ) {
        let mut auditor = Auditor::new().with_phase(phase);
        if let Some(earlier) = &earlier {
            auditor = auditor.with_earlier(earlier);
        }
        let audit = auditor.audit(&seen);
        assert_sound(&audit);
        prop_assert_eq!(&auditor.audit(&seen), &audit);
    }
}
