//! The request as the host hands it over.

use super::boundary::read_grown;
use super::bytes::check_count;
use super::{jsep_bytes, jsep_state};
use crate::engine::Request;
use crate::error::Error;
use crate::status::jsep_status;
use indexmap::IndexMap;
use std::borrow::Cow;

/// One request header.
///
/// Source: `src/abi/request.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_header {
    /// Name in any case; the app sees it in lower case.
    pub name: jsep_bytes,
    /// Value, as received.
    pub value: jsep_bytes,
}

/// One request. The library reads it, and what it points to, during `jsep_endpoint_execute` only.
///
/// Source: `src/abi/request.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_request {
    /// `sizeof(struct jsep_request)`.
    pub size: usize,
    /// Method in upper case, as received.
    pub method: jsep_bytes,
    /// Path as received: not decoded, without the query.
    pub path: jsep_bytes,
    /// What follows the `?`, URL-decoded as a whole; no bytes when absent.
    pub query: jsep_bytes,
    /// Headers in the order received. Values of one name are joined by a comma and a space. May be null when the count is 0.
    pub headers: *const jsep_header,
    /// Number of headers.
    pub header_count: usize,
    /// Body.
    pub body: jsep_bytes,
    /// `request.caller` as JSON; no bytes mean `null`.
    pub caller: jsep_bytes,
    /// For an endpoint of mode `historical`: the state that `ccf.historicalState` shows. Null: there is none.
    pub historical_state: *const jsep_state,
}

/// Size of the struct's first version, which every host fills at least.
const SMALLEST: usize = std::mem::offset_of!(jsep_request, historical_state);

/// Room that is made for headers before they are read.
const FEW_HEADERS: usize = 64;

impl jsep_request {
    /// Reads the request; text that is not UTF-8 gets replacement characters.
    ///
    /// # Safety
    /// The pointer is null or to a live request; all pointers in it are as documented and stay good for `'a`.
    pub(super) unsafe fn read<'a>(pointer: *const jsep_request) -> Result<Request<'a>, Error> {
        // SAFETY: the caller promises null or a live request, which may be the first version of the struct.
        let whole = unsafe { read_grown(pointer, SMALLEST, "request") }?;
        // SAFETY: as above.
        unsafe { whole.read_whole() }
    }

    /// # Safety
    /// As [`jsep_request::read`].
    unsafe fn read_whole<'a>(&self) -> Result<Request<'a>, Error> {
        if self.headers.is_null() && self.header_count != 0 {
            return Err(Error::new(
                jsep_status::JSEP_NULL_ARGUMENT,
                "`request.headers` is null but `request.header_count` is not 0",
            ));
        }
        let headers: &[jsep_header] = if self.header_count == 0 {
            &[]
        } else {
            check_count::<jsep_header>(self.header_count, &"request.header_count")?;
            // SAFETY: not null, and the caller promises `header_count` headers, of which there can be so many.
            unsafe { std::slice::from_raw_parts(self.headers, self.header_count) }
        };
        let text = |bytes: jsep_bytes, name: &str| -> Result<Cow<'a, str>, Error> {
            // SAFETY: the caller promises readable bytes.
            Ok(String::from_utf8_lossy(unsafe { bytes.read(name) }?))
        };
        let mut request = Request {
            method: text(self.method, "request.method")?,
            path: text(self.path, "request.path")?,
            query: text(self.query, "request.query")?,
            headers: IndexMap::with_capacity(headers.len().min(FEW_HEADERS)),
            // SAFETY: the caller promises readable bytes.
            body: unsafe { self.body.read("request.body") }?,
            caller: None,
            historical_state: None,
        };
        for header in headers {
            request.add_header(&text(header.name, "header.name")?, text(header.value, "header.value")?);
        }
        // SAFETY: the caller promises readable bytes.
        let caller = unsafe { self.caller.read("request.caller") }?;
        if !caller.is_empty() {
            request.caller = Some(caller_json(caller)?);
        }
        // SAFETY: the caller promises null or a live state.
        if let Some(state) = unsafe { self.historical_state.as_ref() } {
            // SAFETY: as above.
            request.historical_state = Some(unsafe { state.read("request.historical_state") }?);
        }
        Ok(request)
    }
}

/// Checks that the caller is JSON, so that the engines need not.
fn caller_json(bytes: &[u8]) -> Result<&str, Error> {
    let invalid = |reason: String| {
        Error::new(jsep_status::JSEP_INVALID_ARGUMENT, format!("`request.caller` is not JSON: {reason}"))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| invalid(error.to_string()))?;
    serde_json::from_str::<&serde_json::value::RawValue>(text).map_err(|error| invalid(error.to_string()))?;
    Ok(text)
}
