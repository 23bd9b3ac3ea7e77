//! Suite `discovery`: which policy delivery attempts apply.

use std::time::Duration;

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::cache::{CacheEntry, FetchRate};
use mta_sts::sts::discovery::{Action, Config, Discovery, Purpose, Source, TxtFailure};
use mta_sts::sts::fetch::{PolicyResponse, TransportFailure};
use mta_sts::sts::{PolicyDomain, PolicyId, StsRecord};
use mta_sts::txt::{DnsFailure, NoRecord};
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use super::records;

/// Delivery attempts to one domain, one after the other.
pub(super) fn evaluate(case: &Value) -> Result<Value, String> {
    // `cached` and `steps` may stand in the case itself.
    let input = case.get("input").unwrap_or(case);
    let domain = PolicyDomain::from_next_hop("example.com").map_err(|error| error.to_string())?;
    let mut entry = cached(&domain, input.get("cached").unwrap_or(&Value::Null))?;
    let steps = input["steps"].as_array().ok_or("no steps")?;
    let steps: Vec<Value> =
        steps.iter().map(|step| attempt(&domain, &mut entry, step)).collect::<Result<_, _>>()?;
    Ok(json!({ "steps": steps }))
}

fn time(value: &Value) -> Result<UnixTime, String> {
    let secs = value.as_u64().ok_or("a time is no number of seconds")?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(secs)))
}

/// An entry into which the policy was fetched.
fn cached(domain: &PolicyDomain, cached: &Value) -> Result<CacheEntry, String> {
    let mut entry = CacheEntry::default();
    if cached.is_null() {
        return Ok(entry);
    }
    let fetched_at = time(&cached["fetched_at"])?;
    let id = PolicyId::new(cached["id"].as_str().ok_or("no id")?).map_err(|e| e.to_string())?;
    let body = cached["policy"].as_str().ok_or("no policy")?;
    // Whatever the limits of the attempts, this fetch is not one of them.
    let rate = FetchRate::new(1, 3_600);
    let config = Config::default().with_rate(rate);
    let mut discovery =
        Discovery::new(domain, entry.clone(), Purpose::Delivery, fetched_at, config);
    let response =
        PolicyResponse::new(200, body.as_bytes()).with_field("content-type", "text/plain");
    discovery.handle_txt(Ok(id), fetched_at).map_err(|error| error.to_string())?;
    discovery.handle_response(Ok(response), fetched_at).map_err(|error| error.to_string())?;
    let outcome = discovery.into_outcome();
    match outcome.failure() {
        Some(failure) => return Err(format!("the cached policy: {failure}")),
        None => entry.apply(outcome.update()),
    }
    Ok(entry)
}

/// Looks at the TXT record every time, and makes no refresh.
fn attempt(domain: &PolicyDomain, entry: &mut CacheEntry, step: &Value) -> Result<Value, String> {
    let now = time(&step["now"])?;
    let config = Config::default().with_absence(Duration::ZERO);
    let mut discovery = Discovery::new(domain, entry.clone(), Purpose::Delivery, now, config);
    let mut fetches = 0;
    loop {
        let handled = match discovery.poll_action() {
            Action::QueryTxt(_) => discovery.handle_txt(txt(&step["txt"])?, now),
            Action::FetchPolicy(_) => {
                fetches += 1;
                discovery.handle_response(
                    response(step.get("http").filter(|http| !http.is_null()))?,
                    now,
                )
            }
            Action::Done => break,
        };
        handled.map_err(|error| error.to_string())?;
    }
    let outcome = discovery.into_outcome();
    entry.apply(outcome.update());
    Ok(json!({
        "applied": outcome.policy().map(|cached| cached.policy().mode().as_str()),
        "source": match outcome.source() {
            Some(Source::Cache) => "cache",
            Some(Source::Fetched) => "fetched",
            None => "none",
        },
        "fetches": fetches,
        "report": outcome.report().map(|failure| failure.failure().result_type().as_str()),
    }))
}

fn txt(txt: &Value) -> Result<Result<PolicyId, TxtFailure>, String> {
    Ok(match txt["failure"].as_str() {
        Some("nxdomain" | "nodata") => Err(NoRecord::Absent.into()),
        Some("servfail") => Err(DnsFailure::ServFail.into()),
        Some("timeout") => Err(DnsFailure::Timeout.into()),
        Some("refused") => Err(DnsFailure::Refused.into()),
        Some(other) => return Err(format!("unknown failure `{other}` of txt")),
        None => match StsRecord::from_rrset(&records(txt)?) {
            Ok(record) => Ok(record.id()),
            Err(none) => Err(none.into()),
        },
    })
}

/// What a fetch meets; no connection if the step does not say.
fn response(http: Option<&Value>) -> Result<Result<PolicyResponse<'_>, TransportFailure>, String> {
    let Some(http) = http else { return Ok(Err(TransportFailure::Connection)) };
    Ok(match http["failure"].as_str() {
        Some("connection") => Err(TransportFailure::Connection),
        Some("timeout") => Err(TransportFailure::Timeout),
        Some("certificate") => Err(TransportFailure::Tls(Failure::new(
            ResultType::CertificateNotTrusted,
            ReasonCode::CertificateUnknownIssuer,
        ))),
        Some(other) => return Err(format!("unknown failure `{other}` of http")),
        None => {
            let status = http["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            let body = http["body"].as_str().unwrap_or_default();
            let response = PolicyResponse::new(status.ok_or("no status")?, body.as_bytes());
            Ok(match http["content_type"].as_str() {
                Some(media_type) => response.with_field("Content-Type", media_type),
                None => response,
            })
        }
    })
}
