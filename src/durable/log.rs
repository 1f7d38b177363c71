//! Writing a log: the records of many realms, with few syncs.
//!
//! One thread at a time is the writer. It takes all records that wait, writes them as one block and syncs it once, while other threads
//! add records for the next block. So there are as few syncs as the storage is slow, and no thread of the library's own.

mod commit;
mod trim;

pub(super) use commit::Ticket;

use super::block::{self, FRAME, Identity};
use super::codec::Writer;
use super::contents::{Contents, Cost, Entry};
use super::recovery::{Dropped, Place};
use super::segment::{self, End, MANIFEST_NAME, Manifest, SEGMENT_HEAD, segment_name};
use super::storage::Storage;
use crate::error::Error;
use crate::status::jsep_status;
use commit::{Batch, Waiting};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The largest record, in bytes.
pub(super) const MOST_RECORD: usize = 1 << 30;

/// A segment that is at least so long is followed by another.
const SEGMENT_BYTES: u64 = 8 << 20;

/// A block takes no further records from here on.
const BLOCK_BYTES: usize = 4 << 20;

/// The log of all realms in one storage.
pub struct Log {
    storage: Box<dyn Storage>,
    identity: Identity,
    dropped: Option<Dropped>,
    state: Mutex<State>,
    /// Nobody writes any more. For those who don't write blocks.
    idle: Condvar,
    segment_bytes: u64,
}

struct State {
    manifest: Manifest,
    /// The end of what is synced.
    end: End,
    /// Records that wait for a writer, by the block that they will be in.
    waiting: VecDeque<Batch>,
    /// Whether a thread writes.
    writing: bool,
    /// Threads that wait until nobody does.
    waiting_for_idle: usize,
    /// Why nothing can be written any more.
    failed: Option<Error>,
    realms: BTreeMap<u64, Entry>,
    /// The newest checkpoint of each realm when it was last looked for.
    newest: BTreeMap<u64, Newest>,
    syncs: u64,
}

/// The newest checkpoint of a realm.
struct Newest {
    /// Records that it holds.
    records: u64,
    /// Its length.
    bytes: u64,
    /// What can use it.
    engine: Vec<u8>,
}

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first turn of a realm: before the turn stands its name.
    First = 1,
    /// A later turn.
    Turn = 2,
    /// Another realm has messages of this one. Its number of the turn is that of the next one, as for all that is no turn.
    Acknowledged = 3,
    /// A message of another realm was given up.
    Dropped = 4,
}

/// The head that all records have in common: kind, number of the realm, number of the turn.
pub(super) fn record(kind: Kind, realm: u64, turn: u64) -> Writer {
    let mut writer = Writer::default();
    writer.byte(kind as u8);
    writer.number(realm);
    writer.number(turn);
    writer
}

/// Whether a record is a turn.
pub(super) fn is_turn(record: &[u8]) -> bool {
    matches!(record.first(), Some(kind) if [Kind::First as u8, Kind::Turn as u8].contains(kind))
}

impl Log {
    /// Opens the log in `storage`, or begins one.
    pub fn open(storage: Box<dyn Storage>) -> Result<Log, Error> {
        Self::open_with(storage, SEGMENT_BYTES)
    }

    pub(super) fn open_with(storage: Box<dyn Storage>, segment_bytes: u64) -> Result<Log, Error> {
        let (mut manifest, end, dropped, realms) = match Contents::read(storage.as_ref())? {
            Some(found) => (found.manifest, found.end, found.dropped, found.realms),
            None => {
                let mut identity = Identity::default();
                getrandom::fill(&mut identity)
                    .map_err(|_| Error::new(jsep_status::JSEP_STORAGE_FAILED, "the system gives no randomness"))?;
                let manifest = Manifest { identity, before: End::NONE, known: End::NONE, realms: Arc::new([]) };
                replace(storage.as_ref(), MANIFEST_NAME, &manifest.encode())?;
                (manifest, End::NONE, None, BTreeMap::new())
            }
        };
        // Nothing is written behind what was torn, and what was read just now must not be lost later.
        let end = if end.segment == 0 || dropped.is_some() {
            follow(storage.as_ref(), &mut manifest, end)?
        } else {
            // What was read may never have reached the disk, when the process ended before it was synced.
            let name = segment_name(end.segment);
            storage.sync(&name).map_err(|error| error.of(&name))?;
            manifest.known = end;
            replace(storage.as_ref(), MANIFEST_NAME, &manifest.encode())?;
            end
        };
        let identity = manifest.identity;
        let state = State {
            manifest,
            end,
            waiting: VecDeque::new(),
            writing: false,
            waiting_for_idle: 0,
            failed: None,
            realms,
            newest: BTreeMap::new(),
            syncs: 0,
        };
        Ok(Log { storage, identity, dropped, state: Mutex::new(state), idle: Condvar::new(), segment_bytes })
    }

