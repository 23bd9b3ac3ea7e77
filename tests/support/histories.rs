//! Discoveries one after the other, held against the [model](super::model).

use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::{CacheEntry, CachedPolicy, RefreshRule, Update};
use mta_sts::sts::discovery::Outcome;

use super::machine::{Machine, at, domain, kept, memory};
use super::model::{Asked, Kept, Model, Script, Seen};
use super::operations::{Clock, History, Operation, Plan, Rate};

/// One discovery after the other is what the model says, in everything that can be seen.
/// `restore` is what is left of an entry when it is written down and read again.
pub(crate) fn one_by_one(
    history: &History,
    restore: fn(&CacheEntry) -> CacheEntry,
) -> Vec<(Script, Seen)> {
    let domain = domain();
    let mut sender = Sender {
        domain: &domain,
        history,
        now: history.start,
        entry: CacheEntry::default(),
        model: Model::default(),
        updates: Vec::new(),
        policies: Vec::new(),
        fetches: Vec::new(),
        seen: Vec::new(),
    };
    for (jump, operation) in &history.steps {
        let edges = sender.edges(operation);
        sender.now = jump.from(sender.now, &edges, history.clock);
        match operation {
            Operation::Discover(plan) => sender.discover(plan),
            Operation::Persist { plan, times } => sender.persist(plan, *times),
            Operation::Restore => sender.entry = restore(&sender.entry),
            Operation::FoldAgain(which) => sender.fold_again(*which),
        }
        sender.compare(&edges);
    }
    if history.clock == Clock::Forward {
        at_most_so_many_an_hour(&sender.fetches, history.rate);
    }
    sender.seen
}

/// One sender and its model.
struct Sender<'a> {
    domain: &'a PolicyDomain,
    history: &'a History,
    now: u64,
    entry: CacheEntry,
    model: Model,
    updates: Vec<Update>,
    /// Policies that were applied, for failed deliveries.
    policies: Vec<CachedPolicy>,
    /// When there were fetches.
    fetches: Vec<u64>,
    /// All discoveries.
    seen: Vec<(Script, Seen)>,
}

impl Sender<'_> {
    fn edges(&self, operation: &Operation) -> Vec<u64> {
        match operation {
            Operation::Discover(plan) | Operation::Persist { plan, .. } => {
                self.model.edges(plan.rules(self.history.rate))
            }
            Operation::Restore | Operation::FoldAgain(_) => Vec::new(),
        }
    }

    fn discover(&mut self, plan: &Plan) {
        let rules = plan.rules(self.history.rate);
        let edges = self.model.edges(rules);
        let script = plan.script(rules, self.now, &edges, self.history.clock);
        let mut model = self.model.clone();
        let earlier: Vec<Kept> = self.policies.iter().map(kept).collect();
        let predicted = model.discover(&script, &earlier);

        let entry = self.entry.clone();
        let mut machine =
            Machine::new(self.domain, entry, plan.clone(), self.history.rate, self.now);
        let times = [script.looked_at, script.answered_at];
        for time in times.into_iter().take(script.answers.into()) {
            machine.answer(time);
        }
        let (seen, outcome) = machine.end(&self.policies);
        assert_eq!(seen, predicted, "{script:#?}\nfrom {:#?}", self.model);
        if seen.is_done || plan.is_kept {
            self.model = model;
            self.keep(&outcome);
            if seen.asked.contains(&Asked::Policy) {
                self.fetches.push(script.begun_at.max(script.looked_at));
            }
        }
        // Later operations come after it, if time does not run backwards.
        if self.history.clock == Clock::Forward {
            self.now = self.now.max(script.looked_at).max(script.answered_at);
        }
        self.seen.push((script, seen));
    }

    fn keep(&mut self, outcome: &Outcome) {
        self.entry.apply(outcome.update());
        self.updates.push(outcome.update().clone());
        if let Some(policy) = outcome.policy() {
            self.policies.insert(0, policy.clone());
            self.policies.truncate(3);
        }
    }

    fn persist(&mut self, plan: &Plan, times: u8) {
        for _ in 0..times {
            let next = self.model.end_of_wait(self.now).unwrap_or(self.now);
            self.now = if self.history.clock == Clock::Forward { next.max(self.now) } else { next };
            self.discover(plan);
        }
    }

    fn fold_again(&mut self, which: u8) {
        if let Some(update) = some(&self.updates, which) {
            let before = self.entry.clone();
            self.entry.apply(update);
            assert_eq!(self.entry, before, "an update counts once");
        }
    }

    /// Compares all that can be seen of the memory, now and where something changes.
    fn compare(&self, edges: &[u64]) {
        assert_eq!(memory(&self.entry), self.model.memory());
        let beside = |time: &u64| [time.saturating_sub(1), *time, time.saturating_add(1)];
        for now in edges.iter().flat_map(beside).chain([self.now]) {
            let unexpired = self.entry.unexpired(at(now)).is_some();
            assert_eq!(unexpired, self.model.unexpired(now).is_some(), "{now}");
            for (seed, days) in [(0, 30), (8_461, 0), (u64::MAX, u32::MAX)] {
                self.compare_refresh(seed, days, now);
            }
        }
    }

    fn compare_refresh(&self, seed: u64, days: u32, now: u64) {
        let rule = RefreshRule::new(seed).used_within_days(days);
        let is_due = self.entry.is_refresh_due(self.domain, rule, at(now));
        let Some(policy) = self.entry.policy() else { return assert!(!is_due) };
        let due_at = policy.refresh_due_at(self.domain, seed).as_secs();
        let (earliest, latest) = self.model.refresh_times().expect("there is a policy");
        assert!((earliest..=latest).contains(&due_at), "{earliest} to {latest}: {due_at}");
        let predicted = self.model.is_refresh_due(due_at, days.into(), now);
        assert_eq!(is_due, predicted, "{now} {:#?}", self.model);
    }
}

fn some<T>(all: &[T], which: u8) -> Option<&T> {
    all.get(usize::from(which).checked_rem(all.len())?)
}

/// FET-8: no hour has more fetches than the burst and those of an hour. (Not at the end of
/// time, since when the bucket is full again is after it.)
fn at_most_so_many_an_hour(fetches: &[u64], rate: Rate) {
    let fetches: Vec<u64> = fetches.iter().copied().filter(|time| *time < u64::MAX / 2).collect();
    for (n, first) in fetches.iter().enumerate() {
        let hour = fetches[n..]
            .iter()
            .take_while(|time| **time - first <= 3_600)
            .map(|_| 1_u64)
            .sum::<u64>();
        assert!(hour <= rate.an_hour(), "{hour} fetches from {first} on, {rate:?}");
    }
}
