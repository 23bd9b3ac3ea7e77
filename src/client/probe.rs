//! What an MX host offers: the STARTTLS probe (feature `probe`; RFC 3207, RFC 8461 §4.2).
//!
//! A [`Prober`] connects to an MX host as a sender would, but has no mail for it:
//!
//! ```text
//! S: 220 mx1.example.com ESMTP          greeting
//! C: EHLO probe.example.net
//! S: 250-mx1.example.com
//! S: 250 STARTTLS                       extensions
//! C: STARTTLS
//! S: 220 go ahead                       and nothing behind it
//!    (TLS handshake)                    version, certificates
//! C: QUIT
//! ```
//!
//! What came of it is a [`TlsOutcome`] for [`Demand::judge`]; what was seen is plain data
//! for an audit. An invalid certificate does not end the handshake: it is
//! [recorded](crate::verifier::OnInvalid::Record).
//!
//! | the host | outcome |
//! |---|---|
//! | cannot be connected to, breaks off or is not understood before STARTTLS is sent, greets with a 5xx | [`TlsOutcome::Unreachable`] |
//! | greets, or answers to EHLO, with a 4xx | [`TlsOutcome::Deferred`] |
//! | answers to EHLO with a 5xx, or without `STARTTLS` | [`TlsOutcome::NotOffered`] |
//! | answers to STARTTLS with a 4xx | [`TlsOutcome::StartTlsDeferred`] |
//! | answers to STARTTLS with a 5xx | [`TlsOutcome::Refused`] |
//! | breaks off or is not understood after STARTTLS was sent | [`TlsOutcome::HandshakeFailed`] |
//! | sends more in the clear behind its 220 to STARTTLS | [`TlsOutcome::HandshakeFailed`], `starttls-injection` |
//! | fails in the handshake | [`TlsOutcome::HandshakeFailed`] |
//! | else | [`TlsOutcome::Established`] |
//!
//! [`Probed::trouble`] says more about what was not understood.
//!
//! This sends no mail, follows no MX records (the caller names the host), applies no
//! policy, and looks up no TLSA records.
//!
//! # Limits
//!
//! - Of several addresses the first that can be connected to is probed, not all.
//! - HELO is not tried: without EHLO there is no STARTTLS.
//! - [`ProbeLimits`] bound the time, [`MAX_PROBE_OCTETS`] and the limits of replies
//!   ([`MAX_REPLY_LINE_LEN`], [`MAX_REPLY_LINES`]) what is read.
//! - Stricter than other clients: lines end with CR LF, and what comes together with
//!   a reply, before the next command, is not taken as the answer to that.
//! - TLS before 1.2 cannot be spoken: that a host has only older versions is
//!   `validation-failure` with the reason `tls-version`.
//!
//! [`Demand::judge`]: crate::sts::apply::Demand::judge

mod ehlo;
mod metered;
mod prober;
mod reply;
mod smtp;

use alloc::string::String;
use alloc::vec::Vec;

pub use self::ehlo::{EhloName, InvalidEhloName};
pub use self::metered::MAX_PROBE_OCTETS;
pub use self::prober::{ProbeLimits, Prober};
pub use self::reply::{MAX_REPLY_LINE_LEN, MAX_REPLY_LINES, ReplyError};
pub use self::smtp::ProbeTrouble;
use super::{BoxFuture, Evidence};
use crate::sts::apply::TlsOutcome;

/// Probes MX hosts.
pub trait MxProbe: Send + Sync {
    /// Connects to the host, given without final dot, on port 25, and looks at what it
    /// offers.
    ///
    /// It bounds its time itself, and connects to no address that
    /// [`Guard`](crate::guard::Guard) refuses. A future that is dropped closes the
    /// connection.
    fn probe<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Probed>;
}

/// What an MX host offers.
///
/// All text in it is the host's, bounded by what a reply may have, and not escaped:
/// [`escape`](crate::escape::escape) shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    outcome: TlsOutcome,
    evidence: Evidence,
    greeting: Option<String>,
    ehlo: Vec<String>,
    refusal: Option<String>,
    trouble: Option<ProbeTrouble>,
}

impl Probed {
    /// It came to this.
    #[must_use]
    pub fn new(outcome: TlsOutcome) -> Self {
        Self {
            outcome,
            evidence: Evidence::default(),
            greeting: None,
            ehlo: Vec::new(),
            refusal: None,
            trouble: None,
        }
    }

    /// What was seen on the way.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// The text of the greeting, its lines separated by LF.
    #[must_use]
    pub fn with_greeting(mut self, greeting: impl Into<String>) -> Self {
        self.greeting = Some(greeting.into());
        self
    }

    /// The lines of the answer to EHLO, without code; the first is the host's greeting.
    #[must_use]
    pub fn with_ehlo(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.ehlo = lines.into_iter().collect();
        self
    }

    /// The reply by which the host has refused, with its code, its lines separated by LF.
    #[must_use]
    pub fn with_refusal(mut self, refusal: impl Into<String>) -> Self {
        self.refusal = Some(refusal.into());
        self
    }

    /// Why the probe ended, other than by an answer of the host.
    #[must_use]
    pub const fn with_trouble(mut self, trouble: ProbeTrouble) -> Self {
        self.trouble = Some(trouble);
        self
    }

    /// What [`Demand::judge`](crate::sts::apply::Demand::judge) takes.
    #[must_use]
    pub const fn outcome(&self) -> TlsOutcome {
        self.outcome
    }

    /// The address, the certificates and the version of TLS.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The text of the greeting, its lines separated by LF; not escaped.
    #[must_use]
    pub fn greeting(&self) -> Option<&str> {
        self.greeting.as_deref()
    }

    /// The lines of the answer to EHLO, without code, if it was no refusal; not escaped.
    #[must_use]
    pub fn ehlo(&self) -> &[String] {
        &self.ehlo
    }

    /// The lines of the answer to EHLO, but the first: one extension each
    /// (RFC 5321 §4.1.1.1); not escaped.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        self.ehlo.get(1..).unwrap_or(&[])
    }

    /// The 4xx or 5xx by which the host has refused the connection, EHLO or STARTTLS: the
    /// code, a space, and the text, its lines separated by LF; not escaped.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Why the probe ended, other than by an answer of the host.
    #[must_use]
    pub const fn trouble(&self) -> Option<ProbeTrouble> {
        self.trouble
    }
}
