//! Cache entries as lines of text: what is kept, and what is refused (DIS-2, FET-5).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/snapshots.rs"]
mod snapshots;

use std::time::Duration;

use mta_sts::snapshot::{self, MAX_LINE_LEN, ReadLineErrorKind};
use mta_sts::sts::cache::{CacheEntry, Update};
use mta_sts::sts::discovery::{Action, Config, Discovery, Purpose, TxtFailure};
use mta_sts::sts::fetch::{FetchLimits, PolicyResponse, TransportFailure};
use mta_sts::sts::{PolicyDomain, PolicyId, StsRecord};
use mta_sts::txt::NoRecord;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rustls_pki_types::UnixTime;

const ENFORCE: &str = "version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmax_age: 864000\r\nx: \u{e4}\"\\\r\n\r\n";

fn domain() -> PolicyDomain {
    PolicyDomain::from_next_hop("example.com").unwrap()
}

fn learn(
    entry: &mut CacheEntry,
    now: u64,
    txt: Result<&str, TxtFailure>,
    http: Result<&str, TransportFailure>,
) -> (usize, String) {
    let domain = domain();
    let config = Config::default().with_absence(Duration::from_secs(60));
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let mut discovery = Discovery::new(&domain, entry.clone(), Purpose::Delivery, time, config);
    let mut fetches = 0;
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(_) => {
                let txt = txt.clone().map(|id| PolicyId::new(id).unwrap());
                discovery.handle_txt(txt, time).unwrap();
            }
            Action::FetchPolicy(_) => {
                fetches += 1;
                let response = http.map(|body| {
                    PolicyResponse::new(200, body.as_bytes())
                        .with_field("Content-Type", "text/plain")
                });
                discovery.handle_response(response, time).unwrap();
            }
            Action::Done => break,
        }
    }
    let outcome = discovery.into_outcome();
    entry.apply(outcome.update());
    (fetches, outcome.report().map_or(String::new(), |failure| failure.failure().to_string()))
}

/// Entries that have everything that an entry can have.
fn entries() -> Vec<CacheEntry> {
    let mut all = vec![CacheEntry::default()];
    let mut entry = CacheEntry::default();
    let mut step = |now, txt, http| {
        learn(&mut entry, now, txt, http);
        all.push(entry.clone());
    };
    step(1_000, Err(NoRecord::Absent.into()), Ok(""));
    step(2_000, Err(NoRecord::Several { count: 2 }.into()), Ok(""));
    let invalid = StsRecord::from_rrset(&[["v=STSv1"]]).unwrap_err();
    step(3_000, Err(invalid.into()), Ok(""));
    step(4_000, Ok("1"), Err(TransportFailure::Timeout));
    step(5_000, Ok("2"), Ok("mode: \u{1b}\n\u{2028}"));
    step(6_000, Ok("3"), Ok(ENFORCE));
    step(6_000, Ok("4"), Ok("version: STSv1\nmode: none\nmax_age: 9999999999"));
    step(6_001, Ok("4"), Ok(ENFORCE));
    step(6_002, Ok("5"), Ok("<html>"));
    // The clock runs backwards.
    step(10, Ok("5"), Ok(ENFORCE));
    step(400, Ok("6"), Ok(ENFORCE));
    all
}

#[test]
fn dis_2_a_restart_loses_nothing() {
    for entry in entries() {
        let line = snapshot::to_line(&domain(), &entry);
        assert!(!line.contains(['\n', '\r']), "{line}");
        let (domain, again) = snapshot::from_line(&line).unwrap();
        assert_eq!((domain, &again), (self::domain(), &entry));
        assert_eq!(snapshot::to_line(&self::domain(), &again), line);
        // Merged into what is known already, it changes nothing.
        let mut merged = entry.clone();
        merged.apply(&Update::from(again));
        assert_eq!(merged, entry);
    }
    let last = entries().pop().unwrap();
    assert_eq!(last.policy().unwrap().policy().as_str(), ENFORCE);
}

