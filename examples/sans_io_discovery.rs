//! Drives discoveries with blocking code, against answers that are given in advance,
//! and keeps what they learn.
//!
//! ```text
//! cargo run --example sans_io_discovery
//! ```
//!
//! [`discover`] is the whole driver: put your resolver and your HTTPS client where it
//! asks the [`Network`].

#![allow(clippy::arithmetic_side_effects, reason = "few days")]

use std::collections::HashMap;
use std::time::Duration;

use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::CacheEntry;
use mta_sts::sts::discovery::{
    Action, Applicable, Config, Discovery, NotAsked, Outcome, Purpose, TxtFailure,
};
use mta_sts::sts::fetch::{PolicyRequest, PolicyResponse, TransportFailure};
use mta_sts::sts::{Policy, StsRecord};
use mta_sts::txt::DnsFailure;
use rustls_pki_types::UnixTime;

/// What a driver needs.
trait Network {
    fn now(&self) -> UnixTime;

    /// The TXT records of a name, each as its character-strings; none for NXDOMAIN.
    fn txt(&self, name: &str) -> Result<Vec<Vec<String>>, TxtFailure>;

    /// GET over HTTPS as the request says: status, media type, body.
    fn get(&self, request: PolicyRequest<'_>) -> Result<(u16, String, Vec<u8>), TransportFailure>;
}

/// The policies of many domains.
#[derive(Default)]
struct Store(HashMap<PolicyDomain, CacheEntry>);

/// Finds out which policy is to be applied to mail for `domain`.
fn discover(
    network: &impl Network,
    store: &mut Store,
    domain: &PolicyDomain,
    purpose: Purpose,
) -> Result<Outcome, NotAsked> {
    let entry = store.0.get(domain).cloned().unwrap_or_default();
    let mut discovery = Discovery::new(domain, entry, purpose, network.now(), Config::default());
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(name) => {
                println!("    asks for TXT of {name}");
                let answer = network.txt(name).and_then(|rrset| {
                    StsRecord::from_rrset(&rrset).map(|record| record.id()).map_err(Into::into)
                });
                discovery.handle_txt(answer, network.now())?;
            }
            Action::FetchPolicy(request) => {
                println!("    fetches {request}");
                let answer = network.get(request);
                let response = answer.as_ref().map(|(status, media_type, body)| {
                    PolicyResponse::new(*status, body).with_field("Content-Type", media_type)
                });
                discovery.handle_response(response.map_err(|error| *error), network.now())?;
            }
            Action::Done => break,
        }
    }
    let outcome = discovery.into_outcome();
    // Folded into what the entry is by now, never put in its place.
    store.0.entry(domain.clone()).or_default().apply(outcome.update());
    Ok(outcome)
}

/// Answers given in advance.
struct Canned {
    now: u64,
    txt: Result<&'static str, TxtFailure>,
    http: Result<&'static str, TransportFailure>,
}

impl Network for Canned {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.now))
    }

    fn txt(&self, _: &str) -> Result<Vec<Vec<String>>, TxtFailure> {
        let text = self.txt.clone()?;
        Ok(if text.is_empty() { vec![] } else { vec![vec![text.to_owned()]] })
    }

    fn get(&self, _: PolicyRequest<'_>) -> Result<(u16, String, Vec<u8>), TransportFailure> {
        Ok((200, "text/plain".to_owned(), self.http?.into()))
    }
}

const ENFORCE: &str = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 864000\n";
const TESTING: &str = "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 864000\n";
const DAY: u64 = 86_400;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let domain = PolicyDomain::from_next_hop("example.com")?;
    let mut store = Store::default();
    let timeout = || Err(TransportFailure::Timeout);
    let no_dns = Err(TxtFailure::Dns(DnsFailure::Timeout));
    let history = [
        ("no record yet", 0, Ok(""), timeout(), Purpose::Delivery),
        ("first contact", 1, Ok("v=STSv1; id=1"), Ok(TESTING), Purpose::Delivery),
        ("nothing has changed", 2, Ok("v=STSv1; id=1"), timeout(), Purpose::Delivery),
        ("a new id, but no answer", 3, Ok("v=STSv1; id=2"), timeout(), Purpose::Delivery),
        ("a new id, and a policy", 4, Ok("v=STSv1; id=2"), Ok(ENFORCE), Purpose::Delivery),
        ("somebody strips the record", 5, Ok(""), timeout(), Purpose::Delivery),
        ("and all the rest", 6, no_dns, timeout(), Purpose::Delivery),
        ("a refresh goes through", 7, Ok(""), Ok(ENFORCE), Purpose::Refresh),
        ("again stripped, for long", 17, Ok(""), timeout(), Purpose::Delivery),
        ("too long", 18, Ok(""), timeout(), Purpose::Delivery),
    ];
    for (what, day, txt, http, purpose) in history {
        println!("day {day}: {what}");
        let network = Canned { now: day * DAY, txt, http };
        let outcome = discover(&network, &mut store, &domain, purpose)?;
        match outcome.applicable() {
            Applicable::Policy(cached) => {
                let policy: &Policy = cached.policy();
                println!("    applies: {} (id {})", policy.mode(), cached.id());
            }
            Applicable::NoPolicy(reason) => println!("    no policy: {reason}"),
            Applicable::Unknown => println!("    not known: goes on as without policy"),
        }
        if let Some(failure) = outcome.report() {
            println!("    to report: {}", failure.failure());
        }
        if let Some(event) = outcome.event() {
            println!("    for the operator: {event}");
        }
    }
    Ok(())
}
