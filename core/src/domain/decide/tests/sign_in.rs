//! The first factor, on known accounts and unknown logins alike.

use countersign_events::account::{
    AccountEvent, Assurance, FirstFactorVouched, Method, Need, PasswordSetWhy, PasswordVerified,
    Purpose, SessionEndedWhy, SessionOpened, SessionsEnded,
};

use super::harness::{
    RIGHT, begin, cooled_down, enrolled, given, hours, mins, password_rejected, password_session,
    password_set, registered, secs, session, sign_in_opened, start, version, waiting, waits, wrong,
};
use crate::domain::command::FirstFactor;
use crate::domain::refusal::Refusal;

fn verified(session: SessionOpened) -> AccountEvent {
    let session = Some(session);
    let purpose = Purpose::SignIn;
    AccountEvent::PasswordVerified(PasswordVerified {
        purpose,
        sign_in: None,
        session,
        device: None,
    })
}

#[test]
fn the_right_password_starts_a_session_where_no_second_factor_is_asked_for() {
    let session = password_session(2, hours(12));
    assert_eq!(session.assurance, Assurance::Password);
    given(registered()).when(begin(RIGHT, 2)).then([verified(session)]);
}

/// SR-055: with an authenticator, the password alone starts nothing.
#[test]
fn sr_055_the_right_password_waits_for_the_second_factor() {
    given(enrolled()).when(begin(RIGHT, 1)).then([sign_in_opened(1, mins(10))]);
}

#[test]
fn a_password_under_stronger_parameters_is_recorded_with_it() {
    let first = FirstFactor::PasswordRight { rehashed: Some(version(2)) };
    given(enrolled())
        .when(begin(first, 1))
        .then([sign_in_opened(1, mins(10)), password_set(2, PasswordSetWhy::Rehashed)]);
}

#[test]
fn a_wrong_password_is_a_fact_that_counts() {
    let one = given(registered());
    one.when(begin(FirstFactor::PasswordWrong, 1)).then([password_rejected(1)]);
    let four = one.and((1..=4).map(password_rejected));
    four.when(begin(FirstFactor::PasswordWrong, 1))
        .then([password_rejected(5), cooled_down(Method::Password, secs(30))]);
}

/// SR-084: a right password forgives the wrong ones of its own device, and of no other.
#[test]
fn sr_084_the_right_password_forgives_the_wrong_ones_of_its_device() {
    let at_home =
        given(registered()).at_device(None, 1).play(begin(RIGHT, 1)).at_device(Some(1), 2);
    let twice = at_home
        .play(begin(FirstFactor::PasswordWrong, 2))
        .play(begin(FirstFactor::PasswordWrong, 3))
        .elsewhere()
        .play(begin(FirstFactor::PasswordWrong, 4));
    assert_eq!(twice.unresolved(Method::Password), 3);
    assert_eq!(twice.clone().play(begin(RIGHT, 5)).unresolved(Method::Password), 3);
    let at_home = twice.at_device(Some(1), 3).play(begin(RIGHT, 6));
    assert_eq!(at_home.unresolved(Method::Password), 1);
}

/// SR-051, SR-090: six wrong passwords leave the same facts, whether or not there is an account.
#[test]
fn sr_090_an_unknown_login_gets_the_same_events_as_a_known_account() {
    let (mut known, mut unknown) = (given(registered()), given([]));
    let (mut facts, mut refusals) = (vec![], vec![]);
    for _ in 0..6 {
        let outcomes = [&known, &unknown].map(|it| it.when(begin(FirstFactor::PasswordWrong, 1)));
        let [of_known, of_unknown] = outcomes.map(|outcome| outcome.0);
        assert_eq!(of_known, of_unknown);
        match of_known {
            Ok(events) => {
                (known, unknown) = (known.and(events.clone()), unknown.and(events.clone()));
                facts.extend(events);
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    let mut expected: Vec<_> = (1..=5).map(password_rejected).collect();
    expected.push(cooled_down(Method::Password, secs(30)));
    assert_eq!(facts, expected);
    assert_eq!(refusals, [Refusal::TooManyRequests { retry_at: start() + secs(30) }]);
}

/// SR-090: even a "right" password for a login that does not exist is a wrong one.
#[test]
fn sr_090_no_password_is_right_for_an_unknown_login() {
    given([]).when(begin(RIGHT, 1)).then([password_rejected(1)]);
}

/// SR-061: 4 wrong codes, a right password, 1 wrong code: the fifth.
#[test]
fn sr_061_a_right_password_does_not_touch_the_counters_of_the_second_factor() {
    let given = given(waiting())
        .and((1..=4).map(|count| wrong(Method::Totp, count, count)))
        .play(begin(RIGHT, 2));
    let events = given.when(super::harness::verify(2, given.totp(&[]))).events();
    let AccountEvent::CodeRejected(rejected) = &events[0] else { panic!("{events:?}") };
    assert_eq!((rejected.in_sign_in, rejected.unresolved), (1, 5));
    assert_eq!(events[1..], [cooled_down(Method::Totp, mins(15))]);
}

#[test]
fn a_client_that_vouches_starts_what_the_password_would() {
    let vouched = |sign_in, session| {
        AccountEvent::FirstFactorVouched(FirstFactorVouched { sign_in, session, device: None })
    };
    let opened = waits(1, Need::SecondFactor, mins(10));
    given(registered())
        .when(begin(FirstFactor::Vouched { device: None }, 2))
        .then([vouched(None, Some(password_session(2, hours(12))))]);
    given(enrolled())
        .when(begin(FirstFactor::Vouched { device: None }, 1))
        .then([vouched(Some(opened), None)]);
    given([])
        .when(begin(FirstFactor::Vouched { device: None }, 1))
        .refused(Refusal::NotFound("account"));
}

/// A password that cools down does not keep out whom a client vouches for.
#[test]
fn a_cool_down_of_the_password_is_the_passwords_alone() {
    let given = given(enrolled()).and([cooled_down(Method::Password, mins(15))]);
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(15) };
    given.when(begin(RIGHT, 1)).refused(refusal);
    assert_eq!(given.when(begin(FirstFactor::Vouched { device: None }, 1)).events().len(), 1);
}

#[test]
fn the_eleventh_session_ends_the_oldest() {
    let mut given = given(registered());
    for number in 1..=10 {
        given = given.after(mins(1)).play(begin(RIGHT, number));
    }
    let ended = SessionsEnded::new(vec![session(1)], SessionEndedWhy::TooMany);
    given.when(begin(RIGHT, 11)).then([
        AccountEvent::SessionsEnded(SessionsEnded { tells_holder: true, ..ended }),
        verified(password_session(11, hours(12) + mins(10))),
    ]);
}

/// A session that is over by its time makes room by itself.
#[test]
fn sessions_that_are_over_do_not_count() {
    let ten = (1..=10).fold(given(registered()), |given, number| given.play(begin(RIGHT, number)));
    let events = ten.after(hours(12)).when(begin(RIGHT, 11)).events();
    assert_eq!(events, [verified(password_session(11, hours(24)))]);
}
