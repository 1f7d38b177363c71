//! The packed bundle: JSON to endpoints and modules, with errors that name the place.

use super::RealmChoice;
use super::module_name;
use crate::error::Error;
use crate::status::jsep_status;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What an endpoint may do with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes.
    ReadWrite,
    /// Reads only.
    ReadOnly,
    /// Reads the current and a past state.
    Historical,
}

/// One endpoint, as the bundle describes it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Path template with one leading slash and without `/app`.
    pub template: String,
    /// Method in upper case.
    pub method: String,
    /// The entry module as the bundle writes it.
    pub js_module: String,
    /// The entry module with one leading slash.
    pub module: String,
    /// Name of the exported function.
    pub function: String,
    /// What it may do with the store.
    pub mode: Mode,
    /// Key of the realm that requests share, if the endpoint opted in.
    pub reuse_key: Option<String>,
    /// Which realms its requests run in, if it does not leave that to the engine.
    pub realm: Option<RealmChoice>,
    /// All properties as JSON text.
    pub properties: String,
    /// Place in the bundle, for messages.
    pub json_path: String,
}

const ENDPOINT_PROPERTIES: &str = "js_module, js_function, mode, forwarding_required, redirection_strategy, authn_policies, \
                                   openapi, openapi_hidden, interpreter_reuse, realm";

/// Endpoints and modules (by name with leading slash) of a bundle.
pub(super) fn parse(bundle: &[u8]) -> Result<(Vec<Endpoint>, BTreeMap<String, String>), Error> {
    let value: Value = serde_json::from_slice(bundle).map_err(|error| {
        Error::new(jsep_status::JSEP_BUNDLE_JSON, format!("the bundle is not valid JSON: {error}"))
            .at_text(error.line(), error.column())
    })?;
    let root = object(&value, "")?;
    known_members(
        root,
        "",
        &["metadata", "modules", "disable_bytecode_cache"],
        "metadata, modules, disable_bytecode_cache",
    )?;
    let metadata = object(member(root, "", "metadata")?, "metadata")?;
    known_members(metadata, "metadata", &["endpoints"], "endpoints")?;
    let endpoints = endpoints(member(metadata, "metadata", "endpoints")?)?;
    let modules = modules(member(root, "", "modules")?)?;
    Ok((endpoints, modules))
}

fn modules(value: &Value) -> Result<BTreeMap<String, String>, Error> {
    let list = value.as_array().ok_or_else(|| shape("modules", "must be an array"))?;
    let mut modules = BTreeMap::new();
    for (index, entry) in list.iter().enumerate() {
        let path = format!("modules[{index}]");
        let entry = object(entry, &path)?;
        known_members(entry, &path, &["name", "module"], "name, module")?;
        let name = string(member(entry, &path, "name")?, &format!("{path}.name"))?;
        let source = string(member(entry, &path, "module")?, &format!("{path}.module"))?;
        let normal = module_name::resolve(name, "/");
        if normal == "/" {
            return Err(shape(&format!("{path}.name"), "must not be empty"));
        }
        if modules.insert(normal, source.to_owned()).is_some() {
            return Err(shape(&format!("{path}.name"), &format!("names module `{name}` a second time")));
        }
    }
    Ok(modules)
}

fn endpoints(value: &Value) -> Result<Vec<Endpoint>, Error> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for (url, methods) in object(value, "metadata.endpoints")? {
        let path = format!("metadata.endpoints[{}]", quoted(url));
        for (method, properties) in object(methods, &path)? {
            let endpoint = endpoint(url, method, properties, &format!("{path}[{}]", quoted(method)))?;
            if let Some(same) =
                endpoints.iter().find(|it| it.template == endpoint.template && it.method == endpoint.method)
            {
                return Err(Error::new(
                    jsep_status::JSEP_ROUTE_AMBIGUOUS,
                    format!("{} {} is described twice, also at {}", endpoint.method, endpoint.template, same.json_path),
                )
                .at_path(endpoint.json_path));
            }
            endpoints.push(endpoint);
        }
    }
    Ok(endpoints)
}

