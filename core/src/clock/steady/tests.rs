//! Whatever the machine's clock is set to, and however often.

use super::super::ManualClock;
use super::*;

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn clocks() -> (ManualClock, SteadyClock, Timestamp) {
    let start = Timestamp::from_second(1_800_000_000).unwrap();
    let machine = ManualClock::new(start);
    (machine.clone(), SteadyClock::new(Arc::new(machine)), start)
}

/// Records all that was noticed: how much that is.
fn recorded(clock: &SteadyClock) -> usize {
    std::iter::from_fn(|| clock.was_set().map(|_| clock.recorded())).count()
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
    machine.step(SECOND);
    assert_eq!(clock.now(), start + STEP_MIN);
    assert!(clock.was_set().is_some());
}

/// SR-097: steps below the threshold add up, and an alarm between them pays for none.
#[test]
fn sr_097_many_small_steps_are_one_large_one() {
    for step in [SECOND, SECOND * 30, STEP_MIN - SECOND, STEP_MIN, STEP_MIN + SECOND] {
        for step in [step, -step] {
            let (machine, clock, start) = clocks();
            for second in 1..=20_000 {
                machine.advance(SECOND);
                machine.step(step);
                let passed = SECOND * second;
                let most = STEP_MIN + passed / SETTLED_PART;
                let off = clock.now().duration_since(start + passed);
                assert!(off.abs() <= most, "{step:#}: {off:#} after {second} s");
                recorded(&clock);
            }
        }
    }
}

/// SR-097: one that errs as clocks do, and is corrected once a day, raises no alarm in years.
#[test]
fn a_clock_that_errs_a_little_is_followed_for_ever() {
    for error in [SECOND * 20, -SECOND * 20] {
        let (machine, clock, _) = clocks();
        for _ in 0..1_000 {
            machine.step(error);
            for _ in 0..24 {
                machine.advance(HOUR);
                assert_eq!(clock.now(), machine.now());
            }
        }
        assert_eq!(clock.was_set(), None);
    }
}

/// SR-097: a clock that two services fight over raises its alarm, and does not fill the log.
#[test]
fn sr_097_a_clock_that_is_set_every_second_is_recorded_every_ten_minutes() {
    let (machine, clock, start) = clocks();
    let (mut settings, day) = (0, 24 * 60 * 60);
    for second in 1..=day {
        machine.advance(SECOND);
        machine.step(if second % 2 == 0 { -DAY } else { DAY });
        assert_eq!(clock.now(), start + SECOND * second);
        settings += recorded(&clock);
    }
    let most = usize::try_from(day / 600).unwrap() + SETTINGS_AT_ONCE as usize;
    assert!((most / 2..=most).contains(&settings), "{settings} settings");
    // At peace again, it is followed again.
    machine.set(start + DAY * 3);
    assert_eq!(clock.now(), machine.now());
    machine.step(SECOND);
    assert_eq!(clock.now(), machine.now());
}

/// SR-097: one that was set right again, within what is corrected, is followed as before.
#[test]
fn sr_097_a_clock_that_is_right_again_is_followed_again() {
    let (machine, clock, start) = clocks();
    machine.step(DAY);
    assert_eq!((clock.now(), recorded(&clock)), (start, 1));
    machine.step(SECOND * 40 - DAY);
    let right = start + SECOND * 40;
    assert_eq!(clock.now(), right);
    assert_eq!(clock.was_set(), Some(Set { last_known: right, clock: right }));
    assert_eq!(recorded(&clock), 1);
}

#[test]
fn a_clock_that_was_ahead_is_ahead_after_a_restart() {
    let (machine, clock, start) = clocks();
    clock.resume(HOUR);
    assert_eq!((clock.now(), clock.was_set()), (start - HOUR, None));
    machine.advance(HOUR);
    assert_eq!(clock.now(), start);
}
