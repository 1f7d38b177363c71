//! The writes of a running request, kept apart from the host until the request has ended.
//!
//! A request that is stopped or run again has therefore left nothing with the host, and a dropped transaction costs nothing.

use super::{Entry, Host, HostError};
use std::collections::BTreeMap;

/// The host's store as the running request sees it: its own writes over the host's state.
pub struct Transaction<'host> {
    host: &'host dyn Host,
    maps: BTreeMap<String, MapWrites>,
    /// What the writes take.
    bytes: usize,
    most_bytes: usize,
    conflict: bool,
}

/// What a write, or a map with writes, takes beside its own bytes, nearly.
const ENTRY: usize = 96;

/// What the request has written to one map.
#[derive(Default)]
struct MapWrites {
    /// All that the host has is gone.
    cleared: bool,
    /// New values; `None` removes the key.
    entries: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'host> Transaction<'host> {
    /// A transaction without writes, which may take so many bytes.
    pub fn new(host: &'host dyn Host, most_bytes: usize) -> Self {
        Transaction { host, maps: BTreeMap::new(), bytes: 0, most_bytes, conflict: false }
    }

    /// Drops all writes.
    pub fn forget_writes(&mut self) {
        self.maps.clear();
        self.bytes = 0;
    }

    /// Whether the host has asked to run the request again.
    pub fn conflicted(&self) -> bool {
        self.conflict
    }

    /// The value of `key`.
    pub fn get(&mut self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        match self.written(map, key) {
            Some(value) => Ok(value.cloned()),
            None => self.noting(self.host.get(map, key)),
        }
    }

    /// Whether `key` has a value.
    pub fn has(&mut self, map: &str, key: &[u8]) -> Result<bool, HostError> {
        match self.written(map, key) {
            Some(value) => Ok(value.is_some()),
            None => self.noting(self.host.has(map, key)),
        }
    }

    /// Version of the last committed write to `key`, which own writes do not change.
    pub fn version(&mut self, map: &str, key: &[u8]) -> Result<Option<i64>, HostError> {
        self.noting(self.host.version(map, key))
    }

    /// Number of entries.
    pub fn size(&mut self, map: &str) -> Result<u64, HostError> {
        let Some(writes) = self.maps.get(map) else {
            return self.noting(self.host.size(map));
        };
        if writes.cleared {
            return Ok(writes.entries.values().flatten().count() as u64);
        }
        let size = self.host.size(map).and_then(|mut size| {
            for (key, value) in &writes.entries {
                match (self.host.has(map, key)?, value.is_some()) {
                    (true, false) => size = size.saturating_sub(1),
                    (false, true) => size = size.saturating_add(1),
                    _ => {}
                }
            }
            Ok(size)
        });
        self.noting(size)
    }

    /// All entries, as they are at the moment of the call.
    pub fn entries(&mut self, map: &str) -> Result<Vec<Entry>, HostError> {
        let cleared = self.maps.get(map).is_some_and(|writes| writes.cleared);
        let mut entries = if cleared { Vec::new() } else { self.noting(self.host.entries(map))? };
        if let Some(writes) = self.maps.get(map) {
            entries.retain(|(key, _)| !writes.entries.contains_key(key));
            let written = writes.entries.iter();
            entries.extend(written.filter_map(|(key, value)| Some((key.clone(), value.clone()?))));
        }
        Ok(entries)
    }

    /// Sets the value of `key`.
    pub fn set(&mut self, map: &str, key: Vec<u8>, value: Vec<u8>) -> Result<(), HostError> {
        self.write(map, key, Some(value))
    }

    /// Removes `key`.
    pub fn delete(&mut self, map: &str, key: Vec<u8>) -> Result<(), HostError> {
        self.write(map, key, None)
    }

    /// Removes all entries.
    pub fn clear(&mut self, map: &str) -> Result<(), HostError> {
        self.grow(self.new_map(map))?;
        let writes = self.maps.entry(map.to_owned()).or_default();
        writes.cleared = true;
        let entries = std::mem::take(&mut writes.entries);
        let freed = entries.iter().map(|(key, value)| size(key, value.as_ref())).sum();
        // Without guards nothing was counted.
        self.bytes = self.bytes.saturating_sub(freed);
        Ok(())
    }

    /// Hands all writes to the host.
    pub fn flush(&mut self) -> Result<(), HostError> {
        let host = self.host;
        let result = self.maps.iter().try_for_each(|(map, writes)| {
            if writes.cleared {
                host.clear(map)?;
            }
            writes.entries.iter().try_for_each(|(key, value)| match value {
                Some(value) => host.put(map, key, value),
                None => host.remove(map, key),
            })
        });
        self.noting(result)
    }

    /// Reads from a past state, in which this request has written nothing.
    pub(super) fn past<T>(&mut self, read: impl FnOnce(&dyn Host) -> Result<T, HostError>) -> Result<T, HostError> {
        let result = read(self.host);
        self.noting(result)
    }

    /// What the request itself has made of `key`: not touched, removed, or set.
    fn written(&self, map: &str, key: &[u8]) -> Option<Option<&Vec<u8>>> {
        let writes = self.maps.get(map)?;
        match writes.entries.get(key) {
            Some(value) => Some(value.as_ref()),
            None => writes.cleared.then_some(None),
        }
    }

    fn write(&mut self, map: &str, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), HostError> {
        self.count(map, &key, value.as_ref())?;
        self.maps.entry(map.to_owned()).or_default().entries.insert(key, value);
        Ok(())
    }

    /// Counts a write, and no longer the one whose place it takes.
    fn count(&mut self, map: &str, key: &[u8], value: Option<&Vec<u8>>) -> Result<(), HostError> {
        if cfg!(feature = "without_guards") {
            return Ok(());
        }
        let former = self.maps.get(map).and_then(|writes| Some(size(key, writes.entries.get(key)?.as_ref())));
        let former = former.unwrap_or(0);
        self.grow((self.new_map(map) + size(key, value)).saturating_sub(former))?;
        self.bytes -= former.saturating_sub(size(key, value));
        Ok(())
    }

    /// What a map takes that has no writes yet.
    fn new_map(&self, map: &str) -> usize {
        if self.maps.contains_key(map) { 0 } else { ENTRY + map.len() }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), HostError> {
        let bytes = self.bytes.saturating_add(bytes);
        if bytes > self.most_bytes {
            return Err(HostError::TooManyWrites);
        }
        self.bytes = bytes;
        Ok(())
    }

    fn noting<T>(&mut self, result: Result<T, HostError>) -> Result<T, HostError> {
        self.conflict |= matches!(result, Err(HostError::Conflict));
        result
    }
}

/// What a write takes.
fn size(key: &[u8], value: Option<&Vec<u8>>) -> usize {
    ENTRY + key.len() + value.map_or(0, Vec::len)
}
