//! Reading a log, and telling a torn end from damage.
//!
//! Only the last block of the log can be torn: a block is written when the one before is synced, and nothing of it was promised to
//! anybody before it was synced itself. So what is not right is torn only if it lies behind all that is known to have been whole, and
//! no block that is right follows it. All else is damage: it is reported with its place, and nothing behind it is used.

use super::block::{self, Identity};
use super::segment::{self, End, MANIFEST_NAME, Manifest, SEGMENT_HEAD, segment_name};
use super::storage::Storage;
use crate::error::Error;
use crate::status::jsep_status;

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// The end of the last segment that was dropped because it was torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// A log as it was found.
pub(super) struct Recovered {
    pub(super) manifest: Manifest,
    pub(super) end: End,
    pub(super) dropped: Option<Dropped>,
}

/// Takes each record with its place.
pub(super) type Visit<'a> = dyn FnMut(Place, &[u8]) -> Result<(), Error> + 'a;

/// An error for damage at a place.
pub(super) fn damaged(name: &str, offset: u64, what: &str) -> Error {
    Error::new(jsep_status::JSEP_LOG_DAMAGED, format!("`{name}` is damaged at byte {offset}: {what}"))
}

/// The manifest. None when the storage holds no log yet.
pub(super) fn manifest(storage: &dyn Storage) -> Result<Option<Manifest>, Error> {
    let Some(bytes) = read(storage, MANIFEST_NAME, u64::MAX)? else {
        // The first segment is never removed, only emptied.
        let first = segment_name(1);
        return match read(storage, &first, 1)? {
            Some(_) => Err(damaged(MANIFEST_NAME, 0, &format!("it is missing, but there is `{first}`"))),
            None => Ok(None),
        };
    };
    Manifest::decode(&bytes).map(Some).map_err(|_| damaged(MANIFEST_NAME, 0, "it is not what was written"))
}

/// Reads the log and gives each record with its place to `visit`. Another process may be writing it: then what it has written when a segment
/// is read counts as the end.
pub(super) fn recover(storage: &dyn Storage, manifest: Manifest, visit: &mut Visit<'_>) -> Result<Recovered, Error> {
    let mut end = manifest.before;
    let mut dropped = None;
    // Whether there is a next segment is asked before a segment is read, because only then it is complete.
    let mut next = read(storage, &segment_name(end.segment + 1), SEGMENT_HEAD)?;
    while next.is_some() {
        let number = end.segment + 1;
        next = read(storage, &segment_name(number + 1), SEGMENT_HEAD)?;
        let next_head = next.as_ref().map(|next| head(&manifest.identity, next, number + 1)).transpose()?;
        let bytes = read(storage, &segment_name(number), u64::MAX)?.unwrap_or_default();
        end = head(&manifest.identity, &bytes, number)?.check_follows(end)?;
        end = End { segment: number, offset: SEGMENT_HEAD, ..end };
        dropped = scan(&manifest, &bytes, next_head.as_ref(), &mut end, visit)?;
    }
    if end.segment < manifest.known.segment {
        return Err(damaged(&segment_name(end.segment + 1), 0, "it is missing"));
    }
    Ok(Recovered { manifest, end, dropped })
}

impl End {
    /// The head of a segment has to name the end that was found before it.
    fn check_follows(self, before: End) -> Result<End, Error> {
        if self != before {
            return Err(damaged(
                &segment_name(before.segment),
                before.offset,
                "the segment that follows names another end",
            ));
        }
        Ok(self)
    }
}

fn head(identity: &Identity, bytes: &[u8], number: u64) -> Result<End, Error> {
    let head = segment::decode_segment(identity, bytes).ok().filter(|head| head.segment + 1 == number);
    head.ok_or_else(|| damaged(&segment_name(number), 0, "its head is not what was written"))
}

/// Reads the blocks of one segment, up to the end that the next one names, or to that of the log.
fn scan(
    manifest: &Manifest,
    bytes: &[u8],
    next: Option<&End>,
    end: &mut End,
    visit: &mut Visit<'_>,
) -> Result<Option<Dropped>, Error> {
    let name = segment_name(end.segment);
    let valid = next.map_or(bytes.len() as u64, |next| next.offset);
    let within = usize::try_from(valid).ok().and_then(|valid| bytes.get(..valid));
    let bytes = within.ok_or_else(|| damaged(&name, bytes.len() as u64, "its end is missing"))?;
    check_known(manifest, end)?;
    while end.offset < valid {
        let rest = &bytes[end.offset as usize..];
        let block = block::decode(&manifest.identity, rest)
            .filter(|block| block.number == end.block + 1 && block.before == end.digest);
        let Some(block) = block else {
            let place = (end.segment, end.offset);
            let torn = next.is_none()
                && place >= (manifest.known.segment, manifest.known.offset)
                && !block::any_behind(&manifest.identity, rest);
            if !torn {
                return Err(damaged(&name, end.offset, "the block is not what was written"));
            }
            return Ok(Some(Dropped { segment: end.segment, offset: end.offset, bytes: rest.len() as u64 }));
        };
        let records =
            block::records(block.body).ok_or_else(|| damaged(&name, end.offset, "the block holds no records"))?;
        for record in records {
            let offset = end.offset + (block::HEAD + record.start) as u64;
            visit(Place { segment: end.segment, offset, len: record.len() as u64 }, &block.body[record])?;
        }
        end.offset += block.len() as u64;
        end.digest = block.digest;
        end.block = block.number;
        check_known(manifest, end)?;
    }
    let known = manifest.known;
    if next.is_none() && (end.segment, end.offset) < (known.segment, known.offset) {
        return Err(damaged(&name, end.offset, "the rest of it is missing"));
    }
    Ok(None)
}

/// Where the manifest knows what there was, it has to be there.
fn check_known(manifest: &Manifest, end: &End) -> Result<(), Error> {
    let known = manifest.known;
    let place = (end.segment, end.offset);
    let passed = place > (known.segment, known.offset) && end.segment == known.segment;
    if (place == (known.segment, known.offset) && *end != known) || (passed && end.block <= known.block) {
        return Err(damaged(&segment_name(end.segment), end.offset, "it is not the log that the manifest knows"));
    }
    Ok(())
}

fn read(storage: &dyn Storage, name: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
    storage.read(name, 0, most).map_err(|error| error.of(name))
}
