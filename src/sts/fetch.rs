//! Fetching a policy (RFC 8461 §3.2, §3.3), as far as no network is needed: what to
//! ask for, and what to make of the answer.
//!
//! This opens no connection. Whoever does keeps what [`PolicyRequest`] says: one GET
//! on port 443, the certificate checked against the policy host, no redirect
//! followed, no HTTP cache, no proxy from the environment, no cookies, the limits
//! kept while reading.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::DnsName;

use super::policy::{MAX_BODY_LEN, ParsePolicyError, Policy, PolicyDeviation};
use super::policy_domain::PolicyDomain;
use crate::escape::escape;
use crate::failure::{Failure, ReasonCode, ResultType};
use crate::reading::{Deviations, Reading};
use crate::txt::DnsFailure;

/// How much a fetch may cost. Each limit can be set and none can be switched off.
///
/// ```
/// use core::time::Duration;
/// use mta_sts::sts::fetch::FetchLimits;
///
/// let limits = FetchLimits::default().with_time(Duration::from_secs(20))?;
/// assert_eq!(limits.body(), 65_536);
/// assert!(limits.with_body(usize::MAX).is_err());
/// # Ok::<_, mta_sts::sts::fetch::LimitOutOfRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FetchLimits {
    body: usize,
    header: usize,
    time: Duration,
}

impl FetchLimits {
    /// The most that the body may be allowed, in octets: 1 MiB. The longest policy
    /// there can be, of 1,000 long names, has about a quarter of it.
    pub const MAX_BODY: usize = 1 << 20;

    /// The least and the most that the header may be allowed, in octets: 8 KiB,
    /// which servers take for granted, and 1 MiB.
    pub const HEADER_RANGE: core::ops::RangeInclusive<usize> = 8_192..=1 << 20;

    /// The most time that may be allowed: 10 minutes, as long as SMTP waits for the
    /// end of a message (RFC 5321 §4.5.3.2.6).
    pub const MAX_TIME: Duration = Duration::from_secs(600);

    /// Allows `octets` of body, 1 to [`MAX_BODY`](Self::MAX_BODY).
    ///
    /// # Errors
    ///
    /// [`LimitOutOfRange`].
    pub const fn with_body(mut self, octets: usize) -> Result<Self, LimitOutOfRange> {
        if octets == 0 || octets > Self::MAX_BODY {
            return Err(LimitOutOfRange { what: "octets of body", least: 1, most: 1 << 20 });
        }
        self.body = octets;
        Ok(self)
    }

    /// Allows `octets` of header, within [`HEADER_RANGE`](Self::HEADER_RANGE).
    ///
    /// # Errors
    ///
    /// [`LimitOutOfRange`].
    pub const fn with_header(mut self, octets: usize) -> Result<Self, LimitOutOfRange> {
        if octets < *Self::HEADER_RANGE.start() || octets > *Self::HEADER_RANGE.end() {
            return Err(LimitOutOfRange { what: "octets of header", least: 8_192, most: 1 << 20 });
        }
        self.header = octets;
        Ok(self)
    }

    /// Allows `time` in all, a second to [`MAX_TIME`](Self::MAX_TIME).
    ///
    /// # Errors
    ///
    /// [`LimitOutOfRange`].
    pub const fn with_time(mut self, time: Duration) -> Result<Self, LimitOutOfRange> {
        let (secs, most) = (time.as_secs(), Self::MAX_TIME.as_secs());
        if secs == 0 || secs > most || (secs == most && time.subsec_nanos() > 0) {
            return Err(LimitOutOfRange { what: "seconds", least: 1, most: 600 });
        }
        self.time = time;
        Ok(self)
    }

    /// The octets that the body may have.
    #[must_use]
    pub const fn body(self) -> usize {
        self.body
    }

    /// The octets that the header may have: status line, fields and what ends them.
    #[must_use]
    pub const fn header(self) -> usize {
        self.header
    }

