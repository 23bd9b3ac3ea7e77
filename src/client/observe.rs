//! Looking at all that an audit of a domain needs.
//!
//! This judges nothing, and is no discovery: no cache is read or written, and a policy is
//! fetched even if no record asks for it, since its owner wants to know.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use tokio::time::{Instant, timeout};

use super::all::{all, boxed};
#[cfg(feature = "probe")]
use super::probe::MxProbe;
use super::{
    AddressLookup, Evidence, FetchError, Fetched, Lookup, Mx, MxLookup, PolicyFetch, Response,
    TxtLookup, TxtRecord,
};
use crate::domain::DomainName;
#[cfg(feature = "probe")]
use crate::observations::Probe;
use crate::observations::{self, Certificate, Fault, Fetch, MxHost, Observations, Server};
use crate::sts::PolicyDomain;
use crate::sts::fetch::{FetchFailure, FetchLimits, PolicyRequest, TransportFailure};
use crate::tlsrpt::TlsRptRecord;
use crate::txt::DnsFailure;

/// At how many MX hosts of a domain is looked, those that are tried first. Domains have
/// one to five; one with hundreds must not make us knock at all of them.
pub const MAX_PROBED: usize = 10;

/// The time for one look-up: what resolvers allow themselves, retries included.
const LOOKUP_TIME: Duration = Duration::from_secs(30);

/// The time for one probe, should it not keep its own.
#[cfg(feature = "probe")]
const PROBE_TIME: Duration = Duration::from_secs(120);

/// How much longer than a fetch may take we wait for its own word that it took too long,
/// which says more than ours.
const GRACE: Duration = Duration::from_secs(2);

/// Gathers [`Observations`].
///
/// What was not plugged in is not looked at. All that does not build on something else is
/// done at a time; in all it takes at most 150 seconds, a look-up and a probe, or two
/// seconds more than a fetch may take if that is longer.
///
/// The hosts looked at are the first [`MAX_PROBED`] of
/// [`mail_hosts`](Observations::mail_hosts), as far as they are host names; the others are
/// listed as not looked at.
#[derive(Clone)]
pub struct Observer {
    txt: Arc<dyn TxtLookup>,
    fetch: Arc<dyn PolicyFetch>,
    addresses: Option<Arc<dyn AddressLookup>>,
    mx: Option<Arc<dyn MxLookup>>,
    #[cfg(feature = "probe")]
    probe: Option<Arc<dyn MxProbe>>,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    limits: FetchLimits,
}

impl Observer {
    /// Looks at the TXT records and the policy.
    #[must_use]
    pub fn new(txt: Arc<dyn TxtLookup>, fetch: Arc<dyn PolicyFetch>) -> Self {
        Self {
            txt,
            fetch,
            addresses: None,
            mx: None,
            #[cfg(feature = "probe")]
            probe: None,
            clock: Arc::new(UnixTime::now),
            limits: FetchLimits::default(),
        }
    }

    /// Looks at the addresses of the policy host and of the MX hosts too.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Arc<dyn AddressLookup>) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// Looks at the MX records too.
    #[must_use]
    pub fn with_mx(mut self, mx: Arc<dyn MxLookup>) -> Self {
        self.mx = Some(mx);
        self
    }

