use std::fs;

use countersign_events::id::{Position, Revision, StreamId};
use countersign_events::store::{
    Append, AppendError, AppendKey, EventStore as _, Expected, NewEntry,
};
use futures::StreamExt as _;
use tempfile::TempDir;
use uuid::Uuid;

use super::{Archive, ArchiveError};
use crate::audit::manifest::{ENTRIES_FILE, MANIFEST_FILE, SEALED_FILE};
use crate::audit::sample::{Sample, account};

fn exported() -> (TempDir, Sample) {
    let (place, log) = (TempDir::new().unwrap(), Sample::journey());
    log.export(place.path());
    (place, log)
}

fn open(place: &TempDir) -> Result<Archive, ArchiveError> {
    Archive::open(place.path(), &mut |_, _| {})
}

/// Writes the entries anew, line by line; the manifest stays what it was.
fn rewrite(place: &TempDir, change: impl FnOnce(&mut Vec<String>)) {
    let path = place.path().join(ENTRIES_FILE);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

#[tokio::test]
async fn an_export_reads_like_the_log_it_came_from() {
    let (place, log) = exported();
    let archive = open(&place).unwrap();
    assert_eq!((archive.log(), archive.ends_at()), (log.id(), log.now));
    let all = archive.read_all(Position::new(0), 4096).await.unwrap();
    let bytes: Vec<_> = all.iter().map(|entry| &entry.bytes).collect();
    assert_eq!(bytes, log.entries.iter().map(|entry| &entry.bytes).collect::<Vec<_>>());
    let last = u64::try_from(log.entries.len()).unwrap() - 1;
    assert_eq!(archive.head().await.unwrap(), Some(Position::new(last)));
    assert_eq!(archive.read_all(Position::new(last), 10).await.unwrap(), all[all.len() - 1..]);
    assert_eq!(archive.read_all(Position::new(last + 1), 10).await.unwrap(), []);

    let stream = all.last().unwrap().stream;
    let of_stream: Vec<_> = all.iter().filter(|entry| entry.stream == stream).cloned().collect();
    let head = u64::try_from(of_stream.len()).unwrap() - 1;
    assert_eq!(archive.stream_head(stream).await.unwrap(), Some(Revision::new(head)));
    assert_eq!(archive.read_stream(stream, Revision::new(0), 4096).await.unwrap(), of_stream);
    let middle = archive.read_stream(stream, Revision::new(1), 2).await.unwrap();
    assert_eq!(middle, of_stream[1..3]);
    assert_eq!(archive.stream_head(account(0xdead)).await.unwrap(), None);
    let followed: Vec<_> =
        archive.subscribe(Position::new(1)).take(all.len() - 1).map(Result::unwrap).collect().await;
    assert_eq!(followed, all[1..]);
}

#[tokio::test]
async fn nothing_is_written_to_an_export() {
    let (place, _) = exported();
    let before = fs::read(place.path().join(ENTRIES_FILE)).unwrap();
    let archive = open(&place).unwrap();
    let append = Append {
        stream: StreamId::Log,
        expected: Expected::NoStream,
        entries: vec![NewEntry { bytes: b"{}".to_vec(), sealed: None }],
        key: AppendKey::new(Uuid::from_u128(1)),
    };
    let refused = archive.append(append.clone()).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    assert!(archive.append_many(vec![append]).await[0].is_err());
    assert!(archive.writable().await.is_err());
    assert_eq!(fs::read(place.path().join(ENTRIES_FILE)).unwrap(), before);
}

#[test]
fn what_is_not_the_log_of_its_manifest_does_not_open() {
    let (place, _) = exported();
    rewrite(&place, |lines| {
        lines.pop();
    });
    assert!(matches!(open(&place), Err(ArchiveError::Other { .. })));

    let (place, _) = exported();
    rewrite(&place, |lines| lines[1] = lines[1].replace("2026-11-24T05", "2026-11-24T04"));
    assert!(matches!(open(&place), Err(ArchiveError::Other { .. })));

    let (place, _) = exported();
    rewrite(&place, |lines| {
        lines.remove(1);
    });
    assert!(matches!(open(&place), Err(ArchiveError::Entry { line: 2, .. })));

    let (place, _) = exported();
    rewrite(&place, |lines| lines[2] = "no entry".to_owned());
    assert!(matches!(open(&place), Err(ArchiveError::Entry { line: 3, .. })));

    let (place, _) = exported();
    let sealed = place.path().join(SEALED_FILE);
    let more = fs::read_to_string(&sealed).unwrap() + "no sealed part\n";
    fs::write(&sealed, more).unwrap();
    assert!(matches!(open(&place), Err(ArchiveError::Other { .. } | ArchiveError::Entry { .. })));

    let (place, _) = exported();
    fs::remove_file(place.path().join(MANIFEST_FILE)).unwrap();
    assert!(matches!(open(&place), Err(ArchiveError::NotAnExport { .. })));

    let place = TempDir::new().unwrap();
    assert!(matches!(open(&place), Err(ArchiveError::Source(_))));
}

/// An export may be anybody's: a manifest that has no end is not read to it.
#[test]
fn a_manifest_is_read_to_its_bound() {
    let (place, _) = exported();
    let path = place.path().join(MANIFEST_FILE);
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{}{manifest}", " ".repeat(64 * 1024 - manifest.len()))).unwrap();
    open(&place).unwrap();
    fs::write(&path, format!("{}{manifest}", " ".repeat(64 * 1024))).unwrap();
    let refused = open(&place).err();
    assert!(matches!(refused, Some(ArchiveError::NotAnExport { .. })), "{refused:?}");
}
