//! Making a checkpoint: the turns of a realm run again in a realm that can be captured.

use super::checkpoint::{self, Checkpoint};
use super::contents::Contents;
use super::kept::Kept;
use super::log::MOST_RECORD;
use super::replay::Replay;
use super::storage::Storage;
use crate::engine::nanoseconds_since;
use crate::error::Error;
use crate::invoke::Plugin;
use crate::invoke::process::{Executing, enough_stack};
use crate::status::jsep_status;
use std::time::Instant;

/// Makes a checkpoint of a realm after all turns that are in the log now, and says what came of it, as a JSON object. Reads the log, beside the
/// process that may be writing it, and replaces one object.
pub fn checkpoint(plugin: &Plugin, storage: &dyn Storage, name: &str) -> Result<serde_json::Value, Error> {
    let _executing = Executing::begin()?;
    enough_stack(jsep_status::JSEP_CHECKPOINT_REFUSED)?;
    let begin = Instant::now();
    let refused = |why: String| Error::new(jsep_status::JSEP_CHECKPOINT_REFUSED, why);
    let missing = || Error::new(jsep_status::JSEP_INVALID_ARGUMENT, format!("the log has no realm `{name}`"));
    let Some(engine) = plugin.state_identity() else {
        // Engines without durable realms say so.
        drop(plugin.capturing_realm(None)?);
        return Err(refused("the state of realms can't be captured by this build of the library".to_owned()));
    };
    let contents = Contents::read_beside(storage)?.ok_or_else(missing)?;
    let (realm, entry) = contents.realms.iter().find(|(_, entry)| entry.name == name).ok_or_else(missing)?;
    let all = contents.checkpoints(storage, *realm)?;
    let said = |made: bool, turns: u64, bytes: u64, replayed: u64, digest: &[u8; 32]| {
        serde_json::json!({
            "realm": name,
            "made": made,
            "turns": turns.saturating_sub(1),
            "bytes": bytes,
            "digest": digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "replayed": replayed,
            "took_ns": nanoseconds_since(begin),
            "wrong": all.wrong,
        })
    };
    let newest = all.whole.iter().find(|(_, checkpoint, _)| checkpoint.engine == engine);
    if let [(_, one, len), (_, other, _)] = &all.whole[..]
        && one.records == entry.count()
        && other.records == entry.count()
        && newest.is_some()
    {
        return Ok(said(false, one.kept.count, *len, 0, &one.digest));
    }
    let state = newest.map(|(_, checkpoint, _)| &checkpoint.state[..]);
    let mut realm_to_capture = plugin.capturing_realm(state)?;
    let from = newest.map_or(0, |(_, checkpoint, _)| checkpoint.records);
    let mut kept = newest.map_or_else(Kept::default, |(_, checkpoint, _)| checkpoint.kept.clone());
    let replay = Replay::new(plugin, *realm, name);
    for place in entry.places(from)? {
        let replayed = replay.record(realm_to_capture.as_mut(), &mut kept, &place.read(storage)?);
        replayed.map_err(|error| match error.status {
            jsep_status::JSEP_TURN_FAILED => refused(error.message),
            _ => error,
        })?;
    }
    let captured = realm_to_capture.capture()?;
    if captured.state.len() > MOST_RECORD {
        return Err(refused(format!("the state of `{name}` is too large: {} bytes", captured.state.len())));
    }
    let turns = kept.count;
    let checkpoint = Checkpoint {
        realm: *realm,
        name: name.to_owned(),
        records: entry.count(),
        end: contents.end,
        engine,
        kept,
        digest: captured.digest,
        state: captured.state,
    };
    let bytes = checkpoint.encode(&contents.manifest.identity);
    // The place of the older one, or of one that can't be used.
    let newest = newest.map(|(object, _, _)| object.as_str());
    let names = checkpoint::names(*realm);
    let object = names.iter().find(|object| newest != Some(object.as_str())).unwrap_or(&names[0]);
    storage.replace(object, &bytes).map_err(|error| error.of(object))?;
    Ok(said(true, turns, bytes.len() as u64, entry.count() - from, &checkpoint.digest))
}
