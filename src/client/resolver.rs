//! DNS for the client, by hickory-resolver 0.26 (feature `resolver`).
//!
//! [`Resolver`] asks recursive name servers, those of the system or given ones. It sends
//! queries and retries them, goes to TCP when an answer is truncated, follows CNAME records
//! beyond what the server has followed, and keeps answers for their TTL.
//!
//! It is no recursive resolver, it validates no signatures, and it reads neither the hosts
//! file nor a search list: names are what remote data says, and absolute.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use mta_sts::client::TxtLookup as _;
//! use mta_sts::client::resolver::Resolver;
//!
//! let resolver = Resolver::builder().build()?;
//! let found = resolver.txt("_mta-sts.example.com.").await?;
//! println!("{} records", found.records().len());
//! # Ok(())
//! # }
//! ```
//!
//! # Answers and failures
//!
//! | DNS says | result |
//! |---|---|
//! | records, behind at most [`MAX_CNAMES`] CNAME records | [`Lookup::found`] |
//! | no records of the type (NODATA) | [`Lookup::found`] of nothing |
//! | NXDOMAIN, of the name or of the end of its chain | [`Lookup::nxdomain`] |
//! | a text that is no name in DNS is asked for | [`Lookup::nxdomain`], unasked |
//! | SERVFAIL; REFUSED; nothing in time | [`DnsFailure::ServFail`]; [`Refused`](DnsFailure::Refused); [`Timeout`](DnsFailure::Timeout) |
//! | a loop or a longer chain, another response code, records of other names only, an answer that cannot be read | [`DnsFailure::Other`] |
//!
//! # Limits
//!
//! Over UDP and TCP without encryption only. Whether absence was validated is not known.
//! Classes other than IN are not asked for. A resolver belongs to the tokio runtime that it
//! is first used in, where it keeps its connections.

mod builder;
mod chain;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::net::IpAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::time::Instant;

use hickory_proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::{NameServerPool, ResponseCache};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::chain::{Answer, Chain};
use super::{
    AddressLookup, BoxFuture, Dnssec, Existence, Lookup, Mx, MxLookup, TxtLookup, TxtRecord,
};
use crate::hickory::{MAX_CNAMES, mx_host};
use crate::txt::DnsFailure;

pub use self::builder::{ResolverBuilder, ResolverError};

/// Asks recursive name servers; see the [module](self). Clones share the cache.
#[derive(Clone)]
pub struct Resolver(Arc<Inner>);

struct Inner {
    pool: NameServerPool<TokioRuntimeProvider>,
    cache: ResponseCache,
    options: DnsRequestOptions,
    attempts: u32,
    time: Duration,
    /// Of look-ups at a server.
    places: Semaphore,
    trust: Trust,
}

/// Whether what the name server says about DNSSEC is worth anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    AuthenticData,
    Nothing,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("trust", &self.0.trust).finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver that asks the name servers of the system, unless others are given.
    pub const fn builder() -> ResolverBuilder {
        ResolverBuilder::new()
    }

    /// The records of a type, all of the look-up bounded in time.
    async fn records<T>(
        &self,
        name: &str,
        record_type: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Lookup<T>, DnsFailure> {
        let Some(name) = absolute(name) else { return Ok(Lookup::nxdomain()) };
        let answer = timeout(self.0.time, self.follow(name, record_type)).await;
        let answer = answer.map_err(|_| DnsFailure::Timeout)??;
        Ok(self.lookup(answer, read))
    }

    /// Asks until the end of the chain of CNAME records is known.
    async fn follow(&self, name: Name, record_type: RecordType) -> Result<Answer, DnsFailure> {
        let mut chain = Chain::new(name);
        loop {
            // Each round adds an alias to the chain, or ends it.
            match self.ask(chain.end(), record_type).await {
                Ok(message) => {
                    if let Some(answer) = chain.extend(&message, record_type)? {
                        return Ok(answer);
                    }
                }
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
                    let ttl = none.negative_ttl;
                    return Ok(match none.response_code {
                        ResponseCode::NXDomain => chain.into_absent(Existence::NxDomain, ttl),
                        _ => chain.into_absent(Existence::Exists, ttl),
                    });
                }
                Err(error) => return Err(failure(&error)),
            }
        }
    }

    /// The answer of the cache or of a server.
    async fn ask(&self, name: &Name, record_type: RecordType) -> Result<Message, NetError> {
        let query = Query::query(name.clone(), record_type);
        if let Some(known) = self.0.cache.get(&query, Instant::now()) {
            return known;
        }
        let _place = self.0.places.acquire().await;
        let answer = self.send(&query).await.map_err(without_authorities);
        let is_kept = |answer: &DnsResponse| {
            answer.as_buffer().len() <= MAX_CACHED_OCTETS && !leads_to_nothing(answer)
        };
        let keep = answer.as_ref().map_or(true, is_kept);
        let answer = answer.map(DnsResponse::into_message);
        if keep {
            self.0.cache.insert(query, answer.clone(), Instant::now());
        }
        answer
    }

    async fn send(&self, query: &Query) -> Result<DnsResponse, NetError> {
        let mut attempts = self.0.attempts;
        loop {
            let mut request = DnsRequest::from_query(query.clone(), self.0.options);
            // The server is to say whether the answer is authentic (RFC 6840 §5.7).
            request.metadata.authentic_data = true;
            attempts = attempts.saturating_sub(1);
            match self.0.pool.send(request).first_answer().await {
                Ok(response) => return Ok(response),
                Err(error @ NetError::Dns(DnsError::NoRecordsFound(_))) => return Err(error),
                Err(error) if attempts == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn lookup<T>(&self, answer: Answer, read: impl Fn(&RData) -> Option<T>) -> Lookup<T> {
        let lookup = match answer.existence {
            Existence::Exists => Lookup::found(answer.records.iter().filter_map(read)),
            Existence::NxDomain => Lookup::nxdomain(),
        };
        let dnssec = match (self.0.trust, answer.authentic) {
            (Trust::AuthenticData, Some(dnssec)) => dnssec,
            _ => Dnssec::Unknown,
        };
        let lookup = lookup.with_dnssec(dnssec).with_aliases(answer.aliases);
        match answer.ttl {
            Some(secs) => lookup.with_ttl(Duration::from_secs(secs.into())),
            None => lookup,
        }
    }
}

/// The name, as absolute; none if DNS cannot have it.
fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// How many octets an answer may have to be kept: what fits into a datagram. Larger ones are
/// rare, and in memory may be 30 times as large, so that 10,000 would fill it.
pub const MAX_CACHED_OCTETS: usize = 1_232;

/// The error as it is used here: records of name servers, thousands perhaps, are not kept.
fn without_authorities(mut error: NetError) -> NetError {
    if let NetError::Dns(DnsError::NoRecordsFound(none)) = &mut error {
        none.ns = None;
        none.authorities = None;
    }
    error
}

/// Whether the answer is a chain of CNAME records to absence. The cache would hold it for
/// the time of the CNAME records, where absence counts for less (RFC 2308 §5).
fn leads_to_nothing(message: &Message) -> bool {
    message.metadata.response_code == ResponseCode::NXDomain
        || message.authorities.iter().any(|record| record.record_type().is_soa())
}

const fn failure(error: &NetError) -> DnsFailure {
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail) | DnsError::DnssecBogus) => {
            DnsFailure::ServFail
        }
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => DnsFailure::Refused,
        NetError::Timeout => DnsFailure::Timeout,
        _ => DnsFailure::Other,
    }
}

