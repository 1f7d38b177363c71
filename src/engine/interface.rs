//! The coarse face of an engine: no values and no handles of a JavaScript engine show through it.

use super::{Cache, Exception, Execution, Options, Outcome, RuntimeOptions};
use crate::app::App;
use crate::error::Error;
use crate::host::LogLevel;
use std::sync::Arc;
use std::time::Instant;

/// Takes what an engine has to say outside of requests.
pub type Log = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// A started engine. `create(&Options)` in the engine's own room makes it.
pub trait Engine: Send + Sync {
    /// What it is, for reports.
    fn description(&self) -> EngineDescription;

    /// Does work ahead on the calling thread until `deadline`; whether there is more to do.
    fn idle(&self, deadline: Instant) -> bool;

    /// Compiles, links and evaluates an app as far as possible before any request, within the limits of `runtime`. May
    /// take from `cache` what a former install made.
    fn install(
        &self,
        app: Arc<App>,
        options: &Options,
        runtime: &RuntimeOptions,
        cache: Option<&Cache>,
    ) -> Result<Box<dyn InstalledApp>, Error>;

    /// Makes a realm that lives on from turn to turn, without anything of an app in it. Engines that can't say so.
    /// With a `state` it is the realm that was captured; it must be one that this engine gave, see `state_identity`.
    fn live_realm(
        &self,
        options: &Options,
        runtime: &RuntimeOptions,
        state: Option<&[u8]>,
    ) -> Result<Box<dyn LiveRealm + Send>, Error>;

    /// The same, in a realm that can be captured. Scripts behave alike in both, and are slower here. On one thread, one at a time in a
    /// process.
    fn capturing_realm(
        &self,
        options: &Options,
        runtime: &RuntimeOptions,
        state: Option<&[u8]>,
    ) -> Result<Box<dyn CapturingRealm>, Error>;

    /// What a captured state depends on: another engine, or another start of this one, can use it only if it answers the same. None when
    /// no state can be captured.
    fn state_identity(&self, options: &Options) -> Option<Vec<u8>>;
}

/// A live realm whose state can be captured.
pub trait CapturingRealm: LiveRealm {
    /// The state as bytes, from which the same realm was made once and found to be the same. `JSEP_CHECKPOINT_REFUSED` when that is not
    /// possible; the message says why.
    fn capture(self: Box<Self>) -> Result<CapturedState, Error>;
}

/// What came of a capture.
pub struct CapturedState {
    /// For `Engine::live_realm` and `Engine::capturing_realm`.
    pub state: Vec<u8>,
    /// Digest of what can be reached in the realm.
    pub digest: [u8; 32],
}

/// A realm that lives on from turn to turn. In it is nothing whose behaviour differs from run to run, but for what it asks the host.
pub trait LiveRealm {
    /// Runs a turn, the jobs that it leaves included, on the calling thread. `name` is that of its script in stack traces.
    fn run(&mut self, input: &TurnInput, name: &str, execution: &mut Execution<'_>) -> TurnEnd;
}

/// What a turn is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnInput {
    /// To evaluate a script.
    Evaluate { source: String },
    /// To call a function of the realm's global object with what JSON text makes, or with nothing if there is none.
    Call { function: String, argument: String },
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnEnd {
    /// With a value, as text: of a script as people read it, of a call as JSON.
    Value(Vec<u8>),
    /// It threw.
    Threw(Exception),
    /// It did not begin, so that the realm is as before.
    Refused(Exception),
    /// It was ended from outside, or met a limit whose place differs from run to run. The realm can't be used any more.
    Ended(Exception),
}

/// What an engine is, for reports.
#[derive(Clone, Debug)]
pub struct EngineDescription {
    /// `v8` or `quickjs`.
    pub name: &'static str,
    /// Version of the JavaScript engine.
    pub version: String,
    /// Whether it compiles to machine code.
    pub jit: bool,
    /// Nanoseconds that the start of the JavaScript engine took; 0 when it was running already.
    pub start_ns: u64,
}

/// An app that is ready to serve.
pub trait InstalledApp: Send + Sync {
    /// Runs endpoint number `endpoint` of the app for the request in `execution`, on the calling thread.
    fn execute(&self, endpoint: usize, execution: &mut Execution<'_>) -> Outcome;

    /// How its requests begin and why, in one line for the log.
    fn summary(&self) -> String;

    /// Which realms it uses and why, for reports.
    fn report(&self) -> serde_json::Value;

    /// What the install took.
    fn timings(&self) -> CaptureTimings;
}

/// Nanoseconds of the parts of an install that an engine does.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaptureTimings {
    /// Compiling and linking.
    pub compile: u64,
    /// Evaluating.
    pub evaluate: u64,
    /// Capturing the evaluated app.
    pub capture: u64,
}
