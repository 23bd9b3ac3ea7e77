//! DIS-3, DIS-6, DIS-10: a policy in the course of time.

use core::time::Duration;

use mta_sts::client::{Advice, Answer as Found, RefreshConfig};
use mta_sts::sts::cache::RefreshRule;
use rustls_pki_types::UnixTime;
use tokio::time::timeout;

use crate::setup::{Sender, policy_domain, report};
use crate::world::{Domain, ENFORCE, Https};

/// Longer than a refresh takes on any machine.
const AT_MOST: Duration = Duration::from_secs(60);

const DAY: u64 = 86_400;
const WEEK: u64 = 604_800;

fn fetched_at(found: &Found) -> u64 {
    found.cached().unwrap().fetched_at().as_secs()
}

#[tokio::test]
async fn dis_3_a_policy_lives_from_its_last_fetch() {
    let sender = Sender::new().await;
    let start = sender.world.clock().now().as_secs();
    let domain = sender.known().await;
    sender.world.clock().advance(Duration::from_secs(WEEK));
    let found = sender.answer(&domain).await;
    assert_eq!(
        (fetched_at(&found), sender.requests(&domain)),
        (start, 1),
        "the record confirms it"
    );
    // That has not prolonged it; and the same id does not keep it from being fetched.
    sender.world.clock().advance(Duration::from_secs(1));
    let found = sender.answer(&domain).await;
    assert_eq!(found.advice(), Advice::Enforce);
    assert_eq!((fetched_at(&found), sender.requests(&domain)), (start + WEEK + 1, 2));
}

#[tokio::test]
async fn dis_3_an_expired_policy_is_not_applied() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    sender.world.clock().advance(Duration::from_secs(WEEK + 1));
    domain.https(Https::status(404));
    let answer = sender.answer(&domain).await;
    assert_eq!(answer.advice(), Advice::Unknown);
    let failure = "sts-policy-fetch-error (http-status)";
    assert_eq!(report(&answer).as_deref(), Some(failure));
}

#[tokio::test]
async fn dis_6_a_refresh_fetches_whatever_the_record_says() {
    let sender = Sender::new().await;
    let start = sender.world.clock().now().as_secs();
    let domain = sender.known().await;
    sender.world.clock().advance(Duration::from_secs(DAY));
    domain.strip_txt();
    let found = sender.client.refresh(&policy_domain(&domain)).await.unwrap();
    assert_eq!((fetched_at(&found), sender.requests(&domain)), (start + DAY, 2));
    assert_eq!(found.cached().unwrap().id().as_str(), "1", "it keeps its id");
}

#[tokio::test]
async fn dis_6_the_refresh_task_keeps_policies_alive() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    domain.strip_txt();
    sender.world.clock().advance(Duration::from_secs(DAY));
    let config = RefreshConfig::new(RefreshRule::new(0)).with_interval(Duration::ZERO);
    let task = sender.client.spawn_refresh(config);
    let refreshed = async {
        while sender.requests(&domain) < 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(AT_MOST, refreshed).await.expect("a refresh");
    task.stop().await;
    let found = sender.client.known(&policy_domain(&domain)).await.unwrap();
    assert_eq!(fetched_at(&found), sender.world.clock().now().as_secs());
}

#[tokio::test]
async fn dis_10_time_may_run_backwards() {
    let sender = Sender::new().await;
    let clock = sender.world.clock();
    let start = clock.now();
    let domain = sender.known().await;
    clock.set(UnixTime::since_unix_epoch(Duration::from_secs(start.as_secs() - 3 * DAY)));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    domain.txt(&["v=STSv1; id=2;"]).https(Https::status(404));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce, "three days ago");
    clock.set(start);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce, "and back");
    // Its age has been counted from three days ago since then, when it was seen last.
    clock.advance(Duration::from_secs(WEEK));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Unknown, "it has expired");
}

fn of_max_age(domain: &Domain<'_>, max_age: u64) {
    let policy = ENFORCE.replace("604800", &max_age.to_string());
    domain.https(Https::policy(policy));
}

#[tokio::test]
async fn dis_10_max_age_may_be_nothing_or_too_much() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    of_max_age(&domain, 0);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    sender.world.clock().advance(Duration::from_secs(1));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    assert_eq!(sender.requests(&domain), 2, "it was expired a second later");

    let domain = sender.healthy();
    of_max_age(&domain, 9_999_999_999);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    sender.world.clock().advance(Duration::from_secs(31_557_600));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    assert_eq!(sender.requests(&domain), 1);
    sender.world.clock().advance(Duration::from_secs(1));
    sender.answer(&domain).await;
    assert_eq!(sender.requests(&domain), 2, "a year is the most");
}
