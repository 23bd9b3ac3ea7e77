//! The members of the lines.

use alloc::borrow::Cow;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use super::{Fault, RestoreErrorKind, VERSION, at_least_one, count, domain, json};
use crate::failure::{Failure, PolicyType, ReasonCode, ResultType};
use crate::reading::Reading;
use crate::sts::Policy;
use crate::tlsrpt::tally::domain::PolicyTally;
use crate::tlsrpt::tally::policy::{KnownPolicy, MAX_REFUSED_LEN, PolicyRef, TlsaRrset};
use crate::tlsrpt::tally::rows::{RowRef, Rows, cut};
use crate::tlsrpt::tally::session::{called, host};
use crate::tlsrpt::tally::{Limits, Tally, UtcDay, plus};

/// Read before the rest, whose form depends on it.
#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    v: u64,
    day: u64,
    rows: usize,
    policies: usize,
    pub(super) domains: usize,
}

impl Head {
    pub(super) fn of(tally: &Tally) -> Self {
        Self {
            v: VERSION,
            day: tally.day.start().as_secs(),
            rows: tally.limits.rows(),
            policies: tally.limits.policies(),
            domains: tally.domains.len(),
        }
    }

    pub(super) fn read(line: &str) -> Result<Self, Fault> {
        let version: Version = serde_json::from_str(line).map_err(|error| json(&error))?;
        if version.v != VERSION {
            return Err(Fault::new(RestoreErrorKind::Version, version.v.to_string()));
        }
        let head: Self = serde_json::from_str(line).map_err(|error| json(&error))?;
        if head.start() != head.utc_day().start() {
            return Err(Fault::new(RestoreErrorKind::Day, head.day.to_string()));
        }
        Ok(head)
    }

    const fn start(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.day))
    }

    const fn utc_day(&self) -> UtcDay {
        UtcDay::of(self.start())
    }

    pub(super) fn tally(&self) -> Tally {
        let limits = Limits::default().with_rows(self.rows).with_policies(self.policies);
        Tally::new(self.utc_day(), limits)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) domain: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) policies: Vec<PolicyForm<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PolicyForm<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    text: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    records: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    ok: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    failed: u64,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<RowForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<OtherForm<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<'a> From<&'a PolicyTally> for PolicyForm<'a> {
    fn from(tally: &'a PolicyTally) -> Self {
        let policy = tally.policy.as_ref();
        let text = match policy {
            PolicyRef::Sts(policy) => policy.as_str(),
            PolicyRef::Refused(body) => body,
            PolicyRef::Tlsa(rrset) => rrset.base_domain().as_str(),
            PolicyRef::NoPolicyFound | PolicyRef::UnknownTlsa | PolicyRef::Others(_) => "",
        };
        let records = match policy {
            PolicyRef::Tlsa(rrset) => rrset.records().map(Cow::Borrowed).collect(),
            _ => Vec::new(),
        };
        Self {
            kind: Cow::Borrowed(kind(policy)),
            text: Cow::Borrowed(text),
            records,
            ok: tally.successes,
            failed: tally.failures,
            rows: tally.rows.kept().map(RowForm::from).collect(),
            others: tally.rows.others().map(OtherForm::from).collect(),
        }
    }
}

