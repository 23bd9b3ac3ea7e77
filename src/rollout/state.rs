//! What there is, and what is wanted.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::time::later;
use crate::domain::DomainName;
use crate::sts::{MaxAge, Mode, Policy, PolicyDomain, PolicyId};
use crate::tlsrpt::TlsRptRecord;
use crate::tlsrpt::insight::Criteria;

/// The TTL of records unless the caller says otherwise: an hour.
pub const DEFAULT_TTL: Duration = Duration::from_secs(3_600);

/// The MX hosts that a plan takes, now and wanted each; a policy has no room for more.
pub const MAX_HOSTS: usize = crate::sts::MAX_MX;

/// What a domain has now, as far as the caller knows.
#[derive(Debug, Clone)]
#[must_use]
pub struct State {
    pub(super) domain: PolicyDomain,
    pub(super) mx: Vec<DomainName>,
    pub(super) mx_ttl: Duration,
    pub(super) published: Option<Published>,
    pub(super) earlier: Vec<Earlier>,
    pub(super) last_id: Option<PolicyId>,
    record_ttl: Option<Duration>,
    pub(super) tlsrpt: Option<TlsRptRecord<'static>>,
}

impl State {
    /// A domain with these MX hosts, and nothing else. A domain without MX records is its
    /// own host (RFC 8461 §4.1).
    pub fn new(domain: PolicyDomain, mx: impl IntoIterator<Item = DomainName>) -> Self {
        Self {
            domain,
            mx: distinct(mx),
            mx_ttl: DEFAULT_TTL,
            published: None,
            earlier: Vec::new(),
            last_id: None,
            record_ttl: None,
            tlsrpt: None,
        }
    }

    /// The policy is published, file and record; its `id` is the last one.
    pub fn with_published(mut self, published: Published) -> Self {
        self.last_id = Some(published.id);
        self.published = Some(published);
        self
    }

    /// Senders may still have this policy, which is published no more. Every one since the
    /// last time that there was none should be given; those that have expired do no harm.
    pub fn with_earlier(mut self, earlier: Earlier) -> Self {
        self.earlier.push(earlier);
        self
    }

    /// The `id` that was published last, where nothing is published now.
    pub const fn with_last_id(mut self, id: PolicyId) -> Self {
        self.last_id = Some(id);
        self
    }

    /// The TTL that a record to be published gets; that of the published one, or
    /// [`DEFAULT_TTL`] where there is none. Whole seconds count.
    pub const fn with_record_ttl(mut self, ttl: Duration) -> Self {
        self.record_ttl = Some(ttl);
        self
    }

    /// The TTL of the MX records; [`DEFAULT_TTL`] by default. Whole seconds count.
    pub const fn with_mx_ttl(mut self, ttl: Duration) -> Self {
        self.mx_ttl = ttl;
        self
    }

    /// The domain asks for reports.
    pub fn with_tlsrpt(mut self, record: TlsRptRecord<'static>) -> Self {
        self.tlsrpt = Some(record);
        self
    }

    /// Of records to be published.
    pub(super) fn record_ttl(&self) -> Duration {
        let present = self.published.as_ref().map(|published| published.record_ttl);
        self.record_ttl.or(present).unwrap_or(DEFAULT_TTL)
    }

    /// How long a resolver may have an `_mta-sts` record that has changed, whether it is
    /// that of now or one to be published.
    pub(super) fn longest_record_ttl(&self) -> Duration {
        let present = self.published.as_ref().map(|published| published.record_ttl);
        present.unwrap_or_default().max(self.record_ttl())
    }
}

/// A policy that is published: the file is served, and the record announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub(super) policy: Policy,
    pub(super) id: PolicyId,
    record_ttl: Duration,
}

impl Published {
    /// A policy, the `id` in its TXT record, and the TTL of that, in whole seconds; records
    /// to be published get the same TTL.
    #[must_use]
    pub const fn new(policy: Policy, id: PolicyId, record_ttl: Duration) -> Self {
        Self { policy, id, record_ttl }
    }
}

/// A policy that was published and is no more, but may be in caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    policy: Option<Policy>,
    max_age: MaxAge,
    last_served: UnixTime,
}

impl Earlier {
    /// A policy, and the last second in which its file may have been served.
    #[must_use]
    pub const fn new(policy: Policy, last_served: UnixTime) -> Self {
        let max_age = policy.max_age();
        Self { policy: Some(policy), max_age, last_served }
    }

    /// One of which no more is known; it is taken to enforce, and to allow no new host.
    #[must_use]
    pub const fn unknown(max_age: MaxAge, last_served: UnixTime) -> Self {
        Self { policy: None, max_age, last_served }
    }

