//! Which accounts there are, which were active last, and what of them is locked.

use countersign_events::account::AccountEvent;
use countersign_events::id::{AccountId, Hash32, Position};
use jiff::Timestamp;
use rusqlite::{Result, Row, Transaction, params};
use uuid::Uuid;

use super::fact::AccountFact;
use super::locks;
pub use super::locks::Lock;
use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, millis, number, time};

/// The most accounts that one question returns.
pub const LIST_MAX: usize = 200;

/// An account in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub account: AccountId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its last event was.
    pub updated_at: Timestamp,
    /// Whether a second factor is asked for.
    pub two_factor: bool,
}

/// An account with something locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedAccount {
    /// The account.
    pub account: AccountId,
    /// Its locks, by method.
    pub locks: Vec<Lock>,
    /// The cursor to go on after it.
    pub cursor: u64,
}

/// Live numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Accounts with a second factor.
    pub two_factor: u64,
    /// Accounts with something locked.
    pub locked: u64,
    /// Mails neither sent nor given up.
    pub mails_due: u64,
    /// Entries not understood.
    pub unknown: u64,
}

impl ReadModel {
    /// The accounts with this address, by its keyed hash; at most [`LIST_MAX`].
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn find_by_email(&self, hash: Hash32) -> Result<Vec<AccountId>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account FROM accounts_v6 WHERE email_hash = ?1
                     ORDER BY account LIMIT ?2",
                )?
                .query_map(params![hash.bytes(), list_limit(LIST_MAX)], |row| account(row, 0))?
                .collect()
        })
    }

    /// The accounts that have proven this address, by its keyed hash; at most `limit` and
    /// [`LIST_MAX`].
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn find_by_proven_email(
        &self,
        hash: Hash32,
        limit: usize,
    ) -> Result<Vec<AccountId>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account FROM accounts_v6 WHERE email_hash = ?1 AND email_proven = 1
                     ORDER BY account LIMIT ?2",
                )?
                .query_map(params![hash.bytes(), list_limit(limit)], |row| account(row, 0))?
                .collect()
        })
    }

    /// An account.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn account(&self, id: AccountId) -> Result<Option<AccountRow>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, created_at, updated_at, two_factor FROM accounts_v6
                     WHERE account = ?1",
                )?
                .query_map([id.uuid().as_bytes()], account_row)?
                .next()
                .transpose()
        })
    }

    /// The accounts where something happened last, newest first; at most `limit` and
    /// [`LIST_MAX`]. What the service did by itself or support looked at does not count.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn recent(&self, limit: usize) -> Result<Vec<AccountRow>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, created_at, updated_at, two_factor FROM accounts_v6
                     ORDER BY active_position DESC LIMIT ?1",
                )?
                .query_map([list_limit(limit)], account_row)?
                .collect()
        })
    }

    /// The accounts with something locked now, the latest lock first; at most `limit` and
    /// [`LIST_MAX`], those after `cursor`.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn locked(
        &self,
        now: Timestamp,
        limit: usize,
        cursor: Option<u64>,
    ) -> Result<Vec<LockedAccount>, ReadModelError> {
        self.read(|connection| {
            let found: Vec<(AccountId, u64)> = connection
                .prepare_cached(
                    "SELECT account, MAX(position) AS latest FROM locks_v6 WHERE until > ?1
                     GROUP BY account HAVING latest < ?2 ORDER BY latest DESC LIMIT ?3",
                )?
                .query_map(
                    params![millis(now), number(cursor.unwrap_or(u64::MAX)), list_limit(limit)],
                    |row| Ok((account(row, 0)?, count(row, 1)?)),
                )?
                .collect::<Result<_>>()?;
            found
                .into_iter()
                .map(|(account, cursor)| {
                    locks::of(connection, account, now).map(|locks| LockedAccount {
                        account,
                        locks,
                        cursor,
                    })
                })
                .collect()
        })
    }

    /// The numbers as of now.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn counts(&self, now: Timestamp) -> Result<Counts, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT accounts, two_factor,
                        (SELECT COUNT(DISTINCT account) FROM locks_v6 WHERE until > ?1),
                        (SELECT COUNT(*) FROM outbox_v6),
                        (SELECT COALESCE(SUM(count), 0) FROM unknown_v6)
                     FROM totals_v6",
                )?
                .query_row([millis(now)], |row| {
                    Ok(Counts {
                        accounts: count(row, 0)?,
                        two_factor: count(row, 1)?,
                        locked: count(row, 2)?,
                        mails_due: count(row, 3)?,
                        unknown: count(row, 4)?,
                    })
                })
        })
    }
}

