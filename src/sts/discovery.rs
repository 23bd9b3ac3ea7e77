//! Which policy is to be applied to a delivery: the discovery machine
//! (RFC 8461 §3.1, §3.3, §5.1, §6).
//!
//! A [`Discovery`] does no I/O. It says what is to be asked, is told what came of it,
//! and in the end gives an [`Outcome`]: the policy to apply, what to report, and the
//! [`Update`] of the [cache entry](super::cache) it began with.
//!
//! ```text
//! loop {
//!     match discovery.poll_action() {
//!         Action::QueryTxt(name) => discovery.handle_txt(/* TXT records of name */, now),
//!         Action::FetchPolicy(request) => discovery.handle_response(/* what came back */, now),
//!         Action::Done => break,
//!     }
//! }
//! ```
//!
//! # What is done when
//!
//! | unexpired policy cached | TXT record | then |
//! |---|---|---|
//! | yes | the same `id` | the cached policy |
//! | yes | another `id` | fetch; the fetched policy, or the cached one if that fails |
//! | yes | none, invalid, several, DNS failure | the cached policy; a [refresh](Purpose::Refresh) fetches all the same |
//! | no | any valid `id` | fetch; the fetched policy, or unknown if that fails |
//! | no | none, invalid, several | no policy |
//! | no | DNS failure | unknown |
//!
//! No fetch is made within the back-off of its `id` ([`FailedFetches`]) or beyond the
//! [`FetchRate`]; that is a failure like any other. Unknown means that delivery goes on
//! as if there were no policy (§3.3).
//!
//! This is not the sending: what a policy means for an MX host is decided by
//! [`apply`](super::apply).

mod outcome;

use core::time::Duration;

use rustls_pki_types::UnixTime;

pub use self::outcome::{
    Applicable, DiscoveryFailure, Event, Outcome, PermanentFailure, Source, TxtFailure,
};
use super::cache::{CacheEntry, CachedPolicy, FetchRate, Found, Stamp, Update};
use super::fetch::{FetchFailure, FetchLimits, PolicyRequest, PolicyResponse, TransportFailure};
use super::policy::PolicyDeviation;
use super::policy_domain::PolicyDomain;
use super::record::PolicyId;
use crate::failure::ReasonCode;
use crate::reading::Deviations;

#[cfg(doc)]
use super::cache::FailedFetches;

/// Why a policy is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "each has its own rules, which a driver must know")]
pub enum Purpose {
    /// Mail is to be delivered to the domain (RFC 8461 §5.1).
    Delivery,
    /// The policy is to be kept alive before it expires (§3.3, §10.2). It is fetched
    /// whatever the TXT record says, and keeps its `id` if there is no record. Without
    /// an unexpired policy this is a look-up past the cache.
    Refresh,
    /// A delivery has failed because of the policy, and the message is about to fail
    /// for good: a newer policy must be looked for before that (§5, §5.1), past any
    /// interval or cached absence. To be begun after the failed attempt;
    /// [`Outcome::permanent_failure`] is the answer.
    FinalCheck,
}

/// When the TXT record is looked at while an unexpired policy is cached
/// (RFC 8461 §3.1, §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "always, or after a time")]
pub enum Recheck {
    /// At every delivery.
    EveryDelivery,
    /// At a delivery when so much time has passed since the record was last seen with
    /// the `id` of the cached policy. A changed policy is noticed as much later.
    After(Duration),
}

/// How policies are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    recheck: Recheck,
    absence: Duration,
    limits: FetchLimits,
    rate: FetchRate,
}

impl Config {
    /// When the TXT record is looked at; [`Recheck::EveryDelivery`] by default.
    #[must_use]
    pub const fn with_recheck(mut self, recheck: Recheck) -> Self {
        self.recheck = recheck;
        self
    }

    /// How long it is remembered that there is no record, in whole seconds; 5 minutes
    /// by default, and zero for not at all. A DNS failure is never taken for absence.
    #[must_use]
    pub const fn with_absence(mut self, time: Duration) -> Self {
        self.absence = time;
        self
    }

    /// What a fetch may cost.
    #[must_use]
    pub const fn with_limits(mut self, limits: FetchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// What a fetch may cost.
    #[must_use]
    pub const fn limits(self) -> FetchLimits {
        self.limits
    }

    /// How many fetches a domain may cause.
    #[must_use]
    pub const fn with_rate(mut self, rate: FetchRate) -> Self {
        self.rate = rate;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            recheck: Recheck::EveryDelivery,
            absence: Duration::from_secs(300),
            limits: FetchLimits::default(),
            rate: FetchRate::default(),
        }
    }
}

