//! One request in an interpreter.

use super::active::{self, Active};
use super::bindings;
use super::exception;
use super::interpreter::{Interpreter, Refused};
use super::jobs;
use super::modules::{self, Modules};
use super::value::{Problem, Value};
use crate::app::Endpoint;
use crate::engine::{Exception, Execution, Failure, Phase, Reply, Thrown, nanoseconds_since};
use rquickjs_sys as q;
use std::time::Instant;

/// What a request came to.
pub(super) struct Served {
    /// A limit has ended its jobs: the interpreter is not to serve another request.
    pub(super) is_ended: bool,
    pub(super) result: Result<Reply, Failure>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) exception: Option<Exception>,
    pub(super) realm_ns: u64,
}

impl Served {
    /// A request that could not run.
    pub(super) fn failed(failure: Failure, message: &str) -> Served {
        let exception = Some(Exception { message: message.to_owned(), trace: None });
        Served { is_ended: false, result: Err(failure), headers: Vec::new(), exception, realm_ns: 0 }
    }

    /// A request that ran out of time.
    pub(super) fn timed_out() -> Served {
        Served { is_ended: true, ..Served::failed(Failure::TimedOut, "InternalError: interrupted") }
    }

    /// A request whose jobs got no more memory.
    pub(super) fn out_of_memory() -> Served {
        Served { is_ended: true, ..Refused::OutOfMemory.into() }
    }
}

impl From<Refused> for Served {
    fn from(refused: Refused) -> Served {
        let message = match refused {
            Refused::OutOfMemory => "InternalError: out of memory",
            Refused::OutOfStack => "InternalError: stack overflow",
        };
        Served::failed(Failure::Thrown, message)
    }
}

/// Runs the endpoint's handler for the request in `execution`; `used` tells whether the interpreter served others before.
pub(super) fn serve(
    interpreter: &Interpreter,
    modules: &Modules,
    endpoint: &Endpoint,
    execution: &mut Execution<'_>,
    used: bool,
    begin: Instant,
) -> Served {
    let deadline = execution.deadline;
    let mut active = Active::new(Some(execution), modules, interpreter.memory(), deadline);
    // SAFETY: `active` lives beyond `entered` and is used only by native functions in between.
    let entered = unsafe { active::enter(interpreter.runtime(), &raw mut active) };
    interpreter.end_memory_at(Some(deadline));
    let mut headers = Vec::new();
    let mut realm_ns = 0;
    let handled = match bindings::show_past_state(interpreter.context(), used) {
        Ok(()) => handle(interpreter, endpoint, begin, &mut realm_ns),
        Err(problem) => Err((Failure::Thrown, described(interpreter, problem))),
    };
    let (result, exception) = match handled {
        Ok(value) => {
            set_phase(interpreter, Phase::Conversion);
            match bindings::convert(&value, &mut headers) {
                Ok(reply) => (Ok(reply), None),
                Err(problem) => (Err(Failure::Return(problem)), pending(interpreter)),
            }
        }
        Err((failure, exception)) => (Err(failure), exception),
    };
    // Jobs that the conversion left belong to this request too.
    jobs::run(interpreter);
    drop(entered);
    interpreter.end_memory_at(None);
    // A function that got no more memory has ended before QuickJS asked.
    if active.timed_out || Instant::now() >= deadline {
        return Served { headers, realm_ns, ..Served::timed_out() };
    }
    let is_ended = active.has_lost_refusal();
    if is_ended && result.is_ok() {
        return Served { headers, realm_ns, ..Served::out_of_memory() };
    }
    Served { is_ended, result, headers, exception, realm_ns }
}

