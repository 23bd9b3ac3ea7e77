//! One session: with whom, under which policies, and what came of it.

use core::net::IpAddr;

use super::policy::{MAX_REFUSED_LEN, PolicyRef, TlsaRrset};
use super::rows::{MAX_TEXT_LEN, RowRef, cut};
use crate::domain::DomainName;
use crate::failure::{Failure, PolicyType};
use crate::sts::apply::{Mail, Verdict};
use crate::sts::discovery::Outcome;
use crate::sts::{Mode, Policy, PolicyDomain};

/// The domain that a mail is on its way to: the recipients', or a smart host's. Its TLSRPT
/// record is the one that is consulted, and it has the report (RPT-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextHop<'a>(&'a str);

impl<'a> NextHop<'a> {
    /// The domain: lower case, no trailing dot.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> From<&'a DomainName> for NextHop<'a> {
    fn from(domain: &'a DomainName) -> Self {
        Self(domain.as_str())
    }
}

impl<'a> From<&'a PolicyDomain> for NextHop<'a> {
    fn from(domain: &'a PolicyDomain) -> Self {
        Self(domain.as_str())
    }
}

/// A session with an MX host, successful or not, as a [`Tally`](super::Tally) counts it
/// (RFC 8460 §1.1, §4): borrowed from what is known of it.
///
/// A session that carries a report is never counted (RFC 8460 §3), whoever makes it:
/// [`judged`](Self::judged) takes a verdict, which has no results for such mail, and
/// [`by_hand`](Self::by_hand) asks for the mail's purpose and then drops what it is told.
///
/// Each policy that a session stands under counts it once. A failure under a policy of mode
/// `testing` counts as one, although the mail was delivered; a policy of mode `none` is
/// none.
///
/// A failed discovery, such as that of a body that is no policy,
///
/// - makes the session a failed one of type `sts`, if there is no policy to apply: that
///   counts in the place of a session without policy, whose own failure becomes one more
///   row;
/// - is one more row under the policy that is applied in spite of it, and leaves the
///   session's own result as it is;
/// - is silent if that policy is of mode `none`.
#[derive(Debug, Clone, Copy)]
#[must_use = "it is to be recorded"]
pub struct Session<'a> {
    next_hop: NextHop<'a>,
    /// Whether anything is counted, whatever else is said of it.
    counts: bool,
    tlsa: Option<Under<Option<&'a TlsaRrset>>>,
    sts: Option<Under<Option<&'a Policy>>>,
    without: Option<Under<()>>,
    discovery: Option<Under<&'a str>>,
    place: Place<'a>,
}

/// A policy and what has failed under it.
#[derive(Debug, Clone, Copy)]
struct Under<P> {
    policy: P,
    failure: Option<Failure>,
}

impl Under<Option<&Policy>> {
    /// Whether that is a policy of mode `none`.
    #[inline]
    fn is_none(&self) -> bool {
        self.policy.is_some_and(|policy| policy.mode() == Mode::None)
    }
}

/// Between whom the session was.
#[derive(Debug, Clone, Copy, Default)]
struct Place<'a> {
    mx: &'a str,
    helo: &'a str,
    sending_ip: Option<IpAddr>,
    receiving_ip: Option<IpAddr>,
}

