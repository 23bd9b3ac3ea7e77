//! The world of the demonstration: DNS, policy hosts and MX hosts on loopback.

use core::time::Duration;
use std::error::Error;
use std::sync::Arc;

use mta_sts::client::Stack;
use mta_sts::client::resolver::Resolver;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::verifier::Verification;
use rustls::crypto::ring;

use self::world::World;
use crate::gather::{Found, gather};

#[path = "../../tests/world/mod.rs"]
mod world;

/// How long a policy may take here, where one never comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at all domains of the world.
pub(crate) async fn run() -> Result<Vec<Found>, Box<dyn Error>> {
    let world = World::start().await;
    let mut domains = Vec::new();
    for domain in world.demo_domains() {
        domains.push((PolicyDomain::from_next_hop(domain.name)?, Some(domain.fault)));
    }
    let resolver = Resolver::builder().with_server(world.dns_address()).build()?;
    let provider = Arc::new(ring::default_provider());
    let verification = Verification::new(provider, world.roots()).with_clock(world.clock().clone());
    let limits = FetchLimits::default().with_time(PATIENCE)?;
    let client = Stack::new(resolver, verification)
        .with_connector(world.network().clone())
        .with_guard(world.guard())
        .with_ehlo_name("probe.example.net".parse()?)
        .client()?
        .with_clock(world.clock().reading())
        .with_config(Config::default().with_limits(limits))
        .build();
    Ok(gather(&client, domains).await)
}
