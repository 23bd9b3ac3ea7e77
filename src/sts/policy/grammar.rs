//! The one pass over the body of a policy, in either reading: the grammar of
//! RFC 8461 §3.2, as it stands in the docs of [`Policy`](super::Policy).
//!
//! What a fault or a deviation looks like in words is not made here.

use alloc::sync::Arc;
use alloc::vec::Vec;

use nom::FindSubstring as _;
use nom::bytes::complete::tag;

use super::error::{PolicyDeviation, PolicyDeviationKind, PolicyErrorKind, Problem};
use super::{MAX_MX, MaxAge, Mode, Policy, VERSION};
use crate::reading::{Deviations, Reading};
use crate::sts::mx;
use crate::syntax::{self, Expected, Parsed, expect};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Reads a body that is UTF-8 and within its limit.
pub(super) fn read(
    body: &str,
    reading: Reading,
) -> Result<(Policy, Deviations<PolicyDeviation>), Problem> {
    FieldReader::new(body, reading).read()
}

/// One pass over the body, in either reading. The readings part only in
/// [`forgive`](Self::forgive).
struct FieldReader<'a> {
    body: &'a str,
    reading: Reading,
    deviations: Deviations<PolicyDeviation>,
    version: Option<()>,
    mode: Option<Mode>,
    max_age: Option<MaxAge>,
    mx: Spans,
}

/// A line taken apart. White space before the name and before the colon is kept
/// only to be forgiven or not.
struct Field<'a> {
    indent: &'a [u8],
    name: &'a [u8],
    gap: &'a [u8],
    value: &'a [u8],
    /// Where the value begins, in octets from the start of the line.
    value_at: usize,
}

/// A fault in the value of a field, and where in the value.
type ValueFault = (PolicyErrorKind, usize);

impl<'a> FieldReader<'a> {
    fn new(body: &'a str, reading: Reading) -> Self {
        Self {
            body,
            reading,
            deviations: Deviations::default(),
            version: None,
            mode: None,
            max_age: None,
            mx: Spans::default(),
        }
    }

    /// `sts-policy-record`
    fn read(mut self) -> Result<(Policy, Deviations<PolicyDeviation>), Problem> {
        let mut rest = self.body.as_bytes();
        if let Some(marked) = rest.strip_prefix(BYTE_ORDER_MARK.as_bytes()) {
            self.forgive(PolicyDeviationKind::ByteOrderMark, 0)?;
            rest = marked;
        }
        while !rest.is_empty() {
            let start = self.body.len().saturating_sub(rest.len());
            let (line, next) = split_line(rest);
            self.line(line, start)?;
            rest = next;
        }
        self.finish()
    }

    /// One line without its end, which begins at octet `start` of the body.
    fn line(&mut self, line: &'a [u8], start: usize) -> Result<(), Problem> {
        if line.iter().all(|&b| syntax::is_wsp(b)) {
            return self.forgive(PolicyDeviationKind::BlankLine, start);
        }
        let field = match field(line) {
            Ok((_, field)) => field,
            Err(error) => {
                let fault = syntax::fault(error);
                let kind = match fault.expected {
                    Expected::Colon => PolicyErrorKind::Colon,
                    _ => PolicyErrorKind::Name,
                };
                let found = line.len().saturating_sub(fault.at.len());
                return Err(Problem::in_line(kind, line, start, found, found, fault.at.len()));
            }
        };
        if !field.indent.is_empty() {
            self.forgive(PolicyDeviationKind::WhitespaceBeforeName, start)?;
        }
        if !field.gap.is_empty() {
            let name_end = field.indent.len().saturating_add(field.name.len());
            self.forgive(
                PolicyDeviationKind::WhitespaceBeforeColon,
                start.saturating_add(name_end),
            )?;
        }
        let value_at = start.saturating_add(field.value_at);
        self.field(field.name, field.value, value_at).map_err(|(kind, at)| {
            let at = field.value_at.saturating_add(at);
            Problem::in_line(kind, line, start, at, field.value_at, field.value.len())
        })
    }

