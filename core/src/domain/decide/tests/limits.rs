//! Cool-downs: what they refuse, what ends them, and what is said of it.

use countersign_events::account::{
    AccountEvent, AttemptsRefused, CodeVerified, LockoutReset, Method, ResetScope,
};

use super::harness::{
    Given, RIGHT, begin, cooled_down, given, mins, secs, sign_in_opened, start, verify, waiting,
    wrong,
};
use crate::domain::command::{Command, Evidence, FirstFactor};
use crate::domain::guess_limit::RefusedAttempts;
use crate::domain::refusal::Refusal;

/// Codes cooled down at [`start`], and a fresh sign-in waits.
fn cooling() -> Given {
    let five = (1..=5).map(|count| wrong(Method::Totp, count, count));
    given(waiting())
        .and(five)
        .and([cooled_down(Method::Totp, mins(15)), sign_in_opened(2, mins(60))])
}

fn until_fifteen() -> Refusal {
    Refusal::TooManyRequests { retry_at: start() + mins(15) }
}

fn is_accepted(events: &[AccountEvent]) -> bool {
    matches!(events.last(), Some(AccountEvent::CodeVerified(CodeVerified { .. })))
}

#[test]
fn the_fifth_failure_cools_the_method_down_for_fifteen_minutes() {
    let four =
        given(waiting()).and((1..=4).map(|count| wrong(Method::Totp, 0, count))).after(mins(1));
    four.answer(four.totp(&[]))
        .then([wrong(Method::Totp, 5, 5), cooled_down(Method::Totp, mins(16))]);
}

/// To the second: refused at 14:59, evaluated at 15:00.
#[test]
fn the_right_code_is_refused_in_a_cool_down_and_accepted_after_it() {
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

/// What was refused is summed up in front of the next thing that is evaluated.
#[test]
fn refused_attempts_are_summed_up_in_one_fact() {
    let mut after = cooling().at(mins(15));
    let first = RefusedAttempts::count(None, start() + secs(1));
    let sum = (2..=900)
        .fold(first, |sum, second| RefusedAttempts::count(Some(sum), start() + secs(second)));
    after.refused.insert(Method::Totp, sum);
    let fact = AccountEvent::AttemptsRefused(AttemptsRefused {
        method: Method::Totp,
        count: 900,
        first: start() + secs(1),
        last: start() + secs(900),
    });
    let events = after.when(verify(2, after.totp(&[0]))).events();
    assert_eq!(events[0], fact);
    assert!(is_accepted(&events));
    assert_eq!(after.when(verify(2, after.totp(&[]))).events()[..], [fact, rejected_in_second(1)]);
    // Another method says nothing of it.
    let other = after.when(verify(2, Evidence::RecoveryCode { index: Some(0) })).events();
    assert!(matches!(other[0], AccountEvent::CodeVerified(_)), "{other:?}");
}

fn rejected_in_second(unresolved: u32) -> AccountEvent {
    let AccountEvent::CodeRejected(mut fact) = wrong(Method::Totp, 1, unresolved) else {
        panic!("a wrong code is a rejected one")
    };
    fact.sign_in = Some(super::harness::sign_in(2));
    AccountEvent::CodeRejected(fact)
}

#[test]
fn counting_begins_anew_after_a_cool_down() {
    let after = cooling().at(mins(15));
    after.when(verify(2, after.totp(&[]))).then([rejected_in_second(1)]);
}

/// A success forgives what was wrong in the same sign-in, and nothing else.
#[test]
fn a_success_forgives_its_own_sign_in_alone() {
    let given = given(waiting())
        .and([wrong(Method::Totp, 1, 1), wrong(Method::RecoveryCode, 2, 1)])
        .and([sign_in_opened(2, mins(60)), sign_in_opened(3, mins(60))])
        .after(mins(1));
    let given = given.clone().play(verify(2, given.totp(&[])));
    assert_eq!(given.account.limits.unresolved(Method::Totp), 2);
    let second = given.clone().play(verify(2, given.totp(&[0])));
    assert_eq!(second.account.limits.unresolved(Method::Totp), 1);
    let first = given.clone().play(verify(1, given.totp(&[0])));
    assert_eq!(first.account.limits.unresolved(Method::Totp), 1);
    assert_eq!(first.account.limits.unresolved(Method::RecoveryCode), 1);
}

/// SR-061, turned round: a right code says nothing of the password.
#[test]
fn a_right_code_forgives_no_wrong_password() {
    let given = given(waiting()).after(mins(1)).play(begin(FirstFactor::PasswordWrong, 9));
    let given = given.clone().play(verify(1, given.totp(&[0])));
    assert_eq!(given.account.limits.unresolved(Method::Password), 1);
    assert_eq!(given.play(begin(RIGHT, 9)).account.limits.unresolved(Method::Password), 0);
}

#[test]
fn support_ends_a_cool_down_of_one_method_or_of_all() {
    let reset = |scope, method| AccountEvent::LockoutReset(LockoutReset { scope, method });
    let both = cooling().and([cooled_down(Method::RecoveryCode, mins(15))]).after(mins(1));
    let recovery = || verify(2, Evidence::RecoveryCode { index: Some(0) });
    for scope in [ResetScope::CoolDown, ResetScope::Counters] {
        let one = Command::ResetLockout { scope, method: Some(Method::Totp) };
        both.when(one.clone()).then([reset(scope, Some(Method::Totp))]);
        let given = both.clone().play(one);
        assert!(is_accepted(&given.when(verify(2, given.totp(&[0]))).events()));
        given.when(recovery()).refused(until_fifteen());
        let all = both.clone().play(Command::ResetLockout { scope, method: None });
        assert!(matches!(all.when(recovery()).events()[0], AccountEvent::CodeVerified(_)));
    }
}

#[test]
fn support_clears_counters_only_where_it_says_so() {
    let given = given(waiting()).and((1..=4).map(|count| wrong(Method::Totp, count, count)));
    let after = |scope| {
        let given = given.clone().play(Command::ResetLockout { scope, method: None });
        given.account.limits.unresolved(Method::Totp)
    };
    assert_eq!(after(ResetScope::CoolDown), 4);
    assert_eq!(after(ResetScope::Counters), 0);
}
