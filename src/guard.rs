//! Which addresses remote data may make us connect to.
//!
//! Who publishes a policy, an `https:` report URI or an MX record says where others
//! connect to. Without a guard such a name can stand for a service behind our firewall.
//! So a [`Guard`] judges every address after the look-up and before connecting, and by
//! default only global unicast addresses pass.
//!
//! This looks up no name and opens no connection: it judges the address that it is
//! given, and whoever connects must connect to that very address, not to the name.
//!
//! ```
//! use core::net::IpAddr;
//! use mta_sts::guard::{Guard, Range, RefusalKind};
//!
//! let guard = Guard::default();
//! let judge = |address: &str| guard.judge("mta-sts.example.com", address.parse().unwrap());
//! assert!(judge("9.9.9.9").is_ok());
//! assert!(judge("2620:fe::9").is_ok());
//!
//! let refusal = judge("64:ff9b::10.0.0.1").unwrap_err();
//! assert_eq!(
//!     refusal.to_string(),
//!     "64:ff9b::a00:1 carries 10.0.0.1, which is in 10.0.0.0/8 (private use, RFC 1918)"
//! );
//! assert!(matches!(refusal.kind(), RefusalKind::Range { range: Range::Private, .. }));
//!
//! let guard = guard.permit("10.1.0.0/16".parse()?);
//! assert!(guard.judge("mta-sts.example.com", IpAddr::from([10, 1, 2, 3])).is_ok());
//! # Ok::<_, mta_sts::guard::PrefixError>(())
//! ```
//!
//! # What is refused
//!
//! Every block of the IANA special-purpose address registries, those too that they call
//! globally reachable, since no mail or web server has an address there (anycast services
//! that often run in the own network); multicast and reserved addresses; and whatever of
//! IPv6 is not in `2000::/3`, the global unicast of today.
//!
//! | range | prefixes |
//! |---|---|
//! | this network | `0.0.0.0/8` |
//! | private use | `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` |
//! | shared address space | `100.64.0.0/10` |
//! | loopback | `127.0.0.0/8`, `::1/128` |
//! | link-local | `169.254.0.0/16`, `fe80::/10` |
//! | IETF protocol assignments | `192.0.0.0/24` (all of it), `2001::/23` |
//! | documentation | `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24`, `2001:db8::/32`, `3fff::/20` |
//! | AS112 | `192.31.196.0/24`, `192.175.48.0/24`, `2620:4f:8000::/48` |
//! | AMT | `192.52.193.0/24`; of IPv6 in the IETF protocol assignments |
//! | 6to4 relay anycast | `192.88.99.0/24` |
//! | benchmarking | `198.18.0.0/15`, `2001:2::/48` |
//! | multicast | `224.0.0.0/4`, `ff00::/8` |
//! | reserved | `240.0.0.0/4` |
//! | limited broadcast | `255.255.255.255/32` |
//! | unspecified | `::/128` |
//! | IPv4-compatible | `::/96` |
//! | local-use translation | `64:ff9b:1::/48` |
//! | discard-only | `100::/64` |
//! | dummy prefix | `100:0:0:1::/64` |
//! | Teredo | `2001::/32` |
//! | ORCHID | `2001:10::/28`, `2001:20::/28` |
//! | DRIP entity tags | `2001:30::/28` |
//! | segment routing | `5f00::/16` |
//! | unique-local | `fc00::/7` |
//! | site-local | `fec0::/10` |
//! | not global unicast | all else outside of `2000::/3` |
//!
//! # IPv4 within IPv6
//!
//! | form | judged by |
//! |---|---|
//! | IPv4-mapped `::ffff:0:0/96` | the IPv4 address, in all: it is the same address |
//! | NAT64 `64:ff9b::/96`, 6to4 `2002::/16`, [NAT64 prefixes of the network](Guard::with_nat64) | the IPv4 address in place of the IPv6 address |
//! | ISATAP interface identifiers `::5efe:a.b.c.d`, `::200:5efe:a.b.c.d` | both addresses |
//! | IPv4-compatible `::/96` | both addresses, of which the outer one is refused |
//!
//! # What wins
//!
//! 1. A denial, by host or by prefix, of the address or of the IPv4 address within it.
//! 2. A permission by host: all its addresses.
//! 3. A permission by prefix, of that which is judged: for NAT64 that is the IPv4 address,
//!    so that permitting `64:ff9b::/96` opens no private range.
//! 4. The ranges above.
//!
//! # Limits
//!
//! Addresses of `2000::/3` pass whether or not anybody has been given them. IPv4
//! addresses that a network hides in its IPv6 addresses by rules of its own (6rd,
//! MAP, prefixes of NAT64 that nobody told us about) are not seen, nor is the client's
//! address in Teredo, which is refused as a whole.

mod carried;
mod prefix;
mod range;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use self::carried::Carried;
use crate::domain::DomainName;

pub use self::prefix::{Prefix, PrefixError};
pub use self::range::Range;

