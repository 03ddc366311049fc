//! What of accounts is locked, as events tell it: what waits, is closed, or must be bound anew.

use countersign_events::account::{
    AccountEvent, Lane, LockRule, LockedOut, Method, PasswordSet, PasswordSetWhy,
};
use countersign_events::id::{AccountId, Position};
use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, Transaction, params};

use super::fact::AccountFact;
use super::schema::{json, millis, number, time, to_json};
use crate::domain::limits::{Rule, SECOND_STEPS};

/// A method that is refused, at least from devices that are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which.
    pub method: Method,
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

pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<()> {
    let account = fact.account;
    let lock = |method, until, unresolved, rule: &str| {
        insert(transaction, position, fact, method, until, unresolved, rule)
    };
    match &fact.event {
        AccountEvent::CooledDown(cooled) => {
            lock(cooled.method, Some(cooled.until), cooled.unresolved, &cooled.rule)
        }
        // Known devices that lost their lane are like any other, and not locked out.
        AccountEvent::LockedOut(LockedOut {
            lane: Lane::Known, rule: LockRule::LaneCap, ..
        }) => Ok(()),
        AccountEvent::LockedOut(locked) => {
            let rule = match locked.rule {
                LockRule::LaneCap => Rule::LaneCap,
                LockRule::HardCap => Rule::HardCap,
            };
            lock(locked.method, locked.until, locked.unresolved, rule.name())
        }
        AccountEvent::LockoutReset(reset) => remove(transaction, account, reset.method, false),
        AccountEvent::PasswordSet(set) => password_set(transaction, account, set),
        AccountEvent::PasswordUnlocked(_) => {
            remove(transaction, account, Some(Method::Password), false)
        }
        AccountEvent::RecoveryCodesIssued(_) => {
            remove(transaction, account, Some(Method::RecoveryCode), true)
        }
        AccountEvent::ReplacementCompleted(_) => bound_anew(transaction, account),
        // What was worth nothing made way for another.
        AccountEvent::FactorRemoved(_) => {
            let sql = "DELETE FROM locks_v2 WHERE account = ?1 AND method = ?2 AND until = ?3";
            let totp = to_json(&Method::Totp)?;
            let mut statement = transaction.prepare_cached(sql)?;
            statement.execute(params![account.uuid().as_bytes(), totp, FOR_EVER]).map(drop)
        }
        _ => Ok(()),
    }
}

/// The first authenticator of a new set: nothing was guessed of it yet.
pub(super) fn bound_anew(transaction: &Transaction<'_>, account: AccountId) -> Result<()> {
    remove(transaction, account, Some(Method::Totp), true)
}

fn password_set(
    transaction: &Transaction<'_>,
    account: AccountId,
    set: &PasswordSet,
) -> Result<()> {
    if set.why != PasswordSetWhy::Rehashed {
        remove(transaction, account, Some(Method::Password), false)?;
    }
    if set.forgives_codes {
        for step in SECOND_STEPS {
            remove(transaction, account, Some(step), false)?;
        }
    }
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
    method: Method,
    until: Option<Timestamp>,
    unresolved: u32,
    rule: &str,
) -> Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO locks_v2 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            fact.account.uuid().as_bytes(),
            to_json(&method)?,
            millis(fact.at),
            until.map_or(FOR_EVER, millis),
            unresolved,
            rule,
            number(position.get()),
        ])
        .map(drop)
}

/// What must be bound anew goes only where it was.
fn remove(
    transaction: &Transaction<'_>,
    account: AccountId,
    method: Option<Method>,
    bound_anew: bool,
) -> Result<()> {
    let method = method.map(|method| to_json(&method)).transpose()?;
    transaction
        .prepare_cached(
            "DELETE FROM locks_v2 WHERE account = ?1 AND (?2 IS NULL OR method = ?2)
             AND (?3 OR until < ?4)",
        )?
        .execute(params![account.uuid().as_bytes(), method, bound_anew, FOR_EVER])
        .map(drop)
}

pub(super) fn of(connection: &Connection, account: AccountId, now: Timestamp) -> Result<Vec<Lock>> {
    connection
        .prepare_cached(
            "SELECT method, since, until, unresolved, rule FROM locks_v2
             WHERE account = ?1 AND until > ?2 ORDER BY method",
        )?
        .query_map(params![account.uuid().as_bytes(), millis(now)], |row| {
            Ok(Lock {
                method: json(row, 0)?,
                since: time(row, 1)?,
                until: until(row)?,
                unresolved: row.get(3)?,
                rule: row.get(4)?,
            })
        })?
        .collect()
}

fn until(row: &Row<'_>) -> Result<Option<Timestamp>> {
    let millis: i64 = row.get(2)?;
    if millis == FOR_EVER { Ok(None) } else { time(row, 2).map(Some) }
}
