//! The KurrentDB / EventStoreDB store: the log in a cluster that many nodes share.
//!
//! A first adapter. It appends, tells conflicts and duplicates, and reads; what it cannot answer
//! truthfully yet it refuses with [`StoreError::Unavailable`]. An entry's bytes are the event's
//! data, and what is sealed is in its metadata, framed ([`frame`]). A position is the ordinal of an
//! event in `$all`, filtered to our streams ([`index`]).
//!
//! **What must stay true.** Appends carry an explicit expected revision, never *any*, and event
//! ids are a hash of all that the append is: only then is the server's own idempotency exact, and
//! two different appends under one key can never be taken for each other. All requests go to the
//! leader, so that one's own writes are read (P5), and run on the runtime that was given, so that
//! a caller who leaves cancels nothing.

mod frame;
mod index;
mod keys;
mod subscription;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eventstore::{
    AppendToStreamOptions, Client, ClientSettings, CurrentRevision, Error, ReadStreamOptions,
    RecordedEvent, StreamPosition, StreamState,
};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use lru::LruCache;
use tokio::runtime::Handle;

use super::sqlite::check;
use super::{
    Append, AppendError, AppendKey, Appended, EventStore, Expected, Placed, READ_LIMIT_MAX,
    Recorded, Resolution, SNAPSHOT_BYTES_MAX, Snapshot, StoreError,
};
use crate::id::{Position, Revision, StreamId};
use frame::Frame;
use index::{Index, Place};

pub use subscription::{POLL_INTERVAL, SUBSCRIPTION_PAGE};

/// Snapshots that are kept, in memory; the least recently used goes first.
pub const SNAPSHOTS_MAX: usize = 4096;
/// The highest revision that the server can count to.
const REVISION_MAX: u64 = i64::MAX as u64;

/// Tells the time to the store, which needs it for the age of append keys only.
pub type StoreClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The log in KurrentDB or EventStoreDB.
pub struct KurrentStore {
    shared: Arc<Shared>,
}

struct Shared {
    runtime: Handle,
    settings: ClientSettings,
    clock: StoreClock,
    client: Mutex<Client>,
    index: tokio::sync::Mutex<Index>,
    snapshots: Mutex<LruCache<StreamId, Snapshot>>,
}

