//! An installed app: which realm serves a request, and the request itself.

use super::active::{self, Active};
use super::exception;
use super::isolates::{Pool, Worker};
use super::limits::{Ended, Limits};
use super::modules::{self, Evaluation, Graph};
use super::snapshot::{self, Capture};
use super::watchdog::Watchdog;
use crate::app::App;
use crate::engine::{
    CaptureTimings, Exception, Execution, Failure, InstalledApp, Outcome, RealmChoice, Reply, RuntimeOptions,
};
use crate::error::Error;
use crate::status::jsep_status;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Rung of the realm ladder on which the app is evaluated for each request.
const RUNG_EVALUATED: u32 = 0;
/// Rung on which a fresh realm has the app's evaluated state.
const RUNG_CAPTURED: u32 = 2;

/// One version of an app in V8.
pub(super) struct V8App {
    app: Arc<App>,
    // Before `watchdog`, because its isolates must go first.
    pool: Pool,
    /// Why the app is evaluated for each request; none when it is captured.
    evaluated_because: Option<String>,
    watchdog: Arc<Watchdog>,
    timings: CaptureTimings,
    requests: AtomicU64,
    retired: AtomicU64,
}

/// What a request came to before its limits are looked at.
type Served = (Result<Reply, Failure>, Vec<(String, String)>, Option<Exception>, u64);

impl V8App {
    /// Evaluates the app and makes the first isolate for it.
    pub(super) fn install(
        app: Arc<App>,
        choice: RealmChoice,
        runtime: &RuntimeOptions,
        watchdog: Arc<Watchdog>,
    ) -> Result<V8App, Error> {
        let limits = Limits {
            deadline: Instant::now() + runtime.max_execution_time,
            heap_bytes: runtime.max_heap_bytes,
            stack_bytes: runtime.max_stack_bytes,
        };
        let mut timings = CaptureTimings::default();
        let capture = snapshot::evaluated_app(&app, limits, &watchdog, &mut timings)?;
        let begin = Instant::now();
        let (blob, evaluated_because) = match (capture, choice) {
            (Capture::App(blob), RealmChoice::Auto | RealmChoice::Captured) => (blob, None),
            (Capture::App(_), RealmChoice::Evaluate) => {
                (snapshot::globals(&app, limits, &watchdog)?, Some("the option realm=0 asks for it".to_owned()))
            }
            (Capture::Impossible(reason), RealmChoice::Captured) => {
                let message = format!("realm=2 asks for the app's evaluated state, but {reason}");
                return Err(Error::new(jsep_status::JSEP_MODULE_EVALUATION, message));
            }
            (Capture::Impossible(reason), _) => (snapshot::globals(&app, limits, &watchdog)?, Some(reason)),
        };
        let pool = Pool::new(Arc::new(blob), runtime.max_heap_bytes)?;
        timings.capture += u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let (requests, retired) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(V8App { app, pool, evaluated_because, watchdog, timings, requests, retired })
    }

    fn rung(&self) -> u32 {
        if self.evaluated_because.is_some() { RUNG_EVALUATED } else { RUNG_CAPTURED }
    }

    /// Runs the request in a fresh realm of the worker's isolate.
    fn serve(
        &self,
        isolate: &mut v8::Isolate,
        worker: &Worker,
        endpoint: usize,
        execution: &mut Execution<'_>,
        begin: Instant,
    ) -> Served {
        v8::scope!(let scope, isolate);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        snapshot::remove_atomics(scope, context);
        let graph = Rc::new(RefCell::new(Graph::new(Arc::clone(&self.app), Arc::clone(&worker.blob.modules))));
        let mut active = Active {
            execution: Some(execution),
            touched: None,
            graph: Rc::clone(&graph),
            handle_templates: &worker.handle_templates,
            buffers: &worker.buffers,
            reply: None,
            conversion_exception: None,
            headers: Vec::new(),
        };
        // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
        let entered = unsafe { active::enter(scope, &raw mut active) };
        v8::tc_scope!(let scope, scope);
        let realm = self.handler(scope, worker, endpoint, &graph);
        let realm_ns = nanoseconds(begin);
        let called = match realm {
            Ok((invoke, handler)) => {
                let nothing = v8::undefined(scope).into();
                invoke.call(scope, nothing, &[handler.into()]).map(drop).ok_or(None)
            }
            Err(problem) => Err(problem),
        };
        let exception = match called {
            Ok(()) => None,
            Err(Some(problem)) => Some(problem),
            Err(None) => Some(self.caught(scope)),
        };
        // Jobs that the conversion left. Whatever can't run is dropped with the isolate.
        if !scope.has_terminated() {
            scope.perform_microtask_checkpoint();
        }
        drop(entered);
        let result = match (active.reply.take(), &exception) {
            (_, Some(_)) => Err(Failure::Thrown),
            (Some(reply), None) => reply.map_err(Failure::Return),
            (None, None) => Err(Failure::Pending),
        };
        (result, active.headers, exception.or(active.conversion_exception), realm_ns)
    }

