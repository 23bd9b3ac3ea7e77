//! What TLS-RPT calls things that go wrong: result types and reason codes.
//!
//! A [`ResultType`] is what a report carries in `result-type` (RFC 8460 §4.3); a
//! [`ReasonCode`] says more precisely what happened, in `failure-reason-code` and
//! in logs; a [`Failure`] is both. This module decides nothing: the errors of the
//! other modules know their result type and reason code themselves.
//!
//! It is not the reader's view of a report, where any text may stand.

mod reason;

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::str::FromStr;

pub use self::reason::{ReasonCode, UnknownReasonCode};
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

/// What a report says of a failure: the result type and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[error("{result_type} ({reason_code})")]
pub struct Failure {
    result_type: ResultType,
    reason_code: ReasonCode,
}

impl Failure {
    /// A failure of this type, for this reason.
    #[must_use]
    pub const fn new(result_type: ResultType, reason_code: ReasonCode) -> Self {
        Self { result_type, reason_code }
    }

    /// What a TLS alert, by its number (RFC 8446 §6), says of a handshake with an MX
    /// host.
    ///
    /// Only the alerts that we send speak of the server's certificate; in those of
    /// the server it would be ours.
    #[must_use]
    pub const fn of_tls_alert(alert: u8, sender: AlertSender) -> Self {
        use ReasonCode as Reason;
        use ResultType::{CertificateExpired, CertificateNotTrusted, ValidationFailure};

        match (alert, sender) {
            (44, AlertSender::Client) => {
                Self::new(CertificateNotTrusted, Reason::CertificateRevoked)
            }
            (45, AlertSender::Client) => Self::new(CertificateExpired, Reason::CertificateExpired),
            (48, AlertSender::Client) => {
                Self::new(CertificateNotTrusted, Reason::CertificateUnknownIssuer)
            }
            (42 | 43 | 46, AlertSender::Client) => {
                Self::new(CertificateNotTrusted, Reason::TlsAlert)
            }
            (40 | 71, _) => Self::new(ValidationFailure, Reason::TlsNoCommonParameters),
            (70, _) => Self::new(ValidationFailure, Reason::TlsVersion),
            (112, _) => Self::new(ValidationFailure, Reason::TlsUnrecognizedName),
            _ => Self::new(ValidationFailure, Reason::TlsAlert),
        }
    }

    /// What a report calls it.
    #[must_use]
    pub const fn result_type(self) -> ResultType {
        self.result_type
    }

    /// The reason, for `failure-reason-code` and logs.
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        self.reason_code
    }
}

/// Who sent a TLS alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum AlertSender {
    /// We did, the client of SMTP or HTTPS.
    Client,
    /// The MX host or policy host.
    Server,
}

/// Which kind of policy a session stood under (RFC 8460 §4.4, `policy-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8460 has these three")]
pub enum PolicyType {
    /// TLSA records (RFC 7672).
    Tlsa,
    /// An MTA-STS policy.
    Sts,
    /// Neither.
    NoPolicyFound,
}

impl PolicyType {
    /// The three types.
    pub const ALL: [Self; 3] = [Self::Tlsa, Self::Sts, Self::NoPolicyFound];

    /// The text in a report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tlsa => "tlsa",
            Self::Sts => "sts",
            Self::NoPolicyFound => "no-policy-found",
        }
    }
}

impl fmt::Display for PolicyType {
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

    #[test]
    fn rpt_6_tls_alerts_have_result_types() {
        use AlertSender::{Client, Server};
        for (alert, sender, shown) in [
            (45, Client, "certificate-expired (certificate-expired)"),
            (45, Server, "validation-failure (tls-alert)"),
            (48, Client, "certificate-not-trusted (certificate-unknown-issuer)"),
            (48, Server, "validation-failure (tls-alert)"),
            (44, Client, "certificate-not-trusted (certificate-revoked)"),
            (44, Server, "validation-failure (tls-alert)"),
            (42, Client, "certificate-not-trusted (tls-alert)"),
            (43, Client, "certificate-not-trusted (tls-alert)"),
            (46, Client, "certificate-not-trusted (tls-alert)"),
            (42, Server, "validation-failure (tls-alert)"),
            (40, Server, "validation-failure (tls-no-common-parameters)"),
            (71, Server, "validation-failure (tls-no-common-parameters)"),
            (70, Server, "validation-failure (tls-version)"),
            (70, Client, "validation-failure (tls-version)"),
            (112, Server, "validation-failure (tls-unrecognized-name)"),
            (80, Server, "validation-failure (tls-alert)"),
            (255, Client, "validation-failure (tls-alert)"),
        ] {
            assert_eq!(Failure::of_tls_alert(alert, sender).to_string(), shown, "{alert}");
        }
    }
}
