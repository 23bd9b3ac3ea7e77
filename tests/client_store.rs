//! The client on a store outside.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::collections::HashMap;
use std::error::Error as _;
use std::future::{self, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use mta_sts::client::{
    Advice, BoxFuture, Event, PolicyStore, RefreshConfig, StoreCall, StoreError, StoreErrorKind,
};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::{CacheEntry, RefreshRule, Update};
use mta_sts::sts::fetch::TransportFailure;
use rustls_pki_types::UnixTime;
use tokio::time::Instant;

use self::world::{DAY, ENFORCE, Http, TESTING, Txt, World, domain, mode};

/// A store as simple as can be, which can be told to fail.
#[derive(Clone, Default)]
struct Shelf(Arc<State>);

#[derive(Default)]
struct State {
    entries: Mutex<HashMap<PolicyDomain, CacheEntry>>,
    /// Updates that come late and in another order.
    late: Mutex<Vec<(PolicyDomain, Update)>>,
    load: Mutex<Mood>,
    fold: Mutex<Mood>,
}

#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Works,
    Fails,
    Hangs,
    Panics,
    /// For updates: keeps them back.
    Late,
}

impl Shelf {
    fn set(&self, load: Mood, fold: Mood) {
        *self.0.load.lock().unwrap() = load;
        *self.0.fold.lock().unwrap() = fold;
    }

    fn apply(&self, domain: &PolicyDomain, update: &Update) {
        self.0.entries.lock().unwrap().entry(domain.clone()).or_default().apply(update);
    }

    /// What was kept back comes, the last first, and twice.
    fn catch_up(&self) {
        let late = std::mem::take(&mut *self.0.late.lock().unwrap());
        for (domain, update) in late.iter().rev().chain(&late) {
            self.apply(domain, update);
        }
    }
}

async fn act(mood: Mood) -> Result<(), StoreError> {
    tokio::task::yield_now().await;
    match mood {
        Mood::Works | Mood::Late => Ok(()),
        Mood::Fails => Err(StoreError::new("disk\nfull")),
        Mood::Hangs => future::pending().await,
        Mood::Panics => panic!("the store panics on purpose"),
    }
}

