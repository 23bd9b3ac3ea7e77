//! The `_mta-sts` TXT record (RFC 8461 §3.1).
//!
//! This is not the look-up: see [`txt`](crate::txt) for the choice among several
//! TXT records, and nothing in this crate's core for DNS.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::{self, FromStr};

use nom::Parser as _;
use nom::bytes::complete::{tag, take_while};

use crate::domain::{DomainName, NameTooLong};
use crate::escape::escape;
use crate::failure::ResultType;
use crate::syntax::{self, Class, Expected, Fault, Parsed};
use crate::txt::{self, NoRecord, ParseRecordError, RecordErrorKind};

/// The record that says that a domain has a policy, and which one
/// (RFC 8461 §3.1).
///
/// It borrows the text that it was parsed from, or owns it if that had to be
/// joined from several character-strings. `Display` writes the canonical form, the
/// shortest that there is: `v`, `id`, extensions, no white space. Two records are
/// equal if they have the same `id` and the same extensions in the same order.
///
/// # Grammar
///
/// US-ASCII, case-sensitive:
///
/// ```text
/// sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
/// sts-version     = %s"v=STSv1"
/// sts-field       = sts-id / sts-extension
/// sts-id          = %s"id=" 1*32(ALPHA / DIGIT)
/// sts-extension   = sts-ext-name "=" sts-ext-value
/// sts-ext-name    = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
/// sts-ext-value   = 1*(%x21-3A / %x3C / %x3E-7E)
/// sts-field-delim = *WSP ";" *WSP
/// ```
///
/// # Rules
///
/// - Several character-strings of one TXT record are joined without spaces:
///   [`txt::join`].
/// - Of several TXT records those count that begin with `v=STSv1;`; if not exactly
///   one is left, or it is invalid, there is no policy: [`txt::select`],
///   [`NoRecord`].
/// - A CNAME is followed: [`hickory::txt_rrset`](crate::hickory::txt_rrset) with
///   feature `hickory-proto`.
/// - The version comes first, the order of the other fields is free, fields that
///   are not known are ignored.
///
/// Where the RFC leaves room:
///
/// - A first `id` that breaks its rule makes the record invalid, although the
///   rule of an extension might fit it.
/// - Of a repeated field the first counts (§3.2); later ones, a second `v` among
///   them, need only be well-formed, and are not among the
///   [extensions](Self::extensions).
///
/// # Examples
///
/// ```
/// use mta_sts::sts::StsRecord;
///
/// let record = StsRecord::parse("v=STSv1; id=20160831085700Z;")?;
/// assert_eq!(record.id().as_str(), "20160831085700Z");
///
/// let error = StsRecord::parse("v=STSv1; id=2016-08-31").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "expected an `id` of 1 to 32 letters and digits at offset 12, found `2016-08-31`",
/// );
/// # Ok::<_, mta_sts::txt::ParseRecordError>(())
/// ```
#[derive(Clone)]
pub struct StsRecord<'a> {
    /// US-ASCII, as the grammar has it.
    text: Cow<'a, [u8]>,
    id: PolicyId,
}

impl<'a> StsRecord<'a> {
    /// The version field with which the record begins.
    pub const VERSION: &'static str = "v=STSv1";

    /// The labels in front of the policy domain where the record stands.
    pub const OWNER_PREFIX: &'static str = "_mta-sts";

