//! What comes out of a discovery, and what may go wrong in it.

use alloc::sync::Arc;
use core::fmt;

use rustls_pki_types::UnixTime;

use super::{Discovery, Findings, Purpose, State};
use crate::failure::{Failure, ReasonCode, ResultType};
use crate::reading::Deviations;
use crate::sts::cache::{CacheEntry, CachedPolicy, FailedFetches, Update};
use crate::sts::fetch::FetchFailure;
use crate::sts::policy::{Mode, PolicyDeviation};
use crate::txt::{DnsFailure, NoRecord};

/// What is to be applied to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a policy, none, or it is not known")]
pub enum Applicable<'a> {
    /// This policy. One of mode `none` is to be treated as if there were none.
    Policy(&'a CachedPolicy),
    /// None, since there is no one valid record.
    NoPolicy(ReasonCode),
    /// It could not be known now. Delivery goes on as if there were none
    /// (RFC 8461 §3.3).
    Unknown,
}

impl<'a> Applicable<'a> {
    pub(super) fn of(entry: &'a CacheEntry, now: UnixTime, absent: Option<ReasonCode>) -> Self {
        match (entry.unexpired(now), absent) {
            (Some(policy), _) => Self::Policy(policy),
            (None, Some(reason)) => Self::NoPolicy(reason),
            (None, None) => Self::Unknown,
        }
    }
}

/// Where the policy to apply comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "from the past or from now")]
pub enum Source {
    /// It was known before.
    Cache,
    /// It was fetched.
    Fetched,
}

/// What a [`Discovery`] has found.
#[derive(Debug, Clone)]
#[must_use = "the update belongs into the cache"]
pub struct Outcome {
    found: Findings,
    done: bool,
}

impl Outcome {
    pub(super) fn new(discovery: Discovery<'_>) -> Self {
        Self { done: matches!(discovery.state, State::Done), found: discovery.found }
    }

    /// What is to be applied: a policy, none, or it is not known.
    #[must_use]
    pub fn applicable(&self) -> Applicable<'_> {
        Applicable::of(&self.found.entry, self.found.now, self.found.absent)
    }

    /// The policy to apply, if there is one.
    #[must_use]
    pub fn policy(&self) -> Option<&CachedPolicy> {
        self.found.entry.unexpired(self.found.now)
    }

    /// Where that policy comes from.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        self.policy().map(|_| self.found.source)
    }

    /// Takes account of what others have learnt meanwhile: the policy to apply, and whether
    /// a message may fail for good, are judged by that too.
    #[cfg(feature = "client")]
    pub(crate) fn meanwhile(&mut self, entry: CacheEntry) {
        self.found.entry.apply(&entry.into());
    }

    /// What has been learnt, to be [folded](CacheEntry::apply) into the entry of the
    /// domain, whatever that has become since.
    #[must_use]
    pub const fn update(&self) -> &Update {
        &self.found.update
    }

    /// What has failed, reportable or not.
    #[must_use]
    pub const fn failure(&self) -> Option<&DiscoveryFailure> {
        self.found.failure.as_ref()
    }

    /// What has failed, if a report should say so (RFC 8461 §6): a fetch behind a
    /// valid record, and anything at all while a policy is to be applied. A policy of
    /// mode `none` silences all. That there is no record, and nothing cached, is no
    /// failure.
    #[must_use]
    pub fn report(&self) -> Option<&DiscoveryFailure> {
        let mode = self.policy().map(|policy| policy.policy().mode());
        let reportable = match mode {
            Some(Mode::None) => false,
            Some(Mode::Enforce | Mode::Testing) => true,
            None => self.found.announced,
        };
        self.found.failure.as_ref().filter(|_| reportable)
    }

    /// What was forgiven in the policy that was fetched.
    #[must_use]
    pub const fn deviations(&self) -> &Deviations<PolicyDeviation> {
        &self.found.deviations
    }

    /// What the operator should know.
    #[must_use]
    pub const fn event(&self) -> Option<Event> {
        self.found.event
    }

    /// Whether a message may now fail for good because of `failed`, the policy that its
    /// last attempt was made under (RFC 8461 §5, §5.1).
    ///
    /// For that this must be the outcome of a [`Purpose::FinalCheck`], begun after the
    /// attempt; that of any other discovery says to keep the message. An answer of DNS
    /// without a record is an answer: nothing newer is announced.
    ///
    /// ```
    /// # use mta_sts::sts::cache::CachedPolicy;
    /// # use mta_sts::sts::discovery::{Outcome, PermanentFailure};
    /// # fn bounce() {}
    /// # fn deliver_again() {}
    /// # fn keep_in_queue() {}
    /// fn queue_lifetime_is_over(check: &Outcome, failed: &CachedPolicy) {
    ///     match check.permanent_failure(failed) {
    ///         PermanentFailure::Permitted => bounce(),
    ///         PermanentFailure::TryAgain => deliver_again(),
    ///         PermanentFailure::KeepQueued => keep_in_queue(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn permanent_failure(&self, failed: &CachedPolicy) -> PermanentFailure {
        let still = |policy: &CachedPolicy| {
            policy.id() == failed.id() && policy.policy() == failed.policy()
        };
        if self.found.purpose != Purpose::FinalCheck || !self.done {
            return PermanentFailure::KeepQueued;
        }
        match (self.policy(), &self.found.failure) {
            (Some(policy), _) if !still(policy) => PermanentFailure::TryAgain,
            (None, _) => PermanentFailure::TryAgain,
            (Some(_), None | Some(DiscoveryFailure::Txt(TxtFailure::NoRecord(_)))) => {
                PermanentFailure::Permitted
            }
            (Some(_), Some(_)) => PermanentFailure::KeepQueued,
        }
    }
}

