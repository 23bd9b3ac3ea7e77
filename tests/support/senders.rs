//! Senders that know nothing of plans: they cache records for their TTL and policies for
//! their `max_age`, and some cannot see the record or fetch the file any more.

use mta_sts::DomainName;
use mta_sts::rollout::{Action, Plan};
use mta_sts::sts::{Mode, Policy, PolicyId};

/// What a domain publishes when.
#[derive(Debug, Clone)]
pub(crate) struct World {
    now: u64,
    mx_ttl: u64,
    pub(crate) record_ttl: u64,
    /// Policies of before, with the last second in which they were served.
    earlier: Vec<(Policy, u64)>,
    /// In the order of time; each holds from its second on.
    files: Vec<(u64, Option<Policy>)>,
    records: Vec<(u64, Option<PolicyId>)>,
    mx: Vec<(u64, Vec<DomainName>)>,
    withdrawn_at: Option<u64>,
    sight: Sight,
}

/// Whether senders see the record and reach the policy host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    All,
    /// Some do not, from any time on.
    Some,
}

/// What went wrong for a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It refuses a host that the MX records name.
    Refused { host: DomainName },
    /// It sees the record, the TTL is over, and it applies another policy than the one
    /// that is served.
    Outdated,
    /// It sees the record, and finds no file.
    FetchFails,
    /// It has a policy when the record goes.
    CachesLeft,
}

/// A policy in a cache.
#[derive(Debug, Clone)]
struct Cached {
    policy: Policy,
    id: Option<PolicyId>,
    fetched_at: u64,
}

impl Cached {
    fn is_unexpired(&self, time: u64) -> bool {
        time.saturating_sub(self.fetched_at) <= u64::from(self.policy.max_age().as_secs())
    }
}

fn as_of<T: Clone>(history: &[(u64, T)], time: u64) -> T {
    history.iter().rev().find(|(since, _)| *since <= time).unwrap().1.clone()
}

impl World {
    pub(crate) fn new(now: u64, mx: Vec<DomainName>, record_ttl: u64, mx_ttl: u64) -> Self {
        Self {
            now,
            mx_ttl,
            record_ttl,
            earlier: Vec::new(),
            files: vec![(0, None)],
            records: vec![(0, None)],
            mx: vec![(0, mx)],
            withdrawn_at: None,
            sight: Sight::Some,
        }
    }

    /// A policy of before.
    pub(crate) fn served(&mut self, policy: Policy, until: u64) {
        self.earlier.push((policy, until));
    }

    pub(crate) fn with_sight(mut self, sight: Sight) -> Self {
        self.sight = sight;
        self
    }

    /// The policy of now.
    pub(crate) fn publishes(&mut self, policy: Policy, id: PolicyId) {
        self.files = vec![(0, Some(policy))];
        self.records = vec![(0, Some(id))];
    }

    pub(crate) fn present(&self) -> Option<&Policy> {
        self.files[0].1.as_ref()
    }

    pub(crate) fn mx(&self) -> Vec<DomainName> {
        self.mx.last().unwrap().1.clone()
    }

    pub(crate) fn at_the_end(&self) -> (Option<Policy>, Option<PolicyId>, Vec<DomainName>) {
        let end = u64::MAX;
        (as_of(&self.files, end), as_of(&self.records, end), as_of(&self.mx, end))
    }

    /// Does the steps of a plan at these times; those without a time are left out.
    pub(crate) fn carry_out(&mut self, plan: &Plan, times: &[Option<u64>]) {
        for (step, time) in plan.steps().iter().zip(times) {
            let Some(time) = *time else { continue };
            let mut mx = self.mx();
            match step.action() {
                Action::PublishFile(policy) => self.files.push((time, Some(policy.clone()))),
                Action::RemoveFile => self.files.push((time, None)),
                Action::PublishRecord { id, .. } => self.records.push((time, Some(*id))),
                Action::RemoveRecord => {
                    self.records.push((time, None));
                    self.withdrawn_at = Some(time);
                }
                Action::AddMx(host) => {
                    mx.push(host.clone());
                    self.mx.push((time, mx));
                }
                Action::RemoveMx(host) => {
                    mx.retain(|mx| mx != host);
                    self.mx.push((time, mx));
                }
                Action::PublishTlsRpt(_) | Action::Wait(_) => {}
            }
        }
    }

    /// Whether some policy that was served refuses a host that the plan adds, and can be
    /// in a cache.
    pub(crate) fn may_refuse_new_hosts(&self, plan: &Plan) -> bool {
        let added = || {
            plan.steps().iter().filter_map(|step| match step.action() {
                Action::AddMx(host) => Some(host),
                _ => None,
            })
        };
        let refuses = |policy: &Policy| added().any(|host| is_refused(policy, host));
        let earlier = self.earlier.iter().any(|(policy, last_served)| {
            let age = u64::from(policy.max_age().as_secs());
            refuses(policy) && last_served + age >= self.now
        });
        earlier || self.present().is_some_and(|p| refuses(p) && p.max_age().as_secs() > 0)
    }

