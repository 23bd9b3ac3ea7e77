//! Writes a report as a sender may send it, and shows what the writer refuses.
//!
//! ```text
//! cargo run --example write_report --features json
//! ```

use std::time::Duration;

use mta_sts::failure::{PolicyType, ReasonCode, ResultType};
use mta_sts::sts::Policy;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::report::{
    DateRange, FailureDetails, PolicyDescription, PolicyReport, Summary,
};
use rustls_pki_types::UnixTime;

const POLICY: &str = "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 604800\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let time = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
    let mut report = Report::new(DateRange::new(time(1_725_321_600), time(1_725_407_999)));
    report.organization_name = Some("Example Net".into());
    report.contact_info = Some("tls-reports@example.net".into());

    // The policy as it was fetched, line by line.
    let policy: Policy = POLICY.parse()?;
    let mut description = PolicyDescription::new(PolicyType::Sts, "example.com");
    description.policy_string = policy.as_str().lines().map(Into::into).collect();
    description.mx_host = policy.mx().map(|mx| mx.as_str().into()).collect();
    let mut counted = PolicyReport::new(description, Summary::new(1_204, 3));

    let mut row = FailureDetails::new(ResultType::CertificateExpired, 3);
    row.sending_mta_ip = Some("2001:db8::25".into());
    row.receiving_mx_hostname = Some("mx2.example.com".into());
    row.receiving_ip = Some("192.0.2.25".into());
    row.failure_reason_code = Some(ReasonCode::CertificateExpired.as_str().into());
    counted.failure_details.push(row);
    report.policies.push(counted);

    // Nobody would know it from another one without an id.
    if let Err(error) = report.to_json() {
        eprintln!("not yet: {error}");
    }
    report.report_id = Some("2024-09-03.example.com@example.net".into());
    println!("{}", report.to_json()?);
    Ok(())
}
