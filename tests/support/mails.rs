//! Reports to be mailed, among them such whose texts want to be more than text.

use core::time::Duration;

use mta_sts::failure::PolicyType;
use mta_sts::tlsrpt::identity::ReportIdentity;
use mta_sts::tlsrpt::mail::ReportMail;
use mta_sts::tlsrpt::media::MediaType;
use mta_sts::tlsrpt::report::{DateRange, PolicyDescription, PolicyReport, Summary};
use mta_sts::tlsrpt::{MailAddress, Report};
use rustls_pki_types::UnixTime;

/// The report's JSON, as far as its mail is concerned.
pub(crate) const PACKED: &[u8] = b"{\"organization-name\":\"\xc3\xbc\"}\r\n.\r\n\0";

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A report about `domain`, for the third of February 2024.
pub(crate) fn report(domain: &str) -> Report<'static> {
    let mut report = Report::new(DateRange::new(at(1_706_918_400), at(1_707_004_799)));
    report.organization_name = Some("Sender Inc.".into());
    report.contact_info = Some("tls@sndr.example.com".into());
    report.report_id = Some("2024-02-03".into());
    let policy = PolicyDescription::new(PolicyType::Sts, domain.to_owned());
    report.policies.push(PolicyReport::new(policy, Summary::new(5, 2)));
    report
}

/// Texts that would be a header line, an end of the headers, another part, or too long.
pub(crate) fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "a\r\nBcc: evil@example.org",
        "a\nBcc: evil@example.org",
        "a\rBcc: evil@example.org",
        "a\r\n\r\n<script>",
        "a\0b",
        "\u{fc}\u{85}Bcc: evil@example.org",
        "\u{2028}Bcc: evil@example.org",
        "\u{202e}gro.elpmaxe@live",
        "=?utf-8?Q?=0D=0ABcc:_evil@example.org?=",
        "\r\n--=_boundary\r\n",
        "\u{1b}[31m",
        "<a@b>, <evil@example.org>",
        "\"",
        "a\\",
        "a;b=\"c\"",
        "",
    ]
    .map(String::from)
    .into();
    texts.push("x".repeat(1_000));
    texts.push("\u{fc}".repeat(1_000));
    texts.push("x ".repeat(1_000));
    texts
}

pub(crate) fn written(report: &Report<'_>, media_type: MediaType, from: &str, to: &str) -> Vec<u8> {
    let identity = ReportIdentity::of(report).unwrap();
    let (from, to) = (MailAddress::parse(from).unwrap(), MailAddress::parse(to).unwrap());
    let mail = ReportMail::new(report, &identity, PACKED, media_type);
    mail.write(&from, &to, at(1_707_010_001), 7).unwrap()
}
