//! A naive model of discovery and cache, for one discovery after the other
//! (RFC 8461 §3, §5, §10.2; FET-5, FET-8, DIS-2 to DIS-11): slow, obvious, and written
//! from the words of the requirements. All times are seconds since 1970.
//!
//! Of the crate it uses nothing but names of things.

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::Mode;
use mta_sts::sts::discovery::{PermanentFailure, Purpose, Source};

/// One discovery, with all that it will be told, and when.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) purpose: Purpose,
    pub(crate) rules: Rules,
    pub(crate) begun_at: u64,
    /// When DNS has answered. A discovery never takes it for earlier than it began.
    pub(crate) looked_at: u64,
    /// When the policy host has.
    pub(crate) answered_at: u64,
    pub(crate) txt: Txt,
    pub(crate) response: Response,
    /// How many answers it gets before it is abandoned: 2 are all that it can need.
    pub(crate) answers: u8,
}

/// What a sender can choose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// DIS-4: the record is looked at on every delivery, or after so many seconds.
    pub(crate) recheck_after: Option<u64>,
    /// DIS-8: how long absence is remembered.
    pub(crate) absence: u64,
    /// FET-8.
    pub(crate) burst: u64,
    pub(crate) per_hour: u64,
}

/// What DNS says of the record.
#[derive(Debug, Clone)]
pub(crate) enum Txt {
    Record(&'static str),
    /// An answer, and no one valid record in it.
    NoRecord(ReasonCode),
    NoAnswer(ReasonCode),
}

/// What comes of a fetch.
#[derive(Debug, Clone)]
pub(crate) enum Response {
    Policy { mode: Mode, declared_max_age: u64, body: String, forgiven: usize },
    Failure { failure: Failure, refused: Vec<String> },
}

/// Everything that can be seen of one discovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What it asked for, in this order.
    pub(crate) asked: Vec<Asked>,
    pub(crate) is_done: bool,
    /// What was known at its beginning and after each answer; the last is what is to be
    /// applied.
    pub(crate) known: Vec<Applied>,
    pub(crate) source: Option<Source>,
    pub(crate) failed: Option<Trouble>,
    pub(crate) is_reportable: bool,
    pub(crate) event: Option<Renewal>,
    pub(crate) forgiven: usize,
    /// Whether there is anything to fold into the entry, and anything for a snapshot.
    pub(crate) is_empty: bool,
    pub(crate) is_news: bool,
    /// DIS-9: the answer for each of some policies.
    pub(crate) permanent: Vec<PermanentFailure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Txt,
    Policy,
}

/// DIS-8: no policy is another thing than not to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Applied {
    Policy(Kept),
    NoPolicy(ReasonCode),
    Unknown,
}

/// What has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: Kind,
    pub(crate) failure: Failure,
    /// RPT-9: the body that was refused.
    pub(crate) refused: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Txt,
    Fetch,
    /// No fetch, because of one that failed lately.
    Remembered,
    /// No fetch before this time, because of too many.
    RateLimited(u64),
}

/// DIS-7: since when, how often, and when the policy expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Renewal {
    pub(crate) since: u64,
    pub(crate) failures: u32,
    pub(crate) expires_at: u64,
}

/// What a sender remembers of one domain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    policy: Option<Kept>,
    /// DIS-10: since the policy was fetched; then a refresh is due.
    clock_ran_back: bool,
    failed: Option<Failed>,
    look: Option<Look>,
    /// FET-8: when the last fetch was asked for, and in how many seconds from then the
    /// bucket was full again.
    spent_at: u64,
    missing: u64,
    last_used_day: Option<u64>,
}

/// A fetched policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) mode: Mode,
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) max_age: u64,
    pub(crate) fetched_at: u64,
}

/// FET-5: the one failed `id` that is remembered; DIS-7: since when, how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) id: String,
    pub(crate) in_a_row: u32,
    pub(crate) failed_at: u64,
    pub(crate) since: u64,
    pub(crate) total: u32,
    pub(crate) failure: Failure,
    pub(crate) refused: Vec<String>,
}

/// What the last look at the TXT record found, if DNS answered.
#[derive(Debug, Clone)]
struct Look {
    at: u64,
    found: Found,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing(ReasonCode),
    AnotherId,
    TheId,
}

/// All that can be seen of what is remembered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) policy: Option<Kept>,
    pub(crate) failed: Option<Failed>,
    pub(crate) last_used_day: Option<u64>,
}

/// DIS-6: last use is kept to the day; days end at `u32::MAX`.
fn day(now: u64) -> u64 {
    (now / 86_400).min(u32::MAX.into())
}

/// DIS-10: age is at least 0.
fn age(then: u64, now: u64) -> u64 {
    now.saturating_sub(then)
}

