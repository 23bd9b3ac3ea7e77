//! Audits of the domains of the embedded world, over sockets: every code is produced,
//! what is proposed mends, and audits and senders agree.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use mta_sts::audit::{Audit, Auditor, Code, Corrected, Severity, State, Subject, Verdict, audit};
use mta_sts::client::resolver::Resolver;
use mta_sts::client::{Advice, Client, Stack};
use mta_sts::observations::Observations;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::sts::{Mode, PolicyDomain};
use mta_sts::verifier::Verification;
use rustls::crypto::ring;
use tokio::task::JoinSet;

use self::world::{Domain, Https, Smtp, World};

#[path = "world/mod.rs"]
mod world;

/// How long a policy may take here, where one never comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client that has asked nothing yet.
fn client(world: &World) -> Client {
    let resolver = Resolver::builder().with_server(world.dns_address()).build().unwrap();
    let provider = Arc::new(ring::default_provider());
    let verification = Verification::new(provider, world.roots()).with_clock(world.clock().clone());
    let limits = FetchLimits::default().with_time(PATIENCE).unwrap();
    Stack::new(resolver, verification)
        .with_connector(world.network().clone())
        .with_guard(world.guard())
        .with_ehlo_name("probe.example.net".parse().unwrap())
        .client()
        .unwrap()
        .with_clock(world.clock().reading())
        .with_config(Config::default().with_limits(limits))
        .build()
}

fn name(domain: &str) -> PolicyDomain {
    PolicyDomain::from_next_hop(domain).unwrap()
}

async fn look(world: &World, domain: &str) -> Observations {
    client(world).observe(&name(domain)).await
}

/// Looks at all of them at once.
async fn look_at_all(world: &World, domains: &[&'static str]) -> Vec<Observations> {
    let client = client(world);
    let mut tasks = JoinSet::new();
    for domain in domains {
        let (client, domain) = (client.clone(), name(domain));
        tasks.spawn(async move { client.observe(&domain).await });
    }
    tasks.join_all().await
}

fn codes(audit: &Audit) -> Vec<Code> {
    audit.findings().iter().map(|finding| finding.code()).collect()
}

/// All domains of the demonstration.
fn demo(world: &World) -> Vec<&'static str> {
    world.demo_domains().iter().map(|domain| domain.name).collect()
}

