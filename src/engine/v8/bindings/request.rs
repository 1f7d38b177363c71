//! The request object.

use super::arguments::{answer, buffer, count, text};
use super::functions::parse;
use crate::engine::v8::active::{self, with_request};
use crate::engine::{Request, Thrown};

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;
type Answer<'s> = Result<Option<v8::Local<'s, v8::Value>>, Thrown>;

const BODY: &str = "the request";

/// The request object. Its arguments are the functions that read the body. It is made here and not by a script, because each store
/// of a script costs much when calls are checked.
pub(super) fn request<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = make(scope, &arguments);
    answer(scope, place, result);
}

fn make<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
    // What is read here lives as long as the request, and is not changed by making objects.
    let (request, parameters, route) = active::with(scope, |active| {
        let execution = active.execution.as_ref().ok_or_else(|| Thrown::internal("RPC context is not set"))?;
        Ok((
            std::ptr::from_ref(execution.request).cast::<Request<'static>>(),
            std::ptr::from_ref(execution.parameters),
            execution.route.clone(),
        ))
    })?;
    // SAFETY: both are borrowed by the execution for longer than this call, see above.
    let (request, parameters) = unsafe { (&*request, &*parameters) };
    let headers = object(scope, request.headers.iter().map(|(name, value)| (name.as_str(), &**value)))?;
    let parameters = object(scope, parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    let hostname = match request.header("host") {
        Some(host) => text(scope, host)?,
        None => v8::null(scope).into(),
    };
    let caller = match request.caller {
        Some(json) => match parse(scope, json.as_bytes())? {
            Some(caller) => caller,
            None => return Err(Thrown::internal("Unable to convert caller info to JS object")),
        },
        None => v8::null(scope).into(),
    };
    let readers = [("text", arguments.get(0)), ("json", arguments.get(1)), ("arrayBuffer", arguments.get(2))];
    let members = [
        ("headers", headers),
        ("query", text(scope, &request.query)?),
        ("path", text(scope, &request.path)?),
        ("method", text(scope, &request.method)?),
        ("hostname", hostname),
        ("route", text(scope, &route)?),
        ("url", text(scope, &request.url())?),
        ("params", parameters),
        ("body", object_of(scope, readers)?),
        ("caller", caller),
    ];
    object_of(scope, members).map(Some)
}

/// A new object with these own properties.
fn object_of<'s, 'n>(
    scope: Scope<'_, 's, '_>,
    properties: impl IntoIterator<Item = (&'n str, v8::Local<'s, v8::Value>)>,
) -> Result<v8::Local<'s, v8::Value>, Thrown> {
    let object = v8::Object::new(scope);
    for (name, value) in properties {
        // Found among the names that V8 has already, mostly: a string of its own would only be made to be replaced by that.
        let name = v8::String::new_from_utf8(scope, name.as_bytes(), v8::NewStringType::Internalized);
        let name = name.ok_or_else(|| Thrown::internal("out of memory"))?;
        object.create_data_property(scope, name.into(), value);
    }
    Ok(object.into())
}

/// A new object with own properties that are text.
fn object<'s, 'p>(
    scope: Scope<'_, 's, '_>,
    properties: impl Iterator<Item = (&'p str, &'p str)>,
) -> Result<v8::Local<'s, v8::Value>, Thrown> {
    let mut members = Vec::new();
    for (name, value) in properties {
        members.push((name, text(scope, value)?));
    }
    object_of(scope, members)
}

/// A copy of the body of the running request, whichever request the function came from.
fn body(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Result<Vec<u8>, Thrown> {
    count(arguments, 0)?;
    with_request(scope, BODY, |execution| Ok(execution.body()?.to_vec()))
}

pub(super) fn body_text<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = body(scope, &arguments).and_then(|body| text(scope, &String::from_utf8_lossy(&body)));
    answer(scope, place, result.map(Some));
}

pub(super) fn body_json<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = body(scope, &arguments).and_then(|body| parse(scope, &body));
    answer(scope, place, result);
}

pub(super) fn body_array_buffer<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    let result = body(scope, &arguments).and_then(|body| buffer(scope, &body));
    answer(scope, place, result.map(Some));
}
