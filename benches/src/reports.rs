//! Reports of several sizes, and the structs that bound their reading: what
//! serde_json makes of the same text when nothing is tolerated, checked or kept.

use std::fmt::Write as _;

use serde::Deserialize;

/// The rows of a report of some 2 kB, as a sender writes one after a bad day.
pub const SMALL: usize = 3;

/// The rows of a report of some 10 MB.
pub const LARGE: usize = 25_500;

/// A report with so many rows, compact, by the RFC, of which we find nothing odd.
#[must_use]
pub fn json(rows: usize) -> String {
    let mut json = String::from(
        r#"{"organization-name":"Company-X","date-range":{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":"2016-04-01T23:59:59Z"},"contact-info":"sts-reporting@company-x.example","report-id":"5065427c-23d3-47ca-b6e0-946ea0e8c4be@company-x.example","policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1","mode: testing","mx: *.mail.company-y.example","mx: backup.company-y.example","max_age: 86400"],"policy-domain":"company-y.example","mx-host":["*.mail.company-y.example","backup.company-y.example"]},"summary":{"total-successful-session-count":5326,"total-failure-session-count":"#,
    );
    let _ = write!(json, "{}}},\"failure-details\":[", rows * 100);
    for row in 0..rows {
        let comma = if row == 0 { "" } else { "," };
        let types = ["certificate-expired", "starttls-not-supported", "validation-failure"];
        let _ = write!(
            json,
            r#"{comma}{{"result-type":"{}","sending-mta-ip":"2001:db8:abcd:12::{:x}","receiving-mx-hostname":"mx{row}.mail.company-y.example","receiving-mx-helo":"mx{row}.mail.company-y.example","receiving-ip":"203.0.113.{}","failed-session-count":100,"additional-information":"https://reports.company-x.example/report_info?id=5065427c-23d3","failure-reason-code":"certificate-expired"}}"#,
            types[row % types.len()],
            row % 65_535 + 1,
            row % 256,
        );
    }
    json.push_str("]}]}");
    json
}

/// The bare struct: every text borrowed, every member required.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of RFC 8460 §4.4")]
pub struct Bare<'a> {
    pub organization_name: &'a str,
    pub date_range: BareRange<'a>,
    pub contact_info: &'a str,
    pub report_id: &'a str,
    #[serde(borrow)]
    pub policies: Vec<BarePolicyReport<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of RFC 8460 §4.4")]
pub struct BareRange<'a> {
    pub start_datetime: &'a str,
    pub end_datetime: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of RFC 8460 §4.4")]
pub struct BarePolicyReport<'a> {
    #[serde(borrow)]
    pub policy: BarePolicy<'a>,
    pub summary: BareSummary,
    #[serde(borrow)]
    pub failure_details: Vec<BareRow<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of RFC 8460 §4.4")]
pub struct BarePolicy<'a> {
    pub policy_type: &'a str,
    #[serde(borrow)]
    pub policy_string: Vec<&'a str>,
    pub policy_domain: &'a str,
    #[serde(borrow)]
    pub mx_host: Vec<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of RFC 8460 §4.4")]
pub struct BareSummary {
    pub total_successful_session_count: u64,
    pub total_failure_session_count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of RFC 8460 §4.4")]
pub struct BareRow<'a> {
    pub result_type: &'a str,
    pub sending_mta_ip: Option<&'a str>,
    pub receiving_mx_hostname: Option<&'a str>,
    pub receiving_mx_helo: Option<&'a str>,
    pub receiving_ip: Option<&'a str>,
    pub failed_session_count: u64,
    pub additional_information: Option<&'a str>,
    pub failure_reason_code: Option<&'a str>,
}
