//! What a policy means for an MX host: what to demand before connecting, and what to
//! conclude after (RFC 8461 §2, §4, §5; RFC 8689).
//!
//! A sender goes through the MX hosts in their ordinary order, and for each of them
//! asks for its [`Demand`], connects, and lets the demand [judge](Demand::judge) what
//! came of it. It never picks the hosts that fit and drops the others beforehand
//! (RFC 8461 §8.4): a host that is [skipped](Delivery::Skip) is treated as if it could
//! not be reached, and when all are, the message is deferred.
//!
//! This opens no connection and checks no certificate; it is told. It does not choose
//! among policies either: see [`discovery`](super::discovery).
//!
//! ```
//! use mta_sts::failure::{Failure, ReasonCode, ResultType};
//! use mta_sts::sts::Policy;
//! use mta_sts::sts::apply::{Checked, Context, Delivery, Session, TlsOutcome, TlsVersion};
//!
//! let body = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";
//! let policy: Policy = body.parse()?;
//!
//! // Phase 1: what to demand of this host. It is refused before connecting if the
//! // policy does not list it.
//! let demand = Context::new("mx1.example.com").with_policy(&policy).demand();
//! assert!(demand.refusal().is_none());
//! assert!(demand.requires_tls());
//!
//! // Phase 2: what to conclude from the connection.
//! let expired = Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
//! let session = Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Invalid(expired));
//! let verdict = demand.judge(&TlsOutcome::Established(session));
//! assert_eq!(verdict.delivery(), Delivery::Skip);
//! assert_eq!(verdict.to_string(), "skip: certificate-expired (certificate-expired), by MTA-STS");
//! # Ok::<_, mta_sts::sts::ParsePolicyError>(())
//! ```
#![doc = include_str!("apply/decision-table.md")]

mod context;
mod outcome;
mod verdict;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::DnsName;

pub use self::context::{Context, Dane, LocalRequirement, Mail, MxRrset, Tlsa};
use self::outcome::known;
pub use self::outcome::{Checked, Session, TlsOutcome, TlsVersion};
use self::verdict::Binding;
pub use self::verdict::{Cause, Delivery, EnhancedStatus, Rule, SessionResult, Verdict};
use crate::failure::{Failure, ReasonCode, ResultType};

/// Whether a policy lists a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Listing {
    Listed,
    NotListed,
}

/// A policy of mode `enforce` or `testing`, as far as one host is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Sts {
    enforced: bool,
    listing: Listing,
}

/// What is demanded of one host for one mail.
///
/// Equal demands judge everything alike. A connection pool asks the demand of another
/// domain whether it [may use](Self::may_use) an open connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Demand {
    host: Box<str>,
    sts: Option<Sts>,
    dane: Dane,
    local: LocalRequirement,
    mail: Mail,
}

/// How far a property of a connection matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sender must act on each of them")]
pub enum Check {
    /// Not at all.
    Needless,
    /// It is to be checked, so that a report can tell, and nothing else follows.
    Observe,
    /// Without it the host is skipped.
    Require,
}

impl Demand {
    /// The name of the host: lower case, no trailing dot.
    #[must_use]
    pub const fn host(&self) -> &str {
        &self.host
    }

