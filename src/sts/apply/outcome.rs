//! What came of connecting to a host.

use crate::failure::{Failure, ReasonCode, ResultType};

/// What came of connecting to a host.
///
/// Whoever delivers all the same where there is no TLS does so in the clear: on the
/// same connection, or on a new one after a handshake that failed, which is not judged
/// again. A handshake should not be broken off because of the certificate: then what is
/// wrong with it is known for each policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an SMTP client meets each of them")]
pub enum TlsOutcome {
    /// No connection, or it broke before STARTTLS, or the host refuses all mail (5xx in
    /// its greeting). This is no failure of a policy.
    Unreachable,
    /// Its greeting or its answer to EHLO was a 4xx. No failure of a policy either.
    Deferred,
    /// EHLO did not offer STARTTLS, or was not understood.
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

    /// What a policy finds wrong: there is no TLS; or the certificate, and that TLS is
    /// older than 1.2 (RFC 8461 §4.2, §7.2). The faults that SND-4 orders come first.
    pub(super) fn sts_failures(&self) -> [Option<Reason>; 2] {
        let session = match (self, self.without_tls()) {
            (Self::Established(session), None) => session,
            (_, without_tls) => return [without_tls.map(not_of_dane), None],
        };
        let version = (session.version < TlsVersion::Tls12OrLater)
            .then_some((Some(ResultType::ValidationFailure), ReasonCode::TlsVersion));
        match session.webpki {
            Checked::Invalid(_) => [self.webpki_failure(), version],
            Checked::Valid | Checked::No => [version, self.webpki_failure()],
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

/// A handshake that failed by DANE has failed for MTA-STS too, but not by a result type
/// of DANE (RFC 8460 §4.3.2.1).
const fn not_of_dane(reason: Reason) -> Reason {
    match reason {
        (
            Some(ResultType::TlsaInvalid | ResultType::DnssecInvalid | ResultType::DaneRequired),
            code,
        ) => (Some(ResultType::ValidationFailure), code),
        other => other,
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

    /// The version of TLS.
    #[must_use]
    pub const fn version(&self) -> TlsVersion {
        self.version
    }

    /// What the check against trusted roots has found.
    #[must_use]
    pub const fn webpki(&self) -> Checked {
        self.webpki
    }

    /// What the comparison with the TLSA records has found.
    #[must_use]
    pub const fn dane(&self) -> Checked {
        self.dane
    }
}

/// The version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8461 §7.2 draws one line")]
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
