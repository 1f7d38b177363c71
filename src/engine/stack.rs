//! The stack of whatever thread the host calls on, the same for each engine.

use std::cell::Cell;

/// Stack that an engine's own code, the callbacks and the host's store functions need beyond the scripts' part.
const RESERVE: usize = 128 << 10;

/// The least stack with which a script can run at all.
const SMALLEST: usize = 24 << 10;

/// Where a thread's stack is. A thread that may run elsewhere, as with fibers, has this one all the same.
#[derive(Clone, Copy)]
struct Stack {
    /// Lowest usable address.
    lowest: usize,
    highest: usize,
}

thread_local! {
    /// This thread's stack, once it was asked for.
    static OWN: Cell<Option<Stack>> = const { Cell::new(None) };
}

/// How much of the calling thread's stack scripts may use when they ask for `bytes`; `None` when that is too little to run
/// anything.
pub fn usable(bytes: usize) -> Option<usize> {
    let available = current().saturating_sub(own().lowest).saturating_sub(RESERVE);
    Some(bytes.min(available)).filter(|usable| *usable >= SMALLEST)
}

/// Whether the calling thread has enough stack left to run anything. Without, nothing of an engine may be entered.
pub fn is_enough() -> bool {
    usable(SMALLEST).is_some()
}

/// Whether the calling thread runs on its own stack. On another one, such as a fiber's, nobody knows how much there is, and V8 ends
/// the process when it collects garbage.
pub fn is_own() -> bool {
    let own = own();
    (own.lowest..own.highest).contains(&current())
}

/// Roughly the address of the top of the stack.
pub fn current() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(&marker).addr()
}

fn own() -> Stack {
    let known = OWN.get();
    let own = known.unwrap_or_else(|| if is_main_thread() { main_thread() } else { other_thread() });
    OWN.set(Some(own));
    own
}

fn is_main_thread() -> bool {
    // SAFETY: both calls have no preconditions.
    unsafe { libc::getpid() == libc::gettid() }
}

/// The main thread's stack grows from its end, near which the kernel put some random bytes, up to its limit. The C library would read
/// a file to tell. A quarter is left, because the limit may have been another one when the process began.
fn main_thread() -> Stack {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable.
    let known =
        unsafe { libc::getrlimit(libc::RLIMIT_STACK, &raw mut limit) } == 0 && limit.rlim_cur != libc::RLIM_INFINITY;
    let size = if known { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 8 << 20 };
    // SAFETY: the call has no preconditions.
    let highest = usize::try_from(unsafe { libc::getauxval(libc::AT_RANDOM) }).unwrap_or(0);
    Stack { lowest: highest.saturating_sub(size / 4 * 3), highest }
}

fn other_thread() -> Stack {
    // Without knowledge nothing runs rather than too much.
    let unknown = Stack { lowest: usize::MAX, highest: usize::MAX };
    // SAFETY: the attributes are initialised by `pthread_getattr_np` when it answers 0, read, and destroyed once.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return unknown;
        }
        let (mut address, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
        let known = libc::pthread_attr_getstack(&raw const attributes, &raw mut address, &raw mut size) == 0;
        let guarded = libc::pthread_attr_getguardsize(&raw const attributes, &raw mut guard) == 0;
        libc::pthread_attr_destroy(&raw mut attributes);
        let lowest = address.addr() + guard;
        if known && guarded { Stack { lowest, highest: address.addr() + size } } else { unknown }
    }
}
