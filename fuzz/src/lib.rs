//! The fuzz targets as plain functions, so that seeds and findings can be replayed
//! without libFuzzer: `cargo test --manifest-path fuzz/Cargo.toml`.
//!
//! Those of the parsers take the bytes twice: as they are, for the parser, and as the
//! source of a valid value of the type. The others take them as the source of what
//! happens.

#[path = "../../tests/support/certificates.rs"]
mod certificates;
#[path = "../../tests/support/filenames.rs"]
mod filenames;
#[path = "../../tests/support/forms.rs"]
mod forms;
#[path = "../../tests/support/histories.rs"]
#[allow(dead_code, reason = "what a history has reached is for the property tests")]
mod histories;
#[path = "../../tests/support/insights.rs"]
mod insights;
#[path = "../../tests/support/interleavings.rs"]
#[allow(dead_code, reason = "what an interleaving has reached is for the property tests")]
mod interleavings;
#[path = "../../tests/support/laws.rs"]
mod laws;
#[path = "../../tests/support/machine.rs"]
mod machine;
#[path = "../../tests/support/model.rs"]
mod model;
#[path = "../../tests/support/operations.rs"]
mod operations;
#[path = "../../tests/support/reports.rs"]
mod reports;
#[path = "../../tests/support/responses.rs"]
#[allow(dead_code, reason = "limits are for the property tests")]
mod responses;
#[path = "../../tests/support/snapshots.rs"]
mod snapshots;
#[path = "../../tests/support/tallies.rs"]
mod tallies;

use arbitrary::{Arbitrary, Unstructured};
use mta_sts::DomainName;
use mta_sts::sts::{Policy, StsRecord};
use mta_sts::tlsrpt::filename::ReportFilename;
use mta_sts::tlsrpt::json::ReadLimits;
use mta_sts::tlsrpt::subject::ReportSubject;
use mta_sts::tlsrpt::{Report, TlsRptRecord};

/// A target; its seeds are in `seeds/<name>`.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 14] = [
    Target { name: "sts_record", run: sts_record },
    Target { name: "tlsrpt_record", run: tlsrpt_record },
    Target { name: "txt_rrset", run: txt_rrset },
    Target { name: "policy", run: policy },
    Target { name: "mx_match", run: mx_match },
    Target { name: "certificate", run: certificate },
    Target { name: "snapshot", run: snapshot },
    Target { name: "policy_response", run: policy_response },
    Target { name: "report_json", run: report_json },
    Target { name: "discovery_ops", run: discovery_ops },
    Target { name: "filename", run: filename },
    Target { name: "report_gzip", run: report_gzip },
    Target { name: "report_mail", run: report_mail },
    Target { name: "tally_ops", run: tally_ops },
];

/// `StsRecord::parse`.
pub fn sts_record(bytes: &[u8]) {
    laws::sts_record(bytes);
    laws::sts_record(made::<StsRecord<'_>>(bytes).as_str().as_bytes());
}

/// `TlsRptRecord::parse`, both readings.
pub fn tlsrpt_record(bytes: &[u8]) {
    laws::tlsrpt_record(bytes);
    laws::tlsrpt_record(made::<TlsRptRecord<'_>>(bytes).as_str().as_bytes());
}

/// `StsRecord::from_rrset`; 0xFE ends a record, 0xFF a character-string.
pub fn txt_rrset(bytes: &[u8]) {
    laws::txt_rrset(bytes);
}

/// `Policy::parse`, both readings.
pub fn policy(bytes: &[u8]) {
    laws::policy(bytes);
    laws::policy(made::<Policy>(bytes).as_str().as_bytes());
}

/// `MxPattern::matches` and `DomainName`: a pattern, LF, a host.
pub fn mx_match(bytes: &[u8]) {
    laws::mx_match(bytes);
    laws::mx_match(made::<DomainName>(bytes).as_str().as_bytes());
}

/// `certificate::verify`: certificates in DER, one after the other.
pub fn certificate(bytes: &[u8]) {
    certificates::certificate(bytes);
}

/// `snapshot::from_line`.
pub fn snapshot(bytes: &[u8]) {
    snapshots::line(bytes);
}

/// `Report::from_json`, both ways of writing, and `Insight`.
pub fn report_json(bytes: &[u8]) {
    reports::octets(bytes);
    reports::report(&made(bytes));
    if let Ok((report, _)) = Report::from_json(bytes, &ReadLimits::default()) {
        insights::insight(&report);
    }
    insights::insight(&made(bytes));
}

/// `PolicyRequest::judge`.
pub fn policy_response(bytes: &[u8]) {
    responses::response(&made(bytes));
}

/// `Discovery` and `CacheEntry`: one discovery after the other against the model, and
/// discoveries at once against the laws of updates; entries are restored from their lines.
pub fn discovery_ops(bytes: &[u8]) {
    histories::one_by_one(&made(bytes), snapshots::restored);
    interleavings::at_once(&made(bytes), snapshots::restored);
}

/// `ReportFilename::parse`, `ReportSubject::parse`, and the tags of DKIM.
pub fn filename(bytes: &[u8]) {
    filenames::names(bytes);
    filenames::names(made::<ReportFilename>(bytes).to_string().as_bytes());
    filenames::names(made::<ReportSubject>(bytes).to_string().as_bytes());
}

/// `media::unpack` and `media::packed`: gzip, and what is not.
pub fn report_gzip(bytes: &[u8]) {
    forms::gzip(bytes);
}

/// `media::unpack` of mails, and `media::split_mbox`.
pub fn report_mail(bytes: &[u8]) {
    forms::mail(bytes);
}

/// `Tally`: sessions of several hosts, merged and restored, against the model; and lines
/// from nowhere.
pub fn tally_ops(bytes: &[u8]) {
    tallies::text(bytes);
    tallies::count(&made(bytes));
}

fn made<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> T {
    Unstructured::new(bytes).arbitrary().expect("values of the types can be made of any bytes")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn seeds_and_findings_obey_the_laws() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        for super::Target { name, run } in super::TARGETS {
            let seeds = fs::read_dir(folder.join("seeds").join(name)).expect("tracked seeds");
            let findings = fs::read_dir(folder.join("artifacts").join(name)).into_iter().flatten();
            let files: Vec<_> = seeds.chain(findings).map(|entry| entry.unwrap().path()).collect();
            assert!(files.len() >= 5, "{name}: {} seeds", files.len());
            for file in files {
                println!("{}", file.display());
                run(&fs::read(file).unwrap());
            }
        }
    }
}
