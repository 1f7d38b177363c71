//! What one run in an isolate may use: time, heap and stack.

use super::ending::Ending;
use super::stack;
use super::watchdog::{Script, Watchdog};
use crate::engine::{self, Exception, Failure, RuntimeOptions};
use std::ffi::c_void;
use std::time::Instant;

/// The least heap with which V8 can make a realm and run anything.
const SMALLEST_HEAP: usize = 1 << 20;

/// What V8's heap needs beyond the script's own objects; with less, V8 would give up while it makes realms.
const HEAP_BASE: usize = 24 << 20;

/// What the heap may grow by while a script that reached the limit is being ended: as much as one operation of V8 can ask for,
/// because V8 ends the process when that is refused. The memory is used only if the operation does.
const HEAP_SLACK: usize = 2 << 30;

/// The heap limit for V8 that lets scripts use `bytes`: in whole units, because V8 ends the process for others.
pub(super) fn heap_size(bytes: usize) -> usize {
    const UNIT: usize = 1 << 20;
    const MOST: usize = 1 << 40;
    bytes.saturating_add(HEAP_BASE).min(MOST).next_multiple_of(UNIT)
}

/// Tells whether an isolate's script has used up the heap. Boxed, because V8 keeps its address.
pub(super) struct HeapGuard {
    isolate: v8::IsolateHandle,
    ending: Ending,
}

impl HeapGuard {
    /// Watches the heap of `isolate`. The result must live as long as the isolate.
    pub(super) fn watch(isolate: &mut v8::Isolate) -> Box<HeapGuard> {
        let isolate_handle = isolate.thread_safe_handle();
        let guard = Box::new(HeapGuard { isolate: isolate_handle, ending: Ending::default() });
        isolate.add_near_heap_limit_callback(near_limit, std::ptr::from_ref::<HeapGuard>(&guard).cast_mut().cast());
        guard
    }

    /// Whether the limit was reached; such an isolate has no spare heap left and is not used again.
    pub(super) fn exceeded(&self) -> bool {
        self.ending.was_out_of_memory()
    }
}

/// Called by V8 when the heap is nearly full: ends the script, and gives it room to end in. Answering with the same limit would
/// end the process.
unsafe extern "C" fn near_limit(guard: *mut c_void, limit: usize, _initial: usize) -> usize {
    // SAFETY: `watch` registered this box, which outlives the isolate.
    let guard = unsafe { &*guard.cast::<HeapGuard>() };
    guard.ending.begin_out_of_memory();
    guard.isolate.terminate_execution();
    limit.saturating_add(HEAP_SLACK)
}

/// Why a script was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    TimedOut,
    OutOfMemory,
    OutOfStack,
}

impl Ended {
    /// What the caller and the log get.
    pub(super) fn failure(self) -> (Failure, Exception) {
        let (failure, message) = match self {
            Ended::TimedOut => (Failure::TimedOut, "InternalError: interrupted"),
            Ended::OutOfMemory => (Failure::Thrown, super::exception::OUT_OF_MEMORY),
            Ended::OutOfStack => (Failure::Thrown, super::exception::STACK_OVERFLOW),
        };
        (failure, Exception { message: message.to_owned(), trace: None })
    }
}

/// Limits of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) deadline: Instant,
    pub(super) heap_bytes: usize,
    pub(super) stack_bytes: usize,
}

impl Limits {
    /// The limits that `options` set, for a run that is to end at `deadline`.
    pub(super) fn new(deadline: Instant, options: &RuntimeOptions) -> Limits {
        Limits { deadline, heap_bytes: options.max_heap_bytes, stack_bytes: options.max_stack_bytes }
    }

    /// Whether the limits let anything run at all.
    pub(super) fn check(&self) -> Result<(), Ended> {
        if self.deadline <= Instant::now() {
            return Err(Ended::TimedOut);
        }
        if self.heap_bytes < SMALLEST_HEAP {
            return Err(Ended::OutOfMemory);
        }
        if !engine::stack::is_enough() {
            return Err(Ended::OutOfStack);
        }
        Ok(())
    }

    /// Runs `run` in the isolate that the calling thread has locked, and ends it at a limit. The result of `run` comes with the
    /// reason if it was ended; then the isolate can be used again unless its heap guard says otherwise.
    pub(super) fn guard<R>(
        &self,
        isolate: &mut v8::Isolate,
        heap: &HeapGuard,
        watchdog: &Watchdog,
        run: impl FnOnce(&mut v8::Isolate) -> R,
    ) -> Result<(R, Option<Ended>), Ended> {
        if cfg!(feature = "without_guards") {
            return Ok((run(isolate), None));
        }
        if !stack::limit(isolate, self.stack_bytes) {
            return Err(Ended::OutOfStack);
        }
        // SAFETY: the isolate, which the caller has locked, outlives this call.
        let watched = unsafe { heap.ending.watch(isolate, self.heap_bytes) };
        let script = Script { isolate: isolate.thread_safe_handle(), ending: heap.ending.clone() };
        let deadline = watchdog.arm(self.deadline, script);
        let result = run(isolate);
        // A native function may have ended the script before the watchdog came to it.
        let timed_out = deadline.disarm() || Instant::now() >= self.deadline;
        let ended = match (heap.exceeded(), timed_out) {
            (true, _) => Some(Ended::OutOfMemory),
            (false, true) => Some(Ended::TimedOut),
            (false, false) => None,
        };
        drop(watched);
        if ended.is_some() {
            isolate.cancel_terminate_execution();
        }
        Ok((result, ended))
    }
}
