//! Data that crosses the border.

use std::ffi::c_void;

/// A borrowed run of bytes. It need not end with a NUL byte and may hold any bytes.
///
/// As an argument it is read during the call only. As a result it belongs to the handle that it was asked of and lives as
/// long as that handle. `data` may be null when `len` is 0.
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

    /// The bytes as a slice; a null pointer reads as no bytes.
    ///
    /// # Safety
    /// `data` must be null or point to `len` readable bytes that stay unchanged for `'a`.
    pub(crate) unsafe fn slice<'a>(self) -> &'a [u8] {
        if self.data.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: the caller promises `len` readable bytes at the non-null `data`.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
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
            unsafe { write(self.context, bytes.as_ptr(), bytes.len()) }
        }
    }
}
