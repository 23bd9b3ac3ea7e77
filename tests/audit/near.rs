//! What is nearly a fault, and is none.

use core::time::Duration;

use mta_sts::audit::{Auditor, Code, Phase, State, Verdict, audit};
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::observations::{
    Certificate, CertificateFacts, Dnssec, Fault, Fetch, Lookup, MxHost, Observations, Probe,
    Response, Server,
};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::apply::TlsOutcome;
use mta_sts::txt::DnsFailure;

use crate::domain::{
    BODY, DAY, NOW, VALID, certificate, healthy, healthy_at, host, mx, refused, served, time, txt,
    unseen_at,
};

#[track_caller]
fn codes(seen: &Observations) -> Vec<Code> {
    audit(seen).findings().iter().map(|finding| finding.code()).collect()
}

fn body(from: &str, to: &str) -> Observations {
    assert!(BODY.contains(from));
    healthy().with_fetch(served(&BODY.replace(from, to)))
}

#[track_caller]
fn since(earlier: &Observations, seen: &Observations) -> Vec<Code> {
    let audit = Auditor::new().with_earlier(earlier).audit(seen);
    audit.findings().iter().map(|finding| finding.code()).collect()
}

#[test]
fn aud_2_lifetimes_have_sharp_bounds() {
    let testing = BODY.replace("enforce", "testing");
    let with_age = |body: &str, age: &str| served(&body.replace("604800", age));
    let none = BODY.replace("enforce", "none");
    for (fetch, code, is_found) in [
        (with_age(BODY, "604799"), Code::PolicyAgeShort, true),
        (with_age(BODY, "604800"), Code::PolicyAgeShort, false),
        (with_age(&testing, "3599"), Code::PolicyAgeShort, true),
        (with_age(&testing, "3600"), Code::PolicyAgeShort, false),
        (with_age(&testing, "1209601"), Code::PolicyAgeLong, true),
        (with_age(&testing, "1209600"), Code::PolicyAgeLong, false),
        (with_age(BODY, "31557600"), Code::PolicyAgeLong, false),
        (with_age(BODY, "31557601"), Code::PolicyAgeCapped, true),
        (with_age(BODY, "31557600"), Code::PolicyAgeCapped, false),
        (with_age(&none, "604801"), Code::PolicyNoneLong, true),
        (with_age(&none, "604800"), Code::PolicyNoneLong, false),
        (with_age(&none, "0"), Code::PolicyAgeShort, false),
        (served(BODY).with_took(Duration::from_secs(10)), Code::HostSlow, true),
        (served(BODY).with_took(Duration::from_millis(9_999)), Code::HostSlow, false),
    ] {
        let seen = healthy().with_fetch(fetch);
        assert_eq!(codes(&seen).contains(&code), is_found, "{code}: {:?}", seen.fetch());
    }
}

#[test]
fn aud_2_ttls_have_sharp_bounds() {
    let record = |secs| txt(&["v=STSv1; id=1;"]).with_ttl(Duration::from_secs(secs));
    let long = |secs| codes(&healthy().with_sts_record(Ok(record(secs))));
    assert_eq!(long(DAY), []);
    assert_eq!(long(DAY + 1), [Code::StsRecordTtlLong]);

    let reports = txt(&["v=TLSRPTv1; rua=mailto:tls@example.com"]);
    let reports = |secs| reports.clone().with_ttl(Duration::from_secs(secs));
    let short = |found| codes(&healthy().with_tlsrpt_record(Ok(found)));
    assert_eq!(short(reports(3_600)), []);
    assert_eq!(short(reports(3_599)), [Code::TlsrptTtlShort]);
    assert_eq!(short(reports(3_599).with_dnssec(Dnssec::Authentic)), [], "RFC 8460 §7");
}

/// Certificates of a week are renewed late, and that is no fault.
#[test]
fn aud_2_certificates_are_to_be_renewed_in_time() {
    let served_with =
        |server: Server| codes(&healthy().with_fetch(served(BODY).with_server(server)));
    let certificate = |days: u64, left: u64| {
        let facts = CertificateFacts::new(time(NOW + left - days * DAY), time(NOW + left));
        Server::default().with_chain([Certificate::new(vec![1].into()).with_facts(facts)])
    };
    assert_eq!(served_with(certificate(90, 14 * DAY)), []);
    assert_eq!(served_with(certificate(90, 14 * DAY - 1)), [Code::HostExpiresSoon]);
    assert_eq!(served_with(certificate(6, 2 * DAY)), []);
    assert_eq!(served_with(certificate(6, 2 * DAY - 1)), [Code::HostExpiresSoon]);
    assert_eq!(served_with(Server::default()), [], "nobody has read it");
}

