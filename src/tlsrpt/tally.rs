//! Counting the sessions of a day, for one report for each domain (RFC 8460 §1.1, §4.1).
//!
//! A [`Tally`] is told of each [`Session`] of its day, and makes the [`Report`]s of them.
//! Threads and hosts count for themselves, and their tallies are [merged](Tally::merge):
//! in whatever order, in whatever groups, the result is the same. [`Days`] keeps the
//! tallies of the days that are open. With feature `json`, a tally is written as lines and
//! restored from them.
//!
//! It looks no TLSRPT record up and sends nothing: whether a domain wants its report, and
//! where, is found out when the day is over, or before a domain's first session is
//! counted, which saves the memory for those that want none.
//!
//! # Limits
//!
//! Memory grows with the domains and with what is different in their failures, not with
//! sessions. [`Limits`] bound it for each domain; a domain comes in by mail that is sent
//! there, and so their number is the sender's own. Beyond its limits,
//!
//! - a policy keeps the rows with the smallest hashes, and all other failed sessions are
//!   in one row for each result type, without hosts and addresses and with the reason
//!   [`OTHER_ROWS`];
//! - a domain keeps the policies with the smallest hashes, and the sessions under all
//!   others are under one of type `tlsa` and one of type `sts`, without `policy-string`
//!   and with such rows only.
//!
//! The hash is fixed, the same on each host. So which are kept depends on what was counted
//! and not on its order, and each sum is what it would be without limits, until it
//! reaches [`MAX_COUNT`].
//!
//! # Examples
//!
//! ```
//! use core::time::Duration;
//! use mta_sts::DomainName;
//! use mta_sts::failure::{Failure, ReasonCode, ResultType};
//! use mta_sts::sts::Policy;
//! use mta_sts::sts::apply::Mail;
//! use mta_sts::tlsrpt::tally::{Limits, Session, Submitter, Tally, UtcDay};
//! use rustls_pki_types::UnixTime;
//!
//! let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600));
//! let domain = DomainName::parse("example.com")?;
//! let body = "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 604800\n";
//! let policy: Policy = body.parse()?;
//! let expired = Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
//!
//! // Where the crate decides, it is `Session::judged`.
//! let session = Session::by_hand(&domain, Mail::Ordinary)
//!     .with_sts(&policy, Some(expired))
//!     .with_mx("mx1.example.com")
//!     .with_receiving_ip([192, 0, 2, 25].into());
//!
//! let mut tally = Tally::new(UtcDay::of(now), Limits::default());
//! tally.record(&session, now)?;
//! tally.record(&session, now)?;
//!
//! let us = Submitter::new("Example Sender", "tlsrpt@sender.example")?;
//! let report = tally.reports(&us).next().expect("one domain");
//! assert_eq!(report.failures(), 2);
//! assert_eq!(report.policies[0].failure_details.len(), 1);
//! assert_eq!(report.report_id.as_deref(), Some("1795305600_example.com@sender.example"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod day;
mod domain;
mod hash;
mod index;
mod policy;
mod report;
mod rows;
mod session;
#[cfg(feature = "json")]
mod snapshot;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use std::collections::HashMap;

use rustls_pki_types::UnixTime;

pub use self::day::{Days, UtcDay};
use self::domain::DomainTally;
use self::index::Keyed;
pub use self::policy::{
    MAX_REFUSED_LEN, MAX_TLSA_LEN, ParseTlsaError, ParseTlsaErrorKind, TlsaRrset,
};
pub use self::report::{
    MAX_INSTANCE_LEN, OTHER_ROWS, Submitter, SubmitterError, SubmitterErrorKind,
};
pub use self::rows::MAX_TEXT_LEN;
pub use self::session::{NextHop, Session};
#[cfg(feature = "json")]
pub use self::snapshot::{RestoreError, RestoreErrorKind};
use super::report::{MAX_COUNT, Report};

/// The sum, up to [`MAX_COUNT`], where counts stay whatever is added. This is associative,
/// since both are no greater than that.
fn plus(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(MAX_COUNT)
}

/// How much is kept for each domain. Tallies of other limits cannot be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    rows: usize,
    policies: usize,
}

impl Limits {
    /// The rows under one policy, unless the caller says otherwise: 1,000. A report of them
    /// has some 300 kB, and more than a person reads; a row takes some 200 octets.
    pub const ROWS: usize = 1_000;

    /// The policies of a domain, likewise: 32. A policy changes a few times a day at most,
    /// and each MX host may have its TLSA records.
    pub const POLICIES: usize = 32;

    /// Another number of rows under one policy.
    #[must_use]
    pub const fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// Another number of policies of a domain, besides "none".
    #[must_use]
    pub const fn with_policies(self, policies: usize) -> Self {
        Self { policies, ..self }
    }

    /// The rows that are kept under each policy, without those for all others.
    #[must_use]
    pub const fn rows(self) -> usize {
        self.rows
    }

    /// The policies that are kept of each domain, without "none" and those for all others.
    #[must_use]
    pub const fn policies(self) -> usize {
        self.policies
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: Self::ROWS, policies: Self::POLICIES }
    }
}

