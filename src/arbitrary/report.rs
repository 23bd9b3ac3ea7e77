//! Reports that a sender may send.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use ::arbitrary::{Arbitrary, Result, Unstructured};
use rustls_pki_types::UnixTime;

use super::{domain, text};
use crate::failure::{PolicyType, ResultType};
use crate::sts::Policy;
use crate::tlsrpt::report::{
    DateRange, FailureDetails, MAX_COUNT, PolicyDescription, PolicyReport, Report, Summary,
    UnknownMembers,
};

/// Members that RFC 8460 does not define.
const UNKNOWN: [(&str, &str); 5] = [
    ("version", "1"),
    ("x", r#"{"a": [1, -2.5e3, null, true, {"b": "\u00e4 \ud83d\ude00"}]}"#),
    ("", "\"\""),
    ("summary ", "[]"),
    ("receiving-mx", "18446744073709551616"),
];

/// Now and then a member that RFC 8460 does not define; without the feature that reads
/// them, none.
fn unknown(u: &mut Unstructured<'_>) -> Result<UnknownMembers<'static>> {
    #[allow(unused_mut, reason = "without the feature `json`")]
    let mut members = UnknownMembers::default();
    if u.ratio(1, 8)? {
        let _one = *u.choose(&UNKNOWN)?;
        #[cfg(feature = "json")]
        members.insert(_one.0.into(), _one.1.into());
    }
    Ok(members)
}

/// Any text of I-JSON but the empty one.
fn anything(u: &mut Unstructured<'_>) -> Result<String> {
    let pieces = ["a", "B7", "@", "\"", "\\", "\r\n", "\0", "é", "\u{202e}", "😀", " ", "/"];
    let len = u.int_in_range(1..=8)?;
    (0..len).map(|_| Ok(*u.choose(&pieces)?)).collect()
}

fn optional(u: &mut Unstructured<'_>) -> Result<Option<Cow<'static, str>>> {
    Ok(if u.arbitrary()? { Some(Cow::Owned(anything(u)?)) } else { None })
}

fn count(u: &mut Unstructured<'_>) -> Result<u64> {
    if u.ratio(1, 16)? { Ok(MAX_COUNT) } else { u.int_in_range(0..=5) }
}

fn seconds(u: &mut Unstructured<'_>) -> Result<u64> {
    Ok(u64::from(u.arbitrary::<u16>()?).saturating_mul(86_400))
}

/// Mostly of one day.
impl<'a> Arbitrary<'a> for DateRange<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let start = seconds(u)?;
        let length = if u.ratio(1, 8)? { seconds(u)? } else { 86_399 };
        let time = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        let mut range = Self::new(time(start), time(start.saturating_add(length)));
        range.unknown = unknown(u)?;
        Ok(range)
    }
}

impl<'a> Arbitrary<'a> for PolicyType {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&Self::ALL).copied()
    }
}

impl<'a> Arbitrary<'a> for PolicyDescription<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let policy_type = PolicyType::arbitrary(u)?;
        let mut policy = Self::new(policy_type, domain(u)?);
        match policy_type {
            PolicyType::Sts => {
                let published = Policy::arbitrary(u)?;
                let lines = published.as_str().lines();
                policy.policy_string = lines.map(|line| String::from(line).into()).collect();
                let hosts = published.mx().map(|mx| String::from(mx.as_str()).into());
                policy.mx_host = hosts.collect();
            }
            PolicyType::Tlsa => {
                for _ in 0..u.int_in_range(0..=3)? {
                    let data = text(u, b"0123456789abcdef", 1, 64)?;
                    let usage = u.int_in_range(0..=3_u8)?;
                    policy.policy_string.push(format!("{usage} 1 1 {data}").into());
                }
            }
            PolicyType::NoPolicyFound => {}
        }
        policy.unknown = unknown(u)?;
        Ok(policy)
    }
}

impl<'a> Arbitrary<'a> for Summary<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut summary = Self::new(count(u)?, count(u)?);
        summary.unknown = unknown(u)?;
        Ok(summary)
    }
}

impl<'a> Arbitrary<'a> for FailureDetails<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut row = Self::new(ResultType::arbitrary(u)?, count(u)?);
        let address = |u: &mut Unstructured<'a>| {
            let address: Option<IpAddr> = u.arbitrary()?;
            Ok(address.map(|address| Cow::Owned(address.to_string())))
        };
        row.sending_mta_ip = address(u)?;
        row.receiving_ip = address(u)?;
        row.receiving_mx_hostname = if u.arbitrary()? { Some(domain(u)?.into()) } else { None };
        row.receiving_mx_helo = optional(u)?;
        row.additional_information = optional(u)?;
        row.failure_reason_code = optional(u)?;
        row.unknown = unknown(u)?;
        Ok(row)
    }
}

impl<'a> Arbitrary<'a> for PolicyReport<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut report = Self::new(PolicyDescription::arbitrary(u)?, Summary::arbitrary(u)?);
        for _ in 0..u.int_in_range(0..=3)? {
            report.failure_details.push(FailureDetails::arbitrary(u)?);
        }
        report.unknown = unknown(u)?;
        Ok(report)
    }
}

/// One that `Report::to_json` (feature `json`) writes.
impl<'a> Arbitrary<'a> for Report<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut report = Self::new(DateRange::arbitrary(u)?);
        report.organization_name = Some(anything(u)?.into());
        report.contact_info = Some(match u.arbitrary()? {
            true => format!("tlsrpt@{}", domain(u)?).into(),
            false => anything(u)?.into(),
        });
        report.report_id = Some(anything(u)?.into());
        let policies = u.int_in_range(1..=3)?;
        report.policies =
            (0..policies).map(|_| PolicyReport::arbitrary(u)).collect::<Result<Vec<_>>>()?;
        report.unknown = unknown(u)?;
        Ok(report)
    }
}
