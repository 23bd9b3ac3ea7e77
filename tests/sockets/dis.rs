//! DIS-4, DIS-5, DIS-7 to DIS-9, DIS-11, DIS-12: what is looked at, and what is said.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use hickory_proto::rr::RecordType;
use mta_sts::client::{Advice, Event};
use mta_sts::sts::discovery::{Config, PermanentFailure, Recheck};

use crate::setup::{Sender, policy_domain, report};
use crate::world::{Answer, ENFORCE, Https};

const NONE: &str = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n";
const TESTING: &str = "version: STSv1\r\nmode: testing\r\nmx: *.a.example\r\nmax_age: 604800\r\n";

#[tokio::test]
async fn dis_4_a_changed_id_calls_for_a_fetch_and_an_equal_one_does_not() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    domain.https(Https::policy(TESTING));
    for _ in 0..3 {
        assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    }
    assert_eq!(sender.requests(&domain), 1);
    assert_eq!(sender.world.dns().queries(&domain.record_name(), RecordType::TXT), 4);
    // Ids have no order.
    domain.txt(&["v=STSv1; id=0;"]);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Test);
    assert_eq!(sender.requests(&domain), 2);
}

#[tokio::test]
async fn dis_4_the_record_may_be_looked_at_after_an_interval() {
    let config = Config::default().with_recheck(Recheck::After(Duration::from_secs(600)));
    let sender = Sender::configured(|builder| builder.with_config(config)).await;
    let domain = sender.known().await;
    domain.sts("2", TESTING);
    sender.world.clock().advance(Duration::from_secs(599));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    assert_eq!(sender.world.dns().queries(&domain.record_name(), RecordType::TXT), 1);
    sender.world.clock().advance(Duration::from_secs(1));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Test);
}

#[tokio::test]
async fn dis_5_a_fetched_none_takes_the_place_of_the_policy_and_is_silent() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    domain.sts("2", NONE);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::NoPolicy);
    // It is withdrawn: nothing is there any more, and nothing is to be said of it.
    domain.strip_txt().block_https();
    let answer = sender.answer(&domain).await;
    assert_eq!((answer.advice(), report(&answer)), (Advice::NoPolicy, None));
    domain.txt(&["v=STSv1; id=3;"]);
    let answer = sender.answer(&domain).await;
    assert_eq!((answer.advice(), report(&answer)), (Advice::NoPolicy, None));
    assert!(answer.policy().is_some(), "it is kept for its max_age");
}

#[tokio::test]
async fn dis_7_the_operator_is_told_of_failing_refreshes() {
    let events = Arc::<Mutex<Vec<String>>>::default();
    let told = events.clone();
    let tell = move |event: &Event| {
        if let Event::Renewal { event, .. } = event {
            told.lock().unwrap().push(event.to_string());
        }
    };
    let sender = Sender::configured(|builder| builder.with_events(tell)).await;
    let start = sender.world.clock().now().as_secs();
    let domain = sender.known().await;
    domain.https(Https::status(404));
    for _ in 0..2 {
        sender.world.clock().advance(Duration::from_secs(86_400));
        let answer = sender.client.refresh(&policy_domain(&domain)).await.unwrap();
        assert_eq!(answer.advice(), Advice::Enforce);
    }
    let (since, until) = (start + 86_400, start + 604_800);
    let expected: Vec<_> = (1..=2)
        .map(|n| format!("{n} failed fetches since {since}; the policy expires at {until}"))
        .collect();
    assert_eq!(*events.lock().unwrap(), expected);
}

#[tokio::test]
async fn dis_8_absence_is_remembered_for_a_while_and_failure_is_not() {
    let sender = Sender::new().await;
    let domain = sender.world.domain("absent.example");
    let queries = || sender.world.dns().queries(&domain.record_name(), RecordType::TXT);
    for _ in 0..3 {
        assert_eq!(sender.answer(&domain).await.advice(), Advice::NoPolicy);
        sender.world.clock().advance(Duration::from_secs(99));
    }
    assert_eq!(queries(), 1);
    domain.sts("1", ENFORCE);
    sender.world.clock().advance(Duration::from_secs(3));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);

    let domain = sender.healthy();
    domain.txt_answer(Answer::Refused);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Unknown);
    domain.txt_answer(Answer::Records);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
}

#[tokio::test]
async fn dis_9_no_message_fails_for_good_before_another_look() {
    let config = Config::default().with_recheck(Recheck::After(Duration::from_secs(86_400)));
    let sender = Sender::configured(|builder| builder.with_config(config)).await;
    let domain = sender.known().await;
    let failed = sender.answer(&domain).await;
    let checked = async || {
        let check = sender.client.final_check(&policy_domain(&domain)).await.unwrap();
        check.permanent_failure(&failed)
    };
    assert_eq!(checked().await, PermanentFailure::Permitted, "it is still in force");
    domain.txt_answer(Answer::Refused);
    assert_eq!(checked().await, PermanentFailure::KeepQueued, "nobody knows");
    domain.txt_answer(Answer::Records).txt(&["v=STSv1; id=2;"]).https(Https::status(503));
    assert_eq!(checked().await, PermanentFailure::KeepQueued, "there is a newer one");
    domain.sts("3", TESTING);
    assert_eq!(checked().await, PermanentFailure::TryAgain, "the newer one");
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Test, "applies from now on");
}

#[tokio::test]
async fn dis_11_no_record_and_nothing_cached_is_no_failure() {
    let sender = Sender::new().await;
    let domain = sender.world.domain("absent.example");
    let answer = sender.answer(&domain).await;
    assert_eq!((answer.advice(), report(&answer)), (Advice::NoPolicy, None));
    // A policy behind no record is not looked for.
    domain.https(Https::policy(ENFORCE));
    sender.world.clock().advance(Duration::from_secs(3_600));
    assert_eq!(sender.answer(&domain).await.advice(), Advice::NoPolicy);
    assert_eq!(sender.requests(&domain), 0);
}

#[tokio::test]
async fn dis_12_what_is_known_is_known_before_the_fetch() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let name = policy_domain(&domain);
    assert_eq!(sender.client.known(&name).await.unwrap().advice(), Advice::Unknown);
    assert_eq!(sender.world.dns().queries(&domain.record_name(), RecordType::TXT), 0);
    sender.answer(&domain).await;
    assert_eq!(sender.client.known(&name).await.unwrap().advice(), Advice::Enforce);
    assert_eq!(sender.requests(&domain), 1);
}
