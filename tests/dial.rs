//! From the name of a host to a connection: FET-7, and what connecting may cost.
//!
//! The clock is tokio's, paused: it moves when everybody waits. The connections are real,
//! but they are there before they are asked for.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mta_sts::client::{
    AddressLookup, BoxFuture, Connect, Connection, DialFailure, DialLimits, Dialer, FetchError,
    Lookup,
};
use mta_sts::guard::Guard;
use mta_sts::sts::fetch::TransportFailure;
use mta_sts::tlsrpt::submit::SubmitFailure;
use mta_sts::txt::DnsFailure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use Answer::{Accepts, NoFiles, Refuses, Silence};

const HOST: &str = "mta-sts.example.com";

/// What an address does when it is connected to.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Accepts,
    Refuses,
    NoFiles,
    Silence,
}

/// DNS and the network: what is asked of it, and what it answers.
struct World {
    dns: Result<Vec<IpAddr>, DnsFailure>,
    answers: HashMap<IpAddr, Answer>,
    listener: TcpListener,
    looked_up: Mutex<Vec<String>>,
    connected: Mutex<Vec<SocketAddr>>,
}

impl World {
    /// The addresses of the host, in the order of the answer.
    fn of(addresses: &[(&str, Answer)]) -> Arc<Self> {
        let addresses = addresses.iter().map(|(address, answer)| (ip(address), *answer));
        Self::with(Ok(addresses.clone().map(|(address, _)| address).collect()), addresses.collect())
    }

    fn with(dns: Result<Vec<IpAddr>, DnsFailure>, answers: HashMap<IpAddr, Answer>) -> Arc<Self> {
        Arc::new(Self {
            dns,
            answers,
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            looked_up: Mutex::default(),
            connected: Mutex::default(),
        })
    }

    fn dialer(self: &Arc<Self>) -> Dialer {
        Dialer::new(self.clone()).with_connector(self.clone())
    }

    /// The addresses connected to since the last time.
    fn connected(&self) -> Vec<String> {
        let connected = std::mem::take(&mut *self.connected.lock().unwrap());
        connected.iter().map(|address| address.ip().to_string()).collect()
    }

    fn stream(&self) -> TcpStream {
        let stream = std::net::TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        stream.set_nonblocking(true).unwrap();
        TcpStream::from_std(stream).unwrap()
    }
}

impl AddressLookup for World {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        self.looked_up.lock().unwrap().push(host.to_owned());
        let found = self.dns.clone().map(Lookup::found);
        Box::pin(async { found })
    }
}

