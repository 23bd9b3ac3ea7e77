//! One domain for each code that has it, at its place; the healthy one has none.

use core::time::Duration;

use mta_sts::audit::{Auditor, Code, Phase, Severity, audit};
use mta_sts::failure::{Failure, ReasonCode as Reason, ResultType as Type};
use mta_sts::observations::{Fault, Lookup, MxHost, Observations, Probe};
use mta_sts::sts::apply::{Session, TlsOutcome, TlsVersion};
use mta_sts::txt::DnsFailure;

use crate::domain::{
    BODY, DAY, NOW, VALID, address, answered, assert_corrected_texts_are_strict, certificate,
    healthy, healthy_at, host, invalid, mx, refused, response, served, txt, unseen, unseen_at,
    unserved,
};

/// Observations, earlier ones, and what they must lead to.
pub(crate) struct Case {
    pub(crate) code: Code,
    place: &'static str,
    severity: Severity,
    pub(crate) seen: Observations,
    earlier: Option<Observations>,
    phase: Phase,
}

fn case(code: Code, place: &'static str, seen: Observations) -> Case {
    Case { code, place, severity: code.severity(), seen, earlier: None, phase: Phase::Settled }
}

impl Case {
    fn since(mut self, earlier: Observations) -> Self {
        self.earlier = Some(earlier);
        self
    }

    fn in_phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }
}

fn dns<T>() -> Result<T, DnsFailure> {
    Err(DnsFailure::ServFail)
}

fn record(texts: &[&str]) -> Observations {
    healthy().with_sts_record(Ok(txt(texts)))
}

fn aliased(found: Lookup<Vec<Vec<u8>>>) -> Observations {
    healthy().with_sts_record(Ok(found.with_aliases(["sts.example.net".into()])))
}

fn record_cases() -> Vec<Case> {
    let absent =
        healthy().with_sts_record(Ok(Lookup::nxdomain())).with_policy_host(Ok(Lookup::nxdomain()));
    let (place, at_12) = ("_mta-sts record", "_mta-sts record, offset 12");
    let two = txt(&["v=STSv1; id=1;", "v=STSv1; id=2;"]);
    let long = txt(&["v=STSv1; id=1;"]).with_ttl(Duration::from_secs(DAY + 1));
    vec![
        case(Code::StsAbsent, place, absent),
        case(Code::StsRecordMissing, place, record(&["v=spf1 -all"])),
        case(Code::StsRecordMisspelt, "_mta-sts record, offset 0", record(&["v=STSV1; id=1;"])),
        case(Code::StsRecordMultiple, place, healthy().with_sts_record(Ok(two))),
        case(Code::StsRecordInvalid, "_mta-sts record, offset 8", record(&["v=STSv1;;id=1"])),
        case(Code::StsRecordId, at_12, record(&["v=STSv1; id=2027-01-01;"])),
        case(Code::StsRecordDnsFailure, place, healthy().with_sts_record(dns())),
        case(Code::StsRecordDangling, place, aliased(Lookup::nxdomain())),
        case(Code::StsRecordDelegated, place, aliased(txt(&["v=STSv1; id=1;"]))),
        case(Code::StsRecordOthers, place, record(&["v=STSv1; id=1;", "v=spf1 -all"])),
        case(Code::StsRecordExtension, "_mta-sts record, offset 15", {
            record(&["v=STSv1; id=1; mode=enforce;"])
        }),
        case(Code::StsRecordTtlLong, place, healthy().with_sts_record(Ok(long))),
    ]
}

fn fetched(fetch: mta_sts::observations::Fetch) -> Observations {
    healthy().with_fetch(fetch)
}

fn fetch_error(reason: Reason) -> Observations {
    fetched(unserved(Type::StsPolicyFetchError, reason))
}

