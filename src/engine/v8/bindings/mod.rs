//! The functions of `ccf`, the request object and the response.
//!
//! All native functions are marked as having no side effect, and return only new objects: V8's checked mode may then run them.
//! What they change is the state of the running request, which a stopped request loses.

mod arguments;
mod clock;
mod console;
mod converters;
mod kv;
mod request;
mod response;
mod rpc;

use crate::error::Error;
use crate::status::jsep_status;
use std::borrow::Cow;
use v8::MapFnTo;

/// The script name of the prelude in stack traces.
pub(super) const PRELUDE_NAME: &str = "jsep:prelude";

/// Templates of map handles, one per permission.
pub(super) const HANDLE_TEMPLATES: usize = 3;

/// A realm's part of the bindings.
pub(super) struct Bindings<'s> {
    /// Runs one request with the handler that it is given.
    pub(super) invoke: v8::Local<'s, v8::Function>,
    /// Templates of map handles by permission.
    pub(super) handle_templates: [v8::Local<'s, v8::ObjectTemplate>; HANDLE_TEMPLATES],
}

/// A native function: name, number of arguments, and what V8 calls.
type Native = (&'static str, i32, v8::FunctionCallback);

/// The native functions that the prelude gets by name.
fn natives() -> [Native; 24] {
    [
        ("mapHandle", 1, kv::map_handle.map_fn_to()),
        ("setApplyWrites", 1, rpc::set_apply_writes.map_fn_to()),
        ("setClaimsDigest", 1, rpc::set_claims_digest.map_fn_to()),
        ("enableUntrustedDateTime", 1, rpc::enable_untrusted_date_time.map_fn_to()),
        ("enableMetricsLogging", 1, rpc::enable_metrics_logging.map_fn_to()),
        ("strToBuf", 1, converters::str_to_buf.map_fn_to()),
        ("bufToStr", 1, converters::buf_to_str.map_fn_to()),
        ("jsonCompatibleToBuf", 1, converters::json_compatible_to_buf.map_fn_to()),
        ("bufToJsonCompatible", 1, converters::buf_to_json_compatible.map_fn_to()),
        ("pemToId", 1, converters::pem_to_id.map_fn_to()),
        ("digest", 2, converters::digest.map_fn_to()),
        ("info", 0, console::info.map_fn_to()),
        ("warn", 0, console::warn.map_fn_to()),
        ("error", 0, console::error.map_fn_to()),
        ("random", 0, clock::random.map_fn_to()),
        ("now", 0, clock::now.map_fn_to()),
        ("makeDate", 2, clock::make_date.map_fn_to()),
        ("requestParts", 0, request::request_parts.map_fn_to()),
        ("bodyText", 0, request::body_text.map_fn_to()),
        ("bodyJson", 0, request::body_json.map_fn_to()),
        ("bodyArrayBuffer", 0, request::body_array_buffer.map_fn_to()),
        ("queueMicrotask", 1, console::queue_microtask.map_fn_to()),
        ("take", 1, response::take.map_fn_to()),
        ("answerWithData", 0, super::modules::answer_with_data.map_fn_to()),
    ]
}

/// The addresses of all native functions, which V8 needs in the same order when it writes and reads a snapshot.
pub(super) fn external_references() -> Cow<'static, [v8::ExternalReference]> {
    let natives = natives().into_iter().map(|(_, _, function)| function);
    let methods = kv::methods().into_iter().map(|(_, _, function)| function);
    let others = [clock::date.map_fn_to(), super::restoring::note_use.map_fn_to()];
    natives.chain(methods).chain(others).map(|function| v8::ExternalReference { function }).collect()
}

/// Builds the globals of the current realm.
pub(super) fn install<'s>(scope: &mut v8::PinScope<'s, '_>) -> Result<Bindings<'s>, Error> {
    build(scope).ok_or_else(|| {
        Error::new(jsep_status::JSEP_ENGINE_START, "the globals of a realm can't be built; is the heap limit too low?")
    })
}

fn build<'s>(scope: &mut v8::PinScope<'s, '_>) -> Option<Bindings<'s>> {
    let host = v8::Object::new(scope);
    for (name, length, callback) in natives() {
        let function = v8::Function::builder_raw(callback)
            .length(length)
            .constructor_behavior(v8::ConstructorBehavior::Throw)
            .side_effect_type(v8::SideEffectType::HasNoSideEffect)
            .build(scope)?;
        let key = v8::String::new(scope, name)?;
        function.set_name(key);
        host.create_data_property(scope, key.into(), function.into())?;
    }
    let source = v8::String::new(scope, include_str!("prelude.js"))?;
    let name = v8::String::new(scope, PRELUDE_NAME)?;
    let origin = v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, 0, None, false, false, false, None);
    let prelude = v8::Script::compile(scope, source, Some(&origin))?.run(scope)?;
    let prelude = v8::Local::<v8::Function>::try_from(prelude).ok()?;
    let nothing = v8::undefined(scope).into();
    let invoke = prelude.call(scope, nothing, &[host.into()])?;
    let invoke = v8::Local::<v8::Function>::try_from(invoke).ok()?;
    Some(Bindings { invoke, handle_templates: kv::handle_templates(scope)? })
}
