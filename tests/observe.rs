//! What `client.observe` gathers, from parts that need no network.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use core::future::pending;
use core::net::IpAddr;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use mta_sts::certificate::{CertificateCause, CertificateFailure};
use mta_sts::client::{
    AddressLookup, BoxFuture, Client, Evidence, FetchError, Fetched, Lookup, MAX_PROBED, Mx,
    MxLookup, MxProbe, Observer, PolicyFetch, Probed, Response, TlsProtocol, TxtLookup, TxtRecord,
    Unfinished,
};
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::observations::{Certificate, IssuedBy, MAX_NAMES, Observations};
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};
use mta_sts::sts::fetch::{FetchLimits, PolicyRequest, TransportFailure};
use mta_sts::txt::DnsFailure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::sync::Barrier;
use tokio::time::Instant;

const BODY: &str = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";

const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// A network of one domain, which notes what it is asked.
#[derive(Default)]
struct Net {
    asked: Mutex<Vec<String>>,
    sts_record: Option<&'static str>,
    mx: Vec<(u16, String)>,
    fetched: Option<Fetched>,
    probed: Option<Probed>,
    /// Look-ups wait here for each other.
    barrier: Option<Barrier>,
    is_dead: bool,
}

impl Net {
    async fn ask(&self, what: &str, name: &str) {
        self.asked.lock().unwrap().push(format!("{what} {name}"));
        if let Some(barrier) = &self.barrier {
            barrier.wait().await;
        }
        if self.is_dead {
            pending().await
        }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

impl TxtLookup for Net {
    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
        Box::pin(async move {
            self.ask("TXT", name).await;
            match self.sts_record {
                Some(record) if name.starts_with("_mta-sts.") => {
                    Ok(Lookup::found([vec![record.into()]]).with_ttl(Duration::from_secs(300)))
                }
                _ => Ok(Lookup::nxdomain()),
            }
        })
    }
}

impl AddressLookup for Net {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        Box::pin(async move {
            self.ask("address", host).await;
            Ok(Lookup::found([IpAddr::from([192, 0, 2, 1])]))
        })
    }
}

impl MxLookup for Net {
    fn mx<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<Mx>, DnsFailure>> {
        Box::pin(async move {
            self.ask("MX", name).await;
            let mx = |(preference, exchange): &(u16, String)| Mx {
                preference: *preference,
                exchange: exchange.clone(),
            };
            Ok(Lookup::found(self.mx.iter().map(mx)))
        })
    }
}

impl PolicyFetch for Net {
    fn fetch<'a>(&'a self, request: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        Box::pin(async move {
            self.ask("GET", &request.to_string()).await;
            let response = Response::new(200, BODY.into())
                .with_field("Content-Type", "text/plain")
                .with_field("Server", "nginx");
            self.fetched.clone().unwrap_or_else(|| Ok(response).into())
        })
    }
}

impl MxProbe for Net {
    fn probe<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Probed> {
        Box::pin(async move {
            self.ask("probe", host).await;
            self.probed.clone().unwrap_or_else(|| Probed::new(TlsOutcome::NotOffered))
        })
    }
}

fn domain() -> PolicyDomain {
    PolicyDomain::from_next_hop("example.com").unwrap()
}

fn observer(net: &Arc<Net>) -> Observer {
    Observer::new(net.clone(), net.clone())
        .with_addresses(net.clone())
        .with_mx(net.clone())
        .with_probe(net.clone())
        .with_clock(|| NOW)
}

async fn observe(net: Net) -> (Observations, Vec<String>) {
    let net = Arc::new(net);
    let seen = observer(&net).observe(&domain()).await;
    (seen, net.asked())
}

fn mx(hosts: &[&str]) -> Vec<(u16, String)> {
    (10..).zip(hosts.iter().map(|host| (*host).to_owned())).collect()
}

/// A self-signed certificate of that name, for a year from 2020 on.
fn certificate(name: &str) -> CertificateDer<'static> {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "a, \u{1b}b");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().into()
}

