//! Discoveries at once, on two hosts that share what they learn late or never: the laws of
//! updates (DIS-2).

use std::collections::BTreeSet;

use mta_sts::sts::cache::{CacheEntry, CachedPolicy, FailedFetches, RefreshRule, Update};
use mta_sts::sts::discovery::{Purpose, Source};
use mta_sts::sts::{Mode, PolicyDomain};

use super::machine::{Machine, at, domain};
use super::model::{Applied, Asked, Kind};
use super::operations::{
    Clock, FetchAnswer, History, Interleaving, Jump, Move, Operation, Plan, Rate, TxtAnswer,
};

/// Their updates can be folded in any order, the newest fetch wins, and no failure changes
/// what is applied.
/// `restore` is what is left of an entry when it is written down and read again.
pub(crate) fn at_once(
    interleaving: &Interleaving,
    restore: fn(&CacheEntry) -> CacheEntry,
) -> Reached {
    let domain = domain();
    let mut world = World::new(&domain, &interleaving.past);
    for (jump, operation) in &interleaving.past.steps {
        world.jump(*jump);
        match operation {
            Operation::Discover(plan) => world.single(plan),
            Operation::Persist { plan, times } => (0..*times).for_each(|_| world.single(plan)),
            Operation::Restore => world.restore(0, restore),
            Operation::FoldAgain(which) => world.fold(*which, 0),
        }
    }
    world.hosts[1] = world.hosts[0].clone();
    let start = world.hosts[0].entry.clone();
    for (jump, step) in &interleaving.moves {
        world.jump(*jump);
        match step {
            Move::Begin { slot, host, stale, plan } => {
                world.begin(*slot, *host, *stale, plan.clone());
            }
            Move::Answer(slot) => world.answer(*slot),
            Move::End { slot, folded } => world.end(*slot, *folded),
            Move::Fold { which, host } => world.fold(*which, *host),
            Move::Merge { host } => world.merge(*host),
            Move::Restore { host } => world.restore(*host, restore),
        }
    }
    world.end_all();
    let updates: Vec<&Update> = world.ended.iter().map(|ended| &ended.update).collect();
    for host in &world.hosts {
        in_any_order(&start, &updates, &interleaving.order, &host.entry);
    }
    world.reached
}

/// How often there was something for a law to hold of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Discoveries that ended.
    pub(crate) ended: usize,
    pub(crate) fetched: usize,
    /// Looks spared, with a policy and without.
    pub(crate) spared_recheck: usize,
    pub(crate) spared_absence: usize,
    /// An unexpired policy was still applied after a failure.
    pub(crate) still_applied: usize,
    /// A fetch was set to an earlier time.
    pub(crate) set_back: usize,
    /// A failure, and one that tried to fetch, came after a later policy.
    pub(crate) overtaken: usize,
    pub(crate) overtaken_fetch: usize,
    /// A fetch did not win over what was there.
    pub(crate) lost: usize,
}

/// Every two updates that could be made within three seconds commute, and a good part of all
/// threes associate: the ties that histories of any length seldom have.
pub(crate) fn all_within_seconds() {
    let domain = domain();
    let mut states = vec![CacheEntry::default()];
    for from in 0..2 {
        for plan in plans_of_a_tie() {
            let mut after = states[from].clone();
            after.apply(&update(&domain, &states[from], plan, 1_000));
            states.push(after);
        }
    }
    let mut updates: Vec<Update> = Vec::new();
    for state in states.iter().step_by(3) {
        for plan in plans_of_a_tie() {
            for now in [999, 1_000, 1_001] {
                let update = update(&domain, state, plan.clone(), now);
                if !updates.contains(&update) {
                    updates.push(update);
                }
            }
        }
    }
    for one in &updates {
        assert_eq!(&merged(&[one, one]), one);
        for other in &updates {
            assert_eq!(merged(&[one, other]), merged(&[other, one]));
        }
    }
    let some: Vec<&Update> = updates.iter().step_by(7).collect();
    for (one, other) in some.iter().flat_map(|one| some.iter().map(move |other| (one, other))) {
        let both = merged(&[one, other]);
        for third in &some {
            assert_eq!(merged(&[&both, third]), merged(&[one, &merged(&[other, third])]));
        }
    }
    println!("{} updates", updates.len());
}

