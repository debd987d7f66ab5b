//! libFuzzer's bytes to one run of the target `resource`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| promgit_fuzz::resource::run(data));
