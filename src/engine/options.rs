//! Options by name, the same for each engine.

use super::Compilation;
use crate::app::RealmChoice;
use crate::error::Error;
use crate::status::jsep_status;
use std::time::Duration;

/// Options that are read once, when an engine is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Compile to machine code.
    pub jit: bool,
    /// Rung of the realm ladder.
    pub realm: RealmChoice,
    /// When functions are compiled; `None` leaves that to the turnover of versions.
    pub compilation: Option<Compilation>,
    /// Threads of the engine's own; `None` leaves the number to the engine.
    pub helper_threads: Option<u32>,
    /// What scripts see beyond what they always see.
    pub optional: OptionalGlobals,
}

/// Globals that scripts see only when they are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct OptionalGlobals {
    /// `ccf.host`, which starts processes.
    pub host: bool,
    /// `Intl`, and `Temporal` where the engine has it.
    pub intl: bool,
}

/// What an engine can do if it is asked to.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Compile to machine code.
    pub jit: bool,
    /// Show `Intl`.
    pub intl: bool,
}

/// Options that each request reads anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeOptions {
    /// Heap of one request, buffers included.
    pub max_heap_bytes: usize,
    /// Stack of one request.
    pub max_stack_bytes: usize,
    /// Wall clock of one request.
    pub max_execution_time: Duration,
    /// Write exceptions to the log.
    pub log_exception_details: bool,
    /// Send exceptions to the caller.
    pub return_exception_details: bool,
    /// Realms kept for `interpreter_reuse`.
    pub max_cached_interpreters: usize,
    /// Whether the clock shows 0 until the script asks for the host's. Set when the engine is made.
    pub gated_time: bool,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        RuntimeOptions {
            max_heap_bytes: 100 << 20,
            max_stack_bytes: 1 << 20,
            max_execution_time: Duration::from_millis(5000),
            log_exception_details: false,
            return_exception_details: false,
            max_cached_interpreters: 10,
            gated_time: false,
        }
    }
}

const ENGINE_OPTIONS: &str = "jit, realm, compilation, helper_threads, untrusted_time, subprocesses, intl";
const RUNTIME_OPTIONS: &str = "max_heap_bytes, max_stack_bytes, max_execution_time_ms, log_exception_details, \
                               return_exception_details, max_cached_interpreters";

impl Options {
    /// Reads engine options and defaults of run-time options. What the engine is not able to do is refused.
    pub fn parse(given: &[(&str, &str)], able: Abilities) -> Result<(Options, RuntimeOptions), Error> {
        let mut options = Options {
            jit: able.jit,
            realm: RealmChoice::Auto,
            compilation: None,
            helper_threads: None,
            optional: OptionalGlobals::default(),
        };
        let mut runtime = RuntimeOptions::default();
        for (name, value) in given {
            match *name {
                "jit" => options.jit = ability(name, value, able.jit, "machine code")?,
                "realm" => {
                    let found = RealmChoice::named(value);
                    options.realm = found.ok_or_else(|| invalid(name, value, RealmChoice::NAMES))?;
                }
                "compilation" => {
                    options.compilation = match *value {
                        "auto" => None,
                        "lazy" => Some(Compilation::Lazy),
                        "eager" => Some(Compilation::Eager),
                        _ => return Err(invalid(name, value, "auto, lazy or eager")),
                    }
                }
                "helper_threads" => match value.parse() {
                    Ok(threads @ 0..=8) => options.helper_threads = Some(threads),
                    _ => return Err(invalid(name, value, "a number from 0 to 8")),
                },
                "untrusted_time" => {
                    runtime.gated_time = match *value {
                        "real" => false,
                        "gated" => true,
                        _ => return Err(invalid(name, value, "real or gated")),
                    }
                }
                "subprocesses" => options.optional.host = switch(name, value)?,
                "intl" => options.optional.intl = ability(name, value, able.intl, "Intl")?,
                _ => {
                    let known = format!("{ENGINE_OPTIONS}, {RUNTIME_OPTIONS}");
                    runtime.set(name, value, &known)?;
                }
            }
        }
        Ok((options, runtime))
    }
}

