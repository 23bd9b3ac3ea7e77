//! A discovery as it is run, with all that can be seen of it put into the words of the
//! [model](super::model).

use core::time::Duration;

use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::{CacheEntry, CachedPolicy, FailedFetches};
use mta_sts::sts::discovery::{Action, Applicable, Discovery, DiscoveryFailure, Event, Outcome};
use rustls_pki_types::UnixTime;

use super::model::{Applied, Asked, Failed, Kept, Kind, Memory, Renewal, Seen, Trouble};
use super::operations::{Plan, Rate};

pub(crate) fn at(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

pub(crate) fn domain() -> PolicyDomain {
    PolicyDomain::from_next_hop("example.com").expect("a domain")
}

/// A discovery under way.
pub(crate) struct Machine<'a> {
    discovery: Discovery<'a>,
    pub(crate) plan: Plan,
    asked: Vec<Asked>,
    known: Vec<Applied>,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        domain: &'a PolicyDomain,
        entry: CacheEntry,
        plan: Plan,
        rate: Rate,
        now: u64,
    ) -> Self {
        let config = plan.config(rate);
        let discovery = Discovery::new(domain, entry, plan.purpose, at(now), config);
        let known = vec![applied(discovery.known())];
        let mut machine = Self { discovery, plan, asked: Vec::new(), known };
        machine.ask();
        machine
    }

    /// What it asks for now, if it is not done.
    pub(crate) fn ask(&mut self) -> Option<Asked> {
        let action = self.discovery.poll_action();
        assert_eq!(self.discovery.poll_action(), action, "the same until it is done");
        let asked = match action {
            Action::QueryTxt(name) => {
                assert_eq!(name, "_mta-sts.example.com.");
                Asked::Txt
            }
            Action::FetchPolicy(request) => {
                assert_eq!(request.host(), "mta-sts.example.com");
                Asked::Policy
            }
            Action::Done => return None,
        };
        if self.asked.last() != Some(&asked) {
            self.asked.push(asked);
        }
        assert!([Asked::Txt, Asked::Policy].starts_with(&self.asked), "each at most once");
        Some(asked)
    }

    /// DIS-10: an answer that was not asked for changes nothing.
    fn nag(&mut self, now: u64) {
        let before = format!("{:?}", self.discovery);
        let asked = self.ask();
        if asked != Some(Asked::Txt) {
            assert!(self.discovery.handle_txt(self.plan.txt.told(), at(now)).is_err());
        }
        if asked != Some(Asked::Policy) {
            let body = self.plan.fetch.body();
            let response = self.plan.fetch.told(&body);
            assert!(self.discovery.handle_response(response, at(now)).is_err());
        }
        assert_eq!(format!("{:?}", self.discovery), before);
    }

    /// Tells it what it has asked for.
    pub(crate) fn answer(&mut self, now: u64) {
        if self.plan.is_nagged {
            self.nag(now);
        }
        let handled = match self.ask() {
            Some(Asked::Txt) => self.discovery.handle_txt(self.plan.txt.told(), at(now)),
            Some(Asked::Policy) => {
                let body = self.plan.fetch.body();
                self.discovery.handle_response(self.plan.fetch.told(&body), at(now))
            }
            None => return,
        };
        assert_eq!(handled, Ok(()));
        self.known.push(applied(self.discovery.known()));
        self.ask();
    }

    /// What it knows.
    pub(crate) fn known(&self) -> &Applied {
        self.known.last().expect("something is known from the beginning on")
    }

    pub(crate) fn is_done(&mut self) -> bool {
        self.ask().is_none()
    }

    /// Everything that can be seen of it, and its outcome.
    pub(crate) fn end(mut self, earlier: &[CachedPolicy]) -> (Seen, Outcome) {
        let is_done = self.is_done();
        let outcome = self.discovery.into_outcome();
        assert_eq!(Some(&applied(outcome.applicable())), self.known.last());
        if let Some(reported) = outcome.report() {
            assert_eq!(Some(reported), outcome.failure());
        }
        let seen = Seen {
            asked: self.asked,
            is_done,
            known: self.known,
            source: outcome.source(),
            failed: outcome.failure().map(trouble),
            is_reportable: outcome.report().is_some(),
            event: outcome.event().map(renewal),
            forgiven: outcome.deviations().total(),
            is_empty: outcome.update().is_empty(),
            is_news: outcome.update().is_news(),
            permanent: earlier.iter().map(|failed| outcome.permanent_failure(failed)).collect(),
        };
        (seen, outcome)
    }
}

fn applied(found: Applicable<'_>) -> Applied {
    match found {
        Applicable::Policy(policy) => Applied::Policy(kept(policy)),
        Applicable::NoPolicy(reason) => Applied::NoPolicy(reason),
        Applicable::Unknown => Applied::Unknown,
    }
}

pub(crate) fn kept(policy: &CachedPolicy) -> Kept {
    let kept = Kept {
        mode: policy.policy().mode(),
        id: policy.id().as_str().to_owned(),
        body: policy.policy().as_str().to_owned(),
        max_age: policy.policy().max_age().as_secs().into(),
        fetched_at: policy.fetched_at().as_secs(),
    };
    assert_eq!(policy.expires_at().as_secs(), kept.expires_at());
    kept
}

fn trouble(failure: &DiscoveryFailure) -> Trouble {
    let kind = match failure {
        DiscoveryFailure::Txt(_) => Kind::Txt,
        DiscoveryFailure::Fetch(_) => Kind::Fetch,
        DiscoveryFailure::Remembered(_) => Kind::Remembered,
        DiscoveryFailure::RateLimited { until } => Kind::RateLimited(until.as_secs()),
        other => panic!("a failure of a new kind: {other}"),
    };
    let refused = failure.refused_lines().map(str::to_owned).collect();
    Trouble { kind, failure: failure.failure(), refused }
}

fn renewal(event: Event) -> Renewal {
    match event {
        Event::RenewalFailing { since, failures, expires_at } => {
            Renewal { since: since.as_secs(), failures, expires_at: expires_at.as_secs() }
        }
        other => panic!("an event of a new kind: {other:?}"),
    }
}

pub(crate) fn memory(entry: &CacheEntry) -> Memory {
    Memory {
        policy: entry.policy().map(kept),
        failed: entry.failed_fetches().map(failed),
        last_used_day: entry.last_used_day().map(Into::into),
    }
}

fn failed(failed: &FailedFetches) -> Failed {
    Failed {
        id: failed.id().as_str().to_owned(),
        in_a_row: failed.in_a_row(),
        failed_at: failed.failed_at().as_secs(),
        since: failed.since().as_secs(),
        total: failed.total(),
        failure: failed.failure(),
        refused: failed.refused_lines().map(str::to_owned).collect(),
    }
}
