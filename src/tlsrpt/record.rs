//! The `_smtp._tls` TXT record (RFC 8460 §3).
//!
//! This is not the sending of reports: a URI is taken apart here as far as it
//! takes to know whether and where to send, and nothing is connected to.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use core::hash::{Hash, Hasher};
use core::str::{self, FromStr};
use core::{fmt, iter};

use nom::Parser as _;
use nom::bytes::complete::tag;

use super::uri::ReportUri;
use crate::domain::{DomainName, NameTooLong};
use crate::escape::escape;
use crate::hint::Hint;
use crate::reading::{Deviations, Reading};
use crate::syntax;
use crate::txt::{self, NoRecord, ParseRecordError, RecordErrorKind};

/// How many URIs a record may have.
///
/// A report goes to each of them, so a record must not make a sender send
/// hundreds; published records have one to three.
pub const MAX_REPORT_URIS: usize = 100;

/// The record that says where a domain wants its TLS reports (RFC 8460 §3).
///
/// It borrows the text that it was parsed from, or owns it if that had to be
/// joined from several character-strings. `Display` writes the canonical form, the
/// shortest that there is: `v`, one `rua`, extensions, no white space. Two records
/// are equal if they have the same URIs and the same extensions in the same order.
///
/// # Rules
///
/// - Several character-strings of one TXT record are joined without spaces:
///   [`txt::join`].
/// - Of several TXT records those count that begin with `v=TLSRPTv1;`; if not
///   exactly one is left, or it is invalid, no reports are wanted: [`txt::select`],
///   [`NoRecord`].
/// - The version comes first, the order of the other fields is free, fields that
///   are not known are ignored.
///
/// # Grammar
///
/// US-ASCII, case-sensitive, `URI` by RFC 3986:
///
/// ```text
/// tlsrpt-record    = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
/// field-delim      = *WSP ";" *WSP
/// tlsrpt-field     = tlsrpt-rua / tlsrpt-extension
/// tlsrpt-version   = %s"v=TLSRPTv1"
/// tlsrpt-rua       = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
/// tlsrpt-uri       = URI                  ; with "!", "," and ";" percent-encoded
/// tlsrpt-extension = tlsrpt-ext-name "=" tlsrpt-ext-value
/// tlsrpt-ext-name  = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
/// tlsrpt-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)
/// ```
///
/// Where the RFC leaves room:
///
/// - The URIs of repeated `rua` fields add up. A `rua` that breaks its rule is an
///   error, never an extension.
/// - More than [`MAX_REPORT_URIS`] URIs are an error in the strict reading; the
///   tolerant one leaves the rest out.
/// - The tolerant reading skips items that are no URI, and empty places in the
///   list. Each is a [`RuaDeviation`], and if there is one, at least one remaining
///   URI must be usable. An item beyond US-ASCII is not skipped: the record is no
///   text of this grammar then. A record with nothing to skip may have none: ask each for
///   its [`destination`](ReportUri::destination).
///
/// # Examples
///
/// ```
/// use mta_sts::Reading;
/// use mta_sts::tlsrpt::TlsRptRecord;
///
/// let text = "v=TLSRPTv1; rua=mailto:tls@example.com,https://reports.example.com/v1";
/// let (record, _) = TlsRptRecord::parse(text, Reading::Strict)?;
/// let uris: Vec<_> = record.rua().map(|uri| uri.as_str()).collect();
/// assert_eq!(uris, ["mailto:tls@example.com", "https://reports.example.com/v1"]);
///
/// let text = "v=TLSRPTv1; rua=mailto:tls@example.com,";
/// assert_eq!(
///     TlsRptRecord::parse(text, Reading::Strict).unwrap_err().to_string(),
///     "expected a URI at offset 39, found the end",
/// );
/// let (record, deviations) = TlsRptRecord::parse(text, Reading::Tolerant)?;
/// assert_eq!(record.rua().count(), 1);
/// assert_eq!(deviations.total(), 1);
/// # Ok::<_, mta_sts::txt::ParseRecordError>(())
/// ```
#[derive(Clone)]
pub struct TlsRptRecord<'a> {
    /// US-ASCII, as the grammar has it.
    text: Cow<'a, [u8]>,
    /// Whether there are items in the list that the tolerant reading skipped.
    skipped: bool,
}

impl<'a> TlsRptRecord<'a> {
    /// The version field with which the record begins.
    pub const VERSION: &'static str = "v=TLSRPTv1";

    /// The labels in front of the domain where the record stands.
    pub const OWNER_PREFIX: &'static str = "_smtp._tls";

