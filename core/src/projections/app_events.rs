//! Where in the log the events stand that a client app may be told: those of the accounts that it
//! made, and its own, which may end its right to be told.
//!
//! A reader goes from position to position and reads each entry from the log: what it has not
//! asked for waits there, and an app with few accounts looks at few entries.

use countersign_events::account::AccountEvent;
use countersign_events::client::ClientEvent;
use countersign_events::id::{AccountId, ClientId, Position, StreamId};
use rusqlite::{OptionalExtension as _, Result, Row, Transaction, params};
use uuid::Uuid;

use super::admins::{StaffEvent, StaffFact};
use super::fact::AccountFact;
use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, number};

/// An entry that a client app may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppEvent {
    /// Its place in the log.
    pub position: Position,
    /// The account that it happened to; none where it happened to the app itself.
    pub account: Option<AccountId>,
}

impl ReadModel {
    /// Up to `limit` entries from a position on, in the order of the log: of all accounts of the
    /// app and its own, or of one account and its own.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn app_events(
        &self,
        client: ClientId,
        account: Option<AccountId>,
        from: Position,
        limit: usize,
    ) -> std::result::Result<Vec<AppEvent>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT position, account FROM app_events_v6
                     WHERE client = ?1 AND position >= ?2
                       AND (?3 IS NULL OR account IS NULL OR account = ?3)
                     ORDER BY position LIMIT ?4",
                )?
                .query_map(
                    params![
                        client.uuid().as_bytes(),
                        number(from.get()),
                        account.map(|account| *account.uuid().as_bytes()),
                        i64::try_from(limit).unwrap_or(i64::MAX),
                    ],
                    app_event,
                )?
                .collect()
        })
    }
}

/// Takes in what happened to an account; whether an app may be told of it.
pub(super) fn of_account(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<bool> {
    if let AccountEvent::Registered(registered) = &fact.event
        && let Some(client) = registered.client
    {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO made_v6 VALUES (?1, ?2)")?
            .execute(params![fact.account.uuid().as_bytes(), client.uuid().as_bytes()])?;
    }
    let made_by: Option<[u8; 16]> = transaction
        .prepare_cached("SELECT client FROM made_v6 WHERE account = ?1")?
        .query_row([fact.account.uuid().as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(client) = made_by else { return Ok(false) };
    let client = ClientId::new(Uuid::from_bytes(client));
    insert(transaction, client, position, Some(fact.account)).map(|()| true)
}

/// Takes in what happened to an app; whether it did.
pub(super) fn of_app(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &StaffFact,
) -> Result<bool> {
    let StreamId::Client(client) = fact.stream else { return Ok(false) };
    // Its progress ends nothing, and calls for nothing.
    if matches!(fact.event, StaffEvent::Client(ClientEvent::WebhookProgressed(_))) {
        return Ok(false);
    }
    insert(transaction, client, position, None).map(|()| true)
}

fn insert(
    transaction: &Transaction<'_>,
    client: ClientId,
    position: Position,
    account: Option<AccountId>,
) -> Result<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO app_events_v6 VALUES (?1, ?2, ?3)")?
        .execute(params![
            client.uuid().as_bytes(),
            number(position.get()),
            account.map(|account| *account.uuid().as_bytes()),
        ])
        .map(drop)
}

fn app_event(row: &Row<'_>) -> Result<AppEvent> {
    let account: Option<[u8; 16]> = row.get(1)?;
    Ok(AppEvent {
        position: Position::new(count(row, 0)?),
        account: account.map(|account| AccountId::new(Uuid::from_bytes(account))),
    })
}
