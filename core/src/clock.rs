//! Time, as a value that is handed in.
//!
//! Only [`SystemClock`] asks the machine. Tests move a [`ManualClock`] by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present time, UTC, to the millisecond.
    fn now(&self) -> Timestamp;

    /// The time since some moment that stays the same while the process lives. Nobody can set it,
    /// so that it tells a clock that was set from time that passed.
    fn steady(&self) -> Duration;
}

static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        to_millisecond(Timestamp::now())
    }

    fn steady(&self) -> Duration {
        BEGINNING.elapsed()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct ManualClock {
    millisecond: Arc<AtomicI64>,
    passed: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let millisecond = Arc::new(AtomicI64::new(start.as_millisecond()));
        Self { millisecond, passed: Arc::default() }
    }

    /// Lets time pass; a span below zero sets the clock back, and no time passes.
    pub fn advance(&self, by: SignedDuration) {
        self.step(by);
        self.passed.fetch_add(millis(by).max(0), Ordering::SeqCst);
    }

    /// Lets the time pass until then; a time that is past already sets the clock back.
    pub fn set(&self, to: Timestamp) {
        self.advance(to.duration_since(self.now()));
    }

    /// Sets it forward or back by so much, while no time passes.
    pub fn step(&self, by: SignedDuration) {
        self.millisecond.fetch_add(millis(by), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millisecond.load(Ordering::SeqCst))
            .unwrap_or(Timestamp::MAX)
    }

    fn steady(&self) -> Duration {
        Duration::from_millis(self.passed.load(Ordering::SeqCst).max(0).cast_unsigned())
    }
}

fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
