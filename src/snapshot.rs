//! Cache entries as lines of text, to outlive a restart (feature `json`).
//!
//! A snapshot is a text file with one entry per line, each a JSON object of its own:
//! a damaged line loses one entry and no other. Lines can be read in any order, and
//! twice: an entry that was read is folded into what is known by
//! [`Update::from`](crate::sts::cache::Update).
//!
//! Nothing derived is trusted: bodies are parsed again, times in the future are dealt
//! with by the next discovery. Members that are not known, of a later version of this
//! crate, are ignored; a line of another format version is refused.
//!
//! This writes no file and replaces none: that a snapshot is whole is for whoever
//! writes it.
//!
//! # The format
//!
//! Version 1. Times are seconds since 1970; `era` and `turn` order what a clock cannot,
//! and are left out where they are 0; `"set_back":true` says that the clock has run behind
//! the fetch of the policy.
//!
//! ```text
//! {"v":1,"domain":"example.com",
//!  "policy":{"id":"1","asked":{"at":1000},"fetched_at":1001,"body":"..."},
//!  "look":{"asked":{"at":2000},"id":"1"},
//!  "failed":{"base":{"at":1000},"asked":{"at":3000},"id":"2","in_a_row":1,"failed_at":3000,
//!            "since":3000,"total":1,"result":"sts-policy-invalid","reason":"policy-mode",
//!            "refused":"..."},
//!  "bucket":{"spent":{"at":3000},"backlog":720},
//!  "last_used":11}
//! ```
//!
//! # Examples
//!
//! ```
//! use mta_sts::snapshot;
//! use mta_sts::sts::PolicyDomain;
//! use mta_sts::sts::cache::CacheEntry;
//!
//! let domain = PolicyDomain::from_next_hop("example.com")?;
//! let line = snapshot::to_line(&domain, &CacheEntry::default());
//! assert_eq!(line, r#"{"v":1,"domain":"example.com"}"#);
//! assert_eq!(snapshot::from_line(&line)?, (domain, CacheEntry::default()));
//!
//! let error = snapshot::from_line(r#"{"v":2}"#).unwrap_err();
//! assert_eq!(error.to_string(), "expected version 1 of the format, found 2");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use crate::escape::escape;
use crate::failure::{Failure, ReasonCode, ResultType};
use crate::reading::Reading;
use crate::sts::cache::{
    Bucket, CacheEntry, CachedPolicy, FailedFetches, Found, Look, Stamp, Update,
};
use crate::sts::fetch::FetchLimits;
use crate::sts::{Policy, PolicyDomain, PolicyId};

/// The octets that a line may have: two bodies of 1 MiB, each octet of which JSON may
/// write with six, and as much again as all the rest could have.
pub const MAX_LINE_LEN: usize = 16 << 20;

/// The version of the format that is written, and the only one that is read.
const VERSION: u64 = 1;

/// An entry as a line, without line end; the text has none within.
#[must_use]
pub fn to_line(domain: &PolicyDomain, entry: &CacheEntry) -> String {
    let line = Line {
        v: VERSION,
        domain: domain.as_str().into(),
        policy: entry.policy.as_ref().map(PolicyForm::from),
        look: entry.look.as_ref().map(LookForm::from),
        failed: entry.failed.as_deref().map(FailedForm::from),
        bucket: entry.bucket.map(BucketForm::from),
        last_used: entry.last_used,
    };
    // Only keys that are no text, or a failing writer, could make it fail.
    serde_json::to_string(&line).unwrap_or_default()
}

