//! A log's store that can be told to fail: on a full disk, out of reach, slow, or with its answers
//! lost. What it lets through goes to a real store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_events::id::{Position, Revision, StreamId};
use countersign_events::store::{
    Append, AppendError, AppendKey, Appended, EventStore, Recorded, Resolution, Snapshot,
    StoreError,
};
use futures::future::{BoxFuture, join_all};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::sync::watch;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The disk is full: no append is taken, nothing is written; reads answer.
    Full,
    /// Neither appends nor reads are answered, and nothing is written.
    Gone,
    /// The answer of an append is lost.
    Lost {
        /// Whether the entries are in the log all the same.
        written: bool,
        /// Whether the store can be asked afterwards what became of it.
        resolves: bool,
    },
    /// An append waits for as long as this is so, and then meets what is so then.
    Held,
}

/// The fault that is, and how many appends it is still for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Present {
    fault: Option<StoreFault>,
    /// `None`: for all.
    appends_left: Option<usize>,
    /// How many appends are let through first.
    appends_first: usize,
    /// Whether an append has met it.
    met: bool,
}

/// Tells a store when to fail. Clones tell the same one.
#[derive(Debug, Clone, Default)]
pub struct StoreSwitch {
    present: Arc<Mutex<Present>>,
    changes: Arc<watch::Sender<u64>>,
    held: Arc<watch::Sender<usize>>,
    followers_stalled: Arc<watch::Sender<bool>>,
}

impl StoreSwitch {
    /// From now on this is wrong.
    pub fn fails(&self, fault: StoreFault) {
        self.set(Present { fault: Some(fault), ..Present::default() });
    }

    /// This is wrong for the next append alone.
    pub fn fails_once(&self, fault: StoreFault) {
        self.set(Present { fault: Some(fault), appends_left: Some(1), ..Present::default() });
    }

    /// This is wrong for the append after the next alone: what is between two is never so long.
    pub fn fails_second(&self, fault: StoreFault) {
        let present = Present { fault: Some(fault), ..Present::default() };
        self.set(Present { appends_left: Some(1), appends_first: 1, ..present });
    }

    /// From now on nothing is wrong.
    pub fn works(&self) {
        self.set(Present::default());
        self.followers_stalled.send_replace(false);
    }

    /// From now on whoever follows the log sees nothing new; appends and reads are as ever.
    pub fn stalls_followers(&self) {
        self.followers_stalled.send_replace(true);
    }

    /// Waits until so many appends are held.
    pub async fn holds(&self, appends: usize) {
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = self.held.subscribe().wait_for(|held| *held >= appends).await;
    }

    /// A store that fails when it is told to, in front of one that does not.
    #[must_use]
    pub fn around(&self, inner: Arc<dyn EventStore>) -> Arc<dyn EventStore> {
        Arc::new(FaultyStore { inner, switch: self.clone() })
    }

    fn set(&self, present: Present) {
        *self.lock() = present;
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self) -> Option<StoreFault> {
        self.lock().fault
    }

    /// What an append meets now; uses the fault up where it is for a number of appends.
    fn meet(&self) -> Option<StoreFault> {
        let mut present = self.lock();
        if present.appends_first > 0 {
            present.appends_first = present.appends_first.saturating_sub(1);
            return None;
        }
        let met = present.fault;
        present.met = true;
        if let Some(left) = present.appends_left.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                *present = Present::default();
            }
        }
        met
    }

    /// What an append meets, after it was held for as long as it is.
    async fn met_by_append(&self) -> Option<StoreFault> {
        let mut changes = self.changes.subscribe();
        let mut counted = false;
        loop {
            changes.mark_unchanged();
            match self.meet() {
                Some(StoreFault::Held) => {
                    if !counted {
                        self.held.send_modify(|held| *held = held.saturating_add(1));
                        counted = true;
                    }
                    if changes.changed().await.is_err() {
                        return None;
                    }
                }
                met => {
                    if counted {
                        self.held.send_modify(|held| *held = held.saturating_sub(1));
                    }
                    return met;
                }
            }
        }
    }

    fn read(&self) -> Result<(), StoreError> {
        match self.fault() {
            Some(StoreFault::Gone) => Err(StoreError::Unavailable(GONE.to_owned())),
            _ => Ok(()),
        }
    }
}

const FULL: &str = "no space left on device";
const GONE: &str = "connection refused";
const LOST: &str = "input/output error";

/// The store.
struct FaultyStore {
    inner: Arc<dyn EventStore>,
    switch: StoreSwitch,
}

impl EventStore for FaultyStore {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            match self.switch.met_by_append().await {
                None | Some(StoreFault::Held) => self.inner.append(append).await,
                Some(StoreFault::Full) => Err(AppendError::Unavailable(FULL.to_owned())),
                Some(StoreFault::Gone) => Err(AppendError::Unavailable(GONE.to_owned())),
                Some(StoreFault::Lost { written, .. }) => {
                    if written {
                        self.inner.append(append).await?;
                    }
                    Err(AppendError::OutcomeUnknown(LOST.to_owned()))
                }
            }
        })
    }

    fn append_many(
        &self,
        appends: Vec<Append>,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        Box::pin(join_all(appends.into_iter().map(|append| self.append(append))))
    }

    fn read_stream(
        &self,
        stream: StreamId,
        from: Revision,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            self.inner.read_stream(stream, from, limit).await
        })
    }

    fn read_all(
        &self,
        from: Position,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Recorded>, StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            self.inner.read_all(from, limit).await
        })
    }

    fn subscribe(&self, from: Position) -> BoxStream<'static, Result<Recorded, StoreError>> {
        let stalled = self.switch.followers_stalled.subscribe();
        let followed = self.inner.subscribe(from).then(move |recorded| {
            let mut stalled = stalled.clone();
            async move {
                // An error means that the switch is gone, and with it whoever stalled it.
                let _ = stalled.wait_for(|stalled| !stalled).await;
                recorded
            }
        });
        Box::pin(followed)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            self.inner.head().await
        })
    }

    fn writable(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let Present { fault, met, .. } = *self.switch.lock();
            match fault {
                None | Some(StoreFault::Held) => self.inner.writable().await,
                // That an answer is lost is known only by one that was.
                Some(StoreFault::Lost { .. }) if !met => self.inner.writable().await,
                Some(fault) => Err(StoreError::Unavailable(format!("{fault:?}"))),
            }
        })
    }

    fn stream_head(&self, stream: StreamId) -> BoxFuture<'_, Result<Option<Revision>, StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            self.inner.stream_head(stream).await
        })
    }

    fn resolve(
        &self,
        stream: StreamId,
        key: AppendKey,
    ) -> BoxFuture<'_, Result<Resolution, StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            if let Some(StoreFault::Lost { resolves: false, .. }) = self.switch.fault() {
                return Err(StoreError::Unavailable(LOST.to_owned()));
            }
            self.inner.resolve(stream, key).await
        })
    }

    fn snapshot_put(
        &self,
        stream: StreamId,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            self.inner.snapshot_put(stream, snapshot).await
        })
    }

    fn snapshot_get(
        &self,
        stream: StreamId,
    ) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async move {
            self.switch.read()?;
            self.inner.snapshot_get(stream).await
        })
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }
}
