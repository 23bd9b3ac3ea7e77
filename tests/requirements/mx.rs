//! RFC 8461 §4.1: matching of MX hosts.

use crate::hash;
use mta_sts::sts::{MxErrorKind, MxPattern, Policy};

#[track_caller]
fn matches(pattern: &str, host: &str) -> bool {
    MxPattern::parse(pattern).expect("a pattern").matches(host)
}

#[test]
fn mx_1_whole_labels_without_case() {
    for (pattern, host, expected) in [
        ("mail.example.com", "mail.example.com", true),
        ("Mail.Example.COM", "mAIL.eXAMPLE.com", true),
        ("mail.example.com", "xmail.example.com", false),
        ("mail.example.com", "mail.example.co", false),
        ("*.example.com", "mail.example.com", true),
        ("*.EXAMPLE.com", "MAIL.example.COM", true),
        ("*.example.com", "_dc-mx.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "a.b.example.com", false),
        ("*.example.com", "mailexample.com", false),
        ("*.com", "example.com", true),
        ("localhost", "localhost", true),
    ] {
        assert_eq!(matches(pattern, host), expected, "{pattern} {host}");
    }
}

#[test]
fn mx_2_what_never_matches() {
    assert!(matches("mail.example.com", "mail.example.com."));
    assert!(matches("*.example.com", "mail.example.com."));
    for (pattern, host) in [
        ("mail.example.com", "mail.example.com.."),
        ("mail.example.com", ".mail.example.com"),
        ("*.example.com", ".example.com"),
        ("*.example.com", "a..example.com"),
        ("*.example.com", "*.example.com"),
        ("*.example.com", "*a.example.com"),
        ("*.example.com", "[.example.com"),
        ("*.example.com", "a:25.example.com"),
        ("*.example.com", ""),
        ("*.example.com", "a\\.example.com"),
        ("*.example.com", "a b.example.com"),
        ("*.example.com", "a\n.example.com"),
        ("*.example.com", "\0.example.com"),
        ("*.example.com", "a@b.example.com"),
        ("*.example.com", "."),
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1."),
        ("*.0.2.1", "192.0.2.1"),
        ("*.0.2.1", "010.0.2.1"),
        ("*.0.2.1", "[192.0.2.1]"),
    ] {
        assert!(!matches(pattern, host), "{pattern} {host}");
    }
    assert!(MxPattern::parse("192.0.2.1").unwrap().is_address());
    assert!(!MxPattern::parse("192.0.2.example").unwrap().is_address());
    assert!(matches("256.0.2.1", "256.0.2.1"), "no octet is 256");
}

#[test]
fn mx_3_names_are_compared_as_a_labels() {
    assert!(matches("*.xn--bcher-kva.example", "mail.xn--bcher-kva.example"));
    assert!(!matches("*.example", "bücher.example"), "no A-label");
    assert!(!matches("k.example", "\u{212a}.example"), "the Kelvin sign is no k");
    assert!(!matches("*.example.com", "ü.example.com"));
    #[cfg(feature = "idna")]
    {
        let host = mta_sts::DomainName::from_unicode("Bücher.example").unwrap();
        assert!(matches("xn--bcher-kva.example", host.as_str()));
        assert!(matches("*.example", host.as_str()));
    }
}

#[test]
fn mx_4_the_answer_is_the_pattern() {
    let body = "version: STSv1\nmode: enforce\nmx: a.example\nmx: *.B.example\nmx: *.example\nmax_age: 1\n";
    let policy: Policy = body.parse().unwrap();
    let answer = |host| policy.matching_mx(host).map(MxPattern::as_str);
    assert_eq!(answer("A.example."), Some("a.example"));
    assert_eq!(answer("x.b.example"), Some("*.B.example"));
    assert_eq!(answer("x.example"), Some("*.example"));
    assert_eq!(answer("x.y.example"), None);
    assert_eq!(MxPattern::parse("*.B.example").unwrap().wildcard_base(), Some("B.example"));
    assert_eq!(MxPattern::parse("a.example").unwrap().wildcard_base(), None);
    assert_eq!(MxPattern::parse("A.example"), MxPattern::parse("a.EXAMPLE"));
}

#[test]
fn pol_6_mx_errors_say_what_where_and_what_was_meant() {
    for (text, shown) in [
        ("", "empty name at offset 0 of ``"),
        ("*", "`*` other than as `*.` at the start at offset 0 of `*`"),
        ("*.", "`*` other than as `*.` at the start at offset 2 of `*.`"),
        ("a.*.b", "`*` other than as `*.` at the start at offset 2 of `a.*.b`"),
        ("*.*.b", "`*` other than as `*.` at the start at offset 2 of `*.*.b`"),
        ("*a.b", "`*` other than as `*.` at the start at offset 0 of `*a.b`"),
        (".", "empty label at offset 0 of `.`"),
        ("a..b", "empty label at offset 2 of `a..b`"),
        (
            "mail.example.com.",
            "trailing dot at offset 16 of `mail.example.com.`; did you mean `mail.example.com`?",
        ),
        ("-a.b", "hyphen at the edge of a label at offset 0 of `-a.b`"),
        ("_dc-mx.example.com", "underscore at offset 0 of `_dc-mx.example.com`"),
        (
            "bücher.example",
            "character beyond ASCII at offset 1 of `bücher.example`; write its A-labels (`xn--…`)",
        ),
        (
            "https://mail.example.com/",
            "character other than letter, digit, hyphen and dot at offset 5 of `https://mail.example.com/`; did you mean `mail.example.com`?",
        ),
        (
            "Priority 5: alt1.example.com",
            "character other than letter, digit, hyphen and dot at offset 8 of `Priority 5: alt1.example.com`; did you mean `alt1.example.com`?",
        ),
        (
            "10 mail.example.com.",
            "character other than letter, digit, hyphen and dot at offset 2 of `10 mail.example.com.`; did you mean `mail.example.com`?",
        ),
        (
            "mx1.example.com  # the first",
            "character other than letter, digit, hyphen and dot at offset 15 of `mx1.example.com  # the first`; did you mean `mx1.example.com`?",
        ),
        (
            "a.example, b.example",
            "character other than letter, digit, hyphen and dot at offset 9 of `a.example, b.example`; give each host an `mx` line of its own",
        ),
    ] {
        assert_eq!(MxPattern::parse(text).unwrap_err().to_string(), shown);
    }
    let label = "a".repeat(63);
    assert!(matches("*.example.com", &format!("{label}.example.com")));
    assert!(!matches("*.example.com", &format!("{label}a.example.com")));
    let long = "a.".repeat(126);
    assert!(matches(&format!("*.{}", &long[2..251]), &long[..251]));
    assert!(!MxPattern::parse("*.a").unwrap().matches(&"x".repeat(70_000)));

    for (text, shown) in [
        (format!("mail.example.com # {}", "x".repeat(600)), "at offset 16 of"),
        (format!("{long}éé"), "character beyond ASCII at offset 252 of"),
        (".example.com".to_owned(), "empty label at offset 0 of `.example.com`"),
        ("192.0.2.1 # the host".to_owned(), "at offset 9 of `192.0.2.1 # the host`"),
    ] {
        let error = MxPattern::parse(&text).unwrap_err();
        assert!(error.to_string().contains(shown), "{error}");
        let suggested =
            text.starts_with("mail").then(|| "did you mean `mail.example.com`?".to_owned());
        let hint = error.hint().filter(|_| !text.contains('é')).map(ToString::to_string);
        assert_eq!(hint, suggested);
    }

    let label = "a".repeat(64);
    let error = MxPattern::parse(&label).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("label of more than 63 octets at offset 63 of `{label}`")
    );
    let long = ["*.", &"a.".repeat(125), "aa"].concat();
    assert_eq!(long.len(), 254);
    let error = MxPattern::parse(&long).unwrap_err();
    assert!(error.to_string().starts_with("name of more than 253 octets at offset 253 of `*.a.a."));
    assert!(MxPattern::parse(&long[..253]).is_ok());
    assert!(matches!(error.kind(), MxErrorKind::Domain(_)));
}

