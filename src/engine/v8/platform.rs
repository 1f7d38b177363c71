//! The start of V8: once a process, with flags that can't change afterwards.

use crate::engine::{Options, nanoseconds_since};
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How V8 was started. V8 itself is one per process, so this is too.
static STARTED: Mutex<Option<Mode>> = Mutex::new(None);

/// How many lines a stack trace has, unless a script wishes otherwise: V8's default.
pub(super) const STACK_TRACE_LIMIT: i32 = 10;

/// Whether V8 runs with machine code.
pub(super) fn has_machine_code() -> bool {
    MACHINE_CODE.load(Ordering::Relaxed)
}

/// As in `STARTED`, for each request.
static MACHINE_CODE: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Mode {
    jit: bool,
    helper_threads: u32,
}

/// Settles what V8 would otherwise ask the operating system for, which reads files: locale data, locale and time zone. Methods of
/// `Date` end the process when there is no locale data.
fn set_locale() -> Result<(), Error> {
    let refused = |what| Error::new(jsep_status::JSEP_ENGINE_START, format!("V8 does not take {what}"));
    v8::icu::set_common_data_78(deno_core_icudata::ICU_DATA)
        .map_err(|code| refused(format!("the locale data: ICU error {code}")))?;
    v8::icu::set_default_locale("en-US");
    match v8::icu::set_default_time_zone("UTC") {
        true => Ok(()),
        false => Err(refused("the time zone UTC".to_owned())),
    }
}

unsafe extern "C" {
    /// How many processors there are.
    #[link_name = "_ZN4absl13base_internal7NumCPUsEv"]
    fn count_processors() -> std::ffi::c_int;

    /// How fast they are.
    #[link_name = "_ZN4absl13base_internal19NominalCPUFrequencyEv"]
    fn measure_processors() -> f64;
}

/// Lets V8's locks find out what they want to know of the processors the first time that two threads want one: they read files, and may
/// measure for milliseconds. So a thread of the library does it before there are requests.
pub(super) fn learn_of_processors() {
    // SAFETY: the functions take nothing, and remember what they find.
    unsafe {
        count_processors();
        measure_processors();
    }
}

/// Fills `bytes` for V8's hashes and `Math.random`. V8 itself would open a file for each isolate, and take the time of day if it can't.
fn random_bytes(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

/// Starts V8 and answers with the nanoseconds that it took, or 0 when V8 ran already in the same mode.
pub(super) fn start(options: &Options) -> Result<u64, Error> {
    let wished = Mode { jit: options.jit, helper_threads: options.helper_threads.unwrap_or(u32::from(options.jit)) };
    // A poisoned lock means that a start panicked; what it holds is still what happened.
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = *started {
        if running == wished {
            return Ok(0);
        }
        return Err(Error::new(
            jsep_status::JSEP_ENGINE_START,
            format!(
                "V8 runs in this process already with jit={} and helper_threads={}, which can't be changed",
                if running.jit { "on" } else { "off" },
                running.helper_threads,
            ),
        ));
    }
    let begin = Instant::now();
    // Regular expressions that backtrack too often go on in V8's linear engine where it can run them. The rehash flag gives
    // each isolate a hash seed of its own instead of the one in the snapshot. With loop unrolling, V8 15.2 takes the check for
    // termination out of some endless loops (`for (;;) { try { … } catch { … } }` with allocations), which then never end. Without
    // an initial size, V8 lets dead realms pile up to 38 MB before it collects for the first time, and keeps that memory; it then collects
    // at 10 MB. Requests take the same time with all sizes from 10 to 40 MB. Context cells, which only the compilers have, make
    // closures that set a variable of the function around them, new as both may be, something that V8's side-effect check refuses.
    // V8 would add to its read-only memory what a capture finds there to be read-only, which makes captures dearer and blobs larger, and
    // lets only those blobs fit each other that are made while one isolate lives on.
    let mut flags = String::from(
        "--enable-experimental-regexp-engine-on-excessive-backtracks --rehash-snapshot --no-turboshaft-loop-unrolling \
         --initial-old-space-size=16 --no-script-context-cells --no-function-context-cells --no-extensible-ro-snapshot",
    );
    if wished.jit {
        // Code that is optimised in a realm goes with it, and optimising takes a millisecond of another thread. With V8's own numbers, 100
        // and 400, it begins in handlers that are done before it ends.
        // Without short calls V8 uses its built-in functions where they are: it might copy them next to its machine code otherwise, without
        // their looks at the limit, which are behind them.
        flags.push_str(
            " --invocation-count-for-maglev-osr=1000 --invocation-count-for-maglev=2000 --no-short-builtin-calls",
        );
    } else {
        flags.push_str(" --jitless");
    }
    if cfg!(feature = "without_guards") {
        flags.push_str(" --no-wasm-bounds-checks");
    }
    if wished.helper_threads == 0 {
        flags.push_str(" --single-threaded");
    }
    v8::V8::set_flags_from_string(&flags);
    set_locale()?;
    // Not protected by memory keys: those belong to threads, and a host's threads may be older than this library.
    let platform = match wished.helper_threads {
        0 => v8::new_single_threaded_default_platform(false),
        threads => v8::new_unprotected_default_platform(threads, false),
    };
    v8::V8::set_entropy_source(random_bytes);
    v8::V8::initialize_platform(platform.make_shared());
    v8::V8::initialize();
    MACHINE_CODE.store(wished.jit, Ordering::Relaxed);
    *started = Some(wished);
    Ok(nanoseconds_since(begin))
}
