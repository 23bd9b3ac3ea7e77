//! Whether a report that came by mail may be believed to come from its submitter
//! (RFC 8460 §3).
//!
//! This verifies no signature: that is done by whoever has the mail, the key and the
//! cryptography (RFC 6376 §6.1). What is looked at here are the tags of signatures that
//! have been found valid, and of their keys.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use nom::bytes::complete::{tag, take_while};
use nom::character::complete::satisfy;
use nom::combinator::recognize;
use nom::sequence::{pair, separated_pair, terminated};
use nom::{IResult, Parser as _};

use crate::domain::{DomainErrorKind, DomainName};
use crate::escape::escape;
use crate::reading::Deviations;

/// The octets that a list of tags may have; one with a signature by the longest usual
/// key and the names of a hundred headers has 4,000.
pub const MAX_TAG_LIST_LEN: usize = 16_384;

/// What the tags of a `DKIM-Signature` that has been found valid say to a reader of
/// reports (RFC 6376 §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SignatureTags {
    domain: DomainName,
    has_length: bool,
}

impl SignatureTags {
    /// Reads the value of the header, folded or not.
    ///
    /// # Errors
    ///
    /// If it is no list of tags (RFC 6376 §3.2), or has no `d=` with a domain name. Tags
    /// without meaning here are not looked at.
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &T) -> Result<Self, ParseTagsError> {
        let tags = Tags::parse(text.as_ref())?;
        let domain =
            tags.value(b"d").ok_or_else(|| ParseTagsError::new(TagsErrorKind::NoDomain, &[]))?;
        let parsed = DomainName::parse(core::str::from_utf8(domain).unwrap_or_default())
            .map_err(|error| ParseTagsError::new(TagsErrorKind::Domain(error.kind()), domain))?;
        Ok(Self { domain: parsed, has_length: tags.value(b"l").is_some() })
    }

    /// `d=`: who has signed.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// Whether there is an `l=`, by which the body may have got longer since.
    #[must_use]
    pub const fn has_length(&self) -> bool {
        self.has_length
    }
}

/// What the tags of a DKIM key record say to a reader of reports (RFC 6376 §3.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyTags {
    is_for_reports: bool,
    is_for_tests: bool,
}

impl KeyTags {
    /// The service type of keys for reports (RFC 8460 §3).
    pub const SERVICE_TYPE: &'static str = "tlsrpt";

    /// Reads the text of the record.
    ///
    /// # Errors
    ///
    /// If it is no list of tags (RFC 6376 §3.2).
    pub fn parse<T: AsRef<[u8]> + ?Sized>(text: &T) -> Result<Self, ParseTagsError> {
        let tags = Tags::parse(text.as_ref())?;
        let services = tags.value(b"s").unwrap_or(b"*");
        let is_ours = |service: &[u8]| {
            let service = trim(service);
            service == b"*" || service == Self::SERVICE_TYPE.as_bytes()
        };
        let flags = tags.value(b"t").unwrap_or_default();
        Ok(Self {
            is_for_reports: services.split(|&b| b == b':').any(is_ours),
            is_for_tests: flags.split(|&b| b == b':').any(|flag| trim(flag) == b"y"),
        })
    }

    /// Whether `s=` names the service type `tlsrpt` or `*`, or is not there.
    #[must_use]
    pub const fn is_for_reports(self) -> bool {
        self.is_for_reports
    }

    /// Whether `t=` has the flag `y`: what is signed is to be treated as if it were not.
    #[must_use]
    pub const fn is_for_tests(self) -> bool {
        self.is_for_tests
    }
}

/// Whether a report may be believed to come from its submitter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a report is believed or it is not")]
pub enum Authentication {
    /// It may.
    Authenticated {
        /// Who has signed: the submitter or a parent domain.
        domain: DomainName,
        /// What is not as it should be.
        deviations: Deviations<DkimDeviation>,
    },
    /// It MUST be ignored (RFC 8460 §3).
    Ignore(IgnoreReason),
}

