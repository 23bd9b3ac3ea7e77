//! RFC 8461 §3.1: the `_mta-sts` TXT record.

use crate::hash;
use mta_sts::sts::{PolicyId, StsRecord};
use mta_sts::txt::{self, NoRecord, RecordErrorKind};
use mta_sts::{DomainName, Hint};

#[track_caller]
fn id(text: &str) -> String {
    StsRecord::parse(text).expect("a record").id().to_string()
}

#[track_caller]
fn error(text: impl AsRef<[u8]>, kind: RecordErrorKind, shown: &str) {
    let error = StsRecord::parse(&text).expect_err("no record");
    assert_eq!(error.to_string(), shown);
    assert_eq!(error.kind(), kind);
}

#[test]
fn txt_1_grammar() {
    for text in [
        "v=STSv1;id=a",
        "v=STSv1; id=a;",
        "v=STSv1 \t;\t id=a \t;\t ",
        "v=STSv1;id=a;x=!<>~:?\"\\,",
        "v=STSv1;id=a;a234567890123456789012345678901_=1",
        "v=STSv1;0._-=1;id=a",
    ] {
        assert_eq!(id(text), "a");
    }
    assert_eq!(id("v=STSv1;id=A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6").len(), 32);
}

#[test]
fn txt_1_errors_say_what_and_where() {
    use RecordErrorKind::*;
    let version = Version { expected: "v=STSv1" };
    for (text, kind, shown) in [
        ("", version, "expected `v=STSv1` at offset 0, found the end"),
        ("v=spf1 -all", version, "expected `v=STSv1` at offset 0, found `v=spf1 -all`"),
        (
            "v=stsv1;id=a",
            version,
            "expected `v=STSv1` at offset 0, found `v=stsv1;id=a`; did you mean `v=STSv1`?",
        ),
        (
            " v = STSv1;id=a",
            version,
            "expected `v=STSv1` at offset 0, found ` v = STSv1;id=a`; did you mean `v=STSv1`?",
        ),
        ("v=STSv10;id=a", Delimiter, "expected `;` or the end at offset 7, found `0;id=a`"),
        ("v=STSv1 id=a", Delimiter, "expected `;` or the end at offset 7, found ` id=a`"),
        ("v=STSv1;id=a b", Delimiter, "expected `;` or the end at offset 12, found ` b`"),
        (
            "v=STSv1;id=a ",
            TrailingWhitespace,
            "expected no white space after the last field at offset 12, found ` `",
        ),
        (
            "v=STSv1;;id=a",
            EmptyField,
            "expected a field between two `;` at offset 8, found `;id=a`",
        ),
        ("v=STSv1;id=a; ;", EmptyField, "expected a field between two `;` at offset 14, found `;`"),
        ("v=STSv1;id=a;_x=1", Name, "expected a field name at offset 13, found `_x=1`"),
        (
            "v=STSv1;id=a;a23456789012345678901234567890123=1",
            Name,
            "expected a field name at offset 13, found `a2345678901234567890123456789012…`",
        ),
        ("v=STSv1;id =a", Equals, "expected `=` at offset 10, found ` =a`"),
        ("v=STSv1;bogus", Equals, "expected `=` at offset 13, found the end"),
        (
            "v=STSv1;id=a;x=",
            Value,
            "expected a value without white space, `=` and `;` at offset 15, found the end",
        ),
        (
            "v=STSv1;id=a;x= 1",
            Value,
            "expected a value without white space, `=` and `;` at offset 15, found ` 1`",
        ),
        ("v=STSv1;id=a;x=y=z", Delimiter, "expected `;` or the end at offset 16, found `=z`"),
        (
            "v=STSv1;id=",
            Id,
            "expected an `id` of 1 to 32 letters and digits at offset 11, found the end",
        ),
        (
            "v=STSv1;id=a-b",
            Id,
            "expected an `id` of 1 to 32 letters and digits at offset 11, found `a-b`",
        ),
        ("v=STSv1;", MissingId, "expected an `id` field at offset 8, found the end"),
        (
            "v=STSv1;ID=a",
            MissingId,
            "expected an `id` field at offset 12, found the end; did you mean `id` by `ID`?",
        ),
    ] {
        error(text, kind, shown);
    }
    let long = format!("v=STSv1;id={}", "a".repeat(33));
    error(
        &long,
        Id,
        &format!(
            "expected an `id` of 1 to 32 letters and digits at offset 11, found `{}…`",
            "a".repeat(32)
        ),
    );
}

