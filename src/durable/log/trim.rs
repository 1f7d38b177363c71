//! What a log needs no more, because checkpoints hold it.

use super::{Log, Newest, replace};
use crate::durable::checkpoint::{self, Checkpoints};
use crate::durable::contents::Entry;
use crate::durable::recovery::damaged;
use crate::durable::segment::{self, Base, MANIFEST_NAME, Manifest, SEGMENT_HEAD, segment_name};
use crate::durable::storage::Storage;
use crate::error::Error;
use crate::invoke::process::Executing;
use std::collections::BTreeMap;
use std::sync::PoisonError;

impl Log {
    /// The checkpoints of a realm that can be used with the synced part of the log.
    pub(in crate::durable) fn checkpoints(&self, realm: u64) -> Result<Checkpoints, Error> {
        let (first, known) = {
            let state = self.lock();
            (state.manifest.first(), state.realms.get(&realm).map_or(0, Entry::count))
        };
        let mut all = checkpoint::read_all(self.storage.as_ref(), &self.identity, first, realm)?;
        all.limit(known);
        if let Some((_, checkpoint, len)) = all.whole.first() {
            let engine = checkpoint.engine.clone();
            self.lock().newest.insert(realm, Newest { records: checkpoint.records, bytes: *len, engine });
        }
        Ok(all)
    }

    /// Records that the newest checkpoint of a realm holds, and its length, as far as `checkpoints` has found one that `engine` can use.
    pub(in crate::durable) fn newest_checkpoint(&self, realm: u64, engine: Option<&[u8]>) -> Option<(u64, u64)> {
        let state = self.lock();
        let newest = state.newest.get(&realm).filter(|newest| engine == Some(&newest.engine))?;
        Some((newest.records, newest.bytes))
    }

    /// Gives up the segments that no realm needs: those before the first record that the older of two checkpoints of its realm does not
    /// hold. How many that were.
    pub fn trim(&self) -> Result<u64, Error> {
        // Called by a function of the storage it would wait for itself.
        let _executing = Executing::without_scripts()?;
        let realms: Vec<u64> = self.lock().realms.keys().copied().collect();
        let mut needed = u64::MAX;
        let mut held = BTreeMap::new();
        for realm in realms {
            let all = self.checkpoints(realm)?;
            let records = if all.whole.len() > 1 { all.whole.last().map_or(0, |last| last.1.records) } else { 0 };
            held.insert(realm, records);
        }
        let mut state = self.lock();
        state.waiting_for_idle += 1;
        state = self.idle.wait_while(state, |state| state.writing).unwrap_or_else(PoisonError::into_inner);
        state.waiting_for_idle -= 1;
        state.usable()?;
        for (realm, entry) in &state.realms {
            let record = held.get(realm).copied().unwrap_or(0);
            needed = needed.min(entry.first_segment_from(record));
        }
        needed = needed.min(state.end.segment);
        let first = state.manifest.first();
        if needed <= first {
            return Ok(0);
        }
        // As the head of the segment tells it.
        let name = segment_name(needed);
        let head = self.storage.read(&name, 0, SEGMENT_HEAD).map_err(|error| error.of(&name))?.unwrap_or_default();
        let before = segment::decode_segment(&self.identity, &head)
            .map_err(|_| damaged(&name, 0, "its head is not what was written"))?;
        let counted =
            |entry: &Entry| entry.records.iter().filter(|record| record.place.segment < needed).count() as u64;
        let bases = state.realms.iter().map(|(realm, entry)| Base {
            realm: *realm,
            name: entry.name.clone(),
            records: entry.base + counted(entry),
            turns: entry.turns_before(entry.base + counted(entry)),
        });
        let realms = bases.filter(|base| base.records > 0).collect();
        let manifest = Manifest { before, known: state.end, realms, identity: self.identity };
        // The storage is written by one thread at a time.
        state.writing = true;
        drop(state);
        let replaced = replace(self.storage.as_ref(), MANIFEST_NAME, &manifest.encode());
        let emptied = replaced.and_then(|()| empty(self.storage.as_ref(), first, needed));
        let mut state = self.lock();
        state.writing = false;
        let result = emptied.map(|()| {
            for base in &*manifest.realms {
                if let Some(entry) = state.realms.get_mut(&base.realm) {
                    entry.forget(base.records);
                }
            }
            state.manifest = manifest;
            needed - first
        });
        if let Err(error) = &result {
            state.failed = Some(error.clone());
        }
        self.hand_over(state);
        result
    }
}

/// Frees the room of segments. The last one comes first, so that a start finds what an end of the process left.
fn empty(storage: &dyn Storage, first: u64, end: u64) -> Result<(), Error> {
    (first..end).rev().try_for_each(|number| replace(storage, &segment_name(number), b""))
}
