//! A durable realm and its turns.

use super::log::{Log, Ticket};
use super::mail::{Mail, Note};
use super::post::Post;
use super::recovery::damaged;
use super::turn::{Answer, Turn};
use super::witness::Witness;
use crate::app::Mode;
use crate::engine::{Exception, Execution, LiveRealm, Request, RuntimeOptions, TurnEnd, nanoseconds_since};
use crate::error::Error;
use crate::host::{Host, LogLevel};
use crate::invoke::Plugin;
use crate::invoke::process::Executing;
use crate::status::jsep_status;
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use crate::engine::TurnInput;

/// Answers to inputs with an id are remembered for so many such inputs.
const REMEMBERED: usize = 10_000;

/// What a replayed turn may take: it did end the first time, on a machine that was perhaps less busy.
const TIME_OF_REPLAY: Duration = Duration::from_secs(3600);

/// How a realm is opened.
#[derive(Clone, Debug, Default)]
pub struct RealmOptions {
    /// Whether a turn that throws keeps what it did before.
    pub commit_on_throw: bool,
    /// What the realms that exchange messages share and nobody else knows; nothing if they are among themselves.
    pub peer_key: Vec<u8>,
}

impl RealmOptions {
    /// Reads options by name.
    pub fn parse(given: &[(&str, &str)]) -> Result<RealmOptions, Error> {
        let mut options = RealmOptions::default();
        for (name, value) in given {
            match (*name, *value) {
                ("on_throw", "commit") => options.commit_on_throw = true,
                ("on_throw", "rollback") => options.commit_on_throw = false,
                ("on_throw", _) => {
                    return Err(invalid(format!("option `on_throw` is `{value}`, but must be rollback or commit")));
                }
                ("peer_key", _) => options.peer_key = value.as_bytes().to_vec(),
                _ => return Err(invalid(format!("option `{name}` is not known; known are: on_throw, peer_key"))),
            }
        }
        Ok(options)
    }
}

fn invalid(message: String) -> Error {
    Error::new(jsep_status::JSEP_INVALID_OPTION, message)
}

/// A realm whose state outlives the process.
pub struct Realm {
    // Before the plugin, because it must go before its engine.
    turns: Mutex<Turns>,
    pub(super) log: Arc<Log>,
    plugin: Arc<Plugin>,
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) options: RealmOptions,
    restored: bool,
    /// Nanoseconds that opening took.
    opened_in: u64,
}

/// What changes from turn to turn. Locked while a turn runs, so that turns don't overlap.
pub(super) struct Turns {
    /// None after a turn that left no trace: then the next one begins with a replay.
    live: Option<Box<dyn LiveRealm>>,
    /// Turns so far, the first included.
    pub(super) count: u64,
    /// Of the last record that something may leave for.
    pub(super) ticket: Option<Ticket>,
    /// Of the last record.
    pub(super) noted: Option<Ticket>,
    /// What the realm owes, after all of its records.
    pub(super) mail: Mail,
    pub(super) post: Post,
    answers: Remembered,
    /// Turns that left no trace.
    rolled_back: u64,
    /// Why the realm has stopped.
    stopped: Option<Error>,
}

/// Answers by the ids of their inputs.
#[derive(Default)]
struct Remembered {
    by_id: HashMap<Vec<u8>, Answer>,
    order: VecDeque<Vec<u8>>,
}

impl Remembered {
    fn add(&mut self, id: &[u8], answer: &Answer) {
        if id.is_empty() {
            return;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.by_id.insert(id.to_vec(), answer.clone());
        self.order.push_back(id.to_vec());
    }
}

impl Realm {
    /// Opens the realm `name` of a log. One that is not there begins with `source`, which is evaluated as its first turn; one that is
    /// there is replayed, and `source` is not read.
    pub fn open(
        plugin: &Arc<Plugin>,
        log: &Arc<Log>,
        name: &str,
        source: &str,
        options: RealmOptions,
        host: &dyn Host,
    ) -> Result<Realm, Error> {
        let executing = Executing::begin()?;
        let begin = Instant::now();
        let live = plugin.live_realm()?;
        let (number, restored) = log.claim(name)?;
        let turns = Turns {
            live: Some(live),
            count: 0,
            ticket: None,
            noted: None,
            mail: Mail::default(),
            post: Post::default(),
            answers: Remembered::default(),
            rolled_back: 0,
            stopped: None,
        };
        // From here on its drop ends the claim.
        let mut realm = Realm {
            turns: Mutex::new(turns),
            log: Arc::clone(log),
            plugin: Arc::clone(plugin),
            name: name.to_owned(),
            number,
            options,
            restored,
            opened_in: 0,
        };
        if restored {
            let mut turns = realm.lock();
            realm.replay(&mut turns)?;
        }
        drop(executing);
        if !restored {
            let input = TurnInput::Evaluate { source: source.to_owned() };
            realm.turn(&[], input, host)?;
        }
        realm.opened_in = nanoseconds_since(begin);
        Ok(realm)
    }

