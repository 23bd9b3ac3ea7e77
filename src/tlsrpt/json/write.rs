//! The writer: one order of members, no white space, and what a sender may send.

use alloc::borrow::Cow;
use alloc::string::String;

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::error::{WriteReportError, WriteReportErrorKind as Kind};
use super::member::{Member, Place};
use super::object::Read;
use super::{address, date, i_json};
use crate::domain::DomainName;
use crate::failure::PolicyType;
use crate::tlsrpt::report::{
    DateRange, FailureDetails, MAX_COUNT, PolicyDescription, PolicyReport, Report, Summary,
    UnknownMembers,
};

/// Writes whatever is in a report.
pub(super) fn write(report: &Report<'_>) -> Result<String, WriteReportError> {
    // Nothing but a date can fail: names are texts, and unknown members are JSON.
    let date = |_| WriteReportError::new(Kind::Date, Place::REPORT.with(Member::DateRange));
    serde_json::to_string(&Json(report)).map_err(date)
}

/// A part of a report on its way to JSON.
struct Json<'r, T>(&'r T);

type Map<S> = <S as Serializer>::SerializeMap;

fn unknown<S: Serializer>(map: &mut Map<S>, members: &UnknownMembers<'_>) -> Result<(), S::Error> {
    for (name, json) in members.iter() {
        let json: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
        map.serialize_entry(name, json)?;
    }
    Ok(())
}

fn text<S: Serializer>(
    map: &mut Map<S>,
    member: Member,
    text: Option<&str>,
) -> Result<(), S::Error> {
    text.map_or(Ok(()), |text| map.serialize_entry(member.as_str(), text))
}

/// The elements, each by [`Json`].
struct Each<'r, T>(&'r [T]);

impl<'r, T> Serialize for Each<'r, T>
where
    Json<'r, T>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Json))
    }
}

impl Serialize for Json<'_, Report<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let mut map = serializer.serialize_map(None)?;
        text::<S>(&mut map, Member::OrganizationName, report.organization_name.as_deref())?;
        map.serialize_entry(Member::DateRange.as_str(), &Json(&report.date_range))?;
        text::<S>(&mut map, Member::ContactInfo, report.contact_info.as_deref())?;
        text::<S>(&mut map, Member::ReportId, report.report_id.as_deref())?;
        map.serialize_entry(Member::Policies.as_str(), &Each(&report.policies))?;
        unknown::<S>(&mut map, &report.unknown)?;
        map.end()
    }
}

impl Serialize for Json<'_, DateRange<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let write = |time| date::write(time).ok_or_else(|| S::Error::custom("no such date"));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(Member::StartDatetime.as_str(), &write(self.0.start_datetime)?)?;
        map.serialize_entry(Member::EndDatetime.as_str(), &write(self.0.end_datetime)?)?;
        unknown::<S>(&mut map, &self.0.unknown)?;
        map.end()
    }
}

impl Serialize for Json<'_, PolicyReport<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(Member::Policy.as_str(), &Json(&self.0.policy))?;
        map.serialize_entry(Member::Summary.as_str(), &Json(&self.0.summary))?;
        if !self.0.failure_details.is_empty() {
            map.serialize_entry(Member::FailureDetails.as_str(), &Each(&self.0.failure_details))?;
        }
        unknown::<S>(&mut map, &self.0.unknown)?;
        map.end()
    }
}

impl Serialize for Json<'_, PolicyDescription<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let policy = self.0;
        let kind = policy.known_type();
        let list = |map: &mut Map<S>, member: Member, texts: &[Cow<'_, str>], wanted: bool| {
            if texts.is_empty() && !wanted {
                return Ok(());
            }
            map.serialize_entry(member.as_str(), texts)
        };
        let quoted = matches!(kind, Some(PolicyType::Sts | PolicyType::Tlsa));
        let mut map = serializer.serialize_map(None)?;
        let policy_type = policy.policy_type.as_ref().map(|one| one.as_str());
        text::<S>(&mut map, Member::PolicyType, policy_type)?;
        list(&mut map, Member::PolicyString, &policy.policy_string, quoted)?;
        text::<S>(&mut map, Member::PolicyDomain, policy.policy_domain.as_deref())?;
        list(&mut map, Member::MxHost, &policy.mx_host, kind == Some(PolicyType::Sts))?;
        unknown::<S>(&mut map, &policy.unknown)?;
        map.end()
    }
}

