//! Where an installation keeps its files, and what must be true of each.
//!
//! `log.db`, `vault.db` and `keys/` are the three that matter: each alone is of no use to a
//! thief, and each is backed up apart. Everything else in the directory can be made again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// The log's file name.
pub const LOG_FILE: &str = "log.db";
/// The vault's file name.
pub const VAULT_FILE: &str = "vault.db";
/// The directory of the keys.
pub const KEYS_DIR: &str = "keys";

/// What a file that is being written is called, behind its name.
const UNFINISHED_SUFFIX: &str = ".tmp";
/// What SQLite calls the write-ahead log of a database, behind its name.
const WAL_SUFFIX: &str = "-wal";

/// How long a look waits for a process that holds a lock, in milliseconds.
const BUSY_MILLISECONDS: u64 = 5_000;

/// The paths of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFiles {
    /// The directory itself.
    pub data: PathBuf,
    /// The log.
    pub log: PathBuf,
    /// The vault.
    pub vault: PathBuf,
    /// The directory of the keys.
    pub keys: PathBuf,
}

impl DataFiles {
    /// The usual places below a data directory.
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            log: data.join(LOG_FILE),
            vault: data.join(VAULT_FILE),
            keys: data.join(KEYS_DIR),
        }
    }

    /// With the keys somewhere else, as `--keys` says.
    #[must_use]
    pub fn with_keys(mut self, keys: &Path) -> Self {
        keys.clone_into(&mut self.keys);
        self
    }
}

/// Opens a database to look at it. A running server is not held up.
pub(super) fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS))?;
    db.pragma_update(None, "trusted_schema", false)?;
    Ok(db)
}

/// Folds the write-ahead logs of a directory's databases into the databases, and removes them.
/// To be called when nothing holds these open any more; says whether all are gone.
///
/// Who closes a database last folds its log by itself, but not through a connection that only
/// reads, and those are closed in no order.
///
/// # Errors
/// What the file system says. A database that does not open keeps its log.
pub fn fold_wals(data: &Path) -> io::Result<bool> {
    let mut all_gone = true;
    for entry in fs::read_dir(data)? {
        let log = entry?.path();
        let name = log.to_str().unwrap_or_default();
        if let Some(database) = name.strip_suffix(WAL_SUFFIX) {
            if let Err(error) = fold_wal(Path::new(database)) {
                tracing::debug!(%error, database, "its write-ahead log is not folded");
            }
            all_gone &= !log.exists();
        }
    }
    Ok(all_gone)
}

fn fold_wal(database: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database, flags)?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    // Closing removes the log, where this is the last connection.
    db.close().map_err(|(_, error)| error)
}

/// Makes a new file that only its owner may read, and none where one is.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The directory that names a path: the present one for a bare name.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Puts a file that only its owner may read in the place of another: written beside, synced,
/// renamed, and the directory synced. It is there whole, or the old one is.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(UNFINISHED_SUFFIX);
    let beside = PathBuf::from(beside);
    let _ = fs::remove_file(&beside);
    let mut file = create_private(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_dir(directory_of(path))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether there is nothing in the way: no such directory, or an empty one.
pub(super) fn is_absent_or_empty(dir: &Path) -> io::Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
