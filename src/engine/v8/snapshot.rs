//! Capturing a realm: the globals, and the app's modules evaluated, as a blob from which fresh realms are made.

use super::active::{self, Active};
use super::bindings::{self, HANDLE_TEMPLATES};
use super::buffers::{self, BufferBudget};
use super::code::Code;
use super::completing;
use super::ending;
use super::exception;
use super::isolates;
use super::limits::{self, Ended, HeapGuard, Limits};
use super::modules::{self, Evaluation, Graph};
use super::reservations;
use super::restoring;
use super::slots::{self, Mark};
use super::watchdog::Watchdog;
use super::writing;
use crate::app::{self, App};
use crate::engine::{CaptureTimings, Compilation, OptionalGlobals, RuntimeOptions, nanoseconds_since};
use crate::error::Error;
use crate::status::jsep_status;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// V8 can write only one snapshot at a time.
static WRITING: Mutex<()> = Mutex::new(());

/// Keeps others from writing a snapshot until the result is dropped.
pub(super) fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A captured realm. Made in this process, or by the same build of the library and sealed (see `stored`), so V8 can trust it.
pub(super) struct Blob {
    pub(super) data: v8::StartupData,
    pub(super) handle_templates: [usize; HANDLE_TEMPLATES],
    /// The function that runs a request.
    pub(super) invoke: usize,
    /// The function that shows a request its past state.
    pub(super) enter: usize,
    /// What the calls of a realm are judged by when they are checked.
    pub(super) judgements: usize,
    /// The function that makes a realm one whose calls are checked.
    pub(super) check: usize,
    /// The function that tells what of the language the app has changed so that no call can be checked.
    pub(super) obstacle: usize,
    /// The handlers by endpoint; none when the app is not captured.
    pub(super) handlers: Vec<usize>,
    /// The app's modules by name.
    pub(super) modules: Arc<HashMap<String, usize>>,
    /// All properties of the realm, see `restoring`; only when they were asked for.
    pub(super) properties: String,
    /// Whether the app's state depends on there being a `ccf.historicalState`.
    pub(super) depends_on_historical_state: bool,
    /// Compiled code of modules that are not captured, once it is made.
    pub(super) code: OnceLock<Arc<Code>>,
}

// SAFETY: the data is plain memory that is only read.
unsafe impl Send for Blob {}
// SAFETY: as above.
unsafe impl Sync for Blob {}

impl Blob {
    /// The blob's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.data
    }

    /// Compiled code of modules that are not captured; nothing when there is none.
    pub(super) fn code(&self) -> Arc<Code> {
        self.code.get().map(Arc::clone).unwrap_or_default()
    }

    /// Whether compiled code is kept.
    pub(super) fn has_code(&self) -> bool {
        self.code.get().is_some()
    }

    /// Keeps compiled code for realms that are made from now on.
    pub(super) fn keep(&self, code: Code) {
        self.code.get_or_init(|| Arc::new(code));
    }

    /// Where the templates of map handles are.
    pub(super) fn handle_templates(&self) -> [usize; HANDLE_TEMPLATES] {
        self.handle_templates
    }
}

/// More than enough for building the globals on a machine that is busy.
const TIME_FOR_GLOBALS: Duration = Duration::from_secs(60);

/// What came of capturing an app.
pub(super) enum Capture {
    /// The evaluated app.
    App(Blob),
    /// The app can't be captured.
    Impossible(Obstacle),
}

/// Why an app can't be captured and has to be evaluated for each request.
pub(super) struct Obstacle {
    pub(super) reason: String,
    /// Whether its top level depends on nothing that differs from request to request.
    pub(super) independent: bool,
}

/// What is found in the realm that is captured.
struct Found {
    handle_templates: [usize; HANDLE_TEMPLATES],
    invoke: usize,
    enter: usize,
    judgements: usize,
    check: usize,
    obstacle: usize,
    handlers: Vec<usize>,
    modules: HashMap<String, usize>,
    properties: String,
    depends_on_historical_state: bool,
    impossible: Option<String>,
    independent: bool,
}

