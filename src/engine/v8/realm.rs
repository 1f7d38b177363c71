//! A realm, and one request in it.

use super::active::{self, Active};
use super::bindings;
use super::completing;
use super::exception;
use super::isolates::Worker;
use super::modules::{self, Evaluation, Graph};
use super::snapshot;
use crate::app::{self, App};
use crate::engine::functions::historical_state_json;
use crate::engine::{Exception, Execution, Failure, Reply};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// A realm in a worker's isolate, made on first use.
#[derive(Default)]
pub(super) struct Realm {
    made: Option<Made>,
}

struct Made {
    context: v8::Global<v8::Context>,
    functions: Kept,
    graph: Graph,
}

/// Functions of a realm that was used before.
struct Kept {
    /// Runs a request with a handler.
    invoke: v8::Global<v8::Function>,
    /// Shows a request its past state.
    enter: v8::Global<v8::Function>,
    /// Handlers by endpoint, those asked for so far.
    handlers: HashMap<usize, v8::Global<v8::Function>>,
}

/// What a request came to, before its limits are looked at.
pub(super) struct Served {
    pub(super) result: Result<Reply, Failure>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) exception: Option<Exception>,
    pub(super) realm_ns: u64,
}

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// Runs a request in `realm`, which is made first when it is new.
pub(super) fn serve(
    isolate: &mut v8::Isolate,
    worker: &Worker,
    realm: &mut Realm,
    app: &Arc<App>,
    endpoint: usize,
    execution: &mut Execution<'_>,
    begin: Instant,
) -> Served {
    v8::scope!(let scope, isolate);
    let (context, known, graph) = match realm.made.take() {
        Some(made) => (v8::Local::new(scope, &made.context), Some(made.functions), made.graph),
        None => {
            let context = completing::restore(scope);
            (context, None, Graph::new(Arc::clone(app), Arc::clone(&worker.blob.modules)))
        }
    };
    let scope = &mut v8::ContextScope::new(scope, context);
    if known.is_none() && !completing::is_possible() {
        snapshot::remove_shared_memory(scope, context);
    }
    let graph = Rc::new(RefCell::new(graph));
    let deadline = execution.deadline;
    let mut active = Active {
        execution: Some(execution),
        deadline,
        touched: None,
        touched_historical_state: false,
        graph: Rc::clone(&graph),
        handle_templates: &worker.handle_templates,
        buffers: &worker.buffers,
        reply: None,
        conversion_exception: None,
        headers: Vec::new(),
    };
    // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
    let entered = unsafe { active::enter(scope, &raw mut active) };
    v8::tc_scope!(let scope, scope);
    let functions = functions(scope, worker, app, endpoint, known.as_ref(), &graph);
    let realm_ns = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let (called, kept) = match functions {
        Ok(functions) => {
            let nothing = v8::undefined(scope).into();
            let called = functions.invoke.call(scope, nothing, &[functions.handler.into()]).map(drop).ok_or(None);
            (called, Some(functions))
        }
        Err(problem) => (Err(problem), None),
    };
    let exception = called.err().map(|problem| problem.unwrap_or_else(|| caught(scope)));
    // Jobs that the conversion left. Those that can't run any more go with the isolate.
    if !scope.has_terminated() {
        scope.perform_microtask_checkpoint();
    }
    drop(entered);
    let result = match (active.reply.take(), &exception) {
        (_, Some(_)) => Err(Failure::Thrown),
        (Some(reply), None) => reply.map_err(Failure::Return),
        (None, None) => Err(Failure::Pending),
    };
    let exception = exception.or(active.conversion_exception.take());
    let headers = std::mem::take(&mut active.headers);
    drop(active);
    let graph = Rc::try_unwrap(graph).ok().map(RefCell::into_inner);
    if let (Some(used), Some(graph)) = (kept, graph) {
        let mut functions = known.unwrap_or_else(|| Kept {
            invoke: v8::Global::new(scope, used.invoke),
            enter: v8::Global::new(scope, used.enter),
            handlers: HashMap::new(),
        });
        functions.handlers.insert(endpoint, v8::Global::new(scope, used.handler));
        realm.made = Some(Made { context: v8::Global::new(scope, context), functions, graph });
    }
    Served { result, headers, exception, realm_ns }
}

