//! The in-memory cache: what it keeps, what goes first, and what the operator is told
//! (DIS-2, DIS-7, ALL-2).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use mta_sts::cache::PolicyCache;
use mta_sts::sts::cache::{CacheEntry, RefreshRule, Update};
use mta_sts::sts::discovery::{Action, Config, Discovery, Purpose, TxtFailure};
use mta_sts::sts::fetch::{PolicyResponse, TransportFailure};
use mta_sts::sts::{PolicyDomain, PolicyId};
use mta_sts::txt::NoRecord;
use proptest::collection::vec;
use proptest::prelude::*;
use rustls_pki_types::UnixTime;

const DAY: u64 = 86_400;

fn time(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

fn domain(n: usize) -> PolicyDomain {
    PolicyDomain::from_next_hop(&format!("d{n}.example")).unwrap()
}

/// What a delivery learns.
fn learnt(
    domain: &PolicyDomain,
    entry: CacheEntry,
    now: u64,
    id: Option<&str>,
    body: Result<&str, TransportFailure>,
) -> Update {
    let config = Config::default().with_absence(Duration::ZERO);
    let mut discovery = Discovery::new(domain, entry, Purpose::Delivery, time(now), config);
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(_) => {
                let id = id.map(|id| PolicyId::new(id).unwrap());
                let absent = TxtFailure::from(NoRecord::Absent);
                discovery.handle_txt(id.ok_or(absent), time(now)).unwrap();
            }
            Action::FetchPolicy(_) => {
                let response = body.map(|body| {
                    PolicyResponse::new(200, body.as_bytes())
                        .with_field("Content-Type", "text/plain")
                });
                discovery.handle_response(response, time(now)).unwrap();
            }
            Action::Done => return discovery.into_outcome().update().clone(),
        }
    }
}

fn policy(mode: &str, max_age: u64) -> String {
    format!("version: STSv1\nmode: {mode}\nmx: mx.example\nmax_age: {max_age}\n")
}

/// Fetches a policy for the domain, and tells whose policies were lost for it.
fn fetch(cache: &PolicyCache, n: usize, mode: &str, max_age: u64, now: u64) -> Vec<PolicyDomain> {
    let domain = domain(n);
    let body = policy(mode, max_age);
    let update = learnt(&domain, CacheEntry::default(), now, Some("1"), Ok(&body));
    let lost = cache.apply(&domain, &update, time(now));
    lost.iter().map(|evicted| evicted.domain().clone()).collect()
}

fn mode(cache: &PolicyCache, n: usize) -> Option<String> {
    let entry = cache.get(&domain(n));
    entry.policy().map(|cached| cached.policy().mode().to_string())
}

#[test]
fn entries_are_kept_folded_and_forgotten() {
    let cache = PolicyCache::default();
    assert!(cache.is_empty() && cache.weight() == 0);
    assert_eq!(cache.capacity(), PolicyCache::DEFAULT_CAPACITY);
    assert_eq!(cache.get(&domain(1)), CacheEntry::default());
    assert_eq!(fetch(&cache, 1, "enforce", DAY, 0), []);
    let before = cache.get(&domain(1));
    // A failure is folded into the entry, not put in its place.
    let update = learnt(&domain(1), before.clone(), 1, Some("2"), Err(TransportFailure::Timeout));
    assert_eq!(cache.apply(&domain(1), &update, time(1)), []);
    let mut expected = before;
    expected.apply(&update);
    assert_eq!(cache.get(&domain(1)), expected);
    assert!(expected.failed_fetches().is_some() && expected.policy().is_some());
    assert_eq!(cache.len(), 1);

    assert_eq!(cache.forget(&domain(1)), Some(expected));
    assert_eq!(cache.forget(&domain(1)), None);
    assert!(cache.is_empty() && cache.weight() == 0);
    assert_eq!(format!("{cache:?}"), "PolicyCache { len: 0, weight: 0, capacity: 67108864, .. }");
}

#[test]
fn dis_2_absence_and_none_never_drive_out_a_live_policy() {
    let cache = PolicyCache::new(64 << 10);
    for n in 0..50 {
        assert_eq!(fetch(&cache, n, if n % 2 == 0 { "enforce" } else { "testing" }, DAY, 0), []);
    }
    for n in 50..3_000 {
        if n % 3 == 0 {
            assert_eq!(fetch(&cache, n, "none", DAY, 1), []);
        } else {
            let body = n % 3 == 1;
            let id = body.then_some("1");
            let update =
                learnt(&domain(n), CacheEntry::default(), 1, id, Err(TransportFailure::Timeout));
            assert_eq!(cache.apply(&domain(n), &update, time(1)), []);
        }
        assert!(cache.weight() <= cache.capacity());
    }
    assert!(cache.len() > 50, "there is room for others");
    for n in 0..50 {
        assert!(mode(&cache, n).is_some(), "{n}");
    }
    // One that becomes `none` gives up its place.
    let opt_out = policy("none", DAY);
    let update = learnt(&domain(0), cache.get(&domain(0)), 2, Some("2"), Ok(&opt_out));
    assert_eq!(cache.apply(&domain(0), &update, time(2)), []);
    assert_eq!(mode(&cache, 0).as_deref(), Some("none"));
    assert_eq!(cache.entries().filter(|(name, _)| *name == domain(0)).count(), 1);
}