#[tokio::test]
async fn aud_2_every_code_is_produced() {
    let world = World::start().await;
    let domains = demo(&world);
    let mut found: BTreeSet<Code> =
        look_at_all(&world, &domains).await.iter().flat_map(|seen| codes(&audit(seen))).collect();

    // A policy that takes more than ten seconds; nobody wants to wait for one here.
    let seen = look(&world, "healthy.example").await;
    let slow = seen.fetch().unwrap().clone().with_took(Duration::from_secs(11));
    found.extend(codes(&audit(&seen.with_fetch(slow))));

    found.extend(changes(&world).await);
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !found.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What a domain does next.
type Step = fn(&Domain<'_>);

/// The codes that a domain comes to have in the course of time.
async fn changes(world: &World) -> Vec<Code> {
    const POLICY: &str =
        "version: STSv1\r\nmode: enforce\r\nmx: mx.moving.example\r\nmax_age: 604800\r\n";
    let domain = world.domain("moving.example");
    domain.mx("mx.moving.example", Smtp::valid());
    let mut earlier = look(world, domain.name()).await;
    let mut found = Vec::new();
    let steps: [(Code, Step); 5] = [
        (Code::ChangeEnforceAtOnce, |domain| {
            domain.sts("1", POLICY);
        }),
        (Code::ChangeIdOnly, |domain| {
            domain.sts("2", POLICY);
        }),
        (Code::ChangeIdKept, |domain| {
            domain.sts("2", &POLICY.replace("604800", "864000"));
        }),
        (Code::ChangeWeakened, |domain| {
            domain.sts("3", &POLICY.replace("enforce", "testing"));
        }),
        (Code::ChangeRemoved, |domain| {
            domain.strip_txt();
        }),
    ];
    for (code, change) in steps {
        change(&domain);
        world.clock().advance(Duration::from_secs(3_600));
        let seen = look(world, domain.name()).await;
        let made = codes(&Auditor::new().with_earlier(&earlier).audit(&seen));
        assert!(made.contains(&code), "{code}: {made:?}");
        assert!(!codes(&audit(&seen)).contains(&code), "{code}");
        found.extend(made);
        earlier = seen;
    }
    found
}

#[tokio::test]
async fn aud_2_what_runs_out_is_told_before_and_after() {
    let world = World::start().await;
    demo(&world);
    let domain = "mx-expires-soon.example";
    assert_eq!(codes(&audit(&look(&world, domain).await)), [Code::MxExpiresSoon]);
    world.clock().advance(Duration::from_secs(11 * 86_400));
    let late = audit(&look(&world, domain).await);
    assert_eq!(codes(&late), [Code::MxExpired]);
    assert_eq!(late.verdict(), Verdict::AllRefused);
}

/// Who publishes all that is proposed, and looks again, comes to an end, and what was
/// proposed for is gone.
#[tokio::test]
async fn aud_1_what_is_proposed_mends() {
    const ROUNDS: usize = 3;

    let world = World::start().await;
    let mut domains = demo(&world);
    let mut mended = 0;
    for _ in 0..ROUNDS {
        let mut left = Vec::new();
        for seen in look_at_all(&world, &domains).await {
            let audit = audit(&seen);
            if publish(&world, &audit) > 0 {
                left.push(domains.iter().copied().find(|one| *one == audit.domain().as_str()));
                mended += 1;
            }
        }
        domains = left.into_iter().flatten().collect();
    }
    assert!(mended > 30, "{mended}");
    assert_eq!(domains, [""; 0], "there is always something to publish");
}

/// Publishes what is proposed; how many texts.
fn publish(world: &World, audit: &Audit) -> usize {
    let domain = world.domain(audit.domain().as_str());
    let proposed = audit.findings().iter().filter_map(|finding| finding.corrected());
    for corrected in proposed.clone() {
        match corrected {
            Corrected::StsRecord(text) => {
                world.dns().remove(&domain.record_name());
                domain.txt(&[text]);
            }
            Corrected::TlsrptRecord(text) => {
                world.dns().remove(&domain.tlsrpt_name());
                domain.tlsrpt(&[text]);
                world.dns().set_ttl(&domain.tlsrpt_name(), 86_400);
            }
            Corrected::Policy(text) => {
                domain.https(Https::policy(text));
            }
            other => panic!("{other:?}"),
        }
    }
    proposed.count()
}

/// What the audit says is what happens to a sender.
#[tokio::test]
async fn aud_4_audits_and_senders_agree() {
    let world = World::start().await;
    let client = client(&world);
    let mut tasks = JoinSet::new();
    for domain in demo(&world) {
        let (client, domain) = (client.clone(), name(domain));
        tasks.spawn(async move {
            let (seen, answer) = tokio::join!(client.observe(&domain), client.policy(&domain));
            (domain, seen, answer.unwrap().advice())
        });
    }
    for (domain, seen, advice) in tasks.join_all().await {
        let is_applied = matches!(advice, Advice::Enforce | Advice::Test);
        let mode = seen.fetch().unwrap().policy(&domain).map(|policy| policy.mode());
        let audit = audit(&seen);
        match audit.verdict() {
            Verdict::Broken | Verdict::Absent | Verdict::Unknown | Verdict::Withdrawn => {
                assert!(!is_applied, "{domain}: {advice:?}");
            }
            Verdict::Testing | Verdict::TestingFaulty => {
                assert_eq!((advice, mode), (Advice::Test, Ok(Mode::Testing)), "{domain}");
            }
            _ => assert_eq!((advice, mode), (Advice::Enforce, Ok(Mode::Enforce)), "{domain}"),
        }
        let policy = audit.checks().iter().find(|check| check.subject() == Subject::Policy);
        let fails = policy.is_some_and(|check| check.state() == State::Fail);
        assert_eq!(fails, seen.fetch().unwrap().policy(&domain).is_err(), "{domain}");
    }
}

/// An error is what makes a sender refuse, or have no policy; a healthy domain has none.
#[tokio::test]
async fn aud_1_errors_are_what_harms() {
    let world = World::start().await;
    for seen in look_at_all(&world, &demo(&world)).await {
        let audit = audit(&seen);
        let is_harmed = matches!(
            audit.verdict(),
            Verdict::Broken
                | Verdict::Absent
                | Verdict::Unknown
                | Verdict::Faulty
                | Verdict::SomeRefused
                | Verdict::TestingFaulty
        );
        let is_error = audit.worst() == Some(Severity::Error);
        // A host that refuses STARTTLS for now refuses all mail, and may be well tomorrow.
        if audit.verdict() != Verdict::AllRefused {
            assert_eq!(is_error, is_harmed, "{}: {:?}", audit.domain(), codes(&audit));
        }
        let points: u8 = audit.score().parts().iter().map(|part| part.got()).sum();
        assert_eq!(points, audit.score().total(), "{}", audit.domain());
    }
}
