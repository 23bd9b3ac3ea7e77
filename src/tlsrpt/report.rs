//! The report (RFC 8460 §4.3, §4.4): what its JSON says, with the members' names in
//! snake case.
//!
//! One model for reports that are read and for reports that are written. What others
//! write is kept as text, whatever it says: only dates and counts are more than text.
//! So a value of these types need not be a report that we would send;
//! `Report::to_json` (feature `json`) says what is missing for that.
//!
//! It is not the JSON itself (feature `json`), knows nothing of gzip and mail, and
//! draws no conclusions.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use rustls_pki_types::UnixTime;

use crate::domain::DomainName;
use crate::failure::{PolicyType, ResultType};

/// The greatest count that a report may have, 2^53 - 1: what every reader of JSON takes
/// exactly (RFC 7493 §2.2).
pub const MAX_COUNT: u64 = (1 << 53) - 1;

/// A report of one sender about one domain (RFC 8460 §4.4).
///
/// It borrows from the text that it was read from; [`into_owned`](Self::into_owned)
/// keeps it longer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report<'a> {
    /// `organization-name`: who reports.
    pub organization_name: Option<Cow<'a, str>>,
    /// `date-range`: which time the report is about.
    pub date_range: DateRange<'a>,
    /// `contact-info`: whom to ask; mostly a mail address.
    pub contact_info: Option<Cow<'a, str>>,
    /// `report-id`: with the submitter, what tells reports apart (MAIL-9).
    pub report_id: Option<Cow<'a, str>>,
    /// `policies`: what has been counted, for each policy.
    pub policies: Vec<PolicyReport<'a>>,
    /// What else stood there.
    pub unknown: UnknownMembers<'a>,
}

impl Report<'_> {
    /// A report of this time, without anything in it.
    #[must_use]
    pub const fn new(date_range: DateRange<'static>) -> Self {
        Self {
            organization_name: None,
            date_range,
            contact_info: None,
            report_id: None,
            policies: Vec::new(),
            unknown: UnknownMembers::NONE,
        }
    }

    /// The sessions that succeeded, over all policies; `u64::MAX` if there are more.
    ///
    /// A session that stood under several policies counts once for each of them.
    #[must_use]
    pub fn successes(&self) -> u64 {
        let count = |one: &PolicyReport<'_>| one.summary.total_successful_session_count;
        self.policies.iter().map(count).fold(0, u64::saturating_add)
    }

    /// The sessions that failed, likewise. What the rows say is not looked at.
    #[must_use]
    pub fn failures(&self) -> u64 {
        let count = |one: &PolicyReport<'_>| one.summary.total_failure_session_count;
        self.policies.iter().map(count).fold(0, u64::saturating_add)
    }

    /// The domain of `contact-info` if that is a mail address: what RFC 8460 §5.3
    /// calls the submitter.
    #[must_use]
    pub fn submitter(&self) -> Option<DomainName> {
        let (_, domain) = self.contact_info.as_deref()?.rsplit_once('@')?;
        DomainName::parse(domain.trim_end_matches('>')).ok()
    }

    /// The same report, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Report<'static> {
        Report {
            organization_name: self.organization_name.map(owned),
            date_range: self.date_range.into_owned(),
            contact_info: self.contact_info.map(owned),
            report_id: self.report_id.map(owned),
            policies: self.policies.into_iter().map(PolicyReport::into_owned).collect(),
            unknown: self.unknown.into_owned(),
        }
    }
}

/// The time that a report is about (`date-range`), both ends included, to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DateRange<'a> {
    /// `start-datetime`.
    pub start_datetime: UnixTime,
    /// `end-datetime`: the last second; in reports that are read, often the midnight
    /// after it, and now and then before the start.
    pub end_datetime: UnixTime,
    /// What else stood there.
    pub unknown: UnknownMembers<'a>,
}

impl DateRange<'_> {
    /// From the first to the last second.
    #[must_use]
    pub const fn new(start_datetime: UnixTime, end_datetime: UnixTime) -> Self {
        Self { start_datetime, end_datetime, unknown: UnknownMembers::NONE }
    }

    /// The same range, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> DateRange<'static> {
        DateRange {
            unknown: self.unknown.into_owned(),
            ..DateRange::new(self.start_datetime, self.end_datetime)
        }
    }
}

/// What has been counted under one policy (an element of `policies`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyReport<'a> {
    /// `policy`: which policy.
    pub policy: PolicyDescription<'a>,
    /// `summary`: how many sessions.
    pub summary: Summary<'a>,
    /// `failure-details`: what has failed. The rows' counts need not add up to that of the
    /// summary: one session can fail in several ways, and senders differ.
    pub failure_details: Vec<FailureDetails<'a>>,
    /// What else stood there.
    pub unknown: UnknownMembers<'a>,
}

