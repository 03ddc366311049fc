//! What the limits allow over a year, to whom: on the counters alone.

use countersign_events::account::{CooledDown, Lane, LockRule, LockedOut, Method};
use countersign_events::id::HandleHash;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Counter, FAILURES_KEPT_MAX, Guess, Limit, Limits, Lock, Rule, Waits, window};

const TOTP: Method = Method::Totp;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn handle(number: u64) -> HandleHash {
    HandleHash::new(u128::from(number).to_be_bytes())
}

fn totp() -> Limit {
    Limits::standard().totp
}

/// Somebody who tries, always wrong: admitted, judged, counted as the events say.
fn tries(counter: &mut Counter, limit: &Limit, guess: Guess) -> Result<Lane, Lock> {
    let lane = counter.admit(TOTP, limit, &guess)?;
    let outcome = counter.after(TOTP, limit, lane, &guess);
    counter.fail(TOTP, lane, &guess);
    let unresolved = outcome.unresolved;
    if let Some(until) = outcome.wait_until {
        let (rule, ends_sign_ins) = ("wait".to_owned(), true);
        let event = CooledDown { method: TOTP, lane, until, unresolved, rule, ends_sign_ins };
        counter.cool_down(guess.at, &event);
    }
    if let Some((rule, unresolved, until)) = outcome.lock {
        let event = LockedOut { method: TOTP, lane, rule, unresolved, until, ends_sign_ins: true };
        counter.lock_out(guess.at, &event);
    }
    Ok(lane)
}

fn elsewhere(at: Timestamp, sign_in: u64) -> Guess {
    Guess { at, within: Some(handle(sign_in)), device: None }
}

