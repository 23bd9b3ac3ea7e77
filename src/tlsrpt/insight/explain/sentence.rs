//! The sentences, with `{mx}`, `{domain}`, `{type}` and `{reason}` for what stood in the
//! report. They fit behind each other: subject, predicate; who must, what.

use super::{Actor, Facts};
use crate::failure::{ReasonCode, ResultType};

pub(in crate::tlsrpt::insight) struct Sentence {
    /// Subject and predicate.
    pub(super) what: [&'static str; 2],
    pub(super) actor: Actor,
    /// What goes behind "must".
    pub(super) remedy: &'static str,
}

impl Actor {
    /// The beginning of the sentence that says what to do.
    pub(super) const fn must(self) -> &'static str {
        match self {
            Self::MxOperator => "The operator of that host must ",
            Self::PolicyHostOperator => "The operator of the policy host must ",
            Self::DomainOwner => "The owner of {domain} must ",
            Self::DnsOperator => "Whoever runs its DNS must ",
            Self::Sender => "The sender must ",
        }
    }
}

pub(super) fn of(facts: &Facts<'_>) -> Sentence {
    let reason = facts.reason_code();
    match facts.result {
        Some(ResultType::StartTlsNotSupported) => starttls(reason),
        Some(ResultType::CertificateHostMismatch) => match reason {
            Some(ReasonCode::MxNotListed) => NOT_LISTED,
            _ => mx_certificate(ReasonCode::CertificateHostMismatch).unwrap_or(NOT_TRUSTED),
        },
        Some(ResultType::CertificateExpired) => {
            mx_certificate(ReasonCode::CertificateExpired).unwrap_or(NOT_TRUSTED)
        }
        Some(ResultType::CertificateNotTrusted) => {
            reason.and_then(mx_certificate).unwrap_or(NOT_TRUSTED)
        }
        Some(ResultType::ValidationFailure) => reason
            .and_then(|reason| session(reason).or_else(|| mx_certificate(reason)))
            .unwrap_or(SESSION),
        Some(ResultType::TlsaInvalid) => tlsa(reason),
        Some(ResultType::DnssecInvalid) => DNSSEC,
        Some(ResultType::DaneRequired) => DANE_REQUIRED,
        Some(ResultType::StsPolicyFetchError) => reason.and_then(fetch).unwrap_or(FETCH),
        Some(ResultType::StsPolicyInvalid) => policy(reason),
        Some(ResultType::StsWebpkiInvalid) => {
            reason.and_then(host_certificate).unwrap_or(HOST_NOT_TRUSTED)
        }
        None if facts.result_text.is_none() => UNTYPED,
        None => UNKNOWN,
    }
}

/// RFC 8460 §4.3.1.
fn starttls(reason: Option<ReasonCode>) -> Sentence {
    let mx = |predicate, remedy| Sentence {
        what: ["{mx} ", predicate],
        actor: Actor::MxOperator,
        remedy,
    };
    match reason {
        Some(ReasonCode::StartTlsRefused) => mx(
            "offers STARTTLS and refuses it when asked.",
            "find out why from its log; mostly it cannot load its certificate or key.",
        ),
        _ => mx(
            "did not offer STARTTLS.",
            "switch it on there, and see that no firewall on the way takes it out.",
        ),
    }
}

fn mx_certificate(reason: ReasonCode) -> Option<Sentence> {
    certificate(reason, "The certificate of {mx} ", Actor::MxOperator)
}

fn host_certificate(reason: ReasonCode) -> Option<Sentence> {
    const SUBJECT: &str =
        "The sender cannot trust the policy of {domain}: the certificate of the policy host ";
    certificate(reason, SUBJECT, Actor::PolicyHostOperator)
}

/// What is wrong with a certificate; none if the reason is another one.
fn certificate(reason: ReasonCode, subject: &'static str, host: Actor) -> Option<Sentence> {
    const ANEW: &str = "have a new one issued by a public CA.";

    let (predicate, actor, remedy) = match reason {
        ReasonCode::CertificateExpired => {
            ("has expired.", host, "renew it and make the server load the new one.")
        }
        ReasonCode::CertificateHostMismatch => (
            "is for other names than that of the host.",
            host,
            "use one with the name of the host.",
        ),
        ReasonCode::CertificateNotYetValid => {
            ("is not valid yet.", host, "use one whose time has come.")
        }
        ReasonCode::CertificateSelfSigned => {
            ("is signed by nobody but itself.", host, "use one of a public CA.")
        }
        ReasonCode::CertificateUnknownIssuer => (
            "leads to no root that the sender trusts.",
            host,
            "send its intermediate certificates along, or use one of a public CA.",
        ),
        ReasonCode::CertificateSignature => ("has a wrong signature in its chain.", host, ANEW),
        ReasonCode::CertificateAlgorithm => {
            ("is signed in a way that the sender does not accept.", host, ANEW)
        }
        ReasonCode::CertificateConstraint => ("comes from a CA that may not issue it.", host, ANEW),
        ReasonCode::CertificatePurpose => ("is not for TLS servers.", host, ANEW),
        ReasonCode::CertificateIsCa => ("is that of a CA, not of a host.", host, ANEW),
        ReasonCode::CertificateRevoked => ("has been revoked.", host, ANEW),
        ReasonCode::CertificateMalformed => ("cannot be read.", host, ANEW),
        ReasonCode::CertificateMissing => {
            ("was not shown.", host, "give the server a certificate of a public CA.")
        }
        ReasonCode::CertificateNotChecked => {
            ("was not checked.", Actor::Sender, "check it before it reports on it.")
        }
        _ => return None,
    };
    Some(Sentence { what: [subject, predicate], actor, remedy })
}

