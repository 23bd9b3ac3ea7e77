//! An audit, for people: what to mend first, then the checks, the score, and what was seen.

use mta_sts::audit::{Audit, Check, Corrected, Finding, Severity, State, Subject};
use mta_sts::observations::Observations;
use mta_sts::sts::PolicyDomain;
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::{DomainName, txt};

use crate::evidence;
use crate::page::{Colour, Colours, Page, WIDTH};

/// The TTL of the records that are proposed, in seconds: an hour.
const TTL: u32 = 3_600;

/// Where to read on.
const MORE: &str = "`--explain` and a code says why; the example `plan` says in which order to \
    publish, and when";

/// All of a domain.
pub(crate) fn of(
    seen: &Observations,
    audit: &Audit,
    told: Option<&str>,
    colours: Colours,
) -> String {
    let mut page = Page::new(colours);
    page.title(Colour::Bold, audit.domain());
    if let Some(told) = told {
        page.line("demo", told);
    }
    findings(&mut page, audit);
    page.blank();
    for check in audit.checks() {
        let (colour, word) = state(check.state());
        let text = format!("{}: {}", subject(check), check.reason());
        page.coloured_line(colour, word, text);
    }
    page.line("score", score(audit));
    page.coloured_line(Colour::Bold, "in short", audit.verdict());
    page.blank();
    evidence::write(&mut page, seen);
    page.into_text()
}

fn findings(page: &mut Page, audit: &Audit) {
    let mut shown: Vec<&Corrected> = Vec::new();
    for finding in audit.findings() {
        page.blank();
        write_finding(page, finding);
        match finding.corrected() {
            None => {}
            Some(corrected) if shown.contains(&corrected) => {
                page.line("publish", "what is proposed above");
            }
            Some(corrected) => {
                shown.push(corrected);
                proposal(page, audit.domain(), corrected);
            }
        }
    }
    if audit.left_out() > 0 {
        page.blank();
        page.line("and more", format!("{} findings of the same codes", audit.left_out()));
    }
    if !audit.findings().is_empty() {
        page.blank();
        page.line("more", MORE);
    }
}

fn write_finding(page: &mut Page, finding: &Finding) {
    let (code, section) = (finding.code(), finding.section());
    page.coloured_line(
        colour(finding.severity()),
        finding.severity().as_str(),
        format!("{code} ({section})"),
    );
    page.line("where", finding.place());
    page.line("what", finding.what());
    page.line("to do", finding.remedy());
    for evidence in finding.evidence() {
        page.line("seen", evidence);
    }
}

/// What to publish, at column 0, to be copied.
fn proposal(page: &mut Page, domain: &PolicyDomain, corrected: &Corrected) {
    let record = |name: &str, text: &str| {
        let name = name.trim_end_matches('.');
        let line = format!("{name}. {TTL} IN TXT {}", txt::presentation(text));
        match line.len() > WIDTH {
            // A zone file goes on in the next line within parentheses (RFC 1035 §5.1).
            true => format!("{name}. {TTL} IN TXT (\n    {} )", txt::presentation(text)),
            false => line,
        }
    };
    let (head, text) = match corrected {
        Corrected::StsRecord(text) => {
            ("the record, as a line of a zone file:", record(domain.txt_name(), text))
        }
        Corrected::TlsrptRecord(text) => {
            let name = TlsRptRecord::owner_name(&DomainName::from(domain)).unwrap_or_default();
            ("the record, as a line of a zone file:", record(&name, text))
        }
        Corrected::Policy(text) => ("the policy, and then a record with a new id:", text.clone()),
        other => ("this text:", other.as_str().to_owned()),
    };
    page.line("publish", head);
    page.blank();
    page.verbatim(&text);
}

pub(crate) const fn colour(severity: Severity) -> Colour {
    match severity {
        Severity::Error => Colour::Red,
        Severity::Warning => Colour::Yellow,
        Severity::Notice => Colour::Cyan,
    }
}

const fn state(state: State) -> (Colour, &'static str) {
    match state {
        State::Pass => (Colour::Green, "pass"),
        State::Warn => (Colour::Yellow, "warn"),
        State::Fail => (Colour::Red, "fail"),
        State::NotChecked => (Colour::Cyan, "not seen"),
    }
}

const fn subject(check: &Check) -> &'static str {
    match check.subject() {
        Subject::Record => "record",
        Subject::Policy => "policy",
        Subject::PolicyHostCertificate => "certificate of the policy host",
        Subject::Mode => "mode",
        Subject::Mx => "MX hosts",
        Subject::Tlsrpt => "TLSRPT record",
    }
}

fn score(audit: &Audit) -> String {
    let part =
        |part: &mta_sts::audit::ScorePart| format!("{} {}/{}", part.name(), part.got(), part.of());
    let parts: Vec<_> = audit.score().parts().iter().map(part).collect();
    format!("{}: {}", audit.score(), parts.join(", "))
}
