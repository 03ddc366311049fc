//! Closing and opening again: an acknowledged append is there and never changes (P1).

use futures::StreamExt;

use super::fixture::{Fixture, after, every_byte, new, sealed, soon};
use super::list_cases;
use crate::id::Revision;
use crate::store::{AppendError, Appended, Expected, Resolution, Snapshot};

list_cases!(Reopening:
    everything_is_there_after_reopening needs Reopen,
    appends_go_on_where_the_log_ended needs Reopen,
    append_keys_are_remembered_across_reopening needs Reopen,
    a_subscription_goes_on_after_reopening needs Reopen,
    a_snapshot_is_there_or_gone_after_reopening needs Reopen,
);

async fn everything_is_there_after_reopening(f: Fixture) {
    f.fill(1, 0..10).await;
    let entries = vec![sealed(every_byte(), every_byte()); 256];
    new(f.store.append(f.append_of(2, Expected::NoStream, 10, entries)).await);
    let (log, head) = (f.log().await, f.head().await);
    let f = f.reopen().await.reopen().await;
    assert_eq!(f.log().await, log);
    assert_eq!(f.head().await, head);
    assert_eq!(f.stream_head(1).await, Some(9));
    assert_eq!(f.stream_head(2).await, Some(255));
    assert_eq!(f.stream_head(3).await, None);
}

async fn appends_go_on_where_the_log_ended(f: Fixture) {
    f.fill(1, 0..3).await;
    let f = f.reopen().await;
    let stale = f.store.append(f.append(1, Expected::NoStream, 9, 1)).await;
    assert_eq!(stale, Err(f.conflict(1, Expected::NoStream, Some(2))));
    assert_eq!(f.write(1, after(2), 3, 1).await, f.placed(3, 3, 1));
    assert_eq!(f.write(2, Expected::NoStream, 4, 1).await, f.placed(0, 4, 1));
}

async fn append_keys_are_remembered_across_reopening(f: Fixture) {
    f.write(1, Expected::NoStream, 1, 3).await;
    f.write(1, after(2), 2, 1).await;
    let f = f.reopen().await;
    let again = f.store.append(f.append(1, Expected::NoStream, 1, 3)).await;
    assert_eq!(again, Ok(Appended::Duplicate(f.placed(0, 0, 3))));
    let reused = f.store.append(f.append(1, after(3), 2, 1)).await;
    assert_eq!(reused, Err(AppendError::KeyReused(f.key(2))));
    let resolution = f.store.resolve(f.stream(1), f.key(2)).await.unwrap();
    assert_eq!(resolution, Resolution::Appended(f.placed(3, 3, 1)));
}

async fn a_subscription_goes_on_after_reopening(f: Fixture) {
    f.fill(1, 0..3).await;
    let f = f.reopen().await;
    let mut subscription = f.store.subscribe(f.position(1));
    f.write(1, after(2), 3, 1).await;
    for number in 1..4 {
        let entry = soon(number, subscription.next()).await.unwrap().unwrap();
        assert_eq!(entry.position, f.position(number));
    }
}

async fn a_snapshot_is_there_or_gone_after_reopening(f: Fixture) {
    f.fill(1, 0..3).await;
    let kept = Snapshot { revision: Revision::new(1), shape: 1, bytes: every_byte() };
    f.store.snapshot_put(f.stream(1), kept.clone()).await.unwrap();
    let f = f.reopen().await;
    let found = f.store.snapshot_get(f.stream(1)).await.unwrap();
    assert!(found.is_none_or(|found| found == kept), "another snapshot than was kept");
}
