//! Ending a script inside V8's own functions: in those that can go on for long, V8 itself does not look whether it is to stop.
//!
//! V8 asks here on its slow paths, where an exception is possible anyway: the linker gives V8's names to the functions of this file,
//! and the names with `__real_` to V8's own (see `build.rs`). One that is to end throws what V8 throws when it ends a script.

use super::wrap::{self, instead, wrap};
use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Whether the script of an isolate is to end.
#[derive(Clone, Default)]
pub(super) struct Ending(Arc<State>);

#[derive(Default)]
struct State {
    begun: AtomicBool,
    out_of_memory: AtomicBool,
}

impl Ending {
    /// Has the script end; on any thread. V8 is to be told as well, with `terminate_execution`.
    pub(super) fn begin(&self) {
        self.0.begun.store(true, Ordering::Relaxed);
    }

    /// Has the script end because it asked for too much memory.
    pub(super) fn begin_out_of_memory(&self) {
        self.0.out_of_memory.store(true, Ordering::Relaxed);
        self.begin();
    }

    /// Whether any script of the isolate has asked for too much memory.
    pub(super) fn was_out_of_memory(&self) -> bool {
        self.0.out_of_memory.load(Ordering::Relaxed)
    }

    /// Lets the next script run. No thread may be about to end the former one.
    fn clear(&self) {
        self.0.begun.store(false, Ordering::Relaxed);
    }

    /// Lets V8's functions on this thread see it, and what the script may use, until the result is dropped.
    ///
    /// # Safety
    /// The isolate, which the calling thread has locked, must outlive the result.
    pub(super) unsafe fn watch(&self, isolate: &v8::Isolate, heap_bytes: usize) -> Watched<'_> {
        self.clear();
        let isolate = wrap::address(isolate);
        let here = Here { ending: Arc::as_ptr(&self.0), isolate, heap_bytes, since: None, texts: 0 };
        Watched { former: HERE.replace(Some(here)), _ending: self }
    }
}

/// The time in which V8's functions see an [`Ending`].
pub(super) struct Watched<'ending> {
    former: Option<Here>,
    _ending: &'ending Ending,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        HERE.set(self.former);
    }
}

/// Makes it possible to end what runs inside of this scope. For others V8 would look where it is, and optimized code does not know
/// while it asks for memory.
pub(super) fn keep_possible(scope: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) {
    scope.set_capture_message(false);
}

/// What runs on a thread.
#[derive(Clone, Copy)]
struct Here {
    ending: *const State,
    isolate: *mut c_void,
    heap_bytes: usize,
    /// When it was first seen that the script is to end.
    since: Option<Instant>,
    /// Texts that were made of values since then.
    texts: u32,
}

thread_local! {
    static HERE: Cell<Option<Here>> = const { Cell::new(None) };
}

/// The heap of the script that runs on this thread.
pub(super) fn heap_bytes() -> Option<usize> {
    HERE.get().map(|here| here.heap_bytes)
}

/// Whether the script of this thread is to end.
pub(super) fn has_begun() -> bool {
    // SAFETY: `watch` promises that the flag lives.
    HERE.get().is_some_and(|here| unsafe { (*here.ending).begun.load(Ordering::Relaxed) })
}

/// The value with which functions of V8's runtime tell that they have thrown.
pub(super) type Exception = usize;

/// Throws if the script of this thread is to end, has been for `patience`, and may end here.
#[inline]
fn end(patience: Duration, may: impl Fn() -> bool) -> Option<Exception> {
    let here = HERE.get()?;
    #[cfg(test)]
    let patience = if may() && counted::comes_to_its_end(here) { Duration::ZERO } else { patience };
    // SAFETY: `watch` promises that the flag lives.
    if unsafe { (*here.ending).begun.load(Ordering::Relaxed) } && may() { end_now(here, patience) } else { None }
}

/// Ends at a place that is counted, not at a time: for the tests.
#[cfg(test)]
mod counted {
    use super::*;

