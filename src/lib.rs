//! MTA-STS
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "arbitrary")]
mod arbitrary;
pub mod domain;
pub mod escape;
pub mod failure;
#[cfg(feature = "hickory-proto")]
pub mod hickory;
mod hint;
mod reading;
#[cfg(feature = "serde")]
mod serde;
pub mod sts;
mod syntax;
pub mod tlsrpt;
pub mod txt;

pub use self::domain::DomainName;
pub use self::hint::Hint;
pub use self::reading::{Deviations, MAX_DEVIATIONS, Reading};
