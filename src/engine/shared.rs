//! Realms that requests share because their endpoints opted in with `interpreter_reuse`.

use crate::app::Mode;
use std::sync::{Arc, Mutex, PoisonError};

/// The shared realms of one version of an app, by key, the latest used last. `T` is what an engine keeps for a key.
pub struct SharedRealms<T> {
    realms: Mutex<Vec<(String, Arc<Mutex<T>>)>>,
}

impl<T> Default for SharedRealms<T> {
    fn default() -> Self {
        SharedRealms { realms: Mutex::default() }
    }
}

impl<T: Default> SharedRealms<T> {
    /// The realm for a key; endpoints that may write share none with those that may only read. At most `most` are kept.
    pub fn realm(&self, key: &str, mode: Mode, most: usize) -> Arc<Mutex<T>> {
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
        // What they hold goes outside of the lock.
        drop(evicted);
        realm
    }
}
