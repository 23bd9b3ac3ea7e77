//! What tells a report from all others, and what everything that carries it says of it:
//! its mail, its file, and the list of those already seen (RFC 8460 §5.1, §5.3, §5.6).

use alloc::boxed::Box;
use alloc::string::ToString as _;

use rustls_pki_types::UnixTime;

use super::filename::ReportFilename;
use super::media::MediaType;
use super::report::{PolicyReport, Report};
use super::subject::ReportSubject;
use super::uri::MailAddress;
use crate::domain::DomainName;
use crate::escape::escape;
use crate::failure::PolicyType;

/// What tells reports apart: who sent it, and the id that it has there (RFC 8460 §5.6).
///
/// A report whose key has been seen is a duplicate, and is to be dropped. Ids are
/// compared octet by octet. Only a report that is known to come from the submitter
/// should make others be dropped.
///
/// ```
/// use std::collections::HashSet;
/// use mta_sts::DomainName;
/// use mta_sts::tlsrpt::identity::ReportKey;
///
/// let mut seen = HashSet::new();
/// let key = ReportKey::new(DomainName::parse("sndr.example.com")?, "2024-02-03");
/// assert!(seen.insert(key.clone()));
/// assert!(!seen.insert(key), "a duplicate");
/// # Ok::<_, mta_sts::domain::ParseDomainError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey {
    submitter: DomainName,
    report_id: Box<str>,
}

impl ReportKey {
    /// The key of a report whose submitter is known from elsewhere.
    #[must_use]
    pub fn new(submitter: DomainName, report_id: &str) -> Self {
        Self { submitter, report_id: report_id.into() }
    }

    /// The key of this report, if it has a `report-id` and names its submitter.
    #[must_use]
    pub fn of(report: &Report<'_>) -> Option<Self> {
        let report_id = report.report_id.as_deref().filter(|id| !id.is_empty())?;
        Some(Self::new(report.submitter()?, report_id))
    }

    /// Who sent the report: the domain of `contact-info`.
    #[must_use]
    pub const fn submitter(&self) -> &DomainName {
        &self.submitter
    }

    /// The id: a stranger's text, if the report was received.
    #[must_use]
    pub const fn report_id(&self) -> &str {
        &self.report_id
    }
}

/// What the mail and the file of a report say of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportIdentity {
    policy_domain: DomainName,
    key: ReportKey,
    begin: UnixTime,
    end: UnixTime,
}

impl ReportIdentity {
    /// The last second of the year 9999, which is the last that RFC 3339 and RFC 5322
    /// can write.
    pub const MAX_TIME: u64 = 253_402_300_799;

    /// The identity of a report that we send. The domain that it is about is the
    /// `policy-domain` of its policies; that of a `tlsa` policy, which may be an MX
    /// host's, is looked at only if there is no other.
    ///
    /// # Errors
    ///
    /// [`UnfitReport`] if a member is missing or cannot be sent, or if the report has
    /// more than one domain; then [`about`](Self::about) can say which it is.
    pub fn of(report: &Report<'_>) -> Result<Self, UnfitReport> {
        Self::about(policy_domain(report)?, report)
    }

    /// The identity of a report about this domain.
    ///
    /// # Errors
    ///
    /// [`UnfitReport`] if a member is missing or cannot be sent.
    pub fn about(policy_domain: DomainName, report: &Report<'_>) -> Result<Self, UnfitReport> {
        use UnfitReportKind as Kind;

        let contact = report.contact_info.as_deref().unwrap_or_default();
        let contact = MailAddress::parse(contact)
            .map_err(|_| UnfitReport::new(Kind::ContactInfo, contact))?;
        let report_id = report.report_id.as_deref().filter(|id| !id.is_empty());
        let report_id = report_id.ok_or_else(|| UnfitReport::new(Kind::ReportId, ""))?;
        let (begin, end) = (report.date_range.start_datetime, report.date_range.end_datetime);
        if end < begin || end.as_secs() > Self::MAX_TIME {
            let found = alloc::format!("{} to {}", begin.as_secs(), end.as_secs());
            return Err(UnfitReport::new(Kind::DateRange, &found));
        }
        Ok(Self {
            policy_domain,
            key: ReportKey::new(contact.domain().clone(), report_id),
            begin,
            end,
        })
    }

