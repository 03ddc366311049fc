//! A new password by mail: what anybody can ask for, and nobody can use up.

use std::collections::VecDeque;

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailChanged, EmailConfirmed, EmailDeliveryFailed,
    PasswordResetRenewed, PasswordResetRequested, PasswordSetWhy,
};
use countersign_events::id::EventId;
use jiff::{SignedDuration, Timestamp};

use super::harness::{
    Given, event_id, given, hours, mins, password_set, registered, secs, start, version,
};
use crate::domain::command::Command;
use crate::domain::refusal::Refusal;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a link works.
const LINK: SignedDuration = SignedDuration::from_mins(30);

fn confirmed() -> Vec<AccountEvent> {
    [registered(), vec![AccountEvent::EmailConfirmed(EmailConfirmed {})]].concat()
}

const fn ask() -> Command {
    Command::RequestPasswordReset
}

fn mailed(link_until: Option<Timestamp>) -> AccountEvent {
    AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until })
}

fn renewed(link_until: Option<Timestamp>) -> AccountEvent {
    AccountEvent::PasswordResetRenewed(PasswordResetRenewed { link_until })
}

/// Three mails, one a minute: as many as an hour has.
fn after_three_mails(past: Vec<AccountEvent>) -> Given {
    (0..3).fold(given(past), |given, _| given.play(ask()).after(mins(1)))
}

fn resets(given: &Given) -> bool {
    let reset = given.when(Command::ResetPassword { version: version(9) }).0;
    assert!(matches!(reset, Ok(_) | Err(Refusal::AuthenticationFailed)), "{reset:?}");
    reset.is_ok()
}

/// AT-50, SR-030: three mails in an hour; what is asked for beyond them makes the last one's link
/// work again. A login that does not exist, and an address that was never proven, leave as many
/// events at the same times.
#[test]
fn at_50_a_request_beyond_the_mails_makes_the_last_link_work_again() {
    for (past, works) in [(confirmed(), true), (registered(), false), (vec![], false)] {
        let until = |span| works.then_some(start() + span);
        let given = given(past.clone());
        given.when(ask()).then([mailed(until(LINK))]);
        let given = after_three_mails(past);
        // The last was asked for at 2 minutes, and has most of its time.
        given.clone().at(mins(17) - secs(1)).when(ask()).stays_quiet();
        let given = given.at(mins(17));
        given.when(ask()).then([renewed(until(mins(47)))]);
        let given = given.play(ask()).at(mins(32) - secs(1));
        given.when(ask()).stays_quiet();
        let given = given.at(mins(45));
        assert_eq!(resets(&given), works, "by the time that was renewed, not by the first");
        assert!(!resets(&given.clone().at(mins(47))), "half an hour and no more");
        // An hour after the first there is room for another mail.
        given.at(mins(60)).when(ask()).then([mailed(until(mins(90)))]);
    }
}

/// A link that died of its age works again, and only the newest does.
#[test]
fn at_50_a_link_that_died_works_again_by_asking_once() {
    let given = after_three_mails(confirmed()).at(mins(50));
    assert!(!resets(&given));
    let given = given.play(ask());
    assert!(resets(&given));
    let link = given.account.open().unwrap().reset.as_ref().unwrap();
    assert_eq!((link.asked_at, link.said_until), (start() + mins(2), start() + mins(32)));
}

/// SR-054: a link that was used never works again; whoever used it holds the account, and is sent
/// another, though the hour has had its mails.
#[test]
fn sr_054_a_link_that_was_used_stays_used_and_makes_room_for_one_more() {
    let given = after_three_mails(confirmed()).at(mins(20));
    let given = given.play(Command::ResetPassword { version: version(9) });
    assert!(!resets(&given));
    given.when(ask()).then([mailed(Some(start() + mins(50)))]);
    let given = given.play(ask()).at(mins(30));
    given.when(ask()).stays_quiet();
    given.at(mins(35)).when(ask()).then([renewed(Some(start() + mins(65)))]);
}

/// What ends a link ends it for good: a password that was changed, another address (SR-027).
#[test]
fn sr_027_a_link_to_an_earlier_address_never_works_again() {
    let undo_until = start() + DAY * 7;
    for ends in [
        AccountEvent::EmailChanged(EmailChanged { undo_until, unproven: false, request: None }),
        password_set(9, PasswordSetWhy::Changed),
    ] {
        let given = after_three_mails(confirmed()).and([ends]).at(mins(20));
        assert!(!resets(&given));
        given.when(ask()).then([mailed(Some(start() + mins(50)))]);
    }
}