const NOT_TRUSTED: Sentence = Sentence {
    what: ["The sender does not trust the certificate of {mx}", ", and {reason}."],
    actor: Actor::MxOperator,
    remedy: "use one of a public CA and send its intermediate certificates along.",
};

const NOT_LISTED: Sentence = Sentence {
    what: ["{mx} is in the MX records, ", "but no `mx` of the policy of {domain} allows it."],
    actor: Actor::DomainOwner,
    remedy: "add it to the policy and then change the `id` of the record, or take it out of the MX records.",
};

/// What can end a session with an MX host, besides its certificate.
fn session(reason: ReasonCode) -> Option<Sentence> {
    let (predicate, remedy) = match reason {
        ReasonCode::MxNotListed => return Some(NOT_LISTED),
        ReasonCode::TlsVersion => {
            ("and the sender have no version of TLS in common.", "allow TLS 1.2 and TLS 1.3 there.")
        }
        ReasonCode::TlsNoCommonParameters => (
            "and the sender have no cipher suite, group or signature scheme in common.",
            "allow the usual ones of TLS 1.2 and TLS 1.3 there.",
        ),
        ReasonCode::TlsUnrecognizedName => (
            "does not answer to its own name in the TLS handshake (SNI).",
            "make it accept that name, or any.",
        ),
        ReasonCode::TlsAlert | ReasonCode::TlsHandshake => (
            "and the sender did not complete the TLS handshake.",
            "look for it in the log, and test STARTTLS from outside.",
        ),
        ReasonCode::StartTlsNotOffered | ReasonCode::StartTlsRefused => {
            return Some(starttls(Some(reason)));
        }
        ReasonCode::ConnectionFailed | ReasonCode::Timeout => (
            "broke the connection off, or did not answer in time.",
            "see that it can be reached and is not overloaded, if it happens more than now and then.",
        ),
        _ => return None,
    };
    Some(Sentence { what: ["{mx} ", predicate], actor: Actor::MxOperator, remedy })
}

const SESSION: Sentence = Sentence {
    what: [
        "TLS with {mx} failed in a way that has no name of its own",
        ", and the sender {reason}.",
    ],
    actor: Actor::MxOperator,
    remedy: "test STARTTLS from outside and look into its log; if other senders succeed, ask this one.",
};

/// RFC 8460 §4.3.2.1.
fn tlsa(reason: Option<ReasonCode>) -> Sentence {
    match reason {
        Some(ReasonCode::TlsaUnusable) => Sentence {
            what: ["The TLSA records of {mx} ", "are all unusable for mail."],
            actor: Actor::DnsOperator,
            remedy: "publish one of usage 2 or 3 that fits the certificate (RFC 7672).",
        },
        Some(ReasonCode::TlsaNotChecked) => Sentence {
            what: ["The TLSA records of {mx} ", "were not held against its certificate."],
            actor: Actor::Sender,
            remedy: "do so before it reports on them.",
        },
        _ => Sentence {
            what: ["No TLSA record of {mx} ", "fits its certificate."],
            actor: Actor::DnsOperator,
            remedy: "publish the record of the present certificate, and of the next one before it is used.",
        },
    }
}

const DNSSEC: Sentence = Sentence {
    what: ["DNSSEC of {mx} ", "is broken, or its TLSA records could not be looked up."],
    actor: Actor::DnsOperator,
    remedy: "mend its signatures, and see that the name servers answer questions for TLSA.",
};

const DANE_REQUIRED: Sentence = Sentence {
    what: ["The sender demands DANE, and {mx} ", "has no TLSA records that DNSSEC vouches for."],
    actor: Actor::DnsOperator,
    remedy: "publish them, unless the sender can be asked to drop its demand.",
};

