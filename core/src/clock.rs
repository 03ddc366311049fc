//! Time, as a value that is handed in.
//!
//! Only [`SystemClock`] asks the machine. A server keeps its time by a [`SteadyClock`], which no
//! setting of the machine's clock moves. Tests move a [`ManualClock`] by hand.

mod steady;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

pub use steady::{STEP_MIN, Set, SteadyClock};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present time, UTC, to the millisecond.
    fn now(&self) -> Timestamp;

    /// What the machine's clock shows: whoever else has a clock goes by the same, and so do the
    /// codes of authenticators. Nothing else may depend on it.
    fn shown(&self) -> Timestamp {
        self.now()
    }

    /// The time since some moment that stays the same while the process lives, whether the machine
    /// was awake or suspended. Nobody can set it, so that it tells a clock that was set from time
    /// that passed.
    fn steady(&self) -> Duration;

    /// The earliest setting of the machine's clock that is not recorded yet.
    fn was_set(&self) -> Option<Set> {
        None
    }

    /// That one is recorded.
    fn recorded(&self) {}

    /// Goes on by a clock of the machine that is ahead by so much, as the log says.
    fn resume(&self, _ahead: SignedDuration) {}
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        to_millisecond(Timestamp::now())
    }

    fn steady(&self) -> Duration {
        since_boot()
    }
}

/// What passed since the machine was booted, suspended or not: `Instant` would leave out the sleep,
/// and a machine that wakes up would look like one whose clock was set.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

/// What passed since this was first asked, as far as the machine was awake.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    static BEGINNING: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    BEGINNING.elapsed()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// SR-097: the sleep of a suspended machine is time that passed, and no clock that was set.
    #[cfg(target_os = "linux")]
    #[test]
    fn sr_097_what_passes_while_the_machine_sleeps_passes() {
        let awake = Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap();
        let steady = SystemClock.steady();
        assert!(steady >= awake, "{steady:?} since the boot, {awake:?} of them awake");
    }
}
