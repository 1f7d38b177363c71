//! What V8 adds to a realm while it restores one, and how a capture keeps those places free.

use super::active;
use super::completing;
use super::exception;
use super::isolates::Worker;
use super::snapshot::{self, Making};
use crate::engine::Thrown;
use crate::error::Error;
use crate::status::jsep_status;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The properties that appear in a restored realm, as a JSON array of paths. V8's flags are fixed, so this is a fact about the
/// process.
static ADDITIONS: OnceLock<String> = OnceLock::new();

/// The first restored isolate of the process, which is never used again. V8's isolates share read-only memory that goes with the last
/// of them, and blobs that are written before and after that don't fit each other: V8 ends the process when both are restored.
static FIRST: Mutex<Option<Worker>> = Mutex::new(None);

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// Finds out the additions, once a process: captures a realm with only the globals, restores it, and compares.
pub(super) fn learn(making: Making<'_>) -> Result<(), Error> {
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    if first.is_some() {
        return Ok(());
    }
    let failed = |reason: &str| {
        Error::new(
            jsep_status::JSEP_ENGINE_START,
            format!("a captured realm can't be compared with a restored one: {reason}"),
        )
    };
    let blob = Arc::new(snapshot::globals(making)?);
    let worker = Worker::new(&blob, making.runtime.max_heap_bytes)?;
    let restored = {
        let mut locker = worker.isolate.lock();
        v8::scope!(let scope, &mut *locker);
        let context = completing::restore(scope);
        let scope = &mut v8::ContextScope::new(scope, context);
        snapshot::remove_shared_memory(scope, context);
        list(scope).ok_or_else(|| failed("its properties can't be listed"))?
    };
    let parse = |json: &str| serde_json::from_str::<Vec<String>>(json).map_err(|error| failed(&error.to_string()));
    let captured: HashSet<String> = parse(&blob.properties)?.into_iter().collect();
    let added: Vec<String> = parse(&restored)?.into_iter().filter(|path| !captured.contains(path)).collect();
    ADDITIONS.get_or_init(|| format!("[{}]", added.join(",")));
    *first = Some(worker);
    Ok(())
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
