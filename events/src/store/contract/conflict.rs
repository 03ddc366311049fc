//! Expected revisions: one winner per (stream, revision), and a conflict says where it stands (P2).

use super::fixture::{Fixture, after, contents, entry};
use super::list_cases;
use crate::store::Expected;

list_cases!(Conflict:
    the_right_revision_is_accepted_again_and_again,
    no_stream_is_expected_but_there_is_one,
    a_revision_is_expected_but_there_is_no_stream,
    a_revision_that_is_too_low_is_refused,
    a_revision_that_is_too_high_is_refused,
    the_highest_revision_there_is_is_only_too_high,
    a_revision_inside_an_append_is_too_low,
    a_conflict_writes_nothing,
    a_conflict_leaves_its_key_free,
    streams_do_not_conflict_with_each_other,
);

async fn the_right_revision_is_accepted_again_and_again(f: Fixture) {
    f.fill(1, 0..20).await;
    assert_eq!(f.stream_head(1).await, Some(19));
}

async fn no_stream_is_expected_but_there_is_one(f: Fixture) {
    f.fill(1, 0..3).await;
    refuses(&f, Expected::NoStream, Some(2)).await;
}

async fn a_revision_is_expected_but_there_is_no_stream(f: Fixture) {
    refuses(&f, after(0), None).await;
    refuses(&f, after(7), None).await;
    assert_eq!(f.stream_head(1).await, None);
}

async fn a_revision_that_is_too_low_is_refused(f: Fixture) {
    f.fill(1, 0..3).await;
    refuses(&f, after(0), Some(2)).await;
    refuses(&f, after(1), Some(2)).await;
}

async fn a_revision_that_is_too_high_is_refused(f: Fixture) {
    f.fill(1, 0..3).await;
    refuses(&f, after(3), Some(2)).await;
    refuses(&f, after(300), Some(2)).await;
}

async fn the_highest_revision_there_is_is_only_too_high(f: Fixture) {
    f.fill(1, 0..1).await;
    refuses(&f, after(u64::MAX), Some(0)).await;
    refuses(&f, after(u64::MAX / 2), Some(0)).await;
}

async fn a_revision_inside_an_append_is_too_low(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 5).await;
    refuses(&f, after(2), Some(4)).await;
}

async fn a_conflict_writes_nothing(f: Fixture) {
    f.fill(1, 0..2).await;
    let before = f.log().await;
    refuses(&f, after(0), Some(1)).await;
    assert_eq!(f.log().await, before);
    assert_eq!(f.head().await, Some(f.position(1)));
    assert_eq!(f.write(1, after(1), 9, 1).await, f.placed(2, 2, 1));
}

async fn a_conflict_leaves_its_key_free(f: Fixture) {
    f.fill(1, 0..2).await;
    f.store.append(f.append(1, after(0), 7, 1)).await.unwrap_err();
    assert_eq!(f.write(1, after(1), 7, 1).await, f.placed(2, 2, 1));
}

async fn streams_do_not_conflict_with_each_other(f: Fixture) {
    f.fill(1, 0..3).await;
    f.write(2, Expected::NoStream, 10, 1).await;
    f.write(1, after(2), 11, 1).await;
    f.write(2, after(0), 12, 1).await;
    assert_eq!(contents(&f.entries(2).await), [entry(10, 0), entry(12, 0)]);
}

async fn refuses(f: &Fixture, expected: Expected, actual: Option<u64>) {
    let outcome = f.store.append(f.append(1, expected, 1_000, 1)).await;
    assert_eq!(outcome, Err(f.conflict(1, expected, actual)));
}
