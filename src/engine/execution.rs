//! The state of one running request, and what the functions of `ccf` do to it, the same for each engine.

use super::RuntimeOptions;
use crate::app::Mode;
use crate::host::{Host, HostError, LogLevel, MapMethod, MapRights, Maps, Permission, State, Transaction};
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// One request, as the host described it.
#[derive(Debug)]
pub struct Request<'a> {
    /// Method in upper case.
    pub method: Cow<'a, str>,
    /// Path as received.
    pub path: Cow<'a, str>,
    /// Decoded query, or empty.
    pub query: Cow<'a, str>,
    /// Headers with lower-case names, each name once.
    pub headers: IndexMap<String, Cow<'a, str>>,
    /// Body.
    pub body: &'a [u8],
    /// `request.caller` as valid JSON.
    pub caller: Option<&'a str>,
    /// The state of the store that `ccf.historicalState` shows.
    pub historical_state: Option<State>,
}

impl<'a> Request<'a> {
    /// Adds a header; a name that is there already gets the values joined.
    pub fn add_header(&mut self, name: &str, value: Cow<'a, str>) {
        let name = name.to_ascii_lowercase();
        match self.headers.entry(name) {
            Entry::Occupied(mut known) => {
                let values = known.get_mut().to_mut();
                values.push_str(", ");
                values.push_str(&value);
            }
            Entry::Vacant(new) => {
                new.insert(value);
            }
        }
    }

    /// Value of a header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| &**value)
    }

    /// The path, and the query if there is one.
    pub fn url(&self) -> String {
        if self.query.is_empty() { self.path.to_string() } else { format!("{}?{}", self.path, self.query) }
    }
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The app is being evaluated or the handler runs.
    Handler,
    /// The handler's result is being turned into a response: the store, the body and `ccf.rpc` are gone.
    Conversion,
}

/// One running request.
pub struct Execution<'a> {
    /// What the host said.
    pub request: &'a Request<'a>,
    /// Values of the path template.
    pub parameters: &'a [(String, String)],
    /// `/app` and the endpoint's path template.
    pub route: String,
    /// What the endpoint may do with the store.
    pub mode: Mode,
    /// Options at the start of the request.
    pub options: &'a RuntimeOptions,
    /// When the request has to be over.
    pub deadline: Instant,
    /// How far it is.
    pub phase: Phase,
    /// What the script said with `ccf.rpc.setApplyWrites`.
    pub apply_writes: Option<bool>,
    /// What the script said with `ccf.rpc.setClaimsDigest`.
    pub claims_digest: Option<[u8; 32]>,
    /// Whether to log the line per request.
    pub metrics_logging: bool,
    /// What the script said with `ccf.enableUntrustedDateTime`.
    pub untrusted_time: bool,
    /// The store with the writes of this request.
    pub transaction: Transaction<'a>,
    host: &'a dyn Host,
    attempt: Option<Attempt>,
    random: Vec<u8>,
    /// Past states that the script has seen.
    states: Vec<u64>,
    /// Tells the past states of this request from those of others; 0 until there are any.
    number: u64,
}

/// An execution that may turn out not to count. What it writes stays in the transaction anyway.
#[derive(Debug, Default)]
struct Attempt {
    /// Lines for the log, held back until the attempt counts.
    log: Vec<(LogLevel, String)>,
    /// Bytes of these lines.
    log_bytes: usize,
    /// What the script asked for that can't be taken back, if it did.
    irreversible: Option<&'static str>,
}

/// Bytes of lines that an attempt holds back at most.
const MOST_HELD_BACK: usize = 1 << 20;

/// A past state as a script holds it, good for the request that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateToken {
    execution: u64,
    index: usize,
}

/// Numbers for requests with past states. They only have to differ.
static EXECUTIONS: AtomicU64 = AtomicU64::new(1);

impl std::fmt::Display for StateToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.execution, self.index)
    }
}

impl std::str::FromStr for StateToken {
    type Err = Thrown;

    fn from_str(text: &str) -> Result<StateToken, Thrown> {
        let parts =
            text.split_once('.').and_then(|(execution, index)| Some((execution.parse().ok()?, index.parse().ok()?)));
        parts.map(|(execution, index)| StateToken { execution, index }).ok_or_else(Thrown::no_handle)
    }
}

/// A call of a method of a map handle.
#[derive(Clone, Copy, Debug)]
pub struct MapAccess<'a> {
    /// Name of the map.
    pub map: &'a str,
    /// The past state that the handle belongs to, if it is not the present one.
    pub state: Option<StateToken>,
    /// What the handle could do when it was made.
    pub handle: Permission,
    /// What the handle could do that the called function was taken from.
    pub function: Permission,
}

