//! Where V8's baseline compiler may not compile.

use super::slots::{self, Mark};
use super::wrap::wrap;
use std::ffi::c_void;

unsafe extern "C" {
    /// `v8::internal::CanCompileWithBaseline(isolate, function)`.
    #[link_name = "__real__ZN2v88internal22CanCompileWithBaselineEPNS0_7IsolateENS0_6TaggedINS0_18SharedFunctionInfoEEE"]
    fn v8_can_compile(isolate: *mut c_void, function: usize) -> bool;
}

wrap!(
    "__wrap__ZN2v88internal22CanCompileWithBaselineEPNS0_7IsolateENS0_6TaggedINS0_18SharedFunctionInfoEEE",
    can_compile
);

/// Asked whether a function may be compiled. Not while an app is captured: an error that the app keeps at its top level would remember
/// baseline code, which a captured realm does not hold, and V8 ends the process when the stack of that error is read.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn can_compile(isolate: *mut c_void, function: usize) -> bool {
    // SAFETY: V8's own arguments go on to V8, whose isolate is the crate's.
    unsafe {
        !slots::is_marked(&v8::Isolate::from_raw_ptr(isolate.cast()), Mark::Captures)
            && v8_can_compile(isolate, function)
    }
}
