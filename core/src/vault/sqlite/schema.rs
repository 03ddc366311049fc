//! The tables of the vault, and how a file comes to have them.

use rusqlite::Connection;

/// Marks the file as a vault of Countersign (`CsV1`).
const APPLICATION_ID: i32 = 0x4373_5631;
/// The version of the tables below.
const SCHEMA: i32 = 3;
/// The version before: without [`KEY_CHECK`].
const SCHEMA_WITHOUT_KEY_CHECK: i32 = 2;
/// The version before that: without [`REQUESTS`] either.
const SCHEMA_WITHOUT_REQUESTS: i32 = 1;

const TABLES: &str = "
CREATE TABLE claims (
    name BLOB PRIMARY KEY CHECK (length(name) = 32),
    account BLOB NOT NULL CHECK (length(account) = 16),
    claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE account_keys (
    account BLOB PRIMARY KEY CHECK (length(account) = 16),
    key TEXT NOT NULL,
    wrapped_by TEXT NOT NULL,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secrets (
    account BLOB NOT NULL CHECK (length(account) = 16),
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account, kind, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE salts (
    month TEXT PRIMARY KEY,
    salt BLOB NOT NULL CHECK (length(salt) = 32)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER secrets_are_insert_only BEFORE UPDATE ON secrets
BEGIN SELECT RAISE(ABORT, 'a secret is never changed'); END;
CREATE TRIGGER salts_are_insert_only BEFORE UPDATE ON salts
BEGIN SELECT RAISE(ABORT, 'a salt is never changed'); END;
";

pub(super) const REQUESTS: &str = "
CREATE TABLE requests (
    key BLOB PRIMARY KEY CHECK (length(key) = 16),
    body BLOB NOT NULL CHECK (length(body) = 16),
    first_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

const KEY_CHECK: &str = "
CREATE TABLE key_check (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT;
CREATE TRIGGER key_check_is_insert_only BEFORE UPDATE ON key_check
BEGIN SELECT RAISE(ABORT, 'the key check is never changed'); END;
";

/// Sets what makes a commit durable, and makes the tables that the file does not have.
pub(super) fn prepare_file(db: &mut Connection) -> rusqlite::Result<Result<(), String>> {
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "secure_delete", true)?;
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let schema: i32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let missing = match (application, schema) {
        (APPLICATION_ID, SCHEMA) => return Ok(Ok(())),
        (APPLICATION_ID, SCHEMA_WITHOUT_KEY_CHECK) => vec![KEY_CHECK],
        (APPLICATION_ID, SCHEMA_WITHOUT_REQUESTS) => vec![REQUESTS, KEY_CHECK],
        (0, 0) => vec![TABLES, REQUESTS, KEY_CHECK],
        other => return Ok(Err(format!("no vault of schema {SCHEMA}: {other:?}"))),
    };
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && tables != 0 {
        return Ok(Err("another program's database".to_owned()));
    }
    let transaction = db.transaction()?;
    for tables in missing {
        transaction.execute_batch(tables)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()?;
    Ok(Ok(()))
}
