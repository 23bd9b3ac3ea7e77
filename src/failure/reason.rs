//! Reason codes: what exactly has failed.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::str::FromStr;

use crate::escape::escape;

/// Why, in a few words for machines: lower-case ASCII with hyphens, stable
/// across releases.
///
/// RFC 8460 leaves the text of `failure-reason-code` to the sender; these are
/// ours. The same reason may stand under several result types: an expired
/// certificate is another thing at an MX host than at a policy host.
///
/// `as_str`, `Display` and `FromStr` are the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReasonCode {
    // The `_mta-sts` record and the look-up of it.
    /// There is no record: no such name, no TXT data, or none that qualifies.
    NoRecord,
    /// More than one record qualifies.
    MultipleRecords,
    /// The one record breaks its grammar.
    InvalidRecord,
    /// DNS answered SERVFAIL, as a validating resolver does for bogus data too.
    DnsServFail,
    /// DNS refused to answer.
    DnsRefused,
    /// DNS did not answer in time.
    DnsTimeout,
    /// The look-up in DNS failed in another way.
    DnsFailure,
    // The fetch of the policy.
    /// The host has no address.
    HostNotFound,
    /// The host has only addresses to which remote data may not make us connect.
    AddressNotPermitted,
    /// No connection could be made, or it broke.
    ConnectionFailed,
    /// It took longer than the time allowed in all.
    Timeout,
    /// A TLS alert ended the handshake that no other code names.
    TlsAlert,
    /// There is no common version from TLS 1.2 on.
    TlsVersion,
    /// There is no common cipher suite, group or signature scheme.
    TlsNoCommonParameters,
    /// The server does not know the name in SNI.
    TlsUnrecognizedName,
    /// The TLS handshake failed in another way.
    TlsHandshake,
    /// What came back is not HTTP.
    HttpProtocol,
    /// The header of the response exceeds the limit.
    HttpHeaderTooLarge,
    /// The status is neither 200 nor a redirect.
    HttpStatus,
    /// The status is a redirect, which must not be followed.
    HttpRedirect,
    /// The media type is not `text/plain`, or there is not exactly one.
    HttpMediaType,
    /// The body is encoded although that was not allowed.
    HttpContentEncoding,
    /// The body ended before its announced end.
    HttpBodyIncomplete,
    /// No fetch was made: the domain has had its fetches of the hour.
    FetchRateLimited,
    // The policy.
    /// The policy body exceeds the limit.
    PolicyTooLarge,
    /// The policy body is not UTF-8 text.
    PolicyNotText,
    /// A line of the policy is not `name: value`.
    PolicySyntax,
    /// The version of the policy is not `STSv1`.
    PolicyVersion,
    /// The mode of the policy is none of the three.
    PolicyMode,
    /// The `max_age` of the policy is no number of seconds.
    PolicyMaxAge,
    /// An `mx` of the policy is no pattern, or there are too many.
    PolicyMx,
    /// A required field of the policy is missing.
    PolicyMissingField,
    // Certificates, of MX hosts and policy hosts.
    /// A certificate of the chain has expired.
    CertificateExpired,
    /// No DNS name of the certificate is that of the host.
    CertificateHostMismatch,
    /// A certificate of the chain is not valid yet.
    CertificateNotYetValid,
    /// The certificate is its own issuer, and no trusted root.
    CertificateSelfSigned,
    /// No path leads to a trusted root.
    CertificateUnknownIssuer,
    /// A signature in the chain is wrong.
    CertificateSignature,
    /// A signature in the chain is of an algorithm that is not accepted.
    CertificateAlgorithm,
    /// A CA of the chain may not issue for this name, or not at this depth.
    CertificateConstraint,
    /// The extended key usage does not allow TLS servers.
    CertificatePurpose,
    /// The certificate is that of a CA, where a host's is wanted.
    CertificateIsCa,
    /// A certificate of the chain is revoked.
    CertificateRevoked,
    /// A certificate of the chain cannot be read, or has a critical extension that is not
    /// known.
    CertificateMalformed,
    /// The server showed no certificate.
    CertificateMissing,
    /// Nobody has checked the certificate, so it counts as not valid.
    CertificateNotChecked,
    // The delivery to an MX host.
    /// No `mx` of the policy matches the MX host.
    MxNotListed,
    /// The MX host does not offer STARTTLS.
    StartTlsNotOffered,
    /// The MX host offers STARTTLS and refuses it for good (5xx).
    StartTlsRefused,
    /// The MX host refuses for the time being (4xx).
    SmtpDeferred,
    /// What the MX host answered to STARTTLS is no SMTP reply, or not one to STARTTLS.
    SmtpProtocol,
    /// There was more in the clear behind the answer to STARTTLS: somebody on the way, or
    /// a server that is ready to be attacked (CVE-2011-0411).
    StartTlsInjection,
    /// The TLSA records could not be looked up, or are bogus.
    TlsaLookupFailed,
    /// There are secure TLSA records, and none is usable.
    TlsaUnusable,
    /// No usable TLSA record matches the certificate.
    TlsaMismatch,
    /// Nobody has held the certificate against the TLSA records, so it does not match.
    TlsaNotChecked,
    /// The sender demands DANE, and there are no secure TLSA records.
    TlsaMissing,
}