impl KurrentStore {
    /// Connects to the server at `url` (`esdb://…`, `kurrentdb://…`); all of its work is done on
    /// `runtime`. Nothing is sent before the first request.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the URL does not read or the client cannot be made.
    pub fn connect(url: &str, runtime: Handle, clock: StoreClock) -> Result<Self, StoreError> {
        let settings: ClientSettings = url
            .parse()
            .map_err(|error| StoreError::Unavailable(format!("not an event store URL: {error}")))?;
        let client = Client::with_runtime_handle(runtime.clone(), settings.clone())
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let most = NonZeroUsize::new(SNAPSHOTS_MAX).unwrap_or(NonZeroUsize::MIN);
        let shared = Shared {
            runtime,
            settings,
            clock,
            client: Mutex::new(client),
            index: tokio::sync::Mutex::new(Index::default()),
            snapshots: Mutex::new(LruCache::new(most)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }
}

impl Shared {
    /// Runs a request on the store's runtime.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, String> {
        self.runtime.spawn(work).await.map_err(|_| "the store's runtime has ended".to_owned())
    }

    fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an error means to a reader. A client whose connection is gone never comes back, so it
    /// is replaced.
    #[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
    fn fault(&self, error: Error) -> StoreError {
        if matches!(error, Error::ConnectionClosed | Error::GrpcConnectionError(_))
            && let Ok(fresh) =
                Client::with_runtime_handle(self.runtime.clone(), self.settings.clone())
        {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        StoreError::Unavailable(error.to_string())
    }

    fn snapshots(&self) -> MutexGuard<'_, LruCache<StreamId, Snapshot>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events of a stream as the server has them; none where there is no stream.
    async fn events(
        &self,
        stream: StreamId,
        options: ReadStreamOptions,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let options = options.requires_leader(true);
        let read = self.client().read_stream(stream.to_string(), &options).await;
        let mut read = match read {
            Err(Error::ResourceNotFound) => return Ok(Vec::new()),
            read => read.map_err(|error| self.fault(error))?,
        };
        let mut events = Vec::new();
        loop {
            match read.next().await {
                Ok(Some(event)) => events.extend(event.event),
                Ok(None) | Err(Error::ResourceNotFound) => return Ok(events),
                Err(error) => return Err(self.fault(error)),
            }
        }
    }

    async fn stream_head(&self, stream: StreamId) -> Result<Option<Revision>, StoreError> {
        let last = ReadStreamOptions::default().position(StreamPosition::End).max_count(1);
        let events = self.events(stream, last).await?;
        Ok(events.first().map(|event| Revision::new(event.revision)))
    }

    async fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<Recorded>, StoreError> {
        let limit = limit.min(READ_LIMIT_MAX);
        if limit == 0 || from.get() > REVISION_MAX {
            return Ok(Vec::new());
        }
        let options = ReadStreamOptions::default()
            .forwards()
            .position(StreamPosition::Position(from.get()))
            .max_count(limit);
        let events = self.events(stream, options).await?;
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            let position = self.ordinal(Place::of(&event)).await?;
            entries.push(recorded(stream, position, &event)?);
        }
        Ok(entries)
    }

    /// The position of an event that the server has.
    async fn ordinal(&self, place: Place) -> Result<Position, StoreError> {
        let mut index = self.index.lock().await;
        if let Some(position) = index.find(place) {
            return Ok(position);
        }
        index.catch_up(self).await?;
        index
            .find(place)
            .ok_or_else(|| StoreError::Damaged("an event is in its stream but not in $all".into()))
    }

    async fn read_all(&self, from: Position, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let limit = limit.min(READ_LIMIT_MAX);
        let start = {
            let mut index = self.index.lock().await;
            index.catch_up(self).await?;
            index.place(from)
        };
        let Some(start) = start.filter(|_| limit > 0) else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        let mut cursor = Some(start);
        let mut position = from;
        while let Some(at) = cursor
            && entries.len() < limit
        {
            // The event at the cursor comes first: it was the last one of the page before.
            let page = index::page(self, Some(at), limit.saturating_add(1)).await?;
            cursor = page.last.filter(|last| *last != at);
            for (stream, event) in page.ours {
                let place = Place::of(&event);
                if (place == at && place != start) || entries.len() == limit {
                    continue;
                }
                entries.push(recorded(stream, position, &event)?);
                position = position.next();
            }
        }
        Ok(entries)
    }

    async fn head(&self) -> Result<Option<Position>, StoreError> {
        let mut index = self.index.lock().await;
        index.catch_up(self).await?;
        Ok(index.head())
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        check(&append)?;
        let unavailable = |error: StoreError| AppendError::Unavailable(error.to_string());
        if let Some(earlier) =
            self.find_key(append.stream, append.key).await.map_err(unavailable)?
        {
            return self.repeated(&append, earlier).await;
        }
        let state = match append.expected {
            Expected::NoStream => StreamState::NoStream,
            Expected::Revision(revision) if revision.get() <= REVISION_MAX => {
                StreamState::StreamRevision(revision.get())
            }
            Expected::Revision(_) => {
                let actual = self.stream_head(append.stream).await.map_err(unavailable)?;
                return Err(conflict(&append, actual));
            }
        };
        let options = AppendToStreamOptions::default().stream_state(state).requires_leader(true);
        let events = frame::events(&append);
        let client = self.client();
        match client.append_to_stream(append.stream.to_string(), &options, events).await {
            Ok(_) => {
                let first = append.expected.first();
                let last =
                    (append.entries.len() as u64).saturating_sub(1).saturating_add(first.get());
                self.placed(append.stream, first, Revision::new(last))
                    .await
                    .map(Appended::Appended)
                    // It is written; only where cannot be told.
                    .map_err(|error| AppendError::OutcomeUnknown(error.to_string()))
            }
            Err(Error::WrongExpectedVersion { current, .. }) => {
                let actual = match current {
                    CurrentRevision::Current(revision) => Some(Revision::new(revision)),
                    CurrentRevision::NoStream => None,
                };
                Err(conflict(&append, actual))
            }
            Err(error) => Err(self.append_error(error)),
        }
    }

    /// Which errors say that nothing was written, and which leave it open.
    fn append_error(&self, error: Error) -> AppendError {
        let open = match &error {
            // Not sent, or refused before anything was done.
            Error::ConnectionClosed
            | Error::GrpcConnectionError(_)
            | Error::AccessDenied
            | Error::NotLeaderException(_)
            | Error::UnsupportedFeature
            | Error::ResourceDeleted => false,
            Error::Grpc { message, .. } => !message.contains(frame::TOO_LARGE),
            _ => true,
        };
        let text = self.fault(error).to_string();
        if open { AppendError::OutcomeUnknown(text) } else { AppendError::Unavailable(text) }
    }

    /// Where an append stands whose entries have these revisions.
    async fn placed(
        &self,
        stream: StreamId,
        first: Revision,
        last: Revision,
    ) -> Result<Placed, StoreError> {
        let end = self.read_stream(stream, last, 1).await?;
        let position = end
            .first()
            .map(|entry| entry.position)
            .ok_or_else(|| StoreError::Damaged(format!("{stream} lost its revision {last}")))?;
        Ok(Placed { first, last, position })
    }

    async fn resolve(&self, stream: StreamId, key: AppendKey) -> Result<Resolution, StoreError> {
        let Some(earlier) = self.find_key(stream, key).await? else {
            // An append that is still under way to the server could land after we said *absent*.
            return Err(StoreError::Unavailable(
                "this store cannot yet tell that an append is absent for good".to_owned(),
            ));
        };
        self.placed(stream, earlier.first, earlier.last()).await.map(Resolution::Appended)
    }

    async fn snapshot_put(&self, stream: StreamId, snapshot: Snapshot) -> Result<(), StoreError> {
        if snapshot.bytes.len() > SNAPSHOT_BYTES_MAX {
            return Err(StoreError::SnapshotSize(snapshot.bytes.len()));
        }
        let actual = self.stream_head(stream).await?;
        if actual.is_none_or(|head| snapshot.revision > head) {
            return Err(StoreError::SnapshotAhead { snapshot: snapshot.revision, actual });
        }
        let mut snapshots = self.snapshots();
        let newer =
            |kept: &Snapshot| kept.shape == snapshot.shape && kept.revision > snapshot.revision;
        if !snapshots.get(&stream).is_some_and(newer) {
            snapshots.put(stream, snapshot);
        }
        Ok(())
    }
}

fn conflict(append: &Append, actual: Option<Revision>) -> AppendError {
    AppendError::Conflict { stream: append.stream, expected: append.expected, actual }
}

fn recorded(
    stream: StreamId,
    position: Position,
    event: &RecordedEvent,
) -> Result<Recorded, StoreError> {
    let frame = Frame::read(&event.custom_metadata).ok_or_else(|| {
        StoreError::Damaged(format!("event {} of {stream} is not ours", event.revision))
    })?;
    Ok(Recorded {
        position,
        stream,
        revision: Revision::new(event.revision),
        bytes: event.data.to_vec(),
        sealed: frame.sealed.map(<[u8]>::to_vec),
    })
}

/// Answers a request that could not even be made.
fn lost<T>(done: Result<Result<T, StoreError>, String>) -> Result<T, StoreError> {
    done.unwrap_or_else(|cause| Err(StoreError::Unavailable(cause)))
}

impl KurrentStore {
    /// Runs a read on the store's runtime.
    fn read<T: Send + 'static, F>(
        &self,
        read: impl FnOnce(Arc<Shared>) -> F,
    ) -> BoxFuture<'_, Result<T, StoreError>>
    where
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let work = read(Arc::clone(&self.shared));
        Box::pin(async move { lost(self.shared.run(work).await) })
    }
}

