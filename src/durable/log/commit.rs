//! Records that are written as one block, and those who wait for that.
//!
//! Whoever waits sleeps beside the others of the same block, so a sync wakes those that it was for, and one more to write the next block.

use crate::error::Error;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A record that waits for a writer.
pub(super) struct Waiting {
    pub(super) realm: u64,
    pub(super) record: Vec<u8>,
    /// What its turn took.
    pub(super) nanoseconds: u64,
}

/// See the head of the file.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Waiting>,
    pub(super) bytes: usize,
    pub(super) commit: Arc<Commit>,
}

/// What becomes of a batch.
#[derive(Debug, Default)]
pub(super) struct Commit {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    ended: Option<Result<(), Error>>,
    /// Whether one of those who wait is asked to write.
    asked: bool,
}

/// Tells when a record is synced.
#[derive(Clone, Debug)]
pub(in crate::durable) struct Ticket(pub(super) Arc<Commit>);

impl Commit {
    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<Result<(), Error>> {
        self.lock().ended.clone()
    }

    /// Ends it, for all who wait.
    pub(super) fn end(&self, result: Result<(), Error>) {
        self.lock().ended = Some(result);
        self.changed.notify_all();
    }

    /// Asks one of those who wait, or the next one who comes, to write.
    pub(super) fn ask(&self) {
        self.lock().asked = true;
        self.changed.notify_one();
    }

    /// Sleeps until it has ended, or the caller is asked to write.
    pub(super) fn sleep(&self) {
        let progress = self.lock();
        let waits = |progress: &mut Progress| progress.ended.is_none() && !progress.asked;
        let mut progress = self.changed.wait_while(progress, waits).unwrap_or_else(PoisonError::into_inner);
        progress.asked = false;
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
