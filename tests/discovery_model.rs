//! Discovery and cache against a naive model, and against the laws of updates, over
//! histories made from any bytes (RFC 8461 §3, §5; DIS-2 to DIS-11, FET-5, FET-8).
//!
//! The bytes are the same in each run; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` make it
//! others, and more.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/histories.rs"]
mod histories;
#[path = "support/interleavings.rs"]
mod interleavings;
#[path = "support/machine.rs"]
mod machine;
#[path = "support/model.rs"]
mod model;
#[path = "support/operations.rs"]
mod operations;
#[path = "support/snapshots.rs"]
mod snapshots;

use std::collections::BTreeMap;
use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::{CacheEntry, CachedPolicy};
use mta_sts::sts::discovery::{Config, Discovery, Purpose};
use mta_sts::sts::fetch::PolicyResponse;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};

use self::interleavings::Reached;
use self::model::Applied;
use self::operations::{History, Interleaving};

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(8_461),
        given => given,
    };
    let cases = default.cases.max(10_000);
    ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: default.max_shrink_iters.min(5_000),
        ..default
    }
}

/// Values made of up to `most` bytes.
fn made<T>(most: usize) -> impl Strategy<Value = T>
where
    T: for<'a> Arbitrary<'a> + Debug,
{
    vec(any::<u8>(), 0..most).prop_map(|bytes| {
        Unstructured::new(&bytes).arbitrary().expect("it can be made of any bytes")
    })
}

fn histories() -> impl Strategy<Value = History> {
    made(500)
}

fn interleavings() -> impl Strategy<Value = Interleaving> {
    made(800)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn discoveries_one_by_one_are_what_the_model_says(history in histories()) {
        histories::one_by_one(&history, snapshots::restored);
    }

    #[test]
    fn discoveries_at_once_obey_the_laws_of_updates(interleaving in interleavings()) {
        interleavings::at_once(&interleaving, snapshots::restored);
    }
}

#[test]
fn updates_within_seconds_commute_and_associate() {
    interleavings::all_within_seconds();
}

/// DIS-6: jitter puts a refresh anywhere in the last quarter of the time, and nowhere else;
/// each domain elsewhere.
#[test]
fn refreshes_are_spread_over_a_quarter_of_their_time() {
    for (max_age, interval) in
        [(0, 0), (1, 0), (7, 3), (8, 4), (99, 49), (172_799, 86_399), (172_802, 86_400)]
    {
        let domain = machine::domain();
        let policy = fetched_in_1970(&domain, max_age);
        let other = "example.net".parse().unwrap();
        let due = |seed| policy.refresh_due_at(&domain, seed).as_secs();
        assert!(interval < 86_000 || due(0) != policy.refresh_due_at(&other, 0).as_secs());
        let times: Vec<u64> = (0..300_000).map(due).collect();
        assert_eq!(times.iter().max(), Some(&interval));
        assert_eq!(times.iter().min(), Some(&(interval - interval / 4)));
        let early = times.iter().filter(|time| **time < interval - interval / 8).count();
        assert!(interval < 8 || (100_000..200_000).contains(&early), "{max_age}: {early}");
    }
}

fn fetched_in_1970(domain: &PolicyDomain, max_age: u64) -> CachedPolicy {
    let now = machine::at(0);
    let entry = CacheEntry::default();
    let mut discovery = Discovery::new(domain, entry, Purpose::Delivery, now, Config::default());
    discovery.handle_txt(Ok("a".parse().unwrap()), now).unwrap();
    let body = format!("version: STSv1\nmode: none\nmax_age: {max_age}\n");
    let response = PolicyResponse::new(200, body.as_bytes());
    let response = response.with_field("Content-Type", "text/plain");
    discovery.handle_response(Ok(response), now).unwrap();
    discovery.into_outcome().policy().unwrap().clone()
}

fn some<T: Debug>(strategy: &impl Strategy<Value = T>) -> impl Iterator<Item = T> {
    let mut runner = TestRunner::new(config());
    (0..1_000).map(move |_| strategy.new_tree(&mut runner).expect("never rejected").current())
}

/// The model is asked for everything that it can say.
#[test]
fn histories_reach_what_they_are_to_test() {
    let mut reached = BTreeMap::new();
    for history in some(&histories()) {
        for (script, seen) in histories::one_by_one(&history, CacheEntry::clone) {
            let known = seen.known.last().map(applied);
            let failed = seen.failed.map(|failed| format!("{:?}", failed.kind));
            let failed = failed.and_then(|kind| Some(kind.split('(').next()?.to_owned()));
            let purpose = script.purpose;
            let said = [
                Some(format!("{purpose:?} asks {:?}", seen.asked)),
                known.map(|known| format!("{purpose:?} ends with {known}")),
                failed.map(|kind| format!("{kind} fails, reportable: {}", seen.is_reportable)),
                seen.event.map(|event| format!("{} failures", event.failures.min(5))),
                Some(format!("done: {}", seen.is_done)),
            ];
            let permanent = seen.permanent.iter().map(|one| format!("{purpose:?}: {one:?}"));
            for said in said.into_iter().flatten().chain(permanent) {
                *reached.entry(said).or_insert(0) += 1;
            }
        }
    }
    println!("{reached:#?}");
    assert!(reached.len() >= 47 && reached.values().all(|times| *times >= 10));
}

fn applied(applied: &Applied) -> String {
    match applied {
        Applied::Policy(policy) => format!("a policy of mode {}", policy.mode),
        Applied::NoPolicy(reason) => format!("no policy: {reason}"),
        Applied::Unknown => "nothing".to_owned(),
    }
}

/// Each law holds of something.
#[test]
fn interleavings_reach_what_they_are_to_test() {
    let all: Vec<Reached> = some(&interleavings())
        .map(|interleaving| interleavings::at_once(&interleaving, CacheEntry::clone))
        .collect();
    let sum = |part: fn(&Reached) -> usize| all.iter().map(part).sum::<usize>();
    let sums = [
        sum(|reached| reached.ended),
        sum(|reached| reached.fetched),
        sum(|reached| reached.spared_recheck),
        sum(|reached| reached.spared_absence),
        sum(|reached| reached.still_applied),
        sum(|reached| reached.set_back),
        sum(|reached| reached.overtaken),
        sum(|reached| reached.overtaken_fetch),
        sum(|reached| reached.lost),
    ];
    println!("{sums:?}");
    assert!(sums.iter().all(|sum| *sum >= 100));
}
