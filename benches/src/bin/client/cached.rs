//! Answers from the cache: by the client, and by the bare cache.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use mta_sts::cache::PolicyCache;
use mta_sts::client::{
    Advice, BoxFuture, Client, Fetched, Lookup, PolicyFetch, Response, TxtLookup, TxtRecord,
};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::PolicyRequest;
use mta_sts::txt::DnsFailure;
use mta_sts_benches::inputs::STS_RECORD;
use mta_sts_benches::remembered::{AN_HOUR, body, domain, fetched, now};
use tokio::runtime::Builder;

use crate::{Failure, Turn};

/// How many domains are cached.
const CACHED: usize = 10_000;

/// How many answers each thread asks for in a turn.
const ASKED: u32 = 100_000;

/// Has no factor in common with the number of domains.
const STRIDE: usize = 7_919;

/// So many threads ask the same client, or the same cache.
pub(crate) fn compare(threads: u32, rounds: usize) -> Result<(), Failure> {
    let domains: Vec<_> = (0..CACHED).map(domain).collect();
    let (client, cache) = (client(&domains)?, cache(&domains));
    crate::compare(
        &format!("cached answers, threads: {threads}"),
        ASKED * threads,
        rounds,
        || turn(threads, &domains, async |domain| is_cached(&client, domain).await),
        || turn(threads, &domains, async |domain| cache.get(domain).unexpired(now()).is_some()),
    )?;
    Ok(())
}

/// Each thread begins somewhere else, and asks in an order that no processor guesses.
fn turn(
    threads: u32,
    domains: &[PolicyDomain],
    ask: impl AsyncFn(&PolicyDomain) -> bool + Sync,
) -> Result<Turn, Failure> {
    let starts: Vec<usize> =
        (0..threads).zip((0..CACHED).step_by(CACHED / 2)).map(|(_, at)| at).collect();
    let ready = Barrier::new(starts.len() + 1);
    let asking = |start: usize| {
        let runtime = Builder::new_current_thread().build().expect("a runtime without a driver");
        ready.wait();
        runtime.block_on(async {
            let mut found = 0;
            for number in (start..).zip(0..ASKED).map(|(number, _)| number) {
                found += u32::from(ask(&domains[number * STRIDE % CACHED]).await);
            }
            assert_eq!(found, ASKED, "all of them are cached");
        });
    };
    thread::scope(|scope| {
        let asking = &asking;
        let threads: Vec<_> =
            starts.iter().map(|start| scope.spawn(move || asking(*start))).collect();
        ready.wait();
        let start = Instant::now();
        for thread in threads {
            thread.join().map_err(|_| "an answer is missing")?;
        }
        Ok(Turn { wall: start.elapsed().as_secs_f64(), cpu: f64::NAN })
    })
}

async fn is_cached(client: &Client, domain: &PolicyDomain) -> bool {
    let answer = client.policy(domain).await;
    answer.is_ok_and(|answer| answer.advice() == Advice::Enforce)
}

/// A client that has looked for all of them, and looks at no record within the hour.
fn client(domains: &[PolicyDomain]) -> Result<Client, Failure> {
    let config = Config::default().with_recheck(AN_HOUR);
    let client = Client::builder(Canned, Canned).with_config(config).with_clock(now).build();
    let runtime = Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        for domain in domains {
            assert!(is_cached(&client, domain).await, "it has a policy");
        }
    });
    Ok(client)
}

fn cache(domains: &[PolicyDomain]) -> PolicyCache {
    let cache = PolicyCache::default();
    for domain in domains {
        let evicted = cache.apply(domain, &fetched(domain), now());
        assert!(evicted.is_empty(), "there is room for all");
    }
    cache
}

/// A network that always answers the same.
struct Canned;

impl TxtLookup for Canned {
    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
        Box::pin(async { Ok(Lookup::found([vec![STS_RECORD.into()]])) })
    }
}

impl PolicyFetch for Canned {
    fn fetch<'a>(&'a self, request: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        let body = body(request.domain()).into_bytes();
        let response = Response::new(200, body).with_field("Content-Type", "text/plain");
        Box::pin(async { Ok(response).into() })
    }
}