/// What can happen to a discovery, told in few words.
fn plans_of_a_tie() -> impl Iterator<Item = Plan> {
    let txt =
        [TxtAnswer::Record("a"), TxtAnswer::Record("b"), TxtAnswer::Absent, TxtAnswer::Several];
    let policy = |variant| FetchAnswer::Policy { mode: Mode::Enforce, max_age: 600, variant };
    let fetch = [
        policy(0),
        policy(1),
        FetchAnswer::Invalid(0),
        FetchAnswer::Invalid(1),
        FetchAnswer::Status(500),
    ];
    let purposes = [Purpose::Delivery, Purpose::Refresh];
    let all = purposes.into_iter().flat_map(move |purpose| txt.map(|txt| (purpose, txt)));
    all.flat_map(move |(purpose, txt)| fetch.map(|fetch| Plan::new(purpose, txt, fetch)))
}

fn update(domain: &PolicyDomain, entry: &CacheEntry, plan: Plan, now: u64) -> Update {
    let mut machine = Machine::new(domain, entry.clone(), plan, Rate::DEFAULT, now);
    machine.answer(now);
    machine.answer(now);
    machine.end(&[]).1.update().clone()
}

/// DIS-2: updates commute, associate, and count once.
fn in_any_order(start: &CacheEntry, updates: &[&Update], order: &[u8], expected: &CacheEntry) {
    let shuffled = shuffled(updates, order);
    let reversed: Vec<&Update> = updates.iter().rev().copied().collect();
    let twice = [&*shuffled, &*reversed].concat();
    let from_nothing = folded(&CacheEntry::default(), updates);
    for order in [updates, &shuffled, &reversed, &twice] {
        assert_eq!(&folded(start, order), expected);
        assert_eq!(folded(&CacheEntry::default(), order), from_nothing);
    }
    let cut = order.first().map_or(0, |cut| usize::from(*cut) % (updates.len() + 1));
    let (head, tail) = shuffled.split_at(cut);
    in_groups(start, head, tail, expected);
    in_groups(start, tail, head, expected);
}

fn in_groups(start: &CacheEntry, head: &[&Update], tail: &[&Update], expected: &CacheEntry) {
    let mut merged = merged(head);
    assert_eq!(&folded(start, &[&merged, &merged_from_the_end(tail)]), expected);
    // Whole entries can be merged too.
    let other = Update::from(folded(start, tail));
    assert_eq!(&folded(&folded(start, head), &[&other]), expected);
    merged.merge(&other);
    assert_eq!(&folded(start, &[&merged]), expected);
}

fn folded(start: &CacheEntry, updates: &[&Update]) -> CacheEntry {
    let mut entry = start.clone();
    updates.iter().for_each(|update| entry.apply(update));
    entry
}

fn merged(updates: &[&Update]) -> Update {
    let mut all = Update::default();
    updates.iter().for_each(|update| all.merge(update));
    all
}

/// The same, in the other grouping.
fn merged_from_the_end(updates: &[&Update]) -> Update {
    updates.iter().rev().fold(Update::default(), |all, update| {
        let mut update = Update::clone(update);
        update.merge(&all);
        update
    })
}

fn shuffled<'a>(updates: &[&'a Update], order: &[u8]) -> Vec<&'a Update> {
    let mut rest = updates.to_vec();
    let mut order = order.iter().cycle();
    let mut shuffled = Vec::new();
    while !rest.is_empty() {
        let next = order.next().map_or(0, |next| usize::from(*next) % rest.len());
        shuffled.push(rest.remove(next));
    }
    shuffled
}

/// What one host has stored.
#[derive(Clone, Default)]
struct Host {
    entry: CacheEntry,
    /// Which successful fetches are folded into it.
    knows: BTreeSet<usize>,
    /// Those, and those of which it can have heard by failures behind them.
    heard: BTreeSet<usize>,
}

/// A successful fetch; the extension `x` of its policy is its number.
struct Fetch {
    asked_at: u64,
    /// Those before it of which its discovery knew.
    knew: BTreeSet<usize>,
}

