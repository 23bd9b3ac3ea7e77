//! What DNS has answered, as plain data.
//!
//! This asks no server; the client does (feature `client`).

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

/// How many records of one answer observations keep, the first ones: more than any name
/// needs, and far fewer than the 4,000 that the 65,535 octets of a message have room for.
pub const MAX_RECORDS: usize = 1_000;

/// How many octets the records of one answer may have together: those of a DNS message
/// (RFC 1035 §4.2.2).
pub const MAX_ANSWER_OCTETS: usize = 65_535;

/// How many CNAME targets of one answer observations keep: resolvers give up at as many.
pub const MAX_ALIASES: usize = 16;

/// The character-strings of a TXT record.
pub type TxtRecord = Vec<Vec<u8>>;

/// An MX record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the two parts of the record (RFC 1035 §3.3.9)")]
pub struct Mx {
    /// Lower ones are tried first.
    pub preference: u16,
    /// The host, as [`Policy::matching_mx`](crate::sts::Policy::matching_mx) takes it:
    /// without a trailing dot, empty for a null MX (RFC 7505).
    pub exchange: String,
}

impl Mx {
    /// Whether this says that the domain takes no mail (RFC 7505 §3): its
    /// exchange is the root, with or without the dot that stands for it in a zone file.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.exchange.as_bytes(), [] | [b'.'])
    }
}

/// What DNS has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup<T> {
    records: Vec<T>,
    left_out: usize,
    existence: Existence,
    ttl: Option<Duration>,
    aliases: Vec<String>,
    dnssec: Dnssec,
}

impl<T> Lookup<T> {
    /// These records; if there are none, the name has none of the type.
    #[must_use]
    pub fn found(records: impl IntoIterator<Item = T>) -> Self {
        Self {
            records: records.into_iter().collect(),
            left_out: 0,
            existence: Existence::Exists,
            ttl: None,
            aliases: Vec::new(),
            dnssec: Dnssec::Unknown,
        }
    }

    /// There is no such name.
    #[must_use]
    pub fn nxdomain() -> Self {
        Self { existence: Existence::NxDomain, ..Self::found([]) }
    }

    /// For how long the answer holds.
    #[must_use]
    pub const fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// The targets of the CNAME records that were followed, in their order.
    #[must_use]
    pub fn with_aliases(mut self, aliases: impl IntoIterator<Item = String>) -> Self {
        self.aliases = aliases.into_iter().collect();
        self
    }

    /// Whether the answer was validated.
    #[must_use]
    pub const fn with_dnssec(mut self, dnssec: Dnssec) -> Self {
        self.dnssec = dnssec;
        self
    }

    /// There were so many more records, which nobody kept.
    #[must_use]
    pub const fn with_left_out(mut self, left_out: usize) -> Self {
        self.left_out = left_out;
        self
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &[T] {
        &self.records
    }

    /// The same answer as its records.
    #[must_use]
    pub fn into_records(self) -> Vec<T> {
        self.records
    }

    /// How many records there were beyond those kept: 0 unless an observation has been
    /// cut to its bounds.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether there is such a name, with records of the type or without (NODATA).
    #[must_use]
    pub const fn existence(&self) -> Existence {
        self.existence
    }

    /// For how long the answer holds, where that is known.
    #[must_use]
    pub const fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// The targets of the CNAME records that were followed, in their order, as absolute
    /// names without the final dot.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// Whether the answer was validated.
    #[must_use]
    pub const fn dnssec(&self) -> Dnssec {
        self.dnssec
    }

    /// The answer as an observation keeps it: within the bounds, its TTL in whole seconds.
    pub(super) fn kept(mut self, octets: impl Fn(&T) -> usize) -> Self {
        let mut left = MAX_ANSWER_OCTETS;
        let fits = |record: &T| match left.checked_sub(octets(record)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        let count = self.records.iter().take(MAX_RECORDS).map(fits).take_while(|fit| *fit).count();
        let left_out = self.records.len().saturating_sub(count);
        self.records.truncate(count);
        self.left_out = self.left_out.saturating_add(left_out);
        self.aliases.truncate(MAX_ALIASES);
        self.ttl = self.ttl.map(|ttl| Duration::from_secs(ttl.as_secs()));
        self
    }
}

impl Lookup<Mx> {
    /// In the order in which they are tried.
    pub(super) fn sorted(mut self) -> Self {
        self.records.sort();
        self
    }
}

/// The octets of the character-strings of a record, and of their lengths.
pub(super) fn txt_octets(record: &TxtRecord) -> usize {
    record.iter().fold(0, |sum, string| sum.saturating_add(string.len()).saturating_add(1))
}

/// The octets of an MX record, as text.
pub(super) const fn mx_octets(mx: &Mx) -> usize {
    mx.exchange.len().saturating_add(size_of::<u16>())
}

/// The octets of an address.
pub(super) const fn address_octets(address: &IpAddr) -> usize {
    match address {
        IpAddr::V4(_) => 4,
        IpAddr::V6(_) => 16,
    }
}

/// Whether there is a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is or there is not")]
pub enum Existence {
    /// There is, if perhaps without records of the type (NODATA).
    Exists,
    /// There is not (NXDOMAIN).
    NxDomain,
}

/// Whether an answer was validated by DNSSEC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dnssec {
    /// The resolver says that all of it is authentic (the AD bit, RFC 4035 §3.2.3). It is
    /// worth as much as the way to the resolver.
    Authentic,
    /// The resolver does not say so.
    NotAuthentic,
    /// It was not asked.
    Unknown,
}
