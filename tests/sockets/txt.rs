//! The TXT record over real DNS: TXT-4, TXT-5, TXT-7, and the failures of DIS-8, DIS-11.

use hickory_proto::rr::RecordType;
use mta_sts::client::Advice;

use crate::setup::Sender;
use crate::world::{Answer, Domain, ENFORCE, Https};

#[tokio::test]
async fn txt_4_strings_of_a_record_are_joined() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let dns = sender.world.dns();
    let strings: [&[u8]; 4] = [b"v=STS", b"v1; i", b"", b"d=1;"];
    dns.set_txt(&domain.record_name(), &[&strings]);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);

    let spoil = |domain: &Domain<'_>| {
        let strings: [&[u8]; 2] = [b"v=STSv1;", b" id=\xff\xfe;"];
        dns.set_txt(&domain.record_name(), &[&strings]);
    };
    let failure = "sts-policy-fetch-error (invalid-record)";
    sender.finds_no_record(spoil, Advice::NoPolicy, failure).await;
}

#[tokio::test]
async fn txt_5_other_records_are_passed_over() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    domain.txt(&["google-site-verification=x", "v=STSv1; id=1;", "v=spf1 -all", ""]);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
}

#[tokio::test]
async fn txt_5_a_hundred_records_come_over_tcp() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let others: Vec<String> = (0..99).map(|n| format!("{n} {}", "x".repeat(100))).collect();
    let records = others.iter().map(String::as_str).chain(["v=STSv1; id=1;"]);
    domain.txt(&records.collect::<Vec<_>>());
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    let queries = sender.world.dns().queries(&domain.record_name(), RecordType::TXT);
    assert_eq!(queries, 2, "over UDP, and over TCP since that was truncated");
}

#[tokio::test]
async fn txt_5_a_truncated_answer_is_asked_for_over_tcp() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    domain.txt_answer(Answer::OnlyOverTcp);
    sender.world.dns().set_answer(&domain.policy_host(), Answer::OnlyOverTcp);
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    assert_eq!(sender.world.dns().queries(&domain.record_name(), RecordType::TXT), 2);
}

#[tokio::test]
async fn txt_5_records_that_are_none() {
    let sender = Sender::new().await;
    for (records, reason) in [
        (&["v=STSv1; id=1;", "v=STSv1; id=2;"][..], "multiple-records"),
        (&["v=STSv1; id=1;", "v=STSv1; id=1;"], "multiple-records"),
        (&["v=STSv1; id=2027-01-01;"], "invalid-record"),
        (&["v=STSv1;"], "invalid-record"),
        (&["v=STSv2; id=1;"], "no-record"),
        (&["v=spf1 -all"], "no-record"),
        (&[], "no-record"),
    ] {
        let spoil = |domain: &Domain<'_>| {
            domain.txt(records);
        };
        let failure = format!("sts-policy-fetch-error ({reason})");
        sender.finds_no_record(spoil, Advice::NoPolicy, &failure).await;
    }
}

#[tokio::test]
async fn txt_7_both_names_may_be_aliases() {
    let sender = Sender::new().await;
    let dns = sender.world.dns();
    let domain = sender.healthy();
    let addresses = dns.addresses(&domain.policy_host());
    dns.set_addresses("sts.provider.example", &addresses);
    dns.set_txt("customer.sts.provider.example", &[&["v=STSv1; id=1;"]]);
    for (name, target) in [
        (domain.record_name(), "one.provider.example"),
        ("one.provider.example".to_owned(), "two.provider.example"),
        ("two.provider.example".to_owned(), "customer.sts.provider.example"),
        (domain.policy_host(), "three.provider.example"),
        ("three.provider.example".to_owned(), "sts.provider.example"),
    ] {
        dns.set_cname(&name, target);
    }
    assert_eq!(sender.answer(&domain).await.advice(), Advice::Enforce);
    // The name in SNI and on the certificate is the customer's.
    assert_eq!(sender.requests(&domain), 1);
}

#[tokio::test]
async fn txt_7_aliases_may_lead_nowhere() {
    let sender = Sender::new().await;
    let dns = sender.world.dns();
    let nowhere = |domain: &Domain<'_>| dns.set_cname(&domain.record_name(), "nowhere.example");
    let failure = "sts-policy-fetch-error (no-record)";
    sender.finds_no_record(nowhere, Advice::NoPolicy, failure).await;

    let failure = "sts-policy-fetch-error (host-not-found)";
    let nowhere = |domain: &Domain<'_>| dns.set_cname(&domain.policy_host(), "nowhere.example");
    sender.fails(nowhere, failure).await;
}

#[tokio::test]
async fn txt_7_a_loop_of_aliases_ends() {
    let sender = Sender::new().await;
    let dns = sender.world.dns();
    let round = |domain: &Domain<'_>| {
        dns.set_cname(&domain.record_name(), "round.example");
        dns.set_cname("round.example", &domain.record_name());
    };
    let failure = "sts-policy-fetch-error (dns-failure)";
    sender.finds_no_record(round, Advice::Unknown, failure).await;
}

#[tokio::test]
async fn dis_11_failures_of_dns_are_told_from_absence() {
    let sender = Sender::impatient().await;
    for (answer, reason) in [
        (Answer::ServFail, "dns-servfail"),
        (Answer::Refused, "dns-refused"),
        (Answer::Silence, "dns-timeout"),
    ] {
        let spoil = |domain: &Domain<'_>| {
            domain.txt_answer(answer);
        };
        let failure = format!("sts-policy-fetch-error ({reason})");
        sender.finds_no_record(spoil, Advice::Unknown, &failure).await;
    }
}

#[tokio::test]
async fn fet_6_the_policy_host_may_have_no_address() {
    let sender = Sender::new().await;
    let failure = "sts-policy-fetch-error (host-not-found)";
    let no_data = |domain: &Domain<'_>| {
        domain.addresses_to_nowhere(&[]);
    };
    sender.fails(no_data, failure).await;
    let no_name = |domain: &Domain<'_>| sender.world.dns().remove(&domain.policy_host());
    sender.fails(no_name, failure).await;
}

#[tokio::test]
async fn fet_6_the_address_may_not_be_found_out() {
    let sender = Sender::impatient().await;
    for (answer, failure) in [
        (Answer::ServFail, "sts-policy-fetch-error (dns-servfail)"),
        (Answer::Refused, "sts-policy-fetch-error (dns-refused)"),
        (Answer::Silence, "sts-policy-fetch-error (dns-timeout)"),
    ] {
        let spoil =
            |domain: &Domain<'_>| sender.world.dns().set_answer(&domain.policy_host(), answer);
        sender.fails(spoil, failure).await;
    }
}

#[tokio::test]
async fn dis_1_a_domain_stands_for_itself() {
    let sender = Sender::new().await;
    let parent = sender.known().await;
    let below = sender.world.domain(&format!("below.{}", parent.name()));
    let answer = sender.answer(&below).await;
    assert_eq!(answer.advice(), Advice::NoPolicy);
    // Nor does a policy below say anything of its parent.
    below.txt(&["v=STSv1; id=7;"]).https(Https::policy(ENFORCE));
    sender.world.clock().advance(core::time::Duration::from_secs(300));
    assert_eq!(sender.answer(&below).await.cached().unwrap().id().as_str(), "7");
    assert_eq!(sender.answer(&parent).await.cached().unwrap().id().as_str(), "1");
}
