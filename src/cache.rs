//! An in-memory cache of what is known of policy domains: bounded in octets, shared
//! between threads, and slow to give up a policy that protects somebody (feature
//! `cache`).
//!
//! # What goes first
//!
//! A policy is *live* while it is unexpired and its mode is `enforce` or `testing`. Live
//! policies have a share of the capacity to themselves, and all other entries (absence,
//! mode `none`, failures, expired policies) have the rest. So no number of domains
//! without a policy drives out one with a policy, and no live policy is lost while the
//! live ones weigh no more than their share.
//!
//! Beyond that the least recently used goes, roughly: the S3-FIFO algorithm of quick_cache
//! keeps what was used more than once before what is new. Those that have expired
//! meanwhile go first, if they have not been looked for within the last
//! [minute](PolicyCache::SWEEP_INTERVAL). Each live policy that is lost
//! is told as [`Evicted`] by the call that causes it, for the operator to know
//! (RFC 8461 §10.2: a policy that is forgotten protects nobody).
//!
//! # What it is not
//!
//! It is no store: a restart loses it. [`PolicyCache::entries`] gives all that is in it,
//! and folding that into another cache restores it. It reads no clock, starts no thread
//! and makes no discovery.
//!
//! # Limits
//!
//! Weights are estimates from above of the memory that an entry costs. An entry that is
//! heavier than half the room it could have is not kept.

use alloc::vec::Vec;
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use rustls_pki_types::UnixTime;

use crate::sts::PolicyDomain;
use crate::sts::cache::{CacheEntry, CachedPolicy, RefreshRule, Update};

/// A bounded cache of policies that threads can share; see the [module](self).
///
/// # Examples
///
/// ```
/// use mta_sts::cache::PolicyCache;
/// use mta_sts::sts::PolicyDomain;
/// use mta_sts::sts::discovery::{Action, Config, Discovery, Purpose};
/// use mta_sts::txt::NoRecord;
/// use rustls_pki_types::UnixTime;
///
/// let cache = PolicyCache::new(16 << 20);
/// let domain = PolicyDomain::from_next_hop("example.com")?;
/// let now = UnixTime::now();
///
/// let entry = cache.get(&domain);
/// let mut discovery = Discovery::new(&domain, entry, Purpose::Delivery, now, Config::default());
/// while let Action::QueryTxt(_) = discovery.poll_action() {
///     discovery.handle_txt(Err(NoRecord::Absent.into()), now)?; // from the network
/// }
/// let outcome = discovery.into_outcome();
/// for evicted in cache.apply(&domain, outcome.update(), now) {
///     eprintln!("the cache is too small: lost the policy of {}", evicted.domain());
/// }
/// assert_eq!(cache.len(), 1);
///
/// // A snapshot, and its restoration.
/// let restored = PolicyCache::new(16 << 20);
/// for (domain, entry) in cache.entries() {
///     let _ = restored.apply(&domain, &entry.into(), now);
/// }
/// assert_eq!(restored.get(&domain), cache.get(&domain));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct PolicyCache {
    live: Half,
    rest: Half,
    /// Held by whoever changes an entry; and when expired entries were last looked for.
    writer: Mutex<Option<UnixTime>>,
}

type Half = Cache<PolicyDomain, CacheEntry, Weight, DefaultHashBuilder, Collect>;

impl PolicyCache {
    /// The capacity by default, in octets: 64 MiB, room for some 80,000 policies, more
    /// than most senders ever meet.
    pub const DEFAULT_CAPACITY: u64 = 64 << 20;

    /// By default live policies may have all of the capacity but one part in so many.
    /// That is for the rest, whose entries are small: without the memory of absence and of
    /// failures each delivery would look again.
    pub const RESERVE_DIVISOR: u64 = 8;

    /// How many seconds pass at least until expired entries are looked for again, which
    /// takes a walk through all of them.
    pub const SWEEP_INTERVAL: u64 = 60;

