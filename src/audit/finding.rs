//! What an audit has found: one thing, where, and what to do.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Code;
use crate::escape::escape;

/// How many findings of one code are kept, the first ones: enough to see what is wrong,
/// and a bound on what a thousand MX hosts can cost.
pub const MAX_FINDINGS_PER_CODE: usize = 32;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a checker must act on each of them")]
pub enum Severity {
    /// To decide, and to write down why.
    Notice,
    /// To mend: it weakens the protection, or may become an error.
    Warning,
    /// Mail is or will be refused, or there is no protection.
    Error,
}

impl Severity {
    /// The three, from the least.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Error];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where something was found. `Display` says it in a few words, with everything remote
/// escaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The TXT records of `_mta-sts.<domain>`.
    StsRecord {
        /// Octets from the start of the joined text of the one record.
        offset: Option<usize>,
    },
    /// The host that serves the policy, or its response.
    PolicyHost,
    /// The certificate of that host.
    PolicyHostCertificate,
    /// The policy.
    Policy {
        /// The line, from 1; none if it is the policy as a whole.
        line: Option<u32>,
        /// The column, in characters from 1.
        column: Option<u32>,
    },
    /// The MX records.
    MxRecords,
    /// An MX host.
    Mx {
        /// Its name, not escaped.
        host: String,
    },
    /// The certificate of an MX host.
    MxCertificate {
        /// Its name, not escaped.
        host: String,
    },
    /// The TXT records of `_smtp._tls.<domain>`.
    TlsrptRecord {
        /// Octets from the start of the joined text of the one record.
        offset: Option<usize>,
    },
}

impl Place {
    pub(super) const STS_RECORD: Self = Self::StsRecord { offset: None };
    pub(super) const POLICY: Self = Self::Policy { line: None, column: None };
    pub(super) const TLSRPT_RECORD: Self = Self::TlsrptRecord { offset: None };

    pub(super) fn mx(host: &str) -> Self {
        Self::Mx { host: host.into() }
    }

    /// What it is, without where in it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::StsRecord { .. } => "sts-record",
            Self::PolicyHost => "policy-host",
            Self::PolicyHostCertificate => "policy-host-certificate",
            Self::Policy { .. } => "policy",
            Self::MxRecords => "mx-records",
            Self::Mx { .. } => "mx",
            Self::MxCertificate { .. } => "mx-certificate",
            Self::TlsrptRecord { .. } => "tlsrpt-record",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StsRecord { offset } => at_offset(f, "_mta-sts record", *offset),
            Self::PolicyHost => f.write_str("policy host"),
            Self::PolicyHostCertificate => f.write_str("certificate of the policy host"),
            Self::Policy { line: Some(line), column: Some(column) } => {
                write!(f, "policy, line {line}, column {column}")
            }
            Self::Policy { line: Some(line), column: None } => write!(f, "policy, line {line}"),
            Self::Policy { line: None, .. } => f.write_str("policy"),
            Self::MxRecords => f.write_str("MX records"),
            Self::Mx { host } => write!(f, "MX {}", escape(host)),
            Self::MxCertificate { host } => write!(f, "certificate of MX {}", escape(host)),
            Self::TlsrptRecord { offset } => at_offset(f, "_smtp._tls record", *offset),
        }
    }
}

fn at_offset(f: &mut fmt::Formatter<'_>, what: &str, offset: Option<usize>) -> fmt::Result {
    f.write_str(what)?;
    match offset {
        Some(offset) => write!(f, ", offset {offset}"),
        None => Ok(()),
    }
}

/// What could be published in place of what was found. It is a proposal: it parses
/// strictly, but only the owner knows what is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Corrected {
    /// The text of the TXT record at `_mta-sts.<domain>`.
    StsRecord(String),
    /// The body of the policy.
    Policy(String),
    /// The text of the TXT record at `_smtp._tls.<domain>`.
    TlsrptRecord(String),
}

impl Corrected {
    /// The text, with nothing remote in it but what the grammars allow.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match self {
            Self::StsRecord(text) | Self::Policy(text) | Self::TlsrptRecord(text) => text.as_str(),
        }
    }

    /// Which of them it is, by the words of [`Place::kind`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::StsRecord(_) => "sts-record",
            Self::Policy(_) => "policy",
            Self::TlsrptRecord(_) => "tlsrpt-record",
        }
    }
}

/// One thing that was found. `Display` is severity, place, what, and code, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    code: Code,
    severity: Severity,
    place: Place,
    what: String,
    remedy: Cow<'static, str>,
    corrected: Option<Corrected>,
    evidence: Vec<String>,
}

impl Finding {
    pub(super) fn new(code: Code, place: Place, what: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            place,
            what: what.into(),
            remedy: Cow::Borrowed(code.remedy()),
            corrected: None,
            evidence: Vec::new(),
        }
    }

    /// Weighs at most so much.
    pub(super) fn at_most(mut self, severity: Severity) -> Self {
        self.severity = self.severity.min(severity);
        self
    }

    /// This is to be done, in place of what the catalogue says.
    pub(super) fn with_remedy(mut self, remedy: String) -> Self {
        self.remedy = Cow::Owned(remedy);
        self
    }

    pub(super) fn with_corrected(mut self, corrected: impl Into<Option<Corrected>>) -> Self {
        self.corrected = corrected.into();
        self
    }

    pub(super) fn with_evidence(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// What it is about.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// How much it weighs here: at most as much as the code's [severity](Code::severity).
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The section of the RFC that has the rule.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        self.code.section()
    }

    /// Where it was found.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What is wrong, in a sentence with the values that were found, everything remote
    /// escaped.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do, in a sentence, everything remote escaped.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// What could be published in place of it.
    #[must_use]
    pub const fn corrected(&self) -> Option<&Corrected> {
        self.corrected.as_ref()
    }

    /// What was seen that bears it out, everything remote escaped.
    #[must_use]
    pub fn evidence(&self) -> &[String] {
        &self.evidence
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, severity, place, what, .. } = self;
        write!(f, "{severity}: {place}: {what} [{code}]")
    }
}

/// Findings while they are gathered: each once, within the bound.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Finding>,
    counts: BTreeMap<Code, usize>,
    left_out: usize,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.code).or_default();
        if *count >= MAX_FINDINGS_PER_CODE {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let is_same = |one: &Finding| one.code == finding.code && one.place == finding.place;
        if self.kept.iter().any(is_same) {
            return;
        }
        *count = count.saturating_add(1);
        self.kept.push(finding);
    }

    /// Adds one of which there is nothing to say but code, place and what.
    pub(super) fn add(&mut self, code: Code, place: Place, what: impl Into<String>) {
        self.push(Finding::new(code, place, what));
    }

    /// What weighs most comes first; then by the order of the subjects and of the
    /// catalogue, and by place. And how many were left out.
    pub(super) fn into_sorted(mut self) -> (Vec<Finding>, usize) {
        self.kept.sort_by(|a, b| {
            let key =
                |one: &Finding| (core::cmp::Reverse(one.severity), one.code.subject(), one.code);
            key(a).cmp(&key(b)).then_with(|| a.place.cmp(&b.place))
        });
        (self.kept, self.left_out)
    }
}
