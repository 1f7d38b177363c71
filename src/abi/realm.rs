//! Durable realms.

use super::boundary::{boundary, required, required_out};
use super::engine::jsep_engine;
use super::host::jsep_host;
use super::host_table::TableHost;
use super::log::jsep_log;
use super::options::{self, jsep_option};
use super::{jsep_bytes, jsep_sink, jsep_status};
use crate::durable::{Realm, RealmOptions, TurnInput};
use crate::error::Error;
use crate::invoke::Unforked;

/// A realm whose whole state outlives the process: variables, closures, functions, instances, maps, buffers. There is no save call.
///
/// Functions: `jsep_realm_open`, `jsep_realm_open_app`, `jsep_realm_call`, `jsep_realm_eval`, `jsep_realm_execute`, `jsep_realm_endpoint`,
/// `jsep_realm_methods`, `jsep_realm_upgrade`, `jsep_realm_next_alarm`, `jsep_realm_alarm`, `jsep_realm_outgoing`,
/// `jsep_realm_incoming`, `jsep_realm_report`, `jsep_realm_free`. A turn is one call of `jsep_realm_call`, `jsep_realm_eval`,
/// `jsep_realm_execute`, `jsep_realm_upgrade` or `jsep_realm_alarm`, or one message: its input, the script, and all jobs that the script
/// leaves. Turns of a realm never overlap.
///
/// - A turn's answer and its lines for the log leave only when its record is on the disk. If that fails, nothing leaves.
/// - A turn that throws, or that a limit ends, leaves no trace: the next turn begins with a replay of the log. With the option `on_throw` =
///   `commit` a turn that throws keeps what it did before, and its exception is its answer; one that a limit ends still leaves no trace.
/// - A turn needs as much stack as an install, and a replay as much stack, memory and time as the turns took that it repeats. Where that is
///   lacking the answer is `JSEP_TURN_FAILED`, and the realm stays as it is, for another thread or for later.
/// - What a turn asks the host (time, randomness, reads of the store) is written down with its answers. A replay has to ask the same and
///   to come to the same answer; otherwise the realm stops.
/// - A realm with an app answers requests by its endpoints, see `jsep_realm_open_app`; one with a script that has a function
///   `handleRequest` answers them by that.
/// - Time stands still during a turn. Absent are `WeakRef`, `FinalizationRegistry`, `SharedArrayBuffer`, `Atomics`, `WebAssembly`,
///   `ccf.rpc`, `ccf.historical`, `ccf.host`, `snp_attestation`, and those functions of `ccf.crypto` that draw randomness. The store can
///   be read and not written.
///
/// The QuickJS library answers `jsep_realm_open` with `JSEP_NOT_SUPPORTED`. Any thread, several at once.
///
/// Source: `src/abi/realm.rs`.
pub struct jsep_realm {
    pub(super) realm: Unforked<Realm>,
}

/// A host that offers nothing, for null.
pub(super) unsafe fn host_or_none(host: *const jsep_host) -> Result<TableHost, Error> {
    if host.is_null() {
        return Ok(TableHost::empty());
    }
    // SAFETY: the rules of the interface, see the head of this room.
    unsafe { TableHost::read(host) }
}

pub(super) fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|_| not_text(name))
}

/// A copy of a text of the host.
///
/// # Safety
/// As [`jsep_bytes::read`].
pub(super) unsafe fn copy_text(bytes: jsep_bytes, name: &str) -> Result<String, Error> {
    // SAFETY: the caller's promise.
    String::from_utf8(unsafe { bytes.copy(name) }?).map_err(|_| not_text(name))
}

fn not_text(name: &str) -> Error {
    Error::new(jsep_status::JSEP_INVALID_ARGUMENT, format!("`{name}` is not valid UTF-8"))
}

