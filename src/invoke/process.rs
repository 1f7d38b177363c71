//! Facts about the process and the thread that the library must know: forks and re-entered calls.

use crate::error::Error;
use crate::status::jsep_status;
use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set in a child that was forked after the first engine was made. A fact about the process, not state of the library.
static FORKED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static EXECUTING: Cell<bool> = const { Cell::new(false) };
}

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
}

/// Begins to watch for forks; engines have threads and locks that a forked child lacks.
pub(super) fn watch_forks() {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        // SAFETY: the handler only stores to an atomic, and stays mapped because the library is linked with nodelete. A
        // failure (no memory) leaves forks unnoticed, as without the watch.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// An error in a forked child.
pub(crate) fn not_forked() -> Result<(), Error> {
    if FORKED.load(Ordering::Relaxed) {
        return Err(Error::new(
            jsep_status::JSEP_FORKED,
            "the process was forked after the engine was made; make the engine in the child",
        ));
    }
    Ok(())
}

/// Marks the thread as executing a request until dropped.
pub(crate) struct Executing(());

impl Executing {
    /// An error when the thread executes a request already, as in a host callback.
    pub(crate) fn begin() -> Result<Executing, Error> {
        if EXECUTING.replace(true) {
            return Err(Error::new(
                jsep_status::JSEP_REENTERED,
                "this thread executes a request already; a host callback must not call the library",
            ));
        }
        Ok(Executing(()))
    }
}

impl Drop for Executing {
    fn drop(&mut self) {
        EXECUTING.set(false);
    }
}
