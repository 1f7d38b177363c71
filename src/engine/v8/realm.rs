//! A realm, and one request in it.

use super::active::{self, Active};
use super::bindings;
use super::checked::{self, Judgements};
use super::ending;
use super::exception;
use super::isolates::Worker;
use super::modules::{self, Evaluation, Graph};
use super::snapshot::{self, Handlers};
use crate::app::{self, App};
use crate::engine::functions::historical_state_json;
use crate::engine::{CaptureTimings, Compilation, Exception, Execution, Failure, Reply, nanoseconds_since};
use crate::error::Error;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A realm in a worker's isolate.
pub(super) struct Realm {
    context: v8::Global<v8::Context>,
    /// Runs a request with a handler.
    invoke: v8::Global<v8::Function>,
    /// Shows a request its past state.
    enter: v8::Global<v8::Function>,
    /// Handlers by endpoint, those asked for so far.
    handlers: HashMap<usize, v8::Global<v8::Function>>,
    /// None while a request runs.
    graph: Option<Graph>,
    /// Requests that ran here.
    requests: u32,
    /// What its making took.
    made_in: Duration,
    /// What its calls are judged by, when all of them are checked.
    judgements: Option<Judgements>,
}

/// What a request came to, before its limits are looked at.
pub(super) struct Served {
    pub(super) result: Result<Reply, Failure>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) exception: Option<Exception>,
    /// Why the call was stopped by V8's side-effect check; the rest is void then.
    pub(super) refused: Option<String>,
    pub(super) realm_ns: u64,
}

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

impl Served {
    /// A request that could not begin.
    pub(super) fn failed(exception: Exception, begin: Instant) -> Served {
        let realm_ns = nanoseconds_since(begin);
        let exception = Some(exception);
        Served { result: Err(Failure::Thrown), headers: Vec::new(), exception, refused: None, realm_ns }
    }
}

impl Realm {
    /// Makes a realm in the isolate of `worker`, which the calling thread has locked; one whose calls are all `checked`, or none.
    pub(super) fn new(
        isolate: &mut v8::Isolate,
        worker: &Worker,
        app: &Arc<App>,
        checked: bool,
    ) -> Result<Realm, Exception> {
        let begin = Instant::now();
        v8::scope!(let scope, isolate);
        let context = worker.restore(scope);
        let scope = &mut v8::ContextScope::new(scope, context);
        let (invoke, enter) = (captured(scope, worker.blob.invoke)?, captured(scope, worker.blob.enter)?);
        let mut graph = Graph::new(Arc::clone(app), Arc::clone(&worker.blob.modules), worker.blob.code());
        let mut handlers = HashMap::new();
        if checked && worker.blob.handlers.is_empty() {
            (graph, handlers) = evaluate_before_requests(scope, worker, app, graph)?;
        }
        let judgements = if checked { Some(checked::prepare(scope, worker)?) } else { None };
        Ok(Realm {
            context: v8::Global::new(scope, context),
            invoke: v8::Global::new(scope, invoke),
            enter: v8::Global::new(scope, enter),
            handlers,
            graph: Some(graph),
            requests: 0,
            made_in: begin.elapsed(),
            judgements,
        })
    }

