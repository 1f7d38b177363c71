//! Memory of array buffers, which V8 keeps outside of its heap: counted, and refused beyond a budget.

use std::collections::HashSet;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the buffers of one isolate may use, in bytes.
pub(super) struct BufferBudget {
    limit: AtomicUsize,
    used: AtomicUsize,
    /// Length of the last buffer that was refused and not allocated when V8 tried again; 0 when there is none.
    refused: AtomicUsize,
    /// Addresses of the buffers that were allocated since a recording began; none when nothing is recorded.
    recorded: Mutex<Option<HashSet<usize>>>,
}

impl BufferBudget {
    /// A budget of nothing; a request sets its own.
    pub(super) fn new() -> Arc<BufferBudget> {
        Arc::new(BufferBudget {
            limit: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            recorded: Mutex::default(),
        })
    }

    /// Sets what may be in use at a time.
    pub(super) fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    /// Bytes in use.
    pub(super) fn in_use(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether a buffer of this length fits now.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let used = self.used.load(Ordering::Relaxed);
        let fits = used.checked_add(bytes).is_some_and(|sum| sum <= self.limit.load(Ordering::Relaxed));
        if !fits {
            self.note_refusal(bytes);
        }
        fits
    }

    /// Notes that so many bytes were refused.
    pub(super) fn note_refusal(&self, bytes: usize) {
        self.refused.store(bytes, Ordering::Relaxed);
    }

    /// Forgets that a buffer was refused.
    pub(super) fn forget_refusal(&self) {
        self.refused.store(0, Ordering::Relaxed);
    }

    /// Whether a buffer was refused since.
    pub(super) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed) != 0
    }

    /// Begins to tell the buffers that are allocated from now on from older ones.
    pub(super) fn begin_recording(&self) {
        *self.recorded() = Some(HashSet::new());
    }

    /// Ends the recording.
    pub(super) fn end_recording(&self) {
        *self.recorded() = None;
    }

    /// Whether this memory was allocated since the recording began.
    pub(super) fn is_new(&self, data: *const c_void) -> bool {
        self.recorded().as_ref().is_some_and(|recorded| recorded.contains(&data.addr()))
    }

    fn recorded(&self) -> MutexGuard<'_, Option<HashSet<usize>>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes so many bytes, unless they do not fit.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        if cfg!(feature = "without_guards") {
            return true;
        }
        let limit = self.limit.load(Ordering::Relaxed);
        let within = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    /// Gives bytes back that were taken.
    pub(super) fn release(&self, bytes: usize) {
        if cfg!(feature = "without_guards") {
            return;
        }
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The allocator that V8 calls; it answers with null when the budget is used up, which becomes a `RangeError`.
pub(super) fn allocator(budget: Arc<BufferBudget>) -> v8::UniqueRef<v8::Allocator> {
    const TABLE: &v8::RustAllocatorVtable<BufferBudget> =
        &v8::RustAllocatorVtable { allocate, allocate_uninitialized, free, drop: release_budget };
    // SAFETY: the pointer owns one count of the Arc, which the table's `drop` gives back; the functions match its type.
    unsafe { v8::new_rust_allocator(Arc::into_raw(budget), TABLE) }
}

unsafe extern "C" fn allocate(budget: &BufferBudget, bytes: usize) -> *mut c_void {
    take(budget, bytes, |bytes| {
        // SAFETY: `calloc` has no preconditions.
        unsafe { libc::calloc(bytes, 1) }
    })
}

unsafe extern "C" fn allocate_uninitialized(budget: &BufferBudget, bytes: usize) -> *mut c_void {
    take(budget, bytes, |bytes| {
        // SAFETY: `malloc` has no preconditions.
        unsafe { libc::malloc(bytes) }
    })
}

fn take(budget: &BufferBudget, bytes: usize, allocate: impl FnOnce(usize) -> *mut c_void) -> *mut c_void {
    if !budget.reserve(bytes) {
        budget.refused.store(bytes, Ordering::Relaxed);
        return std::ptr::null_mut();
    }
    // V8 tries again after it has collected garbage.
    let _ = budget.refused.compare_exchange(bytes, 0, Ordering::Relaxed, Ordering::Relaxed);
    let data = allocate(bytes.max(1));
    if data.is_null() {
        budget.refused.store(bytes, Ordering::Relaxed);
        budget.release(bytes);
    } else if let Some(recorded) = budget.recorded().as_mut() {
        recorded.insert(data.addr());
    }
    data
}

unsafe extern "C" fn free(budget: &BufferBudget, data: *mut c_void, bytes: usize) {
    // SAFETY: V8 hands back what one of the functions above gave, with the same length.
    unsafe { libc::free(data) };
    budget.release(bytes);
}

unsafe extern "C" fn release_budget(budget: *const BufferBudget) {
    // SAFETY: gives back the count that `allocator` took.
    drop(unsafe { Arc::from_raw(budget) });
}
