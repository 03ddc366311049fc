//! The store: an append-only log of streams, and the promises it must keep.
//!
//! - **P1** an acknowledged append is durable and never changes;
//! - **P2** one winner per (stream, revision);
//! - **P3** revisions are dense from 0;
//! - **P4** `read_all` is one total order that extends each stream's order, and a reader at
//!   position p never later finds anything before p;
//! - **P5** read your writes;
//! - **P6** the same append key has one effect and one outcome;
//! - **P7** an append is all or nothing;
//! - **P8** an unknown outcome resolves to exactly one of appended or absent;
//! - **P9** bytes come back verbatim.
//!
//! One contract suite ([`contract`]) tests them on every backend.
//!
//! **Architecture Invariant:** there is no update and no delete, here or in any backend's schema.
//! The store does not read entries: they are bytes to it. Chaining them is the writer's work.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
#[cfg(feature = "eventstore")]
pub mod kurrentdb;
pub mod sqlite;

use std::fmt;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use uuid::Uuid;

use crate::id::{Position, Revision, StreamId};

/// The most entries that one append may carry.
pub const ENTRIES_PER_APPEND_MAX: usize = 256;
/// The most entries that one read returns.
pub const READ_LIMIT_MAX: usize = 4096;
/// The largest sealed part beside an entry, in bytes.
pub const SEALED_BYTES_MAX: usize = 16 * 1024;
/// The largest snapshot, in bytes.
pub const SNAPSHOT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a stream remembers its append keys, in hours.
pub const APPEND_KEY_HOURS: i64 = 24;

/// Names one append, so that its outcome can be asked for when the answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppendKey(Uuid);

impl AppendKey {
    /// Wraps a UUID that nobody else uses.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for AppendKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the writer believes the stream to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no entry yet.
    NoStream,
    /// The last entry has this revision.
    Revision(Revision),
}

impl Expected {
    /// The revision that the first new entry gets.
    #[must_use]
    pub const fn first(self) -> Revision {
        match self {
            Self::NoStream => Revision::new(0),
            Self::Revision(revision) => revision.next(),
        }
    }

    /// Where a stream that ends at `last` stands.
    #[must_use]
    pub const fn at(last: Option<Revision>) -> Self {
        match last {
            None => Self::NoStream,
            Some(revision) => Self::Revision(revision),
        }
    }
}

/// An entry to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The bytes, 1 to [`ENTRY_BYTES_MAX`](crate::entry::ENTRY_BYTES_MAX); kept verbatim.
    pub bytes: Vec<u8>,
    /// What is sealed beside it, at most [`SEALED_BYTES_MAX`]; kept verbatim.
    pub sealed: Option<Vec<u8>>,
}

/// An append to one stream: all of it or nothing.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// Where the writer believes it to end.
    pub expected: Expected,
    /// 1 to [`ENTRIES_PER_APPEND_MAX`] entries.
    pub entries: Vec<NewEntry>,
    /// The name of this append.
    pub key: AppendKey,
}

/// Where an append came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The revision of its first entry.
    pub first: Revision,
    /// The revision of its last entry.
    pub last: Revision,
    /// The position of its last entry.
    pub position: Position,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It was written now.
    Appended(Placed),
    /// The same append (same key, same expectation, same entries) had been written before.
    Duplicate(Placed),
}

impl Appended {
    /// Where it stands.
    #[must_use]
    pub const fn placed(&self) -> &Placed {
        match self {
            Self::Appended(placed) | Self::Duplicate(placed) => placed,
        }
    }
}

/// Why an append did nothing, or may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The stream ends elsewhere. Nothing was written.
    #[error("conflict on {stream}: expected {expected:?}, ends at {actual:?}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the writer expected.
        expected: Expected,
        /// Its last revision.
        actual: Option<Revision>,
    },
    /// The key names another append of this stream. Nothing was written.
    #[error("append key {0} was used for another append")]
    KeyReused(AppendKey),
    /// No entry, or more than [`ENTRIES_PER_APPEND_MAX`]. Nothing was written.
    #[error("{0} entries in one append, 1 to {ENTRIES_PER_APPEND_MAX} are allowed")]
    EntryCount(usize),
    /// An entry is empty or larger than allowed, or its sealed part is. Nothing was written.
    #[error("an entry of {bytes} bytes or a sealed part of {sealed} bytes is not allowed")]
    EntrySize {
        /// Bytes of the entry.
        bytes: usize,
        /// Bytes of the sealed part.
        sealed: usize,
    },
    /// The store does not answer or is full. Nothing was written.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The answer was lost: [`EventStore::resolve`] tells what became of it.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
}

