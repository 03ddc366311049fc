//! SQLite stores in a directory that goes when the test does, and short ways to fill them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_events::id::{AccountId, Revision, StreamId};
use countersign_events::store::contract::{Backend, Capability};
use countersign_events::store::sqlite::{SqliteStore, StoreClock};
use countersign_events::store::{
    Append, AppendKey, EventStore, Expected, NewEntry, READ_LIMIT_MAX, Recorded,
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-11-24T00:00:00Z, in milliseconds.
const START: i64 = 1_795_478_400_000;

/// A directory with a log, and the clock that the log goes by.
pub(crate) struct SqliteBackend {
    directory: TempDir,
    now: Arc<AtomicI64>,
    opened: Mutex<u64>,
}

impl SqliteBackend {
    pub(crate) fn new() -> Self {
        let now = Arc::new(AtomicI64::new(START));
        Self { directory: TempDir::new().unwrap(), now, opened: Mutex::new(0) }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("log.db")
    }

    pub(crate) fn clock(&self) -> StoreClock {
        let now = Arc::clone(&self.now);
        Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap())
    }

    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), self.clock()).unwrap()
    }

    /// Moves the clock, backwards too.
    pub(crate) fn shift(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    fn numbered(&self, number: u64) -> Arc<dyn EventStore> {
        let path = self.directory.path().join(format!("log-{number}.db"));
        Arc::new(SqliteStore::open(&path, self.clock()).unwrap())
    }
}

impl Backend for SqliteBackend {
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventStore>> {
        Box::pin(async move {
            let mut opened = self.opened.lock().unwrap();
            *opened += 1;
            self.numbered(*opened)
        })
    }

    fn reopen(&self) -> BoxFuture<'_, Arc<dyn EventStore>> {
        Box::pin(async move { self.numbered(*self.opened.lock().unwrap()) })
    }

    fn advance(&self, by: Duration) {
        self.shift(i64::try_from(by.as_millis()).unwrap());
    }

    fn can(&self, capability: Capability) -> bool {
        match capability {
            Capability::Reopen | Capability::Clock => true,
        }
    }
}

pub(crate) fn stream(number: u64) -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u64_pair(0, number)))
}

pub(crate) fn key(number: u64) -> AppendKey {
    AppendKey::new(Uuid::from_u64_pair(1, number))
}

/// The expectation that the stream ends at this revision.
pub(crate) const fn after(revision: u64) -> Expected {
    Expected::Revision(Revision::new(revision))
}

/// One entry of `bytes` bytes that tells its key.
pub(crate) fn append(number: u64, expected: Expected, name: u64, bytes: usize) -> Append {
    let mut text = format!("{name:>08}").into_bytes();
    text.resize(bytes.max(8), b'.');
    let entries = vec![NewEntry { bytes: text, sealed: Some(name.to_be_bytes().to_vec()) }];
    Append { stream: stream(number), expected, entries, key: key(name) }
}

/// Fills stream `number` with one entry for each key.
pub(crate) async fn fill(store: &SqliteStore, number: u64, keys: std::ops::Range<u64>) {
    let mut expected = Expected::at(store.stream_head(stream(number)).await.unwrap());
    for name in keys {
        let appended = store.append(append(number, expected, name, 100)).await.unwrap();
        expected = Expected::Revision(appended.placed().last);
    }
}

/// All entries of a log of one page.
pub(crate) async fn log(store: &SqliteStore) -> Vec<Recorded> {
    store.read_all(countersign_events::id::Position::new(0), READ_LIMIT_MAX).await.unwrap()
}

/// A plain connection, as any program with a SQLite library has it.
pub(crate) fn plain(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).unwrap()
}
