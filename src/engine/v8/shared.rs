//! A realm that requests share because their endpoints opted in with `interpreter_reuse`.

use super::isolates::Worker;
use super::realm::Realm;
use crate::error::Error;

/// A realm with an isolate of its own, made on first use.
#[derive(Default)]
pub(super) struct SharedRealm {
    // Before the worker, because handles go before their isolate.
    realm: Option<Realm>,
    worker: Option<Worker>,
}

impl SharedRealm {
    /// The isolate and the realm, a new isolate when there is none with this heap limit.
    pub(super) fn ready(
        &mut self,
        make: impl FnOnce() -> Result<Worker, Error>,
        heap_bytes: usize,
    ) -> Result<(&Worker, &mut Option<Realm>), Error> {
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
        self.realm = None;
        self.worker = None;
    }
}