    thread_local! {
        static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Has this thread's scripts end after so many places at which they can.
    pub(super) fn end_after(places: Option<u64>) {
        LEFT.set(places);
    }

    /// How many places are left.
    pub(super) fn left() -> Option<u64> {
        LEFT.get()
    }

    /// Whether the script is to end at this place, the next one.
    pub(super) fn comes_to_its_end(here: Here) -> bool {
        let Some(left) = LEFT.get() else { return false };
        if left > 0 {
            LEFT.set(Some(left - 1));
            return false;
        }
        // SAFETY: `watch` promises that both live; the function may be called on any thread.
        unsafe {
            (*here.ending).begun.store(true, Ordering::Relaxed);
            v8_terminate(here.isolate);
        }
        true
    }
}

#[cold]
fn end_now(mut here: Here, patience: Duration) -> Option<Exception> {
    let now = Instant::now();
    let since = *here.since.get_or_insert(now);
    HERE.set(Some(here));
    if now.duration_since(since) < patience {
        return None;
    }
    // SAFETY: `watch` promises that the isolate lives, and it runs on this thread.
    unsafe { throw(here.isolate) }
}

/// Throws what ends the script that V8 has been told to end, unless V8 may not do so now.
///
/// # Safety
/// The isolate runs on this thread.
unsafe fn throw(isolate: *mut c_void) -> Option<Exception> {
    // SAFETY: the caller's promise; the functions read no arguments.
    unsafe {
        if v8_is_terminating(isolate) {
            return Some(v8_end_script(0, std::ptr::null(), isolate));
        }
        let thrown = v8_handle_runtime_interrupts(0, std::ptr::null_mut(), isolate);
        v8_is_terminating(isolate).then_some(thrown)
    }
}

wrap!("__wrap__ZN2v88internal10StackGuard16HandleInterruptsENS1_14InterruptLevelE", handle_interrupts);

/// Does what V8 was asked to do soon. V8 ends a script once, and takes that for done; but some of its functions, and jobs and texts of
/// errors that come after it, go on with the script. So it is asked again, until the script's time is over.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn handle_interrupts(guard: *mut c_void, level: i32) -> Exception {
    // SAFETY: V8's own arguments go on to V8; `watch` promises that both live, and the isolate runs on this thread.
    unsafe {
        let answer = v8_handle_interrupts(guard, level);
        if let Some(here) = HERE.get()
            && (*here.ending).begun.load(Ordering::Relaxed)
            && v8_is_terminating(here.isolate)
        {
            v8_terminate(here.isolate);
        }
        answer
    }
}

/// Ends the script that runs on this thread, because it asked for too much memory, in a function of V8's runtime; none if nothing
/// runs that can end.
pub(super) fn end_out_of_memory() -> Option<Exception> {
    let here = HERE.get()?;
    // SAFETY: `watch` promises that both live; the isolate runs on this thread.
    unsafe {
        (*here.ending).out_of_memory.store(true, Ordering::Relaxed);
        (*here.ending).begun.store(true, Ordering::Relaxed);
        v8_terminate(here.isolate);
        throw(here.isolate)
    }
}

unsafe extern "C" {
    /// `v8::internal::Runtime_HandleNoHeapWritesInterrupts`
    #[link_name = "_ZN2v88internal36Runtime_HandleNoHeapWritesInterruptsEiPmPNS0_7IsolateE"]
    fn v8_handle_runtime_interrupts(count: i32, arguments: *mut usize, isolate: *mut c_void) -> Exception;

    /// `v8::internal::StackGuard::HandleInterrupts(level)`
    #[link_name = "__real__ZN2v88internal10StackGuard16HandleInterruptsENS1_14InterruptLevelE"]
    fn v8_handle_interrupts(guard: *mut c_void, level: i32) -> Exception;

    /// `v8::internal::Runtime_TerminateExecution()`: ends the script in any case; with an exception on its way, by that one.
    #[link_name = "_ZN2v88internal26Runtime_TerminateExecutionEiPmPNS0_7IsolateE"]
    pub(super) fn v8_end_script(count: i32, arguments: *const usize, isolate: *mut c_void) -> Exception;

    /// `v8::Isolate::TerminateExecution()`
    #[link_name = "_ZN2v87Isolate18TerminateExecutionEv"]
    fn v8_terminate(isolate: *mut c_void);

    /// `v8::Isolate::IsExecutionTerminating()`
    #[link_name = "_ZN2v87Isolate22IsExecutionTerminatingEv"]
    fn v8_is_terminating(isolate: *mut c_void) -> bool;
}

/// A function of V8's runtime, which compiled code calls: it may throw.
macro_rules! runtime {
    ($name:ident, $mangled:literal) => {
        instead!(
            $name,
            $mangled,
            (count: i32, arguments: *mut usize, isolate: *mut c_void),
            usize,
            end(Duration::ZERO, || true)
        );
    };
}

