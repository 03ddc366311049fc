//! Enabling an authenticator: offered, then confirmed by its first code.

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, EnableRequested, Enabled, Lane, LockRule, LockedOut,
    Method, Purpose, RejectedWhy, SessionEndedWhy,
};

use super::harness::{
    Given, activate, begin, cooled_down, enable_requested, ended, enrolled, factor, given, hours,
    mins, prove, recovery_issued, registered, rejected, request_enable, secs, session,
    sign_in_opened, signed_in, totp_verified, two_factor_session, verify,
};
use crate::domain::command::{Command, Proven, WhichSessions};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};

/// Signed in, and authenticator 1 is on offer.
fn offered() -> Given {
    given(signed_in()).and([enable_requested(1, Some(1), mins(10))])
}

/// The facts of an activation in session 1.
fn activated(given: &Given, offset: i32) -> Vec<AccountEvent> {
    let lifted = two_factor_session(1, hours(12), &["pwd", "otp", "mfa"]);
    let step = given.step().saturating_add_signed(i64::from(offset));
    let verified = CodeVerified {
        purpose: Purpose::Enable,
        sign_in: None,
        in_session: Some(session(1)),
        ..totp_verified(step, offset, Some(lifted))
    };
    vec![
        AccountEvent::CodeVerified(verified),
        AccountEvent::Enabled(Enabled { factor: factor(1) }),
        recovery_issued(),
    ]
}

fn no_offer() -> Refusal {
    Refusal::NotFound("pending authenticator")
}

/// SR-003, SR-111: SHA-1, six digits, 30 seconds; after a fresh password.
#[test]
fn sr_111_the_first_authenticator_is_offered_after_a_fresh_password() {
    let fresh = given(signed_in()).after(mins(5));
    let offer = enable_requested(1, Some(1), mins(15));
    fresh.when(request_enable(Some(1), 1)).then([offer]);
    let stale = given(signed_in()).after(mins(5) + secs(1));
    let refusal = Policy::default().step_up(StepUp::Password);
    stale.when(request_enable(Some(1), 1)).refused(refusal);
    let proven = stale.play(prove(1, Proven::Password { right: true }, 2));
    assert_eq!(proven.when(request_enable(Some(2), 1)).events().len(), 1);
}

/// SR-111: a further one needs a fresh second factor; a fresh password is not enough.
#[test]
fn sr_111_a_further_authenticator_needs_a_fresh_second_factor() {
    let stale = given(enrolled()).after(mins(6));
    let refusal = Policy::default().step_up(StepUp::SecondFactor);
    stale.when(request_enable(Some(1), 2)).refused(refusal.clone());
    let by_password = stale.clone().play(prove(1, Proven::Password { right: true }, 2));
    by_password.when(request_enable(Some(2), 2)).refused(refusal);
    let code = Proven::Code(stale.totp(&[0]));
    let by_code = stale.play(prove(1, code, 2));
    assert_eq!(by_code.when(request_enable(Some(2), 2)).events().len(), 1);
}

/// SR-111: a session that the account has not, asks for nothing.
#[test]
fn sr_111_without_a_session_of_the_account_nothing_is_offered() {
    given(signed_in()).when(request_enable(Some(9), 1)).refused(Refusal::NoSession);
    given(signed_in())
        .after(hours(12))
        .when(request_enable(Some(1), 1))
        .refused(Refusal::NoSession);
    given([]).when(request_enable(None, 1)).refused(Refusal::NotFound("account"));
}

#[test]
fn a_client_app_enrols_its_own_users() {
    let given = given(registered());
    given.when(request_enable(None, 1)).then([enable_requested(1, None, mins(10))]);
    let given = given.play(request_enable(None, 1));
    let verified = CodeVerified {
        purpose: Purpose::Enable,
        sign_in: None,
        ..totp_verified(given.step(), 0, None)
    };
    given.when(activate(None, given.compared(1, &[0]))).then([
        AccountEvent::CodeVerified(verified),
        AccountEvent::Enabled(Enabled { factor: factor(1) }),
        recovery_issued(),
    ]);
}

