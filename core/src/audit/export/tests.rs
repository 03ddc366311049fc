use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use countersign_events::id::{Position, Revision};
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{Append, AppendKey, EventStore, Expected, NewEntry};
use tempfile::TempDir;
use uuid::Uuid;

use super::{ExportError, Options, export};
use crate::audit::finding::{Rule, Verdict};
use crate::audit::manifest::{ENTRIES_FILE, MANIFEST_FILE, SEALED_FILE};
use crate::audit::sample::Sample;
use crate::audit::source::{DATABASE_FILE, Source};
use crate::audit::verify::verify;

fn options(with_sealed: bool) -> Options {
    let made_at = "2026-11-24T06:00:00Z".parse().unwrap();
    Options { with_sealed, made_at, program_version: "0.1.0".to_owned() }
}

/// A data directory with a log, and the store that still has it open.
async fn data_directory(log: &Sample) -> (TempDir, SqliteStore) {
    let place = TempDir::new().unwrap();
    let now = log.now;
    let store =
        SqliteStore::open(&place.path().join(DATABASE_FILE), Arc::new(move || now)).unwrap();
    for (number, entry) in log.entries.iter().enumerate() {
        let expected = match entry.revision.get() {
            0 => Expected::NoStream,
            revision => Expected::Revision(Revision::new(revision - 1)),
        };
        let new = NewEntry { bytes: entry.bytes.clone(), sealed: entry.sealed.clone() };
        let key = AppendKey::new(Uuid::from_u128(u128::try_from(number).unwrap()));
        store
            .append(Append { stream: entry.stream, expected, entries: vec![new], key })
            .await
            .unwrap();
    }
    (place, store)
}

#[tokio::test]
async fn an_export_holds_every_byte_and_verifies_like_the_log_it_came_from() {
    let log = Sample::journey();
    let (data, store) = data_directory(&log).await;
    let target = data.path().join("export");
    let mut seen = Vec::new();
    let source = Source::open(data.path()).unwrap();
    let manifest =
        export(source, &target, &options(true), &mut |done, all| seen.push((done, all))).unwrap();

    let mode = fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "its owner's alone, like the log");
    let bytes = fs::read(target.join(ENTRIES_FILE)).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), log.entries.len());
    for (line, entry) in lines.iter().zip(&log.entries) {
        assert_eq!(line.strip_suffix(b"\n").unwrap(), entry.bytes);
    }
    let size = u64::try_from(log.entries.len()).unwrap();
    assert_eq!(seen.last(), Some(&(size, Some(size))));
    assert_eq!((manifest.size, manifest.log), (size, Some(log.id())));
    assert_eq!(manifest.last_at, Some(log.now));

    let exported = verify(Source::open(&target).unwrap(), None, &mut |_, _| {});
    let original = verify(Source::open(data.path()).unwrap(), None, &mut |_, _| {});
    assert_eq!(exported, original);
    assert_eq!((exported.verdict, exported.root), (Verdict::Fine, manifest.root));

    // Once the server is gone, the log reads the same.
    drop(store);
    assert_eq!(verify(Source::open(data.path()).unwrap(), None, &mut |_, _| {}), original);
}

#[tokio::test]
async fn an_export_without_sealed_parts_verifies_and_counts_them_absent() {
    let (data, _store) = data_directory(&Sample::journey()).await;
    let target = data.path().join("export");
    let source = Source::open(data.path()).unwrap();
    export(source, &target, &options(false), &mut |_, _| {}).unwrap();
    assert!(!target.join(SEALED_FILE).exists());
    let report = verify(Source::open(&target).unwrap(), None, &mut |_, _| {});
    assert_eq!((report.verdict, report.sealed_present), (Verdict::Fine, 0));
    assert!(report.sealed_absent > 0);
}

#[tokio::test]
async fn an_export_is_never_written_over_and_leaves_nothing_when_it_fails() {
    let (data, _store) = data_directory(&Sample::journey()).await;
    let target = data.path().join("export");
    fs::create_dir(&target).unwrap();
    let refused =
        export(Source::open(data.path()).unwrap(), &target, &options(true), &mut |_, _| {});
    assert!(matches!(refused, Err(ExportError::Exists(_))));

    let mut bad = Sample::journey();
    bad.entries[3].bytes.insert(5, b'\n');
    let (data, _store) = data_directory(&bad).await;
    let target = data.path().join("export");
    let refused =
        export(Source::open(data.path()).unwrap(), &target, &options(true), &mut |_, _| {});
    assert!(
        matches!(refused, Err(ExportError::LineBreak(position)) if position == Position::new(3))
    );
    let left: Vec<_> = fs::read_dir(data.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("export") || name == MANIFEST_FILE)
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_row_moved_to_another_stream_in_the_database_is_found() {
    let (data, store) = data_directory(&Sample::journey()).await;
    drop(store);
    let connection = rusqlite::Connection::open(data.path().join(DATABASE_FILE)).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER streams_no_update;
             UPDATE streams SET name = 'account-00000000-0000-0000-0000-00000000dead'
             WHERE name LIKE 'account-%2';",
        )
        .unwrap();
    drop(connection);
    let report = verify(Source::open(data.path()).unwrap(), None, &mut |_, _| {});
    assert!(!report.findings.is_empty());
    assert!(report.findings.iter().all(|finding| finding.rule == Rule::ColumnsDiffer));
}

#[tokio::test]
async fn a_row_deleted_from_the_database_is_a_gap_and_stops_an_export() {
    let (data, store) = data_directory(&Sample::journey()).await;
    drop(store);
    let connection = rusqlite::Connection::open(data.path().join(DATABASE_FILE)).unwrap();
    connection
        .execute_batch("DROP TRIGGER entries_no_delete; DELETE FROM entries WHERE position = 6;")
        .unwrap();
    drop(connection);
    let report = verify(Source::open(data.path()).unwrap(), None, &mut |_, _| {});
    let found: Vec<_> = report.findings.iter().map(|finding| finding.rule).collect();
    assert!(found.contains(&Rule::PositionGap) && found.contains(&Rule::RevisionGap));
    let target = data.path().join("export");
    let stopped =
        export(Source::open(data.path()).unwrap(), &target, &options(true), &mut |_, _| {});
    assert!(matches!(stopped, Err(ExportError::Gap { .. })));
}

#[test]
fn a_directory_that_is_no_log_is_refused() {
    let place = TempDir::new().unwrap();
    assert!(Source::open(place.path()).is_err());
}
