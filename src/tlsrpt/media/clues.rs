//! What is said about a report beside it: by the headers and the subject of its mail, and
//! by the name of its file (RFC 8460 §5.1, §5.3, §5.6).

use alloc::string::ToString as _;
use core::fmt;

use rustls_pki_types::UnixTime;

use super::deviation::MediaDeviation;
use crate::domain::DomainName;
use crate::failure::PolicyType;
use crate::reading::Deviations;
use crate::tlsrpt::filename::ReportFilename;
use crate::tlsrpt::report::{PolicyReport, Report};
use crate::tlsrpt::subject::ReportSubject;

/// What is said about a report beside it.
///
/// The report itself wins over all of it (RFC 8460 §5.6): [`differences`](Self::differences)
/// tells where they are at odds. Where the report says nothing, the first of these
/// does that says it: the headers `TLS-Report-Domain` and `TLS-Report-Submitter`, the
/// subject, the file name. Only what reads as a domain or a time is a clue.
///
/// None of it is authenticated.
///
/// ```
/// use mta_sts::tlsrpt::media::Clues;
///
/// let clues = Clues::default().with_file_name("a.example!b.example!1725321600!1725407999.json");
/// assert_eq!(clues.submitter().unwrap().as_str(), "a.example");
/// assert_eq!(clues.domain().unwrap().as_str(), "b.example");
/// assert_eq!(clues.begin().unwrap().as_secs(), 1_725_321_600);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clues {
    pub(super) header_domain: Option<DomainName>,
    pub(super) header_submitter: Option<DomainName>,
    pub(super) subject: Option<ReportSubject>,
    pub(super) file_name: Option<ReportFilename>,
}

impl Clues {
    /// Adds what the name of the report's file says, in place of the name of the mail's
    /// part; a name that is none by §5.1, such as that of a mail's file, says nothing
    /// and changes nothing. A path is not a name.
    #[must_use]
    pub fn with_file_name(mut self, name: &str) -> Self {
        if let Ok(name) = ReportFilename::parse(name) {
            self.file_name = Some(name);
        }
        self
    }

    /// The domain that the report is about.
    #[must_use]
    pub fn domain(&self) -> Option<&DomainName> {
        self.header_domain
            .as_ref()
            .or(self.subject.as_ref().map(ReportSubject::policy_domain))
            .or(self.file_name.as_ref().map(ReportFilename::policy_domain))
    }

    /// Who sent the report.
    #[must_use]
    pub fn submitter(&self) -> Option<&DomainName> {
        self.header_submitter
            .as_ref()
            .or(self.subject.as_ref().map(ReportSubject::submitter))
            .or(self.file_name.as_ref().map(ReportFilename::sender))
    }

    /// The report-id, which only a subject has: `left@submitter` for the most part, of
    /// which the left may stand for an id that no subject can have. The unique id of a
    /// file name is something else.
    #[must_use]
    pub fn report_id(&self) -> Option<&str> {
        self.subject.as_ref().map(ReportSubject::report_id)
    }

    /// When the time begins that the report is about, which only a file name says.
    #[must_use]
    pub fn begin(&self) -> Option<UnixTime> {
        self.file_name.as_ref().map(ReportFilename::begin)
    }

    /// When it ends, likewise.
    #[must_use]
    pub fn end(&self) -> Option<UnixTime> {
        self.file_name.as_ref().map(ReportFilename::end)
    }

    /// Who sent this report: the domain of its `contact-info`, or else
    /// [`submitter`](Self::submitter).
    #[must_use]
    pub fn submitter_of(&self, report: &Report<'_>) -> Option<DomainName> {
        report.submitter().or_else(|| self.submitter().cloned())
    }

