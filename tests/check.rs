//! The example `check` as a user runs it: what it finds of the domains of the embedded
//! world, and its exit statuses. `cargo test` builds the examples.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use mta_sts::audit::{Code, JSON_SCHEMA, Severity};
use mta_sts::observations::Observations;
use serde_json::{Value, json};

use self::demo::FOUND;

#[path = "support/demo.rs"]
mod demo;
#[path = "support/schema.rs"]
mod schema;

/// The codes that no domain of the demonstration has at one look, or in five seconds.
const NOT_AT_ONE_LOOK: [Code; 6] = [
    Code::HostSlow,
    Code::ChangeIdKept,
    Code::ChangeIdOnly,
    Code::ChangeEnforceAtOnce,
    Code::ChangeWeakened,
    Code::ChangeRemoved,
];

fn command(arguments: &[&str]) -> Command {
    let folder = env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
    let mut command = Command::new(folder.join(format!("check{}", env::consts::EXE_SUFFIX)));
    command.args(arguments);
    command
}

fn check(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap_or_else(|error| panic!("{error}; `cargo test` builds it"))
}

/// What is on standard output, and that this is the exit status.
#[track_caller]
fn says(arguments: &[&str], status: i32) -> String {
    let output = check(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}\n{text}");
    text
}

/// A file that is taken away in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("mta-sts-check-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Each line as JSON.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn codes(audit: &Value) -> Vec<&str> {
    let findings = audit["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn the_demonstration_finds_the_fault_of_each_domain() {
    let audits = lines(&says(&["--demo", "--json"], 1));
    assert_eq!(audits.len(), FOUND.len());
    for (audit, found) in audits.iter().zip(FOUND) {
        let (domain, score) = (audit["domain"].as_str().unwrap(), &audit["score"]["total"]);
        let verdict = audit["verdict"]["code"].as_str().unwrap();
        assert_eq!((domain, &*codes(audit), score.as_u64().unwrap(), verdict), found);
    }
    let met: BTreeSet<&str> = audits.iter().flat_map(codes).collect();
    let not_met = Code::ALL.iter().filter(|code| !met.contains(code.as_str()));
    assert!(not_met.eq(&NOT_AT_ONE_LOOK), "the other codes have domains: {met:?}");
}

