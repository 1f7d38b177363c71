//! Memory of resizable buffers and of WebAssembly, which V8 takes from the operating system and not from the allocator of array
//! buffers: counted against the same budget.
//!
//! A resizable buffer counts with the length that it may grow to, as in QuickJS, so that making one fails and not a later resize.
//! WebAssembly's memory may grow to gibibytes unless its module says otherwise, so it counts with the length that it has.
//!
//! The linker gives V8's names to the functions of this file, and the names with `__real_` to V8's own (see `build.rs`).

use super::buffers::BufferBudget;
use super::slots;
use super::wrap::wrap;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// What each piece of memory counts at least: the number of pieces that the operating system gives a process is limited too.
const LEAST: usize = 64 << 10;

/// A page of WebAssembly's memory.
const WASM_PAGE: usize = 64 << 10;

/// `v8::internal::WasmMemoryFlag::kNotWasm`
const NOT_WASM: u8 = 0;

/// A `v8::internal::BackingStore`, by its address.
type Store = *mut c_void;

/// What one store counts, and against which budget.
struct Charge {
    budget: Arc<BufferBudget>,
    bytes: usize,
}

static CHARGES: LazyLock<Mutex<HashMap<usize, Charge>>> = LazyLock::new(Mutex::default);

/// How many charges there are: most stores that go have none, and need no lock then.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Counts what `isolate` reserves against `budget`, which must outlive it.
pub(super) fn count(isolate: &mut v8::Isolate, budget: &Arc<BufferBudget>) {
    isolate.set_data(slots::BUDGET, Arc::as_ptr(budget).cast_mut().cast());
}

fn charges() -> MutexGuard<'static, HashMap<usize, Charge>> {
    CHARGES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The budget of an isolate that has one.
pub(super) fn budget_of(isolate: &v8::Isolate) -> Option<Arc<BufferBudget>> {
    let budget = isolate.get_data(slots::BUDGET).cast::<BufferBudget>();
    if budget.is_null() {
        return None;
    }
    // SAFETY: `count` set the pointer of an `Arc` that outlives the isolate.
    unsafe {
        Arc::increment_strong_count(budget);
        Some(Arc::from_raw(budget))
    }
}

/// Takes so many bytes of an isolate's budget, after garbage is gone if need be, unless they do not fit.
pub(super) fn reserve(isolate: &mut v8::Isolate, budget: &BufferBudget, bytes: usize) -> bool {
    budget.reserve(bytes) || {
        isolate.low_memory_notification();
        budget.reserve(bytes)
    }
}

/// Runs `take` if the budget of the isolate has room for `bytes`; what it takes counts until it goes.
///
/// # Safety
/// `isolate` is the isolate that runs on this thread.
unsafe fn charge(isolate: *mut c_void, bytes: usize, take: impl FnOnce() -> Store) -> Store {
    // SAFETY: V8's isolate is the crate's, and the caller says that it is the one that runs.
    let mut isolate = unsafe { v8::Isolate::from_raw_ptr(isolate.cast()) };
    let Some(budget) = budget_of(&isolate) else { return take() };
    let bytes = bytes.max(LEAST);
    if !reserve(&mut isolate, &budget, bytes) {
        return std::ptr::null_mut();
    }
    let store = take();
    if store.is_null() {
        budget.release(bytes);
    } else {
        COUNT.fetch_add(1, Ordering::Relaxed);
        charges().insert(store.addr(), Charge { budget, bytes });
    }
    store
}

