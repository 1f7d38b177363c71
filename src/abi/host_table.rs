//! The safe face of the host table.

use super::boundary::read_grown;
use super::host_call::HostCall;
use super::options::jsep_log_level;
use super::{
    jsep_bytes, jsep_host, jsep_sink, jsep_state, jsep_state_visitor, jsep_transaction_id, jsep_transaction_status,
    jsep_visitor,
};
use crate::error::Error;
use crate::host::{
    Attestation, Entry, HistoricalRange, Host, HostError, LogLevel, Permission, State, TransactionId, TransactionStatus,
};
use crate::status::jsep_status;
use std::ffi::c_void;

/// Size of the table's first version, which every host offers at least.
const SMALLEST: usize = std::mem::offset_of!(jsep_host, last_committed);

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
        // SAFETY: the caller promises null or a live table; zero is null for functions.
        let table = unsafe { read_grown(table, SMALLEST, "host") }?;
        Ok(TableHost { table })
    }

    /// A host that offers nothing.
    pub(super) fn empty() -> TableHost {
        // SAFETY: zero is null for functions, and a number.
        TableHost { table: unsafe { std::mem::zeroed() } }
    }
}

/// What a store callback's answer means; `Ok(false)` is "not found".
fn answer(code: u32, function: &'static str) -> Result<bool, HostError> {
    const OK: u32 = jsep_status::JSEP_OK as u32;
    const NOT_FOUND: u32 = jsep_status::JSEP_NOT_FOUND as u32;
    const CONFLICT: u32 = jsep_status::JSEP_CONFLICT as u32;
    match code {
        OK => Ok(true),
        NOT_FOUND => Ok(false),
        CONFLICT => Err(HostError::Conflict),
        code => Err(HostError::Failed { function, code }),
    }
}

/// As [`answer`], for functions that always find what they are asked for.
fn done(code: u32, function: &'static str) -> Result<(), HostError> {
    match answer(code, function)? {
        true => Ok(()),
        false => Err(HostError::Failed { function, code }),
    }
}

fn offered<T>(function: Option<T>, name: &'static str) -> Result<T, HostError> {
    function.ok_or(HostError::NotOffered { function: name })
}

/// What a failed callback wrote to its sink, or the code.
fn explained(result: Result<(), HostError>, why: Received<u8>) -> Result<(), HostError> {
    match (result, why) {
        (Err(HostError::Failed { .. }), Ok(why)) if !why.is_empty() => {
            Err(HostError::Explained { why: String::from_utf8_lossy(&why).into_owned() })
        }
        (other, _) => other,
    }
}

/// Lends an optional argument.
fn lend_optional(bytes: Option<&[u8]>) -> Option<jsep_bytes> {
    bytes.map(jsep_bytes::lend)
}

/// A pointer to a lent optional argument; null for none.
fn pointer(bytes: &Option<jsep_bytes>) -> *const jsep_bytes {
    bytes.as_ref().map_or(std::ptr::null(), std::ptr::from_ref)
}

/// What a sink or a visitor has taken so far, or what was wrong with it.
type Received<T> = Result<Vec<T>, Error>;

/// A sink that appends to `received`, which outlives it.
fn sink_to(received: &mut Received<u8>) -> jsep_sink {
    jsep_sink { context: std::ptr::from_mut(received).cast(), write: Some(append) }
}

/// What the callback handed over.
fn taken<T>(received: Received<T>, function: &'static str) -> Result<Vec<T>, HostError> {
    received.map_err(|error| HostError::Explained { why: format!("host function `{function}`: {}", error.message) })
}

unsafe extern "C" fn append(context: *mut c_void, data: *const u8, len: usize) {
    // SAFETY: `context` is what `sink_to` was given for the duration of the callback, and the host gives `len` readable bytes.
    unsafe {
        let received = &mut *context.cast::<Received<u8>>();
        if let Ok(value) = received
            && let Err(error) = (jsep_bytes { data, len }).append_to(value, "data")
        {
            *received = Err(error);
        }
    }
}