    /// What breaks for any sender that gets a policy at any time, and delivers at any later
    /// one.
    pub(crate) fn broken(&self) -> Vec<Broken> {
        let times = self.times();
        let mut senders: Vec<Option<Cached>> = vec![None];
        for (policy, last_served) in &self.earlier {
            let (policy, fetched_at) = (policy.clone(), *last_served);
            senders.push(Some(Cached { policy, id: None, fetched_at }));
        }
        for &time in &times {
            for lag in [0, self.record_ttl] {
                senders.extend(self.looks(None, time, lag).ok().map(Some));
            }
        }
        let all = senders.iter().flat_map(|sender| times.iter().map(move |time| (sender, *time)));
        let mut broken = Vec::new();
        for (sender, time) in all {
            if sender.as_ref().is_none_or(|cached| cached.fetched_at <= time) {
                let found = self.delivers(sender.as_ref(), time);
                broken.extend(found.filter(|found| !broken.contains(found)));
            }
        }
        broken
    }

    /// The times at which something may go wrong: about each change, and about the end
    /// of what can be cached from before it.
    fn times(&self) -> Vec<u64> {
        let changes = (self.files.iter().map(|(time, _)| *time))
            .chain(self.records.iter().map(|(time, _)| *time))
            .chain(self.mx.iter().map(|(time, _)| *time));
        let mut times = vec![self.now - 1, self.now];
        for change in changes.filter(|change| *change > 0) {
            for delay in [0, self.record_ttl, self.mx_ttl] {
                times.extend([change + delay - 1, change + delay]);
            }
        }
        times.sort_unstable();
        times.dedup();
        times
    }

    /// What a sender has after it has looked at the record, which its resolver got so
    /// long ago.
    fn looks(
        &self,
        cached: Option<&Cached>,
        time: u64,
        lag: u64,
    ) -> Result<Cached, Option<Broken>> {
        let cached = cached.filter(|cached| cached.is_unexpired(time));
        let Some(id) = as_of(&self.records, time - lag) else {
            return cached.cloned().ok_or(None);
        };
        if let Some(cached) = cached.filter(|cached| cached.id == Some(id)) {
            return Ok(cached.clone());
        }
        let policy = as_of(&self.files, time).ok_or(Some(Broken::FetchFails))?;
        Ok(Cached { policy, id: Some(id), fetched_at: time })
    }

    /// What breaks for a sender that delivers at this time, whether it sees the record or
    /// not, and whatever its resolver has.
    fn delivers(&self, cached: Option<&Cached>, time: u64) -> Option<Broken> {
        let is_alive = |c: &&Cached| c.is_unexpired(time) && self.sight == Sight::Some;
        let blind = cached.filter(is_alive).cloned();
        if self.withdrawn_at == Some(time)
            && blind.as_ref().is_some_and(|cached| cached.policy.mode() != Mode::None)
        {
            return Some(Broken::CachesLeft);
        }
        let mut applied: Vec<_> = blind.into_iter().collect();
        for lag in [0, self.record_ttl] {
            match self.looks(cached, time, lag) {
                Ok(seen) => {
                    if self.is_outdated(&seen, time) {
                        return Some(Broken::Outdated);
                    }
                    applied.push(seen);
                }
                Err(Some(broken)) => return Some(broken),
                Err(None) => {}
            }
        }
        let named = [0, self.mx_ttl].into_iter().flat_map(|lag| as_of(&self.mx, time - lag));
        let refused = |host: &DomainName| applied.iter().any(|c| is_refused(&c.policy, host));
        named.into_iter().find(refused).map(|host| Broken::Refused { host })
    }

    /// Nothing has changed for longer than a TTL, there is a record, and the sender that
    /// sees it applies something else than the file.
    fn is_outdated(&self, seen: &Cached, time: u64) -> bool {
        let last =
            |changes: &[u64]| changes.iter().filter(|change| **change <= time).max().copied();
        let files: Vec<_> = self.files.iter().map(|(time, _)| *time).collect();
        let records: Vec<_> = self.records.iter().map(|(time, _)| *time).collect();
        let change = last(&files).max(last(&records)).unwrap_or_default();
        let file = as_of(&self.files, time);
        let is_settled = change + self.record_ttl <= time && as_of(&self.records, time).is_some();
        is_settled && file.is_none_or(|file| !file.same_meaning(&seen.policy))
    }
}

/// RFC 8461 §4.1, by the crate's own matching: what is tested here is the order of things.
fn is_refused(policy: &Policy, host: &DomainName) -> bool {
    policy.mode() == Mode::Enforce && policy.matching_mx(host.as_str()).is_none()
}
