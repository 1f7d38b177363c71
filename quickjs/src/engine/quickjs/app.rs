//! An installed app, and which interpreter serves a request.

use super::active::{self, Active};
use super::interpreter::Interpreter;
use super::modules::Modules;
use super::run::{self, Served};
use super::value::Problem;
use crate::app::{self, App, Endpoint};
use crate::engine::{
    CaptureTimings, Execution, Failure, InstalledApp, OptionalGlobals, Outcome, RuntimeOptions, SharedRealms,
    nanoseconds_since,
};
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Rung of the realm ladder on which the app is evaluated for each request.
const RUNG_EVALUATED: u32 = 0;
/// Rung on which requests of one `interpreter_reuse` key share a realm.
const RUNG_SHARED: u32 = 5;

/// One version of an app in QuickJS.
pub(super) struct QuickJsApp {
    app: Arc<App>,
    modules: Modules,
    shared: SharedRealms<Option<Interpreter>>,
    /// What scripts see beyond what they always see.
    optional: OptionalGlobals,
    timings: CaptureTimings,
    requests: AtomicU64,
}

impl QuickJsApp {
    /// Compiles all modules that an endpoint reaches, evaluates them once to find errors, and keeps their bytecode.
    pub(super) fn install(
        app: Arc<App>,
        optional: OptionalGlobals,
        options: &RuntimeOptions,
    ) -> Result<QuickJsApp, Error> {
        let begin = Instant::now();
        let modules = Modules::compiling(Arc::clone(&app));
        let mut evaluated = 0;
        if !app.endpoints().is_empty() {
            evaluated = evaluate(&app, &modules, optional, options)?;
        }
        let timings = CaptureTimings {
            compile: nanoseconds_since(begin).saturating_sub(evaluated),
            evaluate: evaluated,
            capture: 0,
        };
        let modules = modules.compiled();
        let requests = AtomicU64::new(0);
        Ok(QuickJsApp { app, modules, shared: SharedRealms::default(), optional, timings, requests })
    }

    fn execute_fresh(&self, endpoint: &Endpoint, execution: &mut Execution<'_>, begin: Instant) -> Served {
        match Interpreter::new(execution.options, self.optional) {
            Ok(interpreter) => run::serve(&interpreter, &self.modules, endpoint, execution, false, begin),
            Err(refused) => refused.into(),
        }
    }

    /// Runs the request in the interpreter that all requests of the key share, one at a time.
    fn execute_shared(&self, key: &str, endpoint: &Endpoint, execution: &mut Execution<'_>) -> Served {
        let shared = self.shared.realm(key, execution.mode, execution.options.max_cached_interpreters);
        let mut slot = shared.lock().unwrap_or_else(PoisonError::into_inner);
        // The time that other requests of the key took does not count.
        let begin = Instant::now();
        execution.deadline = begin + execution.options.max_execution_time;
        let used = slot.is_some();
        let interpreter = match slot.take().map_or_else(|| Interpreter::new(execution.options, self.optional), Ok) {
            Ok(interpreter) => interpreter,
            Err(refused) => return refused.into(),
        };
        if let Err(refused) = interpreter.limit(execution.options) {
            return refused.into();
        }
        let served = run::serve(&interpreter, &self.modules, endpoint, execution, used, begin);
        // An interpreter whose script was ended may hold jobs of that request.
        if !served.is_ended {
            *slot = Some(interpreter);
        }
        served
    }
}

