//! What turns of a live realm run: scripts and functions, and what becomes of their values.

use super::{ending, jobs};
use crate::engine::{Exception, TurnEnd};

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// What a value came to when all jobs were done.
pub(super) enum Settled<'s> {
    Value(v8::Local<'s, v8::Value>),
    Threw(v8::Local<'s, v8::Value>),
    Pending,
}

/// Runs all jobs; a promise counts as what it was settled with. None when the run was ended.
pub(super) fn settled<'s>(scope: Scope<'_, 's, '_>, value: v8::Local<'s, v8::Value>) -> Option<Settled<'s>> {
    if !jobs::run(scope) {
        return None;
    }
    let Ok(promise) = v8::Local::<v8::Promise>::try_from(value) else {
        return Some(Settled::Value(value));
    };
    Some(match promise.state() {
        v8::PromiseState::Pending => Settled::Pending,
        v8::PromiseState::Fulfilled => Settled::Value(promise.result(scope)),
        v8::PromiseState::Rejected => {
            promise.mark_as_handled();
            Settled::Threw(promise.result(scope))
        }
    })
}

/// Compiles a script.
pub(super) fn compile<'s>(scope: Scope<'_, 's, '_>, name: &str, source: &str) -> Option<v8::Local<'s, v8::Script>> {
    let (source, name) = (v8::String::new(scope, source)?, v8::String::new(scope, name)?);
    let origin = v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, 0, None, false, false, false, None);
    v8::Script::compile(scope, source, Some(&origin))
}

/// A function by its name, which may be that of a method with its object before it: `counter.increment`.
pub(super) fn callee<'s>(
    scope: Scope<'_, 's, '_>,
    name: &str,
) -> Result<(v8::Local<'s, v8::Function>, v8::Local<'s, v8::Value>), TurnEnd> {
    let failure = |message: String| Exception { message, trace: None };
    let letter = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let is_name =
        |part: &str| part.chars().all(letter) && part.starts_with(|first: char| letter(first) && !first.is_numeric());
    if !name.split('.').all(is_name) {
        return Err(TurnEnd::Refused(failure(format!("`{name}` is not the name of a function"))));
    }
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let receiver = match name.rsplit_once('.') {
        Some((object, _)) => compile(scope, "jsep:call", object).and_then(|script| script.run(scope)),
        None => Some(v8::undefined(scope).into()),
    };
    let function = compile(scope, "jsep:call", name)
        .and_then(|script| script.run(scope))
        .and_then(|value| v8::Local::<v8::Function>::try_from(value).ok());
    // Looking for it may have run a getter, so the turn did begin.
    function.zip(receiver).ok_or_else(|| TurnEnd::Threw(failure(format!("the realm has no function `{name}`"))))
}

pub(super) fn call<'s>(
    scope: Scope<'_, 's, '_>,
    function: v8::Local<'s, v8::Function>,
    receiver: v8::Local<'s, v8::Value>,
    argument: &str,
) -> Option<Settled<'s>> {
    let mut arguments = Vec::new();
    if !argument.is_empty() {
        let text = v8::String::new(scope, argument)?;
        arguments.push(v8::json::parse(scope, text)?);
    }
    let value = function.call(scope, receiver, &arguments)?;
    settled(scope, value)
}

/// Gives a message to the function.
pub(super) fn receive<'s>(
    scope: Scope<'_, 's, '_>,
    function: v8::Local<'s, v8::Function>,
    sender: &str,
    value: v8::Local<'s, v8::Value>,
) -> Option<Settled<'s>> {
    let sender = v8::String::new(scope, sender)?;
    let nothing = v8::undefined(scope).into();
    let value = function.call(scope, nothing, &[sender.into(), value])?;
    settled(scope, value)
}

/// Tells the function which alarm it is, and for when it was set.
pub(super) fn alarm<'s>(
    scope: Scope<'_, 's, '_>,
    function: v8::Local<'s, v8::Function>,
    name: &str,
    time: f64,
) -> Option<Settled<'s>> {
    let (name, time) = (v8::String::new(scope, name)?, v8::Number::new(scope, time));
    let nothing = v8::undefined(scope).into();
    let value = function.call(scope, nothing, &[name.into(), time.into()])?;
    settled(scope, value)
}

/// A value as JSON, or nothing for what JSON has no form for. None when its conversion threw.
pub(super) fn json(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Option<String> {
    if value.is_undefined() || value.is_function() || value.is_symbol() {
        return Some(String::new());
    }
    let text = v8::json::stringify(scope, value)?;
    Some(text.to_rust_string_lossy(scope))
}

/// A value for people: functions by their source, what JSON knows as JSON, and the rest as V8 describes it.
pub(super) fn printed(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    v8::tc_scope!(let scope, scope);
    ending::keep_possible(scope);
    let plain = value.is_undefined() || value.is_function() || value.is_native_error() || value.is_big_int();
    let text = match plain {
        true => value.to_string(scope),
        false if value.is_symbol() => None,
        // For what JSON has no form for, this is the text `undefined`.
        false => v8::json::stringify(scope, value),
    };
    let text = text.or_else(|| {
        scope.reset();
        value.to_detail_string(scope)
    });
    text.map(|text| text.to_rust_string_lossy(scope)).unwrap_or_default()
}
