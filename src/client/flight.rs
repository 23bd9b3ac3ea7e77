//! One discovery at a time for each domain, shared by all who wait for it.
//!
//! A flight runs in a task of its own: a caller that is gone takes nothing with it. The
//! flights of a domain are in a queue, of which the first is under way; one that has not
//! begun can be joined by everybody of the same purpose, so that a queue has at most one
//! under way and one of each purpose behind it.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::answer::Answer;
use super::inner::Inner;
use super::store::StoreError;
use crate::sts::PolicyDomain;
use crate::sts::discovery::Purpose;

/// All flights of a client.
#[derive(Default)]
pub(super) struct Flights {
    queues: Mutex<Queues>,
}

type Queues = HashMap<PolicyDomain, VecDeque<Flight>>;

struct Flight {
    purpose: Purpose,
    landed: watch::Sender<Option<Landed>>,
}

type Landed = Result<Answer, StoreError>;

/// The place of a caller.
pub(super) enum Boarded {
    /// In a flight that somebody else runs, of this purpose.
    Joined(Seat, Purpose),
    /// In a flight that this is to run, in a task of its own.
    Leads(Seat, Runner),
    /// None: too many domains have one.
    Full,
}

/// Where a caller waits.
pub(super) struct Seat(watch::Receiver<Option<Landed>>);

impl Seat {
    /// What came of the flight; nothing if it was interrupted.
    pub(super) async fn landed(mut self) -> Option<Landed> {
        let landed = self.0.wait_for(Option::is_some).await.ok()?;
        landed.clone()
    }
}

impl Flights {
    /// The most flights of a domain: one under way, and one of each purpose behind it.
    pub(super) const MAX_QUEUED: u32 = 4;

    /// Finds a flight that serves the purpose, or begins one.
    pub(super) fn board(inner: &Arc<Inner>, domain: &PolicyDomain, purpose: Purpose) -> Boarded {
        let mut queues = inner.flights.lock();
        let is_full = queues.len() >= inner.limits.domains;
        match queues.entry(domain.clone()) {
            Entry::Occupied(mut queue) => {
                let (seat, joined) = join(queue.get_mut(), purpose);
                Boarded::Joined(seat, joined)
            }
            Entry::Vacant(_) if is_full => Boarded::Full,
            Entry::Vacant(queue) => {
                let (flight, seat) = Flight::new(purpose);
                queue.insert(VecDeque::from([flight]));
                Boarded::Leads(seat, Runner::new(inner, domain))
            }
        }
    }

    /// The purpose of the flight that comes next.
    fn next(&self, domain: &PolicyDomain) -> Option<Purpose> {
        Some(self.lock().get(domain)?.front()?.purpose)
    }

    /// Ends the first flight, and the queue if it was the last.
    fn land(&self, domain: &PolicyDomain, landed: Landed) -> Then {
        let mut queues = self.lock();
        let flight = queues.get_mut(domain).and_then(VecDeque::pop_front);
        let is_over = queues.get(domain).is_none_or(VecDeque::is_empty);
        if is_over {
            queues.remove(domain);
        }
        drop(queues);
        if let Some(flight) = flight {
            flight.landed.send_replace(Some(landed));
        }
        if is_over { Then::Over } else { Then::GoesOn }
    }

    // Nothing is left half done under the lock.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Then {
    GoesOn,
    Over,
}

impl Flight {
    fn new(purpose: Purpose) -> (Self, Seat) {
        let (landed, seat) = watch::channel(None);
        (Self { purpose, landed }, Seat(seat))
    }

    /// Whether a flight under way does for the purpose. A refresh looks at all that a
    /// delivery does. A final check must begin after it was asked for, and its
    /// answer must not get to somebody whose attempt came later.
    fn serves(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Delivery => self.purpose != Purpose::FinalCheck,
            Purpose::Refresh => self.purpose == Purpose::Refresh,
            Purpose::FinalCheck => false,
        }
    }
}

fn join(queue: &mut VecDeque<Flight>, purpose: Purpose) -> (Seat, Purpose) {
    let under_way = queue.front().filter(|flight| flight.serves(purpose));
    let waiting = || queue.iter().skip(1).find(|flight| flight.purpose == purpose);
    if let Some(flight) = under_way.or_else(waiting) {
        return (Seat(flight.landed.subscribe()), flight.purpose);
    }
    let (flight, seat) = Flight::new(purpose);
    queue.push_back(flight);
    (seat, purpose)
}

/// Runs the flights of a domain. If it is dropped before all have landed, those who wait
/// are told, and the next caller begins anew.
pub(super) struct Runner {
    inner: Arc<Inner>,
    domain: PolicyDomain,
    then: Then,
}

impl Runner {
    fn new(inner: &Arc<Inner>, domain: &PolicyDomain) -> Self {
        Self { inner: Arc::clone(inner), domain: domain.clone(), then: Then::GoesOn }
    }

    pub(super) async fn run(mut self) {
        while let Then::GoesOn = self.then
            && let Some(purpose) = self.inner.flights.next(&self.domain)
        {
            let landed = self.inner.discover(&self.domain, purpose).await;
            self.then = self.inner.flights.land(&self.domain, landed);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Then::GoesOn = self.then {
            // Dropped after the lock is free.
            let _interrupted = self.inner.flights.lock().remove(&self.domain);
        }
    }
}
