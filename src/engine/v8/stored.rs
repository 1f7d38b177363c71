//! A prepared app as bytes, for the host to keep, and back.
//!
//! V8 believes what it reads: it ends the process for a blob that does not fit, and runs what compiled code says. So bytes come here only
//! after their seal was found right, which covers this build of the library, V8's version, flags and kind of processor, all options that
//! change what is made, and the app's whole text (see `identity`).

use super::build_id::build_id;
use super::code::Code;
use super::completing;
use super::prepared::Prepared;
use super::seed;
use super::snapshot::{Blob, Making};
use crate::crypto::seal;
use crate::engine::{Cache, Identity, Options};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// The beginning of keys.
const ENGINE: &str = "jsv8";

/// This build of the library, V8's version, flags and kind of processor; none when the library can't tell which build it is.
pub(super) fn of_engine() -> Option<Vec<u8>> {
    let parts: [&[u8]; 4] = [
        env!("CARGO_PKG_VERSION").as_bytes(),
        build_id()?,
        v8::V8::get_version().as_bytes(),
        &v8::script_compiler::cached_data_version_tag().to_le_bytes(),
    ];
    Some(seal(ENGINE.as_bytes(), &parts).to_vec())
}

/// All that a prepared app depends on; none when the library can't tell which build it is.
fn identity(making: Making<'_>, options: &Options) -> Option<Identity> {
    let optional = making.optional;
    let mut identity = Identity::default()
        .with(&of_engine()?)
        .with(&[options.jit.into(), optional.host.into(), optional.intl.into()])
        .with(options.realm.name().as_bytes())
        .with(making.compilation.name().as_bytes())
        .with(&(making.runtime.max_heap_bytes as u64).to_le_bytes())
        .with(&(making.runtime.max_stack_bytes as u64).to_le_bytes());
    for endpoint in making.app.endpoints() {
        identity = identity
            .with(endpoint.module.as_bytes())
            .with(endpoint.function.as_bytes())
            .with(format!("{:?} {:?}", endpoint.mode, endpoint.realm).as_bytes());
    }
    identity = identity.with(b"modules");
    for (name, source) in making.app.modules() {
        identity = identity.with(name.as_bytes()).with(source.as_bytes());
    }
    Some(identity)
}

/// The app as the host has kept it, if it has.
pub(super) fn load(cache: &Cache, making: Making<'_>, options: &Options) -> Option<Prepared> {
    cache.load(ENGINE, &identity(making, options)?, |bytes| {
        let mut stored = read(bytes)?;
        stored.first = seed::adopt(&stored.blob, making.runtime.max_heap_bytes)?;
        if let Some(blob) = &stored.evaluated {
            seed::adopt(blob, making.runtime.max_heap_bytes)?;
        }
        Some(stored)
    })
}

fn blobs(prepared: &Prepared) -> impl Iterator<Item = &Arc<Blob>> {
    std::iter::once(&prepared.blob).chain(&prepared.evaluated)
}

/// Has the host keep the app.
pub(super) fn store(cache: &Cache, making: Making<'_>, options: &Options, prepared: &Prepared) {
    // A blob that V8 completes on each restore depends on what this process learnt of V8.
    let fits = completing::is_possible() && blobs(prepared).all(|blob| seed::note(blob));
    if let Some(identity) = identity(making, options).filter(|_| fits) {
        cache.store(ENGINE, &identity, &write(prepared));
    }
}

fn write(prepared: &Prepared) -> Vec<u8> {
    let mut parts = Vec::new();
    let blob = write_blob(&prepared.blob, &mut parts);
    let evaluated = prepared.evaluated.as_ref().map(|blob| write_blob(blob, &mut parts));
    let header = json!({
        "blob": blob,
        "evaluated": evaluated,
        "evaluated_because": prepared.evaluated_because,
        "not_proven_because": prepared.proven.as_ref().err(),
    });
    join(&header, &parts)
}

/// A header and what it tells of, as one.
pub(super) fn join(header: &Value, parts: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), parts].concat()
}

/// Both again.
pub(super) fn split(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let (len, bytes) = bytes.split_first_chunk()?;
    let (header, parts) = bytes.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
    Some((serde_json::from_slice(header).ok()?, parts))
}

fn read(bytes: &[u8]) -> Option<Prepared> {
    let (header, mut parts) = split(bytes)?;
    completing::expect().then_some(())?;
    let text = |name: &str| header.get(name)?.as_str().map(str::to_owned);
    let blob = Arc::new(read_blob(&header["blob"], &mut parts)?);
    let evaluated = match &header["evaluated"] {
        Value::Null => None,
        evaluated => Some(Arc::new(read_blob(evaluated, &mut parts)?)),
    };
    Some(Prepared {
        blob,
        evaluated,
        evaluated_because: text("evaluated_because"),
        first: None,
        proven: text("not_proven_because").map_or(Ok(()), Err),
    })
}

/// Adds the bytes of a blob to `parts` and describes it.
pub(super) fn write_blob(blob: &Blob, parts: &mut Vec<u8>) -> Value {
    parts.extend_from_slice(blob.bytes());
    let code = blob.code.get().map(|code| {
        let modules = code.modules().iter().map(|(name, code)| {
            parts.extend_from_slice(code);
            json!([name, code.len()])
        });
        modules.collect::<Vec<_>>()
    });
    json!({
        "bytes": blob.bytes().len(),
        "handle_templates": blob.handle_templates,
        "invoke": blob.invoke,
        "enter": blob.enter,
        "judgements": blob.judgements,
        "check": blob.check,
        "obstacle": blob.obstacle,
        "handlers": blob.handlers,
        "modules": *blob.modules,
        "depends_on_historical_state": blob.depends_on_historical_state,
        "code": code,
    })
}

/// What `write_blob` described.
pub(super) fn read_blob(header: &Value, parts: &mut &[u8]) -> Option<Blob> {
    let index = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let number = |name: &str| index(header.get(name)?);
    let mut take = |len: usize| {
        let (part, rest) = parts.split_at_checked(len)?;
        *parts = rest;
        Some(part.to_vec())
    };
    let list = |name: &str| header.get(name)?.as_array()?.iter().map(index).collect::<Option<Vec<usize>>>();
    let data = v8::StartupData::from(take(number("bytes")?)?);
    let modules = header.get("modules")?.as_object()?;
    let modules = modules.iter().map(|(name, at)| Some((name.clone(), index(at)?))).collect::<Option<_>>()?;
    let kept = OnceLock::new();
    if let Some(code) = header.get("code")?.as_array() {
        let mut modules = HashMap::new();
        for module in code {
            modules.insert(module.get(0)?.as_str()?.to_owned(), take(index(module.get(1)?)?)?);
        }
        kept.get_or_init(|| Arc::new(Code::new(modules)));
    }
    Some(Blob {
        data,
        handle_templates: list("handle_templates")?.try_into().ok()?,
        invoke: number("invoke")?,
        enter: number("enter")?,
        judgements: number("judgements")?,
        check: number("check")?,
        obstacle: number("obstacle")?,
        handlers: list("handlers")?,
        modules: Arc::new(modules),
        properties: String::new(),
        depends_on_historical_state: header.get("depends_on_historical_state")?.as_bool()?,
        code: kept,
    })
}
