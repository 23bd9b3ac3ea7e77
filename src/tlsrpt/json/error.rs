//! Why a text is no report, and why a report cannot be written.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;

use super::member::Place;
use crate::escape::escape;

/// Why a report could not be read: what, where in the text, and in which member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadReportError {
    kind: ReadReportErrorKind,
    place: Place,
    line: usize,
    column: usize,
    found: Option<Box<str>>,
}

impl ReadReportError {
    pub(super) const fn new(kind: ReadReportErrorKind, place: Place) -> Self {
        Self { kind, place, line: 1, column: 1, found: None }
    }

    /// What of the text does not fit; it is kept short and escaped.
    pub(super) fn found(self, text: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { found: Some(escape(text).to_string().into()), ..self }
    }

    pub(super) fn at(self, line: usize, column: usize) -> Self {
        Self { line, column, ..self }
    }

    /// At the octet behind the first ones of the text.
    pub(super) fn after(self, text: &[u8], octets: usize) -> Self {
        let before = text.get(..octets).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count();
        let column = before.rsplit(|b| *b == b'\n').next().map_or(0, <[u8]>::len);
        self.at(line.saturating_add(1), column.saturating_add(1))
    }

    /// Where the reader of JSON has stopped: it counts the octets that it has taken from
    /// the line, so that it is at 0 behind a line end.
    pub(super) fn at_json(self, error: &serde_json::Error) -> Self {
        self.at(error.line(), error.column().max(1))
    }

    /// So many octets stood in front that the reader of JSON has not seen.
    pub(super) fn behind(self, octets: usize) -> Self {
        let column = match self.line {
            1 => self.column.saturating_add(octets),
            _ => self.column,
        };
        Self { column, ..self }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ReadReportErrorKind {
        self.kind
    }

    /// In which member; the report itself where the text is no JSON.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The line of the text, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The octet of the line, from 1, at which the reader stopped.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ReadReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, place, line, column, found } = self;
        write!(f, "line {line}, column {column}: {place}: {kind}")?;
        match found {
            Some(found) => write!(f, ", found `{found}`"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for ReadReportError {}

/// The kinds of [`ReadReportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadReportErrorKind {
    /// More octets than the limit.
    TooLong,
    /// The text is not UTF-8.
    NotUtf8,
    /// The text is not JSON.
    Syntax,
    /// The text ends within the JSON.
    Truncated,
    /// There is something behind the JSON.
    Trailing,
    /// A member is missing without which there is no report.
    Missing,
    /// Not an RFC 3339 date-time, or one before 1970 (RPT-3).
    Date,
    /// Not a count from 0 to 2^64 - 1 in digits (RPT-4).
    Count,
    /// More policies than the limit.
    TooManyPolicies,
    /// More rows than the limit.
    TooManyRows,
    /// More elements of `policy-string` and `mx-host` than the limit.
    TooManyStrings,
}

impl fmt::Display for ReadReportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TooLong => "longer than the limit",
            Self::NotUtf8 => "not UTF-8",
            Self::Syntax => "not JSON",
            Self::Truncated => "expected more of the JSON, found its end",
            Self::Trailing => "expected the end, found more behind the JSON",
            Self::Missing => "expected an object or array that RFC 8460 requires, found none",
            Self::Date => "expected an RFC 3339 date-time since 1970",
            Self::Count => "expected a count from 0 to 2^64-1 in digits",
            Self::TooManyPolicies => "more policies than the limit",
            Self::TooManyRows => "more rows than the limit",
            Self::TooManyStrings => "more lines and patterns than the limit",
        })
    }
}

/// Why a report is not one that a sender may send (RPT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct WriteReportError {
    kind: WriteReportErrorKind,
    place: Place,
}

impl WriteReportError {
    pub(super) const fn new(kind: WriteReportErrorKind, place: Place) -> Self {
        Self { kind, place }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> WriteReportErrorKind {
        self.kind
    }

    /// In which member.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }
}

/// The kinds of [`WriteReportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteReportErrorKind {
    /// A required member is missing or empty.
    Missing,
    /// A date that RFC 3339 cannot write, or an end before the start.
    Date,
    /// A count above 2^53 - 1.
    Count,
    /// A type that the registry does not have.
    UnknownValue,
    /// No domain name in A-labels.
    Domain,
    /// No address in the form of RFC 5952.
    Address,
    /// `mx-host` for another type than `sts`, or `policy-string` without a policy.
    OutOfPlace,
    /// A member of RFC 8460 among those that it does not define: it would stand there
    /// twice (RFC 7493 §2.3).
    Duplicate,
    /// Not one line of a policy, or not a TLSA record of four fields with single spaces.
    PolicyString,
    /// A code point that I-JSON does not have (a noncharacter).
    Text,
}

impl fmt::Display for WriteReportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Missing => "required, but missing or empty",
            Self::Date => "expected dates up to the year 9999, the end not before the start",
            Self::Count => "expected a count of at most 2^53-1",
            Self::UnknownValue => "expected a type of RFC 8460",
            Self::Domain => "expected a domain name in A-labels",
            Self::Address => "expected an IP address in the form of RFC 5952",
            Self::OutOfPlace => "not for a policy of this type",
            Self::Duplicate => "defined by RFC 8460, and so not to be among the unknown members",
            Self::PolicyString => "expected one line, or one TLSA record of four fields",
            Self::Text => "noncharacter in a text",
        })
    }
}
