//! Steps of the clock: time that it shows as passed and that did not pass.
//!
//! ```text
//!              alarm                                  an account that remembers what came before
//!   ───last_known│clock───▶      ClockAlarm in the log ──▶ ClockStepped in its stream
//!         no time passed                                   what was counted keeps its age
//! ```
//!
//! Codes of authenticators follow the clock as it is. What is remembered for a year does not: a
//! clock that is set a year ahead would give whoever guesses a year's guesses in a moment (SR-097).

use countersign_events::account::ClockStepped;
use countersign_events::id::Revision;
use countersign_events::log_event::ClockAlarm;
use jiff::{SignedDuration, Timestamp};

use super::account::Account;

/// A clock that is off by more than this from the time that passed was set.
pub const STEP_MIN: SignedDuration = SignedDuration::from_mins(5);

/// The steps forward that were not taken back, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockSteps(Vec<ClockStepped>);

impl ClockSteps {
    /// Takes the next alarm of the log. A step back takes back what was ahead of where it leads.
    pub fn take(&mut self, alarm: Revision, event: &ClockAlarm) {
        let ClockAlarm { last_known, clock } = *event;
        if last_known < clock {
            self.0.push(ClockStepped { alarm, last_known, clock });
            return;
        }
        for step in &mut self.0 {
            step.clock = step.clock.min(clock);
        }
        self.0.retain(|step| step.last_known < step.clock);
    }

    /// The next step that an account has not been told of and that something of it is older than.
    /// Its own time never goes back: it steps from its last event, where that is later.
    #[must_use]
    pub fn next_for(&self, account: &Account) -> Option<ClockStepped> {
        let unseen = |step: &&ClockStepped| {
            account.clock_alarm.is_none_or(|seen| seen < step.alarm)
                && account.remembers_from_before(step)
        };
        let last = account.last.map(|(_, at)| at);
        let own = |step: &ClockStepped| ClockStepped {
            last_known: last.map_or(step.last_known, |last| last.max(step.last_known)),
            ..*step
        };
        let is_ahead = |step: &ClockStepped| step.last_known < step.clock;
        self.0.iter().filter(unseen).map(own).find(is_ahead)
    }
}

/// A time of before a step, as it is to be counted from after it. What happened after it was dated
/// by the clock that was set, or later.
#[must_use]
pub fn after_step(at: Timestamp, step: &ClockStepped) -> Timestamp {
    if at >= step.clock {
        return at;
    }
    let by = step.clock.duration_since(step.last_known).max(SignedDuration::ZERO);
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl Account {
    /// Whether it remembers something for long that was dated before the clock was set.
    fn remembers_from_before(&self, step: &ClockStepped) -> bool {
        let opened = self.open().and_then(|open| open.lane_opened_by_mail_at);
        let mut times = opened.into_iter().chain(self.lockout_resets.iter().copied());
        self.limits.has_failures_before(step.clock) || times.any(|at| at < step.clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute.saturating_mul(60)).unwrap()
    }

    fn alarm(last_known: i64, clock: i64) -> ClockAlarm {
        ClockAlarm { last_known: at(last_known), clock: at(clock) }
    }

    fn spans(steps: &ClockSteps) -> Vec<(Timestamp, Timestamp)> {
        steps.0.iter().map(|step| (step.last_known, step.clock)).collect()
    }

    #[test]
    fn a_step_back_takes_back_what_was_ahead() {
        let mut steps = ClockSteps::default();
        for (revision, event) in (1..).zip([alarm(100, 200), alarm(250, 400), alarm(450, 300)]) {
            steps.take(Revision::new(revision), &event);
        }
        assert_eq!(spans(&steps), [(at(100), at(200)), (at(250), at(300))]);
        steps.take(Revision::new(4), &alarm(310, 90));
        assert_eq!(spans(&steps), []);
    }

    #[test]
    fn only_what_came_before_keeps_its_age() {
        let step = ClockStepped { alarm: Revision::new(1), last_known: at(100), clock: at(160) };
        assert_eq!(after_step(at(40), &step), at(100));
        assert_eq!(after_step(at(100), &step), at(160));
        assert_eq!(after_step(at(160), &step), at(160));
        let back = ClockStepped { last_known: at(160), clock: at(100), ..step };
        assert_eq!(after_step(at(40), &back), at(40), "nothing gets older by an event");
    }
}
