//! The examples `plan` and `publish` as a user runs them. `cargo test` builds the examples.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, process};

use mta_sts::Reading;
use mta_sts::sts::{Mode, Policy, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;

fn run(tool: &str, arguments: &[&str]) -> Output {
    let folder = env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(format!("{tool}{}", env::consts::EXE_SUFFIX));
    Command::new(&program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo test` builds it", program.display()))
}

#[track_caller]
fn says(tool: &str, arguments: &str, status: i32) -> String {
    let arguments: Vec<_> = arguments.split_whitespace().collect();
    let output = run(tool, &arguments);
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    text
}

const DOMAIN: &str = "--domain example.com --now 2026-11-22";

/// A new and empty folder, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("mta-sts-{name}-{}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn plan_prints_steps_ready_to_paste_within_100_columns() {
    let arguments =
        format!("{DOMAIN} --want enforce --mx mx1.example.com --rua mailto:t@a.example");
    let text = says("plan", &arguments, 0);
    let steps: Vec<_> = text.lines().filter(|line| line.contains(". 2026-1")).collect();
    assert_eq!(steps.len(), 12, "{text}");
    assert!(steps[0].starts_with("1. 2026-11-22 00:00:00Z: publish the TLSRPT record"), "{text}");
    assert!(steps[11].starts_with("12. 2026-12-20 00:00:00Z: change the id in"), "{text}");
    let record = r#"_mta-sts.example.com. 3600 IN TXT "v=STSv1;id=20261122000000Z""#;
    assert!(text.lines().any(|line| line == record), "{text}");
    let body = "\n\nversion: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 2419200\n\n";
    assert!(text.contains(body), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn plan_knows_what_is_and_what_was() {
    let folder = Folder::new("plan");
    let current = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 604800\n";
    let current = folder.file("current", current);
    let was = format!("--current {current} --id 7 --ttl 300 --mx-now mx1.example.com");
    let new = "--want enforce --max-age 604800 --mx mx2.example.com";
    let text = says("plan", &format!("{DOMAIN} {was} {new}"), 0);
    for line in [
        "mx1.example.com: will be refused by senders with the new policy.",
        "Note: no TLSRPT record asks for reports, so that nothing will tell of failures.",
        "   Not before: 7 days and 1 second after step 1.",
        "   Usually: 2026-11-22 00:05:00Z; by then all that see the record have the new policy.",
        "example.com. 3600 IN MX 10 mx2.example.com.",
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
    let before = "--earlier 31557600 --served-until 2026-11-01T12:00:00Z";
    let text =
        says("plan", &format!("{DOMAIN} {was} {before} --want none --mx mx1.example.com"), 0);
    assert!(text.contains(". 2027-11-01 18:00:01Z: take the record"), "{text}");
    let was = format!("--current {current} --id 7");
    let text = says("plan", &format!("{DOMAIN} {was} --want {current} --mx mx1.example.com"), 0);
    assert!(text.ends_with("There is nothing to do.\n"), "{text}");
}

#[test]
fn plan_tells_wrong_use() {
    let want = "--want enforce --mx mx1.example.com";
    for (arguments, status, error) in [
        ("", 2, "plan: expected --domain; see --help"),
        (
            "--domain [192.0.2.1]",
            2,
            "cannot parse argument \"[192.0.2.1]\": an address has no policy",
        ),
        ("--domain a.b", 2, "plan: expected --want; see --help"),
        ("--domain a.b --want none", 2, "plan: expected --mx; see --help"),
        (&format!("--domain a.b {want} --current examples/data/google-enforce.txt"), 2, "--id"),
        (&format!("--domain a.b {want} --current examples"), 2, "plan: examples: "),
        (&format!("--domain a.b {want} --id a-b"), 2, "1 to 32 letters and digits"),
        (&format!("--domain a.b {want} --served-until 1"), 2, "--served-until without --earlier"),
        (&format!("--domain a.b {want} --earlier 1"), 2, "--earlier without --served-until"),
        (&format!("--domain a.b {want} --now 2026-02-30"), 2, "expected Unix seconds, a date"),
        (&format!("--domain a.b {want} --max-age 99999999"), 2, "99999999"),
        (
            "--domain a.b --want examples/data/google-enforce.txt --mx mx1.example.com",
            1,
            "plan: expected a policy that lists the MX host `mx1.example.com`",
        ),
        ("--help", 0, "Usage: plan "),
    ] {
        let text = says("plan", arguments, status);
        assert!(text.contains(error), "{arguments}: {text}");
    }
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn publish_writes_what_the_crate_reads() {
    let folder = Folder::new("publish");
    let out = folder.0.join("new");
    let arguments = format!(
        "--domain example.com --mx mx1.example.com *.example.net --id 1 --address 192.0.2.1 \
         --address 2001:db8::1 --out {}",
        out.display()
    );
    says("publish", &arguments, 0);
    let policy: Policy = read(&out, ".well-known/mta-sts.txt").parse().unwrap();
    assert_eq!((policy.mode(), policy.max_age().as_secs()), (Mode::Testing, 86_400));
    let zone = read(&out, "records.zone");
    let records: Vec<_> = zone.lines().filter(|line| !line.starts_with(';')).collect();
    assert_eq!(
        records,
        [
            r#"_smtp._tls.example.com. 3600 IN TXT "v=TLSRPTv1;rua=mailto:tls-reports@example.com""#,
            "mta-sts.example.com. 3600 IN A 192.0.2.1",
            "mta-sts.example.com. 3600 IN AAAA 2001:db8::1",
            r#"_mta-sts.example.com. 3600 IN TXT "v=STSv1;id=1""#,
        ]
    );
    let text = |line: &str| line.split('"').nth(1).unwrap().to_owned();
    StsRecord::parse(&text(records[3])).unwrap();
    TlsRptRecord::parse(&text(records[0]), Reading::Strict).unwrap();
    for server in ["nginx.conf", "Caddyfile"] {
        let config = read(&out, server);
        for part in ["mta-sts.example.com", "/var/www/mta-sts", "text/plain"] {
            assert!(config.contains(part), "{config}");
        }
        assert_eq!(config.matches('{').count(), config.matches('}').count());
    }

    // What is there stays, and nothing else is written.
    fs::remove_file(out.join("records.zone")).unwrap();
    let error = says("publish", &arguments, 2);
    assert!(error.contains("is there already, and --force is not"), "{error}");
    assert!(!out.join("records.zone").exists());
    says("publish", &format!("{arguments} --mode enforce --force"), 0);
    let policy: Policy = read(&out, ".well-known/mta-sts.txt").parse().unwrap();
    assert_eq!((policy.mode(), policy.max_age().as_secs()), (Mode::Enforce, 28 * 86_400));
}

#[test]
fn publish_shows_all_on_standard_output() {
    let text = says("publish", "--domain a.b --mx mx.a.b --cname web.c.d --last-id 1", 0);
    assert!(
        text.starts_with("# .well-known/mta-sts.txt\nversion: STSv1\nmode: testing\n"),
        "{text}"
    );
    assert!(text.lines().any(|line| line == "mta-sts.a.b. 3600 IN CNAME web.c.d."), "{text}");
    let hint = says("publish", "--domain a.b --mx mx.a.b", 0);
    assert!(hint.contains("; mta-sts.a.b. 3600 IN A ..."), "{hint}");
}

#[test]
fn publish_tells_wrong_use() {
    for (arguments, error) in [
        ("", "publish: expected --domain; see --help"),
        ("--domain a.b", "expected an `mx` pattern, since the mode is not `none`"),
        ("--domain a.b --mx 192.0.2.1", "expected a host name, found the address"),
        ("--domain a.b --mx a.b. ", "not an `mx` pattern: trailing dot at offset 3"),
        ("--domain a.b --mx a.b --id 1 --last-id 1", "an --id other than the last one"),
        ("--domain a.b --mx a.b --rua t@a.b", "did you mean `mailto:t@a.b`?"),
        ("--domain a.b --mx a.b --mode on", "expected `enforce`, `testing` or `none`"),
        ("--domain a.b --mx a.b --address 192.0.2.1 --cname c.d", "exclude each other"),
        ("--domain a.b --mx a.b --root a;b", "expected an absolute path"),
    ] {
        let text = says("publish", arguments, 2);
        assert!(text.contains(error), "{arguments}: {text}");
    }
    assert!(
        says("publish", "--domain a.b --mode none", 0).contains("mode: none\nmax_age: 86400\n")
    );
    assert!(says("publish", "--help", 0).contains("Usage: publish "));
}

#[test]
fn a_ttl_has_31_bits() {
    for tool in [
        "plan --want enforce --mx a.example --ttl 2147483648",
        "publish --mx a.example --ttl 2147483648",
    ] {
        let (tool, arguments) = tool.split_once(' ').unwrap();
        let text = says(tool, &format!("{arguments} --domain example.com"), 2);
        assert!(text.contains("expected a TTL of at most 2147483647 seconds"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn publish_takes_a_link_that_leads_nowhere_for_a_file() {
    let folder = Folder::new("publish-link");
    std::os::unix::fs::symlink("nowhere", folder.0.join("nginx.conf")).unwrap();
    let out = folder.0.display();
    says("publish", &format!("--domain example.com --mx a.example --out {out}"), 2);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing was written");
}
