//! Isolates made from a blob, waiting for requests.

use super::bindings;
use super::buffers::{self, BufferBudget};
use super::completing;
use super::limits::{self, Ended, HeapGuard, Limits};
use super::modules;
use super::realm::Realm;
use super::reservations;
use super::seed;
use super::snapshot::Blob;
use super::stack;
use super::supply::Supply;
use super::thread;
use super::watchdog::Watchdog;
use crate::app::App;
use crate::error::Error;
use crate::status::jsep_status;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An isolate that one thread at a time may use. The fields are in the order in which they must go.
pub(super) struct Worker {
    /// The realm of its checked calls, if it is for those.
    pub(super) realm: Option<Realm>,
    /// Realms that no request has used.
    pub(super) ready: Vec<Realm>,
    /// The realm that was restored with the isolate, until it is used.
    first: Cell<Option<v8::Global<v8::Context>>>,
    /// Templates of map handles by permission.
    pub(super) handle_templates: Vec<v8::Global<v8::ObjectTemplate>>,
    pub(super) isolate: v8::SharedIsolate,
    pub(super) heap: Box<HeapGuard>,
    pub(super) buffers: Arc<BufferBudget>,
    pub(super) blob: Arc<Blob>,
    /// Heap limit that it was made with.
    heap_bytes: usize,
    runs: Cell<u32>,
    /// Bytes of the heap that were in use when it was made.
    first_used: usize,
    /// Those at the last look, with garbage that is not collected yet.
    used: Cell<usize>,
    /// The thread that used it last, see `thread::current`.
    last_thread: usize,
}

/// Runs between two looks at the heap, because one takes as long as a small request.
const RUNS_BETWEEN_LOOKS: u32 = 16;

/// With so many bytes more than at first, it takes less time to make another isolate than to collect the garbage of this one. It is more
/// than what V8 collects at little cost, which are young objects.
const MOST_GARBAGE: usize = 32 << 20;

impl Worker {
    /// Makes an isolate whose scripts may use `heap_bytes`.
    pub(super) fn new(blob: &Arc<Blob>, heap_bytes: usize) -> Result<Worker, Error> {
        Self::restoring(blob, heap_bytes, completing::restore)
    }

    /// The same, with nothing added to what was captured.
    pub(super) fn exact(blob: &Arc<Blob>, heap_bytes: usize) -> Result<Worker, Error> {
        Self::restoring(blob, heap_bytes, completing::restore_exactly)
    }

