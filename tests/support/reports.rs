//! What holds of every text that may be a report, and of every report: laws that the
//! property tests and the fuzz target share.

use std::collections::BTreeSet;

use mta_sts::MAX_DEVIATIONS;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::json::{ReadLimits, ReportDeviationKind as Kind};
use serde_json::Value;

/// What the reader says of a report that the strict writer has written: what is normal, or
/// what the writer is told.
const NORMAL: [Kind; 6] = [
    Kind::Missing,
    Kind::Empty,
    Kind::NotOneDay,
    Kind::EndAtMidnight,
    Kind::SumDiffers,
    Kind::SamePolicyTwice,
];

/// And of texts that say more than they should.
const TOLD: [Kind; 3] = [Kind::ControlCharacters, Kind::NoDomain, Kind::NotADomain];

/// Any octets at all.
pub(crate) fn octets(json: &[u8]) {
    let limits = ReadLimits::default();
    match Report::from_json(json, &limits) {
        Ok((report, deviations)) => {
            assert!(deviations.as_slice().len() <= MAX_DEVIATIONS.min(deviations.total()));
            deviations.iter().for_each(|one| shown(&one.to_string()));
            counts_are_those_of_the_text(json, &report);
            written_again(&report);
            assert_eq!(report.clone().into_owned(), report);
        }
        Err(error) => {
            let lines = json.split(|b| *b == b'\n').count();
            assert!((1..=lines).contains(&error.line()) || error.line() == 0, "{error}");
            shown(&error.to_string());
        }
    }
}

/// A report that a sender may send.
pub(crate) fn report(report: &Report<'_>) {
    let json = report.to_json().expect("a report that may be sent");
    let (again, deviations) = Report::from_json(json.as_bytes(), &ReadLimits::default())
        .expect("what is written is read");
    assert_eq!(&again, report);
    for one in &deviations {
        assert!(NORMAL.contains(&one.kind()) || TOLD.contains(&one.kind()), "{one}");
    }
    assert_eq!(again.to_json().as_deref(), Ok(&*json));
    assert_eq!(report.to_json_as_read().as_deref(), Ok(&*json));
    is_i_json(&json);
    octets(json.as_bytes());
}

fn written_again(report: &Report<'_>) {
    let json = report.to_json_as_read().expect("the dates were read");
    let (again, _) = Report::from_json(json.as_bytes(), &ReadLimits::default())
        .expect("what is written is read");
    assert_eq!(&again, report);
    assert_eq!(again.to_json_as_read().as_deref(), Ok(&*json));
    if let Ok(strict) = report.to_json() {
        assert_eq!(strict, json);
        is_i_json(&json);
    }
}

/// No count is changed, whatever else stands there. What serde_json's own `Value` cannot
/// hold is not compared.
fn counts_are_those_of_the_text(json: &[u8], report: &Report<'_>) {
    let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    let Ok(value) = serde_json::from_slice::<Value>(json) else { return };
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let policies = value["policies"].as_array().expect("policies");
    assert_eq!(policies.len(), report.policies.len());
    for (value, read) in policies.iter().zip(&report.policies) {
        let (summary, member) = (&value["summary"], &read.summary);
        assert_eq!(
            count(&summary["total-successful-session-count"]),
            member.total_successful_session_count
        );
        assert_eq!(
            count(&summary["total-failure-session-count"]),
            member.total_failure_session_count
        );
        let rows = value["failure-details"].as_array().map_or(&[][..], Vec::as_slice);
        let rows = rows.iter().filter(|row| row.is_object());
        let counts = rows.map(|row| count(&row["failed-session-count"]));
        assert!(counts.eq(read.failure_details.iter().map(|row| row.failed_session_count)));
    }
}

/// RFC 7493: no member twice, no surrogates.
fn is_i_json(json: &str) {
    struct Object;

    impl<'de> serde::de::DeserializeSeed<'de> for Object {
        type Value = ();

        fn deserialize<D: serde::Deserializer<'de>>(self, any: D) -> Result<(), D::Error> {
            any.deserialize_any(self)
        }
    }

    impl<'de> serde::de::Visitor<'de> for Object {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("I-JSON")
        }

        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }

        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }

        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
            while array.next_element_seed(Self)?.is_some() {}
            Ok(())
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
            let mut names = BTreeSet::new();
            while let Some(name) = object.next_key::<String>()? {
                assert!(names.insert(name.clone()), "`{name}` twice");
                object.next_value_seed(Self)?;
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde::de::DeserializeSeed::deserialize(Object, &mut deserializer).expect("I-JSON");
}

/// Nothing of a stranger's is shown raw (ALL-1).
fn shown(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 2_000, "{} octets are shown", text.len());
}
