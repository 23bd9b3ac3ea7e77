//! What the `_mta-sts` and the `_smtp._tls` record have in common as TXT
//! records: joining character-strings, choosing the one record of an RRset,
//! saying what is wrong with it, and writing it into a zone file.
//!
//! This module does not know what stands in either record (that is
//! [`StsRecord`](crate::sts::StsRecord), RFC 8461 §3.1, and
//! [`TlsRptRecord`](crate::tlsrpt::TlsRptRecord), RFC 8460 §3), and it asks no DNS
//! server anything.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::{fmt, str};

use crate::escape::escape;
use crate::failure::ReasonCode;
use crate::hint::{self, Hint};
use crate::syntax::{self, Expected, Fault};

/// The octets that the text of a record may have: what fits into the RDATA of a
/// TXT record (RFC 1035 §3.2.1), whose length is told in 16 bits.
pub const MAX_TEXT_LEN: usize = 65_535;

/// The octets that one character-string may have (RFC 1035 §3.3).
pub const MAX_CHARACTER_STRING_LEN: usize = 255;

/// Joins the character-strings of one TXT record without anything between them
/// (RFC 8461 §3.1, RFC 8460 §3, RFC 7208 §3.3).
///
/// Borrows if there is only one. What exceeds [`MAX_TEXT_LEN`] by more than one
/// string is left out, which every parser of this crate then refuses as too long.
///
/// ```
/// use mta_sts::txt;
///
/// assert_eq!(&*txt::join(["v=STSv1; id=2016", "0831085700Z;"]), b"v=STSv1; id=20160831085700Z;");
/// ```
pub fn join<'a, S>(strings: impl IntoIterator<Item = &'a S>) -> Cow<'a, [u8]>
where
    S: AsRef<[u8]> + ?Sized + 'a,
{
    let mut strings = strings.into_iter();
    let mut joined = Cow::Borrowed(strings.next().map(AsRef::as_ref).unwrap_or_default());
    for string in strings {
        if joined.len() > MAX_TEXT_LEN {
            break;
        }
        joined.to_mut().extend_from_slice(string.as_ref());
    }
    joined
}

/// Chooses the text of the one record among all TXT records of a name
/// (RFC 8461 §3.1, RFC 8460 §3); an inner item is one record's character-strings.
///
/// `version` is the version field, such as `v=STSv1`. Of several TXT records,
/// those are discarded that do not begin with exactly that field and `;`; if not
/// exactly one is left, there is none. A sole TXT record may also go on with white
/// space after the field, as the grammar allows, or end there; what is wrong with
/// it then is for the parser to say.
///
/// [`StsRecord::from_rrset`](crate::sts::StsRecord::from_rrset) and
/// [`TlsRptRecord::from_rrset`](crate::tlsrpt::TlsRptRecord::from_rrset) choose and
/// parse.
///
/// # Errors
///
/// [`NoRecord::Absent`] or [`NoRecord::Several`]; whether the text is valid is not
/// looked at.
pub fn select<'a, C, S>(
    rrset: impl IntoIterator<Item = C>,
    version: &str,
) -> Result<Cow<'a, [u8]>, NoRecord>
where
    C: IntoIterator<Item = &'a S>,
    S: AsRef<[u8]> + ?Sized + 'a,
{
    let mut sole = None;
    let mut chosen = None;
    let mut records: usize = 0;
    let mut qualified: usize = 0;
    for strings in rrset {
        let text = join(strings);
        records = records.saturating_add(1);
        let after_version = text.strip_prefix(version.as_bytes());
        if after_version.is_some_and(|rest| rest.starts_with(b";")) {
            qualified = qualified.saturating_add(1);
            chosen.get_or_insert(text);
        } else if after_version.is_some_and(|rest| rest.first().is_none_or(|&b| syntax::is_wsp(b)))
        {
            sole.get_or_insert(text);
        }
    }
    match (qualified, records) {
        (0, 1) => sole.ok_or(NoRecord::Absent),
        (0 | 1, _) => chosen.ok_or(NoRecord::Absent),
        (count, _) => Err(NoRecord::Several { count }),
    }
}

