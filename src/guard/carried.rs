//! IPv4 addresses within IPv6 addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Prefix;

/// An address and what is within it.
pub(super) struct Carried {
    outer: IpAddr,
    /// By a transition mechanism of the routing prefix, instead of `outer`.
    instead: Option<Ipv4Addr>,
    /// In the interface identifier, besides `outer`.
    besides: Option<Ipv4Addr>,
}

impl Carried {
    pub(super) fn of(address: IpAddr, nat64: &[Prefix]) -> Self {
        let outer = address.to_canonical();
        let IpAddr::V6(v6) = outer else {
            return Self { outer, instead: None, besides: None };
        };
        let instead = six_to_four(v6).or_else(|| {
            let holding = nat64.iter().filter(|prefix| prefix.contains(outer));
            let network = holding.max_by_key(|prefix| prefix.len());
            let prefix = network.or_else(|| WELL_KNOWN.contains(outer).then_some(&WELL_KNOWN));
            prefix.map(|prefix| translated(v6, prefix.len()))
        });
        Self { outer, instead, besides: compatible(v6).or_else(|| isatap(v6)) }
    }

    /// What has to be harmless, the IPv4 addresses first.
    pub(super) fn judged(&self) -> impl Iterator<Item = IpAddr> {
        let outer = self.instead.is_none().then_some(self.outer);
        self.inner().chain(outer)
    }

    /// Whatever the address can be called.
    pub(super) fn forms(&self) -> impl Iterator<Item = IpAddr> {
        [self.outer].into_iter().chain(self.inner())
    }

    fn inner(&self) -> impl Iterator<Item = IpAddr> {
        self.instead.into_iter().chain(self.besides).map(IpAddr::V4)
    }
}

/// Whether a prefix can be one of NAT64 (RFC 6052 §2.2).
pub(super) const fn is_nat64(prefix: Prefix) -> bool {
    matches!(prefix.address(), IpAddr::V6(_)) && matches!(prefix.len(), 32 | 40 | 48 | 56 | 64 | 96)
}

/// The prefix of NAT64 that every network may use (RFC 6052 §2.1).
const WELL_KNOWN: Prefix = Prefix::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// The address behind a NAT64 prefix of that many bits; octet 8 is skipped (RFC 6052 §2.2).
const fn translated(address: Ipv6Addr, len: u8) -> Ipv4Addr {
    let [_, _, _, _, o4, o5, o6, o7, _, o9, o10, o11, o12, o13, o14, o15] = address.octets();
    match len {
        32 => Ipv4Addr::new(o4, o5, o6, o7),
        40 => Ipv4Addr::new(o5, o6, o7, o9),
        48 => Ipv4Addr::new(o6, o7, o9, o10),
        56 => Ipv4Addr::new(o7, o9, o10, o11),
        64 => Ipv4Addr::new(o9, o10, o11, o12),
        _ => Ipv4Addr::new(o12, o13, o14, o15),
    }
}

/// The router of a 6to4 site: `2002:a.b.c.d::/48` (RFC 3056 §2).
const fn six_to_four(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.octets() {
        [0x20, 0x02, a, b, c, d, ..] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

/// `::a.b.c.d`, but for `::` and `::1` (RFC 4291 §2.5.5.1).
const fn compatible(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.octets() {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

/// The interface identifier `[02]00:5efe:a.b.c.d` (RFC 5214 §6.1).
const fn isatap(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.octets() {
        [_, _, _, _, _, _, _, _, 0 | 2, 0, 0x5e, 0xfe, a, b, c, d] => {
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}