/// Whether a message may fail for good because of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a queue must act on each of them")]
pub enum PermanentFailure {
    /// It may: the same policy is still in force.
    Permitted,
    /// What applies has changed since: deliver again.
    TryAgain,
    /// It could not be found out: keep the message, and check again later.
    KeepQueued,
}

/// What the operator of a sender should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A policy is applied that cannot be fetched anew (RFC 8461 §10.2): when it
    /// expires, the domain is without protection.
    RenewalFailing {
        /// When the first of the failures was.
        since: UnixTime,
        /// How many there have been, the present one included.
        failures: u32,
        /// The last second in which the policy is applied.
        expires_at: UnixTime,
    },
}

/// Times are shown in seconds since 1970.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::RenewalFailing { since, failures, expires_at } = self;
        let (since, expires_at) = (since.as_secs(), expires_at.as_secs());
        write!(f, "{failures} failed fetches since {since}; the policy expires at {expires_at}")
    }
}

/// What has failed in a discovery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryFailure {
    /// The look for the TXT record.
    #[error(transparent)]
    Txt(TxtFailure),
    /// The fetch of the policy.
    #[error(transparent)]
    Fetch(FetchFailure),
    /// No fetch was made, since one has failed lately: this one.
    #[error("no fetch so soon after one that failed: {}", .0.failure())]
    Remembered(Arc<FailedFetches>),
    /// No fetch was made, since the domain has had too many.
    #[error("no fetch before {} s since 1970: too many for this domain", .until.as_secs())]
    RateLimited {
        /// When one may be made again.
        until: UnixTime,
    },
}

impl DiscoveryFailure {
    /// What a report calls it (RFC 8460 §4.3.2.2).
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Txt(failure) => failure.failure(),
            Self::Fetch(failure) => failure.failure(),
            Self::Remembered(failed) => failed.failure(),
            Self::RateLimited { .. } => {
                Failure::new(ResultType::StsPolicyFetchError, ReasonCode::FetchRateLimited)
            }
        }
    }

    /// The lines of the body that was refused, if that is what has failed now or
    /// before: what `policy-string` of a report quotes (RFC 8460 §4.4).
    pub fn refused_lines(&self) -> impl Iterator<Item = &str> {
        self.refused().into_iter().flat_map(str::lines)
    }

    /// That body, as text.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        match self {
            Self::Fetch(failure) => failure.refused(),
            Self::Remembered(failed) => failed.refused.as_deref(),
            Self::Txt(_) | Self::RateLimited { .. } => None,
        }
    }
}

/// Why there is no `id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "DNS has answered or it has not")]
pub enum TxtFailure {
    /// DNS has answered, and there is no one valid record.
    #[error(transparent)]
    NoRecord(#[from] NoRecord),
    /// DNS has not answered.
    #[error(transparent)]
    Dns(#[from] DnsFailure),
}

impl TxtFailure {
    /// What a report calls it, while a policy is cached.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        match self {
            Self::NoRecord(none) => Failure::new(none.sts_result_type(), none.reason_code()),
            Self::Dns(failure) => {
                Failure::new(ResultType::StsPolicyFetchError, failure.reason_code())
            }
        }
    }
}