runtime!(allocate_young, "_ZN2v88internal33Runtime_AllocateInYoungGenerationEiPmPNS0_7IsolateE");
runtime!(allocate_old, "_ZN2v88internal31Runtime_AllocateInOldGenerationEiPmPNS0_7IsolateE");
runtime!(set_keyed_property, "_ZN2v88internal24Runtime_SetKeyedPropertyEiPmPNS0_7IsolateE");
runtime!(get_property, "_ZN2v88internal19Runtime_GetPropertyEiPmPNS0_7IsolateE");
runtime!(has_property, "_ZN2v88internal19Runtime_HasPropertyEiPmPNS0_7IsolateE");
runtime!(delete_property, "_ZN2v88internal22Runtime_DeletePropertyEiPmPNS0_7IsolateE");
runtime!(create_data_property, "_ZN2v88internal26Runtime_CreateDataPropertyEiPmPNS0_7IsolateE");
runtime!(equal_numbers, "_ZN2v88internal27Runtime_BigIntEqualToBigIntEiPmPNS0_7IsolateE");
runtime!(equal_to_text, "_ZN2v88internal27Runtime_BigIntEqualToStringEiPmPNS0_7IsolateE");
runtime!(compare_to_text, "_ZN2v88internal29Runtime_BigIntCompareToStringEiPmPNS0_7IsolateE");
runtime!(big_to_number, "_ZN2v88internal22Runtime_BigIntToNumberEiPmPNS0_7IsolateE");
runtime!(string_to_number, "_ZN2v88internal22Runtime_StringToNumberEiPmPNS0_7IsolateE");
runtime!(string_equal, "_ZN2v88internal19Runtime_StringEqualEiPmPNS0_7IsolateE");
runtime!(load, "_ZN2v88internal19Runtime_LoadIC_MissEiPmPNS0_7IsolateE");
runtime!(load_from_baseline, "_ZN2v88internal32Runtime_LoadIC_Miss_FromBaselineEiPmPNS0_7IsolateE");
runtime!(load_without_feedback, "_ZN2v88internal29Runtime_LoadNoFeedbackIC_MissEiPmPNS0_7IsolateE");
runtime!(load_with_receiver, "_ZN2v88internal31Runtime_LoadWithReceiverIC_MissEiPmPNS0_7IsolateE");
runtime!(
    load_with_receiver_without_feedback,
    "_ZN2v88internal41Runtime_LoadWithReceiverNoFeedbackIC_MissEiPmPNS0_7IsolateE"
);
runtime!(load_global, "_ZN2v88internal25Runtime_LoadGlobalIC_MissEiPmPNS0_7IsolateE");
runtime!(keyed_load, "_ZN2v88internal24Runtime_KeyedLoadIC_MissEiPmPNS0_7IsolateE");
runtime!(store, "_ZN2v88internal20Runtime_StoreIC_MissEiPmPNS0_7IsolateE");
runtime!(keyed_store, "_ZN2v88internal25Runtime_KeyedStoreIC_MissEiPmPNS0_7IsolateE");
runtime!(store_in_literal, "_ZN2v88internal34Runtime_StoreInArrayLiteralIC_MissEiPmPNS0_7IsolateE");
runtime!(define_keyed, "_ZN2v88internal29Runtime_DefineKeyedOwnIC_MissEiPmPNS0_7IsolateE");
runtime!(keyed_has, "_ZN2v88internal23Runtime_KeyedHasIC_MissEiPmPNS0_7IsolateE");
runtime!(clone_object, "_ZN2v88internal26Runtime_CloneObjectIC_MissEiPmPNS0_7IsolateE");
runtime!(throw_no_function, "_ZN2v88internal30Runtime_ThrowCalledNonCallableEiPmPNS0_7IsolateE");
runtime!(big_unary, "_ZN2v88internal21Runtime_BigIntUnaryOpEiPmPNS0_7IsolateE");
runtime!(dynamic_import, "_ZN2v88internal25Runtime_DynamicImportCallEiPmPNS0_7IsolateE");
runtime!(define_class, "_ZN2v88internal19Runtime_DefineClassEiPmPNS0_7IsolateE");
runtime!(enumerate, "_ZN2v88internal22Runtime_ForInEnumerateEiPmPNS0_7IsolateE");
runtime!(grow_array, "_ZN2v88internal25Runtime_GrowArrayElementsEiPmPNS0_7IsolateE");

runtime!(fill_table, "_ZN2v88internal21Runtime_WasmTableFillEiPmPNS0_7IsolateE");
runtime!(copy_table, "_ZN2v88internal21Runtime_WasmTableCopyEiPmPNS0_7IsolateE");
runtime!(init_table, "_ZN2v88internal21Runtime_WasmTableInitEiPmPNS0_7IsolateE");
runtime!(copy_array, "_ZN2v88internal21Runtime_WasmArrayCopyEiPmPNS0_7IsolateE");
runtime!(init_array, "_ZN2v88internal28Runtime_WasmArrayInitSegmentEiPmPNS0_7IsolateE");

