//! What a turn asks the host, written down or answered again.
//!
//! A witness stands between a turn and the host. In a new turn it asks the host and keeps question and answer; in a replay it has no
//! host, compares each question with the one of that time and gives the answer of that time. Time stands still during a turn, and all
//! randomness of a turn comes from one seed.

use super::codec::{Malformed, Reader, Writer};
use super::mail::{Draft, Mail, SEND, SET_ALARM};
use crate::crypto::SEAL_BYTES;
use crate::host::{
    Attestation, Entry, HistoricalRange, Host, HostError, LogLevel, Permission, State, TransactionId, TransactionStatus,
};
use std::cell::{Cell, RefCell};

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) asked: Vec<u8>,
    pub(super) answer: Vec<u8>,
}

/// See the head of the file.
pub(super) struct Witness<'a> {
    /// None in a replay.
    host: Option<&'a dyn Host>,
    /// What was sent and set before this turn; none in a replay.
    mail: Option<&'a Mail>,
    draft: RefCell<Draft>,
    /// All questions so far, or in a replay those of that time.
    asks: RefCell<Vec<Ask>>,
    /// Questions of this replay so far.
    replayed: Cell<usize>,
    /// Where a replay left the way.
    diverged: RefCell<Option<String>>,
    /// The time of the turn, once it was asked for.
    time: Cell<Option<f64>>,
    /// The seed, once it was asked for, and the number of its next block.
    seed: Cell<Option<[u8; SEAL_BYTES]>>,
    blocks: Cell<u64>,
    /// Lines for the log, held back until the turn is synced.
    lines: RefCell<Vec<(LogLevel, String)>>,
}

impl<'a> Witness<'a> {
    /// For a new turn.
    pub(super) fn record(host: &'a dyn Host, mail: &'a Mail) -> Witness<'a> {
        Witness { mail: Some(mail), ..Witness::new(Some(host), Vec::new()) }
    }

    /// For a turn of old.
    pub(super) fn replay(asks: Vec<Ask>) -> Witness<'a> {
        Witness::new(None, asks)
    }

    fn new(host: Option<&'a dyn Host>, asks: Vec<Ask>) -> Witness<'a> {
        Witness {
            host,
            mail: None,
            draft: RefCell::default(),
            asks: RefCell::new(asks),
            replayed: Cell::new(0),
            diverged: RefCell::default(),
            time: Cell::new(None),
            seed: Cell::new(None),
            blocks: Cell::new(0),
            lines: RefCell::default(),
        }
    }

    /// All that was asked, and the lines for the log.
    pub(super) fn finish(self) -> (Vec<Ask>, Vec<(LogLevel, String)>) {
        (self.asks.into_inner(), self.lines.into_inner())
    }

    /// How a replay left the way; also when it asked less than that time.
    pub(super) fn divergence(&self) -> Option<String> {
        let left = || {
            let asks = self.asks.borrow();
            let ask = asks.get(self.replayed.get())?;
            Some(format!("it did not ask {} this time", describe(&ask.asked)))
        };
        self.diverged.borrow().clone().or_else(left)
    }

    /// Asks what the realm owes already whether there is room for more.
    fn granted(&self, ask: impl FnOnce(&Mail, &mut Draft) -> Result<(), String>) -> Result<(), HostError> {
        let Some(mail) = self.mail else { return Ok(()) };
        ask(mail, &mut self.draft.borrow_mut()).map_err(|why| HostError::Explained { why })
    }

    /// Asks the host, or gives the answer of that time.
    fn ask<T: Answer>(
        &self,
        function: &'static str,
        arguments: &[&[u8]],
        live: impl FnOnce(&dyn Host) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let mut writer = Writer::default();
        writer.bytes(function.as_bytes());
        arguments.iter().for_each(|argument| writer.bytes(argument));
        let asked = writer.0;
        if let Some(host) = self.host {
            let answer = live(host).map_err(in_words);
            let mut writer = Writer::default();
            encode(&answer, &mut writer);
            self.asks.borrow_mut().push(Ask { asked, answer: writer.0 });
            return answer;
        }
        let failed = HostError::NotOffered { function };
        if self.diverged.borrow().is_some() {
            return Err(failed);
        }
        let asks = self.asks.borrow();
        let why = match asks.get(self.replayed.get()) {
            Some(ask) if ask.asked == asked => {
                self.replayed.set(self.replayed.get() + 1);
                let mut reader = Reader(&ask.answer);
                match decode(&mut reader).and_then(|answer| reader.end().map(|()| answer)) {
                    Ok(answer) => return answer,
                    Err(Malformed) => format!("the answer to {} can't be read", describe(&asked)),
                }
            }
            Some(ask) => format!("it asked {}, but {} that time", describe(&asked), describe(&ask.asked)),
            None => format!("it asked {}, but nothing more that time", describe(&asked)),
        };
        *self.diverged.borrow_mut() = Some(why);
        Err(failed)
    }
}

