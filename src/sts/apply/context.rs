//! What is known before a host is connected to.

use super::{Demand, Listing, Sts};
use crate::sts::policy::{Mode, Policy};

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
    /// a look-up. A name with U-labels is to be converted before
    /// ([`DomainName::from_unicode`](crate::DomainName), feature `idna`).
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
    /// The sender does not do DANE (for this host: RFC 7672 §2.2.1 leaves it open whether
    /// to do it where the MX RRset is insecure), or there are securely no records, or they
    /// are insecure.
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
#[non_exhaustive]
pub enum LocalRequirement {
    /// TLS where it is offered.
    Opportunistic,
    /// TLS, with whatever certificate.
    Encrypted,
    /// TLS with a certificate that is valid for the host's name.
    WebPki,
    /// TLS that usable TLSA records vouch for, whether or not the MX RRset is secure.
    Dane,
}

/// What mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mail {
    /// To be delivered by all the rules.
    Ordinary,
    /// With `TLS-Required: No`: delivered whatever the recipient's domain asserts, by
    /// MTA-STS or by DANE (RFC 8689). What fails is reported all the same.
    TlsOptional,
    /// Carries a TLS report: delivered likewise (RFC 8460 §3), and never reported. Only
    /// our own configuration counts.
    TlsReport,
}
