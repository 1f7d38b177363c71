//! What only durable realms have: `send`, `setAlarm` and `clearAlarm`.

use super::arguments::{answer, string};
use crate::engine::Thrown;
use crate::engine::v8::active::with_request;
use crate::engine::v8::message;
use crate::host::HostError;
use v8::MapFnTo;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;
type Answer<'s> = Result<Option<v8::Local<'s, v8::Value>>, Thrown>;

/// Name, number of arguments, and what V8 calls.
pub(super) fn functions() -> [super::Native; 3] {
    [("send", 2, send.map_fn_to()), ("setAlarm", 1, set_alarm.map_fn_to()), ("clearAlarm", 0, clear_alarm.map_fn_to())]
}

/// Gives the functions to the current realm.
pub(in crate::engine::v8) fn install(scope: Scope<'_, '_, '_>) -> Option<()> {
    let global = scope.get_current_context().global(scope);
    for (name, length, callback) in functions() {
        super::define(scope, global, name, length, v8::Function::builder_raw(callback))?;
        let key = v8::String::new(scope, name)?;
        let function = global.get(scope, key.into())?;
        global.define_own_property(scope, key.into(), function, v8::PropertyAttribute::DONT_ENUM)?;
    }
    Some(())
}

fn send<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = post(scope, &arguments);
    answer(scope, place, result);
}

fn post<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
    super::arguments::count(arguments, 2)?;
    let to = string(scope, arguments.get(0), "First argument must be the name of a realm")?;
    let Some(bytes) = message::write(scope, arguments.get(1)) else { return Ok(None) };
    with_request(scope, "send", |execution| execution.host().send(&to, &bytes).map_err(refused("send")))?;
    Ok(Some(v8::undefined(scope).into()))
}

fn set_alarm<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = set(scope, &arguments);
    answer(scope, place, result);
}

fn set<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
    // A date is the number that it stands for.
    let time = match v8::Local::<v8::Date>::try_from(arguments.get(0)) {
        Ok(date) => date.value_of(),
        Err(_) => v8::Local::<v8::Number>::try_from(arguments.get(0)).map_or(f64::NAN, |number| number.value()),
    };
    if !time.is_finite() {
        let message = "First argument must be a time: a Date, or milliseconds since 1970";
        return Err(Thrown::type_error(message));
    }
    change(scope, arguments.get(1), "setAlarm", Some(time))
}

fn clear_alarm<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = change(scope, arguments.get(0), "clearAlarm", None);
    answer(scope, place, result);
}

/// Sets or clears the alarm of a name, which is empty for the one without.
fn change<'s>(
    scope: Scope<'_, 's, '_>,
    name: v8::Local<'s, v8::Value>,
    function: &'static str,
    time: Option<f64>,
) -> Answer<'s> {
    let name = match name.is_undefined() {
        true => String::new(),
        false => string(scope, name, "The name of an alarm must be a string")?,
    };
    with_request(scope, function, |execution| execution.host().set_alarm(&name, time).map_err(refused(function)))?;
    Ok(Some(v8::undefined(scope).into()))
}

/// What a script gets when there is no room.
fn refused(function: &'static str) -> impl Fn(HostError) -> Thrown {
    move |error| Thrown::range_error(format!("{function}: {error}"))
}
