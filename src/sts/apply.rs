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
use super::policy::Mode;
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
    /// It is to be checked so that a report can tell, and nothing else follows.
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

    /// The mode of the policy that is applied; none without one, or if its mode is
    /// `none`.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.sts.map(|sts| if sts.enforced { Mode::Enforce } else { Mode::Testing })
    }

    /// The name which the certificate must be valid for, and for SNI (RFC 8461 §4.1,
    /// §7.1): that of the MX host, never a pattern or the recipient's domain. None if
    /// the host has no DNS name; such a host cannot be authenticated.
    ///
    /// Where DANE is done, the name for SNI is the TLSA base domain (RFC 7672 §2.2.3,
    /// §8.1), which is another one behind a CNAME.
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
        } else if self.sts.is_some() && self.is_reportable() {
            Check::Observe
        } else {
            Check::Needless
        }
    }

    /// Whether the certificate is to be held against the TLSA records.
    #[must_use]
    pub fn dane(&self) -> Check {
        let usable = self.tlsa() == Some(Tlsa::Usable);
        if usable && (self.dane_binds() || self.local == LocalRequirement::Dane) {
            Check::Require
        } else if usable && self.is_reportable() {
            Check::Observe
        } else {
            Check::Needless
        }
    }

    /// The verdict, if it is known before connecting: an enforced policy does not list
    /// the host, or DANE forbids it. Then there is no need to connect.
    #[must_use]
    pub fn refusal(&self) -> Option<Verdict> {
        let causes = self.causes(None);
        causes.iter().any(|cause| cause.binds()).then(|| Verdict::refused(self, causes))
    }

    /// Concludes from what came of the connection (RFC 8461 §4, §5).
    pub fn judge(&self, outcome: &TlsOutcome) -> Verdict {
        if let Some(refusal) = self.refusal() {
            return refusal;
        }
        match outcome {
            TlsOutcome::Unreachable => Verdict::unreachable(ReasonCode::ConnectionFailed),
            TlsOutcome::Deferred => Verdict::unreachable(ReasonCode::SmtpDeferred),
            _ => Verdict::connected(self, outcome, self.causes(Some(outcome))),
        }
    }

    /// Whether this mail may be sent over a connection that is open already, of which
    /// this is known: it is to the same host, all that is to be checked was checked,
    /// and the host would not be skipped.
    ///
    /// Then [`judge`](Self::judge) tells what to report of it for this domain. A match of
    /// TLSA records that holds by the name of another next hop (RFC 7672 §3.2.2) is none
    /// for this one: what is known of the connection must say so.
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

    /// Whether the policy is overruled: usable TLSA records of a host that a secure MX
    /// RRset names decide alone (RFC 8461 §2).
    fn dane_decides(&self) -> bool {
        self.dane == Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable }
    }

    /// Whether the host is skipped if the policy is not kept.
    fn sts_binds(&self) -> bool {
        let enforced = self.mode() == Some(Mode::Enforce);
        self.mail == Mail::Ordinary && enforced && !self.dane_decides()
    }

    /// Mail that carries a report is in none (RFC 8460 §3), and so what the recipient's
    /// domain asserts is of no interest.
    fn is_reportable(&self) -> bool {
        self.mail != Mail::TlsReport
    }

    /// All that is wrong with the connection, or that is known to be before there is one.
    fn causes(&self, outcome: Option<&TlsOutcome>) -> Vec<Cause> {
        let mut causes = Vec::new();
        causes.extend(self.local_cause(outcome));
        if self.is_reportable() {
            causes.extend(self.dane_causes(outcome));
            causes.extend(self.sts_causes(outcome));
        }
        // What forbids delivery, what is to be reported, the rest.
        causes.sort_by_key(|cause| (!cause.binds(), cause.result_type().is_none()));
        causes
    }

    fn local_cause(&self, outcome: Option<&TlsOutcome>) -> Option<Cause> {
        let without_tls = outcome.and_then(TlsOutcome::without_tls);
        let reason = match self.local {
            LocalRequirement::Opportunistic => None,
            LocalRequirement::Encrypted => without_tls,
            LocalRequirement::WebPki => {
                without_tls.or_else(|| outcome.and_then(TlsOutcome::webpki_failure))
            }
            LocalRequirement::Dane if self.tlsa() != Some(Tlsa::Usable) => {
                Some(known(TLSA_MISSING))
            }
            LocalRequirement::Dane => {
                without_tls.or_else(|| outcome.and_then(TlsOutcome::dane_failure))
            }
        };
        reason.map(|reason| Cause::new(Rule::Local, reason, Binding::Yes))
    }

    fn dane_causes(&self, outcome: Option<&TlsOutcome>) -> impl Iterator<Item = Cause> {
        let tlsa = self.tlsa();
        let asks_for_tls = matches!(tlsa, Some(Tlsa::Usable | Tlsa::Unusable));
        let without_tls = outcome.and_then(TlsOutcome::without_tls).filter(|_| asks_for_tls);
        let binding = if self.dane_binds() { Binding::Yes } else { Binding::No };
        let (of_records, binding_of_records) = match tlsa {
            Some(Tlsa::LookupFailed) => (Some(known(TLSA_LOOKUP_FAILED)), binding),
            // TLS is all that is demanded.
            Some(Tlsa::Unusable) => (Some(known(TLSA_UNUSABLE)), Binding::No),
            Some(Tlsa::Usable) => (outcome.and_then(TlsOutcome::dane_failure), binding),
            None => (None, binding),
        };
        let without_tls = without_tls.map(|reason| Cause::new(Rule::Dane, reason, binding));
        let of_records =
            of_records.map(|reason| Cause::new(Rule::Dane, reason, binding_of_records));
        without_tls.into_iter().chain(of_records)
    }

    /// The order is that in which the RFC checks: listed, STARTTLS, certificate; and
    /// that of SND-4 before the rest.
    fn sts_causes(&self, outcome: Option<&TlsOutcome>) -> impl Iterator<Item = Cause> {
        let unlisted = self.sts.filter(|sts| sts.listing == Listing::NotListed);
        let unlisted = unlisted.map(|_| known(MX_NOT_LISTED));
        let of_connection = match outcome.filter(|_| self.sts.is_some()) {
            Some(outcome) => outcome.sts_failures(),
            None => [None; 2],
        };
        let binding = if self.sts_binds() { Binding::Yes } else { Binding::No };
        unlisted
            .into_iter()
            .chain(of_connection.into_iter().flatten())
            .map(move |reason| Cause::new(Rule::Sts, reason, binding))
    }
}

const MX_NOT_LISTED: Failure = Failure::new(ResultType::ValidationFailure, ReasonCode::MxNotListed);
const TLSA_MISSING: Failure = Failure::new(ResultType::DaneRequired, ReasonCode::TlsaMissing);
const TLSA_UNUSABLE: Failure = Failure::new(ResultType::TlsaInvalid, ReasonCode::TlsaUnusable);
const TLSA_LOOKUP_FAILED: Failure =
    Failure::new(ResultType::DnssecInvalid, ReasonCode::TlsaLookupFailed);
