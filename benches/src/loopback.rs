//! The other side of `client`: DNS and policy hosts for many domains, on loopback, in a
//! process of their own. They do as little as they can, so that the client is the one
//! that is measured.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// The domain with that number.
#[must_use]
pub fn domain(number: u32) -> String {
    format!("d{number}.example")
}

/// The policy of each domain.
pub const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\n\
                          mx: mx2.example.net\r\nmax_age: 604800\r\n";

const RECORD: &[u8] = b"v=STSv1; id=20261101T000000;";

/// What a client must know.
#[derive(Debug, Clone)]
pub struct Servers {
    /// DNS over UDP.
    pub dns: u16,
    /// The policy hosts.
    pub https: u16,
    /// The root of their certificates.
    pub root: CertificateDer<'static>,
}

/// Starts the servers for so many domains, on the runtime that this runs on.
///
/// # Errors
///
/// A socket cannot be opened.
///
/// # Panics
///
/// A certificate cannot be made.
pub async fn serve(domains: u32) -> io::Result<Servers> {
    let (root, hosts) = certificates(domains);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let dns = socket.local_addr()?.port();
    let https = listener.local_addr()?.port();
    tokio::spawn(serve_dns(socket));
    tokio::spawn(serve_https(listener, acceptor(hosts)));
    Ok(Servers { dns, https, root })
}

async fn serve_dns(socket: UdpSocket) {
    let mut query = [0; 512];
    loop {
        if let Ok((len, from)) = socket.recv_from(&mut query).await
            && let Some(answer) = answer(&query[..len])
        {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// TXT: the record; A: loopback; anything else: no data.
fn answer(query: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 12;
    let name = query.get(HEADER..)?.iter().position(|octet| *octet == 0)?;
    let end = HEADER + name + 5;
    let kind = query.get(end - 4..end - 2)?;
    let data: Vec<u8> = match kind {
        [0, 16] => [&[u8::try_from(RECORD.len()).ok()?], RECORD].concat(),
        [0, 1] => vec![127, 0, 0, 1],
        _ => Vec::new(),
    };
    let answers = u8::from(!data.is_empty());
    let mut answer = query.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0]);
    answer.extend(query.get(HEADER..end)?);
    if answers == 1 {
        answer.extend([0xc0, 12, kind[0], kind[1], 0, 1, 0, 0, 1, 44]);
        answer.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        answer.extend(data);
    }
    Some(answer)
}

async fn serve_https(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let _ = respond(stream, &acceptor).await;
            });
        }
    }
}

async fn respond(stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    read_request(&mut stream).await?;
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{POLICY}",
        POLICY.len()
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn acceptor(hosts: Hosts) -> TlsAcceptor {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(hosts));
    TlsAcceptor::from(Arc::new(config))
}

#[derive(Debug)]
struct Hosts(HashMap<String, Arc<CertifiedKey>>);

impl ResolvesServerCert for Hosts {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.get(hello.server_name()?).cloned()
    }
}

/// A root, and a certificate for each policy host, all with the same key.
fn certificates(domains: u32) -> (CertificateDer<'static>, Hosts) {
    let issuer = issuer();
    let key = KeyPair::generate().expect("a key can be made");
    let der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let signing = ring::sign::any_ecdsa_type(&der).expect("rcgen makes ECDSA keys");
    let hosts = (0..domains).map(|number| {
        let host = format!("mta-sts.{}", domain(number));
        let chain = vec![certificate(&host, &key, &issuer).der().clone()];
        (host, Arc::new(CertifiedKey::new(chain, signing.clone())))
    });
    (issuer.der().clone(), Hosts(hosts.collect()))
}

fn issuer() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key can be made");
    CertifiedIssuer::self_signed(params, key).expect("the parameters are valid")
}

fn certificate(
    host: &str,
    key: &KeyPair,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> Certificate {
    let mut params = CertificateParams::new([host.to_owned()]).expect("the host is a name");
    params.distinguished_name.push(DnType::CommonName, host);
    params.signed_by(key, issuer).expect("the parameters are valid")
}
