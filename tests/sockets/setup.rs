//! A sender in a world, and what each test asks of it.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;

use mta_sts::client::https::HttpsClient;
use mta_sts::client::resolver::Resolver;
use mta_sts::client::{Advice, Answer, Client, ClientBuilder, Dialer};
use mta_sts::guard::Guard;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::verifier::Verification;
use rustls::crypto::ring;

use crate::world::{Domain, ENFORCE, Https, World};

/// How long it is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    answer_of_dns: Duration,
    fetch: Duration,
}

/// Long enough for whatever ends by itself, on a busy machine too.
pub(crate) const PATIENT: Patience =
    Patience { answer_of_dns: Duration::from_secs(10), fetch: Duration::from_secs(30) };

/// For what never ends: the least that can be set for a fetch, and less for DNS.
const IMPATIENT: Patience =
    Patience { answer_of_dns: Duration::from_millis(700), fetch: Duration::from_secs(1) };

pub(crate) struct Sender {
    pub(crate) world: World,
    pub(crate) client: Client,
    domains: AtomicUsize,
}

impl Sender {
    /// One that waits long enough.
    pub(crate) async fn new() -> Self {
        Self::configured(|builder| builder).await
    }

    /// One that does not wait for what never ends.
    pub(crate) async fn impatient() -> Self {
        let world = World::start().await;
        let client = builder(&world, world.guard(), IMPATIENT).build();
        Self::of(world, client)
    }

    /// One with the builder changed.
    pub(crate) async fn configured(change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let world = World::start().await;
        let client = change(builder(&world, world.guard(), PATIENT)).build();
        Self::of(world, client)
    }

    /// One with this guard.
    pub(crate) async fn guarded(guard: Guard) -> Self {
        let world = World::start().await;
        let client = builder(&world, guard, PATIENT).build();
        Self::of(world, client)
    }

    const fn of(world: World, client: Client) -> Self {
        Self { world, client, domains: AtomicUsize::new(0) }
    }

    /// A new domain in good order: `id` 1, and enforced.
    pub(crate) fn healthy(&self) -> Domain<'_> {
        let n = self.domains.fetch_add(1, Ordering::Relaxed);
        let domain = self.world.domain(&format!("domain-{n}.example"));
        domain.sts("1", ENFORCE);
        domain
    }

    /// A new domain in good order, whose policy the client has in its cache.
    pub(crate) async fn known(&self) -> Domain<'_> {
        let domain = self.healthy();
        let answer = self.answer(&domain).await;
        assert_eq!(answer.advice(), Advice::Enforce, "{:?}", report(&answer));
        domain
    }

    /// What the client says before a delivery.
    pub(crate) async fn answer(&self, domain: &Domain<'_>) -> Answer {
        self.client.policy(&policy_domain(domain)).await.unwrap()
    }

    /// How often the policy was asked for.
    pub(crate) fn requests(&self, domain: &Domain<'_>) -> usize {
        self.world.https().asked(&domain.policy_host()).requests
    }

    /// A policy host that does this has a policy.
    pub(crate) async fn https_fetches(&self, https: Https) {
        let domain = self.healthy();
        domain.https(https);
        let answer = self.answer(&domain).await;
        assert_eq!((answer.advice(), report(&answer)), (Advice::Enforce, None));
    }

    /// A fetch fails so, where the policy host does this.
    pub(crate) async fn https_fails(&self, https: Https, failure: &str) {
        let spoil = |domain: &Domain<'_>| {
            domain.https(https.clone());
        };
        self.fails(spoil, failure).await;
    }

    /// A fetch fails so, where `spoil` has spoilt it: it is reported, delivery goes on as
    /// without a policy; and if there is an unexpired one, that is applied all the same.
    pub(crate) async fn fails(&self, spoil: impl Fn(&Domain<'_>), failure: &str) {
        let domain = self.healthy();
        spoil(&domain);
        let answer = self.answer(&domain).await;
        assert_eq!(report(&answer).as_deref(), Some(failure), "first contact");
        assert_eq!(answer.advice(), Advice::Unknown, "{failure}: first contact");

        let domain = self.known().await;
        domain.txt(&["v=STSv1; id=2;"]);
        spoil(&domain);
        let answer = self.answer(&domain).await;
        assert_eq!(report(&answer).as_deref(), Some(failure), "a policy is cached");
        assert_eq!(answer.advice(), Advice::Enforce, "{failure}: a policy is cached");
        assert_eq!(answer.cached().unwrap().id().as_str(), "1", "{failure}");
    }

    /// The look for a record fails so, where `spoil` has spoilt it: the advice without a
    /// cached policy, where nothing is reported; and if there is one, it is applied, and
    /// the failure reported.
    pub(crate) async fn finds_no_record(
        &self,
        spoil: impl Fn(&Domain<'_>),
        advice: Advice,
        failure: &str,
    ) {
        let domain = self.healthy();
        spoil(&domain);
        let answer = self.answer(&domain).await;
        assert_eq!((answer.advice(), report(&answer)), (advice, None), "{failure}: first contact");
        let failed = answer.outcome().unwrap().failure().unwrap().failure();
        assert_eq!(failed.to_string(), failure, "first contact");
        assert_eq!(self.requests(&domain), 0, "{failure}: nothing is fetched");

        let domain = self.known().await;
        spoil(&domain);
        let answer = self.answer(&domain).await;
        assert_eq!(report(&answer).as_deref(), Some(failure), "a policy is cached");
        assert_eq!(answer.advice(), Advice::Enforce, "{failure}: a policy is cached");
    }
}

/// A client of the shipped parts, in the world.
pub(crate) fn builder(world: &World, guard: Guard, patience: Patience) -> ClientBuilder {
    let resolver = resolver(world, patience);
    let dialer = dialer(world, resolver.clone()).with_guard(guard);
    let https = HttpsClient::new(dialer, verification(world)).unwrap();
    let limits = FetchLimits::default().with_time(patience.fetch).unwrap();
    Client::builder(resolver, https)
        .with_config(Config::default().with_limits(limits))
        .with_clock(world.clock().reading())
}

/// One that keeps no answers: the world changes faster than they expire.
pub(crate) fn resolver(world: &World, patience: Patience) -> Resolver {
    Resolver::builder()
        .with_server(world.dns_address())
        .with_cache_size(0)
        .with_timeout(patience.answer_of_dns)
        .with_time(patience.answer_of_dns)
        .build()
        .unwrap()
}

/// One that connects within the world.
pub(crate) fn dialer(world: &World, resolver: Resolver) -> Dialer {
    Dialer::new(Arc::new(resolver))
        .with_connector(world.network().clone())
        .with_guard(world.guard())
}

/// What the world trusts, at its time.
pub(crate) fn verification(world: &World) -> Verification {
    Verification::new(Arc::new(ring::default_provider()), world.roots())
        .with_clock(world.clock().clone())
}

pub(crate) fn policy_domain(domain: &Domain<'_>) -> PolicyDomain {
    PolicyDomain::from_next_hop(domain.name()).unwrap()
}

/// What the answer has for a report.
pub(crate) fn report(answer: &Answer) -> Option<String> {
    answer.report().map(|report| report.failure().to_string())
}
