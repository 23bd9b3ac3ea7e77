//! FET-5, FET-8: how often a policy host is asked.

use core::time::Duration;

use mta_sts::client::{Advice, Client, ClientBuilder};
use mta_sts::sts::cache::FetchRate;
use mta_sts::sts::discovery::Config;

use crate::setup::{Sender, report};
use crate::world::{Domain, ENFORCE, Https};

const STATUS: &str = "sts-policy-fetch-error (http-status)";
const RATE_LIMITED: &str = "sts-policy-fetch-error (fetch-rate-limited)";

const BACK_OFF: u64 = 300;

impl Sender {
    /// The present failure, and how many requests there have been.
    async fn state(&self, domain: &Domain<'_>) -> (Option<String>, usize) {
        let answer = self.answer(domain).await;
        (report(&answer), self.requests(domain))
    }

    fn wait(&self, seconds: u64) {
        self.world.clock().advance(Duration::from_secs(seconds));
    }
}

fn failed(requests: usize) -> (Option<String>, usize) {
    (Some(STATUS.to_owned()), requests)
}

#[tokio::test]
async fn fet_5_after_a_failure_there_is_no_fetch_for_a_while() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    domain.txt(&["v=STSv1; id=2;"]).https(Https::status(500));
    let mut requests = 2;
    assert_eq!(sender.state(&domain).await, failed(requests));
    for failures in 0..4 {
        let wait = BACK_OFF << failures;
        sender.wait(wait - 1);
        assert_eq!(sender.state(&domain).await, failed(requests), "it is repeated, not met");
        sender.wait(1);
        requests += 1;
        assert_eq!(sender.state(&domain).await, failed(requests), "after {wait} s");
    }
    // Another id may be fetched at once.
    domain.txt(&["v=STSv1; id=3;"]);
    assert_eq!(sender.state(&domain).await, failed(requests + 1));
    // Success clears it.
    domain.txt(&["v=STSv1; id=4;"]).https(Https::policy(ENFORCE));
    assert_eq!(sender.state(&domain).await, (None, requests + 2));
}

#[tokio::test]
async fn fet_5_with_nothing_cached_an_hour_is_the_longest() {
    let sender = Sender::configured(fetching_at_will).await;
    let domain = sender.healthy();
    domain.https(Https::status(500));
    sender.answer(&domain).await;
    for _ in 0..8 {
        sender.wait(3_600);
        sender.answer(&domain).await;
    }
    assert_eq!(sender.requests(&domain), 9);
    domain.https(Https::policy(ENFORCE));
    sender.wait(3_599);
    assert_eq!(sender.state(&domain).await, failed(9));
    sender.wait(1);
    assert_eq!(sender.state(&domain).await, (None, 10));
}

fn fetching_at_will(builder: ClientBuilder) -> ClientBuilder {
    builder.with_config(Config::default().with_rate(FetchRate::new(3_600, 3_600)))
}

#[tokio::test]
async fn fet_8_changing_ids_are_followed_so_often() {
    let rate = FetchRate::new(3, 2);
    let config = Config::default().with_rate(rate);
    let sender = Sender::configured(|builder| builder.with_config(config)).await;
    let domain = sender.healthy();
    for id in 1..=10 {
        domain.txt(&[&format!("v=STSv1; id={id};")]);
        let answer = sender.answer(&domain).await;
        assert_eq!(answer.advice(), Advice::Enforce);
        let expected = (id > 3).then(|| RATE_LIMITED.to_owned());
        assert_eq!(report(&answer), expected, "id {id}");
    }
    assert_eq!(sender.requests(&domain), 3);
    // One each half an hour.
    sender.wait(1_800);
    let answer = sender.answer(&domain).await;
    assert_eq!((report(&answer), sender.requests(&domain)), (None, 4));
    assert_eq!(answer.cached().unwrap().id().as_str(), "10");
}

#[tokio::test]
async fn fet_8_callers_at_once_share_one_fetch() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let policy_domain = crate::setup::policy_domain(&domain);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, domain) = (sender.client.clone(), policy_domain.clone());
        callers.spawn(async move { advice(&client, &domain).await });
    }
    while let Some(advice) = callers.join_next().await {
        assert_eq!(advice.unwrap(), Advice::Enforce);
    }
    assert_eq!(sender.requests(&domain), 1);
}

async fn advice(client: &Client, domain: &mta_sts::sts::PolicyDomain) -> Advice {
    client.policy(domain).await.unwrap().advice()
}
