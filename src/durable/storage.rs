//! What the host stores, as a safe trait.

use crate::error::Error;
use crate::status::jsep_status;

/// Named objects that outlive the process. Any thread may call it; calls that write come one at a time.
pub trait Storage: Send + Sync {
    /// Up to `most` bytes of an object from `offset` on; fewer only where the object ends. None when there is no such object.
    fn read(&self, name: &str, offset: u64, most: u64) -> Result<Option<Vec<u8>>, StorageError>;
    /// Adds bytes to the end of an object that is there. After a failure any part of them may have been added.
    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError>;
    /// Afterwards all that was appended to the object is there for ever.
    fn sync(&self, name: &str) -> Result<(), StorageError>;
    /// Makes an object, or exchanges all of its bytes, for ever and as a whole: whatever happens, the former bytes are there or the
    /// new ones.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError>;
}

/// A function of the storage answered with a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageError {
    /// Which function.
    pub function: &'static str,
    /// What it answered.
    pub code: u32,
}

impl StorageError {
    /// The error for the host, which names the object.
    pub(super) fn of(self, name: &str) -> Error {
        let StorageError { function, code } = self;
        let message = format!("storage function `{function}` failed for `{name}` with code {code}");
        Error::new(jsep_status::JSEP_STORAGE_FAILED, message)
    }
}
