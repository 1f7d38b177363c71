//! A live realm whose state can be captured, as a snapshot of V8.
//!
//! V8 writes snapshots only of isolates that were made for it, which never optimise and end when they are written. So a state is captured
//! by running the turns again in such an isolate. V8 ends the process for some states that it can't write; a host therefore does this in a
//! process of its own.

use super::bindings::{self, HANDLE_TEMPLATES};
use super::buffers::{self, BufferBudget};
use super::captured_state::State;
use super::completing;
use super::isolates;
use super::limits::{self, HeapGuard};
use super::live::{self, Parts};
use super::rehashing;
use super::reservations;
use super::snapshot::{self, Blob};
use super::state_digest::Digest;
use super::stored;
use super::watchdog::Watchdog;
use super::writing;
use crate::app::App;
use crate::engine::{CapturedState, CapturingRealm, Execution, LiveRealm, Options, TurnEnd, TurnInput};
use crate::error::Error;
use crate::status::jsep_status;
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, OnceLock};

/// What a captured state depends on; none when none can be captured.
pub(super) fn state_identity(options: &Options) -> Option<Vec<u8>> {
    // V8 would add to a realm what a script may have frozen or set, and end the process.
    let possible = completing::is_expected() && completing::expect();
    let mut identity = stored::of_engine().filter(|_| possible)?;
    identity.push(options.jit.into());
    Some(identity)
}

/// Where in a captured state the library's own is.
#[derive(Default)]
struct Places {
    handle_templates: [usize; HANDLE_TEMPLATES],
    invoke: usize,
    modules: HashMap<String, usize>,
}

fn of(data: v8::StartupData, places: Places) -> Blob {
    Blob {
        data,
        handle_templates: places.handle_templates,
        invoke: places.invoke,
        enter: 0,
        judgements: 0,
        check: 0,
        obstacle: 0,
        handlers: Vec::new(),
        modules: Arc::new(places.modules),
        properties: String::new(),
        depends_on_historical_state: false,
        code: OnceLock::new(),
    }
}

fn refused(why: &str) -> Error {
    Error::new(jsep_status::JSEP_CHECKPOINT_REFUSED, format!("the state of the realm can't be captured: {why}"))
}

/// See the head of the file. The fields are in the order in which they must go.
pub(super) struct Capturing {
    parts: Option<Parts>,
    creator: Option<v8::OwnedIsolate>,
    heap: Box<HeapGuard>,
    watchdog: Arc<Watchdog>,
    heap_bytes: usize,
    bundle: Option<String>,
    /// V8 can write only one snapshot at a time.
    _writing: MutexGuard<'static, ()>,
}

impl Capturing {
    /// A realm with only the globals that are in `blob`.
    pub(super) fn new(blob: Arc<Blob>, heap_bytes: usize, watchdog: &Arc<Watchdog>) -> Result<Capturing, Error> {
        Self::of(State::without_app(blob), true, heap_bytes, watchdog)
    }

    /// A realm as it was captured.
    pub(super) fn restored(state: State, heap_bytes: usize, watchdog: &Arc<Watchdog>) -> Result<Capturing, Error> {
        Self::of(state, false, heap_bytes, watchdog)
    }

    fn of(state: State, is_new: bool, heap_bytes: usize, watchdog: &Arc<Watchdog>) -> Result<Capturing, Error> {
        let writing = snapshot::writing();
        let budget = BufferBudget::new();
        budget.set_limit(heap_bytes);
        let (mut creator, heap) = creator(&state.blob, heap_bytes, &budget);
        let parts = parts(&mut creator, &state, is_new, &budget);
        let mut made = Capturing {
            parts: None,
            creator: Some(creator),
            heap,
            watchdog: Arc::clone(watchdog),
            heap_bytes,
            bundle: state.bundle,
            _writing: writing,
        };
        made.parts = Some(parts?);
        Ok(made)
    }

    /// Writes the snapshot, which ends the isolate.
    fn write(&mut self) -> Option<Blob> {
        let mut creator = self.creator.take()?;
        let mut places = Places::default();
        {
            v8::scope!(let scope, &mut creator);
            let context = match self.parts.take() {
                Some(parts) => {
                    for (place, template) in places.handle_templates.iter_mut().zip(&parts.handle_templates) {
                        let template = v8::Local::new(scope, template);
                        *place = scope.add_isolate_data(template);
                    }
                    let context = v8::Local::new(scope, &parts.context);
                    let invoke = v8::Local::new(scope, &parts.invoke);
                    places.invoke = scope.add_context_data(context, invoke);
                    for (name, module) in parts.modules() {
                        let module = v8::Local::new(scope, module);
                        places.modules.insert(name.clone(), scope.add_context_data(context, module));
                    }
                    context
                }
                // V8 demands that a blob is written before the isolate goes.
                None => v8::Context::new(scope, v8::ContextOptions::default()),
            };
            scope.set_default_context(context);
        }
        // Live realms have no WebAssembly.
        let data = rehashing::with_modules(|| writing::write(creator, false))?;
        Some(of(data, places))
    }
}

