//! MAIL-3: the report in a mail, and what is said about it beside it.

use std::collections::BTreeSet;
use std::iter;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mta_sts::DomainName;
use mta_sts::failure::PolicyType;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::media::{
    self, Claim, ClueSource, Clues, Form, MediaDeviationKind, MediaType, UnpackErrorKind,
    UnpackLimits, Unpacked,
};
use mta_sts::tlsrpt::report::{DateRange, PolicyDescription, PolicyReport, Summary};
use mta_sts::tlsrpt::subject::ReportSubject;
use rustls_pki_types::UnixTime;

const JSON: &str = r#"{"policies":[]}"#;
const SUBJECT: &str =
    "Subject: Report Domain: b.example Submitter: a.example Report-ID: <1@a.example>";
const REPORT: &str = "Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"=b\"";
const HEADERS: [&str; 4] = [
    "From: tlsrpt@a.example",
    "TLS-Report-Domain: b.example",
    "TLS-Report-Submitter: a.example",
    SUBJECT,
];
const HUMAN: &str = "Content-Type: text/plain\r\n\r\nThis is a report.\r\n";
const NAME: &str = "a.example!b.example!1725321600!1725407999!001.json";

/// [`JSON`] in base64.
const JSON_BASE64: &str = "eyJwb2xpY2llcyI6W119";

/// A part with this type and content in base64.
fn part(media_type: &str, content: impl AsRef<[u8]>) -> String {
    let lines = STANDARD.encode(content);
    let lines = lines.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap());
    let header = format!("Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n");
    [&header, "\r\n", &lines.collect::<Vec<_>>().join("\r\n")].concat() + "\r\n"
}

/// A mail with these header lines and parts.
fn mail(headers: &[&str], parts: &[&str]) -> String {
    let header = headers.iter().flat_map(|line| [*line, "\r\n"]);
    let parts = parts.iter().flat_map(|part| ["--=b\r\n", *part, "\r\n"]);
    header.chain(iter::once("\r\n")).chain(parts).chain(iter::once("--=b--\r\n")).collect()
}

/// A mail as it should be but for its parts.
fn report(parts: &[&str]) -> String {
    mail(&[&HEADERS[..], &[REPORT]].concat(), parts)
}

fn unpacked(mail: &str) -> Unpacked<'_> {
    media::unpack(mail, &UnpackLimits::default()).unwrap()
}

#[track_caller]
fn refused(mail: &str, limits: UnpackLimits, kind: UnpackErrorKind, shown: &str) {
    let error = media::unpack(mail, &limits).unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(error.to_string(), shown);
}

/// The report is found, and this is all that is odd about it.
#[track_caller]
fn odd(mail: &str, words: &[&str]) {
    let unpacked = unpacked(mail);
    assert_eq!(unpacked.json(), JSON.as_bytes());
    let found: Vec<_> = unpacked.deviations().iter().map(|one| one.kind().as_str()).collect();
    assert_eq!(found, words);
}

#[test]
fn mail_3_a_mail_as_it_should_be_has_nothing_odd() {
    let mail = report(&[HUMAN, &part("application/tlsrpt+json", JSON)]);
    odd(&mail, &[]);
    let unpacked = unpacked(&mail);
    assert_eq!(unpacked.form(), Form::Mail(MediaType::Json));
    let clues = unpacked.clues();
    assert_eq!(clues.domain().unwrap().as_str(), "b.example");
    assert_eq!(clues.submitter().unwrap().as_str(), "a.example");
    assert_eq!(clues.report_id(), Some("1@a.example"));
    assert_eq!((clues.begin(), clues.end()), (None, None));
    // Folded as the example of RFC 8460 is.
    odd(
        &mail
            .replace(" Submitter:", "\r\n    Submitter:")
            .replace("Report-ID: ", "Report-ID:\r\n "),
        &[],
    );
}

#[test]
fn mail_3_the_part_is_found_by_its_type_in_any_case() {
    let json = part("APPLICATION/TlsRpt+JSON; charset=\"utf-8\"", JSON);
    odd(&report(&[HUMAN, &json.replace("base64", "BASE64")]), &[]);
    let mixed = "content-type: MULTIPART/Mixed; boundary=\"=b\"";
    let mail = mail(&[&HEADERS[..], &[mixed]].concat(), &[HUMAN, &json]);
    odd(&mail, &["not-multipart-report"]);
    let shown = unpacked(&mail).deviations().as_slice()[0].to_string();
    assert_eq!(shown, "mail other than a multipart/report of type tlsrpt: `multipart/mixed`");
}