#[test]
fn json_lines_keep_the_schema() {
    let printed = says(&["--schema"], 0);
    let schema: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(schema, serde_json::from_str::<Value>(JSON_SCHEMA).unwrap());
    for audit in lines(&says(&["--demo", "--json"], 1)) {
        let faults = schema::faults(&schema, &audit, "");
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn the_text_is_for_people() {
    let text = says(&["--demo"], 1);
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let titles = text.lines().filter(|line| FOUND.iter().any(|(domain, ..)| domain == line));
    assert!(titles.eq(FOUND.map(|(domain, ..)| domain)));
    for line in [
        "  demo      The policy does not list one of the MX hosts.",
        "  error     sts.policy.mx-uncovered (RFC 8461 §4.1)",
        "  where     MX backup.example.net",
        "  publish   the policy, and then a record with a new id:",
        "mx: backup.example.net",
        "  in short  the policy is enforced, and senders refuse to deliver to some of the MX hosts",
        "  warn      mode: the mode is testing",
        "_mta-sts.no-record.example. 3600 IN TXT \"v=STSv1;id=1798761600\"",
        "  record    id 20270101, from delegated.sts.provider.example",
        "  MX        the domain takes no mail",
        "  MX        mx.no-starttls.example: no STARTTLS",
        "  reports   mailto:tls-reports@healthy.example",
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
}

#[test]
fn findings_come_before_what_was_seen() {
    let text = says(&["--demo", "deep-wildcard.example"], 1);
    let at = |line: &str| text.find(&format!("\n  {line}")).unwrap_or_else(|| panic!("{text}"));
    let order = [
        at("error     sts.policy.mx-uncovered"),
        at("publish   the policy"),
        at("warning   sts.policy.mx-wildcard-depth"),
        at("publish   what is proposed above"),
        at("pass      record: "),
        at("fail      MX hosts: "),
        at("score     90 of 100: mode 30/30, "),
        at("in short  "),
        at("record    "),
        at("reports   "),
    ];
    assert!(order.is_sorted(), "{order:?}\n{text}");
}

#[test]
fn the_worst_finding_decides_the_exit_status() {
    let notice = says(&["--demo", "note.example"], 0);
    assert!(notice.contains("  notice    sts.policy.extension"), "{notice}");
    says(&["--demo", "healthy.example"], 0);
    says(&["--demo", "healthy.example", "short.example"], 3);
    says(&["--demo", "short.example", "expired.example", "healthy.example"], 1);
    says(&["--demo", "--observations", "expired.example"], 0);
}

#[test]
fn observations_can_be_kept_and_judged_later() {
    let text = says(&["--demo", "--observations"], 0);
    let seen: Vec<_> = text.lines().map(|line| Observations::from_json(line).unwrap()).collect();
    let domains: Vec<_> = seen.iter().map(|seen| seen.domain().as_str()).collect();
    assert_eq!(domains, FOUND.map(|(domain, ..)| domain));
    let facts = seen[0].fetch().unwrap().server().certificate().unwrap().facts().unwrap();
    assert_eq!(facts.names(), ["mta-sts.healthy.example"]);
    let probe = seen[0].hosts().first().unwrap().probe().unwrap();
    assert!(probe.extensions().iter().any(|extension| extension == "STARTTLS"));

    let kept = Scratch::new("kept.jsonl", &text);
    let audits = lines(&says(&["--from", kept.path(), "--json"], 1));
    assert_eq!(audits.len(), FOUND.len());
    for (audit, (domain, expected, ..)) in audits.iter().zip(FOUND) {
        assert_eq!(codes(audit), expected, "{domain}");
    }
}

#[test]
fn earlier_observations_are_compared_with() {
    let now = says(&["--demo", "--observations", "healthy.example", "testing.example"], 0);
    let mut earlier = lines(&now);
    for seen in &mut earlier {
        seen["observed_at"] = json!(1_798_761_600 - 86_400);
        let body = seen["fetch"]["response"]["body"].as_str().unwrap();
        let body = body.replace("604800", "864000").replace("mode: testing", "mode: enforce");
        seen["fetch"]["response"]["body"] = json!(body);
    }
    let text: String = earlier.iter().map(|seen| format!("{seen}\n")).collect();
    let (now, earlier) = (Scratch::new("now.jsonl", &now), Scratch::new("earlier.jsonl", &text));
    let compared = ["--from", now.path(), "--earlier", earlier.path(), "--json"];
    let audits = lines(&says(&compared, 1));
    assert_eq!(codes(&audits[0]), ["sts.change.id-kept"]);
    assert!(codes(&audits[1]).contains(&"sts.change.weakened"), "{:?}", codes(&audits[1]));
    // Those of a later day say nothing.
    says(&["--from", earlier.path(), "--earlier", now.path()], 0);
}

#[test]
fn the_phase_is_told() {
    says(&["--demo", "withdrawn.example"], 3);
    says(&["--demo", "--phase", "withdrawing", "withdrawn.example"], 0);
}

#[test]
fn lists_are_read_in_their_order() {
    const SAMPLE: [usize; 6] = [0, 1, 2, 5, 24, 31];

    let sample: Vec<&str> = SAMPLE.iter().map(|n| FOUND[*n].0).collect();
    let names: Vec<&str> = sample.iter().copied().cycle().take(300).collect();
    let list = Scratch::new("list.txt", &format!("# of today\r\n\n{}  # last\n", names.join("\n")));
    let text = says(&["--demo", "--file", list.path(), "--json"], 1);
    let audits = lines(&text);
    let domains: Vec<_> = audits.iter().map(|audit| audit["domain"].as_str().unwrap()).collect();
    assert_eq!(domains, names);
    for (audit, n) in audits.iter().zip(SAMPLE.iter().cycle()) {
        assert_eq!(codes(audit), FOUND[*n].1);
    }
}

#[test]
fn what_is_no_domain_is_told_with_its_line_and_the_others_go_on() {
    let list =
        Scratch::new("bad.txt", "healthy.example\n\n[192.0.2.1]\na b\u{1b}[0m\nnote.example\n");
    let output = check(&["--demo", "--json", "--file", list.path()]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    let audits = lines(&text);
    let domains: Vec<_> = audits.iter().map(|audit| audit["domain"].as_str().unwrap()).collect();
    assert_eq!(domains, ["healthy.example", "note.example"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<&str> = errors.lines().collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("bad.txt, line 3: `[192.0.2.1]`: "), "{errors:?}");
    assert!(errors[1].contains("bad.txt, line 4: `a b\\u{1b}[0m`: "), "{errors:?}");
}

#[test]
fn a_list_comes_by_standard_input_too() {
    let mut child = command(&["--demo", "--json", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"note.example\nshort.example").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "a bar is for terminals");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
}

#[test]
fn every_code_is_explained() {
    let list = says(&["--list-codes"], 0);
    assert_eq!(list.lines().count(), Code::ALL.len());
    for (line, code) in list.lines().zip(Code::ALL) {
        assert_eq!(line, format!("{code}: {}", code.title()));
        assert!(line.chars().count() <= 100, "{line}");
        let text = says(&["--explain", code.as_str()], 0);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [code.title(), code.section(), code.explanation(), code.remedy()] {
            assert!(words.contains(part), "{code}: no `{part}` in\n{text}");
        }
        assert!(code.severity() >= Severity::Notice && words.contains(code.severity().as_str()));
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}

#[test]
fn a_code_that_there_is_not_has_near_ones() {
    for (written, meant) in [
        ("sts.policy.mx-uncoverd", "sts.policy.mx-uncovered"),
        ("mx-unused", "sts.policy.mx-unused"),
        ("TLSRPT.MISSING", "tlsrpt.missing"),
        ("sts.record.id", "sts.record.id-invalid"),
    ] {
        let output = check(&["--explain", written]);
        assert_eq!(output.status.code(), Some(2), "{written}");
        let error = String::from_utf8(output.stderr).unwrap();
        let told = format!("check: there is no code `{written}`; the nearest are ");
        assert!(error.starts_with(&told), "{error}");
        assert!(error.contains(&format!("`{meant}`")), "{error}");
    }
}

#[test]
fn wrong_use_is_told() {
    for (arguments, error) in [
        (&[][..], "check: expected a domain; see --help\n"),
        (&["--demo", "--from", "x"], "check: --from takes no --demo; see --help\n"),
        (
            &["a.example", "--from", "x"],
            "check: expected one of domains, --file and --from; see --help\n",
        ),
        (&["--bogus"], "check: invalid option '--bogus'; see --help\n"),
    ] {
        let output = check(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), error);
    }
    for arguments in [
        &["--demo", "[192.0.2.1]"][..],
        &["--demo", "a b"],
        &["--ehlo=a b"],
        &["--phase", "new", "a.example"],
        &["--file", "no-such-file"],
        &["--from", "no-such-file"],
        &["--demo", "--earlier", "no-such-file"],
    ] {
        assert_eq!(check(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let help = says(&["--help"], 0);
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}
