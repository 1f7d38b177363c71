//! The maps that a handle reaches: those of the running request, or those of a past state.

use super::{Entry, HostError, Transaction};

/// The store of the running request, now or in the past.
pub struct Maps<'execution, 'host> {
    transaction: &'execution mut Transaction<'host>,
    state: Option<u64>,
}

impl<'execution, 'host> Maps<'execution, 'host> {
    /// The maps of `transaction`, or those of the host's past `state`.
    pub fn new(transaction: &'execution mut Transaction<'host>, state: Option<u64>) -> Self {
        Maps { transaction, state }
    }

    /// The value of `key`.
    pub fn get(&mut self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        match self.state {
            Some(state) => self.transaction.past(|host| host.state_get(state, map, key)),
            None => self.transaction.get(map, key),
        }
    }

    /// Whether `key` has a value.
    pub fn has(&mut self, map: &str, key: &[u8]) -> Result<bool, HostError> {
        match self.state {
            Some(_) => Ok(self.get(map, key)?.is_some()),
            None => self.transaction.has(map, key),
        }
    }

    /// Version of the last committed write to `key`.
    pub fn version(&mut self, map: &str, key: &[u8]) -> Result<Option<i64>, HostError> {
        match self.state {
            Some(state) => self.transaction.past(|host| host.state_version(state, map, key)),
            None => self.transaction.version(map, key),
        }
    }

    /// Number of entries.
    pub fn size(&mut self, map: &str) -> Result<u64, HostError> {
        match self.state {
            Some(_) => Ok(self.entries(map)?.len() as u64),
            None => self.transaction.size(map),
        }
    }

    /// All entries.
    pub fn entries(&mut self, map: &str) -> Result<Vec<Entry>, HostError> {
        match self.state {
            Some(state) => self.transaction.past(|host| host.state_entries(state, map)),
            None => self.transaction.entries(map),
        }
    }

    /// Sets the value of `key`. The past can't be written; permissions say so before. Writes may take only so much.
    pub fn set(&mut self, map: &str, key: Vec<u8>, value: Vec<u8>) -> Result<(), HostError> {
        self.present()?.set(map, key, value)
    }

    /// Removes `key`.
    pub fn delete(&mut self, map: &str, key: Vec<u8>) -> Result<(), HostError> {
        self.present()?.delete(map, key)
    }

    /// Removes all entries.
    pub fn clear(&mut self, map: &str) -> Result<(), HostError> {
        self.present()?.clear(map)
    }

    fn present(&mut self) -> Result<&mut Transaction<'host>, HostError> {
        match self.state {
            Some(_) => Err(HostError::NotOffered { function: "writing to a past state" }),
            None => Ok(self.transaction),
        }
    }
}