#[test]
fn fet_5_the_failed_id_is_remembered_across_a_restart() {
    let mut entry = CacheEntry::default();
    let refused = "version: STSv1\nmode: enforced\n";
    assert_eq!(learn(&mut entry, 0, Ok("1"), Ok(refused)).0, 1);
    let line = snapshot::to_line(&domain(), &entry);
    let (_, mut entry) = snapshot::from_line(&line).unwrap();
    let (fetches, report) = learn(&mut entry, 299, Ok("1"), Ok(ENFORCE));
    assert_eq!((fetches, &*report), (0, "sts-policy-invalid (policy-mode)"));
    let lines: Vec<_> = entry.failed_fetches().unwrap().refused_lines().collect();
    assert_eq!(lines, ["version: STSv1", "mode: enforced"]);
    assert_eq!(learn(&mut entry, 300, Ok("1"), Ok(ENFORCE)).0, 1);
}

#[test]
fn all_2_the_largest_entry_fits_into_a_line() {
    let limits = FetchLimits::default().with_body(FetchLimits::MAX_BODY).unwrap();
    let config = Config::default().with_limits(limits);
    let now = UnixTime::since_unix_epoch(Duration::ZERO);
    let domain = domain();
    let valid = format!("{ENFORCE}{}", "\r\n".repeat((FetchLimits::MAX_BODY - ENFORCE.len()) / 2));
    let invalid = "\u{1}".repeat(FetchLimits::MAX_BODY);
    let mut entry = CacheEntry::default();
    for (id, body) in [("1", valid), ("2", invalid)] {
        let mut discovery = Discovery::new(&domain, entry.clone(), Purpose::Delivery, now, config);
        discovery.handle_txt(Ok(PolicyId::new(id).unwrap()), now).unwrap();
        let response =
            PolicyResponse::new(200, body.as_bytes()).with_field("Content-Type", "text/plain");
        discovery.handle_response(Ok(response), now).unwrap();
        entry.apply(discovery.into_outcome().update());
    }
    assert!(entry.policy().is_some() && entry.failed_fetches().is_some());
    let line = snapshot::to_line(&domain, &entry);
    assert!(line.len() > 6 << 20 && line.len() <= MAX_LINE_LEN, "{}", line.len());
    assert_eq!(snapshot::from_line(&line).unwrap().1, entry);
}

#[test]
fn damaged_lines_are_refused_one_by_one() {
    let good = snapshot::to_line(&domain(), entries().last().unwrap());
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} in {good}");
        good.replacen(from, to, 1)
    };
    use ReadLineErrorKind::*;
    for (line, kind, shown) in [
        ("".to_owned(), Json, "expected a JSON object of a cache entry: EOF while parsing"),
        ("[]".to_owned(), Json, "expected a JSON object of a cache entry: "),
        (good[..good.len() / 2].to_owned(), Json, "expected a JSON object of a cache entry: EOF"),
        (format!("{good}{good}"), Json, "expected a JSON object of a cache entry: trailing"),
        (with("\"v\":1", "\"v\":2"), Version, "expected version 1 of the format, found 2"),
        (with("\"v\":1,", ""), Json, "expected a JSON object of a cache entry: missing field `v`"),
        (with("example.com\"", "[::1]\""), Domain, "expected a policy domain, found `[::1]`"),
        (with("\"id\":\"6\"", "\"id\":\"?\\u001b\""), Id, "expected an id, found `?\\u{1b}`"),
        (
            with("mode: enforce", "mode: enforced"),
            Policy,
            "expected a policy: line 2, column 7: expected `enforce`, `testing` or `none`",
        ),
        (
            with("\"id\":\"6\"},\"bucket", "\"none\":\"policy-mx\"},\"bucket"),
            Look,
            "expected what a look at the record can find, found `policy-mx`",
        ),
        (with("\"fetched_at\":400", "\"fetched_at\":-1"), Json, "expected a JSON object"),
        (with("\"fetched_at\":400", "\"fetched_at\":1e99"), Json, "expected a JSON object"),
        ("x".repeat(MAX_LINE_LEN + 1), TooLong, "expected at most 16777216 octets, found 16777217"),
    ] {
        let error = snapshot::from_line(&line).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(shown), "{error}");
        assert!(!error.found().is_empty());
    }
    let text = format!(
        "{good}\r\n\nbroken\n  \n{}\n",
        snapshot::to_line(&domain(), &CacheEntry::default())
    );
    let read: Vec<_> = snapshot::from_lines(&text).map(|(n, entry)| (n, entry.is_ok())).collect();
    assert_eq!(read, [(1, true), (3, false), (5, true)]);
}

