//! RFC 8461 §3.1, §3.3, §3.4, §5, §5.1, §6, §8.3, §10.2: discovery and cache.

use std::time::Duration;

use mta_sts::sts::cache::{CacheEntry, RefreshRule, Update};
use mta_sts::sts::discovery::{
    Action, Applicable, Config, Discovery, Event, PermanentFailure, Purpose, Recheck, Source,
    TxtFailure,
};
use mta_sts::sts::{NoPolicyDomain, PolicyDomain, StsRecord};
use mta_sts::txt::DnsFailure;

use crate::sender::{DAY, Http, NO_CONNECTION, Sender, Txt, absent, body, id, ok, run, time};

/// Everything that DNS can answer but a valid record.
fn no_ids() -> Vec<Txt> {
    let invalid = StsRecord::from_rrset(&[["v=STSv1; id=?"]]).expect_err("invalid");
    let several = StsRecord::from_rrset(&[["v=STSv1;id=1"], ["v=STSv1;id=2"]]).expect_err("two");
    let dns = [DnsFailure::ServFail, DnsFailure::Refused, DnsFailure::Timeout, DnsFailure::Other];
    let mut all = vec![absent(), Err(invalid.into()), Err(several.into())];
    all.extend(dns.map(|failure| Err(failure.into())));
    all
}

/// Everything that a policy host can answer but a policy.
fn no_policies() -> Vec<Http<'static>> {
    use mta_sts::failure::{Failure, ReasonCode, ResultType};
    use mta_sts::sts::fetch::{PolicyResponse, TransportFailure};
    let expired = Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
    vec![
        NO_CONNECTION,
        Err(TransportFailure::Timeout),
        Err(TransportFailure::Tls(expired)),
        Ok(PolicyResponse::new(404, b"")),
        Ok(PolicyResponse::new(200, b"version: STSv1").with_field("Content-Type", "text/html")),
        ok("version: STSv1\nmode: enforced\nmx: a.example\nmax_age: 1\n"),
        ok(""),
    ]
}

#[test]
fn dis_1_the_policy_domain_is_that_of_the_next_hop() {
    let domain = PolicyDomain::from_next_hop;
    let sub = domain("Sub.Example.com.").unwrap();
    assert_eq!(sub.as_str(), "sub.example.com");
    assert_eq!(sub.txt_name(), "_mta-sts.sub.example.com.", "never the parent's");
    assert_eq!(sub.policy_host_name().as_ref(), "mta-sts.sub.example.com");
    assert_eq!(domain("smarthost").unwrap().to_string(), "smarthost");
    for literal in ["[192.0.2.1]", "192.0.2.1", "[IPv6:2001:db8::1]", "2001:db8::1", "[x]"] {
        assert_eq!(domain(literal), Err(NoPolicyDomain::AddressLiteral), "{literal}");
    }
    let longest = format!("{}a.example", "a.".repeat(117));
    assert_eq!(longest.len(), 243);
    assert!(domain(&longest).is_ok());
    let longest = format!("b{longest}");
    assert_eq!(longest.len(), PolicyDomain::MAX_LEN);
    assert_eq!(domain(&longest).unwrap().txt_name().len(), 254);
    assert!(matches!(domain(&format!("b{longest}")), Err(NoPolicyDomain::TooLong(_))));
    for next_hop in ["", "a..b", "_dmarc.example", "münchen.example", "example.com:25", "a b"] {
        assert!(domain(next_hop).is_err(), "{next_hop}");
    }
    assert_eq!(domain("a..b").unwrap_err().to_string(), "the next hop is no domain");
}

