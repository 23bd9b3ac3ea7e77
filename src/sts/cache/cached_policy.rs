//! A cached policy: how long it lives, and when it is refreshed.

use core::cmp::Ordering;

use rustls_pki_types::UnixTime;

use super::register::Register;
use super::stamp::Stamp;
use super::{plus, since};
use crate::sts::policy::{Mode, Policy};
use crate::sts::policy_domain::PolicyDomain;
use crate::sts::record::PolicyId;

/// A policy, with what is needed to know how long it may be applied
/// (RFC 8461 §3.3).
///
/// It lives while no more than its `max_age` has passed since it was fetched. A TXT
/// record with the same `id` confirms it and does not prolong it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedPolicy {
    pub(crate) policy: Policy,
    pub(crate) id: PolicyId,
    pub(crate) stamp: Stamp,
    /// From when its age is counted.
    pub(crate) fetched_at: UnixTime,
    /// Whether that is before the fetch, since the clock has run backwards.
    pub(crate) is_set_back: bool,
}

impl CachedPolicy {
    /// The longest time until a refresh, in seconds: a day.
    pub const MAX_REFRESH_INTERVAL: u64 = 86_400;

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The `id` under which it was announced.
    #[must_use]
    pub const fn id(&self) -> PolicyId {
        self.id
    }

    /// From when its age is counted: its last fetch, or, if that was in the future
    /// when somebody looked at it, the time of that look.
    #[must_use]
    pub const fn fetched_at(&self) -> UnixTime {
        self.fetched_at
    }

    /// The last second in which it may be applied.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        plus(self.fetched_at, self.policy.max_age().as_secs().into())
    }

    /// Whether it may, and so must, still be applied. A policy from the future is of
    /// age 0.
    #[must_use]
    pub fn is_unexpired(&self, now: UnixTime) -> bool {
        since(self.fetched_at, now) <= self.policy.max_age().as_secs().into()
    }

    /// From when on it should be fetched again, to be kept alive (§3.3, §10.2): a day
    /// after it was fetched, or half its `max_age` if that is less; up to a quarter of
    /// that time earlier, by a number that `seed` and the domain give, so that the
    /// refreshes of many domains spread. At once if the clock has run backwards.
    #[must_use]
    pub fn refresh_due_at(&self, domain: &PolicyDomain, seed: u64) -> UnixTime {
        if self.is_set_back {
            return self.fetched_at;
        }
        let half = u64::from(self.policy.max_age().as_secs()) / 2;
        let interval = half.min(Self::MAX_REFRESH_INTERVAL);
        let spread = (interval / 4).saturating_add(1);
        let earlier = scattered(domain, seed).checked_rem(spread).unwrap_or(0);
        plus(self.fetched_at, interval.saturating_sub(earlier))
    }

    /// Whether it asks for anything: a policy of mode `none` does not.
    pub(super) fn protects(&self) -> bool {
        self.policy.mode() != Mode::None
    }
}

/// A number that differs from domain to domain: FNV-1a, and the finalizer of
/// SplitMix64 to spread it over all bits.
fn scattered(domain: &PolicyDomain, seed: u64) -> u64 {
    let hash = domain.as_str().bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

impl Register for CachedPolicy {
    fn version(&self, other: &Self) -> Ordering {
        self.stamp
            .cmp(&other.stamp)
            .then_with(|| self.id.as_str().cmp(other.id.as_str()))
            .then_with(|| self.policy.as_str().cmp(other.policy.as_str()))
    }

    fn lower(&mut self, other: &Self) {
        self.fetched_at = self.fetched_at.min(other.fetched_at);
        self.is_set_back |= other.is_set_back;
    }
}

/// Which policies are kept alive by refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshRule {
    pub(super) seed: u64,
    pub(super) used_within_days: u32,
}

impl RefreshRule {
    /// Refreshes domains that had mail within the last 30 days; `seed` spreads the
    /// refreshes and should differ from sender to sender.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, used_within_days: 30 }
    }

    /// Refreshes domains that had mail within the last `days`.
    #[must_use]
    pub const fn used_within_days(mut self, days: u32) -> Self {
        self.used_within_days = days;
        self
    }
}
