//! QuickJS. Files, from the outside in:
//!
//! - `app`: an installed app, and which interpreter serves a request
//! - `run`: one request in an interpreter
//! - `interpreter`: a runtime with one context, and its limits
//! - `memory`: its memory, until the time of a run is up
//! - `jobs`: the jobs that scripts leave, and what limits do with them
//! - `modules`: the app's modules as bytecode
//! - `active`: how native functions find the running request
//! - `bindings`: the functions of `ccf`, the request object and the response
//! - `exception`, `value`: exceptions as text, and values with Rust's ownership
//! - `search`, `marks`: what QuickJS searches and sorts by
//! - `time_zone`: which one scripts see

mod active;
mod app;
mod bindings;
mod exception;
mod interpreter;
mod jobs;
mod marks;
mod memory;
mod modules;
mod outside;
mod run;
mod search;
mod time_zone;
mod value;

use crate::app::App;
use crate::engine::{
    Abilities, Cache, CapturingRealm, Chosen, Engine, EngineDescription, InstalledApp, LiveRealm, Options,
    RuntimeOptions,
};
use crate::error::Error;
use crate::status::jsep_status;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// QuickJS has neither machine code nor `Intl`.
pub const ABILITIES: Abilities = Abilities { jit: false, intl: false };

/// Name and version of the library and of QuickJS.
pub fn library_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("jsquickjs {} (quickjs-ng {})", env!("CARGO_PKG_VERSION"), version()))
}

fn version() -> String {
    // SAFETY: QuickJS gives a constant text that ends with a NUL byte.
    unsafe { CStr::from_ptr(rquickjs_sys::JS_GetVersion()) }.to_string_lossy().into_owned()
}

/// Makes an engine; QuickJS itself needs no start.
pub fn create(_options: &Options) -> Result<Box<dyn Engine>, Error> {
    Ok(Box::new(QuickJsEngine))
}

struct QuickJsEngine;

impl Engine for QuickJsEngine {
    fn description(&self) -> EngineDescription {
        EngineDescription { name: "quickjs", version: version(), jit: false, start_ns: 0 }
    }

    fn idle(&self, _deadline: Instant) -> bool {
        // Every request makes its own interpreter.
        false
    }

    fn install(
        &self,
        app: Arc<App>,
        options: &Options,
        runtime: &RuntimeOptions,
        _cache: Option<&Cache>,
        _chosen: Chosen,
    ) -> Result<Box<dyn InstalledApp>, Error> {
        Ok(Box::new(app::QuickJsApp::install(app, options.optional, runtime)?))
    }

    fn live_realm(
        &self,
        _options: &Options,
        _runtime: &RuntimeOptions,
        _state: Option<&[u8]>,
    ) -> Result<Box<dyn LiveRealm + Send>, Error> {
        Err(Error::new(jsep_status::JSEP_NOT_SUPPORTED, "durable realms are not supported by this engine"))
    }

    fn capturing_realm(
        &self,
        _options: &Options,
        _runtime: &RuntimeOptions,
        _state: Option<&[u8]>,
    ) -> Result<Box<dyn CapturingRealm>, Error> {
        Err(Error::new(jsep_status::JSEP_NOT_SUPPORTED, "durable realms are not supported by this engine"))
    }

    fn state_identity(&self, _options: &Options) -> Option<Vec<u8>> {
        None
    }
}
