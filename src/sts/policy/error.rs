//! What is wrong with a policy, and what was forgiven: kinds, places, texts.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use core::{fmt, str};

use super::near;
use crate::escape::escape;
use crate::failure::{ReasonCode, ResultType};
use crate::hint::Hint;
use crate::sts::mx::MxErrorKind;
use crate::syntax;

/// How much of the offending text an error shows, in characters.
const FOUND_MAX: usize = 60;

/// Why a body is no policy.
///
/// Displays place, expectation, what was found instead, and a hint where the text
/// is a near miss. It keeps the body, because a report quotes the refused policy
/// (RFC 8460 §4.4).
#[derive(Clone, PartialEq, Eq)]
pub struct ParsePolicyError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: PolicyErrorKind,
    place: Option<Place>,
    found: Box<str>,
    hint: Option<Hint>,
    received: Box<str>,
}

impl ParsePolicyError {
    pub(super) fn too_large(body: &[u8], limit: usize) -> Self {
        let kept = body.get(..limit).unwrap_or_default();
        Self(Box::new(Inner {
            kind: PolicyErrorKind::TooLarge { limit, len: body.len() },
            place: None,
            found: Box::default(),
            hint: near::kind_of_text(kept),
            received: String::from_utf8_lossy(kept).into(),
        }))
    }

    pub(super) fn not_utf8(body: &[u8], valid_up_to: usize) -> Self {
        let (valid, invalid) = body.split_at_checked(valid_up_to).unwrap_or_default();
        let valid = str::from_utf8(valid).unwrap_or_default();
        Self(Box::new(Inner {
            kind: PolicyErrorKind::NotUtf8,
            place: Some(Place::of(valid, valid.len())),
            found: shown(invalid.split(|&b| b == b'\n').next().unwrap_or_default()),
            hint: near::kind_of_text(body),
            received: String::from_utf8_lossy(body).into(),
        }))
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> PolicyErrorKind {
        self.0.kind
    }

    /// The line of the fault, counted from 1; none if it is the body as a whole
    /// that is too large or lacks a field.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.0.place.map(|place| place.line)
    }

    /// The column of the fault, in characters from 1; there is one if there is a
    /// line.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.0.place.map(|place| place.column)
    }

    /// What was found instead, shortened and [escaped](crate::escape): the rest of the
    /// line from the fault on, the value that has the fault, or the line that has a CR
    /// alone. Empty where the line ends, or where there is no line.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.0.found
    }

    /// What was probably meant.
    #[must_use]
    pub const fn hint(&self) -> Option<&Hint> {
        self.0.hint.as_ref()
    }

    /// The lines of the refused body as received, without their ends: what
    /// `policy-string` of a report quotes (RFC 8460 §4.4).
    ///
    /// Octets that are not UTF-8 are replaced by U+FFFD. Of a body that is too
    /// large, it is the part within the limit.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.received.lines()
    }

    /// The refused body as text.
    pub(crate) fn received(&self) -> &str {
        &self.0.received
    }

    /// What a report calls this: an error of the fetch if the body is too large,
    /// for then it was not read whole (RFC 8461 §3.3), else an invalid policy.
    #[must_use]
    pub const fn result_type(&self) -> ResultType {
        match self.0.kind {
            PolicyErrorKind::TooLarge { .. } => ResultType::StsPolicyFetchError,
            _ => ResultType::StsPolicyInvalid,
        }
    }

    /// The reason code for reports and logs.
    #[must_use]
    pub const fn reason_code(&self) -> ReasonCode {
        match self.0.kind {
            PolicyErrorKind::TooLarge { .. } => ReasonCode::PolicyTooLarge,
            PolicyErrorKind::NotUtf8 => ReasonCode::PolicyNotText,
            PolicyErrorKind::Version => ReasonCode::PolicyVersion,
            PolicyErrorKind::Mode => ReasonCode::PolicyMode,
            PolicyErrorKind::MaxAge => ReasonCode::PolicyMaxAge,
            PolicyErrorKind::Mx(_) | PolicyErrorKind::TooManyMx { .. } => ReasonCode::PolicyMx,
            PolicyErrorKind::MissingVersion
            | PolicyErrorKind::MissingMode
            | PolicyErrorKind::MissingMaxAge
            | PolicyErrorKind::MissingMx => ReasonCode::PolicyMissingField,
            PolicyErrorKind::ByteOrderMark
            | PolicyErrorKind::BlankLine
            | PolicyErrorKind::WhitespaceBeforeName
            | PolicyErrorKind::WhitespaceBeforeColon
            | PolicyErrorKind::LoneCarriageReturn
            | PolicyErrorKind::Name
            | PolicyErrorKind::Colon
            | PolicyErrorKind::Value => ReasonCode::PolicySyntax,
        }
    }
}

