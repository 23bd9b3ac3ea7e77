//! How many connections there are, and how many go to which network.

use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DialLimits;
use crate::guard::Prefix;

/// The networks that connections go to or wait for, and no others: so it has no more
/// entries than there are connections and callers.
pub(super) struct Slots {
    connections: Arc<Semaphore>,
    per_network: usize,
    networks: Mutex<HashMap<Prefix, Arc<Semaphore>>>,
}

impl Slots {
    pub(super) fn new(limits: DialLimits) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(limits.connections())),
            per_network: limits.per_network(),
            networks: Mutex::default(),
        }
    }

    /// A slot of the network of that address, not yet taken.
    pub(super) fn register(self: &Arc<Self>, address: IpAddr) -> Slot {
        let network = network_of(address);
        let semaphore = {
            let mut networks = self.lock();
            let new = || Arc::new(Semaphore::new(self.per_network));
            Arc::clone(networks.entry(network).or_insert_with(new))
        };
        Slot {
            slots: Arc::clone(self),
            network,
            semaphore: Some(semaphore),
            permit: None,
            of_all: None,
        }
    }

    // A panic under the lock, of the allocator say, leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<Prefix, Arc<Semaphore>>> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("networks", &self.lock().len()).finish_non_exhaustive()
    }
}

/// What one owner has, as a rule: a subnet of IPv4, a site of IPv6 (RFC 6177 §2).
fn network_of(address: IpAddr) -> Prefix {
    let len = if address.is_ipv4() { 24 } else { 48 };
    Prefix::holding(address, len).unwrap_or_else(|_| Prefix::from(address))
}

/// A connection to a network, or the wish for one.
pub(super) struct Slot {
    slots: Arc<Slots>,
    network: Prefix,
    /// Of the map; there until the slot is dropped.
    semaphore: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
    /// One of all connections, which is taken last.
    of_all: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Takes it if there is one; else it is given back.
    pub(super) fn try_take(mut self) -> Result<Self, Self> {
        let semaphore = self.semaphore.clone();
        self.permit = semaphore.and_then(|semaphore| semaphore.try_acquire_owned().ok());
        if self.permit.is_some() { Ok(self) } else { Err(self) }
    }

    /// Takes it when it is its turn: first come, first served.
    pub(super) async fn take(mut self) -> Self {
        if let Some(semaphore) = self.semaphore.clone() {
            self.permit = semaphore.acquire_owned().await.ok();
        }
        self
    }

    /// Takes one of all connections too, when it is its turn.
    pub(super) async fn take_one_of_all(mut self) -> Self {
        self.of_all = Arc::clone(&self.slots.connections).acquire_owned().await.ok();
        self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        drop(self.permit.take());
        drop(self.semaphore.take());
        let mut networks = self.slots.lock();
        // Others are cloned under the lock only: nobody has one if the map has the last.
        let unused = |semaphore: &Arc<Semaphore>| Arc::strong_count(semaphore) == 1;
        if networks.get(&self.network).is_some_and(unused) {
            networks.remove(&self.network);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("network", &self.network).finish_non_exhaustive()
    }
}
