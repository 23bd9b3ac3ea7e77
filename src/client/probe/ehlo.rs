//! The name that a client gives itself.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::domain::DomainName;
use crate::escape::escape;

/// The argument of EHLO: a domain name, or an address literal where the client has none
/// (RFC 5321 §4.1.1.1, §4.1.3).
///
/// `as_str`, `Display` and `FromStr` are that argument. What is in it is ASCII without
/// space, so that it cannot add a command.
///
/// # Examples
///
/// ```
/// use mta_sts::client::EhloName;
///
/// let name: EhloName = "probe.example.net".parse()?;
/// assert_eq!(name.as_str(), "probe.example.net");
/// let name: EhloName = "[IPv6:2001:db8::1]".parse()?;
/// assert_eq!(name, EhloName::from(core::net::IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])));
/// assert!("[2001:db8::1]".parse::<EhloName>().is_err());
/// # Ok::<_, mta_sts::client::InvalidEhloName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EhloName(Box<str>);

impl EhloName {
    /// The argument.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EhloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EhloName {
    type Err = InvalidEhloName;

    fn from_str(text: &str) -> Result<Self, InvalidEhloName> {
        let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let name = match literal {
            Some(literal) => address(literal).map(Self::from),
            None => DomainName::parse(text).ok().map(Self::from),
        };
        name.ok_or_else(|| InvalidEhloName { found: escape(text).to_string().into() })
    }
}

/// RFC 5321 §4.1.3, without `General-address-literal`: no tag but `IPv6` is registered.
fn address(literal: &str) -> Option<IpAddr> {
    const TAG: &str = "IPv6:";
    match literal.split_at_checked(TAG.len()) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case(TAG) => {
            rest.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
        _ => literal.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

impl From<DomainName> for EhloName {
    fn from(name: DomainName) -> Self {
        Self(name.as_str().into())
    }
}

impl From<IpAddr> for EhloName {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => alloc::format!("[{address}]").into(),
            IpAddr::V6(address) => alloc::format!("[IPv6:{address}]").into(),
        })
    }
}

/// The text is neither a domain name nor an address literal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a domain name or an address literal, found `{found}`")]
pub struct InvalidEhloName {
    found: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ehlo_names_are_domains_and_address_literals() {
        for (text, name) in [
            ("mail.example.com", "mail.example.com"),
            ("Mail.Example.com.", "mail.example.com"),
            ("localhost", "localhost"),
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"),
            ("[ipv6:::]", "[IPv6:::]"),
        ] {
            let parsed: EhloName = text.parse().unwrap();
            assert_eq!(parsed.to_string(), name);
            assert_eq!(name.parse::<EhloName>(), Ok(parsed));
        }
        for text in [
            "",
            "[",
            "[]",
            "]",
            "192.0.2.1",
            "[2001:db8::1]",
            "[IPv6:192.0.2.1]",
            "[192.0.2.1",
            "[192.0.2.256]",
            "[x-tag:1]",
            "a b",
            "mail.example.com\r\nMAIL FROM:<>",
            "grüße.example",
        ] {
            assert!(text.parse::<EhloName>().is_err(), "{text}");
        }
        let error = "a b\n".parse::<EhloName>().unwrap_err();
        let shown = "expected a domain name or an address literal, found `a b\\n`";
        assert_eq!(error.to_string(), shown);
    }
}
