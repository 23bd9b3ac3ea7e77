//! Why a step is made, and what breaks without it.

use alloc::boxed::Box;
use alloc::format;
use core::time::Duration;

use super::step::{Action, WaitFor};
use super::time::Span;
use crate::sts::MaxAge;

/// What a step says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) reason: Box<str>,
    pub(super) section: &'static str,
    pub(super) otherwise: Box<str>,
}

/// What a policy on the way is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The first in `testing`, before anything is enforced.
    Testing,
    /// With the hosts of before and after.
    Hosts,
    /// Enforced, for a shorter time than is wanted.
    Rung,
    /// The one that is wanted.
    Wanted,
    /// The one that withdraws all others.
    Withdrawal,
}

fn words(section: &'static str, reason: &str, otherwise: &str) -> Words {
    Words { reason: reason.into(), section, otherwise: otherwise.into() }
}

/// Of a file that is served.
pub(super) fn file(purpose: Purpose, max_age: MaxAge) -> Words {
    let age = Span(max_age.as_duration());
    let reason: Box<str> = match purpose {
        Purpose::Testing => format!(
            "In testing senders report what they would refuse, and deliver it; a mistake is \
             kept for {age} at most."
        ),
        Purpose::Hosts => {
            "Every MX host in use before, after and in between must be listed, since senders \
             may have this policy all the while."
                .into()
        }
        Purpose::Rung => format!(
            "Senders refuse from now on, but keep the policy for {age} only: a mistake that \
             the reports did not show is over as soon."
        ),
        Purpose::Wanted => format!("This is the policy that is wanted; senders keep it for {age}."),
        Purpose::Withdrawal => format!(
            "A policy of mode none makes senders deliver as if there had never been one, and \
             they keep it for {age} only."
        ),
    }
    .into();
    let (section, otherwise) = match purpose {
        Purpose::Testing => (
            "RFC 8461 §5",
            "If enforce comes first, senders refuse every host with a wrong name or \
             certificate from the first day, and nobody has been told.",
        ),
        Purpose::Hosts => (
            "RFC 8461 §8.1",
            "Senders that enforce the policy skip each host that it does not list; the mail \
             waits in their queues, and comes back in the end.",
        ),
        Purpose::Rung | Purpose::Wanted => (
            "RFC 8461 §8.1",
            "If the record is changed before all servers of the policy host have this file, \
             senders take the old policy for the new one, and keep it for its max_age.",
        ),
        Purpose::Withdrawal => (
            "RFC 8461 §8.3",
            "If record and file are just removed, every sender that has a policy goes on \
             applying it until it expires, and cannot be told.",
        ),
    };
    Words { reason, section, otherwise: otherwise.into() }
}

/// Of a step that explains itself.
pub(super) fn of(action: &Action) -> Words {
    match action {
        Action::PublishTlsRpt(_) => words(
            "RFC 8460 §3",
            "Senders send reports to those who ask for them; ask first, so that nothing that \
             comes after goes unseen.",
            "Failures under the policy are seen by the senders only, and you learn of them \
             from people whose mail did not come.",
        ),
        // Its words depend on its purpose: `file`.
        Action::PublishFile(policy) => file(Purpose::Wanted, policy.max_age()),
        Action::PublishRecord { replaces: None, .. } => words(
            "RFC 8461 §3.1",
            "Senders look for a policy only where there is this record.",
            "Without it no sender fetches the policy; before the file is there, each that \
             sees it fails to fetch, and tries again only after a while.",
        ),
        Action::PublishRecord { replaces: Some(_), .. } => words(
            "RFC 8461 §8.1",
            "Senders that have a policy fetch another only when the id is another; it comes \
             after the file, so that they do not keep the old one under the new id.",
            "Without a new id senders keep the old policy until it expires.",
        ),
        Action::AddMx(_) => words(
            "RFC 8461 §4.1",
            "Now every policy that a sender may have allows the host, or refuses nothing.",
            "Earlier, senders with a cached policy that does not list the host skip it, and \
             report a failure.",
        ),
        Action::RemoveMx(_) => words(
            "RFC 8461 §4.1",
            "The host goes out of DNS before it goes out of the policy; keep it running until \
             the TTL of the MX records is over.",
            "A host that leaves the policy first is refused by every sender that has the new \
             policy, while the MX records still name it.",
        ),
        Action::Wait(wait) => waiting(*wait, Duration::ZERO),
        Action::RemoveRecord => words(
            "RFC 8461 §8.3",
            "All earlier policies that were named have expired, and the last one asks for nothing.",
            "Earlier, senders that still have an older policy apply it until it expires, with \
             nothing left to tell them that it was withdrawn.",
        ),
        Action::RemoveFile => words(
            "RFC 8461 §8.3",
            "No sender has a record any more that would make it fetch the file; now the \
             policy host may go.",
            "Earlier, senders that see the record in a cache of DNS fail to fetch, and report \
             it.",
        ),
    }
}

/// Of a wait of so long after the step before, where it is that.
pub(super) fn waiting(wait: WaitFor, time: Duration) -> Words {
    let time = Span(time);
    match wait {
        WaitFor::Reports => Words {
            reason: format!(
                "Read the reports of {time} and more, mend what they show, and go on when they \
                 show no failure that is yours; each sender reports once a day, about the day \
                 before."
            )
            .into(),
            section: "RFC 8461 §8.1, RFC 8460 §4",
            otherwise: "A wrong name, an expired certificate or a forgotten backup MX is found \
                        by senders that refuse it."
                .into(),
        },
        WaitFor::Trial => Words {
            reason: format!(
                "For {time} the policy can be taken back within its short max_age; look at \
                 the reports and for complaints before it is kept for longer."
            )
            .into(),
            section: "RFC 8461 §10.2",
            otherwise: "A mistake found later is in caches for the longer max_age, and cannot \
                        be taken back from senders that do not see the record."
                .into(),
        },
        WaitFor::Caches => words(
            "RFC 8461 §5.1",
            "A sender that cannot see the new id, or cannot fetch the new policy, applies the \
             old one until its max_age after it was last served; one that can has the new one \
             when the TTL of the record is over.",
            "Senders with an old policy skip each new host, and their mail waits if there is no \
             other.",
        ),
        WaitFor::MxTtl => words(
            "RFC 8461 §8.1",
            "Resolvers may give out the former MX records until their TTL is over, and senders \
             choose their host among those.",
            "Senders with the former MX records go to hosts that the policy does not list, or \
             have none that takes their mail.",
        ),
        WaitFor::Expiry => words(
            "RFC 8461 §8.3",
            "A policy is applied until its max_age after it was last served; of all policies \
             ever served the longest counts, and the TTL of the record besides. Until then \
             the policy host must go on serving.",
            "If record and file are removed, senders with an older policy go on applying it, \
             and cannot be told that it was withdrawn.",
        ),
        WaitFor::RecordTtl => words(
            "RFC 8461 §8.3",
            "Resolvers may give out the record until its TTL is over, and senders that see it \
             fetch the file.",
            "If the file is removed, those senders fail to fetch it, and report the failure.",
        ),
    }
}