/// Opens the realm `name` of a log.
///
/// A realm that is not there begins with `source`, a script that is evaluated as its first turn; if that throws, there is no realm. A realm
/// that is there is restored from its newest checkpoint and the turns after it, and `source` is not read. The limits of a turn are the
/// engine's run-time options. `options` are `count` options, null when `count` is 0: `on_throw` is `rollback` (default) or `commit`;
/// `peer_key` is for `jsep_realm_incoming`. `host` is for the first turn, see
/// `jsep_realm_call`. On success the caller frees `*realm` with `jsep_realm_free`. A realm can be open once at a time. Any thread.
///
/// Errors: `JSEP_TURN_FAILED`, `JSEP_REPLAY_DIVERGED` (names the turn and what differs), `JSEP_STORAGE_FAILED`, `JSEP_REALM_STOPPED`,
/// `JSEP_LOG_DAMAGED`, `JSEP_NOT_SUPPORTED`, `JSEP_INVALID_OPTION`, `JSEP_INVALID_ARGUMENT`, `JSEP_REENTERED`, `JSEP_FORKED`,
/// `JSEP_NULL_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_open(
    engine: *const jsep_engine,
    log: *const jsep_log,
    name: jsep_bytes,
    source: jsep_bytes,
    options: *const jsep_option,
    count: usize,
    host: *const jsep_host,
    realm: *mut *mut jsep_realm,
) -> jsep_status {
    boundary("jsep_realm_open", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(realm, "realm") }?;
        *out = std::ptr::null_mut();
        let first = || {
            // SAFETY: as above.
            let source = unsafe { copy_text(source, "source") }?;
            Ok(TurnInput::Evaluate { source })
        };
        // SAFETY: as above.
        *out = unsafe { open(engine, log, name, first, options, count, host) }?;
        Ok(jsep_status::JSEP_OK)
    })
}

/// Opens a realm that begins with the turn `first`, which is read after the name.
///
/// # Safety
/// The rules of the interface hold for all arguments.
pub(super) unsafe fn open(
    engine: *const jsep_engine,
    log: *const jsep_log,
    name: jsep_bytes,
    first: impl FnOnce() -> Result<TurnInput, Error>,
    options: *const jsep_option,
    count: usize,
    host: *const jsep_host,
) -> Result<*mut jsep_realm, Error> {
    // SAFETY: as the caller says.
    let (engine, log) = unsafe { (required(engine, "engine")?, required(log, "log")?) };
    // SAFETY: as above.
    let name = text(unsafe { name.read("name") }?, "name")?;
    let first = first()?;
    // SAFETY: as above.
    let (options, host) = unsafe { (options::read(options, count)?, host_or_none(host)?) };
    let options = RealmOptions::parse(&options)?;
    let realm = Realm::open(engine.plugin.get()?, log.log.get()?, name, first, options, &host)?;
    Ok(Box::into_raw(Box::new(jsep_realm { realm: Unforked::new(realm) })))
}

/// Calls a function of the realm, as one turn.
///
/// `function` is its name, or that of a method with its object before it (`counter.increment`). It gets what JSON makes of `argument`, or
/// nothing when there are no bytes. `answer` gets its result as JSON when the turn is on the disk, or no bytes where JSON has no form for
/// it; a promise counts as what it was settled with.
///
/// `id` names the input: if a turn with the same id took place, nothing runs and `answer` gets what that turn answered. The last 10000 ids
/// are known, fewer when their answers take more than 64 MiB. No bytes: the input has no name.
///
/// The functions of `host` run on this thread, during this call: its clock, entropy, log and store, for reading. Null: the system's clock and
/// entropy, and no more. Any thread.
///
/// Errors: `JSEP_TURN_FAILED` (the message is the exception), `JSEP_CONFLICT` (a store function asked for it; the turn left no trace),
/// `JSEP_STORAGE_FAILED`, `JSEP_REALM_STOPPED`, `JSEP_REPLAY_DIVERGED`, `JSEP_LOG_DAMAGED`, `JSEP_REENTERED`, `JSEP_FORKED`,
/// `JSEP_INVALID_ARGUMENT`, `JSEP_NULL_ARGUMENT`, `JSEP_STRUCT_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_call(
    realm: *const jsep_realm,
    id: jsep_bytes,
    function: jsep_bytes,
    argument: jsep_bytes,
    host: *const jsep_host,
    answer: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_realm_call", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (function, argument) = unsafe { (copy_text(function, "function")?, copy_text(argument, "argument")?) };
        let input = TurnInput::Call { function, argument };
        let run = |realm: &Realm, id: &[u8], host: &TableHost| realm.turn(id, input, host);
        // SAFETY: as above.
        unsafe { turn(realm, id, run, host, answer) }
    })
}

