//! What a policy costs in memory, and how fast a cache of many answers; what a discovery
//! from the cache takes, and a verdict.

use std::collections::HashMap;
use std::fs;
use std::hash::RandomState;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::process::ExitCode;

use mta_sts::cache::PolicyCache;
use mta_sts::sts::apply::{Checked, Context, Session, TlsOutcome, TlsVersion};
use mta_sts::sts::cache::{CacheEntry, RefreshRule};
use mta_sts::sts::discovery::Recheck;
use mta_sts::sts::{Policy, PolicyDomain};
use mta_sts_benches::counting::{Counting, allocations, octets};
use mta_sts_benches::remembered::{AN_HOUR, body, confirmed, delivery, domain, fetched, now};
use mta_sts_benches::timing::{ROUNDS, calibrate, median, nanos};

#[global_allocator]
static COUNTING: Counting = Counting;

const HELP: &str = "\
Fills a PolicyCache with typical policies (three mx), measures what one costs, and
compares look-ups in random order with a HashMap of the same keys and entries. Times
discoveries that are answered from it, and verdicts.

Usage: memory [--policies N]

  --policies N  how many; 1,000,000 by default, which takes 1.5 GB
  -h, --help    this text

Prints tab-separated values with a header line; what is to be reached goes to stderr.
Octets are those that the allocator was asked for; resident ones are the system's
(Linux), with what the allocator adds. Times are medians of the rounds, in nanoseconds
for one operation; the ratio is the median of the rounds' ratios.
";

