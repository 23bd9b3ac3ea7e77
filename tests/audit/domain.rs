//! A domain in good order, and what takes that away.

use core::net::IpAddr;
use core::time::Duration;

use mta_sts::Reading;
use mta_sts::audit::{Audit, Corrected};
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::observations::{
    Certificate, CertificateFacts, Fault, Fetch, IssuedBy, Lookup, Mx, MxHost, Observations, Probe,
    Response, Server, TxtRecord,
};
use mta_sts::sts::apply::{Checked, Session, TlsOutcome, TlsVersion};
use mta_sts::sts::{Policy, PolicyDomain, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use rustls_pki_types::{CertificateDer, UnixTime};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const BODY: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com\n\
                               mx: mx2.example.com\nmax_age: 604800\n";

pub(crate) const VALID: TlsOutcome =
    TlsOutcome::Established(Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Valid));

pub(crate) fn time(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

/// Nobody has looked at the domain.
pub(crate) fn unseen() -> Observations {
    unseen_at(NOW)
}

pub(crate) fn unseen_at(secs: u64) -> Observations {
    Observations::new(PolicyDomain::from_next_hop("example.com").unwrap(), time(secs))
}

/// A domain of which nothing can be said but good.
pub(crate) fn healthy() -> Observations {
    healthy_at(NOW)
}

pub(crate) fn healthy_at(secs: u64) -> Observations {
    unseen_at(secs)
        .with_sts_record(Ok(txt(&["v=STSv1; id=1;"])))
        .with_policy_host(Ok(Lookup::found([address()])))
        .with_fetch(served(BODY))
        .with_mx(mx(&[(10, "mail.example.com"), (20, "mx2.example.com")]))
        .with_host(host("mail.example.com", VALID))
        .with_host(host("mx2.example.com", VALID))
        .with_tlsrpt_record(Ok(txt(&["v=TLSRPTv1; rua=mailto:tls@example.com"])))
}

pub(crate) fn txt(records: &[&str]) -> Lookup<TxtRecord> {
    Lookup::found(records.iter().map(|text| vec![text.as_bytes().to_vec()]))
        .with_ttl(Duration::from_secs(DAY))
}

pub(crate) fn mx<E>(hosts: &[(u16, &str)]) -> Result<Lookup<Mx>, E> {
    let mx =
        |(preference, host): &(u16, &str)| Mx { preference: *preference, exchange: (*host).into() };
    Ok(Lookup::found(hosts.iter().map(mx)))
}

pub(crate) fn address() -> IpAddr {
    IpAddr::from([192, 0, 2, 1])
}

/// The policy is served as it should be.
pub(crate) fn served(body: &str) -> Fetch {
    answered(response(body))
}

pub(crate) fn response(body: &str) -> Response {
    Response::new(200, body).with_field("Content-Type", "text/plain")
}

pub(crate) fn answered(response: Response) -> Fetch {
    Fetch::new(Ok(response))
        .with_server(certificate("mta-sts.example.com", 60))
        .with_took(Duration::from_millis(200))
}

/// There was no response, because of this.
pub(crate) fn unserved(result: ResultType, reason: ReasonCode) -> Fetch {
    Fetch::new(Err(Fault::new(Failure::new(result, reason), "it failed")))
}

/// The certificate of the policy host was refused.
pub(crate) fn refused(reason: ReasonCode, name: &str) -> Fetch {
    unserved(ResultType::StsWebpkiInvalid, reason).with_server(certificate(name, 60))
}

/// A server with a certificate of 90 days, so many of which are left.
pub(crate) fn certificate(name: &str, days_left: u64) -> Server {
    let end = NOW + days_left * DAY;
    let facts = CertificateFacts::new(time(end - 90 * DAY), time(end))
        .with_issuer("CN=Example CA", IssuedBy::Another)
        .with_names([name.to_owned()]);
    let der = CertificateDer::from(name.as_bytes().to_vec());
    Server::default().with_chain([Certificate::new(der).with_facts(facts)])
}

pub(crate) fn host(name: &str, outcome: TlsOutcome) -> MxHost {
    let probe = Probe::new(outcome).with_server(certificate(name, 60));
    MxHost::new(name).with_addresses(Ok(Lookup::found([address()]))).with_probe(probe)
}

pub(crate) fn invalid(result: ResultType, reason: ReasonCode) -> TlsOutcome {
    let session = Session::new(TlsVersion::Tls12OrLater);
    TlsOutcome::Established(session.with_webpki(Checked::Invalid(Failure::new(result, reason))))
}

/// What could be published is read by the strictest reader.
#[track_caller]
pub(crate) fn assert_corrected_texts_are_strict(audit: &Audit) {
    for finding in audit.findings() {
        match finding.corrected() {
            Some(Corrected::StsRecord(text)) => drop(text.parse::<StsRecord<'_>>().unwrap()),
            Some(Corrected::Policy(text)) => drop(text.parse::<Policy>().unwrap()),
            Some(Corrected::TlsrptRecord(text)) => {
                let (record, _) = TlsRptRecord::parse(text, Reading::Strict).unwrap();
                assert!(record.rua().all(|uri| uri.destination().is_ok()), "{text}");
            }
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
}
