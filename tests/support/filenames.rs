//! What holds of every text taken for the name of a report's file, the subject of its
//! mail, or the tags of a signature: laws that the property tests and the fuzz target
//! assert alike, against models that are slow and obvious.

use core::fmt::Display;

use mta_sts::DomainName;
use mta_sts::Reading::{Strict, Tolerant};
use mta_sts::escape::SHOWN_MAX;
use mta_sts::tlsrpt::dkim::{KeyTags, MAX_TAG_LIST_LEN, SignatureTags};
use mta_sts::tlsrpt::filename::{MAX_UNIQUE_ID_LEN, ReportFilename};
use mta_sts::tlsrpt::subject::{MAX_SUBJECT_LEN, ReportSubject};

/// All of them, of the same octets.
pub(crate) fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    filename(&text);
    subject(&text);
    report_id(&text);
    tags(bytes);
}

/// RFC 8460 §5.1.
fn filename(text: &str) {
    let parsed = ReportFilename::parse(text);
    assert_eq!(parsed.is_ok(), is_filename(text), "{text:?}");
    match parsed {
        Ok(name) => {
            let written = name.to_string();
            assert_eq!(written.parse(), Ok(name));
            assert!(written.len() <= text.len(), "only zeros are left out");
        }
        Err(error) => {
            assert!(error.offset() <= text.len());
            shown(&error);
        }
    }
}

fn is_filename(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(".json.gz").or_else(|| lower.strip_suffix(".json")) else {
        return false;
    };
    let parts: Vec<&str> = stem.split('!').collect();
    let is_domain = |text: &str| DomainName::parse(text).is_ok() && !text.ends_with('.');
    let is_time = |text: &str| {
        let digits = text.trim_start_matches('0');
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_digit())
            && (digits.len() < 20 || digits.len() == 20 && digits <= "18446744073709551615")
    };
    let is_id = |text: &str| {
        (1..=MAX_UNIQUE_ID_LEN).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match parts[..] {
        [a, b, c, d] => is_domain(a) && is_domain(b) && is_time(c) && is_time(d),
        [a, b, c, d, e] => is_domain(a) && is_domain(b) && is_time(c) && is_time(d) && is_id(e),
        _ => false,
    }
}

/// RFC 8460 §5.3.
fn subject(text: &str) {
    let tolerant = ReportSubject::parse(text, Tolerant);
    if let Ok((subject, deviations)) = ReportSubject::parse(text, Strict) {
        assert!(deviations.is_empty());
        let (again, deviations) = tolerant.clone().expect("strict is within tolerant");
        assert!(again == subject && deviations.is_empty());
        assert_eq!(subject.to_string().parse(), Ok(subject));
    }
    match tolerant {
        Ok((subject, deviations)) => {
            assert!(text.len() <= MAX_SUBJECT_LEN);
            assert!(text.contains(subject.report_id()) && !subject.report_id().is_empty());
            assert!(subject.is_for(subject.report_id()));
            assert_eq!(deviations.is_empty(), ReportSubject::parse(text, Strict).is_ok());
            deviations.iter().for_each(shown);
        }
        Err(error) => {
            assert!(error.offset() <= text.len());
            shown(&error);
        }
    }
}

/// Whatever a report-id is, a subject is made of it that is read back.
fn report_id(text: &str) {
    let domain = |text| DomainName::parse(text).unwrap();
    let subject = ReportSubject::new(domain("a.example"), domain("b.example"), text);
    let written = subject.to_string();
    assert!(written.is_ascii() && !written.contains(|c: char| c.is_ascii_control()));
    assert!(written.split(' ').all(|word| word.len() < 900), "no word is longer than a line");
    assert_eq!(written.split(' ').count(), 7);
    assert_eq!(written.replace(' ', "\r\n\t").parse(), Ok(subject.clone()));
    assert!(subject.is_for(text));
}

/// RFC 6376 §3.2, §3.5, §3.6.1.
fn tags(bytes: &[u8]) {
    let naive = naive_tags(bytes);
    let value = |name: &str| {
        naive.iter().flatten().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    };
    match SignatureTags::parse(bytes) {
        Ok(tags) => {
            let domain = DomainName::parse(value("d").expect("it is required"));
            assert_eq!(domain.as_ref(), Ok(tags.domain()));
            assert_eq!(tags.has_length(), value("l").is_some());
        }
        Err(error) => {
            assert!(value("d").is_none_or(|domain| DomainName::parse(domain).is_err()));
            shown(&error);
        }
    }
    match KeyTags::parse(bytes) {
        Ok(tags) => {
            assert!(naive.is_some());
            let mut services = value("s").unwrap_or("*").split(':').map(str::trim);
            assert_eq!(
                tags.is_for_reports(),
                services.any(|service| service == "*" || service == "tlsrpt")
            );
        }
        Err(error) => {
            assert!(naive.is_none());
            shown(&error);
        }
    }
}

fn naive_tags(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let text = core::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_TAG_LIST_LEN)?;
    let is_fws = |c: char| " \t\r\n".contains(c);
    if !text.chars().all(|c| c.is_ascii_graphic() || is_fws(c)) {
        return None;
    }
    let mut parts: Vec<&str> = text.split(';').map(|part| part.trim_matches(is_fws)).collect();
    if parts.len() > 1 && parts.last() == Some(&"") {
        parts.pop();
    }
    let mut tags: Vec<(String, String)> = Vec::new();
    for part in parts {
        let (name, value) = part.split_once('=')?;
        let name = name.trim_end_matches(is_fws);
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && tags.iter().all(|(other, _)| other != name);
        if !fits {
            return None;
        }
        tags.push((name.to_owned(), value.trim_start_matches(is_fws).to_owned()));
    }
    Some(tags)
}

/// Errors and findings are one printable line of bounded length.
fn shown(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.chars().count() < 12 * SHOWN_MAX);
    assert!(!text.contains(char::is_control), "{text:?}");
}
