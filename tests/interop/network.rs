//! The client as a sender has it, over unbound, nginx and Postfix: names come from
//! unbound, and ports are those that the servers have got.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mta_sts::client::https::HttpsClient;
use mta_sts::client::resolver::Resolver;
use mta_sts::client::{Answer, BoxFuture, Client, ClientLimits, Connect, Dialer};
use mta_sts::domain::DomainName;
use mta_sts::failure::{ReasonCode, ResultType};
use mta_sts::guard::Guard;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::discovery::Config;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::verifier::Verification;
use rustls::crypto::ring;
use tokio::net::TcpStream;

use crate::certificates::Authority;
use crate::nginx::{Nginx, Site};
use crate::unbound::Unbound;

/// The ports of the hosts, which listen on loopback. The guard permits these hosts and no
/// other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts(HashMap<String, u16>);

impl Hosts {
    pub(crate) fn with(mut self, host: impl Into<String>, port: u16) -> Self {
        self.0.insert(host.into(), port);
        self
    }

    pub(crate) fn of(nginx: &Nginx, sites: &[Site]) -> Self {
        let hosts = sites.iter().map(|site| (site.host(), nginx.port(site.port)));
        Self(hosts.collect())
    }

    pub(crate) fn dialer(&self, unbound: &Unbound) -> Dialer {
        let names = self.0.keys().map(|host| DomainName::parse(host).unwrap());
        let guard = names.fold(Guard::default(), |guard, host| guard.permit_host(&host));
        Dialer::new(Arc::new(resolver(unbound)))
            .with_guard(guard)
            .with_connector(Arc::new(self.clone()))
    }
}

impl Connect for Hosts {
    fn connect<'a>(
        &'a self,
        host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>> {
        let port = self.0.get(host).copied().unwrap_or(address.port());
        Box::pin(TcpStream::connect((address.ip(), port)))
    }
}

pub(crate) fn resolver(unbound: &Unbound) -> Resolver {
    let server = (Ipv4Addr::LOCALHOST, unbound.port()).into();
    Resolver::builder().with_server(server).with_cache_size(0).build().unwrap()
}

pub(crate) fn verification(authority: &Authority) -> Verification {
    let root = authority.root();
    let anchor = webpki::anchor_from_trusted_cert(&root).unwrap().to_owned();
    Verification::new(Arc::new(ring::default_provider()), [anchor])
}

pub(crate) fn https(dialer: Dialer, authority: &Authority) -> HttpsClient {
    HttpsClient::new(dialer, verification(authority)).unwrap()
}

/// With time-outs that are short for a sender and long for loopback.
pub(crate) fn client(unbound: &Unbound, https: HttpsClient) -> Client {
    let limits = FetchLimits::default().with_time(Duration::from_secs(5)).unwrap();
    Client::builder(resolver(unbound), https)
        .with_config(Config::default().with_limits(limits))
        .with_limits(ClientLimits::default().with_txt(Duration::from_secs(5)))
        .build()
}

pub(crate) async fn ask(client: &Client, domain: &str) -> Answer {
    let domain = PolicyDomain::from_next_hop(domain).unwrap();
    client.policy(&domain).await.unwrap()
}

/// What is reported of a fetch that failed; nothing is applied then.
#[track_caller]
pub(crate) fn reported(answer: &Answer) -> (ResultType, ReasonCode) {
    assert_eq!(answer.policy(), None);
    let failure = answer.report().unwrap().failure();
    (failure.result_type(), failure.reason_code())
}
