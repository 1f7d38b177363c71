//! Isolates made from a blob, waiting for requests.

use super::bindings;
use super::buffers::{self, BufferBudget};
use super::completing;
use super::limits::{self, HeapGuard};
use super::modules;
use super::snapshot::Blob;
use crate::error::Error;
use crate::status::jsep_status;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

/// An isolate that one thread at a time may use. The fields are in the order in which they must go.
pub(super) struct Worker {
    /// Templates of map handles by permission.
    pub(super) handle_templates: Vec<v8::Global<v8::ObjectTemplate>>,
    pub(super) isolate: v8::SharedIsolate,
    pub(super) heap: Box<HeapGuard>,
    pub(super) buffers: Arc<BufferBudget>,
    pub(super) blob: Arc<Blob>,
    /// Heap limit that it was made with.
    heap_bytes: usize,
    last_thread: ThreadId,
}

impl Worker {
    /// Makes an isolate whose scripts may use `heap_bytes`.
    pub(super) fn new(blob: &Arc<Blob>, heap_bytes: usize) -> Result<Worker, Error> {
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
        let heap = HeapGuard::watch(&mut isolate);
        let handle_templates = {
            v8::scope!(let scope, &mut isolate);
            let context = completing::restore(scope);
            let scope = &mut v8::ContextScope::new(scope, context);
            let mut templates = Vec::new();
            for index in blob.handle_templates() {
                let template = scope.get_isolate_data_from_snapshot_once::<v8::ObjectTemplate>(index);
                templates.push(v8::Global::new(scope, template.map_err(|_| failed("its blob lacks a template"))?));
            }
            templates
        };
        // SAFETY: everything attached to the isolate may be used on any thread: the allocator counts with atomics, the heap
        // guard has an atomic and a thread-safe handle, and the data slot is null outside of runs.
        let isolate = unsafe { isolate.try_into_shared() }.map_err(|error| failed(&format!("{error:?}")))?;
        let last_thread = std::thread::current().id();
        Ok(Worker { handle_templates, isolate, heap, buffers, blob: Arc::clone(blob), heap_bytes, last_thread })
    }

    /// The heap limit that it was made with.
    pub(super) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }
}

/// Settings that hold for each isolate.
pub(super) fn prepare(isolate: &mut v8::Isolate) {
    isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
    isolate.set_host_import_module_dynamically_callback(modules::import_dynamically);
}

/// Workers of one blob that wait for requests.
pub(super) struct Pool {
    blob: Arc<Blob>,
    idle: Mutex<Vec<Worker>>,
    /// Waiting workers are kept up to this number.
    most_idle: usize,
}

impl Pool {
    /// A pool whose first worker is made already, for the first request.
    pub(super) fn new(blob: Arc<Blob>, heap_bytes: usize) -> Result<Pool, Error> {
        let first = Worker::new(&blob, heap_bytes)?;
        let most_idle = std::thread::available_parallelism().map_or(1, usize::from) * 2;
        Ok(Pool { blob, idle: Mutex::new(vec![first]), most_idle })
    }

    /// The blob that the workers are made from.
    pub(super) fn blob(&self) -> &Arc<Blob> {
        &self.blob
    }

    /// A worker with this heap limit: the one that the calling thread used last if it waits, because V8 keeps state per thread.
    pub(super) fn take(&self, heap_bytes: usize) -> Result<Worker, Error> {
        let thread = std::thread::current().id();
        let (worker, outdated) = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let (fitting, outdated): (Vec<_>, Vec<_>) = if idle.iter().all(|worker| worker.heap_bytes == heap_bytes) {
                (std::mem::take(&mut *idle), Vec::new())
            } else {
                idle.drain(..).partition(|worker| worker.heap_bytes == heap_bytes)
            };
            *idle = fitting;
            let own = idle.iter().rposition(|worker| worker.last_thread == thread);
            let worker = match own {
                Some(index) => Some(idle.swap_remove(index)),
                None => idle.pop(),
            };
            (worker, outdated)
        };
        // Isolates of a former limit go outside of the lock.
        drop(outdated);
        match worker {
            Some(mut worker) => {
                worker.last_thread = thread;
                Ok(worker)
            }
            None => Worker::new(&self.blob, heap_bytes),
        }
    }

    /// Takes a worker back.
    pub(super) fn give(&self, worker: Worker) {
        let spare = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(worker);
            (idle.len() > self.most_idle).then(|| idle.remove(0))
        };
        drop(spare);
    }
}
