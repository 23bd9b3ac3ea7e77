//! Many callers: each call is answered, and each policy is fetched once.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use mta_sts::client::{Advice, Answer, Client};
use mta_sts::failure::ReasonCode;
use tokio::task::JoinSet;

use crate::domains::{Fault, Size, client, domain, name, world};
use crate::world::World;

/// What was answered for the domains of a fault, and how often.
pub(crate) type Tally = BTreeMap<(Fault, Option<ReasonCode>), usize>;

/// How often each domain is asked for.
const ASKED: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_answered_and_each_policy_is_fetched_once() {
    let size = Size::wanted();
    let world = world(size.domains).await;
    let client = client(&world);
    let (before, start) = (resident("VmRSS"), Instant::now());
    let tally = call(&client, size).await;
    let (took, peak) = (start.elapsed(), resident("VmHWM"));

    let mut expected = Tally::new();
    for number in 0..size.domains {
        let fault = Fault::of(number);
        *expected.entry((fault, fault.reason())).or_default() += ASKED;
    }
    assert_eq!(tally, expected);
    assert_fetched_once(&world, size.domains);
    println!(
        "{} domains, {} callers, {} calls: {:.1} s; resident {before} KiB before, {peak} KiB at most",
        size.domains,
        size.callers,
        size.domains * ASKED,
        took.as_secs_f64(),
    );
    let grown = peak.saturating_sub(before);
    let bound = 32 * 1024 + 8 * size.domains;
    assert!(grown < bound, "{grown} KiB more, the servers included");
}

/// Lets the callers loose. They begin at different domains, several at the same.
pub(crate) async fn call(client: &Client, size: Size) -> Tally {
    let each = size.domains * ASKED / size.callers;
    let mut callers = JoinSet::new();
    for caller in 0..size.callers {
        let client = client.clone();
        callers.spawn(async move {
            let mut tally = Tally::new();
            for call in 0..each {
                let number = (caller * each + call) % size.domains;
                let answer = client.policy(&domain(number)).await.unwrap();
                *tally.entry((Fault::of(number), reason(&answer))).or_default() += 1;
            }
            tally
        });
    }
    let mut all = Tally::new();
    while let Some(tally) = callers.join_next().await {
        for (what, times) in tally.unwrap() {
            *all.entry(what).or_default() += times;
        }
    }
    all
}

/// Why there is no policy.
#[track_caller]
fn reason(answer: &Answer) -> Option<ReasonCode> {
    match answer.advice() {
        Advice::Enforce => None,
        Advice::Unknown => {
            assert_eq!(answer.unfinished(), None);
            Some(answer.outcome().unwrap().failure().unwrap().failure().reason_code())
        }
        other => panic!("{other:?}"),
    }
}

/// A fetch that fails is not repeated either: its failure is remembered.
fn assert_fetched_once(world: &World, domains: usize) {
    for number in 0..domains {
        let host = format!("mta-sts.{}", name(number));
        let asked = world.https().asked(&host);
        let (handshakes, requests) = match Fault::of(number) {
            Fault::Healthy | Fault::Slow => (1, 1),
            Fault::Certificate => (1, 0),
            Fault::Reset | Fault::Dns => (0, 0),
        };
        assert_eq!((asked.handshakes, asked.requests), (handshakes, requests), "{host}");
        if Fault::of(number) == Fault::Reset {
            assert_eq!(world.network().attempts_for(&host).len(), 1, "{host}");
        }
    }
}

/// What the system says of this process, in KiB; 0 where it does not (it is Linux's).
fn resident(what: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    number.map_or(0, |number| number.parse().unwrap())
}
