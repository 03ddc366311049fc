//! A phone whose clock is far off: two of its codes in a row, and something else, tell where it is.

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, Enabled, FactorResynced, Method, Purpose, RejectedWhy,
};

use super::harness::{
    Given, enable_requested, enrolled, factor, given, mins, prove, rejected, secs, session,
    sign_in_opened, signed_in, totp_verified, verify,
};
use crate::domain::command::{Command, Evidence, Proven};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};
use crate::domain::totp::{Compared, ComparedTwo};

/// Half an hour after the authenticator was enabled; a recovery code has proven session 2.
fn proven_by_recovery() -> Given {
    let code = Proven::Code(Evidence::RecoveryCode { index: Some(0) });
    given(enrolled()).after(mins(30)).play(prove(1, code, 2))
}

/// Two codes of an authenticator, the second so many steps off; or none that are two in a row.
fn resync(given: &Given, in_session: u8, number: u128, found: Option<i32>) -> Command {
    let compared = ComparedTwo::with_offset(factor(number), given.step(), found);
    Command::ResyncFactor { session: session(in_session), compared }
}

/// The offsets around -12 at which a code of the first authenticator completes a sign-in.
fn accepted_offsets(given: &Given) -> Vec<i32> {
    let ends = given.now.duration_since(super::harness::start()) + mins(10);
    let given = given.clone().and([sign_in_opened(1, ends)]);
    let enters = |offset: &i32| {
        let found = &given.account.open().unwrap().factors[&factor(1)];
        let centre = found.drift.centre();
        let step = given.step();
        let compared = Compared::with_offsets_around(factor(1), step, centre, &[*offset]);
        let events = given.answer(Evidence::Totp(compared)).events();
        matches!(events[..], [AccountEvent::CodeVerified(_)])
    };
    (-22..=22).filter(enters).collect()
}

/// SR-018: the second code is the proof, and the clock is where it says; from then on codes around
/// that are accepted, as many as ever, and learned from.
#[test]
fn sr_018_two_codes_in_a_row_set_the_clock() {
    for offset in [-19, -12, 0, 20] {
        let given = proven_by_recovery();
        let step = given.step().saturating_add_signed(i64::from(offset));
        let verified = CodeVerified {
            purpose: Purpose::Resync,
            sign_in: None,
            in_session: Some(session(2)),
            ..totp_verified(step, offset, None)
        };
        given.when(resync(&given, 2, 1, Some(offset))).then([
            AccountEvent::CodeVerified(verified),
            AccountEvent::FactorResynced(FactorResynced { factor: factor(1), offset }),
        ]);
        let set = given.clone().play(resync(&given, 2, 1, Some(offset))).after(mins(30));
        assert_eq!(accepted_offsets(&set), [offset - 1, offset, offset + 1]);
    }
}

/// SR-014, SR-018: what is learned after it stays within a step of where the clock was found.
#[test]
fn sr_018_a_clock_that_was_set_is_learned_from_again() {
    let given = proven_by_recovery();
    let mut given = given.clone().play(resync(&given, 2, 1, Some(-12)));
    for (offset, expected) in [(-13, -14..=-12), (-14, -14..=-12), (-12, -13..=-11)] {
        given = given.after(mins(30));
        let ends = given.now.duration_since(super::harness::start()) + mins(10);
        given = given.and([sign_in_opened(1, ends)]);
        let step = given.step();
        let compared = Compared::with_offsets_around(factor(1), step, -12, &[offset]);
        given = given.play(verify(1, Evidence::Totp(compared)));
        let later = given.clone().after(mins(30));
        assert_eq!(accepted_offsets(&later), expected.collect::<Vec<_>>());
    }
}