/// What the driver is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of them")]
pub enum Action<'a> {
    /// Look up the TXT records of this absolute name, following CNAMEs, and tell
    /// [`Discovery::handle_txt`].
    QueryTxt(&'a str),
    /// Fetch the policy, and tell [`Discovery::handle_response`].
    FetchPolicy(PolicyRequest<'a>),
    /// Nothing: [`Discovery::into_outcome`] has all that can be known.
    Done,
}

/// The search for the policy of one domain; see the [module](self).
///
/// After each answer, [`poll_action`](Self::poll_action) says what comes next, until it
/// says [`Action::Done`]. An answer that was not asked for is refused and changes
/// nothing. Time is an argument everywhere; within a discovery it does not run
/// backwards.
///
/// # Examples
///
/// ```
/// use mta_sts::sts::cache::CacheEntry;
/// use mta_sts::sts::discovery::{Action, Config, Discovery, Purpose};
/// use mta_sts::sts::fetch::PolicyResponse;
/// use mta_sts::sts::{Mode, PolicyDomain, StsRecord};
/// use rustls_pki_types::UnixTime;
///
/// let domain = PolicyDomain::from_next_hop("example.com")?;
/// let mut entry = CacheEntry::default(); // from a store
/// let now = UnixTime::now();
/// let mut discovery =
///     Discovery::new(&domain, entry.clone(), Purpose::Delivery, now, Config::default());
///
/// // These would come from the network.
/// let rrset = [["v=STSv1; id=1"]];
/// let body = b"version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";
/// loop {
///     match discovery.poll_action() {
///         Action::QueryTxt(name) => {
///             assert_eq!(name, "_mta-sts.example.com.");
///             let record = StsRecord::from_rrset(&rrset).map(|record| record.id());
///             discovery.handle_txt(record.map_err(Into::into), now)?;
///         }
///         Action::FetchPolicy(request) => {
///             assert_eq!(request.host(), "mta-sts.example.com");
///             let response = PolicyResponse::new(200, body).with_field("Content-Type", "text/plain");
///             discovery.handle_response(Ok(response), now)?;
///         }
///         Action::Done => break,
///     }
/// }
/// let outcome = discovery.into_outcome();
/// entry.apply(outcome.update());
/// let policy = outcome.policy().expect("a policy was fetched").policy();
/// assert_eq!(policy.mode(), Mode::Enforce);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Discovery<'a> {
    domain: &'a PolicyDomain,
    config: Config,
    state: State,
    found: Findings,
}

/// What has been found so far.
#[derive(Debug, Clone)]
struct Findings {
    purpose: Purpose,
    now: UnixTime,
    /// The entry as it was, with what was learnt since.
    entry: CacheEntry,
    update: Update,
    source: Source,
    /// Whether there is a record.
    announced: bool,
    /// Why there is none.
    absent: Option<ReasonCode>,
    failure: Option<DiscoveryFailure>,
    deviations: Deviations<PolicyDeviation>,
    event: Option<Event>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    QueryTxt,
    FetchPolicy { id: PolicyId, asked: Stamp },
    Done,
}

impl<'a> Discovery<'a> {
    /// Begins at `now`, with what is known of the domain.
    #[must_use]
    pub fn new(
        domain: &'a PolicyDomain,
        entry: CacheEntry,
        purpose: Purpose,
        now: UnixTime,
        config: Config,
    ) -> Self {
        let found = Findings {
            purpose,
            now,
            entry,
            update: Update::default(),
            source: Source::Cache,
            announced: false,
            absent: None,
            failure: None,
            deviations: Deviations::default(),
            event: None,
        };
        let mut discovery = Self { domain, config, state: State::QueryTxt, found };
        discovery.learn(discovery.found.entry.clocked(now));
        if purpose == Purpose::Delivery {
            discovery.learn(discovery.found.entry.used(now));
            discovery.answer_from_cache();
        }
        discovery
    }