/// How long scripts that are to end are given to end by themselves before V8's inner functions throw: most do at once.
const PATIENCE: Duration = Duration::from_millis(20);

/// A function inside V8 whose result tells that it has thrown. It throws only where it `may`: V8 looks up properties of its own objects and
/// makes texts of its own values as well, takes for granted that this does not throw, and ends the process if it does, or goes on with
/// nothing. It does so by name, and with values that are no objects.
macro_rules! inner {
    ($name:ident, $mangled:literal, ($($argument:ident: $type:ty),*), $result:ty, $thrown:expr, $may:expr) => {
        instead!($name, $mangled, ($($argument: $type),*), $result, {
            // SAFETY: V8's own arguments are live.
            end(PATIENCE, || unsafe { $may }).map(|_| $thrown)
        });
    };
}

/// V8's `Maybe<bool>`: whether there is a value, and the value.
type MaybeBool = u16;

/// The beginning of a `v8::internal::LookupIterator`.
#[repr(C)]
struct LookUp {
    parts: [usize; 9],
    /// All ones for a look-up by name.
    index: usize,
}

impl LookUp {
    fn is_by_index(&self) -> bool {
        self.index != usize::MAX
    }
}

inner!(
    get,
    "_ZN2v88internal6Object11GetPropertyEPNS0_14LookupIteratorEb",
    (look_up: *mut LookUp, is_global: bool),
    *mut usize,
    std::ptr::null_mut(),
    (*look_up).is_by_index()
);
inner!(
    has,
    "_ZN2v88internal10JSReceiver11HasPropertyEPNS0_14LookupIteratorE",
    (look_up: *mut LookUp),
    MaybeBool,
    0,
    (*look_up).is_by_index()
);
inner!(
    set,
    "_ZN2v88internal6Object11SetPropertyEPNS0_14LookupIteratorENS0_12DirectHandleIS1_EENS0_11StoreOriginENS_5MaybeINS0_11ShouldThrowEEE",
    (look_up: *mut LookUp, value: *mut usize, origin: i32, should_throw: u64),
    MaybeBool,
    0,
    (*look_up).is_by_index()
);
inner!(
    delete,
    "_ZN2v88internal10JSReceiver14DeletePropertyEPNS0_14LookupIteratorENS0_12LanguageModeE",
    (look_up: *mut LookUp, mode: bool),
    MaybeBool,
    0,
    (*look_up).is_by_index()
);
/// Whether V8 has made so many texts since the script was to end that it can't be for itself: then it is in a loop of `String.raw`.
fn makes_many_texts() -> bool {
    const MANY: u32 = 1 << 20;
    HERE.get().is_some_and(|here| {
        HERE.set(Some(Here { texts: here.texts.saturating_add(1), ..here }));
        here.texts >= MANY
    })
}

inner!(
    to_string,
    "_ZN2v88internal6Object15ConvertToStringINS0_12DirectHandleEQsr3stdE16is_convertible_vIT_IS1_ENS3_IS1_EEEEENS4_INS0_6StringEE9MaybeTypeEPNS0_7IsolateES5_",
    (isolate: *mut c_void, value: *const v8::Value),
    *mut usize,
    std::ptr::null_mut(),
    (*value).is_object() || makes_many_texts()
);

unsafe extern "C" {
    /// `v8::internal::regexp::GlobalExecRunner::FetchNext()`
    #[link_name = "__real__ZN2v88internal6regexp16GlobalExecRunner9FetchNextEv"]
    fn v8_next_match(runner: *mut Matches) -> *mut i32;
}

/// The beginning of a `v8::internal::regexp::GlobalExecRunner`.
#[repr(C)]
struct Matches {
    registers: [usize; 3],
    /// Matches at hand; a negative number tells that an exception was thrown.
    count: i32,
}

wrap!("__wrap__ZN2v88internal6regexp16GlobalExecRunner9FetchNextEv", next_match);

/// Asked for the next match of a regular expression that looks for all.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn next_match(runner: *mut Matches) -> *mut i32 {
    if end(Duration::ZERO, || true).is_some() {
        // SAFETY: the runner is live.
        unsafe { (*runner).count = -1 };
        return std::ptr::null_mut();
    }
    // SAFETY: V8's own arguments go on to V8.
    unsafe { v8_next_match(runner) }
}

#[cfg(test)]
mod tests;
