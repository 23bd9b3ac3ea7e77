//! Instruction counts, with gungraun under Valgrind: the same cases as the small
//! and the maximal ones of `wall`, and the same counts on every run.
//!
//! Needs `valgrind`, and `gungraun-runner` in the version that `Cargo.lock` has of
//! `gungraun`. What a case makes is dropped inside of what is counted.

#![allow(missing_docs, unused_qualifications, reason = "gungraun's macros make such items")]

use std::hint::black_box;

use gungraun::prelude::*;
use mta_sts::Reading;
use mta_sts::sts::{MaxAge, Mode, Policy, StsRecord};
use mta_sts::tlsrpt::json::ReadLimits;
use mta_sts::tlsrpt::{Report, TlsRptRecord};
use mta_sts_benches::{byte_loop, inputs, reports};

main!(library_benchmark_groups = [parse, matching, rrset, write, report]);

library_benchmark_group!(
    name = parse,
    benchmarks = [sts_record, sts_record_byte_loop, tlsrpt_record, policy]
);

#[library_benchmark]
#[bench::small(inputs::STS_RECORD)]
#[bench::extensions(inputs::STS_RECORD_EXTENSIONS)]
#[bench::maximal(inputs::sts_record_maximal().leak())]
fn sts_record(text: &str) {
    let _ = black_box(StsRecord::parse(black_box(text)));
}

#[library_benchmark]
#[bench::small(inputs::STS_RECORD)]
#[bench::extensions(inputs::STS_RECORD_EXTENSIONS)]
#[bench::maximal(inputs::sts_record_maximal().leak())]
fn sts_record_byte_loop(text: &str) {
    let _ = black_box(byte_loop::parse(black_box(text).as_bytes()));
}

#[library_benchmark]
#[bench::small(inputs::TLSRPT_RECORD)]
#[bench::two_uris(inputs::TLSRPT_RECORD_TWO_URIS)]
#[bench::maximal(inputs::tlsrpt_record_maximal().leak())]
fn tlsrpt_record(text: &str) {
    let _ = black_box(TlsRptRecord::parse(black_box(text), Reading::Tolerant));
}

#[library_benchmark]
#[bench::three_mx(inputs::POLICY)]
#[bench::nine_mx_crlf(inputs::POLICY_NINE_MX)]
#[bench::maximal_extensions(inputs::policy_maximal().leak())]
#[bench::maximal_mx(inputs::policy_thousand_mx().leak())]
fn policy(text: &str) {
    let _ = black_box(Policy::parse(black_box(text), Reading::Tolerant));
}

library_benchmark_group!(name = matching, benchmarks = [three_patterns, thousand_patterns]);

#[library_benchmark]
#[bench::first(parsed(inputs::POLICY), inputs::HOST_FIRST)]
#[bench::last_by_wildcard(parsed(inputs::POLICY), inputs::HOST_LAST)]
#[bench::miss(parsed(inputs::POLICY), inputs::HOST_MISS)]
fn three_patterns(policy: Policy, host: &str) -> Policy {
    let _ = black_box(policy.matching_mx(black_box(host)));
    policy
}

#[library_benchmark]
#[bench::last_by_wildcard(parsed(&inputs::policy_thousand_mx()), inputs::HOST_LAST)]
#[bench::miss(parsed(&inputs::policy_thousand_mx()), inputs::HOST_MISS)]
fn thousand_patterns(policy: Policy, host: &str) -> Policy {
    let _ = black_box(policy.matching_mx(black_box(host)));
    policy
}

fn parsed(policy: &str) -> Policy {
    policy.parse().expect("a good policy")
}

library_benchmark_group!(name = rrset, benchmarks = from_rrset);

#[library_benchmark]
#[bench::three_records(inputs::rrset())]
#[bench::maximal(inputs::rrset_maximal())]
fn from_rrset(rrset: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let _ = black_box(StsRecord::from_rrset(black_box(&rrset)));
    rrset
}

library_benchmark_group!(
    name = write,
    benchmarks =
        [write_sts_record, write_tlsrpt_record, new_tlsrpt_record, write_policy, build_policy]
);

#[library_benchmark]
#[bench::extensions(inputs::STS_RECORD_EXTENSIONS.parse().expect("a good record"))]
#[bench::maximal(inputs::sts_record_maximal().parse().expect("a good record"))]
fn write_sts_record(record: StsRecord<'static>) -> StsRecord<'static> {
    let _ = black_box(record.to_string());
    record
}

#[library_benchmark]
#[bench::two_uris(inputs::TLSRPT_RECORD_TWO_URIS.parse().expect("a good record"))]
#[bench::maximal(inputs::tlsrpt_record_maximal().parse().expect("a good record"))]
fn write_tlsrpt_record(record: TlsRptRecord<'static>) -> TlsRptRecord<'static> {
    let _ = black_box(record.to_string());
    record
}

#[library_benchmark]
#[bench::two_uris(["mailto:reports@example.com", "https://tlsrpt.example.com/v1/report"])]
fn new_tlsrpt_record(uris: [&str; 2]) {
    let _ = black_box(TlsRptRecord::new(black_box(uris)));
}

#[library_benchmark]
#[bench::three_mx(parsed(inputs::POLICY))]
#[bench::thousand_mx(parsed(&inputs::policy_thousand_mx()))]
fn write_policy(policy: Policy) -> Policy {
    let _ = black_box(policy.canonical().to_string());
    policy
}

#[library_benchmark]
#[bench::three_mx(["mail.example.com", "backupmx.example.com", "*.example.net"])]
fn build_policy(patterns: [&str; 3]) {
    let builder = Policy::builder(Mode::Enforce).max_age(MaxAge::MAX);
    let builder = patterns.into_iter().try_fold(builder, |builder, mx| builder.mx(black_box(mx)));
    let _ = black_box(builder.and_then(|builder| builder.build()));
}

library_benchmark_group!(
    name = report,
    benchmarks = [read_report, read_report_bare, write_report, write_report_as_read]
);

#[library_benchmark]
#[bench::small(reports::json(reports::SMALL).leak())]
#[bench::large(reports::json(reports::LARGE).leak())]
fn read_report(json: &str) {
    let _ = black_box(Report::from_json(black_box(json.as_bytes()), &ReadLimits::default()));
}

// What bounds the reading: see `reports::Bare`.
#[library_benchmark]
#[bench::small(reports::json(reports::SMALL).leak())]
#[bench::large(reports::json(reports::LARGE).leak())]
fn read_report_bare(json: &str) {
    let _ = black_box(serde_json::from_str::<reports::Bare<'_>>(black_box(json)));
}

#[library_benchmark]
#[bench::small(read(reports::SMALL))]
#[bench::large(read(reports::LARGE))]
fn write_report(report: Report<'static>) -> Report<'static> {
    let _ = black_box(report.to_json());
    report
}

#[library_benchmark]
#[bench::small(read(reports::SMALL))]
#[bench::large(read(reports::LARGE))]
fn write_report_as_read(report: Report<'static>) -> Report<'static> {
    let _ = black_box(report.to_json_as_read());
    report
}

fn read(rows: usize) -> Report<'static> {
    let json = reports::json(rows);
    let (report, _) =
        Report::from_json(json.as_bytes(), &ReadLimits::default()).expect("a good report");
    report.into_owned()
}
