//! What a log holds, as it is read.

use super::checkpoint::{self, Checkpoints};
use super::codec::Reader;
use super::log::{Kind, is_turn};
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
    /// How many of all records that ever were are turns.
    turns: u64,
    /// What the records before `records` cost.
    base_cost: Cost,
}

/// What a replay would read, and what it would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) bytes: u64,
    /// As far as the turns ran in this process.
    pub(super) nanoseconds: u64,
}

/// A record of a realm.
pub(super) struct Record {
    pub(super) place: Place,
    is_turn: bool,
    /// Of all records of the realm up to this one.
    cost: Cost,
}

impl Entry {
    /// A realm of which so many records, among them so many turns, are in the log no more.
    pub(super) fn new(name: String, base: u64, turns: u64) -> Entry {
        Entry { name, base, records: VecDeque::new(), open: false, turns, base_cost: Cost::default() }
    }

    /// All records that ever were.
    pub(super) fn count(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    /// All turns that ever were.
    pub(super) fn turns(&self) -> u64 {
        self.turns
    }

    /// How many of the records before number `record` are turns.
    pub(super) fn turns_before(&self, record: u64) -> u64 {
        let skip = self.index(record).unwrap_or(0);
        self.turns - self.records.iter().skip(skip).filter(|record| record.is_turn).count() as u64
    }

    /// Adds a record, which took so long if it is a turn.
    pub(super) fn push(&mut self, place: Place, nanoseconds: u64, is_turn: bool) {
        let before = self.cost_before(self.count());
        let cost = Cost { bytes: before.bytes + place.len, nanoseconds: before.nanoseconds + nanoseconds };
        self.records.push_back(Record { place, is_turn, cost });
        self.turns += u64::from(is_turn);
    }

    /// Notes how long a turn took. Replays do it in order, up to the last record.
    pub(super) fn took(&mut self, number: u64, nanoseconds: u64) {
        let before = self.cost_before(number);
        if let Some(record) = self.index(number).and_then(|index| self.records.get_mut(index)) {
            record.cost.nanoseconds = before.nanoseconds + nanoseconds;
        }
    }

    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.base)?).ok()
    }

    fn cost_before(&self, number: u64) -> Cost {
        let before = self.index(number).and_then(|index| self.records.get(index.checked_sub(1)?));
        before.map_or(self.base_cost, |record| record.cost)
    }

    /// What the records from number `from` on cost.
    pub(super) fn cost(&self, from: u64) -> Cost {
        let (all, before) = (self.cost_before(self.count()), self.cost_before(from));
        let nanoseconds = all.nanoseconds.saturating_sub(before.nanoseconds);
        Cost { bytes: all.bytes.saturating_sub(before.bytes), nanoseconds }
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
        self.base_cost = self.cost_before(base);
        let gone = usize::try_from(base.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.records.len());
        self.records.drain(..gone);
        self.base = base;
    }

    /// Notes the next record; whether it is the next one.
    fn note(&mut self, turn: u64, place: Place, is_turn: bool) -> bool {
        let is_next = turn == self.turns;
        if is_next {
            self.push(place, 0, is_turn);
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
            based.map(|base| (base.realm, Entry::new(base.name.clone(), base.records, base.turns))).collect();
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
        realms.insert(number, Entry::new(name, 0, 0));
    } else if ![Kind::Turn, Kind::Acknowledged, Kind::Dropped].map(|kind| kind as u8).contains(&kind) {
        return Err(malformed());
    }
    let noted = realms.get_mut(&number).is_some_and(|entry| entry.note(turn, place, is_turn(record)));
    if noted { Ok(()) } else { Err(malformed()) }
}
