//! RPT: the report as JSON (RFC 8460 §4.3, §4.4); what travels around it and what is
//! counted have files of their own.

use std::collections::BTreeSet;
use std::time::Duration;

use mta_sts::failure::{PolicyType, ResultType};
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::json::{
    MAX_DEPTH, ReadLimits, ReadReportError, ReadReportErrorKind as Fault, ReportDeviationKind,
    WriteReportErrorKind,
};
use mta_sts::tlsrpt::report::{
    DateRange, FailureDetails, MAX_COUNT, PolicyDescription, PolicyReport, Reported, Summary,
    UnknownMembers,
};
use rustls_pki_types::UnixTime;

/// RFC 8460 Appendix B, as erratum 6241 corrects it.
const APPENDIX_B: &str = include_str!("../../examples/data/reports/rfc8460-appendix-b.json");

fn read(json: &str) -> Result<(Report<'_>, Vec<String>), ReadReportError> {
    let (report, deviations) = Report::from_json(json.as_bytes(), &ReadLimits::default())?;
    Ok((report, deviations.iter().map(ToString::to_string).collect()))
}

#[track_caller]
fn read_well(json: &str) -> (Report<'_>, Vec<String>) {
    read(json).unwrap_or_else(|error| panic!("{error} in {json}"))
}

#[track_caller]
fn fault(json: &str) -> Fault {
    read(json).map(|_| ()).expect_err(json).kind()
}

/// A report with the members of `policies[0]` after the policy's own.
fn with_policy(policy: &str, summary: &str, rest: &str) -> String {
    format!(
        r#"{{"organization-name":"Company-X","date-range":{{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":"2016-04-01T23:59:59Z"}},"contact-info":"a@company-x.example","report-id":"1@company-x.example","policies":[{{"policy":{policy},"summary":{summary}{rest}}}]}}"#
    )
}

const NO_POLICY: &str = r#"{"policy-type":"no-policy-found","policy-domain":"company-y.example"}"#;
const NOTHING: &str = r#"{"total-successful-session-count":0,"total-failure-session-count":0},"failure-details":null"#;

fn with_counts(successful: &str, failure: &str) -> String {
    let summary = format!(
        r#"{{"total-successful-session-count":{successful},"total-failure-session-count":{failure}}}"#
    );
    with_policy(NO_POLICY, &summary, "")
}

fn with_dates(start: &str, end: &str) -> String {
    with_policy(NO_POLICY, NOTHING, "")
        .replace("\"2016-04-01T00:00:00Z\"", start)
        .replace("\"2016-04-01T23:59:59Z\"", end)
}

/// A report with one row.
fn with_row(row: &str) -> String {
    let summary = r#"{"total-successful-session-count":0,"total-failure-session-count":1}"#;
    with_policy(NO_POLICY, summary, &format!(r#","failure-details":[{row}]"#))
}

fn day(secs: u64) -> DateRange<'static> {
    let time = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
    DateRange::new(time(secs), time(secs + 86_399))
}

fn small() -> Report<'static> {
    let mut report = Report::new(day(1_459_468_800));
    report.organization_name = Some("Company-X".into());
    report.contact_info = Some("sts-reporting@company-x.example".into());
    report.report_id = Some("1@company-x.example".into());
    let mut policy = PolicyDescription::new(PolicyType::Sts, "company-y.example");
    policy.policy_string = ["version: STSv1", "mode: testing"].map(Into::into).into();
    policy.mx_host = vec!["*.company-y.example".into()];
    let mut policy = PolicyReport::new(policy, Summary::new(5, 1));
    let mut row = FailureDetails::new(ResultType::CertificateExpired, 1);
    row.sending_mta_ip = Some("2001:db8::1".into());
    row.receiving_mx_hostname = Some("mx1.company-y.example".into());
    row.receiving_ip = Some("192.0.2.1".into());
    row.failure_reason_code = Some("certificate-expired".into());
    policy.failure_details.push(row);
    report.policies.push(policy);
    let dane = PolicyDescription::new(PolicyType::Tlsa, "mx1.company-y.example");
    report.policies.push(PolicyReport::new(dane, Summary::new(0, 0)));
    report
}

