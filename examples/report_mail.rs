//! Writes the mail that carries a report, for each destination of a TLSRPT record, and
//! says where it goes and when.
//!
//! ```text
//! cargo run --example report_mail --features full -- [FILE]
//! ```
//!
//! The mail goes to the file, or to the standard output. It has still to be signed (DKIM)
//! and sent, by whatever sends other mail.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::time::Duration;

use mta_sts::failure::{PolicyType, ReasonCode, ResultType};
use mta_sts::tlsrpt::identity::ReportIdentity;
use mta_sts::tlsrpt::mail::{ReportMail, SIGNED_HEADERS};
use mta_sts::tlsrpt::media::{self, MediaType};
use mta_sts::tlsrpt::report::{
    DateRange, FailureDetails, PolicyDescription, PolicyReport, Summary,
};
use mta_sts::tlsrpt::submit::{Action, Config, Outcome, Plan, SubmitFailure};
use mta_sts::tlsrpt::{MailAddress, Report, TlsRptRecord};
use mta_sts::{DomainName, Reading};
use rustls_pki_types::UnixTime;

/// Of this sender alone, so that its reports are not sent when those of others are.
const SEED: u64 = 0x5eed;

/// The end of the third of February 2024.
const MIDNIGHT: u64 = 1_707_004_800;

fn main() -> Result<(), Box<dyn Error>> {
    let domain = DomainName::parse("example.net")?;
    let report = report();
    let identity = ReportIdentity::about(domain.clone(), &report)?;
    let packed = media::packed(&report.to_json()?);
    let mail = ReportMail::new(&report, &identity, &packed, MediaType::Gzip);
    let from = MailAddress::parse("tls-reports@sndr.example.com")?;

    // What DNS answered for `_smtp._tls.example.net`.
    let answer = [["v=TLSRPTv1; rua=https://reports.example.net/tls,mailto:tls@example.net"]];
    let (record, _) = TlsRptRecord::from_rrset(answer, Reading::Tolerant)?;
    let plan = Plan::new(&record, Config::default());
    let mut delivery = plan.delivery(&domain, at(MIDNIGHT), SEED);
    let mut now = at(MIDNIGHT);
    loop {
        match delivery.poll_action(now) {
            Action::WaitUntil(time) => now = time, // sleep
            Action::Post(request) => {
                eprintln!("{}: POST to {}: 503", now.as_secs(), request.host());
                delivery.handle_result(request.judge(503), now)?;
            }
            Action::Mail(to) => {
                let octets = mail.write(&from, to, now, SEED)?;
                eprintln!("{}: mail to {to}, {} octets", now.as_secs(), octets.len());
                let sent = write(&octets).map_err(|_| SubmitFailure::Mail);
                delivery.handle_result(sent, now)?;
            }
            Action::Done => break,
        }
    }
    eprintln!("to be signed: {}", SIGNED_HEADERS.join(", "));
    match delivery.outcome() {
        Some(Outcome::Delivered) => Ok(()),
        outcome => Err(format!("not written: {outcome:?}").into()),
    }
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// What the sessions of a day came to.
fn report() -> Report<'static> {
    let mut policy = PolicyDescription::new(PolicyType::Sts, "example.net");
    policy.policy_string =
        ["version: STSv1", "mode: testing", "mx: mx.example.net", "max_age: 86400"]
            .map(Into::into)
            .into();
    policy.mx_host = vec!["mx.example.net".into()];
    let mut failed = FailureDetails::new(ResultType::CertificateExpired, 3);
    failed.sending_mta_ip = Some("192.0.2.25".into());
    failed.receiving_mx_hostname = Some("mx.example.net".into());
    failed.receiving_ip = Some("2001:db8::25".into());
    failed.failure_reason_code = Some(ReasonCode::CertificateExpired.as_str().into());
    let mut counted = PolicyReport::new(policy, Summary::new(1_207, 3));
    counted.failure_details.push(failed);

    let mut report = Report::new(DateRange::new(at(MIDNIGHT - 86_400), at(MIDNIGHT - 1)));
    report.organization_name = Some("Sender Inc.".into());
    report.contact_info = Some("postmaster@sndr.example.com".into());
    report.report_id = Some("2024-02-03_example.net".into());
    report.policies.push(counted);
    report
}

fn write(octets: &[u8]) -> io::Result<()> {
    match std::env::args_os().nth(1) {
        Some(file) => fs::write(file, octets),
        None => io::stdout().write_all(octets),
    }
}