    /// Runs one turn and answers when it is on the disk. With an id that is known already, nothing runs and the answer is that of the
    /// first time.
    pub fn turn(&self, id: &[u8], input: TurnInput, host: &dyn Host) -> Result<Vec<u8>, Error> {
        let _executing = Executing::begin()?;
        let mut turns = self.begin()?;
        let (answer, lines) = match turns.answers.by_id.get(id) {
            Some(answer) => (answer.clone(), Vec::new()),
            None => self.run(&mut turns, id, input, host)?,
        };
        let ticket = turns.ticket;
        // The next turn may run while this one is written: if that fails, neither leaves.
        drop(turns);
        if let Some(ticket) = ticket {
            self.log.wait(ticket)?;
        }
        lines.iter().for_each(|(level, line)| host.log(*level, line));
        value(answer)
    }

    /// The turns of a realm that has not stopped.
    pub(super) fn begin(&self) -> Result<MutexGuard<'_, Turns>, Error> {
        let turns = self.lock();
        match &turns.stopped {
            None => Ok(turns),
            Some(error) => {
                let message = format!("the realm `{}` has stopped: {}", self.name, error.message);
                Err(Error::new(jsep_status::JSEP_REALM_STOPPED, message))
            }
        }
    }

    /// Runs a turn and hands it to the log.
    pub(super) fn run(
        &self,
        turns: &mut Turns,
        id: &[u8],
        input: TurnInput,
        host: &dyn Host,
    ) -> Result<(Answer, Vec<(LogLevel, String)>), Error> {
        if turns.live.is_none() {
            self.replay(turns)?;
        }
        let Some(live) = turns.live.as_mut() else {
            return Err(failed("the realm is lost"));
        };
        let witness = Witness::record(host, &turns.mail);
        let (end, conflicted) = execute(live.as_mut(), &input, turns.count, self.plugin.runtime(), &witness);
        let answer = match end {
            _ if conflicted => {
                self.roll_back(turns);
                return Err(Error::new(jsep_status::JSEP_CONFLICT, "the host asked to run the turn again"));
            }
            TurnEnd::Value(text) => Answer::Value(text),
            TurnEnd::Threw(exception) if self.keeps(&input) && turns.count > 0 => Answer::Exception(shown(&exception)),
            TurnEnd::Refused(exception) => return Err(failed(&String::from_utf8_lossy(&shown(&exception)))),
            TurnEnd::Threw(exception) | TurnEnd::Ended(exception) => {
                self.roll_back(turns);
                return Err(failed(&String::from_utf8_lossy(&shown(&exception))));
            }
        };
        let (asks, lines) = witness.finish();
        let name = (turns.count == 0).then(|| self.name.clone());
        let turn = Turn {
            name,
            realm: self.number,
            number: turns.count,
            id: id.to_vec(),
            input,
            asks,
            answer: answer.clone(),
        };
        match self.log.add(self.number, turn.encode()) {
            Ok(ticket) => (turns.ticket, turns.noted) = (Some(ticket), Some(ticket)),
            Err(error) => {
                // The turn has no record, so it leaves no trace either.
                self.roll_back(turns);
                return Err(error);
            }
        }
        turns.count += 1;
        turns.mail.apply(&turn.input, &turn.asks).map_err(|_| self.unreadable(turn.number))?;
        turns.answers.add(id, &answer);
        Ok((answer, lines))
    }

    /// Whether a turn that throws keeps what it did. Half an upgrade is worse than none.
    fn keeps(&self, input: &TurnInput) -> bool {
        self.options.commit_on_throw && !matches!(input, TurnInput::Upgrade { .. })
    }

    fn unreadable(&self, turn: u64) -> Error {
        damaged("log", 0, &format!("turn {turn} of `{}` can't be read", self.name))
    }

    fn roll_back(&self, turns: &mut Turns) {
        turns.live = None;
        turns.rolled_back += 1;
    }

    /// Makes the realm anew from its log. What goes wrong stops it.
    fn replay(&self, turns: &mut Turns) -> Result<(), Error> {
        let result = self.replay_all(turns);
        if let Err(error) = &result {
            turns.stopped = Some(error.clone());
        }
        result
    }

