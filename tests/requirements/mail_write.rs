//! RFC 8460 §5.3: the mail that carries a report.

#[path = "../support/mails.rs"]
mod mails;

use mta_sts::tlsrpt::identity::{ReportIdentity, UnfitReportKind};
use mta_sts::tlsrpt::mail::{ReportMail, SIGNED_HEADERS, WriteMailErrorKind};
use mta_sts::tlsrpt::media::MediaType;
use mta_sts::tlsrpt::{MailAddress, Report, UnusableUri};

use self::mails::{PACKED, at, hostile, report, written};

const FROM: &str = "tls@sndr.example.com";
const TO: &str = "reports@example.net";

#[test]
fn mail_2_a_mail_has_all_that_the_rfc_asks_for() {
    let octets = written(&report("example.net"), MediaType::Gzip, FROM, TO);
    let text = String::from_utf8(octets).unwrap();
    let expected = "\
From: <tls@sndr.example.com>\r
To: <reports@example.net>\r
Subject: Report Domain: example.net Submitter: sndr.example.com Report-ID:\r
 <2024-02-03@sndr.example.com>\r
Date: Sun, 4 Feb 2024 01:26:41 +0000\r
Message-ID: <MESSAGE-ID@sndr.example.com>\r
TLS-Report-Domain: example.net\r
TLS-Report-Submitter: sndr.example.com\r
TLS-Required: No\r
Auto-Submitted: auto-generated\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=\"tlsrpt\";\r
 boundary=\"BOUNDARY\"\r
\r
--BOUNDARY\r
Content-Type: text/plain; charset=\"utf-8\"\r
Content-Transfer-Encoding: 7bit\r
\r
This is a report of Sender Inc. (sndr.example.com)\r
about TLS in mail to example.net,\r
from Sat, 3 Feb 2024 00:00:00 +0000\r
to Sat, 3 Feb 2024 23:59:59 +0000.\r
\r
Sessions that succeeded: 5\r
Sessions that failed: 2\r
\r
The report itself is attached, as JSON in gzip (RFC 8460).\r
\r
--BOUNDARY\r
Content-Type: application/tlsrpt+gzip\r
Content-Disposition: attachment;\r
 filename=\"sndr.example.com!example.net!1706918400!1707004799.json.gz\"\r
Content-Transfer-Encoding: base64\r
\r
PACKED\r
\r
--BOUNDARY--\r
";
    let between = |head: &str, tail: &str| {
        let rest = &text[text.find(head).expect(head) + head.len()..];
        &rest[..rest.find(tail).expect(tail)]
    };
    let packed = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, PACKED);
    let expected = expected
        .replace("MESSAGE-ID", between("Message-ID: <", "@"))
        .replace("BOUNDARY", between("boundary=\"", "\""))
        .replace("PACKED", &packed);
    assert_eq!(text, expected);
}

/// The header lines of a mail, unfolded.
fn headers(mail: &[u8]) -> Vec<String> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(String::from).collect()
}

#[test]
fn mail_6_the_headers_to_sign_are_all_that_are_written() {
    let headers = headers(&written(&report("example.net"), MediaType::Gzip, FROM, TO));
    let names: Vec<_> = headers.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(names, SIGNED_HEADERS);
}

/// What SMTP carries without any extension.
#[track_caller]
fn is_plain(mail: &[u8]) {
    assert!(mail.is_ascii() && !mail.contains(&0) && mail.ends_with(b"\r\n"));
    for line in mail.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let (end, line) = line.split_last().unwrap();
        assert!(*end == b'\r' && !line.contains(&b'\r'));
        assert!(line.len() <= 998);
    }
}

#[track_caller]
fn hostile_report_is_mailed(report: &Report<'_>) {
    let mail = written(report, MediaType::Gzip, FROM, TO);
    is_plain(&mail);
    let names: Vec<_> =
        headers(&mail).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(names, SIGNED_HEADERS);
    assert!(!headers(&mail).concat().contains("evil"));
    let boundaries = mail.windows(5).filter(|at| at == b"\n--=_").count();
    assert_eq!(boundaries, 3, "two parts and an end");
}

#[test]
fn mail_2_nothing_from_outside_becomes_a_header() {
    for text in hostile() {
        let plain = report("example.net");
        let mut one = plain.clone();
        one.report_id = Some(if text.is_empty() { "?".into() } else { text.clone().into() });
        hostile_report_is_mailed(&one);
        let mut one = plain;
        one.organization_name = Some(text.into());
        hostile_report_is_mailed(&one);
    }
}

/// Python's `email`, for one, decodes what looks like an encoded word in an address, line
/// ends included.
#[test]
fn mail_2_an_address_is_no_encoded_word() {
    for local in ["=?utf-8?q?a=0D=0ABcc:_b?=", "\"=?utf-8?q?a?=\""] {
        let address = MailAddress::parse(&format!("{local}@example.net"));
        assert_eq!(address, Err(UnusableUri::Address), "{local}");
    }
    assert!(MailAddress::parse("a=b?c@example.net").is_ok());
}

