//! Bootstrap: one engine a process, as a rule.

use super::boundary::{boundary, check_size, required, required_out};
use super::host_call::HostCall;
use super::options::{self, jsep_logger, jsep_option};
use super::timings::jsep_engine_timings;
use super::{jsep_bytes, jsep_sink, jsep_status};
use crate::error::Error;
use crate::host::LogLevel;
use crate::invoke::{Plugin, Unforked};
use std::sync::Arc;
use std::time::Duration;

/// A started JavaScript engine with its options.
///
/// Functions: `jsep_engine_new`, `jsep_engine_idle`, `jsep_engine_report`, `jsep_engine_timings_get`, `jsep_engine_free`. An engine may be
/// used from any thread, and by several at once. It stays alive inside until its last registry, endpoint and response are freed.
///
/// Source: `src/abi/engine.rs`.
pub struct jsep_engine {
    pub(super) plugin: Unforked<Arc<Plugin>>,
}

/// The host's log function, callable from any thread.
struct Logger(jsep_logger);

// SAFETY: `jsep_engine_new` demands a log function that any thread may call.
unsafe impl Send for Logger {}
// SAFETY: as above.
unsafe impl Sync for Logger {}

impl Logger {
    fn write(&self, level: LogLevel, text: &str) {
        if let Some(write) = self.0.write {
            // SAFETY: the host vouches for function and context; the text is borrowed for the call.
            unsafe { write.call_host((self.0.context, level.into(), jsep_bytes::lend(text.as_bytes()))) }
        }
    }
}

/// Starts an engine.
///
/// `options` are `count` options (see `jsep_option`), may be null when `count` is 0, and are copied; each is an engine option or
/// the default of a run-time option. `logger` may be null; else its function must stay callable, from any thread that calls
/// the library, until the engine is freed. On success `*engine` is a handle that the caller frees with `jsep_engine_free`.
///
/// The first engine of a process decides what can't be changed later (`jit`); another engine with another wish is refused with
/// `JSEP_ENGINE_START`. The library stays in memory after `dlclose`, because V8 can't start twice. Any thread.
///
/// Errors: `JSEP_INVALID_OPTION`, `JSEP_ENGINE_START`, `JSEP_NULL_ARGUMENT`, `JSEP_STRUCT_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_engine_new(
    options: *const jsep_option,
    count: usize,
    logger: *const jsep_logger,
    engine: *mut *mut jsep_engine,
) -> jsep_status {
    boundary("jsep_engine_new", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(engine, "engine") }?;
        *out = std::ptr::null_mut();
        // SAFETY: the rules of the interface, see the head of this room.
        let options = unsafe { options::read(options, count) }?;
        // SAFETY: the rules of the interface, see the head of this room.
        let logger = match unsafe { logger.as_ref() } {
            Some(logger) => {
                check_size(logger.size, size_of::<jsep_logger>(), "logger")?;
                Some(Logger(*logger))
            }
            None => None,
        };
        let log = move |level: LogLevel, text: &str| {
            if let Some(logger) = &logger {
                logger.write(level, text);
            }
        };
        let plugin = Plugin::start(&options, Box::new(log))?;
        *out = Box::into_raw(Box::new(jsep_engine { plugin: Unforked::new(Arc::new(plugin)) }));
        Ok(jsep_status::JSEP_OK)
    })
}

/// Writes a JSON object about the engine to `report`: `library`, `engine`, `version`, `jit`, `options`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_engine_report(engine: *const jsep_engine, report: *const jsep_sink) -> jsep_status {
    boundary("jsep_engine_report", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (engine, report) = unsafe { (required(engine, "engine")?, required(report, "report")?) };
        // SAFETY: the rules of the interface, see the head of this room.
        unsafe { report.put(engine.plugin.get()?.report().to_string().as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Lets the library work ahead on the calling thread for about `nanoseconds`: it makes fresh realms, so that requests that come later
/// find them ready. `*more` tells whether there is more to do; it may be null. A host that allows the library no threads of its own
/// (`helper_threads=0`) calls this when it has nothing else to do; without, each request makes its own realm. Any thread, but not from
/// a host callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_engine_idle(
    engine: *const jsep_engine,
    nanoseconds: u64,
    more: *mut bool,
) -> jsep_status {
    boundary("jsep_engine_idle", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let engine = unsafe { required(engine, "engine") }?;
        let left = engine.plugin.get()?.idle(Duration::from_nanos(nanoseconds))?;
        // SAFETY: the rules of the interface, see the head of this room.
        if let Some(more) = unsafe { more.as_mut() } {
            *more = left;
        }
        Ok(jsep_status::JSEP_OK)
    })
}

/// Fills `timings`, whose `size` the caller has set, with what the start of the engine took. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_engine_timings_get(
    engine: *const jsep_engine,
    timings: *mut jsep_engine_timings,
) -> jsep_status {
    boundary("jsep_engine_timings_get", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (engine, timings) = unsafe { (required(engine, "engine")?, required_out(timings, "timings")?) };
        check_size(timings.size, size_of::<jsep_engine_timings>(), "timings")?;
        let measured = engine.plugin.get()?.timings();
        timings.start_ns = measured.start;
        timings.total_ns = measured.total;
        Ok::<_, Error>(jsep_status::JSEP_OK)
    })
}

/// Frees an engine handle. Null is fine. Registries made from it go on working. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_engine_free(engine: *mut jsep_engine) {
    boundary("jsep_engine_free", || {
        if !engine.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(engine) });
        }
        Ok(())
    })
}
