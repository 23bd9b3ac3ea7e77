//! The members of a report's objects, and places in a report.

use core::fmt;

/// The objects of a report, each of which has members of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Report,
    DateRange,
    PolicyReport,
    Policy,
    Summary,
    Row,
}

/// The members that RFC 8460 §4.4 defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// The member of this name, and whether the name is another one seen in the wild.
    pub(super) fn of(object: Object, name: &str) -> Option<(Self, Name)> {
        let member = match (object, name) {
            (Object::Report, "organization-name") => Self::OrganizationName,
            (Object::Report, "date-range") => Self::DateRange,
            (Object::Report, "contact-info") => Self::ContactInfo,
            (Object::Report, "report-id") => Self::ReportId,
            (Object::Report, "policies") => Self::Policies,
            (Object::DateRange, "start-datetime") => Self::StartDatetime,
            (Object::DateRange, "end-datetime") => Self::EndDatetime,
            (Object::PolicyReport, "policy") => Self::Policy,
            (Object::PolicyReport, "summary") => Self::Summary,
            (Object::PolicyReport, "failure-details") => Self::FailureDetails,
            (Object::Policy, "policy-type") => Self::PolicyType,
            (Object::Policy, "policy-string") => Self::PolicyString,
            (Object::Policy, "policy-domain") => Self::PolicyDomain,
            (Object::Policy, "mx-host") => Self::MxHost,
            (Object::Summary, "total-successful-session-count") => Self::Successful,
            (Object::Summary, "total-failure-session-count") => Self::Failure,
            (Object::Row, "result-type") => Self::ResultType,
            (Object::Row, "sending-mta-ip") => Self::SendingMtaIp,
            (Object::Row, "receiving-mx-hostname") => Self::ReceivingMxHostname,
            (Object::Row, "receiving-mx-helo") => Self::ReceivingMxHelo,
            (Object::Row, "receiving-ip") => Self::ReceivingIp,
            (Object::Row, "failed-session-count") => Self::FailedSessionCount,
            (Object::Row, "additional-information") => Self::AdditionalInformation,
            (Object::Row, "failure-reason-code") => Self::FailureReasonCode,
            _ => return Self::of_alias(object, name).map(|member| (member, Name::Alias)),
        };
        Some((member, Name::Own))
    }

    /// The drafts of the RFC, and one sender's own name.
    fn of_alias(object: Object, name: &str) -> Option<Self> {
        Some(match (object, name) {
            (Object::Policy, "mx-host-pattern") => Self::MxHost,
            (Object::Row, "receiving-mx-host-name") => Self::ReceivingMxHostname,
            (Object::Row, "additional-info-uri") => Self::AdditionalInformation,
            (Object::Row, "failure-error-code") => Self::FailureReasonCode,
            _ => return None,
        })
    }

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

/// Under which name a member stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Own,
    Alias,
}

/// A place in a report: `policies[1].failure-details[0].receiving-ip`. Elements are
/// counted from 0, as JSON's readers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    policy: Option<usize>,
    row: Option<usize>,
    member: Option<Member>,
}

impl Place {
    /// The report itself.
    pub(super) const REPORT: Self = Self { policy: None, row: None, member: None };

    /// Within the element of `policies`, if any, and of its `failure-details`, if any.
    pub(super) const fn new(policy: Option<usize>, row: Option<usize>) -> Self {
        Self { policy, row, member: None }
    }

    pub(super) const fn with(self, member: Member) -> Self {
        Self { member: Some(member), ..self }
    }

    /// Which element of `policies`, from 0.
    #[must_use]
    pub const fn policy(self) -> Option<usize> {
        self.policy
    }

    /// Which element of its `failure-details`, from 0.
    #[must_use]
    pub const fn row(self) -> Option<usize> {
        self.row
    }

    /// The member's name in JSON.
    #[must_use]
    pub fn member(self) -> Option<&'static str> {
        self.member.map(Member::as_str)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        if let Some(policy) = self.policy {
            write!(f, "policies[{policy}]")?;
            dot = ".";
        }
        if let Some(row) = self.row {
            write!(f, "{dot}failure-details[{row}]")?;
        }
        match self.member {
            Some(member) => write!(f, "{dot}{}{}", member.parent(), member.as_str()),
            None if self.policy.is_none() => f.write_str("report"),
            None => Ok(()),
        }
    }
}