/// What a realm is captured with.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) runtime: &'a RuntimeOptions,
    pub(super) watchdog: &'a Watchdog,
    /// What scripts see beyond what they always see.
    pub(super) optional: OptionalGlobals,
    /// When the app's functions are compiled.
    pub(super) compilation: Compilation,
}

/// What to capture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contents {
    /// Only the globals.
    Globals,
    /// The same, with a list of all properties.
    ListedGlobals,
    /// The globals and the evaluated app.
    App,
}

/// Captures a realm with only the globals.
pub(super) fn globals(making: Making<'_>) -> Result<Blob, Error> {
    only_globals(making, Contents::Globals)
}

/// As `globals`, with a list of all properties.
pub(super) fn listed_globals(making: Making<'_>) -> Result<Blob, Error> {
    only_globals(making, Contents::ListedGlobals)
}

fn only_globals(making: Making<'_>, contents: Contents) -> Result<Blob, Error> {
    match write(making, contents, &mut CaptureTimings::default())? {
        Capture::App(blob) => Ok(blob),
        Capture::Impossible(obstacle) => Err(Error::new(jsep_status::JSEP_ENGINE_START, obstacle.reason)),
    }
}

/// Compiles, links and evaluates the app, checks its exports, and captures it if its top level allows it.
pub(super) fn evaluated_app(making: Making<'_>, timings: &mut CaptureTimings) -> Result<Capture, Error> {
    write(making, Contents::App, timings)
}

fn write(making: Making<'_>, contents: Contents, timings: &mut CaptureTimings) -> Result<Capture, Error> {
    let _writing = writing();
    // What the library does for itself is not the app's time.
    let time = if contents == Contents::App { making.runtime.max_execution_time } else { TIME_FOR_GLOBALS };
    let limits = Limits::new(Instant::now() + time, making.runtime);
    let budget = BufferBudget::new();
    budget.set_limit(limits.heap_bytes);
    let parameters = v8::Isolate::create_params()
        .array_buffer_allocator(buffers::allocator(Arc::clone(&budget)).make_shared())
        .allow_atomics_wait(false)
        .heap_limits(0, limits::heap_size(limits.heap_bytes));
    let mut creator = v8::Isolate::snapshot_creator(Some(bindings::external_references()), Some(parameters));
    isolates::prepare(&mut creator);
    slots::mark(&mut creator, Mark::Captures);
    reservations::count(&mut creator, &budget);
    let heap = HeapGuard::watch(&mut creator);
    let run = limits.guard(&mut creator, &heap, making.watchdog, |isolate| {
        fill(isolate, making, limits.deadline, &budget, contents, timings)
    });
    // V8 takes one default context, and `fill` has set it if it came to its end, be it too late.
    let has_default_context = matches!(&run, Ok((Ok(Found { impossible: None, .. }), _)));
    let found = match run {
        Ok((found, None)) => found,
        Ok((Err(error), Some(ended))) if !error.place.module.is_empty() => {
            Err(not_evaluated(&error.place.module, ended))
        }
        Ok((_, Some(ended))) | Err(ended) => Err(not_evaluated("the app", ended)),
    };
    let begin = Instant::now();
    if !has_default_context {
        // V8 demands that a blob is written before the isolate goes. An empty realm takes the place of the app's.
        v8::scope!(let scope, &mut creator);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        scope.set_default_context(context);
    }
    // What uses WebAssembly is not captured.
    let data = writing::write(creator, !has_default_context);
    drop(heap);
    timings.capture += nanoseconds_since(begin);
    let found = found?;
    if let Some(reason) = found.impossible {
        return Ok(Capture::Impossible(Obstacle { reason, independent: found.independent }));
    }
    match data {
        Some(data) if data.is_valid() => Ok(Capture::App(Blob {
            data,
            handle_templates: found.handle_templates,
            invoke: found.invoke,
            enter: found.enter,
            judgements: found.judgements,
            check: found.check,
            obstacle: found.obstacle,
            handlers: found.handlers,
            modules: Arc::new(found.modules),
            properties: found.properties,
            depends_on_historical_state: found.depends_on_historical_state,
            code: OnceLock::new(),
        })),
        _ => {
            let reason = "V8 can't write the app's state".to_owned();
            Ok(Capture::Impossible(Obstacle { reason, independent: found.independent }))
        }
    }
}

