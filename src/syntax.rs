//! The pieces that the grammars of RFC 8461 and RFC 8460 share, as nom parsers
//! over octets: white space, delimiters, field names and values.
//!
//! No piece knows a field by its meaning; that is the business of the record and
//! the policy.

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::verify;
use nom::error::{ErrorKind, ParseError};
use nom::sequence::delimited;
use nom::{IResult, Parser};

/// The octets that a field name may have (RFC 8461 §3.1, §3.2, RFC 8460 §3).
pub(crate) const MAX_FIELD_NAME_LEN: usize = 32;

pub(crate) type Parsed<'a, O> = IResult<&'a [u8], O, Fault<'a>>;

/// What was expected, and the input from where it was missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault<'a> {
    pub(crate) at: &'a [u8],
    pub(crate) expected: Expected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A piece that says itself what it expects in [`expect`].
    Anything,
    /// `*WSP ";" *WSP`, or the end of the record.
    Delimiter,
    /// A field name.
    Name,
    /// `=` after the name of a record's field.
    Equals,
    /// The value of an extension.
    Value,
    /// The value of `id`.
    Id,
}

impl<'a> ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(at: &'a [u8], _: ErrorKind) -> Self {
        Self { at, expected: Expected::Anything }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Names what `parser` expects, for the error at the place where it began.
pub(crate) fn expect<'a, O>(
    expected: Expected,
    mut parser: impl Parser<&'a [u8], Output = O, Error = ()>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, O> {
    move |at| parser.parse(at).map_err(|_| nom::Err::Error(Fault { at, expected }))
}

/// The fault inside nom's wrapping; "incomplete" cannot happen to complete
/// parsers.
pub(crate) fn fault<'a>(error: nom::Err<Fault<'a>>) -> Fault<'a> {
    match error {
        nom::Err::Error(fault) | nom::Err::Failure(fault) => fault,
        nom::Err::Incomplete(_) => Fault { at: &[], expected: Expected::Anything },
    }
}

/// Sets of octets that the grammars name, as bits of a table: parsing is mostly
/// asking for them, and a look into a table is the quickest way to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Class(u8);

impl Class {
    /// `ALPHA / DIGIT`
    pub(crate) const ALPHANUMERIC: Self = Self(1);
    /// `ALPHA / DIGIT / "-"`, what a label of a host name has.
    pub(crate) const LDH: Self = Self(2);
    /// `ALPHA / DIGIT / "_" / "-" / "."`, what a field name has.
    pub(crate) const NAME: Self = Self(4);
    /// `%x21-3A / %x3C / %x3E-7E`, what the value of a record's extension has.
    pub(crate) const VALUE: Self = Self(8);
    /// `%x20 / sts-policy-vchar`, what the value of a policy's extension has: all
    /// but controls, in UTF-8.
    pub(crate) const TEXT: Self = Self(16);

    #[inline]
    pub(crate) fn has(self, b: u8) -> bool {
        CLASSES.get(usize::from(b)).is_some_and(|classes| classes & self.0 != 0)
    }

    const fn of(b: u8) -> u8 {
        let mut classes = 0;
        if b.is_ascii_alphanumeric() {
            classes |= Self::ALPHANUMERIC.0;
        }
        if b.is_ascii_alphanumeric() || b == b'-' {
            classes |= Self::LDH.0;
        }
        if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') {
            classes |= Self::NAME.0;
        }
        if matches!(b, 0x21..=0x3A | 0x3C | 0x3E..=0x7E) {
            classes |= Self::VALUE.0;
        }
        if !b.is_ascii_control() {
            classes |= Self::TEXT.0;
        }
        classes
    }
}

#[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "evaluated by the compiler")]
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut n = 0;
    while n < classes.len() {
        classes[n] = Class::of(n as u8);
        n += 1;
    }
    classes
};

/// `WSP` of RFC 5234: SP and HTAB, nothing of Unicode's.
pub(crate) const fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `WSP`, of a character.
pub(crate) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

pub(crate) const fn trim_wsp_end(mut text: &[u8]) -> &[u8] {
    while let [head @ .., b' ' | b'\t'] = text {
        text = head;
    }
    text
}

pub(crate) const fn trim_wsp_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', tail @ ..] = text {
        text = tail;
    }
    text
}

/// The name of a field, the same in all three grammars:
/// `(ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")`
#[inline]
pub(crate) fn field_name(input: &[u8]) -> Parsed<'_, &[u8]> {
    let fits = |name: &[u8]| {
        name.len() <= MAX_FIELD_NAME_LEN
            && name.first().is_some_and(|&b| Class::ALPHANUMERIC.has(b))
    };
    expect(Expected::Name, verify(take_while(|b| Class::NAME.has(b)), fits))(input)
}

/// `name "="` of a record's field.
#[inline]
pub(crate) fn record_field_name(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (input, name) = field_name(input)?;
    let (input, _) = expect(Expected::Equals, tag("="))(input)?;
    Ok((input, name))
}

/// The value of an extension in a record:
/// `1*(%x21-3A / %x3C / %x3E-7E)`, which leaves out `=`, `;`, white space and
/// controls.
#[inline]
pub(crate) fn record_value(input: &[u8]) -> Parsed<'_, &[u8]> {
    expect(Expected::Value, take_while1(|b| Class::VALUE.has(b)))(input)
}

/// `*WSP ";" *WSP`
fn field_delimiter(input: &[u8]) -> Parsed<'_, &[u8]> {
    let delimiter = delimited(take_while(is_wsp), tag(";"), take_while(is_wsp));
    expect(Expected::Delimiter, delimiter)(input)
}

/// What follows a field of a record: a delimiter and the next field (`true`), or
/// the end, with or without a delimiter.
#[inline]
pub(crate) fn next_field(input: &[u8]) -> Parsed<'_, bool> {
    if input.is_empty() {
        return Ok((input, false));
    }
    let (input, _) = field_delimiter(input)?;
    Ok((input, !input.is_empty()))
}

/// The fields of a record that has been parsed already, without its version:
/// names and values as written.
pub(crate) fn fields<'a>(text: &'a str, version: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.get(version.len()..)
        .unwrap_or_default()
        .split(';')
        .map(|field| field.trim_matches(is_blank))
        .filter_map(|field| field.split_once('='))
}
