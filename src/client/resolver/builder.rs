//! How a resolver is made.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;

use hickory_proto::op::DnsRequestOptions;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{NameServerPool, PoolContext, ResponseCache, TlsConfig, TtlConfig};
use tokio::sync::Semaphore;

#[cfg(doc)]
use super::MAX_CACHED_OCTETS;
use super::{Inner, Resolver, Trust};

/// Makes a [`Resolver`]. What is out of its range becomes the nearest that is within.
#[derive(Debug, Clone)]
#[must_use]
pub struct ResolverBuilder {
    servers: Vec<SocketAddr>,
    timeout: Duration,
    attempts: u32,
    time: Duration,
    cache_size: u64,
    at_once: usize,
    trust: Trust,
}

impl ResolverBuilder {
    /// The most time that a query may be allowed: no resolver works longer on one.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(30);

    /// The most times that a query may be sent.
    pub const MAX_ATTEMPTS: u32 = 10;

    /// The most time that a look-up may be allowed: the 60 seconds of a fetch have to
    /// last for it.
    pub const MAX_TIME: Duration = Duration::from_secs(60);

    /// The most look-ups that may be made at once: as many as there are ports.
    pub const MAX_AT_ONCE: usize = 65_536;

    pub(super) const fn new() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(5),
            attempts: 3,
            time: Duration::from_secs(20),
            cache_size: 10_000,
            at_once: 512,
            trust: Trust::Nothing,
        }
    }

    /// Asks this name server, and not those of the system; may be called for several.
    pub fn with_server(mut self, server: SocketAddr) -> Self {
        self.servers.push(server);
        self
    }

    /// Waits so long for the answer to a query, from all servers, a millisecond to
    /// [`MAX_TIMEOUT`](Self::MAX_TIMEOUT); 5 seconds unless set.
    pub fn with_timeout(mut self, time: Duration) -> Self {
        self.timeout = time.clamp(Duration::from_millis(1), Self::MAX_TIMEOUT);
        self
    }

    /// Sends a query that fails so many times, 1 to [`MAX_ATTEMPTS`](Self::MAX_ATTEMPTS); 3
    /// unless set.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.clamp(1, Self::MAX_ATTEMPTS);
        self
    }

    /// Takes so long for a look-up with all its queries and CNAME records, a millisecond
    /// to [`MAX_TIME`](Self::MAX_TIME); 20 seconds unless set.
    pub fn with_time(mut self, time: Duration) -> Self {
        self.time = time.clamp(Duration::from_millis(1), Self::MAX_TIME);
        self
    }

    /// Keeps so many answers for their TTL, those of at most [`MAX_CACHED_OCTETS`]; 10,000
    /// unless set, and none with 0.
    pub const fn with_cache_size(mut self, answers: u64) -> Self {
        self.cache_size = answers;
        self
    }

    /// Makes so many look-ups at once, 1 to [`MAX_AT_ONCE`](Self::MAX_AT_ONCE), each of
    /// which may have a socket open; 512 unless set, half of the files that a process often
    /// may have open. Others wait for their turn, in their own time.
    pub fn with_at_once(mut self, look_ups: usize) -> Self {
        self.at_once = look_ups.clamp(1, Self::MAX_AT_ONCE);
        self
    }

    /// Believes the name servers when they say that an answer is authentic (the AD bit):
    /// to be used only if nobody can change what they say on the way, because they are on
    /// this host, say. Else it is [`Dnssec::Unknown`](crate::client::Dnssec::Unknown)
    /// whether it is: the bit can be forged as easily as the answer.
    pub const fn trusting_authentic_data(mut self) -> Self {
        self.trust = Trust::AuthenticData;
        self
    }

    /// The resolver. Reads the configuration of the system if no server was given: the
    /// servers, and nothing else of it.
    ///
    /// # Errors
    ///
    /// [`ResolverError`].
    pub fn build(self) -> Result<Resolver, ResolverError> {
        let options = self.options();
        let tls = TlsConfig::new().map_err(|error| ResolverError::System(error.into()))?;
        let context = Arc::new(PoolContext::new(options, tls));
        let servers = self.name_servers()?;
        let provider = TokioRuntimeProvider::default();
        let pool = NameServerPool::from_config(servers, Arc::clone(&context), provider);
        let mut request = DnsRequestOptions::default();
        request.use_edns = true;
        request.edns_payload_len = context.options.edns_payload_len;
        Ok(Resolver(Arc::new(Inner {
            pool,
            cache: ResponseCache::new(self.cache_size, TtlConfig::default()),
            options: request,
            attempts: self.attempts,
            time: self.time,
            places: Semaphore::new(self.at_once),
            trust: self.trust,
        })))
    }

    fn options(&self) -> ResolverOpts {
        let mut options = ResolverOpts::default();
        options.timeout = self.timeout;
        options.edns0 = true;
        options.max_active_requests = MAX_ACTIVE;
        options
    }

    fn name_servers(&self) -> Result<Vec<NameServerConfig>, ResolverError> {
        if !self.servers.is_empty() {
            return Ok(self.servers.iter().copied().map(name_server).collect());
        }
        let system = read_system_conf().map_err(|error| ResolverError::System(error.into()))?;
        let (_, _, servers) = system.0.into_parts();
        if servers.is_empty() { Err(ResolverError::NoServer) } else { Ok(servers) }
    }
}

/// How many queries may be on their way over one TCP connection: as many as there are
/// callers of a busy client, for the next one would fail.
const MAX_ACTIVE: usize = 1_024;

fn name_server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolverError {
    /// The configuration of the system could not be read.
    #[error("expected name servers in the configuration of the system")]
    System(#[source] Box<dyn Error + Send + Sync>),
    /// It names no server.
    #[error("expected name servers in the configuration of the system, found none")]
    NoServer,
}
