//! The name of a report's file (RFC 8460 §5.1).
//!
//! This is not a path: a name has no folder in front, and to make a file of a name that a
//! stranger has sent is the caller's business.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::media::MediaType;
use crate::domain::{DomainErrorKind, DomainName};
use crate::escape::escape;
use crate::syntax::Class;

/// The characters that a unique id may have: those of a SHA-256 in hexadecimal.
pub const MAX_UNIQUE_ID_LEN: usize = 64;

/// The name of a report's file (RFC 8460 §5.1).
///
/// `Display` writes it and [`parse`](Self::parse) reads it; they are inverse.
///
/// # Grammar
///
/// ```text
/// filename        = sender "!" policy-domain "!" begin-timestamp "!" end-timestamp
///                   [ "!" unique-id ] "." extension
/// sender          = domain              ; the domain of contact-info
/// policy-domain   = domain
/// begin-timestamp = 1*DIGIT             ; seconds since the epoch, at most 2^64 - 1
/// end-timestamp   = 1*DIGIT
/// unique-id       = 1*64(ALPHA / DIGIT)
/// extension       = "json" / "json.gz"  ; in any case
/// ```
///
/// A `domain` is a [`DomainName`] without a dot at its end, so that U-labels are
/// refused; the RFC sets no limit to a unique id.
///
/// # Examples
///
/// ```
/// use mta_sts::tlsrpt::filename::ReportFilename;
/// use mta_sts::tlsrpt::media::MediaType;
///
/// let text = "mail.sndr.example.com!example.net!1470013207!1470186007!001.json.gz";
/// let name = ReportFilename::parse(text)?;
/// assert_eq!(name.policy_domain().as_str(), "example.net");
/// assert_eq!(name.begin().as_secs(), 1_470_013_207);
/// assert_eq!(name.media_type(), MediaType::Gzip);
/// assert_eq!(name.to_string(), text);
/// # Ok::<_, mta_sts::tlsrpt::filename::ParseFilenameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportFilename {
    sender: DomainName,
    policy_domain: DomainName,
    begin: UnixTime,
    end: UnixTime,
    unique_id: Option<Box<str>>,
    media_type: MediaType,
}

impl ReportFilename {
    /// The name of a report of `sender` about `policy_domain`, without a unique id.
    #[must_use]
    pub const fn new(
        sender: DomainName,
        policy_domain: DomainName,
        begin: UnixTime,
        end: UnixTime,
        media_type: MediaType,
    ) -> Self {
        Self { sender, policy_domain, begin, end, unique_id: None, media_type }
    }

    /// The same with this unique id, which tells reports of one time apart.
    ///
    /// # Errors
    ///
    /// [`FilenameErrorKind::UniqueId`] unless it is 1 to [`MAX_UNIQUE_ID_LEN`] letters
    /// and digits.
    pub fn with_unique_id(self, unique_id: &str) -> Result<Self, ParseFilenameError> {
        let unique_id = Some(read_unique_id(Part { text: unique_id, offset: 0 })?);
        Ok(Self { unique_id, ..self })
    }

    /// Reads a name.
    ///
    /// # Errors
    ///
    /// Says what the grammar expects where, and what stands there instead.
    pub fn parse(text: &str) -> Result<Self, ParseFilenameError> {
        let (stem, media_type) = read_extension(text)?;
        let mut parts = parts(stem);
        let mut next = || parts.next().ok_or_else(|| missing(stem));
        let sender = read_domain(next()?, FilenameErrorKind::Sender)?;
        let policy_domain = read_domain(next()?, FilenameErrorKind::PolicyDomain)?;
        let begin = read_timestamp(next()?)?;
        let end = read_timestamp(next()?)?;
        let unique_id = parts.next().map(read_unique_id).transpose()?;
        match parts.next() {
            Some(part) => Err(part.refuse(FilenameErrorKind::ExtraPart)),
            None => Ok(Self { sender, policy_domain, begin, end, unique_id, media_type }),
        }
    }

    /// The domain of the report's `contact-info`.
    #[must_use]
    pub const fn sender(&self) -> &DomainName {
        &self.sender
    }

    /// The domain that the report is about.
    #[must_use]
    pub const fn policy_domain(&self) -> &DomainName {
        &self.policy_domain
    }

    /// When the time begins that the report is about, to the second.
    #[must_use]
    pub const fn begin(&self) -> UnixTime {
        self.begin
    }

    /// When it ends; in names that are read, perhaps before it begins.
    #[must_use]
    pub const fn end(&self) -> UnixTime {
        self.end
    }

    /// What tells reports of one time apart, if there is anything.
    #[must_use]
    pub fn unique_id(&self) -> Option<&str> {
        self.unique_id.as_deref()
    }

    /// What the extension says of the file.
    #[must_use]
    pub const fn media_type(&self) -> MediaType {
        self.media_type
    }
}

