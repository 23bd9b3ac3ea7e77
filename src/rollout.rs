//! Rolling out, changing and withdrawing a policy: what to publish, in which order, and
//! when (RFC 8461 §8.1 to §8.3, §10.2).
//!
//! [`plan()`] takes what a domain publishes now ([`State`]), what it wants
//! ([`Wanted`]) and the time, and gives the [`Step`]s from the one to the other, each
//! with its earliest time, the exact text to publish, the reason, and what breaks for
//! whom if it is left out or done early. [`difference()`] says of two policies who would
//! be refused, and until when. [`id_from_time`] and [`id_from_content`] make an `id` that
//! was not there before.
//!
//! This publishes nothing, asks no server, reads no clock and does not know what is
//! published: the caller says it. It judges no policy; and whether a domain is ready for
//! `enforce` is for [`tlsrpt::insight`](crate::tlsrpt::insight) and the caller to say.
//!
//! # The rules
//!
//! - Reports are asked for first, so that they come.
//! - The file comes before the record, and each change of the file brings a new `id`
//!   (§8.1). In the other order a sender takes the old file for the new policy, and keeps
//!   it for its `max_age`.
//! - A domain that did not enforce is in `testing` first, with a `max_age` of at most
//!   [a day](TESTING_MAX_AGE), until its reports are good. Then it enforces for a short
//!   time, and for a longer one when that has gone well: [`LADDER`].
//! - An MX host stands in the policy before the MX records name it, and as long as a
//!   resolver may still have the MX record that does.
//! - A policy is withdrawn by one of mode `none` (§8.3). Record and file go when no
//!   sender can have any older policy, the file last.
//!
//! # The safe time and the usual one
//!
//! A sender looks at the record at each delivery, and fetches when the `id` is another;
//! so the usual sender has the new policy when the record's TTL is over (§8.1). But one
//! that cannot, because its DNS or the policy host fails, or because somebody is in the
//! way, keeps the old one until it expires (§5.1), at worst `max_age` after that was last
//! served. The plan waits for the worst case, and [`Step::usual`] tells the other.
//!
//! # Examples
//!
//! ```
//! use core::time::Duration;
//!
//! use mta_sts::DomainName;
//! use mta_sts::rollout::{Action, Published, State, Wanted, plan};
//! use mta_sts::sts::{PolicyDomain, PolicyId};
//! use rustls_pki_types::UnixTime;
//!
//! let policy = |mx| format!("version: STSv1\nmode: enforce\nmx: {mx}\nmax_age: 604800\n").parse();
//! let old = DomainName::parse("mx1.example.com")?;
//! let new = DomainName::parse("mx2.example.com")?;
//! let now = UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600)); // 2026-11-22
//!
//! let state = State::new(PolicyDomain::from_next_hop("example.com")?, [old]).with_published(
//!     Published::new(policy("mx1.example.com")?, PolicyId::new("1")?, Duration::from_secs(300)),
//! );
//! let plan = plan(&state, &Wanted::policy(policy("mx2.example.com")?, [new.clone()]), now)?;
//!
//! // First a policy with both hosts; a week later, when every cache has it, the MX record.
//! let body = plan.steps()[0].policy_file().expect("a file comes first");
//! assert!(body.contains("mx: mx2.example.com\nmx: mx1.example.com\n"));
//! let add = plan.steps().iter().find(|step| *step.action() == Action::AddMx(new.clone()));
//! let add = add.expect("the new host is added");
//! assert_eq!(add.at().as_secs(), now.as_secs() + 604_800 + 1);
//! assert_eq!(add.zone_line(), Some("example.com. 3600 IN MX 10 mx2.example.com."));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! - [`MAX_HOSTS`], and [`MAX_MX`](crate::sts::MAX_MX) patterns in a policy on the way.
//! - An MX host is a [`DomainName`](crate::DomainName): one with an underscore, which no
//!   policy can list by its name, is not taken.
//! - The preferences of MX records are not known: the lines have 10.
//! - A plan is made for one state. If something was done late or otherwise, the steps
//!   behind it move by as much ([`Plan::earliest`]); if something else was published
//!   meanwhile, another plan is needed.
//! - How long it takes until all servers of the zone, or all machines of the policy host,
//!   have what was published is not known: a step is done when the last of them has it.
//! - A record that was not there may be looked for a while longer by resolvers that
//!   remember its absence (RFC 2308): its protection then begins later.

mod caution;
mod difference;
mod draft;
mod id;
mod pattern;
mod plan;
mod state;
mod step;
mod time;
mod words;

pub use self::caution::Caution;
pub use self::difference::{
    Difference, HostChange, MaxAgeChange, ModeChange, Treatment, difference,
};
pub use self::id::{id_from_content, id_from_time};
pub use self::pattern::PatternChange;
pub use self::plan::{LADDER, NONE_MAX_AGE, Plan, PlanError, TESTING_MAX_AGE, plan};
pub use self::state::{
    DEFAULT_TTL, Earlier, Goal, Ids, MAX_HOSTS, Pace, Published, Readiness, State, Wanted,
};
pub use self::step::{Action, After, Step, WaitFor};
