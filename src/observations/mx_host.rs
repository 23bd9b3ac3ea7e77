//! What was seen of an MX host.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::fetch::whole_milliseconds;
use super::lookup::{Lookup, address_octets};
use super::server::{MAX_FAULT_TEXT, Server};
use super::text::{cut, printable};
use crate::sts::apply::TlsOutcome;
use crate::txt::DnsFailure;

/// How many octets of a reply's text are kept: a line of a reply has 512 (RFC 5321
/// §4.5.3.1.5), and a greeting may have some.
pub const MAX_REPLY_TEXT: usize = 2_048;

/// How many lines of the answer to EHLO are kept: servers send about ten.
pub const MAX_EXTENSIONS: usize = 64;

/// An MX host: its name, and what was seen if it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MxHost {
    name: String,
    addresses: Option<Result<Lookup<IpAddr>, DnsFailure>>,
    probe: Option<Probe>,
}

impl MxHost {
    /// A host at which nobody has looked: the name of an MX record, or the domain itself
    /// if it has none.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), addresses: None, probe: None }
    }

    /// Its addresses.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Result<Lookup<IpAddr>, DnsFailure>) -> Self {
        self.addresses = Some(addresses.map(|found| found.kept(address_octets)));
        self
    }

    /// What it offers.
    #[must_use]
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Its name, as DNS has it, without final dot.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its addresses; `None` if nobody has looked.
    #[must_use]
    pub const fn addresses(&self) -> Option<Result<&Lookup<IpAddr>, DnsFailure>> {
        super::as_ref(&self.addresses)
    }

    /// What it offers; `None` if nobody has looked.
    #[must_use]
    pub const fn probe(&self) -> Option<&Probe> {
        self.probe.as_ref()
    }
}

/// What an MX host offers: what came of connecting to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    outcome: TlsOutcome,
    greeting: Option<String>,
    extensions: Vec<String>,
    refusal: Option<String>,
    trouble: Option<Box<str>>,
    server: Server,
    took: Option<Duration>,
}

impl Probe {
    /// It came to this.
    #[must_use]
    pub fn new(outcome: TlsOutcome) -> Self {
        Self {
            outcome,
            greeting: None,
            extensions: Vec::new(),
            refusal: None,
            trouble: None,
            server: Server::default(),
            took: None,
        }
    }

    /// The text of its greeting; at most [`MAX_REPLY_TEXT`] octets are kept.
    #[must_use]
    pub fn with_greeting(mut self, greeting: impl Into<String>) -> Self {
        self.greeting = Some(cut(greeting.into(), MAX_REPLY_TEXT));
        self
    }

    /// The lines of its answer to EHLO but the first; at most [`MAX_EXTENSIONS`] are kept,
    /// and [`MAX_REPLY_TEXT`] octets of each.
    #[must_use]
    pub fn with_extensions(mut self, extensions: impl IntoIterator<Item = String>) -> Self {
        let kept = extensions.into_iter().take(MAX_EXTENSIONS);
        self.extensions = kept.map(|line| cut(line, MAX_REPLY_TEXT)).collect();
        self
    }

    /// The reply by which it has refused, with its code; at most [`MAX_REPLY_TEXT`] octets
    /// are kept.
    #[must_use]
    pub fn with_refusal(mut self, refusal: impl Into<String>) -> Self {
        self.refusal = Some(cut(refusal.into(), MAX_REPLY_TEXT));
        self
    }

    /// Why the probe ended, other than by an answer of the host: our words, with what
    /// others wrote in them [escaped](crate::escape). What must not be shown is escaped in
    /// any case, and at most [`MAX_FAULT_TEXT`] octets are kept.
    #[must_use]
    pub fn with_trouble(mut self, trouble: impl AsRef<str>) -> Self {
        self.trouble = Some(cut(printable(trouble.as_ref()), MAX_FAULT_TEXT).into());
        self
    }

    /// What was seen of it beside.
    #[must_use]
    pub fn with_server(mut self, server: Server) -> Self {
        self.server = server;
        self
    }

    /// It took so long, in whole milliseconds; what is beyond them is dropped.
    #[must_use]
    pub const fn with_took(mut self, took: Duration) -> Self {
        self.took = Some(whole_milliseconds(took));
        self
    }

    /// What [`Demand::judge`](crate::sts::apply::Demand::judge) takes.
    #[must_use]
    pub const fn outcome(&self) -> TlsOutcome {
        self.outcome
    }

    /// The text of its greeting, as received.
    #[must_use]
    pub fn greeting(&self) -> Option<&str> {
        self.greeting.as_deref()
    }

    /// The lines of its answer to EHLO but the first, as received.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The reply by which it has refused the connection, EHLO or STARTTLS, as received.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Why the probe ended, other than by an answer of the host, in words that can be shown
    /// as they are.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The address, the version of TLS and the certificates.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// How long it took, from the look-up of its addresses to the end.
    #[must_use]
    pub const fn took(&self) -> Option<Duration> {
        self.took
    }
}
