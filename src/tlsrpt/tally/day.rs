//! One day, and the days that are still open.

use alloc::collections::BTreeMap;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::{Limits, MergeError, OtherDay, Session, Tally};

/// The seconds of a day; Unix time has no leap seconds.
const DAY: u64 = 86_400;

/// A day of UTC: the time that a report is about (RFC 8460 §4.1), from 00:00:00Z to
/// 23:59:59Z, both included.
///
/// `Display` shows its first second, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay {
    since_1970: u64,
}

impl UtcDay {
    /// The day of this time.
    #[must_use]
    pub const fn of(time: UnixTime) -> Self {
        Self { since_1970: time.as_secs() / DAY }
    }

    /// Its first second.
    #[must_use]
    pub const fn start(self) -> UnixTime {
        seconds(self.since_1970.saturating_mul(DAY))
    }

    /// Its last second.
    #[must_use]
    pub const fn end(self) -> UnixTime {
        seconds(self.start().as_secs().saturating_add(DAY - 1))
    }
}

const fn seconds(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.start().as_secs(), f)
    }
}

/// Tallies of the days that are not over yet, or only just: sessions that end around
/// midnight, or that a slow worker hands in late, are counted in the day in which they
/// were.
///
/// [`record`](Self::record) opens a day when its first session comes, and
/// [`close`](Self::close) hands a day out when it has been over for the time of grace.
/// What comes later still is refused, so that a report that was sent stays true. There
/// are at most two open days, if `close` is called at least once a day and the clock does
/// not jump ahead.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use mta_sts::DomainName;
/// use mta_sts::sts::apply::Mail;
/// use mta_sts::tlsrpt::tally::{Days, Limits, Session};
/// use rustls_pki_types::UnixTime;
///
/// let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
/// let domain = DomainName::parse("example.com")?;
/// let session = Session::by_hand(&domain, Mail::Ordinary).without_policy(None);
///
/// let mut days = Days::new(Limits::default());
/// days.record(&session, at(86_399))?;
/// days.record(&session, at(86_400))?;
/// assert!(days.close(at(86_401)).is_none());
/// days.record(&session, at(86_398))?; // late
///
/// let first = days.close(at(2 * 86_400)).expect("it has been over for long");
/// assert_eq!(first.domains().count(), 1);
/// assert!(days.record(&session, at(86_397)).is_err()); // too late
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    open: BTreeMap<UtcDay, Tally>,
    /// The last day that was handed out.
    closed: Option<UtcDay>,
    grace: Duration,
    limits: Limits,
}

impl Days {
    /// How long a day stays open after its end, unless the caller says otherwise: ten
    /// minutes, as the longest time-out of one SMTP command (RFC 5321 §4.5.3.2.6).
    pub const GRACE: Duration = Duration::from_secs(600);

    /// No day is open yet.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { open: BTreeMap::new(), closed: None, grace: Self::GRACE, limits }
    }

    /// Another time of grace, [`GRACE`](Self::GRACE) unless it is set. Reports should be
    /// sent within four hours after the day's end (RFC 8460 §4.1).
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Counts a session in the day of `at`, the time at which it was.
    ///
    /// # Errors
    ///
    /// [`OtherDay`] if that day has been [closed](Self::close): nothing is counted.
    pub fn record(&mut self, session: &Session<'_>, at: UnixTime) -> Result<(), OtherDay> {
        self.day_mut(UtcDay::of(at))?.record(session, at)
    }

    /// Adds the tally of another thread or host, or one that was restored, to its day.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if that day has been closed, or the limits are others: nothing is
    /// added.
    pub fn merge(&mut self, other: &Tally) -> Result<(), MergeError> {
        // Asked first, since a day that is opened stays open.
        if self.limits != other.limits() {
            return Err(MergeError::Limits { expected: self.limits, found: other.limits() });
        }
        self.day_mut(other.day())?.merge(other)
    }

    fn day_mut(&mut self, day: UtcDay) -> Result<&mut Tally, OtherDay> {
        match self.closed {
            Some(closed) if day <= closed => Err(OtherDay { expected: closed, found: day }),
            _ => Ok(self.open.entry(day).or_insert_with(|| Tally::new(day, self.limits))),
        }
    }

    /// Hands out the oldest day if it has been over for longer than the time of grace, and
    /// closes it, with all days before it. To be called until there is none.
    #[must_use = "its sessions are to be reported"]
    pub fn close(&mut self, now: UnixTime) -> Option<Tally> {
        let (day, _) = self.open.first_key_value()?;
        let last = day.end().as_secs().saturating_add(self.grace.as_secs());
        if now.as_secs() <= last {
            return None;
        }
        let (day, tally) = self.open.pop_first()?;
        self.closed = Some(day);
        Some(tally)
    }

    /// The open days from the oldest on, to take snapshots of them.
    pub fn tallies(&self) -> impl ExactSizeIterator<Item = &Tally> {
        self.open.values()
    }
}
