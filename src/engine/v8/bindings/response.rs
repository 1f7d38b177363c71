//! From what a handler returned to a reply.

use super::arguments::copy;
use crate::engine::v8::outside::Outside;
use crate::engine::v8::{active, ending, exception, jobs};
use crate::engine::{Phase, Reply, ReturnProblem, content_type, header_pair, status_code};

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Value<'s> = v8::Local<'s, v8::Value>;

/// Called by the prelude with the handler's result: runs the jobs that the handler left, waits for a promise, and converts the
/// result. A rejected promise is an exception. Afterwards nothing is left to run.
pub(super) fn take(
    scope: Scope<'_, '_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _place: v8::ReturnValue<'_, v8::Value>,
) {
    if !jobs::run(scope) {
        return;
    }
    let value = arguments.get(0);
    match v8::Local::<v8::Promise>::try_from(value) {
        Ok(promise) => match promise.state() {
            v8::PromiseState::Fulfilled => {
                let value = promise.result(scope);
                convert(scope, value);
            }
            v8::PromiseState::Rejected => {
                let reason = promise.result(scope);
                promise.mark_as_handled();
                keep_exception(scope, reason);
            }
            // Without a reply, the request ends as pending.
            v8::PromiseState::Pending => {}
        },
        Err(_) => convert(scope, value),
    }
    // Jobs that the conversion left.
    jobs::run(scope);
}

/// Called by the prelude with what the handler threw. Afterwards nothing is left to run.
pub(super) fn fail(
    scope: Scope<'_, '_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _place: v8::ReturnValue<'_, v8::Value>,
) {
    keep_exception(scope, arguments.get(0));
    jobs::run(scope);
}

/// Keeps what was thrown for the running request. Its text may come from code of the app.
fn keep_exception(scope: Scope<'_, '_, '_>, thrown: Value<'_>) {
    let thrown = exception::describe(scope, thrown);
    let kept = active::with(scope, |active| {
        active.thrown = Some(thrown);
        Ok(())
    });
    answer_nothing(scope, kept);
}

/// Converts a handler's result and keeps the reply, or what is wrong with it, for the running request.
fn convert(scope: Scope<'_, '_, '_>, value: Value<'_>) {
    let begun = active::with(scope, |active| {
        if let Some(execution) = &mut active.execution {
            execution.phase = Phase::Conversion;
        }
        Ok(())
    });
    if let Err(thrown) = begun {
        return exception::throw(scope, &thrown);
    }
    let mut headers = Vec::new();
    let (reply, exception) = {
        v8::tc_scope!(let scope, scope);
        ending::keep_possible(scope);
        let reply = read(scope, value, &mut headers);
        let exception = match (&reply, scope.exception()) {
            (Err(_), Some(exception)) if scope.can_continue() => {
                scope.reset();
                Some(exception::describe(scope, exception))
            }
            _ => None,
        };
        (reply, exception)
    };
    let kept = active::with(scope, |active| {
        active.headers = headers;
        active.reply = Some(reply);
        active.conversion_exception = exception;
        Ok(())
    });
    answer_nothing(scope, kept);
}

fn answer_nothing(scope: Scope<'_, '_, '_>, result: Result<(), crate::engine::Thrown>) {
    if let Err(thrown) = result {
        exception::throw(scope, &thrown);
    }
}

fn read(
    scope: Scope<'_, '_, '_>,
    value: Value<'_>,
    headers: &mut Vec<(String, String)>,
) -> Result<Reply, ReturnProblem> {
    let object = v8::Local::<v8::Object>::try_from(value).map_err(|_| ReturnProblem::NotAnObject)?;
    let body = get(scope, object, "body").ok_or(ReturnProblem::ReadingBody)?;
    let body = read_body(scope, body)?;
    let value = get(scope, object, "headers").ok_or(ReturnProblem::ReadingHeaders)?;
    if let Ok(value) = v8::Local::<v8::Object>::try_from(value) {
        read_headers(scope, value, headers)?;
    }
    let status = get(scope, object, "statusCode").ok_or(ReturnProblem::ReadingStatusCode)?;
    let status = match v8::Local::<v8::Number>::try_from(status) {
        Ok(number) => status_code(number.value())?,
        Err(_) if status.is_null_or_undefined() => 200,
        Err(_) => return Err(ReturnProblem::StatusCode),
    };
    Ok(Reply { status, body })
}

