//! `include/jsep.h` as Rust types. The header explains it.

use std::ffi::c_void;

pub type Handle = *mut c_void;

pub const OK: u32 = 0;
pub const NOT_FOUND: u32 = 1;
pub const CONFLICT: u32 = 2;
pub const STRUCT_SIZE: u32 = 101;
pub const INVALID_ARGUMENT: u32 = 103;
pub const REENTERED: u32 = 400;
pub const STORE_FAILED: u32 = 402;
pub const TURN_FAILED: u32 = 500;
pub const PANIC: u32 = 901;
pub const NOT_SUPPORTED: u32 = 902;

/// All numbers of `jsep_status`.
pub const STATUSES: [u32; 22] =
    [0, 1, 2, 100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 300, 301, 302, 400, 402];

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub data: *const u8,
    pub len: usize,
}

impl Bytes {
    pub const EMPTY: Bytes = Bytes { data: std::ptr::null(), len: 0 };

    pub fn of(bytes: &[u8]) -> Bytes {
        Bytes { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// # Safety
    /// The bytes are readable for `'a`.
    pub unsafe fn slice<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        assert!(!self.data.is_null(), "the library lends bytes without a place");
        // SAFETY: the caller promises it.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

#[repr(C)]
pub struct Pair {
    pub name: Bytes,
    pub value: Bytes,
}

#[repr(C)]
pub struct Sink {
    pub context: *mut c_void,
    pub write: Option<unsafe extern "C" fn(*mut c_void, *const u8, usize)>,
}

#[repr(C)]
pub struct Visitor {
    pub context: *mut c_void,
    pub entry: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes) -> bool>,
}

#[repr(C)]
pub struct StateVisitor {
    pub context: *mut c_void,
    pub state: Option<unsafe extern "C" fn(*mut c_void, *const State) -> bool>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct TransactionId {
    pub view: u64,
    pub seqno: u64,
}

#[repr(C)]
pub struct State {
    pub size: usize,
    pub state: u64,
    pub transaction: TransactionId,
    pub receipt: Bytes,
}

#[repr(C)]
pub struct Request {
    pub size: usize,
    pub method: Bytes,
    pub path: Bytes,
    pub query: Bytes,
    pub headers: *const Pair,
    pub header_count: usize,
    pub body: Bytes,
    pub caller: Bytes,
    pub historical_state: *const State,
}

#[repr(C)]
pub struct Logger {
    pub size: usize,
    pub context: *mut c_void,
    pub write: Option<unsafe extern "C" fn(*mut c_void, u32, Bytes)>,
}

/// What holds each of the structs of timings: all begin with their size, and have numbers behind it.
#[repr(C)]
pub struct Timings {
    pub size: usize,
    pub numbers: [u64; 6],
}

#[repr(C)]
pub struct Cache {
    pub size: usize,
    pub context: *mut c_void,
    pub load: Option<unsafe extern "C" fn(*mut c_void, Bytes, *const Sink) -> u32>,
    pub store: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes) -> u32>,
    pub secret: Bytes,
}

#[repr(C)]
pub struct Storage {
    pub size: usize,
    pub context: *mut c_void,
    pub read: Option<unsafe extern "C" fn(*mut c_void, Bytes, u64, u64, *const Sink) -> u32>,
    pub append: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes) -> u32>,
    pub sync: Option<unsafe extern "C" fn(*mut c_void, Bytes) -> u32>,
    pub replace: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes) -> u32>,
}

#[repr(C)]
pub struct Carrier {
    pub context: *mut c_void,
    pub carry: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes)>,
}

type Context = *mut c_void;

#[repr(C)]
pub struct Host {
    pub size: usize,
    pub context: *mut c_void,
    pub store_get: Option<unsafe extern "C" fn(Context, Bytes, Bytes, *const Sink) -> u32>,
    pub store_has: Option<unsafe extern "C" fn(Context, Bytes, Bytes) -> u32>,
    pub store_version: Option<unsafe extern "C" fn(Context, Bytes, Bytes, *mut i64) -> u32>,
    pub store_size: Option<unsafe extern "C" fn(Context, Bytes, *mut u64) -> u32>,
    pub store_for_each: Option<unsafe extern "C" fn(Context, Bytes, *const Visitor) -> u32>,
    pub store_put: Option<unsafe extern "C" fn(Context, Bytes, Bytes, Bytes) -> u32>,
    pub store_remove: Option<unsafe extern "C" fn(Context, Bytes, Bytes) -> u32>,
    pub store_clear: Option<unsafe extern "C" fn(Context, Bytes) -> u32>,
    pub log: Option<unsafe extern "C" fn(Context, u32, Bytes)>,
    pub clock: Option<unsafe extern "C" fn(Context, *mut f64) -> u32>,
    pub entropy: Option<unsafe extern "C" fn(Context, *mut u8, usize) -> u32>,
    pub last_committed: Option<unsafe extern "C" fn(Context, *mut TransactionId) -> u32>,
    pub transaction_status: Option<unsafe extern "C" fn(Context, TransactionId, *mut u32) -> u32>,
    pub view_of: Option<unsafe extern "C" fn(Context, u64, *mut u64) -> u32>,
    pub historical_range: Option<unsafe extern "C" fn(Context, u64, u64, u64, u64, *const StateVisitor) -> u32>,
    pub historical_drop: Option<unsafe extern "C" fn(Context, u64) -> u32>,
    pub state_get: Option<unsafe extern "C" fn(Context, u64, Bytes, Bytes, *const Sink) -> u32>,
    pub state_version: Option<unsafe extern "C" fn(Context, u64, Bytes, Bytes, *mut i64) -> u32>,
    pub state_for_each: Option<unsafe extern "C" fn(Context, u64, Bytes, *const Visitor) -> u32>,
    pub restrict_map: Option<unsafe extern "C" fn(Context, Bytes, *mut u32, *const Sink) -> u32>,
    pub trigger_subprocess:
        Option<unsafe extern "C" fn(Context, *const Bytes, usize, *const Bytes, *const Sink) -> u32>,
    pub verify_attestation:
        Option<unsafe extern "C" fn(Context, Bytes, Bytes, *const Bytes, *const Bytes, *const Sink) -> u32>,
}

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of a loaded library.
        #[derive(Clone, Copy)]
        pub struct Functions {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            pub(crate) fn find(library: &libloading::Library) -> Result<Functions, libloading::Error> {
                Ok(Functions {
                    // SAFETY: the types are those of the header.
                    $($name: *unsafe { library.get(concat!("jsep_", stringify!($name)).as_bytes()) }?,)*
                })
            }
        }
    };
}

