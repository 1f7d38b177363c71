//! An installed app: which realm serves a request.

use super::checked;
use super::isolates::{Pool, Worker};
use super::limits::{Ended, Limits};
use super::prepared::{self, Prepared};
use super::realm::{Realm, Served};
use super::shared::SharedRealm;
use super::snapshot::{self, Making};
use super::stored;
use super::supply::Supply;
use super::watchdog::Watchdog;
use crate::app::{App, Mode, RealmChoice};
use crate::engine::{
    Cache, CaptureTimings, Chosen, Execution, InstalledApp, Ladder, Options, Outcome, Route, RuntimeOptions,
    SharedRealms, nanoseconds_since,
};
use crate::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Number of rungs.
const RUNGS: usize = 6;
/// Rung of the realm ladder on which the app is evaluated for each request.
const RUNG_EVALUATED: u32 = 0;
/// Rung on which the app is evaluated for each request, from compiled code.
const RUNG_COMPILED: u32 = 1;
/// Rung on which a fresh realm has the app's evaluated state.
const RUNG_CAPTURED: u32 = 2;
/// Rung on which a fresh realm with the app's evaluated state was made before the request came.
const RUNG_READY: u32 = 3;
/// Rung on which requests share a realm that they prove to leave as it was.
const RUNG_PROVEN: u32 = 4;
/// Rung on which requests of one `interpreter_reuse` key share a realm.
const RUNG_SHARED: u32 = 5;

/// Longest attempt under the side-effect check, before a request goes on in a fresh realm.
const LONGEST_ATTEMPT: Duration = Duration::from_millis(50);
/// Share of a request's time that an attempt may use up.
const SHARE_OF_ATTEMPT: u32 = 10;
/// A proven realm goes after this many requests, with its isolate, because V8 keeps what it prepared for the checks.
const REQUESTS_OF_PROVEN_REALM: u32 = 100_000;

/// One version of an app in V8.
pub(super) struct V8App {
    app: Arc<App>,
    shared: SharedRealms<SharedRealm>,
    pool: Arc<Pool>,
    /// Why the app is evaluated for each request; none when it is captured.
    evaluated_because: Option<String>,
    /// For endpoints that evaluate an app which is captured for the others.
    evaluated: Option<Arc<Pool>>,
    /// Whether the app's captured state holds only for endpoints that are not of mode `historical`.
    historical_is_evaluated: bool,
    /// For calls under the side-effect check, whose isolates run nothing else; or why there are none.
    proven: Result<Arc<Pool>, String>,
    /// What each endpoint asks for.
    choices: Vec<RealmChoice>,
    ladder: Ladder,
    watchdog: Arc<Watchdog>,
    /// Makes ready realms.
    supply: Arc<Supply>,
    /// When its functions are compiled, and why.
    chosen: Chosen,
    /// Whether the host had kept what an install makes.
    from_cache: bool,
    timings: CaptureTimings,
    /// Requests by the rung that served them.
    served: [AtomicU64; RUNGS],
    retired: AtomicU64,
}

