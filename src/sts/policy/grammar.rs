//! The one pass over the body of a policy, in either reading: the grammar of
//! RFC 8461 §3.2, as it stands in the docs of [`Policy`](super::Policy).
//!
//! What a fault or a deviation looks like in words is not made here.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::error::{Place, PolicyDeviation, PolicyDeviationKind, PolicyErrorKind, Problem};
use super::{MAX_MX, MaxAge, Mode, Policy, VERSION};
use crate::reading::{Deviations, Reading};
use crate::sts::mx::{self, MxErrorKind};
use crate::syntax::{self, Class};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Reads a body that is UTF-8 and within its limit.
pub(super) fn read(
    body: &str,
    reading: Reading,
) -> Result<(Policy, Deviations<PolicyDeviation>), Problem> {
    FieldReader::new(body, reading).read()
}

/// One pass over the body. The readings part only in [`forgive`](Self::forgive).
///
/// Its methods take the body from some octet on, and give back what follows the
/// part that they have read.
struct FieldReader<'a> {
    body: &'a str,
    reading: Reading,
    deviations: Deviations<PolicyDeviation>,
    /// The place of the last deviation.
    last: Place,
    version: bool,
    mode: Option<Mode>,
    max_age: Option<MaxAge>,
    mx: Spans,
}

/// What the value of a field is held to.
#[derive(Clone, Copy)]
enum Rule {
    Version,
    Mode,
    MaxAge,
    Mx,
    TooManyMx,
    /// Extensions, and repeated fields other than `mx`.
    Extension,
}

impl<'a> FieldReader<'a> {
    fn new(body: &'a str, reading: Reading) -> Self {
        Self {
            body,
            reading,
            deviations: Deviations::default(),
            last: Place::START,
            version: false,
            mode: None,
            max_age: None,
            mx: Spans::default(),
        }
    }

    /// `sts-policy-record`
    fn read(mut self) -> Result<(Policy, Deviations<PolicyDeviation>), Problem> {
        let mut rest = self.body.as_bytes();
        if let Some(marked) = rest.strip_prefix(BYTE_ORDER_MARK.as_bytes()) {
            self.forgive(PolicyDeviationKind::ByteOrderMark, rest)?;
            rest = marked;
        }
        while !rest.is_empty() {
            rest = self.line(rest)?;
        }
        self.finish()
    }

