//! Recovery codes: each is good once, and a new set kills the old.

use countersign_events::account::{
    AccountEvent, CodeVerified, Disabled, FactorRemoved, Method, RecoveryCodeUsed, RejectedWhy,
};

use super::harness::{
    enrolled, factor, given, hours, mins, recovery_issued, rejected, replace_codes, sign_in_opened,
    signed_in, start, told, totp_verified, two_factor_session, verify, waiting, wrong,
};
use crate::domain::command::Evidence;
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};

const fn code(index: Option<u32>) -> Evidence {
    Evidence::RecoveryCode { index }
}

fn used(index: u32, left: u32) -> [AccountEvent; 2] {
    let proven = ["pwd", "urn:countersign:amr:recovery_code", "mfa"];
    let verified = CodeVerified {
        method: Method::RecoveryCode,
        factor: None,
        step: None,
        offset: None,
        ..totp_verified(0, 0, Some(two_factor_session(51, hours(12), &proven)))
    };
    [
        AccountEvent::CodeVerified(verified),
        AccountEvent::RecoveryCodeUsed(RecoveryCodeUsed { index, left }),
    ]
}

#[test]
fn a_recovery_code_completes_the_sign_in_and_is_used_up() {
    given(waiting()).answer(code(Some(3))).then(used(3, 9));
}

/// SR-034: a used code is refused.
#[test]
fn sr_034_a_recovery_code_is_accepted_once() {
    let given = given(waiting()).play(verify(1, code(Some(3)))).and([sign_in_opened(1, mins(10))]);
    let reused = rejected(Method::RecoveryCode, RejectedWhy::Reused, (0, 0));
    // SR-016: of a used code the holder is told.
    given.answer(code(Some(3))).then([told(AccountEvent::CodeRejected(reused))]);
    given.answer(code(Some(4))).then(used(4, 8));
}

/// SR-066: whoever types a code that was accepted has it and guesses nothing, in this sign-in or
/// another: it counts to the sign-in's own bound, ten at most, and to nothing else.
#[test]
fn sr_066_a_used_recovery_code_is_no_guess() {
    let mut given = given(waiting()).play(verify(1, code(Some(3))));
    given = given.and([sign_in_opened(1, mins(10)), sign_in_opened(2, mins(10))]);
    for _ in 0..10 {
        given = given.play(verify(1, code(Some(3))));
    }
    assert_eq!(given.unresolved(Method::RecoveryCode), 0);
    assert_eq!(given.account.limits.locks(&given.policy.limits, given.now), []);
    given.answer(code(Some(4))).refused(Refusal::AuthenticationFailed);
    assert_eq!(given.when(verify(2, code(Some(4)))).events().len(), 2);
}

#[test]
fn a_code_that_is_none_is_wrong() {
    given(waiting()).answer(code(None)).then([wrong(Method::RecoveryCode, 1, 1)]);
}

/// An index that the set does not have is a wrong code, whoever computed it.
#[test]
fn a_code_beyond_the_set_is_wrong() {
    given(waiting()).answer(code(Some(10))).then([wrong(Method::RecoveryCode, 1, 1)]);
}

#[test]
fn a_new_set_makes_every_code_new_and_counts_from_ten() {
    let given = given(waiting()).play(verify(1, code(Some(3))));
    let given = given.and([recovery_issued(), sign_in_opened(1, mins(10))]);
    given.answer(code(Some(3))).then(used(3, 9));
}

#[test]
fn recovery_codes_are_replaced_after_a_fresh_second_factor() {
    given(enrolled()).when(replace_codes(1)).then([recovery_issued()]);
    let stale = given(enrolled()).after(mins(5));
    stale.when(replace_codes(1)).then([recovery_issued()]);
    let stale = given(enrolled()).after(mins(5) + super::harness::secs(1));
    stale.when(replace_codes(1)).refused(Policy::default().step_up(StepUp::SecondFactor));
    given(enrolled()).when(replace_codes(2)).refused(Refusal::NoSession);
}

/// Without an authenticator there is nothing to recover: a set made then would stand in the way of
/// the first authenticator's own.
#[test]
fn an_account_without_authenticators_gets_no_recovery_codes() {
    let refusal = Refusal::NotFound("authenticator");
    given(signed_in()).when(replace_codes(1)).refused(refusal.clone());
    let removed = [
        AccountEvent::FactorRemoved(FactorRemoved { factor: factor(1) }),
        AccountEvent::Disabled(Disabled {}),
    ];
    given(enrolled()).and(removed).when(replace_codes(1)).refused(refusal);
}

/// SR-039: with the last authenticator, its codes are dead.
#[test]
fn the_codes_die_with_the_last_authenticator() {
    let given = given(enrolled()).play(super::harness::remove(1, 1));
    let given = given.and([sign_in_opened(1, mins(10))]);
    let none = rejected(Method::RecoveryCode, RejectedWhy::NoneIssued, (1, 1));
    given.answer(code(Some(0))).then([AccountEvent::CodeRejected(none)]);
}

/// SR-037, SR-060, AT-21: recovery codes have a counter of their own; with the tenth wrong one, in
/// two sign-ins, they wait an hour, and the sign-ins that waited are dead afterwards.
#[test]
fn sr_037_ten_wrong_recovery_codes_wait_an_hour_and_end_the_sign_ins() {
    let mut given = given(waiting())
        .and([sign_in_opened(2, mins(10)), sign_in_opened(3, mins(120))])
        .after(mins(1));
    for guess in 0..10 {
        given = given.play(verify(1 + guess / 5, code(None)));
    }
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(61) };
    let fresh = given.clone().and([sign_in_opened(4, mins(120))]);
    fresh.when(verify(4, code(Some(0)))).refused(refusal);
    assert_eq!(given.unresolved(Method::Totp), 0);
    let after = fresh.after(mins(60));
    after.when(verify(3, code(Some(0)))).refused(Refusal::AuthenticationFailed);
    assert_eq!(after.when(verify(4, code(Some(0)))).events().len(), 2);
}
