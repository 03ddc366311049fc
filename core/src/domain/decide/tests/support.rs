//! What support does, and what became of mails: each is a fact, and nothing else is.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailCodeSent, EmailDeliveryFailed, HistoryViewed, LockoutReset,
    Method, Notice, NoticeSent, PasswordChangeDemanded, PasswordChangeWhy, ResetScope, Viewed,
};

use super::harness::{event_id, given, hours, password_rejected, registered, secs};
use crate::domain::command::Command;
use crate::domain::refusal::Refusal;

#[test]
fn a_lockout_reset_is_recorded_even_where_nothing_is_locked() {
    let (scope, method) = (ResetScope::Counters, Some(Method::Totp));
    let fact = AccountEvent::LockoutReset(LockoutReset { scope, method });
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Unlocked,
        ends_password: false,
    });
    given(registered()).when(Command::ResetLockout { scope, method }).then([fact, demanded]);
    let (scope, method) = (ResetScope::CoolDown, None);
    let fact = AccountEvent::LockoutReset(LockoutReset { scope, method });
    given(registered()).when(Command::ResetLockout { scope, method }).then([fact]);
}

/// Twice in thirty days; a third needs more than one pair of eyes.
#[test]
fn support_ends_two_lockouts_in_thirty_days() {
    let reset = || Command::ResetLockout { scope: ResetScope::CoolDown, method: None };
    let twice = given(registered()).play(reset()).after(hours(24)).play(reset());
    let refusal = Refusal::Conflict("as many lockouts as allowed were ended in the last 30 days");
    twice.clone().after(hours(29 * 24) - secs(1)).when(reset()).refused(refusal);
    assert_eq!(twice.after(hours(29 * 24)).when(reset()).events().len(), 1);
}

#[test]
fn every_look_is_recorded() {
    for what in [Viewed::Account, Viewed::Events, Viewed::State, Viewed::Search] {
        let fact = AccountEvent::HistoryViewed(HistoryViewed { what });
        given(registered()).when(Command::View(what)).then([fact]);
    }
}

#[test]
fn support_finds_no_account_behind_an_unknown_login() {
    let refusal = Refusal::NotFound("account");
    for past in [vec![], vec![password_rejected(1)]] {
        let scope = ResetScope::Counters;
        let reset = Command::ResetLockout { scope, method: None };
        given(past.clone()).when(reset).refused(refusal.clone());
        for what in [Viewed::Account, Viewed::Events, Viewed::State] {
            given(past.clone()).when(Command::View(what)).refused(refusal.clone());
        }
        let what = Viewed::Search;
        let fact = AccountEvent::HistoryViewed(HistoryViewed { what });
        given(past).when(Command::View(what)).then([fact]);
    }
}

#[test]
fn what_became_of_a_mail_is_recorded() {
    let (request, cause, attempts) = (event_id(1), event_id(1), 2);
    let class = DeliveryFailure::Refused;
    for event in [
        AccountEvent::EmailCodeSent(EmailCodeSent { request, attempts }),
        AccountEvent::NoticeSent(NoticeSent { notice: Notice::Locked, cause, attempts }),
        AccountEvent::EmailDeliveryFailed(EmailDeliveryFailed { request, attempts, class }),
    ] {
        given(registered()).when(Command::RecordMail(event.clone())).then([event]);
    }
}

/// The way past every decision is open to facts about mails alone.
#[test]
fn no_other_fact_is_recorded_as_one_about_a_mail() {
    for event in registered() {
        let outcome = given(registered()).when(Command::RecordMail(event)).0;
        assert!(matches!(outcome, Err(Refusal::Invalid { field: "event", .. })), "{outcome:?}");
    }
}