struct Running<'a> {
    machine: Machine<'a>,
    /// Where its update belongs.
    host: usize,
    /// What it began with.
    from: Host,
    begun_at: u64,
    /// The latest time that it was told, which it takes for now.
    now: u64,
    asked_at: Option<u64>,
}

struct Ended {
    update: Update,
    /// The policy that the update has: the one fetched, or, if the clock has run backwards,
    /// the one known before, set back.
    brings: Option<usize>,
    from: Host,
    has_failed_to_fetch: bool,
    begun_at: u64,
    plan: Plan,
}

struct World<'a> {
    domain: &'a PolicyDomain,
    clock: Clock,
    rate: Rate,
    now: u64,
    hosts: [Host; 2],
    /// The states that they have had.
    states: Vec<Host>,
    running: [Option<Running<'a>>; 3],
    ended: Vec<Ended>,
    fetches: Vec<Fetch>,
    /// What was found at which time.
    looks: Vec<(u64, TxtAnswer)>,
    reached: Reached,
}

impl<'a> World<'a> {
    fn new(domain: &'a PolicyDomain, past: &History) -> Self {
        Self {
            domain,
            clock: past.clock,
            rate: past.rate,
            now: past.start,
            hosts: [Host::default(), Host::default()],
            states: Vec::new(),
            running: [None, None, None],
            ended: Vec::new(),
            fetches: Vec::new(),
            looks: Vec::new(),
            reached: Reached::default(),
        }
    }

    fn jump(&mut self, jump: Jump) {
        let mut edges = Vec::new();
        for Host { entry, .. } in &self.hosts {
            edges.extend(entry.policy().into_iter().flat_map(policy_edges));
            edges.extend(entry.failed_fetches().into_iter().flat_map(failed_edges));
        }
        edges.extend(self.running.iter().flatten().map(|running| running.begun_at));
        self.now = jump.from(self.now, &edges, self.clock);
    }

    /// One discovery from begin to end.
    fn single(&mut self, plan: &Plan) {
        self.begin(0, 0, None, plan.clone());
        (0..plan.answers).for_each(|_| self.answer(0));
        self.end(0, plan.is_kept || plan.answers == 2);
    }

    fn begin(&mut self, slot: usize, host: usize, stale: Option<u8>, plan: Plan) {
        self.end(slot, false);
        self.states.push(self.hosts[host].clone());
        let which = stale.map_or(self.states.len() - 1, usize::from);
        let from = self.states[which % self.states.len()].clone();
        let machine = Machine::new(self.domain, from.entry.clone(), plan, self.rate, self.now);
        let (begun_at, now) = (self.now, self.now);
        let mut running = Running { machine, host, from, begun_at, now, asked_at: None };
        self.look_is_spared_rightly(&mut running);
        self.running[slot] = Some(running);
    }

    fn answer(&mut self, slot: usize) {
        let Some(running) = &mut self.running[slot] else { return };
        running.now = running.now.max(self.now);
        if let FetchAnswer::Policy { variant, .. } = &mut running.machine.plan.fetch {
            *variant = self.fetches.len().try_into().expect("not so many");
        }
        let asked = running.machine.ask();
        running.machine.answer(self.now);
        match asked {
            Some(Asked::Txt) => {
                self.looks.push((running.now, running.machine.plan.txt));
                running.may_fetch();
            }
            Some(Asked::Policy) if running.machine.plan.fetch.is_policy() => {
                let asked_at = running.asked_at.expect("it was asked for");
                self.fetches.push(Fetch { asked_at, knew: running.from.knows.clone() });
            }
            _ => {}
        }
    }

    fn end(&mut self, slot: usize, folded: bool) {
        let Some(running) = self.running[slot].take() else { return };
        let Running { machine, host, from, begun_at, .. } = running;
        let plan = machine.plan.clone();
        let (seen, outcome) = machine.end(&[]);
        let fetched = match (seen.source, seen.known.last()) {
            (Some(Source::Fetched), Some(Applied::Policy(policy))) => Some(number(&policy.body)),
            _ => None,
        };
        let set_back = from.entry.policy().filter(|policy| policy.fetched_at() > at(begun_at));
        let brings = fetched.or(set_back.map(|policy| number(policy.policy().as_str())));
        let update = outcome.update().clone();
        self.reached.ended += 1;
        self.reached.fetched += usize::from(fetched.is_some());
        let has_failed_to_fetch = seen.failed.is_some_and(|failed| failed.kind == Kind::Fetch);
        let ended = Ended { update, brings, from, has_failed_to_fetch, begun_at, plan };
        self.ended.push(ended);
        if folded {
            self.fold_nth(self.ended.len() - 1, host);
        }
    }

