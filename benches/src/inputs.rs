//! The texts that the benches read: as published, as large as they may be, and bad
//! ones of growing length.

use std::fmt;

use mta_sts::sts::{MAX_BODY_LEN, MAX_MX};
use mta_sts::tlsrpt::MAX_REPORT_URIS;
use mta_sts::txt::{self, MAX_TEXT_LEN};

/// The `_mta-sts` record of RFC 8461 §3.1.
pub const STS_RECORD: &str = "v=STSv1; id=20160831085700Z;";

/// An `_mta-sts` record with three extensions, one before the `id`.
pub const STS_RECORD_EXTENSIONS: &str =
    "v=STSv1; contact=postmaster; id=20160831085700Z; ext.2=a/b?c:d; x-note=rolled_out_in_2016;";

/// An `_smtp._tls` record with a mail address, as in RFC 8460 §3.
pub const TLSRPT_RECORD: &str = "v=TLSRPTv1; rua=mailto:reports@example.com";

/// An `_smtp._tls` record with a mail address and an endpoint.
pub const TLSRPT_RECORD_TWO_URIS: &str =
    "v=TLSRPTv1; rua=mailto:reports@example.com,https://tlsrpt.example.com/v1/report;";

/// A policy with three patterns, the last a wildcard.
pub const POLICY: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com\n\
    mx: backupmx.example.com\nmx: *.example.net\nmax_age: 604800\n";

/// A policy with nine patterns and CRLF: the longest that is published.
pub const POLICY_NINE_MX: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\n\
    mx: mx2.example.com\r\nmx: mx3.example.com\r\nmx: mx4.example.com\r\nmx: *.mail.example.net\r\n\
    mx: *.backup.example.net\r\nmx: aspmx.mailhost.example\r\nmx: alt1.aspmx.mailhost.example\r\n\
    mx: alt2.aspmx.mailhost.example\r\nmax_age: 31557600\r\n";

/// The MX host that the first pattern of [`POLICY`] names.
pub const HOST_FIRST: &str = "mail.example.com";

/// An MX host that only the last pattern of [`POLICY`] covers, a wildcard.
pub const HOST_LAST: &str = "mx2.example.net";

/// An MX host that no pattern of any policy here covers.
pub const HOST_MISS: &str = "mail.attacker.example.org";

/// The lengths in octets that show how a cost grows, each four times the one
/// before; the last is what fits into a TXT record.
pub const LENGTHS: [usize; 4] = [1 << 10, 4 << 10, 16 << 10, MAX_TEXT_LEN];

/// A text with a name, by which benches show it.
#[derive(Debug, Clone)]
pub struct Input {
    name: String,
    /// What is read.
    pub text: String,
}

