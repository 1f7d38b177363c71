//! V8. Files, from the outside in:
//!
//! - `platform`: the start of V8, once a process
//! - `app`: an installed app: which realm serves a request
//! - `prepared`, `stored`: what an install makes of an app, and how the host keeps it
//! - `build_id`: which build of the library this is
//! - `realm`: a realm, and one request in it
//! - `checked`: calls under V8's side-effect check
//! - `supply`: realms that are made before a request needs one
//! - `shared`: realms that requests share because their endpoints asked for it
//! - `snapshot`: capturing the evaluated app
//! - `writing`: having V8 write captures in less time
//! - `baseline`: where V8's baseline compiler may not compile
//! - `live`: a realm that lives on from turn to turn
//! - `scripts`: what its turns run
//! - `live_request`: requests to such a realm
//! - `message`: what such realms send each other
//! - `upgrade`: a new script or app in the place of a former one
//! - `capturing`: one whose state can be captured
//! - `captured_state`: that state, as bytes, which `rehashing` makes fit for other processes
//! - `state_digest`: what can be reached in a realm, as one number; `state_contents` tells it what heap snapshots leave out
//! - `seed`: what all isolates of the process share
//! - `completing`: realms that are complete when they are captured
//! - `restoring`: what V8 adds to a restored realm that was not
//! - `code`: compiled code of modules that are evaluated for each request
//! - `modules`: compiling, linking and evaluating modules
//! - `isolates`: isolates that wait for requests
//! - `limits`, `watchdog`, `ending`, `refusals`, `buffers`, `reservations`, `outside`, `stack`, `lists`,
//!   `bulk_memory`: what a request may use
//! - `text_search`, `normalizing`: functions of texts that V8 has only slower
//! - `json_keys`: keys of JSON that V8 would mistake for others
//! - `wrap`: how functions of the library take the place of V8's
//! - `thread`: threads of the library
//! - `slots`: what V8 keeps for the library in each isolate
//! - `active`: how the functions of `ccf` find the running request
//! - `bindings`: the functions of `ccf`, the request object and the response
//! - `exception`: exceptions as text

mod active;
mod app;
mod back_references;
mod baseline;
mod bindings;
mod buffers;
mod build_id;
mod bulk_memory;
mod captured_state;
mod capturing;
mod checked;
mod code;
mod completing;
mod ending;
mod exception;
mod expression_size;
mod isolates;
mod jobs;
mod json_keys;
mod json_size;
mod limits;
mod lists;
mod live;
mod live_request;
mod message;
mod modules;
mod normalizing;
mod outside;
mod platform;
mod prepared;
mod realm;
mod refusals;
mod rehashing;
mod reservations;
mod restoring;
mod scripts;
mod seed;
mod shared;
mod slots;
mod snapshot;
mod stack;
mod state_contents;
mod state_digest;
mod stored;
mod supply;
mod text_search;
mod thread;
mod upgrade;
mod watchdog;
mod wrap;
mod writing;

use crate::app::App;
use crate::engine::{
    Abilities, Cache, CapturingRealm, Chosen, Engine, EngineDescription, InstalledApp, LiveRealm, Options,
    RuntimeOptions,
};
use crate::error::Error;
use captured_state::State;
use capturing::Capturing;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;
use supply::Supply;
use watchdog::Watchdog;

/// V8 is able to do all.
pub const ABILITIES: Abilities = Abilities { jit: true, intl: true };

/// Name and version of the library and of V8.
pub fn library_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("jsv8 {} (V8 {})", env!("CARGO_PKG_VERSION"), v8::V8::get_version()))
}

/// Starts V8, or joins it when it runs already in the wished mode.
pub fn create(options: &Options) -> Result<Box<dyn Engine>, Error> {
    thread::without_signals(|| {
        let start_ns = platform::start(options)?;
        let supply = Arc::new(Supply::begin(options.helper_threads != Some(0))?);
        let watchdog = Arc::new(Watchdog::begin()?);
        let globals = live::Globals::default();
        Ok(Box::new(V8Engine { jit: options.jit, start_ns, watchdog, supply, globals }) as Box<dyn Engine>)
    })
}

struct V8Engine {
    jit: bool,
    start_ns: u64,
    watchdog: Arc<Watchdog>,
    supply: Arc<Supply>,
    globals: live::Globals,
}

impl Engine for V8Engine {
    fn description(&self) -> EngineDescription {
        EngineDescription {
            name: "v8",
            version: v8::V8::get_version().to_owned(),
            jit: self.jit,
            start_ns: self.start_ns,
        }
    }

    fn idle(&self, deadline: Instant) -> bool {
        self.supply.work(deadline)
    }

    fn install(
        &self,
        app: Arc<App>,
        options: &Options,
        runtime: &RuntimeOptions,
        cache: Option<&Cache>,
        chosen: Chosen,
    ) -> Result<Box<dyn InstalledApp>, Error> {
        let (watchdog, supply) = (Arc::clone(&self.watchdog), Arc::clone(&self.supply));
        Ok(Box::new(app::V8App::install(app, options, runtime, cache, chosen, watchdog, supply)?))
    }

    fn live_realm(
        &self,
        options: &Options,
        runtime: &RuntimeOptions,
        state: Option<&[u8]>,
    ) -> Result<Box<dyn LiveRealm + Send>, Error> {
        Ok(Box::new(match state {
            None => live::Live::new(&self.globals, options, runtime, &self.watchdog)?,
            Some(state) => live::Live::restored(&State::read(state)?, runtime, &self.watchdog)?,
        }))
    }

    fn capturing_realm(
        &self,
        options: &Options,
        runtime: &RuntimeOptions,
        state: Option<&[u8]>,
    ) -> Result<Box<dyn CapturingRealm>, Error> {
        let (heap_bytes, watchdog) = (runtime.max_heap_bytes, &self.watchdog);
        Ok(Box::new(match state {
            None => Capturing::new(self.globals.get(options, runtime, watchdog)?, heap_bytes, watchdog)?,
            Some(state) => Capturing::restored(State::read(state)?, heap_bytes, watchdog)?,
        }))
    }

    fn state_identity(&self, options: &Options) -> Option<Vec<u8>> {
        capturing::state_identity(options)
    }
}
