//! What the client asks of DNS, and what it takes as an answer.
//!
//! This asks no server: `resolver` (feature `resolver`) does.

use core::net::IpAddr;

use super::BoxFuture;
pub use crate::observations::{Dnssec, Existence, Lookup, Mx, TxtRecord};
use crate::txt::DnsFailure;

/// Looks up TXT records (RFC 8461 §3.1, RFC 8460 §3).
///
/// CNAMEs are followed (RFC 8461 §8.2), nothing is taken from a search list, and answers
/// may be cached for their TTL, absence for that of the SOA record.
pub trait TxtLookup: Send + Sync {
    /// The TXT records of an absolute name, such as `_mta-sts.example.com.`, all of
    /// them, whatever is in them. No record is an answer ([`Existence`]); a failure is
    /// that there is no answer.
    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>>;
}

/// Looks up the addresses of hosts.
pub trait AddressLookup: Send + Sync {
    /// The addresses of an absolute name, IPv6 and IPv4, in the order in which they
    /// should be tried. One family is enough if the other could not be looked up.
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>>;
}

/// Looks up MX records (RFC 5321 §5.1).
pub trait MxLookup: Send + Sync {
    /// The MX records of an absolute name, in any order; not the name itself where there
    /// are none.
    fn mx<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<Mx>, DnsFailure>>;
}