const PAST_IS_READ_ONLY: &str = "All tables are read-only during historical transaction.";

/// An exception to throw into a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// Which kind of error.
    pub class: ErrorClass,
    /// Its message.
    pub message: String,
}

/// Kinds of errors. `InternalError` is an `Error` of that name; engines without the class set the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    Type,
    Range,
    Internal,
}

impl Thrown {
    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Thrown {
        Thrown { class: ErrorClass::Type, message: message.into() }
    }

    /// A `RangeError`.
    pub fn range_error(message: impl Into<String>) -> Thrown {
        Thrown { class: ErrorClass::Range, message: message.into() }
    }

    /// An `InternalError`.
    pub fn internal(message: impl Into<String>) -> Thrown {
        Thrown { class: ErrorClass::Internal, message: message.into() }
    }

    /// For a map handle that belongs to nothing that runs.
    pub fn no_handle() -> Thrown {
        Thrown::internal("Internal: Unable to access MapHandle")
    }

    /// For a wrong number of arguments.
    pub fn argument_count(given: usize, expected: usize) -> Thrown {
        let expected = if expected == 0 { "none".to_owned() } else { expected.to_string() };
        Thrown::type_error(format!("Passed {given} arguments, but expected {expected}"))
    }
}

impl From<HostError> for Thrown {
    fn from(error: HostError) -> Thrown {
        match error {
            HostError::Conflict => Thrown::no_handle(),
            HostError::TooManyWrites => Thrown::internal("out of memory"),
            other => Thrown::internal(format!("Internal: {other}")),
        }
    }
}

