//! A realm that lives on from turn to turn.
//!
//! Where a stack overflows, and whether a buffer fits while garbage lies about, differs from run to run. Scripts can catch both, so a turn
//! that met one has to be thrown away; the rest of what differs is not in the realm at all.

use super::active::{self, Active};
use super::buffers::BufferBudget;
use super::code::Code;
use super::ending;
use super::exception;
use super::isolates::Worker;
use super::limits::{Ended, Limits};
use super::modules::Graph;
use super::snapshot::{self, Blob, Making};
use super::state_digest::Digest;
use super::watchdog::Watchdog;
use super::wrap::wrap;
use super::{restoring, seed};
use crate::app::App;
use crate::engine::{Exception, Execution, LiveRealm, Options, RuntimeOptions, TurnEnd, TurnInput};
use crate::error::Error;
use crate::status::jsep_status;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

unsafe extern "C" {
    /// `v8::internal::Isolate::StackOverflow()`: throws the exception, and answers with V8's mark for that.
    #[link_name = "__real__ZN2v88internal7Isolate13StackOverflowEv"]
    fn v8_stack_overflow(isolate: *mut c_void) -> usize;
}

wrap!("__wrap__ZN2v88internal7Isolate13StackOverflowEv", stack_overflow);

thread_local! {
    /// Whether a script of this thread ran out of stack since a turn began.
    static OVERFLOWED: Cell<bool> = const { Cell::new(false) };
}

/// Called by V8 when a script has no stack left.
///
/// # Safety
/// Called by V8 with its own argument.
unsafe extern "C" fn stack_overflow(isolate: *mut c_void) -> usize {
    OVERFLOWED.set(true);
    // SAFETY: V8's own argument goes on to V8.
    unsafe { v8_stack_overflow(isolate) }
}

/// The globals of live realms, captured once.
#[derive(Default)]
pub(super) struct Globals(Mutex<Option<(Arc<App>, Arc<Blob>)>>);

impl Globals {
    pub(super) fn get(
        &self,
        options: &Options,
        runtime: &RuntimeOptions,
        watchdog: &Watchdog,
    ) -> Result<(Arc<App>, Arc<Blob>), Error> {
        let mut captured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(captured) = &*captured {
            return Ok(captured.clone());
        }
        let app = no_app()?;
        let making = Making { app: &app, runtime, watchdog, optional: options.optional };
        seed::keep()?;
        restoring::learn(making)?;
        let blob = Arc::new(snapshot::globals(making)?);
        Ok(captured.insert((app, blob)).clone())
    }
}

/// A realm as turns see it, whatever isolate it is in.
pub(super) struct Parts {
    pub(super) context: v8::Global<v8::Context>,
    pub(super) handle_templates: Vec<v8::Global<v8::ObjectTemplate>>,
    pub(super) buffers: Arc<BufferBudget>,
    pub(super) app: Arc<App>,
}

/// See the head of the file. The fields are in the order in which they must go.
pub(super) struct Live {
    parts: Parts,
    worker: Worker,
    watchdog: Arc<Watchdog>,
}

// SAFETY: handle and isolate are used only under the isolate's lock, by one thread at a time; a handle that is dropped without it only
// gives its place back, as those of realms in workers do.
unsafe impl Send for Live {}

impl Live {
    /// A realm with only the globals.
    pub(super) fn new(
        globals: &Globals,
        options: &Options,
        runtime: &RuntimeOptions,
        watchdog: &Arc<Watchdog>,
    ) -> Result<Live, Error> {
        let (app, blob) = globals.get(options, runtime, watchdog)?;
        let worker = Worker::new(&blob, runtime.max_heap_bytes)?;
        let context = {
            let mut isolate = worker.isolate.lock();
            v8::scope!(let scope, &mut *isolate);
            let context = worker.restore(scope);
            prepare(scope, context).ok_or_else(unprepared)?
        };
        Ok(Live::within(worker, context, app, watchdog))
    }

    /// A realm as it was captured, see `capturing`.
    pub(super) fn restored(
        blob: &Arc<Blob>,
        runtime: &RuntimeOptions,
        watchdog: &Arc<Watchdog>,
    ) -> Result<Live, Error> {
        let (worker, context) = restore(blob, runtime.max_heap_bytes)?;
        Ok(Live::within(worker, context, no_app()?, watchdog))
    }

    fn within(mut worker: Worker, context: v8::Global<v8::Context>, app: Arc<App>, watchdog: &Arc<Watchdog>) -> Live {
        let handle_templates = std::mem::take(&mut worker.handle_templates);
        let parts = Parts { context, handle_templates, buffers: Arc::clone(&worker.buffers), app };
        Live { parts, worker, watchdog: Arc::clone(watchdog) }
    }
}