impl Serialize for Json<'_, Summary<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(Member::Successful.as_str(), &summary.total_successful_session_count)?;
        map.serialize_entry(Member::Failure.as_str(), &summary.total_failure_session_count)?;
        unknown::<S>(&mut map, &summary.unknown)?;
        map.end()
    }
}

impl Serialize for Json<'_, FailureDetails<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut map = serializer.serialize_map(None)?;
        let result_type = row.result_type.as_ref().map(|one| one.as_str());
        text::<S>(&mut map, Member::ResultType, result_type)?;
        text::<S>(&mut map, Member::SendingMtaIp, row.sending_mta_ip.as_deref())?;
        text::<S>(&mut map, Member::ReceivingMxHostname, row.receiving_mx_hostname.as_deref())?;
        text::<S>(&mut map, Member::ReceivingMxHelo, row.receiving_mx_helo.as_deref())?;
        text::<S>(&mut map, Member::ReceivingIp, row.receiving_ip.as_deref())?;
        map.serialize_entry(Member::FailedSessionCount.as_str(), &row.failed_session_count)?;
        text::<S>(&mut map, Member::AdditionalInformation, row.additional_information.as_deref())?;
        text::<S>(&mut map, Member::FailureReasonCode, row.failure_reason_code.as_deref())?;
        unknown::<S>(&mut map, &row.unknown)?;
        map.end()
    }
}

/// Says what keeps a report from being one that a sender may send.
pub(super) fn check(report: &Report<'_>) -> Result<(), WriteReportError> {
    let place = Place::REPORT;
    required(report.organization_name.as_deref(), place.with(Member::OrganizationName))?;
    required(report.contact_info.as_deref(), place.with(Member::ContactInfo))?;
    required(report.report_id.as_deref(), place.with(Member::ReportId))?;
    let DateRange { start_datetime, end_datetime, .. } = report.date_range;
    let in_order = start_datetime <= end_datetime;
    demand(in_order, Kind::Date, place.with(Member::EndDatetime))?;
    once::<Report<'_>>(&report.unknown, place)?;
    once::<DateRange<'_>>(&report.date_range.unknown, place)?;
    demand(!report.policies.is_empty(), Kind::Missing, place.with(Member::Policies))?;
    for (index, policy) in report.policies.iter().enumerate() {
        let place = Place::of_policy(index);
        once::<PolicyReport<'_>>(&policy.unknown, place)?;
        described(&policy.policy, place)?;
        let Summary { total_successful_session_count, total_failure_session_count, .. } =
            policy.summary;
        once::<Summary<'_>>(&policy.summary.unknown, place)?;
        count(total_successful_session_count, place.with(Member::Successful))?;
        count(total_failure_session_count, place.with(Member::Failure))?;
        for (row, details) in policy.failure_details.iter().enumerate() {
            failed(details, place.of_row(row))?;
        }
    }
    Ok(())
}

fn described(policy: &PolicyDescription<'_>, place: Place) -> Result<(), WriteReportError> {
    once::<PolicyDescription<'_>>(&policy.unknown, place)?;
    let known = policy.known_type();
    let kind = known.ok_or(match policy.policy_type {
        None => WriteReportError::new(Kind::Missing, place.with(Member::PolicyType)),
        Some(_) => WriteReportError::new(Kind::UnknownValue, place.with(Member::PolicyType)),
    })?;
    let domain = policy.policy_domain.as_deref();
    required(domain, place.with(Member::PolicyDomain))?;
    let is_domain = domain.is_some_and(|name| DomainName::parse(name).is_ok());
    demand(is_domain, Kind::Domain, place.with(Member::PolicyDomain))?;
    let at = place.with(Member::PolicyString);
    let quoted = kind != PolicyType::NoPolicyFound || policy.policy_string.is_empty();
    demand(quoted, Kind::OutOfPlace, at)?;
    for line in &policy.policy_string {
        let fits = match kind {
            PolicyType::Tlsa => is_tlsa(line),
            PolicyType::Sts | PolicyType::NoPolicyFound => !line.contains('\n'),
        };
        demand(fits, Kind::PolicyString, at)?;
        fits_i_json(line, at)?;
    }
    let at = place.with(Member::MxHost);
    demand(kind == PolicyType::Sts || policy.mx_host.is_empty(), Kind::OutOfPlace, at)?;
    policy.mx_host.iter().try_for_each(|pattern| fits_i_json(pattern, at))
}

