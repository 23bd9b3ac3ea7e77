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
    fn policies_in_any_order_obey_their_laws(body in glued(POLICY, 14)) {
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

#[test]
fn large_inputs_obey_their_laws() {
    for unit in ["mx: a\n", ";", " ", "x", "mx: ", "é", "\n", "a: b\n", "\u{202e}", ";id=1", ","] {
        let long = unit.repeat(65_000 / unit.len());
        laws::policy(long.as_bytes());
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
