//! RFC 8460 §3: the `_smtp._tls` TXT record.

use crate::hash;
use mta_sts::Reading::{self, Strict, Tolerant};
use mta_sts::tlsrpt::{Destination, MAX_REPORT_URIS, ReportUri, RuaDeviation, TlsRptRecord};
use mta_sts::txt::{NoRecord, RecordErrorKind};

#[track_caller]
fn rua(text: &str, reading: Reading) -> (Vec<&str>, Vec<String>) {
    let (record, deviations) = TlsRptRecord::parse(text, reading).expect("a record");
    let uris = record.rua().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    let uris = uris.iter().map(|uri| &text[text.find(uri).unwrap()..][..uri.len()]).collect();
    (uris, deviations.iter().map(RuaDeviation::to_string).collect())
}

#[track_caller]
fn error(text: impl AsRef<[u8]>, reading: Reading, shown: &str) {
    let error = TlsRptRecord::parse(&text, reading).expect_err("no record");
    assert_eq!(error.to_string(), shown);
}

#[test]
fn rec_1_grammar() {
    let (uris, _) = rua("v=TLSRPTv1;rua=mailto:a@b.example,https://b.example/?x=y#z", Strict);
    assert_eq!(uris, ["mailto:a@b.example", "https://b.example/?x=y#z"]);
    let (uris, _) = rua("v=TLSRPTv1 ;\text=1; rua=mailto:a@b \t,\t x:y ; rua=z: ; ", Strict);
    assert_eq!(uris, ["mailto:a@b", "x:y", "z:"], "repeated fields add up");
    let record = TlsRptRecord::parse("v=TLSRPTv1;a=1;rua=x:;a=2;v=3", Strict).unwrap().0;
    assert_eq!(record.extensions().collect::<Vec<_>>(), [("a", "1"), ("a", "2")]);
}

#[test]
fn rec_1_errors_say_what_and_where() {
    for (text, shown) in [
        ("v=TLSRPTv2;rua=x:", "expected `v=TLSRPTv1` at offset 0, found `v=TLSRPTv2;rua=x:`"),
        (
            "V=TLSRPTV1;rua=x:",
            "expected `v=TLSRPTv1` at offset 0, found `V=TLSRPTV1;rua=x:`; did you mean `v=TLSRPTv1`?",
        ),
        ("v=TLSRPTv1", "expected a `rua` field at offset 10, found the end"),
        (
            "v=TLSRPTv1;ruf=mailto:a@b",
            "expected a `rua` field at offset 25, found the end; did you mean `rua` by `ruf`?",
        ),
        ("v=TLSRPTv1;rua=", "expected a URI at offset 15, found the end"),
        ("v=TLSRPTv1;rua=x:,", "expected a URI at offset 18, found the end"),
        ("v=TLSRPTv1;rua=x:,,y:", "expected a URI at offset 18, found `,y:`"),
        (
            "v=TLSRPTv1;rua=x: ",
            "expected no white space after the last field at offset 17, found ` `",
        ),
        (
            "v=TLSRPTv1;rua=a@b.example",
            "expected a URI of RFC 3986 without raw `!` at offset 15, found `a@b.example`; did you mean `mailto:a@b.example`?",
        ),
        (
            "v=TLSRPTv1;rua=mailto: a@b.example",
            "expected a URI of RFC 3986 without raw `!` at offset 15, found `mailto: a@b.example`; did you mean `mailto:a@b.example`?",
        ),
        (
            "v=TLSRPTv1;rua= x:",
            "expected a URI of RFC 3986 without raw `!` at offset 15, found ` x:`",
        ),
        (
            "v=TLSRPTv1;rua=mailto:a@b!10m",
            "expected a URI of RFC 3986 without raw `!` at offset 15, found `mailto:a@b!10m`",
        ),
        (
            "v=TLSRPTv1;rua=x:%",
            "expected a URI of RFC 3986 without raw `!` at offset 15, found `x:%`",
        ),
        ("v=TLSRPTv1;rua=x:;y", "expected `=` at offset 19, found the end"),
        ("v=TLSRPTv1;rua=x:ä", "expected US-ASCII at offset 17, found `ä`"),
    ] {
        error(text, Strict, shown);
    }
}

#[test]
fn rec_2_the_one_record_of_an_rrset() {
    let choose = |rrset: &[&'static str]| {
        TlsRptRecord::from_rrset(rrset.iter().map(|text| [*text]), Strict)
            .map(|(record, _)| record.rua().count())
    };
    assert_eq!(choose(&["v=spf1 -all", "v=TLSRPTv1;rua=x:"]), Ok(1));
    assert_eq!(choose(&["v=TLSRPTv1 ;rua=x:"]), Ok(1));
    assert_eq!(choose(&["v=TLSRPTv1 ;rua=x:", "x"]), Err(NoRecord::Absent));
    assert_eq!(choose(&["v=STSv1;id=1"]), Err(NoRecord::Absent));
    assert_eq!(choose(&["v=TLSRPTv1;", "v=TLSRPTv1;"]), Err(NoRecord::Several { count: 2 }));
    assert!(matches!(choose(&["v=TLSRPTv1;"]), Err(NoRecord::Invalid(_))));
}

