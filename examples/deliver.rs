//! The whole decision of a sender for one message and several MX hosts, step by step.
//!
//! ```text
//! cargo run --example deliver -- [--mode MODE] [--dane] [--tls-optional] [--encrypt]
//! ```
//!
//! `MODE` is that of the domain's policy (`enforce` unless given, `testing` or `none`);
//! with `--dane` the second host has TLSA records under a secure MX RRset; with
//! `--tls-optional` the message says `TLS-Required: No`; with `--encrypt` our own
//! configuration demands TLS. What the hosts do is made up here; all that is decided
//! is decided by the crate.

use std::process::ExitCode;
use std::time::Duration;

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::apply::{
    Checked, Context, Dane, Delivery, EnhancedStatus, LocalRequirement, Mail, MxRrset, Session,
    TlsOutcome, TlsVersion, Tlsa,
};
use mta_sts::sts::cache::{CacheEntry, CachedPolicy};
use mta_sts::sts::discovery::{Config, Discovery, Outcome, Purpose};
use mta_sts::sts::fetch::PolicyResponse;
use mta_sts::sts::{Mode, Policy, PolicyDomain, PolicyId};
use rustls_pki_types::UnixTime;

const DAY: u64 = 86_400;

/// An MX host and what connecting to it will bring.
struct Host {
    preference: u16,
    name: &'static str,
    dane: Dane,
    outcome: TlsOutcome,
}

struct Options {
    mode: Mode,
    dane: bool,
    mail: Mail,
    local: LocalRequirement,
}

fn main() -> ExitCode {
    match options().and_then(|options| deliver(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn deliver(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let recipient = "someone@example.com";
    println!("Mail for {recipient}");

    // RFC 8461 §3.4: the next hop's domain is the policy domain.
    let domain = PolicyDomain::from_next_hop("example.com")?;
    let outcome = find_policy(&domain, CacheEntry::default(), Purpose::Delivery, options.mode, 0)?;
    let cached = outcome.policy().ok_or("no policy")?;
    println!("  policy {} of {domain}: {}", cached.id(), cached.policy().mode());
    println!("    allows {}", patterns(cached.policy()));

    // RFC 8461 §8.4: in the ordinary order, none left out beforehand.
    let mut last_status = None;
    for host in hosts(options.dane) {
        println!("  MX {} {}", host.preference, host.name);
        match attempt(&host, cached.policy(), options) {
            None => return Ok(()),
            Some(status) => last_status = Some(status),
        }
    }
    let status = last_status.ok_or("no MX host")?;
    println!("  no host is left: deferred, {status}");
    before_giving_up(&domain, &outcome, cached, status, options.mode)
}

/// Tries one host. The result is why it is skipped, or none if it has the mail.
fn attempt(host: &Host, policy: &Policy, options: &Options) -> Option<EnhancedStatus> {
    let demand = Context::new(host.name)
        .with_policy(policy)
        .with_dane(host.dane)
        .with_local(options.local)
        .with_mail(options.mail)
        .demand();
    let verdict = if let Some(refusal) = demand.refusal() {
        println!("    not connected to");
        refusal
    } else {
        let tls = if demand.requires_tls() { "required" } else { "tried" };
        println!(
            "    TLS is {tls}; certificate for {}: {:?}; TLSA: {:?}",
            demand.host(),
            demand.webpki(),
            demand.dane()
        );
        println!("    meets {}", described(&host.outcome));
        demand.judge(&host.outcome)
    };
    println!("    {verdict}");
    for result in verdict.results() {
        let counted = match result.failure() {
            Some(failure) => format!("failed, {failure}"),
            None => "successful".to_owned(),
        };
        println!("    counts under {}: {counted}", result.policy_type());
    }
    if verdict.delivery() == Delivery::Skip {
        return verdict.status();
    }
    println!("  delivered to {}", host.name);
    None
}

/// RFC 8461 §5: before the message fails for good, a newer policy is looked for.
fn before_giving_up(
    domain: &PolicyDomain,
    before: &Outcome,
    failed: &CachedPolicy,
    status: EnhancedStatus,
    mode: Mode,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut entry = CacheEntry::default();
    entry.apply(before.update());
    let check = find_policy(domain, entry, Purpose::FinalCheck, mode, 5 * DAY)?;
    println!("  five days later, after one more attempt and a look for a newer policy:");
    let answer = check.permanent_failure(failed);
    println!("    {answer:?} (a bounce would say {})", status.permanent());
    Ok(())
}

/// A discovery against a domain that always answers the same.
fn find_policy(
    domain: &PolicyDomain,
    entry: CacheEntry,
    purpose: Purpose,
    mode: Mode,
    now: u64,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    use mta_sts::sts::discovery::Action;

    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let body = format!("version: STSv1\nmode: {mode}\nmx: *.example.com\nmax_age: {}\n", 30 * DAY);
    let mut discovery = Discovery::new(domain, entry, purpose, now, Config::default());
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(_) => discovery.handle_txt(Ok(PolicyId::new("20261122")?), now)?,
            Action::FetchPolicy(_) => {
                let response = PolicyResponse::new(200, body.as_bytes());
                let response = response.with_field("Content-Type", "text/plain");
                discovery.handle_response(Ok(response), now)?;
            }
            Action::Done => return Ok(discovery.into_outcome()),
        }
    }
}

/// One that is not listed, one with an expired certificate, one without STARTTLS.
fn hosts(dane: bool) -> [Host; 3] {
    let expired = Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
    let session = Session::new(TlsVersion::Tls12OrLater);
    let usable = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
    [
        Host {
            preference: 10,
            name: "mx.attacker.example",
            dane: Dane::None,
            outcome: TlsOutcome::Established(session.with_webpki(Checked::Valid)),
        },
        Host {
            preference: 20,
            name: "mx1.example.com",
            dane: if dane { usable } else { Dane::None },
            outcome: TlsOutcome::Established(
                session.with_webpki(Checked::Invalid(expired)).with_dane(Checked::Valid),
            ),
        },
        Host {
            preference: 30,
            name: "mx2.example.com",
            dane: Dane::None,
            outcome: TlsOutcome::NotOffered,
        },
    ]
}

fn patterns(policy: &Policy) -> String {
    policy.mx().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<_>>().join(", ")
}

fn described(outcome: &TlsOutcome) -> String {
    match outcome {
        TlsOutcome::NotOffered => "a host without STARTTLS".to_owned(),
        TlsOutcome::Established(_) => "a host with TLS".to_owned(),
        other => format!("{other:?}"),
    }
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    use lexopt::prelude::*;

    let mut options = Options {
        mode: Mode::Enforce,
        dane: false,
        mail: Mail::Ordinary,
        local: LocalRequirement::Opportunistic,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("mode") => options.mode = arguments.value()?.string()?.parse()?,
            Long("dane") => options.dane = true,
            Long("tls-optional") => options.mail = Mail::TlsOptional,
            Long("encrypt") => options.local = LocalRequirement::Encrypted,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}
