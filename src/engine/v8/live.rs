//! A realm that lives on from turn to turn.
//!
//! Where a stack overflows, and whether a buffer fits while garbage lies about, differs from run to run. Scripts can catch both, so a turn
//! that met one has to be thrown away; the rest of what differs is not in the realm at all.

use super::active::{self, Active};
use super::bindings;
use super::buffers::BufferBudget;
use super::captured_state::State;
use super::code::Code;
use super::ending;
use super::exception;
use super::isolates::Worker;
use super::jobs;
use super::limits::{Ended, Limits};
use super::live_request;
use super::message;
use super::modules::Graph;
use super::realm::captured;
use super::scripts::{Settled, alarm, call, callee, compile, json, printed, receive, settled};
use super::snapshot::{self, Blob, Making};
use super::state_digest::Digest;
use super::upgrade;
use super::watchdog::Watchdog;
use super::wrap::wrap;
use super::{restoring, seed};
use crate::app::App;
use crate::engine::{
    Compilation, Exception, Execution, LiveRealm, Options, RequestInput, RuntimeOptions, TurnEnd, TurnInput,
};
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
pub(super) struct Globals(Mutex<Option<Arc<Blob>>>);

impl Globals {
    pub(super) fn get(
        &self,
        options: &Options,
        runtime: &RuntimeOptions,
        watchdog: &Watchdog,
    ) -> Result<Arc<Blob>, Error> {
        let mut captured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(captured) = &*captured {
            return Ok(Arc::clone(captured));
        }
        let app = no_app()?;
        let making =
            Making { app: &app, runtime, watchdog, optional: options.optional, compilation: Compilation::Lazy };
        seed::keep()?;
        restoring::learn(making)?;
        let blob = Arc::new(snapshot::globals(making)?);
        Ok(Arc::clone(captured.insert(blob)))
    }
}

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// A realm as turns see it, whatever isolate it is in.
pub(super) struct Parts {
    /// Runs a request with a handler.
    pub(super) invoke: v8::Global<v8::Function>,
    pub(super) context: v8::Global<v8::Context>,
    pub(super) handle_templates: Vec<v8::Global<v8::ObjectTemplate>>,
    pub(super) buffers: Arc<BufferBudget>,
    app: Arc<App>,
    /// Whether the app came with a turn.
    installed: bool,
    /// The modules of the app. None while a turn runs.
    graph: Option<Graph>,
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
        let blob = globals.get(options, runtime, watchdog)?;
        let worker = Worker::new(&blob, runtime.max_heap_bytes)?;
        let found = {
            let mut isolate = worker.isolate.lock();
            v8::scope!(let scope, &mut *isolate);
            let context = worker.restore(scope);
            prepare(scope, context).ok_or_else(unprepared)?;
            find(scope, context, &State::without_app(blob))?
        };
        Live::within(worker, found, watchdog)
    }

    /// A realm as it was captured, see `capturing`.
    pub(super) fn restored(state: &State, runtime: &RuntimeOptions, watchdog: &Arc<Watchdog>) -> Result<Live, Error> {
        let (worker, found) = restore(state, runtime.max_heap_bytes)?;
        Live::within(worker, found, watchdog)
    }

    fn within(mut worker: Worker, found: Found, watchdog: &Arc<Watchdog>) -> Result<Live, Error> {
        let handle_templates = std::mem::take(&mut worker.handle_templates);
        let parts = Parts::new(found, handle_templates, Arc::clone(&worker.buffers))?;
        Ok(Live { parts, worker, watchdog: Arc::clone(watchdog) })
    }
}

/// What is found in a realm that was just restored.
pub(super) struct Found {
    context: v8::Global<v8::Context>,
    invoke: v8::Global<v8::Function>,
    /// The app in it, with its modules.
    app: Option<(Arc<App>, Graph)>,
}

/// See [`Found`].
pub(super) fn find(
    scope: &mut v8::PinScope<'_, '_, ()>,
    context: v8::Local<'_, v8::Context>,
    state: &State,
) -> Result<Found, Error> {
    let scope = &mut v8::ContextScope::new(scope, context);
    let invoke = captured(scope, state.blob.invoke).map_err(|_| unprepared())?;
    let app = state.app()?.map(|app| {
        let mut graph = Graph::new(Arc::clone(&app), Arc::clone(&state.blob.modules), Arc::default());
        graph.take_captured(scope);
        (app, graph)
    });
    Ok(Found { context: v8::Global::new(scope, context), invoke: v8::Global::new(scope, invoke), app })
}