#[test]
fn aud_2_mx_hosts_and_patterns_fit_in_many_ways() {
    assert_eq!(codes(&body("mx: mail.example.com", "mx: MAIL.Example.COM")), []);
    assert_eq!(codes(&healthy().with_fetch(served(&BODY.replace('\n', "\r\n")))), []);
    let below = healthy()
        .with_mx(mx(&[(10, "a.mail.example.com")]))
        .with_host(host("a.mail.example.com", VALID));
    let covered = below.clone().with_fetch(served(
        "version: STSv1\nmode: enforce\nmx: *.mail.example.com\nmax_age: 604800\n",
    ));
    assert_eq!(codes(&covered), []);
    let shallow = below
        .with_fetch(served("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n"));
    assert_eq!(codes(&shallow), [Code::MxUncovered, Code::MxDepth]);
    let unused = body("max_age", "mx: *.example.net\nmax_age");
    assert_eq!(codes(&unused), [Code::MxUnused]);
    let none = body("enforce", "none").with_mx(mx(&[(10, "mx.example.net")]));
    assert_eq!(codes(&none), [Code::PolicyNone], "in mode none every host is allowed");
    let unknown = body("max_age", "mx: *.example.net\nmax_age").with_mx(Err(DnsFailure::Refused));
    assert_eq!(codes(&unknown), [Code::MxDnsFailure]);
}

#[cfg(feature = "psl")]
#[test]
fn aud_2_public_suffixes_are_those_of_the_list() {
    for (pattern, is_found) in [
        ("*.com", true),
        ("*.co.uk", true),
        ("*.example.co.uk", false),
        ("co.uk", false),
        ("*.mail.protection.outlook.com", false),
        ("*.aspmx.l.google.com", false),
    ] {
        let seen = body("max_age", &format!("mx: {pattern}\nmax_age"));
        assert_eq!(codes(&seen).contains(&Code::MxPublicSuffix), is_found, "{pattern}");
    }
}

#[test]
fn aud_2_a_backup_is_one_if_others_have_tls() {
    let refuses = |name| host(name, TlsOutcome::NotOffered);
    let second = healthy().with_host(refuses("mx2.example.com"));
    assert_eq!(codes(&second), [Code::MxBackup]);
    assert_eq!(codes(&healthy().with_host(refuses("mail.example.com"))), [Code::MxNoStartTls]);
    let both = second.with_host(refuses("mail.example.com"));
    assert_eq!(codes(&both), [Code::MxNoStartTls; 2]);
    let same = healthy()
        .with_mx(mx(&[(10, "mail.example.com"), (10, "mx2.example.com")]))
        .with_host(refuses("mx2.example.com"));
    assert_eq!(codes(&same), [Code::MxNoStartTls]);
}

#[test]
fn aud_2_a_host_that_was_not_seen_is_no_fault() {
    let certificate = Probe::new(VALID).with_server(certificate("mail.example.com", 60));
    let named = MxHost::new("MAIL.example.com.").with_probe(certificate);
    assert_eq!(codes(&healthy().with_host(named)), []);
    assert_eq!(codes(&healthy().with_host(MxHost::new("mail.example.com"))), []);
}

#[test]
fn aud_2_changes_are_told_only_if_they_are_some() {
    let before = || healthy_at(NOW - 3_600);
    let reordered = body(
        "mx: mail.example.com\nmx: mx2.example.com",
        "mx: mx2.example.com\nmx: mail.example.com",
    );
    assert_eq!(since(&before(), &reordered), [], "the same meaning");
    let unanswered = before().with_sts_record(Err(DnsFailure::Timeout));
    assert_eq!(since(&unanswered, &healthy()), [], "there may have been a policy");
    let tested = before().with_fetch(served(&BODY.replace("enforce", "testing")));
    let enforced = healthy().with_sts_record(Ok(txt(&["v=STSv1; id=2;"])));
    assert_eq!(since(&tested, &enforced), [], "it was tested before");
    assert_eq!(since(&healthy_at(NOW + 1), &reordered), [], "that is later");
    let other = Observations::new(PolicyDomain::from_next_hop("example.net").unwrap(), time(1))
        .with_sts_record(Ok(Lookup::nxdomain()));
    assert_eq!(since(&other, &healthy()), [], "that is another domain");
}

