//! The policy hosts of the world: one listener, which goes by the name in SNI. What a host
//! does can be changed at any time.

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;

use super::certificates::{Authority, Certificate};
use super::network::{Task, accept, listener};
use super::script::{SLOW, Step, TLS_1_1_SERVER_HELLO, play, read_until};

/// What a policy host does.
#[derive(Debug, Clone)]
pub(crate) struct Https {
    handshake: Handshake,
    certificate: Certificate,
    script: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Handshake {
    /// It ends well.
    Whole,
    /// These steps in the place of it, once the client has begun.
    Instead(Vec<Step>),
}

/// `text/plain`, as it must be.
pub(crate) const TEXT_PLAIN: (&str, &str) = ("Content-Type", "text/plain");

impl Https {
    /// Serves this policy, as it should be.
    pub(crate) fn policy(body: impl AsRef<[u8]>) -> Self {
        Self::response(200, &[TEXT_PLAIN], body)
    }

    /// Answers by this status, without a policy.
    pub(crate) fn status(status: u16) -> Self {
        Self::response(status, &[TEXT_PLAIN], "there is no policy here\n")
    }

    /// Answers by this redirect.
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::response(status, &[TEXT_PLAIN, ("Location", location)], "")
    }

    /// Serves the policy with this media type, or with none.
    pub(crate) fn media_type(body: &str, media_type: Option<&str>) -> Self {
        let field = media_type.map(|value| ("Content-Type", value));
        Self::response(200, field.as_slice(), body)
    }

    /// Answers with these header fields and `Content-Length`.
    pub(crate) fn response(status: u16, fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = head(status, fields, &format!("Content-Length: {}\r\n", body.len()));
        bytes.extend_from_slice(body);
        Self::script([Step::Send(bytes)])
    }

    /// Sends the policy in chunks of these octets.
    pub(crate) fn chunked(body: impl AsRef<[u8]>, octets: usize) -> Self {
        let mut bytes = head(200, &[TEXT_PLAIN], "Transfer-Encoding: chunked\r\n");
        for chunk in body.as_ref().chunks(octets) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        Self::script([Step::Send(bytes)])
    }

    /// Sends the policy without `Content-Length`: it ends with the connection.
    pub(crate) fn without_length(body: &str) -> Self {
        let bytes = [&head(200, &[TEXT_PLAIN], ""), body.as_bytes()].concat();
        Self::script([Step::Send(bytes)])
    }

    /// Sends the policy and announces this length.
    pub(crate) fn with_length(body: &str, length: usize) -> Self {
        let length = format!("Content-Length: {length}\r\n");
        let bytes = [&head(200, &[TEXT_PLAIN], &length), body.as_bytes()].concat();
        Self::script([Step::Send(bytes)])
    }

    /// Sends a body that does not end.
    pub(crate) fn endless() -> Self {
        let bytes = head(200, &[TEXT_PLAIN], "");
        Self::script([Step::Send(bytes), Step::Endlessly(b"version: STSv1\r\n".repeat(64))])
    }

    /// Sends a header that does not end.
    pub(crate) fn endless_header() -> Self {
        let field = format!("X-Padding: {}\r\n", "x".repeat(1_000));
        Self::script([
            Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Step::Endlessly(field.into_bytes()),
        ])
    }

    /// Sends the header octet by octet, for longer than anybody waits.
    pub(crate) fn slow_header() -> Self {
        let mut bytes = head(200, &[TEXT_PLAIN], "");
        bytes.truncate(bytes.len().saturating_sub(2));
        bytes.extend_from_slice(format!("X-Padding: {}", "x".repeat(4_000)).as_bytes());
        Self::script([Step::Slowly(bytes, SLOW), Step::Stall])
    }

    /// Sends the policy octet by octet, each after this time.
    pub(crate) fn slow_body(body: &str, each: Duration) -> Self {
        let length = format!("Content-Length: {}\r\n", body.len());
        let bytes = head(200, &[TEXT_PLAIN], &length);
        Self::script([Step::Send(bytes), Step::Slowly(body.into(), each)])
    }

    /// Sends interim responses before the policy.
    pub(crate) fn interim(body: &str) -> Self {
        let mut bytes = b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n".to_vec();
        bytes.extend_from_slice(b"HTTP/1.1 102 Processing\r\n\r\n");
        let length = format!("Content-Length: {}\r\n", body.len());
        bytes.extend_from_slice(&head(200, &[TEXT_PLAIN], &length));
        bytes.extend_from_slice(body.as_bytes());
        Self::script([Step::Send(bytes)])
    }

    /// Announces the policy, sends half of it, and then does this.
    pub(crate) fn half(body: &str, then: Step) -> Self {
        let length = format!("Content-Length: {}\r\n", body.len());
        let mut bytes = head(200, &[TEXT_PLAIN], &length);
        bytes.extend(body.bytes().take(body.len() / 2));
        Self::script([Step::Send(bytes), then])
    }

