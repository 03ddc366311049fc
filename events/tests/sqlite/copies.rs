//! Backups, and snapshots after a backup was put back.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_events::id::Revision;
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{EventStore, Snapshot, StoreError};

use crate::backend::{SqliteBackend, after, append, fill, log, stream};
use crate::runtime;

#[test]
fn a_backup_is_the_log_as_of_one_commit_while_it_is_written() {
    let backend = SqliteBackend::new();
    let store = Arc::new(backend.store());
    let copy = backend.path().with_file_name("copy.db");
    runtime().block_on(async {
        fill(&store, 1, 0..500).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writer = {
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut last = 499;
                while !stop.load(Ordering::Relaxed) {
                    fill(&store, 1, last + 1..last + 2).await;
                    last += 1;
                }
            })
        };
        let (from, to) = (Arc::clone(&store), copy.clone());
        tokio::task::spawn_blocking(move || from.backup(&to)).await.unwrap().unwrap();
        stop.store(true, Ordering::Relaxed);
        writer.await.unwrap();

        let mode = std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let copied = SqliteStore::open(&copy, backend.clock()).unwrap();
        let (all, some) = (log(&store).await, log(&copied).await);
        assert!(some.len() >= 500 && some[..] == all[..some.len()], "{} entries", some.len());
        // The copy is a log: it goes on, and remembers keys.
        let last = copied.stream_head(stream(1)).await.unwrap().unwrap().get();
        let again = copied.append(append(1, after(last - 1), last, 100)).await.unwrap();
        assert_eq!(again.placed().first.get(), last);
        fill(&copied, 1, 90_000..90_001).await;
    });
}

#[test]
fn a_backup_overwrites_nothing() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    let target = backend.path().with_file_name("precious");
    std::fs::write(&target, "mine").unwrap();
    let refused = store.backup(&target).unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
}

#[test]
fn a_snapshot_of_another_history_is_not_given_out() {
    let backend = SqliteBackend::new();
    let copy = backend.path().with_file_name("copy.db");
    runtime().block_on(async {
        let store = backend.store();
        fill(&store, 1, 0..2).await;
        store.backup(&copy).unwrap();
        fill(&store, 1, 2..4).await;
        let snapshot = Snapshot { revision: Revision::new(3), shape: 1, bytes: b"state".to_vec() };
        store.snapshot_put(stream(1), snapshot.clone()).await.unwrap();
        assert_eq!(store.snapshot_get(stream(1)).await.unwrap(), Some(snapshot.clone()));
        drop(store);

        std::fs::rename(&copy, backend.path()).unwrap();
        let store = backend.store();
        assert_eq!(store.snapshot_get(stream(1)).await.unwrap(), None, "ahead of the log");
        fill(&store, 1, 10..12).await;
        assert_eq!(store.snapshot_get(stream(1)).await.unwrap(), None, "of another history");
        store.snapshot_put(stream(1), snapshot.clone()).await.unwrap();
        assert_eq!(store.snapshot_get(stream(1)).await.unwrap(), Some(snapshot));
    });
}