    /// The rule that the name calls for. Of a repeated field other than `mx` the
    /// first counts (RFC 8461 §3.2).
    fn field(&mut self, name: &[u8], value: &[u8], value_at: usize) -> Result<(), ValueFault> {
        match name {
            b"version" if self.version.is_none() => {
                let known = (value == VERSION.as_bytes()).then_some(());
                self.version = Some(known.ok_or((PolicyErrorKind::Version, 0))?);
            }
            b"mode" if self.mode.is_none() => {
                self.mode = Some(Mode::parse(value).ok_or((PolicyErrorKind::Mode, 0))?);
            }
            b"max_age" if self.max_age.is_none() => {
                self.max_age = Some(MaxAge::parse(value).ok_or((PolicyErrorKind::MaxAge, 0))?);
            }
            b"mx" => self.mx(value_at, value.len())?,
            _ => ext_value(value)?,
        }
        Ok(())
    }

    /// `["*."] Domain`
    fn mx(&mut self, start: usize, len: usize) -> Result<(), ValueFault> {
        if self.mx.len >= MAX_MX {
            return Err((PolicyErrorKind::TooManyMx { limit: MAX_MX }, 0));
        }
        let text = self.body.get(start..start.saturating_add(len)).unwrap_or_default();
        if let Some((kind, offset)) = mx::fault(text) {
            return Err((PolicyErrorKind::Mx(kind), offset));
        }
        // A body is at most `i32::MAX` octets long, a pattern at most 253.
        self.mx.push(Span {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: u8::try_from(len).unwrap_or(u8::MAX),
        });
        Ok(())
    }

    /// What holds of the policy as a whole: the required fields.
    fn finish(self) -> Result<(Policy, Deviations<PolicyDeviation>), Problem> {
        self.version.ok_or(Problem::missing(PolicyErrorKind::MissingVersion))?;
        let mode = self.mode.ok_or(Problem::missing(PolicyErrorKind::MissingMode))?;
        let max_age = self.max_age.ok_or(Problem::missing(PolicyErrorKind::MissingMaxAge))?;
        if self.mx.len == 0 && mode != Mode::None {
            return Err(Problem::missing(PolicyErrorKind::MissingMx));
        }
        let policy = Policy { body: self.body.into(), mx: self.mx.into_shared(), max_age, mode };
        Ok((policy, self.deviations))
    }

    /// Where the tolerant reading goes on and the strict one ends.
    fn forgive(&mut self, kind: PolicyDeviationKind, offset: usize) -> Result<(), Problem> {
        let body = self.body;
        self.reading.forgive(
            &mut self.deviations,
            || PolicyDeviation::new(kind, body, offset),
            || Problem::at(kind.into(), body, offset),
        )
    }
}

/// A line without its `sts-policy-term`, and what follows. At the end of the body
/// a CR ends no line.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.find_substring("\n").unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((line, [_, next @ ..])) => (line.strip_suffix(b"\r").unwrap_or(line), next),
        _ => (text, &[]),
    }
}

/// `sts-policy-ext-name sts-policy-field-delim sts-policy-ext-value *WSP`, with
/// white space where the tolerant reading has it; the value is not looked at.
fn field(line: &[u8]) -> Parsed<'_, Field<'_>> {
    let (rest, indent) = syntax::wsp(line)?;
    let (rest, name) = syntax::field_name(rest)?;
    let (rest, gap) = syntax::wsp(rest)?;
    let (rest, _) = expect(Expected::Colon, tag(":"))(rest)?;
    let (rest, _) = syntax::wsp(rest)?;
    let field = Field {
        indent,
        name,
        gap,
        value: syntax::trim_wsp_end(rest),
        value_at: line.len().saturating_sub(rest.len()),
    };
    Ok((&[], field))
}

/// `sts-policy-vchar [*(%x20 / sts-policy-vchar) sts-policy-vchar]`, of a value in
/// UTF-8 without white space around it.
pub(super) fn ext_value(value: &[u8]) -> Result<(), ValueFault> {
    let is_control = |&b: &u8| b.is_ascii_control();
    match value.iter().position(is_control) {
        Some(at) => Err((PolicyErrorKind::Value, at)),
        None if value.is_empty() => Err((PolicyErrorKind::Value, 0)),
        None => Ok(()),
    }
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
