//! The policy host, its certificate and its response (RFC 8461 §3.3).

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::finding::{Finding, Findings};
use super::server::{self, POLICY_HOST};
use super::view::{Trouble, View};
use super::{Code, Place};
use crate::domain::DomainName;
use crate::escape::escape;
use crate::failure::ReasonCode;
use crate::observations::{Certificate, Fault, Fetch};
use crate::sts::fetch::{FetchFailure, PolicyRequest};

/// How long a fetch may take before it is worth a word. Senders allow a minute in all
/// (RFC 8461 §3.3), and some of them are far away.
const SLOW: Duration = Duration::from_secs(10);

pub(super) fn audit(view: &View<'_>, findings: &mut Findings) {
    // There is nothing to mend yet where there is nothing.
    if view.is_absent() {
        return;
    }
    addresses(view, findings);
    let Some(fetch) = view.seen.fetch() else { return };
    match &view.fetched {
        Some(Err(Trouble::Transport(fault))) => transport(view, fetch, fault, findings),
        Some(Err(Trouble::Response(failure))) => {
            if let Some((code, what)) = response(failure) {
                let finding = Finding::new(code, Place::PolicyHost, what);
                let finding = finding.with_evidence(location(fetch));
                findings.push(finding.with_corrected(proposal(view, failure)));
            }
        }
        _ => {}
    }
    if fetch.result().is_ok() {
        soon(view, fetch, findings);
        slow(fetch, findings);
    }
}

fn addresses(view: &View<'_>, findings: &mut Findings) {
    let host = view.seen.domain().policy_host();
    match view.seen.policy_host() {
        None => {}
        Some(Err(failure)) => {
            findings.add(Code::HostDnsFailure, Place::PolicyHost, format!("{failure} for {host}"));
        }
        Some(Ok(found)) => match (found.aliases().last(), found.records().is_empty()) {
            (Some(target), true) => {
                let what = format!(
                    "{host} is a CNAME that ends at {}, which has no address",
                    escape(target)
                );
                findings.add(Code::HostDangling, Place::PolicyHost, what);
            }
            (None, true) => {
                let what = format!("{host} has no address");
                findings.add(Code::HostNoAddress, Place::PolicyHost, what);
            }
            (Some(target), false) => {
                let what = format!("{host} is a CNAME that ends at {}", escape(target));
                findings.add(Code::HostDelegated, Place::PolicyHost, what);
            }
            (None, false) => {}
        },
    }
}

/// There was no response.
fn transport(view: &View<'_>, fetch: &Fetch, fault: &Fault, findings: &mut Findings) {
    let reason = fault.failure().reason_code();
    let certificate = server::faults(&POLICY_HOST, fetch.server(), reason, fault.text());
    for (code, what) in certificate {
        let code = if is_of_provider(view, code, fetch) { Code::HostProvider } else { code };
        let what = format!("{}: {what}", view.seen.domain().policy_host());
        let finding = Finding::new(code, Place::PolicyHostCertificate, what);
        findings.push(finding.with_evidence(server::evidence(fetch.server())));
    }
    if let Some(code) = connection(reason).filter(|code| !is_said(view, *code)) {
        let what = format!("{}: {}", view.seen.domain().policy_host(), fault.text());
        findings.push(
            Finding::new(code, Place::PolicyHost, what)
                .with_evidence(server::evidence(fetch.server())),
        );
    }
}

/// The code of a fetch that failed before there was a response, other than by the
/// certificate.
const fn connection(reason: ReasonCode) -> Option<Code> {
    Some(match reason {
        ReasonCode::HostNotFound => Code::HostNoAddress,
        ReasonCode::DnsServFail
        | ReasonCode::DnsRefused
        | ReasonCode::DnsTimeout
        | ReasonCode::DnsFailure => Code::HostDnsFailure,
        ReasonCode::AddressNotPermitted => Code::HostAddress,
        ReasonCode::Timeout => Code::HostTimeout,
        ReasonCode::TlsVersion => Code::HostTlsVersion,
        ReasonCode::TlsAlert
        | ReasonCode::TlsNoCommonParameters
        | ReasonCode::TlsUnrecognizedName
        | ReasonCode::TlsHandshake => Code::HostTls,
        ReasonCode::HttpProtocol
        | ReasonCode::HttpHeaderTooLarge
        | ReasonCode::HttpBodyIncomplete => Code::HostProtocol,
        ReasonCode::PolicyTooLarge => Code::HostTooLarge,
        _ if POLICY_HOST.of(reason).is_some() => return None,
        _ => Code::HostConnection,
    })
}

/// Whether the look-up of the addresses has said it already.
fn is_said(view: &View<'_>, code: Code) -> bool {
    match (code, view.seen.policy_host()) {
        (Code::HostNoAddress, Some(Ok(found))) => found.records().is_empty(),
        (Code::HostDnsFailure, Some(Err(_))) => true,
        _ => false,
    }
}

/// Whether a certificate for another name is for none of the domain.
fn is_of_provider(view: &View<'_>, code: Code, fetch: &Fetch) -> bool {
    let facts = fetch.server().certificate().and_then(Certificate::facts);
    let Some(facts) = facts.filter(|facts| code == Code::HostMismatch && !facts.names().is_empty())
    else {
        return false;
    };
    let domain = view.seen.domain().as_str();
    !facts.names().iter().any(|name| is_within(name.strip_prefix("*.").unwrap_or(name), domain))
}

fn is_within(name: &str, domain: &str) -> bool {
    DomainName::parse(name).is_ok_and(|name| {
        let before = name.as_str().strip_suffix(domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// The code of a response that is no policy; none if the body is at fault.
fn response(failure: &FetchFailure) -> Option<(Code, String)> {
    let code = match failure {
        FetchFailure::Status { found: 300..=399 } => Code::HostRedirect,
        FetchFailure::Status { .. } => Code::HostStatus,
        FetchFailure::ContentEncoding { .. } => Code::HostEncoding,
        FetchFailure::MediaType { .. } => Code::HostMediaType,
        FetchFailure::BodyTooLarge { .. } => Code::HostTooLarge,
        _ => return None,
    };
    Some((code, format!("{}: {failure}", PolicyRequest::PATH)))
}

/// A whole policy, where none was served.
fn proposal(view: &View<'_>, failure: &FetchFailure) -> Option<super::Corrected> {
    let is_missing = matches!(
        failure,
        FetchFailure::Status { found: 400.. } | FetchFailure::BodyTooLarge { .. }
    );
    view.corrected_policy().filter(|_| is_missing)
}

/// Whither a redirect leads.
fn location(fetch: &Fetch) -> Option<String> {
    let location = fetch.result().ok()?.field("Location").next()?;
    Some(format!("Location: {}", escape(location)))
}

fn soon(view: &View<'_>, fetch: &Fetch, findings: &mut Findings) {
    if let Some(what) = server::expires_soon(fetch.server(), view.seen.observed_at()) {
        let finding = Finding::new(POLICY_HOST.expires_soon, Place::PolicyHostCertificate, what);
        findings.push(finding.with_evidence(server::evidence(fetch.server())));
    }
}

fn slow(fetch: &Fetch, findings: &mut Findings) {
    if let Some(took) = fetch.took().filter(|took| *took >= SLOW) {
        let what = format!("the fetch took {} s", took.as_secs());
        findings.add(Code::HostSlow, Place::PolicyHost, what);
    }
}
