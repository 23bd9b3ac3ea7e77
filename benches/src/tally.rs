//! Sessions of a sender, for the benches of `Tally`: the same for this crate and its
//! peer.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mailrs_tls_rpt::{FailureEvent, FailureType, ReportBuilder, SuccessEvent};
use mta_sts::DomainName;
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::Policy;
use mta_sts::sts::apply::Mail;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::tally::{Limits, Session, Submitter, Tally, UtcDay};
use rustls_pki_types::UnixTime;

/// The day on which all sessions are.
#[must_use]
pub const fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600))
}

/// The domains that a sender has mail for, their policies, and their MX hosts.
#[derive(Debug)]
pub struct World {
    domains: Vec<Domain>,
    us: Submitter,
}

#[derive(Debug)]
struct Domain {
    name: DomainName,
    policy: Policy,
    hosts: [String; 3],
}

/// One session in twenty fails, in one of these ways.
const FAILURES: [(Failure, FailureType); 3] = [
    (
        Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired),
        FailureType::CertificateExpired,
    ),
    (
        Failure::new(ResultType::StartTlsNotSupported, ReasonCode::StartTlsNotOffered),
        FailureType::StarttlsNotSupported,
    ),
    (
        Failure::new(ResultType::ValidationFailure, ReasonCode::TlsVersion),
        FailureType::ValidationFailure,
    ),
];

/// What a session was: numbers of its domain, host and failure.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    domain: usize,
    host: usize,
    failure: Option<usize>,
}

impl World {
    /// So many domains.
    ///
    /// # Panics
    ///
    /// If the policy of the benches is none.
    #[must_use]
    pub fn new(domains: usize) -> Self {
        let body = "version: STSv1\nmode: enforce\nmx: *.domain.example\nmax_age: 604800\n";
        let domain = |n| Domain {
            name: DomainName::parse(&format!("domain{n}.example")).expect("a domain"),
            policy: format!("{body}n: {n}\n").parse().expect("a policy"),
            hosts: [1, 2, 3].map(|host| format!("mx{host}.domain{n}.example")),
        };
        Self {
            domains: (0..domains).map(domain).collect(),
            us: Submitter::new("Sender", "tlsrpt@sender.example").expect("a submitter"),
        }
    }

    /// So many sessions, the same each time: domains in no order (xorshift).
    pub fn events(&self, sessions: u64) -> impl Iterator<Item = Event> {
        let domains = u64::try_from(self.domains.len().max(1)).unwrap_or(u64::MAX);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let index = |number: u64| usize::try_from(number).unwrap_or(0);
        (0..sessions).map(move |number| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let failure = (number % 20 == 0).then_some(index(state >> 8) % FAILURES.len());
            Event { domain: index((state >> 16) % domains), host: index(state >> 40) % 3, failure }
        })
    }

    /// One session, borrowed from what a sender knows.
    pub fn session(&self, event: Event) -> Session<'_> {
        let failure = event.failure.map(|failure| FAILURES[failure].0);
        let domain = &self.domains[event.domain];
        Session::by_hand(&domain.name, Mail::Ordinary)
            .with_sts(&domain.policy, failure)
            .with_mx(&domain.hosts[event.host])
            .with_sending_ip(SENDING)
            .with_receiving_ip(receiving(event))
    }

    /// All sessions, counted by this crate.
    ///
    /// # Panics
    ///
    /// If a session is not of the day.
    #[must_use]
    pub fn tally(&self, events: &[Event]) -> Tally {
        let mut tally = Tally::new(UtcDay::of(now()), Limits::default());
        for event in events {
            tally.record(&self.session(*event), now()).expect("a session of the day");
        }
        tally
    }

    /// The reports of a tally.
    pub fn reports<'a>(&'a self, tally: &'a Tally) -> impl Iterator<Item = Report<'a>> {
        tally.reports(&self.us)
    }

    /// All sessions, counted by the peer, and its one report of them.
    ///
    /// # Panics
    ///
    /// If the peer wants more than it is given.
    #[must_use]
    pub fn peer(&self, events: &[Event]) -> mailrs_tls_rpt::Report {
        let mut builder = ReportBuilder::new()
            .organization_name("Sender")
            .contact_info("tlsrpt@sender.example")
            .report_id("1")
            .date_range("2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z");
        for Domain { name, policy, .. } in &self.domains {
            let lines = policy.lines().map(str::to_owned).collect();
            builder = builder.policy_string(name.as_str(), mailrs_tls_rpt::PolicyType::Sts, lines);
        }
        for event in events.iter().copied() {
            let domain = &self.domains[event.domain];
            let policy_domain = domain.name.as_str().to_owned();
            let mx_host = domain.hosts[event.host].clone();
            let policy_type = mailrs_tls_rpt::PolicyType::Sts;
            match event.failure {
                None => {
                    builder.record_success(SuccessEvent { policy_domain, policy_type, mx_host })
                }
                Some(failure) => builder.record_failure(FailureEvent {
                    policy_domain,
                    policy_type,
                    mx_host: Some(mx_host),
                    result_type: FAILURES[failure].1,
                    sending_mta_ip: Some(SENDING),
                    receiving_ip: Some(receiving(event)),
                    receiving_mx_helo: None,
                    additional_information: None,
                    failure_reason_code: Some(
                        FAILURES[failure].0.reason_code().as_str().to_owned(),
                    ),
                }),
            }
        }
        builder.build().expect("a report")
    }
}

const SENDING: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn receiving(event: Event) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, u8::try_from(event.host).unwrap_or(0)))
}
