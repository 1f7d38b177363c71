//! What V8 asks here instead of itself while a call is checked: the linker gives V8's names to the functions of this file, and the
//! names with `__real_` to V8's own (see `build.rs`).

use super::instructions::Seen;
use super::judgements::{self, Judgement, Known};
use super::{Handle, MOST_EXPRESSIONS, MOST_RECEIVERS, Refusal, Running, What, instructions, running};
use crate::engine::v8::wrap::wrap;
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

    /// `v8::internal::TemplateObjectDescription::GetTemplateObject(isolate, context, description, function, slot)`.
    #[link_name = "__real__ZN2v88internal25TemplateObjectDescription17GetTemplateObjectEPNS0_7IsolateENS0_12DirectHandleINS0_13NativeContextEEENS4_IS1_EENS4_INS0_18SharedFunctionInfoEEEi"]
    fn v8_template_object(
        isolate: *mut c_void,
        context: Handle,
        description: Handle,
        function: Handle,
        slot: i32,
    ) -> Handle;

    /// `v8::internal::DebugEvaluate::FunctionGetSideEffectState(isolate, function)`.
    #[link_name = "__real__ZN2v88internal13DebugEvaluate26FunctionGetSideEffectStateEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE"]
    fn v8_state_of_function(isolate: *mut c_void, function: Handle) -> i32;

    /// `v8::internal::interpreter::BytecodeArrayIterator::BytecodeArrayIterator(bytecodes, offset)`.
    #[link_name = "__real__ZN2v88internal11interpreter21BytecodeArrayIteratorC1ENS0_6HandleINS0_13BytecodeArrayEEEi"]
    fn v8_iterate(iterator: *mut instructions::Iterator, bytecodes: Handle, offset: i32);

    /// `v8::internal::interpreter::BytecodeArrayIterator::~BytecodeArrayIterator()`.
    #[link_name = "_ZN2v88internal11interpreter21BytecodeArrayIteratorD1Ev"]
    fn v8_end_iteration(iterator: *mut instructions::Iterator);

    /// `v8::internal::DebugEvaluate::ApplySideEffectChecks(bytecodes)`.
    #[link_name = "__real__ZN2v88internal13DebugEvaluate21ApplySideEffectChecksENS0_6HandleINS0_13BytecodeArrayEEE"]
    fn v8_apply_checks(bytecodes: Handle);

    /// `v8::internal::DebugEvaluate::IsSideEffectFreeIntrinsic(function)`.
    #[link_name = "__real__ZN2v88internal13DebugEvaluate25IsSideEffectFreeIntrinsicENS0_7Runtime10FunctionIdE"]
    fn v8_is_harmless_intrinsic(function: i32) -> bool;
}

wrap!(
    "__wrap__ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE",
    enter
);
wrap!("__wrap__ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE", change_at_instruction);
wrap!("__wrap__ZNK2v88internal18UnoptimizedJSFrame23ReadInterpreterRegisterEi", read_register);
wrap!("__wrap__ZN2v88internal7Factory20NewFunctionPrototypeENS0_12DirectHandleINS0_10JSFunctionEEE", new_prototype);
wrap!(
    "__wrap__ZN2v88internal25TemplateObjectDescription17GetTemplateObjectEPNS0_7IsolateENS0_12DirectHandleINS0_13NativeContextEEENS4_IS1_EENS4_INS0_18SharedFunctionInfoEEEi",
    template_object
);
wrap!(
    "__wrap__ZN2v88internal13DebugEvaluate26FunctionGetSideEffectStateEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE",
    state_of_function
);
wrap!("__wrap__ZN2v88internal13DebugEvaluate21ApplySideEffectChecksENS0_6HandleINS0_13BytecodeArrayEEE", apply_checks);
wrap!("__wrap__ZN2v88internal11interpreter21BytecodeArrayIteratorC1ENS0_6HandleINS0_13BytecodeArrayEEEi", iterate);
wrap!(
    "__wrap__ZN2v88internal13DebugEvaluate25IsSideEffectFreeIntrinsicENS0_7Runtime10FunctionIdE",
    is_harmless_intrinsic
);

/// Ends the call as V8 ends one that would change `older`.
pub(super) fn stop(debug: *mut c_void, older: &Known) {
    // SAFETY: the debugger belongs to the isolate that runs; the object is one of it.
    unsafe { v8_change(debug, older.place.cast()) };
}

/// Asked at each entry of a function; true lets the call go on.
///
/// # Safety
/// Called by V8 with its own arguments.
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
            let function = v8::Global::new(scope, function_local);
            running.note(|| refusal(scope, What::Entry(function)));
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
            running.note(|| refusal(scope, What::Other("the change of an older object".to_owned())));
        }
    });
    goes_on
}