unsafe extern "C" fn collect(context: *mut c_void, key: jsep_bytes, value: jsep_bytes) -> bool {
    // SAFETY: `context` is the vector that `entries` lends for the duration of the callback, and the host gives readable bytes.
    unsafe {
        let received = &mut *context.cast::<Received<Entry>>();
        let Ok(entries) = received else {
            return false;
        };
        match (key.copy("key"), value.copy("value")) {
            (Ok(key), Ok(value)) => entries.push((key, value)),
            (Err(error), _) | (_, Err(error)) => *received = Err(error),
        }
        received.is_ok()
    }
}

unsafe extern "C" fn collect_state(context: *mut c_void, state: *const jsep_state) -> bool {
    // SAFETY: `context` is what `historical_range` lends for the duration of the callback, and the host gives null or a live state.
    unsafe {
        let states = &mut *context.cast::<Received<State>>();
        let (Ok(known), Some(state)) = (states.as_mut(), state.as_ref()) else {
            return false;
        };
        match state.read("state") {
            Ok(state) => known.push(state),
            Err(error) => *states = Err(error),
        }
        states.is_ok()
    }
}

// Why the calls below are sound: the host promises with `jsep_endpoint_execute` that its functions accept its context and
// borrowed arguments; all arguments are borrowed from live slices, and out-parameters are live locals.
impl Host for TableHost {
    fn get(&self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        let get = offered(self.table.store_get, "store_get")?;
        let mut value: Received<u8> = Ok(Vec::new());
        let sink = sink_to(&mut value);
        // SAFETY: see above.
        let code = unsafe {
            get.call_host((
                self.table.context,
                jsep_bytes::lend(map.as_bytes()),
                jsep_bytes::lend(key),
                &raw const sink,
            ))
        };
        answer(code, "store_get")?.then(|| taken(value, "store_get")).transpose()
    }

