//! Values and contexts of QuickJS with Rust's ownership: a [`Value`] owns one reference and gives it back when dropped.

use crate::engine::functions::text_of;
use crate::engine::{ErrorClass, Exception, Thrown};
use rquickjs_sys as q;
use std::ffi::{CStr, c_int};

/// A live context. Copied freely; whoever owns the interpreter keeps it alive.
#[derive(Clone, Copy)]
pub(super) struct Context(pub(super) *mut q::JSContext);

/// An owned reference to a value of a context.
pub(super) struct Value {
    context: Context,
    raw: q::JSValue,
}

/// Why an operation has no value.
#[derive(Debug)]
pub(super) enum Problem {
    /// An exception is pending in the context.
    Pending,
    /// An exception is to be thrown.
    Throw(Thrown),
    /// An exception was taken and described already.
    Described(Option<Exception>),
}

impl From<Thrown> for Problem {
    fn from(thrown: Thrown) -> Problem {
        Problem::Throw(thrown)
    }
}

pub(super) type Answer = Result<Value, Problem>;

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: this is the one reference that the value owns, and its context lives longer.
        unsafe { q::JS_FreeValue(self.context.0, self.raw) }
    }
}

// Why the calls below are sound: a context is live by the contract of `Context`, values belong to it, text and bytes are
// borrowed for the call, and results are owned references unless QuickJS says otherwise.
impl Context {
    /// Takes over a reference that QuickJS gave; an exception stays pending.
    pub(super) fn own(self, raw: q::JSValue) -> Answer {
        // SAFETY: reads the tag only.
        if unsafe { q::JS_IsException(raw) } { Err(Problem::Pending) } else { Ok(Value { context: self, raw }) }
    }

    /// Makes a reference of one's own to a borrowed value.
    pub(super) fn borrow(self, raw: q::JSValue) -> Value {
        // SAFETY: see above.
        Value { context: self, raw: unsafe { q::JS_DupValue(self.0, raw) } }
    }

    pub(super) fn undefined(self) -> Value {
        Value { context: self, raw: q::JS_UNDEFINED }
    }

    pub(super) fn null(self) -> Value {
        Value { context: self, raw: q::JS_NULL }
    }

    pub(super) fn boolean(self, value: bool) -> Value {
        Value { context: self, raw: if value { q::JS_TRUE } else { q::JS_FALSE } }
    }

    pub(super) fn number(self, value: f64) -> Value {
        let raw = q::JS_NewFloat64(value);
        Value { context: self, raw }
    }

    pub(super) fn string(self, text: &str) -> Answer {
        // SAFETY: see above.
        self.own(unsafe { q::JS_NewStringLen(self.0, text.as_ptr().cast(), text.len() as _) })
    }

    /// A new `ArrayBuffer` with a copy of `bytes`.
    pub(super) fn buffer(self, bytes: &[u8]) -> Answer {
        // SAFETY: see above.
        self.own(unsafe { q::JS_NewArrayBufferCopy(self.0, bytes.as_ptr(), bytes.len() as _) })
    }

    pub(super) fn object(self) -> Answer {
        // SAFETY: see above.
        self.own(unsafe { q::JS_NewObject(self.0) })
    }

    pub(super) fn global(self) -> Value {
        // SAFETY: see above.
        Value { context: self, raw: unsafe { q::JS_GetGlobalObject(self.0) } }
    }

    /// `JSON.parse`.
    pub(super) fn parse_json(self, json: &[u8]) -> Answer {
        // Text that is not UTF-8 gets replacement characters; QuickJS wants a NUL behind the text.
        let mut text = String::from_utf8_lossy(json).into_owned();
        let length = text.len();
        text.push('\0');
        // SAFETY: see above.
        self.own(unsafe { q::JS_ParseJSON(self.0, text.as_ptr().cast(), length as _, c"<json>".as_ptr()) })
    }

    /// Takes the pending exception.
    pub(super) fn exception(self) -> Value {
        // SAFETY: see above.
        Value { context: self, raw: unsafe { q::JS_GetException(self.0) } }
    }

    /// Throws: the value for a native function to return.
    pub(super) fn throw(self, thrown: &Thrown) -> q::JSValue {
        let globals = super::interpreter::globals(self);
        let constructor = match thrown.class {
            ErrorClass::Type => &globals.type_error,
            ErrorClass::Range => &globals.range_error,
            ErrorClass::Internal => &globals.internal_error,
        };
        let error = self.string(&thrown.message).and_then(|message| constructor.construct(&[&message]));
        match error {
            // SAFETY: see above; `JS_Throw` takes the reference.
            Ok(error) => unsafe { q::JS_Throw(self.0, error.into_raw()) },
            Err(_) => q::JS_EXCEPTION,
        }
    }

    /// Ends the script: the value for a native function to return. Scripts can't catch it.
    pub(super) fn interrupt(self) -> q::JSValue {
        super::interpreter::globals(self).memory().make_sure_of_exception();
        // SAFETY: see above; `JS_Throw` takes the reference. Making an error this way runs nothing of the script.
        unsafe {
            let exception = q::JS_NewError(self.0);
            q::JS_SetUncatchableError(self.0, exception);
            q::JS_Throw(self.0, exception)
        }
    }

