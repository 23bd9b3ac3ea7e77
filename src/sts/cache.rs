//! What a sender remembers of a policy domain (RFC 8461 §3.3, §5.1, §10.2).
//!
//! A [`CacheEntry`] is all that is known of one domain; a
//! [discovery](super::discovery) reads it and gives an [`Update`], which is folded into
//! it. Updates can be folded in any order, and twice, so that discoveries may run at
//! once and stores need no locks around them. No update removes a policy or brings an
//! older one back: failures are remembered beside it.
//!
//! This is no store: where entries are kept, and which are thrown away when there are
//! too many, is for others (feature `cache` has one in memory). It reads no clock;
//! whether a policy has expired is a judgement at a time, not a deletion.
//!
//! # Limits
//!
//! A clock that was not set yet when a discovery began makes policies look as if they
//! came from the future, and so their age is counted from then: when the clock is set,
//! they have expired. Set it before mail goes out.

mod cached_policy;
mod failed;
mod look;
mod rate;
mod register;
mod stamp;

use alloc::sync::Arc;
use core::time::Duration;

use rustls_pki_types::UnixTime;

pub use self::cached_policy::{CachedPolicy, RefreshRule};
pub use self::failed::FailedFetches;
pub(crate) use self::look::{Found, Look};
pub(crate) use self::rate::Bucket;
pub use self::rate::FetchRate;
use self::register::join;
pub(crate) use self::stamp::Stamp;
use super::fetch::FetchFailure;
use super::policy::Policy;
use super::policy_domain::PolicyDomain;
use super::record::PolicyId;
use crate::failure::ReasonCode;

/// Seconds from `then` to `now`; none if the clock has run backwards.
fn since(then: UnixTime, now: UnixTime) -> u64 {
    now.as_secs().saturating_sub(then.as_secs())
}

fn plus(time: UnixTime, secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs().saturating_add(secs)))
}

/// All that is known of one policy domain: its policy, when the TXT record was looked
/// at, failed fetches, and when mail last went there.
///
/// The default is an entry that knows nothing. A part is only ever replaced by a later
/// version of itself, so [`apply`](Self::apply) is commutative, associative and
/// idempotent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheEntry {
    pub(crate) policy: Option<CachedPolicy>,
    pub(crate) look: Option<Look>,
    pub(crate) failed: Option<Arc<FailedFetches>>,
    pub(crate) bucket: Option<Bucket>,
    /// In days since 1970.
    pub(crate) last_used: Option<u32>,
}

impl CacheEntry {
    /// The policy, expired or not.
    #[must_use]
    pub const fn policy(&self) -> Option<&CachedPolicy> {
        self.policy.as_ref()
    }

    /// The policy, if it is unexpired: then it must be applied, whatever else has
    /// failed (RFC 8461 §5.1).
    #[must_use]
    pub fn unexpired(&self, now: UnixTime) -> Option<&CachedPolicy> {
        self.policy.as_ref().filter(|policy| policy.is_unexpired(now))
    }

    /// The unexpired policy, if it asks for anything.
    pub(crate) fn protection(&self, now: UnixTime) -> Option<&CachedPolicy> {
        self.unexpired(now).filter(|policy| policy.protects())
    }

    /// The fetches that have failed since the policy was fetched.
    #[must_use]
    pub fn failed_fetches(&self) -> Option<&FailedFetches> {
        self.failed.as_deref()
    }

    /// The last day on which mail went there, in days since 1970-01-01.
    #[must_use]
    pub const fn last_used_day(&self) -> Option<u32> {
        self.last_used
    }

    /// Whether the policy should be [refreshed](super::discovery::Purpose::Refresh) now:
    /// it is unexpired, [due](CachedPolicy::refresh_due_at), was used lately, and no
    /// failed fetch, of whatever `id`, makes us wait. To be asked now and then, such as
    /// each minute.
    #[must_use]
    pub fn is_refresh_due(&self, domain: &PolicyDomain, rule: RefreshRule, now: UnixTime) -> bool {
        let lately = self
            .last_used
            .is_some_and(|day| day.saturating_add(rule.used_within_days) >= day_of(now));
        self.unexpired(now).is_some_and(|policy| {
            let behind = policy.fetched_at > now;
            let due = behind || policy.refresh_due_at(domain, rule.seed) <= now;
            lately && due && !self.failed.as_ref().is_some_and(|failed| failed.must_wait(true, now))
        })
    }

    /// Folds what a discovery has learnt into the entry. The order of updates does not
    /// matter, and one that is folded twice counts once: the latest fetch wins, and a
    /// failure seen before that fetch is dropped.
    pub fn apply(&mut self, update: &Update) {
        let Update(news) = update;
        join(&mut self.policy, news.policy.as_ref());
        join(&mut self.look, news.look.as_ref());
        join(&mut self.failed, news.failed.as_ref());
        self.bucket = self.bucket.max(news.bucket);
        self.last_used = self.last_used.max(news.last_used);
        // What has failed before it was fetched is over.
        let policy = self.policy.as_ref().map_or(Stamp::NONE, |policy| policy.stamp);
        self.failed.take_if(|failed| failed.base < policy);
    }

