//! What is no global unicast.
//!
//! The tables follow the IANA registries "IPv4 Special-Purpose Address Space", "IPv6
//! Special-Purpose Address Space", "IPv4 Multicast Address Space" and "Internet Protocol
//! Version 6 Address Space", as they were in November 2026.

use core::fmt;
use core::net::IpAddr;

use super::Prefix;

/// A range of addresses that are no global unicast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Range {
    /// Hosts of this network.
    ThisNetwork,
    /// Private networks.
    Private,
    /// Between a provider's customers and its NAT.
    Shared,
    /// The own host.
    Loopback,
    /// Neighbours on the link.
    LinkLocal,
    /// Of protocols of the IETF.
    IetfProtocol,
    /// Of examples.
    Documentation,
    /// Sinks for reverse look-ups of private addresses.
    As112,
    /// Relays of Automatic Multicast Tunneling.
    Amt,
    /// Relays of 6to4, deprecated.
    RelayAnycast6to4,
    /// Of laboratories.
    Benchmarking,
    /// Groups of hosts.
    Multicast,
    /// Of no use so far.
    Reserved,
    /// All hosts on the link.
    Broadcast,
    /// No address.
    Unspecified,
    /// IPv4 addresses behind 96 zero bits, deprecated.
    Ipv4Compatible,
    /// NAT64 within a network, of which nobody else knows how it is laid out.
    LocalTranslation,
    /// What is to be discarded.
    DiscardOnly,
    /// What stands for an address and never is one.
    Dummy,
    /// Tunnels with the IPv4 address of a server and, disguised, that of a client.
    Teredo,
    /// Hashes of keys, not routed, the second version too.
    Orchid,
    /// Names of drones.
    DripEntityTag,
    /// Segment identifiers of SRv6.
    SegmentRouting,
    /// Private networks of IPv6.
    UniqueLocal,
    /// Private networks of IPv6, deprecated.
    SiteLocal,
    /// IPv6 outside of `2000::/3`, with none of the uses above.
    NotGlobalUnicast,
}

