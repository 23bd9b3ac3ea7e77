//! How a report's mail is written.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use rustls_pki_types::UnixTime;

use crate::escape::escape;
use crate::tlsrpt::identity::ReportIdentity;
use crate::tlsrpt::media::MediaType;
use crate::tlsrpt::mix;
use crate::tlsrpt::report::Report;
use crate::tlsrpt::uri::MailAddress;

/// The headers of the mail that its DKIM signature should cover (RFC 8460 §3,
/// RFC 6376 §5.4): all that [`ReportMail`] writes. The signature's `d=` is the
/// submitter, its key has the service type `tlsrpt` or `*`, and `l=` is not used.
pub const SIGNED_HEADERS: [&str; 11] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "TLS-Report-Domain",
    "TLS-Report-Submitter",
    "TLS-Required",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
];

/// A mail with a report (RFC 8460 §5.3), which can be written to each destination.
///
/// It is a `multipart/report` of `report-type="tlsrpt"`, with a text for people and the
/// report as an attachment; in CRLF lines and 7-bit octets, the report in base64. Nothing
/// of the report can become a header line: the values of the headers are domain names,
/// addresses, times and numbers of our own. In the text, what a report says of itself is
/// [escaped](crate::escape).
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use mta_sts::failure::PolicyType;
/// use mta_sts::tlsrpt::identity::ReportIdentity;
/// use mta_sts::tlsrpt::mail::ReportMail;
/// use mta_sts::tlsrpt::media::MediaType;
/// use mta_sts::tlsrpt::report::{DateRange, PolicyDescription, PolicyReport, Summary};
/// use mta_sts::tlsrpt::{MailAddress, Report};
/// use rustls_pki_types::UnixTime;
///
/// let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
/// let mut report = Report::new(DateRange::new(at(1_706_918_400), at(1_707_004_799)));
/// report.contact_info = Some("tls@sndr.example.com".into());
/// report.report_id = Some("2024-02-03-example.net".into());
/// let policy = PolicyDescription::new(PolicyType::NoPolicyFound, "example.net");
/// report.policies.push(PolicyReport::new(policy, Summary::new(5, 0)));
///
/// let identity = ReportIdentity::of(&report)?;
/// let packed = b"{}"; // the report's JSON
/// let mail = ReportMail::new(&report, &identity, packed, MediaType::Json);
/// let from = MailAddress::parse("tls@sndr.example.com")?;
/// let to = MailAddress::parse("reports@example.net")?;
/// let octets = mail.write(&from, &to, at(1_707_010_000), 7)?;
/// assert!(octets.starts_with(b"From: <tls@sndr.example.com>\r\nTo: <reports@example.net>\r\n"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ReportMail<'a> {
    report: &'a Report<'a>,
    identity: &'a ReportIdentity,
    packed: &'a [u8],
    media_type: MediaType,
}

impl<'a> ReportMail<'a> {
    /// The mail for a report, which is given as octets too: its JSON, packed as
    /// `media_type` says. They are not looked at.
    #[must_use]
    pub const fn new(
        report: &'a Report<'a>,
        identity: &'a ReportIdentity,
        packed: &'a [u8],
        media_type: MediaType,
    ) -> Self {
        Self { report, identity, packed, media_type }
    }

    /// The octets of the mail to this destination, with this date; the same for the same
    /// arguments.
    ///
    /// `Message-ID` and boundary are made of the seed and of what the mail is about: FNV-1a
    /// of 128 bits over the seed's 8 octets, least significant first, and over a name of
    /// the use, the submitter, the policy domain, the report-id, the destination and the
    /// date in decimal seconds, with the octet 0xFF behind each.
    ///
    /// # Errors
    ///
    /// [`WriteMailErrorKind::Date`] if the date is after [`ReportIdentity::MAX_TIME`].
    pub fn write(
        &self,
        from: &MailAddress,
        to: &MailAddress,
        date: UnixTime,
        seed: u64,
    ) -> Result<Vec<u8>, WriteMailError> {
        let (from, to, date) = (from.as_str(), to.as_str(), seconds(date)?);
        let unique = |name| self.unique(name, to, date, seed);
        let submitter = self.identity.submitter().as_str();
        let mut octets = Vec::new();
        MessageBuilder::new()
            .from(Address::from(from))
            .to(Address::from(to))
            // Not as text: that would encode words of what is longer than a line.
            .header("Subject", Raw::new(self.identity.subject().to_string()))
            .date(Date::new(date))
            .message_id(MessageId::new(format!("{}@{submitter}", unique("message-id"))))
            .header("TLS-Report-Domain", Raw::new(self.identity.policy_domain().as_str()))
            .header("TLS-Report-Submitter", Raw::new(submitter))
            // Such mail is to be delivered although TLS fails (RFC 8460 §3, RFC 8689 §5).
            .header("TLS-Required", Raw::new("No"))
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .header("MIME-Version", Raw::new("1.0"))
            // `=_` is neither in base64 nor in quoted-printable (RFC 2045 §6.7).
            .body(self.body(format!("=_{}", unique("boundary"))))
            .serialize(&mut octets);
        Ok(octets)
    }

