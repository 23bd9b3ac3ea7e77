//! What the server of one connection has shown, and what came of the handshake.

use alloc::sync::Arc;
use alloc::vec::Vec;
use std::io;
use std::sync::OnceLock;

use rustls::{CertificateError, Error, ProtocolVersion};
use rustls_pki_types::CertificateDer;

use super::error::NO_COMMON_PARAMETERS;
use crate::certificate::CertificateFailure;
use crate::failure::{Failure, ReasonCode, ResultType};
use crate::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};

/// What the server of one connection has shown, and what was found.
///
/// It is filled during the handshake, once. A clone is the same record.
#[derive(Debug, Clone, Default)]
pub struct Record(Arc<OnceLock<Shown>>);

#[derive(Debug)]
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    result: Result<(), CertificateFailure>,
    verdict: Verdict,
}

/// Whether the handshake was allowed to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoesOn,
    Refused,
}

impl Record {
    pub(super) fn fill(
        &self,
        chain: Vec<CertificateDer<'static>>,
        result: Result<(), CertificateFailure>,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let filled = self.0.set(Shown { chain, result, verdict });
        filled.map_err(|_| Error::General("expected one connection, found a second".into()))
    }

    /// The certificates, first the server's own; none before it has shown them.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        self.0.get().map_or(&[], |shown| &shown.chain)
    }

    /// Whether they are valid; `None` before the server has shown them.
    #[must_use]
    pub fn result(&self) -> Option<Result<(), &CertificateFailure>> {
        self.0.get().map(|shown| shown.result.as_ref().copied())
    }

    /// The same for [`Session::with_webpki`]: what was not shown is not checked, and
    /// counts as not valid.
    #[must_use]
    pub fn checked(&self) -> Checked {
        match self.result() {
            None => Checked::No,
            Some(Ok(())) => Checked::Valid,
            Some(Err(failure)) => Checked::Invalid(failure.failure()),
        }
    }

    /// The handshake has ended well, with this version
    /// ([`protocol_version`](rustls::CommonState::protocol_version)): what
    /// [`Demand::judge`](crate::sts::apply::Demand::judge) takes.
    ///
    /// It is to be called when the handshake is over, not before: until then the server
    /// has not proved that the certificate is its own.
    #[must_use]
    pub fn established(&self, version: ProtocolVersion) -> TlsOutcome {
        let version = match version {
            ProtocolVersion::TLSv1_2 | ProtocolVersion::TLSv1_3 => TlsVersion::Tls12OrLater,
            _ => TlsVersion::Older,
        };
        TlsOutcome::Established(Session::new(version).with_webpki(self.checked()))
    }

    /// The handshake has failed, by an error of I/O or by one of rustls in it, as
    /// tokio-rustls has it. For a time-out that is [`io::ErrorKind::TimedOut`].
    #[must_use]
    pub fn failed(&self, error: &io::Error) -> TlsOutcome {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        inner.map_or_else(
            || TlsOutcome::HandshakeFailed(Failure::from(error)),
            |error| self.failed_by(error),
        )
    }

    /// The handshake has failed by an error of rustls.
    ///
    /// A certificate that was refused here has its own result type and reason. A key that
    /// is not the certificate's is `validation-failure`: that says nothing against the
    /// certificate. For the rest see `From<&rustls::Error>` for [`Failure`].
    #[must_use]
    pub fn failed_by(&self, error: &Error) -> TlsOutcome {
        TlsOutcome::HandshakeFailed(match (self.0.get(), error) {
            (Some(Shown { verdict: Verdict::Refused, result: Err(failure), .. }), _) => {
                failure.failure()
            }
            (Some(_), Error::InvalidCertificate(error)) => proof_failure(error),
            _ => Failure::from(error),
        })
    }
}

/// What rustls says of the server's signature over the handshake, in the terms that it has
/// for certificates.
fn proof_failure(error: &CertificateError) -> Failure {
    match error {
        CertificateError::BadSignature => {
            Failure::new(ResultType::ValidationFailure, ReasonCode::TlsHandshake)
        }
        #[expect(deprecated, reason = "rustls may still return it")]
        CertificateError::UnsupportedSignatureAlgorithm
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            NO_COMMON_PARAMETERS
        }
        other => Failure::from(other),
    }
}