fn failed(row: &FailureDetails<'_>, place: Place) -> Result<(), WriteReportError> {
    once::<FailureDetails<'_>>(&row.unknown, place)?;
    let at = place.with(Member::ResultType);
    demand(row.result_type.is_some(), Kind::Missing, at)?;
    demand(row.known_type().is_some(), Kind::UnknownValue, at)?;
    addressed(row.sending_mta_ip.as_deref(), place.with(Member::SendingMtaIp))?;
    addressed(row.receiving_ip.as_deref(), place.with(Member::ReceivingIp))?;
    let host = row.receiving_mx_hostname.as_deref();
    let at = place.with(Member::ReceivingMxHostname);
    demand(host.is_none_or(|host| !host.is_empty() && host.is_ascii()), Kind::Domain, at)?;
    count(row.failed_session_count, place.with(Member::FailedSessionCount))?;
    for (value, member) in [
        (&row.receiving_mx_helo, Member::ReceivingMxHelo),
        (&row.additional_information, Member::AdditionalInformation),
        (&row.failure_reason_code, Member::FailureReasonCode),
    ] {
        value.as_deref().map_or(Ok(()), |text| fits_i_json(text, place.with(member)))?;
    }
    Ok(())
}

/// What is unknown in one object of a report may have the name of a known member in
/// another, to which it was moved.
fn once<'a, T: Read<'a>>(
    unknown: &UnknownMembers<'_>,
    place: Place,
) -> Result<(), WriteReportError> {
    let known = unknown.iter().find_map(|(name, _)| T::member(name));
    known.map_or(Ok(()), |member| Err(WriteReportError::new(Kind::Duplicate, place.with(member))))
}

fn demand(holds: bool, kind: Kind, place: Place) -> Result<(), WriteReportError> {
    holds.then_some(()).ok_or(WriteReportError::new(kind, place))
}

fn required(text: Option<&str>, place: Place) -> Result<(), WriteReportError> {
    let text = text.filter(|text| !text.is_empty());
    fits_i_json(text.ok_or(WriteReportError::new(Kind::Missing, place))?, place)
}

fn count(count: u64, place: Place) -> Result<(), WriteReportError> {
    demand(count <= MAX_COUNT, Kind::Count, place)
}

/// The one form of RFC 5952 (RPT-1), which the standard library writes.
fn addressed(text: Option<&str>, place: Place) -> Result<(), WriteReportError> {
    demand(text.is_none_or(address::is_canonical), Kind::Address, place)
}

/// I-JSON has no noncharacters (RFC 7493 §2.1); surrogates are none of Rust's.
fn fits_i_json(text: &str, place: Place) -> Result<(), WriteReportError> {
    demand(i_json::is_text(text), Kind::Text, place)
}

/// Usage, selector, matching type and data, with single spaces (RPT-9).
fn is_tlsa(line: &str) -> bool {
    let mut fields = line.split(' ');
    let octet = |field: Option<&str>| {
        field.is_some_and(|text| {
            text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u8>().is_ok()
        })
    };
    let first = octet(fields.next()) && octet(fields.next()) && octet(fields.next());
    let data = fields
        .next()
        .is_some_and(|data| !data.is_empty() && data.bytes().all(|b| b.is_ascii_hexdigit()));
    first && data && fields.next().is_none()
}
