//! Running a turn in an engine's realm: the first time, and again.

use super::kept::Kept;
use super::mail::Note;
use super::recovery::damaged;
use super::request::encode_reply;
use super::turn::{Answer, Turn};
use super::witness::Witness;
use crate::app::Mode;
use crate::engine::{Exception, Execution, Failure, LiveRealm, RequestInput, RuntimeOptions, TurnEnd, TurnInput};
use crate::error::Error;
use crate::invoke::Plugin;
use crate::status::jsep_status;
use std::time::Duration;

/// What a replayed turn may take: it did end the first time, on a machine that was perhaps less busy.
const TIME_OF_REPLAY: Duration = Duration::from_secs(3600);

/// A realm's records, run again one after the other.
pub(super) struct Replay<'a> {
    realm: u64,
    name: &'a str,
    runtime: RuntimeOptions,
}

impl<'a> Replay<'a> {
    pub(super) fn new(plugin: &Plugin, realm: u64, name: &'a str) -> Replay<'a> {
        let runtime = RuntimeOptions { max_execution_time: TIME_OF_REPLAY, ..plugin.runtime().clone() };
        Replay { realm, name, runtime }
    }

    /// Does what a record says. A turn has to go the same way as the first time.
    pub(super) fn record(&self, live: &mut dyn LiveRealm, kept: &mut Kept, record: &[u8]) -> Result<(), Error> {
        let count = kept.count;
        let unreadable = || unreadable(self.name, count);
        if let Some((realm, number, note)) = Note::decode(record).map_err(|_| unreadable())? {
            if realm != self.realm || number != count {
                return Err(unreadable());
            }
            kept.mail.apply_note(&note);
            return Ok(());
        }
        let turn = Turn::decode(record).ok().filter(|turn| turn.realm == self.realm && turn.number == count);
        let turn = turn.ok_or_else(unreadable)?;
        kept.mail.apply(&turn.input, &turn.asks).map_err(|_| unreadable())?;
        let witness = Witness::replay(turn.asks);
        let (end, _) = execute(live, &turn.input, turn.number, &self.runtime, &witness);
        let answer = match end {
            // A turn that a limit ends has no record, so this one had more of something that time. It did not go another way.
            TurnEnd::Ended(_, exception) => return Err(self.cut_short(count, &exception)),
            TurnEnd::Value(text) => Answer::Value(text),
            TurnEnd::Replied(reply, headers) => Answer::Reply(encode_reply(&(reply, headers))),
            TurnEnd::Threw(exception) | TurnEnd::Refused(exception) => Answer::Exception(shown(&exception)),
            TurnEnd::Failed(failure, exception) => Answer::Exception(shown(&described(failure, exception))),
            TurnEnd::NotInstalled(error) => Answer::Exception(error.message.into_bytes()),
        };
        if let Some(why) = witness.divergence() {
            return Err(self.diverged(count, &why));
        }
        if answer != turn.answer {
            let why = format!("it answered {}, but {} that time", excerpt(&answer), excerpt(&turn.answer));
            return Err(self.diverged(count, &why));
        }
        kept.add(&turn.id, &answer);
        Ok(())
    }

    fn cut_short(&self, turn: u64, exception: &Exception) -> Error {
        let message = format!(
            "turn {turn} of the realm `{}` can't be replayed on this thread now, within its limits: {}",
            self.name, exception.message
        );
        Error::new(jsep_status::JSEP_TURN_FAILED, message)
    }

    fn diverged(&self, turn: u64, why: &str) -> Error {
        let message = format!("turn {turn} of the realm `{}` went another way: {why}", self.name);
        Error::new(jsep_status::JSEP_REPLAY_DIVERGED, message)
    }
}

/// Runs one turn in a realm; also whether the host wants it run again.
pub(super) fn execute(
    live: &mut dyn LiveRealm,
    input: &TurnInput,
    number: u64,
    runtime: &RuntimeOptions,
    witness: &Witness<'_>,
) -> (TurnEnd, bool) {
    let nothing = RequestInput::default();
    let given = if let TurnInput::Serve(given) = input { given } else { &nothing };
    let request = given.lend();
    let endpoint = live.app().zip(given.endpoint).and_then(|(app, number)| app.endpoints().get(number));
    let template = endpoint.map_or_else(String::new, |endpoint| endpoint.template.clone());
    let mut execution = Execution::new(&request, &given.parameters, &template, Mode::ReadOnly, runtime, witness);
    let name = if number == 0 { "realm".to_owned() } else { format!("turn-{number}") };
    let end = live.run(input, &name, &mut execution);
    (end, execution.transaction.conflicted())
}

/// An error for a record that can't be read.
pub(super) fn unreadable(realm: &str, turn: u64) -> Error {
    damaged("log", 0, &format!("turn {turn} of `{realm}` can't be read"))
}

/// An exception as text: the message, and the frames if there are any.
pub(super) fn shown(exception: &Exception) -> Vec<u8> {
    match &exception.trace {
        Some(trace) => format!("{}\n{}", exception.message, trace.trim_end()).into_bytes(),
        None => exception.message.clone().into_bytes(),
    }
}

/// The exception behind a failure, or one that says as much as is known.
pub(super) fn described(failure: Failure, exception: Option<Exception>) -> Exception {
    exception.unwrap_or_else(|| Exception { message: failure.message(), trace: None })
}

/// The beginning of an answer, for people.
fn excerpt(answer: &Answer) -> String {
    const MOST: usize = 60;
    let (kind, text) = match answer {
        Answer::Value(text) => ("", text),
        Answer::Exception(text) => ("with an exception ", text),
        Answer::Reply(text) => ("with the reply ", text),
    };
    let text = String::from_utf8_lossy(text);
    let cut: String = text.chars().take(MOST).collect();
    format!("{kind}`{cut}`")
}
