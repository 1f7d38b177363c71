//! The host table, and the safe face that the rest of the library sees of it.

use super::boundary::check_size;
use super::options::jsep_log_level;
use super::{jsep_bytes, jsep_sink};
use crate::error::Error;
use crate::host::{Entry, Host, LogLevel, StoreError};
use crate::status::jsep_status;
use std::ffi::c_void;

/// Takes the entries of a map, one call each.
///
/// `entry` copies what it needs before it returns and may be called only while the function that received the visitor runs,
/// on the same thread. When it answers false, the walk ends and is not a failure.
///
/// Source: `src/abi/host.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_visitor {
    /// Passed back as the first argument of `entry`.
    pub context: *mut c_void,
    /// Takes one key and its value.
    pub entry: Option<unsafe extern "C" fn(context: *mut c_void, key: jsep_bytes, value: jsep_bytes) -> bool>,
}

/// What the host offers to one request: its store, log, clock and entropy.
///
/// All functions are called on the thread that called `jsep_endpoint_execute`, during that call, with `context` as the first
/// argument. They must not call the library. Map names are UTF-8; keys and values are any bytes. Arguments are borrowed for
/// the call.
///
/// Store functions answer with a number of `jsep_status`: `JSEP_OK`; `JSEP_NOT_FOUND` where documented; `JSEP_CONFLICT` when
/// the transaction can't go on, which makes `jsep_endpoint_execute` return `JSEP_CONFLICT` whatever the script does with the
/// exception; anything else is a failure, which the script sees as an exception.
///
/// Reads see the host's transaction without the writes of the running request: the library keeps those, shows them to the
/// script, and hands them over with `store_put`, `store_remove` and `store_clear` after the handler has ended, and only if they are
/// to be applied (a status from 200 to 299, or what the script said with `ccf.rpc.setApplyWrites`).
///
/// A null function means that the host does not offer it; the script sees an exception. For `log` null means that nothing is
/// logged, for `clock` and `entropy` that the operating system's are used.
///
/// Source: `src/abi/host.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_host {
    /// `sizeof(struct jsep_host)`.
    pub size: usize,
    /// Passed back as the first argument of each function.
    pub context: *mut c_void,
    /// Writes the value of `key` to `value`, or answers `JSEP_NOT_FOUND`.
    pub store_get: Option<
        unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, key: jsep_bytes, value: *const jsep_sink) -> u32,
    >,
    /// Answers `JSEP_OK` when `key` has a value, else `JSEP_NOT_FOUND`. Null: `store_get` is used.
    pub store_has: Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, key: jsep_bytes) -> u32>,
    /// Gives the version of the last committed write to `key`, or answers `JSEP_NOT_FOUND`.
    pub store_version:
        Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, key: jsep_bytes, version: *mut i64) -> u32>,
    /// Gives the number of entries of a map. A map that was never written has none.
    pub store_size: Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, size: *mut u64) -> u32>,
    /// Hands all entries of a map to `visitor`, in any order that stays the same for the same state.
    pub store_for_each:
        Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, visitor: *const jsep_visitor) -> u32>,
    /// Sets the value of `key`.
    pub store_put:
        Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, key: jsep_bytes, value: jsep_bytes) -> u32>,
    /// Removes `key`. A key without a value is not a failure.
    pub store_remove: Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes, key: jsep_bytes) -> u32>,
    /// Removes all entries of a map.
    pub store_clear: Option<unsafe extern "C" fn(context: *mut c_void, map: jsep_bytes) -> u32>,
    /// Takes a line of the app's log: what the script gave to `console`, exception details, and the line per request.
    pub log: Option<unsafe extern "C" fn(context: *mut c_void, level: jsep_log_level, text: jsep_bytes)>,
    /// Gives the time as milliseconds since 1970 in UTC.
    pub clock: Option<unsafe extern "C" fn(context: *mut c_void, milliseconds: *mut f64) -> u32>,
    /// Fills `len` bytes at `data` with unpredictable bytes.
    pub entropy: Option<unsafe extern "C" fn(context: *mut c_void, data: *mut u8, len: usize) -> u32>,
}

/// The host table of one call, as the rooms behind the border see it.
pub(super) struct TableHost {
    table: jsep_host,
}

impl TableHost {
    /// Reads the table, or an empty one when the host gave none.
    ///
    /// # Safety
    /// `table` is null or a live table whose functions accept its context for as long as the result is used.
    pub(super) unsafe fn read(table: *const jsep_host) -> Result<TableHost, Error> {
        // SAFETY: the caller promises that a non-null table is live.
        let Some(table) = (unsafe { table.as_ref() }) else {
            return Err(Error::new(jsep_status::JSEP_NULL_ARGUMENT, "`host` is null"));
        };
        check_size(table.size, size_of::<jsep_host>(), "host")?;
        Ok(TableHost { table: *table })
    }
}

/// What a store callback's answer means; `Ok(false)` is "not found".
fn answer(code: u32, function: &'static str) -> Result<bool, StoreError> {
    const OK: u32 = jsep_status::JSEP_OK as u32;
    const NOT_FOUND: u32 = jsep_status::JSEP_NOT_FOUND as u32;
    const CONFLICT: u32 = jsep_status::JSEP_CONFLICT as u32;
    match code {
        OK => Ok(true),
        NOT_FOUND => Ok(false),
        CONFLICT => Err(StoreError::Conflict),
        code => Err(StoreError::Failed { function, code }),
    }
}

