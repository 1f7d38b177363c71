//! The jobs that scripts leave, and what limits do with them.
//!
//! An exception of a job belongs to a promise, or to nobody, and goes unseen. So that a limit is not lost with it, the request notes when
//! memory was refused to a job and nothing of the script has dealt with that.

use super::active;
use super::interpreter::{Interpreter, globals};
use super::value::{Context, Value};
use rquickjs_sys as q;
use std::ffi::c_void;

/// Has the running request told of promises that nobody waits for.
///
/// # Safety
/// The runtime is live, and contexts in it have their globals before scripts run.
pub(super) unsafe fn watch_promises(runtime: *mut q::JSRuntime) {
    // SAFETY: as the caller says; the function needs no pointer.
    unsafe { q::JS_SetHostPromiseRejectionTracker(runtime, Some(rejected), std::ptr::null_mut()) };
}

/// Runs the jobs that scripts left until none is left, or a limit has ended one.
pub(super) fn run(interpreter: &Interpreter) {
    let context = interpreter.context();
    let mut ran_in = std::ptr::null_mut();
    loop {
        let ended = active::with(context, |active| Ok(active.is_out_of_time() || active.out_of_memory));
        // SAFETY: the runtime is live.
        if ended.unwrap_or(true) || unsafe { q::JS_ExecutePendingJob(interpreter.runtime(), &raw mut ran_in) } == 0 {
            return;
        }
        // SAFETY: the context is live.
        if unsafe { q::JS_HasException(context.0) } && is_refusal(&context.exception()) {
            // There was a run a moment ago.
            let _ = active::with(context, |active| {
                active.out_of_memory = true;
                Ok(())
            });
        }
    }
}

/// Whether memory was refused in this run and the exception tells of that. Runs no script.
fn is_refusal(exception: &Value) -> bool {
    let globals = globals(exception.context());
    let is_internal = || {
        let (its, internal) = (exception.prototype().ok()?, globals.internal_error.get(c"prototype").ok()?);
        // SAFETY: both are live; objects are compared by their addresses.
        Some(unsafe { q::JS_IsStrictEqual(exception.context().0, its.raw(), internal.raw()) })
    };
    // Without memory for an error, QuickJS throws null.
    globals.memory().has_refused() && (exception.is_null() || exception.is_error() && is_internal() == Some(true))
}

/// Called by QuickJS when a promise is rejected for which nobody waits, and when somebody does after all.
unsafe extern "C" fn rejected(
    context: *mut q::JSContext,
    _promise: q::JSValue,
    reason: q::JSValue,
    is_handled: bool,
    _nothing: *mut c_void,
) {
    let reason = Context(context).borrow(reason);
    if is_refusal(&reason) {
        // Promises are rejected by scripts, so in runs only.
        let _ = active::with(reason.context(), |active| {
            active.refused_promises += if is_handled { -1 } else { 1 };
            Ok(())
        });
    }
}
