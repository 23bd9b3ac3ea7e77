//! From the name of a host to a TCP connection: look-up, guard, one address after the
//! other (FET-7).
//!
//! This speaks no TLS, and it does not look up MX records: it connects to the host that it
//! is given.

mod connection;
mod failure;
mod limits;
mod slots;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;

use tokio::time::{Instant, timeout_at};

use self::slots::{Slot, Slots};
use super::{AddressLookup, Connect, Direct};
use crate::guard::Guard;
use crate::txt::DnsFailure;

pub use self::connection::Connection;
pub use self::failure::DialFailure;
pub use self::limits::DialLimits;

/// Connects to hosts that remote data names.
///
/// The addresses of a host are looked up, the [`Guard`] judges each, and those that pass
/// are connected to in turn, until one answers: IPv6 and IPv4 by turns, beginning with the
/// family of the first address, so that a dead family does not take all the time. What is
/// connected to is the address that was judged: nothing is looked up twice.
///
/// Of the time that is left an attempt gets at most [`DialLimits::each`], and half of it
/// if there are more addresses. Clones share the count of connections, in all
/// ([`DialLimits::connections`]) and to a network ([`DialLimits::per_network`]).
#[derive(Clone)]
pub struct Dialer {
    addresses: Arc<dyn AddressLookup>,
    connector: Arc<dyn Connect>,
    guard: Guard,
    limits: DialLimits,
    slots: Arc<Slots>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guard, limits, slots, .. } = self;
        let mut shown = f.debug_struct("Dialer");
        shown.field("guard", guard).field("limits", limits).field("slots", slots);
        shown.finish_non_exhaustive()
    }
}

impl Dialer {
    /// A dialer with the default guard, which connects directly.
    #[must_use]
    pub fn new(addresses: Arc<dyn AddressLookup>) -> Self {
        let limits = DialLimits::default();
        Self {
            addresses,
            connector: Arc::new(Direct),
            guard: Guard::default(),
            limits,
            slots: Arc::new(Slots::new(limits)),
        }
    }

    /// Connects by this.
    #[must_use]
    pub fn with_connector(mut self, connector: Arc<dyn Connect>) -> Self {
        self.connector = connector;
        self
    }

    /// Judges addresses by this.
    #[must_use]
    pub fn with_guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Keeps these limits, and counts connections anew: what was cloned before counts for
    /// itself.
    #[must_use]
    pub fn with_limits(mut self, limits: DialLimits) -> Self {
        self.limits = limits;
        self.slots = Arc::new(Slots::new(limits));
        self
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> DialLimits {
        self.limits
    }

    /// Connects to a port of a host, given with or without final dot, until then.
    ///
    /// A host that is an address, empty, or has other octets than a host name has no
    /// address: nothing is looked up.
    /// Dropping the future gives up, and leaves nothing behind.
    ///
    /// # Errors
    ///
    /// [`DialFailure`]. If addresses fail in different ways, that is `Busy` if it is the
    /// failure of any, since then not everything was tried and nobody is to be blamed; else
    /// `Timeout`; else `Connection`. Addresses that are not permitted do not count beside
    /// others.
    pub async fn connect(
        &self,
        host: &str,
        port: u16,
        until: Instant,
    ) -> Result<Connection, DialFailure> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let addresses = self.permitted(host, until).await?;
        let mut attempts = Attempts::new(self, host, port, until, addresses.len());
        let mut full = Vec::new();
        for address in addresses {
            match self.slots.register(self.network(address)).try_take() {
                Ok(slot) => match attempts.connect(address, slot).await {
                    Ok(connection) => return Ok(connection),
                    Err(failure) => attempts.failed(failure),
                },
                Err(slot) => full.push((address, slot)),
            }
        }
        attempts.wait_for(full).await
    }

    /// The addresses to connect to, in turn.
    async fn permitted(&self, host: &str, until: Instant) -> Result<Vec<IpAddr>, DialFailure> {
        if !has_host_octets(host) || is_address(host) {
            return Err(DialFailure::NoAddress);
        }
        let name = alloc::format!("{host}.");
        let found = timeout_at(until, self.addresses.addresses(&name)).await;
        let found = found.map_err(|_| DialFailure::Dns(DnsFailure::Timeout))?;
        let found = found.map_err(DialFailure::Dns)?.into_records();
        if found.is_empty() {
            return Err(DialFailure::NoAddress);
        }
        let mut permitted = found;
        permitted.retain(|address| self.guard.judge(host, *address).is_ok());
        if permitted.is_empty() {
            return Err(DialFailure::NotPermitted);
        }
        Ok(by_turns(permitted, self.limits.addresses()))
    }

    /// What the connections to an address are counted by.
    fn network(&self, address: IpAddr) -> IpAddr {
        self.guard.counted_as(address)
    }
}

