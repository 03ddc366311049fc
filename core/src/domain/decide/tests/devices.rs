//! Devices: known after a sign-in, under another name after each, and forgotten (SR-133).

use countersign_events::account::{
    AccountEvent, DeviceRemembered, DevicesForgotten, PasswordSetWhy, SessionEndedWhy,
};
use countersign_events::id::HandleHash;
use jiff::SignedDuration;

use super::harness::{
    Given, RIGHT, begin, device, email_code, ended, enrolled, given, hours, mins, password_set,
    prove, registered, secs, session, sign_in, start, verify, waiting,
};
use crate::domain::account::Open;
use crate::domain::command::{Command, Evidence, Proven, WhichDevices};
use crate::domain::policy::DEVICES_MAX;
use crate::domain::refusal::Refusal;

impl Given {
    fn open(&self) -> &Open {
        self.account.open().unwrap()
    }

    fn known(&self) -> Vec<HandleHash> {
        self.open().devices.keys().copied().collect()
    }

    /// Signs in with password and authenticator, a step later than the last time.
    fn signs_in(self, number: u8) -> Self {
        let begun = self.after(secs(30)).play(begin(RIGHT, number));
        let code = begun.totp(&[0]);
        begun.play(verify(number, code))
    }
}

fn days(count: i64) -> SignedDuration {
    hours(24 * count)
}

/// What the events of an outcome remember of the device.
fn remembered(events: &[AccountEvent]) -> Option<DeviceRemembered> {
    events.iter().find_map(|event| match event {
        AccountEvent::CodeVerified(verified) => verified.session.clone()?.device,
        AccountEvent::PasswordVerified(verified) => verified.session.clone()?.device,
        _ => None,
    })
}

fn began_at(events: &[AccountEvent]) -> Option<HandleHash> {
    events.iter().find_map(|event| match event {
        AccountEvent::PasswordVerified(verified) => verified.sign_in.as_ref()?.device,
        _ => None,
    })
}

fn forget(in_session: u8, which: WhichDevices) -> Command {
    Command::ForgetDevices { session: session(in_session), which }
}

/// A person with an authenticator, signed in at device 1 in session 61.
fn at_home() -> Given {
    given(enrolled()).at_device(None, 1).signs_in(11)
}

#[test]
fn a_device_is_known_once_all_was_proven_there_for_ninety_days() {
    let begun = given(waiting()).after(secs(30)).at_device(None, 1);
    let events = begun.answer(begun.totp(&[0])).events();
    let expires_at = start() + secs(30) + days(90);
    let expected = DeviceRemembered { device: device(1), expires_at, replaces: None };
    assert_eq!(remembered(&events), Some(expected));
    let without = given(registered()).at_device(None, 1).when(begin(RIGHT, 2)).events();
    assert!(remembered(&without).is_some(), "where the password is all that is asked for");
}

/// SR-133: what it held before is worth nothing after the next sign-in, not even when copied.
#[test]
fn sr_133_what_a_device_holds_changes_at_every_sign_in() {
    let home = at_home().at_device(Some(1), 2).signs_in(12);
    assert_eq!(home.known(), [device(2)]);
    assert_eq!(home.open().devices[&device(2)].first_seen_at, start() + secs(30));
    assert_eq!(home.open().devices[&device(2)].last_seen_at, start() + secs(60));
    let copied = home.at_device(Some(1), 3).when(begin(RIGHT, 13)).events();
    assert_eq!(began_at(&copied), None);
}

/// SR-133, AT-42: a known device still has its second factor asked for; all that it gets is that
/// the log says so.
#[test]
fn sr_133_a_known_device_is_asked_for_all_the_same() {
    let events = at_home().at_device(Some(1), 2).when(begin(RIGHT, 12)).events();
    assert_eq!(began_at(&events), Some(device(1)));
    let opens = |event: &AccountEvent| match event {
        AccountEvent::PasswordVerified(verified) => verified.session.is_some(),
        _ => false,
    };
    assert!(!events.iter().any(opens), "a session without the second factor");
    let unknown = at_home().at_device(Some(9), 2).when(begin(RIGHT, 12)).events();
    assert_eq!(began_at(&unknown), None);
}

/// SR-133: not longer than 90 days.
#[test]
fn sr_133_a_device_is_forgotten_after_ninety_days() {
    let last = days(90) - secs(1);
    let soon = at_home().at_device(Some(1), 2).after(last).when(begin(RIGHT, 12)).events();
    assert_eq!(began_at(&soon), Some(device(1)));
    let late = at_home().at_device(Some(1), 2).after(days(90)).when(begin(RIGHT, 12)).events();
    assert_eq!(began_at(&late), None);
    assert_eq!(at_home().after(days(90)).and(late).known(), []);
}

