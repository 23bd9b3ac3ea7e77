//! Runs the project's vectors, and the shared ones where they are.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mta_sts::tlsrpt::json::ReportDeviationKind;
use mta_sts::tlsrpt::media::MediaDeviationKind;

/// Cases of the shared sets that contradict the requirements.
const DISPUTED: [(&str, &str); 1] = [
    // The body has no `mx` line (an opt-out, POL-2); the case expects one that is
    // `-`, which is no pattern (POL-6).
    ("policy", "policy-110"),
];

fn file(folder: &str, suite: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(suite).with_extension("json")
}

#[test]
fn own_vectors_pass() {
    for suite in vectors::SUITES {
        let text =
            fs::read_to_string(file("tests/vectors", suite)).expect("the project's own vectors");
        let outcome = vectors::run(&text).expect("a vector file");
        assert!(outcome.failures.is_empty(), "{suite}: {}", list(&outcome));
        assert!(outcome.passed >= 60, "{suite}: {} cases", outcome.passed);
    }
}

#[test]
fn own_vectors_cover_every_requirement() {
    let text: String = vectors::SUITES
        .iter()
        .map(|suite| fs::read_to_string(file("tests/vectors", suite)).expect("vectors"))
        .collect();
    let ids = [
        ("TXT", 1..=6),
        ("POL", 1..=6),
        ("MX", 1..=4),
        ("REC", 1..=5),
        ("FET", 2..=6),
        ("DIS", 2..=5),
        ("DIS", 10..=11),
        ("RPT", 1..=7),
        ("RPT", 9..=9),
        ("RPT", 11..=12),
        ("MAIL", 1..=3),
    ];
    for (kind, numbers) in ids {
        for number in numbers {
            assert!(text.contains(&format!("\"id\": \"{kind}-{number}\"")), "{kind}-{number}");
        }
    }
}

/// Each thing that senders do, and that the reader tells of, is done in some case.
#[test]
fn own_vectors_have_every_deviation() {
    let text = fs::read_to_string(file("tests/vectors", "report")).expect("vectors");
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases").iter();
    let expected: BTreeSet<&str> = cases
        .flat_map(|case| case["expect"]["deviations"].as_array().into_iter().flatten())
        .filter_map(|kind| kind.as_str())
        .collect();
    let ours = ReportDeviationKind::ALL.iter().map(|kind| kind.as_str());
    let ours: BTreeSet<&str> =
        ours.chain(MediaDeviationKind::ALL.iter().map(|kind| kind.as_str())).collect();
    assert_eq!(expected, ours);
}

/// An extra where the shared sets are checked out beside the project. A case in
/// `DISPUTED` may fail; one that passes has been mended and can leave the list.
#[test]
fn shared_vectors_pass_where_they_are() {
    for suite in vectors::SUITES {
        let path = file("../shared/vectors", suite);
        let Ok(text) = fs::read_to_string(&path) else {
            println!("not there: {}", path.display());
            continue;
        };
        let mut outcome = vectors::run(&text).expect("a vector file");
        outcome.failures.retain(|failure| !DISPUTED.contains(&(suite, &*failure.name)));
        assert!(outcome.failures.is_empty(), "{suite}: {}", list(&outcome));
        assert!(outcome.passed > 0, "{suite} has no cases");
    }
}

fn list(outcome: &vectors::Outcome) -> String {
    outcome.failures.iter().map(|failure| format!("\n{failure}")).collect()
}
