//! Domain names as MTA-STS needs them: host names in A-label form.
//!
//! This is not a DNS name: no underscore labels (`_mta-sts` is only ever put in
//! front of a [`DomainName`]), no escapes, no root, no search list. Which names are
//! public suffixes is known with feature `psl` only.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

use rustls_pki_types::DnsName;

use crate::escape::escape;
use crate::syntax::Class;

/// The octets that a name may have in text form, without a trailing dot: what
/// fits into the 255 octets of RFC 1035 §2.3.4 on the wire.
pub const MAX_NAME_LEN: usize = 253;

/// The octets that a label may have (RFC 1035 §2.3.4).
pub const MAX_LABEL_LEN: usize = 63;

/// A domain name in the form in which RFC 8461 compares names: A-labels, lower
/// case, no trailing dot.
///
/// Policy domains, policy hosts and the hosts of report URIs are of this type.
///
/// # Grammar
///
/// `Domain` of RFC 5321 §4.1.2, at most [`MAX_NAME_LEN`] octets:
///
/// ```text
/// Domain     = sub-domain *("." sub-domain)
/// sub-domain = Let-dig [Ldh-str]             ; at most 63 octets
/// ```
///
/// A name whose last label is a number, decimal or hexadecimal (`0x7f`), is refused:
/// it is an IPv4 address, or half of one, and never a domain (RFC 3696 §2). Whether an `xn--` label is valid
/// Punycode is not looked at, since the comparison of names does not depend on it.
///
/// # Examples
///
/// ```
/// use mta_sts::DomainName;
///
/// let domain = DomainName::parse("Mail.Example.COM.")?;
/// assert_eq!(domain.as_str(), "mail.example.com");
/// assert!(DomainName::parse("mail..example.com").is_err());
/// assert!(DomainName::parse("192.0.2.1").is_err());
/// # Ok::<_, mta_sts::domain::ParseDomainError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(Box<str>);

impl DomainName {
    /// Reads a name, in either case, with or without one trailing dot.
    ///
    /// # Errors
    ///
    /// Says which rule of the grammar the text breaks, and where.
    pub fn parse(text: &str) -> Result<Self, ParseDomainError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        check(name).map_err(|fault| ParseDomainError::new(text, fault))?;
        if let Some(last) = name.rsplit('.').next()
            && is_number(last)
        {
            let start = name.len().saturating_sub(last.len());
            return Err(ParseDomainError::new(text, Fault::new(DomainErrorKind::Address, start)));
        }
        Ok(Self(name.to_ascii_lowercase().into()))
    }

    /// Reads a name that may have U-labels, and converts it to A-labels by
    /// UTS #46 (non-transitional, STD 3 rules).
    ///
    /// RFC 8461 §3.2 wants A-labels in policies; this is for names that a person
    /// typed, or that come from an internationalised mail address.
    ///
    /// # Errors
    ///
    /// [`DomainErrorKind::Idna`] if there is no A-label form, and whatever
    /// [`parse`](Self::parse) finds in that form.
    #[cfg(feature = "idna")]
    pub fn from_unicode(text: &str) -> Result<Self, ParseDomainError> {
        use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

        let ascii = Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow, DnsLength::Ignore)
            .map_err(|_| ParseDomainError::new(text, Fault::new(DomainErrorKind::Idna, 0)))?;
        Self::parse(&ascii)
    }

    /// Whether names below it are given to anyone (`com`, `co.uk`, `github.io`), by the
    /// Public Suffix List as it was when the `psl` crate was made. So is every single
    /// label that is not in the list.
    #[cfg(feature = "psl")]
    #[must_use]
    pub fn is_public_suffix(&self) -> bool {
        psl::suffix_str(&self.0) == Some(&self.0)
    }

    /// A name whose text has been parsed before.
    pub(crate) fn trusted(text: &str) -> Self {
        Self(text.into())
    }

    /// The name: lower case, no trailing dot, 1 to 253 octets.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels from left to right, at least one.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The absolute DNS name `label.<self>.`, such as `_mta-sts.example.com.`;
    /// `label` may be several (`_smtp._tls`).
    ///
    /// # Errors
    ///
    /// [`NameTooLong`] if that has more than [`MAX_NAME_LEN`] octets without its
    /// trailing dot.
    pub(crate) fn with_prefix(&self, label: &str) -> Result<String, NameTooLong> {
        let len = label.len().saturating_add(self.0.len()).saturating_add(1);
        if len > MAX_NAME_LEN {
            return Err(NameTooLong { len });
        }
        Ok([label, ".", &self.0, "."].concat())
    }

    /// The name as the type that certificates are checked against.
    ///
    /// # Panics
    ///
    /// Never: every name of this type is a DNS name of pki-types as well, as the
    /// fuzz target `mx_match` asserts.
    #[must_use]
    pub fn to_dns_name(&self) -> DnsName<'_> {
        DnsName::try_from(self.as_str()).expect("LDH labels within the DNS lengths")
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0.into()
    }
}

