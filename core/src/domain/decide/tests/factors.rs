//! Renaming and removing authenticators.

use countersign_events::account::{
    AccountEvent, Assurance, Disabled, Enabled, FactorRemoved, FactorRenamed, Purpose,
    SessionEndedWhy,
};

use super::harness::{
    Given, RIGHT, activate, amr, begin, email_code, enable_requested, ended, enrolled, factor,
    given, hours, mins, password_session, prove, remove, rename, request_enable, secs, session,
    sign_in, sign_in_opened, signed_in, verify, waiting,
};
use crate::domain::command::{Evidence, Proven};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};

fn removed(number: u128) -> AccountEvent {
    AccountEvent::FactorRemoved(FactorRemoved { factor: factor(number) })
}

fn disabled() -> AccountEvent {
    AccountEvent::Disabled(Disabled {})
}

/// Authenticators 1 and 2.
fn two() -> Given {
    given(enrolled()).and([
        enable_requested(2, Some(1), mins(10)),
        AccountEvent::Enabled(Enabled { factor: factor(2) }),
    ])
}

#[test]
fn an_authenticator_is_renamed() {
    let fact = AccountEvent::FactorRenamed(FactorRenamed { factor: factor(1) });
    given(enrolled()).when(rename(1, 1)).then([fact]);
    given(enrolled()).when(rename(1, 9)).refused(Refusal::NotFound("authenticator"));
    given(enrolled()).when(rename(9, 1)).refused(Refusal::NoSession);
}

#[test]
fn removing_the_last_authenticator_disables_the_second_factor() {
    given(enrolled()).when(remove(1, 1)).then([removed(1), disabled()]);
    given(enrolled()).when(remove(1, 9)).refused(Refusal::NotFound("authenticator"));
}

#[test]
fn removing_one_of_two_leaves_the_other_in_use() {
    two().when(remove(1, 2)).then([removed(2)]);
    let given = two().play(remove(1, 2)).and([sign_in_opened(1, mins(10))]).after(mins(1));
    assert_eq!(given.answer(given.totp(&[0])).events().len(), 1);
}

/// The removed authenticator enters nowhere, in no sign-in begun before or after.
#[test]
fn a_removed_authenticator_is_refused_at_once() {
    let given = two().and([sign_in_opened(1, mins(10))]).play(remove(1, 1)).after(mins(1));
    given.answer(given.totp(&[0])).refused(Refusal::AuthenticationFailed);
    let given = given.and([sign_in_opened(2, mins(20))]);
    let events = given.when(verify(2, given.totp(&[0]))).events();
    assert!(matches!(events[..], [AccountEvent::CodeRejected(_)]), "{events:?}");
}

#[test]
fn after_the_last_removal_the_password_signs_in() {
    let given = given(enrolled()).play(remove(1, 1)).play(begin(RIGHT, 2));
    let opened = &given.account.open().unwrap().sessions[&session(2)];
    assert_eq!(opened.amr, password_session(2, hours(12)).amr);
}

/// SR-132: what a session proved with an authenticator that is gone, it has no longer proven.
#[test]
fn sr_132_switching_the_second_factor_off_lowers_the_session_that_did_it() {
    let given = given(enrolled()).play(remove(1, 1));
    let open = given.account.open().unwrap();
    let lowered = &open.sessions[&session(1)];
    assert_eq!((lowered.assurance, &lowered.amr), (Assurance::Password, &amr(&["pwd"])));
    assert_eq!(lowered.second_factor_at, None);
    assert_eq!(lowered.password_at, Some(given.now), "what it proved by password stands");
    // The password proven again lifts it no higher, and a new authenticator does.
    let proven = given.clone().play(prove(1, Proven::Password { right: true }, 2));
    let opened = &proven.account.open().unwrap().sessions[&session(2)];
    assert_eq!(opened.assurance, Assurance::Password);
    let offered = given.play(request_enable(Some(1), 2));
    let enabled = offered.clone().play(activate(Some(1), offered.compared(2, &[0])));
    assert!(enabled.account.open().unwrap().is_two_factor(session(1)));
}

/// SR-132: one of two removed, the second factor is still on.
#[test]
fn sr_132_removing_one_of_two_lowers_nothing() {
    let given = two().play(remove(1, 2));
    let open = given.account.open().unwrap();
    assert!(
        open.is_two_factor(session(1)) && open.sessions[&session(1)].second_factor_at.is_some()
    );
}

/// A session that a code by e-mail began has nothing to lose, and is not lifted by losing it.
#[test]
fn sr_132_a_session_by_a_code_by_e_mail_stays_what_it_is() {
    let given = given(waiting()).and([email_code(Purpose::SignIn, sign_in(1), 1, mins(10))]);
    let given = given.play(verify(1, Evidence::EmailCode { right: true }));
    let before = given.account.open().unwrap().sessions[&session(51)].clone();
    let given = given.and([removed(1), disabled()]);
    assert_eq!(given.account.open().unwrap().sessions[&session(51)], before);
}

/// However sure a session calls itself: without authenticators nobody acts with two factors.
#[test]
fn a_session_acts_with_two_factors_only_where_the_account_asks_for_them() {
    let given = given(enrolled());
    let mut open = given.account.open().unwrap().clone();
    assert!(open.is_two_factor(session(1)) && !open.is_two_factor(session(2)));
    open.factors.clear();
    assert_eq!(open.sessions[&session(1)].assurance, Assurance::TwoFactor);
    assert!(!open.is_two_factor(session(1)));
}

#[test]
fn removing_ends_every_other_session() {
    let given = given(waiting()).after(mins(1));
    let given = given.clone().play(verify(1, given.totp(&[0])));
    given.when(remove(51, 1)).then([
        removed(1),
        disabled(),
        ended(&[1], SessionEndedWhy::FactorChanged),
    ]);
}

/// SR-111, SR-114: five minutes, to the second; a fresh password does not do.
#[test]
fn sr_114_changing_an_authenticator_needs_a_fresh_second_factor() {
    let refusal = || Policy::default().step_up(StepUp::SecondFactor);
    let fresh = given(enrolled()).after(mins(5));
    assert_eq!(fresh.when(remove(1, 1)).events().len(), 2);
    let stale = given(enrolled()).after(mins(5) + secs(1));
    stale.when(remove(1, 1)).refused(refusal());
    stale.when(rename(1, 1)).refused(refusal());
    let by_password = stale.clone().play(prove(1, Proven::Password { right: true }, 2));
    by_password.when(remove(2, 1)).refused(refusal());
    let code = Proven::Code(stale.totp(&[0]));
    let by_code = stale.play(prove(1, code, 2));
    assert_eq!(by_code.when(remove(2, 1)).events().len(), 2);
}

#[test]
fn without_authenticators_there_is_none_to_change() {
    given(signed_in()).when(remove(1, 1)).refused(Refusal::NotFound("authenticator"));
    given(signed_in()).when(rename(1, 1)).refused(Refusal::NotFound("authenticator"));
}