#[tokio::test]
async fn aud_1_everything_is_looked_at() {
    let session = Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Valid);
    let net = Net {
        sts_record: Some("v=STSv1; id=1;"),
        mx: mx(&["mx1.example.com", "mx2.example.com"]),
        probed: Some(Probed::new(TlsOutcome::Established(session))),
        ..Net::default()
    };
    let (seen, asked) = observe(net).await;
    assert_eq!(
        asked,
        [
            "GET https://mta-sts.example.com/.well-known/mta-sts.txt",
            "MX example.com.",
            "TXT _mta-sts.example.com.",
            "TXT _smtp._tls.example.com.",
            "address mta-sts.example.com.",
            "address mx1.example.com.",
            "address mx2.example.com.",
            "probe mx1.example.com",
            "probe mx2.example.com",
        ]
    );
    assert_eq!((seen.domain(), seen.observed_at()), (&domain(), NOW));
    assert_eq!(seen.sts_record().unwrap().unwrap().ttl(), Some(Duration::from_secs(300)));
    assert!(seen.tlsrpt_record().unwrap().unwrap().records().is_empty());
    assert_eq!(seen.policy_host().unwrap().unwrap().records().len(), 1);
    let fetch = seen.fetch().unwrap();
    assert!(fetch.policy(&domain()).is_ok() && fetch.took().is_some());
    let fields: Vec<_> = fetch.result().unwrap().fields().map(|(name, _)| name).collect();
    assert_eq!(fields, ["Content-Type"]);
    let hosts: Vec<_> = seen.hosts().iter().map(|host| host.name()).collect();
    assert_eq!(hosts, ["mx1.example.com", "mx2.example.com"]);
    for host in seen.hosts() {
        assert!(host.addresses().unwrap().is_ok());
        assert_eq!(host.probe().unwrap().outcome(), TlsOutcome::Established(session));
    }
}

#[tokio::test]
async fn aud_1_what_is_not_plugged_in_is_not_looked_at() {
    let net = Arc::new(Net::default());
    let seen = Observer::new(net.clone(), net.clone()).observe(&domain()).await;
    assert_eq!(net.asked().len(), 3);
    assert!(seen.policy_host().is_none() && seen.mx().is_none() && seen.hosts().is_empty());

    let without_probe = Observer::new(net.clone(), net.clone()).with_mx(net.clone());
    let seen = without_probe.observe(&domain()).await;
    let [host] = seen.hosts() else { panic!("{:?}", seen.hosts()) };
    assert!(host.addresses().is_none() && host.probe().is_none());
}

#[tokio::test]
async fn aud_1_what_is_looked_at_does_not_depend_on_the_record_or_change_the_cache() {
    let net = Arc::new(Net { mx: mx(&["mx.example.com"]), ..Net::default() });
    let client = Client::builder(Shared(net.clone()), Shared(net.clone()))
        .with_mx(net.clone())
        .with_clock(|| NOW)
        .build();
    let seen = client.observe(&domain()).await;
    assert!(seen.fetch().unwrap().policy(&domain()).is_ok());
    assert_eq!((seen.observed_at(), seen.hosts().len()), (NOW, 1));
    let known = client.known(&domain()).await.unwrap();
    assert_eq!(known.unfinished(), Some(Unfinished::NotLooked));
    assert!(known.policy().is_none());
}

/// A part of a client.
struct Shared(Arc<Net>);

impl TxtLookup for Shared {
    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
        self.0.txt(name)
    }
}

impl PolicyFetch for Shared {
    fn fetch<'a>(&'a self, request: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        self.0.fetch(request)
    }
}

#[tokio::test]
async fn aud_2_null_mx_no_mx_and_what_is_no_host_are_told_apart() {
    let probes = |net| async {
        let (seen, asked) = observe(net).await;
        let probes: Vec<_> = asked.iter().filter_map(|one| one.strip_prefix("probe ")).collect();
        (seen.hosts().len(), probes.join(" "))
    };
    let null = Net { mx: mx(&[""]), ..Net::default() };
    assert_eq!(probes(null).await, (0, String::new()));
    assert_eq!(probes(Net::default()).await, (1, "example.com".to_owned()));
    let odd = Net { mx: mx(&["192.0.2.1", "_a.example.com", "b.example.com"]), ..Net::default() };
    assert_eq!(probes(odd).await, (3, "b.example.com".to_owned()));
}

#[tokio::test]
async fn all_2_of_many_mx_hosts_the_first_are_looked_at() {
    let hosts: Vec<_> = (0..=MAX_PROBED).map(|n| format!("mx{n}.example.com")).collect();
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    let (seen, _) = observe(Net { mx: mx(&hosts), ..Net::default() }).await;
    let names: Vec<_> = seen.hosts().iter().map(|host| host.name()).collect();
    assert_eq!(names, hosts);
    let (looked, not) = seen.hosts().split_at(MAX_PROBED);
    assert!(looked.iter().all(|host| host.probe().is_some() && host.addresses().is_some()));
    assert!(not.iter().all(|host| host.probe().is_none() && host.addresses().is_none()));
}