impl Parts {
    pub(super) fn new(
        found: Found,
        handle_templates: Vec<v8::Global<v8::ObjectTemplate>>,
        buffers: Arc<BufferBudget>,
    ) -> Result<Parts, Error> {
        let Found { context, invoke, app } = found;
        let installed = app.is_some();
        let (app, graph) = match app {
            Some((app, graph)) => (app, Some(graph)),
            None => (no_app()?, None),
        };
        Ok(Parts { invoke, context, handle_templates, buffers, app, installed, graph })
    }

    /// The modules of its app, in the order of their names.
    pub(super) fn modules(&self) -> impl Iterator<Item = (&String, &v8::Global<v8::Module>)> {
        self.graph.iter().flat_map(Graph::modules)
    }

    /// The app in it, if it began with one.
    pub(super) fn app(&self) -> Option<&Arc<App>> {
        self.installed.then_some(&self.app)
    }

    /// Runs a turn. `guarded` runs what it is given in the isolate, within limits.
    pub(super) fn run(
        &mut self,
        input: &TurnInput,
        name: &str,
        execution: &mut Execution<'_>,
        guarded: impl FnOnce(Limits, &mut dyn FnMut(&mut v8::Isolate) -> TurnEnd) -> Result<(TurnEnd, Option<Ended>), Ended>,
    ) -> TurnEnd {
        let limits = Limits::new(execution.deadline, execution.options);
        let refused = |ended: Ended| ended.failure().1;
        let ended = |ended: Ended| {
            let (failure, exception) = ended.failure();
            TurnEnd::Ended(failure, exception)
        };
        if let Err(reason) = limits.check() {
            return TurnEnd::Refused(refused(reason));
        }
        if let TurnInput::Install { bundle } = input {
            match live_request::parse(bundle) {
                Ok(app) => self.app = Arc::new(app),
                Err(error) => return TurnEnd::NotInstalled(error),
            }
            self.installed = true;
        }
        let mut graph = self.graph.take();
        let former = if let TurnInput::Install { .. } = input { graph.take() } else { None };
        let graph = graph.unwrap_or_else(|| Graph::new(Arc::clone(&self.app), Arc::default(), Arc::<Code>::default()));
        let graph = Rc::new(RefCell::new(graph));
        OVERFLOWED.set(false);
        self.buffers.forget_refusal();
        let end =
            match guarded(limits, &mut |isolate| self.turn(isolate, &graph, former.as_ref(), input, name, execution)) {
                Ok((_, Some(reason))) => ended(reason),
                Ok((_, None)) if OVERFLOWED.get() => ended(Ended::OutOfStack),
                Ok((_, None)) if self.buffers.has_refused() => ended(Ended::OutOfMemory),
                Ok((end, None)) => end,
                // The new app stands in the place of the former one already.
                Err(reason) if former.is_some() => ended(reason),
                Err(reason) => TurnEnd::Refused(refused(reason)),
            };
        self.graph = Rc::try_unwrap(graph).ok().map(RefCell::into_inner);
        end
    }

