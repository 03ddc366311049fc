//! The vault in a SQLite file.
//!
//! WAL with `synchronous=FULL`: a commit is on disk when it returns. `secure_delete` overwrites
//! what is deleted, and a batch that deleted something truncates the WAL after it, so that no old
//! page keeps it. All writes go through one thread ([`writer`]); reads run where they are asked,
//! on a few read-only connections (a find takes some microseconds).
//!
//! **Architecture Invariant:** rows of secrets, salts and the key check are never updated; triggers
//! refuse it.

mod requests;
mod schema;
mod writer;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use countersign_events::id::{AccountId, HandleHash, Hash32, SecretVersion};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};
use uuid::Uuid;

use self::writer::Writer;
use super::rows::{
    ClaimRow, PAGE_ROWS_MAX, REQUESTS_MAX, RequestRow, SALT_BYTES, SecretId, SecretKind, SecretRow,
    Vault, VaultError, WrappedKey,
};

/// Read-only connections.
const READERS: usize = 4;
/// Statements that a connection keeps prepared.
const STATEMENTS_MAX: usize = 32;
/// Memory for pages of one connection, in KiB.
const CACHE_KIB: i64 = 8 * 1024;
/// How long a connection waits for another process (a backup), in milliseconds.
const BUSY_MILLISECONDS: u64 = 5_000;
/// SQLite before this has the WAL-reset bug.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// The embedded vault.
pub struct SqliteVault {
    path: PathBuf,
    writer: Writer,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
}

impl SqliteVault {
    /// Opens the file, or makes it (0600).
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where the file is something else or of another schema;
    /// [`VaultError::Unavailable`] where it does not open.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            return Err(VaultError::Damaged(format!("SQLite {} is too old", rusqlite::version())));
        }
        // SQLite gives its WAL the permissions of the file, so the file comes first.
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| VaultError::Unavailable(format!("{}: {error}", path.display())))?;
        let writer = Writer::start(path, open_for_writing(path)?)?;
        let readers = (0..READERS)
            .map(|_| open_for_reading(path).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), writer, readers, next_reader: AtomicUsize::new(0) })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> BoxFuture<'_, Result<T, VaultError>> {
        let first = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let order = (0..READERS).map(|offset| first.wrapping_add(offset) % READERS);
        let free = order.filter_map(|index| self.readers.get(index)?.try_lock().ok()).next();
        let result = if let Some(connection) = free {
            query(&connection).map_err(fault)
        } else if let Some(reader) = self.readers.get(first % READERS) {
            query(&reader.lock().unwrap_or_else(PoisonError::into_inner)).map_err(fault)
        } else {
            Err(VaultError::Unavailable("no reader".to_owned()))
        };
        ready(result).boxed()
    }
}