#[test]
fn dis_2_no_failure_ends_an_unexpired_policy() {
    for mode in ["enforce", "testing", "none"] {
        for purpose in [Purpose::Delivery, Purpose::Refresh, Purpose::FinalCheck] {
            for http in &no_policies() {
                let with_id = [id("1"), id("2")];
                for txt in no_ids().iter().chain(&with_id) {
                    let mut sender = Sender::with_policy(mode, 30 * DAY, 0);
                    let before = sender.cached().clone();
                    for now in [0, DAY, 2 * DAY, 30 * DAY] {
                        let attempt = sender.attempt(purpose, now, txt, http);
                        assert_eq!(attempt.mode(), mode, "{purpose:?} {txt:?} {http:?}");
                        assert_eq!(attempt.outcome.source(), Some(Source::Cache));
                        assert_eq!(sender.cached(), &before);
                    }
                    let after = sender.attempt(purpose, 30 * DAY + 1, txt, http);
                    assert_eq!(after.mode(), "-");
                }
            }
        }
    }
}

#[test]
fn dis_2_without_a_valid_record_a_delivery_fetches_nothing() {
    for txt in no_ids() {
        for purpose in [Purpose::Delivery, Purpose::Refresh, Purpose::FinalCheck] {
            let attempt = Sender::new().attempt(purpose, 0, &txt, &ok(&body("enforce", DAY)));
            assert_eq!((attempt.queries, attempt.fetches), (1, 0), "nothing to refresh");
            let mut sender = Sender::with_policy("testing", DAY, 0);
            let attempt = sender.attempt(purpose, 10, &txt, &ok(&body("enforce", DAY)));
            let fetches = usize::from(purpose == Purpose::Refresh);
            assert_eq!((attempt.queries, attempt.fetches), (1, fetches));
        }
    }
}

#[test]
fn dis_2_a_slow_failing_look_up_changes_nothing() {
    for (slow_txt, slow_http) in [
        (id("2"), NO_CONNECTION),
        (id("1"), NO_CONNECTION),
        (absent(), NO_CONNECTION),
        (Err(DnsFailure::Timeout.into()), NO_CONNECTION),
    ] {
        let mut sender = Sender::with_policy("testing", 10 * DAY, 0);
        let domain = sender.domain.clone();
        let slow = sender.begin(&domain, Purpose::Refresh, DAY);
        let refreshed = sender.refresh(DAY + 1, &id("2"), &ok(&body("enforce", 10 * DAY)));
        assert_eq!(refreshed.mode(), "enforce");
        let stored = sender.entry.clone();
        let slow = run(slow, DAY + 90, &slow_txt, &slow_http);
        assert_eq!(slow.mode(), "testing", "it knows no better");
        sender.entry.apply(slow.outcome.update());
        assert_eq!(sender.cached(), stored.policy().unwrap());
        assert_eq!(sender.entry.failed_fetches(), None);
        // In the other order just so.
        let mut other = Sender::with_policy("testing", 10 * DAY, 0).entry;
        other.apply(slow.outcome.update());
        other.apply(refreshed.outcome.update());
        assert_eq!(other, sender.entry);
    }
}

#[test]
fn dis_2_an_older_look_up_that_ends_late_does_not_bring_its_policy_back() {
    let mut sender = Sender::with_policy("testing", 10 * DAY, 0);
    let domain = sender.domain.clone();
    let mut slow = sender.begin(&domain, Purpose::Refresh, DAY);
    slow.handle_txt(id("1"), time(DAY)).unwrap();
    sender.deliver(DAY + 1, &id("2"), &ok(&body("enforce", 10 * DAY)));
    slow.handle_response(ok(&body("testing", 10 * DAY)), time(DAY + 50)).unwrap();
    let late = slow.into_outcome();
    assert_eq!(late.source(), Some(Source::Fetched));
    sender.entry.apply(late.update());
    assert_eq!(sender.cached().policy().mode().as_str(), "enforce");
    assert_eq!(sender.cached().id().as_str(), "2");
}