    /// `sts-policy-field *WSP sts-policy-term`, or a line to be forgiven.
    fn line(&mut self, start: &'a [u8]) -> Result<&'a [u8], Problem> {
        let indented = syntax::trim_wsp_start(start);
        if let Some(next) = end_of_line(indented) {
            self.forgive(PolicyDeviationKind::BlankLine, start)?;
            return Ok(next);
        }
        let Some((rule, after_name)) = self.name(indented) else {
            return Err(self.problem(PolicyErrorKind::Name, indented));
        };
        let colon = syntax::trim_wsp_start(after_name);
        let Some(after_colon) = colon.strip_prefix(b":") else {
            return Err(self.problem(PolicyErrorKind::Colon, colon));
        };
        if indented.len() != start.len() {
            self.forgive(PolicyDeviationKind::WhitespaceBeforeName, start)?;
        }
        if colon.len() != after_name.len() {
            self.forgive(PolicyDeviationKind::WhitespaceBeforeColon, after_name)?;
        }
        let value = syntax::trim_wsp_start(after_colon);
        self.value(rule, value)
            .and_then(|rest| {
                end_of_line(rest).or_else(|| end_of_line(syntax::trim_wsp_start(rest)))
            })
            .ok_or_else(|| self.value_problem(rule, value))
    }

    /// A field name, and the rule that it calls for. Of a repeated field other than
    /// `mx` the first counts (RFC 8461 §3.2).
    #[inline]
    fn name(&self, at: &'a [u8]) -> Option<(Rule, &'a [u8])> {
        let known = |name: &[u8]| {
            let goes_on = |rest: &&[u8]| rest.first().is_some_and(|&b| Class::NAME.has(b));
            at.strip_prefix(name).filter(|rest| !goes_on(rest))
        };
        if let Some(rest) = known(b"mx") {
            let rule = if self.mx.len < MAX_MX { Rule::Mx } else { Rule::TooManyMx };
            return Some((rule, rest));
        }
        let (first, rest) = if let Some(rest) = known(b"version") {
            ((!self.version).then_some(Rule::Version), rest)
        } else if let Some(rest) = known(b"mode") {
            (self.mode.is_none().then_some(Rule::Mode), rest)
        } else if let Some(rest) = known(b"max_age") {
            (self.max_age.is_none().then_some(Rule::MaxAge), rest)
        } else {
            (None, syntax::field_name(at).ok()?.0)
        };
        Some((first.unwrap_or(Rule::Extension), rest))
    }

    /// Reads what obeys the rule, if there is anything.
    #[inline]
    fn value(&mut self, rule: Rule, value: &'a [u8]) -> Option<&'a [u8]> {
        match rule {
            Rule::Version => {
                self.version = true;
                value.strip_prefix(VERSION.as_bytes())
            }
            Rule::Mode => Mode::ALL.into_iter().find_map(|mode| {
                let rest = value.strip_prefix(mode.as_str().as_bytes())?;
                self.mode = Some(mode);
                Some(rest)
            }),
            Rule::MaxAge => {
                let (digits, rest) = split_while(value, |b| b.is_ascii_digit());
                self.max_age = Some(MaxAge::parse(digits)?);
                Some(rest)
            }
            Rule::Mx => {
                let len = mx::scan(value)?;
                self.mx.push(Span::new(self.offset(value), len)?);
                value.get(len..)
            }
            Rule::TooManyMx => None,
            Rule::Extension => ext_value(value),
        }
    }

    /// Why the line from `value` on does not obey the rule.
    #[cold]
    fn value_problem(&self, rule: Rule, value: &[u8]) -> Problem {
        let offset = self.offset(value);
        let text = self.body.get(offset..).and_then(|rest| rest.lines().next());
        let text = text.unwrap_or_default().trim_end_matches(syntax::is_blank);
        let (kind, at) = match rule {
            Rule::Version => (PolicyErrorKind::Version, 0),
            Rule::Mode => (PolicyErrorKind::Mode, 0),
            Rule::MaxAge => (PolicyErrorKind::MaxAge, 0),
            Rule::Mx => {
                let (kind, at) = mx::fault(text).unwrap_or((MxErrorKind::TrailingDot, 0));
                (PolicyErrorKind::Mx(kind), at)
            }
            Rule::TooManyMx => (PolicyErrorKind::TooManyMx { limit: MAX_MX }, 0),
            Rule::Extension => {
                (PolicyErrorKind::Value, text.find(|c: char| c.is_ascii_control()).unwrap_or(0))
            }
        };
        Problem { kind, offset: Some(offset.saturating_add(at)), found: offset }
    }

    fn problem(&self, kind: PolicyErrorKind, at: &[u8]) -> Problem {
        let offset = self.offset(at);
        Problem { kind, offset: Some(offset), found: offset }
    }

    /// Where the tolerant reading goes on and the strict one ends.
    fn forgive(&mut self, kind: PolicyDeviationKind, at: &[u8]) -> Result<(), Problem> {
        let offset = self.offset(at);
        let Self { body, last, .. } = self;
        let deviation = || {
            *last = last.on_to(body, offset);
            PolicyDeviation::new(kind, *last)
        };
        let problem = || Problem { kind: kind.into(), offset: Some(offset), found: offset };
        self.reading.forgive(&mut self.deviations, deviation, problem)
    }

    /// The octet of the body from which on `at` is.
    fn offset(&self, at: &[u8]) -> usize {
        self.body.len().saturating_sub(at.len())
    }

    /// What holds of the policy as a whole: the required fields.
    fn finish(self) -> Result<(Policy, Deviations<PolicyDeviation>), Problem> {
        let missing = |kind| Problem { kind, offset: None, found: 0 };
        if !self.version {
            return Err(missing(PolicyErrorKind::MissingVersion));
        }
        let mode = self.mode.ok_or(missing(PolicyErrorKind::MissingMode))?;
        let max_age = self.max_age.ok_or(missing(PolicyErrorKind::MissingMaxAge))?;
        if self.mx.len == 0 && mode != Mode::None {
            return Err(missing(PolicyErrorKind::MissingMx));
        }
        let policy = Policy { body: self.body.into(), mx: self.mx.into_shared(), max_age, mode };
        Ok((policy, self.deviations))
    }
}

/// `sts-policy-term`, or the end of the body, where a CR ends no line.
fn end_of_line(at: &[u8]) -> Option<&[u8]> {
    match at {
        [] => Some(at),
        [b'\n', next @ ..] | [b'\r', b'\n', next @ ..] => Some(next),
        _ => None,
    }
}

/// `sts-policy-vchar [*(%x20 / sts-policy-vchar) sts-policy-vchar]` and the spaces
/// after it, of text in UTF-8 that does not begin with white space.
pub(super) fn ext_value(text: &[u8]) -> Option<&[u8]> {
    let (value, rest) = split_while(text, |b| Class::TEXT.has(b));
    (!value.is_empty()).then_some(rest)
}

fn split_while(text: &[u8], fits: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let len = text.iter().position(|&b| !fits(b)).unwrap_or(text.len());
    text.split_at_checked(len).unwrap_or((text, &[]))
}

/// The fields of a body that has been parsed: line (from 1), name and value. Of
/// one that has not, those of the lines with a colon.
pub(super) fn fields(body: &str) -> impl Iterator<Item = (u32, &str, &str)> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    (1..).zip(body.lines()).filter_map(|(number, line)| {
        let (name, value) = line.split_once(':')?;
        Some((number, name.trim_matches(syntax::is_blank), value.trim_matches(syntax::is_blank)))
    })
}

/// Where a pattern stands in the body: at most 253 octets from `start`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    start: u32,
    len: u8,
}

impl Span {
    /// `None` for what cannot be: a body is at most `u32::MAX` octets long, a pattern
    /// at most 253.
    fn new(start: usize, len: usize) -> Option<Self> {
        Some(Self { start: start.try_into().ok()?, len: len.try_into().ok()? })
    }

    pub(super) fn of(self, body: &str) -> &str {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        body.get(start..start.saturating_add(self.len.into())).unwrap_or_default()
    }
}

/// The patterns found so far: few without an allocation, many with.
#[derive(Default)]
struct Spans {
    few: [Span; Self::FEW],
    len: usize,
    more: Vec<Span>,
}

impl Spans {
    /// Nearly every published policy has at most nine.
    const FEW: usize = 12;

    fn push(&mut self, span: Span) {
        match self.few.get_mut(self.len) {
            Some(slot) => *slot = span,
            None => self.more.push(span),
        }
        self.len = self.len.saturating_add(1);
    }

    fn into_shared(self) -> Arc<[Span]> {
        let few = self.few.get(..self.len).unwrap_or(&self.few);
        if self.more.is_empty() {
            return Arc::from(few);
        }
        [few, &self.more].concat().into()
    }
}
