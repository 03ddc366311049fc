//! What a watcher keeps between two looks: one file, written durably.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use countersign_events::checkpoint::{CheckpointError, SignedCheckpoint};
use countersign_events::note::{NOTE_BYTES_MAX, NoteError, VerifierKey};
use serde::{Deserialize, Serialize};

use crate::audit::signed::read_bounded;
use crate::vault::files::directory_of;

/// The name and version of the file.
const FORMAT: &str = "countersign-log-watch/1";
/// The largest file that is read: a note, its line breaks as JSON has them.
const BYTES_MAX: usize = 2 * NOTE_BYTES_MAX;

/// The last checkpoint that was in order, and the key that it is believed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The key.
    pub key: VerifierKey,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// Why nothing can be kept, or read of what was kept.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no file of a watcher.
    #[error("{} is no file of a watcher", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It is of a format that this program does not know.
    #[error("the format of what was kept is {0:?}, not {FORMAT:?}")]
    Format(String),
    /// The key in it is none.
    #[error("the key that was kept")]
    Key(#[source] NoteError),
    /// The checkpoint in it is none, or not the key's.
    #[error("the checkpoint that was kept")]
    Checkpoint(#[source] CheckpointError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    key: String,
    checkpoint: String,
}

impl Kept {
    /// Reads what was kept; none where nothing was.
    ///
    /// # Errors
    /// See [`KeptError`].
    pub fn load(path: &Path) -> Result<Option<Self>, KeptError> {
        let bytes = match read_bounded(path, BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(at(path))?,
        };
        let text = |source| KeptError::Text { path: path.to_owned(), source };
        let written: Written = serde_json::from_slice(&bytes).map_err(text)?;
        if written.format != FORMAT {
            return Err(KeptError::Format(written.format));
        }
        let key = VerifierKey::parse(&written.key).map_err(KeptError::Key)?;
        let checkpoint = SignedCheckpoint::parse(written.checkpoint.as_bytes());
        let checkpoint = checkpoint.map_err(KeptError::Checkpoint)?;
        checkpoint.check(&key).map_err(KeptError::Checkpoint)?;
        Ok(Some(Self { key, checkpoint }))
    }

    /// Keeps it: after a crash, this one or the one before is there.
    ///
    /// # Errors
    /// See [`KeptError`].
    pub fn store(&self, path: &Path) -> Result<(), KeptError> {
        let written = Written {
            format: FORMAT.to_owned(),
            key: self.key.to_string(),
            checkpoint: self.checkpoint.to_string(),
        };
        let text = |source| KeptError::Text { path: path.to_owned(), source };
        let mut bytes = serde_json::to_vec(&written).map_err(text)?;
        bytes.push(b'\n');
        durably(path, &bytes).map_err(at(path))
    }
}

/// Keeps what raised an alarm beside the file, as `<file>.alarm`, and says where.
///
/// # Errors
/// What could not be written.
pub fn keep_alarm(path: &Path, bytes: &[u8]) -> Result<PathBuf, KeptError> {
    let beside = behind(path, ".alarm");
    durably(&beside, bytes).map_err(at(&beside))?;
    Ok(beside)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> KeptError {
    let path = path.to_owned();
    move |source| KeptError::Io { path, source }
}

fn behind(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The name is given only to what is whole on the disk, and the directory knows it after that.
fn durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = behind(path, ".new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(directory_of(path))?.sync_all()
}
