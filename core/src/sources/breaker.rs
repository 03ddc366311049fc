//! The breaker: whether second factors are being guessed over all accounts.
//!
//! Each account's own cap bounds what a guesser gains from it; over a million accounts with known
//! passwords some are taken all the same. So the failures of everybody are counted together, and
//! far more of them than usual raise an alarm. The alarm changes no answer, unless the policy has
//! accounts guarded while it sounds.
//!
//! ```text
//!             more failures than usual, or too large a share
//!   calm ───────────────────────────────────────────────────▶ tripped
//!     ▲                                                          │
//!     └────────── neither of it for ten minutes on end ──────────┘
//! ```

use std::collections::VecDeque;

use jiff::Timestamp;

use super::window::{HOUR, Window};
use crate::domain::policy::BreakerPolicy;

/// A share of fewer attempts in an hour says nothing.
const SHARE_ATTEMPTS_MIN: u32 = 200;
/// Hours of which the median is what is usual: seven days.
const HOURS: usize = 7 * 24;
/// How long it must be calm before the alarm ends: else one attack is a hundred alarms.
const CALM: u64 = HOUR / 6;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerState {
    /// Since when there is an alarm, if there is one.
    pub tripped_since: Option<Timestamp>,
    /// Failures in the last hour.
    pub failures_hour: u32,
    /// Attempts in the last hour.
    pub attempts_hour: u32,
    /// Failures in a usual hour.
    pub usual_hour: u32,
}

/// What has changed by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// There is an alarm.
    Tripped(BreakerState),
    /// It has ended.
    Ended(BreakerState),
}

/// Failures and attempts of all accounts.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: Window<HOUR>,
    attempts: Window<HOUR>,
    /// Failures of whole hours that are over, the oldest first; hours before the start are not
    /// known and say nothing.
    hours: VecDeque<u32>,
    /// The hour that runs, and its failures.
    hour: (u64, u32),
    tripped_since: Option<Timestamp>,
    /// When it was last not calm.
    restless_at: u64,
}

impl Breaker {
    /// Counts an attempt.
    pub(super) fn count(&mut self, failed: bool, now: u64) {
        self.roll(now);
        self.attempts.add(now);
        if failed {
            self.failures.add(now);
            self.hour.1 = self.hour.1.saturating_add(1);
        }
    }

    /// Whether there is an alarm, as of the last look.
    pub(super) const fn is_tripped(&self) -> bool {
        self.tripped_since.is_some()
    }

    /// How it stands.
    pub(super) fn state(&mut self, now: u64) -> BreakerState {
        self.roll(now);
        BreakerState {
            tripped_since: self.tripped_since,
            failures_hour: self.failures.count(now),
            attempts_hour: self.attempts.count(now),
            usual_hour: median(&self.hours),
        }
    }

    /// Looks whether there is an alarm; tells where that has changed.
    pub(super) fn look(
        &mut self,
        now: u64,
        clock: Timestamp,
        policy: &BreakerPolicy,
    ) -> Option<Change> {
        let seen = self.state(now);
        let is_restless = is_restless(&seen, policy);
        if is_restless {
            self.restless_at = now;
        }
        let is_calm = now.saturating_sub(self.restless_at) >= CALM;
        match self.tripped_since {
            None if is_restless => {
                self.tripped_since = Some(clock);
                Some(Change::Tripped(self.state(now)))
            }
            Some(_) if is_calm => {
                self.tripped_since = None;
                Some(Change::Ended(self.state(now)))
            }
            _ => None,
        }
    }

    fn roll(&mut self, now: u64) {
        let (hour, failures) = self.hour;
        let over = (now / HOUR).saturating_sub(hour);
        if over == 0 {
            return;
        }
        self.hour = (now / HOUR, 0);
        let quiet = usize::try_from(over - 1).unwrap_or(HOURS).min(HOURS);
        self.hours.push_back(failures);
        self.hours.extend(std::iter::repeat_n(0, quiet));
        while self.hours.len() > HOURS {
            self.hours.pop_front();
        }
    }
}

fn is_restless(seen: &BreakerState, policy: &BreakerPolicy) -> bool {
    let most = policy.failures_min.max(seen.usual_hour.saturating_mul(policy.times_usual));
    let (failures, attempts) = (u64::from(seen.failures_hour), u64::from(seen.attempts_hour));
    let share_counts = seen.attempts_hour >= SHARE_ATTEMPTS_MIN;
    seen.failures_hour > most
        || (share_counts && failures * 100 > attempts * u64::from(policy.share_percent))
}

