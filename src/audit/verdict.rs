//! The state of a domain in one sentence.

use core::fmt;

use super::check::{Subject, is_conclusive};
use super::finding::{Finding, Severity};
use super::view::{NoTxt, View};
use crate::observations::MxHost;
use crate::sts::apply::{Context, Delivery, Rule};
use crate::sts::{Mode, Policy};
use crate::txt::NoRecord;

/// The state of a domain. `Display` is a sentence without full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a checker may want a word of its own for each")]
pub enum Verdict {
    /// Enforced, and nothing was found but notices.
    Healthy,
    /// Enforced, with warnings.
    Warnings,
    /// Enforced, and not all MX hosts could be looked at.
    HostsNotSeen,
    /// Enforced, with an error that does not refuse mail at the MX hosts now.
    Faulty,
    /// Enforced, and some MX hosts are refused.
    SomeRefused,
    /// Enforced, and every MX host is refused.
    AllRefused,
    /// In testing, and nothing would be refused.
    Testing,
    /// In testing, and there is an error, or something that would be refused.
    TestingFaulty,
    /// Of mode `none`.
    Withdrawn,
    /// There is a record or a policy, and senders cannot use it.
    Broken,
    /// There is neither record nor policy.
    Absent,
    /// The domain takes no mail.
    NoMail,
    /// DNS has not answered.
    Unknown,
    /// Nobody has looked at the record, or at the policy.
    NotChecked,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Healthy,
        Self::Warnings,
        Self::HostsNotSeen,
        Self::Faulty,
        Self::SomeRefused,
        Self::AllRefused,
        Self::Testing,
        Self::TestingFaulty,
        Self::Withdrawn,
        Self::Broken,
        Self::Absent,
        Self::NoMail,
        Self::Unknown,
        Self::NotChecked,
    ];

    /// A word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Warnings => "warnings",
            Self::HostsNotSeen => "hosts-not-seen",
            Self::Faulty => "faulty",
            Self::SomeRefused => "some-refused",
            Self::AllRefused => "all-refused",
            Self::Testing => "testing",
            Self::TestingFaulty => "testing-faulty",
            Self::Withdrawn => "withdrawn",
            Self::Broken => "broken",
            Self::Absent => "absent",
            Self::NoMail => "no-mail",
            Self::Unknown => "unknown",
            Self::NotChecked => "not-checked",
        }
    }

    /// The sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Healthy => "the policy is enforced, and every MX host keeps it",
            Self::Warnings => "the policy is enforced, with something to mend",
            Self::HostsNotSeen => {
                "the policy is enforced, and it is not known whether every MX host keeps it"
            }
            Self::Faulty => "the policy is enforced, and does not work as it should",
            Self::SomeRefused => {
                "the policy is enforced, and senders refuse to deliver to some of the MX hosts"
            }
            Self::AllRefused => {
                "the policy is enforced, and senders that honour it cannot deliver at all"
            }
            Self::Testing => {
                "the policy is in testing: failures are reported, nothing is protected"
            }
            Self::TestingFaulty => {
                "the policy is in testing, and must be mended before it is enforced"
            }
            Self::Withdrawn => "the policy is withdrawn: nothing is protected",
            Self::Broken => "senders cannot use what is published: nothing is protected",
            Self::Absent => "the domain has no MTA-STS: nothing is protected",
            Self::NoMail => "the domain takes no mail",
            Self::Unknown => "DNS has not answered: nothing can be said",
            Self::NotChecked => "not enough was looked at to say anything",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.sentence())
    }
}

/// The verdict; the findings are sorted.
pub(super) fn verdict(view: &View<'_>, findings: &[Finding]) -> Verdict {
    if view.takes_no_mail() {
        return Verdict::NoMail;
    }
    match (&view.record, &view.fetched) {
        (Some(Err(NoTxt::Dns(_))), _) => Verdict::Unknown,
        (Some(Err(NoTxt::Record(NoRecord::Absent))), fetched)
            if view.is_absent() || fetched.is_none() =>
        {
            Verdict::Absent
        }
        (Some(Err(_)), _) | (_, Some(Err(_))) => Verdict::Broken,
        (None, _) | (_, None) => Verdict::NotChecked,
        (Some(Ok(_)), Some(Ok((policy, _)))) => match policy.mode() {
            Mode::None => Verdict::Withdrawn,
            Mode::Testing => testing(findings),
            Mode::Enforce => enforced(view, policy, findings),
        },
    }
}

fn testing(findings: &[Finding]) -> Verdict {
    let is_fault = |finding: &&Finding| {
        let is_of_mx = finding.code().subject() == Subject::Mx;
        finding.severity() == Severity::Error
            || (is_of_mx && finding.code().severity() == Severity::Error)
    };
    match findings.iter().find(is_fault) {
        Some(_) => Verdict::TestingFaulty,
        None => Verdict::Testing,
    }
}

fn enforced(view: &View<'_>, policy: &Policy, findings: &[Finding]) -> Verdict {
    let refused = view.hosts.iter().filter(|host| is_refused(view, policy, host)).count();
    match findings.first().map(Finding::severity) {
        _ if refused > 0 && refused == view.hosts.len() => Verdict::AllRefused,
        _ if refused > 0 => Verdict::SomeRefused,
        Some(Severity::Error) => Verdict::Faulty,
        _ if !is_seen(view) => Verdict::HostsNotSeen,
        Some(Severity::Warning) => Verdict::Warnings,
        Some(Severity::Notice) | None => Verdict::Healthy,
    }
}

/// Whether a sender that goes by the policy skips the host because of it.
fn is_refused(view: &View<'_>, policy: &Policy, host: &str) -> bool {
    let demand = Context::new(host).with_policy(policy).demand();
    if demand.refusal().is_some() {
        return true;
    }
    let probe = view.host(host).filter(|host| is_conclusive(host)).and_then(MxHost::probe);
    let verdict = probe.map(|probe| demand.judge(&probe.outcome()));
    verdict.is_some_and(|verdict| {
        let by_policy = verdict.cause().is_some_and(|cause| cause.rule() == Rule::Sts);
        verdict.delivery() == Delivery::Skip && by_policy
    })
}

/// Whether it is known how all MX hosts do TLS.
fn is_seen(view: &View<'_>) -> bool {
    let is_seen = |host: &&str| view.host(host).is_some_and(is_conclusive);
    !view.hosts.is_empty() && view.hosts.iter().all(is_seen)
}
