//! What libFuzzer drives: the target named by `HOLDFAST_FUZZ_TARGET`.
#![no_main]
// The entry points that libFuzzer calls are foreign functions by their nature.
#![allow(unsafe_code, missing_docs)]

use std::sync::LazyLock;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("HOLDFAST_FUZZ_TARGET").expect("HOLDFAST_FUZZ_TARGET names a target");
    holdfast_fuzz::target(&name).expect("a target of that name").run
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| RUN(data));
