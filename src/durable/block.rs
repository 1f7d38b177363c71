//! A group of records as it stands in a segment.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `JSEB` |
//! | 4 | length of the body |
//! | 8 | number of the block in the log, from 1 |
//! | 32 | digest of the block before |
//! | … | body: records, each a length of four bytes and as many bytes |
//! | 32 | digest of all of the above |
//!
//! The records of a block were synced together. A block stands for itself, so that one behind damage is still known as one.

use super::codec::Reader;
use crate::crypto::{SEAL_BYTES, seal};
use std::ops::Range;

/// HMAC-SHA-256 under the identity of the log.
pub(super) type Digest = [u8; SEAL_BYTES];

/// What a log is known by: unpredictable bytes, which also keep others from writing what looks like one of its blocks.
pub(super) type Identity = [u8; 16];

const MAGIC: &[u8; 4] = b"JSEB";
/// Bytes before the body.
pub(super) const HEAD: usize = 48;

/// Bytes of a block beyond its body.
pub(super) const FRAME: usize = HEAD + SEAL_BYTES;

/// The digest of some bytes of a log.
pub(super) fn digest(identity: &Identity, bytes: &[u8]) -> Digest {
    seal(identity, &[bytes])
}

/// The block with this body; also its digest.
pub(super) fn encode(identity: &Identity, number: u64, before: &Digest, body: &[u8]) -> (Vec<u8>, Digest) {
    let mut block = Vec::with_capacity(body.len() + FRAME);
    block.extend_from_slice(MAGIC);
    block.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    block.extend_from_slice(&number.to_le_bytes());
    block.extend_from_slice(before);
    block.extend_from_slice(body);
    let digest = digest(identity, &block);
    block.extend_from_slice(&digest);
    (block, digest)
}

/// A block that is whole.
pub(super) struct Block<'a> {
    pub(super) number: u64,
    pub(super) before: Digest,
    pub(super) body: &'a [u8],
    pub(super) digest: Digest,
}

impl Block<'_> {
    /// Its length in the segment.
    pub(super) fn len(&self) -> usize {
        self.body.len() + FRAME
    }
}

/// The block that `bytes` begin with; none unless it is whole and its digest is right.
pub(super) fn decode<'a>(identity: &Identity, bytes: &'a [u8]) -> Option<Block<'a>> {
    let mut reader = Reader(bytes);
    if reader.take(MAGIC.len()).ok()? != MAGIC {
        return None;
    }
    let len = usize::try_from(reader.short().ok()?).ok()?;
    let (number, before) = (reader.number().ok()?, reader.digest().ok()?);
    let body = reader.take(len).ok()?;
    let found = reader.digest().ok()?;
    (digest(identity, &bytes[..HEAD + len]) == found).then_some(Block { number, before, body, digest: found })
}

/// Whether any whole block begins behind the first byte.
pub(super) fn any_behind(identity: &Identity, bytes: &[u8]) -> bool {
    let starts = |at: &usize| bytes[*at..].starts_with(MAGIC);
    (1..bytes.len()).filter(starts).any(|at| decode(identity, &bytes[at..]).is_some())
}

/// Where the records of a body are.
pub(super) fn records(body: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut reader = Reader(body);
    let mut found = Vec::new();
    while !reader.0.is_empty() {
        let len = reader.bytes().ok()?.len();
        let end = body.len() - reader.0.len();
        found.push(end - len..end);
    }
    Some(found)
}
