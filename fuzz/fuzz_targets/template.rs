//! libFuzzer's bytes to one run of the target `template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promgit_fuzz::template::run(data));
