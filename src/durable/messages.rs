//! Alarms and messages of a realm.
//!
//! Nothing here waits for a moment or touches a network: the host asks what is due, and carries the bytes. It may lose them, double them and
//! change their order. A message leaves when the turn that sent it is on the disk, and again until it is acknowledged; it is acknowledged
//! when the turn that received it is on the disk. The next one of a pair runs only after that, so each counts once and in its order.

use super::datagram::{Datagram, UNKNOWN};
use super::log::Ticket;
use super::mail::{MOST_NAME, Note};
use super::post::{MOST_ATTEMPTS, datagrams};
use super::realm::{Realm, TurnInput, Turns, value};
use super::turn::Answer;
use crate::error::Error;
use crate::host::{Host, LogLevel};
use crate::invoke::process::Executing;
use crate::status::jsep_status;

/// Takes a datagram for the realm of a name.
pub type Carry<'a> = dyn FnMut(&str, &[u8]) + 'a;

fn invalid(message: String) -> Error {
    Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message)
}

impl Realm {
    /// When the next alarm is due, in milliseconds since 1970 in UTC.
    pub fn next_alarm(&self, host: &dyn Host) -> Result<Option<f64>, Error> {
        let _executing = Executing::begin()?;
        let turns = self.begin()?;
        Ok(next_alarm(&turns, host.time()).map(|(due, _)| due))
    }

    /// Runs the turn of an alarm if one is due; whether one was. A turn that throws is tried again later.
    pub fn alarm(&self, host: &dyn Host) -> Result<bool, Error> {
        let _executing = Executing::begin()?;
        let mut turns = self.begin()?;
        let now = host.time();
        let Some((_, name)) = next_alarm(&turns, now).filter(|(due, _)| *due <= now) else {
            return Ok(false);
        };
        self.prepare(&mut turns)?;
        let time = turns.kept.mail.alarms.get(&name).copied().unwrap_or(now);
        let ran = self.run_unasked(&mut turns, TurnInput::Alarm { name: name.clone(), time }, host);
        turns.post.alarm_ran(&name, ran.is_err(), now);
        let (answer, lines) = ran?;
        let ticket = turns.ticket.clone();
        drop(turns);
        self.leave(ticket, &lines, host)?;
        value(answer).map(|_| true)
    }

    /// Runs a turn that nobody asked for; also its lines for the log.
    fn run_unasked(
        &self,
        turns: &mut Turns,
        input: TurnInput,
        host: &dyn Host,
    ) -> Result<(Answer, Vec<(LogLevel, String)>), Error> {
        let (came, lines) = self.run(turns, &[], input, host)?;
        Ok((came.answered()?, lines))
    }

    /// Gives `carry` the datagrams that are due, and tells when to ask again at the latest, in milliseconds since 1970 in UTC.
    pub fn outgoing(&self, host: &dyn Host, carry: &mut Carry<'_>) -> Result<Option<f64>, Error> {
        let _executing = Executing::begin()?;
        let mut turns = self.begin()?;
        let now = host.time();
        let mut leaving = Vec::new();
        let mut next: Option<f64> = None;
        let Turns { kept, post, ticket, .. } = &mut *turns;
        for (name, peer) in &kept.mail.peers {
            let way = post.way(name);
            let due = way.due(peer, now);
            next = next.into_iter().chain(way.next()).reduce(f64::min);
            let mut number = peer.acknowledged + 1 + due.start as u64;
            let messages: Vec<&[u8]> = peer.waiting.range(due).map(Vec::as_slice).collect();
            for messages in datagrams(&messages) {
                leaving.push((name.clone(), self.datagram(name, peer.identity, peer.received, number, messages)));
                number += messages.len() as u64;
            }
        }
        let ticket = ticket.clone();
        drop(turns);
        if !leaving.is_empty() {
            self.leave(ticket, &[], host)?;
        }
        leaving.iter().for_each(|(name, datagram)| carry(name, datagram));
        Ok(next)
    }

    /// Takes a datagram: notes what it acknowledges, runs a turn for each message that is new, and gives the answer to `carry`.
    pub fn incoming(&self, bytes: &[u8], host: &dyn Host, carry: &mut Carry<'_>) -> Result<(), Error> {
        let _executing = Executing::begin()?;
        let datagram = Datagram::decode(&self.options.peer_key, bytes)
            .map_err(|_| invalid("this is no datagram of a realm with the same key".to_owned()))?;
        let mut turns = self.begin()?;
        self.check(&turns, &datagram)?;
        let mut lines = Vec::new();
        self.take_acknowledgement(&mut turns, &datagram, host)?;
        let result = self.take_messages(&mut turns, &datagram, host, &mut lines);
        let (ticket, known) = (turns.ticket.clone(), turns.kept.mail.peers.get(datagram.sender));
        let received = known.map_or(0, |peer| peer.received);
        drop(turns);
        self.leave(ticket, &lines, host)?;
        if !datagram.messages.is_empty() && received > 0 {
            let identity = Some(datagram.sender_identity);
            carry(datagram.sender, &self.datagram(datagram.sender, identity, received, 0, &[]));
        }
        result
    }

    fn datagram(
        &self,
        receiver: &str,
        identity: Option<[u8; 16]>,
        acknowledged: u64,
        first: u64,
        messages: &[&[u8]],
    ) -> Vec<u8> {
        let datagram = Datagram {
            receiver,
            receiver_identity: identity.unwrap_or(UNKNOWN),
            sender: &self.name,
            sender_identity: self.log.identity_of(self.number),
            acknowledged,
            first,
            messages: messages.to_vec(),
        };
        datagram.encode(&self.options.peer_key)
    }

