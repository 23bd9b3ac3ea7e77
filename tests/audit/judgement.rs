//! Checks, score and verdict.

use mta_sts::audit::{Audit, Auditor, Code, Phase, Severity, State, Subject, Verdict, audit};
use mta_sts::failure::{ReasonCode, ResultType};
use mta_sts::observations::{Lookup, MxHost, Observations, Probe};
use mta_sts::sts::apply::{Session, TlsOutcome, TlsVersion};
use mta_sts::txt::DnsFailure;

use crate::domain::{
    BODY, VALID, certificate, healthy, host, invalid, mx, refused, served, txt, unseen,
};

fn body(from: &str, to: &str) -> Observations {
    healthy().with_fetch(served(&BODY.replace(from, to)))
}

fn without_tls(hosts: &[&str]) -> Observations {
    let host = |name: &&str| host(name, TlsOutcome::NotOffered);
    hosts.iter().map(host).fold(healthy(), Observations::with_host)
}

fn states(audit: &Audit) -> Vec<State> {
    let subjects: Vec<_> = audit.checks().iter().map(|check| check.subject()).collect();
    assert_eq!(subjects, Subject::ALL);
    audit.checks().iter().map(|check| check.state()).collect()
}

fn points(audit: &Audit) -> Vec<u8> {
    audit.score().parts().iter().map(|part| part.got()).collect()
}

#[test]
fn aud_2_the_checks_are_told_apart() {
    use State::{Fail, NotChecked, Pass, Warn};
    let expired = refused(ReasonCode::CertificateExpired, "mta-sts.example.com");
    let soon = served(BODY).with_server(certificate("mta-sts.example.com", 3));
    for (seen, expected) in [
        (healthy(), [Pass, Pass, Pass, Pass, Pass, Pass]),
        (unseen(), [NotChecked; 6]),
        (body("enforce", "testing"), [Pass, Pass, Pass, Warn, Pass, Pass]),
        (body("enforce", "none"), [Pass, Pass, Pass, Fail, Pass, Pass]),
        (body("604800", "60"), [Pass, Warn, Pass, Pass, Pass, Pass]),
        (body("mx: mx2.example.com\n", ""), [Pass, Pass, Pass, Pass, Fail, Pass]),
        (healthy().with_fetch(expired), [Pass, Fail, Fail, Fail, Pass, Pass]),
        (healthy().with_fetch(soon), [Pass, Pass, Warn, Pass, Pass, Pass]),
        (healthy().with_sts_record(Ok(txt(&[]))), [Fail, Pass, Pass, Pass, Pass, Pass]),
        (healthy().with_tlsrpt_record(Ok(txt(&[]))), [Pass, Pass, Pass, Pass, Pass, Warn]),
        (healthy().with_mx(Err(DnsFailure::Timeout)), [Pass, Pass, Pass, Pass, Fail, Pass]),
        (without_tls(&["mx2.example.com"]), [Pass, Pass, Pass, Pass, Fail, Pass]),
        (
            healthy().with_host(MxHost::new("mx2.example.com")),
            [Pass, Pass, Pass, Pass, NotChecked, Pass],
        ),
    ] {
        let audit = audit(&seen);
        assert_eq!(states(&audit), expected, "{:#?}", audit.checks());
        assert!(audit.checks().iter().all(|check| !check.reason().is_empty()));
    }
}

#[test]
fn aud_3_the_score_is_the_sum_of_its_parts() {
    let soon = served(BODY).with_server(certificate("mta-sts.example.com", 3));
    let one_unusable = txt(&["v=TLSRPTv1; rua=mailto:a@example.com,http://example.com"]);
    let null = healthy().with_mx(mx(&[(0, "")]));
    let no_tlsrpt = healthy().with_tlsrpt_record(Ok(txt(&[])));
    for (seen, expected) in [
        (healthy(), [30, 10, 20, 10, 10, 10, 10]),
        (unseen(), [0; 7]),
        (body("enforce", "testing"), [15, 10, 20, 10, 10, 10, 10]),
        (body("enforce", "none"), [0, 10, 20, 10, 0, 10, 10]),
        (body("version", "\nversion"), [30, 10, 15, 10, 10, 10, 10]),
        (body("mx: mx2.example.com\n", ""), [30, 10, 20, 10, 5, 10, 10]),
        (without_tls(&["mx2.example.com"]), [30, 10, 20, 10, 10, 5, 10]),
        (healthy().with_fetch(soon), [30, 10, 20, 5, 10, 10, 10]),
        (healthy().with_sts_record(Ok(txt(&[]))), [0, 0, 20, 10, 10, 10, 10]),
        (no_tlsrpt, [30, 10, 20, 10, 10, 10, 0]),
        (healthy().with_tlsrpt_record(Ok(one_unusable)), [30, 10, 20, 10, 10, 10, 5]),
        (null, [30, 10, 20, 10, 10, 10, 10]),
    ] {
        let audit = audit(&seen);
        assert_eq!(points(&audit), expected, "{:#?}", audit.score());
        assert_eq!(audit.score().total(), expected.iter().sum::<u8>());
    }
    let of: Vec<_> = audit(&healthy()).score().parts().iter().map(|part| part.of()).collect();
    assert_eq!(of, [30, 10, 20, 10, 10, 10, 10]);
    let audit = audit(&body("enforce", "testing"));
    assert_eq!(audit.score().to_string(), "85 of 100");
    assert_eq!(audit.score().parts()[0].to_string(), "mode 15 of 30: the mode is testing");
}

