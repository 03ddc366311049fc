//! A log together with its last checkpoint: what proofs are made of.
//!
//! The log's first entry names its origin and key; the checkpoint beside it must be signed by that
//! key, and the entries must have its root. Who does not trust that entry pins the key when the
//! proof is checked.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use countersign_events::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, LogId, Position};
use countersign_events::log_event::LogEvent;
use countersign_events::note::{NOTE_BYTES_MAX, VerifierKey};
use countersign_events::tree::leaf_hash;

use super::Progress;
use super::nodes::Gathered;
use super::source::{Source, SourceError};

pub use super::manifest::CHECKPOINT_FILE;

/// How many entries lie between two reports of progress.
const PROGRESS_EVERY: u64 = 4096;

/// Why a log and its checkpoint are of no use.
#[derive(Debug, thiserror::Error)]
pub enum SignedLogError {
    /// The log could not be read.
    #[error("the log does not read")]
    Source(#[from] SourceError),
    /// It has no checkpoint.
    #[error("{} is not there: nothing signed covers this log yet", .0.display())]
    NoCheckpoint(PathBuf),
    /// The file could not be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no checkpoint of this log, signed by its key.
    #[error("{CHECKPOINT_FILE}")]
    Checkpoint(#[source] CheckpointError),
    /// The first entry is not the one that names the log.
    #[error("the log does not begin with the entry that names it and its key")]
    NotCreated,
    /// An entry is not stored as it should be.
    #[error("position {position}: {why}")]
    Entry {
        /// Its position.
        position: Position,
        /// What is wrong.
        why: String,
    },
    /// Entries are missing at the end.
    #[error("the log ends after {entries} entries, and a checkpoint covers {size}")]
    Short {
        /// The entries that are there.
        entries: u64,
        /// The entries that the checkpoint covers.
        size: u64,
    },
    /// The entries are not those that were signed.
    #[error("the first {size} entries have the root {found}, and {signed} was signed")]
    OtherRoot {
        /// Entries covered.
        size: u64,
        /// Their root.
        found: Hash32,
        /// The root in the checkpoint.
        signed: Hash32,
    },
}

impl SignedLogError {
    /// Whether it tells of tampering, and not of what could not be read.
    #[must_use]
    pub const fn is_tampering(&self) -> bool {
        !matches!(self, Self::Source(_) | Self::NoCheckpoint(_) | Self::Io { .. })
    }
}

/// What the first entry of a log says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The log's id.
    pub log: LogId,
    /// The key that its checkpoints are signed with; named like its origin.
    pub key: VerifierKey,
}

impl Named {
    /// Reads the bytes of the first entry; none where they are another.
    #[must_use]
    pub fn by(entry: &[u8]) -> Option<Self> {
        let entry = Entry::parse(entry).ok()?;
        let (event_type, data) = (&*entry.event_type, entry.data.get());
        match LogEvent::decode(event_type, entry.version, data).ok()? {
            LogEvent::Created(created) if created.log == entry.log => {
                let key = Checkpoint::key(&created.origin, *created.key.bytes()).ok()?;
                Some(Self { log: created.log, key })
            }
            _ => None,
        }
    }

    /// What the first entry of an export or a data directory says.
    ///
    /// # Errors
    /// [`SignedLogError::Source`], or [`SignedLogError::NotCreated`].
    pub fn of(directory: &Path) -> Result<Self, SignedLogError> {
        let first = Source::open(directory)?.next_line()?;
        first.and_then(|line| Self::by(&line.bytes)).ok_or(SignedLogError::NotCreated)
    }
}

/// Reads a file that is to hold a checkpoint; nothing in it is to be believed yet.
///
/// # Errors
/// What could not be read, or is no checkpoint.
pub fn read_checkpoint(path: &Path) -> Result<SignedCheckpoint, SignedLogError> {
    let bytes = read_bounded(path, NOTE_BYTES_MAX).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SignedLogError::NoCheckpoint(path.to_owned()),
        _ => SignedLogError::Io { path: path.to_owned(), source },
    })?;
    SignedCheckpoint::parse(&bytes).map_err(SignedLogError::Checkpoint)
}

