//! The members of the JSON form.

mod answer;
mod outcome;
mod server;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use self::answer::AnswerForm;
use self::outcome::OutcomeForm;
use self::server::{FaultForm, ServerForm};
use super::first::First;
use super::hex::Octets;
use super::{ReadObservationsError, ReadObservationsErrorKind, VERSION};
use crate::observations::{
    Fetch, MAX_RECORDS, Mx, MxHost, Observations, Probe, Response, TxtRecord,
};
use crate::sts::PolicyDomain;

/// The whole.
#[derive(Serialize, Deserialize)]
pub(super) struct Form {
    v: u64,
    domain: String,
    observed_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sts_record: Option<AnswerForm<Vec<Octets>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tlsrpt_record: Option<AnswerForm<Vec<Octets>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy_host: Option<AnswerForm<IpAddr>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fetch: Option<FetchForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mx: Option<AnswerForm<(u16, String)>>,
    #[serde(default, skip_serializing_if = "First::is_empty")]
    hosts: First<HostForm, MAX_RECORDS>,
}

impl From<&Observations> for Form {
    fn from(seen: &Observations) -> Self {
        let mx = |mx: &Mx| (mx.preference, mx.exchange.clone());
        Self {
            v: VERSION,
            domain: seen.domain().as_str().into(),
            observed_at: seen.observed_at().as_secs(),
            sts_record: seen.sts_record().map(|found| AnswerForm::of(found, record)),
            tlsrpt_record: seen.tlsrpt_record().map(|found| AnswerForm::of(found, record)),
            policy_host: seen.policy_host().map(|found| AnswerForm::of(found, |one| *one)),
            fetch: seen.fetch().map(FetchForm::from),
            mx: seen.mx().map(|found| AnswerForm::of(found, mx)),
            hosts: seen.hosts().iter().map(HostForm::from).collect(),
        }
    }
}

/// Through the builders, which keep the bounds.
impl TryFrom<Form> for Observations {
    type Error = ReadObservationsError;

    fn try_from(form: Form) -> Result<Self, ReadObservationsError> {
        let domain = PolicyDomain::from_next_hop(&form.domain).map_err(|_| {
            ReadObservationsError::remote(ReadObservationsErrorKind::Domain, &form.domain)
        })?;
        let observed_at = UnixTime::since_unix_epoch(Duration::from_secs(form.observed_at));
        let mut seen = Self::new(domain, observed_at);
        if let Some(found) = form.sts_record {
            seen = seen.with_sts_record(found.read(read_record)?);
        }
        if let Some(found) = form.tlsrpt_record {
            seen = seen.with_tlsrpt_record(found.read(read_record)?);
        }
        if let Some(found) = form.policy_host {
            seen = seen.with_policy_host(found.read(Ok)?);
        }
        if let Some(fetch) = form.fetch {
            seen = seen.with_fetch(fetch.try_into()?);
        }
        if let Some(found) = form.mx {
            let mx = |(preference, exchange)| Ok(Mx { preference, exchange });
            seen = seen.with_mx(found.read(mx)?);
        }
        for host in form.hosts.items {
            seen = seen.with_host(host.try_into()?);
        }
        Ok(seen)
    }
}

fn record(record: &TxtRecord) -> Vec<Octets> {
    record.iter().map(|string| Octets::from(string.as_slice())).collect()
}

fn read_record(record: Vec<Octets>) -> Result<TxtRecord, ReadObservationsError> {
    record.into_iter().map(Vec::try_from).collect()
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Serialize, Deserialize)]
struct FetchForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<ResponseForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<FaultForm>,
    #[serde(default, skip_serializing_if = "ServerForm::is_empty")]
    server: ServerForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
}

impl From<&Fetch> for FetchForm {
    fn from(fetch: &Fetch) -> Self {
        Self {
            response: fetch.result().ok().map(ResponseForm::from),
            fault: fetch.result().err().map(FaultForm::from),
            server: fetch.server().into(),
            took_ms: fetch.took().map(milliseconds),
        }
    }
}

