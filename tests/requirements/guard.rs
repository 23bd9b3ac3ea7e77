//! FET-7: the addresses that remote data may make us connect to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mta_sts::DomainName;
use mta_sts::guard::{Guard, Prefix, PrefixError, Range, Refusal, RefusalKind};
use proptest::prelude::*;

const HOST: &str = "mta-sts.example.com";

fn judge(address: &str) -> Result<(), Refusal> {
    Guard::default().judge(HOST, ip(address))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

#[track_caller]
fn refused_as(address: &str, expected: Range) {
    match judge(address).map_err(|refusal| refusal.kind()) {
        Err(RefusalKind::Range { range, .. }) => assert_eq!(range, expected, "{address}"),
        other => panic!("{address}: {other:?}"),
    }
}

#[test]
fn fet_7_global_unicast_passes() {
    for address in [
        "1.0.0.0",
        "9.9.9.9",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2620:fe::fe",
        "2a00:1450::1",
        "3ffe::1",
        "3fff:1000::",
    ] {
        assert_eq!(judge(address), Ok(()), "{address}");
    }
}

/// First and last address of each range; what is before and after is in another one or
/// in none.
const BOUNDARIES: [(&str, &str, Range); 40] = [
    ("0.0.0.0", "0.255.255.255", Range::ThisNetwork),
    ("10.0.0.0", "10.255.255.255", Range::Private),
    ("100.64.0.0", "100.127.255.255", Range::Shared),
    ("127.0.0.0", "127.255.255.255", Range::Loopback),
    ("169.254.0.0", "169.254.255.255", Range::LinkLocal),
    ("172.16.0.0", "172.31.255.255", Range::Private),
    ("192.0.0.0", "192.0.0.255", Range::IetfProtocol),
    ("192.0.0.9", "192.0.0.10", Range::IetfProtocol),
    ("192.0.2.0", "192.0.2.255", Range::Documentation),
    ("192.31.196.0", "192.31.196.255", Range::As112),
    ("192.52.193.0", "192.52.193.255", Range::Amt),
    ("192.88.99.0", "192.88.99.255", Range::RelayAnycast6to4),
    ("192.168.0.0", "192.168.255.255", Range::Private),
    ("192.175.48.0", "192.175.48.255", Range::As112),
    ("198.18.0.0", "198.19.255.255", Range::Benchmarking),
    ("198.51.100.0", "198.51.100.255", Range::Documentation),
    ("203.0.113.0", "203.0.113.255", Range::Documentation),
    ("224.0.0.0", "239.255.255.255", Range::Multicast),
    ("240.0.0.0", "255.255.255.254", Range::Reserved),
    ("255.255.255.255", "255.255.255.255", Range::Broadcast),
    ("::", "::", Range::Unspecified),
    ("::1", "::1", Range::Loopback),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Range::LocalTranslation),
    ("100::", "100::ffff:ffff:ffff:ffff", Range::DiscardOnly),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", Range::Dummy),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", Range::Teredo),
    ("2001:1::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", Range::IetfProtocol),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Range::Benchmarking),
    ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", Range::Orchid),
    ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", Range::Orchid),
    ("2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", Range::DripEntityTag),
    ("2001:40::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Range::IetfProtocol),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Range::Documentation),
    ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", Range::As112),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Range::Documentation),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Range::SegmentRouting),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Range::UniqueLocal),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Range::LinkLocal),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Range::SiteLocal),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Range::Multicast),
];

#[test]
fn fet_7_ranges_begin_and_end_where_the_registries_say() {
    for (first, last, range) in BOUNDARIES {
        refused_as(first, range);
        refused_as(last, range);
        for outside in [before(ip(first)), after(ip(last))].into_iter().flatten() {
            let judged = Guard::default().judge(HOST, outside);
            assert_eq!(judged.is_ok(), is_global(outside), "{outside}");
        }
    }
}

fn before(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => Some(Ipv4Addr::from(u32::from(v4).checked_sub(1)?).into()),
        IpAddr::V6(v6) => Some(Ipv6Addr::from(u128::from(v6).checked_sub(1)?).into()),
    }
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => Some(Ipv4Addr::from(u32::from(v4).checked_add(1)?).into()),
        IpAddr::V6(v6) => Some(Ipv6Addr::from(u128::from(v6).checked_add(1)?).into()),
    }
}

#[test]
fn fet_7_ipv6_is_global_unicast_within_2000_3_only() {
    for address in ["4000::", "1fff::1", "64:ff9a::808:808", "::ffff:0:808:808", "101::", "e000::"]
    {
        refused_as(address, Range::NotGlobalUnicast);
    }
    refused_as("::808:808", Range::Ipv4Compatible);
    refused_as("::2", Range::ThisNetwork);
}

