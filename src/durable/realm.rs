//! A durable realm and its turns.

use super::kept::Kept;
use super::log::{Log, Ticket};
use super::recovery::damaged;
use super::turn::{Answer, Turn};
use super::witness::Witness;
use crate::app::Mode;
use crate::engine::{Exception, Execution, LiveRealm, Request, RuntimeOptions, TurnEnd, nanoseconds_since};
use crate::error::Error;
use crate::host::Host;
use crate::invoke::Plugin;
use crate::invoke::process::Executing;
use crate::status::jsep_status;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use crate::engine::TurnInput;

/// What a replayed turn may take: it did end the first time, on a machine that was perhaps less busy.
const TIME_OF_REPLAY: Duration = Duration::from_secs(3600);

/// How a realm is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealmOptions {
    /// Whether a turn that throws keeps what it did before.
    pub commit_on_throw: bool,
}

impl RealmOptions {
    /// Reads options by name.
    pub fn parse(given: &[(&str, &str)]) -> Result<RealmOptions, Error> {
        let mut options = RealmOptions::default();
        for (name, value) in given {
            options.commit_on_throw = match (*name, *value) {
                ("on_throw", "commit") => true,
                ("on_throw", "rollback") => false,
                ("on_throw", _) => {
                    return Err(invalid(format!("option `on_throw` is `{value}`, but must be rollback or commit")));
                }
                _ => return Err(invalid(format!("option `{name}` is not known; known are: on_throw"))),
            };
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
    log: Arc<Log>,
    plugin: Arc<Plugin>,
    name: String,
    number: u64,
    options: RealmOptions,
    restored: bool,
    /// Nanoseconds that opening took.
    opened_in: u64,
}

/// What changes from turn to turn. Locked while a turn runs, so that turns don't overlap.
struct Turns {
    /// None after a turn that left no trace: then the next one begins with a replay.
    live: Option<Box<dyn LiveRealm + Send>>,
    kept: Kept,
    /// Of the last turn.
    ticket: Option<Ticket>,
    /// What the last restore came from.
    origin: Origin,
    /// Turns that left no trace.
    rolled_back: u64,
    /// Why the realm has stopped.
    stopped: Option<Error>,
}

/// What a restore came from.
#[derive(Default)]
struct Origin {
    /// Records that the checkpoint held, and its length; none without a checkpoint.
    checkpoint: Option<(u64, u64)>,
    /// Why others were not used.
    unused: Vec<String>,
}

impl Realm {
    /// Opens the realm `name` of a log. One that is not there begins with `source`, which is evaluated as its first turn; one that is
    /// there is restored from its newest checkpoint and replayed from there, and `source` is not read.
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
        let (number, restored) = log.claim(name)?;
        let turns = Turns {
            live: None,
            kept: Kept::default(),
            ticket: None,
            origin: Origin::default(),
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
        {
            let mut turns = realm.lock();
            match restored {
                true => realm.replay(&mut turns)?,
                false => turns.live = Some(plugin.live_realm(None)?),
            }
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
        let mut turns = self.lock();
        if let Some(error) = &turns.stopped {
            let message = format!("the realm `{}` has stopped: {}", self.name, error.message);
            return Err(Error::new(jsep_status::JSEP_REALM_STOPPED, message));
        }
        let (answer, lines) = match turns.kept.answers.get(id) {
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
        match answer {
            Answer::Value(text) => Ok(text),
            Answer::Exception(text) => Err(failed(&String::from_utf8_lossy(&text))),
        }
    }

    /// Runs a turn and hands it to the log.
    fn run(
        &self,
        turns: &mut Turns,
        id: &[u8],
        input: TurnInput,
        host: &dyn Host,
    ) -> Result<(Answer, Vec<(crate::host::LogLevel, String)>), Error> {
        if turns.live.is_none() {
            self.replay(turns)?;
        }
        let Some(live) = turns.live.as_mut() else {
            return Err(failed("the realm is lost"));
        };
        let witness = Witness::record(host);
        let begin = Instant::now();
        let (end, conflicted) = execute(live.as_mut(), &input, turns.kept.count, self.plugin.runtime(), &witness);
        let answer = match end {
            _ if conflicted => {
                self.roll_back(turns);
                return Err(Error::new(jsep_status::JSEP_CONFLICT, "the host asked to run the turn again"));
            }
            TurnEnd::Value(text) => Answer::Value(text),
            TurnEnd::Threw(exception) if self.options.commit_on_throw && turns.kept.count > 0 => {
                Answer::Exception(shown(&exception))
            }
            TurnEnd::Refused(exception) => return Err(failed(&String::from_utf8_lossy(&shown(&exception)))),
            TurnEnd::Threw(exception) | TurnEnd::Ended(exception) => {
                self.roll_back(turns);
                return Err(failed(&String::from_utf8_lossy(&shown(&exception))));
            }
        };
        let (asks, lines) = witness.finish();
        let took = nanoseconds_since(begin);
        let name = (turns.kept.count == 0).then(|| self.name.clone());
        let turn = Turn {
            name,
            realm: self.number,
            number: turns.kept.count,
            id: id.to_vec(),
            input,
            asks,
            answer: answer.clone(),
        };
        match self.log.add(self.number, turn.encode(), took) {
            Ok(ticket) => turns.ticket = Some(ticket),
            Err(error) => {
                // The turn has no record, so it leaves no trace either.
                self.roll_back(turns);
                return Err(error);
            }
        }
        turns.kept.add(id, &answer);
        Ok((answer, lines))
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
        if let Some(ticket) = turns.ticket {
            self.log.wait(ticket)?;
        }
        let identity = self.plugin.state_identity();
        let mut all = self.log.checkpoints(self.number)?;
        let other = |engine: &[u8]| identity.as_deref() != Some(engine);
        for (name, _, _) in all.whole.extract_if(.., |(_, checkpoint, _)| other(&checkpoint.engine)) {
            let why = format!("`{name}` was made by another build of the library or of V8, or with other flags of V8");
            all.wrong.push(why);
        }
        let newest = all.whole.into_iter().next();
        let origin = newest.as_ref().map(|(_, checkpoint, len)| (checkpoint.records, *len));
        let (mut live, mut kept) = match newest {
            Some((_, checkpoint, _)) => (self.plugin.live_realm(Some(&checkpoint.state))?, checkpoint.kept),
            None => (self.plugin.live_realm(None)?, Kept::default()),
        };
        let runtime = replaying(&self.plugin);
        let from = origin.map_or(0, |(records, _)| records);
        turns.origin = Origin { checkpoint: origin, unused: all.wrong };
        let unused = || turns.origin.unused.join("; ");
        self.log
            .replay(self.number, from, &mut |record| {
                let begin = Instant::now();
                replay_turn(live.as_mut(), &mut kept, record, self.number, &self.name, &runtime)?;
                Ok(nanoseconds_since(begin))
            })
            .map_err(|mut error| {
                if !turns.origin.unused.is_empty() {
                    error.message = format!("{}; {}", error.message, unused());
                }
                error
            })?;
        turns.live = Some(live);
        turns.kept = kept;
        Ok(())
    }

    /// What the realm is, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let turns = self.lock();
        let newest = self
            .log
            .newest_checkpoint(self.number, self.plugin.state_identity().as_deref())
            .max(turns.origin.checkpoint);
        let cost = self.log.cost(self.number, newest.map_or(0, |(records, _)| records));
        let checkpoint = newest.map(|(records, bytes)| serde_json::json!({ "records": records, "bytes": bytes }));
        serde_json::json!({
            "name": self.name,
            "restored": self.restored,
            "opened_in_ns": self.opened_in,
            "turns": turns.kept.count.saturating_sub(1),
            "rolled_back": turns.rolled_back,
            "remembered_ids": turns.kept.answers.len(),
            "checkpoint": checkpoint,
            "unused_checkpoints": turns.origin.unused,
            "replay_bytes": cost.bytes,
            "replay_ns": cost.nanoseconds,
            "stopped": turns.stopped.as_ref().map(|error| error.message.clone()),
            "log": self.log.report(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.log.release(self.number);
    }
}

/// Limits of a replay.
pub(super) fn replaying(plugin: &Plugin) -> RuntimeOptions {
    RuntimeOptions { max_execution_time: TIME_OF_REPLAY, ..plugin.runtime().clone() }
}

/// Runs the turn of a record again, which has to go the same way.
pub(super) fn replay_turn(
    live: &mut dyn LiveRealm,
    kept: &mut Kept,
    record: &[u8],
    realm: u64,
    name: &str,
    runtime: &RuntimeOptions,
) -> Result<(), Error> {
    let turn = Turn::decode(record)
        .ok()
        .filter(|turn| turn.realm == realm && turn.number == kept.count)
        .ok_or_else(|| damaged("log", 0, &format!("turn {} of `{name}` can't be read", kept.count)))?;
    let witness = Witness::replay(turn.asks);
    let (end, _) = execute(live, &turn.input, turn.number, runtime, &witness);
    let answer = match end {
        TurnEnd::Value(text) => Answer::Value(text),
        TurnEnd::Threw(exception) | TurnEnd::Refused(exception) | TurnEnd::Ended(exception) => {
            Answer::Exception(shown(&exception))
        }
    };
    let diverged = |why: &str| {
        let message = format!("turn {} of the realm `{name}` went another way: {why}", turn.number);
        Error::new(jsep_status::JSEP_REPLAY_DIVERGED, message)
    };
    if let Some(why) = witness.divergence() {
        return Err(diverged(&why));
    }
    if answer != turn.answer {
        let why = format!("it answered {}, but {} that time", excerpt(&answer), excerpt(&turn.answer));
        return Err(diverged(&why));
    }
    kept.add(&turn.id, &answer);
    Ok(())
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
