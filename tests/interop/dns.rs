//! unbound as the resolver: what the client makes of its answers, of CNAMEs and of
//! answers that do not fit into a datagram.

use mta_sts::client::{AddressLookup as _, Advice, Existence, MxLookup as _, TxtLookup as _};
use mta_sts::failure::ReasonCode::{
    self, AddressNotPermitted, DnsRefused, DnsServFail, DnsTimeout, HostNotFound,
};
use mta_sts::failure::ResultType::StsPolicyFetchError;

use crate::certificates::Authority;
use crate::network::{Hosts, ask, client, https, reported, resolver};
use crate::nginx::{Nginx, POLICY, Site};
use crate::unbound::Unbound;

/// Both names are delegated to a provider (RFC 8461 §8.2), through several CNAMEs.
#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn txt_7_both_names_are_delegated() {
    let authority = Authority::new();
    let sites = [Site::new("customer.example", POLICY)];
    let nginx = Nginx::start(&authority, &sites);
    let unbound = Unbound::start(
        "_mta-sts.customer.example. CNAME customers.provider.example.
customers.provider.example. CNAME record.host.example.
record.host.example. TXT \"v=STSv1; id=1;\"
mta-sts.customer.example. CNAME web.provider.example.
web.provider.example. CNAME web.host.example.
web.host.example. A 127.0.0.1
",
    );
    let dialer = Hosts::of(&nginx, &sites).dialer(&unbound);
    let answer = ask(&client(&unbound, https(dialer, &authority)), "customer.example").await;
    assert_eq!(answer.advice(), Advice::Enforce);

    let resolver = resolver(&unbound);
    let found = resolver.txt("_mta-sts.customer.example.").await.unwrap();
    assert_eq!(found.aliases(), ["customers.provider.example", "record.host.example"]);
    let found = resolver.addresses("mta-sts.customer.example.").await.unwrap();
    assert_eq!(found.aliases(), ["web.provider.example", "web.host.example"]);
}

/// One record in several strings, beside 100 others: more than a datagram carries.
#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn txt_4_and_txt_5_one_record_of_many_over_tcp() {
    let authority = Authority::new();
    let sites = [Site::new("many.example", POLICY)];
    let nginx = Nginx::start(&authority, &sites);
    let others = (0..100).map(|number| {
        format!("_mta-sts.many.example. TXT \"other={number} {}\"\n", "x".repeat(100))
    });
    let unbound = Unbound::start(&format!(
        "{}_mta-sts.many.example. TXT \"v=ST\" \"Sv1; i\" \"d=20260101T000000;\"
mta-sts.many.example. A 127.0.0.1\n",
        others.collect::<String>()
    ));
    let found = resolver(&unbound).txt("_mta-sts.many.example.").await.unwrap();
    assert_eq!(found.records().len(), 101);
    assert!(found.records().iter().any(|strings| strings.len() == 3));

    let dialer = Hosts::of(&nginx, &sites).dialer(&unbound);
    let answer = ask(&client(&unbound, https(dialer, &authority)), "many.example").await;
    assert_eq!(answer.cached().unwrap().id().as_str(), "20260101T000000");
}

