//! What was seen of a domain, for people; everything remote is escaped.

use mta_sts::Reading;
use mta_sts::escape::escape;
use mta_sts::observations::{
    Certificate, CertificateFacts, Lookup, MxHost, Observations, Probe, Server, TxtRecord,
};
use mta_sts::sts::apply::{Checked, TlsOutcome};
use mta_sts::sts::{Policy, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::txt::DnsFailure;

use crate::page::Page;
use crate::source::in_full;

pub(crate) fn write(page: &mut Page, seen: &Observations) {
    page.line("record", record(seen));
    page.line("policy", policy(seen));
    if let Some(fetch) = seen.fetch() {
        page.line("host", server(seen, fetch.server()));
    }
    mail(page, seen);
    page.line("reports", reports(seen));
}

const NOT_SEEN: &str = "not looked at";

fn record(seen: &Observations) -> String {
    let found = match seen.sts_record() {
        None => return NOT_SEEN.to_owned(),
        Some(Err(failure)) => return failure.to_string(),
        Some(Ok(found)) => found,
    };
    match StsRecord::from_rrset(found.records()) {
        Ok(record) => format!("id {}{}", record.id(), delegation(found)),
        Err(none) => in_full(&none),
    }
}

fn delegation(lookup: &Lookup<TxtRecord>) -> String {
    let target = lookup.aliases().last();
    target.map_or(String::new(), |target| format!(", from {}", escape(target)))
}

fn policy(seen: &Observations) -> String {
    let Some(fetch) = seen.fetch() else { return NOT_SEEN.to_owned() };
    match fetch.policy(seen.domain()) {
        Ok(policy) => described(&policy),
        Err(fault) => fault.to_string(),
    }
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

/// Where the connection led, and the certificate there.
fn server(seen: &Observations, server: &Server) -> String {
    let address = server.address().map(|address| format!("at {}", address.ip()));
    let version = server.version().map(|version| version.as_str().to_owned());
    let facts = server.certificate().and_then(Certificate::facts);
    let certificate = facts.map(|facts| certificate(seen, facts));
    let parts: Vec<String> = [address, version, certificate].into_iter().flatten().collect();
    if parts.is_empty() { "no connection".to_owned() } else { parts.join(", ") }
}

fn certificate(seen: &Observations, facts: &CertificateFacts) -> String {
    let names: Vec<_> = facts.names().iter().take(3).map(|name| escape(name).to_string()).collect();
    let more = if facts.names().len() > names.len() { " and more" } else { "" };
    let now = seen.observed_at().as_secs();
    let end = facts.not_after().as_secs();
    let until = match end.checked_sub(now) {
        Some(left) => format!("ends in {}", time(left)),
        None => format!("ended {} ago", time(now.saturating_sub(end))),
    };
    format!("certificate for {}{more}, {until}", names.join(" "))
}

fn mail(page: &mut Page, seen: &Observations) {
    match seen.mx() {
        None => page.line("MX", NOT_SEEN),
        Some(Err(failure)) => page.line("MX", failure),
        Some(Ok(mx)) if mx.records().iter().any(|mx| mx.is_null()) && seen.hosts().is_empty() => {
            page.line("MX", "the domain takes no mail");
        }
        Some(Ok(_)) => {
            for host in seen.hosts() {
                page.line("MX", format!("{}: {}", escape(host.name()), hosted(seen, host)));
            }
        }
    }
}

fn hosted(seen: &Observations, host: &MxHost) -> String {
    match (host.probe(), host.addresses()) {
        (_, Some(Err(failure))) => DnsFailure::to_string(&failure),
        (_, Some(Ok(found))) if found.records().is_empty() => "no address".to_owned(),
        (Some(probe), _) => probed(seen, probe),
        (None, _) => "not probed".to_owned(),
    }
}

fn probed(seen: &Observations, probe: &Probe) -> String {
    let trouble = probe.trouble().map_or(String::new(), |trouble| format!(" ({trouble})"));
    match probe.outcome() {
        TlsOutcome::Unreachable => format!("unreachable{trouble}"),
        TlsOutcome::Deferred => "answers 4xx".to_owned(),
        TlsOutcome::NotOffered => "no STARTTLS".to_owned(),
        TlsOutcome::Refused | TlsOutcome::StartTlsDeferred => "refuses STARTTLS".to_owned(),
        TlsOutcome::HandshakeFailed(_) => format!("no TLS{trouble}"),
        TlsOutcome::Established(session) => match session.webpki() {
            Checked::Valid => server(seen, probe.server()),
            Checked::Invalid(_) => format!("{}, not valid", server(seen, probe.server())),
            Checked::No => format!("{}, not checked", server(seen, probe.server())),
        },
    }
}

fn reports(seen: &Observations) -> String {
    let lookup = match seen.tlsrpt_record() {
        None => return NOT_SEEN.to_owned(),
        Some(Err(failure)) => return failure.to_string(),
        Some(Ok(lookup)) => lookup,
    };
    match TlsRptRecord::from_rrset(lookup.records(), Reading::Tolerant) {
        Err(none) => in_full(&none),
        Ok((record, _)) => {
            let uris: Vec<_> = record.rua().map(|uri| escape(uri.as_str()).to_string()).collect();
            uris.join(", ")
        }
    }
}
