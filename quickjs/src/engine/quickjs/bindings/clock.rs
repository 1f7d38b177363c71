//! `Date` and `Math.random` over the host's clock and entropy.

use super::super::active::with_request;
use super::super::interpreter;
use super::super::value::{Answer, Context, Problem, Value};
use super::{Call, lists, run};
use crate::engine::Thrown;
use rquickjs_sys as q;
use std::ffi::c_int;

pub(super) fn random(call: &Call<'_>) -> Answer {
    let number = with_request(call.context, "randomness", |execution| execution.random())?;
    Ok(call.context.number(number))
}

pub(super) fn now(call: &Call<'_>) -> Answer {
    Ok(call.context.number(time(call.context)?))
}

fn time(context: Context) -> Result<f64, Thrown> {
    with_request(context, "the clock", |execution| Ok(execution.now()))
}

/// Puts a `Date` over the host's clock in the place of QuickJS's own.
pub(super) fn install(context: Context, global: &Value) -> Result<(), Problem> {
    let native = &interpreter::globals(context).date;
    // SAFETY: the context is live, and the function matches its calling convention.
    let constructor = context.own(unsafe {
        q::JS_NewCFunction2(
            context.0,
            q::JSCFunctionType { generic: Some(construct) }.generic,
            c"Date".as_ptr(),
            7,
            q::JSCFunctionEnum_JS_CFUNC_constructor_or_func,
            0,
        )
    })?;
    let hidden = q::JS_PROP_CONFIGURABLE | q::JS_PROP_WRITABLE;
    // SAFETY: both are live objects.
    unsafe { q::JS_SetConstructor(context.0, constructor.raw(), native.get(c"prototype")?.raw()) };
    lists::define(&constructor, lists::Which::Date);
    constructor.define_with("parse", native.get(c"parse")?, hidden)?;
    constructor.define_with("UTC", native.get(c"UTC")?, hidden)?;
    global.define_with("Date", constructor, hidden)
}

/// What QuickJS calls for `Date(…)`, without a receiver, and `new Date(…)`, with the new target as receiver.
unsafe extern "C" fn construct(
    context: *mut q::JSContext,
    target: q::JSValue,
    count: c_int,
    arguments: *mut q::JSValue,
) -> q::JSValue {
    // SAFETY: QuickJS lends this many arguments for the call.
    unsafe { run(date, Context(context), target, count, arguments, 0) }
}

fn date(call: &Call<'_>) -> Answer {
    let context = call.context;
    let native = &interpreter::globals(context).date;
    let target = context.borrow(call.this);
    if target.is_undefined() {
        let now = context.number(time(context)?);
        let date = native.construct(&[&now])?;
        return context.string(&date.to_text()?);
    }
    let mut arguments: Vec<q::JSValue> = call.arguments.to_vec();
    if arguments.is_empty() {
        arguments.push(q::JS_NewFloat64(time(context)?));
    }
    // SAFETY: the context is live; QuickJS borrows the arguments.
    context.own(unsafe {
        q::JS_CallConstructor2(context.0, native.raw(), target.raw(), arguments.len() as c_int, arguments.as_mut_ptr())
    })
}
