//! The request object.

use super::super::active::{self, with_request};
use super::super::value::{Answer, Context, Problem};
use super::{Call, lists};
use crate::engine::{Request, Thrown};

/// A new request object for the running request.
pub(in crate::engine::quickjs) fn request_object(context: Context) -> Answer {
    // What is read here lives as long as the request, and is not changed by making objects.
    let (request, parameters, route) = active::with(context, |active| {
        let execution = active.execution.as_ref().ok_or_else(|| Thrown::internal("RPC context is not set"))?;
        let request = std::ptr::from_ref(execution.request).cast::<Request<'static>>();
        Ok((request, std::ptr::from_ref(execution.parameters), execution.route.clone()))
    })?;
    // SAFETY: both are borrowed by the execution for longer than this call, see above.
    let (request, parameters) = unsafe { (&*request, &*parameters) };
    let object = context.object()?;
    let headers = context.object()?;
    for (name, value) in &request.headers {
        headers.define(name, context.string(value)?)?;
    }
    object.define("headers", headers)?;
    object.define("query", context.string(&request.query)?)?;
    object.define("path", context.string(&request.path)?)?;
    object.define("method", context.string(&request.method)?)?;
    let hostname = request.header("host").map_or_else(|| Ok(context.null()), |host| context.string(host))?;
    object.define("hostname", hostname)?;
    object.define("route", context.string(&route)?)?;
    object.define("url", context.string(&request.url())?)?;
    let captures = context.object()?;
    for (name, value) in parameters {
        captures.define(name, context.string(value)?)?;
    }
    object.define("params", captures)?;
    let body = context.object()?;
    lists::define(&body, lists::Which::Body);
    object.define("body", body)?;
    let caller = request.caller.map_or_else(|| Ok(context.null()), |json| context.parse_json(json.as_bytes()))?;
    object.define("caller", caller)?;
    Ok(object)
}

/// A copy of the body of the running request, whichever request the function came from.
fn body(call: &Call<'_>) -> Result<Vec<u8>, Problem> {
    call.count(0)?;
    Ok(with_request(call.context, "the request", |execution| Ok(execution.body()?.to_vec()))?)
}

pub(super) fn text(call: &Call<'_>) -> Answer {
    call.context.string(&String::from_utf8_lossy(&body(call)?))
}

pub(super) fn json(call: &Call<'_>) -> Answer {
    call.context.parse_json(&body(call)?)
}

pub(super) fn array_buffer(call: &Call<'_>) -> Answer {
    call.context.buffer(&body(call)?)
}
