//! Histories that went wrong once, each as small as it can be.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use core::time::Duration;

use mta_sts::sts::cache::{CacheEntry, FetchRate, RefreshRule};
use mta_sts::sts::discovery::{
    Action, Config, Discovery, DiscoveryFailure, Event, Outcome, Purpose, Recheck, TxtFailure,
};
use mta_sts::sts::fetch::{PolicyResponse, TransportFailure};
use mta_sts::sts::{PolicyDomain, PolicyId};
use mta_sts::txt::NoRecord;
use rustls_pki_types::UnixTime;

const NOW: u64 = 1_790_000_000;
const ABSENT: Txt = Err(TxtFailure::NoRecord(NoRecord::Absent));

type Txt = Result<PolicyId, TxtFailure>;

fn at(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

fn record(id: &str) -> Txt {
    Ok(PolicyId::new(id).unwrap())
}

fn policy(mode: &str, max_age: u64) -> String {
    format!("version: STSv1\nmode: {mode}\nmx: a.example\nmax_age: {max_age}\n")
}

/// How one discovery is run: begun and looked at a time, the fetch ended at another.
struct Run<'a> {
    purpose: Purpose,
    begun_at: u64,
    txt: Txt,
    fetched_at: u64,
    /// None is a time-out.
    body: Option<&'a str>,
    config: Config,
}

impl<'a> Run<'a> {
    fn new(purpose: Purpose, now: u64, txt: Txt, body: Option<&'a str>) -> Self {
        let config = Config::default();
        Self { purpose, begun_at: now, txt, fetched_at: now, body, config }
    }

    fn on(self, entry: &CacheEntry) -> Outcome {
        let domain = domain();
        let (begun_at, config) = (at(self.begun_at), self.config);
        let mut discovery = Discovery::new(&domain, entry.clone(), self.purpose, begun_at, config);
        if let Action::QueryTxt(_) = discovery.poll_action() {
            discovery.handle_txt(self.txt, begun_at).unwrap();
        }
        if let Action::FetchPolicy(_) = discovery.poll_action() {
            let response = self.body.ok_or(TransportFailure::Timeout).map(|body| {
                PolicyResponse::new(200, body.as_bytes()).with_field("Content-Type", "text/plain")
            });
            discovery.handle_response(response, at(self.fetched_at)).unwrap();
        }
        assert_eq!(discovery.poll_action(), Action::Done);
        discovery.into_outcome()
    }

    fn fold_into(self, entry: &mut CacheEntry) {
        entry.apply(self.on(entry).update());
    }
}

fn domain() -> PolicyDomain {
    PolicyDomain::from_next_hop("example.com").unwrap()
}

fn is_rate_limited(outcome: &Outcome) -> bool {
    matches!(outcome.failure(), Some(DiscoveryFailure::RateLimited { .. }))
}

/// An interval that is rounded down adds up to more than was allowed.
#[test]
fn fet_8_no_hour_has_more_fetches_than_burst_and_rate() {
    for (burst, per_hour) in [(1, 1), (10, 10), (3, 7), (1, 1_000), (5, 2_000), (1, 3_600)] {
        let mut entry = CacheEntry::default();
        let mut fetches: Vec<u64> = Vec::new();
        for second in 0..7_300 {
            let txt = record(&second.to_string());
            let mut run = Run::new(Purpose::Delivery, NOW + second, txt, None);
            run.config = run.config.with_rate(FetchRate::new(burst, per_hour));
            let outcome = run.on(&entry);
            entry.apply(outcome.update());
            if !is_rate_limited(&outcome) {
                fetches.push(second);
            }
        }
        for from in &fetches {
            let hour = fetches.iter().filter(|time| (*from..=from + 3_600).contains(time));
            let most = usize::try_from(burst + per_hour).unwrap();
            assert!(hour.count() <= most, "{burst} and {per_hour}, from {from} on");
        }
    }
}

#[test]
fn dis_10_no_failure_is_since_a_time_in_the_future() {
    let mut entry = CacheEntry::default();
    let body = policy("enforce", 86_400);
    Run::new(Purpose::Delivery, NOW - 5_000, record("a"), Some(&body)).fold_into(&mut entry);
    Run::new(Purpose::Delivery, NOW, record("b"), None).fold_into(&mut entry);
    assert_eq!(entry.failed_fetches().unwrap().since(), at(NOW));

    let set_back = Run::new(Purpose::Delivery, NOW - 1_000, record("c"), None);
    let outcome = set_back.on(&entry);
    entry.apply(outcome.update());
    let Some(Event::RenewalFailing { since, failures, .. }) = outcome.event() else {
        panic!("a fetch has failed");
    };
    assert_eq!((since, failures), (at(NOW - 1_000), 2));
    let failed = entry.failed_fetches().unwrap();
    assert_eq!((failed.since(), failed.failed_at()), (at(NOW - 1_000), at(NOW - 1_000)));
}