/// A question for people: the function, and the first argument if that is text.
fn describe(asked: &[u8]) -> String {
    let mut reader = Reader(asked);
    let function = reader.text().unwrap_or_default();
    match reader.text() {
        Ok(argument) if !argument.is_empty() => format!("`{function}` of `{argument}`"),
        _ => format!("`{function}`"),
    }
}

/// What a host answers, as bytes.
trait Answer: Sized {
    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed>;
}

fn encode<T: Answer>(answer: &Result<T, HostError>, writer: &mut Writer) {
    match answer {
        Ok(value) => {
            writer.byte(0);
            value.write(writer);
        }
        Err(HostError::Conflict) => writer.byte(1),
        Err(other) => {
            writer.byte(2);
            writer.bytes(other.to_string().as_bytes());
        }
    }
}

fn decode<T: Answer>(reader: &mut Reader<'_>) -> Result<Result<T, HostError>, Malformed> {
    Ok(match reader.byte()? {
        0 => Ok(T::read(reader)?),
        1 => Err(HostError::Conflict),
        2 => Err(HostError::Explained { why: reader.text()? }),
        _ => return Err(Malformed),
    })
}

/// A failure as a replay gives it again.
fn in_words(error: HostError) -> HostError {
    match error {
        HostError::Conflict => HostError::Conflict,
        other => HostError::Explained { why: other.to_string() },
    }
}

impl Answer for () {
    fn write(&self, _writer: &mut Writer) {}
    fn read(_reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(())
    }
}

impl Answer for u64 {
    fn write(&self, writer: &mut Writer) {
        writer.number(*self);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.number()
    }
}

impl Answer for i64 {
    fn write(&self, writer: &mut Writer) {
        writer.number(self.cast_unsigned());
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(reader.number()?.cast_signed())
    }
}

impl Answer for f64 {
    fn write(&self, writer: &mut Writer) {
        writer.number(self.to_bits());
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(f64::from_bits(reader.number()?))
    }
}

impl Answer for bool {
    fn write(&self, writer: &mut Writer) {
        writer.byte((*self).into());
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(reader.byte()? != 0)
    }
}

impl Answer for Vec<u8> {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(reader.bytes()?.to_vec())
    }
}

impl Answer for String {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(self.as_bytes());
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.text()
    }
}

impl<T: Answer> Answer for Option<T> {
    fn write(&self, writer: &mut Writer) {
        self.is_some().write(writer);
        if let Some(value) = self {
            value.write(writer);
        }
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        if bool::read(reader)? { T::read(reader).map(Some) } else { Ok(None) }
    }
}

impl<T: Answer, U: Answer> Answer for (T, U) {
    fn write(&self, writer: &mut Writer) {
        self.0.write(writer);
        self.1.write(writer);
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok((T::read(reader)?, U::read(reader)?))
    }
}

impl Answer for Vec<Entry> {
    fn write(&self, writer: &mut Writer) {
        writer.number(self.len() as u64);
        self.iter().for_each(|entry| entry.write(writer));
    }
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        (0..reader.number()?).map(|_| Entry::read(reader)).collect()
    }
}

/// Functions that durable realms don't have.
fn absent<T>(function: &'static str) -> Result<T, HostError> {
    Err(HostError::Explained { why: format!("`{function}` is absent in durable realms") })
}

