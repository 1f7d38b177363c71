//! The functions of `ccf`, the request object and the response.
//!
//! All native functions are marked as having no side effect, and return only new objects: V8's checked mode may then run them.
//! What they change is the state of the running request, which a stopped request loses.

mod arguments;
mod clock;
mod console;
pub(super) mod durable;
mod environment;
mod functions;
mod kv;
mod request;
mod response;

pub(super) use functions::parse;

use crate::engine::OptionalGlobals;
use crate::engine::functions::{ALIASES, Group};
use crate::error::Error;
use crate::status::jsep_status;
use std::borrow::Cow;
use v8::MapFnTo;

/// The beginning of the names of the library's own scripts, which stack traces leave out.
pub(super) const OWN_SCRIPTS: &str = "jsep:";

/// Templates of map handles, one per permission.
pub(super) const HANDLE_TEMPLATES: usize = 3;

/// A realm's part of the bindings.
pub(super) struct Bindings<'s> {
    /// Runs one request with the handler that it is given.
    pub(super) invoke: v8::Local<'s, v8::Function>,
    /// Shows the past state of a request as `ccf.historicalState`, or takes the former one away.
    pub(super) enter: v8::Local<'s, v8::Function>,
    /// What has to do with V8's side-effect check.
    pub(super) checked: CheckedParts<'s>,
    /// Templates of map handles by permission.
    pub(super) handle_templates: [v8::Local<'s, v8::ObjectTemplate>; HANDLE_TEMPLATES],
}

/// What a realm offers to the side-effect check, see `checked/realm.js`.
pub(super) struct CheckedParts<'s> {
    /// Functions that V8 judges wrongly, and what belongs to the language.
    pub(super) judgements: v8::Local<'s, v8::Array>,
    /// Tells what of the language the app has changed so that no call can be checked.
    pub(super) obstacle: v8::Local<'s, v8::Function>,
    /// Makes a realm one whose calls are all checked.
    pub(super) check: v8::Local<'s, v8::Function>,
}

/// A native function: name, number of arguments, and what V8 calls.
type Native = (&'static str, i32, v8::FunctionCallback);

/// The native functions that the prelude gets by name.
fn natives() -> [Native; 16] {
    [
        ("mapHandle", 1, kv::map_handle.map_fn_to()),
        ("log", 0, console::info.map_fn_to()),
        ("info", 0, console::info.map_fn_to()),
        ("warn", 0, console::warn.map_fn_to()),
        ("error", 0, console::error.map_fn_to()),
        ("random", 0, clock::random.map_fn_to()),
        ("now", 0, clock::now.map_fn_to()),
        ("makeDate", 2, clock::make_date.map_fn_to()),
        ("request", 3, request::request.map_fn_to()),
        ("bodyText", 0, request::body_text.map_fn_to()),
        ("bodyJson", 0, request::body_json.map_fn_to()),
        ("bodyArrayBuffer", 0, request::body_array_buffer.map_fn_to()),
        ("queueMicrotask", 1, console::queue_microtask.map_fn_to()),
        ("take", 1, response::take.map_fn_to()),
        ("fail", 1, response::fail.map_fn_to()),
        ("answerWithData", 0, super::modules::answer_with_data.map_fn_to()),
    ]
}

/// The addresses of all native functions, which V8 needs in the same order when it writes and reads a snapshot.
pub(super) fn external_references() -> Cow<'static, [v8::ExternalReference]> {
    let natives = natives().into_iter().map(|(_, _, function)| function);
    let methods = kv::methods().into_iter().map(|(_, _, function)| function);
    let durable = durable::functions().into_iter().map(|(_, _, function)| function);
    let others = [
        functions::run.map_fn_to(),
        clock::date.map_fn_to(),
        super::restoring::note_use.map_fn_to(),
        super::snapshot::note_historical_state.map_fn_to(),
    ];
    let functions =
        natives.chain(methods).chain(durable).chain(others).map(|function| v8::ExternalReference { function });
    functions.chain([environment::external_reference()]).collect()
}

/// Builds the globals of the current realm, with those that are `optional` if they are wanted.
pub(super) fn install<'s>(scope: &mut v8::PinScope<'s, '_>, optional: OptionalGlobals) -> Result<Bindings<'s>, Error> {
    // V8 prints what nobody catches.
    v8::tc_scope!(let scope, scope);
    build(scope, optional).ok_or_else(|| {
        let thrown = if scope.has_terminated() { None } else { scope.exception() };
        let why = thrown.map(|exception| exception.to_rust_string_lossy(scope));
        let why = why.unwrap_or_else(|| "is the heap limit too low?".to_owned());
        Error::new(jsep_status::JSEP_ENGINE_START, format!("the globals of a realm can't be built: {why}"))
    })
}

