//! FET-7: which addresses are connected to, and which never.

use core::net::IpAddr;

use mta_sts::client::Advice;
use mta_sts::guard::Guard;

use crate::setup::Sender;
use crate::world::Domain;

const FAILURE: &str = "sts-policy-fetch-error (address-not-permitted)";

/// In each refused range one, and some at its ends.
const REFUSED: &[&str] = &[
    // This network, private, shared, loopback, link-local.
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    // Protocol assignments, 6to4 relays, benchmarking, multicast, reserved, broadcast.
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    // AS112, AMT.
    "192.31.196.1",
    "192.175.48.1",
    "192.52.193.1",
    "2620:4f:8000::1",
    // The same of IPv6.
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "ff02::1",
    // Discard-only, dummy, Teredo, benchmarking, ORCHID, drones, segments, not yet given out.
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:30::1",
    "5f00::1",
    "4000::1",
    // IPv4 within IPv6: mapped, compatible, NAT64, NAT64 of the network, 6to4.
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::192.168.1.1",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    // ISATAP: both addresses are judged.
    "2a00::5efe:10.0.0.1",
    "2a00::200:5efe:127.0.0.1",
];

/// What the world permits, and the guard does not by itself.
const DOCUMENTATION: &[&str] = &[
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "3fff::1",
    "::ffff:192.0.2.1",
    "64:ff9b::192.0.2.1",
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Even where a connection to there would lead to a policy, none is made.
async fn is_refused(sender: &Sender, address: IpAddr) {
    let domain = sender.healthy();
    domain.addresses(&[address]);
    let answer = sender.answer(&domain).await;
    assert_eq!(answer.advice(), Advice::Unknown, "{address}");
    assert_eq!(crate::setup::report(&answer).as_deref(), Some(FAILURE), "{address}");
    assert!(sender.world.network().attempts_for(&domain.policy_host()).is_empty(), "{address}");
}

#[tokio::test]
async fn fet_7_no_refused_range_is_connected_to() {
    let sender = Sender::new().await;
    for text in REFUSED {
        is_refused(&sender, address(text)).await;
    }
    let sender = Sender::guarded(Guard::default()).await;
    for text in DOCUMENTATION.iter().chain(REFUSED) {
        is_refused(&sender, address(text)).await;
    }
}

#[tokio::test]
async fn fet_7_a_cached_policy_is_applied_all_the_same() {
    let sender = Sender::new().await;
    for text in ["127.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"] {
        let spoil = |domain: &Domain<'_>| {
            domain.addresses(&[address(text)]);
        };
        sender.fails(spoil, FAILURE).await;
    }
}

#[tokio::test]
async fn fet_7_of_several_addresses_only_the_permitted_are_tried() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let good = [sender.world.new_ipv6(), sender.world.new_ipv4()];
    let bad = ["10.0.0.1", "::1", "fe80::1", "127.0.0.1"].map(address);
    domain.addresses(&bad).addresses(&[&bad[..], &good].concat());
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    for bad in bad {
        assert_eq!(sender.world.network().attempts_to(bad), 0, "{bad}");
    }
}

#[tokio::test]
async fn fet_7_addresses_are_tried_in_turn() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let good = sender.world.new_ipv4();
    let dead = [sender.world.new_ipv6(), sender.world.new_ipv6()];
    domain.addresses(&[good]).addresses_to_nowhere(&[dead[0], dead[1], good]);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    assert_eq!(sender.world.network().attempts_to(good), 1);
}

/// What was judged is what is connected to: a name that means something else at a second
/// look is not looked up a second time.
#[tokio::test]
async fn fet_7_there_is_no_second_look_up() {
    use hickory_proto::rr::RecordType;

    let sender = Sender::new().await;
    let domain = sender.known().await;
    let host = domain.policy_host();
    let dns = sender.world.dns();
    assert_eq!(dns.queries(&host, RecordType::AAAA), 1);
    assert_eq!(dns.queries(&host, RecordType::A), 1);
    let [attempt] = sender.world.network().attempts_for(&host)[..] else { panic!("one attempt") };
    assert_eq!([attempt.ip()], dns.addresses(&host)[..]);
}

#[tokio::test]
async fn fet_7_a_host_can_be_permitted_and_denied() {
    let sender = Sender::guarded(Guard::default()).await;
    is_refused(&sender, address("192.0.2.1")).await;
    let permitted = "mta-sts.domain-0.example".parse().unwrap();
    let sender = Sender::guarded(Guard::default().permit_host(&permitted)).await;
    assert_eq!(sender.known().await.name(), "domain-0.example");
    is_refused(&sender, address("192.0.2.1")).await;

    let denied = "mta-sts.domain-0.example".parse().unwrap();
    let guard = sender.world.guard().deny_host(&denied);
    let sender = Sender::guarded(guard).await;
    is_refused(&sender, address("192.0.2.1")).await;
    sender.known().await;
}