/// RFC 8460 §4.3.2.2: why a policy could not be fetched.
fn fetch(reason: ReasonCode) -> Option<Sentence> {
    const FILE: &str = "answer `/.well-known/mta-sts.txt` with status 200 and the policy itself.";
    const REACHED: &str = "see that it can be reached by HTTPS from everywhere.";
    use Actor::{DnsOperator, PolicyHostOperator, Sender};

    let (predicate, actor, remedy) = match reason {
        ReasonCode::HttpStatus => {
            (": the policy host answers with an error.", PolicyHostOperator, FILE)
        }
        ReasonCode::HttpRedirect => (
            ": the policy host answers with a redirect, which must not be followed.",
            PolicyHostOperator,
            FILE,
        ),
        ReasonCode::HttpMediaType => (
            ": it is not served as `text/plain`.",
            PolicyHostOperator,
            "serve the file with the media type `text/plain`.",
        ),
        ReasonCode::HttpProtocol
        | ReasonCode::HttpHeaderTooLarge
        | ReasonCode::HttpContentEncoding
        | ReasonCode::HttpBodyIncomplete => {
            (": the answer of the policy host breaks the rules of HTTP.", PolicyHostOperator, FILE)
        }
        ReasonCode::PolicyTooLarge => {
            (": it is too large.", PolicyHostOperator, "serve the policy, which has a few lines.")
        }
        ReasonCode::HostNotFound => (
            ": the policy host has no address.",
            DnsOperator,
            "publish an address for `mta-sts` under the domain, or take the `_mta-sts` record away.",
        ),
        ReasonCode::AddressNotPermitted => {
            (": the policy host has no public address.", DnsOperator, "publish a public one.")
        }
        ReasonCode::DnsServFail
        | ReasonCode::DnsRefused
        | ReasonCode::DnsTimeout
        | ReasonCode::DnsFailure => {
            (": DNS did not answer.", DnsOperator, "see that all name servers answer.")
        }
        ReasonCode::ConnectionFailed => {
            (": no connection to the policy host could be made.", PolicyHostOperator, REACHED)
        }
        ReasonCode::Timeout => {
            (": the policy host did not answer in time.", PolicyHostOperator, REACHED)
        }
        ReasonCode::TlsAlert
        | ReasonCode::TlsVersion
        | ReasonCode::TlsNoCommonParameters
        | ReasonCode::TlsUnrecognizedName
        | ReasonCode::TlsHandshake => {
            (": the TLS handshake with the policy host failed.", PolicyHostOperator, REACHED)
        }
        ReasonCode::FetchRateLimited => {
            (" as often as it wanted.", Sender, "wait; nothing is wrong at the policy host.")
        }
        _ => return host_certificate(reason),
    };
    Some(Sentence { what: [COULD_NOT, predicate], actor, remedy })
}

const COULD_NOT: &str = "The sender could not fetch the policy of {domain}";

const FETCH: Sentence = Sentence {
    what: [COULD_NOT, " from its policy host, and {reason}."],
    actor: Actor::PolicyHostOperator,
    remedy: "see that it serves the policy by HTTPS to everybody, with a valid certificate.",
};

/// What is wrong with a policy that could be fetched.
fn policy(reason: Option<ReasonCode>) -> Sentence {
    let predicate = match reason {
        Some(ReasonCode::PolicyVersion) => ": the version is not `STSv1`.",
        Some(ReasonCode::PolicyMode) => ": its mode is not `enforce`, `testing` or `none`.",
        Some(ReasonCode::PolicyMaxAge) => ": its `max_age` is no number of seconds.",
        Some(ReasonCode::PolicyMx) => ": one of its `mx` is no host name or pattern.",
        Some(ReasonCode::PolicyMissingField) => ": a field is missing.",
        Some(ReasonCode::PolicySyntax) => ": a line is not `name: value`.",
        Some(ReasonCode::PolicyNotText) => ": it is no text in UTF-8.",
        Some(ReasonCode::PolicyTooLarge) => ": it is too large.",
        _ => ", and the sender {reason}.",
    };
    Sentence {
        what: ["What is served as the policy of {domain} is no valid policy", predicate],
        actor: Actor::DomainOwner,
        remedy: "correct the file, check it, and then change the `id` of the record.",
    }
}

const HOST_NOT_TRUSTED: Sentence = Sentence {
    what: [
        "The sender cannot trust the policy of {domain}, since the certificate of the policy host is not valid",
        ", and {reason}.",
    ],
    actor: Actor::PolicyHostOperator,
    remedy: "use a certificate of a public CA with the name of that host.",
};

const UNKNOWN: Sentence = Sentence {
    what: [
        "Sessions with {mx} failed with {type}, which RFC 8460 does not know",
        ", and the sender {reason}.",
    ],
    actor: Actor::Sender,
    remedy: "be asked what it means by that.",
};

const UNTYPED: Sentence = Sentence {
    what: ["Sessions with {mx} failed without a result type", ", and the sender {reason}."],
    ..UNKNOWN
};

/// For rows over the limit.
pub(in crate::tlsrpt::insight) const OTHERS: Sentence = Sentence {
    what: ["Sessions failed in more ways ", "than are kept apart here."],
    actor: Actor::DomainOwner,
    remedy: "look into the reports themselves.",
};