impl Vault for SqliteVault {
    fn find_claim(&self, name: Hash32) -> BoxFuture<'_, Result<Option<ClaimRow>, VaultError>> {
        self.read(move |db| select_claim(db, name))
    }

    fn insert_claim(&self, claim: ClaimRow) -> BoxFuture<'_, Result<ClaimRow, VaultError>> {
        self.writer.run(move |db| {
            db.prepare_cached(
                "INSERT INTO claims (name, account, claimed_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO NOTHING",
            )?
            .execute(params![
                claim.name.bytes(),
                claim.account.uuid().as_bytes(),
                claim.claimed_at.as_millisecond()
            ])?;
            select_claim(db, claim.name)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn move_claim(&self, from: AccountId, to: ClaimRow) -> BoxFuture<'_, Result<bool, VaultError>> {
        self.writer.run(move |db| {
            let moved = db
                .prepare_cached(
                    "UPDATE claims SET account = ?3, claimed_at = ?4
                     WHERE name = ?1 AND account = ?2",
                )?
                .execute(params![
                    to.name.bytes(),
                    from.uuid().as_bytes(),
                    to.account.uuid().as_bytes(),
                    to.claimed_at.as_millisecond()
                ])?;
            Ok(moved == 1)
        })
    }

    fn claims(&self, after: Option<Hash32>) -> BoxFuture<'_, Result<Vec<ClaimRow>, VaultError>> {
        self.read(move |db| {
            let after: &[u8] = after.as_ref().map_or(&[], |hash| hash.bytes());
            db.prepare_cached(
                "SELECT name, account, claimed_at FROM claims
                 WHERE name > ?1 ORDER BY name LIMIT ?2",
            )?
            .query_map(params![after, page_rows()], claim_row)?
            .collect()
        })
    }

    fn find_key(
        &self,
        account: AccountId,
    ) -> BoxFuture<'_, Result<Option<WrappedKey>, VaultError>> {
        self.read(move |db| select_key(db, account))
    }

    fn insert_key(
        &self,
        account: AccountId,
        key: WrappedKey,
    ) -> BoxFuture<'_, Result<WrappedKey, VaultError>> {
        self.writer.run(move |db| {
            db.prepare_cached(
                "INSERT INTO account_keys (account, key, wrapped_by, wrapped)
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account) DO NOTHING",
            )?
            .execute(params![
                account.uuid().as_bytes(),
                key.key,
                key.wrapped_by,
                key.wrapped
            ])?;
            select_key(db, account)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn delete_key(&self, account: AccountId) -> BoxFuture<'_, Result<(), VaultError>> {
        self.writer.run_deletion(move |db| {
            db.prepare_cached("DELETE FROM account_keys WHERE account = ?1")?
                .execute(params![account.uuid().as_bytes()])?;
            Ok(())
        })
    }

    fn find_secret(&self, id: SecretId) -> BoxFuture<'_, Result<Option<Vec<u8>>, VaultError>> {
        self.read(move |db| {
            db.prepare_cached(
                "SELECT sealed FROM secrets WHERE account = ?1 AND kind = ?2 AND version = ?3",
            )?
            .query_row(
                params![
                    id.account.uuid().as_bytes(),
                    id.kind.as_str(),
                    version_column(id.version)?
                ],
                |row| row.get(0),
            )
            .optional()
        })
    }

    fn insert_secret(
        &self,
        row: SecretRow,
        sealed: Vec<u8>,
    ) -> BoxFuture<'_, Result<bool, VaultError>> {
        self.writer.run(move |db| {
            let inserted = db
                .prepare_cached(
                    "INSERT INTO secrets (account, kind, version, written_at, sealed)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (account, kind, version) DO NOTHING",
                )?
                .execute(params![
                    row.id.account.uuid().as_bytes(),
                    row.id.kind.as_str(),
                    version_column(row.id.version)?,
                    row.written_at.as_millisecond(),
                    sealed
                ])?;
            Ok(inserted == 1)
        })
    }

    fn delete_secret(&self, id: SecretId) -> BoxFuture<'_, Result<(), VaultError>> {
        self.writer.run_deletion(move |db| {
            db.prepare_cached(
                "DELETE FROM secrets WHERE account = ?1 AND kind = ?2 AND version = ?3",
            )?
            .execute(params![
                id.account.uuid().as_bytes(),
                id.kind.as_str(),
                version_column(id.version)?
            ])?;
            Ok(())
        })
    }

    fn secrets_of(&self, account: AccountId) -> BoxFuture<'_, Result<Vec<SecretRow>, VaultError>> {
        self.read(move |db| {
            db.prepare_cached(
                "SELECT kind, version, written_at FROM secrets
                 WHERE account = ?1 ORDER BY written_at, kind, version",
            )?
            .query_map(params![account.uuid().as_bytes()], |row| secret_row(account, row))?
            .collect()
        })
    }

    fn accounts_with_secrets(
        &self,
        after: Option<AccountId>,
    ) -> BoxFuture<'_, Result<Vec<AccountId>, VaultError>> {
        self.read(move |db| {
            let after = after.map(AccountId::uuid);
            let after: &[u8] = after.as_ref().map_or(&[], |uuid| uuid.as_bytes());
            db.prepare_cached(
                "SELECT DISTINCT account FROM secrets
                 WHERE account > ?1 ORDER BY account LIMIT ?2",
            )?
            .query_map(params![after, page_rows()], |row| account_id(row, 0))?
            .collect()
        })
    }

    fn find_salt(
        &self,
        month: &str,
    ) -> BoxFuture<'_, Result<Option<[u8; SALT_BYTES]>, VaultError>> {
        self.read(|db| select_salt(db, month))
    }

    fn insert_salt(
        &self,
        month: &str,
        salt: [u8; SALT_BYTES],
    ) -> BoxFuture<'_, Result<[u8; SALT_BYTES], VaultError>> {
        let month = month.to_owned();
        self.writer.run(move |db| {
            db.prepare_cached(
                "INSERT INTO salts (month, salt) VALUES (?1, ?2) ON CONFLICT (month) DO NOTHING",
            )?
            .execute(params![month, salt])?;
            select_salt(db, &month)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn find_key_check(&self) -> BoxFuture<'_, Result<Option<[u8; 32]>, VaultError>> {
        self.read(|db| select_key_check(db).optional())
    }

    fn insert_key_check(&self, check: [u8; 32]) -> BoxFuture<'_, Result<[u8; 32], VaultError>> {
        self.writer.run(move |db| {
            db.execute("INSERT OR IGNORE INTO key_check (id, value) VALUES (1, ?1)", [check])?;
            select_key_check(db)
        })
    }

    fn insert_request(
        &self,
        request: RequestRow,
        forgotten: Timestamp,
    ) -> BoxFuture<'_, Result<RequestRow, VaultError>> {
        self.writer.run(move |db| requests::insert(db, &request, forgotten))
    }

    fn find_request(
        &self,
        key: HandleHash,
    ) -> BoxFuture<'_, Result<Option<RequestRow>, VaultError>> {
        self.read(move |db| requests::find(db, key))
    }

    fn delete_requests(&self, forgotten: Timestamp) -> BoxFuture<'_, Result<usize, VaultError>> {
        self.writer.run(move |db| requests::delete(db, forgotten, REQUESTS_MAX))
    }
}