#[test]
fn txt_2_version_first_id_required_unknown_fields_kept() {
    let record = StsRecord::parse("v=STSv1;b=2;id=a;c=3;b=4").unwrap();
    assert_eq!(record.id().as_str(), "a");
    assert_eq!(record.extensions().collect::<Vec<_>>(), [("b", "2"), ("c", "3"), ("b", "4")]);
    assert!(StsRecord::parse("id=a;v=STSv1").is_err());
    assert!(StsRecord::parse("v=STSv1;b=2").is_err());
}

#[test]
fn txt_3_first_id_wins() {
    assert_eq!(id("v=STSv1;id=a;id=b"), "a");
    assert_eq!(id("v=STSv1;id=a;id=x-y;v=STSv2"), "a");
    let record = StsRecord::parse("v=STSv1;id=a;id=b;v=x").unwrap();
    assert_eq!(record.extensions().count(), 0, "a known name is never an extension");
    assert!(StsRecord::parse("v=STSv1;id=x-y;id=a").is_err());
    assert!(StsRecord::parse("v=STSv1;id=a;id=").is_err());
}

#[test]
fn txt_4_any_bytes_are_read_or_refused() {
    error("v=STSv1;id=ä", RecordErrorKind::NotAscii, "expected US-ASCII at offset 11, found `ä`");
    error(
        b"v=STSv1;id=a;x=\xff",
        RecordErrorKind::NotAscii,
        "expected US-ASCII at offset 15, found `\\xff`",
    );
    error(
        "v=STSv1;id=a;x=\0",
        RecordErrorKind::Value,
        "expected a value without white space, `=` and `;` at offset 15, found `\\0`",
    );
    let strings: [&[u8]; 3] = [b"v=STSv1", b";id=2016", b"0831085700Z"];
    assert_eq!(StsRecord::from_rrset([strings]).unwrap().id().as_str(), "20160831085700Z");
}

#[test]
fn txt_5_the_one_record_of_an_rrset() {
    let choose = |rrset: &[&'static str]| {
        StsRecord::from_rrset(rrset.iter().map(|text| [*text]))
            .map(|record| record.id().to_string())
    };
    assert_eq!(choose(&["v=spf1 -all", "v=STSv1;id=a"]), Ok("a".to_owned()));
    assert_eq!(choose(&["v=STSv1 ;id=a"]), Ok("a".to_owned()));
    assert_eq!(choose(&["v=STSv1 ;id=a", "x"]), Err(NoRecord::Absent));
    assert_eq!(choose(&["v=STSv1;id=a", "v=STSv1;id=a"]), Err(NoRecord::Several { count: 2 }));
    assert_eq!(choose(&[]), Err(NoRecord::Absent));
    let Err(NoRecord::Invalid(error)) = choose(&["v=STSv1;", "x"]) else { panic!("invalid") };
    assert_eq!(error.kind(), RecordErrorKind::MissingId);
    let none = NoRecord::Invalid(error);
    assert_eq!(none.sts_result_type().as_str(), "sts-policy-fetch-error");
    assert_eq!(none.reason_code().as_str(), "invalid-record");
    let source = std::error::Error::source(&none).expect("the error of the record");
    assert_eq!(source.to_string(), "expected an `id` field at offset 8, found the end");
}