    /// Reads the log from end to end and says what is there, as a JSON object. Writes nothing.
    pub fn verify(storage: &dyn Storage) -> Result<serde_json::Value, Error> {
        let Some(found) = Contents::read(storage)? else {
            return Ok(report(&BTreeMap::new(), 1, &End::NONE, None, None));
        };
        let first = found.manifest.first();
        let mut said = report(&found.realms, first, &found.end, found.dropped, None);
        let mut checkpoints = serde_json::Map::new();
        for (number, entry) in &found.realms {
            let all = found.checkpoints(storage, *number)?;
            checkpoints.insert(entry.name.clone(), all.report());
        }
        said["checkpoints"] = checkpoints.into();
        Ok(said)
    }

    /// What the log holds, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let state = self.lock();
        report(&state.realms, state.manifest.first(), &state.end, self.dropped, Some(state.syncs))
    }

    /// The number of the realm of this name, for one user at a time, and whether it has turns already.
    pub(super) fn claim(&self, name: &str) -> Result<(u64, bool), Error> {
        let mut state = self.lock();
        if let Some((number, entry)) = state.realms.iter_mut().find(|(_, entry)| entry.name == name) {
            if std::mem::replace(&mut entry.open, true) {
                let message = format!("the realm `{name}` is open already");
                return Err(Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message));
            }
            return Ok((*number, entry.count() > 0));
        }
        let number = state.realms.last_key_value().map_or(1, |(last, _)| last + 1);
        let mut entry = Entry::new(name.to_owned(), 0, 0);
        entry.open = true;
        state.realms.insert(number, entry);
        Ok((number, false))
    }

    /// What tells a realm from all others, also from one of the same name in another log.
    pub(super) fn identity_of(&self, realm: u64) -> Identity {
        let mut identity = Identity::default();
        let digest = block::digest(&self.identity, &[b"realm", &realm.to_le_bytes()[..]].concat());
        identity.copy_from_slice(&digest[..size_of::<Identity>()]);
        identity
    }

    /// Ends a claim.
    pub(super) fn release(&self, realm: u64) {
        if let Some(entry) = self.lock().realms.get_mut(&realm) {
            entry.open = false;
        }
    }

    /// Adds a record of a realm, whose turn took so many nanoseconds. It counts once its ticket was waited for.
    pub(super) fn add(&self, realm: u64, record: Vec<u8>, nanoseconds: u64) -> Result<Ticket, Error> {
        if record.len() > MOST_RECORD {
            let message = format!("a turn of {} bytes is too large for the log", record.len());
            return Err(Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message));
        }
        let mut state = self.lock();
        state.usable()?;
        let fits = state.waiting.back().is_some_and(|batch| batch.bytes + record.len() <= BLOCK_BYTES);
        let mut batch = if fits { state.waiting.pop_back() } else { None }.unwrap_or_default();
        batch.bytes += record.len();
        batch.records.push(Waiting { realm, record, nanoseconds });
        let ticket = Ticket(Arc::clone(&batch.commit));
        state.waiting.push_back(batch);
        Ok(ticket)
    }

    /// Waits until a record is synced, and writes what waits if nobody else does.
    pub(super) fn wait(&self, ticket: &Ticket) -> Result<(), Error> {
        loop {
            if let Some(ended) = ticket.0.ended() {
                return ended;
            }
            if !self.write() {
                ticket.0.sleep();
            }
        }
    }

    /// Writes the first batch as one block, unless another thread writes; the lock is not held while the storage works. Whether the caller
    /// should look again, rather than sleep.
    fn write(&self) -> bool {
        let mut state = self.lock();
        if state.writing {
            return false;
        }
        let Some(batch) = state.waiting.pop_front() else { return true };
        if let Some(error) = state.failed.clone() {
            batch.commit.end(Err(error));
            return true;
        }
        let (end, mut manifest) = (state.end, state.manifest.clone());
        state.writing = true;
        drop(state);
        let written = self.write_block(end, &mut manifest, &batch.records);
        let mut state = self.lock();
        state.writing = false;
        let result = written.map(|(end, places)| {
            state.manifest = manifest;
            state.end = end;
            state.syncs += 1;
            for (waiting, place) in batch.records.iter().zip(places) {
                if let Some(entry) = state.realms.get_mut(&waiting.realm) {
                    entry.push(place, waiting.nanoseconds, is_turn(&waiting.record));
                }
            }
        });
        state.failed = result.clone().err();
        self.hand_over(state);
        batch.commit.end(result);
        true
    }

    /// Lets others write who wait for that.
    fn hand_over(&self, state: MutexGuard<'_, State>) {
        let next: Vec<_> = state.waiting.iter().map(|batch| Arc::clone(&batch.commit)).collect();
        let waited_for = state.waiting_for_idle > 0;
        drop(state);
        if waited_for {
            self.idle.notify_all();
        }
        // Who waits for a later batch may be the only one who waits.
        next.iter().for_each(|commit| commit.ask());
    }

    fn write_block(
        &self,
        mut end: End,
        manifest: &mut Manifest,
        records: &[Waiting],
    ) -> Result<(End, Vec<Place>), Error> {
        if end.offset >= self.segment_bytes {
            end = follow(self.storage.as_ref(), manifest, end)?;
        }
        let mut body = Writer::default();
        let mut places = Vec::with_capacity(records.len());
        for Waiting { record, .. } in records {
            body.bytes(record);
            let offset = end.offset + (block::HEAD + body.0.len() - record.len()) as u64;
            places.push(Place { segment: end.segment, offset, len: record.len() as u64 });
        }
        let (block, digest) = block::encode(&self.identity, end.block + 1, &end.digest, &body.0);
        let name = segment_name(end.segment);
        self.storage.append(&name, &block).map_err(|error| error.of(&name))?;
        self.storage.sync(&name).map_err(|error| error.of(&name))?;
        let offset = end.offset + (body.0.len() + FRAME) as u64;
        Ok((End { offset, digest, block: end.block + 1, ..end }, places))
    }

    /// Gives the synced records of a realm from number `from` on to `visit`, in their order; it answers with the nanoseconds that each took.
    pub(super) fn replay(
        &self,
        realm: u64,
        from: u64,
        visit: &mut dyn FnMut(&[u8]) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        let places = match self.lock().realms.get(&realm) {
            Some(entry) => entry.places(from)?,
            None => Vec::new(),
        };
        for (number, place) in (from..).zip(places) {
            let took = visit(&place.read(self.storage.as_ref())?)?;
            self.took(realm, number, took);
        }
        Ok(())
    }

    /// Notes how long a turn took that was recorded.
    pub(super) fn took(&self, realm: u64, record: u64, nanoseconds: u64) {
        if let Some(entry) = self.lock().realms.get_mut(&realm) {
            entry.took(record, nanoseconds);
        }
    }

    /// What a replay from record number `from` on would cost.
    pub(super) fn cost(&self, realm: u64, from: u64) -> Cost {
        self.lock().realms.get(&realm).map(|entry| entry.cost(from)).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn usable(&self) -> Result<(), Error> {
        match &self.failed {
            None => Ok(()),
            Some(error) => {
                let message = format!("the log has stopped, open it again: {}", error.message);
                Err(Error::new(jsep_status::JSEP_REALM_STOPPED, message))
            }
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_none() && state.manifest.known != state.end {
            state.manifest.known = state.end;
            // Without it, only the last block is guarded less well.
            let _ = self.storage.replace(MANIFEST_NAME, &state.manifest.encode());
        }
    }
}

/// Begins the segment that follows `end`.
fn follow(storage: &dyn Storage, manifest: &mut Manifest, end: End) -> Result<End, Error> {
    let number = end.segment + 1;
    replace(storage, &segment_name(number), &segment::encode_segment(&manifest.identity, &end))?;
    let end = End { segment: number, offset: SEGMENT_HEAD, ..end };
    manifest.known = end;
    replace(storage, MANIFEST_NAME, &manifest.encode())?;
    Ok(end)
}

fn replace(storage: &dyn Storage, name: &str, bytes: &[u8]) -> Result<(), Error> {
    storage.replace(name, bytes).map_err(|error| error.of(name))
}

fn report(
    realms: &BTreeMap<u64, Entry>,
    first_segment: u64,
    end: &End,
    dropped: Option<Dropped>,
    syncs: Option<u64>,
) -> serde_json::Value {
    let turns = realms.values().filter(|entry| entry.turns() > 0);
    let turns: serde_json::Map<_, _> = turns.map(|entry| (entry.name.clone(), (entry.turns() - 1).into())).collect();
    let dropped = dropped.map(
        |dropped| serde_json::json!({ "segment": dropped.segment, "offset": dropped.offset, "bytes": dropped.bytes }),
    );
    let mut report = serde_json::json!({
        "format": segment::VERSION,
        "first_segment": first_segment,
        "segment": end.segment,
        "offset": end.offset,
        "blocks": end.block,
        "dropped": dropped,
        "turns": turns,
    });
    if let Some(syncs) = syncs {
        report["syncs"] = syncs.into();
    }
    report
}
