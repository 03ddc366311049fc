//! The SQLite store: the log in one file, for one process on one machine.
//!
//! One writer thread commits what is queued together ([`writer`]); readers have connections of
//! their own ([`reader`]); a subscription is reads and a hint ([`subscription`]). Durability is
//! WAL with `synchronous=FULL`: COMMIT returns after fdatasync did. The WAL is moved into the file
//! beside the writer ([`checkpointer`]), so that the work does not fall into somebody's commit.
//!
//! **What must stay true.** One process owns the file: who opens the store holds the data
//! directory's lock. All writing goes through the one thread, so that what it remembers of streams
//! and keys is what the file says; if another process wrote all the same, the schema refuses what
//! no longer fits and the writer reads everything anew. Dropping the store ends its writer after
//! all that was queued is done.

mod backup;
mod batch;
mod checkpointer;
mod counters;
mod heads;
mod reader;
mod schema;
mod snapshots;
mod subscription;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Append, AppendError, AppendKey, Appended, ENTRIES_PER_APPEND_MAX, EventStore, Recorded,
    Resolution, SEALED_BYTES_MAX, Snapshot, StoreError,
};
use crate::entry::ENTRY_BYTES_MAX;
use crate::id::{Position, Revision, StreamId};

pub use checkpointer::CHECKPOINT_PAGES;
pub use counters::StoreCounts;
pub use heads::{HEADS_MAX, KEYS_MAX};
pub use reader::{READERS, SCANS_MAX};
pub use schema::{SCHEMA_VERSION, SQLITE_VERSION_MIN, WAL_PAGES_MAX};
pub use snapshots::PUTS_MAX;
pub use subscription::SUBSCRIPTION_PAGE;
pub use writer::{BATCH_APPENDS_MAX, BATCH_BYTES_MAX, QUEUE_MAX};

use counters::Counters;
use reader::Readers;
use snapshots::Snapshots;
use writer::{AppendResult, Commit, Request, SqlCommit, Writer};

/// Tells the time to the store, which needs it for the age of append keys only.
pub type StoreClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The log in a SQLite file.
pub struct SqliteStore {
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    readers: Arc<Readers>,
    snapshots: Snapshots,
    head: watch::Receiver<Option<u64>>,
    counters: Arc<Counters>,
    failing: Arc<AtomicBool>,
}

impl SqliteStore {
    /// Opens the log at `path`, or makes an empty one, and starts its threads. Blocks for as long
    /// as it takes to move an earlier process's WAL into the file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the file cannot be opened or written, if a newer version
    /// wrote it or the library is older than [`SQLITE_VERSION_MIN`]; [`StoreError::Damaged`] if it
    /// is no log.
    pub fn open(path: &Path, clock: StoreClock) -> Result<Self, StoreError> {
        Self::open_with(path, clock, SqlCommit, Snapshots::open)
    }

    /// As [`Self::open`], and leaves the snapshots beside it alone: none is given out or kept.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_without_snapshots(path: &Path, clock: StoreClock) -> Result<Self, StoreError> {
        Self::open_with(path, clock, SqlCommit, |_| Ok(Snapshots::none()))
    }

    fn open_with(
        path: &Path,
        clock: StoreClock,
        commit: impl Commit,
        snapshots: impl FnOnce(&Path) -> Result<Snapshots, StoreError>,
    ) -> Result<Self, StoreError> {
        let (requests, waiting) = mpsc::channel(QUEUE_MAX);
        let counters = Arc::new(Counters::default());
        let failing = Arc::new(AtomicBool::new(false));
        let (counting, telling) = (Arc::clone(&counters), Arc::clone(&failing));
        let (writer, head) =
            Writer::open(path.to_owned(), clock, commit, waiting, counting, telling)?;
        let readers = Arc::new(Readers::open(path)?);
        let snapshots = snapshots(path)?;
        let writer = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|cause| StoreError::Unavailable(format!("cannot start a thread: {cause}")))?;
        Ok(Self {
            requests: Some(requests),
            writer: Some(writer),
            readers,
            snapshots,
            head,
            counters,
            failing,
        })
    }

    /// What it has counted since it was opened.
    #[must_use]
    pub fn counts(&self) -> StoreCounts {
        self.counters.counts()
    }

    /// Entries that are durable.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.head.borrow().map_or(0, |last| last.saturating_add(1))
    }

    /// Copies the log as it is now to `target`, byte for byte the same entries. Blocks as long as
    /// that takes, and neither appends nor reads wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if `target` exists or cannot be written.
    pub fn backup(&self, target: &Path) -> Result<(), StoreError> {
        backup::backup(self.readers.path(), target)
    }

    /// Puts a request into the queue.
    async fn ask(&self, request: Request) -> Result<(), Lost> {
        let requests = self.requests.as_ref().ok_or(Lost::NotSent)?;
        requests.send(request).await.map_err(|_| Lost::NotSent)
    }

    /// Queues appends that have been looked at, in parts that fit a batch. All are queued, in
    /// their order, before the first is answered.
    async fn append_checked(&self, appends: Vec<Append>) -> Vec<AppendResult> {
        let mut parts = Vec::new();
        let mut rest = appends.into_iter();
        loop {
            let part: Vec<_> = rest.by_ref().take(BATCH_APPENDS_MAX).collect();
            let count = part.len();
            if count == 0 {
                break;
            }
            let (reply, answer) = oneshot::channel();
            let asked = self.ask(Request::Append(part, reply)).await;
            parts.push((count, asked.map(|()| answer)));
        }
        let mut outcomes = Vec::new();
        for (count, answer) in parts {
            let part = match answer {
                Ok(answer) => answer.await.map_err(|_| Lost::NoAnswer),
                Err(lost) => Err(lost),
            };
            outcomes.extend(part.unwrap_or_else(|lost| vec![Err(lost.append_error()); count]));
        }
        outcomes
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Closing the queue lets the writer finish what is in it and then end.
        self.requests = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the log's writer had panicked");
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.readers.path()).finish_non_exhaustive()
    }
}

