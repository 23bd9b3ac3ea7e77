//! The example `read_reports` as a user runs it, over the sample reports of
//! `examples/data/reports`, whose README has the numbers. `cargo test` builds the examples.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn read_reports(arguments: &[&str], input: &[u8]) -> Output {
    let folder = env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(format!("read_reports{}", env::consts::EXE_SUFFIX));
    let mut child = Command::new(&program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo test` builds it", program.display()));
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn text(arguments: &[&str], input: &[u8], status: i32) -> String {
    let output = read_reports(arguments, input);
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    text
}

fn document(arguments: &[&str]) -> Value {
    let arguments = [&["--json"], arguments].concat();
    serde_json::from_slice(&read_reports(&arguments, b"").stdout).unwrap()
}

#[test]
fn the_sample_reports_have_these_totals() {
    let found = document(&[]);
    let sums = json!({"reports": 13, "successful": 7497, "failed": 328, "rows": 15});
    assert_eq!(found["sums"]["unauthenticated"], sums);
    assert_eq!(found["duplicates"], 1);
}

#[test]
fn json_is_for_machines() {
    let found = document(&[]);
    let totals = &found["totals"];
    let labels = |by: &str| -> Vec<Value> {
        totals[by].as_array().unwrap().iter().map(|one| one["label"].clone()).collect()
    };
    assert_eq!(labels("policy_domain").last(), Some(&Value::Null), "one policy has no domain");
    assert_eq!(totals["day"].as_array().unwrap().len(), 6);
    assert_eq!(totals["result_type"][0]["label"], "certificate-expired");
    assert_eq!(totals["result_type"][0]["sums"]["unauthenticated"]["failed"], 109);
    let worst = &found["failures"][0];
    assert_eq!(worst["mx"], "mx2.mail.company-y.example");
    assert_eq!(worst["impact"], "refused where the policy is enforced");
    assert!(worst["remedy"].as_str().unwrap().starts_with("The operator of that host must "));
    assert_eq!(found["unreadable"][0]["source"], "cut-off.json.gz");
    assert_eq!(found["unreadable"].as_array().unwrap().len(), 1);
    assert_eq!(found["deviations"]["json-in-string"], 3);
    let domains: Vec<_> =
        found["readiness"].as_array().unwrap().iter().map(|one| &one["domain"]).collect();
    assert_eq!(domains, ["company-y.example", "example.com", "lists.example.com"]);
}

#[test]
fn only_authenticated_reports_weigh() {
    let unauthenticated = text(&["examples/data/reports/google-style.json"], b"", 0);
    for line in [
        "1 reports, 0 of them authenticated; 0 more came again",
        "412 sessions succeeded, 0 failed",
        "- example.com is not ready",
        "- example.com, against it: no authenticated report is about it",
        "- example.com, worth knowing: no weight was given to 1 unauthenticated report",
    ] {
        assert!(unauthenticated.lines().any(|found| found == line), "{unauthenticated}");
    }
    let found = document(&["--authenticated", "examples/data/reports/google-style.json"]);
    assert_eq!(
        found["readiness"][0]["reasons"],
        json!(["only 1 day of 14 covered by reports", "only 1 sender of 2 with such sessions"])
    );
}

#[test]
fn what_cannot_be_read_is_told_and_all_else_is_read() {
    let arguments =
        ["examples/data/none-such", "-", "examples/data/reports/google-style.json", "--verbose"];
    let found = text(&arguments, b"\x1b[2J", 1);
    assert!(found.contains("412 sessions succeeded"), "{found}");
    assert!(found.contains("\nNot readable\n- examples/data/none-such: "), "{found}");
    assert!(found.contains("\n- -: "), "{found}");
    assert!(found.contains("\n- google-style.json: policies[0].failure-details: missing\n"));
    assert!(!found.contains('\x1b'), "{found}");
    let same = std::fs::read("examples/data/reports/google-style.json").unwrap();
    text(&["-"], &same, 0);
    assert!(text(&["--bogus"], b"", 2).contains("invalid option '--bogus'; see --help"));
    text(&["--help"], b"", 0);
}

#[cfg(unix)]
#[test]
fn folders_are_read_as_far_as_they_can_be() {
    use std::os::unix::fs::symlink;

    let folder = env::temp_dir().join(format!("mta-sts-read-reports-{}", std::process::id()));
    let below = folder.join("below");
    std::fs::create_dir_all(&below).unwrap();
    symlink("none-such", folder.join("a-broken.json")).unwrap();
    symlink(&folder, below.join("circle")).unwrap();
    std::fs::write(folder.join("README.md"), "no report").unwrap();
    std::fs::write(below.join(".hidden.json"), "no report").unwrap();
    std::fs::copy("examples/data/reports/google-style.json", below.join("z.json")).unwrap();
    let found = document(&[folder.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found["sums"]["unauthenticated"]["reports"], 1);
    assert_eq!(found["duplicates"], 0);
    assert_eq!(found["unreadable"].as_array().unwrap().len(), 1, "{}", found["unreadable"]);
}

#[test]
fn the_text_fits_a_terminal() {
    for line in text(&["--verbose"], b"", 1).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for line in text(&["--help"], b"", 0).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