#[test]
fn dis_2_updates_fold_in_any_order_and_twice() {
    let sender = Sender::with_policy("enforce", 10 * DAY, 0);
    let domain = sender.domain.clone();
    let updates: Vec<Update> = [
        (Purpose::Delivery, DAY, id("2"), NO_CONNECTION),
        (Purpose::Refresh, DAY, id("1"), NO_CONNECTION),
        (Purpose::Delivery, DAY + 5, id("3"), ok("version: STSv1\nmode: none\nmax_age: 60\n")),
        (Purpose::Delivery, DAY, absent(), NO_CONNECTION),
        (Purpose::Delivery, 0, id("1"), NO_CONNECTION),
    ]
    .into_iter()
    .map(|(purpose, now, txt, http)| {
        let attempt = run(sender.begin(&domain, purpose, now), now, &txt, &http);
        attempt.outcome.update().clone()
    })
    .collect();
    let fold = |order: &mut dyn Iterator<Item = &Update>| {
        let mut entry = sender.entry.clone();
        order.for_each(|update| entry.apply(update));
        entry
    };
    let expected = fold(&mut updates.iter());
    assert_eq!(expected.policy().unwrap().id().as_str(), "3", "the newest fetch wins");
    assert_eq!(fold(&mut updates.iter().rev()), expected);
    assert_eq!(fold(&mut updates.iter().chain(&updates)), expected);
    let mut merged = Update::default();
    assert!(merged.is_empty() && !merged.is_news());
    updates.iter().rev().for_each(|update| merged.merge(update));
    assert!(merged.is_news());
    assert_eq!(fold(&mut [merged].iter()), expected);
    assert_eq!(fold(&mut [Update::from(expected.clone())].iter()), expected);
}

#[test]
fn dis_3_a_policy_lives_for_its_max_age_from_the_fetch() {
    let mut sender = Sender::with_policy("enforce", 1_000, 5_000);
    for now in [5_000, 5_500, 6_000] {
        let attempt = sender.deliver(now, &id("1"), &NO_CONNECTION);
        assert_eq!((attempt.mode(), attempt.fetches), ("enforce", 0));
    }
    let policy = sender.cached();
    assert_eq!(policy.fetched_at(), time(5_000), "a record does not prolong it");
    assert_eq!(policy.expires_at(), time(6_000));
    assert!(policy.is_unexpired(time(6_000)) && !policy.is_unexpired(time(6_001)));
    // Expired, it is fetched whatever its id; and it is not gone.
    let attempt = sender.deliver(6_001, &id("1"), &NO_CONNECTION);
    assert_eq!((attempt.mode(), attempt.fetches), ("-", 1));
    assert!(sender.entry.policy().is_some());
    assert_eq!(sender.entry.unexpired(time(6_001)), None);
}

#[test]
fn dis_4_a_changed_id_is_fetched_and_an_equal_one_is_not() {
    let mut sender = Sender::with_policy("testing", DAY, 0);
    assert_eq!(sender.deliver(1, &id("1"), &NO_CONNECTION).fetches, 0);
    // There is no order: "0" is as new as "2".
    for new in ["0", "2", "1", "10"] {
        let attempt = sender.deliver(2, &id(new), &ok(&body("enforce", DAY)));
        assert_eq!((attempt.fetches, attempt.outcome.source()), (1, Some(Source::Fetched)));
        assert_eq!(sender.cached().id().as_str(), new);
    }
}

#[test]
fn dis_4_the_record_is_looked_at_after_an_interval() {
    let mut sender = Sender::with_policy("enforce", 30 * DAY, 0);
    sender.config = sender.config.with_recheck(Recheck::After(Duration::from_secs(3_600)));
    let query = |sender: &mut Sender, now, txt| sender.deliver(now, &txt, &NO_CONNECTION).queries;
    assert_eq!(query(&mut sender, 3_599, id("1")), 0, "the fetch has confirmed it");
    assert_eq!(query(&mut sender, 3_600, id("1")), 1);
    assert_eq!(query(&mut sender, 7_199, id("1")), 0);
    assert_eq!(query(&mut sender, 7_200, absent()), 1);
    assert_eq!(query(&mut sender, 7_201, Err(DnsFailure::Timeout.into())), 1, "not confirmed");
    assert_eq!(query(&mut sender, 7_202, id("2")), 1);
    assert_eq!(query(&mut sender, 7_203, id("1")), 1, "another id does not confirm");
    assert_eq!(query(&mut sender, 7_204, id("1")), 0);
    // A refresh and a final check look always.
    assert_eq!(sender.refresh(7_205, &id("1"), &NO_CONNECTION).queries, 1);
    let check = sender.attempt(Purpose::FinalCheck, 7_206, &id("1"), &NO_CONNECTION);
    assert_eq!(check.queries, 1);
    // The clock runs backwards: what was seen in the future does not count.
    assert_eq!(query(&mut sender, 100, id("1")), 1);
    // A refresh without record does not confirm.
    sender.refresh(8_000, &absent(), &ok(&body("enforce", 30 * DAY)));
    assert_eq!(query(&mut sender, 8_001, id("1")), 1);
}

