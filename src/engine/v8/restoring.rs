//! What V8 adds to a realm while it restores one, and how a capture keeps those places free.

use super::active;
use super::completing;
use super::exception;
use super::isolates::Worker;
use super::platform;
use super::snapshot::{self, Making};
use crate::engine::Thrown;
use crate::error::Error;
use crate::status::jsep_status;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// The properties that appear in a restored realm, as a JSON array of paths. V8's flags are fixed, so this is a fact about the
/// process.
static ADDITIONS: OnceLock<String> = OnceLock::new();

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// Finds out the additions, once a process. They are known for realms that are captured complete.
pub(super) fn learn(making: Making<'_>) -> Result<(), Error> {
    if ADDITIONS.get().is_none() {
        let additions = if completing::is_expected() { known().to_owned() } else { compare(making)? };
        ADDITIONS.get_or_init(|| additions);
    }
    Ok(())
}

/// What V8 adds to a realm that was captured complete.
fn known() -> &'static str {
    if platform::has_machine_code() { r#"[["WebAssembly"]]"# } else { "[]" }
}

/// Captures a realm with only the globals, restores it, and tells what it has more.
fn compare(making: Making<'_>) -> Result<String, Error> {
    let failed = |reason: &str| {
        Error::new(
            jsep_status::JSEP_ENGINE_START,
            format!("a captured realm can't be compared with a restored one: {reason}"),
        )
    };
    let blob = Arc::new(snapshot::listed_globals(making)?);
    let worker = Worker::new(&blob, making.runtime.max_heap_bytes)?;
    let restored = {
        let mut locker = worker.isolate.lock();
        v8::scope!(let scope, &mut *locker);
        let context = completing::restore(scope);
        let scope = &mut v8::ContextScope::new(scope, context);
        list(scope).ok_or_else(|| failed("its properties can't be listed"))?
    };
    let parse = |json: &str| serde_json::from_str::<Vec<String>>(json).map_err(|error| failed(&error.to_string()));
    let captured: HashSet<String> = parse(&blob.properties)?.into_iter().collect();
    let added: Vec<String> = parse(&restored)?.into_iter().filter(|path| !captured.contains(path)).collect();
    Ok(format!("[{}]", added.join(",")))
}

/// All properties of the current realm, as a JSON array of paths that are JSON themselves.
pub(super) fn list(scope: Scope<'_, '_, '_>) -> Option<String> {
    let functions = functions(scope)?;
    let list = member(scope, functions, "list")?;
    let nothing = v8::undefined(scope).into();
    Some(list.call(scope, nothing, &[])?.to_rust_string_lossy(scope))
}

/// Watches the places of the additions; the result takes the watchers away and answers with the name of what prevents it.
pub(super) fn watch<'s>(scope: Scope<'_, 's, '_>) -> Option<v8::Local<'s, v8::Function>> {
    let functions = functions(scope)?;
    let watch = member(scope, functions, "watch")?;
    let additions = v8::String::new(scope, ADDITIONS.get().map_or("[]", String::as_str))?;
    let note = v8::Function::builder(note_use).build(scope)?;
    let nothing = v8::undefined(scope).into();
    watch.call(scope, nothing, &[additions.into(), note.into()])?.try_into().ok()
}

fn functions<'s>(scope: Scope<'_, 's, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let source = v8::String::new(scope, include_str!("restoring.js"))?;
    v8::Script::compile(scope, source, None)?.run(scope)?.try_into().ok()
}

fn member<'s>(
    scope: Scope<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    name: &str,
) -> Option<v8::Local<'s, v8::Function>> {
    let name = v8::String::new(scope, name)?;
    object.get(scope, name.into())?.try_into().ok()
}

/// Called when the app's top level uses what only a restored realm has: it is then evaluated for each request.
pub(super) fn note_use(
    scope: &mut v8::PinScope<'_, '_>,
    _arguments: v8::FunctionCallbackArguments<'_>,
    _place: v8::ReturnValue<'_, v8::Value>,
) {
    let noted = active::with(scope, |active| {
        active.touched.get_or_insert("what V8 adds when it restores a realm");
        Ok::<(), Thrown>(())
    });
    if let Err(thrown) = noted {
        exception::throw(scope, &thrown);
    }
}

#[cfg(test)]
mod tests {
    use super::super::checked::tests::start;
    use super::super::seed;
    use super::super::watchdog::Watchdog;
    use super::*;
    use crate::app::App;
    use crate::engine::{Abilities, Compilation, Options, RuntimeOptions};

    /// Runs a test with what a capture needs.
    fn with_making(test: impl FnOnce(Making<'_>)) {
        let abilities = Abilities { jit: true, intl: true };
        let (options, runtime) = Options::parse(&start::engine_options(), abilities).unwrap_or_else(|_| unreachable!());
        assert!(platform::start(&options).is_ok());
        assert!(seed::keep().is_ok());
        let bundle = br#"{"metadata": {"endpoints": {}}, "modules": []}"#;
        let app = Arc::new(App::parse(bundle).unwrap_or_else(|_| unreachable!()));
        let watchdog = Watchdog::begin().unwrap_or_else(|_| unreachable!());
        let runtime: &RuntimeOptions = &runtime;
        test(Making {
            app: &app,
            runtime,
            watchdog: &watchdog,
            optional: options.optional,
            compilation: Compilation::Lazy,
        });
    }

    #[test]
    fn the_known_additions_are_those_that_a_comparison_finds() {
        with_making(|making| {
            if !completing::is_expected() {
                return;
            }
            let found = compare(making).unwrap_or_default();
            let found: Vec<String> = serde_json::from_str::<Vec<Vec<String>>>(&found)
                .map(|paths| paths.into_iter().filter_map(|path| path.into_iter().next()).collect())
                .unwrap_or_default();
            assert!(found.iter().all(|first| first == "WebAssembly"), "{found:?}");
            assert_eq!(found.is_empty(), !platform::has_machine_code());
            assert_eq!(known(), if found.is_empty() { "[]" } else { r#"[["WebAssembly"]]"# });
        });
    }

    #[test]
    fn blobs_of_one_process_fit_each_other() {
        with_making(|making| {
            let make = || snapshot::globals(making).ok().map(Arc::new);
            let blobs: Vec<_> = (0..3).filter_map(|_| make()).collect();
            assert_eq!(blobs.len(), 3);
            assert!(blobs.iter().all(|blob| seed::note(blob)));
            drop(Worker::new(&blobs[1], making.runtime.max_heap_bytes));
            let workers: Vec<_> =
                blobs.iter().rev().map(|blob| Worker::new(blob, making.runtime.max_heap_bytes)).collect();
            assert!(workers.iter().all(Result::is_ok));
            let later = make();
            assert!(later.is_some_and(|blob| Worker::new(&blob, making.runtime.max_heap_bytes).is_ok()));
        });
    }
}