impl<'a> PolicyReport<'a> {
    /// A policy and its counts, without rows.
    #[must_use]
    pub const fn new(policy: PolicyDescription<'a>, summary: Summary<'a>) -> Self {
        Self { policy, summary, failure_details: Vec::new(), unknown: UnknownMembers::NONE }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> PolicyReport<'static> {
        PolicyReport {
            policy: self.policy.into_owned(),
            summary: self.summary.into_owned(),
            failure_details: self
                .failure_details
                .into_iter()
                .map(FailureDetails::into_owned)
                .collect(),
            unknown: self.unknown.into_owned(),
        }
    }
}

/// Which policy the sessions stood under (`policy`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct PolicyDescription<'a> {
    /// `policy-type`.
    pub policy_type: Option<Reported<'a, PolicyType>>,
    /// `policy-string`: the policy as it was received (RPT-9): the lines of an MTA-STS
    /// policy, or one element for each TLSA record.
    pub policy_string: Vec<Cow<'a, str>>,
    /// `policy-domain`: for `sts` the policy domain, for `tlsa` the TLSA base domain or
    /// the policy domain, for `no-policy-found` the domain of the recipients (RPT-11).
    pub policy_domain: Option<Cow<'a, str>>,
    /// `mx-host`: the `mx` patterns of an MTA-STS policy.
    pub mx_host: Vec<Cow<'a, str>>,
    /// What else stood there.
    pub unknown: UnknownMembers<'a>,
}

impl<'a> PolicyDescription<'a> {
    /// A policy of this type for this domain, not quoted.
    #[must_use]
    pub fn new(policy_type: PolicyType, policy_domain: impl Into<Cow<'a, str>>) -> Self {
        Self {
            policy_type: Some(Reported::Known(policy_type)),
            policy_domain: Some(policy_domain.into()),
            ..Self::EMPTY
        }
    }

    /// Nothing is known.
    pub(crate) const EMPTY: Self = Self {
        policy_type: None,
        policy_string: Vec::new(),
        policy_domain: None,
        mx_host: Vec::new(),
        unknown: UnknownMembers::NONE,
    };

    /// The type, if it is one that RFC 8460 knows.
    #[must_use]
    pub fn known_type(&self) -> Option<PolicyType> {
        self.policy_type.as_ref().and_then(Reported::known)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> PolicyDescription<'static> {
        PolicyDescription {
            policy_type: self.policy_type.map(Reported::into_owned),
            policy_string: self.policy_string.into_iter().map(owned).collect(),
            policy_domain: self.policy_domain.map(owned),
            mx_host: self.mx_host.into_iter().map(owned).collect(),
            unknown: self.unknown.into_owned(),
        }
    }
}

/// How many sessions there were (`summary`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Summary<'a> {
    /// `total-successful-session-count`.
    pub total_successful_session_count: u64,
    /// `total-failure-session-count`.
    pub total_failure_session_count: u64,
    /// What else stood there.
    pub unknown: UnknownMembers<'a>,
}

impl Summary<'_> {
    /// So many of each.
    #[must_use]
    pub const fn new(successful: u64, failure: u64) -> Self {
        Self {
            total_successful_session_count: successful,
            total_failure_session_count: failure,
            unknown: UnknownMembers::NONE,
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Summary<'static> {
        Summary {
            unknown: self.unknown.into_owned(),
            ..Summary::new(self.total_successful_session_count, self.total_failure_session_count)
        }
    }
}

/// Sessions that failed in the same way (an element of `failure-details`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FailureDetails<'a> {
    /// `result-type`.
    pub result_type: Option<Reported<'a, ResultType>>,
    /// `sending-mta-ip`, as written; see [`sending_mta_address`](Self::sending_mta_address).
    pub sending_mta_ip: Option<Cow<'a, str>>,
    /// `receiving-mx-hostname`.
    pub receiving_mx_hostname: Option<Cow<'a, str>>,
    /// `receiving-mx-helo`: what the MX said of itself.
    pub receiving_mx_helo: Option<Cow<'a, str>>,
    /// `receiving-ip`, as written; see [`receiving_address`](Self::receiving_address).
    pub receiving_ip: Option<Cow<'a, str>>,
    /// `failed-session-count`.
    pub failed_session_count: u64,
    /// `additional-information`: a URI that tells more, or any text.
    pub additional_information: Option<Cow<'a, str>>,
    /// `failure-reason-code`: any text that says why.
    pub failure_reason_code: Option<Cow<'a, str>>,
    /// What else stood there.
    pub unknown: UnknownMembers<'a>,
}

