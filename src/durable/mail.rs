//! What a realm owes others and itself: messages that nobody has acknowledged yet, how many came from whom, and alarms.
//!
//! All of it follows from the realm's records, so that it is the same after each replay.

use super::block::Identity;
use super::codec::{Malformed, Reader, Writer};
use super::log::{Kind, record};
use super::realm::TurnInput;
use super::witness::Ask;
use std::collections::{BTreeMap, VecDeque};

/// The name by which records know the question whether a message may be sent.
pub(super) const SEND: &str = "send";
/// The same for the setting and clearing of an alarm.
pub(super) const SET_ALARM: &str = "set_alarm";

/// The longest name of a realm that takes part in messages, and of an alarm, in bytes.
pub(super) const MOST_NAME: usize = 255;
/// The largest message, in bytes.
pub(super) const MOST_MESSAGE: usize = 60_000;
/// Realms that one realm knows at most.
const MOST_PEERS: usize = 1000;
/// Messages that wait for one peer at most.
const MOST_WAITING: usize = 10_000;
/// Bytes of all messages that wait, at most.
const MOST_WAITING_BYTES: usize = 64 << 20;
/// Alarms of a realm at most.
const MOST_ALARMS: usize = 1000;

/// See the head of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mail {
    pub(super) peers: BTreeMap<String, Peer>,
    /// Milliseconds since 1970 in UTC by the names of the alarms.
    pub(super) alarms: BTreeMap<String, f64>,
    /// Messages that were given up because `receive` threw again and again.
    pub(super) dropped: u64,
    /// Bytes of all messages that wait.
    bytes: usize,
}

/// What a realm knows of another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Peer {
    /// Which realm it is; none until something came from it.
    pub(super) identity: Option<Identity>,
    /// It has all messages up to this number, which count from 1.
    pub(super) acknowledged: u64,
    /// The messages with the numbers that follow.
    pub(super) waiting: VecDeque<Vec<u8>>,
    /// All of its messages up to this number are received.
    pub(super) received: u64,
}

/// What one turn has sent and set so far, which counts towards the bounds.
#[derive(Debug, Default)]
pub(super) struct Draft {
    sent: BTreeMap<String, usize>,
    bytes: usize,
    alarms: BTreeMap<String, bool>,
}

/// What a record tells that is no turn.
#[derive(Debug, PartialEq)]
pub(super) enum Note {
    /// A peer has all messages up to a number.
    Acknowledged { peer: String, identity: Identity, number: u64 },
    /// A message was given up.
    Dropped { peer: String, identity: Identity, number: u64, message: Vec<u8>, why: Vec<u8> },
}

impl Mail {
    /// Whether there is room for a peer of this name.
    pub(super) fn has_room_for(&self, name: &str) -> bool {
        self.peers.contains_key(name) || self.peers.len() < MOST_PEERS
    }

    /// Whether a turn that did what the draft says may send a message too; why not, if not. Notes it in the draft.
    pub(super) fn may_send(&self, draft: &mut Draft, to: &str, message: &[u8]) -> Result<(), String> {
        if to.is_empty() || to.len() > MOST_NAME {
            return Err(format!("the name of a realm has from 1 to {MOST_NAME} bytes"));
        }
        if message.len() > MOST_MESSAGE {
            return Err(format!("a message of {} bytes is larger than {MOST_MESSAGE}", message.len()));
        }
        let peer = self.peers.get(to);
        let new = draft.sent.keys().filter(|name| !self.peers.contains_key(*name)).count();
        if peer.is_none() && !draft.sent.contains_key(to) && self.peers.len() + new >= MOST_PEERS {
            return Err(format!("the realm knows {MOST_PEERS} others already"));
        }
        let sent = draft.sent.get(to).copied().unwrap_or(0);
        let waiting = peer.map_or(0, |peer| peer.waiting.len()) + sent;
        if waiting >= MOST_WAITING || self.bytes + draft.bytes + message.len() > MOST_WAITING_BYTES {
            return Err(format!("{waiting} messages wait for `{to}` already"));
        }
        draft.sent.insert(to.to_owned(), sent + 1);
        draft.bytes += message.len();
        Ok(())
    }

