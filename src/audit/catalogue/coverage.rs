//! Whether policy and MX records fit together (RFC 8461 §4.1, §10.4).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const MX_UNCOVERED: Entry = Entry {
    name: "sts.policy.mx-uncovered",
    severity: Severity::Error,
    section: "RFC 8461 §4.1",
    subject: Subject::Mx,
    title: "an MX host that the policy does not allow",
    explanation: "Mail goes to a host that no `mx` of the policy matches. In `enforce` senders must \
              not deliver to it; in `testing` they report it.",
    remedy: "add an `mx` line for the host to the policy and change the `id`, or take the host \
              out of the MX records",
};

pub(in crate::audit) const MX_UNUSED: Entry = Entry {
    name: "sts.policy.mx-unused",
    severity: Severity::Warning,
    section: "RFC 8461 §4.1",
    subject: Subject::Mx,
    title: "an mx that allows no MX host",
    explanation: "A pattern matches none of the MX hosts: it is left over from an earlier host, early \
              for a later one, or misspelt. It lets in whoever gets that name.",
    remedy: "delete the line, unless you are about to change MX hosts",
};

pub(in crate::audit) const MX_DEPTH: Entry = Entry {
    name: "sts.policy.mx-wildcard-depth",
    severity: Severity::Warning,
    section: "RFC 8461 §4.1",
    subject: Subject::Mx,
    title: "a wildcard of the wrong depth",
    explanation: "The `*` stands for exactly one label: `*.example.com` matches `mail.example.com`, \
              but neither `example.com` nor `a.mail.example.com`.",
    remedy: "write the wildcard one label above the host, or the name of the host",
};

pub(in crate::audit) const MX_ADDRESS: Entry = Entry {
    name: "sts.policy.mx-address",
    severity: Severity::Warning,
    section: "RFC 8461 §4.1",
    subject: Subject::Mx,
    title: "an IP address as mx",
    explanation: "The grammar takes an IPv4 address for a name, but no MX host ever matches one.",
    remedy: "write the name of the MX host in place of its address",
};

pub(in crate::audit) const MX_PUBLIC_SUFFIX: Entry = Entry {
    name: "sts.policy.mx-public-suffix",
    severity: Severity::Error,
    section: "RFC 8461 §10.4",
    subject: Subject::Mx,
    title: "a wildcard over a public suffix",
    explanation: "Anyone can have a host under a public suffix, and a certificate for it: such a \
              pattern allows everybody.",
    remedy: "write the names of your MX hosts in place of the wildcard",
};

pub(in crate::audit) const MX_OWN_DOMAIN: Entry = Entry {
    name: "sts.policy.mx-own-wildcard",
    severity: Severity::Notice,
    section: "RFC 8461 §10.4",
    subject: Subject::Mx,
    title: "a wildcard over the domain itself",
    explanation: "Every host of the domain that can get a certificate may receive its mail, the \
              machines of users included.",
    remedy: "write the names of your MX hosts in place of the wildcard",
};

pub(in crate::audit) const MX_REPEATED: Entry = Entry {
    name: "sts.policy.mx-repeated",
    severity: Severity::Notice,
    section: "RFC 8461 §3.2",
    subject: Subject::Mx,
    title: "the same mx twice",
    explanation: "The second line changes nothing, and may have been meant for another host.",
    remedy: "delete the second line",
};
