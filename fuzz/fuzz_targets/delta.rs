//! libFuzzer's bytes to one run of the target `delta`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promgit_fuzz::delta::run(data));
