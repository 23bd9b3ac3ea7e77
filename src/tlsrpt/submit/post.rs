//! A report by HTTPS POST (RFC 8460 §3, §5.4).

use alloc::string::String;

use super::{CertificateErrors, Config};
use crate::domain::DomainName;
use crate::tlsrpt::media::MediaType;
use crate::tlsrpt::uri::HttpsEndpoint;

/// The POST of a report: what is to be sent to where; the body is the packed report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostRequest<'a> {
    endpoint: &'a HttpsEndpoint<'a>,
    media_type: MediaType,
    certificate_errors: CertificateErrors,
}

impl<'a> PostRequest<'a> {
    /// The method.
    pub const METHOD: &'static str = "POST";

    pub(super) const fn new(endpoint: &'a HttpsEndpoint<'a>, config: &Config) -> Self {
        let Config { media_type, certificate_errors, .. } = *config;
        Self { endpoint, media_type, certificate_errors }
    }

    /// The host to connect to, for `Host` and SNI, and the name its certificate must have.
    #[must_use]
    pub const fn host(self) -> &'a DomainName {
        self.endpoint.host()
    }

    /// The port to connect to.
    #[must_use]
    pub const fn port(self) -> u16 {
        self.endpoint.port()
    }

    /// The target of the request.
    #[must_use]
    pub fn path_and_query(self) -> String {
        self.endpoint.path_and_query()
    }

    /// For `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> MediaType {
        self.media_type
    }

    /// What an invalid certificate means.
    #[must_use]
    pub const fn certificate_errors(self) -> CertificateErrors {
        self.certificate_errors
    }

    /// What the status of the response means: `2xx` is success, everything else is
    /// not. A redirect is not followed.
    ///
    /// # Errors
    ///
    /// [`SubmitFailure::Redirect`] or [`SubmitFailure::Status`].
    pub const fn judge(self, status: u16) -> Result<(), SubmitFailure> {
        match status {
            200..=299 => Ok(()),
            300..=399 => Err(SubmitFailure::Redirect { status }),
            _ => Err(SubmitFailure::Status { status }),
        }
    }
}

/// Why an attempt to send a report has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitFailure {
    /// The endpoint has answered with a redirect, which is not followed.
    #[error("redirect (status {status}), not followed")]
    Redirect {
        /// The status.
        status: u16,
    },
    /// The endpoint has not answered with `2xx`.
    #[error("status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// There is no response: no address, no connection, no answer in time, no HTTP.
    #[error("no response")]
    Transport,
    /// The host has only addresses to which remote data may not make us connect.
    #[error("no permitted address")]
    AddressNotPermitted,
    /// The certificate of the endpoint is not valid.
    #[error("certificate is not valid")]
    Certificate,
    /// The mail has not been accepted.
    #[error("mail was not accepted")]
    Mail,
}
