//! The tables of a log, and how its connections are opened.
//!
//! `entries` is keyed by position and has one narrow unique index; `streams` interns names, so
//! that a name is written once and not with every entry. Triggers refuse every UPDATE and DELETE,
//! and every INSERT that is not the next position and the next revision of its stream: that also
//! closes `INSERT OR REPLACE`, which deletes without firing a DELETE trigger. Whoever owns the
//! file can still drop the triggers; that is what checkpoints kept elsewhere are for.
//!
//! **Invariant:** SQLite 3.40 reads the file (STRICT tables, no later feature), so that an auditor
//! needs no more than a stock `sqlite3`.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::StoreError;

/// The version of these tables, kept as `PRAGMA user_version`.
pub const SCHEMA_VERSION: i64 = 1;
/// The oldest library that may write a log: 3.51.3 mended a bug in resetting the WAL.
pub const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// The WAL is checkpointed inside a commit at this many pages, whatever else goes on.
pub const WAL_PAGES_MAX: i64 = 8000;
/// Memory for pages of the writer, in KiB: a whole batch stays in it until its commit.
const WRITER_CACHE_KIB: i64 = 64 * 1024;
/// Memory for pages of one reader, in KiB. Each commit empties it, so that more would only be more
/// to empty.
const READER_CACHE_KIB: i64 = 512;
/// How long a connection waits for another process that holds a lock (a backup, an auditor).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps.
const STATEMENTS_CACHED: usize = 32;

const TABLES: &str = "
CREATE TABLE streams (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- `append_key` and `stored_at` (milliseconds since 1970) stand only in the first row of an append:
-- the rows after it up to the next key belong to the same append.
CREATE TABLE entries (
    position   INTEGER PRIMARY KEY,
    stream     INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    append_key BLOB,
    stored_at  INTEGER,
    entry      BLOB NOT NULL,
    sealed     BLOB
) STRICT;

CREATE UNIQUE INDEX entries_by_stream ON entries (stream, revision);

-- One row for every commit that failed and whose outcome was settled afterwards.
CREATE TABLE fences (
    id        INTEGER PRIMARY KEY,
    fenced_at INTEGER NOT NULL
) STRICT;

-- For people with a shell: the log as text.
CREATE VIEW log AS
    SELECT e.position, s.name AS stream, e.revision, CAST(e.entry AS TEXT) AS entry
    FROM entries e JOIN streams s ON s.id = e.stream;

CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entries_dense BEFORE INSERT ON entries
    WHEN NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM entries)
      OR NEW.revision <> (SELECT coalesce(max(revision) + 1, 0)
                          FROM entries WHERE stream = NEW.stream)
    BEGIN SELECT RAISE(ABORT, 'the log grows only at its end'); END;
CREATE TRIGGER streams_no_update BEFORE UPDATE ON streams
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER streams_no_delete BEFORE DELETE ON streams
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER streams_once BEFORE INSERT ON streams
    WHEN EXISTS (SELECT 1 FROM streams WHERE id = NEW.id OR name = NEW.name)
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
";

/// Opens the file for its one writer and brings its tables up to date.
///
/// What an earlier process left in the WAL is moved into the file and synced before anything else
/// happens: a commit whose sync had failed may be visible and yet not be on the disk, and from
/// here on it counts as recorded.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        let version = rusqlite::version();
        return Err(StoreError::Unavailable(format!("SQLite {version} is too old for a log")));
    }
    create_private(path)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(fault)?;
    prepare(&connection, WRITER_CACHE_KIB).map_err(fault)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(fault)?;
    if mode != "wal" {
        return Err(StoreError::Unavailable(format!("journal mode {mode}, WAL is needed")));
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES_MAX).map_err(fault)?;
    migrate(&connection)?;
    if !checkpoint(&connection, "TRUNCATE").map_err(fault)? {
        // Somebody reads at an older state: what the WAL holds is in the file and synced all the
        // same, unless another checkpoint is under way, whose process must not be there.
        tracing::warn!("the log's WAL is in use by another process");
    }
    sync_directory(path)?;
    Ok(connection)
}

/// Opens the file for moving the WAL into it beside the writer, and for nothing else.
pub(super) fn open_checkpointer(path: &Path) -> Result<Connection, StoreError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        prepare(&connection, READER_CACHE_KIB)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    };
    open().map_err(fault)
}

/// Moves the WAL into the file; false where something of it had to stay.
pub(super) fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<bool> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let busy: i64 = row.get(0)?;
        Ok(busy == 0)
    })
}

/// Opens the file read-only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(fault)?;
    prepare(&connection, READER_CACHE_KIB).map_err(fault)?;
    Ok(connection)
}

fn prepare(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // A statement is planned once, not again whenever other values are bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // A file from elsewhere must not make us run what its schema says.
    connection.pragma_update(None, "trusted_schema", false)
}

/// Creates the tables in an empty file; refuses a file that a newer version wrote.
fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
    match version {
        SCHEMA_VERSION => Ok(()),
        0 => {
            let script =
                format!("BEGIN IMMEDIATE;{TABLES}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;");
            connection.execute_batch(&script).map_err(fault)
        }
        newer if newer > SCHEMA_VERSION => Err(StoreError::Unavailable(format!(
            "the log has schema {newer}, this version knows {SCHEMA_VERSION}"
        ))),
        unknown => Err(StoreError::Damaged(format!("the log has schema {unknown}"))),
    }
}

/// Makes an empty file that only its owner may read. SQLite gives WAL and index the same mode.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop).map_err(|cause| {
        StoreError::Unavailable(format!("cannot open {}: {cause}", path.display()))
    })
}

/// Makes the names of new files in the directory of `path` durable.
pub(super) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(|cause| {
        StoreError::Unavailable(format!("cannot sync {}: {cause}", directory.display()))
    })
}

/// What an error of SQLite means to a reader.
#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
pub(super) fn fault(error: rusqlite::Error) -> StoreError {
    let damaged = match &error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation
        ),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => true,
        _ => false,
    };
    if damaged {
        StoreError::Damaged(error.to_string())
    } else {
        StoreError::Unavailable(error.to_string())
    }
}

/// A number of ours as SQLite keeps it. None grows so large that this cuts it.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of SQLite's as ours: none of them is negative in a sound file.
pub(super) fn number(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(index)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, value))
}