#[test]
fn dis_5_a_fetched_none_replaces_the_policy_and_silences() {
    let mut sender = Sender::with_policy("enforce", 30 * DAY, 0);
    let opt_out = ok("version: STSv1\nmode: none\nmax_age: 1000\n");
    assert_eq!(sender.deliver(1, &id("2"), &opt_out).mode(), "none");
    for (txt, http) in [(id("3"), NO_CONNECTION), (absent(), NO_CONNECTION)] {
        let attempt = sender.deliver(1_001, &txt, &http);
        assert_eq!((attempt.mode(), attempt.report()), ("none", String::new()));
        assert_eq!(attempt.outcome.event(), None);
        assert!(attempt.outcome.failure().is_some(), "what failed can be seen");
    }
    let refresh = sender.refresh(1_001, &absent(), &NO_CONNECTION);
    assert_eq!((refresh.report(), refresh.outcome.event()), (String::new(), None));
    // Expired, it does not.
    let attempt = sender.deliver(1_302, &id("4"), &NO_CONNECTION);
    assert_eq!(attempt.mode(), "-");
    assert_eq!(attempt.report(), "sts-policy-fetch-error (connection-failed)");
}

#[test]
fn dis_6_refresh_is_due_before_expiry() {
    for (max_age, interval) in [(30 * DAY, DAY), (2 * DAY, DAY), (DAY, DAY / 2), (600, 300), (0, 0)]
    {
        let mut sender = Sender::with_policy("enforce", max_age, 1_000);
        let due = |seed| sender.cached().refresh_due_at(&sender.domain, seed).as_secs() - 1_000;
        let all: Vec<u64> = (0..200).map(due).collect();
        assert!(all.iter().all(|due| (interval - interval / 4..=interval).contains(due)));
        assert_eq!(due(7), due(7), "the seed decides");
        if interval > 1_000 {
            let distinct: std::collections::HashSet<_> = all.iter().collect();
            assert!(distinct.len() > 150, "{} of 200", distinct.len());
            let spread = all.iter().max().unwrap() - all.iter().min().unwrap();
            assert!(spread > interval / 5, "spread over {spread} s");
        }
        let rule = RefreshRule::new(7);
        let at = 1_000 + due(7);
        let is_due =
            |sender: &Sender, now| sender.entry.is_refresh_due(&sender.domain, rule, time(now));
        assert!(is_due(&sender, at) && (at == 1_000 || !is_due(&sender, at - 1)));
        let refreshed = sender.refresh(at, &id("1"), &ok(&body("testing", max_age)));
        assert_eq!((refreshed.fetches, refreshed.mode()), (1, "testing"), "an equal id too");
        assert_eq!(sender.cached().fetched_at(), time(at));
        assert_eq!(is_due(&sender, at), max_age == 0);
    }
    // Domains scatter too.
    let sender = Sender::with_policy("enforce", 30 * DAY, 0);
    let other = PolicyDomain::from_next_hop("example.net").unwrap();
    let cached = sender.cached();
    assert_ne!(cached.refresh_due_at(&sender.domain, 7), cached.refresh_due_at(&other, 7));
}

#[test]
fn dis_6_refresh_keeps_the_id_without_a_record() {
    for txt in no_ids() {
        let mut sender = Sender::with_policy("enforce", 30 * DAY, 0);
        let attempt = sender.refresh(DAY, &txt, &ok(&body("testing", DAY)));
        assert_eq!((attempt.mode(), attempt.outcome.source()), ("testing", Some(Source::Fetched)));
        assert_eq!(sender.cached().id().as_str(), "1");
        assert!(attempt.report().starts_with("sts-policy-fetch-error"), "the record has failed");
    }
    let mut sender = Sender::with_policy("enforce", 30 * DAY, 0);
    sender.refresh(DAY, &id("2"), &ok(&body("enforce", DAY)));
    assert_eq!(sender.cached().id().as_str(), "2");
}

