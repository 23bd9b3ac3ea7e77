//! A day of a busy sender: what each session was is decided by the crate, counted, and
//! reported when the day is over.
//!
//! ```text
//! cargo run --example tally -- [--seed N] [--sessions N]
//! cargo run --example tally --features json -- --json
//! ```
//!
//! The domains, their policies and what connecting to their hosts brings are made up, the
//! same for the same seed. Three workers count for themselves, and their tallies are merged
//! after midnight. With `--json` each report is printed as a line.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "small numbers")]

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use mta_sts::escape::escape;
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::apply::{
    Checked, Context, Dane, Mail, MxRrset, Session as TlsSession, TlsOutcome, TlsVersion, Tlsa,
};
use mta_sts::sts::cache::CacheEntry;
use mta_sts::sts::discovery::{Action, Config, Discovery, Outcome, Purpose};
use mta_sts::sts::fetch::PolicyResponse;
use mta_sts::sts::{PolicyDomain, PolicyId};
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::tally::{Days, Limits, Session, Submitter, TlsaRrset};
use mta_sts::txt::NoRecord;
use rustls_pki_types::UnixTime;

const DAY: u64 = 86_400;
/// 2026-11-22, 00:00:00Z.
const MIDNIGHT: u64 = 1_795_305_600;
const WORKERS: u64 = 3;
const DOMAINS: u64 = 5;

struct Options {
    seed: u64,
    sessions: u64,
    json: bool,
}

/// A domain that gets mail, and what is known of it.
struct Domain {
    name: PolicyDomain,
    outcome: Outcome,
    /// Of each of its hosts.
    tlsa: [TlsaRrset; 2],
    dane: Dane,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tally: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let domains = (0..DOMAINS).map(domain).collect::<Result<Vec<_>, _>>()?;
    let mut random = options.seed | 1;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) % below
    };
    let mut workers: Vec<Days> = (0..WORKERS).map(|_| Days::new(Limits::default())).collect();
    for _ in 0..options.sessions {
        let domain = &domains[usize::try_from(next(DOMAINS))?];
        let number = u8::try_from(1 + next(2))?;
        let host = format!("mx{number}.{}", domain.name);
        // One in a hundred carries a report itself, and is not counted.
        let mail = if next(100) == 0 { Mail::TlsReport } else { Mail::Ordinary };
        let policy = domain.outcome.policy().map(|cached| cached.policy());
        let context = Context::new(&host).with_policy(policy).with_mail(mail);
        let demand = context.with_dane(domain.dane).demand();
        let verdict = demand.judge(&connect(next(50)));
        let session = Session::judged(&domain.name, &domain.outcome, &verdict)
            .with_tlsa_records(&domain.tlsa[usize::from(number - 1)])
            .with_mx(demand.host())
            .with_helo(&host)
            .with_sending_ip([192, 0, 2, 1].into())
            .with_receiving_ip([198, 51, 100, number].into());
        let worker = &mut workers[usize::try_from(next(WORKERS))?];
        worker.record(&session, time(MIDNIGHT + next(DAY)))?;
    }
    report(workers, options)
}

/// The tallies of the workers become one, when the day and its time of grace are over.
fn report(workers: Vec<Days>, options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let us = Submitter::new("Busy Sender", "tlsrpt@sender.example")?;
    let mut all = Days::new(Limits::default());
    for worker in &workers {
        worker.tallies().try_for_each(|tally| all.merge(tally))?;
    }
    let over = time(MIDNIGHT + DAY + Days::GRACE.as_secs());
    let tally = all.close(over).ok_or("no sessions")?;
    for report in tally.reports(&us) {
        match options.json {
            true => println!("{}", json(&report)?),
            false => table(&report),
        }
    }
    Ok(())
}

#[cfg(feature = "json")]
fn json(report: &Report<'_>) -> Result<String, Box<dyn std::error::Error>> {
    Ok(report.to_json()?)
}

#[cfg(not(feature = "json"))]
fn json(_: &Report<'_>) -> Result<String, Box<dyn std::error::Error>> {
    Err("--json needs the feature json".into())
}

fn table(report: &Report<'_>) {
    println!("{}", escape(report.report_id.as_deref().unwrap_or_default()));
    for policy in &report.policies {
        let name = policy.policy.policy_type.as_ref().map_or("-", |one| one.as_str());
        let domain = policy.policy.policy_domain.as_deref().unwrap_or_default();
        let summary = &policy.summary;
        println!(
            "  {name:<15} {domain:<24} {:>8} ok {:>8} failed",
            summary.total_successful_session_count, summary.total_failure_session_count,
        );
        for row in &policy.failure_details {
            let result = row.result_type.as_ref().map_or("-", |one| one.as_str());
            let reason = row.failure_reason_code.as_deref().unwrap_or("-");
            let host = row.receiving_mx_hostname.as_deref().unwrap_or("-");
            let count = row.failed_session_count;
            println!("    {count:>6} × {result} ({reason}) {}", escape(host));
        }
    }
}

/// Enforce, testing, no policy, a policy that cannot be read, and DANE.
fn domain(number: u64) -> Result<Domain, Box<dyn std::error::Error>> {
    let name = PolicyDomain::from_next_hop(&format!("domain{number}.example"))?;
    let mode = ["enforce", "testing", "", "enforced", ""][usize::try_from(number % DOMAINS)?];
    let body = format!("version: STSv1\nmode: {mode}\nmx: *.{name}\nmax_age: 604800\n");
    let now = time(MIDNIGHT);
    let mut discovery =
        Discovery::new(&name, CacheEntry::default(), Purpose::Delivery, now, Config::default());
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(_) => {
                let id = PolicyId::new("1")?;
                let none = NoRecord::Absent.into();
                discovery.handle_txt(if mode.is_empty() { Err(none) } else { Ok(id) }, now)?;
            }
            Action::FetchPolicy(_) => {
                let response = PolicyResponse::new(200, body.as_bytes());
                let response = response.with_field("Content-Type", "text/plain");
                discovery.handle_response(Ok(response), now)?;
            }
            Action::Done => break,
        }
    }
    let first = TlsaRrset::parse(&format!("mx1.{name}").parse()?, ["3 1 1 8ACE60F9"])?;
    let second = TlsaRrset::parse(&format!("mx2.{name}").parse()?, ["3 1 1 1F85D2A0"])?;
    let usable = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
    let dane = if number % DOMAINS == 4 { usable } else { Dane::None };
    Ok(Domain { outcome: discovery.into_outcome(), tlsa: [first, second], dane, name })
}

/// Mostly all is well.
fn connect(luck: u64) -> TlsOutcome {
    let expired = Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
    let session = TlsSession::new(TlsVersion::Tls12OrLater).with_dane(Checked::Valid);
    match luck {
        0 => TlsOutcome::NotOffered,
        1 => TlsOutcome::Established(session.with_webpki(Checked::Invalid(expired))),
        2 => TlsOutcome::Unreachable,
        _ => TlsOutcome::Established(session.with_webpki(Checked::Valid)),
    }
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { seed: 8_460, sessions: 10_000, json: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("sessions") => options.sessions = arguments.value()?.parse()?,
            Long("json") => options.json = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(options)
}

const fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
