//! The manifest of one part of a backup: what it holds, of which log, as of when.
//!
//! It is written after everything else and synced; a part without one was never finished.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use countersign_events::id::{Hash32, LogId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::files::{LOG_FILE, VAULT_FILE, create_private, sync_dir};
use super::super::keyring;
use super::{BackupError, io_error};

/// The manifest's file name.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The version of the manifest's shape.
const FORMAT: u32 = 1;
/// The largest manifest that is read, in bytes.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;
/// Bytes that are hashed at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The log.
    Log,
    /// The vault.
    Vault,
    /// The keys.
    Keys,
}

/// A file, as it was backed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Hash32,
}

/// One part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this shape.
    pub format: u32,
    /// Which part it is.
    pub part: Part,
    /// When it was made.
    pub made_at: Timestamp,
    /// The log that it belongs to; none if that was empty.
    pub log: Option<LogId>,
    /// Entries of that log at the time: the parts of one backup have the same number.
    pub entries: u64,
    /// The files by name.
    pub files: BTreeMap<String, FileFacts>,
}

impl Manifest {
    /// Describes what lies in the directory, and writes that down there.
    pub(super) fn write(
        part: Part,
        dir: &Path,
        made_at: Timestamp,
        log: Option<LogId>,
        entries: u64,
    ) -> Result<Self, BackupError> {
        let mut files = BTreeMap::new();
        for name in part.files(dir)? {
            let facts = FileFacts::of(&dir.join(&name))?;
            files.insert(name, facts);
        }
        let manifest = Self { format: FORMAT, part, made_at, log, entries, files };
        let path = dir.join(MANIFEST_FILE);
        let write = || -> io::Result<()> {
            let mut file = create_private(&path)?;
            serde_json::to_writer_pretty(&mut file, &manifest)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            sync_dir(dir)
        };
        write().map_err(io_error("could not be written", &path))?;
        Ok(manifest)
    }

    /// Reads the manifest of a part, and checks that it lists what that part is made of.
    pub(super) fn read(part: Part, dir: &Path) -> Result<Self, BackupError> {
        let no_backup = |why: String| BackupError::NoBackup { path: dir.to_owned(), why };
        let path = dir.join(MANIFEST_FILE);
        let mut text = String::new();
        fs::File::open(&path)
            .and_then(|file| file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| no_backup(format!("{MANIFEST_FILE}: {error}")))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| no_backup(format!("{MANIFEST_FILE}: {error}")))?;
        if manifest.format != FORMAT || manifest.part != part {
            return Err(no_backup(format!("it is not the {part:?} part in format {FORMAT}")));
        }
        // Names from a file must not lead out of the directory.
        if !part.is_made_of(&manifest.files) {
            return Err(no_backup("it lists other files than it should".to_owned()));
        }
        Ok(manifest)
    }
}

impl Part {
    fn files(self, dir: &Path) -> Result<Vec<String>, BackupError> {
        Ok(match self {
            Self::Log => vec![LOG_FILE.to_owned()],
            Self::Vault => vec![VAULT_FILE.to_owned()],
            Self::Keys => keyring::key_files(dir)?,
        })
    }

    fn is_made_of(self, files: &BTreeMap<String, FileFacts>) -> bool {
        let only = |name: &str| files.len() == 1 && files.contains_key(name);
        match self {
            Self::Log => only(LOG_FILE),
            Self::Vault => only(VAULT_FILE),
            Self::Keys => !files.is_empty() && files.keys().all(|name| keyring::is_key_file(name)),
        }
    }
}

impl FileFacts {
    /// Measures a file.
    pub(super) fn of(path: &Path) -> Result<Self, BackupError> {
        let measure = || -> io::Result<Self> {
            let mut file = fs::File::open(path)?;
            let (mut hash, mut bytes) = (Sha256::new(), 0u64);
            let mut chunk = vec![0; CHUNK_BYTES];
            loop {
                let read = file.read(&mut chunk)?;
                let Some(read) = chunk.get(..read).filter(|read| !read.is_empty()) else {
                    return Ok(Self { bytes, sha256: Hash32::new(hash.finalize().into()) });
                };
                hash.update(read);
                bytes += u64::try_from(read.len()).unwrap_or(u64::MAX);
            }
        };
        measure().map_err(io_error("could not be read", path))
    }
}