impl Kept {
    /// DIS-3. Time ends at `u64::MAX`.
    pub(crate) fn expires_at(&self) -> u64 {
        self.fetched_at.saturating_add(self.max_age)
    }

    /// DIS-3.
    fn is_unexpired(&self, now: u64) -> bool {
        age(self.fetched_at, now) <= self.max_age
    }

    /// DIS-6: after so long it is due, jitter only earlier.
    fn refresh_interval(&self) -> u64 {
        86_400.min(self.max_age / 2)
    }
}

impl Failed {
    /// FET-5: 300 s, doubled with each failure in a row, up to the cap.
    fn wait(&self, cap: u64) -> u64 {
        (1..self.in_a_row).fold(300, |wait: u64, _| cap.min(wait * 2)).min(cap)
    }
}

/// FET-5, the caps.
const CAP: u64 = 86_400;
const CAP_WITH_NOTHING_CACHED: u64 = 3_600;

impl Rules {
    /// FET-8: seconds until there is one fetch more; never more than so many an hour.
    pub(crate) fn interval(&self) -> u64 {
        3_600_u64.div_ceil(self.per_hour)
    }
}

impl Model {
    pub(crate) fn memory(&self) -> Memory {
        let Self { policy, failed, last_used_day, .. } = self.clone();
        Memory { policy, failed, last_used_day }
    }

    /// DIS-6, DIS-10: the earliest and the latest time at which jitter may put the refresh:
    /// up to a quarter of the interval earlier.
    pub(crate) fn refresh_times(&self) -> Option<(u64, u64)> {
        let policy = self.policy.as_ref()?;
        let interval = if self.clock_ran_back { 0 } else { policy.refresh_interval() };
        let latest = policy.fetched_at.saturating_add(interval);
        Some((policy.fetched_at.saturating_add(interval - interval / 4), latest))
    }

    /// DIS-2.
    pub(crate) fn unexpired(&self, now: u64) -> Option<&Kept> {
        self.policy.as_ref().filter(|policy| policy.is_unexpired(now))
    }

    /// FET-5: whether this `id` must wait.
    fn must_wait(&self, id: &str, now: u64) -> Option<&Failed> {
        self.waiting(now).filter(|failed| failed.id == id)
    }

    /// The last failure, if it was too lately.
    fn waiting(&self, now: u64) -> Option<&Failed> {
        let cap = if self.unexpired(now).is_some() { CAP } else { CAP_WITH_NOTHING_CACHED };
        self.failed.as_ref().filter(|failed| age(failed.failed_at, now) < failed.wait(cap))
    }

    /// DIS-6, DIS-10; `due_at` is where jitter has put it.
    pub(crate) fn is_refresh_due(&self, due_at: u64, used_within_days: u64, now: u64) -> bool {
        let lately = |used: u64| used + used_within_days >= day(now);
        let Some(policy) = self.unexpired(now) else { return false };
        let is_time = self.clock_ran_back || policy.fetched_at > now || due_at <= now;
        is_time && self.last_used_day.is_some_and(lately) && self.waiting(now).is_none()
    }

    /// DIS-10: a time in the future is set to now, and a refresh is due. Says whether
    /// there was one.
    fn set_clock(&mut self, now: u64) -> bool {
        let mut was_set = false;
        if let Some(policy) = self.policy.as_mut().filter(|policy| policy.fetched_at > now) {
            policy.fetched_at = now;
            self.clock_ran_back = true;
            was_set = true;
        }
        if let Some(failed) = self.failed.as_mut().filter(|failed| failed.failed_at > now) {
            failed.failed_at = now;
            failed.since = failed.since.min(now);
            was_set = true;
        }
        if self.spent_at > now {
            self.spent_at = now;
            was_set = true;
        }
        was_set
    }

    /// FET-8: takes one fetch out of the bucket, or says when there is one.
    fn take_fetch(&mut self, rules: Rules, now: u64) -> Result<(), u64> {
        let interval = rules.interval();
        let size = interval * rules.burst;
        let missing = self.missing.saturating_sub(age(self.spent_at, now)) + interval;
        if missing > size {
            return Err(now.saturating_add(missing - size));
        }
        (self.spent_at, self.missing) = (now, missing);
        Ok(())
    }

    /// FET-5: when the wait for the failed `id` ends.
    pub(crate) fn end_of_wait(&self, now: u64) -> Option<u64> {
        let cap = if self.unexpired(now).is_some() { CAP } else { CAP_WITH_NOTHING_CACHED };
        self.failed.as_ref().map(|failed| failed.failed_at.saturating_add(failed.wait(cap)))
    }

