//! One test or more per requirement, named after it: `txt_*` for the `_mta-sts`
//! record (RFC 8461 §3.1), `pol_*` for the policy (§3.2), `mx_*` for matching
//! (§4.1), `rec_*` for the `_smtp._tls` record (RFC 8460 §3), `aud_*` for audits, `out_*`
//! for rolling out (RFC 8461 §8.1 to §8.3), `all_*` for what holds everywhere. The text of
//! every error is asserted here or beside its type.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod all;
mod aud;
mod dis;
mod dkim;
mod fet;
mod guard;
mod mail;
#[cfg(feature = "mail")]
mod mail_3;
#[cfg(feature = "mail")]
mod mail_write;
mod mx;
mod out;
mod pol;
mod rec;
mod rollout;
#[cfg(feature = "json")]
mod rpt;
mod rpt_media;
mod sender;
mod snd;
mod submit;
#[cfg(feature = "std")]
mod tally;
mod txt;

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// Equal values must hash alike.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
