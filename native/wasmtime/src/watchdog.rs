//! Ends guests whose time is up. One thread per engine sleeps until the earliest deadline, then moves the engine's epoch
//! on: each running guest looks at its own deadline at its next loop or call. No guest, no waking; it ends with the engine.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A deadline that is past is repeated until its guest has noticed: it may have just looked.
const REPEAT: Duration = Duration::from_millis(5);

pub struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    deadlines: BTreeSet<(Instant, u64)>,
    serial: u64,
    /// When the thread wakes by itself.
    wakes: Option<Instant>,
    stopped: bool,
}

impl Watchdog {
    /// The thread is in the namespaces of the one that starts it, for as long as the engine lives.
    pub fn start(engine: &wasmtime::Engine) -> std::io::Result<Watchdog> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let (watched, engine) = (shared.clone(), engine.weak());
        let thread = thread::Builder::new()
            .name("wasm-deadlines".into())
            .stack_size(64 << 10)
            .spawn(move || watched.run(&engine))?;
        Ok(Watchdog { shared, thread: Some(thread) })
    }

    /// Watches until the guard is dropped. The store's epoch deadline has to be set before.
    pub fn watch(&self, at: Instant) -> Watch {
        let mut state = self.shared.lock();
        state.serial += 1;
        let entry = (at, state.serial);
        state.deadlines.insert(entry);
        if state.wakes.is_none_or(|wakes| at < wakes) {
            self.shared.changed.notify_one();
        }
        Watch { shared: self.shared.clone(), entry }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, engine: &wasmtime::EngineWeak) {
        let mut state = self.lock();
        while !state.stopped {
            let now = Instant::now();
            let earliest = state.deadlines.first().map(|(at, _)| *at);
            let wakes = match earliest {
                Some(at) if at <= now => {
                    let Some(engine) = engine.upgrade() else { return };
                    engine.increment_epoch();
                    Some(now + REPEAT)
                }
                other => other,
            };
            state.wakes = wakes;
            state = match wakes {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    self.changed
                        .wait_timeout(state, at.saturating_duration_since(now))
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }
}

/// A deadline that is watched.
pub struct Watch {
    shared: Arc<Shared>,
    entry: (Instant, u64),
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().deadlines.remove(&self.entry);
    }
}

thread_local!(static CURRENT: Cell<Option<Instant>> = const { Cell::new(None) });

/// The deadline of the call that this thread is in; a call within a host function of another has no more time than that.
pub struct Deadline {
    pub at: Option<Instant>,
    before: Option<Instant>,
}

impl Deadline {
    pub fn enter(time: Option<Duration>) -> Deadline {
        let before = CURRENT.get();
        let own = time.and_then(|time| Instant::now().checked_add(time));
        let at = match (own, before) {
            (Some(own), Some(before)) => Some(own.min(before)),
            (own, before) => own.or(before),
        };
        CURRENT.set(at);
        Deadline { at, before }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}
