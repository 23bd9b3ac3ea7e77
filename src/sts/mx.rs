//! MX patterns, and which MX hosts they allow (RFC 8461 §4.1).
//!
//! This is not the check of a certificate: that is done against the MX host's own
//! name, never against a pattern.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::domain::{self, DomainErrorKind, MAX_LABEL_LEN, MAX_NAME_LEN};
use crate::escape::escape;
use crate::hint::Hint;
use crate::syntax::Class;

/// The value of an `mx` field: a host name, or `*.` and a domain
/// (RFC 8461 §3.2, §4.1).
///
/// Patterns are equal if they differ at most in case.
///
/// # Grammar
///
/// ```text
/// sts-policy-mx-value = ["*."] Domain     ; at most 253 octets
/// Domain              = sub-domain *("." sub-domain)
/// sub-domain          = Let-dig [Ldh-str] ; at most 63 octets
/// ```
///
/// `Domain` is that of RFC 5321 §4.1.2. So there is no trailing dot, no
/// underscore, and names beyond ASCII are written in A-labels. An IPv4 address
/// fits the grammar, but [never matches](Self::is_address).
///
/// # Examples
///
/// ```
/// use mta_sts::sts::MxPattern;
///
/// let pattern = MxPattern::parse("*.example.com")?;
/// assert!(pattern.matches("mail.example.com"));
/// assert!(pattern.matches("MAIL.EXAMPLE.COM."));
/// assert!(!pattern.matches("example.com"));
/// assert!(!pattern.matches("a.mail.example.com"));
/// # Ok::<_, mta_sts::sts::ParseMxError>(())
/// ```
#[derive(Clone, Copy)]
pub struct MxPattern<'a>(&'a str);

impl<'a> MxPattern<'a> {
    /// Parses the value of an `mx` field, without white space around it.
    ///
    /// # Errors
    ///
    /// Says which rule of the grammar the text breaks, and where.
    pub fn parse(text: &'a str) -> Result<Self, ParseMxError> {
        match fault(text) {
            None => Ok(Self(text)),
            Some((kind, offset)) => Err(ParseMxError {
                kind,
                offset,
                found: escape(text).to_string().into(),
                hint: near_miss(text, kind),
            }),
        }
    }

    /// A pattern whose text has been parsed before.
    pub(crate) const fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The pattern as written.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The domain after `*.`, or `None` for a host name.
    #[must_use]
    pub fn wildcard_base(self) -> Option<&'a str> {
        self.0.strip_prefix("*.")
    }

    /// Whether the pattern is an IPv4 address, which the grammar allows and which
    /// never matches.
    #[must_use]
    pub fn is_address(self) -> bool {
        domain::is_ipv4(self.0)
    }

    /// Whether `host`, the name in an MX record, matches this pattern
    /// (RFC 8461 §4.1).
    ///
    /// Labels are compared whole and without ASCII case; `*` stands for exactly
    /// one label. One trailing dot of `host` is ignored. These never match: an
    /// empty name or label, a name that begins with `*`, an address (four decimal
    /// octets, or anything with `[` or `:`), a name beyond ASCII, and a name of more
    /// than 253 octets. The label under `*` is 1 to 63 letters, digits, hyphens and
    /// underscores, which DNS has although SMTP has not.
    ///
    /// A name with U-labels must be converted first:
    /// [`DomainName::from_unicode`](crate::DomainName::from_unicode), feature `idna`.
    #[must_use]
    pub fn matches(self, host: &str) -> bool {
        Host::new(host).matches(self)
    }
}

/// An MX host name, taken apart once for all patterns.
#[derive(Clone, Copy)]
pub(crate) struct Host<'a> {
    name: &'a str,
    /// The left-most label, and what follows its dot.
    parent: Option<(&'a str, &'a str)>,
}

impl<'a> Host<'a> {
    pub(crate) fn new(host: &'a str) -> Self {
        let name = host.strip_suffix('.').unwrap_or(host);
        // No pattern is empty, so that this matches none.
        let name = if name.len() > MAX_NAME_LEN { "" } else { name };
        // For short labels quicker than `split_once`.
        let dot = name.bytes().position(|b| b == b'.');
        let parent = dot.and_then(|dot| Some((name.get(..dot)?, name.get(dot.checked_add(1)?..)?)));
        Self { name, parent }
    }

    /// RFC 8461 §4.1: the same name, or one label more than the pattern's domain.
    ///
    /// What equals a part of a pattern has no empty labels and nothing but letters,
    /// digits and hyphens; so only the label under `*` is looked at, and whether
    /// the name is an address.
    pub(crate) fn matches(self, pattern: MxPattern<'_>) -> bool {
        let matches = match (pattern.wildcard_base(), self.parent) {
            (None, _) => same_name(pattern.0, self.name),
            (Some(base), Some((label, parent))) => same_name(base, parent) && is_label(label),
            (Some(_), None) => false,
        };
        matches && !domain::is_ipv4(self.name)
    }
}

