//! More sessions than an account may have (SR-136).

use countersign_events::account::{AccountEvent, SessionEndedWhy, SessionsEnded};

use super::harness::{
    Given, RIGHT, activate, begin, enrolled, given, mins, prove, registered, request_enable, secs,
    session, verify,
};
use crate::domain::command::{Command, Proven};

/// Somebody who signed in in sessions 1 to `last`, a second after the other.
fn signed_in_at(last: u8) -> Given {
    let sign_in = |given: Given, number| given.after(secs(1)).play(begin(RIGHT, number));
    (1..=last).fold(given(registered()), sign_in)
}

fn made_room(events: &[AccountEvent]) -> Option<&SessionsEnded> {
    events.iter().find_map(|event| match event {
        AccountEvent::SessionsEnded(ended) if ended.why == SessionEndedWhy::TooMany => Some(ended),
        _ => None,
    })
}

fn use_all(given: Given) -> Given {
    let sessions: Vec<_> = given.account.open().unwrap().sessions.keys().copied().collect();
    sessions.into_iter().fold(given, |given, hash| given.play(Command::UseSession(hash)))
}

/// SR-136: the eleventh session ends the oldest, and the holder is told.
#[test]
fn sr_136_the_eleventh_session_ends_the_oldest_and_the_holder_is_told() {
    let ten = signed_in_at(10);
    assert_eq!(ten.account.open().unwrap().sessions.len(), 10);
    let events = ten.when(begin(RIGHT, 11)).events();
    let ended = SessionsEnded::new(vec![session(1)], SessionEndedWhy::TooMany);
    assert_eq!(
        events[0],
        AccountEvent::SessionsEnded(SessionsEnded { tells_holder: true, ..ended })
    );
    let eleven = ten.and(events);
    let sessions = &eleven.account.open().unwrap().sessions;
    assert_eq!(sessions.len(), 10);
    assert!(!sessions.contains_key(&session(1)) && sessions.contains_key(&session(11)));
}

/// SR-136: at most once an hour, however many follow.
#[test]
fn sr_136_the_holder_is_told_once_an_hour() {
    let told = |given: &Given| {
        let events = given.when(begin(RIGHT, 30)).events();
        made_room(&events).expect("it made room").tells_holder
    };
    let mut given = signed_in_at(11);
    assert!(!told(&given), "one second later");
    for _ in 0..3 {
        given = use_all(given.after(mins(19)));
    }
    assert!(!told(&given.clone().after(mins(3) - secs(1))));
    assert!(told(&given.after(mins(3))));
}

/// SR-136: a session that nobody can be using any more makes room first, and of that there is
/// nothing to tell.
#[test]
fn sr_136_an_idle_session_makes_room_before_any_other() {
    let ten = signed_in_at(10).after(mins(20)).play(Command::UseSession(session(1)));
    let last = ten.clone().after(mins(15) - secs(20));
    let events = last.when(begin(RIGHT, 11)).events();
    assert!(made_room(&events).unwrap().tells_holder, "each may be in use");
    let idle = ten.after(mins(15));
    let events = idle.when(begin(RIGHT, 11)).events();
    let ended = made_room(&events).unwrap();
    assert_eq!((&ended.sessions[..], ended.tells_holder), (&[session(2)][..], false));
}

/// SR-136: a proof within a session, and an activation, are no further session.
#[test]
fn sr_136_a_step_up_and_an_activation_make_no_room() {
    let ten = signed_in_at(10);
    let password = Proven::Password { right: true };
    let proven = ten.clone().play(prove(10, password.clone(), 40));
    assert_eq!(made_room(&ten.when(prove(10, password, 40)).events()), None);
    assert_eq!(proven.account.open().unwrap().sessions.len(), 10);
    let offered = ten.play(request_enable(Some(10), 1));
    let events = offered.when(activate(Some(10), offered.compared(1, &[0]))).events();
    assert_eq!(made_room(&events), None);
    assert_eq!(offered.and(events).account.open().unwrap().sessions.len(), 1);
}

/// SR-136: the second step of a sign-in makes room; the first alone does not.
#[test]
fn sr_136_a_sign_in_makes_room_once_it_is_through() {
    let mut given = given(enrolled());
    for number in 1..=9 {
        given = given.after(mins(2)).play(begin(RIGHT, number));
        let code = given.totp(&[0]);
        given = given.play(verify(number, code));
    }
    let given = given.after(mins(2));
    assert_eq!(given.account.open().unwrap().sessions.len(), 10);
    assert_eq!(made_room(&given.when(begin(RIGHT, 10)).events()), None);
    let waits = given.play(begin(RIGHT, 10));
    let events = waits.when(verify(10, waits.totp(&[0]))).events();
    assert_eq!(made_room(&events).unwrap().sessions, [session(1)]);
}
