//! The pieces that the grammars of RFC 8461 and RFC 8460 share, as nom parsers
//! over octets: white space, delimiters, field names and values.
//!
//! No piece knows a field by its meaning; that is the business of the record and
//! the policy.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::{eof, value, verify};
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
    /// `:` after the name of a policy's field.
    Colon,
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

/// `WSP` of RFC 5234: SP and HTAB, nothing of Unicode's.
pub(crate) const fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `WSP`, of a character.
pub(crate) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// `*WSP`
pub(crate) fn wsp(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(is_wsp).parse(input)
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
pub(crate) fn field_name(input: &[u8]) -> Parsed<'_, &[u8]> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let fits = |name: &[u8]| {
        name.len() <= MAX_FIELD_NAME_LEN && name.first().is_some_and(u8::is_ascii_alphanumeric)
    };
    expect(Expected::Name, verify(take_while1(is_name), fits))(input)
}

/// `name "="` of a record's field.
pub(crate) fn record_field_name(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (input, name) = field_name(input)?;
    let (input, _) = expect(Expected::Equals, tag("="))(input)?;
    Ok((input, name))
}

/// The value of an extension in a record:
/// `1*(%x21-3A / %x3C / %x3E-7E)`, which leaves out `=`, `;`, white space and
/// controls.
pub(crate) fn record_value(input: &[u8]) -> Parsed<'_, &[u8]> {
    let is_value = |b: u8| b.is_ascii_graphic() && !matches!(b, b';' | b'=');
    expect(Expected::Value, take_while1(is_value))(input)
}

/// What follows a field of a record: `*WSP ";" *WSP` and the next field
/// (`Some`), or the end, with or without the delimiter (`None`).
pub(crate) fn next_field(input: &[u8]) -> Parsed<'_, Option<()>> {
    if input.is_empty() {
        return Ok((input, None));
    }
    let (input, _) = expect(
        Expected::Delimiter,
        delimited(take_while(is_wsp), tag(";"), take_while(is_wsp)),
    )(input)?;
    expect(Expected::Anything, alt((value(None, eof), value(Some(()), take_while(|_| false)))))(
        input,
    )
}

/// The fields of a record that has been parsed already, without its version:
/// names and values as written.
pub(crate) fn fields<'a>(text: &'a str, version: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.get(version.len()..)
        .unwrap_or_default()
        .split(';')
        .map(|field| field.trim_matches([' ', '\t']))
        .filter_map(|field| field.split_once('='))
}