const fn kind(policy: PolicyRef<'_>) -> &'static str {
    match policy {
        PolicyRef::NoPolicyFound => "no-policy-found",
        PolicyRef::UnknownTlsa => "tlsa-unknown",
        PolicyRef::Others(PolicyType::Tlsa) => "tlsa-others",
        PolicyRef::Others(_) => "sts-others",
        PolicyRef::Tlsa(_) => "tlsa",
        PolicyRef::Sts(_) => "sts",
        PolicyRef::Refused(_) => "sts-refused",
    }
}

impl PolicyForm<'_> {
    pub(super) fn read(&self, limits: Limits) -> Result<PolicyTally, Fault> {
        let policy = self.policy()?;
        let mut tally = PolicyTally::new(policy.as_ref());
        tally.successes = count(self.ok)?;
        tally.failures = count(self.failed)?;
        at_least_one(plus(self.ok, self.failed))?;
        let max = tally.max_rows(limits);
        self.read_rows(&mut tally.rows, max)?;
        Ok(tally)
    }

    fn read_rows(&self, rows: &mut Rows, max: usize) -> Result<(), Fault> {
        for row in &self.rows {
            rows.add(row.read()?, at_least_one(row.count)?, max);
        }
        for other in &self.others {
            rows.add_other(result_type(&other.result)?, at_least_one(other.count)?);
        }
        Ok(())
    }

    fn policy(&self) -> Result<KnownPolicy, Fault> {
        Ok(match &*self.kind {
            "no-policy-found" => KnownPolicy::NoPolicyFound,
            "tlsa-unknown" => KnownPolicy::UnknownTlsa,
            "tlsa-others" => KnownPolicy::Others(PolicyType::Tlsa),
            "sts-others" => KnownPolicy::Others(PolicyType::Sts),
            "tlsa" => KnownPolicy::Tlsa(self.rrset()?),
            "sts" => KnownPolicy::Sts(self.sts()?),
            "sts-refused" => KnownPolicy::Refused(cut(&self.text, MAX_REFUSED_LEN).into()),
            other => return Err(Fault::remote(RestoreErrorKind::Kind, other)),
        })
    }

    fn rrset(&self) -> Result<TlsaRrset, Fault> {
        TlsaRrset::parse(&domain(&self.text)?, &self.records)
            .map_err(|error| Fault::new(RestoreErrorKind::Tlsa, error.to_string()))
    }

    /// Whatever the limit was with which it was fetched.
    fn sts(&self) -> Result<Policy, Fault> {
        Policy::parse_within(&*self.text, Reading::Tolerant, usize::MAX)
            .map(|(policy, _)| policy)
            .map_err(|error| Fault::new(RestoreErrorKind::Policy, error.to_string()))
    }
}

#[derive(Serialize, Deserialize)]
struct RowForm<'a> {
    #[serde(borrow)]
    result: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    mx: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    helo: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<IpAddr>,
    count: u64,
}

impl<'a> From<(RowRef<'a>, u64)> for RowForm<'a> {
    fn from((row, count): (RowRef<'a>, u64)) -> Self {
        Self {
            result: Cow::Borrowed(row.failure.result_type().as_str()),
            reason: Cow::Borrowed(row.failure.reason_code().as_str()),
            mx: row.mx.map(Cow::Borrowed),
            helo: row.helo.map(Cow::Borrowed),
            from: row.sending_ip,
            to: row.receiving_ip,
            count,
        }
    }
}

impl RowForm<'_> {
    fn read(&self) -> Result<RowRef<'_>, Fault> {
        let reason: ReasonCode = self
            .reason
            .parse()
            .map_err(|_| Fault::remote(RestoreErrorKind::Failure, &self.reason))?;
        Ok(RowRef {
            failure: Failure::new(result_type(&self.result)?, reason),
            mx: self.mx.as_deref().and_then(host),
            helo: self.helo.as_deref().and_then(called),
            sending_ip: self.from.map(|ip| ip.to_canonical()),
            receiving_ip: self.to.map(|ip| ip.to_canonical()),
        })
    }
}

fn result_type(text: &str) -> Result<ResultType, Fault> {
    text.parse().map_err(|_| Fault::remote(RestoreErrorKind::Failure, text))
}

#[derive(Serialize, Deserialize)]
struct OtherForm<'a> {
    #[serde(borrow)]
    result: Cow<'a, str>,
    count: u64,
}

impl From<(ResultType, u64)> for OtherForm<'static> {
    fn from((result_type, count): (ResultType, u64)) -> Self {
        Self { result: Cow::Borrowed(result_type.as_str()), count }
    }
}