/// Evaluates a script in the realm, as one turn.
///
/// `answer` gets its value as people read it: functions by their source, what JSON has a form for as JSON. All else is as for
/// `jsep_realm_call`, errors too. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_eval(
    realm: *const jsep_realm,
    id: jsep_bytes,
    source: jsep_bytes,
    host: *const jsep_host,
    answer: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_realm_eval", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let source = unsafe { copy_text(source, "source") }?;
        let run = |realm: &Realm, id: &[u8], host: &TableHost| realm.turn(id, TurnInput::Evaluate { source }, host);
        // SAFETY: as above.
        unsafe { turn(realm, id, run, host, answer) }
    })
}

/// Puts a new version in the place of what the realm began with, as one turn: evaluates a script, or for a realm with an app the modules of a
/// bundle, which `source` is then. The realm keeps its state.
///
/// What the script declares with `var` and `function` takes the place of what had these names before; what was declared with `let`,
/// `const` and `class` stays, can be used, and can't be declared again. If the script has a function `migrate`, that is called with an object whose
/// members are what all global variables and functions were before.
///
/// The modules of a bundle have variables of their own. Each function `migrate` that a module with endpoints exports, in the order of the
/// modules' names, is called with an object that has the exports of each former module by its name: `old["main.js"].state`. From then on
/// requests get the new endpoints; a host reads `jsep_realm_endpoint` again.
///
/// A turn that throws leaves no trace, whatever `on_throw` is, so the former version goes on. `answer` gets what `migrate`
/// answers, or else the script. All else is as for `jsep_realm_eval`, errors too, and those of `jsep_registry_install` for a bundle.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_upgrade(
    realm: *const jsep_realm,
    id: jsep_bytes,
    source: jsep_bytes,
    host: *const jsep_host,
    answer: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_realm_upgrade", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let source = unsafe { copy_text(source, "source") }?;
        let run = |realm: &Realm, id: &[u8], host: &TableHost| realm.upgrade(id, source, host);
        // SAFETY: as above.
        unsafe { turn(realm, id, run, host, answer) }
    })
}

unsafe fn turn(
    realm: *const jsep_realm,
    id: jsep_bytes,
    run: impl FnOnce(&Realm, &[u8], &TableHost) -> Result<Vec<u8>, Error>,
    host: *const jsep_host,
    answer: *const jsep_sink,
) -> Result<jsep_status, Error> {
    // SAFETY: the rules of the interface, see the head of this room.
    let (realm, answer) = unsafe { (required(realm, "realm")?, required(answer, "answer")?) };
    // SAFETY: as above.
    let (id, host) = unsafe { (id.read("id")?, host_or_none(host)?) };
    let text = run(realm.realm.get()?, id, &host)?;
    // SAFETY: as above.
    unsafe { answer.put(&text) };
    Ok(jsep_status::JSEP_OK)
}

/// Writes a JSON object about a realm to `report`: `name`, whether it was `restored`, `opened_in_ns`, `turns` after the first,
/// `rolled_back`, `remembered_ids`, its newest `checkpoint` as far as it is known (`records` that it holds, `bytes`), `unused_checkpoints`,
/// what a restore would cost (`replay_bytes` of the log, and `replay_ns`, what those turns took), `alarms` that are set with their times,
/// `messages` (`peers`, each with how many messages are `waiting` for it, `acknowledged` by it and `received` from it, and how many were
/// `dropped`), why it `stopped`, and its `log` as `jsep_log_report` tells it. Waits for a turn that runs. Any thread, but not
/// from a function of the host.
///
/// Errors: `JSEP_REENTERED`, `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_report(realm: *const jsep_realm, report: *const jsep_sink) -> jsep_status {
    boundary("jsep_realm_report", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, report) = unsafe { (required(realm, "realm")?, required(report, "report")?) };
        let text = realm.realm.get()?.report()?.to_string();
        // SAFETY: as above.
        unsafe { report.put(text.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Frees a realm; its turns stay in the log. Null is fine. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_free(realm: *mut jsep_realm) {
    boundary("jsep_realm_free", || {
        if !realm.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(realm) });
        }
        Ok(())
    })
}
