//! What became of an append whose answer was lost: exactly one of appended or absent (P8).

use futures::FutureExt;

use super::fixture::{Fixture, after, entry};
use super::list_cases;
use crate::id::Revision;
use crate::store::{Expected, Resolution};

list_cases!(Resolve:
    an_append_resolves_to_its_place,
    an_append_resolves_to_its_place_after_later_ones,
    a_key_that_was_never_used_is_absent,
    a_key_of_another_stream_is_absent,
    a_refused_append_is_absent,
    asking_changes_nothing,
    an_absent_append_may_be_tried_again,
    an_append_that_nobody_waits_for_resolves_to_exactly_one_outcome,
);

async fn resolve(f: &Fixture, stream: u64, key: u64) -> Resolution {
    f.store.resolve(f.stream(stream), f.key(key)).await.unwrap()
}

async fn an_append_resolves_to_its_place(f: Fixture) {
    let one = f.write(1, Expected::NoStream, 1, 1).await;
    let three = f.write(1, after(0), 2, 3).await;
    let most = f.write(2, Expected::NoStream, 3, 256).await;
    assert_eq!(resolve(&f, 1, 1).await, Resolution::Appended(one));
    assert_eq!(resolve(&f, 1, 2).await, Resolution::Appended(three));
    assert_eq!(resolve(&f, 2, 3).await, Resolution::Appended(most));
}

async fn an_append_resolves_to_its_place_after_later_ones(f: Fixture) {
    let placed = f.write(1, Expected::NoStream, 1, 3).await;
    for key in 2..40 {
        f.write(1, after(key), key, 1).await;
    }
    assert_eq!(resolve(&f, 1, 1).await, Resolution::Appended(placed));
}

async fn a_key_that_was_never_used_is_absent(f: Fixture) {
    assert_eq!(resolve(&f, 1, 9).await, Resolution::Absent);
    f.fill(1, 0..3).await;
    assert_eq!(resolve(&f, 1, 9).await, Resolution::Absent);
}

async fn a_key_of_another_stream_is_absent(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    f.write(2, Expected::NoStream, 2, 1).await;
    assert_eq!(resolve(&f, 2, 1).await, Resolution::Absent);
}

async fn a_refused_append_is_absent(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    f.store.append(f.append(1, after(5), 2, 1)).await.unwrap_err();
    f.store.append(f.append(1, after(0), 3, 0)).await.unwrap_err();
    assert_eq!(resolve(&f, 1, 2).await, Resolution::Absent);
    assert_eq!(resolve(&f, 1, 3).await, Resolution::Absent);
}

async fn asking_changes_nothing(f: Fixture) {
    f.fill(1, 0..2).await;
    let before = f.log().await;
    for key in 0..4 {
        assert_eq!(resolve(&f, 1, key).await, resolve(&f, 1, key).await);
    }
    assert_eq!(f.log().await, before);
}

async fn an_absent_append_may_be_tried_again(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 1).await;
    assert_eq!(resolve(&f, 1, 2).await, Resolution::Absent);
    let placed = f.write(1, after(0), 2, 1).await;
    assert_eq!(resolve(&f, 1, 2).await, Resolution::Appended(placed));
}

/// The caller leaves after the append has started, which is how an answer gets lost. From the
/// moment that `resolve` has answered, the log says the same for ever.
async fn an_append_that_nobody_waits_for_resolves_to_exactly_one_outcome(f: Fixture) {
    let mut end = Expected::NoStream;
    for key in 0..200 {
        let mut append = f.store.append(f.append(1, end, key, 2));
        // Never begun, begun, begun and given time.
        if key % 3 > 0 {
            assert!((&mut append).now_or_never().is_none_or(|outcome| outcome.is_ok()));
        }
        if key % 3 > 1 {
            tokio::task::yield_now().await;
        }
        drop(append);
        let resolution = resolve(&f, 1, key).await;
        let entries = f.store.read_stream(f.stream(1), end.first(), 9).await.unwrap();
        match resolution {
            Resolution::Absent => assert_eq!(entries, [], "absent, and yet there"),
            Resolution::Appended(placed) => {
                assert_eq!(placed.first, end.first());
                assert_eq!(entries.len(), 2, "appended, and yet not there");
                assert_eq!(entries[1].position, placed.position);
                assert_eq!(entries[1].bytes, entry(key, 1).bytes);
                end = Expected::Revision(placed.last);
            }
        }
    }
    assert_eq!(f.stream_head(1).await.map(Revision::new).map(Expected::Revision), Some(end));
}
