//! The `_mta-sts` record (RFC 8461 §3.1).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const STS_ABSENT: Entry = Entry {
    name: "sts.absent",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "no MTA-STS at all",
    explanation: "There is neither an _mta-sts record nor a policy, so that senders deliver to \
              the domain without authenticated TLS, and anyone on the way can take TLS away.",
    remedy: "publish a policy in mode testing at the policy host, then the _mta-sts record",
};

pub(in crate::audit) const STS_RECORD_MISSING: Entry = Entry {
    name: "sts.record.missing",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "no _mta-sts record",
    explanation: "A sender looks for a policy only where the TXT record `_mta-sts.<domain>` says that \
              there is one. Without it a published policy is never found by senders that have not \
              cached it.",
    remedy: "publish the TXT record at `_mta-sts.<domain>`, after the policy can be fetched",
};

pub(in crate::audit) const STS_RECORD_MISSPELT: Entry = Entry {
    name: "sts.record.misspelt",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "an _mta-sts record whose version is misspelt",
    explanation: "A record counts only if it begins with exactly `v=STSv1` and then `;`. Case, blanks \
              and quotes matter; what begins otherwise is another record, which senders skip.",
    remedy: "write the record so that it begins with `v=STSv1;`",
};

pub(in crate::audit) const STS_RECORD_MULTIPLE: Entry = Entry {
    name: "sts.record.multiple",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "several _mta-sts records",
    explanation: "If more than one TXT record begins with `v=STSv1;`, senders must take it that there \
              is no policy.",
    remedy: "delete all but one of the records that begin with `v=STSv1;`",
};

pub(in crate::audit) const STS_RECORD_INVALID: Entry = Entry {
    name: "sts.record.invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "an _mta-sts record that is not valid",
    explanation: "The record breaks the grammar of the RFC, so that senders take it that there is no \
              policy.",
    remedy: "replace the record by one of the form `v=STSv1; id=<letters and digits>;`",
};

pub(in crate::audit) const STS_RECORD_ID: Entry = Entry {
    name: "sts.record.id-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "an _mta-sts record without a valid id",
    explanation: "The `id` has 1 to 32 letters and digits, and nothing else: no hyphens, colons or \
              dots. Without a valid one the record is none.",
    remedy: "give the record an `id` of 1 to 32 letters and digits, such as a date and time \
              without separators",
};

pub(in crate::audit) const STS_RECORD_DNS_FAILURE: Entry = Entry {
    name: "sts.record.dns-failure",
    severity: Severity::Error,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "the _mta-sts record could not be looked up",
    explanation: "DNS gave no answer, so that senders that have no policy cached deliver without one. \
              A validating resolver answers SERVFAIL for a zone whose signatures are broken too.",
    remedy: "mend the name servers, or the DNSSEC signatures, of the zone",
};

pub(in crate::audit) const STS_RECORD_DANGLING: Entry = Entry {
    name: "sts.record.dangling",
    severity: Severity::Error,
    section: "RFC 8461 §8.2",
    subject: Subject::Record,
    title: "a CNAME at _mta-sts that leads nowhere",
    explanation: "The name of the record is delegated by a CNAME to a name that has no TXT record, so \
              that there is no policy. Whoever comes to own the target could publish one.",
    remedy: "publish the record at the target of the CNAME, or replace the CNAME by the record \
              itself",
};

pub(in crate::audit) const STS_RECORD_DELEGATED: Entry = Entry {
    name: "sts.record.delegated",
    severity: Severity::Notice,
    section: "RFC 8461 §8.2",
    subject: Subject::Record,
    title: "the _mta-sts record is delegated",
    explanation: "The name of the record is a CNAME: somebody else decides about its `id`. That is the \
              way to delegate a policy, if the policy host is delegated to the same party.",
    remedy: "make sure that both the record and the policy host are delegated to a party that you \
              trust",
};

pub(in crate::audit) const STS_RECORD_OTHERS: Entry = Entry {
    name: "sts.record.other-records",
    severity: Severity::Notice,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "other TXT records at _mta-sts",
    explanation: "Beside the record there are TXT records that are none, most often because a wildcard \
              such as that of SPF answers for every name. Senders skip them; only, the form \
              `v=STSv1 ;` is then not found any more.",
    remedy: "take the other TXT records away from the name, or leave them if a wildcard makes \
              them",
};

pub(in crate::audit) const STS_RECORD_EXTENSION: Entry = Entry {
    name: "sts.record.extension",
    severity: Severity::Notice,
    section: "RFC 8461 §3.1",
    subject: Subject::Record,
    title: "a field of the _mta-sts record that senders ignore",
    explanation: "Beside `v` and `id` no field has a meaning. What looks like a setting, such as a \
              mode, belongs into the policy.",
    remedy: "take the field out of the record",
};

pub(in crate::audit) const STS_RECORD_TTL_LONG: Entry = Entry {
    name: "sts.record.ttl-long",
    severity: Severity::Notice,
    section: "RFC 8461 §8.1",
    subject: Subject::Record,
    title: "an _mta-sts record with a long TTL",
    explanation: "Until the TTL has passed, resolvers show the old `id`, and senders keep the policy \
              that it names: every update takes that much longer.",
    remedy: "set the TTL of the record to a day or less",
};
