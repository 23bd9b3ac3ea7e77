//! What looking for policies may cost in all.

use core::time::Duration;

/// What all discoveries of a client together may cost. What one fetch may cost is in the
/// [`Config`](crate::sts::discovery::Config).
///
/// A discovery takes at most the time to wait, that of the TXT look-up and that of the
/// fetch; with a store outside, three times that of the store in addition.
/// Up to three others of the domain may have to end before it begins. Whoever has waited
/// four times as long, because a runtime stands still, is answered by what is known
/// ([`Unfinished::Interrupted`](super::Unfinished::Interrupted)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    pub(super) discoveries: usize,
    pub(super) domains: usize,
    pub(super) wait: Duration,
    pub(super) txt: Duration,
    pub(super) store: Duration,
}

impl ClientLimits {
    /// The most discoveries that may be allowed at once, and the most domains that may be
    /// waited for: each takes a few kilobytes.
    pub const MAX_AT_ONCE: usize = 65_536;

    /// The most that any of the times may be: 10 minutes, as a fetch.
    pub const MAX_TIME: Duration = Duration::from_secs(600);

    /// The least that a time for an answer may be: a millisecond, since without any time
    /// nothing can be answered.
    pub const MIN_TIME: Duration = Duration::from_millis(1);

    /// The longest that a discovery takes, with this time for its fetch.
    pub(super) const fn discovery(&self, fetch: Duration) -> Duration {
        let network = self.wait.saturating_add(self.txt).saturating_add(fetch);
        network.saturating_add(self.store.saturating_mul(3))
    }

    /// Runs at most so many discoveries at once, 1 to
    /// [`MAX_AT_ONCE`](Self::MAX_AT_ONCE); 4,096 by default. Those that wait for one of few
    /// connections are among them, so that policy hosts that take all their time
    /// (tarpits) hold up nobody else. Sockets have bounds of their own, in whoever opens
    /// them ([`DialLimits`](super::DialLimits), `resolver`); with a
    /// [`PolicyFetch`](super::PolicyFetch) that has none, this is the bound.
    #[must_use]
    pub fn with_discoveries(mut self, at_once: usize) -> Self {
        self.discoveries = at_once.clamp(1, Self::MAX_AT_ONCE);
        self
    }

    /// Lets at most so many domains be looked for or waited for at once, 1 to
    /// [`MAX_AT_ONCE`](Self::MAX_AT_ONCE); 10,000 by default. Beyond that a discovery
    /// does not even wait.
    #[must_use]
    pub fn with_domains(mut self, at_once: usize) -> Self {
        self.domains = at_once.clamp(1, Self::MAX_AT_ONCE);
        self
    }

    /// Lets a discovery wait so long for its turn; 10 seconds by default. Then the
    /// answer is what is known without it.
    #[must_use]
    pub fn with_wait(mut self, time: Duration) -> Self {
        self.wait = time.min(Self::MAX_TIME);
        self
    }

    /// Waits so long for the TXT look-up; 20 seconds by default, in which a resolver can
    /// ask two servers twice. Longer is a failure of DNS.
    #[must_use]
    pub fn with_txt(mut self, time: Duration) -> Self {
        self.txt = time.clamp(Self::MIN_TIME, Self::MAX_TIME);
        self
    }

    /// Waits so long for each call of a [`PolicyStore`](super::PolicyStore); 10 seconds
    /// by default. Longer is a failure of the store.
    #[must_use]
    pub fn with_store(mut self, time: Duration) -> Self {
        self.store = time.clamp(Self::MIN_TIME, Self::MAX_TIME);
        self
    }
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            discoveries: 4_096,
            domains: 10_000,
            wait: Duration::from_secs(10),
            txt: Duration::from_secs(20),
            store: Duration::from_secs(10),
        }
    }
}