    fn end_all(&mut self) {
        (0..3).for_each(|slot| self.end(slot, true));
        for which in 0..self.ended.len() {
            (0..2).for_each(|host| self.fold_nth(which, host));
        }
    }

    fn fold(&mut self, which: u8, host: usize) {
        if !self.ended.is_empty() {
            self.fold_nth(usize::from(which) % self.ended.len(), host);
        }
    }

    fn fold_nth(&mut self, which: usize, host: usize) {
        let ended = &self.ended[which];
        let before = self.hosts[host].clone();
        let mut after = before.clone();
        after.entry.apply(&ended.update);
        after.knows.extend(ended.brings);
        after.heard.extend(&ended.from.heard);
        after.heard.extend(ended.brings);
        let mut reached = self.reached;
        if ended.brings.is_some_and(|number| !before.knows.contains(&number)) {
            reached.lost += usize::from(before.entry.policy() == after.entry.policy());
        } else {
            reached.set_back += usize::from(before.entry.policy() != after.entry.policy());
            self.nothing_is_weakened(&before.entry, &after.entry, ended);
            if after.entry.unexpired(at(self.now)).is_some() {
                self.is_applied(&after.entry, &ended.plan);
                reached.still_applied += 1;
            }
            if self.is_overtaken(&before, ended) {
                self.nothing_comes_late(&before.entry, &after.entry);
                reached.overtaken += 1;
                reached.overtaken_fetch += usize::from(ended.has_failed_to_fetch);
            }
        }
        self.newest_fetch_has_won(&after);
        self.hosts[host] = after;
        self.reached = reached;
    }

    /// The whole entry of the other host is an update too.
    fn merge(&mut self, host: usize) {
        let other = self.hosts[1 - host].clone();
        let into = &mut self.hosts[host];
        into.entry.apply(&Update::from(other.entry));
        into.knows.extend(other.knows);
        into.heard.extend(other.heard);
        self.newest_fetch_has_won(&self.hosts[host]);
    }

    fn restore(&mut self, host: usize, restore: fn(&CacheEntry) -> CacheEntry) {
        self.hosts[host].entry = restore(&self.hosts[host].entry);
    }

    /// DIS-4, DIS-8: only if the record was seen with this very `id`, or this very lack of
    /// it, not too long ago.
    fn look_is_spared_rightly(&mut self, running: &mut Running<'_>) {
        if !running.machine.is_done() {
            return;
        }
        let plan = &running.machine.plan;
        let seen = |within: u64, found: &dyn Fn(&TxtAnswer) -> bool| {
            self.looks.iter().any(|(time, answer)| {
                *time <= self.now && self.now - time < within && found(answer)
            })
        };
        match running.machine.known() {
            Applied::Policy(policy) => {
                let within = plan.recheck_after.expect("every delivery looks otherwise");
                assert!(seen(within, &|answer| answer.is_record(&policy.id)), "{policy:?}");
                self.reached.spared_recheck += 1;
            }
            Applied::NoPolicy(reason) => {
                assert!(seen(plan.absence, &|answer| answer.is_absence(*reason)), "{reason}");
                self.reached.spared_absence += 1;
            }
            Applied::Unknown => panic!("it was not looked for"),
        }
    }

    /// DIS-2, DIS-10: without a successful fetch the policy stays as it is; it expires earlier
    /// only if the clock has run backwards.
    fn nothing_is_weakened(&self, before: &CacheEntry, after: &CacheEntry, ended: &Ended) {
        let Some(policy) = before.policy() else {
            return assert!(after.policy().is_none(), "out of nothing");
        };
        let still = after.policy().expect("no failure removes a policy");
        assert_eq!((still.id(), still.policy()), (policy.id(), policy.policy()));
        assert!(still.fetched_at() <= policy.fetched_at(), "nothing prolongs it");
        if at(ended.begun_at) >= policy.fetched_at() {
            assert_eq!(still.fetched_at(), policy.fetched_at());
        }
    }

