//! The URIs of a TLSRPT record, and where a report to one goes (RFC 8460 §3).
//!
//! A URI is taken apart here as far as it takes to know whether and where to
//! send. Nothing is connected to, and whether an address may be connected to is
//! not decided.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;
use core::{fmt, str};

use iri_string::types::UriStr;

use crate::domain::{self, DomainName, ParseDomainError};
use crate::txt::{ParseRecordError, RecordErrorKind};

/// One URI of a `rua` (RFC 8460 §3): valid by RFC 3986, of whatever scheme, with
/// `!`, `,` and `;` percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportUri<'a>(&'a str);

impl<'a> ReportUri<'a> {
    /// `None` if an item of a `rua` is no URI, or has a raw `!`; there is no raw `,`
    /// or `;` in an item.
    pub(super) fn of_item(item: &'a str) -> Option<Self> {
        let is_uri = UriStr::new(item).is_ok() && !item.contains('!');
        is_uri.then_some(Self(item))
    }

    /// Parses one URI as it may stand in a `rua`.
    ///
    /// # Errors
    ///
    /// If it is not valid by RFC 3986, or has a raw `!`, `,` or `;`.
    pub fn parse(text: &'a str) -> Result<Self, ParseRecordError> {
        let uri = Self::of_item(text).filter(|_| !text.contains([',', ';']));
        let text = text.as_bytes();
        uri.ok_or_else(|| ParseRecordError::new(RecordErrorKind::Uri, text, text))
    }

    /// An item that has been parsed before.
    pub(super) const fn trusted(item: &'a str) -> Self {
        Self(item)
    }

    /// The URI as written.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The scheme as written; schemes are compared without case.
    #[must_use]
    pub fn scheme(self) -> &'a str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Where a report to this URI goes.
    ///
    /// ```
    /// use mta_sts::Reading;
    /// use mta_sts::tlsrpt::{Destination, TlsRptRecord};
    ///
    /// let text = "v=TLSRPTv1; rua=mailto:tls%2Breports@example.com?subject=ignored";
    /// let (record, _) = TlsRptRecord::parse(text, Reading::Strict)?;
    /// let Some(Ok(Destination::Mailto(address))) = record.rua().next().map(|uri| uri.destination())
    /// else {
    ///     panic!("a mail address");
    /// };
    /// assert_eq!(address.as_str(), "tls+reports@example.com");
    /// # Ok::<_, mta_sts::txt::ParseRecordError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnusableUri`] if no report can be sent there, although the record is
    /// valid.
    pub fn destination(self) -> Result<Destination<'a>, UnusableUri> {
        let scheme = self.scheme();
        match UriStr::new(self.0) {
            // Header fields after `?` are not obeyed (RFC 6068 §4).
            Ok(uri) if scheme.eq_ignore_ascii_case("mailto") => {
                MailAddress::decode(uri.path_str()).map(Destination::Mailto)
            }
            Ok(uri) if scheme.eq_ignore_ascii_case("https") => {
                HttpsEndpoint::of(uri).map(Destination::Https)
            }
            _ => Err(UnusableUri::Scheme),
        }
    }
}

impl AsRef<str> for ReportUri<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for ReportUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a report goes: the two ways that RFC 8460 §3 defines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sender must handle each way")]
pub enum Destination<'a> {
    /// By mail to this address.
    Mailto(MailAddress),
    /// By HTTPS POST to this endpoint.
    Https(HttpsEndpoint<'a>),
}

/// The one address of a `mailto:` URI, decoded: `addr-spec` of RFC 6068 §2 in
/// US-ASCII, without controls, commas and `=?`, of at most [`MAX_LEN`](Self::MAX_LEN)
/// octets, its domain a [`DomainName`].
///
/// The local part is kept as it is, quoted if it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress {
    text: Box<str>,
    domain: DomainName,
}

impl MailAddress {
    /// The octets that an address may have: those of a path in SMTP without its `<>`
    /// (RFC 5321 §4.5.3.1.3).
    pub const MAX_LEN: usize = 254;