fn build<'s>(scope: &mut v8::PinScope<'s, '_>, optional: OptionalGlobals) -> Option<Bindings<'s>> {
    let host = v8::Object::new(scope);
    for (name, length, callback) in natives() {
        define(scope, host, name, length, v8::Function::builder_raw(callback))?;
    }
    for group in Group::ALL {
        let object = v8::Object::new(scope);
        for (index, function) in group.functions().iter().enumerate() {
            let number = v8::Integer::new(scope, group.number(index).into());
            let builder = v8::Function::builder_raw(functions::run.map_fn_to()).data(number.into());
            define(scope, object, function.name, function.length.into(), builder)?;
        }
        let name = v8::String::new(scope, group.name())?;
        host.create_data_property(scope, name.into(), object.into())?;
    }
    let aliases = ALIASES.map(|alias| v8::String::new(scope, alias));
    let aliases: Vec<v8::Local<v8::Value>> =
        aliases.into_iter().map(|alias| alias.map(Into::into)).collect::<Option<_>>()?;
    let (key, aliases) = (v8::String::new(scope, "aliases")?, v8::Array::new_with_elements(scope, &aliases));
    host.create_data_property(scope, key.into(), aliases.into())?;
    let is_proxy = {
        let natives = member::<v8::Object>(scope, host.into(), Group::Environment.name())?;
        member::<v8::Value>(scope, natives.into(), "isProxy")?
    };
    let parts = evaluate(scope, "jsep:checked.js", include_str!("../checked/realm.js"), &[is_proxy])?;
    let checked = CheckedParts {
        judgements: member(scope, parts, "judgements")?,
        obstacle: member(scope, parts, "obstacle")?,
        check: member(scope, parts, "check")?,
    };
    let parts = evaluate(scope, "jsep:prelude.js", include_str!("prelude.js"), &[host.into()])?;
    let (invoke, enter) = (member(scope, parts, "invoke")?, member(scope, parts, "enter")?);
    let natives = member(scope, host.into(), Group::Environment.name())?;
    environment::install(scope, natives)?;
    if !optional.intl {
        evaluate(scope, "jsep:locale.js", include_str!("locale.js"), &[])?;
    }
    remove_unwanted(scope, optional)?;
    Some(Bindings { invoke, enter, checked, handle_templates: kv::handle_templates(scope)? })
}

/// A property of an object that the library made, as what it is known to be.
fn member<'s, T>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Value>,
    name: &str,
) -> Option<v8::Local<'s, T>>
where
    v8::Local<'s, T>: TryFrom<v8::Local<'s, v8::Value>>,
{
    let name = v8::String::new(scope, name)?;
    let value = v8::Local::<v8::Object>::try_from(object).ok()?.get(scope, name.into())?;
    v8::Local::<T>::try_from(value).ok()
}

/// Takes the optional globals away that are not wanted.
fn remove_unwanted(scope: &mut v8::PinScope<'_, '_>, optional: OptionalGlobals) -> Option<()> {
    let global = scope.get_current_context().global(scope);
    let ccf = v8::String::new(scope, "ccf")?;
    let ccf = v8::Local::<v8::Object>::try_from(global.get(scope, ccf.into())?).ok()?;
    for (object, name, wanted) in
        [(ccf, "host", optional.host), (global, "Intl", optional.intl), (global, "Temporal", optional.intl)]
    {
        let name = v8::String::new(scope, name)?;
        if !wanted {
            object.delete(scope, name.into())?;
        }
    }
    Some(())
}

/// Runs a script of the library that is one function, and calls it.
fn evaluate<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    source: &str,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let source = v8::String::new(scope, source)?;
    let name = v8::String::new(scope, name)?;
    let origin = v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, 0, None, false, false, false, None);
    let function = v8::Script::compile(scope, source, Some(&origin))?.run(scope)?;
    let function = v8::Local::<v8::Function>::try_from(function).ok()?;
    let nothing = v8::undefined(scope).into();
    function.call(scope, nothing, arguments)
}

/// Gives `object` a native function.
fn define<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
    name: &str,
    length: i32,
    builder: v8::FunctionBuilder<'s, v8::Function>,
) -> Option<()> {
    let function = builder
        .length(length)
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .side_effect_type(v8::SideEffectType::HasNoSideEffect)
        .build(scope)?;
    let key = v8::String::new(scope, name)?;
    function.set_name(key);
    object.create_data_property(scope, key.into(), function.into()).map(drop)
}
