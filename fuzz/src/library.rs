//! A loaded library with an engine, and what every call on it has to keep, whatever it was given.

use crate::interface::{Bytes, Functions, Handle, Host, OK, PANIC, Pair, Request, Sink};
use std::ffi::c_void;
use std::sync::OnceLock;

/// A loaded library with a started engine. It is never unloaded.
pub struct Library {
    pub functions: Functions,
    pub engine: Handle,
}

// SAFETY: the interface allows any thread to use an engine.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

/// Limits that keep one execution small. A busy machine may make any execution last, which is no finding.
const OPTIONS: [(&str, &str); 3] =
    [("max_heap_bytes", "33554432"), ("max_execution_time_ms", "10000"), ("return_exception_details", "true")];

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u32,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub apply_writes: bool,
    pub claims_digest: Vec<u8>,
    pub timed_out: bool,
    pub exception: Vec<u8>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub status: u32,
    pub message: String,
    pub module: String,
    pub path: String,
}

/// A text that the library may cut or miss, but never breaks.
fn text(bytes: Bytes) -> String {
    // SAFETY: the library lends bytes of a live handle.
    let bytes = unsafe { bytes.slice() };
    String::from_utf8(bytes.to_vec()).expect("text of the library is UTF-8")
}

impl Library {
    /// The library of `JSEP_FUZZ_LIBRARY`, which `JSEP_FUZZ_OPTIONS` may give options, as in `jit=off,realm=2`.
    pub fn get() -> &'static Library {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(|| Library::of("JSEP_FUZZ_LIBRARY"))
    }

    /// The library of `JSEP_FUZZ_OTHER`, for comparisons.
    pub fn other() -> &'static Library {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(|| Library::of("JSEP_FUZZ_OTHER"))
    }

    fn of(variable: &str) -> Library {
        let path = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no library"));
        // SAFETY: loading runs no code of the library but its initialisers.
        let library = unsafe { libloading::Library::new(&path) }.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let functions = Functions::find(&library).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        std::mem::forget(library);
        Library::start(functions, &[])
    }

    /// Another engine beside this one, with these options too. It is never freed.
    pub fn beside(&self, options: &[(&str, &str)]) -> &'static Library {
        Box::leak(Box::new(Library::start(self.functions, options)))
    }

    fn start(functions: Functions, more: &[(&str, &str)]) -> Library {
        let given = std::env::var("JSEP_FUZZ_OPTIONS").unwrap_or_default();
        let given = given.split(',').filter_map(|option| option.split_once('='));
        let options: Vec<Pair> = OPTIONS
            .into_iter()
            .chain(given)
            .chain(more.iter().copied())
            .map(|(name, value)| Pair { name: Bytes::of(name.as_bytes()), value: Bytes::of(value.as_bytes()) })
            .collect();
        let mut library = Library { functions, engine: std::ptr::null_mut() };
        let mut engine = std::ptr::null_mut();
        // SAFETY: all arguments are live.
        let status = unsafe {
            (library.functions.engine_new)(options.as_ptr(), options.len(), std::ptr::null(), &raw mut engine)
        };
        library.check(status).expect("the engine starts");
        library.engine = engine;
        library
    }

    /// A call's status as a result. No call may answer with a defect, and each failure says why.
    pub fn check(&self, status: u32) -> Result<(), Failure> {
        if status == OK {
            return Ok(());
        }
        let functions = &self.functions;
        // SAFETY: the error is live until the next failure on this thread.
        unsafe {
            let error = (functions.last_error)();
            assert!(!error.is_null(), "status {status} without an error");
            let message = text((functions.error_message)(error));
            assert_eq!((functions.error_status)(error), status, "the error is that of another call: {message}");
            assert!(!message.is_empty(), "status {status} without a message");
            assert!(text((functions.error_function)(error)).starts_with("jsep_"));
            assert_ne!(status, PANIC, "{message}");
            (functions.error_line)(error);
            (functions.error_column)(error);
            let (module, path) = (text((functions.error_module)(error)), text((functions.error_path)(error)));
            Err(Failure { status, message, module, path })
        }
    }

    /// A registry without an app.
    pub fn registry(&'static self) -> Registry {
        let mut handle = std::ptr::null_mut();
        // SAFETY: all arguments are live.
        self.check(unsafe { (self.functions.registry_new)(self.engine, &raw mut handle) }).expect("a registry");
        Registry { library: self, handle }
    }
}

/// A registry that frees itself.
pub struct Registry {
    pub library: &'static Library,
    pub handle: Handle,
}

// SAFETY: the interface allows any thread to use a registry.
unsafe impl Send for Registry {}
// SAFETY: as above.
unsafe impl Sync for Registry {}

