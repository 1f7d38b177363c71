//! From what a handler returned to a reply.

use super::super::interpreter;
use super::super::outside::Outside;
use super::super::value::{Problem, Value};
use crate::engine::{Reply, ReturnProblem, content_type, header_pair, status_code};
use rquickjs_sys as q;

/// Converts a handler's result. On a problem, an exception may be pending.
pub(in crate::engine::quickjs) fn convert(
    value: &Value,
    headers: &mut Vec<(String, String)>,
) -> Result<Reply, ReturnProblem> {
    if !value.is_object() {
        return Err(ReturnProblem::NotAnObject);
    }
    let body = value.get(c"body").map_err(|_| ReturnProblem::ReadingBody)?;
    let body = read_body(&body)?;
    let given = value.get(c"headers").map_err(|_| ReturnProblem::ReadingHeaders)?;
    if given.is_object() {
        read_headers(&given, headers)?;
    }
    let status = value.get(c"statusCode").map_err(|_| ReturnProblem::ReadingStatusCode)?;
    let status = match status.as_number() {
        Some(number) => status_code(number)?,
        None if status.is_undefined() || status.is_null() => 200,
        None => return Err(ReturnProblem::StatusCode),
    };
    Ok(Reply { status, body })
}

type Body = Option<(Vec<u8>, &'static str)>;

fn read_body(body: &Value) -> Result<Body, ReturnProblem> {
    if body.is_undefined() {
        return Ok(None);
    }
    if body.is_string() {
        let text = body.to_bytes().map_err(|_| ReturnProblem::BodyToString)?;
        return Ok(Some((text, content_type::TEXT)));
    }
    if let Some(bytes) = body.as_buffer() {
        return Ok(Some((bytes, content_type::BYTES)));
    }
    if let Some(bytes) = interpreter::globals(body.context()).views.bytes(body) {
        return Ok(Some((bytes, content_type::BYTES)));
    }
    let json = body.to_json().map_err(|_| ReturnProblem::BodyToJson)?;
    if json.is_undefined() {
        return Err(ReturnProblem::BodyToJson);
    }
    let json = json.to_bytes().map_err(|_| ReturnProblem::BodyToString)?;
    Ok(Some((json, content_type::JSON)))
}

fn read_headers(object: &Value, headers: &mut Vec<(String, String)>) -> Result<(), ReturnProblem> {
    let mut outside = Outside::new(object.context());
    for name in own_names(object).map_err(|_| ReturnProblem::ReadingHeaderNames)? {
        let name_text = name.to_text().map_err(|_| ReturnProblem::HeaderName)?;
        let value = property(object, &name).map_err(|_| ReturnProblem::ReadingHeaderValue)?;
        let value = value.to_text().map_err(|_| ReturnProblem::HeaderValue)?;
        // Many headers may be one long text.
        outside.take(name_text.len() + value.len()).map_err(|thrown| {
            headers.clear();
            object.context().throw(&thrown);
            ReturnProblem::OutOfMemory
        })?;
        headers.push(header_pair(name_text, value)?);
    }
    Ok(())
}

/// Own, enumerable property names that are strings.
fn own_names(object: &Value) -> Result<Vec<Value>, Problem> {
    let context = object.context();
    let (mut table, mut count) = (std::ptr::null_mut(), 0);
    let flags = q::JS_GPN_STRING_MASK | q::JS_GPN_ENUM_ONLY;
    // SAFETY: the object is live; the table is read while it lives and freed once.
    unsafe {
        if q::JS_GetOwnPropertyNames(context.0, &raw mut table, &raw mut count, object.raw(), flags as _) < 0 {
            return Err(Problem::Pending);
        }
        let names =
            (0..count as usize).map(|index| context.own(q::JS_AtomToValue(context.0, (*table.add(index)).atom)));
        let names = names.collect();
        q::JS_FreePropertyEnum(context.0, table, count);
        names
    }
}

fn property(object: &Value, name: &Value) -> Result<Value, Problem> {
    let context = object.context();
    // SAFETY: the context is live; the atom is freed after its use.
    unsafe {
        let atom = q::JS_ValueToAtom(context.0, name.raw());
        let value = context.own(q::JS_GetProperty(context.0, object.raw(), atom));
        q::JS_FreeAtom(context.0, atom);
        value
    }
}