impl<'a> Session<'a> {
    /// What has been concluded about a session, and from which discovery.
    ///
    /// Nothing is counted for a host that could not be connected to, for what may be over
    /// soon, and for mail that carries a report: then the verdict has no results. That of
    /// a [refusal](crate::sts::apply::Demand::refusal) before connecting counts as failed.
    /// Where nothing is counted, it stays so whatever else is said of the session.
    pub fn judged(
        next_hop: impl Into<NextHop<'a>>,
        outcome: &'a Outcome,
        verdict: &Verdict,
    ) -> Self {
        let mut session = Self::by_hand(next_hop, Mail::Ordinary);
        session.counts = verdict.results().next().is_some();
        for result in verdict.results() {
            let failure = result.failure();
            match result.policy_type() {
                PolicyType::Tlsa => session.tlsa = Some(Under { policy: None, failure }),
                PolicyType::Sts => {
                    let policy = outcome.policy().map(|cached| cached.policy());
                    session.sts = Some(Under { policy, failure });
                }
                PolicyType::NoPolicyFound => session.without = Some(Under { policy: (), failure }),
            }
        }
        // A host that is refused by DANE has no result under a policy that it would keep, and
        // then there is nothing to which the failed discovery of that policy could be added.
        let applies = session.sts.is_some() || outcome.policy().is_none();
        match outcome.report().filter(|_| applies) {
            Some(failed) => session.with_failed_discovery(failed.failure(), failed.refused()),
            None => session,
        }
    }

    /// A session that other machinery than [`apply`](crate::sts::apply) has judged, of
    /// which no policy is known yet. Whatever else is said of it, mail that carries a
    /// report is not counted.
    pub fn by_hand(next_hop: impl Into<NextHop<'a>>, mail: Mail) -> Self {
        Self {
            next_hop: next_hop.into(),
            counts: mail != Mail::TlsReport,
            tlsa: None,
            sts: None,
            without: None,
            discovery: None,
            place: Place::default(),
        }
    }

    /// It stood under these TLSA records, and this has failed; nothing, if it was a
    /// success.
    pub const fn with_tlsa(mut self, rrset: &'a TlsaRrset, failure: Option<Failure>) -> Self {
        self.tlsa = Some(Under { policy: Some(rrset), failure });
        self
    }

    /// If it was [judged](Self::judged) by TLSA records, it was by these.
    ///
    /// Without them, the report quotes none and names the next hop's domain.
    pub fn with_tlsa_records(mut self, rrset: &'a TlsaRrset) -> Self {
        if let Some(tlsa) = &mut self.tlsa {
            tlsa.policy = Some(rrset);
        }
        self
    }

    /// It stood under this MTA-STS policy, and this has failed; nothing, if it was a
    /// success. Under a policy of mode `none` it stood under none, and counts so unless it
    /// stood under TLSA records.
    pub const fn with_sts(mut self, policy: &'a Policy, failure: Option<Failure>) -> Self {
        self.sts = Some(Under { policy: Some(policy), failure });
        self
    }

    /// It stood under no policy, and this is why there was no TLS; nothing, if there was.
    pub const fn without_policy(mut self, failure: Option<Failure>) -> Self {
        self.without = Some(Under { policy: (), failure });
        self
    }

    /// The discovery of the policy has failed in this way, and this body was refused, if
    /// that is why; of a body of more than [`MAX_REFUSED_LEN`] octets the beginning counts.
    pub const fn with_failed_discovery(
        mut self,
        failure: Failure,
        refused: Option<&'a str>,
    ) -> Self {
        let policy = match refused {
            Some(body) => body,
            None => "",
        };
        self.discovery = Some(Under { policy, failure: Some(failure) });
        self
    }

    /// The name of the MX host, best as in [`Demand::host`](crate::sts::apply::Demand::host),
    /// since names in another case are others here. One trailing dot is left out, and
    /// what is beyond [`MAX_TEXT_LEN`] octets; so is a name that is not in A-labels.
    pub const fn with_mx(mut self, host: &'a str) -> Self {
        self.place.mx = host;
        self
    }

    /// What the MX host has called itself, as received; what is beyond [`MAX_TEXT_LEN`]
    /// octets is left out.
    pub const fn with_helo(mut self, helo: &'a str) -> Self {
        self.place.helo = helo;
        self
    }

    /// The address that the session came from; an IPv4 address that an IPv6 socket has
    /// mapped is that IPv4 address.
    pub const fn with_sending_ip(mut self, ip: IpAddr) -> Self {
        self.place.sending_ip = Some(ip);
        self
    }

