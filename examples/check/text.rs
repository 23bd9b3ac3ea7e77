//! What was found, for people: at most 100 columns, everything remote escaped.

use core::fmt::{self, Write as _};
use std::error::Error;

use mta_sts::Reading;
use mta_sts::escape::escape;
use mta_sts::failure::{Failure, ReasonCode};
use mta_sts::observations::{Certificate, Lookup, MxHost, Probe, Server, TxtRecord};
use mta_sts::sts::Policy;
use mta_sts::sts::apply::{Checked, TlsOutcome};
use mta_sts::tlsrpt::TlsRptRecord;

use crate::gather::{Found, Place};

/// The columns of a line.
const WIDTH: usize = 100;

/// The columns before a value.
const INDENT: usize = 16;

/// A domain, each line under its head.
pub(crate) fn of(found: &Found) -> String {
    let mut text = found.domain.to_string();
    if let Some(told) = found.told {
        line(&mut text, "in this world", told);
    }
    line(&mut text, "record", record(found));
    line(&mut text, "policy", policy(found));
    if let Some(forgiven) = forgiven(found) {
        line(&mut text, "forgiven", forgiven);
    }
    if let Some(advice) = found.advice {
        line(&mut text, "a sender", advice);
    }
    mail(&mut text, found);
    line(&mut text, "reports", reports(found));
    line(&mut text, "first failure", first_failure(found));
    text.push('\n');
    text
}

/// A line, or several if it is too long; what is in it is escaped, or our own words.
fn line(text: &mut String, head: &str, value: impl fmt::Display) {
    let _ = write!(text, "\n  {head:<14}");
    let mut left = WIDTH - INDENT;
    for word in words(&value.to_string()) {
        let len = word.chars().count().saturating_add(1);
        if len > left {
            let _ = write!(text, "\n{:INDENT$}", "");
            left = WIDTH - INDENT;
        }
        let _ = write!(text, " {word}");
        left = left.saturating_sub(len);
    }
}

/// The words of a text, and of words that are too long for a line the parts.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(' ').flat_map(|word| {
        let word: Vec<char> = word.chars().collect();
        let parts = word.chunks(WIDTH - INDENT - 1).map(|part| part.iter().collect());
        parts.collect::<Vec<String>>()
    })
}

fn record(found: &Found) -> String {
    match found.record() {
        None => "not looked at".to_owned(),
        Some(Err(fault)) => fault.to_string(),
        Some(Ok(record)) => {
            let lookup = found.seen.sts_record().and_then(Result::ok);
            format!("id {}{}", record.id(), lookup.map_or(String::new(), delegation))
        }
    }
}

fn delegation(lookup: &Lookup<TxtRecord>) -> String {
    let target = lookup.aliases().last();
    target.map_or(String::new(), |target| format!(", from {}", escape(target)))
}

fn policy(found: &Found) -> String {
    match found.policy() {
        None => "not looked at".to_owned(),
        Some(Err(fault)) => fault.to_string(),
        Some(Ok(policy)) => described(&policy),
    }
}

/// What the tolerant reading has forgiven.
fn forgiven(found: &Found) -> Option<String> {
    let response = found.seen.fetch()?.result().ok()?;
    let (_, deviations) = response.judge(&found.domain).ok()?;
    let first = deviations.as_slice().first()?;
    Some(match deviations.total() {
        1 => first.to_string(),
        total => format!("{first}; and {} more", total.saturating_sub(1)),
    })
}

fn described(policy: &Policy) -> String {
    let mx: Vec<_> = policy.mx().map(|mx| escape(mx.as_str()).to_string()).collect();
    let mx = if mx.is_empty() { "none".to_owned() } else { mx.join(", ") };
    format!("{}, kept for {}, mx: {mx}", policy.mode(), time(policy.max_age().as_secs().into()))
}

fn time(seconds: u64) -> String {
    match seconds {
        0..3_600 => format!("{seconds} s"),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn mail(text: &mut String, found: &Found) {
    match found.seen.mx() {
        None => line(text, "MX", "not looked at"),
        Some(Err(failure)) => line(text, "MX", failure),
        Some(Ok(mx)) if mx.records().iter().any(|mx| mx.is_null()) => {
            line(text, "MX", "the domain takes no mail");
        }
        Some(Ok(_)) => {
            for host in found.seen.hosts() {
                line(text, "MX", format!("{}: {}", escape(host.name()), hosted(found, host)));
            }
        }
    }
}

fn hosted(found: &Found, host: &MxHost) -> String {
    let outcome =
        host.probe().map_or_else(|| "not probed".to_owned(), |probe| probed(found, probe));
    match found.failure_of(host).map(Failure::reason_code) {
        Some(ReasonCode::MxNotListed) => format!("{outcome}; no mx of the policy allows it"),
        _ => outcome,
    }
}

fn probed(found: &Found, probe: &Probe) -> String {
    let trouble = probe.trouble().map_or(String::new(), |trouble| format!(" ({trouble})"));
    match probe.outcome() {
        TlsOutcome::Unreachable => format!("unreachable{trouble}"),
        TlsOutcome::Deferred => "answers 4xx".to_owned(),
        TlsOutcome::NotOffered => "no STARTTLS".to_owned(),
        TlsOutcome::Refused | TlsOutcome::StartTlsDeferred => "refuses STARTTLS".to_owned(),
        TlsOutcome::HandshakeFailed(_) => format!("no TLS{trouble}"),
        TlsOutcome::Established(session) => {
            let server = probe.server();
            let version = server.version().map_or("TLS", |version| version.as_str());
            let certificate = match session.webpki() {
                Checked::Valid => valid(found, server),
                Checked::Invalid(_) => invalid(server),
                Checked::No => "certificate not checked".to_owned(),
            };
            format!("{version}, {certificate}")
        }
    }
}

fn invalid(server: &Server) -> String {
    let faults: Vec<_> = server.faults().iter().map(ToString::to_string).collect();
    format!("certificate: {}", faults.join("; "))
}

fn valid(found: &Found, server: &Server) -> String {
    let now = found.seen.observed_at().as_secs();
    match server.certificate().and_then(Certificate::facts) {
        Some(facts) => {
            let left = facts.not_after().as_secs().saturating_sub(now);
            format!("certificate valid for {}", time(left))
        }
        None => "certificate valid".to_owned(),
    }
}

fn reports(found: &Found) -> String {
    let lookup = match found.seen.tlsrpt_record() {
        None => return "not looked at".to_owned(),
        Some(Err(failure)) => return failure.to_string(),
        Some(Ok(lookup)) => lookup,
    };
    match TlsRptRecord::from_rrset(lookup.records(), Reading::Tolerant) {
        Err(none) => with_sources(&none),
        Ok((record, _)) => {
            let uris: Vec<_> = record.rua().map(|uri| escape(uri.as_str()).to_string()).collect();
            uris.join(", ")
        }
    }
}

fn first_failure(found: &Found) -> String {
    match found.failures().first() {
        Some((Place::Domain, failure)) => failure.to_string(),
        Some((Place::Mx(host), failure)) => format!("{failure} at {}", escape(*host)),
        None => "none".to_owned(),
    }
}

/// An error with what is behind it.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}
