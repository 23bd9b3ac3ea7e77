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

mod verdict;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::DnsName;

use self::verdict::Binding;
pub use self::verdict::{Cause, Delivery, EnhancedStatus, Rule, SessionResult, Verdict};
use super::policy::{Mode, Policy};
use crate::failure::{Failure, ReasonCode, ResultType};

/// What is known before a host is connected to.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    mx: &'a str,
    policy: Option<&'a Policy>,
    dane: Dane,
    local: LocalRequirement,
    mail: Mail,
}

impl<'a> Context<'a> {
    /// Ordinary mail to a host, without policy, DANE and demands of our own.
    ///
    /// `mx` is the name in the MX record, not the target of a CNAME there; or the
    /// domain itself where it has no MX records; or the smart host that is used without
    /// a look-up.
    #[must_use]
    pub const fn new(mx: &'a str) -> Self {
        Self {
            mx,
            policy: None,
            dane: Dane::None,
            local: LocalRequirement::Opportunistic,
            mail: Mail::Ordinary,
        }
    }

    /// The policy that a discovery has found to be applied.
    #[must_use]
    pub fn with_policy(mut self, policy: impl Into<Option<&'a Policy>>) -> Self {
        self.policy = policy.into();
        self
    }

    /// What is known of the TLSA records of the host.
    #[must_use]
    pub const fn with_dane(mut self, dane: Dane) -> Self {
        self.dane = dane;
        self
    }

    /// What our own configuration demands for this mail.
    #[must_use]
    pub const fn with_local(mut self, local: LocalRequirement) -> Self {
        self.local = local;
        self
    }

    /// What mail it is.
    #[must_use]
    pub const fn with_mail(mut self, mail: Mail) -> Self {
        self.mail = mail;
        self
    }

    /// What is to be demanded of the host.
    #[must_use]
    pub fn demand(&self) -> Demand {
        let sts = self.policy.and_then(|policy| {
            let listing = match policy.matching_mx(self.mx) {
                Some(_) => Listing::Listed,
                None => Listing::NotListed,
            };
            match policy.mode() {
                Mode::Enforce => Some(Sts { enforced: true, listing }),
                Mode::Testing => Some(Sts { enforced: false, listing }),
                Mode::None => None,
            }
        });
        let host = self.mx.strip_suffix('.').unwrap_or(self.mx);
        Demand {
            host: host.to_ascii_lowercase().into(),
            sts,
            dane: self.dane,
            local: self.local,
            mail: self.mail,
        }
    }
}

/// What is known of the TLSA records of a host (RFC 7672).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sender that does DANE meets each of them")]
pub enum Dane {
    /// The sender does not do DANE, or there are securely none, or they are insecure.
    None,
    /// There are secure TLSA records, or whether there are could not be found out.
    Tlsa {
        /// How the MX RRset was looked up, or its absence.
        mx_rrset: MxRrset,
        /// What was found.
        tlsa: Tlsa,
    },
}

/// The DNSSEC state of an MX RRset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "bogus ones are no RRset")]
pub enum MxRrset {
    /// Validated.
    Secure,
    /// Not signed: somebody may have put other hosts there.
    Insecure,
}

/// What was found of TLSA records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 7672 §2.1, §2.2 have these three")]
pub enum Tlsa {
    /// At least one secure record that can be used.
    Usable,
    /// Secure records of which none can be used: TLS without authentication
    /// (RFC 7672 §2.2).
    Unusable,
    /// SERVFAIL, time-out or bogus data: the host must not be used (RFC 7672 §2.1.2).
    LookupFailed,
}

/// What the sender's own configuration demands. A policy never loosens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a configuration must be told by one of these")]
pub enum LocalRequirement {
    /// TLS where it is offered.
    Opportunistic,
    /// TLS, with whatever certificate.
    Encrypted,
    /// TLS with a certificate that is valid for the host's name.
    WebPki,
    /// TLS that usable TLSA records vouch for.
    Dane,
}

/// What mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the one relaxation must have a name")]
pub enum Mail {
    /// To be delivered by all the rules.
    Ordinary,
    /// With `TLS-Required: No`: delivered whatever the recipient's domain asserts, by
    /// MTA-STS or by DANE (RFC 8689). What fails is reported all the same.
    TlsOptional,
    /// Carries a TLS report: delivered likewise (RFC 8460 §3), and never reported.
    TlsReport,
}

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

