//! What a case works with: a store of its own, and short ways to write and read.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use uuid::Uuid;

use super::{Backend, PATIENCE};
use crate::id::{AccountId, Position, Revision, StreamId};
use crate::store::{
    Append, AppendError, AppendKey, Appended, EventStore, Expected, NewEntry, Placed,
    READ_LIMIT_MAX, Recorded,
};

/// A store and where its log began.
pub(super) struct Fixture {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) store: Arc<dyn EventStore>,
    base: u64,
    salt: u64,
}

impl Fixture {
    pub(super) async fn open(backend: Arc<dyn Backend>) -> Self {
        let store = backend.open().await;
        let base = store.head().await.unwrap().map_or(0, |head| head.next().get());
        let salt = backend.salt();
        Self { backend, store, base, salt }
    }

    /// Drops the store and opens it again.
    pub(super) async fn reopen(self) -> Self {
        let Self { backend, store, base, salt } = self;
        drop(store);
        let store = backend.reopen().await;
        Self { backend, store, base, salt }
    }

    /// The stream of account `number`.
    pub(super) fn stream(&self, number: u64) -> StreamId {
        StreamId::Account(AccountId::new(Uuid::from_u64_pair(self.salt, number)))
    }

    pub(super) fn key(&self, number: u64) -> AppendKey {
        AppendKey::new(Uuid::from_u64_pair(!self.salt, number))
    }

    /// The position of the `number`th entry of this case, from 0.
    pub(super) const fn position(&self, number: u64) -> Position {
        Position::new(self.base + number)
    }

    /// An append under key `key` of entries that tell key and place.
    pub(super) fn append(&self, stream: u64, expected: Expected, key: u64, count: usize) -> Append {
        self.append_of(stream, expected, key, (0..count).map(|index| entry(key, index)).collect())
    }

    pub(super) fn append_of(
        &self,
        stream: u64,
        expected: Expected,
        key: u64,
        entries: Vec<NewEntry>,
    ) -> Append {
        Append { stream: self.stream(stream), expected, entries, key: self.key(key) }
    }

    /// Appends what must succeed, as something new.
    pub(super) async fn write(
        &self,
        stream: u64,
        expected: Expected,
        key: u64,
        count: usize,
    ) -> Placed {
        new(self.store.append(self.append(stream, expected, key, count)).await)
    }

    /// Appends one entry each under the keys `keys`, all to one stream that does not exist yet.
    pub(super) async fn fill(&self, stream: u64, keys: std::ops::Range<u64>) {
        let mut expected = Expected::NoStream;
        for key in keys {
            expected = Expected::Revision(self.write(stream, expected, key, 1).await.last);
        }
    }

    /// Where `count` entries stand, the first at `revision` and at position `position`.
    pub(super) const fn placed(&self, revision: u64, position: u64, count: u64) -> Placed {
        Placed {
            first: Revision::new(revision),
            last: Revision::new(revision + count - 1),
            position: self.position(position + count - 1),
        }
    }

    /// All that this case wrote, in the order of the log.
    pub(super) async fn log(&self) -> Vec<Recorded> {
        let mut log = Vec::new();
        let mut from = self.position(0);
        loop {
            let page = self.store.read_all(from, READ_LIMIT_MAX).await.unwrap();
            let Some(last) = page.last() else { return log };
            from = last.position.next();
            log.extend(page);
        }
    }

    /// All entries of a stream.
    pub(super) async fn entries(&self, stream: u64) -> Vec<Recorded> {
        let stream = self.stream(stream);
        self.store.read_stream(stream, Revision::new(0), READ_LIMIT_MAX).await.unwrap()
    }

    pub(super) async fn head(&self) -> Option<Position> {
        self.store.head().await.unwrap().filter(|head| head.get() >= self.base)
    }

    pub(super) async fn stream_head(&self, stream: u64) -> Option<u64> {
        self.store.stream_head(self.stream(stream)).await.unwrap().map(Revision::get)
    }

    /// The conflict of an append to `stream`.
    pub(super) fn conflict(
        &self,
        stream: u64,
        expected: Expected,
        actual: Option<u64>,
    ) -> AppendError {
        AppendError::Conflict {
            stream: self.stream(stream),
            expected,
            actual: actual.map(Revision::new),
        }
    }
}

/// Expects the stream to end at this revision.
pub(super) const fn after(revision: u64) -> Expected {
    Expected::Revision(Revision::new(revision))
}

/// The entry that key `key` writes at place `index`.
pub(super) fn entry(key: u64, index: usize) -> NewEntry {
    NewEntry { bytes: format!("{{\"key\":{key},\"index\":{index}}}").into_bytes(), sealed: None }
}

/// An entry of these bytes.
pub(super) fn plain(bytes: impl Into<Vec<u8>>) -> NewEntry {
    NewEntry { bytes: bytes.into(), sealed: None }
}

/// An entry of these bytes with something sealed beside it.
pub(super) fn sealed(bytes: impl Into<Vec<u8>>, sealed: impl Into<Vec<u8>>) -> NewEntry {
    NewEntry { bytes: bytes.into(), sealed: Some(sealed.into()) }
}

/// Every byte value, once.
pub(super) fn every_byte() -> Vec<u8> {
    (0..=u8::MAX).collect()
}

/// The place of an append that must have been written now.
pub(super) fn new(outcome: Result<Appended, AppendError>) -> Placed {
    match outcome {
        Ok(Appended::Appended(placed)) => placed,
        other => panic!("expected a new append, got {other:?}"),
    }
}

/// What these entries look like when they are read.
pub(super) fn contents(entries: &[Recorded]) -> Vec<NewEntry> {
    entries
        .iter()
        .map(|entry| NewEntry { bytes: entry.bytes.clone(), sealed: entry.sealed.clone() })
        .collect()
}

/// Waits for what must come.
pub(super) async fn soon<T>(what: impl Debug, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what:?}"),
    }
}
