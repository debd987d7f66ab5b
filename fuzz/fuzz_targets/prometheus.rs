//! libFuzzer's bytes to one run of the target `prometheus`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promgit_fuzz::prometheus::run(data));
