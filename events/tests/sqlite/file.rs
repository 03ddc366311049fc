//! What the file refuses, whoever opens it, and what the store refuses to open.

use std::os::unix::fs::PermissionsExt;

use countersign_events::id::{Position, Revision};
use countersign_events::store::sqlite::{SCHEMA_VERSION, SqliteStore};
use countersign_events::store::{EventStore, Expected, StoreError};
use futures::FutureExt;

use crate::backend::{SqliteBackend, after, append, fill, log, plain, stream};
use crate::runtime;

#[test]
fn sql_of_a_second_connection_can_neither_change_nor_delete_entries() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    runtime().block_on(async {
        fill(&store, 1, 0..3).await;
        fill(&store, 2, 3..5).await;
        let before = log(&store).await;
        let other = plain(&backend.path());
        for sql in [
            "UPDATE entries SET entry = x'00'",
            "UPDATE entries SET sealed = NULL WHERE position = 1",
            "UPDATE OR REPLACE entries SET position = 0 WHERE position = 4",
            "UPDATE entries SET revision = 7 WHERE position = 2",
            "DELETE FROM entries",
            "DELETE FROM entries WHERE position = 4",
            "INSERT OR REPLACE INTO entries VALUES (1, 1, 1, NULL, NULL, x'00', NULL)",
            "REPLACE INTO entries VALUES (5, 1, 1, NULL, NULL, x'00', NULL)",
            "INSERT INTO entries VALUES (4, 2, 1, NULL, NULL, x'00', NULL)
                ON CONFLICT DO UPDATE SET entry = x'00'",
            "INSERT INTO entries VALUES (6, 1, 3, NULL, NULL, x'00', NULL)",
            "INSERT INTO entries VALUES (5, 1, 4, NULL, NULL, x'00', NULL)",
            "INSERT INTO entries VALUES (-1, 1, 3, NULL, NULL, x'00', NULL)",
            "UPDATE streams SET name = 'policy' WHERE id = 1",
            "DELETE FROM streams",
            "INSERT OR REPLACE INTO streams VALUES (1, 'policy')",
            "INSERT OR REPLACE INTO streams (name) SELECT name FROM streams",
        ] {
            let refused = other.execute(sql, []);
            let text = refused.map_err(|error| error.to_string());
            let reason = text.expect_err(sql);
            let by_trigger = reason.contains("append-only") || reason.contains("at its end");
            assert!(by_trigger, "{sql}: {reason}");
        }
        assert_eq!(log(&store).await, before);
        fill(&store, 1, 5..6).await;
    });
}

#[test]
fn the_file_passes_its_integrity_check_after_work_of_every_kind() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    runtime().block_on(async {
        for number in 0..40 {
            fill(&store, number, number * 10..number * 10 + 10).await;
            store.append(append(number, Expected::NoStream, 9_000, 10)).await.unwrap_err();
        }
        let large = append(1, after(9), 9_001, 16_384);
        store.append(large).await.unwrap();
    });
    drop(store);
    let file = plain(&backend.path());
    let check: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let rows: i64 = file.query_row("SELECT count(*) FROM log", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 401);
}

#[test]
fn a_log_that_a_newer_version_wrote_is_not_opened() {
    let backend = SqliteBackend::new();
    drop(backend.store());
    let file = plain(&backend.path());
    file.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    drop(file);
    let refused = SqliteStore::open(&backend.path(), backend.clock()).unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(why) if why.contains("schema 2")));
    let file = plain(&backend.path());
    file.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
    drop(file);
    drop(backend.store());
}

#[test]
fn a_file_that_is_no_log_is_not_opened_and_not_touched() {
    let backend = SqliteBackend::new();
    let text = "not a database, but something of somebody's ".repeat(100);
    std::fs::write(backend.path(), &text).unwrap();
    let refused = SqliteStore::open(&backend.path(), backend.clock()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    assert_eq!(std::fs::read_to_string(backend.path()).unwrap(), text);
}

#[test]
fn the_files_are_readable_by_their_owner_only() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    runtime().block_on(fill(&store, 1, 0..1));
    let directory = std::fs::read_dir(backend.path().parent().unwrap()).unwrap();
    let files: Vec<_> = directory.map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[test]
fn reads_do_not_wait_for_a_writer() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    runtime().block_on(async {
        fill(&store, 1, 0..3).await;
        let other = plain(&backend.path());
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut waiting = store.append(append(1, after(2), 3, 10));
        assert!((&mut waiting).now_or_never().is_none());
        let read = store.read_stream(stream(1), Revision::new(0), 9).await.unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(store.read_all(Position::new(0), 9).await.unwrap(), read);
        other.execute_batch("ROLLBACK").unwrap();
        waiting.await.unwrap();
    });
}

#[test]
fn dropping_the_store_does_first_what_was_queued() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    for number in 0..300 {
        // Polled once: the request is in the queue, and nobody waits for its answer.
        let append = store.append(append(number, Expected::NoStream, number, 10));
        assert!(append.now_or_never().is_none_or(|outcome| outcome.is_ok()));
    }
    drop(store);
    let store = backend.store();
    assert_eq!(runtime().block_on(log(&store)).len(), 300);
    drop(store);
    let wal = std::fs::metadata(backend.path().with_extension("db-wal"));
    assert!(wal.is_err() || wal.unwrap().len() == 0, "the file stands alone after a clean end");
}

#[test]
fn what_waited_together_is_committed_together() {
    let backend = SqliteBackend::new();
    let store = backend.store();
    runtime().block_on(async {
        let appends = (0..300).map(|n| append(n, Expected::NoStream, n, 10)).collect();
        for outcome in store.append_many(appends).await {
            outcome.unwrap();
        }
        let counts = store.counts();
        assert_eq!((counts.appends, counts.entries, counts.commits), (300, 300, 1));
        store.append(append(1, Expected::NoStream, 1, 10)).await.unwrap();
        store.append(append(1, Expected::NoStream, 999, 10)).await.unwrap_err();
        let counts = store.counts();
        assert_eq!((counts.duplicates, counts.refusals, counts.commits), (1, 1, 1));
    });
}