    /// When something is about to change: for clocks to jump to.
    pub(crate) fn edges(&self, rules: Rules) -> Vec<u64> {
        let mut edges = Vec::new();
        if let Some(policy) = &self.policy {
            let after = [0, policy.refresh_interval(), policy.refresh_interval() * 3 / 4];
            edges.extend(after.map(|secs| policy.fetched_at.saturating_add(secs)));
            edges.push(policy.expires_at());
        }
        if let Some(failed) = &self.failed {
            let waits = [0, failed.wait(CAP), failed.wait(CAP_WITH_NOTHING_CACHED)];
            edges.extend(waits.map(|secs| failed.failed_at.saturating_add(secs)));
        }
        if let Some(look) = &self.look {
            let times = [0, rules.absence, rules.recheck_after.unwrap_or(0)];
            edges.extend(times.map(|secs| look.at.saturating_add(secs)));
        }
        let size = rules.interval() * rules.burst;
        let full_at = self.spent_at.saturating_add(self.missing);
        let before = [0, size, size - rules.interval(), 2 * size];
        edges.extend(before.map(|secs| full_at.saturating_sub(secs)));
        edges
    }

    /// Runs one discovery; what was learnt is kept.
    pub(crate) fn discover(&mut self, script: &Script, earlier: &[Kept]) -> Seen {
        let mut run = Run::new(self, script);
        let is_done = run.go_to_the_end().is_some();
        let mut seen = run.seen;
        seen.is_done = is_done;
        seen.permanent =
            earlier.iter().map(|failed| permanent_failure(script, &seen, failed)).collect();
        seen
    }
}

/// DIS-9: permitted only if a look after the failed attempt has found that nothing newer is
/// announced, or nothing newer is there.
fn permanent_failure(script: &Script, seen: &Seen, failed: &Kept) -> PermanentFailure {
    if script.purpose != Purpose::FinalCheck || !seen.is_done {
        return PermanentFailure::KeepQueued;
    }
    let still = match seen.known.last() {
        Some(Applied::Policy(policy)) => policy.id == failed.id && policy.body == failed.body,
        _ => false,
    };
    if !still {
        return PermanentFailure::TryAgain;
    }
    let no_record = matches!(script.txt, Txt::NoRecord(_));
    if seen.failed.is_none() || no_record {
        PermanentFailure::Permitted
    } else {
        PermanentFailure::KeepQueued
    }
}

/// A discovery under way.
struct Run<'a> {
    model: &'a mut Model,
    script: &'a Script,
    now: u64,
    /// Why there is no record, if DNS has answered and there is none.
    absent: Option<ReasonCode>,
    /// Whether there is a valid record.
    announced: bool,
    fetched: bool,
    seen: Seen,
}

impl<'a> Run<'a> {
    fn new(model: &'a mut Model, script: &'a Script) -> Self {
        let seen = Seen {
            asked: Vec::new(),
            is_done: false,
            known: Vec::new(),
            source: None,
            failed: None,
            is_reportable: false,
            event: None,
            forgiven: 0,
            is_empty: true,
            is_news: false,
            permanent: Vec::new(),
        };
        let now = script.begun_at;
        Self { model, script, now, absent: None, announced: false, fetched: false, seen }
    }

    /// All of it, or none if it is abandoned on the way.
    fn go_to_the_end(&mut self) -> Option<()> {
        self.begin();
        let spared = self.is_spared_the_look();
        self.note();
        if spared {
            return Some(());
        }
        self.ask(Asked::Txt)?;
        self.now = self.now.max(self.script.looked_at);
        let wanted = self.look();
        let granted = wanted.filter(|id| self.may_fetch(id));
        self.note();
        let Some(id) = granted else { return Some(()) };
        self.ask(Asked::Policy)?;
        self.now = self.now.max(self.script.answered_at);
        self.fetch(&id);
        self.note();
        Some(())
    }

    fn begin(&mut self) {
        if self.model.set_clock(self.now) {
            self.learnt_for_good();
        }
        if self.script.purpose == Purpose::Delivery {
            self.model.last_used_day = self.model.last_used_day.max(Some(day(self.now)));
            self.seen.is_empty = false;
        }
    }

    fn learnt_for_good(&mut self) {
        self.seen.is_empty = false;
        self.seen.is_news = true;
    }

    /// DIS-4, DIS-8: whether an earlier look will do; one from the future will not.
    fn is_spared_the_look(&mut self) -> bool {
        let Rules { recheck_after, absence, .. } = self.script.rules;
        let Some(look) = self.model.look.clone() else { return false };
        if self.script.purpose != Purpose::Delivery || look.at > self.now {
            return false;
        }
        let passed = age(look.at, self.now);
        if self.model.unexpired(self.now).is_some() {
            return look.found == Found::TheId && recheck_after.is_some_and(|time| passed < time);
        }
        let Found::Nothing(reason) = look.found else { return false };
        if passed < absence {
            self.absent = Some(reason);
        }
        passed < absence
    }

