//! Time that goes on evenly, whatever the machine's clock is set to (SR-097).
//!
//! ```text
//!   the machine's clock   ────────╮ set ahead        ╭──── set right
//!                                 ╰──────────────────╯
//!   time here             ──────────────────────────────────────▶
//! ```
//!
//! Small corrections are followed, by [`STEP_MIN`] in all: many small ones are one large one. A
//! correction that lasts is taken for good, a thousandth of the time that passed at the most. A
//! clock that is off by more was set: nothing that is decided follows it, neither forward, where
//! caps and delays would end in a moment, nor back, where they would not end for as long. That it
//! was set is kept until it is recorded. A clock that is set again and again is looked at less
//! often, so that two time services that disagree do not fill the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Clock;

/// A clock that is off by more than this from the time that passed was set.
pub const STEP_MIN: SignedDuration = SignedDuration::from_mins(5);
/// How often corrections are taken for good.
const SETTLE_EVERY: SignedDuration = SignedDuration::from_secs(1000);
/// What part of the time that passed may be: clocks err by far less.
const SETTLED_PART: i32 = 1000;
/// Settings that are noticed at once.
const SETTINGS_AT_ONCE: u32 = 16;
/// After those, the clock is looked at for another setting no sooner than so long after the last.
const SETTING_EVERY: Duration = Duration::from_mins(10);
/// Settings that wait to be recorded; of one more, the oldest is forgotten.
const UNRECORDED_MAX: usize = 64;

/// The machine's clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set {
    /// The time then: what the clock showed, where it was set right again.
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
    /// The time when that much had passed, without what was corrected since.
    anchor: (Timestamp, Duration),
    /// How far the machine's clock is ahead of the time.
    ahead: SignedDuration,
    /// How far the time was corrected, and that is not taken for good yet.
    corrected: SignedDuration,
    /// Until when the settings that were noticed use up what may be noticed.
    used_until: Duration,
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
            used_until: Duration::ZERO,
            unrecorded: VecDeque::new(),
        };
        Self { machine, kept: Mutex::new(kept) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// What the time would be if nothing had been corrected since the anchor.
    fn uncorrected(&self, passed: Duration) -> Timestamp {
        let (since, then) = self.anchor;
        later(since, signed(passed.saturating_sub(then)))
    }

    /// Takes for good what was corrected, as far as a clock that errs would be corrected.
    fn settle(&mut self, passed: Duration) {
        let went = signed(passed.saturating_sub(self.anchor.1));
        if went < SETTLE_EVERY {
            return;
        }
        let most = went / SETTLED_PART;
        let settled = self.corrected.clamp(-most, most);
        self.anchor = (later(self.uncorrected(passed), settled), passed);
        self.corrected -= settled;
    }

    /// The time, where the clock shows this.
    fn time(&mut self, shown: Timestamp, passed: Duration) -> Timestamp {
        self.settle(passed);
        let uncorrected = self.uncorrected(passed);
        let time = later(uncorrected, self.corrected);
        if !self.may_notice(passed) {
            return time;
        }
        let off = shown.duration_since(uncorrected);
        if !self.ahead.is_zero() && off.abs() <= STEP_MIN {
            tracing::warn!(clock = %shown, "the clock of this machine is right again");
            (self.ahead, self.corrected) = (SignedDuration::ZERO, off);
            self.notice(Set { last_known: shown, clock: shown }, passed);
            return shown;
        }
        let corrected = off - self.ahead;
        if corrected.abs() <= STEP_MIN {
            self.corrected = corrected;
            return later(shown, -self.ahead);
        }
        // What was followed until now stays followed: time never goes back by an alarm. And it
        // stays counted, or else every alarm would pay for another correction.
        tracing::error!(
            %time, clock = %shown,
            "the clock of this machine was set, and the time does not follow it: set it right, or, \
             where it is right now, restart once with --accept-clock"
        );
        self.ahead = shown.duration_since(time);
        self.notice(Set { last_known: time, clock: shown }, passed);
        time
    }

    fn may_notice(&self, passed: Duration) -> bool {
        self.used_until.saturating_sub(passed) <= SETTING_EVERY * (SETTINGS_AT_ONCE - 1)
    }

    fn notice(&mut self, set: Set, passed: Duration) {
        metrics::counter!("countersign_clock_alarms_total").increment(1);
        if self.unrecorded.len() >= UNRECORDED_MAX {
            self.unrecorded.pop_front();
        }
        self.unrecorded.push_back(set);
        self.used_until = self.used_until.max(passed).saturating_add(SETTING_EVERY);
        if !self.may_notice(passed) {
            tracing::error!(
                "the clock of this machine is set again and again, by two time services perhaps: \
                 it is looked at every ten minutes"
            );
        }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let mut kept = self.kept();
        let (shown, passed) = (self.machine.now(), self.machine.steady());
        kept.time(shown, passed)
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

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    let end = if span.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    at.saturating_add(span).unwrap_or(end)
}

#[cfg(test)]
mod tests;
