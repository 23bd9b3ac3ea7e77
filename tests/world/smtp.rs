//! The MX hosts of the world, with STARTTLS (RFC 3207): a listener each. They take no mail.

use core::net::SocketAddr;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::certificates::{Authority, Certificate};
use super::network::{Task, accept, listener};
use super::script::{SLOW, Stage, Step, TLS_1_1_SERVER_HELLO, play, read_until};

/// What an MX host does.
#[derive(Debug, Clone)]
pub(crate) struct Smtp {
    greeting: Vec<Step>,
    ehlo: Vec<Step>,
    starttls: Vec<Step>,
    /// Whether a handshake follows the answer to STARTTLS.
    handshake: bool,
    certificate: Certificate,
}

const EXTENSIONS: &str = "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n";

impl Smtp {
    /// Offers STARTTLS and shows a valid certificate.
    pub(crate) fn valid() -> Self {
        Self {
            greeting: vec![send("220 mx.example ESMTP\r\n")],
            ehlo: vec![send(&format!("{EXTENSIONS}250-STARTTLS\r\n250 8BITMIME\r\n"))],
            starttls: vec![send("220 go ahead\r\n")],
            handshake: true,
            certificate: Certificate::Valid,
        }
    }

    /// Shows this certificate.
    pub(crate) fn with_certificate(certificate: Certificate) -> Self {
        Self { certificate, ..Self::valid() }
    }

    /// Does not offer STARTTLS.
    pub(crate) fn without_starttls() -> Self {
        let ehlo = vec![send(&format!("{EXTENSIONS}250 8BITMIME\r\n"))];
        Self { ehlo, ..Self::valid() }.refusing("502 5.5.1 command not known")
    }

    /// Greets by these lines, without the last CRLF, such as `554 5.7.1 go away`.
    pub(crate) fn greeting(self, lines: &str) -> Self {
        Self { greeting: vec![send(&format!("{lines}\r\n"))], ..self }
    }

    /// Answers EHLO by these lines, without the last CRLF.
    pub(crate) fn ehlo(self, lines: &str) -> Self {
        Self { ehlo: vec![send(&format!("{lines}\r\n"))], ..self }
    }

    /// Answers STARTTLS by this line, such as `454 4.7.0 not now`, and then not by TLS.
    pub(crate) fn refusing(self, line: &str) -> Self {
        Self { starttls: vec![send(&format!("{line}\r\n"))], handshake: false, ..self }
    }

    /// Sends, together with the answer to STARTTLS, plaintext that whoever does not look
    /// takes for an answer under TLS.
    pub(crate) fn injecting() -> Self {
        let starttls = vec![send("220 go ahead\r\n250-evil.example\r\n250 SIZE 1\r\n")];
        Self { starttls, ..Self::valid() }
    }

    /// Does this in the place of the greeting.
    pub(crate) fn instead_of_greeting(script: impl IntoIterator<Item = Step>) -> Self {
        Self { greeting: script.into_iter().collect(), ..Self::valid() }
    }

    /// Does this in the place of a handshake, once the client has begun it.
    pub(crate) fn instead_of_handshake(script: impl IntoIterator<Item = Step>) -> Self {
        let go = [send("220 go ahead\r\n"), Step::Hear];
        let starttls = go.into_iter().chain(script).collect();
        Self { starttls, handshake: false, ..Self::valid() }
    }

    /// Knows TLS 1.1 alone.
    pub(crate) fn tls_1_1() -> Self {
        Self::instead_of_handshake([Step::Send(TLS_1_1_SERVER_HELLO.to_vec()), Step::Stall])
    }

    /// Greets octet by octet, for longer than anybody waits.
    pub(crate) fn slow() -> Self {
        let greeting = format!("220-{}", "x".repeat(4_000));
        Self::instead_of_greeting([Step::Slowly(greeting.into_bytes(), SLOW), Step::Stall])
    }

    /// Greets by lines without end.
    pub(crate) fn endless() -> Self {
        let line = b"220-mx.example and more to come\r\n".repeat(32);
        Self::instead_of_greeting([Step::Endlessly(line)])
    }
}

fn send(text: &str) -> Step {
    Step::Send(text.into())
}

/// What was asked of an MX host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spoken {
    pub(crate) connections: usize,
    /// The name in SNI of each handshake that ended well.
    pub(crate) handshakes: Vec<Option<String>>,
    /// The commands, without CRLF; under TLS too.
    pub(crate) commands: Vec<String>,
}

/// The server of an MX host.
pub(crate) struct SmtpServer {
    host: Arc<MxHost>,
    address: SocketAddr,
    _task: Task,
}

struct MxHost {
    name: String,
    authority: Arc<Authority>,
    smtp: Mutex<Smtp>,
    spoken: Mutex<Spoken>,
}

impl SmtpServer {
    pub(crate) fn start(name: &str, smtp: Smtp, authority: Arc<Authority>) -> Self {
        let (listener, address) = listener();
        let host = Arc::new(MxHost {
            name: name.to_owned(),
            authority,
            smtp: Mutex::new(smtp),
            spoken: Mutex::default(),
        });
        let serving = host.clone();
        let serve = move |stream| {
            let host = serving.clone();
            async move {
                let _ = host.serve(stream).await;
            }
        };
        Self { host, address, _task: Task::spawn(accept(listener, serve)) }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the host does from now on.
    pub(crate) fn set(&self, smtp: Smtp) {
        *self.host.smtp.lock().unwrap() = smtp;
    }

    /// What was asked of the host.
    pub(crate) fn spoken(&self) -> Spoken {
        self.host.spoken.lock().unwrap().clone()
    }
}

impl MxHost {
    async fn serve(&self, mut tcp: TcpStream) -> io::Result<()> {
        self.record(|spoken| spoken.connections = spoken.connections.saturating_add(1));
        let smtp = self.smtp.lock().unwrap().clone();
        play(&mut tcp, &smtp.greeting).await?;
        if !self.session(&mut tcp, &smtp).await? || !smtp.handshake {
            return tcp.shutdown().await;
        }
        let config = self.authority.server(&smtp.certificate, &self.name);
        let mut tls = TlsAcceptor::from(config).accept(tcp).await?;
        let sni = tls.get_ref().1.server_name().map(str::to_owned);
        self.record(|spoken| spoken.handshakes.push(sni));
        self.session(&mut tls, &smtp).await?;
        tls.shutdown().await
    }

    /// Answers commands, until the session ends or (`true`) STARTTLS was answered.
    async fn session(&self, stream: &mut impl Stage, smtp: &Smtp) -> io::Result<bool> {
        loop {
            let line = read_until(stream, b"\r\n").await?;
            let command = line.trim_end().to_owned();
            let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            self.record(|spoken| spoken.commands.push(command));
            match verb.as_str() {
                "EHLO" => play(stream, &smtp.ehlo).await?,
                "HELO" | "RSET" | "NOOP" => play(stream, &[send("250 fine\r\n")]).await?,
                "QUIT" => {
                    play(stream, &[send("221 bye\r\n")]).await?;
                    return Ok(false);
                }
                "STARTTLS" => {
                    play(stream, &smtp.starttls).await?;
                    if smtp.handshake {
                        return Ok(true);
                    }
                }
                _ => play(stream, &[send("502 5.5.1 command not known\r\n")]).await?,
            }
        }
    }

    fn record(&self, change: impl FnOnce(&mut Spoken)) {
        change(&mut self.spoken.lock().unwrap());
    }
}