/// A code by e-mail proves less than the account asks for.
#[test]
fn a_code_by_e_mail_makes_no_device_known_and_leaves_a_known_one_as_it_was() {
    let sent = email_code(countersign_events::account::Purpose::SignIn, sign_in(12), 1, mins(10));
    let begun = at_home().at_device(Some(1), 2).play(begin(RIGHT, 12)).and([sent]);
    let events = begun.when(verify(12, Evidence::EmailCode { right: true })).events();
    assert_eq!(remembered(&events), None);
    let after = begun.and(events);
    assert_eq!(after.known(), [device(1)]);
    assert_eq!(after.open().sessions[&session(62)].device, Some(device(1)), "it began there");
}

#[test]
fn a_program_is_no_device() {
    let begun = given(waiting()).after(secs(30));
    assert_eq!(remembered(&begun.answer(begun.totp(&[0])).events()), None);
}

/// SR-133, SR-115: with the password, or an authenticator, all of them are strangers again.
#[test]
fn sr_115_devices_are_forgotten_with_the_password_and_with_every_authenticator() {
    let home = at_home();
    assert_eq!(home.known(), [device(1)]);
    assert_eq!(home.and([password_set(2, PasswordSetWhy::Changed)]).known(), []);
    let rehashed = at_home().and([password_set(2, PasswordSetWhy::Rehashed)]);
    assert_eq!(rehashed.known(), [device(1)], "the same password, hashed anew");
    let removed = at_home().play(super::harness::remove(61, 1));
    assert_eq!(removed.known(), []);
    let added = at_home().play(super::harness::request_enable(Some(61), 2));
    let compared = added.compared(2, &[0]);
    assert_eq!(added.play(super::harness::activate(Some(61), compared)).known(), []);
}

#[test]
fn a_forgotten_device_takes_the_sessions_that_began_there_along() {
    let two = at_home().at_device(None, 2).signs_in(12);
    let forgotten = |devices| AccountEvent::DevicesForgotten(DevicesForgotten { devices });
    two.when(forget(62, WhichDevices::One(device(1))))
        .then([forgotten(vec![device(1)]), ended(&[61], SessionEndedWhy::Revoked)]);
    two.when(forget(62, WhichDevices::One(device(2)))).then([forgotten(vec![device(2)])]);
    two.when(forget(62, WhichDevices::All))
        .then([forgotten(vec![device(1), device(2)]), ended(&[61], SessionEndedWhy::Revoked)]);
    two.when(forget(62, WhichDevices::One(device(9)))).refused(Refusal::NotFound("device"));
    two.when(forget(77, WhichDevices::All)).refused(Refusal::NoSession);
    let none = two.play(forget(62, WhichDevices::All));
    none.when(forget(62, WhichDevices::All)).stays_quiet();
}

/// A session stays tied to its device when that is given another name, and when it proves again.
#[test]
fn a_session_stays_tied_to_its_device() {
    let home = at_home().play(prove(61, Proven::Password { right: true }, 71));
    let renamed = home.at_device(Some(1), 2).signs_in(12);
    assert_eq!(renamed.open().sessions[&session(71)].device, Some(device(2)));
    let elsewhere = renamed.at_device(None, 3).signs_in(13);
    let events = elsewhere.when(forget(63, WhichDevices::One(device(2)))).events();
    assert!(events.contains(&ended(&[62, 71], SessionEndedWhy::Revoked)), "{events:?}");
}

#[test]
fn an_account_knows_only_so_many_devices() {
    let mut home = given(registered());
    for number in 0..25 {
        home = home.after(secs(1)).at_device(None, number).play(begin(RIGHT, number));
    }
    assert_eq!(home.known(), (5..25).map(device).collect::<Vec<_>>());
    assert_eq!(home.known().len(), DEVICES_MAX);
}

/// SR-059: a flood of right passwords from elsewhere drops no sign-in that began at a known device.
#[test]
fn sr_059_a_flood_from_elsewhere_drops_no_sign_in_of_a_known_device() {
    let begun = at_home().after(secs(30)).at_device(Some(1), 2).play(begin(RIGHT, 12));
    let flooded = (20..60)
        .fold(begun.elsewhere(), |given, number| given.after(secs(1)).play(begin(RIGHT, number)));
    assert_eq!(flooded.open().sign_ins.len(), 10);
    let back = flooded.at_device(Some(1), 2);
    let events = back.when(verify(12, back.totp(&[0]))).events();
    assert!(remembered(&events).is_some(), "{events:?}");
}
