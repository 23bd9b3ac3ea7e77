//! The events of the client, for tracing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::fmt;
use std::sync::{Arc, Mutex};

use mta_sts::client::trace;
use mta_sts::txt::DnsFailure;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use self::world::{ENFORCE, Http, TESTING, Txt, World, domain};

/// Keeps events as lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == trace::TARGET
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn events_have_levels_and_fields() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let world = World::healthy();
    let client = world.builder().with_events(trace::emit).build();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    client.refresh(&domain).await.unwrap();
    world.set(Txt::Id("2"), Http::Body(TESTING));
    client.policy(&domain).await.unwrap();
    world.set(Txt::Fails(DnsFailure::ServFail), Http::Hangs);
    client.policy(&domain).await.unwrap();
    world.set(Txt::Panics, Http::Hangs);
    client.policy(&domain).await.unwrap();
    world.set(Txt::Id("3"), Http::Busy);
    client.policy(&domain).await.unwrap();
    world.set(Txt::Id("3"), Http::Body("nonsense"));
    client.policy(&domain).await.unwrap();
    world.set(Txt::Id("3"), Http::Body(ENFORCE));
    client.policy(&domain).await.unwrap();

    let lines = std::mem::take(&mut *lines.0.lock().unwrap());
    assert_eq!(lines.len(), 9, "{lines:#?}");
    for (line, (level, event)) in lines.iter().zip([
        ("INFO", "found"),
        ("DEBUG", "refreshed"),
        ("INFO", "changed"),
        ("WARN", "failed"),
        ("ERROR", "unfinished"),
        ("WARN", "unfinished"),
        ("WARN", "failed"),
        ("WARN", "renewal"),
        ("DEBUG", "failed"),
    ]) {
        assert!(line.starts_with(level), "{line}");
        assert!(line.contains(&format!(" event=\"{event}\"")), "{line}");
        assert!(line.contains(" domain=example.com"), "{line}");
    }
    let message = "message=example.com: found a policy, mode enforce, id 1";
    assert!(lines[0].contains(message), "{}", lines[0]);
}
