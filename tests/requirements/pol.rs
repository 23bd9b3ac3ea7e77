//! RFC 8461 §3.2: the policy.

use crate::hash;
use mta_sts::Reading::{Strict, Tolerant};
use mta_sts::sts::{MAX_BODY_LEN, MAX_MX, MaxAge, Mode, Policy, PolicyDeviation, PolicyErrorKind};

const BODY: &str = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";

#[track_caller]
fn strict(body: &str) -> Policy {
    body.parse().expect("a policy")
}

/// The error of both readings.
#[track_caller]
fn error(body: impl AsRef<[u8]>, shown: &str) {
    let strict = Policy::parse(&body, Strict).expect_err("no policy");
    let tolerant = Policy::parse(&body, Tolerant).expect_err("no policy");
    assert_eq!(strict.to_string(), shown);
    assert_eq!(tolerant, strict);
}

/// The example with one line replaced.
fn with(line: &str, replacement: &str) -> String {
    assert!(BODY.contains(line));
    BODY.replace(line, replacement)
}

#[test]
fn pol_1_grammar() {
    for body in [
        BODY,
        "max_age:604800\r\nmx:\t MAIL.example.com \t\nmode: enforce\r\nversion:STSv1",
        "version: STSv1 \nmode: enforce\t\nmx: mail.example.com\nmax_age: 604800\nx.Y_z-0: ä ö; STSv1: #\u{2028}\n",
        "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800 \t",
    ] {
        let policy = strict(body);
        assert_eq!((policy.mode(), policy.max_age().as_secs()), (Mode::Enforce, 604_800));
        assert!(policy.matching_mx("mail.example.com").is_some());
    }
}

#[test]
fn pol_1_errors_say_what_and_where() {
    for (line, replacement, shown) in [
        ("mode: enforce", "mode enforce", "line 2, column 6: expected `:`, found `enforce`"),
        (
            "mode: enforce",
            "_mode: enforce",
            "line 2, column 1: expected a field name, found `_mode: enforce`",
        ),
        (
            "mode: enforce",
            "mode: enforce\n: x",
            "line 3, column 1: expected a field name, found `: x`",
        ),
        (
            "mode: enforce",
            "mode: enforce\nx:",
            "line 3, column 3: expected a value without control characters, found the end of the line",
        ),
        (
            "mode: enforce",
            "mode: enforce\nx: a\tb",
            "line 3, column 5: expected a value without control characters, found `a\\tb`",
        ),
        (
            "mode: enforce",
            "mode: enforce\nx: \u{7f}",
            "line 3, column 4: expected a value without control characters, found `\\u{7f}`",
        ),
        ("mode: enforce", "mode: enforce\nxü: a", "line 3, column 2: expected `:`, found `ü: a`"),
        (
            "mode: enforce",
            "mode: enforce\u{a0}",
            "line 2, column 7: expected `enforce`, `testing` or `none`, found `enforce\\u{a0}`; did you mean `enforce`?",
        ),
        (
            "mode: enforce",
            "\u{a0}mode: enforce",
            "line 2, column 1: expected a field name, found `\\u{a0}mode: enforce`",
        ),
        (
            "version: STSv1",
            "version: STSv2",
            "line 1, column 10: expected `STSv1`, found `STSv2`; did you mean `STSv1`?",
        ),
        (
            "version: STSv1",
            "version: STSv1\\",
            "line 1, column 10: expected `STSv1`, found `STSv1\\\\`; did you mean `STSv1`?",
        ),
        ("version: STSv1", "version: 1", "line 1, column 10: expected `STSv1`, found `1`"),
    ] {
        error(with(line, replacement), shown);
    }
    let name = "a".repeat(33);
    error(
        with("mode: enforce", &format!("{name}: x")),
        &format!("line 2, column 1: expected a field name, found `{name}: x`"),
    );
}

#[test]
fn pol_2_required_fields() {
    for (line, shown) in [
        ("version: STSv1\n", "expected a `version` field, found none"),
        ("mode: enforce\n", "expected a `mode` field, found none"),
        ("max_age: 604800\n", "expected a `max_age` field, found none"),
        ("mx: mail.example.com\n", "expected an `mx` field, found none"),
    ] {
        error(with(line, ""), shown);
    }
    error("", "expected a `version` field, found none");
    error(
        with("mx: mail.example.com", "").replace("enforce\n\n", "testing\n"),
        "expected an `mx` field, found none",
    );
    let opt_out = strict("version: STSv1\nmode: none\nmax_age: 86400\n");
    assert_eq!((opt_out.mode(), opt_out.mx().len()), (Mode::None, 0));
    let policy = strict(&with("mode: enforce", "mode: enforce\na: 1\nb: 2\na: 3"));
    assert_eq!(policy.extensions().collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("a", "3")]);
}

