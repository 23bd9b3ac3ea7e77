//! Many domains and many callers at once, one host in twenty at fault: nothing is lost,
//! each policy is fetched once, memory stays within bounds, and a client that is killed
//! while it saves a snapshot loses nothing of the one before.
//!
//! Small by default. In full, with figures:
//!
//! ```text
//! MTA_STS_LOAD=full cargo test --release --features full,arbitrary --test load -- --nocapture
//! ```

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "../world/mod.rs"]
mod world;

mod callers;
mod domains;
mod killed;
