//! What came of fetching the policy.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::error::Error;
use core::time::Duration;

use super::server::{Fault, Server};
use super::text::{cut, cut_bytes};
use crate::reading::Deviations;
use crate::sts::fetch::{FetchFailure, FetchLimits, PolicyRequest, PolicyResponse};
use crate::sts::{Policy, PolicyDeviation, PolicyDomain};

/// The header fields that observations keep: those that decide whether a response is a
/// policy (RFC 8461 §3.3), and whither a redirect leads.
pub const FIELDS: [&str; 3] = ["Content-Type", "Content-Encoding", "Location"];

/// How many header fields of a response are kept; one of each would be right.
pub const MAX_FIELDS: usize = 16;

/// How many octets of a field's value are kept: the URIs that RFC 9110 §4.1 wants
/// supported are as long.
pub const MAX_FIELD_VALUE: usize = 8_000;

/// How many octets of a body are kept: one more than any limit of a fetch, so that what
/// was too large still is.
pub const MAX_BODY: usize = FetchLimits::MAX_BODY.saturating_add(1);

/// What came of fetching the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    result: Result<Response, Fault>,
    server: Server,
    took: Option<Duration>,
}

impl Fetch {
    /// A response, or why there was none.
    #[must_use]
    pub fn new(result: Result<Response, Fault>) -> Self {
        Self { result, server: Server::default(), took: None }
    }

    /// What was seen of the policy host.
    #[must_use]
    pub fn with_server(mut self, server: Server) -> Self {
        self.server = server;
        self
    }

    /// It took so long, in whole milliseconds; what is beyond them is dropped.
    #[must_use]
    pub const fn with_took(mut self, took: Duration) -> Self {
        self.took = Some(whole_milliseconds(took));
        self
    }

    /// The response, whatever is in it, or why there is none.
    ///
    /// # Errors
    ///
    /// What was met.
    pub const fn result(&self) -> Result<&Response, &Fault> {
        self.result.as_ref()
    }

    /// What was seen of the policy host.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// How long it took, from the look-up of the policy host to the end of the body.
    #[must_use]
    pub const fn took(&self) -> Option<Duration> {
        self.took
    }

    /// The policy, or what stands in its way, as a sender sees it.
    ///
    /// # Errors
    ///
    /// What the [judgement](Response::judge) says, or why there is no response.
    pub fn policy(&self, domain: &PolicyDomain) -> Result<Policy, Fault> {
        let response = self.result().map_err(Fault::clone)?;
        match response.judge(domain) {
            Ok((policy, _)) => Ok(policy),
            Err(failure) => Err(Fault::from(&failure)),
        }
    }
}

/// As much of a duration as the JSON form has.
pub(super) const fn whole_milliseconds(took: Duration) -> Duration {
    let beyond = took.subsec_nanos() % 1_000_000;
    took.saturating_sub(Duration::new(0, beyond))
}

/// The failure, and its text with that of its source.
impl From<&FetchFailure> for Fault {
    fn from(failure: &FetchFailure) -> Self {
        let text = match failure.source() {
            Some(source) => [failure.to_string(), source.to_string()].join(": "),
            None => failure.to_string(),
        };
        Self::new(failure.failure(), text)
    }
}

/// A response of the policy host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Response {
    /// A response without header fields; at most [`MAX_BODY`] octets of the body are kept.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, fields: Vec::new(), body: cut_bytes(body.into(), MAX_BODY) }
    }

    /// Adds a header field. Kept are at most [`MAX_FIELDS`] of those named in [`FIELDS`],
    /// and of each value [`MAX_FIELD_VALUE`] octets.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        let known = FIELDS.iter().find(|known| known.eq_ignore_ascii_case(name));
        if let Some(name) = known.filter(|_| self.fields.len() < MAX_FIELDS) {
            self.fields
                .push((cut((*name).into(), name.len()), cut_bytes(value.into(), MAX_FIELD_VALUE)));
        }
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The header fields that were kept, in their order; values as received.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The values of the header fields of that name, one of [`FIELDS`], in their order.
    pub fn field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value)
    }

    /// The body as received; whoever fetches need not read that of a response which is no
    /// policy by its header.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What a sender makes of it, with the default [limits](FetchLimits).
    ///
    /// # Errors
    ///
    /// [`FetchFailure`] tells the cause.
    pub fn judge(
        &self,
        domain: &PolicyDomain,
    ) -> Result<(Policy, Deviations<PolicyDeviation>), FetchFailure> {
        let response = PolicyResponse::new(self.status, &self.body);
        let response = self
            .fields()
            .fold(response, |response, (name, value)| response.with_field(name, value));
        PolicyRequest::new(domain, FetchLimits::default()).judge(&response)
    }
}