impl fmt::Display for ReportFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sender, policy_domain, begin, end, unique_id, media_type } = self;
        write!(f, "{sender}!{policy_domain}!{}!{}", begin.as_secs(), end.as_secs())?;
        if let Some(unique_id) = unique_id {
            write!(f, "!{unique_id}")?;
        }
        write!(f, ".{}", media_type.extension())
    }
}

impl FromStr for ReportFilename {
    type Err = ParseFilenameError;

    fn from_str(text: &str) -> Result<Self, ParseFilenameError> {
        Self::parse(text)
    }
}

/// What stands between two `!`, and where.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    offset: usize,
}

impl Part<'_> {
    fn refuse(self, kind: FilenameErrorKind) -> ParseFilenameError {
        let found = escape(self.text).to_string().into();
        ParseFilenameError { kind, offset: self.offset, found }
    }
}

fn parts(stem: &str) -> impl Iterator<Item = Part<'_>> {
    let mut offset: usize = 0;
    stem.split('!').map(move |text| {
        let part = Part { text, offset };
        offset = offset.saturating_add(text.len()).saturating_add(1);
        part
    })
}

fn missing(stem: &str) -> ParseFilenameError {
    Part { text: "", offset: stem.len() }.refuse(FilenameErrorKind::MissingPart)
}

/// The name without the extension and its dot.
fn read_extension(text: &str) -> Result<(&str, MediaType), ParseFilenameError> {
    MediaType::ALL
        .into_iter()
        .find_map(|media_type| Some((without_extension(text, media_type)?, media_type)))
        .ok_or_else(|| {
            let offset = text.rfind('!').map_or(0, |at| at.saturating_add(1));
            let text = text.get(offset..).unwrap_or_default();
            Part { text, offset }.refuse(FilenameErrorKind::Extension)
        })
}

fn without_extension(text: &str, media_type: MediaType) -> Option<&str> {
    let extension = media_type.extension();
    let (stem, end) = text.split_at_checked(text.len().checked_sub(extension.len())?)?;
    end.eq_ignore_ascii_case(extension).then_some(stem)?.strip_suffix('.')
}

fn read_domain(
    part: Part<'_>,
    kind: fn(DomainErrorKind) -> FilenameErrorKind,
) -> Result<DomainName, ParseFilenameError> {
    if part.text.ends_with('.') {
        return Err(part.refuse(kind(DomainErrorKind::EmptyLabel)));
    }
    DomainName::parse(part.text).map_err(|error| part.refuse(kind(error.kind())))
}

/// `1*DIGIT`, which leaves out the sign that Rust would take.
fn read_timestamp(part: Part<'_>) -> Result<UnixTime, ParseFilenameError> {
    let digits = Some(part.text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let seconds = digits.and_then(|digits| digits.parse().ok());
    let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    seconds.map(time).ok_or_else(|| part.refuse(FilenameErrorKind::Timestamp))
}

fn read_unique_id(part: Part<'_>) -> Result<Box<str>, ParseFilenameError> {
    let fits = (1..=MAX_UNIQUE_ID_LEN).contains(&part.text.len())
        && part.text.bytes().all(|b| Class::ALPHANUMERIC.has(b));
    match fits {
        true => Ok(part.text.into()),
        false => Err(part.refuse(FilenameErrorKind::UniqueId)),
    }
}

/// Why a text is no [`ReportFilename`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {offset}, found `{found}`")]
pub struct ParseFilenameError {
    kind: FilenameErrorKind,
    offset: usize,
    found: Box<str>,
}

impl ParseFilenameError {
    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> FilenameErrorKind {
        self.kind
    }

    /// Where the part begins that is not as expected, in octets from the start.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// That part, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What the grammar of a file name expects where the text has something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FilenameErrorKind {
    /// A name ends in `.json` or `.json.gz`.
    #[error("expected `.json` or `.json.gz` at the end of the part")]
    Extension,
    /// The first part is the sender's domain.
    #[error("expected the sender's domain ({0})")]
    Sender(DomainErrorKind),
    /// The second part is the domain that the report is about.
    #[error("expected the policy domain ({0})")]
    PolicyDomain(DomainErrorKind),
    /// The third and fourth parts are decimal digits, of at most 64 bits.
    #[error("expected seconds since the epoch")]
    Timestamp,
    /// The fifth part, if there is one, is 1 to [`MAX_UNIQUE_ID_LEN`] letters and digits.
    #[error("expected a unique id of 1 to {MAX_UNIQUE_ID_LEN} letters and digits")]
    UniqueId,
    /// There are at least four parts.
    #[error("expected `!` and another part")]
    MissingPart,
    /// There are at most five parts.
    #[error("expected no part after the unique id")]
    ExtraPart,
}
