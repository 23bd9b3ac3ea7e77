//! One request and its response, on a connection of its own.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::{Request, ext};
use hyper_util::rt::TokioIo;
use rustls::ProtocolVersion;
use rustls_pki_types::DnsName;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::{of_body, of_handshake, of_header};
use super::{HttpsClient, MAX_FIELDS, MAX_INTERIM};
use crate::client::{Connection, Evidence, FetchError, Response, TlsProtocol};
use crate::failure::{Failure, ReasonCode, ResultType};
use crate::sts::fetch::{FetchLimits, TransportFailure};
use crate::verifier::{OnInvalid, Record};

/// The body of a request.
pub(super) type Sent = Full<Bytes>;

/// To whom a request goes, and what it may cost.
pub(super) struct Exchange<'a> {
    pub(super) client: &'a HttpsClient,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) name: DnsName<'a>,
    pub(super) on_invalid: OnInvalid,
    pub(super) limits: FetchLimits,
}

/// What has been seen of the server so far.
#[derive(Default)]
pub(super) struct Seen {
    address: Option<SocketAddr>,
    version: Option<TlsProtocol>,
    record: Option<Record>,
}

impl Exchange<'_> {
    /// Sends the request and gives the response; the body is empty unless the header
    /// makes it wanted. Whatever ends this, dropping it included, ends the connection.
    pub(super) async fn run(
        &self,
        request: Request<Sent>,
        wants_body: impl Fn(&Response) -> bool,
        seen: &mut Seen,
    ) -> Result<Response, FetchError> {
        let now = Instant::now();
        let until = now.checked_add(self.limits.time()).unwrap_or(now);
        let all = async {
            let connection = self.client.dialer.connect(self.host, self.port, until).await?;
            seen.address = Some(connection.address());
            let stream = self.handshake(connection, seen).await?;
            let mut http = Http::new(stream, self.limits).await?;
            let header = timeout(self.client.stages.header(), http.header(request));
            let (mut response, body) = header.await.map_err(|_| TransportFailure::Timeout)??;
            if wants_body(&response) {
                let body = http.body(body, self.limits.body()).await?;
                response = response.with_body(body);
            }
            Ok(response)
        };
        timeout_at(until, all).await.unwrap_or(Err(TransportFailure::Timeout.into()))
    }

    async fn handshake(
        &self,
        connection: Connection,
        seen: &mut Seen,
    ) -> Result<TlsStream<Connection>, TransportFailure> {
        let verification = &self.client.verification;
        let (mut config, name, record) =
            verification.connection(&self.name, self.on_invalid).map_err(|_| NO_HANDSHAKE)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        seen.record = Some(record.clone());
        let connector = TlsConnector::from(Arc::new(config));
        let handshake = connector.connect(name, connection);
        let stream = timeout(self.client.stages.handshake(), handshake)
            .await
            .map_err(|_| TransportFailure::Timeout)?
            .map_err(|error| of_handshake(&error, &record))?;
        seen.version = stream.get_ref().1.protocol_version().and_then(version);
        Ok(stream)
    }
}

/// The provider has changed its mind since [`HttpsClient::new`].
const NO_HANDSHAKE: TransportFailure =
    TransportFailure::Tls(Failure::new(ResultType::ValidationFailure, ReasonCode::TlsHandshake));

fn version(version: ProtocolVersion) -> Option<TlsProtocol> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsProtocol::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsProtocol::Tls13),
        _ => None,
    }
}

impl From<Seen> for Evidence {
    fn from(seen: Seen) -> Self {
        let mut evidence = Self::default();
        if let Some(address) = seen.address {
            evidence = evidence.with_address(address);
        }
        if let Some(version) = seen.version {
            evidence = evidence.with_version(version);
        }
        let Some(record) = seen.record else { return evidence };
        evidence = evidence.with_chain(record.chain().to_vec());
        match record.result() {
            Some(Err(failure)) => evidence.with_certificate_failure(failure.clone()),
            Some(Ok(())) | None => evidence,
        }
    }
}

/// HTTP on a connection. It is driven only while something is asked of it, by whoever
/// asks: no task is spawned that could outlive the request.
struct Http<T: Read + Write + Unpin> {
    sender: http1::SendRequest<Sent>,
    /// None once it has ended.
    connection: Option<http1::Connection<T, Sent>>,
    /// How many responses of status 1xx there were.
    interim: Arc<AtomicUsize>,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Http<TokioIo<S>> {
    async fn new(stream: S, limits: FetchLimits) -> Result<Self, TransportFailure> {
        let (sender, connection) = http1::Builder::new()
            .max_headers(MAX_FIELDS)
            .max_header_size(limits.header())
            // A header that may be larger than hyper's buffer would not fit there. No
            // less than 8 KiB, which hyper demands: `FetchLimits::HEADER_RANGE`.
            .max_buf_size(limits.header())
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| of_header(&error))?;
        Ok(Self { sender, connection: Some(connection), interim: Arc::default() })
    }
}

impl<T: Read + Write + Unpin> Http<T> {
    /// Sends the request, and reads the header of the final response.
    async fn header(
        &mut self,
        mut request: Request<Sent>,
    ) -> Result<(Response, Incoming), TransportFailure> {
        let interim = self.interim.clone();
        ext::on_informational(&mut request, move |_| {
            interim.fetch_add(1, Ordering::Relaxed);
        });
        let sent = self.sender.send_request(request);
        let response = self.drive(sent).await?.map_err(|error| of_header(&error))?;
        let (parts, body) = response.into_parts();
        let header = Response::new(parts.status.as_u16(), Vec::new());
        let header = parts.headers.iter().fold(header, |header, (name, value)| {
            header.with_field(name.as_str(), value.as_bytes())
        });
        Ok((header, body))
    }

    /// Reads the body, at most one octet more than `limit`.
    async fn body(
        &mut self,
        mut body: Incoming,
        limit: usize,
    ) -> Result<Vec<u8>, TransportFailure> {
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > limit {
            return Err(TransportFailure::BodyTooLarge);
        }
        let mut read = Vec::with_capacity(announced);
        while let Some(frame) = self.drive(body.frame()).await? {
            let frame = frame.map_err(|error| of_body(&error))?;
            let Some(data) = frame.data_ref() else { continue };
            if data.len() > limit.saturating_sub(read.len()) {
                return Err(TransportFailure::BodyTooLarge);
            }
            read.extend_from_slice(data);
        }
        Ok(read)
    }

    /// Drives the connection until the work is done, or there are too many interim
    /// responses.
    async fn drive<R>(&mut self, work: impl Future<Output = R>) -> Result<R, TransportFailure> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            // What ends the connection reaches the work, too, unless it is over by then.
            if let Some(connection) = &mut self.connection
                && Pin::new(connection).poll(cx).is_ready()
            {
                self.connection = None;
            }
            if self.interim.load(Ordering::Relaxed) > MAX_INTERIM {
                return Poll::Ready(Err(TransportFailure::Protocol));
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}
