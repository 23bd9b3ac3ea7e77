//! How another HTTP library is plugged in: [`PolicyFetch`] by reqwest, with the settings
//! that keep the rules of RFC 8461 §3.3.
//!
//! ```text
//! cargo run --features full --example reqwest_fetch
//! ```
//!
//! It needs no network: it fetches from a server of its own on loopback, first under the
//! default guard, which refuses loopback, then with the permission.
//!
//! What reqwest cannot be told: the size of the header is bounded by its own limit (some
//! 400 KiB), interim responses by nothing but the time, and a chain of addresses shares
//! one time-out. The crate's own `HttpsClient` (feature `https`) bounds each.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use mta_sts::DomainName;
use mta_sts::certificate::trust_anchor;
use mta_sts::client::{
    AddressLookup, BoxFuture, Evidence, FetchError, Fetched, Lookup, PolicyFetch, Response,
};
use mta_sts::guard::Guard;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::apply::TlsOutcome;
use mta_sts::sts::fetch::{FetchLimits, PolicyRequest, TransportFailure};
use mta_sts::txt::DnsFailure;
use mta_sts::verifier::{OnInvalid, Record, Verification};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect, retry};
use rustls::crypto::ring;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const DOMAIN: &str = "example.com";
const HOST: &str = "mta-sts.example.com";
const POLICY: &str = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";

type AnyError = Box<dyn Error + Send + Sync>;

/// Fetches policies by reqwest.
struct ReqwestFetch {
    dns: GuardedDns,
    verification: Verification,
}

impl ReqwestFetch {
    /// A client for one request. It cannot be shared: the verifier in it is that of one
    /// connection, and records what it sees.
    fn client(&self, request: PolicyRequest<'_>) -> Result<(Client, Record), AnyError> {
        let (tls, _, record) =
            self.verification.connection(&request.host_name(), OnInvalid::Refuse)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls) // the provider, the roots, TLS 1.2 and 1.3
            .https_only(true)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .no_gzip() // and so on, for whoever has compiled them in
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .referer(false)
            .pool_max_idle_per_host(0)
            .dns_resolver(self.dns.clone())
            .timeout(request.limits().time())
            .build()?;
        Ok((client, record))
    }

    async fn get(&self, request: PolicyRequest<'_>) -> Fetched {
        let Ok((client, record)) = self.client(request) else {
            return Err(FetchError::Failed(TransportFailure::Connection)).into();
        };
        let mut evidence = Evidence::default();
        let result = exchange(&client, request, &record, &mut evidence).await;
        evidence = evidence.with_chain(record.chain().to_vec());
        if let Some(Err(failure)) = record.result() {
            evidence = evidence.with_certificate_failure(failure.clone());
        }
        Fetched::from(result.map_err(FetchError::Failed)).with_evidence(evidence)
    }
}

impl PolicyFetch for ReqwestFetch {
    fn fetch<'a>(&'a self, request: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        Box::pin(self.get(request))
    }
}

