//! Reports of what was counted (RFC 8460 §4.3, §4.4).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::day::UtcDay;
use super::domain::{DomainTally, PolicyTally};
use super::policy::PolicyRef;
use super::rows::RowRef;
use crate::domain::DomainName;
use crate::escape::escape;
use crate::failure::ResultType;
use crate::tlsrpt::report::{
    DateRange, FailureDetails, PolicyDescription, PolicyReport, Report, Summary, is_noncharacter,
};
use crate::tlsrpt::uri::MailAddress;

/// The `failure-reason-code` of a row that stands for all rows of its result type that
/// are not kept.
pub const OTHER_ROWS: &str = "other-rows";

/// The characters that the tag of an instance may have, so that a report-id stays short:
/// as an `id` of MTA-STS (RFC 8461 §3.1).
pub const MAX_INSTANCE_LEN: usize = 32;

/// The octets of most report-ids, so that one allocation is enough for them.
const USUAL_ID_LEN: usize = 64;

/// Who reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitter {
    organization_name: Box<str>,
    contact_info: Box<str>,
    domain: DomainName,
    instance: Option<Box<str>>,
}

impl Submitter {
    /// An organisation, and the mail address of those who answer for its reports, in
    /// A-labels. The domain of that is what RFC 8460 §5.3 calls the submitter.
    ///
    /// # Errors
    ///
    /// [`SubmitterError`] if there is no name, or the address is no [`MailAddress`].
    pub fn new(organization_name: &str, contact_info: &str) -> Result<Self, SubmitterError> {
        let error = |kind, found| SubmitterError::new(kind, found);
        if organization_name.trim().is_empty() || organization_name.contains(is_noncharacter) {
            return Err(error(SubmitterErrorKind::OrganizationName, organization_name));
        }
        // As strict as `ReportIdentity`, or there would be reports that cannot be sent.
        let address = MailAddress::parse(contact_info)
            .map_err(|_| error(SubmitterErrorKind::ContactInfo, contact_info))?;
        Ok(Self {
            organization_name: organization_name.into(),
            contact_info: contact_info.into(),
            domain: address.domain().clone(),
            instance: None,
        })
    }

    /// One of several that report for themselves of the same day, such as a host whose
    /// tally is not merged: the tag keeps their report-ids apart.
    ///
    /// # Errors
    ///
    /// [`SubmitterError`] unless the tag has 1 to [`MAX_INSTANCE_LEN`] letters and digits.
    pub fn with_instance(mut self, tag: &str) -> Result<Self, SubmitterError> {
        let fits = tag.bytes().all(|b| b.is_ascii_alphanumeric());
        if tag.is_empty() || tag.len() > MAX_INSTANCE_LEN || !fits {
            return Err(SubmitterError::new(SubmitterErrorKind::Instance, tag));
        }
        self.instance = Some(tag.into());
        Ok(self)
    }

    /// `organization-name`.
    #[must_use]
    pub const fn organization_name(&self) -> &str {
        &self.organization_name
    }

    /// `contact-info`: a mail address.
    #[must_use]
    pub const fn contact_info(&self) -> &str {
        &self.contact_info
    }

    /// The domain of that address.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The tag that tells it from others of the same name.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// What is neither letter, digit, hyphen nor dot stands between the parts, so that no
    /// two are alike.
    fn report_id(&self, day: UtcDay, domain: &str) -> String {
        let mut id = String::with_capacity(USUAL_ID_LEN);
        let [mark, tag] = self.instance.as_deref().map(|tag| ["_", tag]).unwrap_or_default();
        let parts = ["_", domain, mark, tag, "@", self.domain.as_str()];
        id.push_str(&day.to_string());
        id.extend(parts);
        id
    }

    pub(super) fn report<'a>(
        &'a self,
        day: UtcDay,
        domain: &'a str,
        tally: &'a DomainTally,
    ) -> Report<'a> {
        let mut counted: Vec<_> = tally.policies().collect();
        counted.sort_by(|one, other| {
            one.policy.as_ref().reported().cmp(&other.policy.as_ref().reported())
        });
        Report {
            organization_name: Some(Cow::Borrowed(&self.organization_name)),
            contact_info: Some(Cow::Borrowed(&self.contact_info)),
            report_id: Some(Cow::Owned(self.report_id(day, domain))),
            policies: counted.into_iter().map(|one| policy_report(domain, one)).collect(),
            ..Report::new(DateRange::new(day.start(), day.end()))
        }
    }
}