impl FailureDetails<'_> {
    /// So many sessions that failed in this way.
    #[must_use]
    pub fn new(result_type: ResultType, failed_session_count: u64) -> Self {
        Self {
            result_type: Some(Reported::Known(result_type)),
            failed_session_count,
            ..Self::default()
        }
    }

    /// The type, if it is one of the registry's.
    #[must_use]
    pub fn known_type(&self) -> Option<ResultType> {
        self.result_type.as_ref().and_then(Reported::known)
    }

    /// The address in `sending-mta-ip`, with or without brackets; none if it is no
    /// address.
    #[must_use]
    pub fn sending_mta_address(&self) -> Option<IpAddr> {
        address(self.sending_mta_ip.as_deref()?)
    }

    /// The address in `receiving-ip`, likewise.
    #[must_use]
    pub fn receiving_address(&self) -> Option<IpAddr> {
        address(self.receiving_ip.as_deref()?)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> FailureDetails<'static> {
        FailureDetails {
            result_type: self.result_type.map(Reported::into_owned),
            sending_mta_ip: self.sending_mta_ip.map(owned),
            receiving_mx_hostname: self.receiving_mx_hostname.map(owned),
            receiving_mx_helo: self.receiving_mx_helo.map(owned),
            receiving_ip: self.receiving_ip.map(owned),
            failed_session_count: self.failed_session_count,
            additional_information: self.additional_information.map(owned),
            failure_reason_code: self.failure_reason_code.map(owned),
            unknown: self.unknown.into_owned(),
        }
    }
}

/// A value of a registry, or whatever else was written there (RPT-5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a value is known or it is not")]
pub enum Reported<'a, T> {
    /// A value that RFC 8460 knows.
    Known(T),
    /// Any other text; never that of a known value in what was read.
    Other(Cow<'a, str>),
}

impl<T: Copy> Reported<'_, T> {
    /// The value, if it is known.
    #[must_use]
    pub const fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Other(_) => None,
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Reported<'static, T> {
        match self {
            Self::Known(value) => Reported::Known(value),
            Self::Other(text) => Reported::Other(owned(text)),
        }
    }
}

impl Reported<'_, PolicyType> {
    /// The text in the report: that of a stranger, if it is not known.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.as_str(),
            Self::Other(text) => text,
        }
    }
}

impl Reported<'_, ResultType> {
    /// The text in the report: that of a stranger, if it is not known.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.as_str(),
            Self::Other(text) => text,
        }
    }
}

/// Members of an object that RFC 8460 does not define, in the order in which they
/// stood: names and JSON texts.
///
/// Only the reader makes them, from JSON that it has checked to be I-JSON (RFC 7493), so
/// that nothing else can get into a report by this way; they can be left out again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnknownMembers<'a>(Option<Box<Members<'a>>>); // Small, since there are hardly any.

type Members<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl<'a> UnknownMembers<'a> {
    pub(crate) const NONE: Self = Self(None);

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |members| members.len())
    }

    /// Name and JSON text of each.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let members = self.0.as_deref().map_or(&[][..], Vec::as_slice);
        members.iter().map(|(name, json)| (&**name, &**json))
    }

    /// The JSON text of the member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(one, _)| *one == name).map(|(_, json)| json)
    }

    /// Leaves all of them out.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Adds a member whose text has been checked; the last one of a name stays, in the
    /// place of the first.
    #[cfg(feature = "json")]
    pub(crate) fn insert(&mut self, name: Cow<'a, str>, json: Cow<'a, str>) {
        let members = self.0.get_or_insert_default();
        match members.iter_mut().find(|(one, _)| *one == name) {
            Some((_, old)) => *old = json,
            None => members.push((name, json)),
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> UnknownMembers<'static> {
        let one = |(name, json)| (owned(name), owned(json));
        let all = |members: Box<Members<'a>>| Box::new(members.into_iter().map(one).collect());
        UnknownMembers(self.0.map(all))
    }
}

impl fmt::Debug for UnknownMembers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(String::from(text))
}

/// An address as senders write it: some in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.strip_prefix("IPv6:").unwrap_or(bare).parse().ok()
}

/// Whether this is one of the 66 code points that Unicode keeps for no character, and
/// that I-JSON does not have (RFC 7493 §2.1).
#[cfg(any(feature = "json", feature = "std"))]
pub(crate) fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}
