//! Phones whose clocks are off: what is learned of them, and what is not.

use countersign_events::account::{AccountEvent, Enabled, RejectedWhy};

use super::harness::{
    Given, enable_requested, enrolled, factor, given, mins, secs, sign_in_opened, verify, waiting,
};
use crate::domain::command::Evidence;
use crate::domain::totp::{DRIFT_STEPS, Generator};

/// The offsets at which a code of an authenticator enters now, if it belongs to no step accepted
/// before.
fn accepted_offsets(given: &Given, number: u128) -> Vec<i32> {
    let enters = |offset: &i32| {
        let evidence = Evidence::Totp(given.compared(number, &[*offset]));
        matches!(given.answer(evidence).events()[..], [AccountEvent::CodeVerified(_)])
    };
    (-DRIFT_STEPS..=DRIFT_STEPS).filter(enters).collect()
}

/// Half an hour later, and again somebody waits to type a code.
fn later(given: Given) -> Given {
    let given = given.after(mins(30));
    let ends = given.now.duration_since(super::harness::start()) + mins(10);
    given.and([sign_in_opened(1, ends)])
}

/// A code of an authenticator was accepted, so many steps off.
fn accepted(given: Given, number: u128, offset: i32) -> Given {
    let evidence = Evidence::Totp(given.compared(number, &[offset]));
    let given = given.play(verify(1, evidence));
    later(given)
}

/// SR-014, as it stands in the rule: a phone 40 s slow enters once at the edge of the window, and
/// from then on at any time, with as many codes as before.
#[test]
fn sr_014_a_phone_40_s_slow_enters_at_the_edge_and_then_at_any_time() {
    let generator = Generator::new(b"12345678901234567890").unwrap();
    let typed = |given: &Given| {
        let now = u64::try_from(given.now.as_second()).unwrap();
        Evidence::Totp(generator.compare(factor(1), &generator.code((now - 40) / 30), now, 0))
    };
    let enters = |given: &Given| {
        matches!(given.answer(typed(given)).events()[..], [AccountEvent::CodeVerified(_)])
    };
    let at_second = |given: &Given, second| given.clone().after(secs(second));
    let unknown = later(given(waiting()));
    for second in 0..30 {
        assert_eq!(enters(&at_second(&unknown, second)), second >= 10, "at second {second}");
    }
    let at_the_edge = at_second(&unknown, 10);
    let learned = later(at_the_edge.clone().play(verify(1, typed(&at_the_edge))));
    for second in 0..30 {
        assert!(enters(&at_second(&learned, second)), "at second {second}");
    }
    assert_eq!(accepted_offsets(&unknown, 1), [-1, 0, 1]);
    assert_eq!(accepted_offsets(&learned, 1), [-2, -1, 0]);
}

/// SR-014: whatever was accepted, in whatever order, three codes enter, and none that is more than
/// two steps off.
#[test]
fn sr_014_the_window_shifts_by_one_step_and_is_never_wider() {
    let mut walks = vec![later(given(waiting()))];
    for _ in 0..3 {
        walks = walks
            .into_iter()
            .flat_map(|given| {
                let offsets = accepted_offsets(&given, 1);
                assert_eq!(offsets.len(), 3, "{offsets:?}");
                let side_by_side = offsets.windows(2).all(|pair| pair[0] + 1 == pair[1]);
                assert!(side_by_side && offsets.contains(&0), "{offsets:?}");
                let next = move |offset| accepted(given.clone(), 1, offset);
                offsets.into_iter().map(next).collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!(walks.len(), 27);
}

/// SR-014: a clock that was set right is learned like one that went wrong.
#[test]
fn sr_014_a_clock_that_was_set_right_is_learned_again() {
    let slow = accepted(accepted(later(given(waiting())), 1, -1), 1, -2);
    assert_eq!(accepted_offsets(&slow, 1), [-2, -1, 0]);
    let right = accepted(slow, 1, 0);
    assert_eq!(accepted_offsets(&right, 1), [-1, 0, 1]);
}

/// SR-014: what a wrong code seems to tell of the clock shifts nothing.
#[test]
fn sr_014_nothing_is_learned_of_a_refused_code() {
    let given = later(given(waiting()));
    let refused = given.clone().play(verify(1, given.totp(&[-3])));
    assert_eq!(accepted_offsets(&refused, 1), [-1, 0, 1]);
}

/// SR-014: each phone has a clock of its own; a new authenticator is on a phone that nothing is
/// known of, but for its first code.
#[test]
fn sr_014_each_authenticator_has_a_clock_of_its_own() {
    let slow = accepted(later(given(waiting())), 1, -1);
    let two = slow
        .and([
            enable_requested(2, Some(1), mins(100)),
            AccountEvent::Enabled(Enabled { factor: factor(2) }),
        ])
        .and([sign_in_opened(1, mins(100))]);
    assert_eq!(accepted_offsets(&two, 1), [-2, -1, 0]);
    assert_eq!(accepted_offsets(&two, 2), [-1, 0, 1]);
    let other_is_fast = accepted(two, 2, 1);
    assert_eq!(accepted_offsets(&other_is_fast, 1), [-2, -1, 0]);
    assert_eq!(accepted_offsets(&other_is_fast, 2), [0, 1, 2]);
}

/// SR-014: the code that activated an authenticator was the first to tell of its clock.
#[test]
fn sr_014_the_first_code_tells_of_the_clock_too() {
    let offered = given(super::harness::signed_in());
    let offered = offered.and([enable_requested(1, Some(1), mins(10))]);
    let first = super::harness::activate(Some(1), offered.compared(1, &[-1]));
    assert_eq!(accepted_offsets(&later(offered.play(first)), 1), [-2, -1, 0]);
    assert_eq!(accepted_offsets(&later(given(enrolled())), 1), [-1, 0, 1]);
}

/// SR-007, SR-014: a window that shifts back does not accept again what lies there.
#[test]
fn sr_007_a_shifted_window_accepts_no_step_again() {
    let given = later(given(waiting()));
    let used = given.clone().play(verify(1, given.totp(&[-1])));
    let used = used.and([sign_in_opened(1, mins(40))]);
    for offset in [-2, -1] {
        let events = used.answer(used.totp(&[offset])).events();
        let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(rejected.why, RejectedWhy::Reused, "offset {offset}");
    }
    assert_eq!(accepted_offsets(&used, 1), [0]);
}
