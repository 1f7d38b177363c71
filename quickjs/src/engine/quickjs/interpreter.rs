//! A runtime with one context: an interpreter, fresh for a request or kept for a key.

use super::bindings::{self, Classes, Views};
use super::jobs;
use super::memory::Memory;
use super::modules;
use super::value::{Context, Value};
use crate::engine::stack;
use crate::engine::{OptionalGlobals, RuntimeOptions};
use rquickjs_sys as q;
use std::cell::OnceCell;
use std::time::Instant;

/// The least heap with which an interpreter can be made and run anything.
const SMALLEST_HEAP: usize = 512 << 10;

/// A runtime with one context, owned.
pub(super) struct Interpreter {
    runtime: *mut q::JSRuntime,
    context: Context,
    /// Outlives the runtime, which `drop` frees.
    memory: Box<Memory>,
}

// SAFETY: QuickJS keeps nothing per thread; the owner lets one thread at a time use an interpreter, and the stack limit is set
// anew for each run.
unsafe impl Send for Interpreter {}

/// Constructors as they were before any script ran.
pub(super) struct Globals {
    pub(super) type_error: Value,
    pub(super) range_error: Value,
    pub(super) internal_error: Value,
    pub(super) date: Value,
    pub(super) bind: Value,
    pub(super) views: Views,
    pub(super) classes: Classes,
    ccf: OnceCell<Value>,
    memory: *const Memory,
}

impl Globals {
    /// Where the context has its memory from.
    pub(super) fn memory(&self) -> &Memory {
        // SAFETY: the interpreter frees the globals before its memory.
        unsafe { &*self.memory }
    }

    /// Keeps `ccf` itself, which scripts may replace.
    pub(super) fn keep_ccf(&self, ccf: &Value) {
        self.ccf.get_or_init(|| ccf.context().borrow(ccf.raw()));
    }

    /// `ccf` as it was made.
    pub(super) fn ccf(&self) -> Option<&Value> {
        self.ccf.get()
    }
}

/// The constructors of a context.
pub(super) fn globals<'a>(context: Context) -> &'a Globals {
    // SAFETY: every context gets its globals in `Interpreter::new`, and frees them with the interpreter.
    unsafe { &*q::JS_GetContextOpaque(context.0).cast::<Globals>() }
}

/// Why an interpreter can't be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    OutOfMemory,
    OutOfStack,
}

impl Interpreter {
    /// Makes an interpreter with the globals of the contract, those that are `optional` if they are wanted, within the limits of
    /// `options`.
    pub(super) fn new(options: &RuntimeOptions, optional: OptionalGlobals) -> Result<Interpreter, Refused> {
        if options.max_heap_bytes < SMALLEST_HEAP {
            return Err(Refused::OutOfMemory);
        }
        if !stack::is_enough() {
            return Err(Refused::OutOfStack);
        }
        // SAFETY: the runtime and the context are checked for null and owned by the interpreter from then on.
        unsafe {
            let memory = Box::<Memory>::default();
            let runtime = memory.new_runtime();
            if runtime.is_null() {
                return Err(Refused::OutOfMemory);
            }
            let context = q::JS_NewContextRaw(runtime);
            let interpreter = Interpreter { runtime, context: Context(context), memory };
            if context.is_null() || !interpreter.add_intrinsics() {
                return Err(Refused::OutOfMemory);
            }
            interpreter.limit(options)?;
            modules::set_loader(runtime);
            jobs::watch_promises(runtime);
            let classes = Classes::register(runtime).ok_or(Refused::OutOfMemory)?;
            let globals = interpreter.find_globals(classes).ok_or(Refused::OutOfMemory)?;
            q::JS_SetContextOpaque(context, Box::into_raw(Box::new(globals)).cast());
            bindings::install(interpreter.context, optional).map_err(|_| Refused::OutOfMemory)?;
            Ok(interpreter)
        }
    }

    /// The language's globals, without those that show garbage collection, and without clocks.
    unsafe fn add_intrinsics(&self) -> bool {
        let context = self.context.0;
        // SAFETY: the context is live and new.
        unsafe {
            q::JS_AddIntrinsicBaseObjects(context) == 0
                && q::JS_AddIntrinsicDate(context) == 0
                && q::JS_AddIntrinsicEval(context) == 0
                && q::JS_AddIntrinsicRegExp(context) == 0
                && q::JS_AddIntrinsicJSON(context) == 0
                && q::JS_AddIntrinsicProxy(context) == 0
                && q::JS_AddIntrinsicMapSet(context) == 0
                && q::JS_AddIntrinsicTypedArrays(context) == 0
                && q::JS_AddIntrinsicPromise(context) == 0
        }
    }

    fn find_globals(&self, classes: Classes) -> Option<Globals> {
        let global = self.context.global();
        Some(Globals {
            type_error: global.get(c"TypeError").ok()?,
            range_error: global.get(c"RangeError").ok()?,
            internal_error: global.get(c"InternalError").ok()?,
            date: global.get(c"Date").ok()?,
            bind: global.get(c"Function").ok()?.get(c"prototype").ok()?.get(c"bind").ok()?,
            views: Views::find(&global)?,
            classes,
            ccf: OnceCell::new(),
            memory: &raw const *self.memory,
        })
    }

    /// Sets the limits for a run on the calling thread.
    pub(super) fn limit(&self, options: &RuntimeOptions) -> Result<(), Refused> {
        let stack = stack::usable(options.max_stack_bytes).ok_or(Refused::OutOfStack)?;
        self.memory.limit(options.max_heap_bytes);
        // SAFETY: the runtime is live.
        unsafe {
            q::JS_SetMaxStackSize(self.runtime, stack as _);
            q::JS_UpdateStackTop(self.runtime);
        }
        Ok(())
    }

    /// Whether this run did not get memory, or uses so much that making an array larger can fail.
    pub(super) fn is_full(&self) -> bool {
        self.memory.is_full()
    }

    /// Where it has its memory from.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Has scripts end at `deadline` also where they ask for memory; `None` lets them have it.
    pub(super) fn end_memory_at(&self, deadline: Option<Instant>) {
        self.memory.end_at(deadline);
    }

    pub(super) fn runtime(&self) -> *mut q::JSRuntime {
        self.runtime
    }

    pub(super) fn context(&self) -> Context {
        self.context
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        // SAFETY: both are owned and not used afterwards; the globals were made by `Box::into_raw`.
        unsafe {
            if !self.context.0.is_null() {
                let globals = q::JS_GetContextOpaque(self.context.0).cast::<Globals>();
                if !globals.is_null() {
                    drop(Box::from_raw(globals));
                }
                q::JS_FreeContext(self.context.0);
            }
            q::JS_FreeRuntime(self.runtime);
        }
    }
}
