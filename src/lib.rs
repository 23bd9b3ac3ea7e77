//! MTA-STS (RFC 8461) and SMTP TLS Reporting (RFC 8460): records, policies and matching,
//! read and written by the grammars of the RFCs; the discovery of policies, their cache,
//! and what they mean for a delivery; reports, from counting sessions to reading what
//! others send.
//!
//! Mail servers use it to decide, checkers to say what is wrong and where,
//! publishers to write what others can read, and report processors to read what others
//! write.
//!
//! It is a core without I/O: it asks no DNS server, fetches nothing, reads no
//! clock, and needs only `alloc`. What it needs from outside it asks for, and is told.
//! Around it, by feature, is a thin `client` on tokio that asks real servers.
//!
//! # Quick start
//!
//! ```
//! use mta_sts::Reading;
//! use mta_sts::sts::{Mode, Policy, StsRecord};
//!
//! // What DNS answered for `_mta-sts.example.com`: all TXT records of the name.
//! let answer = [["v=spf1 -all"], ["v=STSv1; id=20160831085700Z;"]];
//! let record = StsRecord::from_rrset(answer)?;
//! println!("policy {}", record.id());
//!
//! // What `https://mta-sts.example.com/.well-known/mta-sts.txt` answered.
//! let body = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n\n";
//! let (policy, deviations) = Policy::parse(body, Reading::Tolerant)?;
//! assert_eq!(deviations.as_slice()[0].to_string(), "line 5, column 1: blank line");
//!
//! // Which MX hosts may have the mail?
//! assert_eq!(policy.mode(), Mode::Enforce);
//! assert!(policy.matching_mx("mail.example.com").is_some());
//! assert!(policy.matching_mx("mail.attacker.example").is_none());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A sender lets [`sts::discovery`] find the policy, so that no failure ends its
//! protection, and [`sts::apply`] decide about each MX host.
//!
//! # Where what is
//!
//! | RFC | subject | module |
//! |---|---|---|
//! | 8461 §3.1, 8460 §3 | choosing the one TXT record of a name; zone files | [`txt`] |
//! | 8461 §3.1 | the `_mta-sts` record | [`sts::StsRecord`] |
//! | 8461 §3.2 | the policy | [`sts::Policy`] |
//! | 8461 §3.2, §3.3 | what to fetch, and the judgement of the response | [`sts::fetch`] |
//! | 8461 §3.3, §10.2 | the cache entry of a domain | [`sts::cache`] |
//! | 8461 §10.2 | the entries of many domains, in memory | `cache` (feature `cache`) |
//! | 8461 §3.1, §3.4, §5.1, §6 | which policy to apply | [`sts::discovery`], [`sts::PolicyDomain`] |
//! | 8461 §4.1 | matching of MX hosts | [`sts::MxPattern`] |
//! | 8461 §2, §4, §5 | what a policy means for an MX host | [`sts::apply`] |
//! | 8461 §3.3, §4.2 | certificates of policy hosts and MX hosts | `certificate` (feature `webpki`) |
//! | 8460 §3 | the `_smtp._tls` record | [`tlsrpt::TlsRptRecord`] |
//! | 8460 §4.1, §4.2 | the sessions of a day | `tlsrpt::tally` (feature `std`) |
//! | 8460 §4.3 | result types, and our reason codes | [`failure`] |
//! | 8460 §4.3, §4.4 | the report | [`tlsrpt::report`]; its JSON: `tlsrpt::json` (feature `json`) |
//! | 8460 §5.1 | the name of a report's file | [`tlsrpt::filename`] |
//! | 8460 §5.2 | JSON, gzip and mail | [`tlsrpt::media`] |
//! | 8460 §3, §5.3 | the mail of a report | `tlsrpt::mail` (feature `mail`) |
//! | 8460 §5.4, §5.5 | where and when a report is sent | [`tlsrpt::submit`] |
//! | 8460 §4.3, 8461 §8.1 | what reports say together | [`tlsrpt::insight`] |
//! | 8461 §8.1, §8.3 | rolling out, changing and withdrawing a policy | [`rollout`] |
//! | 5321 §4.1.2 | domain names | [`DomainName`] |
//! | - | which addresses remote data may make us connect to | [`guard`] |
//! | 8461 §3.3, §5.1 | all of it over a network, in one call | `client` (feature `client`) |
//! | 8461 §4.2 | certificate verifiers for rustls | `verifier` (feature `rustls`) |
//! | - | what is seen of a domain, as plain data | [`observations`] |
//! | 8461, 8460 | what is wrong with a domain, where, and what to do | [`audit`] |
//! | - | strict and tolerant reading | [`Reading`], [`Deviations`] |
//! | - | showing text of strangers | [`escape`] |
//!
//! Modules name only modules below them: `client` → `audit` → other feature modules →
//! `rollout` → `tlsrpt` → `sts` → `txt` → `domain`, `failure` → the shared pieces of the
//! grammars, readings and hints → `escape`.
//!
//! # Features
//!
//! | feature | brings | pulls |
//! |---|---|---|
//! | `std` (default) | what I/O errors mean; what dependencies do better with it | - |
//! | `cache` | the in-memory cache of policies: `cache`; implies `std` | quick_cache |
//! | `serde` | `PolicyId`, `DomainName`, `PolicyDomain`, `Mode`, `ResultType`, `ReasonCode` as text, `MaxAge` as its declared seconds; `MxPattern` is only written | serde |
//! | `json` | reports as JSON; cache entries (`snapshot`) and tallies as lines of text | serde, serde_json, jiff |
//! | `gzip` | reports in gzip; implies `std` | flate2 with zlib-rs |
//! | `mail` | report mails; implies `std` | mail-builder, mail-parser |
//! | `psl` | which names are public suffixes | psl |
//! | `idna` | [`DomainName`] from U-labels | idna |
//! | `hickory-proto` | conversions from and to DNS types | hickory-proto |
//! | `webpki` | the certificate check | rustls-webpki |
//! | `ring`, `aws-lc-rs` | with `webpki`: the provider's signature algorithms, to pass to that check; `aws-lc-rs` implies `std` | ring, aws-lc-rs |
//! | `x509` | reading of what stands in a certificate, for observations | x509-cert |
//! | `rustls` | verifiers that enforce or record; implies `std`, `webpki` | rustls 0.23 |
//! | `client` | the client over traits, with cache and address guard; implies `cache`, `x509` | tokio, tempfile |
//! | `resolver` | DNS for the client; implies `client`, `hickory-proto` | hickory-resolver |
//! | `https` | policies and reports by HTTPS for the client; implies `client`, `rustls` | hyper, tokio-rustls, webpki-roots, rustls-native-certs |
//! | `probe` | the STARTTLS probe of MX hosts; implies `client`, `rustls` | tokio-rustls |
//! | `tracing` | the client's events for tracing; implies `client` | tracing |
//! | `arbitrary` | valid values for fuzzing; implies `std` | arbitrary |
//! | `full` | all but `arbitrary` and `aws-lc-rs` | - |
//!
//! None changes what another does, or any verdict. The types of other crates in
//! public signatures: `DnsName` and `UnixTime` of rustls-pki-types, and in the feature
//! modules those of the crate that gives the feature its name; but `certificate` shows
//! none of webpki's, only more of rustls-pki-types'.
//!
//! # Limits
//!
//! Every bound is a constant with its reason: [`sts::MAX_BODY_LEN`],
//! [`sts::MAX_MX`], [`tlsrpt::MAX_REPORT_URIS`], [`txt::MAX_TEXT_LEN`],
//! [`txt::MAX_CHARACTER_STRING_LEN`], [`domain::MAX_NAME_LEN`],
//! [`domain::MAX_LABEL_LEN`], [`MAX_DEVIATIONS`], [`escape::SHOWN_MAX`],
//! [`sts::fetch::FetchLimits`], [`sts::cache::FetchRate`],
//! [`sts::cache::FailedFetches`], [`sts::PolicyDomain::MAX_LEN`], those of `certificate`;
//! and of reports those of `tlsrpt::json`, [`tlsrpt::media::UnpackLimits`], [`tlsrpt::filename`], [`tlsrpt::subject`],
//! [`tlsrpt::dkim`], [`tlsrpt::submit`], [`tlsrpt::insight::Insight`] and `tlsrpt::tally`; and [`rollout::MAX_HOSTS`].
//! Parsing takes time linear in the length of the text and memory bounded
//! by it; no input makes it panic.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "arbitrary")]
mod arbitrary;
pub mod audit;
#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "webpki")]
pub mod certificate;
#[cfg(feature = "client")]
pub mod client;
pub mod domain;
pub mod escape;
pub mod failure;
pub mod guard;
#[cfg(feature = "hickory-proto")]
pub mod hickory;
mod hint;
#[cfg(feature = "std")]
mod io;
pub mod observations;
mod reading;
pub mod rollout;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "json")]
pub mod snapshot;
pub mod sts;
mod syntax;
pub mod tlsrpt;
pub mod txt;
#[cfg(feature = "rustls")]
pub mod verifier;

pub use self::domain::DomainName;
pub use self::hint::Hint;
pub use self::reading::{Deviations, MAX_DEVIATIONS, Reading};

/// The code in the README compiles and does what it says.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