impl Authentication {
    /// Judges by the valid signatures of the mail and their keys. The submitter is the
    /// domain of the report's `contact-info`.
    ///
    /// A signature counts if its `d=` is the submitter, or a parent of it that is no
    /// public suffix, it has no `l=`, and its key is not for tests. Which names are public suffixes the caller
    /// knows: `DomainName::is_public_suffix` (feature `psl`), or another list. Of
    /// several that count, the first without deviation is taken, or else the first.
    ///
    /// ```
    /// use mta_sts::DomainName;
    /// use mta_sts::tlsrpt::dkim::{Authentication, IgnoreReason, KeyTags, SignatureTags};
    ///
    /// let submitter = DomainName::parse("mail.example.com")?;
    /// let signature = SignatureTags::parse("v=1; d=example.com; s=2024; bh=...; b=...")?;
    /// let key = KeyTags::parse("v=DKIM1; s=tlsrpt; p=...")?;
    /// let is_public_suffix = |name: &DomainName| name.labels().count() == 1;
    ///
    /// let judged = Authentication::judge(&submitter, [(&signature, &key)], is_public_suffix);
    /// assert!(matches!(judged, Authentication::Authenticated { .. }));
    /// let judged = Authentication::judge(&submitter, [], is_public_suffix);
    /// assert_eq!(judged, Authentication::Ignore(IgnoreReason::NoSignature));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn judge<'a>(
        submitter: &DomainName,
        valid: impl IntoIterator<Item = (&'a SignatureTags, &'a KeyTags)>,
        is_public_suffix: impl Fn(&DomainName) -> bool,
    ) -> Self {
        let mut judged = Self::Ignore(IgnoreReason::NoSignature);
        for (signature, key) in valid {
            let one = Self::judge_one(submitter, signature, *key, &is_public_suffix);
            if one.rank() > judged.rank() {
                judged = one;
            }
        }
        judged
    }

    fn judge_one(
        submitter: &DomainName,
        signature: &SignatureTags,
        key: KeyTags,
        is_public_suffix: impl Fn(&DomainName) -> bool,
    ) -> Self {
        let domain = &signature.domain;
        let may_sign =
            domain == submitter || (is_parent(domain, submitter) && !is_public_suffix(domain));
        if !may_sign {
            return Self::Ignore(IgnoreReason::OtherDomain);
        }
        if signature.has_length {
            return Self::Ignore(IgnoreReason::BodyLength);
        }
        if key.is_for_tests {
            return Self::Ignore(IgnoreReason::TestKey);
        }
        let mut deviations = Deviations::default();
        if !key.is_for_reports {
            deviations.push(|| DkimDeviation::ServiceType);
        }
        Self::Authenticated { domain: domain.clone(), deviations }
    }

    /// How near to flawless it is.
    const fn rank(&self) -> u8 {
        match self {
            Self::Ignore(IgnoreReason::NoSignature) => 0,
            Self::Ignore(IgnoreReason::OtherDomain) => 1,
            Self::Ignore(IgnoreReason::BodyLength) => 2,
            Self::Ignore(IgnoreReason::TestKey) => 3,
            Self::Authenticated { deviations, .. } => match deviations.is_empty() {
                false => 4,
                true => 5,
            },
        }
    }
}

fn is_parent(parent: &DomainName, child: &DomainName) -> bool {
    let rest = child.as_str().strip_suffix(parent.as_str());
    rest.is_some_and(|labels| labels.ends_with('.'))
}

/// Why a report that came by mail MUST be ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoreReason {
    /// There is no valid signature.
    #[error("no valid DKIM signature")]
    NoSignature,
    /// The valid signatures are not the submitter's.
    #[error("no valid DKIM signature of the submitter")]
    OtherDomain,
    /// The submitter's signature covers only a part of the body (`l=`).
    #[error("DKIM signature of the submitter that does not cover the whole body")]
    BodyLength,
    /// The submitter's key is for tests (`t=y`, RFC 6376 §3.6.1).
    #[error("DKIM key of the submitter that is for tests")]
    TestKey,
}