/// Evaluates all entry modules in one interpreter and checks their exports; gives the nanoseconds that evaluating took.
fn evaluate(
    app: &Arc<App>,
    modules: &Modules,
    optional: OptionalGlobals,
    options: &RuntimeOptions,
) -> Result<u64, Error> {
    let failed = |endpoint: &Endpoint, status: jsep_status, message: String| {
        Error::new(status, message).at_module(&endpoint.module, 0, 0)
    };
    let ended = |served: Served| {
        let exception = served.exception.map(|exception| exception.message).unwrap_or_default();
        let message = served.result.err().map(Failure::message).unwrap_or_default();
        let message = format!("Failed to execute the app: {message} ({exception})");
        Error::new(jsep_status::JSEP_MODULE_EVALUATION, message)
    };
    if options.max_execution_time.is_zero() {
        return Err(ended(Served::timed_out()));
    }
    let interpreter = Interpreter::new(options, optional).map_err(|refused| ended(refused.into()))?;
    let deadline = Instant::now() + options.max_execution_time;
    let mut active = Active::new(None, modules, interpreter.memory(), deadline);
    // SAFETY: `active` lives beyond `entered` and is used only by native functions in between.
    let entered = unsafe { active::enter(interpreter.runtime(), &raw mut active) };
    let begin = Instant::now();
    let result = app.endpoints().iter().try_for_each(|endpoint| {
        let name = app::display_name(&endpoint.module);
        let exports = match run::exports(&interpreter, endpoint) {
            Ok(exports) => exports,
            Err(problem) => return Err(not_evaluated(&interpreter, modules, endpoint, problem)),
        };
        let path = format!("{}.js_function", endpoint.json_path);
        match exports.member(&endpoint.function) {
            Ok(handler) if handler.is_function() => Ok(()),
            _ if !exports.has(&endpoint.function) => {
                let message = format!("Failed to find export '{}' in module '{name}'", endpoint.function);
                Err(failed(endpoint, jsep_status::JSEP_EXPORT_MISSING, message).at_path(path))
            }
            _ => {
                let message = format!("Export '{}' of module '{name}' is not a function", endpoint.function);
                Err(failed(endpoint, jsep_status::JSEP_EXPORT_NOT_FUNCTION, message).at_path(path))
            }
        }
    });
    drop(entered);
    if result.is_ok() && active.timed_out {
        return Err(ended(Served::timed_out()));
    }
    if result.is_ok() && active.has_lost_refusal() {
        return Err(ended(Served::out_of_memory()));
    }
    match result {
        // A top level that depends on a request can't be evaluated now; it is evaluated for each request.
        Err(error) if error.status == jsep_status::JSEP_MODULE_EVALUATION && active.touched.is_some() => {}
        other => other?,
    }
    Ok(nanoseconds_since(begin))
}

/// Why a module can't be evaluated: what its compilation noted, or what it threw.
fn not_evaluated(interpreter: &Interpreter, modules: &Modules, endpoint: &Endpoint, problem: Problem) -> Error {
    let name = app::display_name(&endpoint.module);
    let exception = run::described(interpreter, problem);
    let reason = exception.map(|exception| exception.message).unwrap_or_default();
    if let Some(error) = modules.error() {
        if error.status == jsep_status::JSEP_MODULE_MISSING {
            let message = format!("Failed to resolve dependencies for module '{name}': {}", error.message);
            return Error::new(error.status, message).at_module(name, 0, 0);
        }
        return error;
    }
    if reason.starts_with("SyntaxError") {
        // All modules compiled, so this is about what one of them exports.
        let message = format!("Failed to resolve dependencies for module '{name}': {reason}");
        return Error::new(jsep_status::JSEP_MODULE_LINK, message).at_module(name, 0, 0);
    }
    let timed_out = active::with(interpreter.context(), |active| Ok(active.timed_out)).unwrap_or(false);
    let reason =
        if timed_out { format!("{} (InternalError: interrupted)", Failure::TimedOut.message()) } else { reason };
    Error::new(jsep_status::JSEP_MODULE_EVALUATION, format!("Failed to execute {name}: {reason}")).at_module(name, 0, 0)
}

impl InstalledApp for QuickJsApp {
    fn execute(&self, endpoint: usize, execution: &mut Execution<'_>) -> Outcome {
        let begin = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let endpoint = &self.app.endpoints()[endpoint];
        let key = endpoint.reuse_key.as_deref().filter(|_| execution.options.max_cached_interpreters > 0);
        let (served, rung) = match key {
            _ if execution.deadline <= begin => (Served::timed_out(), RUNG_EVALUATED),
            Some(key) => (self.execute_shared(key, endpoint, execution), RUNG_SHARED),
            None => (self.execute_fresh(endpoint, execution, begin), RUNG_EVALUATED),
        };
        Outcome {
            result: served.result,
            headers: served.headers,
            exception: served.exception,
            rung,
            realm_ns: served.realm_ns,
            call_ns: nanoseconds_since(begin).saturating_sub(served.realm_ns),
        }
    }

    fn summary(&self) -> String {
        "each request gets a fresh interpreter, which evaluates the app from bytecode".to_owned()
    }

    fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "rung": RUNG_EVALUATED,
            "reason": "a fresh runtime and context from bytecode",
            "requests": self.requests(),
        })
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn timings(&self) -> CaptureTimings {
        self.timings
    }
}
