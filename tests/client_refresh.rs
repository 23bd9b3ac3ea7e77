//! The client: policies kept alive in the background.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::time::Duration;

use mta_sts::client::{Advice, Client, ClientLimits, RefreshConfig, Unfinished};
use mta_sts::sts::cache::RefreshRule;
use mta_sts::sts::discovery::{Config, Recheck};
use mta_sts::sts::fetch::TransportFailure;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use self::world::{DAY, ENFORCE, Http, Txt, World, domain};

const MINUTE: Duration = Duration::from_secs(60);

fn config() -> RefreshConfig {
    RefreshConfig::new(RefreshRule::new(7))
}

async fn filled(world: &World, client: &Client, domains: usize) {
    for n in 0..domains {
        client.policy(&domain(&format!("d{n}.example"))).await.unwrap();
    }
    world.take_events();
}

#[tokio::test(start_paused = true)]
async fn dis_6_policies_are_fetched_before_they_expire() {
    let world = World::healthy();
    let client = world.client();
    filled(&world, &client, 50).await;
    let task = client.spawn_refresh(config());
    sleep(MINUTE * 5).await;
    assert_eq!(world.fetches(), 50, "none is due");
    // Without a record too, and beyond the life of the first fetch.
    world.set(Txt::None, Http::Body(ENFORCE));
    for day in 1..=20 {
        world.pass(DAY);
        sleep(MINUTE * 2).await;
        assert_eq!(world.fetches(), 50 + 50 * day);
    }
    assert_eq!(client.known(&domain("d0.example")).await.unwrap().advice(), Advice::Enforce);
    task.stop().await;
    world.pass(DAY);
    sleep(MINUTE * 5).await;
    assert_eq!(world.fetches(), 50 + 50 * 20, "it was stopped");
}

#[tokio::test(start_paused = true)]
async fn dis_7_what_cannot_be_refreshed_is_told() {
    let world = World::healthy();
    let client = world.client();
    filled(&world, &client, 1).await;
    world.set(Txt::Id("1"), Http::Fails(TransportFailure::Connection));
    world.pass(DAY);
    let task = client.spawn_refresh(config());
    sleep(MINUTE * 3).await;
    task.stop().await;
    assert_eq!(world.fetches(), 2, "FET-5: not each minute");
    let events = world.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[1].contains("the policy expires at"), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn dis_6_refreshes_leave_half_of_the_places_to_mail() {
    let world = World::healthy();
    let limits = ClientLimits::default().with_discoveries(8);
    let client = world.builder().with_limits(limits).build();
    filled(&world, &client, 40).await;
    world.set(Txt::Hangs, Http::Hangs);
    world.pass(DAY);
    let task = client.spawn_refresh(config().with_at_once(100));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.most_running(), 4);
    world.set(Txt::Id("1"), Http::Body(ENFORCE));
    let answer = timeout(Duration::from_secs(1), client.policy(&domain("new.example"))).await;
    assert_eq!(answer.unwrap().unwrap().advice(), Advice::Enforce);
    drop(task);
}

#[tokio::test(start_paused = true)]
async fn dis_2_stopping_waits_for_what_has_begun_and_begins_nothing() {
    let world = World::healthy();
    let client = world.client();
    filled(&world, &client, 40).await;
    world.delay(Duration::from_secs(5));
    world.pass(DAY);
    let task = client.spawn_refresh(config());
    sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    task.stop().await;
    assert_eq!(begun.elapsed().as_secs(), 9, "ten seconds, of which one was over");
    assert_eq!(world.fetches(), 40 + 16);
    assert_eq!(world.events().len(), 16);
    sleep(MINUTE * 5).await;
    assert_eq!(world.fetches(), 40 + 16);
}

#[tokio::test(start_paused = true)]
async fn dis_2_dropping_it_stops_it_and_leaves_nothing_half_done() {
    let world = World::healthy();
    let client = world.client();
    filled(&world, &client, 40).await;
    world.delay(Duration::from_secs(5));
    world.pass(DAY);
    drop(client.spawn_refresh(config()));
    sleep(MINUTE).await;
    assert_eq!(world.fetches(), 40, "it had not begun");
    let task = client.spawn_refresh(config());
    sleep(Duration::from_secs(1)).await;
    drop(task);
    sleep(MINUTE * 5).await;
    assert_eq!(world.fetches(), 40 + 16);
    assert_eq!(world.events().len(), 16, "what had begun was kept");

    let task = client.spawn_refresh(config());
    sleep(Duration::from_secs(1)).await;
    assert!(timeout(Duration::from_secs(1), task.stop()).await.is_err());
    sleep(MINUTE * 5).await;
    assert_eq!(world.fetches(), 40 + 32, "stopped, if nobody waits for it");
}

#[tokio::test(start_paused = true)]
async fn dis_2_a_refresh_that_is_busy_weakens_nothing() {
    let world = World::healthy();
    let recheck = Recheck::After(Duration::from_secs(30 * DAY));
    let client = world.builder().with_config(Config::default().with_recheck(recheck)).build();
    filled(&world, &client, 1).await;
    let name = domain("d0.example");
    world.set(Txt::Id("1"), Http::Busy);
    let answer = client.refresh(&name).await.unwrap();
    assert_eq!((answer.advice(), answer.unfinished()), (Advice::Enforce, Some(Unfinished::Busy)));
    assert!(answer.report().is_none());
    yield_now().await;
    assert_eq!(client.policy(&name).await.unwrap().advice(), Advice::Enforce);
}
