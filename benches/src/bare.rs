//! The requests of a discovery by the bare libraries: what `client` is compared with.
//!
//! TXT, then the addresses of the policy host, then one GET over TLS with the verifier
//! of rustls. Nothing is read but the body, and nothing judged but the certificate.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::loopback::Servers;

/// What can go wrong.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The libraries, set up.
#[derive(Clone)]
pub struct Bare {
    resolver: TokioResolver,
    connector: TlsConnector,
    port: u16,
}

impl std::fmt::Debug for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bare").finish_non_exhaustive()
    }
}

impl Bare {
    /// For these servers.
    ///
    /// # Errors
    ///
    /// The resolver cannot be made.
    pub fn new(servers: &Servers) -> Result<Self, Failure> {
        let connector = TlsConnector::from(Arc::new(tls(servers)?));
        Ok(Self { resolver: resolver(servers)?, connector, port: servers.https })
    }

    /// Looks up the record and gets the policy of a domain.
    ///
    /// # Errors
    ///
    /// Something has failed.
    pub async fn get(&self, domain: &str) -> Result<Bytes, Failure> {
        let records = self.resolver.txt_lookup(format!("_mta-sts.{domain}.")).await?;
        if records.answers().is_empty() {
            return Err("no record".into());
        }
        let host = format!("mta-sts.{domain}");
        let addresses = self.resolver.lookup_ip(format!("{host}.")).await?;
        let address = addresses.iter().next().ok_or("no address")?;
        let stream = TcpStream::connect((address, self.port)).await?;
        let name = ServerName::try_from(host.clone())?;
        let stream = self.connector.connect(name, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::get("/.well-known/mta-sts.txt")
            .header(header::HOST, host)
            .header(header::ACCEPT_ENCODING, "identity")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let body = Limited::new(response.into_body(), 65_536).collect().await?.to_bytes();
        connection.abort();
        Ok(body)
    }
}

fn resolver(servers: &Servers) -> Result<TokioResolver, Failure> {
    let mut connection = ConnectionConfig::udp();
    connection.port = servers.dns;
    let server = NameServerConfig::new(IpAddr::V4(Ipv4Addr::LOCALHOST), true, vec![connection]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = 0;
    Ok(builder.build()?)
}

fn tls(servers: &Servers) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(servers.root.clone())?;
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}
