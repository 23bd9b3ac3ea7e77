//! Where and when a report is sent (RFC 8460 §3, §4.1, §5.4, §5.5).
//!
//! A [`Plan`] tells the usable destinations of a record from those that are not, and a
//! [`Delivery`] says what to do when: it does no I/O and reads no clock. It does not
//! write the mail (feature `mail`), and whether an address may be connected to (FET-7 of
//! the requirements) is decided where connections are made.

mod delivery;
mod post;

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::UnixTime;

pub use self::delivery::{Action, Delivery, NotAsked, Outcome};
pub use self::post::{PostRequest, SubmitFailure};
use super::media::MediaType;
use super::mix;
use super::record::TlsRptRecord;
use super::uri::{Destination, ReportUri, UnusableUri};
use crate::domain::DomainName;

/// Seconds after the end of the day within which sending begins (RFC 8460 §4.1).
pub const MAX_DELAY: u64 = 4 * 3_600;

/// Seconds from the first failure to the second attempt, which double from attempt to
/// attempt: a restart of a server is over by then.
pub const FIRST_WAIT: u64 = 300;

/// Seconds after the first attempt in which others are made (RFC 8460 §5.5).
pub const RETRY_TIME: u64 = 24 * 3_600;

/// When the first attempt is made to send a report to this destination: a second of the
/// [`MAX_DELAY`] after the end of the day that the report is about, so that not all
/// reports of the world come at midnight.
///
/// The delay is made of a seed of the sender's own, the policy domain and the URI: FNV-1a
/// of 128 bits over the seed's 8 octets, least significant first, and both texts with
/// the octet 0xFF behind each; its halves joined by exclusive or; the finalizer of
/// SplitMix64; modulo `MAX_DELAY` + 1.
#[must_use]
pub fn sending_time(
    day_end: UnixTime,
    seed: u64,
    policy_domain: &DomainName,
    uri: ReportUri<'_>,
) -> UnixTime {
    let number = mix::scattered(seed, &[policy_domain.as_str(), uri.as_str()]);
    plus(day_end, number.checked_rem(MAX_DELAY.saturating_add(1)).unwrap_or_default())
}

fn plus(time: UnixTime, secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs().saturating_add(secs)))
}

/// How reports are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    reach: Reach,
    ports: Ports,
    certificate_errors: CertificateErrors,
    media_type: MediaType,
}

impl Config {
    /// How many of the destinations are to accept the report; [`Reach::One`] by default.
    #[must_use]
    pub const fn with_reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// To which ports a report is posted; [`Ports::Https`] by default.
    #[must_use]
    pub const fn with_ports(mut self, ports: Ports) -> Self {
        self.ports = ports;
        self
    }

    /// What an invalid certificate of an endpoint means; [`CertificateErrors::Fail`] by
    /// default.
    #[must_use]
    pub const fn with_certificate_errors(mut self, errors: CertificateErrors) -> Self {
        self.certificate_errors = errors;
        self
    }

    /// How the report is packed; [`MediaType::Gzip`] by default (RFC 8460 §5.2).
    #[must_use]
    pub const fn with_media_type(mut self, media_type: MediaType) -> Self {
        self.media_type = media_type;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            reach: Reach::One,
            ports: Ports::Https,
            certificate_errors: CertificateErrors::Fail,
            media_type: MediaType::Gzip,
        }
    }
}

/// How many destinations are to accept a report (RFC 8460 §3: one is enough, all may be
/// tried).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8460 has these two")]
pub enum Reach {
    /// When one has accepted, no other is tried.
    One,
    /// Each is tried until it has accepted or is given up.
    All,
}

/// To which ports of endpoints a report is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the usual port, or any")]
pub enum Ports {
    /// To 443 alone: a record must not aim us at other services.
    Https,
    /// To the port in the URI.
    Any,
}

/// What an invalid certificate of an endpoint means: RFC 8460 §3 allows to send the report
/// all the same, since it may be about just that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a failure, or nothing")]
pub enum CertificateErrors {
    /// The attempt has failed.
    Fail,
    /// The report is sent to whoever answers.
    Ignore,
}

/// Where a report can be sent by a record, and where not.
///
/// ```
/// use mta_sts::Reading;
/// use mta_sts::tlsrpt::TlsRptRecord;
/// use mta_sts::tlsrpt::submit::{Config, Plan, UnusableDestination};
///
/// let text = "v=TLSRPTv1; rua=mailto:tls@example.com,https://example.com:8443/,ftp://example.com/";
/// let (record, _) = TlsRptRecord::parse(text, Reading::Tolerant)?;
/// let plan = Plan::new(&record, Config::default());
/// assert_eq!(plan.usable().count(), 1);
/// let (uri, reason) = plan.unusable().next().unwrap();
/// assert_eq!(uri.as_str(), "https://example.com:8443/");
/// assert_eq!(reason, &UnusableDestination::Port { port: 8443 });
/// # Ok::<_, mta_sts::txt::ParseRecordError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    config: Config,
    usable: Vec<(ReportUri<'a>, Destination<'a>)>,
    unusable: Vec<(ReportUri<'a>, UnusableDestination)>,
}

impl<'a> Plan<'a> {
    /// The plan for a record. A URI that it repeats counts once.
    #[must_use]
    pub fn new(record: &'a TlsRptRecord<'_>, config: Config) -> Self {
        let mut plan = Self { config, usable: Vec::new(), unusable: Vec::new() };
        let mut seen = Vec::new();
        for uri in record.rua() {
            if seen.contains(&uri) {
                continue;
            }
            seen.push(uri);
            match usable(uri, config.ports) {
                Ok(destination) => plan.usable.push((uri, destination)),
                Err(reason) => plan.unusable.push((uri, reason)),
            }
        }
        plan
    }

    /// The destinations that can be used, in the order of the record, by mail or POST.
    pub fn usable(&self) -> impl Iterator<Item = (ReportUri<'a>, &Destination<'a>)> {
        self.usable.iter().map(|(uri, destination)| (*uri, destination))
    }

    /// Those that cannot, and why.
    pub fn unusable(&self) -> impl Iterator<Item = (ReportUri<'a>, &UnusableDestination)> {
        self.unusable.iter().map(|(uri, reason)| (*uri, reason))
    }

    /// The delivery of the report about this domain for the day that ends here. The seed
    /// is the sender's own, so that its times are not those of others.
    #[must_use]
    pub fn delivery(
        &'a self,
        policy_domain: &DomainName,
        day_end: UnixTime,
        seed: u64,
    ) -> Delivery<'a> {
        Delivery::new(self, |uri| sending_time(day_end, seed, policy_domain, uri))
    }
}

fn usable(uri: ReportUri<'_>, ports: Ports) -> Result<Destination<'_>, UnusableDestination> {
    let destination = uri.destination()?;
    match &destination {
        Destination::Https(endpoint) if ports == Ports::Https && endpoint.port() != 443 => {
            Err(UnusableDestination::Port { port: endpoint.port() })
        }
        _ => Ok(destination),
    }
}

/// Why no report is sent to a URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableDestination {
    /// The URI cannot be used by anyone.
    #[error(transparent)]
    Uri(#[from] UnusableUri),
    /// The port is not 443, and others are not permitted ([`Ports`]).
    #[error("port {port} instead of 443")]
    Port {
        /// The port.
        port: u16,
    },
}