fn policy_host_cases() -> Vec<Case> {
    let place = "policy host";
    let lookup = |found| healthy().with_policy_host(found);
    let alias = |found: Lookup<_>| lookup(Ok(found.with_aliases(["host.example.net".into()])));
    let plain = response(BODY);
    let compressed = plain.clone().with_field("Content-Encoding", "gzip");
    let status = |status| {
        fetched(answered(
            mta_sts::observations::Response::new(status, "")
                .with_field("Location", "https://www.example.com/\u{1b}[31m"),
        ))
    };
    let slow = served(BODY).with_took(Duration::from_secs(11));
    let html =
        mta_sts::observations::Response::new(200, BODY).with_field("Content-Type", "text/html");
    vec![
        case(Code::HostNoAddress, place, lookup(Ok(Lookup::nxdomain()))),
        case(Code::HostDangling, place, alias(Lookup::nxdomain())),
        case(Code::HostDelegated, place, alias(Lookup::found([address()]))),
        case(Code::HostDnsFailure, place, lookup(dns())),
        case(Code::HostAddress, place, fetch_error(Reason::AddressNotPermitted)),
        case(Code::HostConnection, place, fetch_error(Reason::ConnectionFailed)),
        case(Code::HostTimeout, place, fetch_error(Reason::Timeout)),
        case(Code::HostTls, place, fetch_error(Reason::TlsUnrecognizedName)),
        case(Code::HostTlsVersion, place, fetch_error(Reason::TlsVersion)),
        case(Code::HostProtocol, place, fetch_error(Reason::HttpProtocol)),
        case(Code::HostStatus, place, status(404)),
        case(Code::HostRedirect, place, status(301)),
        case(Code::HostMediaType, place, fetched(answered(html))),
        case(Code::HostEncoding, place, fetched(answered(compressed))),
        case(Code::HostTooLarge, place, fetched(served(&"x: y\n".repeat(14_000)))),
        case(Code::HostSlow, place, fetched(slow)),
    ]
}

fn host_certificate_cases() -> Vec<Case> {
    let place = "certificate of the policy host";
    let own = |reason| fetched(refused(reason, "example.com"));
    let soon = served(BODY).with_server(certificate("mta-sts.example.com", 13));
    let provider = refused(Reason::CertificateHostMismatch, "*.hosting.example.net");
    vec![
        case(Code::HostExpired, place, own(Reason::CertificateExpired)),
        case(Code::HostNotYetValid, place, own(Reason::CertificateNotYetValid)),
        case(Code::HostMismatch, place, own(Reason::CertificateHostMismatch)),
        case(Code::HostProvider, place, fetched(provider)),
        case(Code::HostSelfSigned, place, own(Reason::CertificateSelfSigned)),
        case(Code::HostUnknownIssuer, place, own(Reason::CertificateUnknownIssuer)),
        case(Code::HostCertificate, place, own(Reason::CertificateRevoked)),
        case(Code::HostExpiresSoon, place, fetched(soon)),
    ]
}

fn body(body: &str) -> Observations {
    fetched(served(body))
}

/// The policy with another text in one place.
fn but(from: &str, to: &str) -> Observations {
    assert!(BODY.contains(from));
    body(&BODY.replace(from, to))
}

