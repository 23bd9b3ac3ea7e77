//! What holds of every line of a snapshot, whatever it says.

use std::time::Duration;

use mta_sts::snapshot;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::CacheEntry;
use mta_sts::sts::discovery::{Action, Config, Discovery, Purpose};
use mta_sts::sts::fetch::TransportFailure;
use mta_sts::txt::NoRecord;
use rustls_pki_types::UnixTime;

/// A line that is read is written as one that is read alike, and a discovery can go on
/// from it at any time; one that is not says so in a line.
#[allow(dead_code, reason = "for lines made from nothing")]
pub(crate) fn line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match snapshot::from_line(&text) {
        Ok((domain, entry)) => {
            let line = snapshot::to_line(&domain, &entry);
            assert!(!line.contains(['\n', '\r']));
            assert_eq!(snapshot::from_line(&line).as_ref(), Ok(&(domain.clone(), entry.clone())));
            for now in [0, 1_000_000, u64::MAX] {
                for purpose in [Purpose::Delivery, Purpose::Refresh, Purpose::FinalCheck] {
                    goes_on(&domain, &entry, purpose, now);
                }
            }
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.contains(char::is_control), "{shown:?}");
            assert!(shown.chars().count() < 1_500, "{shown}");
        }
    }
}

/// What a restart makes of an entry.
#[allow(dead_code, reason = "for the histories of discoveries")]
pub(crate) fn restored(entry: &CacheEntry) -> CacheEntry {
    let domain = PolicyDomain::from_next_hop("example.com").expect("a domain");
    let (_, restored) = snapshot::from_line(&snapshot::to_line(&domain, entry)).expect("written");
    assert_eq!(&restored, entry);
    restored
}

/// Everything fails, and what was unexpired stays.
fn goes_on(domain: &PolicyDomain, entry: &CacheEntry, purpose: Purpose, now: u64) {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let mut discovery = Discovery::new(domain, entry.clone(), purpose, now, Config::default());
    loop {
        match discovery.poll_action() {
            Action::QueryTxt(_) => discovery.handle_txt(Err(NoRecord::Absent.into()), now),
            Action::FetchPolicy(_) => {
                discovery.handle_response(Err(TransportFailure::Connection), now)
            }
            Action::Done => break,
        }
        .expect("it was asked for");
    }
    let outcome = discovery.into_outcome();
    let before = entry.unexpired(now).map(|cached| (cached.policy(), cached.id()));
    assert_eq!(outcome.policy().map(|cached| (cached.policy(), cached.id())), before);
    let mut entry = entry.clone();
    entry.apply(outcome.update());
    let mut again = entry.clone();
    again.apply(outcome.update());
    assert_eq!(again, entry);
}
