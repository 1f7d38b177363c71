//! What an engine is to the rest of the crate, and the one that this library has.

mod cache;
pub mod environment;
mod execution;
pub mod functions;
mod interface;
mod ladder;
mod options;
mod outcome;
mod search;
mod shared;
pub mod stack;
mod symbol;
mod turnover;
pub mod v8;

pub use self::v8::{ABILITIES, create, library_name};
pub use cache::{Cache, CacheTable, Identity};
pub use execution::{ErrorClass, Execution, MapAccess, Phase, Request, Stage, StateToken, Thrown};
pub use interface::{
    CaptureTimings, CapturedState, CapturingRealm, Engine, EngineDescription, InstalledApp, LiveRealm, Log,
    RequestInput, TurnEnd, TurnInput,
};
pub use ladder::{Ladder, Route};
pub use options::{Abilities, OptionalGlobals, Options, RuntimeOptions};
pub use outcome::{
    Exception, Failure, Outcome, Reply, ReturnProblem, content_type, header_pair, nanoseconds_since, status_code,
};
pub use shared::SharedRealms;
pub use turnover::{Chosen, Compilation, Turnover};
