//! What is wrong with a certificate, and what reports call it.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use rustls_pki_types::UnixTime;

use super::{MAX_CHAIN_LEN, MAX_CHAIN_OCTETS};
use crate::escape::escape;
use crate::failure::{Failure, ReasonCode, ResultType};
use crate::sts::apply::Checked;
use crate::sts::fetch::TransportFailure;

/// A certificate is not valid for a host: all causes that were found.
///
/// `Display` shows all of them, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFailure {
    causes: Box<[CertificateCause]>,
}

impl CertificateFailure {
    /// Of one cause or more, in any order.
    pub(super) fn new(mut causes: Vec<CertificateCause>) -> Self {
        causes.sort_by_key(|cause| {
            let reason = cause.failure().reason_code();
            PRECEDENCE.iter().position(|one| *one == reason).unwrap_or(PRECEDENCE.len())
        });
        Self { causes: causes.into() }
    }

    /// The causes, at least one: first expired, then host mismatch, then all for which
    /// the certificate is not trusted. Those behind the first are for people.
    #[must_use]
    pub const fn causes(&self) -> &[CertificateCause] {
        &self.causes
    }

    /// What a report says of a session with an MX host: the first cause decides.
    #[must_use]
    pub fn failure(&self) -> Failure {
        self.causes.first().map_or(NOT_CHECKED, CertificateCause::failure)
    }

    /// What a report says of the fetch of a policy: `sts-webpki-invalid`, and the
    /// reason is the first cause (RFC 8460 §4.3.2.2).
    #[must_use]
    pub fn policy_host_failure(&self) -> Failure {
        Failure::new(ResultType::StsWebpkiInvalid, self.failure().reason_code())
    }
}

impl fmt::Display for CertificateFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, cause) in self.causes.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{cause}")?;
        }
        Ok(())
    }
}

impl Error for CertificateFailure {}

impl From<CertificateCause> for CertificateFailure {
    fn from(cause: CertificateCause) -> Self {
        Self { causes: [cause].into() }
    }
}

/// What a check of an MX host means for the [verdict](crate::sts::apply).
impl From<Result<(), CertificateFailure>> for Checked {
    fn from(checked: Result<(), CertificateFailure>) -> Self {
        match checked {
            Ok(()) => Self::Valid,
            Err(failure) => Self::Invalid(failure.failure()),
        }
    }
}

/// What a check of a policy host means for the [fetch](crate::sts::fetch).
impl From<&CertificateFailure> for TransportFailure {
    fn from(failure: &CertificateFailure) -> Self {
        Self::Tls(failure.failure())
    }
}

/// Of a failure without causes, which there is not.
const NOT_CHECKED: Failure =
    Failure::new(ResultType::CertificateNotTrusted, ReasonCode::CertificateNotChecked);

/// Which causes go before others. RFC 8460 leaves open what a report names if several
/// things are wrong: `certificate-expired`, then `certificate-host-mismatch`, then
/// `certificate-not-trusted`; and what says more before what says less.
const PRECEDENCE: [ReasonCode; 5] = [
    ReasonCode::CertificateExpired,
    ReasonCode::CertificateHostMismatch,
    ReasonCode::CertificateNotYetValid,
    ReasonCode::CertificateSelfSigned,
    ReasonCode::CertificateUnknownIssuer,
];

/// One thing that is wrong with a certificate or its chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateCause {
    /// A certificate of the path has expired.
    #[error("expired at Unix time {}, now {}", .not_after.as_secs(), .now.as_secs())]
    Expired {
        /// The last second of its validity.
        not_after: UnixTime,
        /// When it was checked.
        now: UnixTime,
    },
    /// No DNS name of the certificate is the host's.
    #[error("expected the name `{expected}`, found {presented}")]
    HostMismatch {
        /// The name of the host.
        expected: Box<str>,
        /// The names in the certificate.
        presented: PresentedNames,
    },
    /// A certificate of the path is not valid yet.
    #[error("valid from Unix time {}, now {}", .not_before.as_secs(), .now.as_secs())]
    NotYetValid {
        /// The first second of its validity.
        not_before: UnixTime,
        /// When it was checked.
        now: UnixTime,
    },
    /// The certificate names itself as its issuer, and no root has that name.
    #[error("expected a certificate of a trusted CA, found a self-signed one")]
    SelfSigned,
    /// No path leads to a trusted root. Mostly the server does not send the certificate
    /// of the CA that has issued its own.
    #[error("no path to a trusted root (certificates sent: {sent}, trusted roots: {roots})")]
    UnknownIssuer {
        /// How many certificates the server sent, its own among them.
        sent: usize,
        /// How many roots are trusted.
        roots: usize,
    },
    /// A signature in the path is wrong, or made with a key that is too short.
    #[error("wrong signature, or too short a key, in the path to the root")]
    Signature,
    /// A signature in the path is of an algorithm that is not accepted.
    #[error("signature algorithm {algorithm} is not accepted")]
    Algorithm {
        /// The object identifiers of the algorithm.
        algorithm: Box<str>,
    },
    /// A signature in the path is of an algorithm that is not accepted with the key of
    /// its issuer.
    #[error("signature algorithm {algorithm} is not accepted with a key of {key}")]
    KeyAlgorithm {
        /// The object identifiers of the signature algorithm.
        algorithm: Box<str>,
        /// The object identifiers of the key's algorithm.
        key: Box<str>,
    },
    /// A CA of the path may not issue for a name of the certificate.
    #[error("name outside the constraints of a CA")]
    NameConstraint,
    /// A CA of the path may not have that many CAs below it.
    #[error("more CAs in the path than one of them allows")]
    PathLength,
    /// The issuer of a certificate of the path is no CA.
    #[error("issued by a certificate that is not that of a CA")]
    IssuerNotCa,
    /// The extended key usage of a certificate of the path does not have TLS servers.
    #[error("expected the extended key usage serverAuth, found {found}")]
    Purpose {
        /// The usages that there are, by their names in RFC 5280.
        found: Box<str>,
    },
    /// The certificate is that of a CA.
    #[error("expected the certificate of a host, found that of a CA")]
    IsCa,
    /// A certificate of the path is revoked, or its key known not to be trustworthy.
    #[error("revoked, or of a key that must not be trusted")]
    Revoked,
    /// A certificate cannot be read, or has what must not be ignored and is not known.
    #[error("malformed certificate: {0}")]
    Malformed(Malformation),
    /// The chain has more than [`MAX_CHAIN_LEN`] certificates, and was not looked at.
    #[error("expected at most {MAX_CHAIN_LEN} certificates, found {found}")]
    TooManyCertificates {
        /// How many it has.
        found: usize,
    },
    /// The chain has more than [`MAX_CHAIN_OCTETS`] octets, and was not looked at.
    #[error("expected at most {MAX_CHAIN_OCTETS} octets of certificates, found {found}")]
    TooManyOctets {
        /// How many it has.
        found: usize,
    },
    /// The search for a path reached its bounds.
    #[error("no path to a trusted root found within the bounds of the search")]
    TooComplex,
    /// The check ended in a way that has no name here.
    #[error("not verified, for a reason that has no name here")]
    Unnamed,
    /// The server showed no certificate.
    #[error("expected a certificate, found none")]
    Missing,
}

