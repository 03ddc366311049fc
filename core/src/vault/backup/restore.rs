//! From the three parts back into an empty data directory.
//!
//! Everything is copied beside its place and compared with its manifest first; then keys, vault
//! and log are renamed into place, in this order. A restore that is cut off before the last rename
//! leaves something beside its place ([`unfinished`]): then the next restore refuses, no server
//! starts, and `doctor` says what to do: empty the directory and begin again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_events::store::sqlite::SqliteStore;

use super::super::doctor::{self, DoctorError, DoctorReport, Severity};
use super::super::files::{DataFiles, directory_of, is_absent_or_empty, sync_dir};
use super::super::keyring::Keyring;
use super::super::secrets::Secrets;
use super::super::sqlite::SqliteVault;
use super::manifest::{FileFacts, Manifest, Part};
use super::{BackupDirs, BackupError, copy_private, io_error, make_empty_dir};
use crate::clock::Clock;
use crate::entropy::OsEntropy;

/// How the vault's backup lies to the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultAge {
    /// Both are of one moment.
    Same,
    /// The vault is older: what was added since is missing, and `doctor` names the repairs.
    Older,
    /// The vault is newer: it has more than the log names, and lacks what was removed since.
    Newer,
}

/// What was restored, and whether it fits together.
#[derive(Debug, Clone)]
pub struct RestoreReport {
    /// The log's manifest.
    pub log: Manifest,
    /// The vault's manifest.
    pub vault: Manifest,
    /// The keys' manifest.
    pub keys: Manifest,
    /// How the vault lies to the log.
    pub vault_age: VaultAge,
    /// What `doctor` says of it: above all what the vault lacks.
    pub doctor: DoctorReport,
}

/// Restores the three parts into an installation that has none of the three, and lets `doctor`
/// compare them. The parts may come from different backups of the same log.
///
/// # Errors
/// [`BackupError::Unfinished`] after a restore that was cut off, and [`BackupError::InTheWay`]
/// where the target is not empty: nothing is touched. [`BackupError::NoBackup`] for a part that is
/// unfinished, of another kind, or of another log, and [`BackupError::Differs`] for a file whose
/// hash is not its manifest's: nothing of the target is left.
pub async fn restore(
    from: &BackupDirs,
    files: &DataFiles,
    clock: Arc<dyn Clock>,
) -> Result<RestoreReport, BackupError> {
    let log = Manifest::read(Part::Log, &from.log)?;
    let vault = Manifest::read(Part::Vault, &from.vault)?;
    let keys = Manifest::read(Part::Keys, &from.keys)?;
    for (manifest, dir) in [(&vault, &from.vault), (&keys, &from.keys)] {
        // The keys and an empty vault may be older than the log's first entry.
        if manifest.log.is_some() && manifest.log != log.log {
            let why = "it belongs to another log".to_owned();
            return Err(BackupError::NoBackup { path: dir.clone(), why });
        }
    }
    if let Some(left) = unfinished(files) {
        return Err(BackupError::Unfinished(left));
    }
    for dir in [&files.data, &files.keys] {
        if !is_absent_or_empty(dir).map_err(io_error("could not be listed", dir))? {
            return Err(BackupError::InTheWay(dir.clone()));
        }
    }
    let made = first_missing(&files.data);
    make_empty_dir(&files.data)?;
    if let Err(error) = put_in_place(from, [&log, &vault, &keys], files) {
        if unfinished(files).is_none() {
            remove_empty_dirs(&files.data, made.as_deref());
        }
        return Err(error);
    }
    let vault_age = match vault.entries.cmp(&log.entries) {
        std::cmp::Ordering::Less => VaultAge::Older,
        std::cmp::Ordering::Equal => VaultAge::Same,
        std::cmp::Ordering::Greater => VaultAge::Newer,
    };
    let doctor = compare(files, clock).await?;
    Ok(RestoreReport { log, vault, keys, vault_age, doctor })
}

