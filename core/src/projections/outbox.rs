//! Which mail is due: the courier's list, built from the log.
//!
//! A row appears with the event that calls for a mail and goes with the event that names it as
//! sent or given up. Lost with the file, it comes back from the log. What the courier has tried so
//! far stands in a table of its own, which is lost with the file: the attempts then start again,
//! and the age of the mail still bounds them.

use countersign_events::id::{AccountId, EventId, Position};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Result, Row, Transaction, params};
use uuid::Uuid;

use super::accounts::account;
use super::fact::AccountFact;
use super::mail_due::{Before, MailDue, MailKind, mail_closed, mail_due};
use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, json, millis, number, time, to_json};

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    /// The event that calls for it.
    pub event: EventId,
    /// Whose it is.
    pub account: AccountId,
    /// What it is.
    pub kind: MailKind,
    /// When the event happened.
    pub due_at: Timestamp,
    /// After when it is of no use.
    pub expires_at: Option<Timestamp>,
    /// Attempts made so far.
    pub attempts: u32,
}

impl ReadModel {
    /// Up to `limit` mails whose time has come: codes before notices, the oldest first.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn mails_due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT event, account, kind, due_at, expires_at, COALESCE(attempts, 0)
                     FROM outbox_v6 LEFT JOIN attempts_v6 USING (event)
                     WHERE COALESCE(next_at, due_at) <= ?1
                     ORDER BY expires_at IS NULL, position LIMIT ?2",
                )?
                .query_map(params![millis(now), i64::try_from(limit).unwrap_or(0)], due_mail)?
                .collect()
        })
    }

    /// When the next mail is due whose time has not come.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn next_mail_at(&self, now: Timestamp) -> Result<Option<Timestamp>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT COALESCE(next_at, due_at) AS at FROM outbox_v6
                     LEFT JOIN attempts_v6 USING (event) WHERE at > ?1 ORDER BY at LIMIT 1",
                )?
                .query_row([millis(now)], |row| time(row, 0))
                .optional()
        })
    }

    /// How many mails are neither sent nor given up, and since when the oldest is due.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn mails_waiting(&self) -> std::result::Result<(u64, Option<Timestamp>), ReadModelError> {
        self.read(|connection| {
            connection.prepare_cached("SELECT COUNT(*), MIN(due_at) FROM outbox_v6")?.query_row(
                [],
                |row| {
                    let oldest: Option<i64> = row.get(1)?;
                    Ok((count(row, 0)?, oldest.map(|_| time(row, 1)).transpose()?))
                },
            )
        })
    }

    /// Whether a mail is still due.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn is_mail_due(&self, event: EventId) -> Result<bool, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM outbox_v6 WHERE event = ?1")?
                .exists([event.uuid().as_bytes()])
        })
    }

    /// Remembers what was tried, and when to try again.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn postpone_mail(
        &self,
        event: EventId,
        attempts: u32,
        next_at: Timestamp,
    ) -> Result<(), ReadModelError> {
        self.write(|connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO attempts_v6 VALUES (?1, ?2, ?3)")?
                .execute(params![event.uuid().as_bytes(), attempts, millis(next_at)])
                .map(drop)
        })
    }
}

/// Takes in what happened to an account; whether a mail became due or was closed.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<bool> {
    if let Some(event) = mail_closed(&fact.event) {
        return close(transaction, event);
    }
    // Most events call for no mail whatever was before: then nothing is looked up.
    let any = Before { has_email: true, has_recovery_codes: true, waits_for_address: false };
    if mail_due(&fact.event, fact.by, any).is_none() {
        return Ok(false);
    }
    match mail_due(&fact.event, fact.by, before(transaction, fact.account)?) {
        Some(due) => {
            let whose = (fact.id, fact.account, fact.at);
            open(transaction, position, whose, &due).map(|()| true)
        }
        None => Ok(false),
    }
}

fn before(transaction: &Transaction<'_>, account: AccountId) -> Result<Before> {
    let found = transaction
        .prepare_cached(
            "SELECT has_email, has_recovery_codes, EXISTS (
                 SELECT 1 FROM removals_v6 WHERE account = ?1 AND address
             ) FROM accounts_v6 WHERE account = ?1",
        )?
        .query_row([account.uuid().as_bytes()], |row| {
            Ok(Before {
                has_email: row.get(0)?,
                has_recovery_codes: row.get(1)?,
                waits_for_address: row.get(2)?,
            })
        })
        .optional()?;
    let none = Before { has_email: false, has_recovery_codes: false, waits_for_address: false };
    Ok(found.unwrap_or(none))
}

/// Lists a mail: the event that calls for it, whose it is, and since when.
pub(super) fn open(
    transaction: &Transaction<'_>,
    position: Position,
    (event, account, at): (EventId, AccountId, Timestamp),
    due: &MailDue,
) -> Result<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO outbox_v6 VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            event.uuid().as_bytes(),
            account.uuid().as_bytes(),
            number(position.get()),
            to_json(&due.kind)?,
            millis(at),
            due.expires_at.map(millis),
        ])
        .map(drop)
}

fn close(transaction: &Transaction<'_>, event: EventId) -> Result<bool> {
    let closed = transaction
        .prepare_cached("DELETE FROM outbox_v6 WHERE event = ?1")?
        .execute([event.uuid().as_bytes()])?;
    transaction
        .prepare_cached("DELETE FROM attempts_v6 WHERE event = ?1")?
        .execute([event.uuid().as_bytes()])?;
    Ok(closed > 0)
}

fn due_mail(row: &Row<'_>) -> Result<DueMail> {
    let expires_at: Option<i64> = row.get(4)?;
    Ok(DueMail {
        event: EventId::new(Uuid::from_bytes(row.get(0)?)),
        account: account(row, 1)?,
        kind: json(row, 2)?,
        due_at: time(row, 3)?,
        expires_at: expires_at.map(|_| time(row, 4)).transpose()?,
        attempts: row.get(5)?,
    })
}
