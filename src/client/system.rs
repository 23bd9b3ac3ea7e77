//! The shipped parts put together: a resolver, connections behind the guard, HTTPS, and
//! the probe.
//!
//! Nothing is new here; whoever wants other parts puts them together by
//! [`Client::builder`](super::Client::builder).

use alloc::sync::Arc;
use core::fmt;

use rustls::crypto::CryptoProvider;

use super::https::{HttpsClient, Roots};
use super::resolver::{Resolver, ResolverError};
use super::{Client, ClientBuilder, Connect, Dialer};
#[cfg(feature = "probe")]
use super::{EhloName, Prober};
use crate::guard::Guard;
use crate::verifier::Verification;

/// The shipped parts of a client (features `resolver` and `https`).
///
/// ```no_run
/// use mta_sts::client::Stack;
/// use mta_sts::sts::PolicyDomain;
/// use rustls::crypto::ring;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Stack::from_system(ring::default_provider())?
///     .with_ehlo_name("probe.example.net".parse()?)
///     .client()?
///     .build();
/// let seen = client.observe(&PolicyDomain::from_next_hop("example.com")?).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "`client` makes the client"]
pub struct Stack {
    resolver: Arc<Resolver>,
    dialer: Dialer,
    verification: Verification,
    #[cfg(feature = "probe")]
    ehlo_name: Option<EhloName>,
}

impl Stack {
    /// Asks the name servers of the system, and trusts the roots of the platform, or, if it
    /// has none, those that Mozilla does, as compiled in. Connections go through the default
    /// [`Guard`], without a proxy, whatever the environment says.
    ///
    /// This reads files, and blocks while it does.
    ///
    /// # Errors
    ///
    /// [`StackError::Resolver`].
    pub fn from_system(provider: impl Into<Arc<CryptoProvider>>) -> Result<Self, StackError> {
        let resolver = Resolver::builder().build()?;
        let roots = Roots::platform().unwrap_or_else(|_| Roots::mozilla());
        Ok(Self::new(resolver, Verification::new(provider.into(), roots)))
    }

    /// Of this resolver, which looks up addresses too, and this verification of policy hosts
    /// and MX hosts.
    pub fn new(resolver: Resolver, verification: Verification) -> Self {
        let resolver = Arc::new(resolver);
        Self {
            dialer: Dialer::new(resolver.clone()),
            resolver,
            verification,
            #[cfg(feature = "probe")]
            ehlo_name: None,
        }
    }

    /// Connects by this.
    pub fn with_connector(mut self, connector: Arc<dyn Connect>) -> Self {
        self.dialer = self.dialer.with_connector(connector);
        self
    }

    /// Judges addresses by this.
    pub fn with_guard(mut self, guard: Guard) -> Self {
        self.dialer = self.dialer.with_guard(guard);
        self
    }

    /// Probes MX hosts in [`Client::observe`], and calls itself this. Hosts may refuse to
    /// talk to a name that is not ours, so there is no default; without one there are no
    /// probes.
    #[cfg(feature = "probe")]
    pub fn with_ehlo_name(mut self, name: EhloName) -> Self {
        self.ehlo_name = Some(name);
        self
    }

    /// A client of these parts.
    ///
    /// # Errors
    ///
    /// [`StackError::Provider`].
    pub fn client(self) -> Result<ClientBuilder, StackError> {
        let https = HttpsClient::new(self.dialer.clone(), self.verification.clone())?;
        let client = Client::builder(Resolver::clone(&self.resolver), https)
            .with_addresses(self.resolver.clone())
            .with_mx(self.resolver.clone());
        #[cfg(feature = "probe")]
        if let Some(name) = self.ehlo_name {
            return Ok(client.with_probe(Arc::new(Prober::new(
                self.dialer,
                self.verification,
                name,
            ))));
        }
        Ok(client)
    }
}

impl Client {
    /// A client of the shipped parts, with the name servers and the roots of the system
    /// ([`Stack::from_system`]). It keeps what it knows in memory.
    ///
    /// ```no_run
    /// use mta_sts::client::Client;
    /// use mta_sts::sts::PolicyDomain;
    /// use rustls::crypto::ring;
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::system(ring::default_provider())?.build();
    /// let answer = client.policy(&PolicyDomain::from_next_hop("example.com")?).await?;
    /// println!("{:?}", answer.advice());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StackError`].
    pub fn system(provider: impl Into<Arc<CryptoProvider>>) -> Result<ClientBuilder, StackError> {
        Stack::from_system(provider)?.client()
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("dialer", &self.dialer).finish_non_exhaustive()
    }
}

/// Why the shipped parts could not be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StackError {
    /// There is no name server to ask.
    #[error("no resolver")]
    Resolver(#[from] ResolverError),
    /// The provider of cryptography cannot do TLS 1.2 or 1.3.
    #[error("provider of cryptography without TLS 1.2 and 1.3")]
    Provider(#[from] rustls::Error),
}
