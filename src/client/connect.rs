//! Opening TCP connections.

use core::net::SocketAddr;
use std::io;

use tokio::net::TcpStream;

use super::BoxFuture;

/// Opens TCP connections. What is connected to has been checked before
/// ([`Guard`](crate::guard::Guard)), and this is the last to see it: tests map addresses to
/// loopback here, others bind to an address of their own.
pub trait Connect: Send + Sync {
    /// Connects to `address`, which is one of `host`'s. No name is to be looked up here.
    fn connect<'a>(
        &'a self,
        host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>>;
}

/// Connects to the address itself.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to be set")]
pub struct Direct;

impl Connect for Direct {
    fn connect<'a>(
        &'a self,
        _host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>> {
        alloc::boxed::Box::pin(TcpStream::connect(address))
    }
}