impl Parts {
    /// Runs a turn within limits that are set already.
    fn turn(&self, isolate: &mut v8::Isolate, input: &TurnInput, name: &str, execution: &mut Execution<'_>) -> TurnEnd {
        v8::scope!(let scope, isolate);
        let context = v8::Local::new(scope, &self.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        let graph = Graph::new(Arc::clone(&self.app), Arc::default(), Arc::<Code>::default());
        let graph = Rc::new(RefCell::new(graph));
        let deadline = execution.deadline;
        let templates = &self.handle_templates;
        let mut active = Active::new(Some(execution), deadline, &graph, templates, &self.buffers);
        // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
        let entered = unsafe { active::enter(scope, &raw mut active) };
        v8::tc_scope!(let scope, scope);
        ending::keep_possible(scope);
        let ran = match input {
            TurnInput::Evaluate { source } => match compile(scope, name, source) {
                Some(script) => script.run(scope).and_then(|value| settled(scope, value)),
                None => return TurnEnd::Refused(exception::caught(scope)),
            },
            TurnInput::Call { function, argument } => match callee(scope, function) {
                Ok((function, receiver)) => call(scope, function, receiver, argument),
                Err(end) => return end,
            },
        };
        let text = match ran {
            Some(Settled::Value(value)) => match input {
                TurnInput::Evaluate { .. } => Some(printed(scope, value)),
                TurnInput::Call { .. } => json(scope, value),
            },
            Some(Settled::Pending) if matches!(input, TurnInput::Evaluate { .. }) => {
                Some("[pending promise]".to_owned())
            }
            Some(Settled::Pending) => {
                let message = "the function's promise is pending and nothing is left to run".to_owned();
                return TurnEnd::Threw(Exception { message, trace: None });
            }
            Some(Settled::Threw(value)) => return TurnEnd::Threw(exception::describe(scope, value)),
            None => None,
        };
        let Some(text) = text else {
            return TurnEnd::Threw(exception::caught(scope));
        };
        // Making the text may have left jobs too.
        scope.perform_microtask_checkpoint();
        drop(entered);
        TurnEnd::Value(text.into_bytes())
    }
}

impl Parts {
    /// Runs a turn. `guarded` runs what it is given in the isolate, within limits.
    pub(super) fn run(
        &self,
        input: &TurnInput,
        name: &str,
        execution: &mut Execution<'_>,
        guarded: impl FnOnce(Limits, &mut dyn FnMut(&mut v8::Isolate) -> TurnEnd) -> Result<(TurnEnd, Option<Ended>), Ended>,
    ) -> TurnEnd {
        let limits = Limits::new(execution.deadline, execution.options);
        let ended = |ended: Ended| ended.failure().1;
        if let Err(reason) = limits.check() {
            return TurnEnd::Refused(ended(reason));
        }
        OVERFLOWED.set(false);
        self.buffers.forget_refusal();
        match guarded(limits, &mut |isolate| self.turn(isolate, input, name, execution)) {
            Ok((_, Some(reason))) => TurnEnd::Ended(ended(reason)),
            Ok((_, None)) if OVERFLOWED.get() => TurnEnd::Ended(ended(Ended::OutOfStack)),
            Ok((_, None)) if self.buffers.has_refused() => TurnEnd::Ended(ended(Ended::OutOfMemory)),
            Ok((end, None)) => end,
            Err(reason) => TurnEnd::Refused(ended(reason)),
        }
    }
}

impl LiveRealm for Live {
    fn run(&mut self, input: &TurnInput, name: &str, execution: &mut Execution<'_>) -> TurnEnd {
        let (worker, watchdog) = (&self.worker, &self.watchdog);
        self.parts.run(input, name, execution, |limits, turn| worker.run(limits, watchdog, turn))
    }
}

/// An isolate with the realm that was captured.
fn restore(blob: &Arc<Blob>, heap_bytes: usize) -> Result<(Worker, v8::Global<v8::Context>), Error> {
    let worker = Worker::exact(blob, heap_bytes)?;
    let context = {
        let mut isolate = worker.isolate.lock();
        v8::scope!(let scope, &mut *isolate);
        let context = worker.restore(scope);
        v8::Global::new(scope, context)
    };
    Ok((worker, context))
}

/// Restores a captured realm on trial, and tells what can be reached in it; none when V8 does not tell.
pub(super) fn restored_digest(blob: &Arc<Blob>, heap_bytes: usize) -> Result<Option<Digest>, Error> {
    let (worker, context) = restore(blob, heap_bytes)?;
    let digest = Digest::of(&mut worker.isolate.lock(), &context);
    drop(context);
    Ok(digest)
}

/// Takes from a context with the globals what can't be repeated.
pub(super) fn prepare(
    scope: &mut v8::PinScope<'_, '_, ()>,
    context: v8::Local<'_, v8::Context>,
) -> Option<v8::Global<v8::Context>> {
    let scope = &mut v8::ContextScope::new(scope, context);
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    compile(scope, "jsep:live.js", include_str!("live.js"))?.run(scope)?;
    Some(v8::Global::new(scope, context))
}

pub(super) fn unprepared() -> Error {
    Error::new(jsep_status::JSEP_ENGINE_START, "the globals of a durable realm can't be made")
}

/// What stands for the app in realms that have none.
pub(super) fn no_app() -> Result<Arc<App>, Error> {
    App::parse(br#"{"metadata": {"endpoints": {}}, "modules": []}"#).map(Arc::new)
}

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// What a value came to when all jobs were done.
enum Settled<'s> {
    Value(v8::Local<'s, v8::Value>),
    Threw(v8::Local<'s, v8::Value>),
    Pending,
}

/// Runs all jobs; a promise counts as what it was settled with. None when the run was ended.
fn settled<'s>(scope: Scope<'_, 's, '_>, value: v8::Local<'s, v8::Value>) -> Option<Settled<'s>> {
    scope.perform_microtask_checkpoint();
    if scope.is_execution_terminating() {
        return None;
    }
    let Ok(promise) = v8::Local::<v8::Promise>::try_from(value) else {
        return Some(Settled::Value(value));
    };
    Some(match promise.state() {
        v8::PromiseState::Pending => Settled::Pending,
        v8::PromiseState::Fulfilled => Settled::Value(promise.result(scope)),
        v8::PromiseState::Rejected => {
            promise.mark_as_handled();
            Settled::Threw(promise.result(scope))
        }
    })
}

fn compile<'s>(scope: Scope<'_, 's, '_>, name: &str, source: &str) -> Option<v8::Local<'s, v8::Script>> {
    let (source, name) = (v8::String::new(scope, source)?, v8::String::new(scope, name)?);
    let origin = v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, 0, None, false, false, false, None);
    v8::Script::compile(scope, source, Some(&origin))
}