    /// Parses the text of one record: any octets, at most
    /// [`MAX_TEXT_LEN`](txt::MAX_TEXT_LEN). A success allocates nothing.
    ///
    /// # Errors
    ///
    /// Says what the grammar expects where, and what stands there instead.
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &'a T) -> Result<Self, ParseRecordError> {
        Self::from_text(Cow::Borrowed(text.as_ref()))
    }

    /// Chooses the one record among all TXT records of `_mta-sts.<policy domain>`
    /// and parses it; an inner item is one record's character-strings.
    ///
    /// ```
    /// use mta_sts::sts::StsRecord;
    /// use mta_sts::txt::NoRecord;
    ///
    /// let record = StsRecord::from_rrset([&["v=spf1 -all"][..], &["v=STSv1; ", "id=1"]])?;
    /// assert_eq!(record.id().as_str(), "1");
    ///
    /// assert_eq!(StsRecord::from_rrset([["v=spf1 -all"]]), Err(NoRecord::Absent));
    ///
    /// // What a resolver gives is passed by reference, a list of whole texts record
    /// // by record.
    /// let answer: Vec<Vec<Vec<u8>>> = vec![vec![b"v=STSv1; ".to_vec(), b"id=1".to_vec()]];
    /// StsRecord::from_rrset(&answer)?;
    /// let texts: Vec<String> = vec!["v=STSv1; id=1".to_owned()];
    /// StsRecord::from_rrset(texts.iter().map(|text| [text]))?;
    /// # Ok::<_, NoRecord>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoRecord`] tells apart that there is none, that there are several, and
    /// that the one is invalid.
    pub fn from_rrset<C, S>(rrset: impl IntoIterator<Item = C>) -> Result<Self, NoRecord>
    where
        C: IntoIterator<Item = &'a S>,
        S: AsRef<[u8]> + ?Sized + 'a,
    {
        let text = txt::select(rrset, Self::VERSION)?;
        Ok(Self::from_text(text)?)
    }

    fn from_text(text: Cow<'a, [u8]>) -> Result<Self, ParseRecordError> {
        // The `id` is copied here only: to hand 32 octets through results takes longer
        // than to find them.
        match PolicyId::from_alphanumeric(parse(&text)?) {
            Some(id) => Ok(Self { text, id }),
            None => Err(missing_id(&text)),
        }
    }

    /// The `id`, which changes whenever the policy does.
    #[must_use]
    pub const fn id(&self) -> PolicyId {
        self.id
    }

    /// The extensions in their order, repeated ones included; the first of a name
    /// counts. Nothing in RFC 8461 gives one a meaning.
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
    pub fn into_owned(self) -> StsRecord<'static> {
        StsRecord { text: Cow::Owned(self.text.into_owned()), id: self.id }
    }

    /// The absolute DNS name of a domain's record, `_mta-sts.<domain>.`
    ///
    /// # Errors
    ///
    /// [`NameTooLong`] if the domain has no room for the prefix; then it can have
    /// no policy.
    pub fn owner_name(domain: &DomainName) -> Result<String, NameTooLong> {
        domain.with_prefix(Self::OWNER_PREFIX)
    }
}

impl StsRecord<'static> {
    /// The record that announces the policy `id`, ready to publish.
    ///
    /// ```
    /// use mta_sts::sts::{PolicyId, StsRecord};
    ///
    /// let record = StsRecord::new(PolicyId::new("20261122")?);
    /// assert_eq!(record.to_string(), "v=STSv1;id=20261122");
    /// # Ok::<_, mta_sts::sts::PolicyIdError>(())
    /// ```
    #[must_use]
    pub fn new(id: PolicyId) -> Self {
        Self { text: Cow::Owned(alloc::format!("{};id={id}", Self::VERSION).into_bytes()), id }
    }

    /// The record with one more extension at its end.
    ///
    /// # Errors
    ///
    /// If the name or the value breaks the grammar, or the name is `v` or
    /// `id`, or the text becomes longer than a TXT record can be.
    pub fn with_extension(self, name: &str, value: &str) -> Result<Self, ParseRecordError> {
        let text = txt::with_extension(&self, &RESERVED, name, value)?;
        Self::from_text(Cow::Owned(text.into_bytes()))
    }
}

/// The names that are no extension's.
const RESERVED: [&str; 2] = ["v", "id"];

/// `sts-version 1*(sts-field-delim sts-field) [sts-field-delim]`; the result is
/// the `id` that counts.
fn parse(text: &[u8]) -> Result<&[u8], ParseRecordError> {
    txt::within_bounds(text)?;
    let Ok((mut rest, _)) = tag::<_, _, ()>(StsRecord::VERSION).parse(text) else {
        return Err(ParseRecordError::version(StsRecord::VERSION, text));
    };
    let mut id = None;
    loop {
        match field(rest, &mut id) {
            Ok((_, false)) => break,
            Ok((next, true)) => rest = next,
            Err(error) => return Err(ParseRecordError::syntax(syntax::fault(error), text)),
        }
    }
    id.ok_or_else(|| missing_id(text))
}

#[cold]
fn missing_id(text: &[u8]) -> ParseRecordError {
    let near = txt::near_field(text, StsRecord::VERSION, "id");
    ParseRecordError::new(RecordErrorKind::MissingId, text, &[]).with_hint(near)
}

