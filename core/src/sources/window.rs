//! Time that only runs forward, and counts within spans that slide along with it.
//!
//! A window keeps its span in thirty slots, so that its size does not depend on what it counts. A
//! slot is dropped as a whole once its last moment is out: nothing is forgotten before its span is
//! over, and nothing is remembered for more than a thirtieth of it longer.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Slots of a span.
const SLOTS: u64 = 30;
/// An hour, in milliseconds.
pub(super) const HOUR: u64 = 60 * 60 * 1000;
/// A day, in milliseconds.
pub(super) const DAY: u64 = 24 * HOUR;

/// Milliseconds since this process began to count.
///
/// The clock may be set back: then no time has passed, and from there on it passes as it does. So
/// nothing ends sooner for it, and nothing waits for the clock to catch up (SR-097).
#[derive(Debug, Default)]
pub(super) struct OwnTime {
    seen: Option<Timestamp>,
    millis: u64,
}

impl OwnTime {
    /// The time that it is, where the clock shows this.
    pub(super) fn at(&mut self, clock: Timestamp) -> u64 {
        let before = self.seen.replace(clock).unwrap_or(clock);
        let passed = clock.as_millisecond().saturating_sub(before.as_millisecond());
        self.millis = self.millis.saturating_add(u64::try_from(passed).unwrap_or(0));
        self.millis
    }
}

/// How often something happened within the last `SPAN` milliseconds.
#[derive(Debug, Default)]
pub(super) struct Window<const SPAN: u64> {
    /// Slot and count, the oldest first; of no slot two.
    slots: VecDeque<(u32, u32)>,
}

impl<const SPAN: u64> Window<SPAN> {
    /// Counts one more.
    pub(super) fn add(&mut self, now: u64) {
        self.slide(now);
        let slot = slot::<SPAN>(now);
        match self.slots.back_mut() {
            Some((last, count)) if *last == slot => *count = count.saturating_add(1),
            _ => self.slots.push_back((slot, 1)),
        }
    }

    /// How many there are.
    pub(super) fn count(&self, now: u64) -> u32 {
        let live = self.slots.iter().filter(|(slot, _)| is_live::<SPAN>(*slot, now));
        live.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// When there are fewer than `limit`, if no more come.
    pub(super) fn below_at(&self, limit: u32, now: u64) -> u64 {
        let mut left = self.count(now);
        for (slot, count) in self.slots.iter().filter(|(slot, _)| is_live::<SPAN>(*slot, now)) {
            if left < limit {
                break;
            }
            left = left.saturating_sub(*count);
            if left < limit {
                let out = u64::from(*slot).saturating_add(SLOTS + 1);
                return out.saturating_mul(SPAN / SLOTS);
            }
        }
        now
    }

    fn slide(&mut self, now: u64) {
        while self.slots.front().is_some_and(|(slot, _)| !is_live::<SPAN>(*slot, now)) {
            self.slots.pop_front();
        }
    }
}

/// The slot that it is: for thousands of years another one each time.
fn slot<const SPAN: u64>(now: u64) -> u32 {
    u32::try_from(now / (SPAN / SLOTS)).unwrap_or(u32::MAX)
}

fn is_live<const SPAN: u64>(then: u32, now: u64) -> bool {
    u64::from(slot::<SPAN>(now).saturating_sub(then)) <= SLOTS
}

/// Which accounts something happened to within the last hour, each once.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    /// Account and slot, the one that it happened to last at the end.
    accounts: VecDeque<(u32, u32)>,
}

impl Distinct {
    /// It happened to this one. Of more than `most` the earliest is dropped.
    pub(super) fn add(&mut self, account: u32, most: u32, now: u64) {
        self.accounts.retain(|(known, slot)| *known != account && is_live::<HOUR>(*slot, now));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        while self.accounts.len() >= most.max(1) {
            self.accounts.pop_front();
        }
        self.accounts.push_back((account, slot::<HOUR>(now)));
    }

    /// How many there are.
    pub(super) fn count(&self, now: u64) -> u32 {
        let live = self.accounts.iter().filter(|(_, slot)| is_live::<HOUR>(*slot, now));
        u32::try_from(live.count()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = HOUR / 60;
    const SLOT: u64 = HOUR / SLOTS;

    #[test]
    fn a_window_forgets_nothing_before_its_span_is_over_and_everything_soon_after() {
        for start in [0, 1, SLOT - 1, 17 * SLOT + 3] {
            let mut window = Window::<HOUR>::default();
            window.add(start);
            assert_eq!(window.count(start + HOUR - 1), 1, "{start}");
            assert_eq!(window.count(start + HOUR + SLOT), 0, "{start}");
        }
    }

    #[test]
    fn a_window_never_has_more_slots_than_its_span() {
        let mut window = Window::<DAY>::default();
        for minute in 0..10_000 {
            window.add(minute * MINUTE);
        }
        assert!(window.slots.len() <= 31, "{}", window.slots.len());
        assert!((1440..=1488).contains(&window.count(9_999 * MINUTE)));
    }

    #[test]
    fn a_window_says_when_it_has_room_again() {
        let mut window = Window::<HOUR>::default();
        for at in [0, 10, 20] {
            window.add(at * MINUTE);
        }
        let now = 30 * MINUTE;
        assert_eq!(window.below_at(4, now), now);
        let free = window.below_at(2, now);
        assert_eq!(free, 72 * MINUTE);
        assert_eq!((window.count(free - 1), window.count(free)), (2, 1));
    }

    #[test]
    fn an_account_counts_once_and_from_its_last_time_on() {
        let mut distinct = Distinct::default();
        for (account, at) in [(1, 0), (2, 1), (1, 30)] {
            distinct.add(account, 20, at * MINUTE);
        }
        assert_eq!(distinct.count(30 * MINUTE), 2);
        assert_eq!(distinct.count(64 * MINUTE), 1);
        assert_eq!(distinct.count(92 * MINUTE), 0);
        for account in 0..100 {
            distinct.add(account, 20, 30 * MINUTE);
        }
        assert_eq!(distinct.accounts.len(), 20);
    }

    /// SR-097: a clock that is set back takes no time away, and none stands still after it.
    #[test]
    fn sr_097_own_time_never_runs_back_and_never_waits() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut time = OwnTime::default();
        assert_eq!(time.at(at(100_000)), 0);
        assert_eq!(time.at(at(100_010)), 10_000);
        assert_eq!(time.at(at(13_610)), 10_000);
        assert_eq!(time.at(at(13_611)), 11_000);
        assert_eq!(time.at(Timestamp::MIN), 11_000);
        assert!(time.at(Timestamp::MAX) > 11_000);
    }
}