/// SR-111: an app's word stands for the password and for no more: a further authenticator is not
/// offered by its key, nor activated where another came first, nor put in the place of those that
/// were guessed at too often, which the app can do by itself.
#[test]
fn sr_111_a_client_app_enrols_no_further_authenticator() {
    let refusal = Policy::default().step_up(StepUp::SecondFactor);
    given(enrolled()).when(request_enable(None, 2)).refused(refusal.clone());
    let overtaken = given(enrolled()).and([enable_requested(2, None, mins(10))]);
    overtaken.when(activate(None, overtaken.compared(2, &[0]))).refused(refusal.clone());
    let worthless = given(enrolled()).and([AccountEvent::LockedOut(LockedOut {
        method: Method::Totp,
        lane: Lane::Unknown,
        rule: LockRule::HardCap,
        unresolved: 26,
        until: None,
        ends_sign_ins: true,
    })]);
    worthless.when(request_enable(None, 2)).refused(refusal);
}

#[test]
fn there_are_as_many_authenticators_as_allowed_and_no_more() {
    let mut given = given(enrolled());
    given.policy = Policy { factors_max: 1, ..Policy::default() };
    let refusal = Refusal::Conflict("the account has as many authenticators as allowed");
    given.when(request_enable(Some(1), 2)).refused(refusal);
}

#[test]
fn the_first_right_code_enables_and_issues_recovery_codes() {
    let given = offered();
    for offset in [-1, 0, 1] {
        given.when(activate(Some(1), given.compared(1, &[offset]))).then(activated(&given, offset));
    }
}

/// SR-113, SR-129: proving again changes the token, not the session; the offer goes along.
#[test]
fn sr_113_an_offer_survives_a_step_up_of_its_session() {
    let password = Proven::Password { right: true };
    let proven = offered().play(prove(1, password.clone(), 2));
    let events = proven.when(activate(Some(2), proven.compared(1, &[0]))).events();
    assert_eq!(events[1], AccountEvent::Enabled(Enabled { factor: factor(1) }));
    let twice = proven.clone().play(prove(2, password, 3));
    assert_eq!(twice.when(activate(Some(3), twice.compared(1, &[0]))).events().len(), 3);
    // The dead token has nothing, another session has nothing, and signing out ends it as ever.
    twice.when(activate(Some(1), twice.compared(1, &[0]))).refused(Refusal::NoSession);
    let other = proven.clone().play(begin(super::harness::RIGHT, 4));
    other.when(activate(Some(4), other.compared(1, &[0]))).refused(no_offer());
    let own = Command::EndSessions { session: session(2), which: WhichSessions::Own };
    let out = proven.play(own).play(begin(super::harness::RIGHT, 5));
    out.when(activate(Some(5), out.compared(1, &[0]))).refused(no_offer());
}

/// SR-115, AT-32: every other session ends, and so does every sign-in that waits.
#[test]
fn sr_115_enabling_ends_other_sessions_and_sign_ins() {
    let given = offered().play(begin(super::harness::RIGHT, 2));
    let mut expected = activated(&given, 0);
    expected.push(ended(&[2], SessionEndedWhy::FactorChanged));
    let command = || activate(Some(1), given.compared(1, &[0]));
    given.when(command()).then(expected);
    let enabled = given.clone().and([sign_in_opened(1, mins(10))]).play(command()).after(secs(30));
    enabled.when(verify(1, enabled.totp(&[0]))).refused(Refusal::AuthenticationFailed);
}

#[test]
fn a_further_authenticator_keeps_the_recovery_codes() {
    let given = given(enrolled()).play(request_enable(Some(1), 2));
    let events = given.when(activate(Some(1), given.compared(2, &[0]))).events();
    assert_eq!(events[1..], [AccountEvent::Enabled(Enabled { factor: factor(2) })]);
}

