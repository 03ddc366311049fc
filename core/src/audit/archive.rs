//! An exported log as a store: read like any other, and never written.
//!
//! Opening it reads the whole file once, since only then is it known to be the log that its
//! manifest names: each entry must parse, each stream must be dense, and size and root must be
//! those of the manifest. What else there is to check is the work of [`verify`](super::verify).
//!
//! Kept in memory is where each entry stands; the entries stay in the file. Sealed parts are left
//! aside: whoever reads an export has no key to them.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_events::entry::Entry;
use countersign_events::id::{LogId, Position, Revision, StreamId};
use countersign_events::store::{
    Append, AppendError, AppendKey, Appended, EventStore, READ_LIMIT_MAX, Recorded, Resolution,
    Snapshot, StoreError,
};
use countersign_events::tree::{TreeHead, leaf_hash};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;

use super::Progress;
use super::manifest::{ENTRIES_FILE, MANIFEST_FILE, Manifest};
use super::source::{Source, SourceError};

/// How many entries lie between two reports of progress.
const PROGRESS_EVERY: u64 = 4096;
/// Why nothing is appended.
const READ_ONLY: &str = "an exported log is only read";

/// Why an export does not open.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It could not be read.
    #[error("the export does not read")]
    Source(#[from] SourceError),
    /// A data directory, or another directory without a manifest.
    #[error("{} is no export of a log: {why}", path.display())]
    NotAnExport {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// A line that is no entry, or one out of its stream's order.
    #[error("line {line} of {ENTRIES_FILE}: {why}")]
    Entry {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The entries are not those of the manifest.
    #[error("the entries are not those that {MANIFEST_FILE} names: {why}")]
    Other {
        /// In what they differ.
        why: String,
    },
    /// A log without an entry: there is nothing to read.
    #[error("the export is empty")]
    Empty,
}

/// An exported log. Clones share one file.
#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    entries: File,
    /// Where each entry begins, and at last where the file ends.
    begins: Vec<u64>,
    /// The positions of each stream, by revision.
    streams: HashMap<StreamId, Vec<u64>>,
    manifest: Manifest,
    log: LogId,
    ends_at: Timestamp,
}

impl Archive {
    /// Opens an export, read once from its beginning to its end.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub fn open(directory: &Path, progress: Progress<'_>) -> Result<Self, ArchiveError> {
        let mut source = Source::open(directory)?;
        let no_export = |why: &str| {
            let (path, why) = (directory.to_owned(), why.to_owned());
            ArchiveError::NotAnExport { path, why }
        };
        let manifest = match source.manifest() {
            Some(Ok(manifest)) => manifest.clone(),
            Some(Err(why)) => return Err(no_export(why)),
            None => return Err(no_export("export the log of a data directory first")),
        };
        let path = directory.join(ENTRIES_FILE);
        let entries = File::open(&path).map_err(|source| SourceError::Io { path, source })?;
        let mut reading = Reading::default();
        while let Some(line) = source.next_line()? {
            if let Some((_, why)) = line.flaws.first() {
                return Err(reading.wrong(why.clone()));
            }
            reading.line(&line.bytes)?;
            if reading.tree.size().is_multiple_of(PROGRESS_EVERY) {
                progress(reading.tree.size(), Some(manifest.size));
            }
        }
        if let Some((_, why)) = source.leftovers()?.into_iter().next() {
            return Err(ArchiveError::Other { why });
        }
        progress(reading.tree.size(), Some(manifest.size));
        let (size, root) = (reading.tree.size(), reading.tree.root());
        if size != manifest.size {
            let why = format!("{size} of {} entries are there", manifest.size);
            return Err(ArchiveError::Other { why });
        }
        if root != manifest.root {
            let why = format!("their root is {root}, not {}", manifest.root);
            return Err(ArchiveError::Other { why });
        }
        let (log, ends_at) = reading.last.ok_or(ArchiveError::Empty)?;
        let Reading { begins, streams, .. } = reading;
        Ok(Self(Arc::new(Inner { entries, begins, streams, manifest, log, ends_at })))
    }

    /// What the export says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// The log's id.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.0.log
    }

    /// When its latest entry was written: what is said of the log is said as of then.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.0.ends_at
    }
}

/// An export on its way into the index.
#[derive(Default)]
struct Reading {
    begins: Vec<u64>,
    end: u64,
    streams: HashMap<StreamId, Vec<u64>>,
    tree: TreeHead,
    last: Option<(LogId, Timestamp)>,
}

