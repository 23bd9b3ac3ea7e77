//! How two observations of a domain differ.
//!
//! What was not looked at, or not answered, one of the times is no difference. What a
//! difference means is for the audit to say: a body that is another under the same `id`,
//! for one, never reaches the senders that have the old one (RFC 8461 §3.3).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::server::Server;
use super::{Lookup, MxHost, Observations, Probe, Response, TxtRecord, is_same_host};
use crate::escape::escape;
use crate::failure::Failure;
use crate::sts::apply::{Checked, TlsOutcome};
use crate::sts::{PolicyId, StsRecord};
use crate::tlsrpt::TlsRptRecord;
use crate::txt;

/// Something that is otherwise than it was. `Display` says it in a few words, with
/// everything remote escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The `id` of the one valid `_mta-sts` record.
    Id {
        /// What it was; none without such a record.
        before: Option<PolicyId>,
        /// What it is.
        now: Option<PolicyId>,
    },
    /// The CNAMEs at `_mta-sts.<domain>` (RFC 8461 §8.2).
    RecordDelegation,
    /// The CNAMEs at the policy host (RFC 8461 §8.2).
    PolicyHostDelegation,
    /// The text of the one `_smtp._tls` record, or whether there is one.
    TlsrptRecord,
    /// Whether there is a policy, or why there is none.
    Fetch {
        /// What stood in the way; none if there was a policy.
        before: Option<Failure>,
        /// What stands in the way.
        now: Option<Failure>,
    },
    /// The octets of the body, of two responses of status 200.
    PolicyBody,
    /// The certificate of the policy host.
    PolicyHostCertificate,
    /// A host to which mail goes now, and did not.
    MxAdded {
        /// Its name, not escaped.
        host: String,
    },
    /// A host to which mail went, and does not any more.
    MxRemoved {
        /// Its name, not escaped.
        host: String,
    },
    /// What came of probing an MX host.
    MxOutcome {
        /// Its name, not escaped.
        host: String,
        /// What it was.
        before: TlsOutcome,
        /// What it is.
        now: TlsOutcome,
    },
    /// The certificate of an MX host.
    MxCertificate {
        /// Its name, not escaped.
        host: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id { before, now } => write!(f, "id: {}, now {}", Shown(*before), Shown(*now)),
            Self::RecordDelegation => f.write_str("CNAMEs of the _mta-sts record: others"),
            Self::PolicyHostDelegation => f.write_str("CNAMEs of the policy host: others"),
            Self::TlsrptRecord => f.write_str("_smtp._tls record: another"),
            Self::Fetch { before, now } => {
                let shown = |failure: &Option<Failure>| {
                    failure.map_or("fetched", |failure| failure.reason_code().as_str())
                };
                write!(f, "policy: {}, now {}", shown(before), shown(now))
            }
            Self::PolicyBody => f.write_str("body of the policy: another"),
            Self::PolicyHostCertificate => f.write_str("certificate of the policy host: another"),
            Self::MxAdded { host } => write!(f, "MX {}: new", escape(host)),
            Self::MxRemoved { host } => write!(f, "MX {}: gone", escape(host)),
            Self::MxOutcome { host, before, now } => {
                write!(f, "MX {}: {}, now {}", escape(host), outcome(before), outcome(now))
            }
            Self::MxCertificate { host } => {
                write!(f, "certificate of MX {}: another", escape(host))
            }
        }
    }
}

/// An `id`, or that there is none.
struct Shown(Option<PolicyId>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => fmt::Display::fmt(&id, f),
            None => f.write_str("none"),
        }
    }
}

/// An outcome in a word.
const fn outcome(outcome: &TlsOutcome) -> &'static str {
    match outcome {
        TlsOutcome::Unreachable => "unreachable",
        TlsOutcome::Deferred => "deferred",
        TlsOutcome::NotOffered => "no STARTTLS",
        TlsOutcome::Refused => "STARTTLS refused",
        TlsOutcome::StartTlsDeferred => "STARTTLS deferred",
        TlsOutcome::HandshakeFailed(failure) => failure.reason_code().as_str(),
        TlsOutcome::Established(session) => match session.webpki() {
            Checked::No => "TLS, certificate not checked",
            Checked::Valid => "TLS, certificate valid",
            Checked::Invalid(failure) => failure.reason_code().as_str(),
        },
    }
}

/// What is otherwise in `now`.
pub(super) fn between(before: &Observations, now: &Observations) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(records(before, now));
    changes.extend(policy_hosts(before, now));
    changes.extend(mail_hosts(before, now));
    for host in now.hosts() {
        if let Some(earlier) = same_host(before.hosts(), host) {
            changes.extend(probes(host.name(), earlier.probe(), host.probe()));
        }
    }
    changes
}

