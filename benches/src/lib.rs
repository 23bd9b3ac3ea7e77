//! What the benches of `mta-sts` share: their inputs, the byte loop that bounds them,
//! what a sender remembers, servers on loopback, an allocator that counts, and how time
//! is taken.

pub mod bare;
pub mod byte_loop;
pub mod counting;
pub mod inputs;
pub mod loopback;
pub mod remembered;
pub mod reports;
pub mod tally;
pub mod timing;