#[test]
fn mail_3_the_part_is_found_by_its_name() {
    let upper = NAME.to_uppercase();
    for name in [NAME, &upper, "report.json", "REPORT.JSON"] {
        let octets = part(&format!("application/octet-stream; name=\"{name}\""), JSON);
        let part = octets.replace("; name=", "\r\nContent-Disposition: attachment; filename=");
        for part in [octets, part] {
            let mail = report(&[HUMAN, &part]);
            odd(&mail, &["media-type"]);
            assert_eq!(unpacked(&mail).clues().begin().is_some(), name.contains('!'));
        }
    }
    // In the form for other characters and long names (RFC 2231).
    let continued = "filename*0*=us-ascii''a.example%21b.example;\r\n \
                     filename*1=!1725321600!1725407999.json";
    let part =
        part(&format!("application/x\r\nContent-Disposition: attachment; {continued}"), JSON);
    assert!(unpacked(&report(&[HUMAN, &part])).clues().end().is_some());
}

#[test]
fn mail_3_the_part_is_found_by_its_content_in_the_end() {
    odd(&report(&[HUMAN, &part("image/png", JSON)]), &["media-type"]);
    odd(&report(&[HUMAN, &part("application/json", JSON)]), &["media-type"]);
    let untyped = format!("\r\n{JSON}");
    odd(&report(&[HUMAN, &untyped]), &["media-type", "identity-encoding"]);
}

#[test]
fn mail_3_a_mail_may_be_the_report_itself() {
    let header = HEADERS.join("\r\n");
    let body = part("application/tlsrpt+json", JSON);
    odd(&[&header, "\r\n", &body].concat(), &["not-multipart-report"]);
    let plain = [&header, "\r\n\r\n", JSON].concat();
    odd(&plain, &["not-multipart-report", "media-type", "identity-encoding"]);
}

#[test]
fn mail_3_the_part_is_found_in_multiparts_and_messages() {
    let json = part("application/tlsrpt+json", JSON);
    let inner = report(&[HUMAN, &json]);
    let (_, body) = inner.split_once("\r\n\r\n").unwrap();
    let nested = ["Content-Type: multipart/mixed; boundary=\"=b\"\r\n\r\n", body].concat();
    let outer = |part: &str| {
        let part = ["--=bb \t\r\n", part, "\r\n--=bb--\r\n"].concat();
        [&HEADERS.join("\r\n"), "\r\n", &REPORT.replace("=b\"", "=bb\""), "\r\n\r\n", &part]
            .concat()
    };
    odd(&outer(&nested), &[]);
    // Signed, say, or with a line of a mailing list below.
    let mixed = |mail: &str| mail.replacen("multipart/report", "multipart/signed", 1);
    odd(&mixed(&outer(&nested)), &["not-multipart-report"]);
    let nested = nested.replace("multipart/mixed", "multipart/report; report-type=TLSRPT");
    odd(&mixed(&outer(&nested)), &[]);
    let beside = [&nested, "\r\n--=bb\r\n", &json].concat().replacen(JSON_BASE64, "!", 1);
    odd(&mixed(&outer(&beside)), &["not-multipart-report"]);

    // What a forwarded mail says is what counts, not the one that forwards it.
    let subject = "Subject: Fwd: look at this";
    for encoding in ["7bit", "base64", "quoted-printable"] {
        let content = match encoding {
            "base64" => STANDARD.encode(&inner),
            "quoted-printable" => inner.replace('=', "=3D"),
            _ => inner.clone(),
        };
        let header = "Content-Type: Message/RFC822\r\nContent-Transfer-Encoding: ";
        let message = [header, encoding, "\r\n\r\n", &content].concat();
        let mail = outer(&message).replacen(SUBJECT, subject, 1);
        odd(&mail, &[]);
        assert_eq!(unpacked(&mail).clues().report_id(), Some("1@a.example"));
        odd(&mail.replace("Message/RFC822", "message/global"), &[]);
    }
}

