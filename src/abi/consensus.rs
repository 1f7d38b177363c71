//! Transaction ids, and what became of a transaction.

use crate::host::TransactionId;

/// The id of a transaction: where it stands in the ledger, and under whose lead it was written.
///
/// Source: `src/abi/consensus.rs`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct jsep_transaction_id {
    /// View, from 1.
    pub view: u64,
    /// Sequence number, from 1.
    pub seqno: u64,
}

/// What became of a transaction. A number that is not among these reads as unknown.
///
/// Source: `src/abi/consensus.rs`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum jsep_transaction_status {
    /// Nothing is known of it: it may come, or not.
    JSEP_TRANSACTION_UNKNOWN = 0,
    /// It is there and may still be lost.
    JSEP_TRANSACTION_PENDING = 1,
    /// It is there for ever.
    JSEP_TRANSACTION_COMMITTED = 2,
    /// It will never be.
    JSEP_TRANSACTION_INVALID = 3,
}

impl From<jsep_transaction_id> for TransactionId {
    fn from(id: jsep_transaction_id) -> TransactionId {
        TransactionId { view: id.view, seqno: id.seqno }
    }
}
