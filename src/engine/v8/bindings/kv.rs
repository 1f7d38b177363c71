//! Map handles: `ccf.kv[name]` and its methods.
//!
//! A handle is an object with three internal fields, which no script can make: the map's name, what the handle could do when it was
//! made, and the token of the past state that it belongs to, if any. All fields hold references to objects on the heap, never
//! numbers: a snapshot would take a number for a pointer and follow it.

use super::arguments;
use crate::engine::v8::active;
use crate::engine::v8::outside::Outside;
use crate::engine::{MapAccess, StateToken, Thrown};
use crate::host::{Entry, MapMethod, Permission};
use v8::MapFnTo;

const NAME_FIELD: usize = 0;
const PERMISSION_FIELD: usize = 1;
const STATE_FIELD: usize = 2;
const FIELDS: usize = 3;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;
type Answer<'s> = Result<Option<v8::Local<'s, v8::Value>>, Thrown>;

/// All methods of a handle: method, number of arguments, and what V8 calls.
pub(super) fn methods() -> [(MapMethod, i32, v8::FunctionCallback); 8] {
    [
        (MapMethod::Has, 1, has.map_fn_to()),
        (MapMethod::Get, 1, get.map_fn_to()),
        (MapMethod::GetVersionOfPreviousWrite, 1, version.map_fn_to()),
        (MapMethod::Size, 0, size.map_fn_to()),
        (MapMethod::ForEach, 1, for_each.map_fn_to()),
        (MapMethod::Set, 2, set.map_fn_to()),
        (MapMethod::Delete, 1, delete.map_fn_to()),
        (MapMethod::Clear, 0, clear.map_fn_to()),
    ]
}

/// One template per permission: its functions know which they belong to.
pub(super) fn handle_templates<'s>(
    scope: &mut v8::PinScope<'s, '_>,
) -> Option<[v8::Local<'s, v8::ObjectTemplate>; super::HANDLE_TEMPLATES]> {
    Some([
        handle_template(scope, Permission::Inaccessible)?,
        handle_template(scope, Permission::ReadOnly)?,
        handle_template(scope, Permission::ReadWrite)?,
    ])
}

fn handle_template<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    permission: Permission,
) -> Option<v8::Local<'s, v8::ObjectTemplate>> {
    let handle = v8::ObjectTemplate::new(scope);
    handle.set_internal_field_count(FIELDS);
    for (method, length, callback) in methods() {
        let name = v8::String::new(scope, method.name())?;
        let function = v8::FunctionTemplate::builder_raw(callback)
            .data(v8::Integer::new(scope, permission.into()).into())
            .length(length)
            .constructor_behavior(v8::ConstructorBehavior::Throw)
            .side_effect_type(v8::SideEffectType::HasNoSideEffect)
            .build(scope);
        function.set_class_name(name);
        match method {
            MapMethod::Size => {
                handle.set_accessor_property(name.into(), Some(function), None, v8::PropertyAttribute::NONE);
            }
            _ => handle.set(name.into(), function.into()),
        }
    }
    Some(handle)
}

/// `ccf.kv[name]`, or the same of a past state: the name, and the state's token or undefined.
pub(super) fn map_handle<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = make_handle(scope, arguments.get(0), arguments.get(1));
    arguments::answer(scope, place, result);
}

fn make_handle<'s>(
    scope: Scope<'_, 's, '_>,
    name: v8::Local<'s, v8::Value>,
    token: v8::Local<'s, v8::Value>,
) -> Answer<'s> {
    let map = arguments::string(scope, name, "Map name must be a string")?;
    let state = state(scope, token)?;
    let permission = active::with_stage(scope, |stage| stage.permission(&map, state))?;
    let template = active::with(scope, |active| Ok(active.handle_templates.get(permission as usize).cloned()))?;
    let template = template.ok_or_else(Thrown::no_handle)?;
    let template = v8::Local::new(scope, template);
    let Some(handle) = template.new_instance(scope) else {
        return Ok(None);
    };
    handle.set_internal_field(NAME_FIELD, name.into());
    let mark: v8::Local<v8::Value> = match permission {
        Permission::Inaccessible => v8::null(scope).into(),
        Permission::ReadOnly => v8::Boolean::new(scope, false).into(),
        Permission::ReadWrite => v8::Boolean::new(scope, true).into(),
    };
    handle.set_internal_field(PERMISSION_FIELD, mark.into());
    handle.set_internal_field(STATE_FIELD, token.into());
    Ok(Some(handle.into()))
}

/// The past state of a token; none for undefined.
fn state(scope: Scope<'_, '_, '_>, token: v8::Local<'_, v8::Value>) -> Result<Option<StateToken>, Thrown> {
    token.is_string().then(|| token.to_rust_string_lossy(scope).parse()).transpose()
}

/// A call of a method: which map, and what the handle and the function could do when they were made.
struct Call {
    map: String,
    state: Option<StateToken>,
    handle: Permission,
    function: Permission,
}

impl Call {
    fn access(&self) -> MapAccess<'_> {
        MapAccess { map: &self.map, state: self.state, handle: self.handle, function: self.function }
    }
}