#[test]
fn dis_6_only_domains_used_lately_are_refreshed() {
    let mut sender = Sender::with_policy("enforce", 300 * DAY, 10 * DAY);
    assert_eq!(sender.entry.last_used_day(), Some(10));
    let rule = RefreshRule::new(0);
    let due = |sender: &Sender, rule, day| {
        sender.entry.is_refresh_due(&sender.domain, rule, time(day * DAY + DAY - 1))
    };
    assert!(due(&sender, rule, 40) && !due(&sender, rule, 41));
    assert!(due(&sender, rule.used_within_days(31), 41));
    assert!(!due(&sender, rule.used_within_days(0), 11));
    sender.refresh(30 * DAY, &id("1"), &ok(&body("enforce", 300 * DAY)));
    assert_eq!(sender.entry.last_used_day(), Some(10), "a refresh is no use");
    sender.attempt(Purpose::FinalCheck, 31 * DAY, &id("1"), &NO_CONNECTION);
    assert_eq!(sender.entry.last_used_day(), Some(10));
    sender.deliver(31 * DAY, &id("1"), &NO_CONNECTION);
    assert_eq!(sender.entry.last_used_day(), Some(31));
    assert!(due(&sender, rule, 61) && !due(&sender, rule, 62));
    // Not before the back-off is over, and not when there is nothing to keep alive.
    sender.refresh(40 * DAY, &id("1"), &NO_CONNECTION);
    let now = |secs| time(40 * DAY + secs);
    assert!(!sender.entry.is_refresh_due(&sender.domain, rule, now(299)));
    assert!(sender.entry.is_refresh_due(&sender.domain, rule, now(300)));
    sender.refresh(40 * DAY + 300, &id("2"), &NO_CONNECTION);
    assert!(!sender.entry.is_refresh_due(&sender.domain, rule, now(599)), "whatever the id");
    assert!(sender.entry.is_refresh_due(&sender.domain, rule, now(600)));
    assert!(!sender.entry.is_refresh_due(
        &sender.domain,
        rule.used_within_days(999),
        time(999 * DAY)
    ));
    assert!(!CacheEntry::default().is_refresh_due(&sender.domain, rule, time(0)));
}

#[test]
fn dis_7_a_renewal_that_fails_is_an_event() {
    let mut sender = Sender::with_policy("enforce", 10 * DAY, 0);
    let first = sender.refresh(DAY, &id("1"), &NO_CONNECTION);
    let event = |since, failures| {
        let (since, expires_at) = (time(since), time(10 * DAY));
        Some(Event::RenewalFailing { since, failures, expires_at })
    };
    assert_eq!(first.outcome.event(), event(DAY, 1));
    assert_eq!(
        first.outcome.event().unwrap().to_string(),
        "1 failed fetches since 86400; the policy expires at 864000"
    );
    assert_eq!(sender.refresh(DAY + 1, &id("1"), &NO_CONNECTION).outcome.event(), None, "told");
    // Whatever is fetched, for whatever reason.
    let second = sender.deliver(DAY + 400, &id("2"), &NO_CONNECTION);
    assert_eq!(second.outcome.event(), event(DAY, 2));
    sender.refresh(2 * DAY, &absent(), &ok(&body("enforce", 10 * DAY)));
    let again = sender.refresh(3 * DAY, &absent(), &NO_CONNECTION).outcome.event();
    let (since, expires_at) = (time(3 * DAY), time(12 * DAY));
    assert_eq!(again, Some(Event::RenewalFailing { since, failures: 1, expires_at }));
    // Nothing is lost where nothing is cached.
    assert_eq!(Sender::new().deliver(0, &id("1"), &NO_CONNECTION).outcome.event(), None);
}

