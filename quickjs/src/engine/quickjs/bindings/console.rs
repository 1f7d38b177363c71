//! `console`: lines of the app's log.

use super::super::active::with_request;
use super::super::exception;
use super::super::value::Answer;
use super::Call;
use crate::host::LogLevel;

pub(super) fn info(call: &Call<'_>) -> Answer {
    log(call, LogLevel::Info)
}

pub(super) fn warn(call: &Call<'_>) -> Answer {
    log(call, LogLevel::Fail)
}

pub(super) fn error(call: &Call<'_>) -> Answer {
    log(call, LogLevel::Fatal)
}

fn log(call: &Call<'_>, level: LogLevel) -> Answer {
    let mut texts = Vec::new();
    for index in 0..call.arguments.len() {
        texts.push(exception::text(&call.argument(index))?);
    }
    let line = texts.join(" ");
    with_request(call.context, "console", |execution| {
        execution.log(level, &line);
        Ok(())
    })?;
    Ok(call.context.undefined())
}