#[test]
fn aud_3_the_verdict_is_one_sentence() {
    let dns = Err(DnsFailure::ServFail);
    let absent = unseen().with_sts_record(Ok(Lookup::nxdomain()));
    let suffix = body("max_age", "mx: *.com\nmax_age");
    for (seen, verdict) in [
        (healthy(), Verdict::Healthy),
        (body("604800", "60"), Verdict::Warnings),
        (healthy().with_host(MxHost::new("mx2.example.com")), Verdict::HostsNotSeen),
        (suffix, Verdict::Faulty),
        (body("mx: mx2.example.com\n", ""), Verdict::SomeRefused),
        (without_tls(&["mx2.example.com"]), Verdict::SomeRefused),
        (without_tls(&["mail.example.com", "mx2.example.com"]), Verdict::AllRefused),
        (body("enforce", "testing"), Verdict::Testing),
        (
            without_tls(&["mx2.example.com"])
                .with_fetch(served(&BODY.replace("enforce", "testing"))),
            Verdict::TestingFaulty,
        ),
        (body("enforce", "none"), Verdict::Withdrawn),
        (body("enforce", "enforced"), Verdict::Broken),
        (healthy().with_sts_record(Ok(Lookup::nxdomain())), Verdict::Broken),
        (absent, Verdict::Absent),
        (healthy().with_mx(mx(&[(0, "")])), Verdict::NoMail),
        (healthy().with_mx(mx(&[(0, ".")])), Verdict::NoMail),
        (healthy().with_sts_record(dns), Verdict::Unknown),
        (unseen(), Verdict::NotChecked),
    ] {
        let audit = audit(&seen);
        assert_eq!(audit.verdict(), verdict, "{:#?}", audit.findings());
        assert_eq!(audit.verdict().to_string(), verdict.sentence());
    }
}

/// What is refused under `enforce` is reported in `testing`, and no more than that.
#[test]
fn aud_4_severity_is_what_a_sender_would_do() {
    let expired = invalid(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
    let older = TlsOutcome::Established(Session::new(TlsVersion::Older));
    for outcome in [TlsOutcome::NotOffered, expired, older] {
        for (mode, severity) in [
            ("enforce", Severity::Error),
            ("testing", Severity::Warning),
            ("none", Severity::Warning),
        ] {
            let seen = body("enforce", mode).with_host(host("mail.example.com", outcome));
            let audit = audit(&seen);
            let found =
                audit.findings().iter().find(|one| one.place().to_string().contains("mail."));
            assert_eq!(found.unwrap().severity(), severity, "{outcome:?} {mode}");
        }
    }
    for (mode, severity) in [("enforce", Severity::Error), ("testing", Severity::Warning)] {
        let seen = body("mx: mx2.example.com\n", "");
        let text = BODY.replace("mx: mx2.example.com\n", "").replace("enforce", mode);
        let audit = audit(&seen.with_fetch(served(&text)));
        let found = audit.findings().iter().find(|one| one.code() == Code::MxUncovered);
        assert_eq!(found.unwrap().severity(), severity);
    }
}

#[test]
fn aud_2_a_phase_is_taken_into_account() {
    let severity = |auditor: Auditor<'_>| {
        let audit = auditor.audit(&body("enforce", "none"));
        audit.findings().iter().find(|one| one.code() == Code::PolicyNone).map(|one| one.severity())
    };
    assert_eq!(severity(Auditor::new()), Some(Severity::Warning));
    let withdrawing = Auditor::new().with_phase(Phase::Withdrawing);
    assert_eq!(severity(withdrawing), Some(Severity::Notice));
}

#[test]
fn aud_2_findings_are_sorted_and_their_number_is_bounded() {
    let hosts: Vec<(u16, String)> = (0..100).map(|n| (n, format!("mx{n}.example.net"))).collect();
    let hosts: Vec<(u16, &str)> = hosts.iter().map(|(n, name)| (*n, name.as_str())).collect();
    let audit = audit(&healthy().with_mx(mx(&hosts)));
    let uncovered = audit.findings().iter().filter(|one| one.code() == Code::MxUncovered);
    assert_eq!(uncovered.count(), mta_sts::audit::MAX_FINDINGS_PER_CODE);
    assert_eq!(audit.left_out(), 100 - mta_sts::audit::MAX_FINDINGS_PER_CODE);
    let severities: Vec<_> = audit.findings().iter().map(|one| one.severity()).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b), "{severities:?}");
    assert_eq!(audit.worst(), Some(Severity::Error));
}

#[test]
fn all_1_what_is_remote_is_escaped() {
    let probe = Probe::new(VALID).with_refusal("554 \u{1b}[31m");
    let seen = healthy()
        .with_mx(mx(&[(10, "\u{1b}]0;x\u{7}.example.com")]))
        .with_host(MxHost::new("\u{1b}]0;x\u{7}.example.com").with_probe(probe))
        .with_sts_record(Ok(txt(&["v=STSv1 \u{202e}; id=1"])));
    let audit = audit(&seen);
    assert!(!audit.findings().is_empty());
    for finding in audit.findings() {
        let shown = [finding.to_string(), finding.remedy().into(), finding.evidence().concat()];
        assert!(!shown.concat().contains(['\u{1b}', '\u{7}', '\u{202e}']), "{finding}");
    }
}
