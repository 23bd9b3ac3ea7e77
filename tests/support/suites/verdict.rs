//! Suite `verdict`: what a policy means for an MX host.

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::Policy;
use mta_sts::sts::apply::{
    Checked, Context, Dane, Delivery, LocalRequirement, Mail, MxRrset, Rule, Session, TlsOutcome,
    TlsVersion, Tlsa,
};
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, String> {
    let policy: Option<Policy> = match input["policy"].as_str() {
        Some(body) => Some(body.parse().map_err(|error| format!("the policy: {error}"))?),
        None => None,
    };
    let demand = Context::new(input["mx"].as_str().ok_or("no mx")?)
        .with_policy(policy.as_ref())
        .with_dane(dane(&input["dane"])?)
        .with_local(local(&input["local"])?)
        .with_mail(mail(&input["mail"])?)
        .demand();
    let verdict = demand.judge(&outcome(&input["connection"])?);
    let cause = verdict.cause();
    let results: Vec<Value> = verdict
        .results()
        .map(|result| {
            let failure = result.failure().map(|failure| failure.result_type().as_str());
            json!([result.policy_type().as_str(), failure])
        })
        .collect();
    Ok(json!({
        "requires_tls": demand.requires_tls(),
        "refused_before_connecting": demand.refusal().is_some(),
        "delivery": match verdict.delivery() {
            Delivery::Deliver => "deliver",
            Delivery::DeliverAndReport => "deliver-and-report",
            Delivery::Skip => "skip",
        },
        "rule": cause.map(|cause| match cause.rule() {
            Rule::Connection => "connection",
            Rule::Local => "local",
            Rule::Dane => "dane",
            Rule::Sts => "sts",
        }),
        "result": cause.and_then(|cause| cause.result_type()).map(ResultType::as_str),
        "results": results,
    }))
}

fn unknown<T>(what: &str, found: &Value) -> Result<T, String> {
    Err(format!("unknown {what} {found}"))
}

fn dane(dane: &Value) -> Result<Dane, String> {
    if dane.is_null() {
        return Ok(Dane::None);
    }
    let mx_rrset = match dane["mx_rrset"].as_str() {
        Some("secure") => MxRrset::Secure,
        Some("insecure") => MxRrset::Insecure,
        _ => return unknown("dane", dane),
    };
    let tlsa = match dane["tlsa"].as_str() {
        Some("usable") => Tlsa::Usable,
        Some("unusable") => Tlsa::Unusable,
        Some("lookup-failed") => Tlsa::LookupFailed,
        _ => return unknown("dane", dane),
    };
    Ok(Dane::Tlsa { mx_rrset, tlsa })
}

fn local(local: &Value) -> Result<LocalRequirement, String> {
    Ok(match local.as_str() {
        None if local.is_null() => LocalRequirement::Opportunistic,
        Some("opportunistic") => LocalRequirement::Opportunistic,
        Some("encrypted") => LocalRequirement::Encrypted,
        Some("webpki") => LocalRequirement::WebPki,
        Some("dane") => LocalRequirement::Dane,
        _ => return unknown("local", local),
    })
}

fn mail(mail: &Value) -> Result<Mail, String> {
    Ok(match mail.as_str() {
        None if mail.is_null() => Mail::Ordinary,
        Some("ordinary") => Mail::Ordinary,
        Some("tls-optional") => Mail::TlsOptional,
        Some("tls-report") => Mail::TlsReport,
        _ => return unknown("mail", mail),
    })
}

fn outcome(connection: &Value) -> Result<TlsOutcome, String> {
    if let Some(result) = connection["handshake_failed"].as_str() {
        let result: ResultType = result.parse().map_err(|error| format!("{error}"))?;
        return Ok(TlsOutcome::HandshakeFailed(Failure::new(result, ReasonCode::TlsHandshake)));
    }
    if !connection["tls"].is_null() {
        let version = match connection["tls"].as_str() {
            Some("older") => TlsVersion::Older,
            Some("1.2-or-later") => TlsVersion::Tls12OrLater,
            _ => return unknown("tls", connection),
        };
        let session = Session::new(version)
            .with_webpki(checked(&connection["webpki"])?)
            .with_dane(checked(&connection["dane"])?);
        return Ok(TlsOutcome::Established(session));
    }
    Ok(match connection.as_str() {
        Some("unreachable") => TlsOutcome::Unreachable,
        Some("deferred") => TlsOutcome::Deferred,
        Some("not-offered") => TlsOutcome::NotOffered,
        Some("refused") => TlsOutcome::Refused,
        Some("starttls-deferred") => TlsOutcome::StartTlsDeferred,
        _ => return unknown("connection", connection),
    })
}

/// `null` is not checked, `"valid"`, or the result type of what is wrong.
fn checked(checked: &Value) -> Result<Checked, String> {
    Ok(match checked.as_str() {
        None if checked.is_null() => Checked::No,
        Some("valid") => Checked::Valid,
        Some(result) => {
            let result: ResultType = result.parse().map_err(|error| format!("{error}"))?;
            let reason = match result {
                ResultType::CertificateExpired => ReasonCode::CertificateExpired,
                ResultType::CertificateHostMismatch => ReasonCode::CertificateHostMismatch,
                ResultType::TlsaInvalid => ReasonCode::TlsaMismatch,
                _ => ReasonCode::CertificateUnknownIssuer,
            };
            Checked::Invalid(Failure::new(result, reason))
        }
        None => return unknown("check", checked),
    })
}