#[test]
fn pol_3_first_of_a_repeated_field_counts() {
    let policy =
        strict(&(BODY.to_owned() + "mode: bogus\nversion: STSv2\nmax_age: ∞\nmx: b.example\n"));
    assert_eq!((policy.mode(), policy.max_age().as_secs()), (Mode::Enforce, 604_800));
    assert_eq!(policy.mx().len(), 2, "mx is the field that may repeat");
    assert_eq!(policy.extensions().count(), 0, "a known name is never an extension");
    error(
        BODY.to_owned() + "max_age:\n",
        "line 5, column 9: expected a value without control characters, found the end of the line",
    );
}

#[test]
fn pol_4_known_names_are_held_to_their_rules() {
    for (line, replacement, shown) in [
        (
            "mode: enforce",
            "mode: enforced",
            "line 2, column 7: expected `enforce`, `testing` or `none`, found `enforced`; did you mean `enforce`?",
        ),
        (
            "mode: enforce",
            "mode: Enforce",
            "line 2, column 7: expected `enforce`, `testing` or `none`, found `Enforce`; did you mean `enforce`?",
        ),
        (
            "mode: enforce",
            "mode:",
            "line 2, column 6: expected `enforce`, `testing` or `none`, found the end of the line",
        ),
        (
            "mx: mail.example.com",
            "mx: host.",
            "line 3, column 9: expected a host name or `*.` and a domain (trailing dot), found `host.`",
        ),
        (
            "mx: mail.example.com",
            "mx:",
            "line 3, column 4: expected a host name or `*.` and a domain (empty name), found the end of the line",
        ),
        (
            "max_age: 604800",
            "max_age: enforce",
            "line 4, column 10: expected seconds in 1 to 10 digits, found `enforce`",
        ),
    ] {
        error(with(line, replacement), shown);
    }
    error(
        with("mode: enforce", "MODE: enforce"),
        "expected a `mode` field, found none; did you mean `mode` by `MODE` in line 2?",
    );
}

#[test]
fn pol_5_max_age() {
    for (text, secs, declared) in [
        ("0", 0, 0),
        ("0086400", 86_400, 86_400),
        ("31557600", 31_557_600, 31_557_600),
        ("31557601", 31_557_600, 31_557_601),
        ("9999999999", 31_557_600, 9_999_999_999),
    ] {
        let policy = strict(&with("604800", text));
        assert_eq!(
            (policy.max_age().as_secs(), policy.max_age().declared_secs()),
            (secs, declared)
        );
        assert_eq!(policy.max_age().as_duration().as_secs(), u64::from(secs));
        assert_eq!(text.parse::<MaxAge>(), Ok(policy.max_age()));
    }
    for text in ["", "-1", "+1", "1.5", "1e3", "10000000000", "00000000001", "１", "1 2"] {
        assert!(with("604800", text).parse::<Policy>().is_err(), "{text}");
    }
    assert_eq!(MaxAge::from_secs(31_557_600), Ok(MaxAge::MAX));
    let shown = "expected at most 31557600 seconds, found 31557601";
    assert_eq!(MaxAge::from_secs(31_557_601).unwrap_err().to_string(), shown);
    let shown = "expected seconds in 1 to 10 digits, found `12345678901`";
    assert_eq!("12345678901".parse::<MaxAge>().unwrap_err().to_string(), shown);
    let shown = "expected `enforce`, `testing` or `none`, found `Enforce`";
    assert_eq!("Enforce".parse::<Mode>().unwrap_err().to_string(), shown);
}

#[test]
fn pol_6_mx_values() {
    let mx = |body: &str| strict(body).mx().map(|mx| mx.as_str().to_owned()).collect::<Vec<_>>();
    let body = with(
        "mx: mail.example.com",
        "mx: A.example\nmx: *.b.example\nmx: a.EXAMPLE\nmx: 192.0.2.1",
    );
    assert_eq!(mx(&body), ["A.example", "*.b.example", "a.EXAMPLE", "192.0.2.1"]);
    assert!(strict(&body).mx().any(|mx| mx.is_address()));
    assert_eq!(strict(&body).matching_mx("192.0.2.1"), None);
    for value in
        ["a.example b.example", "a.example,b.example", "a_b.example", "mailto:x", "bücher.example"]
    {
        assert!(with("mail.example.com", value).parse::<Policy>().is_err(), "{value}");
    }
}

