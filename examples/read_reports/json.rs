//! What was found, for machines; the help text has the members.

use mta_sts::escape::escape;
use mta_sts::tlsrpt::insight::{Counts, Criteria, FailureTotal, Label, Readiness, Sums, Total};
use serde_json::{Value, json};

use crate::{Found, TABLES};

pub(crate) fn document(found: &Found) -> Value {
    let insight = &found.insight;
    let totals = TABLES.map(|(by, name, _)| {
        (name.to_owned(), insight.totals(by).iter().map(total).collect::<Value>())
    });
    let readiness = insight.readiness_of_all(&Criteria::default());
    let unreadable = found.unreadable.iter();
    let unreadable = unreadable.map(|(source, error)| json!({"source": source, "error": error}));
    json!({
        "sums": sums(&insight.sums()),
        "duplicates": insight.duplicates(),
        "totals": Value::Object(totals.into_iter().collect()),
        "failures": insight.failures().iter().map(failure).collect::<Value>(),
        "readiness": readiness.iter().map(readiness_of).collect::<Value>(),
        "deviations": found.deviations,
        "unreadable": unreadable.collect::<Value>(),
    })
}

fn total(total: &Total<'_>) -> Value {
    json!({"label": label(total.label), "sums": sums(&total.sums)})
}

fn failure(one: &FailureTotal<'_>) -> Value {
    let told = one.explanation();
    json!({
        "policy_domain": label(one.policy_domain),
        "policy_type": label(one.policy_type),
        "result_type": label(one.result_type),
        "mx": label(one.mx),
        "reason": one.reason.map(|reason| escape(reason).to_string()),
        "impact": one.impact.to_string(),
        "sums": sums(&one.sums),
        "senders": one.senders,
        "first_day": one.first_day.to_string(),
        "last_day": one.last_day.to_string(),
        "what": told.what(),
        "remedy": told.remedy(),
    })
}

fn readiness_of(found: &Readiness<'_>) -> Value {
    json!({
        "domain": found.domain.as_str(),
        "ready": found.is_ready(),
        "reasons": found.reasons.iter().map(ToString::to_string).collect::<Value>(),
        "notes": found.notes.iter().map(ToString::to_string).collect::<Value>(),
        "senders": found.senders.iter().map(|one| label(one.label)).collect::<Value>(),
        "days": found.days.len(),
        "sessions": found.sessions,
    })
}

fn sums(sums: &Sums) -> Value {
    let counts = |counts: Counts| {
        json!({
            "reports": counts.reports,
            "successful": counts.successful,
            "failed": counts.failed,
            "rows": counts.rows,
        })
    };
    json!({
        "authenticated": counts(sums.authenticated),
        "unauthenticated": counts(sums.unauthenticated),
    })
}

/// Null where the reports have none.
fn label(label: Label<'_>) -> Option<String> {
    (label != Label::Missing).then(|| label.to_string())
}