impl Input {
    fn new(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into() }
    }

    /// A text of every one of [`LENGTHS`].
    fn growing(name: &str, text: impl Fn(usize) -> String) -> impl Iterator<Item = Self> {
        LENGTHS.into_iter().map(move |len| {
            let kib = len.div_ceil(1 << 10);
            Self { name: format!("{name} {kib:02} KiB"), text: text(len) }
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// What `StsRecord::parse` reads.
#[must_use]
pub fn sts_records() -> Vec<Input> {
    let mut inputs = vec![
        Input::new("small", STS_RECORD),
        Input::new("extensions", STS_RECORD_EXTENSIONS),
        Input::new("maximal", sts_record_maximal()),
    ];
    inputs.extend(Input::growing("good: extensions", sts_record));
    inputs.extend(bad_records("v=STSv1"));
    inputs
}

/// What `TlsRptRecord::parse` reads.
#[must_use]
pub fn tlsrpt_records() -> Vec<Input> {
    const HEAD: &str = "v=TLSRPTv1; rua=";
    let mut inputs = vec![
        Input::new("small", TLSRPT_RECORD),
        Input::new("two URIs", TLSRPT_RECORD_TWO_URIS),
        Input::new("maximal", tlsrpt_record_maximal()),
    ];
    inputs.extend(Input::growing("good: extensions", |len| {
        with_extensions(TLSRPT_RECORD_TWO_URIS, len)
    }));
    inputs.extend(Input::growing("good: long URI", |len| {
        filled(&format!("{HEAD}https://example.com/"), "a", len)
    }));
    inputs.extend(Input::growing("bad: commas", |len| filled(HEAD, ",", len)));
    inputs.extend(Input::growing("bad: URIs", |len| {
        filled(&format!("{HEAD}mailto:a@example.com"), ",b", len)
    }));
    inputs.extend(bad_records("v=TLSRPTv1"));
    inputs
}

/// What `Policy::parse` reads.
#[must_use]
pub fn policies() -> Vec<Input> {
    let mut inputs = vec![
        Input::new("three mx", POLICY),
        Input::new("nine mx, CRLF", POLICY_NINE_MX),
        Input::new("maximal: extensions", policy_maximal()),
        Input::new("maximal: 1000 mx", policy_thousand_mx()),
    ];
    inputs.extend(Input::growing("good: extensions", policy));
    inputs.extend(Input::growing("forgiven: blank lines", |len| filled(POLICY, "\n", len)));
    inputs.extend(Input::growing("forgiven: late indents", late_indents));
    inputs.extend(Input::growing("bad: mx lines", |len| filled("", "mx: a\n", len)));
    inputs.extend(Input::growing("bad: ;", |len| filled("", ";", len)));
    inputs.extend(Input::growing("bad: spaces", |len| filled("", " ", len)));
    inputs.extend(Input::growing("bad: long line", |len| filled("mx: ", "a.", len)));
    inputs.extend(Input::growing("bad: long word", |len| filled("", "a", len)));
    inputs.extend(Input::growing("bad: UTF-8", |len| filled("", "日本é", len)));
    inputs
}

/// An `_mta-sts` record of 65,535 octets.
#[must_use]
pub fn sts_record_maximal() -> String {
    sts_record(MAX_TEXT_LEN)
}

/// An `_smtp._tls` record with as many URIs as one may have.
#[must_use]
pub fn tlsrpt_record_maximal() -> String {
    let uris: Vec<String> = (0..MAX_REPORT_URIS)
        .map(|n| match n % 2 {
            0 => format!("mailto:reports-{n}@example.com"),
            _ => format!("https://tlsrpt.example.com/v1/report/{n}"),
        })
        .collect();
    format!("v=TLSRPTv1; rua={};", uris.join(","))
}

/// A policy of 65,536 octets, nearly all of them extensions.
#[must_use]
pub fn policy_maximal() -> String {
    policy(MAX_BODY_LEN)
}

/// A policy with as many patterns as one may have; the last is that of [`POLICY`].
#[must_use]
pub fn policy_thousand_mx() -> String {
    let mut text = "version: STSv1\nmode: enforce\nmax_age: 604800\n".to_owned();
    for n in 1..MAX_MX {
        text.push_str(&format!("mx: mx-{n:04}.mail-exchangers.example.com\n"));
    }
    text + "mx: *.example.net\n"
}

/// The TXT records of a name that has three, one of them the `_mta-sts` record in
/// two character-strings.
#[must_use]
pub fn rrset() -> Vec<Vec<String>> {
    let record = |strings: &[&str]| strings.iter().map(|&string| string.to_owned()).collect();
    vec![
        record(&["v=spf1 include:_spf.example.com -all"]),
        record(&["v=STSv1; id=2016", "0831085700Z;"]),
        record(&["google-site-verification=0123456789abcdef"]),
    ]
}

/// One record of 65,535 octets in 257 character-strings.
#[must_use]
pub fn rrset_maximal() -> Vec<Vec<String>> {
    let record = sts_record_maximal();
    let strings = txt::split(&record).map(|string| string.escape_ascii().to_string()).collect();
    vec![strings]
}

/// A good `_mta-sts` record of `len` octets.
fn sts_record(len: usize) -> String {
    with_extensions(STS_RECORD, len)
}

/// `record`, which ends in `;`, with extensions up to `len` octets.
fn with_extensions(record: &str, len: usize) -> String {
    let field = " extension-1=some_value/of/24_octets;";
    let mut text = filled(record, field, len.saturating_sub(field.len()));
    text.push_str(" x=");
    filled(&text, "y", len)
}

/// A good policy of `len` octets.
fn policy(len: usize) -> String {
    let line = "extension_1: a value of some words, 42 octets long\n";
    let mut text = filled(POLICY, line, len.saturating_sub(line.len()));
    text.push_str("x: ");
    filled(&text, "y", len)
}

/// A policy whose last lines each have something to forgive, so that each must be
/// found again far behind the start.
fn late_indents(len: usize) -> String {
    filled(&policy(len / 2), "\n x: y", len)
}

/// Bad records that begin with `version`.
fn bad_records(version: &str) -> impl Iterator<Item = Input> {
    [
        ("bad: ;", "", ";"),
        ("bad: spaces", "", " "),
        ("bad: empty fields", "", " ;"),
        ("bad: extensions only", "", ";a=b"),
        ("bad: long name", ";", "a"),
        ("bad: UTF-8", ";a=", "é"),
    ]
    .into_iter()
    .flat_map(move |(name, head, unit)| {
        let head = [version, head].concat();
        Input::growing(name, move |len| filled(&head, unit, len))
    })
}

/// `head` and then `unit` again and again, up to `len` octets.
fn filled(head: &str, unit: &str, len: usize) -> String {
    let times = len.saturating_sub(head.len()) / unit.len();
    [head, &unit.repeat(times)].concat()
}

#[cfg(test)]
mod tests {
    use mta_sts::Reading;
    use mta_sts::sts::{Policy, StsRecord};
    use mta_sts::tlsrpt::TlsRptRecord;

    use super::*;

    fn is_good(input: &Input) -> bool {
        !input.name.starts_with("bad")
    }

    #[test]
    fn inputs_are_as_good_as_their_names() {
        for input in sts_records() {
            assert_eq!(StsRecord::parse(&input.text).is_ok(), is_good(&input), "{input}");
        }
        for input in tlsrpt_records() {
            let strict = TlsRptRecord::parse(&input.text, Reading::Strict);
            assert_eq!(strict.is_ok(), is_good(&input), "{input}");
        }
        for input in policies() {
            let tolerant = Policy::parse(&input.text, Reading::Tolerant);
            assert_eq!(tolerant.is_ok(), is_good(&input), "{input}");
            let forgiven = tolerant.is_ok_and(|(_, deviations)| !deviations.is_empty());
            assert_eq!(forgiven, input.name.starts_with("forgiven"), "{input}");
        }
    }

    #[test]
    fn maximal_inputs_are_maximal() {
        assert_eq!(sts_record_maximal().len(), MAX_TEXT_LEN);
        assert_eq!(policy_maximal().len(), MAX_BODY_LEN);
        let text = tlsrpt_record_maximal();
        let (record, _) = TlsRptRecord::parse(&text, Reading::Strict).unwrap();
        assert_eq!(record.rua().count(), MAX_REPORT_URIS);
        let policy: Policy = policy_thousand_mx().parse().unwrap();
        assert_eq!(policy.mx().len(), MAX_MX);
    }

    #[test]
    fn hosts_match_where_they_should() {
        let small: Policy = POLICY.parse().unwrap();
        let large: Policy = policy_thousand_mx().parse().unwrap();
        for (policy, host, nth) in [
            (&small, HOST_FIRST, Some(0)),
            (&small, HOST_LAST, Some(2)),
            (&small, HOST_MISS, None),
            (&large, HOST_LAST, Some(MAX_MX - 1)),
            (&large, HOST_MISS, None),
        ] {
            let pattern = nth.map(|nth| policy.mx().nth(nth).unwrap());
            assert_eq!(policy.matching_mx(host), pattern, "{host}");
        }
    }

    #[test]
    fn rrsets_have_one_record() {
        for rrset in [rrset(), rrset_maximal()] {
            assert!(StsRecord::from_rrset(&rrset).is_ok());
        }
    }
}