fn records(before: &Observations, now: &Observations) -> impl Iterator<Item = Change> {
    let sts = both(answer(before.sts_record()), answer(now.sts_record()));
    let ids = sts.map(|(before, now)| (id(before), id(now))).filter(|(before, now)| before != now);
    let aliases = sts.is_some_and(|(before, now)| before.aliases() != now.aliases());
    let tlsrpt = both(answer(before.tlsrpt_record()), answer(now.tlsrpt_record()))
        .is_some_and(|(before, now)| tlsrpt_text(before) != tlsrpt_text(now));
    let ids = ids.map(|(before, now)| Change::Id { before, now });
    ids.into_iter()
        .chain(aliases.then_some(Change::RecordDelegation))
        .chain(tlsrpt.then_some(Change::TlsrptRecord))
}

fn policy_hosts(before: &Observations, now: &Observations) -> impl Iterator<Item = Change> {
    let addresses = both(answer(before.policy_host()), answer(now.policy_host()));
    let aliases = addresses.is_some_and(|(before, now)| before.aliases() != now.aliases());
    let fetches = both(before.fetch(), now.fetch());
    let failures = fetches.map(|(earlier, later)| {
        let failure =
            |fetch: &super::Fetch, domain| fetch.policy(domain).err().map(|f| f.failure());
        (failure(earlier, before.domain()), failure(later, now.domain()))
    });
    let failures = failures.filter(|(before, now)| before != now);
    let bodies = fetches.and_then(|(before, now)| both(body(before), body(now)));
    let certificate =
        fetches.is_some_and(|(before, now)| is_another(before.server(), now.server()));
    aliases
        .then_some(Change::PolicyHostDelegation)
        .into_iter()
        .chain(failures.map(|(before, now)| Change::Fetch { before, now }))
        .chain(bodies.filter(|(before, now)| before != now).map(|_| Change::PolicyBody))
        .chain(certificate.then_some(Change::PolicyHostCertificate))
}

fn mail_hosts(before: &Observations, now: &Observations) -> Vec<Change> {
    if both(answer(before.mx()), answer(now.mx())).is_none() {
        return Vec::new();
    }
    let (before, now) = (before.mail_hosts(), now.mail_hosts());
    let missing = |from: &[&str], host: &str| !from.iter().any(|one| is_same_host(one, host));
    let added = now.iter().filter(|host| missing(&before, host));
    let removed = before.iter().filter(|host| missing(&now, host));
    let added = added.map(|host| Change::MxAdded { host: (*host).into() });
    let removed = removed.map(|host| Change::MxRemoved { host: (*host).into() });
    added.chain(removed).collect()
}

fn probes(name: &str, before: Option<&Probe>, now: Option<&Probe>) -> Vec<Change> {
    let Some((before, now)) = both(before, now) else { return Vec::new() };
    let outcome = (before.outcome() != now.outcome()).then(|| Change::MxOutcome {
        host: name.into(),
        before: before.outcome(),
        now: now.outcome(),
    });
    let certificate = is_another(before.server(), now.server())
        .then(|| Change::MxCertificate { host: name.into() });
    outcome.into_iter().chain(certificate).collect()
}

fn both<T>(before: Option<T>, now: Option<T>) -> Option<(T, T)> {
    Some((before?, now?))
}

fn answer<T, E>(found: Option<Result<T, E>>) -> Option<T> {
    found?.ok()
}

fn id(found: &Lookup<TxtRecord>) -> Option<PolicyId> {
    StsRecord::from_rrset(found.records()).ok().map(|record| record.id())
}

fn tlsrpt_text(found: &Lookup<TxtRecord>) -> Option<Vec<u8>> {
    txt::select(found.records(), TlsRptRecord::VERSION).ok().map(Into::into)
}

/// The body that senders may take for a policy.
fn body(fetch: &super::Fetch) -> Option<&[u8]> {
    fetch.result().ok().filter(|response| response.status() == 200).map(Response::body)
}

/// Whether both have shown a certificate of their own, and not the same.
fn is_another(before: &Server, now: &Server) -> bool {
    both(before.certificate(), now.certificate())
        .is_some_and(|(before, now)| before.der() != now.der())
}

fn same_host<'a>(hosts: &'a [MxHost], host: &MxHost) -> Option<&'a MxHost> {
    hosts.iter().find(|earlier| is_same_host(earlier.name(), host.name()))
}
