//! The fuzzer's way into the target `view`.
//!
//! In: bytes of the fuzzer. Out: nothing. Invariant: has no body of its own, so that what the
//! fuzzer runs is what the tests replay.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bimetal_fuzz::targets::view::run(data));
