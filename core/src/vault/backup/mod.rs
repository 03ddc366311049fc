//! Backups: log, vault and keys, each into a directory of its own, and back.
//!
//! Whoever holds one of the three has nothing: the log has no secret, the vault no key, the keys
//! no data. [`backup`] therefore writes `OUT/log`, `OUT/vault` and `OUT/keys`, to be carried to
//! three places. Each has a manifest, written last: a directory without one was never finished,
//! and is not restored.
//!
//! A server may run meanwhile. Both databases are copied as of one moment ([`moment`]), so that no
//! secret that the log names is missing. Read models are not copied: they are rebuilt.

mod manifest;
mod moment;
mod restore;

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::doctor::DoctorError;
use super::files::{DataFiles, LOG_FILE, VAULT_FILE, create_private, is_absent_or_empty, sync_dir};
use super::keyring;
use super::rows::VaultError;
use moment::Moment;

pub use manifest::{FileFacts, MANIFEST_FILE, Manifest, Part};
pub use restore::{RestoreReport, VaultAge, restore, unfinished};

/// Why nothing was backed up or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file system refused.
    #[error("{} {what}", path.display())]
    Io {
        /// What was tried on it.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A database refused.
    #[error("{} could not be copied", path.display())]
    Database {
        /// The path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// The target is not empty. Nothing was written.
    #[error("{} is not empty, nothing is overwritten", .0.display())]
    InTheWay(PathBuf),
    /// A restore was cut off, by a crash or a kill. Nothing was written.
    #[error(
        "{} is left of a restore that was cut off: empty the data directory and restore again",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// It is no finished backup of that part. Nothing was written.
    #[error("{} is no finished backup: {why}", path.display())]
    NoBackup {
        /// The directory.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file is not the one that was backed up. Nothing of the target is left.
    #[error("{} is not the file that was backed up", .0.display())]
    Differs(PathBuf),
    /// What was restored does not open.
    #[error("what was restored does not open")]
    Vault(#[from] VaultError),
    /// What was restored could not be compared.
    #[error("what was restored could not be compared")]
    Doctor(#[from] DoctorError),
}

/// The three directories of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupDirs {
    /// Holds `log.db`.
    pub log: PathBuf,
    /// Holds `vault.db`.
    pub vault: PathBuf,
    /// Holds the key files.
    pub keys: PathBuf,
}

impl BackupDirs {
    /// `OUT/log`, `OUT/vault` and `OUT/keys`.
    #[must_use]
    pub fn below(out: &Path) -> Self {
        Self { log: out.join("log"), vault: out.join("vault"), keys: out.join("keys") }
    }
}

/// What was backed up: the three manifests, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// Of the log.
    pub log: Manifest,
    /// Of the vault.
    pub vault: Manifest,
    /// Of the keys.
    pub keys: Manifest,
}

/// Backs up an installation into three directories, which must be absent or empty.
///
/// The installation is only read, and may be in use. Directories are made 0700, files 0600, and
/// everything is synced before the manifests say that it is there.
///
/// # Errors
/// [`BackupError::InTheWay`] for a directory that is not empty; [`BackupError::Io`] and
/// [`BackupError::Database`] where something does not read or write. What was written until then
/// has no manifest.
pub fn backup(
    files: &DataFiles,
    out: &BackupDirs,
    now: Timestamp,
) -> Result<BackupReport, BackupError> {
    // Before anything is made: of a mistyped data directory nothing is left.
    let moment = Moment::hold(&files.log, &files.vault)?;
    for dir in [&out.log, &out.vault, &out.keys] {
        make_empty_dir(dir)?;
    }
    moment.copy_log(&out.log.join(LOG_FILE))?;
    moment.copy_vault(&out.vault.join(VAULT_FILE))?;
    let (log, entries) = (moment.log_id()?, moment.entries());
    drop(moment);
    copy_keys(&files.keys, &out.keys)?;
    let finish = |part: Part, dir: &Path| Manifest::write(part, dir, now, log, entries);
    Ok(BackupReport {
        log: finish(Part::Log, &out.log)?,
        vault: finish(Part::Vault, &out.vault)?,
        keys: finish(Part::Keys, &out.keys)?,
    })
}

fn copy_keys(from: &Path, to: &Path) -> Result<(), BackupError> {
    let names = keyring::key_files(from)?;
    if names.is_empty() {
        let why = "there are no keys".to_owned();
        return Err(BackupError::NoBackup { path: from.to_owned(), why });
    }
    for name in names {
        copy_private(&from.join(&name), &to.join(&name))?;
    }
    sync_dir(to).map_err(io_error("could not be synced", to))
}

/// Copies a file that only its owner may read, and syncs the copy.
fn copy_private(from: &Path, to: &Path) -> Result<(), BackupError> {
    let copy = || -> io::Result<()> {
        let mut source = fs::File::open(from)?;
        let mut target = create_private(to)?;
        io::copy(&mut source, &mut target)?;
        target.sync_all()
    };
    copy().map_err(io_error("could not be copied", from))
}

fn make_empty_dir(dir: &Path) -> Result<(), BackupError> {
    if !is_absent_or_empty(dir).map_err(io_error("could not be listed", dir))? {
        return Err(BackupError::InTheWay(dir.to_owned()));
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(io_error("could not be made", dir))
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io { what, path, source }
}
