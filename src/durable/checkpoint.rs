//! A checkpoint as it stands in the storage: the state of one realm after some of its records.
//!
//! A realm has two objects for them, which are written in turn. So when the newest is damaged, there is the former one.

use super::block::{self, Identity};
use super::codec::{Malformed, Reader, Writer};
use super::kept::Kept;
use super::segment::{End, VERSION, segment_name};
use super::storage::Storage;
use crate::error::Error;

const MAGIC: &[u8; 8] = b"JSEPCHKP";

/// Both objects of a realm.
pub(super) fn names(realm: u64) -> [String; 2] {
    ["a", "b"].map(|slot| format!("checkpoint-{realm:010}-{slot}"))
}

/// See the head of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checkpoint {
    pub(super) realm: u64,
    pub(super) name: String,
    /// Records of the realm that it stands for.
    pub(super) records: u64,
    /// Where the log ended when it was made; all those records lie before.
    pub(super) end: End,
    /// What can use the state, see `Engine::state_identity`.
    pub(super) engine: Vec<u8>,
    pub(super) kept: Kept,
    /// Digest of what can be reached in the realm.
    pub(super) digest: [u8; 32],
    /// The engine's state.
    pub(super) state: Vec<u8>,
}

impl Checkpoint {
    pub(super) fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = Writer(MAGIC.to_vec());
        writer.number(VERSION);
        writer.0.extend_from_slice(identity);
        writer.number(self.realm);
        writer.bytes(self.name.as_bytes());
        writer.number(self.records);
        self.end.encode(&mut writer);
        writer.bytes(&self.engine);
        self.kept.encode(&mut writer);
        writer.0.extend_from_slice(&self.digest);
        writer.bytes(&self.state);
        let digest = block::digest(identity, &writer.0);
        writer.0.extend_from_slice(&digest);
        writer.0
    }

    /// Reads a checkpoint of a realm in the log with this identity. Nothing of it is believed before its digest is found to be right.
    pub(super) fn decode(identity: &Identity, realm: u64, bytes: &[u8]) -> Result<Checkpoint, Malformed> {
        let (covered, found) = bytes.split_last_chunk::<32>().ok_or(Malformed)?;
        if block::digest(identity, covered) != *found {
            return Err(Malformed);
        }
        let mut reader = Reader(covered);
        let begun =
            reader.take(MAGIC.len())? == MAGIC && reader.number()? == VERSION && reader.identity()? == *identity;
        if !begun || reader.number()? != realm {
            return Err(Malformed);
        }
        let checkpoint = Checkpoint {
            realm,
            name: reader.text()?,
            records: reader.number()?,
            end: End::decode(&mut reader)?,
            engine: reader.bytes()?.to_vec(),
            kept: Kept::decode(&mut reader)?,
            digest: reader.digest()?,
            state: reader.bytes()?.to_vec(),
        };
        reader.end()?;
        Ok(checkpoint)
    }

    /// Whether the log in `storage` is the one that it was made of: that has the same block at the same place, unless the segment is so old
    /// that the log has done without it since.
    fn belongs(&self, storage: &dyn Storage, first_segment: u64) -> Result<bool, Error> {
        if self.end.segment < first_segment || self.end.block == 0 {
            return Ok(self.end.block != 0);
        }
        let name = segment_name(self.end.segment);
        let Some(place) = self.end.offset.checked_sub(32) else { return Ok(false) };
        let found = storage.read(&name, place, 32).map_err(|error| error.of(&name))?;
        Ok(found.as_deref() == Some(&self.end.digest[..]))
    }
}

/// What one of the objects holds.
pub(super) enum Found {
    None,
    /// It is not what was written, or does not belong to this log; the text names the object.
    Wrong(String),
    /// It is whole; also its length.
    Whole(Box<Checkpoint>, u64),
}

/// Reads one of the objects.
pub(super) fn read(
    storage: &dyn Storage,
    identity: &Identity,
    first_segment: u64,
    realm: u64,
    name: &str,
) -> Result<Found, Error> {
    let Some(bytes) = storage.read(name, 0, u64::MAX).map_err(|error| error.of(name))? else {
        return Ok(Found::None);
    };
    let Ok(checkpoint) = Checkpoint::decode(identity, realm, &bytes) else {
        return Ok(Found::Wrong(format!("`{name}` is damaged: it is not what was written")));
    };
    if !checkpoint.belongs(storage, first_segment)? {
        return Ok(Found::Wrong(format!("`{name}` is ahead of the log, or was made of another one")));
    }
    Ok(Found::Whole(Box::new(checkpoint), bytes.len() as u64))
}

/// All that is whole of a realm's checkpoints, the newest first, with object and length; and what is wrong with others.
pub(super) struct Checkpoints {
    pub(super) whole: Vec<(String, Checkpoint, u64)>,
    pub(super) wrong: Vec<String>,
}

/// Reads both objects of a realm.
pub(super) fn read_all(
    storage: &dyn Storage,
    identity: &Identity,
    first_segment: u64,
    realm: u64,
) -> Result<Checkpoints, Error> {
    let mut all = Checkpoints { whole: Vec::new(), wrong: Vec::new() };
    for name in names(realm) {
        match read(storage, identity, first_segment, realm, &name)? {
            Found::None => {}
            Found::Wrong(why) => all.wrong.push(why),
            Found::Whole(checkpoint, len) => all.whole.push((name, *checkpoint, len)),
        }
    }
    all.whole.sort_by_key(|(_, checkpoint, _)| std::cmp::Reverse(checkpoint.records));
    Ok(all)
}

impl Checkpoints {
    /// Leaves out those that stand for more records than the log has.
    pub(super) fn limit(&mut self, known: u64) {
        for (name, checkpoint, _) in self.whole.extract_if(.., |(_, checkpoint, _)| checkpoint.records > known) {
            self.wrong.push(format!(
                "`{name}` is ahead of the log: it holds {} turns, and the log {known}",
                checkpoint.records
            ));
        }
    }

    /// As a JSON object, for people.
    pub(super) fn report(&self) -> serde_json::Value {
        let whole = self.whole.iter().map(|(name, checkpoint, len)| {
            let turns = checkpoint.kept.count.saturating_sub(1);
            serde_json::json!({ "object": name, "turns": turns, "bytes": len })
        });
        serde_json::json!({ "whole": whole.collect::<Vec<_>>(), "wrong": self.wrong })
    }
}