#[test]
fn fet_7_mapped_addresses_are_judged_by_the_embedded_one() {
    assert_eq!(judge("::ffff:9.9.9.9"), Ok(()));
    refused_as("::ffff:127.0.0.1", Range::Loopback);
    refused_as("::ffff:169.254.169.254", Range::LinkLocal);
    let permitted = Guard::default().permit(prefix("10.0.0.0/8"));
    assert_eq!(permitted.judge(HOST, ip("::ffff:10.0.0.1")), Ok(()));
    assert!(Guard::default().permit(prefix("::/0")).judge(HOST, ip("::ffff:10.0.0.1")).is_err());
}

#[test]
fn fet_7_embedded_addresses_are_judged() {
    for (carrier, global) in [
        ("64:ff9b::", true),
        ("2001:470:1::5efe:", true),
        ("2001:470:1:0:200:5efe:", true),
        ("::", false),
    ] {
        let with = |v4: &str| format!("{carrier}{v4}");
        assert_eq!(judge(&with("9.9.9.9")).is_ok(), global, "{carrier}");
        refused_as(&with("10.1.2.3"), Range::Private);
        refused_as(&with("169.254.169.254"), Range::LinkLocal);
        refused_as(&with("255.255.255.255"), Range::Broadcast);
    }
    assert_eq!(judge("2002:909:909::1"), Ok(()));
    refused_as("2002:7f00:1::1", Range::Loopback);
    refused_as("2002:a01:203::1", Range::Private);
    refused_as("2002:909:909::5efe:10.0.0.1", Range::Private);
    assert_eq!(judge("2001:470:1:0:100:5efe:10.1.2.3"), Ok(()), "no ISATAP");
}

#[test]
fn fet_7_a_network_s_own_nat64_is_judged_by_the_embedded_address() {
    // The examples of RFC 6052 §2.4, but for a prefix that passes, and another address.
    for (nat64, private, global) in [
        ("2a00::/32", "2a00:0:a01:203::", "2a00:0:909:909::"),
        ("2a00:0:100::/40", "2a00:0:10a:102:3::", "2a00:0:109:909:9::"),
        ("2a00:0:122::/48", "2a00:0:122:a01:2:300::", "2a00:0:122:909:9:900::"),
        ("2a00:0:122:300::/56", "2a00:0:122:30a:1:203::", "2a00:0:122:309:9:909::"),
        ("2a00:0:122:344::/64", "2a00:0:122:344:a:102:300::", "2a00:0:122:344:9:909:900::"),
        ("2a00:0:122:344::/96", "2a00:0:122:344::10.1.2.3", "2a00:0:122:344::9.9.9.9"),
    ] {
        assert_eq!(judge(private), Ok(()), "nobody has said what it is");
        let guard = Guard::default().with_nat64(prefix(nat64)).unwrap();
        let refusal = guard.judge(HOST, ip(private)).unwrap_err();
        assert_eq!(refusal.judged(), ip("10.1.2.3"), "{nat64}");
        assert_eq!(guard.judge(HOST, ip(global)), Ok(()), "{nat64}");
    }
    let local = Guard::default().with_nat64(prefix("64:ff9b:1::/48")).unwrap();
    assert_eq!(local.judge(HOST, ip("64:ff9b:1:909:9:900::")), Ok(()));
    let error = Guard::default().with_nat64(prefix("2a00::/33")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits, found 2a00::/33"
    );
    assert!(Guard::default().with_nat64(prefix("10.0.0.0/32")).is_err());
}

#[test]
fn fet_7_a_denial_beats_a_permission_and_that_the_ranges() {
    let guard = Guard::default()
        .permit(prefix("10.0.0.0/8"))
        .permit_host(&name("Inside.example.com"))
        .deny(prefix("10.9.0.0/16"))
        .deny(prefix("9.9.9.0/24"))
        .deny_host(&name("evil.example.com"));
    let judge = |host: &str, address: &str| guard.judge(host, ip(address)).is_ok();
    assert!(judge(HOST, "10.1.0.1"));
    assert!(!judge(HOST, "10.9.0.1"));
    assert!(!judge(HOST, "192.168.0.1"));
    assert!(!judge(HOST, "9.9.9.9"));
    for host in ["inside.example.com", "INSIDE.example.com."] {
        assert!(judge(host, "192.168.0.1") && judge(host, "::1"));
        assert!(!judge(host, "10.9.0.1") && !judge(host, "64:ff9b::10.9.0.1"));
    }
    assert!(!judge("www.inside.example.com", "192.168.0.1"));
    assert!(!judge("evil.EXAMPLE.com.", "8.8.8.8"));
    assert!(judge("www.evil.example.com", "8.8.8.8"));
    assert!(!judge("evil.example.com", "10.1.0.1"));
}

