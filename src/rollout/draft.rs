//! A plan in the making: it knows what is published when, and so when the next step may
//! come.

use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::id::{id_from_content, id_from_time};
use super::plan::place;
use super::state::{Earlier, Ids, State, Wanted, lifetime, lists, refuses};
use super::step::{Action, After, Step, WaitFor};
use super::time::later;
use super::words::{self, Purpose, Words};
use crate::domain::DomainName;
use crate::sts::{Mode, Policy, PolicyId};

pub(super) struct Draft<'a> {
    pub(super) state: &'a State,
    pub(super) wanted: &'a Wanted,
    pub(super) now: UnixTime,
    pub(super) steps: Vec<Step>,
    /// The policy that is published after these steps.
    pub(super) present: Option<Policy>,
    /// The number of the step that first replaced the file of the state.
    first_file: Option<usize>,
    /// The number of the step that last changed the record.
    last_record: Option<usize>,
    last_id: Option<PolicyId>,
    has_record: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(state: &'a State, wanted: &'a Wanted, now: UnixTime) -> Self {
        Self {
            state,
            wanted,
            now,
            steps: Vec::new(),
            present: state.published.as_ref().map(|published| published.policy.clone()),
            first_file: None,
            last_record: None,
            last_id: state.last_id,
            has_record: state.published.is_some(),
        }
    }

    /// The MX hosts of now and those wanted.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &'a DomainName> + use<'a> {
        self.wanted.mx.iter().chain(removed(self.state, self.wanted))
    }

    pub(super) fn added(&self) -> impl Iterator<Item = &'a DomainName> + use<'a> {
        let state = self.state;
        self.wanted.mx.iter().filter(|host| !state.mx.contains(host))
    }

    pub(super) fn ask_for_reports(&mut self) {
        if let Some(record) = &self.wanted.tlsrpt
            && self.state.tlsrpt.as_ref() != Some(record)
        {
            self.step(Action::PublishTlsRpt(record.clone()));
        }
    }

    /// The file, and then the record with a new `id`.
    pub(super) fn publish(&mut self, policy: Policy, purpose: Purpose) {
        let said = words::file(purpose, policy.max_age());
        let file = self.push(Action::PublishFile(policy.clone()), Vec::new(), None, said);
        self.first_file.get_or_insert(file);
        let at = self.steps.last().map_or(self.now, Step::at);
        let id = match self.wanted.ids {
            Ids::FromTime => id_from_time(at, self.last_id),
            Ids::FromContent => id_from_content(&policy, self.last_id),
        };
        let replaces = self.last_id.filter(|_| self.has_record);
        self.last_record = Some(self.step(Action::PublishRecord { id, replaces }));
        (self.last_id, self.has_record) = (Some(id), true);
        self.present = Some(policy);
    }

    /// Whether it had to be published: the text counts, but not how it is spaced.
    pub(super) fn publish_unless_there(&mut self, policy: Policy, purpose: Purpose) -> bool {
        let text = policy.canonical().to_string();
        let is_there =
            self.present.as_ref().is_some_and(|present| present.canonical().to_string() == text);
        if !is_there {
            self.publish(policy, purpose);
        }
        !is_there
    }

    /// New hosts come when no cached policy refuses them, old ones go when the new ones
    /// are seen, and out of the policy when they are seen no more.
    pub(super) fn change_hosts(&mut self, target: &Policy) {
        let (waiting, ready): (Vec<_>, Vec<_>) =
            self.added().partition(|host| self.is_refused(host));
        for host in ready {
            self.step(Action::AddMx(host.clone()));
        }
        if !waiting.is_empty() {
            self.wait_for_caches(&waiting);
        }
        for host in waiting {
            self.step(Action::AddMx(host.clone()));
        }
        let mut removed = removed(self.state, self.wanted).peekable();
        if removed.peek().is_some() && self.added().next().is_some() {
            self.wait_after_last(WaitFor::MxTtl, self.state.mx_ttl);
        }
        let mut unlisted = false;
        for host in removed {
            self.step(Action::RemoveMx(host.clone()));
            unlisted |= !lists(target, host);
        }
        if unlisted {
            self.wait_after_last(WaitFor::MxTtl, self.state.mx_ttl);
        }
    }

    /// Whether a sender may have a policy that refuses the host.
    fn is_refused(&self, host: &DomainName) -> bool {
        self.replaced().is_some_and(|policy| refuses(policy, host))
            || self.unexpired().any(|earlier| earlier.refuses(host))
    }

    /// The policy of the state, if the plan has replaced it.
    fn replaced(&self) -> Option<&'a Policy> {
        let published = self.state.published.as_ref().filter(|_| self.first_file.is_some());
        published.map(|published| &published.policy)
    }

    fn unexpired(&self) -> impl Iterator<Item = &'a Earlier> + use<'a> {
        let now = self.now;
        self.state.earlier.iter().filter(move |earlier| earlier.gone_at() > now)
    }

    fn wait_for_caches(&mut self, hosts: &[&DomainName]) {
        let is_refusing = |policy: &&Policy| hosts.iter().any(|host| refuses(policy, host));
        let replaced = self.replaced().filter(is_refusing);
        let after = self.after_first_file(replaced).into_iter().collect();
        let refusing = |earlier: &&Earlier| hosts.iter().any(|host| earlier.refuses(host));
        let not_before = self.unexpired().filter(refusing).map(Earlier::gone_at).max();
        self.wait(WaitFor::Caches, after, not_before, self.usual());
    }

    /// The time after which no sender has this policy of the state.
    fn after_first_file(&self, policy: Option<&Policy>) -> Option<After> {
        let delay = lifetime(policy?.max_age());
        self.first_file.map(|step| After { step, delay })
    }

    /// When every sender that can see the record has seen it.
    fn usual(&self) -> UnixTime {
        let last = self.last_record.and_then(|number| self.steps.get(number.checked_sub(1)?));
        last.map_or(self.now, |record| later(record.at, self.state.longest_record_ttl()))
    }

    /// What is left of a withdrawn policy goes when nobody needs it any more (RFC 8461
    /// §8.3).
    pub(super) fn remove(&mut self) {
        if !self.has_record {
            return;
        }
        let replaced = self.replaced().filter(|policy| policy.mode() != Mode::None);
        let ttl = |step| After { step, delay: self.state.longest_record_ttl() };
        let expiry = self.after_first_file(replaced);
        let after: Vec<_> = expiry.into_iter().chain(self.last_record.map(ttl)).collect();
        let not_before = self.unexpired().map(Earlier::gone_at).max();
        if !after.is_empty() || not_before.is_some() {
            self.wait(WaitFor::Expiry, after, not_before, self.usual());
        }
        self.step(Action::RemoveRecord);
        self.wait_after_last(WaitFor::RecordTtl, self.state.longest_record_ttl());
        self.step(Action::RemoveFile);
    }

    fn wait(
        &mut self,
        wait: WaitFor,
        after: Vec<After>,
        not_before: Option<UnixTime>,
        usual: UnixTime,
    ) {
        let said = words::waiting(wait, Duration::ZERO);
        self.push(Action::Wait(wait), after, not_before, said);
        if let Some(step) = self.steps.last_mut() {
            step.usual = Some(usual.min(step.at));
        }
    }

    /// A wait of so long after the step before; or from now on.
    pub(super) fn wait_after_last(&mut self, wait: WaitFor, time: Duration) {
        let said = words::waiting(wait, time);
        let last = self.steps.len();
        let after = (last > 0).then_some(After { step: last, delay: time });
        let not_before = (last == 0).then(|| later(self.now, time));
        self.push(Action::Wait(wait), after.into_iter().collect(), not_before, said);
    }

    fn step(&mut self, action: Action) -> usize {
        let said = words::of(&action);
        self.push(action, Vec::new(), None, said)
    }

    /// Adds a step, and gives its number.
    fn push(
        &mut self,
        action: Action,
        after: Vec<After>,
        not_before: Option<UnixTime>,
        words: Words,
    ) -> usize {
        let number = self.steps.len().saturating_add(1);
        let (place, zone_line) = place(&action, self.state);
        let at = self.now;
        let mut step =
            Step { number, action, after, not_before, at, usual: None, place, zone_line, words };
        let done = |number: usize| {
            let index = number.saturating_sub(1);
            self.steps.get(index).map_or(self.now, Step::at)
        };
        step.at = step.earliest(done).max(self.now);
        self.steps.push(step);
        number
    }
}

fn removed<'a>(state: &'a State, wanted: &'a Wanted) -> impl Iterator<Item = &'a DomainName> {
    state.mx.iter().filter(|host| !wanted.mx.contains(host))
}
