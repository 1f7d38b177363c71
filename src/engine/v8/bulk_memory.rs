//! Operations of WebAssembly on much memory at once. Where they follow each other without a loop, nothing looks whether the script is to
//! end, and they can't throw: so they are left out then, and the script comes to where it ends.
//!
//! The linker gives V8's names to the functions of this file, and the names with `__real_` to V8's own (see `build.rs`).

use super::ending;
use super::wrap::instead;

/// A function that is left out when the script is to end, with an answer that traps where there is one.
macro_rules! bulk {
    ($name:ident, $mangled:literal, ($($argument:ident: $type:ty),*), $result:ty, $trap:expr) => {
        instead!($name, $mangled, ($($argument: $type),*), $result, ending::has_begun().then_some($trap));
    };
}

/// How functions of memory say that what they were asked for is not inside of it.
const OUT_OF_BOUNDS: i32 = 0;

bulk!(
    fill_memory,
    "_ZN2v88internal4wasm19memory_fill_wrapperEmjmhm",
    (instance: usize, memory: u32, to: usize, value: u8, size: usize),
    i32,
    OUT_OF_BOUNDS
);
bulk!(
    copy_memory,
    "_ZN2v88internal4wasm19memory_copy_wrapperEmjjmmm",
    (instance: usize, to_memory: u32, from_memory: u32, to: usize, from: usize, size: usize),
    i32,
    OUT_OF_BOUNDS
);
bulk!(
    init_memory,
    "_ZN2v88internal4wasm19memory_init_wrapperEmjmjjj",
    (instance: usize, memory: u32, to: usize, from: u32, segment: u32, size: u32),
    i32,
    OUT_OF_BOUNDS
);
bulk!(
    fill_array_in_memory,
    "_ZN2v88internal4wasm18array_fill_wrapperEmjjjjm",
    (array: usize, index: u32, length: u32, barrier: u32, kind: u32, value: usize),
    (),
    ()
);
bulk!(
    copy_array_in_memory,
    "_ZN2v88internal4wasm18array_copy_wrapperEmjmjj",
    (to: usize, to_index: u32, from: usize, from_index: u32, length: u32),
    (),
    ()
);
