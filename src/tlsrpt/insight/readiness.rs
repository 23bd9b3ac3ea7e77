//! Ready for `enforce` or not (OUT-4; RFC 8461 §8.1).

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::UnixTime;

use super::Authentication;
use super::day::Day;
use super::impact::Impact;
use super::totals::{By, FailureTotal, Label, Total};
use super::view::{Reasons, View};
use crate::domain::DomainName;

/// What it takes to be ready, and of which time reports are looked at.
///
/// ```
/// use mta_sts::tlsrpt::insight::Criteria;
///
/// let criteria = Criteria::default().with_min_days(30).with_min_senders(3);
/// assert_eq!(Criteria::default().min_days(), 14);
/// # let _ = criteria;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Criteria {
    min_days: u64,
    min_sessions: u64,
    min_senders: usize,
    tolerated_per_million: u32,
    from: u64,
    until: u64,
}

impl Criteria {
    /// Two weeks: whoever writes once a week has written twice.
    pub const MIN_DAYS: u64 = 14;

    /// A hundred sessions: a fault that meets one session in thirty has been seen with a
    /// probability of more than 95 %.
    pub const MIN_SESSIONS: u64 = 100;

    /// Two senders: what one of them sees can be its own DNS, its own trusted roots.
    pub const MIN_SENDERS: usize = 2;

    /// Wants at least so many sessions that succeeded under the MTA-STS policy.
    #[must_use]
    pub const fn with_min_sessions(mut self, sessions: u64) -> Self {
        self.min_sessions = sessions;
        self
    }

    /// Wants reports of such sessions of at least so many days.
    #[must_use]
    pub const fn with_min_days(mut self, days: u64) -> Self {
        self.min_days = days;
        self
    }

    /// Wants at least so many senders.
    #[must_use]
    pub const fn with_min_senders(mut self, senders: usize) -> Self {
        self.min_senders = senders;
        self
    }

    /// Puts up with so many refused sessions in a million: by default with none. Large
    /// domains always have a few, of broken connections, and senders try again.
    #[must_use]
    pub const fn with_tolerated_per_million(mut self, sessions: u32) -> Self {
        self.tolerated_per_million = sessions;
        self
    }

    /// Looks only at reports whose window begins within this time, both ends included;
    /// such as the time since a fault was mended.
    #[must_use]
    pub const fn within(mut self, from: UnixTime, until: UnixTime) -> Self {
        (self.from, self.until) = (from.as_secs(), until.as_secs());
        self
    }

    /// How many days are wanted.
    #[must_use]
    pub const fn min_days(&self) -> u64 {
        self.min_days
    }

    /// How many successful sessions are wanted.
    #[must_use]
    pub const fn min_sessions(&self) -> u64 {
        self.min_sessions
    }

    /// How many senders are wanted.
    #[must_use]
    pub const fn min_senders(&self) -> usize {
        self.min_senders
    }

    const fn is_in_time(&self, start: u64) -> bool {
        self.from <= start && start <= self.until
    }

    /// Whether so many sessions are too many for what is tolerated.
    fn is_too_much(&self, refused: u64, successful: u64) -> bool {
        let all = u128::from(successful).saturating_add(u128::from(refused));
        let tolerated = all.saturating_mul(u128::from(self.tolerated_per_million));
        u128::from(refused).saturating_mul(1_000_000) > tolerated
    }
}

/// [`MIN_DAYS`](Self::MIN_DAYS), [`MIN_SESSIONS`](Self::MIN_SESSIONS),
/// [`MIN_SENDERS`](Self::MIN_SENDERS), no refused session, reports of all times.
impl Default for Criteria {
    fn default() -> Self {
        Self {
            min_days: Self::MIN_DAYS,
            min_sessions: Self::MIN_SESSIONS,
            min_senders: Self::MIN_SENDERS,
            tolerated_per_million: 0,
            from: 0,
            until: u64::MAX,
        }
    }
}

