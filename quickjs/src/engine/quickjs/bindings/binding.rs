//! `Function.prototype.bind`.

use super::super::interpreter;
use super::super::value::Answer;
use super::Call;
use rquickjs_sys as q;
use std::ffi::c_int;

/// What QuickJS asks for to keep what a function is bound to, beside the values: a function, a receiver, and how many arguments there are.
const BOUND: usize = 2 * size_of::<q::JSValue>() + 8;

/// QuickJS's own, which ends the process when it gets no memory for what a function is bound to. So it gets that in any case; a limit is
/// noticed by the next request for memory.
pub(super) fn bind(call: &Call<'_>) -> Answer {
    let globals = interpreter::globals(call.context);
    let values = call.arguments.len().saturating_sub(1) * size_of::<q::JSValue>();
    let (count, arguments) = (call.arguments.len() as c_int, call.arguments.as_ptr().cast_mut());
    // SAFETY: the context is live; QuickJS borrows the receiver and the arguments.
    let bound = globals.memory().certainly(BOUND + values, || unsafe {
        q::JS_Call(call.context.0, globals.bind.raw(), call.this, count, arguments)
    });
    call.context.own(bound)
}
