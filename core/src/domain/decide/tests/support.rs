//! What support does, and what became of mails: each is a fact, and nothing else is.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailCodeSent, EmailConfirmed, EmailDeliveryFailed,
    HistoryViewed, Lane, LockRule, LockedOut, LockoutReset, Method, Notice, NoticeSent, Origin,
    PasswordChangeDemanded, PasswordChangeWhy, PasswordResetRequested, PasswordSetWhy, ResetScope,
    Viewed,
};

use super::harness::{
    RIGHT, begin, event_id, given, hours, mins, password_rejected, register, registered, secs,
    start, version, waiting, wrong,
};
use crate::domain::command::{Command, FirstFactor};
use crate::domain::refusal::Refusal;

#[test]
fn a_lockout_reset_is_recorded_even_where_nothing_is_locked() {
    let (scope, method) = (ResetScope::Counters, Some(Method::Totp));
    let fact = AccountEvent::LockoutReset(LockoutReset { scope, method });
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Unlocked,
        ends_password: true,
    });
    let link_until = Some(start() + mins(30));
    let sent = AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until });
    let proven = given(registered()).and([AccountEvent::EmailConfirmed(EmailConfirmed {})]);
    proven.when(Command::ResetLockout { scope, method }).then([fact, demanded, sent]);
    let (scope, method) = (ResetScope::CoolDown, None);
    let fact = AccountEvent::LockoutReset(LockoutReset { scope, method });
    given(registered()).when(Command::ResetLockout { scope, method }).then([fact]);
}

/// SR-123: a reset brings back nothing that must be set up anew, and is not counted as one.
#[test]
fn sr_123_a_reset_that_would_change_nothing_is_refused_and_not_counted() {
    let disabled = given(registered()).and([AccountEvent::LockedOut(LockedOut {
        method: Method::Totp,
        lane: Lane::Unknown,
        rule: LockRule::HardCap,
        unresolved: 26,
        until: None,
        ends_sign_ins: true,
    })]);
    for scope in [ResetScope::CoolDown, ResetScope::Counters] {
        let reset = Command::ResetLockout { scope, method: Some(Method::Totp) };
        let outcome = disabled.when(reset).0;
        assert!(matches!(outcome, Err(Refusal::Conflict(why)) if why.contains("set up anew")));
    }
    for method in [None, Some(Method::Password)] {
        let reset = Command::ResetLockout { scope: ResetScope::CoolDown, method };
        assert_eq!(disabled.when(reset).events().len(), 1, "{method:?}");
    }
}

/// SR-092: two people at the machine need no address: wrong codes are forgiven with the end of the
/// password that they were given with, and nothing that it began goes on. Said again it is done.
#[test]
fn sr_092_breaking_the_glass_ends_the_password_and_what_it_began() {
    let guessed = given(waiting()).and((1..=4).map(|count| wrong(Method::Totp, count, count)));
    let (scope, method) = (ResetScope::Counters, None);
    let fact = AccountEvent::LockoutReset(LockoutReset { scope, method });
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Unlocked,
        ends_password: true,
    });
    let events = guessed.when(Command::BreakGlass).events();
    assert_eq!(events[..2], [fact, demanded]);
    assert!(matches!(events[2..], [AccountEvent::SessionsEnded(_)]), "{events:?}");
    let after = guessed.play(Command::BreakGlass);
    let open = after.account.open().unwrap();
    assert_eq!((open.password, after.unresolved(Method::Totp)), (None, 0));
    assert!(open.sessions.is_empty() && open.sign_ins.is_empty());
    after.when(Command::BreakGlass).then([]);
    let why = PasswordSetWhy::LetInAnew;
    let set = after.play(Command::SetPassword { version: version(7), why });
    let open = set.account.open().unwrap();
    assert_eq!((open.password, open.password_change), (Some(version(7)), None));
    let again = Command::SetPassword { version: version(8), why };
    set.when(again).refused(Refusal::AuthenticationFailed);
    given([]).when(Command::BreakGlass).refused(Refusal::NotFound("account"));
}

/// SR-123: wrong codes are forgiven only together with the end of the password that they were given
/// with, and a new one comes by mail at once.
#[test]
fn sr_123_wrong_codes_are_forgiven_with_the_end_of_the_password() {
    let (scope, method) = (ResetScope::Counters, None);
    let guessed = given(waiting()).and((1..=4).map(|count| wrong(Method::Totp, count, count)));
    let reset = || Command::ResetLockout { scope, method };
    let refused = guessed.when(reset()).0;
    assert!(
        matches!(refused, Err(Refusal::Conflict(why)) if why.contains("no address was proven"))
    );
    for (scope, method) in [
        (ResetScope::CoolDown, None),
        (ResetScope::CoolDown, Some(Method::Totp)),
        (ResetScope::Counters, Some(Method::Password)),
    ] {
        let cleared = guessed.when(Command::ResetLockout { scope, method }).events();
        assert_eq!(cleared.len(), 1, "{scope:?} {method:?}");
    }
    let proven = guessed.and([AccountEvent::EmailConfirmed(EmailConfirmed {})]);
    let after = proven.play(reset());
    let open = after.account.open().unwrap();
    assert_eq!((open.password, after.unresolved(Method::Totp)), (None, 0));
    let link = open.reset.as_ref().unwrap();
    assert_eq!(link.request, event_id(after.account.last.unwrap().0.get()));
    // The link's password is all that is asked for, and has used up nothing of the year.
    let set = after.play(Command::ResetPassword { version: version(7) });
    let open = set.account.open().unwrap();
    assert_eq!((open.password, open.password_change), (Some(version(7)), None));
    assert_eq!(open.lane_opened_by_mail_at, None);
}

/// SR-123: a password that its cap disabled comes back by support, or nothing would bring it back
/// where no address was proven.
#[test]
fn sr_123_support_brings_back_a_password_that_its_cap_disabled() {
    let mut guessed = given(registered());
    guessed.policy.limits.password.hard_cap = Some(3);
    for sign_in in 1..=3 {
        guessed = guessed.after(hours(2)).play(begin(FirstFactor::PasswordWrong, sign_in));
    }
    let refused = guessed.after(hours(2));
    assert_eq!(refused.when(begin(RIGHT, 4)).0, Err(Refusal::AuthenticationFailed));
    let link = refused.when(Command::RequestPasswordReset).events();
    let no_link = PasswordResetRequested { link_until: None };
    assert_eq!(link, [AccountEvent::PasswordResetRequested(no_link)], "no address was proven");
    for scope in [ResetScope::CoolDown, ResetScope::Counters] {
        let method = Some(Method::Password);
        let back = refused.clone().play(Command::ResetLockout { scope, method });
        assert!(back.when(begin(RIGHT, 4)).0.is_ok(), "{scope:?}");
    }
}

/// A client app's users have no password here that could end.
#[test]
fn wrong_codes_of_a_client_apps_user_are_forgiven_as_they_stand() {
    let mut register = register();
    (register.origin, register.password) = (Origin::Client, None);
    let (scope, method) = (ResetScope::Counters, None);
    let events = given([])
        .play(Command::Register(register))
        .when(Command::ResetLockout { scope, method })
        .events();
    assert_eq!(events, [AccountEvent::LockoutReset(LockoutReset { scope, method })]);
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
