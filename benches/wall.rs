//! Wall clock, with divan: each parser at each input of `inputs`, matching,
//! choosing a record, writing.
//!
//! Inputs whose names end in a length are there to be compared with each other:
//! where the throughput stays, the cost is linear. A value that a bench returns is
//! dropped outside of the time measured.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use mta_sts::Reading;
use mta_sts::sts::{BuildPolicyError, MaxAge, Mode, Policy, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts_benches::byte_loop;
use mta_sts_benches::inputs::{self, Input};

fn main() {
    divan::main();
}

/// Reading text.
#[divan::bench_group]
mod parse {
    use super::*;

    #[divan::bench(args = inputs::sts_records())]
    fn sts_record(bencher: Bencher<'_, '_>, input: &Input) {
        let text = &*input.text;
        bencher.counter(BytesCount::of_str(text)).bench(|| StsRecord::parse(black_box(text)));
    }

    /// The bound of `sts_record`.
    #[divan::bench(args = inputs::sts_records())]
    fn sts_record_byte_loop(bencher: Bencher<'_, '_>, input: &Input) {
        let text = &*input.text;
        bencher
            .counter(BytesCount::of_str(text))
            .bench(|| byte_loop::parse(black_box(text.as_bytes())));
    }

    #[divan::bench(args = inputs::tlsrpt_records())]
    fn tlsrpt_record(bencher: Bencher<'_, '_>, input: &Input) {
        let text = &*input.text;
        bencher
            .counter(BytesCount::of_str(text))
            .bench(|| TlsRptRecord::parse(black_box(text), Reading::Tolerant));
    }

    #[divan::bench(args = inputs::policies())]
    fn policy(bencher: Bencher<'_, '_>, input: &Input) {
        let text = &*input.text;
        bencher
            .counter(BytesCount::of_str(text))
            .bench(|| Policy::parse(black_box(text), Reading::Tolerant));
    }
}

/// Matching one MX host against all patterns of a policy.
#[divan::bench_group]
mod matching {
    use super::*;

    const HOSTS: [&str; 3] = [inputs::HOST_FIRST, inputs::HOST_LAST, inputs::HOST_MISS];

    #[divan::bench(args = HOSTS)]
    fn three_patterns(bencher: Bencher<'_, '_>, host: &str) {
        against(bencher, inputs::POLICY, host);
    }

    #[divan::bench(args = HOSTS)]
    fn thousand_patterns(bencher: Bencher<'_, '_>, host: &str) {
        against(bencher, &inputs::policy_thousand_mx(), host);
    }

    fn against(bencher: Bencher<'_, '_>, policy: &str, host: &str) {
        let policy: Policy = policy.parse().expect("a good policy");
        bencher
            .counter(ItemsCount::new(policy.mx().len()))
            .bench(|| black_box(policy.matching_mx(black_box(host))).is_some());
    }
}

/// Choosing the one record of an RRset, joining it and parsing it.
#[divan::bench_group]
mod rrset {
    use super::*;

    #[divan::bench]
    fn three_records(bencher: Bencher<'_, '_>) {
        let rrset = inputs::rrset();
        bencher.bench(|| StsRecord::from_rrset(black_box(&rrset)));
    }

    #[divan::bench]
    fn maximal(bencher: Bencher<'_, '_>) {
        let rrset = inputs::rrset_maximal();
        bencher.bench(|| StsRecord::from_rrset(black_box(&rrset)));
    }
}

/// Writing what has been read, and what is to be published.
#[divan::bench_group]
mod write {
    use super::*;

    #[divan::bench]
    fn sts_record(bencher: Bencher<'_, '_>) {
        let record = StsRecord::parse(inputs::STS_RECORD_EXTENSIONS).expect("a good record");
        bencher.bench(|| black_box(&record).to_string());
    }

    #[divan::bench]
    fn sts_record_maximal(bencher: Bencher<'_, '_>) {
        let text = inputs::sts_record_maximal();
        let record = StsRecord::parse(&text).expect("a good record");
        bencher.bench(|| black_box(&record).to_string());
    }

    #[divan::bench]
    fn tlsrpt_record(bencher: Bencher<'_, '_>) {
        let (record, _) = TlsRptRecord::parse(inputs::TLSRPT_RECORD_TWO_URIS, Reading::Strict)
            .expect("a good record");
        bencher.bench(|| black_box(&record).to_string());
    }

    #[divan::bench]
    fn tlsrpt_record_new(bencher: Bencher<'_, '_>) {
        let uris = ["mailto:reports@example.com", "https://tlsrpt.example.com/v1/report"];
        bencher.bench(|| TlsRptRecord::new(black_box(uris)));
    }

    #[divan::bench]
    fn policy(bencher: Bencher<'_, '_>) {
        let policy: Policy = inputs::POLICY.parse().expect("a good policy");
        bencher.bench(|| black_box(&policy).canonical().to_string());
    }

    #[divan::bench]
    fn policy_thousand_mx(bencher: Bencher<'_, '_>) {
        let policy: Policy = inputs::policy_thousand_mx().parse().expect("a good policy");
        bencher.bench(|| black_box(&policy).canonical().to_string());
    }

    #[divan::bench]
    fn policy_builder() -> Result<Policy, BuildPolicyError> {
        Policy::builder(black_box(Mode::Enforce))
            .mx(black_box("mail.example.com"))?
            .mx(black_box("backupmx.example.com"))?
            .mx(black_box("*.example.net"))?
            .max_age(MaxAge::MAX)
            .build()
    }
}
