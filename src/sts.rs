//! MTA-STS, RFC 8461: the record that announces a policy, the policy, and the
//! matching of MX hosts.
//!
//! | section | subject | here |
//! |---|---|---|
//! | §3.1 | the `_mta-sts` TXT record | [`StsRecord`], [`PolicyId`] |
//! | §3.2 | the policy file | [`Policy`], [`Mode`], [`MaxAge`], [`PolicyBuilder`] |
//! | §4.1 | matching MX hosts | [`MxPattern`], [`Policy::matching_mx`] |
//!
//! Nothing here looks up or fetches anything, and nothing decides about a
//! delivery.

pub mod apply;
pub mod cache;
pub mod discovery;
pub mod fetch;
mod mx;
mod policy;
mod policy_domain;
mod record;

pub use self::mx::{MxErrorKind, MxPattern, ParseMxError};
pub use self::policy::{
    BuildPolicyError, Canonical, MAX_BODY_LEN, MAX_MX, MaxAge, MaxAgeTooLong, Mode, NearMiss,
    ParseMaxAgeError, ParsePolicyError, Policy, PolicyBuilder, PolicyDeviation,
    PolicyDeviationKind, PolicyErrorKind, UnknownMode,
};
pub use self::policy_domain::{NoPolicyDomain, PolicyDomain};
pub use self::record::{PolicyId, PolicyIdError, StsRecord};
