//! What each phase took.

/// Time that making an engine took, in nanoseconds of wall clock.
///
/// Source: `src/abi/timings.rs`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct jsep_engine_timings {
    /// In: `sizeof(struct jsep_engine_timings)`.
    pub size: usize,
    /// Start of the JavaScript engine; 0 for an engine that found it started.
    pub start_ns: u64,
    /// All of `jsep_engine_new`.
    pub total_ns: u64,
}

/// Time that the last successful install took, in nanoseconds of wall clock.
///
/// Source: `src/abi/timings.rs`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct jsep_install_timings {
    /// In: `sizeof(struct jsep_install_timings)`.
    pub size: usize,
    /// Reading the bundle and building the router.
    pub bundle_ns: u64,
    /// Compiling and linking modules.
    pub compile_ns: u64,
    /// Evaluating modules.
    pub evaluate_ns: u64,
    /// Capturing the evaluated app and making it ready for requests.
    pub capture_ns: u64,
    /// All of `jsep_registry_install`.
    pub total_ns: u64,
}

/// Time that one request took, in nanoseconds of wall clock.
///
/// Source: `src/abi/timings.rs`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct jsep_execution_timings {
    /// In: `sizeof(struct jsep_execution_timings)`.
    pub size: usize,
    /// Getting a realm that holds the evaluated app.
    pub realm_ns: u64,
    /// Making the request object, the handler, and turning its result into a response.
    pub call_ns: u64,
    /// Handing the writes to the host.
    pub flush_ns: u64,
    /// All of `jsep_endpoint_execute`.
    pub total_ns: u64,
    /// Rung of the realm ladder that served the request: 0 evaluated for this request, 2 from the app's evaluated state,
    /// 5 shared by an `interpreter_reuse` key.
    pub realm: u32,
}
