//! The coarse face of an engine: no values and no handles of a JavaScript engine show through it.

use super::{Cache, Chosen, Exception, Execution, Failure, Options, Outcome, Reply, Request, RuntimeOptions};
use crate::app::App;
use crate::error::Error;
use crate::host::LogLevel;
use std::borrow::Cow;
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
    /// take from `cache` what a former install made. Engines that can't compile lazily compile all functions.
    fn install(
        &self,
        app: Arc<App>,
        options: &Options,
        runtime: &RuntimeOptions,
        cache: Option<&Cache>,
        chosen: Chosen,
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

    /// The app in it, if it began with one.
    fn app(&self) -> Option<&Arc<App>>;
}

/// What a turn is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum TurnInput {
    /// To evaluate a script.
    Evaluate { source: String },
    /// To call a function of the realm's global object with what JSON text makes, or with nothing if there is none.
    Call { function: String, argument: String },
    /// To evaluate the modules of an app, which stays in the realm: as the first turn, or in the place of a former version. Then the
    /// functions `migrate` are called that it exports.
    Install { bundle: String },
    /// To answer a request.
    Serve(RequestInput),
    /// To give a message of another realm to the global function `receive`. The bytes are what [`Host::send`] was given.
    ///
    /// [`Host::send`]: crate::host::Host::send
    Receive { sender: String, identity: [u8; 16], number: u64, message: Vec<u8> },
    /// To call the global function `alarm`, because it is time.
    Alarm { name: String, time: f64 },
    /// To evaluate a script that takes the place of a former one, and then its function `migrate` if it has one.
    Upgrade { source: String },
}

/// A request to a live realm, with all that its turn depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInput {
    /// Which endpoint of the realm's app answers it. None: the function `handleRequest` of a realm without an app.
    pub endpoint: Option<usize>,
    /// Values of the endpoint's path template.
    pub parameters: Vec<(String, String)>,
    /// As in [`Request`].
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub caller: Option<String>,
}

impl RequestInput {
    /// The request for an endpoint and the values of its template.
    pub fn new(request: &Request<'_>, endpoint: Option<usize>, parameters: Vec<(String, String)>) -> RequestInput {
        RequestInput {
            endpoint,
            parameters,
            method: request.method.to_string(),
            path: request.path.to_string(),
            query: request.query.to_string(),
            headers: request.headers.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
            body: request.body.to_vec(),
            caller: request.caller.map(str::to_owned),
        }
    }

    /// The request as a script gets it.
    pub fn lend(&self) -> Request<'_> {
        Request {
            method: Cow::Borrowed(&self.method),
            path: Cow::Borrowed(&self.path),
            query: Cow::Borrowed(&self.query),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), Cow::Borrowed(value.as_str()))).collect(),
            body: &self.body,
            caller: self.caller.as_deref(),
            historical_state: None,
        }
    }
}

/// How a turn ended.
#[derive(Clone, Debug)]
pub enum TurnEnd {
    /// With a value, as text: of a script as people read it, of a call as JSON, of messages and alarms nothing.
    Value(Vec<u8>),
    /// With a reply to its request, and headers.
    Replied(Reply, Vec<(String, String)>),
    /// It threw.
    Threw(Exception),
    /// There is no reply to its request.
    Failed(Failure, Option<Exception>),
    /// Its app can't be used.
    NotInstalled(Error),
    /// It did not begin, so that the realm is as before.
    Refused(Exception),
    /// It was ended from outside, or met a limit whose place differs from run to run. The realm can't be used any more.
    Ended(Failure, Exception),
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

    /// Requests that it has served.
    fn requests(&self) -> u64;

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
