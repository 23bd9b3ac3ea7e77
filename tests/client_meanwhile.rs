//! The client: what happens while a discovery is under way.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use mta_sts::client::{
    Advice, BoxFuture, Client, ClientLimits, PolicyStore, StoreError, Unfinished,
};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::{CacheEntry, RefreshRule, Update};
use mta_sts::sts::discovery::PermanentFailure;
use mta_sts::sts::fetch::TransportFailure;
use mta_sts::txt::DnsFailure;
use rustls_pki_types::UnixTime;
use tokio::task::yield_now;
use tokio::time::Instant;

use self::world::{ENFORCE, Http, TESTING, Txt, World, domain, mode};

/// A store that two clients can share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashMap<PolicyDomain, CacheEntry>>>);

impl PolicyStore for Shared {
    fn load<'a>(
        &'a self,
        domain: &'a PolicyDomain,
    ) -> BoxFuture<'a, Result<CacheEntry, StoreError>> {
        let entry = self.0.lock().unwrap().get(domain).cloned().unwrap_or_default();
        Box::pin(async { Ok(entry) })
    }

    fn fold<'a>(
        &'a self,
        domain: &'a PolicyDomain,
        update: &'a Update,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.lock().unwrap().entry(domain.clone()).or_default().apply(update);
        Box::pin(async { Ok(()) })
    }

    fn due(
        &self,
        _: RefreshRule,
        _: UnixTime,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<PolicyDomain>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn forget<'a>(&'a self, domain: &'a PolicyDomain) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.lock().unwrap().remove(domain);
        Box::pin(async { Ok(()) })
    }
}

/// Two clients on one store: each with its own network.
fn two(one: &World, other: &World) -> [Client; 2] {
    let store = Shared::default();
    [one, other].map(|world| world.builder().with_store(store.clone()).build())
}

#[tokio::test(start_paused = true)]
async fn dis_2_a_policy_that_comes_to_be_known_meanwhile_is_applied_where_all_fails() {
    for (txt, http) in [
        (Txt::None, Http::Hangs),
        (Txt::Fails(DnsFailure::ServFail), Http::Hangs),
        (Txt::Panics, Http::Hangs),
        (Txt::Id("1"), Http::Fails(TransportFailure::Connection)),
        (Txt::Id("1"), Http::Body("nonsense")),
        (Txt::Id("1"), Http::Busy),
        (Txt::Id("1"), Http::Panics),
    ] {
        let (blocked, healthy) = (World::new(txt.clone(), http.clone()), World::healthy());
        blocked.delay(Duration::from_secs(1));
        let [first, second] = two(&blocked, &healthy);
        let domain = domain("example.com");
        let mut late = Box::pin(first.policy(&domain));
        let begun = poll_fn(|context| Poll::Ready(late.as_mut().poll(context))).await;
        assert!(begun.is_pending());
        while blocked.queries() == 0 {
            yield_now().await;
        }
        assert_eq!(second.policy(&domain).await.unwrap().advice(), Advice::Enforce);
        let late = late.await.unwrap();
        assert_eq!(late.advice(), Advice::Enforce, "{txt:?} {http:?}");
        assert_eq!(late.report().is_some(), late.unfinished().is_none(), "{txt:?} {http:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn dis_9_a_policy_that_comes_to_be_known_meanwhile_is_to_be_tried() {
    let (blocked, healthy) = (World::healthy(), World::healthy());
    let [first, second] = two(&blocked, &healthy);
    let domain = domain("example.com");
    let attempt = first.policy(&domain).await.unwrap();
    // An older answer of DNS, or one that somebody has stripped.
    blocked.set(Txt::None, Http::Body(ENFORCE));
    blocked.delay(Duration::from_secs(1));
    let mut check = Box::pin(first.final_check(&domain));
    let begun = poll_fn(|context| Poll::Ready(check.as_mut().poll(context))).await;
    assert!(begun.is_pending());
    while blocked.queries() < 2 {
        yield_now().await;
    }
    healthy.set(Txt::Id("2"), Http::Body(TESTING));
    assert_eq!(second.policy(&domain).await.unwrap().advice(), Advice::Test);
    let check = check.await.unwrap();
    assert_eq!(check.advice(), Advice::Test);
    assert_eq!(check.permanent_failure(&attempt), PermanentFailure::TryAgain);
}

#[test]
fn dis_2_a_runtime_that_stands_still_keeps_nobody_waiting_for_ever() {
    let world = World::healthy();
    let limits = ClientLimits::default()
        .with_wait(Duration::ZERO)
        .with_txt(Duration::from_millis(1))
        .with_store(Duration::from_millis(1));
    let client = world.builder().with_limits(limits).build();
    let domain = domain("example.com");
    let runtime = |paused| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(paused).build().unwrap()
    };
    runtime(false).block_on(client.policy(&domain)).unwrap();
    // Nobody drives the first any more, but it is there: so is the discovery in it.
    let (first, second) = (runtime(false), runtime(true));
    world.delay(Duration::from_secs(3_600));
    first.block_on(async {
        let mut leader = Box::pin(client.policy(&domain));
        let begun = poll_fn(|context| Poll::Ready(leader.as_mut().poll(context))).await;
        assert!(begun.is_pending());
    });
    second.block_on(async {
        let begun = Instant::now();
        let answer = client.policy(&domain).await.unwrap();
        assert_eq!(mode(&answer).unwrap().as_str(), "enforce");
        assert_eq!(answer.unfinished(), Some(Unfinished::Interrupted));
        assert!(begun.elapsed() < Duration::from_secs(600));
    });
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn a_runtime_without_timers_is_no_reason_to_go_without_policy() {
    let client = World::healthy().client();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _answer = runtime.block_on(client.policy(&domain("example.com")));
}
