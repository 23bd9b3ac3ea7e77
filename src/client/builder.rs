//! How a client is made.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;

use super::event::{Event, Handlers};
use super::fetch::PolicyFetch;
use super::flight::Flights;
use super::inner::Inner;
use super::limits::ClientLimits;
use super::lookup::{AddressLookup, MxLookup, TxtLookup};
use super::observe::Observer;
use super::overrides::{Override, Overrides};
use super::policy::Client;
#[cfg(feature = "probe")]
use super::probe::MxProbe;
use super::store::{PolicyStore, Store};
use crate::cache::PolicyCache;
use crate::sts::PolicyDomain;
use crate::sts::discovery::Config;

/// Makes a [`Client`]; see [`Client::builder`].
#[must_use = "`build` makes the client"]
pub struct ClientBuilder {
    txt: Arc<dyn TxtLookup>,
    fetch: Arc<dyn PolicyFetch>,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    observer: Observer,
    config: Config,
    limits: ClientLimits,
    store: Kept,
    overrides: Overrides,
    events: Handlers,
}

enum Kept {
    Within(u64),
    Outside(Box<dyn PolicyStore>),
}

impl ClientBuilder {
    pub(super) fn new(txt: Arc<dyn TxtLookup>, fetch: Arc<dyn PolicyFetch>) -> Self {
        Self {
            observer: Observer::new(txt.clone(), fetch.clone()),
            txt,
            fetch,
            clock: Arc::new(UnixTime::now),
            config: Config::default(),
            limits: ClientLimits::default(),
            store: Kept::Within(PolicyCache::DEFAULT_CAPACITY),
            overrides: Overrides::default(),
            events: Handlers::default(),
        }
    }

    /// Looks for policies by this: when the TXT record is looked at, how long absence is
    /// remembered, what a fetch may cost, how many a domain may cause.
    pub const fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Keeps these limits.
    pub const fn with_limits(mut self, limits: ClientLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps what is known in memory, in at most `octets`;
    /// [`PolicyCache::DEFAULT_CAPACITY`] by default. In place of a store.
    pub fn with_cache_capacity(mut self, octets: u64) -> Self {
        self.store = Kept::Within(octets);
        self
    }

    /// Keeps what is known there, and nothing in memory.
    pub fn with_store(mut self, store: impl PolicyStore + 'static) -> Self {
        self.store = Kept::Outside(Box::new(store));
        self
    }

    /// Takes the time from there; from the system by default. It must not block.
    pub fn with_clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Tells this of every event, besides those that were given before. It is called from
    /// the task in which the event happens, so it must not block; what it panics of is
    /// dropped.
    pub fn with_events(mut self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events.add(handler);
        self
    }

    /// Looks up addresses by this, for [`Client::observe`] only.
    pub fn with_addresses(mut self, addresses: Arc<dyn AddressLookup>) -> Self {
        self.observer = self.observer.with_addresses(addresses);
        self
    }

    /// Looks up MX records by this, for [`Client::observe`] only.
    pub fn with_mx(mut self, mx: Arc<dyn MxLookup>) -> Self {
        self.observer = self.observer.with_mx(mx);
        self
    }

    /// Probes MX hosts by this, for [`Client::observe`] only.
    #[cfg(feature = "probe")]
    pub fn with_probe(mut self, probe: Arc<dyn MxProbe>) -> Self {
        self.observer = self.observer.with_probe(probe);
        self
    }

    /// Decides for a domain; see [`Client::overrides`].
    pub fn with_override(self, domain: PolicyDomain, by: Override) -> Self {
        self.overrides.set(domain, by);
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> Client {
        let store = match self.store {
            Kept::Within(octets) => Store::Memory(Arc::new(PolicyCache::new(octets))),
            Kept::Outside(store) => Store::Outside { store, time: self.limits.store },
        };
        Client::new(Inner {
            txt: self.txt,
            fetch: self.fetch,
            observer: self
                .observer
                .with_fetch_limits(self.config.limits())
                .with_shared_clock(self.clock.clone()),
            clock: self.clock,
            config: self.config,
            limits: self.limits,
            store,
            overrides: Arc::new(self.overrides),
            events: self.events,
            flights: Flights::default(),
            places: Semaphore::new(self.limits.discoveries),
            #[cfg(feature = "json")]
            snapshots: std::sync::Mutex::new(()),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("config", &self.config)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
