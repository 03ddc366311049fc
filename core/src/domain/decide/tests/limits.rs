//! Guess limits, as decisions: what is refused unevaluated, what ends that, and what is said of it.

use countersign_events::account::{
    AccountEvent, AttemptsRefused, CodeRejected, CodeVerified, EmailConfirmed, Lane, LockRule,
    LockedOut, LockoutReset, Method, PasswordChangeDemanded, PasswordChangeWhy, ResetScope,
};
use jiff::SignedDuration;

use super::harness::{
    Given, RIGHT, begin, cooled_down, given, hours, mins, secs, sign_in, sign_in_opened, start,
    verify, version, waiting, wrong,
};
use crate::domain::command::{Command, Evidence, FirstFactor};
use crate::domain::limits::{RefusedAttempts, Rule};
use crate::domain::refusal::Refusal;

/// Codes must wait since [`start`], and a fresh sign-in waits for its code.
fn cooling() -> Given {
    let five = (1..=5).map(|count| wrong(Method::Totp, count, count));
    given(waiting())
        .and(five)
        .and([cooled_down(Method::Totp, mins(15)), sign_in_opened(2, mins(60))])
}

/// Somebody who has the password and guesses `count` codes from elsewhere, as fast as is allowed.
fn guessed(count: u32) -> Given {
    let mut given = given(waiting());
    for guess in 0..count {
        given = given.after(hours(13)).play(begin(RIGHT, 2));
        let wrong = verify(2, given.totp(&[]));
        let events = given.when(wrong.clone()).0;
        assert!(events.is_ok(), "guess {guess}: {events:?}");
        given = given.play(wrong);
    }
    given
}

fn until_fifteen() -> Refusal {
    Refusal::TooManyRequests { retry_at: start() + mins(15) }
}

fn is_accepted(events: &[AccountEvent]) -> bool {
    matches!(events.last(), Some(AccountEvent::CodeVerified(CodeVerified { .. })))
}

#[test]
fn the_fifth_failure_makes_the_method_wait_for_fifteen_minutes() {
    let four =
        given(waiting()).and((1..=4).map(|count| wrong(Method::Totp, 0, count))).after(mins(1));
    four.answer(four.totp(&[]))
        .then([wrong(Method::Totp, 5, 5), cooled_down(Method::Totp, mins(16))]);
}

/// SR-093: the third wrong code is told to the holder, and the next third one not within the hour.
#[test]
fn sr_093_the_third_wrong_code_is_told_at_most_once_an_hour() {
    let tells = |given: &Given| {
        let events = given.when(verify(2, given.totp(&[]))).events();
        let AccountEvent::CodeRejected(CodeRejected { counted, .. }) = &events[0] else {
            panic!("{events:?}")
        };
        counted.tells_holder
    };
    let begun = |given: Given| given.play(begin(RIGHT, 2));
    let third = |given: Given| {
        let mut given = begun(given);
        for _ in 0..2 {
            assert!(!tells(&given));
            given = given.clone().play(verify(2, given.totp(&[])));
        }
        given
    };
    let first = third(given(waiting()).after(mins(1)));
    assert!(tells(&first));
    let told = first.clone().play(verify(2, first.totp(&[])));
    let forgiven = told.clone().play(verify(2, told.totp(&[0])));
    assert!(!tells(&third(forgiven.clone().after(mins(58)))));
    assert!(tells(&third(forgiven.after(hours(1)))));
}

/// To the second: refused at 14:59, evaluated at 15:00.
#[test]
fn sr_083_the_right_code_is_refused_in_a_cool_down_and_accepted_after_it() {
    let last = cooling().at(mins(15) - secs(1));
    last.when(verify(2, last.totp(&[0]))).refused(until_fifteen());
    let after = cooling().at(mins(15));
    assert!(is_accepted(&after.when(verify(2, after.totp(&[0]))).events()));
}

/// However often it is tried, nothing is recorded and the end does not move.
#[test]
fn trying_on_does_not_make_a_cool_down_longer() {
    let given = cooling();
    for second in 0..900 {
        let given = given.clone().at(secs(second));
        given.when(verify(2, given.totp(&[]))).refused(until_fifteen());
    }
}