    /// Lets lines leave when all turns so far are on the disk.
    fn leave(&self, ticket: Option<Ticket>, lines: &[(LogLevel, String)], host: &dyn Host) -> Result<(), Error> {
        if let Some(ticket) = ticket {
            self.log.wait(&ticket)?;
        }
        lines.iter().for_each(|(level, line)| host.log(*level, line));
        Ok(())
    }

    /// Whether a datagram is for this realm, and from the one that its sender was before.
    fn check(&self, turns: &Turns, datagram: &Datagram<'_>) -> Result<(), Error> {
        let sender = datagram.sender;
        if datagram.receiver != self.name {
            return Err(invalid(format!("a datagram for `{}` came to `{}`", datagram.receiver, self.name)));
        }
        if sender.is_empty() || sender.len() > MOST_NAME {
            return Err(invalid(format!("a datagram for `{}` has no sender of a possible name", self.name)));
        }
        let own = datagram.receiver_identity == self.log.identity_of(self.number);
        let peer = turns.kept.mail.peers.get(sender);
        let known = peer.and_then(|peer| peer.identity).is_none_or(|known| known == datagram.sender_identity);
        if (!own && datagram.receiver_identity != UNKNOWN) || !known || datagram.sender_identity == UNKNOWN {
            let message =
                format!("`{sender}` and `{}` are not the realms that knew each other by these names", self.name);
            return Err(invalid(message));
        }
        let assigned = peer.map_or(0, |peer| peer.acknowledged + peer.waiting.len() as u64);
        if datagram.acknowledged > assigned || (datagram.acknowledged > 0 && !own) {
            return Err(invalid(format!("`{sender}` acknowledges what `{}` did not send", self.name)));
        }
        if !datagram.messages.is_empty() && !turns.kept.mail.has_room_for(sender) {
            return Err(invalid(format!("`{}` knows too many others to hear of `{sender}`", self.name)));
        }
        Ok(())
    }

    fn take_acknowledgement(&self, turns: &mut Turns, datagram: &Datagram<'_>, host: &dyn Host) -> Result<(), Error> {
        let Some(peer) = turns.kept.mail.peers.get(datagram.sender) else { return Ok(()) };
        if datagram.acknowledged <= peer.acknowledged {
            return Ok(());
        }
        let note = Note::Acknowledged {
            peer: datagram.sender.to_owned(),
            identity: datagram.sender_identity,
            number: datagram.acknowledged,
        };
        // Nothing leaves because of it, so it is synced with the next record that something leaves for.
        turns.noted = Some(self.log.add(self.number, note.encode(self.number, turns.kept.count), 0)?);
        turns.kept.mail.apply_note(&note);
        if let Some(peer) = turns.kept.mail.peers.get(datagram.sender) {
            turns.post.way(datagram.sender).acknowledged(peer, host.time());
        }
        Ok(())
    }

    /// Runs a turn for each message that is next. All of them are synced together.
    fn take_messages(
        &self,
        turns: &mut Turns,
        datagram: &Datagram<'_>,
        host: &dyn Host,
        lines: &mut Vec<(LogLevel, String)>,
    ) -> Result<(), Error> {
        if datagram.messages.is_empty() {
            return Ok(());
        }
        let (sender, identity) = (datagram.sender, datagram.sender_identity);
        let now = host.time();
        let mut received = turns.kept.mail.peers.get(sender).map_or(0, |peer| peer.received);
        for (number, message) in (datagram.first..).zip(&datagram.messages) {
            turns.post.keep(sender, received, number, message);
        }
        let mut result = Ok(());
        while turns.post.way(sender).attempts.next(now) <= now && turns.post.has(sender, received + 1) {
            // Before the message is taken: it counts as tried only if its turn could run.
            self.prepare(turns)?;
            let Some(message) = turns.post.take(sender, received + 1) else { break };
            let number = received + 1;
            let input = TurnInput::Receive { sender: sender.to_owned(), identity, number, message: message.clone() };
            match self.run_unasked(turns, input, host) {
                Ok((answer, more)) => {
                    lines.extend(more);
                    // The realm keeps what it did, and the message counts.
                    if let Err(error) = value(answer) {
                        result = Err(error);
                    }
                }
                Err(error) if error.status == jsep_status::JSEP_TURN_FAILED => {
                    let attempts = &mut turns.post.way(sender).attempts;
                    attempts.add(now);
                    let count = attempts.count;
                    let why = format!(
                        "message {number} of `{sender}`, attempt {count} of {MOST_ATTEMPTS}: {}",
                        error.message
                    );
                    result = Err(Error::new(error.status, why.clone()));
                    if count < MOST_ATTEMPTS {
                        // The sender has it and sends it again.
                        break;
                    }
                    let (peer, why) = (sender.to_owned(), why.into_bytes());
                    let note = Note::Dropped { peer, identity, number, message, why };
                    let ticket = self.log.add(self.number, note.encode(self.number, turns.kept.count), 0)?;
                    (turns.ticket, turns.noted) = (Some(ticket.clone()), Some(ticket));
                    turns.kept.mail.apply_note(&note);
                }
                Err(error) => return Err(error),
            }
            turns.post.way(sender).attempts = Default::default();
            received = number;
        }
        result
    }
}

/// The alarm that is due first, and when.
fn next_alarm(turns: &Turns, now: f64) -> Option<(f64, String)> {
    let due = |(name, time): (&String, &f64)| (turns.post.alarm_due(name, *time, now), *time, name.clone());
    let first = turns.kept.mail.alarms.iter().map(due).min_by(|one, other| {
        one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)).then_with(|| one.2.cmp(&other.2))
    });
    first.map(|(due, _, name)| (due, name))
}
