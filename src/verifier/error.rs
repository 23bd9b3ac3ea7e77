//! Errors: ours in the terms of rustls, those of rustls in the terms of reports.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;

use rustls::{CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};
use rustls_pki_types::{DnsName, ServerName};

use crate::certificate::{CertificateCause, CertificateFailure, Malformation};
use crate::escape::escape;
use crate::failure::{AlertSender, Failure, ReasonCode, ResultType};

/// There can be no connection for a demand.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DemandError {
    /// The host has no DNS name, so no certificate can be valid for it.
    #[error("expected the DNS name of a host, found `{host}`")]
    NoDnsName {
        /// The host, escaped.
        host: Box<str>,
    },
    /// The provider has no cipher suite of TLS 1.2 or 1.3.
    #[error(transparent)]
    Tls(#[from] Error),
}

impl DemandError {
    pub(super) fn no_dns_name(host: &str) -> Self {
        Self::NoDnsName { host: escape(host).to_string().into() }
    }
}

/// The error by which a handshake ends because of a certificate: that of rustls for the
/// first cause, which also chooses the alert; where rustls has none, all causes as they
/// are.
pub(super) fn refusal(failure: &CertificateFailure, host: &DnsName<'static>) -> CertificateError {
    match failure.causes().first() {
        Some(CertificateCause::Expired { not_after, now }) => {
            CertificateError::ExpiredContext { time: *now, not_after: *not_after }
        }
        Some(CertificateCause::HostMismatch { presented, .. }) => {
            CertificateError::NotValidForNameContext {
                expected: ServerName::DnsName(host.clone()),
                presented: presented.as_slice().iter().map(ToString::to_string).collect(),
            }
        }
        Some(CertificateCause::NotYetValid { not_before, now }) => {
            CertificateError::NotValidYetContext { time: *now, not_before: *not_before }
        }
        Some(CertificateCause::SelfSigned | CertificateCause::UnknownIssuer { .. }) => {
            CertificateError::UnknownIssuer
        }
        Some(CertificateCause::Signature) => CertificateError::BadSignature,
        Some(CertificateCause::Purpose { .. }) => CertificateError::InvalidPurpose,
        Some(CertificateCause::Revoked) => CertificateError::Revoked,
        Some(CertificateCause::Malformed(Malformation::CriticalExtension)) => {
            CertificateError::UnhandledCriticalExtension
        }
        Some(CertificateCause::Malformed(_)) => CertificateError::BadEncoding,
        _ => CertificateError::Other(OtherError(Arc::new(failure.clone()))),
    }
}

pub(super) const NO_COMMON_PARAMETERS: Failure =
    Failure::new(ResultType::ValidationFailure, ReasonCode::TlsNoCommonParameters);

/// What an error of rustls says of a handshake with an MX host.
///
/// | error | result type | reason code |
/// |---|---|---|
/// | `AlertReceived` | as [`Failure::of_tls_alert`], sent by the server | |
/// | `InvalidCertificate` | as its `CertificateError` | |
/// | `NoCertificatesPresented` | `certificate-not-trusted` | `certificate-missing` |
/// | `InvalidMessage` for certificates that are too large | `certificate-not-trusted` | `certificate-malformed` |
/// | `PeerIncompatible`: no common version | `validation-failure` | `tls-version` |
/// | `PeerIncompatible`: no common suite, group, scheme, point format | `validation-failure` | `tls-no-common-parameters` |
/// | all others | `validation-failure` | `tls-handshake` |
///
/// Where a [`Record`](super::Record) was kept it knows more:
/// [`failed_by`](super::Record::failed_by).
impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        use ReasonCode as Reason;
        use ResultType::{CertificateNotTrusted, ValidationFailure};

        match error {
            Error::AlertReceived(alert) => {
                Self::of_tls_alert(u8::from(*alert), AlertSender::Server)
            }
            Error::InvalidCertificate(error) => Self::from(error),
            Error::NoCertificatesPresented => {
                Self::new(CertificateNotTrusted, Reason::CertificateMissing)
            }
            Error::InvalidMessage(InvalidMessage::CertificatePayloadTooLarge) => {
                Self::new(CertificateNotTrusted, Reason::CertificateMalformed)
            }
            Error::PeerIncompatible(incompatible) => Self::from(incompatible),
            _ => Self::new(ValidationFailure, Reason::TlsHandshake),
        }
    }
}