#[test]
fn mx_1_patterns_that_differ_in_case_hash_alike() {
    let pattern = |text| MxPattern::parse(text).unwrap();
    assert_eq!(hash(&pattern("*.Example.COM")), hash(&pattern("*.example.com")));
    assert_ne!(hash(&pattern("*.example.com")), hash(&pattern("example.com")));
    assert_ne!(pattern("*.example.com"), pattern("example.com"));
}

#[test]
fn mx_4_patterns_and_their_errors_show_what_they_are() {
    let pattern = MxPattern::parse("*.Example.com").unwrap();
    assert_eq!(pattern.to_string(), "*.Example.com");
    assert_eq!(format!("{pattern:>14}"), " *.Example.com");
    assert_eq!(format!("{pattern:?}"), "\"*.Example.com\"");
    assert_eq!(pattern.as_ref(), "*.Example.com");
    let error = MxPattern::parse("mail.ex\u{7}ample").unwrap_err();
    assert_eq!((error.offset(), error.found()), (7, "mail.ex\\u{7}ample"));
    // What is too long for a slip gets no hint.
    let host = format!("{}.example, ", "a".repeat(60));
    assert!(MxPattern::parse(&host.repeat(7)).unwrap_err().hint().is_some());
    assert!(MxPattern::parse(&host.repeat(8)).unwrap_err().hint().is_none());
}