/// Whoever types a code for an authenticator on offer was just shown its secret: that is no guess,
/// and a phone whose clock is wrong locks nobody out. The offer lapses with the tenth.
#[test]
fn wrong_first_codes_count_to_the_offer_alone() {
    let given = offered();
    let fact = CodeRejected {
        purpose: Purpose::Enable,
        sign_in: None,
        in_session: Some(session(1)),
        ..rejected(Method::Totp, RejectedWhy::Wrong, (0, 0))
    };
    let wrong = || activate(Some(1), given.compared(1, &[]));
    given.when(wrong()).then([AccountEvent::CodeRejected(fact)]);
    let nine = (0..9).fold(given.clone(), |given, _| given.play(wrong()));
    assert_eq!(nine.unresolved(Method::Totp), 0);
    assert_eq!(nine.when(activate(Some(1), nine.compared(1, &[0]))).events().len(), 3);
    let ten = nine.play(wrong());
    let refusal = Refusal::NotFound("pending authenticator");
    ten.when(activate(Some(1), ten.compared(1, &[0]))).refused(refusal);
    let anew = ten.play(request_enable(Some(1), 2));
    assert_eq!(anew.when(activate(Some(1), anew.compared(2, &[0]))).events().len(), 3);
}

/// What keeps out guesses keeps out nobody who sets up a new authenticator.
#[test]
fn an_authenticator_is_activated_while_codes_must_wait() {
    let given = offered().and([cooled_down(Method::Totp, mins(15))]);
    assert_eq!(given.when(activate(Some(1), given.compared(1, &[0]))).events().len(), 3);
}

/// SR-113, AT-46: begun twice, the first offer is dead, and the event says so.
#[test]
fn sr_113_a_second_offer_takes_the_firsts_place() {
    let given = offered();
    let mut second = enable_requested(2, Some(1), mins(10));
    if let AccountEvent::EnableRequested(EnableRequested { replaces, .. }) = &mut second {
        *replaces = Some(factor(1));
    }
    given.when(request_enable(Some(1), 2)).then([second]);
    let given = given.play(request_enable(Some(1), 2));
    given.when(activate(Some(1), given.compared(1, &[0]))).refused(no_offer());
    assert_eq!(given.when(activate(Some(1), given.compared(2, &[0]))).events().len(), 3);
}

/// SR-113: another session does not confirm it, nor does a client app.
#[test]
fn sr_113_only_the_session_that_began_confirms() {
    let given = offered().play(begin(super::harness::RIGHT, 2));
    for in_session in [Some(2), None] {
        given.when(activate(in_session, given.compared(1, &[0]))).refused(no_offer());
    }
    let by_client = super::harness::given(signed_in()).play(request_enable(None, 1));
    by_client.when(activate(Some(1), by_client.compared(1, &[0]))).refused(no_offer());
}

/// SR-113, AT-46: ten minutes, to the second.
#[test]
fn sr_113_an_offer_lapses_after_ten_minutes() {
    let last = offered().at(mins(10) - secs(1));
    assert_eq!(last.when(activate(Some(1), last.compared(1, &[0]))).events().len(), 3);
    let lapsed = offered().at(mins(10));
    lapsed.when(activate(Some(1), lapsed.compared(1, &[0]))).refused(no_offer());
}

/// SR-113: after signing out, the offer is gone, even for a new session with the same name.
#[test]
fn sr_113_an_offer_ends_with_its_session() {
    let sign_out = Command::EndSessions { session: session(1), which: WhichSessions::Own };
    let given = offered().play(sign_out);
    given.when(activate(Some(1), given.compared(1, &[0]))).refused(Refusal::NoSession);
    let back = given.play(begin(super::harness::RIGHT, 1));
    back.when(activate(Some(1), back.compared(1, &[0]))).refused(no_offer());
}

/// An activation is done once: the offer is used up, and the code too.
#[test]
fn an_offer_is_confirmed_once() {
    let given = offered();
    let command = activate(Some(1), given.compared(1, &[0]));
    given.clone().play(command.clone()).when(command).refused(no_offer());
}
