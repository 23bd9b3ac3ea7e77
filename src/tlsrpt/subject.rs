//! The subject of a mail that carries a report (RFC 8460 §5.3).
//!
//! What it says is for filters and people; a report itself says it better. It is not
//! the mail (feature `mail`).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;

use super::mix::fnv_1a;
use crate::domain::{DomainErrorKind, DomainName};
use crate::escape::escape;
use crate::reading::{Deviations, Reading};

/// The octets that a subject may have: those of two names, of an id that fills the
/// longest line (998 octets, RFC 5322 §2.1.1), and of the words between them.
pub const MAX_SUBJECT_LEN: usize = 2_048;

/// The octets of a report-id that stand in a subject as they are, left of the `@`: with
/// the longest domain name it still fits into one line, and it cannot be folded.
pub const MAX_ID_LEFT_LEN: usize = 255;

/// The subject of a report's mail (RFC 8460 §5.3).
///
/// `Display` writes it in one line, to be folded at its blanks; `FromStr` is the strict
/// reading. They are inverse for what was made by [`new`](Self::new) or read strictly.
///
/// # Grammar
///
/// ```text
/// tlsrpt-subject = %s"Report" FWS %s"Domain:" FWS domain-name FWS
///                  %s"Submitter:" FWS domain-name FWS
///                  %s"Report-ID:" FWS "<" id-left "@" id-right ">" [CFWS]
/// ```
///
/// `id-left` and `id-right` are dot-atoms (RFC 5322 §3.6.4). Any run of blanks and line
/// ends is taken for `FWS` in both readings. The tolerant one forgives what
/// [`SubjectDeviation`] lists.
///
/// # Examples
///
/// ```
/// use mta_sts::Reading;
/// use mta_sts::tlsrpt::subject::{ReportSubject, SubjectDeviation};
///
/// let text = "Report Domain: example.net\r\n  Submitter: sndr.example.com\r\n  Report-ID: 735ff@a";
/// let (subject, deviations) = ReportSubject::parse(text, Reading::Tolerant)?;
/// assert_eq!(subject.submitter().as_str(), "sndr.example.com");
/// assert_eq!(subject.report_id(), "735ff@a");
/// assert_eq!(deviations.as_slice(), [SubjectDeviation::Brackets]);
/// # Ok::<_, mta_sts::tlsrpt::subject::ParseSubjectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportSubject {
    policy_domain: DomainName,
    submitter: DomainName,
    report_id: Box<str>,
}

impl ReportSubject {
    /// The subject for a report with this id.
    ///
    /// The id is written as `left@submitter`. It may have that form already, or be the
    /// left part alone: a dot-atom of at most [`MAX_ID_LEFT_LEN`] octets without `=?`. Instead of
    /// any other id, its hash is the left part: FNV-1a of 128 bits over its octets, in
    /// 32 lower-case hexadecimal digits. That is no proof of anything; it only tells
    /// ids apart.
    #[must_use]
    pub fn new(policy_domain: DomainName, submitter: DomainName, report_id: &str) -> Self {
        let report_id = format!("{}@{submitter}", id_left(report_id, &submitter)).into();
        Self { policy_domain, submitter, report_id }
    }

    /// Reads a subject, folded or not.
    ///
    /// # Errors
    ///
    /// Says what is expected where. In the strict reading, a deviation is one too.
    pub fn parse(
        text: &str,
        reading: Reading,
    ) -> Result<(Self, Deviations<SubjectDeviation>), ParseSubjectError> {
        let mut parser = Parser { text, rest: text, reading, deviations: Deviations::default() };
        let subject = parser.subject()?;
        Ok((subject, parser.deviations))
    }

    /// The domain that the report is about.
    #[must_use]
    pub const fn policy_domain(&self) -> &DomainName {
        &self.policy_domain
    }

    /// The domain that sends the report.
    #[must_use]
    pub const fn submitter(&self) -> &DomainName {
        &self.submitter
    }

    /// The id without `<>`: not empty, without line ends; a stranger's text if the
    /// subject was read.
    #[must_use]
    pub fn report_id(&self) -> &str {
        &self.report_id
    }

    /// Whether this may be the subject of a report with this id: it has the id as it
    /// is, or in the form that [`new`](Self::new) gives it.
    #[must_use]
    pub fn is_for(&self, report_id: &str) -> bool {
        let written = || id_left(report_id, &self.submitter);
        *self.report_id == *report_id
            || self.report_id.rsplit_once('@').is_some_and(|(left, right)| {
                right.eq_ignore_ascii_case(self.submitter.as_str()) && left == written()
            })
    }
}

impl fmt::Display for ReportSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy_domain, submitter, report_id } = self;
        write!(f, "Report Domain: {policy_domain} Submitter: {submitter} Report-ID: <{report_id}>")
    }
}

/// The strict reading.
impl FromStr for ReportSubject {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, ParseSubjectError> {
        Self::parse(text, Reading::Strict).map(|(subject, _)| subject)
    }
}

/// What stands left of `@submitter` for this report-id.
fn id_left(report_id: &str, submitter: &DomainName) -> String {
    let left = match report_id.rsplit_once('@') {
        Some((left, right)) if right.eq_ignore_ascii_case(submitter.as_str()) => left,
        _ => report_id,
    };
    // `=?` would begin what readers take for an encoded word (RFC 2047).
    match is_dot_atom(left) && left.len() <= MAX_ID_LEFT_LEN && !left.contains("=?") {
        true => left.into(),
        false => format!("{:032x}", fnv_1a(report_id.bytes())),
    }
}

