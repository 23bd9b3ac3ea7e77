//! Runs vector files of the format `mta-sts-vectors/1` through this crate.
//!
//! The format is described in `tests/vectors/README.md`. Shared by the test
//! `conformance` and the example of the same name.

#[path = "suites/discovery.rs"]
mod discovery;
#[path = "suites/report.rs"]
mod report;
#[path = "suites/verdict.rs"]
mod verdict;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mta_sts::Reading;
use mta_sts::sts::{MxPattern, Policy, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::txt::NoRecord;
use serde_json::{Map, Value, json};

/// The suites that this crate runs so far.
pub(crate) const SUITES: [&str; 9] = [
    "sts-record",
    "sts-rrset",
    "tlsrpt-record",
    "tlsrpt-rrset",
    "policy",
    "mx-match",
    "discovery",
    "verdict",
    "report",
];

/// What running one file found.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How many cases gave what they expect.
    pub(crate) passed: usize,
    /// The others.
    pub(crate) failures: Vec<Failure>,
}

/// A case that gave something else than it expects.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) name: String,
    expected: Value,
    got: Value,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, expected, got } = self;
        write!(f, "{name}: expected {expected}, got {got}")
    }
}

/// Runs the text of one vector file.
///
/// # Errors
///
/// If the text is no vector file of a known suite. A case whose input does not fit
/// the suite has failed.
pub(crate) fn run(text: &str) -> Result<Outcome, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match file["format"].as_str() {
        Some("mta-sts-vectors/1") => {}
        other => return Err(format!("unknown format {other:?}")),
    }
    let suite = file["suite"].as_str().ok_or("no suite")?;
    if !SUITES.contains(&suite) {
        return Err(format!("unknown suite `{suite}`"));
    }
    let cases = file["cases"].as_array().ok_or("no cases")?;
    let mut outcome = Outcome::default();
    for case in cases {
        let name = case["name"].as_str().ok_or("a case without a name")?;
        let expected = case["expect"].as_object().ok_or_else(|| format!("{name}: no expect"))?;
        let got = evaluate(suite, case).unwrap_or_else(|error| json!({ "unreadable": error }));
        match agrees(expected, &got) {
            true => outcome.passed += 1,
            false => outcome.failures.push(Failure {
                name: name.to_owned(),
                expected: case["expect"].clone(),
                got,
            }),
        }
    }
    Ok(outcome)
}

/// Members of `expect` that a case leaves out are not compared; of `deviations` there may be
/// more than the case expects. A result that the
/// case does not expect at all (an error, say) disagrees.
fn agrees(expected: &Map<String, Value>, got: &Value) -> bool {
    let same = |(member, value): (&String, &Value)| match (member.as_str(), value, got.get(member))
    {
        ("deviations", Value::Array(expected), Some(Value::Array(got))) => {
            expected.iter().all(|kind| got.contains(kind))
        }
        (_, expected, got) => got == Some(expected),
    };
    let failed = |outcome: &str| expected.contains_key(outcome) == got.get(outcome).is_some();
    if let (Some(Value::Array(expected)), Some(Value::Array(got))) =
        (expected.get("steps"), got.get("steps"))
    {
        let step = |(expected, got): (&Value, &Value)| {
            expected.as_object().is_some_and(|expected| agrees(expected, got))
        };
        return expected.len() == got.len() && expected.iter().zip(got).all(step);
    }
    expected.iter().all(same) && failed("error") && failed("none")
}

fn evaluate(suite: &str, case: &Value) -> Result<Value, String> {
    Ok(match suite {
        "sts-record" => match StsRecord::parse(&input(case)?) {
            Ok(record) => json!({ "id": record.id().as_str() }),
            Err(_) => error(),
        },
        "sts-rrset" => match StsRecord::from_rrset(&rrset(case)?) {
            Ok(record) => json!({ "id": record.id().as_str() }),
            Err(none) => no_record(&none),
        },
        "tlsrpt-record" => match TlsRptRecord::parse(&input(case)?, reading(case)?) {
            Ok((record, _)) => rua(&record),
            Err(_) => error(),
        },
        "tlsrpt-rrset" => match TlsRptRecord::from_rrset(&rrset(case)?, reading(case)?) {
            Ok((record, _)) => rua(&record),
            Err(none) => no_record(&none),
        },
        "policy" => match Policy::parse(&input(case)?, reading(case)?) {
            Ok((policy, _)) => json!({
                "mode": policy.mode().as_str(),
                "max_age": policy.max_age().as_secs(),
                "mx": policy.mx().map(|mx| mx.as_str().to_ascii_lowercase()).collect::<Vec<_>>(),
            }),
            Err(_) => error(),
        },
        "mx-match" => {
            let host = case["input"]["host"].as_str().ok_or("no host")?;
            let patterns = strings(&case["input"]["patterns"])?;
            let mut matched = false;
            for pattern in &patterns {
                let pattern = MxPattern::parse(pattern).map_err(|error| error.to_string())?;
                matched |= pattern.matches(host);
            }
            json!({ "match": matched })
        }
        "discovery" => discovery::evaluate(case)?,
        "verdict" => verdict::evaluate(&case["input"])?,
        "report" => report::evaluate(&input(case)?, case["media"].as_str().ok_or("no media")?),
        other => return Err(format!("unknown suite `{other}`")),
    })
}

fn error() -> Value {
    json!({ "error": true })
}

fn no_record(none: &NoRecord) -> Value {
    json!({ "none": none.reason_code().as_str() })
}

fn rua(record: &TlsRptRecord<'_>) -> Value {
    json!({ "rua": record.rua().map(|uri| uri.as_str()).collect::<Vec<_>>() })
}

/// The octets of `input` or `input_base64`.
fn input(case: &Value) -> Result<Vec<u8>, String> {
    match (case["input"].as_str(), case["input_base64"].as_str()) {
        (Some(text), None) => Ok(text.as_bytes().to_vec()),
        (None, Some(encoded)) => STANDARD.decode(encoded).map_err(|error| error.to_string()),
        _ => Err("neither input nor input_base64".to_owned()),
    }
}

fn rrset(case: &Value) -> Result<Vec<Vec<String>>, String> {
    records(&case["input"])
}

fn records(rrset: &Value) -> Result<Vec<Vec<String>>, String> {
    rrset.as_array().ok_or("an RRset is no array")?.iter().map(strings).collect()
}

fn strings(array: &Value) -> Result<Vec<String>, String> {
    let strings = array.as_array().ok_or("no array of strings")?;
    let string = |value: &Value| value.as_str().map(str::to_owned).ok_or("no string".to_owned());
    strings.iter().map(string).collect()
}

fn reading(case: &Value) -> Result<Reading, String> {
    match case.get("reading").map(Value::as_str) {
        None | Some(Some("strict")) => Ok(Reading::Strict),
        Some(Some("tolerant")) => Ok(Reading::Tolerant),
        Some(_) => Err("unknown reading".to_owned()),
    }
}
