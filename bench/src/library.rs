//! A loaded library with an engine.

use crate::cache;
use crate::interface::{Bytes, Cache, EngineOption, ExecutionTimings, Host, Request, Sink};
use crate::store;
use std::error::Error;
use std::ffi::c_void;
use std::path::{Path, PathBuf};

type Handle = *mut c_void;

/// Longest call that works ahead.
const IDLE_NANOSECONDS: u64 = 100_000_000;

/// A loaded library with a started engine.
pub struct Library {
    functions: Functions,
    engine: Handle,
    options: Vec<(String, String)>,
}

/// A registry with an installed app.
pub struct Registry<'library> {
    library: &'library Library,
    handle: Handle,
}

/// An installed app's endpoint, ready to execute.
pub struct Endpoint<'library> {
    library: &'library Library,
    handle: Handle,
    path: String,
    host: Host,
}

// SAFETY: the interface allows any thread to use engines and endpoints, several at once, and so does the host of the benches.
unsafe impl Sync for Library {}
// SAFETY: as above.
unsafe impl Sync for Endpoint<'_> {}

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            fn find(library: &libloading::Library) -> Result<Functions, String> {
                Ok(Functions {
                    // SAFETY: the types are those of the header, whose version is checked first.
                    $($name: *unsafe { library.get(stringify!($name).as_bytes()) }.map_err(|error| error.to_string())?,)*
                })
            }
        }
    };
}

functions! {
    jsep_abi_version: fn() -> u32;
    jsep_last_error: fn() -> Handle;
    jsep_error_message: fn(Handle) -> Bytes;
    jsep_engine_new: fn(*const EngineOption, usize, *const c_void, *mut Handle) -> u32;
    jsep_engine_idle: fn(Handle, u64, *mut bool) -> u32;
    jsep_engine_free: fn(Handle);
    jsep_registry_new: fn(Handle, *mut Handle) -> u32;
    jsep_registry_set_cache: fn(Handle, *const Cache) -> u32;
    jsep_registry_report: fn(Handle, *const Sink) -> u32;
    jsep_registry_install: fn(Handle, Bytes) -> u32;
    jsep_registry_find: fn(Handle, Bytes, Bytes, *mut Handle) -> u32;
    jsep_registry_free: fn(Handle);
    jsep_endpoint_execute: fn(Handle, *const Request, *const Host, *mut Handle) -> u32;
    jsep_endpoint_free: fn(Handle);
    jsep_response_status: fn(Handle) -> u32;
    jsep_response_timings_get: fn(Handle, *mut ExecutionTimings) -> u32;
    jsep_response_free: fn(Handle);
}

// In all unsafe blocks below: handles come from the library and are freed once, other pointers are to live locals.
impl Library {
    /// Loads a library and starts an engine with `name=value` options.
    pub fn load(path: &Path, options: &[&str]) -> Result<Library, String> {
        // SAFETY: loading runs no code of the library but its initialisers, which do nothing.
        let loaded = unsafe { libloading::Library::new(path) }.map_err(|error| {
            // The error itself says only that it failed; its source has the loader's words, which name the file.
            error.source().map_or_else(|| format!("{}: {error}", path.display()), ToString::to_string)
        })?;
        let functions = Functions::find(&loaded)?;
        // The library never leaves memory anyway; its functions must stay valid.
        std::mem::forget(loaded);
        // SAFETY: see above.
        let version = unsafe { (functions.jsep_abi_version)() };
        if version != 1 {
            return Err(format!("{} has version {version} of the interface, not 1", path.display()));
        }
        let options = options.iter().filter_map(|option| option.split_once('='));
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut library = Library { functions, engine: std::ptr::null_mut(), options };
        library.engine = library.new_engine()?;
        Ok(library)
    }

    fn new_engine(&self) -> Result<Handle, String> {
        let options: Vec<EngineOption> = self
            .options
            .iter()
            .map(|(name, value)| EngineOption { name: Bytes::of(name), value: Bytes::of(value) })
            .collect();
        let mut engine = std::ptr::null_mut();
        // SAFETY: see above.
        self.check(unsafe {
            (self.functions.jsep_engine_new)(options.as_ptr(), options.len(), std::ptr::null(), &raw mut engine)
        })?;
        Ok(engine)
    }

    /// Makes and frees one more engine.
    pub fn make_engine(&self) -> Result<(), String> {
        let engine = self.new_engine()?;
        // SAFETY: see above.
        unsafe { (self.functions.jsep_engine_free)(engine) };
        Ok(())
    }

