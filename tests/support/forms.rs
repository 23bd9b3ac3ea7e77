//! What holds of every report that travels, whatever it travels in (RPT-7, MAIL-3).

use std::fmt::Display;
use std::time::Duration;

use mta_sts::escape::SHOWN_MAX;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::media::{self, Form, MediaType, UnpackErrorKind, UnpackLimits, Unpacked};
use mta_sts::tlsrpt::report::DateRange;
use rustls_pki_types::UnixTime;

/// What is unpacked at most, so that bombs are quick.
const CAP: usize = 100_000;

/// A report as it should be packed, in a part of a mail.
const PART: &str = "Content-Type: application/tlsrpt+json\r\n\
                    Content-Transfer-Encoding: base64\r\n\r\neyJhIjoxfQ==";

/// What is in it.
const JSON: &[u8] = br#"{"a":1}"#;

const HEADER: &str = "Content-Type: multipart/report; report-type=tlsrpt; boundary=\"=b\"\r\n\r\n";

/// Gzip, and all else that is no mail.
pub(crate) fn gzip(octets: &[u8]) {
    any(octets);
    // As the data of a member, behind the header of one.
    any(&[b"\x1f\x8b\x08\0\0\0\0\0\0\xff", octets].concat());

    let packed = media::packed(octets);
    let unpacked = media::unpack(&packed, &UnpackLimits::default()).expect("it is well packed");
    assert_eq!((unpacked.json(), unpacked.form()), (octets, Form::Gzip));
    assert!(unpacked.deviations().is_empty());

    let twice = [&*packed, &packed].concat();
    let unpacked = media::unpack(&twice, &UnpackLimits::default()).expect("two members");
    assert_eq!(unpacked.json(), [octets, octets].concat());
    assert_eq!(unpacked.deviations().total(), 1);

    let cut = 2 + octets.len() % (packed.len() - 2);
    assert_eq!(refused(&packed[..cut]), Some(UnpackErrorKind::Truncated));
    let trailing = [&*packed, b"\0"].concat();
    assert_eq!(refused(&trailing), Some(UnpackErrorKind::TrailingOctets));
    let mut damaged = packed;
    let crc = damaged.len() - 8;
    damaged[crc] ^= 1;
    assert_eq!(refused(&damaged), Some(UnpackErrorKind::Damaged));
}

fn refused(octets: &[u8]) -> Option<UnpackErrorKind> {
    media::unpack(octets, &UnpackLimits::default()).err().map(|error| error.kind())
}

/// Mails: the octets as one, as the header of one, as its parts, and behind a report.
pub(crate) fn mail(octets: &[u8]) {
    any(octets);
    any(&[b"Subject: x\r\n", octets].concat());
    any(&[HEADER.as_bytes(), b"--=b\r\n", octets, b"\r\n--=b--\r\n"].concat());

    // What stands behind a part that is as it should be changes nothing.
    let mail = [HEADER.as_bytes(), b"--=b\r\n", PART.as_bytes(), b"\r\n--=b\r\n", octets].concat();
    match media::unpack(&mail, &limits()) {
        Ok(unpacked) => {
            assert_eq!(unpacked.json(), JSON);
            assert_eq!(unpacked.form(), Form::Mail(MediaType::Json));
        }
        Err(error) => assert!(is_limit(error.kind()), "{error}"),
    }
    // Nor does what is no delimiter in front of it.
    let mail =
        [HEADER.as_bytes(), octets, b"\r\n--=b\r\n", PART.as_bytes(), b"\r\n--=b--"].concat();
    if !octets.windows(2).any(|two| two == b"--") {
        let unpacked = media::unpack(&mail, &limits()).expect("a preamble");
        assert_eq!(unpacked.json(), JSON);
    }
    mbox(octets);
}

/// The messages of an mbox are all of it, from the first one on.
fn mbox(octets: &[u8]) {
    let messages: Vec<_> = media::split_mbox(octets).collect();
    assert!(messages.iter().all(|message| message.starts_with(b"From ")));
    assert!(octets.ends_with(&messages.concat()));
    if octets.starts_with(b"From ") {
        assert_eq!(messages.concat(), octets);
    }
    for message in messages {
        assert_eq!(media::split_mbox(message).collect::<Vec<_>>(), [message]);
    }
}

fn limits() -> UnpackLimits {
    UnpackLimits::default().with_output(CAP).with_parts(50)
}

const fn is_limit(kind: UnpackErrorKind) -> bool {
    matches!(
        kind,
        UnpackErrorKind::TooManyParts { .. }
            | UnpackErrorKind::TooDeep { .. }
            | UnpackErrorKind::HeaderTooLong { .. }
    )
}

/// Any octets are unpacked within the bounds, or refused in words.
fn any(octets: &[u8]) {
    match media::unpack(octets, &limits()) {
        Ok(unpacked) => bounded(&unpacked, octets),
        Err(error) => {
            shown(&error);
            assert!(error.offset().is_none_or(|offset| offset <= octets.len()));
        }
    }
}

fn bounded(unpacked: &Unpacked<'_>, octets: &[u8]) {
    assert!(unpacked.json().len() <= CAP);
    match unpacked.form() {
        Form::Json => assert_eq!(unpacked.json(), octets),
        Form::Mail(_) => assert!(!octets.starts_with(b"\x1f\x8b")),
        _ => assert!(octets.starts_with(b"\x1f\x8b")),
    }
    unpacked.deviations().iter().for_each(shown);
    let time = UnixTime::since_unix_epoch(Duration::ZERO);
    let mut report = Report::new(DateRange::new(time, time));
    report.report_id = Some("\u{1b}".into());
    report.contact_info = Some("@\u{1b}a.example".into());
    unpacked.clues().differences(&report).iter().for_each(shown);
}

fn shown(what: &impl Display) {
    let text = what.to_string();
    assert!(!text.is_empty());
    assert!(text.chars().count() < 12 * SHOWN_MAX, "{} characters", text.chars().count());
    assert!(!text.contains(char::is_control), "{text:?}");
}
