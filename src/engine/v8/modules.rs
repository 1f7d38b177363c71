//! Compiling, linking and evaluating the modules of an app in one realm.

use super::active;
use super::code::Code;
use super::exception;
use super::jobs;
use crate::app::{self, App};
use crate::engine::{Compilation, Thrown};
use crate::error::Error;
use crate::status::jsep_status;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// The modules of one realm.
pub(super) struct Graph {
    app: Arc<App>,
    modules: BTreeMap<String, v8::Global<v8::Module>>,
    /// Names by the script's number.
    names: HashMap<i32, String>,
    /// Where the captured modules are, by name.
    captured: Arc<HashMap<String, usize>>,
    /// Compiled code of the modules that are compiled here.
    code: Arc<Code>,
    compilation: Compilation,
}

impl Graph {
    /// The modules of a realm without any, or of one that was captured with some.
    pub(super) fn new(app: Arc<App>, captured: Arc<HashMap<String, usize>>, code: Arc<Code>) -> Graph {
        Graph { app, modules: BTreeMap::new(), names: HashMap::new(), captured, code, compilation: Compilation::Lazy }
    }

    /// The modules of a realm that is kept, with its compiled code, for others.
    pub(super) fn to_keep(app: &Arc<App>, compilation: Compilation) -> Graph {
        Graph { compilation, ..Graph::new(Arc::clone(app), Arc::default(), Arc::default()) }
    }

    /// All modules in the order of their names, but for captured ones that were not used since.
    pub(super) fn modules(&self) -> impl Iterator<Item = (&String, &v8::Global<v8::Module>)> {
        self.modules.iter()
    }

    /// A module that is compiled.
    pub(super) fn module<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_, ()>,
        name: &str,
    ) -> Option<v8::Local<'s, v8::Module>> {
        self.modules.get(name).map(|module| v8::Local::new(scope, module))
    }

    /// Takes all captured modules out of the realm that was restored.
    pub(super) fn take_captured(&mut self, scope: &mut v8::PinScope<'_, '_>) {
        for name in Arc::clone(&self.captured).keys() {
            self.known(scope, name);
        }
    }

    /// A module that is compiled already.
    fn known<'s>(&mut self, scope: &mut v8::PinScope<'s, '_>, name: &str) -> Option<v8::Local<'s, v8::Module>> {
        if let Some(module) = self.modules.get(name) {
            return Some(v8::Local::new(scope, module));
        }
        let index = *self.captured.get(name)?;
        let module = scope.get_context_data_from_snapshot_once::<v8::Module>(index).ok()?;
        self.remember(scope, name, module);
        Some(module)
    }

    fn remember(&mut self, scope: &mut v8::PinScope<'_, '_>, name: &str, module: v8::Local<'_, v8::Module>) {
        if let Some(script) = module.script_id() {
            self.names.insert(script, name.to_owned());
        }
        self.modules.insert(name.to_owned(), v8::Global::new(scope, module));
    }

    /// Compiles `entry` and all that it imports, unless done before.
    pub(super) fn compile<'s>(
        &mut self,
        scope: &mut v8::PinScope<'s, '_>,
        entry: &str,
    ) -> Result<v8::Local<'s, v8::Module>, Error> {
        let mut todo = vec![(entry.to_owned(), String::new(), (0, 0))];
        while let Some((name, importer, place)) = todo.pop() {
            if self.known(scope, &name).is_some() {
                continue;
            }
            let app = Arc::clone(&self.app);
            let source = app.module(&name).ok_or_else(|| missing(&name, &importer, place))?;
            let module = compile_one(scope, &name, source, &self.code, self.compilation)?;
            self.remember(scope, &name, module);
            let requests = module.get_module_requests();
            for index in 0..requests.length() {
                let Some(request) = requests.get(scope, index) else { continue };
                let Ok(request) = v8::Local::<v8::ModuleRequest>::try_from(request) else { continue };
                let specifier = request.get_specifier().to_rust_string_lossy(scope);
                let location = module.source_offset_to_location(request.get_source_offset());
                let place = (location.get_line_number() + 1, location.get_column_number() + 1);
                todo.push((app::resolve(&specifier, &name), name.clone(), place));
            }
        }
        self.known(scope, entry).ok_or_else(|| missing(entry, "", (0, 0)))
    }
}