/// The functions that one request needs.
struct Functions<'s> {
    invoke: v8::Local<'s, v8::Function>,
    enter: v8::Local<'s, v8::Function>,
    handler: v8::Local<'s, v8::Function>,
}

/// Gets the functions, and shows the request its past state before the app may be evaluated. The error is the exception, or none when
/// V8 holds it.
fn functions<'s>(
    scope: Scope<'_, 's, '_>,
    worker: &Worker,
    app: &Arc<App>,
    endpoint: usize,
    known: Option<&Kept>,
    graph: &Rc<RefCell<Graph>>,
) -> Result<Functions<'s>, Option<Exception>> {
    let (invoke, enter) = match known {
        Some(known) => (v8::Local::new(scope, &known.invoke), v8::Local::new(scope, &known.enter)),
        None => (captured(scope, worker.blob.invoke)?, captured(scope, worker.blob.enter)?),
    };
    show_past_state(scope, enter, known.is_some())?;
    let handler = if let Some(handler) = known.and_then(|known| known.handlers.get(&endpoint)) {
        v8::Local::new(scope, handler)
    } else if let Some(index) = worker.blob.handlers.get(endpoint) {
        captured(scope, *index)?
    } else {
        evaluated(scope, app, endpoint, graph)?
    };
    Ok(Functions { invoke, enter, handler })
}

/// Sets `ccf.historicalState` for the running request. A fresh realm has none to take away.
fn show_past_state<'s>(
    scope: Scope<'_, 's, '_>,
    enter: v8::Local<'s, v8::Function>,
    used: bool,
) -> Result<(), Option<Exception>> {
    let json = active::with_request(scope, "ccf.historicalState", |execution| Ok(historical_state_json(execution)));
    let state = match json.map_err(|thrown| problem(&thrown.message))? {
        Some(json) => {
            bindings::parse(scope, json.as_bytes()).map_err(|thrown| problem(&thrown.message))?.ok_or(None)?
        }
        None if used => v8::undefined(scope).into(),
        None => return Ok(()),
    };
    let nothing = v8::undefined(scope).into();
    match enter.call(scope, nothing, &[state]) {
        Some(shown) if shown.is_true() => Ok(()),
        Some(_) => Err(problem("the app freezes ccf, which needs historicalState")),
        None => Err(None),
    }
}

/// A function from the blob; each is there once per realm.
fn captured<'s>(scope: Scope<'_, 's, '_>, index: usize) -> Result<v8::Local<'s, v8::Function>, Option<Exception>> {
    let function = scope.get_context_data_from_snapshot_once::<v8::Function>(index);
    function.map_err(|_| problem("the realm lacks a captured function"))
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
    let module = module.map_err(|error| problem(&error.message))?;
    modules::link(scope, &endpoint.module, module).map_err(|error| problem(&error.message))?;
    let namespace = match modules::evaluate(scope, module) {
        Evaluation::Done(namespace) => namespace,
        Evaluation::Threw(value) => return Err(Some(exception::describe(scope, value))),
        Evaluation::Pending => return Err(problem("the top level did not complete")),
        Evaluation::Ended => return Err(None),
    };
    let name = app::display_name(&endpoint.module);
    modules::export(scope, namespace, &endpoint.function)
        .ok_or_else(|| problem(&format!("Export '{}' of module '{name}' is not a function", endpoint.function)))
}

fn problem(message: &str) -> Option<Exception> {
    Some(Exception { message: format!("InternalError: {message}"), trace: None })
}

fn caught(scope: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) -> Exception {
    match scope.exception() {
        Some(value) if scope.can_continue() => {
            scope.reset();
            exception::describe(scope, value)
        }
        _ => Exception { message: "InternalError: interrupted".to_owned(), trace: None },
    }
}
