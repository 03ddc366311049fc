//! An app that was told more, or more often, than it may be is found.

use countersign_events::account::{GrantIssued, GrantRedeemed, SessionEndedWhy, SessionsEnded};
use countersign_events::id::{ClientId, HandleHash, Hash32};
use uuid::Uuid;

use super::*;

const GRANT: HandleHash = HandleHash::new([0x91; 16]);

fn app(number: u128) -> By {
    By::Client { id: ClientId::new(Uuid::from_u128(number)) }
}

fn issued(log: &Sample, session: u8) -> AccountEvent {
    AccountEvent::GrantIssued(GrantIssued {
        grant: GRANT,
        client: ClientId::new(Uuid::from_u128(1)),
        session: handle(session),
        challenge: Hash32::new([1; 32]),
        expires_at: log.now + SignedDuration::from_secs(60),
    })
}

fn redeemed(log: &Sample, assurance: Assurance) -> AccountEvent {
    AccountEvent::GrantRedeemed(GrantRedeemed {
        grant: GRANT,
        token: HandleHash::new([0x92; 16]),
        expires_at: log.now + SignedDuration::from_mins(5),
        assurance,
        amr: vec!["pwd".to_owned()],
        auth_time: log.now,
        passes: false,
    })
}

/// What is found where a grant of a session by password is used in this way.
fn found(how: impl FnOnce(&mut Sample, StreamId)) -> Vec<Rule> {
    let mut log = Sample::journey();
    let stream = account(3);
    log.register(stream);
    log.sign_in_by_password(stream, 0x71);
    let event = issued(&log, 0x71);
    log.happened_by(stream, By::Holder, &event, &[SealClass::Pii]);
    how(&mut log, stream);
    rules(&log)
}

fn tell(log: &mut Sample, stream: StreamId, by: By, assurance: Assurance) {
    let event = redeemed(log, assurance);
    log.happened_by(stream, by, &event, &[]);
}

#[test]
fn an_app_that_was_told_more_than_it_may_be_is_found() {
    let told = |log: &mut Sample, stream| tell(log, stream, app(1), Assurance::Password);
    assert_eq!(found(told), []);
    let misused = [Rule::GrantMisused];
    let twice = |log: &mut Sample, stream| {
        told(log, stream);
        told(log, stream);
    };
    assert_eq!(found(twice), misused);
    assert_eq!(found(|log, stream| tell(log, stream, app(2), Assurance::Password)), misused);
    assert_eq!(found(|log, stream| tell(log, stream, By::Holder, Assurance::Password)), misused);
    assert_eq!(found(|log, stream| tell(log, stream, app(1), Assurance::TwoFactor)), misused);
    let late = |log: &mut Sample, stream| {
        log.wait(60);
        told(log, stream);
    };
    assert_eq!(found(late), misused);
    let after_the_end = |log: &mut Sample, stream| {
        let ended = SessionsEnded::new(vec![handle(0x71)], SessionEndedWhy::SignedOut);
        log.happened_by(stream, By::Holder, &AccountEvent::SessionsEnded(ended), &[]);
        told(log, stream);
    };
    assert_eq!(found(after_the_end), misused);
    let of_nobody = |log: &mut Sample, stream| {
        let event = issued(log, 0x77);
        log.happened_by(stream, By::Holder, &event, &[SealClass::Pii]);
    };
    assert_eq!(found(of_nobody), misused);
}
