//! Reports as flat rows, for tables.

use alloc::borrow::Cow;
use alloc::string::ToString as _;

use rustls_pki_types::UnixTime;

use super::day::Timestamp;
use crate::failure::{PolicyType, ResultType};
use crate::tlsrpt::report::{FailureDetails, PolicyReport, Report, Reported};

/// The rows of a report, in its order: for each policy one with its summary, and behind
/// it one for each of its failure rows.
///
/// ```
/// use mta_sts::tlsrpt::insight::{FlatRow, flat_rows};
/// use mta_sts::tlsrpt::report::{DateRange, Report};
/// # use rustls_pki_types::UnixTime;
/// # use core::time::Duration;
/// # let day = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
///
/// let report = Report::new(DateRange::new(day(0), day(86_399)));
/// let lines: Vec<String> = flat_rows(&report).map(|row| row.fields().join("\t")).collect();
/// assert!(lines.is_empty(), "it has no policies");
/// assert_eq!(FlatRow::COLUMNS[0], "row");
/// ```
pub fn flat_rows<'r>(report: &'r Report<'_>) -> impl Iterator<Item = FlatRow<'r>> {
    report.policies.iter().flat_map(move |policy| {
        let summary = FlatRow::summary(report, policy);
        let failures = policy.failure_details.iter();
        let failures = failures.map(move |row| FlatRow::failure(report, policy, row));
        core::iter::once(summary).chain(failures)
    })
}

/// A row of a table: the summary of a policy, or a failure row.
///
/// All texts are those of strangers, as they stood: they can hold tabs, quotes, line
/// ends, terminal escapes, and `=` at the start, which spreadsheets take for a formula.
/// Who writes a file must quote for its format; who shows them must
/// [escape](crate::escape) them. What is missing is empty, or 0.
///
/// Counts of summaries and of failure rows are of the same sessions: add up those of one
/// [kind](RowKind) only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FlatRow<'r> {
    /// Which of the two it is.
    pub kind: RowKind,
    /// `organization-name`.
    pub organization_name: &'r str,
    /// `contact-info`.
    pub contact_info: &'r str,
    /// `report-id`.
    pub report_id: &'r str,
    /// `start-datetime`.
    pub start: UnixTime,
    /// `end-datetime`.
    pub end: UnixTime,
    /// `policy-type`.
    pub policy_type: &'r str,
    /// `policy-domain`.
    pub policy_domain: &'r str,
    /// `total-successful-session-count`; 0 in a failure row.
    pub successful_sessions: u64,
    /// `total-failure-session-count`, or in a failure row `failed-session-count`.
    pub failed_sessions: u64,
    /// `result-type`.
    pub result_type: &'r str,
    /// `sending-mta-ip`.
    pub sending_mta_ip: &'r str,
    /// `receiving-mx-hostname`.
    pub receiving_mx_hostname: &'r str,
    /// `receiving-mx-helo`.
    pub receiving_mx_helo: &'r str,
    /// `receiving-ip`.
    pub receiving_ip: &'r str,
    /// `additional-information`.
    pub additional_information: &'r str,
    /// `failure-reason-code`.
    pub failure_reason_code: &'r str,
}

/// What a [`FlatRow`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a report has counts in these two places")]
pub enum RowKind {
    /// The `summary` of a policy.
    Summary,
    /// An element of `failure-details`.
    Failure,
}

impl RowKind {
    /// The text in the column `row`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Failure => "failure",
        }
    }
}

impl<'r> FlatRow<'r> {
    /// The names of the columns, in the order of [`fields`](Self::fields): the members'
    /// names in snake case, but for `row` (`summary` or `failure`), `start` and `end`
    /// (RFC 3339 in UTC, to the second), `successful_sessions` and `failed_sessions`
    /// (decimal).
    pub const COLUMNS: [&'static str; 17] = [
        "row",
        "organization_name",
        "contact_info",
        "report_id",
        "start",
        "end",
        "policy_type",
        "policy_domain",
        "successful_sessions",
        "failed_sessions",
        "result_type",
        "sending_mta_ip",
        "receiving_mx_hostname",
        "receiving_mx_helo",
        "receiving_ip",
        "additional_information",
        "failure_reason_code",
    ];

    /// The values of the columns, as text that is not escaped in any way.
    #[must_use]
    pub fn fields(&self) -> [Cow<'r, str>; 17] {
        [
            self.kind.as_str().into(),
            self.organization_name.into(),
            self.contact_info.into(),
            self.report_id.into(),
            Timestamp(self.start).to_string().into(),
            Timestamp(self.end).to_string().into(),
            self.policy_type.into(),
            self.policy_domain.into(),
            self.successful_sessions.to_string().into(),
            self.failed_sessions.to_string().into(),
            self.result_type.into(),
            self.sending_mta_ip.into(),
            self.receiving_mx_hostname.into(),
            self.receiving_mx_helo.into(),
            self.receiving_ip.into(),
            self.additional_information.into(),
            self.failure_reason_code.into(),
        ]
    }

    fn summary(report: &'r Report<'_>, policy: &'r PolicyReport<'_>) -> Self {
        let policy_type = policy.policy.policy_type.as_ref();
        Self {
            kind: RowKind::Summary,
            organization_name: text(&report.organization_name),
            contact_info: text(&report.contact_info),
            report_id: text(&report.report_id),
            start: report.date_range.start_datetime,
            end: report.date_range.end_datetime,
            policy_type: policy_type.map_or("", Reported::<PolicyType>::as_str),
            policy_domain: text(&policy.policy.policy_domain),
            successful_sessions: policy.summary.total_successful_session_count,
            failed_sessions: policy.summary.total_failure_session_count,
            result_type: "",
            sending_mta_ip: "",
            receiving_mx_hostname: "",
            receiving_mx_helo: "",
            receiving_ip: "",
            additional_information: "",
            failure_reason_code: "",
        }
    }

    fn failure(
        report: &'r Report<'_>,
        policy: &'r PolicyReport<'_>,
        row: &'r FailureDetails<'_>,
    ) -> Self {
        Self {
            kind: RowKind::Failure,
            successful_sessions: 0,
            failed_sessions: row.failed_session_count,
            result_type: row.result_type.as_ref().map_or("", Reported::<ResultType>::as_str),
            sending_mta_ip: text(&row.sending_mta_ip),
            receiving_mx_hostname: text(&row.receiving_mx_hostname),
            receiving_mx_helo: text(&row.receiving_mx_helo),
            receiving_ip: text(&row.receiving_ip),
            additional_information: text(&row.additional_information),
            failure_reason_code: text(&row.failure_reason_code),
            ..Self::summary(report, policy)
        }
    }
}

fn text<'r>(member: &'r Option<Cow<'_, str>>) -> &'r str {
    member.as_deref().unwrap_or_default()
}