/// A function by its name, which may be that of a method with its object before it: `counter.increment`.
fn callee<'s>(
    scope: Scope<'_, 's, '_>,
    name: &str,
) -> Result<(v8::Local<'s, v8::Function>, v8::Local<'s, v8::Value>), TurnEnd> {
    let failure = |message: String| Exception { message, trace: None };
    let letter = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let is_name =
        |part: &str| part.chars().all(letter) && part.starts_with(|first: char| letter(first) && !first.is_numeric());
    if !name.split('.').all(is_name) {
        return Err(TurnEnd::Refused(failure(format!("`{name}` is not the name of a function"))));
    }
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let receiver = match name.rsplit_once('.') {
        Some((object, _)) => compile(scope, "jsep:call", object).and_then(|script| script.run(scope)),
        None => Some(v8::undefined(scope).into()),
    };
    let function = compile(scope, "jsep:call", name)
        .and_then(|script| script.run(scope))
        .and_then(|value| v8::Local::<v8::Function>::try_from(value).ok());
    // Looking for it may have run a getter, so the turn did begin.
    function.zip(receiver).ok_or_else(|| TurnEnd::Threw(failure(format!("the realm has no function `{name}`"))))
}

fn call<'s>(
    scope: Scope<'_, 's, '_>,
    function: v8::Local<'s, v8::Function>,
    receiver: v8::Local<'s, v8::Value>,
    argument: &str,
) -> Option<Settled<'s>> {
    let mut arguments = Vec::new();
    if !argument.is_empty() {
        let text = v8::String::new(scope, argument)?;
        arguments.push(v8::json::parse(scope, text)?);
    }
    let value = function.call(scope, receiver, &arguments)?;
    settled(scope, value)
}

/// A value as JSON, or nothing for what JSON has no form for. None when its conversion threw.
fn json(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Option<String> {
    if value.is_undefined() || value.is_function() || value.is_symbol() {
        return Some(String::new());
    }
    let text = v8::json::stringify(scope, value)?;
    Some(text.to_rust_string_lossy(scope))
}

/// A value for people: functions by their source, what JSON knows as JSON, and the rest as V8 describes it.
fn printed(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let plain = value.is_undefined() || value.is_function() || value.is_native_error() || value.is_big_int();
    let text = match plain {
        true => value.to_string(scope),
        false if value.is_symbol() => None,
        // For what JSON has no form for, this is the text `undefined`.
        false => v8::json::stringify(scope, value),
    };
    let text = text.or_else(|| {
        scope.reset();
        value.to_detail_string(scope)
    });
    text.map(|text| text.to_rust_string_lossy(scope)).unwrap_or_default()
}
