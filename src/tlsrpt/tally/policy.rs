//! The policies that sessions stand under.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::hash::FixedHash;
use crate::domain::DomainName;
use crate::escape::escape;
use crate::failure::PolicyType;
use crate::sts::{MAX_BODY_LEN, Policy};

/// The octets that the texts of a TLSA RRset may have in all: what an answer of DNS
/// (65,535 octets) can hold, in hexadecimal digits.
pub const MAX_TLSA_LEN: usize = 131_072;

/// The octets of a refused body that are kept: those of the longest policy (RFC 8461
/// §3.3). What is longer is cut, and what is alike then is one policy.
pub const MAX_REFUSED_LEN: usize = MAX_BODY_LEN;

/// The TLSA records of an MX host, as a report quotes them (RFC 8460 §4.4, RFC 6698
/// §2.2): for each record the four fields, a single space between them.
///
/// It is made once for each answer of DNS, not for each session, and shares its memory
/// when cloned. The order of the records in the answer does not matter, and neither do
/// repeated ones.
///
/// # Examples
///
/// ```
/// use mta_sts::DomainName;
/// use mta_sts::tlsrpt::tally::TlsaRrset;
///
/// let base = DomainName::parse("mx1.example.com")?;
/// let rrset = TlsaRrset::parse(&base, ["3 1 1 8ACE 60F9", "2 0 1 ( 1F85 )"])?;
/// assert!(rrset.records().eq(["2 0 1 1F85", "3 1 1 8ACE60F9"]));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsaRrset(Arc<Records>);

#[derive(Debug, PartialEq, Eq)]
struct Records {
    base_domain: DomainName,
    records: Box<[Box<str>]>,
}

impl TlsaRrset {
    /// The records at a TLSA base domain (RFC 7672 §2.2.3): the name of the MX host, or
    /// the one that its CNAME leads to. There may be none, if they could not be looked
    /// up.
    ///
    /// White space of any length is a separator between fields, and none within the
    /// data; parentheses of zone files are left out.
    ///
    /// # Errors
    ///
    /// [`ParseTlsaError`] if a record has no four fields: three numbers up to 255, and
    /// hexadecimal digits, two for each octet; or if all are longer than
    /// [`MAX_TLSA_LEN`].
    pub fn parse<T: AsRef<str>>(
        base_domain: &DomainName,
        records: impl IntoIterator<Item = T>,
    ) -> Result<Self, ParseTlsaError> {
        let mut left = MAX_TLSA_LEN;
        let mut texts: Vec<Box<str>> = Vec::new();
        for record in records {
            let record = record.as_ref();
            left = left
                .checked_sub(record.len())
                .ok_or_else(|| ParseTlsaError::new(ParseTlsaErrorKind::TooLong, record))?;
            texts.push(normal(record)?.into());
        }
        texts.sort_unstable();
        texts.dedup();
        let base_domain = base_domain.clone();
        Ok(Self(Arc::new(Records { base_domain, records: texts.into() })))
    }

    /// The TLSA base domain: the `policy-domain` of a report (RPT-11).
    #[must_use]
    pub fn base_domain(&self) -> &DomainName {
        &self.0.base_domain
    }

    /// The records, sorted.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.records.iter().map(|record| &**record)
    }
}

/// The four fields with single spaces.
fn normal(record: &str) -> Result<String, ParseTlsaError> {
    let error = |kind| ParseTlsaError::new(kind, record);
    let mut fields = record
        .split(|c: char| c.is_ascii_whitespace() || c == '(' || c == ')')
        .filter(|field| !field.is_empty());
    let mut text = String::with_capacity(record.len());
    for _ in 0..3 {
        let field = fields.next().ok_or_else(|| error(ParseTlsaErrorKind::Fields))?;
        let number: u8 = field.parse().map_err(|_| error(ParseTlsaErrorKind::Number))?;
        text.push_str(&number.to_string());
        text.push(' ');
    }
    let start = text.len();
    text.extend(fields);
    match text.get(start..).unwrap_or_default() {
        "" => Err(error(ParseTlsaErrorKind::Fields)),
        data if data.len() % 2 != 0 || !data.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Err(error(ParseTlsaErrorKind::Data))
        }
        _ => Ok(text),
    }
}

/// Why a text is no TLSA record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, found `{found}`")]
pub struct ParseTlsaError {
    kind: ParseTlsaErrorKind,
    found: Box<str>,
}

