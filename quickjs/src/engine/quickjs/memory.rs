//! The memory of an interpreter: from the process, up to its limit, and until the time of a run is up.
//!
//! QuickJS looks whether a script is to end in loops of its own code only. Its functions that work long ask for memory while they do, and
//! end when there is none.
//!
//! When it gets no memory it makes an exception, and may collect garbage for that, while an object whose list of properties should have
//! grown is on none of its lists: that ends the process. So from then on it does not collect any until the next run. It has a limit of
//! its own, but does not tell when it refuses by that.

use rquickjs_sys as q;
use std::cell::Cell;
use std::ffi::c_void;
use std::time::Instant;

/// Small requests between two looks at the clock.
const SMALL_REQUESTS: u32 = 64;

/// Requests of so many bytes look at the clock at once.
const LARGE: usize = 16 << 10;

/// What the process needs for each block beside its bytes.
const OVERHEAD: usize = 8;

/// More than what QuickJS asks for to make small blocks of, for each of their sizes that a function needs.
const ARENA: usize = 32 << 10;

/// What QuickJS needs to make an exception, whose parts are of several sizes.
const EXCEPTION: usize = 8 * ARENA;

/// With so much memory in use QuickJS first collects garbage, as it does by default.
const FIRST_COLLECTION: Size = 256 << 10;

/// C's `size_t`, as the bindings have it.
type Size = u64;

fn bytes(size: Size) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// When an interpreter gets no more memory. Boxed, because QuickJS keeps its address.
#[derive(Default)]
pub(super) struct Memory {
    runtime: Cell<*mut q::JSRuntime>,
    /// Bytes in use.
    used: Cell<usize>,
    /// Bytes that may be in use; none before a run.
    limit: Cell<Option<usize>>,
    /// Whether something was refused since the limit was set.
    refused: Cell<bool>,
    deadline: Cell<Option<Instant>>,
    requests: Cell<u32>,
    /// The deadline was reached.
    over: Cell<bool>,
    /// Bytes that are given in any case.
    certain: Cell<usize>,
}

impl Memory {
    /// A runtime that takes its memory here, or null. The memory must outlive it.
    pub(super) fn new_runtime(&self) -> *mut q::JSRuntime {
        if cfg!(feature = "without_guards") {
            // SAFETY: the function has no preconditions.
            return unsafe { q::JS_NewRuntime() };
        }
        let functions = q::JSMallocFunctions {
            js_calloc: Some(calloc),
            js_malloc: Some(malloc),
            js_free: Some(free),
            js_realloc: Some(realloc),
            js_malloc_usable_size: Some(usable_size),
        };
        // SAFETY: QuickJS copies the functions, and passes them the pointer, which the caller keeps alive.
        let runtime = unsafe { q::JS_NewRuntime2(&raw const functions, std::ptr::from_ref(self).cast_mut().cast()) };
        self.runtime.set(runtime);
        runtime
    }

    /// Gives up to so many bytes from now on.
    pub(super) fn limit(&self, bytes: usize) {
        self.limit.set(Some(bytes));
        if self.refused.take() {
            self.collect_from(FIRST_COLLECTION);
        }
    }

    /// Whether something was refused since the limit was set, or so much is in use that making an array larger can fail.
    pub(super) fn is_full(&self) -> bool {
        self.refused.get() || self.limit.get().is_some_and(|limit| self.used.get() > limit / 3)
    }

    /// Whether something was refused since the limit was set.
    pub(super) fn has_refused(&self) -> bool {
        self.refused.get()
    }

    /// With how much memory in use QuickJS is to collect garbage.
    fn collect_from(&self, bytes: Size) {
        let runtime = self.runtime.get();
        if !runtime.is_null() {
            // SAFETY: memory is asked for by a live runtime only, and limits are set for one; this sets a number.
            unsafe { q::JS_SetGCThreshold(runtime, bytes) };
        }
    }

    /// Gives memory until `deadline` only, or without end.
    pub(super) fn end_at(&self, deadline: Option<Instant>) {
        self.deadline.set(deadline);
        self.over.set(false);
        self.certain.set(0);
    }

    /// Gives the exception that ends a script its memory in any case: without, QuickJS throws null, which scripts can catch.
    pub(super) fn make_sure_of_exception(&self) {
        self.certain.set(self.certain.get().max(EXCEPTION));
    }

