//! Writing a log: the records of many realms, with few syncs.
//!
//! One thread at a time is the writer. It takes all records that wait, writes them as one block and syncs it once, while other threads
//! add records for the next block. So there are as few syncs as the storage is slow, and no thread of the library's own.

use super::block::{self, FRAME, Identity};
use super::codec::{Reader, Writer};
use super::recovery::{self, Dropped, Place, damaged};
use super::segment::{self, End, MANIFEST_NAME, Manifest, SEGMENT_HEAD, segment_name};
use super::storage::Storage;
use crate::error::Error;
use crate::status::jsep_status;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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
    /// A block was written, or could not be.
    written: Condvar,
    segment_bytes: u64,
}

struct State {
    manifest: Manifest,
    /// The end of what is synced.
    end: End,
    /// Records that wait for a writer.
    waiting: Vec<(u64, Vec<u8>)>,
    /// Records that were ever added, and those of them that are synced.
    added: u64,
    synced: u64,
    /// Whether a thread writes.
    writing: bool,
    /// Why nothing can be written any more.
    failed: Option<Error>,
    realms: BTreeMap<u64, Entry>,
    syncs: u64,
}

/// What the log knows of a realm.
struct Entry {
    name: String,
    records: Vec<Place>,
    /// How many of the records are turns.
    turns: u64,
    open: bool,
}

/// Tells when a record is synced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u64);

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
fn is_turn(record: &[u8]) -> bool {
    matches!(record.first(), Some(kind) if [Kind::First as u8, Kind::Turn as u8].contains(kind))
}

impl Log {
    /// Opens the log in `storage`, or begins one.
    pub fn open(storage: Box<dyn Storage>) -> Result<Log, Error> {
        Self::open_with(storage, SEGMENT_BYTES)
    }

    pub(super) fn open_with(storage: Box<dyn Storage>, segment_bytes: u64) -> Result<Log, Error> {
        let mut realms = BTreeMap::new();
        let recovered = recovery::recover(storage.as_ref(), &mut |place, record| note(&mut realms, place, record))?;
        let (mut manifest, end, dropped) = match recovered {
            Some(recovered) => (recovered.manifest, recovered.end, recovered.dropped),
            None => {
                let mut identity = Identity::default();
                getrandom::fill(&mut identity)
                    .map_err(|_| Error::new(jsep_status::JSEP_STORAGE_FAILED, "the system gives no randomness"))?;
                let manifest = Manifest { identity, first: 1, known: End::NONE };
                replace(storage.as_ref(), MANIFEST_NAME, &manifest.encode())?;
                (manifest, End::NONE, None)
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
            waiting: Vec::new(),
            added: 0,
            synced: 0,
            writing: false,
            failed: None,
            realms,
            syncs: 0,
        };
        Ok(Log { storage, identity, dropped, state: Mutex::new(state), written: Condvar::new(), segment_bytes })
    }

    /// Reads the log from end to end and says what is there, as a JSON object. Writes nothing.
    pub fn verify(storage: &dyn Storage) -> Result<serde_json::Value, Error> {
        let mut realms = BTreeMap::new();
        let recovered = recovery::recover(storage, &mut |place, record| note(&mut realms, place, record))?;
        Ok(match recovered {
            Some(found) => report(&realms, &found.end, found.dropped, None),
            None => report(&realms, &End::NONE, None, None),
        })
    }

    /// What the log holds, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let state = self.lock();
        report(&state.realms, &state.end, self.dropped, Some(state.syncs))
    }

    /// The number of the realm of this name, for one user at a time, and whether it has turns already.
    pub(super) fn claim(&self, name: &str) -> Result<(u64, bool), Error> {
        let mut state = self.lock();
        if let Some((number, entry)) = state.realms.iter_mut().find(|(_, entry)| entry.name == name) {
            if std::mem::replace(&mut entry.open, true) {
                let message = format!("the realm `{name}` is open already");
                return Err(Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message));
            }
            return Ok((*number, !entry.records.is_empty()));
        }
        let number = state.realms.last_key_value().map_or(1, |(last, _)| last + 1);
        state.realms.insert(number, Entry { name: name.to_owned(), records: Vec::new(), turns: 0, open: true });
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