/// The topmost directory that making this one would make.
fn first_missing(dir: &Path) -> Option<PathBuf> {
    let missing = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
    missing.last().map(Path::to_owned)
}

/// Removes the directories that a failed restore has made, up to the topmost, where they are empty.
fn remove_empty_dirs(dir: &Path, made: Option<&Path>) {
    let Some(made) = made else { return };
    for dir in dir.ancestors().take_while(|dir| dir.starts_with(made)) {
        // Best effort: an empty directory is not in the way of the next restore.
        let _ = fs::remove_dir(dir);
    }
}

/// What a restore that was cut off has left beside its place, if one was.
#[must_use]
pub fn unfinished(files: &DataFiles) -> Option<PathBuf> {
    let staged = [&files.keys, &files.vault, &files.log].map(|place| staged_beside(place));
    staged.into_iter().find(|staged| staged.exists())
}

fn put_in_place(
    from: &BackupDirs,
    [log, vault, keys]: [&Manifest; 3],
    files: &DataFiles,
) -> Result<(), BackupError> {
    let staged = [
        (&files.keys, staged_beside(&files.keys)),
        (&files.vault, staged_beside(&files.vault)),
        (&files.log, staged_beside(&files.log)),
    ];
    let [(_, keys_dir), (_, vault_file), (_, log_file)] = &staged;
    let stage = || -> Result<(), BackupError> {
        make_empty_dir(keys_dir)?;
        for (name, facts) in &keys.files {
            copy_checked(&from.keys.join(name), &keys_dir.join(name), facts)?;
        }
        sync_dir(keys_dir).map_err(io_error("could not be synced", keys_dir))?;
        for (dir, manifest, target) in
            [(&from.vault, vault, vault_file), (&from.log, log, log_file)]
        {
            for (name, facts) in &manifest.files {
                copy_checked(&dir.join(name), target, facts)?;
            }
        }
        Ok(())
    };
    if let Err(error) = stage() {
        // Best effort: what stays is refused by the next restore, and harms nothing.
        let _ = fs::remove_dir_all(keys_dir);
        let _ = fs::remove_file(vault_file);
        let _ = fs::remove_file(log_file);
        return Err(error);
    }
    // If we crash from here on, what is still staged tells that it was cut off: its name is durable
    // before the first part is in place.
    sync_dir(&files.data).map_err(io_error("could not be synced", &files.data))?;
    for (place, staged) in &staged {
        fs::rename(staged, place).map_err(io_error("could not be put in place", place))?;
        let parent = directory_of(place);
        sync_dir(parent).map_err(io_error("could not be synced", parent))?;
    }
    Ok(())
}

/// On the same file system as its place, so that a rename puts it there.
fn staged_beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".restoring-{name}"))
}

fn copy_checked(from: &Path, to: &Path, facts: &FileFacts) -> Result<(), BackupError> {
    copy_private(from, to)?;
    if FileFacts::of(to)? == *facts { Ok(()) } else { Err(BackupError::Differs(from.to_owned())) }
}

/// What `doctor` says; where the files themselves are broken, that is all it can say.
async fn compare(files: &DataFiles, clock: Arc<dyn Clock>) -> Result<DoctorReport, BackupError> {
    let findings = doctor::look_at_files(files);
    if findings.iter().any(|finding| finding.severity() == Severity::Broken) {
        return Ok(DoctorReport { findings, ..DoctorReport::default() });
    }
    let keyring = Arc::new(Keyring::open(&files.keys)?);
    let vault = Arc::new(SqliteVault::open(&files.vault)?);
    let secrets = Secrets::new(vault, Arc::clone(&keyring), Arc::new(OsEntropy));
    let now = clock.now();
    let store = SqliteStore::open_without_snapshots(&files.log, Arc::new(move || clock.now()))
        .map_err(|error| BackupError::Doctor(DoctorError::Store(error)))?;
    let mut report = doctor::examine(&store, &secrets, &keyring, now).await?;
    report.findings.extend(findings);
    report.findings.sort_by_key(|finding| finding.severity());
    Ok(report)
}