impl EventStore for KurrentStore {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let work = async move { shared.append(append).await };
            let done = self.shared.run(work).await;
            done.unwrap_or_else(|cause| Err(AppendError::OutcomeUnknown(cause)))
        })
    }

    fn append_many(
        &self,
        appends: Vec<Append>,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(appends.len());
            for append in appends {
                outcomes.push(self.append(append).await);
            }
            outcomes
        })
    }

    fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        self.read(move |shared| async move { shared.read_stream(stream, from, limit).await })
    }

    fn read_all(
        &self,
        from: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        self.read(move |shared| async move { shared.read_all(from, limit).await })
    }

    fn subscribe(&self, from: Position) -> BoxStream<'static, Result<Recorded, StoreError>> {
        subscription::subscribe(Arc::clone(&self.shared), from)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        self.read(|shared| async move { shared.head().await })
    }

    fn stream_head(&self, stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>> {
        self.read(move |shared| async move { shared.stream_head(stream).await })
    }

    /// Tells where an append stands that is in the log. That one is absent it cannot tell yet: see
    /// the answer.
    fn resolve(
        &self,
        stream: StreamId,
        key: AppendKey,
    ) -> BoxFuture<'_, Result<Resolution, StoreError>> {
        self.read(move |shared| async move { shared.resolve(stream, key).await })
    }

    /// Kept in memory only: the next process makes its own.
    fn snapshot_put(
        &self,
        stream: StreamId,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.read(move |shared| async move { shared.snapshot_put(stream, snapshot).await })
    }

    fn snapshot_get(
        &self,
        stream: StreamId,
    ) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        let snapshot = self.shared.snapshots().get(&stream).cloned();
        Box::pin(async move { Ok(snapshot) })
    }

    fn is_shared(&self) -> bool {
        true
    }
}
