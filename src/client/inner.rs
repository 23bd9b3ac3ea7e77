//! What all clones of a client share, and how it drives a discovery.

use alloc::sync::Arc;
use core::time::Duration;
#[cfg(feature = "json")]
use std::sync::Mutex;

use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::answer::{Answer, Unfinished};
use super::caught::{Panicked, caught};
use super::event::{Event, Handlers, StoreCall};
use super::fetch::{FetchError, Fetched, PolicyFetch};
use super::flight::Flights;
use super::limits::ClientLimits;
use super::lookup::TxtLookup;
use super::observe::Observer;
use super::overrides::Overrides;
use super::store::{Store, StoreError};
use crate::sts::cache::{CacheEntry, CachedPolicy, Update};
use crate::sts::discovery::{
    Action, Applicable, Config, Discovery, Outcome, Purpose, Source, TxtFailure,
};
use crate::sts::fetch::{PolicyRequest, TransportFailure};
use crate::sts::{Mode, PolicyDomain, PolicyId, StsRecord};
use crate::txt::DnsFailure;

pub(super) struct Inner {
    pub(super) txt: Arc<dyn TxtLookup>,
    pub(super) fetch: Arc<dyn PolicyFetch>,
    pub(super) clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    pub(super) observer: Observer,
    pub(super) config: Config,
    pub(super) limits: ClientLimits,
    pub(super) store: Store,
    pub(super) overrides: Arc<Overrides>,
    pub(super) events: Handlers,
    pub(super) flights: Flights,
    pub(super) places: Semaphore,
    /// Held while what is known is read and written: the file that stays is the newest.
    #[cfg(feature = "json")]
    pub(super) snapshots: Mutex<()>,
}

impl Inner {
    pub(super) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// The longest that a discovery can take that is the last in its queue.
    pub(super) fn longest_wait(&self) -> Duration {
        self.limits.discovery(self.config.limits().time()).saturating_mul(Flights::MAX_QUEUED)
    }

    /// What is known of a domain.
    pub(super) async fn load(&self, domain: &PolicyDomain) -> Result<CacheEntry, StoreError> {
        self.store.load(domain).await.inspect_err(|error| {
            self.store_failed(Some(domain), StoreCall::Load, error);
        })
    }

    /// Keeps what was learnt. If that fails, what was learnt is true all the same.
    pub(super) async fn fold(&self, domain: &PolicyDomain, update: &Update) {
        if update.is_empty() {
            return;
        }
        match self.store.fold(domain, update, self.now()).await {
            Ok(evicted) => {
                for evicted in evicted {
                    self.events.tell(|| Event::Evicted(evicted));
                }
            }
            Err(error) => self.store_failed(Some(domain), StoreCall::Fold, &error),
        }
    }

    pub(super) fn store_failed(
        &self,
        domain: Option<&PolicyDomain>,
        call: StoreCall,
        error: &StoreError,
    ) {
        let error = error.clone();
        self.events.tell(|| Event::StoreFailed { domain: domain.cloned(), call, error });
    }