    fn unique(&self, name: &str, to: &str, date: i64, seed: u64) -> String {
        let Self { identity, .. } = self;
        let (submitter, domain) =
            (identity.submitter().as_str(), identity.policy_domain().as_str());
        let texts = [name, submitter, domain, identity.report_id(), to, &date.to_string()];
        format!("{:032x}", mix::seeded(seed, &texts))
    }

    fn body(&self, boundary: String) -> MimePart<'a> {
        let report = ContentType::new("multipart/report")
            .attribute("report-type", "tlsrpt")
            .attribute("boundary", boundary);
        MimePart::new(report, Vec::from([self.text_part(), self.report_part()]))
    }

    fn text_part(&self) -> MimePart<'a> {
        let plain = ContentType::new("text/plain").attribute("charset", "utf-8");
        MimePart::new(plain, BodyPart::Text(self.text().into()))
    }

    fn report_part(&self) -> MimePart<'a> {
        let filename = self.identity.filename(self.media_type).to_string();
        MimePart::new(self.media_type.as_str(), BodyPart::Binary(self.packed.into()))
            .attachment(filename)
    }

    /// A few sentences for people.
    fn text(&self) -> String {
        let Self { report, identity, media_type, .. } = self;
        let name = report.organization_name.as_deref().unwrap_or_default();
        let by = match name {
            "" => identity.submitter().to_string(),
            name => format!("{} ({})", escape(name), identity.submitter()),
        };
        let [begin, end] = [identity.begin(), identity.end()].map(shown_time);
        let lines = [
            format!("This is a report of {by}"),
            format!("about TLS in mail to {},", identity.policy_domain()),
            format!("from {begin}"),
            format!("to {end}."),
            String::new(),
            format!("Sessions that succeeded: {}", report.successes()),
            format!("Sessions that failed: {}", report.failures()),
            String::new(),
            String::from(match media_type {
                MediaType::Json => "The report itself is attached, as JSON (RFC 8460).",
                MediaType::Gzip => "The report itself is attached, as JSON in gzip (RFC 8460).",
            }),
        ];
        lines.map(|line| [&*line, "\r\n"].concat()).concat()
    }
}

/// The seconds of a time that a date can say.
fn seconds(time: UnixTime) -> Result<i64, WriteMailError> {
    let secs = Some(time.as_secs()).filter(|secs| *secs <= ReportIdentity::MAX_TIME);
    let secs = secs.and_then(|secs| i64::try_from(secs).ok());
    let refuse = || WriteMailError::new(WriteMailErrorKind::Date, &time.as_secs().to_string());
    secs.ok_or_else(refuse)
}

fn shown_time(time: UnixTime) -> String {
    Date::new(i64::try_from(time.as_secs()).unwrap_or_default()).to_rfc822()
}

/// Why a mail cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, found `{found}`")]
pub struct WriteMailError {
    kind: WriteMailErrorKind,
    found: Box<str>,
}

impl WriteMailError {
    fn new(kind: WriteMailErrorKind, found: &str) -> Self {
        Self { kind, found: escape(found).to_string().into() }
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> WriteMailErrorKind {
        self.kind
    }

    /// What was given, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What a mail needs to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WriteMailErrorKind {
    /// A date is not after [`ReportIdentity::MAX_TIME`].
    #[error("expected a date before the year 10000")]
    Date,
}