/// Builds the realm, and makes it the one that is captured if it can be.
fn fill(
    isolate: &mut v8::Isolate,
    making: Making<'_>,
    deadline: Instant,
    budget: &BufferBudget,
    contents: Contents,
    timings: &mut CaptureTimings,
) -> Result<Found, Error> {
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let hidden = Hidden::hide(scope, context)?;
    let bindings = bindings::install(scope, making.optional)?;
    let app = making.app;
    let templates: Vec<_> =
        bindings.handle_templates.iter().map(|template| v8::Global::new(scope, *template)).collect();
    let graph = Rc::new(RefCell::new(Graph::to_keep(app, making.compilation)));
    let mut active = Active::new(None, deadline, &graph, &templates, budget);
    let mut freed = true;
    let handlers = if contents == Contents::App {
        // SAFETY: `active` lives beyond `entered` and is used only by the functions of `ccf` in between.
        let entered = unsafe { active::enter(scope, &raw mut active) };
        let watched = watch_historical_state(scope);
        let handlers = evaluate(scope, app, &graph, timings);
        drop(entered);
        freed = watched.is_some_and(|(ccf, name)| ccf.delete(scope, name.into()) == Some(true));
        handlers?
    } else {
        Handlers::All(Vec::new())
    };
    let mut impossible = active.touched.map(|what| format!("the top level uses {what}"));
    let handlers = match handlers {
        Handlers::All(handlers) => handlers,
        Handlers::Threw(error) => {
            if impossible.is_none() {
                return Err(error);
            }
            Vec::new()
        }
    };
    let properties = match contents {
        Contents::ListedGlobals => restoring::list(scope).unwrap_or_default(),
        Contents::Globals | Contents::App => String::new(),
    };
    let hazard = hidden.restore(scope, context);
    impossible = impossible.or(hazard);
    if making.optional.intl && contents == Contents::App {
        // V8 can't write its objects.
        impossible.get_or_insert_with(|| "the top level can use Intl".to_owned());
    }
    if !freed {
        impossible.get_or_insert_with(|| "the top level freezes ccf".to_owned());
    }
    if budget.in_use() > 0 {
        // V8 can't write typed arrays that have bytes. Only those count that are still in use.
        scope.low_memory_notification();
        if budget.in_use() > 0 {
            impossible.get_or_insert_with(|| "the top level keeps array buffers".to_owned());
        }
    }
    let mut found = Found {
        handle_templates: [0; HANDLE_TEMPLATES],
        invoke: 0,
        enter: 0,
        judgements: 0,
        check: 0,
        obstacle: 0,
        handlers: Vec::new(),
        modules: HashMap::new(),
        properties,
        depends_on_historical_state: active.touched_historical_state,
        impossible,
        independent: active.touched.is_none(),
    };
    if found.impossible.is_some() {
        return Ok(found);
    }
    scope.set_default_context(context);
    for (index, template) in bindings.handle_templates.into_iter().enumerate() {
        found.handle_templates[index] = scope.add_isolate_data(template);
    }
    found.invoke = scope.add_context_data(context, bindings.invoke);
    found.enter = scope.add_context_data(context, bindings.enter);
    found.judgements = scope.add_context_data(context, bindings.checked.judgements);
    found.obstacle = scope.add_context_data(context, bindings.checked.obstacle);
    found.check = scope.add_context_data(context, bindings.checked.check);
    for handler in handlers {
        found.handlers.push(scope.add_context_data(context, handler));
    }
    for (name, module) in graph.borrow().modules() {
        let module = v8::Local::new(scope, module);
        found.modules.insert(name.clone(), scope.add_context_data(context, module));
    }
    Ok(found)
}