    /// Tries the side-effect check in this realm.
    pub(super) fn verify(&self, isolate: &mut v8::Isolate, worker: &Worker) -> Result<(), String> {
        v8::scope!(let scope, isolate);
        let context = v8::Local::new(scope, &self.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        match &self.judgements {
            Some(judgements) => checked::try_canaries(scope, judgements, &worker.buffers),
            None => Err("the realm is not for checked calls".to_owned()),
        }
    }

    /// What its making took.
    pub(super) fn made_in(&self) -> Duration {
        self.made_in
    }

    /// Requests that ran here.
    pub(super) fn requests(&self) -> u32 {
        self.requests
    }

    /// Runs a request.
    pub(super) fn serve(
        &mut self,
        isolate: &mut v8::Isolate,
        worker: &Worker,
        app: &Arc<App>,
        endpoint: usize,
        execution: &mut Execution<'_>,
        begin: Instant,
    ) -> Served {
        v8::scope!(let scope, isolate);
        let context = v8::Local::new(scope, &self.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        let Some(graph) = self.graph.take() else {
            return Served::failed(problem("the realm is in use"), begin);
        };
        let graph = Rc::new(RefCell::new(graph));
        let deadline = execution.deadline;
        let mut active = Active::new(Some(execution), deadline, &graph, &worker.handle_templates, &worker.buffers);
        // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
        let entered = unsafe { active::enter(scope, &raw mut active) };
        v8::tc_scope!(let scope, scope);
        ending::keep_possible(scope);
        let handler = self.handler(scope, worker, app, endpoint, &graph);
        self.requests += 1;
        let realm_ns = nanoseconds_since(begin);
        let mut refused = None;
        let problem = match handler {
            Err(problem) => Some(problem.unwrap_or_else(|| exception::caught(scope))),
            Ok(handler) => {
                let invoke = v8::Local::new(scope, &self.invoke);
                match &self.judgements {
                    Some(judgements) => {
                        refused = checked::call(scope, judgements, &worker.buffers, invoke, handler.into())
                    }
                    None => {
                        let nothing = v8::undefined(scope).into();
                        invoke.call(scope, nothing, &[handler.into()]);
                    }
                }
                // What the app throws is kept by `invoke`; this is the end of its run, by a limit or a check.
                let ended = scope.has_caught().then(|| exception::caught(scope));
                if ended.is_some() && self.judgements.is_some() {
                    refused.get_or_insert_with(|| "an end that V8 does not explain".to_owned());
                }
                ended
            }
        };
        drop(entered);
        let (result, exception) = active.result(problem);
        let headers = std::mem::take(&mut active.headers);
        drop(active);
        self.graph = Rc::try_unwrap(graph).ok().map(RefCell::into_inner);
        Served { result, headers, exception, refused, realm_ns }
    }

    /// Gets the handler, and shows the request its past state before the app may be evaluated. The error is the exception, or none
    /// when V8 holds it.
    fn handler<'s>(
        &mut self,
        scope: Scope<'_, 's, '_>,
        worker: &Worker,
        app: &Arc<App>,
        endpoint: usize,
        graph: &Rc<RefCell<Graph>>,
    ) -> Result<v8::Local<'s, v8::Function>, Option<Exception>> {
        if self.judgements.is_none() {
            let enter = v8::Local::new(scope, &self.enter);
            show_past_state(scope, enter, self.requests > 0)?;
        }
        if let Some(handler) = self.handlers.get(&endpoint) {
            return Ok(v8::Local::new(scope, handler));
        }
        let handler = match worker.blob.handlers.get(endpoint) {
            Some(index) => captured(scope, *index)?,
            None => evaluated(scope, app, endpoint, graph)?,
        };
        self.handlers.insert(endpoint, v8::Global::new(scope, handler));
        Ok(handler)
    }
}

#[cfg(test)]
impl Realm {
    /// What its calls are judged by.
    pub(super) fn judgements(&self) -> Option<&Judgements> {
        self.judgements.as_ref()
    }

    /// Makes a function, given as text, the handler of an endpoint.
    pub(super) fn set_handler(
        &mut self,
        isolate: &mut v8::Isolate,
        endpoint: usize,
        source: &str,
    ) -> Result<(), String> {
        let function = self.evaluate_unchecked(isolate, source, |scope, value| {
            v8::Local::<v8::Function>::try_from(value).ok().map(|function| v8::Global::new(scope, function))
        })?;
        self.handlers.insert(endpoint, function.ok_or("the handler is no function")?);
        Ok(())
    }

    /// Runs a script for a request without any check, and the jobs that it leaves. Answers with its value as text.
    pub(super) fn run_unchecked(
        &self,
        isolate: &mut v8::Isolate,
        worker: &Worker,
        app: &Arc<App>,
        execution: &mut Execution<'_>,
        source: &str,
    ) -> Result<String, String> {
        let deadline = execution.deadline;
        let graph = Rc::new(RefCell::new(Graph::new(Arc::clone(app), Arc::default(), Arc::default())));
        let mut active = Active::new(Some(execution), deadline, &graph, &worker.handle_templates, &worker.buffers);
        // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
        let _entered = unsafe { active::enter(isolate, &raw mut active) };
        self.evaluate_unchecked(isolate, source, |scope, value| {
            let text = value.to_rust_string_lossy(scope);
            super::jobs::run(scope);
            text
        })
    }

    fn evaluate_unchecked<R>(
        &self,
        isolate: &mut v8::Isolate,
        source: &str,
        use_it: impl FnOnce(&mut v8::PinScope<'_, '_>, v8::Local<'_, v8::Value>) -> R,
    ) -> Result<R, String> {
        v8::scope!(let scope, isolate);
        let context = v8::Local::new(scope, &self.context);
        let scope = &mut v8::ContextScope::new(scope, context);
        v8::tc_scope!(let scope, scope);
        let source = v8::String::new(scope, source).ok_or("the script is too long")?;
        match v8::Script::compile(scope, source, None).and_then(|script| script.run(scope)) {
            Some(value) => Ok(use_it(scope, value)),
            None => Err(exception::caught(scope).message),
        }
    }
}

/// Sets `ccf.historicalState` for the running request. A fresh realm has none to take away.
fn show_past_state<'s>(
    scope: Scope<'_, 's, '_>,
    enter: v8::Local<'s, v8::Function>,
    used: bool,
) -> Result<(), Option<Exception>> {
    let json = active::with_request(scope, "ccf.historicalState", |execution| Ok(historical_state_json(execution)));
    let state = match json.map_err(|thrown| Some(problem(&thrown.message)))? {
        Some(json) => {
            bindings::parse(scope, json.as_bytes()).map_err(|thrown| Some(problem(&thrown.message)))?.ok_or(None)?
        }
        None if used => v8::undefined(scope).into(),
        None => return Ok(()),
    };
    let nothing = v8::undefined(scope).into();
    match enter.call(scope, nothing, &[state]) {
        Some(shown) if shown.is_true() => Ok(()),
        Some(_) => Err(Some(problem("the app freezes ccf, which needs historicalState"))),
        None => Err(None),
    }
}

