//! A thread of the library that begins when it is first needed.

use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// A thread that may not have begun yet.
#[derive(Default)]
pub(super) struct LazyThread(Mutex<Option<JoinHandle<()>>>);

impl LazyThread {
    /// Begins the thread, unless it runs already; none when it can't be started.
    pub(super) fn ensure(&self, name: &str, stack_bytes: usize, run: impl FnOnce() + Send + 'static) -> Option<()> {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            *thread = Some(Builder::new().name(name.to_owned()).stack_size(stack_bytes).spawn(run).ok()?);
        }
        Some(())
    }

    /// Waits for the end of the thread, which was told to end.
    pub(super) fn join(&mut self) {
        let thread = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread runs no code that panics; if it did, there is nothing left to stop.
            let _ = thread.join();
        }
    }
}
