//! Data that crosses the border.

use super::host_call::HostCall;
use crate::error::Error;
use crate::status::jsep_status;
use std::ffi::c_void;

/// A borrowed run of bytes. It need not end with a NUL byte and may hold any bytes.
///
/// As an argument it is read during the call only. As a result it belongs to the handle that it was asked of and lives as
/// long as that handle. `data` may be null when `len` is 0. Null with another `len`, and a `len` that no memory has (from 2^47 on), are
/// refused with `JSEP_NULL_ARGUMENT` and `JSEP_INVALID_ARGUMENT`; from a function of the host they are a failure of that function.
///
/// Source: `src/abi/bytes.rs`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct jsep_bytes {
    /// First byte, or null when `len` is 0.
    pub data: *const u8,
    /// Number of bytes.
    pub len: usize,
}

impl jsep_bytes {
    /// No bytes.
    pub(crate) const EMPTY: jsep_bytes = jsep_bytes { data: std::ptr::null(), len: 0 };

    /// Lends `bytes` to the host.
    pub(crate) fn lend(bytes: &[u8]) -> jsep_bytes {
        jsep_bytes { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// The bytes as a slice. An error, which calls them `name`, when no such bytes can be.
    ///
    /// # Safety
    /// `data` must be null or point to `len` readable bytes that stay unchanged for `'a`.
    pub(crate) unsafe fn read<'a>(self, name: &str) -> Result<&'a [u8], Error> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() {
            let text = format!("`{name}.data` is null but `{name}.len` is {}", self.len);
            return Err(Error::new(jsep_status::JSEP_NULL_ARGUMENT, text));
        }
        check_count::<u8>(self.len, &format_args!("{name}.len"))?;
        // SAFETY: the caller promises `len` readable bytes at the non-null `data`, and there can be so many: fewer than `isize::MAX`.
        Ok(unsafe { std::slice::from_raw_parts(self.data, self.len) })
    }

    /// A copy of the bytes, with errors as [`jsep_bytes::read`] has them, and one for want of memory.
    ///
    /// # Safety
    /// As [`jsep_bytes::read`].
    pub(crate) unsafe fn copy(self, name: &str) -> Result<Vec<u8>, Error> {
        let mut copied = Vec::new();
        // SAFETY: the caller's promise.
        unsafe { self.append_to(&mut copied, name) }?;
        Ok(copied)
    }

    /// Adds the bytes to `received`, with errors as [`jsep_bytes::copy`] has them.
    ///
    /// # Safety
    /// As [`jsep_bytes::read`].
    pub(crate) unsafe fn append_to(self, received: &mut Vec<u8>, name: &str) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        let more = unsafe { self.read(name) }?;
        received.try_reserve(more.len()).map_err(|_| too_many(self.len, &format_args!("{name}.len")))?;
        received.extend_from_slice(more);
        Ok(())
    }
}

/// Bytes that a process can address at most. The pointers of x86-64 have no more than 47 bits that programs can choose.
const ADDRESSABLE: usize = 1 << 47;

/// Checks that memory can hold `count` of `T`, which the host calls `name`.
pub(crate) fn check_count<T>(count: usize, name: &dyn std::fmt::Display) -> Result<(), Error> {
    let most = (ADDRESSABLE - 1) / size_of::<T>();
    if count > most { Err(too_many(count, name)) } else { Ok(()) }
}

fn too_many(count: usize, name: &dyn std::fmt::Display) -> Error {
    Error::new(jsep_status::JSEP_INVALID_ARGUMENT, format!("`{name}` is {count}, more than memory can hold"))
}

/// Takes a value from the side that has it, so that neither side frees memory of the other.
///
/// `write` may be called several times: each call adds to what came before. It copies `data` before it returns and may be
/// called only while the function that received the sink runs, on the same thread.
///
/// Source: `src/abi/bytes.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_sink {
    /// Passed back as the first argument of `write`.
    pub context: *mut c_void,
    /// Adds `len` bytes at `data`.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, data: *const u8, len: usize)>,
}

impl jsep_sink {
    /// Hands `bytes` over. A sink without a function takes nothing.
    ///
    /// # Safety
    /// The host made this sink, and its function accepts its context.
    pub(crate) unsafe fn put(self, bytes: &[u8]) {
        if let Some(write) = self.write {
            // SAFETY: the pointer and the length come from one live slice; the host vouches for function and context.
            unsafe { write.call_host((self.context, bytes.as_ptr(), bytes.len())) }
        }
    }
}