/// SR-060: the sign-ins that waited are dead when a cool-down starts, right code or not.
#[test]
fn sr_060_a_cool_down_ends_the_sign_ins_that_wait() {
    let four = given(waiting())
        .and((1..=4).map(|count| wrong(Method::Totp, 0, count)))
        .and([sign_in_opened(2, mins(60))]);
    let cooled = four.clone().play(verify(1, four.totp(&[])));
    let after = cooled.after(mins(16));
    for number in [1, 2] {
        after.when(verify(number, after.totp(&[0]))).refused(Refusal::AuthenticationFailed);
    }
}

/// What was refused is summed up in front of the next thing that is evaluated.
#[test]
fn refused_attempts_are_summed_up_in_one_fact() {
    let mut after = cooling().at(mins(15));
    let first = RefusedAttempts::count(None, start() + secs(1), Rule::Wait);
    let sum = (2..=900).fold(first, |sum, second| {
        RefusedAttempts::count(Some(sum), start() + secs(second), Rule::Wait)
    });
    after.refused.insert((Method::Totp, Lane::Unknown), sum);
    let fact = AccountEvent::AttemptsRefused(AttemptsRefused {
        method: Method::Totp,
        lane: Lane::Unknown,
        count: 900,
        first: start() + secs(1),
        last: start() + secs(900),
        rule: "wait".to_owned(),
    });
    let events = after.when(verify(2, after.totp(&[0]))).events();
    assert_eq!(events[0], fact);
    assert!(is_accepted(&events));
    assert_eq!(after.when(verify(2, after.totp(&[]))).events()[..], [fact, rejected_in_second(6)]);
    // Another method says nothing of it.
    let other = after.when(verify(2, Evidence::RecoveryCode { index: Some(0) })).events();
    assert!(matches!(other[0], AccountEvent::CodeVerified(_)), "{other:?}");
}

fn rejected_in_second(unresolved: u32) -> AccountEvent {
    let AccountEvent::CodeRejected(mut fact) = wrong(Method::Totp, 1, unresolved) else {
        panic!("a wrong code is a rejected one")
    };
    fact.sign_in = Some(sign_in(2));
    AccountEvent::CodeRejected(fact)
}

/// SR-085: a cool-down forgives nothing.
#[test]
fn sr_085_counting_goes_on_after_a_cool_down() {
    let after = cooling().at(mins(15));
    after.when(verify(2, after.totp(&[]))).then([rejected_in_second(6)]);
}

/// SR-085, SR-086: the sixteenth closes the lane for a year, to the second, and the right code with
/// it; the tenth has demanded a new password (SR-094).
#[test]
fn sr_086_the_sixteenth_wrong_code_closes_the_lane_of_unknown_devices() {
    let fifteen = guessed(15).after(hours(13)).play(begin(RIGHT, 2));
    let first = start() + hours(13);
    let events = fifteen.when(verify(2, fifteen.totp(&[]))).events();
    let year = SignedDuration::from_hours(365 * 24);
    let locked = AccountEvent::LockedOut(LockedOut {
        method: Method::Totp,
        lane: Lane::Unknown,
        rule: LockRule::LaneCap,
        unresolved: 16,
        until: Some(first + year),
        ends_sign_ins: true,
    });
    assert_eq!(events[1..], [locked]);
    let closed = fifteen.clone().play(verify(2, fifteen.totp(&[])));
    let refusal = Refusal::TooManyRequests { retry_at: first + year };
    let last = closed.clone().at(hours(13) + year - secs(1)).play(begin(RIGHT, 2));
    last.when(verify(2, last.totp(&[0]))).refused(refusal);
    let after = closed.at(hours(13) + year).play(begin(RIGHT, 2));
    assert!(is_accepted(&after.when(verify(2, after.totp(&[0]))).events()));
}

/// SR-094: ten wrong codes from elsewhere and the next full sign-in asks for another password; that
/// ends what whoever guessed has begun, where it was set with a second factor.
#[test]
fn sr_094_ten_wrong_codes_demand_a_new_password() {
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Guessed,
        ends_password: false,
    });
    let nine = guessed(9).after(hours(13)).play(begin(RIGHT, 2));
    let events = nine.when(verify(2, nine.totp(&[]))).events();
    assert!(events.contains(&demanded), "{events:?}");
    let ten = nine.clone().play(verify(2, nine.totp(&[])));
    let eleven = ten.after(hours(2)).play(begin(RIGHT, 2));
    let events = eleven.when(verify(2, eleven.totp(&[]))).events();
    assert!(!events.contains(&demanded), "it is asked for already");
}

