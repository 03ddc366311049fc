//! A consistent copy of the log while it is being written.
//!
//! `VACUUM INTO` in one read transaction: the copy is the log as of one commit, packed, without a
//! WAL, and byte for byte the same entries. It is synced before anybody is told that it exists.

use std::fs::File;
use std::path::Path;

use super::super::StoreError;
use super::schema::{self, fault};

/// Copies the log at `log` to `target`, which must not exist.
pub(super) fn backup(log: &Path, target: &Path) -> Result<(), StoreError> {
    if target.exists() {
        let name = target.display();
        return Err(StoreError::Unavailable(format!("{name} exists, a backup overwrites nothing")));
    }
    // SQLite accepts an empty file, and so the copy is private from its first byte on.
    schema::create_private(target)?;
    let name = target
        .to_str()
        .ok_or_else(|| StoreError::Unavailable("the backup's name is not UTF-8".to_owned()))?;
    schema::open_reader(log)?.execute("VACUUM INTO ?1", [name]).map_err(fault)?;
    File::open(target)
        .and_then(|copy| copy.sync_all())
        .map_err(|cause| StoreError::Unavailable(format!("cannot sync the backup: {cause}")))?;
    schema::sync_directory(target)
}
