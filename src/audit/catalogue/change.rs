//! What has changed since an earlier look (RFC 8461 §8).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const CHANGE_ID_KEPT: Entry = Entry {
    name: "sts.change.id-kept",
    severity: Severity::Error,
    section: "RFC 8461 §8.1",
    subject: Subject::Record,
    title: "the policy has changed and its id has not",
    explanation: "Senders that have the policy cached fetch it again only when the `id` changes. Until \
              then they go by the old one, and may refuse hosts that the new one allows.",
    remedy: "change the `id` of the _mta-sts record",
};

pub(in crate::audit) const CHANGE_ID_ONLY: Entry = Entry {
    name: "sts.change.id-only",
    severity: Severity::Notice,
    section: "RFC 8461 §8.1",
    subject: Subject::Record,
    title: "the id has changed and the policy has not",
    explanation: "Senders fetch a policy that they have already. It does no harm, unless the file was \
              to change too.",
    remedy: "see whether the new policy is really served",
};

pub(in crate::audit) const CHANGE_ENFORCE_AT_ONCE: Entry = Entry {
    name: "sts.change.enforce-at-once",
    severity: Severity::Warning,
    section: "RFC 8461 §5",
    subject: Subject::Mode,
    title: "enforced without having been tested",
    explanation: "Before this there was no policy: senders now refuse what fails, and no report has \
              shown what that is.",
    remedy: "go back to `mode: testing` for some weeks, and read the reports",
};

pub(in crate::audit) const CHANGE_WEAKENED: Entry = Entry {
    name: "sts.change.weakened",
    severity: Severity::Notice,
    section: "RFC 8461 §8.1",
    subject: Subject::Mode,
    title: "the policy was enforced and is not any more",
    explanation: "Senders that see the new `id` no longer refuse what fails.",
    remedy: "go back to `mode: enforce`, unless this was meant",
};

pub(in crate::audit) const CHANGE_REMOVED: Entry = Entry {
    name: "sts.change.removed",
    severity: Severity::Warning,
    section: "RFC 8461 §8.3",
    subject: Subject::Policy,
    title: "a policy was removed that may still be cached",
    explanation: "Senders that have it cached go on applying it until its max_age has passed, whatever \
              becomes of record and policy host.",
    remedy: "publish a policy of mode `none` with a new `id` until the old one has expired \
              everywhere",
};