#[test]
fn txt_6_records_can_be_written() {
    let id = PolicyId::new("20261122").unwrap();
    let record = StsRecord::new(id);
    assert_eq!(record.to_string(), "v=STSv1;id=20261122");
    let record = record.with_extension("x", "y:z").unwrap();
    assert_eq!(record.to_string(), "v=STSv1;id=20261122;x=y:z");
    assert_eq!(record.to_string().parse(), Ok(record.clone()));
    assert_eq!(record, StsRecord::parse("v=STSv1 ; x=y:z ; id=20261122 ; ").unwrap());

    for (name, value, shown) in [
        ("id", "b", "expected the name of an extension at offset 0, found `id`"),
        ("v", "b", "expected the name of an extension at offset 0, found `v`"),
        ("x y", "b", "expected a field name at offset 0, found `x y`"),
        ("", "b", "expected a field name at offset 0, found the end"),
        ("x", "", "expected a value without white space, `=` and `;` at offset 0, found the end"),
        (
            "x",
            "a;id=c",
            "expected a value without white space, `=` and `;` at offset 0, found `a;id=c`",
        ),
        ("x", "ä", "expected US-ASCII at offset 0, found `ä`"),
    ] {
        let error = record.clone().with_extension(name, value).unwrap_err();
        assert_eq!(error.to_string(), shown);
    }
    let huge = record.with_extension("x", &"y".repeat(65_535)).unwrap_err();
    assert_eq!(huge.kind(), RecordErrorKind::TooLong);

    for text in ["", "a-b", "ä", "a b", &"a".repeat(33)] {
        let error = PolicyId::new(text).unwrap_err();
        assert!(error.to_string().starts_with("expected 1 to 32 letters and digits, found `"));
    }
}

#[test]
fn txt_6_zone_file_line() {
    let domain = DomainName::parse("example.com").unwrap();
    let owner = StsRecord::owner_name(&domain).unwrap();
    let record: StsRecord<'_> = "v=STSv1; id=1;".parse().unwrap();
    let line = format!("{owner} IN TXT {}", txt::presentation(&record.to_string()));
    assert_eq!(line, r#"_mta-sts.example.com. IN TXT "v=STSv1;id=1""#);
    let long = record.with_extension("x", &"y".repeat(300)).unwrap().to_string();
    let strings: Vec<&[u8]> = txt::split(&long).collect();
    assert_eq!(strings.len(), 2);
    assert_eq!(&*txt::join(strings), long.as_bytes());
}

#[test]
fn hints_are_values_too() {
    let error = StsRecord::parse("V=STSv1; id=a").unwrap_err();
    assert_eq!(error.hint(), Some(&Hint::DidYouMean("v=STSv1".into())));
    assert_eq!((error.offset(), error.found()), (0, "V=STSv1; id=a"));
}

#[test]
fn txt_6_equal_records_say_the_same_and_hash_alike() {
    let record = |text| StsRecord::parse(text).unwrap();
    let same = record("v=STSv1 ; x=1 ; id=a ; y=2 ; ");
    assert_eq!(record("v=STSv1;id=a;x=1;y=2"), same);
    assert_eq!(hash(&record("v=STSv1;id=a;x=1;y=2")), hash(&same));
    for other in ["v=STSv1;id=b;x=1;y=2", "v=STSv1;id=a;x=1", "v=STSv1;id=a;y=2;x=1"] {
        assert_ne!(record(other), same);
        assert_ne!(hash(&record(other)), hash(&same));
    }
}

#[test]
fn txt_4_the_longest_record_fits_in_many_strings() {
    let head = "v=STSv1;id=a;x=";
    let text = head.to_owned() + &"y".repeat(txt::MAX_TEXT_LEN - head.len());
    let strings: Vec<&[u8]> = txt::split(&text).collect();
    assert_eq!(strings.len(), 257);
    assert_eq!(StsRecord::from_rrset([&strings]).unwrap().as_str(), text);
    let longer = text + "y";
    let strings: Vec<&[u8]> = txt::split(&longer).collect();
    assert!(matches!(StsRecord::from_rrset([&strings]), Err(NoRecord::Invalid(_))));
}
