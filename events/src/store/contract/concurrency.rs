//! Many callers at once: one winner, one effect, nothing lost (P2, P6).

use std::sync::Arc;

use super::fixture::{Fixture, after, contents, entry};
use super::list_cases;
use crate::store::{AppendError, Appended, Expected};

list_cases!(Concurrency:
    of_many_appends_at_one_revision_exactly_one_wins,
    the_same_append_many_times_at_once_has_one_effect,
    appenders_that_try_again_after_a_conflict_lose_nothing,
    appends_to_many_streams_at_once_all_succeed,
);

async fn of_many_appends_at_one_revision_exactly_one_wins(f: Fixture) {
    let f = Arc::new(f);
    let mut expected = Expected::NoStream;
    for round in 0..20 {
        let rivals: Vec<_> = (0..32)
            .map(|rival| {
                let f = Arc::clone(&f);
                let append = f.append(1, expected, round * 100 + rival, 1);
                tokio::spawn(async move { f.store.append(append).await })
            })
            .collect();
        let mut winners = Vec::new();
        for (rival, outcome) in (0..).zip(rivals) {
            match outcome.await.unwrap() {
                Ok(Appended::Appended(placed)) => {
                    assert_eq!(placed, f.placed(round, round, 1));
                    winners.push(rival);
                }
                outcome => assert_eq!(outcome, Err(f.conflict(1, expected, Some(round)))),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        let last = f.entries(1).await.pop().unwrap();
        assert_eq!(contents(&[last]), [entry(round * 100 + winners[0], 0)]);
        expected = after(round);
    }
}

async fn the_same_append_many_times_at_once_has_one_effect(f: Fixture) {
    let f = Arc::new(f);
    for round in 0..20 {
        let tries: Vec<_> = (0..32)
            .map(|_| {
                let f = Arc::clone(&f);
                let append = f.append(round, Expected::NoStream, round, 3);
                tokio::spawn(async move { f.store.append(append).await })
            })
            .collect();
        let mut new = 0;
        for outcome in tries {
            let outcome = outcome.await.unwrap().unwrap();
            assert_eq!(*outcome.placed(), f.placed(0, round * 3, 3));
            new += u64::from(matches!(outcome, Appended::Appended(_)));
        }
        assert_eq!(new, 1, "round {round}");
        assert_eq!(f.stream_head(round).await, Some(2));
    }
}

async fn appenders_that_try_again_after_a_conflict_lose_nothing(f: Fixture) {
    const APPENDERS: u64 = 8;
    const EACH: u64 = 20;
    let f = Arc::new(f);
    let appenders: Vec<_> = (0..APPENDERS)
        .map(|appender| {
            let f = Arc::clone(&f);
            tokio::spawn(async move {
                let mut expected = Expected::NoStream;
                for key in appender * EACH..(appender + 1) * EACH {
                    loop {
                        match f.store.append(f.append(1, expected, key, 1)).await {
                            Ok(appended) => {
                                expected = Expected::Revision(appended.placed().last);
                                break;
                            }
                            Err(AppendError::Conflict { actual, .. }) => {
                                expected = Expected::at(actual);
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    for appender in appenders {
        appender.await.unwrap();
    }
    let mut written: Vec<_> = f.entries(1).await.into_iter().map(|entry| entry.bytes).collect();
    let mut expected: Vec<_> = (0..APPENDERS * EACH).map(|key| entry(key, 0).bytes).collect();
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
}

async fn appends_to_many_streams_at_once_all_succeed(f: Fixture) {
    let f = Arc::new(f);
    let appends: Vec<_> = (0..200)
        .map(|stream| {
            let f = Arc::clone(&f);
            tokio::spawn(async move { f.write(stream, Expected::NoStream, stream, 2).await })
        })
        .collect();
    let mut positions = Vec::new();
    for append in appends {
        positions.push(append.await.unwrap().position);
    }
    positions.sort();
    let expected: Vec<_> = (0..200).map(|number| f.position(number * 2 + 1)).collect();
    assert_eq!(positions, expected);
}