fn main() -> ExitCode {
    let measured = match policies() {
        Ok(Some(policies)) => measure(policies),
        Ok(None) => io::stdout().write_all(HELP.as_bytes()),
        Err(error) => {
            eprintln!("memory: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("memory: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The number that the arguments ask for; `None` if they ask for help.
fn policies() -> Result<Option<usize>, lexopt::Error> {
    use lexopt::prelude::*;

    let mut policies = 1_000_000;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("policies") => policies = arguments.value()?.parse()?,
            Short('h') | Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(policies.max(2)))
}

fn measure(policies: usize) -> io::Result<()> {
    row("what", "value", "reach")?;
    row("policies", policies, "")?;
    let mut domains: Vec<PolicyDomain> = (0..policies).map(domain).collect();
    let cache = memory(&domains)?;
    shuffle(&mut domains);
    look_ups(&cache, &domains)?;
    updates(&cache, &domains)?;
    full(policies)?;
    discoveries(&cache, &domains)?;
    verdicts(&domains[0])
}

fn row(what: &str, value: impl ToString, reach: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{what}\t{}\t{reach}", value.to_string())
}

/// What the policies cost.
fn memory(domains: &[PolicyDomain]) -> io::Result<PolicyCache> {
    let bodies: usize = domains.iter().map(|domain| body(domain).len()).sum();
    let (octets_before, resident_before) = (octets(), resident());
    let cache = PolicyCache::new(1 << 40);
    for domain in domains {
        assert!(cache.apply(domain, &fetched(domain), now()).is_empty());
        assert!(cache.apply(domain, &confirmed(domain, cache.get(domain)), now()).is_empty());
    }
    assert_eq!(cache.len(), domains.len());
    let each = |octets: usize| octets / domains.len();
    let taken = octets() - octets_before;
    row("octets of a body", each(bodies), "")?;
    row("octets beyond the body", each(taken - bodies), "<= 300")?;
    if let (Some(before), Some(after)) = (resident_before, resident()) {
        row("resident octets beyond the body", each(after.saturating_sub(before + bodies)), "")?;
    }
    let weight = usize::try_from(cache.weight()).unwrap_or(usize::MAX);
    row("octets of the weight beyond the body", each(weight - bodies), "")?;
    Ok(cache)
}

/// The octets of this process that are in memory, where Linux says so.
fn resident() -> Option<usize> {
    const PAGE: usize = 4_096;
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    pages.split(' ').nth(1)?.parse::<usize>().ok().map(|pages| pages * PAGE)
}

/// Fisher and Yates, with the same numbers each time (xorshift).
fn shuffle<T>(values: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for end in (1..values.len()).rev() {
        let places = u64::try_from(end + 1).unwrap_or(u64::MAX);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % places).unwrap_or(0);
        values.swap(end, other);
    }
}

/// Hits in random order; both sides give a copy of the entry. They take turns, each
/// with other domains, so that neither finds what the other has brought near.
fn look_ups(cache: &PolicyCache, domains: &[PolicyDomain]) -> io::Result<()> {
    let map: HashMap<Box<str>, CacheEntry, RandomState> =
        cache.entries().map(|(domain, entry)| (domain.as_str().into(), entry)).collect();
    let turn = (domains.len() / 100).max(1);
    let times = u32::try_from(turn).unwrap_or(u32::MAX);
    let rounds: Vec<(f64, f64)> = domains
        .chunks_exact(2 * turn)
        .map(|both| {
            let (ours, maps) = both.split_at(turn);
            let (mut ours, mut maps) = (ours.iter(), maps.iter());
            (
                nanos(&mut || ours.next().map(|domain| cache.get(domain)), times),
                nanos(&mut || maps.next().map(|domain| map.get(domain.as_str()).cloned()), times),
            )
        })
        .collect();
    row("look-up ns", tenths(median(rounds.iter().map(|(ours, _)| *ours))), "")?;
    row("look-up in a HashMap ns", tenths(median(rounds.iter().map(|(_, maps)| *maps))), "")?;
    let ratio = median(rounds.iter().map(|(ours, maps)| ours / maps));
    row("look-up, ratio to the HashMap", format!("{ratio:.2}"), "<= 1.5")
}

/// Updates of known domains in random order, and walks through all.
fn updates(cache: &PolicyCache, domains: &[PolicyDomain]) -> io::Result<()> {
    let mut known = domains.iter().cycle();
    let outcome = delivery(&domains[0], cache.get(&domains[0]), Recheck::EveryDelivery);
    let mut fold = || known.next().map(|domain| cache.apply(domain, outcome.update(), now()));
    let times = calibrate(&mut fold);
    row("fold of an update ns", tenths(median((0..ROUNDS).map(|_| nanos(&mut fold, times)))), "")?;
    let mut due = || cache.due(RefreshRule::new(1), now()).count();
    assert_eq!(due(), domains.len());
    let walk = median((0..3).map(|_| nanos(&mut due, 1)));
    row("walk to list what is due ms", tenths(walk / 1e6), "")
}

/// New live policies into caches that are full of live ones: no more expensive in a
/// large one, but for the memory that is out of the processor's caches.
fn full(policies: usize) -> io::Result<()> {
    const NEW: u16 = 20_000;
    let new: Vec<_> = (policies..policies + usize::from(NEW)).map(domain).collect();
    let updates: Vec<_> = new.iter().map(fetched).collect();
    for held in [policies / 100, policies / 10, policies] {
        let cache = PolicyCache::new(1 << 40);
        let filled = |cache: &PolicyCache| {
            (0..held.max(1)).map(domain).for_each(|domain| {
                assert!(cache.apply(&domain, &fetched(&domain), now()).is_empty());
            });
        };
        filled(&cache);
        let room = cache.weight();
        let cache = PolicyCache::with_live_share(room, room);
        filled(&cache);
        let mut each = new.iter().zip(&updates);
        let mut insert = || each.next().map(|(domain, update)| cache.apply(domain, update, now()));
        let time = nanos(&mut insert, NEW.into());
        assert!(cache.weight() <= room);
        row(&format!("insertion into a cache full of {held} live ones ns"), tenths(time), "")?;
    }
    Ok(())
}

/// Deliveries to a domain that is cached: look-up, discovery, and the drop of all.
fn discoveries(cache: &PolicyCache, domains: &[PolicyDomain]) -> io::Result<()> {
    for (name, recheck) in
        [("within the interval", AN_HOUR), ("confirmed by TXT", Recheck::EveryDelivery)]
    {
        let domain = &domains[0];
        let mut discover = || delivery(domain, cache.get(domain), black_box(recheck));
        let times = calibrate(&mut discover);
        let time = median((0..ROUNDS).map(|_| nanos(&mut discover, times)));
        row(&format!("discovery {name} ns"), tenths(time), "< 1000")?;
        row(&format!("discovery {name}, allocations"), allocations(&mut discover), "0")?;
    }
    Ok(())
}

/// What the policy means for a host that it lists, with a valid certificate and without
/// STARTTLS.
fn verdicts(domain: &PolicyDomain) -> io::Result<()> {
    let policy: Policy = body(domain).parse().map_err(io::Error::other)?;
    let host = format!("mail.{domain}");
    let session = Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Valid);
    let outcomes =
        [("deliver", TlsOutcome::Established(session)), ("skip", TlsOutcome::NotOffered)];
    for (name, outcome) in outcomes {
        let mut judge =
            || Context::new(black_box(&host)).with_policy(&policy).demand().judge(&outcome);
        let times = calibrate(&mut judge);
        let time = median((0..ROUNDS).map(|_| nanos(&mut judge, times)));
        row(&format!("demand and verdict, {name} ns"), tenths(time), "")?;
        row(&format!("demand and verdict, {name}, allocations"), allocations(&mut judge), "")?;
    }
    Ok(())
}

fn tenths(value: f64) -> String {
    format!("{value:.1}")
}
