//! How the tests start V8, which can't be started a second time in other ways.
//!
//! `JSEP_JIT=on` has them run with machine code, and `JSEP_V8_FLAGS` adds flags of V8's own, such as
//! `--stress-compaction` or `--gc-interval=500`.

use std::sync::Once;

/// The engine options of all tests.
pub(in crate::engine::v8) fn engine_options() -> Vec<(&'static str, &'static str)> {
    static FLAGS: Once = Once::new();
    FLAGS.call_once(|| {
        if let Ok(flags) = std::env::var("JSEP_V8_FLAGS") {
            v8::V8::set_flags_from_string(&flags);
        }
    });
    vec![("jit", if with_machine_code() { "on" } else { "off" }), ("helper_threads", "0")]
}

/// Whether V8 is to compile to machine code.
pub(super) fn with_machine_code() -> bool {
    std::env::var("JSEP_JIT").is_ok_and(|jit| jit == "on")
}