fn policy_cases() -> Vec<Case> {
    let testing = |age: &str| {
        but("enforce", "testing")
            .with_fetch(served(&BODY.replace("enforce", "testing").replace("604800", age)))
    };
    let utf16: Vec<u8> = BODY.bytes().flat_map(|b| [b, 0xfe]).collect();
    let utf16 =
        mta_sts::observations::Response::new(200, utf16).with_field("content-type", "text/plain");
    let many = format!("{BODY}{}", "mx: mail.example.com\n".repeat(1_000));
    vec![
        case(Code::PolicyHtml, "policy, line 1, column 1", body("<!DOCTYPE html>\n<html></html>")),
        case(Code::PolicyNotText, "policy, line 1, column 2", fetched(answered(utf16))),
        case(Code::PolicySyntax, "policy, line 6, column 6", body(&format!("{BODY}Hello\n"))),
        case(Code::PolicyVersion, "policy, line 1, column 10", but("STSv1", "STLS1")),
        case(Code::PolicyMode, "policy, line 2, column 7", but("enforce", "enforced")),
        case(Code::PolicyMaxAge, "policy, line 5, column 10", but("604800", "604,800")),
        case(Code::PolicyMx, "policy, line 4, column 8", but("mx2.example", "mx2_.example")),
        case(Code::PolicyTrailingDot, "policy, line 3, column 21", {
            but("mail.example.com", "mail.example.com.")
        }),
        case(Code::PolicyTooManyMx, "policy, line 1004, column 5", body(&many)),
        case(Code::PolicyMissingField, "policy", but("max_age: 604800\n", "")),
        case(
            Code::PolicyByteOrderMark,
            "policy, line 1, column 1",
            body(&format!("\u{feff}{BODY}")),
        ),
        case(Code::PolicyWhitespace, "policy, line 6, column 1", body(&format!("{BODY}\n"))),
        case(Code::PolicyNearMiss, "policy, line 4, column 1", but("mx: mx2", "ms: mx2")),
        case(Code::PolicyExtension, "policy, line 6, column 1", body(&format!("{BODY}note: x\n"))),
        case(
            Code::PolicyRepeated,
            "policy, line 6, column 1",
            body(&format!("{BODY}mode: none\n")),
        ),
        case(Code::PolicyTesting, "policy, line 2, column 7", but("enforce", "testing")),
        case(Code::PolicyNone, "policy, line 2, column 7", but("enforce", "none")),
        case(Code::PolicyNoneLong, "policy, line 5, column 10", {
            body(&BODY.replace("enforce", "none").replace("604800", "604801"))
        }),
        case(Code::PolicyAgeShort, "policy, line 5, column 10", but("604800", "604799")),
        case(Code::PolicyAgeLong, "policy, line 5, column 10", testing("1209601")),
        case(Code::PolicyAgeLong, "policy, line 5, column 10", but("604800", "1209601"))
            .in_phase(Phase::Introducing),
        case(Code::PolicyAgeCapped, "policy, line 5, column 10", but("604800", "31557601")),
    ]
}

fn coverage_cases() -> Vec<Case> {
    let more = |line: &str| but("max_age", &format!("mx: {line}\nmax_age"));
    vec![
        case(Code::MxUncovered, "MX mx2.example.com", but("mx: mx2.example.com\n", "")),
        case(Code::MxUnused, "policy, line 5, column 5", more("old.example.com")),
        case(Code::MxDepth, "policy, line 4, column 5", but("mx: mx2.", "mx: *.mx2.")),
        case(Code::MxAddress, "policy, line 5, column 5", more("192.0.2.1")),
        case(Code::MxPublicSuffix, "policy, line 5, column 5", more("*.com")),
        case(Code::MxOwnDomain, "policy, line 5, column 5", more("*.example.com")),
        case(Code::MxRepeated, "policy, line 5, column 5", more("MAIL.example.com")),
    ]
}

fn second(outcome: TlsOutcome) -> Observations {
    healthy().with_host(host("mx2.example.com", outcome))
}

fn first(outcome: TlsOutcome) -> Observations {
    healthy().with_host(host("mail.example.com", outcome))
}

