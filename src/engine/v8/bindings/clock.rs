//! `Date` and `Math.random` over the host's clock and entropy.

use super::arguments::answer;
use crate::engine::Thrown;
use crate::engine::v8::active::with_request;
use v8::MapFnTo;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;
type Answer<'s> = Result<Option<v8::Local<'s, v8::Value>>, Thrown>;

pub(super) fn random<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, place: Place<'s>) {
    let result = with_request(scope, "randomness", |execution| execution.random());
    let result = result.map(|number| Some(v8::Number::new(scope, number).into()));
    answer(scope, place, result);
}

pub(super) fn now<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, place: Place<'s>) {
    let result = time(scope).map(Some);
    answer(scope, place, result);
}

fn time<'s>(scope: Scope<'_, 's, '_>) -> Result<v8::Local<'s, v8::Value>, Thrown> {
    let now = with_request(scope, "the clock", |execution| Ok(execution.now()))?;
    Ok(v8::Number::new(scope, now).into())
}

/// Makes the constructor `Date` from V8's own and `Reflect.construct`.
pub(super) fn make_date<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut place: Place<'s>) {
    let parts = v8::Array::new_with_elements(scope, &[arguments.get(0), arguments.get(1)]);
    let Some(name) = v8::String::new(scope, "Date") else { return };
    let template = v8::FunctionTemplate::builder_raw(date.map_fn_to())
        .data(parts.into())
        .length(7)
        .side_effect_type(v8::SideEffectType::HasNoSideEffect)
        .build(scope);
    template.set_class_name(name);
    if let Some(function) = template.get_function(scope) {
        place.set(function.into());
    }
}

/// `Date(…)` and `new Date(…)`.
pub(super) fn date<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = make(scope, &arguments);
    answer(scope, place, result);
}

fn make<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
    let lost = || Thrown::internal("the clock is lost");
    let parts = v8::Local::<v8::Array>::try_from(arguments.data()).map_err(|_| lost())?;
    let (Some(own), Some(construct)) = (parts.get_index(scope, 0), parts.get_index(scope, 1)) else {
        return Err(lost());
    };
    let construct = v8::Local::<v8::Function>::try_from(construct).map_err(|_| lost())?;
    let constructs = arguments.is_construct_call();
    let mut given: Vec<v8::Local<v8::Value>> = Vec::new();
    if constructs {
        given.extend((0..arguments.length()).map(|index| arguments.get(index)));
    }
    if given.is_empty() {
        given.push(time(scope)?);
    }
    let given = v8::Array::new_with_elements(scope, &given).into();
    let target = if constructs { arguments.new_target() } else { own };
    let nothing = v8::undefined(scope).into();
    let date = construct.call(scope, nothing, &[own, given, target]);
    match date {
        Some(date) if !constructs => Ok(date.to_string(scope).map(Into::into)),
        date => Ok(date),
    }
}
