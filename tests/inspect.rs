//! The main job as a user runs it: the example `inspect`, its verdicts and its
//! exit statuses. `cargo test` builds the examples.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::process::{Command, Output};

use serde_json::Value;

fn inspect(arguments: &[&str]) -> Output {
    let folder = env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(format!("inspect{}", env::consts::EXE_SUFFIX));
    Command::new(&program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo test` builds it", program.display()))
}

#[track_caller]
fn says(arguments: &[&str], status: i32, lines: &[&str]) {
    let output = inspect(arguments);
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    for line in lines {
        assert!(text.lines().any(|found| found.trim() == *line), "no line `{line}` in\n{text}");
    }
}

#[test]
fn published_policies_get_a_verdict_for_each_mx() {
    says(
        &[],
        0,
        &[
            "mode enforce, 3 mx, kept for 7.0 days",
            "smtp.google.com          do not deliver to this host: no mx of the policy allows it",
            "to mend: add an mx for smtp.google.com, or take it out of DNS",
            "to mend: line 4: `ms` is ignored; did you mean `mx`?",
            "forgiven, to mend: line 1, column 1: blank line",
            "not usable: line 2, column 7: expected `enforce`, `testing` or `none`, found `enforced`; did you mean `enforce`?",
            "12 valid, 4 accepted with something forgiven, 10 not usable",
        ],
    );
}

#[test]
fn own_texts_decide_the_exit_status() {
    let google = "examples/data/google-enforce.txt";
    says(&["--policy", google, "--mx", "ASPMX.l.google.com."], 0, &[]);
    says(
        &["--policy", google, "--mx", "aspmx.l.google.com", "192.0.2.1"],
        1,
        &["to mend: `192.0.2.1` is no host name: take it out of DNS"],
    );
    says(
        &["--txt", "v=spf1 -all", "--txt", "v=STSv1; id=1"],
        0,
        &["there is a policy, its id is 1"],
    );
    says(
        &["--txt", "v=STSv1; id=a-b"],
        1,
        &[
            "not usable: invalid record: expected an `id` of 1 to 32 letters and digits at offset 12, found `a-b`",
        ],
    );
    says(
        &["--tlsrpt", "v=TLSRPTv1; rua=mailto:a@b.example,"],
        0,
        &[
            "reports go by mail to a@b.example",
            "forgiven, to mend: empty place in the list at offset 35",
        ],
    );
    says(
        &["--tlsrpt", "v=TLSRPTv1; rua=ftp://b.example"],
        1,
        &["to mend: ftp://b.example: scheme is neither mailto nor https"],
    );
}

#[test]
fn wrong_use_is_told() {
    says(&["--bogus"], 2, &["inspect: invalid option '--bogus'; see --help"]);
    says(&["--policy", "examples/data/none-such"], 2, &[]);
    says(&["--policy", "examples"], 2, &[]);
    says(
        &["--txt", "x", "--mx", "a"],
        2,
        &["inspect: --mx says nothing without --policy; see --help"],
    );
    says(
        &["--policy", "-", "--policy", "-"],
        2,
        &["inspect: standard input can be read once; see --help"],
    );
    says(&["--help"], 0, &[]);
}

#[test]
fn json_is_for_machines() {
    let output = inspect(&["--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 26);
    let enforced = found.iter().find(|one| one["source"] == "mode-enforced.txt").unwrap();
    assert_eq!(enforced["usable"], false);
    assert_eq!(enforced["details"]["reason_code"], "policy-mode");
    assert_eq!(enforced["details"]["line"], 2);
    let wildcards = found.iter().find(|one| one["source"] == "google-wildcards.txt").unwrap();
    assert_eq!(wildcards["details"]["mode"], "enforce");
    assert_eq!(wildcards["mx"][5]["host"], "smtp.google.com");
    assert_eq!(wildcards["mx"][5]["allowed"], false);
}