/// SR-018: the session must have proven something else, and that a short while ago.
#[test]
fn sr_018_the_same_authenticator_proves_nothing_for_itself() {
    let missing = || Policy::default().step_up(StepUp::AnotherFactor);
    let by_itself = given(enrolled()).after(mins(1));
    by_itself.when(resync(&by_itself, 1, 1, Some(-1))).refused(missing());
    let again = by_itself.clone().play(prove(1, Proven::Code(by_itself.totp(&[0])), 2));
    again.when(resync(&again, 2, 1, Some(-1))).refused(missing());
    let password = Proven::Password { right: true };
    let by_password = proven_by_recovery().after(mins(6)).play(prove(2, password, 3));
    by_password.when(resync(&by_password, 3, 1, Some(-1))).refused(missing());
    let fresh = proven_by_recovery().after(secs(300));
    assert_eq!(fresh.when(resync(&fresh, 2, 1, Some(-1))).events().len(), 2);
    let stale = proven_by_recovery().after(secs(301));
    stale.when(resync(&stale, 2, 1, Some(-1))).refused(missing());
}

/// SR-018: another authenticator proves it, for the one and not for itself, at a sign-in too.
#[test]
fn sr_018_another_authenticator_proves_it() {
    let two = given(enrolled()).after(mins(30)).and([
        enable_requested(2, Some(1), mins(60)),
        AccountEvent::Enabled(Enabled { factor: factor(2) }),
    ]);
    let two = two.and([sign_in_opened(1, mins(60))]);
    let code = Evidence::Totp(two.compared(2, &[0]));
    let proven = two.clone().play(prove(1, Proven::Code(code.clone()), 2));
    let entered = two.play(verify(1, code));
    for (given, number) in [(&proven, 2), (&entered, 51)] {
        assert_eq!(given.when(resync(given, number, 1, Some(7))).events().len(), 2);
        let missing = Policy::default().step_up(StepUp::AnotherFactor);
        given.when(resync(given, number, 2, Some(7))).refused(missing);
    }
}

/// SR-018, SR-095: what are not two codes in a row is a guess at the method like any other.
#[test]
fn sr_095_a_wrong_pair_counts_as_a_guess() {
    let mut given = proven_by_recovery();
    let wrong = CodeRejected {
        purpose: Purpose::Resync,
        sign_in: None,
        in_session: Some(session(2)),
        ..rejected(Method::Totp, RejectedWhy::Wrong, (0, 1))
    };
    given.when(resync(&given, 2, 1, None)).then([AccountEvent::CodeRejected(wrong)]);
    for count in 1..=5 {
        given = given.clone().play(resync(&given, 2, 1, None));
        assert_eq!(given.unresolved(Method::Totp), count);
    }
    let Err(refusal) = given.when(resync(&given, 2, 1, Some(-12))).0 else { panic!("evaluated") };
    assert!(matches!(refusal, Refusal::TooManyRequests { .. }), "{refusal:?}");
    // A right pair forgives nothing: the session goes on by the same token, and whoever copied that
    // would have his guesses in it forgiven.
    let four = proven_by_recovery();
    let four = (0..4).fold(four, |given, _| given.clone().play(resync(&given, 2, 1, None)));
    let right = four.clone().play(resync(&four, 2, 1, Some(-12)));
    assert_eq!(right.unresolved(Method::Totp), 4);
}

/// SR-007, SR-018: neither of the two was accepted before, nor is accepted again.
#[test]
fn sr_018_both_codes_are_used_up() {
    let given = proven_by_recovery();
    let set = given.clone().play(resync(&given, 2, 1, Some(-12)));
    for (offset, reused) in [(-13, true), (-12, true), (-11, true), (-10, false)] {
        let events = set.when(resync(&set, 2, 1, Some(offset))).events();
        let refused = match &events[..] {
            [AccountEvent::CodeRejected(rejected)] => {
                assert_eq!(rejected.why, RejectedWhy::Reused);
                true
            }
            _ => false,
        };
        assert_eq!(refused, reused, "{offset}");
    }
    assert_eq!(accepted_offsets(&set), [-11]);
}

#[test]
fn only_an_authenticator_that_is_in_use_has_a_clock() {
    let given = proven_by_recovery();
    let not_there = Refusal::NotFound("authenticator");
    given.when(resync(&given, 2, 9, Some(0))).refused(not_there);
    given.when(resync(&given, 9, 1, Some(0))).refused(Refusal::NoSession);
    let plain = super::harness::given(signed_in());
    plain.when(resync(&plain, 1, 1, Some(0))).refused(Refusal::NotFound("authenticator"));
}
