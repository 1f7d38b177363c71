//! The head of a segment, and the manifest. Both are written as a whole, so one that is not right is damage, never torn.
//!
//! Head of a segment: `JSEPSEGM`, version (8 bytes), identity of the log (16), number of the segment (8), length of the valid part of the
//! segment before (8), digest of the last block before (32), number of that block (8), digest over all of this (32).
//!
//! An *end* is a segment (8), an offset (8), the digest of the last block before it (32) and the number of that block (8).
//!
//! Manifest: `JSEPLOGM`, version (8), identity (16), the end before the first segment that is needed, the end up to which the log was whole when
//! this was written, how many realms have records before the first segment (8), and of each its number (8), name (byte string) and how many
//! records those are (8); digest over all of this (32).

use super::block::{Digest, Identity, digest};
use super::codec::{Malformed, Reader, Writer};
use std::sync::Arc;

/// Version of all formats of the log.
pub(super) const VERSION: u64 = 1;

const SEGMENT: &[u8; 8] = b"JSEPSEGM";
const MANIFEST: &[u8; 8] = b"JSEPLOGM";

/// Name of the manifest.
pub(super) const MANIFEST_NAME: &str = "manifest";

/// Bytes of a segment's head.
pub(super) const SEGMENT_HEAD: u64 = 120;

/// Name of a segment.
pub(super) fn segment_name(number: u64) -> String {
    format!("log-{number:010}")
}

/// A place in the log, behind a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) segment: u64,
    pub(super) offset: u64,
    /// Digest of the last block, and its number; zeros and 0 when there is none.
    pub(super) digest: Digest,
    pub(super) block: u64,
}

impl End {
    /// The end of a log without a segment.
    pub(super) const NONE: End = End { segment: 0, offset: 0, digest: [0; 32], block: 0 };

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.number(self.segment);
        writer.number(self.offset);
        writer.0.extend_from_slice(&self.digest);
        writer.number(self.block);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<End, Malformed> {
        let (segment, offset) = (reader.number()?, reader.number()?);
        Ok(End { segment, offset, digest: reader.digest()?, block: reader.number()? })
    }
}

/// The head of the segment that follows `before`.
pub(super) fn encode_segment(identity: &Identity, before: &End) -> Vec<u8> {
    let mut writer = Writer(SEGMENT.to_vec());
    writer.number(VERSION);
    writer.0.extend_from_slice(identity);
    writer.number(before.segment + 1);
    writer.number(before.offset);
    writer.0.extend_from_slice(&before.digest);
    writer.number(before.block);
    sealed(identity, writer)
}

/// What the head of a segment says: its number and the end before it.
pub(super) fn decode_segment(identity: &Identity, bytes: &[u8]) -> Result<End, Malformed> {
    let bytes = bytes.get(..SEGMENT_HEAD as usize).ok_or(Malformed)?;
    let mut reader = begun(bytes, SEGMENT)?;
    if reader.identity()? != *identity {
        return Err(Malformed);
    }
    let number = reader.number()?.checked_sub(1).ok_or(Malformed)?;
    let end = End { segment: number, offset: reader.number()?, digest: reader.digest()?, block: reader.number()? };
    checked(identity, bytes, reader)?;
    Ok(end)
}

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) identity: Identity,
    /// The end before the first segment that is needed.
    pub(super) before: End,
    /// The log reaches at least here.
    pub(super) known: End,
    /// Realms with records before the first segment that is needed.
    pub(super) realms: Arc<[Base]>,
}

/// A realm of which some records are needed no more, because its checkpoints hold what came of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) realm: u64,
    pub(super) name: String,
    /// How many records those are.
    pub(super) records: u64,
    /// How many of them are turns.
    pub(super) turns: u64,
}

impl Manifest {
    /// Number of the first segment that is needed.
    pub(super) fn first(&self) -> u64 {
        self.before.segment + 1
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer(MANIFEST.to_vec());
        writer.number(VERSION);
        writer.0.extend_from_slice(&self.identity);
        self.before.encode(&mut writer);
        self.known.encode(&mut writer);
        writer.number(self.realms.len() as u64);
        for base in &*self.realms {
            writer.number(base.realm);
            writer.bytes(base.name.as_bytes());
            writer.number(base.records);
            writer.number(base.turns);
        }
        sealed(&self.identity, writer)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Manifest, Malformed> {
        let mut reader = begun(bytes, MANIFEST)?;
        let identity = reader.identity()?;
        let (before, known) = (End::decode(&mut reader)?, End::decode(&mut reader)?);
        let mut realms = Vec::new();
        for _ in 0..reader.number()? {
            let (realm, name) = (reader.number()?, reader.text()?);
            realms.push(Base { realm, name, records: reader.number()?, turns: reader.number()? });
        }
        checked(&identity, bytes, reader)?;
        Ok(Manifest { identity, before, known, realms: realms.into() })
    }
}

fn sealed(identity: &Identity, mut writer: Writer) -> Vec<u8> {
    let digest = digest(identity, &writer.0);
    writer.0.extend_from_slice(&digest);
    writer.0
}

fn begun<'a>(bytes: &'a [u8], magic: &[u8]) -> Result<Reader<'a>, Malformed> {
    let mut reader = Reader(bytes);
    if reader.take(magic.len())? != magic || reader.number()? != VERSION {
        return Err(Malformed);
    }
    Ok(reader)
}

fn checked(identity: &Identity, bytes: &[u8], mut reader: Reader<'_>) -> Result<(), Malformed> {
    let covered = bytes.len() - reader.0.len();
    let found = reader.digest()?;
    reader.end()?;
    if digest(identity, &bytes[..covered]) == found { Ok(()) } else { Err(Malformed) }
}
