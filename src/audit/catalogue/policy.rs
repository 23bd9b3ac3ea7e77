//! The policy (RFC 8461 §3.2).

use super::Entry;
use crate::audit::{Severity, Subject};

pub(in crate::audit) const POLICY_HTML: Entry = Entry {
    name: "sts.policy.html",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a web page in place of a policy",
    explanation: "The policy host answers with HTML: a welcome page, a sign-in page, or the page of a \
              web application that answers every path.",
    remedy: "serve the policy, as plain text, at `/.well-known/mta-sts.txt`",
};

pub(in crate::audit) const POLICY_NOT_TEXT: Entry = Entry {
    name: "sts.policy.not-text",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a policy that is not UTF-8",
    explanation: "The policy is plain text in UTF-8. Editors that save UTF-16, or rich text, make \
              something else of it.",
    remedy: "save the policy as plain text in ASCII",
};

pub(in crate::audit) const POLICY_SYNTAX: Entry = Entry {
    name: "sts.policy.syntax",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a line of the policy that is no field",
    explanation: "Every line is `name: value`. There are no comments, no headings and no lists; one \
              line that is none of this makes senders refuse the whole policy.",
    remedy: "mend or delete the line",
};

pub(in crate::audit) const POLICY_VERSION: Entry = Entry {
    name: "sts.policy.version",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a policy of an unknown version",
    explanation: "The value of `version` is exactly `STSv1`.",
    remedy: "write `version: STSv1`",
};

pub(in crate::audit) const POLICY_MODE: Entry = Entry {
    name: "sts.policy.mode-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a mode that there is not",
    explanation: "The mode is exactly `enforce`, `testing` or `none`, in lower case and with nothing \
              behind it.",
    remedy: "write `mode: testing` or `mode: enforce`",
};

pub(in crate::audit) const POLICY_MAX_AGE: Entry = Entry {
    name: "sts.policy.max-age-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a max_age that is no number",
    explanation: "The value of `max_age` is seconds in 1 to 10 digits, without separators and units.",
    remedy: "write `max_age` as a plain number of seconds, such as 604800",
};

pub(in crate::audit) const POLICY_MX: Entry = Entry {
    name: "sts.policy.mx-invalid",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "an mx that is no host name",
    explanation: "The value of `mx` is one host name, or `*.` and a domain: no preference, no URL, no \
              underscore, one per line. One bad line makes senders refuse the whole policy.",
    remedy: "write one host name, or `*.` and a domain, on each `mx` line",
};

pub(in crate::audit) const POLICY_TRAILING_DOT: Entry = Entry {
    name: "sts.policy.mx-trailing-dot",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "an mx with a dot at its end",
    explanation: "In a zone file names end in a dot; in a policy they must not. Senders refuse the \
              whole policy.",
    remedy: "take the dot away from the end of the name",
};

pub(in crate::audit) const POLICY_TOO_MANY_MX: Entry = Entry {
    name: "sts.policy.too-many-mx",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a policy with too many mx",
    explanation: "A sender walks the list at each delivery, and this implementation takes at most \
              1,000.",
    remedy: "use a wildcard in place of so many names",
};

pub(in crate::audit) const POLICY_MISSING_FIELD: Entry = Entry {
    name: "sts.policy.missing-field",
    severity: Severity::Error,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a policy that lacks a field",
    explanation: "A policy needs `version`, `mode` and `max_age`, and at least one `mx` unless the \
              mode is `none`.",
    remedy: "add the missing field",
};

pub(in crate::audit) const POLICY_BYTE_ORDER_MARK: Entry = Entry {
    name: "sts.policy.byte-order-mark",
    severity: Severity::Warning,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a byte order mark before the policy",
    explanation: "The grammar of the RFC has no byte order mark. Some senders skip it, others refuse \
              the policy.",
    remedy: "save the policy as UTF-8 without a byte order mark",
};

