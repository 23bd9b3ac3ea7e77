//! Failed fetches, and how long none is made after them.

use alloc::sync::Arc;
use core::cmp::Ordering;

use rustls_pki_types::UnixTime;

use super::register::Register;
use super::since;
use super::stamp::Stamp;
use crate::failure::Failure;
use crate::sts::record::PolicyId;

/// The fetches that have failed since a policy was last fetched.
///
/// After the n-th failure in a row for an `id`, no fetch is made for
/// 300 · 2ⁿ⁻¹ seconds; but never longer than [`MAX_WAIT`](Self::MAX_WAIT), or
/// [`MAX_WAIT_UNPROTECTED`](Self::MAX_WAIT_UNPROTECTED) while no unexpired policy is
/// there to apply (RFC 8461 §3.3: senders limit failed fetches; how is open). The
/// failure of another `id` takes the place of the one before, and a policy that is
/// fetched ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedFetches {
    pub(crate) base: Stamp,
    pub(crate) stamp: Stamp,
    pub(crate) id: PolicyId,
    pub(crate) in_a_row: u32,
    pub(crate) failed_at: UnixTime,
    pub(crate) since: UnixTime,
    pub(crate) total: u32,
    pub(crate) failure: Failure,
    pub(crate) refused: Option<Arc<str>>,
}

impl FailedFetches {
    /// The wait after the first failure, in seconds.
    pub const FIRST_WAIT: u64 = 300;

    /// The longest wait while an unexpired policy is cached, in seconds: a day.
    pub const MAX_WAIT: u64 = 86_400;

    /// The longest wait while none is, in seconds: an hour, since mail goes
    /// unprotected meanwhile.
    pub const MAX_WAIT_UNPROTECTED: u64 = 3_600;

    /// The `id` whose fetch has failed last.
    #[must_use]
    pub const fn id(&self) -> PolicyId {
        self.id
    }

    /// How often in a row its fetch has failed, at least once.
    #[must_use]
    pub const fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    /// When it has failed last; or, if that was in the future when somebody looked at
    /// it, the time of that look.
    #[must_use]
    pub const fn failed_at(&self) -> UnixTime {
        self.failed_at
    }

    /// Since when fetches have failed, whatever the `id`; or, if that was in the future
    /// when somebody looked at it, the time of that look.
    #[must_use]
    pub const fn since(&self) -> UnixTime {
        self.since
    }

    /// How many have failed since then, at least one.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// What a report calls the last failure.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// The lines of the body that was refused last, if that is why it has failed:
    /// what `policy-string` of a report quotes (RFC 8460 §4.4).
    pub fn refused_lines(&self) -> impl Iterator<Item = &str> {
        self.refused.iter().flat_map(|body| body.lines())
    }

    /// Whether the fetch may not be tried again yet. `protected` says whether an
    /// unexpired policy is cached.
    pub(crate) fn must_wait(&self, protected: bool, now: UnixTime) -> bool {
        let most = if protected { Self::MAX_WAIT } else { Self::MAX_WAIT_UNPROTECTED };
        let doublings = self.in_a_row.saturating_sub(1);
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        since(self.failed_at, now) < Self::FIRST_WAIT.saturating_mul(factor).min(most)
    }

    /// The same, with no time after `now`.
    pub(crate) fn set_back_to(&self, now: UnixTime) -> Self {
        Self { failed_at: self.failed_at.min(now), since: self.since.min(now), ..self.clone() }
    }

    /// The state after one more failure.
    pub(crate) fn and(
        before: Option<&Self>,
        base: Stamp,
        id: PolicyId,
        now: UnixTime,
        failure: Failure,
        refused: Option<Arc<str>>,
    ) -> Self {
        let row = before.filter(|before| before.id == id).map_or(0, |before| before.in_a_row);
        Self {
            base,
            stamp: before.map_or(Stamp::NONE, |before| before.stamp).next(now),
            id,
            in_a_row: row.saturating_add(1),
            failed_at: now,
            since: before.map_or(now, |before| before.since),
            total: before.map_or(0, |before| before.total).saturating_add(1),
            failure,
            refused,
        }
    }
}

impl Register for Arc<FailedFetches> {
    fn version(&self, other: &Self) -> Ordering {
        let key = |one: &Self| (one.base, one.stamp, one.total, one.in_a_row, one.failure);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.id.as_str().cmp(other.id.as_str()))
            .then_with(|| self.refused.cmp(&other.refused))
    }

    fn lower(&mut self, other: &Self) {
        let failed_at = self.failed_at.min(other.failed_at);
        let since = self.since.min(other.since);
        if (failed_at, since) != (self.failed_at, self.since) {
            *self = Self::new(FailedFetches { failed_at, since, ..FailedFetches::clone(self) });
        }
    }
}
