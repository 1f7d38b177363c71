//! Checkpoints of durable realms.

use super::boundary::{boundary, required};
use super::engine::jsep_engine;
use super::log::jsep_log;
use super::storage::{TableStorage, jsep_storage};
use super::{jsep_bytes, jsep_sink, jsep_status};
use crate::durable;
use crate::error::Error;

/// Makes a checkpoint of the realm `name`: its state after all turns that are in the log now. From then on a restore takes it from there.
///
/// The turns since the last checkpoint run again, in a realm that V8 can capture; the capture is restored on trial, and has to be the same.
/// Only then one object, `checkpoint-…`, is replaced, and the former checkpoint stays in another one. **Call it in a process of its own**, one at
/// a time for a storage: V8 ends the process for some states that it can't capture, which leaves all as it was. It may run beside the one
/// process that uses the log, and calls `read` and `replace` only. `report` gets a JSON object: `realm`, whether one was `made` (not if
/// there was no turn since the last two), `turns` after the first that it holds, its `bytes`, the `digest` of what can be
/// reached in it, how many turns were `replayed` for it,
/// `took_ns`, and what is `wrong` with former ones. Any thread.
///
/// Errors: `JSEP_CHECKPOINT_REFUSED` (the state can't be captured, or a turn can't run again for want of stack, memory or time; the message
/// says why), `JSEP_REPLAY_DIVERGED`, `JSEP_LOG_DAMAGED`, `JSEP_STORAGE_FAILED`, `JSEP_NOT_SUPPORTED`, `JSEP_INVALID_ARGUMENT` (there is no
/// such realm), `JSEP_REENTERED`, `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`, `JSEP_STRUCT_SIZE`.
///
/// Source: `src/abi/checkpoint.rs`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_log_checkpoint(
    engine: *const jsep_engine,
    storage: *const jsep_storage,
    name: jsep_bytes,
    report: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_log_checkpoint", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (engine, report) = unsafe { (required(engine, "engine")?, required(report, "report")?) };
        // SAFETY: as above.
        let (storage, name) = unsafe { (TableStorage::read_table(storage)?, name.read("name")?) };
        let name = std::str::from_utf8(name)
            .map_err(|_| Error::new(jsep_status::JSEP_INVALID_ARGUMENT, "`name` is not valid UTF-8"))?;
        let text = durable::checkpoint(engine.plugin.get()?, &storage, name)?.to_string();
        // SAFETY: as above.
        unsafe { report.put(text.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Looks for the newest checkpoints of all realms of a log, and gives up the segments that no realm needs any more: those before the first
/// turn that the older of the two checkpoints of its realm does not hold. They are not read on a start, and are emptied. `report` gets a JSON
/// object: how many `segments` were given up. To be called after `jsep_log_checkpoint`, while realms work. Any thread.
///
/// Errors: `JSEP_STORAGE_FAILED` and `JSEP_LOG_DAMAGED`, after which the log has stopped; `JSEP_REALM_STOPPED`, `JSEP_REENTERED`,
/// `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`.
///
/// Source: `src/abi/checkpoint.rs`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_log_trim(log: *const jsep_log, report: *const jsep_sink) -> jsep_status {
    boundary("jsep_log_trim", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (log, report) = unsafe { (required(log, "log")?, required(report, "report")?) };
        let text = serde_json::json!({ "segments": log.log.get()?.trim()? }).to_string();
        // SAFETY: as above.
        unsafe { report.put(text.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}
