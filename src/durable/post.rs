//! What is on its way between realms, and what is tried again. It goes with the process: what is lost with it is sent again.

use super::mail::Peer;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Milliseconds until something is tried again for the first time. Each further time is twice as long.
const FIRST_WAIT: f64 = 250.0;
/// Milliseconds between messages that are sent again, at most.
const MOST_WAIT: f64 = 30_000.0;
/// Milliseconds between attempts at a turn that throws, at most.
const MOST_WAIT_OF_TURN: f64 = 3_600_000.0;

/// A message is given up when `receive` has thrown so often.
pub(super) const MOST_ATTEMPTS: u32 = 5;

/// Messages to one peer that are on their way at a time, at most.
const WINDOW: usize = 1024;
/// Their bytes, unless one alone has more.
const WINDOW_BYTES: usize = 64 << 10;
/// A datagram takes no further message from here on, in bytes: what most networks carry in one piece.
const DATAGRAM_BYTES: usize = 1200;
/// Bytes of messages that came before those that precede them, of all peers.
const MOST_EARLY_BYTES: usize = 4 << 20;

/// See the head of the file.
#[derive(Default)]
pub(super) struct Post {
    ways: HashMap<String, Way>,
    /// Turns that threw, by the alarm.
    alarms: HashMap<String, Attempts>,
    early_bytes: usize,
}

/// What is on its way to a peer and from it.
#[derive(Default)]
pub(super) struct Way {
    /// The last message that was sent.
    sent: u64,
    /// When those that are on their way are sent again; none when there are none.
    due: Option<f64>,
    /// What the next wait is.
    wait: f64,
    /// Messages of the peer that came before those that precede them.
    early: BTreeMap<u64, Vec<u8>>,
    /// Turns with the next message that threw.
    pub(super) attempts: Attempts,
}

/// Turns that threw, and when the next may be.
#[derive(Clone, Copy, Default)]
pub(super) struct Attempts {
    pub(super) count: u32,
    not_before: f64,
}

impl Attempts {
    /// Notes that one more threw.
    pub(super) fn add(&mut self, now: f64) {
        self.not_before = now + (FIRST_WAIT * f64::from(self.count).exp2()).min(MOST_WAIT_OF_TURN);
        self.count += 1;
    }

    /// When the next may be.
    pub(super) fn next(&self, now: f64) -> f64 {
        // Not for ever when the clock was set back.
        if self.not_before > now + MOST_WAIT_OF_TURN { now } else { self.not_before }
    }
}

impl Post {
    pub(super) fn way(&mut self, peer: &str) -> &mut Way {
        self.ways.entry(peer.to_owned()).or_default()
    }

    /// Keeps a message that is not the next one, if there is room. The sender has it as well.
    pub(super) fn keep(&mut self, peer: &str, received: u64, number: u64, message: &[u8]) {
        let is_next = number == received + 1;
        if number <= received || number - received > WINDOW as u64 {
            return;
        }
        if !is_next && self.early_bytes + message.len() > MOST_EARLY_BYTES {
            return;
        }
        if let std::collections::btree_map::Entry::Vacant(place) = self.way(peer).early.entry(number) {
            place.insert(message.to_vec());
            self.early_bytes += message.len();
        }
    }

    /// Whether a message was kept.
    pub(super) fn has(&self, peer: &str, number: u64) -> bool {
        self.ways.get(peer).is_some_and(|way| way.early.contains_key(&number))
    }

    /// Takes a message that was kept.
    pub(super) fn take(&mut self, peer: &str, number: u64) -> Option<Vec<u8>> {
        let message = self.way(peer).early.remove(&number)?;
        self.early_bytes -= message.len();
        Some(message)
    }

    /// When the next turn of an alarm that was set for `time` may be.
    pub(super) fn alarm_due(&self, name: &str, time: f64, now: f64) -> f64 {
        self.alarms.get(name).map_or(time, |attempts| time.max(attempts.next(now)))
    }

    /// Notes how the turn of an alarm ended.
    pub(super) fn alarm_ran(&mut self, name: &str, threw: bool, now: f64) {
        if threw {
            self.alarms.entry(name.to_owned()).or_default().add(now);
        } else {
            self.alarms.remove(name);
        }
    }
}

impl Way {
    /// Which of the messages that wait for a peer are to be sent now, by their place in the queue.
    pub(super) fn due(&mut self, peer: &Peer, now: f64) -> Range<usize> {
        if peer.waiting.is_empty() {
            self.due = None;
            return 0..0;
        }
        let mut bytes = 0;
        let within = |message: &&Vec<u8>| {
            bytes += message.len();
            bytes <= WINDOW_BYTES
        };
        let window = peer.waiting.iter().take(WINDOW).take_while(within).count().max(1);
        let begin = match self.due {
            // Also when the clock was set back.
            Some(due) if now >= due || due - now > MOST_WAIT => {
                self.wait = (self.wait * 2.0).min(MOST_WAIT);
                self.due = Some(now + self.wait);
                0
            }
            Some(_) => usize::try_from(self.sent.saturating_sub(peer.acknowledged)).unwrap_or(usize::MAX).min(window),
            None => {
                self.wait = FIRST_WAIT;
                self.due = Some(now + self.wait);
                0
            }
        };
        self.sent = self.sent.max(peer.acknowledged + window as u64);
        begin..window
    }

    /// When something is to be sent again.
    pub(super) fn next(&self) -> Option<f64> {
        self.due
    }

    /// Notes that a peer has acknowledged messages, after which these wait.
    pub(super) fn acknowledged(&mut self, peer: &Peer, now: f64) {
        self.wait = FIRST_WAIT;
        self.due = (self.sent > peer.acknowledged).then_some(now + FIRST_WAIT);
    }
}

/// Cuts messages into runs that fit a datagram each.
pub(super) fn datagrams<'a>(messages: &'a [&'a [u8]]) -> impl Iterator<Item = &'a [&'a [u8]]> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let within = |message: &&&[u8]| {
            bytes += message.len();
            bytes <= DATAGRAM_BYTES
        };
        let count = rest.iter().take_while(within).count().max(1).min(rest.len());
        let (run, after) = rest.split_at(count);
        rest = after;
        (!run.is_empty()).then_some(run)
    })
}
