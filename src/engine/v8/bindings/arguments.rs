//! Checking arguments and making results, the same for all native functions.

use crate::engine::Thrown;
use crate::engine::v8::{active, checked};

/// Exactly `expected` arguments.
pub(super) fn count(arguments: &v8::FunctionCallbackArguments<'_>, expected: usize) -> Result<(), Thrown> {
    let given = usize::try_from(arguments.length()).unwrap_or(0);
    if given == expected { Ok(()) } else { Err(Thrown::argument_count(given, expected)) }
}

/// A copy of the bytes of an `ArrayBuffer`; `refusal` is the message for anything else.
pub(super) fn bytes(value: v8::Local<'_, v8::Value>, refusal: &'static str) -> Result<Vec<u8>, Thrown> {
    let buffer = v8::Local::<v8::ArrayBuffer>::try_from(value).map_err(|_| Thrown::type_error(refusal))?;
    Ok(copy(buffer))
}

/// A copy of the bytes of a buffer.
pub(super) fn copy(buffer: v8::Local<'_, v8::ArrayBuffer>) -> Vec<u8> {
    match buffer.data() {
        // SAFETY: the buffer has this many bytes here, and no script runs while they are copied.
        Some(data) => unsafe { std::slice::from_raw_parts(data.as_ptr().cast::<u8>(), buffer.byte_length()) }.to_vec(),
        None => Vec::new(),
    }
}

/// The text of a string argument; anything else is refused.
pub(super) fn string(
    scope: &v8::PinScope<'_, '_>,
    value: v8::Local<'_, v8::Value>,
    refusal: &'static str,
) -> Result<String, Thrown> {
    if value.is_string() { Ok(value.to_rust_string_lossy(scope)) } else { Err(Thrown::type_error(refusal)) }
}

/// A new string; too long a text is out of memory.
pub(super) fn text<'s>(scope: &mut v8::PinScope<'s, '_>, text: &str) -> Result<v8::Local<'s, v8::Value>, Thrown> {
    v8::String::new(scope, text).map(Into::into).ok_or_else(|| Thrown::internal("out of memory"))
}

/// A new `ArrayBuffer` with a copy of `bytes`, within the request's budget.
pub(super) fn buffer<'s>(scope: &mut v8::PinScope<'s, '_>, bytes: &[u8]) -> Result<v8::Local<'s, v8::Value>, Thrown> {
    let fits = |scope: &v8::Isolate| active::with(scope, |active| Ok(active.buffers.has_room(bytes.len())));
    if !fits(scope)? {
        // Buffers that nothing refers to any more count until they are collected. V8 would end the process when the
        // allocation below fails, so it is only tried when it fits.
        scope.low_memory_notification();
        if !fits(scope)? {
            return Err(Thrown::internal("out of memory"));
        }
    }
    let buffer = v8::ArrayBuffer::new(scope, bytes.len());
    if let Some(data) = buffer.data() {
        // SAFETY: the new buffer has as many bytes as `bytes`, and nothing else refers to it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.as_ptr().cast::<u8>(), bytes.len()) };
    }
    Ok(buffer.into())
}

/// Gives `result` to the script, or throws. `None` means that an exception is on its way already.
pub(super) fn answer<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    mut place: v8::ReturnValue<'_, v8::Value>,
    result: Result<Option<v8::Local<'s, v8::Value>>, Thrown>,
) {
    match result {
        Ok(None) => {}
        _ if active::end_if_out_of_time(scope) => {}
        Ok(Some(value)) => place.set(value),
        Err(_) if is_refused(scope) => {}
        Err(thrown) => crate::engine::v8::exception::throw(scope, &thrown),
    }
}

/// Ends a checked call that asked for what can't be taken back.
fn is_refused(scope: &v8::Isolate) -> bool {
    let asked_for = active::with(scope, |active| Ok(active.execution.as_ref().and_then(|it| it.asked_for())));
    matches!(asked_for, Ok(Some(what)) if checked::refuse(&format!("the call of {what}, which can't be taken back")))
}
