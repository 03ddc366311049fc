//! What keyed requests said, for as long as their keys are remembered.

use countersign_events::id::HandleHash;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

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
    select(db, request.key)
}

/// The request that came with a key.
pub(super) fn find(db: &Connection, key: HandleHash) -> rusqlite::Result<Option<RequestRow>> {
    select(db, key).optional()
}

fn select(db: &Connection, key: HandleHash) -> rusqlite::Result<RequestRow> {
    db.prepare_cached("SELECT key, body, first_at FROM requests WHERE key = ?1")?
        .query_row(params![key.bytes()], request_row)
}

/// Deletes what is as old as `forgotten`, and of more than `most` the oldest; how many that were.
pub(super) fn delete(
    db: &Connection,
    forgotten: Timestamp,
    most: usize,
) -> rusqlite::Result<usize> {
    let lapsed = db
        .prepare_cached("DELETE FROM requests WHERE first_at <= ?1")?
        .execute(params![forgotten.as_millisecond()])?;
    let over = db
        .prepare_cached(
            "DELETE FROM requests WHERE key IN
             (SELECT key FROM requests ORDER BY first_at DESC, key LIMIT -1 OFFSET ?1)",
        )?
        .execute(params![i64::try_from(most).unwrap_or(i64::MAX)])?;
    Ok(lapsed + over)
}

fn request_row(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
    Ok(RequestRow {
        key: HandleHash::new(row.get(0)?),
        body: HandleHash::new(row.get(1)?),
        first_at: timestamp(row, 2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::REQUESTS;
    use super::*;

    /// However many there are, as many as may be are left after a sweep: the newest.
    #[test]
    fn of_too_many_requests_the_oldest_go() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(REQUESTS).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        for number in 0..10 {
            let hash = HandleHash::new([number; 16]);
            let first_at = at(i64::from(number));
            let request = RequestRow { key: hash, body: hash, first_at };
            assert_eq!(insert(&db, &request, at(-1)).unwrap().first_at, first_at);
        }
        assert_eq!(delete(&db, at(-1), 10).unwrap(), 0);
        assert_eq!(delete(&db, at(1), 6).unwrap(), 2 + 2);
        let oldest = db.query_row("SELECT min(first_at) FROM requests", [], |row| row.get(0));
        assert_eq!(oldest, Ok(4_000_i64));
    }
}
