//! Commands and replies over a stream, bounded in time.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, timeout_at};

use super::reply::{Reply, ReplyError, ReplyReader};
use crate::client::DialFailure;
use crate::failure::{Failure, ReasonCode, ResultType};

/// Why a probe ended, other than by an answer of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeTrouble {
    /// The host has no DNS name, so that nothing was tried.
    #[error("expected a host with a DNS name")]
    NoDnsName,
    /// There is no connection.
    #[error(transparent)]
    Dial(DialFailure),
    /// The host has closed the connection.
    #[error("connection closed by the host")]
    Closed,
    /// The connection broke, or more than [`MAX_PROBE_OCTETS`](super::MAX_PROBE_OCTETS) came.
    #[error("connection broke ({0})")]
    Broken(io::ErrorKind),
    /// The host did not answer in time.
    #[error("timed out")]
    Timeout,
    /// What came is not a reply.
    #[error(transparent)]
    Reply(ReplyError),
    /// The code of a reply is none that the command may have.
    #[error("expected another code than {0}")]
    Code(u16),
    /// More came in the clear behind the 220 to STARTTLS.
    #[error("expected a TLS handshake, found more in the clear")]
    Injection,
    /// The provider of cryptography cannot do TLS 1.2 or 1.3.
    #[error("expected a provider with cipher suites of TLS 1.2 or 1.3")]
    Provider,
}

impl ProbeTrouble {
    /// What a report says of it after STARTTLS was sent.
    pub(super) fn failure(self) -> Failure {
        let reason = match self {
            Self::Timeout => ReasonCode::Timeout,
            Self::Reply(_) | Self::Code(_) => ReasonCode::SmtpProtocol,
            Self::Injection => ReasonCode::StartTlsInjection,
            Self::Provider => ReasonCode::TlsHandshake,
            Self::NoDnsName | Self::Dial(_) | Self::Closed | Self::Broken(_) => {
                ReasonCode::ConnectionFailed
            }
        };
        Failure::new(ResultType::ValidationFailure, reason)
    }
}

impl From<io::Error> for ProbeTrouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::TimedOut => Self::Timeout,
            kind => Self::Broken(kind),
        }
    }
}

/// A conversation with a host over this stream.
#[derive(Debug)]
pub(super) struct Smtp<S> {
    stream: S,
    reader: ReplyReader,
    each: Duration,
    until: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Smtp<S> {
    /// Each step takes no longer than that, and none ends after `until`.
    pub(super) fn new(stream: S, each: Duration, until: Instant) -> Self {
        Self { stream, reader: ReplyReader::default(), each, until }
    }

    /// Each step takes no longer than that from now on.
    pub(super) const fn with_each(mut self, each: Duration) -> Self {
        self.each = each;
        self
    }

    /// Sends a command and waits for its reply.
    pub(super) async fn command(&mut self, line: &str) -> Result<Reply, ProbeTrouble> {
        let until = self.step();
        timeout_at(until, self.send(line)).await.map_err(|_| ProbeTrouble::Timeout)??;
        self.reply_until(until).await
    }

    /// Waits for a reply. There may be nothing behind it: nothing was asked.
    pub(super) async fn reply(&mut self) -> Result<Reply, ProbeTrouble> {
        let until = self.step();
        self.reply_until(until).await
    }

    /// Sends STARTTLS and waits for its reply. What is behind it is for
    /// [`into_plain`](Self::into_plain) to see.
    pub(super) async fn starttls(&mut self) -> Result<Reply, ProbeTrouble> {
        let until = self.step();
        timeout_at(until, self.send("STARTTLS")).await.map_err(|_| ProbeTrouble::Timeout)??;
        timeout_at(until, self.next_reply()).await.map_err(|_| ProbeTrouble::Timeout)?
    }

    /// The stream for the handshake, if nothing has come that would be taken for more than
    /// it is: what somebody put in before TLS is never read after (CVE-2011-0411).
    ///
    /// What comes later reaches TLS, which fails.
    pub(super) async fn into_plain(mut self) -> Result<S, ProbeTrouble> {
        let mut octet = [0];
        let mut buffer = ReadBuf::new(&mut octet);
        let came = poll_fn(|context| {
            let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
            Poll::Ready(matches!(read, Poll::Ready(Ok(()))))
        });
        let came = came.await && !buffer.filled().is_empty();
        if came || !self.reader.is_empty() {
            return Err(ProbeTrouble::Injection);
        }
        Ok(self.stream)
    }

    /// Says goodbye, whatever comes of it.
    pub(super) async fn quit(mut self) {
        let _ = self.command("QUIT").await;
        let _ = timeout_at(self.step(), self.stream.shutdown()).await;
    }

    async fn reply_until(&mut self, until: Instant) -> Result<Reply, ProbeTrouble> {
        let reply =
            timeout_at(until, self.next_reply()).await.map_err(|_| ProbeTrouble::Timeout)??;
        match self.reader.is_empty() {
            true => Ok(reply),
            false => Err(ProbeTrouble::Reply(ReplyError::Unasked)),
        }
    }

    async fn next_reply(&mut self) -> Result<Reply, ProbeTrouble> {
        loop {
            if let Some(reply) = self.reader.poll_reply().map_err(ProbeTrouble::Reply)? {
                return Ok(reply);
            }
            let mut octets = [0; PIECE_LEN];
            let read = self.stream.read(&mut octets).await?;
            match octets.get(..read) {
                None | Some([]) => return Err(ProbeTrouble::Closed),
                Some(octets) => self.reader.handle_octets(octets),
            }
        }
    }

    async fn send(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(alloc::format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    fn step(&self) -> Instant {
        Instant::now().checked_add(self.each).map_or(self.until, |end| end.min(self.until))
    }
}

/// How much is read at once: most replies fit.
const PIECE_LEN: usize = 1_024;

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// The end of a STARTTLS to which this is the answer, with that after a moment.
    async fn plain(answer: &[u8], later: &[u8]) -> Result<(), ProbeTrouble> {
        let (ours, mut theirs) = duplex(1_024);
        let mut smtp = Smtp::new(ours, LONG, Instant::now().checked_add(LONG).unwrap());
        theirs.write_all(answer).await.unwrap();
        assert_eq!(smtp.starttls().await.unwrap().code(), 220);
        theirs.write_all(later).await.unwrap();
        smtp.into_plain().await.map(|_| ())
    }

    #[tokio::test]
    async fn what_is_there_before_the_handshake_is_seen() {
        assert_eq!(plain(b"220 go\r\n", b"").await, Ok(()));
        for (answer, later) in [
            (&b"220 go\r\nx"[..], &b""[..]),
            (b"220 go\r\n250 ok\r\n", b""),
            (b"220 go\r\n", b"x"),
            (b"220 go\r\n", b"250 ok\r\n"),
        ] {
            assert_eq!(plain(answer, later).await, Err(ProbeTrouble::Injection));
        }
    }
}