impl ParseTlsaError {
    fn new(kind: ParseTlsaErrorKind, record: &str) -> Self {
        Self { kind, found: escape(record).to_string().into() }
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> ParseTlsaErrorKind {
        self.kind
    }

    /// The record, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What a TLSA record should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTlsaErrorKind {
    /// Four fields.
    #[error("expected the four fields of a TLSA record")]
    Fields,
    /// Three numbers in front.
    #[error("expected usage, selector and matching type from 0 to 255")]
    Number,
    /// Data in hexadecimal digits.
    #[error("expected data of a TLSA record, two hexadecimal digits for each octet")]
    Data,
    /// Not more than an answer of DNS can hold.
    #[error("expected TLSA records of at most {MAX_TLSA_LEN} octets")]
    TooLong,
}

/// A policy that sessions stand under, borrowed from whoever knows it.
#[derive(Debug, Clone, Copy)]
pub(super) enum PolicyRef<'a> {
    NoPolicyFound,
    /// DANE, and nobody said by which records.
    UnknownTlsa,
    /// All policies of this type that are not kept.
    Others(PolicyType),
    Tlsa(&'a TlsaRrset),
    Sts(&'a Policy),
    /// The body of what is no policy; empty if there is none.
    Refused(&'a str),
}

impl<'a> PolicyRef<'a> {
    pub(super) const fn policy_type(self) -> PolicyType {
        match self {
            Self::NoPolicyFound => PolicyType::NoPolicyFound,
            Self::UnknownTlsa | Self::Tlsa(_) => PolicyType::Tlsa,
            Self::Sts(_) | Self::Refused(_) => PolicyType::Sts,
            Self::Others(policy_type) => policy_type,
        }
    }

    /// Whether they are the same.
    #[inline]
    pub(super) fn is(self, known: &KnownPolicy) -> bool {
        match (self, known) {
            // Mostly it is the very same text.
            (Self::Sts(one), KnownPolicy::Sts(other)) => {
                core::ptr::eq(one.as_str(), other.as_str()) || self.is_alike(known)
            }
            (Self::NoPolicyFound, KnownPolicy::NoPolicyFound) => true,
            _ => self.is_alike(known),
        }
    }

    fn is_alike(self, known: &KnownPolicy) -> bool {
        match (self, known) {
            (Self::Sts(one), KnownPolicy::Sts(other)) => one == other,
            (Self::Tlsa(one), KnownPolicy::Tlsa(other)) => {
                Arc::ptr_eq(&one.0, &other.0) || one == other
            }
            (Self::Refused(one), KnownPolicy::Refused(other)) => *one == **other,
            (Self::Others(one), KnownPolicy::Others(other)) => one == *other,
            (Self::NoPolicyFound, KnownPolicy::NoPolicyFound)
            | (Self::UnknownTlsa, KnownPolicy::UnknownTlsa) => true,
            _ => false,
        }
    }

    /// Whether there can be any number of its kind, as strangers like.
    pub(super) const fn is_bounded(self) -> bool {
        matches!(self, Self::Tlsa(_) | Self::Sts(_) | Self::Refused(_))
    }

    /// What tells it from others of its kind. For the others, one of a kind, there is no
    /// text.
    fn content(self) -> (u8, &'a str, &'a [Box<str>]) {
        match self {
            Self::NoPolicyFound => (0, "", &[]),
            Self::UnknownTlsa => (1, "", &[]),
            Self::Others(PolicyType::Tlsa) => (2, "", &[]),
            Self::Others(_) => (3, "", &[]),
            Self::Tlsa(rrset) => (4, rrset.0.base_domain.as_str(), &rrset.0.records),
            Self::Sts(policy) => (5, policy.as_str(), &[]),
            Self::Refused(body) => (6, body, &[]),
        }
    }

    /// 0 for those that are always kept.
    pub(super) fn hash(self) -> u64 {
        if !self.is_bounded() {
            return 0;
        }
        let (kind, text, records) = self.content();
        let mut hash = FixedHash::new();
        hash.word(kind.into());
        hash.text(text);
        records.iter().for_each(|record| hash.text(record));
        hash.finish()
    }

    /// The order in which policies are kept: of those of which there can be any number,
    /// the ones with the smallest hashes.
    pub(super) fn order(self, hash: u64) -> (bool, u64, u8, &'a str, &'a [Box<str>]) {
        let (kind, text, records) = self.content();
        (self.is_bounded(), hash, kind, text, records)
    }

    /// The order in which they are reported: by type, domain and text; those that are not
    /// kept stand last.
    pub(super) fn reported(self) -> (PolicyType, bool, &'a str, &'a [Box<str>], u8) {
        let (kind, text, records) = self.content();
        (self.policy_type(), matches!(self, Self::Others(_)), text, records, kind)
    }
}

/// A policy that sessions stood under.
#[derive(Debug, Clone)]
pub(super) enum KnownPolicy {
    NoPolicyFound,
    UnknownTlsa,
    Others(PolicyType),
    Tlsa(TlsaRrset),
    Sts(Policy),
    Refused(Box<str>),
}

impl From<PolicyRef<'_>> for KnownPolicy {
    fn from(policy: PolicyRef<'_>) -> Self {
        match policy {
            PolicyRef::NoPolicyFound => Self::NoPolicyFound,
            PolicyRef::UnknownTlsa => Self::UnknownTlsa,
            PolicyRef::Others(policy_type) => Self::Others(policy_type),
            PolicyRef::Tlsa(rrset) => Self::Tlsa(rrset.clone()),
            PolicyRef::Sts(policy) => Self::Sts(policy.clone()),
            PolicyRef::Refused(body) => Self::Refused(body.into()),
        }
    }
}

impl KnownPolicy {
    pub(super) fn as_ref(&self) -> PolicyRef<'_> {
        match self {
            Self::NoPolicyFound => PolicyRef::NoPolicyFound,
            Self::UnknownTlsa => PolicyRef::UnknownTlsa,
            Self::Others(policy_type) => PolicyRef::Others(*policy_type),
            Self::Tlsa(rrset) => PolicyRef::Tlsa(rrset),
            Self::Sts(policy) => PolicyRef::Sts(policy),
            Self::Refused(body) => PolicyRef::Refused(body),
        }
    }
}

impl PartialEq for KnownPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref().is(other)
    }
}

impl Eq for KnownPolicy {}
