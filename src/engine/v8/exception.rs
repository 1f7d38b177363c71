//! Exceptions as text.

use super::bindings;
use super::ending;
use crate::engine::{ErrorClass, Exception, Thrown};

/// How the contract words an exhausted heap.
pub(super) const OUT_OF_MEMORY: &str = "InternalError: out of memory";
/// How the contract words an exhausted stack.
pub(super) const STACK_OVERFLOW: &str = "InternalError: stack overflow";

/// How V8 words the same, and what the contract makes of it.
const TRANSLATIONS: [(&str, &str); 4] = [
    ("RangeError: Maximum call stack size exceeded", STACK_OVERFLOW),
    ("RangeError: Array buffer allocation failed", OUT_OF_MEMORY),
    ("RangeError: Invalid array buffer length", OUT_OF_MEMORY),
    ("RangeError: Invalid string length", OUT_OF_MEMORY),
];

/// What a `TryCatch` holds, described and taken out of it; without an exception, or with V8's own for the end of a script, that the script was
/// ended.
pub(super) fn caught(scope: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) -> Exception {
    match scope.exception() {
        Some(value) if scope.can_continue() => {
            scope.reset();
            describe(scope, value)
        }
        _ => Exception { message: "InternalError: interrupted".to_owned(), trace: None },
    }
}

/// Describes an exception. Its text may come from the script's own code, whose exceptions are dropped.
pub(super) fn describe(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Exception {
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let message = text(scope, value);
    scope.reset();
    let trace = if value.is_native_error() { trace(scope, value, &message) } else { None };
    let message = TRANSLATIONS.iter().find(|(own, _)| *own == message).map_or(message, |(_, ours)| (*ours).to_owned());
    Exception { message, trace }
}

/// `String(value)` for errors and primitives, JSON for other objects.
pub(super) fn text(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    let text = if value.is_object() && !value.is_native_error() {
        v8::json::stringify(scope, value)
    } else if value.is_symbol() {
        value.to_detail_string(scope)
    } else {
        value.to_string(scope)
    };
    text.map(|text| text.to_rust_string_lossy(scope)).unwrap_or_default()
}

/// The frames of an error's stack, without the message that V8 puts in front.
fn trace(scope: &mut v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Value>, message: &str) -> Option<String> {
    let key = v8::String::new(scope, "stack")?;
    let error: v8::Local<v8::Object> = error.try_into().ok()?;
    let stack = error.get(scope, key.into())?;
    if !stack.is_string() {
        return None;
    }
    let stack = stack.to_rust_string_lossy(scope);
    let frames = match stack.strip_prefix(message).and_then(|rest| rest.strip_prefix('\n')) {
        Some(frames) => frames,
        // The message was changed after the error was made, or has a name of its own: the frames begin at the first.
        None => stack.find("\n    at ").map_or("", |start| &stack[start + 1..]),
    };
    let own = |line: &&str| !line.contains(bindings::OWN_SCRIPTS);
    let frames: String = frames.lines().filter(own).flat_map(|line| [line, "\n"]).collect();
    (!frames.is_empty()).then_some(frames)
}

/// Makes `thrown` an exception of the current realm and throws it.
pub(super) fn throw(scope: &mut v8::PinScope<'_, '_>, thrown: &Thrown) {
    let Some(message) = v8::String::new(scope, &thrown.message) else {
        return;
    };
    let exception = match thrown.class {
        ErrorClass::Type => v8::Exception::type_error(scope, message),
        ErrorClass::Range => v8::Exception::range_error(scope, message),
        ErrorClass::Internal => {
            let exception = v8::Exception::error(scope, message);
            set_name(scope, exception, "InternalError");
            exception
        }
    };
    scope.throw_exception(exception);
}

/// Throws what the web throws for a value that can't be cloned.
pub(super) fn throw_clone_error(scope: &mut v8::PinScope<'_, '_>, message: &str) {
    let Some(message) = v8::String::new(scope, message) else {
        return;
    };
    let exception = v8::Exception::error(scope, message);
    set_name(scope, exception, "DataCloneError");
    scope.throw_exception(exception);
}

/// V8 has no classes for some errors: these are `Error` with another name.
fn set_name(scope: &mut v8::PinScope<'_, '_>, exception: v8::Local<'_, v8::Value>, name: &str) {
    let (Ok(error), Some(key), Some(name)) =
        (v8::Local::<v8::Object>::try_from(exception), v8::String::new(scope, "name"), v8::String::new(scope, name))
    else {
        return;
    };
    error.define_own_property(scope, key.into(), name.into(), v8::PropertyAttribute::DONT_ENUM);
}
