//! One step of a plan.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::time::{Moment, Span, later};
use super::words::Words;
use crate::domain::DomainName;
use crate::escape::escape;
use crate::sts::{MAX_BODY_LEN, Policy, PolicyId};
use crate::tlsrpt::TlsRptRecord;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever carries out a plan must do each of them")]
pub enum Action {
    /// Publish this `_smtp._tls` record, in place of any other (RFC 8460 §3).
    PublishTlsRpt(TlsRptRecord<'static>),
    /// Serve this policy at its well-known place, in place of any other (RFC 8461 §3.2).
    PublishFile(Policy),
    /// Publish the `_mta-sts` record with this `id` (RFC 8461 §3.1).
    PublishRecord {
        /// The new `id`.
        id: PolicyId,
        /// The one in the record that it takes the place of; none if there is no record.
        replaces: Option<PolicyId>,
    },
    /// Add this host to the MX records.
    AddMx(DomainName),
    /// Take this host out of the MX records.
    RemoveMx(DomainName),
    /// Wait; the time of the step is that at which the wait is over.
    Wait(WaitFor),
    /// Take the `_mta-sts` record out of DNS (RFC 8461 §8.3).
    RemoveRecord,
    /// Serve no policy any more (RFC 8461 §8.3).
    RemoveFile,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever carries out a plan must know each of them")]
pub enum WaitFor {
    /// Reports about the `testing` policy, and what they say: to go on is the owner's
    /// decision, and this the earliest time for it.
    Reports,
    /// That an enforced policy has stood for some time without complaints.
    Trial,
    /// That no sender has a policy any more that refuses the hosts to come.
    Caches,
    /// That no resolver has the former MX records any more.
    MxTtl,
    /// That no sender has any policy any more.
    Expiry,
    /// That no resolver has the `_mta-sts` record any more.
    RecordTtl,
}

/// That so much time must have passed since another step was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct After {
    /// The [number](Step::number) of the other step, which comes before.
    pub step: usize,
    /// How long after it was done.
    pub delay: Duration,
}

/// A step of a [`Plan`](super::Plan).
///
/// `Display` shows it in several lines; what is to be published stands at their left edge,
/// ready to be copied. Text beyond what a policy usually has is [escaped](crate::escape)
/// there: [`policy_file`](Self::policy_file) has it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub(super) number: usize,
    pub(super) action: Action,
    pub(super) after: Vec<After>,
    pub(super) not_before: Option<UnixTime>,
    pub(super) at: UnixTime,
    pub(super) usual: Option<UnixTime>,
    pub(super) place: Box<str>,
    pub(super) zone_line: Option<Box<str>>,
    pub(super) words: Words,
}

impl Step {
    /// Its place in the plan, counted from 1. It comes after all with lower numbers.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// What is to be done.
    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }

    /// The earliest time if all steps before are done at theirs.
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// The earliest time whatever is done when.
    #[must_use]
    pub const fn not_before(&self) -> Option<UnixTime> {
        self.not_before
    }

    /// Which steps must be done for how long; besides, the one before must be done.
    #[must_use]
    pub fn after(&self) -> &[After] {
        &self.after
    }

    /// Of a wait for [`Caches`](WaitFor::Caches) or [`Expiry`](WaitFor::Expiry): when it
    /// would be over if every sender could see the record and fetch the file. To go on
    /// then saves time, and risks the mail of those that cannot.
    #[must_use]
    pub const fn usual(&self) -> Option<UnixTime> {
        self.usual
    }

    /// Why, in a sentence or two.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.words.reason
    }

    /// The section that says so, such as `RFC 8461 §8.1`.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        self.words.section
    }

    /// What breaks for whom if it is left out or done early.
    #[must_use]
    pub fn otherwise(&self) -> &str {
        &self.words.otherwise
    }

    /// Where: a URL, or the owner name of a record; empty for a wait.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The file to serve, as `text/plain`.
    #[must_use]
    pub fn policy_file(&self) -> Option<&str> {
        match &self.action {
            Action::PublishFile(policy) => Some(policy.as_str()),
            _ => None,
        }
    }

    /// The line of the zone file for what is to be published in DNS; none for what is to
    /// be taken out.
    #[must_use]
    pub fn zone_line(&self) -> Option<&str> {
        self.zone_line.as_deref()
    }

    /// The earliest time if the steps before were done at these times, in their order; a
    /// time that is missing is taken as that in the plan.
    pub(super) fn earliest(&self, done: impl Fn(usize) -> UnixTime) -> UnixTime {
        let after = self.after.iter().map(|after| later(done(after.step), after.delay));
        let before = self.number.checked_sub(1).filter(|number| *number > 0).map(&done);
        let times = after.chain(before).chain(self.not_before);
        times.fold(UnixTime::since_unix_epoch(Duration::ZERO), Ord::max)
    }

    fn write_title(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match &self.action {
            Action::PublishTlsRpt(_) => write!(f, "publish the TLSRPT record {place}"),
            Action::PublishFile(_) => write!(f, "serve this file as {place}"),
            Action::PublishRecord { id, replaces: None } => {
                write!(f, "publish the record {place} with the id {id}")
            }
            Action::PublishRecord { id, replaces: Some(old) } => {
                write!(f, "change the id in {place} from {old} to {id}")
            }
            Action::AddMx(host) => write!(f, "add {host} to the MX records of {place}"),
            Action::RemoveMx(host) => write!(f, "take {host} out of the MX records of {place}"),
            Action::Wait(wait) => write!(f, "wait until {wait}"),
            Action::RemoveRecord => write!(f, "take the record {place} out of DNS"),
            Action::RemoveFile => write!(f, "stop serving {place}"),
        }
    }

    fn write_constraints(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after.is_empty() && self.not_before.is_none() {
            return Ok(());
        }
        f.write_str("   Not before:")?;
        let mut delimiter = "";
        for After { step, delay } in &self.after {
            write!(f, "{delimiter} {} after step {step}", Span(*delay))?;
            delimiter = ", nor";
        }
        if let Some(time) = self.not_before {
            write!(f, "{delimiter} {}", Moment(time))?;
        }
        writeln!(f, ".")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}: ", self.number, Moment(self.at))?;
        self.write_title(f)?;
        let Words { reason, section, otherwise } = &self.words;
        writeln!(f, "\n   Why: {reason} ({section})")?;
        writeln!(f, "   Otherwise: {otherwise}")?;
        self.write_constraints(f)?;
        if let Some(usual) = self.usual {
            let usual = Moment(usual);
            writeln!(
                f,
                "   Usually: {usual}; by then all that see the record have the new policy."
            )?;
        }
        let lines = self.policy_file().unwrap_or_default().lines();
        if self.policy_file().is_some() || self.zone_line.is_some() {
            writeln!(f)?;
        }
        for line in lines {
            writeln!(f, "{}", escape(line).at_most(MAX_BODY_LEN))?;
        }
        self.zone_line.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for WaitFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reports => "the reports are good",
            Self::Trial => "the policy has stood the test",
            Self::Caches => "no sender has a policy that refuses the new hosts",
            Self::MxTtl => "no resolver has the former MX records",
            Self::Expiry => "no sender has an older policy",
            Self::RecordTtl => "no resolver has the record",
        })
    }
}
