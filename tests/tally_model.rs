//! Tallies against a naive model that keeps everything, and against the laws of merging,
//! over scripts made from any bytes (RPT-8 to RPT-12).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/tallies.rs"]
mod tallies;

use arbitrary::{Arbitrary as _, Unstructured};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use self::tallies::Script;

fn script() -> impl Strategy<Value = Script> {
    vec(any::<u8>(), 0..1_500)
        .prop_map(|bytes| Script::arbitrary(&mut Unstructured::new(&bytes)).unwrap())
}

/// Lines of a tally, glued together of pieces of them.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    vec(select(PIECES), 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

const PIECES: &[&str] = &[
    "{\"v\":1,\"day\":86400,\"rows\":1,\"policies\":1,\"domains\":1}\n",
    "{\"v\":1,\"day\":86400,\"rows\":1,\"policies\":1,\"domains\":2}\n",
    "{\"v\":1,\"day\":1,\"rows\":1,\"policies\":1,\"domains\":0}\n",
    "{\"v\":2}\n",
    "{\"domain\":\"a.example\",\"policies\":[",
    "{\"domain\":\"b.example\",\"policies\":[",
    "{\"domain\":\"-\",\"policies\":[",
    "{\"kind\":\"no-policy-found\",\"ok\":1",
    "{\"kind\":\"sts\",\"text\":\"version: STSv1\\nmode: none\\nmax_age: 1\",\"ok\":1",
    "{\"kind\":\"sts\",\"text\":\"\u{1b}\",\"ok\":1",
    "{\"kind\":\"tlsa\",\"text\":\"a.example\",\"records\":[\"3 1 1 ab\"],\"failed\":1",
    "{\"kind\":\"sts-refused\",\"failed\":9007199254740992",
    "{\"kind\":\"?\"",
    ",\"rows\":[{\"result\":\"validation-failure\",\"reason\":\"timeout\",\"count\":1}]",
    ",\"rows\":[{\"result\":\"validation-failure\",\"reason\":\"timeout\",\"to\":\"::1\",\"count\":0}]",
    ",\"others\":[{\"result\":\"validation-failure\",\"count\":7}]",
    "},",
    "}]}\n",
    "}]}",
    "\n",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn rpt_8_tallies_are_what_the_model_says(script in script()) {
        tallies::count(&script);
    }

    #[test]
    fn rpt_8_lines_of_tallies_are_restored_or_refused(lines in lines()) {
        tallies::text(&lines);
    }
}