    /// Looks at the MX hosts too, if the MX records are looked at.
    #[cfg(feature = "probe")]
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn MxProbe>) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Takes the time from there; from the system by default. It must not block.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.with_shared_clock(Arc::new(clock))
    }

    pub(super) fn with_shared_clock(
        mut self,
        clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    ) -> Self {
        self.clock = clock;
        self
    }

    /// Allows so much for the fetch.
    #[must_use]
    pub const fn with_fetch_limits(mut self, limits: FetchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Looks at a domain. When the future is dropped, nothing goes on.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or in one without timers; and if what was plugged in does.
    pub async fn observe(&self, domain: &PolicyDomain) -> Observations {
        let parts = [
            boxed(self.sts_record(domain)),
            boxed(self.tlsrpt_record(domain)),
            boxed(self.policy_host(domain)),
            boxed(self.policy(domain)),
            boxed(self.mail(domain)),
        ];
        let seen = Observations::new(domain.clone(), (self.clock)());
        all(parts.into()).await.into_iter().fold(seen, Part::add_to)
    }

    async fn sts_record(&self, domain: &PolicyDomain) -> Part {
        Part::StsRecord(in_time(self.txt.txt(domain.txt_name())).await)
    }

    async fn tlsrpt_record(&self, domain: &PolicyDomain) -> Part {
        // There is room for `_smtp._tls.` in most names that have it for `_mta-sts.`.
        match TlsRptRecord::owner_name(&DomainName::from(domain)) {
            Ok(name) => Part::TlsrptRecord(in_time(self.txt.txt(&name)).await),
            Err(_) => Part::TlsrptRecord(Ok(Lookup::nxdomain())),
        }
    }

    async fn policy_host(&self, domain: &PolicyDomain) -> Part {
        Part::PolicyHost(self.addresses_of(domain.policy_host()).await)
    }

    async fn policy(&self, domain: &PolicyDomain) -> Part {
        let begun = Instant::now();
        let time = self.limits.time().saturating_add(GRACE);
        let request = PolicyRequest::new(domain, self.limits);
        let fetched = timeout(time, self.fetch.fetch(request)).await;
        let fetched = fetched.unwrap_or_else(|_| Err(TransportFailure::Timeout.into()).into());
        Part::Fetch(fetch(&fetched).map(|fetch| fetch.with_took(begun.elapsed())))
    }

    /// The MX records, and the hosts in them.
    async fn mail(&self, domain: &PolicyDomain) -> Part {
        let Some(lookup) = &self.mx else {
            return Part::Mail { mx: None, hosts: Vec::new() };
        };
        let name = alloc::format!("{domain}.");
        let seen = Observations::new(domain.clone(), (self.clock)());
        let seen = seen.with_mx(in_time(lookup.mx(&name)).await);
        let looks = (0..).map(|n| if n < MAX_PROBED { Look::At } else { Look::Away });
        let hosts = seen.mail_hosts().into_iter().zip(looks);
        let hosts = all(hosts.map(|(host, look)| boxed(self.host(host, look))).collect()).await;
        Part::Mail { mx: seen.mx().map(|mx| mx.cloned()), hosts }
    }

    /// What is seen of an MX host.
    async fn host(&self, name: &str, look: Look) -> MxHost {
        let host = MxHost::new(name);
        if look == Look::Away || DomainName::parse(name).is_err() {
            return host;
        }
        let parts = [
            boxed(async { HostPart::Addresses(self.addresses_of(name).await) }),
            #[cfg(feature = "probe")]
            boxed(async { HostPart::Probe(self.probed(name).await) }),
        ];
        all(parts.into()).await.into_iter().fold(host, HostPart::add_to)
    }

    /// The addresses of a host, given without final dot.
    async fn addresses_of(&self, host: &str) -> Option<Result<Lookup<IpAddr>, DnsFailure>> {
        let name = alloc::format!("{host}.");
        Some(in_time(self.addresses.as_ref()?.addresses(&name)).await)
    }

    #[cfg(feature = "probe")]
    async fn probed(&self, host: &str) -> Option<Probe> {
        use crate::sts::apply::TlsOutcome;

        let begun = Instant::now();
        let probed = timeout(PROBE_TIME, self.probe.as_ref()?.probe(host)).await;
        let probe = match probed {
            Ok(probed) => probe(&probed),
            Err(_) => Probe::new(TlsOutcome::Unreachable),
        };
        Some(probe.with_took(begun.elapsed()))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Whether to look at a host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    At,
    Away,
}

/// A part of the observations.
enum Part {
    StsRecord(Result<Lookup<TxtRecord>, DnsFailure>),
    TlsrptRecord(Result<Lookup<TxtRecord>, DnsFailure>),
    PolicyHost(Option<Result<Lookup<IpAddr>, DnsFailure>>),
    Fetch(Option<Fetch>),
    Mail { mx: Option<Result<Lookup<Mx>, DnsFailure>>, hosts: Vec<MxHost> },
}

impl Part {
    fn add_to(seen: Observations, part: Self) -> Observations {
        match part {
            Self::StsRecord(found) => seen.with_sts_record(found),
            Self::TlsrptRecord(found) => seen.with_tlsrpt_record(found),
            Self::PolicyHost(found) => found.into_iter().fold(seen, Observations::with_policy_host),
            Self::Fetch(fetch) => fetch.into_iter().fold(seen, Observations::with_fetch),
            Self::Mail { mx, hosts } => {
                let seen = mx.into_iter().fold(seen, Observations::with_mx);
                hosts.into_iter().fold(seen, Observations::with_host)
            }
        }
    }
}

/// A part of what is seen of an MX host.
enum HostPart {
    Addresses(Option<Result<Lookup<IpAddr>, DnsFailure>>),
    #[cfg(feature = "probe")]
    Probe(Option<Probe>),
}

impl HostPart {
    fn add_to(host: MxHost, part: Self) -> MxHost {
        match part {
            Self::Addresses(found) => found.into_iter().fold(host, MxHost::with_addresses),
            #[cfg(feature = "probe")]
            Self::Probe(probe) => probe.into_iter().fold(host, MxHost::with_probe),
        }
    }
}

/// A look-up within its time.
async fn in_time<T>(
    lookup: impl Future<Output = Result<Lookup<T>, DnsFailure>>,
) -> Result<Lookup<T>, DnsFailure> {
    timeout(LOOKUP_TIME, lookup).await.unwrap_or(Err(DnsFailure::Timeout))
}

/// What came of a fetch; none if it was not tried.
fn fetch(fetched: &Fetched) -> Option<Fetch> {
    let result = match fetched.result() {
        Ok(found) => Ok(response(found)),
        Err(FetchError::Failed(failure)) => Err(fault(failure, fetched.evidence())),
        Err(FetchError::Busy) => return None,
    };
    Some(Fetch::new(result).with_server(server(fetched.evidence())))
}

/// Of a certificate it says all that is wrong.
fn fault(failure: TransportFailure, evidence: &Evidence) -> Fault {
    #[cfg(feature = "webpki")]
    if let (TransportFailure::Tls(_), Some(found)) = (failure, evidence.certificate_failure()) {
        return Fault::new(failure.failure(), alloc::format!("certificate: {found}"));
    }
    let _ = evidence;
    Fault::from(&FetchFailure::Transport(failure))
}

fn response(found: &Response) -> observations::Response {
    let mut response = observations::Response::new(found.status(), found.body());
    for name in observations::FIELDS {
        for value in found.field(name) {
            response = response.with_field(name, value);
        }
    }
    response
}

fn server(evidence: &Evidence) -> Server {
    let chain = evidence.chain().iter().take(observations::MAX_CHAIN);
    let server = Server::default()
        .with_chain(chain.map(|der| Certificate::read(der.clone())))
        .with_faults(faults(evidence));
    let server = evidence.address().into_iter().fold(server, Server::with_address);
    evidence.version().into_iter().fold(server, Server::with_version)
}

#[cfg(feature = "webpki")]
fn faults(evidence: &Evidence) -> impl Iterator<Item = Fault> {
    use alloc::string::ToString as _;

    let causes = evidence.certificate_failure().map_or(&[][..], |failure| failure.causes());
    causes.iter().map(|cause| Fault::new(cause.failure(), cause.to_string()))
}

#[cfg(not(feature = "webpki"))]
fn faults(_: &Evidence) -> [Fault; 0] {
    []
}

#[cfg(feature = "probe")]
fn probe(probed: &super::Probed) -> Probe {
    use alloc::string::ToString as _;

    let probe = Probe::new(probed.outcome())
        .with_extensions(probed.extensions().iter().cloned())
        .with_server(server(probed.evidence()));
    let probe = probed.greeting().into_iter().fold(probe, Probe::with_greeting);
    let probe = probed.refusal().into_iter().fold(probe, Probe::with_refusal);
    let trouble = probed.trouble().map(|trouble| trouble.to_string());
    trouble.into_iter().fold(probe, Probe::with_trouble)
}
