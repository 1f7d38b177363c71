//! Compiled code of an app's modules, kept for the realms in which the app is evaluated: V8's code cache.
//!
//! V8 takes such code only in isolates whose blob has the same read-only part as the one where it was made. So the code belongs to a
//! blob, and is made in an isolate of that blob. It never comes from outside unless its digest is right (see `stored`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Compiled code by the name of its module.
#[derive(Default)]
pub(super) struct Code {
    modules: HashMap<String, Vec<u8>>,
    /// Modules that V8 did not take, and compiled anew.
    rejected: AtomicU64,
}

impl Code {
    /// The code of these modules.
    pub(super) fn new(modules: HashMap<String, Vec<u8>>) -> Code {
        Code { modules, rejected: AtomicU64::new(0) }
    }

    /// The code of one module.
    pub(super) fn module(&self, name: &str) -> Option<&[u8]> {
        self.modules.get(name).map(Vec::as_slice)
    }

    /// The code of all modules.
    pub(super) fn modules(&self) -> &HashMap<String, Vec<u8>> {
        &self.modules
    }

    /// Notes that V8 did not take what it was given.
    pub(super) fn note_rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// How much there is, and how often it was of no use, for reports.
    pub(super) fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "modules": self.modules.len(),
            "bytes": self.modules.values().map(Vec::len).sum::<usize>(),
            "rejected": self.rejected.load(Ordering::Relaxed),
        })
    }
}
