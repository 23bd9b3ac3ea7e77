//! The laws of `support/laws.rs` over random input that looks like the real thing:
//! tokens of the grammars, glued together in any order.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/laws.rs"]
mod laws;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Up to `max` tokens, joined.
fn glued(tokens: &'static [&'static str], max: usize) -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        20 => select(tokens).prop_map(|token| token.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..4),
    ];
    vec(token, 0..max).prop_map(|tokens| tokens.concat())
}

/// `head` in front of `tail`, mostly.
fn behind(
    head: &'static str,
    tail: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![9 => Just(head), 1 => Just("")];
    (head, tail).prop_map(|(head, tail)| [head.as_bytes(), &tail].concat())
}

/// Whole fields in any order, `required` among them; now and then a token of `junk`
/// somewhere.
fn fields(
    required: &'static [&'static str],
    optional: &'static [&'static str],
    junk: &'static [&'static str],
) -> impl Strategy<Value = Vec<u8>> {
    let order = vec(select(optional), 0..5)
        .prop_map(move |mut fields| {
            fields.extend(required);
            fields
        })
        .prop_shuffle();
    let damage = prop_oneof![2 => Just(None), 1 => (any::<prop::sample::Index>(), select(junk)).prop_map(Some)];
    (order, damage).prop_map(|(fields, damage)| {
        let mut text = fields.concat().into_bytes();
        if let Some((at, token)) = damage {
            let at = at.index(text.len() + 1);
            text.splice(at..at, token.bytes());
        }
        text
    })
}

fn sts_record() -> impl Strategy<Value = Vec<u8>> {
    let optional = &[";id=b", " ; x=1", ";\ty_0.z=~!<>", ";v=STSv2", "; id=x-y"][..];
    behind("v=STSv1", fields(&[";id=a"], optional, RECORD))
}

fn tlsrpt_record() -> impl Strategy<Value = Vec<u8>> {
    let optional = &[
        ";rua=https://b.example/?a=b",
        " ; x=1",
        ";rua=mailto:c@d.example , x:y",
        "; rua=,mailto:e@f.example",
    ][..];
    behind("v=TLSRPTv1", fields(&[";rua=mailto:a@b.example"], optional, RECORD))
}

fn policy() -> impl Strategy<Value = Vec<u8>> {
    let required =
        &["version: STSv1\n", "mode: testing \r\n", "max_age:604800\n", "mx: a.example\n"][..];
    let optional = &[
        "mx: *.Example.com\t\n",
        "mode: none\n",
        "x: ü ö\r\n",
        "max_age: 1\n",
        "\n",
        " \t\r\n",
        " mx : b.example\n",
        "nmx: c.example\n",
    ][..];
    fields(required, optional, POLICY)
}

const RECORD: &[&str] = &[
    "; ",
    ";",
    " ; ",
    "\t",
    " ",
    "id=1",
    "id=",
    "id",
    "=",
    "a",
    "Zz9",
    "-",
    "ext=1",
    "x.y_z=~!<>",
    "v=STSv1",
    "rua=",
    "mailto:a@b.example",
    "https://b.example/?a=b",
    ",",
    " , ",
    "!",
    "%2C",
    "%",
    "x:",
    "ü",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\r\n",
    "\0",
];

const POLICY: &[&str] = &[
    "version: STSv1\n",
    "mode: enforce\n",
    "mode: testing\r\n",
    "mode:none\n",
    "mx: a.example\n",
    "mx: *.Example.com \t\r\n",
    "max_age: 604800\n",
    "max_age: 9999999999\n",
    "x: y\n",
    "é: ü\n",
    "x: ü ö\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    ":",
    "mx",
    "mode",
    "version",
    "*.",
    "-",
    ".",
    "a",
    "\u{feff}",
    "\u{a0}",
    "max_age",
    "1",
    "STSv1",
    "enforced",
    "\0",
    "<html>",
];

const NAMES: &[&str] = &[
    "a",
    "B",
    "mail",
    ".",
    ".",
    ".",
    "example",
    "COM",
    "*",
    "*.",
    "-",
    "_",
    "1",
    "255",
    "192.0.2.1",
    "xn--bcher-kva",
    "bücher",
    "[",
    ":",
    " ",
    "\n",
    "\n",
    "K",
    "\u{212a}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn sts_records_obey_their_laws(text in behind("v=STSv1", glued(RECORD, 12))) {
        laws::sts_record(&text);
    }

    #[test]
    fn records_of_whole_fields_obey_their_laws(sts in sts_record(), tlsrpt in tlsrpt_record()) {
        laws::sts_record(&sts);
        laws::tlsrpt_record(&tlsrpt);
        laws::txt_rrset(&[&*sts, b"\xfe", &tlsrpt].concat());
        laws::txt_rrset(&[&*sts, b"\xfe", &sts].concat());
        laws::txt_rrset(&sts);
    }

    #[test]
    fn policies_of_whole_lines_obey_their_laws(body in policy()) {
        laws::policy(&body);
    }

    #[test]
    fn tlsrpt_records_obey_their_laws(text in behind("v=TLSRPTv1;rua=", glued(RECORD, 12))) {
        laws::tlsrpt_record(&text);
    }

    #[test]
    fn rrsets_obey_their_laws(
        records in vec(
            prop_oneof![
                3 => behind("v=STSv1;", glued(RECORD, 4)),
                1 => behind("v=TLSRPTv1;", glued(RECORD, 4)),
            ],
            0..4,
        ),
        cut in 0..40_usize,
    ) {
        let mut bytes = records.join(&0xfe);
        bytes.insert(cut.min(bytes.len()), 0xff);
        laws::txt_rrset(&bytes);
    }

    #[test]
    fn policies_obey_their_laws(
        body in behind(
            "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 1\n",
            glued(POLICY, 14),
        )
    ) {
        laws::policy(&body);
    }

    #[test]
    fn patterns_and_hosts_obey_their_laws(text in glued(NAMES, 14)) {
        laws::mx_match(&text);
    }

    #[test]
    fn patterns_match_like_the_model(
        labels in vec(select(&["a", "b", "example", "com"][..]), 1..4),
        star: bool,
        host in vec(select(&["a", "B", "example", "com", "", "*"][..]), 0..5),
    ) {
        let star = if star { "*." } else { "" };
        laws::mx_match([star, &labels.join("."), "\n", &host.join(".")].concat().as_bytes());
    }

    #[test]
    fn no_bytes_break_a_law(bytes in vec(any::<u8>(), 0..200)) {
        laws::sts_record(&bytes);
        laws::tlsrpt_record(&bytes);
        laws::txt_rrset(&bytes);
        laws::policy(&bytes);
        laws::mx_match(&bytes);
    }
}

