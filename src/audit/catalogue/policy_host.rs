//! The policy host, up to the response (RFC 8461 §3.3).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const HOST_NO_ADDRESS: Entry = Entry {
    name: "sts.policy-host.no-address",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "a policy host without address",
    explanation: "The policy is fetched from `mta-sts.<domain>`, which has no address in DNS. The \
              record announces a policy that nobody can fetch.",
    remedy: "give the policy host an A or AAAA record, and serve the policy there",
};

pub(in crate::audit) const HOST_DANGLING: Entry = Entry {
    name: "sts.policy-host.dangling",
    severity: Severity::Error,
    section: "RFC 8461 §8.2",
    subject: Subject::Policy,
    title: "a CNAME at the policy host that leads nowhere",
    explanation: "The policy host is delegated by a CNAME to a name that has no address. Whoever comes \
              to own the target could serve a policy, if they also get a certificate.",
    remedy: "point the CNAME at a host that serves the policy, or remove it",
};

pub(in crate::audit) const HOST_DELEGATED: Entry = Entry {
    name: "sts.policy-host.delegated",
    severity: Severity::Notice,
    section: "RFC 8461 §8.2",
    subject: Subject::Policy,
    title: "the policy host is delegated",
    explanation: "The policy host is a CNAME: somebody else serves the policy, with a certificate for \
              `mta-sts.<domain>`. That is the way to delegate a policy.",
    remedy: "make sure that the party that serves the policy is one that you trust",
};

pub(in crate::audit) const HOST_DNS_FAILURE: Entry = Entry {
    name: "sts.policy-host.dns-failure",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "the policy host could not be looked up",
    explanation: "DNS gave no answer for the address of the policy host, so that the policy cannot be \
              fetched.",
    remedy: "mend the name servers, or the DNSSEC signatures, of the zone",
};

pub(in crate::audit) const HOST_ADDRESS: Entry = Entry {
    name: "sts.policy-host.address-not-permitted",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "a policy host with addresses that are not public",
    explanation: "All addresses of the policy host are private, loopback or reserved ones. Senders \
              cannot reach them, or refuse to.",
    remedy: "give the policy host a public address",
};

pub(in crate::audit) const HOST_CONNECTION: Entry = Entry {
    name: "sts.policy-host.connection-failed",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "no HTTPS service at the policy host",
    explanation: "No connection to port 443 of the policy host came about, or it broke.",
    remedy: "run an HTTPS server on port 443 of the policy host, and open the firewall for it",
};

pub(in crate::audit) const HOST_TIMEOUT: Entry = Entry {
    name: "sts.policy-host.timeout",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "the policy host does not answer in time",
    explanation: "Senders wait about a minute for the whole fetch, then they give up.",
    remedy: "find out why the policy host is slow: most often a firewall that drops packets",
};

pub(in crate::audit) const HOST_TLS: Entry = Entry {
    name: "sts.policy-host.tls-failed",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "TLS with the policy host fails",
    explanation: "The handshake failed before a certificate could be judged: the server does not know \
              the name in SNI, speaks no TLS on this port, or shares no cipher with senders.",
    remedy: "configure the HTTPS server for the name of the policy host, as for any public web \
              site",
};

pub(in crate::audit) const HOST_TLS_VERSION: Entry = Entry {
    name: "sts.policy-host.tls-version",
    severity: Severity::Error,
    section: "RFC 8461 §7.2",
    subject: Subject::Policy,
    title: "the policy host has no TLS 1.2",
    explanation: "Senders need TLS 1.2 or later to fetch a policy.",
    remedy: "switch on TLS 1.2 and 1.3 at the policy host",
};

pub(in crate::audit) const HOST_PROTOCOL: Entry = Entry {
    name: "sts.policy-host.http-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "the policy host does not answer in HTTP",
    explanation: "What came back is no HTTP response, has an overlong header, or ends before its \
              announced end.",
    remedy: "mend the HTTP server of the policy host",
};

pub(in crate::audit) const HOST_STATUS: Entry = Entry {
    name: "sts.policy-host.status",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "the policy host answers with an error",
    explanation: "Only a response of status 200 is a policy. A 404 most often means that the file is \
              not at `/.well-known/mta-sts.txt`, or that the virtual host is another.",
    remedy: "serve the policy at the path `/.well-known/mta-sts.txt` with status 200",
};

pub(in crate::audit) const HOST_REDIRECT: Entry = Entry {
    name: "sts.policy-host.redirect",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "the policy host redirects",
    explanation: "Senders must not follow redirects when they fetch a policy, not even to another path \
              of the same host.",
    remedy: "serve the policy itself at `/.well-known/mta-sts.txt`, without a redirect",
};

pub(in crate::audit) const HOST_MEDIA_TYPE: Entry = Entry {
    name: "sts.policy-host.media-type",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a policy that is not text/plain",
    explanation: "The media type of the response must be `text/plain`; a response without one, or with \
              another, is no policy.",
    remedy: "send the header field `Content-Type: text/plain` with the policy",
};

pub(in crate::audit) const HOST_ENCODING: Entry = Entry {
    name: "sts.policy-host.content-encoding",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "a policy that is compressed",
    explanation: "The response has a content coding although the request allows none; senders do not \
              undo it.",
    remedy: "switch off compression for `/.well-known/mta-sts.txt`",
};

pub(in crate::audit) const HOST_TOO_LARGE: Entry = Entry {
    name: "sts.policy-host.too-large",
    severity: Severity::Error,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "a policy that is too large",
    explanation: "Senders read at most 64 KiB of a policy.",
    remedy: "serve a policy of less than 65,536 octets",
};

pub(in crate::audit) const HOST_SLOW: Entry = Entry {
    name: "sts.policy-host.slow",
    severity: Severity::Warning,
    section: "RFC 8461 §3.3",
    subject: Subject::Policy,
    title: "the policy host is slow",
    explanation: "The fetch took so long that senders on worse networks may give up; they wait about a \
              minute in all.",
    remedy: "make the policy host answer within a few seconds",
};