impl fmt::Display for ParsePolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, place, found, hint, .. } = &*self.0;
        match place {
            Some(place) if found.is_empty() => {
                write!(f, "{place}: {kind}, found the end of the line")?
            }
            Some(place) if *kind == PolicyErrorKind::LoneCarriageReturn => {
                write!(f, "{place}: {kind} in `{found}`")?;
            }
            Some(place) => write!(f, "{place}: {kind}, found `{found}`")?,
            None => fmt::Display::fmt(kind, f)?,
        }
        match hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Without the body.
impl fmt::Debug for ParsePolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, place, found, hint, received: _ } = &*self.0;
        f.debug_struct("ParsePolicyError")
            .field("kind", kind)
            .field("place", place)
            .field("found", found)
            .field("hint", hint)
            .finish_non_exhaustive()
    }
}

impl core::error::Error for ParsePolicyError {}

/// What the grammar of a policy expects where the body has something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// The body has more octets than the caller's limit.
    #[error("expected at most {limit} octets, found {len}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// The octets of the body.
        len: usize,
    },
    /// The body is not UTF-8.
    #[error("expected UTF-8")]
    NotUtf8,
    /// The body begins with a byte order mark (strict reading).
    #[error("expected no byte order mark")]
    ByteOrderMark,
    /// A line is empty or blank (strict reading).
    #[error("expected no blank line")]
    BlankLine,
    /// A line begins with white space (strict reading).
    #[error("expected no white space before the name")]
    WhitespaceBeforeName,
    /// White space stands before the colon (strict reading).
    #[error("expected no white space before `:`")]
    WhitespaceBeforeColon,
    /// A CR without LF, which ends no line.
    #[error("expected LF or CRLF, found CR alone")]
    LoneCarriageReturn,
    /// A field name is 1 to 32 letters, digits, `_`, `-` and `.`, and begins with
    /// a letter or digit.
    #[error("expected a field name")]
    Name,
    /// `:` follows the name.
    #[error("expected `:`")]
    Colon,
    /// A value has at least one character, and no controls.
    #[error("expected a value without control characters")]
    Value,
    /// The value of `version` is `STSv1`.
    #[error("expected `STSv1`")]
    Version,
    /// The value of `mode` is one of three.
    #[error("expected `enforce`, `testing` or `none`")]
    Mode,
    /// The value of `max_age` is a number of seconds.
    #[error("expected seconds in 1 to 10 digits")]
    MaxAge,
    /// The value of `mx` is a host name, or `*.` and a domain.
    #[error("expected a host name or `*.` and a domain ({0})")]
    Mx(MxErrorKind),
    /// A policy has at most [`MAX_MX`](super::MAX_MX) `mx`.
    #[error("expected at most {limit} `mx` fields")]
    TooManyMx {
        /// The limit.
        limit: usize,
    },
    /// There is no `version`.
    #[error("expected a `version` field, found none")]
    MissingVersion,
    /// There is no `mode`.
    #[error("expected a `mode` field, found none")]
    MissingMode,
    /// There is no `max_age`.
    #[error("expected a `max_age` field, found none")]
    MissingMaxAge,
    /// There is no `mx`, and the mode is not `none`.
    #[error("expected an `mx` field, found none")]
    MissingMx,
}

/// A point of a policy that the tolerant reading forgave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyDeviation {
    kind: PolicyDeviationKind,
    place: Place,
}