/// The median; of an even number of hours the lower one, so that it is one of them.
fn median(hours: &VecDeque<u32>) -> u32 {
    let mut sorted: Vec<u32> = hours.iter().copied().collect();
    sorted.sort_unstable();
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Policy;

    const MINUTE: u64 = HOUR / 60;

    fn at(now: u64) -> Timestamp {
        Timestamp::from_millisecond(i64::try_from(now).unwrap()).unwrap()
    }

    fn look(breaker: &mut Breaker, now: u64) -> Option<Change> {
        breaker.look(now, at(now), &Policy::default().breaker)
    }

    fn count(breaker: &mut Breaker, failures: u32, successes: u32, now: u64) -> Option<Change> {
        let failed = (0..failures).map(|_| true).chain((0..successes).map(|_| false));
        failed.for_each(|failed| breaker.count(failed, now));
        look(breaker, now)
    }

    fn is_tripped(change: Option<Change>) -> bool {
        matches!(change, Some(Change::Tripped(_)))
    }

    #[test]
    fn sr_091_more_than_200_failures_in_an_hour_trip_it_where_few_are_usual() {
        let mut breaker = Breaker::default();
        assert_eq!(count(&mut breaker, 200, 1000, MINUTE), None);
        assert!(is_tripped(count(&mut breaker, 1, 0, 2 * MINUTE)));
        assert_eq!(breaker.state(2 * MINUTE).tripped_since, Some(at(2 * MINUTE)));
        assert_eq!(count(&mut breaker, 100, 0, 3 * MINUTE), None, "told once");
    }

    #[test]
    fn sr_091_five_times_what_is_usual_trips_it_where_many_are() {
        let mut breaker = Breaker::default();
        for hour in 0..48 {
            assert!(!is_tripped(count(&mut breaker, 100, 900, hour * HOUR)), "{hour}");
        }
        let now = 60 * HOUR;
        assert_eq!(breaker.state(now).usual_hour, 100);
        assert_eq!(count(&mut breaker, 500, 4500, now), None);
        assert!(is_tripped(count(&mut breaker, 1, 0, now)));
    }

    #[test]
    fn sr_091_the_usual_is_the_median_of_seven_days_and_an_attack_does_not_move_it() {
        let mut breaker = Breaker::default();
        for hour in 0..170 {
            count(&mut breaker, if hour % 24 < 8 { 10_000 } else { 60 }, 0, hour * HOUR);
        }
        let state = breaker.state(170 * HOUR);
        assert_eq!((state.usual_hour, breaker.hours.len()), (60, 168));
        assert_eq!(breaker.state(10_000 * HOUR).usual_hour, 0);
        assert_eq!(breaker.hours.len(), 168);
    }

    #[test]
    fn sr_091_a_share_of_more_than_30_percent_of_200_attempts_trips_it() {
        let mut breaker = Breaker::default();
        assert_eq!(count(&mut breaker, 199, 0, 0), None, "too few to have a share");
        let mut breaker = Breaker::default();
        assert_eq!(count(&mut breaker, 60, 140, 0), None, "30 percent");
        assert!(is_tripped(count(&mut breaker, 1, 0, 0)));
    }

    /// SR-091: the numbers are those of the policy.
    #[test]
    fn sr_091_the_policy_says_when_it_trips() {
        let calm = BreakerPolicy { failures_min: 10, ..Policy::default().breaker };
        let mut breaker = Breaker::default();
        (0..11).for_each(|_| breaker.count(true, 0));
        assert_eq!(look(&mut breaker, 0), None);
        assert!(is_tripped(breaker.look(0, at(0), &calm)));
        let share = BreakerPolicy { share_percent: 20, ..Policy::default().breaker };
        let mut breaker = Breaker::default();
        assert_eq!(count(&mut breaker, 41, 159, 0), None);
        assert!(is_tripped(breaker.look(0, at(0), &share)));
    }

    #[test]
    fn the_alarm_ends_once_after_ten_calm_minutes_and_not_before() {
        let mut breaker = Breaker::default();
        assert!(is_tripped(count(&mut breaker, 300, 0, 0)));
        let calm = 62 * MINUTE;
        assert_eq!(look(&mut breaker, calm - 1), None);
        assert_eq!(look(&mut breaker, calm), None);
        assert_eq!(look(&mut breaker, calm - 1 + 10 * MINUTE - 1), None);
        let ended = look(&mut breaker, calm + 10 * MINUTE);
        assert!(matches!(ended, Some(Change::Ended(_))), "{ended:?}");
        assert_eq!(look(&mut breaker, calm + 20 * MINUTE), None);
    }
}
