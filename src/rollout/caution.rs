//! What to know beside the steps of a plan.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::UnixTime;

use super::state::{Earlier, Goal, State, Wanted, refuses};
use super::time::Moment;
use crate::domain::DomainName;
use crate::sts::{Mode, Policy};

/// Something that the owner should know beside the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caution {
    /// A host in use is refused by the policy that is published.
    RefusedNow {
        /// The host.
        host: DomainName,
    },
    /// A host in use is refused by senders that still have an earlier policy.
    RefusedUntil {
        /// The host.
        host: DomainName,
        /// The first second in which no sender has it.
        until: UnixTime,
    },
    /// Nobody is asked for reports, neither now nor in the end.
    NoReports,
    /// A policy is withdrawn and no earlier one was named: the waits hold only if there
    /// was none.
    NoEarlier,
    /// The domain enforces, and will not any more.
    Weaker {
        /// The mode to come.
        to: Mode,
    },
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RefusedNow { host } => write!(
                f,
                "senders refuse the MX host {host} now, since the policy does not list it."
            ),
            Self::RefusedUntil { host, until } => write!(
                f,
                "until {} senders may have an earlier policy that refuses the MX host {host}; \
                 those that see the record of the policy published now have that one.",
                Moment(*until)
            ),
            Self::NoReports => f.write_str(
                "no TLSRPT record asks for reports, so that nothing will tell of failures.",
            ),
            Self::NoEarlier => f.write_str(
                "no earlier policy was named: if there was one that a sender may still have, \
                 removing the record or the file before it has expired refuses mail.",
            ),
            Self::Weaker { to } => write!(
                f,
                "the domain enforces now and will not any more: in mode {to} somebody in \
                 between can make senders deliver without TLS, or to another host."
            ),
        }
    }
}

/// What the steps cannot mend, or what they do that may surprise.
pub(super) fn cautions(
    state: &State,
    wanted: &Wanted,
    target: &Policy,
    now: UnixTime,
) -> Vec<Caution> {
    let mut cautions = Vec::new();
    let present = state.published.as_ref().map(|published| &published.policy);
    for host in &state.mx {
        if present.is_some_and(|policy| refuses(policy, host)) {
            cautions.push(Caution::RefusedNow { host: host.clone() });
        }
        let earlier = state.earlier.iter().filter(|earlier| earlier.surely_refuses(host));
        if let Some(until) = earlier.map(Earlier::gone_at).max().filter(|until| *until > now) {
            cautions.push(Caution::RefusedUntil { host: host.clone(), until });
        }
    }
    let is_silent = state.tlsrpt.is_none() && wanted.tlsrpt.is_none();
    if is_silent && target.mode() != Mode::None {
        cautions.push(Caution::NoReports);
    }
    if wanted.goal == Goal::Withdrawn && state.earlier.is_empty() {
        cautions.push(Caution::NoEarlier);
    }
    if present.is_some_and(|policy| policy.mode() == Mode::Enforce)
        && target.mode() != Mode::Enforce
    {
        cautions.push(Caution::Weaker { to: target.mode() });
    }
    cautions
}