    /// The id of this report: its own, or else [`report_id`](Self::report_id).
    #[must_use]
    pub fn report_id_of<'a>(&'a self, report: &'a Report<'_>) -> Option<&'a str> {
        given(report.report_id.as_deref()).or_else(|| self.report_id())
    }

    /// The domain of this policy: its own, or else [`domain`](Self::domain).
    #[must_use]
    pub fn domain_of<'a>(&'a self, policy: &'a PolicyReport<'_>) -> Option<&'a str> {
        let own = given(policy.policy.policy_domain.as_deref());
        own.or_else(|| self.domain().map(DomainName::as_str))
    }

    /// Where headers, subject and file name say something else than the report (§5.6):
    /// each is a deviation [`Differs`](super::MediaDeviationKind::Differs).
    ///
    /// - The domain is that of one of the policies. Policies of type `tlsa` are not
    ///   asked, since they may name the domain of the MX (RPT-11).
    /// - A subject cannot have every id: one that the sender has rewritten to put it
    ///   there is the same if the letters and digits are, or if it is what
    ///   [`ReportSubject::new`] makes of it.
    /// - The end of a day is its last second, or the midnight behind it.
    #[must_use]
    pub fn differences(&self, report: &Report<'_>) -> Deviations<MediaDeviation> {
        let mut found = Comparison { report, deviations: Deviations::default() };
        found.domain(ClueSource::Headers, self.header_domain.as_ref());
        found.submitter(ClueSource::Headers, self.header_submitter.as_ref());
        if let Some(subject) = &self.subject {
            found.domain(ClueSource::Subject, Some(subject.policy_domain()));
            found.submitter(ClueSource::Subject, Some(subject.submitter()));
            found.report_id(subject);
        }
        if let Some(name) = &self.file_name {
            found.domain(ClueSource::FileName, Some(name.policy_domain()));
            found.submitter(ClueSource::FileName, Some(name.sender()));
            found.times(name);
        }
        found.deviations
    }
}

/// Where something was said about a report beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClueSource {
    /// The headers `TLS-Report-Domain` and `TLS-Report-Submitter`.
    Headers,
    /// The subject.
    Subject,
    /// The file name.
    FileName,
}

impl fmt::Display for ClueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Headers => "header",
            Self::Subject => "subject",
            Self::FileName => "file name",
        })
    }
}

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Claim {
    /// The domain that the report is about.
    Domain,
    /// Who sent it.
    Submitter,
    /// Its id.
    ReportId,
    /// When the time begins that it is about.
    Begin,
    /// When that ends.
    End,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Domain => "domain",
            Self::Submitter => "submitter",
            Self::ReportId => "report-id",
            Self::Begin => "begin",
            Self::End => "end",
        })
    }
}

struct Comparison<'a> {
    report: &'a Report<'a>,
    deviations: Deviations<MediaDeviation>,
}

impl Comparison<'_> {
    fn differs(&mut self, by: ClueSource, claim: Claim, said: &str, report: &str) {
        self.deviations.push(|| MediaDeviation::differs(by, claim, said, report));
    }

    fn domain(&mut self, by: ClueSource, said: Option<&DomainName>) {
        let Some(said) = said else { return };
        let mut named = self.report.policies.iter().filter_map(named_domain).peekable();
        let first = named.peek().copied();
        if let Some(first) = first
            && !named.any(|name| said.as_str().eq_ignore_ascii_case(name))
        {
            self.differs(by, Claim::Domain, said.as_str(), first);
        }
    }

    fn submitter(&mut self, by: ClueSource, said: Option<&DomainName>) {
        if let (Some(said), Some(own)) = (said, self.report.submitter())
            && *said != own
        {
            self.differs(by, Claim::Submitter, said.as_str(), own.as_str());
        }
    }

    fn report_id(&mut self, subject: &ReportSubject) {
        let said = subject.report_id();
        if let Some(own) = given(self.report.report_id.as_deref())
            && !subject.is_for(own)
            && !same_letters(said, own)
            && !said.rsplit_once('@').is_some_and(|(left, _)| same_letters(left, own))
        {
            self.differs(ClueSource::Subject, Claim::ReportId, said, own);
        }
    }

    fn times(&mut self, name: &ReportFilename) {
        let range = &self.report.date_range;
        let (begin, own_begin) = (name.begin().as_secs(), range.start_datetime.as_secs());
        let (end, own_end) = (name.end().as_secs(), range.end_datetime.as_secs());
        let by = ClueSource::FileName;
        if begin != own_begin {
            self.differs(by, Claim::Begin, &begin.to_string(), &own_begin.to_string());
        }
        if end.abs_diff(own_end) > 1 {
            self.differs(by, Claim::End, &end.to_string(), &own_end.to_string());
        }
    }
}

/// The domain of a policy that must be that of the report.
fn named_domain<'a>(policy: &'a PolicyReport<'_>) -> Option<&'a str> {
    let domain = given(policy.policy.policy_domain.as_deref())?;
    let asked = policy.policy.known_type() != Some(PolicyType::Tlsa);
    asked.then_some(domain.strip_suffix('.').unwrap_or(domain))
}

/// What is empty says nothing.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn same_letters(one: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|c| c.is_alphanumeric())
    }
    letters(one).eq(letters(other))
}