#[test]
fn dis_8_absence_is_remembered_for_a_while_and_failure_is_not() {
    let mut sender = Sender::new();
    sender.config = Config::default();
    for txt in no_ids() {
        let mut sender = sender.clone();
        let first = sender.deliver(1_000, &txt, &NO_CONNECTION);
        let again = sender.deliver(1_299, &id("1"), &NO_CONNECTION);
        match txt {
            Err(TxtFailure::NoRecord(none)) => {
                let absent = Applicable::NoPolicy(none.reason_code());
                assert_eq!(first.outcome.applicable(), absent);
                assert_eq!((again.queries, again.outcome.applicable()), (0, absent));
                assert_eq!(again.outcome.failure(), None);
                assert_eq!(sender.deliver(1_300, &id("1"), &NO_CONNECTION).queries, 1);
            }
            _ => {
                assert_eq!(first.outcome.applicable(), Applicable::Unknown);
                assert_eq!(again.queries, 1);
            }
        }
        assert_eq!((first.mode(), first.report()), ("-", String::new()));
    }
    // A record that was seen ends it, even if its policy could not be fetched.
    sender.deliver(1_000, &absent(), &NO_CONNECTION);
    let check = sender.attempt(Purpose::FinalCheck, 1_001, &id("1"), &NO_CONNECTION);
    assert_eq!((check.queries, check.outcome.applicable()), (1, Applicable::Unknown));
    assert_eq!(sender.deliver(1_002, &id("1"), &NO_CONNECTION).queries, 1);
    // Absence from the future does not count.
    sender.deliver(2_000, &absent(), &NO_CONNECTION);
    assert_eq!(sender.deliver(1_999, &absent(), &NO_CONNECTION).queries, 1);
    // It is not asked about while a policy is there to apply.
    let mut sender = Sender::with_policy("testing", DAY, 0);
    sender.config = Config::default();
    for now in [1, 2] {
        assert_eq!(sender.deliver(now, &absent(), &NO_CONNECTION).queries, 1);
    }
}

#[test]
fn dis_9_no_permanent_failure_before_a_newer_policy_was_looked_for() {
    let sender = Sender::with_policy("enforce", 10 * DAY, 0);
    let failed = sender.cached().clone();
    let check = |purpose, now, txt: &Txt, http: &Http<'_>| {
        let mut sender = sender.clone();
        sender.config = Config::default().with_recheck(Recheck::After(Duration::MAX));
        sender.attempt(purpose, now, txt, http).outcome.permanent_failure(&failed)
    };
    let newer = body("enforce", DAY);
    for (txt, http, answer) in [
        (id("1"), NO_CONNECTION, PermanentFailure::Permitted),
        (absent(), NO_CONNECTION, PermanentFailure::Permitted),
        (id("2"), ok(&newer), PermanentFailure::TryAgain),
        (id("2"), NO_CONNECTION, PermanentFailure::KeepQueued),
        (Err(DnsFailure::ServFail.into()), NO_CONNECTION, PermanentFailure::KeepQueued),
        (Err(DnsFailure::Timeout.into()), NO_CONNECTION, PermanentFailure::KeepQueued),
    ] {
        assert_eq!(check(Purpose::FinalCheck, 1, &txt, &http), answer, "{txt:?}");
        // Any other discovery may have begun before the attempt.
        let other = check(Purpose::Delivery, 1, &txt, &http);
        assert_eq!(other, PermanentFailure::KeepQueued, "{txt:?}");
        let expired = check(Purpose::FinalCheck, 10 * DAY + 1, &txt, &http);
        assert_eq!(expired, PermanentFailure::TryAgain, "nothing binds any more");
    }
}

