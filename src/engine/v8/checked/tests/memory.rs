//! A host whose store is in memory, and whose clock and entropy are the same for each request.

use crate::host::{
    Attestation, Entry, HistoricalRange, Host, HostError, LogLevel, Permission, State, TransactionId, TransactionStatus,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Default)]
pub(in crate::engine::v8) struct Memory {
    pub(super) maps: RefCell<BTreeMap<String, Map>>,
    pub(super) log: RefCell<Vec<String>>,
    entropy: Cell<u8>,
}

impl Memory {
    /// A store with some entries.
    pub(in crate::engine::v8) fn new() -> Memory {
        let memory = Memory::default();
        for (key, value) in [("a", "1"), ("b", "[1,2]"), ("c", "{\"x\":null}")] {
            memory.map("t", |map| map.insert(key.into(), value.into()));
        }
        memory
    }

    fn map<R>(&self, name: &str, use_it: impl FnOnce(&mut Map) -> R) -> R {
        use_it(self.maps.borrow_mut().entry(name.to_owned()).or_default())
    }
}

fn not_offered<T>(function: &'static str) -> Result<T, HostError> {
    Err(HostError::NotOffered { function })
}

impl Host for Memory {
    fn get(&self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.map(map, |map| map.get(key).cloned()))
    }
    fn has(&self, map: &str, key: &[u8]) -> Result<bool, HostError> {
        Ok(self.map(map, |map| map.contains_key(key)))
    }
    fn version(&self, map: &str, key: &[u8]) -> Result<Option<i64>, HostError> {
        Ok(self.map(map, |map| map.contains_key(key).then_some(7)))
    }
    fn size(&self, map: &str) -> Result<u64, HostError> {
        Ok(self.map(map, |map| map.len() as u64))
    }
    fn entries(&self, map: &str) -> Result<Vec<Entry>, HostError> {
        Ok(self.map(map, |map| map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
    fn put(&self, map: &str, key: &[u8], value: &[u8]) -> Result<(), HostError> {
        self.map(map, |map| map.insert(key.to_vec(), value.to_vec()));
        Ok(())
    }
    fn remove(&self, map: &str, key: &[u8]) -> Result<(), HostError> {
        self.map(map, |map| map.remove(key));
        Ok(())
    }
    fn clear(&self, map: &str) -> Result<(), HostError> {
        self.map(map, BTreeMap::clear);
        Ok(())
    }
    fn log(&self, level: LogLevel, text: &str) {
        // How long a request took is no part of what it does.
        if !text.starts_with("[js] JS execution complete") {
            self.log.borrow_mut().push(format!("{level:?} {text}"));
        }
    }
    fn clock(&self) -> Option<f64> {
        Some(1_000_000.0)
    }
    fn entropy(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        for byte in bytes {
            *byte = self.entropy.get();
            self.entropy.set(byte.wrapping_mul(5).wrapping_add(101));
        }
        Ok(())
    }
    fn last_committed(&self) -> Result<TransactionId, HostError> {
        Ok(TransactionId { view: 2, seqno: 9 })
    }
    fn transaction_status(&self, _id: TransactionId) -> Result<TransactionStatus, HostError> {
        Ok(TransactionStatus::Committed)
    }
    fn view_of(&self, _seqno: u64) -> Result<Option<u64>, HostError> {
        Ok(Some(2))
    }
    fn historical_range(&self, range: HistoricalRange) -> Result<Option<Vec<State>>, HostError> {
        let state =
            |seqno| State { state: seqno, transaction: TransactionId { view: 2, seqno }, receipt: b"{}".to_vec() };
        Ok((range.last - range.first < 5).then(|| (range.first..=range.last).map(state).collect()))
    }
    fn historical_drop(&self, _handle: u64) -> Result<bool, HostError> {
        Ok(true)
    }
    fn state_get(&self, state: u64, _map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        Ok((key == b"a").then(|| state.to_string().into_bytes()))
    }
    fn state_version(&self, state: u64, _map: &str, _key: &[u8]) -> Result<Option<i64>, HostError> {
        Ok(i64::try_from(state).ok())
    }
    fn state_entries(&self, state: u64, _map: &str) -> Result<Vec<Entry>, HostError> {
        Ok(vec![(b"a".to_vec(), state.to_string().into_bytes())])
    }
    fn restrict(&self, _map: &str, permission: Permission) -> Result<(Permission, Option<String>), HostError> {
        Ok((permission, None))
    }
    fn trigger_subprocess(&self, _arguments: &[String], _input: Option<&[u8]>) -> Result<(), HostError> {
        not_offered("trigger_subprocess")
    }
    fn verify_attestation(&self, _attestation: &Attestation) -> Result<Vec<u8>, HostError> {
        not_offered("verify_attestation")
    }
}
