//! Asking the client about domains.

use std::sync::Arc;

use mta_sts::client::{Advice, Client};
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::observations::{Fault, MxHost, Observations, Probe};
use mta_sts::sts::apply::{Context, TlsOutcome};
use mta_sts::sts::{Policy, PolicyDomain, StsRecord};
use mta_sts::txt::{DnsFailure, NoRecord};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many domains are looked at a time: enough that a slow one holds up few.
const AT_A_TIME: usize = 16;

/// What was found of a domain.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) domain: PolicyDomain,
    /// What is known to be wrong with it, in the demonstration.
    pub(crate) told: Option<&'static str>,
    pub(crate) advice: Option<Advice>,
    pub(crate) seen: Observations,
}

/// Looks at all of them; in their order.
pub(crate) async fn gather(
    client: &Client,
    domains: Vec<(PolicyDomain, Option<&'static str>)>,
) -> Vec<Found> {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut tasks = JoinSet::new();
    for (n, (domain, told)) in domains.into_iter().enumerate() {
        let (client, places) = (client.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire().await;
            // A store in memory never fails.
            let (answer, seen) = tokio::join!(client.policy(&domain), client.observe(&domain));
            let advice = answer.ok().map(|answer| answer.advice());
            (n, Found { domain, told, advice, seen })
        });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(n, _)| *n);
    found.into_iter().map(|(_, found)| found).collect()
}

impl Found {
    /// The record that there is, or why there is none; none if nobody has looked.
    pub(crate) fn record(&self) -> Option<Result<StsRecord<'_>, Fault>> {
        let found = self.seen.sts_record()?.map_err(|failure| of_dns(&failure));
        Some(found.and_then(|found| {
            StsRecord::from_rrset(found.records()).map_err(|none| of_record(&none))
        }))
    }

    /// The policy that there is, or why there is none.
    pub(crate) fn policy(&self) -> Option<Result<Policy, Fault>> {
        Some(self.seen.fetch()?.policy(&self.domain))
    }

    /// What keeps mail from the host under the policy, if anything does.
    pub(crate) fn failure_of(&self, host: &MxHost) -> Option<Failure> {
        let policy = self.policy()?.ok()?;
        let demand = Context::new(host.name()).with_policy(&policy).demand();
        let outcome = host.probe().map(Probe::outcome);
        let verdict = match outcome.filter(|outcome| *outcome != TlsOutcome::Unreachable) {
            Some(outcome) => demand.judge(&outcome),
            None => demand.refusal()?,
        };
        verdict.cause()?.failure()
    }

    /// All that is wrong, what a sender meets first first.
    pub(crate) fn failures(&self) -> Vec<(Place<'_>, Failure)> {
        let record = self.record().and_then(Result::err);
        let policy = self.policy().and_then(Result::err);
        let domain = record.into_iter().chain(policy);
        let domain = domain.map(|fault| (Place::Domain, fault.failure()));
        let hosts = self.seen.hosts().iter();
        let hosts = hosts.filter_map(|host| Some((Place::Mx(host.name()), self.failure_of(host)?)));
        domain.chain(hosts).collect()
    }
}

/// Where something is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The record or the policy host.
    Domain,
    /// An MX host.
    Mx(&'a str),
}

fn of_dns(failure: &DnsFailure) -> Fault {
    fetch_error(failure.reason_code(), failure.to_string())
}

fn of_record(none: &NoRecord) -> Fault {
    let text = match none {
        NoRecord::Invalid(error) => format!("{none}: {error}"),
        _ => none.to_string(),
    };
    fetch_error(none.reason_code(), text)
}

/// What a report says of a failure of the record, if a policy is cached.
fn fetch_error(reason: ReasonCode, text: String) -> Fault {
    Fault::new(Failure::new(ResultType::StsPolicyFetchError, reason), text)
}
