//! An audit as JSON (feature `json`).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{Audit, Check, Finding, Place, ScorePart};
use crate::escape::escape;

/// The schema of the [JSON form](Audit::to_json), in JSON Schema, draft 2020-12.
pub const JSON_SCHEMA: &str = include_str!("schema.json");

/// The version of the form.
const VERSION: u64 = 1;

impl Audit {
    /// The audit as JSON on one line, by [`JSON_SCHEMA`]. Names of MX hosts are
    /// [escaped](crate::escape) like all that is remote.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({
            "v": VERSION,
            "domain": self.domain().as_str(),
            "verdict": { "code": self.verdict().as_str(), "text": self.verdict().sentence() },
            "score": {
                "total": self.score().total(),
                "parts": self.score().parts().iter().map(part).collect::<Vec<_>>(),
            },
            "checks": self.checks().iter().map(check).collect::<Vec<_>>(),
            "findings": self.findings().iter().map(finding).collect::<Vec<_>>(),
            "left_out": self.left_out(),
        })
        .to_string()
    }
}

fn part(part: &ScorePart) -> Value {
    json!({ "name": part.name(), "got": part.got(), "of": part.of(), "why": part.why() })
}

fn check(check: &Check) -> Value {
    json!({
        "subject": check.subject().as_str(),
        "state": check.state().as_str(),
        "reason": check.reason(),
    })
}

fn finding(finding: &Finding) -> Value {
    let corrected = finding
        .corrected()
        .map(|corrected| json!({ "kind": corrected.kind(), "text": corrected.as_str() }));
    json!({
        "code": finding.code().as_str(),
        "severity": finding.severity().as_str(),
        "title": finding.code().title(),
        "section": finding.section(),
        "subject": finding.code().subject().as_str(),
        "place": place(finding.place()),
        "what": finding.what(),
        "remedy": finding.remedy(),
        "corrected": corrected,
        "evidence": finding.evidence(),
    })
}

fn place(place: &Place) -> Value {
    let (mut host, mut line, mut column, mut offset) = (None, None, None, None);
    match place {
        Place::Policy { line: l, column: c } => (line, column) = (*l, *c),
        Place::Mx { host: name } | Place::MxCertificate { host: name } => {
            host = Some(escape(name).to_string());
        }
        Place::StsRecord { offset: o } | Place::TlsrptRecord { offset: o } => offset = *o,
        Place::PolicyHost | Place::PolicyHostCertificate | Place::MxRecords => {}
    }
    json!({
        "kind": place.kind(),
        "text": place.to_string(),
        "host": host,
        "line": line,
        "column": column,
        "offset": offset,
    })
}