    /// A discovery from what is known.
    pub(super) fn begin<'a>(
        &self,
        domain: &'a PolicyDomain,
        entry: CacheEntry,
        purpose: Purpose,
        now: UnixTime,
    ) -> Discovery<'a> {
        Discovery::new(domain, entry, purpose, now, self.config)
    }

    /// What is known without the network, because of `why`, unless that is all that
    /// there is to know.
    pub(super) async fn unfinished(
        &self,
        domain: &PolicyDomain,
        purpose: Purpose,
        why: Unfinished,
    ) -> Result<Answer, StoreError> {
        let discovery = self.begin(domain, self.load(domain).await?, purpose, self.now());
        let why = (discovery.poll_action() != Action::Done).then_some(why);
        if let Some(why) = why
            && why != Unfinished::NotLooked
        {
            self.events.tell(|| Event::Unfinished { domain: domain.clone(), why });
        }
        Ok(Answer::discovered(discovery.into_outcome(), why))
    }

    /// Makes a whole discovery, and folds what it has learnt, in one step.
    pub(super) async fn discover(
        &self,
        domain: &PolicyDomain,
        purpose: Purpose,
    ) -> Result<Answer, StoreError> {
        let place = self.place().await;
        let before = self.load(domain).await?;
        let mut discovery = self.begin(domain, before.clone(), purpose, self.now());
        let at_first = discovery.clone();
        let unfinished = match place {
            Some(_place) => self.drive(&mut discovery).await.err(),
            None => (discovery.poll_action() != Action::Done).then_some(Unfinished::Busy),
        };
        let mut outcome = discovery.into_outcome();
        if unfinished == Some(Unfinished::Busy) {
            // That a fetch was asked for would count against the domain (`FetchRate`).
            self.fold(domain, at_first.into_outcome().update()).await;
        } else {
            self.fold(domain, outcome.update()).await;
        }
        let met = self.meanwhile(domain, &mut outcome, unfinished).await;
        self.tell(domain, &before, &outcome, unfinished);
        met.map(|()| Answer::discovered(outcome, unfinished))
    }

    /// Where something has failed, a policy that others have found meanwhile is to be
    /// applied: another client of the same store, or whoever has restored a snapshot.
    async fn meanwhile(
        &self,
        domain: &PolicyDomain,
        outcome: &mut Outcome,
        unfinished: Option<Unfinished>,
    ) -> Result<(), StoreError> {
        let has_failed = unfinished.is_some() || outcome.failure().is_some();
        if has_failed && outcome.source() != Some(Source::Fetched) {
            outcome.meanwhile(self.load(domain).await?);
        }
        Ok(())
    }

    /// Waits for its turn, but not for long.
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        timeout(self.limits.wait, self.places.acquire()).await.ok()?.ok()
    }

    async fn drive(&self, discovery: &mut Discovery<'_>) -> Result<(), Unfinished> {
        loop {
            let taken = match discovery.poll_action() {
                Action::QueryTxt(name) => {
                    let answer = self.ask(name).await?;
                    discovery.handle_txt(answer, self.now())
                }
                Action::FetchPolicy(request) => {
                    let fetched = self.fetch(request).await?;
                    let response = match fetched.result() {
                        Ok(response) => Ok(response.as_policy_response()),
                        Err(FetchError::Failed(failure)) => Err(failure),
                        Err(FetchError::Busy) => return Err(Unfinished::Busy),
                    };
                    discovery.handle_response(response, self.now())
                }
                Action::Done => return Ok(()),
            };
            taken.expect("an answer to what the discovery has just asked for");
        }
    }

    async fn ask(&self, name: &str) -> Result<Result<PolicyId, TxtFailure>, Unfinished> {
        let asking = caught(async { self.txt.txt(name).await });
        match timeout(self.limits.txt, asking).await {
            Err(_) => Ok(Err(DnsFailure::Timeout.into())),
            Ok(Err(Panicked)) => Err(Unfinished::Panicked),
            Ok(Ok(Err(failure))) => Ok(Err(failure.into())),
            Ok(Ok(Ok(answer))) => {
                let record = StsRecord::from_rrset(answer.records());
                Ok(record.map(|record| record.id()).map_err(Into::into))
            }
        }
    }

    async fn fetch(&self, request: PolicyRequest<'_>) -> Result<Fetched, Unfinished> {
        let fetching = caught(async { self.fetch.fetch(request).await });
        match timeout(request.limits().time(), fetching).await {
            Err(_) => Ok(Fetched::from(Err(TransportFailure::Timeout.into()))),
            Ok(Err(Panicked)) => Err(Unfinished::Panicked),
            Ok(Ok(fetched)) => Ok(fetched),
        }
    }

    /// Tells what a discovery means for the operator.
    fn tell(
        &self,
        domain: &PolicyDomain,
        before: &CacheEntry,
        outcome: &Outcome,
        unfinished: Option<Unfinished>,
    ) {
        if outcome.source() == Some(Source::Fetched)
            && let Some(policy) = outcome.policy()
        {
            self.events.tell(|| fetched(domain.clone(), before, policy.clone()));
        }
        if let Some(failure) = outcome.failure().filter(|_| is_of_interest(outcome)) {
            self.events.tell(|| Event::Failed { domain: domain.clone(), failure: failure.clone() });
        }
        if let Some(event) = outcome.event() {
            self.events.tell(|| Event::Renewal { domain: domain.clone(), event });
        }
        if let Some(why) = unfinished {
            self.events.tell(|| Event::Unfinished { domain: domain.clone(), why });
        }
    }
}

fn fetched(domain: PolicyDomain, before: &CacheEntry, policy: CachedPolicy) -> Event {
    match before.policy() {
        None => Event::Found { domain, policy },
        Some(old) if old.id() == policy.id() && old.policy() == policy.policy() => {
            Event::Refreshed { domain, policy }
        }
        Some(old) => Event::Changed { domain, old: old.clone(), new: policy },
    }
}

/// Whether a failure leaves a policy without confirmation, or mail without an answer.
fn is_of_interest(outcome: &Outcome) -> bool {
    match outcome.applicable() {
        Applicable::Policy(cached) => cached.policy().mode() != Mode::None,
        Applicable::NoPolicy(_) => outcome.report().is_some(),
        Applicable::Unknown => true,
    }
}
