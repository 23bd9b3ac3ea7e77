//! Audits of domains that are built by hand: each code once, each published policy, and
//! whatever else observations can be.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod catalogue;
mod codes;
mod domain;
#[cfg(feature = "json")]
mod form;
mod judgement;
mod near;
mod properties;
#[cfg(feature = "json")]
mod published;
#[cfg(feature = "json")]
#[path = "../support/schema.rs"]
mod schema;