    /// As [`Mail::may_send`], for an alarm that is to be set or cleared.
    pub(super) fn may_set(&self, draft: &mut Draft, name: &str, time: Option<f64>) -> Result<(), String> {
        if name.len() > MOST_NAME {
            return Err(format!("the name of an alarm has up to {MOST_NAME} bytes"));
        }
        let set = |name: &str| draft.alarms.get(name).copied().unwrap_or(self.alarms.contains_key(name));
        let names = self.alarms.keys().chain(draft.alarms.keys().filter(|name| !self.alarms.contains_key(*name)));
        if time.is_some() && !set(name) && names.filter(|name| set(name)).count() >= MOST_ALARMS {
            return Err(format!("{MOST_ALARMS} alarms are set already"));
        }
        draft.alarms.insert(name.to_owned(), time.is_some());
        Ok(())
    }

    /// Notes what a turn did.
    pub(super) fn apply(&mut self, input: &TurnInput, asks: &[Ask]) -> Result<(), Malformed> {
        match input {
            TurnInput::Receive { sender, identity, number, .. } => self.receive(sender, identity, *number),
            TurnInput::Alarm { name, .. } => {
                self.alarms.remove(name);
            }
            _ => {}
        }
        for ask in asks {
            let mut asked = Reader(&ask.asked);
            // Only what was granted counts.
            let function = if ask.answer.first() == Some(&0) { asked.bytes()? } else { b"" };
            if function == SEND.as_bytes() {
                let (to, message) = (asked.text()?, asked.bytes()?);
                self.bytes += message.len();
                self.peers.entry(to).or_default().waiting.push_back(message.to_vec());
            } else if function == SET_ALARM.as_bytes() {
                let (name, time) = (asked.text()?, asked.bytes()?);
                match time.try_into() {
                    Ok(time) => self.alarms.insert(name, f64::from_bits(u64::from_le_bytes(time))),
                    Err(_) => self.alarms.remove(&name),
                };
            }
        }
        Ok(())
    }

    /// Notes what such a record tells.
    pub(super) fn apply_note(&mut self, note: &Note) {
        match note {
            Note::Acknowledged { peer, identity, number } => {
                let peer = self.peers.entry(peer.clone()).or_default();
                peer.identity = Some(*identity);
                while peer.acknowledged < *number
                    && let Some(message) = peer.waiting.pop_front()
                {
                    self.bytes -= message.len();
                    peer.acknowledged += 1;
                }
            }
            Note::Dropped { peer, identity, number, .. } => {
                self.receive(peer, identity, *number);
                self.dropped += 1;
            }
        }
    }

    fn receive(&mut self, peer: &str, identity: &Identity, number: u64) {
        let peer = self.peers.entry(peer.to_owned()).or_default();
        peer.identity = Some(*identity);
        peer.received = number;
    }

    /// What it is, for reports.
    pub(super) fn report(&self) -> serde_json::Value {
        let peers = self.peers.iter().map(|(name, peer)| {
            let said = serde_json::json!({
                "waiting": peer.waiting.len(),
                "acknowledged": peer.acknowledged,
                "received": peer.received,
            });
            (name.clone(), said)
        });
        serde_json::json!({ "peers": serde_json::Map::from_iter(peers), "dropped": self.dropped })
    }

    /// All of it as bytes, for what keeps more than records.
    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.number(self.dropped);
        writer.number(self.alarms.len() as u64);
        for (name, time) in &self.alarms {
            writer.bytes(name.as_bytes());
            writer.number(time.to_bits());
        }
        writer.number(self.peers.len() as u64);
        for (name, peer) in &self.peers {
            writer.bytes(name.as_bytes());
            writer.bytes(peer.identity.as_ref().map_or(&[][..], |identity| &identity[..]));
            writer.number(peer.received);
            writer.number(peer.acknowledged);
            writer.number(peer.waiting.len() as u64);
            peer.waiting.iter().for_each(|message| writer.bytes(message));
        }
    }

    /// What [`Mail::encode`] wrote.
    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Mail, Malformed> {
        let mut mail = Mail { dropped: reader.number()?, ..Mail::default() };
        for _ in 0..reader.number()? {
            mail.alarms.insert(reader.text()?, f64::from_bits(reader.number()?));
        }
        for _ in 0..reader.number()? {
            let (name, identity) = (reader.text()?, reader.bytes()?);
            let identity: Option<Identity> = match identity {
                [] => None,
                bytes => Some(bytes.try_into().map_err(|_| Malformed)?),
            };
            let (received, acknowledged) = (reader.number()?, reader.number()?);
            let waiting: VecDeque<_> =
                (0..reader.number()?).map(|_| Ok(reader.bytes()?.to_vec())).collect::<Result<_, Malformed>>()?;
            mail.bytes += waiting.iter().map(Vec::len).sum::<usize>();
            mail.peers.insert(name, Peer { identity, acknowledged, waiting, received });
        }
        Ok(mail)
    }
}