fn get<'s>(scope: Scope<'_, 's, '_>, object: v8::Local<'_, v8::Object>, name: &str) -> Option<Value<'s>> {
    let name = v8::String::new(scope, name)?;
    object.get(scope, name.into())
}

type Body = Option<(Vec<u8>, &'static str)>;

fn read_body(scope: Scope<'_, '_, '_>, body: Value<'_>) -> Result<Body, ReturnProblem> {
    if body.is_undefined() {
        return Ok(None);
    }
    if let Ok(text) = v8::Local::<v8::String>::try_from(body) {
        return Ok(Some((text.to_rust_string_lossy(scope).into_bytes(), content_type::TEXT)));
    }
    if let Ok(buffer) = v8::Local::<v8::ArrayBuffer>::try_from(body) {
        return Ok(Some((copy(buffer), content_type::BYTES)));
    }
    if let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(body) {
        // V8's own length of the view, which no script can change: a view of a buffer that shrank is as long as what is left.
        let mut bytes = vec![0; view.byte_length()];
        let copied = view.copy_contents(&mut bytes);
        bytes.truncate(copied);
        return Ok(Some((bytes, content_type::BYTES)));
    }
    match stringify(scope, body) {
        Some(Some(json)) => Ok(Some((json.into_bytes(), content_type::JSON))),
        Some(None) | None => Err(ReturnProblem::BodyToJson),
    }
}

/// `JSON.stringify(value)`: no value when an exception is on its way, no text when there is no JSON for the value.
pub(super) fn stringify(scope: Scope<'_, '_, '_>, value: Value<'_>) -> Option<Option<String>> {
    let json = v8::json::stringify(scope, value)?.to_rust_string_lossy(scope);
    // V8's interface turns the missing result into this word, which is no JSON.
    Some((json != "undefined").then_some(json))
}

fn read_headers(
    scope: Scope<'_, '_, '_>,
    object: v8::Local<'_, v8::Object>,
    headers: &mut Vec<(String, String)>,
) -> Result<(), ReturnProblem> {
    let names = object
        .get_own_property_names(
            scope,
            v8::GetPropertyNamesArgs {
                mode: v8::KeyCollectionMode::OwnOnly,
                property_filter: v8::PropertyFilter::ONLY_ENUMERABLE | v8::PropertyFilter::SKIP_SYMBOLS,
                index_filter: v8::IndexFilter::IncludeIndices,
                key_conversion: v8::KeyConversionMode::ConvertToString,
            },
        )
        .ok_or(ReturnProblem::ReadingHeaderNames)?;
    let mut outside = Outside::default();
    for index in 0..names.length() {
        let name = names.get_index(scope, index).ok_or(ReturnProblem::HeaderName)?;
        let value = object.get(scope, name).ok_or(ReturnProblem::ReadingHeaderValue)?;
        let value = value.to_string(scope).ok_or(ReturnProblem::HeaderValue)?;
        let name = name.to_string(scope).ok_or(ReturnProblem::HeaderName)?;
        // Many headers may be one long text.
        let texts = outside.text(scope, name).and_then(|name| Ok((name, outside.text(scope, value)?)));
        let (name, value) = texts.map_err(|thrown| {
            headers.clear();
            exception::throw(scope, &thrown);
            ReturnProblem::OutOfMemory
        })?;
        headers.push(header_pair(name, value)?);
    }
    Ok(())
}
