//! What holds everywhere.

use mta_sts::Reading::Tolerant;
use mta_sts::sts::{Policy, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::{DomainName, MAX_DEVIATIONS};

const EVIL: &str = "\u{1b}[2J\u{202e}evil\r\n\u{0}\u{9b}";

#[test]
fn all_1_remote_text_is_shown_escaped_in_every_error() {
    let clean = |text: String| {
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    };
    clean(StsRecord::parse(EVIL).unwrap_err().to_string());
    clean(StsRecord::parse(&format!("v=STSv1;id={EVIL}")).unwrap_err().to_string());
    clean(
        TlsRptRecord::parse(&format!("v=TLSRPTv1;rua={EVIL}"), Tolerant).unwrap_err().to_string(),
    );
    clean(DomainName::parse(EVIL).unwrap_err().to_string());
    for field in ["version", "mode", "mx", "max_age", "x"] {
        let body = format!("{field}: {EVIL}");
        clean(Policy::parse(&body, Tolerant).unwrap_err().to_string());
        clean(format!("{:?}", Policy::parse(&body, Tolerant).unwrap_err()));
    }
    let (record, deviations) =
        TlsRptRecord::parse("v=TLSRPTv1;rua=\x1b[0m,mailto:a@b.example", Tolerant).unwrap();
    deviations.iter().for_each(|deviation| clean(deviation.to_string()));
    clean(format!("{record:?}"));
}

#[test]
fn all_1_shown_text_has_a_bounded_length() {
    let long = "x".repeat(60_000);
    for text in [
        StsRecord::parse(&long).unwrap_err().to_string(),
        StsRecord::parse(&format!("v=STSv1;id={long}")).unwrap_err().to_string(),
        Policy::parse(&long, Tolerant).unwrap_err().to_string(),
        Policy::parse(&format!("mode: {long}"), Tolerant).unwrap_err().to_string(),
        Policy::parse(&format!("mx: {long}"), Tolerant).unwrap_err().to_string(),
        DomainName::parse(&long).unwrap_err().to_string(),
    ] {
        assert!(text.len() < 300, "{} octets", text.len());
    }
    let body = format!("version: STSv1\nmode: none\nmax_age: 1\nx: {long}\n");
    assert!(format!("{:?}", body.parse::<Policy>().unwrap()).len() < 300);
    assert!(format!("{:?}", format!("{body}x").parse::<Policy>().unwrap_err()).len() < 300);
    let record = format!("v=STSv1;id=1;x={long}");
    assert!(format!("{:?}", StsRecord::parse(&record).unwrap()).len() < 300);
}

#[test]
fn all_2_no_input_costs_more_than_its_bound() {
    let policy = "version: STSv1\nmode: enforce\nmx: a\nmax_age: 1\n";
    let blank = policy.to_owned() + &"\n".repeat(60_000);
    let (_, deviations) = Policy::parse(&blank, Tolerant).unwrap();
    assert_eq!((deviations.total(), deviations.as_slice().len()), (60_000, MAX_DEVIATIONS));

    let commas = format!("v=TLSRPTv1;rua=mailto:a@b.example{}", ",".repeat(60_000));
    let (_, deviations) = TlsRptRecord::parse(&commas, Tolerant).unwrap();
    assert_eq!((deviations.total(), deviations.as_slice().len()), (60_000, MAX_DEVIATIONS));

    let record = format!("v=STSv1;id=1{}", ";".repeat(65_536));
    let error = StsRecord::parse(&record).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("expected at most 65535 octets at offset 65535, found `{}`", ";".repeat(13))
    );
}
