//! Finding the report in a mail (RFC 8460 §5.3).

use alloc::borrow::Cow;
use alloc::string::String;

use mail_parser::MessageParser;

use super::MediaType;
use super::clues::Clues;
use super::deviation::{MediaDeviation, MediaDeviationKind};
use super::entity::{Encoding, Entity};
use super::error::{UnpackError, UnpackErrorKind};
use super::limits::UnpackLimits;
use super::look;
use crate::domain::DomainName;
use crate::reading::{Deviations, Reading};
use crate::tlsrpt::filename::ReportFilename;
use crate::tlsrpt::subject::ReportSubject;

/// The octets that all headers of a mail may have, those of its parts included: that of
/// a report's mail has some 10 kB.
const MAX_HEADERS_LEN: usize = 1 << 20;

/// The report's part of a mail.
pub(super) struct Mailed<'a> {
    pub(super) content: Cow<'a, [u8]>,
    /// What the media type says of the content, if it is a report's.
    pub(super) declared: Option<MediaType>,
    pub(super) clues: Clues,
    pub(super) deviations: Deviations<MediaDeviation>,
}

pub(super) fn read<'a>(octets: &'a [u8], limits: &UnpackLimits) -> Result<Mailed<'a>, UnpackError> {
    let mut deviations = Deviations::default();
    let mail = without_mbox_line(octets, &mut deviations);
    if has_bare_line_feed(mail) {
        deviations.push(|| MediaDeviation::new(MediaDeviationKind::BareLineFeed));
    }
    let mut walk = Walk { parser: Entity::parser(), limits, parts: 0, headers: 0 };
    let found =
        walk.message(mail, 0)?.ok_or_else(|| UnpackError::new(UnpackErrorKind::NoReport))?;
    let Found { candidate, clues, deviations: of_message } = found;
    of_message.into_iter().for_each(|deviation| deviations.push(|| deviation));
    let declared = candidate.declared();
    Ok(Mailed { content: candidate.content?, declared, clues, deviations })
}

fn without_mbox_line<'a>(
    octets: &'a [u8],
    deviations: &mut Deviations<MediaDeviation>,
) -> &'a [u8] {
    let mail = look::without_blanks(octets);
    if !mail.starts_with(look::MBOX_FROM) {
        return mail;
    }
    let len = mail.iter().position(|&b| b == b'\n').unwrap_or(mail.len());
    let (line, rest) = mail.split_at_checked(len).unwrap_or((mail, b""));
    deviations
        .push(|| MediaDeviation::new(MediaDeviationKind::MboxLine).showing(line.trim_ascii_end()));
    rest.strip_prefix(b"\n").unwrap_or(rest)
}

fn has_bare_line_feed(mail: &[u8]) -> bool {
    let mut lines = mail.split_inclusive(|&b| b == b'\n');
    lines.any(|line| line.ends_with(b"\n") && !line.ends_with(b"\r\n"))
}

/// How much a part looks like a report by its type and name; the first is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// One of the two media types.
    Declared,
    /// A name by RFC 8460 §5.1, or `application/tlsrpt`.
    Named,
    /// A name that ends in `.json` or `.gz`, or the type of JSON or gzip.
    Likely,
    /// Nothing but the content.
    ByContent,
}

impl Rank {
    fn of(media_type: &str, name: Option<&str>) -> Self {
        let ends = |ending: &str| name.is_some_and(|name| has_ending(name, ending));
        match media_type {
            _ if MediaType::ALL.iter().any(|one| one.as_str() == media_type) => Self::Declared,
            "application/tlsrpt" => Self::Named,
            _ if name.is_some_and(|name| ReportFilename::parse(name).is_ok()) => Self::Named,
            "application/gzip" | "application/x-gzip" | "application/json" => Self::Likely,
            _ if ends(".json") || ends(".gz") => Self::Likely,
            _ => Self::ByContent,
        }
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    let start = name.len().saturating_sub(ending.len());
    name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// A part that may be the report.
struct Candidate<'a> {
    misfit: bool,
    rank: Rank,
    /// Whether it stands in a `multipart/report` of the type `tlsrpt`.
    in_report: bool,
    content: Result<Cow<'a, [u8]>, UnpackError>,
    encoding: Encoding,
    media_type: String,
    file_name: Option<String>,
}

impl<'a> Candidate<'a> {
    /// None if nothing about the part looks like a report.
    fn of(part: &Entity<'a>, in_report: bool) -> Option<Self> {
        let media_type = part.media_type();
        let rank = Rank::of(&media_type, part.file_name());
        let content = part.content();
        let misfit = !content.as_ref().is_ok_and(|content| look::like_a_report(content));
        let hopeless = misfit && rank >= Rank::Likely;
        let file_name = part.file_name().map(String::from);
        let encoding = part.encoding();
        let one = Self { misfit, rank, in_report, content, encoding, media_type, file_name };
        (!hopeless).then_some(one)
    }

