//! One thread that ends scripts at their deadline.

use super::ending::Ending;
use super::platform;
use super::thread::Thread;
use crate::error::Error;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Ends the execution of isolates at deadlines. Its thread ends with it.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Thread,
}

/// What the watchdog ends.
pub(super) struct Script {
    pub(super) isolate: v8::IsolateHandle,
    pub(super) ending: Ending,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Armed deadlines. The number tells deadlines of the same moment apart.
    deadlines: BTreeMap<(Instant, u64), Script>,
    next_number: u64,
    /// When the thread will look next. It never looks earlier than needed, so arming a later deadline need not wake it.
    wakes: Option<Instant>,
    stopped: bool,
}

/// An armed deadline. Dropping it disarms it: afterwards it can't end anything any more.
pub(super) struct Deadline<'watchdog> {
    shared: &'watchdog Shared,
    key: (Instant, u64),
}

impl Watchdog {
    /// Begins the thread.
    pub(super) fn begin() -> Result<Watchdog, Error> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let own = Arc::clone(&shared);
        let thread = Thread::begin("jsep-watchdog", 128 << 10, move || own.run())?;
        Ok(Watchdog { shared, thread })
    }

    /// Ends `script` at `moment`, unless the result is dropped before.
    pub(super) fn arm(&self, moment: Instant, script: Script) -> Deadline<'_> {
        let mut state = self.shared.lock();
        let key = (moment, state.next_number);
        state.next_number += 1;
        state.deadlines.insert(key, script);
        if state.wakes.is_none_or(|wakes| moment < wakes) {
            self.shared.changed.notify_one();
        }
        Deadline { shared: &self.shared, key }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        self.thread.join();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        platform::learn_of_processors();
        let mut state = self.lock();
        while !state.stopped {
            let now = Instant::now();
            while let Some(first) = state.deadlines.first_entry() {
                if first.key().0 > now {
                    break;
                }
                // Under the lock that disarming takes too, so that it can't hit a later request.
                let script = first.remove();
                script.ending.begin();
                script.isolate.terminate_execution();
            }
            state.wakes = state.deadlines.first_key_value().map(|((moment, _), _)| *moment);
            state = match state.wakes {
                Some(wakes) => {
                    let wait = wakes.saturating_duration_since(now);
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Deadline<'_> {
    /// Disarms, and tells whether the deadline had been reached and the execution ended.
    pub(super) fn disarm(self) -> bool {
        self.shared.lock().deadlines.remove(&self.key).is_none()
    }
}

impl Drop for Deadline<'_> {
    fn drop(&mut self) {
        self.shared.lock().deadlines.remove(&self.key);
    }
}
