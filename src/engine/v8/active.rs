//! How the functions of `ccf` find the running request: a pointer in the isolate, set for the duration of a run.

use super::buffers::BufferBudget;
use super::modules::Graph;
use super::outside::Outside;
use super::slots;
use crate::engine::{Exception, Execution, Failure, Reply, ReturnProblem, Stage, Thrown};
use std::cell::RefCell;
use std::ffi::c_void;
use std::rc::Rc;
use std::time::Instant;

/// What runs in an isolate right now.
pub(super) struct Active<'run, 'request> {
    /// The request, or none while an app is captured.
    pub(super) execution: Option<&'run mut Execution<'request>>,
    /// When the run is to end.
    pub(super) deadline: Instant,
    /// What a captured app touched that depends on a request.
    pub(super) touched: Option<&'static str>,
    /// Whether a captured app looked at `ccf.historicalState`, which only endpoints of mode `historical` have.
    pub(super) touched_historical_state: bool,
    /// The modules of the realm.
    pub(super) graph: Rc<RefCell<Graph>>,
    /// Templates of map handles, by permission.
    pub(super) handle_templates: &'run [v8::Global<v8::ObjectTemplate>],
    /// What array buffers may use.
    pub(super) buffers: &'run BufferBudget,
    /// The converted result of the handler.
    pub(super) reply: Option<Result<Reply, ReturnProblem>>,
    /// What the handler threw.
    pub(super) thrown: Option<Exception>,
    /// The exception behind a failed conversion.
    pub(super) conversion_exception: Option<Exception>,
    /// Response headers read so far.
    pub(super) headers: Vec<(String, String)>,
    /// Whether a function of a map calls a script for each of its entries.
    pub(super) walks_map: bool,
    /// What lines of the log take that are held back until the end of the run.
    pub(super) held_back: Outside,
}

impl<'run, 'request> Active<'run, 'request> {
    /// A run that has done nothing yet.
    pub(super) fn new(
        execution: Option<&'run mut Execution<'request>>,
        deadline: Instant,
        graph: &Rc<RefCell<Graph>>,
        handle_templates: &'run [v8::Global<v8::ObjectTemplate>],
        buffers: &'run BufferBudget,
    ) -> Active<'run, 'request> {
        Active {
            execution,
            deadline,
            touched: None,
            touched_historical_state: false,
            graph: Rc::clone(graph),
            handle_templates,
            buffers,
            reply: None,
            thrown: None,
            conversion_exception: None,
            headers: Vec::new(),
            walks_map: false,
            held_back: Outside::default(),
        }
    }

    /// What the request came to, which may have been kept from running by a `problem`, and the exception behind a failure.
    pub(super) fn result(&mut self, problem: Option<Exception>) -> (Result<Reply, Failure>, Option<Exception>) {
        let exception = self.thrown.take().or(problem);
        let result = match (self.reply.take(), &exception) {
            (_, Some(_)) => Err(Failure::Thrown),
            (Some(reply), None) => reply.map_err(Failure::Return),
            (None, None) => Err(Failure::Pending),
        };
        (result, exception.or(self.conversion_exception.take()))
    }
}

/// The time in which the functions of `ccf` find an [`Active`]; it ends with the drop.
pub(super) struct Entered(v8::UnsafeRawIsolatePtr);

/// Lets the functions of `ccf` find `active` until the result is dropped.
///
/// # Safety
/// `active` and the isolate must outlive the result, and `active` may be used only through this file until then.
pub(super) unsafe fn enter(isolate: &mut v8::Isolate, active: *mut Active<'_, '_>) -> Entered {
    isolate.set_data(slots::ACTIVE, active.cast::<c_void>());
    // SAFETY: the pointer is used only in `drop`, while the isolate lives.
    Entered(unsafe { isolate.as_raw_isolate_ptr() })
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: the caller of `enter` promised that the isolate outlives this.
        unsafe { v8::Isolate::from_raw_isolate_ptr(self.0) }.set_data(slots::ACTIVE, std::ptr::null_mut());
    }
}

/// Uses the running [`Active`]; an `InternalError` when nothing runs. `operation` must not run JavaScript, which could come
/// here again.
pub(super) fn with<R>(
    isolate: &v8::Isolate,
    operation: impl FnOnce(&mut Active<'_, '_>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    let active = isolate.get_data(slots::ACTIVE).cast::<Active<'_, '_>>();
    // SAFETY: the slot is null or holds the `Active` that `enter` was given, on this thread; no other reference from it is
    // alive, because operations don't nest.
    match unsafe { active.as_mut() } {
        Some(active) => operation(active),
        None => Err(Thrown::no_handle()),
    }
}

/// As [`with`], for what needs to know whether a request runs.
pub(super) fn with_stage<R>(
    isolate: &v8::Isolate,
    operation: impl FnOnce(Stage<'_, '_>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    with(isolate, |active| match &mut active.execution {
        Some(execution) => operation(Stage::Request(execution)),
        None => operation(Stage::Capture(&mut active.touched)),
    })
}

/// As [`with`], for what needs a request; in a capture, `what` was touched.
pub(super) fn with_request<R>(
    isolate: &v8::Isolate,
    what: &'static str,
    operation: impl FnOnce(&mut Execution<'_>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    with_stage(isolate, |stage| operation(stage.request(what)?))
}

/// Whether the time of the running script is up.
pub(super) fn is_out_of_time(isolate: &v8::Isolate) -> bool {
    with(isolate, |active| Ok(Instant::now() >= active.deadline)).unwrap_or(false)
}

/// Ends the script if its time is up, and tells whether it did. Asked at the end of each native function: V8 looks whether a
/// script is to end only now and then in a loop, and each call of a native function may take long. No exception may be pending.
pub(super) fn end_if_out_of_time(scope: &mut v8::PinScope<'_, '_>) -> bool {
    let is_up = is_out_of_time(scope);
    if is_up {
        scope.terminate_execution();
        // It takes effect where a function begins.
        if let Some(source) = v8::String::new(scope, "0")
            && let Some(script) = v8::Script::compile(scope, source, None)
        {
            script.run(scope);
        }
    }
    is_up
}
