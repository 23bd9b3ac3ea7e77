//! The members of a report's objects, and places in a report.

use core::fmt;

/// The members that RFC 8460 §4.4 defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Member {
    OrganizationName,
    DateRange,
    ContactInfo,
    ReportId,
    Policies,
    StartDatetime,
    EndDatetime,
    Policy,
    Summary,
    FailureDetails,
    PolicyType,
    PolicyString,
    PolicyDomain,
    MxHost,
    Successful,
    Failure,
    ResultType,
    SendingMtaIp,
    ReceivingMxHostname,
    ReceivingMxHelo,
    ReceivingIp,
    FailedSessionCount,
    AdditionalInformation,
    FailureReasonCode,
}

impl Member {
    /// The name in JSON.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationName => "organization-name",
            Self::DateRange => "date-range",
            Self::ContactInfo => "contact-info",
            Self::ReportId => "report-id",
            Self::Policies => "policies",
            Self::StartDatetime => "start-datetime",
            Self::EndDatetime => "end-datetime",
            Self::Policy => "policy",
            Self::Summary => "summary",
            Self::FailureDetails => "failure-details",
            Self::PolicyType => "policy-type",
            Self::PolicyString => "policy-string",
            Self::PolicyDomain => "policy-domain",
            Self::MxHost => "mx-host",
            Self::Successful => "total-successful-session-count",
            Self::Failure => "total-failure-session-count",
            Self::ResultType => "result-type",
            Self::SendingMtaIp => "sending-mta-ip",
            Self::ReceivingMxHostname => "receiving-mx-hostname",
            Self::ReceivingMxHelo => "receiving-mx-helo",
            Self::ReceivingIp => "receiving-ip",
            Self::FailedSessionCount => "failed-session-count",
            Self::AdditionalInformation => "additional-information",
            Self::FailureReasonCode => "failure-reason-code",
        }
    }

    /// What stands between the element of `policies` or the report and the member.
    const fn parent(self) -> &'static str {
        match self {
            Self::StartDatetime | Self::EndDatetime => "date-range.",
            Self::PolicyType | Self::PolicyString | Self::PolicyDomain | Self::MxHost => "policy.",
            Self::Successful | Self::Failure => "summary.",
            _ => "",
        }
    }

    /// One bit of its own.
    pub(super) const fn bit(self) -> u32 {
        #[expect(clippy::as_conversions, reason = "a fieldless enum of 24")]
        1_u32.wrapping_shl(self as u32)
    }
}

/// A place in a report: `policies[1].failure-details[0].receiving-ip`. Elements are
/// counted from 0, as JSON's readers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    // Small, since every value that is read has one: `NONE` stands for no index.
    policy: u32,
    row: u32,
    member: Option<Member>,
}

const NONE: u32 = u32::MAX;

impl Place {
    /// The report itself.
    pub(super) const REPORT: Self = Self { policy: NONE, row: NONE, member: None };

    /// The element of `policies`; beyond all limits, none.
    pub(super) fn of_policy(index: usize) -> Self {
        Self { policy: u32::try_from(index).unwrap_or(NONE), ..Self::REPORT }
    }

    /// The element of this policy's `failure-details`.
    pub(super) fn of_row(self, index: usize) -> Self {
        Self { row: u32::try_from(index).unwrap_or(NONE), member: None, ..self }
    }

    /// A member of what this is the place of.
    pub(super) const fn with(self, member: Member) -> Self {
        Self { member: Some(member), ..self }
    }

    /// What has this place's member.
    pub(super) const fn without_member(self) -> Self {
        Self { member: None, ..self }
    }

    /// Which element of `policies`, from 0.
    #[must_use]
    pub fn policy(self) -> Option<usize> {
        index(self.policy)
    }

    /// Which element of its `failure-details`, from 0.
    #[must_use]
    pub fn row(self) -> Option<usize> {
        index(self.row)
    }

    /// The member's name in JSON.
    #[must_use]
    pub fn member(self) -> Option<&'static str> {
        self.member.map(Member::as_str)
    }
}

fn index(index: u32) -> Option<usize> {
    usize::try_from(index).ok().filter(|_| index != NONE)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        if let Some(policy) = self.policy() {
            write!(f, "policies[{policy}]")?;
            dot = ".";
        }
        if let Some(row) = self.row() {
            write!(f, "{dot}failure-details[{row}]")?;
        }
        match self.member {
            Some(member) => write!(f, "{dot}{}{}", member.parent(), member.as_str()),
            None if self.policy().is_none() => f.write_str("report"),
            None => Ok(()),
        }
    }
}
