//! Discoveries over loopback, by the client and by the bare libraries.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use mta_sts::certificate;
use mta_sts::client::https::HttpsClient;
use mta_sts::client::resolver::Resolver;
use mta_sts::client::{Advice, BoxFuture, Client, ClientLimits, Connect, Dialer};
use mta_sts::guard::Guard;
use mta_sts::sts::PolicyDomain;
use mta_sts::verifier::Verification;
use mta_sts_benches::bare::Bare;
use mta_sts_benches::loopback::{self, POLICY, Servers};
use rustls::crypto::ring;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::processes::start;
use crate::{Failure, Side, Turn};

/// How many domains are looked for at once.
const AT_ONCE: usize = 64;

/// The ratio.
pub(crate) fn compare(domains: u32, rounds: usize) -> Result<f64, Failure> {
    let (_process, servers) = start(domains)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    crate::compare(
        "discoveries",
        domains,
        rounds,
        || ours(&runtime, &servers, domains),
        || theirs(&runtime, &servers, domains),
    )
}

/// One side alone.
pub(crate) fn run(side: Side, domains: u32, rounds: usize) -> Result<(), Failure> {
    let (_process, servers) = start(domains)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for _ in 0..rounds {
        match side {
            Side::Ours => ours(&runtime, &servers, domains)?,
            Side::Theirs => theirs(&runtime, &servers, domains)?,
        };
    }
    Ok(())
}

/// A client that knows nothing looks for all of them.
fn ours(runtime: &Runtime, servers: &Servers, domains: u32) -> Result<Turn, Failure> {
    let client = client(servers)?;
    turn(runtime, domains, move |number| {
        let client = client.clone();
        async move {
            let domain = PolicyDomain::from_next_hop(&loopback::domain(number))?;
            let answer = client.policy(&domain).await?;
            match answer.advice() {
                Advice::Enforce => Ok(()),
                other => Err(Failure::from(format!("{domain}: {other:?}"))),
            }
        }
    })
}

fn theirs(runtime: &Runtime, servers: &Servers, domains: u32) -> Result<Turn, Failure> {
    let bare = Bare::new(servers)?;
    turn(runtime, domains, move |number| {
        let bare = bare.clone();
        async move {
            let body = bare.get(&loopback::domain(number)).await?;
            if body == POLICY { Ok(()) } else { Err("another body".into()) }
        }
    })
}

/// Runs it for each domain, so many at once.
fn turn<F>(runtime: &Runtime, domains: u32, operation: impl Fn(u32) -> F) -> Result<Turn, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let all = async {
        let mut running = JoinSet::new();
        for number in 0..domains {
            if running.len() == AT_ONCE
                && let Some(done) = running.join_next().await
            {
                done??;
            }
            running.spawn(operation(number));
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    };
    Turn::of(|| runtime.block_on(all))
}

fn client(servers: &Servers) -> Result<Client, Failure> {
    let resolver = || {
        let server = (Ipv4Addr::LOCALHOST, servers.dns).into();
        Resolver::builder().with_server(server).with_cache_size(0).build()
    };
    let dialer = Dialer::new(Arc::new(resolver()?))
        .with_guard(Guard::default().permit("127.0.0.1/32".parse()?))
        .with_connector(Arc::new(Port(servers.https)));
    let root = certificate::trust_anchor(&servers.root)?.to_owned();
    let verification = Verification::new(Arc::new(ring::default_provider()), [root]);
    let https = HttpsClient::new(dialer, verification)?;
    let limits = ClientLimits::default().with_discoveries(AT_ONCE);
    Ok(Client::builder(resolver()?, https).with_limits(limits).build())
}

/// Port 443 is this.
struct Port(u16);

impl Connect for Port {
    fn connect<'a>(
        &'a self,
        _host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(TcpStream::connect((address.ip(), self.0)))
    }
}
