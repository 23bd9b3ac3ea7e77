//! Events of a client for tracing (feature `tracing`).
//!
//! ```
//! # use mta_sts::client::{Client, ClientBuilder, trace};
//! fn with_tracing(builder: ClientBuilder) -> Client {
//!     builder.with_events(trace::emit).build()
//! }
//! ```
//!
//! The target is [`TARGET`]; the message is the `Display` of the event; the fields are
//! `event`, its name, and `domain` where it is about one. This installs no subscriber.
//!
//! | level | event |
//! |---|---|
//! | error | `store-failed`, `evicted`, `unfinished` because of a panic, `snapshot-failed` |
//! | warn | `renewal`, `failed`, other `unfinished`, `snapshot-restored` with damaged lines |
//! | info | `found`, `changed`, `snapshot-saved`, `snapshot-restored` |
//! | debug | `refreshed`; `failed` where no fetch was made because of earlier ones |

use tracing::Level;

use super::answer::Unfinished;
use super::event::Event;
use crate::sts::discovery::DiscoveryFailure;

/// The target of all events.
pub const TARGET: &str = "mta_sts";

/// Emits an event for tracing: a handler for
/// [`ClientBuilder::with_events`](super::ClientBuilder::with_events).
pub fn emit(event: &Event) {
    let name = name(event);
    let domain = event.domain().map(tracing::field::display);
    match level(event) {
        Level::ERROR => tracing::error!(target: TARGET, event = name, domain, "{event}"),
        Level::WARN => tracing::warn!(target: TARGET, event = name, domain, "{event}"),
        Level::INFO => tracing::info!(target: TARGET, event = name, domain, "{event}"),
        _ => tracing::debug!(target: TARGET, event = name, domain, "{event}"),
    }
}

fn level(event: &Event) -> Level {
    match event {
        Event::StoreFailed { .. }
        | Event::Evicted(_)
        | Event::Unfinished { why: Unfinished::Panicked, .. } => Level::ERROR,
        Event::Failed {
            failure: DiscoveryFailure::Remembered(_) | DiscoveryFailure::RateLimited { .. },
            ..
        }
        | Event::Refreshed { .. } => Level::DEBUG,
        Event::Renewal { .. } | Event::Failed { .. } | Event::Unfinished { .. } => Level::WARN,
        Event::Found { .. } | Event::Changed { .. } => Level::INFO,
        #[cfg(feature = "json")]
        Event::SnapshotFailed(_) => Level::ERROR,
        #[cfg(feature = "json")]
        Event::SnapshotRestored { restored, .. } if restored.damaged_total() > 0 => Level::WARN,
        #[cfg(feature = "json")]
        Event::SnapshotSaved { .. } | Event::SnapshotRestored { .. } => Level::INFO,
    }
}

const fn name(event: &Event) -> &'static str {
    match event {
        Event::Found { .. } => "found",
        Event::Changed { .. } => "changed",
        Event::Refreshed { .. } => "refreshed",
        Event::Renewal { .. } => "renewal",
        Event::Failed { .. } => "failed",
        Event::Unfinished { .. } => "unfinished",
        Event::Evicted(_) => "evicted",
        Event::StoreFailed { .. } => "store-failed",
        #[cfg(feature = "json")]
        Event::SnapshotSaved { .. } => "snapshot-saved",
        #[cfg(feature = "json")]
        Event::SnapshotRestored { .. } => "snapshot-restored",
        #[cfg(feature = "json")]
        Event::SnapshotFailed(_) => "snapshot-failed",
    }
}