#[tokio::test]
async fn aud_2_certificates_are_read_and_all_that_is_wrong_is_kept() {
    let host = "mta-sts.example.com";
    let cause = CertificateFailure::from(CertificateCause::SelfSigned);
    let failure = TransportFailure::from(&cause);
    let evidence = Evidence::default()
        .with_address("192.0.2.1:443".parse().unwrap())
        .with_version(TlsProtocol::Tls13)
        .with_chain(vec![certificate(host), vec![0x30, 0x00].into()])
        .with_certificate_failure(cause);
    let fetched = Fetched::from(Err(FetchError::Failed(failure))).with_evidence(evidence);
    let (seen, _) = observe(Net { fetched: Some(fetched), ..Net::default() }).await;

    let fetch = seen.fetch().unwrap();
    let fault = fetch.result().unwrap_err();
    let webpki = Failure::new(ResultType::StsWebpkiInvalid, ReasonCode::CertificateSelfSigned);
    assert_eq!(fault.failure(), webpki);
    assert_eq!(
        fault.text(),
        "certificate: expected a certificate of a trusted CA, found a self-signed one"
    );
    let server = fetch.server();
    assert_eq!(server.version(), Some(TlsProtocol::Tls13));
    assert_eq!(server.address(), Some("192.0.2.1:443".parse().unwrap()));
    assert_eq!(server.faults().len(), 1);
    let [own, unreadable] = server.chain() else { panic!("{:?}", server.chain()) };
    let facts = own.facts().unwrap();
    assert_eq!(facts.names(), [host]);
    assert_eq!((facts.subject(), facts.issuer()), ("CN=a\\, \\1bb", "CN=a\\, \\1bb"));
    assert_eq!(facts.issued_by(), IssuedBy::Itself);
    assert_eq!(facts.not_before().as_secs(), 1_577_836_800);
    assert_eq!(facts.not_after().as_secs(), 1_609_459_200);
    assert!(unreadable.facts().is_none());
    assert_eq!(unreadable.der().as_ref(), [0x30, 0x00]);
    assert_eq!(Observations::from_json(&seen.to_json()).unwrap(), seen);
}

#[test]
fn all_2_of_many_names_the_first_are_kept() {
    let names: Vec<_> = (0..=MAX_NAMES).map(|n| format!("mx{n}.example.com")).collect();
    let params = CertificateParams::new(names.clone()).unwrap();
    let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().into();
    let certificate = Certificate::read(der);
    assert_eq!(certificate.facts().unwrap().names(), &names[..MAX_NAMES]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_2_no_certificate_makes_reading_panic(
        changes in vec((any::<Index>(), any::<u8>()), 0..4),
        end in any::<Index>(),
    ) {
        let mut der = certificate("mx.example.com").to_vec();
        for (at, octet) in changes {
            let at = at.index(der.len());
            der[at] = octet;
        }
        let cut = der[..end.index(der.len())].to_vec();
        for der in [der, cut] {
            let certificate = Certificate::read(der.clone().into());
            prop_assert_eq!(certificate.der().as_ref(), der.as_slice());
        }
    }
}

#[tokio::test]
async fn aud_2_failures_are_named_and_having_been_too_busy_is_none() {
    let failed = |error| Net { fetched: Some(Err(error).into()), ..Net::default() };
    let (seen, _) = observe(failed(FetchError::Failed(TransportFailure::HostNotFound))).await;
    let fault = seen.fetch().unwrap().result().unwrap_err().clone();
    assert_eq!(fault.text(), "policy not fetched: policy host has no address");
    assert_eq!(fault.failure().reason_code(), ReasonCode::HostNotFound);
    let (seen, _) = observe(failed(FetchError::Busy)).await;
    assert!(seen.fetch().is_none());
}

#[tokio::test]
async fn what_does_not_build_on_something_else_is_done_at_a_time() {
    // Each waits for the other four.
    let barrier = Some(Barrier::new(5));
    let (_, asked) = observe(Net { mx: mx(&[""]), barrier, ..Net::default() }).await;
    assert_eq!(asked.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn all_2_nothing_takes_for_ever() {
    let begun = Instant::now();
    let (seen, _) = observe(Net { is_dead: true, ..Net::default() }).await;
    assert_eq!(begun.elapsed().as_secs(), 62);
    assert_eq!(seen.sts_record(), Some(Err(DnsFailure::Timeout)));
    assert_eq!(seen.mx(), Some(Err(DnsFailure::Timeout)));
    assert_eq!(seen.policy_host(), Some(Err(DnsFailure::Timeout)));
    let fault = seen.fetch().unwrap().result().unwrap_err().clone();
    assert_eq!(fault.failure().reason_code(), ReasonCode::Timeout);

    let net = Arc::new(Net { is_dead: true, ..Net::default() });
    let live = Arc::new(Net::default());
    let limits = FetchLimits::default().with_time(Duration::from_secs(5)).unwrap();
    let begun = Instant::now();
    let observer = Observer::new(live.clone(), net.clone())
        .with_fetch_limits(limits)
        .with_mx(live)
        .with_addresses(net.clone())
        .with_probe(net);
    let seen = observer.observe(&domain()).await;
    assert_eq!(begun.elapsed().as_secs(), 120);
    assert_eq!(seen.fetch().unwrap().took(), Some(Duration::from_secs(7)));
    let probe = seen.hosts()[0].probe().unwrap();
    assert_eq!(
        (probe.outcome(), probe.took()),
        (TlsOutcome::Unreachable, Some(Duration::from_secs(120)))
    );
}
