//! Install: an app's bundle, and the way from a method and path to an endpoint.

use super::boundary::{boundary, check_size, required, required_out};
use super::cache::{self, jsep_cache};
use super::endpoint::jsep_endpoint;
use super::engine::jsep_engine;
use super::options::{self, jsep_option};
use super::timings::jsep_install_timings;
use super::{jsep_bytes, jsep_sink, jsep_status};
use crate::invoke::{Registry, Unforked};
use std::sync::Arc;

/// A place for one app, whose version can be replaced while it serves.
///
/// Functions: `jsep_registry_new`, `jsep_registry_install`, `jsep_registry_set_cache`, `jsep_registry_set_options`, `jsep_registry_report`,
/// `jsep_registry_timings_get`, `jsep_registry_find`, `jsep_registry_methods`, `jsep_registry_free`. A registry may be used from any thread, and by several at once.
///
/// Source: `src/abi/registry.rs`.
pub struct jsep_registry {
    registry: Unforked<Arc<Registry>>,
}

/// Makes a registry without an app. On success the caller frees `*registry` with `jsep_registry_free`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_new(
    engine: *const jsep_engine,
    registry: *mut *mut jsep_registry,
) -> jsep_status {
    boundary("jsep_registry_new", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(registry, "registry") }?;
        *out = std::ptr::null_mut();
        // SAFETY: as above.
        let engine = unsafe { required(engine, "engine") }?;
        let registry = Arc::new(Registry::new(Arc::clone(engine.plugin.get()?)));
        *out = Box::into_raw(Box::new(jsep_registry { registry: Unforked::new(registry) }));
        Ok(jsep_status::JSEP_OK)
    })
}

/// Installs an app, or a new version of it.
///
/// `bundle` is the packed form, JSON in UTF-8: `{"metadata": {"endpoints": {...}}, "modules": [{"name": ..., "module": ...}]}`. It is
/// read during the call only. All modules that an endpoint reaches are compiled, linked and evaluated. On any error nothing
/// changes: the former version keeps serving. Endpoints found before go on with the version that they were found in. Requests
/// are served meanwhile. Any thread that has 152 KiB of stack left; installs into one registry run one after the other.
///
/// Errors: `JSEP_BUNDLE_JSON` (line and column of the bundle), `JSEP_BUNDLE_SHAPE` (JSON path), `JSEP_MODULE_MISSING`,
/// `JSEP_MODULE_SYNTAX` (module, line and column), `JSEP_MODULE_LINK`, `JSEP_MODULE_EVALUATION`, `JSEP_EXPORT_MISSING`,
/// `JSEP_EXPORT_NOT_FUNCTION`, `JSEP_ROUTE_AMBIGUOUS`, `JSEP_ROUTE_INVALID`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_install(registry: *const jsep_registry, bundle: jsep_bytes) -> jsep_status {
    boundary("jsep_registry_install", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (registry, bundle) = unsafe { (required(registry, "registry")?, bundle.read("bundle")?) };
        registry.registry.get()?.install(bundle)?;
        Ok(jsep_status::JSEP_OK)
    })
}

/// Gives a registry a place to keep what its installs make (see `jsep_cache`), for installs that begin afterwards; null takes it away.
///
/// The table is copied; its functions must stay callable, from any thread that installs, until they are replaced or taken away and no
/// install runs that began before, or until the registry and all endpoints found in it are freed. Any thread.
///
/// Errors: `JSEP_STRUCT_SIZE`, `JSEP_NULL_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_set_cache(
    registry: *const jsep_registry,
    cache: *const jsep_cache,
) -> jsep_status {
    boundary("jsep_registry_set_cache", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let registry = unsafe { required(registry, "registry") }?;
        // SAFETY: as above; the function's comment says how long the table's functions have to be there.
        registry.registry.get()?.set_cache(unsafe { cache::read(cache) }?);
        Ok(jsep_status::JSEP_OK)
    })
}

/// Changes run-time options (see `jsep_option`). Requests that start afterwards use them. Either all given options are taken
/// or, on an error, none. Any thread.
///
/// Errors: `JSEP_INVALID_OPTION`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_set_options(
    registry: *const jsep_registry,
    options: *const jsep_option,
    count: usize,
) -> jsep_status {
    boundary("jsep_registry_set_options", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (registry, options) = unsafe { (required(registry, "registry")?, options::read(options, count)?) };
        registry.registry.get()?.set_options(&options)?;
        Ok(jsep_status::JSEP_OK)
    })
}