impl RuntimeOptions {
    /// The same options with changes; an empty value means what `defaults` has.
    pub fn with(&self, given: &[(&str, &str)], defaults: &RuntimeOptions) -> Result<RuntimeOptions, Error> {
        let mut options = self.clone();
        for (name, value) in given {
            if value.is_empty() {
                options.reset(name, defaults)?;
            } else {
                options.set(name, value, RUNTIME_OPTIONS)?;
            }
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str, known: &str) -> Result<(), Error> {
        match name {
            "max_heap_bytes" => self.max_heap_bytes = number(name, value)?,
            "max_stack_bytes" => self.max_stack_bytes = number(name, value)?,
            "max_execution_time_ms" => {
                self.max_execution_time = Duration::from_millis(number(name, value)? as u64);
            }
            "log_exception_details" => self.log_exception_details = boolean(name, value)?,
            "return_exception_details" => self.return_exception_details = boolean(name, value)?,
            "max_cached_interpreters" => self.max_cached_interpreters = number(name, value)?,
            _ => return Err(unknown(name, known)),
        }
        Ok(())
    }

    fn reset(&mut self, name: &str, defaults: &RuntimeOptions) -> Result<(), Error> {
        match name {
            "max_heap_bytes" => self.max_heap_bytes = defaults.max_heap_bytes,
            "max_stack_bytes" => self.max_stack_bytes = defaults.max_stack_bytes,
            "max_execution_time_ms" => self.max_execution_time = defaults.max_execution_time,
            "log_exception_details" => self.log_exception_details = defaults.log_exception_details,
            "return_exception_details" => self.return_exception_details = defaults.return_exception_details,
            "max_cached_interpreters" => self.max_cached_interpreters = defaults.max_cached_interpreters,
            _ => return Err(unknown(name, RUNTIME_OPTIONS)),
        }
        Ok(())
    }

    /// All options by name, for reports.
    pub fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "max_heap_bytes": self.max_heap_bytes,
            "max_stack_bytes": self.max_stack_bytes,
            "max_execution_time_ms": u64::try_from(self.max_execution_time.as_millis()).unwrap_or(u64::MAX),
            "log_exception_details": self.log_exception_details,
            "return_exception_details": self.return_exception_details,
            "max_cached_interpreters": self.max_cached_interpreters,
        })
    }
}

/// A switch for what not all engines are able to do.
fn ability(name: &str, value: &str, able: bool, what: &str) -> Result<bool, Error> {
    match switch(name, value) {
        Ok(true) | Err(_) if !able => Err(invalid(name, value, &format!("off, because this engine has no {what}"))),
        result => result,
    }
}

fn switch(name: &str, value: &str) -> Result<bool, Error> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(invalid(name, value, "on or off")),
    }
}

fn number(name: &str, value: &str) -> Result<usize, Error> {
    // Up to 2^53, so that the number is exact wherever it is reported as JSON.
    match value.parse::<usize>() {
        Ok(number) if number <= 1 << 53 => Ok(number),
        _ => Err(invalid(name, value, "a whole number from 0 to 9007199254740992")),
    }
}

fn boolean(name: &str, value: &str) -> Result<bool, Error> {
    value.parse().map_err(|_| invalid(name, value, "true or false"))
}

fn invalid(name: &str, value: &str, wanted: &str) -> Error {
    Error::new(jsep_status::JSEP_INVALID_OPTION, format!("option `{name}` is `{value}`, but must be {wanted}"))
}

fn unknown(name: &str, known: &str) -> Error {
    Error::new(jsep_status::JSEP_INVALID_OPTION, format!("option `{name}` is not known; known are: {known}"))
}