impl TxtLookup for Resolver {
    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
        alloc::boxed::Box::pin(self.records(name, RecordType::TXT, |data| match data {
            RData::TXT(txt) => Some(txt.txt_data.iter().map(|string| string.to_vec()).collect()),
            _ => None,
        }))
    }
}

impl MxLookup for Resolver {
    fn mx<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<Mx>, DnsFailure>> {
        alloc::boxed::Box::pin(self.records(name, RecordType::MX, |data| match data {
            RData::MX(mx) => {
                Some(Mx { preference: mx.preference, exchange: mx_host(&mx.exchange) })
            }
            _ => None,
        }))
    }
}

impl AddressLookup for Resolver {
    /// Both families are asked for at a time; the IPv6 addresses come first. If only one
    /// could be looked up, it must have addresses to be an answer; a server that is silent
    /// about one family costs 6 seconds at most once the other has addresses.
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        let v6 = self.records(host, RecordType::AAAA, |data| match data {
            RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
            _ => None,
        });
        let v4 = self.records(host, RecordType::A, |data| match data {
            RData::A(a) => Some(IpAddr::V4(a.0)),
            _ => None,
        });
        alloc::boxed::Box::pin(async move {
            let (v6, v4) = both(v6, v4).await;
            match (v6, v4) {
                (Ok(v6), Ok(v4)) => Ok(merged(v6, v4)),
                (Ok(one), Err(_)) | (Err(_), Ok(one)) if !one.records().is_empty() => Ok(one),
                (Err(failure), _) | (_, Err(failure)) => Err(failure),
            }
        })
    }
}

/// The addresses of both families; the name exists if it has addresses or both say so.
fn merged(v6: Lookup<IpAddr>, v4: Lookup<IpAddr>) -> Lookup<IpAddr> {
    let ttl = [v6.ttl(), v4.ttl()].into_iter().flatten().min();
    let dnssec = if v6.dnssec() == v4.dnssec() { v6.dnssec() } else { Dnssec::NotAuthentic };
    let longer = if v6.aliases().len() < v4.aliases().len() { &v4 } else { &v6 };
    let aliases = longer.aliases().to_vec();
    let absent = [&v6, &v4].into_iter().any(|one| one.existence() == Existence::NxDomain);
    let records: Vec<_> = v6.into_records().into_iter().chain(v4.into_records()).collect();
    let merged =
        if absent && records.is_empty() { Lookup::nxdomain() } else { Lookup::found(records) };
    let merged = merged.with_dnssec(dnssec).with_aliases(aliases);
    match ttl {
        Some(ttl) => merged.with_ttl(ttl),
        None => merged,
    }
}

/// Waits for both families at a time; once one has addresses, for the other only for
/// [`GRACE`] more.
async fn both(
    v6: impl Future<Output = Result<Lookup<IpAddr>, DnsFailure>>,
    v4: impl Future<Output = Result<Lookup<IpAddr>, DnsFailure>>,
) -> (Result<Lookup<IpAddr>, DnsFailure>, Result<Lookup<IpAddr>, DnsFailure>) {
    let (mut v6, mut v4) = (pin!(v6), pin!(v4));
    let (first, is_v6) = poll_fn(|cx| match v6.as_mut().poll(cx) {
        Poll::Ready(found) => Poll::Ready((found, true)),
        Poll::Pending => v4.as_mut().poll(cx).map(|found| (found, false)),
    })
    .await;
    let has_addresses = first.as_ref().is_ok_and(|found| !found.records().is_empty());
    let grace = if has_addresses { GRACE } else { Duration::MAX };
    let late = Err(DnsFailure::Timeout);
    if is_v6 {
        (first, timeout(grace, v4).await.unwrap_or(late))
    } else {
        (timeout(grace, v6).await.unwrap_or(late), first)
    }
}

/// How much longer than the faster family the other one may take: long enough for a
/// retry, and short beside the time of a fetch.
const GRACE: Duration = Duration::from_secs(6);