unsafe extern "C" {
    /// `BackingStore::TryAllocateAndPartiallyCommitMemory`
    #[link_name = "__real__ZN2v88internal12BackingStore35TryAllocateAndPartiallyCommitMemoryEPNS0_7IsolateEmmmmmNS0_14WasmMemoryFlagENS_4base11StrongAliasINS0_13SharedFlagTagEbEENS6_INS0_18HasGuardRegionsTagEbEE"]
    fn v8_allocate(
        isolate: *mut c_void,
        length: usize,
        most: usize,
        page: usize,
        pages: usize,
        most_pages: usize,
        wasm: u8,
        shared: bool,
        guarded: bool,
    ) -> Store;

    /// `BackingStore::AllocateWasmMemory(isolate, pages, most_pages, kind, shared)`
    #[link_name = "__real__ZN2v88internal12BackingStore18AllocateWasmMemoryEPNS0_7IsolateEmmNS0_14WasmMemoryFlagENS_4base11StrongAliasINS0_13SharedFlagTagEbEE"]
    fn v8_allocate_wasm(isolate: *mut c_void, pages: usize, most_pages: usize, kind: u8, shared: bool) -> Store;

    /// `BackingStore::GrowWasmMemoryInPlace(isolate, pages, most_pages)`
    #[link_name = "__real__ZN2v88internal12BackingStore21GrowWasmMemoryInPlaceEPNS0_7IsolateEmm"]
    fn v8_grow_wasm(store: Store, isolate: *mut c_void, pages: usize, most_pages: usize) -> MaybeSize;

    /// `BackingStore::~BackingStore()`
    #[link_name = "__real__ZN2v88internal12BackingStoreD1Ev"]
    fn v8_free(store: Store);
}

/// C++'s `std::optional<size_t>`.
#[repr(C)]
struct MaybeSize {
    value: usize,
    is_there: bool,
}

wrap!(
    "__wrap__ZN2v88internal12BackingStore35TryAllocateAndPartiallyCommitMemoryEPNS0_7IsolateEmmmmmNS0_14WasmMemoryFlagENS_4base11StrongAliasINS0_13SharedFlagTagEbEENS6_INS0_18HasGuardRegionsTagEbEE",
    allocate
);
wrap!(
    "__wrap__ZN2v88internal12BackingStore18AllocateWasmMemoryEPNS0_7IsolateEmmNS0_14WasmMemoryFlagENS_4base11StrongAliasINS0_13SharedFlagTagEbEE",
    allocate_wasm
);
wrap!("__wrap__ZN2v88internal12BackingStore21GrowWasmMemoryInPlaceEPNS0_7IsolateEmm", grow_wasm);
wrap!("__wrap__ZN2v88internal12BackingStoreD1Ev", free);

/// Asked for the memory of a resizable buffer, or for what `allocate_wasm` has counted.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn allocate(
    isolate: *mut c_void,
    length: usize,
    most: usize,
    page: usize,
    pages: usize,
    most_pages: usize,
    wasm: u8,
    shared: bool,
    guarded: bool,
) -> Store {
    let take = || {
        // SAFETY: V8's own arguments go on to V8.
        unsafe { v8_allocate(isolate, length, most, page, pages, most_pages, wasm, shared, guarded) }
    };
    if wasm != NOT_WASM {
        return take();
    }
    // SAFETY: V8 asks for the isolate that runs.
    unsafe { charge(isolate, page.saturating_mul(most_pages), take) }
}

/// Asked for new memory of WebAssembly, or for larger one in another place.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn allocate_wasm(
    isolate: *mut c_void,
    pages: usize,
    most_pages: usize,
    kind: u8,
    shared: bool,
) -> Store {
    // SAFETY: V8's own arguments go on to V8.
    let take = || unsafe { v8_allocate_wasm(isolate, pages, most_pages, kind, shared) };
    // SAFETY: V8 asks for the isolate that runs.
    unsafe { charge(isolate, pages.saturating_mul(WASM_PAGE), take) }
}

/// Asked for larger memory of WebAssembly in the same place.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn grow_wasm(store: Store, isolate: *mut c_void, pages: usize, most_pages: usize) -> MaybeSize {
    let bytes = pages.saturating_mul(WASM_PAGE);
    let refused = charges().get(&store.addr()).is_some_and(|charge| !charge.budget.reserve(bytes));
    if refused {
        return MaybeSize { value: 0, is_there: false };
    }
    // SAFETY: V8's own arguments go on to V8.
    let grown = unsafe { v8_grow_wasm(store, isolate, pages, most_pages) };
    if let Some(charge) = charges().get_mut(&store.addr()) {
        match grown.is_there {
            true => charge.bytes += bytes,
            false => charge.budget.release(bytes),
        }
    }
    grown
}

/// Told that memory goes, on any thread.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn free(store: Store) {
    // SAFETY: V8's own arguments go on to V8.
    unsafe { v8_free(store) };
    if COUNT.load(Ordering::Relaxed) > 0
        && let Some(charge) = charges().remove(&store.addr())
    {
        COUNT.fetch_sub(1, Ordering::Relaxed);
        charge.budget.release(charge.bytes);
    }
}
