//! libFuzzer's bytes to one run of the target `record`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promgit_fuzz::record::run(data));
