//! The path from the host's certificate to a root.

use alloc::vec;
use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};

use super::cause::Facts;
use super::failure::CertificateCause;

/// How often a path that has failed is checked again to find what else is wrong
/// with it: once for each fault that can be set aside, which are validity that has
/// ended, validity that has not begun, a wrong purpose, and certificates in the chain
/// that cannot be read.
pub const MAX_RECHECKS: usize = 4;

/// What a path is sought through.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    pub(super) end_entity: &'a EndEntityCert<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) roots: &'a [TrustAnchor<'a>],
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
}

impl Path<'_> {
    /// Whether there is one (RFC 5280 §6) that is good for TLS servers. This decides; all
    /// else here explains.
    pub(super) fn verify(&self, now: UnixTime) -> Result<(), Error> {
        self.verify_for(now, KeyUsage::server_auth())
    }

    fn verify_for(
        &self,
        at: UnixTime,
        purpose: impl ExtendedKeyUsageValidator,
    ) -> Result<(), Error> {
        self.end_entity
            .verify_for_usage(
                self.algorithms,
                self.roots,
                self.intermediates,
                at,
                purpose,
                None, // no revocation lists
                None, // no further demands
            )
            .map(|_| ())
    }

    /// All that is wrong with a path of which webpki has said `error`, that first.
    ///
    /// webpki ends at the first fault. Where it can be set aside, this does so and asks
    /// again.
    pub(super) fn explain(&self, mut error: Error, now: UnixTime) -> Vec<CertificateCause> {
        let facts = self.facts(now);
        let is_readable = |one: &&CertificateDer<'_>| EndEntityCert::try_from(*one).is_ok();
        let readable: Vec<_> = self.intermediates.iter().filter(is_readable).cloned().collect();

        let mut causes = vec![facts.cause(&error)];
        let (mut path, mut at, mut purpose) = (*self, now, Purpose::Server);
        for _ in 0..MAX_RECHECKS {
            match error {
                Error::CertExpired { not_after, .. } => at = not_after,
                Error::CertNotValidYet { not_before, .. } => at = not_before,
                Error::RequiredEkuNotFoundContext(_) => purpose = Purpose::Any,
                _ if readable.len() < path.intermediates.len() => path.intermediates = &readable,
                _ => break,
            }
            match path.verify_for(at, purpose) {
                Ok(()) => break,
                Err(next) => error = next,
            }
            let cause = facts.cause(&error);
            if facts.holds(&cause) && !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        // What `openssl req -x509` makes is both, and webpki stops at the first.
        if causes.contains(&CertificateCause::IsCa) && facts.is_self_issued && !self.is_of_root() {
            causes.push(CertificateCause::SelfSigned);
        }
        causes
    }

    /// Whether a root has the name of the issuer.
    fn is_of_root(&self) -> bool {
        self.roots.iter().any(|root| root.subject.as_ref() == self.end_entity.issuer())
    }

    pub(super) fn facts(&self, now: UnixTime) -> Facts {
        Facts {
            now,
            sent: self.intermediates.len().saturating_add(1),
            roots: self.roots.len(),
            is_self_issued: self.end_entity.issuer() == self.end_entity.subject(),
        }
    }
}

/// Which extended key usages will do.
#[derive(Clone, Copy)]
enum Purpose {
    Server,
    Any,
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        match self {
            Self::Server => KeyUsage::server_auth().validate(present),
            Self::Any => Ok(()),
        }
    }
}
