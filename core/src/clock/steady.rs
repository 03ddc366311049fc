//! Time that goes on evenly, whatever the machine's clock is set to (SR-097).
//!
//! ```text
//!   the machine's clock   ────────╮ set ahead        ╭──── set right
//!                                 ╰──────────────────╯
//!   time here             ──────────────────────────────────────▶
//! ```
//!
//! Small corrections are followed. A clock that is off by more than [`STEP_MIN`] from the time
//! that passed was set: nothing that is decided follows it, neither forward, where caps and delays
//! would end in a moment, nor back, where they would not end for as long. That it was set is kept
//! until it is recorded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Clock;

/// A clock that is off by more than this from the time that passed was set.
pub const STEP_MIN: SignedDuration = SignedDuration::from_mins(5);
/// Settings that wait to be recorded; of one more, the oldest is forgotten.
const UNRECORDED_MAX: usize = 64;

/// The machine's clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set {
    /// The time then.
    pub last_known: Timestamp,
    /// What the clock showed.
    pub clock: Timestamp,
}

/// The machine's clock, as far as it goes with the time that passes.
pub struct SteadyClock {
    machine: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

struct Kept {
    /// The time when that much had passed.
    anchor: (Timestamp, Duration),
    /// How far the machine's clock is ahead of the time.
    ahead: SignedDuration,
    /// How far the time was corrected since the anchor.
    corrected: SignedDuration,
    unrecorded: VecDeque<Set>,
}

impl SteadyClock {
    /// Takes the machine's clock as it is now for right.
    #[must_use]
    pub fn new(machine: Arc<dyn Clock>) -> Self {
        let kept = Kept {
            anchor: (machine.now(), machine.steady()),
            ahead: SignedDuration::ZERO,
            corrected: SignedDuration::ZERO,
            unrecorded: VecDeque::new(),
        };
        Self { machine, kept: Mutex::new(kept) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let mut kept = self.kept();
        let (shown, passed) = (self.machine.now(), self.machine.steady());
        let (since, then) = kept.anchor;
        let went = SignedDuration::try_from(passed.saturating_sub(then));
        let expected = later(since, went.unwrap_or(SignedDuration::MAX));
        let time = later(shown, -kept.ahead);
        let corrected = time.duration_since(expected);
        if corrected.abs() <= STEP_MIN {
            kept.corrected = corrected;
            return time;
        }
        // What was followed until now stays followed: time never goes back by an alarm.
        let time = later(expected, kept.corrected);
        tracing::error!(%time, clock = %shown, "the clock of this machine was set");
        metrics::counter!("countersign_clock_alarms_total").increment(1);
        (kept.anchor, kept.corrected) = ((time, passed), SignedDuration::ZERO);
        kept.ahead = shown.duration_since(time);
        if kept.unrecorded.len() >= UNRECORDED_MAX {
            kept.unrecorded.pop_front();
        }
        kept.unrecorded.push_back(Set { last_known: time, clock: shown });
        time
    }

    fn shown(&self) -> Timestamp {
        self.machine.now()
    }

    fn steady(&self) -> Duration {
        self.machine.steady()
    }

    fn was_set(&self) -> Option<Set> {
        self.now();
        self.kept().unrecorded.front().copied()
    }

    fn recorded(&self) {
        self.kept().unrecorded.pop_front();
    }

    fn resume(&self, ahead: SignedDuration) {
        let mut kept = self.kept();
        (kept.ahead, kept.corrected) = (ahead, SignedDuration::ZERO);
        kept.anchor = (later(self.machine.now(), -ahead), self.machine.steady());
    }
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    let end = if span.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    at.saturating_add(span).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::super::ManualClock;
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn clocks() -> (ManualClock, SteadyClock, Timestamp) {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let machine = ManualClock::new(start);
        (machine.clone(), SteadyClock::new(Arc::new(machine)), start)
    }

    /// SR-097: neither forward nor back, and what passes passes.
    #[test]
    fn sr_097_no_setting_moves_the_time() {
        let (machine, clock, start) = clocks();
        for (set, settings) in [(HOUR * 9_000, 1), (-HOUR * 9_000, 2), (-HOUR, 3), (HOUR, 4)] {
            machine.step(set);
            assert_eq!(clock.now(), start, "{set:#}");
            assert_eq!(clock.shown(), machine.now());
            assert_eq!(clock.kept().unrecorded.len(), settings);
        }
        machine.step(HOUR);
        machine.advance(HOUR * 3);
        assert_eq!(clock.now(), start + HOUR * 3);
        let set = Set { last_known: start, clock: start + HOUR * 9_000 };
        assert_eq!(clock.was_set(), Some(set));
        clock.recorded();
        assert_eq!(clock.was_set().map(|set| set.clock), Some(start));
    }

    #[test]
    fn small_corrections_are_followed_until_they_add_up() {
        let (machine, clock, start) = clocks();
        machine.step(STEP_MIN);
        assert_eq!((clock.now(), clock.was_set()), (start + STEP_MIN, None));
        machine.step(SignedDuration::from_secs(1));
        assert_eq!(clock.now(), start + STEP_MIN);
        assert!(clock.was_set().is_some());
    }

    #[test]
    fn a_clock_that_was_ahead_is_ahead_after_a_restart() {
        let (machine, clock, start) = clocks();
        clock.resume(HOUR);
        assert_eq!((clock.now(), clock.was_set()), (start - HOUR, None));
        machine.advance(HOUR);
        assert_eq!(clock.now(), start);
    }
}
