//! What reports say, taken together (RFC 8460 §4.3; RFC 8461 §8.1): totals, each
//! failure in one plain sentence with what to do about it, whether a domain is ready for
//! `enforce`, and flat rows for export.
//!
//! [`Insight`] takes one report or many. A report that came twice counts once, and what
//! it then says does not depend on the order in which reports came, unless
//! [there are too many](Insight::with_max_rows).
//!
//! Anybody can write a report about anybody. So each is added with what the caller knows
//! of its origin, its [`Authentication`]: what is not authenticated is shown, apart, and
//! has no weight in the [`Readiness`]. Authenticated is not honest: whoever owns a domain
//! can sign reports for it. [`Readiness::senders`] shows who has been believed.
//!
//! This reads no JSON and no mail, checks no signature, knows no clock, and sees no more
//! than senders tell: that nobody reports a failure does not mean that there is none.
//!
//! ```
//! use mta_sts::DomainName;
//! use mta_sts::failure::{PolicyType, ResultType};
//! use mta_sts::tlsrpt::insight::{Authentication, By, Criteria, Insight};
//! use mta_sts::tlsrpt::report::{
//!     DateRange, FailureDetails, PolicyDescription, PolicyReport, Report, Summary,
//! };
//! use rustls_pki_types::UnixTime;
//! # use core::time::Duration;
//!
//! let day = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
//! let mut report = Report::new(DateRange::new(day(1_700_006_400), day(1_700_092_799)));
//! report.contact_info = Some("tlsrpt@sender.example".into());
//! report.report_id = Some("1".into());
//! let policy = PolicyDescription::new(PolicyType::Sts, "example.com");
//! let mut counted = PolicyReport::new(policy, Summary::new(10, 2));
//! let mut row = FailureDetails::new(ResultType::CertificateExpired, 2);
//! row.receiving_mx_hostname = Some("mx1.example.com".into());
//! counted.failure_details.push(row);
//! report.policies.push(counted);
//!
//! let mut insight = Insight::new();
//! insight.add(&report, Authentication::Authenticated);
//! insight.add(&report, Authentication::Authenticated); // the same one again
//! let total = &insight.totals(By::PolicyDomain)[0];
//! assert_eq!(total.label.to_string(), "example.com");
//! assert_eq!((total.sums.authenticated.successful, total.sums.authenticated.failed), (10, 2));
//! assert_eq!(
//!     insight.failures()[0].explanation().to_string(),
//!     "The certificate of the MX host `mx1.example.com` has expired. \
//!      The operator of that host must renew it and make the server load the new one.",
//! );
//! let domain = DomainName::parse("example.com")?;
//! assert!(!insight.readiness(&domain, &Criteria::default()).is_ready());
//! # Ok::<_, mta_sts::domain::ParseDomainError>(())
//! ```
//!
//! # Limits
//!
//! [`Insight::MAX_ROWS`], [`Insight::MAX_ROWS_PER_REPORT`], [`Insight::MAX_TEXT_LEN`],
//! [`Insight::MAX_DAYS_PER_REPORT`]. What is over a limit stands under
//! [`Label::Others`], and no sum loses it.

mod day;
mod digest;
mod explain;
mod impact;
mod readiness;
mod reason;
mod rows;
mod totals;
mod view;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

pub use self::day::Day;
use self::digest::{Digest, Key};
pub use self::explain::{Actor, Explanation, explain};
pub use self::impact::Impact;
pub use self::readiness::{Criteria, Readiness, Reason};
pub use self::rows::{FlatRow, RowKind, flat_rows};
pub use self::totals::{By, Counts, FailureTotal, Label, Sums, Total};
use self::view::{Reasons, View};
use super::report::Report;
use crate::domain::DomainName;

/// What the caller knows of the origin of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is known or it is not")]
pub enum Authentication {
    /// Nobody has checked who wrote it, or the check failed.
    Unauthenticated,
    /// It is from the submitter under whom it is added: by a DKIM signature of the mail
    /// (RFC 8460 §3), or by what the caller knows of a POST.
    Authenticated,
}

/// What became of a report that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else that could become of it")]
pub enum Added {
    /// It counts.
    New,
    /// It was there before, and counts once.
    Duplicate,
    /// There is no room for it: it is in the sums of [`Label::Others`] and nowhere else.
    LeftOut,
}

/// Reports taken together.
#[derive(Debug, Clone)]
pub struct Insight {
    reports: BTreeMap<Key, Copy>,
    /// Policies and rows of what is kept.
    authenticated_rows: usize,
    unauthenticated_rows: usize,
    max_rows: usize,
    left_out: Sums,
    duplicates: u64,
}

/// The copy of a report that counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Copy {
    authentication: Authentication,
    digest: Digest,
}

impl Insight {
    /// How many policies and failure rows are kept, of authenticated reports and as many
    /// of others, unless the caller says otherwise: a year of the daily reports of a
    /// thousand senders, in some 200 MB; texts as long as they may be make 1 GB of it, and
    /// twice as much without ids.
    pub const MAX_ROWS: usize = 1_000_000;

    /// How many distinct failure rows of one policy in one report are kept, those with
    /// the most sessions; the others become one row. Real reports have a dozen.
    pub const MAX_ROWS_PER_REPORT: usize = 1_000;

    /// How many octets of a name, an id or a reason are kept, and tell it from another:
    /// a host name has 253 at most.
    pub const MAX_TEXT_LEN: usize = 255;

    /// How many days one report can cover: a month. Reports are of a day, some of a
    /// week; one with a wrong date must not cover a year.
    pub const MAX_DAYS_PER_REPORT: u64 = 31;

