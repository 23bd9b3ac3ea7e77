//! The delivery of one report: the machine.

use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use super::post::{PostRequest, SubmitFailure};
use super::{FIRST_WAIT, Plan, RETRY_TIME, Reach, plus};
use crate::tlsrpt::uri::{Destination, MailAddress, ReportUri};

/// The delivery of a report to the destinations of a [`Plan`] (RFC 8460 §3, §5.5).
///
/// It does nothing itself: [`poll_action`](Self::poll_action) says what is to be done, and
/// [`handle_result`](Self::handle_result) is told what came of it, until all is
/// [done](Action::Done). Each destination has its first attempt at its
/// [`sending_time`](super::sending_time), the next ones [`FIRST_WAIT`] seconds after the
/// first failure, twice as much after the second, and so on, but none later than
/// [`RETRY_TIME`] after the first attempt; then it is given up. Of several that are due,
/// the one comes first that has been due longest, or else the first of the record.
///
/// So there are at most nine attempts. The time is an argument; if it runs backwards, no
/// wait gets longer than it was meant to be, and there are at most ten.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use mta_sts::tlsrpt::TlsRptRecord;
/// use mta_sts::tlsrpt::submit::{Action, Config, Outcome, Plan};
/// use mta_sts::{DomainName, Reading};
/// use rustls_pki_types::UnixTime;
///
/// let text = "v=TLSRPTv1; rua=https://reports.example.com/tls";
/// let (record, _) = TlsRptRecord::parse(text, Reading::Tolerant)?;
/// let domain = DomainName::parse("example.com")?;
/// let midnight = UnixTime::since_unix_epoch(Duration::from_secs(1_707_004_800));
/// let plan = Plan::new(&record, Config::default());
/// let mut delivery = plan.delivery(&domain, midnight, 7);
///
/// let mut now = midnight;
/// loop {
///     match delivery.poll_action(now) {
///         Action::WaitUntil(time) => now = time, // sleep
///         Action::Post(request) => {
///             assert_eq!(request.host().as_str(), "reports.example.com");
///             let status = 201; // of the response
///             delivery.handle_result(request.judge(status), now)?;
///         }
///         Action::Mail(address) => panic!("no mail to {address}"),
///         Action::Done => break,
///     }
/// }
/// assert_eq!(delivery.outcome(), Some(Outcome::Delivered));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Delivery<'a> {
    plan: &'a Plan<'a>,
    /// Those of each usable destination, in its place.
    attempts: Vec<Attempts>,
    /// The place of what has been asked for, and when that was.
    asked: Option<(usize, UnixTime)>,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of them")]
