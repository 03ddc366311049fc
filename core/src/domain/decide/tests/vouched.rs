//! Devices that a client app names: known by its word once all was proven there (SR-133).

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, Lane, Method, Purpose,
};
use countersign_events::id::HandleHash;

use super::harness::{
    Given, RIGHT, begin, device, enrolled, given, hours, mins, prove, registered, request_enable,
    secs, send, session, verify,
};
use crate::domain::command::{Command, FirstFactor, Proven};
use crate::domain::policy::Policy;
use crate::domain::refusal::StepUp;

fn at(number: u8) -> FirstFactor {
    FirstFactor::Vouched { device: Some(device(number)) }
}

impl Given {
    /// The app begins a sign-in at a device, and its user completes it.
    fn enters_at(self, number: u8, sign_in: u8) -> Self {
        let begun = self.after(mins(1)).play(begin(at(number), sign_in));
        let code = begun.totp(&[0]);
        begun.play(verify(sign_in, code))
    }

    fn known_devices(&self) -> Vec<HandleHash> {
        self.account.open().unwrap().devices.keys().copied().collect()
    }

    fn lane_of(&self, wrong: Command) -> (Lane, Option<HandleHash>) {
        let events = self.when(wrong).events();
        let rejected = events.iter().find_map(|event| match event {
            AccountEvent::CodeRejected(CodeRejected { counted, .. }) => Some(*counted),
            _ => None,
        });
        let counted = rejected.expect("a wrong code");
        (counted.lane, counted.device)
    }
}

/// It keeps its name, and so does whoever brings the same name along: nothing is forgiven there.
#[test]
fn sr_133_a_device_that_an_app_names_is_known_after_a_full_success() {
    let begun = given(enrolled()).after(mins(1)).play(begin(at(7), 2));
    assert_eq!(begun.known_devices(), []);
    let wrong = verify(2, begun.totp(&[]));
    assert_eq!(begun.lane_of(wrong.clone()), (Lane::Unknown, None));
    let entered = begun.play(wrong).enters_at(7, 3);
    assert_eq!(entered.known_devices(), [device(7)]);
    let seen = entered.account.open().unwrap().devices[&device(7)].first_seen_at;
    let again = entered.after(hours(1)).play(begin(at(7), 2));
    let wrong = verify(2, again.totp(&[]));
    assert_eq!(again.lane_of(wrong.clone()), (Lane::Known, Some(device(7))));
    let guessed = again.play(wrong);
    assert_eq!(guessed.unresolved(Method::Totp), 2);
    let entered = guessed.enters_at(7, 3);
    assert_eq!(entered.known_devices(), [device(7)]);
    assert_eq!(entered.account.open().unwrap().devices[&device(7)].first_seen_at, seen);
    assert_eq!(entered.unresolved(Method::Totp), 2, "what was wrong by its lane stays");
}

/// SR-111, SR-117: an app's word opens a session and is no password that was just given: by that
/// session alone no authenticator is enrolled and no address taken. Once all is proven, it does
/// what any other does.
#[test]
fn sr_111_a_session_on_an_apps_word_changes_nothing_by_itself() {
    let refusal = Policy::default().step_up(StepUp::Password);
    let vouched = given(registered()).play(begin(at(7), 2));
    vouched.when(request_enable(Some(2), 1)).refused(refusal.clone());
    vouched.when(send(Purpose::ChangeEmail, session(2), 1)).refused(refusal);
    let by_password = given(registered()).play(begin(RIGHT, 2));
    assert_eq!(by_password.when(request_enable(Some(2), 1)).events().len(), 1);
    let entered = given(enrolled()).enters_at(7, 2);
    assert_eq!(entered.when(request_enable(Some(52), 2)).events().len(), 1);
}

/// SR-084, SR-085, AT-36: a year in which the holder signs in every day at the device that the app
/// names, and whoever has the first factor and the same name guesses before each: by the lane of
/// that device five, and sixteen more like anybody.
#[test]
fn sr_084_at_36_the_name_of_a_device_brings_nobody_more_than_its_lane() {
    let mut life = given(enrolled()).enters_at(7, 2);
    let mut evaluated = 0;
    for _ in 0..364 {
        life = life.after(hours(23)).play(begin(at(7), 3));
        for _ in 0..4 {
            let wrong = life.when(verify(3, life.totp(&[]))).0;
            if let Ok(events) = wrong {
                evaluated += 1;
                life = life.and(events);
            }
        }
        life = life.after(mins(59)).play(begin(at(7), 4));
        let right = life.when(verify(4, life.totp(&[0]))).0;
        if let Ok(events) = right {
            life = life.and(events);
        }
    }
    assert_eq!(evaluated, 5 + 16);
}

/// SR-088: who guesses elsewhere closes the lane of all, and takes nothing from it.
#[test]
fn sr_088_who_guesses_elsewhere_takes_nothing_from_a_named_device() {
    let mut guessed = given(enrolled()).enters_at(7, 2);
    for _ in 0..16 {
        guessed = guessed.after(hours(13)).play(begin(at(8), 3));
        let wrong = verify(3, guessed.totp(&[]));
        guessed = guessed.play(wrong);
    }
    let elsewhere = guessed.clone().after(hours(13)).play(begin(at(8), 3));
    assert!(elsewhere.when(verify(3, elsewhere.totp(&[0]))).0.is_err());
    let named = guessed.after(hours(13)).play(begin(at(7), 4));
    let events = named.when(verify(4, named.totp(&[0]))).events();
    assert!(matches!(events[0], AccountEvent::CodeVerified(CodeVerified { .. })), "{events:?}");
}

/// Within its session, too, where the app says no device any more.
#[test]
fn a_session_that_an_app_began_is_at_the_device_that_it_named() {
    let entered = given(enrolled()).enters_at(7, 2).after(secs(31));
    let wrong = prove(52, Proven::Code(entered.totp(&[])), 70);
    assert_eq!(entered.lane_of(wrong.clone()), (Lane::Known, Some(device(7))));
    let right = prove(52, Proven::Code(entered.totp(&[0])), 71);
    let proven = entered.play(wrong).play(right).after(secs(31));
    assert_eq!((proven.unresolved(Method::Totp), proven.known_devices()), (0, vec![device(7)]));
    assert!(proven.account.open().unwrap().sessions.contains_key(&session(71)));
    let wrong = prove(71, Proven::Code(proven.totp(&[])), 72);
    assert_eq!(proven.lane_of(wrong), (Lane::Known, Some(device(7))), "under its new token");
}
