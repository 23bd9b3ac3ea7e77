//! What came of connecting to a host.

use crate::failure::{Failure, ReasonCode, ResultType};

/// What came of connecting to a host.
///
/// Whoever delivers all the same where there is no TLS does so in the clear: on the
/// same connection, or on a new one after a handshake that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an SMTP client meets each of them")]
pub enum TlsOutcome {
    /// No connection, or it broke before STARTTLS. This is no failure of a policy.
    Unreachable,
    /// Its greeting or its answer to EHLO was a 4xx. No failure of a policy either.
    Deferred,
    /// EHLO did not offer STARTTLS.
    NotOffered,
    /// STARTTLS was refused with a 5xx.
    Refused,
    /// STARTTLS was refused with a 4xx. This need not be reported.
    StartTlsDeferred,
    /// The handshake failed, or the connection broke in it;
    /// [`Failure::of_tls_alert`] and the feature modules know what to call that.
    HandshakeFailed(Failure),
    /// There is TLS.
    Established(Session),
}

/// A reason, and the result type if it is to be reported.
pub(super) type Reason = (Option<ResultType>, ReasonCode);

pub(super) const fn known(failure: Failure) -> Reason {
    (Some(failure.result_type()), failure.reason_code())
}

impl TlsOutcome {
    /// Why there is no TLS.
    pub(super) fn without_tls(&self) -> Option<Reason> {
        let not_supported = Some(ResultType::StartTlsNotSupported);
        match self {
            Self::Established(_) => None,
            Self::Unreachable => Some((None, ReasonCode::ConnectionFailed)),
            Self::Deferred | Self::StartTlsDeferred => Some((None, ReasonCode::SmtpDeferred)),
            Self::NotOffered => Some((not_supported, ReasonCode::StartTlsNotOffered)),
            Self::Refused => Some((not_supported, ReasonCode::StartTlsRefused)),
            Self::HandshakeFailed(failure) => Some(known(*failure)),
        }
    }

    /// TLS 1.2 or later is demanded (RFC 8461 §4.2).
    pub(super) fn version_failure(&self) -> Option<Reason> {
        match self {
            Self::Established(Session { version: TlsVersion::Older, .. }) => {
                Some((Some(ResultType::ValidationFailure), ReasonCode::TlsVersion))
            }
            _ => None,
        }
    }

    pub(super) fn webpki_failure(&self) -> Option<Reason> {
        let Self::Established(session) = self else { return None };
        session
            .webpki
            .failure(Failure::new(ResultType::ValidationFailure, ReasonCode::CertificateNotChecked))
    }

    pub(super) fn dane_failure(&self) -> Option<Reason> {
        let Self::Established(session) = self else { return None };
        session
            .dane
            .failure(Failure::new(ResultType::ValidationFailure, ReasonCode::TlsaNotChecked))
    }
}

/// What is known of a TLS session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Session {
    version: TlsVersion,
    pub(super) webpki: Checked,
    pub(super) dane: Checked,
}

impl Session {
    /// A session whose certificate nobody has checked.
    #[must_use]
    pub const fn new(version: TlsVersion) -> Self {
        Self { version, webpki: Checked::No, dane: Checked::No }
    }

    /// The certificate was checked for the [name of the host](super::Demand::server_name)
    /// against trusted roots (RFC 8461 §4.2), as the `certificate` module does with
    /// feature `webpki`.
    #[must_use]
    pub const fn with_webpki(mut self, webpki: Checked) -> Self {
        self.webpki = webpki;
        self
    }

    /// The certificate was held against the TLSA records; if none matches, that is
    /// [`Checked::TLSA_MISMATCH`].
    #[must_use]
    pub const fn with_dane(mut self, dane: Checked) -> Self {
        self.dane = dane;
        self
    }
}

/// The version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8461 §4.2 draws one line")]
pub enum TlsVersion {
    /// Before TLS 1.2, which no policy accepts.
    Older,
    /// TLS 1.2 or later.
    Tls12OrLater,
}

/// What a check has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a check passes, fails or is not made")]
pub enum Checked {
    /// Nobody has checked. This counts as not valid where it matters.
    No,
    /// Valid.
    Valid,
    /// Not valid, and why.
    Invalid(Failure),
}

impl Checked {
    /// No usable TLSA record matches the certificate.
    pub const TLSA_MISMATCH: Self =
        Self::Invalid(Failure::new(ResultType::TlsaInvalid, ReasonCode::TlsaMismatch));

    fn failure(self, unchecked: Failure) -> Option<Reason> {
        match self {
            Self::No => Some(known(unchecked)),
            Self::Valid => None,
            Self::Invalid(failure) => Some(known(failure)),
        }
    }
}
