//! Arbitrary bytes as an expression: `cargo +nightly fuzz run expr`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| muster_expr::fuzz::run(data));