#[test]
fn mail_3_of_several_parts_the_first_that_looks_best_counts() {
    let other = r#"{"other":1}"#;
    let json = part("application/tlsrpt+json", JSON);
    let damaged = json.replace("base64\r\n\r\n", "base64\r\n\r\n!");
    let named = part(&format!("application/x; name=\"{NAME}\""), other);
    let likely = part("application/json", other);
    let text = "\r\n{}".to_owned();
    let empty = part("application/tlsrpt+gzip", "");
    let second = part("application/tlsrpt+json", other);
    let worse = [&likely, &text, &named, &damaged, &empty];
    for worse in worse {
        for parts in [[worse, &json, &second], [&json, worse, &second]] {
            let mail = report(&parts.map(|part| &**part));
            assert_eq!(unpacked(&mail).json(), JSON.as_bytes());
        }
    }
    let ranked = [part(&format!("x/y; name=\"{NAME}\""), JSON), likely, text];
    for (better, worse) in [(0, 1), (0, 2), (1, 2)] {
        let mail = report(&[&ranked[worse], &ranked[better]]);
        let expected = unpacked(&report(&[&ranked[better]])).into_json().into_owned();
        assert_eq!(unpacked(&mail).json(), expected);
    }
    // Of equals, the message's own part, or else that of the first message within it.
    let message = |content| {
        let part = part("application/tlsrpt+json", content);
        ["Content-Type: message/rfc822\r\n\r\n", &part].concat()
    };
    for parts in [[&message(other), &json], [&message(JSON), &message(other)]] {
        assert_eq!(unpacked(&report(&parts.map(|part| &**part))).json(), JSON.as_bytes());
    }
    // If no content looks right, what the part says of itself counts.
    let mail = report(&["\r\nhello", &part("application/tlsrpt+json", "oops")]);
    assert_eq!(unpacked(&mail).json(), b"oops");
}

#[test]
fn mail_3_each_form_of_the_subject_is_read() {
    let part = part("application/tlsrpt+json", JSON);
    let with = |subject: &str| report(&[HUMAN, &part]).replace(SUBJECT, subject);
    for (subject, id) in [
        // As Microsoft and Mail.ru write it.
        (
            "Subject: Report Domain: b.example Submitter: a.example Report-ID:\r\n  1+b.example",
            Some("1+b.example"),
        ),
        (
            "Subject: Report\r\n Domain: b.example\r\n Submitter: a.example\r\n \
             Report-ID: <1@a.example>",
            Some("1@a.example"),
        ),
        ("Subject: Re: Report Domain: b.example", None),
        ("Subject: Report Domain: b.example\0 Submitter: a.example Report-ID: <1@a>", None),
        ("Subject: Report Domain: \u{fc}.example Submitter: a.example Report-ID: <1@a>", None),
        ("Subject:", None),
        ("X-Subject: x", None),
    ] {
        let mail = with(subject);
        odd(&mail, &["subject-form"]);
        assert_eq!(unpacked(&mail).clues().report_id(), id, "{subject}");
    }
    // Encoded words are text.
    odd(&with(&SUBJECT.replace("b.example", "=?utf-8?q?b=2Eexample?=")), &[]);
}

#[test]
fn mail_3_headers_that_are_missing_or_no_names_are_told() {
    let mail = report(&[HUMAN, &part("application/tlsrpt+json", JSON)]);
    for (header, instead) in [
        ("TLS-Report-Domain: b.example\r\n", ""),
        ("TLS-Report-Submitter: a.example\r\n", ""),
        ("TLS-Report-Domain: b.example", "TLS-Report-Domain: \u{fc}\0.example"),
        ("TLS-Report-Domain: b.example", "TLS-Report-Domain: b.example\r\n c.example"),
        ("TLS-Report-Domain: b.example", "TLS-Report-Domain: b.example\rX-Forged: 1"),
    ] {
        let mail = mail.replace(header, instead);
        odd(&mail, &["no-report-headers"]);
        // The subject says it as well.
        let unpacked = unpacked(&mail);
        assert_eq!(unpacked.clues().domain().unwrap().as_str(), "b.example");
        assert_eq!(unpacked.clues().submitter().unwrap().as_str(), "a.example");
    }
    odd(&mail.replace("TLS-Report-Domain:", "tls-report-domain :\t"), &[]);
}