    /// What is to be done now; the same until it is done.
    #[must_use]
    pub fn poll_action(&self) -> Action<'a> {
        match self.state {
            State::QueryTxt => Action::QueryTxt(self.domain.txt_name()),
            State::FetchPolicy { .. } => Action::FetchPolicy(self.request()),
            State::Done => Action::Done,
        }
    }

    /// Takes what DNS has answered: the `id` of the one valid record, or why there is
    /// none.
    ///
    /// # Errors
    ///
    /// [`NotAsked`] if the action is another one. Nothing has changed then.
    pub fn handle_txt(
        &mut self,
        answer: Result<PolicyId, TxtFailure>,
        now: UnixTime,
    ) -> Result<(), NotAsked> {
        let State::QueryTxt = self.state else { return Err(NotAsked) };
        self.found.now = self.found.now.max(now);
        match answer {
            Ok(id) => self.announced(id),
            Err(failure) => self.not_announced(failure),
        }
        Ok(())
    }

    /// Takes what the policy host has answered, or why there is no answer.
    ///
    /// # Errors
    ///
    /// [`NotAsked`] if the action is another one. Nothing has changed then.
    pub fn handle_response(
        &mut self,
        response: Result<PolicyResponse<'_>, TransportFailure>,
        now: UnixTime,
    ) -> Result<(), NotAsked> {
        let State::FetchPolicy { id, asked } = self.state else { return Err(NotAsked) };
        self.found.now = self.found.now.max(now);
        self.state = State::Done;
        let judged = response
            .map_err(FetchFailure::Transport)
            .and_then(|response| self.request().judge(&response));
        match judged {
            Ok((policy, deviations)) => {
                self.learn(self.found.entry.fetched(policy, id, asked, self.found.now));
                self.found.source = Source::Fetched;
                self.found.deviations = deviations;
            }
            Err(failure) => {
                self.learn(self.found.entry.fetch_failed(id, &failure, self.found.now));
                self.found.failure = Some(DiscoveryFailure::Fetch(failure));
                self.found.event = self.renewal_failing();
            }
        }
        Ok(())
    }

    /// What is known before all is done. With nothing cached, delivery may go on by it
    /// while the policy is fetched (RFC 8461 §5.1).
    #[must_use]
    pub fn known(&self) -> Applicable<'_> {
        Applicable::of(&self.found.entry, self.found.now, self.found.absent)
    }

    /// What has come out; if it is not done, what is known so far.
    pub fn into_outcome(self) -> Outcome {
        Outcome::new(self)
    }

    /// Adds to the entry and to the update.
    fn learn(&mut self, news: Update) {
        self.found.entry.apply(&news);
        self.found.update.merge(&news);
    }

    fn request(&self) -> PolicyRequest<'a> {
        PolicyRequest::new(self.domain, self.config.limits)
    }

    fn unexpired(&self) -> Option<&CachedPolicy> {
        self.found.entry.unexpired(self.found.now)
    }

    /// Spares the look at the TXT record where the configuration allows that.
    fn answer_from_cache(&mut self) {
        if self.unexpired().is_some() {
            if let Recheck::After(time) = self.config.recheck
                && self.found.entry.was_confirmed_within(time.as_secs(), self.found.now)
            {
                self.state = State::Done;
            }
        } else if let Some(reason) =
            self.found.entry.was_absent_within(self.config.absence.as_secs(), self.found.now)
        {
            self.found.absent = Some(reason);
            self.state = State::Done;
        }
    }

    /// There is a record (§3.1).
    fn announced(&mut self, id: PolicyId) {
        self.found.announced = true;
        let same = self.found.entry.policy().is_some_and(|policy| policy.id() == id);
        self.learn(self.found.entry.looked(Found::Record(id), self.found.now));
        if same && self.unexpired().is_some() && self.found.purpose != Purpose::Refresh {
            self.state = State::Done;
        } else {
            self.fetch(id);
        }
    }

    /// There is no record, or it is not known: only a refresh fetches.
    fn not_announced(&mut self, failure: TxtFailure) {
        if let TxtFailure::NoRecord(none) = &failure {
            self.found.absent = Some(none.reason_code());
            self.learn(self.found.entry.looked(Found::Nothing(none.reason_code()), self.found.now));
        }
        self.found.failure = Some(DiscoveryFailure::Txt(failure));
        match self.unexpired().map(CachedPolicy::id) {
            Some(id) if self.found.purpose == Purpose::Refresh => self.fetch(id),
            _ => self.state = State::Done,
        }
    }

    /// Asks for the policy, unless that has failed too lately or was done too often.
    fn fetch(&mut self, id: PolicyId) {
        self.state = State::Done;
        if let Some(failed) = self.found.entry.waits_after(id, self.found.now) {
            self.found.failure = Some(DiscoveryFailure::Remembered(failed.clone()));
            return;
        }
        match self.found.entry.requested(self.config.rate, self.found.now) {
            Ok(request) => {
                self.learn(request);
                let asked = self.found.entry.policy_asked(self.found.now);
                self.state = State::FetchPolicy { id, asked };
            }
            Err(until) => self.found.failure = Some(DiscoveryFailure::RateLimited { until }),
        }
    }

    /// A policy that is wanted could not be fetched anew.
    fn renewal_failing(&self) -> Option<Event> {
        let failed = self.found.entry.failed_fetches()?;
        let policy = self.found.entry.protection(self.found.now)?;
        Some(Event::RenewalFailing {
            since: failed.since(),
            failures: failed.total(),
            expires_at: policy.expires_at(),
        })
    }
}

/// The answer was not asked for: [`Discovery::poll_action`] says what is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("answer to what was not asked")]
#[non_exhaustive]
pub struct NotAsked;
