//! Converters between strings, buffers and JSON, and digests.

use super::arguments::{answer, buffer, bytes, count, string, text};
use crate::crypto;
use crate::engine::Thrown;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;
type Arguments<'a> = v8::FunctionCallbackArguments<'a>;
type Place<'a> = v8::ReturnValue<'a, v8::Value>;
type Answer<'s> = Result<Option<v8::Local<'s, v8::Value>>, Thrown>;

const STRING: &str = "Argument must be a string";
const BUFFER: &str = "Argument must be an ArrayBuffer";

pub(super) fn str_to_buf<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'_>) -> Answer<'s> {
        count(arguments, 1)?;
        let text = string(scope, arguments.get(0), STRING)?;
        Ok(Some(buffer(scope, text.as_bytes())?))
    }
    let result = run(scope, &arguments);
    answer(scope, place, result);
}

pub(super) fn buf_to_str<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'_>) -> Answer<'s> {
        count(arguments, 1)?;
        let bytes = bytes(arguments.get(0), BUFFER)?;
        Ok(Some(text(scope, &String::from_utf8_lossy(&bytes))?))
    }
    let result = run(scope, &arguments);
    answer(scope, place, result);
}

pub(super) fn json_compatible_to_buf<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'s>) -> Answer<'s> {
        count(arguments, 1)?;
        match super::response::stringify(scope, arguments.get(0)) {
            Some(Some(json)) => Ok(Some(buffer(scope, json.as_bytes())?)),
            Some(None) => Err(Thrown::type_error(STRING)),
            None => Ok(None),
        }
    }
    let result = run(scope, &arguments);
    answer(scope, place, result);
}

pub(super) fn buf_to_json_compatible<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'_>) -> Answer<'s> {
        count(arguments, 1)?;
        let bytes = bytes(arguments.get(0), BUFFER)?;
        parse(scope, &bytes)
    }
    let result = run(scope, &arguments);
    answer(scope, place, result);
}

/// `JSON.parse` of UTF-8 bytes; on a syntax error the exception is on its way.
pub(super) fn parse<'s>(scope: Scope<'_, 's, '_>, bytes: &[u8]) -> Answer<'s> {
    let json = String::from_utf8_lossy(bytes);
    let json = v8::String::new(scope, &json).ok_or_else(|| Thrown::internal("out of memory"))?;
    Ok(v8::json::parse(scope, json))
}

pub(super) fn pem_to_id<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'_>) -> Answer<'s> {
        count(arguments, 1)?;
        let pem = string(scope, arguments.get(0), STRING)?;
        let id = crypto::pem_to_id(&pem).map_err(|why| Thrown::internal(format!("Failed to parse PEM: {why}")))?;
        Ok(Some(text(scope, &id)?))
    }
    let result = run(scope, &arguments);
    answer(scope, place, result);
}

pub(super) fn digest<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, place: Place<'s>) {
    fn run<'s>(scope: Scope<'_, 's, '_>, arguments: &Arguments<'_>) -> Answer<'s> {
        count(arguments, 2)?;
        let algorithm = string(scope, arguments.get(0), STRING)?;
        let data = bytes(arguments.get(1), BUFFER)?;
        let digest = crypto::digest(&algorithm, &data).map_err(Thrown::range_error)?;
        Ok(Some(buffer(scope, &digest)?))
    }
    let result = run(scope, &arguments);
    answer(scope, place, result);
}
