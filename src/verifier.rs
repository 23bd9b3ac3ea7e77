//! Certificate verification for rustls 0.23, by the rules of MTA-STS (RFC 8461 §3.3,
//! §4.2; feature `rustls`): for any MTA on rustls, and for this crate's own client.
//!
//! A [`Verification`] makes the [`ClientConfig`] of one connection, with a verifier of
//! its own and a [`Record`] of what that has found. Where a policy is enforced an invalid
//! certificate [ends](OnInvalid::Refuse) the handshake; where it is tested the handshake
//! goes on, and the record says [what is wrong](OnInvalid::Record). Either way the record
//! makes of the end of the handshake what [`Demand::judge`] takes.
//!
//! | certificate | [`OnInvalid::Refuse`] | [`OnInvalid::Record`] |
//! |---|---|---|
//! | valid | goes on | goes on |
//! | not valid | fails by a [`CertificateError`](rustls::CertificateError) | goes on |
//! | its key is not the server's | fails | fails |
//!
//! What is checked is [`certificate::verify`], with the roots, the signature algorithms of
//! the provider and the clock that are given. This is no TLS library, opens no connection,
//! and knows nothing of DANE: [`Record::chain`] is what TLSA records are held against.
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "ring")] {
//! use std::sync::Arc;
//!
//! use mta_sts::sts::Policy;
//! use mta_sts::sts::apply::{Context, Delivery};
//! use mta_sts::verifier::Verification;
//! use rustls::ClientConnection;
//!
//! # let roots = [];
//! let provider = Arc::new(rustls::crypto::ring::default_provider());
//! let verification = Verification::new(provider, roots);
//!
//! let policy: Policy = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n"
//!     .parse()
//!     .unwrap();
//! let demand = Context::new("mx1.example.com").with_policy(&policy).demand();
//!
//! // After the 220 to STARTTLS:
//! let (config, name, record) = verification.for_demand(&demand).unwrap();
//! let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
//!
//! // The octets that come instead of a handshake:
//! let ended = tls.read_tls(&mut &b"500 what?\r\n"[..]).and_then(|_| {
//!     tls.process_new_packets().map_err(std::io::Error::other)
//! });
//! let outcome = record.failed(&ended.unwrap_err());
//! let verdict = demand.judge(&outcome);
//! assert_eq!(verdict.delivery(), Delivery::Skip);
//! assert_eq!(verdict.to_string(), "skip: validation-failure (tls-handshake), by MTA-STS");
//! # }
//! ```
//!
//! # Limits
//!
//! - TLS 1.2 and 1.3 (RFC 8461 §7.2). No ALPN, no client certificate, no early data. SNI is
//!   sent (RFC 8461 §7.1).
//! - No session is resumed, since a resumed one shows no certificate. It costs a full
//!   handshake for each connection.
//! - The bounds of chains are those of [`certificate::verify`]; rustls itself takes no
//!   Certificate message of more than 65,536 octets, and fails in either mode.
//! - Revocation is not checked, as RFC 8461 §3.3 allows; OCSP responses are ignored.

mod error;
mod record;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, DnsName, ServerName, TrustAnchor, UnixTime};

pub use self::error::DemandError;
pub use self::record::Record;
use self::record::Verdict;
use crate::certificate;
use crate::sts::apply::{Check, Demand};

/// What certificates are verified with. It makes one verifier for each connection.
///
/// A clone shares the roots.
#[derive(Clone)]
pub struct Verification {
    provider: Arc<CryptoProvider>,
    roots: Arc<[TrustAnchor<'static>]>,
    clock: Arc<dyn TimeProvider>,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("roots", &self.roots.len()).finish_non_exhaustive()
    }
}

/// What an invalid certificate means for the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a handshake ends or goes on")]
pub enum OnInvalid {
    /// It fails, and the server is sent the alert that fits.
    Refuse,
    /// It goes on, and what is wrong is recorded.
    Record,
}

