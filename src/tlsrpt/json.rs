//! The JSON of a report (RFC 8460 §4.4): a reader that takes what real senders write
//! and says what was odd, and a writer that nobody has to tolerate.
//!
//! The reader stops only where it would have to guess: at what is no JSON, at a date or
//! count that it cannot read, without dates, and without a policy and its summary.
//! Everything else that is missing, `null` or of another type is taken as missing, and is
//! noted as a [`ReportDeviation`]. It changes no count.
//!
//! The writer has two names: [`Report::to_json`] writes what a sender may send and refuses
//! everything else; [`Report::to_json_as_read`] writes whatever was read, with the same
//! members in the same order.
//!
//! Gzip and mail around the JSON are not dealt with here.
//!
//! # Examples
//!
//! ```
//! use mta_sts::tlsrpt::Report;
//! use mta_sts::tlsrpt::json::ReadLimits;
//!
//! let json = br#"{
//!   "organization-name": "Company-X",
//!   "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
//!   "contact-info": "sts-reporting@company-x.example",
//!   "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
//!   "policies": [{
//!     "policy": {"policy-type": "sts", "policy-domain": "company-y.example",
//!                "policy-string": ["version: STSv1", "mode: testing"],
//!                "mx-host": "*.mail.company-y.example"},
//!     "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 0}
//!   }]
//! }"#;
//! let (report, deviations) = Report::from_json(json, &ReadLimits::default())?;
//! assert_eq!(report.successes(), 5326);
//! let odd: Vec<_> = deviations.iter().map(|one| one.to_string()).collect();
//! assert_eq!(odd, [
//!     "policies[0].policy.mx-host: text instead of an array of texts",
//!     "policies[0].failure-details: missing",
//! ]);
//! assert!(report.to_json()?.contains(r#""mx-host":["*.mail.company-y.example"]"#));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Dates before 1970 and after 9999 are none. A lone surrogate in a text that
//! RFC 8460 defines is no JSON here, nor is a number that no double has (`1e400`) as the
//! value of such a member.

mod address;
mod date;
mod deviation;
mod error;
mod i_json;
mod member;
mod object;
mod policy;
mod read;
mod row;
mod value;
mod write;

use alloc::string::String;
use core::str;

use self::error::ReadReportErrorKind as Fault;
use self::member::Place;
use self::value::Context;
use crate::reading::Deviations;
use crate::tlsrpt::report::Report;

pub use self::deviation::{ReportDeviation, ReportDeviationKind};
pub use self::error::{
    ReadReportError, ReadReportErrorKind, WriteReportError, WriteReportErrorKind,
};
pub use self::member::Place as ReportPlace;

/// The levels of arrays and objects that a member may have which RFC 8460 does not
/// define: more than any sender needs, less than any parser's stack.
pub const MAX_DEPTH: usize = 64;

/// What one report may cost its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    octets: usize,
    policies: usize,
    rows: usize,
    strings: usize,
}

impl ReadLimits {
    /// 32 MiB: three times the greatest report that anybody has told of.
    pub const MAX_REPORT_LEN: usize = 32 << 20;

    /// A report is about one domain, with a few policies on one day; each takes some
    /// 300 octets of memory.
    pub const MAX_POLICIES: usize = 10_000;

    /// A row takes some 200 octets of memory, and can be as short as `{},`; this many of
    /// the usual length have 30 MB.
    pub const MAX_ROWS: usize = 100_000;

    /// A policy has at most 1,000 `mx`; a text takes 24 octets of memory and can be as
    /// short as `"",`.
    pub const MAX_STRINGS: usize = 100_000;

    /// The members of one object that RFC 8460 does not define; more are left out.
    /// Extensions of the format have been one or two.
    pub const MAX_UNKNOWN_MEMBERS: usize = 16;

    /// The octets of the text; by default [`MAX_REPORT_LEN`](Self::MAX_REPORT_LEN).
    #[must_use]
    pub const fn with_octets(self, octets: usize) -> Self {
        Self { octets, ..self }
    }

    /// The elements of `policies`; by default [`MAX_POLICIES`](Self::MAX_POLICIES).
    #[must_use]
    pub const fn with_policies(self, policies: usize) -> Self {
        Self { policies, ..self }
    }

    /// The elements of all `failure-details`; by default [`MAX_ROWS`](Self::MAX_ROWS).
    #[must_use]
    pub const fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// The elements of all `policy-string` and `mx-host`; by default
    /// [`MAX_STRINGS`](Self::MAX_STRINGS).
    #[must_use]
    pub const fn with_strings(self, strings: usize) -> Self {
        Self { strings, ..self }
    }
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            octets: Self::MAX_REPORT_LEN,
            policies: Self::MAX_POLICIES,
            rows: Self::MAX_ROWS,
            strings: Self::MAX_STRINGS,
        }
    }
}

impl<'a> Report<'a> {
    /// Reads the JSON of a report, and says what was odd about it.
    ///
    /// Texts are borrowed from `json` but where they have escapes. Takes time linear in
    /// its length, and memory as [`ReadLimits`] bounds it.
    ///
    /// # Errors
    ///
    /// [`ReadReportError`] says what keeps it from being a report, and where.
    pub fn from_json(
        json: &'a [u8],
        limits: &ReadLimits,
    ) -> Result<(Self, Deviations<ReportDeviation>), ReadReportError> {
        if json.len() > limits.octets {
            return Err(ReadReportError::new(Fault::TooLong, Place::REPORT));
        }
        let text = str::from_utf8(json).map_err(|error| not_utf8(json, error.valid_up_to()))?;
        let context = Context::new(limits);
        let bare = context.around(text);
        let bom = text.len().saturating_sub(bare.len());
        let report = read::read(bare, &context).map_err(|error| error.behind(bom))?;
        Ok((report, context.deviations.into_inner()))
    }

    /// The report as a sender may send it (RPT-1): compact, its members in the order of
    /// the RFC, times in UTC.
    ///
    /// # Errors
    ///
    /// [`WriteReportError`] names the first member that is missing or unfit; what
    /// RFC 8460 does not know (RPT-6) is.
    pub fn to_json(&self) -> Result<String, WriteReportError> {
        write::check(self)?;
        self.to_json_as_read()
    }

    /// The report with whatever is in it: what was read is written without a change of
    /// meaning, although a sender should not have sent it.
    ///
    /// # Errors
    ///
    /// Only [`WriteReportErrorKind::Date`].
    pub fn to_json_as_read(&self) -> Result<String, WriteReportError> {
        write::write(self)
    }
}

fn not_utf8(text: &[u8], valid: usize) -> ReadReportError {
    let found = text.get(valid..).unwrap_or_default().chunks(4).next().unwrap_or_default();
    ReadReportError::new(Fault::NotUtf8, Place::REPORT).found(found).after(text, valid)
}