fn creator(blob: &Arc<Blob>, heap_bytes: usize, budget: &Arc<BufferBudget>) -> (v8::OwnedIsolate, Box<HeapGuard>) {
    let parameters = v8::Isolate::create_params()
        .array_buffer_allocator(buffers::allocator(Arc::clone(budget)).make_shared())
        .allow_atomics_wait(false)
        .heap_limits(0, limits::heap_size(heap_bytes));
    let mut creator = v8::Isolate::snapshot_creator_from_existing_snapshot(
        v8::StartupData::from(blob.bytes().to_vec()),
        Some(bindings::external_references()),
        Some(parameters),
    );
    isolates::prepare(&mut creator);
    reservations::count(&mut creator, budget);
    let heap = HeapGuard::watch(&mut creator);
    (creator, heap)
}

fn parts(
    creator: &mut v8::OwnedIsolate,
    state: &State,
    is_new: bool,
    budget: &Arc<BufferBudget>,
) -> Result<Parts, Error> {
    v8::scope!(let scope, creator);
    let context = completing::restore_exactly(scope);
    let mut handle_templates = Vec::new();
    {
        let scope = &mut v8::ContextScope::new(scope, context);
        for index in state.blob.handle_templates() {
            let template = scope.get_isolate_data_from_snapshot_once::<v8::ObjectTemplate>(index);
            handle_templates.push(v8::Global::new(scope, template.map_err(|_| live::unprepared())?));
        }
    }
    if is_new {
        live::prepare(scope, context).ok_or_else(live::unprepared)?;
    }
    let found = live::find(scope, context, state)?;
    Parts::new(found, handle_templates, Arc::clone(budget))
}

impl LiveRealm for Capturing {
    fn run(&mut self, input: &TurnInput, name: &str, execution: &mut Execution<'_>) -> TurnEnd {
        if let TurnInput::Install { bundle } = input {
            self.bundle = Some(bundle.clone());
        }
        let (heap, watchdog) = (&self.heap, &self.watchdog);
        let (Some(parts), Some(creator)) = (&mut self.parts, &mut self.creator) else {
            return TurnEnd::Refused(crate::engine::Exception { message: "the realm is lost".to_owned(), trace: None });
        };
        let buffers = Arc::clone(&parts.buffers);
        parts.run(input, name, execution, |limits, turn| {
            buffers.set_limit(limits.heap_bytes);
            limits.guard(creator, heap, watchdog, turn)
        })
    }

    fn app(&self) -> Option<&Arc<App>> {
        self.parts.as_ref()?.app()
    }
}

impl CapturingRealm for Capturing {
    fn capture(mut self: Box<Self>) -> Result<CapturedState, Error> {
        let (Some(parts), Some(creator)) = (&self.parts, &mut self.creator) else {
            return Err(refused("the realm is lost"));
        };
        let digest = Digest::of(creator, &parts.context, parts.modules());
        let digest = digest.ok_or_else(|| refused("V8 does not tell what is in it"))?;
        let blob = self.write().ok_or_else(|| refused("V8 can't write it"))?;
        if !blob.data.is_valid() {
            return Err(refused("V8 can't read what it wrote"));
        }
        if !blob.data.can_be_rehashed() {
            return Err(refused("V8 can't give its tables another hash seed, which another process has"));
        }
        let state = State { blob: Arc::new(blob), bundle: self.bundle.take() };
        let restored = live::restored_digest(&state, self.heap_bytes)?;
        let restored = restored.ok_or_else(|| refused("V8 does not tell what is in it when it is restored"))?;
        if let Some(difference) = digest.difference(&restored) {
            return Err(refused(&format!("it is not the same when it is restored: {difference}")));
        }
        Ok(CapturedState { state: state.write(), digest: restored.digest() })
    }
}

impl Drop for Capturing {
    fn drop(&mut self) {
        self.parts = None;
        drop(self.write());
    }
}
