//! Realms that requests share because their endpoints opted in with `interpreter_reuse`.

use super::isolates::Worker;
use super::realm::Realm;
use crate::app::Mode;
use crate::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// The shared realms of one version of an app, by key, the latest used last.
#[derive(Default)]
pub(super) struct SharedRealms {
    realms: Mutex<Vec<(String, Arc<Mutex<SharedRealm>>)>>,
}

/// A realm with an isolate of its own, made on first use.
#[derive(Default)]
pub(super) struct SharedRealm {
    // Before the worker, because handles go before their isolate.
    realm: Realm,
    worker: Option<Worker>,
}

impl SharedRealms {
    /// The realm for a key; endpoints that may write share none with those that may only read. At most `most` are kept.
    pub(super) fn realm(&self, key: &str, mode: Mode, most: usize) -> Arc<Mutex<SharedRealm>> {
        let key = format!("{key} {}", if mode == Mode::ReadWrite { "(rw)" } else { "(ro)" });
        let (realm, evicted) = {
            let mut realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
            let found = realms.iter().position(|(known, _)| *known == key).map(|index| realms.remove(index));
            let entry = found.unwrap_or_else(|| (key, Arc::default()));
            let realm = Arc::clone(&entry.1);
            realms.push(entry);
            let excess = realms.len().saturating_sub(most);
            (realm, realms.drain(..excess).collect::<Vec<_>>())
        };
        // Isolates go outside of the lock.
        drop(evicted);
        realm
    }
}

impl SharedRealm {
    /// The isolate and the realm, a new isolate when there is none with this heap limit.
    pub(super) fn ready(
        &mut self,
        make: impl FnOnce() -> Result<Worker, Error>,
        heap_bytes: usize,
    ) -> Result<(&Worker, &mut Realm), Error> {
        if self.worker.as_ref().is_some_and(|worker| worker.heap_bytes() != heap_bytes) {
            self.discard();
        }
        let worker = match &mut self.worker {
            Some(worker) => worker,
            empty => empty.insert(make()?),
        };
        Ok((worker, &mut self.realm))
    }

    /// Drops isolate and realm; the next request gets new ones.
    pub(super) fn discard(&mut self) {
        self.realm = Realm::default();
        self.worker = None;
    }
}
