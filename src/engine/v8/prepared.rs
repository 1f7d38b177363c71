//! What an install makes of an app before any isolate serves it: captured state or compiled code, and whether calls can be proven.

use super::checked;
use super::code::Code;
use super::isolates::Worker;
use super::limits::Limits;
use super::realm;
use super::restoring;
use super::snapshot::{self, Blob, Capture, Making};
use crate::app::Mode;
use crate::engine::{CaptureTimings, Options, RealmChoice};
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::Arc;
use std::time::Instant;

/// An app that isolates can be made for.
pub(super) struct Prepared {
    pub(super) blob: Arc<Blob>,
    /// For endpoints of mode `historical`, when the app's captured state holds only for the others.
    pub(super) historical: Option<Arc<Blob>>,
    /// Why the app is evaluated for each request; none when it is captured.
    pub(super) evaluated_because: Option<String>,
    /// Whether requests can share realms that they prove to leave as they were, or why not.
    pub(super) proven: Result<(), String>,
}

/// Evaluates the app, captures it if its top level allows it, and tries the side-effect check.
pub(super) fn prepare(making: Making<'_>, options: &Options, timings: &mut CaptureTimings) -> Result<Prepared, Error> {
    restoring::learn(making)?;
    let capture = snapshot::evaluated_app(making, timings)?;
    let begin = Instant::now();
    let mut independent = true;
    let (blob, evaluated_because) = match (capture, options.realm) {
        (Capture::App(_), choice @ (RealmChoice::Evaluate | RealmChoice::Compiled)) => {
            (snapshot::globals(making)?, Some(format!("the option realm={} asks for it", choice.name())))
        }
        (Capture::App(blob), _) => (blob, None),
        (Capture::Impossible(obstacle), RealmChoice::Captured | RealmChoice::Ready) => {
            let choice = options.realm.name();
            let message = format!("realm={choice} asks for the app's evaluated state, but {}", obstacle.reason);
            return Err(Error::new(jsep_status::JSEP_MODULE_EVALUATION, message));
        }
        (Capture::Impossible(obstacle), _) => {
            independent = obstacle.independent;
            (snapshot::globals(making)?, Some(obstacle.reason))
        }
    };
    let blob = Arc::new(blob);
    let has_historical = making.app.endpoints().iter().any(|endpoint| endpoint.mode == Mode::Historical);
    let historical = match evaluated_because.is_none() && blob.depends_on_historical_state && has_historical {
        true => Some(Arc::new(snapshot::globals(making)?)),
        false => None,
    };
    if options.realm != RealmChoice::Evaluate {
        for blob in historical.iter().chain(evaluated_because.as_ref().map(|_| &blob)) {
            compile(blob, making)?;
        }
    }
    let proven = match (options.realm, &evaluated_because) {
        (RealmChoice::Auto | RealmChoice::Proven, Some(reason)) if !independent => Err(reason.clone()),
        // Its objects make functions when they are first used, and keep them.
        (RealmChoice::Auto | RealmChoice::Proven, _) if options.optional.intl => Err("there is Intl".to_owned()),
        (RealmChoice::Auto | RealmChoice::Proven, _) => {
            checked::verify(&blob, making.app, making.runtime, making.watchdog)
        }
        (choice, _) => Err(format!("the option realm={} asks for it", choice.name())),
    };
    if let (RealmChoice::Proven, Err(reason)) = (options.realm, &proven) {
        let message = format!("realm=4 asks for proven reuse, but {reason}");
        return Err(Error::new(jsep_status::JSEP_MODULE_EVALUATION, message));
    }
    timings.capture += u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
    Ok(Prepared { blob, historical, evaluated_because, proven })
}

/// Keeps the compiled code of an app that will be evaluated for each request, as far as it can be made within the limits.
fn compile(blob: &Arc<Blob>, making: Making<'_>) -> Result<(), Error> {
    let worker = Worker::new(blob, making.runtime.max_heap_bytes)?;
    let limits = Limits::new(Instant::now() + making.runtime.max_execution_time, making.runtime);
    let run = {
        let mut locker = worker.isolate.lock();
        limits.guard(&mut locker, &worker.heap, making.watchdog, |isolate| realm::compile(isolate, &worker, making.app))
    };
    if let Ok((Ok(code), None)) = run {
        blob.keep(Code::new(code));
    }
    Ok(())
}
