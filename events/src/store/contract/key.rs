//! Append keys: one effect and one outcome, however often an append is repeated (P6).

use std::time::Duration;

use super::fixture::{Fixture, after, entry, plain, sealed};
use super::list_cases;
use crate::store::{APPEND_KEY_HOURS, Append, AppendError, Appended, Expected, Placed};

list_cases!(Key:
    the_same_append_twice_is_a_duplicate_at_the_same_place,
    a_retry_after_later_appends_is_a_duplicate,
    a_retry_of_256_entries_is_a_duplicate,
    a_retry_with_sealed_parts_is_a_duplicate,
    every_key_of_a_stream_is_remembered,
    a_duplicate_writes_nothing,
    the_same_key_for_other_entries_is_refused,
    the_same_key_for_another_sealed_part_is_refused,
    the_same_key_for_a_prefix_is_refused,
    the_same_key_for_a_superset_is_refused,
    a_superset_that_equals_what_follows_is_refused,
    the_same_key_with_another_expectation_is_refused,
    a_reused_key_writes_nothing,
    the_same_key_in_another_stream_names_another_append,
    a_key_is_remembered_for_24_hours needs Clock,
);

async fn the_same_append_twice_is_a_duplicate_at_the_same_place(f: Fixture) {
    let placed = f.write(1, Expected::NoStream, 1, 2).await;
    for _ in 0..3 {
        repeats(&f, f.append(1, Expected::NoStream, 1, 2), placed).await;
    }
}

async fn a_retry_after_later_appends_is_a_duplicate(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    let placed = f.write(1, after(0), 2, 3).await;
    for key in 3..40 {
        f.write(1, after(key), key, 1).await;
        f.write(key, Expected::NoStream, key, 1).await;
    }
    repeats(&f, f.append(1, after(0), 2, 3), placed).await;
}

async fn a_retry_of_256_entries_is_a_duplicate(f: Fixture) {
    let placed = f.write(1, Expected::NoStream, 1, 256).await;
    f.write(1, after(255), 2, 256).await;
    repeats(&f, f.append(1, Expected::NoStream, 1, 256), placed).await;
}

async fn a_retry_with_sealed_parts_is_a_duplicate(f: Fixture) {
    let entries = vec![sealed("{}", [1, 2, 3]), plain("{}"), sealed("{}", "")];
    let append = f.append_of(1, Expected::NoStream, 1, entries);
    let placed = *f.store.append(append.clone()).await.unwrap().placed();
    repeats(&f, append, placed).await;
}

async fn every_key_of_a_stream_is_remembered(f: Fixture) {
    f.fill(1, 0..100).await;
    for key in 0..100 {
        let expected = if key == 0 { Expected::NoStream } else { after(key - 1) };
        repeats(&f, f.append(1, expected, key, 1), f.placed(key, key, 1)).await;
    }
}

async fn a_duplicate_writes_nothing(f: Fixture) {
    let placed = f.write(1, Expected::NoStream, 1, 1).await;
    let before = f.log().await;
    repeats(&f, f.append(1, Expected::NoStream, 1, 1), placed).await;
    assert_eq!(f.log().await, before);
    assert_eq!(f.write(1, after(0), 2, 1).await, f.placed(1, 1, 1));
}

async fn the_same_key_for_other_entries_is_refused(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    reuses(&f, f.append_of(1, Expected::NoStream, 1, vec![plain("other")])).await;
    // Not even where the stream ends now.
    reuses(&f, f.append_of(1, after(0), 1, vec![plain("other")])).await;
}

async fn the_same_key_for_another_sealed_part_is_refused(f: Fixture) {
    let append = |part| f.append_of(1, Expected::NoStream, 1, vec![sealed("{}", [part])]);
    f.store.append(append(1)).await.unwrap();
    reuses(&f, append(2)).await;
    reuses(&f, f.append_of(1, Expected::NoStream, 1, vec![plain("{}")])).await;
}

async fn the_same_key_for_a_prefix_is_refused(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 3).await;
    reuses(&f, f.append(1, Expected::NoStream, 1, 1)).await;
    reuses(&f, f.append(1, Expected::NoStream, 1, 2)).await;
}

async fn the_same_key_for_a_superset_is_refused(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 2).await;
    reuses(&f, f.append(1, Expected::NoStream, 1, 3)).await;
    reuses(&f, f.append(1, Expected::NoStream, 1, 256)).await;
}

async fn a_superset_that_equals_what_follows_is_refused(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    f.write(1, after(0), 2, 1).await;
    let both = vec![entry(1, 0), entry(2, 0)];
    reuses(&f, f.append_of(1, Expected::NoStream, 1, both)).await;
}

async fn the_same_key_with_another_expectation_is_refused(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    reuses(&f, f.append(1, after(0), 1, 1)).await;
    f.write(1, after(0), 2, 1).await;
    reuses(&f, f.append(1, Expected::NoStream, 2, 1)).await;
    reuses(&f, f.append(1, after(1), 2, 1)).await;
    reuses(&f, f.append(1, after(99), 2, 1)).await;
}

async fn a_reused_key_writes_nothing(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    let before = f.log().await;
    reuses(&f, f.append(1, after(0), 1, 1)).await;
    assert_eq!(f.log().await, before);
    assert_eq!(f.write(1, after(0), 2, 1).await, f.placed(1, 1, 1));
}

async fn the_same_key_in_another_stream_names_another_append(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    assert_eq!(f.write(2, Expected::NoStream, 1, 2).await, f.placed(0, 1, 2));
    repeats(&f, f.append(2, Expected::NoStream, 1, 2), f.placed(0, 1, 2)).await;
    repeats(&f, f.append(1, Expected::NoStream, 1, 1), f.placed(0, 0, 1)).await;
}

async fn a_key_is_remembered_for_24_hours(f: Fixture) {
    let placed = f.write(1, Expected::NoStream, 1, 1).await;
    let hours = Duration::from_secs(APPEND_KEY_HOURS.unsigned_abs() * 60 * 60);
    f.backend.advance(hours.saturating_sub(Duration::from_secs(1)));
    f.write(1, after(0), 2, 1).await;
    repeats(&f, f.append(1, Expected::NoStream, 1, 1), placed).await;
}

async fn repeats(f: &Fixture, append: Append, placed: Placed) {
    assert_eq!(f.store.append(append).await, Ok(Appended::Duplicate(placed)));
}

async fn reuses(f: &Fixture, append: Append) {
    let key = append.key;
    assert_eq!(f.store.append(append).await, Err(AppendError::KeyReused(key)));
}
