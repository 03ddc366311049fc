//! The second factor of a sign-in: an authenticator's code, right, wrong, used, early and late.

use countersign_events::account::{AccountEvent, CodeRejected, Method, Purpose, RejectedWhy};

use super::harness::{
    Given, cooled_down, email_code, enrolled, factor, given, hours, mins, prove, rejected, secs,
    sign_in, sign_in_opened, told, totp_verified, two_factor_session, verify, waiting, wrong,
};
use crate::domain::command::{Evidence, Proven};
use crate::domain::refusal::Refusal;
use crate::domain::totp::Generator;

/// A minute after sign-in 1 began: no code of this time was used yet.
fn a_minute_later() -> Given {
    given(waiting()).after(mins(1))
}

fn reused(times: u32) -> AccountEvent {
    AccountEvent::CodeRejected(CodeRejected {
        in_sign_in: 0,
        unresolved: times,
        ..rejected(Method::Totp, RejectedWhy::Reused, (0, 0))
    })
}

/// SR-006, SR-015: the step and its offset are the proof, for each place in the window.
#[test]
fn sr_015_a_right_code_completes_the_sign_in_and_records_step_and_offset() {
    let given = a_minute_later();
    for offset in [-1, 0, 1] {
        let session = two_factor_session(51, hours(12) + mins(1), &["pwd", "otp", "mfa"]);
        let step = given.step().saturating_add_signed(i64::from(offset));
        given.answer(given.totp(&[offset])).then([AccountEvent::CodeVerified(totp_verified(
            step,
            offset,
            Some(session),
        ))]);
    }
}

/// SR-099: a wrong code is no refusal: it is a fact, to be appended before anything is answered.
#[test]
fn sr_099_a_wrong_code_is_a_fact_that_counts() {
    let given = a_minute_later();
    given.answer(given.totp(&[])).then([wrong(Method::Totp, 1, 1)]);
}

#[test]
fn sr_015_the_offset_of_a_refused_code_is_recorded() {
    // Late enough that the code of the activation is more than ten steps away.
    let given = given(waiting()).after(mins(6));
    for offset in [-10, -5, -2, 2, 5, 10] {
        given.answer(given.totp(&[offset])).then([AccountEvent::CodeRejected(CodeRejected {
            off_by_steps: Some(offset),
            ..rejected(Method::Totp, RejectedWhy::Wrong, (1, 1))
        })]);
    }
}

/// SR-007, with real codes: after T+1, neither T nor T-1 enters; after T-1, T does. What is further
/// than a step from the last one is a wrong code then (SR-014).
#[test]
fn sr_007_a_step_is_accepted_once_and_only_upward() {
    let generator = Generator::new(b"12345678901234567890").unwrap();
    let typed = |given: &Given, offset: i64| {
        let code = generator.code(given.step().saturating_add_signed(offset));
        let now = u64::try_from(given.now.as_second()).unwrap();
        Evidence::Totp(generator.compare(factor(1), &code, now, 0))
    };
    let later = a_minute_later().and([sign_in_opened(2, mins(10))]);
    let used = later.clone().play(verify(1, typed(&later, 1)));
    for (offset, why) in
        [(-1, RejectedWhy::Wrong), (0, RejectedWhy::Reused), (1, RejectedWhy::Reused)]
    {
        let events = used.when(verify(2, typed(&used, offset))).events();
        let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(rejected.why, why, "offset {offset}");
    }
    let used = later.clone().play(verify(1, typed(&later, -1)));
    let events = used.when(verify(2, typed(&used, 0))).events();
    assert!(matches!(events[..], [AccountEvent::CodeVerified(_)]), "{events:?}");
}

/// SR-012: the code that activated the authenticator does not enter; the next one does.
#[test]
fn sr_012_the_code_of_the_activation_is_used_up() {
    let given = given(waiting());
    given.answer(given.totp(&[0])).then([told(reused(0))]);
    let next = given.after(secs(30));
    assert!(matches!(next.answer(next.totp(&[0])).events()[..], [AccountEvent::CodeVerified(_)]));
}

/// SR-009: retypes of the used code are no guesses: they cool nothing down, and the next code
/// enters.
#[test]
fn sr_009_retypes_of_a_used_code_do_not_lock_the_owner_out() {
    let mut given = given(waiting());
    for times in 0..9 {
        let events = given.answer(given.totp(&[0])).events();
        // SR-016: of the first the holder is told.
        let expected = if times == 0 { told(reused(0)) } else { reused(0) };
        assert_eq!(events, [expected]);
        given = given.and(events);
    }
    let next = given.clone().after(secs(30));
    assert!(matches!(next.answer(next.totp(&[0])).events()[..], [AccountEvent::CodeVerified(_)]));
    // But not for ever: the tenth is the sign-in's last.
    let ten = given.and([reused(0)]).after(secs(30));
    ten.answer(ten.totp(&[0])).refused(Refusal::AuthenticationFailed);
}