/// Whether a domain is ready for `enforce`, by authenticated reports, and why.
///
/// `Display` is the verdict with its reasons, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness<'a> {
    /// The policy domain.
    pub domain: DomainName,
    /// Why not; empty if it is ready.
    pub reasons: Vec<Reason<'a>>,
    /// What is worth knowing and does not stand against it.
    pub notes: Vec<Reason<'a>>,
    /// Who has reported sessions that succeeded under the MTA-STS policy.
    pub senders: Vec<Total<'a>>,
    /// The failure rows by `result-type`.
    pub result_types: Vec<Total<'a>>,
    /// The failure rows, those with different reason codes together.
    pub failures: Vec<FailureTotal<'a>>,
    /// The sessions that succeeded under the MTA-STS policy.
    pub sessions: u64,
    /// The days of such reports, in order.
    pub days: Vec<Day>,
}

/// Something that stands against `enforce`, or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason<'a> {
    /// No authenticated report is about the domain.
    NoReports,
    /// There was no room for so many authenticated reports; what they say is not known.
    LeftOut {
        /// The reports, of any domain.
        reports: u64,
    },
    /// Too few days are covered.
    Days {
        /// The days covered.
        covered: u64,
        /// The days wanted.
        wanted: u64,
    },
    /// Too few sessions have succeeded under the MTA-STS policy.
    Sessions {
        /// The sessions that have.
        seen: u64,
        /// The sessions wanted.
        wanted: u64,
    },
    /// Too few senders have reported such sessions.
    Senders {
        /// The senders that have.
        seen: usize,
        /// The senders wanted.
        wanted: usize,
    },
    /// Sessions failed; the [impact](Impact) says whether that stands against `enforce`:
    /// it does if they would be refused, or if that is not known.
    Failure(Box<FailureTotal<'a>>),
    /// Sessions failed, and no row says how.
    Unexplained {
        /// The sessions of the summaries beyond those of the rows.
        sessions: u64,
    },
    /// So many unauthenticated reports about the domain have no weight.
    Unauthenticated {
        /// The reports.
        reports: u64,
    },
}

impl<'a> Readiness<'a> {
    /// Whether nothing stands against `enforce`.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }

    pub(super) fn of(
        all: View<'a>,
        left_out: u64,
        domain: &DomainName,
        criteria: &Criteria,
    ) -> Self {
        let view = all.about(domain, |start| criteria.is_in_time(start));
        let (view, strangers) = view.by_authentication();
        let mut found = Self::facts(&view, domain);
        found.judge(&view, left_out, criteria);
        if strangers > 0 {
            found.notes.push(Reason::Unauthenticated { reports: strangers });
        }
        found
    }

    fn facts(view: &View<'a>, domain: &DomainName) -> Self {
        let evidence = view.evidence(domain);
        let (mut days, mut sessions) = (BTreeSet::new(), 0_u64);
        for (key, _, policy) in evidence.policies() {
            days.extend((0..).map(|n| key.days.0.after(n)).take_while(|day| *day <= key.days.1));
            sessions = sessions.saturating_add(policy.counts.successful);
        }
        Self {
            domain: domain.clone(),
            reasons: Vec::new(),
            notes: Vec::new(),
            senders: evidence.totals(By::Sender),
            result_types: view.totals(By::ResultType),
            failures: view.failures(Reasons::Together),
            sessions,
            days: days.into_iter().collect(),
        }
    }

    fn judge(&mut self, view: &View<'a>, left_out: u64, criteria: &Criteria) {
        if left_out > 0 {
            self.reasons.push(Reason::LeftOut { reports: left_out });
        }
        if view.is_empty() {
            self.reasons.push(Reason::NoReports);
            return;
        }
        self.judge_evidence(criteria);
        self.judge_failures(view, criteria);
    }

