//! Durable realms: state that outlives the process, on any engine that can keep a realm alive. `docs/durable.md` is the manual.
//!
//! - `storage`: what the host stores, as a safe trait
//! - `codec`: numbers and byte strings, as all of the files below write them
//! - `block`: a group of records as it stands in a segment, and its digest
//! - `segment`: the head of a segment, and the manifest
//! - `recovery`: reading a log, and telling a torn end from damage
//! - `log`: writing it, many realms at a time
//! - `contents`: what a log holds, as it is read
//! - `turn`: one turn as a record
//! - `request`: a request and its reply in it
//! - `kept`: what a realm keeps beside the engine's state
//! - `checkpoint`: the state of a realm after some of its turns, as it stands in the storage
//! - `capture`: making one
//! - `witness`: what a turn asks the host, written down or answered again
//! - `replay`: running a turn, the first time and again
//! - `options`: how a realm is opened
//! - `realm`: a realm and its turns
//! - `mail`: what a realm owes others and itself: messages and alarms
//! - `datagram`: what realms tell each other
//! - `post`: what is on its way, and what is tried again
//! - `messages`: alarms and messages of a realm
//!
//! Nothing here touches a file or knows an engine's values.

mod block;
mod capture;
mod checkpoint;
mod codec;
mod contents;
mod datagram;
mod kept;
mod log;
mod mail;
mod messages;
mod options;
mod post;
mod realm;
mod recovery;
mod replay;
mod request;
mod segment;
mod storage;
mod turn;
mod witness;

#[cfg(test)]
mod tests;

pub use capture::checkpoint;
pub use datagram::datagram_receiver;
pub use log::Log;
pub use options::RealmOptions;
pub use realm::{Realm, TurnInput};
pub use storage::{Storage, StorageError};
