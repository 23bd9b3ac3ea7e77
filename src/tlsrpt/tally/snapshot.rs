//! A tally as lines of text, to outlive a restart or to travel to another host
//! (feature `json`).

mod form;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};

use serde::Serialize;

use self::form::{Head, Line, PolicyForm};
use super::Tally;
use super::domain::DomainTally;
use crate::domain::DomainName;
use crate::escape::escape;
use crate::tlsrpt::report::MAX_COUNT;

/// The version of the format that is written, and the only one that is read.
const VERSION: u64 = 1;

/// Feature `json`: lines of text.
impl Tally {
    /// The tally as lines, without line ends; equal tallies have equal lines. Of a file of
    /// them, [`from_lines`](Self::from_lines) notices that it is not whole.
    ///
    /// # The format
    ///
    /// Version 1: a JSON object a line; the first says what it is, then one for each
    /// domain, sorted. Members that are left out are null, empty or 0; those that are not
    /// known are ignored.
    ///
    /// ```text
    /// {"v":1,"day":1795305600,"rows":1000,"policies":32,"domains":1}
    /// {"domain":"example.com","policies":[
    ///  {"kind":"sts","text":"version: STSv1\n...","ok":1,"failed":2,"rows":[
    ///    {"result":"certificate-expired","reason":"certificate-expired",
    ///     "mx":"mx1.example.com","helo":"mx1","from":"2001:db8::1","to":"192.0.2.25",
    ///     "count":1}],
    ///   "others":[{"result":"certificate-expired","count":1}]},
    ///  {"kind":"tlsa","text":"mx1.example.com","records":["3 1 1 8ACE60F9"],"ok":1}]}
    /// ```
    ///
    /// `kind` is one of `no-policy-found`, `sts` (`text` is the body), `sts-refused`,
    /// `sts-others`, `tlsa` (`text` is the base domain), `tlsa-unknown` and `tlsa-others`.
    pub fn to_lines(&self) -> impl Iterator<Item = String> {
        let lines = self.sorted().into_iter().map(|(domain, tally)| {
            let policies = tally.policies().map(PolicyForm::from).collect();
            line(&Line { domain: Cow::Borrowed(domain), policies })
        });
        core::iter::once(line(&Head::of(self))).chain(lines)
    }

    /// Restores a tally. Nothing derived is trusted: policies are parsed again, hashes
    /// are made anew, limits are kept.
    ///
    /// # Errors
    ///
    /// [`RestoreError`] says which line is wrong, counted from 1: then the file is
    /// damaged, and a sum would be wrong without that line. A reason or a result type of
    /// another release is an error too.
    pub fn from_lines<T: AsRef<str>>(
        lines: impl IntoIterator<Item = T>,
    ) -> Result<Self, RestoreError> {
        let mut lines =
            (1_usize..).zip(lines).filter(|(_, line)| !line.as_ref().trim_ascii().is_empty());
        let (_, head) =
            lines.next().ok_or_else(|| Fault::new(RestoreErrorKind::Lines, 0.to_string()).at(1))?;
        let head = Head::read(head.as_ref()).map_err(|fault| fault.at(1))?;
        let mut tally = head.tally();
        let mut last = 1;
        for (number, line) in lines {
            last = number;
            tally.read_line(line.as_ref()).map_err(|fault| fault.at(number))?;
        }
        if tally.domains.len() != head.domains {
            let found = tally.domains.len().to_string();
            return Err(Fault::new(RestoreErrorKind::Lines, found).at(last));
        }
        Ok(tally)
    }

    fn read_line(&mut self, line: &str) -> Result<(), Fault> {
        let line: Line<'_> = serde_json::from_str(line).map_err(|error| json(&error))?;
        let domain = domain(&line.domain)?;
        let mut tally = DomainTally::default();
        at_least_one(u64::try_from(line.policies.len()).unwrap_or(MAX_COUNT))?;
        for form in &line.policies {
            tally.add(&form.read(self.limits)?, self.limits);
        }
        match self.domains.insert(domain.as_str().into(), tally) {
            None => Ok(()),
            Some(_) => Err(Fault::remote(RestoreErrorKind::Repeated, &line.domain)),
        }
    }
}

/// Only keys that are no text, or a failing writer, could make it fail.
fn line(form: &impl Serialize) -> String {
    serde_json::to_string(form).unwrap_or_default()
}

/// Why lines are no tally.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", .fault.shown())]
pub struct RestoreError {
    line: usize,
    fault: Fault,
}

impl RestoreError {
    /// Which line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> RestoreErrorKind {
        self.fault.kind
    }

    /// What was found instead, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.fault.found
    }
}

/// What a line should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreErrorKind {
    /// A JSON object with the members of the format.
    #[error("expected a JSON object of a tally")]
    Json,
    /// The version of the format.
    #[error("expected version {VERSION} of the format")]
    Version,
    /// The first second of a day.
    #[error("expected the start of a day")]
    Day,
    /// As many lines as the first one says.
    #[error("expected as many domains as the first line says")]
    Lines,
    /// A domain.
    #[error("expected a domain")]
    Domain,
    /// A domain that has no line yet.
    #[error("expected one line for each domain")]
    Repeated,
    /// One of the kinds of policies.
    #[error("expected a kind of policy")]
    Kind,
    /// An MTA-STS policy, in the tolerant reading.
    #[error("expected a policy")]
    Policy,
    /// TLSA records.
    #[error("expected TLSA records")]
    Tlsa,
    /// A result type and a reason of this crate.
    #[error("expected a result type and a reason")]
    Failure,
    /// A count of at most 2^53 - 1, and of at least 1 in a row.
    #[error("expected a count from 1 to {MAX_COUNT}")]
    Count,
}

/// What is wrong in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    kind: RestoreErrorKind,
    found: Box<str>,
}

impl Fault {
    fn new(kind: RestoreErrorKind, found: impl Into<Box<str>>) -> Self {
        Self { kind, found: found.into() }
    }

    fn remote(kind: RestoreErrorKind, found: &str) -> Self {
        Self::new(kind, format!("`{}`", escape(found)))
    }

    const fn at(self, line: usize) -> RestoreError {
        RestoreError { line, fault: self }
    }

    fn shown(&self) -> String {
        let Self { kind, found } = self;
        match kind {
            RestoreErrorKind::Json | RestoreErrorKind::Policy | RestoreErrorKind::Tlsa => {
                format!("{kind}: {found}")
            }
            _ => format!("{kind}, found {found}"),
        }
    }
}

fn json(error: &serde_json::Error) -> Fault {
    Fault::new(RestoreErrorKind::Json, escape(&error.to_string()).to_string())
}

fn domain(text: &str) -> Result<DomainName, Fault> {
    DomainName::parse(text).map_err(|_| Fault::remote(RestoreErrorKind::Domain, text))
}

fn count(count: u64) -> Result<u64, Fault> {
    match count {
        0..=MAX_COUNT => Ok(count),
        _ => Err(Fault::new(RestoreErrorKind::Count, count.to_string())),
    }
}

/// Without any, there would be no row, no policy and no domain.
fn at_least_one(found: u64) -> Result<u64, Fault> {
    match found {
        0 => Err(Fault::new(RestoreErrorKind::Count, "0")),
        _ => count(found),
    }
}
