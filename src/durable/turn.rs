//! One turn as a record. `docs/durable.md` gives it byte by byte.

use super::codec::{Malformed, Reader, Writer};
use super::log::{Kind, record};
use super::realm::TurnInput;
use super::request::{read_request, write_request};
use super::witness::Ask;

/// What a turn answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its value as text.
    Value(Vec<u8>),
    /// The text of its exception. Only realms that keep what a throwing turn did have such records.
    Exception(Vec<u8>),
    /// Its reply to a request.
    Reply(Vec<u8>),
}

impl Answer {
    /// What it is made of.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Answer::Value(bytes) | Answer::Exception(bytes) | Answer::Reply(bytes) => bytes,
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let (kind, text) = match self {
            Answer::Value(text) => (0, text),
            Answer::Exception(text) => (1, text),
            Answer::Reply(reply) => (2, reply),
        };
        writer.byte(kind);
        writer.bytes(text);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Answer, Malformed> {
        match reader.byte()? {
            0 => Ok(Answer::Value(reader.bytes()?.to_vec())),
            1 => Ok(Answer::Exception(reader.bytes()?.to_vec())),
            2 => Ok(Answer::Reply(reader.bytes()?.to_vec())),
            _ => Err(Malformed),
        }
    }
}

/// A turn, as it is written down.
pub(super) struct Turn {
    /// Name of the realm; in its first turn only.
    pub(super) name: Option<String>,
    pub(super) realm: u64,
    pub(super) number: u64,
    pub(super) id: Vec<u8>,
    pub(super) input: TurnInput,
    pub(super) asks: Vec<Ask>,
    pub(super) answer: Answer,
}

impl Turn {
    pub(super) fn encode(&self) -> Vec<u8> {
        let kind = if self.name.is_some() { Kind::First } else { Kind::Turn };
        let mut writer = record(kind, self.realm, self.number);
        if let Some(name) = &self.name {
            writer.bytes(name.as_bytes());
        }
        writer.bytes(&self.id);
        match &self.input {
            TurnInput::Evaluate { source } => {
                writer.byte(0);
                writer.bytes(source.as_bytes());
            }
            TurnInput::Call { function, argument } => {
                writer.byte(1);
                writer.bytes(function.as_bytes());
                writer.bytes(argument.as_bytes());
            }
            TurnInput::Install { bundle } => {
                writer.byte(2);
                writer.bytes(bundle.as_bytes());
            }
            TurnInput::Serve(request) => {
                writer.byte(3);
                write_request(&mut writer, request);
            }
            TurnInput::Receive { sender, identity, number, message } => {
                writer.byte(4);
                writer.bytes(sender.as_bytes());
                writer.0.extend_from_slice(identity);
                writer.number(*number);
                writer.bytes(message);
            }
            TurnInput::Alarm { name, time } => {
                writer.byte(5);
                writer.bytes(name.as_bytes());
                writer.number(time.to_bits());
            }
            TurnInput::Upgrade { source } => {
                writer.byte(6);
                writer.bytes(source.as_bytes());
            }
        }
        writer.number(self.asks.len() as u64);
        for ask in &self.asks {
            writer.bytes(&ask.asked);
            writer.bytes(&ask.answer);
        }
        self.answer.encode(&mut writer);
        writer.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Turn, Malformed> {
        let mut reader = Reader(bytes);
        let kind = reader.byte()?;
        let (realm, number) = (reader.number()?, reader.number()?);
        let name = if kind == Kind::First as u8 { Some(reader.text()?) } else { None };
        let id = reader.bytes()?.to_vec();
        let input = match reader.byte()? {
            0 => TurnInput::Evaluate { source: reader.text()? },
            1 => TurnInput::Call { function: reader.text()?, argument: reader.text()? },
            2 => TurnInput::Install { bundle: reader.text()? },
            3 => TurnInput::Serve(read_request(&mut reader)?),
            4 => TurnInput::Receive {
                sender: reader.text()?,
                identity: reader.identity()?,
                number: reader.number()?,
                message: reader.bytes()?.to_vec(),
            },
            5 => TurnInput::Alarm { name: reader.text()?, time: f64::from_bits(reader.number()?) },
            6 => TurnInput::Upgrade { source: reader.text()? },
            _ => return Err(Malformed),
        };
        let mut asks = Vec::new();
        for _ in 0..reader.number()? {
            asks.push(Ask { asked: reader.bytes()?.to_vec(), answer: reader.bytes()?.to_vec() });
        }
        let answer = Answer::decode(&mut reader)?;
        reader.end()?;
        Ok(Turn { name, realm, number, id, input, asks, answer })
    }
}
