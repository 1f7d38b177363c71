//! The log over a storage that fails and forgets.

use super::block;
use super::codec::Writer;
use super::log::{Kind, Log, record};
use super::recovery::{manifest, recover};
use super::segment::MANIFEST_NAME;
use super::storage::{Storage, StorageError};
use crate::error::Error;
use crate::status::jsep_status;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Objects = BTreeMap<String, Vec<u8>>;

/// What the next writing calls do.
#[derive(Clone, Copy, Default)]
struct Fault {
    /// Writing calls that still work.
    after: usize,
    /// Bytes that the failing append adds all the same.
    adds: usize,
}

#[derive(Default)]
struct Inner {
    objects: Objects,
    fault: Option<Fault>,
    syncs: usize,
    /// How much of each object survives a loss of power.
    synced: BTreeMap<String, usize>,
    /// The next sync waits until so many records are waiting.
    gate: bool,
}

#[derive(Clone, Default)]
struct Memory(Arc<(Mutex<Inner>, Condvar)>);

impl Memory {
    fn of(objects: &Objects) -> Memory {
        let memory = Memory::default();
        memory.lock().objects = objects.clone();
        memory
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn objects(&self) -> Objects {
        self.lock().objects.clone()
    }

    /// What is left when the power goes.
    fn after_loss_of_power(&self) -> Objects {
        let inner = self.lock();
        let left = |(name, bytes): (&String, &Vec<u8>)| {
            (name.clone(), bytes[..inner.synced.get(name).copied().unwrap_or(0)].to_vec())
        };
        inner.objects.iter().map(left).collect()
    }

    /// Whether this writing call fails, and what it adds then.
    fn fails(&self) -> Option<usize> {
        let mut inner = self.lock();
        let fault = inner.fault.as_mut()?;
        match fault.after.checked_sub(1) {
            Some(after) => {
                fault.after = after;
                None
            }
            None => Some(fault.adds),
        }
    }
}

impl Storage for Memory {
    fn read(&self, name: &str, offset: u64, most: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let inner = self.lock();
        let Some(bytes) = inner.objects.get(name) else { return Ok(None) };
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(Some(bytes[begin..].iter().take(most).copied().collect()))
    }

    fn append(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let failed = self.fails();
        let mut inner = self.lock();
        let object = inner.objects.get_mut(name).ok_or(StorageError { function: "append", code: 1 })?;
        object.extend_from_slice(&bytes[..failed.unwrap_or(bytes.len()).min(bytes.len())]);
        failed.map_or(Ok(()), |_| Err(StorageError { function: "append", code: 7 }))
    }