    /// What a native function returns to QuickJS.
    pub(super) fn give(self, answer: Answer) -> q::JSValue {
        match answer {
            Ok(value) => value.into_raw(),
            Err(Problem::Pending) => q::JS_EXCEPTION,
            Err(Problem::Throw(thrown)) => self.throw(&thrown),
            Err(Problem::Described(exception)) => {
                self.throw(&Thrown::internal(exception.map(|exception| exception.message).unwrap_or_default()))
            }
        }
    }
}

impl Value {
    pub(super) fn raw(&self) -> q::JSValue {
        self.raw
    }

    /// Gives the reference to QuickJS.
    pub(super) fn into_raw(self) -> q::JSValue {
        let raw = self.raw;
        std::mem::forget(self);
        raw
    }

    pub(super) fn context(&self) -> Context {
        self.context
    }

    pub(super) fn is_undefined(&self) -> bool {
        // SAFETY: reads the tag only.
        unsafe { q::JS_IsUndefined(self.raw) }
    }

    pub(super) fn is_null(&self) -> bool {
        // SAFETY: reads the tag only.
        unsafe { q::JS_IsNull(self.raw) }
    }

    pub(super) fn is_object(&self) -> bool {
        // SAFETY: reads the tag only.
        unsafe { q::JS_IsObject(self.raw) }
    }

    pub(super) fn is_array(&self) -> bool {
        // SAFETY: looks at the object's class only.
        unsafe { q::JS_IsArray(self.raw) }
    }

    pub(super) fn is_proxy(&self) -> bool {
        // SAFETY: looks at the value only.
        unsafe { q::JS_IsProxy(self.raw) }
    }

    pub(super) fn is_string(&self) -> bool {
        // SAFETY: reads the tag only.
        unsafe { q::JS_IsString(self.raw) }
    }

    pub(super) fn is_symbol(&self) -> bool {
        // SAFETY: reads the tag only.
        unsafe { q::JS_IsSymbol(self.raw) }
    }

    pub(super) fn is_error(&self) -> bool {
        // SAFETY: looks at the object's class only.
        unsafe { q::JS_IsError(self.raw) }
    }

    pub(super) fn is_function(&self) -> bool {
        // SAFETY: see above.
        unsafe { q::JS_IsFunction(self.context.0, self.raw) }
    }

    /// The value of a boolean.
    pub(super) fn as_boolean(&self) -> Option<bool> {
        // SAFETY: reads tag and number only.
        unsafe { q::JS_IsBool(self.raw).then(|| q::JS_VALUE_GET_BOOL(self.raw)) }
    }

    /// The value of a number.
    pub(super) fn as_number(&self) -> Option<f64> {
        let mut number = 0.0;
        // SAFETY: for a number the conversion runs no script.
        let converted =
            unsafe { q::JS_IsNumber(self.raw) && q::JS_ToFloat64(self.context.0, &raw mut number, self.raw) == 0 };
        converted.then_some(number)
    }

    /// JavaScript's idea of true.
    pub(super) fn truthy(&self) -> bool {
        // SAFETY: see above.
        unsafe { q::JS_ToBool(self.context.0, self.raw) > 0 }
    }

    /// `String(value)`, which may run the script's own code.
    pub(super) fn to_text(&self) -> Result<String, Problem> {
        self.to_bytes().map(text_of)
    }