    fn restoring(
        blob: &Arc<Blob>,
        heap_bytes: usize,
        restore: for<'s> fn(&mut v8::PinScope<'s, '_, ()>) -> v8::Local<'s, v8::Context>,
    ) -> Result<Worker, Error> {
        let failed =
            |what: &str| Error::new(jsep_status::JSEP_ENGINE_START, format!("an isolate can't be made: {what}"));
        let buffers = BufferBudget::new();
        buffers.set_limit(heap_bytes);
        // SAFETY: the worker keeps the blob until after its isolate is gone, and the bytes of an `Arc` don't move.
        let bytes: &'static [u8] = unsafe { std::mem::transmute::<&[u8], &'static [u8]>(blob.bytes()) };
        let parameters = v8::Isolate::create_params()
            .snapshot_blob(v8::StartupData::from(bytes))
            .external_references(bindings::external_references())
            .array_buffer_allocator(buffers::allocator(Arc::clone(&buffers)).make_shared())
            .allow_atomics_wait(false)
            .heap_limits(0, limits::heap_size(heap_bytes));
        let mut isolate = v8::Isolate::new(parameters);
        prepare(&mut isolate);
        reservations::count(&mut isolate, &buffers);
        let heap = HeapGuard::watch(&mut isolate);
        let (first, handle_templates) = {
            v8::scope!(let scope, &mut isolate);
            let context = restore(scope);
            let scope = &mut v8::ContextScope::new(scope, context);
            let mut templates = Vec::new();
            for index in blob.handle_templates() {
                let template = scope.get_isolate_data_from_snapshot_once::<v8::ObjectTemplate>(index);
                templates.push(v8::Global::new(scope, template.map_err(|_| failed("its blob lacks a template"))?));
            }
            (v8::Global::new(scope, context), templates)
        };
        let first_used = isolate.get_heap_statistics().used_heap_size();
        // SAFETY: everything attached to the isolate may be used on any thread: the allocator counts with atomics, the heap
        // guard has an atomic and a thread-safe handle, and the data slot is null outside of runs.
        let isolate = unsafe { isolate.try_into_shared() }.map_err(|error| failed(&format!("{error:?}")))?;
        Ok(Worker {
            realm: None,
            ready: Vec::new(),
            first: Cell::new(Some(first)),
            handle_templates,
            isolate,
            heap,
            buffers,
            blob: Arc::clone(blob),
            heap_bytes,
            runs: Cell::new(0),
            first_used,
            used: Cell::new(first_used),
            last_thread: thread::current(),
        })
    }

    /// A realm as it was captured, in which nothing has run.
    pub(super) fn restore<'s>(&self, scope: &mut v8::PinScope<'s, '_, ()>) -> v8::Local<'s, v8::Context> {
        match self.first.take() {
            Some(first) => v8::Local::new(scope, &first),
            None => completing::restore(scope),
        }
    }

    /// Runs `run` in the isolate, on the calling thread and within `limits`.
    pub(super) fn run<R>(
        &self,
        limits: Limits,
        watchdog: &Watchdog,
        run: impl FnOnce(&mut v8::Isolate) -> R,
    ) -> Result<(R, Option<Ended>), Ended> {
        self.buffers.set_limit(limits.heap_bytes);
        let mut locker = self.isolate.lock();
        let result = limits.guard(&mut locker, &self.heap, watchdog, run);
        self.runs.set(self.runs.get().wrapping_add(1));
        if self.runs.get().is_multiple_of(RUNS_BETWEEN_LOOKS) {
            self.used.set(locker.get_heap_statistics().used_heap_size());
        }
        result
    }

    /// Whether another isolate is to take its place. What former requests have left may not take up what the next one is to have: V8 asks
    /// for more than the limit before it has collected the last of it. A realm that can be used again is worth more than its garbage.
    fn is_worn(&self) -> bool {
        let garbage = self.used.get().saturating_sub(self.first_used);
        let most = limits::heap_size(self.heap_bytes).saturating_sub(self.first_used) / 2;
        garbage > if self.realm.is_some() { most } else { most.min(MOST_GARBAGE) }
    }

    /// The heap limit that it was made with.
    pub(super) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Without one, blobs that are made afterwards may not fit those from before; there is nobody to tell it to.
        let _ = seed::keep();
    }
}

/// Settings that hold for each isolate.
pub(super) fn prepare(isolate: &mut v8::Isolate) {
    isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
    isolate.set_host_import_module_dynamically_callback(modules::import_dynamically);
}

/// Most ready realms of one isolate.
const MOST_READY: usize = 8;

/// Workers of one blob that wait for requests.
pub(super) struct Pool {
    app: Arc<App>,
    blob: Arc<Blob>,
    idle: Mutex<Vec<Worker>>,
    /// Waiting workers are kept up to this number.
    most_idle: usize,
    /// Ready realms that each waiting worker is to have.
    wanted: AtomicUsize,
    /// Whether the supply knows that workers lack ready realms.
    asked: AtomicBool,
}

impl Pool {
    /// A pool without a worker.
    pub(super) fn new(app: &Arc<App>, blob: Arc<Blob>) -> Arc<Pool> {
        Arc::new(Pool {
            app: Arc::clone(app),
            blob,
            idle: Mutex::default(),
            most_idle: std::thread::available_parallelism().map_or(1, usize::from) * 2,
            wanted: AtomicUsize::new(0),
            asked: AtomicBool::new(false),
        })
    }

    /// The blob that the workers are made from.
    pub(super) fn blob(&self) -> &Arc<Blob> {
        &self.blob
    }

    /// Workers that wait.
    pub(super) fn workers(&self) -> usize {
        self.lock().len()
    }

    /// Ready realms of the workers that wait.
    pub(super) fn ready_realms(&self) -> usize {
        self.lock().iter().map(|worker| worker.ready.len()).sum()
    }

    /// Contexts of the workers that wait, with those that are garbage but not collected yet; and of these, contexts that V8 knows to be
    /// detached.
    pub(super) fn contexts(&self) -> (usize, usize) {
        self.lock().iter().fold((0, 0), |(native, detached), worker| {
            let statistics = worker.isolate.lock().get_heap_statistics();
            (native + statistics.number_of_native_contexts(), detached + statistics.number_of_detached_contexts())
        })
    }