/// The entry of a line.
///
/// # Errors
///
/// [`ReadLineError`] says what is wrong. What a failed fetch was is no reason to
/// refuse a line: a result or reason that this version does not know is left out with
/// the back-off that it stands for.
pub fn from_line(line: &str) -> Result<(PolicyDomain, CacheEntry), ReadLineError> {
    if line.len() > MAX_LINE_LEN {
        return Err(ReadLineError::new(ReadLineErrorKind::TooLong, line.len().to_string()));
    }
    let version: Version = serde_json::from_str(line).map_err(|error| json(&error))?;
    if version.v != VERSION {
        return Err(ReadLineError::new(ReadLineErrorKind::Version, version.v.to_string()));
    }
    let line: Line<'_> = serde_json::from_str(line).map_err(|error| json(&error))?;
    let domain = PolicyDomain::from_next_hop(&line.domain)
        .map_err(|_| ReadLineError::remote(ReadLineErrorKind::Domain, &line.domain))?;
    let read = CacheEntry {
        policy: line.policy.map(CachedPolicy::try_from).transpose()?,
        look: line.look.map(Look::try_from).transpose()?,
        failed: line.failed.map(FailedForm::read).transpose()?.flatten().map(Arc::new),
        bucket: line.bucket.map(Bucket::from),
        last_used: line.last_used,
    };
    let mut entry = CacheEntry::default();
    entry.apply(&Update::from(read));
    Ok((domain, entry))
}

/// Reads all lines of a snapshot; empty ones are passed over. Lines are counted
/// from 1.
pub fn from_lines(
    text: &str,
) -> impl Iterator<Item = (usize, Result<(PolicyDomain, CacheEntry), ReadLineError>)> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_ascii().is_empty());
    lines.map(|(number, line)| (number, from_line(line)))
}

/// Why a line is no cache entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{} {found}", match .kind {
    ReadLineErrorKind::Json | ReadLineErrorKind::Policy => ":",
    _ => ", found",
})]
pub struct ReadLineError {
    kind: ReadLineErrorKind,
    found: Box<str>,
}

impl ReadLineError {
    fn new(kind: ReadLineErrorKind, found: impl Into<Box<str>>) -> Self {
        Self { kind, found: found.into() }
    }

    fn remote(kind: ReadLineErrorKind, found: &str) -> Self {
        Self::new(kind, alloc::format!("`{}`", escape(found)))
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> ReadLineErrorKind {
        self.kind
    }

    /// What was found instead, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What a line should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReadLineErrorKind {
    /// At most [`MAX_LINE_LEN`] octets.
    #[error("expected at most {MAX_LINE_LEN} octets")]
    TooLong,
    /// A JSON object with the members of the format.
    #[error("expected a JSON object of a cache entry")]
    Json,
    /// The version of the format.
    #[error("expected version {VERSION} of the format")]
    Version,
    /// A policy domain.
    #[error("expected a policy domain")]
    Domain,
    /// The `id` of a policy.
    #[error("expected an id")]
    Id,
    /// A policy, in the tolerant reading.
    #[error("expected a policy")]
    Policy,
    /// What was found at the TXT record.
    #[error("expected what a look at the record can find")]
    Look,
}

fn json(error: &serde_json::Error) -> ReadLineError {
    ReadLineError::new(ReadLineErrorKind::Json, escape(&error.to_string()).to_string())
}

/// Read before the rest, whose form depends on it.
#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    v: u64,
    #[serde(borrow)]
    domain: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    look: Option<LookForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    failed: Option<FailedForm<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bucket: Option<BucketForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct StampForm {
    #[serde(default, skip_serializing_if = "is_zero")]
    era: u32,
    at: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    turn: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl From<Stamp> for StampForm {
    fn from(stamp: Stamp) -> Self {
        Self { era: stamp.era, at: stamp.at.as_secs(), turn: stamp.turn }
    }
}

impl From<StampForm> for Stamp {
    fn from(form: StampForm) -> Self {
        Self { era: form.era, at: time(form.at), turn: form.turn }
    }
}

const fn time(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

#[derive(Serialize, Deserialize)]
struct PolicyForm<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    asked: StampForm,
    fetched_at: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    set_back: bool,
    #[serde(borrow)]
    body: Cow<'a, str>,
}

impl<'a> From<&'a CachedPolicy> for PolicyForm<'a> {
    fn from(cached: &'a CachedPolicy) -> Self {
        Self {
            id: cached.id.as_str().to_string().into(),
            asked: cached.stamp.into(),
            fetched_at: cached.fetched_at.as_secs(),
            set_back: cached.is_set_back,
            body: cached.policy.as_str().into(),
        }
    }
}

impl TryFrom<PolicyForm<'_>> for CachedPolicy {
    type Error = ReadLineError;