/// A function from the blob; each is there once per realm.
pub(super) fn captured<'s>(scope: Scope<'_, 's, '_>, index: usize) -> Result<v8::Local<'s, v8::Function>, Exception> {
    let function = scope.get_context_data_from_snapshot_once::<v8::Function>(index);
    function.map_err(|_| problem("the realm lacks a captured function"))
}

/// The modules of a realm, and its handlers by endpoint.
type Evaluated = (Graph, HashMap<usize, v8::Global<v8::Function>>);

/// Evaluates an app that can't be captured but depends on no request, in a realm that later requests will use.
fn evaluate_before_requests(
    scope: Scope<'_, '_, '_>,
    worker: &Worker,
    app: &Arc<App>,
    graph: Graph,
) -> Result<Evaluated, Exception> {
    let graph = Rc::new(RefCell::new(graph));
    let (handlers, touched) = evaluate_without_request(scope, worker, app, &graph);
    let handlers = match (handlers, touched) {
        (Ok(Handlers::All(handlers)), None) => handlers,
        (Ok(Handlers::Threw(error)) | Err(error), None) => return Err(problem(&error.message)),
        (_, Some(what)) => return Err(problem(&format!("the top level uses {what}"))),
    };
    let handlers = handlers.into_iter().map(|handler| v8::Global::new(scope, handler)).enumerate().collect();
    let graph = Rc::try_unwrap(graph).map_err(|_| problem("the modules of a realm are in use"))?;
    Ok((graph.into_inner(), handlers))
}

/// Evaluates the app; also tells what its top level used that only a request has.
fn evaluate_without_request<'s>(
    scope: Scope<'_, 's, '_>,
    worker: &Worker,
    app: &Arc<App>,
    graph: &Rc<RefCell<Graph>>,
) -> (Result<Handlers<'s>, Error>, Option<&'static str>) {
    // The caller's limits end it.
    let end = Instant::now() + Duration::from_secs(3600);
    let mut active = Active::new(None, end, graph, &worker.handle_templates, &worker.buffers);
    // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
    let entered = unsafe { active::enter(scope, &raw mut active) };
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let handlers = snapshot::evaluate(scope, app, graph, &mut CaptureTimings::default());
    drop(entered);
    (handlers, active.touched)
}

/// Compiles the app's modules in a new realm, evaluates them as far as that goes without a request, and gives their code with the
/// functions that ran, or all of them.
pub(super) fn compile(
    isolate: &mut v8::Isolate,
    worker: &Worker,
    app: &Arc<App>,
    compilation: Compilation,
) -> Result<HashMap<String, Vec<u8>>, Error> {
    v8::scope!(let scope, isolate);
    let context = worker.restore(scope);
    let scope = &mut v8::ContextScope::new(scope, context);
    let graph = Rc::new(RefCell::new(Graph::to_keep(app, compilation)));
    for endpoint in app.endpoints() {
        graph.borrow_mut().compile(scope, &endpoint.module)?;
    }
    // V8 ends the process when a module that threw is asked for its script, so all are asked before.
    let mut scripts = HashMap::new();
    for (name, module) in graph.borrow().modules() {
        let script = v8::Local::new(scope, module).get_unbound_module_script(scope);
        scripts.insert(name.clone(), script);
    }
    // What it comes to is known from the capture.
    let _ = evaluate_without_request(scope, worker, app, &graph);
    let code = scripts.into_iter().filter_map(|(name, script)| Some((name, script.create_code_cache()?.to_vec())));
    Ok(code.collect())
}

/// A handler of an app that was not captured: its modules are compiled and evaluated now.
fn evaluated<'s>(
    scope: Scope<'_, 's, '_>,
    app: &Arc<App>,
    endpoint: usize,
    graph: &Rc<RefCell<Graph>>,
) -> Result<v8::Local<'s, v8::Function>, Option<Exception>> {
    let endpoint = &app.endpoints()[endpoint];
    let module = graph.borrow_mut().compile(scope, &endpoint.module);
    let module = module.map_err(|error| Some(problem(&error.message)))?;
    modules::link(scope, &endpoint.module, module).map_err(|error| Some(problem(&error.message)))?;
    let namespace = match modules::evaluate(scope, module) {
        Evaluation::Done(namespace) => namespace,
        Evaluation::Threw(value) => return Err(Some(exception::describe(scope, value))),
        Evaluation::Pending => return Err(Some(problem("the top level did not complete"))),
        Evaluation::Ended => return Err(None),
    };
    let name = app::display_name(&endpoint.module);
    modules::export(scope, namespace, &endpoint.function)
        .ok_or_else(|| Some(problem(&format!("Export '{}' of module '{name}' is not a function", endpoint.function))))
}

fn problem(message: &str) -> Exception {
    Exception { message: format!("InternalError: {message}"), trace: None }
}