    /// Adds a record of a realm. It counts once its ticket was waited for.
    pub(super) fn add(&self, realm: u64, record: Vec<u8>) -> Result<Ticket, Error> {
        if record.len() > MOST_RECORD {
            let message = format!("a turn of {} bytes is too large for the log", record.len());
            return Err(Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message));
        }
        let mut state = self.lock();
        state.usable()?;
        state.waiting.push((realm, record));
        state.added += 1;
        Ok(Ticket(state.added))
    }

    /// Waits until a record is synced, and writes what waits if nobody else does.
    pub(super) fn wait(&self, ticket: Ticket) -> Result<(), Error> {
        let mut state = self.lock();
        while state.synced < ticket.0 {
            if let Some(error) = &state.failed {
                return Err(error.clone());
            }
            if state.writing {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.writing = true;
            state = self.write(state);
            state.writing = false;
            self.written.notify_all();
        }
        Ok(())
    }

    /// Writes the waiting records as one block. The lock is not held while the storage works.
    fn write<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let mut bytes = 0;
        let within = |record: &(u64, Vec<u8>)| {
            bytes += record.1.len();
            bytes <= BLOCK_BYTES
        };
        let count = state.waiting.iter().map(within).take_while(|within| *within).count().max(1);
        let records: Vec<_> = state.waiting.drain(..count).collect();
        let (end, mut manifest) = (state.end, state.manifest.clone());
        drop(state);
        let written = self.write_block(end, &mut manifest, &records);
        let mut state = self.lock();
        match written {
            Ok((end, places)) => {
                state.manifest = manifest;
                state.end = end;
                state.synced += count as u64;
                state.syncs += 1;
                for ((realm, place), (_, record)) in places.into_iter().zip(&records) {
                    if let Some(entry) = state.realms.get_mut(&realm) {
                        entry.records.push(place);
                        entry.turns += u64::from(is_turn(record));
                    }
                }
            }
            Err(error) => state.failed = Some(error),
        }
        state
    }

    fn write_block(
        &self,
        mut end: End,
        manifest: &mut Manifest,
        records: &[(u64, Vec<u8>)],
    ) -> Result<(End, Vec<(u64, Place)>), Error> {
        if end.offset >= self.segment_bytes {
            end = follow(self.storage.as_ref(), manifest, end)?;
        }
        let mut body = Writer::default();
        let mut places = Vec::with_capacity(records.len());
        for (realm, record) in records {
            body.bytes(record);
            let offset = end.offset + (block::HEAD + body.0.len() - record.len()) as u64;
            places.push((*realm, Place { segment: end.segment, offset, len: record.len() as u64 }));
        }
        let (block, digest) = block::encode(&self.identity, end.block + 1, &end.digest, &body.0);
        let name = segment_name(end.segment);
        self.storage.append(&name, &block).map_err(|error| error.of(&name))?;
        self.storage.sync(&name).map_err(|error| error.of(&name))?;
        let offset = end.offset + (body.0.len() + FRAME) as u64;
        Ok((End { offset, digest, block: end.block + 1, ..end }, places))
    }

    /// Gives the synced records of a realm to `visit`, in their order.
    pub(super) fn replay(&self, realm: u64, visit: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let places = self.lock().realms.get(&realm).map(|entry| entry.records.clone()).unwrap_or_default();
        for place in places {
            let name = segment_name(place.segment);
            let record = self.storage.read(&name, place.offset, place.len).map_err(|error| error.of(&name))?;
            let record = record.filter(|record| record.len() as u64 == place.len);
            visit(&record.ok_or_else(|| damaged(&name, place.offset, "a record has gone"))?)?;
        }
        Ok(())
    }

    /// Records that were ever added.
    #[cfg(test)]
    pub(super) fn added(&self) -> u64 {
        self.lock().added
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

/// Notes a record that was found.
fn note(realms: &mut BTreeMap<u64, Entry>, place: Place, record: &[u8]) -> Result<(), Error> {
    let malformed = || damaged(&segment_name(place.segment), place.offset, "a record that this version does not know");
    let mut reader = Reader(record);
    let (kind, number, turn) = (reader.byte(), reader.number(), reader.number());
    let (Ok(kind), Ok(number), Ok(turn)) = (kind, number, turn) else {
        return Err(malformed());
    };
    if kind == Kind::First as u8 {
        let name = reader.text().map_err(|_| malformed())?;
        realms.insert(number, Entry { name, records: Vec::new(), turns: 0, open: false });
    }
    let entry = realms.get_mut(&number).filter(|entry| entry.turns == turn).ok_or_else(malformed)?;
    if !is_turn(record) && kind != Kind::Acknowledged as u8 && kind != Kind::Dropped as u8 {
        return Err(malformed());
    }
    entry.turns += u64::from(is_turn(record));
    entry.records.push(place);
    Ok(())
}

fn report(realms: &BTreeMap<u64, Entry>, end: &End, dropped: Option<Dropped>, syncs: Option<u64>) -> serde_json::Value {
    let turns = realms.values().filter(|entry| entry.turns > 0);
    let turns: serde_json::Map<_, _> = turns.map(|entry| (entry.name.clone(), (entry.turns - 1).into())).collect();
    let dropped = dropped.map(
        |dropped| serde_json::json!({ "segment": dropped.segment, "offset": dropped.offset, "bytes": dropped.bytes }),
    );
    let mut report = serde_json::json!({
        "format": segment::VERSION,
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