    /// Reads the request and does this.
    pub(crate) fn script(script: impl IntoIterator<Item = Step>) -> Self {
        Self {
            handshake: Handshake::Whole,
            certificate: Certificate::Valid,
            script: script.into_iter().collect(),
        }
    }

    /// Does this in the place of a TLS handshake, once the client has begun it.
    pub(crate) fn instead_of_handshake(script: impl IntoIterator<Item = Step>) -> Self {
        let handshake = Handshake::Instead(script.into_iter().collect());
        Self { handshake, ..Self::script([]) }
    }

    /// Knows TLS 1.1 alone.
    pub(crate) fn tls_1_1() -> Self {
        Self::instead_of_handshake([Step::Send(TLS_1_1_SERVER_HELLO.to_vec()), Step::Stall])
    }

    /// Knows no host of that name.
    pub(crate) fn unrecognized_name() -> Self {
        Self::instead_of_handshake([Step::Send(UNRECOGNIZED_NAME.to_vec())])
    }

    /// Shows this certificate.
    pub(crate) fn with_certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }
}

/// The header of a response; the connection is closed behind each.
fn head(status: u16, fields: &[(&str, &str)], length: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n{length}");
    for (name, value) in fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// A fatal alert of TLS (RFC 8446 §6): unrecognized_name, 112.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// What was asked of a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// How many TLS handshakes have begun.
    pub(crate) handshakes: usize,
    /// How many requests were read.
    pub(crate) requests: usize,
    /// The header of the last.
    pub(crate) last_request: String,
}

#[derive(Debug, Default)]
struct Host {
    https: Option<Https>,
    asked: Asked,
}

/// The server.
pub(crate) struct HttpsServer {
    hosts: Arc<Hosts>,
    address: SocketAddr,
    resetting: SocketAddr,
    _tasks: [Task; 2],
}

struct Hosts {
    hosts: Mutex<HashMap<String, Host>>,
    authority: Arc<Authority>,
}

impl HttpsServer {
    pub(crate) fn start(authority: Arc<Authority>) -> Self {
        let hosts = Arc::new(Hosts { hosts: Mutex::default(), authority });
        let (named, address) = listener();
        let (reset, resetting) = listener();
        let serving = hosts.clone();
        let serve = move |stream| {
            let hosts = serving.clone();
            async move {
                let _ = hosts.serve(stream).await;
            }
        };
        let reset = accept(reset, |stream| async move {
            let _ = stream.set_zero_linger();
        });
        let tasks = [Task::spawn(accept(named, serve)), Task::spawn(reset)];
        Self { hosts, address, resetting, _tasks: tasks }
    }

    /// Where all policy hosts listen.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where each connection is reset as soon as it is accepted.
    pub(crate) const fn resetting(&self) -> SocketAddr {
        self.resetting
    }

    /// What the host does from now on.
    pub(crate) fn set(&self, host: &str, https: Https) {
        self.hosts.hosts.lock().unwrap().entry(host.to_owned()).or_default().https = Some(https);
    }

    /// What was asked of the host.
    pub(crate) fn asked(&self, host: &str) -> Asked {
        let hosts = self.hosts.hosts.lock().unwrap();
        hosts.get(host).map(|host| host.asked.clone()).unwrap_or_default()
    }
}

impl Hosts {
    async fn serve(&self, tcp: TcpStream) -> io::Result<()> {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), tcp).await?;
        let name = begun.client_hello().server_name().unwrap_or_default().to_owned();
        let https = self.behaviour(&name);
        let mut stream = match &https.handshake {
            Handshake::Whole => {
                let config = self.authority.server(&https.certificate, &name);
                begun.into_stream(config).await?
            }
            Handshake::Instead(script) => {
                let mut tcp = begun.io;
                return play(&mut tcp, script).await;
            }
        };
        let request = read_until(&mut stream, b"\r\n\r\n").await?;
        self.record(&name, |asked| {
            asked.requests = asked.requests.saturating_add(1);
            asked.last_request = request;
        });
        play(&mut stream, &https.script).await?;
        stream.shutdown().await
    }

    fn behaviour(&self, name: &str) -> Https {
        self.record(name, |asked| asked.handshakes = asked.handshakes.saturating_add(1));
        let hosts = self.hosts.lock().unwrap();
        let https = hosts.get(name).and_then(|host| host.https.clone());
        https.unwrap_or_else(Https::unrecognized_name)
    }

    fn record(&self, name: &str, change: impl FnOnce(&mut Asked)) {
        change(&mut self.hosts.lock().unwrap().entry(name.to_owned()).or_default().asked);
    }
}
