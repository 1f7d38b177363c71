//! What realms tell each other, as bytes that may get lost, come twice, or come from anybody.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `JSEM` |
//! | 1 | version of the format, 1 |
//! | byte string | name of the receiver |
//! | 16 | identity of the receiver; zeros when the sender does not know it yet |
//! | byte string | name of the sender |
//! | 16 | identity of the sender |
//! | 8 | the sender has all of the receiver's messages up to this number |
//! | 8 | number of the first message that follows |
//! | byte strings | messages, with numbers that follow each other |
//! | 32 | digest of all of the above, with the key that the realms share |

use super::block::Identity;
use super::codec::{Malformed, Reader, Writer};
use crate::crypto::{SEAL_BYTES, same_seal, seal};

const MAGIC: &[u8; 5] = b"JSEM\x01";

/// For an identity that is not known yet.
pub(super) const UNKNOWN: Identity = [0; 16];

/// See the head of the file.
#[derive(Debug, PartialEq)]
pub(super) struct Datagram<'a> {
    pub(super) receiver: &'a str,
    pub(super) receiver_identity: Identity,
    pub(super) sender: &'a str,
    pub(super) sender_identity: Identity,
    pub(super) acknowledged: u64,
    pub(super) first: u64,
    pub(super) messages: Vec<&'a [u8]>,
}

impl<'a> Datagram<'a> {
    pub(super) fn encode(&self, key: &[u8]) -> Vec<u8> {
        let mut writer = Writer(MAGIC.to_vec());
        writer.bytes(self.receiver.as_bytes());
        writer.0.extend_from_slice(&self.receiver_identity);
        writer.bytes(self.sender.as_bytes());
        writer.0.extend_from_slice(&self.sender_identity);
        writer.number(self.acknowledged);
        writer.number(self.first);
        self.messages.iter().for_each(|message| writer.bytes(message));
        let digest = seal(key, &[&writer.0]);
        writer.0.extend_from_slice(&digest);
        writer.0
    }

    /// Reads a datagram and checks its digest.
    pub(super) fn decode(key: &[u8], bytes: &'a [u8]) -> Result<Datagram<'a>, Malformed> {
        let (covered, digest) = bytes.split_at_checked(bytes.len().wrapping_sub(SEAL_BYTES)).ok_or(Malformed)?;
        let digest = digest.try_into().map_err(|_| Malformed)?;
        if !same_seal(&seal(key, &[covered]), digest) {
            return Err(Malformed);
        }
        let (receiver, mut reader) = receiver(covered)?;
        let receiver_identity = reader.identity()?;
        let sender = std::str::from_utf8(reader.bytes()?).map_err(|_| Malformed)?;
        let sender_identity = reader.identity()?;
        let (acknowledged, first) = (reader.number()?, reader.number()?);
        let mut messages = Vec::new();
        while !reader.0.is_empty() {
            messages.push(reader.bytes()?);
        }
        // Numbers count from 1, and the last one is a number too.
        if !messages.is_empty() && (first == 0 || first.checked_add(messages.len() as u64).is_none()) {
            return Err(Malformed);
        }
        Ok(Datagram { receiver, receiver_identity, sender, sender_identity, acknowledged, first, messages })
    }
}

/// The name of the receiver, which is not checked yet, and what follows it.
fn receiver(bytes: &[u8]) -> Result<(&str, Reader<'_>), Malformed> {
    let mut reader = Reader(bytes);
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(Malformed);
    }
    let name = std::str::from_utf8(reader.bytes()?).map_err(|_| Malformed)?;
    Ok((name, reader))
}

/// The realm that a datagram says it is for; none when it is no datagram. Its digest is not checked.
pub fn datagram_receiver(bytes: &[u8]) -> Option<&str> {
    receiver(bytes).ok().map(|(name, _)| name)
}