/// What is counted of a day.
///
/// Equal tallies have counted the same, whatever the order.
#[derive(Clone, PartialEq, Eq)]
pub struct Tally {
    day: UtcDay,
    limits: Limits,
    domains: HashMap<Box<str>, DomainTally, Keyed>,
}

impl Tally {
    /// Nothing has been counted yet.
    #[must_use]
    pub fn new(day: UtcDay, limits: Limits) -> Self {
        Self { day, limits, domains: HashMap::default() }
    }

    /// The day.
    #[must_use]
    pub const fn day(&self) -> UtcDay {
        self.day
    }

    /// How much is kept for each domain.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Counts a session, at the time at which it was. What is known already, policy and
    /// row, takes no allocation.
    ///
    /// # Errors
    ///
    /// [`OtherDay`] if it was on another day: nothing is counted. [`Days`] knows where
    /// it belongs.
    pub fn record(&mut self, session: &Session<'_>, at: UnixTime) -> Result<(), OtherDay> {
        let found = UtcDay::of(at);
        if found != self.day {
            return Err(OtherDay { expected: self.day, found });
        }
        let (next_hop, limits) = (session.next_hop().as_str(), self.limits);
        if let Some(domain) = self.domains.get_mut(next_hop) {
            domain.record(session, limits);
        } else if session.is_counted() {
            let mut domain = DomainTally::default();
            domain.record(session, limits);
            self.domains.insert(next_hop.into(), domain);
        }
        Ok(())
    }

    /// Adds what another tally has counted of the same day (RPT-8): commutative and
    /// associative, and exact in its sums.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if it is of another day or has other limits: nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        if self.day != other.day {
            return Err(OtherDay { expected: self.day, found: other.day }.into());
        }
        if self.limits != other.limits {
            return Err(MergeError::Limits { expected: self.limits, found: other.limits });
        }
        for (name, domain) in &other.domains {
            self.merge_domain(name, domain);
        }
        Ok(())
    }

    fn merge_domain(&mut self, name: &str, other: &DomainTally) {
        match self.domains.get_mut(name) {
            Some(domain) => domain.merge(other, self.limits),
            None => _ = self.domains.insert(name.into(), other.clone()),
        }
    }

    /// The domains that have sessions, sorted.
    pub fn domains(&self) -> impl ExactSizeIterator<Item = &str> {
        self.sorted().into_iter().map(|(name, _)| name)
    }

    /// The report of one domain; none if it has no sessions.
    #[must_use]
    pub fn report<'a>(
        &'a self,
        domain: impl Into<NextHop<'a>>,
        submitter: &'a Submitter,
    ) -> Option<Report<'a>> {
        let (name, tally) = self.domains.get_key_value(domain.into().as_str())?;
        Some(submitter.report(self.day, name, tally))
    }

    /// One report for each domain, in the order of their names, which is that of
    /// [`domains`](Self::domains); rows and policies stand in a fixed order too.
    ///
    /// Where all sessions were under TLSA records, the report names their base domains
    /// only (RPT-11): for its mail, tell
    /// [`ReportIdentity::about`](crate::tlsrpt::identity::ReportIdentity::about) the
    /// domain.
    ///
    /// The `report-id` of a day, a domain and a submitter is always the same:
    /// `<start>_<domain>@<submitter>`, the start of the day in seconds since 1970, or
    /// `<start>_<domain>_<instance>@<submitter>` where the submitter has
    /// [an instance](Submitter::with_instance).
    pub fn reports<'a>(
        &'a self,
        submitter: &'a Submitter,
    ) -> impl ExactSizeIterator<Item = Report<'a>> {
        let day = self.day;
        self.sorted().into_iter().map(move |(name, tally)| submitter.report(day, name, tally))
    }

    fn sorted(&self) -> Vec<(&str, &DomainTally)> {
        let mut domains: Vec<_> =
            self.domains.iter().map(|(name, tally)| (&**name, tally)).collect();
        domains.sort_unstable_by_key(|(name, _)| *name);
        domains
    }
}

/// Shows no names, which are of strangers and many.
impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally")
            .field("day", &self.day)
            .field("limits", &self.limits)
            .field("domains", &self.domains.len())
            .finish()
    }
}

/// A session, or a tally, is of another day than it is to be counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the day that begins at {expected} s since 1970, found that of {found} s")]
pub struct OtherDay {
    expected: UtcDay,
    found: UtcDay,
}

impl OtherDay {
    /// The day of the tally; or the last one that was [closed](Days::close).
    #[must_use]
    pub const fn expected(&self) -> UtcDay {
        self.expected
    }

    /// The day of the session, or of the other tally.
    #[must_use]
    pub const fn found(&self) -> UtcDay {
        self.found
    }
}

/// Why a tally is not added to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// It is of another day.
    #[error(transparent)]
    Day(#[from] OtherDay),
    /// It has other limits: which rows are kept would depend on the order.
    #[error(
        "expected limits of {} rows and {} policies, found {} and {}",
        .expected.rows, .expected.policies, .found.rows, .found.policies
    )]
    Limits {
        /// Those of the tally.
        expected: Limits,
        /// Those of the other.
        found: Limits,
    },
}
