//! The texts of the catalogue: what stands behind each [`Code`](super::Code).
//!
//! One module for each group of codes. The table in the docs is made from these.

pub(super) mod change;
pub(super) mod coverage;
pub(super) mod host_certificate;
pub(super) mod mx;
pub(super) mod policy;
pub(super) mod policy_host;
pub(super) mod record;
pub(super) mod tlsrpt;

use super::{Severity, Subject};

/// What the catalogue says of a code.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) section: &'static str,
    pub(super) subject: Subject,
    pub(super) title: &'static str,
    pub(super) explanation: &'static str,
    pub(super) remedy: &'static str,
}