/// For look-ups by text, which must be in the same form: lower case, no dot at the
/// end.
impl Borrow<str> for DomainName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for DomainName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl FromStr for DomainName {
    type Err = ParseDomainError;

    fn from_str(text: &str) -> Result<Self, ParseDomainError> {
        Self::parse(text)
    }
}

impl TryFrom<&DnsName<'_>> for DomainName {
    type Error = ParseDomainError;

    /// A DNS name of pki-types may have underscores; a [`DomainName`] may not.
    fn try_from(name: &DnsName<'_>) -> Result<Self, ParseDomainError> {
        Self::parse(name.as_ref())
    }
}

/// Why a text is no [`DomainName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {offset} of `{found}`")]
pub struct ParseDomainError {
    kind: DomainErrorKind,
    offset: usize,
    found: Box<str>,
}

impl ParseDomainError {
    fn new(text: &str, fault: Fault) -> Self {
        Self { kind: fault.kind, offset: fault.offset, found: escape(text).to_string().into() }
    }

    /// Which rule is broken.
    #[must_use]
    pub const fn kind(&self) -> DomainErrorKind {
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
}

/// Which rule of RFC 5321's `Domain` a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DomainErrorKind {
    /// There is nothing.
    #[error("empty name")]
    Empty,
    /// Two dots in a row, or a dot at the start or (where it matters) the end.
    #[error("empty label")]
    EmptyLabel,
    /// A label begins or ends with a hyphen.
    #[error("hyphen at the edge of a label")]
    EdgeHyphen,
    /// An underscore, which DNS allows in names but SMTP not in host names.
    #[error("underscore")]
    Underscore,
    /// A character beyond ASCII: names are written in A-labels (RFC 8461 §3.2).
    #[error("character beyond ASCII")]
    NotAscii,
    /// Any other character but letters, digits, hyphens and dots.
    #[error("character other than letter, digit, hyphen and dot")]
    Character,
    /// More than [`MAX_LABEL_LEN`] octets in a label.
    #[error("label of more than {MAX_LABEL_LEN} octets")]
    LabelTooLong,
    /// More than [`MAX_NAME_LEN`] octets in all.
    #[error("name of more than {MAX_NAME_LEN} octets")]
    NameTooLong,
    /// The last label is a number, as in an address; no top-level domain is.
    #[error("number as last label")]
    Address,
    /// Text that has no A-label form (feature `idna`).
    #[error("name without an A-label form")]
    Idna,
}

/// A domain too long to carry a prefix such as `_mta-sts.`, so that it can have
/// neither record nor policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name of {len} octets where DNS allows {MAX_NAME_LEN}")]
pub struct NameTooLong {
    len: usize,
}

/// The first rule broken, and the octet where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) kind: DomainErrorKind,
    pub(crate) offset: usize,
}

impl Fault {
    const fn new(kind: DomainErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}

/// The grammar of [`DomainName`], of a whole text.
pub(crate) fn check(name: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::new(DomainErrorKind::Empty, 0));
    }
    let len = scan(name.as_bytes())?;
    match name.as_bytes().get(len) {
        None => Ok(()),
        Some(other) => Err(Fault::new(foreign(*other), len)),
    }
}

