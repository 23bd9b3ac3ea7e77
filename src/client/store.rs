//! Where what is known of domains is kept.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use tokio::time::timeout;

use super::BoxFuture;
use super::caught::{Panicked, caught};
use crate::cache::{Evicted, PolicyCache};
use crate::sts::PolicyDomain;
use crate::sts::cache::{CacheEntry, RefreshRule, Update};

/// A store of cache entries outside the client, such as a database that several clients
/// share.
///
/// # What it must do
///
/// Updates are deltas: [`fold`](Self::fold) reads the entry as it is *now*, applies the
/// update by [`CacheEntry::apply`] and writes the result, in one step (under a lock, in a
/// transaction, or by compare and swap). Nobody overwrites a whole entry. Then updates
/// may come in any order and twice, from several clients, and no interleaving weakens a
/// policy (RFC 8461 §5.1).
///
/// Each call may be dropped at any await, by a time-out or by a caller that is gone; the
/// entry must be as it was then, or complete.
///
/// Entries as text are in `snapshot` (feature `json`).
pub trait PolicyStore: Send + Sync {
    /// What is known of a domain, the default if that is nothing. An entry that cannot be
    /// read is an error, and not nothing: else an outage would lift a policy.
    fn load<'a>(
        &'a self,
        domain: &'a PolicyDomain,
    ) -> BoxFuture<'a, Result<CacheEntry, StoreError>>;

    /// Folds an update into what is known of a domain. `now` is for those that drop what
    /// has expired.
    fn fold<'a>(
        &'a self,
        domain: &'a PolicyDomain,
        update: &'a Update,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Domains whose policies should be refreshed now ([`CacheEntry::is_refresh_due`]),
    /// at most `limit`; of more, any.
    fn due(
        &self,
        rule: RefreshRule,
        now: UnixTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<PolicyDomain>, StoreError>>;

    /// Removes all that is known of a domain, because the operator says so.
    fn forget<'a>(&'a self, domain: &'a PolicyDomain) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// A store did not do what it was asked for.
///
/// Which policy applies is then not known, and it may be one that must be applied: the
/// message is to be kept in the queue.
#[derive(Debug, Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// The store has failed for this reason.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Failed, source: Some(Arc::from(source.into())) }
    }

    /// What has happened.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }
}

/// What has happened to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It says that it has failed.
    #[error("policy store failed")]
    Failed,
    /// It has not answered in time.
    #[error("policy store did not answer in time")]
    Timeout,
    /// It has panicked.
    #[error("policy store panicked")]
    Panicked,
}

/// The store of a client.
pub(super) enum Store {
    Memory(Arc<PolicyCache>),
    Outside { store: Box<dyn PolicyStore>, time: Duration },
}

impl Store {
    pub(super) async fn load(&self, domain: &PolicyDomain) -> Result<CacheEntry, StoreError> {
        match self {
            Self::Memory(cache) => Ok(cache.get(domain)),
            Self::Outside { store, time } => {
                bounded(*time, async { store.load(domain).await }).await
            }
        }
    }

    pub(super) async fn fold(
        &self,
        domain: &PolicyDomain,
        update: &Update,
        now: UnixTime,
    ) -> Result<Vec<Evicted>, StoreError> {
        match self {
            Self::Memory(cache) => Ok(cache.apply(domain, update, now)),
            Self::Outside { store, time } => {
                bounded(*time, async { store.fold(domain, update, now).await }).await?;
                Ok(Vec::new())
            }
        }
    }

    pub(super) async fn due(
        &self,
        rule: RefreshRule,
        now: UnixTime,
        limit: usize,
    ) -> Result<Vec<PolicyDomain>, StoreError> {
        match self {
            Self::Memory(cache) => {
                let cache = Arc::clone(cache);
                // A walk through all of them takes milliseconds.
                let walk = move || cache.due(rule, now).take(limit).collect();
                let walked = tokio::task::spawn_blocking(walk).await;
                walked.map_err(|_| StoreErrorKind::Panicked.into())
            }
            Self::Outside { store, time } => {
                bounded(*time, async { store.due(rule, now, limit).await }).await
            }
        }
    }

    pub(super) async fn forget(&self, domain: &PolicyDomain) -> Result<(), StoreError> {
        match self {
            Self::Memory(cache) => {
                cache.forget(domain);
                Ok(())
            }
            Self::Outside { store, time } => {
                bounded(*time, async { store.forget(domain).await }).await
            }
        }
    }
}

async fn bounded<T>(
    time: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match timeout(time, caught(call)).await {
        Ok(Ok(result)) => result,
        Ok(Err(Panicked)) => Err(StoreErrorKind::Panicked.into()),
        Err(_) => Err(StoreErrorKind::Timeout.into()),
    }
}
