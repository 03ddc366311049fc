//! The tables of the read models.
//!
//! [`VERSION`] stands in every table's name. Raising it makes new tables, drops the old ones and
//! starts the replay at position 0.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Result, Row};

/// The version of the tables' shape, as their names end with it.
const VERSION: &str = "_v6";

/// The tables that depend on the log alone, with the columns that order their rows.
pub(super) const PROJECTED: &[(&str, &str)] = &[
    ("position_v6", "one"),
    ("totals_v6", "one"),
    ("accounts_v6", "account"),
    ("guessed_v6", "account"),
    ("locks_v6", "account, method, lane"),
    ("outbox_v6", "event"),
    ("staff_v6", "stream"),
    ("admins_v6", "account"),
    ("time_line_v6", "account, kind, revision"),
    ("looks_v6", "operator, account"),
    ("minutes_v6", "slot, series, reason"),
    ("removals_v6", "account"),
    ("acts_v6", "operator, kind, request"),
    ("unknown_v6", "event_type, version"),
    ("made_v6", "account"),
    ("app_events_v6", "client, position"),
];
/// The courier's own, lost with the file.
const ATTEMPTS: &str = "attempts_v6";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS position_v6 (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    next INTEGER NOT NULL,
    leaf BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS totals_v6 (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    accounts INTEGER NOT NULL,
    two_factor INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS accounts_v6 (
    account BLOB PRIMARY KEY,
    email_hash BLOB,
    email_proven INTEGER NOT NULL,
    has_email INTEGER NOT NULL,
    has_recovery_codes INTEGER NOT NULL,
    two_factor INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    active_position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS accounts_v6_email ON accounts_v6 (email_hash)
    WHERE email_hash IS NOT NULL;
CREATE INDEX IF NOT EXISTS accounts_v6_active ON accounts_v6 (active_position);
CREATE TABLE IF NOT EXISTS guessed_v6 (
    account BLOB PRIMARY KEY,
    guessed TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS locks_v6 (
    account BLOB NOT NULL,
    method TEXT NOT NULL,
    lane TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    unresolved INTEGER NOT NULL,
    rule TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (account, method, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS locks_v6_until ON locks_v6 (until);
CREATE TABLE IF NOT EXISTS outbox_v6 (
    event BLOB PRIMARY KEY,
    account BLOB NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staff_v6 (
    stream TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS admins_v6 (
    account BLOB PRIMARY KEY,
    is_admin INTEGER NOT NULL,
    set_up INTEGER NOT NULL,
    disabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS time_line_v6 (
    account BLOB NOT NULL,
    kind INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (account, kind, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks_v6 (
    operator BLOB NOT NULL,
    account BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (operator, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS looks_v6_latest ON looks_v6 (operator, position);
CREATE TABLE IF NOT EXISTS minutes_v6 (
    slot INTEGER NOT NULL,
    series TEXT NOT NULL,
    reason TEXT NOT NULL,
    minute INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (slot, series, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS minutes_v6_minute ON minutes_v6 (minute);
CREATE TABLE IF NOT EXISTS removals_v6 (
    account BLOB PRIMARY KEY,
    request BLOB NOT NULL,
    position INTEGER NOT NULL,
    factor BLOB,
    runs_at INTEGER NOT NULL,
    ready INTEGER NOT NULL,
    address INTEGER NOT NULL,
    awaits_notice INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS removals_v6_position ON removals_v6 (position);
CREATE INDEX IF NOT EXISTS removals_v6_due ON removals_v6 (ready, awaits_notice, runs_at);
CREATE TABLE IF NOT EXISTS acts_v6 (
    operator BLOB NOT NULL,
    kind TEXT NOT NULL,
    request BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (operator, kind, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS acts_v6_at ON acts_v6 (operator, kind, at);
CREATE TABLE IF NOT EXISTS attempts_v6 (
    event BLOB PRIMARY KEY,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unknown_v6 (
    event_type TEXT NOT NULL,
    version INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (event_type, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made_v6 (
    account BLOB PRIMARY KEY,
    client BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS app_events_v6 (
    client BLOB NOT NULL,
    position INTEGER NOT NULL,
    account BLOB,
    PRIMARY KEY (client, position)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO position_v6 VALUES (1, 0, NULL);
INSERT OR IGNORE INTO totals_v6 VALUES (1, 0, 0);
";

/// Makes what is missing and drops what another version left.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for name in names.iter().filter(|name| !name.ends_with(VERSION) && !name.starts_with("sqlite_"))
    {
        connection.execute_batch(&format!("DROP TABLE \"{}\"", name.replace('"', "\"\"")))?;
    }
    connection.execute_batch(TABLES)
}

/// Empties everything; the next batch starts at position 0.
pub(super) fn empty(connection: &Connection) -> Result<()> {
    for table in PROJECTED.iter().map(|(table, _)| *table).chain([ATTEMPTS]) {
        connection.execute_batch(&format!("DELETE FROM {table}"))?;
    }
    connection.execute_batch(TABLES)
}

/// A time as a column: milliseconds since 1970.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A number as a column; none that is counted here comes near the end of `i64`.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from a column.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A time from a column.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    let millis: i64 = row.get(column)?;
    Timestamp::from_millisecond(millis).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

/// JSON from a column.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// JSON as a column.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