pub enum Action<'a> {
    /// Send a mail with the report to this address, and tell
    /// [`Delivery::handle_result`] whether it was accepted.
    Mail(&'a MailAddress),
    /// Post the report, and tell [`Delivery::handle_result`] what came of it.
    Post(PostRequest<'a>),
    /// Nothing until then.
    WaitUntil(UnixTime),
    /// Nothing any more: [`Delivery::outcome`] says how it has ended.
    Done,
}

/// How a delivery has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// A destination has accepted the report; with [`Reach::All`], one at least.
    Delivered,
    /// No destination has accepted it in time.
    GivenUp,
    /// There is no destination that can be used.
    NoDestination,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, first: impl Fn(ReportUri<'a>) -> UnixTime) -> Self {
        let attempts = plan.usable().map(|(uri, _)| Attempts::from(first(uri)));
        Self { plan, attempts: attempts.collect(), asked: None }
    }

    /// What is to be done at this time; a mail or POST until its result is told.
    #[must_use]
    pub fn poll_action(&mut self, now: UnixTime) -> Action<'a> {
        let (place, _) = match self.asked {
            Some(asked) => asked,
            None => {
                self.attempts.iter_mut().for_each(|attempts| attempts.look_at_clock(now));
                match self.next() {
                    None => return Action::Done,
                    Some((_, due)) if due > now => return Action::WaitUntil(due),
                    Some((place, _)) => *self.asked.insert((place, now)),
                }
            }
        };
        self.plan.usable.get(place).map_or(Action::Done, |(_, destination)| match destination {
            Destination::Mailto(address) => Action::Mail(address),
            Destination::Https(endpoint) => {
                Action::Post(PostRequest::new(endpoint, &self.plan.config))
            }
        })
    }

    /// Takes what came of the mail or POST that was asked for.
    ///
    /// # Errors
    ///
    /// [`NotAsked`] if none was. Nothing has changed then.
    pub fn handle_result(
        &mut self,
        result: Result<(), SubmitFailure>,
        now: UnixTime,
    ) -> Result<(), NotAsked> {
        let (place, asked_at) = self.asked.take().ok_or(NotAsked)?;
        if let Some(attempts) = self.attempts.get_mut(place) {
            attempts.handle(result, asked_at, now);
        }
        Ok(())
    }

    /// The destinations in the order of the record, and why the last attempt has failed
    /// there if it has.
    pub fn failures(&self) -> impl Iterator<Item = (ReportUri<'a>, Option<SubmitFailure>)> {
        let failures = self.attempts.iter().map(|attempts| attempts.last_failure);
        self.plan.usable().map(|(uri, _)| uri).zip(failures)
    }

    /// How it has ended; `None` if there is still something to be done.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self.next() {
            Some(_) => None,
            None if self.attempts.is_empty() => Some(Outcome::NoDestination),
            None if self.is_accepted() => Some(Outcome::Delivered),
            None => Some(Outcome::GivenUp),
        }
    }

    fn is_accepted(&self) -> bool {
        self.attempts.iter().any(|attempts| matches!(attempts.state, State::Accepted))
    }

    /// The place that is due first, and when.
    fn next(&self) -> Option<(usize, UnixTime)> {
        if self.plan.config.reach == Reach::One && self.is_accepted() {
            return None;
        }
        let due =
            self.attempts.iter().enumerate().filter_map(|(place, attempts)| match attempts.state {
                State::Due { at, .. } => Some((place, at)),
                State::Accepted | State::GivenUp => None,
            });
        due.min_by_key(|(_, at)| *at)
    }
}

/// What has been tried with one destination.
#[derive(Debug, Clone)]
struct Attempts {
    state: State,
    last_failure: Option<SubmitFailure>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Due { at: UnixTime, retry: Option<Retry> },
    Accepted,
    GivenUp,
}

#[derive(Debug, Clone, Copy)]
struct Retry {
    /// When the first attempt was made.
    began: UnixTime,
    /// Seconds from the last failure to the next attempt, at most [`RETRY_TIME`].
    wait: u64,
}

/// None, with the first at this time.
impl From<UnixTime> for Attempts {
    fn from(at: UnixTime) -> Self {
        Self { state: State::Due { at, retry: None }, last_failure: None }
    }
}

impl Attempts {
    /// A clock that was set back must not prolong a wait, nor one that was set forward
    /// the time for retries.
    fn look_at_clock(&mut self, now: UnixTime) {
        if let State::Due { at, retry: Some(Retry { began, wait }) } = self.state {
            let began = began.min(now);
            self.state = match now > plus(began, RETRY_TIME) {
                true => State::GivenUp,
                false => {
                    State::Due { at: at.min(plus(now, wait)), retry: Some(Retry { began, wait }) }
                }
            };
        }
    }

    fn handle(&mut self, result: Result<(), SubmitFailure>, asked_at: UnixTime, now: UnixTime) {
        self.last_failure = result.err();
        self.state = match (result, self.state) {
            (Ok(()), _) => State::Accepted,
            (Err(_), State::Due { retry, .. }) => failed(retry, asked_at, now),
            (Err(_), ended) => ended,
        };
    }
}

/// The state after an attempt that was asked for then and has failed now.
fn failed(retry: Option<Retry>, asked_at: UnixTime, now: UnixTime) -> State {
    let began = retry.map_or(asked_at, |retry| retry.began);
    let wait = retry.map_or(FIRST_WAIT, |retry| retry.wait.saturating_mul(2));
    let at = plus(now, wait);
    match at > plus(began, RETRY_TIME) || wait > RETRY_TIME {
        true => State::GivenUp,
        false => State::Due { at, retry: Some(Retry { began, wait }) },
    }
}

/// The result was not asked for: [`Delivery::poll_action`] says what is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("result of what was not asked")]
#[non_exhaustive]
pub struct NotAsked;