/// Without a policy cached none of them is a failure, and no fetch is made.
#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn txt_5_no_record_is_told_from_no_answer() {
    let unbound = Unbound::start(
        "empty.example. A 192.0.2.1
_mta-sts.empty.example. A 192.0.2.1
_mta-sts.two.example. TXT \"v=STSv1; id=1;\"
_mta-sts.two.example. TXT \"v=STSv1; id=2;\"
_mta-sts.wrong.example. TXT \"v=STSv1; id=with-hyphen;\"
_mta-sts.bogus.example. TXT \"v=STSv1; id=1;\"
",
    );
    let https = https(Hosts::default().dialer(&unbound), &Authority::new());
    let client = client(&unbound, https);
    for (domain, expected) in [
        ("missing.example", ReasonCode::NoRecord),
        ("empty.example", ReasonCode::NoRecord),
        ("two.example", ReasonCode::MultipleRecords),
        ("wrong.example", ReasonCode::InvalidRecord),
    ] {
        let answer = ask(&client, domain).await;
        assert_eq!(answer.advice(), Advice::NoPolicy, "{domain}");
        assert_eq!(answer.no_policy(), Some(expected), "{domain}");
        assert_eq!(answer.report(), None, "{domain}");
    }
    for (domain, expected) in [
        ("servfail.example", DnsServFail),
        ("bogus.example", DnsServFail),
        ("refused.example", DnsRefused),
        ("silent.example", DnsTimeout),
    ] {
        let answer = ask(&client, domain).await;
        assert_eq!(answer.advice(), Advice::Unknown, "{domain}");
        let failure = answer.outcome().unwrap().failure().unwrap().failure();
        assert_eq!(failure.reason_code(), expected, "{domain}");
        assert_eq!(answer.report(), None, "{domain}");
    }
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn dis_8_nxdomain_is_told_from_nodata() {
    let unbound = Unbound::start("_mta-sts.empty.example. A 192.0.2.1\n");
    let resolver = resolver(&unbound);
    let empty = resolver.txt("_mta-sts.empty.example.").await.unwrap();
    assert_eq!((empty.records().len(), empty.existence()), (0, Existence::Exists));
    let missing = resolver.txt("_mta-sts.missing.example.").await.unwrap();
    assert_eq!((missing.records().len(), missing.existence()), (0, Existence::NxDomain));
}

/// A policy host without an address, with one that remote data may not name, and one
/// whose address cannot be looked up.
#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_6_and_fet_7_addresses_of_policy_hosts() {
    let records = ["nowhere", "loopback", "mapped", "metadata", "nat64"]
        .map(|name| format!("_mta-sts.{name}.example. TXT \"v=STSv1; id=1;\"\n"))
        .concat();
    let unbound = Unbound::start(&format!(
        "{records}mta-sts.loopback.example. A 127.0.0.1
mta-sts.mapped.example. AAAA ::ffff:127.0.0.1
mta-sts.metadata.example. A 169.254.169.254
mta-sts.nat64.example. AAAA 64:ff9b::a00:1
_mta-sts.lame.example. TXT \"v=STSv1; id=1;\"
mta-sts.lame.example. CNAME host.servfail.example.
"
    ));
    let https = https(Hosts::default().dialer(&unbound), &Authority::new());
    let client = client(&unbound, https);
    for (name, expected) in [
        ("nowhere", HostNotFound),
        ("loopback", AddressNotPermitted),
        ("mapped", AddressNotPermitted),
        ("metadata", AddressNotPermitted),
        ("nat64", AddressNotPermitted),
        ("lame", DnsServFail),
    ] {
        let answer = ask(&client, &format!("{name}.example")).await;
        assert_eq!(reported(&answer), (StsPolicyFetchError, expected), "{name}");
    }
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn mx_hosts_and_addresses_are_looked_up() {
    let unbound = Unbound::start(
        "mail.example. MX 10 mx1.mail.example.
mail.example. MX 20 mx2.mail.example.
mx1.mail.example. A 192.0.2.1
mx1.mail.example. AAAA 2001:db8::1
null.example. MX 0 .
",
    );
    let resolver = resolver(&unbound);
    let mut found = resolver.mx("mail.example.").await.unwrap().into_records();
    found.sort();
    let found: Vec<_> = found.iter().map(|mx| (mx.preference, mx.exchange.as_str())).collect();
    assert_eq!(found, [(10, "mx1.mail.example"), (20, "mx2.mail.example")]);
    let null = resolver.mx("null.example.").await.unwrap();
    assert_eq!(null.records()[0].exchange, "");
    let mut addresses = resolver.addresses("mx1.mail.example.").await.unwrap().into_records();
    addresses.sort();
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["192.0.2.1", "2001:db8::1"]);
}