impl Range {
    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Where it is defined, such as `RFC 1918`: IPv4 before IPv6 where both have it.
    #[must_use]
    pub const fn defined_in(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::ThisNetwork => ("this network", "RFC 791 §3.2"),
            Self::Private => ("private use", "RFC 1918"),
            Self::Shared => ("shared address space", "RFC 6598"),
            Self::Loopback => ("loopback", "RFC 1122 §3.2.1.3, RFC 4291 §2.5.3"),
            Self::LinkLocal => ("link-local", "RFC 3927, RFC 4291 §2.5.6"),
            Self::IetfProtocol => ("IETF protocol assignments", "RFC 6890 §2.1, RFC 2928"),
            Self::Documentation => ("documentation", "RFC 5737, RFC 3849, RFC 9637"),
            Self::As112 => ("AS112", "RFC 7534, RFC 7535"),
            Self::Amt => ("AMT", "RFC 7450"),
            Self::RelayAnycast6to4 => ("6to4 relay anycast", "RFC 7526"),
            Self::Benchmarking => ("benchmarking", "RFC 2544, RFC 5180"),
            Self::Multicast => ("multicast", "RFC 5771, RFC 4291 §2.7"),
            Self::Reserved => ("reserved", "RFC 1112 §4"),
            Self::Broadcast => ("limited broadcast", "RFC 919 §7"),
            Self::Unspecified => ("unspecified", "RFC 4291 §2.5.2"),
            Self::Ipv4Compatible => ("IPv4-compatible", "RFC 4291 §2.5.5.1"),
            Self::LocalTranslation => ("local-use translation", "RFC 8215"),
            Self::DiscardOnly => ("discard-only", "RFC 6666"),
            Self::Dummy => ("dummy prefix", "RFC 9780"),
            Self::Teredo => ("Teredo", "RFC 4380"),
            Self::Orchid => ("ORCHID", "RFC 4843, RFC 7343"),
            Self::DripEntityTag => ("DRIP entity tags", "RFC 9374"),
            Self::SegmentRouting => ("segment routing", "RFC 9602"),
            Self::UniqueLocal => ("unique-local", "RFC 4193"),
            Self::SiteLocal => ("site-local", "RFC 3879"),
            Self::NotGlobalUnicast => ("not global unicast", "RFC 4291 §2.4"),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The range that an address is in, and the prefix of it; none of a global unicast
/// address. IPv4 addresses within are not looked at.
pub(super) fn of(address: IpAddr) -> Option<(Prefix, Range)> {
    let table = if address.is_ipv4() { V4 } else { V6 };
    let found = table.iter().find(|(prefix, _)| prefix.contains(address)).copied();
    let outside = address.is_ipv6() && !GLOBAL_UNICAST.contains(address);
    found.or_else(|| outside.then_some((ALL_V6, Range::NotGlobalUnicast)))
}

/// The global unicast addresses that IANA gives to registries so far.
const GLOBAL_UNICAST: Prefix = Prefix::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const ALL_V6: Prefix = Prefix::v6([0; 8], 0);

/// The smaller prefix stands before one that holds it.
const V4: &[(Prefix, Range)] = &[
    (Prefix::v4([0, 0, 0, 0], 8), Range::ThisNetwork),
    (Prefix::v4([10, 0, 0, 0], 8), Range::Private),
    (Prefix::v4([100, 64, 0, 0], 10), Range::Shared),
    (Prefix::v4([127, 0, 0, 0], 8), Range::Loopback),
    (Prefix::v4([169, 254, 0, 0], 16), Range::LinkLocal),
    (Prefix::v4([172, 16, 0, 0], 12), Range::Private),
    (Prefix::v4([192, 0, 0, 0], 24), Range::IetfProtocol),
    (Prefix::v4([192, 0, 2, 0], 24), Range::Documentation),
    (Prefix::v4([192, 31, 196, 0], 24), Range::As112),
    (Prefix::v4([192, 52, 193, 0], 24), Range::Amt),
    (Prefix::v4([192, 88, 99, 0], 24), Range::RelayAnycast6to4),
    (Prefix::v4([192, 168, 0, 0], 16), Range::Private),
    (Prefix::v4([192, 175, 48, 0], 24), Range::As112),
    (Prefix::v4([198, 18, 0, 0], 15), Range::Benchmarking),
    (Prefix::v4([198, 51, 100, 0], 24), Range::Documentation),
    (Prefix::v4([203, 0, 113, 0], 24), Range::Documentation),
    (Prefix::v4([224, 0, 0, 0], 4), Range::Multicast),
    (Prefix::v4([255, 255, 255, 255], 32), Range::Broadcast),
    (Prefix::v4([240, 0, 0, 0], 4), Range::Reserved),
];

/// Likewise. 6to4 and the well-known prefix of NAT64 are judged by what is within.
const V6: &[(Prefix, Range)] = &[
    (Prefix::v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Range::Unspecified),
    (Prefix::v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Range::Loopback),
    (Prefix::v6([0, 0, 0, 0, 0, 0, 0, 0], 96), Range::Ipv4Compatible),
    (Prefix::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Range::LocalTranslation),
    (Prefix::v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), Range::DiscardOnly),
    (Prefix::v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), Range::Dummy),
    (Prefix::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), Range::Teredo),
    (Prefix::v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), Range::Benchmarking),
    (Prefix::v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28), Range::Orchid),
    (Prefix::v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28), Range::Orchid),
    (Prefix::v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28), Range::DripEntityTag),
    (Prefix::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Range::IetfProtocol),
    (Prefix::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Range::Documentation),
    (Prefix::v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), Range::As112),
    (Prefix::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Range::Documentation),
    (Prefix::v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), Range::SegmentRouting),
    (Prefix::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Range::UniqueLocal),
    (Prefix::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Range::LinkLocal),
    (Prefix::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Range::SiteLocal),
    (Prefix::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Range::Multicast),
];
