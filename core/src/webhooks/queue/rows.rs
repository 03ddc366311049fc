//! Single rows: listed, taken out, and as columns.

use countersign_events::id::{AccountId, EventId, Position};
use jiff::Timestamp;
use rusqlite::{Result, Row, Transaction, params};
use uuid::Uuid;

use super::DueDelivery;
use crate::webhooks::ledger::Hook;

pub(super) fn begin(transaction: &Transaction<'_>, hook: &Hook) -> Result<()> {
    let replay = hook.replay.map(|(event, _)| bytes(event));
    let begun = transaction
        .prepare_cached("INSERT OR IGNORE INTO hooks_v1 VALUES (?1, ?2, ?3, 0)")?
        .execute(params![bytes(hook.webhook), number(hook.resume), replay])?;
    if let Some((event, from)) = hook.replay.filter(|_| begun == 0) {
        // Never forward: what lies between has not been told.
        transaction
            .prepare_cached(
                "UPDATE hooks_v1 SET next = MIN(next, ?3), replay = ?2
                 WHERE webhook = ?1 AND replay IS NOT ?2",
            )?
            .execute(params![bytes(hook.webhook), bytes(event), number(from)])?;
    }
    Ok(())
}

/// Lists a delivery, unless it is listed; it is the next of its account where it is the first.
pub(super) fn enqueue(
    transaction: &Transaction<'_>,
    webhook: EventId,
    (account, position): (AccountId, Position),
    now: Timestamp,
) -> Result<()> {
    let (webhook, account) = (bytes(webhook), *account.uuid().as_bytes());
    let (position, now) = (number(position), millis(now));
    let new = transaction
        .prepare_cached("INSERT OR IGNORE INTO deliveries_v1 VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![webhook, account, position, now])?;
    if new == 0 {
        return Ok(());
    }
    transaction
        .prepare_cached("UPDATE hooks_v1 SET waiting = waiting + 1 WHERE webhook = ?1")?
        .execute([webhook])?;
    transaction
        .prepare_cached(
            "INSERT INTO lanes_v1 VALUES (?1, ?2, ?3, 0, ?4)
             ON CONFLICT DO UPDATE SET position = ?3, attempts = 0, next_at = ?4
             WHERE ?3 < position",
        )?
        .execute(params![webhook, account, position, now])
        .map(drop)
}

/// Takes a delivery out; the next one of its account comes up. Whether it was there.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    due: &DueDelivery,
    now: Timestamp,
) -> Result<bool> {
    let (webhook, account) = (bytes(due.webhook), *due.account.uuid().as_bytes());
    let was_there = transaction
        .prepare_cached(
            "DELETE FROM deliveries_v1 WHERE webhook = ?1 AND account = ?2 AND position = ?3",
        )?
        .execute(params![webhook, account, number(due.position)])?;
    if was_there == 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached("UPDATE hooks_v1 SET waiting = waiting - 1 WHERE webhook = ?1")?
        .execute([webhook])?;
    let next: Option<i64> = transaction
        .prepare_cached(
            "SELECT MIN(position) FROM deliveries_v1 WHERE webhook = ?1 AND account = ?2",
        )?
        .query_row(params![webhook, account], |row| row.get(0))?;
    match next {
        // Where another came before it meanwhile, that one is the next already.
        Some(next) => transaction
            .prepare_cached(
                "UPDATE lanes_v1 SET position = ?3, attempts = 0, next_at = ?4
                 WHERE webhook = ?1 AND account = ?2 AND position <> ?3",
            )?
            .execute(params![webhook, account, next, millis(now)])?,
        None => transaction
            .prepare_cached("DELETE FROM lanes_v1 WHERE webhook = ?1 AND account = ?2")?
            .execute(params![webhook, account])?,
    };
    Ok(true)
}

pub(super) fn bytes(id: EventId) -> [u8; 16] {
    *id.uuid().as_bytes()
}

/// No position that there is comes near the end of `i64`.
pub(super) fn number(position: Position) -> i64 {
    i64::try_from(position.get()).unwrap_or(i64::MAX)
}

pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(super) fn position(row: &Row<'_>, column: usize) -> Result<Position> {
    count(row, column).map(Position::new)
}

pub(super) fn account(row: &Row<'_>, column: usize) -> Result<AccountId> {
    Ok(AccountId::new(Uuid::from_bytes(row.get(column)?)))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    let millis: i64 = row.get(column)?;
    let kind = rusqlite::types::Type::Integer;
    Timestamp::from_millisecond(millis)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error)))
}
