//! The world of the demonstration: DNS, policy hosts and MX hosts on loopback.

use core::time::Duration;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use mta_sts::client::resolver::Resolver;
use mta_sts::client::{Client, Stack};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::verifier::Verification;
use rustls::crypto::ring;

use self::world::World;

#[path = "../../tests/world/mod.rs"]
mod world;

/// How long a policy may take here, where one never comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The world, with all its domains furnished.
pub(crate) struct Demo {
    world: World,
    domains: Vec<PolicyDomain>,
    faults: HashMap<PolicyDomain, &'static str>,
}

impl Demo {
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let world = World::start().await;
        let (mut domains, mut faults) = (Vec::new(), HashMap::new());
        for domain in world.demo_domains() {
            let name = PolicyDomain::from_next_hop(domain.name)?;
            faults.insert(name.clone(), domain.fault);
            domains.push(name);
        }
        Ok(Self { world, domains, faults })
    }

    /// All domains, in their order.
    pub(crate) fn domains(&self) -> Vec<PolicyDomain> {
        self.domains.clone()
    }

    /// What is known to be wrong with each.
    pub(crate) fn faults(&self) -> HashMap<PolicyDomain, &'static str> {
        self.faults.clone()
    }

    /// A client that lives in the world.
    pub(crate) fn client(&self) -> Result<Client, Box<dyn Error>> {
        let resolver = Resolver::builder().with_server(self.world.dns_address()).build()?;
        let provider = Arc::new(ring::default_provider());
        let verification =
            Verification::new(provider, self.world.roots()).with_clock(self.world.clock().clone());
        let limits = FetchLimits::default().with_time(PATIENCE)?;
        let client = Stack::new(resolver, verification)
            .with_connector(self.world.network().clone())
            .with_guard(self.world.guard())
            .with_ehlo_name("probe.example.net".parse()?)
            .client()?
            .with_clock(self.world.clock().reading())
            .with_config(Config::default().with_limits(limits))
            .build();
        Ok(client)
    }
}
