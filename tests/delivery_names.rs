//! The laws of `support/filenames.rs` over random input that looks like the real thing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/filenames.rs"]
mod filenames;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const WHOLE_FILENAME: &[&str] =
    &["a.example", "!", "b.example", "!", "1", "!", "2", "!x9", ".json", ".gz"];

const FILENAME: &[&str] = &[
    "a.example",
    "!",
    "!",
    "!",
    "1",
    "007",
    "18446744073709551615",
    "18446744073709551616",
    "x9",
    ".json",
    ".json.gz",
    ".JSON",
    ".gz",
    "B.Example",
    "mail",
    "-",
    ".",
    " ",
    "ü",
    "\r\n",
    "/",
    "+",
];

const WHOLE_SUBJECT: &[&str] =
    &["Report ", "Domain: ", "a.example ", "Submitter: ", "b.example ", "Report-ID: ", "<a@b>"];

const SUBJECT: &[&str] = &[
    "Report ",
    "Domain: ",
    "a.example ",
    "Submitter: ",
    "Report-ID: ",
    "<a@b>",
    "<",
    ">",
    "@",
    "c",
    "report ",
    "Domain:",
    "\r\n ",
    "\t",
    " ",
    "=?",
    "(x)",
    "ü",
    "..",
    "\0",
];

const WHOLE_TAGS: &[&str] =
    &["v=1", ";", " d=", "a.example", ";", "l=", "5", ";", "s=", "email:", "tlsrpt", ";"];

const TAGS: &[&str] = &[
    "d=",
    "a.example",
    ";",
    ";",
    ";",
    "l=1",
    "s=",
    "tlsrpt",
    "*",
    ":",
    "email",
    " ",
    "\r\n\t",
    "=",
    "x_1",
    "v=1",
    "D=a",
    "d",
    "ü",
    "\0",
    "~",
];

/// Whole parts in their order, some of which are missing or something else.
fn text(
    whole: &'static [&'static str],
    tokens: &'static [&'static str],
) -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        9 => select(tokens).prop_map(|token| token.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..4),
    ];
    let change = (0..=whole.len(), 0..2_usize, vec(token, 0..3));
    vec(change, 0..3).prop_map(move |changes| {
        let mut parts: Vec<Vec<u8>> = whole.iter().map(|part| part.as_bytes().to_vec()).collect();
        for (at, left_out, put_in) in changes {
            let at = at.min(parts.len());
            let end = (at + left_out).min(parts.len());
            parts.splice(at..end, put_in);
        }
        parts.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn mail_1_file_names_obey_their_laws(bytes in text(WHOLE_FILENAME, FILENAME)) {
        filenames::names(&bytes);
    }

    #[test]
    fn mail_2_subjects_obey_their_laws(bytes in text(WHOLE_SUBJECT, SUBJECT)) {
        filenames::names(&bytes);
    }

    #[test]
    fn mail_6_tags_obey_their_laws(bytes in text(WHOLE_TAGS, TAGS)) {
        filenames::names(&bytes);
    }

    #[test]
    fn no_bytes_break_a_law(bytes in vec(any::<u8>(), 0..200)) {
        filenames::names(&bytes);
    }
}

#[test]
fn large_inputs_obey_their_laws() {
    for unit in ["!", "a!", "a.", ".json", "Report Domain: ", " ", ";", "a=;", "d=a;", "ü", "1"] {
        for head in ["", "a!b!1!2", "Report Domain: a Submitter: b Report-ID: ", "d=a"] {
            filenames::names([head, &unit.repeat(100_000 / unit.len())].concat().as_bytes());
        }
    }
}

/// The laws of what is accepted are tested only by input that is.
#[test]
fn a_good_part_of_the_input_is_valid() {
    use mta_sts::Reading::Tolerant;
    use mta_sts::tlsrpt::dkim::SignatureTags;
    use mta_sts::tlsrpt::filename::ReportFilename;
    use mta_sts::tlsrpt::subject::ReportSubject;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut made = |whole, tokens| {
        let bytes = text(whole, tokens).new_tree(&mut runner).unwrap().current();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut valid = [0; 3];
    for _ in 0..300 {
        valid[0] += u32::from(ReportFilename::parse(&made(WHOLE_FILENAME, FILENAME)).is_ok());
        valid[1] +=
            u32::from(ReportSubject::parse(&made(WHOLE_SUBJECT, SUBJECT), Tolerant).is_ok());
        valid[2] += u32::from(SignatureTags::parse(&made(WHOLE_TAGS, TAGS)).is_ok());
    }
    assert!(valid.iter().all(|valid| (30..290).contains(valid)), "{valid:?} of 300");
}

#[cfg(feature = "arbitrary")]
mod typed {
    //! Values of the types themselves, made by their `Arbitrary`.

    use arbitrary::{Arbitrary, Unstructured};
    use mta_sts::tlsrpt::MailAddress;
    use mta_sts::tlsrpt::filename::ReportFilename;
    use mta_sts::tlsrpt::identity::ReportKey;
    use mta_sts::tlsrpt::subject::ReportSubject;

    use super::*;

    fn made<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Result<T, TestCaseError> {
        Unstructured::new(bytes)
            .arbitrary()
            .map_err(|error| TestCaseError::fail(format!("not valid: {error}")))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn values_are_what_their_text_says(bytes in vec(any::<u8>(), 0..300)) {
            let name = made::<ReportFilename>(&bytes)?;
            prop_assert_eq!(name.to_string().parse(), Ok(name));
            let subject = made::<ReportSubject>(&bytes)?;
            prop_assert_eq!(subject.to_string().parse(), Ok(subject));
            let address = made::<MailAddress>(&bytes)?;
            prop_assert_eq!(address.to_string().parse(), Ok(address));
            let key = made::<ReportKey>(&bytes)?;
            prop_assert_eq!(&ReportKey::new(key.submitter().clone(), key.report_id()), &key);
        }
    }
}
