//! A world to run the client in: DNS, policy hosts and MX hosts in this process, on
//! loopback, with ports of the kernel's choice, a certification authority that is thrown
//! away, and a clock that stands still. Tests and examples share it by
//! `#[path = "..."] mod world;`; it is no public API.
//!
//! ```ignore
//! let world = World::start().await;
//! let domain = world.domain("a.example");
//! domain.sts("1", ENFORCE).mx("mx.a.example", Smtp::valid());
//! // ... the client finds the policy; and later:
//! domain.strip_txt();
//! domain.https(Https::status(404));
//! ```
//!
//! Hosts have addresses that are for documentation and never routed; the [`Network`] leads
//! connections to them to loopback and refuses all others.

#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "it is for tests, and each uses another part of it"
)]

mod certificates;
mod clock;
mod demo;
mod dns;
mod domain;
mod https;
mod network;
mod script;
mod smtp;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::sync::atomic::{AtomicU16, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mta_sts::guard::Guard;
use rustls_pki_types::{CertificateDer, TrustAnchor};

use self::smtp::SmtpServer;
#[allow(unused_imports, reason = "each uses another part of the world")]
pub(crate) use self::{
    certificates::{Authority, Certificate},
    clock::{Clock, START},
    demo::DemoDomain,
    dns::{Answer, Dns, TTL},
    domain::{Domain, ENFORCE},
    https::{Asked, Https, HttpsServer, TEXT_PLAIN},
    network::{Network, Route},
    script::{SLOW, Step},
    smtp::{Smtp, Spoken},
};

/// The prefixes that the hosts of the world have their addresses of (RFC 5737, RFC 3849).
pub(crate) const PREFIXES: [&str; 4] =
    ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];

/// All servers stop when it is dropped.
pub(crate) struct World {
    clock: Arc<Clock>,
    network: Arc<Network>,
    authority: Arc<Authority>,
    dns: Dns,
    https: HttpsServer,
    smtp: Mutex<HashMap<String, SmtpServer>>,
    ipv6_hosts: AtomicU16,
    ipv4_hosts: AtomicU16,
}

impl World {
    pub(crate) async fn start() -> Self {
        let authority = Arc::new(Authority::new());
        Self {
            clock: Arc::new(Clock::new()),
            network: Arc::default(),
            dns: Dns::start().await,
            https: HttpsServer::start(authority.clone()),
            authority,
            smtp: Mutex::default(),
            ipv6_hosts: AtomicU16::new(0),
            ipv4_hosts: AtomicU16::new(0),
        }
    }

    /// A domain of the world, to be furnished. Naming it makes nothing.
    pub(crate) fn domain(&self, name: &str) -> Domain<'_> {
        Domain::new(self, name)
    }

    pub(crate) const fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// The zone of all names.
    pub(crate) const fn dns(&self) -> &Dns {
        &self.dns
    }

    /// The server that clients ask, by UDP and TCP.
    pub(crate) const fn dns_address(&self) -> SocketAddr {
        self.dns.address()
    }

    /// What connects the clients.
    pub(crate) const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The policy hosts.
    pub(crate) const fn https(&self) -> &HttpsServer {
        &self.https
    }

    /// What clients trust.
    pub(crate) fn roots(&self) -> Vec<TrustAnchor<'static>> {
        self.authority.roots()
    }

    /// The same as a certificate.
    pub(crate) fn root_der(&self) -> CertificateDer<'static> {
        self.authority.root_der()
    }

    /// The guard of clients that may connect to the hosts of the world: the default one,
    /// and it permits [`PREFIXES`].
    pub(crate) fn guard(&self) -> Guard {
        PREFIXES
            .iter()
            .fold(Guard::default(), |guard, prefix| guard.permit(prefix.parse().unwrap()))
    }

    /// An IPv6 address that no host has yet, in a /48 that no other host has.
    pub(crate) fn new_ipv6(&self) -> IpAddr {
        let host = self.ipv6_hosts.fetch_add(1, Ordering::Relaxed);
        Ipv6Addr::new(0x2001, 0xdb8, host, 0, 0, 0, 0, 1).into()
    }

    /// An IPv4 address that no host has yet; there are some 760.
    pub(crate) fn new_ipv4(&self) -> IpAddr {
        let [net, host] = self.ipv4_hosts.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let [a, b, c] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]][usize::from(net)];
        Ipv4Addr::new(a, b, c, host).into()
    }

    /// What an MX host does from now on, and where: the first time it gets an address of
    /// each family.
    pub(crate) fn mx_host(&self, name: &str, smtp: Smtp) {
        let mut servers = self.smtp.lock().unwrap();
        if let Some(server) = servers.get(name) {
            return server.set(smtp);
        }
        let server = SmtpServer::start(name, smtp, self.authority.clone());
        let addresses = [self.new_ipv6(), self.new_ipv4()];
        for address in addresses {
            self.network.route((address, 25).into(), Route::To(server.address()));
        }
        self.dns.set_addresses(name, &addresses);
        servers.insert(name.to_owned(), server);
    }

    /// What was asked of an MX host.
    pub(crate) fn spoken(&self, mx_host: &str) -> Spoken {
        self.smtp.lock().unwrap().get(mx_host).map(SmtpServer::spoken).unwrap_or_default()
    }
}
