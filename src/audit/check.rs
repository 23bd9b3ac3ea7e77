//! The checks that scanning services list, each told separately.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::finding::{Finding, Severity};
use super::view::{NoTxt, Trouble, View};
use crate::observations::{Fetch, MxHost};
use crate::sts::Mode;
use crate::sts::apply::{Checked, TlsOutcome};
use crate::txt::NoRecord;

/// What a check is about; each [`Code`](super::Code) belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the checks that scanning services list")]
pub enum Subject {
    /// The TXT record is there, alone, and valid.
    Record,
    /// The policy can be fetched, with the right media type and fields.
    Policy,
    /// The certificate of the policy host is valid, trusted, for the right name, and not
    /// about to expire.
    PolicyHostCertificate,
    /// The mode: `enforce` is compliant, `testing` is half way, `none` counts as missing.
    Mode,
    /// The MX hosts are those of the policy, and have TLS with valid certificates.
    Mx,
    /// The TLSRPT record is valid, with a destination that can be used.
    Tlsrpt,
}

impl Subject {
    /// All of them, in the order of the audit.
    pub const ALL: [Self; 6] = [
        Self::Record,
        Self::Policy,
        Self::PolicyHostCertificate,
        Self::Mode,
        Self::Mx,
        Self::Tlsrpt,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Policy => "policy",
            Self::PolicyHostCertificate => "policy-host-certificate",
            Self::Mode => "mode",
            Self::Mx => "mx",
            Self::Tlsrpt => "tlsrpt",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a checker must show each of them")]
pub enum State {
    /// All is well, or there are notices only.
    Pass,
    /// There is a warning, and no error; or a policy in testing.
    Warn,
    /// There is an error, or what is checked is not there.
    Fail,
    /// Nobody has looked, or it could not be seen, or it is not there and need not be.
    NotChecked,
}

impl State {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotChecked => "not-checked",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A check, and what came of it. `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    subject: Subject,
    state: State,
    reason: String,
}

impl Check {
    /// What it is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// What came of it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Why, in a sentence, everything remote escaped.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.subject, self.state, self.reason)
    }
}

/// All checks; the findings are sorted.
pub(super) fn checks(view: &View<'_>, findings: &[Finding]) -> [Check; 6] {
    Subject::ALL.map(|subject| {
        let (state, reason) = match subject {
            Subject::Mode => mode(view),
            _ => by_findings(view, subject, findings),
        };
        Check { subject, state, reason }
    })
}

/// The finding that weighs most decides, if there is something to go by.
fn by_findings(view: &View<'_>, subject: Subject, findings: &[Finding]) -> (State, String) {
    let worst = findings.iter().find(|finding| finding.code().subject() == subject);
    let worst = worst.filter(|finding| finding.severity() > Severity::Notice);
    match (worst, unseen(view, subject)) {
        (Some(finding), _) if finding.severity() == Severity::Error => {
            (State::Fail, finding.what().into())
        }
        (_, Some(reason)) => (State::NotChecked, reason.into()),
        (Some(finding), None) => (State::Warn, finding.what().into()),
        (None, None) => match failed(view).filter(|_| subject == Subject::Policy) {
            Some(reason) => (State::Fail, reason),
            None => (State::Pass, passed(view, subject)),
        },
    }
}

/// Why there is no policy; the finding may be one of the record or of the certificate.
fn failed(view: &View<'_>) -> Option<String> {
    match view.fetched.as_ref()?.as_ref().err()? {
        Trouble::Transport(fault) => Some(format!("no policy: {}", fault.text())),
        Trouble::Response(failure) => Some(format!("no policy: {failure}")),
    }
}

/// Why it is not known whether all is well.
fn unseen(view: &View<'_>, subject: Subject) -> Option<&'static str> {
    const NOBODY: &str = "nobody has looked";
    const NO_MAIL: &str = "there is no record, and the domain takes no mail";
    match subject {
        Subject::Record if view.takes_no_mail() && view.is_absent() => Some(NO_MAIL),
        Subject::Record => view.record.is_none().then_some(NOBODY),
        Subject::Policy | Subject::Mode if view.fetched.is_none() => Some(NOBODY),
        Subject::Policy if view.takes_no_mail() && view.is_absent() => Some(NO_MAIL),
        Subject::Policy | Subject::Mode => None,
        Subject::PolicyHostCertificate => certificate_unseen(view.seen.fetch()),
        Subject::Mx => mx_unseen(view),
        Subject::Tlsrpt if view.takes_no_mail() && has_no_tlsrpt(view) => Some(NO_MAIL),
        Subject::Tlsrpt => view.tlsrpt.is_none().then_some(NOBODY),
    }
}

/// Whether DNS says that there is no TLSRPT record.
const fn has_no_tlsrpt(view: &View<'_>) -> bool {
    matches!(view.tlsrpt, Some(Err(NoTxt::Record(NoRecord::Absent))))
}

/// A response comes over TLS with a valid certificate only.
fn certificate_unseen(fetch: Option<&Fetch>) -> Option<&'static str> {
    match fetch {
        None => Some("nobody has looked"),
        Some(fetch) if fetch.result().is_ok() => None,
        Some(_) => Some("no TLS connection with the policy host came about"),
    }
}

fn mx_unseen(view: &View<'_>) -> Option<&'static str> {
    match view.seen.mx() {
        None | Some(Err(_)) => return Some("the MX records are not known"),
        Some(Ok(_)) if view.takes_no_mail() => return None,
        Some(Ok(_)) => {}
    }
    let is_seen = |host: &&str| view.host(host).is_some_and(is_conclusive);
    match view.hosts.iter().all(is_seen) {
        true => None,
        false if view.hosts.iter().any(is_seen) => Some("not all MX hosts were looked at"),
        false => Some("TLS of the MX hosts was not looked at"),
    }
}

/// Whether it is known how the host does TLS.
pub(super) fn is_conclusive(host: &MxHost) -> bool {
    host.probe().is_some_and(|probe| match probe.outcome() {
        TlsOutcome::Unreachable | TlsOutcome::Deferred => false,
        TlsOutcome::Established(session) => session.webpki() != Checked::No,
        TlsOutcome::NotOffered
        | TlsOutcome::Refused
        | TlsOutcome::StartTlsDeferred
        | TlsOutcome::HandshakeFailed(_) => true,
    })
}

/// What is well.
fn passed(view: &View<'_>, subject: Subject) -> String {
    match subject {
        Subject::Record => match view.record.as_ref().and_then(|record| record.as_ref().ok()) {
            Some(record) => format!("one valid record, of the id {}", record.id()),
            None => "one valid record".into(),
        },
        Subject::Policy => "the policy can be fetched, and is valid".into(),
        Subject::PolicyHostCertificate => "the certificate of the policy host is valid".into(),
        Subject::Mode => String::new(),
        Subject::Mx if view.takes_no_mail() => "the domain takes no mail".into(),
        Subject::Mx => "TLS and certificates of all MX hosts are as a policy demands".into(),
        Subject::Tlsrpt => "one valid record, whose destinations can be used".into(),
    }
}

/// `enforce` passes, `testing` is half way, and `none` counts as missing.
fn mode(view: &View<'_>) -> (State, String) {
    match (&view.fetched, view.mode()) {
        (_, Some(Mode::Enforce)) => (State::Pass, "the mode is enforce".into()),
        (_, Some(Mode::Testing)) => (State::Warn, "the mode is testing".into()),
        (_, Some(Mode::None)) => {
            (State::Fail, "the mode is none, as if there were no policy".into())
        }
        (None, None) => (State::NotChecked, "nobody has looked".into()),
        (Some(_), None) => (State::Fail, failed(view).unwrap_or_else(|| "no policy".into())),
    }
}
