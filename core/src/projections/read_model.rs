//! The file, its position and who waits for it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_events::id::{Hash32, Position};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use tokio::sync::watch;

use super::fact::{Fact, FactKind};
use super::{
    accounts, admins, app_events, looks, outbox, schema, staff, statistics, support, time_line,
};

/// The most entries that one transaction takes in.
pub const BATCH_MAX: usize = 1024;
/// How long a connection waits for another one's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 64;
/// The WAL is moved into the file at this many pages: an account that something happens to often is
/// in it many times, and is moved once.
const WAL_PAGES_MAX: i64 = 8000;

/// Why a read model did not answer or did not take a batch.
#[derive(Debug, thiserror::Error)]
pub enum ReadModelError {
    /// SQLite said so.
    #[error("read model: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file could not be replaced.
    #[error("cannot replace the read model")]
    File(#[from] io::Error),
    /// The batch does not go on where the file stands.
    #[error("read model expects position {expected}, got {found}")]
    Gap {
        /// The position that comes next.
        expected: u64,
        /// The position that came.
        found: u64,
    },
}

/// How far a read model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The last position that it has taken in.
    pub position: Option<Position>,
    /// Whether it has reached what was the log's end when it began to follow. Before that, a mail
    /// may look due that a later entry closes.
    pub live: bool,
}

/// Entries of one type that this program did not understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownType {
    /// The type string; empty for bytes that are no entry.
    pub event_type: String,
    /// Its version.
    pub version: u16,
    /// How many there are.
    pub count: u64,
    /// Where the first stands.
    pub first: Position,
}

/// The read models. Clones share one file.
#[derive(Debug, Clone)]
pub struct ReadModel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    progress: watch::Sender<Progress>,
    outbox: watch::Sender<u64>,
    removals: watch::Sender<u64>,
    app_events: watch::Sender<u64>,
    apps: watch::Sender<u64>,
}

impl ReadModel {
    /// Opens the file. One that is missing, damaged or of another shape is made anew, and will be
    /// filled from position 0.
    ///
    /// # Errors
    /// [`ReadModelError`] where the file can be neither opened nor replaced.
    pub fn open(path: &Path) -> Result<Self, ReadModelError> {
        let writer = match connect(path).and_then(|writer| prepared(&writer).map(|()| writer)) {
            Ok(writer) => writer,
            Err(error) => {
                tracing::warn!(%error, "the read model does not open: building it anew");
                remove(path)?;
                let writer = connect(path)?;
                prepared(&writer)?;
                writer
            }
        };
        let reader = connect(path)?;
        let (next, _) = standing(&writer)?;
        let progress = Progress { position: last(next), live: false };
        Ok(Self(Arc::new(Inner {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            progress: watch::Sender::new(progress),
            outbox: watch::Sender::new(0),
            removals: watch::Sender::new(0),
            app_events: watch::Sender::new(0),
            apps: watch::Sender::new(0),
        })))
    }

    /// The last position that it has taken in.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.progress.borrow().position
    }

    /// Follows how far it is.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.0.progress.subscribe()
    }

    /// Waits until it has taken in `position`.
    pub async fn caught_up(&self, position: Position) {
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = self.progress().wait_for(|progress| progress.position >= Some(position)).await;
    }

    /// Changes whenever a mail becomes due or is closed.
    #[must_use]
    pub fn outbox_changes(&self) -> watch::Receiver<u64> {
        self.0.outbox.subscribe()
    }

    /// Changes whenever a removal comes, goes or is approved.
    #[must_use]
    pub fn removal_changes(&self) -> watch::Receiver<u64> {
        self.0.removals.subscribe()
    }

    /// Changes whenever something comes that a client app may be told of.
    #[must_use]
    pub fn app_event_changes(&self) -> watch::Receiver<u64> {
        self.0.app_events.subscribe()
    }

    /// Changes whenever something happens to a client app itself.
    #[must_use]
    pub fn app_changes(&self) -> watch::Receiver<u64> {
        self.0.apps.subscribe()
    }

    /// The last entry that it has taken in, and that entry's leaf hash: a log that has another
    /// entry there is not the one that it was built from.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn last_entry(&self) -> Result<Option<(Position, Hash32)>, ReadModelError> {
        let (next, leaf) = self.read(standing)?;
        Ok(last(next).zip(leaf))
    }

    /// Takes in a batch, whole or not at all. Entries that it has already are passed over.
    ///
    /// # Errors
    /// [`ReadModelError::Gap`] where the batch does not go on where the file stands: nothing was
    /// written.
    pub fn apply(&self, facts: &[Fact]) -> Result<(), ReadModelError> {
        let mut writer = lock(&self.0.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut next, mut leaf) = standing(&transaction)?;
        let mut changed = Changed::default();
        for fact in facts {
            let found = fact.position.get();
            if found < next {
                continue;
            }
            if found > next {
                return Err(ReadModelError::Gap { expected: next, found });
            }
            changed.also(take_in(&transaction, fact)?);
            leaf = Some(fact.leaf);
            next = found.saturating_add(1);
        }
        // Written with the rows: after a crash the file is the log up to here, or up to before.
        transaction
            .prepare_cached("UPDATE position_v6 SET next = ?1, leaf = ?2")?
            .execute(params![schema::number(next), leaf.as_ref().map(Hash32::bytes)])?;
        transaction.commit()?;
        drop(writer);
        for (has_changed, told) in [
            (changed.mails, &self.0.outbox),
            (changed.removals, &self.0.removals),
            (changed.apps, &self.0.apps),
            (changed.app_events, &self.0.app_events),
        ] {
            if has_changed {
                told.send_modify(|changes| *changes = changes.wrapping_add(1));
            }
        }
        self.0.progress.send_modify(|progress| progress.position = last(next));
        Ok(())
    }

    /// Forgets everything; it is to be filled again from position 0.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn reset(&self) -> Result<(), ReadModelError> {
        let mut writer = lock(&self.0.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        schema::empty(&transaction)?;
        transaction.commit()?;
        self.0.progress.send_replace(Progress::default());
        Ok(())
    }

    /// Says whether what is due can be trusted to be due; see [`Progress::live`].
    pub(crate) fn set_live(&self, live: bool) {
        self.0.progress.send_if_modified(|progress| {
            let changed = progress.live != live;
            progress.live = live;
            changed
        });
    }

    /// What was not understood, by type.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn unknown(&self) -> Result<Vec<UnknownType>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT event_type, version, count, first FROM unknown_v6")?
                .query_map([], |row| {
                    Ok(UnknownType {
                        event_type: row.get(0)?,
                        version: row.get(1)?,
                        count: schema::count(row, 2)?,
                        first: Position::new(schema::count(row, 3)?),
                    })
                })?
                .collect()
        })
    }

    /// All rows that depend on the log alone, as text: equal for two files of the same log and
    /// position.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn dump(&self) -> Result<String, ReadModelError> {
        self.read(|connection| {
            let mut text = String::new();
            for (table, order) in schema::PROJECTED {
                dump_table(connection, table, order, &mut text)?;
            }
            Ok(text)
        })
    }

    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ReadModelError> {
        Ok(query(&lock(&self.0.reader))?)
    }

    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ReadModelError> {
        Ok(change(&lock(&self.0.writer))?)
    }
}

