//! The client: one call for the policy of a domain.

use alloc::sync::Arc;
use core::fmt;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::answer::{Answer, Unfinished};
use super::builder::ClientBuilder;
use super::event::StoreCall;
use super::fetch::PolicyFetch;
use super::flight::{Boarded, Flights};
use super::inner::Inner;
use super::lookup::TxtLookup;
use super::overrides::Overrides;
use super::store::StoreError;
use crate::observations::Observations;
use crate::sts::PolicyDomain;
use crate::sts::discovery::{Action, Purpose};

#[cfg(doc)]
use super::{ClientLimits, Observer, Override};
#[cfg(doc)]
use crate::sts::discovery::Recheck;

/// Finds out which policies are to be applied to mail. Clones share everything.
///
/// There is one discovery at a time for a domain, in a task of its own, shared by all
/// who wait for it: a caller that goes away takes nothing from the others, and what a
/// discovery has learnt is folded into the store in one step, or not at all. What the
/// cache knows is answered without network, task or lock of ours: what was confirmed
/// ([`Recheck::After`]) or found absent lately, and what the operator has decided.
///
/// A discovery runs in the runtime of the caller who began it: one that stands still, such
/// as of one thread that is in no `block_on`, holds up all who wait for the same domain, if
/// not for ever ([`ClientLimits`]).
///
/// No answer, no failure and no panic of a part that was plugged in weakens a policy that
/// is unexpired (RFC 8461 §5.1).
///
/// # Panics
///
/// Methods that may ask the network panic outside a tokio runtime, or in one without
/// timers.
///
/// # Examples
///
/// ```
/// use mta_sts::client::{Advice, BoxFuture, Client, Fetched, Lookup, PolicyFetch, Response};
/// use mta_sts::client::{TxtLookup, TxtRecord};
/// use mta_sts::sts::PolicyDomain;
/// use mta_sts::sts::fetch::PolicyRequest;
/// use mta_sts::txt::DnsFailure;
///
/// /// Answers without a network.
/// struct Canned;
///
/// impl TxtLookup for Canned {
///     fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
///         Box::pin(async { Ok(Lookup::found([vec![b"v=STSv1; id=1".to_vec()]])) })
///     }
/// }
///
/// impl PolicyFetch for Canned {
///     fn fetch<'a>(&'a self, _: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
///         let body = b"version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";
///         let response = Response::new(200, body.to_vec()).with_field("Content-Type", "text/plain");
///         Box::pin(async { Ok(response).into() })
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let client = Client::builder(Canned, Canned).build();
/// let domain = PolicyDomain::from_next_hop("example.com")?;
/// let answer = client.policy(&domain).await?;
/// assert_eq!(answer.advice(), Advice::Enforce);
/// assert!(answer.policy().unwrap().matching_mx("mail.example.com").is_some());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

impl Client {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// A client that looks up TXT records and fetches policies by these, and keeps what
    /// it knows in memory.
    pub fn builder(
        txt: impl TxtLookup + 'static,
        fetch: impl PolicyFetch + 'static,
    ) -> ClientBuilder {
        ClientBuilder::new(Arc::new(txt), Arc::new(fetch))
    }

    /// What is to be applied to mail that is to be delivered to the domain now
    /// ([`Purpose::Delivery`]). It joins a discovery that is under way.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a store outside does not say what is known. It may be a policy
    /// that must be applied: keep the message queued.
    pub async fn policy(&self, domain: &PolicyDomain) -> Result<Answer, StoreError> {
        if let Some(by) = self.inner.overrides.of(domain) {
            return Ok(Answer::overridden(by));
        }
        match self.cached(domain).await? {
            Some(answer) => Ok(answer),
            None => self.fly(domain, Purpose::Delivery).await,
        }
    }

    /// Looks for a newer policy before a message fails for good because of the one it
    /// met ([`Purpose::FinalCheck`], RFC 8461 §5, §5.1): the TXT record is looked at after
    /// this call, whatever is cached or under way. To be called after the failed attempt;
    /// [`Answer::permanent_failure`] is the answer. Calls that wait for the same look share it.
    ///
    /// # Errors
    ///
    /// [`StoreError`], as of [`policy`](Self::policy).
    pub async fn final_check(&self, domain: &PolicyDomain) -> Result<Answer, StoreError> {
        if let Some(by) = self.inner.overrides.of(domain) {
            return Ok(Answer::overridden(by));
        }
        self.fly(domain, Purpose::FinalCheck).await
    }