/// Why there is no usable record at a name, although DNS has answered.
///
/// A sender then takes it that there is no policy to fetch (RFC 8461 §3.1); an
/// unexpired policy in its cache still applies (§5.1). NXDOMAIN and NODATA are
/// [`Absent`](Self::Absent). A [`DnsFailure`] is none of these: then it is not known
/// whether there is a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a sender treats each of them in its own way")]
pub enum NoRecord {
    /// No such name, no TXT record, or none that qualifies as a record of this
    /// kind.
    #[error("no TXT record begins with the version field")]
    Absent,
    /// More than one TXT record qualifies, so none counts.
    #[error("expected one record, found {count}")]
    Several {
        /// How many.
        count: usize,
    },
    /// The one record breaks its grammar; how is in the `source()`.
    #[error("invalid record")]
    Invalid(#[source] ParseRecordError),
}

impl NoRecord {
    /// The reason code for reports and logs.
    #[must_use]
    pub const fn reason_code(&self) -> ReasonCode {
        match self {
            Self::Absent => ReasonCode::NoRecord,
            Self::Several { .. } => ReasonCode::MultipleRecords,
            Self::Invalid(_) => ReasonCode::InvalidRecord,
        }
    }
}

impl From<ParseRecordError> for NoRecord {
    fn from(error: ParseRecordError) -> Self {
        Self::Invalid(error)
    }
}

/// Why DNS has given no answer, so that it is not known whether there is a record
/// or an address.
///
/// NXDOMAIN and NODATA are answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DnsFailure {
    /// SERVFAIL; a validating resolver says so of bogus data too.
    #[error("DNS answered SERVFAIL")]
    ServFail,
    /// REFUSED.
    #[error("DNS refused to answer")]
    Refused,
    /// No answer in time.
    #[error("DNS did not answer in time")]
    Timeout,
    /// Any other failure: an answer that cannot be read, no network, a chain of
    /// CNAMEs without end.
    #[error("look-up in DNS failed")]
    Other,
}

impl DnsFailure {
    /// The reason code for reports and logs.
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::ServFail => ReasonCode::DnsServFail,
            Self::Refused => ReasonCode::DnsRefused,
            Self::Timeout => ReasonCode::DnsTimeout,
            Self::Other => ReasonCode::DnsFailure,
        }
    }
}

/// Why a text is no `_mta-sts` or no `_smtp._tls` record, or why a part cannot go
/// into one.
///
/// One type for both, since they share their grammar but for `id` and `rua`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseRecordError(Box<Inner>);

/// Boxed, so that the success of a parser is cheap to return.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: RecordErrorKind,
    offset: usize,
    found: Box<str>,
    hint: Option<Hint>,
}

/// How much of the offending text an error shows, in characters.
const FOUND_MAX: usize = 32;

impl ParseRecordError {
    /// The error of `kind` at the place where `text` goes on with `at`.
    pub(crate) fn new(kind: RecordErrorKind, text: &[u8], at: &[u8]) -> Self {
        let kind = match at.first() {
            Some(0x80..) => RecordErrorKind::NotAscii,
            _ => kind,
        };
        Self(Box::new(Inner {
            kind,
            offset: text.len().saturating_sub(at.len()),
            found: escape(at).at_most(FOUND_MAX).to_string().into(),
            hint: None,
        }))
    }

    pub(crate) fn with_hint(mut self, hint: Option<Hint>) -> Self {
        self.0.hint = hint;
        self
    }

    /// The error for a fault of the shared grammar.
    pub(crate) fn syntax(fault: Fault<'_>, text: &[u8]) -> Self {
        let at = fault.at;
        let kind = match fault.expected {
            Expected::Delimiter if at.iter().all(|&b| syntax::is_wsp(b)) => {
                RecordErrorKind::TrailingWhitespace
            }
            Expected::Delimiter | Expected::Anything => RecordErrorKind::Delimiter,
            Expected::Id => RecordErrorKind::Id,
            Expected::Name if at.starts_with(b";") => RecordErrorKind::EmptyField,
            Expected::Name => RecordErrorKind::Name,
            Expected::Equals => RecordErrorKind::Equals,
            Expected::Value => RecordErrorKind::Value,
        };
        Self::new(kind, text, at)
    }

    /// The error for a text that does not begin with `version`.
    pub(crate) fn version(version: &'static str, text: &[u8]) -> Self {
        let squeezed: Vec<u8> =
            text.iter().filter(|b| !b.is_ascii_whitespace()).take(version.len()).copied().collect();
        let slip = squeezed.eq_ignore_ascii_case(version.as_bytes());
        Self::new(RecordErrorKind::Version { expected: version }, text, text)
            .with_hint(slip.then(|| Hint::did_you_mean(version)))
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> RecordErrorKind {
        self.0.kind
    }

    /// Where it was expected, in octets from the start of the joined text.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.0.offset
    }

    /// What stands there instead, shortened and [escaped](crate::escape); empty
    /// if the text ends there.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.0.found
    }

    /// What was probably meant.
    #[must_use]
    pub const fn hint(&self) -> Option<&Hint> {
        self.0.hint.as_ref()
    }
}

