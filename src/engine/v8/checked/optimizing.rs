//! What V8 asks here about optimised code, as in `wrapped`.

use super::{Handle, running};
use crate::engine::v8::slots::{self, Mark};
use crate::engine::v8::wrap::wrap;
use std::ffi::c_void;

unsafe extern "C" {
    /// `v8::internal::Deoptimizer::DeoptimizeAllOptimizedCodeWithFunction(isolate, function)`.
    #[link_name = "__real__ZN2v88internal11Deoptimizer38DeoptimizeAllOptimizedCodeWithFunctionEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE"]
    fn v8_deoptimize(isolate: *mut c_void, function: Handle);

    /// `v8::internal::Compiler::CompileOptimized(isolate, function, mode, kind)`.
    #[link_name = "__real__ZN2v88internal8Compiler16CompileOptimizedEPNS0_7IsolateENS0_12DirectHandleINS0_10JSFunctionEEENS0_15ConcurrencyModeENS0_8CodeKindE"]
    fn v8_optimize(isolate: *mut c_void, function: Handle, mode: u8, kind: u8);

    /// `v8::internal::Compiler::CompileOptimizedOSR(isolate, function, offset, mode, kind)`.
    #[link_name = "__real__ZN2v88internal8Compiler19CompileOptimizedOSREPNS0_7IsolateENS0_12DirectHandleINS0_10JSFunctionEEENS0_14BytecodeOffsetENS0_15ConcurrencyModeENS0_8CodeKindE"]
    fn v8_optimize_loop(isolate: *mut c_void, function: Handle, offset: i32, mode: u8, kind: u8) -> Handle;
}

wrap!(
    "__wrap__ZN2v88internal11Deoptimizer38DeoptimizeAllOptimizedCodeWithFunctionEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE",
    deoptimize
);
wrap!(
    "__wrap__ZN2v88internal8Compiler16CompileOptimizedEPNS0_7IsolateENS0_12DirectHandleINS0_10JSFunctionEEENS0_15ConcurrencyModeENS0_8CodeKindE",
    optimize
);
wrap!(
    "__wrap__ZN2v88internal8Compiler19CompileOptimizedOSREPNS0_7IsolateENS0_12DirectHandleINS0_10JSFunctionEEENS0_14BytecodeOffsetENS0_15ConcurrencyModeENS0_8CodeKindE",
    optimize_loop
);

/// Asked, at each entry of a function that is checked, to drop optimised code which has its instructions in it. V8 looks through all
/// code of the isolate for that, which is left out where there is none: V8 optimises nothing while a call is checked.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn deoptimize(isolate: *mut c_void, function: Handle) {
    #[cfg(test)]
    super::tests::reached("deoptimize");
    // SAFETY: V8's own arguments go on to V8, whose isolate is the crate's.
    unsafe {
        if slots::is_marked(&v8::Isolate::from_raw_ptr(isolate.cast()), Mark::Optimized) {
            v8_deoptimize(isolate, function);
        }
    }
}

/// V8 refuses to optimise while a call is checked.
///
/// # Safety
/// The isolate is the one that runs.
unsafe fn note_optimized(isolate: *mut c_void) {
    if running(|_| ()).is_none() {
        // SAFETY: V8's isolate is the crate's.
        let mut isolate = unsafe { v8::Isolate::from_raw_ptr(isolate.cast()) };
        slots::mark(&mut isolate, Mark::Optimized);
    }
}

/// Asked for optimised code of a function.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn optimize(isolate: *mut c_void, function: Handle, mode: u8, kind: u8) {
    #[cfg(test)]
    super::tests::reached("optimize");
    // SAFETY: V8's own arguments go on to V8.
    unsafe {
        note_optimized(isolate);
        v8_optimize(isolate, function, mode, kind);
    }
}

/// Asked for optimised code of a function that is in a loop.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn optimize_loop(isolate: *mut c_void, function: Handle, offset: i32, mode: u8, kind: u8) -> Handle {
    #[cfg(test)]
    super::tests::reached("optimize_loop");
    // SAFETY: V8's own arguments go on to V8.
    unsafe {
        note_optimized(isolate);
        v8_optimize_loop(isolate, function, offset, mode, kind)
    }
}
