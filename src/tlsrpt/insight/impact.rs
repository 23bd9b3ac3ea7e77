//! What a failure does to mail.

use core::fmt;

use crate::failure::{PolicyType, ResultType};

/// What a failure does to mail once the policy of the domain is enforced; what hurts
/// more stands before what hurts less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who decides by it must look at each of them")]
pub enum Impact {
    /// The MX host would not get the mail (RFC 8461 §5): it has no STARTTLS, or its
    /// certificate is not valid for its name, or TLS fails otherwise.
    Refused,
    /// It cannot be told: the result type is none of the registry's, or there is none.
    Unknown,
    /// The sender could not have the policy, so that it goes on without one or with an
    /// older one (RFC 8461 §3.3): no mail is lost, and none is protected.
    NoPolicy,
    /// It is a matter of DANE, which refuses the mail now as it will then.
    Dane,
}

impl Impact {
    /// By `policy-type` and `result-type`.
    ///
    /// Where TLSA records decide, the policy does not (RFC 8461 §2), and a certificate is held
    /// against them. So only what would fail under any policy counts here: no STARTTLS,
    /// an expired certificate, one for another name.
    #[must_use]
    pub const fn of(policy_type: Option<PolicyType>, result: Option<ResultType>) -> Self {
        use ResultType as R;

        match (policy_type, result) {
            (Some(PolicyType::Tlsa), None) => Self::Dane,
            (_, None) => Self::Unknown,
            (_, Some(R::TlsaInvalid | R::DnssecInvalid | R::DaneRequired)) => Self::Dane,
            (_, Some(R::StsPolicyFetchError | R::StsPolicyInvalid | R::StsWebpkiInvalid)) => {
                Self::NoPolicy
            }
            (Some(PolicyType::Tlsa), Some(R::CertificateNotTrusted | R::ValidationFailure)) => {
                Self::Dane
            }
            (
                _,
                Some(
                    R::StartTlsNotSupported
                    | R::CertificateHostMismatch
                    | R::CertificateExpired
                    | R::CertificateNotTrusted
                    | R::ValidationFailure,
                ),
            ) => Self::Refused,
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused where the policy is enforced",
            Self::Unknown => "not known what it does to mail",
            Self::NoPolicy => "delivered, without protection by the policy",
            Self::Dane => "a matter of DANE",
        })
    }
}