    /// The function that runs requests, and the endpoint's handler in the current realm. The error is the exception if known.
    #[allow(clippy::type_complexity)]
    fn handler<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        worker: &Worker,
        endpoint: usize,
        graph: &Rc<RefCell<Graph>>,
    ) -> Result<(v8::Local<'s, v8::Function>, v8::Local<'s, v8::Function>), Option<Exception>> {
        let problem = |message: &str| Some(Exception { message: format!("InternalError: {message}"), trace: None });
        let blob = &worker.blob;
        let invoke = scope.get_context_data_from_snapshot_once::<v8::Function>(blob.invoke);
        let invoke = invoke.map_err(|_| problem("the realm has no invoke function"))?;
        if self.evaluated_because.is_none() {
            let index = blob.handlers.get(endpoint).ok_or_else(|| problem("the realm has no such handler"))?;
            let handler = scope.get_context_data_from_snapshot_once::<v8::Function>(*index);
            return Ok((invoke, handler.map_err(|_| problem("the realm has no such handler"))?));
        }
        let description = &self.app.endpoints()[endpoint];
        let module = graph.borrow_mut().compile(scope, &description.module);
        let module = module.map_err(|error| problem(&error.message))?;
        modules::link(scope, &description.module, module).map_err(|error| problem(&error.message))?;
        let namespace = match modules::evaluate(scope, module) {
            Evaluation::Done(namespace) => namespace,
            Evaluation::Threw(value) => return Err(Some(exception::describe(scope, value))),
            Evaluation::Pending => return Err(problem("the top level did not complete")),
            Evaluation::Ended => return Err(None),
        };
        let name = crate::app::display_name(&description.module);
        let not_function =
            || problem(&format!("Export '{}' of module '{name}' is not a function", description.function));
        Ok((invoke, modules::export(scope, namespace, &description.function).ok_or_else(not_function)?))
    }

    fn caught(&self, scope: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) -> Exception {
        match scope.exception() {
            Some(value) if scope.can_continue() => {
                scope.reset();
                exception::describe(scope, value)
            }
            _ => Exception { message: "InternalError: interrupted".to_owned(), trace: None },
        }
    }

    fn ended(&self, ended: Ended, begin: Instant) -> Outcome {
        let (failure, exception) = ended.failure();
        Outcome {
            result: Err(failure),
            headers: Vec::new(),
            exception: Some(exception),
            rung: self.rung(),
            realm_ns: 0,
            call_ns: nanoseconds(begin),
        }
    }
}

impl InstalledApp for V8App {
    fn execute(&self, endpoint: usize, execution: &mut Execution<'_>) -> Outcome {
        let begin = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let limits = Limits {
            deadline: execution.deadline,
            heap_bytes: execution.options.max_heap_bytes,
            stack_bytes: execution.options.max_stack_bytes,
        };
        if let Err(ended) = limits.check() {
            return self.ended(ended, begin);
        }
        let worker = match self.pool.take(limits.heap_bytes) {
            Ok(worker) => worker,
            Err(_) => return self.ended(Ended::OutOfMemory, begin),
        };
        let run = {
            let mut locker = worker.isolate.lock();
            limits.guard(&mut locker, &worker.heap, &self.watchdog, |isolate| {
                self.serve(isolate, &worker, endpoint, execution, begin)
            })
        };
        match run {
            Ok(((result, headers, exception, realm_ns), None)) => {
                self.pool.give(worker);
                Outcome {
                    result,
                    headers,
                    exception,
                    rung: self.rung(),
                    realm_ns,
                    call_ns: nanoseconds(begin).saturating_sub(realm_ns),
                }
            }
            Ok(((_, headers, _, _), Some(ended))) => {
                // Jobs of the ended request may still be queued, and its heap may be full: the isolate goes.
                self.retired.fetch_add(1, Ordering::Relaxed);
                Outcome { headers, ..self.ended(ended, begin) }
            }
            Err(ended) => {
                self.pool.give(worker);
                self.ended(ended, begin)
            }
        }
    }

    fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "rung": self.rung(),
            "reason": self.evaluated_because.as_deref().unwrap_or("the app's top level is independent of requests"),
            "blob_bytes": self.pool.blob().bytes().len(),
            "requests": self.requests.load(Ordering::Relaxed),
            "retired_isolates": self.retired.load(Ordering::Relaxed),
        })
    }

    fn timings(&self) -> CaptureTimings {
        self.timings
    }
}

fn nanoseconds(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