    /// The time from the start of the look-up of the host to the end of the body.
    #[must_use]
    pub const fn time(self) -> Duration {
        self.time
    }
}

/// 64 KiB of body, as RFC 8461 §3.3 suggests; 64 KiB of header; and a minute in all,
/// as it suggests too.
impl Default for FetchLimits {
    fn default() -> Self {
        Self { body: MAX_BODY_LEN, header: 65_536, time: Duration::from_secs(60) }
    }
}

/// A limit that is too small to work with, or so large that it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {least} to {most} {what}")]
pub struct LimitOutOfRange {
    what: &'static str,
    least: u32,
    most: u32,
}

/// What to ask for: `https://mta-sts.<policy domain>/.well-known/mta-sts.txt`
/// (RFC 8461 §3.3). `Display` is this URL.
///
/// The certificate must be valid for the policy host by a DNS-ID, and TLS be of
/// version 1.2 or later (§3.3, §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyRequest<'a> {
    domain: &'a PolicyDomain,
    limits: FetchLimits,
}

impl<'a> PolicyRequest<'a> {
    /// The method.
    pub const METHOD: &'static str = "GET";

    /// The port, whatever DNS may say.
    pub const PORT: u16 = 443;

    /// The path.
    pub const PATH: &'static str = "/.well-known/mta-sts.txt";

    /// The header fields beside `Host`.
    pub const FIELDS: [(&'static str, &'static str); 2] =
        [("Accept", "text/plain"), ("Accept-Encoding", "identity")];

    /// The request for a domain's policy.
    #[must_use]
    pub const fn new(domain: &'a PolicyDomain, limits: FetchLimits) -> Self {
        Self { domain, limits }
    }

    /// Whose policy it is.
    #[must_use]
    pub const fn domain(self) -> &'a PolicyDomain {
        self.domain
    }

    /// The host to connect to, the value of `Host`, and the name in SNI.
    #[must_use]
    pub fn host(self) -> &'a str {
        self.domain.policy_host()
    }

    /// The same host, as what the certificate must be valid for.
    #[must_use]
    pub fn host_name(self) -> DnsName<'a> {
        self.domain.policy_host_name()
    }

    /// What the fetch may cost.
    #[must_use]
    pub const fn limits(self) -> FetchLimits {
        self.limits
    }

    /// Judges the response (§3.2, §3.3): status, content coding, media type, size,
    /// and the body in the [tolerant reading](Reading::Tolerant), in this order.
    ///
    /// ```
    /// use mta_sts::sts::PolicyDomain;
    /// use mta_sts::sts::fetch::{FetchLimits, PolicyRequest, PolicyResponse};
    ///
    /// let domain = PolicyDomain::from_next_hop("example.com")?;
    /// let request = PolicyRequest::new(&domain, FetchLimits::default());
    /// assert_eq!(request.to_string(), "https://mta-sts.example.com/.well-known/mta-sts.txt");
    ///
    /// let body = b"version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 604800\n";
    /// let response = PolicyResponse::new(200, body).with_field("Content-Type", b"text/plain");
    /// let (policy, _) = request.judge(&response)?;
    /// assert_eq!(policy.max_age().as_secs(), 604_800);
    ///
    /// let error = request.judge(&PolicyResponse::new(301, b"")).unwrap_err();
    /// assert_eq!(error.to_string(), "expected status 200, found 301");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchFailure`] tells the cause.
    pub fn judge(
        self,
        response: &PolicyResponse<'_>,
    ) -> Result<(Policy, Deviations<PolicyDeviation>), FetchFailure> {
        if response.status != 200 {
            return Err(FetchFailure::Status { found: response.status });
        }
        if let Some(found) = response.content_encoding {
            return Err(FetchFailure::ContentEncoding { found: shown(found) });
        }
        if !response.media_type.is_some_and(is_text_plain) {
            return Err(FetchFailure::MediaType { found: response.media_type.map(shown) });
        }
        if response.body.len() > self.limits.body {
            return Err(FetchFailure::BodyTooLarge { limit: self.limits.body });
        }
        Policy::parse_within(response.body, Reading::Tolerant, self.limits.body)
            .map_err(FetchFailure::Policy)
    }
}

