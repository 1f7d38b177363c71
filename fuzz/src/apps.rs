//! The apps of the targets, and requests to them.

use crate::interface::{Bytes, Host, Pair, Request, State, TransactionId};
use crate::library::{Endpoint, Failure, Library, Registry, Reply};
use serde_json::json;

/// Ways in which an engine makes realms: values of its option `realm`.
pub const REALMS: [&str; 6] = ["auto", "0", "1", "2", "3", "4"];
/// How many of them, from the first on, refuse no app; the others want its evaluated state.
pub const REALMS_OF_ANY_APP: usize = 3;

/// An app with one module, `app.js`, and endpoints of `(method, path, function, mode)`.
pub fn bundle(source: &str, endpoints: &[(&str, &str, &str, &str)]) -> String {
    let mut paths = serde_json::Map::new();
    for (method, path, function, mode) in endpoints {
        let endpoint = json!({
            "js_module": "app.js", "js_function": function, "mode": mode,
            "forwarding_required": "never", "authn_policies": [],
        });
        paths.entry(*path).or_insert_with(|| json!({}))[*method] = endpoint;
    }
    json!({ "metadata": { "endpoints": paths }, "modules": [{ "name": "app.js", "module": source }] }).to_string()
}

/// The app that the end-to-end tests compare the libraries with: `POST /run` runs the body of a function, `/echo/{name}` tells what
/// the handler sees.
pub fn evaluating(library: &'static Library) -> Registry {
    let source = include_str!("../../python_tests/apps/differential/src/differential.js");
    let registry = library.registry();
    let endpoints = [
        ("post", "/run", "run", "readwrite"),
        ("get", "/echo/{name}", "echo", "readonly"),
        ("post", "/echo/{name}", "echo", "readwrite"),
    ];
    registry.install(bundle(source, &endpoints).as_bytes()).expect("the app is installed");
    registry
}

/// A past state that a request has.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub view: u64,
    pub seqno: u64,
    pub receipt: &'a [u8],
}

/// A request with these parts.
#[derive(Clone, Debug, Default)]
pub struct Parts<'a> {
    pub method: &'a [u8],
    pub path: &'a [u8],
    pub query: &'a [u8],
    pub headers: Vec<(&'a [u8], &'a [u8])>,
    pub body: &'a [u8],
    pub caller: &'a [u8],
    pub past: Option<Past<'a>>,
}

/// Sends it to an endpoint.
pub fn send(endpoint: &Endpoint, parts: &Parts, host: &Host) -> Result<Reply, Failure> {
    with_request(parts, |request| endpoint.execute(request, host))
}

/// What a call makes of the request with these parts.
pub fn with_request<T>(parts: &Parts, call: impl FnOnce(&Request) -> T) -> T {
    let pair = |(name, value): &(&[u8], &[u8])| Pair { name: Bytes::of(name), value: Bytes::of(value) };
    let headers: Vec<Pair> = parts.headers.iter().map(pair).collect();
    let state = parts.past.map(|Past { view, seqno, receipt }| State {
        size: size_of::<State>(),
        state: seqno,
        transaction: TransactionId { view, seqno },
        receipt: Bytes::of(receipt),
    });
    let request = Request {
        size: size_of::<Request>(),
        method: Bytes::of(parts.method),
        path: Bytes::of(parts.path),
        query: Bytes::of(parts.query),
        headers: if headers.is_empty() { std::ptr::null() } else { headers.as_ptr() },
        header_count: headers.len(),
        body: Bytes::of(parts.body),
        caller: Bytes::of(parts.caller),
        historical_state: state.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
    };
    call(&request)
}
