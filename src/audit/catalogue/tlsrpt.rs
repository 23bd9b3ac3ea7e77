//! The TLSRPT record (RFC 8460 §3).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const TLSRPT_MISSING: Entry = Entry {
    name: "tlsrpt.missing",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "no TLSRPT record",
    explanation: "Without the TXT record `_smtp._tls.<domain>` no sender reports failures, and you \
              hear of them from those whose mail did not arrive.",
    remedy: "publish the TXT record at `_smtp._tls.<domain>` with an address of yours",
};

pub(in crate::audit) const TLSRPT_MISSPELT: Entry = Entry {
    name: "tlsrpt.misspelt",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "a TLSRPT record whose version is misspelt",
    explanation: "A record counts only if it begins with exactly `v=TLSRPTv1` and then `;`.",
    remedy: "write the record so that it begins with `v=TLSRPTv1;`",
};

pub(in crate::audit) const TLSRPT_MULTIPLE: Entry = Entry {
    name: "tlsrpt.multiple",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "several TLSRPT records",
    explanation: "If more than one TXT record begins with `v=TLSRPTv1;`, senders take it that no \
              reports are wanted.",
    remedy: "delete all but one, and put all addresses into its `rua`",
};

pub(in crate::audit) const TLSRPT_INVALID: Entry = Entry {
    name: "tlsrpt.invalid",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "a TLSRPT record that is not valid",
    explanation: "The record breaks the grammar of the RFC, so that senders take it that no reports \
              are wanted.",
    remedy: "replace the record by one of the form `v=TLSRPTv1; rua=mailto:<address>`",
};

pub(in crate::audit) const TLSRPT_DNS_FAILURE: Entry = Entry {
    name: "tlsrpt.dns-failure",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "the TLSRPT record could not be looked up",
    explanation: "DNS gave no answer, so that nobody knows where to send reports.",
    remedy: "mend the name servers, or the DNSSEC signatures, of the zone",
};

pub(in crate::audit) const TLSRPT_DANGLING: Entry = Entry {
    name: "tlsrpt.dangling",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "a CNAME at _smtp._tls that leads nowhere",
    explanation: "The name of the record is a CNAME to a name that has no TXT record. Whoever comes to \
              own the target could have the reports.",
    remedy: "publish the record at the target of the CNAME, or replace the CNAME by the record \
              itself",
};

pub(in crate::audit) const TLSRPT_UNUSABLE: Entry = Entry {
    name: "tlsrpt.unusable",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "a TLSRPT record without usable address",
    explanation: "No URI of the record is one that reports can be sent to: `mailto:` with one address, \
              or `https:` with a host name.",
    remedy: "put a `mailto:` or `https:` URI into `rua`",
};

pub(in crate::audit) const TLSRPT_URI: Entry = Entry {
    name: "tlsrpt.uri-unusable",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "a URI of the TLSRPT record that is of no use",
    explanation: "Reports can be sent to the other URIs of the record, but not to this one.",
    remedy: "mend the URI, or take it out of `rua`",
};

pub(in crate::audit) const TLSRPT_DEVIATION: Entry = Entry {
    name: "tlsrpt.list-item",
    severity: Severity::Warning,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "an item in the list of the TLSRPT record that is no URI",
    explanation: "Some senders skip what is no URI, others refuse the whole record.",
    remedy: "take the item out of `rua`, or write it as a URI",
};

pub(in crate::audit) const TLSRPT_OTHERS: Entry = Entry {
    name: "tlsrpt.other-records",
    severity: Severity::Notice,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "other TXT records at _smtp._tls",
    explanation: "Beside the record there are TXT records that are none, most often because a wildcard \
              such as that of SPF answers for every name. Senders skip them.",
    remedy: "take the other TXT records away from the name, or leave them if a wildcard makes \
              them",
};

pub(in crate::audit) const TLSRPT_EXTENSION: Entry = Entry {
    name: "tlsrpt.extension",
    severity: Severity::Notice,
    section: "RFC 8460 §3",
    subject: Subject::Tlsrpt,
    title: "a field of the TLSRPT record that senders ignore",
    explanation: "Beside `v` and `rua` no field has a meaning; `ruf` belongs to DMARC.",
    remedy: "take the field out of the record",
};

pub(in crate::audit) const TLSRPT_TTL_SHORT: Entry = Entry {
    name: "tlsrpt.ttl-short",
    severity: Severity::Notice,
    section: "RFC 8460 §7",
    subject: Subject::Tlsrpt,
    title: "a TLSRPT record with a short TTL",
    explanation: "Whoever hides the policy by spoofing DNS can hide this record too, and with it the \
              traces. RFC 8460 encourages a large TTL, or DNSSEC.",
    remedy: "set the TTL of the record to a day, or sign the zone",
};