    /// The first second in which no sender applies it (RFC 8461 §3.3): one more than its
    /// `max_age` after it was last served.
    #[must_use]
    pub fn gone_at(&self) -> UnixTime {
        later(self.last_served, lifetime(self.max_age))
    }

    pub(super) fn refuses(&self, host: &DomainName) -> bool {
        self.policy.as_ref().is_none_or(|policy| refuses(policy, host))
    }

    /// Whether it is known to refuse the host.
    pub(super) fn surely_refuses(&self, host: &DomainName) -> bool {
        self.policy.as_ref().is_some_and(|policy| refuses(policy, host))
    }
}

/// How long after it was last served a policy may be applied, and a second: at the end
/// of its `max_age` it still is.
pub(super) fn lifetime(max_age: MaxAge) -> Duration {
    max_age.as_duration().saturating_add(Duration::from_secs(1))
}

/// Whether a sender with this policy refuses the host for not being listed.
pub(super) fn refuses(policy: &Policy, host: &DomainName) -> bool {
    policy.mode() == Mode::Enforce && !lists(policy, host)
}

/// Whether the host is none to complain about.
pub(super) fn lists(policy: &Policy, host: &DomainName) -> bool {
    policy.mode() == Mode::None || policy.matching_mx(host.as_str()).is_some()
}

/// What a domain is to have.
#[derive(Debug, Clone)]
#[must_use]
pub struct Wanted {
    pub(super) goal: Goal,
    pub(super) mx: Vec<DomainName>,
    pub(super) tlsrpt: Option<TlsRptRecord<'static>>,
    pub(super) readiness: Readiness,
    pub(super) pace: Pace,
    pub(super) ids: Ids,
}

/// What is to become of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is a policy or there is none")]
pub enum Goal {
    /// It is to be this one.
    Policy(Policy),
    /// There is to be none.
    Withdrawn,
}

impl Wanted {
    /// This policy, and these MX hosts.
    pub fn policy(policy: Policy, mx: impl IntoIterator<Item = DomainName>) -> Self {
        Self::new(Goal::Policy(policy), mx)
    }

    /// No policy any more (RFC 8461 §8.3), and these MX hosts.
    pub fn withdrawn(mx: impl IntoIterator<Item = DomainName>) -> Self {
        Self::new(Goal::Withdrawn, mx)
    }

    fn new(goal: Goal, mx: impl IntoIterator<Item = DomainName>) -> Self {
        Self {
            goal,
            mx: distinct(mx),
            tlsrpt: None,
            readiness: Readiness::Unknown,
            pace: Pace::default(),
            ids: Ids::FromTime,
        }
    }

    /// The record that asks for reports; without one, that of the state stays.
    pub fn with_tlsrpt(mut self, record: TlsRptRecord<'static>) -> Self {
        self.tlsrpt = Some(record);
        self
    }

    /// What the reports of a `testing` policy that is published now have said.
    pub const fn with_readiness(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// How long is waited where nothing but prudence says how long.
    pub const fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// How an `id` is made; [`Ids::FromTime`] by default.
    pub const fn with_ids(mut self, ids: Ids) -> Self {
        self.ids = ids;
        self
    }
}

/// Whether the MX hosts as they are now can stand `enforce`, by the caller's judgement:
/// [`insight::Readiness`](crate::tlsrpt::insight::Readiness) helps with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is known or it is not")]
pub enum Readiness {
    /// Reports have not been read, or not for long enough.
    Unknown,
    /// Reports of a `testing` policy were good for long enough. It says nothing about
    /// hosts that are still to be added.
    Ready,
}

/// How an `id` is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the two ways that RFC 8461 and practice know")]
pub enum Ids {
    /// [`id_from_time`](super::id_from_time), of the step's earliest time.
    FromTime,
    /// [`id_from_content`](super::id_from_content).
    FromContent,
}

/// How long is waited where no RFC says how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two times, and both are needed")]
pub struct Pace {
    /// How long reports are read in `testing`; 14 days by default, as long as
    /// [`Criteria::MIN_DAYS`].
    pub observe: Duration,
    /// How long an enforced policy stands before its `max_age` is raised; 7 days by
    /// default, so that each day of the week has been seen.
    pub hold: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days.saturating_mul(86_400));
        Self { observe: days(Criteria::MIN_DAYS), hold: days(7) }
    }
}

/// The hosts in their order, each once.
fn distinct(hosts: impl IntoIterator<Item = DomainName>) -> Vec<DomainName> {
    let mut all = Vec::new();
    for host in hosts {
        // One more than the limit is kept, so that the plan can refuse it.
        if all.len() <= MAX_HOSTS && !all.contains(&host) {
            all.push(host);
        }
    }
    all
}
