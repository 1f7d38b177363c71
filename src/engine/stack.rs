//! The stack of whatever thread the host calls on, the same for each engine.

use std::cell::Cell;

/// Stack that an engine's own code, the callbacks and the host's store functions need beyond the scripts' part.
const RESERVE: usize = 128 << 10;

/// The least stack with which a script can run at all.
const SMALLEST: usize = 24 << 10;

thread_local! {
    /// Lowest address of this thread's stack, or 0 before it was asked for.
    static LOWEST: Cell<usize> = const { Cell::new(0) };
}

/// How much of the calling thread's stack scripts may use when they ask for `bytes`; `None` when that is too little to run
/// anything.
pub fn usable(bytes: usize) -> Option<usize> {
    let here = current();
    let available = here.saturating_sub(lowest(here)).saturating_sub(RESERVE);
    Some(bytes.min(available)).filter(|usable| *usable >= SMALLEST)
}

/// Roughly the address of the top of the stack.
pub fn current() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(&marker).addr()
}

/// Lowest usable address of the calling thread's stack.
fn lowest(here: usize) -> usize {
    let known = LOWEST.get();
    if known != 0 {
        return known;
    }
    let found = if is_main_thread() { main_thread_lowest(here) } else { thread_lowest() };
    LOWEST.set(found);
    found
}

fn is_main_thread() -> bool {
    // SAFETY: both calls have no preconditions.
    unsafe { libc::getpid() == libc::gettid() }
}

/// The main thread's stack grows up to its limit. The C library would read a file to tell where it began, so this assumes that
/// no more than a quarter of it is in use.
fn main_thread_lowest(here: usize) -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable.
    let known =
        unsafe { libc::getrlimit(libc::RLIMIT_STACK, &raw mut limit) } == 0 && limit.rlim_cur != libc::RLIM_INFINITY;
    let size = if known { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 8 << 20 };
    here.saturating_sub(size / 4 * 3)
}

fn thread_lowest() -> usize {
    // SAFETY: the attributes are initialised by `pthread_getattr_np` when it answers 0, read, and destroyed once.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            // Without knowledge nothing runs rather than too much.
            return usize::MAX;
        }
        let (mut address, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
        let known = libc::pthread_attr_getstack(&raw const attributes, &raw mut address, &raw mut size) == 0;
        let guarded = libc::pthread_attr_getguardsize(&raw const attributes, &raw mut guard) == 0;
        libc::pthread_attr_destroy(&raw mut attributes);
        if known && guarded { address.addr() + guard } else { usize::MAX }
    }
}
