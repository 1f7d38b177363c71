//! Map handles: `ccf.kv[name]` and its methods.

use super::super::active::{self, with_request, with_stage};
use super::super::interpreter;
use super::super::outside::Outside;
use super::super::value::{Answer, Context, Problem, Value};
use super::{Call, lists};
use crate::engine::{MapAccess, StateToken, Thrown};
use crate::host::{Entry, MapMethod, Permission};
use rquickjs_sys as q;
use std::ffi::c_int;

/// Bits of a function's number that tell which permission its handle had.
pub(super) const PERMISSION_BITS: i32 = 2;

/// The classes of `ccf.kv` and of map handles in a runtime.
#[derive(Clone, Copy)]
pub(in crate::engine::quickjs) struct Classes {
    root: q::JSClassID,
    handle: q::JSClassID,
}

/// What a handle is behind the scenes; no script can make one.
struct Handle {
    map: String,
    /// The past state that it belongs to, if any.
    state: Option<StateToken>,
    /// What it could do when it was made.
    permission: Permission,
}

impl Classes {
    /// Registers the classes in a new runtime.
    pub(in crate::engine::quickjs) fn register(runtime: *mut q::JSRuntime) -> Option<Classes> {
        let mut classes = Classes { root: 0, handle: 0 };
        let exotic = &raw const EXOTIC;
        let root = q::JSClassDef {
            class_name: c"Object".as_ptr(),
            finalizer: Some(finalize::<StateToken>),
            gc_mark: None,
            call: None,
            exotic: exotic.cast_mut(),
        };
        let handle = q::JSClassDef { finalizer: Some(finalize::<Handle>), exotic: std::ptr::null_mut(), ..root };
        // SAFETY: the runtime is live and new; the definitions are copied, and the table of functions is a constant.
        let registered = unsafe {
            q::JS_NewClassID(runtime, &raw mut classes.root);
            q::JS_NewClassID(runtime, &raw mut classes.handle);
            q::JS_NewClass(runtime, classes.root, &raw const root) == 0
                && q::JS_NewClass(runtime, classes.handle, &raw const handle) == 0
        };
        registered.then_some(classes)
    }

    /// Makes handles of a new context inherit from `Object.prototype`.
    pub(super) fn add_prototypes(self, context: Context) -> Result<(), Problem> {
        let prototype = context.object()?.prototype()?;
        // SAFETY: the context is live and the class registered; the context takes the prototype over.
        unsafe { q::JS_SetClassProto(context.0, self.handle, prototype.into_raw()) };
        Ok(())
    }
}

/// `ccf.kv`: every string is a map, every read a new handle; there is nothing to list, change or delete.
static EXOTIC: q::JSClassExoticMethods = q::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(no_names),
    delete_property: Some(refuse_delete),
    define_own_property: Some(refuse_define),
    has_property: Some(has_property),
    get_property: Some(get_property),
    set_property: Some(refuse_set),
};

/// A new `ccf.kv`, or the same of a past state.
pub(super) fn root(context: Context, state: Option<StateToken>) -> Answer {
    let classes = interpreter::globals(context).classes;
    // SAFETY: the context is live and the class registered; the object has no prototype, and its finalizer frees the box.
    unsafe {
        let root = context.own(q::JS_NewObjectProtoClass(context.0, q::JS_NULL, classes.root))?;
        let state = state.map_or(std::ptr::null_mut(), |state| Box::into_raw(Box::new(state)));
        q::JS_SetOpaque(root.raw(), state.cast());
        Ok(root)
    }
}

/// Whether the value is a `ccf.kv`, which stands for a proxy.
pub(super) fn is_root(value: &Value) -> bool {
    let classes = interpreter::globals(value.context()).classes;
    // SAFETY: looks at the value's class only.
    unsafe { q::JS_GetClassID(value.raw()) == classes.root }
}

/// The past state that a root shows, if any.
fn state_of(context: Context, root: q::JSValue) -> Option<StateToken> {
    let classes = interpreter::globals(context).classes;
    // SAFETY: the pointer is null or a root's box, which lives as long as the root.
    unsafe { q::JS_GetOpaque(root, classes.root).cast::<StateToken>().as_ref().copied() }
}

