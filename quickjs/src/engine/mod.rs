//! What an engine is to the rest of the crate, and the one that this library has.

#[path = "../../../src/engine/cache.rs"]
mod cache;
#[path = "../../../src/engine/environment/mod.rs"]
pub mod environment;
#[path = "../../../src/engine/execution.rs"]
mod execution;
#[path = "../../../src/engine/functions/mod.rs"]
pub mod functions;
#[path = "../../../src/engine/interface.rs"]
mod interface;
#[path = "../../../src/engine/options.rs"]
mod options;
#[path = "../../../src/engine/outcome.rs"]
mod outcome;
pub mod quickjs;
#[path = "../../../src/engine/search.rs"]
mod search;
#[path = "../../../src/engine/shared.rs"]
mod shared;
#[path = "../../../src/engine/stack.rs"]
pub mod stack;
#[path = "../../../src/engine/symbol.rs"]
mod symbol;
#[path = "../../../src/engine/turnover.rs"]
mod turnover;

pub use self::quickjs::{ABILITIES, create, library_name};
pub use cache::{Cache, CacheTable, Identity};
pub use execution::{ErrorClass, Execution, MapAccess, Phase, Request, Stage, StateToken, Thrown};
pub use interface::{
    CaptureTimings, CapturedState, CapturingRealm, Engine, EngineDescription, InstalledApp, LiveRealm, Log,
    RequestInput, TurnEnd, TurnInput,
};
pub use options::{Abilities, OptionalGlobals, Options, RuntimeOptions};
pub use outcome::{
    Exception, Failure, Outcome, Reply, ReturnProblem, content_type, header_pair, nanoseconds_since, status_code,
};
pub use shared::SharedRealms;
pub use turnover::{Chosen, Compilation, Turnover};