/// `dot-atom-text` of RFC 5322 §3.2.3.
fn is_dot_atom(text: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// SP, HTAB and line ends, of which `FWS` is made.
const fn is_fws(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    reading: Reading,
    deviations: Deviations<SubjectDeviation>,
}

impl<'a> Parser<'a> {
    fn subject(&mut self) -> Result<ReportSubject, ParseSubjectError> {
        if self.text.len() > MAX_SUBJECT_LEN {
            return Err(self.refuse(SubjectErrorKind::TooLong, self.text));
        }
        self.word("Report")?;
        self.word("Domain:")?;
        let policy_domain = self.domain(SubjectErrorKind::PolicyDomain)?;
        self.word("Submitter:")?;
        let submitter = self.domain(SubjectErrorKind::Submitter)?;
        self.word("Report-ID:")?;
        let report_id = self.report_id()?;
        Ok(ReportSubject { policy_domain, submitter, report_id: report_id.into() })
    }

    /// The word and the white space behind it.
    fn word(&mut self, word: &'static str) -> Result<(), ParseSubjectError> {
        let at = self.rest;
        let found = at.get(..word.len()).unwrap_or_default();
        if !found.eq_ignore_ascii_case(word) {
            return Err(self.refuse(SubjectErrorKind::Word { expected: word }, at));
        }
        self.rest = at.get(word.len()..).unwrap_or_default();
        if found != word {
            self.forgive(SubjectDeviation::Case, at)?;
        }
        self.fws()
    }

    /// `FWS`, which no word may lack.
    fn fws(&mut self) -> Result<(), ParseSubjectError> {
        let at = self.rest;
        self.rest = at.trim_start_matches(is_fws);
        match self.rest.len() == at.len() {
            true => self.forgive(SubjectDeviation::Blank, at),
            false => Ok(()),
        }
    }

    fn domain(
        &mut self,
        kind: fn(DomainErrorKind) -> SubjectErrorKind,
    ) -> Result<DomainName, ParseSubjectError> {
        let at = self.rest;
        let (name, rest) =
            at.split_at_checked(at.find(is_fws).unwrap_or(at.len())).unwrap_or((at, ""));
        let domain =
            DomainName::parse(name).map_err(|error| self.refuse(kind(error.kind()), at))?;
        self.rest = rest.trim_start_matches(is_fws);
        Ok(domain)
    }

    /// `"<" id-left "@" id-right ">" [CFWS]`, without comments.
    fn report_id(&mut self) -> Result<&'a str, ParseSubjectError> {
        let at = self.rest;
        let (id, behind) = match at.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some(bracketed) => bracketed,
            None => {
                self.forgive(SubjectDeviation::Brackets, at)?;
                (at, "")
            }
        };
        let id = id.trim_matches(is_fws);
        if id.is_empty() || id.contains(['\r', '\n']) {
            return Err(self.refuse(SubjectErrorKind::ReportId, at));
        }
        if !id.rsplit_once('@').is_some_and(|(left, right)| is_dot_atom(left) && is_dot_atom(right))
        {
            self.forgive(SubjectDeviation::Id, at)?;
        }
        if !behind.trim_matches(is_fws).is_empty() {
            self.forgive(SubjectDeviation::Behind, behind)?;
        }
        Ok(id)
    }

    fn forgive(
        &mut self,
        deviation: SubjectDeviation,
        at: &'a str,
    ) -> Result<(), ParseSubjectError> {
        let error = error(self.text, SubjectErrorKind::Form(deviation), at);
        self.reading.forgive(&mut self.deviations, || deviation, || error)
    }

    fn refuse(&self, kind: SubjectErrorKind, at: &str) -> ParseSubjectError {
        error(self.text, kind, at)
    }
}

fn error(text: &str, kind: SubjectErrorKind, at: &str) -> ParseSubjectError {
    let offset = text.len().saturating_sub(at.len());
    ParseSubjectError { kind, offset, found: escape(at).to_string().into() }
}

/// A point of a subject that the tolerant reading forgives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectDeviation {
    /// A word in another case.
    #[error("word in another case")]
    Case,
    /// No white space behind a word.
    #[error("no white space behind a word")]
    Blank,
    /// The id is not in `<>`.
    #[error("report-id without `<>`")]
    Brackets,
    /// The id is not two dot-atoms with `@` between them.
    #[error("report-id other than `left@right`")]
    Id,
    /// There is something behind the id, perhaps a comment.
    #[error("text behind the report-id")]
    Behind,
}

/// Why a text is no [`ReportSubject`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {offset}, found `{found}`")]
pub struct ParseSubjectError {
    kind: SubjectErrorKind,
    offset: usize,
    found: Box<str>,
}

impl ParseSubjectError {
    /// What was expected, or which deviation the strict reading does not forgive.
    #[must_use]
    pub const fn kind(&self) -> SubjectErrorKind {
        self.kind
    }

    /// Where, in octets from the start.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What stands there, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What the grammar of a subject expects where the text has something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectErrorKind {
    /// More than [`MAX_SUBJECT_LEN`] octets.
    #[error("expected at most {MAX_SUBJECT_LEN} octets")]
    TooLong,
    /// A word of the subject.
    #[error("expected `{expected}`")]
    Word {
        /// The word.
        expected: &'static str,
    },
    /// The domain that the report is about.
    #[error("expected the report domain ({0})")]
    PolicyDomain(DomainErrorKind),
    /// The domain that sends the report.
    #[error("expected the submitter ({0})")]
    Submitter(DomainErrorKind),
    /// The id of the report, in one line.
    #[error("expected a report-id")]
    ReportId,
    /// What the tolerant reading forgives.
    #[error("odd form of a subject ({0})")]
    Form(SubjectDeviation),
}