#[test]
fn fet_7_denials_see_what_is_within_and_what_is_outside() {
    let guard = Guard::default().deny(prefix("64:ff9b::/96")).deny(prefix("2002::/16"));
    assert!(guard.judge(HOST, ip("64:ff9b::9.9.9.9")).is_err());
    assert!(guard.judge(HOST, ip("2002:909:909::1")).is_err());
    assert!(guard.judge(HOST, ip("9.9.9.9")).is_ok());
    let guard = Guard::default().deny(prefix("9.9.9.9/32"));
    for address in ["9.9.9.9", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::1"] {
        assert!(guard.judge(HOST, ip(address)).is_err(), "{address}");
    }
}

#[test]
fn fet_7_a_permission_is_of_what_is_judged() {
    let guard = Guard::default().permit(prefix("64:ff9b::/96")).permit(prefix("2002::/16"));
    assert!(guard.judge(HOST, ip("64:ff9b::10.0.0.1")).is_err());
    assert!(guard.judge(HOST, ip("2002:a00:1::1")).is_err());
    let guard = Guard::default().permit(prefix("10.0.0.0/8"));
    assert!(guard.judge(HOST, ip("64:ff9b::10.0.0.1")).is_ok());
    assert!(guard.judge(HOST, ip("2002:a00:1::1")).is_ok());
    // Of an ISATAP address both have to be harmless.
    assert!(guard.judge(HOST, ip("fd00::5efe:10.0.0.1")).is_err());
    assert!(guard.permit(prefix("fd00::/8")).judge(HOST, ip("fd00::5efe:10.0.0.1")).is_ok());
}

#[test]
fn fet_7_refusals_say_what_and_where() {
    let shown = |address: &str| judge(address).unwrap_err().to_string();
    assert_eq!(
        shown("100.64.1.2"),
        "100.64.1.2 is in 100.64.0.0/10 (shared address space, RFC 6598)"
    );
    assert_eq!(
        shown("::ffff:10.0.0.1"),
        "::ffff:10.0.0.1 carries 10.0.0.1, which is in 10.0.0.0/8 (private use, RFC 1918)"
    );
    assert_eq!(shown("4000::1"), "4000::1 is in ::/0 (not global unicast, RFC 4291 §2.4)");
    let guard = Guard::default().deny(prefix("9.0.0.0/8")).deny_host(&name("evil.example"));
    let refusal = guard.judge(HOST, ip("9.9.9.9")).unwrap_err();
    assert_eq!(refusal.to_string(), "9.9.9.9 is in 9.0.0.0/8, which is denied");
    assert_eq!(refusal.kind(), RefusalKind::Denied { prefix: prefix("9.0.0.0/8") });
    let refusal = guard.judge("evil.example", ip("8.8.8.8")).unwrap_err();
    assert_eq!(refusal.to_string(), "8.8.8.8 belongs to a host that is denied");
    assert_eq!((refusal.address(), refusal.kind()), (ip("8.8.8.8"), RefusalKind::DeniedHost));
}

#[test]
fn fet_7_prefixes_are_read_strictly() {
    let error = |text: &str| text.parse::<Prefix>().unwrap_err().to_string();
    for (text, expected) in [
        ("10.0.0.0", "expected an address, `/` and a length, found `10.0.0.0`"),
        ("\u{1b}[0m/8", "expected an IP address before the `/`, found `\\u{1b}[0m`"),
        ("10.0.0/8", "expected an IP address before the `/`, found `10.0.0`"),
        ("/8", "expected an IP address before the `/`, found ``"),
        ("10.0.0.0/", "expected a number of bits after the `/`, found ``"),
        ("10.0.0.0/+8", "expected a number of bits after the `/`, found `+8`"),
        ("10.0.0.0/08", "expected a number of bits after the `/`, found `08`"),
        ("10.0.0.0/8/8", "expected a number of bits after the `/`, found `8/8`"),
        ("10.0.0.0/8 ", "expected a number of bits after the `/`, found `8 `"),
        ("::/99999999999", "expected a number of bits after the `/`, found `99999999999`"),
        ("10.0.0.0/33", "expected a length of at most 32, found 33"),
        ("::/129", "expected a length of at most 128, found 129"),
        ("::/256", "expected a length of at most 128, found 256"),
        ("10.0.0.1/8", "expected no bits beyond the first 8, as in 10.0.0.0/8, found 10.0.0.1"),
        ("fd00::1/127", "expected no bits beyond the first 127, as in fd00::/127, found fd00::1"),
        (
            "::ffff:10.0.0.0/104",
            "expected an IPv4 prefix, found the IPv4-mapped address ::ffff:10.0.0.0",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
    for text in ["0.0.0.0/0", "255.255.255.255/32", "128.0.0.0/1", "::/0", "ffff::/16", "::1/128"] {
        assert_eq!(prefix(text).to_string(), text);
    }
    assert_eq!(Prefix::from(ip("::ffff:9.9.9.9")), prefix("9.9.9.9/32"));
    let holding = Prefix::holding(ip("9.9.9.9"), 24).unwrap();
    assert_eq!((holding.address(), holding.len()), (ip("9.9.9.0"), 24));
    assert!(matches!(Prefix::new(ip("9.9.9.9"), 24), Err(PrefixError::HostBits { .. })));
}

/// Another way to say it: the registries' blocks as patterns of octets and segments.
fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4.octets()),
        IpAddr::V6(v6) => is_global_v6(v6.segments()),
    }
}

