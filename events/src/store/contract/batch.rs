//! Many appends with one durable write: independent outcomes, in order.

use super::fixture::{Fixture, after, contents, entry, new, plain};
use super::list_cases;
use crate::store::{AppendError, Appended, Expected};

list_cases!(Batch:
    a_batch_of_nothing_does_nothing,
    outcomes_are_in_the_order_of_the_appends,
    mixed_outcomes_do_not_disturb_each_other,
    a_later_append_of_a_batch_sees_an_earlier_one,
    the_same_append_twice_in_a_batch_has_one_effect,
    the_same_key_for_another_append_in_a_batch_is_refused,
    of_two_appends_at_one_revision_in_a_batch_the_first_wins,
    a_batch_larger_than_any_bound_is_done,
);

async fn a_batch_of_nothing_does_nothing(f: Fixture) {
    assert_eq!(f.store.append_many(Vec::new()).await, []);
    assert_eq!(f.head().await, None);
}

async fn outcomes_are_in_the_order_of_the_appends(f: Fixture) {
    let appends = (0..50).rev().map(|n| f.append(n, Expected::NoStream, n, 1)).collect();
    let outcomes = f.store.append_many(appends).await;
    assert_eq!(outcomes.len(), 50);
    for (stream, outcome) in (0..50).rev().zip(outcomes) {
        let placed = new(outcome);
        let read = f.entries(stream).await;
        assert_eq!(read[0].position, placed.position);
        assert_eq!(contents(&read), [entry(stream, 0)]);
    }
}

async fn mixed_outcomes_do_not_disturb_each_other(f: Fixture) {
    let earlier = f.write(1, Expected::NoStream, 1, 1).await;
    let outcomes = f
        .store
        .append_many(vec![
            f.append(2, Expected::NoStream, 2, 2),
            f.append(1, Expected::NoStream, 3, 1),
            f.append(1, Expected::NoStream, 1, 1),
            f.append(1, after(0), 1, 1),
            f.append(3, Expected::NoStream, 4, 0),
            f.append_of(3, Expected::NoStream, 5, vec![plain("")]),
            f.append(1, after(0), 6, 1),
        ])
        .await;
    let expected = [
        Ok(Appended::Appended(f.placed(0, 1, 2))),
        Err(f.conflict(1, Expected::NoStream, Some(0))),
        Ok(Appended::Duplicate(earlier)),
        Err(AppendError::KeyReused(f.key(1))),
        Err(AppendError::EntryCount(0)),
        Err(AppendError::EntrySize { bytes: 0, sealed: 0 }),
        Ok(Appended::Appended(f.placed(1, 3, 1))),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(
        contents(&f.log().await),
        [entry(1, 0), entry(2, 0), entry(2, 1), entry(6, 0)],
        "nothing but what was appended"
    );
}

async fn a_later_append_of_a_batch_sees_an_earlier_one(f: Fixture) {
    let mut appends = vec![f.append(1, Expected::NoStream, 0, 1)];
    appends.extend((1..30).map(|key| f.append(1, after(key - 1), key, 1)));
    for (number, outcome) in (0..).zip(f.store.append_many(appends).await) {
        assert_eq!(new(outcome), f.placed(number, number, 1));
    }
}

async fn the_same_append_twice_in_a_batch_has_one_effect(f: Fixture) {
    let append = f.append(1, Expected::NoStream, 1, 2);
    let outcomes = f.store.append_many(vec![append.clone(), append]).await;
    let placed = f.placed(0, 0, 2);
    assert_eq!(outcomes, [Ok(Appended::Appended(placed)), Ok(Appended::Duplicate(placed))]);
    assert_eq!(f.log().await.len(), 2);
}

async fn the_same_key_for_another_append_in_a_batch_is_refused(f: Fixture) {
    let outcomes = f
        .store
        .append_many(vec![f.append(1, Expected::NoStream, 1, 1), f.append(1, after(0), 1, 1)])
        .await;
    let appended = Ok(Appended::Appended(f.placed(0, 0, 1)));
    assert_eq!(outcomes, [appended, Err(AppendError::KeyReused(f.key(1)))]);
}

async fn of_two_appends_at_one_revision_in_a_batch_the_first_wins(f: Fixture) {
    let rivals = (1..4).map(|key| f.append(1, Expected::NoStream, key, 1)).collect();
    let outcomes = f.store.append_many(rivals).await;
    let conflict = || Err(f.conflict(1, Expected::NoStream, Some(0)));
    let first = Ok(Appended::Appended(f.placed(0, 0, 1)));
    assert_eq!(outcomes, [first, conflict(), conflict()]);
    assert_eq!(contents(&f.entries(1).await), [entry(1, 0)]);
}

async fn a_batch_larger_than_any_bound_is_done(f: Fixture) {
    let mut appends = vec![f.append(1, Expected::NoStream, 0, 1)];
    appends.extend((1..1_500).map(|key| f.append(1, after(key - 1), key, 1)));
    for (number, outcome) in (0..).zip(f.store.append_many(appends).await) {
        assert_eq!(new(outcome), f.placed(number, number, 1));
    }
    assert_eq!(f.stream_head(1).await, Some(1_499));
}
