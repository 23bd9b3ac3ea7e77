//! What the client answers.

use alloc::sync::Arc;
use core::fmt;

use super::overrides::Override;
use crate::failure::ReasonCode;
use crate::sts::cache::CachedPolicy;
use crate::sts::discovery::{Applicable, DiscoveryFailure, Outcome, PermanentFailure};
use crate::sts::{Mode, Policy};

#[cfg(doc)]
use super::Client;

/// What is to be applied to mail for a domain, as far as it is known. Clones share it.
#[derive(Debug, Clone)]
pub struct Answer(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Override(Arc<Override>),
    Discovered(Arc<Discovered>),
}

#[derive(Debug)]
struct Discovered {
    outcome: Outcome,
    unfinished: Option<Unfinished>,
}

impl Answer {
    pub(super) fn discovered(outcome: Outcome, unfinished: Option<Unfinished>) -> Self {
        Self(Kind::Discovered(Arc::new(Discovered { outcome, unfinished })))
    }

    pub(super) const fn overridden(by: Arc<Override>) -> Self {
        Self(Kind::Override(by))
    }

    /// What to do with mail.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self.policy().map(Policy::mode) {
            Some(Mode::Enforce) => Advice::Enforce,
            Some(Mode::Testing) => Advice::Test,
            Some(Mode::None) => Advice::NoPolicy,
            None if self.is_unknown() => Advice::Unknown,
            None => Advice::NoPolicy,
        }
    }

    /// The policy to apply, if there is one: what
    /// [`Context::with_policy`](crate::sts::apply::Context::with_policy) takes. One of
    /// mode `none` is to be treated as if there were none.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        match &self.0 {
            Kind::Override(by) => by.policy(),
            Kind::Discovered(found) => found.outcome.policy().map(CachedPolicy::policy),
        }
    }

    /// That policy with its `id` and its times, unless it is the operator's.
    #[must_use]
    pub fn cached(&self) -> Option<&CachedPolicy> {
        self.outcome().and_then(Outcome::policy)
    }

    /// Why there is no policy, if DNS says that there is none; see also
    /// [`overridden_by`](Self::overridden_by).
    #[must_use]
    pub fn no_policy(&self) -> Option<ReasonCode> {
        match self.outcome()?.applicable() {
            Applicable::NoPolicy(reason) => Some(reason),
            Applicable::Policy(_) | Applicable::Unknown => None,
        }
    }

    /// What has failed, if a report should say so ([`Outcome::report`]). Nothing that is
    /// our own fault, such as being too busy.
    #[must_use]
    pub fn report(&self) -> Option<&DiscoveryFailure> {
        self.outcome().and_then(Outcome::report)
    }

    /// What was found out, unless the operator has decided. Its update is in the store
    /// already, as far as it belongs there, and is not to be folded again.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.0 {
            Kind::Override(_) => None,
            Kind::Discovered(found) => Some(&found.outcome),
        }
    }

    /// Why the network was not asked all that there was to ask, if it was not. The
    /// answer is then what is known without it: an unexpired policy is applied all the
    /// same.
    #[must_use]
    pub fn unfinished(&self) -> Option<Unfinished> {
        match &self.0 {
            Kind::Override(_) => None,
            Kind::Discovered(found) => found.unfinished,
        }
    }

    /// What the operator has decided, if this comes from there.
    #[must_use]
    pub fn overridden_by(&self) -> Option<&Override> {
        match &self.0 {
            Kind::Override(by) => Some(by),
            Kind::Discovered(_) => None,
        }
    }

    /// Whether a message may now fail for good because of the policy of `failed`, the
    /// answer under which its last attempt was made (RFC 8461 §5, §5.1).
    ///
    /// For that this must be the answer of [`Client::final_check`], called after the
    /// attempt; any other says to keep the message. An operator's decision is the latest
    /// there is. If `failed` had no policy, none is in the way.
    #[must_use]
    pub fn permanent_failure(&self, failed: &Self) -> PermanentFailure {
        let Some(policy) = failed.policy() else { return PermanentFailure::Permitted };
        match (self.outcome(), failed.cached().or_else(|| self.cached())) {
            (Some(outcome), Some(cached)) if cached.policy() == policy => {
                outcome.permanent_failure(cached)
            }
            (None, _) if self.policy() == Some(policy) => PermanentFailure::Permitted,
            _ => PermanentFailure::TryAgain,
        }
    }

    fn is_unknown(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.applicable() == Applicable::Unknown)
    }
}

/// What to do with mail. `Display` says it in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sender must act on each of them")]
pub enum Advice {
    /// Deliver under the policy, and to no host that does not satisfy it.
    Enforce,
    /// Deliver as if there were no policy, and report what would not have satisfied it.
    Test,
    /// Deliver as if there were no policy: there is none, or one of mode `none`.
    NoPolicy,
    /// Deliver as if there were no policy (RFC 8461 §3.3): it could not be known now.
    /// The next delivery looks again.
    Unknown,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforce => "deliver only to hosts that satisfy the policy",
            Self::Test => "deliver as if there were no policy, and report what does not satisfy it",
            Self::NoPolicy => "deliver as if there were no policy: there is none",
            Self::Unknown => "deliver as if there were no policy: it could not be known now",
        })
    }
}

/// Why a discovery did not ask the network all that there was to ask. Nobody else is to
/// be blamed: it is reported to nobody, and nothing is remembered of it but that a fetch
/// was asked for when something panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unfinished {
    /// Too many discoveries at once ([`ClientLimits`](super::ClientLimits)), or too many
    /// fetches ([`FetchError::Busy`](super::FetchError::Busy)).
    Busy,
    /// What was plugged in has panicked.
    Panicked,
    /// The task was ended: the runtime in which it ran has shut down or stands still, or
    /// there was a panic where none is expected.
    Interrupted,
    /// Only what is known was asked for ([`Client::known`]).
    NotLooked,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "too busy",
            Self::Panicked => "a part of the client has panicked",
            Self::Interrupted => "interrupted",
            Self::NotLooked => "not looked for",
        })
    }
}