/// A mail server that took none for as long as a link works: that mail does not count. One that
/// refused it counts, or an address that takes no mail would be tried for ever.
#[test]
fn at_50_a_mail_that_never_left_does_not_count() {
    let given = after_three_mails(confirmed()).at(mins(20));
    let last = given.account.last.unwrap().0.get();
    for (class, counts) in [
        (DeliveryFailure::Expired, false),
        (DeliveryFailure::Deferred, false),
        (DeliveryFailure::Unreachable, false),
        (DeliveryFailure::Refused, true),
        (DeliveryFailure::NoAddress, true),
    ] {
        let failed = |request| {
            let failed = EmailDeliveryFailed { request: event_id(request), attempts: 3, class };
            AccountEvent::EmailDeliveryFailed(failed)
        };
        let until = Some(start() + mins(50));
        let expected = if counts { renewed(until) } else { mailed(until) };
        given.clone().and([failed(last)]).when(ask()).then([expected]);
        // Of an earlier mail it says nothing.
        given.clone().and([failed(last - 1)]).when(ask()).then([renewed(until)]);
        let given = given.clone().and([failed(last)]).play(ask());
        given.when(ask()).stays_quiet();
    }
}

/// Times within the last span.
#[derive(Default)]
struct Within(VecDeque<Timestamp>);

impl Within {
    fn count(&mut self, now: Timestamp, span: SignedDuration) -> usize {
        while self.0.front().is_some_and(|at| now.duration_since(*at) >= span) {
            self.0.pop_front();
        }
        self.0.len()
    }
}

/// Somebody who asks for a link every few seconds, and the mails that the holder has got.
struct Siege {
    given: Given,
    asked: u64,
    entries: u64,
    mailbox: Vec<EventId>,
    mails: [(Within, SignedDuration, usize); 2],
    uses: [(Within, SignedDuration); 2],
}

impl Siege {
    fn new() -> Self {
        let spans = [(hours(1), 3), (DAY, 10)];
        Self {
            given: given(confirmed()),
            asked: 0,
            entries: 0,
            mailbox: vec![],
            mails: spans.map(|(span, most)| (Within::default(), span, most)),
            uses: spans.map(|(span, _)| (Within::default(), span)),
        }
    }

    fn ask(&mut self) {
        let now = self.given.now;
        self.asked += 1;
        for event in self.given.when(ask()).events() {
            let id = event_id(self.given.account.last.unwrap().0.next().get());
            self.entries += 1;
            if matches!(event, AccountEvent::PasswordResetRequested(_)) {
                self.mailbox.push(id);
                for ((mails, span, most), (uses, _)) in self.mails.iter_mut().zip(&mut self.uses) {
                    mails.0.push_back(now);
                    let more = uses.count(now, *span);
                    let count = mails.count(now, *span);
                    assert!(count <= *most + more, "{count} mails in {span:#}, {more} links used");
                }
            }
            self.given = self.given.clone().and([event]);
        }
    }

    /// The holder asks once, and follows the link of the newest mail in the mailbox.
    fn recovers(&mut self, number: u64) {
        self.ask();
        let newest = self.mailbox.last().copied();
        let link = self.given.account.open().unwrap().reset.as_ref();
        assert_eq!(link.map(|link| link.request), newest, "the newest mail's link is the one");
        self.given = self.given.clone().after(mins(5));
        let reset = Command::ResetPassword { version: version(number) };
        self.given = self.given.clone().play(reset);
        let now = self.given.now;
        self.uses.iter_mut().for_each(|(uses, _)| uses.0.push_back(now));
    }
}

/// AT-33, AT-50, SR-088: for thirty days somebody asks for links every seven seconds, from wherever
/// he likes. On each day, at another time of day, the holder asks once and has a link that works.
/// No more mails are sent than an hour and a day have, and one for each link that was used.
#[test]
fn at_50_at_33_nobody_uses_up_the_holders_new_password() {
    let mut siege = Siege::new();
    for number in 0..30 {
        let day = start() + DAY * i32::try_from(number).unwrap();
        let recovers_at = day + mins(i64::try_from(number).unwrap() * 47);
        let mut has_recovered = false;
        while siege.given.now < day + DAY {
            siege.ask();
            if !has_recovered && siege.given.now >= recovers_at {
                siege.recovers(100 + number);
                has_recovered = true;
            }
            siege.given = siege.given.clone().after(secs(7));
        }
        assert!(has_recovered);
    }
    assert!(siege.asked > 300_000, "{}", siege.asked);
}

/// AT-50: a hundred thousand requests in a day leave no more entries than a day has quarters of an
/// hour, and ten mails. An entry with its sealed part has less than a kibibyte.
#[test]
fn at_50_a_hundred_thousand_requests_leave_a_hundred_entries() {
    let mut siege = Siege::new();
    for _ in 0..100_000 {
        siege.ask();
        siege.given = siege.given.clone().after(SignedDuration::from_millis(864));
    }
    assert_eq!(siege.given.now, start() + DAY);
    assert!((90..=106).contains(&siege.entries), "{}", siege.entries);
    assert_eq!(siege.mailbox.len(), 10);
}