/// SR-009: retypes neither count nor resolve what was really guessed.
#[test]
fn sr_009_a_retype_leaves_the_counts_as_they_are() {
    let given = given(waiting()).and([wrong(Method::Totp, 1, 1), wrong(Method::Totp, 2, 2)]);
    let retype =
        CodeRejected { in_sign_in: 2, ..rejected(Method::Totp, RejectedWhy::Reused, (2, 2)) };
    given.answer(given.totp(&[0])).then([told(AccountEvent::CodeRejected(retype))]);
    let after = given.clone().play(verify(1, given.totp(&[0])));
    after.answer(after.totp(&[])).then([told(wrong(Method::Totp, 3, 3))]);
}

/// SR-016: of a used code at a sign-in the holder is told, at most once an hour; within a session
/// it is his own.
#[test]
fn sr_016_the_holder_is_told_of_a_used_code_once_an_hour() {
    let used = |minutes| {
        let ends = mins(minutes + 10);
        let given = given(waiting()).at(mins(minutes)).and([sign_in_opened(1, ends)]);
        let code = given.totp(&[0]);
        given.play(verify(1, code)).and([sign_in_opened(1, ends)])
    };
    let tells = |given: &Given, evidence: Evidence| {
        let events = given.answer(evidence).events();
        let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(rejected.why, RejectedWhy::Reused);
        rejected.counted.tells_holder
    };
    let first = used(30);
    assert!(tells(&first, first.totp(&[0])));
    let retyped = first.clone().play(verify(1, first.totp(&[0])));
    assert!(!tells(&retyped, retyped.totp(&[0])));
    // Not of another method either: it is one sentence, whatever was typed.
    let by_recovery = Evidence::RecoveryCode { index: Some(3) };
    let entered = retyped.play(verify(1, by_recovery.clone())).and([sign_in_opened(1, hours(3))]);
    assert!(!tells(&entered, by_recovery.clone()));
    let almost = entered.clone().after(mins(60) - secs(1));
    assert!(!tells(&almost, by_recovery.clone()));
    assert!(tells(&entered.after(mins(60)), by_recovery));

    let given = given(enrolled());
    let proof = Proven::Code(given.totp(&[0]));
    let events = given.when(prove(1, proof, 2)).events();
    let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
    assert!(rejected.why == RejectedWhy::Reused && !rejected.counted.tells_holder);
}

/// SR-015: the last code says where the clock is, whether it was accepted or refused for it; a code
/// that is right for no time says nothing.
#[test]
fn sr_015_the_last_code_says_where_the_clock_is() {
    let seen = |given: &Given| {
        let clock = given.account.open().unwrap().factors[&factor(1)].clock;
        clock.map(|clock| (clock.offset, clock.refused))
    };
    let given = given(waiting()).after(mins(6));
    assert_eq!(seen(&given), Some((0, false)));
    let refused = given.clone().play(verify(1, given.totp(&[-3])));
    assert_eq!(seen(&refused), Some((-3, true)));
    let wrong = refused.clone().play(verify(1, refused.totp(&[])));
    assert_eq!(seen(&wrong), Some((-3, true)));
    assert_eq!(seen(&wrong.clone().play(verify(1, wrong.totp(&[1])))), Some((1, false)));
}

/// SR-017: one guess is held against one method and one authenticator.
#[test]
fn sr_017_a_code_counts_against_the_named_method_alone() {
    let sent = email_code(Purpose::SignIn, sign_in(1), 1, mins(10));
    let given = a_minute_later().and([sent]);
    // The digits of the authenticator, typed as the code by e-mail.
    let none = rejected(Method::EmailCode, RejectedWhy::Wrong, (1, 1));
    let after = given.clone().play(verify(1, Evidence::EmailCode { right: false }));
    given.answer(Evidence::EmailCode { right: false }).then([AccountEvent::CodeRejected(none)]);
    assert_eq!(after.unresolved(Method::EmailCode), 1);
    assert_eq!(after.unresolved(Method::Totp), 0);
}