fn mx_cases() -> Vec<Case> {
    let (hosts, place) = ("MX records", "MX mail.example.com");
    let older = TlsOutcome::Established(
        Session::new(TlsVersion::Older).with_webpki(mta_sts::sts::apply::Checked::Valid),
    );
    let handshake = Failure::new(Type::ValidationFailure, Reason::TlsHandshake);
    let named = |name| MxHost::new(name);
    vec![
        case(Code::MxDnsFailure, hosts, healthy().with_mx(dns())),
        case(Code::MxNoDomain, hosts, healthy().with_mx(Ok(Lookup::nxdomain()))),
        case(Code::MxImplicit, hosts, healthy().with_mx(mx(&[]))),
        case(Code::MxNull, hosts, healthy().with_mx(mx(&[(0, "")]))),
        case(Code::MxNullMixed, hosts, healthy().with_mx(mx(&[(0, ""), (10, "mail.example.com")]))),
        case(Code::MxName, "MX 192.0.2.1", healthy().with_mx(mx(&[(10, "192.0.2.1")]))),
        case(Code::MxNoAddress, place, {
            healthy().with_host(named("mail.example.com").with_addresses(Ok(Lookup::nxdomain())))
        }),
        case(Code::MxHostDnsFailure, place, {
            healthy().with_host(named("mail.example.com").with_addresses(dns()))
        }),
        case(Code::MxUnreachable, place, first(TlsOutcome::Unreachable)),
        case(Code::MxDeferred, place, first(TlsOutcome::Deferred)),
        case(Code::MxNoStartTls, place, first(TlsOutcome::NotOffered)),
        case(Code::MxNoStartTls, place, first(TlsOutcome::Refused)),
        case(Code::MxBackup, "MX mx2.example.com", second(TlsOutcome::NotOffered)),
        case(Code::MxStartTlsDeferred, place, first(TlsOutcome::StartTlsDeferred)),
        case(Code::MxTls, place, first(TlsOutcome::HandshakeFailed(handshake))),
        case(Code::MxTlsVersion, place, first(older)),
    ]
}

fn mx_certificate_cases() -> Vec<Case> {
    let place = "certificate of MX mail.example.com";
    let trust = |reason| first(invalid(Type::CertificateNotTrusted, reason));
    let soon = Probe::new(VALID).with_server(certificate("mail.example.com", 13));
    let soon = healthy().with_host(MxHost::new("mail.example.com").with_probe(soon));
    vec![
        case(Code::MxExpired, place, {
            first(invalid(Type::CertificateExpired, Reason::CertificateExpired))
        }),
        case(Code::MxNotYetValid, place, trust(Reason::CertificateNotYetValid)),
        case(Code::MxMismatch, place, {
            first(invalid(Type::CertificateHostMismatch, Reason::CertificateHostMismatch))
        }),
        case(Code::MxSelfSigned, place, trust(Reason::CertificateSelfSigned)),
        case(Code::MxUnknownIssuer, place, trust(Reason::CertificateUnknownIssuer)),
        case(Code::MxCertificate, place, trust(Reason::CertificatePurpose)),
        case(Code::MxExpiresSoon, place, soon),
    ]
}

fn reports(texts: &[&str]) -> Observations {
    healthy().with_tlsrpt_record(Ok(txt(texts)))
}

fn tlsrpt_cases() -> Vec<Case> {
    let place = "_smtp._tls record";
    let ok = "v=TLSRPTv1; rua=mailto:tls@example.com";
    let short = txt(&[ok]).with_ttl(Duration::from_secs(3_599));
    let dangling = Lookup::nxdomain().with_aliases(["tls.example.net".into()]);
    vec![
        case(Code::TlsrptMissing, place, reports(&["v=spf1 -all"])),
        case(Code::TlsrptMisspelt, "_smtp._tls record, offset 0", {
            reports(&["v=TLSRPTV1; rua=mailto:tls@example.com"])
        }),
        case(Code::TlsrptMultiple, place, reports(&[ok, ok])),
        case(Code::TlsrptInvalid, "_smtp._tls record, offset 27", {
            reports(&["v=TLSRPTv1; ru=mailto:a@b.c"])
        }),
        case(Code::TlsrptDnsFailure, place, healthy().with_tlsrpt_record(dns())),
        case(Code::TlsrptDangling, place, healthy().with_tlsrpt_record(Ok(dangling))),
        case(Code::TlsrptUnusable, "_smtp._tls record, offset 16", {
            reports(&["v=TLSRPTv1; rua=tls@example.com"])
        }),
        case(Code::TlsrptUri, "_smtp._tls record, offset 39", {
            reports(&[&format!("{ok},http://example.com/")])
        }),
        case(Code::TlsrptDeviation, "_smtp._tls record, offset 39", {
            reports(&[&format!("{ok},")])
        }),
        case(Code::TlsrptOthers, place, reports(&[ok, "v=spf1 -all"])),
        case(Code::TlsrptExtension, "_smtp._tls record, offset 40", {
            reports(&[&format!("{ok}; ruf=x")])
        }),
        case(Code::TlsrptTtlShort, place, healthy().with_tlsrpt_record(Ok(short))),
    ]
}