    /// The address of the MX host, likewise.
    pub const fn with_receiving_ip(mut self, ip: IpAddr) -> Self {
        self.place.receiving_ip = Some(ip);
        self
    }

    /// The domain that the mail was on its way to.
    #[must_use]
    pub const fn next_hop(&self) -> NextHop<'a> {
        self.next_hop
    }

    /// Whether anything is counted.
    pub(super) fn is_counted(&self) -> bool {
        self.counts && (self.tlsa().is_some() || self.sts().is_some() || self.without().is_some())
    }

    /// Whether anything may be counted: nothing is if it carries a report (RPT-10).
    #[inline]
    pub(super) const fn counts(&self) -> bool {
        self.counts
    }

    /// The policy of a session that counts as a success under that and as nothing else.
    #[inline]
    pub(super) fn only_success(&self) -> Option<&'a Policy> {
        let Under { policy, failure: None } = self.sts? else { return None };
        let nothing_else =
            self.tlsa.is_none() && self.without.is_none() && self.discovery.is_none();
        policy.filter(|policy| nothing_else && policy.mode() != Mode::None)
    }

    /// What is counted under TLSA records (RPT-12).
    #[inline]
    pub(super) fn tlsa(&self) -> Option<Counted<'a>> {
        let under = self.tlsa?;
        let policy = under.policy.map_or(PolicyRef::UnknownTlsa, PolicyRef::Tlsa);
        Some(Counted { policy, failure: under.failure, also: None })
    }

    /// What is counted under an MTA-STS policy, or what should have been one.
    #[inline]
    pub(super) fn sts(&self) -> Option<Counted<'a>> {
        let failed = self.discovery.and_then(|under| under.failure);
        let Some(under) = self.sts else {
            let policy = PolicyRef::Refused(cut(self.discovery?.policy, MAX_REFUSED_LEN));
            let tls = self.without.and_then(|under| under.failure);
            return Some(Counted { policy, failure: failed, also: tls.filter(|_| tls != failed) });
        };
        if under.is_none() {
            return None;
        }
        let policy = under.policy.map_or(PolicyRef::Refused(""), PolicyRef::Sts);
        let also = failed.filter(|_| failed != under.failure);
        Some(Counted { policy, failure: under.failure, also })
    }

    /// What is counted without policy.
    #[inline]
    pub(super) fn without(&self) -> Option<Counted<'a>> {
        let under = match (self.without, self.sts, self.discovery) {
            (under, Some(sts), _) => {
                let none = sts.is_none() && self.tlsa.is_none();
                under.or(none.then_some(Under { policy: (), failure: sts.failure }))
            }
            (_, None, Some(_)) => None,
            (under, None, None) => under,
        };
        let policy = PolicyRef::NoPolicyFound;
        under.map(|under| Counted { policy, failure: under.failure, also: None })
    }

    /// The row of a failure.
    pub(super) fn row(&self, failure: Failure) -> RowRef<'a> {
        let Place { mx, helo, sending_ip, receiving_ip } = self.place;
        RowRef {
            failure,
            mx: host(mx.strip_suffix('.').unwrap_or(mx)),
            helo: called(helo),
            sending_ip: sending_ip.map(|ip| ip.to_canonical()),
            receiving_ip: receiving_ip.map(|ip| ip.to_canonical()),
        }
    }
}

/// The name of an MX host, as far as a report can have it.
pub(super) fn host(mx: &str) -> Option<&str> {
    Some(cut(mx, MAX_TEXT_LEN)).filter(|host| !host.is_empty() && host.is_ascii())
}

/// What it has called itself, likewise.
pub(super) fn called(helo: &str) -> Option<&str> {
    Some(cut(helo, MAX_TEXT_LEN)).filter(|helo| !helo.is_empty())
}

/// What a session counts as under one policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<'a> {
    pub(super) policy: PolicyRef<'a>,
    /// What has failed; none for a success.
    pub(super) failure: Option<Failure>,
    /// What else has failed and does not count.
    pub(super) also: Option<Failure>,
}