    /// A worker with this heap limit: one with a ready realm before one without, and the one that the calling thread used last before
    /// others, because V8 keeps state per thread.
    pub(super) fn take(&self, heap_bytes: usize) -> Result<Worker, Error> {
        let current = thread::current();
        let (worker, outdated) = {
            let mut idle = self.lock();
            let (fitting, outdated): (Vec<_>, Vec<_>) = if idle.iter().all(|worker| worker.heap_bytes == heap_bytes) {
                (std::mem::take(&mut *idle), Vec::new())
            } else {
                idle.drain(..).partition(|worker| worker.heap_bytes == heap_bytes)
            };
            *idle = fitting;
            let best = (0..idle.len()).max_by_key(|index| {
                let worker = &idle[*index];
                (!worker.ready.is_empty(), worker.last_thread == current, *index)
            });
            (best.map(|index| idle.swap_remove(index)), outdated)
        };
        // Isolates of a former limit go outside of the lock.
        drop(outdated);
        match worker {
            Some(mut worker) => {
                worker.last_thread = current;
                Ok(worker)
            }
            None => Worker::new(&self.blob, heap_bytes),
        }
    }

    /// Takes a worker back, or lets it go.
    pub(super) fn give(&self, worker: Worker) {
        if worker.is_worn() {
            return;
        }
        let spare = {
            let mut idle = self.lock();
            idle.push(worker);
            (idle.len() > self.most_idle).then(|| idle.remove(0))
        };
        drop(spare);
    }

    /// Takes a worker back whose request found a ready realm or did not, and has the supply make more. Whoever finds none too often
    /// gets more of them.
    pub(super) fn give_and_ask(self: &Arc<Pool>, worker: Worker, found: bool, supply: &Supply) {
        if !found {
            let wanted = self.wanted.load(Ordering::Relaxed);
            self.wanted.store((wanted * 2).clamp(1, MOST_READY), Ordering::Relaxed);
        }
        self.give(worker);
        if !self.asked.swap(true, Ordering::Relaxed) {
            supply.ask(self);
        }
    }

    /// Makes one ready realm in a waiting worker that lacks one, with up to `stack_bytes` of stack; whether more are lacking.
    pub(super) fn make_ready(&self, stack_bytes: usize) -> bool {
        let wanted = self.wanted.load(Ordering::Relaxed);
        let lacking = {
            let mut idle = self.lock();
            let least = (0..idle.len()).min_by_key(|index| idle[*index].ready.len());
            least.filter(|index| idle[*index].ready.len() < wanted).map(|index| idle.swap_remove(index))
        };
        let Some(mut worker) = lacking else {
            self.asked.store(false, Ordering::Relaxed);
            return false;
        };
        let made = {
            let mut locker = worker.isolate.lock();
            // Without enough stack, requests make their realms themselves.
            stack::limit(&locker, stack_bytes)
                .then(|| Realm::new(&mut locker, &worker, &self.app, false).ok())
                .flatten()
        };
        let done = made.is_some() && !worker.heap.exceeded();
        worker.ready.extend(made);
        if done {
            self.give(worker);
        } else {
            self.asked.store(false, Ordering::Relaxed);
        }
        done
    }

    /// Drops all ready realms, until there is demand again.
    pub(super) fn give_ready_realms_back(&self) {
        self.wanted.store(0, Ordering::Relaxed);
        let mut idle = std::mem::take(&mut *self.lock());
        for mut worker in idle.drain(..) {
            if !worker.ready.is_empty() {
                worker.ready.clear();
                worker.isolate.lock().low_memory_notification();
            }
            self.give(worker);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::engine::v8::checked::tests::corpus::Installed;
    use std::time::{Duration, Instant};

    #[test]
    fn an_isolate_goes_before_its_garbage_takes_what_requests_may_have() {
        const RUNS: usize = 500;
        const HEAP: usize = 8 << 20;
        let installed = Installed::new(false);
        let pool = Pool::new(&installed.app, Arc::clone(&installed.blob));
        let limits = Limits::new(Instant::now() + Duration::from_secs(60), &installed.runtime);
        let mut gone = 0;
        for _ in 0..RUNS {
            let worker = pool.take(HEAP).unwrap();
            let run = worker.run(limits, &installed.watchdog, |isolate| {
                v8::scope!(let scope, isolate);
                let context = worker.restore(scope);
                let scope = &mut v8::ContextScope::new(scope, context);
                // As long as the realm is there, and some of it longer.
                let source =
                    v8::String::new(scope, "globalThis.kept = new Array(1e4).fill(0).map(() => ({}))").unwrap();
                v8::Script::compile(scope, source, None).unwrap().run(scope).is_some()
            });
            assert!(matches!(run, Ok((true, None))));
            pool.give(worker);
            gone += usize::from(pool.workers() == 0);
        }
        assert!((1..RUNS / 10).contains(&gone), "{gone} of {RUNS}");
    }
}
