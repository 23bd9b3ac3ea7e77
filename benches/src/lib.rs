//! What the benches of `mta-sts` share: their inputs, and the byte loop that
//! bounds them.

pub mod byte_loop;
pub mod inputs;
