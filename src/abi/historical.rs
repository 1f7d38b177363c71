//! Past states of the host's store.

use super::boundary::check_size;
use super::{jsep_bytes, jsep_transaction_id};
use crate::error::Error;
use crate::host::State;
use crate::status::jsep_status;
use std::ffi::c_void;

/// What one committed transaction wrote.
///
/// Source: `src/abi/historical.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_state {
    /// `sizeof(struct jsep_state)`.
    pub size: usize,
    /// The host's name for the state, passed back to `state_get` and its like. It must be good until
    /// `jsep_endpoint_execute` returns.
    pub state: u64,
    /// The transaction that made it.
    pub transaction: jsep_transaction_id,
    /// The transaction's receipt as JSON, which scripts see as an object; no bytes mean `null`.
    pub receipt: jsep_bytes,
}

/// Takes past states, one call each, in the order of their sequence numbers.
///
/// `state` copies what it needs before it returns and may be called only while the function that received the visitor runs, on
/// the same thread.
///
/// Source: `src/abi/historical.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsep_state_visitor {
    /// Passed back as the first argument of `state`.
    pub context: *mut c_void,
    /// Takes one state. False means that it could not be read; the walk may end.
    pub state: Option<unsafe extern "C" fn(context: *mut c_void, state: *const jsep_state) -> bool>,
}

impl jsep_state {
    /// Reads the state.
    ///
    /// # Safety
    /// The receipt points to readable bytes.
    pub(super) unsafe fn read(&self, name: &'static str) -> Result<State, Error> {
        check_size(self.size, size_of::<jsep_state>(), name)?;
        // SAFETY: the caller promises readable bytes.
        let receipt = unsafe { self.receipt.copy(&format!("{name}.receipt")) }?;
        if !receipt.is_empty() {
            serde_json::from_slice::<&serde_json::value::RawValue>(&receipt).map_err(|error| {
                Error::new(jsep_status::JSEP_INVALID_ARGUMENT, format!("`{name}.receipt` is not JSON: {error}"))
            })?;
        }
        Ok(State { state: self.state, transaction: self.transaction.into(), receipt })
    }
}
