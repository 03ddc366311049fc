//! Dead letters: deliveries that were given up, until somebody has them made again.

use countersign_events::id::{AccountId, EventId, Position};
use jiff::Timestamp;
use rusqlite::{Result, Transaction, params};

use super::rows::{account, bytes, enqueue, millis, number, position, remove, time};
use super::{DEAD_LETTERS_MAX, Deliveries, Done, DueDelivery};
use crate::accounts::answer::DeadLetterView;

/// Which of a webhook's dead letters are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The one that the event in this position is told by; all of them without.
    pub position: Option<Position>,
    /// None that was given up later than this, where there is such a bound.
    pub given_up_by: Option<Timestamp>,
}

impl Deliveries {
    /// A delivery is given up: it is a dead letter, and the next one of its account comes up.
    ///
    /// # Errors
    /// [`QueueError`](super::QueueError).
    pub fn give_up(&self, due: &DueDelivery, attempts: u32, why: &str, now: Timestamp) -> Done<()> {
        self.change(|transaction| {
            if !remove(transaction, due, now)? {
                return Ok(());
            }
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO dead_v1 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    bytes(due.webhook),
                    number(due.position),
                    due.account.uuid().as_bytes(),
                    millis(due.queued_at),
                    attempts,
                    why,
                    millis(now)
                ])?;
            forget_oldest(transaction, due.webhook)
        })
    }

    /// Up to `limit` deliveries that were given up, in the order of the log, from a position on.
    ///
    /// # Errors
    /// [`QueueError`](super::QueueError).
    pub fn dead_letters(
        &self,
        webhook: EventId,
        from: Position,
        limit: usize,
    ) -> Done<Vec<DeadLetterView>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT position, account, queued_at, attempts, why, given_up_at FROM dead_v1
             WHERE webhook = ?1 AND position >= ?2 ORDER BY position LIMIT ?3",
        )?;
        let dead = statement.query_map(params![bytes(webhook), number(from), limit], |row| {
            Ok(DeadLetterView {
                position: position(row, 0)?,
                account: account(row, 1)?,
                queued_at: time(row, 2)?,
                attempts: row.get(3)?,
                why: row.get(4)?,
                given_up_at: time(row, 5)?,
            })
        })?;
        Ok(dead.collect::<Result<_>>()?)
    }

    /// Puts deliveries that were given up back into the lanes.
    ///
    /// # Errors
    /// [`QueueError`](super::QueueError).
    pub fn redeliver(&self, webhook: EventId, which: Chosen, now: Timestamp) -> Done<()> {
        let chosen =
            "webhook = ?1 AND (?2 IS NULL OR position = ?2) AND (?3 IS NULL OR given_up_at <= ?3)";
        let one = which.position.map(number);
        let given_up_by = which.given_up_by.map(millis);
        self.change(|transaction| {
            let dead: Vec<(AccountId, Position)> = transaction
                .prepare_cached(&format!("SELECT account, position FROM dead_v1 WHERE {chosen}"))?
                .query_map(params![bytes(webhook), one, given_up_by], |row| {
                    Ok((account(row, 0)?, position(row, 1)?))
                })?
                .collect::<Result<_>>()?;
            for one in dead {
                enqueue(transaction, webhook, one, now)?;
            }
            transaction
                .prepare_cached(&format!("DELETE FROM dead_v1 WHERE {chosen}"))?
                .execute(params![bytes(webhook), one, given_up_by])
                .map(drop)
        })?;
        self.0.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
        Ok(())
    }
}

fn forget_oldest(transaction: &Transaction<'_>, webhook: EventId) -> Result<()> {
    let forgotten = transaction
        .prepare_cached(
            "DELETE FROM dead_v1 WHERE webhook = ?1 AND position IN (
                 SELECT position FROM dead_v1 WHERE webhook = ?1
                 ORDER BY position DESC LIMIT -1 OFFSET ?2
             )",
        )?
        .execute(params![bytes(webhook), i64::try_from(DEAD_LETTERS_MAX).unwrap_or(i64::MAX)])?;
    if forgotten > 0 {
        tracing::error!(%webhook, forgotten, "dead letters were forgotten: there are too many");
    }
    Ok(())
}