    /// Is there enough to tell?
    fn judge_evidence(&mut self, criteria: &Criteria) {
        let covered = u64::try_from(self.days.len()).unwrap_or(u64::MAX);
        if covered < criteria.min_days {
            self.reasons.push(Reason::Days { covered, wanted: criteria.min_days });
        }
        if self.sessions < criteria.min_sessions {
            let (seen, wanted) = (self.sessions, criteria.min_sessions);
            self.reasons.push(Reason::Sessions { seen, wanted });
        }
        let (seen, wanted) = (self.senders.len(), criteria.min_senders);
        if seen < wanted {
            self.reasons.push(Reason::Senders { seen, wanted });
        }
    }

    /// Would mail be lost?
    fn judge_failures(&mut self, view: &View<'a>, criteria: &Criteria) {
        let unexplained = view.policies().map(|(.., policy)| policy.unexplained());
        let unexplained = unexplained.fold(0, u64::saturating_add);
        let mut refused = unexplained;
        let (mut against, mut notes) = (Vec::new(), Vec::new());
        for failure in &self.failures {
            let reason = Reason::Failure(Box::new(*failure));
            match failure.impact {
                Impact::Refused | Impact::Unknown => {
                    refused = refused.saturating_add(failure.sums.authenticated.failed);
                    against.push(reason);
                }
                Impact::NoPolicy | Impact::Dane => notes.push(reason),
            }
        }
        if unexplained > 0 {
            against.push(Reason::Unexplained { sessions: unexplained });
        }
        match criteria.is_too_much(refused, self.sessions) {
            true => self.reasons.append(&mut against),
            false => self.notes.append(&mut against),
        }
        self.notes.append(&mut notes);
    }
}

impl fmt::Display for Readiness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = &self.domain;
        if self.is_ready() {
            let (sessions, days) = (some(self.sessions, "session"), some(self.days.len(), "day"));
            let senders = some(self.senders.len(), "sender");
            return write!(
                f,
                "{domain} is ready for enforce: {sessions} succeeded under its policy on {days}, \
                 by {senders}"
            );
        }
        write!(f, "{domain} is not ready for enforce: ")?;
        for (n, reason) in self.reasons.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReports => f.write_str("no authenticated report is about it"),
            Self::LeftOut { reports } => {
                write!(f, "there was no room for {}", some(*reports, "report"))
            }
            Self::Days { covered, wanted } => {
                write!(f, "only {} of {wanted} covered by reports", some(*covered, "day"))
            }
            Self::Sessions { seen, wanted } => {
                write!(f, "only {} of {wanted} succeeded under its policy", some(*seen, "session"))
            }
            Self::Senders { seen, wanted } => {
                write!(f, "only {} of {wanted} with such sessions", some(*seen, "sender"))
            }
            Self::Failure(failure) => failure_line(failure, f),
            Self::Unexplained { sessions } => {
                write!(f, "{} failed without a row that says how", some(*sessions, "session"))
            }
            Self::Unauthenticated { reports } => {
                write!(f, "no weight was given to {}", some(*reports, "unauthenticated report"))
            }
        }
    }
}

fn failure_line(failure: &FailureTotal<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let FailureTotal { result_type, mx, impact, last_day, .. } = failure;
    let sessions = some(failure.sums.authenticated.failed, "session");
    let senders = some(failure.senders, "sender");
    write!(f, "{sessions} with {result_type}")?;
    if *mx != Label::Missing {
        write!(f, " at {mx}")?;
    }
    write!(f, ", by {senders}, last on {last_day}: {impact}")
}

/// "1 session", "2 sessions".
fn some<N: fmt::Display + PartialEq + From<u8>>(n: N, noun: &str) -> impl fmt::Display {
    let s = if n == N::from(1) { "" } else { "s" };
    alloc::format!("{n} {noun}{s}")
}

impl<'a> View<'a> {
    /// The authenticated reports, and how many others there are.
    fn by_authentication(mut self) -> (Self, u64) {
        let all = self.len();
        self.retain(|authentication| authentication == Authentication::Authenticated);
        let others = all.saturating_sub(self.len());
        (self, u64::try_from(others).unwrap_or(u64::MAX))
    }
}
