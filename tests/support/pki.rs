//! A throw-away CA, and certificates of MX hosts with one fault each.

use core::time::Duration;
use std::sync::Arc;

use mta_sts::certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::ServerConfig;
use rustls::time_provider::TimeProvider;
use rustls::{SupportedProtocolVersion, sign};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor, UnixTime};

pub(crate) const MX: &str = "mx.example.com";

/// The first of June, 2030.
const NOW: u64 = 1_906_502_400;

#[derive(Debug)]
struct Fixed;

impl TimeProvider for Fixed {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(NOW)))
    }
}

pub(crate) fn clock() -> Arc<dyn TimeProvider> {
    Arc::new(Fixed)
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What is wrong with a certificate of [`MX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Expired,
    NotYetValid,
    WrongName,
    SelfSigned,
    UnknownIssuer,
    ExpiredAndUnknownIssuer,
    ForClients,
    TooManyCertificates,
    WithoutItsKey,
}

pub(crate) struct Pki {
    ca: CertifiedIssuer<'static, KeyPair>,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn host(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "host");
    params.not_before = date_time_ymd(2030, 1, 1);
    params.not_after = date_time_ymd(2031, 1, 1);
    params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

impl Pki {
    pub(crate) fn new() -> Self {
        Self { ca: authority("root") }
    }

    pub(crate) fn roots(&self) -> [TrustAnchor<'static>; 1] {
        [certificate::trust_anchor(self.ca.der()).unwrap().to_owned()]
    }

    /// The chain of a server with this fault, and the key that it has.
    fn identity(&self, fault: Fault) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = host(if fault == Fault::WrongName { "mx.example.net" } else { MX });
        match fault {
            Fault::Expired | Fault::ExpiredAndUnknownIssuer => {
                params.not_after = date_time_ymd(2030, 5, 1);
            }
            Fault::NotYetValid => params.not_before = date_time_ymd(2030, 7, 1),
            Fault::ForClients => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            _ => {}
        }
        let leaf = match fault {
            Fault::SelfSigned => params.self_signed(&key).unwrap(),
            Fault::UnknownIssuer | Fault::ExpiredAndUnknownIssuer => {
                params.signed_by(&key, &authority("nobody")).unwrap()
            }
            _ => params.signed_by(&key, &self.ca).unwrap(),
        };
        let copies =
            if fault == Fault::TooManyCertificates { certificate::MAX_CHAIN_LEN } else { 0 };
        let mut chain = vec![CertificateDer::from(leaf)];
        chain.extend((0..copies).map(|_| self.ca.der().clone()));
        match fault {
            Fault::WithoutItsKey => (chain, KeyPair::generate().unwrap()),
            _ => (chain, key),
        }
    }

    /// A TLS server with this fault; it gives out tickets (1.3) and session ids (1.2).
    pub(crate) fn server(
        &self,
        fault: Fault,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let (chain, key) = self.identity(fault);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        let identity = sign::SingleCertAndKey::from(sign::CertifiedKey::new(chain, key));
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(identity));
        Arc::new(config)
    }
}