impl TryFrom<FetchForm> for Fetch {
    type Error = ReadObservationsError;

    fn try_from(form: FetchForm) -> Result<Self, ReadObservationsError> {
        let result = match (form.response, form.fault) {
            (Some(response), None) => Ok(response.try_into()?),
            (None, Some(fault)) => Err(fault.try_into()?),
            (response, _) => {
                let found = if response.is_some() { "both" } else { "neither" };
                return Err(ReadObservationsError::new(ReadObservationsErrorKind::Fetch, found));
            }
        };
        let fetch = Self::new(result).with_server(form.server.try_into()?);
        Ok(match form.took_ms {
            Some(took) => fetch.with_took(Duration::from_millis(took)),
            None => fetch,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ResponseForm {
    status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<(String, Octets)>,
    body: Octets,
}

impl From<&Response> for ResponseForm {
    fn from(response: &Response) -> Self {
        let field = |(name, value): (&str, &[u8])| (name.to_string(), value.into());
        Self {
            status: response.status(),
            fields: response.fields().map(field).collect(),
            body: response.body().into(),
        }
    }
}

impl TryFrom<ResponseForm> for Response {
    type Error = ReadObservationsError;

    fn try_from(form: ResponseForm) -> Result<Self, ReadObservationsError> {
        let mut response = Self::new(form.status, Vec::try_from(form.body)?);
        for (name, value) in form.fields {
            response = response.with_field(&name, Vec::try_from(value)?);
        }
        Ok(response)
    }
}

#[derive(Serialize, Deserialize)]
struct HostForm {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    addresses: Option<AnswerForm<IpAddr>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe: Option<ProbeForm>,
}

impl From<&MxHost> for HostForm {
    fn from(host: &MxHost) -> Self {
        Self {
            name: host.name().into(),
            addresses: host.addresses().map(|found| AnswerForm::of(found, |one| *one)),
            probe: host.probe().map(ProbeForm::from),
        }
    }
}

impl TryFrom<HostForm> for MxHost {
    type Error = ReadObservationsError;

    fn try_from(form: HostForm) -> Result<Self, ReadObservationsError> {
        let mut host = Self::new(form.name);
        if let Some(found) = form.addresses {
            host = host.with_addresses(found.read(Ok)?);
        }
        if let Some(probe) = form.probe {
            host = host.with_probe(probe.try_into()?);
        }
        Ok(host)
    }
}

#[derive(Serialize, Deserialize)]
struct ProbeForm {
    outcome: OutcomeForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    greeting: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extensions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    #[serde(default, skip_serializing_if = "ServerForm::is_empty")]
    server: ServerForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
}

impl From<&Probe> for ProbeForm {
    fn from(probe: &Probe) -> Self {
        Self {
            outcome: probe.outcome().into(),
            greeting: probe.greeting().map(String::from),
            extensions: probe.extensions().to_vec(),
            refusal: probe.refusal().map(String::from),
            trouble: probe.trouble().map(String::from),
            server: probe.server().into(),
            took_ms: probe.took().map(milliseconds),
        }
    }
}

impl TryFrom<ProbeForm> for Probe {
    type Error = ReadObservationsError;

    fn try_from(form: ProbeForm) -> Result<Self, ReadObservationsError> {
        let probe = Self::new(form.outcome.try_into()?)
            .with_extensions(form.extensions)
            .with_server(form.server.try_into()?);
        let probe = form.greeting.into_iter().fold(probe, Self::with_greeting);
        let probe = form.refusal.into_iter().fold(probe, Self::with_refusal);
        let probe = form.trouble.into_iter().fold(probe, Self::with_trouble);
        let took = form.took_ms.map(Duration::from_millis);
        Ok(took.into_iter().fold(probe, Self::with_took))
    }
}
