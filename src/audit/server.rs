//! What is wrong with the certificate of a server, of a policy host or an MX host
//! (RFC 8461 §3.3, §4.2).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::Code;
use crate::escape::escape;
use crate::failure::ReasonCode;
use crate::observations::{Certificate, CertificateFacts, Server};
use crate::tlsrpt::insight::Day;

/// How long before its end a certificate should have been renewed at the latest: the
/// usual certificates of 90 days are renewed 30 days before.
const RENEWAL: Duration = Duration::from_secs(14 * 86_400);

/// The part of its validity after which any certificate should have been renewed: two
/// thirds. Those of a week are renewed within days.
const RENEWAL_PART: u32 = 3;

/// The codes of one kind of server.
#[derive(Debug)]
pub(super) struct Codes {
    expired: Code,
    not_yet_valid: Code,
    mismatch: Code,
    self_signed: Code,
    unknown_issuer: Code,
    invalid: Code,
    pub(super) expires_soon: Code,
}

pub(super) const POLICY_HOST: Codes = Codes {
    expired: Code::HostExpired,
    not_yet_valid: Code::HostNotYetValid,
    mismatch: Code::HostMismatch,
    self_signed: Code::HostSelfSigned,
    unknown_issuer: Code::HostUnknownIssuer,
    invalid: Code::HostCertificate,
    expires_soon: Code::HostExpiresSoon,
};

pub(super) const MX_HOST: Codes = Codes {
    expired: Code::MxExpired,
    not_yet_valid: Code::MxNotYetValid,
    mismatch: Code::MxMismatch,
    self_signed: Code::MxSelfSigned,
    unknown_issuer: Code::MxUnknownIssuer,
    invalid: Code::MxCertificate,
    expires_soon: Code::MxExpiresSoon,
};

impl Codes {
    /// The code of a fault of a certificate; none if it is one of something else.
    pub(super) const fn of(&self, reason: ReasonCode) -> Option<Code> {
        Some(match reason {
            ReasonCode::CertificateExpired => self.expired,
            ReasonCode::CertificateNotYetValid => self.not_yet_valid,
            ReasonCode::CertificateHostMismatch => self.mismatch,
            ReasonCode::CertificateSelfSigned => self.self_signed,
            ReasonCode::CertificateUnknownIssuer => self.unknown_issuer,
            ReasonCode::CertificateSignature
            | ReasonCode::CertificateAlgorithm
            | ReasonCode::CertificateConstraint
            | ReasonCode::CertificatePurpose
            | ReasonCode::CertificateIsCa
            | ReasonCode::CertificateRevoked
            | ReasonCode::CertificateMalformed
            | ReasonCode::CertificateMissing => self.invalid,
            _ => return None,
        })
    }
}

/// The faults of a server's certificates by their codes, each with what it is in words:
/// all that the observer has listed, or the one that is known.
pub(super) fn faults(
    codes: &Codes,
    server: &Server,
    known: ReasonCode,
    text: &str,
) -> Vec<(Code, String)> {
    let listed = server.faults().iter().filter_map(|fault| {
        let code = codes.of(fault.failure().reason_code())?;
        Some((code, String::from(fault.text())))
    });
    let mut faults: Vec<(Code, String)> = listed.collect();
    let known = codes.of(known);
    if let Some(code) = known.filter(|code| !faults.iter().any(|(one, _)| one == code)) {
        faults.insert(0, (code, String::from(text)));
    }
    faults
}

/// Whether a valid certificate should have been renewed, in words.
pub(super) fn expires_soon(server: &Server, now: UnixTime) -> Option<String> {
    let facts = server.certificate()?.facts()?;
    let since = |from: UnixTime, to: UnixTime| to.as_secs().checked_sub(from.as_secs());
    let left = Duration::from_secs(since(now, facts.not_after())?);
    let validity = Duration::from_secs(since(facts.not_before(), facts.not_after())?);
    let part = validity.checked_div(RENEWAL_PART).unwrap_or_default();
    (left < RENEWAL.min(part)).then(|| {
        let days = left.as_secs() / 86_400;
        let unit = if days == 1 { "day" } else { "days" };
        format!("it expires in {days} {unit}, on {}", Day::of(facts.not_after()))
    })
}

/// The server's own certificate in a few words.
pub(super) fn evidence(server: &Server) -> Vec<String> {
    let address = server.address().map(|address| format!("connected to {address}"));
    let facts = server.certificate().and_then(Certificate::facts);
    address.into_iter().chain(facts.into_iter().flat_map(described)).collect()
}

fn described(facts: &CertificateFacts) -> [String; 2] {
    /// As many names as fit on a line.
    const SHOWN_NAMES: usize = 4;

    let names: Vec<String> =
        facts.names().iter().take(SHOWN_NAMES).map(|name| format!("{}", escape(name))).collect();
    let more = if facts.names().len() > SHOWN_NAMES { ", and more" } else { "" };
    let names = if names.is_empty() { String::from("none") } else { names.join(", ") };
    let (from, to) = (Day::of(facts.not_before()), Day::of(facts.not_after()));
    [
        format!("certificate for the names {names}{more}"),
        format!("issued by `{}`, valid from {from} to {to}", escape(facts.issuer())),
    ]
}
