//! `console`: lines of the app's log; and `queueMicrotask`.

use super::arguments::answer;
use crate::engine::Thrown;
use crate::engine::v8::active::with_request;
use crate::host::LogLevel;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;

pub(super) fn info<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    log(scope, &arguments, place, LogLevel::Info);
}

pub(super) fn warn<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    log(scope, &arguments, place, LogLevel::Fail);
}

pub(super) fn error<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    log(scope, &arguments, place, LogLevel::Fatal);
}

fn log(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>, place: Place<'_>, level: LogLevel) {
    let mut line = String::new();
    for index in 0..arguments.length() {
        let value = arguments.get(index);
        let text = if value.is_object() && !value.is_native_error() {
            v8::json::stringify(scope, value)
        } else if value.is_symbol() {
            value.to_detail_string(scope)
        } else {
            value.to_string(scope)
        };
        // Without a text the exception of the conversion is on its way.
        let Some(text) = text else { return };
        if index > 0 {
            line.push(' ');
        }
        line.push_str(&text.to_rust_string_lossy(scope));
    }
    let result = with_request(scope, "console", |execution| {
        execution.log(level, &line);
        Ok(None)
    });
    answer(scope, place, result);
}

pub(super) fn queue_microtask<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let job = v8::Local::<v8::Function>::try_from(arguments.get(0));
    let job = job.map_err(|_| Thrown::type_error("Argument must be a function"));
    let result = job.map(|job| {
        scope.enqueue_microtask(job);
        None
    });
    answer(scope, place, result);
}
