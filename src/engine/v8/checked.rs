//! Calls under V8's side-effect check, the one place that knows it.
//!
//! In this mode, made for debuggers, V8 stops a call before it changes an object that is older than the call. A call that is not
//! stopped has left its realm as it was, so that the next request may use the same realm and still starts fresh.
//!
//! V8's own list of harmless functions has holes: functions that write into what a script's constructor gave them, for example. So
//! each entry of a function passes through [`enter`], which refuses more than V8 does, and lets through a few functions that V8
//! refuses without need. Which ones is said in `checked.js`, where the reasons are. Both rest on names of V8's inside, which
//! `linked` in the tests below compares with what they do.

use super::bindings;
use super::isolates::Worker;
use super::limits::Limits;
use super::realm::Realm;
use super::snapshot::Blob;
use super::watchdog::Watchdog;
use crate::app::App;
use crate::engine::{Exception, RuntimeOptions};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// More than enough on a machine that is busy.
const TIME_TO_VERIFY: Duration = Duration::from_secs(30);

/// How the entry of a function is judged, beyond what V8 does. The numbers are those of `checked.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// Makes an object with the constructor of its receiver, and writes into what it gets: the receiver must be an array, typed array
    /// or buffer with the language's own constructor, or something that has no say in it.
    Species = 0,
    /// Makes an object with its receiver: that must be one of the language's own constructors.
    Constructor = 1,
    /// Is refused.
    Refused = 2,
    /// Changes nothing but objects that it makes itself.
    Creates = 3,
    /// Changes nothing but its receiver, which must be new.
    ChangesReceiver = 4,
}

/// A value of a realm, found again by identity. V8 keeps the place of a global handle up to date when it moves the object.
struct Known {
    _global: v8::Global<v8::Value>,
    place: *const usize,
}

// SAFETY: the place is read only by the thread that has locked the isolate.
unsafe impl Send for Known {}

/// The functions of a realm that are judged here.
pub(super) struct Judgements {
    functions: Vec<(Known, Judgement)>,
    /// The language's own prototypes of arrays, typed arrays and buffers.
    prototypes: Vec<Known>,
    /// The language's own constructors of arrays and typed arrays.
    constructors: Vec<Known>,
    /// Any object that is older than each call.
    older: Known,
}

/// The check that runs on this thread.
struct Running {
    judgements: *const Judgements,
    context: v8::Local<'static, v8::Context>,
    refusal: RefCell<Option<String>>,
    /// V8's debugger of the isolate, known from the first entry on.
    debug: Cell<*mut c_void>,
}

thread_local! {
    static RUNNING: Cell<*const Running> = const { Cell::new(std::ptr::null()) };
}

#[repr(C)]
struct Arguments {
    data: *const c_void,
    length: usize,
}

type Handle = *const c_void;

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

    /// `v8::internal::Debug::PerformSideEffectCheck(function, receiver)`, which V8 asks at each entry of a function under the check.
    /// The linker gives this name to V8's own, and V8's name to [`enter`].
    #[link_name = "__real__ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE"]
    fn v8_enter(debug: *mut c_void, function: Handle, receiver: Handle) -> bool;

    /// `v8::internal::Debug::PerformSideEffectCheckForObject(object)`: ends the call unless the object is new.
    #[link_name = "_ZN2v88internal5Debug31PerformSideEffectCheckForObjectENS0_12DirectHandleINS0_6ObjectEEE"]
    fn v8_change(debug: *mut c_void, object: Handle) -> bool;

    /// `v8::internal::Debug::PerformSideEffectCheckAtBytecode(frame)`: asked before an instruction that may change an object.
    #[link_name = "__real__ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE"]
    fn v8_change_at_instruction(debug: *mut c_void, frame: *mut c_void) -> bool;
}

fn handle<T>(local: v8::Local<'_, T>) -> Handle {
    std::ptr::from_ref::<T>(&local).cast()
}

