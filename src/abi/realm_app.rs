//! Requests to durable realms.

use super::boundary::{boundary, required, required_out};
use super::engine::jsep_engine;
use super::host::jsep_host;
use super::log::jsep_log;
use super::options::jsep_option;
use super::realm::{copy_text, host_or_none, jsep_realm, open};
use super::request::jsep_request;
use super::response::jsep_response;
use super::{jsep_bytes, jsep_sink, jsep_status};
use crate::app::App;
use crate::durable::TurnInput;
use crate::error::Error;
use std::sync::Arc;

/// Opens the realm `name` of a log, as `jsep_realm_open`; one that is not there begins with an app instead of a script.
///
/// `bundle` is what `jsep_registry_install` takes. Its modules are evaluated as the first turn, and live on: what a module keeps in its
/// variables outlives the process. A realm that is there goes on with the bundle in its log, and `bundle` is not read.
/// `interpreter_reuse` and `realm` of an endpoint mean nothing here, and none may have the mode `historical`.
///
/// Errors: as of `jsep_realm_open` and `jsep_registry_install`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_open_app(
    engine: *const jsep_engine,
    log: *const jsep_log,
    name: jsep_bytes,
    bundle: jsep_bytes,
    options: *const jsep_option,
    count: usize,
    host: *const jsep_host,
    realm: *mut *mut jsep_realm,
) -> jsep_status {
    boundary("jsep_realm_open_app", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(realm, "realm") }?;
        *out = std::ptr::null_mut();
        let first = || {
            // SAFETY: as above.
            let bundle = unsafe { copy_text(bundle, "bundle") }?;
            Ok(TurnInput::Install { bundle })
        };
        // SAFETY: as above.
        *out = unsafe { open(engine, log, name, first, options, count, host) }?;
        Ok(jsep_status::JSEP_OK)
    })
}

/// Answers a request, as one turn.
///
/// A realm with an app has it answered by the endpoint for its method and path, which `jsep_registry_find` would find in the app, with
/// the request object that endpoints get. In a realm with a script, the function `handleRequest(request, response)` answers it: `request` has
/// `method`, `url` (path and query; also as `uri`), `headers`, `body` (text) and `bytes()` (an `ArrayBuffer`); the function, which may be
/// async, sets `response.statusCode`, `response.headers` and `response.body` (text, bytes, or what JSON has a form for). Without a status
/// from 200 to 599 the response is a fixed page with status 404.
///
/// `*response` is there when the turn is on the disk; the caller frees it with `jsep_response_free`. What the script does wrong becomes a
/// response with status 500 and `JSEP_OK`, and leaves no trace. The store can be read and not written, so `jsep_response_apply_writes` is false.
/// `id` and `host` are as for `jsep_realm_call`: a known id gives the former response. Any thread.
///
/// Errors: `JSEP_PATH_UNKNOWN` and `JSEP_METHOD_UNSUPPORTED` as of `jsep_registry_find`; `JSEP_CONFLICT`, `JSEP_STORAGE_FAILED`,
/// `JSEP_REALM_STOPPED`, `JSEP_REPLAY_DIVERGED`, `JSEP_LOG_DAMAGED`, `JSEP_REENTERED`, `JSEP_FORKED`, `JSEP_NULL_ARGUMENT`,
/// `JSEP_STRUCT_SIZE`, `JSEP_INVALID_ARGUMENT` (also: the id is that of another kind of input).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_execute(
    realm: *const jsep_realm,
    id: jsep_bytes,
    request: *const jsep_request,
    host: *const jsep_host,
    response: *mut *mut jsep_response,
) -> jsep_status {
    boundary("jsep_realm_execute", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(response, "response") }?;
        *out = std::ptr::null_mut();
        // SAFETY: as above.
        let (realm, id) = unsafe { (required(realm, "realm")?, id.read("id")?) };
        // SAFETY: as above.
        let (request, host) = unsafe { (jsep_request::read(request)?, host_or_none(host)?) };
        let answer = realm.realm.get()?.execute(id, &request, &host)?;
        *out = Box::into_raw(Box::new(jsep_response::new(answer)));
        Ok(jsep_status::JSEP_OK)
    })
}

fn app(realm: &jsep_realm) -> Result<Arc<App>, Error> {
    realm.realm.get()?.app().ok_or_else(|| Error::new(jsep_status::JSEP_NO_APP, "the realm has no app"))
}

/// Writes the properties of the endpoint for a method and path to `properties`, as `jsep_endpoint_properties` gives them: a host reads
/// `authn_policies` from it before it executes a request. Any thread.
///
/// Errors: `JSEP_PATH_UNKNOWN`, `JSEP_METHOD_UNSUPPORTED`, `JSEP_NO_APP` for a realm with a script.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_endpoint(
    realm: *const jsep_realm,
    method: jsep_bytes,
    path: jsep_bytes,
    properties: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_realm_endpoint", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, sink) = unsafe { (required(realm, "realm")?, required(properties, "properties")?) };
        // SAFETY: as above.
        let (method, path) = unsafe { (method.read("method")?, path.read("path")?) };
        let app = app(realm)?;
        let found = app.find(&String::from_utf8_lossy(method), &String::from_utf8_lossy(path))?;
        // SAFETY: as above.
        unsafe { sink.put(app.endpoints()[found.endpoint].properties.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Writes the methods that a path of the realm's app answers to `methods`, as `jsep_registry_methods`. Any thread.
///
/// Errors: `JSEP_PATH_UNKNOWN`, `JSEP_NO_APP` for a realm with a script.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_realm_methods(
    realm: *const jsep_realm,
    path: jsep_bytes,
    methods: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_realm_methods", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (realm, sink) = unsafe { (required(realm, "realm")?, required(methods, "methods")?) };
        // SAFETY: as above.
        let path = unsafe { path.read("path") }?;
        let methods = app(realm)?.methods(&String::from_utf8_lossy(path))?;
        // SAFETY: as above.
        unsafe { sink.put(methods.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}
