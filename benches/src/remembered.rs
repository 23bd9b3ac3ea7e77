//! What a sender remembers of domains with typical policies: three `mx`, a body of
//! about 150 octets, fetched a day ago and confirmed a minute ago.

use std::time::Duration;

use mta_sts::sts::cache::{CacheEntry, Update};
use mta_sts::sts::discovery::{Action, Config, Discovery, Outcome, Purpose, Recheck};
use mta_sts::sts::fetch::PolicyResponse;
use mta_sts::sts::{PolicyDomain, PolicyId, StsRecord};
use rustls_pki_types::UnixTime;

use crate::inputs::STS_RECORD;

/// When the benches take place, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

/// When the benches take place.
#[must_use]
pub const fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

fn ago(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW - secs))
}

/// The domain with a number, of 16 octets if that has at most seven digits.
#[must_use]
pub fn domain(number: usize) -> PolicyDomain {
    PolicyDomain::from_next_hop(&format!("d{number:07}.example")).expect("a domain")
}

/// The `id` of [`STS_RECORD`].
#[must_use]
pub fn id() -> PolicyId {
    StsRecord::parse(STS_RECORD).expect("a good record").id()
}

/// The body of a domain's policy.
#[must_use]
pub fn body(domain: &PolicyDomain) -> String {
    format!(
        "version: STSv1\nmode: enforce\nmx: mail.{domain}\nmx: backupmx.{domain}\n\
         mx: *.mail.protection.outlook.example.net\nmax_age: 604800\n"
    )
}

/// What a fetch a day ago has taught of a domain of which nothing was known.
///
/// # Panics
///
/// Never: the policy is good.
#[must_use]
pub fn fetched(domain: &PolicyDomain) -> Update {
    let then = ago(86_400);
    let config = Config::default();
    let mut discovery =
        Discovery::new(domain, CacheEntry::default(), Purpose::Delivery, then, config);
    let body = body(domain);
    let response =
        PolicyResponse::new(200, body.as_bytes()).with_field("Content-Type", "text/plain");
    discovery.handle_txt(Ok(id()), then).expect("was asked");
    discovery.handle_response(Ok(response), then).expect("was asked");
    let outcome = discovery.into_outcome();
    assert!(outcome.policy().is_some());
    outcome.update().clone()
}

/// What a delivery a minute ago has taught of a domain that was fetched.
#[must_use]
pub fn confirmed(domain: &PolicyDomain, entry: CacheEntry) -> Update {
    delivered(domain, entry, Recheck::EveryDelivery, ago(60)).update().clone()
}

/// An entry of a domain that was fetched and confirmed.
#[must_use]
pub fn entry(domain: &PolicyDomain) -> CacheEntry {
    let mut entry = CacheEntry::default();
    entry.apply(&fetched(domain));
    entry.apply(&confirmed(domain, entry.clone()));
    entry
}

/// A discovery for a delivery now, by what is cached: the TXT record, if it is looked
/// at, has the same `id`.
pub fn delivery(domain: &PolicyDomain, entry: CacheEntry, recheck: Recheck) -> Outcome {
    delivered(domain, entry, recheck, now())
}

fn delivered(domain: &PolicyDomain, entry: CacheEntry, recheck: Recheck, now: UnixTime) -> Outcome {
    let config = Config::default().with_recheck(recheck);
    let mut discovery = Discovery::new(domain, entry, Purpose::Delivery, now, config);
    if discovery.poll_action() != Action::Done {
        discovery.handle_txt(Ok(id()), now).expect("was asked");
    }
    discovery.into_outcome()
}

/// An interval in which the TXT record need not be looked at again.
pub const AN_HOUR: Recheck = Recheck::After(Duration::from_secs(3_600));

#[cfg(test)]
mod tests {
    use mta_sts::sts::discovery::Source;

    use super::*;

    #[test]
    fn deliveries_are_answered_from_the_cache() {
        let domain = domain(1);
        let config = Config::default();
        for (recheck, looks) in [(AN_HOUR, false), (Recheck::EveryDelivery, true)] {
            let config = config.with_recheck(recheck);
            let discovery =
                Discovery::new(&domain, entry(&domain), Purpose::Delivery, now(), config);
            assert_eq!(discovery.poll_action() != Action::Done, looks);
            let outcome = delivery(&domain, entry(&domain), recheck);
            assert_eq!(outcome.source(), Some(Source::Cache));
            assert!(outcome.failure().is_none());
        }
    }
}
