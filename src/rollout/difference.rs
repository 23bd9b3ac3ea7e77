//! What changes for senders when one policy takes the place of another.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::pattern::{PatternChange, patterns};
use super::state::{Earlier, lists};
use super::time::{Moment, Span};
use crate::domain::DomainName;
use crate::sts::{Mode, Policy};

/// The difference of two policies, for these MX hosts, in terms of who would be refused
/// until when (RFC 8461 §4.1, §5).
///
/// `last_served` is the last second in which the old one is served: from then on, senders
/// that have it may apply it for its `max_age`, and those that have seen a new `id` apply
/// the new one.
///
/// ```
/// use core::time::Duration;
///
/// use mta_sts::DomainName;
/// use mta_sts::rollout::{ModeChange, Treatment, difference};
/// use rustls_pki_types::UnixTime;
///
/// let old = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 86400\n".parse()?;
/// let new = "version: STSv1\nmode: enforce\nmx: mx2.example.com\nmax_age: 604800\n".parse()?;
/// let hosts = [DomainName::parse("mx1.example.com")?, DomainName::parse("mx2.example.com")?];
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600));
///
/// let difference = difference(&old, &new, &hosts, now);
/// assert_eq!(difference.mode_change(), ModeChange::Stronger);
/// let change = &difference.hosts()[0];
/// assert_eq!((change.before, change.after), (Treatment::Allowed, Treatment::Refused));
/// assert_eq!(
///     difference.to_string(),
///     "The mode goes from testing to enforce: senders will refuse what they only reported.\n\
///      The max_age goes from 1 day to 7 days.\n\
///      `mx2.example.com` is listed now.\n\
///      `mx1.example.com` is not listed any more.\n\
///      mx1.example.com: will be refused by senders with the new policy.\n\
///      mx2.example.com: will be listed.\n\
///      Until 2026-11-23 00:00:01Z senders may apply the old policy: \
///      in it mx2.example.com is reported.\n",
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn difference(
    old: &Policy,
    new: &Policy,
    hosts: &[DomainName],
    last_served: UnixTime,
) -> Difference {
    let change = |host: &DomainName| HostChange {
        host: host.clone(),
        before: Treatment::of(old, host),
        after: Treatment::of(new, host),
    };
    Difference {
        modes: (old.mode(), new.mode()),
        max_ages: (old.max_age().as_duration(), new.max_age().as_duration()),
        patterns: patterns(old, new),
        hosts: hosts.iter().map(change).collect(),
        old_gone_at: Earlier::new(old.clone(), last_served).gone_at(),
    }
}

/// What changes from one policy to another; made by [`difference()`]. `Display` tells it
/// in a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    modes: (Mode, Mode),
    max_ages: (Duration, Duration),
    patterns: Vec<PatternChange>,
    hosts: Vec<HostChange>,
    old_gone_at: UnixTime,
}

impl Difference {
    /// The modes before and after.
    #[must_use]
    pub const fn modes(&self) -> (Mode, Mode) {
        self.modes
    }

    /// Whether senders will do more or less than before.
    #[must_use]
    pub fn mode_change(&self) -> ModeChange {
        match strength(self.modes.1).cmp(&strength(self.modes.0)) {
            Ordering::Less => ModeChange::Weaker,
            Ordering::Equal => ModeChange::Same,
            Ordering::Greater => ModeChange::Stronger,
        }
    }

    /// Whether the policy will be kept for longer.
    #[must_use]
    pub fn max_age_change(&self) -> MaxAgeChange {
        let (from, to) = self.max_ages;
        match to.cmp(&from) {
            Ordering::Less => MaxAgeChange::Shorter { from, to },
            Ordering::Equal => MaxAgeChange::Same,
            Ordering::Greater => MaxAgeChange::Longer { from, to },
        }
    }

    /// The patterns that are not in both, first those that come, then those that go.
    #[must_use]
    pub fn patterns(&self) -> &[PatternChange] {
        &self.patterns
    }

    /// Each of the hosts given, in their order, whether it changes or not.
    #[must_use]
    pub fn hosts(&self) -> &[HostChange] {
        &self.hosts
    }

    /// The first second in which no sender applies the old policy.
    #[must_use]
    pub const fn old_gone_at(&self) -> UnixTime {
        self.old_gone_at
    }

    /// The hosts that a sender with the old policy refuses until
    /// [`old_gone_at`](Self::old_gone_at).
    pub fn refused_before(&self) -> impl Iterator<Item = &DomainName> {
        let refused = |change: &&HostChange| change.before == Treatment::Refused;
        self.hosts.iter().filter(refused).map(|change| &change.host)
    }

