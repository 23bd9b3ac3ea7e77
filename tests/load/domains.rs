//! The domains of the load, and the client that asks for their policies.

use core::time::Duration;
use std::env;
use std::sync::Arc;

use mta_sts::client::https::HttpsClient;
use mta_sts::client::resolver::Resolver;
use mta_sts::client::{Client, ClientLimits, Dialer};
use mta_sts::failure::ReasonCode;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::verifier::Verification;
use rustls::crypto::ring;

use crate::world::{Answer, Certificate, ENFORCE, Https, Route, World};

/// How much is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) domains: usize,
    pub(crate) callers: usize,
}

impl Size {
    /// What the environment asks for.
    pub(crate) fn wanted() -> Self {
        match env::var("MTA_STS_LOAD").as_deref() {
            Ok("full") => Self { domains: 10_000, callers: 1_000 },
            _ => Self { domains: 400, callers: 80 },
        }
    }
}

/// What is wrong with a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Nothing.
    Healthy,
    /// Connections to the policy host are reset.
    Reset,
    /// The policy host sends octet by octet.
    Slow,
    /// The certificate of the policy host has expired.
    Certificate,
    /// DNS answers SERVFAIL.
    Dns,
}

impl Fault {
    /// Of the domain with that number: one in twenty has one.
    pub(crate) fn of(number: usize) -> Self {
        match (number % 20, number / 20 % 4) {
            (1.., _) => Self::Healthy,
            (0, 0) => Self::Reset,
            (0, 1) => Self::Slow,
            (0, 2) => Self::Certificate,
            (0, _) => Self::Dns,
        }
    }

    /// What a client finds, if there is no policy.
    pub(crate) const fn reason(self) -> Option<ReasonCode> {
        match self {
            Self::Healthy => None,
            Self::Reset => Some(ReasonCode::ConnectionFailed),
            Self::Slow => Some(ReasonCode::Timeout),
            Self::Certificate => Some(ReasonCode::CertificateExpired),
            Self::Dns => Some(ReasonCode::DnsServFail),
        }
    }
}

pub(crate) fn name(number: usize) -> String {
    format!("d{number}.example")
}

pub(crate) fn domain(number: usize) -> PolicyDomain {
    PolicyDomain::from_next_hop(&name(number)).unwrap()
}

/// A world of so many domains.
pub(crate) async fn world(domains: usize) -> World {
    let world = World::start().await;
    let resetting = Route::To(world.https().resetting());
    for number in 0..domains {
        let name = name(number);
        let domain = world.domain(&name);
        domain.sts("1", ENFORCE);
        match Fault::of(number) {
            Fault::Healthy => {}
            Fault::Reset => _ = domain.route_https(resetting),
            Fault::Slow => _ = domain.https(Https::slow_header()),
            Fault::Certificate => {
                domain.https(Https::policy(ENFORCE).with_certificate(Certificate::Expired));
            }
            Fault::Dns => _ = domain.txt_answer(Answer::ServFail),
        }
    }
    world
}

/// How long a fetch may take: longer than a healthy host does on a machine that is busy
/// with all of them, shorter than a slow one.
const FETCH: Duration = Duration::from_secs(5);

/// How long a discovery may wait for its turn: in this test none is to give up.
const WAIT: Duration = Duration::from_secs(300);

/// At most 100 discoveries at once: each takes two sockets of the client, and one of the
/// servers, which are in the same process.
const AT_ONCE: usize = 100;

pub(crate) fn client(world: &World) -> Client {
    let fetch = FetchLimits::default().with_time(FETCH).unwrap();
    let limits = ClientLimits::default().with_discoveries(AT_ONCE).with_wait(WAIT);
    Client::builder(resolver(world), https(world))
        .with_config(Config::default().with_limits(fetch))
        .with_limits(limits)
        .with_clock(world.clock().reading())
        .build()
}

fn https(world: &World) -> HttpsClient {
    let dialer = Dialer::new(Arc::new(resolver(world)))
        .with_connector(world.network().clone())
        .with_guard(world.guard());
    let verification = Verification::new(Arc::new(ring::default_provider()), world.roots())
        .with_clock(world.clock().clone());
    HttpsClient::new(dialer, verification).unwrap()
}

fn resolver(world: &World) -> Resolver {
    Resolver::builder().with_server(world.dns_address()).build().unwrap()
}