/// `sts-field-delim sts-field` (`true`), or `[sts-field-delim]` and the end.
#[inline]
fn field<'a>(input: &'a [u8], id: &mut Option<&'a [u8]>) -> Parsed<'a, bool> {
    let (input, more) = syntax::next_field(input)?;
    if !more {
        return Ok((input, false));
    }
    let (input, name) = syntax::record_field_name(input)?;
    if name == b"id" && id.is_none() {
        let (input, value) = policy_id(input)?;
        *id = Some(value);
        return Ok((input, true));
    }
    let (input, _) = syntax::record_value(input)?;
    Ok((input, true))
}

/// `1*32(ALPHA / DIGIT)`, with nothing after it but what ends a field.
#[inline]
fn policy_id(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, id) = take_while(|b| Class::ALPHANUMERIC.has(b)).parse(input)?;
    match (id.len(), rest) {
        (1..=PolicyId::MAX_LEN, [] | [b';' | b' ' | b'\t', ..]) => Ok((rest, id)),
        _ => Err(nom::Err::Error(Fault { at: input, expected: Expected::Id })),
    }
}

impl fmt::Display for StsRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};id={}", Self::VERSION, self.id)?;
        self.extensions().try_for_each(|(name, value)| write!(f, ";{name}={value}"))
    }
}

/// Shows the beginning of the text, [escaped](crate::escape).
impl fmt::Debug for StsRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StsRecord({})", escape(&*self.text))
    }
}

impl PartialEq<StsRecord<'_>> for StsRecord<'_> {
    fn eq(&self, other: &StsRecord<'_>) -> bool {
        self.id == other.id && self.extensions().eq(other.extensions())
    }
}

impl Eq for StsRecord<'_> {}

impl Hash for StsRecord<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
        self.extensions().for_each(|field| field.hash(state));
    }
}

impl FromStr for StsRecord<'static> {
    type Err = ParseRecordError;

    fn from_str(text: &str) -> Result<Self, ParseRecordError> {
        StsRecord::parse(text).map(StsRecord::into_owned)
    }
}

impl NoRecord {
    /// What a report calls the absence of an `_mta-sts` record while a policy is
    /// cached.
    ///
    /// RFC 8460 §4.3.2.2 has no type of its own for it. The policy could not be
    /// confirmed, so it is a fetch error; the [reason code](Self::reason_code)
    /// tells the rest.
    #[must_use]
    pub const fn sts_result_type(&self) -> ResultType {
        ResultType::StsPolicyFetchError
    }
}

/// The `id` of a policy: 1 to 32 letters and digits, compared octet by octet
/// (RFC 8461 §3.1).
///
/// It has no order: a changed `id` is a new policy, never an older or newer one.
/// It lives in place, without allocation.
///
/// ```
/// use mta_sts::sts::PolicyId;
///
/// assert_eq!(PolicyId::new("20160831085700Z")?.as_str(), "20160831085700Z");
/// assert!(PolicyId::new("2016-08-31").is_err());
/// # Ok::<_, mta_sts::sts::PolicyIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyId {
    /// The octets, and zeros after them.
    octets: [u8; Self::MAX_LEN],
    len: u8,
}

impl PolicyId {
    /// The octets that an `id` may have.
    pub const MAX_LEN: usize = 32;

    /// An `id` from its text.
    ///
    /// # Errors
    ///
    /// [`PolicyIdError`] if that is not 1 to 32 letters and digits.
    pub fn new(text: &str) -> Result<Self, PolicyIdError> {
        Some(text.as_bytes())
            .filter(|text| text.iter().all(u8::is_ascii_alphanumeric))
            .and_then(Self::from_alphanumeric)
            .ok_or_else(|| PolicyIdError { found: escape(text).to_string().into() })
    }

    /// An `id` from letters and digits, if their number is right.
    fn from_alphanumeric(text: &[u8]) -> Option<Self> {
        let mut octets = [0; Self::MAX_LEN];
        octets.get_mut(..text.len())?.copy_from_slice(text);
        let len = u8::try_from(text.len()).ok()?;
        (len > 0).then_some(Self { octets, len })
    }

    /// The text, 1 to 32 letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters and digits are UTF-8, and `len` is within the array.
        self.octets
            .get(..usize::from(self.len))
            .and_then(|id| str::from_utf8(id).ok())
            .unwrap_or_default()
    }
}

impl AsRef<str> for PolicyId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl FromStr for PolicyId {
    type Err = PolicyIdError;

    fn from_str(text: &str) -> Result<Self, PolicyIdError> {
        Self::new(text)
    }
}

/// The text is no [`PolicyId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 32 letters and digits, found `{found}`")]
pub struct PolicyIdError {
    found: Box<str>,
}