    /// A cache of at most `capacity` octets, of which live policies may have up to seven
    /// [eighths](Self::RESERVE_DIVISOR).
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self::with_live_share(capacity, capacity.saturating_sub(capacity / Self::RESERVE_DIVISOR))
    }

    /// A cache of at most `capacity` octets, of which live policies may have up to `live`
    /// octets; at most all.
    #[must_use]
    pub fn with_live_share(capacity: u64, live: u64) -> Self {
        let live = live.min(capacity);
        let rest = capacity.saturating_sub(live);
        Self { live: half(live), rest: half(rest), writer: Mutex::new(None) }
    }

    /// What is known of the domain; an empty entry if that is nothing.
    #[must_use]
    pub fn get(&self, domain: &PolicyDomain) -> CacheEntry {
        let found = self.find(domain).or_else(|| {
            // It may just be on its way from one half to the other.
            let _writer = self.lock();
            self.find(domain)
        });
        found.unwrap_or_default()
    }

    /// Folds an update into the entry of the domain, in one step: nothing that other
    /// threads fold is lost. An update that was made of a whole [`CacheEntry`] restores
    /// it. Whether policies are live is judged at `now`.
    ///
    /// Returns the live policies that had to go for it, seldom any, each once. The updated
    /// one may be among them.
    #[must_use = "the operator should know of each live policy that was lost"]
    pub fn apply(&self, domain: &PolicyDomain, update: &Update, now: UnixTime) -> Vec<Evicted> {
        let mut writer = self.lock();
        let mut entry = self.find(domain).unwrap_or_default();
        entry.apply(update);
        self.put(domain.clone(), entry, now, &mut writer)
    }

    /// Removes and returns all that is known of a domain, because the operator says so.
    /// This is no eviction, and nothing is told.
    pub fn forget(&self, domain: &PolicyDomain) -> Option<CacheEntry> {
        let _writer = self.lock();
        let removed = self.live.remove(domain).or_else(|| self.rest.remove(domain));
        removed.map(|(_, entry)| entry)
    }

    /// The domains whose policies should be refreshed now
    /// ([`CacheEntry::is_refresh_due`]). Walks through all live policies.
    pub fn due(&self, rule: RefreshRule, now: UnixTime) -> impl Iterator<Item = PolicyDomain> {
        let entries = self.live.iter();
        entries
            .filter(move |(domain, entry)| entry.is_refresh_due(domain, rule, now))
            .map(|(domain, _)| domain)
    }

    /// All entries, in no order. The cache can be used meanwhile; an entry that changes
    /// then may be given as it was or as it is, twice, or, if it is new, not at all.
    pub fn entries(&self) -> impl Iterator<Item = (PolicyDomain, CacheEntry)> {
        self.rest.iter().chain(self.live.iter())
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live.len().saturating_add(self.rest.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What all entries weigh, in octets: at most the capacity.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.live.weight().saturating_add(self.rest.weight())
    }

    /// The most that all entries may weigh, in octets.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.live.capacity().saturating_add(self.rest.capacity())
    }

    fn find(&self, domain: &PolicyDomain) -> Option<CacheEntry> {
        self.live.get(domain).or_else(|| self.rest.get(domain))
    }

    /// Puts an entry where it belongs.
    fn put(
        &self,
        domain: PolicyDomain,
        entry: CacheEntry,
        now: UnixTime,
        swept_at: &mut Option<UnixTime>,
    ) -> Vec<Evicted> {
        if entry.protection(now).is_none() {
            self.rest.insert(domain.clone(), entry);
            self.live.remove(&domain);
            return Vec::new();
        }
        let mut lost = self.insert_live(domain.clone(), entry, now);
        self.rest.remove(&domain);
        let is_due = swept_at.is_none_or(|swept| {
            now < swept || now.as_secs().saturating_sub(swept.as_secs()) >= Self::SWEEP_INTERVAL
        });
        if !lost.is_empty() && is_due {
            *swept_at = Some(now);
            self.live.retain(|_, entry| entry.protection(now).is_some());
            lost = lost
                .into_iter()
                .flat_map(|(domain, entry)| self.insert_live(domain, entry, now))
                .collect();
        }
        lost.into_iter().filter_map(|(domain, entry)| Evicted::new(domain, &entry)).collect()
    }

    /// Inserts an entry, and returns the live ones that had to go.
    fn insert_live(&self, domain: PolicyDomain, entry: CacheEntry, now: UnixTime) -> Removed {
        let mut removed = Removed::new();
        self.live.insert_with_lifecycle(domain.clone(), entry.clone(), &mut removed);
        // What the entry has replaced is among them, and so is the entry if it found no
        // room.
        removed.retain(|(other, entry)| *other != domain && entry.protection(now).is_some());
        if self.live.peek(&domain).is_none() {
            removed.push((domain, entry));
        }
        removed
    }

    // A panic under the lock, of the allocator say, leaves no entry half folded.
    fn lock(&self) -> MutexGuard<'_, Option<UnixTime>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With [`DEFAULT_CAPACITY`](PolicyCache::DEFAULT_CAPACITY).