#[test]
fn pol_7_the_body_is_kept_line_by_line() {
    let body = "version: STSv1\r\nmode: testing\nmx: a.example \n\nmax_age: 1";
    let lines = ["version: STSv1", "mode: testing", "mx: a.example ", "", "max_age: 1"];
    let (policy, _) = Policy::parse(body, Tolerant).unwrap();
    assert_eq!(policy.as_str(), body);
    assert_eq!(policy.lines().collect::<Vec<_>>(), lines);
    let refused = Policy::parse(body, Strict).unwrap_err();
    assert_eq!(refused.lines().collect::<Vec<_>>(), lines);
    assert_eq!(refused.result_type().as_str(), "sts-policy-invalid");

    let refused = Policy::parse(b"mode: \xff\nx", Strict).unwrap_err();
    assert_eq!(refused.lines().collect::<Vec<_>>(), ["mode: \u{fffd}", "x"]);
    let refused = Policy::parse_within("abc\ndef", Strict, 5).unwrap_err();
    assert_eq!(refused.lines().collect::<Vec<_>>(), ["abc", "d"]);
}

#[test]
fn pol_8_strict_is_the_grammar_tolerant_forgives_white_space() {
    for (body, shown, forgiven) in [
        (
            format!("\u{feff}{BODY}"),
            "line 1, column 1: expected no byte order mark, found `\\u{feff}version: STSv1`",
            "line 1, column 1: byte order mark",
        ),
        (
            format!("{BODY}\n"),
            "line 5, column 1: expected no blank line, found the end of the line",
            "line 5, column 1: blank line",
        ),
        (
            format!("{BODY} \t"),
            "line 5, column 1: expected no blank line, found the end of the line",
            "line 5, column 1: blank line",
        ),
        (
            with("mode", "\r\nmode"),
            "line 2, column 1: expected no blank line, found the end of the line",
            "line 2, column 1: blank line",
        ),
        (
            with("mode", " mode"),
            "line 2, column 1: expected no white space before the name, found ` mode: enforce`",
            "line 2, column 1: white space before the name",
        ),
        (
            with("mx:", "mx\t:"),
            "line 3, column 3: expected no white space before `:`, found `\\t: mail.example.com`",
            "line 3, column 3: white space before `:`",
        ),
    ] {
        let error = Policy::parse(&body, Strict).unwrap_err();
        assert_eq!(error.to_string(), shown);
        let (policy, deviations) = Policy::parse(&body, Tolerant).unwrap();
        assert_eq!(
            deviations.iter().map(PolicyDeviation::to_string).collect::<Vec<_>>(),
            [forgiven]
        );
        assert!(policy.same_meaning(&strict(BODY)));
        let deviation = deviations.as_slice()[0];
        assert_eq!(
            (Some(deviation.line()), Some(deviation.column())),
            (error.line(), error.column())
        );
        assert_eq!(PolicyErrorKind::from(deviation.kind()), error.kind());
    }
    for (body, shown) in [
        (
            BODY.replace('\n', "\r"),
            "line 1, column 15: expected LF or CRLF, found CR alone in `version: STSv1\\rmode: enforce\\rmx: mail.example.com\\rmax_age: 6…`",
        ),
        (
            with("enforce\n", "enforce\r\r\n"),
            "line 2, column 14: expected LF or CRLF, found CR alone in `mode: enforce\\r`",
        ),
        (
            with("604800\n", "604800\r"),
            "line 4, column 16: expected LF or CRLF, found CR alone in `max_age: 604800\\r`",
        ),
        (
            with("mode", "\r\r\nmode"),
            "line 2, column 1: expected LF or CRLF, found CR alone in `\\r`",
        ),
    ] {
        error(body, shown);
    }
    assert!(Policy::parse(&format!("\u{feff}\u{feff}{BODY}"), Tolerant).is_err(), "one mark only");
}

