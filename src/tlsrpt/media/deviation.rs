//! What was odd about the mail or the file that a report came in.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;

use super::clues::{Claim, ClueSource};
use crate::escape::escape;

/// A point of a mail or file that is not as senders should write it, or not as most do.
///
/// None is a reason to refuse the report. `Display` says what it is in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDeviation {
    kind: MediaDeviationKind,
    found: Box<str>,
    difference: Option<Difference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Difference {
    by: ClueSource,
    claim: Claim,
    reported: Box<str>,
}

impl MediaDeviation {
    pub(super) fn new(kind: MediaDeviationKind) -> Self {
        Self { kind, found: Box::default(), difference: None }
    }

    pub(super) fn showing<T: AsRef<[u8]> + ?Sized>(mut self, found: &T) -> Self {
        self.found = escape(found).to_string().into();
        self
    }

    pub(super) fn differs(by: ClueSource, claim: Claim, said: &str, report: &str) -> Self {
        let reported = escape(report).to_string().into();
        let difference = Some(Difference { by, claim, reported });
        Self { difference, ..Self::new(MediaDeviationKind::Differs).showing(said) }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> MediaDeviationKind {
        self.kind
    }

    /// What was found, shortened and [escaped](crate::escape); empty if there is
    /// nothing to show.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// If something [differs](MediaDeviationKind::Differs) from the report: where it
    /// was said, and what it is about.
    #[must_use]
    pub fn difference(&self) -> Option<(ClueSource, Claim)> {
        self.difference.as_ref().map(|it| (it.by, it.claim))
    }

    /// What the report says then, likewise; else empty.
    #[must_use]
    pub fn reported(&self) -> &str {
        self.difference.as_ref().map_or("", |it| &it.reported)
    }
}

impl fmt::Display for MediaDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, found, difference } = self;
        match difference {
            Some(Difference { by, claim, reported }) => {
                write!(f, "{by} says another {claim} than the report: `{found}`, not `{reported}`")
            }
            None if found.is_empty() => fmt::Display::fmt(kind, f),
            None => write!(f, "{kind}: `{found}`"),
        }
    }
}

/// What a [`MediaDeviation`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MediaDeviationKind {
    /// The subject is not that of RFC 8460 §5.3, or it is folded within `Report Domain:`,
    /// which the grammar permits but filters stumble over.
    #[error("unusual form of the subject")]
    SubjectForm,
    /// The part for people is HTML only; what it is told in should be plain text (§5.3).
    #[error("part for people in HTML")]
    HtmlPart,
    /// A part has nothing in it.
    #[error("empty part")]
    EmptyPart,
    /// `TLS-Report-Domain` or `TLS-Report-Submitter` is missing, or names no domain
    /// (§5.3).
    #[error("header `TLS-Report-Domain` or `TLS-Report-Submitter` missing")]
    NoReportHeaders,
    /// Lines that end in LF alone, where mail has CR LF: it was stored so.
    #[error("lines that end in LF alone")]
    BareLineFeed,
    /// The line in front that an mbox puts there.
    #[error("mbox line in front of the mail")]
    MboxLine,
    /// The report's part, or the body, has another media type than the two (§6.4, §6.5).
    #[error("another media type than a report's")]
    MediaType,
    /// The media type says gzip and there is JSON, or the reverse.
    #[error("media type of the other form")]
    ContentTypeDiffers,
    /// The report's part is not in a `multipart/report` with the report type `tlsrpt`
    /// (§5.3).
    #[error("mail other than a multipart/report of type tlsrpt")]
    NotMultipartReport,
    /// The gzip has several members.
    #[error("several gzip members")]
    SeveralMembers,
    /// The report's part has no transfer encoding, as in the examples of RFC 8460 and with
    /// few senders: servers on the way may change its lines.
    #[error("report without transfer encoding")]
    IdentityEncoding,
    /// The report's part is in quoted-printable, which no sender is known to use.
    #[error("report in quoted-printable")]
    QuotedPrintable,
    /// Headers, subject or file name say something else than the report, which is right
    /// (§5.6).
    #[error("something else beside the report than in it")]
    Differs,
}

impl MediaDeviationKind {
    /// All kinds, in the order in which they stand here.
    pub const ALL: &'static [Self] = &[
        Self::SubjectForm,
        Self::HtmlPart,
        Self::EmptyPart,
        Self::NoReportHeaders,
        Self::BareLineFeed,
        Self::MboxLine,
        Self::MediaType,
        Self::ContentTypeDiffers,
        Self::NotMultipartReport,
        Self::SeveralMembers,
        Self::IdentityEncoding,
        Self::QuotedPrintable,
        Self::Differs,
    ];

    /// A short name for logs and exports; it stays the same between versions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubjectForm => "subject-form",
            Self::HtmlPart => "html-part",
            Self::EmptyPart => "empty-part",
            Self::NoReportHeaders => "no-report-headers",
            Self::BareLineFeed => "bare-line-feed",
            Self::MboxLine => "mbox-line",
            Self::MediaType => "media-type",
            Self::ContentTypeDiffers => "content-type-differs",
            Self::NotMultipartReport => "not-multipart-report",
            Self::SeveralMembers => "several-members",
            Self::IdentityEncoding => "identity-encoding",
            Self::QuotedPrintable => "quoted-printable",
            Self::Differs => "differs",
        }
    }
}
