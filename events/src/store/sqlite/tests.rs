//! Faults that only the inside can cause: commits that fail, in each way they can.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::ffi;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::checkpointer::Checkpointer;
use super::heads::Heads;
use super::writer::{Commit, SqlCommit};
use super::*;
use crate::id::AccountId;
use crate::store::{Expected, NewEntry, Placed};

/// What the next commits do.
const FINE: u8 = 0;
/// The commit is there, and an I/O error is reported.
const WRITTEN: u8 = 1;
/// The commit is not there, and an I/O error is reported.
const LOST: u8 = 2;
/// The disk is full.
const FULL: u8 = 3;

#[derive(Clone, Default)]
struct Faulty(Arc<AtomicU8>);

impl Faulty {
    fn next(&self, fault: u8) {
        self.0.store(fault, Ordering::SeqCst);
    }
}

impl Commit for Faulty {
    fn commit(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let fault = self.0.load(Ordering::SeqCst);
        if fault == FINE || fault == WRITTEN {
            SqlCommit.commit(connection)?;
        }
        let code = match fault {
            FINE => return Ok(()),
            FULL => ffi::SQLITE_FULL,
            _ => ffi::SQLITE_IOERR_FSYNC,
        };
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }
}

fn at(millis: i64) -> StoreClock {
    let now = Arc::new(AtomicI64::new(millis));
    Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap())
}

fn open(directory: &TempDir, faults: &Faulty) -> SqliteStore {
    SqliteStore::open_with(
        &directory.path().join("log.db"),
        at(1_000),
        faults.clone(),
        Snapshots::open,
    )
    .unwrap()
}

fn stream(number: u128) -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u128(number)))
}

fn key(number: u128) -> AppendKey {
    AppendKey::new(Uuid::from_u128(number))
}

fn append(number: u128, expected: Expected, name: u128) -> Append {
    let entry = NewEntry { bytes: name.to_be_bytes().to_vec(), sealed: None };
    Append { stream: stream(number), expected, entries: vec![entry], key: key(name) }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn placed(revision: u64, position: u64) -> Placed {
    let revision = Revision::new(revision);
    Placed { first: revision, last: revision, position: Position::new(position) }
}

#[test]
fn a_commit_that_failed_but_is_there_resolves_to_appended() {
    let directory = TempDir::new().unwrap();
    let faults = Faulty::default();
    let store = open(&directory, &faults);
    runtime().block_on(async {
        store.append(append(1, Expected::NoStream, 10)).await.unwrap();
        faults.next(WRITTEN);
        let next = append(1, Expected::Revision(Revision::new(0)), 11);
        let outcome = store.append(next.clone()).await;
        assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
        faults.next(FINE);
        let resolution = store.resolve(stream(1), key(11)).await.unwrap();
        assert_eq!(resolution, Resolution::Appended(placed(1, 1)));
        assert_eq!(store.append(next).await, Ok(Appended::Duplicate(placed(1, 1))));
        assert_eq!(store.head().await.unwrap(), Some(Position::new(1)));
    });
    assert_eq!(store.counts().commits_failed, 1);
}

#[test]
fn a_commit_that_failed_and_is_lost_resolves_to_absent_for_good() {
    let directory = TempDir::new().unwrap();
    let faults = Faulty::default();
    let store = open(&directory, &faults);
    runtime().block_on(async {
        faults.next(LOST);
        let outcome = store.append(append(1, Expected::NoStream, 10)).await;
        assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
        faults.next(FINE);
        let resolution = store.resolve(stream(1), key(10)).await.unwrap();
        assert_eq!(resolution, Resolution::Absent);
    });
    drop(store);
    let store = open(&directory, &faults);
    runtime().block_on(async {
        assert_eq!(store.resolve(stream(1), key(10)).await.unwrap(), Resolution::Absent);
        assert_eq!(store.head().await.unwrap(), None);
        let again = store.append(append(1, Expected::NoStream, 10)).await.unwrap();
        assert_eq!(again, Appended::Appended(placed(0, 0)));
    });
}

#[test]
fn nothing_is_said_of_a_failed_commit_before_a_later_one_succeeds() {
    let directory = TempDir::new().unwrap();
    let faults = Faulty::default();
    let store = open(&directory, &faults);
    runtime().block_on(async {
        faults.next(LOST);
        store.append(append(1, Expected::NoStream, 10)).await.unwrap_err();
        // The disk still fails, and with it the fence.
        let resolution = store.resolve(stream(1), key(10)).await;
        assert!(matches!(resolution, Err(StoreError::Unavailable(_))), "{resolution:?}");
        let other = store.append(append(2, Expected::NoStream, 20)).await;
        assert!(matches!(other, Err(AppendError::Unavailable(_))), "{other:?}");
        faults.next(FINE);
        let resolution = store.resolve(stream(1), key(10)).await.unwrap();
        assert_eq!(resolution, Resolution::Absent);
    });
    let file = Connection::open(directory.path().join("log.db")).unwrap();
    let fences: i64 = file.query_row("SELECT count(*) FROM fences", [], |row| row.get(0)).unwrap();
    assert_eq!(fences, 1);
}

#[test]
fn a_full_disk_writes_nothing_and_says_so() {
    let directory = TempDir::new().unwrap();
    let faults = Faulty::default();
    let store = open(&directory, &faults);
    runtime().block_on(async {
        store.append(append(1, Expected::NoStream, 10)).await.unwrap();
        faults.next(FULL);
        let next = append(1, Expected::Revision(Revision::new(0)), 11);
        let outcome = store.append(next.clone()).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
        faults.next(FINE);
        assert_eq!(store.stream_head(stream(1)).await.unwrap(), Some(Revision::new(0)));
        assert_eq!(store.append(next).await, Ok(Appended::Appended(placed(1, 1))));
    });
}

#[test]
fn verdicts_of_a_failed_batch_are_withdrawn() {
    let directory = TempDir::new().unwrap();
    let faults = Faulty::default();
    let store = open(&directory, &faults);
    runtime().block_on(async {
        faults.next(LOST);
        let first = append(1, Expected::NoStream, 10);
        // The second loses to the first, which is then lost itself: no conflict ever was.
        let second = append(1, Expected::NoStream, 11);
        let outcomes = store.append_many(vec![first.clone(), second, first]).await;
        assert!(matches!(outcomes[0], Err(AppendError::OutcomeUnknown(_))), "{outcomes:?}");
        assert!(matches!(outcomes[1], Err(AppendError::Unavailable(_))), "{outcomes:?}");
        assert!(matches!(outcomes[2], Err(AppendError::OutcomeUnknown(_))), "{outcomes:?}");
    });
}

#[test]
fn another_process_that_writes_is_noticed_and_the_writer_reads_anew() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &Faulty::default());
    runtime().block_on(async {
        store.append(append(1, Expected::NoStream, 10)).await.unwrap();
        let other = Connection::open(directory.path().join("log.db")).unwrap();
        let insert = "INSERT INTO entries VALUES (1, 1, 1, NULL, NULL, x'00', NULL)";
        other.execute(insert, []).unwrap();
        let next = append(1, Expected::Revision(Revision::new(0)), 11);
        let outcome = store.append(next.clone()).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
        let outcome = store.append(next).await;
        assert!(matches!(outcome, Err(AppendError::Conflict { .. })), "{outcome:?}");
    });
}

