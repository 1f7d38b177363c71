//! What a log holds, as it is read.

use super::checkpoint::{self, Checkpoints};
use super::codec::Reader;
use super::log::Kind;
use super::recovery::{self, Dropped, Place, damaged};
use super::segment::{End, Manifest, segment_name};
use super::storage::Storage;
use crate::error::Error;
use std::collections::{BTreeMap, VecDeque};

/// How often reading begins anew because the log's owner gave up segments meanwhile.
const ATTEMPTS: usize = 10;

/// What the log knows of a realm.
pub(super) struct Entry {
    pub(super) name: String,
    /// Records that are in the log no more.
    pub(super) base: u64,
    /// Those after them.
    pub(super) records: VecDeque<Record>,
    pub(super) open: bool,
}

/// A record of a realm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) place: Place,
    /// What its turn took when it ran last; 0 if it did not run in this process.
    pub(super) nanoseconds: u64,
}

impl Entry {
    pub(super) fn new(name: String, base: u64) -> Entry {
        Entry { name, base, records: VecDeque::new(), open: false }
    }

    /// All records that ever were.
    pub(super) fn count(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    pub(super) fn record(&mut self, number: u64) -> Option<&mut Record> {
        self.records.get_mut(usize::try_from(number.checked_sub(self.base)?).ok()?)
    }

    /// Where the records from number `from` on are.
    pub(super) fn places(&self, from: u64) -> Result<Vec<Place>, Error> {
        let Some(skip) = from.checked_sub(self.base) else {
            let message = format!(
                "the first {} turns of the realm `{}` are only in its checkpoints, and none of those can be used",
                self.base, self.name
            );
            return Err(Error::new(crate::status::jsep_status::JSEP_LOG_DAMAGED, message));
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(self.records.iter().skip(skip).map(|record| record.place).collect())
    }

    /// The segment of record number `number`; the largest number when there is no such record yet.
    pub(super) fn first_segment_from(&self, number: u64) -> u64 {
        let index = usize::try_from(number.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.records.get(index).map_or(u64::MAX, |record| record.place.segment)
    }

    /// Forgets the records before number `base`.
    pub(super) fn forget(&mut self, base: u64) {
        let gone = usize::try_from(base.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.records.len());
        self.records.drain(..gone);
        self.base = base;
    }

    /// Notes the next record; whether it is the next one.
    fn note(&mut self, turn: u64, place: Place) -> bool {
        let is_next = turn == self.count();
        if is_next {
            self.records.push_back(Record { place, nanoseconds: 0 });
        }
        is_next
    }
}

impl Place {
    /// The record.
    pub(super) fn read(&self, storage: &dyn Storage) -> Result<Vec<u8>, Error> {
        let name = segment_name(self.segment);
        let record = storage.read(&name, self.offset, self.len).map_err(|error| error.of(&name))?;
        let record = record.filter(|record| record.len() as u64 == self.len);
        record.ok_or_else(|| damaged(&name, self.offset, "a record has gone"))
    }
}

/// See the head of the file.
pub(super) struct Contents {
    pub(super) manifest: Manifest,
    pub(super) end: End,
    pub(super) dropped: Option<Dropped>,
    pub(super) realms: BTreeMap<u64, Entry>,
}

impl Contents {
    /// Reads a log. None when there is none yet.
    pub(super) fn read(storage: &dyn Storage) -> Result<Option<Contents>, Error> {
        let Some(manifest) = recovery::manifest(storage)? else { return Ok(None) };
        Self::of(storage, manifest).map(Some)
    }

    /// The same, of a log that another process may be writing and shortening.
    pub(super) fn read_beside(storage: &dyn Storage) -> Result<Option<Contents>, Error> {
        for _ in 1..ATTEMPTS {
            let Some(manifest) = recovery::manifest(storage)? else { return Ok(None) };
            let first = manifest.first();
            match Self::of(storage, manifest) {
                Err(error) => {
                    let again = recovery::manifest(storage)?.is_some_and(|manifest| manifest.first() != first);
                    if !again {
                        return Err(error);
                    }
                }
                found => return found.map(Some),
            }
        }
        Self::read(storage)
    }

    fn of(storage: &dyn Storage, manifest: Manifest) -> Result<Contents, Error> {
        let based = manifest.realms.iter();
        let mut realms: BTreeMap<_, _> =
            based.map(|base| (base.realm, Entry::new(base.name.clone(), base.records))).collect();
        let found = recovery::recover(storage, manifest, &mut |place, record| note(&mut realms, place, record))?;
        Ok(Contents { manifest: found.manifest, end: found.end, dropped: found.dropped, realms })
    }

    /// The checkpoints of a realm that can be used with this log.
    pub(super) fn checkpoints(&self, storage: &dyn Storage, realm: u64) -> Result<Checkpoints, Error> {
        let mut all = checkpoint::read_all(storage, &self.manifest.identity, self.manifest.first(), realm)?;
        all.limit(self.realms.get(&realm).map_or(0, Entry::count));
        Ok(all)
    }
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
        realms.insert(number, Entry::new(name, 0));
    } else if kind != Kind::Turn as u8 {
        return Err(malformed());
    }
    let noted = realms.get_mut(&number).is_some_and(|entry| entry.note(turn, place));
    if noted { Ok(()) } else { Err(malformed()) }
}
