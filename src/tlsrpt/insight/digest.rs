//! What is kept of a report.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Insight;
use super::day::Day;
use super::totals::Counts;
use crate::domain::DomainName;
use crate::failure::{PolicyType, ResultType};
use crate::tlsrpt::report::{FailureDetails, PolicyReport, Report, Reported};

type Text = Box<str>;

/// Which report it is (MAIL-9).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) sender: Sender,
    id: Id,
    start: u64,
    end: u64,
    /// The first day, and the last one that counts.
    pub(super) days: (Day, Day),
}

/// Who has sent it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    Submitter(DomainName),
    Organization(Text),
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    Given(Text),
    /// All that it says.
    Missing(Digest),
}

impl Key {
    pub(super) fn of(report: &Report<'_>, submitter: Option<DomainName>, digest: &Digest) -> Self {
        let organization = digest.organization.clone();
        let sender = match (submitter, organization) {
            (Some(submitter), _) => Sender::Submitter(submitter),
            (None, Some(organization)) => Sender::Organization(organization),
            (None, None) => Sender::Unknown,
        };
        let id = report.report_id.as_deref().filter(|id| !id.is_empty());
        let id = id.map_or_else(|| Id::Missing(digest.clone()), |id| Id::Given(cut(id).into()));
        let (start, end) = (report.date_range.start_datetime, report.date_range.end_datetime);
        let first = Day::of(start);
        let most = first.after(Insight::MAX_DAYS_PER_REPORT.saturating_sub(1));
        let days = (first, Day::last(start, end).min(most));
        Self { sender, id, start: start.as_secs(), end: end.as_secs(), days }
    }

    pub(super) const fn start(&self) -> u64 {
        self.start
    }
}

/// What a report says, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digest {
    pub(super) organization: Option<Text>,
    pub(super) policies: Vec<Policy>,
}

/// What it says of one policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Policy {
    pub(super) domain: Option<Text>,
    pub(super) policy_type: Option<Reported<'static, PolicyType>>,
    pub(super) counts: Counts,
    pub(super) rows: Vec<Row>,
}

/// Failure rows of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) kind: RowKind,
    pub(super) sessions: u64,
    pub(super) rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowKind {
    Kept { result: Option<Reported<'static, ResultType>>, mx: Option<Text>, reason: Option<Text> },
    Others,
}

impl Digest {
    pub(super) fn of(report: &Report<'_>) -> Self {
        let mut policies: Vec<_> = report.policies.iter().map(Policy::of).collect();
        policies.sort();
        Self {
            organization: given(report.organization_name.as_deref()).map(|name| cut(name).into()),
            policies,
        }
    }

    /// How much room it takes, at least 1.
    pub(super) fn weight(&self) -> usize {
        let weigh = |policy: &Policy| policy.rows.len().saturating_add(1);
        self.policies.iter().map(weigh).fold(1, usize::saturating_add)
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for policy in &self.policies {
            counts.add(policy.counts);
        }
        counts.reports = 1;
        counts
    }
}

impl Policy {
    fn of(report: &PolicyReport<'_>) -> Self {
        let policy = &report.policy;
        let counts = Counts {
            reports: 0,
            successful: report.summary.total_successful_session_count,
            failed: report.summary.total_failure_session_count,
            rows: u64::try_from(report.failure_details.len()).unwrap_or(u64::MAX),
        };
        Self {
            domain: given(policy.policy_domain.as_deref()).map(|name| host(name).into()),
            policy_type: policy
                .policy_type
                .as_ref()
                .filter(|one| !one.as_str().is_empty())
                .map(kept),
            counts,
            rows: rows(&report.failure_details),
        }
    }

    pub(super) fn known_type(&self) -> Option<PolicyType> {
        self.policy_type.as_ref().and_then(Reported::known)
    }

    /// Failed sessions of which no row tells; those under TLSA records are a matter of
    /// DANE.
    pub(super) fn unexplained(&self) -> u64 {
        if self.known_type() == Some(PolicyType::Tlsa) {
            return 0;
        }
        let told = self.rows.iter().map(|row| row.sessions).fold(0, u64::saturating_add);
        self.counts.failed.saturating_sub(told)
    }
}

/// Result type, MX and reason.
type Kind<'a> = (Option<&'a Reported<'a, ResultType>>, Option<Cow<'a, str>>, Option<&'a str>);

fn rows(details: &[FailureDetails<'_>]) -> Vec<Row> {
    let mut kinds = BTreeMap::<Kind<'_>, (u64, u64)>::new();
    for row in details {
        let result = row.result_type.as_ref().filter(|one| !one.as_str().is_empty());
        let mx = given(row.receiving_mx_hostname.as_deref()).map(host);
        let reason = given(row.failure_reason_code.as_deref()).map(cut);
        let (sessions, rows) = kinds.entry((result, mx, reason)).or_default();
        *sessions = sessions.saturating_add(row.failed_session_count);
        *rows = rows.saturating_add(1);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    if kinds.len() <= Insight::MAX_ROWS_PER_REPORT {
        return kinds.into_iter().map(row).collect();
    }
    // Stable: of as many sessions, the first ones in order.
    kinds.sort_by_key(|(_, (sessions, _))| core::cmp::Reverse(*sessions));
    let mut others = Row { kind: RowKind::Others, sessions: 0, rows: 0 };
    for (_, (sessions, rows)) in kinds.drain(Insight::MAX_ROWS_PER_REPORT..) {
        others.sessions = others.sessions.saturating_add(sessions);
        others.rows = others.rows.saturating_add(rows);
    }
    kinds.into_iter().map(row).chain([others]).collect()
}

fn row(((result, mx, reason), (sessions, rows)): (Kind<'_>, (u64, u64))) -> Row {
    let kind = RowKind::Kept {
        result: result.map(kept),
        mx: mx.map(Into::into),
        reason: reason.map(Into::into),
    };
    Row { kind, sessions, rows }
}

/// What is empty is not there.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn kept<T: Copy>(value: &Reported<'_, T>) -> Reported<'static, T> {
    match value {
        Reported::Known(value) => Reported::Known(*value),
        Reported::Other(text) => Reported::Other(Cow::Owned(String::from(cut(text)))),
    }
}

/// A host name in lower case, without trailing dot; what is none is kept all the same.
fn host(text: &str) -> Cow<'_, str> {
    let name = cut(text);
    let name = name.strip_suffix('.').unwrap_or(name);
    match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=Insight::MAX_TEXT_LEN).rev().find(|end| text.is_char_boundary(*end));
    let fits = text.len() <= Insight::MAX_TEXT_LEN;
    end.filter(|_| !fits).and_then(|end| text.get(..end)).unwrap_or(text)
}
