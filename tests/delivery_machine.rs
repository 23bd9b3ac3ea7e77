//! Deliveries under any results and any clock: what holds of each of them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use core::time::Duration;

use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::tlsrpt::submit::{
    Action, Config, Delivery, FIRST_WAIT, MAX_DELAY, Outcome, Plan, RETRY_TIME, Reach,
    SubmitFailure,
};
use mta_sts::{DomainName, Reading};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rustls_pki_types::UnixTime;

const MIDNIGHT: u64 = 1_707_004_800;
const RUA: &str = "v=TLSRPTv1;rua=mailto:a@a.example,https://b.example/,mailto:c@c.example";

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// What a driver meets: the clock moves, and the attempt, if one is asked for, ends.
#[derive(Debug, Clone, Copy)]
struct Step {
    moves: i64,
    takes: i64,
    accepted: bool,
}

fn steps(clock: impl Strategy<Value = i64> + Clone) -> impl Strategy<Value = Vec<Step>> {
    let step = (clock.clone(), clock, prop::bool::weighted(0.05));
    vec(step.prop_map(|(moves, takes, accepted)| Step { moves, takes, accepted }), 0..120)
}

/// Whom an action is for.
fn destination(action: Action<'_>) -> Option<String> {
    match action {
        Action::Mail(address) => Some(address.domain().to_string()),
        Action::Post(request) => Some(request.host().to_string()),
        Action::WaitUntil(_) | Action::Done => None,
    }
}

struct Attempt {
    to: String,
    asked_at: u64,
    ended_at: u64,
    accepted: bool,
}

/// Runs the steps, and says what has been tried.
fn run(delivery: &mut Delivery<'_>, steps: &[Step]) -> Vec<Attempt> {
    let (mut now, mut attempts) = (MIDNIGHT, Vec::new());
    for step in steps {
        now = now.saturating_add_signed(step.moves);
        let action = delivery.poll_action(at(now));
        assert_eq!(delivery.poll_action(at(now)), action, "the same until something happens");
        match (action, destination(action)) {
            (Action::WaitUntil(time), _) => {
                assert!(time > at(now));
                assert_eq!(delivery.outcome(), None);
            }
            (_, Some(to)) => {
                let asked_at = now;
                now = now.saturating_add_signed(step.takes);
                let result = step.accepted.then_some(()).ok_or(SubmitFailure::Transport);
                delivery.handle_result(result, at(now)).unwrap();
                let accepted = step.accepted;
                attempts.push(Attempt { to, asked_at, ended_at: now, accepted });
            }
            _ => assert!(delivery.outcome().is_some()),
        }
        assert!(delivery.handle_result(Ok(()), at(now)).is_err(), "nothing is asked for");
    }
    attempts
}

#[track_caller]
fn each(attempts: &[Attempt], law: impl Fn(&[&Attempt])) {
    for to in ["a.example", "b.example", "c.example"] {
        law(&attempts.iter().filter(|attempt| attempt.to == to).collect::<Vec<_>>());
    }
}

fn with_delivery(reach: Reach, seed: u64, test: impl FnOnce(&mut Delivery<'_>)) {
    let (record, _) = TlsRptRecord::parse(RUA, Reading::Strict).unwrap();
    let plan = Plan::new(&record, Config::default().with_reach(reach));
    let domain = DomainName::parse("example.com").unwrap();
    test(&mut plan.delivery(&domain, at(MIDNIGHT), seed));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn mail_8_with_a_clock_that_goes_on(
        steps in steps(prop_oneof![0..30_i64, 0..4_000_i64, 0..200_000_i64]),
        reach in select(&[Reach::One, Reach::All][..]),
        seed: u64,
    ) {
        with_delivery(reach, seed, |delivery| {
            let attempts = run(delivery, &steps);
            each(&attempts, |attempts| {
                for (n, pair) in (0..).zip(attempts.windows(2)) {
                    assert!(!pair[0].accepted);
                    assert!(pair[1].asked_at >= pair[0].ended_at + (FIRST_WAIT << n));
                    assert!(pair[1].asked_at <= attempts[0].asked_at + RETRY_TIME);
                }
                assert!(attempts.len() <= 9);
            });
            let accepted = attempts.iter().filter(|attempt| attempt.accepted).count();
            if reach == Reach::One {
                assert!(accepted <= 1 && attempts.iter().rev().skip(1).all(|one| !one.accepted));
            }
            let late = MIDNIGHT + MAX_DELAY + 2 * RETRY_TIME + 100_000_000;
            let mut rest = 0;
            while destination(delivery.poll_action(at(late))).is_some() {
                delivery.handle_result(Err(SubmitFailure::Mail), at(late + RETRY_TIME)).unwrap();
                rest += 1;
            }
            assert!(rest <= 3, "only first attempts are made so late");
            let expected = if accepted > 0 { Outcome::Delivered } else { Outcome::GivenUp };
            assert_eq!(delivery.outcome(), Some(expected));
        });
    }

    #[test]
    fn mail_8_with_any_clock(
        steps in steps(prop_oneof![any::<i64>(), -100_000..100_000_i64, -500..500_i64]),
        reach in select(&[Reach::One, Reach::All][..]),
    ) {
        with_delivery(reach, 7, |delivery| {
            let attempts = run(delivery, &steps);
            each(&attempts, |attempts| assert!(attempts.len() <= 10));
            // A sleeper is never sent away for longer than it takes.
            let now = MIDNIGHT + MAX_DELAY;
            if let Action::WaitUntil(time) = delivery.poll_action(at(now)) {
                assert!(time <= at(now + RETRY_TIME));
            }
        });
    }
}