fn endpoint(url: &str, method: &str, value: &Value, path: &str) -> Result<Endpoint, Error> {
    let properties = object(value, path)?;
    let names: Vec<&str> = ENDPOINT_PROPERTIES.split(", ").collect();
    known_members(properties, path, &names, ENDPOINT_PROPERTIES)?;
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
        return Err(shape(path, &format!("`{method}` is not an HTTP method")));
    }
    let js_module = string(member(properties, path, "js_module")?, &format!("{path}.js_module"))?;
    let function = string(member(properties, path, "js_function")?, &format!("{path}.js_function"))?;
    let mode = match one_of(properties, path, "mode", &["readwrite", "readonly", "historical"])? {
        Some("readonly") => Mode::ReadOnly,
        Some("historical") => Mode::Historical,
        _ => Mode::ReadWrite,
    };
    one_of(properties, path, "forwarding_required", &["always", "sometimes", "never"])?;
    one_of(properties, path, "redirection_strategy", &["none", "to_primary", "to_backup"])?;
    authn_policies(member(properties, path, "authn_policies")?, &format!("{path}.authn_policies"))?;
    if properties.get("openapi_hidden").is_some_and(|hidden| !hidden.is_boolean()) {
        return Err(shape(&format!("{path}.openapi_hidden"), "must be true or false"));
    }
    if properties.get("openapi").is_some_and(|openapi| !openapi.is_object() && !openapi.is_null()) {
        return Err(shape(&format!("{path}.openapi"), "must be an object"));
    }
    Ok(Endpoint {
        template: format!("/{}", url.trim_start_matches('/')),
        method: method.to_ascii_uppercase(),
        js_module: js_module.to_owned(),
        module: module_name::resolve(js_module, "/"),
        function: function.to_owned(),
        mode,
        reuse_key: reuse_key(properties, path)?,
        realm: realm(properties, path)?,
        properties: value.to_string(),
        json_path: path.to_owned(),
    })
}

fn realm(properties: &Map<String, Value>, path: &str) -> Result<Option<RealmChoice>, Error> {
    let Some(realm) = properties.get("realm") else {
        return Ok(None);
    };
    let path = format!("{path}.realm");
    // Rung 0 is a reference for tests, which the whole engine is held to.
    let found = RealmChoice::named(string(realm, &path)?).filter(|choice| *choice != RealmChoice::Evaluate);
    found.map(Some).ok_or_else(|| shape(&path, "must be auto, fresh, 1, 2, 3 or 4"))
}

fn reuse_key(properties: &Map<String, Value>, path: &str) -> Result<Option<String>, Error> {
    let Some(reuse) = properties.get("interpreter_reuse") else {
        return Ok(None);
    };
    let path = format!("{path}.interpreter_reuse");
    let reuse = object(reuse, &path)?;
    known_members(reuse, &path, &["key"], "key")?;
    Ok(Some(string(member(reuse, &path, "key")?, &format!("{path}.key"))?.to_owned()))
}

/// Policies are names or `{"all_of": [names]}`. Which names exist is the host's business, at dispatch.
fn authn_policies(value: &Value, path: &str) -> Result<(), Error> {
    let names = |list: &Value, path: &str| -> Result<(), Error> {
        let list = list.as_array().ok_or_else(|| shape(path, "must be an array"))?;
        for (index, name) in list.iter().enumerate() {
            string(name, &format!("{path}[{index}]"))?;
        }
        Ok(())
    };
    let list = value.as_array().ok_or_else(|| shape(path, "must be an array"))?;
    for (index, policy) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match policy {
            Value::String(_) => {}
            Value::Object(combined) => {
                known_members(combined, &path, &["all_of"], "all_of")?;
                names(member(combined, &path, "all_of")?, &format!("{path}.all_of"))?;
            }
            _ => return Err(shape(&path, "must be a string or {\"all_of\": [names]}")),
        }
    }
    Ok(())
}

fn one_of<'a>(
    properties: &'a Map<String, Value>,
    path: &str,
    name: &str,
    values: &[&str],
) -> Result<Option<&'a str>, Error> {
    let Some(value) = properties.get(name) else {
        return Ok(None);
    };
    match value.as_str() {
        Some(text) if values.contains(&text) => Ok(Some(text)),
        _ => Err(shape(&format!("{path}.{name}"), &format!("is {value}, but must be one of: {}", values.join(", ")))),
    }
}

fn object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| shape(path, "must be an object"))
}

fn string<'a>(value: &'a Value, path: &str) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| shape(path, "must be a string"))
}

fn member<'a>(object: &'a Map<String, Value>, path: &str, name: &str) -> Result<&'a Value, Error> {
    object.get(name).ok_or_else(|| shape(&join(path, name), "is missing"))
}

fn known_members(object: &Map<String, Value>, path: &str, known: &[&str], listed: &str) -> Result<(), Error> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(shape(&join(path, unknown), &format!("is not a known property; known are: {listed}"))),
        None => Ok(()),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn shape(path: &str, problem: &str) -> Error {
    let place = if path.is_empty() { "the bundle" } else { path };
    Error::new(jsep_status::JSEP_BUNDLE_SHAPE, format!("{place} {problem}")).at_path(path)
}
