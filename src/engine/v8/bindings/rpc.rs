//! `ccf.rpc` and the switches of a request.

use super::arguments::{answer, bytes, count};
use crate::engine::Thrown;
use crate::engine::v8::active::with_request;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;

const RPC: &str = "ccf.rpc";

pub(super) fn set_apply_writes<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let given = arguments.length();
    let result = if given == 1 {
        let apply = arguments.get(0).boolean_value(scope);
        with_request(scope, RPC, |execution| execution.set_apply_writes(apply))
    } else {
        Err(Thrown::type_error(format!("Passed {given} arguments but expected 1")))
    };
    answer(scope, place, result.map(|()| None));
}

pub(super) fn set_claims_digest<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let digest = count(&arguments, 1).and_then(|()| bytes(arguments.get(0), "Argument must be an ArrayBuffer"));
    let result = digest.and_then(|digest| with_request(scope, RPC, |execution| execution.set_claims_digest(&digest)));
    answer(scope, place, result.map(|()| None));
}

pub(super) fn enable_untrusted_date_time<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = switch(&arguments).and_then(|on| {
        with_request(scope, "ccf.enableUntrustedDateTime", |execution| {
            Ok(std::mem::replace(&mut execution.untrusted_time, on))
        })
    });
    let result = result.map(|former| Some(v8::Boolean::new(scope, former).into()));
    answer(scope, place, result);
}

pub(super) fn enable_metrics_logging<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = switch(&arguments).and_then(|on| {
        with_request(scope, "ccf.enableMetricsLogging", |execution| {
            Ok(std::mem::replace(&mut execution.metrics_logging, on))
        })
    });
    let result = result.map(|former| Some(v8::Boolean::new(scope, former).into()));
    answer(scope, place, result);
}

fn switch(arguments: &Arguments<'_>) -> Result<bool, Thrown> {
    count(arguments, 1)?;
    let value = arguments.get(0);
    if value.is_boolean() { Ok(value.is_true()) } else { Err(Thrown::type_error("First argument must be a boolean")) }
}
