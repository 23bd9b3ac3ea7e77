//! The objects of a report, member by member.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::ReadLimits;
use super::address::is_address;
use super::date::{self, Odd};
use super::deviation::ReportDeviationKind as Kind;
use super::error::{ReadReportError, ReadReportErrorKind as Fault};
use super::i_json;
use super::member::{Member, Place};
use super::value::{At, Context, Count, Text, Texts, Tolerant, Wanted};
use crate::domain::DomainName;
use crate::failure::{PolicyType, ResultType};
use crate::tlsrpt::report::{
    DateRange, FailureDetails, PolicyDescription, PolicyReport, Report, Reported, Summary,
    UnknownMembers,
};

/// Reads a text that is UTF-8 and within the limit.
pub(super) fn read<'de>(
    text: &'de str,
    context: &Context<'_>,
) -> Result<Report<'de>, ReadReportError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let at = At { context, place: Place::REPORT };
    let mut report = Report::empty();
    let object = Tolerant(Members { at, into: &mut report })
        .deserialize(&mut json)
        .map_err(|error| context.error(&error))?;
    if object == Found::Other {
        return Err(ReadReportError::new(Fault::Missing, Place::REPORT));
    }
    json.end().map_err(|error| {
        ReadReportError::new(Fault::Trailing, Place::REPORT).at(error.line(), error.column())
    })?;
    Ok(report)
}

/// An object of a report.
trait Read<'de>: Sized {
    /// What RFC 8460 wants, and the reader can do without.
    const WANTED: &'static [Member];

    fn empty() -> Self;

    /// The member of this name.
    fn member(name: &str) -> Option<Member>;

    /// The member that some senders write by this name.
    fn alias(_: &str) -> Option<Member> {
        None
    }

    /// Takes the value of a member; the place is that of the member.
    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error>;

    fn unknown(&mut self) -> &mut UnknownMembers<'de>;

    /// Looks at it as a whole.
    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E>;
}

/// Which members of an object stood there.
#[derive(Clone, Copy, Default)]
struct Seen(u32);

impl Seen {
    const fn has(self, member: Member) -> bool {
        self.0 & member.bit() != 0
    }

    const fn add(&mut self, member: Member) {
        self.0 |= member.bit();
    }
}

/// Wants an object, and fills it in where it is to stay: rows are large.
struct Members<'c, 'o, T> {
    at: At<'c>,
    into: &'o mut T,
}

/// What there was instead of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Object,
    Other,
}

impl<'de, T: Read<'de>> Wanted<'de> for Members<'_, '_, T> {
    type Value = Found;

    fn at(&self) -> At<'_> {
        self.at
    }

    fn missing(self) -> Found {
        Found::Other
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let Self { at, into: object } = self;
        let mut seen = Seen::default();
        while let Some(key) = map.next_key_seed(Name::<T>(PhantomData))? {
            let (member, is_alias) = match key {
                Key::Member(member) => (member, false),
                Key::Alias(member) => (member, true),
                Key::Unknown(name) => {
                    keep(object.unknown(), name, map.next_value()?, at);
                    continue;
                }
            };
            let at = at.with(member);
            let before = seen.has(member);
            at.note_if(is_alias, Kind::Alias);
            at.note_if(before, Kind::Duplicate);
            if is_alias && before {
                map.next_value::<IgnoredAny>()?;
            } else {
                seen.add(member);
                object.take(member, &mut map, at)?;
            }
        }
        for member in T::WANTED {
            at.with(*member).note_if(!seen.has(*member), Kind::Missing);
        }
        object.finish(seen, at)?;
        Ok(Found::Object)
    }
}

/// Keeps a member that RFC 8460 does not define, if it can be written again.
fn keep<'de>(
    members: &mut UnknownMembers<'de>,
    name: Cow<'de, str>,
    json: &'de RawValue,
    at: At<'_>,
) {
    at.note_if(members.get(&name).is_some(), Kind::Duplicate);
    let fits = i_json::is_text(&name) && i_json::is_value(json.get());
    if fits && members.len() < ReadLimits::MAX_UNKNOWN_MEMBERS {
        members.insert(name, json.get().into());
    } else {
        at.note(Kind::NotKept);
    }
}

