//! The mails that are built are read back by another implementation: Python's standard
//! `email` package finds the same headers, parts and octets in them, and no defects.
//!
//! It needs `python3`: where there is none, nothing is tested, unless `CI` is set.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/mails.rs"]
mod mails;

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::identity::ReportIdentity;
use mta_sts::tlsrpt::media::MediaType;
use serde_json::{Value, json};

use self::mails::{PACKED, hostile, report, written};

/// Reads mails in base64, one a line, and says in JSON what is in them, one a line.
const PYTHON: &str = r#"
import base64, email, email.policy, json, sys

def part(one):
    return {
        "type": one.get_content_type(),
        "disposition": one.get_content_disposition(),
        "filename": one.get_filename(),
        "payload": base64.b64encode(one.get_payload(decode=True)).decode(),
    }

def defects(one):
    of_headers = [defect for value in one.values() for defect in value.defects]
    of_parts = [defect for child in one.iter_parts() for defect in defects(child)]
    return [repr(defect) for defect in list(one.defects) + of_headers] + of_parts

for line in sys.stdin:
    mail = email.message_from_bytes(base64.b64decode(line), policy=email.policy.default)
    print(json.dumps({
        "headers": [[name, str(value)] for name, value in mail.items()],
        "type": mail.get_content_type(),
        "report_type": mail["Content-Type"].params["report-type"],
        "date": mail["Date"].datetime.timestamp(),
        "from": [address.addr_spec for address in mail["From"].addresses],
        "to": [address.addr_spec for address in mail["To"].addresses],
        "parts": [part(one) for one in mail.iter_parts()],
        "defects": defects(mail),
        "preamble": (mail.preamble or "").strip() + (mail.epilogue or "").strip(),
    }))
"#;

/// What Python finds; `None` if there is no Python.
fn read_back(mails: &[Vec<u8>]) -> Option<Vec<Value>> {
    let python = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut python = match python {
        Ok(python) => python,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "python3 is required: {error}");
            return None;
        }
    };
    let lines: String = mails.iter().map(|mail| BASE64_STANDARD.encode(mail) + "\n").collect();
    let mut input = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let found = String::from_utf8(output.stdout).unwrap();
    Some(found.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

struct Case {
    report: Report<'static>,
    media_type: MediaType,
    to: String,
}

impl Case {
    const FROM: &'static str = "tls+reports@sndr.example.com";

    fn new(report: Report<'static>, to: &str) -> Self {
        Self { report, media_type: MediaType::Gzip, to: to.into() }
    }

    fn mail(&self) -> Vec<u8> {
        written(&self.report, self.media_type, Self::FROM, &self.to)
    }

    fn compare(&self, found: &Value) {
        let identity = ReportIdentity::of(&self.report).unwrap();
        assert_eq!(found["defects"], json!([]));
        assert_eq!(found["preamble"], json!(""));
        assert_eq!(found["type"], json!("multipart/report"));
        assert_eq!(found["report_type"], json!("tlsrpt"));
        assert_eq!(found["date"], json!(1_707_010_001.0));
        assert_eq!(found["from"], json!([Self::FROM]));
        assert_eq!(found["to"], json!([self.to]));
        let headers = found["headers"].as_array().unwrap();
        let names: Vec<_> = headers.iter().map(|header| header[0].as_str().unwrap()).collect();
        assert_eq!(names, mta_sts::tlsrpt::mail::SIGNED_HEADERS);
        for (name, value) in [
            ("Subject", identity.subject().to_string()),
            ("TLS-Report-Domain", identity.policy_domain().to_string()),
            ("TLS-Report-Submitter", identity.submitter().to_string()),
            ("TLS-Required", "No".into()),
            ("Auto-Submitted", "auto-generated".into()),
            ("MIME-Version", "1.0".into()),
        ] {
            assert!(headers.contains(&json!([name, value])), "{name}: {headers:#?}");
        }
        let [text, report] = &found["parts"].as_array().unwrap()[..] else {
            panic!("two parts: {found}");
        };
        assert_eq!(text["type"], json!("text/plain"));
        assert_eq!(report["type"], json!(self.media_type.as_str()));
        assert_eq!(report["disposition"], json!("attachment"));
        assert_eq!(report["filename"], json!(identity.filename(self.media_type).to_string()));
        assert_eq!(report["payload"], json!(BASE64_STANDARD.encode(PACKED)));
    }
}

fn cases() -> Vec<Case> {
    let to = "reports@example.net";
    let label = "a".repeat(63);
    let long = [&*label, &label, &label, &label[..57]].join(".");
    let mut cases = vec![
        Case::new(report("example.net"), to),
        Case { media_type: MediaType::Json, ..Case::new(report("xn--bcher-kva.example"), to) },
        Case::new(report(&long), to),
        Case::new(report("example.net"), "\"a b\\\"<c>;:@\"@example.net"),
        Case::new(report("example.net"), &["t".repeat(200), "@example.net".into()].concat()),
    ];
    for text in hostile().into_iter().filter(|text| !text.is_empty()) {
        let mut report = report("example.net");
        report.organization_name = Some(text.clone().into());
        report.report_id = Some(text.into());
        cases.push(Case::new(report, to));
    }
    let mut report = report("example.net");
    report.report_id = Some("i".repeat(255).into());
    report.contact_info = Some(["a@", &long].concat().into());
    cases.push(Case::new(report, to));
    cases
}

#[test]
fn mail_2_python_reads_the_mails_that_are_built() {
    let cases = cases();
    let mails: Vec<_> = cases.iter().map(Case::mail).collect();
    let Some(found) = read_back(&mails) else {
        println!("not run: there is no python3");
        return;
    };
    assert_eq!(found.len(), cases.len());
    for (case, found) in cases.iter().zip(&found) {
        case.compare(found);
    }
}