impl Default for PolicyCache {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for PolicyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyCache")
            .field("len", &self.len())
            .field("weight", &self.weight())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// A live policy that was lost because the cache was full: until it is fetched again, mail
/// to the domain goes without its protection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the operator should know"]
pub struct Evicted {
    domain: PolicyDomain,
    policy: CachedPolicy,
}

impl Evicted {
    fn new(domain: PolicyDomain, entry: &CacheEntry) -> Option<Self> {
        Some(Self { domain, policy: entry.policy()?.clone() })
    }

    /// Whose policy it was.
    #[must_use]
    pub const fn domain(&self) -> &PolicyDomain {
        &self.domain
    }

    /// The policy, unexpired and of mode `enforce` or `testing`.
    #[must_use]
    pub const fn policy(&self) -> &CachedPolicy {
        &self.policy
    }
}

/// One shard, since the share of each would be a bound of its own; half of the room for
/// what is new, which else would go before anything older; and none for the names of what
/// was evicted, which would take as much as entries do.
fn half(capacity: u64) -> Half {
    let items = usize::try_from(capacity / TYPICAL_WEIGHT).unwrap_or(usize::MAX);
    let options = OptionsBuilder::new()
        .estimated_items_capacity(items)
        .weight_capacity(capacity)
        .hot_allocation(0.5)
        .ghost_allocation(0.0)
        .shards(1)
        .build()
        .expect("both capacities are given");
    Cache::with_options(options, Weight, DefaultHashBuilder::default(), Collect)
}

/// What a policy with a few patterns weighs, in octets.
const TYPICAL_WEIGHT: u64 = 800;

/// Estimates the memory of entries.
#[derive(Clone)]
struct Weight;

impl Weight {
    /// What an allocator adds to a block, and the counts of an `Arc`.
    const BLOCK: usize = 24;

    /// The entry in its place, and what the index adds to it; twice, since the room for
    /// entries grows by doubling.
    const PLACE: usize = 2 * (size_of::<(PolicyDomain, CacheEntry)>() + 32);
}

impl Weighter<PolicyDomain, CacheEntry> for Weight {
    fn weight(&self, domain: &PolicyDomain, entry: &CacheEntry) -> u64 {
        let blocks = entry.blocks().chain([domain.txt_name().len()]);
        let weight = blocks
            .fold(Self::PLACE, |sum, len| sum.saturating_add(len).saturating_add(Self::BLOCK));
        u64::try_from(weight).unwrap_or(u64::MAX)
    }
}

/// Collects what is evicted.
#[derive(Clone)]
struct Collect;

type Removed = Vec<(PolicyDomain, CacheEntry)>;

impl Lifecycle<PolicyDomain, CacheEntry> for Collect {
    type RequestState = Removed;

    fn on_evict(&self, removed: &mut Removed, domain: PolicyDomain, entry: CacheEntry) {
        removed.push((domain, entry));
    }
}
