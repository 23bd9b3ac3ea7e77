//! Policies and reports by HTTPS (feature `https`): one request a connection, by hyper and
//! tokio-rustls.
//!
//! A GET (RFC 8461 §3.3) and a POST (RFC 8460 §3) go the same way: the [`Dialer`] looks
//! the host up, lets the [guard](crate::guard) judge its addresses and connects; TLS 1.2
//! or 1.3 by [`Verification`]; HTTP/1.1. No redirect is followed; there is no cache, no
//! proxy, no cookie, no content coding, no session to resume and no connection to use
//! again. What a fetch may cost is said by [`FetchLimits`] and [`StageLimits`].
//!
//! This judges no policy: that is [`PolicyRequest::judge`].
//!
//! # Limits
//!
//! - The body is read only if status, media type and content coding allow a policy:
//!   whoever serves an endless page of errors is not listened to.
//! - A body that only the end of the connection delimits must be ended by TLS
//!   (`close_notify`, RFC 8446 §6.1): what was cut might be any line of the policy.
//!   Without it there is no policy ([`TransportFailure::BodyIncomplete`]).
//! - At most [`MAX_FIELDS`] header fields and [`MAX_INTERIM`] responses of status 1xx.
//! - HTTP/1.0 and HTTP/1.1 are understood, HTTP/0.9 and HTTP/2 are not; ALPN says so.
//! - Trailers are ignored, and no revocation is looked for but what [`Verification`] does.

mod exchange;
mod failure;
mod limits;
mod post;
mod roots;

use alloc::boxed::Box;
use alloc::string::ToString as _;

use hyper::body::Bytes;
use hyper::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use rustls_pki_types::DnsName;

use self::exchange::{Exchange, Seen, Sent};
pub use self::limits::StageLimits;
pub use self::roots::{NoRoots, Roots};
use super::{BoxFuture, Dialer, Fetched, PolicyFetch, Response};
use crate::escape::escape;
use crate::sts::fetch::{FetchFailure, FetchLimits, PolicyRequest};
use crate::verifier::{OnInvalid, Verification};

#[cfg(doc)]
use crate::sts::fetch::TransportFailure;

/// How many header fields a response may have: servers send ten to thirty.
pub const MAX_FIELDS: usize = 100;

/// How many responses of status 1xx (RFC 9110 §15.2) may come before the final one: a
/// server has no reason to send any, and some send a few early hints.
pub const MAX_INTERIM: usize = 10;

/// Fetches policies and posts reports by HTTPS.
///
/// ```no_run
/// use std::sync::Arc;
/// use mta_sts::client::https::{HttpsClient, Roots};
/// use mta_sts::client::{AddressLookup, Dialer};
/// use mta_sts::verifier::Verification;
/// use rustls::crypto::CryptoProvider;
///
/// fn client(
///     dns: Arc<dyn AddressLookup>,
///     provider: Arc<CryptoProvider>,
/// ) -> Result<HttpsClient, Box<dyn std::error::Error>> {
///     let verification = Verification::new(provider, Roots::mozilla());
///     Ok(HttpsClient::new(Dialer::new(dns), verification)?)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct HttpsClient {
    dialer: Dialer,
    verification: Verification,
    stages: StageLimits,
    post_limits: FetchLimits,
    user_agent: HeaderValue,
}

impl HttpsClient {
    /// Connects by `dialer`, and verifies certificates by `verification`.
    ///
    /// # Errors
    ///
    /// The provider of `verification` has no cipher suite of TLS 1.2 or 1.3.
    pub fn new(dialer: Dialer, verification: Verification) -> Result<Self, rustls::Error> {
        let any =
            DnsName::try_from("mta-sts.invalid").map_err(|_| rustls::Error::UnsupportedNameType)?;
        verification.connection(&any, OnInvalid::Refuse)?;
        Ok(Self {
            dialer,
            verification,
            stages: StageLimits::default(),
            post_limits: FetchLimits::default(),
            user_agent: HeaderValue::from_static(USER_AGENT_TEXT),
        })
    }

    /// Gives each stage of a request so much time.
    #[must_use]
    pub const fn with_stage_limits(mut self, stages: StageLimits) -> Self {
        self.stages = stages;
        self
    }

    /// What the POST of a report may cost; of its response the body is not read. A GET
    /// says it itself ([`PolicyRequest::limits`]).
    #[must_use]
    pub const fn with_post_limits(mut self, limits: FetchLimits) -> Self {
        self.post_limits = limits;
        self
    }

    /// Calls itself by this in `User-Agent` (RFC 9110 §10.1.5); by default the name and
    /// version of this crate. Operators of policy hosts find us by it.
    ///
    /// # Errors
    ///
    /// [`InvalidUserAgent`].
    pub fn with_user_agent(mut self, text: &str) -> Result<Self, InvalidUserAgent> {
        let printable = |text: &str| text.bytes().all(|b| matches!(b, b' '..=b'~'));
        self.user_agent = match HeaderValue::from_str(text) {
            Ok(value) if printable(text) && !text.trim().is_empty() => value,
            _ => return Err(InvalidUserAgent { found: escape(text).to_string().into() }),
        };
        Ok(self)
    }

    async fn get(&self, request: PolicyRequest<'_>) -> Fetched {
        let mut seen = Seen::default();
        let exchange = Exchange {
            client: self,
            host: request.host(),
            port: PolicyRequest::PORT,
            name: request.host_name(),
            on_invalid: OnInvalid::Refuse,
            limits: request.limits(),
        };
        let may_be_policy = |header: &Response| {
            let judged = request.judge(&header.as_policy_response());
            matches!(judged, Ok(_) | Err(FetchFailure::Policy(_)))
        };
        let http = self.get_request(request);
        let result = exchange.run(http, may_be_policy, &mut seen).await;
        Fetched::from(result).with_evidence(seen.into())
    }

    fn get_request(&self, request: PolicyRequest<'_>) -> Request<Sent> {
        let mut http = Request::new(Sent::new(Bytes::new()));
        *http.uri_mut() = Uri::from_static(PolicyRequest::PATH);
        let fields = http.headers_mut();
        fields.insert(HOST, ascii(request.host()));
        for (name, value) in PolicyRequest::FIELDS {
            fields.insert(name, HeaderValue::from_static(value));
        }
        self.add_common(fields);
        http
    }

    fn add_common(&self, fields: &mut hyper::HeaderMap) {
        fields.insert(USER_AGENT, self.user_agent.clone());
        fields.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

impl PolicyFetch for HttpsClient {
    fn fetch<'a>(&'a self, request: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        Box::pin(self.get(request))
    }
}

/// Of a text that is known to be ASCII: the name of a host, a number.
fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names of hosts and media types are printable ASCII")
}

const USER_AGENT_TEXT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The text cannot stand in `User-Agent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected printable ASCII characters, found `{found}`")]
pub struct InvalidUserAgent {
    found: Box<str>,
}