/// Which addresses remote data may make us connect to; see the [module](self).
///
/// Hosts are compared without ASCII case and final dot, and only whole: a permitted
/// `example.com` permits nothing for `mail.example.com`. Entries are looked through one
/// by one: they are a handful that an operator has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    denied_hosts: Vec<String>,
    denied: Vec<Prefix>,
    permitted_hosts: Vec<String>,
    permitted: Vec<Prefix>,
    nat64: Vec<Prefix>,
}

impl Guard {
    /// Permits every address of a host, wherever it is, but those that are denied.
    #[must_use]
    pub fn permit_host(mut self, host: &DomainName) -> Self {
        self.permitted_hosts.push(host.as_str().into());
        self
    }

    /// Denies every address of a host, whatever is permitted.
    #[must_use]
    pub fn deny_host(mut self, host: &DomainName) -> Self {
        self.denied_hosts.push(host.as_str().into());
        self
    }

    /// Permits the addresses of a prefix, but those that are denied. An IPv4 prefix
    /// covers its addresses within IPv6 as well (as far as the IPv4 address is what is
    /// judged).
    #[must_use]
    pub fn permit(mut self, prefix: Prefix) -> Self {
        self.permitted.push(prefix);
        self
    }

    /// Denies the addresses of a prefix, whatever is permitted. An IPv4 prefix covers its
    /// addresses within IPv6 as well.
    #[must_use]
    pub fn deny(mut self, prefix: Prefix) -> Self {
        self.denied.push(prefix);
        self
    }

    /// Judges the addresses of a NAT64 prefix that the network has chosen for itself
    /// by the IPv4 addresses within (RFC 6052 §2.2). Without this those of a global prefix
    /// pass, whatever they are translated to, and those of another are refused.
    ///
    /// # Errors
    ///
    /// [`PrefixError::Nat64`] unless it is an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits.
    pub fn with_nat64(mut self, prefix: Prefix) -> Result<Self, PrefixError> {
        if !carried::is_nat64(prefix) {
            return Err(PrefixError::Nat64 { prefix });
        }
        self.nat64.push(prefix);
        Ok(self)
    }

    /// Judges an address of a host.
    ///
    /// # Errors
    ///
    /// [`Refusal`] names the range or the rule.
    pub fn judge(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let carried = Carried::of(address, &self.nat64);
        self.denial(host, address, &carried)?;
        if contains_host(&self.permitted_hosts, host) {
            return Ok(());
        }
        for judged in carried.judged() {
            if let Some((prefix, range)) = range::of(judged)
                && !self.permitted.iter().any(|permitted| permitted.contains(judged))
            {
                let kind = RefusalKind::Range { prefix, range };
                return Err(Refusal { address, judged, kind });
            }
        }
        Ok(())
    }

    /// The address that connections to this one are counted by: behind a NAT64 the hosts
    /// of all the world have one prefix.
    #[cfg(feature = "client")]
    pub(crate) fn counted_as(&self, address: IpAddr) -> IpAddr {
        Carried::of(address, &self.nat64).judged().next().unwrap_or(address)
    }

    fn denial(&self, host: &str, address: IpAddr, carried: &Carried) -> Result<(), Refusal> {
        if contains_host(&self.denied_hosts, host) {
            return Err(Refusal { address, judged: address, kind: RefusalKind::DeniedHost });
        }
        for judged in carried.forms() {
            let denied = self.denied.iter().find(|denied| denied.contains(judged));
            if let Some(&prefix) = denied {
                return Err(Refusal { address, judged, kind: RefusalKind::Denied { prefix } });
            }
        }
        Ok(())
    }
}

fn contains_host(hosts: &[String], host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host))
}

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refusal {
    address: IpAddr,
    judged: IpAddr,
    kind: RefusalKind,
}

impl Refusal {
    /// The address that was asked about.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The address that is refused: that one, or the IPv4 address within it.
    #[must_use]
    pub const fn judged(&self) -> IpAddr {
        self.judged
    }

    /// By what it is refused.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        self.kind
    }
}

impl core::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, judged, kind } = self;
        if let RefusalKind::DeniedHost = kind {
            return write!(f, "{address} belongs to a host that is denied");
        }
        if judged == address {
            write!(f, "{address} is in ")?;
        } else {
            write!(f, "{address} carries {judged}, which is in ")?;
        }
        match kind {
            RefusalKind::Range { prefix, range } => {
                write!(f, "{prefix} ({range}, {})", range.defined_in())
            }
            RefusalKind::Denied { prefix } => write!(f, "{prefix}, which is denied"),
            RefusalKind::DeniedHost => Ok(()),
        }
    }
}

/// By what an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// It is in a range that is no global unicast, and not permitted.
    Range {
        /// The addresses of the range that it is one of.
        prefix: Prefix,
        /// The range.
        range: Range,
    },
    /// The operator has denied the prefix: [`Guard::deny`].
    Denied {
        /// The prefix, as it was denied.
        prefix: Prefix,
    },
    /// The operator has denied the host: [`Guard::deny_host`].
    DeniedHost,
}
