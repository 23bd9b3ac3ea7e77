//! Totals, and what they are totals of.

use core::fmt;

use super::Authentication;
use super::day::Day;
use super::explain::{Explanation, Facts};
use super::impact::Impact;
use crate::escape::escape;
use crate::failure::{PolicyType, ResultType};

/// What to take totals by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// `policy-domain`.
    PolicyDomain,
    /// The submitter; where there is none, the organization.
    Sender,
    /// `organization-name`.
    Organization,
    /// `result-type` of the failure rows; they know of no successes.
    ResultType,
    /// `receiving-mx-hostname` of the failure rows; likewise.
    Mx,
    /// The day on which the window of the report begins.
    Day,
}

/// What a total is of.
///
/// `Display` shows the text of strangers [escaped](crate::escape); host names are in
/// lower case without trailing dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who lists totals must show each of them")]
pub enum Label<'a> {
    /// What stood in the report.
    Named(&'a str),
    /// A day in UTC.
    Day(Day),
    /// Nothing stood there.
    Missing,
    /// All that was over a limit.
    Others,
}

impl<'a> Label<'a> {
    pub(super) const fn of(text: Option<&'a str>) -> Self {
        match text {
            Some(text) => Self::Named(text),
            None => Self::Missing,
        }
    }

    /// What stood in the report, as text of a stranger.
    #[must_use]
    pub const fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Named(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(text) => escape(text).fmt(f),
            Self::Day(day) => day.fmt(f),
            Self::Missing => f.write_str("(not given)"),
            Self::Others => f.write_str("(others)"),
        }
    }
}

/// How many of each; `u64::MAX` if there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub struct Counts {
    /// The reports in which there was something of it.
    pub reports: u64,
    /// The sessions that succeeded, of the summaries.
    pub successful: u64,
    /// The sessions that failed: of the summaries, or of the failure rows where the total
    /// is by what only rows have.
    pub failed: u64,
    /// The failure rows.
    pub rows: u64,
}

impl Counts {
    pub(super) const NONE: Self = Self { reports: 0, successful: 0, failed: 0, rows: 0 };

    pub(super) const fn add(&mut self, other: Self) {
        self.reports = self.reports.saturating_add(other.reports);
        self.successful = self.successful.saturating_add(other.successful);
        self.failed = self.failed.saturating_add(other.failed);
        self.rows = self.rows.saturating_add(other.rows);
    }
}

/// Counts of authenticated reports, and apart from them of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub struct Sums {
    /// Of authenticated reports.
    pub authenticated: Counts,
    /// Of the others.
    pub unauthenticated: Counts,
}

impl Sums {
    pub(super) const NONE: Self =
        Self { authenticated: Counts::NONE, unauthenticated: Counts::NONE };

    /// Both together.
    #[must_use]
    pub const fn all(&self) -> Counts {
        let mut all = self.authenticated;
        all.add(self.unauthenticated);
        all
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all().reports == 0
    }

    pub(super) const fn of_mut(&mut self, authentication: Authentication) -> &mut Counts {
        match authentication {
            Authentication::Authenticated => &mut self.authenticated,
            Authentication::Unauthenticated => &mut self.unauthenticated,
        }
    }

    pub(super) const fn add(&mut self, other: &Self) {
        self.authenticated.add(other.authenticated);
        self.unauthenticated.add(other.unauthenticated);
    }
}

/// The total of one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Total<'a> {
    /// What it is of.
    pub label: Label<'a>,
    /// How many.
    pub sums: Sums,
}

/// Failure rows that say the same, of all senders and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FailureTotal<'a> {
    /// `policy-domain`.
    pub policy_domain: Label<'a>,
    /// `policy-type`.
    pub policy_type: Label<'a>,
    /// `result-type`; [`Label::Others`] for rows over
    /// [the limit](super::Insight::MAX_ROWS_PER_REPORT).
    pub result_type: Label<'a>,
    /// `receiving-mx-hostname`.
    pub mx: Label<'a>,
    /// `failure-reason-code`, as text of a stranger.
    pub reason: Option<&'a str>,
    /// What it does to mail where a policy is enforced.
    pub impact: Impact,
    /// How many, as the rows have it.
    pub sums: Sums,
    /// How many senders report it.
    pub senders: usize,
    /// The first day of which it is reported.
    pub first_day: Day,
    /// The first day of the latest report that has it.
    pub last_day: Day,
}

impl FailureTotal<'_> {
    /// The failure in one sentence, and what to do about it.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let is_type = |known: &&PolicyType| Some(known.as_str()) == self.policy_type.as_str();
        let is_result = |known: &&ResultType| Some(known.as_str()) == self.result_type.as_str();
        let facts = Facts {
            policy_type: PolicyType::ALL.iter().find(is_type).copied(),
            policy_domain: self.policy_domain.as_str(),
            result: ResultType::ALL.iter().find(is_result).copied(),
            result_text: self.result_type.as_str(),
            reason: self.reason,
            mx: self.mx.as_str(),
        };
        match self.result_type {
            Label::Others => Explanation::of_others(&facts),
            _ => Explanation::of(&facts),
        }
    }
}
