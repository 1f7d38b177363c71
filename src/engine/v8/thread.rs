//! Threads of the library. All begin with the engine, so that no request begins one, and no signal of the host is handled on them.

use crate::error::Error;
use crate::status::jsep_status;
use std::cell::Cell;
use std::thread::{Builder, JoinHandle};

/// Signals that a thread causes itself. Where they are blocked the system ends the process without asking the host's handlers.
const OWN_FAULTS: [i32; 6] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGSYS];

/// Runs `begin`. Threads that it begins have all signals blocked, but those of their own faults.
pub(super) fn without_signals<R>(begin: impl FnOnce() -> R) -> R {
    // SAFETY: zeroed sets are valid, all pointers are to them, and the calling thread gets its own mask back.
    unsafe {
        let (mut blocked, mut former) = (std::mem::zeroed::<libc::sigset_t>(), std::mem::zeroed::<libc::sigset_t>());
        libc::sigfillset(&raw mut blocked);
        for signal in OWN_FAULTS {
            libc::sigdelset(&raw mut blocked, signal);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const blocked, &raw mut former);
        let result = begin();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const former, std::ptr::null_mut());
        result
    }
}

/// A number of the calling thread, which a later one may have again. The standard library's own can't be had any more while a thread ends,
/// when destructors of the host may still call.
pub(super) fn current() -> usize {
    thread_local! {
        static PLACE: Cell<u8> = const { Cell::new(0) };
    }
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}

/// A running thread.
pub(super) struct Thread(Option<JoinHandle<()>>);

impl Thread {
    /// Begins a thread; an error says which one the system refused.
    pub(super) fn begin(name: &str, stack_bytes: usize, run: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        let begun = Builder::new().name(name.to_owned()).stack_size(stack_bytes).spawn(run);
        begun.map(|thread| Thread(Some(thread))).map_err(|error| {
            Error::new(jsep_status::JSEP_ENGINE_START, format!("the thread `{name}` can't be started: {error}"))
        })
    }

    /// Waits for the end of the thread, which was told to end.
    pub(super) fn join(&mut self) {
        if let Some(thread) = self.0.take() {
            // The thread runs no code that panics; if it did, there is nothing left to stop.
            let _ = thread.join();
        }
    }
}