fn is_global_v4(octets: [u8; 4]) -> bool {
    !matches!(
        octets,
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 31, 196, _]
            | [192, 52, 193, _]
            | [192, 88, 99, _]
            | [192, 175, 48, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    )
}

fn is_global_v6(segments: [u16; 8]) -> bool {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_global_v4([a, b, c, d])
    };
    if let [.., 0 | 0x200, 0x5efe, high, low] = segments
        && !v4(high, low)
    {
        return false;
    }
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        [0x2001, 0..=0x1ff | 0xdb8, ..] => false,
        [0x2620, 0x4f, 0x8000, ..] => false,
        [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// Addresses near the edges of the ranges, and within each other.
fn addresses() -> impl Strategy<Value = IpAddr> {
    let edge = proptest::sample::select(BOUNDARIES.to_vec()).prop_flat_map(|(first, last, _)| {
        let ends = [ip(first), ip(last)];
        let around = ends.into_iter().flat_map(|end| [Some(end), before(end), after(end)]);
        proptest::sample::select(around.flatten().collect::<Vec<_>>())
    });
    let v4 = prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from),
        edge.clone().prop_filter_map("IPv4", |edge| match edge {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        })
    ];
    let carried = (v4, any::<u64>(), 0..6_u8).prop_map(|(v4, other, form)| {
        let bits = u128::from(u32::from(v4));
        let high = (u128::from(other) | 1 << 61) << 64;
        let carrier = match form {
            0 => bits,
            1 => 0xffff << 32 | bits,
            2 => 0x64_ff9b << 96 | bits,
            3 => 0x2002 << 112 | bits << 80 | u128::from(other),
            4 => high | 0x5efe << 32 | bits,
            _ => high | 0x200_5efe << 32 | bits,
        };
        IpAddr::from(Ipv6Addr::from(carrier))
    });
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from(bits).into()),
        edge,
        carried,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fet_7_what_passes_is_what_the_model_says(address in addresses()) {
        let judged = Guard::default().judge(HOST, address);
        prop_assert_eq!(judged.is_ok(), is_global(address), "{:?}", judged);
        if let Err(refusal) = judged {
            prop_assert_eq!(refusal.address(), address);
            let RefusalKind::Range { prefix, .. } = refusal.kind() else { panic!("{refusal}") };
            prop_assert!(prefix.contains(refusal.judged()));
        }
    }

    #[test]
    fn fet_7_a_mapped_address_is_its_ipv4_address(
        bits: u32, permitted: u32, denied: u32, len in 0..=32_u8
    ) {
        let prefix = |bits: u32| Prefix::holding(Ipv4Addr::from(bits).into(), len).unwrap();
        let guard = Guard::default().permit(prefix(permitted)).deny(prefix(denied));
        let v4 = Ipv4Addr::from(bits);
        let plain = guard.judge(HOST, v4.into()).map_err(|refusal| refusal.kind());
        let mapped = guard.judge(HOST, v4.to_ipv6_mapped().into()).map_err(|refusal| refusal.kind());
        prop_assert_eq!(plain, mapped);
    }

    #[test]
    fn fet_7_prefixes_print_what_they_are_read_from(address in addresses(), len in 0..=128_u8) {
        if let Ok(prefix) = Prefix::holding(address, len) {
            prop_assert_eq!(prefix.to_string().parse(), Ok(prefix));
            prop_assert_eq!(Prefix::new(prefix.address(), len), Ok(prefix));
            if address.to_canonical() == address {
                prop_assert!(prefix.contains(address));
            }
        }
    }

    #[test]
    fn fet_7_a_prefix_holds_what_begins_with_its_bits(bits: u128, len in 0..=128_u8, flip in 0..128_u8) {
        let prefix = Prefix::holding(Ipv6Addr::from(bits | 1 << 127).into(), len).unwrap();
        let flipped = Ipv6Addr::from((bits | 1 << 127) ^ (1 << (127 - flip)));
        prop_assert_eq!(prefix.contains(flipped.into()), flip >= len);
    }
}
