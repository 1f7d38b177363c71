//! A durable realm and its turns.

use super::kept::Kept;
use super::log::{Log, Ticket};
use super::options::RealmOptions;
use super::post::Post;
use super::recovery::damaged;
use super::replay::{Replay, described, execute, shown, unreadable};
use super::request::{decode_reply, encode_reply};
use super::turn::{Answer, Turn};
use super::witness::Witness;
use crate::app::App;
use crate::engine::{Exception, Failure, LiveRealm, Outcome, Request, RequestInput, TurnEnd, nanoseconds_since};
use crate::error::Error;
use crate::host::{Host, LogLevel};
use crate::invoke::process::{Executing, enough_stack};
use crate::invoke::{Plugin, Response};
use crate::status::jsep_status;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

pub use crate::engine::TurnInput;

/// The rung of the realm ladder that requests to durable realms count for: a realm that requests share.
const RUNG: u32 = 5;

/// A realm whose state outlives the process.
pub struct Realm {
    // Before the plugin, because it must go before its engine.
    turns: Mutex<Turns>,
    pub(super) log: Arc<Log>,
    plugin: Arc<Plugin>,
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) options: RealmOptions,
    /// The app in it, for those who only look.
    app: RwLock<Option<Arc<App>>>,
    restored: bool,
    /// Nanoseconds that opening took.
    opened_in: u64,
}

/// What changes from turn to turn. Locked while a turn runs, so that turns don't overlap.
pub(super) struct Turns {
    /// None after a turn that left no trace: then the next one begins with a replay.
    live: Option<Box<dyn LiveRealm + Send>>,
    /// What the realm keeps beside it, after all of its records.
    pub(super) kept: Kept,
    pub(super) post: Post,
    /// Of the last record that something may leave for.
    pub(super) ticket: Option<Ticket>,
    /// Of the last record.
    pub(super) noted: Option<Ticket>,
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

/// What became of an input.
pub(super) enum Came {
    Answer(Answer),
    /// It left no trace.
    Failed(Failure, Option<Exception>),
}

impl Came {
    /// The answer, unless the input left no trace.
    pub(super) fn answered(self) -> Result<Answer, Error> {
        match self {
            Came::Answer(answer) => Ok(answer),
            Came::Failed(failure, exception) => {
                Err(failed(&String::from_utf8_lossy(&shown(&described(failure, exception)))))
            }
        }
    }
}

impl Realm {
    /// Opens the realm `name` of a log. One that is not there begins with `first` as its first turn, a script or an app; one that is
    /// there is restored from its newest checkpoint and replayed from there, and `first` is not looked at.
    pub fn open(
        plugin: &Arc<Plugin>,
        log: &Arc<Log>,
        name: &str,
        first: TurnInput,
        options: RealmOptions,
        host: &dyn Host,
    ) -> Result<Realm, Error> {
        let executing = Executing::begin()?;
        enough_stack(jsep_status::JSEP_TURN_FAILED)?;
        let begin = Instant::now();
        let (number, restored) = log.claim(name)?;
        let turns = Turns {
            live: None,
            kept: Kept::default(),
            post: Post::default(),
            ticket: None,
            noted: None,
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
            app: RwLock::default(),
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
            realm.turn(&[], first, host)?;
        }
        realm.opened_in = nanoseconds_since(begin);
        Ok(realm)
    }

    /// Runs one turn and answers when it is on the disk. With an id that is known already, nothing runs and the answer is that of the
    /// first time.
    pub fn turn(&self, id: &[u8], input: TurnInput, host: &dyn Host) -> Result<Vec<u8>, Error> {
        match self.answer(id, || Ok(input), host)?.answered()? {
            Answer::Reply(_) => Err(used_otherwise(id, "a request")),
            answer => value(answer),
        }
    }

    /// As [`Realm::turn`], for a new version of the script or of the app.
    pub fn upgrade(&self, id: &[u8], source: String, host: &dyn Host) -> Result<Vec<u8>, Error> {
        let input = match self.app() {
            Some(_) => TurnInput::Install { bundle: source },
            None => TurnInput::Upgrade { source },
        };
        self.turn(id, input, host)
    }