    /// The name for SNI, and which the certificate must be valid for (RFC 8461 §4.1,
    /// §4.2): that of the MX host, never a pattern or the recipient's domain. None if
    /// the host has no DNS name; such a host cannot be authenticated.
    #[must_use]
    pub fn server_name(&self) -> Option<DnsName<'_>> {
        DnsName::try_from(self.host()).ok()
    }

    /// Whether the host is skipped if there is no TLS. If not, TLS is to be tried all
    /// the same.
    #[must_use]
    pub fn requires_tls(&self) -> bool {
        self.local != LocalRequirement::Opportunistic || self.dane_binds() || self.sts_binds()
    }

    /// Whether the certificate is to be checked for [`server_name`](Self::server_name)
    /// against trusted roots.
    #[must_use]
    pub fn webpki(&self) -> Check {
        if self.local == LocalRequirement::WebPki || self.sts_binds() {
            Check::Require
        } else if self.sts.is_some() {
            Check::Observe
        } else {
            Check::Needless
        }
    }

    /// Whether the certificate is to be held against the TLSA records.
    #[must_use]
    pub fn dane(&self) -> Check {
        if self.tlsa() != Some(Tlsa::Usable) {
            Check::Needless
        } else if self.dane_binds() || self.local == LocalRequirement::Dane {
            Check::Require
        } else {
            Check::Observe
        }
    }

    /// The verdict, if it is known before connecting: an enforced policy does not list
    /// the host, or DANE forbids it. Then there is no need to connect.
    #[must_use]
    pub fn refusal(&self) -> Option<Verdict> {
        let mut causes = Vec::new();
        if self.local == LocalRequirement::Dane && self.tlsa() != Some(Tlsa::Usable) {
            causes.push(Cause::binding(Rule::Local, TLSA_MISSING));
        }
        if self.dane_binds() && self.tlsa() == Some(Tlsa::LookupFailed) {
            causes.push(Cause::binding(Rule::Dane, TLSA_LOOKUP_FAILED));
        }
        if self.sts_binds() && self.is_unlisted() {
            causes.push(Cause::binding(Rule::Sts, MX_NOT_LISTED));
        }
        (!causes.is_empty()).then(|| Verdict::refused(self, causes))
    }

    /// Concludes from what came of the connection (RFC 8461 §4, §5).
    pub fn judge(&self, outcome: &TlsOutcome) -> Verdict {
        if let Some(refusal) = self.refusal() {
            return refusal;
        }
        match outcome {
            TlsOutcome::Unreachable => Verdict::unreachable(ReasonCode::ConnectionFailed),
            TlsOutcome::Deferred => Verdict::unreachable(ReasonCode::SmtpDeferred),
            _ => {
                let mut causes = Vec::new();
                self.local_cause(outcome, &mut causes);
                self.dane_cause(outcome, &mut causes);
                self.sts_causes(outcome, &mut causes);
                Verdict::connected(self, outcome, causes)
            }
        }
    }

    /// Whether this mail may be sent over a connection that is open already, of which
    /// this is known: it is to the same host, all that is to be checked was checked,
    /// and the host would not be skipped.
    ///
    /// Then [`judge`](Self::judge) tells what to report of it for this domain.
    #[must_use]
    pub fn may_use(&self, host: &str, outcome: &TlsOutcome) -> bool {
        let checked = match outcome {
            TlsOutcome::Established(session) => {
                let unknown = |check, checked| check != Check::Needless && checked == Checked::No;
                !unknown(self.webpki(), session.webpki) && !unknown(self.dane(), session.dane)
            }
            _ => true,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        checked
            && self.host.eq_ignore_ascii_case(host)
            && self.judge(outcome).delivery() != Delivery::Skip
    }

    fn tlsa(&self) -> Option<Tlsa> {
        match self.dane {
            Dane::None => None,
            Dane::Tlsa { tlsa, .. } => Some(tlsa),
        }
    }

    /// Whether the host is skipped if DANE fails.
    fn dane_binds(&self) -> bool {
        self.mail == Mail::Ordinary && self.dane != Dane::None
    }

    /// Usable TLSA records of a host that a secure MX RRset names decide alone
    /// (RFC 8461 §2).
    fn dane_decides(&self) -> bool {
        let alone = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
        self.dane_binds() && self.dane == alone
    }

    /// Whether the host is skipped if the policy is not kept.
    fn sts_binds(&self) -> bool {
        let enforced = self.sts.is_some_and(|sts| sts.enforced);
        self.mail == Mail::Ordinary && enforced && !self.dane_decides()
    }

    fn is_unlisted(&self) -> bool {
        self.sts.is_some_and(|sts| sts.listing == Listing::NotListed)
    }

    fn local_cause(&self, outcome: &TlsOutcome, causes: &mut Vec<Cause>) {
        let failure = match self.local {
            LocalRequirement::Opportunistic => return,
            LocalRequirement::Encrypted => outcome.without_tls(),
            LocalRequirement::WebPki => outcome.without_tls().or_else(|| outcome.webpki_failure()),
            LocalRequirement::Dane => outcome.without_tls().or_else(|| outcome.dane_failure()),
        };
        causes.extend(failure.map(|failure| Cause::new(Rule::Local, failure, Binding::Yes)));
    }

    fn dane_cause(&self, outcome: &TlsOutcome, causes: &mut Vec<Cause>) {
        let binding = if self.dane_binds() { Binding::Yes } else { Binding::No };
        let (failure, binding) = match (self.tlsa(), outcome.without_tls()) {
            (None, _) => return,
            (Some(Tlsa::LookupFailed), _) => (Some(known(TLSA_LOOKUP_FAILED)), binding),
            (_, Some(failure)) => (Some(failure), binding),
            (Some(Tlsa::Usable), None) => (outcome.dane_failure(), binding),
            // TLS is all that is demanded.
            (Some(Tlsa::Unusable), None) => (Some(known(TLSA_UNUSABLE)), Binding::No),
        };
        causes.extend(failure.map(|failure| Cause::new(Rule::Dane, failure, binding)));
    }

    /// The order is that in which the RFC checks: listed, STARTTLS, certificate.
    fn sts_causes(&self, outcome: &TlsOutcome, causes: &mut Vec<Cause>) {
        if self.sts.is_none() {
            return;
        }
        let unlisted = self.is_unlisted().then_some(known(MX_NOT_LISTED));
        let failures = match outcome.without_tls() {
            Some(failure) => [unlisted, Some(failure), None],
            None => [unlisted, outcome.version_failure(), outcome.webpki_failure()],
        };
        let binding = if self.sts_binds() { Binding::Yes } else { Binding::No };
        let failures = failures.into_iter().flatten();
        causes.extend(failures.map(|failure| Cause::new(Rule::Sts, failure, binding)));
    }
}

const MX_NOT_LISTED: Failure = Failure::new(ResultType::ValidationFailure, ReasonCode::MxNotListed);
const TLSA_MISSING: Failure = Failure::new(ResultType::DaneRequired, ReasonCode::TlsaMissing);
const TLSA_UNUSABLE: Failure = Failure::new(ResultType::TlsaInvalid, ReasonCode::TlsaUnusable);
const TLSA_LOOKUP_FAILED: Failure =
    Failure::new(ResultType::DnssecInvalid, ReasonCode::TlsaLookupFailed);
