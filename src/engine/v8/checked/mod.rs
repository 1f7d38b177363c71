//! Calls under V8's side-effect check, the one place that knows it.
//!
//! In this mode, made for debuggers, V8 stops a call before it changes an object that is older than the call. A call that is not
//! stopped has left its realm as it was, so that the next request may use the same realm and still starts fresh.
//!
//! V8's own idea of what is harmless has holes: functions that write into what a script's constructor gave them, for example. And it
//! refuses much that is harmless. So what V8 asks itself passes through `wrapped`, which judges better. It rests on names inside V8:
//! an install tries in the app's own realm that the check stops what it has to stop and nothing else (`canaries.js`), and goes
//! without proven reuse otherwise.
//!
//! - `mod`: the call, and the trial of the check
//! - `wrapped`, `optimizing`: what V8 asks here instead of itself
//! - `instructions`: what V8's interpreter does that is harmless in spite of V8's list
//! - `judgements`: functions that V8 judges wrongly; `realm.js` lists them
//! - `tests`: attacks, generated programs, and what a newer V8 could break; their scripts are in `tests/proven_reuse`

mod instructions;
mod judgements;
mod optimizing;
#[cfg(test)]
pub(super) mod tests;
mod wrapped;

pub(super) use judgements::Judgements;

use super::bindings;
use super::buffers::BufferBudget;
use super::ending;
use super::isolates::Worker;
use super::limits::Limits;
use super::realm::Realm;
use super::snapshot::Blob;
use super::watchdog::Watchdog;
use crate::app::App;
use crate::engine::environment::SCRIPTS;
use crate::engine::{Exception, RuntimeOptions};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// More than enough on a machine that is busy.
const TIME_TO_VERIFY: Duration = Duration::from_secs(30);
/// Most receivers that are looked at again when a call has ended.
const MOST_RECEIVERS: usize = 10_000;
/// Most regular expressions of one call.
const MOST_EXPRESSIONS: usize = 1_000;

/// The check that runs on this thread.
struct Running<'a> {
    judgements: &'a Judgements,
    buffers: &'a BufferBudget,
    context: v8::Local<'a, v8::Context>,
    /// Why the call is stopped.
    refusal: RefCell<Option<Refusal>>,
    /// Objects whose constructor had no say when a function was entered, and must not have got one until the end.
    receivers: RefCell<Vec<v8::Global<v8::Object>>>,
    /// Regular expressions that were used, with the `lastIndex` that they must have in the end.
    expressions: RefCell<Vec<(v8::Global<v8::Object>, v8::Global<v8::Value>)>>,
    /// V8's debugger of the isolate, known from the first entry on.
    debug: Cell<*mut c_void>,
    /// Whether V8 is about to ask for the object that an instruction changes.
    reads_register: Cell<bool>,
}

/// Why a call is stopped, as far as it can be told while V8's exception is pending: most of V8's interface would lose that.
struct Refusal {
    what: What,
    trace: Option<v8::Global<v8::StackTrace>>,
}

/// What a call was stopped at.
enum What {
    /// The entry of a function.
    Entry(v8::Global<v8::Function>),
    /// Something else, in words.
    Other(String),
}

thread_local! {
    static RUNNING: Cell<*const c_void> = const { Cell::new(std::ptr::null()) };
}

/// A handle as V8 passes it: the address of a place that holds the object's address. The crate's locals are the same.
type Handle = *const c_void;

/// A vector of V8's locals.
#[repr(C)]
struct Arguments {
    data: *const c_void,
    length: usize,
}

unsafe extern "C" {
    /// `v8::debug::CallFunctionOn(context, function, receiver, arguments, throw_on_side_effect)`.
    #[link_name = "_ZN2v85debug14CallFunctionOnENS_5LocalINS_7ContextEEENS1_INS_8FunctionEEENS1_INS_5ValueEEENS_4base6VectorIS7_EEb"]
    fn call_function_on(
        context: Handle,
        function: Handle,
        receiver: Handle,
        arguments: Arguments,
        check: bool,
    ) -> Handle;
}

fn handle<T>(local: v8::Local<'_, T>) -> Handle {
    std::ptr::from_ref::<T>(&local).cast()
}