    /// As [`Realm::turn`], for a request. What the script does wrong is a response with status 500.
    pub fn execute(&self, id: &[u8], request: &Request<'_>, host: &dyn Host) -> Result<Response, Error> {
        let begin = Instant::now();
        let input = || {
            let found = self.app().map(|app| app.find(&request.method, &request.path)).transpose()?;
            let (endpoint, parameters) =
                found.map_or((None, Vec::new()), |found| (Some(found.endpoint), found.parameters));
            Ok(TurnInput::Serve(RequestInput::new(request, endpoint, parameters)))
        };
        let (result, headers, exception) = match self.answer(id, input, host)? {
            Came::Answer(Answer::Reply(reply)) => {
                let (reply, headers) =
                    decode_reply(&reply).map_err(|_| damaged("log", 0, "a reply that this version does not know"))?;
                (Ok(reply), headers, None)
            }
            Came::Answer(Answer::Exception(text)) => {
                let exception = Exception { message: String::from_utf8_lossy(&text).into_owned(), trace: None };
                (Err(Failure::Thrown), Vec::new(), Some(exception))
            }
            Came::Answer(Answer::Value(_)) => return Err(used_otherwise(id, "a script or a call")),
            Came::Failed(failure, exception) => (Err(failure), Vec::new(), exception),
        };
        let call_ns = nanoseconds_since(begin);
        let outcome = Outcome { result, headers, exception, rung: RUNG, realm_ns: 0, call_ns };
        let mut response = Response::new(outcome, self.plugin.runtime());
        if let Some(line) = response.exception_line(&request.method, &request.path, self.plugin.runtime()) {
            host.log(LogLevel::Fail, &line);
        }
        response.timings.total = nanoseconds_since(begin);
        Ok(response)
    }

    /// The app in the realm, if it began with one.
    pub fn app(&self) -> Option<Arc<App>> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What becomes of an input, when that is on the disk. `input` is asked for when it is its turn, unless the id is known.
    fn answer(
        &self,
        id: &[u8],
        input: impl FnOnce() -> Result<TurnInput, Error>,
        host: &dyn Host,
    ) -> Result<Came, Error> {
        let _executing = Executing::begin()?;
        let mut turns = self.begin()?;
        let (came, lines) = match turns.kept.answers.get(id) {
            Some(answer) => (Came::Answer(answer.clone()), Vec::new()),
            None => self.run(&mut turns, id, input()?, host)?,
        };
        let ticket = turns.ticket.clone();
        // The next turn may run while this one is written: if that fails, neither leaves. What is said of a turn that left no trace
        // may tell of those before.
        drop(turns);
        if let Some(ticket) = ticket {
            self.log.wait(&ticket)?;
        }
        lines.iter().for_each(|(level, line)| host.log(*level, line));
        Ok(came)
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

    /// Gets the realm ready for a turn. What goes wrong here is no affair of the turn's input.
    pub(super) fn prepare(&self, turns: &mut Turns) -> Result<(), Error> {
        // A turn that can't begin leaves the realm as it is.
        enough_stack(jsep_status::JSEP_TURN_FAILED)?;
        match turns.live {
            Some(_) => Ok(()),
            None => self.replay(turns),
        }
    }

    /// Runs a turn and hands it to the log.
    pub(super) fn run(
        &self,
        turns: &mut Turns,
        id: &[u8],
        input: TurnInput,
        host: &dyn Host,
    ) -> Result<(Came, Vec<(LogLevel, String)>), Error> {
        self.prepare(turns)?;
        let Some(live) = turns.live.as_mut() else {
            return Err(failed("the realm is lost"));
        };
        let witness = Witness::record(host, &turns.kept.mail);
        let begin = Instant::now();
        let (end, conflicted) = execute(live.as_mut(), &input, turns.kept.count, self.plugin.runtime(), &witness);
        let answer = match end {
            _ if conflicted => {
                self.roll_back(turns);
                return Err(Error::new(jsep_status::JSEP_CONFLICT, "the host asked to run the turn again"));
            }
            TurnEnd::Value(text) => Answer::Value(text),
            TurnEnd::Replied(reply, headers) => Answer::Reply(encode_reply(&(reply, headers))),
            TurnEnd::Threw(exception) if self.keeps(&input) && turns.kept.count > 0 => {
                Answer::Exception(shown(&exception))
            }
            TurnEnd::Failed(failure, exception) if self.options.commit_on_throw => {
                Answer::Exception(shown(&described(failure, exception)))
            }
            TurnEnd::Refused(exception) => return Ok((Came::Failed(Failure::Thrown, Some(exception)), Vec::new())),
            TurnEnd::NotInstalled(error) => {
                self.roll_back(turns);
                return Err(error);
            }
            TurnEnd::Threw(exception) => {
                self.roll_back(turns);
                return Ok((Came::Failed(Failure::Thrown, Some(exception)), Vec::new()));
            }
            TurnEnd::Ended(failure, exception) => {
                self.roll_back(turns);
                return Ok((Came::Failed(failure, Some(exception)), Vec::new()));
            }
            TurnEnd::Failed(failure, exception) => {
                self.roll_back(turns);
                return Ok((Came::Failed(failure, exception), Vec::new()));
            }
        };
        let installed = matches!(input, TurnInput::Install { .. }).then(|| live.app().cloned());
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
            Ok(ticket) => (turns.ticket, turns.noted) = (Some(ticket.clone()), Some(ticket)),
            Err(error) => {
                // The turn has no record, so it leaves no trace either.
                self.roll_back(turns);
                return Err(error);
            }
        }
        if let Some(app) = installed {
            self.show(app);
        }
        turns.kept.mail.apply(&turn.input, &turn.asks).map_err(|_| unreadable(&self.name, turn.number))?;
        turns.kept.add(id, &answer);
        Ok((Came::Answer(answer), lines))
    }