#[test]
fn aud_2_a_policy_may_be_removed_when_it_has_expired() {
    let removed = healthy().with_sts_record(Ok(txt(&[])));
    let week = 604_800;
    let expired = healthy_at(NOW - week - 1);
    assert_eq!(since(&expired, &removed), [Code::StsRecordMissing]);
    assert!(since(&healthy_at(NOW - week), &removed).contains(&Code::ChangeRemoved));
    let none = healthy_at(NOW - 3_600).with_fetch(served(&BODY.replace("enforce", "none")));
    assert_eq!(since(&none, &removed), [Code::StsRecordMissing], "it was withdrawn");
}

#[test]
fn aud_2_a_phase_makes_long_ages_and_no_more_a_fault() {
    let long = body("604800", "31557600");
    let codes = |phase| {
        let audit = Auditor::new().with_phase(phase).audit(&long);
        audit.findings().iter().map(|finding| finding.code()).collect::<Vec<_>>()
    };
    assert_eq!(codes(Phase::Settled), []);
    assert_eq!(codes(Phase::Introducing), [Code::PolicyAgeLong]);
}

/// By a wildcard in DNS every name has an address, and a web site answers there.
#[test]
fn aud_2_a_wildcard_in_dns_is_no_mta_sts() {
    let page = Response::new(200, "<html>").with_field("Content-Type", "text/html");
    let mismatch = || refused(ReasonCode::CertificateHostMismatch, "www.example.com");
    for fetch in [
        mismatch(),
        Fetch::new(Ok(Response::new(404, ""))),
        Fetch::new(Ok(Response::new(301, ""))),
        Fetch::new(Ok(page)),
    ] {
        let seen = healthy().with_sts_record(Ok(Lookup::nxdomain())).with_fetch(fetch);
        assert_eq!(codes(&seen), [Code::StsAbsent]);
        assert_eq!(audit(&seen).verdict(), Verdict::Absent);
        assert!(audit(&seen).findings()[0].what().ends_with("serves no policy"));
    }
    // What somebody meant to publish is not passed over.
    let served = Response::new(200, "mode: enforce").with_field("Content-Type", "text/plain");
    let meant = healthy().with_sts_record(Ok(Lookup::nxdomain()));
    assert_eq!(audit(&meant.with_fetch(Fetch::new(Ok(served)))).verdict(), Verdict::Broken);
    let misspelt = healthy().with_sts_record(Ok(txt(&["v=STSV1; id=1;"]))).with_fetch(mismatch());
    assert_eq!(codes(&misspelt), [Code::StsRecordMisspelt, Code::HostMismatch]);
    assert_eq!(audit(&misspelt).verdict(), Verdict::Broken);
}

#[test]
fn aud_2_a_domain_without_anything_has_one_error() {
    let missing = Failure::new(ResultType::StsPolicyFetchError, ReasonCode::HostNotFound);
    let seen = unseen_at(NOW)
        .with_sts_record(Ok(Lookup::nxdomain()))
        .with_fetch(Fetch::new(Err(Fault::new(missing, "policy host has no address"))))
        .with_mx(mx(&[(10, "mail.example.com")]));
    assert_eq!(codes(&seen), [Code::StsAbsent]);
    let audit = audit(&seen);
    let proposed = audit.findings()[0].corrected().unwrap().as_str();
    assert_eq!(proposed, "version: STSv1\nmode: testing\nmx: mail.example.com\nmax_age: 86400\n");
}

#[test]
fn aud_2_a_notice_leaves_a_check_passed() {
    let audit = audit(&body("max_age", "note: x\nmax_age"));
    assert_eq!(audit.findings()[0].code(), Code::PolicyExtension);
    assert!(audit.checks().iter().all(|check| check.state() == State::Pass));
    assert_eq!(audit.verdict(), Verdict::Healthy);
}

#[test]
fn aud_1_what_is_proposed_is_no_more_than_mended() {
    let seen = body("mx: mx2.example.com", "mx: *.example.com\nmx: 192.0.2.1\nnote: x");
    let audit = audit(&seen);
    let address = audit.findings().iter().find(|one| one.code() == Code::MxAddress).unwrap();
    assert_eq!(
        address.corrected().unwrap().as_str(),
        "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.com\n\
         max_age: 604800\nnote: x\n",
    );
}

