//! Observations: their bounds, their JSON form, and how two of them differ.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use core::net::IpAddr;
use core::time::Duration;

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::observations::{
    Certificate, CertificateFacts, Change, Dnssec, Fault, Fetch, IssuedBy, Lookup, MAX_BODY,
    MAX_CHAIN, MAX_CHAIN_OCTETS, MAX_EXTENSIONS, MAX_FAULTS, MAX_JSON_LEN, MAX_NAMES, MAX_RECORDS,
    Mx, MxHost, Observations, Probe, ReadObservationsErrorKind, Response, Server, TlsProtocol,
    TxtRecord,
};
use mta_sts::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};
use mta_sts::sts::{Mode, PolicyDomain};
use mta_sts::txt::DnsFailure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::{option, sample};
use rustls_pki_types::{CertificateDer, UnixTime};

const BODY: &str = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";

const VALID: TlsOutcome =
    TlsOutcome::Established(Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Valid));

fn time(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

fn nothing() -> Observations {
    Observations::new(PolicyDomain::from_next_hop("example.com").unwrap(), time(1_000))
}

fn record(text: &str) -> Result<Lookup<TxtRecord>, DnsFailure> {
    Ok(Lookup::found([vec![text.into()]]))
}

fn mx(hosts: &[(u16, &str)]) -> Result<Lookup<Mx>, DnsFailure> {
    let mx =
        |(preference, host): &(u16, &str)| Mx { preference: *preference, exchange: (*host).into() };
    Ok(Lookup::found(hosts.iter().map(mx)))
}

fn served(body: &str) -> Fetch {
    Fetch::new(Ok(Response::new(200, body).with_field("content-type", "text/plain")))
}

fn shown(der: &[u8]) -> Server {
    Server::default().with_chain([Certificate::new(der.to_vec().into())])
}

fn failed(reason: ReasonCode) -> Fetch {
    Fetch::new(Err(Fault::new(Failure::new(ResultType::StsPolicyFetchError, reason), "failed")))
}

#[test]
fn aud_1_nobody_looked_is_not_nothing_there() {
    let seen = nothing();
    assert!(seen.sts_record().is_none() && seen.mx().is_none() && seen.fetch().is_none());
    let seen = seen.with_sts_record(Ok(Lookup::nxdomain())).with_mx(Err(DnsFailure::Timeout));
    assert_eq!(seen.sts_record().unwrap().unwrap().records().len(), 0);
    assert_eq!(seen.mx(), Some(Err(DnsFailure::Timeout)));
    let host = MxHost::new("mail.example.com");
    assert!(host.addresses().is_none() && host.probe().is_none());
    let again = MxHost::new("MAIL.example.com.").with_probe(Probe::new(VALID));
    assert_eq!(nothing().with_host(host).with_host(again.clone()).hosts(), [again]);
}

#[test]
fn aud_2_mail_goes_to_the_mx_hosts_or_the_domain_or_nowhere() {
    let hosts = |found| format!("{:?}", nothing().with_mx(found).mail_hosts());
    assert_eq!(hosts(mx(&[(20, "b"), (10, "c"), (10, "a"), (30, "B")])), r#"["a", "c", "b"]"#);
    assert_eq!(hosts(mx(&[])), r#"["example.com"]"#);
    assert_eq!(hosts(Ok(Lookup::nxdomain())), r#"["example.com"]"#);
    assert_eq!(hosts(mx(&[(0, "")])), "[]");
    assert_eq!(hosts(Err(DnsFailure::ServFail)), "[]");
    assert!(nothing().mail_hosts().is_empty());
}

#[test]
fn aud_4_a_response_is_judged_as_a_sender_judges_it() {
    let domain = PolicyDomain::from_next_hop("example.com").unwrap();
    assert_eq!(served(BODY).policy(&domain).unwrap().mode(), Mode::Enforce);
    let reason = |fetch: Fetch| {
        let fault = fetch.policy(&domain).unwrap_err();
        format!("{}: {fault}", fault.failure().reason_code())
    };
    let redirect = Response::new(301, "").with_field("Location", "https://example.net/");
    assert_eq!(
        redirect.field("location").collect::<Vec<_>>(),
        [b"https://example.net/".as_slice()]
    );
    assert_eq!(reason(Fetch::new(Ok(redirect))), "http-redirect: expected status 200, found 301");
    let html = Response::new(200, BODY).with_field("Content-Type", "text/html");
    assert_eq!(
        reason(Fetch::new(Ok(html))),
        "http-media-type: expected the media type text/plain, found `text/html`"
    );
    let coded = Response::new(200, BODY)
        .with_field("Content-Type", "text/plain")
        .with_field("Content-Encoding", "gzip");
    assert_eq!(
        reason(Fetch::new(Ok(coded))),
        "http-content-encoding: expected no content coding, found `gzip`"
    );
    assert_eq!(
        reason(served("version: STSv1\nmode: enforced\n")),
        "policy-mode: body is no policy: line 2, column 7: expected `enforce`, `testing` or \
         `none`, found `enforced`; did you mean `enforce`?"
    );
    assert_eq!(reason(failed(ReasonCode::Timeout)), "timeout: failed");
}

#[test]
fn all_2_every_part_has_its_bound() {
    let many = Lookup::found((0..=MAX_RECORDS).map(|_| vec![b"a".to_vec()]));
    let seen = nothing().with_sts_record(Ok(many));
    let kept = seen.sts_record().unwrap().unwrap();
    assert_eq!((kept.records().len(), kept.left_out()), (MAX_RECORDS, 1));
    // One of 65,534 octets has room, with the octet of its length; another has none.
    let long = Lookup::found([vec![vec![b'a'; 65_534]], vec![Vec::new()]]);
    let seen = nothing().with_tlsrpt_record(Ok(long));
    let kept = seen.tlsrpt_record().unwrap().unwrap();
    assert_eq!((kept.records().len(), kept.left_out()), (1, 1));

    assert_eq!(Response::new(200, vec![b'a'; MAX_BODY + 1]).body().len(), MAX_BODY);
    let certificate = |octets| Certificate::new(vec![0; octets].into());
    let chain =
        |octets, count| Server::default().with_chain((0..count).map(|_| certificate(octets)));
    assert_eq!(chain(1, MAX_CHAIN + 1).chain().len(), MAX_CHAIN);
    assert_eq!(chain(MAX_CHAIN_OCTETS / 2, 3).chain().len(), 2);
    let fault =
        Fault::new(Failure::new(ResultType::StsWebpkiInvalid, ReasonCode::Timeout), "a\x1b[m");
    assert_eq!(fault.text(), "a\\u{1b}[m");
    let faults = (0..=MAX_FAULTS).map(|_| fault.clone());
    assert_eq!(Server::default().with_faults(faults).faults().len(), MAX_FAULTS);
    let lines = (0..=MAX_EXTENSIONS).map(|n| n.to_string());
    assert_eq!(Probe::new(VALID).with_extensions(lines).extensions().len(), MAX_EXTENSIONS);
    let names = (0..=MAX_NAMES).map(|n| n.to_string());
    assert_eq!(CertificateFacts::new(time(1), time(2)).with_names(names).names().len(), MAX_NAMES);
}

#[test]
fn aud_1_changes_are_told_one_by_one() {
    let before = nothing()
        .with_sts_record(record("v=STSv1; id=1;"))
        .with_tlsrpt_record(record("v=TLSRPTv1; rua=mailto:a@example.com"))
        .with_policy_host(Ok(Lookup::found([]).with_aliases(["a.example.net".into()])))
        .with_fetch(served(BODY).with_server(shown(b"1")))
        .with_mx(mx(&[(10, "mx1.example.com"), (20, "mx2.example.com")]))
        .with_host(
            MxHost::new("mx1.example.com").with_probe(Probe::new(VALID).with_server(shown(b"1"))),
        );
    assert_eq!(before.changes_since(&before), []);
    let now = nothing()
        .with_sts_record(Ok(Lookup::nxdomain().with_aliases(["b.example.net".into()])))
        .with_tlsrpt_record(record("v=TLSRPTv1; rua=mailto:b@example.com"))
        .with_policy_host(Ok(Lookup::found([])))
        .with_fetch(served(&BODY.replace("enforce", "testing")).with_server(shown(b"2")))
        .with_mx(mx(&[(10, "MX1.example.com."), (20, "mx3\x1b.example.com")]))
        .with_host(
            MxHost::new("MX1.example.com.")
                .with_probe(Probe::new(TlsOutcome::NotOffered).with_server(shown(b"2"))),
        );
    let changes: Vec<_> = now.changes_since(&before).iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        [
            "id: 1, now none",
            "CNAMEs of the _mta-sts record: others",
            "_smtp._tls record: another",
            "CNAMEs of the policy host: others",
            "body of the policy: another",
            "certificate of the policy host: another",
            "MX mx3\\u{1b}.example.com: new",
            "MX mx2.example.com: gone",
            "MX MX1.example.com.: TLS, certificate valid, now no STARTTLS",
            "certificate of MX MX1.example.com.: another",
        ]
    );
}

#[test]
fn aud_2_a_body_changed_without_id_and_the_reverse_are_told_apart() {
    let seen = |id: &str, body: &str| {
        nothing().with_sts_record(record(&format!("v=STSv1; id={id};"))).with_fetch(served(body))
    };
    let testing = BODY.replace("enforce", "testing");
    let before = seen("1", BODY);
    assert_eq!(seen("1", &testing).changes_since(&before), [Change::PolicyBody]);
    let changes = seen("2", BODY).changes_since(&before);
    let (one, two) = ("1".parse().ok(), "2".parse().ok());
    assert_eq!(changes, [Change::Id { before: one, now: two }]);
}

#[test]
fn aud_1_what_was_not_seen_is_no_change() {
    let before = nothing()
        .with_sts_record(record("v=STSv1; id=1;"))
        .with_fetch(served(BODY))
        .with_mx(mx(&[(10, "a")]));
    assert_eq!(nothing().changes_since(&before), []);
    assert_eq!(before.changes_since(&nothing()), []);
    let failing =
        nothing().with_sts_record(Err(DnsFailure::ServFail)).with_mx(Err(DnsFailure::Timeout));
    assert_eq!(failing.changes_since(&before), []);
    // A fetch that failed is one, but its body is no body.
    let gone = nothing().with_fetch(failed(ReasonCode::Timeout));
    let changes: Vec<_> = gone.changes_since(&before).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["policy: fetched, now timeout"]);
    let page = |body: &str| nothing().with_fetch(Fetch::new(Ok(Response::new(404, body))));
    assert_eq!(page("it is 9:00").changes_since(&page("it is 8:00")), []);
}

#[test]
fn the_json_form_is_the_documented_one() {
    assert_eq!(nothing().to_json(), r#"{"v":1,"domain":"example.com","observed_at":1000}"#);
    let expired = Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
    let facts = CertificateFacts::new(time(1), time(2))
        .with_subject("CN=a")
        .with_issuer("CN=b", IssuedBy::Another)
        .with_names(["a.example.com".into()]);
    let certificate = Certificate::new(vec![0x30, 0x82].into()).with_facts(facts);
    let server = Server::default()
        .with_address("192.0.2.1:25".parse().unwrap())
        .with_version(TlsProtocol::Tls13)
        .with_chain([certificate])
        .with_faults([Fault::new(expired, "expired")]);
    let session = Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Invalid(expired));
    let probe = Probe::new(TlsOutcome::Established(session))
        .with_greeting("hi")
        .with_extensions(["STARTTLS".into()])
        .with_refusal("454 later")
        .with_trouble("timed out")
        .with_server(server)
        .with_took(Duration::from_micros(34_999));
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let seen = nothing()
        .with_sts_record(Ok(Lookup::found([vec![b"v=STSv1; ".to_vec(), b"id=1;\xff".to_vec()]])
            .with_ttl(Duration::from_secs(300))
            .with_aliases(["b.example.net".into()])
            .with_dnssec(Dnssec::NotAuthentic)))
        .with_tlsrpt_record(Ok(Lookup::nxdomain()))
        .with_policy_host(Err(DnsFailure::ServFail))
        .with_fetch(failed(ReasonCode::DnsServFail))
        .with_mx(mx(&[(10, "mail.example.com")]))
        .with_host(
            MxHost::new("mail.example.com")
                .with_addresses(Ok(Lookup::found([address])))
                .with_probe(probe),
        );
    let text = concat!(
        r#"{"v":1,"domain":"example.com","observed_at":1000,"#,
        r#""sts_record":{"records":[["v=STSv1; ",{"hex":"69643d313bff"}]],"ttl":300,"#,
        r#""aliases":["b.example.net"],"dnssec":"not-authentic"},"#,
        r#""tlsrpt_record":{"nxdomain":true},"policy_host":{"failure":"dns-servfail"},"#,
        r#""fetch":{"fault":{"result":"sts-policy-fetch-error","reason":"dns-servfail","#,
        r#""text":"failed"}},"mx":{"records":[[10,"mail.example.com"]]},"#,
        r#""hosts":[{"name":"mail.example.com","addresses":{"records":["192.0.2.1"]},"#,
        r#""probe":{"outcome":{"tls":"established","webpki":{"result":"certificate-expired","#,
        r#""reason":"certificate-expired"},"dane":"no"},"greeting":"hi","#,
        r#""extensions":["STARTTLS"],"refusal":"454 later","trouble":"timed out","server":{"address":"192.0.2.1:25","version":"TLS 1.3","#,
        r#""chain":[{"der":"3082","facts":{"not_before":1,"not_after":2,"subject":"CN=a","#,
        r#""issuer":"CN=b","self_issued":false,"names":["a.example.com"]}}],"#,
        r#""faults":[{"result":"certificate-expired","reason":"certificate-expired","#,
        r#""text":"expired"}]},"took_ms":34}}]}"#
    );
    assert_eq!(seen.to_json(), text);
    assert_eq!(Observations::from_json(text).unwrap(), seen);
}

#[test]
fn what_is_not_the_json_form_is_refused_with_its_reason() {
    use ReadObservationsErrorKind as Kind;

    #[track_caller]
    fn refused(members: &str, kind: Kind, shown: &str) {
        let text = format!(r#"{{"domain":"a.example","observed_at":1,{members}}}"#);
        let error = Observations::from_json(&text).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, shown));
    }

    refused(r#""v":2"#, Kind::Version, "expected version 1 of the form, found 2");
    refused(
        r#""v":1,"sts_record":{"failure":"nx"}"#,
        Kind::DnsFailure,
        "expected a failure of DNS, found `nx`",
    );
    refused(
        r#""v":1,"sts_record":{"records":[[{"hex":"0"}]]}"#,
        Kind::Hex,
        "expected pairs of hexadecimal digits, found `0`",
    );
    refused(
        r#""v":1,"fetch":{}"#,
        Kind::Fetch,
        "expected either a response or a fault, found neither",
    );
    refused(
        r#""v":1,"fetch":{"fault":{"result":"a\u001b","reason":"timeout"}}"#,
        Kind::ResultType,
        "expected a result type, found `a\\u{1b}`",
    );
    refused(
        r#""v":1,"fetch":{"fault":{"result":"tlsa-invalid","reason":"b"}}"#,
        Kind::ReasonCode,
        "expected a reason code, found `b`",
    );
    refused(
        r#""v":1,"mx":7"#,
        Kind::Json,
        "expected a JSON object of observations: invalid type: integer `7`, expected struct \
         AnswerForm at line 1 column 50",
    );
    let kind = |text: &str| Observations::from_json(text).unwrap_err().kind();
    assert_eq!(kind(r#"{"v":1,"domain":"[192.0.2.1]","observed_at":1}"#), Kind::Domain);
    assert_eq!(kind(r#"{"domain":"a.example","observed_at":1}"#), Kind::Json);
    assert_eq!(kind(""), Kind::Json);
    assert_eq!(kind(&"[".repeat(100_000)), Kind::Json);
    assert_eq!(kind(&" ".repeat(MAX_JSON_LEN + 1)), Kind::TooLong);
    let later = r#"{"v":1,"domain":"example.com","observed_at":1000,"new":[1],"fetch":null}"#;
    assert_eq!(Observations::from_json(later).unwrap(), nothing());
}

fn failures() -> impl Strategy<Value = Failure> {
    (sample::select(ResultType::ALL), sample::select(ReasonCode::ALL))
        .prop_map(|(result, reason)| Failure::new(result, reason))
}

fn answers<T: std::fmt::Debug + Clone + 'static>(
    record: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Result<Lookup<T>, DnsFailure>> {
    let dnssec = sample::select(vec![Dnssec::Authentic, Dnssec::NotAuthentic, Dnssec::Unknown]);
    let found =
        (vec(record, 0..4), any::<bool>(), option::of(any::<Duration>()), vec(".*", 0..3), dnssec);
    let found = found.prop_map(|(records, exists, ttl, aliases, dnssec)| {
        let found = if exists { Lookup::found(records) } else { Lookup::nxdomain() };
        let found = found.with_aliases(aliases).with_dnssec(dnssec);
        Ok(ttl.into_iter().fold(found, Lookup::with_ttl))
    });
    let failures =
        vec![DnsFailure::ServFail, DnsFailure::Refused, DnsFailure::Timeout, DnsFailure::Other];
    prop_oneof![3 => found, 1 => sample::select(failures).prop_map(Err)]
}

fn txt_answers() -> impl Strategy<Value = Result<Lookup<TxtRecord>, DnsFailure>> {
    answers(vec(vec(any::<u8>(), 0..20), 0..3))
}

fn faults() -> impl Strategy<Value = Fault> {
    (failures(), ".*").prop_map(|(failure, text)| Fault::new(failure, text))
}

fn certificates() -> impl Strategy<Value = Certificate> {
    let facts = (any::<u64>(), any::<u64>(), ".*", ".*", any::<bool>(), vec(".*", 0..3));
    let facts = facts.prop_map(|(from, to, subject, issuer, itself, names)| {
        let issued_by = if itself { IssuedBy::Itself } else { IssuedBy::Another };
        CertificateFacts::new(time(from), time(to))
            .with_subject(subject)
            .with_issuer(issuer, issued_by)
            .with_names(names)
    });
    (vec(any::<u8>(), 0..20), option::of(facts)).prop_map(|(der, facts)| {
        let certificate = Certificate::new(CertificateDer::from(der));
        facts.into_iter().fold(certificate, Certificate::with_facts)
    })
}

fn servers() -> impl Strategy<Value = Server> {
    let version = sample::select(vec![TlsProtocol::Tls12, TlsProtocol::Tls13]);
    let address = option::of(any::<core::net::SocketAddrV4>());
    (address, option::of(version), vec(certificates(), 0..3), vec(faults(), 0..3)).prop_map(
        |(address, version, chain, faults)| {
            let server = Server::default().with_chain(chain).with_faults(faults);
            let server = version.into_iter().fold(server, Server::with_version);
            address.map(Into::into).into_iter().fold(server, Server::with_address)
        },
    )
}

fn fetches() -> impl Strategy<Value = Fetch> {
    let field =
        (sample::select(vec!["content-type", "Location", "Server"]), vec(any::<u8>(), 0..9));
    let response = (any::<u16>(), vec(field, 0..3), vec(any::<u8>(), 0..40));
    let response = response.prop_map(|(status, fields, body)| {
        let add = |response: Response, (name, value)| response.with_field(name, value);
        fields.into_iter().fold(Response::new(status, body), add)
    });
    let result = prop_oneof![response.prop_map(Ok), faults().prop_map(Err)];
    (result, servers(), option::of(0..u64::MAX / 1_000_000)).prop_map(|(result, server, took)| {
        let fetch = Fetch::new(result).with_server(server);
        took.map(Duration::from_micros).into_iter().fold(fetch, Fetch::with_took)
    })
}

fn outcomes() -> impl Strategy<Value = TlsOutcome> {
    let checked = || {
        prop_oneof![Just(Checked::No), Just(Checked::Valid), failures().prop_map(Checked::Invalid)]
    };
    let version = sample::select(vec![TlsVersion::Older, TlsVersion::Tls12OrLater]);
    let session = (version, checked(), checked()).prop_map(|(version, webpki, dane)| {
        TlsOutcome::Established(Session::new(version).with_webpki(webpki).with_dane(dane))
    });
    let plain = vec![
        TlsOutcome::Unreachable,
        TlsOutcome::Deferred,
        TlsOutcome::NotOffered,
        TlsOutcome::Refused,
        TlsOutcome::StartTlsDeferred,
    ];
    prop_oneof![sample::select(plain), failures().prop_map(TlsOutcome::HandshakeFailed), session,]
}

fn hosts() -> impl Strategy<Value = MxHost> {
    let said = (option::of(".*"), vec(".*", 0..3), option::of(".*"), option::of(".*"));
    let probe = (outcomes(), said, servers(), option::of(any::<u32>()));
    let probe = probe.prop_map(|(outcome, (greeting, lines, refusal, trouble), server, took)| {
        let probe = Probe::new(outcome).with_extensions(lines).with_server(server);
        let probe = greeting.into_iter().fold(probe, Probe::with_greeting);
        let probe = refusal.into_iter().fold(probe, Probe::with_refusal);
        let probe = trouble.into_iter().fold(probe, Probe::with_trouble);
        let took = took.map(|micros| Duration::from_micros(micros.into()));
        took.into_iter().fold(probe, Probe::with_took)
    });
    (".*", option::of(answers(any::<IpAddr>())), option::of(probe)).prop_map(
        |(name, addresses, probe)| {
            let host = addresses.into_iter().fold(MxHost::new(name), MxHost::with_addresses);
            probe.into_iter().fold(host, MxHost::with_probe)
        },
    )
}

fn observations() -> impl Strategy<Value = Observations> {
    let mx = (any::<u16>(), ".*").prop_map(|(preference, exchange)| Mx { preference, exchange });
    let dns = (
        option::of(txt_answers()),
        option::of(txt_answers()),
        option::of(answers(any::<IpAddr>())),
        option::of(answers(mx)),
    );
    (any::<u64>(), dns, option::of(fetches()), vec(hosts(), 0..3)).prop_map(
        |(at, (sts, tlsrpt, policy_host, mx), fetch, hosts)| {
            let seen =
                Observations::new(PolicyDomain::from_next_hop("a.example").unwrap(), time(at));
            let seen = sts.into_iter().fold(seen, Observations::with_sts_record);
            let seen = tlsrpt.into_iter().fold(seen, Observations::with_tlsrpt_record);
            let seen = policy_host.into_iter().fold(seen, Observations::with_policy_host);
            let seen = mx.into_iter().fold(seen, Observations::with_mx);
            let seen = fetch.into_iter().fold(seen, Observations::with_fetch);
            hosts.into_iter().fold(seen, Observations::with_host)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn observations_come_back_from_json(seen in observations()) {
        let text = seen.to_json();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(Observations::from_json(&text).unwrap(), seen);
    }

    #[test]
    fn nothing_is_otherwise_than_itself(seen in observations()) {
        prop_assert_eq!(seen.changes_since(&seen), []);
    }

    #[test]
    fn reading_never_panics(text in ".*", cut in any::<sample::Index>(), seen in observations()) {
        let _ = Observations::from_json(&text);
        let json = seen.to_json();
        let _ = Observations::from_json(&json.chars().take(cut.index(json.len())).collect::<String>());
    }
}

/// An item takes up to a hundred times the octets that it has as text.
#[test]
fn all_2_what_is_beyond_the_bounds_is_not_even_read() {
    let list =
        |item: &str, last: &str| format!("[{}{last}]", format!("{item},").repeat(MAX_RECORDS));
    let (hosts, records) = (list(r#"{"name":"a"}"#, "7"), list(r#"["b"]"#, "8,9"));
    let chain = format!("[{}9]", r#"{"der":"00"},"#.repeat(MAX_CHAIN));
    let text = format!(
        r#"{{"v":1,"domain":"example.com","observed_at":1,
            "sts_record":{{"records":{records},"left_out":5}},"hosts":{hosts},
            "fetch":{{"response":{{"status":200,"body":""}},"server":{{"chain":{chain}}}}}}}"#
    );
    let seen = Observations::from_json(&text).unwrap();
    let record = seen.sts_record().unwrap().unwrap();
    assert_eq!((record.records().len(), record.left_out()), (MAX_RECORDS, 7));
    assert_eq!(seen.hosts().len(), 1);
    assert_eq!(seen.fetch().unwrap().server().chain().len(), MAX_CHAIN);
}
