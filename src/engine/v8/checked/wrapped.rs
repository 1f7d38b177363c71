//! What V8 asks here instead of itself while a call is checked: the linker gives V8's names to the functions of this file, and the
//! names with `__real_` to V8's own (see `build.rs`).

use super::judgements::{self, Judgement, Known};
use super::{Handle, MOST_EXPRESSIONS, MOST_RECEIVERS, Running, instructions, running};
use crate::engine::v8::bindings;
use std::ffi::c_void;

unsafe extern "C" {
    /// `v8::internal::Debug::PerformSideEffectCheck(function, receiver)`.
    #[link_name = "__real__ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE"]
    fn v8_enter(debug: *mut c_void, function: Handle, receiver: Handle) -> bool;

    /// `v8::internal::Debug::PerformSideEffectCheckForObject(object)`: ends the call unless the object is new.
    #[link_name = "_ZN2v88internal5Debug31PerformSideEffectCheckForObjectENS0_12DirectHandleINS0_6ObjectEEE"]
    fn v8_change(debug: *mut c_void, object: Handle) -> bool;

    /// `v8::internal::Debug::PerformSideEffectCheckAtBytecode(frame)`.
    #[link_name = "__real__ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE"]
    fn v8_change_at_instruction(debug: *mut c_void, frame: *mut c_void) -> bool;

    /// `v8::internal::UnoptimizedJSFrame::ReadInterpreterRegister(index)`.
    #[link_name = "__real__ZNK2v88internal18UnoptimizedJSFrame23ReadInterpreterRegisterEi"]
    fn v8_read_register(frame: *const c_void, register: i32) -> usize;

    /// `v8::internal::Debug::IsTemporaryObject(object)`.
    #[link_name = "_ZNK2v88internal5Debug17IsTemporaryObjectENS0_12DirectHandleINS0_10HeapObjectEEE"]
    fn v8_is_new(debug: *const c_void, object: Handle) -> bool;

    /// `v8::internal::Debug::SetTemporaryObjectTrackingDisabled(disabled)`: what is made meanwhile counts as older.
    #[link_name = "_ZN2v88internal5Debug34SetTemporaryObjectTrackingDisabledEb"]
    fn v8_make_older(debug: *mut c_void, disabled: bool);

    /// `v8::internal::Factory::NewFunctionPrototype(function)`.
    #[link_name = "__real__ZN2v88internal7Factory20NewFunctionPrototypeENS0_12DirectHandleINS0_10JSFunctionEEE"]
    fn v8_new_prototype(factory: *mut c_void, function: Handle) -> Handle;

    /// `v8::internal::DebugEvaluate::FunctionGetSideEffectState(isolate, function)`.
    #[link_name = "__real__ZN2v88internal13DebugEvaluate26FunctionGetSideEffectStateEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE"]
    fn v8_state_of_function(isolate: *mut c_void, function: Handle) -> i32;

    /// `v8::internal::interpreter::BytecodeArrayIterator::BytecodeArrayIterator(bytecodes, offset)`.
    #[link_name = "__real__ZN2v88internal11interpreter21BytecodeArrayIteratorC1ENS0_6HandleINS0_13BytecodeArrayEEEi"]
    fn v8_iterate(iterator: *mut instructions::Iterator, bytecodes: Handle, offset: i32);

    /// `v8::internal::DebugEvaluate::IsSideEffectFreeIntrinsic(function)`.
    #[link_name = "__real__ZN2v88internal13DebugEvaluate25IsSideEffectFreeIntrinsicENS0_7Runtime10FunctionIdE"]
    fn v8_is_harmless_intrinsic(function: i32) -> bool;
}

/// Ends the call as V8 ends one that would change `older`.
pub(super) fn stop(debug: *mut c_void, older: &Known) {
    // SAFETY: the debugger belongs to the isolate that runs; the object is one of it.
    unsafe { v8_change(debug, older.place.cast()) };
}