#[track_caller]
fn destination(uri: &str) -> String {
    let text = format!("v=TLSRPTv1;rua={uri}");
    let (record, _) = TlsRptRecord::parse(&text, Strict).expect("valid, whether usable or not");
    let uri = record.rua().next().unwrap();
    match uri.destination() {
        Ok(Destination::Mailto(address)) => {
            format!("mail {} at {}", address.as_str(), address.domain())
        }
        Ok(Destination::Https(to)) => {
            format!("post {} {} {}", to.host(), to.port(), to.path_and_query())
        }
        Err(unusable) => unusable.to_string(),
    }
}

#[test]
fn rec_3_usable_destinations() {
    for (uri, expected) in [
        ("mailto:a@b.example", "mail a@b.example at b.example"),
        ("MAILTO:A.B@C.Example?subject=x&to=d@e.example", "mail A.B@C.Example at c.example"),
        ("mailto:a%2Bb@c.example", "mail a+b@c.example at c.example"),
        ("mailto:a%2110m@c.example", "mail a!10m@c.example at c.example"),
        ("mailto:%22a%20b%22@c.example", "mail \"a b\"@c.example at c.example"),
        ("https://b.example", "post b.example 443 /"),
        ("HTTPS://B.Example./v1?x=y#z", "post b.example 443 /v1?x=y"),
        ("https://b.example:8443/v1", "post b.example 8443 /v1"),
        ("https://b.example:/", "post b.example 443 /"),
    ] {
        assert_eq!(destination(uri), expected);
    }
}

#[test]
fn rec_3_valid_but_not_usable() {
    for (uri, expected) in [
        ("ftp://b.example/", "scheme is neither mailto nor https"),
        ("http://b.example/", "scheme is neither mailto nor https"),
        ("mailto:", "not exactly one mail address"),
        ("mailto:nobody", "not exactly one mail address"),
        ("mailto:@b.example", "not exactly one mail address"),
        ("mailto:a@b.example%2Cc@d.example", "not exactly one mail address"),
        ("mailto:a%2Cb@c.example", "not exactly one mail address"),
        ("mailto:a@b@c.example", "not exactly one mail address"),
        ("mailto:a%0d%0aRCPT@b.example", "not exactly one mail address"),
        ("mailto:a%00@b.example", "not exactly one mail address"),
        ("mailto:a%ff@b.example", "not exactly one mail address"),
        ("mailto:a%20b@c.example", "not exactly one mail address"),
        ("mailto:a..b@c.example", "not exactly one mail address"),
        ("mailto:%22a%22b%22@c.example", "not exactly one mail address"),
        ("mailto:%22a%5C%22@c.example", "not exactly one mail address"),
        ("mailto:%22a%2Cb%22@c.example", "not exactly one mail address"),
        ("mailto:%22a%09b%22@c.example", "not exactly one mail address"),
        ("mailto:%22a%0D%0Ab%22@c.example", "not exactly one mail address"),
        ("mailto:a@b.example.", "not exactly one mail address"),
        ("mailto:a@b_c.example", "host that is no domain name"),
        ("mailto:a@[192.0.2.1]", "host that is no domain name"),
        ("https:", "no host"),
        ("https:///x", "no host"),
        ("https://", "no host"),
        ("https://user@b.example/", "user information before the host"),
        ("https://@b.example/", "user information before the host"),
        ("https://192.0.2.1/", "IP address instead of a host name"),
        ("https://[2001:db8::1]/", "IP address instead of a host name"),
        ("https://b_c.example/", "host that is no domain name"),
        ("https://b%2ec.example/", "host that is no domain name"),
        ("https://2130706433/", "host that is no domain name"),
        ("https://0x7f000001/", "host that is no domain name"),
        ("https://127.0.0.0x1/", "host that is no domain name"),
        ("mailto:a@0x7f000001", "host that is no domain name"),
        ("https://b.example:0/", "port out of range"),
        ("https://b.example:65536/", "port out of range"),
    ] {
        if uri == "mailto:a@[192.0.2.1]" {
            // `[` is no character of a path, so this is no URI at all.
            assert!(TlsRptRecord::parse("v=TLSRPTv1;rua=mailto:a@[192.0.2.1]", Strict).is_err());
            continue;
        }
        assert_eq!(destination(uri), expected, "{uri}");
    }
}