fn missing(name: &str, importer: &str, (line, column): (i32, i32)) -> Error {
    let name = app::display_name(name);
    if importer.is_empty() {
        let message = format!("Module '{name}' could not be loaded");
        return Error::new(jsep_status::JSEP_MODULE_MISSING, message).at_module(name, 0, 0);
    }
    let importer = app::display_name(importer);
    let message =
        format!("Failed to resolve dependencies for module '{importer}': module '{name}' is not in the bundle");
    let place = |number: i32| u32::try_from(number).unwrap_or(0);
    Error::new(jsep_status::JSEP_MODULE_MISSING, message).at_module(importer, place(line), place(column))
}

fn compile_one<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    source: &str,
    code: &Code,
    compilation: Compilation,
) -> Result<v8::Local<'s, v8::Module>, Error> {
    let display = app::display_name(name);
    let failed = |reason: &str, line: u32, column: u32| {
        let message = format!("Failed to compile module '{display}': {reason}");
        Error::new(jsep_status::JSEP_MODULE_SYNTAX, message).at_module(display, line, column)
    };
    let (Some(text), Some(resource)) = (v8::String::new(scope, source), v8::String::new(scope, display)) else {
        return Err(failed("the source is too long", 0, 0));
    };
    let origin = v8::ScriptOrigin::new(scope, resource.into(), 0, 0, false, 0, None, false, false, true, None);
    let cached = code.module(name).map(v8::script_compiler::CachedData::new);
    let (mut source, options) = match cached {
        Some(cached) => (
            v8::script_compiler::Source::new_with_cached_data(text, Some(&origin), cached),
            v8::script_compiler::CompileOptions::ConsumeCodeCache,
        ),
        None => (
            v8::script_compiler::Source::new(text, Some(&origin)),
            match compilation {
                Compilation::Lazy => v8::script_compiler::CompileOptions::NoCompileOptions,
                Compilation::Eager => v8::script_compiler::CompileOptions::EagerCompile,
            },
        ),
    };
    v8::tc_scope!(let scope, scope);
    let compiled =
        v8::script_compiler::compile_module2(scope, &mut source, options, v8::script_compiler::NoCacheReason::NoReason);
    if source.get_cached_data().is_some_and(|cached| cached.rejected()) {
        code.note_rejected();
    }
    match compiled {
        Some(module) => Ok(module),
        None => {
            let (reason, line, column) = caught(scope);
            Err(failed(&reason, line, column))
        }
    }
}

/// Text, line and column of a caught exception.
fn caught(scope: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) -> (String, u32, u32) {
    let Some(value) = scope.exception() else {
        return ("out of stack or memory".to_owned(), 0, 0);
    };
    let place = scope.message().map(|message| {
        let line = message.get_line_number(scope).unwrap_or(0);
        let column = message.get_start_column() + 1;
        (u32::try_from(line).unwrap_or(0), u32::try_from(column).unwrap_or(0))
    });
    let (line, column) = place.unwrap_or((0, 0));
    (exception::describe(scope, value).message, line, column)
}

/// Links a compiled module.
pub(super) fn link(
    scope: &mut v8::PinScope<'_, '_>,
    name: &str,
    module: v8::Local<'_, v8::Module>,
) -> Result<(), Error> {
    let display = app::display_name(name);
    v8::tc_scope!(let scope, scope);
    if module.instantiate_module(scope, resolve_import).is_some() {
        return Ok(());
    }
    let (reason, line, column) = caught(scope);
    let at = scope.message().and_then(|message| message.get_script_resource_name(scope));
    let at = at.map_or_else(|| display.to_owned(), |name| name.to_rust_string_lossy(scope));
    let message = format!("Failed to resolve dependencies for module '{at}': {reason}");
    Err(Error::new(jsep_status::JSEP_MODULE_LINK, message).at_module(&at, line, column))
}

/// Asked by V8 while it links: the module that an import means. All of them are compiled by then.
fn resolve_import<'s>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Module>> {
    // SAFETY: V8 calls this with the current context of the isolate that the thread has entered.
    v8::callback_scope!(unsafe scope, context);
    let specifier = specifier.to_rust_string_lossy(scope);
    let isolate: &v8::Isolate = scope;
    let found = active::with(isolate, |active| {
        let graph = active.graph.borrow();
        let importer = referrer.script_id().and_then(|script| graph.names.get(&script)).map_or("/", String::as_str);
        let name = app::resolve(&specifier, importer);
        match graph.modules.get(&name) {
            Some(module) => Ok(module.clone()),
            None => Err(Thrown::type_error(format!("module '{}' is not in the bundle", app::display_name(&name)))),
        }
    });
    match found {
        Ok(module) => Some(v8::Local::new(scope, module)),
        Err(thrown) => {
            exception::throw(scope, &thrown);
            None
        }
    }
}