    /// What is known, without asking the network: a delivery may go on by it while the
    /// policy is fetched, if nothing is cached (RFC 8461 §5.1).
    /// [`Answer::unfinished`] says whether [`policy`](Self::policy) would ask.
    ///
    /// # Errors
    ///
    /// [`StoreError`], as of [`policy`](Self::policy).
    pub async fn known(&self, domain: &PolicyDomain) -> Result<Answer, StoreError> {
        if let Some(by) = self.inner.overrides.of(domain) {
            return Ok(Answer::overridden(by));
        }
        self.inner.unfinished(domain, Purpose::Delivery, Unfinished::NotLooked).await
    }

    /// Fetches the policy anew, to keep it alive ([`Purpose::Refresh`]); see also
    /// [`spawn_refresh`](Self::spawn_refresh). It tells what was found, even where the
    /// operator has decided otherwise.
    ///
    /// # Errors
    ///
    /// [`StoreError`], as of [`policy`](Self::policy).
    pub async fn refresh(&self, domain: &PolicyDomain) -> Result<Answer, StoreError> {
        self.fly(domain, Purpose::Refresh).await
    }

    /// Forgets all that is known of a domain but what the operator has decided. The
    /// protection of its policy is gone until it is fetched again. A discovery that is
    /// under way keeps what it finds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a store outside does not do it.
    pub async fn forget(&self, domain: &PolicyDomain) -> Result<(), StoreError> {
        self.inner.store.forget(domain).await.inspect_err(|error| {
            self.inner.store_failed(Some(domain), StoreCall::Forget, error);
        })
    }

    /// Looks at all that an audit of the domain needs; see [`Observer`]. It uses and
    /// changes nothing of what is cached, takes no part in the discoveries, and makes a
    /// fetch each time, whatever the record says.
    ///
    /// # Panics
    ///
    /// Also if what was plugged in does.
    pub async fn observe(&self, domain: &PolicyDomain) -> Observations {
        self.inner.observer.observe(domain).await
    }

    /// What the operator has decided; to be changed at any time.
    #[must_use]
    pub fn overrides(&self) -> &Overrides {
        &self.inner.overrides
    }

    /// The answer of the cache, if no look is needed.
    async fn cached(&self, domain: &PolicyDomain) -> Result<Option<Answer>, StoreError> {
        let entry = self.inner.load(domain).await?;
        let (used, now) = (entry.last_used_day(), self.inner.now());
        let discovery = self.inner.begin(domain, entry, Purpose::Delivery, now);
        if discovery.poll_action() != Action::Done {
            return Ok(None);
        }
        let outcome = discovery.into_outcome();
        // That mail goes there is kept to the day, so most often there is nothing to keep.
        let is_marked = used.is_some_and(|day| u64::from(day) >= now.as_secs() / SECONDS_PER_DAY);
        if !is_marked || outcome.update().is_news() {
            self.inner.fold(domain, outcome.update()).await;
        }
        Ok(Some(Answer::discovered(outcome, None)))
    }

    /// Joins a discovery, or begins one.
    async fn fly(&self, domain: &PolicyDomain, purpose: Purpose) -> Result<Answer, StoreError> {
        let runtime = Handle::current();
        let seat = match Flights::board(&self.inner, domain, purpose) {
            Boarded::Leads(seat, runner) => {
                runtime.spawn(runner.run());
                seat
            }
            Boarded::Joined(seat, joined) => {
                if purpose == Purpose::Delivery && joined != purpose {
                    self.note_delivery(domain).await?;
                }
                seat
            }
            Boarded::Full => {
                return self.inner.unfinished(domain, purpose, Unfinished::Busy).await;
            }
        };
        match timeout(self.inner.longest_wait(), seat.landed()).await {
            Ok(Some(landed)) => landed,
            Ok(None) | Err(_) => {
                self.inner.unfinished(domain, purpose, Unfinished::Interrupted).await
            }
        }
    }

    /// Keeps in mind that mail goes there, since a refresh does not.
    async fn note_delivery(&self, domain: &PolicyDomain) -> Result<(), StoreError> {
        let entry = self.inner.load(domain).await?;
        let discovery = self.inner.begin(domain, entry, Purpose::Delivery, self.inner.now());
        self.inner.fold(domain, discovery.into_outcome().update()).await;
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.inner.config)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

const SECONDS_PER_DAY: u64 = 86_400;
