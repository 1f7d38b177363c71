//! The host table.

use super::options::jsep_log_level;
use super::{jsep_bytes, jsep_sink, jsep_state_visitor, jsep_transaction_id};
use std::ffi::c_void;

/// What a request may do with a map.
///
/// Source: `src/abi/host.rs`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum jsep_permission {
    /// Nothing.
    JSEP_PERMISSION_NONE = 0,
    /// Reads.
    JSEP_PERMISSION_READ = 1,
    /// Reads and writes.
    JSEP_PERMISSION_READ_WRITE = 2,
}

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

/// What the host offers to one request: its store, log, clock and entropy, its consensus and past states.
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
    /// Gives the time as milliseconds since 1970 in UTC. When it fails, or gives what is no finite number, the operating system's is used.
    pub clock: Option<unsafe extern "C" fn(context: *mut c_void, milliseconds: *mut f64) -> u32>,
    /// Fills `len` bytes at `data` with unpredictable bytes.
    pub entropy: Option<unsafe extern "C" fn(context: *mut c_void, data: *mut u8, len: usize) -> u32>,
    /// Gives the id of the last transaction that is committed for ever.
    pub last_committed: Option<unsafe extern "C" fn(context: *mut c_void, id: *mut jsep_transaction_id) -> u32>,
    /// Gives what became of a transaction, as a number of `jsep_transaction_status`.
    pub transaction_status:
        Option<unsafe extern "C" fn(context: *mut c_void, id: jsep_transaction_id, status: *mut u32) -> u32>,
    /// Gives the view in which `seqno` was written, or answers `JSEP_NOT_FOUND`.
    pub view_of: Option<unsafe extern "C" fn(context: *mut c_void, seqno: u64, view: *mut u64) -> u32>,
    /// Hands the states from `first` to `last`, both included, to `visitor`; or answers `JSEP_NOT_FOUND` while they are being
    /// fetched, without having called it. `handle` is the script's name for the request of this range; a new range under the same
    /// handle takes the place of the former. What was fetched may go `seconds` after the last call.
    pub historical_range: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            handle: u64,
            first: u64,
            last: u64,
            seconds: u64,
            visitor: *const jsep_state_visitor,
        ) -> u32,
    >,
    /// Lets go what was fetched under `handle`, or answers `JSEP_NOT_FOUND` when there is nothing.
    pub historical_drop: Option<unsafe extern "C" fn(context: *mut c_void, handle: u64) -> u32>,
    /// As `store_get`, in a past state of this request.
    pub state_get: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            state: u64,
            map: jsep_bytes,
            key: jsep_bytes,
            value: *const jsep_sink,
        ) -> u32,
    >,
    /// As `store_version`, in a past state of this request.
    pub state_version: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            state: u64,
            map: jsep_bytes,
            key: jsep_bytes,
            version: *mut i64,
        ) -> u32,
    >,
    /// As `store_for_each`, in a past state of this request.
    pub state_for_each: Option<
        unsafe extern "C" fn(context: *mut c_void, state: u64, map: jsep_bytes, visitor: *const jsep_visitor) -> u32,
    >,
    /// Narrows what the app may do with a map: `*permission` holds, as a number of `jsep_permission`, what the mode of the endpoint
    /// allows, and may be lowered. Text written to `reason` ends the message that a script gets for a refused call. Asked whenever
    /// a script uses a map. Null: nothing is narrowed.
    pub restrict_map: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            map: jsep_bytes,
            permission: *mut u32,
            reason: *const jsep_sink,
        ) -> u32,
    >,
    /// Starts a process on the host, for `ccf.host.triggerSubprocess`, and does not wait for it. `input` is null when the script gave
    /// none. Text written to `why` tells the script why it failed. Scripts see `ccf.host` only with the engine option `subprocesses=on`.
    pub trigger_subprocess: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            arguments: *const jsep_bytes,
            argument_count: usize,
            input: *const jsep_bytes,
            why: *const jsep_sink,
        ) -> u32,
    >,
    /// Verifies an SEV-SNP attestation, for `snp_attestation.verifySnpAttestation`. `uvm_endorsements` and `endorsed_tcb` are null when
    /// the script gave none. On success writes the result as JSON, in which an object with the one member `base64` becomes an
    /// `ArrayBuffer`; on failure, why.
    pub verify_attestation: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            evidence: jsep_bytes,
            endorsements: jsep_bytes,
            uvm_endorsements: *const jsep_bytes,
            endorsed_tcb: *const jsep_bytes,
            result: *const jsep_sink,
        ) -> u32,
    >,
}
