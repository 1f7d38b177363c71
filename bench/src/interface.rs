//! The part of `include/jsep.h` that the benches use, as Rust types. The header explains it.

use std::ffi::c_void;

/// `jsep_bytes`
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Bytes {
    pub(crate) data: *const u8,
    pub(crate) len: usize,
}

impl Bytes {
    pub(crate) const EMPTY: Bytes = Bytes { data: std::ptr::null(), len: 0 };

    pub(crate) fn of(text: &str) -> Bytes {
        Bytes { data: text.as_ptr(), len: text.len() }
    }

    /// # Safety
    /// The bytes are readable for `'a`.
    pub(crate) unsafe fn slice<'a>(self) -> &'a [u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: the caller promises it.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

/// `jsep_option`
#[repr(C)]
pub(crate) struct EngineOption {
    pub(crate) name: Bytes,
    pub(crate) value: Bytes,
}

/// `jsep_sink`
#[repr(C)]
pub(crate) struct Sink {
    pub(crate) context: *mut c_void,
    pub(crate) write: Option<unsafe extern "C" fn(*mut c_void, *const u8, usize)>,
}

/// `jsep_cache`
#[repr(C)]
pub(crate) struct Cache {
    pub(crate) size: usize,
    pub(crate) context: *mut c_void,
    pub(crate) load: Option<unsafe extern "C" fn(*mut c_void, Bytes, *const Sink) -> u32>,
    pub(crate) store: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes) -> u32>,
    pub(crate) secret: Bytes,
}

/// `jsep_request`
#[repr(C)]
pub(crate) struct Request {
    pub(crate) size: usize,
    pub(crate) method: Bytes,
    pub(crate) path: Bytes,
    pub(crate) query: Bytes,
    pub(crate) headers: *const c_void,
    pub(crate) header_count: usize,
    pub(crate) body: Bytes,
    pub(crate) caller: Bytes,
}

/// `jsep_host`; functions that the benches don't offer are null.
#[repr(C)]
pub(crate) struct Host {
    pub(crate) size: usize,
    pub(crate) context: *mut c_void,
    pub(crate) store_get: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *const Sink) -> u32>,
    pub(crate) reads: [*const c_void; 4],
    pub(crate) store_put: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes, Bytes) -> u32>,
    pub(crate) others: [*const c_void; 5],
}

/// `jsep_execution_timings`, in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecutionTimings {
    pub(crate) size: usize,
    /// Getting a realm.
    pub realm: u64,
    /// Request object, handler and response.
    pub call: u64,
    /// Handing writes over.
    pub flush: u64,
    /// All of it.
    pub total: u64,
    /// Rung of the realm ladder.
    pub rung: u32,
}
