//! What an install makes, kept by the host for later processes. Engine-neutral.
//!
//! What comes back is used only if its seal is right: an HMAC over all that it depends on and over all of its bytes. An engine sees no
//! byte before.

use crate::crypto::{SEAL_BYTES, same_seal, seal};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the host keeps entries.
pub trait CacheTable: Send + Sync {
    /// The entry of this key, if there is one.
    fn load(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps an entry in the place of a former one; whether that worked.
    fn store(&self, key: &str, entry: &[u8]) -> bool;
}

/// The first bytes of an entry: what it is, and the version of its form.
const MAGIC: &[u8; 16] = b"jsep cache\n 1\n\0\0";

/// Entries of a host.
pub struct Cache {
    table: Box<dyn CacheTable>,
    secret: Vec<u8>,
    used: AtomicU64,
    missing: AtomicU64,
    ignored: AtomicU64,
    stored: AtomicU64,
    not_stored: AtomicU64,
}

/// All that an entry depends on, part by part.
#[derive(Default)]
pub struct Identity(Vec<u8>);

impl Identity {
    /// Adds a part.
    pub fn add(mut self, part: &[u8]) -> Identity {
        self.0.extend_from_slice(&(part.len() as u64).to_le_bytes());
        self.0.extend_from_slice(part);
        self
    }

    /// The key of the entry: letters, digits and `-`.
    fn key(&self, engine: &str) -> String {
        let digest = seal(b"", &[&self.0]);
        let digits: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{engine}-{digits}")
    }
}

impl Cache {
    /// Entries in `table`, sealed with `secret`, which may be empty.
    pub fn new(table: Box<dyn CacheTable>, secret: Vec<u8>) -> Cache {
        let [used, missing, ignored, stored, not_stored] = std::array::from_fn(|_| AtomicU64::new(0));
        Cache { table, secret, used, missing, ignored, stored, not_stored }
    }

    /// What was stored for this identity. `read` makes it what it was; without a result the entry counts as not there.
    pub fn load<T>(&self, engine: &str, identity: &Identity, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let Some(entry) = self.table.load(&identity.key(engine)) else {
            self.missing.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let content = self.open(identity, &entry).and_then(read);
        let count = if content.is_some() { &self.used } else { &self.ignored };
        count.fetch_add(1, Ordering::Relaxed);
        content
    }

    /// Stores something for this identity.
    pub fn store(&self, engine: &str, identity: &Identity, content: &[u8]) {
        let seal = seal(&self.secret, &[&identity.0, content]);
        let entry = [MAGIC, &seal[..], content].concat();
        let count = if self.table.store(&identity.key(engine), &entry) { &self.stored } else { &self.not_stored };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How often which of it happened, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        serde_json::json!({
            "used": count(&self.used),
            "missing": count(&self.missing),
            "ignored": count(&self.ignored),
            "stored": count(&self.stored),
            "not_stored": count(&self.not_stored),
        })
    }

    /// The content of an entry whose seal is right.
    fn open<'a>(&self, identity: &Identity, entry: &'a [u8]) -> Option<&'a [u8]> {
        let (given, content) = entry.strip_prefix(MAGIC)?.split_first_chunk::<SEAL_BYTES>()?;
        same_seal(given, &seal(&self.secret, &[&identity.0, content])).then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Entries(Arc<Mutex<HashMap<String, Vec<u8>>>>);

    impl CacheTable for Entries {
        fn load(&self, key: &str) -> Option<Vec<u8>> {
            self.0.lock().ok()?.get(key).cloned()
        }

        fn store(&self, key: &str, entry: &[u8]) -> bool {
            self.0.lock().is_ok_and(|mut entries| {
                entries.insert(key.to_owned(), entry.to_vec());
                true
            })
        }
    }

    fn identity(text: &str) -> Identity {
        Identity::default().add(text.as_bytes())
    }

    fn load(entries: &Entries, secret: &str, text: &str) -> Option<Vec<u8>> {
        let cache = Cache::new(Box::new(entries.clone()), secret.as_bytes().to_vec());
        cache.load("x", &identity(text), |content| Some(content.to_vec()))
    }

    /// Entries with one for `a` under the secret `s`, and its key.
    fn stored() -> (Entries, String) {
        let entries = Entries::default();
        Cache::new(Box::new(entries.clone()), b"s".to_vec()).store("x", &identity("a"), b"content");
        (entries, identity("a").key("x"))
    }

    #[test]
    fn what_is_stored_is_loaded_under_the_same_secret_only() {
        let (entries, _) = stored();
        assert_eq!(load(&entries, "s", "a").as_deref(), Some(&b"content"[..]));
        assert_eq!(load(&entries, "", "a"), None);
        assert_eq!(load(&entries, "t", "a"), None);
        assert_eq!(load(&entries, "s", "b"), None);
    }

    #[test]
    fn an_entry_under_the_key_of_another_is_ignored() {
        let (entries, key) = stored();
        let entry = entries.load(&key).unwrap_or_default();
        entries.store(&identity("b").key("x"), &entry);
        assert_eq!(load(&entries, "s", "b"), None);
    }

    #[test]
    fn each_changed_bit_and_each_cut_is_noticed() {
        let (entries, key) = stored();
        let entry = entries.load(&key).unwrap_or_default();
        for bit in 0..entry.len() * 8 {
            let mut changed = entry.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            entries.store(&key, &changed);
            assert_eq!(load(&entries, "s", "a"), None, "bit {bit}");
        }
        for len in 0..entry.len() {
            entries.store(&key, &entry[..len]);
            assert_eq!(load(&entries, "s", "a"), None, "{len} bytes");
        }
        entries.store(&key, &[&entry[..], b"x"].concat());
        assert_eq!(load(&entries, "s", "a"), None);
    }
}
