//! The deliveries that are not made yet: one SQLite file.
//!
//! It is no read model: what was told stands nowhere in the log but now and then
//! (`docs/adr/0020-where-deliveries-wait.md`). For each webhook it has the position up to which the
//! log was taken in, what of that still waits, and what was given up. A row that is gone is told.
//!
//! Each account has a lane: the delivery that is its next, with its attempts. The others wait
//! behind it, however many they are, and are not looked at.
//!
//! **What must stay true.** The position moves in the transaction that writes the rows up to it. If
//! we crash before it, the log is taken in again from there; after it, the rows are there. A row
//! goes after the receiver has taken the delivery: if we crash in between, it is told once more.
//! The file is synced when its write-ahead log is folded: a crash of this process loses nothing, a
//! power cut the last notes of what was told, never what waits.

mod dead;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use countersign_events::id::{AccountId, EventId, Hash32, Position};
use jiff::Timestamp;
use rusqlite::{
    Connection, OptionalExtension as _, Result, Transaction, TransactionBehavior, params,
};
use tokio::sync::watch;

pub use self::dead::Chosen;
use self::rows::{account, begin, bytes, count, enqueue, millis, number, position, remove, time};
use self::schema::{OF_ONE, empty, prepare};
use super::ledger::Hook;
use crate::accounts::Fault;
use crate::accounts::answer::{RetryingView, WebhookStanding};

/// Deliveries of one webhook that wait; beyond that the log is not taken in further.
pub const WAITING_MAX: u64 = 100_000;
/// Deliveries of one webhook that were given up and are remembered; of more the oldest are
/// forgotten, and a replay brings them.
pub const DEAD_LETTERS_MAX: u64 = 100_000;
/// How long a connection waits for another one's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A delivery whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDelivery {
    /// The webhook.
    pub webhook: EventId,
    /// The account that the event happened to.
    pub account: AccountId,
    /// The event's place in the log.
    pub position: Position,
    /// Since when it waits.
    pub queued_at: Timestamp,
    /// Attempts made so far.
    pub attempts: u32,
}

/// What there is of all webhooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Deliveries that wait.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub dead_letters: u64,
}

