//! TLS servers on loopback that do as a script says, and a client that finds them by any
//! name: what is asked of it goes to the one server of the test.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mta_sts::client::https::HttpsClient;
use mta_sts::client::{AddressLookup, BoxFuture, Connect, Dialer, Lookup};
use mta_sts::guard::Guard;
use mta_sts::txt::DnsFailure;
use mta_sts::verifier::Verification;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A CA.
pub struct Ca(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub fn anchor(&self) -> TrustAnchor<'static> {
        mta_sts::certificate::trust_anchor(&self.certificate()).unwrap().to_owned()
    }

    /// A certificate for this name, valid until the end of that year.
    pub fn issue(&self, name: &str, last_year: i32) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf(name, last_year).signed_by(&key, &*self.0).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: key.into() }
    }
}

/// A certificate that is its own issuer.
pub fn self_signed(name: &str, last_year: i32) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = leaf(name, last_year).self_signed(&key).unwrap();
    Identity { chain: vec![certificate.der().clone()], key: key.into() }
}

fn leaf(name: &str, last_year: i32) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, format!("leaf {name}"));
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(last_year, 12, 31);
    params
}

impl Identity {
    /// Of a server that shows it, and wants no certificate of its clients.
    pub fn config(self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .unwrap()
    }

    /// Of a server that demands a certificate of its clients, by this CA.
    pub fn config_for_clients_of(self, ca: &Ca) -> ServerConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca.certificate()).unwrap();
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            provider(),
        );
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(self.chain, self.key)
            .unwrap()
    }
}

/// What a server does on a connection, one after the other. What is not ended by `Close`,
/// `Cut` or `Reset` stays open until the client closes it.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads to the end of a request's header.
    ReadHeader,
    /// Reads this many octets.
    Read(usize),
    /// Writes this.
    Write(Vec<u8>),
    /// Writes this again and again, until the client no longer listens.
    Forever(Vec<u8>),
    /// Writes this octet by octet, a moment between each.
    Drip(Vec<u8>),
    /// Writes this past TLS, where there should be a record.
    PastTls(Vec<u8>),
    /// Ends the connection as TLS wants it (`close_notify`).
    Close,
    /// Ends the TCP connection, but not TLS.
    Cut,
    /// Resets the TCP connection.
    Reset,
}

impl Step {
    pub fn write(text: &str) -> Self {
        Self::Write(text.into())
    }
}

/// A server.
pub struct Server {
    address: SocketAddr,
    events: mpsc::UnboundedReceiver<Event>,
}

/// What a server has seen of a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// What was read by [`Step::ReadHeader`] or [`Step::Read`].
    Read(String),
    /// The name in SNI and the protocol chosen by ALPN.
    Handshake(Option<String>, Option<Vec<u8>>),
    /// The client has closed the connection, before the server did.
    ClosedByClient,
}

impl Server {
    /// Does these steps inside TLS, on each connection.
    pub async fn tls(config: ServerConfig, steps: Vec<Step>) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::start(move |tcp, events| {
            let (acceptor, steps) = (acceptor.clone(), steps.clone());
            async move {
                let stream = acceptor.accept(tcp).await?;
                let session = stream.get_ref().1;
                let sni = session.server_name().map(Into::into);
                let alpn = session.alpn_protocol().map(Into::into);
                let _ = events.send(Event::Handshake(sni, alpn));
                play(stream, &steps, &events).await
            }
        })
        .await
    }

    /// Does these steps, which must not be `Close`, without TLS.
    pub async fn tcp(steps: Vec<Step>) -> Self {
        Self::start(move |tcp, events| {
            let steps = steps.clone();
            async move { play(tcp, &steps, &events).await }
        })
        .await
    }

    async fn start<F: Future<Output = io::Result<()>> + Send + 'static>(
        handle: impl Fn(TcpStream, mpsc::UnboundedSender<Event>) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(handle(tcp, sender.clone()));
            }
        });
        Self { address, events }
    }

    /// A client that takes this server for every host, and trusts these roots.
    pub fn client(&self, roots: impl IntoIterator<Item = TrustAnchor<'static>>) -> HttpsClient {
        let guard = Guard::default().permit("192.0.2.0/24".parse().unwrap());
        self.client_with(guard, roots)
    }

    pub fn client_with(
        &self,
        guard: Guard,
        roots: impl IntoIterator<Item = TrustAnchor<'static>>,
    ) -> HttpsClient {
        let dialer = Dialer::new(Arc::new(OneAddress))
            .with_connector(Arc::new(To(self.address)))
            .with_guard(guard);
        HttpsClient::new(dialer, Verification::new(provider(), roots)).unwrap()
    }

    /// What the server sees next.
    pub async fn event(&mut self) -> Event {
        let event = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        event.expect("an event in time").expect("the server runs")
    }
}

/// A stream, with or without TLS.
trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {
    fn tcp(&mut self) -> &mut TcpStream;
}

impl Stream for TlsStream<TcpStream> {
    fn tcp(&mut self) -> &mut TcpStream {
        self.get_mut().0
    }
}

impl Stream for TcpStream {
    fn tcp(&mut self) -> &mut TcpStream {
        self
    }
}

async fn play(
    mut stream: impl Stream,
    steps: &[Step],
    events: &mpsc::UnboundedSender<Event>,
) -> io::Result<()> {
    for step in steps {
        match step {
            Step::ReadHeader => {
                let mut read = Vec::new();
                while !read.ends_with(b"\r\n\r\n") {
                    read.push(stream.read_u8().await?);
                }
                let _ = events.send(Event::Read(String::from_utf8(read).unwrap()));
            }
            Step::Read(octets) => {
                let mut read = vec![0; *octets];
                stream.read_exact(&mut read).await?;
                let _ = events.send(Event::Read(String::from_utf8_lossy(&read).into()));
            }
            Step::Write(octets) => {
                stream.write_all(octets).await?;
                stream.flush().await?;
            }
            Step::Forever(octets) => loop {
                if let Err(error) = stream.write_all(octets).await {
                    let _ = events.send(Event::ClosedByClient);
                    return Err(error);
                }
            },
            Step::Drip(octets) => {
                for octet in octets {
                    stream.write_u8(*octet).await?;
                    stream.flush().await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Step::PastTls(octets) => stream.tcp().write_all(octets).await?,
            Step::Close => return stream.shutdown().await,
            Step::Cut => return Ok(()),
            Step::Reset => return stream.tcp().set_zero_linger(),
        }
    }
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let _ = events.send(Event::ClosedByClient);
    Ok(())
}

/// Every host has one address, which is not loopback.
pub struct OneAddress;

impl AddressLookup for OneAddress {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        Box::pin(async { Ok(Lookup::found([IpAddr::from([192, 0, 2, 1])])) })
    }
}

/// Connects to this address, whatever is wanted.
pub struct To(pub SocketAddr);

impl Connect for To {
    fn connect<'a>(&'a self, _: &'a str, _: SocketAddr) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(TcpStream::connect(self.0))
    }
}