/// Takes in what happened to an account.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<()> {
    let account = fact.account;
    locks::apply(transaction, position, fact)?;
    match &fact.event {
        AccountEvent::Registered(registered) => {
            let added = transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO accounts_v6 VALUES (?1, ?2, ?6, ?3, 0, 0, ?4, ?4, ?5)",
                )?
                .execute(params![
                    account.uuid().as_bytes(),
                    fact.email_hash.as_ref().map(Hash32::bytes),
                    registered.has_email,
                    millis(fact.at),
                    number(position.get()),
                    registered.email_confirmed,
                ])?;
            add_to(transaction, "UPDATE totals_v6 SET accounts = accounts + ?1", added)?;
        }
        AccountEvent::Enabled(_) => {
            let changed = set(transaction, account, SET_TWO_FACTOR)?;
            add_to(transaction, "UPDATE totals_v6 SET two_factor = two_factor + ?1", changed)?;
        }
        AccountEvent::Disabled(_) => {
            let changed = set(transaction, account, CLEAR_TWO_FACTOR)?;
            add_to(transaction, "UPDATE totals_v6 SET two_factor = two_factor - ?1", changed)?;
            set(transaction, account, CLEAR_RECOVERY_CODES)?;
        }
        AccountEvent::FactorRemovalCompleted(_) => {
            set(transaction, account, CLEAR_RECOVERY_CODES)?;
        }
        AccountEvent::RecoveryCodesIssued(_) => {
            set(transaction, account, SET_RECOVERY_CODES)?;
        }
        AccountEvent::EmailChanged(_) | AccountEvent::EmailChangeUndone(_) => {
            // What support was asked for, nobody has proven.
            let asked =
                matches!(&fact.event, AccountEvent::EmailChanged(it) if it.request.is_some());
            transaction
                .prepare_cached(
                    "UPDATE accounts_v6 SET email_hash = ?2, has_email = 1, email_proven = ?3
                     WHERE account = ?1",
                )?
                .execute(params![
                    account.uuid().as_bytes(),
                    fact.email_hash.as_ref().map(Hash32::bytes),
                    !asked,
                ])?;
        }
        AccountEvent::EmailConfirmed(_) => {
            set(transaction, account, SET_EMAIL_PROVEN)?;
        }
        _ => {}
    }
    transaction
        .prepare_cached(
            "UPDATE accounts_v6 SET updated_at = ?2,
                active_position = CASE WHEN ?4 THEN ?3 ELSE active_position END
             WHERE account = ?1",
        )?
        .execute(params![
            account.uuid().as_bytes(),
            millis(fact.at),
            number(position.get()),
            is_activity(&fact.event),
        ])
        .map(drop)
}

const SET_TWO_FACTOR: &str =
    "UPDATE accounts_v6 SET two_factor = 1 WHERE account = ?1 AND two_factor = 0";
const CLEAR_TWO_FACTOR: &str =
    "UPDATE accounts_v6 SET two_factor = 0 WHERE account = ?1 AND two_factor = 1";
const SET_EMAIL_PROVEN: &str = "UPDATE accounts_v6 SET email_proven = 1 WHERE account = ?1";
const SET_RECOVERY_CODES: &str = "UPDATE accounts_v6 SET has_recovery_codes = 1 WHERE account = ?1";
const CLEAR_RECOVERY_CODES: &str =
    "UPDATE accounts_v6 SET has_recovery_codes = 0 WHERE account = ?1";

fn set(transaction: &Transaction<'_>, account: AccountId, sql: &str) -> Result<usize> {
    transaction.prepare_cached(sql)?.execute([account.uuid().as_bytes()])
}

fn add_to(transaction: &Transaction<'_>, sql: &str, changed: usize) -> Result<()> {
    if changed == 0 {
        return Ok(());
    }
    transaction.prepare_cached(sql)?.execute([i64::try_from(changed).unwrap_or(0)]).map(drop)
}

/// What counts as something that happened to an account, for the list of recent ones.
const fn is_activity(event: &AccountEvent) -> bool {
    !matches!(
        event,
        AccountEvent::EmailCodeSent(_)
            | AccountEvent::EmailDeliveryFailed(_)
            | AccountEvent::NoticeSent(_)
            | AccountEvent::HistoryViewed(_)
            | AccountEvent::SessionUsed(_)
    )
}

fn account_row(row: &Row<'_>) -> Result<AccountRow> {
    Ok(AccountRow {
        account: account(row, 0)?,
        created_at: time(row, 1)?,
        updated_at: time(row, 2)?,
        two_factor: row.get(3)?,
    })
}

pub(super) fn account(row: &Row<'_>, column: usize) -> Result<AccountId> {
    Ok(AccountId::new(Uuid::from_bytes(row.get(column)?)))
}

fn list_limit(limit: usize) -> i64 {
    i64::try_from(limit.min(LIST_MAX)).unwrap_or(0)
}
