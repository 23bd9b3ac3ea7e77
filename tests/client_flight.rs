//! The client: flights, limits, answers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mta_sts::client::{Advice, Answer, ClientLimits, Override, RefreshConfig, Unfinished};
use mta_sts::sts::cache::RefreshRule;
use mta_sts::sts::discovery::{Config, PermanentFailure, Recheck};
use mta_sts::sts::fetch::TransportFailure;
use mta_sts::sts::{Mode, Policy};
use mta_sts::txt::DnsFailure;
use tokio::task::{JoinSet, yield_now};
use tokio::time::Instant;

use self::world::{DAY, ENFORCE, Http, NONE, TESTING, Txt, World, domain, mode};

/// Polls once, as if somebody else had a turn then.
async fn poll_once<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[tokio::test]
async fn fet_8_a_thousand_callers_make_one_look_and_one_fetch() {
    let world = World::healthy();
    let client = world.client();
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let client = client.clone();
        callers.spawn(async move { client.policy(&domain("example.com")).await.unwrap() });
    }
    while let Some(answer) = callers.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.advice(), Advice::Enforce);
        assert_eq!(answer.unfinished(), None);
    }
    assert_eq!((world.queries(), world.fetches()), (1, 1));
    assert_eq!(world.events(), ["example.com: found a policy, mode enforce, id 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fet_8_threads_share_one_look_too() {
    let world = World::healthy();
    world.delay(Duration::from_millis(200));
    let config = Config::default().with_recheck(Recheck::After(Duration::from_secs(60)));
    let client = world.builder().with_config(config).build();
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let client = client.clone();
        callers.spawn(async move { client.policy(&domain("example.com")).await.unwrap() });
    }
    while let Some(answer) = callers.join_next().await {
        assert_eq!(mode(&answer.unwrap()), Some(Mode::Enforce));
    }
    assert_eq!((world.queries(), world.fetches()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn dis_2_a_caller_that_goes_away_at_any_await_takes_nothing_from_the_others() {
    for polls in 0..12 {
        let world = World::healthy();
        let client = world.client();
        let domain = domain("example.com");
        let mut leader = Box::pin(client.policy(&domain));
        for _ in 0..polls {
            if poll_once(&mut leader).await.is_ready() {
                break;
            }
            yield_now().await;
        }
        let mut follower = Box::pin(client.policy(&domain));
        let polled = poll_once(&mut follower).await;
        drop(leader);
        let answer = match polled {
            Poll::Ready(answer) => answer,
            Poll::Pending => follower.await,
        };
        assert_eq!(mode(&answer.unwrap()), Some(Mode::Enforce), "{polls}");
        assert_eq!(world.fetches(), 1, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn dis_2_a_follower_gets_the_answer_of_a_leader_that_is_gone() {
    let world = World::healthy();
    world.delay(Duration::from_secs(1));
    let client = world.client();
    let domain = domain("example.com");
    let mut leader = Box::pin(client.policy(&domain));
    assert!(poll_once(&mut leader).await.is_pending());
    let mut follower = Box::pin(client.policy(&domain));
    assert!(poll_once(&mut follower).await.is_pending());
    drop(leader);
    assert_eq!(mode(&follower.await.unwrap()), Some(Mode::Enforce));
    assert_eq!((world.queries(), world.fetches()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn dis_2_what_was_begun_is_completed_for_nobody() {
    let world = World::healthy();
    world.delay(Duration::from_secs(1));
    let client = world.client();
    let domain = domain("example.com");
    let mut only = Box::pin(client.policy(&domain));
    assert!(poll_once(&mut only).await.is_pending());
    drop(only);
    assert_eq!(client.known(&domain).await.unwrap().policy(), None, "nothing or all");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let known = client.known(&domain).await.unwrap();
    assert_eq!(
        (mode(&known), known.unfinished()),
        (Some(Mode::Enforce), Some(Unfinished::NotLooked))
    );
}

#[tokio::test]
async fn dis_8_absence_is_remembered_and_a_failure_is_not() {
    let world = World::new(Txt::Fails(DnsFailure::ServFail), Http::Body(ENFORCE));
    let client = world.client();
    let domain = domain("example.com");
    let answer = client.policy(&domain).await.unwrap();
    assert_eq!(
        (answer.advice(), answer.no_policy(), answer.unfinished()),
        (Advice::Unknown, None, None)
    );
    assert!(answer.report().is_none());
    assert_eq!(world.events(), ["example.com: DNS answered SERVFAIL"]);

    world.set(Txt::None, Http::Body(ENFORCE));
    for _ in 0..3 {
        let answer = client.policy(&domain).await.unwrap();
        assert_eq!(answer.advice(), Advice::NoPolicy);
        assert!(answer.no_policy().is_some());
    }
    assert_eq!(world.queries(), 2);
    assert_eq!(world.events(), Vec::<String>::new(), "that there is none is no news");
    world.pass(301);
    client.policy(&domain).await.unwrap();
    assert_eq!((world.queries(), world.fetches()), (3, 0));
}

#[tokio::test]
async fn dis_4_what_was_confirmed_lately_is_answered_without_runtime_or_network() {
    let world = World::healthy();
    let config = Config::default().with_recheck(Recheck::After(Duration::from_secs(60)));
    let client = world.builder().with_config(config).build();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    let answer = std::thread::spawn({
        let (client, domain) = (client.clone(), domain.clone());
        move || {
            let mut context = Context::from_waker(Waker::noop());
            match pin!(client.policy(&domain)).poll(&mut context) {
                Poll::Ready(answer) => answer.unwrap(),
                Poll::Pending => panic!("waits for something"),
            }
        }
    });
    assert_eq!(mode(&answer.join().unwrap()), Some(Mode::Enforce));
    assert_eq!(world.queries(), 1);
    world.pass(60);
    client.policy(&domain).await.unwrap();
    assert_eq!((world.queries(), world.fetches()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn dis_6_that_mail_goes_there_is_kept_each_day() {
    let world = World::healthy();
    let long = Recheck::After(Duration::from_secs(30 * DAY));
    let client = world.builder().with_config(Config::default().with_recheck(long)).build();
    let domain = domain("example.com");
    for day in 0..5 {
        if day > 0 {
            world.pass(DAY);
        }
        assert_eq!(mode(&client.policy(&domain).await.unwrap()), Some(Mode::Enforce));
    }
    assert_eq!((world.queries(), world.fetches()), (1, 1));
    // Only of domains that had mail today.
    let rule = RefreshRule::new(0).used_within_days(0);
    let task = client.spawn_refresh(RefreshConfig::new(rule));
    tokio::time::sleep(Duration::from_secs(30)).await;
    task.stop().await;
    assert_eq!(world.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn fet_4_what_hangs_is_a_failure_in_time() {
    let world = World::new(Txt::Hangs, Http::Hangs);
    let client = world.client();
    let domain = domain("example.com");
    let begun = Instant::now();
    let answer = client.policy(&domain).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 20);
    assert_eq!(answer.advice(), Advice::Unknown);
    assert_eq!(
        answer.outcome().unwrap().failure().unwrap().to_string(),
        "DNS did not answer in time"
    );

    world.set(Txt::Id("1"), Http::Hangs);
    let begun = Instant::now();
    let answer = client.policy(&domain).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert_eq!(answer.advice(), Advice::Unknown);
    assert!(answer.report().is_some());
    // FET-5: and it is remembered.
    let answer = client.policy(&domain).await.unwrap();
    assert!(answer.report().is_some());
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn dis_2_an_unexpired_policy_survives_all_that_fails() {
    let world = World::healthy();
    let client = world.client();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    for (txt, http, unfinished) in [
        (Txt::None, Http::Body(NONE), None),
        (Txt::Fails(DnsFailure::ServFail), Http::Body(NONE), None),
        (Txt::Fails(DnsFailure::Timeout), Http::Body(NONE), None),
        (Txt::Panics, Http::Body(NONE), Some(Unfinished::Panicked)),
        (Txt::Id("2"), Http::Busy, Some(Unfinished::Busy)),
        (Txt::Id("2"), Http::Panics, Some(Unfinished::Panicked)),
        (Txt::Id("2"), Http::Fails(TransportFailure::Connection), None),
        (Txt::Id("3"), Http::Body("nonsense"), None),
    ] {
        world.set(txt.clone(), http.clone());
        let answer = client.policy(&domain).await.unwrap();
        assert_eq!(answer.advice(), Advice::Enforce, "{txt:?} {http:?}");
        assert_eq!(answer.unfinished(), unfinished, "{txt:?} {http:?}");
        assert_eq!(answer.report().is_some(), unfinished.is_none(), "{txt:?} {http:?}");
        let check = client.final_check(&domain).await.unwrap();
        assert_eq!(check.advice(), Advice::Enforce, "{txt:?} {http:?}");
        assert_eq!(client.known(&domain).await.unwrap().advice(), Advice::Enforce);
        client.refresh(&domain).await.unwrap();
        if matches!(http, Http::Body(NONE)) && !matches!(txt, Txt::Panics) {
            // A refresh fetches whatever DNS says, and that was no failure: begin anew.
            client.forget(&domain).await.unwrap();
            world.set(Txt::Id("1"), Http::Body(ENFORCE));
            client.policy(&domain).await.unwrap();
        }
    }
    world.pass(10 * DAY + 1);
    assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Unknown, "it has expired");
}

#[tokio::test(start_paused = true)]
async fn dis_12_what_is_known_is_told_while_the_policy_is_fetched() {
    let world = World::healthy();
    world.delay(Duration::from_secs(1));
    let client = world.client();
    let domain = domain("example.com");
    let mut policy = Box::pin(client.policy(&domain));
    assert!(poll_once(&mut policy).await.is_pending());
    let begun = Instant::now();
    let known = client.known(&domain).await.unwrap();
    assert_eq!((begun.elapsed(), known.advice()), (Duration::ZERO, Advice::Unknown));
    assert_eq!(known.unfinished(), Some(Unfinished::NotLooked));
    assert_eq!(policy.await.unwrap().advice(), Advice::Enforce);
    assert_eq!(client.known(&domain).await.unwrap().advice(), Advice::Enforce);
    assert_eq!((world.queries(), world.fetches()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn fet_8_being_busy_is_nobodys_failure() {
    let world = World::healthy();
    let limits = ClientLimits::default().with_discoveries(1).with_wait(Duration::from_secs(3));
    let client = world.builder().with_limits(limits).build();
    let (cached, new, tarpit) = (domain("a.example"), domain("b.example"), domain("c.example"));
    client.policy(&cached).await.unwrap();
    world.set(Txt::Hangs, Http::Hangs);
    let mut hangs = Box::pin(client.policy(&tarpit));
    assert!(poll_once(&mut hangs).await.is_pending());
    yield_now().await;
    world.take_events();

    let begun = Instant::now();
    let answer = client.policy(&new).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 3);
    assert_eq!((answer.advice(), answer.unfinished()), (Advice::Unknown, Some(Unfinished::Busy)));
    assert!(answer.report().is_none());
    assert_eq!(world.events(), ["b.example: did not look for the policy: too busy"]);
    let check = client.final_check(&cached).await.unwrap();
    assert_eq!((check.advice(), check.unfinished()), (Advice::Enforce, Some(Unfinished::Busy)));
    assert_eq!(check.permanent_failure(&check), PermanentFailure::KeepQueued);
    assert_eq!(world.queries(), 2);

    assert_eq!(hangs.await.unwrap().advice(), Advice::Unknown);
    world.set(Txt::Id("1"), Http::Body(ENFORCE));
    assert_eq!(client.policy(&new).await.unwrap().advice(), Advice::Enforce);
}

#[tokio::test]
async fn fet_8_fetches_that_were_not_made_do_not_count() {
    let world = World::new(Txt::Id("1"), Http::Busy);
    let client = world.client();
    let domain = domain("example.com");
    for _ in 0..50 {
        let answer = client.policy(&domain).await.unwrap();
        assert_eq!(answer.unfinished(), Some(Unfinished::Busy));
        assert!(answer.report().is_none());
    }
    world.set(Txt::Id("1"), Http::Body(ENFORCE));
    assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Enforce);
}

#[tokio::test]
async fn fet_8_a_fetcher_that_panics_asks_no_more_often_than_one_that_does_not() {
    let world = World::new(Txt::Id("1"), Http::Panics);
    let client = world.client();
    for _ in 0..50 {
        client.policy(&domain("example.com")).await.unwrap();
    }
    assert_eq!(world.fetches(), 10);
}

#[tokio::test(start_paused = true)]
async fn fet_8_domains_that_are_waited_for_are_bounded() {
    let world = World::new(Txt::Hangs, Http::Hangs);
    let client = world.builder().with_limits(ClientLimits::default().with_domains(2)).build();
    let names = [domain("a.example"), domain("b.example"), domain("c.example")];
    let mut first = Box::pin(client.policy(&names[0]));
    let mut second = Box::pin(client.policy(&names[1]));
    assert!(poll_once(&mut first).await.is_pending());
    assert!(poll_once(&mut second).await.is_pending());
    let begun = Instant::now();
    let third = client.policy(&names[2]).await.unwrap();
    assert_eq!(third.unfinished(), Some(Unfinished::Busy));
    assert_eq!(begun.elapsed(), Duration::ZERO, "does not even wait");
    let mut follower = Box::pin(client.policy(&names[0]));
    assert!(poll_once(&mut follower).await.is_pending(), "the domain has a place already");
}

#[tokio::test]
async fn a_panic_poisons_nothing() {
    let world = World::new(Txt::Panics, Http::Panics);
    let client = world.builder().with_events(|_| panic!("the operator panics on purpose")).build();
    let domain = domain("example.com");
    let (one, other) = tokio::join!(client.policy(&domain), client.policy(&domain));
    for answer in [one.unwrap(), other.unwrap()] {
        assert_eq!(answer.unfinished(), Some(Unfinished::Panicked));
        assert_eq!(answer.advice(), Advice::Unknown);
    }
    assert_eq!(world.queries(), 1);
    let told = "example.com: did not look for the policy: a part of the client has panicked";
    assert_eq!(world.events(), [told]);
    world.set(Txt::Id("1"), Http::Panics);
    assert_eq!(client.policy(&domain).await.unwrap().unfinished(), Some(Unfinished::Panicked));
    world.set(Txt::Id("1"), Http::Body(TESTING));
    assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Test);
}

#[test]
fn a_runtime_that_ends_leaves_no_domain_behind() {
    let world = World::healthy();
    world.delay(Duration::from_secs(3_600));
    let client = world.client();
    let domain = domain("example.com");
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
    let (first, second) = (runtime().unwrap(), runtime().unwrap());
    let leader = first.spawn({
        let (client, domain) = (client.clone(), domain.clone());
        async move { client.policy(&domain).await }
    });
    while world.queries() == 0 {
        std::thread::yield_now();
    }
    drop(leader);
    second.block_on(async {
        let mut follower = Box::pin(client.policy(&domain));
        assert!(poll_once(&mut follower).await.is_pending());
        first.shutdown_background();
        let answer = follower.await.unwrap();
        assert_eq!(answer.unfinished(), Some(Unfinished::Interrupted));
        assert_eq!(answer.advice(), Advice::Unknown);
        world.delay(Duration::ZERO);
        assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Enforce);
    });
}

#[tokio::test(start_paused = true)]
async fn dis_9_a_final_check_looks_after_it_was_asked_for() {
    let world = World::healthy();
    let client = world.client();
    let domain = domain("example.com");
    let attempt = client.policy(&domain).await.unwrap();
    world.delay(Duration::from_secs(1));
    let mut delivery = Box::pin(client.policy(&domain));
    assert!(poll_once(&mut delivery).await.is_pending());
    yield_now().await;
    assert_eq!(world.queries(), 2, "a look is under way");
    // It is what the look under way has not seen.
    world.set(Txt::Id("2"), Http::Body(TESTING));
    let mut checks: Vec<Pin<Box<_>>> =
        (0..3).map(|_| Box::pin(client.final_check(&domain))).collect();
    for check in &mut checks {
        assert!(poll_once(check).await.is_pending());
    }
    assert_eq!(mode(&delivery.await.unwrap()), Some(Mode::Enforce));
    for check in checks {
        let check = check.await.unwrap();
        assert_eq!(mode(&check), Some(Mode::Testing));
        assert_eq!(check.permanent_failure(&attempt), PermanentFailure::TryAgain);
        assert_eq!(check.permanent_failure(&check), PermanentFailure::Permitted);
    }
    assert_eq!((world.queries(), world.fetches()), (3, 2), "they share one look");

    let mut check = Box::pin(client.final_check(&domain));
    assert!(poll_once(&mut check).await.is_pending());
    yield_now().await;
    let late = client.final_check(&domain).await.unwrap();
    assert_eq!(world.queries(), 5, "a later one does not share it");
    assert_eq!(late.permanent_failure(&late), PermanentFailure::Permitted);
    check.await.unwrap();

    world.set(Txt::Fails(DnsFailure::ServFail), Http::Hangs);
    let check = client.final_check(&domain).await.unwrap();
    assert_eq!(check.permanent_failure(&late), PermanentFailure::KeepQueued);
}

#[tokio::test(start_paused = true)]
async fn dis_9_the_answer_of_a_delivery_permits_no_failure() {
    let world = World::healthy();
    let client = world.client();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    world.delay(Duration::from_secs(1));
    let mut check = Box::pin(client.final_check(&domain));
    assert!(poll_once(&mut check).await.is_pending());
    yield_now().await;
    // It may be under way longer than the attempt that this delivery is for.
    let delivery = client.policy(&domain).await.unwrap();
    assert_eq!(delivery.permanent_failure(&delivery), PermanentFailure::KeepQueued);
    let check = check.await.unwrap();
    assert_eq!(check.permanent_failure(&delivery), PermanentFailure::Permitted);
}

#[tokio::test(start_paused = true)]
async fn dis_6_a_delivery_joins_a_refresh_and_counts_as_mail() {
    let world = World::healthy();
    world.delay(Duration::from_secs(1));
    let client = world.client();
    let domain = domain("example.com");
    let mut refresh = Box::pin(client.refresh(&domain));
    assert!(poll_once(&mut refresh).await.is_pending());
    yield_now().await;
    assert_eq!(mode(&client.policy(&domain).await.unwrap()), Some(Mode::Enforce));
    assert_eq!(mode(&refresh.await.unwrap()), Some(Mode::Enforce));
    assert_eq!((world.queries(), world.fetches()), (1, 1));
    let rule = RefreshRule::new(0);
    world.delay(Duration::ZERO);
    world.pass(DAY);
    // Only a domain with mail is refreshed.
    let task = client.spawn_refresh(RefreshConfig::new(rule));
    tokio::time::sleep(Duration::from_secs(30)).await;
    task.stop().await;
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn the_operator_wins_over_everything() {
    let world = World::healthy();
    let client = world.builder().with_override(domain("off.example"), Override::NoPolicy).build();
    let (off, on) = (domain("off.example"), domain("example.com"));
    let answer = client.policy(&off).await.unwrap();
    assert_eq!((answer.advice(), answer.policy()), (Advice::NoPolicy, None));
    assert_eq!(answer.overridden_by(), Some(&Override::NoPolicy));
    assert_eq!(world.queries(), 0);

    let testing: Policy = TESTING.parse().unwrap();
    let attempt = client.policy(&on).await.unwrap();
    client.overrides().set(on.clone(), Override::Policy(testing.clone()));
    assert_eq!(client.overrides().list().len(), 2);
    for answer in [
        client.policy(&on).await.unwrap(),
        client.final_check(&on).await.unwrap(),
        client.known(&on).await.unwrap(),
    ] {
        assert_eq!((answer.policy(), answer.cached()), (Some(&testing), None));
        assert_eq!(answer.permanent_failure(&attempt), PermanentFailure::TryAgain);
        assert_eq!(answer.permanent_failure(&answer), PermanentFailure::Permitted);
    }
    assert_eq!(world.queries(), 1);
    assert!(client.overrides().clear(&on).is_some());
    assert_eq!(client.policy(&on).await.unwrap().advice(), Advice::Enforce);
    assert_eq!(world.fetches(), 1, "the cache was left alone");
    assert!(client.overrides().clear(&off).is_some());
    assert_eq!(client.policy(&off).await.unwrap().advice(), Advice::Enforce);
}

#[tokio::test]
async fn dis_7_the_operator_is_told_what_changes_and_what_fails() {
    let world = World::healthy();
    let client = world.client();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    client.policy(&domain).await.unwrap();
    assert_eq!(world.events(), ["example.com: found a policy, mode enforce, id 1"]);
    client.refresh(&domain).await.unwrap();
    assert_eq!(world.events(), ["example.com: refreshed the policy, mode enforce, id 1"]);
    world.set(Txt::Id("2"), Http::Fails(TransportFailure::Connection));
    client.policy(&domain).await.unwrap();
    let events = world.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(
        events[1],
        "example.com: 1 failed fetches since 1728000000; the policy expires at 1728864000"
    );
    world.pass(301);
    world.set(Txt::Id("2"), Http::Body(NONE));
    client.policy(&domain).await.unwrap();
    let changed = "example.com: policy changed from mode enforce, id 1 to mode none, id 2";
    assert_eq!(world.events(), [changed]);
    // DIS-5: from now on silence.
    world.set(Txt::Fails(DnsFailure::ServFail), Http::Hangs);
    client.policy(&domain).await.unwrap();
    assert_eq!(world.events(), Vec::<String>::new());
}

#[tokio::test]
async fn dis_7_the_operator_is_told_of_policies_that_are_lost() {
    let world = World::healthy();
    let client = world.builder().with_cache_capacity(16 << 10).build();
    for n in 0..40 {
        client.policy(&domain(&format!("d{n}.example"))).await.unwrap();
    }
    let mut lost = world.events();
    lost.retain(|event| event.contains("lost"));
    let told = ".example: lost the policy, mode enforce, id 1: cache too small";
    assert!(!lost.is_empty() && lost.iter().all(|event| event.ends_with(told)), "{lost:?}");
}

#[tokio::test]
async fn dis_9_an_attempt_under_a_decision_of_the_operator_is_judged_too() {
    let world = World::healthy();
    let client = world.client();
    let domain = domain("example.com");
    let by = |body: &str| Override::Policy(body.parse().unwrap());
    client.overrides().set(domain.clone(), by(ENFORCE));
    let attempt = client.policy(&domain).await.unwrap();
    client.overrides().clear(&domain);
    let delivery = client.policy(&domain).await.unwrap();
    assert_eq!(delivery.permanent_failure(&attempt), PermanentFailure::KeepQueued);
    let check = client.final_check(&domain).await.unwrap();
    assert_eq!(check.permanent_failure(&attempt), PermanentFailure::Permitted);
    client.overrides().set(domain.clone(), Override::NoPolicy);
    let check = client.final_check(&domain).await.unwrap();
    assert_eq!(check.permanent_failure(&attempt), PermanentFailure::TryAgain);
    assert_eq!(attempt.permanent_failure(&check), PermanentFailure::Permitted);
}

#[test]
fn answers_go_from_thread_to_thread() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<mta_sts::client::Client>();
    is_shared::<Answer>();
}