impl PolicyDeviation {
    pub(super) const fn new(kind: PolicyDeviationKind, place: Place) -> Self {
        Self { kind, place }
    }

    /// What was forgiven.
    #[must_use]
    pub const fn kind(&self) -> PolicyDeviationKind {
        self.kind
    }

    /// The line, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.place.line
    }

    /// The column, in characters from 1.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.place.column
    }
}

impl fmt::Display for PolicyDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

/// What the tolerant reading of a policy forgives: white space, in four places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyDeviationKind {
    /// A byte order mark at the start.
    #[error("byte order mark")]
    ByteOrderMark,
    /// An empty or blank line.
    #[error("blank line")]
    BlankLine,
    /// White space before a name.
    #[error("white space before the name")]
    WhitespaceBeforeName,
    /// White space before the colon.
    #[error("white space before `:`")]
    WhitespaceBeforeColon,
}

impl From<PolicyDeviationKind> for PolicyErrorKind {
    fn from(kind: PolicyDeviationKind) -> Self {
        match kind {
            PolicyDeviationKind::ByteOrderMark => Self::ByteOrderMark,
            PolicyDeviationKind::BlankLine => Self::BlankLine,
            PolicyDeviationKind::WhitespaceBeforeName => Self::WhitespaceBeforeName,
            PolicyDeviationKind::WhitespaceBeforeColon => Self::WhitespaceBeforeColon,
        }
    }
}

/// An octet of the body, and its line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    offset: usize,
    line: u32,
    column: u32,
}

impl Place {
    pub(super) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place of an octet of the body.
    fn of(body: &str, offset: usize) -> Self {
        Self::START.on_to(body, offset)
    }

    /// The place of a later octet: what lies between is looked at, and the line.
    pub(super) fn on_to(self, body: &str, offset: usize) -> Self {
        let between = body.get(self.offset..offset).unwrap_or_default();
        let lines = between.bytes().filter(|b| *b == b'\n').count();
        let before = body.get(line_start(body, offset)..offset).unwrap_or_default();
        Self {
            offset,
            line: self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX)),
            column: u32::try_from(before.chars().count()).unwrap_or(u32::MAX).saturating_add(1),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A fault as the parser sees it: octets of the body, no text yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem {
    pub(super) kind: PolicyErrorKind,
    /// Where the fault is; `None` if it is the body as a whole.
    pub(super) offset: Option<usize>,
    /// From where on the line is shown.
    pub(super) found: usize,
}

impl Problem {
    pub(super) fn into_error(self, body: &str) -> ParsePolicyError {
        let Self { kind, offset, found } = self.or_lone_cr(body);
        let found = match offset {
            Some(_) => line_from(body, found),
            None => "",
        };
        ParsePolicyError(Box::new(Inner {
            kind,
            place: offset.map(|offset| Place::of(body, offset)),
            found: shown(found.as_bytes()),
            hint: near::hint(kind, found, body),
            received: body.into(),
        }))
    }

    /// A CR in the line is the fault, whatever else it made the parser expect.
    fn or_lone_cr(self, body: &str) -> Self {
        let Some(offset) = self.offset else { return self };
        let start = line_start(body, offset);
        match line_from(body, start).find('\r') {
            Some(cr) => Self {
                kind: PolicyErrorKind::LoneCarriageReturn,
                offset: Some(start.saturating_add(cr)),
                found: start,
            },
            None => self,
        }
    }
}

/// The octet at which the line of an octet begins.
fn line_start(body: &str, offset: usize) -> usize {
    let before = body.get(..offset).unwrap_or(body);
    before.rfind('\n').map_or(0, |lf| lf.saturating_add(1))
}

/// What a line has from an octet on, without its end and the white space before
/// that.
fn line_from(body: &str, offset: usize) -> &str {
    let rest = body.get(offset..).unwrap_or_default();
    let line = match rest.split_once('\n') {
        Some((line, _)) => line.strip_suffix('\r').unwrap_or(line),
        None => rest,
    };
    line.trim_end_matches(syntax::is_blank)
}

fn shown(text: &[u8]) -> Box<str> {
    escape(text).at_most(FOUND_MAX).to_string().into()
}