#[test]
fn dis_9_a_final_check_inside_the_back_off_keeps_the_message() {
    let mut sender = Sender::with_policy("enforce", 10 * DAY, 0);
    let failed = sender.cached().clone();
    sender.deliver(1, &id("2"), &NO_CONNECTION);
    let check = sender.attempt(Purpose::FinalCheck, 2, &id("2"), &ok(&body("testing", DAY)));
    assert_eq!(check.fetches, 0);
    assert_eq!(check.outcome.permanent_failure(&failed), PermanentFailure::KeepQueued);
    // Somebody else has stored a newer policy since the attempt.
    sender.refresh(301, &id("2"), &ok(&body("testing", DAY)));
    let check = sender.attempt(Purpose::FinalCheck, 302, &id("2"), &NO_CONNECTION);
    assert_eq!(check.fetches, 0);
    assert_eq!(check.outcome.permanent_failure(&failed), PermanentFailure::TryAgain);
    // A check that was not finished says nothing.
    let domain = sender.domain.clone();
    let current = sender.cached().clone();
    let unfinished = sender.begin(&domain, Purpose::FinalCheck, 303).into_outcome();
    assert_eq!(unfinished.permanent_failure(&current), PermanentFailure::KeepQueued);
}

#[test]
fn dis_10_time_that_runs_backwards() {
    let mut sender = Sender::with_policy("enforce", 1_000, 1_000_000);
    let rule = RefreshRule::new(0);
    let due = |sender: &Sender, now| sender.entry.is_refresh_due(&sender.domain, rule, time(now));
    assert!(!due(&sender, 1_000_000));
    // As seen from the past: of age 0, and due.
    assert!(sender.cached().is_unexpired(time(0)));
    assert!(due(&sender, 500));
    assert_eq!(sender.deliver(500, &id("1"), &NO_CONNECTION).mode(), "enforce");
    assert_eq!(sender.cached().fetched_at(), time(500), "set to now");
    assert!(due(&sender, 501));
    assert_eq!(sender.deliver(1_500, &absent(), &NO_CONNECTION).mode(), "enforce");
    assert_eq!(sender.deliver(1_501, &absent(), &NO_CONNECTION).mode(), "-");
    // What is fetched then wins, although its time is earlier.
    let attempt = sender.deliver(1_502, &id("2"), &ok(&body("testing", 1_000)));
    assert_eq!(attempt.mode(), "testing");
    assert_eq!(sender.cached().id().as_str(), "2");
    assert!(!due(&sender, 1_503));
}

