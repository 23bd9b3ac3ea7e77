//! The certification authority of the world, thrown away with it, and the certificates
//! that its hosts show, good and bad.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mta_sts::certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, TrustAnchor};

/// Which certificate a host shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum Certificate {
    /// For its name, from the end of 2026 to the end of 2029.
    #[default]
    Valid,
    /// For `*.` and the rest of its name.
    Wildcard,
    /// For another name.
    For(String),
    /// Until the day before the world began.
    Expired,
    /// Until ten days after the world began.
    ExpiresSoon,
    /// From 2028 on.
    NotYetValid,
    /// Not for servers.
    ForClients,
    SelfSigned,
    /// By a CA that nobody trusts.
    UnknownIssuer,
    ExpiredAndUnknownIssuer,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(crate) struct Authority {
    root: Issuer,
    unknown: Issuer,
    /// All hosts have one key: making one takes longer than all else.
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    made: Mutex<HashMap<(Certificate, String), Arc<ServerConfig>>>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let der = PrivatePkcs8KeyDer::from(key.serialize_der());
        let signing = ring::sign::any_ecdsa_type(&der.into()).unwrap();
        let (root, unknown) = (issuer("World Root"), issuer("Unknown Root"));
        Self { root, unknown, key, signing, made: Mutex::default() }
    }

    /// What the clients of the world trust.
    pub(crate) fn roots(&self) -> Vec<TrustAnchor<'static>> {
        vec![certificate::trust_anchor(self.root.der()).unwrap().to_owned()]
    }

    /// What the clients of the world trust, as a certificate.
    pub(crate) fn root_der(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The configuration of a server of the host, made when it is first asked for. It
    /// resumes no session.
    pub(crate) fn server(&self, which: &Certificate, host: &str) -> Arc<ServerConfig> {
        let mut made = self.made.lock().unwrap();
        let entry = made.entry((which.clone(), host.to_owned()));
        entry.or_insert_with(|| Arc::new(self.make_server(which, host))).clone()
    }

    fn make_server(&self, which: &Certificate, host: &str) -> ServerConfig {
        let certificate = Arc::new(self.make(which, host));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(certificate)));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config
    }

    fn make(&self, which: &Certificate, host: &str) -> CertifiedKey {
        let mut params = self.params(which, host);
        let certificate = match which {
            Certificate::SelfSigned => params.self_signed(&self.key),
            Certificate::UnknownIssuer | Certificate::ExpiredAndUnknownIssuer => {
                params.signed_by(&self.key, &self.unknown)
            }
            _ => {
                params.use_authority_key_identifier_extension = true;
                params.signed_by(&self.key, &self.root)
            }
        };
        CertifiedKey::new(vec![certificate.unwrap().into()], self.signing.clone())
    }

    fn params(&self, which: &Certificate, host: &str) -> CertificateParams {
        let name = match which {
            Certificate::Wildcard => format!("*.{}", host.split_once('.').unwrap().1),
            Certificate::For(name) => name.clone(),
            _ => host.to_owned(),
        };
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("{which:?}"));
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        params.extended_key_usages = vec![match which {
            Certificate::ForClients => ExtendedKeyUsagePurpose::ClientAuth,
            _ => ExtendedKeyUsagePurpose::ServerAuth,
        }];
        (params.not_before, params.not_after) = match which {
            Certificate::Expired | Certificate::ExpiredAndUnknownIssuer => {
                (date_time_ymd(2026, 10, 1), date_time_ymd(2026, 12, 31))
            }
            Certificate::ExpiresSoon => (date_time_ymd(2026, 10, 13), date_time_ymd(2027, 1, 11)),
            Certificate::NotYetValid => (date_time_ymd(2028, 1, 1), date_time_ymd(2028, 4, 1)),
            _ => (date_time_ymd(2026, 12, 1), date_time_ymd(2029, 12, 31)),
        };
        params
    }
}

/// A root certificate for the twenties and thirties, with a name of its own.
fn issuer(name: &str) -> Issuer {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// One certificate, whatever name is asked for.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