    /// Runs a turn within limits that are set already. `former` has the modules of the app that a new version takes the place of.
    fn turn(
        &self,
        isolate: &mut v8::Isolate,
        graph: &Rc<RefCell<Graph>>,
        former: Option<&Graph>,
        input: &TurnInput,
        name: &str,
        execution: &mut Execution<'_>,
    ) -> TurnEnd {
        v8::scope!(let scope, isolate);
        let context = v8::Local::new(scope, &self.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        let deadline = execution.deadline;
        let templates = &self.handle_templates;
        let mut active = Active::new(Some(execution), deadline, graph, templates, &self.buffers);
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
            TurnInput::Install { .. } => {
                if let Err(error) = live_request::install(scope, &self.app, graph) {
                    return TurnEnd::NotInstalled(error);
                }
                let Some(former) = former else { return TurnEnd::Value(Vec::new()) };
                upgrade::run_app(scope, &self.app, graph, former)
            }
            TurnInput::Serve(request) => {
                let problem = match self.invoke(scope, graph, request) {
                    Ok(()) => scope.has_caught().then(|| exception::caught(scope)),
                    Err(end) => return end,
                };
                drop(entered);
                return match active.result(problem) {
                    (Ok(reply), _) => TurnEnd::Replied(reply, active.headers),
                    (Err(failure), exception) => TurnEnd::Failed(failure, exception),
                };
            }
            TurnInput::Receive { sender, message, .. } => {
                // Reading it runs no script.
                let Some(value) = message::read(scope, message) else {
                    return TurnEnd::Refused(exception::caught(scope));
                };
                match callee(scope, "receive") {
                    Ok((function, _)) => receive(scope, function, sender, value),
                    Err(end) => return end,
                }
            }
            TurnInput::Alarm { name, time } => match callee(scope, "alarm") {
                Ok((function, _)) => alarm(scope, function, name, *time),
                Err(end) => return end,
            },
            TurnInput::Upgrade { source } => match compile(scope, name, source) {
                Some(script) => upgrade::run(scope, script),
                None => return TurnEnd::Refused(exception::caught(scope)),
            },
        };
        let text = match ran {
            Some(Settled::Value(value)) => match input {
                TurnInput::Receive { .. } | TurnInput::Alarm { .. } => Some(String::new()),
                TurnInput::Evaluate { .. } | TurnInput::Upgrade { .. } | TurnInput::Install { .. } => {
                    Some(printed(scope, value))
                }
                _ => json(scope, value),
            },
            Some(Settled::Pending) => match input {
                // Another turn may settle it, and nobody waits.
                TurnInput::Receive { .. } | TurnInput::Alarm { .. } => Some(String::new()),
                TurnInput::Evaluate { .. } | TurnInput::Upgrade { .. } => Some("[pending promise]".to_owned()),
                _ => {
                    let message = "the function's promise is pending and nothing is left to run".to_owned();
                    return TurnEnd::Threw(Exception { message, trace: None });
                }
            },
            Some(Settled::Threw(value)) => return TurnEnd::Threw(exception::describe(scope, value)),
            None => None,
        };
        let Some(text) = text else {
            return TurnEnd::Threw(exception::caught(scope));
        };
        // Making the text may have left jobs too.
        jobs::run(scope);
        drop(entered);
        TurnEnd::Value(text.into_bytes())
    }

    /// Runs a request, whose reply the running [`Active`] gets.
    fn invoke(
        &self,
        scope: Scope<'_, '_, '_>,
        graph: &Rc<RefCell<Graph>>,
        request: &RequestInput,
    ) -> Result<(), TurnEnd> {
        let handler = live_request::handler(scope, &self.app, graph, request)?;
        let invoke = v8::Local::new(scope, &self.invoke);
        let nothing = v8::undefined(scope).into();
        invoke.call(scope, nothing, &[handler.into()]);
        Ok(())
    }
}

impl LiveRealm for Live {
    fn run(&mut self, input: &TurnInput, name: &str, execution: &mut Execution<'_>) -> TurnEnd {
        let (worker, watchdog) = (&self.worker, &self.watchdog);
        self.parts.run(input, name, execution, |limits, turn| worker.run(limits, watchdog, turn))
    }

    fn app(&self) -> Option<&Arc<App>> {
        self.parts.app()
    }
}

/// An isolate with the realm that was captured.
fn restore(state: &State, heap_bytes: usize) -> Result<(Worker, Found), Error> {
    let worker = Worker::exact(&state.blob, heap_bytes)?;
    let found = {
        let mut isolate = worker.isolate.lock();
        v8::scope!(let scope, &mut *isolate);
        let context = worker.restore(scope);
        find(scope, context, state)?
    };
    Ok((worker, found))
}

/// Restores a captured realm on trial, and tells what can be reached in it; none when V8 does not tell.
pub(super) fn restored_digest(state: &State, heap_bytes: usize) -> Result<Option<Digest>, Error> {
    let (worker, found) = restore(state, heap_bytes)?;
    let modules = found.app.iter().flat_map(|(_, graph)| graph.modules());
    let digest = Digest::of(&mut worker.isolate.lock(), &found.context, modules);
    drop(found);
    Ok(digest)
}

/// Takes from a context with the globals what can't be repeated, and adds what only live realms have.
pub(super) fn prepare(scope: &mut v8::PinScope<'_, '_, ()>, context: v8::Local<'_, v8::Context>) -> Option<()> {
    let scope = &mut v8::ContextScope::new(scope, context);
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    compile(scope, "jsep:live.js", include_str!("live.js"))?.run(scope)?;
    bindings::durable::install(scope)
}

pub(super) fn unprepared() -> Error {
    Error::new(jsep_status::JSEP_ENGINE_START, "the globals of a durable realm can't be made")
}

/// What stands for the app in realms that have none.
pub(super) fn no_app() -> Result<Arc<App>, Error> {
    App::parse(br#"{"metadata": {"endpoints": {}}, "modules": []}"#).map(Arc::new)
}
