//! Exceptions as text.

use super::value::{Problem, Value};
use crate::engine::Exception;

/// How QuickJS words a limit, and what the contract makes of it.
const TRANSLATIONS: [(&str, &str); 4] = [
    ("RangeError: Maximum call stack size exceeded", "InternalError: stack overflow"),
    ("RangeError: Array buffer allocation failed", "InternalError: out of memory"),
    ("RangeError: invalid array buffer length", "InternalError: out of memory"),
    ("RangeError: invalid string length", "InternalError: out of memory"),
];

/// Describes an exception. Its text may come from the script's own code, whose exceptions are dropped.
pub(super) fn describe(value: &Value) -> Exception {
    let message = or_nothing(value, text(value));
    let trace = if value.is_error() {
        let stack =
            value.get(c"stack").and_then(|stack| if stack.is_string() { stack.to_text() } else { Ok(String::new()) });
        Some(or_nothing(value, stack)).filter(|trace| !trace.is_empty())
    } else {
        None
    };
    let message = TRANSLATIONS.iter().find(|(own, _)| *own == message).map_or(message, |(_, ours)| (*ours).to_owned());
    Exception { message, trace }
}

/// `String(value)` for errors and primitives, JSON for other objects.
pub(super) fn text(value: &Value) -> Result<String, Problem> {
    if value.is_object() && !value.is_error() {
        value.to_json()?.to_text()
    } else if value.is_symbol() {
        let text = value.get(c"description")?.to_text()?;
        Ok(format!("Symbol({text})"))
    } else {
        value.to_text()
    }
}

/// Line and column of a syntax error, 0 when unknown.
pub(super) fn place(error: &Value) -> (u32, u32) {
    let stack = error.get(c"stack").and_then(|stack| stack.to_text());
    let stack = or_nothing(error, stack);
    // The first frame reads `at file:line:column`, in brackets or not.
    let first = stack.lines().next().unwrap_or_default().trim_end_matches(')');
    let mut parts = first.rsplit(':').map(|part| part.trim().parse().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(column), Some(line)) => (line, column),
        (Some(line), None) => (line, 0),
        _ => (0, 0),
    }
}

fn or_nothing(value: &Value, text: Result<String, Problem>) -> String {
    text.unwrap_or_else(|_| {
        drop(value.context().exception());
        String::new()
    })
}
