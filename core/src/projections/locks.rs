//! What of accounts is locked: what waits, is closed, or must be bound anew.
//!
//! Whether a lane that was closed still is depends on what was forgiven since. So the counters of
//! each account are folded here too, with the very fold of the account: what a list of locked
//! accounts shows is what each of them would say. Where a lane closes, the log says.

use std::collections::{BTreeMap, BTreeSet};

use countersign_events::account::{AccountEvent, Lane, LockRule, Method};
use countersign_events::id::{AccountId, FactorId, Position};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::fact::AccountFact;
use super::schema::{json, millis, number, time, to_json};
use crate::domain::limits;
use crate::domain::limits::Counters;

/// A method that is refused, from everywhere or in one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which.
    pub method: Method,
    /// From where; for a method as a whole, from everywhere.
    pub lane: Lane,
    /// Since when.
    pub since: Timestamp,
    /// Until when: from this time on it is evaluated again. None where no time ends it.
    pub until: Option<Timestamp>,
    /// Unresolved failures that led here.
    pub unresolved: u32,
    /// The rule that fired.
    pub rule: String,
}

/// What stands in the column where no time ends a lock.
const FOR_EVER: i64 = i64::MAX;

/// What was guessed of an account, as far as locks depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Guessed {
    counters: Counters,
    /// The authenticators in use: with the first of a set their counter begins anew.
    authenticators: BTreeSet<FactorId>,
    /// How many failures closed each method's lane of unknown devices, and of known ones.
    closed_at: BTreeMap<Method, (Option<u32>, Option<u32>)>,
}

impl Guessed {
    fn take(&mut self, event: &AccountEvent, at: Timestamp) {
        self.counters.take(event, at, self.authenticators.is_empty());
        match event {
            AccountEvent::Enabled(enabled) => {
                self.authenticators.insert(enabled.factor);
            }
            AccountEvent::FactorRemoved(removed) => {
                self.authenticators.remove(&removed.factor);
            }
            AccountEvent::LockedOut(locked) if locked.rule == LockRule::LaneCap => {
                let (unknown, known) = self.closed_at.entry(locked.method).or_default();
                let closed = if locked.lane == Lane::Unknown { unknown } else { known };
                *closed = Some(locked.unresolved);
            }
            _ => {}
        }
    }

    fn locks(&self, at: Timestamp) -> Vec<limits::Lock> {
        let closed_at = |method: Method, lane: Lane| {
            let (unknown, known) = self.closed_at.get(&method)?;
            if lane == Lane::Unknown { *unknown } else { *known }
        };
        self.counters.locks_at(closed_at, at)
    }
}

/// Whether an event says anything of guesses.
const fn concerns_guesses(event: &AccountEvent) -> bool {
    matches!(
        event,
        AccountEvent::PasswordVerified(_)
            | AccountEvent::PasswordRejected(_)
            | AccountEvent::FirstFactorVouched(_)
            | AccountEvent::PasswordSet(_)
            | AccountEvent::CodeVerified(_)
            | AccountEvent::CodeRejected(_)
            | AccountEvent::CooledDown(_)
            | AccountEvent::LockedOut(_)
            | AccountEvent::LockoutReset(_)
            | AccountEvent::PasswordUnlocked(_)
            | AccountEvent::Enabled(_)
            | AccountEvent::FactorRemoved(_)
            | AccountEvent::RecoveryCodesIssued(_)
    )
}

pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<()> {
    if !concerns_guesses(&fact.event) {
        return Ok(());
    }
    let before = guessed(transaction, fact.account)?;
    let mut after = before.clone();
    after.take(&fact.event, fact.at);
    if after == before {
        return Ok(());
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO guessed_v6 VALUES (?1, ?2)")?
        .execute(params![fact.account.uuid().as_bytes(), to_json(&after)?])?;
    // What was locked before is looked at as of now, too: what time has ended is no change.
    let (earlier, now) = (before.locks(fact.at), after.locks(fact.at));
    let is_in = |locks: &[limits::Lock], lock: &limits::Lock| {
        locks.iter().any(|other| (other.method, other.lane) == (lock.method, lock.lane))
    };
    for lock in earlier.iter().filter(|lock| !is_in(&now, lock)) {
        remove(transaction, fact.account, lock)?;
    }
    now.iter()
        .filter(|lock| !earlier.contains(lock))
        .try_for_each(|lock| insert(transaction, position, fact.account, lock))
}

fn guessed(transaction: &Transaction<'_>, account: AccountId) -> Result<Guessed> {
    let found = transaction
        .prepare_cached("SELECT guessed FROM guessed_v6 WHERE account = ?1")?
        .query_row([account.uuid().as_bytes()], |row| json(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn insert(
    transaction: &Transaction<'_>,
    position: Position,
    account: AccountId,
    lock: &limits::Lock,
) -> Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO locks_v6 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            account.uuid().as_bytes(),
            to_json(&lock.method)?,
            to_json(&lock.lane)?,
            millis(lock.since),
            lock.until.map_or(FOR_EVER, millis),
            lock.unresolved,
            lock.rule.name(),
            number(position.get()),
        ])
        .map(drop)
}

fn remove(transaction: &Transaction<'_>, account: AccountId, lock: &limits::Lock) -> Result<()> {
    transaction
        .prepare_cached("DELETE FROM locks_v6 WHERE account = ?1 AND method = ?2 AND lane = ?3")?
        .execute(params![account.uuid().as_bytes(), to_json(&lock.method)?, to_json(&lock.lane)?])
        .map(drop)
}

pub(super) fn of(connection: &Connection, account: AccountId, now: Timestamp) -> Result<Vec<Lock>> {
    connection
        .prepare_cached(
            "SELECT method, lane, since, until, unresolved, rule FROM locks_v6
             WHERE account = ?1 AND until > ?2 ORDER BY method, lane DESC",
        )?
        .query_map(params![account.uuid().as_bytes(), millis(now)], |row| {
            Ok(Lock {
                method: json(row, 0)?,
                lane: json(row, 1)?,
                since: time(row, 2)?,
                until: until(row)?,
                unresolved: row.get(4)?,
                rule: row.get(5)?,
            })
        })?
        .collect()
}

fn until(row: &Row<'_>) -> Result<Option<Timestamp>> {
    let millis: i64 = row.get(3)?;
    if millis == FOR_EVER { Ok(None) } else { time(row, 3).map(Some) }
}
