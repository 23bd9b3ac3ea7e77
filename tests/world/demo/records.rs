//! Faults of the TXT records, and of DNS.

use super::super::{Answer, Domain};
use super::{Spoil, policy};

pub(super) const DOMAINS: &[(&str, &str, Spoil)] = &[
    ("absent.example", "There is no MTA-STS at all.", absent),
    ("misspelt-record.example", "The version of the TXT record is misspelt.", |domain| {
        domain.txt(&["v=STSV1; id=20270101;"]);
    }),
    ("empty-field.example", "The TXT record has an empty field.", |domain| {
        domain.txt(&["v=STSv1;; id=20270101;"]);
    }),
    ("control-characters.example", "The id of the TXT record is hostile.", |domain| {
        domain.txt(&["v=STSv1; id=\u{1b}[2J\u{202e}1;"]);
    }),
    ("record-servfail.example", "DNS gives no answer for the TXT record.", |domain| {
        domain.txt_answer(Answer::ServFail);
    }),
    ("dangling-record.example", "The TXT record is an alias of nothing.", |domain| {
        domain.world().dns().set_cname(&domain.record_name(), "gone.provider.example");
    }),
    ("crowded-record.example", "Another TXT record stands beside the one.", |domain| {
        domain.txt(&["v=STSv1; id=20270101;", "v=spf1 -all"]);
    }),
    ("record-extension.example", "The TXT record has a field that counts for nothing.", |domain| {
        domain.txt(&["v=STSv1; id=20270101; mode=enforce;"]);
    }),
    ("long-ttl.example", "The TTL of the TXT record is a week.", |domain| {
        domain.world().dns().set_ttl(&domain.record_name(), 604_800);
    }),
    ("dangling-host.example", "The policy host is an alias of nothing.", |domain| {
        domain.addresses_to_nowhere(&[]);
        domain.world().dns().set_cname(&domain.policy_host(), "gone.provider.example");
    }),
    ("host-servfail.example", "DNS gives no answer for the policy host.", |domain| {
        domain.world().dns().set_answer(&domain.policy_host(), Answer::ServFail);
    }),
    ("misspelt-tlsrpt.example", "The version of the TLSRPT record is misspelt.", |domain| {
        domain.tlsrpt(&["v=TLSRPTV1; rua=mailto:tls-reports@misspelt-tlsrpt.example"]);
    }),
    ("two-tlsrpt.example", "There are two TLSRPT records.", |domain| {
        domain
            .tlsrpt(&["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@d.example"]);
    }),
    ("no-rua.example", "The TLSRPT record has no rua.", |domain| {
        domain.tlsrpt(&["v=TLSRPTv1;"]);
    }),
    ("tlsrpt-servfail.example", "DNS gives no answer for the TLSRPT record.", |domain| {
        domain.world().dns().set_answer(&domain.tlsrpt_name(), Answer::ServFail);
    }),
    ("dangling-tlsrpt.example", "The TLSRPT record is an alias of nothing.", |domain| {
        domain.world().dns().remove(&domain.tlsrpt_name());
        domain.world().dns().set_cname(&domain.tlsrpt_name(), "gone.provider.example");
    }),
    ("ftp-rua.example", "One URI of the TLSRPT record is of no use.", |domain| {
        domain.tlsrpt(&["v=TLSRPTv1; rua=mailto:a@ftp-rua.example,ftp://ftp-rua.example/"]);
    }),
    ("last-comma.example", "The list of the TLSRPT record ends with a comma.", |domain| {
        domain.tlsrpt(&["v=TLSRPTv1; rua=mailto:tls-reports@last-comma.example,"]);
    }),
    ("crowded-tlsrpt.example", "Another TXT record stands beside the TLSRPT record.", |domain| {
        domain.tlsrpt(&["v=TLSRPTv1; rua=mailto:a@crowded-tlsrpt.example", "v=spf1 -all"]);
    }),
    (
        "tlsrpt-extension.example",
        "The TLSRPT record has a field that counts for nothing.",
        |domain| {
            domain.tlsrpt(&["v=TLSRPTv1; rua=mailto:a@tlsrpt-extension.example; pct=100"]);
        },
    ),
    ("short-ttl.example", "The TTL of the TLSRPT record is a minute.", |domain| {
        domain.world().dns().set_ttl(&domain.tlsrpt_name(), 60);
    }),
    ("withdrawn.example", "The policy is withdrawn.", |domain| {
        policy(domain, "none", 86_400, "");
    }),
    ("long-withdrawn.example", "The policy is withdrawn for a year.", |domain| {
        policy(domain, "none", 31_536_000, "");
    }),
];

fn absent(domain: &Domain<'_>) {
    domain.strip_txt();
    domain.world().dns().remove(&domain.policy_host());
}