#[test]
fn mail_2_a_domain_that_is_none_is_refused() {
    for text in hostile() {
        let kind = ReportIdentity::of(&report(&text)).unwrap_err().kind();
        assert_eq!(kind, UnfitReportKind::PolicyDomain);
        for text in [["tls@", &text].concat(), [&text, "@sndr.example.com"].concat()] {
            let mut report = report("example.net");
            report.contact_info = Some(text.clone().into());
            assert!(MailAddress::parse(&text).is_err());
            let error = ReportIdentity::of(&report).unwrap_err();
            assert_eq!(error.kind(), UnfitReportKind::ContactInfo);
            assert!(!error.to_string().contains(char::is_control));
        }
    }
}

#[test]
fn mail_2_long_names_are_folded_not_encoded() {
    let label = "a".repeat(63);
    let domain = [&*label, &label, &label, &label[..57]].join(".");
    let mut report = report(&domain);
    report.contact_info = Some(format!("tls@{domain}").into());
    report.report_id = Some("i".repeat(255).into());
    let to = ["t".repeat(MailAddress::MAX_LEN - 12), "@example.net".into()].concat();
    let mail = written(&report, MediaType::Json, FROM, &to);
    is_plain(&mail);
    let headers = headers(&mail);
    assert!(
        headers.contains(&format!("Subject: {}", ReportIdentity::of(&report).unwrap().subject()))
    );
    assert!(headers.contains(&format!("To: <{to}>")));
    assert!(headers.contains(&format!("TLS-Report-Domain: {domain}")));
    assert!(!String::from_utf8(mail).unwrap().contains("=?"));
}

#[test]
fn mail_2_the_same_mail_for_the_same_arguments() {
    let report = report("example.net");
    let identity = ReportIdentity::of(&report).unwrap();
    let mail = ReportMail::new(&report, &identity, PACKED, MediaType::Json);
    let address = |text| MailAddress::parse(text).unwrap();
    let (from, to) = (address(FROM), address(TO));
    let id = |to: &MailAddress, date, seed| {
        let mail = mail.write(&from, to, at(date), seed).unwrap();
        headers(&mail).into_iter().find(|line| line.starts_with("Message-ID")).unwrap()
    };
    assert_eq!(mail.write(&from, &to, at(1), 2), mail.write(&from, &to, at(1), 2));
    let ids = [id(&to, 1, 2), id(&to, 1, 3), id(&to, 2, 2), id(&from, 1, 2)];
    for (n, one) in ids.iter().enumerate() {
        assert!(ids[..n].iter().all(|other| other != one));
    }
    assert_eq!(ids[0], "Message-ID: <bae73e4113606c332ff1eb61deafc5ed@sndr.example.com>");
}

#[test]
fn mail_2_what_smtp_cannot_carry_is_refused() {
    let report = report("example.net");
    let identity = ReportIdentity::of(&report).unwrap();
    let mail = ReportMail::new(&report, &identity, PACKED, MediaType::Json);
    let from = MailAddress::parse(FROM).unwrap();
    let write = |date| mail.write(&from, &from, at(date), 0);
    let longest = ["t".repeat(MailAddress::MAX_LEN - 12), "@example.net".into()].concat();
    assert!(MailAddress::parse(&longest).is_ok());
    assert_eq!(MailAddress::parse(&("t".to_owned() + &longest)), Err(UnusableUri::Address));
    let last = ReportIdentity::MAX_TIME;
    assert!(
        headers(&write(last).unwrap()).contains(&"Date: Fri, 31 Dec 9999 23:59:59 +0000".into())
    );
    for date in [last + 1, u64::MAX] {
        let error = write(date).unwrap_err();
        let shown = format!("expected a date before the year 10000, found `{date}`");
        assert_eq!((error.kind(), error.to_string()), (WriteMailErrorKind::Date, shown));
    }
}

/// What is written here is what is read here (MAIL-3).
#[cfg(all(feature = "json", feature = "gzip"))]
#[test]
fn mail_2_a_mail_that_is_built_is_read_without_deviation() {
    use mta_sts::tlsrpt::json::ReadLimits;
    use mta_sts::tlsrpt::media::{self, UnpackLimits};

    let mut texts = hostile();
    texts.retain(|text| !text.is_empty());
    for text in texts {
        let mut report = report("example.net");
        report.organization_name = Some(text.clone().into());
        report.report_id = Some(text.into());
        report.policies[0].policy.mx_host = vec!["mx.example.net".into()];
        report.policies[0].policy.policy_string = vec!["version: STSv1".into()];
        let json = report.to_json().unwrap();
        for media_type in MediaType::ALL {
            let packed = match media_type {
                MediaType::Json => json.clone().into_bytes(),
                MediaType::Gzip => media::packed(&json),
            };
            let identity = ReportIdentity::of(&report).unwrap();
            let from = MailAddress::parse(FROM).unwrap();
            let mail = ReportMail::new(&report, &identity, &packed, media_type);
            let mail = mail.write(&from, &from, at(0), 0).unwrap();

            let unpacked = media::unpack(&mail, &UnpackLimits::default()).unwrap();
            assert_eq!(unpacked.deviations().as_slice(), []);
            let (read, _) = Report::from_json(unpacked.json(), &ReadLimits::default()).unwrap();
            assert_eq!(unpacked.clues().differences(&read).as_slice(), []);
            assert_eq!(read, report);
        }
    }
}