async fn exchange(
    client: &Client,
    request: PolicyRequest<'_>,
    record: &Record,
    evidence: &mut Evidence,
) -> Result<Response, TransportFailure> {
    let mut http = client.get(request.to_string());
    for (name, value) in PolicyRequest::FIELDS {
        http = http.header(name, value);
    }
    let mut received = http.send().await.map_err(|error| before_body(&error, record))?;
    if let Some(address) = received.remote_addr() {
        *evidence = evidence.clone().with_address(address);
    }

    let mut response = Response::new(received.status().as_u16(), Vec::new());
    for (name, value) in received.headers() {
        response = response.with_field(name.as_str(), value.as_bytes());
    }
    let mut body = Vec::new();
    while let Some(chunk) = received.chunk().await.map_err(|error| in_body(&error))? {
        if chunk.len() > request.limits().body().saturating_sub(body.len()) {
            return Err(TransportFailure::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.with_body(body))
}

fn before_body(error: &reqwest::Error, record: &Record) -> TransportFailure {
    if let Some(failure) = cause::<TransportFailure>(error) {
        return *failure;
    }
    let tls = cause::<rustls::Error>(error).map(|error| record.failed_by(error));
    match tls {
        Some(TlsOutcome::HandshakeFailed(failure)) => TransportFailure::Tls(failure),
        _ if error.is_timeout() => TransportFailure::Timeout,
        _ if error.is_connect() => TransportFailure::Connection,
        _ => TransportFailure::Protocol,
    }
}

fn in_body(error: &reqwest::Error) -> TransportFailure {
    match error.is_timeout() {
        true => TransportFailure::Timeout,
        false => TransportFailure::BodyIncomplete,
    }
}

/// The first error of this type among an error and its causes. An I/O error hides from
/// `source()` what it was made of.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// DNS for reqwest: it connects only to addresses that the guard has let through, and to
/// these without a second look-up.
#[derive(Clone)]
struct GuardedDns {
    addresses: Arc<dyn AddressLookup>,
    guard: Guard,
    /// 443; or that of the server on loopback, which may not listen there.
    port: u16,
}

impl Resolve for GuardedDns {
    fn resolve(&self, name: Name) -> Resolving {
        let dns = self.clone();
        Box::pin(async move { Ok(dns.permitted(name.as_str()).await?) })
    }
}

impl GuardedDns {
    async fn permitted(&self, host: &str) -> Result<Addrs, TransportFailure> {
        let found = self.addresses.addresses(&format!("{host}.")).await?.into_records();
        if found.is_empty() {
            return Err(TransportFailure::HostNotFound);
        }
        let permitted =
            found.into_iter().filter(|address| self.guard.judge(host, *address).is_ok());
        let permitted: Vec<_> = permitted.map(|ip| SocketAddr::new(ip, self.port)).collect();
        match permitted.is_empty() {
            true => Err(TransportFailure::AddressNotPermitted),
            false => Ok(Box::new(permitted.into_iter())),
        }
    }
}

/// DNS that says of every host that it is here; otherwise feature `resolver` has one.
struct Loopback;

impl AddressLookup for Loopback {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        Box::pin(async { Ok(Lookup::found([Ipv4Addr::LOCALHOST.into()])) })
    }
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let certificate = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
    let root = certificate.cert.der().clone();
    let verification =
        Verification::new(Arc::new(ring::default_provider()), [trust_anchor(&root)?.to_owned()]);
    let port = serve(certificate).await?;

    let domain = PolicyDomain::from_next_hop(DOMAIN)?;
    let request = PolicyRequest::new(&domain, FetchLimits::default());
    let permission = Guard::default().permit_host(&DomainName::parse(HOST)?);
    for guard in [Guard::default(), permission] {
        let dns = GuardedDns { addresses: Arc::new(Loopback), guard, port };
        let fetcher = ReqwestFetch { dns, verification: verification.clone() };
        show(request, &fetcher.fetch(request).await);
    }
    Ok(())
}

fn show(request: PolicyRequest<'_>, fetched: &Fetched) {
    let response = match fetched.result() {
        Ok(response) => response,
        Err(error) => return println!("{request}: {error}"),
    };
    match request.judge(&response.as_policy_response()) {
        Ok((policy, _)) => println!("{request}: mode {}", policy.mode()),
        Err(failure) => println!("{request}: {failure} ({})", failure.failure()),
    }
}

/// A policy host on loopback; gives its port.
async fn serve(certificate: rcgen::CertifiedKey<rcgen::KeyPair>) -> Result<u16, AnyError> {
    let chain = vec![certificate.cert.der().clone()];
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, certificate.signing_key.into())?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
            let mut header = Vec::new();
            while !header.ends_with(b"\r\n\r\n") {
                let Ok(octet) = stream.read_u8().await else { break };
                header.push(octet);
            }
            let response = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{POLICY}",
                POLICY.len()
            );
            let _ = stream.write_all(response.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    Ok(port)
}
