//! An installed app: which realm serves a request.

use super::isolates::{Pool, Worker};
use super::limits::{Ended, Limits};
use super::realm::{self, Realm, Served};
use super::restoring;
use super::shared::SharedRealm;
use super::snapshot::{self, Capture, Making};
use super::watchdog::Watchdog;
use crate::app::{App, Mode};
use crate::engine::{
    CaptureTimings, Execution, InstalledApp, Options, Outcome, RealmChoice, RuntimeOptions, SharedRealms,
};
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Rung of the realm ladder on which the app is evaluated for each request.
const RUNG_EVALUATED: u32 = 0;
/// Rung on which a fresh realm has the app's evaluated state.
const RUNG_CAPTURED: u32 = 2;
/// Rung on which requests of one `interpreter_reuse` key share a realm.
const RUNG_SHARED: u32 = 5;

/// One version of an app in V8.
pub(super) struct V8App {
    app: Arc<App>,
    shared: SharedRealms<SharedRealm>,
    pool: Pool,
    /// Why the app is evaluated for each request; none when it is captured.
    evaluated_because: Option<String>,
    /// For endpoints of mode `historical`, when the app's captured state holds only for the others.
    historical: Option<Pool>,
    watchdog: Arc<Watchdog>,
    timings: CaptureTimings,
    requests: AtomicU64,
    retired: AtomicU64,
}

impl V8App {
    /// Evaluates the app and makes the first isolate for it.
    pub(super) fn install(
        app: Arc<App>,
        options: &Options,
        runtime: &RuntimeOptions,
        watchdog: Arc<Watchdog>,
    ) -> Result<V8App, Error> {
        let limits = Limits::new(Instant::now() + runtime.max_execution_time, runtime);
        let mut timings = CaptureTimings::default();
        limits.check().map_err(|ended| snapshot::not_evaluated("the app", ended))?;
        let making = Making { app: &app, runtime, watchdog: &watchdog, optional: options.optional };
        restoring::learn(making)?;
        let capture = snapshot::evaluated_app(making, &mut timings)?;
        let begin = Instant::now();
        let (blob, evaluated_because) = match (capture, options.realm) {
            (Capture::App(blob), RealmChoice::Auto | RealmChoice::Captured) => (blob, None),
            (Capture::App(_), RealmChoice::Evaluate) => {
                (snapshot::globals(making)?, Some("the option realm=0 asks for it".to_owned()))
            }
            (Capture::Impossible(reason), RealmChoice::Captured) => {
                let message = format!("realm=2 asks for the app's evaluated state, but {reason}");
                return Err(Error::new(jsep_status::JSEP_MODULE_EVALUATION, message));
            }
            (Capture::Impossible(reason), _) => (snapshot::globals(making)?, Some(reason)),
        };
        let has_historical = app.endpoints().iter().any(|endpoint| endpoint.mode == Mode::Historical);
        let historical = match evaluated_because.is_none() && blob.depends_on_historical_state && has_historical {
            true => Some(Pool::new(Arc::new(snapshot::globals(making)?), runtime.max_heap_bytes)?),
            false => None,
        };
        let pool = Pool::new(Arc::new(blob), runtime.max_heap_bytes)?;
        timings.capture += u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let (requests, retired) = (AtomicU64::new(0), AtomicU64::new(0));
        let shared = SharedRealms::default();
        Ok(V8App { app, shared, pool, evaluated_because, historical, watchdog, timings, requests, retired })
    }

    /// Where a request of this mode gets its isolate, and on which rung that is.
    fn pool(&self, mode: Mode) -> (&Pool, u32) {
        match &self.historical {
            Some(pool) if mode == Mode::Historical => (pool, RUNG_EVALUATED),
            _ if self.evaluated_because.is_some() => (&self.pool, RUNG_EVALUATED),
            _ => (&self.pool, RUNG_CAPTURED),
        }
    }

    fn execute_fresh(&self, endpoint: usize, execution: &mut Execution<'_>, limits: Limits, begin: Instant) -> Outcome {
        let (pool, rung) = self.pool(execution.mode);
        let worker = match pool.take(limits.heap_bytes) {
            Ok(worker) => worker,
            Err(_) => return ended(Ended::OutOfMemory, rung, begin),
        };
        let mut realm = Realm::default();
        let run = self.run(&worker, &mut realm, endpoint, execution, limits, begin);
        // The realm's handles go before its isolate may serve another thread.
        drop(realm);
        let (outcome, usable) = self.outcome(run, begin, rung);
        if usable {
            pool.give(worker);
        }
        outcome
    }