#[test]
fn what_the_writer_remembers_is_bounded_and_forgetting_changes_no_answer() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &Faulty::default());
    runtime().block_on(async {
        for number in 0..8 {
            store.append(append(number, Expected::NoStream, number + 100)).await.unwrap();
        }
    });
    let file = Connection::open(directory.path().join("log.db")).unwrap();
    let mut heads = Heads::new(2, 1);
    for number in (0..8).chain(0..8) {
        let head = heads.get(&file, stream(number), 1_000).unwrap().unwrap();
        assert_eq!(head.last, 0);
        assert_eq!(head.find(key(number + 100), 1_000), Some(0));
        assert_eq!(heads.sizes(), (1, 1), "one key in memory at most, and its stream");
    }
    assert!(heads.get(&file, stream(99), 1_000).unwrap().is_none());
}

#[test]
fn no_question_scans_a_table() {
    let directory = TempDir::new().unwrap();
    drop(open(&directory, &Faulty::default()));
    let file = Connection::open(directory.path().join("log.db")).unwrap();
    let steps = ["SEARCH entries USING INDEX entries_by_stream (stream=? AND revision>?)"];
    assert_plan(&file, reader::READ_STREAM, &steps);
    let scans = ["SEARCH e USING INTEGER PRIMARY KEY", "SEARCH s USING INTEGER PRIMARY KEY"];
    assert_plan(&file, reader::READ_ALL, &scans);
    let miss =
        ["SEARCH s USING COVERING INDEX", "SEARCH e USING INDEX entries_by_stream (stream=?)"];
    assert_plan(&file, heads::LOAD, &miss);
}

fn assert_plan(file: &Connection, sql: &str, steps: &[&str]) {
    let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let blanks = vec![rusqlite::types::Null; plan.parameter_count()];
    let plan: Vec<String> = plan
        .query_map(rusqlite::params_from_iter(blanks), |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for step in steps {
        assert!(plan.iter().any(|line| line.starts_with(step)), "{sql}: {plan:?}");
    }
    assert!(!plan.iter().any(|line| line.contains("SCAN") || line.contains("TEMP")), "{plan:?}");
}

#[test]
fn the_wal_moves_into_the_file_beside_the_writer() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &Faulty::default());
    let counters = Arc::clone(&store.counters);
    let appends = (0..1_200).map(|n| append(n, Expected::NoStream, n)).collect();
    runtime().block_on(async {
        for outcome in store.append_many(appends).await {
            outcome.unwrap();
        }
    });
    assert_eq!(counters.counts().entries, 1_200);
    // Dropping the store waits for the checkpoint that was due.
    drop(store);
    assert_eq!(counters.counts().checkpoints, 1);
    let store = open(&directory, &Faulty::default());
    assert_eq!(runtime().block_on(store.head()).unwrap(), Some(Position::new(1_199)));
}

