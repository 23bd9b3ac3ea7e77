//! The client, with faults at random: what was fetched and has not expired is always applied.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mta_sts::client::{
    BoxFuture, Client, ClientLimits, FetchError, Fetched, Lookup, PolicyFetch, Response, TxtLookup,
    TxtRecord,
};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::FetchRate;
use mta_sts::sts::discovery::{Config, Recheck};
use mta_sts::sts::fetch::{PolicyRequest, TransportFailure};
use mta_sts::txt::DnsFailure;
use rustls_pki_types::UnixTime;
use tokio::task::{JoinSet, yield_now};

use self::world::domain;

/// Fails at random, and numbers the policies that it gives away.
#[derive(Clone)]
struct Chaos(Arc<State>);

struct State {
    seed: AtomicU64,
    now: AtomicU64,
    fetches: AtomicU64,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        world::hush();
        let (now, fetches) = (AtomicU64::new(1_800_000_000), AtomicU64::new(0));
        Self(Arc::new(State { seed: AtomicU64::new(seed), now, fetches }))
    }

    /// A number below `below`, by SplitMix64.
    fn random(&self, below: u64) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.seed.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    async fn dawdle(&self) {
        for _ in 0..self.random(5) {
            yield_now().await;
        }
        if self.random(10) == 0 {
            tokio::time::sleep(Duration::from_millis(self.random(4))).await;
        }
    }

    fn client(&self) -> Client {
        let clock = self.clone();
        let config = Config::default()
            .with_rate(FetchRate::new(3_600, 3_600))
            .with_recheck(Recheck::After(Duration::from_secs(30)));
        let limits = ClientLimits::default()
            .with_discoveries(3)
            .with_domains(5)
            .with_wait(Duration::from_millis(2))
            .with_txt(Duration::from_millis(5));
        Client::builder(self.clone(), self.clone())
            .with_config(config)
            .with_limits(limits)
            .with_clock(move || {
                let secs = clock.0.now.load(Ordering::SeqCst);
                UnixTime::since_unix_epoch(Duration::from_secs(secs))
            })
            .with_events(|event| {
                let _shown = event.to_string();
                panic!("the operator panics on purpose");
            })
            .build()
    }
}

impl TxtLookup for Chaos {
    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
        assert!(self.random(30) > 0, "the resolver panics on purpose");
        Box::pin(async move {
            self.dawdle().await;
            match self.random(10) {
                0 => Ok(Lookup::nxdomain()),
                1 => Ok(Lookup::found([vec![b"v=STSv1".to_vec()]])),
                2 => Err(DnsFailure::ServFail),
                3 => std::future::pending().await,
                4 => panic!("the resolver panics on purpose"),
                id => Ok(Lookup::found([vec![format!("v=STSv1; id={id};").into_bytes()]])),
            }
        })
    }
}

impl PolicyFetch for Chaos {
    fn fetch<'a>(&'a self, _: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        Box::pin(async move {
            self.dawdle().await;
            let body = match self.random(10) {
                0 => return Err(TransportFailure::Connection.into()).into(),
                1 => return Err(FetchError::Busy).into(),
                2 => panic!("the fetcher panics on purpose"),
                3 => "nonsense".to_owned(),
                _ => {
                    let number = self.0.fetches.fetch_add(1, Ordering::SeqCst);
                    let mode = if number.is_multiple_of(2) { "enforce" } else { "testing" };
                    format!(
                        "version: STSv1\nmode: {mode}\nmx: mx.example\nmax_age: 31557600\nn: {number}\n"
                    )
                }
            };
            let response = Response::new(200, body.into_bytes());
            Ok(response.with_field("Content-Type", "text/plain")).into()
        })
    }
}

/// The number of the policy.
fn number(answer: &mta_sts::client::Answer) -> Option<u64> {
    let number = answer.policy()?.extensions().find(|(name, _)| *name == "n");
    Some(number.expect("a policy of ours").1.parse().unwrap())
}

/// What is known at least of each domain: the number of its newest policy, and one.
type Floors = Arc<Vec<AtomicU64>>;

async fn deliver(chaos: Chaos, client: Client, domains: Arc<Vec<PolicyDomain>>, floors: Floors) {
    for _ in 0..200 {
        let at = usize::try_from(chaos.random(u64::try_from(domains.len()).unwrap())).unwrap();
        let floor = floors[at].load(Ordering::SeqCst);
        let call = async {
            match chaos.random(12) {
                0 => client.refresh(&domains[at]).await,
                1 => client.final_check(&domains[at]).await,
                2 => client.known(&domains[at]).await,
                _ => client.policy(&domains[at]).await,
            }
        };
        let patience = Duration::from_millis(if chaos.random(4) == 0 { 1 } else { 60_000 });
        let Ok(answer) = tokio::time::timeout(patience, call).await else { continue };
        let found = number(&answer.unwrap()).map_or(0, |number| number + 1);
        assert!(found >= floor, "{}: {found} after {floor}", domains[at]);
        floors[at].fetch_max(found, Ordering::SeqCst);
        if chaos.random(20) == 0 {
            chaos.0.now.fetch_add(chaos.random(200), Ordering::SeqCst);
        }
    }
}

#[test]
fn dis_2_no_interleaving_of_faults_weakens_a_policy() {
    for seed in 0..4 {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_time()
            .build()
            .unwrap();
        let chaos = Chaos::new(seed);
        let domains: Vec<_> = (0..8).map(|n| domain(&format!("d{n}.example"))).collect();
        let domains = Arc::new(domains);
        let floors: Floors = Arc::new((0..8).map(|_| AtomicU64::new(0)).collect());
        runtime.block_on(async {
            let client = chaos.client();
            let mut senders = JoinSet::new();
            for _ in 0..16 {
                senders.spawn(deliver(
                    chaos.clone(),
                    client.clone(),
                    Arc::clone(&domains),
                    Arc::clone(&floors),
                ));
            }
            while let Some(sender) = senders.join_next().await {
                sender.unwrap();
            }
        });
        let known = floors.iter().filter(|floor| floor.load(Ordering::SeqCst) > 0).count();
        assert!(known >= 6, "seed {seed}: only {known} domains have got a policy");
    }
}
