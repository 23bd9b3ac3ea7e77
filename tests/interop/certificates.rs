//! Certificates of a throw-away CA, in the form that servers read from files.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Valid,
    Expired,
    /// It is valid for another host only.
    OtherName,
    /// It is valid for `*.` the parent domain.
    Wildcard,
    SelfSigned,
    /// Its CA is not the one that is trusted.
    UnknownIssuer,
    /// It has expired, and its CA is not the one that is trusted.
    ExpiredAndUnknownIssuer,
}

pub(crate) struct Authority {
    trusted: CertifiedIssuer<'static, KeyPair>,
    other: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self { trusted: issuer("trusted"), other: issuer("other") }
    }

    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.trusted.der().clone()
    }

    /// Writes `<host>.key` and `<host>.crt`, and `<host>.pem` with both.
    pub(crate) fn write(&self, folder: &Path, host: &str, shown: Shown) {
        let key = KeyPair::generate().unwrap();
        let params = params(host, shown);
        let certificate = match shown {
            Shown::SelfSigned => params.self_signed(&key),
            Shown::UnknownIssuer | Shown::ExpiredAndUnknownIssuer => {
                params.signed_by(&key, &self.other)
            }
            Shown::Valid | Shown::Expired | Shown::OtherName | Shown::Wildcard => {
                params.signed_by(&key, &self.trusted)
            }
        };
        let certificate = pem("CERTIFICATE", certificate.unwrap().der());
        let key = pem("PRIVATE KEY", &key.serialize_der());
        fs::write(folder.join(format!("{host}.pem")), format!("{key}{certificate}")).unwrap();
        fs::write(folder.join(format!("{host}.crt")), certificate).unwrap();
        fs::write(folder.join(format!("{host}.key")), key).unwrap();
    }
}

fn params(host: &str, shown: Shown) -> CertificateParams {
    let name = match shown {
        Shown::OtherName => "another.example".to_owned(),
        Shown::Wildcard => format!("*.{}", host.split_once('.').unwrap().1),
        _ => host.to_owned(),
    };
    let mut params = CertificateParams::new([name]).unwrap();
    params.distinguished_name.push(DnType::CommonName, format!("{host} {shown:?}"));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = match shown {
        Shown::Expired | Shown::ExpiredAndUnknownIssuer => date_time_ymd(2021, 1, 1),
        _ => date_time_ymd(2100, 1, 1),
    };
    params
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(str::from_utf8).map(Result::unwrap).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