/// Why a read failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store does not answer.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// What it holds does not read: damaged, or written by something else.
    #[error("store damaged: {0}")]
    Damaged(String),
    /// A snapshot that claims a revision its stream does not have.
    #[error("snapshot at {snapshot} of a stream that ends at {actual:?}")]
    SnapshotAhead {
        /// The snapshot's revision.
        snapshot: Revision,
        /// The stream's last revision.
        actual: Option<Revision>,
    },
    /// A snapshot larger than [`SNAPSHOT_BYTES_MAX`].
    #[error("a snapshot of {0} bytes, {SNAPSHOT_BYTES_MAX} at most")]
    SnapshotSize(usize),
}

/// An entry as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub revision: Revision,
    /// Its bytes, verbatim.
    pub bytes: Vec<u8>,
    /// What is sealed beside it.
    pub sealed: Option<Vec<u8>>,
}

/// What became of an append whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It is in the log.
    Appended(Placed),
    /// It is not, and never will be.
    Absent,
}

/// State derived from a stream, kept beside the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last revision that it covers.
    pub revision: Revision,
    /// Tells one shape of state from another: a reader ignores what it does not know.
    pub shape: u32,
    /// The state, at most [`SNAPSHOT_BYTES_MAX`].
    pub bytes: Vec<u8>,
}

/// The log. See the module's promises P1 to P9.
pub trait EventStore: Send + Sync + 'static {
    /// Appends to one stream. Returns only when it is durable (P1).
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>>;

    /// Appends to many streams with one durable write where the backend can. Outcomes are
    /// independent and in the order of the appends; they are not atomic together.
    fn append_many(
        &self,
        appends: Vec<Append>,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>>;

    /// Up to `limit` (at most [`READ_LIMIT_MAX`]) entries of a stream, in order, from `from` on.
    /// Empty for a stream that does not exist.
    fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>>;

    /// Up to `limit` (at most [`READ_LIMIT_MAX`]) entries of the whole log, from `from` on.
    fn read_all(
        &self,
        from: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>>;

    /// All entries from `from` on: those there are, then those that come, none lost or twice.
    /// Ends only with an error. A position beyond the head waits for it.
    fn subscribe(&self, from: Position) -> BoxStream<'static, Result<Recorded, StoreError>>;

    /// The position of the last entry, `None` in an empty log.
    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, StoreError>>;

    /// Whether appends are taken, as far as the last one tells; where it failed, this is found out
    /// anew by writing something that is no entry. A backend that cannot tell says whether it
    /// answers at all.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while appends would fail.
    fn writable(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { self.head().await.map(drop) })
    }

    /// The revision of the last entry of a stream, `None` where there is none.
    fn stream_head(&self, stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>>;

    /// What became of an append of the last [`APPEND_KEY_HOURS`] whose answer was lost (P8).
    /// After `Absent` that append can no longer happen.
    fn resolve(
        &self,
        stream: StreamId,
        key: AppendKey,
    ) -> BoxFuture<'_, Result<Resolution, StoreError>>;

    /// Keeps a snapshot; an older one of the stream is replaced. Not durable at once: a snapshot
    /// can be made again.
    ///
    /// # Errors
    /// [`StoreError::SnapshotAhead`] if the stream has no such revision.
    fn snapshot_put(
        &self,
        stream: StreamId,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The stream's snapshot, if there is one.
    fn snapshot_get(&self, stream: StreamId)
    -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>>;

    /// Whether other processes append to this store too. If so, an answer that records nothing
    /// must first look at the stream's head.
    fn is_shared(&self) -> bool;
}
