//! `console`: lines of the app's log; and `queueMicrotask`.

use super::arguments::answer;
use crate::engine::Thrown;
use crate::engine::v8::active::{self, with_request};
use crate::engine::v8::outside::Outside;
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
    let result = write(scope, arguments, level);
    answer(scope, place, result.map(|()| None));
}

fn write(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>, level: LogLevel) -> Result<(), Thrown> {
    let mut outside = Outside::default();
    let Some(line) = line(scope, arguments, &mut outside)? else { return Ok(()) };
    let held_back = with_request(scope, "console", |execution| {
        execution.log(level, &line)?;
        Ok(execution.host().holds_log_back())
    })?;
    if held_back {
        outside.take(scope, size_of_val(&line))?;
        active::with(scope, |active| {
            active.held_back.add(outside);
            Ok(())
        })?;
    }
    Ok(())
}

/// The arguments as texts, with spaces between them; none when an exception is on its way. It may get long, because many arguments may be
/// one long text.
fn line(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>, outside: &mut Outside) -> Result<Option<String>, Thrown> {
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
        let Some(text) = text else { return Ok(None) };
        if index > 0 {
            line.push(' ');
        }
        line.push_str(&outside.text(scope, text)?);
    }
    Ok(Some(line))
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
