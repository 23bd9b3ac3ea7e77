//! The score of a domain: 0 to 100 points, each of which can be traced.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::check::{Check, State, Subject, is_conclusive};
use super::mx::judged;
use super::view::View;
use crate::observations::MxHost;
use crate::sts::Mode;

/// A score of 0 to 100. `Display` is `85 of 100`.
///
/// | part | points | for |
/// |---|---|---|
/// | mode | 30 | `enforce`; 15 for `testing`, 0 for `none` |
/// | record | 10 | one valid `_mta-sts` record |
/// | policy | 20 | a policy that senders can fetch and read; 15 if only forgiving ones can read it |
/// | policy-host-certificate | 10 | a valid one; 5 if it is about to expire |
/// | mx-covered | 10 | the part of the MX hosts that the policy allows |
/// | mx-tls | 10 | the part of the MX hosts seen that have TLS as a policy demands it |
/// | tlsrpt | 10 | a valid TLSRPT record; 5 if something is wrong with one that can be used |
///
/// What nobody has looked at has no points, and its reason says so; a domain that takes
/// no mail has all points for its MX hosts. Points for `enforce` and `testing` take a
/// policy that senders find: without record there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    parts: [ScorePart; 7],
}

impl Score {
    /// The points of all parts together: 0 to 100.
    #[must_use]
    pub fn total(&self) -> u8 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.got))
    }

    /// The parts, in the order of the table.
    #[must_use]
    pub const fn parts(&self) -> &[ScorePart] {
        self.parts.as_slice()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of 100", self.total())
    }
}

/// A part of a [`Score`]. `Display` is `mode 15 of 30: the mode is testing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScorePart {
    name: &'static str,
    got: u8,
    of: u8,
    why: String,
}

impl ScorePart {
    /// The name in the table of [`Score`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The points that there are: 0 to [`of`](Self::of).
    #[must_use]
    pub const fn got(&self) -> u8 {
        self.got
    }

    /// The points that there could be.
    #[must_use]
    pub const fn of(&self) -> u8 {
        self.of
    }

    /// Why there are as many, everything remote escaped.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for ScorePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, got, of, why } = self;
        write!(f, "{name} {got} of {of}: {why}")
    }
}

pub(super) fn score(view: &View<'_>, checks: &[Check]) -> Score {
    let part = |name, of, (got, why): (u8, String)| ScorePart { name, got, of, why };
    Score {
        parts: [
            part("mode", 30, mode(view, checks)),
            part("record", 10, record(view, checks)),
            part("policy", 20, policy(view, checks)),
            part("policy-host-certificate", 10, certificate(checks)),
            part("mx-covered", 10, covered(view)),
            part("mx-tls", 10, tls(view)),
            part("tlsrpt", 10, tlsrpt(view, checks)),
        ],
    }
}

fn reason(checks: &[Check], subject: Subject) -> String {
    let check = checks.iter().find(|check| check.subject() == subject);
    check.map(|check| check.reason().into()).unwrap_or_default()
}

fn state(checks: &[Check], subject: Subject) -> State {
    let check = checks.iter().find(|check| check.subject() == subject);
    check.map_or(State::NotChecked, Check::state)
}

fn mode(view: &View<'_>, checks: &[Check]) -> (u8, String) {
    let why = reason(checks, Subject::Mode);
    match (view.mode(), &view.record) {
        (Some(Mode::Enforce | Mode::Testing), Some(Err(_))) => {
            (0, format!("{why}, and senders do not find the policy"))
        }
        (Some(Mode::Enforce), _) => (30, why),
        (Some(Mode::Testing), _) => (15, why),
        (Some(Mode::None) | None, _) => (0, why),
    }
}

fn record(view: &View<'_>, checks: &[Check]) -> (u8, String) {
    let got = if matches!(view.record, Some(Ok(_))) { 10 } else { 0 };
    (got, reason(checks, Subject::Record))
}

fn policy(view: &View<'_>, checks: &[Check]) -> (u8, String) {
    match &view.fetched {
        Some(Ok((_, deviations))) if deviations.is_empty() => {
            (20, "the policy can be fetched, and is valid".into())
        }
        Some(Ok(_)) => (15, "only senders that forgive white space can read the policy".into()),
        _ => (0, reason(checks, Subject::Policy)),
    }
}

fn certificate(checks: &[Check]) -> (u8, String) {
    let got = match state(checks, Subject::PolicyHostCertificate) {
        State::Pass => 10,
        State::Warn => 5,
        State::Fail | State::NotChecked => 0,
    };
    (got, reason(checks, Subject::PolicyHostCertificate))
}

fn covered(view: &View<'_>) -> (u8, String) {
    if view.takes_no_mail() {
        return (10, "the domain takes no mail".into());
    }
    let Some(policy) = view.policy() else { return (0, "there is no policy".into()) };
    if policy.mode() == Mode::None {
        return (0, "in mode none the policy allows every host".into());
    }
    let covered = view.hosts.iter().filter(|host| policy.matching_mx(host).is_some()).count();
    let why = format!("the policy allows {covered} of {} MX hosts", view.hosts.len());
    (tenths(covered, view.hosts.len()), why)
}

fn tls(view: &View<'_>) -> (u8, String) {
    if view.takes_no_mail() {
        return (10, "the domain takes no mail".into());
    }
    let seen: alloc::vec::Vec<&MxHost> = view
        .hosts
        .iter()
        .filter_map(|name| view.host(name))
        .filter(|host| is_conclusive(host))
        .collect();
    let good = seen.iter().filter(|host| has_tls(host)).count();
    let why = match seen.len() {
        0 => "TLS of the MX hosts was not looked at, or could not be seen".into(),
        count => format!("{good} of {count} MX hosts seen have TLS and a valid certificate"),
    };
    (tenths(good, seen.len()), why)
}

/// Whether a sender finds nothing wrong with the host.
pub(super) fn has_tls(host: &MxHost) -> bool {
    let verdict = host.probe().and_then(|probe| judged(host.name(), probe, Mode::Enforce));
    verdict.is_some_and(|verdict| verdict.cause().is_none())
}

fn tlsrpt(view: &View<'_>, checks: &[Check]) -> (u8, String) {
    let why = reason(checks, Subject::Tlsrpt);
    let is_usable = match &view.tlsrpt {
        Some(Ok((record, _))) => record.rua().any(|uri| uri.destination().is_ok()),
        _ => false,
    };
    match state(checks, Subject::Tlsrpt) {
        State::Pass => (10, why),
        State::Warn if is_usable => (5, why),
        State::Warn | State::Fail | State::NotChecked => (0, why),
    }
}

/// How many tenths one number is of another, rounded down; 0 of nothing.
fn tenths(part: usize, whole: usize) -> u8 {
    let tenths = part.saturating_mul(10).checked_div(whole).unwrap_or(0);
    u8::try_from(tenths.min(10)).unwrap_or(10)
}
