//! Fuzzes a traffic trace.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| microcloud_fuzz::trace(data));
