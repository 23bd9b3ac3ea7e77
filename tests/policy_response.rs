//! The judgement of responses against a naive model (RFC 8461 §3.2, §3.3; FET-2, FET-3,
//! FET-4, FET-6).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/responses.rs"]
mod responses;

use arbitrary::Unstructured;
use proptest::collection::vec;
use proptest::prelude::*;

use self::responses::Response;

fn response() -> impl Strategy<Value = Response> {
    vec(any::<u8>(), 0..120).prop_map(|bytes| {
        Unstructured::new(&bytes).arbitrary().expect("it can be made of any bytes")
    })
}

/// Numbers at the edges of the limits, and any others.
fn octets() -> impl Strategy<Value = usize> {
    let edges = prop::sample::select(&[0, 1, 8_191, 8_192, 1 << 20, (1 << 20) + 1, usize::MAX][..]);
    prop_oneof![edges, any::<usize>(), 0..2_usize << 20]
}

fn secs() -> impl Strategy<Value = u64> {
    prop_oneof![
        prop::sample::select(&[0, 1, 599, 600, 601, u64::MAX][..]),
        any::<u64>(),
        0..700_u64
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn fet_2_fet_3_fet_4_fet_6_responses_are_judged_as_the_model_says(response in response()) {
        responses::response(&response);
    }

    #[test]
    fn fet_4_limits_can_be_set_and_never_switched_off(
        octets in octets(),
        secs in secs(),
        nanos in prop_oneof![Just(0), any::<u32>()],
    ) {
        responses::limits(octets, secs, nanos);
    }
}

/// The law of what is a policy holds of something, and so do those of what is wrong.
#[test]
fn responses_of_every_kind_are_judged() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut kinds = std::collections::BTreeMap::new();
    for _ in 0..1_000 {
        let response = response().new_tree(&mut runner).unwrap().current();
        *kinds.entry(response.kind()).or_insert(0) += 1;
    }
    assert!(kinds.len() == 7 && kinds.values().all(|count| *count > 20), "{kinds:?}");
}