/// The map's name, if the property is a string.
fn map_name(context: Context, atom: q::JSAtom) -> Option<String> {
    // SAFETY: the context is live and the atom belongs to it.
    let name = context.own(unsafe { q::JS_AtomToValue(context.0, atom) }).ok()?;
    if name.is_string() { name.to_text().ok() } else { None }
}

fn handle(context: Context, map: String, state: Option<StateToken>) -> Answer {
    let permission = with_stage(context, |stage| stage.permission(&map, state))?;
    let classes = interpreter::globals(context).classes;
    // SAFETY: the context is live and the class registered; the handle's finalizer frees the box.
    let object = unsafe {
        let object = context.own(q::JS_NewObjectClass(context.0, classes.handle))?;
        q::JS_SetOpaque(object.raw(), Box::into_raw(Box::new(Handle { map, state, permission })).cast());
        object
    };
    lists::define(&object, lists::Which::Handle(permission.into()));
    Ok(object)
}

/// Frees the box behind an object.
unsafe extern "C" fn finalize<T>(_runtime: *mut q::JSRuntime, value: q::JSValue) {
    let mut class = 0;
    // SAFETY: QuickJS calls this once for each object of the class; its opaque pointer is null or a box of this type.
    unsafe {
        let opaque = q::JS_GetAnyOpaque(value, &raw mut class).cast::<T>();
        if !opaque.is_null() {
            drop(Box::from_raw(opaque));
        }
    }
}

unsafe extern "C" fn get_property(
    context: *mut q::JSContext,
    object: q::JSValue,
    atom: q::JSAtom,
    _receiver: q::JSValue,
) -> q::JSValue {
    let context = Context(context);
    match map_name(context, atom) {
        Some(map) => context.give(handle(context, map, state_of(context, object))),
        None => q::JS_UNDEFINED,
    }
}

unsafe extern "C" fn get_own_property(
    context: *mut q::JSContext,
    descriptor: *mut q::JSPropertyDescriptor,
    object: q::JSValue,
    atom: q::JSAtom,
) -> c_int {
    let context = Context(context);
    let Some(map) = map_name(context, atom) else {
        return 0;
    };
    if descriptor.is_null() {
        return 1;
    }
    match handle(context, map, state_of(context, object)) {
        Ok(handle) => {
            // SAFETY: QuickJS gives a writable descriptor and takes the reference.
            unsafe {
                (*descriptor).flags = (q::JS_PROP_ENUMERABLE | q::JS_PROP_CONFIGURABLE) as c_int;
                (*descriptor).value = handle.into_raw();
                (*descriptor).getter = q::JS_UNDEFINED;
                (*descriptor).setter = q::JS_UNDEFINED;
            }
            1
        }
        Err(problem) => {
            context.give(Err(problem));
            -1
        }
    }
}

unsafe extern "C" fn has_property(context: *mut q::JSContext, _object: q::JSValue, atom: q::JSAtom) -> c_int {
    c_int::from(map_name(Context(context), atom).is_some())
}

unsafe extern "C" fn no_names(
    _context: *mut q::JSContext,
    names: *mut *mut q::JSPropertyEnum,
    count: *mut u32,
    _object: q::JSValue,
) -> c_int {
    // SAFETY: QuickJS gives writable places.
    unsafe {
        *names = std::ptr::null_mut();
        *count = 0;
    }
    0
}

fn refuse(context: *mut q::JSContext) -> c_int {
    Context(context).throw(&Thrown::type_error("ccf.kv can't be changed"));
    -1
}

unsafe extern "C" fn refuse_delete(context: *mut q::JSContext, _object: q::JSValue, _atom: q::JSAtom) -> c_int {
    refuse(context)
}

unsafe extern "C" fn refuse_define(
    context: *mut q::JSContext,
    _object: q::JSValue,
    _atom: q::JSAtom,
    _value: q::JSValue,
    _getter: q::JSValue,
    _setter: q::JSValue,
    _flags: c_int,
) -> c_int {
    refuse(context)
}

unsafe extern "C" fn refuse_set(
    context: *mut q::JSContext,
    _object: q::JSValue,
    _atom: q::JSAtom,
    _value: q::JSValue,
    _receiver: q::JSValue,
    _flags: c_int,
) -> c_int {
    refuse(context)
}

