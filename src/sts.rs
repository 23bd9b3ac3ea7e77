//! MTA-STS, RFC 8461: the record that announces a policy, the policy, its discovery
//! and cache, and what it means for a delivery.
//!
//! | section | subject | here |
//! |---|---|---|
//! | §3.1 | the `_mta-sts` TXT record | [`StsRecord`], [`PolicyId`] |
//! | §3.2 | the policy file | [`Policy`], [`Mode`], [`MaxAge`], [`PolicyBuilder`] |
//! | §3.2, §3.3 | fetching a policy | [`fetch`] |
//! | §3.3, §10.2 | keeping and refreshing it | [`cache`] |
//! | §3.1, §5.1, §6 | finding the policy to apply | [`discovery`] |
//! | §3.4 | whose policy counts | [`PolicyDomain`] |
//! | §4.1 | matching MX hosts | [`MxPattern`], [`Policy::matching_mx`] |
//! | §2, §4, §5 | what it means for an MX host | [`apply`] |
//!
//! Nothing here looks up, fetches or connects to anything, or reads a clock.

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