#[test]
fn after_a_failed_append_it_is_not_writable_until_a_write_succeeds() {
    for fault in [LOST, FULL] {
        let directory = TempDir::new().unwrap();
        let faults = Faulty::default();
        let store = open(&directory, &faults);
        runtime().block_on(async {
            let fine = |result: Result<(), StoreError>| result.is_ok();
            assert!(fine(store.writable().await));
            faults.next(fault);
            store.append(append(1, Expected::NoStream, 10)).await.unwrap_err();
            for _ in 0..2 {
                assert!(!fine(store.writable().await), "{fault}");
            }
            // An answer that needs no write does not count for one.
            assert_eq!(store.head().await.unwrap(), None);
            faults.next(FINE);
            assert!(fine(store.writable().await), "{fault}");
            assert_eq!(store.head().await.unwrap(), None, "no entry was written");
            faults.next(fault);
            store.append(append(1, Expected::NoStream, 11)).await.unwrap_err();
            faults.next(FINE);
            store.append(append(1, Expected::NoStream, 12)).await.unwrap();
            faults.next(fault);
            assert!(fine(store.writable().await), "it is found out only after a failure");
        });
    }
}

#[test]
fn damaged_snapshots_are_set_aside_and_the_log_opens() {
    let directory = TempDir::new().unwrap();
    let snapshots = directory.path().join("log.snapshots.db");
    let snapshot = || Snapshot { revision: Revision::new(0), shape: 1, bytes: b"derived".to_vec() };
    runtime().block_on(async {
        let store = open(&directory, &Faulty::default());
        store.append(append(1, Expected::NoStream, 10)).await.unwrap();
        store.snapshot_put(stream(1), snapshot()).await.unwrap();
    });
    let damage = "no database, and long enough for SQLite to look at".repeat(100);
    // Twice: what was set aside earlier is not in the way.
    for _ in 0..2 {
        // Only a file without a WAL beside it is damaged by what stands in it.
        Connection::open(&snapshots).unwrap().pragma_update(None, "user_version", 1).unwrap();
        std::fs::write(&snapshots, &damage).unwrap();
        let store = open(&directory, &Faulty::default());
        let aside = directory.path().join("log.snapshots.db.damaged");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), damage);
        runtime().block_on(async {
            assert_eq!(store.snapshot_get(stream(1)).await, Ok(None));
            store.snapshot_put(stream(1), snapshot()).await.unwrap();
            assert_eq!(store.snapshot_get(stream(1)).await, Ok(Some(snapshot())));
        });
    }
    // One that opens and does not read is as good as none.
    let file = Connection::open(&snapshots).unwrap();
    file.execute_batch("DROP TABLE snapshots").unwrap();
    drop(file);
    let store = open(&directory, &Faulty::default());
    runtime().block_on(async {
        assert_eq!(store.snapshot_get(stream(1)).await, Ok(None));
        assert_eq!(store.read_stream(stream(1), Revision::new(0), 9).await.unwrap().len(), 1);
    });
}

#[test]
fn a_log_opened_without_snapshots_leaves_theirs_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log.db");
    let store = SqliteStore::open_without_snapshots(&path, at(1_000)).unwrap();
    runtime().block_on(async {
        store.append(append(1, Expected::NoStream, 10)).await.unwrap();
        let snapshot = Snapshot { revision: Revision::new(0), shape: 1, bytes: vec![1] };
        store.snapshot_put(stream(1), snapshot).await.unwrap();
        assert_eq!(store.snapshot_get(stream(1)).await, Ok(None));
    });
    drop(store);
    assert!(!directory.path().join("log.snapshots.db").exists());
}

/// The file alone, without its WAL, has what a checkpoint moved, and nothing before one is due.
#[test]
fn a_checkpoint_that_is_due_moves_the_wal_into_the_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log.db");
    let writer = schema::open_writer(&path).unwrap();
    writer.execute_batch("CREATE TABLE moved (n); INSERT INTO moved VALUES (7)").unwrap();
    let moved = |name: &str| {
        let alone = directory.path().join(name);
        std::fs::copy(&path, &alone).unwrap();
        let alone = Connection::open(&alone).unwrap();
        alone.query_row("SELECT n FROM moved", [], |row| row.get::<_, i64>(0)).ok()
    };
    for (pages, expected) in [(CHECKPOINT_PAGES - 1, None), (CHECKPOINT_PAGES, Some(7))] {
        let mut checkpointer = Checkpointer::start(&path, Arc::default()).unwrap();
        checkpointer.wrote(pages);
        // Dropping it waits for the checkpoint that is due, if one is.
        drop(checkpointer);
        assert_eq!(moved(&format!("after {pages}.db")), expected, "{pages} pages");
    }
}