impl CertificateCause {
    /// What a report says of it at an MX host (RFC 8460 §4.3.1).
    #[must_use]
    pub const fn failure(&self) -> Failure {
        use ReasonCode as Reason;
        use ResultType::{CertificateExpired, CertificateHostMismatch, CertificateNotTrusted};

        let reason = match self {
            Self::Expired { .. } => {
                return Failure::new(CertificateExpired, Reason::CertificateExpired);
            }
            Self::HostMismatch { .. } => {
                return Failure::new(CertificateHostMismatch, Reason::CertificateHostMismatch);
            }
            Self::NotYetValid { .. } => Reason::CertificateNotYetValid,
            Self::SelfSigned => Reason::CertificateSelfSigned,
            Self::UnknownIssuer { .. } => Reason::CertificateUnknownIssuer,
            Self::Signature => Reason::CertificateSignature,
            Self::Algorithm { .. } | Self::KeyAlgorithm { .. } => Reason::CertificateAlgorithm,
            Self::NameConstraint | Self::PathLength | Self::IssuerNotCa => {
                Reason::CertificateConstraint
            }
            Self::Purpose { .. } => Reason::CertificatePurpose,
            Self::IsCa => Reason::CertificateIsCa,
            Self::Revoked => Reason::CertificateRevoked,
            Self::Malformed(_)
            | Self::TooManyCertificates { .. }
            | Self::TooManyOctets { .. }
            | Self::TooComplex
            | Self::Unnamed => Reason::CertificateMalformed,
            Self::Missing => Reason::CertificateMissing,
        };
        Failure::new(CertificateNotTrusted, reason)
    }
}

/// What of a certificate cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Malformation {
    /// It is not DER, or not the structure of a certificate.
    #[error("not in DER, or not the structure of RFC 5280")]
    Encoding,
    /// It is not of version 3.
    #[error("version other than 3")]
    Version,
    /// A date is none.
    #[error("unreadable date")]
    Date,
    /// It ends before it begins.
    #[error("validity that ends before it begins")]
    Validity,
    /// A serial number is none.
    #[error("unreadable serial number")]
    SerialNumber,
    /// Its two places for the signature algorithm differ.
    #[error("two signature algorithms that differ")]
    SignatureAlgorithm,
    /// A name is none.
    #[error("unreadable name")]
    Name,
    /// A constraint on names is none.
    #[error("unreadable name constraint")]
    NameConstraint,
    /// An extension cannot be read, or is there twice.
    #[error("unreadable or repeated extension")]
    Extension,
    /// An extension that is critical is not known.
    #[error("unknown critical extension")]
    CriticalExtension,
}

/// How many names of a certificate an error keeps, which is enough to see whose it is;
/// certificates may have thousands.
pub const MAX_PRESENTED_NAMES: usize = 5;

/// The names in a certificate that is not the host's: the first
/// [`MAX_PRESENTED_NAMES`], and how many there are.
///
/// They are for people, not for a second match: each is shortened and
/// [escaped](crate::escape), a DNS name as it stands, valid or not, others such as
/// `IpAddress(192.0.2.1)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedNames {
    first: Box<[Box<str>]>,
    total: usize,
}

impl PresentedNames {
    /// Of names as webpki prints them. A list of the valid DNS names alone would
    /// not show what is wrong with the others.
    pub(super) fn new(printed: &[String]) -> Self {
        let first = printed.iter().take(MAX_PRESENTED_NAMES).map(|printed| {
            let dns_name =
                printed.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")"));
            escape(dns_name.unwrap_or(printed)).to_string().into()
        });
        Self { first: first.collect(), total: printed.len() }
    }

    /// The first ones, escaped.
    #[must_use]
    pub const fn as_slice(&self) -> &[Box<str>] {
        &self.first
    }

    /// How many there are in all, of every kind.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for PresentedNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first.is_empty() {
            return f.write_str("no name");
        }
        for (n, name) in self.first.iter().enumerate() {
            let separator = if n == 0 { "" } else { ", " };
            write!(f, "{separator}`{name}`")?;
        }
        match self.total.saturating_sub(self.first.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