    fn try_from(form: PolicyForm<'_>) -> Result<Self, ReadLineError> {
        // Whatever the limit was with which it was fetched.
        let body = Policy::parse_within(&*form.body, Reading::Tolerant, FetchLimits::MAX_BODY);
        let (policy, _) =
            body.map_err(|error| ReadLineError::new(ReadLineErrorKind::Policy, error.to_string()))?;
        Ok(Self {
            policy,
            id: policy_id(&form.id)?,
            stamp: form.asked.into(),
            fetched_at: time(form.fetched_at),
            is_set_back: form.set_back,
        })
    }
}

fn policy_id(text: &str) -> Result<PolicyId, ReadLineError> {
    PolicyId::new(text).map_err(|_| ReadLineError::remote(ReadLineErrorKind::Id, text))
}

/// Either the `id` that was found, or the reason why there was none.
#[derive(Serialize, Deserialize)]
struct LookForm<'a> {
    asked: StampForm,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    none: Option<Cow<'a, str>>,
}

impl From<&Look> for LookForm<'_> {
    fn from(look: &Look) -> Self {
        let (id, none) = match look.found {
            Found::Record(id) => (Some(id.as_str().to_string().into()), None),
            Found::Nothing(reason) => (None, Some(reason.as_str().into())),
        };
        Self { asked: look.stamp.into(), id, none }
    }
}

impl TryFrom<LookForm<'_>> for Look {
    type Error = ReadLineError;

    fn try_from(form: LookForm<'_>) -> Result<Self, ReadLineError> {
        let found = match (form.id, form.none.as_deref().unwrap_or_default()) {
            (Some(id), _) => Found::Record(policy_id(&id)?),
            (None, none) => match none.parse() {
                Ok(
                    reason @ (ReasonCode::NoRecord
                    | ReasonCode::MultipleRecords
                    | ReasonCode::InvalidRecord),
                ) => Found::Nothing(reason),
                _ => return Err(ReadLineError::remote(ReadLineErrorKind::Look, none)),
            },
        };
        Ok(Self { stamp: form.asked.into(), found })
    }
}

#[derive(Serialize, Deserialize)]
struct FailedForm<'a> {
    base: StampForm,
    asked: StampForm,
    #[serde(borrow)]
    id: Cow<'a, str>,
    in_a_row: u32,
    failed_at: u64,
    since: u64,
    total: u32,
    #[serde(borrow)]
    result: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

impl From<&FailedFetches> for FailedForm<'_> {
    fn from(failed: &FailedFetches) -> Self {
        Self {
            base: failed.base.into(),
            asked: failed.stamp.into(),
            id: failed.id.as_str().to_string().into(),
            in_a_row: failed.in_a_row,
            failed_at: failed.failed_at.as_secs(),
            since: failed.since.as_secs(),
            total: failed.total,
            result: failed.failure.result_type().as_str().into(),
            reason: failed.failure.reason_code().as_str().into(),
            refused: failed.refused.as_deref().map(String::from),
        }
    }
}

impl FailedForm<'_> {
    fn read(self) -> Result<Option<FailedFetches>, ReadLineError> {
        let id = policy_id(&self.id)?;
        let (Ok(result), Ok(reason)) = (self.result.parse::<ResultType>(), self.reason.parse())
        else {
            return Ok(None);
        };
        Ok(Some(FailedFetches {
            base: self.base.into(),
            stamp: self.asked.into(),
            id,
            in_a_row: self.in_a_row.max(1),
            failed_at: time(self.failed_at),
            since: time(self.since),
            total: self.total.max(1),
            failure: Failure::new(result, reason),
            refused: self.refused.map(Arc::from),
        }))
    }
}

#[derive(Serialize, Deserialize)]
struct BucketForm {
    spent: StampForm,
    backlog: u32,
}

impl From<Bucket> for BucketForm {
    fn from(bucket: Bucket) -> Self {
        Self { spent: bucket.spent.into(), backlog: bucket.backlog }
    }
}

impl From<BucketForm> for Bucket {
    fn from(form: BucketForm) -> Self {
        Self { spent: form.spent.into(), backlog: form.backlog }
    }
}