    /// Asks, and goes on only if there will be an answer.
    fn ask(&mut self, what: Asked) -> Option<()> {
        self.seen.asked.push(what);
        (self.seen.asked.len() <= usize::from(self.script.answers)).then_some(())
    }

    /// DIS-2 to DIS-4, DIS-6: looks at the record, and says under which `id` a policy is to
    /// be fetched, if any.
    fn look(&mut self) -> Option<String> {
        let refresh = self.script.purpose == Purpose::Refresh;
        let unexpired = self.model.unexpired(self.now).cloned();
        let failure = match self.script.txt {
            Txt::Record(id) => {
                self.announced = true;
                let same = self.model.policy.as_ref().is_some_and(|policy| policy.id == id);
                self.looked(if same { Found::TheId } else { Found::AnotherId });
                let lives = same && unexpired.is_some();
                return (refresh || !lives).then(|| id.to_owned());
            }
            Txt::NoRecord(reason) => {
                self.absent = Some(reason);
                self.looked(Found::Nothing(reason));
                reason
            }
            Txt::NoAnswer(reason) => reason,
        };
        self.fails(Kind::Txt, Failure::new(ResultType::StsPolicyFetchError, failure), Vec::new());
        unexpired.filter(|_| refresh).map(|policy| policy.id)
    }

    fn looked(&mut self, found: Found) {
        self.model.look = Some(Look { at: self.now, found });
        self.seen.is_empty = false;
    }

    fn fails(&mut self, kind: Kind, failure: Failure, refused: Vec<String>) {
        self.seen.failed = Some(Trouble { kind, failure, refused });
    }

    /// FET-5, FET-8.
    fn may_fetch(&mut self, id: &str) -> bool {
        if let Some(failed) = self.model.must_wait(id, self.now).cloned() {
            self.fails(Kind::Remembered, failed.failure, failed.refused);
            return false;
        }
        if let Err(until) = self.model.take_fetch(self.script.rules, self.now) {
            let limited =
                Failure::new(ResultType::StsPolicyFetchError, ReasonCode::FetchRateLimited);
            self.fails(Kind::RateLimited(until), limited, Vec::new());
            return false;
        }
        self.learnt_for_good();
        true
    }

    fn fetch(&mut self, id: &str) {
        match self.script.response.clone() {
            Response::Policy { mode, declared_max_age, body, forgiven } => {
                let max_age = declared_max_age.min(31_557_600);
                self.keep(mode, id, body, max_age);
                self.seen.forgiven = forgiven;
            }
            Response::Failure { failure, refused } => self.not_fetched(id, failure, refused),
        }
    }

    /// DIS-3, DIS-5; FET-5: success clears what has failed.
    fn keep(&mut self, mode: Mode, id: &str, body: String, max_age: u64) {
        self.fetched = true;
        self.model.failed = None;
        let (id, fetched_at) = (id.to_owned(), self.now);
        self.model.policy = Some(Kept { mode, id, body, max_age, fetched_at });
        self.model.clock_ran_back = false;
        // The record was about this policy.
        if let Some(look) = self.model.look.as_mut().filter(|_| self.announced) {
            look.found = Found::TheId;
        }
    }

    /// FET-5, DIS-7.
    fn not_fetched(&mut self, id: &str, failure: Failure, refused: Vec<String>) {
        let before = self.model.failed.take();
        let row = before.as_ref().filter(|before| before.id == id);
        let failed = Failed {
            id: id.to_owned(),
            in_a_row: row.map_or(0, |before| before.in_a_row) + 1,
            failed_at: self.now,
            since: before.as_ref().map_or(self.now, |before| before.since),
            total: before.map_or(0, |before| before.total) + 1,
            failure,
            refused: refused.clone(),
        };
        let policy = self.model.unexpired(self.now).filter(|policy| policy.mode != Mode::None);
        self.seen.event = policy.map(|policy| Renewal {
            since: failed.since,
            failures: failed.total,
            expires_at: policy.expires_at(),
        });
        self.model.failed = Some(failed);
        self.fails(Kind::Fetch, failure, refused);
    }

    /// Notes what is known now, and what would be reported.
    fn note(&mut self) {
        let policy = self.model.unexpired(self.now);
        self.seen.source =
            policy.map(|_| if self.fetched { Source::Fetched } else { Source::Cache });
        self.seen.is_reportable = match policy {
            // DIS-5, DIS-11.
            Some(policy) => self.seen.failed.is_some() && policy.mode != Mode::None,
            None => self.seen.failed.is_some() && self.announced,
        };
        self.seen.known.push(match (policy, self.absent) {
            (Some(policy), _) => Applied::Policy(policy.clone()),
            (None, Some(reason)) => Applied::NoPolicy(reason),
            (None, None) => Applied::Unknown,
        });
    }
}