impl V8App {
    /// Evaluates the app and makes the first isolate for it.
    pub(super) fn install(
        app: Arc<App>,
        options: &Options,
        runtime: &RuntimeOptions,
        cache: Option<&Cache>,
        chosen: Chosen,
        watchdog: Arc<Watchdog>,
        supply: Arc<Supply>,
    ) -> Result<V8App, Error> {
        let mut timings = CaptureTimings::default();
        let making = Making {
            app: &app,
            runtime,
            watchdog: &watchdog,
            optional: options.optional,
            compilation: chosen.compilation,
        };
        let known = cache.and_then(|cache| stored::load(cache, making, options));
        let from_cache = known.is_some();
        let prepared = match known {
            Some(prepared) => prepared,
            None => {
                // Only what is evaluated needs time.
                let limits = Limits::new(Instant::now() + runtime.max_execution_time, runtime);
                limits.check().map_err(|ended| snapshot::not_evaluated("the app", ended))?;
                let prepared = prepared::prepare(making, options, &mut timings)?;
                if let Some(cache) = cache {
                    stored::store(cache, making, options, &prepared);
                }
                prepared
            }
        };
        let begin = Instant::now();
        let choices = prepared::choices(&app, options);
        let Prepared { blob, evaluated, evaluated_because, proven, first } = prepared;
        let historical_is_evaluated = evaluated_because.is_none() && blob.depends_on_historical_state;
        let pool = Pool::new(&app, blob);
        let evaluated = evaluated.map(|blob| Pool::new(&app, blob));
        let proven = proven.map(|()| Pool::new(&app, Arc::clone(pool.blob())));
        // The first request finds its isolate made.
        let first = first.map_or_else(|| Worker::new(pool.blob(), runtime.max_heap_bytes), Ok)?;
        match &proven {
            Ok(proven) => proven.give(checked::begin(first, &app, runtime, &watchdog)),
            Err(_) => pool.give(first),
        }
        timings.capture += nanoseconds_since(begin);
        let ladder = Ladder::new(app.endpoints().len());
        Ok(V8App {
            app,
            shared: SharedRealms::default(),
            pool,
            evaluated_because,
            evaluated,
            historical_is_evaluated,
            proven,
            choices,
            ladder,
            watchdog,
            supply,
            chosen,
            from_cache,
            timings,
            served: Default::default(),
            retired: AtomicU64::new(0),
        })
    }

    /// Where a request of this endpoint gets its isolate, and on which rung that is.
    fn pool(&self, endpoint: usize) -> (&Arc<Pool>, u32) {
        let historical = self.app.endpoints()[endpoint].mode == Mode::Historical && self.historical_is_evaluated;
        let evaluates = self.choices[endpoint].evaluates();
        match &self.evaluated {
            Some(pool) if historical || evaluates => (pool, evaluating_rung(pool)),
            _ if self.evaluated_because.is_some() => (&self.pool, evaluating_rung(&self.pool)),
            _ => (&self.pool, RUNG_CAPTURED),
        }
    }

    /// Runs the request under the side-effect check, in a realm that is used again if the request proves to have left it as it was.
    /// None when the request has to run in a fresh realm after all.
    fn execute_proven(
        &self,
        pool: &Pool,
        endpoint: usize,
        execution: &mut Execution<'_>,
        limits: Limits,
        begin: Instant,
    ) -> Option<Outcome> {
        let mut worker = match pool.take(limits.heap_bytes) {
            Ok(worker) => worker,
            Err(_) => return Some(ended(Ended::OutOfMemory, RUNG_PROVEN, begin)),
        };
        let mut realm = worker.realm.take();
        if realm.is_none() {
            // Its making belongs to all the requests that it will serve.
            match worker.run(limits, &self.watchdog, |isolate| Realm::new(isolate, &worker, &self.app, true)) {
                Ok((Ok(made), None)) => realm = Some(made),
                Ok((_, Some(ended))) | Err(ended) => return Some(self::ended(ended, RUNG_PROVEN, begin)),
                Ok((Err(exception), None)) => {
                    self.ladder.refused(endpoint, &exception.message);
                    return None;
                }
            }
        }
        let longest = LONGEST_ATTEMPT.min(execution.options.max_execution_time / SHARE_OF_ATTEMPT);
        let begin_attempt = Instant::now();
        let deadline = std::mem::replace(&mut execution.deadline, limits.deadline.min(begin_attempt + longest));
        let limits = Limits { deadline: execution.deadline, ..limits };
        execution.attempt();
        let run = self.run(&worker, &mut realm, endpoint, execution, limits, begin);
        execution.deadline = deadline;
        let reason = match run {
            Ok((Served { refused: Some(reason), .. }, None)) => reason,
            Ok((served, None)) => {
                execution.accept();
                if realm.as_ref().is_some_and(|realm| realm.requests() < REQUESTS_OF_PROVEN_REALM) {
                    worker.realm = realm;
                    pool.give(worker);
                }
                self.ladder.proven(endpoint, begin_attempt.elapsed());
                return Some(outcome(served, RUNG_PROVEN, begin));
            }
            Ok((_, Some(Ended::TimedOut))) => format!("more than {} ms under the check", longest.as_millis()),
            Ok((_, Some(_))) => "its use of memory".to_owned(),
            Err(ended) => {
                execution.abandon();
                return Some(self::ended(ended, RUNG_PROVEN, begin));
            }
        };
        execution.abandon();
        self.ladder.refused(endpoint, &reason);
        None
    }

