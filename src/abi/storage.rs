//! The storage table.

use super::boundary::read_grown;
use super::host_call::HostCall;
use super::{jsep_bytes, jsep_sink};
use crate::durable::{Storage, StorageError};
use crate::error::Error;
use crate::status::jsep_status;
use std::ffi::c_void;

/// Where a log keeps what must outlive the process: named objects, each a run of bytes.
///
/// A name is text of letters, digits and `-`, at most 64 bytes. `read` may be called by any thread at any time; the other functions
/// are called by one thread at a time, whichever waits for a turn, and one of them may run beside reads. All get `context` as the
/// first argument and must not call the library. An answer other than those named here is a failure: the log stops, and the realms in it
/// answer `JSEP_STORAGE_FAILED` and then `JSEP_REALM_STOPPED`, until the log is opened again.
///
/// No function may be null. **One process at a time** may use the objects of a log: the host has to see to it. Beside it, one other process
/// at a time may make checkpoints with `jsep_log_checkpoint`, which replaces only objects whose names begin with `checkpoint-`.
///
/// Source: `src/abi/storage.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_storage {
    /// `sizeof(struct jsep_storage)`.
    pub size: usize,
    /// Passed back as the first argument of each function.
    pub context: *mut c_void,
    /// Writes up to `most` bytes of an object from `offset` on to `bytes`, fewer only where the object ends, and answers `JSEP_OK`.
    /// `JSEP_NOT_FOUND`: there is no such object.
    pub read: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            name: jsep_bytes,
            offset: u64,
            most: u64,
            bytes: *const jsep_sink,
        ) -> u32,
    >,
    /// Adds `bytes` to the end of an object that is there, and answers `JSEP_OK`. After a failure any part of them may have been added.
    pub append: Option<unsafe extern "C" fn(context: *mut c_void, name: jsep_bytes, bytes: jsep_bytes) -> u32>,
    /// Answers `JSEP_OK` when all that was appended to the object is there for ever, also if the machine loses power (`fdatasync`).
    /// A failed sync is never tried again: what was appended before counts as lost.
    pub sync: Option<unsafe extern "C" fn(context: *mut c_void, name: jsep_bytes) -> u32>,
    /// Makes an object with these bytes, or exchanges those that it has, and answers `JSEP_OK` when that is so for ever. Whatever
    /// happens meanwhile, the object has the former bytes or the new ones and never others: a file is written beside its place and
    /// synced, renamed, and its directory synced.
    pub replace: Option<unsafe extern "C" fn(context: *mut c_void, name: jsep_bytes, bytes: jsep_bytes) -> u32>,
}

/// The host's table, kept by a log.
pub(super) struct TableStorage {
    context: *mut c_void,
    read: unsafe extern "C" fn(*mut c_void, jsep_bytes, u64, u64, *const jsep_sink) -> u32,
    append: unsafe extern "C" fn(*mut c_void, jsep_bytes, jsep_bytes) -> u32,
    sync: unsafe extern "C" fn(*mut c_void, jsep_bytes) -> u32,
    replace: unsafe extern "C" fn(*mut c_void, jsep_bytes, jsep_bytes) -> u32,
}

// SAFETY: the table demands functions that any thread may call.
unsafe impl Send for TableStorage {}
// SAFETY: as above.
unsafe impl Sync for TableStorage {}

impl TableStorage {
    /// Reads the table.
    ///
    /// # Safety
    /// `storage` is null or a live table whose functions accept its context for as long as the result is used.
    pub(super) unsafe fn read_table(storage: *const jsep_storage) -> Result<TableStorage, Error> {
        // SAFETY: the caller promises a live table; zero is null for functions.
        let table = unsafe { read_grown(storage, size_of::<jsep_storage>(), "storage") }?;
        let null = |name: &str| Error::new(jsep_status::JSEP_NULL_ARGUMENT, format!("`storage.{name}` is null"));
        Ok(TableStorage {
            context: table.context,
            read: table.read.ok_or_else(|| null("read"))?,
            append: table.append.ok_or_else(|| null("append"))?,
            sync: table.sync.ok_or_else(|| null("sync"))?,
            replace: table.replace.ok_or_else(|| null("replace"))?,
        })
    }
}

/// What `read` has written so far.
#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    /// Whether it gave bytes that can't be, or more than there is memory for.
    wrong: bool,
}

unsafe extern "C" fn collect(context: *mut c_void, data: *const u8, len: usize) {
    // SAFETY: `context` is what `read` lends for the duration of the callback, and the host gives `len` readable bytes.
    let collected = unsafe { &mut *context.cast::<Collected>() };
    // SAFETY: as above.
    let added = unsafe { jsep_bytes { data, len }.append_to(&mut collected.bytes, "bytes") };
    collected.wrong |= added.is_err();
}

fn done(code: u32, function: &'static str) -> Result<(), StorageError> {
    if code == jsep_status::JSEP_OK as u32 { Ok(()) } else { Err(StorageError { function, code }) }
}

// Why the calls below are sound: the host promises with `jsep_log_open` that its functions accept its context and borrowed arguments;
// all arguments are borrowed from live slices.
impl Storage for TableStorage {
    fn read(&self, name: &str, offset: u64, most: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let mut collected = Collected::default();
        let sink = jsep_sink { context: (&raw mut collected).cast(), write: Some(collect) };
        // SAFETY: see above.
        let code = unsafe {
            self.read.call_host((self.context, jsep_bytes::lend(name.as_bytes()), offset, most, &raw const sink))
        };
        if code == jsep_status::JSEP_NOT_FOUND as u32 {
            return Ok(None);
        }
        done(code, "read")?;
        match collected.wrong {
            true => Err(StorageError { function: "read", code: jsep_status::JSEP_INVALID_ARGUMENT as u32 }),
            false => Ok(Some(collected.bytes)),
        }
    }

    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        // SAFETY: see above.
        let code = unsafe {
            self.append.call_host((self.context, jsep_bytes::lend(name.as_bytes()), jsep_bytes::lend(bytes)))
        };
        done(code, "append")
    }

    fn sync(&self, name: &str) -> Result<(), StorageError> {
        // SAFETY: see above.
        done(unsafe { self.sync.call_host((self.context, jsep_bytes::lend(name.as_bytes()))) }, "sync")
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        // SAFETY: see above.
        let code = unsafe {
            self.replace.call_host((self.context, jsep_bytes::lend(name.as_bytes()), jsep_bytes::lend(bytes)))
        };
        done(code, "replace")
    }
}