impl<'a> Execution<'a> {
    /// The state of a request that is about to run.
    pub fn new(
        request: &'a Request<'a>,
        parameters: &'a [(String, String)],
        template: &str,
        mode: Mode,
        options: &'a RuntimeOptions,
        host: &'a dyn Host,
    ) -> Execution<'a> {
        Execution {
            request,
            parameters,
            route: format!("/app{template}"),
            mode,
            options,
            deadline: Instant::now() + options.max_execution_time,
            phase: Phase::Handler,
            apply_writes: None,
            claims_digest: None,
            metrics_logging: true,
            untrusted_time: false,
            transaction: Transaction::new(host, options.max_heap_bytes),
            host,
            attempt: None,
            random: Vec::new(),
            states: Vec::new(),
            number: 0,
        }
    }

    /// What the host offers beyond its store.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// What this request may do with a map, now or in the past.
    pub fn rights(&self, map: &str, state: Option<StateToken>) -> Result<MapRights, Thrown> {
        let allowed = match state {
            Some(_) => Permission::of_past(map),
            None => Permission::of(map, self.mode),
        };
        let (permission, reason) = self.host.restrict(map, allowed)?;
        let past = || (state.is_some() && permission == allowed).then(|| PAST_IS_READ_ONLY.to_owned());
        Ok(MapRights { permission, reason: reason.or_else(past) })
    }

    /// The maps, if the call of `method` is allowed now.
    pub fn map(&mut self, access: MapAccess<'_>, method: MapMethod) -> Result<Maps<'_, 'a>, Thrown> {
        let state = match access.state {
            Some(token) => Some(self.state(token)?),
            // The past can still be read during the conversion.
            None if self.phase != Phase::Handler => return Err(Thrown::no_handle()),
            None => None,
        };
        let rights = self.rights(access.map, access.state)?;
        if !rights.permission.allows(method) {
            return Err(Thrown::type_error(if access.function == access.handle {
                rights.refusal(method, access.map, self.mode)
            } else {
                Permission::retargeted(access.map)
            }));
        }
        Ok(Maps::new(&mut self.transaction, state))
    }

    /// Shows a past state to the script: what its kv handles hold.
    pub fn show(&mut self, state: u64) -> StateToken {
        if self.number == 0 {
            self.number = EXECUTIONS.fetch_add(1, Ordering::Relaxed);
        }
        self.states.push(state);
        StateToken { execution: self.number, index: self.states.len() - 1 }
    }

    /// The host's name of a state that this request has shown.
    fn state(&self, token: StateToken) -> Result<u64, Thrown> {
        let own = token.execution == self.number;
        self.states.get(token.index).copied().filter(|_| own).ok_or_else(Thrown::no_handle)
    }

    /// The request's body, while the handler runs.
    pub fn body(&self) -> Result<&'a [u8], Thrown> {
        match self.phase {
            Phase::Handler => Ok(self.request.body),
            Phase::Conversion => Err(Thrown::internal("Failed to get extension object")),
        }
    }

    /// `ccf.rpc.setApplyWrites`.
    pub fn set_apply_writes(&mut self, apply: bool) -> Result<(), Thrown> {
        self.rpc()?.apply_writes = Some(apply);
        Ok(())
    }

    /// `ccf.rpc.setClaimsDigest`.
    pub fn set_claims_digest(&mut self, digest: &[u8]) -> Result<(), Thrown> {
        let digest = <[u8; 32]>::try_from(digest)
            .map_err(|_| Thrown::type_error("Argument must be an ArrayBuffer of the right size: 32"))?;
        self.rpc()?.claims_digest = Some(digest);
        Ok(())
    }

    fn rpc(&mut self) -> Result<&mut Self, Thrown> {
        match self.phase {
            Phase::Handler => Ok(self),
            Phase::Conversion => Err(Thrown::internal("RPC context is not set")),
        }
    }

    /// Writes a line to the app's log. What is more than an attempt can hold back is no part of one.
    pub fn log(&mut self, level: LogLevel, text: &str) -> Result<(), Thrown> {
        match &mut self.attempt {
            Some(attempt) => {
                attempt.log_bytes += size_of::<(LogLevel, String)>() + text.len();
                if attempt.log_bytes > MOST_HELD_BACK {
                    return self.irreversible("console with so much text");
                }
                attempt.log.push((level, text.to_owned()));
            }
            None => self.host.log(level, text),
        }
        Ok(())
    }

    /// What follows may turn out not to count, until [`Execution::accept`] or [`Execution::abandon`].
    pub fn attempt(&mut self) {
        self.attempt = Some(Attempt::default());
    }

    /// The attempt counts.
    pub fn accept(&mut self) {
        let attempt = self.attempt.take().unwrap_or_default();
        attempt.log.iter().for_each(|(level, text)| self.host.log(*level, text));
    }

    /// The attempt does not count: the request is as it was before. Only the host's wish to run the request again stays.
    pub fn abandon(&mut self) {
        self.attempt = None;
        self.phase = Phase::Handler;
        self.apply_writes = None;
        self.claims_digest = None;
        self.metrics_logging = true;
        self.untrusted_time = false;
        self.transaction.forget_writes();
        self.random.clear();
        self.states.clear();
        self.number = 0;
    }

    /// What can't be taken back is no part of an attempt: then this is an error, and [`Execution::asked_for`] tells `what`.
    pub fn irreversible(&mut self, what: &'static str) -> Result<(), Thrown> {
        match &mut self.attempt {
            Some(attempt) => {
                attempt.irreversible = Some(what);
                Err(Thrown::internal(format!("{what} can't be tried")))
            }
            None => Ok(()),
        }
    }

    /// What the script asked for in an attempt that can't be taken back.
    pub fn asked_for(&self) -> Option<&'static str> {
        self.attempt.as_ref()?.irreversible
    }

    /// Milliseconds since 1970 in UTC, without a fraction; 0 while the clock is gated.
    pub fn now(&self) -> f64 {
        if self.options.gated_time && !self.untrusted_time {
            return 0.0;
        }
        self.host.time().floor()
    }

    /// A number from 0 to below 1 from the host's entropy.
    pub fn random(&mut self) -> Result<f64, Thrown> {
        const NUMBER: usize = size_of::<u64>();
        if self.random.len() < NUMBER {
            let mut bytes = vec![0; 32 * NUMBER];
            self.host.entropy(&mut bytes)?;
            self.random = bytes;
        }
        let rest = self.random.len() - NUMBER;
        let mut number = [0; NUMBER];
        number.copy_from_slice(&self.random[rest..]);
        self.random.truncate(rest);
        // The upper 53 bits, which is what a double holds exactly.
        Ok((u64::from_le_bytes(number) >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Where a function of `ccf` was called from: the capture of an app at install, or a request.
pub enum Stage<'s, 'a> {
    /// The app's top level is evaluated for later requests. What depends on a request spoils the capture; the reason is kept.
    Capture(&'s mut Option<&'static str>),
    /// A request runs.
    Request(&'s mut Execution<'a>),
}

impl<'s, 'a> Stage<'s, 'a> {
    /// The running request; in a capture the call notes that `what` was touched and throws.
    pub fn request(self, what: &'static str) -> Result<&'s mut Execution<'a>, Thrown> {
        match self {
            Stage::Request(execution) => Ok(execution),
            Stage::Capture(touched) => {
                touched.get_or_insert(what);
                Err(Thrown::internal(format!("{what} can't be used before a request")))
            }
        }
    }

    /// What a handle made now can do: in a capture, what it can do in the most permissive endpoint.
    pub fn permission(&self, map: &str, state: Option<StateToken>) -> Result<Permission, Thrown> {
        match self {
            Stage::Request(execution) => Ok(execution.rights(map, state)?.permission),
            Stage::Capture(_) => Ok(Permission::of(map, Mode::ReadWrite)),
        }
    }
}