#[test]
fn rec_4_the_tolerant_reading_skips_bad_items() {
    let (uris, forgiven) =
        rua("v=TLSRPTv1;rua=,mailto:a@b.example, ,ruf=mailto:c@d,e@f,", Tolerant);
    assert_eq!(uris, ["mailto:a@b.example"]);
    assert_eq!(
        forgiven,
        [
            "empty place in the list at offset 15",
            "empty place in the list at offset 36",
            "no URI at offset 37: `ruf=mailto:c@d`",
            "no URI at offset 52: `e@f`",
            "empty place in the list at offset 56",
        ]
    );
    error("v=TLSRPTv1;rua=ftp://a,", Tolerant, "expected a usable URI at offset 23, found the end");
    error("v=TLSRPTv1;rua=,", Tolerant, "expected a usable URI at offset 15, found `,`");
    let (uris, forgiven) = rua("v=TLSRPTv1;rua= mailto:a@b.example,mailto:c@d.example", Tolerant);
    assert_eq!((uris, forgiven.len()), (vec!["mailto:c@d.example"], 1), "no blank after `=`");
    let text = "v=TLSRPTv1;rua=bad,mailto:a@b.example";
    let kept = TlsRptRecord::parse(text, Tolerant).unwrap().0.into_owned();
    assert_eq!(kept.rua().count(), 1, "what was skipped stays skipped");
    let (uris, forgiven) = rua("v=TLSRPTv1;rua=ftp://a", Tolerant);
    assert_eq!((uris.len(), forgiven.len()), (1, 0), "what is strictly valid is valid");
}

#[test]
fn rec_4_a_record_has_at_most_a_hundred_uris() {
    let list = |n| format!("v=TLSRPTv1;rua={}", vec!["mailto:a@b.example"; n].join(","));
    assert_eq!(TlsRptRecord::parse(&list(MAX_REPORT_URIS), Strict).unwrap().0.rua().count(), 100);
    let more = list(MAX_REPORT_URIS + 1);
    let kind = TlsRptRecord::parse(&more, Strict).unwrap_err();
    assert_eq!(kind.kind(), RecordErrorKind::TooManyUris { limit: 100 });
    assert_eq!(
        kind.to_string(),
        "expected at most 100 URIs at offset 1915, found `mailto:a@b.example`"
    );
    let (record, deviations) = TlsRptRecord::parse(&more, Tolerant).unwrap();
    assert_eq!(record.rua().count(), MAX_REPORT_URIS);
    assert_eq!(
        deviations.as_slice()[0].to_string(),
        "more than 100 URIs at offset 1915: `mailto:a@b.example`"
    );
}

#[test]
fn rec_5_written_canonically() {
    let record = TlsRptRecord::new(["mailto:a!b,c@d.example", "https://e.example/f;g"]);
    let shown = "expected a usable URI at offset 0, found `mailto:a!b,c@d.example`";
    assert_eq!(record.unwrap_err().to_string(), shown, "no mail address has a bare comma");

    let record = TlsRptRecord::new(["mailto:a!b@d.example", "https://e.example/f;g,h"]).unwrap();
    let text = "v=TLSRPTv1;rua=mailto:a%21b@d.example,https://e.example/f%3Bg%2Ch";
    assert_eq!(record.to_string(), text);
    assert_eq!(text.parse(), Ok(record.clone()));
    let record = record.with_extension("x", "1").unwrap();
    assert_eq!(record.to_string(), text.to_owned() + ";x=1");
    assert!(record.with_extension("rua", "x:").is_err());

    let written =
        TlsRptRecord::parse("v=TLSRPTv1; x=1 ; rua=a: , b: ; rua=c: ;", Strict).unwrap().0;
    assert_eq!(written.to_string(), "v=TLSRPTv1;rua=a:,b:,c:;x=1");

    let error = |uris: &[&str]| TlsRptRecord::new(uris).unwrap_err().to_string();
    assert_eq!(error(&[]), "expected a `rua` field at offset 10, found the end");
    assert_eq!(
        error(&["a@b"]),
        "expected a URI of RFC 3986 without raw `!` at offset 0, found `a@b`; did you mean `mailto:a@b`?"
    );
    assert_eq!(error(&["ftp://a"]), "expected a usable URI at offset 0, found `ftp://a`");
    let many = TlsRptRecord::new(vec!["mailto:a@b.example"; MAX_REPORT_URIS + 1]).unwrap_err();
    assert_eq!(many.kind(), RecordErrorKind::TooManyUris { limit: 100 });
}

#[test]
fn rec_5_equal_records_say_the_same_and_hash_alike() {
    let record = |text| TlsRptRecord::parse(text, Strict).unwrap().0;
    let same = record("v=TLSRPTv1 ; x=1 ; rua=a: , b: ;");
    assert_eq!(record("v=TLSRPTv1;rua=a:;rua=b:;x=1"), same);
    assert_eq!(hash(&record("v=TLSRPTv1;rua=a:;rua=b:;x=1")), hash(&same));
    for other in ["v=TLSRPTv1;rua=b:,a:;x=1", "v=TLSRPTv1;rua=a:,b:", "v=TLSRPTv1;rua=a:;x=1"] {
        assert_ne!(record(other), same);
        assert_ne!(hash(&record(other)), hash(&same));
    }
}

#[test]
fn rec_1_one_uri_by_itself() {
    assert_eq!(ReportUri::parse("mailto:a@b.example").unwrap().scheme(), "mailto");
    for text in ["x:a,b", "x:a;b", "x:a!b", "a@b.example", "", "x:a b"] {
        assert_eq!(ReportUri::parse(text).unwrap_err().kind(), RecordErrorKind::Uri, "{text}");
    }
    let one = TlsRptRecord::new(["https://a.example/x,https://b.example/y"]).unwrap();
    assert_eq!(one.rua().count(), 1);
}