    /// Less is better; content counts for more than what is said of it.
    const fn order(&self) -> (bool, Rank) {
        (self.misfit, self.rank)
    }

    fn declared(&self) -> Option<MediaType> {
        MediaType::ALL.into_iter().find(|one| one.as_str() == self.media_type)
    }

    fn into_owned(self) -> Candidate<'static> {
        let content = self.content.map(|content| Cow::Owned(content.into_owned()));
        Candidate { content, ..self }
    }
}

/// A report's part, and what its message says about it.
struct Found<'a> {
    candidate: Candidate<'a>,
    clues: Clues,
    deviations: Deviations<MediaDeviation>,
}

impl Found<'_> {
    fn into_owned(self) -> Found<'static> {
        Found { candidate: self.candidate.into_owned(), ..self }
    }
}

/// What has been seen of one message.
#[derive(Default)]
struct Message<'a> {
    own: Option<Candidate<'a>>,
    nested: Option<Found<'a>>,
    /// Whether the walk is within a `multipart/report` of the type `tlsrpt`.
    in_report: bool,
    plain: bool,
    html: bool,
    empty: bool,
}

impl<'a> Message<'a> {
    fn leaf(&mut self, part: &Entity<'a>) {
        let media_type = part.media_type();
        let empty = part.body.trim_ascii().is_empty();
        self.empty |= empty;
        self.html |= media_type == "text/html";
        self.plain |= !empty && matches!(&*media_type, "" | "text/plain");
        let better = Candidate::of(part, self.in_report)
            .filter(|one| self.own.as_ref().is_none_or(|own| one.order() < own.order()));
        self.own = better.or_else(|| self.own.take());
    }

    fn nested(&mut self, found: Option<Found<'a>>) {
        let order = self.nested.as_ref().map(|nested| nested.candidate.order());
        let better = found.filter(|one| order.is_none_or(|order| one.candidate.order() < order));
        self.nested = better.or_else(|| self.nested.take());
    }

    /// The best part; of equals, the message's own.
    fn found(mut self, entity: &Entity<'_>) -> Option<Found<'a>> {
        let nested = self.nested.take();
        let own = self.own.take();
        match (own, nested) {
            (Some(own), Some(nested)) if nested.candidate.order() < own.order() => Some(nested),
            (Some(own), _) => Some(self.described(own, entity)),
            (None, nested) => nested,
        }
    }

    fn described(&self, candidate: Candidate<'a>, entity: &Entity<'_>) -> Found<'a> {
        let mut deviations = Deviations::default();
        let mut note = |deviation| deviations.push(|| deviation);
        let clues = clues(entity, &candidate, &mut note);
        if !candidate.in_report {
            let found = [&*entity.media_type(), " ", report_type(entity)].concat();
            note(kind(MediaDeviationKind::NotMultipartReport).showing(found.trim_end()));
        }
        if self.html && !self.plain {
            note(kind(MediaDeviationKind::HtmlPart));
        }
        if self.empty {
            note(kind(MediaDeviationKind::EmptyPart));
        }
        if candidate.declared().is_none() {
            note(kind(MediaDeviationKind::MediaType).showing(&candidate.media_type));
        }
        match candidate.encoding {
            Encoding::Base64 => {}
            Encoding::Identity => note(kind(MediaDeviationKind::IdentityEncoding)),
            Encoding::QuotedPrintable => note(kind(MediaDeviationKind::QuotedPrintable)),
        }
        Found { candidate, clues, deviations }
    }
}

fn kind(kind: MediaDeviationKind) -> MediaDeviation {
    MediaDeviation::new(kind)
}