/// What came of connecting to a host.
///
/// Whoever delivers all the same where there is no TLS does so in the clear: on the
/// same connection, or on a new one after a handshake that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an SMTP client meets each of them")]
pub enum TlsOutcome {
    /// No connection, or it broke before STARTTLS. This is no failure of a policy.
    Unreachable,
    /// Its greeting or its answer to EHLO was a 4xx. No failure of a policy either.
    Deferred,
    /// EHLO did not offer STARTTLS.
    NotOffered,
    /// STARTTLS was refused with a 5xx.
    Refused,
    /// STARTTLS was refused with a 4xx. This need not be reported.
    StartTlsDeferred,
    /// The handshake failed, or the connection broke in it;
    /// [`Failure::of_tls_alert`] and the feature modules know what to call that.
    HandshakeFailed(Failure),
    /// There is TLS.
    Established(Session),
}

/// A reason, and the result type if it is to be reported.
type Reason = (Option<ResultType>, ReasonCode);

const fn known(failure: Failure) -> Reason {
    (Some(failure.result_type()), failure.reason_code())
}

impl TlsOutcome {
    /// Why there is no TLS.
    fn without_tls(&self) -> Option<Reason> {
        let not_supported = Some(ResultType::StartTlsNotSupported);
        match self {
            Self::Established(_) => None,
            Self::Unreachable => Some((None, ReasonCode::ConnectionFailed)),
            Self::Deferred | Self::StartTlsDeferred => Some((None, ReasonCode::SmtpDeferred)),
            Self::NotOffered => Some((not_supported, ReasonCode::StartTlsNotOffered)),
            Self::Refused => Some((not_supported, ReasonCode::StartTlsRefused)),
            Self::HandshakeFailed(failure) => Some(known(*failure)),
        }
    }

    /// TLS 1.2 or later is demanded (RFC 8461 §4.2).
    fn version_failure(&self) -> Option<Reason> {
        match self {
            Self::Established(Session { version: TlsVersion::Older, .. }) => {
                Some((Some(ResultType::ValidationFailure), ReasonCode::TlsVersion))
            }
            _ => None,
        }
    }

    fn webpki_failure(&self) -> Option<Reason> {
        let Self::Established(session) = self else { return None };
        session
            .webpki
            .failure(Failure::new(ResultType::ValidationFailure, ReasonCode::CertificateNotChecked))
    }

    fn dane_failure(&self) -> Option<Reason> {
        let Self::Established(session) = self else { return None };
        session
            .dane
            .failure(Failure::new(ResultType::ValidationFailure, ReasonCode::TlsaNotChecked))
    }
}

/// What is known of a TLS session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Session {
    version: TlsVersion,
    webpki: Checked,
    dane: Checked,
}

impl Session {
    /// A session whose certificate nobody has checked.
    #[must_use]
    pub const fn new(version: TlsVersion) -> Self {
        Self { version, webpki: Checked::No, dane: Checked::No }
    }

    /// The certificate was checked for the [name of the host](Demand::server_name)
    /// against trusted roots (RFC 8461 §4.2), as the `certificate` module does with
    /// feature `webpki`.
    #[must_use]
    pub const fn with_webpki(mut self, webpki: Checked) -> Self {
        self.webpki = webpki;
        self
    }

    /// The certificate was held against the TLSA records; if none matches, that is
    /// [`Checked::TLSA_MISMATCH`].
    #[must_use]
    pub const fn with_dane(mut self, dane: Checked) -> Self {
        self.dane = dane;
        self
    }
}

/// The version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8461 §4.2 draws one line")]
pub enum TlsVersion {
    /// Before TLS 1.2, which no policy accepts.
    Older,
    /// TLS 1.2 or later.
    Tls12OrLater,
}

/// What a check has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a check passes, fails or is not made")]
pub enum Checked {
    /// Nobody has checked. This counts as not valid where it matters.
    No,
    /// Valid.
    Valid,
    /// Not valid, and why.
    Invalid(Failure),
}

impl Checked {
    /// No usable TLSA record matches the certificate.
    pub const TLSA_MISMATCH: Self =
        Self::Invalid(Failure::new(ResultType::TlsaInvalid, ReasonCode::TlsaMismatch));

    fn failure(self, unchecked: Failure) -> Option<Reason> {
        match self {
            Self::No => Some(known(unchecked)),
            Self::Valid => None,
            Self::Invalid(failure) => Some(known(failure)),
        }
    }
}
