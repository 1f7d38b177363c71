//! Options and the log of an engine.

use super::bytes::check_count;
use super::jsep_bytes;
use crate::error::Error;
use crate::status::jsep_status;
use std::ffi::c_void;

/// One option by name, UTF-8, for example `jit` = `off`.
///
/// Engine options, read by `jsep_engine_new` only:
/// - `jit`: `on` or `off` (default `on`; the QuickJS library knows only `off`). One mode a process: the first engine decides.
/// - `realm`: how a request gets its fresh realm. `auto` (default) and `fresh` let the engine choose, `0` compiles and evaluates the
///   app for each request, `1` evaluates it from compiled code, `2` uses its evaluated state, `3` does so in a realm that was made before
///   the request, `4` begins each request in a realm that is used again if it proves to leave it as it was. The result is the same.
/// - `compilation`: `lazy` compiles each function when it is first called, `eager` all of them at the install, `auto` (default) decides by
///   how many requests former versions have served, and by whether there is a cache. The QuickJS library always compiles all.
/// - `helper_threads`: threads of the engine's own for garbage collection and compilation, 0 to 8 (default 1; with `jit` =
///   `off` 0).
/// - `untrusted_time`: what scripts see of the clock. `real` (default): the host's time. `gated`: 0, until the script calls
///   `ccf.enableUntrustedDateTime(true)`.
/// - `subprocesses`: `on` or `off` (default `off`). With `on` scripts see `ccf.host.triggerSubprocess`, which calls the host's
///   `trigger_subprocess`.
/// - `intl`: `on` or `off` (default `off`; the QuickJS library knows only `off`). With `on` scripts see `Intl`, whose results depend
///   on the locale data that the engine was built with, and apps are evaluated for each request.
///
/// Run-time options, also read by `jsep_registry_set_options`, where an empty value means the default again:
/// - `max_heap_bytes` (default 104857600), `max_stack_bytes` (1048576), `max_execution_time_ms` (5000): limits of one request.
/// - `log_exception_details`, `return_exception_details`: `true` or `false` (default).
/// - `max_cached_interpreters` (default 10): realms kept for endpoints with `interpreter_reuse`.
///
/// Source: `src/abi/options.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_option {
    /// Name of the option.
    pub name: jsep_bytes,
    /// Its value as text.
    pub value: jsep_bytes,
}

/// How bad a logged event is.
///
/// Source: `src/abi/options.rs`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum jsep_log_level {
    /// For information: `console.log`, `console.info`, the line per request.
    JSEP_LOG_INFO = 0,
    /// Something failed: `console.warn`, exception details.
    JSEP_LOG_FAIL = 1,
    /// Something failed badly: `console.error`.
    JSEP_LOG_FATAL = 2,
}

/// Receives what an engine itself has to say outside of requests, such as the reason for a choice at install.
///
/// Source: `src/abi/options.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_logger {
    /// `sizeof(struct jsep_logger)`.
    pub size: usize,
    /// Passed back as the first argument.
    pub context: *mut c_void,
    /// Called on the thread of the interface call that caused it. Must not call the library. Null: nothing is logged.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, level: jsep_log_level, text: jsep_bytes)>,
}

/// Reads options into pairs of text.
///
/// # Safety
/// `options` is null or points to `count` options whose bytes are readable.
pub(super) unsafe fn read<'a>(options: *const jsep_option, count: usize) -> Result<Vec<(&'a str, &'a str)>, Error> {
    if options.is_null() {
        if count == 0 {
            return Ok(Vec::new());
        }
        return Err(Error::new(jsep_status::JSEP_NULL_ARGUMENT, "`options` is null but `count` is not 0"));
    }
    check_count::<jsep_option>(count, &"count")?;
    // SAFETY: the caller promises `count` options, and there can be so many.
    let options = unsafe { std::slice::from_raw_parts(options, count) };
    options
        .iter()
        .map(|option| {
            // SAFETY: the caller promises readable bytes.
            let (name, value) = unsafe { (option.name.read("option.name")?, option.value.read("option.value")?) };
            match (std::str::from_utf8(name), std::str::from_utf8(value)) {
                (Ok(name), Ok(value)) => Ok((name, value)),
                _ => Err(Error::new(
                    jsep_status::JSEP_INVALID_OPTION,
                    format!("option `{}` is not valid UTF-8", String::from_utf8_lossy(name)),
                )),
            }
        })
        .collect()
}
