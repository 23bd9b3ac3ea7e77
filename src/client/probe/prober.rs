//! The probe of one host, from connecting to QUIT.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;
use std::io;

use rustls::ProtocolVersion;
use rustls_pki_types::DnsName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::metered::Metered;
use super::reply::{Reply, Severity};
use super::smtp::{ProbeTrouble, Smtp};
use super::{EhloName, MxProbe, Probed};
use crate::client::{BoxFuture, Connection, Dialer, TlsProtocol};
use crate::sts::apply::TlsOutcome;
use crate::verifier::{OnInvalid, Record, Verification};

/// The port of SMTP (RFC 5321 §4.5.4.2).
const PORT: u16 = 25;

/// Probes MX hosts over the network.
#[derive(Debug, Clone)]
pub struct Prober {
    dialer: Dialer,
    verification: Verification,
    name: EhloName,
    port: u16,
    limits: ProbeLimits,
}

/// How long a probe may take. Each limit may be set, none may be off: what is out of its
/// range becomes the nearest that is within.
///
/// ```
/// use core::time::Duration;
/// use mta_sts::client::ProbeLimits;
///
/// let limits = ProbeLimits::default().with_total(Duration::MAX).with_quit(Duration::ZERO);
/// assert_eq!(limits.total(), ProbeLimits::MAX_TIME);
/// assert_eq!(limits.quit(), ProbeLimits::MIN_TIME);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeLimits {
    each: Duration,
    quit: Duration,
    total: Duration,
}

/// For a greeting, a command with its reply, and the handshake 30 seconds each; for QUIT
/// 5 seconds; in all 90 seconds.
///
/// Senders wait for minutes (RFC 5321 §4.5.3.2), but have mail to deliver.
impl Default for ProbeLimits {
    fn default() -> Self {
        Self {
            each: Duration::from_secs(30),
            quit: Duration::from_secs(5),
            total: Duration::from_secs(90),
        }
    }
}

impl ProbeLimits {
    /// The most that any of the times may be: 10 minutes, twice what a sender waits for the
    /// greeting (RFC 5321 §4.5.3.2.1).
    pub const MAX_TIME: Duration = Duration::from_secs(600);

    /// The least that any of the times may be: a millisecond, since without any time nothing
    /// can be answered.
    pub const MIN_TIME: Duration = Duration::from_millis(1);

    /// For the greeting, for each command with its reply, and for the handshake.
    #[must_use]
    pub fn with_each(mut self, each: Duration) -> Self {
        self.each = each.clamp(Self::MIN_TIME, Self::MAX_TIME);
        self
    }

    /// For QUIT with its reply, and again for closing.
    #[must_use]
    pub fn with_quit(mut self, quit: Duration) -> Self {
        self.quit = quit.clamp(Self::MIN_TIME, Self::MAX_TIME);
        self
    }

    /// In all, connecting included.
    #[must_use]
    pub fn with_total(mut self, total: Duration) -> Self {
        self.total = total.clamp(Self::MIN_TIME, Self::MAX_TIME);
        self
    }

    /// The time for the greeting, for each command, and for the handshake.
    #[must_use]
    pub const fn each(self) -> Duration {
        self.each
    }

    /// The time for QUIT, and again for closing.
    #[must_use]
    pub const fn quit(self) -> Duration {
        self.quit
    }

    /// The time in all.
    #[must_use]
    pub const fn total(self) -> Duration {
        self.total
    }
}

impl Prober {
    /// A prober on port 25 that calls itself `name`. Certificates are checked, and what
    /// is wrong with them recorded.
    #[must_use]
    pub fn new(dialer: Dialer, verification: Verification, name: EhloName) -> Self {
        Self { dialer, verification, name, port: PORT, limits: ProbeLimits::default() }
    }

    /// Connects to this port.
    #[must_use]
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Keeps these limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: ProbeLimits) -> Self {
        self.limits = limits;
        self
    }

    async fn run(&self, host: &str) -> Probed {
        let unreachable = Probed::new(TlsOutcome::Unreachable);
        let host = host.strip_suffix('.').unwrap_or(host);
        let Ok(name) = DnsName::try_from(host) else {
            return unreachable.with_trouble(ProbeTrouble::NoDnsName);
        };
        let now = Instant::now();
        let until = now.checked_add(self.limits.total).unwrap_or(now);
        let connection = match self.dialer.connect(host, self.port, until).await {
            Ok(connection) => connection,
            Err(failure) => return unreachable.with_trouble(ProbeTrouble::Dial(failure)),
        };
        let address = connection.address();
        let stream = Metered::new(connection);
        let mut probe = Probe { prober: self, until, probed: unreachable };
        probe.probed.evidence = probe.probed.evidence.with_address(address);
        match probe.converse(stream, &name).await {
            Ok(outcome) => probe.probed.outcome = outcome,
            Err(trouble) => probe.probed.trouble = Some(trouble),
        }
        probe.probed
    }
}

impl MxProbe for Prober {
    fn probe<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Probed> {
        Box::pin(self.run(host))
    }
}