    fn execute_fresh(&self, endpoint: usize, execution: &mut Execution<'_>, limits: Limits, begin: Instant) -> Outcome {
        let (pool, rung) = self.pool(endpoint);
        let mut worker = match pool.take(limits.heap_bytes) {
            Ok(worker) => worker,
            Err(_) => return ended(Ended::OutOfMemory, rung, begin),
        };
        let mut realm = worker.ready.pop_if(|_| self.choices[endpoint].uses_ready_realms());
        let found = realm.is_some();
        let made_before = realm.as_ref().map_or(Duration::ZERO, Realm::made_in);
        let begin_fresh = Instant::now();
        let rung = if found && rung == RUNG_CAPTURED { RUNG_READY } else { rung };
        let run = self.run(&worker, &mut realm, endpoint, execution, limits, begin);
        // The realm's handles go before its isolate may serve another thread.
        drop(realm);
        // A ready realm costs as much as another, only earlier.
        self.ladder.fresh(endpoint, begin_fresh.elapsed() + made_before);
        let (outcome, usable) = self.outcome(run, begin, rung);
        if usable {
            match self.choices[endpoint].uses_ready_realms() {
                true => pool.give_and_ask(worker, found, &self.supply),
                false => pool.give(worker),
            }
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
        let (pool, _) = self.pool(endpoint);
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

    /// Runs the request in `realm`, which is made first when there is none.
    fn run(
        &self,
        worker: &Worker,
        realm: &mut Option<Realm>,
        endpoint: usize,
        execution: &mut Execution<'_>,
        limits: Limits,
        begin: Instant,
    ) -> Result<(Served, Option<Ended>), Ended> {
        worker.run(limits, &self.watchdog, |isolate| {
            let realm = match realm {
                Some(realm) => realm,
                none => match Realm::new(isolate, worker, &self.app, false) {
                    Ok(made) => none.insert(made),
                    Err(exception) => return Served::failed(exception, begin),
                },
            };
            realm.serve(isolate, worker, &self.app, endpoint, execution, begin)
        })
    }

    /// The outcome of a run, and whether its isolate can be used again.
    fn outcome(&self, run: Result<(Served, Option<Ended>), Ended>, begin: Instant, rung: u32) -> (Outcome, bool) {
        match run {
            Ok((served, None)) => (outcome(served, rung, begin), true),
            // Jobs of the ended request may still be queued, and its heap may be full: the isolate goes.
            Ok((served, Some(ended))) => {
                self.retired.fetch_add(1, Ordering::Relaxed);
                (Outcome { headers: served.headers, ..self::ended(ended, rung, begin) }, false)
            }
            Err(ended) => (self::ended(ended, rung, begin), true),
        }
    }
}

/// The rung of an app that is evaluated for each request.
fn evaluating_rung(pool: &Pool) -> u32 {
    if pool.blob().has_code() { RUNG_COMPILED } else { RUNG_EVALUATED }
}

/// The outcome of a request that came to its end.
fn outcome(served: Served, rung: u32, begin: Instant) -> Outcome {
    Outcome {
        result: served.result,
        headers: served.headers,
        exception: served.exception,
        rung,
        realm_ns: served.realm_ns,
        call_ns: nanoseconds_since(begin).saturating_sub(served.realm_ns),
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
        call_ns: nanoseconds_since(begin),
    }
}

impl V8App {
    fn serve(&self, endpoint: usize, execution: &mut Execution<'_>) -> Outcome {
        let begin = Instant::now();
        let limits = Limits::new(execution.deadline, execution.options);
        if let Err(ended) = limits.check() {
            return self::ended(ended, self.pool(endpoint).1, begin);
        }
        let key = self.app.endpoints()[endpoint].reuse_key.as_deref();
        if let Some(key) = key.filter(|_| execution.options.max_cached_interpreters > 0) {
            return self.execute_shared(key, endpoint, execution, limits, begin);
        }
        // What `ccf` shows differs from request to request there.
        if execution.mode == Mode::Historical {
            return self.execute_fresh(endpoint, execution, limits, begin);
        }
        let proves = || match self.choices[endpoint] {
            RealmChoice::Proven => true,
            RealmChoice::Auto => self.ladder.route(endpoint) == Route::Proven,
            _ => false,
        };
        if let Ok(pool) = &self.proven
            && proves()
        {
            if let Some(outcome) = self.execute_proven(pool, endpoint, execution, limits, begin) {
                return outcome;
            }
            if execution.transaction.conflicted() {
                // The host is to run it again anyway.
                return ended(Ended::TimedOut, RUNG_PROVEN, begin);
            }
        }
        self.execute_fresh(endpoint, execution, limits, begin)
    }
}

impl InstalledApp for V8App {
    fn execute(&self, endpoint: usize, execution: &mut Execution<'_>) -> Outcome {
        let outcome = self.serve(endpoint, execution);
        if let Some(count) = self.served.get(outcome.rung as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    fn summary(&self) -> String {
        let fresh = match &self.evaluated_because {
            None => "fresh realms hold the evaluated app".to_owned(),
            Some(reason) => format!("fresh realms evaluate the app, because {reason}"),
        };
        match &self.proven {
            Ok(_) => format!("{fresh}; requests that leave a realm as it was share one"),
            Err(reason) => format!("{fresh}; no realm serves two requests, because {reason}"),
        }
    }

    fn report(&self) -> serde_json::Value {
        let fresh = self.evaluated_because.as_deref().unwrap_or("the app's top level is independent of requests");
        let endpoints = self.app.endpoints().iter().enumerate().map(|(index, endpoint)| {
            let mut report = self.ladder.report(index);
            report["realm"] = self.choices[index].name().into();
            (format!("{} {}", endpoint.method, endpoint.template), report)
        });
        let rung = if self.evaluated_because.is_some() { evaluating_rung(&self.pool) } else { RUNG_CAPTURED };
        let historical = self.evaluated.as_deref();
        let served: Vec<u64> = self.served.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let pools = std::iter::once(&self.pool).chain(&self.evaluated).chain(&self.proven);
        let contexts = pools.clone().map(|pool| pool.contexts());
        let (native, detached) = contexts.fold((0, 0), |sum, pool| (sum.0 + pool.0, sum.1 + pool.1));
        serde_json::json!({
            "rung": rung,
            "historical_rung": historical.filter(|_| self.historical_is_evaluated).map_or(rung, evaluating_rung),
            "reason": fresh,
            "proven": self.proven.is_ok(),
            "not_proven_because": self.proven.as_ref().err(),
            "compilation": self.chosen.compilation.name(),
            "compilation_because": self.chosen.because,
            "blob_bytes": self.pool.blob().bytes().len(),
            "requests": self.requests(),
            "served_by_rung": served,
            "isolates": pools.clone().map(|pool| pool.workers()).sum::<usize>(),
            "contexts": { "native": native, "detached": detached },
            "ready_realms": pools.map(|pool| pool.ready_realms()).sum::<usize>(),
            "code": self.pool.blob().has_code().then(|| self.pool.blob().code().report()),
            "from_cache": self.from_cache,
            "retired_isolates": self.retired.load(Ordering::Relaxed),
            "endpoints": serde_json::Map::from_iter(endpoints),
        })
    }

    fn requests(&self) -> u64 {
        self.served.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    fn timings(&self) -> CaptureTimings {
        self.timings
    }
}
