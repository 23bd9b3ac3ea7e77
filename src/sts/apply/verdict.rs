//! What is concluded about a host, and why.

use alloc::vec::Vec;
use core::fmt;

use super::outcome::{Reason, TlsOutcome};
use super::{Demand, LocalRequirement};
use crate::failure::{Failure, PolicyType, ReasonCode, ResultType};

/// What to do with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sender must act on each of them")]
pub enum Delivery {
    /// Deliver to it.
    Deliver,
    /// Deliver to it, and report what has failed.
    DeliverAndReport,
    /// Treat it as unreachable and go on with the next. If none is left, the message is
    /// deferred, never refused (RFC 8461 §4.1, §5).
    Skip,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deliver => "deliver",
            Self::DeliverAndReport => "deliver and report",
            Self::Skip => "skip",
        })
    }
}

/// Whose demand was not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "these four can stop a delivery here")]
pub enum Rule {
    /// Nobody's: the host could not be talked to.
    Connection,
    /// That of our own configuration.
    Local,
    /// That of the TLSA records.
    Dane,
    /// That of the MTA-STS policy.
    Sts,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connection => "connection",
            Self::Local => "local requirement",
            Self::Dane => "DANE",
            Self::Sts => "MTA-STS",
        })
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cause {
    rule: Rule,
    result_type: Option<ResultType>,
    reason_code: ReasonCode,
    binding: Binding,
}

/// Whether a cause forbids delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Binding {
    Yes,
    No,
}

impl Cause {
    pub(super) const fn new(rule: Rule, reason: Reason, binding: Binding) -> Self {
        let (result_type, reason_code) = reason;
        Self { rule, result_type, reason_code, binding }
    }

    pub(super) fn binds(&self) -> bool {
        self.binding == Binding::Yes
    }

    /// Whose demand was not met.
    #[must_use]
    pub const fn rule(self) -> Rule {
        self.rule
    }

    /// What a report calls it; none for what is not reported, as it may be over soon.
    #[must_use]
    pub const fn result_type(self) -> Option<ResultType> {
        self.result_type
    }

    /// The reason.
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        self.reason_code
    }

    /// Both, if there is a result type.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        self.result_type.map(|result_type| Failure::new(result_type, self.reason_code))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failure() {
            Some(failure) => write!(f, "{failure}, by {}", self.rule),
            None => write!(f, "{}, by {}", self.reason_code, self.rule),
        }
    }
}

/// What the session counts as under one policy, in a report (RFC 8460 §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionResult {
    policy_type: PolicyType,
    failure: Option<Failure>,
}

impl SessionResult {
    /// Under which policy.
    #[must_use]
    pub const fn policy_type(self) -> PolicyType {
        self.policy_type
    }

    /// What has failed; none for a success.
    #[must_use]
    pub const fn failure(self) -> Option<Failure> {
        self.failure
    }
}

/// What is concluded about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a verdict must be acted on"]
pub struct Verdict {
    delivery: Delivery,
    /// Those that bind come first, then those that are to be reported.
    causes: Vec<Cause>,
    results: [Option<SessionResult>; 2],
}

impl Verdict {
    /// Nothing was learnt about TLS.
    pub(super) fn unreachable(reason: ReasonCode) -> Self {
        let cause = Cause::new(Rule::Connection, (None, reason), Binding::Yes);
        Self { delivery: Delivery::Skip, causes: Vec::from([cause]), results: [None; 2] }
    }

    /// It is known before connecting: only what has failed is a result.
    pub(super) fn refused(demand: &Demand, causes: Vec<Cause>) -> Self {
        let failed = |result: Option<SessionResult>| result.filter(|one| one.failure.is_some());
        let results = policy_results(demand, &causes).map(failed);
        Self { delivery: Delivery::Skip, causes, results }
    }

    /// There was a connection.
    pub(super) fn connected(demand: &Demand, outcome: &TlsOutcome, mut causes: Vec<Cause>) -> Self {
        causes.sort_by_key(|cause| (cause.binding == Binding::No, cause.result_type.is_none()));
        let results = match outcome {
            TlsOutcome::StartTlsDeferred => policy_results(demand, &causes)
                .map(|result| result.filter(|one| one.failure.is_some())),
            _ if demand.sts.is_none() && !by_dane(demand) => without_policy(demand, outcome),
            _ => policy_results(demand, &causes),
        };
        let reportable = causes.iter().any(|cause| cause.result_type.is_some());
        let delivery = if causes.first().is_some_and(|cause| cause.binds()) {
            Delivery::Skip
        } else if reportable {
            Delivery::DeliverAndReport
        } else {
            Delivery::Deliver
        };
        Self { delivery, causes, results }
    }

