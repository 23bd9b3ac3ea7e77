//! What the client asks of an HTTPS client, and what it takes as an answer.
//!
//! This opens no connection: `https` (feature `https`) does.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rustls_pki_types::CertificateDer;

use super::BoxFuture;
#[cfg(feature = "webpki")]
use crate::certificate::CertificateFailure;
pub use crate::observations::TlsProtocol;
use crate::sts::fetch::{PolicyRequest, PolicyResponse, TransportFailure};

/// Fetches policies (RFC 8461 §3.3).
///
/// Whoever implements it keeps what [`PolicyRequest`] says: one GET on port 443, the
/// certificate checked against the policy host, no redirect followed, no HTTP cache, no
/// proxy from the environment, no cookies, the limits kept while reading; and it connects to no
/// address that [`Guard`](crate::guard::Guard) refuses.
pub trait PolicyFetch: Send + Sync {
    /// Makes the request. The client bounds the time, and drops the future when it is
    /// over.
    fn fetch<'a>(&'a self, request: PolicyRequest<'a>) -> BoxFuture<'a, Fetched>;
}

/// What came of a fetch.
#[derive(Debug, Clone)]
pub struct Fetched {
    result: Result<Response, FetchError>,
    evidence: Evidence,
}

impl Fetched {
    /// The response, or why there is none.
    ///
    /// # Errors
    ///
    /// [`FetchError`] tells whose fault it is.
    pub const fn result(&self) -> Result<&Response, FetchError> {
        match &self.result {
            Ok(response) => Ok(response),
            Err(error) => Err(*error),
        }
    }

    /// What was seen on the way.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Adds what was seen on the way.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }
}

impl From<Result<Response, FetchError>> for Fetched {
    fn from(result: Result<Response, FetchError>) -> Self {
        Self { result, evidence: Evidence::default() }
    }
}

/// The final response to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Response {
    /// A response without header fields.
    #[must_use]
    pub const fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, fields: Vec::new(), body }
    }

    /// Adds a header field; see [`PolicyResponse::with_field`].
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// With this body instead.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body, as far as it was read: it need not be where the header says that there
    /// is no policy in it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The values of the header fields of that name, in their order.
    pub fn field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice())
    }

    /// The response as the [judgement](PolicyRequest::judge) takes it.
    #[must_use]
    pub fn as_policy_response(&self) -> PolicyResponse<'_> {
        let response = PolicyResponse::new(self.status, &self.body);
        self.fields
            .iter()
            .fold(response, |response, (name, value)| response.with_field(name, value))
    }
}

/// Why there is no whole response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "theirs or ours")]
pub enum FetchError {
    /// It has failed: the policy host's fault, or the network's.
    #[error(transparent)]
    Failed(#[from] TransportFailure),
    /// It was not tried: we had too much to do, and the time to wait was over. Nobody is
    /// to be blamed, so this is remembered nowhere and reported to nobody.
    #[error("not fetched: too busy")]
    Busy,
}

/// What was seen of a server on the way to a response, whether or not there was one: for
/// an audit, not for a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    address: Option<SocketAddr>,
    version: Option<TlsProtocol>,
    chain: Vec<CertificateDer<'static>>,
    #[cfg(feature = "webpki")]
    certificate: Option<CertificateFailure>,
}

impl Evidence {
    /// Connected to this address.
    #[must_use]
    pub const fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The handshake ended with this version.
    #[must_use]
    pub const fn with_version(mut self, version: TlsProtocol) -> Self {
        self.version = Some(version);
        self
    }

    /// The server has shown these certificates, first its own.
    #[must_use]
    pub fn with_chain(mut self, chain: Vec<CertificateDer<'static>>) -> Self {
        self.chain = chain;
        self
    }

    /// What is wrong with them.
    #[cfg(feature = "webpki")]
    #[must_use]
    pub fn with_certificate_failure(mut self, failure: CertificateFailure) -> Self {
        self.certificate = Some(failure);
        self
    }

    /// The address connected to.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The version of TLS, if a handshake ended well.
    #[must_use]
    pub const fn version(&self) -> Option<TlsProtocol> {
        self.version
    }

    /// The certificates that the server has shown, first its own, valid or not.
    #[must_use]
    pub const fn chain(&self) -> &[CertificateDer<'static>] {
        self.chain.as_slice()
    }

    /// What is wrong with them, all of it.
    #[cfg(feature = "webpki")]
    #[must_use]
    pub const fn certificate_failure(&self) -> Option<&CertificateFailure> {
        self.certificate.as_ref()
    }
}
