//! Whose policy counts for a next hop (RFC 8461 §1.1, §3.4).
//!
//! This does not find the next hop: transports, smart hosts and MX look-ups are the
//! sender's. It never goes from a domain to its parent.

use alloc::boxed::Box;
use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use rustls_pki_types::DnsName;

use super::record::StsRecord;
use crate::domain::{DomainErrorKind, DomainName, NameTooLong, ParseDomainError};

/// The domain for which a policy is defined (RFC 8461 §1.1): that of the next hop,
/// with room for the names of its TXT record and its policy host.
///
/// - It is the domain to which the mail goes, whether that has MX records or not. A
///   subdomain never uses the policy of its parent (§3.4).
/// - A smart host's own name is the policy domain, where mail goes through one
///   (§3.4).
/// - An address literal has none, and neither has a domain of more than
///   [`MAX_LEN`](Self::MAX_LEN) octets: [`NoPolicyDomain`].
///
/// Equality, hash and order are those of [`as_str`](Self::as_str), also for look-ups
/// by text.
///
/// # Examples
///
/// ```
/// use mta_sts::sts::{NoPolicyDomain, PolicyDomain};
///
/// let domain = PolicyDomain::from_next_hop("Example.com.")?;
/// assert_eq!(domain.as_str(), "example.com");
/// assert_eq!(domain.txt_name(), "_mta-sts.example.com.");
/// assert_eq!(domain.policy_host(), "mta-sts.example.com");
///
/// assert_eq!(PolicyDomain::from_next_hop("[192.0.2.1]"), Err(NoPolicyDomain::AddressLiteral));
/// # Ok::<_, NoPolicyDomain>(())
/// ```
#[derive(Clone)]
pub struct PolicyDomain {
    /// `_mta-sts.<domain>.`, of which the other names are parts.
    txt_name: Box<str>,
}

impl PolicyDomain {
    /// The octets that a policy domain may have: with `_mta-sts.` before it, it must
    /// be a DNS name.
    pub const MAX_LEN: usize = 244;

    /// The policy domain of a next hop, given as the text of a domain in A-labels or
    /// of an address.
    ///
    /// # Errors
    ///
    /// [`NoPolicyDomain`] if mail to there can have no policy.
    pub fn from_next_hop(next_hop: &str) -> Result<Self, NoPolicyDomain> {
        if next_hop.starts_with('[') || next_hop.contains(':') {
            return Err(NoPolicyDomain::AddressLiteral);
        }
        let domain = DomainName::parse(next_hop).map_err(|error| match error.kind() {
            DomainErrorKind::Address => NoPolicyDomain::AddressLiteral,
            _ => NoPolicyDomain::NotADomain(error),
        })?;
        Ok(Self::try_from(&domain)?)
    }

    /// The domain: lower case, no trailing dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.part("_mta-sts.".len())
    }

    /// The absolute name of its TXT record, `_mta-sts.<domain>.` (§3.1).
    #[must_use]
    pub const fn txt_name(&self) -> &str {
        &self.txt_name
    }

    /// The host that serves its policy, `mta-sts.<domain>` (§3.3).
    #[must_use]
    pub fn policy_host(&self) -> &str {
        self.part("_".len())
    }

    /// The policy host as what its certificate must be valid for (§3.3).
    ///
    /// # Panics
    ///
    /// Never: a [`DomainName`] with a label before it is a DNS name of pki-types.
    #[must_use]
    pub fn policy_host_name(&self) -> DnsName<'_> {
        DnsName::try_from(self.policy_host()).expect("LDH labels within the DNS lengths")
    }

    /// From an offset to the final dot.
    fn part(&self, start: usize) -> &str {
        self.txt_name.get(start..self.txt_name.len().saturating_sub(1)).unwrap_or_default()
    }
}

impl TryFrom<&DomainName> for PolicyDomain {
    type Error = NameTooLong;

    fn try_from(domain: &DomainName) -> Result<Self, NameTooLong> {
        Ok(Self { txt_name: StsRecord::owner_name(domain)?.into() })
    }
}

impl From<&PolicyDomain> for DomainName {
    fn from(domain: &PolicyDomain) -> Self {
        Self::trusted(domain.as_str())
    }
}

impl FromStr for PolicyDomain {
    type Err = NoPolicyDomain;

    fn from_str(next_hop: &str) -> Result<Self, NoPolicyDomain> {
        Self::from_next_hop(next_hop)
    }
}

impl Borrow<str> for PolicyDomain {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for PolicyDomain {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for PolicyDomain {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PolicyDomain {}

impl PartialOrd for PolicyDomain {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PolicyDomain {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for PolicyDomain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for PolicyDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PolicyDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Why mail to a next hop can have no MTA-STS policy. It is delivered as if none were
/// published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoPolicyDomain {
    /// An address, which has no `_mta-sts` name.
    #[error("an address has no policy")]
    AddressLiteral,
    /// The domain has no room for the names of MTA-STS.
    #[error("the domain is too long to have a policy")]
    TooLong(#[from] NameTooLong),
    /// Not a domain: mail there goes nowhere.
    #[error("the next hop is no domain")]
    NotADomain(#[source] ParseDomainError),
}