impl ReasonCode {
    /// All reason codes.
    pub const ALL: &'static [Self] = &[
        Self::NoRecord,
        Self::MultipleRecords,
        Self::InvalidRecord,
        Self::DnsServFail,
        Self::DnsRefused,
        Self::DnsTimeout,
        Self::DnsFailure,
        Self::HostNotFound,
        Self::AddressNotPermitted,
        Self::ConnectionFailed,
        Self::Timeout,
        Self::TlsAlert,
        Self::TlsVersion,
        Self::TlsNoCommonParameters,
        Self::TlsUnrecognizedName,
        Self::TlsHandshake,
        Self::HttpProtocol,
        Self::HttpHeaderTooLarge,
        Self::HttpStatus,
        Self::HttpRedirect,
        Self::HttpMediaType,
        Self::HttpContentEncoding,
        Self::HttpBodyIncomplete,
        Self::FetchRateLimited,
        Self::PolicyTooLarge,
        Self::PolicyNotText,
        Self::PolicySyntax,
        Self::PolicyVersion,
        Self::PolicyMode,
        Self::PolicyMaxAge,
        Self::PolicyMx,
        Self::PolicyMissingField,
        Self::CertificateExpired,
        Self::CertificateHostMismatch,
        Self::CertificateNotYetValid,
        Self::CertificateSelfSigned,
        Self::CertificateUnknownIssuer,
        Self::CertificateSignature,
        Self::CertificateAlgorithm,
        Self::CertificateConstraint,
        Self::CertificatePurpose,
        Self::CertificateIsCa,
        Self::CertificateRevoked,
        Self::CertificateMalformed,
        Self::CertificateMissing,
        Self::CertificateNotChecked,
        Self::MxNotListed,
        Self::StartTlsNotOffered,
        Self::StartTlsRefused,
        Self::SmtpDeferred,
        Self::SmtpProtocol,
        Self::StartTlsInjection,
        Self::TlsaLookupFailed,
        Self::TlsaUnusable,
        Self::TlsaMismatch,
        Self::TlsaNotChecked,
        Self::TlsaMissing,
    ];

    /// The code as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "no-record",
            Self::MultipleRecords => "multiple-records",
            Self::InvalidRecord => "invalid-record",
            Self::DnsServFail => "dns-servfail",
            Self::DnsRefused => "dns-refused",
            Self::DnsTimeout => "dns-timeout",
            Self::DnsFailure => "dns-failure",
            Self::HostNotFound => "host-not-found",
            Self::AddressNotPermitted => "address-not-permitted",
            Self::ConnectionFailed => "connection-failed",
            Self::Timeout => "timeout",
            Self::TlsAlert => "tls-alert",
            Self::TlsVersion => "tls-version",
            Self::TlsNoCommonParameters => "tls-no-common-parameters",
            Self::TlsUnrecognizedName => "tls-unrecognized-name",
            Self::TlsHandshake => "tls-handshake",
            Self::HttpProtocol => "http-protocol",
            Self::HttpHeaderTooLarge => "http-header-too-large",
            Self::HttpStatus => "http-status",
            Self::HttpRedirect => "http-redirect",
            Self::HttpMediaType => "http-media-type",
            Self::HttpContentEncoding => "http-content-encoding",
            Self::HttpBodyIncomplete => "http-body-incomplete",
            Self::FetchRateLimited => "fetch-rate-limited",
            Self::PolicyTooLarge => "policy-too-large",
            Self::PolicyNotText => "policy-not-text",
            Self::PolicySyntax => "policy-syntax",
            Self::PolicyVersion => "policy-version",
            Self::PolicyMode => "policy-mode",
            Self::PolicyMaxAge => "policy-max-age",
            Self::PolicyMx => "policy-mx",
            Self::PolicyMissingField => "policy-missing-field",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateHostMismatch => "certificate-host-mismatch",
            Self::CertificateNotYetValid => "certificate-not-yet-valid",
            Self::CertificateSelfSigned => "certificate-self-signed",
            Self::CertificateUnknownIssuer => "certificate-unknown-issuer",
            Self::CertificateSignature => "certificate-signature",
            Self::CertificateAlgorithm => "certificate-algorithm",
            Self::CertificateConstraint => "certificate-constraint",
            Self::CertificatePurpose => "certificate-purpose",
            Self::CertificateIsCa => "certificate-is-ca",
            Self::CertificateRevoked => "certificate-revoked",
            Self::CertificateMalformed => "certificate-malformed",
            Self::CertificateMissing => "certificate-missing",
            Self::CertificateNotChecked => "certificate-not-checked",
            Self::MxNotListed => "mx-not-listed",
            Self::StartTlsNotOffered => "starttls-not-offered",
            Self::StartTlsRefused => "starttls-refused",
            Self::SmtpDeferred => "smtp-deferred",
            Self::SmtpProtocol => "smtp-protocol",
            Self::StartTlsInjection => "starttls-injection",
            Self::TlsaLookupFailed => "tlsa-lookup-failed",
            Self::TlsaUnusable => "tlsa-unusable",
            Self::TlsaMismatch => "tlsa-mismatch",
            Self::TlsaNotChecked => "tlsa-not-checked",
            Self::TlsaMissing => "tlsa-missing",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReasonCode {
    type Err = UnknownReasonCode;

    fn from_str(text: &str) -> Result<Self, UnknownReasonCode> {
        let named = Self::ALL.iter().find(|code| code.as_str() == text);
        named.copied().ok_or_else(|| UnknownReasonCode { found: escape(text).to_string().into() })
    }
}

/// The text is no reason code of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a reason code, found `{found}`")]
pub struct UnknownReasonCode {
    found: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rpt_6_reason_codes_are_their_text() {
        for (n, code) in ReasonCode::ALL.iter().enumerate() {
            let text = code.as_str();
            assert_eq!(text.parse(), Ok(*code));
            assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{text}");
            assert!(!ReasonCode::ALL[..n].contains(code), "{text} twice");
        }
        let error = "x\n".parse::<ReasonCode>().unwrap_err();
        assert_eq!(error.to_string(), "expected a reason code, found `x\\n`");
    }
}
