//! Links the shared library: only the header's functions are visible, and it stays in memory once loaded.

include!("scripts/link_arguments.rs");

/// Functions inside V8 whose calls go to `src/engine/v8/checked.rs` first.
const WRAPPED: [&str; 2] = [
    "_ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE",
    "_ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE",
];

fn main() {
    link_arguments("libjsv8.so.1");
    for function in WRAPPED {
        println!("cargo::rustc-link-arg=-Wl,--wrap={function}");
    }
}
