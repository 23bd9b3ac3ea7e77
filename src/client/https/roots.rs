//! Whom certificates of policy hosts are traced back to.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::{self, Vec};

use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::certificate::{CertificateFailure, trust_anchor};
use crate::escape::escape;

/// Trusted roots, for [`Verification::new`](crate::verifier::Verification::new).
///
/// ```
/// use mta_sts::client::https::Roots;
///
/// assert!(Roots::mozilla().into_iter().count() > 100);
/// assert!(Roots::certificates([]).is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Roots {
    anchors: Vec<TrustAnchor<'static>>,
    unusable: Vec<Box<str>>,
}

impl Roots {
    /// Those that Mozilla trusts, as compiled into this build: they are as old as it is.
    #[must_use]
    pub fn mozilla() -> Self {
        Self { anchors: webpki_roots::TLS_SERVER_ROOTS.to_vec(), unusable: Vec::new() }
    }

    /// Those of the platform; of other files if the environment variables `SSL_CERT_FILE`
    /// or `SSL_CERT_DIR` name them. This reads files, and blocks while it does.
    ///
    /// What cannot be read is left out ([`unusable`](Self::unusable)): platforms have
    /// certificates that nobody can read.
    ///
    /// # Errors
    ///
    /// [`NoRoots`] if nothing is left.
    pub fn platform() -> Result<Self, NoRoots> {
        let loaded = rustls_native_certs::load_native_certs();
        let errors = loaded.errors.iter().map(|error| shown(&error.to_string())).collect();
        Self::read(loaded.certs, errors)
    }

    /// These certificates of roots, such as those of one's own CA, in DER. What cannot be
    /// read is left out.
    ///
    /// # Errors
    ///
    /// [`NoRoots`] if nothing is left.
    pub fn certificates(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, NoRoots> {
        Self::read(certificates, Vec::new())
    }

    fn read(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
        mut unusable: Vec<Box<str>>,
    ) -> Result<Self, NoRoots> {
        let mut anchors = Vec::new();
        for certificate in certificates {
            match trust_anchor(&certificate) {
                Ok(anchor) => anchors.push(anchor.to_owned()),
                Err(failure) => unusable.push(unreadable(&failure)),
            }
        }
        match anchors.is_empty() {
            true => Err(NoRoots { unusable }),
            false => Ok(Self { anchors, unusable }),
        }
    }

    /// The roots.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    /// What has been left out, one line each, shortened and
    /// [escaped](crate::escape): information, not errors.
    pub fn unusable(&self) -> impl Iterator<Item = &str> {
        self.unusable.iter().map(|line| &**line)
    }
}

impl From<Vec<TrustAnchor<'static>>> for Roots {
    fn from(anchors: Vec<TrustAnchor<'static>>) -> Self {
        Self { anchors, unusable: Vec::new() }
    }
}

impl IntoIterator for Roots {
    type Item = TrustAnchor<'static>;
    type IntoIter = vec::IntoIter<TrustAnchor<'static>>;

    fn into_iter(self) -> Self::IntoIter {
        self.anchors.into_iter()
    }
}

fn unreadable(failure: &CertificateFailure) -> Box<str> {
    shown(&failure.to_string())
}

fn shown(text: &str) -> Box<str> {
    escape(text).to_string().into()
}

/// There is no trusted root: no certificate could be verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected trusted roots, found none (unusable: {})", .unusable.len())]
pub struct NoRoots {
    unusable: Vec<Box<str>>,
}

impl NoRoots {
    /// What has been left out, as by [`Roots::unusable`].
    pub fn unusable(&self) -> impl Iterator<Item = &str> {
        self.unusable.iter().map(|line| &**line)
    }
}
