//! What the operator of a client may want to know.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::error::Error as _;
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
#[cfg(feature = "json")]
use std::path::Path;

use super::answer::Unfinished;
#[cfg(feature = "json")]
use super::snapshot::{Restored, SnapshotError};
use super::store::StoreError;
use crate::cache::Evicted;
use crate::escape::escape;
use crate::sts::PolicyDomain;
use crate::sts::cache::CachedPolicy;
use crate::sts::discovery::{self, DiscoveryFailure};

/// What has happened in a client. `Display` is a line of plain English, in which
/// everything that comes from strangers is [escaped](crate::escape).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The first policy of a domain was fetched.
    Found {
        /// Whose policy it is.
        domain: PolicyDomain,
        /// The policy.
        policy: CachedPolicy,
    },
    /// Another policy was fetched, or the same under another `id`.
    Changed {
        /// Whose policy it is.
        domain: PolicyDomain,
        /// The policy before, which may have expired.
        old: CachedPolicy,
        /// The policy from now on.
        new: CachedPolicy,
    },
    /// The same policy was fetched again, and lives the longer.
    Refreshed {
        /// Whose policy it is.
        domain: PolicyDomain,
        /// The policy.
        policy: CachedPolicy,
    },
    /// A policy is applied that cannot be fetched anew (RFC 8461 §10.2).
    Renewal {
        /// Whose policy it is.
        domain: PolicyDomain,
        /// Since when, how often, and when the policy expires.
        event: discovery::Event,
    },
    /// A discovery has met a failure: a reportable one, or one because of which it is
    /// not known whether there is a policy. Silent for mode `none`, and for domains
    /// without a record.
    Failed {
        /// Whose policy was looked for.
        domain: PolicyDomain,
        /// What has failed.
        failure: DiscoveryFailure,
    },
    /// A discovery has not asked all that there was to ask.
    Unfinished {
        /// Whose policy was looked for.
        domain: PolicyDomain,
        /// Why.
        why: Unfinished,
    },
    /// A live policy was lost because the cache is too small.
    Evicted(Evicted),
    /// A store outside did not do what it was asked for.
    StoreFailed {
        /// Whose entry it was about, if it was about one.
        domain: Option<PolicyDomain>,
        /// What it was asked for.
        call: StoreCall,
        /// What has happened.
        error: StoreError,
    },
    /// A snapshot was saved.
    #[cfg(feature = "json")]
    SnapshotSaved {
        /// Where.
        path: Box<Path>,
        /// How many entries it has.
        entries: u64,
    },
    /// A snapshot was restored.
    #[cfg(feature = "json")]
    SnapshotRestored {
        /// Where from.
        path: Box<Path>,
        /// How much was restored, and which lines are damaged.
        restored: Restored,
    },
    /// A snapshot was not saved or not restored.
    #[cfg(feature = "json")]
    SnapshotFailed(SnapshotError),
}

/// What a [`PolicyStore`](super::PolicyStore) can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreCall {
    /// What is known of a domain.
    Load,
    /// To fold an update.
    Fold,
    /// Which policies are to be refreshed.
    Due,
    /// To forget a domain.
    Forget,
}

impl Event {
    /// Which domain it is about, if it is about one.
    #[must_use]
    pub const fn domain(&self) -> Option<&PolicyDomain> {
        match self {
            Self::Found { domain, .. }
            | Self::Changed { domain, .. }
            | Self::Refreshed { domain, .. }
            | Self::Renewal { domain, .. }
            | Self::Failed { domain, .. }
            | Self::Unfinished { domain, .. } => Some(domain),
            Self::Evicted(evicted) => Some(evicted.domain()),
            Self::StoreFailed { domain, .. } => domain.as_ref(),
            #[cfg(feature = "json")]
            Self::SnapshotSaved { .. }
            | Self::SnapshotRestored { .. }
            | Self::SnapshotFailed(_) => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { domain, policy } => {
                write!(f, "{domain}: found a policy, {}", Shown(policy))
            }
            Self::Changed { domain, old, new } => {
                write!(f, "{domain}: policy changed from {} to {}", Shown(old), Shown(new))
            }
            Self::Refreshed { domain, policy } => {
                write!(f, "{domain}: refreshed the policy, {}", Shown(policy))
            }
            Self::Renewal { domain, event } => write!(f, "{domain}: {event}"),
            Self::Failed { domain, failure } => write!(f, "{domain}: {failure}"),
            Self::Unfinished { domain, why } => {
                write!(f, "{domain}: did not look for the policy: {why}")
            }
            Self::Evicted(evicted) => {
                let policy = Shown(evicted.policy());
                write!(f, "{}: lost the policy, {policy}: cache too small", evicted.domain())
            }
            Self::StoreFailed { domain, call, error } => {
                if let Some(domain) = domain {
                    write!(f, "{domain}: ")?;
                }
                write!(f, "could not {call}: {error}")?;
                error
                    .source()
                    .map_or(Ok(()), |source| write!(f, ": {}", escape(&source.to_string())))
            }
            #[cfg(feature = "json")]
            Self::SnapshotSaved { path, entries } => {
                write!(f, "saved {entries} entries to {}", shown(path))
            }
            #[cfg(feature = "json")]
            Self::SnapshotRestored { path, restored } => {
                write!(f, "restored {restored} from {}", shown(path))
            }
            #[cfg(feature = "json")]
            Self::SnapshotFailed(error) => {
                write!(f, "{error}")?;
                error
                    .source()
                    .map_or(Ok(()), |source| write!(f, ": {}", escape(&source.to_string())))
            }
        }
    }
}

impl fmt::Display for StoreCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load what is known",
            Self::Fold => "keep what was learnt",
            Self::Due => "find what is to be refreshed",
            Self::Forget => "forget what is known",
        })
    }
}

/// Mode and `id`.
struct Shown<'a>(&'a CachedPolicy);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode {}, id {}", self.0.policy().mode(), escape(self.0.id().as_str()))
    }
}

/// Paths come from the operator, and may still hold anything.
#[cfg(feature = "json")]
pub(super) fn shown(path: &Path) -> impl fmt::Display {
    escape(path.as_os_str().as_encoded_bytes()).to_string()
}

/// Who is told.
#[derive(Default)]
pub(super) struct Handlers(Vec<Handler>);

struct Handler(Box<dyn Fn(&Event) + Send + Sync>);

impl Handlers {
    pub(super) fn add(&mut self, handler: impl Fn(&Event) + Send + Sync + 'static) {
        self.0.push(Handler(Box::new(handler)));
    }

    /// Tells all. One that panics is told the next event all the same.
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.0.is_empty() {
            return;
        }
        let event = event();
        for Handler(handler) in &self.0 {
            let _panic = catch_unwind(AssertUnwindSafe(|| handler(&event)));
        }
    }
}
