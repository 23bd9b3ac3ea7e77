//! The time of the world: it stands still until a test moves it.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;

/// 2027-01-01T00:00:00Z, when the world begins.
pub(crate) const START: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_798_761_600));

#[derive(Debug)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(START.as_secs()))
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    pub(crate) fn set(&self, now: UnixTime) {
        self.0.store(now.as_secs(), Ordering::SeqCst);
    }

    /// The clock as the function that a client takes.
    pub(crate) fn reading(
        self: &Arc<Self>,
    ) -> impl Fn() -> UnixTime + Clone + Send + Sync + 'static {
        let clock = self.clone();
        move || clock.now()
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}