/// A connection, bounded in octets.
type Plain = Metered<Connection>;

/// One probe, and what was seen so far.
struct Probe<'a> {
    prober: &'a Prober,
    until: Instant,
    probed: Probed,
}

impl Probe<'_> {
    /// Up to the reply to STARTTLS; trouble here is a host that cannot be reached.
    async fn converse(
        &mut self,
        stream: Plain,
        host: &DnsName<'_>,
    ) -> Result<TlsOutcome, ProbeTrouble> {
        use TlsOutcome::{Deferred, HandshakeFailed, NotOffered, Unreachable};

        let mut smtp = Smtp::new(stream, self.prober.limits.each, self.until);
        let greeting = smtp.reply().await?;
        self.probed.greeting = Some(greeting.lines().join("\n"));
        match greeting.severity() {
            Severity::Positive => expect(220, &greeting)?,
            Severity::Transient => return Ok(self.refused(smtp, &greeting, Deferred).await),
            Severity::Permanent => return Ok(self.refused(smtp, &greeting, Unreachable).await),
        }

        let ehlo = smtp.command(&alloc::format!("EHLO {}", self.prober.name)).await?;
        match ehlo.severity() {
            Severity::Positive => expect(250, &ehlo)?,
            Severity::Transient => return Ok(self.refused(smtp, &ehlo, Deferred).await),
            Severity::Permanent => return Ok(self.refused(smtp, &ehlo, NotOffered).await),
        }
        self.probed.ehlo = ehlo.lines().to_vec();
        if !ehlo.has_extension("STARTTLS") {
            return Ok(self.leave(smtp, NotOffered).await);
        }
        Ok(match self.start_tls(smtp, host).await {
            Ok(outcome) => outcome,
            Err(trouble) => {
                self.probed.trouble = Some(trouble);
                HandshakeFailed(trouble.failure())
            }
        })
    }

    /// From STARTTLS on; trouble here is TLS that was offered and did not come.
    async fn start_tls(
        &mut self,
        mut smtp: Smtp<Plain>,
        host: &DnsName<'_>,
    ) -> Result<TlsOutcome, ProbeTrouble> {
        use TlsOutcome::{Refused, StartTlsDeferred};

        let reply = smtp.starttls().await?;
        match reply.severity() {
            Severity::Positive => expect(220, &reply)?,
            Severity::Transient => return Ok(self.refused(smtp, &reply, StartTlsDeferred).await),
            Severity::Permanent => return Ok(self.refused(smtp, &reply, Refused).await),
        }
        let stream = smtp.into_plain().await?;
        let connection = self.prober.verification.connection(host, OnInvalid::Record);
        let (config, name, record) = connection.map_err(|_| ProbeTrouble::Provider)?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let ended = timeout_at(self.step(), handshake).await;
        self.see(&record);
        match ended.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(tls) => Ok(self.established(tls, &record).await),
            Err(error) => Ok(record.failed(&error)),
        }
    }

    async fn established(&mut self, tls: TlsStream<Plain>, record: &Record) -> TlsOutcome {
        let version = tls.get_ref().1.protocol_version();
        let version = version.unwrap_or(ProtocolVersion::Unknown(0));
        let evidence = core::mem::take(&mut self.probed.evidence);
        self.probed.evidence = match version {
            ProtocolVersion::TLSv1_2 => evidence.with_version(TlsProtocol::Tls12),
            ProtocolVersion::TLSv1_3 => evidence.with_version(TlsProtocol::Tls13),
            _ => evidence,
        };
        let outcome = record.established(version);
        self.leave(Smtp::new(tls, self.prober.limits.quit, self.until), outcome).await
    }

    /// Keeps what the server has shown.
    fn see(&mut self, record: &Record) {
        let mut evidence = core::mem::take(&mut self.probed.evidence);
        evidence = evidence.with_chain(record.chain().to_vec());
        if let Some(Err(failure)) = record.result() {
            evidence = evidence.with_certificate_failure(failure.clone());
        }
        self.probed.evidence = evidence;
    }

    /// Ends the conversation after a refusal.
    async fn refused(
        &mut self,
        smtp: Smtp<Plain>,
        reply: &Reply,
        outcome: TlsOutcome,
    ) -> TlsOutcome {
        let text = reply.lines().join("\n");
        self.probed.refusal = Some(alloc::format!("{} {text}", reply.code()));
        self.leave(smtp, outcome).await
    }

    /// Ends the conversation; the outcome is known.
    async fn leave<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        smtp: Smtp<S>,
        outcome: TlsOutcome,
    ) -> TlsOutcome {
        smtp.with_each(self.prober.limits.quit).quit().await;
        outcome
    }

    fn step(&self) -> Instant {
        let end = Instant::now().checked_add(self.prober.limits.each);
        end.map_or(self.until, |end| end.min(self.until))
    }
}

/// That a reply which is no refusal has the one code that it may have.
fn expect(code: u16, reply: &Reply) -> Result<(), ProbeTrouble> {
    if reply.code() == code { Ok(()) } else { Err(ProbeTrouble::Code(reply.code())) }
}
