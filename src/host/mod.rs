//! What a host offers to one request, as a safe trait, and the rules about its store that no engine may break.

mod permission;
mod transaction;

pub use permission::{MapMethod, Permission};
pub use transaction::Transaction;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// A host, for the duration of one request. Its functions run on the thread that executes the request.
pub trait Host {
    /// The value of `key` in `map`.
    fn get(&self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Whether `key` has a value.
    fn has(&self, map: &str, key: &[u8]) -> Result<bool, StoreError>;
    /// Version of the last committed write to `key`.
    fn version(&self, map: &str, key: &[u8]) -> Result<Option<i64>, StoreError>;
    /// Number of entries.
    fn size(&self, map: &str) -> Result<u64, StoreError>;
    /// All entries, in an order that stays the same for the same state.
    fn entries(&self, map: &str) -> Result<Vec<Entry>, StoreError>;
    /// Sets the value of `key`.
    fn put(&self, map: &str, key: &[u8], value: &[u8]) -> Result<(), StoreError>;
    /// Removes `key`.
    fn remove(&self, map: &str, key: &[u8]) -> Result<(), StoreError>;
    /// Removes all entries.
    fn clear(&self, map: &str) -> Result<(), StoreError>;
    /// Takes a line of the app's log.
    fn log(&self, level: LogLevel, text: &str);
    /// Milliseconds since 1970 in UTC, if the host has a clock of its own.
    fn clock(&self) -> Option<f64>;
    /// Fills `bytes` with unpredictable bytes.
    fn entropy(&self, bytes: &mut [u8]) -> Result<(), StoreError>;
}

/// Why the host's store gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The transaction has to be run again.
    Conflict,
    /// A function of the host table answered with a failure.
    Failed { function: &'static str, code: u32 },
    /// The host does not offer the function.
    NotOffered { function: &'static str },
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::Conflict => write!(formatter, "the transaction has to be run again"),
            StoreError::Failed { function, code } => {
                write!(formatter, "host function `{function}` failed with code {code}")
            }
            StoreError::NotOffered { function } => write!(formatter, "the host does not offer `{function}`"),
        }
    }
}

/// How bad a logged event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For information.
    Info,
    /// Something failed.
    Fail,
    /// Something failed badly.
    Fatal,
}