#[test]
fn aud_2_a_provider_is_named_for_its_name_only() {
    let expired = refused(ReasonCode::CertificateExpired, "*.hosting.example.net");
    assert_eq!(codes(&healthy().with_fetch(expired)), [Code::HostExpired]);
    let parent = refused(ReasonCode::CertificateHostMismatch, "*.www.example.com");
    assert_eq!(codes(&healthy().with_fetch(parent)), [Code::HostMismatch]);
    let beside = refused(ReasonCode::CertificateHostMismatch, "notexample.com");
    assert_eq!(codes(&healthy().with_fetch(beside)), [Code::HostProvider]);
}

/// The most of everything costs no more than its bounds: this would take minutes if it
/// grew with the square of the lines, or with the cube of the hosts.
#[test]
fn all_2_the_largest_observations_cost_no_more_than_their_bounds() {
    let hosts: Vec<(u16, String)> =
        (0..1_000).map(|n| (n, format!("mx{n}.a{n}.example.net"))).collect();
    let hosts: Vec<(u16, &str)> = hosts.iter().map(|(n, name)| (*n, name.as_str())).collect();
    let patterns: String = (0..1_000).map(|n| format!("mx: *.b{n}.example.net\n")).collect();
    let slips = "mxx: a\n".repeat(4_000);
    let fetch = served(&BODY.replace("mx: mail.example.com\nmx: mx2.example.com\n", &patterns));
    let fields: String = (0..6_000).map(|n| format!(";x{n}=y")).collect();
    let seen = hosts.iter().fold(healthy().with_mx(mx(&hosts)), |seen, (_, name)| {
        seen.with_host(host(name, TlsOutcome::NotOffered))
    });
    let seen = seen.with_sts_record(Ok(txt(&[&format!("v=STSv1;id=1{fields}")])));
    let many_hosts = audit(&seen.clone().with_fetch(fetch));
    assert!(many_hosts.left_out() > 5_000);
    let many_lines = audit(&seen.with_fetch(served(&format!("{BODY}{slips}"))));
    assert!(many_lines.left_out() > 9_000);
}

/// A name with a dot at its end makes senders refuse the whole policy.
#[test]
fn aud_1_a_remedy_names_a_host_as_a_policy_does() {
    let seen = healthy().with_mx(mx(&[(10, "mail.example.com"), (20, "MX9.Example.COM.")]));
    let audit = audit(&seen);
    let found = audit.findings().iter().find(|one| one.code() == Code::MxUncovered).unwrap();
    assert!(found.remedy().contains("`mx: mx9.example.com`"), "{}", found.remedy());
}

/// Without the wildcard the hosts that nobody has seen would be refused.
#[test]
fn aud_1_no_pattern_is_taken_away_while_the_hosts_are_not_known() {
    let wide = body("mx: mx2.example.com", "mx: *.com");
    let unknown = audit(&wide.clone().with_mx(Err(DnsFailure::Timeout)));
    let corrected = |audit: &mta_sts::audit::Audit| {
        let mut found = audit.findings().iter();
        let found = found.find(|one| one.code() == Code::MxPublicSuffix).unwrap();
        found.corrected().map(|text| text.as_str().to_owned())
    };
    assert_eq!(corrected(&unknown), None);
    assert!(!corrected(&audit(&wide)).unwrap().contains("*.com"));
}

#[test]
fn aud_2_no_check_says_that_a_policy_was_fetched_that_was_not() {
    let mismatch = refused(ReasonCode::CertificateHostMismatch, "www.example.com");
    let audit = audit(&healthy().with_fetch(mismatch));
    assert_eq!(audit.checks()[1].state(), State::Fail);
    assert!(audit.checks()[1].reason().starts_with("no policy: "), "{}", audit.checks()[1]);
}

#[test]
fn aud_2_a_domain_that_takes_no_mail_needs_no_policy() {
    let seen = healthy()
        .with_mx(mx(&[(0, "")]))
        .with_sts_record(Ok(Lookup::nxdomain()))
        .with_policy_host(Ok(Lookup::nxdomain()))
        .with_tlsrpt_record(Ok(Lookup::nxdomain()));
    let audit = audit(&seen);
    assert_eq!(audit.verdict(), Verdict::NoMail);
    assert_eq!(audit.worst(), Some(mta_sts::audit::Severity::Notice));
    assert!(audit.findings().iter().all(|one| one.corrected().is_none()));
    assert_eq!(audit.checks()[5].state(), State::NotChecked);
    let absent = audit.findings().iter().find(|one| one.code() == Code::StsAbsent).unwrap();
    assert_eq!(absent.severity(), mta_sts::audit::Severity::Notice);
    assert_eq!(audit.checks()[0].state(), State::NotChecked);
}