/// Letters, digits, hyphens, underscores and dots. Others may stand in a name of DNS, but
/// only by an escape, such as `\101` or `\.` (RFC 1035 §5.1), which the guard would take for
/// another host than the look-up does.
fn has_host_octets(host: &str) -> bool {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !host.is_empty() && host.bytes().all(is_host)
}

/// `10.0.0.1`, and whatever resolvers of operating systems take for
/// an IPv4 address: a last label that is a number is never a domain (RFC 3696 §2).
fn is_address(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let hexadecimal = hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    decimal || hexadecimal
}

/// The first `max` addresses, each once, the families by turns.
fn by_turns(addresses: Vec<IpAddr>, max: usize) -> Vec<IpAddr> {
    let Some(first) = addresses.first().map(IpAddr::is_ipv6) else { return addresses };
    let (these, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let (mut these, mut others) = (these.into_iter(), others.into_iter());
    let mut turns = Vec::new();
    loop {
        let pair = [these.next(), others.next()];
        if pair == [None, None] || turns.len() >= max {
            turns.truncate(max);
            return turns;
        }
        for address in pair.into_iter().flatten() {
            if !turns.contains(&address) {
                turns.push(address);
            }
        }
    }
}

/// The attempts to connect to the addresses of one host.
struct Attempts<'a> {
    dialer: &'a Dialer,
    host: &'a str,
    port: u16,
    until: Instant,
    /// How many addresses have not been tried.
    left: usize,
    /// What the others have failed by.
    failure: Option<DialFailure>,
}

impl<'a> Attempts<'a> {
    const fn new(
        dialer: &'a Dialer,
        host: &'a str,
        port: u16,
        until: Instant,
        left: usize,
    ) -> Self {
        Self { dialer, host, port, until, left, failure: None }
    }

    async fn connect(&mut self, address: IpAddr, slot: Slot) -> Result<Connection, DialFailure> {
        let Ok(slot) = timeout_at(self.waiting_until(), slot.take_one_of_all()).await else {
            return Err(DialFailure::Busy);
        };
        let until = self.deadline();
        self.left = self.left.saturating_sub(1);
        let address = SocketAddr::new(address, self.port);
        match timeout_at(until, self.dialer.connector.connect(self.host, address)).await {
            Ok(Ok(stream)) => {
                // The last flight of the handshake and the request are two small writes,
                // which Nagle's algorithm keeps apart; a socket that cannot be told works too.
                let _ = stream.set_nodelay(true);
                Ok(Connection::new(stream, address, slot))
            }
            Ok(Err(error)) if is_ours(&error) => Err(DialFailure::Busy),
            Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => Err(DialFailure::Timeout),
            Ok(Err(_)) => Err(DialFailure::Connection),
            Err(_) => Err(DialFailure::Timeout),
        }
    }

    /// Until when the next attempt may take.
    fn deadline(&self) -> Instant {
        let left = self.until.saturating_duration_since(Instant::now());
        let share = if self.left > 1 { left.checked_div(2).unwrap_or(left) } else { left };
        after(share.min(self.dialer.limits.each()), self.until)
    }

    /// Until when may be waited for a slot. Half of the time is left for what the connection
    /// is for, or else for saying that we were too busy before anybody takes it for the
    /// host's silence.
    fn waiting_until(&self) -> Instant {
        let left = self.until.saturating_duration_since(Instant::now());
        let half = left.checked_div(2).unwrap_or(left);
        after(self.dialer.limits.wait().min(half), self.until)
    }

    fn failed(&mut self, failure: DialFailure) {
        let rank = |failure: DialFailure| match failure {
            DialFailure::Busy => 2,
            DialFailure::Timeout => 1,
            _ => 0,
        };
        self.failure = self.failure.into_iter().chain([failure]).max_by_key(|each| rank(*each));
    }

    /// Waits for a slot of each address in turn, and connects.
    async fn wait_for(mut self, full: Vec<(IpAddr, Slot)>) -> Result<Connection, DialFailure> {
        let waiting_until = self.waiting_until();
        let mut left = u32::try_from(full.len()).unwrap_or(u32::MAX);
        for (address, slot) in full {
            let waiting = waiting_until.saturating_duration_since(Instant::now());
            let share = waiting.checked_div(left).unwrap_or(waiting);
            left = left.saturating_sub(1);
            let attempt = match timeout_at(after(share, self.until), slot.take()).await {
                Ok(slot) => self.connect(address, slot).await,
                Err(_) => Err(DialFailure::Busy),
            };
            match attempt {
                Ok(connection) => return Ok(connection),
                Err(failure) => self.failed(failure),
            }
        }
        Err(self.failure.unwrap_or(DialFailure::NoAddress))
    }
}

/// The time after that, but no later than `until`.
fn after(time: Duration, until: Instant) -> Instant {
    Instant::now().checked_add(time).map_or(until, |then| then.min(until))
}

/// Whether the error is the lack of file descriptors, of this process or of the system:
/// it says nothing about the host.
fn is_ours(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    cfg!(unix) && matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}