/// Gets the handler, calls it, and waits for its result.
fn handle(
    interpreter: &Interpreter,
    endpoint: &Endpoint,
    begin: Instant,
    realm_ns: &mut u64,
) -> Result<Value, (Failure, Option<Exception>)> {
    let context = interpreter.context();
    let handler = handler(interpreter, endpoint);
    *realm_ns = nanoseconds_since(begin);
    let returned = handler.and_then(|handler| {
        let request = bindings::request_object(context)?;
        handler.call(&context.undefined(), &[&request])
    });
    // The handler's jobs run before its result is read, also when the result is no promise.
    let returned = returned.map_err(|problem| (Failure::Thrown, described(interpreter, problem)))?;
    jobs::run(interpreter);
    settle(interpreter, returned)
}

/// The value of a promise, or any other value as it is.
fn settle(interpreter: &Interpreter, value: Value) -> Result<Value, (Failure, Option<Exception>)> {
    let context = interpreter.context();
    // SAFETY: the value is live; for anything but a promise its class is looked at only.
    unsafe {
        match q::JS_PromiseState(context.0, value.raw()) {
            q::JSPromiseStateEnum_JS_PROMISE_PENDING => Err((Failure::Pending, None)),
            q::JSPromiseStateEnum_JS_PROMISE_FULFILLED => context
                .own(q::JS_PromiseResult(context.0, value.raw()))
                .map_err(|problem| (Failure::Thrown, described(interpreter, problem))),
            q::JSPromiseStateEnum_JS_PROMISE_REJECTED => {
                let reason = context.own(q::JS_PromiseResult(context.0, value.raw()));
                Err((Failure::Thrown, reason.ok().map(|reason| exception::describe(&reason))))
            }
            _ => Ok(value),
        }
    }
}

/// The endpoint's handler, after its module is evaluated.
pub(super) fn handler(interpreter: &Interpreter, endpoint: &Endpoint) -> Result<Value, Problem> {
    let exports = exports(interpreter, endpoint)?;
    let handler = exports.member(&endpoint.function)?;
    if handler.is_function() {
        return Ok(handler);
    }
    let name = crate::app::display_name(&endpoint.module);
    let message = format!("Export '{}' of module '{name}' is not a function", endpoint.function);
    Err(Thrown::internal(message).into())
}

/// The exports of the endpoint's module, evaluated now if it was not before.
pub(super) fn exports(interpreter: &Interpreter, endpoint: &Endpoint) -> Result<Value, Problem> {
    let loaded = modules::import(interpreter, &endpoint.module)?;
    jobs::run(interpreter);
    match settle(interpreter, loaded) {
        Ok(exports) => Ok(exports),
        Err((Failure::Pending, _)) => Err(Thrown::internal("the top level did not complete").into()),
        Err((_, exception)) => Err(Problem::Described(exception)),
    }
}

fn set_phase(interpreter: &Interpreter, phase: Phase) {
    // Without a request there is no phase to set.
    let _ = active::with_request(interpreter.context(), "the request", |execution| {
        execution.phase = phase;
        Ok(())
    });
}

/// Describes the exception behind a problem.
pub(super) fn described(interpreter: &Interpreter, problem: Problem) -> Option<Exception> {
    match problem {
        Problem::Pending => pending(interpreter),
        Problem::Throw(thrown) => {
            interpreter.context().throw(&thrown);
            pending(interpreter)
        }
        Problem::Described(exception) => exception,
    }
}

fn pending(interpreter: &Interpreter) -> Option<Exception> {
    // SAFETY: the context is live.
    let waits = unsafe { q::JS_HasException(interpreter.context().0) };
    waits.then(|| {
        let value = interpreter.context().exception();
        let out_of_memory = |trace| Exception { message: "InternalError: out of memory".to_owned(), trace };
        // Without memory for an error, QuickJS throws null.
        if value.is_null() && interpreter.is_full() {
            return out_of_memory(None);
        }
        let exception = exception::describe(&value);
        // Or an error for which there was no message, or one that can't be read.
        let is_bare = matches!(&*exception.message, "" | "InternalError" | "InternalError: Invalid error message");
        if is_bare && interpreter.memory().has_refused() { out_of_memory(exception.trace) } else { exception }
    })
}
