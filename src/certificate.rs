//! Whether the certificate of an MX host or of a policy host is valid for it
//! (RFC 8461 §3.3, §4.2; feature `webpki`).
//!
//! There is one check for both, [`verify`]. What differs is what a report calls a
//! failure: [`CertificateFailure::failure`] for MX hosts,
//! [`CertificateFailure::policy_host_failure`] for policy hosts.
//!
//! | rule | RFC |
//! |---|---|
//! | a DNS-ID of the certificate is the host's name; its common name and its addresses never count | 8461 §3.3, §4.2, 6125 §6.4 |
//! | a wildcard is the whole left-most label, and stands for exactly one label | 8461 §3.3, 6125 §6.4.3 |
//! | no certificate of the path has expired, or is not valid yet | 8461 §3.3, §4.2 |
//! | a path leads to a trusted root, within the constraints of its CAs | 8461 §3.3, §4.2, 5280 §6 |
//! | an extended key usage, if there is one, allows TLS servers | 5280 §4.2.1.12 |
//! | the certificate is not that of a CA | 5280 §4.2.1.9 |
//!
//! This is not a TLS handshake: that the server has the key is proved there. It
//! fetches nothing, reads no clock, and brings no roots: the caller gives them, and
//! the signature algorithms too, so that no feature changes a verdict.
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "ring")] {
//! use mta_sts::certificate::{self, RING_ALGORITHMS};
//! use rustls_pki_types::{DnsName, UnixTime};
//! # use core::time::Duration;
//!
//! // What the TLS handshake with `mail.example.com` showed: here, a certificate
//! // for another name that the server has issued to itself.
//! # let key = rcgen::KeyPair::generate().unwrap();
//! # let params = rcgen::CertificateParams::new(["mx.example.net".to_owned()]).unwrap();
//! # let chain = [params.self_signed(&key).unwrap().into()];
//! # let roots = [];
//! # let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
//! let host = DnsName::try_from("mail.example.com")?;
//! let failed = certificate::verify(&chain, &host, &roots, RING_ALGORITHMS, now).unwrap_err();
//!
//! assert_eq!(
//!     failed.to_string(),
//!     "expected the name `mail.example.com`, found `mx.example.net`; \
//!      expected a certificate of a trusted CA, found a self-signed one",
//! );
//! assert_eq!(
//!     failed.failure().to_string(),
//!     "certificate-host-mismatch (certificate-host-mismatch)",
//! );
//! # }
//! # Ok::<_, rustls_pki_types::InvalidDnsNameError>(())
//! ```
//!
//! # Limits
//!
//! - A chain has at most [`MAX_CHAIN_LEN`] certificates and [`MAX_CHAIN_OCTETS`]
//!   octets; a path, at most six CAs below the root.
//! - Revocation is not checked, as RFC 8461 §3.3 allows.
//! - Stricter than the RFCs: a wildcard needs two labels behind it (`*.com` matches
//!   nothing), the purpose `anyExtendedKeyUsage` is not that of a TLS server, and
//!   constraints on directory names are never met.
//! - More lenient: the key usage of a CA is not looked at, only that it is a CA, and
//!   neither is the host's own key, which the handshake uses.
//! - All causes are looked for, but of the path only as far as a fault can be set aside
//!   to see what is behind it: [`MAX_RECHECKS`].

mod cause;
mod failure;
mod path;

use alloc::vec::Vec;

use rustls_pki_types::{
    CertificateDer, DnsName, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::EndEntityCert;

use self::path::Path;

pub use self::failure::{
    CertificateCause, CertificateFailure, MAX_PRESENTED_NAMES, Malformation, PresentedNames,
};
pub use self::path::MAX_RECHECKS;

/// How many certificates a chain may have, the host's own among them.
///
/// Published chains have two to four. The search for a path may try the intermediate
/// ones in all orders, so that each more multiplies what a chain that is made to be
/// costly costs: with seven it is some 14,000 steps, or 30 ms.
pub const MAX_CHAIN_LEN: usize = 8;

/// How many octets the certificates of a chain may have in all.
///
/// It is many times what chains have, post-quantum signatures included, and what TLS
/// libraries take as a Certificate message.
pub const MAX_CHAIN_OCTETS: usize = 65_536;

/// Whether `chain` is valid for `host` at `now`.
///
/// `chain` is what the server showed: first its own certificate, then others, in any
/// order. `host` is the name of the MX host, never the pattern that it matched
/// (RFC 8461 §4.2), or of the policy host, `mta-sts.<policy domain>` (§3.3);
/// [`DomainName::to_dns_name`](crate::DomainName::to_dns_name) makes it of a
/// [`DomainName`](crate::DomainName).
///
/// `roots` are trusted whatever their dates; [`trust_anchor`] makes them of certificates.
/// `algorithms` are those that signatures may have: `RING_ALGORITHMS`,
/// `AWS_LC_RS_ALGORITHMS`, or the caller's own.
///
/// # Errors
///
/// All that was found wrong, as far as it can be found; the first cause decides what a
/// report says.
pub fn verify(
    chain: &[CertificateDer<'_>],
    host: &DnsName<'_>,
    roots: &[TrustAnchor<'_>],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    now: UnixTime,
) -> Result<(), CertificateFailure> {
    let Some((end_entity, intermediates)) = chain.split_first() else {
        return Err(CertificateCause::Missing.into());
    };
    within_bounds(chain)?;
    let end_entity =
        EndEntityCert::try_from(end_entity).map_err(|error| cause::unreadable(&error))?;

    let path = Path { end_entity: &end_entity, intermediates, roots, algorithms };
    let path_error = path.verify(now).err();
    let name = ServerName::DnsName(host.borrow());
    let name_error = end_entity.verify_is_valid_for_subject_name(&name).err();
    if path_error.is_none() && name_error.is_none() {
        return Ok(());
    }

    let mut causes = path_error.map_or_else(Vec::new, |error| path.explain(error, now));
    if let Some(cause) = name_error.map(|error| path.facts(now).cause(&error))
        && !causes.contains(&cause)
    {
        causes.push(cause);
    }
    Err(CertificateFailure::new(causes))
}

/// The trust anchor in the certificate of a root, for stores that keep certificates.
///
/// Whoever has put it into the store has judged it: neither its dates nor its signature
/// are looked at.
///
/// # Errors
///
/// The certificate cannot be read.
pub fn trust_anchor<'a>(
    root: &'a CertificateDer<'a>,
) -> Result<TrustAnchor<'a>, CertificateFailure> {
    webpki::anchor_from_trusted_cert(root).map_err(|error| cause::unreadable(&error).into())
}

fn within_bounds(chain: &[CertificateDer<'_>]) -> Result<(), CertificateCause> {
    if chain.len() > MAX_CHAIN_LEN {
        return Err(CertificateCause::TooManyCertificates { found: chain.len() });
    }
    let octets = chain.iter().fold(0_usize, |sum, one| sum.saturating_add(one.len()));
    if octets > MAX_CHAIN_OCTETS {
        return Err(CertificateCause::TooManyOctets { found: octets });
    }
    Ok(())
}

/// The signature algorithms of *ring* (feature `ring`): RSA with PKCS #1 or PSS from 2048
/// bits on, ECDSA on P-256 and P-384, Ed25519; no SHA-1.
#[cfg(feature = "ring")]
pub static RING_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    webpki::ring::RSA_PKCS1_2048_8192_SHA256,
    webpki::ring::ECDSA_P384_SHA384,
    webpki::ring::ECDSA_P256_SHA256,
    webpki::ring::RSA_PKCS1_2048_8192_SHA384,
    webpki::ring::RSA_PKCS1_2048_8192_SHA512,
    webpki::ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    webpki::ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    webpki::ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    webpki::ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    webpki::ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    webpki::ring::ECDSA_P256_SHA384,
    webpki::ring::ECDSA_P384_SHA256,
    webpki::ring::ED25519,
];

/// The signature algorithms of aws-lc-rs (feature `aws-lc-rs`): those of
/// `RING_ALGORITHMS`, and ECDSA on P-521 with SHA-512.
#[cfg(feature = "aws-lc-rs")]
pub static AWS_LC_RS_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
    webpki::aws_lc_rs::ECDSA_P384_SHA384,
    webpki::aws_lc_rs::ECDSA_P256_SHA256,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA384,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA512,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    webpki::aws_lc_rs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    webpki::aws_lc_rs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    webpki::aws_lc_rs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    webpki::aws_lc_rs::ECDSA_P256_SHA384,
    webpki::aws_lc_rs::ECDSA_P384_SHA256,
    webpki::aws_lc_rs::ECDSA_P521_SHA512,
    webpki::aws_lc_rs::ED25519,
];
