//! The one place where a call from C becomes Rust and back: null checks, unwinds and the thread's last error.

use super::{error, jsep_bytes, jsep_status};
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a function answers when it could not do its work.
pub(crate) trait Failure: Sized {
    /// The answer for `status`; functions without a status answer with their empty value.
    fn failure(status: jsep_status) -> Self;
}

impl Failure for jsep_status {
    fn failure(status: jsep_status) -> Self {
        status
    }
}

macro_rules! empty_value_on_failure {
    ($($kind:ty => $value:expr),* $(,)?) => {
        $(impl Failure for $kind {
            fn failure(_status: jsep_status) -> Self {
                $value
            }
        })*
    };
}

empty_value_on_failure! {
    () => (),
    bool => false,
    u32 => 0,
    usize => 0,
    jsep_bytes => jsep_bytes::EMPTY,
}

impl<T> Failure for *mut T {
    fn failure(_status: jsep_status) -> Self {
        std::ptr::null_mut()
    }
}

impl<T> Failure for *const T {
    fn failure(_status: jsep_status) -> Self {
        std::ptr::null()
    }
}

/// Runs `body`; an error or an unwind is recorded as the thread's last error and answered with the type's failure value.
pub(crate) fn boundary<T: Failure>(function: &'static str, body: impl FnOnce() -> Result<T, Error>) -> T {
    // AssertUnwindSafe: what a panic may leave half-done is dropped with the call, and shared state is behind locks that
    // recover from poisoning.
    let outcome = if cfg!(feature = "without_guards") { Ok(body()) } else { catch_unwind(AssertUnwindSafe(body)) };
    match outcome {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => {
            let status = error.status;
            error::record(error.in_function(function));
            T::failure(status)
        }
        Err(payload) => {
            let reason = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&'static str>().copied())
                .unwrap_or("no message");
            let message = format!("internal defect: {reason}");
            error::record(Error::new(jsep_status::JSEP_PANIC, message).in_function(function));
            T::failure(jsep_status::JSEP_PANIC)
        }
    }
}

/// Turns a pointer from the host into a reference, or answers `JSEP_NULL_ARGUMENT` and the argument's name.
///
/// # Safety
/// A non-null `pointer` must point to a live `T` for `'a`.
pub(crate) unsafe fn required<'a, T>(pointer: *const T, name: &'static str) -> Result<&'a T, Error> {
    // SAFETY: the caller promises that a non-null pointer is live.
    unsafe { pointer.as_ref() }.ok_or_else(|| Error::new(jsep_status::JSEP_NULL_ARGUMENT, format!("`{name}` is null")))
}

/// As [`required`], for a place that the function writes to.
///
/// # Safety
/// A non-null `pointer` must point to a place for a `T` that nobody else uses during the call.
pub(crate) unsafe fn required_out<'a, T>(pointer: *mut T, name: &'static str) -> Result<&'a mut T, Error> {
    // SAFETY: the caller promises that a non-null pointer is writable and not shared.
    unsafe { pointer.as_mut() }.ok_or_else(|| Error::new(jsep_status::JSEP_NULL_ARGUMENT, format!("`{name}` is null")))
}

/// Checks the `size` member that each struct begins with: at least `smallest` bytes, the size of its first version.
pub(crate) fn check_size(given: usize, smallest: usize, name: &'static str) -> Result<(), Error> {
    if given < smallest {
        return Err(Error::new(
            jsep_status::JSEP_STRUCT_SIZE,
            format!("`{name}.size` is {given}, but the smallest known size of this struct is {smallest}"),
        ));
    }
    Ok(())
}

/// A struct that has grown since its first version, of which the host may have compiled any: what the host does not know is zero.
///
/// # Safety
/// `pointer` is null or points to a live `T` of at least the size that its first member tells, and all zeros are a `T`.
pub(crate) unsafe fn read_grown<T: Copy>(pointer: *const T, smallest: usize, name: &'static str) -> Result<T, Error> {
    // SAFETY: each struct begins with its size, and the caller promises a live one.
    let size = *unsafe { required(pointer.cast::<usize>(), name) }?;
    check_size(size, smallest, name)?;
    // Each version ends where a member does, and no member is narrower than a pointer.
    if !size.is_multiple_of(size_of::<usize>()) {
        let text = format!("`{name}.size` is {size}, which is not the size of any version of this struct");
        return Err(Error::new(jsep_status::JSEP_STRUCT_SIZE, text));
    }
    let mut whole = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: no more is copied than the host has and than there is room for; the rest is zero, which the caller allows.
    unsafe {
        pointer.cast::<u8>().copy_to_nonoverlapping(whole.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        Ok(whole.assume_init())
    }
}