    /// No reports yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            reports: BTreeMap::new(),
            authenticated_rows: 0,
            unauthenticated_rows: 0,
            max_rows: Self::MAX_ROWS,
            left_out: Sums::NONE,
            duplicates: 0,
        }
    }

    /// Keeps so many policies and failure rows of authenticated reports, and as many of
    /// unauthenticated ones, so that strangers cannot take the room of the others.
    ///
    /// Reports that find no room are [left out](Added::LeftOut), with their duplicates;
    /// which these are depends on the order of reports, all else never does.
    #[must_use]
    pub const fn with_max_rows(mut self, rows: usize) -> Self {
        self.max_rows = rows;
        self
    }

    /// Adds a report.
    ///
    /// Reports are the same if submitter, `report-id` and window are (RFC 8460 §5.3,
    /// §5.6). The submitter is that of `contact-info`; where there is none, the
    /// organization's name stands for it, as written: an authenticated report without
    /// `contact-info` is to be added by [`add_from`](Self::add_from), or it counts as of
    /// whatever sender it says. Where there is no `report-id`, only a report that says
    /// exactly the same in what is kept here is the same.
    ///
    /// Of several copies the authenticated one counts, and of several such one that is
    /// chosen by what they say, not by when they came.
    pub fn add(&mut self, report: &Report<'_>, authentication: Authentication) -> Added {
        self.insert(report, report.submitter(), authentication)
    }

    /// Adds a report whose submitter is known from elsewhere, such as the header of a
    /// mail or the name of a file; it goes before that of `contact-info`.
    pub fn add_from(
        &mut self,
        report: &Report<'_>,
        submitter: &DomainName,
        authentication: Authentication,
    ) -> Added {
        self.insert(report, Some(submitter.clone()), authentication)
    }

    fn insert(
        &mut self,
        report: &Report<'_>,
        submitter: Option<DomainName>,
        authentication: Authentication,
    ) -> Added {
        let digest = Digest::of(report);
        let key = Key::of(report, submitter, &digest);
        let copy = Copy { authentication, digest };
        if self.reports.get(&key).is_some_and(|old| *old >= copy) {
            self.duplicates = self.duplicates.saturating_add(1);
            return Added::Duplicate;
        }
        let old = self.reports.remove(&key);
        if let Some(old) = &old {
            let used = self.rows_mut(old.authentication);
            *used = used.saturating_sub(old.digest.weight());
            self.duplicates = self.duplicates.saturating_add(1);
        }
        if !self.has_room(&copy) {
            self.left_out.of_mut(authentication).add(copy.digest.counts());
            return Added::LeftOut;
        }
        self.reports.insert(key, copy);
        if old.is_some() { Added::Duplicate } else { Added::New }
    }

    /// Takes room for a copy, if there is any.
    fn has_room(&mut self, copy: &Copy) -> bool {
        let max = self.max_rows;
        let used = self.rows_mut(copy.authentication);
        let wanted = used.saturating_add(copy.digest.weight());
        let fits = wanted <= max;
        if fits {
            *used = wanted;
        }
        fits
    }

    const fn rows_mut(&mut self, authentication: Authentication) -> &mut usize {
        match authentication {
            Authentication::Authenticated => &mut self.authenticated_rows,
            Authentication::Unauthenticated => &mut self.unauthenticated_rows,
        }
    }

    /// How many reports came that were there before.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// What is in the reports for which there was no room.
    #[must_use]
    pub const fn left_out(&self) -> &Sums {
        &self.left_out
    }

    /// All sums, with what was left out.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let mut sums = self.left_out;
        for copy in self.reports.values() {
            sums.of_mut(copy.authentication).add(copy.digest.counts());
        }
        sums
    }

    /// The totals by this key, in the order of the labels: names by their octets, days
    /// as they follow, what is [missing](Label::Missing) and [the rest](Label::Others)
    /// behind.
    #[must_use]
    pub fn totals(&self, by: By) -> Vec<Total<'_>> {
        let mut totals = View::of(&self.reports).totals(by);
        if !self.left_out.is_empty() {
            match totals.last_mut().filter(|last| last.label == Label::Others) {
                Some(others) => others.sums.add(&self.left_out),
                None => totals.push(Total { label: Label::Others, sums: self.left_out }),
            }
        }
        totals
    }

    /// The failure rows, those together that differ in addresses and senders only: by
    /// policy domain, then what hurts more before what hurts less, then the more
    /// sessions before the fewer.
    #[must_use]
    pub fn failures(&self) -> Vec<FailureTotal<'_>> {
        View::of(&self.reports).failures(Reasons::Apart)
    }

    /// Whether the policy of this domain may go from `testing` to `enforce`, as far as
    /// authenticated reports can tell.
    #[must_use]
    pub fn readiness(&self, domain: &DomainName, criteria: &Criteria) -> Readiness<'_> {
        let left_out = self.left_out.authenticated.reports;
        Readiness::of(View::of(&self.reports), left_out, domain, criteria)
    }

    /// The same for each domain of which there are reports, in their order: those of
    /// policies of another type than `tlsa`, which may name the MX (RFC 8460 §4.4), as
    /// far as they are domain names.
    #[must_use]
    pub fn readiness_of_all(&self, criteria: &Criteria) -> Vec<Readiness<'_>> {
        let left_out = self.left_out.authenticated.reports;
        let views = View::of(&self.reports).by_domain().into_iter();
        views.map(|(domain, view)| Readiness::of(view, left_out, &domain, criteria)).collect()
    }
}

impl Default for Insight {
    fn default() -> Self {
        Self::new()
    }
}