fn clues(
    entity: &Entity<'_>,
    candidate: &Candidate<'_>,
    note: &mut impl FnMut(MediaDeviation),
) -> Clues {
    let domain = |name| entity.text(name).and_then(|text| DomainName::parse(text).ok());
    let header_domain = domain("TLS-Report-Domain");
    let header_submitter = domain("TLS-Report-Submitter");
    if header_domain.is_none() || header_submitter.is_none() {
        note(kind(MediaDeviationKind::NoReportHeaders));
    }
    let text = entity.decoded("Subject").unwrap_or_default();
    let subject = ReportSubject::parse(&text, Reading::Tolerant).ok();
    let plain = subject.as_ref().is_some_and(|(_, deviations)| deviations.is_empty());
    if !plain || is_folded_within_words(entity.raw("Subject")) {
        note(kind(MediaDeviationKind::SubjectForm).showing(&*text));
    }
    let subject = subject.map(|(subject, _)| subject);
    let clues = Clues { header_domain, header_submitter, subject, file_name: None };
    clues.with_file_name(candidate.file_name.as_deref().unwrap_or_default())
}

/// Whether `Report` and `Domain:` stand on two lines.
fn is_folded_within_words(subject: &[u8]) -> bool {
    let behind = subject.trim_ascii_start().strip_prefix(b"Report").unwrap_or_default();
    behind.iter().take_while(|b| b.is_ascii_whitespace()).any(|&b| b == b'\n')
}

fn report_type<'a>(entity: &'a Entity<'_>) -> &'a str {
    entity.parameter("report-type").unwrap_or_default()
}

fn is_report_of_tlsrpt(entity: &Entity<'_>) -> bool {
    entity.media_type() == "multipart/report" && report_type(entity).eq_ignore_ascii_case("tlsrpt")
}

/// The walk through all parts of a mail, and what it has cost.
struct Walk<'l> {
    parser: MessageParser,
    limits: &'l UnpackLimits,
    parts: usize,
    headers: usize,
}

impl Walk<'_> {
    fn message<'a>(
        &mut self,
        octets: &'a [u8],
        depth: usize,
    ) -> Result<Option<Found<'a>>, UnpackError> {
        let entity = self.entity(octets)?;
        let mut message = Message::default();
        self.part(&entity, depth, &mut message)?;
        Ok(message.found(&entity))
    }

    fn part<'a>(
        &mut self,
        part: &Entity<'a>,
        depth: usize,
        message: &mut Message<'a>,
    ) -> Result<(), UnpackError> {
        if let Some(parts) = part.parts() {
            let depth = self.deeper(depth)?;
            let outside = message.in_report;
            message.in_report |= is_report_of_tlsrpt(part);
            for octets in parts {
                let part = self.entity(octets)?;
                self.part(&part, depth, message)?;
            }
            message.in_report = outside;
        } else if matches!(&*part.media_type(), "message/rfc822" | "message/global") {
            let depth = self.deeper(depth)?;
            message.nested(match part.content() {
                Ok(Cow::Borrowed(octets)) => self.message(octets, depth)?,
                Ok(Cow::Owned(octets)) => self.message(&octets, depth)?.map(Found::into_owned),
                Err(_) => None,
            });
        } else {
            message.leaf(part);
        }
        Ok(())
    }

    fn entity<'a>(&mut self, octets: &'a [u8]) -> Result<Entity<'a>, UnpackError> {
        if self.parts == self.limits.parts() {
            let kind = UnpackErrorKind::TooManyParts { limit: self.limits.parts() };
            return Err(UnpackError::new(kind));
        }
        let entity = Entity::read(octets, &self.parser)?;
        self.parts = self.parts.saturating_add(1);
        self.headers = self.headers.saturating_add(entity.header_len());
        match self.headers > MAX_HEADERS_LEN {
            true => {
                Err(UnpackError::new(UnpackErrorKind::HeaderTooLong { limit: MAX_HEADERS_LEN }))
            }
            false => Ok(entity),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, UnpackError> {
        match depth < self.limits.depth() {
            true => Ok(depth.saturating_add(1)),
            false => Err(UnpackError::new(UnpackErrorKind::TooDeep { limit: self.limits.depth() })),
        }
    }
}