#[test]
fn mail_3_what_is_odd_about_the_parts_is_told() {
    let json = part("application/tlsrpt+json", JSON);
    let html = "Content-Type: text/html\r\n\r\n<p>This is a report.\r\n";
    odd(&report(&[html, &json]), &["html-part"]);
    odd(&report(&[HUMAN, html, &json]), &[]);
    odd(&report(&[HUMAN, &json, "\r\n"]), &["empty-part"]);
    odd(&report(&[HUMAN, &part("application/tlsrpt", JSON)]), &["media-type"]);
    odd(&report(&[HUMAN, &part("application/tlsrpt+gzip", JSON)]), &["content-type-differs"]);
    let identity = format!("Content-Type: application/tlsrpt+json\r\n\r\n{JSON}");
    odd(&report(&[HUMAN, &identity]), &["identity-encoding"]);
    let quoted = JSON.replace(':', "=3A=\r\n");
    let quoted =
        json.replace("base64", "quoted-printable").replace(&STANDARD.encode(JSON), &quoted);
    odd(&report(&[HUMAN, quoted.trim_end()]), &["quoted-printable"]);
    odd(&report(&[html, &json, "\r\n"]), &["html-part", "empty-part"]);
    // The last delimiter may be missing, as in a report of Mail.ru, whose last part is empty.
    let cut = report(&[HUMAN, &json]).replace("--=b--\r\n", "--=b\r\n\r\n");
    odd(&cut, &["empty-part"]);
    odd(report(&[HUMAN, &json]).strip_suffix("\r\n--=b--\r\n").unwrap(), &[]);
}

#[test]
fn mail_3_how_a_mail_was_stored_is_told() {
    let mail = report(&[HUMAN, &part("application/tlsrpt+json", JSON)]);
    odd(&mail.replace("\r\n", "\n"), &["bare-line-feed"]);
    let mbox = format!("From tlsrpt@a.example Thu\x1b\r\n{mail}");
    odd(&mbox, &["mbox-line"]);
    let deviation = &unpacked(&mbox).deviations().as_slice()[0].clone();
    assert_eq!(deviation.found(), "From tlsrpt@a.example Thu\\u{1b}");
    odd(&mbox.replace("\r\n", "\n"), &["mbox-line", "bare-line-feed"]);
    odd(&format!("\u{feff}\r\n{mail}"), &[]);
}

#[test]
fn mail_3_a_mail_without_a_report_is_an_error() {
    let limits = UnpackLimits::default();
    let kind = UnpackErrorKind::NoReport;
    let broken = part("application/json", JSON).replace("base64\r\n\r\n", "base64\r\n\r\n!");
    for mail in [
        "Subject: x",
        "From me\nSubject: x\n\n",
        "a_1: x\r\n\r\nhello",
        "a-1 \t: x\r\n\r\nhello",
        "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n--x\r\n\r\n--x--\r\n{}",
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n!",
        &report(&[HUMAN, "Content-Type: application/pdf; name=x.pdf\r\n\r\n%PDF"]),
        &report(&[HUMAN, &broken]),
    ] {
        refused(mail, limits, kind, "expected a report in the mail");
    }
    let shown = "expected a part in the transfer encoding that it names";
    let kind = UnpackErrorKind::TransferEncoding;
    for encoded in ["base64\r\n\r\n!", "quoted-printable\r\n\r\n=Z"] {
        let part = part("application/tlsrpt+json", JSON).replace("base64\r\n\r\n", encoded);
        refused(&report(&[HUMAN, &part]), limits, kind, shown);
    }
}

#[test]
fn mail_3_a_boundary_is_a_whole_line() {
    // A boundary that begins like another, one in the middle of a line, and one that
    // never comes.
    let json = part("application/tlsrpt+json", JSON);
    let odd_lines = "\r\n--=bb\r\n --=b\r\n--=b--x\r\n";
    odd(&report(&[odd_lines, &json]), &[]);
    let never = "Content-Type: multipart/mixed; boundary=never\r\n\r\n--nevermore\r\n";
    odd(&report(&[HUMAN, never, &json]), &[]);
}

#[test]
fn mail_3_ten_thousand_parts_are_bounded() {
    let json = part("application/tlsrpt+json", JSON);
    let never = "Content-Type: multipart/mixed; boundary=never\r\n\r\nx";
    let mut parts = vec![never; 10_000];
    parts.push(HUMAN);
    parts.push(&json);
    let mail = report(&parts);
    let limits = UnpackLimits::default();
    let kind = UnpackErrorKind::TooManyParts { limit: 1_000 };
    refused(&mail, limits, kind, "expected at most 1000 parts in the mail");
    // The mail itself is one of them.
    let kind = UnpackErrorKind::TooManyParts { limit: 10_002 };
    let shown = "expected at most 10002 parts in the mail";
    refused(&mail, limits.with_parts(10_002), kind, shown);
    let unpacked = media::unpack(&mail, &limits.with_parts(10_003)).unwrap();
    assert_eq!(unpacked.json(), JSON.as_bytes());
}

