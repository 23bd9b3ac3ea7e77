//! Keeping policies alive in the background (RFC 8461 §3.3, §10.2).

use core::time::Duration;
#[cfg(feature = "json")]
use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::event::StoreCall;
use super::policy::Client;
use crate::sts::cache::RefreshRule;

/// How policies are kept alive.
#[derive(Debug, Clone)]
pub struct RefreshConfig {
    rule: RefreshRule,
    interval: Duration,
    at_once: usize,
    #[cfg(feature = "json")]
    snapshot: Option<(PathBuf, Duration)>,
}

impl RefreshConfig {
    /// The most domains that are looked at in one round; of more, the others come in a
    /// later one.
    pub const MAX_ROUND: usize = 10_000;

    /// The least that an interval may be: a second, so that no round follows the other at
    /// once.
    pub const MIN_INTERVAL: Duration = Duration::from_secs(1);

    /// Refreshes the policies that the rule names: a round each minute, 16 domains at
    /// once.
    #[must_use]
    pub const fn new(rule: RefreshRule) -> Self {
        Self {
            rule,
            interval: Duration::from_secs(60),
            at_once: 16,
            #[cfg(feature = "json")]
            snapshot: None,
        }
    }

    /// Waits so long between rounds; at least [`MIN_INTERVAL`](Self::MIN_INTERVAL).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Self::MIN_INTERVAL);
        self
    }

    /// Refreshes so many domains at once, at least one; but never more than half of the
    /// discoveries that the client may make at once (one, if that is one), so that mail
    /// has the other half.
    #[must_use]
    pub fn with_at_once(mut self, domains: usize) -> Self {
        self.at_once = domains.max(1);
        self
    }

    /// Saves a [snapshot](Client::save_snapshot) in that interval, at least
    /// [`MIN_INTERVAL`](Self::MIN_INTERVAL), and at the [end](RefreshTask::stop).
    #[cfg(feature = "json")]
    #[must_use]
    pub fn with_snapshot(mut self, path: impl Into<PathBuf>, interval: Duration) -> Self {
        self.snapshot = Some((path.into(), interval.max(Self::MIN_INTERVAL)));
        self
    }
}

impl Client {
    /// Keeps policies alive in a task of its own, until that is stopped or dropped.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn_refresh(&self, config: RefreshConfig) -> RefreshTask {
        let (stop, stopped) = watch::channel(());
        RefreshTask {
            stop,
            #[cfg(feature = "json")]
            snapshots: config.snapshot.clone().map(|(path, interval)| {
                let saving = save_until(self.clone(), path.clone(), interval, stopped.clone());
                (self.clone(), path, tokio::spawn(saving))
            }),
            rounds: tokio::spawn(refresh_until(self.clone(), config, stopped)),
        }
    }

    /// Refreshes what is due, and returns when that is done or to stop: then those that
    /// have begun have ended.
    async fn refresh_due(&self, config: &RefreshConfig, stopped: &watch::Receiver<()>) {
        let due = self.inner.store.due(config.rule, self.inner.now(), RefreshConfig::MAX_ROUND);
        let due = match due.await {
            Ok(due) => due,
            Err(error) => return self.inner.store_failed(None, StoreCall::Due, &error),
        };
        let most = config.at_once.min(self.inner.limits.discoveries / 2).max(1);
        let mut running = JoinSet::new();
        for domain in due.into_iter().take(RefreshConfig::MAX_ROUND) {
            if running.len() >= most {
                running.join_next().await;
            }
            if is_over(stopped) {
                break;
            }
            let client = self.clone();
            // What comes of it is told as an event.
            running.spawn(async move { client.refresh(&domain).await.is_ok() });
        }
        while running.join_next().await.is_some() {}
    }
}

/// Policies being kept alive in the background. Dropping it stops that too, without
/// waiting for the refreshes that have begun (they end in order) and without a last
/// snapshot.
#[derive(Debug)]
#[must_use = "dropping it stops it"]
pub struct RefreshTask {
    stop: watch::Sender<()>,
    rounds: JoinHandle<()>,
    #[cfg(feature = "json")]
    snapshots: Option<(Client, PathBuf, JoinHandle<()>)>,
}

impl RefreshTask {
    /// Begins no more refreshes, waits for those that have begun, each of which is bounded
    /// in time, and saves a last snapshot where one is wanted. To wait no longer than one
    /// likes, drop this future: it is stopped all the same.
    pub async fn stop(self) {
        drop(self.stop);
        // Neither is aborted by anybody; a panic has been told by the panic hook.
        let _ended = self.rounds.await;
        #[cfg(feature = "json")]
        if let Some((client, path, saving)) = self.snapshots {
            let _ended = saving.await;
            // What goes wrong is told as an event.
            let _saved = client.save_snapshot(path).await;
        }
    }
}

async fn refresh_until(client: Client, config: RefreshConfig, mut stopped: watch::Receiver<()>) {
    while !is_over(&stopped) {
        client.refresh_due(&config, &stopped).await;
        let _time_is_over = timeout(config.interval, stopped.changed()).await;
    }
}

#[cfg(feature = "json")]
async fn save_until(
    client: Client,
    path: PathBuf,
    interval: Duration,
    mut stopped: watch::Receiver<()>,
) {
    while timeout(interval, stopped.changed()).await.is_err() {
        let _told_as_event = client.save_snapshot(path.clone()).await;
    }
}

/// Whether the task was stopped: its half of the channel is gone.
fn is_over(stopped: &watch::Receiver<()>) -> bool {
    stopped.has_changed().is_err()
}