#[test]
fn rpt_1_the_writer_writes_one_form() {
    let json = small().to_json().expect("a report that may be sent");
    assert_eq!(
        json,
        concat!(
            r#"{"organization-name":"Company-X","#,
            r#""date-range":{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":"2016-04-01T23:59:59Z"},"#,
            r#""contact-info":"sts-reporting@company-x.example","report-id":"1@company-x.example","#,
            r#""policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1","mode: testing"],"#,
            r#""policy-domain":"company-y.example","mx-host":["*.company-y.example"]},"#,
            r#""summary":{"total-successful-session-count":5,"total-failure-session-count":1},"#,
            r#""failure-details":[{"result-type":"certificate-expired","sending-mta-ip":"2001:db8::1","#,
            r#""receiving-mx-hostname":"mx1.company-y.example","receiving-ip":"192.0.2.1","#,
            r#""failed-session-count":1,"failure-reason-code":"certificate-expired"}]},"#,
            r#"{"policy":{"policy-type":"tlsa","policy-string":[],"policy-domain":"mx1.company-y.example"},"#,
            r#""summary":{"total-successful-session-count":0,"total-failure-session-count":0}}]}"#,
        )
    );
    assert_eq!(read_well(&json).0, small());
}

#[test]
fn rpt_1_the_writer_refuses_what_no_sender_should_send() {
    use WriteReportErrorKind as Kind;
    type Break = fn(&mut Report<'static>);

    let cases: [(Break, Kind, &str); 21] = [
        (|r| r.organization_name = None, Kind::Missing, "organization-name"),
        (|r| r.contact_info = Some("".into()), Kind::Missing, "contact-info"),
        (|r| r.report_id = None, Kind::Missing, "report-id"),
        (|r| r.policies.clear(), Kind::Missing, "policies"),
        (
            |r| r.date_range.start_datetime = day(1_600_000_000).start_datetime,
            Kind::Date,
            "date-range.end-datetime",
        ),
        (|r| r.date_range = day(300_000_000_000), Kind::Date, "date-range"),
        (|r| r.report_id = Some("a\u{ffff}".into()), Kind::Text, "report-id"),
        (
            |r| r.policies[0].policy.policy_type = None,
            Kind::Missing,
            "policies[0].policy.policy-type",
        ),
        (
            |r| r.policies[0].policy.policy_type = Some(Reported::Other("STS".into())),
            Kind::UnknownValue,
            "policies[0].policy.policy-type",
        ),
        (
            |r| r.policies[1].policy.policy_domain = None,
            Kind::Missing,
            "policies[1].policy.policy-domain",
        ),
        (
            |r| r.policies[0].policy.policy_domain = Some("bücher.example".into()),
            Kind::Domain,
            "policies[0].policy.policy-domain",
        ),
        (
            |r| r.policies[1].policy.mx_host = vec!["a.example".into()],
            Kind::OutOfPlace,
            "policies[1].policy.mx-host",
        ),
        (
            |r| r.policies[0].policy.policy_type = Some(Reported::Known(PolicyType::NoPolicyFound)),
            Kind::OutOfPlace,
            "policies[0].policy.policy-string",
        ),
        (
            |r| r.policies[0].policy.policy_string = vec!["version: STSv1\nmode: none".into()],
            Kind::PolicyString,
            "policies[0].policy.policy-string",
        ),
        (
            |r| r.policies[0].summary.total_successful_session_count = MAX_COUNT + 1,
            Kind::Count,
            "policies[0].summary.total-successful-session-count",
        ),
        (
            |r| r.policies[0].failure_details[0].failed_session_count = u64::MAX,
            Kind::Count,
            "policies[0].failure-details[0].failed-session-count",
        ),
        (
            |r| r.policies[0].failure_details[0].result_type = None,
            Kind::Missing,
            "policies[0].failure-details[0].result-type",
        ),
        (
            |r| r.policies[0].failure_details[0].result_type = Some(Reported::Other("x".into())),
            Kind::UnknownValue,
            "policies[0].failure-details[0].result-type",
        ),
        (
            |r| r.policies[0].failure_details[0].sending_mta_ip = Some("2001:db8::0001".into()),
            Kind::Address,
            "policies[0].failure-details[0].sending-mta-ip",
        ),
        (
            |r| r.policies[0].failure_details[0].receiving_ip = Some("[192.0.2.1]".into()),
            Kind::Address,
            "policies[0].failure-details[0].receiving-ip",
        ),
        (
            |r| r.policies[0].failure_details[0].receiving_mx_hostname = Some("ä.example".into()),
            Kind::Domain,
            "policies[0].failure-details[0].receiving-mx-hostname",
        ),
    ];
    for (break_it, kind, place) in cases {
        let mut report = small();
        break_it(&mut report);
        let error = report.to_json().expect_err(place);
        assert_eq!((error.kind(), &*error.place().to_string()), (kind, place), "{error}");
        // The reader takes lines apart.
        if !matches!(kind, Kind::Date | Kind::PolicyString) {
            let json = report.to_json_as_read().expect("the dates are good");
            assert_eq!(read_well(&json).0, report);
        }
    }
}

/// What is unknown in one object may be known in another, to which it was moved.
#[test]
fn rpt_1_no_member_is_written_twice() {
    let summary =
        r#"{"total-successful-session-count":1,"total-failure-session-count":0,"NAME":7}"#;
    type Move = fn(&mut Report<'static>, UnknownMembers<'static>);
    let cases: [(Move, &str, &str); 5] = [
        (|r, x| r.unknown = x, "report-id", "report-id"),
        (|r, x| r.date_range.unknown = x, "end-datetime", "date-range.end-datetime"),
        (|r, x| r.policies[0].unknown = x, "policy", "policies[0].policy"),
        (|r, x| r.policies[0].policy.unknown = x, "mx-host", "policies[0].policy.mx-host"),
        (
            |r, x| r.policies[0].failure_details[0].unknown = x,
            "result-type",
            "policies[0].failure-details[0].result-type",
        ),
    ];
    for (move_it, name, place) in cases {
        let json = with_policy(NO_POLICY, &summary.replace("NAME", name), "");
        let (read, _) = read_well(&json);
        let mut report = small();
        move_it(&mut report, read.policies[0].summary.unknown.clone().into_owned());
        let error = report.to_json().expect_err(place);
        assert_eq!(error.kind(), WriteReportErrorKind::Duplicate);
        assert_eq!(error.place().to_string(), place);
        // Where no such member is known, it may stand.
        assert!(read.to_json_as_read().unwrap().contains(name), "{name}");
    }
}

#[test]
fn rpt_2_the_example_of_the_rfc_is_read_with_and_without_its_erratum() {
    let (report, deviations) = read_well(APPENDIX_B);
    assert_eq!((report.successes(), report.failures()), (5326, 303));
    assert_eq!(report.policies[0].policy.mx_host, ["*.mail.company-y.example"]);
    assert_eq!(report.submitter().unwrap().as_str(), "company-x.example");
    assert!(!deviations.iter().any(|one| one.contains("mx-host")), "{deviations:?}");

    let (before, rest) = APPENDIX_B.split_once("\"mx-host\":").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    let published = format!(r#"{before}"mx-host":"*.mail.company-y.example"{after}"#);
    assert_ne!(published, APPENDIX_B);
    let (same, deviations) = read_well(&published);
    assert_eq!(same, report);
    let text = "policies[0].policy.mx-host: text instead of an array of texts";
    assert!(deviations.iter().any(|one| one == text), "{deviations:?}");
}

#[test]
fn rpt_2_without_dates_policies_policy_or_summary_there_is_no_report() {
    for (json, place) in [
        ("{}", "date-range"),
        (r#"{"date-range":null,"policies":[]}"#, "date-range"),
        (r#"{"date-range":{},"policies":[]}"#, "date-range.start-datetime"),
        (
            r#"{"date-range":{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":5},"policies":[]}"#,
            "date-range.end-datetime",
        ),
        (&with_dates("null", "null"), "date-range.start-datetime"),
        (&with_policy("null", NOTHING, ""), "policies[0].policy"),
        (&with_policy("[]", NOTHING, ""), "policies[0].policy"),
        (&with_policy(NO_POLICY, "7", ""), "policies[0].summary"),
        (&with_policy(NO_POLICY, NOTHING, "").replace("summary", "sum"), "policies[0].summary"),
        (&with_policy(NO_POLICY, NOTHING, "").replace("[{", "[null,{"), "policies[0]"),
    ] {
        let error = read(json).expect_err(json);
        assert_eq!((error.kind(), &*error.place().to_string()), (Fault::Missing, place));
    }
    for json in ["null", "[]", "5", "\"a\"", "true"] {
        assert_eq!(fault(json), Fault::Missing, "{json}");
    }
    let json = with_policy(NO_POLICY, NOTHING, "").replace("[{", "[],\"x\":[{");
    let (report, _) = read_well(&json);
    assert!(report.policies.is_empty());
}

#[test]
fn rpt_2_all_else_may_be_missing_null_or_of_another_type() {
    let (bare, _) = read_well(
        r#"{"date-range":{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":"2016-04-01T23:59:59Z"},"policies":[{"policy":{},"summary":{},"failure-details":[{}]}]}"#,
    );
    assert_eq!(bare.organization_name, None);
    assert_eq!(bare.policies[0].failure_details, [FailureDetails::default()]);
    for value in ["null", "5", "-1.5", "true", "[1,[2]]", r#"{"a":{"b":[]}}"#] {
        let json = format!(
            r#"{{"organization-name":{value},"date-range":{{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":"2016-04-01T23:59:59Z"}},"contact-info":{value},"report-id":{value},"policies":[{{"policy":{{"policy-type":{value},"policy-domain":{value}}},"summary":{{}},"failure-details":[{{"result-type":{value},"sending-mta-ip":{value},"receiving-mx-hostname":{value},"receiving-mx-helo":{value},"receiving-ip":{value},"additional-information":{value},"failure-reason-code":{value}}}]}}]}}"#
        );
        let (report, deviations) = read_well(&json);
        assert_eq!(report, bare, "{value}");
        let odd = if value == "null" { "null, taken" } else { "value of another type" };
        assert_eq!(deviations.iter().filter(|one| one.contains(odd)).count(), 12, "{value}");
    }
}

#[test]
fn rpt_2_of_a_member_twice_the_last_is_taken() {
    let json = with_counts("1", "2,\"total-successful-session-count\":7")
        .replace("\"report-id\"", "\"report-id\":\"first\",\"report-id\"");
    let (report, deviations) = read_well(&json);
    assert_eq!(report.report_id.as_deref(), Some("1@company-x.example"));
    assert_eq!(report.successes(), 7);
    let twice = deviations.iter().filter(|one| one.contains("stood there before")).count();
    assert_eq!(twice, 2, "{deviations:?}");
}

#[test]
fn rpt_2_of_an_unknown_member_twice_the_last_is_taken_even_if_there_is_no_room_for_more() {
    let many: String =
        (0..ReadLimits::MAX_UNKNOWN_MEMBERS).map(|n| format!(",\"x{n}\":1")).collect();
    let json = with_counts("1", &format!("2{many},\"x0\":2,\"more\":3"));
    let (report, deviations) = read_well(&json);
    let unknown = &report.policies[0].summary.unknown;
    assert_eq!((unknown.get("x0"), unknown.get("more")), (Some("2"), None));
    assert_eq!(deviations.iter().filter(|one| one.contains("cannot be kept")).count(), 1);
}

#[test]
fn rpt_2_one_byte_order_mark_and_white_space_around_pass() {
    let json = with_counts("1", "2");
    for (around, odd) in [
        (format!("\u{feff}{json}"), "report: byte order mark"),
        (format!(" \r\n{json}"), "report: white space around the JSON text"),
        (format!("{json}\t\n"), "report: white space around the JSON text"),
    ] {
        let (report, deviations) = read_well(&around);
        assert_eq!(report, read_well(&json).0);
        assert_eq!(deviations[0], odd);
    }
    assert_eq!(fault(&format!("{json}x")), Fault::Trailing);
    assert_eq!(fault(&format!("{json}{json}")), Fault::Trailing);
    assert_eq!(fault(&format!("{json}\0")), Fault::Trailing);
    assert_eq!(fault(&format!("\u{feff}\u{feff}{json}")), Fault::Syntax);
    assert_eq!(fault(&json[..json.len() - 1]), Fault::Truncated);
    assert_eq!(fault(""), Fault::Truncated);
    assert_eq!(fault(&json.replace("2}", "NaN}")), Fault::Syntax);
    assert_eq!(fault(&json.replace("Company-X", "\\ud800")), Fault::Syntax);
}

#[test]
fn rpt_2_errors_say_where_and_what() {
    let mut octets = with_counts("1", "2").replace(',', ",\n").into_bytes();
    let at = octets.iter().position(|b| *b == b'C').unwrap();
    octets[at] = 0xff;
    let error = Report::from_json(&octets, &ReadLimits::default()).unwrap_err();
    let text = r"line 1, column 23: report: not UTF-8, found `\xffomp`";
    assert_eq!(error.to_string(), text);

    let json = with_dates("\n\"1533081600\"", "\"\"");
    assert_eq!(
        read(&json).unwrap_err().to_string(),
        "line 2, column 12: date-range.start-datetime: expected an RFC 3339 date-time since 1970, found `1533081600`"
    );
    assert_eq!(
        read(&with_counts("1", "\"2\"")).unwrap_err().to_string().split(": ").nth(1),
        Some("policies[0].summary.total-failure-session-count")
    );
}

#[test]
fn rpt_2_errors_have_a_place_from_1_in_the_text_as_it_came() {
    for (json, place) in [
        ("{\n", (2, 1)),
        ("{\"a\n\"", (2, 1)),
        ("\n\n []", (3, 2)),
        ("\u{feff}[]", (1, 4)),
        ("{\"a\": x}", (1, 7)),
        ("\u{feff}{\"a\": x}", (1, 10)),
        ("\u{feff}{\n\"a\": x}", (2, 6)),
    ] {
        let error = read(json).unwrap_err();
        assert_eq!((error.line(), error.column()), place, "{json:?}");
    }
}

#[test]
fn rpt_2_control_characters_are_told_that_json_does_not_escape() {
    for text in ["\u{7f}", "\u{9b}31m", r"\u001b", r"\u007f"] {
        let json = with_counts("1", "2").replace("Company-X", text);
        let told = "organization-name: control characters in a text";
        assert!(read_well(&json).1.iter().any(|one| one == told), "{text:?}");
    }
    let json = with_counts("1", "2").replace("Company-X", "Gr\u{fc}\u{df}e");
    assert!(read_well(&json).1.iter().all(|one| !one.contains("control")));
}

#[test]
fn rpt_3_lists_are_arrays_texts_null_or_missing() {
    let policy = |list: &str| {
        with_policy(
            &format!(r#"{{"policy-type":"sts","policy-domain":"a.example"{list}}}"#),
            NOTHING,
            "",
        )
    };
    for (list, lines, hosts) in [
        ("", &[][..], &[][..]),
        (r#","policy-string":null,"mx-host":null"#, &[], &[]),
        (r#","policy-string":[],"mx-host":[]"#, &[], &[]),
        (r#","policy-string":"","mx-host":"""#, &[], &[]),
        (r#","policy-string":"a","mx-host":"b""#, &["a"], &["b"]),
        (r#","policy-string":["a",null,"c",5],"mx-host":["b","",[]]"#, &["a", "c"], &["b", ""]),
        (
            r#","policy-string":["a\r\nb\n\nc\n"],"mx-host-pattern":["b"]"#,
            &["a", "b", "", "c"],
            &["b"],
        ),
        (r#","policy-string":"a\nb","mx-host":{"a":"b"}"#, &["a", "b"], &[]),
        (r#","policy-string":["[\"a\"]"]"#, &[r#"["a"]"#], &[]),
    ] {
        let json = policy(list);
        let (report, deviations) = read_well(&json);
        assert_eq!(report.policies[0].policy.policy_string, lines, "{list}");
        assert_eq!(report.policies[0].policy.mx_host, hosts, "{list}");
        assert!(deviations.len() > 1, "{list}");
    }
    let records = r#"{"policy-type":"tlsa","policy-domain":"a.example","policy-string":["[\"3 1 1 ab\",\"2 1 1 cd\"]","3 0 1 ef"]}"#;
    let json = with_policy(records, NOTHING, "");
    let (report, _) = read_well(&json);
    assert_eq!(report.policies[0].policy.policy_string, ["3 1 1 ab", "2 1 1 cd", "3 0 1 ef"]);
}

#[test]
fn rpt_3_what_was_taken_apart_is_read_again_as_it_is() {
    for text in
        [r#"x\n[\"a\"]"#, r#"[\"a\\n[\\\"b\\\"]\"]"#, r#"[\"a\\nb\"]"#, r#"\n[\"a\",\n\"b\"]"#]
    {
        let policy = format!(r#"{{"policy-type":"tlsa","policy-string":["{text}"]}}"#);
        let json = with_policy(&policy, NOTHING, "");
        let (report, _) = read_well(&json);
        let written = report.to_json_as_read().unwrap();
        assert_eq!(read_well(&written).0, report, "{text}");
    }
}

#[test]
fn rpt_3_dates_are_read_with_any_offset_and_never_guessed() {
    for (start, end, odd) in [
        ("\"2016-04-01T00:00:00\"", "\"2016-04-01T23:59:59\"", &["no time zone"][..]),
        ("\"2016-04-01T02:00:00+02:00\"", "\"2016-04-01t23:59:59z\"", &["not in UTC"]),
        ("\"2016-04-01T00:00:00.9Z\"", "\"2016-04-01T23:59:59.999999Z\"", &["fraction"]),
        ("\"2016-04-01T00:00:00Z\"", "\"2016-04-02T00:00:00Z\"", &["midnight"]),
        ("\"2016-04-01T00:00:00Z\"", "\"2016-04-08T00:00:00Z\"", &["not one day"]),
        ("\"2016-04-01T00:00:00Z\"", "\"2016-03-01T00:00:00Z\"", &["before the start"]),
    ] {
        let json = with_dates(start, end);
        let (report, deviations) = read_well(&json);
        assert_eq!(report.date_range.start_datetime.as_secs(), 1_459_468_800);
        for odd in odd {
            assert!(deviations.iter().any(|one| one.contains(odd)), "{deviations:?}");
        }
    }
    for date in [
        "\"\"",
        "\"yesterday\"",
        "\"1459468800\"",
        "\"2016-02-30T00:00:00Z\"",
        "\"1969-12-31T23:59:59Z\"",
    ] {
        assert_eq!(fault(&with_dates(date, date)), Fault::Date, "{date}");
    }
    for date in ["1459468800", "[]", "{}", "null"] {
        assert_eq!(fault(&with_dates(date, date)), Fault::Missing, "{date}");
    }
}

#[test]
fn rpt_4_counts_are_digits_or_nothing() {
    for (count, expected) in [
        ("0", 0),
        ("4294967296", 4_294_967_296),
        ("9007199254740991", MAX_COUNT),
        ("18446744073709551615", u64::MAX),
        ("null", 0),
    ] {
        assert_eq!(read_well(&with_counts("7", count)).0.failures(), expected);
        assert_eq!(read_well(&with_counts(count, "7")).0.successes(), expected);
    }
    let huge = r#"{"total-successful-session-count":18446744073709551615}},{"policy":{},"summary":{"total-successful-session-count":1}"#;
    let json = with_policy(NO_POLICY, huge, "");
    let (report, deviations) = read_well(&json);
    assert_eq!(report.successes(), u64::MAX, "sums stay there");
    assert!(deviations.iter().any(|one| one.contains("2^53-1")));
    for count in ["-1", "-0", "1.0", "1e3", "\"5\"", "true", "[]", "{}", "18446744073709551616"] {
        assert_eq!(fault(&with_counts(count, "0")), Fault::Count, "{count}");
        assert_eq!(fault(&with_counts("0", count)), Fault::Count, "{count}");
        let row = format!(r#"{{"failed-session-count":{count}}}"#);
        assert_eq!(fault(&with_row(&row)), Fault::Count, "{count}");
    }
    let json = with_row(r#"{"failed-session-count":5},{"failed-session-count":5}"#);
    let (report, _) = read_well(&json);
    assert_eq!(report.failures(), 1, "sums are not enforced");
}

#[test]
fn rpt_5_what_is_unknown_survives() {
    let row = r#"{"result-type":"tls-too-blue","sending-mta-ip":"x.x.x.x","receiving-mx-host-name":"mx.example","failed-session-count":1,"x":{"a":[1.50,"\u00e9"]}}"#;
    let json = with_row(row)
        .replace("no-policy-found", "tls")
        .replace("\"policies\"", "\"version\":1,\"policies\"")
        .replace("\"start-datetime\"", "\"zone\":null,\"start-datetime\"");
    let (report, _) = read_well(&json);
    let read = &report.policies[0].failure_details[0];
    assert_eq!(report.policies[0].policy.policy_type, Some(Reported::Other("tls".into())));
    assert_eq!(read.result_type, Some(Reported::Other("tls-too-blue".into())));
    assert_eq!(
        (read.sending_mta_ip.as_deref(), read.sending_mta_address()),
        (Some("x.x.x.x"), None)
    );
    assert_eq!(read.receiving_mx_hostname.as_deref(), Some("mx.example"));
    assert_eq!(read.unknown.get("x"), Some(r#"{"a":[1.50,"\u00e9"]}"#));
    assert_eq!(report.unknown.iter().collect::<Vec<_>>(), [("version", "1")]);
    assert_eq!(report.date_range.unknown.get("zone"), Some("null"));

    let written = report.to_json_as_read().expect("the dates were read");
    assert_eq!(read_well(&written).0, report);
    assert!(written.contains(r#""x":{"a":[1.50,"\u00e9"]}"#), "{written}");
    assert_eq!(report.clone().into_owned(), report);

    for (text, address) in [
        ("[2001:db8::1]", Some("2001:db8::1")),
        ("[IPv6:2001:db8::1]", Some("2001:db8::1")),
        ("2001:DB8:0::1", Some("2001:db8::1")),
        ("[192.0.2.1]", Some("192.0.2.1")),
        ("mail.example.com", None),
        ("[", None),
    ] {
        let mut row = FailureDetails::default();
        row.receiving_ip = Some(text.into());
        assert_eq!(row.receiving_address().map(|one| one.to_string()).as_deref(), address);
    }
}

#[test]
fn rpt_5_nothing_but_i_json_is_kept() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    for (value, kept) in [
        (deep(MAX_DEPTH), true),
        (deep(MAX_DEPTH + 1), false),
        (deep(100_000), false),
        (r#"{"a":1,"b":{"a":2}}"#.to_owned(), true),
        (r#"{"a":1,"\u0061":2}"#.to_owned(), false),
        (r#""\ud800""#.to_owned(), false),
        (r#""\ud83d\ude00""#.to_owned(), true),
        ("\"\u{fdd0}\"".to_owned(), false),
        ("1e999".to_owned(), false),
    ] {
        let json = with_counts("1", &format!("2,\"x\":{value}"));
        let (report, deviations) = read_well(&json);
        let unknown = &report.policies[0].summary.unknown;
        assert_eq!(unknown.get("x").is_some(), kept, "{}", &value[..value.len().min(40)]);
        assert_eq!(deviations.iter().any(|one| one.contains("cannot be kept")), !kept);
        assert_eq!((report.successes(), report.failures()), (1, 2));
    }
}

#[test]
fn rpt_7_a_report_costs_no_more_than_its_limits() {
    let limits =
        ReadLimits::default().with_octets(1_000).with_rows(3).with_policies(2).with_strings(4);
    let fault = |json: &str| {
        Report::from_json(json.as_bytes(), &limits).map(|_| ()).map_err(|error| error.kind())
    };
    let rows = |rows: usize| with_row(&["{}"].repeat(rows).join(","));
    assert_eq!((fault(&rows(3)), fault(&rows(4))), (Ok(()), Err(Fault::TooManyRows)));
    let policies = |policies: usize| {
        let more = r#"{"policy":{},"summary":{}},"#.repeat(policies - 1);
        with_policy(NO_POLICY, NOTHING, "").replace("[{", &format!("[{more}{{"))
    };
    assert_eq!((fault(&policies(2)), fault(&policies(3))), (Ok(()), Err(Fault::TooManyPolicies)));
    let strings = |strings: usize| {
        let lines = ["\"\""].repeat(strings).join(",");
        with_policy(&format!(r#"{{"policy-string":["a"],"mx-host":[{lines}]}}"#), NOTHING, "")
    };
    assert_eq!((fault(&strings(3)), fault(&strings(4))), (Ok(()), Err(Fault::TooManyStrings)));
    assert_eq!(fault(&" ".repeat(1_001)), Err(Fault::TooLong));
    assert_eq!(fault(&" ".repeat(1_000)), Err(Fault::Truncated));
}

/// Each line was a string of its own before the limit was looked at: 24 octets for two.
#[test]
fn rpt_7_a_text_is_taken_apart_within_the_limit() {
    let limits = ReadLimits::default().with_strings(5);
    let fault = |text: &str| {
        let policy = format!(r#"{{"policy-type":"tlsa","policy-string":["{text}"]}}"#);
        let json = with_policy(&policy, NOTHING, "");
        let read = Report::from_json(json.as_bytes(), &limits).map_err(|error| error.kind())?;
        Ok(read.0.policies[0].policy.policy_string.len())
    };
    assert_eq!(fault(&r"a\n".repeat(4)), Ok(4));
    assert_eq!(fault(&r"a\n".repeat(5)), Err(Fault::TooManyStrings));
    let records = |records: usize| format!("[{}]", [r#"\"a\""#].repeat(records).join(","));
    assert_eq!(fault(&records(4)), Ok(4));
    assert_eq!(fault(&records(5)), Err(Fault::TooManyStrings));
    assert_eq!(fault(&records(5).replace("]", ",5]")), Ok(1), "no array of texts");
    assert_eq!(fault(&records(5).replace("]", "] x")), Ok(1), "no JSON");
}

#[test]
fn rpt_7_ten_million_rows_are_refused() {
    let rows = "{},".repeat(10_000_000);
    assert_eq!(fault(&with_row(&format!("{rows}{{}}"))), Fault::TooManyRows);
    let rows = "null,".repeat(5_000_000);
    assert_eq!(fault(&with_row(&format!("{rows}{{}}"))), Fault::TooManyRows);
    let unknown: String = (0..200_000).map(|n| format!(",\"x{n}\":0")).collect();
    let json = with_counts("1", &format!("2{unknown}"));
    let (report, deviations) = Report::from_json(json.as_bytes(), &ReadLimits::default()).unwrap();
    assert_eq!(report.policies[0].summary.unknown.len(), ReadLimits::MAX_UNKNOWN_MEMBERS);
    assert_eq!(deviations.total(), 200_000 - ReadLimits::MAX_UNKNOWN_MEMBERS + 1);
    assert_eq!(deviations.as_slice().len(), mta_sts::MAX_DEVIATIONS);
}

#[test]
fn rpt_9_policies_are_quoted_line_by_line_and_record_by_record() {
    let mut report = small();
    for (record, fits) in [
        ("3 1 1 0123456789abcdefABCDEF", true),
        ("3 1 1", false),
        ("3  1 1 ab", false),
        ("3 1 1 ab ", false),
        ("3 1 1 ab cd", false),
        ("3 1 256 ab", false),
        ("3 1 1 xy", false),
        ("_25._tcp IN TLSA 3 1 1 ab", false),
        ("[\"3 1 1 ab\"]", false),
    ] {
        report.policies[1].policy.policy_string = vec![record.into()];
        assert_eq!(report.to_json().is_ok(), fits, "{record}");
    }
}

#[test]
fn rpt_11_the_policy_domain_is_the_next_hop_or_for_tlsa_the_tlsa_base_domain() {
    for domain in ["company-y.example", "mx1.company-y.example"] {
        let policy = format!(
            r#"{{"policy-type":"tlsa","policy-string":["3 1 1 ab"],"policy-domain":"{domain}"}}"#
        );
        let json = with_policy(&policy, NOTHING, "");
        let (report, deviations) = read_well(&json);
        assert_eq!(report.policies[0].policy.policy_domain.as_deref(), Some(domain));
        assert!(!deviations.iter().any(|one| one.contains("domain")), "{deviations:?}");
    }
}

#[test]
fn rpt_2_every_deviation_has_a_name_of_its_own() {
    let names: BTreeSet<_> = ReportDeviationKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names.len(), ReportDeviationKind::ALL.len());
}