#[test]
fn mail_3_depth_is_bounded() {
    let message = "Content-Type: message/rfc822\r\n\r\n";
    let within = |depth| [&message.repeat(depth), HUMAN].concat();
    let limits = UnpackLimits::default();
    let kind = UnpackErrorKind::TooDeep { limit: 8 };
    let shown = "expected at most 8 multiparts and messages within each other";
    refused(&within(9), limits, kind, shown);
    refused(&within(8), limits, UnpackErrorKind::NoReport, "expected a report in the mail");
    let kind = UnpackErrorKind::TooDeep { limit: 64 };
    let error = media::unpack(&within(100_000), &limits.with_depth(100_000)).unwrap_err();
    assert_eq!(error.kind(), kind);
}

#[test]
fn mail_3_headers_are_bounded() {
    let limits = UnpackLimits::default();
    let header = |len: usize| format!("X: {}\r\n", "x".repeat(len - 5));
    let kind = UnpackErrorKind::HeaderTooLong { limit: 102_400 };
    let shown = "expected at most 102400 octets of header";
    refused(&header(102_401), limits, kind, shown);
    refused(&header(102_400), limits, UnpackErrorKind::NoReport, "expected a report in the mail");
    let long = header(100_000);
    let kind = UnpackErrorKind::HeaderTooLong { limit: 1 << 20 };
    let shown = "expected at most 1048576 octets of header";
    refused(&report(&[&*long; 11]), limits, kind, shown);
    assert_eq!(
        media::unpack(&report(&[&*long; 10]), &limits).unwrap_err().kind(),
        UnpackErrorKind::NoReport
    );
}

#[test]
fn mail_3_a_field_that_is_too_long_counts_for_none() {
    let json = part("application/tlsrpt+json", JSON);
    let mail = report(&[HUMAN, &json]);
    let blanks = |len: usize| " ".repeat(len - " application/tlsrpt+json\r\n".len());
    let with = |len| {
        let longer = format!("Content-Type: {}application/tlsrpt+json", blanks(len));
        mail.replace("Content-Type: application/tlsrpt+json", &longer)
    };
    odd(&with(8_192), &[]);
    odd(&with(8_193), &["media-type"]);
    let words = format!("Subject:{}\r\n", " =?a?q?x".repeat(2_000));
    odd(&mail.replace(&[SUBJECT, "\r\n"].concat(), &words), &["subject-form"]);
}

#[test]
fn mail_3_what_a_mail_holds_is_bounded() {
    let mail = report(&[HUMAN, &part("application/tlsrpt+json", JSON)]);
    let limits = UnpackLimits::default().with_output(JSON.len());
    assert!(media::unpack(&mail, &limits).is_ok());
    let kind = UnpackErrorKind::OutputTooLong { limit: 14 };
    refused(&mail, limits.with_output(14), kind, "expected at most 14 octets of JSON");
}

#[cfg(feature = "gzip")]
#[test]
fn mail_3_gzip_is_found_under_any_type() {
    let packed = media::packed(JSON);
    odd(&report(&[HUMAN, &part("application/tlsrpt+gzip", &packed)]), &[]);
    for media_type in [
        "application/gzip",
        "application/x-gzip",
        "application/octet-stream; name=report.json.GZ",
        "application/octet-stream",
        "text/plain; charset=utf-8",
    ] {
        odd(&report(&[HUMAN, &part(media_type, &packed)]), &["media-type"]);
    }
    let mail = report(&[HUMAN, &part("application/tlsrpt+json; name=x.json.gz", &packed)]);
    odd(&mail, &["content-type-differs"]);
    assert_eq!(unpacked(&mail).form(), Form::Mail(MediaType::Gzip));
    let (head, tail) = JSON.split_at(3);
    let members = [media::packed(head), media::packed(tail)].concat();
    odd(&report(&[HUMAN, &part("application/tlsrpt+gzip", members)]), &["several-members"]);

    let half = part("application/tlsrpt+gzip", &packed[..20]);
    let shown = "expected the rest of the gzip member at offset 0";
    let kind = UnpackErrorKind::Truncated;
    refused(&report(&[HUMAN, &half]), UnpackLimits::default(), kind, shown);
}

