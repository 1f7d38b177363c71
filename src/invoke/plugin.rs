//! A started engine with its options and log.

use super::process;
use crate::engine::{self, CapturingRealm, Engine, LiveRealm, Log, Options, RuntimeOptions, nanoseconds_since, stack};
use crate::error::Error;
use std::time::{Duration, Instant};

/// A started engine with its options and log.
pub struct Plugin {
    pub(super) engine: Box<dyn Engine>,
    pub(super) options: Options,
    /// Run-time options of a new registry.
    pub(super) runtime: RuntimeOptions,
    pub(super) log: Log,
    timings: EngineTimings,
}

/// Nanoseconds that a start took.
#[derive(Clone, Copy, Debug)]
pub struct EngineTimings {
    /// Start of the JavaScript engine.
    pub start: u64,
    /// All of it.
    pub total: u64,
}

impl Plugin {
    /// Starts an engine.
    pub fn start(options: &[(&str, &str)], log: Log) -> Result<Plugin, Error> {
        let begin = Instant::now();
        process::not_forked()?;
        let (options, runtime) = Options::parse(options, engine::ABILITIES)?;
        // Before the engine has threads: a fork on another thread must not go unnoticed.
        process::watch_forks();
        let engine = engine::create(&options)?;
        let start = engine.description().start_ns;
        let timings = EngineTimings { start, total: nanoseconds_since(begin) };
        Ok(Plugin { engine, options, runtime, log, timings })
    }

    /// Does work ahead on the calling thread for about `time`; whether there is more to do.
    pub fn idle(&self, time: Duration) -> Result<bool, Error> {
        let _executing = process::Executing::begin()?;
        // Without enough stack, requests make their realms themselves.
        Ok(stack::is_enough() && self.engine.idle(Instant::now() + time))
    }

    /// A realm that lives on from turn to turn; with a `state`, the one that was captured.
    pub fn live_realm(&self, state: Option<&[u8]>) -> Result<Box<dyn LiveRealm + Send>, Error> {
        self.engine.live_realm(&self.options, &self.runtime, state)
    }

    /// The same, in a realm that can be captured.
    pub fn capturing_realm(&self, state: Option<&[u8]>) -> Result<Box<dyn CapturingRealm>, Error> {
        self.engine.capturing_realm(&self.options, &self.runtime, state)
    }

    /// What a captured state depends on; none when this engine captures none.
    pub fn state_identity(&self) -> Option<Vec<u8>> {
        self.engine.state_identity(&self.options)
    }

    /// Limits of a turn.
    pub fn runtime(&self) -> &RuntimeOptions {
        &self.runtime
    }

    /// What the start took.
    pub fn timings(&self) -> EngineTimings {
        self.timings
    }

    /// What this engine is, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let description = self.engine.description();
        serde_json::json!({
            "library": engine::library_name(),
            "engine": description.name,
            "version": description.version,
            "jit": description.jit,
            "options": {
                "realm": self.options.realm.name(),
                "helper_threads": self.options.helper_threads,
            },
            "timings": { "start_ns": self.timings.start, "total_ns": self.timings.total },
        })
    }
}
