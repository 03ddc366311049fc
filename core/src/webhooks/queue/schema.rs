//! The tables of the deliveries. The version stands in every name: another shape brings what is
//! there over, or begins anew where the log says.

use rusqlite::{Connection, Result};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS log_v1 (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS hooks_v1 (
    webhook BLOB PRIMARY KEY,
    next INTEGER NOT NULL,
    replay BLOB,
    waiting INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries_v1 (
    webhook BLOB NOT NULL,
    account BLOB NOT NULL,
    position INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    PRIMARY KEY (webhook, account, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lanes_v1 (
    webhook BLOB NOT NULL,
    account BLOB NOT NULL,
    position INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (webhook, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lanes_v1_due ON lanes_v1 (webhook, next_at, position);
CREATE TABLE IF NOT EXISTS dead_v1 (
    webhook BLOB NOT NULL,
    position INTEGER NOT NULL,
    account BLOB NOT NULL,
    queued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    why TEXT NOT NULL,
    given_up_at INTEGER NOT NULL,
    PRIMARY KEY (webhook, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failed_v1 (
    webhook BLOB PRIMARY KEY,
    why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";
/// What belongs to one webhook.
pub(super) const OF_ONE: [&str; 5] =
    ["hooks_v1", "deliveries_v1", "lanes_v1", "dead_v1", "failed_v1"];

/// Makes what is missing.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection.execute_batch(TABLES)
}

/// Empties everything.
pub(super) fn empty(connection: &Connection) -> Result<()> {
    for table in OF_ONE.into_iter().chain(["log_v1"]) {
        connection.execute_batch(&format!("DELETE FROM {table}"))?;
    }
    Ok(())
}