    /// The hosts that a sender with the new policy refuses, as long as it has it.
    pub fn refused_after(&self) -> impl Iterator<Item = &DomainName> {
        let refused = |change: &&HostChange| change.after == Treatment::Refused;
        self.hosts.iter().filter(refused).map(|change| &change.host)
    }
}

const fn strength(mode: Mode) -> u8 {
    match mode {
        Mode::None => 0,
        Mode::Testing => 1,
        Mode::Enforce => 2,
    }
}

/// Whether a mode asks for more than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "modes have an order")]
pub enum ModeChange {
    /// The mode is the same.
    Same,
    /// Senders refuse or report what they did not before.
    Stronger,
    /// Senders deliver what they refused, or say nothing of what they reported.
    Weaker,
}

/// Whether a policy is kept for longer than another; the times are those that senders
/// take, a year at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "times have an order")]
pub enum MaxAgeChange {
    /// For as long.
    Same,
    /// For longer.
    Longer {
        /// As it was.
        from: Duration,
        /// As it will be.
        to: Duration,
    },
    /// For a shorter time; who has the old one and does not see the new keeps it all the
    /// same.
    Shorter {
        /// As it was.
        from: Duration,
        /// As it will be.
        to: Duration,
    },
}

/// What a sender does with a host by a policy, as far as the list of hosts decides; a host
/// that is listed must have TLS and a valid certificate besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else that a policy can say")]
pub enum Treatment {
    /// The policy lists it.
    Allowed,
    /// The policy does not list it, and is in `testing`: delivered and reported.
    Reported,
    /// The policy does not list it and enforces: skipped.
    Refused,
    /// The policy has mode `none`, and says nothing of any host.
    Unprotected,
}

impl Treatment {
    /// What a sender with this policy does with the host.
    #[must_use]
    pub fn of(policy: &Policy, host: &DomainName) -> Self {
        match policy.mode() {
            Mode::None => Self::Unprotected,
            _ if lists(policy, host) => Self::Allowed,
            Mode::Testing => Self::Reported,
            Mode::Enforce => Self::Refused,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Allowed => "listed",
            Self::Reported => "reported",
            Self::Refused => "refused",
            Self::Unprotected => "without any policy",
        }
    }
}

/// What changes for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostChange {
    /// The host.
    pub host: DomainName,
    /// By a sender with the old policy.
    pub before: Treatment,
    /// By a sender with the new policy.
    pub after: Treatment,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_mode(f)?;
        let (from, to) = (Span(self.max_ages.0), Span(self.max_ages.1));
        if self.max_age_change() != MaxAgeChange::Same {
            writeln!(f, "The max_age goes from {from} to {to}.")?;
        }
        self.patterns.iter().try_for_each(|change| writeln!(f, "{change}."))?;
        for change in self.hosts.iter().filter(|change| change.before != change.after) {
            writeln!(f, "{change}.")?;
        }
        self.write_old(f)
    }
}

impl Difference {
    fn write_mode(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = self.modes;
        let meaning = match (from, to) {
            (Mode::Testing, Mode::Enforce) => "senders will refuse what they only reported",
            (Mode::None, Mode::Enforce) => "senders will refuse what they did not look at",
            (_, Mode::None) => "senders will deliver as if there were no policy",
            (Mode::None, Mode::Testing) => "senders will report what they did not look at",
            (Mode::Enforce, Mode::Testing) => {
                "senders will deliver what they refused, and report it"
            }
            (Mode::Enforce, Mode::Enforce) | (Mode::Testing, Mode::Testing) => "",
        };
        if from == to {
            return writeln!(f, "The mode stays {to}.");
        }
        writeln!(f, "The mode goes from {from} to {to}: {meaning}.")
    }

    fn write_old(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Until {} senders may apply the old policy", Moment(self.old_gone_at))?;
        let complained = |change: &&HostChange| {
            matches!(change.before, Treatment::Refused | Treatment::Reported)
        };
        let mut delimiter = ": in it";
        for change in self.hosts.iter().filter(complained) {
            write!(f, "{delimiter} {} is {}", change.host, change.before.words())?;
            delimiter = ",";
        }
        writeln!(f, ".")
    }
}

impl fmt::Display for HostChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, after, .. } = self;
        match after {
            Treatment::Refused | Treatment::Reported => {
                write!(f, "{host}: will be {} by senders with the new policy", after.words())
            }
            Treatment::Allowed | Treatment::Unprotected => {
                write!(f, "{host}: will be {}", after.words())
            }
        }
    }
}