/// What is not as it should be with a signature that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DkimDeviation {
    /// The key is not for reports: its `s=` has neither `tlsrpt` nor `*`.
    #[error("DKIM key without the service type `tlsrpt`")]
    ServiceType,
}

/// A list of tags: `tag-spec *( ";" tag-spec ) [ ";" ]` (RFC 6376 §3.2).
struct Tags<'a>(Vec<Tag<'a>>);

/// Name and value.
type Tag<'a> = (&'a [u8], &'a [u8]);

impl<'a> Tags<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, ParseTagsError> {
        let mut tags = Vec::new();
        if text.len() > MAX_TAG_LIST_LEN {
            return Err(ParseTagsError::new(TagsErrorKind::TooLong, text));
        }
        let mut rest = text;
        loop {
            let (behind, tag) =
                tag_spec(rest).map_err(|_| ParseTagsError::new(TagsErrorKind::Tag, rest))?;
            tags.push(tag);
            match behind {
                [] => break,
                [b';', next @ ..] if trim(next).is_empty() => break,
                [b';', next @ ..] => rest = next,
                _ => return Err(ParseTagsError::new(TagsErrorKind::Value, behind)),
            }
        }
        Self(tags).without_duplicates()
    }

    /// "Tags with duplicate names MUST NOT occur within a single tag-list."
    fn without_duplicates(self) -> Result<Self, ParseTagsError> {
        let mut names: Vec<_> = self.0.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair.first() == pair.last());
        match twice.and_then(<[_]>::first) {
            Some(name) => Err(ParseTagsError::new(TagsErrorKind::Duplicate, name)),
            None => Ok(self),
        }
    }

    fn value(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.0.iter().find(|(one, _)| *one == name).map(|(_, value)| *value)
    }
}

/// `[FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]`
fn tag_spec(input: &[u8]) -> IResult<&[u8], Tag<'_>, ()> {
    let is_alpha = |c: char| c.is_ascii_alphabetic();
    let is_alnumpunc = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let is_value = |b: u8| matches!(b, 0x21..=0x3a | 0x3c..=0x7e) || is_fws(b);
    let name = recognize(pair(satisfy(is_alpha), take_while(is_alnumpunc)));
    let value = take_while(is_value).map(trim);
    let (input, _) = take_while(is_fws).parse(input)?;
    separated_pair(terminated(name, take_while(is_fws)), tag(&b"="[..]), value).parse(input)
}

/// SP, HTAB and line ends, of which `FWS` is made.
const fn is_fws(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

const fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', tail @ ..] = text {
        text = tail;
    }
    while let [head @ .., b' ' | b'\t' | b'\r' | b'\n'] = text {
        text = head;
    }
    text
}

/// Why a text has not the tags that are looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, found `{found}`")]
pub struct ParseTagsError {
    kind: TagsErrorKind,
    found: Box<str>,
}

impl ParseTagsError {
    fn new(kind: TagsErrorKind, found: &[u8]) -> Self {
        Self { kind, found: escape(found).to_string().into() }
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> TagsErrorKind {
        self.kind
    }

    /// What stands there instead, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What is expected of a list of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TagsErrorKind {
    /// At most [`MAX_TAG_LIST_LEN`] octets.
    #[error("expected at most {MAX_TAG_LIST_LEN} octets")]
    TooLong,
    /// A tag is a name, `=`, and a value that may be empty.
    #[error("expected a tag")]
    Tag,
    /// A value has visible characters of US-ASCII, and ends at `;`.
    #[error("expected `;` or the end of the tags")]
    Value,
    /// No name stands twice.
    #[error("expected each tag once")]
    Duplicate,
    /// A signature has a `d=`.
    #[error("expected a tag `d`")]
    NoDomain,
    /// `d=` is a domain name.
    #[error("expected a domain name in tag `d` ({0})")]
    Domain(DomainErrorKind),
}