/// The file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQLite said so.
    #[error("webhook deliveries: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file could not be set aside.
    #[error("cannot set the webhook deliveries aside")]
    File(#[from] io::Error),
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The deliveries. Clones share one file.
#[derive(Debug, Clone)]
pub struct Deliveries(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: Mutex<Connection>,
    changes: watch::Sender<u64>,
}

/// The deliveries, not held open.
#[derive(Debug, Clone)]
pub struct WeakDeliveries(Weak<Inner>);

impl WeakDeliveries {
    /// The deliveries, while somebody holds them open.
    #[must_use]
    pub fn upgrade(&self) -> Option<Deliveries> {
        self.0.upgrade().map(Deliveries)
    }
}

type Done<T> = std::result::Result<T, QueueError>;

impl Deliveries {
    /// Opens the file; one that does not open is set aside, and begun anew where the log says.
    ///
    /// # Errors
    /// [`QueueError`] where it can be neither opened nor set aside.
    pub fn open(path: &Path) -> Done<Self> {
        let connection = match connect(path) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "the webhook deliveries do not open: set aside");
                set_aside(path)?;
                connect(path)?
            }
        };
        let (connection, changes) = (Mutex::new(connection), watch::Sender::new(0));
        Ok(Self(Arc::new(Inner { connection, changes })))
    }

    /// The same, not held open.
    #[must_use]
    pub fn downgrade(&self) -> WeakDeliveries {
        WeakDeliveries(Arc::downgrade(&self.0))
    }

    /// Changes whenever somebody else than the dispatcher has changed something.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The last entry of the log that was there when it was last taken in.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn last_entry(&self) -> Done<Option<(Position, Hash32)>> {
        let found = self
            .lock()
            .prepare_cached("SELECT position, leaf FROM log_v1")?
            .query_row([], |row| Ok((position(row, 0)?, Hash32::new(row.get(1)?))))
            .optional()?;
        Ok(found)
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn clear(&self) -> Done<()> {
        self.change(|transaction| empty(transaction))
    }

    /// Knows these webhooks and forgets all others. One that is new begins where the log says; one
    /// that is to be told again from a position goes back to it, once.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn keep(&self, hooks: &[Hook]) -> Done<()> {
        self.change(|transaction| {
            let known: Vec<[u8; 16]> = transaction
                .prepare_cached("SELECT webhook FROM hooks_v1")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_>>()?;
            let is_live = |id: &[u8; 16]| hooks.iter().any(|hook| bytes(hook.webhook) == *id);
            for ended in known.iter().filter(|id| !is_live(id)) {
                for table in OF_ONE {
                    let sql = format!("DELETE FROM {table} WHERE webhook = ?1");
                    transaction.prepare_cached(&sql)?.execute([ended])?;
                }
            }
            for hook in hooks {
                begin(transaction, hook)?;
            }
            Ok(())
        })
    }

    /// Up to where a webhook has taken the log in, and how much of that waits; none for one that is
    /// not kept.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn taken_in(&self, webhook: EventId) -> Done<Option<(Position, u64)>> {
        let found = self
            .lock()
            .prepare_cached("SELECT next, waiting FROM hooks_v1 WHERE webhook = ?1")?
            .query_row([bytes(webhook)], |row| Ok((position(row, 0)?, count(row, 1)?)))
            .optional()?;
        Ok(found)
    }

    /// Takes in what the log holds from one position up to another, unless the webhook was sent
    /// elsewhere meanwhile. `last` is the last entry that the log was seen to have.
    ///
    /// # Errors
    /// [`QueueError`]: nothing was taken in.
    pub fn take_in(
        &self,
        webhook: EventId,
        (from, next): (Position, Position),
        wanted: &[(AccountId, Position)],
        last: (Position, Hash32),
        now: Timestamp,
    ) -> Done<()> {
        self.change(|transaction| {
            let moved = transaction
                .prepare_cached("UPDATE hooks_v1 SET next = ?3 WHERE webhook = ?1 AND next = ?2")?
                .execute(params![bytes(webhook), number(from), number(next)])?;
            if moved == 0 {
                return Ok(());
            }
            for (account, position) in wanted {
                enqueue(transaction, webhook, (*account, *position), now)?;
            }
            transaction
                .prepare_cached("INSERT OR REPLACE INTO log_v1 VALUES (1, ?1, ?2)")?
                .execute(params![number(last.0), last.1.bytes()])
                .map(drop)
        })
    }

    /// Up to `limit` lanes whose next delivery is due, those that wait longest first.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn due(&self, webhook: EventId, now: Timestamp, limit: usize) -> Done<Vec<DueDelivery>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT account, position, queued_at, attempts
             FROM lanes_v1 JOIN deliveries_v1 USING (webhook, account, position)
             WHERE webhook = ?1 AND next_at <= ?2 ORDER BY next_at, position LIMIT ?3",
        )?;
        let due = statement.query_map(params![bytes(webhook), millis(now), limit], |row| {
            Ok(DueDelivery {
                webhook,
                account: account(row, 0)?,
                position: position(row, 1)?,
                queued_at: time(row, 2)?,
                attempts: row.get(3)?,
            })
        })?;
        Ok(due.collect::<Result<_>>()?)
    }

    /// When a lane is tried again whose time has not come.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn next_at(&self, webhook: EventId, now: Timestamp) -> Done<Option<Timestamp>> {
        let found = self
            .lock()
            .prepare_cached(
                "SELECT next_at FROM lanes_v1 WHERE webhook = ?1 AND next_at > ?2
                 ORDER BY next_at LIMIT 1",
            )?
            .query_row(params![bytes(webhook), millis(now)], |row| time(row, 0))
            .optional()?;
        Ok(found)
    }

    /// A delivery is told, or is not wanted: the next one of its account comes up.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn settle(&self, due: &DueDelivery, now: Timestamp) -> Done<()> {
        self.change(|transaction| remove(transaction, due, now).map(drop))
    }

    /// A delivery is tried again later; `why` where an attempt was made and failed.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn postpone(
        &self,
        due: &DueDelivery,
        (attempts, next_at): (u32, Timestamp),
        why: Option<&str>,
    ) -> Done<()> {
        self.change(|transaction| {
            if let Some(why) = why {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO failed_v1 VALUES (?1, ?2)")?
                    .execute(params![bytes(due.webhook), why])?;
            }
            transaction
                .prepare_cached(
                    "UPDATE lanes_v1 SET attempts = ?4, next_at = ?5
                     WHERE webhook = ?1 AND account = ?2 AND position = ?3",
                )?
                .execute(params![
                    bytes(due.webhook),
                    due.account.uuid().as_bytes(),
                    number(due.position),
                    attempts,
                    millis(next_at)
                ])
                .map(drop)
        })
    }

    /// How the deliveries of a webhook go.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn standing(&self, webhook: EventId) -> Done<WebhookStanding> {
        let Some((next, waiting)) = self.taken_in(webhook)? else {
            return Ok(WebhookStanding::default());
        };
        let connection = self.lock();
        let dead_letters = connection
            .prepare_cached("SELECT COUNT(*) FROM dead_v1 WHERE webhook = ?1")?
            .query_row([bytes(webhook)], |row| count(row, 0))?;
        let first: Option<i64> = connection
            .prepare_cached("SELECT MIN(position) FROM lanes_v1 WHERE webhook = ?1")?
            .query_row([bytes(webhook)], |row| row.get(0))?;
        let first = first.and_then(|first| u64::try_from(first).ok()).map(Position::new);
        let next = Some(first.map_or(next, |first| first.min(next)));
        let retrying = retrying(&connection, webhook)?;
        Ok(WebhookStanding { waiting, dead_letters, next, retrying })
    }

    /// What there is of all webhooks.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn totals(&self) -> Done<Totals> {
        let found = self
            .lock()
            .prepare_cached(
                "SELECT (SELECT COALESCE(SUM(waiting), 0) FROM hooks_v1),
                        (SELECT COUNT(*) FROM dead_v1)",
            )?
            .query_row([], |row| {
                Ok(Totals { waiting: count(row, 0)?, dead_letters: count(row, 1)? })
            })?;
        Ok(found)
    }

    fn change<T>(&self, change: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Done<T> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = change(&transaction)?;
        transaction.commit()?;
        Ok(changed)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while it was held has rolled back its transaction.
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was attempted and not taken.
fn retrying(connection: &Connection, webhook: EventId) -> Result<Option<RetryingView>> {
    connection
        .prepare_cached(
            "SELECT COUNT(*), MIN(queued_at), MIN(next_at),
                    (SELECT why FROM failed_v1 WHERE webhook = ?1)
             FROM lanes_v1 JOIN deliveries_v1 USING (webhook, account, position)
             WHERE webhook = ?1 AND attempts > 0",
        )?
        .query_row([bytes(webhook)], |row| {
            if count(row, 0)? == 0 {
                return Ok(None);
            }
            let why: Option<String> = row.get(3)?;
            let (since, next_at) = (time(row, 1)?, time(row, 2)?);
            Ok(Some(RetryingView { since, why: why.unwrap_or_default(), next_at }))
        })
}

fn connect(path: &Path) -> Result<Connection> {
    // SQLite gives the files beside it the same mode. Where this fails, opening says why.
    let _ = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(64);
    prepare(&connection)?;
    Ok(connection)
}

fn set_aside(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let name = |more: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            name.push(more);
            PathBuf::from(name)
        };
        match fs::rename(name(""), name(".damaged")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
