//! One process owns a data directory: whoever holds `DIR/lock`.
//!
//! The lock is the operating system's and goes with the process, however it ends; the file stays.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The file that is locked.
pub(crate) const LOCK_FILE: &str = "lock";

/// Held for as long as it lives.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process owns the data directory.
    #[error("{0} is in use by another process")]
    Held(PathBuf),
    /// The directory or the file cannot be used.
    #[error("cannot lock {path}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl DataLock {
    /// Takes the lock; makes the directory where it is missing, for its owner alone.
    ///
    /// # Errors
    /// [`LockError::Held`] where another process has it.
    pub fn take(data: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: data.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(failed)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(data.join(LOCK_FILE))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(data.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_has_one_owner_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let held = DataLock::take(&data).unwrap();
        assert!(matches!(DataLock::take(&data), Err(LockError::Held(_))));
        drop(held);
        assert!(DataLock::take(&data).is_ok());
    }
}