/// How evaluating a module went.
pub(super) enum Evaluation<'s> {
    /// It is evaluated; its exports.
    Done(v8::Local<'s, v8::Object>),
    /// It threw.
    Threw(v8::Local<'s, v8::Value>),
    /// It awaits what will never come.
    Pending,
    /// It was ended from outside.
    Ended,
}

/// Evaluates a linked module, and the jobs that it leaves.
pub(super) fn evaluate<'s>(scope: &mut v8::PinScope<'s, '_>, module: v8::Local<'s, v8::Module>) -> Evaluation<'s> {
    let evaluated = module.evaluate(scope);
    if evaluated.is_none() {
        return Evaluation::Ended;
    }
    if !jobs::run(scope) {
        return Evaluation::Ended;
    }
    if module.get_status() == v8::ModuleStatus::Errored {
        return Evaluation::Threw(module.get_exception());
    }
    let promise = evaluated.and_then(|promise| v8::Local::<v8::Promise>::try_from(promise).ok());
    match promise.map(|promise| promise.state()) {
        Some(v8::PromiseState::Pending) => return Evaluation::Pending,
        Some(v8::PromiseState::Rejected) => {
            if let Some(promise) = promise {
                return Evaluation::Threw(promise.result(scope));
            }
        }
        Some(v8::PromiseState::Fulfilled) | None => {}
    }
    match v8::Local::<v8::Object>::try_from(module.get_module_namespace()) {
        Ok(namespace) => Evaluation::Done(namespace),
        Err(_) => Evaluation::Ended,
    }
}

/// Called by V8 for `import()`: modules of the bundle, compiled and evaluated on first use.
pub(super) fn import_dynamically<'s, 'i>(
    scope: &mut v8::PinScope<'s, 'i>,
    _host_defined_options: v8::Local<'s, v8::Data>,
    importer: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let resolver = v8::PromiseResolver::new(scope)?;
    let promise = resolver.get_promise(scope);
    let importer = format!("/{}", importer.to_rust_string_lossy(scope));
    let name = app::resolve(&specifier.to_rust_string_lossy(scope), &importer);
    // Compiling runs no JavaScript, so nothing else uses the graph meanwhile.
    let Ok(graph) = active::with(scope, |active| Ok(Rc::clone(&active.graph))) else {
        return None;
    };
    let compiled = graph.borrow_mut().compile(scope, &name);
    let module = match compiled.and_then(|module| link(scope, &name, module).map(|()| module)) {
        Ok(module) => module,
        Err(error) => {
            let exception = import_exception(scope, &error)?;
            resolver.reject(scope, exception);
            return Some(promise);
        }
    };
    let evaluated = module.evaluate(scope)?;
    let namespace = module.get_module_namespace();
    let exports = v8::Function::builder(answer_with_data).data(namespace).build(scope)?;
    let evaluated = v8::Local::<v8::Promise>::try_from(evaluated).ok()?;
    let exports = evaluated.then(scope, exports)?;
    resolver.resolve(scope, exports.into())?;
    Some(promise)
}

/// Gives what it was made with: turns "evaluated" into the module's exports.
pub(super) fn answer_with_data(
    _scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    result.set(arguments.data());
}

/// What a script gets for a module that can't be imported.
fn import_exception<'s>(scope: &mut v8::PinScope<'s, '_>, error: &Error) -> Option<v8::Local<'s, v8::Value>> {
    let message = v8::String::new(scope, &error.message)?;
    Some(match error.status {
        jsep_status::JSEP_MODULE_SYNTAX | jsep_status::JSEP_MODULE_LINK => v8::Exception::syntax_error(scope, message),
        _ => v8::Exception::type_error(scope, message),
    })
}

/// An exported function of an evaluated module.
pub(super) fn export<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    namespace: v8::Local<'s, v8::Object>,
    name: &str,
) -> Option<v8::Local<'s, v8::Function>> {
    let name = v8::String::new(scope, name)?;
    namespace.get(scope, name.into())?.try_into().ok()
}