/// Watches whether the top level looks at `ccf.historicalState`: what it then makes holds only for endpoints without one. Answers with
/// the object and the name of the property that watches.
fn watch_historical_state<'s>(
    scope: &mut v8::PinScope<'s, '_>,
) -> Option<(v8::Local<'s, v8::Object>, v8::Local<'s, v8::String>)> {
    let ccf = v8::String::new(scope, "ccf")?;
    let ccf = scope.get_current_context().global(scope).get(scope, ccf.into())?;
    let ccf = v8::Local::<v8::Object>::try_from(ccf).ok()?;
    let name = v8::String::new(scope, "historicalState")?;
    let getter = v8::Function::builder(note_historical_state).build(scope)?;
    let setter = v8::undefined(scope);
    let mut descriptor = v8::PropertyDescriptor::new_from_get_set(getter.into(), setter.into());
    descriptor.set_configurable(true);
    descriptor.set_enumerable(false);
    (ccf.define_property(scope, name.into(), &descriptor) == Some(true)).then_some((ccf, name))
}

/// What `ccf.historicalState` is while an app is captured.
pub(super) fn note_historical_state(
    scope: &mut v8::PinScope<'_, '_>,
    _arguments: v8::FunctionCallbackArguments<'_>,
    _place: v8::ReturnValue<'_, v8::Value>,
) {
    // Nothing but a capture has this getter.
    let _ = active::with(scope, |active| {
        active.touched_historical_state = true;
        Ok(())
    });
}

pub(super) enum Handlers<'s> {
    /// The handlers by endpoint.
    All(Vec<v8::Local<'s, v8::Function>>),
    /// The top level failed, which does not count when it failed for the lack of a request.
    Threw(Error),
}

/// Compiles, links and evaluates all entry modules, and gets the handlers.
pub(super) fn evaluate<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    app: &Arc<App>,
    graph: &Rc<RefCell<Graph>>,
    timings: &mut CaptureTimings,
) -> Result<Handlers<'s>, Error> {
    let begin = Instant::now();
    let mut entries = Vec::new();
    for endpoint in app.endpoints() {
        let module = graph.borrow_mut().compile(scope, &endpoint.module)?;
        modules::link(scope, &endpoint.module, module)?;
        let namespace = v8::Local::<v8::Object>::try_from(module.get_module_namespace());
        let key = v8::String::new(scope, &endpoint.function);
        let exported = match (namespace, key) {
            (Ok(namespace), Some(key)) => namespace.has(scope, key.into()).unwrap_or(false),
            _ => false,
        };
        if !exported {
            let message = format!(
                "Failed to find export '{}' in module '{}'",
                endpoint.function,
                app::display_name(&endpoint.module)
            );
            return Err(Error::new(jsep_status::JSEP_EXPORT_MISSING, message)
                .at_module(&endpoint.module, 0, 0)
                .at_path(format!("{}.js_function", endpoint.json_path)));
        }
        entries.push((endpoint, module));
    }
    timings.compile += nanoseconds_since(begin);
    let begin = Instant::now();
    let mut handlers = Vec::new();
    for (endpoint, module) in entries {
        let name = app::display_name(&endpoint.module);
        let threw = |reason: &str| {
            let error = Error::new(jsep_status::JSEP_MODULE_EVALUATION, format!("Failed to execute {name}: {reason}"));
            Handlers::Threw(error.at_module(name, 0, 0))
        };
        let namespace = match modules::evaluate(scope, module) {
            Evaluation::Done(namespace) => namespace,
            Evaluation::Threw(value) => {
                let description = exception::describe(scope, value);
                return Ok(threw(&description.message));
            }
            Evaluation::Pending => return Ok(threw("Handler did not complete.")),
            Evaluation::Ended => return Ok(threw("interrupted")),
        };
        let handler = modules::export(scope, namespace, &endpoint.function);
        match handler {
            Some(handler) => handlers.push(handler),
            None => {
                let message = format!("Export '{}' of module '{name}' is not a function", endpoint.function);
                let error = Error::new(jsep_status::JSEP_EXPORT_NOT_FUNCTION, message).at_module(name, 0, 0);
                return Err(error.at_path(format!("{}.js_function", endpoint.json_path)));
            }
        }
    }
    timings.evaluate += nanoseconds_since(begin);
    Ok(Handlers::All(handlers))
}

