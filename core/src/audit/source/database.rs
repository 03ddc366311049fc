//! Reads the log of a data directory, read only.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use countersign_events::id::{Position, StreamId};
use rusqlite::{Connection, OpenFlags, params};

use super::{Columns, Line, SourceError};

/// Entries read at once.
const PAGE: i64 = 2048;

const PAGE_SQL: &str = "SELECT e.position, s.name, e.revision, e.entry, e.sealed \
     FROM entries e LEFT JOIN streams s ON s.id = e.stream \
     WHERE e.position > ?1 AND e.position <= ?2 ORDER BY e.position LIMIT ?3";

/// By the index on (stream, revision): a stream's order is the log's order.
const STREAM_SQL: &str = "SELECT e.position, s.name, e.revision, e.entry, e.sealed \
     FROM streams s JOIN entries e ON s.id = e.stream \
     WHERE s.name = ?4 AND e.position > ?1 AND e.position <= ?2 \
     ORDER BY e.revision LIMIT ?3";

pub(super) struct Database {
    path: PathBuf,
    connection: Connection,
    /// The last position when it was opened, -1 in an empty log.
    head: i64,
    /// The last position read.
    read: i64,
    page: VecDeque<Line>,
    only: Option<String>,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let fault = |source| SourceError::Database { path: path.to_owned(), source };
        let (connection, head) = match open(path, false) {
            // Without the right to make the shared-memory file, a log that no server has open can
            // still be read as it lies there.
            Err(_) if is_at_rest(path) => open(path, true).map_err(fault)?,
            opened => opened.map_err(fault)?,
        };
        Ok(Self {
            path: path.to_owned(),
            connection,
            head,
            read: -1,
            page: VecDeque::new(),
            only: None,
        })
    }

    pub(super) fn only(&mut self, stream: &StreamId) {
        self.only = Some(stream.to_string());
    }

    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.head.saturating_add(1)).unwrap_or(0)
    }

    pub(super) fn next_line(&mut self) -> Result<Option<Line>, SourceError> {
        if self.page.is_empty() && self.read < self.head {
            self.page = self
                .read_page()
                .map_err(|source| SourceError::Database { path: self.path.clone(), source })?;
            if let Some(last) = self.page.back() {
                self.read = i64::try_from(last.position.get()).unwrap_or(self.head);
            }
        }
        Ok(self.page.pop_front())
    }

    fn read_page(&self) -> Result<VecDeque<Line>, rusqlite::Error> {
        let sql = if self.only.is_some() { STREAM_SQL } else { PAGE_SQL };
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = match &self.only {
            Some(stream) => statement.query(params![self.read, self.head, PAGE, stream])?,
            None => statement.query(params![self.read, self.head, PAGE])?,
        };
        let mut page = VecDeque::new();
        while let Some(row) = rows.next()? {
            let stream: Option<String> = row.get(1)?;
            page.push_back(Line {
                position: Position::new(unsigned(row.get(0)?)),
                bytes: row.get(3)?,
                sealed: row.get(4)?,
                columns: Some(Columns {
                    stream: stream.unwrap_or_default(),
                    revision: unsigned(row.get(2)?),
                }),
                flaws: Vec::new(),
            });
        }
        Ok(page)
    }
}

fn open(path: &Path, at_rest: bool) -> Result<(Connection, i64), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let suffix = if at_rest { "?immutable=1" } else { "" };
    let connection = Connection::open_with_flags(format!("file:{}{suffix}", escaped(path)), flags)?;
    let head =
        connection
            .query_row("SELECT coalesce(max(position), -1) FROM entries", [], |row| row.get(0))?;
    Ok((connection, head))
}

/// What cannot be a place at all counts as the last of all places: it breaks a rule there.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A path as SQLite's URIs have it.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Whether no write-ahead log lies beside it.
fn is_at_rest(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(wal).map_or(true, |file| file.len() == 0)
}
