//! The MX records and the MX hosts (RFC 8461 §4.2).
//!
//! What a host would have to be refused for is asked of [`apply`](crate::sts::apply), as
//! a sender does.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::finding::{Finding, Findings};
use super::server::{self, MX_HOST};
use super::view::{View, is_same};
use super::{Code, Place, Severity};
use crate::domain::DomainName;
use crate::escape::escape;
use crate::failure::ReasonCode;
use crate::observations::{Existence, Lookup, Mx, MxHost, Probe};
use crate::sts::apply::{Cause, Context, Delivery, Rule, TlsOutcome, Verdict};
use crate::sts::{MaxAge, Mode, Policy};

pub(super) fn audit(view: &View<'_>, findings: &mut Findings) {
    match view.seen.mx() {
        None => {}
        Some(Err(failure)) => {
            let what = format!("{failure} for the MX records of {}", view.seen.domain());
            findings.add(Code::MxDnsFailure, Place::MxRecords, what);
        }
        Some(Ok(found)) => records(view, found, findings),
    }
    let first = first_with_tls(view);
    for name in &view.hosts {
        if let Some(host) = view.host(name) {
            audit_host(view, host, first, findings);
        }
    }
}

fn records(view: &View<'_>, found: &Lookup<Mx>, findings: &mut Findings) {
    let domain = view.seen.domain();
    if found.existence() == Existence::NxDomain {
        let what = format!("there is no such domain as {domain}");
        return findings.add(Code::MxNoDomain, Place::MxRecords, what);
    }
    if found.records().is_empty() {
        let what = format!("without MX records, mail goes to {domain} itself");
        return findings.add(Code::MxImplicit, Place::MxRecords, what);
    }
    if view.takes_no_mail() {
        findings.add(Code::MxNull, Place::MxRecords, "a null MX: the domain takes no mail");
    } else if found.records().iter().any(Mx::is_null) {
        let what = "a null MX stands beside other MX records";
        findings.add(Code::MxNullMixed, Place::MxRecords, what);
    }
    for host in view.hosts.iter().filter(|host| DomainName::parse(host).is_err()) {
        let what = format!("`{}` is no host name", escape(host));
        findings.add(Code::MxName, Place::mx(host), what);
    }
}

fn audit_host(view: &View<'_>, host: &MxHost, first: Option<u16>, findings: &mut Findings) {
    let name = host.name();
    match host.addresses() {
        Some(Err(failure)) => {
            let what = format!("{failure} for {}", escape(name));
            return findings.add(Code::MxHostDnsFailure, Place::mx(name), what);
        }
        Some(Ok(found)) if found.records().is_empty() => {
            let what = format!("{} has no address", escape(name));
            return findings.add(Code::MxNoAddress, Place::mx(name), what);
        }
        _ => {}
    }
    let Some(probe) = host.probe() else { return };
    for finding in faults(view, name, probe, first) {
        findings.push(finding);
    }
    if let Some(what) = soon(view, name, probe) {
        let place = Place::MxCertificate { host: name.into() };
        let finding = Finding::new(MX_HOST.expires_soon, place, what);
        findings.push(finding.with_evidence(server::evidence(probe.server())));
    }
}

fn soon(view: &View<'_>, name: &str, probe: &Probe) -> Option<String> {
    let is_valid = judged(name, probe, Mode::Testing)?.cause().is_none();
    server::expires_soon(probe.server(), view.seen.observed_at()).filter(|_| is_valid)
}

/// What a sender concludes about a host that a policy of that mode lists. None if none
/// can list it.
pub(super) fn judged(name: &str, probe: &Probe, mode: Mode) -> Option<Verdict> {
    let policy = listing(name, mode)?;
    Some(Context::new(name).with_policy(&policy).demand().judge(&probe.outcome()))
}

/// A policy that lists the host, by its name or by a wildcard.
fn listing(name: &str, mode: Mode) -> Option<Policy> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let builder = || Policy::builder(mode).max_age(MaxAge::MAX);
    let wildcard = || name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let builder = builder().mx(name).or_else(|error| match wildcard() {
        Some(pattern) => builder().mx(&pattern),
        None => Err(error),
    });
    builder.ok()?.build().ok().filter(|policy| policy.matching_mx(name).is_some())
}

