//! What is counted for one next hop.

use alloc::vec::Vec;

use super::policy::{KnownPolicy, PolicyRef};
use super::rows::{Rows, insert};
use super::session::{Counted, Session};
use super::{Limits, plus};

/// What is counted under one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyTally {
    pub(super) policy: KnownPolicy,
    hash: u64,
    pub(super) successes: u64,
    pub(super) failures: u64,
    pub(super) rows: Rows,
}

impl PolicyTally {
    pub(super) fn new(policy: PolicyRef<'_>) -> Self {
        Self {
            policy: policy.into(),
            hash: policy.hash(),
            successes: 0,
            failures: 0,
            rows: Rows::default(),
        }
    }

    /// How many rows are kept: none under policies that are not themselves.
    pub(super) fn max_rows(&self, limits: Limits) -> usize {
        match self.policy {
            KnownPolicy::Others(_) => 0,
            _ => limits.rows(),
        }
    }

    #[inline]
    fn record(&mut self, session: &Session<'_>, counted: Counted<'_>, limits: Limits) {
        let max = self.max_rows(limits);
        match counted.failure {
            None => self.successes = plus(self.successes, 1),
            Some(failure) => {
                self.failures = plus(self.failures, 1);
                self.rows.add(session.row(failure), 1, max);
            }
        }
        if let Some(also) = counted.also {
            self.rows.add(session.row(also), 1, max);
        }
    }

    fn merge(&mut self, other: &Self, limits: Limits) {
        self.successes = plus(self.successes, other.successes);
        self.failures = plus(self.failures, other.failures);
        self.rows.merge(&other.rows, self.max_rows(limits));
    }
}

/// What is counted for one next hop, under its policies in the order in which they are
/// kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DomainTally {
    policies: Vec<PolicyTally>,
}

impl DomainTally {
    #[inline]
    pub(super) fn record(&mut self, session: &Session<'_>, limits: Limits) {
        if !session.counts() || self.has_counted_success(session) {
            return;
        }
        if let Some(counted) = session.tlsa() {
            self.count(session, counted, limits);
        }
        if let Some(counted) = session.sts() {
            self.count(session, counted, limits);
        }
        if let Some(counted) = session.without() {
            self.count(session, counted, limits);
        }
    }

    /// Most sessions are nothing but a success under a policy that is known: that takes
    /// a third of the time by this way, and counts the same.
    #[inline]
    fn has_counted_success(&mut self, session: &Session<'_>) -> bool {
        let Some(policy) = session.only_success() else { return false };
        let mut known = self.policies.iter_mut();
        let Some(known) = known.find(|one| PolicyRef::Sts(policy).is(&one.policy)) else {
            return false;
        };
        known.successes = plus(known.successes, 1);
        true
    }

    fn count(&mut self, session: &Session<'_>, counted: Counted<'_>, limits: Limits) {
        self.under(counted.policy, limits).record(session, counted, limits);
    }

    pub(super) fn merge(&mut self, other: &Self, limits: Limits) {
        for one in &other.policies {
            self.add(one, limits);
        }
    }

    /// Adds what was counted under one policy.
    pub(super) fn add(&mut self, one: &PolicyTally, limits: Limits) {
        self.under(one.policy.as_ref(), limits).merge(one, limits);
    }

    pub(super) fn policies(&self) -> impl ExactSizeIterator<Item = &PolicyTally> {
        self.policies.iter()
    }

    /// Where a policy is counted: under itself, if it is among those with the smallest
    /// hashes of all that were ever counted. As with the [rows](Rows::add), one that has
    /// gone to the others once never comes back.
    #[inline]
    fn under(&mut self, policy: PolicyRef<'_>, limits: Limits) -> &mut PolicyTally {
        let known = self.position(policy);
        let at = known.unwrap_or_else(|| self.insert(policy, limits));
        self.policies.get_mut(at).expect("the place of a policy that is there")
    }

    #[inline]
    fn position(&self, policy: PolicyRef<'_>) -> Option<usize> {
        self.policies.iter().position(|one| policy.is(&one.policy))
    }

    /// The place of a new policy, or of the others of its type.
    #[cold]
    fn insert(&mut self, policy: PolicyRef<'_>, limits: Limits) -> usize {
        let others = PolicyRef::Others(policy.policy_type());
        if policy.is_bounded() {
            if self.is_beyond(policy, limits.policies()) {
                return self.position(others).unwrap_or_else(|| self.place(others));
            }
            self.make_room(limits);
        }
        self.place(policy)
    }

    fn place(&mut self, policy: PolicyRef<'_>) -> usize {
        let new = PolicyTally::new(policy);
        let order = policy.order(new.hash);
        let at = self.policies.partition_point(|one| one.policy.as_ref().order(one.hash) < order);
        insert(&mut self.policies, at, new);
        at
    }

    /// Whether there are so many smaller ones that it is not kept.
    fn is_beyond(&self, policy: PolicyRef<'_>, max: usize) -> bool {
        let order = policy.order(policy.hash());
        let smaller = |one: &&PolicyTally| {
            let policy = one.policy.as_ref();
            policy.is_bounded() && policy.order(one.hash) < order
        };
        self.policies.iter().filter(smaller).count() >= max
    }

    /// Lets the greatest go to the others if there is no room for one more.
    fn make_room(&mut self, limits: Limits) {
        let bounded = self.policies.iter().filter(|one| one.policy.as_ref().is_bounded()).count();
        if bounded < limits.policies() {
            return;
        }
        let Some(last) = self.policies.pop() else { return };
        let others = PolicyRef::Others(last.policy.as_ref().policy_type());
        let at = self.position(others).unwrap_or_else(|| self.place(others));
        if let Some(others) = self.policies.get_mut(at) {
            others.merge(&last, limits);
        }
    }
}
