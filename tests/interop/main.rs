//! Interoperation with servers that nobody here wrote: nginx as policy host, unbound as
//! DNS, Postfix as MX.
//!
//! They are started by the tests on free ports of loopback, out of temporary folders, and
//! killed at the end. A server that is not installed fails the test. Ignored by default, so
//! that the usual tests need nothing but Rust.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod certificates;
mod dns;
mod mx;
mod network;
mod nginx;
mod policy_hosts;
mod postfix;
mod reports;
mod server;
mod unbound;
