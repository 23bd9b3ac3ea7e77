//! What DNS has answered.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::first::First;
use super::super::{ReadObservationsError, ReadObservationsErrorKind};
use crate::observations::{Dnssec, Existence, Lookup, MAX_RECORDS};
use crate::txt::DnsFailure;

/// An answer with records of this form, or a failure.
#[derive(Serialize, Deserialize)]
pub(super) struct AnswerForm<T> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default = "First::default", skip_serializing_if = "First::is_empty")]
    records: First<T, MAX_RECORDS>,
    #[serde(default, skip_serializing_if = "is_zero")]
    left_out: usize,
    #[serde(default, skip_serializing_if = "is_false")]
    nxdomain: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dnssec: Option<DnssecForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DnssecForm {
    Authentic,
    NotAuthentic,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl<T> AnswerForm<T> {
    pub(super) fn of<R>(found: Result<&Lookup<R>, DnsFailure>, record: impl Fn(&R) -> T) -> Self {
        match found {
            Err(failure) => Self {
                failure: Some(failure.reason_code().to_string()),
                records: First::default(),
                left_out: 0,
                nxdomain: false,
                ttl: None,
                aliases: Vec::new(),
                dnssec: None,
            },
            Ok(found) => Self {
                failure: None,
                records: found.records().iter().map(record).collect(),
                left_out: found.left_out(),
                nxdomain: found.existence() == Existence::NxDomain,
                ttl: found.ttl().map(|ttl| ttl.as_secs()),
                aliases: found.aliases().to_vec(),
                dnssec: dnssec(found.dnssec()),
            },
        }
    }

    /// The answer or failure. A name that does not exist has no records.
    pub(super) fn read<R>(
        self,
        record: impl Fn(T) -> Result<R, ReadObservationsError>,
    ) -> Result<Result<Lookup<R>, DnsFailure>, ReadObservationsError> {
        if let Some(failure) = self.failure {
            return read_failure(&failure).map(Err);
        }
        let left_out = self.left_out.saturating_add(self.records.more);
        let records: Result<Vec<R>, _> = self.records.items.into_iter().map(record).collect();
        let mut found = match self.nxdomain {
            true => Lookup::nxdomain(),
            false => Lookup::found(records?),
        };
        if let Some(ttl) = self.ttl {
            found = found.with_ttl(Duration::from_secs(ttl));
        }
        let dnssec = self.dnssec.map_or(Dnssec::Unknown, Dnssec::from);
        Ok(Ok(found.with_left_out(left_out).with_aliases(self.aliases).with_dnssec(dnssec)))
    }
}

const fn dnssec(status: Dnssec) -> Option<DnssecForm> {
    match status {
        Dnssec::Authentic => Some(DnssecForm::Authentic),
        Dnssec::NotAuthentic => Some(DnssecForm::NotAuthentic),
        Dnssec::Unknown => None,
    }
}

impl From<DnssecForm> for Dnssec {
    fn from(form: DnssecForm) -> Self {
        match form {
            DnssecForm::Authentic => Self::Authentic,
            DnssecForm::NotAuthentic => Self::NotAuthentic,
        }
    }
}

fn read_failure(text: &str) -> Result<DnsFailure, ReadObservationsError> {
    let failures =
        [DnsFailure::ServFail, DnsFailure::Refused, DnsFailure::Timeout, DnsFailure::Other];
    let named = failures.into_iter().find(|failure| failure.reason_code().as_str() == text);
    named.ok_or_else(|| ReadObservationsError::remote(ReadObservationsErrorKind::DnsFailure, text))
}