/// The name of a member.
enum Key<'de> {
    Member(Member),
    Alias(Member),
    Unknown(Cow<'de, str>),
}

/// Wants the name of a member of this object.
struct Name<T>(PhantomData<T>);

impl<'de, T: Read<'de>> Name<T> {
    fn key(name: &str) -> Option<Key<'de>> {
        let alias = || T::alias(name).map(Key::Alias);
        T::member(name).map(Key::Member).or_else(alias)
    }
}

impl<'de, T: Read<'de>> DeserializeSeed<'de> for Name<T> {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, T: Read<'de>> Visitor<'de> for Name<T> {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(Self::key(name).unwrap_or(Key::Unknown(Cow::Borrowed(name))))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key<'de>, E> {
        Ok(Self::key(name).unwrap_or_else(|| Key::Unknown(Cow::Owned(name.into()))))
    }
}

const NO_TIME: UnixTime = UnixTime::since_unix_epoch(Duration::ZERO);

impl<'de> Read<'de> for Report<'de> {
    const WANTED: &'static [Member] =
        &[Member::OrganizationName, Member::ContactInfo, Member::ReportId];

    fn empty() -> Self {
        Self::new(DateRange::new(NO_TIME, NO_TIME))
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "organization-name" => Member::OrganizationName,
            "date-range" => Member::DateRange,
            "contact-info" => Member::ContactInfo,
            "report-id" => Member::ReportId,
            "policies" => Member::Policies,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::OrganizationName => text(value, at, &mut self.organization_name)?,
            Member::ContactInfo => text(value, at, &mut self.contact_info)?,
            Member::ReportId => text(value, at, &mut self.report_id)?,
            Member::DateRange => self.date_range = required(value, at)?,
            _ => {
                let policies = value.next_value_seed(Tolerant(Policies(at)))?;
                self.policies = policies.ok_or_else(|| at.stop(Fault::Missing))?;
            }
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        demand(seen, &[Member::DateRange, Member::Policies], at)?;
        let id = self.report_id.as_deref();
        at.with(Member::ReportId).note_if(id.is_some_and(|id| id.ends_with('+')), Kind::NoDomain);
        if self.policies.len() < 2 {
            return Ok(());
        }
        let mut before = BTreeSet::new();
        for (index, one) in self.policies.iter().enumerate() {
            let at = At { place: Place::of_policy(index).with(Member::Policy), ..at };
            at.note_if(!before.insert(&one.policy), Kind::SamePolicyTwice);
        }
        Ok(())
    }
}

impl<'de> Read<'de> for DateRange<'de> {
    const WANTED: &'static [Member] = &[];

    fn empty() -> Self {
        Self::new(NO_TIME, NO_TIME)
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "start-datetime" => Member::StartDatetime,
            "end-datetime" => Member::EndDatetime,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        let time = time(value, at)?;
        match member {
            Member::StartDatetime => self.start_datetime = time,
            _ => self.end_datetime = time,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        const DAY: u64 = 86_400;
        demand(seen, &[Member::StartDatetime, Member::EndDatetime], at)?;
        let at = at.with(Member::EndDatetime);
        let (start, end) = (self.start_datetime.as_secs(), self.end_datetime.as_secs());
        match end.checked_sub(start) {
            None => at.note(Kind::EndBeforeStart),
            Some(86_399) => {}
            Some(DAY) if end % DAY == 0 => at.note(Kind::EndAtMidnight),
            Some(_) => at.note(Kind::NotOneDay),
        }
        Ok(())
    }
}

