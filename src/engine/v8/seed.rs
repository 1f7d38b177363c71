//! V8's read-only memory and the seed of all hashes in it, which the isolates of a process share.
//!
//! It goes with the last isolate, and a blob from before would then no longer fit: its scripts would miss their own variables, because
//! V8 can't hash the tables of captured modules anew. So before a worker goes, an isolate is made that lives as long as the process.
//! The first install decides on the seed: a new one, or that under which a stored blob was made. Other stored blobs are used only if
//! they were made under the same one.

use super::isolates::Worker;
use super::snapshot::Blob;
use crate::crypto::{SEAL_BYTES, seal};
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Origin {
    /// The isolate that lives on. Nothing runs in it.
    kept: Option<v8::SharedIsolate>,
    /// Whether there is a seed.
    begun: bool,
    /// Digest of the read-only part of all blobs here, once there was one.
    digest: Option<[u8; SEAL_BYTES]>,
}

static ORIGIN: Mutex<Origin> = Mutex::new(Origin { kept: None, begun: false, digest: None });

fn origin() -> MutexGuard<'static, Origin> {
    ORIGIN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps V8's read-only memory for the life of the process: before anything is captured, and before a worker goes.
pub(super) fn keep() -> Result<(), Error> {
    let mut origin = origin();
    if origin.kept.is_none() {
        let isolate = v8::Isolate::new(v8::CreateParams::default());
        // SAFETY: nothing is attached to the isolate.
        let isolate = unsafe { isolate.try_into_shared() }
            .map_err(|error| Error::new(jsep_status::JSEP_ENGINE_START, format!("V8 does not start: {error:?}")))?;
        origin.kept = Some(isolate);
        origin.begun = true;
    }
    Ok(())
}

/// Notes the read-only part of a blob that was made here; whether it is the same as that of the others.
pub(super) fn note(blob: &Blob) -> bool {
    let mut origin = origin();
    let digest = read_only_digest(blob.bytes());
    digest.is_some_and(|digest| *origin.digest.get_or_insert(digest) == digest)
}

/// Whether a blob that was made elsewhere, by this build of the library, fits the isolates of this process. The first one does; its
/// worker comes with it.
pub(super) fn adopt(blob: &Arc<Blob>, heap_bytes: usize) -> Option<Option<Worker>> {
    if blob.data.can_be_rehashed() {
        // V8 hashes all of it anew, and would give itself a new seed if this were the first.
        return keep().is_ok().then_some(None);
    }
    let digest = read_only_digest(blob.bytes())?;
    let mut origin = origin();
    if origin.begun {
        return (origin.digest == Some(digest)).then_some(None);
    }
    let worker = Worker::new(blob, heap_bytes).ok()?;
    origin.begun = true;
    origin.digest = Some(digest);
    Some(Some(worker))
}

/// A digest of the read-only part of a blob, in which the seed is. It is the first after a head of numbers, a version and places, and
/// ends with a number that differs from blob to blob.
fn read_only_digest(blob: &[u8]) -> Option<[u8; SEAL_BYTES]> {
    const VERSION: usize = 16;
    const STARTUP: usize = 80;
    const CONTEXTS: usize = 88;
    const DIFFERING: usize = 16;
    let number = |at: usize| Some(u32::from_ne_bytes(blob.get(at..at + 4)?.try_into().ok()?) as usize);
    if !blob.get(VERSION..)?.starts_with(v8::V8::get_version().as_bytes()) {
        return None;
    }
    let begin = (CONTEXTS + 4 * number(0)?).next_multiple_of(size_of::<usize>());
    Some(seal(b"", &[blob.get(begin..number(STARTUP)?.checked_sub(DIFFERING)?)?]))
}