impl Host for Witness<'_> {
    fn get(&self, map: &str, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        self.ask("store_get", &[map.as_bytes(), key], |host| host.get(map, key))
    }

    fn has(&self, map: &str, key: &[u8]) -> Result<bool, HostError> {
        self.ask("store_has", &[map.as_bytes(), key], |host| host.has(map, key))
    }

    fn version(&self, map: &str, key: &[u8]) -> Result<Option<i64>, HostError> {
        self.ask("store_version", &[map.as_bytes(), key], |host| host.version(map, key))
    }

    fn size(&self, map: &str) -> Result<u64, HostError> {
        self.ask("store_size", &[map.as_bytes()], |host| host.size(map))
    }

    fn entries(&self, map: &str) -> Result<Vec<Entry>, HostError> {
        self.ask("store_for_each", &[map.as_bytes()], |host| host.entries(map))
    }

    fn put(&self, _map: &str, _key: &[u8], _value: &[u8]) -> Result<(), HostError> {
        absent("store_put")
    }

    fn remove(&self, _map: &str, _key: &[u8]) -> Result<(), HostError> {
        absent("store_remove")
    }

    fn clear(&self, _map: &str) -> Result<(), HostError> {
        absent("store_clear")
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.lines.borrow_mut().push((level, text.to_owned()));
    }

    fn holds_log_back(&self) -> bool {
        true
    }

    fn clock(&self) -> Option<f64> {
        if self.time.get().is_none() {
            let time = self.ask("clock", &[], |host| Ok(host.time()));
            self.time.set(time.ok());
        }
        self.time.get().or(Some(0.0))
    }

    fn entropy(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        let seed = match self.seed.get() {
            Some(seed) => seed,
            None => {
                let drawn = self.ask("entropy", &[], |host| {
                    let mut seed = vec![0; SEAL_BYTES];
                    host.entropy(&mut seed).map(|()| seed)
                })?;
                let seed = <[u8; SEAL_BYTES]>::try_from(drawn).unwrap_or_default();
                self.seed.set(Some(seed));
                seed
            }
        };
        for part in bytes.chunks_mut(SEAL_BYTES) {
            let block = self.blocks.replace(self.blocks.get() + 1);
            part.copy_from_slice(&crate::crypto::seal(&seed, &[&block.to_le_bytes()])[..part.len()]);
        }
        Ok(())
    }

    fn last_committed(&self) -> Result<TransactionId, HostError> {
        let id = self.ask("last_committed", &[], |host| host.last_committed().map(|id| (id.view, id.seqno)));
        id.map(|(view, seqno)| TransactionId { view, seqno })
    }

    fn transaction_status(&self, id: TransactionId) -> Result<TransactionStatus, HostError> {
        const ALL: [TransactionStatus; 4] = [
            TransactionStatus::Unknown,
            TransactionStatus::Pending,
            TransactionStatus::Committed,
            TransactionStatus::Invalid,
        ];
        let (view, seqno) = (id.view.to_le_bytes(), id.seqno.to_le_bytes());
        let number = self.ask("transaction_status", &[b"", &view, &seqno], |host| {
            host.transaction_status(id).map(|status| status as u64)
        })?;
        Ok(usize::try_from(number).ok().and_then(|number| ALL.get(number)).copied().unwrap_or(ALL[0]))
    }

    fn view_of(&self, seqno: u64) -> Result<Option<u64>, HostError> {
        self.ask("view_of", &[b"", &seqno.to_le_bytes()], |host| host.view_of(seqno))
    }

    fn historical_range(&self, _range: HistoricalRange) -> Result<Option<Vec<State>>, HostError> {
        absent("historical_range")
    }

    fn historical_drop(&self, _handle: u64) -> Result<bool, HostError> {
        absent("historical_drop")
    }

    fn state_get(&self, _state: u64, _map: &str, _key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        absent("state_get")
    }

    fn state_version(&self, _state: u64, _map: &str, _key: &[u8]) -> Result<Option<i64>, HostError> {
        absent("state_version")
    }

    fn state_entries(&self, _state: u64, _map: &str) -> Result<Vec<Entry>, HostError> {
        absent("state_for_each")
    }

    fn restrict(&self, map: &str, permission: Permission) -> Result<(Permission, Option<String>), HostError> {
        let level = [permission as u8];
        let narrowed = self.ask("restrict_map", &[map.as_bytes(), &level], |host| {
            host.restrict(map, permission).map(|(narrowed, reason)| (narrowed as u64, reason))
        })?;
        Ok((permission.narrowed(u32::try_from(narrowed.0).unwrap_or(0)), narrowed.1))
    }

    fn trigger_subprocess(&self, _arguments: &[String], _input: Option<&[u8]>) -> Result<(), HostError> {
        absent("trigger_subprocess")
    }

    fn verify_attestation(&self, _attestation: &Attestation) -> Result<Vec<u8>, HostError> {
        absent("verify_attestation")
    }

    fn send(&self, to: &str, message: &[u8]) -> Result<(), HostError> {
        self.ask(SEND, &[to.as_bytes(), message], |_| self.granted(|mail, draft| mail.may_send(draft, to, message)))
    }

    fn set_alarm(&self, name: &str, time: Option<f64>) -> Result<(), HostError> {
        let bytes = time.map(|time| time.to_bits().to_le_bytes());
        let bytes = bytes.as_ref().map_or(&[][..], |bytes| bytes);
        self.ask(SET_ALARM, &[name.as_bytes(), bytes], |_| self.granted(|mail, draft| mail.may_set(draft, name, time)))
    }
}
