#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mta_sts_fuzz::tally_ops(bytes));
