//! What can be seen of the files without opening the installation.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::super::backup::unfinished;
use super::super::files::{DataFiles, open_read_only};
use super::super::keyring::{self, Keyring};
use super::finding::Finding;

/// Permission bits that a file of secrets must not have.
const FORBIDDEN_BITS: u32 = 0o077;
/// The snapshots of `log.db` are in `log.snapshots.db`.
const SNAPSHOTS_EXTENSION: &str = "snapshots.db";
/// Problems of one database that are told at most.
const PROBLEMS_MAX: usize = 5;

/// Looks at permissions, keys and the integrity of both databases (`PRAGMA integrity_check`).
///
/// Opens everything read-only: it may run beside a server, and where nothing else opens.
#[must_use]
pub fn look_at_files(files: &DataFiles) -> Vec<Finding> {
    if let Some(left) = unfinished(files) {
        // What is there of it says nothing, and what is missing is not missed.
        return vec![Finding::restore_unfinished(&left)];
    }
    let mut findings = Vec::new();
    for database in [&files.log, &files.vault] {
        look_at_database(database, &mut findings);
    }
    look_at_snapshots(files, &mut findings);
    look_at_keys(files, &mut findings);
    findings.sort_by_key(Finding::severity);
    findings
}

fn look_at_database(path: &Path, findings: &mut Vec<Finding>) {
    let Ok(metadata) = fs::metadata(path) else {
        findings.push(Finding::file_missing(path));
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & FORBIDDEN_BITS != 0 {
        findings.push(Finding::open_to_others(path, mode));
    }
    match problems(path) {
        Ok(problems) if problems.is_empty() => {}
        Ok(problems) => {
            findings.push(Finding::database_damaged(path, &problems.join("; ")));
        }
        Err(error) => findings.push(Finding::database_damaged(path, &error.to_string())),
    }
}

/// Snapshots are a cache: missing is fine, and damaged only worth knowing.
fn look_at_snapshots(files: &DataFiles, findings: &mut Vec<Finding>) {
    let path = files.log.with_extension(SNAPSHOTS_EXTENSION);
    if !path.exists() {
        return;
    }
    let why = match problems(&path) {
        Ok(problems) if problems.is_empty() => return,
        Ok(problems) => problems.join("; "),
        Err(error) => error.to_string(),
    };
    findings.push(Finding::snapshots_damaged(&path, &why));
}

fn problems(path: &Path) -> rusqlite::Result<Vec<String>> {
    let db = open_read_only(path)?;
    let mut statement = db.prepare(&format!("PRAGMA integrity_check({PROBLEMS_MAX})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn look_at_keys(files: &DataFiles, findings: &mut Vec<Finding>) {
    if !files.keys.is_dir() {
        findings.push(Finding::file_missing(&files.keys));
        return;
    }
    match keyring::open_to_others(&files.keys) {
        Ok(open) if open.is_empty() => {
            if let Err(error) = Keyring::open(&files.keys) {
                findings.push(Finding::keys_unusable(&files.keys, &error.to_string()));
            }
        }
        Ok(open) => {
            findings.extend(open.iter().map(|(path, mode)| Finding::open_to_others(path, *mode)));
        }
        Err(error) => findings.push(Finding::keys_unusable(&files.keys, &error.to_string())),
    }
    if files.keys.parent() == files.vault.parent() {
        findings.push(Finding::keys_beside_data(&files.keys));
    }
}