    fn sync(&self, name: &str) -> Result<(), StorageError> {
        let mut inner = self.lock();
        inner.syncs += 1;
        while inner.gate {
            inner = self.0.1.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        drop(inner);
        if self.fails().is_some() {
            return Err(StorageError { function: "sync", code: 7 });
        }
        let mut inner = self.lock();
        let len = inner.objects.get(name).map_or(0, Vec::len);
        inner.synced.insert(name.to_owned(), len);
        Ok(())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        if self.fails().is_some() {
            return Err(StorageError { function: "replace", code: 7 });
        }
        let mut inner = self.lock();
        inner.objects.insert(name.to_owned(), bytes.to_vec());
        inner.synced.insert(name.to_owned(), bytes.len());
        Ok(())
    }
}

/// Segments in these tests end soon.
const SEGMENT: u64 = 600;

fn open(memory: &Memory) -> Result<Log, Error> {
    Log::open_with(Box::new(memory.clone()), SEGMENT)
}

/// The record of a turn whose payload is its number.
fn turn(realm: u64, name: &str, number: u64) -> Vec<u8> {
    let mut writer: Writer = record(if number == 0 { Kind::First } else { Kind::Turn }, realm, number);
    if number == 0 {
        writer.bytes(name.as_bytes());
    }
    writer.bytes(format!("{name} {number} {}", "x".repeat(usize::try_from(number % 37).unwrap_or(0))).as_bytes());
    writer.0
}

/// Adds turns to two realms until one fails; the number of turns that were synced.
fn fill(log: &Log, turns: u64) -> Result<u64, (u64, Error)> {
    let mut done = 0;
    let mut numbers = BTreeMap::new();
    for name in ["first", "second"] {
        let realm = log.claim(name).map_err(|error| (done, error))?.0;
        let mut have = 0;
        log.replay(realm, 0, &mut |_| {
            have += 1;
            Ok(0)
        })
        .map_err(|error| (done, error))?;
        numbers.insert(name, (realm, have));
    }
    for index in 0..turns {
        let name = if index % 3 == 0 { "second" } else { "first" };
        let Some((realm, number)) = numbers.get_mut(name) else { continue };
        let ticket = log.add(*realm, turn(*realm, name, *number), 0).map_err(|error| (done, error))?;
        log.wait(&ticket).map_err(|error| (done, error))?;
        *number += 1;
        done += 1;
    }
    Ok(done)
}

/// All records of a log, and what was dropped.
fn read(objects: &Objects) -> Result<(Vec<Vec<u8>>, Option<u64>), Error> {
    let mut records = Vec::new();
    let memory = Memory::of(objects);
    let Some(manifest) = manifest(&memory)? else { return Ok((records, None)) };
    let found = recover(&memory, manifest, &mut |_, record| {
        records.push(record.to_vec());
        Ok(())
    })?;
    Ok((records, found.dropped.map(|dropped| dropped.bytes)))
}

/// A log that was closed, and the same one as if its process had ended without that.
fn written() -> (Objects, Objects, Vec<Vec<u8>>) {
    let memory = Memory::default();
    let log = open(&memory).expect("a log opens in an empty storage");
    assert_eq!(fill(&log, 20).map_err(|(_, error)| error.message), Ok(20));
    let killed = memory.objects();
    drop(log);
    let closed = memory.objects();
    let (records, dropped) = read(&closed).expect("a closed log is whole");
    assert_eq!((records.len(), dropped), (20, None));
    assert!(closed.len() > 3, "the tests want several segments, not {:?}", closed.keys());
    (closed, killed, records)
}

fn last_segment(objects: &Objects) -> String {
    objects.keys().rfind(|name| *name != MANIFEST_NAME).cloned().expect("there is a segment")
}

#[test]
fn a_flipped_byte_of_a_closed_log_is_reported_wherever_it_is() {
    let (closed, _, _) = written();
    for (name, bytes) in &closed {
        for at in 0..bytes.len() {
            let mut objects = closed.clone();
            objects.get_mut(name).expect("it is there")[at] ^= 0x20;
            let error = read(&objects).map(|found| found.0.len()).expect_err("damage is found");
            assert_eq!(error.status, jsep_status::JSEP_LOG_DAMAGED, "{name} {at}: {}", error.message);
        }
    }
}

#[test]
fn a_flipped_byte_of_a_killed_log_costs_at_most_its_last_block_and_says_so() {
    // One segment with all blocks, so that many lie behind what the manifest knows.
    let memory = Memory::default();
    let log = Log::open(Box::new(memory.clone())).expect("it opens");
    assert_eq!(fill(&log, 20).map_err(|(_, error)| error.message), Ok(20));
    let killed = memory.objects();
    let (records, _) = read(&killed).expect("it is whole");
    let last = last_segment(&killed);
    let mut dropped_any = false;
    for (name, bytes) in &killed {
        for at in 0..bytes.len() {
            let mut objects = killed.clone();
            objects.get_mut(name).expect("it is there")[at] ^= 1;
            match read(&objects) {
                Err(error) => assert_eq!(error.status, jsep_status::JSEP_LOG_DAMAGED, "{name} {at}"),
                Ok((found, dropped)) => {
                    assert_eq!(name, &last);
                    assert_eq!(found, records[..records.len() - 1], "{name} {at}");
                    assert!(dropped.is_some_and(|dropped| at as u64 + dropped >= bytes.len() as u64));
                    dropped_any = true;
                }
            }
        }
    }
    assert!(dropped_any, "the last block of a killed log can't be told from a torn one");
}

#[test]
fn a_log_cut_at_any_length_gives_what_is_whole_or_reports_damage() {
    let (closed, killed, records) = written();
    for objects in [&closed, &killed] {
        for (name, bytes) in objects {
            for len in 0..bytes.len() {
                let mut cut = objects.clone();
                cut.get_mut(name).expect("it is there").truncate(len);
                match read(&cut) {
                    Err(error) => assert_eq!(error.status, jsep_status::JSEP_LOG_DAMAGED, "{name} {len}"),
                    Ok((found, _)) => {
                        assert!(objects == &killed && *name == last_segment(objects), "{name} {len}");
                        assert!(found.len() < records.len() && records.starts_with(&found), "{name} {len}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_missing_object_is_reported() {
    let (closed, _, _) = written();
    for name in closed.keys() {
        let mut objects = closed.clone();
        objects.remove(name);
        let error = read(&objects).map(|found| found.0.len()).expect_err("damage is found");
        assert_eq!(error.status, jsep_status::JSEP_LOG_DAMAGED, "{name}");
    }
}

#[test]
fn whatever_write_fails_nothing_acknowledged_is_lost_and_the_log_goes_on() {
    let mut failures = 0;
    for after in 0..80 {
        for adds in [0, 1, 30, 79, 1 << 20] {
            let memory = Memory::default();
            memory.lock().fault = Some(Fault { after, adds });
            let outcome = match open(&memory) {
                Ok(log) => {
                    let outcome = fill(&log, 20);
                    if let Err((_, error)) = &outcome {
                        assert_eq!(error.status, jsep_status::JSEP_STORAGE_FAILED, "{}", error.message);
                        let error = fill(&log, 1).map_err(|(_, error)| error.status);
                        assert!(matches!(
                            error,
                            Err(jsep_status::JSEP_REALM_STOPPED | jsep_status::JSEP_INVALID_ARGUMENT)
                        ));
                    }
                    outcome
                }
                Err(error) => Err((0, error)),
            };
            failures += usize::from(outcome.is_err());
            let acknowledged = outcome.unwrap_or_else(|(done, _)| done);
            memory.lock().fault = None;
            let log = open(&memory).expect("what a failed write leaves is no damage");
            let (found, _) = read(&memory.objects()).expect("the log is whole");
            assert!(found.len() as u64 == acknowledged || found.len() as u64 == acknowledged + 1, "{after} {adds}");
            assert_eq!(fill(&log, 5).map_err(|(_, error)| error.message), Ok(5));
            drop(log);
            let (all, dropped) = read(&memory.objects()).expect("the log is whole");
            assert_eq!((all.len(), dropped), (found.len() + 5, None));
            assert!(all.starts_with(&found));
        }
    }
    assert!(failures > 200, "the faults hit only {failures} times");
}

#[test]
fn what_is_acknowledged_survives_a_loss_of_power() {
    let memory = Memory::default();
    for round in 1..=10 {
        let log = open(&memory).expect("it opens");
        assert_eq!(fill(&log, 2).map_err(|(_, error)| error.message), Ok(2));
        let (records, _) = read(&memory.after_loss_of_power()).expect("it is whole");
        assert_eq!(records.len(), round * 2);
    }
}

#[test]
fn what_a_killed_process_wrote_is_synced_before_it_is_built_on() {
    let (_, killed, records) = written();
    // The page cache has it, the disk does not.
    let memory = Memory::of(&killed);
    let log = open(&memory).expect("it opens");
    let realm = log.claim("first").expect("it is free").0;
    let mut replayed = 0;
    log.replay(realm, 0, &mut |_| {
        replayed += 1;
        Ok(0)
    })
    .expect("it replays");
    assert!(replayed > 0);
    let last = last_segment(&killed);
    assert_eq!(memory.after_loss_of_power().get(&last), killed.get(&last));
    assert_eq!(read(&killed).expect("it is whole").0, records);
}

#[test]
fn a_failed_sync_stops_the_log() {
    let memory = Memory::default();
    let log = open(&memory).expect("it opens");
    let realm = log.claim("first").expect("it is free").0;
    memory.lock().fault = Some(Fault { after: 1, adds: 0 });
    let ticket = log.add(realm, turn(realm, "first", 0), 0).expect("adding does not fail");
    assert_eq!(log.wait(&ticket).map_err(|error| error.status), Err(jsep_status::JSEP_STORAGE_FAILED));
    memory.lock().fault = None;
    // The storage works again, but nobody knows what became of the record.
    assert_eq!(log.wait(&ticket).map_err(|error| error.status), Err(jsep_status::JSEP_STORAGE_FAILED));
    let later = log.add(realm, turn(realm, "first", 1), 0).map(drop).map_err(|error| error.status);
    assert_eq!(later, Err(jsep_status::JSEP_REALM_STOPPED));
}

#[test]
fn a_block_of_another_log_is_no_block_of_this_one() {
    let body = {
        let mut writer = Writer::default();
        writer.bytes(b"record");
        writer.0
    };
    let (block, _) = block::encode(&[1; 16], 1, &[0; 32], &body);
    assert!(block::decode(&[1; 16], &block).is_some());
    assert!(block::decode(&[2; 16], &block).is_none());
    assert!(block::any_behind(&[1; 16], &[b"torn", &block[..]].concat()));
    assert!(!block::any_behind(&[2; 16], &[b"torn", &block[..]].concat()));
}

/// Has each realm write its first turn on a thread of its own, while the first sync lasts until all have added theirs; the syncs that it took.
fn write_together(names: &[String]) -> usize {
    let memory = Memory::default();
    let log = open(&memory).expect("it opens");
    let claim = |name: &String| (log.claim(name).expect("it is free").0, name.clone());
    let realms: Vec<(u64, String)> = names.iter().map(claim).collect();
    memory.lock().syncs = 0;
    memory.lock().gate = true;
    let added = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for (realm, name) in &realms {
            let (log, memory, added) = (&log, &memory, &added);
            threads.spawn(move || {
                let ticket = log.add(*realm, turn(*realm, name, 0), 0).expect("it takes records");
                if added.fetch_add(1, Ordering::Relaxed) + 1 == names.len() {
                    // All records are there: the first sync may end.
                    memory.lock().gate = false;
                    memory.0.1.notify_all();
                }
                log.wait(&ticket).expect("it is synced");
            });
        }
    });
    let syncs = memory.lock().syncs;
    drop(log);
    assert_eq!(read(&memory.objects()).expect("it is whole").0.len(), names.len());
    syncs
}

#[test]
fn records_of_many_threads_share_a_sync() {
    let names: Vec<String> = (0..64).map(|index| format!("realm {index}")).collect();
    let syncs = write_together(&names);
    assert!(syncs <= 2, "{} records took {syncs} syncs", names.len());
}

#[test]
fn records_that_fill_a_block_each_are_all_written() {
    let names: Vec<String> = (0..6).map(|index| format!("{index}{}", "x".repeat(3 << 20))).collect();
    assert_eq!(write_together(&names), 6);
}
