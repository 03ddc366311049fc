//! Snapshots: derived state, in a file of its own beside the log.
//!
//! They may be lost at any time and are then made again, so nothing waits for a sync: WAL with
//! `synchronous=NORMAL`, which after a power cut is old but sound. A damaged file is set aside, and
//! a snapshot that does not read is as good as none. A snapshot is bound to the entry
//! it stands on by that entry's hash: if the log was restored from a backup and went another way
//! since, the snapshot no longer fits and is not given out.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::super::{SNAPSHOT_BYTES_MAX, Snapshot, StoreError};
use super::reader::Readers;
use super::schema::{self, column, fault, number};
use crate::id::{Revision, StreamId};

/// Snapshots that may wait to be written; more wait at the door.
pub const PUTS_MAX: usize = 256;
/// The version of the table, kept as `PRAGMA user_version`: another one is thrown away.
const SHAPE: i64 = 1;

const TABLE: &str = "
DROP TABLE IF EXISTS snapshots;
CREATE TABLE snapshots (
    stream   TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    entry    BLOB NOT NULL,
    shape    INTEGER NOT NULL,
    state    BLOB NOT NULL
) STRICT;";

struct Put {
    stream: StreamId,
    entry: [u8; 32],
    snapshot: Snapshot,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

/// The snapshots of a log.
pub(super) struct Snapshots {
    file: Option<SnapshotFile>,
}

struct SnapshotFile {
    puts: Option<mpsc::Sender<Put>>,
    writer: Option<JoinHandle<()>>,
    reader: Mutex<Connection>,
}

impl Drop for SnapshotFile {
    fn drop(&mut self) {
        // What is queued is written, and the file closed, before the store is gone.
        self.puts = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the snapshots had panicked");
        }
    }
}

impl Snapshots {
    /// Opens the file beside the log, or makes it, and starts its writing thread.
    pub(super) fn open(log: &Path) -> Result<Self, StoreError> {
        let path = path(log);
        let connection = match open(&path) {
            Err(StoreError::Damaged(why)) => {
                let aside = set_aside(&path)?;
                let aside = aside.display();
                tracing::warn!(%why, %aside, "the snapshots are damaged: set aside, made anew");
                open(&path)?
            }
            opened => opened?,
        };
        let reader = schema::open_reader(&path)?;
        let (puts, mut waiting) = mpsc::channel::<Put>(PUTS_MAX);
        let writer = std::thread::Builder::new()
            .name("log-snapshots".to_owned())
            .spawn(move || {
                while let Some(put) = waiting.blocking_recv() {
                    let done = write(&connection, &put).map_err(fault);
                    // Nobody waits for it any more: that is no failure.
                    drop(put.reply.send(done));
                }
            })
            .map_err(|cause| StoreError::Unavailable(format!("cannot start a thread: {cause}")))?;
        Ok(Self {
            file: Some(SnapshotFile {
                puts: Some(puts),
                writer: Some(writer),
                reader: Mutex::new(reader),
            }),
        })
    }

    /// None are given out, and none are kept.
    pub(super) const fn none() -> Self {
        Self { file: None }
    }

    /// Keeps a snapshot in place of an older one; a newer one stays.
    pub(super) async fn put(
        &self,
        readers: &Readers,
        stream: StreamId,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        if snapshot.bytes.len() > SNAPSHOT_BYTES_MAX {
            return Err(StoreError::SnapshotSize(snapshot.bytes.len()));
        }
        let Some(file) = &self.file else { return Ok(()) };
        let Some(entry) = entry_hash(readers, stream, snapshot.revision)? else {
            let actual = readers.stream_head(stream)?;
            return Err(StoreError::SnapshotAhead { snapshot: snapshot.revision, actual });
        };
        let newer =
            |kept: Snapshot| kept.shape == snapshot.shape && kept.revision > snapshot.revision;
        if self.get(readers, stream)?.is_some_and(newer) {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable("the log's snapshots are closed".to_owned());
        let puts = file.puts.as_ref().ok_or_else(gone)?;
        puts.send(Put { stream, entry, snapshot, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// The snapshot of a stream, if there is one and it fits the log.
    pub(super) fn get(
        &self,
        readers: &Readers,
        stream: StreamId,
    ) -> Result<Option<Snapshot>, StoreError> {
        let Some(file) = &self.file else { return Ok(None) };
        let found = {
            let reader = file.reader.lock().unwrap_or_else(PoisonError::into_inner);
            read(&reader, stream).unwrap_or_else(|error| {
                tracing::warn!(%stream, %error, "a snapshot does not read: going on without");
                None
            })
        };
        let Some((entry, snapshot)) = found else {
            return Ok(None);
        };
        let fits = entry_hash(readers, stream, snapshot.revision)? == Some(entry);
        Ok(fits.then_some(snapshot))
    }
}

/// `log.db` has its snapshots in `log.snapshots.db`.
fn path(log: &Path) -> PathBuf {
    log.with_extension("snapshots.db")
}

/// Puts a damaged file out of the way, in place of one that was set aside earlier.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let named = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = named(".damaged");
    let failed = |cause: std::io::Error| {
        StoreError::Unavailable(format!("cannot set {} aside: {cause}", path.display()))
    };
    // What SQLite keeps beside it belongs to it, and must not be taken for the new file's.
    for suffix in ["-wal", "-shm"] {
        match std::fs::remove_file(named(suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    std::fs::rename(path, &aside).map_err(failed)?;
    Ok(aside)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    schema::create_private(path)?;
    let connection = Connection::open(path).map_err(fault)?;
    let version = || {
        connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            .and_then(|()| connection.pragma_query_value(None, "user_version", |row| row.get(0)))
    };
    let version: i64 = version().map_err(fault)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(fault)?;
    if version != SHAPE {
        let script = format!("BEGIN IMMEDIATE;{TABLE}PRAGMA user_version = {SHAPE};COMMIT;");
        connection.execute_batch(&script).map_err(fault)?;
    }
    Ok(connection)
}

fn write(connection: &Connection, put: &Put) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO snapshots (stream, revision, entry, shape, state)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (stream) DO UPDATE SET
                 revision = excluded.revision, entry = excluded.entry,
                 shape = excluded.shape, state = excluded.state",
        )?
        .execute(params![
            put.stream.to_string(),
            column(put.snapshot.revision.get()),
            put.entry.as_slice(),
            put.snapshot.shape,
            put.snapshot.bytes.as_slice(),
        ])
        .map(drop)
}

fn read(
    connection: &Connection,
    stream: StreamId,
) -> rusqlite::Result<Option<([u8; 32], Snapshot)>> {
    connection
        .prepare_cached("SELECT entry, revision, shape, state FROM snapshots WHERE stream = ?1")?
        .query_row([stream.to_string()], |row| {
            let snapshot = Snapshot {
                revision: Revision::new(number(row, 1)?),
                shape: row.get(2)?,
                bytes: row.get(3)?,
            };
            Ok((row.get(0)?, snapshot))
        })
        .optional()
}

/// The hash of the entry at a revision, `None` if the stream does not reach it.
fn entry_hash(
    readers: &Readers,
    stream: StreamId,
    revision: Revision,
) -> Result<Option<[u8; 32]>, StoreError> {
    let entries = readers.read_stream(stream, revision, 1)?;
    Ok(entries.first().map(|entry| Sha256::digest(&entry.bytes).into()))
}