/// Makes the current realm, which was restored in `worker`, one whose calls are all checked.
pub(super) fn prepare(scope: &mut v8::PinScope<'_, '_>, worker: &Worker) -> Result<Judgements, Exception> {
    let blob = &worker.blob;
    let problem = |what: &str| Exception { message: what.to_owned(), trace: None };
    let list = scope.get_context_data_from_snapshot_once::<v8::Array>(blob.judgements);
    let obstacle = scope.get_context_data_from_snapshot_once::<v8::Function>(blob.obstacle);
    let check = scope.get_context_data_from_snapshot_once::<v8::Function>(blob.check);
    let (Ok(list), Ok(obstacle), Ok(check)) = (list, obstacle, check) else {
        return Err(problem("the realm lacks what its calls are checked with"));
    };
    let nothing = v8::undefined(scope).into();
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    match obstacle.call(scope, nothing, &[]) {
        Some(none) if none.is_undefined() => {}
        Some(changed) => {
            let changed = changed.to_rust_string_lossy(scope);
            return Err(problem(&format!("the app changes {changed} of the language's constructors")));
        }
        None => {
            let why = scope.exception().map(|exception| exception.to_rust_string_lossy(scope)).unwrap_or_default();
            return Err(problem(&format!("the app breaks the language's own functions: {why}")));
        }
    }
    match check.call(scope, nothing, &[]) {
        Some(done) if done.is_true() => {}
        _ => return Err(problem("the app freezes what calls are checked with")),
    }
    // These are made when they are first looked at, too.
    let global = scope.get_current_context().global(scope);
    for name in SCRIPTS.iter().flat_map(|(_, _, globals)| *globals) {
        if let Some(name) = v8::String::new(scope, name) {
            global.get(scope, name.into());
        }
    }
    // A restored global object gets the hash by which collections find it when it is first a key, and keeps it: collections that were
    // captured with it as a key may find it from then on.
    global.get_identity_hash();
    // V8 makes the methods of map handles when there is the first one, and keeps them.
    for template in &worker.handle_templates {
        let handle = v8::Local::new(scope, template).new_instance(scope);
        let size = v8::String::new(scope, "size");
        if let (Some(handle), Some(size)) = (handle, size) {
            handle.get_own_property_descriptor(scope, size.into());
        }
    }
    Judgements::read(scope, list).ok_or_else(|| problem("the list of judgements can't be read"))
}

/// Shows in a realm made from `blob` that the check stops what it has to stop, and nothing else. The error says what it does not do.
pub(super) fn verify(
    blob: &Arc<Blob>,
    app: &Arc<App>,
    runtime: &RuntimeOptions,
    watchdog: &Watchdog,
) -> Result<(), String> {
    let worker = Worker::new(blob, runtime.max_heap_bytes).map_err(|error| error.message)?;
    let limits = Limits::new(Instant::now() + TIME_TO_VERIFY, runtime);
    let run = worker.run(limits, watchdog, |isolate| {
        let realm = Realm::new(isolate, &worker, app, true).map_err(|exception| exception.message)?;
        realm.verify(isolate, &worker)
    });
    match run {
        Ok((result, None)) => result,
        _ => Err("the side-effect check can't be tried within the limits".to_owned()),
    }
}

/// Gives a new worker its realm for checked calls, if that can be made; otherwise requests find out why not.
pub(super) fn begin(mut worker: Worker, app: &Arc<App>, runtime: &RuntimeOptions, watchdog: &Watchdog) -> Worker {
    let limits = Limits::new(Instant::now() + TIME_TO_VERIFY, runtime);
    let made = worker.run(limits, watchdog, |isolate| Realm::new(isolate, &worker, app, true));
    if let Ok((Ok(realm), None)) = made {
        worker.realm = Some(realm);
    }
    worker
}

