//! What the operator has decided.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[cfg(doc)]
use super::Client;
use crate::sts::{Policy, PolicyDomain};

/// What an operator can decide for a domain. While it stands, mail to the domain is not
/// noted, so a policy that is cached may not be kept alive ([`Client::spawn_refresh`]).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a policy or none")]
pub enum Override {
    /// This policy is applied, and does not expire.
    Policy(Policy),
    /// No policy is applied, whatever the domain publishes: its protection is off.
    NoPolicy,
}

impl Override {
    /// The policy to apply.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Policy(policy) => Some(policy),
            Self::NoPolicy => None,
        }
    }
}

/// The decisions of the operator, domain by domain. They win over everything, at once,
/// touch no cache and are in no snapshot: when one is cleared, what is known of the domain
/// counts again.
#[derive(Debug, Default)]
pub struct Overrides {
    by_domain: RwLock<HashMap<PolicyDomain, Arc<Override>>>,
    /// So that a client without any takes no lock.
    count: AtomicUsize,
}

impl Overrides {
    /// Decides, and returns what was decided before.
    pub fn set(&self, domain: PolicyDomain, by: Override) -> Option<Arc<Override>> {
        let mut all = self.write();
        let before = all.insert(domain, Arc::new(by));
        self.count.store(all.len(), Ordering::Release);
        before
    }

    /// Takes a decision back, and returns it.
    pub fn clear(&self, domain: &PolicyDomain) -> Option<Arc<Override>> {
        let mut all = self.write();
        let before = all.remove(domain);
        self.count.store(all.len(), Ordering::Release);
        before
    }

    /// What is decided for a domain.
    #[must_use]
    pub fn of(&self, domain: &PolicyDomain) -> Option<Arc<Override>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.read().get(domain).cloned()
    }

    /// All decisions, ordered by domain.
    #[must_use]
    pub fn list(&self) -> Vec<(PolicyDomain, Arc<Override>)> {
        let mut all: Vec<_> =
            self.read().iter().map(|(domain, by)| (domain.clone(), Arc::clone(by))).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<PolicyDomain, Arc<Override>>> {
        self.by_domain.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<PolicyDomain, Arc<Override>>> {
        self.by_domain.write().unwrap_or_else(PoisonError::into_inner)
    }
}