/// Reads the receiver, which must be a handle itself: not a copy, a proxy or an heir of one.
fn call<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Result<Call, Thrown> {
    let refusal = || Thrown::type_error("KV Map Handle object expected");
    let handle = arguments.this();
    if handle.is_proxy() || handle.internal_field_count() != FIELDS {
        return Err(refusal());
    }
    let fields = [NAME_FIELD, PERMISSION_FIELD, STATE_FIELD].map(|index| field(scope, handle, index));
    let [Some(name), Some(mark), Some(token)] = fields else {
        return Err(refusal());
    };
    let made = if mark.is_null() {
        Permission::Inaccessible
    } else if mark.is_true() {
        Permission::ReadWrite
    } else {
        Permission::ReadOnly
    };
    let own = arguments.data().int32_value(scope).and_then(|number| Permission::try_from(number).ok());
    match own {
        Some(own) if name.is_string() => {
            let state = state(scope, token)?;
            Ok(Call { map: name.to_rust_string_lossy(scope), state, handle: made, function: own })
        }
        _ => Err(refusal()),
    }
}

fn field<'s>(
    scope: Scope<'_, 's, '_>,
    handle: v8::Local<'s, v8::Object>,
    index: usize,
) -> Option<v8::Local<'s, v8::Value>> {
    handle.get_internal_field(scope, index)?.try_into().ok()
}

const ONE_BUFFER: &str = "Argument must be an ArrayBuffer";
const BUFFERS: &str = "Arguments must be ArrayBuffers";
const STORE: &str = "the store";

fn has<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        let found = active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::Has)?;
            arguments::count(arguments, 1)?;
            Ok(map.has(&call.map, &arguments::bytes(arguments.get(0), ONE_BUFFER)?)?)
        })?;
        Ok(Some(v8::Boolean::new(scope, found).into()))
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn get<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        let value = active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::Get)?;
            arguments::count(arguments, 1)?;
            Ok(map.get(&call.map, &arguments::bytes(arguments.get(0), ONE_BUFFER)?)?)
        })?;
        value.map(|value| arguments::buffer(scope, &value)).transpose()
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn version<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        let version = active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::GetVersionOfPreviousWrite)?;
            arguments::count(arguments, 1)?;
            Ok(map.version(&call.map, &arguments::bytes(arguments.get(0), ONE_BUFFER)?)?)
        })?;
        Ok(version.map(|version| v8::Number::new(scope, version as f64).into()))
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn size<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        let size = active::with_request(scope, STORE, |execution| {
            Ok(execution.map(call.access(), MapMethod::Size)?.size(&call.map)?)
        })?;
        Ok(Some(v8::Number::new(scope, size as f64).into()))
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn for_each<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        let entries = active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::ForEach)?;
            arguments::count(arguments, 1)?;
            if !arguments.get(0).is_function() {
                return Err(Thrown::type_error("Argument must be a function"));
            }
            Ok(map.entries(&call.map)?)
        })?;
        let Ok(callback) = v8::Local::<v8::Function>::try_from(arguments.get(0)) else {
            return Ok(None);
        };
        let nested = active::with(scope, |active| Ok(std::mem::replace(&mut active.walks_map, true)))?;
        let walked = walk(scope, callback, arguments.this(), entries, nested);
        active::with(scope, |active| {
            active.walks_map = nested;
            Ok(())
        })?;
        walked
    }

    /// Calls the script for each entry. The list is no longer than what the host has, so it does not count; those that are made while it
    /// is walked do, because there may be many.
    fn walk<'s>(
        scope: Scope<'_, 's, '_>,
        callback: v8::Local<'s, v8::Function>,
        handle: v8::Local<'s, v8::Object>,
        entries: Vec<Entry>,
        nested: bool,
    ) -> Answer<'s> {
        let mut outside = Outside::default();
        if nested {
            outside.take(scope, entries.iter().map(|(key, value)| key.len() + value.len()).sum())?;
        }
        for (key, value) in entries {
            v8::scope!(let scope, scope);
            let (value, key) = (arguments::buffer(scope, &value)?, arguments::buffer(scope, &key)?);
            let nothing = v8::undefined(scope).into();
            if callback.call(scope, nothing, &[value, key, handle.into()]).is_none() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn set<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::Set)?;
            arguments::count(arguments, 2)?;
            let key = arguments::bytes(arguments.get(0), BUFFERS)?;
            Ok(map.set(&call.map, key, arguments::bytes(arguments.get(1), BUFFERS)?)?)
        })?;
        Ok(Some(arguments.this().into()))
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn delete<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::Delete)?;
            arguments::count(arguments, 1)?;
            map.delete(&call.map, arguments::bytes(arguments.get(0), ONE_BUFFER)?)?;
            Ok(None)
        })
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}

fn clear<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        let call = call(scope, arguments)?;
        active::with_request(scope, STORE, |execution| {
            let mut map = execution.map(call.access(), MapMethod::Clear)?;
            arguments::count(arguments, 0)?;
            map.clear(&call.map)?;
            Ok(None)
        })
    }
    let result = run(scope, &arguments);
    arguments::answer(scope, place, result);
}