pub(in crate::audit) const POLICY_WHITESPACE: Entry = Entry {
    name: "sts.policy.whitespace",
    severity: Severity::Warning,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "white space that the grammar has not",
    explanation: "The grammar of the RFC allows blanks after the colon and at the end of a line, and \
              no blank lines. Some senders forgive other white space, others refuse the policy.",
    remedy: "take away the white space",
};

pub(in crate::audit) const POLICY_NEAR_MISS: Entry = Entry {
    name: "sts.policy.near-miss",
    severity: Severity::Warning,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a field name that looks misspelt",
    explanation: "Senders ignore fields that they do not know, without a word. A host behind a \
              misspelt `mx` is not in the policy.",
    remedy: "mend the name of the field",
};

pub(in crate::audit) const POLICY_EXTENSION: Entry = Entry {
    name: "sts.policy.extension",
    severity: Severity::Notice,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a field of the policy that senders ignore",
    explanation: "No field but `version`, `mode`, `mx` and `max_age` has a meaning today.",
    remedy: "take the field out of the policy, unless something of yours reads it",
};

pub(in crate::audit) const POLICY_REPEATED: Entry = Entry {
    name: "sts.policy.repeated-field",
    severity: Severity::Warning,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a field that stands twice in the policy",
    explanation: "Of a repeated field other than `mx` only the first counts; what the later ones say \
              is not even read.",
    remedy: "delete all but the one that is meant",
};

pub(in crate::audit) const POLICY_TESTING: Entry = Entry {
    name: "sts.policy.mode-testing",
    severity: Severity::Notice,
    section: "RFC 8461 §5",
    subject: Subject::Mode,
    title: "a policy in testing",
    explanation: "In mode `testing` senders deliver whatever fails, and report it. That is where to \
              begin, and no protection.",
    remedy: "read the TLS reports for some weeks, then change the mode to `enforce`, with a new \
              `id`",
};

pub(in crate::audit) const POLICY_NONE: Entry = Entry {
    name: "sts.policy.mode-none",
    severity: Severity::Warning,
    section: "RFC 8461 §8.3",
    subject: Subject::Mode,
    title: "a policy that is withdrawn",
    explanation: "In mode `none` senders deliver as if there were no policy. It is the way to withdraw \
              one, and no protection.",
    remedy: "keep it until no older policy can be cached, then remove record and policy; or \
              change the mode",
};

pub(in crate::audit) const POLICY_NONE_LONG: Entry = Entry {
    name: "sts.policy.none-max-age-long",
    severity: Severity::Notice,
    section: "RFC 8461 §8.3",
    subject: Subject::Mode,
    title: "a withdrawn policy with a long max_age",
    explanation: "A policy of mode `none` is cached like another, and a later one is picked up by its \
              `id` only. RFC 8461 recommends a small max_age for it.",
    remedy: "set `max_age` to a day",
};

pub(in crate::audit) const POLICY_AGE_SHORT: Entry = Entry {
    name: "sts.policy.max-age-short",
    severity: Severity::Warning,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a max_age that is too short",
    explanation: "Between two fetches a policy protects by being cached. With a short max_age an \
              attacker need only block the fetch for as long; RFC 8461 expects weeks or more.",
    remedy: "set `max_age` to 604800 (a week) or more",
};

pub(in crate::audit) const POLICY_AGE_LONG: Entry = Entry {
    name: "sts.policy.max-age-long",
    severity: Severity::Warning,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a max_age that is too long for this phase",
    explanation: "A mistake in a new policy stays with those senders that miss the update for as long \
              as max_age says. While you are still trying, days are enough.",
    remedy: "set `max_age` to 604800 (a week) or less until the policy has proved itself",
};

pub(in crate::audit) const POLICY_AGE_CAPPED: Entry = Entry {
    name: "sts.policy.max-age-capped",
    severity: Severity::Notice,
    section: "RFC 8461 §3.2",
    subject: Subject::Policy,
    title: "a max_age above the maximum",
    explanation: "The maximum is 31,557,600 seconds, about a year; what is above is taken as that, and \
              some implementations may refuse it.",
    remedy: "set `max_age` to 31557600 or less",
};