/// Equal without case. Most names that are equal are so in case as well, and most
/// others differ in length or at the end, which is quicker to see.
fn same_name(a: &str, b: &str) -> bool {
    let end = |name: &str| name.bytes().next_back().map(|b| b.to_ascii_lowercase());
    a.len() == b.len() && end(a) == end(b) && (a == b || a.eq_ignore_ascii_case(b))
}

/// Whether `*` may stand for this label.
fn is_label(label: &str) -> bool {
    let fits = |b: u8| Class::LDH.has(b) || b == b'_';
    (1..=MAX_LABEL_LEN).contains(&label.len()) && label.bytes().all(fits)
}

impl AsRef<str> for MxPattern<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for MxPattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for MxPattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl PartialEq<MxPattern<'_>> for MxPattern<'_> {
    fn eq(&self, other: &MxPattern<'_>) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for MxPattern<'_> {}

impl Hash for MxPattern<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().for_each(|b| b.to_ascii_lowercase().hash(state));
        0xff_u8.hash(state);
    }
}

/// Why a text is no [`MxPattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseMxError {
    kind: MxErrorKind,
    offset: usize,
    found: Box<str>,
    hint: Option<Hint>,
}

impl ParseMxError {
    /// Which rule is broken.
    #[must_use]
    pub const fn kind(&self) -> MxErrorKind {
        self.kind
    }

    /// Where, in octets from the start of the text (0 for the text as a whole).
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The text, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// What was probably meant.
    #[must_use]
    pub const fn hint(&self) -> Option<&Hint> {
        self.hint.as_ref()
    }
}

impl fmt::Display for ParseMxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {} of `{}`", self.kind, self.offset, self.found)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for ParseMxError {}

/// Which rule of the grammar an `mx` value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MxErrorKind {
    /// The domain, with or without `*.` before it, breaks its grammar.
    #[error("{0}")]
    Domain(DomainErrorKind),
    /// A name in a policy has no dot at its end.
    #[error("trailing dot")]
    TrailingDot,
    /// `*` elsewhere than as the whole left-most label, or alone.
    #[error("`*` other than as `*.` at the start")]
    Wildcard,
}

/// `["*."] Domain` at the start of `text`: how many octets it has. `None` if there
/// is no pattern, for which [`fault`] has the reason.
#[inline]
pub(crate) fn scan(text: &[u8]) -> Option<usize> {
    let base = text.strip_prefix(b"*.").unwrap_or(text);
    let before = text.len().saturating_sub(base.len());
    let len = before.saturating_add(domain::scan(base).ok()?);
    (len <= MAX_NAME_LEN).then_some(len)
}

/// The first rule that `text` breaks as a pattern, and the octet where.
pub(crate) fn fault(text: &str) -> Option<(MxErrorKind, usize)> {
    let base = text.strip_prefix("*.").unwrap_or(text);
    let before = text.len().saturating_sub(base.len());
    let Err(fault) = domain::check(base) else {
        let too_long = MxErrorKind::Domain(DomainErrorKind::NameTooLong);
        return (text.len() > MAX_NAME_LEN).then_some((too_long, MAX_NAME_LEN));
    };
    let offset = before.saturating_add(fault.offset);
    let rest = text.get(offset..).unwrap_or_default();
    let kind = match fault.kind {
        DomainErrorKind::EmptyLabel if rest.is_empty() => MxErrorKind::TrailingDot,
        DomainErrorKind::Empty if before > 0 => MxErrorKind::Wildcard,
        DomainErrorKind::Character if rest.starts_with('*') => MxErrorKind::Wildcard,
        kind => MxErrorKind::Domain(kind),
    };
    let offset = if kind == MxErrorKind::TrailingDot { offset.saturating_sub(1) } else { offset };
    Some((kind, offset))
}

/// What was probably meant: the one host name in the text, where there is one.
pub(crate) fn near_miss(text: &str, kind: MxErrorKind) -> Option<Hint> {
    if kind == MxErrorKind::Domain(DomainErrorKind::NotAscii) {
        return Some(Hint::ALabels);
    }
    let uncommented = text.split('#').next().unwrap_or_default().trim_end();
    // Longer texts are no slips, and not worth the search; a name that begins with a
    // dot may have been meant with `*` before it or without.
    if uncommented.len() > 2 * MAX_NAME_LEN || uncommented.starts_with('.') {
        return None;
    }
    let is_host =
        |word: &&str| word.contains('.') && fault(word).is_none() && !domain::is_ipv4(word);
    let mut hosts = uncommented
        .split(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | '/' | '"' | '\'' | '<' | '>' | '\\' | '}')
        })
        .map(|word| word.trim_matches([':', '.']))
        .filter(is_host);
    let first = hosts.next()?;
    Some(match hosts.next() {
        None => Hint::did_you_mean(first),
        Some(_) => Hint::OneMxPerLine,
    })
}