/// Writes a JSON object about the installed app to `report`: endpoints, the rung of the realm ladder each uses and why, counts,
/// install timings, run-time options. Any thread, but not from a host callback.
///
/// Errors: `JSEP_REENTERED`, `JSEP_FORKED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_report(registry: *const jsep_registry, report: *const jsep_sink) -> jsep_status {
    boundary("jsep_registry_report", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (registry, report) = unsafe { (required(registry, "registry")?, required(report, "report")?) };
        // SAFETY: the rules of the interface, see the head of this room.
        unsafe { report.put(registry.registry.get()?.report()?.to_string().as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Fills `timings`, whose `size` the caller has set, with what the last successful install took; zeros before the first.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_timings_get(
    registry: *const jsep_registry,
    timings: *mut jsep_install_timings,
) -> jsep_status {
    boundary("jsep_registry_timings_get", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (registry, timings) = unsafe { (required(registry, "registry")?, required_out(timings, "timings")?) };
        check_size(timings.size, size_of::<jsep_install_timings>(), "timings")?;
        let measured = registry.registry.get()?.timings();
        timings.bundle_ns = measured.bundle;
        timings.compile_ns = measured.compile;
        timings.evaluate_ns = measured.evaluate;
        timings.capture_ns = measured.capture;
        timings.total_ns = measured.total;
        Ok(jsep_status::JSEP_OK)
    })
}

/// Looks an endpoint up by method and path.
///
/// `method` is in upper case; `path` is as received: not decoded, without the query, with or without a leading `/app`. On success the caller
/// frees `*endpoint` with `jsep_endpoint_free`; it stays bound to the app version that it was found in. An exact path wins over
/// a template. `HEAD` finds the endpoint for `GET` when there is none for `HEAD`. Any thread.
///
/// Errors: `JSEP_PATH_UNKNOWN` (`Unknown path: <path>.`), `JSEP_METHOD_UNSUPPORTED`
/// (`Allowed methods for '<path>' are: OPTIONS, <methods>.`; see `jsep_registry_methods`), `JSEP_NO_APP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_find(
    registry: *const jsep_registry,
    method: jsep_bytes,
    path: jsep_bytes,
    endpoint: *mut *mut jsep_endpoint,
) -> jsep_status {
    boundary("jsep_registry_find", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(endpoint, "endpoint") }?;
        *out = std::ptr::null_mut();
        // SAFETY: as above.
        let registry = unsafe { required(registry, "registry") }?;
        // SAFETY: the rules of the interface, see the head of this room.
        let (method, path) = unsafe { (method.read("method")?, path.read("path")?) };
        let found = registry.registry.get()?.find(&String::from_utf8_lossy(method), &String::from_utf8_lossy(path))?;
        *out = Box::into_raw(Box::new(jsep_endpoint::new(found)));
        Ok(jsep_status::JSEP_OK)
    })
}

/// Writes the methods that a path answers to `methods`, as for an `allow` header: `OPTIONS, GET, POST`. Any thread.
///
/// Errors: `JSEP_PATH_UNKNOWN`, `JSEP_NO_APP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_methods(
    registry: *const jsep_registry,
    path: jsep_bytes,
    methods: *const jsep_sink,
) -> jsep_status {
    boundary("jsep_registry_methods", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (registry, sink) = unsafe { (required(registry, "registry")?, required(methods, "methods")?) };
        // SAFETY: the rules of the interface, see the head of this room.
        let path = unsafe { path.read("path") }?;
        let methods = registry.registry.get()?.methods(&String::from_utf8_lossy(path))?;
        // SAFETY: the rules of the interface, see the head of this room.
        unsafe { sink.put(methods.as_bytes()) };
        Ok(jsep_status::JSEP_OK)
    })
}

/// Frees a registry. Null is fine. Endpoints found in it go on working. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_registry_free(registry: *mut jsep_registry) {
    boundary("jsep_registry_free", || {
        if !registry.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(registry) });
        }
        Ok(())
    })
}
