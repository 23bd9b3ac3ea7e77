//! The network of the world: which address and port leads to which listener on loopback.
//! Nothing leaves the machine: what has no route is refused.

use core::net::{IpAddr, SocketAddr};
use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use mta_sts::client::{BoxFuture, Connect};
use tokio::net::TcpStream;

/// Where a route leads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route {
    /// To a listener on loopback.
    To(SocketAddr),
    /// Nowhere, without an answer.
    BlackHole,
}

#[derive(Debug, Default)]
pub(crate) struct Network {
    routes: Mutex<HashMap<SocketAddr, Route>>,
    attempts: Mutex<Vec<(String, SocketAddr)>>,
}

impl Network {
    pub(crate) fn route(&self, address: SocketAddr, route: Route) {
        self.routes.lock().unwrap().insert(address, route);
    }

    /// Connections are refused from now on.
    pub(crate) fn cut(&self, address: SocketAddr) {
        self.routes.lock().unwrap().remove(&address);
    }

    /// How often somebody tried to connect to the address, on whatever port.
    pub(crate) fn attempts_to(&self, address: IpAddr) -> usize {
        self.attempts.lock().unwrap().iter().filter(|(_, to)| to.ip() == address).count()
    }

    /// The addresses that somebody tried to connect to for the host, in their order.
    pub(crate) fn attempts_for(&self, host: &str) -> Vec<SocketAddr> {
        let attempts = self.attempts.lock().unwrap();
        attempts.iter().filter(|(of, _)| of == host).map(|(_, to)| *to).collect()
    }
}

impl Connect for Network {
    fn connect<'a>(
        &'a self,
        host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>> {
        self.attempts.lock().unwrap().push((host.to_owned(), address));
        let route = self.routes.lock().unwrap().get(&address).copied();
        Box::pin(async move {
            match route {
                Some(Route::To(listener)) => TcpStream::connect(listener).await,
                Some(Route::BlackHole) => core::future::pending().await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}

/// A listener on loopback, with a port of the kernel's choice.
pub(crate) fn listener() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (tokio::net::TcpListener::from_std(listener).unwrap(), address)
}

/// Accepts connections until it is dropped, each in a task of its own.
pub(crate) async fn accept<F>(
    listener: tokio::net::TcpListener,
    serve: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream));
        while connections.try_join_next().is_some() {}
    }
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Task(tokio::task::JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