/// `Domain` at the start of `text`, in one pass: how many octets it has. It ends
/// before the first octet that no label has. Also the domain of an `mx` pattern
/// (RFC 8461 §3.2).
#[inline]
pub(crate) fn scan(text: &[u8]) -> Result<usize, Fault> {
    let mut start: usize = 0;
    let mut rest = text;
    loop {
        let len = rest.iter().position(|&b| !Class::LDH.has(b)).unwrap_or(rest.len());
        let (label, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        check_label(label, after, start)?;
        start = start.saturating_add(len);
        if start > MAX_NAME_LEN {
            return Err(Fault::new(DomainErrorKind::NameTooLong, MAX_NAME_LEN));
        }
        match after {
            [b'.', next @ ..] => rest = next,
            _ => return Ok(start),
        }
        start = start.saturating_add(1);
    }
}

/// `sub-domain = Let-dig [Ldh-str]`, of an `Ldh-str`; `after` is what follows it.
#[inline]
fn check_label(label: &[u8], after: &[u8], start: usize) -> Result<(), Fault> {
    let fault = |kind, at: usize| Err(Fault::new(kind, start.saturating_add(at)));
    match label {
        [] => match after.first() {
            None | Some(b'.') => fault(DomainErrorKind::EmptyLabel, 0),
            Some(other) => fault(foreign(*other), 0),
        },
        [b'-', ..] => fault(DomainErrorKind::EdgeHyphen, 0),
        [.., b'-'] => fault(DomainErrorKind::EdgeHyphen, label.len().saturating_sub(1)),
        _ if label.len() > MAX_LABEL_LEN => fault(DomainErrorKind::LabelTooLong, MAX_LABEL_LEN),
        _ => Ok(()),
    }
}

/// What is wrong with an octet that no label has.
const fn foreign(b: u8) -> DomainErrorKind {
    match b {
        b'_' => DomainErrorKind::Underscore,
        0x80.. => DomainErrorKind::NotAscii,
        _ => DomainErrorKind::Character,
    }
}

/// Whether a last label is what address parsers take for a number: decimal digits, or
/// `0x` and hexadecimal ones.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(hex) => hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

/// Whether the text is four decimal octets. Leading zeros do not make a name of
/// an address.
pub(crate) fn is_ipv4(text: &str) -> bool {
    let is_octet = |label: &str| {
        label.len() <= 3 && label.bytes().all(|b| b.is_ascii_digit()) && label.parse::<u8>().is_ok()
    };
    // Host names end in a letter, so that most texts are settled by one look.
    text.ends_with(|c: char| c.is_ascii_digit())
        && text.split('.').count() == 4
        && text.split('.').all(is_octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn error(text: &str, kind: DomainErrorKind, shown: &str) {
        let error = DomainName::parse(text).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), shown);
    }

    #[test]
    fn names_are_normalised() {
        for (text, name) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("a", "a"),
            ("192.0.2.example", "192.0.2.example"),
            ("0x7f.example", "0x7f.example"),
            ("a.0xfg", "a.0xfg"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a--b.example", "a--b.example"),
        ] {
            assert_eq!(DomainName::parse(text).unwrap().as_str(), name);
        }
        let label = "a".repeat(63);
        let longest = [&*label, &label, &label, &label[2..]].join(".");
        assert_eq!(longest.len(), MAX_NAME_LEN);
        assert!(DomainName::parse(&longest).is_ok());
        assert!(DomainName::parse(&(longest + ".")).is_ok());
    }

    #[test]
    fn errors_say_what_and_where() {
        error("", DomainErrorKind::Empty, "empty name at offset 0 of ``");
        error(".", DomainErrorKind::Empty, "empty name at offset 0 of `.`");
        error("a..b", DomainErrorKind::EmptyLabel, "empty label at offset 2 of `a..b`");
        error("a.b..", DomainErrorKind::EmptyLabel, "empty label at offset 4 of `a.b..`");
        error(
            "-a.b",
            DomainErrorKind::EdgeHyphen,
            "hyphen at the edge of a label at offset 0 of `-a.b`",
        );
        error(
            "b.a-",
            DomainErrorKind::EdgeHyphen,
            "hyphen at the edge of a label at offset 3 of `b.a-`",
        );
        error("_dc.b", DomainErrorKind::Underscore, "underscore at offset 0 of `_dc.b`");
        error(
            "bücher.example",
            DomainErrorKind::NotAscii,
            "character beyond ASCII at offset 1 of `bücher.example`",
        );
        error(
            "a b\n",
            DomainErrorKind::Character,
            "character other than letter, digit, hyphen and dot at offset 1 of `a b\\n`",
        );
        error(
            "192.0.2.001.",
            DomainErrorKind::Address,
            "number as last label at offset 8 of `192.0.2.001.`",
        );
        for number in ["0x7f000001", "127.0.0.0X1", "a.0x", "127.1", "2130706433"] {
            assert_eq!(DomainName::parse(number).unwrap_err().kind(), DomainErrorKind::Address);
        }
        let long = "a".repeat(64);
        assert_eq!(DomainName::parse(&long).unwrap_err().kind(), DomainErrorKind::LabelTooLong);
        let long = "a.".repeat(127) + "a";
        assert_eq!(DomainName::parse(&long).unwrap_err().kind(), DomainErrorKind::NameTooLong);
    }

    #[test]
    fn prefixes_must_fit() {
        let domain = DomainName::parse("example.com").unwrap();
        assert_eq!(domain.with_prefix("_mta-sts").unwrap(), "_mta-sts.example.com.");
        let long = DomainName::parse(&("a.".repeat(122) + "a")).unwrap();
        assert_eq!(long.as_str().len(), 245);
        assert!(long.with_prefix("mta-sts").is_ok());
        assert_eq!(
            long.with_prefix("_mta-sts").unwrap_err().to_string(),
            "name of 254 octets where DNS allows 253"
        );
    }

    #[test]
    fn pki_names_convert_both_ways() {
        let domain = DomainName::parse("Mail.example.com").unwrap();
        assert_eq!(domain.to_dns_name().as_ref(), "mail.example.com");
        assert_eq!(DomainName::try_from(&domain.to_dns_name()), Ok(domain));
    }

    #[cfg(feature = "idna")]
    #[test]
    fn mx_3_u_labels_become_a_labels() {
        let name = |text| DomainName::from_unicode(text).map(String::from);
        assert_eq!(name("bücher.example").unwrap(), "xn--bcher-kva.example");
        assert_eq!(name("BÜCHER。example.").unwrap(), "xn--bcher-kva.example");
        assert_eq!(name("faß.example").unwrap(), "xn--fa-hia.example");
        assert_eq!(name("mail.example.com").unwrap(), "mail.example.com");
        assert_eq!(name("a_b.example").unwrap_err().kind(), DomainErrorKind::Idna);
        assert_eq!(
            name("\u{202e}x.example").unwrap_err().to_string(),
            "name without an A-label form at offset 0 of `\\u{202e}x.example`"
        );
    }
}
