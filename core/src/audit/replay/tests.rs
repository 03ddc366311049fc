use countersign_events::actor::By;
use countersign_events::id::{Position, Revision, StreamId};
use tempfile::TempDir;

use super::{ReplayError, Replayed, Until, replay, state_hash};
use crate::audit::sample::{Sample, account};
use crate::audit::source::Source;
use crate::domain::Account;

fn replayed(log: &Sample, stream: StreamId, until: Until) -> Result<Replayed, ReplayError> {
    let place = TempDir::new().unwrap();
    log.export(place.path());
    replay(Source::open(place.path()).unwrap(), stream, until)
}

fn has_second_factor(state: &Account) -> bool {
    state.open().is_some_and(crate::domain::account::Open::two_factor_enabled)
}

#[test]
fn a_replay_gives_the_same_state_and_hash_every_time() {
    let log = Sample::journey();
    let (once, again) = (
        replayed(&log, account(1), Until::End).unwrap(),
        replayed(&log, account(1), Until::End).unwrap(),
    );
    assert_eq!(once, again);
    assert_eq!(once.hash, state_hash(&once.state).unwrap());
    let json = serde_json::to_string(&once.state).unwrap();
    let back: Account = serde_json::from_str(&json).unwrap();
    assert_eq!(state_hash(&back).unwrap(), once.hash);
}

#[test]
fn a_replay_stops_at_a_revision_and_at_a_time() {
    let log = Sample::journey();
    let all = replayed(&log, account(1), Until::End).unwrap();
    assert!(has_second_factor(&all.state));
    let early = replayed(&log, account(1), Until::Revision(Revision::new(3))).unwrap();
    assert_eq!(early.revision, Some(Revision::new(3)));
    assert!(!has_second_factor(&early.state));
    assert_ne!(early.hash, all.hash);
    let at = "2026-11-24T05:00:21Z".parse().unwrap();
    let enabled = replayed(&log, account(1), Until::At(at)).unwrap();
    assert_eq!(enabled.at, Some(at));
    assert!(has_second_factor(&enabled.state));
    let before = "2020-01-01T00:00:00Z".parse().unwrap();
    let nothing = replayed(&log, account(1), Until::At(before)).unwrap();
    assert_eq!((nothing.revision, nothing.state), (None, Account::default()));
}

#[test]
fn what_cannot_be_replayed_is_refused_with_its_reason() {
    let mut log = Sample::journey();
    assert!(matches!(
        replayed(&log, StreamId::Log, Until::End),
        Err(ReplayError::NoState(StreamId::Log))
    ));
    assert!(matches!(replayed(&log, account(77), Until::End), Err(ReplayError::NoSuchStream(_))));
    assert!(matches!(
        replayed(&log, account(2), Until::Revision(Revision::new(500))),
        Err(ReplayError::EndsEarlier { .. })
    ));
    log.write(account(2), By::Holder, "account.teleported", "{}".into(), &[]);
    assert!(matches!(replayed(&log, account(2), Until::End), Err(ReplayError::Decode { .. })));
    let before = replayed(&log, account(2), Until::Revision(Revision::new(2)));
    assert!(before.is_ok(), "what lies before the unknown event can be replayed");
}

/// What a checkpoint covers ends at a position, in whatever stream that stands.
#[test]
fn a_replay_stops_before_a_position() {
    let log = Sample::journey();
    let all = u64::try_from(log.entries.len()).unwrap();
    let before = |end| replayed(&log, account(1), Until::Before(Position::new(end))).unwrap();
    assert_eq!(before(all), replayed(&log, account(1), Until::End).unwrap());
    assert_eq!(before(1).revision, None);
    let mut revisions = 0;
    for (end, entry) in (1..).zip(&log.entries) {
        revisions += u64::from(entry.stream == account(1));
        let until = before(end);
        assert_eq!(until.revision.map_or(0, |revision| revision.get() + 1), revisions);
        if let Some(revision) = until.revision {
            assert_eq!(until, replayed(&log, account(1), Until::Revision(revision)).unwrap());
        }
    }
}