impl Reading {
    fn wrong(&self, why: String) -> ArchiveError {
        ArchiveError::Entry { line: self.tree.size().saturating_add(1), why }
    }

    fn line(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let entry = Entry::parse(bytes).map_err(|error| self.wrong(error.to_string()))?;
        let position = self.tree.size();
        let stream = self.streams.entry(entry.stream).or_default();
        if u64::try_from(stream.len()) != Ok(entry.rev.get()) {
            let why = format!("{} is not at revision {}", entry.stream, entry.rev);
            return Err(self.wrong(why));
        }
        stream.push(position);
        let at = self.last.map_or(entry.at, |(_, last)| last.max(entry.at));
        self.last = Some((entry.log, at));
        if self.begins.is_empty() {
            self.begins.push(0);
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.end = self.end.saturating_add(length).saturating_add(1);
        self.begins.push(self.end);
        self.tree.push(leaf_hash(bytes));
        Ok(())
    }
}

impl Inner {
    fn at(&self, position: u64) -> Result<Option<Recorded>, StoreError> {
        let Ok(index) = usize::try_from(position) else { return Ok(None) };
        let ends = self.begins.get(index).zip(self.begins.get(index.saturating_add(1)));
        let Some((begin, end)) = ends else { return Ok(None) };
        // Less the line feed.
        let length = end.saturating_sub(*begin).saturating_sub(1);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.entries.read_exact_at(&mut bytes, *begin).map_err(|error| unreadable(&error))?;
        // Somebody may have changed the file since it was read.
        let entry = Entry::parse(&bytes).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let (stream, revision) = (entry.stream, entry.rev);
        let position = Position::new(position);
        Ok(Some(Recorded { position, stream, revision, bytes, sealed: None }))
    }

    fn page(&self, from: Position, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let positions = from.get()..;
        let page = positions.take(limit.min(READ_LIMIT_MAX)).map(|position| self.at(position));
        page.take_while(|read| !matches!(read, Ok(None))).filter_map(Result::transpose).collect()
    }

    fn stream_page(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<Recorded>, StoreError> {
        let Some(positions) = self.streams.get(&stream) else { return Ok(vec![]) };
        let from = usize::try_from(from.get()).unwrap_or(usize::MAX);
        let page = positions.iter().skip(from).take(limit.min(READ_LIMIT_MAX));
        page.filter_map(|position| self.at(*position).transpose()).collect()
    }
}

fn unreadable(error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{ENTRIES_FILE}: {error}"))
}

impl EventStore for Archive {
    fn append(&self, _append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async { Err(AppendError::Unavailable(READ_ONLY.to_owned())) })
    }

    fn append_many(
        &self,
        appends: Vec<Append>,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        let refused = || Err(AppendError::Unavailable(READ_ONLY.to_owned()));
        Box::pin(async move { appends.iter().map(|_| refused()).collect() })
    }

    fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(async move { self.0.stream_page(stream, from, limit) })
    }

    fn read_all(
        &self,
        from: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(async move { self.0.page(from, limit) })
    }

    /// What there is, and then nothing for ever: an export does not grow.
    fn subscribe(&self, from: Position) -> BoxStream<'static, Result<Recorded, StoreError>> {
        let archive = self.clone();
        let there = stream::unfold(from.get(), move |position| {
            let read = archive.0.at(position).transpose();
            async move { Some((read?, position.saturating_add(1))) }
        });
        there.chain(stream::pending()).boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        let last = self.0.manifest.size.checked_sub(1).map(Position::new);
        Box::pin(async move { Ok(last) })
    }

    fn writable(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Err(StoreError::Unavailable(READ_ONLY.to_owned())) })
    }

    fn stream_head(&self, stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>> {
        let entries = self.0.streams.get(&stream).map_or(0, Vec::len);
        let last = u64::try_from(entries).unwrap_or(u64::MAX).checked_sub(1).map(Revision::new);
        Box::pin(async move { Ok(last) })
    }

    fn resolve(
        &self,
        _stream: StreamId,
        _key: AppendKey,
    ) -> BoxFuture<'_, Result<Resolution, StoreError>> {
        Box::pin(async { Ok(Resolution::Absent) })
    }

    /// None is kept: an export is left as it is.
    fn snapshot_put(
        &self,
        _stream: StreamId,
        _snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn snapshot_get(
        &self,
        _stream: StreamId,
    ) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn is_shared(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
