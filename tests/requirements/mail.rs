//! RFC 8460 §3, §4.1, §5: how reports are delivered.

use core::time::Duration;

use mta_sts::DomainName;
use mta_sts::Reading::{Strict, Tolerant};
use mta_sts::tlsrpt::filename::{FilenameErrorKind, MAX_UNIQUE_ID_LEN, ReportFilename};
use mta_sts::tlsrpt::media::MediaType;
use mta_sts::tlsrpt::subject::{
    MAX_ID_LEFT_LEN, MAX_SUBJECT_LEN, ReportSubject, SubjectDeviation, SubjectErrorKind,
};
use rustls_pki_types::UnixTime;

fn domain(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[test]
fn mail_1_file_names_are_written() {
    let name = |media_type| {
        let (begin, end) = (at(1_470_013_207), at(1_470_186_007));
        let sender = domain("Mail.sndr.example.com.");
        ReportFilename::new(sender, domain("example.net"), begin, end, media_type)
    };
    assert_eq!(
        name(MediaType::Gzip).with_unique_id("001").unwrap().to_string(),
        "mail.sndr.example.com!example.net!1470013207!1470186007!001.json.gz",
    );
    assert_eq!(
        name(MediaType::Json).to_string(),
        "mail.sndr.example.com!example.net!1470013207!1470186007.json",
    );
    for unique_id in ["", "a-b", "a!b", "a\r\nb", "ü", &"a".repeat(MAX_UNIQUE_ID_LEN + 1)] {
        let error = name(MediaType::Json).with_unique_id(unique_id).unwrap_err();
        assert_eq!(error.kind(), FilenameErrorKind::UniqueId);
    }
}

#[test]
fn mail_1_file_names_are_read() {
    for (text, begin, unique_id, media_type) in [
        ("a.example!b.example!0!1.json", 0, None, MediaType::Json),
        ("a.example!b.example!2!1!x9Z.json.gz", 2, Some("x9Z"), MediaType::Gzip),
        ("A.example!b.Example!007!1!json.JSON", 7, Some("json"), MediaType::Json),
        ("a.example!b.example!18446744073709551615!1.Json.gZ", u64::MAX, None, MediaType::Gzip),
        ("xn--bcher-kva.example!b.example!1!1.json", 1, None, MediaType::Json),
    ] {
        let name = ReportFilename::parse(text).unwrap();
        assert_eq!(name.policy_domain(), &domain("b.example"));
        assert_eq!(name.begin(), at(begin));
        assert_eq!(name.end(), at(1));
        assert_eq!(name.unique_id(), unique_id);
        assert_eq!(name.media_type(), media_type);
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    let longest = ["a.example!b.example!1!1!", &"a".repeat(MAX_UNIQUE_ID_LEN), ".json"].concat();
    assert_eq!(ReportFilename::parse(&longest).unwrap().to_string(), longest);
    assert_eq!(ReportFilename::parse("A!b!1!1.json").unwrap().sender().as_str(), "a");
}

#[test]
fn mail_1_errors_say_what_and_where() {
    let too_long = ["a!b!1!1!", &"a".repeat(MAX_UNIQUE_ID_LEN + 1), ".json"].concat();
    let too_long_shown = [
        "expected a unique id of 1 to 64 letters and digits at offset 8, found `",
        &"a".repeat(MAX_UNIQUE_ID_LEN + 1),
        "`",
    ]
    .concat();
    for (text, shown) in [
        ("", "expected `.json` or `.json.gz` at the end of the part at offset 0, found ``"),
        (
            "a!b!1!1.gz",
            "expected `.json` or `.json.gz` at the end of the part at offset 6, found `1.gz`",
        ),
        (
            "a!b!1!1json",
            "expected `.json` or `.json.gz` at the end of the part at offset 6, found `1json`",
        ),
        (
            "a!b!1!1.json\n",
            "expected `.json` or `.json.gz` at the end of the part at offset 6, found `1.json\\n`",
        ),
        ("ü.json", "expected the sender's domain (character beyond ASCII) at offset 0, found `ü`"),
        (".json", "expected the sender's domain (empty name) at offset 0, found ``"),
        ("a.!b!1!1.json", "expected the sender's domain (empty label) at offset 0, found `a.`"),
        (
            "/tmp/a!b!1!1.json",
            "expected the sender's domain (character other than letter, digit, hyphen and dot) at offset 0, found `/tmp/a`",
        ),
        ("a!b_c!1!1.json", "expected the policy domain (underscore) at offset 2, found `b_c`"),
        ("a!b.json", "expected `!` and another part at offset 3, found ``"),
        ("a!b!1.json", "expected `!` and another part at offset 5, found ``"),
        ("a!b!!1.json", "expected seconds since the epoch at offset 4, found ``"),
        ("a!b!+1!1.json", "expected seconds since the epoch at offset 4, found `+1`"),
        ("a!b!1!1 .json", "expected seconds since the epoch at offset 6, found `1 `"),
        (
            "a!b!1!18446744073709551616.json",
            "expected seconds since the epoch at offset 6, found `18446744073709551616`",
        ),
        (
            "a!b!1!1!.json",
            "expected a unique id of 1 to 64 letters and digits at offset 8, found ``",
        ),
        (
            "a!b!1!1!x.y.json",
            "expected a unique id of 1 to 64 letters and digits at offset 8, found `x.y`",
        ),
        (&*too_long, &*too_long_shown),
        ("a!b!1!1!x!y.json", "expected no part after the unique id at offset 10, found `y`"),
    ] {
        let error = ReportFilename::parse(text).unwrap_err();
        assert_eq!(error.to_string(), shown);
        assert!(shown.contains(error.found()) && error.offset() <= text.len());
    }
}

fn subject(report_id: &str) -> ReportSubject {
    ReportSubject::new(domain("example.net"), domain("sndr.example.com"), report_id)
}

#[test]
fn mail_2_subjects_are_written() {
    assert_eq!(
        subject("735ff.e317+bf22029").to_string(),
        "Report Domain: example.net Submitter: sndr.example.com Report-ID: <735ff.e317+bf22029@sndr.example.com>",
    );
    assert_eq!(subject("a@Sndr.example.com"), subject("a"));
    let longest = "a".repeat(MAX_ID_LEFT_LEN);
    assert_eq!(subject(&longest).report_id(), longest + "@sndr.example.com");
    let text = subject("a").to_string();
    assert_eq!(text.parse(), Ok(subject("a")));
}

#[test]
fn mail_2_an_unfit_report_id_is_replaced_by_its_hash() {
    for (report_id, hash) in [
        // FNV-1a computed elsewhere.
        ("", "6c62272e07bb014262b821756295c58d"),
        ("a@other.example", "6d3c258fb76aeeafe6b7d671c9e150fe"),
        ("foobar\r\nBcc: x@y.example", "0c66645111e185c439aee6d274512b22"),
        ("a b", "a68d62c6038b5822836dbc79780dff7a"),
        ("a..b", "6970b2beda757277b806e976c44e3d76"),
        ("\0", "d228cb69101a8caf78912b704e4a147f"),
        ("\u{fc}", "088093bf91ab1be95aa0733054c6f822"),
        ("<a@sndr.example.com>", "6519f4130e63e35a7e186d01928e13e0"),
        ("=?utf-8?q?x?=", "2da70bb24689cfbac3ddb34ad3cd1978"),
        (&"a".repeat(MAX_ID_LEFT_LEN + 1), "007018d18f76871d279f3ac1732bd68d"),
        ("a@b@sndr.example.com", "145ef832ef84ff2c23f55429da8bda92"),
    ] {
        let subject = subject(report_id);
        let (left, right) = subject.report_id().split_once('@').unwrap();
        assert_eq!(right, "sndr.example.com");
        assert_eq!(left, hash, "{report_id:?}");
        assert!(subject.is_for(report_id) && !subject.is_for("a"));
        assert_eq!(subject.to_string().parse(), Ok(subject));
    }
}

#[test]
fn mail_3_subjects_are_read_as_senders_write_them() {
    use SubjectDeviation as Odd;

    let strict = "Report Domain: example.net Submitter: sndr.example.com Report-ID: <a@b>";
    for (text, report_id, odd) in [
        (strict, "a@b", &[][..]),
        (
            "Report\r\n Domain:\r\n\texample.net\n  Submitter: sndr.example.com\r\n Report-ID: <a@b>\r\n",
            "a@b",
            &[],
        ),
        (
            "Report Domain: Example.NET  Submitter: SNDR.example.com.  Report-ID: 1+example.net@microsoft.com",
            "1+example.net@microsoft.com",
            &[Odd::Brackets],
        ),
        (
            "REPORT domain: example.net Submitter: sndr.example.com Report-id: <a@b>",
            "a@b",
            &[Odd::Case, Odd::Case, Odd::Case],
        ),
        (
            "Report Domain:example.net Submitter:sndr.example.com Report-ID:<a@b>",
            "a@b",
            &[Odd::Blank, Odd::Blank, Odd::Blank],
        ),
        (
            "Report Domain: example.net Submitter: sndr.example.com Report-ID: <a b> (c)",
            "a b",
            &[Odd::Id, Odd::Behind],
        ),
        (
            "Report Domain: example.net Submitter: sndr.example.com Report-ID: <a",
            "<a",
            &[Odd::Brackets, Odd::Id],
        ),
    ] {
        let (subject, deviations) = ReportSubject::parse(text, Tolerant).unwrap();
        assert_eq!(subject.policy_domain(), &domain("example.net"));
        assert_eq!(subject.submitter(), &domain("sndr.example.com"));
        assert_eq!(subject.report_id(), report_id);
        assert!(subject.is_for(report_id) && !subject.is_for("c"));
        assert_eq!(deviations.as_slice(), odd);
        match (ReportSubject::parse(text, Strict), odd) {
            (Ok((read, deviations)), []) => assert!(read == subject && deviations.is_empty()),
            (Err(error), [first, ..]) => assert_eq!(error.kind(), SubjectErrorKind::Form(*first)),
            (read, _) => panic!("{read:?}"),
        }
    }
}

#[test]
fn mail_3_errors_of_subjects_say_what_and_where() {
    let long = "Report Domain: a Submitter: b Report-ID: <a@b>".to_owned();
    let long = long.clone() + &" ".repeat(MAX_SUBJECT_LEN - long.len());
    assert!(ReportSubject::parse(&long, Strict).is_ok());
    let error = ReportSubject::parse(&(long + " "), Tolerant).unwrap_err();
    assert_eq!(error.kind(), SubjectErrorKind::TooLong);
    for (text, shown) in [
        ("", "expected `Report` at offset 0, found ``"),
        ("Re: Report", "expected `Report` at offset 0, found `Re: Report`"),
        ("Report Do\u{fc}main: a", "expected `Domain:` at offset 7, found `Do\u{fc}main: a`"),
        ("Report Domain: a", "expected `Submitter:` at offset 16, found ``"),
        (
            "Report Domain: a_b\tSubmitter: b",
            "expected the report domain (underscore) at offset 15, found `a_b\\tSubmitter: b`",
        ),
        (
            "Report Domain: a Submitter:",
            "expected the submitter (empty name) at offset 27, found ``",
        ),
        (
            "Report Domain: a Submitter: b Report-ID: <>",
            "expected a report-id at offset 41, found `<>`",
        ),
        (
            "Report Domain: a Submitter: b Report-ID: <c\r\n d>",
            "expected a report-id at offset 41, found `<c\\r\\n d>`",
        ),
    ] {
        assert_eq!(ReportSubject::parse(text, Tolerant).unwrap_err().to_string(), shown);
    }
    assert_eq!(
        "Report Domain: a Submitter: b Report-ID: c@d"
            .parse::<ReportSubject>()
            .unwrap_err()
            .to_string(),
        "odd form of a subject (report-id without `<>`) at offset 41, found `c@d`",
    );
}