#[test]
fn dis_7_the_loss_of_a_live_policy_is_told_once() {
    let cache = PolicyCache::new(16 << 10);
    let mut lost = Vec::new();
    for n in 0..200 {
        lost.extend(fetch(&cache, n, "enforce", DAY, 0));
        assert!(cache.weight() <= cache.capacity());
    }
    assert!((100..200).contains(&lost.len()), "{} of 200", lost.len());
    for n in 0..200 {
        let told = lost.iter().filter(|name| **name == domain(n)).count();
        assert_eq!(told, usize::from(mode(&cache, n).is_none()), "{n}");
    }
}

#[test]
fn the_least_recently_used_goes() {
    let cache = PolicyCache::new(32 << 10);
    for n in 0..300 {
        let _ = fetch(&cache, n, "enforce", DAY, 0);
        // Two that mail goes to all the time.
        for used in [0, 1] {
            assert!(n < used || mode(&cache, used).is_some(), "{used} at {n}");
        }
    }
    assert!(mode(&cache, 150).is_none());
}

#[test]
fn expired_policies_go_before_live_ones() {
    let cache = PolicyCache::new(16 << 10);
    let mut kept = 0;
    while fetch(&cache, kept, "enforce", 100, 0).is_empty() {
        kept += 1;
    }
    assert!(kept > 10);
    // All have expired: as many live ones find room, and none of them is lost.
    for n in 1_000..1_000 + kept {
        assert_eq!(fetch(&cache, n, "enforce", DAY, 1_000), [], "{n} of {kept}");
    }
    // A minute after the last walk, those that have expired since go again.
    assert!(!fetch(&cache, 5_000, "enforce", 10, 1_001).is_empty());
    assert_eq!(fetch(&cache, 5_001, "enforce", DAY, 1_061), []);
    assert!(mode(&cache, 5_000).is_none());
}

#[test]
fn all_2_the_capacity_is_kept_whatever_comes() {
    for capacity in [0, 1, 100, 700, 5_000] {
        let cache = PolicyCache::new(capacity);
        assert_eq!(cache.capacity(), capacity);
        for n in 0..20 {
            let lost = fetch(&cache, n, "enforce", DAY, 0);
            assert_eq!(lost.contains(&domain(n)), mode(&cache, n).is_none());
            let _ = fetch(&cache, n, "none", DAY, 0);
            assert!(cache.weight() <= capacity, "{} of {capacity}", cache.weight());
        }
    }
    // An entry that is too heavy is not kept, and drives out no other.
    let cache = PolicyCache::new(32 << 10);
    assert_eq!(fetch(&cache, 1, "enforce", DAY, 0), []);
    let large = format!("{}{}", policy("enforce", DAY), "x: y\n".repeat(10_000));
    let update = learnt(&domain(2), CacheEntry::default(), 0, Some("1"), Ok(&large));
    let lost = cache.apply(&domain(2), &update, time(0));
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].domain(), &domain(2));
    assert_eq!(lost[0].policy().policy().as_str(), large);
    assert!(mode(&cache, 1).is_some() && mode(&cache, 2).is_none());
    // Neither does one that grows too heavy by what was refused.
    let refused = "z".repeat(40_000);
    let update = learnt(&domain(1), cache.get(&domain(1)), 1, Some("2"), Ok(&refused));
    let lost = cache.apply(&domain(1), &update, time(1));
    assert_eq!((lost.len(), mode(&cache, 1)), (1, None), "told, as it is lost");
}

#[test]
fn dis_6_the_domains_whose_refresh_is_due() {
    let cache = PolicyCache::default();
    let _ = fetch(&cache, 1, "enforce", 10 * DAY, 0);
    let _ = fetch(&cache, 2, "testing", 10 * DAY, 5 * DAY);
    let _ = fetch(&cache, 3, "none", 10 * DAY, 0);
    let due = |now| {
        let mut due: Vec<_> = cache.due(RefreshRule::new(1), time(now)).collect();
        due.sort();
        due
    };
    assert_eq!(due(5 * DAY), [domain(1)]);
    assert_eq!(due(7 * DAY), [domain(1), domain(2)]);
    assert_eq!(due(11 * DAY), [domain(2)]);
}