/// The handle that a method was called on and with; the receiver must be a handle itself, not a copy, a proxy or an heir of one.
fn access<'a>(call: &'a Call<'_>) -> Result<MapAccess<'a>, Thrown> {
    let refusal = || Thrown::type_error("KV Map Handle object expected");
    let classes = interpreter::globals(call.context).classes;
    // SAFETY: the pointer is null or a handle's, which the receiver keeps alive during the call.
    let handle = unsafe { q::JS_GetOpaque(call.this, classes.handle).cast::<Handle>().as_ref() }.ok_or_else(refusal)?;
    let function = Permission::try_from(call.magic & ((1 << PERMISSION_BITS) - 1)).map_err(|()| refusal())?;
    Ok(MapAccess { map: &handle.map, state: handle.state, handle: handle.permission, function })
}

const ONE_BUFFER: &str = "Argument must be an ArrayBuffer";
const BUFFERS: &str = "Arguments must be ArrayBuffers";
const STORE: &str = "the store";

pub(super) fn has(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    let found = with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::Has)?;
        call.count(1)?;
        Ok(map.has(access.map, &call.bytes(0, ONE_BUFFER)?)?)
    })?;
    Ok(call.context.boolean(found))
}

pub(super) fn get(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    let value = with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::Get)?;
        call.count(1)?;
        Ok(map.get(access.map, &call.bytes(0, ONE_BUFFER)?)?)
    })?;
    match value {
        Some(value) => call.context.buffer(&value),
        None => Ok(call.context.undefined()),
    }
}

pub(super) fn version(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    let version = with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::GetVersionOfPreviousWrite)?;
        call.count(1)?;
        Ok(map.version(access.map, &call.bytes(0, ONE_BUFFER)?)?)
    })?;
    Ok(version.map_or_else(|| call.context.undefined(), |version| call.context.number(version as f64)))
}

pub(super) fn size(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    let size =
        with_request(call.context, STORE, |execution| Ok(execution.map(access, MapMethod::Size)?.size(access.map)?))?;
    Ok(call.context.number(size as f64))
}

pub(super) fn for_each(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    let callback = call.argument(0);
    let entries = with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::ForEach)?;
        call.count(1)?;
        if !callback.is_function() {
            return Err(Thrown::type_error("Argument must be a function"));
        }
        Ok(map.entries(access.map)?)
    })?;
    let nested = active::with(call.context, |active| Ok(std::mem::replace(&mut active.walks_map, true)))?;
    let walked = walk(call, &callback, entries, nested);
    active::with(call.context, |active| {
        active.walks_map = nested;
        Ok(())
    })?;
    walked
}

/// Calls the script for each entry. The list is no longer than what the host has, so it does not count; those that are made while it is
/// walked do, because there may be many.
fn walk(call: &Call<'_>, callback: &Value, entries: Vec<Entry>, nested: bool) -> Answer {
    let mut outside = Outside::new(call.context);
    if nested {
        outside.take(entries.iter().map(|(key, value)| key.len() + value.len()).sum())?;
    }
    let (nothing, this) = (call.context.undefined(), call.context.borrow(call.this));
    for (key, value) in entries {
        let (value, key) = (call.context.buffer(&value)?, call.context.buffer(&key)?);
        callback.call(&nothing, &[&value, &key, &this])?;
    }
    Ok(nothing)
}

pub(super) fn set(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::Set)?;
        call.count(2)?;
        let key = call.bytes(0, BUFFERS)?;
        Ok(map.set(access.map, key, call.bytes(1, BUFFERS)?)?)
    })?;
    Ok(call.context.borrow(call.this))
}

pub(super) fn delete(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::Delete)?;
        call.count(1)?;
        Ok(map.delete(access.map, call.bytes(0, ONE_BUFFER)?)?)
    })?;
    Ok(call.context.undefined())
}

pub(super) fn clear(call: &Call<'_>) -> Answer {
    let access = access(call)?;
    with_request(call.context, STORE, |execution| {
        let mut map = execution.map(access, MapMethod::Clear)?;
        call.count(0)?;
        Ok(map.clear(access.map)?)
    })?;
    Ok(call.context.undefined())
}