/// A date-time; without one there is no report (RPT-3).
fn time<'de, A: MapAccess<'de>>(value: &mut A, at: At<'_>) -> Result<UnixTime, A::Error> {
    let mut read = None;
    text(value, at, &mut read)?;
    let text = read.ok_or_else(|| at.stop(Fault::Missing))?;
    let Some((time, odd)) = date::read(&text) else {
        return Err(at.stop_at(ReadReportError::new(Fault::Date, at.place).found(&*text)));
    };
    for odd in odd {
        at.note(match odd {
            Odd::NoZone => Kind::NoTimeZone,
            Odd::Offset => Kind::Offset,
            Odd::Fraction => Kind::Fraction,
        });
    }
    Ok(time)
}

/// Wants the array of policies.
struct Policies<'c>(At<'c>);

impl<'de> Wanted<'de> for Policies<'_> {
    type Value = Option<Vec<PolicyReport<'de>>>;

    fn at(&self) -> At<'_> {
        self.0
    }

    fn missing(self) -> Self::Value {
        None
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut policies = Vec::new();
        let read = Cell::new(0);
        loop {
            let at = At { place: Place::of_policy(read.get()), ..self.0 };
            let mut policy = PolicyReport::empty();
            match array.next_element_seed(Tolerant(Members { at, into: &mut policy }))? {
                None => break,
                Some(Found::Other) => return Err(at.stop(Fault::Missing)),
                Some(Found::Object) => policies.push(policy),
            }
            at.count(&read, at.context.limits.policies, Fault::TooManyPolicies)?;
        }
        self.0.note_if(policies.is_empty(), Kind::Empty);
        Ok(Some(policies))
    }
}

impl<'de> Read<'de> for PolicyReport<'de> {
    const WANTED: &'static [Member] = &[Member::FailureDetails];

    fn empty() -> Self {
        Self::new(PolicyDescription::EMPTY, Summary::new(0, 0))
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "policy" => Member::Policy,
            "summary" => Member::Summary,
            "failure-details" => Member::FailureDetails,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::Policy => self.policy = required(value, at)?,
            Member::Summary => self.summary = required(value, at)?,
            _ => self.failure_details = value.next_value_seed(Tolerant(Rows(at)))?,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        demand(seen, &[Member::Policy, Member::Summary], at)?;
        let rows = self.failure_details.iter();
        let sum = rows.map(|row| u128::from(row.failed_session_count)).sum::<u128>();
        let differs = sum != u128::from(self.summary.total_failure_session_count);
        let odd = differs && !self.failure_details.is_empty();
        at.with(Member::FailureDetails).note_if(odd, Kind::SumDiffers);
        Ok(())
    }
}

/// Wants the array of rows.
struct Rows<'c>(At<'c>);

impl<'de> Wanted<'de> for Rows<'_> {
    type Value = Vec<FailureDetails<'de>>;

    fn at(&self) -> At<'_> {
        self.0
    }

    fn missing(self) -> Self::Value {
        Vec::new()
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let context = self.0.context;
        let mut rows = Vec::new();
        for index in 0_usize.. {
            let at = At { context, place: self.0.place.of_row(index) };
            let mut row = FailureDetails::empty();
            match array.next_element_seed(Tolerant(Members { at, into: &mut row }))? {
                None => break,
                Some(Found::Other) => {}
                Some(Found::Object) => rows.push(row),
            }
            at.count(&context.rows, context.limits.rows, Fault::TooManyRows)?;
        }
        self.0.note_if(rows.is_empty(), Kind::Empty);
        Ok(rows)
    }
}

