#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stepscale::sandbox::fuzzing::selectors(bytes));