/// Asked at each entry of a function; true lets the call go on.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE")]
unsafe extern "C" fn enter(debug: *mut c_void, function: Handle, receiver: Handle) -> bool {
    #[cfg(test)]
    super::tests::reached("enter");
    // SAFETY: V8's own arguments go on to V8.
    let ask_v8 = || unsafe { v8_enter(debug, function, receiver) };
    let judged = running(|running| {
        running.debug.set(debug);
        // SAFETY: V8's handles are what the crate's locals are, and live for this call.
        let (function_local, receiver_local) = unsafe {
            (
                std::mem::transmute::<Handle, v8::Local<'_, v8::Function>>(function),
                std::mem::transmute::<Handle, v8::Local<'_, v8::Value>>(receiver),
            )
        };
        // Whether it may go on, and whether V8 has stopped it already.
        let (goes_on, stopped) = match running.judgements.of(function) {
            None => (ask_v8(), true),
            Some(Judgement::Creates) => (true, true),
            // SAFETY: as above.
            Some(Judgement::ChangesReceiver) => (unsafe { v8_change(debug, receiver) }, true),
            Some(Judgement::ChangesBytes) => (may_change_bytes(running, receiver_local), false),
            Some(Judgement::Refused) => (false, false),
            Some(Judgement::Constructor) if running.judgements.is_own_constructor(receiver_local) => (ask_v8(), true),
            Some(Judgement::Species) if has_own_species(running, receiver_local, false) => (ask_v8(), true),
            Some(Judgement::SpeciesLater) if has_own_species(running, receiver_local, true) => (ask_v8(), true),
            Some(Judgement::Constructor | Judgement::Species | Judgement::SpeciesLater) => (false, false),
            // Anything but a regular expression is V8's business.
            Some(Judgement::Matches) if !receiver_local.is_reg_exp() => (ask_v8(), true),
            Some(Judgement::Matches) => (may_match(running, receiver_local), false),
            Some(Judgement::MatchesAndSpecies) if !receiver_local.is_reg_exp() => (false, false),
            Some(Judgement::MatchesAndSpecies) => {
                let has_own_species = has_own_species(running, receiver_local, true);
                (has_own_species && may_match(running, receiver_local), false)
            }
        };
        if !goes_on {
            // SAFETY: the context is the one that the call was made in.
            v8::callback_scope!(unsafe scope, running.context);
            running.note(|| describe_entry(scope, function_local));
            if !stopped {
                running.stop(debug);
            }
        }
        goes_on
    });
    judged.unwrap_or_else(ask_v8)
}

fn may_change_bytes(running: &Running<'_>, receiver: v8::Local<'_, v8::Value>) -> bool {
    // SAFETY: the context is the one that the call was made in.
    v8::callback_scope!(unsafe scope, running.context);
    judgements::has_new_bytes(scope, running.buffers, receiver)
}

/// Whether the constructor of `receiver` has no say; `later`, because code of the app runs before a function looks for it, that is
/// found out again in the end.
fn has_own_species(running: &Running<'_>, receiver: v8::Local<'_, v8::Value>, later: bool) -> bool {
    // SAFETY: the context is the one that the call was made in.
    v8::callback_scope!(unsafe scope, running.context);
    let mut has = running.judgements.has_own_species(scope, receiver);
    if let (true, true, Ok(object)) = (has, later, v8::Local::<v8::Object>::try_from(receiver)) {
        match running.receivers.try_borrow_mut() {
            Ok(mut receivers) if receivers.len() < MOST_RECEIVERS => receivers.push(v8::Global::new(scope, object)),
            _ => has = false,
        }
    }
    has
}

/// Notes the `lastIndex` that a regular expression must have in the end.
fn may_match(running: &Running<'_>, receiver: v8::Local<'_, v8::Value>) -> bool {
    // SAFETY: the context is the one that the call was made in.
    v8::callback_scope!(unsafe scope, running.context);
    let (Ok(mut known), Ok(expression)) =
        (running.expressions.try_borrow_mut(), v8::Local::<v8::Object>::try_from(receiver))
    else {
        return false;
    };
    if known.iter().any(|(known, _)| *known == expression) {
        return true;
    }
    if known.len() == MOST_EXPRESSIONS {
        return false;
    }
    let Some(before) = judgements::last_index(scope, expression) else { return false };
    known.push((v8::Global::new(scope, expression), v8::Global::new(scope, before)));
    true
}

/// Asked before an instruction that may change an object; true lets it go on.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE")]
unsafe extern "C" fn change_at_instruction(debug: *mut c_void, frame: *mut c_void) -> bool {
    #[cfg(test)]
    super::tests::reached("change_at_instruction");
    running(|running| running.reads_register.set(true));
    // SAFETY: V8's own arguments go on to V8.
    let goes_on = unsafe { v8_change_at_instruction(debug, frame) };
    running(|running| {
        running.reads_register.set(false);
        if !goes_on {
            // SAFETY: the context is the one that the call was made in.
            v8::callback_scope!(unsafe scope, running.context);
            running.note(|| format!("the change of an older object{}", place(scope)));
        }
    });
    goes_on
}