fn policy_report<'a>(next_hop: &'a str, tally: &'a PolicyTally) -> PolicyReport<'a> {
    let policy = description(next_hop, tally.policy.as_ref());
    let mut kept: Vec<_> = tally.rows.kept().collect();
    kept.sort_unstable_by_key(|(row, _)| *row);
    let kept = kept.into_iter().map(|(row, count)| details(row, count));
    let others = tally.rows.others().map(|(result_type, count)| other_rows(result_type, count));
    PolicyReport {
        failure_details: kept.chain(others).collect(),
        ..PolicyReport::new(policy, Summary::new(tally.successes, tally.failures))
    }
}

/// Which policy it was (RPT-9, RPT-11).
fn description<'a>(next_hop: &'a str, policy: PolicyRef<'a>) -> PolicyDescription<'a> {
    let mut said = PolicyDescription::new(policy.policy_type(), next_hop);
    match policy {
        PolicyRef::Tlsa(rrset) => {
            said.policy_domain = Some(Cow::Borrowed(rrset.base_domain().as_str()));
            said.policy_string = rrset.records().map(Cow::Borrowed).collect();
        }
        PolicyRef::Sts(policy) => {
            said.policy_string = policy.lines().map(writable).collect();
            said.mx_host = policy.mx().map(|mx| Cow::Borrowed(mx.as_str())).collect();
        }
        PolicyRef::Refused(body) => said.policy_string = body.lines().map(writable).collect(),
        PolicyRef::NoPolicyFound | PolicyRef::UnknownTlsa | PolicyRef::Others(_) => {}
    }
    said
}

/// The text of a stranger as I-JSON can have it (RFC 7493 §2.1): one noncharacter must
/// not keep a report from being written.
fn writable(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_noncharacter) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_noncharacter, "\u{fffd}"))
}

fn details(row: RowRef<'_>, count: u64) -> FailureDetails<'_> {
    FailureDetails {
        sending_mta_ip: row.sending_ip.map(|ip| Cow::Owned(address(ip))),
        receiving_mx_hostname: row.mx.map(Cow::Borrowed),
        receiving_mx_helo: row.helo.map(writable),
        receiving_ip: row.receiving_ip.map(|ip| Cow::Owned(address(ip))),
        failure_reason_code: Some(Cow::Borrowed(row.failure.reason_code().as_str())),
        ..FailureDetails::new(row.failure.result_type(), count)
    }
}

/// As `Display` shows it; reports have many, and of IPv4 it is made five times as fast by
/// hand.
fn address(ip: IpAddr) -> String {
    let IpAddr::V4(ip) = ip else { return ip.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in ip.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        if octet >= 100 {
            text.push(char::from(b'0' | (octet / 100)));
        }
        if octet >= 10 {
            text.push(char::from(b'0' | (octet / 10 % 10)));
        }
        text.push(char::from(b'0' | (octet % 10)));
    }
    text
}

fn other_rows(result_type: ResultType, count: u64) -> FailureDetails<'static> {
    FailureDetails {
        failure_reason_code: Some(Cow::Borrowed(OTHER_ROWS)),
        ..FailureDetails::new(result_type, count)
    }
}

/// Why nobody can report like that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, found `{found}`")]
pub struct SubmitterError {
    kind: SubmitterErrorKind,
    found: Box<str>,
}

impl SubmitterError {
    fn new(kind: SubmitterErrorKind, found: &str) -> Self {
        Self { kind, found: escape(found).to_string().into() }
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> SubmitterErrorKind {
        self.kind
    }

    /// The text, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What a submitter should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitterErrorKind {
    /// A name, of characters that JSON may have.
    #[error("expected the name of an organisation")]
    OrganizationName,
    /// A mail address.
    #[error("expected a mail address")]
    ContactInfo,
    /// A tag of few letters and digits.
    #[error("expected 1 to {MAX_INSTANCE_LEN} letters and digits")]
    Instance,
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn rpt_1_ipv4_is_shown_as_the_standard_library_does() {
        for octet in 0..=255 {
            let ip = Ipv4Addr::new(octet, 0, octet / 2, 255);
            assert_eq!(address(ip.into()), ip.to_string());
        }
    }
}