impl fmt::Display for PolicyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}{}", self.host(), Self::PATH)
    }
}

/// The final response to a [`PolicyRequest`]: not a 1xx, and after the transfer
/// coding is undone.
///
/// A driver that stops reading at the limit gives what it has read, at least one
/// octet more than the limit, or [`TransportFailure::BodyTooLarge`].
#[derive(Debug, Clone, Copy)]
pub struct PolicyResponse<'a> {
    status: u16,
    media_type: Option<&'a [u8]>,
    content_encoding: Option<&'a [u8]>,
    body: &'a [u8],
}

impl<'a> PolicyResponse<'a> {
    /// A response without header fields.
    #[must_use]
    pub const fn new(status: u16, body: &'a [u8]) -> Self {
        Self { status, media_type: None, content_encoding: None, body }
    }

    /// Adds a header field. All of them may be given; what is looked at is
    /// `Content-Type`, of which each must be `text/plain` where there are several, and
    /// `Content-Encoding`, which must not be there or be `identity`.
    #[must_use]
    pub fn with_field<V: AsRef<[u8]> + ?Sized>(mut self, name: &str, value: &'a V) -> Self {
        let value = value.as_ref();
        if name.eq_ignore_ascii_case("content-type") {
            // The first that is wrong counts.
            if self.media_type.is_none_or(is_text_plain) {
                self.media_type = Some(value);
            }
        } else if name.eq_ignore_ascii_case("content-encoding") && !is_identity(value) {
            self.content_encoding.get_or_insert(value);
        }
        self
    }
}

/// `text/plain`, with whatever parameters (§3.2; RFC 9110 §8.3.1).
fn is_text_plain(value: &[u8]) -> bool {
    let essence = value.split(|&b| b == b';').next().unwrap_or_default();
    without_blanks(essence).eq_ignore_ascii_case(b"text/plain")
}

/// A list of nothing but `identity` (RFC 9110 §8.4).
fn is_identity(value: &[u8]) -> bool {
    value
        .split(|&b| b == b',')
        .map(without_blanks)
        .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
}

fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn shown(text: &[u8]) -> Box<str> {
    escape(text).to_string().into()
}

/// Why a fetch has brought no policy (RFC 8461 §3.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchFailure {
    /// There is no whole response; see the `source()`.
    #[error("policy not fetched")]
    Transport(#[source] TransportFailure),
    /// A status other than 200; redirects are not followed.
    #[error("expected status 200, found {found}")]
    Status {
        /// The status.
        found: u16,
    },
    /// The body is encoded, which the request does not allow.
    #[error("expected no content coding, found `{found}`")]
    ContentEncoding {
        /// The value, shortened and [escaped](crate::escape).
        found: Box<str>,
    },
    /// The media type is not `text/plain`.
    #[error("expected the media type text/plain, found {}", Quoted(.found.as_deref()))]
    MediaType {
        /// The value, shortened and [escaped](crate::escape); none if there is no
        /// such field.
        found: Option<Box<str>>,
    },
    /// The body exceeds the limit.
    #[error("expected at most {limit} octets of body")]
    BodyTooLarge {
        /// The limit, in octets.
        limit: usize,
    },
    /// The body is no policy; see the `source()`.
    #[error("body is no policy")]
    Policy(#[source] ParsePolicyError),
}

impl FetchFailure {
    /// What a report calls it (RFC 8460 §4.3.2.2).
    #[must_use]
    pub fn failure(&self) -> Failure {
        use ResultType::StsPolicyFetchError;

        match self {
            Self::Transport(failure) => failure.failure(),
            Self::Status { found: 300..=399 } => {
                Failure::new(StsPolicyFetchError, ReasonCode::HttpRedirect)
            }
            Self::Status { .. } => Failure::new(StsPolicyFetchError, ReasonCode::HttpStatus),
            Self::ContentEncoding { .. } => {
                Failure::new(StsPolicyFetchError, ReasonCode::HttpContentEncoding)
            }
            Self::MediaType { .. } => Failure::new(StsPolicyFetchError, ReasonCode::HttpMediaType),
            Self::BodyTooLarge { .. } => {
                Failure::new(StsPolicyFetchError, ReasonCode::PolicyTooLarge)
            }
            Self::Policy(error) => Failure::new(error.result_type(), error.reason_code()),
        }
    }

    /// The body that was refused because it is no policy, as text.
    pub(crate) fn refused(&self) -> Option<&str> {
        match self {
            Self::Policy(error) => Some(error.received()),
            _ => None,
        }
    }
}

impl From<TransportFailure> for FetchFailure {
    fn from(failure: TransportFailure) -> Self {
        Self::Transport(failure)
    }
}

/// Text in quotes, or that there is none.
struct Quoted<'a>(Option<&'a str>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, "`{text}`"),
            None => f.write_str("none"),
        }
    }
}

