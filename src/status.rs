//! Result codes, the same inside the library and at its border.

/// What a function of this interface, or a callback of the host, reports.
///
/// The numbers are part of the binary interface: a code keeps its number for ever, and each topic has a range with room
/// to grow. A host must treat a number that it does not know as a failure.
///
/// Source: `src/status.rs`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum jsep_status {
    /// The call did what it says.
    JSEP_OK = 0,
    /// There is no such thing: a host callback found no entry, or a realm has no alarm. Not a failure.
    JSEP_NOT_FOUND = 1,
    /// The host's transaction can't go on and must be run again from its start. Not a failure.
    JSEP_CONFLICT = 2,

    /// A pointer that may not be null was null. Range 100 to 199: arguments.
    JSEP_NULL_ARGUMENT = 100,
    /// The `size` member of a struct is smaller than the first version of that struct.
    JSEP_STRUCT_SIZE = 101,
    /// An option is not known, or its value can't be read. The message lists the known options.
    JSEP_INVALID_OPTION = 102,
    /// An argument has a value that the function can't take. The message names it.
    JSEP_INVALID_ARGUMENT = 103,

    /// The bundle is not valid JSON; line and column say where. Range 200 to 299: install.
    JSEP_BUNDLE_JSON = 200,
    /// The bundle is JSON but has a wrong shape; the path says where.
    JSEP_BUNDLE_SHAPE = 201,
    /// A module that an endpoint or an import names is not in the bundle.
    JSEP_MODULE_MISSING = 202,
    /// A module has a syntax error; module, line and column say where.
    JSEP_MODULE_SYNTAX = 203,
    /// A module imports a name that the other module does not export.
    JSEP_MODULE_LINK = 204,
    /// The top level of a module threw, or did not end within the limits.
    JSEP_MODULE_EVALUATION = 205,
    /// A module has no export of the name that an endpoint gives.
    JSEP_EXPORT_MISSING = 206,
    /// The export that an endpoint names is not a function.
    JSEP_EXPORT_NOT_FUNCTION = 207,
    /// Two path templates can match the same path with the same method.
    JSEP_ROUTE_AMBIGUOUS = 208,
    /// A path template can't be read.
    JSEP_ROUTE_INVALID = 209,

    /// No endpoint has this path, whatever the method. Range 300 to 399: look-up.
    JSEP_PATH_UNKNOWN = 300,
    /// The path has endpoints, but none for this method.
    JSEP_METHOD_UNSUPPORTED = 301,
    /// No app is installed.
    JSEP_NO_APP = 302,

    /// A host callback called the library again on the thread of a running request. Range 400 to 499: execution.
    JSEP_REENTERED = 400,
    /// The process was forked after its first engine was made. Engines don't work in a forked child: there each function that is
    /// given an engine, a registry, an endpoint, a log or a realm answers this or an empty value, and freeing one does nothing.
    JSEP_FORKED = 401,
    /// A store callback failed while the writes of a finished request were handed over.
    JSEP_STORE_FAILED = 402,
    /// An install, idle time or execution was asked for on another stack than the thread's own, such as a fiber's or a coroutine's.
    JSEP_FOREIGN_STACK = 403,

    /// A turn threw, or was ended by a limit; the message says how. Range 500 to 599: durable realms.
    JSEP_TURN_FAILED = 500,
    /// A log is not what was written; the message names the object and the place in it.
    JSEP_LOG_DAMAGED = 501,
    /// A function of the storage failed. Whether the turn took place shows when its log is opened again.
    JSEP_STORAGE_FAILED = 502,
    /// The realm, or its log, has stopped for a reason that was reported before; the message repeats it.
    JSEP_REALM_STOPPED = 503,
    /// A turn went another way than when it was written down; the message names the turn and what differs.
    JSEP_REPLAY_DIVERGED = 504,
    /// The state of a realm can't be captured, was not the same when it was restored on trial, or could not be come to; the message says why.
    /// Its log is as good as before.
    JSEP_CHECKPOINT_REFUSED = 505,

    /// The engine can't start. Range 900 to 999: the library itself.
    JSEP_ENGINE_START = 900,
    /// A defect of the library; the message says where. The library stays usable.
    JSEP_PANIC = 901,
    /// This library's engine does not offer the function.
    JSEP_NOT_SUPPORTED = 902,
}