/// What the app must not reach while it is captured, and must be as it was before the capture is written.
struct Hidden<'s> {
    atomics: v8::Local<'s, v8::Value>,
    /// Takes the watchers away that note the use of what a restored realm has more.
    release: v8::Local<'s, v8::Function>,
}

impl<'s> Hidden<'s> {
    /// Takes `Atomics` out of the app's reach, which V8 looks for while it restores a realm, and watches what V8 will add.
    fn hide(scope: &mut v8::PinScope<'s, '_>, context: v8::Local<'s, v8::Context>) -> Result<Self, Error> {
        let hide = |scope: &mut v8::PinScope<'s, '_>| {
            completing::complete(scope, context)?;
            if completing::is_expected() && !completing::is_possible() {
                return None;
            }
            let name = v8::String::new(scope, "Atomics")?;
            let atomics = context.global(scope).get(scope, name.into())?;
            remove_shared_memory(scope, context);
            Some(Hidden { atomics, release: restoring::watch(scope)? })
        };
        hide(scope).ok_or_else(|| Error::new(jsep_status::JSEP_ENGINE_START, "a fresh realm of V8 can't be prepared"))
    }

    /// Puts all back, and tells what the app did that makes restoring impossible.
    fn restore(self, scope: &mut v8::PinScope<'s, '_>, context: v8::Local<'s, v8::Context>) -> Option<String> {
        let nothing = v8::undefined(scope).into();
        match self.release.call(scope, nothing, &[]) {
            Some(obstacle) if obstacle.is_undefined() => {}
            Some(obstacle) => {
                let obstacle = obstacle.to_rust_string_lossy(scope);
                return Some(format!("the top level changes or freezes what holds {obstacle}"));
            }
            None => return Some("the top level breaks the language's own functions".to_owned()),
        }
        if completing::is_possible() {
            return None;
        }
        let global = context.global(scope);
        let name = v8::String::new(scope, "Atomics")?;
        let free = global.has_own_property(scope, name.into()) == Some(false);
        let put = |scope: &mut v8::PinScope<'s, '_>| {
            global.define_own_property(scope, name.into(), self.atomics, v8::PropertyAttribute::DONT_ENUM)
        };
        if free && put(scope) == Some(true) { None } else { Some("the top level sets Atomics".to_owned()) }
    }
}

/// Takes what shares memory between threads out of a realm.
pub(super) fn remove_shared_memory(scope: &mut v8::PinScope<'_, '_>, context: v8::Local<'_, v8::Context>) {
    for name in ["Atomics", "SharedArrayBuffer"] {
        if let Some(name) = v8::String::new(scope, name) {
            context.global(scope).delete(scope, name.into());
        }
    }
}

pub(super) fn not_evaluated(name: &str, ended: Ended) -> Error {
    let (failure, exception) = ended.failure();
    let message = format!("Failed to execute {name}: {} ({})", failure.message(), exception.message);
    Error::new(jsep_status::JSEP_MODULE_EVALUATION, message)
}
