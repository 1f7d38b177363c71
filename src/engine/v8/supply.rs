//! Ready realms: made before a request needs one, by a thread of the library or when the host says that it is idle.

use super::isolates::Pool;
use super::thread::Thread;
use crate::error::Error;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Without a request for this long, ready realms are given back.
const IDLE: Duration = Duration::from_secs(5);
/// Enough for V8 to make a realm.
const STACK_BYTES: usize = 1 << 20;

/// Makes ready realms for the pools that ask for them.
pub(super) struct Supply {
    shared: Arc<Shared>,
    /// None: only the host's idle time is used.
    thread: Option<Thread>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    asked: Condvar,
}

#[derive(Default)]
struct State {
    /// Pools that have asked since they were last full.
    asking: Vec<Weak<Pool>>,
    /// Pools that hold ready realms.
    full: Vec<Weak<Pool>>,
    stopped: bool,
}

impl Supply {
    /// Begins the thread, if it is to have one.
    pub(super) fn begin(threaded: bool) -> Result<Supply, Error> {
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        let begin = || Thread::begin("jsep-realms", 2 * STACK_BYTES, move || own.run());
        let thread = threaded.then(begin).transpose()?;
        Ok(Supply { shared, thread })
    }

    /// Notes that a pool lacks ready realms. Does not wait for them.
    pub(super) fn ask(&self, pool: &Arc<Pool>) {
        let mut state = self.shared.lock();
        state.full.retain(|known| !std::ptr::eq(known.as_ptr(), Arc::as_ptr(pool)));
        state.asking.push(Arc::downgrade(pool));
        drop(state);
        self.shared.asked.notify_one();
    }

    /// Makes realms on the calling thread until `deadline`; whether there is more to make.
    pub(super) fn work(&self, deadline: Instant) -> bool {
        while Instant::now() < deadline {
            if !self.shared.step() {
                return false;
            }
        }
        !self.shared.lock().asking.is_empty()
    }
}

impl Drop for Supply {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.asked.notify_one();
        if let Some(thread) = &mut self.thread {
            thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            while self.step() {}
            let state = self.lock();
            if state.stopped {
                return;
            }
            if !state.asking.is_empty() {
                continue;
            }
            let waits = if state.full.is_empty() { None } else { Some(IDLE) };
            let (mut state, idle) = match waits {
                Some(time) => {
                    let (state, result) = self.asked.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner);
                    (state, result.timed_out())
                }
                None => (self.asked.wait(state).unwrap_or_else(PoisonError::into_inner), false),
            };
            if idle && state.asking.is_empty() {
                let full = std::mem::take(&mut state.full);
                drop(state);
                full.iter().filter_map(Weak::upgrade).for_each(|pool| pool.give_ready_realms_back());
            }
        }
    }

    /// Makes one realm for the pool that asked first; false when none asks.
    fn step(&self) -> bool {
        let mut state = self.lock();
        if state.stopped || state.asking.is_empty() {
            return false;
        }
        let first = state.asking.remove(0);
        drop(state);
        let Some(pool) = first.upgrade() else {
            return true;
        };
        let more = pool.make_ready(STACK_BYTES);
        let mut state = self.lock();
        if more {
            state.asking.push(first);
        } else {
            state.full.push(first);
        }
        true
    }
}
