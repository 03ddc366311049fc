//! Exports a log into a directory that stands by itself.
//!
//! ```text
//!   checkpoint            what is exported: origin, size, root, signed with the log's key
//!   tile/<L>/<N>          the tree (C2SP tlog-tiles)
//!   tile/entries/<N>      the entries, as tlog-tiles bundles them
//!   entries.jsonl         the same, verbatim, one a line, in the order of the log
//!   sealed.jsonl          {"position":…,"sealed":{…}}: the sealed parts as stored, or left out
//!   manifest.json         log, origin, key, size, root, times
//! ```
//!
//! The directory is written under another name and renamed when it is whole and synced: an export
//! that exists is complete. The server may go on writing meanwhile; what is exported is what the
//! checkpoint beside the log covers, to the byte: two exports of one size differ in nothing but
//! when they were made. Memory does not grow with the log.

mod tile_files;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use countersign_events::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::id::Position;
use countersign_events::log_event::LogEvent;
use countersign_events::note::NoteError;
use countersign_events::tree::leaf_hash;
use countersign_events::tree::tile::NotABundle;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Progress;
use super::manifest::{
    CHECKPOINT_FILE, ENTRIES_FILE, FORMAT, MANIFEST_FILE, Manifest, SEALED_FILE,
};
use super::source::{Line, Source, SourceError};
use super::tiles::Tiling;
use crate::vault::files::directory_of;
use tile_files::TileFiles;

/// How many entries lie between two reports of progress.
const PROGRESS_EVERY: u64 = 4096;
/// Bytes written at once.
const WRITE_BYTES: usize = 128 * 1024;

