//! A password that guesses have closed, asked for again by whoever reads the mailbox.

use countersign_events::account::{
    AccountEvent, BrowserAdmitted, EmailConfirmed, Method, PasswordSetWhy, PasswordUnlocked,
    PasswordVerified,
};
use countersign_events::id::EventId;
use jiff::SignedDuration;

use super::harness::{
    Given, RIGHT, begin, device, enrolled, event_id, given, hours, mins, secs, start, verify,
    version,
};
use crate::domain::command::{Command, FirstFactor};
use crate::domain::limits::Rule;
use crate::domain::refusal::Refusal;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// With an authenticator and a proven address.
pub(super) fn holder() -> Given {
    let confirmed = AccountEvent::EmailConfirmed(EmailConfirmed {});
    given([enrolled(), vec![confirmed]].concat())
}

/// Whoever guesses takes every try that is free.
fn hammered(mut given: Given) -> Given {
    let (asked, mut number) = (given.device, 100);
    given = given.elsewhere();
    while let Ok(events) = given.when(begin(FirstFactor::PasswordWrong, number)).0 {
        given = given.and(events);
        number = number.wrapping_add(1);
    }
    given.device = asked;
    given
}

/// Hammered until nothing but a mail, support or a month helps; the event that closed it.
pub(super) fn closed(mut given: Given) -> (Given, EventId) {
    for _ in 0..120 {
        given = hammered(given).after(hours(1));
    }
    let cause = given.account.open().unwrap().password_closed.expect("a hundred wrong ones");
    (given, cause)
}

const fn unlock(cause: EventId) -> Command {
    Command::UnlockPassword { cause }
}

fn unlocked(cause: EventId, browser: Option<BrowserAdmitted>) -> AccountEvent {
    AccountEvent::PasswordUnlocked(PasswordUnlocked { cause, browser })
}

fn enters(given: &Given) -> bool {
    let outcome = given.when(begin(RIGHT, 7)).0;
    assert!(matches!(outcome, Ok(_) | Err(Refusal::TooManyRequests { .. })), "{outcome:?}");
    outcome.is_ok()
}

/// SR-088: the hundredth wrong password closes it; the event is the one that the link comes of.
#[test]
fn sr_088_a_hundred_wrong_passwords_close_it_and_the_link_opens_it_again() {
    let (given, cause) = closed(holder());
    let locks = |given: &Given| given.account.limits.locks(&given.policy.limits, given.now);
    let [lock] = &locks(&given)[..] else { panic!("{:?}", locks(&given)) };
    assert_eq!((lock.rule, lock.unresolved), (Rule::LaneCap, 100));
    assert_eq!(lock.until, Some(start() + DAY * 30));
    let Err(Refusal::TooManyRequests { retry_at }) = given.when(begin(RIGHT, 7)).0 else {
        panic!("closed")
    };
    assert!(retry_at.duration_since(given.now) > hours(1), "the page tells by this");
    given.when(unlock(cause)).then([unlocked(cause, None)]);
    let given = given.play(unlock(cause));
    assert_eq!((locks(&given), given.unresolved(Method::Password)), (vec![], 0));
    assert!(enters(&given));
}

/// SR-054: the link works once, and only of the lock that lasts.
#[test]
fn sr_054_a_link_that_unlocks_works_once_and_while_the_lock_lasts() {
    let refused = |given: &Given, cause| {
        given.when(unlock(cause)).refused(Refusal::AuthenticationFailed);
    };
    let (given, cause) = closed(holder());
    refused(&given, event_id(1));
    let used = given.clone().play(unlock(cause));
    refused(&used, cause);
    // Closed again, by another event.
    let (again, newer) = closed(used);
    assert_ne!(newer, cause);
    refused(&again, cause);
    again.when(unlock(newer)).then([unlocked(newer, None)]);
    // The oldest failure is as old as the window: there is a try again, and nothing to unlock.
    refused(&given.clone().at(DAY * 30), cause);
    let set = Command::SetPassword { version: version(5), why: PasswordSetWhy::Changed };
    refused(&given.play(set), cause);
    refused(&holder(), event_id(3));
    refused(&super::harness::given([]), event_id(3));
}