/// As [`answer`], for functions that always find what they are asked for.
fn done(code: u32, function: &'static str) -> Result<(), StoreError> {
    match answer(code, function)? {
        true => Ok(()),
        false => Err(StoreError::Failed { function, code }),
    }
}

fn offered<T>(function: Option<T>, name: &'static str) -> Result<T, StoreError> {
    function.ok_or(StoreError::NotOffered { function: name })
}

unsafe extern "C" fn append(context: *mut c_void, data: *const u8, len: usize) {
    // SAFETY: `context` is the vector that `get` lends for the duration of the callback, and the host gives `len` readable bytes.
    unsafe {
        let value = &mut *context.cast::<Vec<u8>>();
        value.extend_from_slice(jsep_bytes { data, len }.slice());
    }
}

unsafe extern "C" fn collect(context: *mut c_void, key: jsep_bytes, value: jsep_bytes) -> bool {
    // SAFETY: `context` is the vector that `entries` lends for the duration of the callback, and the host gives readable bytes.
    unsafe {
        let entries = &mut *context.cast::<Vec<Entry>>();
        entries.push((key.slice().to_vec(), value.slice().to_vec()));
    }
    true
}

// Why the calls below are sound: the host promises with `jsep_endpoint_execute` that its functions accept its context and
// borrowed arguments; all arguments are borrowed from live slices, and out-parameters are live locals.
impl Host for TableHost {
    fn get(&self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let get = offered(self.table.store_get, "store_get")?;
        let mut value: Vec<u8> = Vec::new();
        let sink = jsep_sink { context: (&raw mut value).cast(), write: Some(append) };
        // SAFETY: see above.
        let code = unsafe {
            get(self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key), &raw const sink)
        };
        Ok(answer(code, "store_get")?.then_some(value))
    }

    fn has(&self, map: &str, key: &[u8]) -> Result<bool, StoreError> {
        let Some(has) = self.table.store_has else {
            return Ok(self.get(map, key)?.is_some());
        };
        // SAFETY: see above.
        let code = unsafe { has(self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key)) };
        answer(code, "store_has")
    }

    fn version(&self, map: &str, key: &[u8]) -> Result<Option<i64>, StoreError> {
        let version_of = offered(self.table.store_version, "store_version")?;
        let mut version = 0;
        // SAFETY: see above.
        let code = unsafe {
            version_of(self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key), &raw mut version)
        };
        Ok(answer(code, "store_version")?.then_some(version))
    }

    fn size(&self, map: &str) -> Result<u64, StoreError> {
        let size_of_map = offered(self.table.store_size, "store_size")?;
        let mut size = 0;
        // SAFETY: see above.
        let code = unsafe { size_of_map(self.table.context, jsep_bytes::lend(map.as_bytes()), &raw mut size) };
        done(code, "store_size")?;
        Ok(size)
    }

    fn entries(&self, map: &str) -> Result<Vec<Entry>, StoreError> {
        let for_each = offered(self.table.store_for_each, "store_for_each")?;
        let mut entries: Vec<Entry> = Vec::new();
        let visitor = jsep_visitor { context: (&raw mut entries).cast(), entry: Some(collect) };
        // SAFETY: see above.
        let code = unsafe { for_each(self.table.context, jsep_bytes::lend(map.as_bytes()), &raw const visitor) };
        done(code, "store_for_each")?;
        Ok(entries)
    }

    fn put(&self, map: &str, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let put = offered(self.table.store_put, "store_put")?;
        // SAFETY: see above.
        let code = unsafe {
            put(self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key), jsep_bytes::lend(value))
        };
        done(code, "store_put")
    }

    fn remove(&self, map: &str, key: &[u8]) -> Result<(), StoreError> {
        let remove = offered(self.table.store_remove, "store_remove")?;
        // SAFETY: see above.
        let code = unsafe { remove(self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key)) };
        answer(code, "store_remove").map(drop)
    }

    fn clear(&self, map: &str) -> Result<(), StoreError> {
        let clear = offered(self.table.store_clear, "store_clear")?;
        // SAFETY: see above.
        answer(unsafe { clear(self.table.context, jsep_bytes::lend(map.as_bytes())) }, "store_clear").map(drop)
    }

    fn log(&self, level: LogLevel, text: &str) {
        if let Some(log) = self.table.log {
            // SAFETY: see above.
            unsafe { log(self.table.context, level.into(), jsep_bytes::lend(text.as_bytes())) }
        }
    }

    fn clock(&self) -> Option<f64> {
        let clock = self.table.clock?;
        let mut milliseconds = 0.0;
        // SAFETY: see above.
        let code = unsafe { clock(self.table.context, &raw mut milliseconds) };
        (code == jsep_status::JSEP_OK as u32).then_some(milliseconds)
    }

    fn entropy(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        let Some(entropy) = self.table.entropy else {
            return getrandom::fill(bytes).map_err(|_| StoreError::NotOffered { function: "entropy" });
        };
        // SAFETY: see above.
        done(unsafe { entropy(self.table.context, bytes.as_mut_ptr(), bytes.len()) }, "entropy")
    }
}

impl From<LogLevel> for jsep_log_level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Info => jsep_log_level::JSEP_LOG_INFO,
            LogLevel::Fail => jsep_log_level::JSEP_LOG_FAIL,
            LogLevel::Fatal => jsep_log_level::JSEP_LOG_FATAL,
        }
    }
}