    /// Keeps the app of the realm for those who only look.
    fn show(&self, app: Option<Arc<App>>) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = app;
    }

    /// Whether a turn that throws keeps what it did. Half an upgrade is worse than none.
    fn keeps(&self, input: &TurnInput) -> bool {
        self.options.commit_on_throw && !matches!(input, TurnInput::Upgrade { .. } | TurnInput::Install { .. })
    }

    fn roll_back(&self, turns: &mut Turns) {
        turns.live = None;
        turns.rolled_back += 1;
    }

    /// Makes the realm anew from its log. What is wrong with the log or the storage stops it; where only stack, memory or time were
    /// lacking, another thread may replay it, or this one later.
    fn replay(&self, turns: &mut Turns) -> Result<(), Error> {
        let result = self.replay_all(turns);
        if let Err(error) = &result
            && !matches!(error.status, jsep_status::JSEP_TURN_FAILED | jsep_status::JSEP_ENGINE_START)
        {
            turns.stopped = Some(error.clone());
        }
        result
    }

    fn replay_all(&self, turns: &mut Turns) -> Result<(), Error> {
        if let Some(ticket) = &turns.noted {
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
        let replay = Replay::new(&self.plugin, self.number, &self.name);
        let from = origin.map_or(0, |(records, _)| records);
        turns.origin = Origin { checkpoint: origin, unused: all.wrong };
        let unused = || turns.origin.unused.join("; ");
        self.log
            .replay(self.number, from, &mut |record| {
                let begin = Instant::now();
                replay.record(live.as_mut(), &mut kept, record)?;
                Ok(nanoseconds_since(begin))
            })
            .map_err(|mut error| {
                if !turns.origin.unused.is_empty() {
                    error.message = format!("{}; {}", error.message, unused());
                }
                error
            })?;
        self.show(live.app().cloned());
        turns.live = Some(live);
        turns.kept = kept;
        Ok(())
    }

    /// What the realm is, as a JSON object.
    pub fn report(&self) -> Result<serde_json::Value, Error> {
        let _executing = Executing::without_scripts()?;
        let turns = self.lock();
        let newest = self
            .log
            .newest_checkpoint(self.number, self.plugin.state_identity().as_deref())
            .max(turns.origin.checkpoint);
        let cost = self.log.cost(self.number, newest.map_or(0, |(records, _)| records));
        let checkpoint = newest.map(|(records, bytes)| serde_json::json!({ "records": records, "bytes": bytes }));
        Ok(serde_json::json!({
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
            "alarms": turns.kept.mail.alarms,
            "messages": turns.kept.mail.report(),
            "stopped": turns.stopped.as_ref().map(|error| error.message.clone()),
            "log": self.log.report(),
        }))
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

fn used_otherwise(id: &[u8], what: &str) -> Error {
    let message = format!("the id `{}` is that of {what}", String::from_utf8_lossy(id));
    Error::new(jsep_status::JSEP_INVALID_ARGUMENT, message)
}

/// The value of a turn, or an error with what it threw.
pub(super) fn value(answer: Answer) -> Result<Vec<u8>, Error> {
    match answer {
        Answer::Value(text) => Ok(text),
        Answer::Exception(text) => Err(failed(&String::from_utf8_lossy(&text))),
        Answer::Reply(reply) => Ok(reply),
    }
}

fn failed(message: &str) -> Error {
    Error::new(jsep_status::JSEP_TURN_FAILED, message)
}
