//! What TLS-RPT calls things that go wrong: result types and reason codes.
//!
//! A [`ResultType`] is what a report carries in `result-type` (RFC 8460 §4.3); a
//! [`ReasonCode`] says more precisely what happened, in `failure-reason-code` and
//! in logs. This module decides nothing: the errors of the other modules know
//! their result type and reason code themselves.
//!
//! It is not the reader's view of a report, where any text may stand.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::str::FromStr;

use crate::escape::escape;

/// The result types of the registry "STARTTLS Validation Result Types"
/// (RFC 8460 §4.3, §6.6), as of November 2026: all that this crate produces.
///
/// `as_str`, `Display` and `FromStr` are the registry's names, which are
/// case-sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ResultType {
    /// The MX offered no STARTTLS, or refused it (§4.3.1).
    StartTlsNotSupported,
    /// No name of the certificate is the MX host name (§4.3.1).
    CertificateHostMismatch,
    /// The certificate has expired (§4.3.1).
    CertificateExpired,
    /// No path to a trusted root, or any other fault of the certificate (§4.3.1).
    CertificateNotTrusted,
    /// A failure that no other type names (§4.3.1).
    ValidationFailure,
    /// A TLSA record is unusable or does not match (§4.3.2.1).
    TlsaInvalid,
    /// DNSSEC validation failed (§4.3.2.1).
    DnssecInvalid,
    /// The sender demands DANE, and there were no DNSSEC-validated TLSA records for
    /// the MX (§4.3.2.1).
    DaneRequired,
    /// The policy could not be fetched (§4.3.2.2).
    StsPolicyFetchError,
    /// What was fetched is no policy (§4.3.2.2).
    StsPolicyInvalid,
    /// The certificate of the policy host is not valid (§4.3.2.2).
    StsWebpkiInvalid,
}

impl ResultType {
    /// All result types, in the order of RFC 8460 §4.3.
    pub const ALL: &'static [Self] = &[
        Self::StartTlsNotSupported,
        Self::CertificateHostMismatch,
        Self::CertificateExpired,
        Self::CertificateNotTrusted,
        Self::ValidationFailure,
        Self::TlsaInvalid,
        Self::DnssecInvalid,
        Self::DaneRequired,
        Self::StsPolicyFetchError,
        Self::StsPolicyInvalid,
        Self::StsWebpkiInvalid,
    ];

    /// The registry's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartTlsNotSupported => "starttls-not-supported",
            Self::CertificateHostMismatch => "certificate-host-mismatch",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotTrusted => "certificate-not-trusted",
            Self::ValidationFailure => "validation-failure",
            Self::TlsaInvalid => "tlsa-invalid",
            Self::DnssecInvalid => "dnssec-invalid",
            Self::DaneRequired => "dane-required",
            Self::StsPolicyFetchError => "sts-policy-fetch-error",
            Self::StsPolicyInvalid => "sts-policy-invalid",
            Self::StsWebpkiInvalid => "sts-webpki-invalid",
        }
    }
}

impl fmt::Display for ResultType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ResultType {
    type Err = UnknownResultType;

    fn from_str(text: &str) -> Result<Self, UnknownResultType> {
        let named = Self::ALL.iter().find(|result| result.as_str() == text);
        named.copied().ok_or_else(|| UnknownResultType { found: escape(text).to_string().into() })
    }
}

/// The text is none of the registry's result types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a result type of RFC 8460 §4.3, found `{found}`")]
pub struct UnknownResultType {
    found: Box<str>,
}

/// Why, in a few words for machines: lower-case ASCII with hyphens, stable
/// across releases.
///
/// RFC 8460 leaves the text of `failure-reason-code` to the sender; these are
/// ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReasonCode {
    /// There is no record: no such name, no TXT data, or none that qualifies.
    NoRecord,
    /// More than one record qualifies.
    MultipleRecords,
    /// The one record breaks its grammar.
    InvalidRecord,
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
}

impl ReasonCode {
    /// The code as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "no-record",
            Self::MultipleRecords => "multiple-records",
            Self::InvalidRecord => "invalid-record",
            Self::PolicyTooLarge => "policy-too-large",
            Self::PolicyNotText => "policy-not-text",
            Self::PolicySyntax => "policy-syntax",
            Self::PolicyVersion => "policy-version",
            Self::PolicyMode => "policy-mode",
            Self::PolicyMaxAge => "policy-max-age",
            Self::PolicyMx => "policy-mx",
            Self::PolicyMissingField => "policy-missing-field",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rpt_6_result_types_are_the_registrys_eleven() {
        let names: alloc::vec::Vec<_> = ResultType::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(
            names,
            [
                "starttls-not-supported",
                "certificate-host-mismatch",
                "certificate-expired",
                "certificate-not-trusted",
                "validation-failure",
                "tlsa-invalid",
                "dnssec-invalid",
                "dane-required",
                "sts-policy-fetch-error",
                "sts-policy-invalid",
                "sts-webpki-invalid",
            ]
        );
        for result in ResultType::ALL {
            assert_eq!(result.as_str().parse(), Ok(*result));
        }
        assert!("certificate-Expired".parse::<ResultType>().is_err());
        assert!("".parse::<ResultType>().is_err());
    }
}