    /// Runs the request in the realm that all requests of the key share, one at a time.
    fn execute_shared(
        &self,
        key: &str,
        endpoint: usize,
        execution: &mut Execution<'_>,
        limits: Limits,
        begin: Instant,
    ) -> Outcome {
        let realm = self.shared.realm(key, execution.mode, execution.options.max_cached_interpreters);
        let mut shared = realm.lock().unwrap_or_else(PoisonError::into_inner);
        // The time that other requests of the key took does not count.
        let begin_run = Instant::now();
        execution.deadline = begin_run + execution.options.max_execution_time;
        let limits = Limits { deadline: execution.deadline, ..limits };
        let (pool, _) = self.pool(execution.mode);
        let (worker, realm) = match shared.ready(|| pool.take(limits.heap_bytes), limits.heap_bytes) {
            Ok(ready) => ready,
            Err(_) => return ended(Ended::OutOfMemory, RUNG_SHARED, begin),
        };
        let run = self.run(worker, realm, endpoint, execution, limits, begin_run);
        let (outcome, usable) = self.outcome(run, begin, RUNG_SHARED);
        if !usable {
            shared.discard();
        }
        outcome
    }

    fn run(
        &self,
        worker: &Worker,
        realm: &mut Realm,
        endpoint: usize,
        execution: &mut Execution<'_>,
        limits: Limits,
        begin: Instant,
    ) -> Result<(Served, Option<Ended>), Ended> {
        worker.buffers.set_limit(limits.heap_bytes);
        let mut locker = worker.isolate.lock();
        limits.guard(&mut locker, &worker.heap, &self.watchdog, |isolate| {
            realm::serve(isolate, worker, realm, &self.app, endpoint, execution, begin)
        })
    }

    /// The outcome of a run, and whether its isolate can be used again.
    fn outcome(&self, run: Result<(Served, Option<Ended>), Ended>, begin: Instant, rung: u32) -> (Outcome, bool) {
        match run {
            Ok((served, None)) => {
                let outcome = Outcome {
                    result: served.result,
                    headers: served.headers,
                    exception: served.exception,
                    rung,
                    realm_ns: served.realm_ns,
                    call_ns: nanoseconds(begin).saturating_sub(served.realm_ns),
                };
                (outcome, true)
            }
            // Jobs of the ended request may still be queued, and its heap may be full: the isolate goes.
            Ok((served, Some(ended))) => {
                self.retired.fetch_add(1, Ordering::Relaxed);
                (Outcome { headers: served.headers, ..self::ended(ended, rung, begin) }, false)
            }
            Err(ended) => (self::ended(ended, rung, begin), true),
        }
    }
}

/// The outcome of a request that a limit ended.
fn ended(ended: Ended, rung: u32, begin: Instant) -> Outcome {
    let (failure, exception) = ended.failure();
    Outcome {
        result: Err(failure),
        headers: Vec::new(),
        exception: Some(exception),
        rung,
        realm_ns: 0,
        call_ns: nanoseconds(begin),
    }
}

impl InstalledApp for V8App {
    fn execute(&self, endpoint: usize, execution: &mut Execution<'_>) -> Outcome {
        let begin = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let limits = Limits::new(execution.deadline, execution.options);
        if let Err(ended) = limits.check() {
            return self::ended(ended, self.pool(execution.mode).1, begin);
        }
        let key = self.app.endpoints()[endpoint].reuse_key.as_deref();
        match key.filter(|_| execution.options.max_cached_interpreters > 0) {
            Some(key) => self.execute_shared(key, endpoint, execution, limits, begin),
            None => self.execute_fresh(endpoint, execution, limits, begin),
        }
    }

    fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "rung": self.pool(Mode::ReadWrite).1,
            "historical_rung": self.pool(Mode::Historical).1,
            "reason": self.evaluated_because.as_deref().unwrap_or("the app's top level is independent of requests"),
            "blob_bytes": self.pool.blob().bytes().len(),
            "requests": self.requests.load(Ordering::Relaxed),
            "retired_isolates": self.retired.load(Ordering::Relaxed),
        })
    }

    fn timings(&self) -> CaptureTimings {
        self.timings
    }
}

fn nanoseconds(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