    /// Reads an address that is not encoded.
    ///
    /// ```
    /// use mta_sts::tlsrpt::MailAddress;
    ///
    /// let address = MailAddress::parse("tls+reports@example.com")?;
    /// assert_eq!(address.domain().as_str(), "example.com");
    /// assert!(MailAddress::parse("a@example.com\r\nBcc: b@example.com").is_err());
    /// # Ok::<_, mta_sts::tlsrpt::UnusableUri>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnusableUri::Address`] or [`UnusableUri::Host`].
    pub fn parse(text: &str) -> Result<Self, UnusableUri> {
        let (local, domain) = text.rsplit_once('@').ok_or(UnusableUri::Address)?;
        // Readers take `=?` for the beginning of an encoded word (RFC 2047), also where there is
        // none, and would send to what that says.
        let fits = is_local_part(local) && !local.contains("=?");
        if !fits || domain.ends_with('.') || text.len() > Self::MAX_LEN {
            return Err(UnusableUri::Address);
        }
        let domain = DomainName::parse(domain).map_err(UnusableUri::Host)?;
        Ok(Self { text: text.into(), domain })
    }

    fn decode(path: &str) -> Result<Self, UnusableUri> {
        let octets = percent_decode(path).and_then(|octets| String::from_utf8(octets).ok());
        Self::parse(&octets.ok_or(UnusableUri::Address)?)
    }

    /// The address as it goes into an SMTP command or a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain that takes the mail.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }
}

impl FromStr for MailAddress {
    type Err = UnusableUri;

    fn from_str(text: &str) -> Result<Self, UnusableUri> {
        Self::parse(text)
    }
}

impl AsRef<str> for MailAddress {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// `dot-atom-text / quoted-string` of RFC 5322, without comma and controls.
fn is_local_part(local: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => {
            let mut escaped = false;
            let fits = quoted.bytes().all(|b| {
                let plain = escaped || b != b'"';
                escaped = b == b'\\' && !escaped;
                plain && b != b',' && (b.is_ascii_graphic() || b == b' ')
            });
            fits && !escaped
        }
        None => local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext)),
    }
}

/// The octets of a text with `%XX`; `None` if a `%` stands alone.
fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            octets.push(*first);
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        octets.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    Some(octets)
}

/// Where an `https:` URI points.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpsEndpoint<'a> {
    host: DomainName,
    port: u16,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> HttpsEndpoint<'a> {
    fn of(uri: &'a UriStr) -> Result<Self, UnusableUri> {
        let authority = uri.authority_components().ok_or(UnusableUri::NoHost)?;
        let host = authority.host();
        if authority.userinfo().is_some() {
            return Err(UnusableUri::UserInfo);
        }
        if host.is_empty() {
            return Err(UnusableUri::NoHost);
        }
        if host.starts_with('[') || domain::is_ipv4(host) {
            return Err(UnusableUri::IpLiteral);
        }
        let port = match authority.port() {
            None | Some("") => 443,
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(UnusableUri::Port)?,
        };
        Ok(Self {
            host: DomainName::parse(host).map_err(UnusableUri::Host)?,
            port,
            path: uri.path_str(),
            query: uri.query_str(),
        })
    }

    /// The host to connect to, and the name its certificate must have.
    #[must_use]
    pub const fn host(&self) -> &DomainName {
        &self.host
    }

    /// The port, 443 if the URI has none.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The target of the POST: path (`/` if there is none) and query, without the
    /// fragment.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { self.path };
        let (mark, query) = self.query.map_or(("", ""), |query| ("?", query));
        [path, mark, query].concat()
    }
}

/// Why no report can be sent to a valid URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableUri {
    /// The scheme is neither `mailto` nor `https`.
    #[error("scheme is neither mailto nor https")]
    Scheme,
    /// A `mailto:` without exactly one plain address.
    #[error("not exactly one mail address")]
    Address,
    /// An `https:` without host.
    #[error("no host")]
    NoHost,
    /// An `https:` with user name or password.
    #[error("user information before the host")]
    UserInfo,
    /// An address instead of a host name.
    #[error("IP address instead of a host name")]
    IpLiteral,
    /// The host, or the domain of the mail address, is no domain name.
    #[error("host that is no domain name")]
    Host(#[source] ParseDomainError),
    /// A port that there is not.
    #[error("port out of range")]
    Port,
}