/// Why there is no whole response: what whoever fetches has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TransportFailure {
    /// The addresses of the policy host could not be looked up.
    #[error(transparent)]
    Dns(DnsFailure),
    /// The policy host has no address.
    #[error("policy host has no address")]
    HostNotFound,
    /// It has only addresses to which remote data may not make us connect.
    #[error("policy host has no permitted address")]
    AddressNotPermitted,
    /// No connection could be made, or it broke.
    #[error("connection failed")]
    Connection,
    /// The time allowed is over.
    #[error("timed out")]
    Timeout,
    /// The handshake failed, or the certificate is not valid: a failure of a
    /// certificate's result type becomes `sts-webpki-invalid`.
    #[error("TLS failed: {}", .0.reason_code())]
    Tls(Failure),
    /// What came back is not HTTP.
    #[error("response is not HTTP")]
    Protocol,
    /// The header exceeds the limit.
    #[error("header of the response is too large")]
    HeaderTooLarge,
    /// The body exceeds the limit.
    #[error("body of the response is too large")]
    BodyTooLarge,
    /// The body ended before its announced end.
    #[error("body of the response is incomplete")]
    BodyIncomplete,
}

impl TransportFailure {
    /// What a report calls it (RFC 8460 §4.3.2.2).
    #[must_use]
    pub const fn failure(self) -> Failure {
        use ResultType::{
            CertificateExpired, CertificateHostMismatch, CertificateNotTrusted,
            StsPolicyFetchError, StsWebpkiInvalid,
        };

        let reason = match self {
            Self::Tls(failure) => match failure.result_type() {
                CertificateExpired
                | CertificateHostMismatch
                | CertificateNotTrusted
                | StsWebpkiInvalid => {
                    return Failure::new(StsWebpkiInvalid, failure.reason_code());
                }
                _ => failure.reason_code(),
            },
            Self::Dns(failure) => failure.reason_code(),
            Self::HostNotFound => ReasonCode::HostNotFound,
            Self::AddressNotPermitted => ReasonCode::AddressNotPermitted,
            Self::Connection => ReasonCode::ConnectionFailed,
            Self::Timeout => ReasonCode::Timeout,
            Self::Protocol => ReasonCode::HttpProtocol,
            Self::HeaderTooLarge => ReasonCode::HttpHeaderTooLarge,
            Self::BodyTooLarge => ReasonCode::PolicyTooLarge,
            Self::BodyIncomplete => ReasonCode::HttpBodyIncomplete,
        };
        Failure::new(StsPolicyFetchError, reason)
    }
}

impl From<DnsFailure> for TransportFailure {
    fn from(failure: DnsFailure) -> Self {
        Self::Dns(failure)
    }
}