impl<'de> Read<'de> for PolicyDescription<'de> {
    const WANTED: &'static [Member] = &[Member::PolicyType, Member::PolicyDomain];

    fn empty() -> Self {
        Self::EMPTY
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "policy-type" => Member::PolicyType,
            "policy-string" => Member::PolicyString,
            "policy-domain" => Member::PolicyDomain,
            "mx-host" => Member::MxHost,
            _ => return None,
        })
    }

    fn alias(name: &str) -> Option<Member> {
        (name == "mx-host-pattern").then_some(Member::MxHost)
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::PolicyType => {
                self.policy_type = reported(value, at, policy_type)?;
            }
            Member::PolicyDomain => {
                text(value, at, &mut self.policy_domain)?;
                let domain = self.policy_domain.as_deref().filter(|domain| !domain.is_empty());
                at.note_if(domain.is_some_and(|domain| !is_domain(domain)), Kind::NotADomain);
            }
            Member::PolicyString => {
                self.policy_string = value.next_value_seed(Tolerant(Texts(at)))?;
            }
            _ => {
                self.mx_host = value.next_value_seed(Tolerant(Texts(at)))?;
                let prefixed = self.mx_host.iter().any(|host| host.starts_with("mx:"));
                at.note_if(prefixed, Kind::Prefixed);
            }
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, seen: Seen, at: At<'_>) -> Result<(), E> {
        let sts = self.known_type() == Some(PolicyType::Sts);
        let tlsa = self.known_type() == Some(PolicyType::Tlsa);
        let (policy, mx) = (at.with(Member::PolicyString), at.with(Member::MxHost));
        policy.note_if((sts || tlsa) && !seen.has(Member::PolicyString), Kind::Missing);
        mx.note_if(sts && !seen.has(Member::MxHost), Kind::Missing);
        let out_of_place = self.policy_type.is_some() && !sts && seen.has(Member::MxHost);
        mx.note_if(out_of_place, Kind::MxHostOutOfPlace);
        if tlsa {
            split(&mut self.policy_string, json_in_string, Kind::JsonInString, policy)?;
        }
        split(&mut self.policy_string, lines_in_one, Kind::LinesInOne, policy)
    }
}

/// Takes texts apart that have several texts in them.
fn split<'de, E: Error>(
    texts: &mut Vec<Cow<'de, str>>,
    parts: impl Fn(&str) -> Option<Vec<String>>,
    kind: Kind,
    at: At<'_>,
) -> Result<(), E> {
    if !texts.iter().any(|text| parts(text).is_some()) {
        return Ok(());
    }
    let mut all = Vec::new();
    for text in texts.drain(..) {
        match parts(&text) {
            None => all.push(text),
            Some(parts) => {
                at.note(kind);
                for part in parts {
                    at.one_more_string()?;
                    all.push(Cow::Owned(part));
                }
            }
        }
    }
    *texts = all;
    Ok(())
}

/// TLSA records that somebody has written as JSON into one text. Once: what stands in
/// them is no JSON again.
fn json_in_string(text: &str) -> Option<Vec<String>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let records: Vec<String> = serde_json::from_str(text).ok()?;
    let plain = records.iter().all(|record| !record.trim_start().starts_with('['));
    plain.then_some(records)
}

/// A policy's lines, without their ends.
fn lines_in_one(text: &str) -> Option<Vec<String>> {
    text.contains('\n').then(|| text.lines().map(String::from).collect())
}

fn is_domain(name: &str) -> bool {
    name.contains('.') && DomainName::parse(name).is_ok()
}