/// What is wrong with a host.
fn faults(view: &View<'_>, name: &str, probe: &Probe, first: Option<u16>) -> Vec<Finding> {
    // What binds in `enforce` is what the RFC demands.
    let Some(verdict) = judged(name, probe, Mode::Enforce) else { return Vec::new() };
    let mut findings = Vec::new();
    for cause in verdict.causes() {
        if let Some(code) = connection(cause, || is_backup(view, name, first)) {
            let what = in_words(name, probe, code);
            findings.push(Finding::new(code, Place::mx(name), what));
        }
        let text = format!("the certificate is not valid ({})", cause.reason_code());
        for (code, what) in server::faults(&MX_HOST, probe.server(), cause.reason_code(), &text) {
            let place = Place::MxCertificate { host: name.into() };
            findings.push(Finding::new(code, place, format!("{}: {what}", escape(name))));
        }
    }
    let severity = weight(view, name, probe);
    let evidence = evidence(probe);
    let complete =
        |finding: Finding| finding.at_most(severity).with_evidence(evidence.iter().cloned());
    findings.into_iter().map(complete).collect()
}

/// An error if senders that find the policy skip the host because of it.
fn weight(view: &View<'_>, name: &str, probe: &Probe) -> Severity {
    let mode = view.policy().map(Policy::mode);
    let verdict = mode.and_then(|mode| judged(name, probe, mode));
    match verdict.map(|verdict| verdict.delivery()) {
        Some(Delivery::Skip) => Severity::Error,
        _ => Severity::Warning,
    }
}

/// The code of a cause that is no certificate's.
fn connection(cause: Cause, is_backup: impl FnOnce() -> bool) -> Option<Code> {
    Some(match cause.reason_code() {
        ReasonCode::ConnectionFailed => Code::MxUnreachable,
        ReasonCode::SmtpDeferred if cause.rule() == Rule::Connection => Code::MxDeferred,
        ReasonCode::SmtpDeferred => Code::MxStartTlsDeferred,
        ReasonCode::StartTlsNotOffered | ReasonCode::StartTlsRefused => match is_backup() {
            true => Code::MxBackup,
            false => Code::MxNoStartTls,
        },
        ReasonCode::TlsVersion => Code::MxTlsVersion,
        ReasonCode::CertificateNotChecked => return None,
        reason if MX_HOST.of(reason).is_some() => return None,
        _ => Code::MxTls,
    })
}

/// The preference of the first host that has TLS.
fn first_with_tls(view: &View<'_>) -> Option<u16> {
    let Some(Ok(found)) = view.seen.mx() else { return None };
    let has_tls = |mx: &&Mx| {
        let probe = view.host(&mx.exchange).and_then(MxHost::probe);
        probe.is_some_and(|probe| matches!(probe.outcome(), TlsOutcome::Established(_)))
    };
    found.records().iter().find(has_tls).map(|mx| mx.preference)
}

/// Whether a host is tried after another that has TLS.
fn is_backup(view: &View<'_>, name: &str, first: Option<u16>) -> bool {
    let Some(Ok(found)) = view.seen.mx() else { return false };
    let own = found.records().iter().find(|mx| is_same(&mx.exchange, name));
    first.zip(own).is_some_and(|(first, own)| first < own.preference)
}

fn in_words(name: &str, probe: &Probe, code: Code) -> String {
    let name = escape(name);
    match code {
        Code::MxUnreachable => format!("no connection to {name} on port 25 came about"),
        Code::MxDeferred => format!("{name} refuses mail for the time being"),
        Code::MxStartTlsDeferred => format!("{name} refuses STARTTLS for the time being"),
        Code::MxTlsVersion => format!("{name} has no TLS 1.2 or later"),
        Code::MxNoStartTls | Code::MxBackup => match probe.outcome() {
            TlsOutcome::Refused => format!("{name} offers STARTTLS and refuses it"),
            _ => format!("{name} does not offer STARTTLS"),
        },
        _ => format!("the TLS handshake with {name} failed"),
    }
}

fn evidence(probe: &Probe) -> Vec<String> {
    let refusal = probe.refusal().map(|refusal| format!("it said `{}`", escape(refusal)));
    let trouble = probe.trouble().map(|trouble| format!("the probe ended: {trouble}"));
    let seen = server::evidence(probe.server());
    refusal.into_iter().chain(trouble).chain(seen).collect()
}