/// SR-017, AT-48: with three authenticators, one guess is one fact about one of them.
#[test]
fn sr_017_one_guess_is_held_against_one_authenticator() {
    let mut given = a_minute_later();
    for number in [2, 3] {
        given = given
            .and([super::harness::enable_requested(number, Some(1), mins(10))])
            .and([AccountEvent::Enabled(countersign_events::account::Enabled {
                factor: factor(number),
            })])
            .and([sign_in_opened(1, mins(10))]);
    }
    let guess = Evidence::Totp(given.compared(2, &[]));
    let fact = CodeRejected {
        factor: Some(factor(2)),
        ..rejected(Method::Totp, RejectedWhy::Wrong, (1, 1))
    };
    given.answer(guess).then([AccountEvent::CodeRejected(fact)]);
}

#[test]
fn an_authenticator_that_is_not_there_accepts_nothing() {
    let given = a_minute_later();
    let fact = CodeRejected {
        factor: Some(factor(9)),
        ..rejected(Method::Totp, RejectedWhy::NoneIssued, (1, 1))
    };
    let nothing = Evidence::Nothing { method: Method::Totp, factor: Some(factor(9)) };
    for evidence in [Evidence::Totp(given.compared(9, &[0])), nothing] {
        given.answer(evidence).then([AccountEvent::CodeRejected(fact.clone())]);
    }
}

/// An authenticator that is only offered is good for its activation and nothing else.
#[test]
fn an_authenticator_on_offer_does_not_enter() {
    let given = a_minute_later().and([super::harness::enable_requested(2, Some(1), mins(10))]);
    let fact = CodeRejected {
        factor: Some(factor(2)),
        ..rejected(Method::Totp, RejectedWhy::NoneIssued, (1, 1))
    };
    given.answer(Evidence::Totp(given.compared(2, &[0]))).then([AccountEvent::CodeRejected(fact)]);
}

/// SR-058: five evaluated guesses, all methods together; the sixth attempt is not even evaluated,
/// right as it may be.
#[test]
fn sr_058_the_sixth_attempt_is_refused_with_the_right_code() {
    let given = a_minute_later();
    let four = given.and((1..=3).map(|count| wrong(Method::Totp, count, count))).and([wrong(
        Method::RecoveryCode,
        4,
        1,
    )]);
    let fifth = four.answer(four.totp(&[0])).events();
    assert!(matches!(fifth[..], [AccountEvent::CodeVerified(_)]));
    let five = four.and([wrong(Method::RecoveryCode, 5, 2)]);
    five.answer(five.totp(&[0])).refused(Refusal::AuthenticationFailed);
}

/// SR-058: ten minutes, to the second.
#[test]
fn sr_058_a_sign_in_dies_after_ten_minutes() {
    let last = given(waiting()).at(mins(10) - secs(1));
    assert!(matches!(last.answer(last.totp(&[0])).events()[..], [AccountEvent::CodeVerified(_)]));
    let dead = given(waiting()).at(mins(10));
    dead.answer(dead.totp(&[0])).refused(Refusal::AuthenticationFailed);
}

/// SR-055: no sign-in, no session; and a completed one is over.
#[test]
fn sr_055_a_code_without_a_sign_in_opens_nothing() {
    let given = given(enrolled()).after(mins(1));
    given.answer(given.totp(&[0])).refused(Refusal::AuthenticationFailed);
    super::harness::given([]).answer(given.totp(&[0])).refused(Refusal::AuthenticationFailed);
    let later = a_minute_later();
    let done = later.clone().play(verify(1, later.totp(&[0]))).after(secs(30));
    done.answer(done.totp(&[0])).refused(Refusal::AuthenticationFailed);
}

/// SR-090-like independence: a method that cools down refuses itself and no other.
#[test]
fn a_method_that_cools_down_leaves_the_others_alone() {
    let given = a_minute_later();
    let given = given.and([cooled_down(Method::Totp, mins(15)), sign_in_opened(1, mins(10))]);
    let refusal = Refusal::TooManyRequests { retry_at: super::harness::start() + mins(15) };
    given.answer(given.totp(&[0])).refused(refusal);
    let events = given.answer(Evidence::RecoveryCode { index: Some(0) }).events();
    assert!(matches!(events[0], AccountEvent::CodeVerified(_)));
}

/// An eleventh sign-in drops the one that waits longest, and nothing else.
#[test]
fn the_eleventh_sign_in_drops_the_oldest() {
    let mut given = given(enrolled());
    for number in 1..=11 {
        given = given.after(secs(1)).and([sign_in_opened(number, mins(10))]);
    }
    let given = given.after(mins(1));
    given.when(verify(1, given.totp(&[0]))).refused(Refusal::AuthenticationFailed);
    for number in 2..=11 {
        assert_eq!(given.when(verify(number, given.totp(&[0]))).events().len(), 1);
    }
}
