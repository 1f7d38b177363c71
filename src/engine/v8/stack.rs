//! The limit of V8's stack.

use crate::engine::stack;
use std::ffi::c_void;

unsafe extern "C" {
    /// `v8::Isolate::SetStackLimit(uintptr_t)`, which the crate does not offer: scripts may not go below the address.
    #[link_name = "_ZN2v87Isolate13SetStackLimitEm"]
    fn set_stack_limit(isolate: *mut c_void, limit: usize);
}

/// Lets scripts use up to `bytes` of the calling thread's stack below this call, and no more than the thread has. False when
/// that is too little to run anything.
pub(super) fn limit(isolate: &v8::Isolate, bytes: usize) -> bool {
    let Some(usable) = stack::usable(bytes) else {
        return false;
    };
    // SAFETY: the pointer is the isolate that the caller has entered; the function only stores the number.
    unsafe {
        let isolate: *mut c_void = std::mem::transmute(isolate.as_raw_isolate_ptr());
        set_stack_limit(isolate, stack::current() - usable);
    }
    true
}
