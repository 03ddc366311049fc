//! Snapshots: derived data that never claims more than its stream holds.

use super::fixture::{Fixture, after, every_byte};
use super::list_cases;
use crate::id::Revision;
use crate::store::{Expected, SNAPSHOT_BYTES_MAX, Snapshot, StoreError};

list_cases!(Snapshot:
    a_stream_without_a_snapshot_has_none,
    a_snapshot_comes_back_verbatim,
    a_newer_snapshot_replaces_an_older_one,
    an_older_snapshot_does_not_replace_a_newer_one,
    a_snapshot_of_another_shape_replaces_any,
    a_snapshot_newer_than_its_stream_is_refused,
    a_snapshot_of_no_stream_is_refused,
    a_snapshot_at_the_size_limit_is_accepted_and_one_byte_more_is_refused,
    snapshots_of_streams_are_apart,
    a_snapshot_is_not_in_the_log,
);

fn snapshot(revision: u64, shape: u32, bytes: impl Into<Vec<u8>>) -> Snapshot {
    Snapshot { revision: Revision::new(revision), shape, bytes: bytes.into() }
}

async fn put(f: &Fixture, stream: u64, snapshot: &Snapshot) {
    f.store.snapshot_put(f.stream(stream), snapshot.clone()).await.unwrap();
}

async fn get(f: &Fixture, stream: u64) -> Option<Snapshot> {
    f.store.snapshot_get(f.stream(stream)).await.unwrap()
}

async fn a_stream_without_a_snapshot_has_none(f: Fixture) {
    assert_eq!(get(&f, 1).await, None);
    f.fill(1, 0..2).await;
    assert_eq!(get(&f, 1).await, None);
}

async fn a_snapshot_comes_back_verbatim(f: Fixture) {
    f.fill(1, 0..3).await;
    for kept in [snapshot(0, 1, every_byte()), snapshot(1, u32::MAX, ""), snapshot(2, 0, "x")] {
        put(&f, 1, &kept).await;
        assert_eq!(get(&f, 1).await, Some(kept));
    }
}

async fn a_newer_snapshot_replaces_an_older_one(f: Fixture) {
    f.fill(1, 0..5).await;
    put(&f, 1, &snapshot(1, 1, "old")).await;
    put(&f, 1, &snapshot(4, 1, "new")).await;
    assert_eq!(get(&f, 1).await, Some(snapshot(4, 1, "new")));
    put(&f, 1, &snapshot(4, 1, "again")).await;
    assert_eq!(get(&f, 1).await, Some(snapshot(4, 1, "again")));
}

async fn an_older_snapshot_does_not_replace_a_newer_one(f: Fixture) {
    f.fill(1, 0..5).await;
    put(&f, 1, &snapshot(4, 1, "new")).await;
    put(&f, 1, &snapshot(1, 1, "old")).await;
    assert_eq!(get(&f, 1).await, Some(snapshot(4, 1, "new")));
}

async fn a_snapshot_of_another_shape_replaces_any(f: Fixture) {
    f.fill(1, 0..5).await;
    put(&f, 1, &snapshot(4, 2, "of a newer version")).await;
    put(&f, 1, &snapshot(3, 1, "of an older one")).await;
    assert_eq!(get(&f, 1).await, Some(snapshot(3, 1, "of an older one")));
}

async fn a_snapshot_newer_than_its_stream_is_refused(f: Fixture) {
    f.fill(1, 0..3).await;
    for revision in [3, 4, 1_000, u64::MAX] {
        let ahead = StoreError::SnapshotAhead {
            snapshot: Revision::new(revision),
            actual: Some(Revision::new(2)),
        };
        let outcome = f.store.snapshot_put(f.stream(1), snapshot(revision, 1, "x")).await;
        assert_eq!(outcome, Err(ahead));
    }
    assert_eq!(get(&f, 1).await, None);
    f.write(1, after(2), 3, 1).await;
    put(&f, 1, &snapshot(3, 1, "x")).await;
}

async fn a_snapshot_of_no_stream_is_refused(f: Fixture) {
    let outcome = f.store.snapshot_put(f.stream(1), snapshot(0, 1, "x")).await;
    let ahead = StoreError::SnapshotAhead { snapshot: Revision::new(0), actual: None };
    assert_eq!(outcome, Err(ahead));
    assert_eq!(get(&f, 1).await, None);
}

async fn a_snapshot_at_the_size_limit_is_accepted_and_one_byte_more_is_refused(f: Fixture) {
    f.fill(1, 0..1).await;
    let largest = snapshot(0, 1, vec![9; SNAPSHOT_BYTES_MAX]);
    put(&f, 1, &largest).await;
    let over = SNAPSHOT_BYTES_MAX + 1;
    let outcome = f.store.snapshot_put(f.stream(1), snapshot(0, 1, vec![9; over])).await;
    assert_eq!(outcome, Err(StoreError::SnapshotSize(over)));
    assert!(get(&f, 1).await == Some(largest), "the snapshot differs");
}

async fn snapshots_of_streams_are_apart(f: Fixture) {
    f.fill(1, 0..1).await;
    f.fill(2, 10..11).await;
    put(&f, 1, &snapshot(0, 1, "one")).await;
    assert_eq!(get(&f, 2).await, None);
    put(&f, 2, &snapshot(0, 1, "two")).await;
    assert_eq!(get(&f, 1).await, Some(snapshot(0, 1, "one")));
    assert_eq!(get(&f, 2).await, Some(snapshot(0, 1, "two")));
}

async fn a_snapshot_is_not_in_the_log(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 2).await;
    let before = f.log().await;
    put(&f, 1, &snapshot(1, 1, "x")).await;
    assert_eq!(f.log().await, before);
    assert_eq!(f.head().await, Some(f.position(1)));
    assert_eq!(f.stream_head(1).await, Some(1));
}