/// Asked for the object that an instruction is about to change. V8 takes each view for an older object; a view of bytes that the
/// running call allocated itself is shown as a number, which V8 lets pass.
///
/// # Safety
/// Called by V8 with its own arguments.
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
unsafe extern "C" fn new_prototype(factory: *mut c_void, function: Handle) -> Handle {
    #[cfg(test)]
    super::tests::reached("new_prototype");
    // SAFETY: the debugger belongs to the isolate that runs.
    let is_older = |debug: *mut c_void| unsafe { !v8_is_new(debug, function) };
    // SAFETY: V8's own arguments go on to V8.
    making_older(is_older, || unsafe { v8_new_prototype(factory, function) })
}

/// What `make` makes counts as older if a call is checked and `applies`.
fn making_older(applies: impl FnOnce(*mut c_void) -> bool, make: impl FnOnce() -> Handle) -> Handle {
    let debug = running(|running| running.debug.get()).filter(|debug| !debug.is_null());
    let debug = debug.filter(|debug| applies(*debug));
    let set = |older: bool| {
        if let Some(debug) = debug {
            // SAFETY: the debugger belongs to the isolate that runs.
            unsafe { v8_make_older(debug, older) };
        }
    };
    set(true);
    let made = make();
    set(false);
    made
}

/// Asked for the strings of a template, which V8 keeps for the next evaluation: they count as older at once. They are frozen, but a
/// class may still give them private fields.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn template_object(
    isolate: *mut c_void,
    context: Handle,
    description: Handle,
    function: Handle,
    slot: i32,
) -> Handle {
    #[cfg(test)]
    super::tests::reached("template_object");
    // SAFETY: V8's own arguments go on to V8.
    making_older(|_| true, || unsafe { v8_template_object(isolate, context, description, function, slot) })
}

/// Asked what a function may do as a whole.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn state_of_function(isolate: *mut c_void, function: Handle) -> i32 {
    #[cfg(test)]
    super::tests::reached("state_of_function");
    const HAS_SIDE_EFFECTS: i32 = 1;
    const REQUIRES_CHECKS: i32 = 2;
    const HAS_NO_SIDE_EFFECT: i32 = 3;
    // SAFETY: V8's own arguments go on to V8.
    let (state, seen) = instructions::leaving_out_harmless(|| unsafe { v8_state_of_function(isolate, function) });
    match (state, seen) {
        // SAFETY: V8 looked at no instructions, because the function has none.
        (HAS_SIDE_EFFECTS, Seen::None) if unsafe { instructions::is_harmless_builtin(function) } => HAS_NO_SIDE_EFFECT,
        (HAS_NO_SIDE_EFFECT, Seen::NotThoseToCheck) => REQUIRES_CHECKS,
        _ => state,
    }
}

/// Asked to have V8 stop before the instructions of a function that it checks one by one.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn apply_checks(bytecodes: Handle) {
    #[cfg(test)]
    super::tests::reached("apply_checks");
    let mut iterator = std::mem::MaybeUninit::<instructions::Iterator>::uninit();
    // SAFETY: V8's own argument goes on to V8, which fills the iterator and clears it up.
    unsafe {
        v8_iterate(iterator.as_mut_ptr(), bytecodes, 0);
        instructions::check_more(iterator.assume_init_ref());
        v8_end_iteration(iterator.as_mut_ptr());
        v8_apply_checks(bytecodes);
    }
}

/// Asked for an iteration over the instructions of a function.
///
/// # Safety
/// Called by V8 with its own arguments.
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
unsafe extern "C" fn is_harmless_intrinsic(function: i32) -> bool {
    #[cfg(test)]
    super::tests::reached("is_harmless_intrinsic");
    // SAFETY: V8's own argument goes on to V8.
    let harmless = instructions::is_harmless_intrinsic(function) || unsafe { v8_is_harmless_intrinsic(function) };
    if !harmless {
        running(|running| {
            // SAFETY: the context is the one that the call was made in.
            v8::callback_scope!(unsafe scope, running.context);
            running.note(|| refusal(scope, What::Other(instructions::name_of_intrinsic(function))));
        });
    }
    harmless
}

/// What a call is stopped at, with the place where it is. V8's exception may be pending.
fn refusal(scope: &mut v8::PinScope<'_, '_>, what: What) -> Refusal {
    const FRAMES: usize = 16;
    let trace = v8::StackTrace::current_stack_trace(scope, FRAMES);
    Refusal { what, trace: trace.map(|trace| v8::Global::new(scope, trace)) }
}