impl PolicyStore for Shelf {
    fn load<'a>(
        &'a self,
        domain: &'a PolicyDomain,
    ) -> BoxFuture<'a, Result<CacheEntry, StoreError>> {
        let mood = *self.0.load.lock().unwrap();
        Box::pin(async move {
            act(mood).await?;
            Ok(self.0.entries.lock().unwrap().get(domain).cloned().unwrap_or_default())
        })
    }

    fn fold<'a>(
        &'a self,
        domain: &'a PolicyDomain,
        update: &'a Update,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let mood = *self.0.fold.lock().unwrap();
        Box::pin(async move {
            act(mood).await?;
            if let Mood::Late = mood {
                self.0.late.lock().unwrap().push((domain.clone(), update.clone()));
            } else {
                self.apply(domain, update);
            }
            Ok(())
        })
    }

    fn due(
        &self,
        rule: RefreshRule,
        now: UnixTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<PolicyDomain>, StoreError>> {
        let mood = *self.0.load.lock().unwrap();
        Box::pin(async move {
            act(mood).await?;
            let entries = self.0.entries.lock().unwrap();
            let due =
                entries.iter().filter(|(domain, entry)| entry.is_refresh_due(domain, rule, now));
            Ok(due.map(|(domain, _)| domain.clone()).take(limit).collect())
        })
    }

    fn forget<'a>(&'a self, domain: &'a PolicyDomain) -> BoxFuture<'a, Result<(), StoreError>> {
        let mood = *self.0.fold.lock().unwrap();
        Box::pin(async move {
            act(mood).await?;
            self.0.entries.lock().unwrap().remove(domain);
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn dis_2_a_store_that_does_not_answer_lifts_no_policy() {
    let (world, shelf) = (World::healthy(), Shelf::default());
    let client = world.builder().with_store(shelf.clone()).build();
    let domain = domain("example.com");
    assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Enforce);
    world.take_events();
    for (mood, kind, text) in [
        (Mood::Fails, StoreErrorKind::Failed, "policy store failed"),
        (Mood::Panics, StoreErrorKind::Panicked, "policy store panicked"),
        (Mood::Hangs, StoreErrorKind::Timeout, "policy store did not answer in time"),
    ] {
        shelf.set(mood, Mood::Works);
        let begun = Instant::now();
        let errors = [
            client.policy(&domain).await.unwrap_err(),
            client.final_check(&domain).await.unwrap_err(),
            client.known(&domain).await.unwrap_err(),
            client.refresh(&domain).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
            assert_eq!(error.source().is_some(), kind == StoreErrorKind::Failed);
        }
        assert!(begun.elapsed().as_secs() <= 40);
        let events = world.events();
        assert_eq!(events.len(), 4);
        let shown = format!("example.com: could not load what is known: {text}");
        assert!(events[0].starts_with(&shown), "{}", events[0]);
        assert!(!events[0].contains('\n'));
    }
    assert_eq!(world.queries(), 1, "nothing is asked without knowing what is known");
    shelf.set(Mood::Works, Mood::Works);
    assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Enforce);
}

#[tokio::test(start_paused = true)]
async fn dis_2_what_could_not_be_kept_is_true_all_the_same() {
    for mood in [Mood::Fails, Mood::Panics, Mood::Hangs] {
        let (world, shelf) = (World::healthy(), Shelf::default());
        let client = world.builder().with_store(shelf.clone()).build();
        let domain = domain("example.com");
        shelf.set(Mood::Works, mood);
        assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Enforce);
        let events = world.take_events();
        assert!(matches!(events[0], Event::StoreFailed { call: StoreCall::Fold, .. }));
        assert!(client.forget(&domain).await.is_err());
        shelf.set(Mood::Works, Mood::Works);
        assert_eq!(client.known(&domain).await.unwrap().advice(), Advice::Unknown);
        client.policy(&domain).await.unwrap();
        assert_eq!(world.fetches(), 2);
    }
}

#[tokio::test]
async fn dis_2_a_caller_that_is_gone_at_any_await_leaves_nothing_half_done() {
    for polls in 0..24 {
        let (world, shelf) = (World::healthy(), Shelf::default());
        let client = world.builder().with_store(shelf.clone()).build();
        let domain = domain("example.com");
        let mut leader = Box::pin(client.policy(&domain));
        for _ in 0..polls {
            let polled = poll_fn(|context| Poll::Ready(leader.as_mut().poll(context))).await;
            if polled.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let follower = tokio::spawn({
            let (client, domain) = (client.clone(), domain.clone());
            async move { client.policy(&domain).await }
        });
        drop(leader);
        let kept = shelf.0.entries.lock().unwrap().get(&domain).cloned().unwrap_or_default();
        assert!(kept.is_empty() || kept.policy().is_some(), "{polls}: {kept:?}");
        assert_eq!(follower.await.unwrap().unwrap().advice(), Advice::Enforce, "{polls}");
        assert_eq!(world.fetches(), 1, "{polls}");
    }
}

#[tokio::test]
async fn dis_2_clients_share_a_store_in_any_order_of_updates() {
    let (one, other, shelf) = (World::healthy(), World::healthy(), Shelf::default());
    let first = one.builder().with_store(shelf.clone()).build();
    let second = other.builder().with_store(shelf.clone()).build();
    let domain = domain("example.com");
    first.policy(&domain).await.unwrap();
    assert_eq!(second.policy(&domain).await.unwrap().advice(), Advice::Enforce);
    assert_eq!(other.fetches(), 0);

    // Both see another id; one fetch fails, one does not, and neither update has come yet.
    shelf.set(Mood::Works, Mood::Late);
    one.set(Txt::Id("2"), Http::Fails(TransportFailure::Connection));
    other.set(Txt::Id("2"), Http::Body(TESTING));
    one.pass(10);
    other.pass(5);
    assert_eq!(mode(&second.policy(&domain).await.unwrap()).unwrap().as_str(), "testing");
    assert_eq!(mode(&first.policy(&domain).await.unwrap()).unwrap().as_str(), "enforce");
    shelf.catch_up();
    shelf.set(Mood::Works, Mood::Works);
    one.set(Txt::None, Http::Hangs);
    for client in [&first, &second] {
        assert_eq!(mode(&client.known(&domain).await.unwrap()).unwrap().as_str(), "testing");
    }
    first.forget(&domain).await.unwrap();
    assert_eq!(second.known(&domain).await.unwrap().policy(), None);
}

#[tokio::test(start_paused = true)]
async fn dis_6_what_is_due_comes_from_the_store() {
    let (world, shelf) = (World::healthy(), Shelf::default());
    let client = world.builder().with_store(shelf.clone()).build();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    world.pass(DAY);
    shelf.set(Mood::Fails, Mood::Works);
    world.take_events();
    let task = client.spawn_refresh(RefreshConfig::new(RefreshRule::new(0)));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let failed = "could not find what is to be refreshed: policy store failed: disk\\nfull";
    assert_eq!(world.events(), [failed]);
    world.set(Txt::Id("1"), Http::Body(ENFORCE));
    shelf.set(Mood::Works, Mood::Works);
    tokio::time::sleep(Duration::from_secs(60)).await;
    task.stop().await;
    assert_eq!(world.events(), ["example.com: refreshed the policy, mode enforce, id 1"]);
}