    /// Parses the text of one record: any octets, at most
    /// [`MAX_TEXT_LEN`](txt::MAX_TEXT_LEN). A success allocates only for deviations.
    ///
    /// # Errors
    ///
    /// Says what the grammar expects where, and what stands there instead.
    pub fn parse<T: AsRef<[u8]> + ?Sized>(
        text: &'a T,
        reading: Reading,
    ) -> Result<(Self, Deviations<RuaDeviation>), ParseRecordError> {
        Self::from_text(Cow::Borrowed(text.as_ref()), reading)
    }

    /// Chooses the one record among all TXT records of `_smtp._tls.<domain>` and
    /// parses it; an inner item is one record's character-strings.
    ///
    /// ```
    /// use mta_sts::Reading;
    /// use mta_sts::tlsrpt::TlsRptRecord;
    ///
    /// let answer = [["v=spf1 -all"], ["v=TLSRPTv1; rua=mailto:tls@example.com"]];
    /// let (record, _) = TlsRptRecord::from_rrset(answer, Reading::Tolerant)?;
    /// assert_eq!(record.rua().count(), 1);
    /// # Ok::<_, mta_sts::txt::NoRecord>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoRecord`] tells apart that there is none, that there are several, and
    /// that the one is invalid.
    pub fn from_rrset<C, S>(
        rrset: impl IntoIterator<Item = C>,
        reading: Reading,
    ) -> Result<(Self, Deviations<RuaDeviation>), NoRecord>
    where
        C: IntoIterator<Item = &'a S>,
        S: AsRef<[u8]> + ?Sized + 'a,
    {
        let text = txt::select(rrset, Self::VERSION)?;
        Ok(Self::from_text(text, reading)?)
    }

    fn from_text(
        text: Cow<'a, [u8]>,
        reading: Reading,
    ) -> Result<(Self, Deviations<RuaDeviation>), ParseRecordError> {
        let deviations = Parser::parse(&text, reading)?;
        Ok((Self { text, skipped: !deviations.is_empty() }, deviations))
    }

    /// The URIs of all `rua` fields in their order, at least one and at most
    /// [`MAX_REPORT_URIS`]; those that the tolerant reading skipped are left out.
    pub fn rua(&self) -> impl Iterator<Item = ReportUri<'_>> {
        syntax::fields(self.as_str(), Self::VERSION)
            .filter(|(name, _)| *name == "rua")
            .flat_map(|(_, value)| items(value))
            .filter_map(|item| match self.skipped {
                true => ReportUri::of_item(item),
                false => Some(ReportUri::trusted(item)),
            })
            .take(MAX_REPORT_URIS)
    }

    /// The extensions in their order, repeated ones included; the first of a name
    /// counts. Nothing in RFC 8460 gives one a meaning.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        syntax::fields(self.as_str(), Self::VERSION).filter(|(name, _)| !RESERVED.contains(name))
    }

    /// The text that was parsed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The record with a text of its own.
    #[must_use]
    pub fn into_owned(self) -> TlsRptRecord<'static> {
        TlsRptRecord { text: Cow::Owned(self.text.into_owned()), skipped: self.skipped }
    }

    /// The absolute DNS name of a domain's record, `_smtp._tls.<domain>.`
    ///
    /// # Errors
    ///
    /// [`NameTooLong`] if the domain has no room for the prefix.
    pub fn owner_name(domain: &DomainName) -> Result<String, NameTooLong> {
        domain.with_prefix(Self::OWNER_PREFIX)
    }
}

impl TlsRptRecord<'static> {
    /// The record that asks for reports to these URIs, ready to publish. Raw `!`,
    /// `,` and `;` in a URI are percent-encoded (RFC 8460 §3).
    ///
    /// ```
    /// use mta_sts::tlsrpt::TlsRptRecord;
    ///
    /// let record = TlsRptRecord::new(["mailto:tls@example.com", "https://example.com/a;b"])?;
    /// assert_eq!(
    ///     record.to_string(),
    ///     "v=TLSRPTv1;rua=mailto:tls@example.com,https://example.com/a%3Bb",
    /// );
    /// # Ok::<_, mta_sts::txt::ParseRecordError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no URI, if there are more than [`MAX_REPORT_URIS`] or more than a
    /// TXT record can hold, or if one is not valid by RFC 3986 or not
    /// [usable](ReportUri::destination): to publish that would be a slip. The error
    /// shows the URI.
    pub fn new<U: AsRef<str>>(uris: impl IntoIterator<Item = U>) -> Result<Self, ParseRecordError> {
        let mut text = String::from(Self::VERSION);
        let mut delimiter = ";rua=";
        for uri in uris.into_iter().take(MAX_REPORT_URIS.saturating_add(1)) {
            let given = uri.as_ref().as_bytes();
            let refuse =
                |kind| ParseRecordError::new(kind, given, given).with_hint(near_uri(given));
            let encoded = percent_encode(uri.as_ref());
            let parsed =
                ReportUri::of_item(&encoded).ok_or_else(|| refuse(RecordErrorKind::Uri))?;
            if parsed.destination().is_err() {
                return Err(refuse(RecordErrorKind::NoUsableUri));
            }
            text.push_str(delimiter);
            text.push_str(&encoded);
            delimiter = ",";
        }
        Self::from_text(Cow::Owned(text.into_bytes()), Reading::Strict).map(|(record, _)| record)
    }

    /// The record with one more extension at its end.
    ///
    /// # Errors
    ///
    /// If the name or the value breaks the grammar, or the name is `v` or
    /// `rua`, or the text becomes longer than a TXT record can be.
    pub fn with_extension(self, name: &str, value: &str) -> Result<Self, ParseRecordError> {
        let text = txt::with_extension(&self, &RESERVED, name, value)?;
        Self::from_text(Cow::Owned(text.into_bytes()), Reading::Strict).map(|(record, _)| record)
    }
}