impl<'de> Read<'de> for Summary<'de> {
    const WANTED: &'static [Member] = &[Member::Successful, Member::Failure];

    fn empty() -> Self {
        Self::new(0, 0)
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "total-successful-session-count" => Member::Successful,
            "total-failure-session-count" => Member::Failure,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        let count = value.next_value_seed(Count(at))?;
        match member {
            Member::Successful => self.total_successful_session_count = count,
            _ => self.total_failure_session_count = count,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, _: Seen, _: At<'_>) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> Read<'de> for FailureDetails<'de> {
    const WANTED: &'static [Member] = &[
        Member::ResultType,
        Member::SendingMtaIp,
        Member::ReceivingMxHostname,
        Member::ReceivingIp,
        Member::FailedSessionCount,
    ];

    fn empty() -> Self {
        Self::default()
    }

    fn member(name: &str) -> Option<Member> {
        Some(match name {
            "result-type" => Member::ResultType,
            "sending-mta-ip" => Member::SendingMtaIp,
            "receiving-mx-hostname" => Member::ReceivingMxHostname,
            "receiving-mx-helo" => Member::ReceivingMxHelo,
            "receiving-ip" => Member::ReceivingIp,
            "failed-session-count" => Member::FailedSessionCount,
            "additional-information" => Member::AdditionalInformation,
            "failure-reason-code" => Member::FailureReasonCode,
            _ => return None,
        })
    }

    fn alias(name: &str) -> Option<Member> {
        Some(match name {
            "receiving-mx-host-name" => Member::ReceivingMxHostname,
            "additional-info-uri" => Member::AdditionalInformation,
            "failure-error-code" => Member::FailureReasonCode,
            _ => return None,
        })
    }

    fn take<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        value: &mut A,
        at: At<'_>,
    ) -> Result<(), A::Error> {
        match member {
            Member::FailedSessionCount => {
                self.failed_session_count = value.next_value_seed(Count(at))?;
            }
            Member::ResultType => {
                self.result_type = reported(value, at, result_type)?;
            }
            Member::SendingMtaIp => address(value, at, &mut self.sending_mta_ip)?,
            Member::ReceivingIp => address(value, at, &mut self.receiving_ip)?,
            Member::ReceivingMxHostname => text(value, at, &mut self.receiving_mx_hostname)?,
            Member::ReceivingMxHelo => text(value, at, &mut self.receiving_mx_helo)?,
            Member::AdditionalInformation => text(value, at, &mut self.additional_information)?,
            _ => text(value, at, &mut self.failure_reason_code)?,
        }
        Ok(())
    }

    fn unknown(&mut self) -> &mut UnknownMembers<'de> {
        &mut self.unknown
    }

    fn finish<E: Error>(&mut self, _: Seen, _: At<'_>) -> Result<(), E> {
        Ok(())
    }
}

fn text<'de, A: MapAccess<'de>>(
    value: &mut A,
    at: At<'_>,
    into: &mut Option<Cow<'de, str>>,
) -> Result<(), A::Error> {
    value.next_value_seed(Tolerant(Text { at, into }))
}

/// An object without which there is no report.
fn required<'de, A: MapAccess<'de>, T: Read<'de>>(
    value: &mut A,
    at: At<'_>,
) -> Result<T, A::Error> {
    // The members of these objects say themselves whose they are.
    let within = At { place: at.place.without_member(), ..at };
    let mut object = T::empty();
    match value.next_value_seed(Tolerant(Members { at: within, into: &mut object }))? {
        Found::Object => Ok(object),
        Found::Other => Err(at.stop(Fault::Missing)),
    }
}

fn demand<E: Error>(seen: Seen, members: &[Member], at: At<'_>) -> Result<(), E> {
    match members.iter().find(|member| !seen.has(**member)) {
        Some(member) => Err(at.with(*member).stop(Fault::Missing)),
        None => Ok(()),
    }
}

/// A value of a registry, or the text that stands in its place.
fn reported<'de, A: MapAccess<'de>, T>(
    value: &mut A,
    at: At<'_>,
    known: impl Fn(&str) -> Option<T>,
) -> Result<Option<Reported<'de, T>>, A::Error> {
    let mut read = None;
    text(value, at, &mut read)?;
    Ok(read.map(|text| match known(&text) {
        Some(value) => Reported::Known(value),
        None => {
            at.note_if(!text.is_empty(), Kind::UnknownValue);
            Reported::Other(text)
        }
    }))
}

fn policy_type(text: &str) -> Option<PolicyType> {
    PolicyType::ALL.into_iter().find(|one| one.as_str() == text)
}

fn result_type(text: &str) -> Option<ResultType> {
    ResultType::ALL.iter().copied().find(|one| one.as_str() == text)
}

/// An address stays text; only its form is looked at.
fn address<'de, A: MapAccess<'de>>(
    value: &mut A,
    at: At<'_>,
    into: &mut Option<Cow<'de, str>>,
) -> Result<(), A::Error> {
    text(value, at, into)?;
    let odd = |text: &str| !text.is_empty() && !is_address(text);
    at.note_if(into.as_deref().is_some_and(odd), Kind::NotAnAddress);
    Ok(())
}
