//! `console`: lines of the app's log.

use super::super::active::with_request;
use super::super::exception;
use super::super::outside::Outside;
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
    let mut outside = Outside::new(call.context);
    let mut line = String::new();
    for index in 0..call.arguments.len() {
        let text = exception::text(&call.argument(index))?;
        // Many arguments may be one long text.
        outside.take(text.len())?;
        if index > 0 {
            line.push(' ');
        }
        line.push_str(&text);
    }
    with_request(call.context, "console", |execution| execution.log(level, &line))?;
    Ok(call.context.undefined())
}
