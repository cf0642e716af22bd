//! Fuzzes a scenario file, on a fixed topology.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| microcloud_fuzz::scenario(data));