#[test]
fn pol_9_hints_for_near_misses() {
    for (line, replacement, hint) in [
        ("mode: enforce", "mode: enforcing", "did you mean `enforce`?"),
        ("mode: enforce", "mode: test", "did you mean `testing`?"),
        ("mode: enforce", "mode: report", "did you mean `testing`?"),
        ("mode: enforce", "mode: testing (or enforce)", "did you mean `testing`?"),
        ("mode: enforce", "mode: [testing]", "did you mean `testing`?"),
        ("mode: enforce", "mode: enforce # not yet", "did you mean `enforce`?"),
        ("mode: enforce", "mode: [enforce|testing|none] # 1. Decide", "choose one of them"),
        ("mx: mail.example.com", "nmx: mail.example.com", "did you mean `mx` by `nmx` in line 3?"),
        ("mx: mail.example.com", "ms: mail.example.com", "did you mean `mx` by `ms` in line 3?"),
        ("mx: mail.example.com", "mx: mail.example.com.", "did you mean `mail.example.com`?"),
        (
            "mx: mail.example.com",
            "mx: Priority 5: MAIL.EXAMPLE.COM",
            "did you mean `MAIL.EXAMPLE.COM`?",
        ),
        ("mx: mail.example.com", "mx: bücher.example", "write its A-labels (`xn--…`)"),
        (
            "mx: mail.example.com",
            "mx: a.example, b.example",
            "give each host an `mx` line of its own",
        ),
        ("max_age: 604800", "max_age: 604,800", "did you mean `604800`?"),
        ("max_age: 604800", "max_age: 604800 # a week", "did you mean `604800`?"),
        ("max_age: 604800", "max_age: 604800s", "did you mean `604800`?"),
        ("max_age: 604800", "max_age: 1'209'600 Seconds", "did you mean `1209600`?"),
        ("max_age: 604800", "max: 604800", "did you mean `max_age` by `max` in line 4?"),
        ("version: STSv1", "version: STLS1", "did you mean `STSv1`?"),
        ("max_age: 604800", "max-age: 604800", "did you mean `max_age` by `max-age` in line 4?"),
        ("mode: enforce", "# mode\nmode: enforce", "there are no comments in a policy"),
        (
            "mode: enforce",
            "_mta-sts.example.com. IN TXT \"v=STSv1; id=1\"",
            "this looks like a DNS record, not a policy",
        ),
    ] {
        let error = with(line, replacement).parse::<Policy>().unwrap_err();
        assert_eq!(error.hint().expect("a hint").to_string(), hint, "{error}");
        assert!(error.to_string().ends_with(hint));
    }
    for (body, hint) in [
        ("<!DOCTYPE html>\n<html>", "this looks like an HTML page, not a policy"),
        ("v=STSv1; id=1;", "this looks like a DNS record, not a policy"),
        ("\u{feff} <html>", "this looks like an HTML page, not a policy"),
        ("{\\rtf1\\ansi\n", "this looks like a rich-text document; save it as plain text"),
    ] {
        let error = Policy::parse(body, Tolerant).unwrap_err();
        assert!(error.to_string().ends_with(hint), "{error}");
    }
    for (line, replacement) in [
        ("max_age: 604800", "max_age: 7d"),
        ("max_age: 604800", "max_age: 7 (days)"),
        ("max_age: 604800", "max_age: 7 semanas"),
        ("max_age: 604800", "max_age: 86400.0"),
        ("max_age: 604800", "max_age: 1.5"),
        ("mode: enforce", "mode: live"),
    ] {
        assert_eq!(with(line, replacement).parse::<Policy>().unwrap_err().hint(), None);
    }
}

#[test]
fn pol_9_a_policy_that_is_valid_can_still_hold_a_slip() {
    let policy = strict(&(BODY.to_owned() + "ms: a.example\nx-note: 1\nMX: b.example\n"));
    let shown: Vec<String> = policy.near_misses().map(|near| near.to_string()).collect();
    assert_eq!(
        shown,
        [
            "line 5: `ms` is ignored; did you mean `mx`?",
            "line 7: `MX` is ignored; did you mean `mx`?"
        ]
    );
    let near = policy.near_misses().next().unwrap();
    assert_eq!((near.line(), near.name(), near.meant()), (5, "ms", "mx"));
}

