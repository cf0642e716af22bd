//! Fuzzes a sequence of commands to a running world.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| microcloud_fuzz::commands(data));