/// What the refusal of a certificate says, by whatever verifier.
///
/// | error | result type | reason code |
/// |---|---|---|
/// | `Expired` | `certificate-expired` | `certificate-expired` |
/// | `NotValidForName` | `certificate-host-mismatch` | `certificate-host-mismatch` |
/// | `NotValidYet` | `certificate-not-trusted` | `certificate-not-yet-valid` |
/// | `UnknownIssuer` | `certificate-not-trusted` | `certificate-unknown-issuer` |
/// | `BadSignature` | `certificate-not-trusted` | `certificate-signature` |
/// | `UnsupportedSignatureAlgorithm` | `certificate-not-trusted` | `certificate-algorithm` |
/// | `InvalidPurpose` | `certificate-not-trusted` | `certificate-purpose` |
/// | `Revoked` | `certificate-not-trusted` | `certificate-revoked` |
/// | `Other` with a [`CertificateFailure`] | as that | |
/// | all others | `certificate-not-trusted` | `certificate-malformed` |
///
/// Variants with a context are as those without.
impl From<&CertificateError> for Failure {
    fn from(error: &CertificateError) -> Self {
        use CertificateError as Invalid;
        use ReasonCode as Reason;
        use ResultType::{CertificateExpired, CertificateHostMismatch, CertificateNotTrusted};

        let reason = match error {
            Invalid::Expired | Invalid::ExpiredContext { .. } => {
                return Self::new(CertificateExpired, Reason::CertificateExpired);
            }
            Invalid::NotValidForName | Invalid::NotValidForNameContext { .. } => {
                return Self::new(CertificateHostMismatch, Reason::CertificateHostMismatch);
            }
            Invalid::NotValidYet | Invalid::NotValidYetContext { .. } => {
                Reason::CertificateNotYetValid
            }
            Invalid::UnknownIssuer => Reason::CertificateUnknownIssuer,
            Invalid::BadSignature => Reason::CertificateSignature,
            #[expect(deprecated, reason = "rustls may still return it")]
            Invalid::UnsupportedSignatureAlgorithm
            | Invalid::UnsupportedSignatureAlgorithmContext { .. }
            | Invalid::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Reason::CertificateAlgorithm
            }
            Invalid::InvalidPurpose | Invalid::InvalidPurposeContext { .. } => {
                Reason::CertificatePurpose
            }
            Invalid::Revoked => Reason::CertificateRevoked,
            Invalid::Other(OtherError(other)) => {
                return other.downcast_ref::<CertificateFailure>().map_or(
                    Self::new(CertificateNotTrusted, Reason::CertificateMalformed),
                    CertificateFailure::failure,
                );
            }
            _ => Reason::CertificateMalformed,
        };
        Self::new(CertificateNotTrusted, reason)
    }
}

/// What it says that the server cannot do what we ask for.
impl From<&PeerIncompatible> for Failure {
    fn from(incompatible: &PeerIncompatible) -> Self {
        use PeerIncompatible as Lacks;

        match incompatible {
            Lacks::ServerDoesNotSupportTls12Or13
            | Lacks::ServerTlsVersionIsDisabledByOurConfig
            | Lacks::SupportedVersionsExtensionRequired => {
                Self::new(ResultType::ValidationFailure, ReasonCode::TlsVersion)
            }
            Lacks::NoCertificateRequestSignatureSchemesInCommon
            | Lacks::NoCipherSuitesInCommon
            | Lacks::NoEcPointFormatsInCommon
            | Lacks::NoKxGroupsInCommon
            | Lacks::NoSignatureSchemesInCommon => NO_COMMON_PARAMETERS,
            _ => Self::new(ResultType::ValidationFailure, ReasonCode::TlsHandshake),
        }
    }
}