#[test]
fn members_of_later_versions_are_passed_over() {
    let mut entry = CacheEntry::default();
    learn(&mut entry, 0, Ok("1"), Ok(ENFORCE));
    learn(&mut entry, 1, Ok("2"), Err(TransportFailure::Timeout));
    let good = snapshot::to_line(&domain(), &entry);
    let more = good
        .replacen("{\"v\":1,", "{\"v\":1,\"new\":{\"a\":[1,null]},", 1)
        .replacen("\"policy\":{", "\"policy\":{\"new\":\"x\",", 1)
        .replacen("\"failed\":{", "\"failed\":{\"new\":[],", 1);
    assert_ne!(more, good);
    assert_eq!(snapshot::from_line(&more).unwrap().1, entry);
    // A reason that only a later version knows costs the back-off and not the policy.
    let later = good.replacen("\"reason\":\"timeout\"", "\"reason\":\"too-boring\"", 1);
    let (_, read) = snapshot::from_line(&later).unwrap();
    assert_eq!(read.policy(), entry.policy());
    assert_eq!(read.failed_fetches(), None);
}

#[test]
fn nothing_derived_is_trusted() {
    let mut entry = CacheEntry::default();
    learn(&mut entry, 0, Ok("1"), Ok(ENFORCE));
    // No failure is no failure in a row.
    learn(&mut entry, 1, Ok("2"), Err(TransportFailure::Timeout));
    let good = snapshot::to_line(&domain(), &entry);
    let none = good.replacen("\"in_a_row\":1", "\"in_a_row\":0", 1).replacen(
        "\"total\":1",
        "\"total\":0",
        1,
    );
    assert_eq!(snapshot::from_line(&none).unwrap().1, entry);
    // What was seen before the policy says nothing about it.
    let outdated = good.replacen(
        "\"failed\":{\"base\":{\"at\":0,\"turn\":1}",
        "\"failed\":{\"base\":{\"at\":0}",
        1,
    );
    assert_ne!(outdated, good);
    assert_eq!(snapshot::from_line(&outdated).unwrap().1.failed_fetches(), None);
}

/// What a damaged or a hostile line may have in the place of something else.
const TOKENS: [&str; 24] = [
    "",
    "0",
    "1",
    "400",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "-1",
    "null",
    "[]",
    "{}",
    "\"",
    ",",
    "\"v\":1,",
    "\"era\":4294967295,",
    "\"turn\":4294967295,",
    "\"at\":0",
    "\"at\":18446744073709551615",
    "\"none\":\"no-record\"",
    "max_age: 0",
    "\\u0000",
    "\u{202e}",
    "sts-webpki-invalid",
    "\"total\":0",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn lines_obey_their_laws_whatever_they_say(
        entry in select(entries()),
        damages in vec((any::<Index>(), 0..30_usize, select(&TOKENS[..])), 0..4),
    ) {
        let mut line = snapshot::to_line(&domain(), &entry).into_bytes();
        for (at, len, token) in damages {
            let at = at.index(line.len() + 1);
            let end = (at + len).min(line.len());
            line.splice(at..end, token.bytes());
        }
        snapshots::line(&line);
    }

    #[test]
    fn numbers_of_a_line_may_be_any(
        entry in select(entries()),
        numbers in vec(prop_oneof![any::<u64>(), 0..2_000_u64, Just(u32::MAX.into()), Just(0)], 20),
    ) {
        let line = snapshot::to_line(&domain(), &entry);
        let mut numbers = numbers.into_iter();
        // Each number behind a member's name but the version's.
        let parts = line.split("\":").enumerate().map(|(n, part)| {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            match numbers.next().filter(|_| n > 1 && digits > 0) {
                Some(number) => format!("{number}{}", &part[digits..]),
                None => part.to_owned(),
            }
        });
        snapshots::line(parts.collect::<Vec<_>>().join("\":").as_bytes());
    }
}