/// A success forgives what was wrong in the same sign-in, and nothing else.
#[test]
fn sr_084_a_success_forgives_its_own_sign_in_alone() {
    let given = given(waiting())
        .and([wrong(Method::Totp, 1, 1), wrong(Method::RecoveryCode, 2, 1)])
        .and([sign_in_opened(2, mins(60)), sign_in_opened(3, mins(60))])
        .after(mins(1));
    let given = given.clone().play(verify(2, given.totp(&[])));
    assert_eq!(given.unresolved(Method::Totp), 2);
    let second = given.clone().play(verify(2, given.totp(&[0])));
    assert_eq!(second.unresolved(Method::Totp), 1);
    let first = given.clone().play(verify(1, given.totp(&[0])));
    assert_eq!(first.unresolved(Method::Totp), 1);
    assert_eq!(first.unresolved(Method::RecoveryCode), 0, "it proves the second factor");
}

/// SR-061, turned round: a right code says nothing of the password; nor does a right password from
/// elsewhere (SR-084).
#[test]
fn sr_061_a_right_code_forgives_no_wrong_password() {
    let given = given(waiting()).after(mins(1)).play(begin(FirstFactor::PasswordWrong, 9));
    let given = given.clone().play(verify(1, given.totp(&[0])));
    assert_eq!(given.unresolved(Method::Password), 1);
    assert_eq!(given.play(begin(RIGHT, 9)).unresolved(Method::Password), 1);
}

#[test]
fn support_ends_a_cool_down_of_one_method_or_of_all() {
    let reset = |scope, method| AccountEvent::LockoutReset(LockoutReset { scope, method });
    let confirmed = AccountEvent::EmailConfirmed(EmailConfirmed {});
    let both = cooling()
        .and([confirmed])
        .and([cooled_down(Method::RecoveryCode, mins(15)), sign_in_opened(2, mins(60))])
        .after(mins(1));
    let recovery = || verify(2, Evidence::RecoveryCode { index: Some(0) });
    for scope in [ResetScope::CoolDown, ResetScope::Counters] {
        let one = Command::ResetLockout { scope, method: Some(Method::Totp) };
        let events = both.when(one.clone()).events();
        assert_eq!(events[0], reset(scope, Some(Method::Totp)));
        let ends_password = events.len() > 1;
        assert_eq!(ends_password, scope == ResetScope::Counters, "a new password");
        // With the password ends what began with it: the holder sets another, and begins anew.
        let goes_on = |given: Given| {
            let set = Command::ResetPassword { version: version(7) };
            if ends_password { given.play(set).play(begin(RIGHT, 2)) } else { given }
        };
        if ends_password {
            let ended = both.clone().play(one.clone());
            let code = verify(2, ended.totp(&[0]));
            ended.when(code).refused(Refusal::AuthenticationFailed);
        }
        let given = goes_on(both.clone().play(one));
        assert!(is_accepted(&given.when(verify(2, given.totp(&[0]))).events()));
        given.when(recovery()).refused(until_fifteen());
        let all = goes_on(both.clone().play(Command::ResetLockout { scope, method: None }));
        assert!(matches!(all.when(recovery()).events()[0], AccountEvent::CodeVerified(_)));
    }
}

#[test]
fn support_clears_counters_only_where_it_says_so() {
    let given = given(waiting())
        .and([AccountEvent::EmailConfirmed(EmailConfirmed {})])
        .and((1..=4).map(|count| wrong(Method::Totp, count, count)))
        .play(begin(FirstFactor::PasswordWrong, 9));
    let after = |scope| {
        let given = given.clone().play(Command::ResetLockout { scope, method: None });
        (given.unresolved(Method::Totp), given.unresolved(Method::Password))
    };
    assert_eq!(after(ResetScope::CoolDown), (4, 0));
    assert_eq!(after(ResetScope::Counters), (0, 0));
}