    /// Installs a bundle into a new registry.
    pub fn install(&self, bundle: &str) -> Result<Registry<'_>, String> {
        self.install_with(bundle, None)
    }

    /// The same; what the install makes is kept in `file`, and used when it is there.
    pub fn install_with(&self, bundle: &str, file: Option<&PathBuf>) -> Result<Registry<'_>, String> {
        let mut registry = Registry { library: self, handle: std::ptr::null_mut() };
        // SAFETY: see above.
        self.check(unsafe { (self.functions.jsep_registry_new)(self.engine, &raw mut registry.handle) })?;
        if let Some(file) = file {
            let table = cache::table(file);
            // SAFETY: see above; no install of this registry comes after this one.
            self.check(unsafe { (self.functions.jsep_registry_set_cache)(registry.handle, &raw const table) })?;
        }
        // SAFETY: see above.
        self.check(unsafe { (self.functions.jsep_registry_install)(registry.handle, Bytes::of(bundle)) })?;
        Ok(registry)
    }

    /// Installs a bundle and finds the endpoint for `GET path`, which keeps working without its registry.
    pub fn endpoint(&self, bundle: &str, path: &str) -> Result<Endpoint<'_>, String> {
        self.install(bundle)?.endpoint(path)
    }

    /// Has the library work ahead until there is no more to do.
    pub fn idle(&self) -> Result<(), String> {
        let mut more = true;
        while more {
            // SAFETY: see above.
            self.check(unsafe { (self.functions.jsep_engine_idle)(self.engine, IDLE_NANOSECONDS, &raw mut more) })?;
        }
        Ok(())
    }

    fn check(&self, status: u32) -> Result<(), String> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: see above; the message lives until the next failure on this thread.
        let message = unsafe { (self.functions.jsep_error_message)((self.functions.jsep_last_error)()).slice() };
        Err(format!("status {status}: {}", String::from_utf8_lossy(message)))
    }
}

impl<'library> Registry<'library> {
    /// Finds the endpoint for `GET path`.
    pub fn endpoint(&self, path: &str) -> Result<Endpoint<'library>, String> {
        self.endpoint_with(path, store::host())
    }

    /// The same, with a store whose reads take milliseconds, so that requests of several threads overlap.
    pub fn slow_endpoint(&self, path: &str) -> Result<Endpoint<'library>, String> {
        self.endpoint_with(path, store::slow_host())
    }

    /// What the library tells of the app, as JSON.
    pub fn report(&self) -> Result<String, String> {
        unsafe extern "C" fn append(text: *mut c_void, data: *const u8, len: usize) {
            // SAFETY: the context is the vector below, and the library lends readable bytes.
            unsafe { (*text.cast::<Vec<u8>>()).extend_from_slice(Bytes { data, len }.slice()) };
        }
        let mut text = Vec::new();
        let sink = Sink { context: (&raw mut text).cast(), write: Some(append) };
        // SAFETY: see above.
        self.library.check(unsafe { (self.library.functions.jsep_registry_report)(self.handle, &raw const sink) })?;
        String::from_utf8(text).map_err(|error| error.to_string())
    }

    fn endpoint_with(&self, path: &str, host: Host) -> Result<Endpoint<'library>, String> {
        let library = self.library;
        let mut handle = std::ptr::null_mut();
        // SAFETY: see above.
        library.check(unsafe {
            (library.functions.jsep_registry_find)(self.handle, Bytes::of("GET"), Bytes::of(path), &raw mut handle)
        })?;
        Ok(Endpoint { library, handle, path: path.to_owned(), host })
    }
}

impl Endpoint<'_> {
    /// Executes one request and tells what it took. A response that is not 200 is an error.
    pub fn execute(&self, query: &str) -> Result<ExecutionTimings, String> {
        let functions = &self.library.functions;
        let response = self.response(query)?;
        let mut timings = ExecutionTimings { size: size_of::<ExecutionTimings>(), ..ExecutionTimings::default() };
        // SAFETY: see above.
        let status = unsafe {
            (functions.jsep_response_timings_get)(response, &raw mut timings);
            let status = (functions.jsep_response_status)(response);
            (functions.jsep_response_free)(response);
            status
        };
        if status == 200 { Ok(timings) } else { Err(format!("{} answered with status {status}", self.path)) }
    }

    /// Executes one request and reads the status of its response so many times.
    pub fn read_status(&self, times: u64) -> Result<(), String> {
        let functions = &self.library.functions;
        let response = self.response("")?;
        // SAFETY: see above.
        unsafe {
            (0..times).for_each(|_| _ = (functions.jsep_response_status)(response));
            (functions.jsep_response_free)(response);
        }
        Ok(())
    }

    fn response(&self, query: &str) -> Result<Handle, String> {
        let functions = &self.library.functions;
        let request = Request {
            size: size_of::<Request>(),
            method: Bytes::of("GET"),
            path: Bytes::of(&self.path),
            query: Bytes::of(query),
            headers: std::ptr::null(),
            header_count: 0,
            body: Bytes::EMPTY,
            caller: Bytes::EMPTY,
        };
        let mut response = std::ptr::null_mut();
        // SAFETY: see above.
        self.library.check(unsafe {
            (functions.jsep_endpoint_execute)(self.handle, &raw const request, &raw const self.host, &raw mut response)
        })?;
        Ok(response)
    }
}

impl Drop for Registry<'_> {
    fn drop(&mut self) {
        // SAFETY: see above.
        unsafe { (self.library.functions.jsep_registry_free)(self.handle) };
    }
}

impl Drop for Endpoint<'_> {
    fn drop(&mut self) {
        // SAFETY: see above.
        unsafe { (self.library.functions.jsep_endpoint_free)(self.handle) };
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: see above.
        unsafe { (self.functions.jsep_engine_free)(self.engine) };
    }
}
