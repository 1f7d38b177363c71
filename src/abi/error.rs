//! Errors as the host sees them.

use super::boundary::{boundary, required};
use super::{jsep_bytes, jsep_status};
use crate::error::Error;
use std::cell::RefCell;

/// What went wrong in a call, with its place.
///
/// Functions: `jsep_last_error`, `jsep_error_take`, `jsep_error_status`, `jsep_error_message`, `jsep_error_function`,
/// `jsep_error_module`, `jsep_error_path`, `jsep_error_line`, `jsep_error_column`, `jsep_error_free`.
///
/// Source: `src/abi/error.rs`.
pub struct jsep_error {
    error: Error,
}

thread_local! {
    /// The last failure of this thread. Boxed, so that the pointer lent to the host stays good until the next failure.
    static LAST: RefCell<Option<Box<jsep_error>>> = const { RefCell::new(None) };
}

/// Remembers `error` as this thread's last one.
pub(super) fn record(error: Error) {
    // A thread that is being torn down has no place left for its error; the status code still tells.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some(Box::new(jsep_error { error })));
}

/// The calling thread's last error, or null when no call on this thread has failed yet.
///
/// Successful calls leave it as it was. The pointer is borrowed: it is good until the next call on this thread that fails, and
/// must not be freed. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jsep_last_error() -> *const jsep_error {
    LAST.try_with(|last| last.borrow().as_deref().map_or(std::ptr::null(), std::ptr::from_ref))
        .unwrap_or(std::ptr::null())
}

/// Takes the calling thread's last error, so that it can be kept or read on another thread; null when there is none.
///
/// The caller owns the result and frees it with `jsep_error_free`. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn jsep_error_take() -> *mut jsep_error {
    LAST.try_with(|last| last.borrow_mut().take().map_or(std::ptr::null_mut(), Box::into_raw))
        .unwrap_or(std::ptr::null_mut())
}

/// The error's stable code; `JSEP_NULL_ARGUMENT` for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_status(error: *const jsep_error) -> jsep_status {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_error_status", || Ok(unsafe { required(error, "error") }?.error.status))
}

/// A text for people, UTF-8. It lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_message(error: *const jsep_error) -> jsep_bytes {
    boundary("jsep_error_message", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let error = unsafe { required(error, "error") }?;
        Ok(jsep_bytes::lend(error.error.message.as_bytes()))
    })
}

/// Name of the interface function that failed. It lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_function(error: *const jsep_error) -> jsep_bytes {
    boundary("jsep_error_function", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let error = unsafe { required(error, "error") }?;
        Ok(jsep_bytes::lend(error.error.function.as_bytes()))
    })
}

/// Name of the module at fault without a leading slash, or no bytes. It lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_module(error: *const jsep_error) -> jsep_bytes {
    boundary("jsep_error_module", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let error = unsafe { required(error, "error") }?;
        Ok(jsep_bytes::lend(error.error.place.module.as_bytes()))
    })
}

/// JSON path of the part of the bundle at fault, such as `metadata.endpoints["/log"]["get"].mode`, or no bytes. It lives as
/// long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_path(error: *const jsep_error) -> jsep_bytes {
    boundary("jsep_error_path", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let error = unsafe { required(error, "error") }?;
        Ok(jsep_bytes::lend(error.error.place.path.as_bytes()))
    })
}

/// Line from 1 in the module, or in the bundle's text when `jsep_error_module` has no bytes; 0 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_line(error: *const jsep_error) -> u32 {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_error_line", || Ok(unsafe { required(error, "error") }?.error.place.line))
}

/// Column from 1, or 0 when unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_column(error: *const jsep_error) -> u32 {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_error_column", || Ok(unsafe { required(error, "error") }?.error.place.column))
}

/// Frees an error that `jsep_error_take` gave. Null is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_error_free(error: *mut jsep_error) {
    boundary("jsep_error_free", || {
        if !error.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(error) });
        }
        Ok(())
    })
}