/// The names that are no extension's.
const RESERVED: [&str; 2] = ["v", "rua"];

/// One pass over the grammar in either reading.
struct Parser<'a> {
    text: &'a [u8],
    reading: Reading,
    deviations: Deviations<RuaDeviation>,
    uris: usize,
    rua_seen: bool,
    /// What the strict reading would have said, if it is what leaves no usable URI.
    skipped: Option<ParseRecordError>,
}

impl<'a> Parser<'a> {
    fn parse(
        text: &'a [u8],
        reading: Reading,
    ) -> Result<Deviations<RuaDeviation>, ParseRecordError> {
        txt::within_bounds(text)?;
        let deviations = Deviations::default();
        let mut parser =
            Self { text, reading, deviations, uris: 0, rua_seen: false, skipped: None };
        parser.record()?;
        parser.finish()
    }

    /// `tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]`
    fn record(&mut self) -> Result<(), ParseRecordError> {
        let Ok((mut rest, _)) = tag::<_, _, ()>(TlsRptRecord::VERSION).parse(self.text) else {
            return Err(ParseRecordError::version(TlsRptRecord::VERSION, self.text));
        };
        loop {
            let (input, more) = syntax::next_field(rest).map_err(|error| self.syntax(error))?;
            if !more {
                return Ok(());
            }
            let (input, name) =
                syntax::record_field_name(input).map_err(|error| self.syntax(error))?;
            rest = match name {
                b"rua" => self.rua(input)?,
                _ => syntax::record_value(input).map_err(|error| self.syntax(error))?.0,
            };
        }
    }

    /// `tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)`; what is left begins with the white
    /// space after it.
    fn rua(&mut self, mut input: &'a [u8]) -> Result<&'a [u8], ParseRecordError> {
        self.rua_seen = true;
        loop {
            let end = input.iter().position(|b| matches!(b, b',' | b';')).unwrap_or(input.len());
            let (item, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
            let item = syntax::trim_wsp_end(item);
            self.uri(item, input)?;
            match rest {
                [b',', next @ ..] => input = syntax::trim_wsp_start(next),
                _ => return Ok(input.get(item.len()..).unwrap_or_default()),
            }
        }
    }

    /// One item of a list; `at` is the input from there on.
    fn uri(&mut self, item: &'a [u8], at: &'a [u8]) -> Result<(), ParseRecordError> {
        let uri = str::from_utf8(item).ok().and_then(ReportUri::of_item);
        let kind = match uri {
            _ if item.is_empty() => RuaDeviationKind::EmptyUri,
            _ if self.uris >= MAX_REPORT_URIS => RuaDeviationKind::TooManyUris,
            None => RuaDeviationKind::Uri,
            Some(_) => {
                self.uris = self.uris.saturating_add(1);
                return Ok(());
            }
        };
        if let Some(foreign) = item.iter().position(|b| !b.is_ascii()) {
            let at = at.get(foreign..).unwrap_or_default();
            return Err(ParseRecordError::new(RecordErrorKind::NotAscii, self.text, at));
        }
        let deviation = || RuaDeviation {
            kind,
            offset: self.text.len().saturating_sub(at.len()),
            found: escape(item).to_string().into(),
        };
        let error = |kind| ParseRecordError::new(kind, self.text, at).with_hint(near_uri(item));
        if self.reading == Reading::Tolerant {
            self.skipped.get_or_insert_with(|| error(RecordErrorKind::NoUsableUri));
        }
        let error = || error(kind.into());
        self.reading.forgive(&mut self.deviations, deviation, error)
    }

    /// What holds of the record as a whole.
    fn finish(self) -> Result<Deviations<RuaDeviation>, ParseRecordError> {
        let record =
            TlsRptRecord { text: Cow::Borrowed(self.text), skipped: !self.deviations.is_empty() };
        let missing = |kind| ParseRecordError::new(kind, self.text, &[]);
        if !self.rua_seen {
            let near = txt::near_field(self.text, TlsRptRecord::VERSION, "rua");
            return Err(missing(RecordErrorKind::MissingRua).with_hint(near));
        }
        match self.skipped {
            Some(error) if !record.rua().any(|uri| uri.destination().is_ok()) => Err(error),
            _ => Ok(self.deviations),
        }
    }

    fn syntax(&self, error: nom::Err<syntax::Fault<'_>>) -> ParseRecordError {
        ParseRecordError::syntax(syntax::fault(error), self.text)
    }
}

/// The items of a `rua` value, bad and empty ones included.
fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').enumerate().map(|(n, item)| {
        let item = item.trim_end_matches(syntax::is_blank);
        // No white space stands between `=` and the first item.
        if n == 0 { item } else { item.trim_start_matches(syntax::is_blank) }
    })
}