unsafe extern "C" fn append(context: *mut c_void, data: *const u8, len: usize) {
    // SAFETY: the context is the vector of `written`, and the library gives `len` readable bytes.
    unsafe { (*context.cast::<Vec<u8>>()).extend_from_slice(Bytes { data, len }.slice()) }
}

/// What a function writes to the sink that it is given.
pub fn written(call: impl FnOnce(*const Sink) -> u32) -> (u32, String) {
    let mut bytes: Vec<u8> = Vec::new();
    let sink = Sink { context: (&raw mut bytes).cast(), write: Some(append) };
    let status = call(&raw const sink);
    (status, String::from_utf8(bytes).expect("the library writes UTF-8"))
}

impl Registry {
    pub fn install(&self, bundle: &[u8]) -> Result<(), Failure> {
        // SAFETY: the bundle is live.
        self.library.check(unsafe { (self.library.functions.registry_install)(self.handle, Bytes::of(bundle)) })
    }

    /// Sets a run-time option of the registry.
    pub fn set_option(&self, name: &str, value: &str) -> Result<(), Failure> {
        let option = Pair { name: Bytes::of(name.as_bytes()), value: Bytes::of(value.as_bytes()) };
        // SAFETY: the option is live.
        self.library.check(unsafe { (self.library.functions.registry_set_options)(self.handle, &raw const option, 1) })
    }

    pub fn find(&self, method: &[u8], path: &[u8]) -> Result<Endpoint, Failure> {
        let mut handle = std::ptr::null_mut();
        let (method, path) = (Bytes::of(method), Bytes::of(path));
        // SAFETY: all arguments are live.
        let status = unsafe { (self.library.functions.registry_find)(self.handle, method, path, &raw mut handle) };
        assert_eq!(status == OK, !handle.is_null(), "a handle is given on success only");
        self.library.check(status)?;
        Ok(Endpoint { library: self.library, handle })
    }

    pub fn methods(&self, path: &[u8]) -> Result<String, Failure> {
        // SAFETY: all arguments are live.
        let (status, methods) =
            written(|sink| unsafe { (self.library.functions.registry_methods)(self.handle, Bytes::of(path), sink) });
        self.library.check(status).map(|()| methods)
    }

    pub fn report(&self) -> serde_json::Value {
        // SAFETY: all arguments are live.
        let (status, report) = written(|sink| unsafe { (self.library.functions.registry_report)(self.handle, sink) });
        self.library.check(status).expect("a report");
        serde_json::from_str(&report).expect("a report is JSON")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // SAFETY: the handle is freed once.
        unsafe { (self.library.functions.registry_free)(self.handle) }
    }
}

/// An endpoint that frees itself.
pub struct Endpoint {
    pub library: &'static Library,
    pub handle: Handle,
}

impl Endpoint {
    /// Executes a request and reads all of its response.
    pub fn execute(&self, request: &Request, host: &Host) -> Result<Reply, Failure> {
        let functions = &self.library.functions;
        let mut handle = std::ptr::null_mut();
        // SAFETY: all arguments are live.
        let status = unsafe { (functions.endpoint_execute)(self.handle, request, host, &raw mut handle) };
        assert_eq!(status == OK, !handle.is_null(), "a handle is given on success only");
        self.library.check(status)?;
        // SAFETY: the response is live until it is freed, once.
        unsafe {
            let headers = (0..(functions.response_header_count)(handle)).map(|index| {
                let (mut name, mut value) = (Bytes::EMPTY, Bytes::EMPTY);
                let status = (functions.response_header)(handle, index, &raw mut name, &raw mut value);
                assert_eq!(status, OK);
                (text(name), String::from_utf8_lossy(value.slice()).into_owned())
            });
            let reply = Reply {
                status: (functions.response_status)(handle),
                headers: headers.collect(),
                body: (functions.response_body)(handle).slice().to_vec(),
                apply_writes: (functions.response_apply_writes)(handle),
                claims_digest: (functions.response_claims_digest)(handle).slice().to_vec(),
                timed_out: (functions.response_timed_out)(handle),
                exception: (functions.response_exception)(handle).slice().to_vec(),
            };
            (functions.response_exception_trace)(handle).slice();
            (functions.response_free)(handle);
            reply.verify();
            Ok(reply)
        }
    }
}

impl Reply {
    /// What the header promises of any response.
    fn verify(&self) {
        assert!((200..600).contains(&self.status), "status {}", self.status);
        assert!(matches!(self.claims_digest.len(), 0 | 32));
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.iter().all(|name| !name.bytes().any(|byte| byte.is_ascii_uppercase())), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), self.headers.len(), "a header twice: {:?}", self.headers);
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // SAFETY: the handle is freed once.
        unsafe { (self.library.functions.endpoint_free)(self.handle) }
    }
}
