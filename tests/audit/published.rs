//! Audits of the policies of `examples/data` and of the vectors, and of what is proposed
//! in their place.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use mta_sts::Reading;
use mta_sts::audit::{Audit, Code, Corrected, Place, Severity, audit};
use mta_sts::observations::{Lookup, Mx, Observations, Response};
use mta_sts::sts::{Policy, PolicyErrorKind};
use serde_json::Value;

use crate::domain::{
    VALID, answered, assert_corrected_texts_are_strict, healthy, host, txt, unseen,
};

/// A domain with that policy and those MX hosts, all else in good order.
fn domain(body: &[u8], hosts: &[String]) -> Observations {
    let response = Response::new(200, body).with_field("Content-Type", "text/plain");
    let mx = hosts.iter().map(|host| Mx { preference: 10, exchange: host.clone() });
    let seen = unseen()
        .with_sts_record(Ok(txt(&["v=STSv1; id=1;"])))
        .with_fetch(answered(response))
        .with_mx(Ok(Lookup::found(mx)));
    hosts.iter().fold(seen, |seen, name| seen.with_host(host(name, VALID)))
}

/// Whether an error is one that the policy alone can mend.
fn is_of_policy(place: &Place, code: Code) -> bool {
    matches!(place, Place::Policy { .. }) || matches!(code, Code::MxUncovered | Code::HostTooLarge)
}

/// The first policy that is proposed.
fn proposed(audit: &Audit) -> Option<&str> {
    audit.findings().iter().find_map(|finding| match finding.corrected() {
        Some(Corrected::Policy(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// Audits a policy, and then what is proposed in its place.
#[track_caller]
fn audits_well(name: &str, body: &[u8], hosts: &[String]) {
    let audit = audit(&domain(body, hosts));
    assert_corrected_texts_are_strict(&audit);
    let errors = audit
        .findings()
        .iter()
        .filter(|one| one.severity() == Severity::Error && is_of_policy(one.place(), one.code()));
    for error in errors.clone() {
        assert!(!error.remedy().is_empty() && !error.what().is_empty(), "{name}");
        assert!(error.corrected().is_some() || hosts.is_empty(), "{name}: {error}");
    }
    if let Err(refused) = Policy::parse(body, Reading::Tolerant) {
        let place = match refused.kind() {
            PolicyErrorKind::TooLarge { .. } => Place::PolicyHost,
            _ => Place::Policy { line: refused.line(), column: refused.column() },
        };
        assert!(errors.clone().any(|error| *error.place() == place), "{name}: {refused}");
    }
    let Some(proposed) = proposed(&audit) else { return };
    let after = mta_sts::audit::audit(&domain(proposed.as_bytes(), hosts));
    let left: Vec<_> = after
        .findings()
        .iter()
        .filter(|one| one.severity() == Severity::Error && is_of_policy(one.place(), one.code()))
        .map(ToString::to_string)
        .collect();
    assert!(left.is_empty(), "{name}: {proposed}: {left:?}");
    assert!(after.score().total() >= audit.score().total(), "{name}: {proposed}");
}

#[test]
fn aud_1_published_policies_are_audited_and_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let index = fs::read_to_string(folder.join("index.tsv")).unwrap();
    let mut count = 0;
    for row in index.lines().skip(1) {
        let [file, hosts, _] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let hosts: Vec<String> =
            hosts.split_whitespace().map(|host| host.trim_end_matches('.').to_owned()).collect();
        audits_well(file, &fs::read(folder.join(file)).unwrap(), &hosts);
        count += 1;
    }
    assert!(count >= 26, "{count}");
}

#[test]
fn aud_1_the_policies_of_the_vectors_are_audited_and_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let hosts = ["mail.example.com".to_owned(), "mx2.example.com".to_owned()];
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("policy") || !name.ends_with(".json") {
            continue;
        }
        let suite: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        for case in suite["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            audits_well(name, &input(case), &hosts);
            audits_well(name, &input(case), &[]);
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

fn input(case: &Value) -> Vec<u8> {
    match case["input_base64"].as_str() {
        Some(text) => base64::engine::general_purpose::STANDARD.decode(text).unwrap(),
        None => case["input"].as_str().unwrap().into(),
    }
}

/// What is proposed keeps what was meant.
#[test]
fn aud_1_what_was_meant_is_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let hosts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (file, names, policy) in [
        (
            "mx-misspelt-ms.txt",
            &["mail.alecdawson.com", "mx.noip.com", "mail1.no-ip.com", "mail2.no-ip.com"][..],
            "",
        ),
        ("mode-enforced.txt", &["example-com.mail.protection.outlook.com"], "mode: enforce\n"),
        ("mx-trailing-dot.txt", &["mail.tutanota.de"], "mx: mail.tutanota.de\n"),
        ("mx-with-priority.txt", &["smtp.google.com"], "mx: smtp.google.com\n"),
        ("max-age-with-comma.txt", &["mx.zoho.eu"], "max_age: 604800\n"),
        ("none-without-max-age.txt", &["mail.example.com"], "mode: none\nmax_age: 86400\n"),
    ] {
        let seen = domain(&fs::read(folder.join(file)).unwrap(), &hosts(names));
        let audit = audit(&seen);
        let proposed = proposed(&audit).unwrap();
        assert!(proposed.contains(policy), "{file}: {proposed}");
    }
    let html = audit(&domain(b"<html>", &hosts(&["mail.example.com"])));
    assert_eq!(
        proposed(&html),
        Some("version: STSv1\nmode: testing\nmx: mail.example.com\nmax_age: 86400\n"),
    );
    assert_eq!(proposed(&audit(&healthy())), None);
}
