//! What a server sends, and how badly: scripts that the HTTPS and the SMTP servers play.

use core::time::Duration;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

/// How long a slow server waits before each octet.
pub(crate) const SLOW: Duration = Duration::from_millis(50);

/// The longest request or command that is read.
const MAX_REQUEST: usize = 65_536;

/// A ServerHello of TLS 1.1 (RFC 4346 §7.4.1.3), for the suite
/// TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: rustls serves nothing before TLS 1.2.
pub(crate) const TLS_1_1_SERVER_HELLO: &[u8] = &[
    22, 3, 2, 0, 42, // a handshake record of 42 octets
    2, 0, 0, 38, // a ServerHello of 38
    3, 2, // TLS 1.1
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, // random
    0,  // no session
    0xc0, 0x09, // the suite
    0,    // no compression
];

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Octet by octet, each after this time.
    Slowly(Vec<u8>, Duration),
    /// Over and over.
    Endlessly(Vec<u8>),
    /// Waits until the client says something, and takes it.
    Hear,
    /// Nothing more, and no end of the connection.
    Stall,
    /// The connection is reset.
    Reset,
    /// The connection is closed, and TLS is not ended before.
    Cut,
}

/// A stream that a script can be played on.
pub(crate) trait Stage: AsyncRead + AsyncWrite + Unpin + Send {
    /// The connection below it.
    fn tcp(&self) -> &TcpStream;
}

impl Stage for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stage for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Plays a script. Where it ends, and in nothing else than the end of a connection, the
/// stream can be used further.
///
/// # Errors
///
/// The connection is to be dropped: the script says so, or the client is gone.
pub(crate) async fn play(stream: &mut impl Stage, script: &[Step]) -> io::Result<()> {
    for step in script {
        match step {
            Step::Send(bytes) => stream.write_all(bytes).await?,
            Step::Slowly(bytes, each) => slowly(stream, bytes, *each).await?,
            Step::Endlessly(bytes) => loop {
                stream.write_all(bytes).await?;
            },
            Step::Hear => hear(stream).await?,
            Step::Stall => stall(stream).await?,
            Step::Reset => return reset(stream).await,
            Step::Cut => {
                stream.flush().await?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
    }
    stream.flush().await
}

async fn slowly(stream: &mut impl Stage, bytes: &[u8], each: Duration) -> io::Result<()> {
    for octet in bytes.chunks(1) {
        sleep(each).await;
        stream.write_all(octet).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// Takes what the client says; an error if it is gone.
async fn hear(stream: &mut impl Stage) -> io::Result<()> {
    stream.flush().await?;
    match stream.read(&mut [0; 512]).await? {
        0 => Err(io::ErrorKind::ConnectionAborted.into()),
        _ => Ok(()),
    }
}

/// Waits until the client goes away.
async fn stall(stream: &mut impl Stage) -> io::Result<()> {
    loop {
        hear(stream).await?;
    }
}

/// Resets the connection, when the stream is dropped.
async fn reset(stream: &mut impl Stage) -> io::Result<()> {
    stream.flush().await?;
    stream.tcp().set_zero_linger()?;
    Err(io::ErrorKind::ConnectionReset.into())
}

/// Reads until `end` has come, all of which is taken.
pub(crate) async fn read_until(stream: &mut impl Stage, end: &[u8]) -> io::Result<String> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        if read.len() == MAX_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        read.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}
