//! What was seen of a domain: its records, its policy host, its MX hosts; as plain data,
//! for audits.
//!
//! Nothing is judged here, and nothing gathered: an audit does the one, the client the
//! other (`client::Observer`, feature `client`); and observations can be made by hand,
//! read from JSON (feature `json`), and [compared](Observations::changes_since) with
//! earlier ones. `None` always means that nobody has looked, never that there is nothing.
//!
//! Text and octets from outside are kept as they came: they go through
//! [`escape`](crate::escape::escape()) before they are shown. The words of a [`Fault`], and
//! of the [trouble](Probe::trouble) of a probe, are ours and can be shown as they are.
//!
//! # Examples
//!
//! ```
//! use core::time::Duration;
//! use mta_sts::observations::{Change, Lookup, Observations};
//! use mta_sts::sts::PolicyDomain;
//! use rustls_pki_types::UnixTime;
//!
//! let domain = PolicyDomain::from_next_hop("example.com")?;
//! let seen = |secs, record: &str| {
//!     Observations::new(domain.clone(), UnixTime::since_unix_epoch(Duration::from_secs(secs)))
//!         .with_sts_record(Ok(Lookup::found([vec![record.into()]])))
//! };
//! let (earlier, now) = (seen(1_000, "v=STSv1; id=1;"), seen(2_000, "v=STSv1; id=2;"));
//! let changes: Vec<_> = now.changes_since(&earlier).iter().map(ToString::to_string).collect();
//! assert_eq!(changes, ["id: 1, now 2"]);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # The JSON form
//!
//! With feature `json`, [`Observations`] have `to_json` and `from_json`. Version 1; a text
//! with another `v` is refused, members that are not known are ignored. Members that say
//! nothing are left out: a part at which nobody has looked, an empty list, what is `false`
//! or 0. Times are Unix seconds. Octets that are not UTF-8 are `{"hex":"..."}` in place of
//! text, certificates are hexadecimal DER.
//!
//! ```text
//! {"v":1, "domain":"example.com", "observed_at":1763800000,
//!  "sts_record":    ANSWER of records ["v=STSv1; ","id=1;"], the character-strings of one
//!  "tlsrpt_record": likewise
//!  "policy_host":   ANSWER of addresses "192.0.2.1"
//!  "fetch": {"response":{"status":200,"fields":[["Content-Type","text/plain"]],"body":"..."},
//!            "fault":FAULT, in place of a response,
//!            "server":SERVER, "took_ms":12},
//!  "mx":            ANSWER of records [10,"mail.example.com"]
//!  "hosts":[{"name":"mail.example.com", "addresses":ANSWER,
//!            "probe":{"outcome":OUTCOME, "greeting":"...", "extensions":["STARTTLS"],
//!                     "refusal":"454 later", "trouble":"timed out", "server":SERVER,
//!                     "took_ms":34}}]}
//!
//! ANSWER   {"records":[...], "left_out":0, "nxdomain":true, "ttl":300, "aliases":["..."],
//!           "dnssec":"authentic" or "not-authentic"}
//!          or {"failure":"dns-servfail"}, "dns-refused", "dns-timeout", "dns-failure"
//! FAILURE  "result":"sts-webpki-invalid", "reason":"certificate-expired": result types of
//!          RFC 8460 §4.3 and the codes of ReasonCode
//! FAULT    {FAILURE, "text":"..."}
//! SERVER   {"address":"192.0.2.1:443", "version":"TLS 1.3",
//!           "chain":[{"der":"3082...", "facts":{"not_before":1, "not_after":2,
//!                     "subject":"...", "issuer":"...", "self_issued":true, "names":["..."]}}],
//!           "faults":[FAULT, ...]}
//! OUTCOME  {"tls":"established", "older":true, "webpki":CHECKED, "dane":CHECKED}
//!          or {"tls":"handshake-failed", FAILURE}
//!          or {"tls":"unreachable"}, "deferred", "not-offered", "refused", "starttls-deferred"
//! CHECKED  "no", "valid" or {FAILURE}
//! ```
//!
//! # Limits
//!
//! - Every part has a bound, a constant of this module; what is beyond it is left out, and
//!   of records it is said how many were.
//! - Whether an MX host behaves otherwise without SNI is not seen, nor TLSA records.

mod certificate;
mod change;
mod fetch;
#[cfg(feature = "json")]
mod json;
mod lookup;
mod mx_host;
mod server;
mod text;

use alloc::vec::Vec;
use core::net::IpAddr;

use rustls_pki_types::UnixTime;

pub use self::certificate::{
    Certificate, CertificateFacts, IssuedBy, MAX_DISTINGUISHED_NAME, MAX_NAMES,
};
pub use self::change::Change;
pub use self::fetch::{FIELDS, Fetch, MAX_BODY, MAX_FIELD_VALUE, MAX_FIELDS, Response};
#[cfg(feature = "json")]
pub use self::json::{MAX_JSON_LEN, ReadObservationsError, ReadObservationsErrorKind};
pub use self::lookup::{
    Dnssec, Existence, Lookup, MAX_ALIASES, MAX_ANSWER_OCTETS, MAX_RECORDS, Mx, TxtRecord,
};
pub use self::mx_host::{MAX_EXTENSIONS, MAX_REPLY_TEXT, MxHost, Probe};
pub use self::server::{
    Fault, MAX_CHAIN, MAX_CHAIN_OCTETS, MAX_FAULT_TEXT, MAX_FAULTS, Server, TlsProtocol,
};
use crate::sts::PolicyDomain;
use crate::txt::DnsFailure;

