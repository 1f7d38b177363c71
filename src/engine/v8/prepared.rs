//! What an install makes of an app before any isolate serves it: captured state or compiled code, and whether calls can be proven.

use super::checked;
use super::code::Code;
use super::isolates::Worker;
use super::limits::Limits;
use super::realm;
use super::restoring;
use super::seed;
use super::snapshot::{self, Blob, Capture, Making};
use crate::app::{App, Mode, RealmChoice};
use crate::engine::{CaptureTimings, Options, nanoseconds_since};
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::Arc;
use std::time::Instant;

/// An app that isolates can be made for.
pub(super) struct Prepared {
    pub(super) blob: Arc<Blob>,
    /// For endpoints that evaluate an app which is captured for the others.
    pub(super) evaluated: Option<Arc<Blob>>,
    /// Why the app is evaluated for each request; none when it is captured.
    pub(super) evaluated_because: Option<String>,
    /// Whether requests can share realms that they prove to leave as they were, or why not.
    pub(super) proven: Result<(), String>,
    /// A worker of the blob that is made already, if there is one.
    pub(super) first: Option<Worker>,
}

/// What each endpoint asks for.
pub(super) fn choices(app: &App, options: &Options) -> Vec<RealmChoice> {
    app.endpoints().iter().map(|endpoint| endpoint.realm.unwrap_or(options.realm)).collect()
}

/// Evaluates the app, captures it if its top level allows it, and tries the side-effect check.
pub(super) fn prepare(making: Making<'_>, options: &Options, timings: &mut CaptureTimings) -> Result<Prepared, Error> {
    seed::keep()?;
    restoring::learn(making)?;
    let capture = snapshot::evaluated_app(making, timings)?;
    let begin = Instant::now();
    let choices = choices(making.app, options);
    let evaluates = |choice: &RealmChoice| choice.evaluates();
    let mut independent = true;
    let (blob, evaluated_because) = match capture {
        Capture::App(_) if choices.iter().all(evaluates) => {
            (snapshot::globals(making)?, Some(format!("the option realm={} asks for it", options.realm.name())))
        }
        Capture::App(blob) => (blob, None),
        Capture::Impossible(obstacle) => {
            let captured = |choice: &RealmChoice| matches!(choice, RealmChoice::Captured | RealmChoice::Ready);
            if let Some(endpoint) = choices.iter().position(captured) {
                let reason = format!("the app's evaluated state, but {}", obstacle.reason);
                return Err(no_such_rung(making.app, endpoint, choices[endpoint], &reason));
            }
            independent = obstacle.independent;
            (snapshot::globals(making)?, Some(obstacle.reason))
        }
    };
    let blob = Arc::new(blob);
    let captured = evaluated_because.is_none();
    let has_historical = making.app.endpoints().iter().any(|endpoint| endpoint.mode == Mode::Historical);
    let historical = blob.depends_on_historical_state && has_historical;
    let evaluated = match captured && (historical || choices.iter().any(evaluates)) {
        true => Some(Arc::new(snapshot::globals(making)?)),
        false => None,
    };
    if options.realm != RealmChoice::Evaluate {
        for blob in evaluated.iter().chain((!captured).then_some(&blob)) {
            compile(blob, making)?;
        }
    }
    let proven = if !choices.iter().any(|choice| matches!(choice, RealmChoice::Auto | RealmChoice::Proven)) {
        Err(format!("the option realm={} asks for it", options.realm.name()))
    } else if let (Some(reason), false) = (&evaluated_because, independent) {
        Err(reason.clone())
    } else if options.optional.intl {
        // Its objects make functions when they are first used, and keep them.
        Err("there is Intl".to_owned())
    } else {
        checked::verify(&blob, making.app, making.runtime, making.watchdog)
    };
    if let (Err(reason), Some(endpoint)) = (&proven, choices.iter().position(|choice| *choice == RealmChoice::Proven)) {
        let reason = format!("proven reuse, but {reason}");
        return Err(no_such_rung(making.app, endpoint, RealmChoice::Proven, &reason));
    }
    timings.capture += nanoseconds_since(begin);
    Ok(Prepared { blob, evaluated, evaluated_because, proven, first: None })
}

/// Keeps the compiled code of an app that will be evaluated for each request, as far as it can be made within the limits.
fn compile(blob: &Arc<Blob>, making: Making<'_>) -> Result<(), Error> {
    let worker = Worker::new(blob, making.runtime.max_heap_bytes)?;
    let limits = Limits::new(Instant::now() + making.runtime.max_execution_time, making.runtime);
    let run =
        worker.run(limits, making.watchdog, |isolate| realm::compile(isolate, &worker, making.app, making.compilation));
    if let Ok((Ok(code), None)) = run {
        blob.keep(Code::new(code));
    }
    Ok(())
}

/// An endpoint asks for a rung that the app does not have.
fn no_such_rung(app: &App, endpoint: usize, choice: RealmChoice, reason: &str) -> Error {
    let message = format!("realm={} asks for {reason}", choice.name());
    let error = Error::new(jsep_status::JSEP_MODULE_EVALUATION, message);
    let endpoint = &app.endpoints()[endpoint];
    if endpoint.realm.is_some() { error.at_path(format!("{}.realm", endpoint.json_path)) } else { error }
}