impl Note {
    /// The record of a realm that has had so many turns.
    pub(super) fn encode(&self, realm: u64, turns: u64) -> Vec<u8> {
        let (kind, peer, identity, number) = match self {
            Note::Acknowledged { peer, identity, number } => (Kind::Acknowledged, peer, identity, number),
            Note::Dropped { peer, identity, number, .. } => (Kind::Dropped, peer, identity, number),
        };
        let mut writer = record(kind, realm, turns);
        writer.bytes(peer.as_bytes());
        writer.0.extend_from_slice(identity);
        writer.number(*number);
        if let Note::Dropped { message, why, .. } = self {
            writer.bytes(message);
            writer.bytes(why);
        }
        writer.0
    }

    /// What a record tells with its number of the realm and of turns; none if it is a turn.
    pub(super) fn decode(bytes: &[u8]) -> Result<Option<(u64, u64, Note)>, Malformed> {
        let mut reader = Reader(bytes);
        let kind = reader.byte()?;
        if kind != Kind::Acknowledged as u8 && kind != Kind::Dropped as u8 {
            return Ok(None);
        }
        let (realm, turns) = (reader.number()?, reader.number()?);
        let (peer, identity, number) = (reader.text()?, reader.identity()?, reader.number()?);
        let note = if kind == Kind::Acknowledged as u8 {
            Note::Acknowledged { peer, identity, number }
        } else {
            Note::Dropped { peer, identity, number, message: reader.bytes()?.to_vec(), why: reader.bytes()?.to_vec() }
        };
        reader.end()?;
        Ok(Some((realm, turns, note)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(parts: &[&[u8]], granted: bool) -> Ask {
        let mut writer = Writer::default();
        parts.iter().for_each(|part| writer.bytes(part));
        Ask { asked: writer.0, answer: vec![u8::from(!granted) * 2] }
    }

    fn some_mail() -> Mail {
        let mut mail = Mail::default();
        let asks = [
            asked(&[SEND.as_bytes(), b"two", b"first"], true),
            asked(&[SEND.as_bytes(), b"two", b"refused"], false),
            asked(&[SEND.as_bytes(), b"two", b"second"], true),
            asked(&[SET_ALARM.as_bytes(), b"tea", &5.0f64.to_bits().to_le_bytes()], true),
            asked(&[SET_ALARM.as_bytes(), b"gone", &6.0f64.to_bits().to_le_bytes()], true),
            asked(&[SET_ALARM.as_bytes(), b"gone", b""], true),
            asked(&[b"clock"], true),
        ];
        assert_eq!(mail.apply(&TurnInput::Evaluate { source: String::new() }, &asks), Ok(()));
        mail
    }

    #[test]
    fn only_what_was_granted_waits() {
        let mail = some_mail();
        assert_eq!(mail.peers["two"].waiting, [b"first".to_vec(), b"second".to_vec()]);
        assert_eq!(mail.alarms, BTreeMap::from([("tea".to_owned(), 5.0)]));
    }

    #[test]
    fn acknowledged_messages_are_forgotten_and_never_more_than_were_sent() {
        let mut mail = some_mail();
        for (number, left) in [(1, 1), (1, 1), (9, 0)] {
            mail.apply_note(&Note::Acknowledged { peer: "two".to_owned(), identity: [7; 16], number });
            assert_eq!(mail.peers["two"].waiting.len(), left);
        }
        assert_eq!((mail.peers["two"].acknowledged, mail.bytes), (2, 0));
    }

    #[test]
    fn mail_and_notes_are_read_as_they_were_written() {
        let mut mail = some_mail();
        let note = Note::Dropped {
            peer: "three".to_owned(),
            identity: [3; 16],
            number: 4,
            message: b"value".to_vec(),
            why: b"reason".to_vec(),
        };
        assert_eq!(Note::decode(&note.encode(1, 2)), Ok(Some((1, 2, note))));
        mail.apply_note(&Note::Acknowledged { peer: "two".to_owned(), identity: [7; 16], number: 1 });
        let mut writer = Writer::default();
        mail.encode(&mut writer);
        let mut reader = Reader(&writer.0);
        assert_eq!(Mail::decode(&mut reader), Ok(mail));
        assert_eq!(reader.end(), Ok(()));
        for len in 0..writer.0.len() {
            assert!(Mail::decode(&mut Reader(&writer.0[..len])).is_err());
        }
    }
}
