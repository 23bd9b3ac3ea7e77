//! A sender for the tests: one domain, an entry, and answers given in advance.

use std::time::Duration;

use mta_sts::sts::cache::{CacheEntry, CachedPolicy};
use mta_sts::sts::discovery::{
    Action, Config, Discovery, DiscoveryFailure, Outcome, Purpose, TxtFailure,
};
use mta_sts::sts::fetch::{PolicyResponse, TransportFailure};
use mta_sts::sts::{PolicyDomain, PolicyId};
use mta_sts::txt::NoRecord;
use rustls_pki_types::UnixTime;

pub(crate) type Txt = Result<PolicyId, TxtFailure>;
pub(crate) type Http<'a> = Result<PolicyResponse<'a>, TransportFailure>;

pub(crate) const DAY: u64 = 86_400;

pub(crate) fn time(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

/// A record with this `id`.
pub(crate) fn id(id: &str) -> Txt {
    Ok(PolicyId::new(id).expect("an id"))
}

/// DNS has answered that there is no record.
pub(crate) fn absent() -> Txt {
    Err(NoRecord::Absent.into())
}

pub(crate) fn body(mode: &str, max_age: u64) -> String {
    format!("version: STSv1\nmode: {mode}\nmx: mx.example.com\nmax_age: {max_age}\n")
}

pub(crate) fn ok(body: &str) -> Http<'_> {
    Ok(PolicyResponse::new(200, body.as_bytes()).with_field("Content-Type", "text/plain"))
}

pub(crate) const NO_CONNECTION: Http<'static> = Err(TransportFailure::Connection);

/// What came of an attempt, in a line: policy and where it is from, fetches, report.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    pub(crate) queries: usize,
    pub(crate) fetches: usize,
}

impl Attempt {
    /// The mode that is applied, or `-`.
    pub(crate) fn mode(&self) -> &str {
        self.outcome.policy().map_or("-", |cached| cached.policy().mode().as_str())
    }

    /// The result type and reason that are reported, or nothing.
    pub(crate) fn report(&self) -> String {
        let report = self.outcome.report();
        report.map_or(String::new(), |failure| failure.failure().to_string())
    }

    pub(crate) fn failure(&self) -> &DiscoveryFailure {
        self.outcome.failure().expect("a failure")
    }
}

/// What one sender knows of example.com.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) domain: PolicyDomain,
    pub(crate) entry: CacheEntry,
    pub(crate) config: Config,
}

impl Sender {
    /// Looks at the record at every delivery and does not remember absence.
    pub(crate) fn new() -> Self {
        Self {
            domain: PolicyDomain::from_next_hop("example.com").expect("a domain"),
            entry: CacheEntry::default(),
            config: Config::default().with_absence(Duration::ZERO),
        }
    }

    /// A sender that has fetched a policy with `id=1`.
    pub(crate) fn with_policy(mode: &str, max_age: u64, now: u64) -> Self {
        let mut sender = Self::new();
        let attempt = sender.deliver(now, &id("1"), &ok(&body(mode, max_age)));
        assert_eq!((attempt.mode(), attempt.fetches), (mode, 1));
        sender
    }

    pub(crate) fn deliver(&mut self, now: u64, txt: &Txt, http: &Http<'_>) -> Attempt {
        self.attempt(Purpose::Delivery, now, txt, http)
    }

    pub(crate) fn refresh(&mut self, now: u64, txt: &Txt, http: &Http<'_>) -> Attempt {
        self.attempt(Purpose::Refresh, now, txt, http)
    }

    pub(crate) fn attempt(
        &mut self,
        purpose: Purpose,
        now: u64,
        txt: &Txt,
        http: &Http<'_>,
    ) -> Attempt {
        let domain = self.domain.clone();
        let discovery = self.begin(&domain, purpose, now);
        let attempt = run(discovery, now, txt, http);
        self.entry.apply(attempt.outcome.update());
        attempt
    }

    pub(crate) fn begin<'a>(
        &self,
        domain: &'a PolicyDomain,
        purpose: Purpose,
        now: u64,
    ) -> Discovery<'a> {
        Discovery::new(domain, self.entry.clone(), purpose, time(now), self.config)
    }

    pub(crate) fn cached(&self) -> &CachedPolicy {
        self.entry.policy().expect("a policy")
    }
}

/// Runs a discovery to its end, with all answers at `now`.
pub(crate) fn run(mut discovery: Discovery<'_>, now: u64, txt: &Txt, http: &Http<'_>) -> Attempt {
    let (mut queries, mut fetches) = (0, 0);
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(_) => {
                queries += 1;
                discovery.handle_txt(txt.clone(), time(now)).expect("it was asked for");
            }
            Action::FetchPolicy(_) => {
                fetches += 1;
                discovery.handle_response(*http, time(now)).expect("it was asked for");
            }
            Action::Done => break,
        }
    }
    Attempt { outcome: discovery.into_outcome(), queries, fetches }
}