impl Connect for World {
    fn connect<'a>(
        &'a self,
        host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>> {
        assert_eq!(host, HOST);
        self.connected.lock().unwrap().push(address);
        Box::pin(async move {
            match self.answers[&address.ip()] {
                Accepts => Ok(self.stream()),
                Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                NoFiles => Err(io::Error::from_raw_os_error(24)),
                Silence => std::future::pending().await,
            }
        })
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn dial(dialer: &Dialer) -> Result<Connection, DialFailure> {
    dialer.connect(HOST, 443, soon()).await
}

#[tokio::test(start_paused = true)]
async fn fet_7_the_address_judged_is_the_address_connected_to() {
    let world = World::of(&[
        ("127.0.0.1", Accepts),
        ("::ffff:10.0.0.1", Accepts),
        ("64:ff9b::a9fe:a9fe", Accepts),
        ("9.9.9.9", Accepts),
    ]);
    let connection = dial(&world.dialer()).await.unwrap();
    assert_eq!(connection.address().to_string(), "9.9.9.9:443");
    assert_eq!(world.connected(), ["9.9.9.9"]);
    assert_eq!(*world.looked_up.lock().unwrap(), ["mta-sts.example.com."], "once");
}

#[tokio::test(start_paused = true)]
async fn fet_7_only_refused_addresses_are_a_failure_of_their_own() {
    let world = World::of(&[("127.0.0.1", Accepts), ("fe80::1", Accepts)]);
    assert_eq!(dial(&world.dialer()).await.unwrap_err(), DialFailure::NotPermitted);
    assert_eq!(world.connected(), [""; 0]);
    let guard = Guard::default().permit("fe80::/10".parse().unwrap());
    assert!(dial(&world.dialer().with_guard(guard)).await.is_ok());
    assert_eq!(world.connected(), ["fe80::1"]);
}

#[tokio::test(start_paused = true)]
async fn fet_7_a_host_that_is_an_address_is_not_looked_up() {
    let world = World::of(&[("9.9.9.9", Accepts)]);
    for host in [
        "9.9.9.9",
        "9.9.9.9.",
        "[9.9.9.9]",
        "2620:fe::9",
        "[2620:fe::9]",
        "::1",
        "127.1",
        "0x7f.1",
        "127.0.0.0x1",
        "2130706433",
        "0x",
        "",
        ".",
        // `internal.example.com` in DNS, but not to a guard that denies it.
        "\\105nternal.example.com",
        "internal\\.example.com",
        "internal.example.com\0",
        "grüße.example",
        "a b.example",
    ] {
        let failure = world.dialer().connect(host, 443, soon()).await.unwrap_err();
        assert_eq!(failure, DialFailure::NoAddress, "{host}");
    }
    assert_eq!(*world.looked_up.lock().unwrap(), [""; 0]);
    // A final dot is not doubled.
    assert!(world.dialer().connect("mta-sts.example.com.", 443, soon()).await.is_ok());
    assert_eq!(*world.looked_up.lock().unwrap(), ["mta-sts.example.com."]);
}

#[tokio::test(start_paused = true)]
async fn families_take_turns_and_addresses_are_bounded() {
    let world = World::of(&[
        ("2620:fe::1", Refuses),
        ("2620:fe::2", Refuses),
        ("2620:fe::3", Refuses),
        ("2620:fe::1", Refuses),
        ("9.9.9.1", Refuses),
        ("9.9.9.2", Refuses),
    ]);
    let limits = DialLimits::default();
    assert_eq!(dial(&world.dialer()).await.unwrap_err(), DialFailure::Connection);
    let turns = ["2620:fe::1", "9.9.9.1", "2620:fe::2", "9.9.9.2", "2620:fe::3"];
    assert_eq!(world.connected(), turns);
    dial(&world.dialer().with_limits(limits.with_addresses(3))).await.unwrap_err();
    assert_eq!(world.connected(), &turns[..3]);
    dial(&world.dialer().with_limits(limits.with_addresses(0))).await.unwrap_err();
    assert_eq!(world.connected(), &turns[..1]);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_bounded_and_leaves_time_for_the_next() {
    let world = World::of(&[
        ("2620:fe::1", Silence),
        ("2620:fe::2", Silence),
        ("2620:fe::3", Silence),
        ("9.9.9.9", Accepts),
    ]);
    let start = Instant::now();
    assert!(dial(&world.dialer()).await.is_ok());
    assert_eq!(world.connected(), ["2620:fe::1", "9.9.9.9"]);
    assert_eq!(start.elapsed().as_secs(), 10);

    let start = Instant::now();
    let until = start + Duration::from_secs(4);
    assert!(world.dialer().connect(HOST, 443, until).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 2, "half of the time");

    let world = World::of(&[("2620:fe::1", Silence), ("2620:fe::2", Silence)]);
    let until = Instant::now() + Duration::from_secs(4);
    let failure = world.dialer().connect(HOST, 443, until).await.unwrap_err();
    assert_eq!((failure, Instant::now() >= until), (DialFailure::Timeout, true));
    assert_eq!(world.connected().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_apart() {
    let failure = |answers: &[(&'static str, Answer)]| {
        let dialer = World::of(answers).dialer();
        async move { dial(&dialer).await.unwrap_err() }
    };
    assert_eq!(failure(&[]).await, DialFailure::NoAddress);
    assert_eq!(failure(&[("9.9.9.1", Refuses)]).await, DialFailure::Connection);
    assert_eq!(failure(&[("9.9.9.1", Silence)]).await, DialFailure::Timeout);
    assert_eq!(failure(&[("9.9.9.1", NoFiles)]).await, DialFailure::Busy);
    let mixed = [("9.9.9.1", Refuses), ("9.9.9.2", Silence), ("10.0.0.1", Accepts)];
    assert_eq!(failure(&mixed).await, DialFailure::Timeout);
    let mixed = [("9.9.9.1", NoFiles), ("9.9.9.2", Silence), ("9.9.9.3", Refuses)];
    assert_eq!(failure(&mixed).await, DialFailure::Busy);
    for dns in [DnsFailure::ServFail, DnsFailure::Timeout, DnsFailure::Refused, DnsFailure::Other] {
        let failure = dial(&World::with(Err(dns), HashMap::new()).dialer()).await.unwrap_err();
        assert_eq!(failure, DialFailure::Dns(dns));
    }
}

#[test]
fn failures_are_what_fetching_and_submitting_call_them() {
    for (failure, fetch, submit) in [
        (
            DialFailure::Dns(DnsFailure::ServFail),
            Some(TransportFailure::Dns(DnsFailure::ServFail)),
            SubmitFailure::Transport,
        ),
        (DialFailure::NoAddress, Some(TransportFailure::HostNotFound), SubmitFailure::Transport),
        (
            DialFailure::NotPermitted,
            Some(TransportFailure::AddressNotPermitted),
            SubmitFailure::AddressNotPermitted,
        ),
        (DialFailure::Connection, Some(TransportFailure::Connection), SubmitFailure::Transport),
        (DialFailure::Timeout, Some(TransportFailure::Timeout), SubmitFailure::Transport),
        (DialFailure::Busy, None, SubmitFailure::Transport),
    ] {
        assert_eq!(FetchError::from(failure), fetch.map_or(FetchError::Busy, FetchError::Failed));
        assert_eq!(SubmitFailure::from(failure), submit);
    }
}

struct NoAnswer;

impl AddressLookup for NoAnswer {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn the_look_up_is_bounded_too() {
    let failure = dial(&Dialer::new(Arc::new(NoAnswer))).await.unwrap_err();
    assert_eq!(failure, DialFailure::Dns(DnsFailure::Timeout));
}

#[tokio::test(start_paused = true)]
async fn a_full_network_is_passed_over_and_then_waited_for() {
    let world = World::of(&[("9.9.9.1", Accepts), ("9.9.9.2", Accepts), ("1.1.1.1", Accepts)]);
    let dialer = world.dialer().with_limits(DialLimits::default().with_per_network(2));
    let first = dial(&dialer).await.unwrap();
    let second = dial(&dialer.clone()).await.unwrap();
    let third = dial(&dialer).await.unwrap();
    let fourth = dial(&dialer.clone()).await.unwrap();
    assert_eq!(world.connected(), ["9.9.9.1", "9.9.9.1", "1.1.1.1", "1.1.1.1"]);
    assert_eq!(dial(&dialer).await.unwrap_err(), DialFailure::Busy);
    assert_eq!(world.connected(), [""; 0], "nothing was tried");

    let waiting = tokio::spawn({
        let dialer = dialer.clone();
        async move { dial(&dialer).await.map(|connection| connection.address().ip()) }
    });
    tokio::task::yield_now().await;
    drop(second);
    assert_eq!(waiting.await.unwrap(), Ok(ip("9.9.9.1")));
    drop((first, third, fourth));
    assert!(format!("{dialer:?}").contains("Slots { networks: 0, .. }"), "{dialer:?}");
}

#[tokio::test(start_paused = true)]
async fn waiting_is_bounded() {
    let world = World::of(&[("9.9.9.1", Accepts), ("1.1.1.1", Accepts)]);
    let limits = DialLimits::default().with_per_network(1).with_wait(Duration::from_secs(6));
    let dialer = world.dialer().with_limits(limits);
    let _both = (dial(&dialer).await.unwrap(), dial(&dialer).await.unwrap());
    let start = Instant::now();
    assert_eq!(dial(&dialer).await.unwrap_err(), DialFailure::Busy);
    assert_eq!(start.elapsed().as_secs(), 6);
    let until = Instant::now() + Duration::from_secs(2);
    assert_eq!(dialer.connect(HOST, 443, until).await.unwrap_err(), DialFailure::Busy);
    assert!(Instant::now() < until, "there is time to use a connection that becomes free");
}

/// Whoever has made the limit of all drops the future at that time, and takes what he has not
/// heard of for the silence of the host.
#[tokio::test(start_paused = true)]
async fn too_busy_is_said_in_time() {
    let world = World::of(&[("9.9.9.1", Accepts), ("1.1.1.1", Accepts), ("8.8.8.8", Accepts)]);
    let limits = DialLimits::default().with_wait(Duration::from_secs(300));
    for limits in [limits.with_connections(3), limits.with_per_network(1)] {
        let dialer = world.dialer().with_limits(limits);
        let dialing = [dial(&dialer).await, dial(&dialer).await, dial(&dialer).await];
        let _held = dialing.map(Result::unwrap);
        let until = Instant::now() + Duration::from_secs(60);
        assert_eq!(dialer.connect(HOST, 443, until).await.unwrap_err(), DialFailure::Busy);
        assert!(Instant::now() < until);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_network_is_nobody_s_fault_even_if_others_fail() {
    let world = World::of(&[("9.9.9.1", Accepts), ("1.1.1.1", Refuses)]);
    let limits = DialLimits::default().with_per_network(1);
    let dialer = world.dialer().with_limits(limits);
    let _held = dial(&dialer).await.unwrap();
    assert_eq!(dial(&dialer).await.unwrap_err(), DialFailure::Busy);
    assert_eq!(world.connected(), ["9.9.9.1", "1.1.1.1"]);
}

#[tokio::test(start_paused = true)]
async fn networks_are_24_bits_of_ipv4_and_48_of_ipv6() {
    let limits = DialLimits::default().with_per_network(1);
    for (one, other, shared) in [
        ("9.9.9.1", "9.9.9.254", true),
        ("9.9.9.1", "9.9.8.1", false),
        ("2620:fe:1::1", "2620:fe:1:ffff::1", true),
        ("2620:fe:1::1", "2620:fe:2::1", false),
        ("64:ff9b::9.9.9.9", "64:ff9b::1.1.1.1", false),
        ("64:ff9b::9.9.9.9", "9.9.9.1", true),
        ("::ffff:9.9.9.9", "9.9.9.1", true),
    ] {
        let world = World::of(&[(one, Accepts), (other, Accepts)]);
        let dialer = world.dialer().with_limits(limits);
        let _held = dial(&dialer).await.unwrap();
        let second = dial(&dialer).await;
        assert_eq!(second.is_err(), shared, "{one} {other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_free_again_however_an_attempt_ends() {
    let world = World::of(&[("9.9.9.1", Silence), ("1.1.1.1", Refuses)]);
    let dialer = world.dialer().with_limits(DialLimits::default().with_per_network(1));
    dial(&dialer).await.unwrap_err();
    let given_up = tokio::time::timeout(Duration::from_secs(1), dial(&dialer)).await;
    assert!(given_up.is_err());
    assert!(format!("{dialer:?}").contains("networks: 0"), "{dialer:?}");

    // Who waits for a slot and gives up leaves nothing either.
    let world = World::of(&[("9.9.9.1", Accepts)]);
    let dialer = world.dialer().with_limits(DialLimits::default().with_per_network(1));
    let held = dial(&dialer).await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_secs(1), dial(&dialer)).await;
    assert!(given_up.is_err());
    drop(held);
    assert!(format!("{dialer:?}").contains("networks: 0"), "{dialer:?}");
}

#[tokio::test]
async fn a_connection_is_a_stream() {
    let world = World::of(&[("9.9.9.1", Accepts)]);
    let mut connection = dial(&world.dialer()).await.unwrap();
    assert!(connection.stream().peer_addr().is_ok());
    let (mut peer, _) = world.listener.accept().unwrap();
    let peer = std::thread::spawn(move || {
        let mut got = [0; 4];
        io::Read::read_exact(&mut peer, &mut got).unwrap();
        io::Write::write_all(&mut peer, &got).unwrap();
        got
    });
    connection.write_all(b"ping").await.unwrap();
    connection.flush().await.unwrap();
    connection.shutdown().await.unwrap();
    let mut echo = Vec::new();
    connection.read_to_end(&mut echo).await.unwrap();
    assert_eq!((echo.as_slice(), peer.join().unwrap()), (&b"ping"[..], *b"ping"));
}

#[test]
fn no_limit_can_be_switched_off() {
    let limits = DialLimits::default()
        .with_each(Duration::MAX)
        .with_addresses(usize::MAX)
        .with_connections(0)
        .with_per_network(usize::MAX)
        .with_wait(Duration::MAX);
    assert_eq!(limits.each(), DialLimits::MAX_EACH);
    assert_eq!(limits.addresses(), DialLimits::MAX_ADDRESSES);
    assert_eq!(limits.connections(), 1);
    assert_eq!(limits.per_network(), DialLimits::MAX_PER_NETWORK);
    assert_eq!(limits.wait(), DialLimits::MAX_WAIT);
    assert!(limits.with_each(Duration::ZERO).each() > Duration::ZERO);
}
