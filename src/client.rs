//! The asynchronous client: which policy applies to a domain, in one call (feature
//! `client`, on tokio).
//!
//! [`Client::policy`] answers, and keeps what it learns in memory or in a [`PolicyStore`].
//! It is a thin layer over the [discovery machine](crate::sts::discovery), which makes all
//! decisions; here is what they need of a network, behind traits:
//!
//! | trait | what it does | shipped |
//! |---|---|---|
//! | [`TxtLookup`], [`AddressLookup`], [`MxLookup`] | ask DNS | `resolver` (feature `resolver`) |
//! | [`PolicyFetch`] | GET a policy | `https` (feature `https`) |
//! | [`Connect`] | open a TCP connection to an address that was checked | [`Direct`] |
//! | `MxProbe` (feature `probe`) | look at what an MX host offers | `Prober` (feature `probe`) |
//! | [`PolicyStore`] | keep what is known, for several clients | the cache in memory |
//!
//! What the client adds to the machine:
//!
//! | what | how |
//! |---|---|
//! | one discovery at a time for a domain, shared by all who ask | [`Client`] |
//! | bounds on all of them together, and on their time | [`ClientLimits`] |
//! | what a sender should do | [`Answer`], [`Advice`] |
//! | what the operator decides | [`Overrides`] |
//! | what the operator is told | [`Event`]; `trace` (feature `tracing`) |
//! | policies that are fetched before they expire | [`Client::spawn_refresh`] |
//! | all that an audit of a domain needs | [`Client::observe`], [`Observer`] |
//! | files that outlive a restart (feature `json`) | `Client::save_snapshot`, `Client::restore_snapshot` |
//!
//! This applies no policy to a delivery: that is [`sts::apply`](crate::sts::apply).
//!
//! # Defaults, and whom they protect
//!
//! All can be set, and no limit can be switched off.
//!
//! | default | protects | set by |
//! |---|---|---|
//! | a policy that is unexpired is applied whatever fails; one that cannot be loaded is an error | the mail | - |
//! | the TXT record is looked at on each delivery | the recipient, who has changed the policy | [`Config::with_recheck`](crate::sts::discovery::Config::with_recheck) |
//! | only global unicast addresses, judged after the look-up | hosts behind our firewall | [`Guard`](crate::guard::Guard) |
//! | one flight and at most 10 fetches an hour a domain; a back-off after failures | policy hosts, and third parties that a record points to | [`FetchRate`](crate::sts::cache::FetchRate) |
//! | 10 connections to a network | whoever runs it; and other domains, from tarpits | [`DialLimits`] |
//! | 256 connections and 512 look-ups at once | this process, which has so many files | [`DialLimits`], `resolver` |
//! | 4,096 discoveries at once, 10,000 domains waited for | this process's memory | [`ClientLimits`] |
//! | 64 KiB of body and of header, 60 s in all, less for each stage | this process, from endless answers | [`FetchLimits`](crate::sts::fetch::FetchLimits), `https::StageLimits` |
//! | no redirect, proxy, cookie, content coding, HTTP cache or TLS session | the mail, from whoever has only a part of the way | - |
//! | TLS 1.2 and later, roots of the platform | the mail | `verifier::Verification` |
//! | AD bits are not believed | the mail, from whoever is between us and the resolver | `resolver` |
//! | 64 MiB of cache, in which absence drives out no live policy | the mail, from floods of domains | [`ClientBuilder::with_cache_capacity`] |
//!
//! # How to replace each part
//!
//! Each trait of the first table is one object: give another to [`Client::builder`] (TXT
//! and fetching), to [`ClientBuilder::with_store`], or to the [`Dialer`] (addresses and
//! connections), which the shipped HTTPS client and probe are made of. `Stack` (features
//! `resolver` and `https`) puts the shipped ones together, and takes another connector or
//! guard. The example `reqwest_fetch` plugs in another HTTPS client.
//!
//! # Limits
//!
//! A panic of a part that was plugged in is caught where panics unwind; with
//! `panic = "abort"` it ends the process. Which address may be connected to is the
//! matter of whoever fetches ([`Dialer`]).

mod all;
mod answer;
mod builder;
mod caught;
mod connect;
mod dial;
mod event;
mod fetch;
mod flight;
#[cfg(feature = "https")]
pub mod https;
mod inner;
mod limits;
mod lookup;
mod observe;
mod overrides;
mod policy;
#[cfg(feature = "probe")]
mod probe;
mod refresh;
#[cfg(feature = "resolver")]
pub mod resolver;
#[cfg(feature = "json")]
mod snapshot;
mod store;
pub mod submit;
#[cfg(all(feature = "resolver", feature = "https"))]
mod system;
#[cfg(feature = "tracing")]
pub mod trace;

use alloc::boxed::Box;
use core::pin::Pin;

pub use self::answer::{Advice, Answer, Unfinished};
pub use self::builder::ClientBuilder;
pub use self::connect::{Connect, Direct};
pub use self::dial::{Connection, DialFailure, DialLimits, Dialer};
pub use self::event::{Event, StoreCall};
pub use self::fetch::{Evidence, FetchError, Fetched, PolicyFetch, Response, TlsProtocol};
pub use self::limits::ClientLimits;
pub use self::lookup::{
    AddressLookup, Dnssec, Existence, Lookup, Mx, MxLookup, TxtLookup, TxtRecord,
};
pub use self::observe::{MAX_PROBED, Observer};
pub use self::overrides::{Override, Overrides};
pub use self::policy::Client;
#[cfg(feature = "probe")]
pub use self::probe::{
    EhloName, InvalidEhloName, MAX_PROBE_OCTETS, MAX_REPLY_LINE_LEN, MAX_REPLY_LINES, MxProbe,
    ProbeLimits, ProbeTrouble, Probed, Prober, ReplyError,
};
pub use self::refresh::{RefreshConfig, RefreshTask};
#[cfg(feature = "json")]
pub use self::snapshot::{DamagedLine, Restored, SnapshotError, SnapshotErrorKind};
pub use self::store::{PolicyStore, StoreError, StoreErrorKind};
#[cfg(all(feature = "resolver", feature = "https"))]
pub use self::system::{Stack, StackError};

/// What an asynchronous method of a trait gives, so that there can be objects of the
/// trait: `Box::pin(async move { ... })`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