#[test]
fn pol_10_a_policy_can_be_built_and_written() {
    let day = MaxAge::from_secs(86_400).unwrap();
    let policy = Policy::builder(Mode::Testing)
        .mx("Mail.example.com")
        .and_then(|policy| policy.mx("*.example.net"))
        .and_then(|policy| policy.extension("x-note", "ä: ö"))
        .and_then(|policy| policy.max_age(day).build())
        .unwrap();
    let body = "version: STSv1\nmode: testing\nmx: mail.example.com\nmx: *.example.net\nmax_age: 86400\nx-note: ä: ö\n";
    assert_eq!(policy.as_str(), body);
    assert_eq!(policy.canonical().to_string(), body);
    assert_eq!(strict(body), policy);
    let opt_out = Policy::builder(Mode::None).max_age(day).build().unwrap();
    assert_eq!(opt_out.as_str(), "version: STSv1\nmode: none\nmax_age: 86400\n");

    let ragged = strict(
        "mode:testing\r\nversion:STSv1\r\nmx:*.EXAMPLE.net\nmx: mail.example.com\t\nmx: mail.example.com\nmax_age:0086400",
    );
    assert!(ragged.same_meaning(&policy) && ragged != policy);
    assert_ne!(hash(&ragged), hash(&policy), "equality is that of the text");
    assert_eq!(hash(&policy.clone()), hash(&policy));
    assert_eq!(
        ragged.canonical().to_string(),
        "version: STSv1\nmode: testing\nmx: *.example.net\nmx: mail.example.com\nmx: mail.example.com\nmax_age: 86400\n"
    );
    for other in ["mode: enforce", "mx: other.example", "max_age: 1"] {
        let (name, _) = other.split_once(':').unwrap();
        let line = body.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(!strict(&body.replace(line, other)).same_meaning(&policy), "{other}");
    }
}

#[test]
fn pol_10_the_builder_refuses_what_must_not_be_published() {
    use mta_sts::sts::BuildPolicyError as E;
    let builder = || Policy::builder(Mode::Enforce).max_age(MaxAge::MAX);
    let mx = |pattern: &str| builder().mx(pattern).unwrap_err();
    let extension = |name: &str, value: &str| builder().extension(name, value).unwrap_err();
    let declared = "9999999999".parse::<MaxAge>().unwrap();
    for (error, shown) in [
        (
            mx("192.0.2.1"),
            "expected a host name, found the address `192.0.2.1`, which no MX host matches",
        ),
        (mx("a.example."), "not an `mx` pattern"),
        (mx("a\nmode: none"), "not an `mx` pattern"),
        (extension("mx", "a"), "expected the name of an extension, found `mx`"),
        (extension("a b", "a"), "expected the name of an extension, found `a b`"),
        (
            extension("a", ""),
            "expected a value without control characters and white space at its ends, found ``",
        ),
        (
            extension("a", " b"),
            "expected a value without control characters and white space at its ends, found ` b`",
        ),
        (
            extension("a", "b\nmode: none"),
            "expected a value without control characters and white space at its ends, found `b\\nmode: none`",
        ),
        (builder().build().unwrap_err(), "expected an `mx` pattern, since the mode is not `none`"),
        (Policy::builder(Mode::None).build().unwrap_err(), "expected a `max_age`"),
        (
            builder().max_age(declared).build().unwrap_err(),
            "expected a `max_age` of at most 31557600 seconds, found 9999999999",
        ),
        (
            builder()
                .mx("a")
                .and_then(|b| b.extension("a", &"b".repeat(MAX_BODY_LEN)))
                .and_then(|b| b.build())
                .unwrap_err(),
            "the policy as a whole is refused",
        ),
    ] {
        assert_eq!(error.to_string(), shown);
        assert_eq!(
            std::error::Error::source(&error).is_some(),
            matches!(error, E::Mx(_) | E::Refused(_))
        );
    }
    let mut full = builder();
    for _ in 0..MAX_MX {
        full = full.mx("a.example").unwrap();
    }
    assert_eq!(
        full.clone().mx("a.example").unwrap_err().to_string(),
        "expected at most 1000 `mx` patterns"
    );
    assert_eq!(full.build().unwrap().mx().len(), MAX_MX);
}