/// What others wait for.
#[derive(Debug, Clone, Copy, Default)]
struct Changed {
    /// A mail became due, or was closed.
    mails: bool,
    /// A removal came, went or was approved.
    removals: bool,
    /// Something came that a client app may be told of.
    app_events: bool,
    /// Something happened to a client app itself.
    apps: bool,
}

impl Changed {
    const fn also(&mut self, other: Self) {
        self.mails |= other.mails;
        self.removals |= other.removals;
        self.app_events |= other.app_events;
        self.apps |= other.apps;
    }
}

fn take_in(transaction: &Transaction<'_>, fact: &Fact) -> rusqlite::Result<Changed> {
    if let Some(act) = &fact.act {
        support::act(transaction, act)?;
    }
    let nothing = Changed::default();
    match &fact.kind {
        FactKind::Account(account) => {
            // The mail first: whether one is due depends on what was before the event.
            let mails = outbox::apply(transaction, fact.position, account)?;
            accounts::apply(transaction, fact.position, account)?;
            looks::apply(transaction, fact.position, account)?;
            time_line::apply(transaction, account)?;
            statistics::apply(transaction, account.at, &account.event)?;
            let removals = support::apply(transaction, fact.position, account)?;
            let app_events = app_events::of_account(transaction, fact.position, account)?;
            Ok(Changed { mails, removals, app_events, ..nothing })
        }
        FactKind::Nobody { at, event } => {
            statistics::apply(transaction, *at, event).map(|()| nothing)
        }
        FactKind::Staff(it) => {
            staff::apply(transaction, fact.position, it.stream)?;
            let mails = admins::apply(transaction, fact.position, it)?;
            let apps = app_events::of_app(transaction, fact.position, it)?;
            Ok(Changed { mails, app_events: apps, apps, ..nothing })
        }
        FactKind::Other => Ok(nothing),
        FactKind::Unknown { event_type, version } => {
            count_unknown(transaction, fact.position, event_type, *version).map(|()| nothing)
        }
        FactKind::Malformed => count_unknown(transaction, fact.position, "", 0).map(|()| nothing),
    }
}

fn count_unknown(
    transaction: &Transaction<'_>,
    position: Position,
    event_type: &str,
    version: u16,
) -> rusqlite::Result<()> {
    tracing::error!(%position, event_type, version, "an entry that this program does not know");
    transaction
        .prepare_cached(
            "INSERT INTO unknown_v6 VALUES (?1, ?2, 1, ?3)
             ON CONFLICT DO UPDATE SET count = count + 1",
        )?
        .execute(params![event_type, version, schema::number(position.get())])
        .map(drop)
}

/// The position that comes next, and the leaf hash of the one before it.
fn standing(connection: &Connection) -> rusqlite::Result<(u64, Option<Hash32>)> {
    let row = connection
        .prepare_cached("SELECT next, leaf FROM position_v6")?
        .query_row([], |row| {
            let leaf: Option<[u8; 32]> = row.get(1)?;
            Ok((schema::count(row, 0)?, leaf.map(Hash32::new)))
        })
        .optional()?;
    Ok(row.unwrap_or((0, None)))
}

fn last(next: u64) -> Option<Position> {
    next.checked_sub(1).map(Position::new)
}

/// NORMAL: a power cut may lose the last transactions, which the log gives again, and leaves no
/// damaged file.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // SQLite gives the files beside it the same mode. Where this fails, opening says why.
    let _ = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // A statement is planned once, not again whenever other values are bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn prepared(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    schema::prepare(&transaction)?;
    transaction.commit()
}

fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A panic while it was held has rolled back its transaction.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn dump_table(
    connection: &Connection,
    table: &str,
    order: &str,
    text: &mut String,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        text.push_str(table);
        for column in 0..columns {
            let shown = match row.get_ref(column)? {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                ValueRef::Blob(bytes) => data_encoding::HEXLOWER.encode(bytes),
            };
            // Writing to a string does not fail.
            let _ = write!(text, "|{shown}");
        }
        text.push('\n');
    }
    Ok(())
}
