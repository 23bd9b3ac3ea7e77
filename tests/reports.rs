//! The laws of `support/reports.rs` over reports, and over their JSON with single tokens
//! replaced.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/reports.rs"]
mod laws;

use arbitrary::{Arbitrary as _, Unstructured};
use mta_sts::tlsrpt::Report;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What may stand in the place of a token.
const JUNK: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e3",
    "18446744073709551615",
    "18446744073709551616",
    "\"\"",
    "\"5\"",
    "\"x\"",
    "[]",
    "{}",
    "[[]]",
    "[null,\"a\",5]",
    "{\"a\":1,\"a\":2}",
    "NaN",
    ",",
    ":",
    "]",
    "}",
    "[",
    "{",
    "",
    " ",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"a\\r\\nb\\n\"",
    "\"[\\\"3 1 1 ab\\\"]\"",
    "\"mx-host-pattern\"",
    "\"policy\"",
    "\"report-id\"",
    "\"date-range\"",
    "\"policies\"",
    "\"failure-details\"",
    "\"sts\"",
    "\"tlsa\"",
    "\"STS\"",
    "\"2024-01-01T00:00:00\"",
    "\"2024-01-01T00:00:60Z\"",
    "\"2024-01-01t01:02:03.9+05:30\"",
    "\"1533081600\"",
    "\u{feff}",
    "\"mx-host\":\"a\",\"mx-host\"",
    "\"x\":[[[[1]]]],\"y\"",
    "\"[::1]\"",
    "\"\u{ffff}\"",
];

fn report() -> impl Strategy<Value = Report<'static>> {
    vec(any::<u8>(), 0..2_000).prop_map(|octets| {
        Report::arbitrary(&mut Unstructured::new(&octets)).expect("any octets make a report")
    })
}

/// Texts, numbers and words as one token each, all else octet by octet.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let (mut in_text, mut escaped, mut in_word) = (false, false, false);
    for c in json.chars() {
        let word = c.is_ascii_alphanumeric() || "+-.".contains(c);
        if in_text || (word && in_word) {
            tokens.last_mut().unwrap().push(c);
        } else {
            tokens.push(c.to_string());
        }
        in_word = word && !in_text;
        (in_text, escaped) = match (in_text, escaped, c) {
            (true, false, '"') => (false, false),
            (true, false, '\\') => (true, true),
            (false, _, '"') => (true, false),
            (in_text, _, _) => (in_text, false),
        };
    }
    tokens
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn rpt_1_what_is_written_is_read_again(report in report()) {
        laws::report(&report);
    }

    #[test]
    fn rpt_2_whatever_is_read_is_written_again(
        report in report(),
        replaced in vec((any::<Index>(), select(JUNK)), 0..4),
    ) {
        let mut tokens = tokens(&report.to_json().unwrap());
        for (index, junk) in replaced {
            let at = index.index(tokens.len());
            tokens[at] = junk.to_owned();
        }
        laws::octets(tokens.concat().as_bytes());
    }

    #[test]
    fn all_2_no_octets_make_it_panic(octets in vec(any::<u8>(), 0..200)) {
        laws::octets(&octets);
    }
}
