//! Facts about the process and the thread that the library must know: forks and re-entered calls.

use crate::engine::stack;
use crate::error::Error;
use crate::status::jsep_status;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set in a child that was forked after the first engine was begun. A fact about the process, not state of the library.
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
            "the process was forked after its first engine was made; engines do not work in a forked child",
        ));
    }
    Ok(())
}

/// A value that belongs to an engine, and so to the process that made it: its threads are missing in a forked child, and its locks may be
/// held there by threads that are. A child neither uses nor drops it.
pub struct Unforked<T>(ManuallyDrop<T>);

impl<T> Unforked<T> {
    /// Takes a value that was made in this process.
    pub fn new(value: T) -> Unforked<T> {
        Unforked(ManuallyDrop::new(value))
    }

    /// The value, or `JSEP_FORKED` in a forked child.
    pub fn get(&self) -> Result<&T, Error> {
        not_forked()?;
        Ok(&self.0)
    }
}

impl<T> Drop for Unforked<T> {
    fn drop(&mut self) {
        if not_forked().is_ok() {
            // SAFETY: this is the only place that drops it, once.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

/// An error with this status when the calling thread has too little stack left to run anything.
pub(crate) fn enough_stack(status: jsep_status) -> Result<(), Error> {
    match stack::is_enough() {
        true => Ok(()),
        false => {
            Err(Error::new(status, "stack overflow: the calling thread has too little stack left to run anything"))
        }
    }
}

/// Marks the thread as executing a request until dropped.
pub(crate) struct Executing(());

impl Executing {
    /// An error when the thread executes a request already, as in a host callback, or is on a stack that is not its own.
    pub(crate) fn begin() -> Result<Executing, Error> {
        if cfg!(feature = "without_guards") {
            return Ok(Executing(()));
        }
        if !stack::is_own() {
            return Err(Error::new(
                jsep_status::JSEP_FOREIGN_STACK,
                "the call came on another stack than the thread's own, such as a fiber's, where no engine can run",
            ));
        }
        Executing::without_scripts()
    }

    /// The same for what runs no script, and so on any stack.
    pub(crate) fn without_scripts() -> Result<Executing, Error> {
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