const WRITER_ENDED: &str = "the log's writer has ended";

/// Why the writer did not answer.
enum Lost {
    /// It never got the request.
    NotSent,
    /// It ended with the request in hand.
    NoAnswer,
}

impl Lost {
    fn append_error(self) -> AppendError {
        let cause = WRITER_ENDED.to_owned();
        match self {
            Self::NotSent => AppendError::Unavailable(cause),
            Self::NoAnswer => AppendError::OutcomeUnknown(cause),
        }
    }
}

/// Refuses what no store takes, before it costs anything.
pub(crate) fn check(append: &Append) -> Result<(), AppendError> {
    let count = append.entries.len();
    if count == 0 || count > ENTRIES_PER_APPEND_MAX {
        return Err(AppendError::EntryCount(count));
    }
    for entry in &append.entries {
        let bytes = entry.bytes.len();
        let sealed = entry.sealed.as_ref().map_or(0, Vec::len);
        if bytes == 0 || bytes > ENTRY_BYTES_MAX || sealed > SEALED_BYTES_MAX {
            return Err(AppendError::EntrySize { bytes, sealed });
        }
    }
    Ok(())
}

impl EventStore for SqliteStore {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            check(&append)?;
            let outcome = self.append_checked(vec![append]).await.pop();
            outcome.unwrap_or_else(|| Err(Lost::NoAnswer.append_error()))
        })
    }

    fn append_many(
        &self,
        appends: Vec<Append>,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        Box::pin(async move {
            let checks: Vec<_> = appends.iter().map(check).collect();
            let sound = appends
                .into_iter()
                .zip(&checks)
                .filter_map(|(append, check)| check.is_ok().then_some(append))
                .collect();
            let mut outcomes = self.append_checked(sound).await.into_iter();
            checks
                .into_iter()
                .map(|check| {
                    check.and_then(|()| {
                        outcomes.next().unwrap_or_else(|| Err(Lost::NoAnswer.append_error()))
                    })
                })
                .collect()
        })
    }

    fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(async move { self.readers.read_stream(stream, from, limit) })
    }

    fn read_all(
        &self,
        from: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(self.readers.scan(from, limit))
    }

    fn subscribe(&self, from: Position) -> BoxStream<'static, Result<Recorded, StoreError>> {
        subscription::subscribe(Arc::clone(&self.readers), self.head.clone(), from)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        let head = self.head.borrow().map(Position::new);
        Box::pin(async move { Ok(head) })
    }

    fn writable(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if !self.failing.load(Ordering::Relaxed) {
                return Ok(());
            }
            let (reply, answer) = oneshot::channel();
            let ended = || StoreError::Unavailable(WRITER_ENDED.to_owned());
            self.ask(Request::Probe(reply)).await.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        })
    }

    fn stream_head(&self, stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>> {
        Box::pin(async move { self.readers.stream_head(stream) })
    }

    fn resolve(
        &self,
        stream: StreamId,
        key: AppendKey,
    ) -> BoxFuture<'_, Result<Resolution, StoreError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let ended = || StoreError::Unavailable(WRITER_ENDED.to_owned());
            self.ask(Request::Resolve(stream, key, reply)).await.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        })
    }

    fn snapshot_put(
        &self,
        stream: StreamId,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.snapshots.put(&self.readers, stream, snapshot))
    }

    fn snapshot_get(
        &self,
        stream: StreamId,
    ) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async move { self.snapshots.get(&self.readers, stream) })
    }

    fn is_shared(&self) -> bool {
        false
    }
}
