//! The laws of `support/forms.rs` over mails that are glued together from tokens, and
//! over any octets in gzip.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/forms.rs"]
mod forms;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const TOKENS: &[&str] = &[
    "\r\n",
    "\n",
    "\r\n\r\n",
    "--=b\r\n",
    "--=b--\r\n",
    "--c\n",
    "--",
    "{}",
    "{\"policies\":[]}",
    "Content-Type: ",
    "Content-Transfer-Encoding: ",
    "Content-Disposition: attachment; filename=",
    "Subject: ",
    "Report Domain: a.example Submitter: b.example Report-ID: <1@b.example>\r\n",
    "TLS-Report-Domain: ",
    "TLS-Report-Submitter: b.example\r\n",
    "a.example!b.example!1!2.json",
    "multipart/mixed; boundary=c\r\n\r\n",
    "multipart/report; report-type=tlsrpt; boundary=\"=b\"\r\n\r\n",
    "message/rfc822\r\n\r\n",
    "application/tlsrpt+gzip\r\n\r\n",
    "application/tlsrpt+json\r\n",
    "base64\r\n",
    "quoted-printable\r\n",
    "e30=",
    "H4sI",
    "=7B=\r\n",
    "=?utf-8?q?=0A?=",
    "*0*=utf-8''%0a",
    "From ",
    " ",
    "\t",
    "\r",
    "\0",
    ":",
    ";",
    "\"",
    "x",
];

fn mail() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        20 => select(TOKENS).prop_map(|token| token.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..4),
    ];
    vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn rpt_7_gzip_is_unpacked_within_its_bounds(octets in vec(any::<u8>(), 0..200)) {
        forms::gzip(&octets);
    }

    #[test]
    fn mail_3_mails_are_read_within_their_bounds(octets in mail()) {
        forms::mail(&octets);
    }
}
