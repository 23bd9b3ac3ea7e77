//! The client whole, by its shipped parts, over real sockets: DNS by hickory-resolver and
//! policies by HTTPS, in the embedded [`world`]. One test or more for each requirement of
//! fetching (FET) and of discovery and cache (DIS), which are told by the names; and what a
//! policy means for deliveries (SND), by the STARTTLS probe.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod attacks;
mod certificates;
mod delivery;
mod dis;
mod dis_time;
mod fet;
mod guard;
mod http;
#[cfg(feature = "json")]
mod restart;
mod setup;
mod transport;
mod txt;
#[path = "../world/mod.rs"]
mod world;
