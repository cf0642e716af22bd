//! Fuzzes a topology file, under a fixed scenario.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| microcloud_fuzz::topology(data));
