//! The memory of an interpreter: from the process, until the time of a run is up.
//!
//! QuickJS looks whether a script is to end in loops of its own code only. Its functions that work long ask for memory while they do, and
//! end when there is none.

use rquickjs_sys as q;
use std::cell::Cell;
use std::ffi::c_void;
use std::time::Instant;

/// Small requests between two looks at the clock.
const SMALL_REQUESTS: u32 = 64;

/// Requests of so many bytes look at the clock at once.
const LARGE: usize = 16 << 10;

/// C's `size_t`, as the bindings have it.
type Size = u64;

fn bytes(size: Size) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// When an interpreter gets no more memory. Boxed, because QuickJS keeps its address.
#[derive(Default)]
pub(super) struct Memory {
    deadline: Cell<Option<Instant>>,
    requests: Cell<u32>,
    /// The deadline was reached.
    over: Cell<bool>,
}

impl Memory {
    /// A runtime that takes its memory here, or null. The memory must outlive it.
    pub(super) fn new_runtime(&self) -> *mut q::JSRuntime {
        let functions = q::JSMallocFunctions {
            js_calloc: Some(calloc),
            js_malloc: Some(malloc),
            js_free: Some(free),
            js_realloc: Some(realloc),
            js_malloc_usable_size: Some(usable_size),
        };
        // SAFETY: QuickJS copies the functions, and passes them the pointer, which the caller keeps alive.
        unsafe { q::JS_NewRuntime2(&raw const functions, std::ptr::from_ref(self).cast_mut().cast()) }
    }

    /// Gives memory until `deadline` only, or without end.
    pub(super) fn end_at(&self, deadline: Option<Instant>) {
        self.deadline.set(deadline);
        self.over.set(false);
    }

    fn gives(&self, bytes: usize) -> bool {
        let requests = self.requests.get().wrapping_add(1);
        self.requests.set(requests);
        if (bytes >= LARGE || requests.is_multiple_of(SMALL_REQUESTS))
            && self.deadline.get().is_some_and(|deadline| Instant::now() >= deadline)
        {
            self.over.set(true);
        }
        !self.over.get()
    }
}

/// Whether there is memory for so many bytes.
///
/// # Safety
/// The pointer is that of a live [`Memory`].
unsafe fn gives(memory: *mut c_void, bytes: usize) -> bool {
    // SAFETY: as the caller says; one thread at a time uses an interpreter.
    unsafe { &*memory.cast::<Memory>() }.gives(bytes)
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime.
unsafe extern "C" fn calloc(memory: *mut c_void, count: Size, size: Size) -> *mut c_void {
    // SAFETY: QuickJS passes the runtime's pointer; `calloc` has no preconditions.
    unsafe {
        let (count, size) = (bytes(count), bytes(size));
        match gives(memory, count.saturating_mul(size)) {
            true => libc::calloc(count, size),
            false => std::ptr::null_mut(),
        }
    }
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime.
unsafe extern "C" fn malloc(memory: *mut c_void, size: Size) -> *mut c_void {
    // SAFETY: QuickJS passes the runtime's pointer; `malloc` has no preconditions.
    unsafe {
        let size = bytes(size);
        match gives(memory, size) {
            true => libc::malloc(size),
            false => std::ptr::null_mut(),
        }
    }
}

/// # Safety
/// Called by QuickJS with the pointer of its runtime, and one that the functions here gave.
unsafe extern "C" fn realloc(memory: *mut c_void, data: *mut c_void, size: Size) -> *mut c_void {
    // SAFETY: as above; nothing that gets smaller is refused.
    unsafe {
        let size = bytes(size);
        match size <= libc::malloc_usable_size(data) || gives(memory, size) {
            true => libc::realloc(data, size),
            false => std::ptr::null_mut(),
        }
    }
}

/// # Safety
/// Called by QuickJS with what the functions here gave.
unsafe extern "C" fn free(_memory: *mut c_void, data: *mut c_void) {
    // SAFETY: as the caller says.
    unsafe { libc::free(data) };
}

/// # Safety
/// Called by QuickJS with what the functions here gave.
unsafe extern "C" fn usable_size(data: *const c_void) -> Size {
    // SAFETY: as the caller says.
    unsafe { libc::malloc_usable_size(data.cast_mut()) as Size }
}
