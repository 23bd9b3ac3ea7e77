//! Reports by POST (RFC 8460 §3, §5.4).

use alloc::boxed::Box;

use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Uri};

use super::exchange::{Exchange, Seen, Sent};
use super::{HttpsClient, ascii};
use crate::client::submit::PostReport;
use crate::client::{BoxFuture, FetchError};
use crate::failure::ResultType;
use crate::sts::fetch::TransportFailure;
use crate::tlsrpt::submit::{CertificateErrors, PostRequest, SubmitFailure};
use crate::verifier::OnInvalid;

impl HttpsClient {
    /// Posts a report, packed as [`PostRequest::media_type`] says: once, to the endpoint
    /// alone, and under the [guard](crate::guard), whatever the certificate is worth.
    ///
    /// With [`CertificateErrors::Ignore`] a certificate that is not valid does not end the
    /// handshake; that the server has its key is verified all the same.
    ///
    /// # Errors
    ///
    /// [`SubmitFailure`]; when this client has too much to do already, too.
    pub async fn post(&self, request: PostRequest<'_>, report: &[u8]) -> Result<(), SubmitFailure> {
        let http = self.post_request(request, report)?;
        let mut seen = Seen::default();
        let exchange = Exchange {
            client: self,
            host: request.host().as_str(),
            port: request.port(),
            name: request.host().to_dns_name(),
            on_invalid: match request.certificate_errors() {
                CertificateErrors::Fail => OnInvalid::Refuse,
                CertificateErrors::Ignore => OnInvalid::Record,
            },
            limits: self.post_limits,
        };
        match exchange.run(http, |_| false, &mut seen).await {
            Ok(response) => request.judge(response.status()),
            Err(error) => Err(failure(error)),
        }
    }

    fn post_request(
        &self,
        request: PostRequest<'_>,
        report: &[u8],
    ) -> Result<Request<Sent>, SubmitFailure> {
        let mut http = Request::new(Sent::new(Bytes::copy_from_slice(report)));
        *http.method_mut() = Method::POST;
        // A target may be longer than an HTTP library takes, and then cannot be reached.
        let target = request.path_and_query();
        *http.uri_mut() = target.parse::<Uri>().map_err(|_| SubmitFailure::Transport)?;
        let fields = http.headers_mut();
        fields.insert(HOST, authority(request));
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(request.media_type().as_str()));
        fields.insert(CONTENT_LENGTH, HeaderValue::from(report.len()));
        self.add_common(fields);
        Ok(http)
    }
}

impl PostReport for HttpsClient {
    fn post<'a>(
        &'a self,
        request: PostRequest<'a>,
        report: &'a [u8],
    ) -> BoxFuture<'a, Result<(), SubmitFailure>> {
        Box::pin(Self::post(self, request, report))
    }
}

/// Without the port where it is that of HTTPS (RFC 9110 §7.2).
fn authority(request: PostRequest<'_>) -> HeaderValue {
    let host = request.host();
    match request.port() {
        443 => ascii(host.as_str()),
        port => ascii(&alloc::format!("{host}:{port}")),
    }
}

fn failure(error: FetchError) -> SubmitFailure {
    match error {
        FetchError::Failed(TransportFailure::AddressNotPermitted) => {
            SubmitFailure::AddressNotPermitted
        }
        FetchError::Failed(failure)
            if failure.failure().result_type() == ResultType::StsWebpkiInvalid =>
        {
            SubmitFailure::Certificate
        }
        FetchError::Failed(_) | FetchError::Busy => SubmitFailure::Transport,
    }
}
