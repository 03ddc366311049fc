//! Where the streams end and which append keys they saw lately, as the writer remembers it.
//!
//! A bounded cache, so that the cost of an append does not grow with the age of its stream: what
//! it says is what the transaction under way would read. After a rollback it is emptied, since it
//! may hold what was undone.
//!
//! **The bound on looking back.** Append keys have no index of their own. On a miss the writer
//! reads the stream's rows backwards from its head, up to the first append that is older than
//! [`APPEND_KEY_HOURS`]: one index step per entry of the last day, once per miss. `stored_at`
//! never runs backwards (the writer sees to that), so nothing lies behind the first old one.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use lru::LruCache;
use rusqlite::Connection;
use uuid::Uuid;

use super::super::{APPEND_KEY_HOURS, AppendKey};
use super::schema::number;
use crate::id::StreamId;

/// The most streams that the writer remembers.
pub const HEADS_MAX: usize = 65_536;
/// The most append keys that it remembers in all of them, unless one stream alone has more.
pub const KEYS_MAX: usize = 1_048_576;
/// Keys of a stream are looked through for old ones whenever they have doubled from here.
const KEYS_BEFORE_PRUNING: usize = 16;
/// How long a key is remembered, in milliseconds.
const KEY_MILLIS: i64 = APPEND_KEY_HOURS * 60 * 60 * 1000;

/// All that a miss asks for: the stream's number, its last revision first, and its keys.
// CROSS JOIN keeps SQLite from turning the loops around.
pub(super) const LOAD: &str = "
    SELECT s.id, e.revision, e.append_key, e.stored_at
    FROM streams s CROSS JOIN entries e ON e.stream = s.id
    WHERE s.name = ?1 ORDER BY e.revision DESC";

/// Where an append comes to stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The stream's number in the file.
    pub(super) stream: i64,
    /// The revision of its first entry.
    pub(super) first: u64,
    /// The revision of its last entry.
    pub(super) last: u64,
}

/// Where a stream ends, and its appends of the last day.
#[derive(Debug)]
pub(super) struct Head {
    /// The stream's number in the file.
    pub(super) stream: i64,
    /// Its last revision.
    pub(super) last: u64,
    keys: HashMap<AppendKey, Remembered>,
    prune_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Remembered {
    first: u64,
    stored_at: i64,
}

impl Remembered {
    /// A key is remembered for less than [`KEY_MILLIS`]; at that age it is forgotten.
    const fn is_known(self, now: i64) -> bool {
        now.saturating_sub(self.stored_at) < KEY_MILLIS
    }
}

impl Head {
    fn new(stream: i64, last: u64) -> Self {
        Self { stream, last, keys: HashMap::new(), prune_at: KEYS_BEFORE_PRUNING }
    }

    /// The first revision of the append that this key names, if it is of the last day.
    pub(super) fn find(&self, key: AppendKey, now: i64) -> Option<u64> {
        self.keys.get(&key).filter(|known| known.is_known(now)).map(|known| known.first)
    }

    fn remember(&mut self, key: AppendKey, first: u64, now: i64) {
        if self.keys.len() >= self.prune_at {
            self.keys.retain(|_, known| known.is_known(now));
            self.prune_at = self.keys.len().saturating_mul(2).max(KEYS_BEFORE_PRUNING);
        }
        self.keys.insert(key, Remembered { first, stored_at: now });
    }

    fn load(connection: &Connection, id: StreamId, now: i64) -> rusqlite::Result<Option<Self>> {
        let mut statement = connection.prepare_cached(LOAD)?;
        let mut rows = statement.query([id.to_string()])?;
        let mut loaded: Option<Self> = None;
        while let Some(row) = rows.next()? {
            let revision = number(row, 1)?;
            let stream = row.get(0)?;
            let head = loaded.get_or_insert_with(|| Self::new(stream, revision));
            let Some(key) = row.get::<_, Option<[u8; 16]>>(2)? else { continue };
            let known = Remembered { first: revision, stored_at: row.get(3)? };
            if !known.is_known(now) {
                break;
            }
            head.keys.insert(AppendKey::new(Uuid::from_bytes(key)), known);
        }
        if let Some(head) = &mut loaded {
            head.prune_at = head.keys.len().saturating_mul(2).max(KEYS_BEFORE_PRUNING);
        }
        Ok(loaded)
    }
}

/// The heads that the writer remembers.
#[derive(Debug)]
pub(super) struct Heads {
    streams: LruCache<StreamId, Head>,
    keys: usize,
    keys_max: usize,
}

impl Heads {
    /// An empty memory.
    pub(super) fn new(streams_max: usize, keys_max: usize) -> Self {
        // Not `LruCache::new`: that would take the memory for all of them at once.
        let mut streams = LruCache::unbounded();
        streams.resize(NonZeroUsize::new(streams_max).unwrap_or(NonZeroUsize::MIN));
        Self { streams, keys: 0, keys_max }
    }

    /// The head of a stream, from memory or from the file; `None` if it has no entry.
    pub(super) fn get(
        &mut self,
        connection: &Connection,
        id: StreamId,
        now: i64,
    ) -> rusqlite::Result<Option<&Head>> {
        if !self.streams.contains(&id) {
            let Some(head) = Head::load(connection, id, now)? else {
                return Ok(None);
            };
            self.keep(id, head);
        }
        Ok(self.streams.get(&id))
    }

    /// Takes note of an append: the stream's new end, and its key. The stream was looked up just
    /// before, so that only a new one is not known here.
    pub(super) fn appended(&mut self, id: StreamId, at: Place, key: AppendKey, now: i64) {
        if at.first == 0 {
            self.keep(id, Head::new(at.stream, at.last));
        }
        let Some(head) = self.streams.get_mut(&id) else {
            return;
        };
        let before = head.keys.len();
        head.last = at.last;
        head.remember(key, at.first, now);
        self.keys = self.keys.saturating_add(head.keys.len()).saturating_sub(before);
        self.shrink();
    }

    /// Forgets everything: after a rollback, or when the file was opened anew.
    pub(super) fn clear(&mut self) {
        self.streams.clear();
        self.keys = 0;
    }

    /// Streams and keys in memory.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.streams.len(), self.keys)
    }

    fn keep(&mut self, id: StreamId, head: Head) {
        self.keys = self.keys.saturating_add(head.keys.len());
        if let Some((_, gone)) = self.streams.push(id, head) {
            self.keys = self.keys.saturating_sub(gone.keys.len());
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.keys > self.keys_max && self.streams.len() > 1 {
            let Some((_, gone)) = self.streams.pop_lru() else {
                return;
            };
            self.keys = self.keys.saturating_sub(gone.keys.len());
        }
    }
}