/// What an item was probably meant to be: an address without its scheme, or with
/// a blank in it.
fn near_uri(item: &[u8]) -> Option<Hint> {
    let squeezed: String =
        str::from_utf8(item).ok()?.chars().filter(|c| !syntax::is_blank(*c)).collect();
    let meant = if squeezed.contains(':') { squeezed } else { ["mailto:", &squeezed].concat() };
    let usable = meant.as_bytes() != item && ReportUri::of_item(&meant)?.destination().is_ok();
    usable.then(|| Hint::did_you_mean(&meant))
}

fn percent_encode(uri: &str) -> String {
    let mut encoded = String::with_capacity(uri.len());
    for c in uri.chars() {
        match c {
            '!' => encoded.push_str("%21"),
            ',' => encoded.push_str("%2C"),
            ';' => encoded.push_str("%3B"),
            _ => encoded.push(c),
        }
    }
    encoded
}

impl fmt::Display for TlsRptRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::VERSION)?;
        for (delimiter, uri) in iter::once(";rua=").chain(iter::repeat(",")).zip(self.rua()) {
            write!(f, "{delimiter}{uri}")?;
        }
        self.extensions().try_for_each(|(name, value)| write!(f, ";{name}={value}"))
    }
}

/// Shows the beginning of the text, [escaped](crate::escape).
impl fmt::Debug for TlsRptRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsRptRecord({})", escape(&*self.text))
    }
}

impl PartialEq<TlsRptRecord<'_>> for TlsRptRecord<'_> {
    fn eq(&self, other: &TlsRptRecord<'_>) -> bool {
        self.rua().eq(other.rua()) && self.extensions().eq(other.extensions())
    }
}

impl Eq for TlsRptRecord<'_> {}

impl Hash for TlsRptRecord<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rua().for_each(|uri| uri.hash(state));
        self.extensions().for_each(|field| field.hash(state));
    }
}

/// The strict reading.
impl FromStr for TlsRptRecord<'static> {
    type Err = ParseRecordError;

    fn from_str(text: &str) -> Result<Self, ParseRecordError> {
        TlsRptRecord::parse(text, Reading::Strict).map(|(record, _)| record.into_owned())
    }
}

/// A point of a record that the tolerant reading forgave: an item of a `rua` that
/// it skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuaDeviation {
    kind: RuaDeviationKind,
    offset: usize,
    found: Box<str>,
}

impl RuaDeviation {
    /// Why the item was skipped.
    #[must_use]
    pub const fn kind(&self) -> RuaDeviationKind {
        self.kind
    }

    /// Where it stands, in octets from the start of the joined text.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The item, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for RuaDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.kind, self.offset)?;
        match &*self.found {
            "" => Ok(()),
            found => write!(f, ": `{found}`"),
        }
    }
}

/// Why an item of a `rua` was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RuaDeviationKind {
    /// There is nothing before or after a comma.
    #[error("empty place in the list")]
    EmptyUri,
    /// No URI of RFC 3986, or one with a raw `!`.
    #[error("no URI")]
    Uri,
    /// A URI beyond the first [`MAX_REPORT_URIS`].
    #[error("more than {MAX_REPORT_URIS} URIs")]
    TooManyUris,
}

impl From<RuaDeviationKind> for RecordErrorKind {
    fn from(kind: RuaDeviationKind) -> Self {
        match kind {
            RuaDeviationKind::EmptyUri => Self::EmptyUri,
            RuaDeviationKind::Uri => Self::Uri,
            RuaDeviationKind::TooManyUris => Self::TooManyUris { limit: MAX_REPORT_URIS },
        }
    }
}
