//! Exports a log into a directory that stands by itself.
//!
//! ```text
//!   entries.jsonl   each entry's bytes, verbatim, one a line, in the order of the log
//!   sealed.jsonl    {"position":…,"sealed":{…}}: the sealed parts as stored (may be left out)
//!   manifest.json   log, origin, key, size, root, times
//! ```
//!
//! The directory is written under another name and renamed when it is whole and synced: an export
//! that exists is complete. The server may go on writing meanwhile; what is exported is the log up
//! to its head at the start.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use countersign_events::entry::Entry;
use countersign_events::id::Position;
use countersign_events::log_event::LogEvent;
use countersign_events::tree::{TreeHead, leaf_hash};
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::Progress;
use super::manifest::{ENTRIES_FILE, FORMAT, MANIFEST_FILE, Manifest, SEALED_FILE};
use super::source::{Line, Source, SourceError};
use crate::vault::files::directory_of;

/// How many entries lie between two reports of progress.
const PROGRESS_EVERY: u64 = 4096;

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

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
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
    /// Sealed parts that are no JSON on one line.
    #[error("the sealed parts at position {0} do not read")]
    Sealed(Position),
    /// The manifest could not be encoded.
    #[error("the manifest does not encode")]
    Manifest(#[source] serde_json::Error),
}

/// Writes all entries of `source` into the new directory `target`.
///
/// # Errors
/// See [`ExportError`]; nothing is left at `target` then.
pub fn export(
    mut source: Source,
    target: &Path,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Manifest, ExportError> {
    if target.exists() {
        return Err(ExportError::Exists(target.to_owned()));
    }
    let expected = source.expected();
    let unfinished = Unfinished::create(target)?;
    let mut writing = Writing::create(&unfinished.path, options)?;
    while let Some(line) = source.next_line()? {
        writing.line(&line)?;
        if writing.tree.size().is_multiple_of(PROGRESS_EVERY) {
            progress(writing.tree.size(), expected);
        }
    }
    progress(writing.tree.size(), expected);
    let manifest = writing.finish()?;
    unfinished.rename(target)?;
    Ok(manifest)
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
        Ok(Self { path, file: BufWriter::new(file) })
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
    tree: TreeHead,
    next: Position,
    manifest: Manifest,
}

impl Writing {
    fn create(directory: &Path, options: &Options) -> Result<Self, ExportError> {
        let sealed =
            options.with_sealed.then(|| Output::create(directory.join(SEALED_FILE))).transpose()?;
        let tree = TreeHead::default();
        Ok(Self {
            directory: directory.to_owned(),
            entries: Output::create(directory.join(ENTRIES_FILE))?,
            sealed,
            next: Position::new(0),
            manifest: Manifest {
                format: FORMAT.to_owned(),
                log: None,
                origin: None,
                key: None,
                size: 0,
                root: tree.root(),
                first_at: None,
                last_at: None,
                sealed: options.with_sealed,
                made_at: options.made_at,
                program_version: options.program_version.clone(),
            },
            tree,
        })
    }

    fn line(&mut self, line: &Line) -> Result<(), ExportError> {
        if line.position != self.next {
            return Err(ExportError::Gap { expected: self.next, found: line.position });
        }
        if line.bytes.contains(&b'\n') {
            return Err(ExportError::LineBreak(line.position));
        }
        self.next = line.position.next();
        self.tree.push(leaf_hash(&line.bytes));
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
        let Ok(entry) = Entry::parse(&line.bytes) else { return };
        let manifest = &mut self.manifest;
        manifest.log.get_or_insert(entry.log);
        manifest.first_at.get_or_insert(entry.at);
        manifest.last_at = Some(entry.at);
        if manifest.key.is_none()
            && let Ok(LogEvent::Created(created)) =
                LogEvent::decode(&entry.event_type, entry.version, entry.data.get())
        {
            manifest.origin = Some(created.origin);
            manifest.key = Some(created.key);
        }
    }

    fn finish(mut self) -> Result<Manifest, ExportError> {
        self.manifest.size = self.tree.size();
        self.manifest.root = self.tree.root();
        self.entries.finish()?;
        if let Some(sealed) = self.sealed {
            sealed.finish()?;
        }
        let mut text = serde_json::to_vec_pretty(&self.manifest).map_err(ExportError::Manifest)?;
        text.push(b'\n');
        let mut output = Output::create(self.directory.join(MANIFEST_FILE))?;
        output.write(&[&text])?;
        output.finish()?;
        Ok(self.manifest)
    }
}

#[cfg(test)]
mod tests;
