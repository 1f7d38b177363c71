//! How native functions find the running request: a pointer in the runtime, set for the duration of a run.

use super::memory::Memory;
use super::modules::Modules;
use super::value::Context;
use crate::engine::{Execution, Stage, Thrown};
use rquickjs_sys as q;
use std::ffi::{c_int, c_void};
use std::time::Instant;

/// What runs in an interpreter right now.
pub(super) struct Active<'run, 'request> {
    /// The request, or none while an app is evaluated at install.
    pub(super) execution: Option<&'run mut Execution<'request>>,
    /// What an app touched at install that depends on a request.
    pub(super) touched: Option<&'static str>,
    /// The app's modules.
    pub(super) modules: &'run Modules,
    /// The interpreter's memory.
    memory: &'run Memory,
    /// When the run has to be over.
    pub(super) deadline: Instant,
    /// The deadline was reached and the script ended.
    pub(super) timed_out: bool,
    /// Whether a function of a map calls a script for each of its entries.
    pub(super) walks_map: bool,
    /// Memory was refused to a job, which ended with that.
    pub(super) out_of_memory: bool,
    /// Promises that were rejected because memory was refused, and for which nobody waits.
    pub(super) refused_promises: i32,
}

/// The time in which native functions find an [`Active`]; it ends with the drop.
pub(super) struct Entered(*mut q::JSRuntime);

/// Lets native functions find `active` until the result is dropped.
///
/// # Safety
/// `active` and the runtime must outlive the result, and `active` may be used only through this file until then.
pub(super) unsafe fn enter(runtime: *mut q::JSRuntime, active: *mut Active<'_, '_>) -> Entered {
    // SAFETY: the caller promises a live runtime.
    unsafe {
        q::JS_SetRuntimeOpaque(runtime, active.cast());
        if cfg!(not(feature = "without_guards")) {
            q::JS_SetInterruptHandler(runtime, Some(interrupt), active.cast());
        }
    }
    Entered(runtime)
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: the caller of `enter` promised that the runtime outlives this.
        unsafe {
            q::JS_SetRuntimeOpaque(self.0, std::ptr::null_mut());
            q::JS_SetInterruptHandler(self.0, None, std::ptr::null_mut());
        }
    }
}

/// Asked by QuickJS now and then whether the script is to end.
unsafe extern "C" fn interrupt(_runtime: *mut q::JSRuntime, active: *mut c_void) -> c_int {
    // SAFETY: the handler is set only while the `Active` lives, and nothing holds a reference to it while scripts run.
    let active = unsafe { &mut *active.cast::<Active<'_, '_>>() };
    let ends = active.is_out_of_time();
    if ends {
        active.memory.make_sure_of_exception();
    }
    c_int::from(ends)
}

impl<'run, 'request> Active<'run, 'request> {
    /// What runs with these modules until then, for a request or at install.
    pub(super) fn new(
        execution: Option<&'run mut Execution<'request>>,
        modules: &'run Modules,
        memory: &'run Memory,
        deadline: Instant,
    ) -> Active<'run, 'request> {
        Active {
            execution,
            touched: None,
            modules,
            memory,
            deadline,
            timed_out: false,
            walks_map: false,
            out_of_memory: false,
            refused_promises: 0,
        }
    }

    /// Whether a job met the limit of memory and the script has not dealt with that.
    pub(super) fn has_lost_refusal(&self) -> bool {
        self.out_of_memory || self.refused_promises > 0
    }

    pub(super) fn is_out_of_time(&mut self) -> bool {
        self.timed_out = self.timed_out || Instant::now() >= self.deadline;
        self.timed_out
    }
}

/// Whether the script is to end. Asked after each native function: QuickJS itself asks only once in ten thousand calls, and each of
/// them may take long.
pub(super) fn is_out_of_time(context: Context) -> bool {
    with(context, |active| Ok(active.is_out_of_time())).unwrap_or(false)
}

/// Uses the running [`Active`]; an `InternalError` when nothing runs. `operation` must not run JavaScript, which could come
/// here again.
pub(super) fn with<R>(
    context: Context,
    operation: impl FnOnce(&mut Active<'_, '_>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    // SAFETY: the context is live. The opaque pointer is null or the `Active` that `enter` was given, on this thread; no other
    // reference from it is alive, because operations don't nest.
    let active = unsafe { q::JS_GetRuntimeOpaque(q::JS_GetRuntime(context.0)).cast::<Active<'_, '_>>().as_mut() };
    match active {
        Some(active) => operation(active),
        None => Err(Thrown::no_handle()),
    }
}

/// As [`with`], for what needs to know whether a request runs.
pub(super) fn with_stage<R>(
    context: Context,
    operation: impl FnOnce(Stage<'_, '_>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    with(context, |active| match &mut active.execution {
        Some(execution) => operation(Stage::Request(execution)),
        None => operation(Stage::Capture(&mut active.touched)),
    })
}

/// As [`with`], for what needs a request; at install, `what` was touched.
pub(super) fn with_request<R>(
    context: Context,
    what: &'static str,
    operation: impl FnOnce(&mut Execution<'_>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    with_stage(context, |stage| operation(stage.request(what)?))
}
