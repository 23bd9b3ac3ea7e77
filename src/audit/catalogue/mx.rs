//! The MX hosts (RFC 8461 §4.2).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const MX_DNS_FAILURE: Entry = Entry {
    name: "mx.dns-failure",
    severity: Severity::Error,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "the MX records could not be looked up",
    explanation: "DNS gave no answer, so that nobody can deliver for as long as this lasts.",
    remedy: "mend the name servers, or the DNSSEC signatures, of the zone",
};

pub(in crate::audit) const MX_NO_DOMAIN: Entry = Entry {
    name: "mx.no-domain",
    severity: Severity::Error,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "a domain that does not exist",
    explanation: "DNS says that there is no such name, so that there is nowhere to deliver to.",
    remedy: "look for a slip in the name, or register the domain",
};

pub(in crate::audit) const MX_IMPLICIT: Entry = Entry {
    name: "mx.implicit",
    severity: Severity::Notice,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "a domain without MX records",
    explanation: "Mail then goes to the domain itself as a host, whose name a policy must list.",
    remedy: "publish an MX record, and list its host in the policy",
};

pub(in crate::audit) const MX_NULL: Entry = Entry {
    name: "mx.null",
    severity: Severity::Notice,
    section: "RFC 7505 §3",
    subject: Subject::Mx,
    title: "a domain that takes no mail",
    explanation: "The null MX says that no mail is taken. A policy has nothing to protect.",
    remedy: "leave it if the domain takes no mail; else publish MX records",
};

pub(in crate::audit) const MX_NULL_MIXED: Entry = Entry {
    name: "mx.null-mixed",
    severity: Severity::Warning,
    section: "RFC 7505 §3",
    subject: Subject::Mx,
    title: "a null MX among others",
    explanation: "A null MX must stand alone. Senders differ in what they do with such a set.",
    remedy: "delete the null MX, or all others",
};

pub(in crate::audit) const MX_NAME: Entry = Entry {
    name: "mx.name-invalid",
    severity: Severity::Error,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "an MX record that names no host",
    explanation: "The target of an MX record is a host name: no address, and nothing but letters, \
              digits, hyphens and dots. No pattern can name such a target, or no certificate can \
              be issued for it.",
    remedy: "put the name of a host into the MX record",
};

pub(in crate::audit) const MX_NO_ADDRESS: Entry = Entry {
    name: "mx.no-address",
    severity: Severity::Warning,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "an MX host without address",
    explanation: "Senders skip the host. If it is left over from an earlier provider, its name may be \
              free for others to take.",
    remedy: "give the host an address, or take it out of the MX records",
};

pub(in crate::audit) const MX_HOST_DNS_FAILURE: Entry = Entry {
    name: "mx.host-dns-failure",
    severity: Severity::Warning,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "an MX host that could not be looked up",
    explanation: "DNS gave no answer for the address of the host.",
    remedy: "mend the name servers of the zone that the host is in",
};

pub(in crate::audit) const MX_UNREACHABLE: Entry = Entry {
    name: "mx.unreachable",
    severity: Severity::Warning,
    section: "RFC 5321 §5.1",
    subject: Subject::Mx,
    title: "an MX host that cannot be reached",
    explanation: "No connection to port 25 came about, or it broke before STARTTLS, or the host \
              refuses all mail. Networks that block port 25 to the outside look the same.",
    remedy: "see whether the host can be reached from elsewhere; if not, mend it or take it out \
              of the MX records",
};

pub(in crate::audit) const MX_DEFERRED: Entry = Entry {
    name: "mx.deferred",
    severity: Severity::Notice,
    section: "RFC 5321 §4.2.1",
    subject: Subject::Mx,
    title: "an MX host that defers",
    explanation: "The host answered with a temporary refusal before STARTTLS could be tried, as \
              greylisting does.",
    remedy: "look again later",
};

pub(in crate::audit) const MX_NO_START_TLS: Entry = Entry {
    name: "mx.starttls-missing",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "an MX host without STARTTLS",
    explanation: "The host does not offer STARTTLS, or refuses it. In `enforce` senders must not \
              deliver to it.",
    remedy: "switch on STARTTLS at the host, with a certificate for its name",
};