/// Calls the functions of `canaries.js` in the current realm.
pub(super) fn try_canaries(
    scope: &mut v8::PinScope<'_, '_>,
    judgements: &Judgements,
    buffers: &BufferBudget,
) -> Result<(), String> {
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let broken = || "the app changes what the side-effect check is tried with".to_owned();
    let source = v8::String::new(scope, include_str!("canaries.js")).ok_or_else(broken)?;
    let lists = v8::Script::compile(scope, source, None).and_then(|script| script.run(scope));
    let lists = lists.and_then(|lists| v8::Local::<v8::Array>::try_from(lists).ok()).ok_or_else(broken)?;
    for (index, stops) in [(0, true), (1, false)] {
        let list = lists.get_index(scope, index).and_then(|list| v8::Local::<v8::Array>::try_from(list).ok());
        let list = list.ok_or_else(broken)?;
        for at in 0..list.length() {
            let canary = list.get_index(scope, at).and_then(|it| v8::Local::<v8::Array>::try_from(it).ok());
            let canary = canary.ok_or_else(broken)?;
            let name = canary.get_index(scope, 0).map(|name| name.to_rust_string_lossy(scope)).unwrap_or_default();
            let function = canary.get_index(scope, 1).and_then(|it| v8::Local::<v8::Function>::try_from(it).ok());
            let nothing = v8::undefined(scope).into();
            let refused = call(scope, judgements, buffers, function.ok_or_else(broken)?, nothing);
            scope.reset();
            match refused {
                None if stops => return Err(format!("V8's side-effect check does not stop this: {name}")),
                Some(reason) if !stops => return Err(format!("V8's side-effect check stops this: {name} ({reason})")),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Calls `function` with `argument` under the check, and tells why the call was stopped if it was: what it began is lost with its
/// isolate then. Otherwise the realm is as it was. An exception stays with the caller's `TryCatch`.
pub(super) fn call<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    judgements: &Judgements,
    buffers: &BufferBudget,
    function: v8::Local<'s, v8::Function>,
    argument: v8::Local<'s, v8::Value>,
) -> Option<String> {
    let context = scope.get_current_context();
    let receiver: v8::Local<v8::Value> = v8::undefined(scope).into();
    let arguments = [handle(argument)];
    let running = Running {
        judgements,
        buffers,
        context,
        refusal: RefCell::default(),
        receivers: RefCell::default(),
        expressions: RefCell::default(),
        debug: Cell::new(std::ptr::null_mut()),
        reads_register: Cell::new(false),
    };
    buffers.begin_recording();
    RUNNING.set((&raw const running).cast());
    // SAFETY: the handles are in the caller's scope and belong to the isolate that this thread has entered. A vector of locals is an
    // array of pointers to handles, which the arguments are. The result, if any, lies in that scope too and is not needed.
    unsafe {
        let arguments = Arguments { data: arguments.as_ptr().cast(), length: arguments.len() };
        call_function_on(handle(context), handle(function), handle(receiver), arguments, true);
    }
    RUNNING.set(std::ptr::null());
    buffers.end_recording();
    let receivers = running.receivers.take();
    if !receivers.iter().all(|receiver| judgements::has_no_own_constructor(scope, receiver)) {
        running.note(|| Refusal::of("the change of a constructor during a call that uses it"));
    }
    let expressions = running.expressions.take();
    if !expressions.iter().all(|(expression, before)| judgements::has_last_index(scope, expression, before)) {
        running.note(|| Refusal::of("a match that leaves an older regular expression with another lastIndex"));
    }
    running.refusal.take().map(|refusal| refusal.describe(scope))
}

/// Ends the call that is checked on this thread, because a native function is to do what can't be taken back; that function then
/// returns at once. False when no call is checked.
pub(super) fn refuse(what: &str) -> bool {
    running(|running| {
        running.note(|| Refusal::of(what));
        running.stop(running.debug.get());
    })
    .is_some()
}

/// Uses the check that runs on this thread, if one does.
fn running<R>(use_it: impl FnOnce(&Running<'_>) -> R) -> Option<R> {
    let running = RUNNING.get().cast::<Running<'_>>();
    // SAFETY: the pointer is null or was set by `call` further up on this thread's stack, where all that it holds lives.
    unsafe { running.as_ref() }.map(use_it)
}

impl Running<'_> {
    /// Keeps the first reason.
    fn note(&self, reason: impl FnOnce() -> Refusal) {
        if let Ok(mut refusal) = self.refusal.try_borrow_mut() {
            refusal.get_or_insert_with(reason);
        }
    }

    /// Ends the call as V8 ends one that would change an older object.
    fn stop(&self, debug: *mut c_void) {
        wrapped::stop(debug, &self.judgements.older);
    }
}

impl Refusal {
    /// One without a place.
    fn of(what: &str) -> Refusal {
        Refusal { what: What::Other(what.to_owned()), trace: None }
    }

    /// Words for a report.
    fn describe(self, scope: &mut v8::PinScope<'_, '_>) -> String {
        v8::scope!(let scope, scope);
        let place = self.trace.and_then(|trace| place(scope, &trace)).unwrap_or_default();
        let function = match self.what {
            What::Other(what) => return format!("{what}{place}"),
            What::Entry(function) => v8::Local::new(scope, function),
        };
        let name = function.get_name(scope).to_rust_string_lossy(scope);
        let name = if name.is_empty() { "a function without a name".to_owned() } else { format!("`{name}`") };
        if function.script_id() <= 0 {
            return format!("the call of {name}{place}");
        }
        let script = function.get_script_origin(scope).resource_name().filter(|script| script.is_string());
        let script =
            script.map_or_else(|| "code made from text".to_owned(), |script| script.to_rust_string_lossy(scope));
        let line = function.get_script_line_number().map_or(0, |line| line + 1);
        format!("an operation in {name} ({script}:{line})")
    }
}

/// Where the app's code was, as ` at module:line:column`.
fn place(scope: &mut v8::PinScope<'_, '_>, trace: &v8::Global<v8::StackTrace>) -> Option<String> {
    let trace = v8::Local::new(scope, trace);
    (0..trace.get_frame_count()).find_map(|index| {
        let frame = trace.get_frame(scope, index)?;
        let script = frame.get_script_name(scope)?.to_rust_string_lossy(scope);
        let own = script.starts_with(bindings::OWN_SCRIPTS);
        (!own).then(|| format!(" at {script}:{}:{}", frame.get_line_number(), frame.get_column()))
    })
}