/// Makes the current realm, which was restored from `blob`, one whose calls are all checked.
pub(super) fn prepare(scope: &mut v8::PinScope<'_, '_>, blob: &Blob) -> Result<Judgements, Exception> {
    let problem = |what: &str| Exception { message: what.to_owned(), trace: None };
    let list = scope.get_context_data_from_snapshot_once::<v8::Array>(blob.judgements);
    let obstacle = scope.get_context_data_from_snapshot_once::<v8::Function>(blob.obstacle);
    let check = scope.get_context_data_from_snapshot_once::<v8::Function>(blob.check);
    let (Ok(list), Ok(obstacle), Ok(check)) = (list, obstacle, check) else {
        return Err(problem("the realm lacks what its calls are checked with"));
    };
    let nothing = v8::undefined(scope).into();
    v8::tc_scope!(let scope, scope);
    match obstacle.call(scope, nothing, &[]) {
        Some(none) if none.is_undefined() => {}
        Some(changed) => {
            let changed = changed.to_rust_string_lossy(scope);
            return Err(problem(&format!("the app changes {changed} of the language's constructors")));
        }
        None => return Err(problem("the app breaks the language's own functions")),
    }
    match check.call(scope, nothing, &[]) {
        Some(done) if done.is_true() => {}
        _ => return Err(problem("the app freezes what calls are checked with")),
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
    let mut locker = worker.isolate.lock();
    let run = limits.guard(&mut locker, &worker.heap, watchdog, |isolate| {
        let realm = Realm::new(isolate, &worker, app, true).map_err(|exception| exception.message)?;
        realm.verify(isolate)
    });
    match run {
        Ok((result, None)) => result,
        _ => Err("the side-effect check can't be tried within the limits".to_owned()),
    }
}

/// Calls the functions of `canaries.js` in the current realm.
pub(super) fn try_canaries(scope: &mut v8::PinScope<'_, '_>, judgements: &Judgements) -> Result<(), String> {
    v8::tc_scope!(let scope, scope);
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
            let refused = call(scope, judgements, function.ok_or_else(broken)?, nothing);
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
    function: v8::Local<'s, v8::Function>,
    argument: v8::Local<'s, v8::Value>,
) -> Option<String> {
    let context = scope.get_current_context();
    let receiver: v8::Local<v8::Value> = v8::undefined(scope).into();
    let arguments = [handle(argument)];
    // SAFETY: `Running` is used only by `enter` and `change_at_instruction`, which V8 calls during this call only; the scope keeps
    // the context for longer.
    let context_during_call =
        unsafe { std::mem::transmute::<v8::Local<'s, v8::Context>, v8::Local<'static, v8::Context>>(context) };
    let running = Running {
        judgements,
        context: context_during_call,
        refusal: RefCell::default(),
        debug: Cell::new(std::ptr::null_mut()),
    };
    let former = RUNNING.replace(&raw const running);
    // SAFETY: the handles are in the caller's scope and belong to the isolate that this thread has entered. A vector of locals is an
    // array of pointers to handles, which the arguments are. The result, if any, lies in that scope too and is not needed.
    unsafe {
        let arguments = Arguments { data: arguments.as_ptr().cast(), length: arguments.len() };
        call_function_on(handle(context), handle(function), handle(receiver), arguments, true);
    }
    RUNNING.set(former);
    running.refusal.into_inner()
}

/// Ends the call that is checked on this thread, because a native function is to do what can't be taken back; that function then
/// returns at once. False when no call is checked.
pub(super) fn refuse(what: &str) -> bool {
    let Some(running) = running() else {
        return false;
    };
    running.note(|| what.to_owned());
    running.stop(running.debug.get());
    true
}

/// The check that runs on this thread, if one does.
fn running<'a>() -> Option<&'a Running> {
    // SAFETY: the pointer is null or set by `call` further up on this thread's stack.
    unsafe { RUNNING.get().as_ref() }
}

impl Running {
    /// Keeps the first reason.
    fn note(&self, reason: impl FnOnce() -> String) {
        if let Ok(mut refusal) = self.refusal.try_borrow_mut() {
            refusal.get_or_insert_with(reason);
        }
    }

    /// Ends the call as V8 ends one that would change an older object.
    fn stop(&self, debug: *mut c_void) {
        // SAFETY: `call` holds the judgements for its whole duration; the debugger belongs to the isolate that runs.
        unsafe { v8_change(debug, (*self.judgements).older.place.cast()) };
    }
}

/// Asked by V8 at each entry of a function under the check; true lets the call go on.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE")]
unsafe extern "C" fn enter(debug: *mut c_void, function: Handle, receiver: Handle) -> bool {
    let Some(running) = running() else {
        // SAFETY: V8's own arguments go on to V8.
        return unsafe { v8_enter(debug, function, receiver) };
    };
    // SAFETY: `call` holds the judgements for its whole duration.
    let judgements = unsafe { &*running.judgements };
    // SAFETY: V8's handles are what the crate's locals are, and live for this call.
    let (function_local, receiver_local) = unsafe {
        (
            std::mem::transmute::<Handle, v8::Local<'_, v8::Function>>(function),
            std::mem::transmute::<Handle, v8::Local<'_, v8::Value>>(receiver),
        )
    };
    running.debug.set(debug);
    let goes_on = match judgements.of(function) {
        // SAFETY: as above.
        None => unsafe { v8_enter(debug, function, receiver) },
        Some(Judgement::Creates) => return true,
        // SAFETY: as above.
        Some(Judgement::ChangesReceiver) => unsafe { v8_change(debug, receiver) },
        Some(Judgement::Refused) => false,
        Some(Judgement::Constructor) => {
            let harmless = judgements.is_own_constructor(receiver_local);
            // SAFETY: as above.
            harmless && unsafe { v8_enter(debug, function, receiver) }
        }
        Some(Judgement::Species) => {
            // SAFETY: the context is the one that the call was made in.
            v8::callback_scope!(unsafe scope, running.context);
            let harmless = judgements.has_own_species(scope, receiver_local);
            // SAFETY: as above.
            harmless && unsafe { v8_enter(debug, function, receiver) }
        }
    };
    if !goes_on {
        // SAFETY: the context is the one that the call was made in.
        v8::callback_scope!(unsafe scope, running.context);
        running.note(|| describe_entry(scope, function_local));
        if matches!(judgements.of(function), Some(Judgement::Refused | Judgement::Constructor | Judgement::Species)) {
            running.stop(debug);
        }
    }
    goes_on
}

/// Asked by V8 before an instruction that may change an object; true lets it go on.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE")]
unsafe extern "C" fn change_at_instruction(debug: *mut c_void, frame: *mut c_void) -> bool {
    // SAFETY: V8's own arguments go on to V8.
    let goes_on = unsafe { v8_change_at_instruction(debug, frame) };
    if let (false, Some(running)) = (goes_on, running()) {
        // SAFETY: the context is the one that the call was made in.
        v8::callback_scope!(unsafe scope, running.context);
        running.note(|| format!("the change of an older object{}", place(scope)));
    }
    goes_on
}

/// What the entry of a function is called in a report.
fn describe_entry(scope: &mut v8::PinScope<'_, '_>, function: v8::Local<'_, v8::Function>) -> String {
    let name = function.get_name(scope).to_rust_string_lossy(scope);
    let name = if name.is_empty() { "a function without a name".to_owned() } else { format!("`{name}`") };
    if function.script_id() <= 0 {
        return format!("the call of {name}{}", place(scope));
    }
    let origin = function.get_script_origin(scope);
    let script = origin.resource_name().map_or_else(String::new, |script| script.to_rust_string_lossy(scope));
    let line = function.get_script_line_number().map_or(0, |line| line + 1);
    format!("an operation in {name} ({script}:{line})")
}

/// Where the app's code is right now, as ` at module:line:column`.
fn place(scope: &mut v8::PinScope<'_, '_>) -> String {
    const FRAMES: usize = 16;
    let own = |script: &String| !script.starts_with(bindings::OWN_SCRIPTS);
    let Some(trace) = v8::StackTrace::current_stack_trace(scope, FRAMES) else {
        return String::new();
    };
    for index in 0..trace.get_frame_count() {
        let Some(frame) = trace.get_frame(scope, index) else { continue };
        let script = frame.get_script_name(scope).map(|name| name.to_rust_string_lossy(scope)).filter(own);
        if let Some(script) = script {
            return format!(" at {script}:{}:{}", frame.get_line_number(), frame.get_column());
        }
    }
    String::new()
}

impl Judgements {
    /// Reads what `checked.js` lists: its functions with the number of their judgement, and what belongs to the language.
    pub(super) fn read(scope: &mut v8::PinScope<'_, '_>, list: v8::Local<'_, v8::Array>) -> Option<Judgements> {
        let part = |index: u32| v8::Local::<v8::Array>::try_from(list.get_index(scope, index)?).ok();
        let (listed, prototypes, constructors) = (part(0)?, part(1)?, part(2)?);
        let mut functions = Vec::new();
        for index in (0..listed.length()).step_by(2) {
            let function = listed.get_index(scope, index)?;
            let judgement = match listed.get_index(scope, index + 1)?.uint32_value(scope)? {
                0 => Judgement::Species,
                1 => Judgement::Constructor,
                2 => Judgement::Refused,
                3 => Judgement::Creates,
                4 => Judgement::ChangesReceiver,
                _ => return None,
            };
            functions.push((Known::new(scope, function), judgement));
        }
        let older = Known::new(scope, list.into());
        let (prototypes, constructors) = (all(scope, prototypes)?, all(scope, constructors)?);
        Some(Judgements { functions, prototypes, constructors, older })
    }

    fn of(&self, function: Handle) -> Option<Judgement> {
        self.functions.iter().find(|(known, _)| known.is(function)).map(|(_, judgement)| *judgement)
    }

    /// Whether a function that makes an object with `receiver` uses a constructor of the language.
    fn is_own_constructor(&self, receiver: v8::Local<'_, v8::Value>) -> bool {
        !receiver.is_function() || self.constructors.iter().any(|known| known.is(handle(receiver)))
    }

    /// Whether a function that makes an object like `receiver` uses a constructor of the language. That the prototypes still lead to
    /// the language's constructors is part of `checked.js`.
    fn has_own_species(&self, scope: &mut v8::PinScope<'_, '_>, receiver: v8::Local<'_, v8::Value>) -> bool {
        if receiver.is_proxy() {
            return false;
        }
        let asked = receiver.is_array() || receiver.is_typed_array() || receiver.is_array_buffer();
        let Some(object) = asked.then(|| v8::Local::<v8::Object>::try_from(receiver).ok()).flatten() else {
            // Anything else has no say in it.
            return true;
        };
        let prototype = object.get_prototype(scope);
        let usual = prototype.is_some_and(|prototype| self.prototypes.iter().any(|known| known.is(handle(prototype))));
        let constructor = v8::String::new(scope, "constructor");
        usual && constructor.is_some_and(|name| object.has_own_property(scope, name.into()) == Some(false))
    }
}

fn all(scope: &mut v8::PinScope<'_, '_>, list: v8::Local<'_, v8::Array>) -> Option<Vec<Known>> {
    (0..list.length()).map(|index| list.get_index(scope, index).map(|value| Known::new(scope, value))).collect()
}

impl Known {
    fn new(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Known {
        let global = v8::Global::new(scope, value);
        // SAFETY: only the address is taken, which is that of the handle's place.
        let place = std::ptr::from_ref(unsafe { global.open(scope) }).cast();
        Known { _global: global, place }
    }

    /// Whether a handle means this very object.
    fn is(&self, handle: Handle) -> bool {
        // SAFETY: both are places of live handles, which hold a word.
        unsafe { *self.place == *handle.cast::<usize>() }
    }
}