    /// DIS-2: a discovery in which all fails applies the unexpired policy.
    fn is_applied(&self, entry: &CacheEntry, plan: &Plan) {
        let mut plan = plan.clone();
        if plan.fetch.is_policy() {
            plan.fetch = FetchAnswer::Status(500);
        }
        let mut machine = Machine::new(self.domain, entry.clone(), plan, self.rate, self.now);
        machine.answer(self.now);
        machine.answer(self.now);
        assert!(machine.is_done());
        let (seen, _) = machine.end(&[]);
        let body = entry.policy().map(|policy| policy.policy().as_str());
        for known in &seen.known {
            assert!(matches!(known, Applied::Policy(kept) if Some(&*kept.body) == body));
        }
    }

    /// Whether all that a discovery had heard of was before the policy that is there now.
    fn is_overtaken(&self, before: &Host, ended: &Ended) -> bool {
        let Some(policy) = before.entry.policy() else { return false };
        let number = number(policy.policy().as_str());
        let newest = &self.fetches[number];
        let heard = &ended.from.heard;
        let is_before = |number: &usize| self.fetches[*number].asked_at < newest.asked_at;
        let overtaken = heard.is_subset(&newest.knew)
            || (self.clock == Clock::Forward && heard.iter().all(is_before));
        overtaken && !heard.contains(&number)
    }

    /// DIS-2: then its failure does not matter.
    fn nothing_comes_late(&self, before: &CacheEntry, after: &CacheEntry) {
        assert_eq!(after.policy(), before.policy());
        assert_eq!(after.failed_fetches(), before.failed_fetches());
        if after.last_used_day() == before.last_used_day() {
            let due = |entry: &CacheEntry| {
                entry.is_refresh_due(self.domain, RefreshRule::new(0), at(self.now))
            };
            assert_eq!(due(after), due(before));
        }
    }

    /// DIS-2: of the fetches folded, that wins which was asked for last; never one that
    /// another has followed.
    fn newest_fetch_has_won(&self, host: &Host) {
        let Some(policy) = host.entry.policy() else { return assert!(host.knows.is_empty()) };
        let winner = number(policy.policy().as_str());
        assert!(host.knows.contains(&winner));
        for other in &host.knows {
            assert!(!self.fetches[*other].knew.contains(&winner), "{other} follows {winner}");
            let newer = self.fetches[*other].asked_at > self.fetches[winner].asked_at;
            assert!(self.clock == Clock::Any || !newer, "{other} is newer than {winner}");
        }
    }
}

impl Running<'_> {
    /// Notes that it fetches, if it does. DIS-2: only a refresh does without a record.
    /// FET-5: nobody does before the wait is over.
    fn may_fetch(&mut self) {
        if self.machine.ask() != Some(Asked::Policy) {
            return;
        }
        self.asked_at = Some(self.now);
        let plan = &self.machine.plan;
        let id = plan.txt.told().ok();
        assert!(id.is_some() || plan.purpose == Purpose::Refresh);
        let id = id.or(self.from.entry.policy().map(CachedPolicy::id));
        if let Some(failed) = self.from.entry.failed_fetches().filter(|one| Some(one.id()) == id) {
            let failed_at = failed.failed_at().as_secs().min(self.begun_at);
            assert!(self.now - failed_at >= 300, "too soon");
        }
    }
}

/// The number of a fetch.
fn number(body: &str) -> usize {
    let (_, number) = body.trim_end().rsplit_once(' ').expect("x is the last field");
    number.parse().expect("x is a number")
}

fn policy_edges(policy: &CachedPolicy) -> [u64; 3] {
    let half = u64::from(policy.policy().max_age().as_secs()) / 2;
    let fetched_at = policy.fetched_at().as_secs();
    [fetched_at, fetched_at.saturating_add(half), policy.expires_at().as_secs()]
}

fn failed_edges(failed: &FailedFetches) -> [u64; 4] {
    let doubled = 300_u64 << (failed.in_a_row() - 1).min(40);
    [0, doubled, 3_600, 86_400].map(|secs| failed.failed_at().as_secs().saturating_add(secs))
}