functions! {
    last_error: fn() -> Handle;
    error_take: fn() -> Handle;
    error_status: fn(Handle) -> u32;
    error_message: fn(Handle) -> Bytes;
    error_function: fn(Handle) -> Bytes;
    error_module: fn(Handle) -> Bytes;
    error_path: fn(Handle) -> Bytes;
    error_line: fn(Handle) -> u32;
    error_column: fn(Handle) -> u32;
    error_free: fn(Handle);
    engine_new: fn(*const Pair, usize, *const Logger, *mut Handle) -> u32;
    engine_report: fn(Handle, *const Sink) -> u32;
    engine_idle: fn(Handle, u64, *mut bool) -> u32;
    engine_timings_get: fn(Handle, *mut Timings) -> u32;
    engine_free: fn(Handle);
    registry_new: fn(Handle, *mut Handle) -> u32;
    registry_install: fn(Handle, Bytes) -> u32;
    registry_set_cache: fn(Handle, *const Cache) -> u32;
    registry_set_options: fn(Handle, *const Pair, usize) -> u32;
    registry_report: fn(Handle, *const Sink) -> u32;
    registry_find: fn(Handle, Bytes, Bytes, *mut Handle) -> u32;
    registry_methods: fn(Handle, Bytes, *const Sink) -> u32;
    registry_timings_get: fn(Handle, *mut Timings) -> u32;
    registry_free: fn(Handle);
    endpoint_template: fn(Handle) -> Bytes;
    endpoint_mode: fn(Handle) -> u32;
    endpoint_properties: fn(Handle) -> Bytes;
    endpoint_execute: fn(Handle, *const Request, *const Host, *mut Handle) -> u32;
    endpoint_free: fn(Handle);
    response_status: fn(Handle) -> u32;
    response_header_count: fn(Handle) -> usize;
    response_header: fn(Handle, usize, *mut Bytes, *mut Bytes) -> u32;
    response_body: fn(Handle) -> Bytes;
    response_apply_writes: fn(Handle) -> bool;
    response_claims_digest: fn(Handle) -> Bytes;
    response_timed_out: fn(Handle) -> bool;
    response_exception: fn(Handle) -> Bytes;
    response_exception_trace: fn(Handle) -> Bytes;
    response_timings_get: fn(Handle, *mut Timings) -> u32;
    response_free: fn(Handle);
    log_open: fn(*const Storage, *mut Handle) -> u32;
    log_verify: fn(*const Storage, *const Sink) -> u32;
    log_report: fn(Handle, *const Sink) -> u32;
    log_checkpoint: fn(Handle, *const Storage, Bytes, *const Sink) -> u32;
    log_trim: fn(Handle, *const Sink) -> u32;
    log_free: fn(Handle);
    realm_open: fn(Handle, Handle, Bytes, Bytes, *const Pair, usize, *const Host, *mut Handle) -> u32;
    realm_open_app: fn(Handle, Handle, Bytes, Bytes, *const Pair, usize, *const Host, *mut Handle) -> u32;
    realm_call: fn(Handle, Bytes, Bytes, Bytes, *const Host, *const Sink) -> u32;
    realm_execute: fn(Handle, Bytes, *const Request, *const Host, *mut Handle) -> u32;
    realm_upgrade: fn(Handle, Bytes, Bytes, *const Host, *const Sink) -> u32;
    realm_endpoint: fn(Handle, Bytes, Bytes, *const Sink) -> u32;
    realm_methods: fn(Handle, Bytes, *const Sink) -> u32;
    realm_next_alarm: fn(Handle, *const Host, *mut f64) -> u32;
    realm_alarm: fn(Handle, *const Host) -> u32;
    realm_report: fn(Handle, *const Sink) -> u32;
    realm_eval: fn(Handle, Bytes, Bytes, *const Host, *const Sink) -> u32;
    realm_outgoing: fn(Handle, *const Host, *const Carrier, *mut f64) -> u32;
    realm_incoming: fn(Handle, Bytes, *const Host, *const Carrier) -> u32;
    realm_free: fn(Handle);
    datagram_receiver: fn(Bytes) -> Bytes;
}