/// The laws of what is accepted are tested only by input that is.
#[test]
fn a_good_part_of_the_input_is_valid() {
    use mta_sts::Reading::{Strict, Tolerant};
    use mta_sts::sts::{Policy, StsRecord};
    use mta_sts::tlsrpt::TlsRptRecord;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut valid = [0; 4];
    for _ in 0..300 {
        let sts = sts_record().new_tree(&mut runner).unwrap().current();
        let tlsrpt = tlsrpt_record().new_tree(&mut runner).unwrap().current();
        let body = policy().new_tree(&mut runner).unwrap().current();
        valid[0] += u32::from(StsRecord::parse(&sts).is_ok());
        valid[1] += u32::from(TlsRptRecord::parse(&tlsrpt, Tolerant).is_ok());
        valid[2] += u32::from(Policy::parse(&body, Tolerant).is_ok());
        valid[3] += u32::from(Policy::parse(&body, Strict).is_ok());
    }
    assert!(valid.iter().all(|valid| (30..290).contains(valid)), "{valid:?} of 300");
}

#[test]
fn large_inputs_obey_their_laws() {
    for unit in ["mx: a\n", ";", " ", "x", "mx: ", "é", "\n", "a: b\n", "\u{202e}", ";id=1", ","] {
        let long = unit.repeat(65_000 / unit.len());
        laws::policy(long.as_bytes());
        let head = "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 1\nx: ";
        laws::policy([head, &long].concat().as_bytes());
        laws::mx_match(long.as_bytes());
        laws::sts_record(["v=STSv1;id=1;", &long].concat().as_bytes());
        laws::tlsrpt_record(["v=TLSRPTv1;rua=mailto:a@b.example,", &long].concat().as_bytes());
        laws::txt_rrset(["v=STSv1;", &long].concat().as_bytes());
    }
}

#[cfg(all(feature = "arbitrary", feature = "serde"))]
mod typed {
    //! Values of the types themselves, made by their `Arbitrary`.

    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use arbitrary::{Arbitrary, Unstructured};
    use mta_sts::DomainName;
    use mta_sts::failure::ResultType;
    use mta_sts::sts::{MaxAge, Mode, Policy, PolicyId, StsRecord};
    use mta_sts::tlsrpt::TlsRptRecord;
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn made<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Result<T, TestCaseError> {
        Unstructured::new(bytes)
            .arbitrary()
            .map_err(|error| TestCaseError::fail(format!("not valid: {error}")))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn arbitrary_values_are_valid_and_obey_the_laws(bytes in vec(any::<u8>(), 0..600)) {
            laws::sts_record(made::<StsRecord<'_>>(&bytes)?.as_str().as_bytes());
            laws::tlsrpt_record(made::<TlsRptRecord<'_>>(&bytes)?.as_str().as_bytes());
            laws::policy(made::<Policy>(&bytes)?.as_str().as_bytes());
            laws::mx_match(made::<DomainName>(&bytes)?.as_str().as_bytes());
        }

        #[test]
        fn scalars_are_what_their_text_says(bytes in vec(any::<u8>(), 0..100)) {
            round_trip(&made::<PolicyId>(&bytes)?)?;
            round_trip(&made::<DomainName>(&bytes)?)?;
            round_trip(&made::<Mode>(&bytes)?)?;
            round_trip(&made::<MaxAge>(&bytes)?)?;
            round_trip(&made::<ResultType>(&bytes)?)?;
        }
    }

    /// `FromStr` and `Display` are inverse, and so are the forms of serde.
    fn round_trip<T>(value: &T) -> Result<(), TestCaseError>
    where
        T: Display + FromStr<Err: Debug> + PartialEq + Debug + Serialize + DeserializeOwned,
    {
        prop_assert_eq!(&value.to_string().parse::<T>().unwrap(), value);
        let json = serde_json::to_string(value).unwrap();
        prop_assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
        Ok(())
    }
}