    fn replay_all(&self, turns: &mut Turns) -> Result<(), Error> {
        if let Some(ticket) = turns.noted {
            self.log.wait(ticket)?;
        }
        let mut live = match turns.live.take() {
            Some(fresh) => fresh,
            None => self.plugin.live_realm()?,
        };
        let runtime = RuntimeOptions { max_execution_time: TIME_OF_REPLAY, ..self.plugin.runtime().clone() };
        turns.count = 0;
        turns.answers = Remembered::default();
        turns.mail = Mail::default();
        self.log.replay(self.number, &mut |record| {
            let unreadable = || self.unreadable(turns.count);
            if let Some((realm, number, note)) = Note::decode(record).map_err(|_| unreadable())? {
                if realm != self.number || number != turns.count {
                    return Err(unreadable());
                }
                turns.mail.apply_note(&note);
                return Ok(());
            }
            let turn = Turn::decode(record)
                .ok()
                .filter(|turn| turn.realm == self.number && turn.number == turns.count)
                .ok_or_else(unreadable)?;
            turns.mail.apply(&turn.input, &turn.asks).map_err(|_| unreadable())?;
            let witness = Witness::replay(turn.asks);
            let (end, _) = execute(live.as_mut(), &turn.input, turn.number, &runtime, &witness);
            let answer = match end {
                TurnEnd::Value(text) => Answer::Value(text),
                TurnEnd::Threw(exception) | TurnEnd::Refused(exception) | TurnEnd::Ended(exception) => {
                    Answer::Exception(shown(&exception))
                }
            };
            let diverged = |why: &str| {
                let message = format!("turn {} of the realm `{}` went another way: {why}", turn.number, self.name);
                Error::new(jsep_status::JSEP_REPLAY_DIVERGED, message)
            };
            if let Some(why) = witness.divergence() {
                return Err(diverged(&why));
            }
            if answer != turn.answer {
                return Err(diverged(&format!(
                    "it answered {}, but {} that time",
                    excerpt(&answer),
                    excerpt(&turn.answer)
                )));
            }
            turns.answers.add(&turn.id, &answer);
            turns.count += 1;
            Ok(())
        })?;
        turns.live = Some(live);
        Ok(())
    }

    /// What the realm is, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let turns = self.lock();
        serde_json::json!({
            "name": self.name,
            "restored": self.restored,
            "opened_in_ns": self.opened_in,
            "turns": turns.count.saturating_sub(1),
            "rolled_back": turns.rolled_back,
            "remembered_ids": turns.answers.order.len(),
            "alarms": turns.mail.alarms,
            "messages": turns.mail.report(),
            "stopped": turns.stopped.as_ref().map(|error| error.message.clone()),
            "log": self.log.report(),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.log.release(self.number);
    }
}

/// Runs one turn in a realm; also whether the host wants it run again.
fn execute(
    live: &mut dyn LiveRealm,
    input: &TurnInput,
    number: u64,
    runtime: &RuntimeOptions,
    witness: &Witness<'_>,
) -> (TurnEnd, bool) {
    let request = Request {
        method: Cow::Borrowed(""),
        path: Cow::Borrowed(""),
        query: Cow::Borrowed(""),
        headers: indexmap::IndexMap::new(),
        body: &[],
        caller: None,
        historical_state: None,
    };
    let mut execution = Execution::new(&request, &[], "", Mode::ReadOnly, runtime, witness);
    let name = if number == 0 { "realm".to_owned() } else { format!("turn-{number}") };
    let end = live.run(input, &name, &mut execution);
    (end, execution.transaction.conflicted())
}

/// An exception as text: the message, and the frames if there are any.
fn shown(exception: &Exception) -> Vec<u8> {
    match &exception.trace {
        Some(trace) => format!("{}\n{}", exception.message, trace.trim_end()).into_bytes(),
        None => exception.message.clone().into_bytes(),
    }
}

/// The value of a turn, or an error with what it threw.
pub(super) fn value(answer: Answer) -> Result<Vec<u8>, Error> {
    match answer {
        Answer::Value(text) => Ok(text),
        Answer::Exception(text) => Err(failed(&String::from_utf8_lossy(&text))),
    }
}

fn failed(message: &str) -> Error {
    Error::new(jsep_status::JSEP_TURN_FAILED, message)
}

/// The beginning of an answer, for people.
fn excerpt(answer: &Answer) -> String {
    const MOST: usize = 60;
    let (kind, text) = match answer {
        Answer::Value(text) => ("", text),
        Answer::Exception(text) => ("with an exception ", text),
    };
    let text = String::from_utf8_lossy(text);
    let cut: String = text.chars().take(MOST).collect();
    format!("{kind}`{cut}`")
}
