//! The response of one request.

use super::boundary::{boundary, check_size, required, required_out};
use super::timings::jsep_execution_timings;
use super::{jsep_bytes, jsep_status};
use crate::error::Error;
use crate::invoke::Response;

/// What an endpoint answered.
///
/// Functions: `jsep_endpoint_execute`, `jsep_response_status`, `jsep_response_header_count`, `jsep_response_header`,
/// `jsep_response_body`, `jsep_response_apply_writes`, `jsep_response_claims_digest`, `jsep_response_timed_out`,
/// `jsep_response_exception`, `jsep_response_exception_trace`, `jsep_response_timings_get`, `jsep_response_free`. It never
/// changes, may be read by any thread, and owns what its accessors lend.
///
/// Source: `src/abi/response.rs`.
pub struct jsep_response {
    response: Response,
}

impl jsep_response {
    pub(super) fn new(response: Response) -> Self {
        jsep_response { response }
    }
}

/// HTTP status, 200 to 599; 0 for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_status(response: *const jsep_response) -> u32 {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_response_status", || Ok(u32::from(unsafe { required(response, "response") }?.response.status)))
}

/// Number of headers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_header_count(response: *const jsep_response) -> usize {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_response_header_count", || Ok(unsafe { required(response, "response") }?.response.headers.len()))
}

/// Gives name (lower case) and value of header `index`, counted from 0; they live as long as the response.
///
/// Errors: `JSEP_INVALID_ARGUMENT` for an index out of range, `JSEP_NULL_ARGUMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_header(
    response: *const jsep_response,
    index: usize,
    name: *mut jsep_bytes,
    value: *mut jsep_bytes,
) -> jsep_status {
    boundary("jsep_response_header", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (response, name, value) =
            unsafe { (required(response, "response")?, required_out(name, "name")?, required_out(value, "value")?) };
        let headers = &response.response.headers;
        let (header_name, header_value) = headers.get_index(index).ok_or_else(|| {
            let message = format!("header {index} was asked for, but there are {}", headers.len());
            Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message)
        })?;
        *name = jsep_bytes::lend(header_name.as_bytes());
        *value = jsep_bytes::lend(header_value.as_bytes());
        Ok(jsep_status::JSEP_OK)
    })
}

/// Body; no bytes when there is none. For `HEAD` it is what `GET` would send: the host leaves it out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_body(response: *const jsep_response) -> jsep_bytes {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_response_body", || Ok(jsep_bytes::lend(&unsafe { required(response, "response") }?.response.body)))
}

/// Whether the host is to commit the transaction; the writes have been handed over only if so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_apply_writes(response: *const jsep_response) -> bool {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_response_apply_writes", || Ok(unsafe { required(response, "response") }?.response.apply_writes))
}

/// The 32 bytes that the script gave to `ccf.rpc.setClaimsDigest`, or no bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_claims_digest(response: *const jsep_response) -> jsep_bytes {
    boundary("jsep_response_claims_digest", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let response = unsafe { required(response, "response") }?;
        Ok(response.response.claims_digest.as_ref().map_or(jsep_bytes::EMPTY, |digest| jsep_bytes::lend(digest)))
    })
}

/// Whether the request was ended because it ran out of time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_timed_out(response: *const jsep_response) -> bool {
    // SAFETY: the rules of the interface, see the head of this room.
    boundary("jsep_response_timed_out", || Ok(unsafe { required(response, "response") }?.response.timed_out))
}

/// Text of the exception that ended the request, UTF-8, whatever the options say about details; no bytes when there was
/// none. It may hold secrets of the app.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_exception(response: *const jsep_response) -> jsep_bytes {
    boundary("jsep_response_exception", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let response = unsafe { required(response, "response") }?;
        Ok(response.response.exception.as_ref().map_or(jsep_bytes::EMPTY, |it| jsep_bytes::lend(it.message.as_bytes())))
    })
}

/// Stack trace of that exception, UTF-8, or no bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_exception_trace(response: *const jsep_response) -> jsep_bytes {
    boundary("jsep_response_exception_trace", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let response = unsafe { required(response, "response") }?;
        let trace = response.response.exception.as_ref().and_then(|exception| exception.trace.as_ref());
        Ok(trace.map_or(jsep_bytes::EMPTY, |trace| jsep_bytes::lend(trace.as_bytes())))
    })
}

/// Fills `timings`, whose `size` the caller has set, with what the request took.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_timings_get(
    response: *const jsep_response,
    timings: *mut jsep_execution_timings,
) -> jsep_status {
    boundary("jsep_response_timings_get", || {
        // SAFETY: the rules of the interface, see the head of this room.
        let (response, timings) = unsafe { (required(response, "response")?, required_out(timings, "timings")?) };
        check_size(timings.size, size_of::<jsep_execution_timings>(), "timings")?;
        let measured = &response.response.timings;
        timings.realm_ns = measured.realm;
        timings.call_ns = measured.call;
        timings.flush_ns = measured.flush;
        timings.total_ns = measured.total;
        timings.realm = measured.rung;
        Ok(jsep_status::JSEP_OK)
    })
}

/// Frees a response. Null is fine. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsep_response_free(response: *mut jsep_response) {
    boundary("jsep_response_free", || {
        if !response.is_null() {
            // SAFETY: the caller hands back what `Box::into_raw` gave.
            drop(unsafe { Box::from_raw(response) });
        }
        Ok(())
    })
}
