//! The audit of a domain: from what was seen of it to what is wrong, where, and what to
//! do about it (RFC 8461, RFC 8460).
//!
//! An [`audit()`] takes [`Observations`], which a client gathers (`client.observe`,
//! feature `client`), or somebody by hand. It looks at nothing itself, and has no second
//! opinion: records and policies are read by the parsers that senders use, and what
//! happens to an MX host is asked of [`sts::apply`](crate::sts::apply).
//!
//! What nobody has looked at leads to no finding: the [`Check`] it belongs to is
//! [not checked](State::NotChecked), and has no points in the [`Score`].
//!
//! # Examples
//!
//! ```
//! use core::time::Duration;
//! use mta_sts::audit::{Code, Severity, audit};
//! use mta_sts::observations::{Fetch, Lookup, Mx, Observations, Response};
//! use mta_sts::sts::PolicyDomain;
//! use rustls_pki_types::UnixTime;
//!
//! let body = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";
//! let response = Response::new(200, body).with_field("Content-Type", "text/plain");
//! let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
//! let seen = Observations::new(PolicyDomain::from_next_hop("example.com")?, now)
//!     .with_sts_record(Ok(Lookup::found([vec![b"v=STSv1; id=1;".to_vec()]])))
//!     .with_fetch(Fetch::new(Ok(response)))
//!     .with_mx(Ok(Lookup::found([
//!         Mx { preference: 10, exchange: "mail.example.com".into() },
//!         Mx { preference: 20, exchange: "backup.example.net".into() },
//!     ])));
//!
//! let audit = audit(&seen);
//! let worst = &audit.findings()[0];
//! assert_eq!(worst.code(), Code::MxUncovered);
//! assert_eq!(worst.severity(), Severity::Error);
//! assert_eq!(
//!     worst.to_string(),
//!     "error: MX backup.example.net: no `mx` of the policy allows the MX host \
//!      backup.example.net: senders must not deliver to it [sts.policy.mx-uncovered]",
//! );
//! assert!(worst.corrected().unwrap().as_str().contains("mx: backup.example.net\n"));
//! assert_eq!(audit.verdict().as_str(), "some-refused");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! - Of one code at most [`MAX_FINDINGS_PER_CODE`] findings are kept;
//!   [`Audit::left_out`] says how many more there were.
//! - DANE is not looked at: a host that TLSA records protect is judged by its certificate
//!   like any other.
//! - Without feature `psl` only top-level domains are known to be public suffixes.
//! - What an MX host does without SNI is not seen.
//! - A corrected text is a proposal. Where a policy cannot be read at all, it is one in
//!   testing for the present MX hosts; and none that is proposed has more than 16 KiB.
//!
//! # The catalogue
//!
//! The severity is the most that a finding of the code weighs: where senders report
//! something and do not refuse it, as in mode `testing`, an error is a warning.
//!
#![doc = include_str!("audit/catalogue.md")]

mod catalogue;
mod changes;
mod check;
mod code;
mod coverage;
mod finding;
#[cfg(feature = "json")]
mod json;
mod mend;
mod mx;
mod policy;
mod policy_host;
mod record;
mod score;
mod server;
mod tlsrpt;
mod verdict;
mod view;

use alloc::vec::Vec;

pub use self::check::{Check, State, Subject};
pub use self::code::{Code, UnknownCode};
use self::finding::Findings;
pub use self::finding::{Corrected, Finding, MAX_FINDINGS_PER_CODE, Place, Severity};
#[cfg(feature = "json")]
pub use self::json::JSON_SCHEMA;
pub use self::score::{Score, ScorePart};
pub use self::verdict::Verdict;
use self::view::View;
use crate::observations::Observations;
use crate::sts::PolicyDomain;

/// Audits a domain by one look at it.
#[must_use]
pub fn audit(seen: &Observations) -> Audit {
    Auditor::new().audit(seen)
}

/// Audits with what is known beside the observations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Auditor<'a> {
    earlier: Option<&'a Observations>,
    phase: Phase,
}

impl<'a> Auditor<'a> {
    /// With nothing beside the observations.
    #[must_use]
    pub const fn new() -> Self {
        Self { earlier: None, phase: Phase::Settled }
    }

    /// Compares with an earlier look at the same domain; a later one, or one at another
    /// domain, is not looked at.
    #[must_use]
    pub const fn with_earlier(mut self, earlier: &'a Observations) -> Self {
        self.earlier = Some(earlier);
        self
    }

    /// The owner says what the policy is to become.
    #[must_use]
    pub const fn with_phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// Audits a domain. The same observations give the same audit.
    #[must_use]
    pub fn audit(&self, seen: &Observations) -> Audit {
        let view = View::new(seen, self.phase);
        let mut findings = Findings::default();
        record::audit(&view, &mut findings);
        policy_host::audit(&view, &mut findings);
        policy::audit(&view, &mut findings);
        coverage::audit(&view, &mut findings);
        mx::audit(&view, &mut findings);
        tlsrpt::audit(&view, &mut findings);
        if let Some(earlier) = self.earlier {
            changes::audit(&View::new(earlier, self.phase), &view, &mut findings);
        }
        let (findings, left_out) = findings.into_sorted();
        let checks = check::checks(&view, &findings);
        let score = score::score(&view, &checks);
        let verdict = verdict::verdict(&view, &findings);
        Audit { domain: seen.domain().clone(), findings, left_out, checks, score, verdict }
    }
}

/// What the owner of a policy is about, which observations do not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Phase {
    /// It is to stay as it is.
    #[default]
    Settled,
    /// It is new: a long `max_age` would make a mistake last, in `enforce` too.
    Introducing,
    /// It is being withdrawn: mode `none` is what is wanted.
    Withdrawing,
}

/// What an audit says of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    domain: PolicyDomain,
    findings: Vec<Finding>,
    left_out: usize,
    checks: [Check; 6],
    score: Score,
    verdict: Verdict,
}

impl Audit {
    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &PolicyDomain {
        &self.domain
    }

    /// What was found: what weighs most first, then by subject, code and place.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings there were beyond [`MAX_FINDINGS_PER_CODE`] of their code.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// The checks that scanning services list, and that of the MX hosts, in the order of
    /// [`Subject::ALL`].
    #[must_use]
    pub const fn checks(&self) -> &[Check] {
        self.checks.as_slice()
    }

    /// The points.
    #[must_use]
    pub const fn score(&self) -> &Score {
        &self.score
    }

    /// The state of the domain in a sentence.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The severity of the worst finding; none if there is none.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.first().map(Finding::severity)
    }
}
