//! The log of durable realms.

use super::boundary::{boundary, required, required_out};
use super::storage::{TableStorage, jsep_storage};
use super::{jsep_sink, jsep_status};
use crate::durable::Log;
use crate::invoke::Unforked;
use std::sync::Arc;

/// The log of all durable realms in one storage.
///
/// Functions: `jsep_log_open`, `jsep_log_verify`, `jsep_log_report`, `jsep_log_checkpoint`, `jsep_log_trim`, `jsep_log_free`,
/// `jsep_realm_open`. Turns of several realms that end
/// at about the same time are written together and synced once, by one of the threads that wait for them. Any thread, several at once.
/// A log stays alive inside until its last realm is freed.
///
/// Source: `src/abi/log.rs`.
pub struct jsep_log {
    pub(super) log: Unforked<Arc<Log>>,
}

/// Opens the log in a storage, or begins one in an empty storage.
///
/// Reads the log from the first segment on that is needed. What the end of the process left half-written at its end is dropped, because nobody was told of it; the report
/// says so. All else that is not what was written is damage, and is never skipped. On success the caller frees `*log` with
/// `jsep_log_free`. The table is copied; its functions must stay callable until the log and all realms opened in it are freed. Any thread.
///
/// Errors: `JSEP_LOG_DAMAGED` (names the object and the place), `JSEP_STORAGE_FAILED`, `JSEP_NULL_ARGUMENT`, `JSEP_STRUCT_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_log_open(storage: *const jsep_storage, log: *mut *mut jsep_log) -> jsep_status {
    boundary("jsep_log_open", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(log, "log") }?;
        *out = std::ptr::null_mut();
        // SAFETY: as above.
        let storage = unsafe { TableStorage::read_table(storage) }?;
        *out = Box::into_raw(Box::new(jsep_log { log: Unforked::new(Arc::new(Log::open(Box::new(storage))?)) }));
        Ok(jsep_status::JSEP_OK)
    })
}

/// Reads a log from end to end, calling `read` only, and writes to `report` what `jsep_log_report` would, and the
/// `checkpoints` of each realm: those that are `whole` (`object`, `turns`, `bytes`), and what is `wrong` with others. Runs no script. Any thread.
///
/// Errors: as of `jsep_log_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_log_verify(storage: *const jsep_storage, report: *const jsep_sink) -> jsep_status {
    boundary("jsep_log_verify", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (storage, report) = unsafe { (TableStorage::read_table(storage)?, required(report, "report")?) };
        let text = Log::verify(&storage)?.to_string();
        // SAFETY: as above.
        unsafe { report.put(text.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Writes a JSON object about a log to `report`: `format`, the `first_segment` that is needed, the place of its end (`segment`, `offset`), `blocks`, `syncs` since it was
/// opened, what was `dropped` then, and `turns` by realm. Any thread.
///
/// Errors: `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_log_report(log: *const jsep_log, report: *const jsep_sink) -> jsep_status {
    boundary("jsep_log_report", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (log, report) = unsafe { (required(log, "log")?, required(report, "report")?) };
        let text = log.log.get()?.report().to_string();
        // SAFETY: as above.
        unsafe { report.put(text.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Frees a log. Null is fine. Realms opened in it go on working. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_log_free(log: *mut jsep_log) {
    boundary("jsep_log_free", || {
        if !log.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(log) });
        }
        Ok(())
    })
}
