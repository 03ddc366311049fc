//! The threads that run Argon2, and judge new passwords; no other work.
//!
//! A thread is started when a run waits and none is idle, up to a maximum, and ends after some
//! idle seconds; it keeps its 19 MiB between runs, since mapping them anew costs a fifth of a run.
//! What waits is bounded too: one more is refused as busy (SR-052). An answer comes through a
//! channel, so any runtime, or none, can wait for it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Version};
use futures::channel::oneshot;
use zeroize::Zeroizing;

use super::super::rows::VaultError;
use super::phc::{Argon2Params, HASH_BYTES};

/// How long a thread waits for its next run before it ends, in seconds.
const IDLE_SECONDS: u64 = 10;

type Outcome = Result<Zeroizing<[u8; HASH_BYTES]>, VaultError>;

struct Run {
    password: Zeroizing<[u8; 32]>,
    params: Argon2Params,
    salt: Vec<u8>,
    answer: oneshot::Sender<Outcome>,
}

/// What a thread does next.
enum Task {
    /// A run of Argon2, in the memory that the thread keeps.
    Hash(Run),
    /// Anything else; it answers by itself.
    Other(Box<dyn FnOnce() + Send>),
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Task>,
    threads: usize,
    idle: usize,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    runs: AtomicU64,
}

/// A bounded number of threads and a bounded queue before them.
pub(super) struct Pool {
    shared: Arc<Shared>,
    max_parallel: usize,
    queue_max: usize,
}

impl Pool {
    pub(super) fn new(max_parallel: usize, queue_max: usize) -> Self {
        let shared =
            Shared { state: Mutex::default(), changed: Condvar::new(), runs: AtomicU64::new(0) };
        Self { shared: Arc::new(shared), max_parallel: max_parallel.max(1), queue_max }
    }

    pub(super) fn runs(&self) -> u64 {
        self.shared.runs.load(Ordering::Relaxed)
    }

    pub(super) async fn run(
        &self,
        password: Zeroizing<[u8; 32]>,
        params: Argon2Params,
        salt: Vec<u8>,
    ) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        self.submit(Task::Hash(Run { password, params, salt, answer }))?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Works something out on one of the threads. A panic in it is no answer, and costs no thread.
    pub(super) async fn work_out<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VaultError> {
        let (answer, outcome) = oneshot::channel();
        let task = move || {
            if !answer.is_canceled() {
                let _ = answer.send(work());
            }
        };
        self.submit(Task::Other(Box::new(task)))?;
        outcome.await.map_err(|_| ended())
    }

    fn submit(&self, task: Task) -> Result<(), VaultError> {
        let mut state = self.shared.lock();
        // Runs that an idle or a new thread takes at once do not count as waiting.
        let startable = self.max_parallel.saturating_sub(state.threads);
        let taken_at_once = state.idle.saturating_add(startable);
        if state.waiting.len() >= taken_at_once.saturating_add(self.queue_max) {
            return Err(VaultError::Busy);
        }
        state.waiting.push_back(task);
        if state.waiting.len() > state.idle && state.threads < self.max_parallel {
            let shared = Arc::clone(&self.shared);
            let started =
                thread::Builder::new().name("argon2".to_owned()).spawn(move || work(&shared));
            match started {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    state.waiting.pop_back();
                    return Err(VaultError::Unavailable(format!("hashing thread: {error}")));
                }
                // The threads there are take it in turn.
                Err(error) => tracing::warn!(%error, "no further hashing thread"),
            }
        }
        drop(state);
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task; `None` when the thread shall end, which is then no longer counted.
    fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.waiting.pop_front() {
                return Some(task);
            }
            if state.closed {
                state.threads -= 1;
                return None;
            }
            state.idle += 1;
            let idle = Duration::from_secs(IDLE_SECONDS);
            let (next, timed_out) =
                self.changed.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.idle -= 1;
            if timed_out.timed_out() && state.waiting.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }
}

fn ended() -> VaultError {
    VaultError::Unavailable("hashing ended".to_owned())
}

fn work(shared: &Shared) {
    let mut memory: Vec<Block> = Vec::new();
    while let Some(task) = shared.next() {
        let run = match task {
            Task::Hash(run) => run,
            Task::Other(work) => {
                // Or the thread would end and still be counted. The hook has told of the panic.
                let _panicked = catch_unwind(AssertUnwindSafe(work));
                continue;
            }
        };
        // A caller that went away needs no answer; its run is not worth the work.
        if run.answer.is_canceled() {
            continue;
        }
        shared.runs.fetch_add(1, Ordering::Relaxed);
        let _ = run.answer.send(hash(&run.password, run.params, &run.salt, &mut memory));
    }
}

fn hash(
    password: &[u8; 32],
    params: Argon2Params,
    salt: &[u8],
    memory: &mut Vec<Block>,
) -> Outcome {
    let params = params.checked()?;
    memory.resize(params.block_count(), Block::new());
    let mut out = Zeroizing::new([0; HASH_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, out.as_mut_slice(), memory.as_mut_slice())
        .map_err(|error| VaultError::Damaged(format!("argon2: {error}")))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    /// SR-052: what goes wrong in one task costs neither the thread nor the others.
    #[test]
    fn sr_052_a_panic_is_no_answer_and_costs_no_thread() {
        let pool = Pool::new(1, 8);
        for number in 0..3 {
            let broken: Result<u8, _> = block_on(pool.work_out(|| panic!("a test panics")));
            assert!(matches!(broken, Err(VaultError::Unavailable(_))));
            assert_eq!(block_on(pool.work_out(move || number)).unwrap(), number);
        }
        assert_eq!((pool.runs(), pool.shared.lock().threads), (0, 1));
    }
}
