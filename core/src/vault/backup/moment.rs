//! One moment of log and vault, held while both are copied.
//!
//! A secret is written before the event that names it and destroyed after the event that ends it.
//! So a copy of the log fits a copy of the vault if no event was appended between the two
//! moments: then nothing that the log names was destroyed in between. Two read transactions are
//! begun, the log's first; then the log's end is looked at again. If it has moved, the moment is
//! let go and tried again; the two are microseconds apart, so one of many tries succeeds.

use std::fs::File;
use std::path::{Path, PathBuf};

use countersign_events::entry::Entry;
use countersign_events::id::LogId;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OptionalExtension as _};

use super::super::files::{create_private, open_read_only};
use super::{BackupError, io_error};

/// How often a moment is tried for. The last one is taken as it is: what was removed in its few
/// microseconds is then missing, and `doctor` says so after a restore.
const TRIES_MAX: usize = 100;
/// Pages that are copied in one step.
const STEP_PAGES: i32 = 4096;

/// Two databases as of one moment.
pub(super) struct Moment {
    log: Connection,
    vault: Connection,
    log_path: PathBuf,
    vault_path: PathBuf,
    entries: u64,
}

impl Moment {
    pub(super) fn hold(log_path: &Path, vault_path: &Path) -> Result<Self, BackupError> {
        let watch = open(log_path)?;
        let (log, vault) = (open(log_path)?, open(vault_path)?);
        let mut entries = 0;
        for _ in 0..TRIES_MAX {
            begin(&log).map_err(database_error(log_path))?;
            entries = count_entries(&log).map_err(database_error(log_path))?;
            begin(&vault).map_err(database_error(vault_path))?;
            if count_entries(&watch).map_err(database_error(log_path))? == entries {
                break;
            }
            log.execute_batch("ROLLBACK").map_err(database_error(log_path))?;
            vault.execute_batch("ROLLBACK").map_err(database_error(vault_path))?;
        }
        if log.is_autocommit() {
            begin(&log).map_err(database_error(log_path))?;
            entries = count_entries(&log).map_err(database_error(log_path))?;
            begin(&vault).map_err(database_error(vault_path))?;
        }
        let (log_path, vault_path) = (log_path.to_owned(), vault_path.to_owned());
        Ok(Self { log, vault, log_path, vault_path, entries })
    }

    /// Entries of the log at this moment.
    pub(super) const fn entries(&self) -> u64 {
        self.entries
    }

    /// The id in the log's first entry.
    pub(super) fn log_id(&self) -> Result<Option<LogId>, BackupError> {
        let first: Option<Vec<u8>> = self
            .log
            .query_row("SELECT entry FROM entries WHERE position = 0", [], |row| row.get(0))
            .optional()
            .map_err(database_error(&self.log_path))?;
        Ok(first.and_then(|bytes| Entry::parse(&bytes).ok().map(|entry| entry.log)))
    }

    pub(super) fn copy_log(&self, target: &Path) -> Result<(), BackupError> {
        copy(&self.log, &self.log_path, target)
    }

    pub(super) fn copy_vault(&self, target: &Path) -> Result<(), BackupError> {
        copy(&self.vault, &self.vault_path, target)
    }
}

/// Begins a read transaction, and reads, which is what fixes its moment.
fn begin(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("BEGIN")?;
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map(drop)
}

fn count_entries(log: &Connection) -> rusqlite::Result<u64> {
    let last: Option<i64> =
        log.query_row("SELECT max(position) FROM entries", [], |row| row.get(0))?;
    Ok(last.and_then(|last| u64::try_from(last).ok()).map_or(0, |last| last + 1))
}

fn open(path: &Path) -> Result<Connection, BackupError> {
    open_read_only(path).map_err(database_error(path))
}

/// Copies page by page within the source's transaction, and syncs the copy.
fn copy(source: &Connection, source_path: &Path, target: &Path) -> Result<(), BackupError> {
    create_private(target).map_err(io_error("could not be made", target))?;
    let run = || -> rusqlite::Result<()> {
        let mut copy = Connection::open(target)?;
        // The copy is synced as a whole below.
        copy.pragma_update(None, "synchronous", "OFF")?;
        let backup = Backup::new(source, &mut copy)?;
        loop {
            match backup.step(STEP_PAGES)? {
                StepResult::Done => break,
                StepResult::More => {}
                // Nobody else has the copy open, and the source is ours to read.
                _ => return Err(rusqlite::Error::InvalidQuery),
            }
        }
        drop(backup);
        // One file, without a WAL beside it, that opens from a read-only place too.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))
            .map(drop)
    };
    run().map_err(database_error(source_path))?;
    File::open(target)
        .and_then(|file| file.sync_all())
        .map_err(io_error("could not be synced", target))
}

fn database_error(path: &Path) -> impl Fn(rusqlite::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Database { path: path.clone(), source }
}