#[test]
fn pol_11_bounds() {
    let padded = |len: usize| format!("{BODY}x: {}", "y".repeat(len - BODY.len() - 3));
    assert_eq!(strict(&padded(MAX_BODY_LEN)).as_str().len(), 65_536);
    error(padded(MAX_BODY_LEN + 1), "expected at most 65536 octets, found 65537");
    let refused = Policy::parse(&padded(MAX_BODY_LEN + 1), Strict).unwrap_err();
    assert_eq!((refused.line(), refused.column()), (None, None));
    assert_eq!(refused.result_type().as_str(), "sts-policy-fetch-error");
    assert_eq!(refused.reason_code().as_str(), "policy-too-large");
    assert!(Policy::parse_within(&padded(100_000), Strict, 100_000).is_ok());
    assert!(Policy::parse_within(BODY, Strict, BODY.len() - 1).is_err());

    let many = |n: usize| with("mx: mail.example.com\n", &"mx: a.example\n".repeat(n));
    assert_eq!(strict(&many(1_000)).mx().len(), 1_000);
    assert_eq!(strict(&many(17)).mx().filter(|mx| mx.as_str() == "a.example").count(), 17);
    error(many(1_001), "line 1003, column 5: expected at most 1000 `mx` fields, found `a.example`");
}

#[test]
fn every_reason_has_its_code() {
    for (body, code) in [
        ("x", "policy-syntax"),
        ("version: 1\n", "policy-version"),
        ("mode: 1\n", "policy-mode"),
        ("max_age: x\n", "policy-max-age"),
        ("mx: x.\n", "policy-mx"),
        ("x: y\n", "policy-missing-field"),
    ] {
        assert_eq!(body.parse::<Policy>().unwrap_err().reason_code().as_str(), code);
    }
    let error = Policy::parse(b"version: STSv1\n\xe9", Tolerant).unwrap_err();
    assert_eq!(error.reason_code().as_str(), "policy-not-text");
    assert_eq!(error.to_string(), "line 2, column 1: expected UTF-8, found `\\xe9`");
}

#[test]
fn pol_9_columns_are_characters() {
    error(with("mode: enforce", "ä: b"), "line 2, column 1: expected a field name, found `ä: b`");
    error(
        with("mode: enforce", "x: äöü\u{7f}"),
        "line 2, column 7: expected a value without control characters, found `äöü\\u{7f}`",
    );
    let crlf = with("mode: enforce", "x: äöü\nmode: ä").replace('\n', "\r\n");
    error(crlf, "line 3, column 7: expected `enforce`, `testing` or `none`, found `ä`");
}

#[test]
fn pol_8_a_forgiven_body_is_read_like_any_other() {
    let body = format!("\u{feff}note: 1\n{BODY} nmx : a.example \r\n\r\n");
    let (policy, deviations) = Policy::parse(&body, Tolerant).unwrap();
    assert_eq!(policy.extensions().collect::<Vec<_>>(), [("note", "1"), ("nmx", "a.example")]);
    let near: Vec<String> = policy.near_misses().map(|near| near.to_string()).collect();
    assert_eq!(near, ["line 6: `nmx` is ignored; did you mean `mx`?"]);
    let shown: Vec<String> = deviations.iter().map(PolicyDeviation::to_string).collect();
    assert_eq!(
        shown,
        [
            "line 1, column 1: byte order mark",
            "line 6, column 1: white space before the name",
            "line 6, column 5: white space before `:`",
            "line 7, column 1: blank line",
        ]
    );
    let marked = format!("\u{feff} {BODY}");
    let (_, deviations) = Policy::parse(&marked, Tolerant).unwrap();
    assert_eq!(
        deviations.as_slice()[1].to_string(),
        "line 1, column 2: white space before the name"
    );
}

#[test]
fn pol_10_the_normal_form_has_the_max_age_that_is_taken() {
    let policy = strict(&with("604800", "9999999999"));
    assert!(policy.canonical().to_string().ends_with("\nmax_age: 31557600\n"));
    assert!(policy.same_meaning(&strict(&with("604800", "31557600"))));
    for value in ["a ", " a", "a\t"] {
        assert!(Policy::builder(Mode::None).extension("x", value).is_err(), "{value:?}");
    }
}

#[test]
fn pol_2_a_name_may_begin_like_a_known_one() {
    let names = ["mx-note", "mx2", "mode.x", "modes", "version2", "max_age_note", "MX", "Mode"];
    let extra: String = names.iter().map(|name| format!("{name}: not-a_value!\n")).collect();
    let policy = strict(&(extra + BODY));
    assert_eq!(policy.extensions().map(|(name, _)| name).collect::<Vec<_>>(), names);
    assert_eq!(policy.mx().len(), 1);
}
