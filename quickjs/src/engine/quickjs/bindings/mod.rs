//! The functions of `ccf`, the request object and the response.

mod binding;
mod clock;
mod console;
mod environment;
mod functions;
mod historical;
mod kv;
mod lists;
mod request;
mod response;
mod views;

pub(super) use historical::show_past_state;
pub(super) use kv::Classes;
pub(super) use request::request_object;
pub(super) use response::convert;
pub(super) use views::Views;

use super::interpreter;
use super::value::{Answer, Context, Problem, Value};
use crate::engine::functions::function as shared_function;
use crate::engine::{OptionalGlobals, Thrown};
use rquickjs_sys as q;
use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One call of a native function.
pub(super) struct Call<'a> {
    context: Context,
    this: q::JSValue,
    arguments: &'a [q::JSValue],
    /// Number that the function was made with.
    magic: i32,
}

/// A native function.
type Native = fn(&Call<'_>) -> Answer;

impl Call<'_> {
    /// An argument, or undefined.
    fn argument(&self, index: usize) -> Value {
        match self.arguments.get(index) {
            Some(raw) => self.context.borrow(*raw),
            None => self.context.undefined(),
        }
    }

    /// Exactly `expected` arguments.
    fn count(&self, expected: usize) -> Result<(), Thrown> {
        let given = self.arguments.len();
        if given == expected { Ok(()) } else { Err(Thrown::argument_count(given, expected)) }
    }

    /// A copy of the bytes of an `ArrayBuffer` argument; `refusal` is the message for anything else.
    fn bytes(&self, index: usize, refusal: &'static str) -> Result<Vec<u8>, Thrown> {
        self.argument(index).as_buffer().ok_or_else(|| Thrown::type_error(refusal))
    }
}

/// What QuickJS calls for all native functions but those of `lists` with a prototype of their own: `magic` tells which.
unsafe extern "C" fn dispatch(
    context: *mut q::JSContext,
    this: q::JSValue,
    count: c_int,
    arguments: *mut q::JSValue,
    magic: c_int,
) -> q::JSValue {
    let number = usize::try_from(magic >> kv::PERMISSION_BITS).unwrap_or(usize::MAX);
    let shared = number.checked_sub(lists::FIRST_SHARED).and_then(|number| u16::try_from(number).ok());
    let native = |call: &Call<'_>| match (lists::NATIVES.get(number), shared.and_then(shared_function)) {
        (Some((_, _, native)), _) => native(call),
        (None, Some(function)) => functions::run(function, call),
        (None, None) => Err(Thrown::internal("no such native function").into()),
    };
    // SAFETY: QuickJS lends this many arguments for the call.
    unsafe { run(native, Context(context), this, count, arguments, magic) }
}

/// Runs a native function; a panic becomes an exception instead of ending the process.
///
/// # Safety
/// The context is live, and `arguments` points to `count` values for the duration of the call.
unsafe fn run(
    native: impl FnOnce(&Call<'_>) -> Answer,
    context: Context,
    this: q::JSValue,
    count: c_int,
    arguments: *mut q::JSValue,
    magic: c_int,
) -> q::JSValue {
    let arguments = match usize::try_from(count) {
        // SAFETY: the caller promises `count` values.
        Ok(count) if count > 0 => unsafe { std::slice::from_raw_parts(arguments, count) },
        _ => &[],
    };
    let call = Call { context, this, arguments, magic };
    let answer = catch_unwind(AssertUnwindSafe(|| native(&call)));
    let given = context.give(answer.unwrap_or_else(|_| Err(Thrown::internal("a native function failed").into())));
    if super::active::is_out_of_time(context) {
        // SAFETY: the value is owned and not used again; freeing an exception's marker does nothing.
        unsafe { q::JS_FreeValue(context.0, given) };
        return context.interrupt();
    }
    given
}

/// Builds the globals of a new context, with those that are `optional` if they are wanted.
pub(super) fn install(context: Context, optional: OptionalGlobals) -> Result<(), Problem> {
    let global = context.global();
    for name in [c"SharedArrayBuffer", c"Atomics"] {
        delete(&global, name);
    }
    let math = global.get(c"Math")?;
    // QuickJS ends the process when a function of a table is there already.
    delete(&math, c"random");
    lists::define(&math, lists::Which::Math);
    let functions = interpreter::globals(context).bind.prototype()?;
    delete(&functions, c"bind");
    lists::define(&functions, lists::Which::Function);
    lists::define(&global, lists::Which::Global);
    let ccf = context.object()?;
    lists::define(&ccf, lists::Which::Ccf);
    if optional.host {
        lists::define(&ccf, lists::Which::Host);
    }
    interpreter::globals(context).classes.add_prototypes(context)?;
    ccf.define("kv", kv::root(context, None)?)?;
    interpreter::globals(context).keep_ccf(&ccf);
    global.define_with("ccf", ccf, q::JS_PROP_CONFIGURABLE | q::JS_PROP_WRITABLE)?;
    clock::install(context, &global)
}

fn delete(object: &Value, name: &CStr) {
    let context = object.context();
    // SAFETY: the object is live, the name ends with a NUL byte, and the atom is freed after its use.
    unsafe {
        let atom = q::JS_NewAtom(context.0, name.as_ptr());
        q::JS_DeleteProperty(context.0, object.raw(), atom, 0);
        q::JS_FreeAtom(context.0, atom);
    }
}