#[test]
fn dis_10_failures_from_the_future_are_set_to_now() {
    let mut sender = Sender::new();
    sender.deliver(1_000_000, &id("1"), &NO_CONNECTION);
    assert_eq!(sender.deliver(500, &id("1"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.entry.failed_fetches().unwrap().failed_at(), time(500));
    assert_eq!(sender.deliver(799, &id("1"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.deliver(800, &id("1"), &NO_CONNECTION).fetches, 1);
    assert_eq!(sender.entry.failed_fetches().unwrap().in_a_row(), 2);
}

#[test]
fn dis_10_within_a_discovery_time_does_not_run_backwards() {
    let sender = Sender::new();
    let domain = sender.domain.clone();
    let mut discovery = sender.begin(&domain, Purpose::Delivery, 1_000);
    discovery.handle_txt(id("1"), time(10)).unwrap();
    discovery.handle_response(ok(&body("enforce", 100)), time(0)).unwrap();
    let outcome = discovery.into_outcome();
    assert_eq!(outcome.policy().unwrap().fetched_at(), time(1_000));
}

#[test]
fn dis_10_max_age_zero_and_maximal() {
    let mut sender = Sender::with_policy("enforce", 0, 1_000);
    assert_eq!(sender.deliver(1_000, &id("1"), &NO_CONNECTION).fetches, 0);
    assert_eq!(sender.deliver(1_001, &id("1"), &NO_CONNECTION).mode(), "-");
    let year = 31_557_600;
    for max_age in [year, year + 1, 9_999_999_999] {
        let sender = Sender::with_policy("enforce", max_age, 1_000);
        assert_eq!(sender.cached().expires_at(), time(1_000 + year));
    }
    let mut sender = Sender::with_policy("enforce", year, u64::MAX - 10);
    assert_eq!(sender.cached().expires_at(), time(u64::MAX));
    assert_eq!(sender.deliver(u64::MAX, &id("2"), &NO_CONNECTION).mode(), "enforce");
    assert_eq!(sender.deliver(u64::MAX, &id("2"), &NO_CONNECTION).fetches, 0);
}

#[test]
fn dis_10_an_answer_that_was_not_asked_for_changes_nothing() {
    let sender = Sender::new();
    let domain = sender.domain.clone();
    let refused = |discovery: &mut Discovery<'_>, txt: bool, http: bool| {
        let before = format!("{discovery:?}");
        if !txt {
            let error = discovery.handle_txt(id("9"), time(9_999)).unwrap_err();
            assert_eq!(error.to_string(), "answer to what was not asked");
        }
        if !http {
            assert!(discovery.handle_response(NO_CONNECTION, time(9_999)).is_err());
        }
        assert_eq!(format!("{discovery:?}"), before);
        assert_eq!(discovery.poll_action(), discovery.poll_action());
    };
    let mut discovery = sender.begin(&domain, Purpose::Delivery, 0);
    refused(&mut discovery, true, false);
    discovery.handle_txt(id("1"), time(1)).unwrap();
    refused(&mut discovery, false, true);
    discovery.handle_response(ok(&body("enforce", DAY)), time(2)).unwrap();
    refused(&mut discovery, false, false);
    assert_eq!(discovery.poll_action(), Action::Done);
    assert_eq!(discovery.into_outcome().policy().unwrap().id().as_str(), "1");
}

#[test]
fn dis_11_what_is_reported() {
    let fetch = "sts-policy-fetch-error (connection-failed)";
    // Nothing cached: only a fetch behind a valid record.
    for txt in no_ids() {
        assert_eq!(Sender::new().deliver(0, &txt, &NO_CONNECTION).report(), "");
    }
    assert_eq!(Sender::new().deliver(0, &id("1"), &NO_CONNECTION).report(), fetch);
    // A policy to apply: anything.
    for mode in ["enforce", "testing"] {
        let reasons: Vec<_> = no_ids()
            .iter()
            .map(|txt| Sender::with_policy(mode, DAY, 0).deliver(1, txt, &NO_CONNECTION).report())
            .collect();
        assert_eq!(
            reasons,
            [
                "sts-policy-fetch-error (no-record)",
                "sts-policy-fetch-error (invalid-record)",
                "sts-policy-fetch-error (multiple-records)",
                "sts-policy-fetch-error (dns-servfail)",
                "sts-policy-fetch-error (dns-refused)",
                "sts-policy-fetch-error (dns-timeout)",
                "sts-policy-fetch-error (dns-failure)",
            ]
        );
        let mut sender = Sender::with_policy(mode, DAY, 0);
        assert_eq!(sender.deliver(1, &id("1"), &NO_CONNECTION).report(), "");
        assert_eq!(sender.deliver(1, &id("2"), &NO_CONNECTION).report(), fetch);
        // An expired one is none.
        assert_eq!(sender.deliver(DAY + 1, &absent(), &NO_CONNECTION).report(), "");
    }
}

#[test]
fn dis_12_what_is_known_before_the_fetch_ends() {
    let sender = Sender::new();
    let domain = sender.domain.clone();
    let mut discovery = sender.begin(&domain, Purpose::Delivery, 0);
    assert_eq!(discovery.known(), Applicable::Unknown);
    discovery.handle_txt(id("1"), time(0)).unwrap();
    assert_eq!(discovery.known(), Applicable::Unknown);
    discovery.handle_response(ok(&body("enforce", DAY)), time(1)).unwrap();
    assert!(matches!(discovery.known(), Applicable::Policy(_)));

    let sender = Sender::with_policy("testing", DAY, 0);
    let mut discovery = sender.begin(&domain, Purpose::Delivery, 1);
    discovery.handle_txt(id("2"), time(1)).unwrap();
    let Applicable::Policy(known) = discovery.known() else { panic!("it is cached") };
    assert_eq!(known.policy().mode().as_str(), "testing");
    // One that is given up is as if it had not been.
    let outcome = discovery.into_outcome();
    assert_eq!((outcome.failure(), outcome.report()), (None, None));
    assert_eq!(outcome.policy().unwrap().id().as_str(), "1");
}