    /// Gives so many bytes, and what QuickJS asks for to give them on, in any case while `run` runs: for a function of QuickJS that ends
    /// the process without.
    pub(super) fn certainly<R>(&self, bytes: usize, run: impl FnOnce() -> R) -> R {
        self.certain.set(bytes.saturating_add(ARENA));
        let result = run();
        self.certain.set(0);
        result
    }

    /// Counts so many bytes that are not QuickJS's, unless there are not so many.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let gives = self.gives(bytes);
        if gives {
            self.used.set(self.used.get().saturating_add(bytes));
        }
        gives
    }

    /// Gives bytes back that were reserved.
    pub(super) fn release(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }

    /// Whether there are so many bytes more.
    fn gives(&self, bytes: usize) -> bool {
        if let Some(rest) = self.certain.get().checked_sub(bytes) {
            self.certain.set(rest);
            return true;
        }
        let requests = self.requests.get().wrapping_add(1);
        self.requests.set(requests);
        if (bytes >= LARGE || requests.is_multiple_of(SMALL_REQUESTS))
            && self.deadline.get().is_some_and(|deadline| Instant::now() >= deadline)
        {
            self.over.set(true);
        }
        let is_beyond = |limit: usize| self.used.get().saturating_add(bytes) > limit;
        let gives = !self.over.get() && !self.limit.get().is_some_and(is_beyond);
        if !gives && !self.refused.replace(true) {
            self.collect_from(Size::MAX);
        }
        gives
    }

    /// Counts a block that was given.
    ///
    /// # Safety
    /// The block is null, or one of `libc`'s.
    unsafe fn count(&self, block: *mut c_void) -> *mut c_void {
        if !block.is_null() {
            // SAFETY: as the caller says.
            let bytes = unsafe { libc::malloc_usable_size(block) };
            self.used.set(self.used.get().saturating_add(bytes + OVERHEAD));
        }
        block
    }

    /// Forgets a block of so many bytes.
    fn forget(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes + OVERHEAD));
    }
}

/// The memory of a pointer that QuickJS passes.
///
/// # Safety
/// The pointer is that of a live [`Memory`]. One thread at a time uses an interpreter.
unsafe fn memory<'a>(memory: *mut c_void) -> &'a Memory {
    // SAFETY: as the caller says.
    unsafe { &*memory.cast::<Memory>() }
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime.
unsafe extern "C" fn calloc(opaque: *mut c_void, count: Size, size: Size) -> *mut c_void {
    // SAFETY: QuickJS passes the runtime's pointer; `calloc` has no preconditions.
    unsafe {
        let (memory, count, size) = (memory(opaque), bytes(count), bytes(size));
        match memory.gives(count.saturating_mul(size)) {
            true => memory.count(libc::calloc(count, size)),
            false => std::ptr::null_mut(),
        }
    }
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime.
unsafe extern "C" fn malloc(opaque: *mut c_void, size: Size) -> *mut c_void {
    // SAFETY: QuickJS passes the runtime's pointer; `malloc` has no preconditions.
    unsafe {
        let (memory, size) = (memory(opaque), bytes(size));
        match memory.gives(size) {
            true => memory.count(libc::malloc(size)),
            false => std::ptr::null_mut(),
        }
    }
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime, and one that the functions here gave.
unsafe extern "C" fn realloc(opaque: *mut c_void, data: *mut c_void, size: Size) -> *mut c_void {
    // SAFETY: as above; nothing that gets smaller is refused. QuickJS itself handles null and no bytes.
    unsafe {
        let (memory, size, former) = (memory(opaque), bytes(size), libc::malloc_usable_size(data));
        if size > former && !memory.gives(size - former) {
            return std::ptr::null_mut();
        }
        let block = libc::realloc(data, size);
        if !block.is_null() {
            memory.forget(former);
        }
        memory.count(block)
    }
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime, and what the functions here gave.
unsafe extern "C" fn free(opaque: *mut c_void, data: *mut c_void) {
    // SAFETY: as the caller says.
    unsafe {
        if !data.is_null() {
            memory(opaque).forget(libc::malloc_usable_size(data));
        }
        libc::free(data);
    }
}

/// # Safety
/// Called by QuickJS with what the functions here gave.
unsafe extern "C" fn usable_size(data: *const c_void) -> Size {
    // SAFETY: as the caller says.
    unsafe { libc::malloc_usable_size(data.cast_mut()) as Size }
}
