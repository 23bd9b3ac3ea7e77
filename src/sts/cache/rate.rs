//! How many fetches a domain may cause.

use super::stamp::Stamp;

/// How many fetches one domain may cause, so that an `id` that changes all the time
/// does not aim us at somebody: `burst` at once, and then one each
/// 3,600 / `per_hour` seconds, rounded up.
///
/// No hour has more than `burst` + `per_hour` fetches. Discoveries that run at once
/// count once: the driver lets one fetch at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchRate {
    burst: u32,
    per_hour: u32,
}

impl FetchRate {
    /// A rate; each number is taken as 1 to 3,600.
    #[must_use]
    pub fn new(burst: u32, per_hour: u32) -> Self {
        Self { burst: burst.clamp(1, 3_600), per_hour: per_hour.clamp(1, 3_600) }
    }

    /// Seconds for one fetch.
    pub(super) fn interval(self) -> u64 {
        3_600_u64.div_ceil(u64::from(self.per_hour).max(1))
    }

    /// Seconds until an empty bucket is full.
    pub(super) fn window(self) -> u64 {
        self.interval().saturating_mul(self.burst.into())
    }
}

/// 10 at once and 10 an hour: a domain that changes its policy does so once a day.
impl Default for FetchRate {
    fn default() -> Self {
        Self { burst: 10, per_hour: 10 }
    }
}

/// How much of the [`FetchRate`] is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket {
    /// When the last fetch was asked for.
    pub(crate) spent: Stamp,
    /// In how many seconds from then the bucket is full again.
    pub(crate) backlog: u32,
}