impl fmt::Display for ParseRecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, offset, found, hint } = &*self.0;
        write!(f, "{kind} at offset {offset}, found ")?;
        match &**found {
            "" => f.write_str("the end")?,
            found => write!(f, "`{found}`")?,
        }
        match hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for ParseRecordError {}

/// What a record's grammar expects where the text has something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// The text is longer than any TXT record.
    #[error("expected at most {MAX_TEXT_LEN} octets")]
    TooLong,
    /// An octet beyond US-ASCII.
    #[error("expected US-ASCII")]
    NotAscii,
    /// The record does not begin with its version field.
    #[error("expected `{expected}`")]
    Version {
        /// The version field.
        expected: &'static str,
    },
    /// Between fields stands `;`, with white space around it at will.
    #[error("expected `;` or the end")]
    Delimiter,
    /// White space may end a record only after a `;`.
    #[error("expected no white space after the last field")]
    TrailingWhitespace,
    /// Two `;` without a field between them.
    #[error("expected a field between two `;`")]
    EmptyField,
    /// A field name is 1 to 32 letters, digits, `_`, `-` and `.`, and begins with
    /// a letter or digit.
    #[error("expected a field name")]
    Name,
    /// `=` follows the name, without white space.
    #[error("expected `=`")]
    Equals,
    /// A value is one or more visible characters without `=` and `;`.
    #[error("expected a value without white space, `=` and `;`")]
    Value,
    /// An `id` is 1 to 32 letters and digits.
    #[error("expected an `id` of 1 to 32 letters and digits")]
    Id,
    /// There is no `id` field.
    #[error("expected an `id` field")]
    MissingId,
    /// A `rua` has a URI before and after each comma.
    #[error("expected a URI")]
    EmptyUri,
    /// An item of a `rua` is no URI of RFC 3986, or has a raw `!`.
    #[error("expected a URI of RFC 3986 without raw `!`")]
    Uri,
    /// A record has at most [`MAX_REPORT_URIS`](crate::tlsrpt::MAX_REPORT_URIS)
    /// URIs.
    #[error("expected at most {limit} URIs")]
    TooManyUris {
        /// The limit.
        limit: usize,
    },
    /// There is no `rua` field.
    #[error("expected a `rua` field")]
    MissingRua,
    /// The tolerant reading skipped URIs, and none of the others can be used; or a
    /// constructor was given one that cannot.
    #[error("expected a usable URI")]
    NoUsableUri,
    /// A known field's name is given to an extension (constructors only).
    #[error("expected the name of an extension")]
    ReservedName,
}

/// The text of a record as it stands in a zone file: quoted character-strings of
/// at most 255 octets (RFC 1035 §5.1), separated by a space.
///
/// ```
/// use mta_sts::txt;
///
/// assert_eq!(txt::presentation("v=STSv1; id=1;").to_string(), r#""v=STSv1; id=1;""#);
/// ```
#[must_use]
pub fn presentation<T: AsRef<[u8]> + ?Sized>(text: &T) -> Presentation<'_> {
    Presentation(text.as_ref())
}

/// Splits the text of a record into character-strings of at most 255 octets.
///
/// An empty text is one empty string, since a TXT record has at least one.
pub fn split<T: AsRef<[u8]> + ?Sized>(text: &T) -> impl Iterator<Item = &[u8]> {
    let text = text.as_ref();
    let empty: Option<&[u8]> = text.is_empty().then_some(&[]);
    empty.into_iter().chain(text.chunks(MAX_CHARACTER_STRING_LEN))
}

/// Displays the text of a record in zone-file form; see [`presentation`].
#[derive(Debug, Clone, Copy)]
pub struct Presentation<'a>(&'a [u8]);

impl fmt::Display for Presentation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, string) in split(self.0).enumerate() {
            f.write_str(if n == 0 { "\"" } else { " \"" })?;
            for &byte in string {
                match byte {
                    b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                    b' '..=b'~' => write!(f, "{}", char::from(byte))?,
                    _ => write!(f, "\\{byte:03}")?,
                }
            }
            f.write_str("\"")?;
        }
        Ok(())
    }
}

/// Refuses what is longer than any TXT record.
pub(crate) fn within_bounds(text: &[u8]) -> Result<(), ParseRecordError> {
    match text.get(MAX_TEXT_LEN..) {
        Some(beyond @ [_, ..]) => {
            Err(ParseRecordError::new(RecordErrorKind::TooLong, text, beyond))
        }
        _ => Ok(()),
    }
}

/// The field that was probably meant as the missing one.
pub(crate) fn near_field(text: &[u8], version: &str, meant: &'static str) -> Option<Hint> {
    let found = |name: &str| escape(name).to_string().into();
    syntax::fields(str::from_utf8(text).ok()?, version)
        .find(|(name, _)| hint::closest(name, &[meant]).is_some())
        .map(|(name, _)| Hint::FieldName { meant, found: found(name), line: None })
}

