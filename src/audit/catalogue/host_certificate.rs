//! The certificate of the policy host (RFC 8461 §3.3).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const HOST_EXPIRED: Entry = Entry {
    name: "sts.policy-host.certificate-expired",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the certificate of the policy host has expired",
    explanation: "A sender fetches a policy only over TLS with a valid certificate. Nobody can fetch \
              this one, and senders that have it cached lose it when its max_age is over.",
    remedy: "renew the certificate of the policy host, and automate that",
};

pub(in crate::audit) const HOST_NOT_YET_VALID: Entry = Entry {
    name: "sts.policy-host.certificate-not-yet-valid",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the certificate of the policy host is not valid yet",
    explanation: "The validity of the certificate begins later, or the clock of whoever looked is \
              wrong.",
    remedy: "install a certificate that is valid now",
};

pub(in crate::audit) const HOST_MISMATCH: Entry = Entry {
    name: "sts.policy-host.certificate-host-mismatch",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the certificate of the policy host is for another name",
    explanation: "The certificate must have the DNS name `mta-sts.<domain>`, or a wildcard for the \
              whole first label of it. The common name does not count.",
    remedy: "get a certificate with the DNS name of the policy host",
};

pub(in crate::audit) const HOST_PROVIDER: Entry = Entry {
    name: "sts.policy-host.certificate-of-provider",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the policy host shows its provider's certificate",
    explanation: "No name of the certificate lies within the domain: the provider that hosts the \
              policy does not know this host name, and shows a certificate of its own.",
    remedy: "tell the provider to serve the policy host by its name, with a certificate for it",
};

pub(in crate::audit) const HOST_SELF_SIGNED: Entry = Entry {
    name: "sts.policy-host.certificate-self-signed",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the certificate of the policy host is self-signed",
    explanation: "Senders trust public certificate authorities only, whatever they do with the \
              certificates of MX hosts.",
    remedy: "get a certificate of a public CA for the policy host",
};

pub(in crate::audit) const HOST_UNKNOWN_ISSUER: Entry = Entry {
    name: "sts.policy-host.certificate-unknown-issuer",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "no trusted root for the certificate of the policy host",
    explanation: "No path leads from the certificate to a trusted root. Most often the server does not \
              send the intermediate certificate, which browsers fetch and senders do not.",
    remedy: "install the whole chain, the intermediate certificates included, or get a \
              certificate of a public CA",
};

pub(in crate::audit) const HOST_CERTIFICATE: Entry = Entry {
    name: "sts.policy-host.certificate-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the certificate of the policy host is not valid",
    explanation: "The certificate is wrong in a rarer way: revoked, malformed, for another purpose, \
              with an algorithm that is not accepted, or missing.",
    remedy: "get a new certificate of a public CA for the policy host",
};

pub(in crate::audit) const HOST_EXPIRES_SOON: Entry = Entry {
    name: "sts.policy-host.certificate-expires-soon",
    severity: Severity::Warning,
    section: "RFC 8461 §3.3",
    subject: Subject::PolicyHostCertificate,
    title: "the certificate of the policy host is about to expire",
    explanation: "It should have been renewed by now: less than two weeks, and less than a third of \
              its validity, are left.",
    remedy: "renew the certificate of the policy host, and see why that was not done by itself",
};
