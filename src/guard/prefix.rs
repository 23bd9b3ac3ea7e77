//! Prefixes of addresses (RFC 4632 §3.1, RFC 4291 §2.3).

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::escape::escape;

/// A prefix of addresses, such as `198.51.100.0/24`: all addresses that begin with the
/// same bits.
///
/// # Grammar
///
/// ```text
/// prefix = address "/" length      ; length in bits, decimal, without leading zeros
/// ```
///
/// `address` is as [`IpAddr`] reads it; beyond its length all bits are 0. A single
/// address is a prefix of 32 or 128 bits, and is also made by `Prefix::from`.
///
/// # Examples
///
/// ```
/// use mta_sts::guard::Prefix;
///
/// let prefix: Prefix = "2001:db8::/32".parse()?;
/// assert_eq!(prefix.to_string(), "2001:db8::/32");
/// assert!(prefix.contains("2001:db8::1".parse().unwrap()));
///
/// let error = "10.0.0.1/8".parse::<Prefix>().unwrap_err();
/// assert_eq!(error.to_string(), "expected no bits beyond the first 8, as in 10.0.0.0/8, found 10.0.0.1");
/// # Ok::<_, mta_sts::guard::PrefixError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    len: u8,
}

impl Prefix {
    /// The prefix of that many bits.
    ///
    /// # Errors
    ///
    /// [`PrefixError::Length`], [`PrefixError::HostBits`] or [`PrefixError::Mapped`].
    pub fn new(address: IpAddr, len: u8) -> Result<Self, PrefixError> {
        let network = Self::holding(address, len)?;
        if network.address != address {
            return Err(PrefixError::HostBits { address, network });
        }
        Ok(network)
    }

    /// The prefix of that many bits that the address is in.
    ///
    /// # Errors
    ///
    /// [`PrefixError::Length`] or [`PrefixError::Mapped`].
    pub fn holding(address: IpAddr, len: u8) -> Result<Self, PrefixError> {
        let max = bits_of(address);
        if len > max {
            return Err(PrefixError::Length { len: len.into(), max });
        }
        if address.to_canonical() != address && len >= MAPPED_LEN {
            return Err(PrefixError::Mapped { address });
        }
        Ok(Self { address: masked(address, len), len })
    }

    /// A prefix that this crate has written down.
    pub(super) const fn v4(octets: [u8; 4], len: u8) -> Self {
        let [a, b, c, d] = octets;
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), len }
    }

    /// Likewise.
    pub(super) const fn v6(segments: [u16; 8], len: u8) -> Self {
        let [a, b, c, d, e, f, g, h] = segments;
        Self { address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), len }
    }

    /// The first address.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits all its addresses begin with: 0 to 32 of IPv4, to 128 of IPv6.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a length in bits, and no prefix is empty")]
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Whether the address is one of it. An IPv4-mapped address is an IPv4 address; what
    /// else is within an address is not looked at.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.len) == self.address
    }
}

/// All IPv4-mapped addresses begin with these many bits.
const MAPPED_LEN: u8 = 96;

const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with only its first `len` bits.
fn masked(address: IpAddr, len: u8) -> IpAddr {
    let rest = u32::from(bits_of(address).saturating_sub(len));
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

/// The prefix of the one address.
impl From<IpAddr> for Prefix {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, len: bits_of(address) }
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let Some((address, len)) = text.split_once('/') else {
            return Err(PrefixError::Slash { found: shown(text) });
        };
        let address: IpAddr =
            address.parse().map_err(|_| PrefixError::Address { found: shown(address) })?;
        let number = parse_len(len).ok_or_else(|| PrefixError::Number { found: shown(len) })?;
        let too_long = PrefixError::Length { len: number, max: bits_of(address) };
        Self::new(address, number.try_into().map_err(|_| too_long)?)
    }
}

/// Digits without leading zeros.
fn parse_len(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    (digits && !leading_zero).then(|| text.parse().ok()).flatten()
}

fn shown(text: &str) -> Box<str> {
    escape(text).at_most(FOUND_MAX).to_string().into()
}

/// How much of the offending text an error shows, in characters: an IPv6 address.
const FOUND_MAX: usize = 45;

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why something is no prefix, or not the one that is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrefixError {
    /// There is no length.
    #[error("expected an address, `/` and a length, found `{found}`")]
    Slash {
        /// The text, shortened and escaped.
        found: Box<str>,
    },
    /// What stands before the `/` is no address.
    #[error("expected an IP address before the `/`, found `{found}`")]
    Address {
        /// That text, shortened and escaped.
        found: Box<str>,
    },
    /// What stands behind the `/` is no number, or one with leading zeros.
    #[error("expected a number of bits after the `/`, found `{found}`")]
    Number {
        /// That text, shortened and escaped.
        found: Box<str>,
    },
    /// The address has fewer bits.
    #[error("expected a length of at most {max}, found {len}")]
    Length {
        /// The length.
        len: u32,
        /// The bits of an address of the family.
        max: u8,
    },
    /// The address is not the first one of the prefix: a typing error somewhere, and
    /// whether in the address or in the length cannot be known.
    #[error(
        "expected no bits beyond the first {}, as in {network}, found {address}",
        network.len()
    )]
    HostBits {
        /// The address.
        address: IpAddr,
        /// The prefix of that length which holds it.
        network: Prefix,
    },
    /// The prefix has only IPv4-mapped addresses, which are judged as IPv4 addresses, so
    /// that no address would ever be in it: write it as an IPv4 prefix.
    #[error("expected an IPv4 prefix, found the IPv4-mapped address {address}")]
    Mapped {
        /// The address.
        address: IpAddr,
    },
    /// No NAT64 can have the prefix (RFC 6052 §2.2).
    #[error("expected an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits, found {prefix}")]
    Nat64 {
        /// The prefix.
        prefix: Prefix,
    },
}