/// What goes into an export besides the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether the sealed parts are written too.
    pub with_sealed: bool,
    /// When the export is made.
    pub made_at: Timestamp,
    /// The version of the program.
    pub program_version: String,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// What the export says of itself.
    #[serde(flatten)]
    pub manifest: Manifest,
    /// Entries that are newer than the checkpoint, and so not in it.
    pub newer: u64,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing signed lies beside the log.
    #[error(
        "no signed checkpoint of the log lies in {}: `countersign log checkpoint` makes one",
        .0.display()
    )]
    NoCheckpoint(PathBuf),
    /// What lies there as one does not read.
    #[error("{0}")]
    CheckpointUnreadable(String),
    /// What lies there as one is none, or not signed with the log's key.
    #[error("the checkpoint is not this log's: run `countersign log verify`")]
    Checkpoint(#[from] CheckpointError),
    /// The log is another than was signed, or shorter.
    #[error(
        "the log is not what was signed over its first {size} entries: run `countersign log verify`"
    )]
    NotAsSigned {
        /// Entries that were signed.
        size: u64,
    },
    /// The directory is there already: an export is never written over.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// The log could not be read.
    #[error("the log does not read")]
    Source(#[from] SourceError),
    /// The export could not be written.
    #[error("cannot write {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An entry that no line can hold: it is no entry that this program wrote.
    #[error("the entry at position {0} holds a line break")]
    LineBreak(Position),
    /// An entry at another position than the one after its predecessor.
    #[error("position {found} follows, not {expected}")]
    Gap {
        /// The position that was to follow.
        expected: Position,
        /// The one that did.
        found: Position,
    },
    /// An entry larger than any that a log takes.
    #[error("the entry at position {0} is too large")]
    TooLarge(Position),
    /// Sealed parts that are no JSON on one line.
    #[error("the sealed parts at position {0} do not read")]
    Sealed(Position),
    /// The manifest could not be encoded.
    #[error("the manifest does not encode")]
    Manifest(#[source] serde_json::Error),
}

/// Writes the entries of `source` that its checkpoint covers into the new directory `target`.
///
/// # Errors
/// See [`ExportError`]; nothing is left at `target` then.
pub fn export(
    mut source: Source,
    target: &Path,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Exported, ExportError> {
    if target.exists() {
        return Err(ExportError::Exists(target.to_owned()));
    }
    let (signed, verbatim) = match source.checkpoint() {
        Ok(Some(bytes)) => (SignedCheckpoint::parse(bytes)?, bytes.to_vec()),
        Ok(None) => return Err(ExportError::NoCheckpoint(source.directory().to_owned())),
        Err(why) => return Err(ExportError::CheckpointUnreadable(why.to_owned())),
    };
    let size = signed.checkpoint.size;
    let there = source.expected().unwrap_or(size);
    let unfinished = Unfinished::create(target)?;
    let mut writing = Writing::create(&unfinished.path, options)?;
    while writing.size() < size
        && let Some(line) = source.next_line()?
    {
        writing.line(&line)?;
        if writing.size().is_multiple_of(PROGRESS_EVERY) {
            progress(writing.size(), Some(size));
        }
    }
    progress(writing.size(), Some(size));
    let manifest = writing.finish(&signed, &verbatim)?;
    unfinished.rename(target)?;
    Ok(Exported { manifest, newer: there.saturating_sub(size) })
}

/// A directory that goes away again unless it gets its name.
struct Unfinished {
    path: PathBuf,
    renamed: bool,
}

impl Unfinished {
    fn create(target: &Path) -> Result<Self, ExportError> {
        let mut name = target.file_name().unwrap_or(target.as_os_str()).to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        let path = target.with_file_name(name);
        // As much its owner's as the log itself: who else is to read it is given it.
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(at(&path))?;
        Ok(Self { path, renamed: false })
    }

    /// The files are synced before, the directory that names them after: whoever sees the name
    /// sees the whole export.
    fn rename(mut self, target: &Path) -> Result<(), ExportError> {
        sync(&self.path)?;
        fs::rename(&self.path, target).map_err(at(target))?;
        self.renamed = true;
        sync(directory_of(target))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.renamed
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished export stays");
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::Io { path, source }
}

fn sync(path: &Path) -> Result<(), ExportError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at(path))
}

/// A file that is written.
struct Output {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Output {
    fn create(path: PathBuf) -> Result<Self, ExportError> {
        let file = File::create_new(&path).map_err(at(&path))?;
        Ok(Self { path, file: BufWriter::with_capacity(WRITE_BYTES, file) })
    }

    fn write(&mut self, parts: &[&[u8]]) -> Result<(), ExportError> {
        parts
            .iter()
            .try_for_each(|part| self.file.write_all(part))
            .map_err(|source| ExportError::Io { path: self.path.clone(), source })
    }

    fn finish(self) -> Result<(), ExportError> {
        let Self { path, file } = self;
        let file = file.into_inner().map_err(|error| error.into_error());
        file.and_then(|file| file.sync_all()).map_err(at(&path))
    }
}

struct Writing {
    directory: PathBuf,
    entries: Output,
    sealed: Option<Output>,
    tiling: Tiling,
    tiles: TileFiles,
    next: Position,
    /// The bytes of the last entry.
    last: Vec<u8>,
    manifest: Manifest,
}

impl Writing {
    fn create(directory: &Path, options: &Options) -> Result<Self, ExportError> {
        let sealed =
            options.with_sealed.then(|| Output::create(directory.join(SEALED_FILE))).transpose()?;
        let tiling = Tiling::default();
        Ok(Self {
            directory: directory.to_owned(),
            entries: Output::create(directory.join(ENTRIES_FILE))?,
            sealed,
            next: Position::new(0),
            last: vec![],
            manifest: Manifest {
                format: FORMAT.to_owned(),
                log: None,
                origin: None,
                key: None,
                size: 0,
                root: tiling.tree().root(),
                first_at: None,
                last_at: None,
                sealed: options.with_sealed,
                made_at: options.made_at,
                program_version: options.program_version.clone(),
            },
            tiling,
            tiles: TileFiles::below(directory),
        })
    }

    const fn size(&self) -> u64 {
        self.tiling.tree().size()
    }

    fn line(&mut self, line: &Line) -> Result<(), ExportError> {
        if line.position != self.next {
            return Err(ExportError::Gap { expected: self.next, found: line.position });
        }
        if line.bytes.contains(&b'\n') {
            return Err(ExportError::LineBreak(line.position));
        }
        self.next = line.position.next();
        let too_large = |NotABundle| ExportError::TooLarge(line.position);
        self.tiling.push(&line.bytes, leaf_hash(&line.bytes)).map_err(too_large)?;
        self.tiling.full(|tile, bytes| self.tiles.write(tile, bytes))?;
        self.entries.write(&[&line.bytes, b"\n"])?;
        if let (Some(output), Some(sealed)) = (&mut self.sealed, &line.sealed) {
            let readable = serde_json::from_slice::<&RawValue>(sealed).is_ok();
            if !readable || sealed.contains(&b'\n') {
                return Err(ExportError::Sealed(line.position));
            }
            let position = line.position.to_string();
            output.write(&[
                b"{\"position\":",
                position.as_bytes(),
                b",\"sealed\":",
                sealed,
                b"}\n",
            ])?;
        }
        self.note(line);
        Ok(())
    }

    /// Bytes that are no entry are exported all the same: finding that is for `verify`.
    fn note(&mut self, line: &Line) {
        self.last.clone_from(&line.bytes);
        let manifest = &mut self.manifest;
        if manifest.first_at.is_some() && manifest.key.is_some() {
            return;
        }
        let Ok(entry) = Entry::parse(&line.bytes) else { return };
        manifest.log.get_or_insert(entry.log);
        manifest.first_at.get_or_insert(entry.at);
        if manifest.key.is_none()
            && let Ok(LogEvent::Created(created)) =
                LogEvent::decode(&entry.event_type, entry.version, entry.data.get())
        {
            manifest.origin = Some(created.origin);
            manifest.key = Some(created.key);
        }
    }

    /// Demands that the checkpoint is signed with the log's key, and that this is what it covers.
    fn must_be(&self, signed: &SignedCheckpoint) -> Result<(), ExportError> {
        let named = self.manifest.origin.as_deref().zip(self.manifest.key);
        let (origin, key) = named.ok_or(CheckpointError::Note(NoteError::NotAKey))?;
        let key = Checkpoint::key(origin, *key.bytes()).map_err(CheckpointError::Note)?;
        signed.check(&key)?;
        let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
        if (self.manifest.size, self.manifest.root) != (size, root) {
            return Err(ExportError::NotAsSigned { size });
        }
        Ok(())
    }

    fn finish(
        mut self,
        signed: &SignedCheckpoint,
        verbatim: &[u8],
    ) -> Result<Manifest, ExportError> {
        self.manifest.size = self.size();
        self.manifest.root = self.tiling.tree().root();
        self.manifest.last_at = Entry::parse(&self.last).ok().map(|entry| entry.at);
        self.must_be(signed)?;
        self.tiling.rest(|tile, bytes| self.tiles.write(tile, bytes))?;
        self.tiles.sync()?;
        self.entries.finish()?;
        if let Some(sealed) = self.sealed {
            sealed.finish()?;
        }
        let mut manifest =
            serde_json::to_vec_pretty(&self.manifest).map_err(ExportError::Manifest)?;
        manifest.push(b'\n');
        for (name, content) in [(CHECKPOINT_FILE, verbatim), (MANIFEST_FILE, manifest.as_slice())] {
            let mut output = Output::create(self.directory.join(name))?;
            output.write(&[content])?;
            output.finish()?;
        }
        Ok(self.manifest)
    }
}

#[cfg(test)]
mod tests;