fn change_cases() -> Vec<Case> {
    let (record_place, mode) = ("_mta-sts record", "policy, line 2, column 7");
    let before = || healthy_at(NOW - 3_600);
    let none = unseen_at(NOW - 3_600).with_sts_record(Ok(Lookup::nxdomain()));
    vec![
        case(Code::ChangeIdKept, record_place, but("mx: mx2.example.com\n", "")).since(before()),
        case(Code::ChangeIdOnly, record_place, record(&["v=STSv1; id=2;"])).since(before()),
        case(Code::ChangeEnforceAtOnce, mode, healthy()).since(none),
        case(Code::ChangeWeakened, mode, but("enforce", "testing")).since(before()),
        case(Code::ChangeRemoved, record_place, record(&[])).since(before()),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    [
        record_cases(),
        policy_host_cases(),
        host_certificate_cases(),
        policy_cases(),
        coverage_cases(),
        mx_cases(),
        mx_certificate_cases(),
        tlsrpt_cases(),
        change_cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn aud_2_each_code_is_found_at_its_place() {
    let mut wrong = String::new();
    for case in cases() {
        let mut auditor = Auditor::new().with_phase(case.phase);
        if let Some(earlier) = &case.earlier {
            auditor = auditor.with_earlier(earlier);
        }
        let audit = auditor.audit(&case.seen);
        assert_corrected_texts_are_strict(&audit);
        let found = audit.findings().iter().find(|finding| finding.code() == case.code);
        let found = found.map(|finding| (finding.place().to_string(), finding.severity()));
        if found != Some((case.place.to_owned(), case.severity)) {
            let all: Vec<_> = audit.findings().iter().map(ToString::to_string).collect();
            wrong += &format!("{}: {found:?} in {all:#?}\n", case.code);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn aud_2_a_healthy_domain_has_no_findings() {
    for auditor in [Auditor::new(), Auditor::new().with_earlier(&healthy_at(NOW - 3_600))] {
        let audit = auditor.audit(&healthy());
        assert_eq!(audit.findings(), [], "nothing");
    }
    assert_eq!(audit(&unseen()).findings(), [], "what nobody has looked at");
}

#[test]
fn aud_2_each_code_has_a_case() {
    let cases = cases();
    for code in Code::ALL {
        assert!(cases.iter().any(|case| case.code == *code), "{code}");
    }
}

/// What a case has beside its own code is a consequence of it.
#[test]
fn aud_2_a_fault_leads_to_few_findings() {
    for case in cases() {
        let count = audit(&case.seen).findings().len();
        assert!(count <= 4, "{}: {count}", case.code);
    }
}

#[test]
fn aud_2_all_faults_of_a_certificate_are_told() {
    let fault = |reason| Fault::new(Failure::new(Type::CertificateNotTrusted, reason), "wrong");
    let faults = [Reason::CertificateExpired, Reason::CertificateSelfSigned].map(fault);
    let server = certificate("mail.example.com", 1).with_faults(faults);
    let outcome = invalid(Type::CertificateExpired, Reason::CertificateExpired);
    let probe = Probe::new(outcome).with_server(server);
    let seen = healthy().with_host(MxHost::new("mail.example.com").with_probe(probe));
    let codes: Vec<_> = audit(&seen).findings().iter().map(|one| one.code()).collect();
    assert_eq!(codes, [Code::MxExpired, Code::MxSelfSigned]);
}