    /// The lengths in octets of the blocks of memory that it keeps alive.
    #[cfg(feature = "cache")]
    pub(crate) fn blocks(&self) -> impl Iterator<Item = usize> {
        let policy = self.policy.iter().flat_map(|cached| cached.policy.blocks());
        let failed = self.failed.iter().flat_map(|failed| {
            let refused = failed.refused.iter().map(|body| body.len());
            [size_of::<FailedFetches>()].into_iter().chain(refused)
        });
        policy.chain(failed)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a discovery makes of an entry, each as the update that says it.
impl CacheEntry {
    /// The latest policy that is known of: what is learnt now is about this one.
    fn base(&self) -> Stamp {
        let policy = self.policy.as_ref().map_or(Stamp::NONE, |policy| policy.stamp);
        let failed = self.failed.as_ref().map_or(Stamp::NONE, |failed| failed.base);
        policy.max(failed)
    }

    /// The stamp of a policy that is asked for now.
    pub(super) fn policy_asked(&self, now: UnixTime) -> Stamp {
        self.base().next(now)
    }

    /// Times in the future are set to now (a clock has run backwards).
    pub(super) fn clocked(&self, now: UnixTime) -> Update {
        let policy = self.policy.as_ref().filter(|policy| policy.fetched_at > now);
        let failed = self.failed.as_deref().filter(|failed| failed.failed_at > now);
        let bucket = self.bucket.filter(|bucket| bucket.spent.at > now);
        Update(Self {
            policy: policy.map(|policy| CachedPolicy {
                fetched_at: now,
                is_set_back: true,
                ..policy.clone()
            }),
            failed: failed.map(|failed| Arc::new(failed.set_back_to(now))),
            bucket: bucket.map(|bucket| Bucket { spent: bucket.spent.next(now), ..bucket }),
            ..Self::default()
        })
    }

    /// Mail goes there.
    pub(super) fn used(&self, now: UnixTime) -> Update {
        Update(Self { last_used: Some(day_of(now)), ..Self::default() })
    }

    /// The TXT record was looked at.
    pub(super) fn looked(&self, found: Found, now: UnixTime) -> Update {
        let before = self.look.as_ref().map_or(Stamp::NONE, |look| look.stamp);
        let look = Look { stamp: before.next(now), found };
        Update(Self { look: Some(look), ..Self::default() })
    }

    /// Whether the record had the policy's `id` within the last `secs` seconds.
    pub(super) fn was_confirmed_within(&self, secs: u64, now: UnixTime) -> bool {
        let found = self.looked_within(secs, now);
        self.policy.as_ref().is_some_and(|policy| found == Some(Found::Record(policy.id)))
    }

    /// Why there was no record within the last `secs` seconds.
    pub(super) fn was_absent_within(&self, secs: u64, now: UnixTime) -> Option<ReasonCode> {
        match self.looked_within(secs, now) {
            Some(Found::Nothing(reason)) => Some(reason),
            _ => None,
        }
    }

    /// A look from the future does not count.
    fn looked_within(&self, secs: u64, now: UnixTime) -> Option<Found> {
        let look = self.look.as_ref().filter(|look| look.stamp.at <= now)?;
        (since(look.stamp.at, now) < secs).then_some(look.found)
    }

    /// A fetch was asked for: one drop less in the bucket, or, if it is empty, when it
    /// no longer is.
    pub(super) fn requested(&self, rate: FetchRate, now: UnixTime) -> Result<Update, UnixTime> {
        let (before, backlog) = self.bucket.map_or((Stamp::NONE, 0), |bucket| {
            let backlog = u64::from(bucket.backlog).min(rate.window());
            (bucket.spent, backlog.saturating_sub(since(bucket.spent.at, now)))
        });
        let backlog = backlog.saturating_add(rate.interval());
        if backlog > rate.window() {
            return Err(plus(now, backlog.saturating_sub(rate.window())));
        }
        let backlog = u32::try_from(backlog).unwrap_or(u32::MAX);
        let bucket = Some(Bucket { spent: before.next(now), backlog });
        Ok(Update(Self { bucket, ..Self::default() }))
    }

    /// The failures because of which an `id` may not be fetched now.
    pub(super) fn waits_after(&self, id: PolicyId, now: UnixTime) -> Option<&Arc<FailedFetches>> {
        let protected = self.unexpired(now).is_some();
        self.failed.as_ref().filter(|failed| failed.id == id && failed.must_wait(protected, now))
    }

    /// A policy was fetched that was asked for as `asked`.
    pub(super) fn fetched(
        &self,
        policy: Policy,
        id: PolicyId,
        asked: Stamp,
        now: UnixTime,
    ) -> Update {
        let policy = CachedPolicy { policy, id, stamp: asked, fetched_at: now, is_set_back: false };
        Update(Self { policy: Some(policy), ..Self::default() })
    }

    /// A fetch has failed.
    pub(super) fn fetch_failed(
        &self,
        id: PolicyId,
        failure: &FetchFailure,
        now: UnixTime,
    ) -> Update {
        let refused = failure.refused().map(Arc::from);
        let failed = FailedFetches::and(
            self.failed.as_deref(),
            self.base(),
            id,
            now,
            failure.failure(),
            refused,
        );
        Update(Self { failed: Some(Arc::new(failed)), ..Self::default() })
    }
}

/// Days since 1970. The last day is `u32::MAX`.
fn day_of(now: UnixTime) -> u32 {
    u32::try_from(now.as_secs() / 86_400).unwrap_or(u32::MAX)
}

/// What a discovery has learnt: to be folded into the entry of its domain by
/// [`CacheEntry::apply`], in any order with others, any number of times.
///
/// A whole entry is an update too, so that entries can be merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Update(CacheEntry);

impl Update {
    /// Adds what another update says: folding the result is folding both.
    pub fn merge(&mut self, other: &Self) {
        self.0.apply(other);
    }

    /// Whether it changes nothing, whatever the entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it should outlive a restart: a policy or a fetch, and not only that the
    /// TXT record was looked at or that mail went there.
    #[must_use]
    pub const fn is_news(&self) -> bool {
        self.0.policy.is_some() || self.0.failed.is_some() || self.0.bucket.is_some()
    }
}

impl From<CacheEntry> for Update {
    fn from(entry: CacheEntry) -> Self {
        Self(entry)
    }
}