impl Verification {
    /// By this provider, to these roots, at the system's time.
    ///
    /// Without roots nothing is valid.
    pub fn new(
        provider: Arc<CryptoProvider>,
        roots: impl IntoIterator<Item = TrustAnchor<'static>>,
    ) -> Self {
        let roots = roots.into_iter().collect();
        Self { provider, roots, clock: Arc::new(DefaultTimeProvider) }
    }

    /// At the time that this clock tells. If it tells none, every handshake fails.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn TimeProvider>) -> Self {
        self.clock = clock;
        self
    }

    /// The configuration of one connection to this host, the name to connect with (for
    /// SNI), and the record of what the host's server shows.
    ///
    /// The configuration is for one connection: a second one that is made with it, or with
    /// a clone of it, fails. Sessions are not resumed; whoever replaces
    /// [`ClientConfig::resumption`] gives up that the certificate is looked at.
    ///
    /// # Errors
    ///
    /// The provider has no cipher suite of TLS 1.2 or 1.3.
    pub fn connection(
        &self,
        host: &DnsName<'_>,
        on_invalid: OnInvalid,
    ) -> Result<(ClientConfig, ServerName<'static>, Record), Error> {
        let record = Record::default();
        let verifier = Verifier {
            verification: self.clone(),
            host: host.to_owned(),
            on_invalid,
            record: record.clone(),
        };
        let versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
        let mut config =
            ClientConfig::builder_with_details(self.provider.clone(), self.clock.clone())
                .with_protocol_versions(versions)?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok((config, ServerName::DnsName(host.to_owned()), record))
    }

    /// The [connection](Self::connection) that a demand asks for, to its
    /// [host](Demand::server_name).
    ///
    /// An invalid certificate is [refused](OnInvalid::Refuse) where the demand
    /// [requires](Check::Require) a valid one. Otherwise it is
    /// [recorded](OnInvalid::Record): TLS with any certificate is better than none.
    ///
    /// A refused handshake tells nothing of TLSA records. Whoever does DANE, or wants a
    /// connection judged under the policies of several domains, takes
    /// [`connection`](Self::connection) with [`OnInvalid::Record`] and sends nothing before
    /// [`Demand::judge`] has said so; with DANE, for the TLSA base domain.
    ///
    /// # Errors
    ///
    /// [`DemandError`]: the host has no DNS name, or as for
    /// [`connection`](Self::connection).
    pub fn for_demand(
        &self,
        demand: &Demand,
    ) -> Result<(ClientConfig, ServerName<'static>, Record), DemandError> {
        let host = demand.server_name().ok_or_else(|| DemandError::no_dns_name(demand.host()))?;
        Ok(self.connection(&host, OnInvalid::from(demand.webpki()))?)
    }
}

/// What a demand means for the handshake: only what is required is refused.
impl From<Check> for OnInvalid {
    fn from(check: Check) -> Self {
        match check {
            Check::Require => Self::Refuse,
            Check::Observe | Check::Needless => Self::Record,
        }
    }
}

/// The verifier of one connection.
#[derive(Debug)]
struct Verifier {
    verification: Verification,
    host: DnsName<'static>,
    on_invalid: OnInvalid,
    record: Record,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<_> = core::iter::once(end_entity)
            .chain(intermediates)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        let algorithms = self.verification.provider.signature_verification_algorithms.all;
        let result =
            certificate::verify(&chain, &self.host, &self.verification.roots, algorithms, now);
        let refusal = match (&result, self.on_invalid) {
            (Err(failure), OnInvalid::Refuse) => Some(error::refusal(failure, &self.host)),
            _ => None,
        };
        let verdict = if refusal.is_some() { Verdict::Refused } else { Verdict::GoesOn };
        self.record.fill(chain, result, verdict)?;
        refusal.map_or_else(|| Ok(ServerCertVerified::assertion()), |error| Err(error.into()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.verification.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.verification.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verification.provider.signature_verification_algorithms.supported_schemes()
    }
}