/// Asked for the object that an instruction is about to change. V8 takes each view for an older object; a view of bytes that the
/// running call allocated itself is shown as a number, which V8 lets pass.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZNK2v88internal18UnoptimizedJSFrame23ReadInterpreterRegisterEi")]
unsafe extern "C" fn read_register(frame: *const c_void, register: i32) -> usize {
    #[cfg(test)]
    super::tests::reached("read_register");
    const NUMBER: usize = 0;
    // SAFETY: V8's own arguments go on to V8.
    let object = unsafe { v8_read_register(frame, register) };
    let harmless = running(|running| {
        running.reads_register.get() && {
            let place = &raw const object;
            // SAFETY: a handle is the address of a place that holds the object's address, and nothing moves objects here.
            let local = unsafe { std::mem::transmute::<*const usize, v8::Local<'_, v8::Value>>(place) };
            local.is_typed_array() && may_change_bytes(running, local)
        }
    });
    if harmless == Some(true) { NUMBER } else { object }
}

/// Asked for the `prototype` of a function, which V8 makes when it is first needed. That of an older function is older too.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal7Factory20NewFunctionPrototypeENS0_12DirectHandleINS0_10JSFunctionEEE")]
unsafe extern "C" fn new_prototype(factory: *mut c_void, function: Handle) -> Handle {
    #[cfg(test)]
    super::tests::reached("new_prototype");
    // SAFETY: V8's own arguments go on to V8, and the debugger belongs to the isolate that runs.
    unsafe {
        let debug = running(|running| running.debug.get()).filter(|debug| !debug.is_null());
        match debug.filter(|debug| !v8_is_new(*debug, function)) {
            Some(debug) => {
                v8_make_older(debug, true);
                let prototype = v8_new_prototype(factory, function);
                v8_make_older(debug, false);
                prototype
            }
            None => v8_new_prototype(factory, function),
        }
    }
}

/// Asked what a function may do as a whole.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal13DebugEvaluate26FunctionGetSideEffectStateEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE")]
unsafe extern "C" fn state_of_function(isolate: *mut c_void, function: Handle) -> i32 {
    #[cfg(test)]
    super::tests::reached("state_of_function");
    instructions::leaving_out_harmless(|| {
        // SAFETY: V8's own arguments go on to V8.
        unsafe { v8_state_of_function(isolate, function) }
    })
}

/// Asked for an iteration over the instructions of a function.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal11interpreter21BytecodeArrayIteratorC1ENS0_6HandleINS0_13BytecodeArrayEEEi")]
unsafe extern "C" fn iterate(iterator: *mut instructions::Iterator, bytecodes: Handle, offset: i32) {
    #[cfg(test)]
    super::tests::reached("iterate");
    // SAFETY: V8's own arguments go on to V8, which fills the iterator.
    unsafe {
        v8_iterate(iterator, bytecodes, offset);
        if let Some(iterator) = iterator.as_mut() {
            #[cfg(test)]
            if offset == 0 {
                super::tests::note_strange(instructions::strange(iterator));
            }
            instructions::leave_out_harmless(iterator);
        }
    }
}

/// Asked whether a function of V8's runtime is harmless.
///
/// # Safety
/// Called by V8 with its own arguments.
#[unsafe(export_name = "__wrap__ZN2v88internal13DebugEvaluate25IsSideEffectFreeIntrinsicENS0_7Runtime10FunctionIdE")]
unsafe extern "C" fn is_harmless_intrinsic(function: i32) -> bool {
    #[cfg(test)]
    super::tests::reached("is_harmless_intrinsic");
    // SAFETY: V8's own argument goes on to V8.
    let harmless = instructions::is_harmless_intrinsic(function) || unsafe { v8_is_harmless_intrinsic(function) };
    if !harmless {
        running(|running| {
            // SAFETY: the context is the one that the call was made in.
            v8::callback_scope!(unsafe scope, running.context);
            running.note(|| format!("{}{}", instructions::name_of_intrinsic(function), place(scope)));
        });
    }
    harmless
}

/// What the entry of a function is called in a report.
fn describe_entry(scope: &mut v8::PinScope<'_, '_>, function: v8::Local<'_, v8::Function>) -> String {
    let name = function.get_name(scope).to_rust_string_lossy(scope);
    let name = if name.is_empty() { "a function without a name".to_owned() } else { format!("`{name}`") };
    if function.script_id() <= 0 {
        return format!("the call of {name}{}", place(scope));
    }
    let origin = function.get_script_origin(scope);
    // Code that was made from text has no name. To turn anything but a string into text while the call is being ended makes V8
    // forget that it is, and V8 ends the process then.
    let script = origin.resource_name().and_then(|script| v8::Local::<v8::String>::try_from(script).ok());
    let script = script.map_or_else(|| "code made from text".to_owned(), |script| script.to_rust_string_lossy(scope));
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