#[test]
fn a_cache_is_restored_from_the_entries_of_another() {
    let cache = PolicyCache::default();
    for n in 0..100 {
        let _ = fetch(&cache, n, ["enforce", "testing", "none"][n % 3], DAY, 0);
    }
    let restored = PolicyCache::default();
    for (domain, entry) in cache.entries() {
        assert_eq!(restored.apply(&domain, &entry.into(), time(0)), []);
    }
    assert_eq!(restored.len(), 100);
    for n in 0..100 {
        assert_eq!(restored.get(&domain(n)), cache.get(&domain(n)));
    }
}

/// Whatever runs at once, no update is lost, and a policy that is there is always seen.
#[test]
fn dis_2_updates_of_many_threads_are_all_folded() {
    let cache = PolicyCache::default();
    let domains: Vec<_> = (0..4).map(domain).collect();
    let updates: Vec<Vec<Update>> = (0..4)
        .map(|thread| {
            let ids = (0..50).map(|n| format!("t{thread}n{n}"));
            ids.map(|id| {
                let mode = ["enforce", "testing", "none"][id.len() % 3];
                let body = policy(mode, DAY);
                let at = 100 + u64::try_from(id.len()).unwrap();
                learnt(&domains[0], CacheEntry::default(), at, Some(&id), Ok(&body))
            })
            .collect()
        })
        .collect();
    let first =
        learnt(&domains[0], CacheEntry::default(), 1, Some("1"), Ok(&policy("enforce", DAY)));
    for domain in &domains {
        let _ = cache.apply(domain, &first, time(200));
    }
    let fold = |update| {
        for domain in &domains {
            let _ = cache.apply(domain, update, time(200));
        }
    };
    thread::scope(|scope| {
        for updates in &updates {
            scope.spawn(|| updates.iter().for_each(fold));
        }
        scope.spawn(|| {
            for _ in 0..20_000 {
                for domain in &domains {
                    assert!(cache.get(domain).policy().is_some(), "it is there all the time");
                }
            }
        });
    });
    let mut expected = CacheEntry::default();
    expected.apply(&first);
    updates.iter().flatten().for_each(|update| expected.apply(update));
    for domain in &domains {
        assert_eq!(cache.get(domain), expected);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Learn { domain: usize, id: Option<u8>, mode: Option<u8>, max_age: u64 },
    Forget(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let learn = (0..40_usize, any::<Option<u8>>(), prop::option::of(0..3_u8), 0..500_u64);
    prop_oneof![
        20 => learn.prop_map(|(domain, id, mode, max_age)| Step::Learn {
            domain, id: id.map(|id| id % 3), mode, max_age
        }),
        1 => (0..40_usize).prop_map(Step::Forget),
        3 => (0..300_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Against a map that has room for all: what is there is what was folded, and a live
    /// policy that is not there has been told of.
    #[test]
    fn dis_7_a_cache_is_a_map_that_forgets_and_says_so(
        steps in vec(step(), 1..150),
        capacity in prop_oneof![Just(2_000_u64), 4_000..40_000_u64],
    ) {
        let cache = PolicyCache::new(capacity);
        let mut map: BTreeMap<usize, CacheEntry> = BTreeMap::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Learn { domain: n, id, mode, max_age } => {
                    let name = domain(n);
                    let body = mode.map(|mode| {
                        policy(["enforce", "testing", "none"][usize::from(mode)], max_age)
                    });
                    let id = id.map(|id| id.to_string());
                    let response = body.as_deref().ok_or(TransportFailure::Timeout);
                    let update = learnt(&name, cache.get(&name), now, id.as_deref(), response);
                    map.entry(n).or_default().apply(&update);
                    let lost = cache.apply(&name, &update, time(now));
                    for evicted in lost {
                        prop_assert!(evicted.policy().is_unexpired(time(now)));
                        let told = (0..40).find(|n| domain(*n) == *evicted.domain()).unwrap();
                        let entry = map.remove(&told).expect("what was lost was there");
                        prop_assert_eq!(entry.policy(), Some(evicted.policy()));
                        prop_assert_eq!(cache.get(evicted.domain()), CacheEntry::default());
                    }
                }
                Step::Forget(n) => {
                    map.remove(&n);
                    cache.forget(&domain(n));
                }
                Step::Wait(secs) => now += secs,
            }
            prop_assert!(cache.weight() <= capacity);
            map.retain(|n, entry| {
                let kept = cache.get(&domain(*n));
                let live = entry
                    .unexpired(time(now))
                    .is_some_and(|cached| cached.policy().mode().as_str() != "none");
                assert!(kept == *entry || (kept.is_empty() && !live), "{kept:?} for {entry:?}");
                !kept.is_empty()
            });
            prop_assert_eq!(cache.len(), map.len());
        }
    }
}