/// Nothing but wrong passwords is forgiven, and nobody is signed in.
#[test]
fn a_link_that_unlocks_forgives_no_code_and_opens_no_session() {
    let mut given = holder().after(mins(1)).play(begin(RIGHT, 1));
    for _ in 0..3 {
        let wrong = given.totp(&[]);
        given = given.play(verify(1, wrong));
    }
    let (given, cause) = closed(given);
    let sessions = given.account.open().unwrap().sessions.clone();
    let given = given.at_device(None, 1).play(unlock(cause));
    assert_eq!(given.unresolved(Method::Totp), 3);
    let open = given.account.open().unwrap();
    assert_eq!((open.sessions.len(), open.devices.len()), (sessions.len(), 0));
}

/// AT-33, SR-088, SR-133: whoever guesses at full rate is back before the holder has typed the
/// password. The browser in which the link was followed has ten tries of its own for half an hour,
/// at the password alone; what is asked for stays the same.
#[test]
fn at_33_the_browser_that_followed_the_link_cannot_be_made_to_wait() {
    let (given, cause) = closed(holder());
    let expires_at = given.now + mins(30);
    let browser = Some(BrowserAdmitted { device: device(1), expires_at });
    given.clone().at_device(None, 1).when(unlock(cause)).then([unlocked(cause, browser)]);
    let given = hammered(given.at_device(None, 1).play(unlock(cause)));
    assert!(!enters(&given.clone().elsewhere()), "from anywhere else there is a wait");
    let given = given.at_device(Some(1), 2);
    let events = given.when(begin(RIGHT, 7)).events();
    let AccountEvent::PasswordVerified(PasswordVerified { sign_in, device, session, .. }) =
        &events[0]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*device, Some(super::harness::device(1)));
    assert!(session.is_none(), "the second factor is asked for");
    assert_eq!(sign_in.as_ref().unwrap().device, None, "and it is no known device");
    let in_time = given.clone().at(expires_at.duration_since(start()) - secs(1));
    assert!(enters(&hammered(in_time)));
    let too_late = given.clone().at(expires_at.duration_since(start()));
    assert!(!enters(&hammered(too_late)));
    let mut typed = given;
    for _ in 0..10 {
        assert!(enters(&typed));
        typed = typed.play(begin(FirstFactor::PasswordWrong, 9));
    }
    assert!(!enters(&typed), "ten tries, like a known device");
}

/// A known device has its own lane, and keeps what it holds.
#[test]
fn a_known_device_is_given_nothing_more() {
    let home = holder().after(mins(1)).at_device(None, 1).play(begin(RIGHT, 1));
    let code = home.totp(&[0]);
    let (given, cause) = closed(home.play(verify(1, code)));
    let given = given.at_device(Some(1), 2);
    assert!(enters(&given), "at any time");
    given.when(unlock(cause)).then([unlocked(cause, None)]);
}

/// AT-33, SR-088: thirty days at full rate. From the sixth on the holder comes every day with a
/// browser that was never seen before: one mail, and in. It is the link of the lock where there is
/// one, and else a new password by mail.
#[test]
fn at_33_a_new_browser_gets_in_with_one_mail_on_every_day_of_thirty() {
    let mut given = holder();
    let mut by_lock = 0;
    for day in 0..30 {
        for _ in 0..24 {
            given = hammered(given).after(hours(1));
        }
        if day < 5 {
            continue;
        }
        given = hammered(given).elsewhere();
        assert!(!enters(&given), "day {day}: without a mail there is a wait, or worse");
        given = given.at_device(None, 1);
        match given.account.open().unwrap().password_closed {
            Some(cause) => {
                given = given.play(unlock(cause));
                by_lock += 1;
            }
            None => {
                given = hammered(given.play(Command::RequestPasswordReset)).after(mins(1));
                let version = version(100 + u64::try_from(day).unwrap());
                given = given.play(Command::ResetPassword { version });
            }
        }
        given = hammered(given.after(mins(1)));
        assert!(!enters(&given.clone().elsewhere()), "day {day}: from elsewhere");
        given = given.at_device(Some(1), 2);
        assert!(enters(&given), "day {day}: with one mail");
    }
    assert_eq!(by_lock, 1, "a new password by mail begins anew");
}
