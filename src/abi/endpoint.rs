//! Execution: one request against one endpoint.

use super::boundary::{boundary, required, required_out};
use super::host::jsep_host;
use super::host_table::TableHost;
use super::request::jsep_request;
use super::response::jsep_response;
use super::{jsep_bytes, jsep_status};
use crate::app::Mode;
use crate::invoke::{Found, Unforked};

/// An endpoint as found for one path, with the values of its path template.
///
/// Functions: `jsep_registry_find`, `jsep_endpoint_template`, `jsep_endpoint_mode`, `jsep_endpoint_properties`,
/// `jsep_endpoint_execute`, `jsep_endpoint_free`. It may be executed any number of times, also again after a conflict. Any
/// thread, several at once.
///
/// Source: `src/abi/endpoint.rs`.
pub struct jsep_endpoint {
    found: Unforked<Found>,
}

impl jsep_endpoint {
    pub(super) fn new(found: Found) -> Self {
        jsep_endpoint { found: Unforked::new(found) }
    }
}

/// What an endpoint may do with the store.
///
/// Source: `src/abi/endpoint.rs`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum jsep_mode {
    /// Reads and writes. Also the answer for a null endpoint.
    JSEP_MODE_READWRITE = 0,
    /// Reads only.
    JSEP_MODE_READONLY = 1,
    /// Reads the current and a past state.
    JSEP_MODE_HISTORICAL = 2,
}

/// The endpoint's path template, for example `/log/private/raw_text/{id}`, UTF-8. It lives as long as the endpoint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_endpoint_template(endpoint: *const jsep_endpoint) -> jsep_bytes {
    boundary("jsep_endpoint_template", || {
        // SAFETY: the rules of the interface, see the head of this room.
        Ok(jsep_bytes::lend(unsafe { required(endpoint, "endpoint") }?.found.get()?.endpoint().template.as_bytes()))
    })
}

/// The endpoint's mode.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_endpoint_mode(endpoint: *const jsep_endpoint) -> jsep_mode {
    boundary("jsep_endpoint_mode", || {
        // SAFETY: the rules of the interface, see the head of this room.
        Ok(match unsafe { required(endpoint, "endpoint") }?.found.get()?.endpoint().mode {
            Mode::ReadWrite => jsep_mode::JSEP_MODE_READWRITE,
            Mode::ReadOnly => jsep_mode::JSEP_MODE_READONLY,
            Mode::Historical => jsep_mode::JSEP_MODE_HISTORICAL,
        })
    })
}

impl super::boundary::Failure for jsep_mode {
    fn failure(_status: jsep_status) -> Self {
        jsep_mode::JSEP_MODE_READWRITE
    }
}

/// The endpoint's properties as the bundle gives them, a JSON object in UTF-8; a host reads `authn_policies`,
/// `forwarding_required` and the like from it. It lives as long as the endpoint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_endpoint_properties(endpoint: *const jsep_endpoint) -> jsep_bytes {
    boundary("jsep_endpoint_properties", || {
        // SAFETY: the rules of the interface, see the head of this room.
        Ok(jsep_bytes::lend(unsafe { required(endpoint, "endpoint") }?.found.get()?.endpoint().properties.as_bytes()))
    })
}

/// Runs the endpoint for one request.
///
/// A fresh realm, whatever other requests did, unless the endpoint opted in with `interpreter_reuse`. What the script does wrong becomes a
/// response with status 500 and `JSEP_OK`. On success the caller frees `*response` with `jsep_response_free`.
///
/// `JSEP_CONFLICT`: a store callback asked for it. Nothing of the try remains; the host starts a new transaction and executes
/// again. The callbacks of `host` run on this thread, during this call. Any thread, also one older than the library; several
/// threads at once.
///
/// Errors: `JSEP_CONFLICT`, `JSEP_REENTERED`, `JSEP_FORKED`, `JSEP_FOREIGN_STACK`, `JSEP_STORE_FAILED`, `JSEP_NULL_ARGUMENT`,
/// `JSEP_STRUCT_SIZE`, `JSEP_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_endpoint_execute(
    endpoint: *const jsep_endpoint,
    request: *const jsep_request,
    host: *const jsep_host,
    response: *mut *mut jsep_response,
) -> jsep_status {
    boundary("jsep_endpoint_execute", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let out = unsafe { required_out(response, "response") }?;
        *out = std::ptr::null_mut();
        // SAFETY: as above.
        let endpoint = unsafe { required(endpoint, "endpoint") }?;
        // SAFETY: as above.
        let (request, host) = unsafe { (jsep_request::read(request)?, TableHost::read(host)?) };
        let answer = endpoint.found.get()?.execute(&request, &host)?;
        *out = Box::into_raw(Box::new(jsep_response::new(answer)));
        Ok(jsep_status::JSEP_OK)
    })
}

/// Frees an endpoint. Null is fine. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_endpoint_free(endpoint: *mut jsep_endpoint) {
    boundary("jsep_endpoint_free", || {
        if !endpoint.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(endpoint) });
        }
        Ok(())
    })
}
