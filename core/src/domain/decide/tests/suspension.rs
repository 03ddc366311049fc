//! Suspended: nobody signs in, nothing goes on, and nobody can tell from outside.

use countersign_events::account::{
    AccountEvent, Counted, EmailConfirmed, Method, PasswordMailAsked, PasswordRejected,
    PasswordResetRequested, Purpose, Resumed, SessionEndedWhy, Suspended,
};

use super::harness::{
    RIGHT, begin, email_code, ended, enrolled, given, mins, register, registered, session, sign_in,
    start, verify, waiting,
};
use crate::domain::command::{Command, Evidence, FirstFactor, SignIn, WhichSessions};
use crate::domain::refusal::Refusal;

pub(super) fn suspended() -> AccountEvent {
    AccountEvent::Suspended(Suspended {})
}

fn conflicts(outcome: &super::harness::Outcome) {
    assert!(matches!(outcome.0, Err(Refusal::Conflict(_))), "{outcome:?}");
}

#[test]
fn an_account_is_suspended_once_and_resumed_once() {
    given(enrolled()).when(Command::Suspend).then([suspended()]);
    let given = given(enrolled()).play(Command::Suspend);
    conflicts(&given.when(Command::Suspend));
    given.when(Command::Resume).then([AccountEvent::Resumed(Resumed {})]);
    let given = given.play(Command::Resume);
    conflicts(&given.when(Command::Resume));
    super::harness::given([]).when(Command::Suspend).refused(Refusal::NotFound("account"));
}

/// Sessions, sign-ins in progress and codes by e-mail end at once.
#[test]
fn nothing_that_had_begun_goes_on() {
    let sent = email_code(Purpose::SignIn, sign_in(1), 7, mins(10));
    let given = given([waiting(), vec![sent]].concat()).play(Command::Suspend);
    let open = given.account.open().unwrap();
    assert!(open.sessions.is_empty() && open.sign_ins.is_empty() && open.email_codes.is_empty());
    for evidence in [given.totp(&[0]), Evidence::EmailCode { right: true }] {
        given.when(verify(1, evidence)).refused(Refusal::AuthenticationFailed);
    }
    let which = WhichSessions::Own;
    given.when(Command::EndSessions { session: session(1), which }).refused(Refusal::NoSession);
}

/// SR-075: a right password, a wrong one and a vouched one: no sign-in begins. Right and wrong are
/// counted alike, or else the right one could be told by its never having to wait.
#[test]
fn sr_075_a_right_password_is_refused_and_counted_like_a_wrong_one() {
    let rejected = AccountEvent::PasswordRejected(PasswordRejected {
        purpose: Purpose::SignIn,
        in_session: None,
        unresolved: 1,
        counted: Counted::default(),
        suspended: true,
    });
    let given = given(enrolled()).play(Command::Suspend);
    given.when(begin(RIGHT, 2)).then([rejected.clone()]);
    given.when(begin(FirstFactor::PasswordWrong, 2)).then([rejected]);
    let first = FirstFactor::Vouched { device: None };
    let vouched = SignIn { first, sign_in: sign_in(2), session: session(2) };
    given.when(Command::SignIn(vouched)).refused(Refusal::AuthenticationFailed);
    let resumed = given.play(Command::Resume);
    let begun = resumed.when(begin(RIGHT, 2)).events();
    assert!(matches!(begun[0], AccountEvent::PasswordVerified(_)), "{begun:?}");
}

/// Ended by support: an event also where there was no session.
#[test]
fn support_ends_every_session_and_sign_in() {
    let why = SessionEndedWhy::Support;
    given(waiting()).when(Command::EndAllSessions).then([ended(&[1], why)]);
    given(registered()).when(Command::EndAllSessions).then([ended(&[], why)]);
    let after = given(waiting()).play(Command::EndAllSessions);
    let open = after.account.open().unwrap();
    assert!(open.sessions.is_empty() && open.sign_ins.is_empty());
    let begun = after.when(begin(RIGHT, 2)).events();
    assert!(matches!(begun[0], AccountEvent::PasswordVerified(_)), "{begun:?}");
}

/// SR-121: a link goes to the address on record, where that was proven, and not without end.
#[test]
fn sr_121_a_link_to_a_new_password_goes_to_a_proven_address_alone() {
    conflicts(&given(registered()).when(Command::MailPassword));
    let client = crate::domain::command::Register { password: None, ..register() };
    conflicts(&given([]).play(Command::Register(client)).when(Command::MailPassword));
    let proven = given(registered()).and([AccountEvent::EmailConfirmed(EmailConfirmed {})]);
    let link_until = Some(start() + mins(30));
    proven.when(Command::MailPassword).then([
        AccountEvent::PasswordMailAsked(PasswordMailAsked {}),
        AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until }),
    ]);
    let capped = (0..3).fold(proven, |given, _| given.play(Command::MailPassword));
    let retry_at = start() + mins(60);
    capped.when(Command::MailPassword).refused(Refusal::TooManyRequests { retry_at });
    assert_eq!(capped.unresolved(Method::Password), 0);
}

/// SR-092: two people at the machine let in whom nobody else can resume.
#[test]
fn sr_092_breaking_the_glass_ends_a_suspension() {
    let given = given(enrolled()).play(Command::Suspend);
    let resumed = AccountEvent::Resumed(Resumed {});
    assert!(given.when(Command::BreakGlass).events().contains(&resumed));
}
