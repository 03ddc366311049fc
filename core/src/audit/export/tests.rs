use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use countersign_events::id::Position;
use countersign_events::store::sqlite::SqliteStore;
use tempfile::TempDir;

use super::{ExportError, Options, export};
use crate::audit::finding::{Rule, Verdict};
use crate::audit::manifest::{CHECKPOINT_FILE, ENTRIES_FILE, MANIFEST_FILE, SEALED_FILE};
use crate::audit::sample::{ORIGIN, Sample, account, sign, sign_as};
use crate::audit::source::{DATABASE_FILE, Source};
use crate::audit::verify::verify;

fn options(with_sealed: bool) -> Options {
    let made_at = "2026-11-24T06:00:00Z".parse().unwrap();
    Options { with_sealed, made_at, program_version: "0.1.0".to_owned() }
}

/// A data directory with a log, and the store that still has it open.
async fn data_directory(log: &Sample) -> (TempDir, SqliteStore) {
    let place = TempDir::new().unwrap();
    let store = log.put_into(place.path(), &log.signed_whole()).await;
    (place, store)
}

#[tokio::test]
async fn an_export_holds_every_byte_and_verifies_like_the_log_it_came_from() {
    let log = Sample::journey();
    let (data, store) = data_directory(&log).await;
    let target = data.path().join("export");
    let mut seen = Vec::new();
    let source = Source::open(data.path()).unwrap();
    let exported =
        export(source, &target, &options(true), &mut |done, all| seen.push((done, all))).unwrap();
    let manifest = exported.manifest;
    assert_eq!(exported.newer, 0);

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

/// Every file below a directory, but for when the export was made.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        if path.ends_with(MANIFEST_FILE) {
            let text = String::from_utf8(bytes).unwrap();
            let lines = text.lines().filter(|line| !line.contains("\"made_at\""));
            bytes = lines.collect::<String>().into_bytes();
        }
        files.insert(path, bytes);
    }
    files
}

/// What is newer than the checkpoint is left out and counted; what is older is the same bytes in
/// every export.
#[tokio::test]
async fn an_export_is_a_pure_function_of_what_its_checkpoint_covers() {
    let mut log = Sample::journey();
    for sign_in in 0..=255 {
        log.wait(1000);
        log.begin(account(1), sign_in);
    }
    let size = log.entries.len() - 11;
    let place = TempDir::new().unwrap();
    let _store = log.put_into(place.path(), &log.signed(size)).await;
    let made = |name: &str, made_at: &str| {
        let (target, made_at) = (place.path().join(name), made_at.parse().unwrap());
        let options = Options { made_at, ..options(true) };
        let source = Source::open(place.path()).unwrap();
        let exported = export(source, &target, &options, &mut |_, _| {}).unwrap();
        assert_eq!((exported.manifest.size, exported.newer), (size as u64, 11));
        let files = files(&target);
        let relative = |(path, bytes): (PathBuf, Vec<u8>)| {
            (path.strip_prefix(&target).unwrap().to_owned(), bytes)
        };
        files.into_iter().map(relative).collect::<BTreeMap<_, _>>()
    };
    let once = made("once", "2026-11-24T06:00:00Z");
    assert_eq!(once, made("again", "2026-11-25T07:00:00Z"));

    // What the samples write is what is exported.
    log.entries.truncate(size);
    let (whole, sample) = (TempDir::new().unwrap(), place.path().join("sample"));
    let _store = log.put_into(whole.path(), &log.signed_whole()).await;
    log.export(&sample);
    let names: Vec<_> = once.keys().filter(|path| path.starts_with("tile")).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        assert_eq!(once[name], fs::read(sample.join(name)).unwrap(), "{}", name.display());
    }
    let target = whole.path().join("export");
    export(Source::open(whole.path()).unwrap(), &target, &options(true), &mut |_, _| {}).unwrap();
    let report = verify(Source::open(&target).unwrap(), None, &mut |_, _| {});
    assert_eq!(report.verdict, Verdict::Fine, "{report:?}");
}

/// SR-104: nothing is exported as signed that is not.
#[tokio::test]
async fn a_log_that_is_not_as_signed_is_not_exported() {
    let log = Sample::journey();
    let (data, _store) = data_directory(&log).await;
    let target = data.path().join("export");
    let refused = || {
        let source = Source::open(data.path()).unwrap();
        export(source, &target, &options(true), &mut |_, _| {}).unwrap_err()
    };
    let checkpoint = data.path().join(CHECKPOINT_FILE);
    let size = log.entries.len() as u64;
    for (signed, is_it) in [
        (sign(size, log.signed(3).checkpoint.root), "another root"),
        (sign(size + 1, log.signed_whole().checkpoint.root), "beyond its end"),
    ] {
        fs::write(&checkpoint, signed.to_string()).unwrap();
        assert!(matches!(refused(), ExportError::NotAsSigned { .. }), "{is_it}");
    }
    let root = log.signed_whole().checkpoint.root;
    for other in [sign_as(ORIGIN, 8, size, root), sign_as("elsewhere", 7, size, root)] {
        fs::write(&checkpoint, other.to_string()).unwrap();
        assert!(matches!(refused(), ExportError::Checkpoint(_)));
    }
    fs::remove_file(&checkpoint).unwrap();
    let error = refused();
    assert!(matches!(error, ExportError::NoCheckpoint(_)));
    assert!(error.to_string().contains("countersign log checkpoint"), "{error}");
    assert!(!target.exists());
}

#[test]
fn a_directory_that_is_no_log_is_refused() {
    let place = TempDir::new().unwrap();
    assert!(Source::open(place.path()).is_err());
}
