//! What keyed requests said, for as long as their keys are remembered.

use countersign_events::id::HandleHash;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::super::rows::RequestRow;
use super::timestamp;

/// Inserts a request in one statement: of two at once, one stands. A row as old as `forgotten` is
/// as good as none.
pub(super) fn insert(
    db: &Connection,
    request: &RequestRow,
    forgotten: Timestamp,
) -> rusqlite::Result<RequestRow> {
    db.prepare_cached(
        "INSERT INTO requests (key, body, first_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET body = excluded.body, first_at = excluded.first_at
         WHERE requests.first_at <= ?4",
    )?
    .execute(params![
        request.key.bytes(),
        request.body.bytes(),
        request.first_at.as_millisecond(),
        forgotten.as_millisecond()
    ])?;
    db.prepare_cached("SELECT key, body, first_at FROM requests WHERE key = ?1")?
        .query_row(params![request.key.bytes()], request_row)
}

/// Deletes what is as old as `forgotten`; how many that were.
pub(super) fn delete(db: &Connection, forgotten: Timestamp) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM requests WHERE first_at <= ?1")?
        .execute(params![forgotten.as_millisecond()])
}

fn request_row(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
    Ok(RequestRow {
        key: HandleHash::new(row.get(0)?),
        body: HandleHash::new(row.get(1)?),
        first_at: timestamp(row, 2)?,
    })
}