    /// The domain that the report is about.
    #[must_use]
    pub const fn policy_domain(&self) -> &DomainName {
        &self.policy_domain
    }

    /// Who sends the report, and its id.
    #[must_use]
    pub const fn key(&self) -> &ReportKey {
        &self.key
    }

    /// Who sends the report.
    #[must_use]
    pub const fn submitter(&self) -> &DomainName {
        &self.key.submitter
    }

    /// The `report-id`, not empty.
    #[must_use]
    pub const fn report_id(&self) -> &str {
        &self.key.report_id
    }

    /// The first second that the report is about.
    #[must_use]
    pub const fn begin(&self) -> UnixTime {
        self.begin
    }

    /// The last second, not before the first and at most [`MAX_TIME`](Self::MAX_TIME).
    #[must_use]
    pub const fn end(&self) -> UnixTime {
        self.end
    }

    /// The name of the file, without a unique id (RFC 8460 §5.1).
    #[must_use]
    pub fn filename(&self, media_type: MediaType) -> ReportFilename {
        let (sender, policy_domain) = (self.submitter().clone(), self.policy_domain.clone());
        ReportFilename::new(sender, policy_domain, self.begin, self.end, media_type)
    }

    /// The subject of the mail (RFC 8460 §5.3).
    #[must_use]
    pub fn subject(&self) -> ReportSubject {
        let (policy_domain, submitter) = (self.policy_domain.clone(), self.submitter().clone());
        ReportSubject::new(policy_domain, submitter, self.report_id())
    }
}

/// The one domain that the report is about.
fn policy_domain(report: &Report<'_>) -> Result<DomainName, UnfitReport> {
    let is_tlsa = |one: &&PolicyReport<'_>| one.policy.known_type() == Some(PolicyType::Tlsa);
    let mut domains = report.policies.iter().filter(|one| !is_tlsa(one)).peekable();
    match domains.peek() {
        Some(_) => only_domain(domains),
        None => only_domain(report.policies.iter()),
    }
}

fn only_domain<'a>(
    policies: impl Iterator<Item = &'a PolicyReport<'a>>,
) -> Result<DomainName, UnfitReport> {
    let mut only = None;
    for one in policies {
        let text = one.policy.policy_domain.as_deref().unwrap_or_default();
        let domain = DomainName::parse(text)
            .map_err(|_| UnfitReport::new(UnfitReportKind::PolicyDomain, text))?;
        if *only.get_or_insert_with(|| domain.clone()) != domain {
            return Err(UnfitReport::new(UnfitReportKind::SeveralDomains, text));
        }
    }
    only.ok_or_else(|| UnfitReport::new(UnfitReportKind::PolicyDomain, ""))
}

/// Why a report cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, found `{found}`")]
pub struct UnfitReport {
    kind: UnfitReportKind,
    found: Box<str>,
}

impl UnfitReport {
    fn new(kind: UnfitReportKind, found: &str) -> Self {
        Self { kind, found: escape(found).to_string().into() }
    }

    /// What was expected of which member.
    #[must_use]
    pub const fn kind(&self) -> UnfitReportKind {
        self.kind
    }

    /// What stands there, shortened and [escaped](crate::escape); empty if nothing does.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What a report needs to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UnfitReportKind {
    /// `contact-info` is a mail address: its domain is the submitter.
    #[error("expected a mail address as contact-info")]
    ContactInfo,
    /// `report-id` is not empty.
    #[error("expected a report-id")]
    ReportId,
    /// `date-range` does not end before it begins, nor after
    /// [`ReportIdentity::MAX_TIME`].
    #[error("expected a date-range that does not end before its start, nor after the year 9999")]
    DateRange,
    /// `policy-domain` is a domain name.
    #[error("expected a domain name as policy-domain")]
    PolicyDomain,
    /// All policies are of one domain.
    #[error("expected one policy-domain in all policies")]
    SeveralDomains,
}
