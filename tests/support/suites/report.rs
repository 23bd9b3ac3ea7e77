//! Runs a case of the suite `report`.

use std::collections::BTreeSet;

use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::json::ReadLimits;
use mta_sts::tlsrpt::media::{Form, UnpackLimits, unpack};
use serde_json::{Value, json};

/// What a reader finds in the octets of a report in this form, by `media`.
pub(super) fn evaluate(octets: &[u8], media: &str) -> Value {
    let Ok(unpacked) = unpack(octets, &UnpackLimits::default()) else {
        return super::error();
    };
    let Ok((report, deviations)) = Report::from_json(unpacked.json(), &ReadLimits::default())
    else {
        return super::error();
    };
    let form = match unpacked.form() {
        Form::Json => "json",
        Form::Gzip => "gzip",
        _ => "mail",
    };
    if form != media {
        return json!({ "form": form });
    }
    let differences = unpacked.clues().differences(&report);
    let mut kinds: BTreeSet<&str> = deviations.iter().map(|one| one.kind().as_str()).collect();
    kinds.extend(unpacked.deviations().iter().map(|one| one.kind().as_str()));
    kinds.extend(differences.iter().map(|one| one.kind().as_str()));
    json!({
        "organization": report.organization_name,
        "report_id": report.report_id,
        "start": report.date_range.start_datetime.as_secs(),
        "end": report.date_range.end_datetime.as_secs(),
        "policies": report.policies.len(),
        "successes": report.successes(),
        "failures": report.failures(),
        "failure_rows": report.policies.iter().map(|one| one.failure_details.len()).sum::<usize>(),
        "deviations": kinds,
        "clean": kinds.is_empty(),
    })
}
