//! Looks at the TXT record.

use core::cmp::Ordering;

use super::register::Register;
use super::stamp::Stamp;
use crate::failure::ReasonCode;
use crate::sts::record::PolicyId;

/// What the last look at the TXT record has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) stamp: Stamp,
    pub(crate) found: Found,
}

/// What a look at the TXT record can find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No one valid record, and why.
    Nothing(ReasonCode),
    /// A record with this `id`. Whether it is that of the policy is not kept: where
    /// updates cross, the policy may be another one by then.
    Record(PolicyId),
}

impl Found {
    /// Tells any two apart.
    fn key(&self) -> (Option<ReasonCode>, &str) {
        match self {
            Self::Nothing(reason) => (Some(*reason), ""),
            Self::Record(id) => (None, id.as_str()),
        }
    }
}

impl Register for Look {
    fn version(&self, other: &Self) -> Ordering {
        self.stamp.cmp(&other.stamp).then_with(|| self.found.key().cmp(&other.found.key()))
    }

    fn lower(&mut self, _: &Self) {}
}