#[test]
fn waits_double_up_to_an_hour() {
    let waits = Limits::standard().password.waits;
    let seconds: Vec<_> =
        (1..=14).map(|count| waits.after(count).map_or(0, |wait| wait.as_secs())).collect();
    assert_eq!(seconds, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    let Waits::Doubling { max, .. } = waits else { panic!("doubling") };
    assert_eq!(Limits::standard().password.waits.after(u32::MAX), Some(max));
}

/// SR-083, SR-085: at full rate, from anywhere, in ever new sign-ins: sixteen guesses in a year.
#[test]
fn sr_085_a_year_of_guessing_from_elsewhere_is_sixteen_guesses() {
    let (mut counter, limit) = (Counter::default(), totp());
    let mut evaluated = 0;
    for hour in 0..(365 * 24) {
        let at = start() + HOUR * hour;
        for burst in 0..20 {
            let guess = elsewhere(at, u64::try_from(hour).unwrap() * 100 + burst);
            evaluated += i32::from(tries(&mut counter, &limit, guess).is_ok());
        }
    }
    assert_eq!(evaluated, 16);
    let shut = counter.admit(TOTP, &limit, &elsewhere(start() + DAY * 364, 1)).unwrap_err();
    assert_eq!((shut.rule, shut.until), (Rule::LaneCap, Some(start() + DAY * 365)));
}

/// SR-084: the holder's daily success, in another sign-in and at another device, forgives nothing.
#[test]
fn sr_084_the_holders_success_forgives_no_guess_from_elsewhere() {
    let (mut counter, limit) = (Counter::default(), totp());
    let mut evaluated = 0;
    for day in 0..365_u64 {
        let at = start() + DAY * i32::try_from(day).unwrap();
        for guess in 0..4 {
            let guess = elsewhere(at + HOUR * guess, day);
            evaluated += i32::from(tries(&mut counter, &limit, guess).is_ok());
        }
        counter.forgive_within(handle(1_000_000 + day));
        counter.forgive_at(handle(7));
    }
    assert_eq!(evaluated, 16);
}

/// SR-085, SR-086: with known devices too, twenty-six in all; then it must be bound anew.
#[test]
fn sr_086_with_known_devices_it_is_twenty_six_and_then_disabled() {
    let (mut counter, limit) = (Counter::default(), totp());
    let mut lanes = vec![];
    for hour in 0..(365 * 24) {
        let at = start() + HOUR * hour;
        for device in [Some(handle(1)), Some(handle(2)), Some(handle(3)), None] {
            let within = Some(handle(u64::try_from(hour).unwrap()));
            lanes.extend(tries(&mut counter, &limit, Guess { at, within, device }));
        }
    }
    assert_eq!(lanes.iter().filter(|lane| **lane == Lane::Known).count(), 10);
    assert_eq!(lanes.iter().filter(|lane| **lane == Lane::Unknown).count(), 16);
    let after = elsewhere(start() + DAY * 4_000, 1);
    let shut = counter.admit(TOTP, &limit, &after).unwrap_err();
    assert_eq!((shut.rule, shut.until), (Rule::HardCap, None), "not by time");
    counter.forgive_all();
    assert!(counter.admit(TOTP, &limit, &after).is_err(), "nor by support");
    counter.begin_anew();
    assert_eq!(counter.admit(TOTP, &limit, &after), Ok(Lane::Unknown));
}

/// SR-088: whoever guesses from elsewhere takes nothing from the holder's own device.
#[test]
fn sr_088_a_known_device_has_its_own_guesses() {
    let (mut counter, limit) = (Counter::default(), totp());
    for guess in 0..1_000 {
        let _refused = tries(&mut counter, &limit, elsewhere(start(), guess));
    }
    let at_home = Guess { at: start(), within: Some(handle(9)), device: Some(handle(7)) };
    for _ in 0..4 {
        assert_eq!(tries(&mut counter, &limit, at_home), Ok(Lane::Known));
    }
    counter.forgive_at(handle(7));
    assert_eq!(counter.unresolved(TOTP, Lane::Known, start()), 0);
    assert_eq!(counter.unresolved(TOTP, Lane::Unknown, start()), 5);
}

/// SR-084: a new handle forgives what was wrong in the device's own lane; what came after that, in
/// the lane of all, is tied to no device.
#[test]
fn sr_084_a_new_handle_forgives_what_was_wrong_in_the_devices_lane() {
    let (mut counter, limit) = (Counter::default(), totp());
    let at = |device| Guess { at: start(), within: None, device: Some(handle(device)) };
    for _ in 0..5 {
        tries(&mut counter, &limit, at(1)).unwrap();
    }
    assert_eq!(tries(&mut counter, &limit, at(1)), Ok(Lane::Unknown));
    assert_eq!(tries(&mut counter, &limit, at(2)), Ok(Lane::Known));
    counter.forgive_at(handle(1));
    assert_eq!(counter.unresolved(TOTP, Lane::Known, start()), 1, "the other device's");
    assert_eq!(counter.unresolved(TOTP, Lane::Unknown, start()), 1);
}

/// SR-083: a refused attempt moves no end.
#[test]
fn sr_083_hammering_moves_no_end() {
    let (mut counter, limit) = (Counter::default(), totp());
    for guess in 0..5 {
        tries(&mut counter, &limit, elsewhere(start(), guess)).unwrap();
    }
    let end = start() + SignedDuration::from_mins(15);
    for second in 0..900 {
        let at = start() + SignedDuration::from_secs(second);
        let shut = tries(&mut counter, &limit, elsewhere(at, 1)).unwrap_err();
        assert_eq!((shut.rule, shut.until), (Rule::Wait, Some(end)));
    }
    assert_eq!(counter.admit(TOTP, &limit, &elsewhere(end, 1)), Ok(Lane::Unknown));
}

/// A counter is bounded whatever is folded into it.
#[test]
fn a_counter_keeps_no_more_failures_than_there_is_room_for() {
    let mut counter = Counter::default();
    for guess in 0..10_000 {
        counter.fail(TOTP, Lane::Unknown, &elsewhere(start(), guess));
    }
    let kept = counter.unresolved(TOTP, Lane::Unknown, start());
    assert_eq!(usize::try_from(kept).unwrap(), FAILURES_KEPT_MAX);
    let locked = counter.after(TOTP, &totp(), Lane::Unknown, &elsewhere(start(), 0)).lock;
    assert!(matches!(locked, Some((LockRule::HardCap, ..))), "{locked:?}");
}

proptest! {
    /// SR-085, I1: in no window of a year are there more evaluated and unresolved guesses than the
    /// caps, whatever anybody does, for 400 days and more.
    #[test]
    fn sr_085_no_window_of_a_year_has_more_than_the_caps(
        steps in proptest::collection::vec((0_i64..40_000, 0_u64..4, 0_u8..10), 1..400)
    ) {
        let (mut counter, limit) = (Counter::default(), totp());
        let mut at = start();
        let mut unresolved: Vec<(Timestamp, Lane, u64)> = vec![];
        for (place, (seconds, device, what)) in (0_u64..).zip(steps) {
            at += SignedDuration::from_secs(seconds * 10);
            let known = (device > 0).then(|| handle(device));
            let guess = Guess { at, within: Some(handle(1_000 + place)), device: known };
            if what == 0 && device > 0 {
                counter.forgive_at(handle(device));
                unresolved.retain(|(_, lane, of)| *of != device || *lane == Lane::Unknown);
            } else if let Ok(lane) = tries(&mut counter, &limit, guess) {
                unresolved.push((at, lane, device));
            }
            let is_young = |then: Timestamp| at.duration_since(then) < window(TOTP);
            let counts = unresolved.iter().filter(|(then, ..)| is_young(*then));
            let unknown = counts.clone().filter(|(_, lane, _)| *lane == Lane::Unknown).count();
            prop_assert!(unknown <= 16, "{unknown} from elsewhere");
            prop_assert!(counts.count() <= 26, "in all");
        }
    }
}