/// What was seen of a domain, at a time; see the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observations {
    domain: PolicyDomain,
    observed_at: UnixTime,
    sts_record: Option<Result<Lookup<TxtRecord>, DnsFailure>>,
    tlsrpt_record: Option<Result<Lookup<TxtRecord>, DnsFailure>>,
    policy_host: Option<Result<Lookup<IpAddr>, DnsFailure>>,
    fetch: Option<Fetch>,
    mx: Option<Result<Lookup<Mx>, DnsFailure>>,
    hosts: Vec<MxHost>,
}

impl Observations {
    /// Observations of a domain at which nobody has looked yet.
    #[must_use]
    pub const fn new(domain: PolicyDomain, observed_at: UnixTime) -> Self {
        Self {
            domain,
            observed_at,
            sts_record: None,
            tlsrpt_record: None,
            policy_host: None,
            fetch: None,
            mx: None,
            hosts: Vec::new(),
        }
    }

    /// DNS says this of the TXT records of `_mta-sts.<domain>` (RFC 8461 §3.1).
    #[must_use]
    pub fn with_sts_record(mut self, found: Result<Lookup<TxtRecord>, DnsFailure>) -> Self {
        self.sts_record = Some(found.map(|found| found.kept(lookup::txt_octets)));
        self
    }

    /// DNS says this of the TXT records of `_smtp._tls.<domain>` (RFC 8460 §3).
    #[must_use]
    pub fn with_tlsrpt_record(mut self, found: Result<Lookup<TxtRecord>, DnsFailure>) -> Self {
        self.tlsrpt_record = Some(found.map(|found| found.kept(lookup::txt_octets)));
        self
    }

    /// DNS says this of the addresses of the policy host.
    #[must_use]
    pub fn with_policy_host(mut self, found: Result<Lookup<IpAddr>, DnsFailure>) -> Self {
        self.policy_host = Some(found.map(|found| found.kept(lookup::address_octets)));
        self
    }

    /// The policy was fetched, and this came of it.
    #[must_use]
    pub fn with_fetch(mut self, fetch: Fetch) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// DNS says this of the MX records of the domain. They are kept in the order in which
    /// they are tried, those of one preference by their names.
    #[must_use]
    pub fn with_mx(mut self, found: Result<Lookup<Mx>, DnsFailure>) -> Self {
        self.mx = Some(found.map(|found| found.sorted().kept(lookup::mx_octets)));
        self
    }

    /// Adds an MX host, looked at or not, in the place of the one of that name if there
    /// is one; at most [`MAX_RECORDS`] are kept.
    #[must_use]
    pub fn with_host(mut self, host: MxHost) -> Self {
        let is_full = self.hosts.len() >= MAX_RECORDS;
        match self.hosts.iter_mut().find(|one| is_same_host(one.name(), host.name())) {
            Some(same) => *same = host,
            None if is_full => {}
            None => self.hosts.push(host),
        }
        self
    }

    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> &PolicyDomain {
        &self.domain
    }

    /// When it was looked at.
    #[must_use]
    pub const fn observed_at(&self) -> UnixTime {
        self.observed_at
    }

    /// The TXT records of `_mta-sts.<domain>`, all of them, whatever is in them.
    #[must_use]
    pub const fn sts_record(&self) -> Option<Result<&Lookup<TxtRecord>, DnsFailure>> {
        as_ref(&self.sts_record)
    }

    /// The TXT records of `_smtp._tls.<domain>`, likewise.
    #[must_use]
    pub const fn tlsrpt_record(&self) -> Option<Result<&Lookup<TxtRecord>, DnsFailure>> {
        as_ref(&self.tlsrpt_record)
    }

    /// The addresses of the policy host.
    #[must_use]
    pub const fn policy_host(&self) -> Option<Result<&Lookup<IpAddr>, DnsFailure>> {
        as_ref(&self.policy_host)
    }

    /// What came of fetching the policy.
    #[must_use]
    pub const fn fetch(&self) -> Option<&Fetch> {
        self.fetch.as_ref()
    }

    /// The MX records of the domain, in the order in which they are tried.
    #[must_use]
    pub const fn mx(&self) -> Option<Result<&Lookup<Mx>, DnsFailure>> {
        as_ref(&self.mx)
    }

    /// The MX hosts, in the order in which they are tried, those at which nobody has
    /// looked among them.
    #[must_use]
    pub const fn hosts(&self) -> &[MxHost] {
        self.hosts.as_slice()
    }

    /// The hosts to which mail for the domain goes, in order, each once: those of its MX
    /// records; the domain itself if it has none (RFC 5321 §5.1); none if its MX record
    /// says that it takes no mail (RFC 7505), or if nobody could say.
    #[must_use]
    pub fn mail_hosts(&self) -> Vec<&str> {
        let Some(Ok(mx)) = self.mx() else { return Vec::new() };
        if mx.records().is_empty() {
            return [self.domain.as_str()].into();
        }
        let mut hosts: Vec<&str> = Vec::new();
        for mx in mx.records().iter().filter(|mx| !mx.is_null()) {
            if !hosts.iter().any(|host| is_same_host(host, &mx.exchange)) {
                hosts.push(&mx.exchange);
            }
        }
        hosts
    }

    /// What is otherwise than it was then, as far as somebody has looked both times and
    /// DNS has answered.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Change> {
        change::between(earlier, self)
    }
}

/// What is in a part, if somebody has looked.
const fn as_ref<T>(part: &Option<Result<T, DnsFailure>>) -> Option<Result<&T, DnsFailure>> {
    match part {
        None => None,
        Some(Ok(found)) => Some(Ok(found)),
        Some(Err(failure)) => Some(Err(*failure)),
    }
}

/// Whether two names are the same host's.
fn is_same_host(one: &str, other: &str) -> bool {
    let name = |host| str::strip_suffix(host, '.').unwrap_or(host);
    name(one).eq_ignore_ascii_case(name(other))
}
