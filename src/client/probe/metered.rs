//! A stream that gives a bounded number of octets, whoever reads it.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many octets are read from one host, replies and TLS together.
///
/// A handshake with 64 KiB of certificates, which TLS libraries take at most, and replies of
/// some kilobytes each are well below it. Replies as long as each may be are together too
/// long.
pub const MAX_PROBE_OCTETS: usize = 262_144;

/// A stream of which at most [`MAX_PROBE_OCTETS`] are read; then reading fails.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    left: usize,
}

impl<S> Metered<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, left: MAX_PROBE_OCTETS }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len().saturating_sub(before);
        let Some(left) = self.left.checked_sub(read) else {
            buffer.set_filled(before); // who fails gives nothing
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "too many octets",
            )));
        };
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    use tokio::io::{AsyncReadExt as _, repeat};

    use super::*;

    #[tokio::test]
    async fn an_endless_stream_is_cut_off() {
        let mut read = Vec::new();
        let error = Metered::new(repeat(b'x')).read_to_end(&mut read).await.unwrap_err();
        assert_eq!(error.to_string(), "too many octets");
        let mut all = Vec::new();
        let stream = repeat(b'x').take(u64::try_from(MAX_PROBE_OCTETS).unwrap());
        assert_eq!(Metered::new(stream).read_to_end(&mut all).await.unwrap(), MAX_PROBE_OCTETS);
    }
}
