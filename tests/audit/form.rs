//! The JSON form of an audit, against its schema.

use mta_sts::audit::{Code, JSON_SCHEMA, Severity, State, Subject, Verdict, audit};
use serde_json::{Value, json};

use crate::codes::cases;
use crate::domain::{healthy, unseen};
use crate::schema::faults;

#[test]
fn aud_1_the_json_form_keeps_its_schema() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let seen = cases().into_iter().map(|case| case.seen).chain([healthy(), unseen()]);
    for seen in seen {
        let json: Value = serde_json::from_str(&audit(&seen).to_json()).unwrap();
        let faults = faults(&schema, &json, "");
        assert!(faults.is_empty(), "{faults:#?}");
    }
    assert!(!faults(&schema, &json!({ "v": 2 }), "").is_empty());
}

#[test]
fn aud_1_the_words_of_the_schema_are_those_of_the_code() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let words = |pointer: &str| schema.pointer(pointer).unwrap()["enum"].clone();
    let finding = "/properties/findings/items/properties";
    let subjects: Vec<_> = Subject::ALL.iter().map(|one| one.as_str()).collect();
    let severities: Vec<_> = Severity::ALL.iter().map(|one| one.as_str()).collect();
    let verdicts: Vec<_> = Verdict::ALL.iter().map(|one| one.as_str()).collect();
    let states = [State::Pass, State::Warn, State::Fail, State::NotChecked].map(State::as_str);
    assert_eq!(words(&format!("{finding}/subject")), json!(subjects));
    assert_eq!(words(&format!("{finding}/severity")), json!(severities));
    assert_eq!(words("/properties/verdict/properties/code"), json!(verdicts));
    assert_eq!(words("/properties/checks/items/properties/state"), json!(states));
}

#[test]
fn aud_1_the_json_form_says_what_the_audit_says() {
    let seen = cases().into_iter().find(|case| case.code == Code::PolicyMode).unwrap().seen;
    let json: Value = serde_json::from_str(&audit(&seen).to_json()).unwrap();
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "sts.policy.mode-invalid");
    assert_eq!(finding["place"]["line"], 2);
    assert_eq!(finding["place"]["column"], 7);
    assert_eq!(finding["corrected"]["kind"], "policy");
    assert_eq!(json["verdict"]["code"], "broken");
    assert_eq!(json["score"]["total"], 40);
}