pub(in crate::audit) const MX_BACKUP: Entry = Entry {
    name: "mx.backup-without-tls",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "a backup MX without TLS",
    explanation: "Attackers need only block the first hosts to have mail go to the backup, in the \
              clear. In `enforce` senders must not deliver to it, so that it is no backup.",
    remedy: "switch on STARTTLS at the backup host, or do without it",
};

pub(in crate::audit) const MX_START_TLS_DEFERRED: Entry = Entry {
    name: "mx.starttls-deferred",
    severity: Severity::Warning,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "an MX host that refuses STARTTLS for now",
    explanation: "The host offers STARTTLS and then refuses it with a temporary error, most often \
              because its certificate or key cannot be read.",
    remedy: "look into the log of the host for why it cannot start TLS",
};

pub(in crate::audit) const MX_TLS: Entry = Entry {
    name: "mx.tls-failed",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "TLS with an MX host fails",
    explanation: "The handshake failed before a certificate could be judged.",
    remedy: "configure TLS at the host as senders expect it: TLS 1.2 and 1.3, usual ciphers, a \
              certificate",
};

pub(in crate::audit) const MX_TLS_VERSION: Entry = Entry {
    name: "mx.tls-version",
    severity: Severity::Error,
    section: "RFC 8461 §7.2",
    subject: Subject::Mx,
    title: "an MX host without TLS 1.2",
    explanation: "Senders that honour the policy need TLS 1.2 or later.",
    remedy: "switch on TLS 1.2 and 1.3 at the host",
};

pub(in crate::audit) const MX_EXPIRED: Entry = Entry {
    name: "mx.certificate-expired",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "the certificate of an MX host has expired",
    explanation: "In `enforce` senders must not deliver to a host whose certificate has expired.",
    remedy: "renew the certificate of the host, and automate that",
};

pub(in crate::audit) const MX_NOT_YET_VALID: Entry = Entry {
    name: "mx.certificate-not-yet-valid",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "the certificate of an MX host is not valid yet",
    explanation: "The validity of the certificate begins later, or the clock of whoever looked is \
              wrong.",
    remedy: "install a certificate that is valid now",
};

pub(in crate::audit) const MX_MISMATCH: Entry = Entry {
    name: "mx.certificate-host-mismatch",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "the certificate of an MX host is for another name",
    explanation: "The certificate must have the name of the MX host, as it stands in the MX record, as \
              a DNS name. Neither the name of the mail domain nor the common name counts.",
    remedy: "get a certificate with the name of the MX host",
};

pub(in crate::audit) const MX_SELF_SIGNED: Entry = Entry {
    name: "mx.certificate-self-signed",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "the certificate of an MX host is self-signed",
    explanation: "MTA-STS needs a certificate of a public CA; a self-signed one is enough for \
              opportunistic TLS and for DANE only.",
    remedy: "get a certificate of a public CA for the host",
};

pub(in crate::audit) const MX_UNKNOWN_ISSUER: Entry = Entry {
    name: "mx.certificate-unknown-issuer",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "no trusted root for the certificate of an MX host",
    explanation: "No path leads from the certificate to a trusted root. Most often the host does not \
              send the intermediate certificate.",
    remedy: "install the whole chain, the intermediate certificates included, or get a \
              certificate of a public CA",
};

pub(in crate::audit) const MX_CERTIFICATE: Entry = Entry {
    name: "mx.certificate-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "the certificate of an MX host is not valid",
    explanation: "The certificate is wrong in a rarer way: revoked, malformed, for another purpose, \
              with an algorithm that is not accepted, or missing.",
    remedy: "get a new certificate of a public CA for the host",
};

pub(in crate::audit) const MX_EXPIRES_SOON: Entry = Entry {
    name: "mx.certificate-expires-soon",
    severity: Severity::Warning,
    section: "RFC 8461 §4.2",
    subject: Subject::Mx,
    title: "the certificate of an MX host is about to expire",
    explanation: "It should have been renewed by now: less than two weeks, and less than a third of \
              its validity, are left.",
    remedy: "renew the certificate of the host, and see why that was not done by itself",
};