    /// What to do with the host.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// What has decided; or, where nothing forbids delivery, the first thing that is
    /// wrong; none if all is well.
    ///
    /// A message that is deferred because of [`Rule::Sts`] may fail for good only after a
    /// [final check](crate::sts::discovery::Purpose::FinalCheck).
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.causes.first().copied()
    }

    /// All that is wrong: what forbids delivery, what is to be reported, the rest; each
    /// in the order local requirement, DANE, MTA-STS.
    pub fn causes(&self) -> impl ExactSizeIterator<Item = Cause> {
        self.causes.iter().copied()
    }

    /// The enhanced status (RFC 3463) for a message that is deferred because of this
    /// host; none unless the host is skipped.
    #[must_use]
    pub fn status(&self) -> Option<EnhancedStatus> {
        let cause = self.cause().filter(|_| self.delivery == Delivery::Skip)?;
        Some(EnhancedStatus::of(cause))
    }

    /// What the session counts as in reports, whatever is done with the host: once under
    /// each policy that applies, or as one without policy. Nothing if there was no session to speak of, and for mail
    /// that carries a report (RFC 8460 §3, §4.3).
    pub fn results(&self) -> impl Iterator<Item = SessionResult> {
        self.results.into_iter().flatten()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.delivery, self.cause()) {
            (Delivery::Deliver, _) | (_, None) => fmt::Display::fmt(&self.delivery, f),
            (_, Some(cause)) => write!(f, "{}: {cause}", self.delivery),
        }
    }
}

/// Whether the session stands under TLSA records, or lacks them.
fn by_dane(demand: &Demand) -> bool {
    demand.tlsa().is_some() || demand.local == LocalRequirement::Dane
}

/// Under each policy the first failure of its own.
fn policy_results(demand: &Demand, causes: &[Cause]) -> [Option<SessionResult>; 2] {
    let result = |applies: bool, policy_type, of: &dyn Fn(&Cause) -> bool| {
        let failure = causes.iter().filter(|cause| of(cause)).find_map(|cause| cause.failure());
        (applies && demand.is_reportable()).then_some(SessionResult { policy_type, failure })
    };
    let local_dane = demand.local == LocalRequirement::Dane;
    [
        result(by_dane(demand), PolicyType::Tlsa, &|cause| {
            cause.rule == Rule::Dane || (local_dane && cause.rule == Rule::Local)
        }),
        result(demand.sts.is_some(), PolicyType::Sts, &|cause| cause.rule == Rule::Sts),
    ]
}

/// Without policy, TLS is all that a success takes.
fn without_policy(demand: &Demand, outcome: &TlsOutcome) -> [Option<SessionResult>; 2] {
    let failure = outcome.without_tls().and_then(|(result_type, reason_code)| {
        result_type.map(|result_type| Failure::new(result_type, reason_code))
    });
    let result = SessionResult { policy_type: PolicyType::NoPolicyFound, failure };
    [demand.is_reportable().then_some(result), None]
}

/// An enhanced mail system status code (RFC 3463), such as `4.7.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedStatus {
    class: u8,
    subject: u8,
    detail: u8,
}

impl EnhancedStatus {
    fn of(cause: Cause) -> Self {
        let (subject, detail) = match (cause.rule, cause.reason_code, cause.result_type) {
            // System not accepting network messages; no answer from host.
            (Rule::Connection, ReasonCode::SmtpDeferred, _) => (3, 2),
            (Rule::Connection, _, _) => (4, 1),
            // Other or undefined security status.
            (_, ReasonCode::MxNotListed | ReasonCode::TlsaMissing, _)
            | (_, ReasonCode::TlsaLookupFailed, _) => (7, 0),
            // Security features not supported; cryptographic failure.
            (_, _, Some(ResultType::StartTlsNotSupported) | None) => (7, 4),
            (_, _, Some(_)) => (7, 5),
        };
        Self { class: 4, subject, detail }
    }

    /// The same for a message that [may fail for
    /// good](crate::sts::discovery::Outcome::permanent_failure): class 5.
    #[must_use]
    pub const fn permanent(self) -> Self {
        Self { class: 5, ..self }
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