    fn has(&self, map: &str, key: &[u8]) -> Result<bool, HostError> {
        let Some(has) = self.table.store_has else {
            return Ok(self.get(map, key)?.is_some());
        };
        // SAFETY: see above.
        let code =
            unsafe { has.call_host((self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key))) };
        answer(code, "store_has")
    }

    fn version(&self, map: &str, key: &[u8]) -> Result<Option<i64>, HostError> {
        let version_of = offered(self.table.store_version, "store_version")?;
        let mut version = 0;
        // SAFETY: see above.
        let code = unsafe {
            version_of.call_host((
                self.table.context,
                jsep_bytes::lend(map.as_bytes()),
                jsep_bytes::lend(key),
                &raw mut version,
            ))
        };
        Ok(answer(code, "store_version")?.then_some(version))
    }

    fn size(&self, map: &str) -> Result<u64, HostError> {
        let size_of_map = offered(self.table.store_size, "store_size")?;
        let mut size = 0;
        // SAFETY: see above.
        let code =
            unsafe { size_of_map.call_host((self.table.context, jsep_bytes::lend(map.as_bytes()), &raw mut size)) };
        done(code, "store_size")?;
        Ok(size)
    }

    fn entries(&self, map: &str) -> Result<Vec<Entry>, HostError> {
        let for_each = offered(self.table.store_for_each, "store_for_each")?;
        let mut entries: Received<Entry> = Ok(Vec::new());
        let visitor = jsep_visitor { context: (&raw mut entries).cast(), entry: Some(collect) };
        // SAFETY: see above.
        let code =
            unsafe { for_each.call_host((self.table.context, jsep_bytes::lend(map.as_bytes()), &raw const visitor)) };
        done(code, "store_for_each")?;
        taken(entries, "store_for_each")
    }

    fn put(&self, map: &str, key: &[u8], value: &[u8]) -> Result<(), HostError> {
        let put = offered(self.table.store_put, "store_put")?;
        // SAFETY: see above.
        let code = unsafe {
            put.call_host((
                self.table.context,
                jsep_bytes::lend(map.as_bytes()),
                jsep_bytes::lend(key),
                jsep_bytes::lend(value),
            ))
        };
        done(code, "store_put")
    }

    fn remove(&self, map: &str, key: &[u8]) -> Result<(), HostError> {
        let remove = offered(self.table.store_remove, "store_remove")?;
        // SAFETY: see above.
        let code =
            unsafe { remove.call_host((self.table.context, jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key))) };
        answer(code, "store_remove").map(drop)
    }

    fn clear(&self, map: &str) -> Result<(), HostError> {
        let clear = offered(self.table.store_clear, "store_clear")?;
        // SAFETY: see above.
        answer(unsafe { clear.call_host((self.table.context, jsep_bytes::lend(map.as_bytes()))) }, "store_clear")
            .map(drop)
    }

    fn log(&self, level: LogLevel, text: &str) {
        if let Some(log) = self.table.log {
            // SAFETY: see above.
            unsafe { log.call_host((self.table.context, level.into(), jsep_bytes::lend(text.as_bytes()))) }
        }
    }

    fn clock(&self) -> Option<f64> {
        let clock = self.table.clock?;
        let mut milliseconds = 0.0;
        // SAFETY: see above.
        let code = unsafe { clock.call_host((self.table.context, &raw mut milliseconds)) };
        (code == jsep_status::JSEP_OK as u32 && milliseconds.is_finite()).then_some(milliseconds)
    }

    fn entropy(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        let Some(entropy) = self.table.entropy else {
            return getrandom::fill(bytes).map_err(|_| HostError::NotOffered { function: "entropy" });
        };
        // SAFETY: see above.
        done(unsafe { entropy.call_host((self.table.context, bytes.as_mut_ptr(), bytes.len())) }, "entropy")
    }

    fn last_committed(&self) -> Result<TransactionId, HostError> {
        let last_committed = offered(self.table.last_committed, "last_committed")?;
        let mut id = jsep_transaction_id { view: 0, seqno: 0 };
        // SAFETY: see above.
        done(unsafe { last_committed.call_host((self.table.context, &raw mut id)) }, "last_committed")?;
        Ok(id.into())
    }

    fn transaction_status(&self, id: TransactionId) -> Result<TransactionStatus, HostError> {
        let transaction_status = offered(self.table.transaction_status, "transaction_status")?;
        let id = jsep_transaction_id { view: id.view, seqno: id.seqno };
        let mut status = 0;
        // SAFETY: see above.
        done(unsafe { transaction_status.call_host((self.table.context, id, &raw mut status)) }, "transaction_status")?;
        const PENDING: u32 = jsep_transaction_status::JSEP_TRANSACTION_PENDING as u32;
        const COMMITTED: u32 = jsep_transaction_status::JSEP_TRANSACTION_COMMITTED as u32;
        const INVALID: u32 = jsep_transaction_status::JSEP_TRANSACTION_INVALID as u32;
        Ok(match status {
            PENDING => TransactionStatus::Pending,
            COMMITTED => TransactionStatus::Committed,
            INVALID => TransactionStatus::Invalid,
            _ => TransactionStatus::Unknown,
        })
    }

    fn view_of(&self, seqno: u64) -> Result<Option<u64>, HostError> {
        let view_of = offered(self.table.view_of, "view_of")?;
        let mut view = 0;
        // SAFETY: see above.
        let code = unsafe { view_of.call_host((self.table.context, seqno, &raw mut view)) };
        Ok(answer(code, "view_of")?.then_some(view))
    }

    fn historical_range(&self, range: HistoricalRange) -> Result<Option<Vec<State>>, HostError> {
        let historical_range = offered(self.table.historical_range, "historical_range")?;
        let HistoricalRange { handle, first, last, seconds } = range;
        let mut states: Received<State> = Ok(Vec::new());
        let visitor = jsep_state_visitor { context: (&raw mut states).cast(), state: Some(collect_state) };
        // SAFETY: see above.
        let code = unsafe {
            historical_range.call_host((self.table.context, handle, first, last, seconds, &raw const visitor))
        };
        if !answer(code, "historical_range")? {
            return Ok(None);
        }
        states.map(Some).map_err(|error| HostError::Explained { why: error.message })
    }

    fn historical_drop(&self, handle: u64) -> Result<bool, HostError> {
        let historical_drop = offered(self.table.historical_drop, "historical_drop")?;
        // SAFETY: see above.
        answer(unsafe { historical_drop.call_host((self.table.context, handle)) }, "historical_drop")
    }

    fn state_get(&self, state: u64, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        let get = offered(self.table.state_get, "state_get")?;
        let mut value: Received<u8> = Ok(Vec::new());
        let sink = sink_to(&mut value);
        let (map, key) = (jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key));
        // SAFETY: see above.
        let code = unsafe { get.call_host((self.table.context, state, map, key, &raw const sink)) };
        answer(code, "state_get")?.then(|| taken(value, "state_get")).transpose()
    }

    fn state_version(&self, state: u64, map: &str, key: &[u8]) -> Result<Option<i64>, HostError> {
        let version_of = offered(self.table.state_version, "state_version")?;
        let mut version = 0;
        let (map, key) = (jsep_bytes::lend(map.as_bytes()), jsep_bytes::lend(key));
        // SAFETY: see above.
        let code = unsafe { version_of.call_host((self.table.context, state, map, key, &raw mut version)) };
        Ok(answer(code, "state_version")?.then_some(version))
    }

    fn state_entries(&self, state: u64, map: &str) -> Result<Vec<Entry>, HostError> {
        let for_each = offered(self.table.state_for_each, "state_for_each")?;
        let mut entries: Received<Entry> = Ok(Vec::new());
        let visitor = jsep_visitor { context: (&raw mut entries).cast(), entry: Some(collect) };
        // SAFETY: see above.
        let code = unsafe {
            for_each.call_host((self.table.context, state, jsep_bytes::lend(map.as_bytes()), &raw const visitor))
        };
        done(code, "state_for_each")?;
        taken(entries, "state_for_each")
    }

    fn restrict(&self, map: &str, permission: Permission) -> Result<(Permission, Option<String>), HostError> {
        let Some(restrict_map) = self.table.restrict_map else {
            return Ok((permission, None));
        };
        let mut narrowed = permission as u32;
        let mut reason: Received<u8> = Ok(Vec::new());
        let sink = sink_to(&mut reason);
        let map = jsep_bytes::lend(map.as_bytes());
        // SAFETY: see above.
        let code = unsafe { restrict_map.call_host((self.table.context, map, &raw mut narrowed, &raw const sink)) };
        done(code, "restrict_map")?;
        let reason = taken(reason, "restrict_map")?;
        let reason = (!reason.is_empty()).then(|| String::from_utf8_lossy(&reason).into_owned());
        Ok((permission.narrowed(narrowed), reason))
    }

    fn trigger_subprocess(&self, arguments: &[String], input: Option<&[u8]>) -> Result<(), HostError> {
        let trigger = offered(self.table.trigger_subprocess, "trigger_subprocess")?;
        let arguments: Vec<_> = arguments.iter().map(|argument| jsep_bytes::lend(argument.as_bytes())).collect();
        let input = lend_optional(input);
        let mut why: Received<u8> = Ok(Vec::new());
        let sink = sink_to(&mut why);
        // SAFETY: see above.
        let code = unsafe {
            trigger.call_host((
                self.table.context,
                arguments.as_ptr(),
                arguments.len(),
                pointer(&input),
                &raw const sink,
            ))
        };
        explained(done(code, "trigger_subprocess"), why)
    }

    fn verify_attestation(&self, attestation: &Attestation) -> Result<Vec<u8>, HostError> {
        let verify = offered(self.table.verify_attestation, "verify_attestation")?;
        let uvm_endorsements = lend_optional(attestation.uvm_endorsements.as_deref());
        let endorsed_tcb = lend_optional(attestation.endorsed_tcb.as_deref().map(str::as_bytes));
        let mut result: Received<u8> = Ok(Vec::new());
        let sink = sink_to(&mut result);
        // SAFETY: see above.
        let code = unsafe {
            verify.call_host((
                self.table.context,
                jsep_bytes::lend(&attestation.evidence),
                jsep_bytes::lend(&attestation.endorsements),
                pointer(&uvm_endorsements),
                pointer(&endorsed_tcb),
                &raw const sink,
            ))
        };
        match done(code, "verify_attestation") {
            Ok(()) => taken(result, "verify_attestation"),
            failed => explained(failed, result).map(|()| Vec::new()),
        }
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