/// What headers, subject and file name of a mail say about the report in it.
fn clues(name: &str) -> Clues {
    let mail = report(&[HUMAN, &part("application/tlsrpt+json", JSON)]);
    unpacked(&mail).clues().clone().with_file_name(name)
}

/// What they should say it about.
fn described() -> Report<'static> {
    let time = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
    let mut report = Report::new(DateRange::new(time(1_725_321_600), time(1_725_407_999)));
    report.contact_info = Some("tlsrpt@A.example".into());
    report.report_id = Some("1@a.example".into());
    report.policies = vec![policy(PolicyType::Sts, "B.example.")];
    report
}

fn policy(policy_type: PolicyType, domain: &'static str) -> PolicyReport<'static> {
    PolicyReport::new(PolicyDescription::new(policy_type, domain), Summary::new(0, 0))
}

/// The differences, in words.
fn differences(clues: &Clues, report: &Report<'_>) -> Vec<String> {
    let found = clues.differences(report);
    assert!(found.iter().all(|one| one.kind().as_str() == "differs"));
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn mail_3_the_report_wins_and_each_difference_is_told() {
    let mut report = described();
    assert!(differences(&clues(NAME), &report).is_empty());

    let names = [
        ("x.example!y.example!1!2.json", 4),
        ("x.example!b.example!1725321600!1725407999.json", 1),
        ("a.example!b.example!1725321599!1725407999.json", 1),
        ("a.example!b.example!1725321600!1725408000.json", 0),
        ("a.example!b.example!1725321600!1725408001.json", 1),
        ("a.example!b.example.json", 0),
    ];
    for (name, number) in names {
        assert_eq!(differences(&clues(name), &report).len(), number, "{name}");
    }

    report.contact_info = Some("tlsrpt@c.example".into());
    report.report_id = Some("2\x1b".into());
    report.policies[0].policy.policy_domain = Some("d.example".into());
    assert_eq!(
        differences(&clues("x.example!y.example!1!2.json"), &report),
        [
            "header says another domain than the report: `b.example`, not `d.example`",
            "header says another submitter than the report: `a.example`, not `c.example`",
            "subject says another domain than the report: `b.example`, not `d.example`",
            "subject says another submitter than the report: `a.example`, not `c.example`",
            "subject says another report-id than the report: `1@a.example`, not `2\\u{1b}`",
            "file name says another domain than the report: `y.example`, not `d.example`",
            "file name says another submitter than the report: `x.example`, not `c.example`",
            "file name says another begin than the report: `1`, not `1725321600`",
            "file name says another end than the report: `2`, not `1725407999`",
        ]
    );
    let found = clues(NAME).differences(&report);
    let first = &found.as_slice()[0];
    assert_eq!(first.kind(), MediaDeviationKind::Differs);
    assert_eq!(first.difference(), Some((ClueSource::Headers, Claim::Domain)));
    assert_eq!((first.found(), first.reported()), ("b.example", "d.example"));
}

#[test]
fn mail_3_what_a_report_lacks_cannot_differ() {
    let time = UnixTime::since_unix_epoch(Duration::ZERO);
    let mut report = Report::new(DateRange::new(time, time));
    assert!(differences(&clues("a.json"), &report).is_empty());
    report.contact_info = Some("https://a.example".into());
    report.policies = vec![policy(PolicyType::Tlsa, "mx.example")];
    assert!(differences(&clues("a.json"), &report).is_empty());
    // One of several policies is enough.
    report.policies.push(policy(PolicyType::Sts, "other.example"));
    assert_eq!(differences(&clues("a.json"), &report).len(), 2);
    report.policies.push(policy(PolicyType::NoPolicyFound, "b.example"));
    assert!(differences(&clues("a.json"), &report).is_empty());
}

#[test]
fn mail_3_an_id_that_was_rewritten_for_the_subject_is_the_same() {
    let with = |id: &str| {
        let mail = report(&[HUMAN, &part("application/tlsrpt+json", JSON)])
            .replace("Report-ID: <1@a.example>", &format!("Report-ID: {id}"));
        unpacked(&mail).clues().clone()
    };
    let domain = |name| DomainName::parse(name).unwrap();
    let written = ReportSubject::new(domain("b.example"), domain("a.example"), "id of mine");
    let written = format!("<{}>", written.report_id());
    let mut report = described();
    for (own, id, same) in [
        // As Google and Microsoft do it.
        ("2024-09-03T00:00:00Z_b.example", "<2024.09.03T00.00.00Z+b.example@a.example>", true),
        ("133708152202987951+b.example", "133708152202987951+b.example", true),
        ("133708152202987951+", "133708152202987951+", true),
        ("133708152202987951_b.example", "133708152202987951+b.example", true),
        // As this crate does it.
        ("id of mine", &written, true),
        ("id of yours", &written, false),
        ("1", "<1@a.example>", true),
        ("1@a.example", "<1@A.example>", true),
        ("2", "<1@a.example>", false),
        ("5065427c-23d3", "<735ff.e317+bf22029@a.example>", false),
    ] {
        report.report_id = Some(own.into());
        assert_eq!(differences(&with(id), &report).is_empty(), same, "{own} {id}");
    }
}

#[test]
fn mail_3_what_a_report_lacks_is_found_beside_it() {
    let report = described();
    let time = UnixTime::since_unix_epoch(Duration::ZERO);
    let bare = Report::new(DateRange::new(time, time));
    let mut bare_policy = policy(PolicyType::Sts, "");
    bare_policy.policy.policy_domain = None;

    let of_file = Clues::default().with_file_name("x.example!y.example!1!2.json");
    assert_eq!(of_file.submitter_of(&bare).unwrap().as_str(), "x.example");
    assert_eq!(of_file.domain_of(&bare_policy), Some("y.example"));
    assert_eq!(of_file.report_id_of(&bare), None);
    assert_eq!(of_file.begin().unwrap().as_secs(), 1);
    assert_eq!(of_file.end().unwrap().as_secs(), 2);

    // Headers and subject come first, and before them the report.
    let of_mail = clues("x.example!y.example!1!2.json");
    assert_eq!(of_mail.submitter_of(&bare).unwrap().as_str(), "a.example");
    assert_eq!(of_mail.domain_of(&bare_policy), Some("b.example"));
    assert_eq!(of_mail.report_id_of(&bare), Some("1@a.example"));
    assert_eq!(of_file.submitter_of(&report).unwrap().as_str(), "a.example");
    assert_eq!(of_file.domain_of(&report.policies[0]), Some("B.example."));
    assert_eq!(of_file.report_id_of(&report), Some("1@a.example"));
    assert_eq!(Clues::default().submitter_of(&bare), None);
    assert_eq!(Clues::default().domain_of(&bare_policy), None);

    // The subject comes before the file name, behind the headers.
    let mail = report_with_subject_alone();
    let of_subject = unpacked(&mail).clues().clone().with_file_name("x.example!y.example!1!2.json");
    assert_eq!(of_subject.submitter().unwrap().as_str(), "a.example");
    let header = mail.replace("From:", "TLS-Report-Submitter: c.example\r\nFrom:");
    assert_eq!(unpacked(&header).clues().submitter().unwrap().as_str(), "c.example");
}

fn report_with_subject_alone() -> String {
    mail(&[HEADERS[0], SUBJECT, REPORT], &[HUMAN, &part("application/tlsrpt+json", JSON)])
}

#[test]
fn mail_3_each_kind_of_deviation_has_a_name_and_words() {
    let names = MediaDeviationKind::ALL.iter().map(|kind| kind.as_str());
    let distinct: BTreeSet<_> = names.collect();
    assert_eq!(distinct.len(), MediaDeviationKind::ALL.len());
    for kind in MediaDeviationKind::ALL {
        assert!(!kind.to_string().is_empty());
    }
}

#[test]
fn mail_3_what_is_empty_in_the_report_is_said_beside_it() {
    let clues = clues(NAME);
    let mut report = described();
    report.report_id = Some("".into());
    report.contact_info = Some("".into());
    report.policies = vec![policy(PolicyType::Sts, "")];
    assert_eq!(clues.report_id_of(&report), Some("1@a.example"));
    assert_eq!(clues.domain_of(&report.policies[0]), Some("b.example"));
    assert_eq!(clues.submitter_of(&report), DomainName::parse("a.example").ok());
    assert!(differences(&clues, &report).is_empty());
}