fn open_for_writing(path: &Path) -> Result<Connection, VaultError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = open_connection(path, flags)?;
    schema::prepare_file(&mut db).map_err(fault)?.map_err(VaultError::Damaged)?;
    Ok(db)
}

fn open_for_reading(path: &Path) -> Result<Connection, VaultError> {
    open_connection(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn open_connection(path: &Path, flags: OpenFlags) -> Result<Connection, VaultError> {
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS))?;
        db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        // A statement is planned once, not again whenever other values are bound to it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(db)
    };
    open().map_err(fault)
}

fn select_claim(db: &Connection, name: Hash32) -> rusqlite::Result<Option<ClaimRow>> {
    db.prepare_cached("SELECT name, account, claimed_at FROM claims WHERE name = ?1")?
        .query_row(params![name.bytes()], claim_row)
        .optional()
}

fn select_key(db: &Connection, account: AccountId) -> rusqlite::Result<Option<WrappedKey>> {
    db.prepare_cached("SELECT key, wrapped_by, wrapped FROM account_keys WHERE account = ?1")?
        .query_row(params![account.uuid().as_bytes()], |row| {
            Ok(WrappedKey { key: row.get(0)?, wrapped_by: row.get(1)?, wrapped: row.get(2)? })
        })
        .optional()
}

fn select_key_check(db: &Connection) -> rusqlite::Result<[u8; 32]> {
    db.query_row("SELECT value FROM key_check", [], |row| row.get(0))
}

fn select_salt(db: &Connection, month: &str) -> rusqlite::Result<Option<[u8; SALT_BYTES]>> {
    db.prepare_cached("SELECT salt FROM salts WHERE month = ?1")?
        .query_row(params![month], |row| row.get(0))
        .optional()
}

fn claim_row(row: &Row<'_>) -> rusqlite::Result<ClaimRow> {
    Ok(ClaimRow {
        name: Hash32::new(row.get(0)?),
        account: account_id(row, 1)?,
        claimed_at: timestamp(row, 2)?,
    })
}

fn secret_row(account: AccountId, row: &Row<'_>) -> rusqlite::Result<SecretRow> {
    let kind: String = row.get(0)?;
    let kind = SecretKind::parse(&kind).ok_or(rusqlite::Error::InvalidQuery)?;
    let version: i64 = row.get(1)?;
    let version = u64::try_from(version)
        .map(SecretVersion::new)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, version))?;
    Ok(SecretRow { id: SecretId { account, kind, version }, written_at: timestamp(row, 2)? })
}

fn account_id(row: &Row<'_>, column: usize) -> rusqlite::Result<AccountId> {
    Ok(AccountId::new(Uuid::from_bytes(row.get(column)?)))
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let millis: i64 = row.get(column)?;
    Timestamp::from_millisecond(millis)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, millis))
}

fn version_column(version: SecretVersion) -> rusqlite::Result<i64> {
    i64::try_from(version.get())
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn page_rows() -> i64 {
    i64::try_from(PAGE_ROWS_MAX).unwrap_or(i64::MAX)
}

/// A row that does not read is damage; anything else may pass.
#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
fn fault(error: rusqlite::Error) -> VaultError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, TypeMismatch};
    let damaged = match error.sqlite_error_code() {
        Some(code) => matches!(code, DatabaseCorrupt | NotADatabase | TypeMismatch),
        None => true,
    };
    if damaged {
        VaultError::Damaged(error.to_string())
    } else {
        VaultError::Unavailable(error.to_string())
    }
}
