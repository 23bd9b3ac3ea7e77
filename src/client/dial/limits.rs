//! What connecting may cost.

use core::time::Duration;

/// What connecting may cost. Each limit may be set, none may be off: what is out of its
/// range becomes the nearest that is within.
///
/// ```
/// use core::time::Duration;
/// use mta_sts::client::DialLimits;
///
/// let limits = DialLimits::default().with_each(Duration::from_secs(3)).with_per_network(0);
/// assert_eq!(limits.each(), Duration::from_secs(3));
/// assert_eq!(limits.per_network(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DialLimits {
    each: Duration,
    addresses: usize,
    connections: usize,
    per_network: usize,
    wait: Duration,
}

impl Default for DialLimits {
    /// 10 seconds for each of 8 addresses, 256 connections in all, 10 to a network, 30
    /// seconds of waiting for one of them to end.
    fn default() -> Self {
        Self {
            each: Duration::from_secs(10),
            addresses: 8,
            connections: 256,
            per_network: 10,
            wait: Duration::from_secs(30),
        }
    }
}

impl DialLimits {
    /// The most time that an attempt may be allowed: 5 minutes, as long as SMTP waits for
    /// the greeting (RFC 5321 §4.5.3.2.1).
    pub const MAX_EACH: Duration = Duration::from_secs(300);

    /// The most addresses of a host that may be tried: as many as a large provider has,
    /// and few enough that nobody can make us scan a network.
    pub const MAX_ADDRESSES: usize = 32;

    /// The most connections that may be open at a time: as many as there are ports.
    pub const MAX_CONNECTIONS: usize = 65_536;

    /// The most connections that may go to a network at a time: more would be felt by
    /// whoever runs it.
    pub const MAX_PER_NETWORK: usize = 1_000;

    /// The most time that may be spent waiting for a connection to end: 10 minutes, the
    /// longest fetch.
    pub const MAX_WAIT: Duration = Duration::from_secs(600);

    /// Allows this for an attempt to connect to an address, a millisecond to
    /// [`MAX_EACH`](Self::MAX_EACH). 10 seconds unless set: TCP has tried
    /// four times by then (RFC 6298 §5).
    #[must_use]
    pub fn with_each(mut self, time: Duration) -> Self {
        self.each = time.clamp(Duration::from_millis(1), Self::MAX_EACH);
        self
    }

    /// Tries so many addresses of a host, 1 to [`MAX_ADDRESSES`](Self::MAX_ADDRESSES). 8
    /// unless set: of two families four each.
    #[must_use]
    pub fn with_addresses(mut self, addresses: usize) -> Self {
        self.addresses = addresses.clamp(1, Self::MAX_ADDRESSES);
        self
    }

    /// Allows so many connections at a time in all, 1 to
    /// [`MAX_CONNECTIONS`](Self::MAX_CONNECTIONS). 256 unless set: a quarter of the files
    /// that a process often may have open.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, Self::MAX_CONNECTIONS);
        self
    }

    /// Allows so many connections at a time to a network, which is an IPv4 prefix of 24
    /// bits or an IPv6 prefix of 48: 1 to [`MAX_PER_NETWORK`](Self::MAX_PER_NETWORK). 10
    /// unless set, so that no tarpit has all connections, however many domains lead to it.
    #[must_use]
    pub fn with_per_network(mut self, connections: usize) -> Self {
        self.per_network = connections.clamp(1, Self::MAX_PER_NETWORK);
        self
    }

    /// Waits so long if the networks of all addresses have their connections already, and
    /// as long again for one of all connections, 0 to [`MAX_WAIT`](Self::MAX_WAIT), but
    /// never longer than half of the time that is left. 30 seconds unless set: half of the
    /// time of a fetch.
    #[must_use]
    pub fn with_wait(mut self, time: Duration) -> Self {
        self.wait = time.min(Self::MAX_WAIT);
        self
    }

    /// The time of an attempt.
    #[must_use]
    pub const fn each(self) -> Duration {
        self.each
    }

    /// The addresses of a host that are tried.
    #[must_use]
    pub const fn addresses(self) -> usize {
        self.addresses
    }

    /// The connections at a time in all.
    #[must_use]
    pub const fn connections(self) -> usize {
        self.connections
    }

    /// The connections to a network at a time.
    #[must_use]
    pub const fn per_network(self) -> usize {
        self.per_network
    }

    /// The time of waiting.
    #[must_use]
    pub const fn wait(self) -> Duration {
        self.wait
    }
}