/// Sums of times end at the last second; differences do not.
#[test]
fn dis_10_waits_and_rates_hold_at_the_end_of_time() {
    let mut entry = CacheEntry::default();
    Run::new(Purpose::Delivery, u64::MAX - 10, record("a"), None).fold_into(&mut entry);
    let again = Run::new(Purpose::Delivery, u64::MAX, record("a"), None).on(&entry);
    assert!(matches!(again.failure(), Some(DiscoveryFailure::Remembered(_))));

    let mut entry = CacheEntry::default();
    for (n, limited) in [(100, false), (50, true)] {
        let txt = record(&n.to_string());
        let mut run = Run::new(Purpose::Delivery, u64::MAX - n, txt, None);
        run.config = run.config.with_rate(FetchRate::new(1, 60));
        let outcome = run.on(&entry);
        entry.apply(outcome.update());
        assert_eq!(is_rate_limited(&outcome), limited);
    }
}

/// The last use is kept in 32 bits of days.
#[test]
fn dis_6_a_domain_used_in_the_last_second_was_used_lately() {
    let mut entry = CacheEntry::default();
    let body = policy("enforce", 0);
    Run::new(Purpose::Delivery, u64::MAX, record("a"), Some(&body)).fold_into(&mut entry);
    assert!(entry.is_refresh_due(&domain(), RefreshRule::new(0), at(u64::MAX)));
}

/// A refresh without a record, while which the policy expires: at its end nothing is
/// cached, and no record stands behind the fetch.
#[test]
fn dis_11_a_failed_fetch_without_a_record_is_reported_only_while_a_policy_lives() {
    for (mode, fetched_at, reported) in [
        ("enforce", NOW + 10, true),
        ("enforce", NOW + 11, false),
        ("none", NOW + 10, false),
        ("none", NOW + 11, false),
    ] {
        let mut entry = CacheEntry::default();
        let body = policy(mode, 10);
        Run::new(Purpose::Delivery, NOW, record("a"), Some(&body)).fold_into(&mut entry);

        let mut run = Run::new(Purpose::Refresh, NOW + 10, ABSENT, None);
        run.fetched_at = fetched_at;
        let outcome = run.on(&entry);
        assert!(matches!(outcome.failure(), Some(DiscoveryFailure::Fetch(_))));
        assert_eq!(outcome.report().is_some(), reported, "{mode} {fetched_at}");
    }
}

/// Two discoveries at once have fetched under two `id`s; the record was seen again with
/// the `id` of the one that has not won.
#[test]
fn dis_4_only_the_id_of_the_policy_confirms_it() {
    let body = policy("enforce", 86_400);
    let run = |id, now| Run::new(Purpose::Delivery, now, record(id), Some(&body));
    let mut entry = CacheEntry::default();
    let winner = run("b", NOW).on(&entry);
    run("a", NOW).fold_into(&mut entry);
    run("a", NOW + 10).fold_into(&mut entry);
    entry.apply(winner.update());
    assert_eq!(entry.policy().unwrap().id().as_str(), "b");

    let domain = domain();
    let config = Config::default().with_recheck(Recheck::After(Duration::from_secs(60)));
    let next = Discovery::new(&domain, entry, Purpose::Delivery, at(NOW + 20), config);
    assert!(matches!(next.poll_action(), Action::QueryTxt(_)));
}

/// However long the fetch behind it takes.
#[test]
fn dis_4_the_interval_counts_from_the_look() {
    let body = policy("enforce", 86_400);
    let mut entry = CacheEntry::default();
    let mut run = Run::new(Purpose::Delivery, NOW, record("a"), Some(&body));
    run.fetched_at = NOW + 50;
    run.fold_into(&mut entry);

    let domain = domain();
    let config = Config::default().with_recheck(Recheck::After(Duration::from_secs(60)));
    for (now, looks) in [(NOW + 59, false), (NOW + 60, true)] {
        let next = Discovery::new(&domain, entry.clone(), Purpose::Delivery, at(now), config);
        assert_eq!(matches!(next.poll_action(), Action::QueryTxt(_)), looks, "{now}");
    }
}