/// A whole file, of which no more is read than one byte too many.
pub(super) fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A log with the checkpoint that it has last signed.
#[derive(Debug, Clone)]
pub struct SignedLog {
    directory: PathBuf,
    /// Who it is.
    pub named: Named,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl SignedLog {
    /// Opens an export or a data directory.
    ///
    /// # Errors
    /// See [`SignedLogError`]; the entries are not looked at yet.
    pub fn open(directory: &Path) -> Result<Self, SignedLogError> {
        let named = Named::of(directory)?;
        let checkpoint = read_checkpoint(&directory.join(CHECKPOINT_FILE))?;
        checkpoint.check(&named.key).map_err(SignedLogError::Checkpoint)?;
        Ok(Self { directory: directory.to_owned(), named, checkpoint })
    }

    /// Entries that the checkpoint covers.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.checkpoint.size
    }

    /// Reads all entries that the checkpoint covers and demands that they have its root. Each is
    /// shown before it is hashed, so that what its proof needs can be asked for.
    ///
    /// # Errors
    /// See [`SignedLogError`].
    pub fn read(
        &self,
        gathered: &mut Gathered,
        progress: Progress<'_>,
        visit: impl FnMut(u64, &[u8], &mut Gathered),
    ) -> Result<(), SignedLogError> {
        covered(&self.directory, &self.checkpoint.checkpoint, gathered, progress, visit)
    }
}

/// Demands that the log in a directory begins with what a checkpoint covers.
///
/// # Errors
/// See [`SignedLogError`].
pub fn begins_with(
    directory: &Path,
    checkpoint: &SignedCheckpoint,
    progress: Progress<'_>,
) -> Result<(), SignedLogError> {
    checkpoint.check(&Named::of(directory)?.key).map_err(SignedLogError::Checkpoint)?;
    let mut gathered = Gathered::default();
    covered(directory, &checkpoint.checkpoint, &mut gathered, progress, |_, _, _| {})
}

/// Reads all entries that a checkpoint covers, for the hashes that were asked for.
pub(super) fn grown_to(
    directory: &Path,
    signed: &SignedCheckpoint,
    gathered: &mut Gathered,
) -> Result<(), SignedLogError> {
    covered(directory, &signed.checkpoint, gathered, &mut |_, _| {}, |_, _, _| {})
}

fn covered(
    directory: &Path,
    checkpoint: &Checkpoint,
    gathered: &mut Gathered,
    progress: Progress<'_>,
    mut visit: impl FnMut(u64, &[u8], &mut Gathered),
) -> Result<(), SignedLogError> {
    let mut source = Source::open(directory)?;
    let size = checkpoint.size;
    while gathered.size() < size {
        let entries = gathered.size();
        let Some(line) = source.next_line()? else {
            return Err(SignedLogError::Short { entries, size });
        };
        let position = Position::new(entries);
        if line.position != position {
            let why = format!("position {} follows", line.position);
            return Err(SignedLogError::Entry { position, why });
        }
        if let Some((_, why)) = line.flaws.first() {
            return Err(SignedLogError::Entry { position, why: why.clone() });
        }
        visit(entries, &line.bytes, gathered);
        gathered.push(leaf_hash(&line.bytes));
        if gathered.size().is_multiple_of(PROGRESS_EVERY) {
            progress(gathered.size(), Some(size));
        }
    }
    progress(size, Some(size));
    if gathered.root() == checkpoint.root {
        return Ok(());
    }
    let (found, signed) = (gathered.root(), checkpoint.root);
    Err(SignedLogError::OtherRoot { size, found, signed })
}

#[cfg(test)]
mod tests;