    /// As [`Value::to_text`], as bytes: UTF-8, where lone surrogates have three bytes each.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Problem> {
        let mut length = 0;
        // SAFETY: see above; the text is copied before it is freed.
        unsafe {
            let text = q::JS_ToCStringLen(self.context.0, &raw mut length, self.raw);
            if text.is_null() {
                return Err(Problem::Pending);
            }
            let bytes = std::slice::from_raw_parts(text.cast::<u8>(), length).to_vec();
            q::JS_FreeCString(self.context.0, text);
            Ok(bytes)
        }
    }

    /// `JSON.stringify(value)`; undefined when there is no JSON for it.
    pub(super) fn to_json(&self) -> Answer {
        // SAFETY: see above.
        self.context.own(unsafe { q::JS_JSONStringify(self.context.0, self.raw, q::JS_UNDEFINED, q::JS_UNDEFINED) })
    }

    pub(super) fn get(&self, name: &CStr) -> Answer {
        // SAFETY: see above.
        self.context.own(unsafe { q::JS_GetPropertyStr(self.context.0, self.raw, name.as_ptr()) })
    }

    /// A property by any name.
    pub(super) fn member(&self, name: &str) -> Answer {
        // SAFETY: see above; the atom is freed after its use.
        unsafe {
            let atom = q::JS_NewAtomLen(self.context.0, name.as_ptr().cast(), name.len() as _);
            let member = self.context.own(q::JS_GetProperty(self.context.0, self.raw, atom));
            q::JS_FreeAtom(self.context.0, atom);
            member
        }
    }

    /// An element by its index.
    pub(super) fn element(&self, index: usize) -> Answer {
        // SAFETY: see above.
        self.context.own(unsafe { q::JS_GetPropertyInt64(self.context.0, self.raw, index as i64) })
    }

    /// Whether an own property of this name has a getter or a setter.
    pub(super) fn has_accessor(&self, name: &str) -> bool {
        self.getter(name).is_some()
    }

    /// The getter of an own accessor property; undefined if it has only a setter.
    pub(super) fn getter(&self, name: &str) -> Option<Value> {
        // SAFETY: see above; the descriptor is filled when there is a property, and its references are given back.
        unsafe {
            let mut descriptor = std::mem::zeroed::<q::JSPropertyDescriptor>();
            let atom = q::JS_NewAtomLen(self.context.0, name.as_ptr().cast(), name.len() as _);
            let found = q::JS_GetOwnProperty(self.context.0, &raw mut descriptor, self.raw, atom);
            q::JS_FreeAtom(self.context.0, atom);
            if found <= 0 {
                return None;
            }
            q::JS_FreeValue(self.context.0, descriptor.value);
            q::JS_FreeValue(self.context.0, descriptor.setter);
            let getter = self.context.own(descriptor.getter).ok();
            getter.filter(|_| descriptor.flags & q::JS_PROP_GETSET as c_int != 0)
        }
    }

    /// What it inherits from.
    pub(super) fn prototype(&self) -> Answer {
        // SAFETY: see above.
        self.context.own(unsafe { q::JS_GetPrototype(self.context.0, self.raw) })
    }

    /// The bytecode of a compiled function or module.
    pub(super) fn bytecode(&self) -> Result<Vec<u8>, Problem> {
        let mut length = 0;
        // SAFETY: see above; the bytes are copied before they are freed.
        unsafe {
            let flags = q::JS_WRITE_OBJ_BYTECODE as c_int;
            let data = q::JS_WriteObject(self.context.0, &raw mut length, self.raw, flags);
            if data.is_null() {
                return Err(Problem::Pending);
            }
            let bytecode = std::slice::from_raw_parts(data, length as usize).to_vec();
            q::js_free(self.context.0, data.cast());
            Ok(bytecode)
        }
    }

    /// Whether there is a property of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        // SAFETY: see above; the atom is freed after its use.
        unsafe {
            let atom = q::JS_NewAtomLen(self.context.0, name.as_ptr().cast(), name.len() as _);
            let has = q::JS_HasProperty(self.context.0, self.raw, atom);
            q::JS_FreeAtom(self.context.0, atom);
            has > 0
        }
    }

    /// Sets an own property that scripts can see and change.
    pub(super) fn define(&self, name: &str, value: Value) -> Result<(), Problem> {
        self.define_with(name, value, q::JS_PROP_C_W_E)
    }

    /// As [`Value::define`], with QuickJS's flags.
    pub(super) fn define_with(&self, name: &str, value: Value, flags: u32) -> Result<(), Problem> {
        // SAFETY: see above; the definition takes the value's reference.
        let defined = unsafe {
            let atom = q::JS_NewAtomLen(self.context.0, name.as_ptr().cast(), name.len() as _);
            let defined = q::JS_DefinePropertyValue(self.context.0, self.raw, atom, value.into_raw(), flags as c_int);
            q::JS_FreeAtom(self.context.0, atom);
            defined
        };
        if defined < 0 { Err(Problem::Pending) } else { Ok(()) }
    }

    pub(super) fn call(&self, this: &Value, arguments: &[&Value]) -> Answer {
        let mut raw: Vec<q::JSValue> = arguments.iter().map(|value| value.raw).collect();
        // SAFETY: see above; QuickJS borrows the arguments.
        self.context
            .own(unsafe { q::JS_Call(self.context.0, self.raw, this.raw, raw.len() as c_int, raw.as_mut_ptr()) })
    }

    pub(super) fn construct(&self, arguments: &[&Value]) -> Answer {
        let mut raw: Vec<q::JSValue> = arguments.iter().map(|value| value.raw).collect();
        // SAFETY: see above; QuickJS borrows the arguments.
        self.context
            .own(unsafe { q::JS_CallConstructor(self.context.0, self.raw, raw.len() as c_int, raw.as_mut_ptr()) })
    }

    /// A copy of the bytes of an `ArrayBuffer`.
    pub(super) fn as_buffer(&self) -> Option<Vec<u8>> {
        // SAFETY: looks at the object's class, then copies the bytes that QuickJS points to; no script runs in between.
        unsafe {
            if !q::JS_IsArrayBuffer(self.raw) {
                return None;
            }
            let mut length = 0;
            let data = q::JS_GetArrayBuffer(self.context.0, &raw mut length, self.raw);
            if data.is_null() {
                // Detached, or empty; a detached one leaves an exception.
                drop(self.context.exception());
                return Some(Vec::new());
            }
            Some(std::slice::from_raw_parts(data, length as usize).to_vec())
        }
    }
}
