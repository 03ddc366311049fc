//! Reading: connections of their own, which the writer never blocks.
//!
//! A read of one stream is short and runs where it is asked for, on one of a few connections. A
//! scan of the log may be long and runs on a thread of its own, so that it holds up no runtime.
//! Each read sees one committed state of the file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::{mpsc, oneshot};

use super::super::{READ_LIMIT_MAX, Recorded, StoreError};
use super::schema::{self, column, fault, number};
use crate::id::{Position, Revision, StreamId};

/// Connections for reads of one stream.
pub const READERS: usize = 4;
/// Scans that may wait for the scanning thread; more wait at the door.
pub const SCANS_MAX: usize = 64;

pub(super) const READ_STREAM: &str = "
    SELECT position, revision, entry, sealed FROM entries
    WHERE stream = (SELECT id FROM streams WHERE name = ?1) AND revision >= ?2
    ORDER BY revision LIMIT ?3";
// CROSS JOIN keeps SQLite from turning the loops around: the log first, then each name.
pub(super) const READ_ALL: &str = "
    SELECT e.position, e.revision, e.entry, e.sealed, s.name
    FROM entries e CROSS JOIN streams s ON s.id = e.stream
    WHERE e.position >= ?1 ORDER BY e.position LIMIT ?2";
const STREAM_HEAD: &str = "
    SELECT revision FROM entries WHERE stream = (SELECT id FROM streams WHERE name = ?1)
    ORDER BY revision DESC LIMIT 1";

struct Scan {
    from: Position,
    limit: usize,
    reply: oneshot::Sender<Result<Vec<Recorded>, StoreError>>,
}

/// The read-only side of a log.
pub(super) struct Readers {
    path: PathBuf,
    connections: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
    scans: mpsc::Sender<Scan>,
}

impl Readers {
    /// Opens the connections and starts the scanning thread, which ends with the last reader.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connections = (0..READERS)
            .map(|_| schema::open_reader(path).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        let scanner = schema::open_reader(path)?;
        let (scans, mut waiting) = mpsc::channel::<Scan>(SCANS_MAX);
        std::thread::Builder::new()
            .name("log-scanner".to_owned())
            .spawn(move || {
                while let Some(scan) = waiting.blocking_recv() {
                    // Nobody waits for it any more: that is no failure.
                    drop(scan.reply.send(read_all(&scanner, scan.from, scan.limit)));
                }
            })
            .map_err(|cause| StoreError::Unavailable(format!("cannot start a thread: {cause}")))?;
        Ok(Self { path: path.to_owned(), connections, turn: AtomicUsize::new(0), scans })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A page of the log, read by the scanning thread.
    pub(super) async fn scan(
        &self,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable("the log's scanning thread has ended".to_owned());
        self.scans.send(Scan { from, limit, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// A page of one stream, read here and now.
    pub(super) fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<Recorded>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(READ_STREAM).map_err(fault)?;
        let rows = statement
            .query_map(params![stream.to_string(), column(from.get()), rows(limit)], |row| {
                recorded(row, stream)
            })
            .map_err(fault)?;
        rows.collect::<Result<_, _>>().map_err(fault)
    }

    /// The last revision of a stream, read here and now.
    pub(super) fn stream_head(&self, stream: StreamId) -> Result<Option<Revision>, StoreError> {
        self.connection()?
            .prepare_cached(STREAM_HEAD)
            .and_then(|mut statement| {
                statement
                    .query_row([stream.to_string()], |row| number(row, 0).map(Revision::new))
                    .optional()
            })
            .map_err(fault)
    }

    /// A connection that is free, or the one whose turn it is.
    fn connection(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let after = turn % READERS;
        let (before, from) = self.connections.split_at(after.min(self.connections.len()));
        for connection in from.iter().chain(before) {
            if let Ok(free) = connection.try_lock() {
                return Ok(free);
            }
        }
        let next = from.first().ok_or_else(|| StoreError::Unavailable("no reader".to_owned()))?;
        // A reader that panicked held nothing but a statement, which is reset when it is dropped.
        Ok(next.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read_all(
    connection: &Connection,
    from: Position,
    limit: usize,
) -> Result<Vec<Recorded>, StoreError> {
    let mut statement = connection.prepare_cached(READ_ALL).map_err(fault)?;
    let mut page = statement.query(params![column(from.get()), rows(limit)]).map_err(fault)?;
    let mut entries = Vec::with_capacity(limit.min(READ_LIMIT_MAX));
    while let Some(row) = page.next().map_err(fault)? {
        let name = row.get_ref(4).map_err(fault)?;
        let stream =
            name.as_str().ok().and_then(|name| StreamId::parse(name).ok()).ok_or_else(|| {
                StoreError::Damaged("an entry of a stream without a name".to_owned())
            })?;
        entries.push(recorded(row, stream).map_err(fault)?);
    }
    Ok(entries)
}

fn recorded(row: &Row<'_>, stream: StreamId) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        position: Position::new(number(row, 0)?),
        stream,
        revision: Revision::new(number(row, 1)?),
        bytes: row.get(2)?,
        sealed: row.get(3)?,
    })
}

fn rows(limit: usize) -> i64 {
    column(limit.min(READ_LIMIT_MAX) as u64)
}