/// Writes an extension after `record`, a canonical text.
pub(crate) fn with_extension(
    record: &impl fmt::Display,
    reserved: &[&str],
    name: &str,
    value: &str,
) -> Result<String, ParseRecordError> {
    use nom::Parser as _;
    use nom::combinator::all_consuming;

    let refuse = |kind, text: &str| ParseRecordError::new(kind, text.as_bytes(), text.as_bytes());
    if reserved.contains(&name) {
        return Err(refuse(RecordErrorKind::ReservedName, name));
    }
    if all_consuming(syntax::field_name).parse(name.as_bytes()).is_err() {
        return Err(refuse(RecordErrorKind::Name, name));
    }
    if all_consuming(syntax::record_value).parse(value.as_bytes()).is_err() {
        return Err(refuse(RecordErrorKind::Value, value));
    }
    Ok(alloc::format!("{record};{name}={value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STS: &str = "v=STSv1";

    #[test]
    fn txt_4_character_strings_are_joined_without_spaces() {
        assert!(matches!(join(["a b"]), Cow::Borrowed(b"a b")));
        assert_eq!(&*join(["a", "", " b", "c"]), b"a bc");
        assert_eq!(&*join::<str>([]), b"");
        let long = [&[b'x'; 60_000][..]; 3];
        assert_eq!(join(long).len(), 120_000, "stops after the string that exceeds the bound");
    }

    #[test]
    fn txt_5_one_record_is_chosen() {
        let select =
            |rrset: &[&str]| select(rrset.iter().map(|text| [*text]), STS).map(Cow::into_owned);
        let ok = |text: &str| Ok(text.as_bytes().to_vec());
        for (rrset, chosen) in [
            (&["v=STSv1;id=1"][..], ok("v=STSv1;id=1")),
            (&["v=STSv1 ; id=1"], ok("v=STSv1 ; id=1")),
            (&["v=STSv1\t;"], ok("v=STSv1\t;")),
            (&["v=STSv1"], ok("v=STSv1")),
            (&["v=STSv1-x;"], Err(NoRecord::Absent)),
            (&["v=STSv10;"], Err(NoRecord::Absent)),
            (&[" v=STSv1;"], Err(NoRecord::Absent)),
            (&["V=STSv1;"], Err(NoRecord::Absent)),
            (&[""], Err(NoRecord::Absent)),
            (&[], Err(NoRecord::Absent)),
            (&["v=STSv1 ;id=1", "x"], Err(NoRecord::Absent)),
            (&["v=STSv1 ;id=1", "v=STSv1;id=2"], ok("v=STSv1;id=2")),
            (&["x", "v=STSv1;", "y"], ok("v=STSv1;")),
            (&["v=STSv1;", "v=STSv1;"], Err(NoRecord::Several { count: 2 })),
            (&["v=STSv1;", "v=STSv1;id=1", "v=STSv1;?"], Err(NoRecord::Several { count: 3 })),
        ] {
            assert_eq!(select(rrset), chosen, "{rrset:?}");
        }
        assert_eq!(super::select([["v=ST", "Sv1", ";id=1"]], STS).unwrap(), &b"v=STSv1;id=1"[..]);
    }

    #[test]
    fn txt_5_reasons_are_told_apart() {
        let invalid = NoRecord::Invalid(ParseRecordError::version(STS, b"x"));
        for (none, text, reason) in [
            (NoRecord::Absent, "no TXT record begins with the version field", "no-record"),
            (NoRecord::Several { count: 2 }, "expected one record, found 2", "multiple-records"),
            (invalid, "invalid record", "invalid-record"),
        ] {
            assert_eq!(none.to_string(), text);
            assert_eq!(none.reason_code().as_str(), reason);
        }
    }

    #[test]
    fn txt_6_long_text_is_split_and_quoted() {
        let text = "x".repeat(256);
        let strings: Vec<_> = split(&text).map(<[u8]>::len).collect();
        assert_eq!(strings, [255, 1]);
        assert_eq!(split("").count(), 1);
        assert_eq!(split(&text[1..]).count(), 1);
        let quoted = presentation(&text).to_string();
        assert!(quoted.starts_with("\"xx") && quoted.ends_with("x\" \"x\""));
        assert_eq!(
            presentation("a\"b\\c;\td\u{7f}é").to_string(),
            r#""a\"b\\c;\009d\127\195\169""#
        );
        assert_eq!(presentation("").to_string(), "\"\"");
    }
}
