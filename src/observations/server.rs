//! What was seen of a server, and what was wrong.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use super::certificate::Certificate;
use super::text::{cut, printable};
use crate::failure::Failure;

/// How many certificates of a chain are kept; a chain that leads to a public root has two
/// to four, and the check of certificates looks at no more than 8 either.
pub const MAX_CHAIN: usize = 8;

/// How many octets the certificates of a chain may have together, likewise.
pub const MAX_CHAIN_OCTETS: usize = 65_536;

/// How many things that are wrong with certificates are kept: more than a check finds.
pub const MAX_FAULTS: usize = 16;

/// How many octets of the text of a fault are kept: several lines, for people.
pub const MAX_FAULT_TEXT: usize = 2_048;

/// What was seen of a server, up to where it went wrong if it did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    address: Option<SocketAddr>,
    version: Option<TlsProtocol>,
    chain: Vec<Certificate>,
    faults: Vec<Fault>,
}

impl Server {
    /// Connected to this address.
    #[must_use]
    pub const fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The handshake ended with this version.
    #[must_use]
    pub const fn with_version(mut self, version: TlsProtocol) -> Self {
        self.version = Some(version);
        self
    }

    /// It has shown these certificates, first its own; at most [`MAX_CHAIN`] of
    /// [`MAX_CHAIN_OCTETS`] are kept, the first ones.
    #[must_use]
    pub fn with_chain(mut self, chain: impl IntoIterator<Item = Certificate>) -> Self {
        let mut left = MAX_CHAIN_OCTETS;
        let fits = |certificate: &Certificate| match left.checked_sub(certificate.der().len()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        self.chain = chain.into_iter().take(MAX_CHAIN).take_while(fits).collect();
        self
    }

    /// This is wrong with them, what weighs most first; at most [`MAX_FAULTS`] are kept.
    #[must_use]
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().take(MAX_FAULTS).collect();
        self
    }

    /// The address connected to; `None` if no connection came about, or nobody says.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The version of TLS; `None` if no handshake ended well, or nobody says.
    #[must_use]
    pub const fn version(&self) -> Option<TlsProtocol> {
        self.version
    }

    /// The certificates, first the server's own, valid or not; none if it has shown none,
    /// or nobody has kept them.
    #[must_use]
    pub const fn chain(&self) -> &[Certificate] {
        self.chain.as_slice()
    }

    /// The server's own certificate.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// All that is wrong with the certificates, by the result types of an MX host; the
    /// first decides what a report says.
    #[must_use]
    pub const fn faults(&self) -> &[Fault] {
        self.faults.as_slice()
    }
}

/// Something that was wrong: for reports, and for people. `Display` is the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    failure: Failure,
    text: Box<str>,
}

impl Fault {
    /// A failure, and what it was in words: our own, with what others wrote in them
    /// [escaped](crate::escape). What must not be shown is escaped in any case, and at
    /// most [`MAX_FAULT_TEXT`] octets are kept.
    #[must_use]
    pub fn new(failure: Failure, text: impl AsRef<str>) -> Self {
        Self { failure, text: cut(printable(text.as_ref()), MAX_FAULT_TEXT).into() }
    }

    /// Result type and reason code.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// What it was, in words that can be shown as they are.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A version of TLS that MTA-STS accepts (RFC 8461 §7.2). `as_str` is the name that RFCs
/// write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsProtocol {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsProtocol {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}
