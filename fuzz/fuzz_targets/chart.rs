//! libFuzzer's bytes to one run of the target `chart`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promgit_fuzz::chart::run(data));
