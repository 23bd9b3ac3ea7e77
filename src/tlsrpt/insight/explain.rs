//! Failures in plain English.

mod sentence;

use alloc::string::{String, ToString as _};
use core::fmt;

use self::sentence::Sentence;
use super::impact::Impact;
use super::reason;
use crate::escape::escape;
use crate::failure::{PolicyType, ReasonCode, ResultType};
use crate::tlsrpt::report::{FailureDetails, PolicyDescription, Reported};

/// Explains a failure row, with the policy that it stands under.
///
/// ```
/// use mta_sts::failure::{PolicyType, ResultType};
/// use mta_sts::tlsrpt::insight::{Actor, explain};
/// use mta_sts::tlsrpt::report::{FailureDetails, PolicyDescription};
///
/// let mut row = FailureDetails::new(ResultType::StsPolicyFetchError, 3);
/// row.failure_reason_code = Some("http-redirect".into());
/// let told = explain(&row, &PolicyDescription::new(PolicyType::Sts, "example.com"));
/// assert_eq!(
///     told.what(),
///     "The sender could not fetch the policy of `example.com`: \
///      the policy host answers with a redirect, which must not be followed.",
/// );
/// assert_eq!(told.actor(), Actor::PolicyHostOperator);
/// ```
#[must_use]
pub fn explain(row: &FailureDetails<'_>, policy: &PolicyDescription<'_>) -> Explanation {
    let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    let given = |text| Some(text).filter(|text| given(*text)).flatten();
    Explanation::of(&Facts {
        policy_type: policy.known_type(),
        policy_domain: given(policy.policy_domain.as_deref()),
        result: row.known_type(),
        result_text: given(row.result_type.as_ref().map(Reported::<ResultType>::as_str)),
        reason: given(row.failure_reason_code.as_deref()),
        mx: given(row.receiving_mx_hostname.as_deref()),
    })
}

/// A failure in one sentence, and what to do about it in another; `Display` is both.
///
/// What stood in the report is in it [escaped](crate::escape).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    what: String,
    remedy: String,
    actor: Actor,
    impact: Impact,
}

/// Who has to do something about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Actor {
    /// Who runs the receiving MX host.
    MxOperator,
    /// Who runs the web server of the policy.
    PolicyHostOperator,
    /// Who writes the policy and the DNS records of the domain.
    DomainOwner,
    /// Who runs the DNS of the MX host, or of the domain.
    DnsOperator,
    /// The sender that reports.
    Sender,
}

impl Explanation {
    /// What has failed.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Who must do what.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// Who must do it.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// What the failure does to mail where the policy is enforced.
    #[must_use]
    pub const fn impact(&self) -> Impact {
        self.impact
    }

    pub(super) fn of(facts: &Facts<'_>) -> Self {
        Self::new(&sentence::of(facts), facts)
    }

    /// Of rows over the limit, of any result type.
    pub(super) fn of_others(facts: &Facts<'_>) -> Self {
        Self { impact: Impact::Unknown, ..Self::new(&sentence::OTHERS, facts) }
    }

    fn new(sentence: &Sentence, facts: &Facts<'_>) -> Self {
        let Sentence { what, actor, remedy } = *sentence;
        let impact = Impact::of(facts.policy_type, facts.result);
        let mut what = what.concat();
        if facts.has_own_words() && !what.contains("{reason}") {
            // What is told by a sentence of ours is shown as well.
            what.truncate(what.trim_end_matches('.').len());
            what.push_str(" ({words}).");
        }
        let what = fill(&what, facts);
        let remedy = fill(&[actor.must(), remedy].concat(), facts);
        Self { what, remedy, actor, impact }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.remedy)
    }
}

/// What is known of a failure.
pub(super) struct Facts<'a> {
    pub(super) policy_type: Option<PolicyType>,
    pub(super) policy_domain: Option<&'a str>,
    pub(super) result: Option<ResultType>,
    pub(super) result_text: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) mx: Option<&'a str>,
}

impl Facts<'_> {
    /// Whether the sender says why, in other words than our reason codes.
    fn has_own_words(&self) -> bool {
        self.reason.is_some_and(|reason| reason.parse::<ReasonCode>().is_err())
    }

    fn reason_code(&self) -> Option<ReasonCode> {
        self.reason.and_then(reason::known)
    }
}

/// Puts names in the place of `{mx}`, `{domain}`, `{type}`, `{reason}` and `{words}`.
fn fill(template: &str, facts: &Facts<'_>) -> String {
    let mut text = String::new();
    let mut parts = template.split('{');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let (given, shown, instead) = match name {
            "mx" => (facts.mx, "the MX host ", "an MX host that the report does not name"),
            "domain" => (facts.policy_domain, "", "the domain"),
            "type" => (facts.result_text, "", "no result type"),
            "words" => (facts.reason, "", "no reason"),
            _ => (facts.reason, "says ", "gives no reason"),
        };
        match given {
            Some(given) => {
                text.push_str(shown);
                text.push('`');
                text.push_str(&escape(given).to_string());
                text.push('`');
            }
            None => text.push_str(instead),
        }
        text.push_str(rest);
    }
    capitalised(text)
}

fn capitalised(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
