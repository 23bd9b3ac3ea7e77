//! What was seen of a server, and what was wrong.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use super::super::first::First;
use super::super::hex;
use super::super::{ReadObservationsError, ReadObservationsErrorKind};
use crate::failure::Failure;
use crate::observations::{
    Certificate, CertificateFacts, Fault, IssuedBy, MAX_CHAIN, Server, TlsProtocol,
};

#[derive(Default, Serialize, Deserialize)]
pub(super) struct ServerForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<SocketAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<VersionForm>,
    #[serde(default, skip_serializing_if = "First::is_empty")]
    chain: First<CertificateForm, MAX_CHAIN>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultForm>,
}

#[derive(Serialize, Deserialize)]
enum VersionForm {
    #[serde(rename = "TLS 1.2")]
    Tls12,
    #[serde(rename = "TLS 1.3")]
    Tls13,
}

impl ServerForm {
    /// Whether it says nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.address.is_none()
            && self.version.is_none()
            && self.chain.is_empty()
            && self.faults.is_empty()
    }
}

impl From<&Server> for ServerForm {
    fn from(server: &Server) -> Self {
        Self {
            address: server.address(),
            version: server.version().map(|version| match version {
                TlsProtocol::Tls12 => VersionForm::Tls12,
                TlsProtocol::Tls13 => VersionForm::Tls13,
            }),
            chain: server.chain().iter().map(CertificateForm::from).collect(),
            faults: server.faults().iter().map(FaultForm::from).collect(),
        }
    }
}

impl TryFrom<ServerForm> for Server {
    type Error = ReadObservationsError;

    fn try_from(form: ServerForm) -> Result<Self, ReadObservationsError> {
        let chain: Result<Vec<_>, _> =
            form.chain.items.into_iter().map(Certificate::try_from).collect();
        let faults: Result<Vec<_>, _> = form.faults.into_iter().map(Fault::try_from).collect();
        let mut server = Self::default().with_chain(chain?).with_faults(faults?);
        if let Some(address) = form.address {
            server = server.with_address(address);
        }
        Ok(match form.version {
            Some(VersionForm::Tls12) => server.with_version(TlsProtocol::Tls12),
            Some(VersionForm::Tls13) => server.with_version(TlsProtocol::Tls13),
            None => server,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct CertificateForm {
    der: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facts: Option<Box<FactsForm>>,
}

impl From<&Certificate> for CertificateForm {
    fn from(certificate: &Certificate) -> Self {
        Self {
            der: hex::encode(certificate.der()),
            facts: certificate.facts().map(|facts| Box::new(FactsForm::from(facts))),
        }
    }
}

impl TryFrom<CertificateForm> for Certificate {
    type Error = ReadObservationsError;

    fn try_from(form: CertificateForm) -> Result<Self, ReadObservationsError> {
        let certificate = Self::new(hex::decode(&form.der)?.into());
        Ok(match form.facts {
            Some(facts) => certificate.with_facts((*facts).into()),
            None => certificate,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct FactsForm {
    not_before: u64,
    not_after: u64,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    self_issued: bool,
    #[serde(default)]
    names: Vec<String>,
}

impl From<&CertificateFacts> for FactsForm {
    fn from(facts: &CertificateFacts) -> Self {
        Self {
            not_before: facts.not_before().as_secs(),
            not_after: facts.not_after().as_secs(),
            subject: facts.subject().into(),
            issuer: facts.issuer().into(),
            self_issued: facts.issued_by() == IssuedBy::Itself,
            names: facts.names().to_vec(),
        }
    }
}

impl From<FactsForm> for CertificateFacts {
    fn from(form: FactsForm) -> Self {
        let time = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        let issued_by = match form.self_issued {
            true => IssuedBy::Itself,
            false => IssuedBy::Another,
        };
        Self::new(time(form.not_before), time(form.not_after))
            .with_subject(form.subject)
            .with_issuer(form.issuer, issued_by)
            .with_names(form.names)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct FailureForm {
    result: String,
    reason: String,
}

impl From<Failure> for FailureForm {
    fn from(failure: Failure) -> Self {
        Self {
            result: failure.result_type().to_string(),
            reason: failure.reason_code().to_string(),
        }
    }
}

impl TryFrom<FailureForm> for Failure {
    type Error = ReadObservationsError;

    fn try_from(form: FailureForm) -> Result<Self, ReadObservationsError> {
        use ReadObservationsErrorKind::{ReasonCode, ResultType};

        let refuse = ReadObservationsError::remote;
        let result = form.result.parse().map_err(|_| refuse(ResultType, &form.result))?;
        let reason = form.reason.parse().map_err(|_| refuse(ReasonCode, &form.reason))?;
        Ok(Self::new(result, reason))
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct FaultForm {
    result: String,
    reason: String,
    #[serde(default)]
    text: String,
}

impl From<&Fault> for FaultForm {
    fn from(fault: &Fault) -> Self {
        let FailureForm { result, reason } = fault.failure().into();
        Self { result, reason, text: fault.text().into() }
    }
}

impl TryFrom<FaultForm> for Fault {
    type Error = ReadObservationsError;

    fn try_from(form: FaultForm) -> Result<Self, ReadObservationsError> {
        let FaultForm { result, reason, text } = form;
        Ok(Self::new(FailureForm { result, reason }.try_into()?, text))
    }
}
